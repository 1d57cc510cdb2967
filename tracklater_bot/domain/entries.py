"""Entries: what is tracked already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracklater_bot.domain.day import Span


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
