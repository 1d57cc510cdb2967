"""Stopping when the machine or the person says so."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

TURN_SECONDS = 1.0
END_SECONDS = 9.0


class _Stop(threading.Event):
    """Waits in short turns: a signal that comes just before one begins is heard after it only."""

    def wait(self, timeout: float | None = None) -> bool:
        """As an event's."""
        end = time.monotonic() + timeout if timeout is not None else float("inf")
        while not super().wait(min(TURN_SECONDS, max(end - time.monotonic(), 0.0))):
            if time.monotonic() >= end:
                return False
        return True


def stop_event(seconds: float | None = None) -> threading.Event:
    """An event that is set by Ctrl-C and by SIGTERM. To be called in the main thread.

    Who says it twice does not want to wait for a clean end. After so many `seconds` it is not
    waited for anyway: a thread that hangs in a read would never let the program end.
    """
    stopped = _Stop()

    def end() -> None:
        stopped.set()
        if seconds is not None:
            time.sleep(seconds)
            os._exit(0)  # what was not done is in the store, as after any other end

    def stop(_number: int, _frame: FrameType | None) -> None:
        # Not here: the main thread may be in the middle of the event's own lock.
        threading.Thread(target=end, daemon=True).start()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return stopped


@contextmanager
def stopping_as_interrupt() -> Iterator[None]:
    """Lets SIGTERM raise KeyboardInterrupt as Ctrl-C does, so that nothing is left behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
