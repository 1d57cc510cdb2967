"""Stopping when the machine or the person says so."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import FrameType

END_SECONDS = 9.0


@cache
def _bell() -> tuple[socket.socket, socket.socket]:
    """Rung by each signal and whatever sets a stop; never closed, since signals may always come."""
    heard, rung = socket.socketpair()
    rung.setblocking(False)
    return heard, rung


class _Stop(threading.Event):
    """Is waited for in the main thread, which sleeps until the bell is rung.

    A signal that comes just before an event's own wait begins is heard after it only.
    """

    def set(self) -> None:
        """As an event's."""
        super().set()
        with suppress(BlockingIOError):  # rung so often that it is heard anyway
            _bell()[1].send(b"\0")

    def wait(self, timeout: float | None = None) -> bool:
        """As an event's."""
        heard, end = _bell()[0], time.monotonic() + (timeout or 0.0)
        while not self.is_set():
            left = None if timeout is None else max(end - time.monotonic(), 0.0)
            if not select.select([heard], [], [], left)[0]:
                break
            heard.recv(4096)
        return self.is_set()


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
    signal.set_wakeup_fd(_bell()[1].fileno(), warn_on_full_buffer=False)
    return stopped


@contextmanager
def stopping_as_interrupt() -> Iterator[None]:
    """Lets SIGTERM raise KeyboardInterrupt as Ctrl-C does, so that nothing is left behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
