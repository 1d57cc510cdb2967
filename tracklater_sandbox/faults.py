"""Knobs that make a service fail the way real ones do.

A fault waits for the next requests whose path fits, then spends itself. Kinds: `late` (carried out,
answered after some seconds), `drop-after-saving` (carried out, the connection breaks before the
answer), `saved-later` (the connection breaks; carried out by the first request that comes some
seconds later), `drop-before` (the connection breaks, nothing was done), `html` (a proxy's error
page), `half-json` (carried out, the answer is cut in half), `echo` (401 that repeats what was sent,
tokens and all), a status such as `402`, and for Slack `error:<code>`.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorPage: TypeAlias = Callable[[int], web.Response]

KINDS = ("late", "drop-after-saving", "saved-later", "drop-before", "html", "half-json", "echo")
CARRIED_OUT = frozenset({"late", "drop-after-saving", "half-json"})
HTML = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(slots=True)
class Fault:
    """What goes wrong for the next `times` requests that fit. `saved`: a status after the work."""

    path: re.Pattern[str]
    kind: str
    times: int = 1
    seconds: float = 2.0
    method: str | None = None
    saved: bool = False

    def fits(self, request: web.Request) -> bool:
        """Whether it is this request's turn to fail."""
        if self.method and self.method.upper() != request.method:
            return False
        return self.path.search(request.path_qs) is not None


class Faults:
    """The faults of one service. Safe to set from any thread."""

    def __init__(self, error_page: ErrorPage, clock: Callable[[], float] = time.monotonic) -> None:
        self._error_page = error_page
        self.clock = clock
        self._later: list[tuple[float, web.Request, Handler]] = []
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()
        self.happened: list[str] = []

    def fail_next(
        self,
        path: str,
        kind: str | int,
        times: int = 1,
        *,
        seconds: float = 2.0,
        method: str | None = None,
        saved: bool = False,
    ) -> None:
        """Makes the next `times` requests whose path and query fit the pattern fail."""
        word = str(kind)
        if word not in KINDS and not word.isdigit() and not word.startswith("error:"):
            raise ValueError(f"no such fault: {word}")
        with self._lock:
            self._waiting.append(Fault(re.compile(path), word, times, seconds, method, saved))

    def clear(self) -> None:
        """Forgets all faults that have not happened yet. What comes later still does."""
        with self._lock:
            self._waiting.clear()

    def reset(self) -> None:
        """Forgets everything, also what would come later."""
        self.clear()
        self._later.clear()

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answers the request, with a fault when one is waiting for it."""
        await self.catch_up()
        fault = self._take(request)
        if fault is None:
            return await handler(request)
        self.happened.append(f"{fault.kind} {request.method} {request.path}")
        return await self._fail(fault, request, handler)

    async def catch_up(self) -> None:
        """Carries out the requests whose connection broke, and whose time has come."""
        now = self.clock()
        due = [request for request in self._later if request[0] <= now]
        self._later = [request for request in self._later if request[0] > now]
        for _, request, handler in due:
            await handler(request)

    def _take(self, request: web.Request) -> Fault | None:
        with self._lock:
            fault = next((one for one in self._waiting if one.fits(request)), None)
            if fault is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
            return fault

    async def _fail(
        self, fault: Fault, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        if fault.kind in CARRIED_OUT or fault.saved:
            return await _spoiled(fault, request, await handler(request), self._error_page)
        if fault.kind == "saved-later":
            await request.read()
            self._later.append((self.clock() + fault.seconds, request, handler))
        if fault.kind in ("drop-before", "saved-later"):
            return _hang_up(request)
        if fault.kind == "html":
            return html_page(502, "Bad Gateway")
        if fault.kind == "echo":
            return await _echo(request)
        if fault.kind.startswith("error:"):
            return _refusal(fault)
        return self._error_page(int(fault.kind))


async def _spoiled(
    fault: Fault, request: web.Request, answer: web.StreamResponse, error_page: ErrorPage
) -> web.StreamResponse:
    """What reaches the client of an answer to a request that was carried out."""
    if fault.kind == "late":
        await asyncio.sleep(fault.seconds)
        return answer
    if fault.kind == "half-json":
        return _half(answer)
    if fault.kind == "html":
        return html_page(502, "Bad Gateway")
    if fault.kind.startswith("error:"):
        return _refusal(fault)
    if fault.kind.isdigit():
        return error_page(int(fault.kind))
    return _hang_up(request)


def _refusal(fault: Fault) -> web.Response:
    return web.json_response({"ok": False, "error": fault.kind.removeprefix("error:")})


async def _echo(request: web.Request) -> web.Response:
    """401 as from a careless server's debug page: the request comes back in header and body."""
    sent = request.headers.get("Authorization", "")
    body = {
        "ok": False,
        "error": f"invalid_auth {sent}",
        "message": f"bad credentials {sent} in {await request.text()}",
        "headers": dict(request.headers),
    }
    headers = {"X-Echo": sent, "WWW-Authenticate": f'Basic realm="{sent}"'}
    return web.json_response(body, status=401, headers=headers)


def html_page(status: int, title: str) -> web.Response:
    """An error page as a proxy in between would send it."""
    return web.Response(status=status, text=HTML.format(title), content_type="text/html")


def _hang_up(request: web.Request) -> web.Response:
    """Breaks the connection; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _half(answer: web.StreamResponse) -> web.Response:
    body = answer.body if isinstance(answer, web.Response) else b""
    whole = body if isinstance(body, bytes) else b""
    return web.Response(
        status=answer.status, body=whole[: len(whole) // 2], content_type="application/json"
    )
