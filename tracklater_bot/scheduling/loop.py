"""Work that goes on behind the answers to Slack: sending, updating messages, reading issues.

A thread for each, woken by an event, so that a slow tracker never holds up what a message shows.
They look at the store for what is to be done: nothing is lost when the process ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import ParamSpec

from tracklater_bot.domain.errors import log_failure

log = logging.getLogger(__name__)

P = ParamSpec("P")
STOP_SECONDS = 3.0


def submit(
    pool: Executor, what: str, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Does the work in one of the pool's threads; what goes wrong is logged, not lost."""

    def logged() -> None:
        try:
            work(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - nobody asks the future for it
            log_failure(log, what, error)

    pool.submit(logged)


def stop_all(loops: Iterable[Loop], seconds: float = STOP_SECONDS) -> None:
    """Lets running calls finish, for so many seconds in all; what hangs is left behind."""
    stopping, until = list(loops), time.monotonic() + seconds
    for loop in stopping:
        loop.end()
    for loop in stopping:
        loop.stop(max(until - time.monotonic(), 0.0))


class Loop:
    """Calls `work` in a thread of its own whenever it is woken, one call at a time.

    Wakes that come while `work` runs lead to one more call. After each call it rests for
    `rest_seconds`, so that many wakes become few calls. `work` may return the seconds after which
    it wants to be called again by itself; an exception is logged and ends that one call only.
    """

    def __init__(
        self, name: str, work: Callable[[], float | None], rest_seconds: float = 0.0
    ) -> None:
        self._work = work
        self._rest = rest_seconds
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread, with a first call for whatever was left from before."""
        self._woken.set()
        self._thread.start()

    def wake(self) -> None:
        """Asks for a call soon; returns at once."""
        self._woken.set()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Lets a running call finish, for so many seconds at most, and ends the thread."""
        self.end()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def end(self) -> None:
        """Lets no further call begin; returns at once."""
        self._stopped.set()
        self._woken.set()

    def _run(self) -> None:
        again: float | None = None
        while not self._stopped.is_set():
            self._woken.wait(again)
            self._woken.clear()
            if self._stopped.is_set():
                return
            again = self._call()
            self._stopped.wait(self._rest)

    def _call(self) -> float | None:
        try:
            return self._work()
        except Exception as error:  # noqa: BLE001 - later calls need this thread
            log_failure(log, f"{self._thread.name}, which is tried again,", error)
            return 30.0
