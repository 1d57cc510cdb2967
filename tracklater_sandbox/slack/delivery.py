"""How Slack gives interactions and events to the app: envelopes over Socket Mode."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from tracklater_sandbox.slack.workspace import APP, Json

ACK_SECONDS = 3.0
MOST_SOCKETS = 10


class NoAck(Exception):
    """The app did not acknowledge in time, or nobody listens."""


@dataclass(frozen=True, slots=True)
class Ack:
    """How an envelope fared: `ms` until its acknowledgement, None when none came in time."""

    kind: str
    name: str
    ms: float | None


class Delivery(Protocol):
    """A way to the app. Returns the acknowledgement's payload; raises NoAck."""

    async def send(self, kind: str, payload: Json, *, retry: int = 0) -> Json | None:
        """Sends an envelope of the kind: interactive, slash_commands or events_api."""
        ...


class Sockets:
    """Socket Mode: up to ten connections, each envelope to one of them in turn."""

    def __init__(self, acks: list[Ack], touch: Callable[[], None]) -> None:
        self._acks = acks
        self._touch = touch
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._turn = itertools.count()
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}
        self.ack_seconds = ACK_SECONDS

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def ticket(self) -> str:
        """Admits one connection."""
        ticket = secrets.token_hex(12)
        self._tickets.add(ticket)
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """A connection from hello to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="The ticket is unknown or was used before")
        if len(self._open) >= MOST_SOCKETS:
            return web.Response(status=403, text="Too many connections")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        self._open.append(socket)
        try:
            await socket.send_json(self._hello())
            self._touch()
            await self._listen(socket)
        finally:
            self._open.remove(socket)
            self._touch()
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP},
        }

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.receive(message.data)

    def receive(self, text: str) -> None:
        """An acknowledgement of the app's."""
        try:
            answer = json.loads(text)
            envelope, payload = answer["envelope_id"], answer.get("payload")
        except (ValueError, TypeError, KeyError):
            return  # no acknowledgement
        future = self._waiting.get(envelope)
        if future is not None and not future.done():
            future.set_result(payload)

    async def send(self, kind: str, payload: Json, *, retry: int = 0) -> Json | None:
        """Sends an envelope to one socket and waits for its acknowledgement."""
        name = name_of(payload)
        if not self._open:
            self._acks.append(Ack(kind, name, None))
            raise NoAck("the app is not connected")
        socket = self._open[next(self._turn) % len(self._open)]
        envelope: Json = {
            "envelope_id": secrets.token_hex(16),
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": payload,
        }
        if kind == "events_api":
            envelope["retry_attempt"] = retry
            envelope["retry_reason"] = "timeout" if retry else ""
        return await self._acknowledged(socket, envelope, name)

    async def _acknowledged(
        self, socket: web.WebSocketResponse, envelope: Json, name: str
    ) -> Json | None:
        future: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = future
        begun = time.monotonic()
        try:
            await socket.send_json(envelope)
            answer = await asyncio.wait_for(future, self.ack_seconds)
        except (TimeoutError, ConnectionError) as error:
            self._acks.append(Ack(envelope["type"], name, None))
            raise NoAck("the app did not respond within 3 seconds") from error
        finally:
            del self._waiting[envelope["envelope_id"]]
        self._acks.append(Ack(envelope["type"], name, (time.monotonic() - begun) * 1000))
        self._touch()
        return answer

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ends all connections the way Slack does now and then; the app must come back."""
        for socket in list(self._open):
            await socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
            )
            await socket.close()

    async def close(self) -> None:
        """Closes all connections without a word."""
        for socket in list(self._open):
            await socket.close(code=1001)


def name_of(payload: Json) -> str:
    """What an interaction is about, for people: the action, command, view or event."""
    actions: list[Any] = payload.get("actions") or []
    event: Json = payload.get("event") or {}
    view: Json = payload.get("view") or {}
    words = (
        actions[0].get("action_id") if actions else None,
        payload.get("command"),
        event.get("type"),
        payload.get("action_id"),
        view.get("callback_id"),
        payload.get("callback_id"),
        payload.get("type"),
    )
    return str(next(word for word in words if word))
