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
from tracklater_bot.trackers.tallies import Tallies

Clock: TypeAlias = Callable[[], datetime]


def _toggl(settings: Settings, clock: Clock, tallies: Tallies | None) -> Tracker | None:
    if not settings.toggl.has_key:
        return None
    from tracklater_bot.trackers.toggl import TogglTracker

    return TogglTracker(settings.toggl, clock, tallies=tallies)


def _clockify(settings: Settings, clock: Clock, tallies: Tallies | None) -> Tracker | None:
    if not settings.clockify.has_key:
        return None
    from tracklater_bot.trackers.clockify import ClockifyTracker

    return ClockifyTracker(settings.clockify, clock, tallies=tallies)


SetUp: TypeAlias = Callable[[Settings, Clock, Tallies | None], Tracker | None]
REGISTRY: tuple[SetUp, ...] = (_toggl, _clockify)

SUGGESTED = "toggl"  # to those who have none
FIRST_STEP = " Or ".join(kind.first_step for kind in (TogglSettings, ClockifySettings))


def tracker_of(
    settings: Settings, clock: Clock = utc_now, tallies: Tallies | None = None
) -> Tracker | None:
    """The tracker that the person's entries go to; None where none is set up.

    Its requests are counted in the `tallies`.
    """
    return next(filter(None, (set_up(settings, clock, tallies) for set_up in REGISTRY)), None)
