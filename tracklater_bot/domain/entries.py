"""Entries: what is tracked already, and what the place where they are is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import Span, in_reach


@dataclass(frozen=True, slots=True)
class TrackerWords:
    """What sentences call the tracker, and the page where the person looks at their entries.

    The label is a word of ours, so that it needs no care in any kind of text. `forgets`: its API
    shows nothing from more than three months ago.
    """

    label: str = "your tracker"
    page: str = ""
    forgets: bool = True

    def reaches(self, on: date, zone: ZoneInfo, now: datetime) -> bool:
        """Whether all of that date can still be seen there, so that entries can be made on it."""
        return not self.forgets or in_reach(on, zone, now)

    @property
    def too_long_ago(self) -> str:
        """Why nothing can be done about a day that the tracker can't be asked for any more."""
        return (
            f"Too long ago to be sent: {self.label}'s API goes back three months only,"
            " so I can't see what is tracked there either."
        )


SOME_TRACKER = TrackerWords()  # where none is set up


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """An entry in the tracker, under its ids. `end` is None while it runs.

    `changed` is the tracker's word for this state of it: another word, another state.
    """

    id: str
    start: datetime
    end: datetime | None
    description: str = ""
    project_id: str | None = None
    project: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    billable: bool = False
    changed: str = ""

    def span(self, now: datetime) -> Span | None:
        """The time it covers; a running entry reaches until `now`. None for one of no length."""
        end = self.end if self.end is not None else max(now, self.start)
        return Span(self.start, end) if end > self.start else None
