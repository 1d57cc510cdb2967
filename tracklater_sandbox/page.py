"""The page's routes: what everybody sees as JSON, actions, faults, and a stream of changes.

Subprocess and browser tests use the same routes as the page.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import date
from importlib import resources
from typing import Any, TypeAlias

from aiohttp import web

from tracklater_sandbox.faults import Faults
from tracklater_sandbox.jira import FakeJira
from tracklater_sandbox.slack import ME, FakeSlack, NotThere, Outcome, visible_messages
from tracklater_sandbox.slack.inputs import InputError
from tracklater_sandbox.slack.payloads import visible_view
from tracklater_sandbox.slack.person import still_there
from tracklater_sandbox.toggl import FakeToggl

Json: TypeAlias = "dict[str, Any]"
Act: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[Outcome]]

STATIC = resources.files(__package__).joinpath("static")
KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
HINTS = (
    ("/tracklater today", "Suggestions for today"),
    ("/tracklater yesterday", "Suggestions for yesterday"),
    ("/tracklater monday", "Or another weekday: the latest one"),
    ("/tracklater {day}", "Suggestions for a date: the sample day"),
    ("/tracklater week", "Seven days: tracked, suggested, missing"),
    ("/tracklater status", "Sources, quota, next message"),
    ("/tracklater help", "What else there is"),
)
SHORTCUTS = ({"name": "Track time for this", "callback_id": "track_this"},)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PULSE = 0.1


class Page:
    """Routes of the page and of `/sandbox/*`."""

    def __init__(
        self,
        slack: FakeSlack,
        toggl: FakeToggl,
        jira: FakeJira,
        faults: Mapping[str, Faults],
        day: date,
        timezone: str,
    ) -> None:
        self._slack = slack
        self._toggl = toggl
        self._jira = jira
        self._faults = faults
        self._day = day
        self._timezone = timezone
        self._closing = False
        self._acts: Mapping[str, Act] = {
            "command": self._command,
            "say": self._say,
            "click": self._click,
            "suggest": self._suggest,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
            "shortcut": self._shortcut,
        }

    def mount(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_get("/sandbox/state", self._state)
        app.router.add_get("/sandbox/events", self._events)
        app.router.add_post("/sandbox/act", self._act)
        app.router.add_post("/sandbox/faults", self._fault)
        app.router.add_get("/sandbox/files/{file}", self._file)
        app.router.add_get("/{name:[a-z-]*(?:\\.js|\\.css|\\.svg)?}", self._static)

    def close(self) -> None:
        """Ends the streams of changes."""
        self._closing = True

    # -- what everybody sees

    async def _state(self, request: web.Request) -> web.Response:
        _own(request)
        return web.json_response(self.state(request.query.get("user", ME)))

    def state(self, user: str) -> Json:
        """Everything a person sees, and what is in Toggl and Jira."""
        workspace = self._slack.workspace
        home = workspace.homes.get(user)
        dm = workspace.dm(user)
        return {
            "version": workspace.version,
            "day": self._day.isoformat(),
            "timezone": self._timezone,
            "connected": self._slack.sockets.count > 0,
            "user": user,
            "channel": dm.id,
            "people": {person.id: person.real_name for person in workspace.people.values()},
            "messages": visible_messages(dm, user),
            "channels": self._channels(user),
            "hints": [(words.format(day=self._day), why) for words, why in HINTS],
            "shortcuts": SHORTCUTS,
            "views": [visible_view(view) for view in workspace.stack(user)],
            "home": visible_view(home) if home else None,
            "notices": [one for one in workspace.notices if one["user"] == user],
            "entries": self._toggl.named_entries(),
            "worklogs": self._jira.worklogs,
            "acks": [asdict(ack) for ack in self._slack.acks],
            "calls": list(self._slack.api.calls),
        }

    def _channels(self, user: str) -> list[Json]:
        channels = self._slack.workspace.channels.values()
        return [
            {"id": one.id, "name": one.name, "messages": visible_messages(one, user)}
            for one in channels
            if not one.is_im
        ]

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the version, whenever it changes."""
        _own(request)
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        seen: tuple[int, bool] | None = None
        try:
            while not self._closing:
                now = (self._slack.workspace.version, self._slack.sockets.count > 0)
                if now != seen:
                    await stream.write(f"data: {now[0]}\n\n".encode())
                    seen = now
                await asyncio.sleep(PULSE)
        except ConnectionError:
            pass  # the reader went away
        return stream

    async def _file(self, request: web.Request) -> web.Response:
        """An uploaded file, as Slack would show it."""
        file = self._slack.workspace.files.get(request.match_info["file"])
        if file is None or not file.data:
            raise web.HTTPNotFound
        kind = "image/png" if file.data.startswith(b"\x89PNG") else "application/octet-stream"
        headers = {"X-Content-Type-Options": "nosniff"}
        return web.Response(body=file.data, content_type=kind, headers=headers)

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"] or "index.html"
        file = STATIC.joinpath(name)
        if not file.is_file():
            raise web.HTTPNotFound
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        kind = KINDS[name[name.rindex(".") :]]
        return web.Response(text=file.read_text("utf-8"), content_type=kind, headers=headers)

    # -- actions

    async def _act(self, request: web.Request) -> web.Response:
        body = await _json(request)
        act = self._acts.get(str(body.get("do")))
        if act is None:
            return _refused(f"do must be one of {', '.join(self._acts)}")
        try:
            outcome = await act(str(body.get("user", ME)), body)
        except (NotThere, InputError, KeyError) as error:
            return _refused(str(error))
        return web.json_response(asdict(outcome))

    async def _command(self, user: str, body: Mapping[str, Any]) -> Outcome:
        return await self._slack.actions.command(
            user, str(body["command"]), str(body.get("text", "")), body.get("channel")
        )

    async def _say(self, user: str, body: Mapping[str, Any]) -> Outcome:
        await self._slack.actions.say(user, str(body["text"]), body.get("channel"))
        return Outcome()

    async def _click(self, user: str, body: Mapping[str, Any]) -> Outcome:
        return await self._slack.actions.click(
            user,
            str(body["where"]),
            str(body["action_id"]),
            body.get("value"),
            block_id=body.get("block_id"),
            values=body.get("values"),
        )

    async def _suggest(self, user: str, body: Mapping[str, Any]) -> Outcome:
        return await self._slack.actions.suggest(
            user,
            str(body["where"]),
            str(body["action_id"]),
            str(body.get("query", "")),
            body.get("block_id"),
        )

    async def _submit(self, user: str, body: Mapping[str, Any]) -> Outcome:
        values, view = body.get("values") or {}, self._slack.workspace.view(str(body.get("view")))
        there = still_there(view, values) if view else values
        return await self._slack.actions.submit(user, there, body.get("view"))

    async def _close(self, user: str, body: Mapping[str, Any]) -> Outcome:
        return await self._slack.actions.close(
            user, body.get("view"), everything=bool(body.get("everything"))
        )

    async def _home(self, user: str, _: Mapping[str, Any]) -> Outcome:
        await self._slack.actions.open_home(user)
        return Outcome()

    async def _shortcut(self, user: str, body: Mapping[str, Any]) -> Outcome:
        return await self._slack.actions.shortcut(
            user, str(body["callback_id"]), body.get("message")
        )

    async def _fault(self, request: web.Request) -> web.Response:
        body = await _json(request)
        knobs = {name: body[name] for name in ("seconds", "method", "saved") if name in body}
        try:
            faults = self._faults[str(body["service"])]
            faults.fail_next(
                str(body.get("path", "")), body["kind"], int(body.get("times", 1)), **knobs
            )
        except (KeyError, ValueError) as error:
            return _refused(str(error))
        return web.json_response({"ok": True})


def _own(request: web.Request) -> None:
    """Only the page itself and local programs: no other site may read or act in a browser."""
    host = request.host.rpartition(":")[0] or request.host
    origin = request.headers.get("Origin")
    if host not in ("127.0.0.1", "localhost") or origin not in (None, f"http://{request.host}"):
        raise web.HTTPForbidden(text="Only the sandbox's own page may ask this.")


async def _json(request: web.Request) -> Mapping[str, Any]:
    _own(request)
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="Send JSON.")
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise web.HTTPBadRequest(text="That is no JSON.") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="Send a JSON object.")
    return body


def _refused(reason: str) -> web.Response:
    return web.json_response({"ok": False, "error": reason}, status=400)
