"""The places where time is written: one line each. Settings know of one key at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from tracklater_bot.http import utc_now
from tracklater_bot.settings import Settings
from tracklater_bot.trackers.base import Tracker
from tracklater_bot.trackers.clockify import ClockifyTracker
from tracklater_bot.trackers.toggl import TogglTracker


class TrackerClass(Protocol):
    """A class of trackers. `first_step` tells those who have none how to set it up."""

    @property
    def first_step(self) -> str: ...  # noqa: D102
    def set_up(self, settings: Settings, clock: Callable[[], datetime], /) -> Tracker | None:
        """The one that the settings set up."""


REGISTRY: tuple[TrackerClass, ...] = (TogglTracker, ClockifyTracker)

SUGGESTED = TogglTracker  # to those who have none
FIRST_STEP = " Or ".join(kind.first_step for kind in REGISTRY)


def tracker_of(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Tracker | None:
    """The tracker that the person's entries go to; None where none is set up."""
    return next(filter(None, (kind.set_up(settings, clock) for kind in REGISTRY)), None)
