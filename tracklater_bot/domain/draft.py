"""The draft of a day: all that the machine, where the clues are, tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.suggestions import SourceStatus, Suggestion


@dataclass(frozen=True, slots=True)
class Draft:
    """A day as the engine sees it: nothing decided, nothing stored, nothing sent.

    `commits` and `messages` are the moments of those clues, for the marks in the timeline. Never a
    window title, a message's text or a file name.
    """

    day: date
    timezone: str
    suggestions: tuple[Suggestion, ...] = ()
    tracked: tuple[TimeEntry, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    commits: tuple[datetime, ...] = ()
    messages: tuple[datetime, ...] = ()
