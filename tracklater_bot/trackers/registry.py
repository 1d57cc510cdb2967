"""The places where time is written, one function each. Settings know of one key at most.

A tracker is imported for those who have its key: its models take 10 ms of each start.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from tracklater_bot.http import utc_now
from tracklater_bot.settings import ClockifySettings, Settings, TogglSettings
from tracklater_bot.trackers.base import Tracker

Clock: TypeAlias = Callable[[], datetime]


def _toggl(settings: Settings, clock: Clock) -> Tracker | None:
    if not settings.toggl.has_key:
        return None
    from tracklater_bot.trackers.toggl import TogglTracker

    return TogglTracker(settings.toggl, clock)


def _clockify(settings: Settings, clock: Clock) -> Tracker | None:
    if not settings.clockify.has_key:
        return None
    from tracklater_bot.trackers.clockify import ClockifyTracker

    return ClockifyTracker(settings.clockify, clock)


REGISTRY: tuple[Callable[[Settings, Clock], Tracker | None], ...] = (_toggl, _clockify)

SUGGESTED = "toggl"  # to those who have none
FIRST_STEP = " Or ".join(kind.first_step for kind in (TogglSettings, ClockifySettings))


def tracker_of(settings: Settings, clock: Clock = utc_now) -> Tracker | None:
    """The tracker that the person's entries go to; None where none is set up."""
    return next(filter(None, (set_up(settings, clock) for set_up in REGISTRY)), None)
