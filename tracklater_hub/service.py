"""Where machines ask, over HTTP: something that speaks https stands in front. And the health.

Waiting costs no thread; what looks into the database runs in threads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Protocol, TypeVar

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from tracklater_bot.domain.draft import Brief
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.wall import to_json
from tracklater_bot.store import Store
from tracklater_hub import admission, mailbox
from tracklater_hub.admission import Attempts, Refused, Said, sender_of
from tracklater_hub.believing import Disbelieved
from tracklater_hub.mailbox import Bell
from tracklater_hub.people import DeviceRow
from tracklater_hub.protocol import (
    ANSWER,
    BRIEF,
    HEALTH,
    JOIN,
    MOST_BYTES,
    MOST_DAYS,
    MOST_KEYS,
    NEXT,
    POLL_SECONDS,
    Answer,
    BriefWanted,
    Done,
    Next,
    Refusal,
    Request,
)

log = logging.getLogger(__name__)
_of_strangers = logging.getLogger(f"{__name__}.strangers")
_of_strangers.setLevel(logging.CRITICAL)  # what is no HTTP would be told word for word
T = TypeVar("T")
THREADS = 16
READ_SECONDS = 20.0  # for a whole request
KEEP_SECONDS = 75.0  # between the requests of a connection
MOST_SILENT = 256  # connections without a whole request yet; of more, the oldest ends
MOST_HELD = 128 * 1024**2  # bytes of all requests together, whose senders nobody knows yet


class Briefs(Protocol):
    """What the service needs of the people: briefs, and a place for answers."""

    def brief(self, person: str, wanted: BriefWanted) -> Brief: ...  # noqa: D102
    def accept(self, person: str, answer: Answer) -> None: ...  # noqa: D102


class Service:
    """The hub's HTTP server. `health` gives a sentence for each thing that is wrong."""

    def __init__(
        self,
        store: Store,
        bell: Bell,
        briefs: Briefs,
        health: Callable[[], list[str]],
        poll_seconds: float = POLL_SECONDS,
        hears: Callable[[str], bool] = admission.everybody,
    ) -> None:
        self._store = store
        self._hears = hears
        self._bell = bell
        self._briefs = briefs
        self._health = health
        self._poll = poll_seconds
        self._attempts = Attempts()
        self._held = 0
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="service")
        self._silent: dict[RequestHandler, None] = {}
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listens. Raises OSError where the port is taken."""
        app = web.Application()
        for path, handler in (
            (NEXT, self._next),
            (BRIEF, self._brief),
            (ANSWER, self._answer),
        ):
            app.router.add_post(path, partial(self._refusing, path, handler))
        app.router.add_post(JOIN, self._joining)
        app.router.add_get(HEALTH, self._healthy)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=2.0,
            handler_cancellation=True,  # who hung up takes no question away
            lingering_time=0.0,  # nor is more read of what is too long already
            auto_decompress=False,  # no machine packs what it says
            keepalive_timeout=KEEP_SECONDS,
            logger=_of_strangers,
        )
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._connection, host, port)
        self.port = self._listening.sockets[0].getsockname()[1]

    def _connection(self) -> RequestHandler:
        """A new one, which ends where no whole request comes in time."""
        assert self._runner is not None
        assert self._runner.server is not None
        new = self._runner.server()
        if len(self._silent) >= MOST_SILENT:
            self._end_silent(next(iter(self._silent)))
        self._silent[new] = None
        # A little later than a slow request, which is told so.
        asyncio.get_running_loop().call_later(READ_SECONDS + 1.0, self._end_silent, new)
        return new

    def _end_silent(self, connection: RequestHandler) -> None:
        if connection in self._silent:
            del self._silent[connection]
            # Of many at once, one may not have been told yet that it is open.
            asyncio.get_running_loop().call_soon(connection.force_close)

    async def stop(self) -> None:
        """Ends all waiting; machines ask again."""
        if self._listening is not None:
            self._listening.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _refusing(
        self,
        path: str,
        handler: Callable[[bytes], Awaitable[object]],
        request: web.Request,
    ) -> web.Response:
        """Reads within bounds, answers in JSON, and says no more of an error than that it was."""
        status, answer, content = HTTPStatus.OK, object(), bytearray()
        try:
            reading = self._read(request, MOST_BYTES[path], content)
            await asyncio.wait_for(reading, READ_SECONDS)
            self._silent.pop(request.protocol, None)
            answer = await handler(bytes(content))
        except Refused as refused:
            status, answer = refused.status, Refusal(str(refused), refused.now)
        except Disbelieved as error:
            log.warning("What a machine said was not taken: %s.", error)
            status, answer = HTTPStatus.UNPROCESSABLE_ENTITY, Refusal(str(error))
        except TimeoutError:
            status, answer = HTTPStatus.REQUEST_TIMEOUT, Refusal("too slow")
        except Exception as error:  # noqa: BLE001 - the others go on
            log_failure(log, f"Answering {path}", error)
            status, answer = HTTPStatus.INTERNAL_SERVER_ERROR, Refusal("that did not work")
        finally:
            self._held -= len(content)
        response = web.Response(
            status=status, body=to_json(answer), content_type="application/json"
        )
        if status is not HTTPStatus.OK:  # only a machine that is known keeps its connection
            response.force_close()
        return response

    async def _read(self, request: web.Request, most: int, content: bytearray) -> None:
        """No further than the bounds, whatever the senders say of their lengths."""
        async for chunk in request.content.iter_chunked(64 * 1024):
            content += chunk
            self._held += len(chunk)
            if len(content) > most:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too much at once")
            if self._held > MOST_HELD:
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many at once: ask again")

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _said(self, path: str, body: bytes) -> Said:
        return await self._run(partial(admission.admitted, self._store, path, body, self._hears))

    # -- What is asked -------------------------------------------------------------------------

    async def _joining(self, request: web.Request) -> web.Response:
        sender = sender_of(request.remote, request.headers.get("X-Forwarded-For", ""))

        async def join(body: bytes) -> object:
            asked = partial(admission.join, self._store, body, self._attempts, sender)
            return await self._run(asked)

        return await self._refusing(JOIN, join, request)

    async def _next(self, body: bytes) -> object:
        """The next question, waited for."""
        device = (await self._said(NEXT, body)).device
        loop, name, event = asyncio.get_running_loop(), f"ask:{device.person}", asyncio.Event()
        until = loop.time() + self._poll
        self._bell.expect(name, event)
        try:
            while True:
                event.clear()
                found = await self._run(partial(self._taken, device))
                left = until - loop.time()
                if found is not None or left <= 0:
                    return Next(found)
                await self._bell.wait_async(event, left)
        finally:
            self._bell.forget(name, event)

    def _taken(self, device: DeviceRow) -> Request | None:
        with self._store.writing() as transaction:
            admission.known(transaction, device.id)  # it may have been ended while it waited
            return mailbox.take(transaction, device.person)

    async def _brief(self, body: bytes) -> object:
        said = await self._said(BRIEF, body)
        wanted = said.read(BriefWanted)
        if not 0 < len(wanted.days) <= MOST_DAYS or len(wanted.keys) > MOST_KEYS:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "too much at once")
        return await self._run(partial(self._briefs.brief, said.device.person, wanted))

    async def _answer(self, body: bytes) -> object:
        said = await self._said(ANSWER, body)
        answer = said.read(Answer)
        await self._run(partial(self._briefs.accept, said.device.person, answer))
        return Done()

    async def _healthy(self, _request: web.Request) -> web.Response:
        """200 with nothing, or 503 with what is wrong, in words without names."""
        try:
            wrong = await self._run(self._health)
        except Exception as error:  # noqa: BLE001 - that is no health either
            log_failure(log, "Looking for what is wrong", error)
            wrong = ["it could not be looked at"]
        status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
        response = web.json_response({"ok": not wrong, "wrong": wrong}, status=status)
        response.force_close()
        return response
