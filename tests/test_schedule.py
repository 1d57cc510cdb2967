"""Digests come at the person's own time, once, also after a laptop slept through it."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tracklater_bot.schedule import Plan, Schedule, is_holiday

HELSINKI = ZoneInfo("Europe/Helsinki")
WORKWEEK = ("mon", "tue", "wed", "thu", "fri")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def plan(at: str = "17:30", days: tuple[str, ...] = WORKWEEK, **more: object) -> Plan:
    return Plan(HELSINKI, time.fromisoformat(at), days, **more)  # type: ignore[arg-type]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


def days_due(a_plan: Plan, now: str, since: datetime = LONG_AGO) -> list[str]:
    return [f"{day.date:%a %d}" for day in a_plan.due(local(now), since)]


@pytest.mark.parametrize(
    ("now", "since", "expected"),
    [
        ("2026-11-20 17:29", "2026-11-19 18:00", []),
        ("2026-11-20 17:30", "2026-11-19 18:00", ["Fri 20"]),
        ("2026-11-20 23:00", "2026-11-20 17:30", []),  # sent already
        ("2026-11-23 08:00", "2026-11-20 12:00", ["Fri 20"]),  # asleep over the weekend
        ("2026-11-25 08:00", "2026-11-20 12:00", ["Fri 20", "Mon 23", "Tue 24"]),
        ("2026-11-21 02:00", "2026-11-20 17:00", ["Fri 20"]),  # past midnight, before 04:00
    ],
)
def test_what_is_due(now: str, since: str, expected: list[str]) -> None:
    assert days_due(plan(), now, local(since)) == expected


def test_at_most_a_week_is_caught_up() -> None:
    assert days_due(plan(), "2026-11-30 08:00")[0] == "Mon 23"


def test_a_digest_after_midnight_is_the_evening_befores() -> None:
    night = plan(at="01:00")
    assert night.due_at(date(2026, 11, 20)) == local("2026-11-21 01:00")
    assert days_due(night, "2026-11-21 01:00", local("2026-11-20 12:00")) == ["Fri 20"]


def test_days_off_holidays_and_silence_are_kept() -> None:
    assert not plan().wants(date(2026, 11, 21))
    assert not plan(country="FI").wants(date(2026, 12, 25))
    assert plan().wants(date(2026, 12, 25))
    silent = plan(silent_until=date(2026, 11, 23))
    assert not silent.wants(date(2026, 11, 20))
    assert silent.wants(date(2026, 11, 23))


def test_an_unknown_country_has_no_holidays() -> None:
    assert not is_holiday(date(2026, 12, 25), "XX")


def test_the_time_is_the_persons_own_across_a_change_of_clocks() -> None:
    before, after = plan().due_at(date(2026, 10, 23)), plan().due_at(date(2026, 10, 26))
    assert before.astimezone(UTC).hour == 14
    assert after.astimezone(UTC).hour == 15


def test_next_looks_past_the_weekend() -> None:
    assert plan().next(local("2026-11-20 18:00")) == local("2026-11-23 17:30")
    assert plan(days=()).next(local("2026-11-20 18:00")) is None


def test_the_schedule_calls_for_digests_at_their_time() -> None:
    called = threading.Event()
    soon = datetime.now(HELSINKI) + timedelta(seconds=2)
    schedule = Schedule(digests=called.set, outbox=lambda: None)
    schedule.start(plan(at=soon.strftime("%H:%M:%S"), days=("mon",)))
    try:
        assert called.wait(10)
    finally:
        schedule.stop()
