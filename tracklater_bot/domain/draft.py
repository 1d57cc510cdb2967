"""What crosses the wall: the draft of a day from the machine, the brief for days to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.suggestions import SourceStatus, Suggestion
from tracklater_bot.domain.text import duration, listing
from tracklater_bot.domain.track_record import Outcome

GAP_WORDS = {"still": "with nothing changing on screen", "nobody": "for none of your groups"}


@dataclass(frozen=True, slots=True)
class Gap:
    """Time at the day that is neither suggested nor tracked.

    `why` is "away", "still" (one unchanged window), "private" or "nobody" (none of the groups').
    """

    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class AgentTime:
    """Minutes in which coding agents worked for a group by themselves, in no suggestion's hours."""

    group: str | None
    minutes: int


def agents_words(agents: Sequence[AgentTime], most: int = 3) -> str:
    """`Agents worked 1 h 40 min for acme and 20 min elsewhere (not counted)`."""
    parts = []
    for time in agents[:most]:
        whose = f"for {time.group}" if time.group else "elsewhere"
        parts.append(f"{duration(timedelta(minutes=time.minutes))} {whose}")
    rest = timedelta(minutes=sum(time.minutes for time in agents[most:]))
    parts += [f"{duration(rest)} for others"] if rest else []
    return f"Agents worked {listing(parts)} (not counted)" if parts else ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A day as the engine sees it: nothing decided, nothing stored, nothing sent.

    `commits`, `messages`, `prompts` (moments) and `meetings` (spans) are when those clues were,
    for the marks in the timeline. Never a window title, a message's text or a file name.
    """

    day: date
    timezone: str
    suggestions: tuple[Suggestion, ...] = ()
    tracked: tuple[TimeEntry, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    commits: tuple[datetime, ...] = ()
    messages: tuple[datetime, ...] = ()
    prompts: tuple[datetime, ...] = ()
    meetings: tuple[Span, ...] = ()
    gaps: tuple[Gap, ...] = ()
    agents: tuple[AgentTime, ...] = ()


@dataclass(frozen=True, slots=True)
class Rounding:
    """What rounding took from a row of a group, in seconds; below zero, what it gave.

    `decided`: the row is in the tracker or on its way there, and does not move any more.
    """

    day: date
    group: str
    seconds: int
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What the person said themselves of a span: whose it was; None: they skipped it."""

    span: Span
    group: str | None


@dataclass(frozen=True, slots=True)
class Brief:
    """What is known of days, oldest first, apart from their clues.

    `groups` have their projects and key forms, and what the settings tell of their names. `issues`
    are those that work may have been for, `tracked` is what is in the tracker from the first day to
    the last, `rules` are the person's own, `history` are entries of weeks before and after, which
    teach what the time of each group looks like; `decisions` tell where the person said themselves
    whose time it was, or skipped what was suggested, `outcomes` how what was suggested fared.
    `services` tells how those fared who were asked. `roundings` are those of the days' months.
    """

    days: tuple[WorkDay, ...]
    groups: tuple[Group, ...] = ()
    issues: tuple[Issue, ...] = ()
    tracked: tuple[TimeEntry, ...] = ()
    rules: tuple[Rule, ...] = ()
    history: tuple[TimeEntry, ...] = ()
    decisions: tuple[Decision, ...] = ()
    services: tuple[SourceStatus, ...] = ()
    roundings: tuple[Rounding, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
