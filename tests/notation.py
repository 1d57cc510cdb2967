"""A notation for days that people read at a glance: "09:00-10:00 11:00-12:00"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import Span, WorkDay

HELSINKI = ZoneInfo("Europe/Helsinki")
FRIDAY = WorkDay(date(2026, 11, 20), HELSINKI)


def at(clock: str, day: WorkDay = FRIDAY) -> datetime:
    """The moment of `HH:MM[:SS]` on the day's wall clock; hours past 23 lie on the next date."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    midnight = datetime.combine(day.date + timedelta(days=hours // 24), time(), day.zone)
    local = midnight.replace(hour=hours % 24, minute=minutes, second=seconds[0] if seconds else 0)
    return local.astimezone(UTC)


def span(text: str, day: WorkDay = FRIDAY) -> Span:
    """`"09:00-10:00"` on the day."""
    start, end = text.split("-")
    return Span(at(start, day), at(end, day))


def spans(text: str, day: WorkDay = FRIDAY) -> list[Span]:
    """`"09:00-10:00 11:00-12:00"` on the day."""
    return [span(part, day) for part in text.split()]


def written(found: Iterable[Span], day: WorkDay = FRIDAY) -> str:
    """Spans in the same notation, for comparing and for reading failures."""
    return " ".join(f"{day.local(each.start):%H:%M}-{day.local(each.end):%H:%M}" for each in found)
