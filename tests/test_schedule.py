"""Digests come at the person's own time, once, also after a laptop slept through it."""

from __future__ import annotations

import queue
import threading
import time
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as clock_time
from typing import Self
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers import base as base_scheduler
from apscheduler.triggers import cron as cron_trigger
from apscheduler.triggers import interval as interval_trigger

from tracklater_bot.domain.plan import Plan, is_holiday
from tracklater_bot.scheduling import scheduler
from tracklater_bot.scheduling.scheduler import Schedule

HELSINKI = ZoneInfo("Europe/Helsinki")
WORKWEEK = ("mon", "tue", "wed", "thu", "fri")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def plan(at: str = "17:30", days: tuple[str, ...] = WORKWEEK, **more: object) -> Plan:
    return Plan(HELSINKI, clock_time.fromisoformat(at), days, **more)  # type: ignore[arg-type]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


def days_due(a_plan: Plan, now: str, since: datetime = LONG_AGO) -> list[str]:
    return [f"{day:%a %d}" for day in a_plan.passed(local(now), since) if a_plan.wants(day)]


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
    assert not plan(country="US-CA").wants(date(2026, 3, 31))  # Cesar Chavez Day, there alone
    assert plan(country="US").wants(date(2026, 3, 31))
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


def soon(seconds: float) -> str:
    """A time of the wall clock in Helsinki, to the second."""
    return (datetime.now(HELSINKI) + timedelta(seconds=seconds)).strftime("%H:%M:%S")


def test_the_schedule_speaks_at_the_time_of_the_plan_even_after_it_was_changed() -> None:
    plans = [plan("00:00")]
    spoken: queue.Queue[None] = queue.Queue()
    schedule = Schedule(
        lambda: plans[-1], lambda: spoken.put(None), outbox=lambda: None, prune=lambda: None
    )
    schedule.start()
    try:
        spoken.get(timeout=10)  # whatever was due while nothing ran
        plans.append(plan(soon(2)))
        schedule.tick()
        spoken.get(timeout=10)
        spoken.get(timeout=10)  # at its time: the next tick is half a minute away
    finally:
        schedule.stop()


def test_a_clock_that_is_set_back_stops_no_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "TICK_SECONDS", 0.2)
    spoken, sent = queue.Queue[None](), queue.Queue[None]()
    schedule = Schedule(
        lambda: plan("00:00"),
        lambda: spoken.put(None),
        outbox=lambda: sent.put(None),
        prune=lambda: None,
    )

    class YearsAgo(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz).replace(year=2020)

    schedule.start()
    try:
        spoken.get(timeout=10)
        for module in (base_scheduler, cron_trigger, interval_trigger):
            monkeypatch.setattr(module, "datetime", YearsAgo)
        for _ in range(5):
            spoken.get(timeout=10)
            sent.get(timeout=10)
    finally:
        schedule.stop()


def test_it_ends_soon_whatever_hangs() -> None:
    hanging = threading.Barrier(4)  # three calls, and this test
    gone_on = threading.Event()

    def hang() -> None:
        hanging.wait(10)
        gone_on.wait(60)

    schedule = Schedule(lambda: plan("00:00"), hang, outbox=hang, prune=hang)
    schedule._prunes_later = False
    schedule.start()
    hanging.wait(10)
    begun = time.monotonic()
    schedule.stop()
    assert time.monotonic() - begun < 5
    gone_on.set()


def test_one_failing_call_does_not_end_the_schedule(caplog: pytest.LogCaptureFixture) -> None:
    later = plan(soon(2))
    called: queue.Queue[None] = queue.Queue()

    def announce_due() -> None:
        called.put(None)
        raise RuntimeError("this call fails")

    schedule = Schedule(lambda: later, announce_due, outbox=lambda: None, prune=lambda: None)
    schedule.start()
    try:
        called.get(timeout=10)
        called.get(timeout=10)
    finally:
        schedule.stop()
    assert "this call fails" in caplog.text
