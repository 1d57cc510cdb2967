"""Weeks and months: what their words mean, and what of their days can be approved at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zlib import crc32

from tracklater_bot.domain.day import NoSuchDay, WhenError, parse_when, past
from tracklater_bot.domain.day_totals import Lengths, length_of
from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.domain.text import month_name, short_day

_WORDS = re.compile(r"(?:(this|last) )?(week|month)(?: (\S+))?")
_MONTH = re.compile(r"(\d{4})-(\d\d)")


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days from `first` to `last`, which both belong to it: of a week, or of a month."""

    first: date
    last: date

    @property
    def is_month(self) -> bool:
        """Whether it is a month, to be called by its name."""
        return self.first.day == 1 and (self.last + timedelta(days=1)).day == 1

    @property
    def name(self) -> str:
        """`November 2026`, or `Mon 16 Nov to Sun 22 Nov`."""
        if self.is_month:
            return month_name(self.first)
        return f"{short_day(self.first)} to {short_day(self.last)}"

    def days(self) -> list[date]:
        """All its days, earliest first."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @classmethod
    def week(cls, day: date) -> Stretch:
        """The week of the day, from Monday to Sunday."""
        monday = day - timedelta(days=day.weekday())
        return cls(monday, monday + timedelta(days=6))

    @classmethod
    def month(cls, day: date) -> Stretch:
        """The month of the day."""
        first = day.replace(day=1)
        return cls(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))

    @classmethod
    def parse(cls, value: str) -> Stretch:
        """What `str` gives."""
        first, _, last = value.partition("/")
        return cls(date.fromisoformat(first), date.fromisoformat(last))

    def __str__(self) -> str:
        return f"{self.first}/{self.last}"


def parse_stretch(words: str, today: date) -> Stretch | None:
    """What `week [WHEN]`, `last week`, `month [WHEN]` or `last month` mean; None for other words.

    Raises WhenError for a WHEN that is no day, NoSuchDay for days that are all still to come.
    """
    found = _WORDS.fullmatch(" ".join(words.casefold().split()))
    if found is None:
        return None
    which, kind, when = found.groups()
    of = Stretch.week if kind == "week" else Stretch.month
    if which == "last":
        if when:
            raise WhenError(f"Write last {kind}, or {kind} with a day in it.")
        return of(of(today).first - timedelta(days=1))
    stretch = of(_day_in(kind, when or "", today))
    past(stretch.first, today)
    return stretch


def _day_in(kind: str, when: str, today: date) -> date:
    month = _MONTH.fullmatch(when) if kind == "month" else None
    if month is None:
        return parse_when(when, today)
    try:
        return date(int(month[1]), int(month[2]), 1)
    except ValueError:
        raise NoSuchDay(f"{when} is no month: the calendar doesn't have it.") from None


@dataclass(frozen=True, slots=True)
class ReadyRows:
    """What approving some days at once takes: how many rows on which days, and their hours.

    `seen` changes with every row and every change of one, so that a click means what was shown.
    """

    days: tuple[date, ...] = ()
    number: int = 0
    lengths: Lengths = field(default_factory=dict)
    seen: str = ""

    @classmethod
    def of(cls, digests: Iterable[Digest], *, certain_only: bool) -> ReadyRows:
        """Those of the days: the certain ones, or all that can be approved."""
        of_days = {digest.day: digest.ready(certain_only=certain_only) for digest in digests}
        rows = [item for of_day in of_days.values() for item in of_day]
        groups = {item.suggestion.group for item in rows}
        lengths = {
            group: length_of(i for i in rows if i.suggestion.group == group) for group in groups
        }
        days = tuple(day for day, of_day in of_days.items() if of_day)
        return cls(days, len(rows), lengths, _seen(rows))


def _seen(rows: Sequence[Item]) -> str:
    return f"{crc32(' '.join(sorted(f'{row.id}:{row.version}' for row in rows)).encode()):08x}"
