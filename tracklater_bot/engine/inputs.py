"""What the engine is given for a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tracklater_bot.domain.clues import Clue
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.draft import Decision
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.track_record import Trust
from tracklater_bot.engine.learn.habits import Habits


@dataclass(frozen=True, slots=True)
class Options:
    """The `[suggest]` settings, in minutes; `ignore` and `meetings` are words in window titles."""

    round_minutes: int = 5
    min_minutes: int = 5
    idle_minutes: int = 15
    ignore: tuple[str, ...] = ()
    meetings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """A day's clues and what is known of the groups. `now` bounds a day that is not over.

    `rules` are the person's own word on windows; they win over the groups' hints. `habits`:
    what past days taught, `trust` how what was suggested fared. `left_over` is what rounding took
    from each group on other days, `decided` what the person said themselves of this day's time.
    """

    day: WorkDay
    now: datetime
    clues: tuple[Clue, ...]
    groups: tuple[Group, ...]
    issues: tuple[Issue, ...] = ()
    tracked: tuple[TimeEntry, ...] = ()
    options: Options = Options()
    rules: tuple[Rule, ...] = ()
    habits: Habits | None = None
    trust: Trust = field(default_factory=Trust)
    left_over: Mapping[str, timedelta] = field(default_factory=dict)
    decided: tuple[Decision, ...] = ()
