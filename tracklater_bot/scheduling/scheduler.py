"""When things happen by themselves: digests, catching up after sleep, the outbox.

APScheduler's timers wait for a wall clock that may be set back, and by one that stands still while
a laptop sleeps: the exact cron time alone would come hours late. A tick every half minute, by the
monotonic clock, finds whatever is due; the cron job only makes the usual case punctual.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from tracklater_bot.domain.plan import Plan
from tracklater_bot.scheduling.loop import Loop, stop_all

TICK_SECONDS = 30.0
PRUNE_MINUTES = 5  # after the start, when nobody waits for it any more; then daily


@dataclass(eq=False, repr=False)
class Schedule:
    """Calls `announce_due` at the person's time and every tick, `outbox` every tick, `prune` daily.

    All are called in threads of their own and must find out for themselves what is due.
    `plan` is asked on every tick, so that a change of plan or of zone moves the exact time.
    """

    plan: Callable[[], Plan]
    announce_due: Callable[[], None]
    outbox: Callable[[], None]
    prune: Callable[[], None]

    def __post_init__(self) -> None:
        self._prunes_later = True
        self._loops = (
            Loop("catch-up", self._tick),
            Loop("outbox tick", self._tick_outbox),
            Loop("prune", self._tick_prune),
        )
        self._planned: Plan | None = None
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Starts ticking."""
        self._scheduler.start()
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Waits a little for what runs, then ends the threads."""
        stop_all(self._loops)
        if self._scheduler.running:
            self._scheduler.shutdown()

    def tick(self) -> None:
        """Moves the exact time to where the plan has it, and announces what is due."""
        plan = self.plan()
        if plan != self._planned:
            # It only wakes the loop: whatever hangs in a call holds nobody but that one.
            announce = self._loops[0].wake
            self._scheduler.add_job(announce, _cron(plan), id="digest", replace_existing=True)
            self._planned = plan
        self.announce_due()

    def _tick(self) -> float:
        self.tick()
        return TICK_SECONDS

    def _tick_outbox(self) -> float:
        self.outbox()
        return TICK_SECONDS

    def _tick_prune(self) -> float:
        if self._prunes_later:
            self._prunes_later = False
            return PRUNE_MINUTES * 60.0
        self.prune()
        return 24 * 3600.0


def _cron(plan: Plan) -> CronTrigger:
    at = plan.at
    return CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=plan.zone)
