"""A real server on loopback that answers what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TypeVar

from tracklater_bot.http import Timing


@dataclass(frozen=True)
class Said:
    """One answer. `dropped`: the request is read, then the connection is cut without an answer."""

    status: int = 200
    body: bytes | str | object = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


DROPPED = Said(dropped=True)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Loopback:
    """Answers in the given order; the last answer is repeated."""

    def __init__(self, answers: Sequence[Said]) -> None:
        self.answers = list(answers)
        self.asked: list[Asked] = []
        self.url = ""

    def next(self, asked: Asked) -> Said:
        self.asked.append(asked)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


Script = TypeVar("Script", bound=Loopback)


@contextmanager
def loopback(*answers: Said) -> Iterator[Loopback]:
    with serving(Loopback(answers)) as script:
        yield script


@contextmanager
def serving(script: Script) -> Iterator[Script]:
    """Answers as `script.next` says, which a subclass of Loopback may decide by the request."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            said = script.next(
                Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
            )
            self.close_connection = True
            if said.dropped:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(said.status)
            headers = {"Content-Length": str(len(said.content)), "Connection": "close"}
            for name, value in (headers | said.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


class FakeTime:
    """A clock that only moves when somebody sleeps, and remembers how long.

    Set to an earlier time, it was set back; to a later one, time has passed, unless it is `set`.
    """

    def __init__(self, now: datetime = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)) -> None:
        self._now, self._passed = now, 0.0
        self.slept: list[float] = []

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, now: datetime) -> None:
        self._passed += max((now - self._now).total_seconds(), 0.0)
        self._now = now

    def ticks(self) -> float:
        """The seconds that have passed, however the clock was set."""
        return self._passed

    def set(self, **by: float) -> None:
        """The clock is set, and no time passes."""
        self._now += timedelta(**by)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.forward(seconds=seconds)

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)

    def timing(self, chance: Callable[[], float] = lambda: 0.5) -> Timing:
        return Timing(now=self, sleep=self.sleep, random=chance)
