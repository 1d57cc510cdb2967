"""Time as this program understands it: spans, the working day, rounding, WHEN words.

Pure: no clock, no I/O. All times are aware; spans are kept in UTC and shown in the person's zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T", float, datetime)
Date = date  # for classes that call a field `date`

DATE = re.compile(r"\d{4}-\d\d-\d\d")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class WhenError(ValueError):
    """A WHEN word that names no day; its text says what to write instead."""


class NoSuchDay(WhenError):
    """A date that the calendar doesn't have, or that hasn't come yet."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time: `start` belongs to it, `end` does not. Kept in UTC.

    Raises ValueError for naive times and for a span that is empty or runs backwards.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a span needs times with a time zone")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.start >= self.end:
            raise ValueError(f"a span must end after it starts: {self.start} .. {self.end}")

    @property
    def length(self) -> timedelta:
        """How long it is in real time, whatever the clocks on the wall did."""
        return self.end - self.start

    @property
    def minutes(self) -> float:
        """Its length in minutes."""
        return self.length / timedelta(minutes=1)

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two share any time; spans that only touch do not."""
        return self.start < other.end and other.start < self.end

    def intersection(self, other: Span) -> Span | None:
        """What both spans share; None when they only touch or lie apart."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same time as sorted spans that neither overlap nor touch."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            if span.end > merged[-1].end:
                merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
    return merged


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of each span when all holes are cut out; touching spans stay apart."""
    cuts = [(hole.start, hole.end) for hole in merge(holes)]
    whole = [(span.start, span.end) for span in sorted(spans)]
    return [Span(*left) for left in without(whole, cuts)]


def joined(intervals: Iterable[tuple[float, float]], gap: float = 0.0) -> list[tuple[float, float]]:
    """The same time as intervals in order that lie more than `gap` apart."""
    result: list[tuple[float, float]] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1] + gap:
            if end > result[-1][1]:
                result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def without(
    intervals: Iterable[tuple[T, T]], holes: Sequence[tuple[T, T]]
) -> Iterator[tuple[T, T]]:
    """What is left of each interval when the holes, in order and apart, are cut out."""
    for start, end in intervals:
        left = start
        for hole_start, hole_end in holes:
            if left < hole_end and hole_start < end:
                if left < hole_start:
                    yield left, hole_start
                left = max(left, hole_end)
        if left < end:
            yield left, end


def total(spans: Iterable[Span]) -> timedelta:
    """The time covered by the spans, each moment counted once."""
    return sum((span.length for span in merge(spans)), timedelta())


@dataclass(frozen=True, slots=True)
class WorkDay:
    """One person's working day: from `starts` on `date` until `starts` on the next date.

    Local wall-clock times in `zone`, so a day has 23, 24 or 25 hours. `begins` is another beginning
    for a day whose eve was spent in another zone, so that the two neither overlap nor leave a gap.
    """

    date: Date
    zone: ZoneInfo
    starts: time = time(4)
    begins: datetime | None = None

    @property
    def span(self) -> Span:
        """The day as a span in UTC."""
        end = self._start_of(self.date + timedelta(days=1))
        if self.begins is not None and self.begins < end:
            return Span(self.begins, end)
        return Span(self._start_of(self.date), end)

    def _start_of(self, day: Date) -> datetime:
        return datetime.combine(day, self.starts, tzinfo=self.zone)

    def local(self, at: datetime) -> datetime:
        """`at` on the person's wall clock."""
        return at.astimezone(self.zone)

    @classmethod
    def of(cls, at: datetime, zone: ZoneInfo, starts: time = time(4)) -> WorkDay:
        """The working day that `at` belongs to."""
        here = at.astimezone(zone)
        today = here.date()
        if here < datetime.combine(today, starts, tzinfo=zone):
            today -= timedelta(days=1)
        return cls(today, zone, starts)


def parse_when(word: str, today: date) -> date:
    """The date that a WHEN word means: today, yesterday, YYYY-MM-DD, or a weekday's latest one.

    A weekday never means today. Raises WhenError with a sentence that helps.
    """
    wanted = word.strip().casefold()
    if wanted in ("", "today"):
        return today
    if wanted == "yesterday":
        return today - timedelta(days=1)
    for number, name in enumerate(WEEKDAYS):
        if wanted in (name, name[:3]):
            return today - timedelta(days=(today.weekday() - number - 1) % 7 + 1)
    try:
        return date.fromisoformat(wanted)
    except ValueError:
        if DATE.fullmatch(wanted):
            raise NoSuchDay(f"{wanted} is no day: the calendar doesn't have it.") from None
        near = get_close_matches(wanted, ("today", "yesterday", *WEEKDAYS), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise WhenError(
            f"{word.strip()[:40]!r} is no day: write today, yesterday, a weekday or YYYY-MM-DD"
            f"{hint}"
        ) from None


def past(day: date, today: date) -> date:
    """The day, unless it is still to come. Raises NoSuchDay."""
    if day > today:
        raise NoSuchDay(f"{day} hasn't happened yet: there is nothing of it to look at.")
    return day


def oldest_in_reach(now: datetime) -> datetime:
    """The earliest moment that a tracker can be asked for whose API goes back three months only.

    A day less is counted on, because it does not say in which zone its months begin.
    """
    today = now.astimezone(UTC).date()
    year, month = divmod(today.year * 12 + today.month - 1 - 3, 12)
    first = datetime(year, month + 1, 1, tzinfo=UTC)
    return first + timedelta(days=today.day)


def in_reach(on: date, zone: ZoneInfo, now: datetime) -> bool:
    """Whether all of that date can still be seen in such a tracker."""
    return datetime.combine(on, time(), tzinfo=zone) >= oldest_in_reach(now)
