"""When things happen by themselves: digests, catching up after sleep, the outbox.

APScheduler's timers follow a clock that stands still while a laptop sleeps, so the exact cron
time alone would come hours late after waking. A tick every half minute looks at the wall clock
instead and finds whatever is due; the cron job only makes the usual case punctual.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from tracklater_bot.domain.plan import Plan

TICK_SECONDS = 30
PRUNE_MINUTES = 5  # after the start, when nobody waits for it any more; then daily


class Schedule:
    """Calls `announce_due` at the person's time and every tick, `outbox` every tick, `prune` daily.

    All are called in the scheduler's own threads and must find out for themselves what is due.
    `plan` is asked on every tick, so that a change of plan or of zone moves the exact time.
    """

    def __init__(
        self,
        plan: Callable[[], Plan],
        announce_due: Callable[[], None],
        outbox: Callable[[], None],
        prune: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._announce_due = announce_due
        self._outbox = outbox
        self._prune = prune
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
        first = datetime.now(UTC) + timedelta(minutes=PRUNE_MINUTES)
        self._scheduler.add_job(self._prune, daily, id="prune", next_run_time=first)
        self._scheduler.start()

    def stop(self) -> None:
        """Waits for running jobs, then ends the threads."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def tick(self) -> None:
        """Moves the exact time to where the plan has it, and announces what is due."""
        plan = self._plan()
        if plan != self._planned:
            self._scheduler.add_job(
                self._announce_due, _cron(plan), id="digest", replace_existing=True
            )
            self._planned = plan
        self._announce_due()


def _cron(plan: Plan) -> CronTrigger:
    at = plan.at
    return CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=plan.zone)
