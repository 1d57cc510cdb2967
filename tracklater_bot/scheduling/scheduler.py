"""When things happen by themselves: digests, catching up after sleep, the outbox.

APScheduler's timers follow a clock that stands still while a laptop sleeps, so the exact cron
time alone would come hours late after waking. A tick every half minute looks at the wall clock
instead and finds whatever is due; the cron job only makes the usual case punctual.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from tracklater_bot.domain.day import WEEKDAYS, WorkDay

CATCH_UP_DAYS = 7
LONGEST_BREAK = 400  # days
TICK_SECONDS = 30
TIDY_MINUTES = 5  # after the start, when nobody waits for it any more; then daily


@dataclass(frozen=True, slots=True)
class Plan:
    """When a person wants the digest: at `at` on their own clock, on `days`, never on holidays.

    `country` is an ISO 3166 code; "" knows no holidays. `silent_until` is the first day on which
    the bot may speak again.
    """

    zone: ZoneInfo
    at: time
    days: Collection[str]
    day_starts: time = time(4)
    country: str = ""
    silent_until: date | None = None

    def wants(self, day: date) -> bool:
        """Whether a digest for this day is wanted at all."""
        if self.silent_until is not None and day < self.silent_until:
            return False
        return WEEKDAYS[day.weekday()][:3] in self.days and not is_holiday(day, self.country)

    def due_at(self, day: date) -> datetime:
        """The moment of that day's digest; a time before `day_starts` lies on the next date."""
        on = day + timedelta(days=1) if self.at < self.day_starts else day
        return datetime.combine(on, self.at, tzinfo=self.zone)

    def passed(self, now: datetime, since: datetime) -> Iterator[date]:
        """Days whose digest time lies in (`since`, `now`], wanted or not.

        Oldest first, a week back at most.
        """
        today = WorkDay.of(now, self.zone, self.day_starts).date
        for back in range(CATCH_UP_DAYS, -1, -1):
            day = today - timedelta(days=back)
            if since < self.due_at(day) <= now:
                yield day

    def next(self, now: datetime) -> datetime | None:
        """The next digest's moment; None when no weekday is chosen."""
        today = WorkDay.of(now, self.zone, self.day_starts).date
        for ahead in range(LONGEST_BREAK):
            day = today + timedelta(days=ahead)
            if self.wants(day) and self.due_at(day) > now:
                return self.due_at(day)
        return None


def is_holiday(day: date, country: str) -> bool:
    """Whether the day is a public holiday there; an unknown country has none."""
    if not country:
        return False
    try:
        return day in holidays.country_holidays(country.upper(), years=day.year)
    except NotImplementedError:
        return False


class Schedule:
    """Calls `speak` at the person's time and on every tick, `outbox` on every tick, `tidy` daily.

    All are called in the scheduler's own threads and must find out for themselves what is due.
    `plan` is asked on every tick, so that a change of plan or of zone moves the exact time.
    """

    def __init__(
        self,
        plan: Callable[[], Plan],
        speak: Callable[[], None],
        outbox: Callable[[], None],
        tidy: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._speak = speak
        self._outbox = outbox
        self._tidy = tidy
        self._planned: Plan | None = None
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Starts ticking."""
        every = IntervalTrigger(seconds=TICK_SECONDS, timezone=UTC)
        self._scheduler.add_job(self.tick, every, id="catch-up", next_run_time=datetime.now(UTC))
        self._scheduler.add_job(self._outbox, every, id="outbox")
        daily = IntervalTrigger(days=1, timezone=UTC)
        first = datetime.now(UTC) + timedelta(minutes=TIDY_MINUTES)
        self._scheduler.add_job(self._tidy, daily, id="tidy", next_run_time=first)
        self._scheduler.start()

    def stop(self) -> None:
        """Waits for running jobs, then ends the threads."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def tick(self) -> None:
        """Moves the exact time to where the plan has it, and speaks; every half minute."""
        plan = self._plan()
        if plan != self._planned:
            self._scheduler.add_job(self._speak, _cron(plan), id="digest", replace_existing=True)
            self._planned = plan
        self._speak()


def _cron(plan: Plan) -> CronTrigger:
    at = plan.at
    return CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=plan.zone)
