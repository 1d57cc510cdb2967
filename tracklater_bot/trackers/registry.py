"""The places where time is written: one line each. Settings know of one key at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tracklater_bot.http import utc_now
from tracklater_bot.settings import Settings
from tracklater_bot.trackers.base import Tracker
from tracklater_bot.trackers.clockify import ClockifyTracker
from tracklater_bot.trackers.toggl import TogglTracker

REGISTRY: tuple[Callable[[Settings, Callable[[], datetime]], Tracker | None], ...] = (
    TogglTracker.set_up,
    ClockifyTracker.set_up,
)

SUGGESTED = TogglTracker  # to those who have none
FIRST_STEP = f"{TogglTracker.first_step} Or {ClockifyTracker.first_step}"


def tracker_of(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Tracker | None:
    """The tracker that the person's entries go to; None where none is set up."""
    return next(filter(None, (set_up(settings, clock) for set_up in REGISTRY)), None)
