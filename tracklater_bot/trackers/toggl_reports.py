"""Toggl's reports (API v3), which know of older days than its usual reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, TypeAdapter, model_validator

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.http import Line, Response, understood
from tracklater_bot.trackers.base import Refused
from tracklater_bot.trackers.forms import shares_time

T = TypeVar("T")

_DAY, _LONGEST = timedelta(days=1), timedelta(days=360)  # a report tells of a year at most
_PAGE, _MOST_PAGES = 200, 200

# A search as Toggl wants it; the answer is a page of it. Raises HttpErrors.
Ask = Callable[[dict[str, object]], Response]


class ReportedTimes(BaseModel):
    """When an entry was, as the reports tell it."""

    id: int
    start: AwareDatetime
    seconds: int
    at: str = ""

    @model_validator(mode="after")
    def _is_possible(self) -> ReportedTimes:
        try:
            _ = self.span
        except OverflowError:  # in the year 1 or 9999, or for millions of years
            raise ValueError("no time that a calendar has") from None
        return self

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when to when, in UTC."""
        start = self.start.astimezone(UTC)
        return start, start + timedelta(seconds=max(self.seconds, 0))


class ReportedEntries(BaseModel):
    """Entries that say the same, as the reports tell them."""

    description: Line | None = ""
    project_id: int | None = None
    billable: bool | None = None
    time_entries: list[object] | None = None

    def entries(self) -> Iterator[TimeEntry | None]:
        """As the rest of the program knows them; None for each that cannot be understood. Tags are
        told by number, and left out.
        """
        for times in _each(_TIMES, self.time_entries):
            if times is None:
                yield None
                continue
            start, end = times.span
            yield TimeEntry(
                id=str(times.id),
                start=start,
                end=end,
                description=self.description or "",
                project_id=None if self.project_id is None else str(self.project_id),
                billable=bool(self.billable),
                changed=times.at,
            )


_REPORTED = TypeAdapter(list[object] | None)
_SAME, _TIMES = TypeAdapter(ReportedEntries), TypeAdapter(ReportedTimes)


def _each(shape: TypeAdapter[T], rows: Sequence[object] | None) -> list[T | None]:
    """The rows that can be understood, and a None for each other."""
    good = understood(shape, rows or ())
    return [*good, *[None] * (len(rows or ()) - len(good))]


def reported(span: Span, user: int | None, ask: Ask) -> tuple[tuple[TimeEntry, ...], int]:
    """The user's entries that share time with the span, earliest first, and how many rows cannot be
    understood; a request for each page.
    """
    # Toggl's days are those of the account's zone, so that a day more is looked at on both sides.
    start, last = span.start.date() - _DAY, span.end.date() + _DAY
    found: dict[str, TimeEntry] = {}
    odd = 0
    while start <= last:
        end = min(start + _LONGEST, last)
        for entry in _pages(start, end, user, ask):
            if entry is None:
                odd += 1
            else:
                found[entry.id] = entry
        start = end + _DAY
    shared = (entry for entry in found.values() if shares_time(entry, span))
    return tuple(sorted(shared, key=lambda entry: (entry.start, entry.id))), odd


def _pages(start: date, end: date, user: int | None, ask: Ask) -> Iterator[TimeEntry | None]:
    search: dict[str, object] = {
        "start_date": start.isoformat(),
        "end_date": end.isoformat(),
        "user_ids": [user] if user is not None else None,
        "rounding": 0,  # else the person's own rounding is applied
        "page_size": _PAGE,
        "order_by": "date",
        "order_dir": "ASC",
    }
    for _ in range(_MOST_PAGES):
        answer = ask({name: value for name, value in search.items() if value is not None})
        for same in _each(_SAME, answer.read(_REPORTED)):
            yield from same.entries() if same else [None]
        search["first_row_number"] = following = _number(answer, "X-Next-Row-Number")
        search["first_id"] = _number(answer, "X-Next-ID")
        if following is None:
            return
    raise Refused("Toggl's report has more rows than are read: ask for fewer days")


def _number(answer: Response, header: str) -> int | None:
    value = answer.headers.get(header, "")
    return int(value) if re.fullmatch(r"[0-9]{1,18}", value) else None
