"""Stopping when the machine or the person says so."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def stop_event() -> threading.Event:
    """An event that is set by Ctrl-C and by SIGTERM. To be called in the main thread.

    Who says it twice does not want to wait for a clean end.
    """
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()
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
