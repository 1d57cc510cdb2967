"""When things happen by themselves: digests, catching up after sleep, the outbox.

A wall clock may be set back, and a wait stands still while a laptop sleeps: waiting for the exact
time alone would come hours late. A tick every half minute, by the monotonic clock, finds whatever
is due; one at the exact time makes the usual case punctual.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.plan import Plan
from tracklater_bot.scheduling.loop import Loop, stop_all

log = logging.getLogger(__name__)

TICK_SECONDS = 30.0
PRUNE_MINUTES = 5  # after the start, when nobody waits for it any more; then daily


class Schedule:
    """Calls `announce_due` at the person's time and every tick, `outbox` every tick, `prune` daily.

    All are called in threads of their own and must find out for themselves what is due.
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
        self._prunes_later = True
        self._loops = (
            Loop("catch-up", self._tick),
            Loop("outbox tick", self._tick_outbox),
            Loop("prune", self._tick_prune),
        )

    def start(self) -> None:
        """Starts ticking."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Waits a little for what runs, then ends the threads."""
        stop_all(self._loops)

    def tick(self) -> None:
        """Looks now for what is due, in a thread of its own; returns at once."""
        self._loops[0].wake()

    def _tick(self) -> float:
        due = self._plan().next(datetime.now(UTC))
        try:
            self._announce_due()
        except Exception as error:  # noqa: BLE001 - the next one comes at its time all the same
            log_failure(log, "the message that is due, which is tried again,", error)
        left = (due - datetime.now(UTC)).total_seconds() if due else TICK_SECONDS
        return min(TICK_SECONDS, max(left, 0.0))

    def _tick_outbox(self) -> float:
        self._outbox()
        return TICK_SECONDS

    def _tick_prune(self) -> float:
        if self._prunes_later:
            self._prunes_later = False
            return PRUNE_MINUTES * 60.0
        self._prune()
        return 24 * 3600.0
