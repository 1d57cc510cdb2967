"""Time that stands still while anybody works, and goes on when all of them wait."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tracklater_bot.slack.pace import Pacer

A_BIT = 1e-6  # beyond what is lost when times are added up
T = TypeVar("T")


class StandingTime(threading.Condition):
    """Clock and condition in one, for workers that `all_at_once` has started."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._working = 0
        self._wakes: list[float] = []

    def __call__(self) -> float:
        return self._now

    def wait(self, timeout: float | None = None) -> bool:
        """Until somebody notifies, or all the others wait for something later."""
        self._wakes.append(math.inf if timeout is None else self._now + timeout)
        self._leave()
        return super().wait() if self._wakes else True

    def notify_all(self) -> None:
        """Whoever is woken works, though the system may let others run first."""
        self._working += len(self._wakes)
        self._wakes.clear()
        super().notify_all()

    def sleep(self, seconds: float) -> None:
        """As long as that, whoever notifies."""
        with self:
            until = self._now + seconds
            while self._now < until:
                self.wait(until - self._now)

    def _leave(self) -> None:
        self._working -= 1
        if not self._working and self._wakes:
            assert min(self._wakes) < math.inf, "everybody waits for somebody else"
            self._now = max(self._now, min(self._wakes)) + A_BIT
            self.notify_all()

    def all_at_once(self, *calls: Callable[[], T]) -> list[T]:
        """What the calls give, each made by a worker of its own; time goes on for nobody else."""
        self._working += len(calls)

        def work(call: Callable[[], T]) -> T:
            try:
                return call()
            finally:
                with self:
                    self._leave()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(work, calls))


def standing_pacer(time: StandingTime) -> Pacer:
    """A pacer at which hours of waiting pass at once."""
    pacer = Pacer(clock=time)
    pacer._changed = time
    return pacer
