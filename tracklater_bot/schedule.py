"""When things happen by themselves: digests, catching up after sleep, the outbox.

APScheduler's timers follow a clock that stands still while a laptop sleeps, so the exact cron
time alone would come hours late after waking. A tick every half minute looks at the wall clock
instead and finds whatever is due; the cron job only makes the usual case punctual.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from tracklater_bot.day import WorkDay

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CATCH_UP_DAYS = 7
TICK_SECONDS = 30


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
        return WEEKDAYS[day.weekday()] in self.days and not is_holiday(day, self.country)

    def due_at(self, day: date) -> datetime:
        """The moment of that day's digest; a time before `day_starts` lies on the next date."""
        on = day + timedelta(days=1) if self.at < self.day_starts else day
        return datetime.combine(on, self.at, tzinfo=self.zone)

    def due(self, now: datetime, since: datetime) -> Iterator[WorkDay]:
        """Days whose digest time lies in (`since`, `now`], oldest first, a week back at most."""
        today = WorkDay.of(now, self.zone, self.day_starts).date
        for back in range(CATCH_UP_DAYS, -1, -1):
            day = today - timedelta(days=back)
            if self.wants(day) and since < self.due_at(day) <= now:
                yield WorkDay(day, self.zone, self.day_starts)

    def next(self, now: datetime) -> datetime | None:
        """The next digest's moment; None when no weekday is chosen."""
        today = WorkDay.of(now, self.zone, self.day_starts).date
        for ahead in range(400):
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
    """Runs `digests` at the person's time and on every tick, and `outbox` on every tick.

    Both are called in the scheduler's own threads, never twice at the same time, and must find
    out for themselves what is due.
    """

    def __init__(self, digests: Callable[[], None], outbox: Callable[[], None]) -> None:
        self._digests = digests
        self._outbox = outbox
        self._scheduler = BackgroundScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self, plan: Plan) -> None:
        """Starts ticking; the digest's own time is taken from `plan`."""
        self._scheduler.add_job(self._digests, self._cron(plan), id="digest")
        tick = IntervalTrigger(seconds=TICK_SECONDS)
        self._scheduler.add_job(self._digests, tick, id="catch-up")
        self._scheduler.add_job(self._outbox, tick, id="outbox")
        self._scheduler.start()

    def replan(self, plan: Plan) -> None:
        """Moves the digest's time after the person changed it."""
        self._scheduler.reschedule_job("digest", trigger=self._cron(plan))

    def stop(self) -> None:
        """Waits for running jobs, then ends the threads."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    @staticmethod
    def _cron(plan: Plan) -> CronTrigger:
        return CronTrigger(
            hour=plan.at.hour, minute=plan.at.minute, second=plan.at.second, timezone=plan.zone
        )
