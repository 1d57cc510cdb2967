"""The Web API: reads requests the way Slack does and sends them to their method."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tracklater_sandbox.slack.calls import Call, Method, Rule, SlackError
from tracklater_sandbox.slack.delivery import Sockets
from tracklater_sandbox.slack.files import Files
from tracklater_sandbox.slack.limits import Limits, TooFast
from tracklater_sandbox.slack.messages import Messages
from tracklater_sandbox.slack.views import Views
from tracklater_sandbox.slack.workspace import BOT, BOT_USER, DOMAIN, TEAM, Json, Token, Workspace

_BOT = ("bot",)


class WebApi:
    """All methods, each with its rule. `calls` counts what was called, for tests and the page.

    `limits` are held when they are set.
    """

    def __init__(
        self,
        workspace: Workspace,
        sockets: Sockets,
        messages: Messages,
        views: Views,
        files: Files,
    ) -> None:
        self._workspace = workspace
        self._sockets = sockets
        self.socket_url = ""
        self.calls: list[str] = []
        self.limits: Limits | None = None
        self._methods: Mapping[str, tuple[Rule, Method]] = {
            "api.test": (Rule(("bot", "user", "app")), self._nothing),
            "auth.test": (Rule(("bot", "user", "app")), self._auth_test),
            "apps.connections.open": (Rule(("app",), ("connections:write",)), self._connect),
            "users.info": (Rule(scopes=("users:read",)), self._user),
            "conversations.open": (Rule(_BOT, ("im:write",)), messages.open),
            "conversations.info": (Rule(), messages.info),
            "conversations.history": (Rule(), messages.history),
            "conversations.replies": (Rule(), messages.replies),
            "chat.postMessage": (Rule(_BOT, ("chat:write",)), messages.post),
            "chat.postEphemeral": (Rule(_BOT, ("chat:write",)), messages.post_ephemeral),
            "chat.update": (Rule(_BOT, ("chat:write",)), messages.update),
            "chat.delete": (Rule(_BOT, ("chat:write",)), messages.delete),
            "chat.getPermalink": (Rule(), messages.permalink),
            "blocks.validate": (Rule(), messages.validate),
            "search.messages": (Rule(("user",), ("search:read",)), messages.search),
            "views.open": (Rule(_BOT), views.open),
            "views.push": (Rule(_BOT), views.push),
            "views.update": (Rule(_BOT), views.update),
            "views.publish": (Rule(_BOT), views.publish),
            "files.getUploadURLExternal": (Rule(scopes=("files:write",)), files.upload_url),
            "files.completeUploadExternal": (Rule(scopes=("files:write",)), files.complete),
            "files.delete": (Rule(scopes=("files:write",)), files.delete),
            "files.info": (Rule(scopes=("files:read",)), files.info),
        }

    async def serve(self, request: web.Request) -> web.Response:
        """One request, answered as Slack answers: 200 with `ok`, scopes in the headers."""
        name = request.match_info["method"]
        self.calls.append(name)
        headers = {}
        try:
            arguments = await _arguments(request)
            rule, method = self._method(name)
            token = self._token(request, arguments)
            headers["x-oauth-scopes"] = ",".join(sorted(token.scopes))
            rule.admit(token)
            self._count(name, arguments)
            body: Json = {"ok": True, **await method(Call(token, arguments))}
        except TooFast as error:
            headers["Retry-After"] = str(error.seconds)
            return web.json_response(error.body, status=429, headers=headers)
        except SlackError as error:
            body = error.body
        return web.json_response(body, headers=headers)

    def _count(self, name: str, arguments: Mapping[str, Any]) -> None:
        if self.limits is not None:
            self.limits.count(name, str(arguments.get("channel", "")))

    def _method(self, name: str) -> tuple[Rule, Method]:
        if name not in self._methods:
            raise SlackError("unknown_method", req_method=name)
        return self._methods[name]

    def _token(self, request: web.Request, arguments: Mapping[str, Any]) -> Token:
        header = request.headers.get("Authorization", "")
        value = header.removeprefix("Bearer ").strip() or str(arguments.get("token") or "")
        if not value:
            raise SlackError("not_authed")
        if value not in self._workspace.tokens:
            raise SlackError("invalid_auth")
        return self._workspace.tokens[value]

    async def _nothing(self, _: Call) -> Json:
        return {}

    async def _auth_test(self, call: Call) -> Json:
        user = self._workspace.people[call.token.user]
        answer: Json = {
            "url": f"https://{DOMAIN}.slack.com/",
            "team": "Sandbox",
            "user": user.name,
            "team_id": TEAM,
            "user_id": user.id,
            "is_enterprise_install": False,
        }
        return answer | ({"bot_id": BOT} if user.id == BOT_USER else {})

    async def _connect(self, _: Call) -> Json:
        return {"url": f"{self.socket_url}?ticket={self._sockets.ticket()}"}

    async def _user(self, call: Call) -> Json:
        person = self._workspace.people.get(call.need("user"))
        if person is None:
            raise SlackError("user_not_found")
        return {"user": person.profile()}


async def _arguments(request: web.Request) -> dict[str, Any]:
    """The arguments from the query and from a form or JSON body. Nothing that is null counts."""
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        text = await request.text()
        try:
            body = json.loads(text or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        arguments |= body
    elif request.body_exists:
        arguments |= dict(await request.post())
    return {name: value for name, value in arguments.items() if value is not None}
