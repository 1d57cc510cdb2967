"""The fake Slack as tests and the page hold it: people act, and see what came of it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from aiohttp import web

from tracklater_sandbox.faults import Faults, html_page
from tracklater_sandbox.slack.api import WebApi
from tracklater_sandbox.slack.calls import SlackError
from tracklater_sandbox.slack.delivery import Ack, Sockets
from tracklater_sandbox.slack.files import Files
from tracklater_sandbox.slack.messages import Messages
from tracklater_sandbox.slack.payloads import visible_view
from tracklater_sandbox.slack.person import NotThere, Outcome, UserActions
from tracklater_sandbox.slack.views import Views
from tracklater_sandbox.slack.workspace import (
    APP_SCOPES,
    BOT_SCOPES,
    BOT_USER,
    ME,
    USER_SCOPES,
    Channel,
    Json,
    Workspace,
    shown,
)

T = TypeVar("T")
RESPONSE_USES, RESPONSE_SECONDS = 5, 30 * 60


class Run(Protocol):
    """Runs a coroutine on the server's thread and waits for it."""

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result."""
        ...


class FakeSlack:
    """The sandbox's Slack. What people do are plain calls from any thread.

    `where` is a message or view, or the ts or id of one; without it the open modal. `user` acts.
    """

    def __init__(self, zone: str, run: Run) -> None:
        self.workspace = Workspace(zone)
        self.acks: list[Ack] = []
        self.faults = Faults(_error_page)
        self.sockets = Sockets(self.acks, self.workspace.touch)
        self._run = run
        self._messages = Messages(self.workspace)
        self._views = Views(self.workspace)
        self.bot_token = self.workspace.issue("bot", BOT_USER, BOT_SCOPES)
        self.app_token = self.workspace.issue("app", BOT_USER, APP_SCOPES)
        self.user_token = self.workspace.issue("user", ME, USER_SCOPES)
        self.signing_secret = secrets.token_hex(16)

    def mount(self, app: web.Application, base: str) -> None:
        """Adds the routes; `base` is the server's address."""
        self._files = Files(self.workspace, f"{base}/slack/upload/")
        self.api = WebApi(self.workspace, self.sockets, self._messages, self._views, self._files)
        self.api.socket_url = f"ws{base.removeprefix('http')}/slack/socket"
        self.actions = UserActions(
            self.workspace,
            self.sockets,
            self._messages,
            self._views,
            f"{base}/slack/response/",
        )
        app.router.add_route("*", "/slack/api/{method}", self.api.serve)
        app.router.add_get("/slack/socket", self.sockets.connect)
        app.router.add_post("/slack/upload/{file}", self._files.receive)
        app.router.add_post("/slack/response/{key}", self._respond)

    async def close(self) -> None:
        """Ends connections and retries."""
        await self.actions.stop()
        await self.sockets.close()

    # -- what people do

    def command(
        self, word: str, text: str = "", *, user: str = ME, channel: str | None = None
    ) -> Outcome:
        """Sends a slash command."""
        return self._run(self.actions.command(user, word, text, channel))

    def say(self, text: str, *, user: str = ME, channel: str | None = None) -> str:
        """Writes a message and returns its ts."""
        return self._run(self.actions.say(user, text, channel))

    def click(
        self,
        where: Json | str | None,
        action_id: str,
        value: Any = None,
        option: Any = None,
        *,
        user: str = ME,
        block_id: str | None = None,
    ) -> Outcome:
        """Clicks a button (`value` tells equal ones apart) or chooses an `option`.

        What a row has no button for may be an entry `<action>:<value>` of its menu.
        """
        picked = option if option is not None else value
        place = self._where(where, user)
        try:
            return self._run(self.actions.click(user, place, action_id, picked, block_id=block_id))
        except NotThere:
            entry = f"{action_id}:{value}"
            return self._run(self.actions.click(user, place, "more", entry, block_id=block_id))

    def fill(self, values: Mapping[str, Any], *, user: str = ME) -> None:
        """Fills in the open modal by block id; the app is told with the next click."""
        self._run(self.actions.fill(user, values))

    def submit(
        self,
        view: Json | str | None = None,
        values: Mapping[str, Any] | None = None,
        *,
        user: str = ME,
    ) -> Outcome:
        """Fills in the open modal by block id and submits it."""
        view_id = self._where(view, user) if view else None
        return self._run(self.actions.submit(user, values or {}, view_id))

    def close_view(self, *, user: str = ME, everything: bool = False) -> Outcome:
        """Closes the open modal."""
        return self._run(self.actions.close(user, None, everything=everything))

    def suggest(
        self,
        where: Json | str | None,
        action_id: str,
        query: str = "",
        *,
        user: str = ME,
        block_id: str | None = None,
    ) -> list[Json]:
        """Types into an external select and returns the options on offer."""
        place = self._where(where, user)
        return self._run(self.actions.suggest(user, place, action_id, query, block_id)).options

    def home(self, *, user: str = ME, timeout: float = 5) -> Json:
        """Opens the Home tab and waits until it was published anew."""
        before = self.home_view(user)
        self._run(self.actions.open_home(user))
        old = before["hash"] if before else None
        return self.wait(lambda: _newer(self.home_view(user), old), timeout)

    def shortcut(
        self, callback_id: str, message: Json | str | None = None, *, user: str = ME
    ) -> Outcome:
        """Chooses a shortcut, of a message when one is given."""
        ts = self._where(message, user) if message else None
        return self._run(self.actions.shortcut(user, callback_id, ts))

    # -- what people see

    def messages(self, channel: str | None = None, *, user: str = ME) -> list[Json]:
        """The messages a person sees, oldest first; in the DM with the bot by default."""

        async def read() -> list[Json]:
            place = self.workspace.channels[channel] if channel else self.workspace.dm(user)
            return visible_messages(place, user)

        return self._run(read())

    def message(self, ts: str) -> Json:
        """One message by its ts."""

        async def read() -> Json:
            found = self.workspace.find_message(ts)
            if found is None:
                raise NotThere(f"there is no message {ts}")
            return shown(found[1])

        return self._run(read())

    @property
    def view(self) -> Json | None:
        """The modal the sandbox's person has open."""
        return self.view_of(ME)

    def view_of(self, user: str) -> Json | None:
        """The modal a person has open."""

        async def read() -> Json | None:
            stack = self.workspace.stack(user)
            return visible_view(stack[-1]) if stack else None

        return self._run(read())

    def home_view(self, user: str = ME) -> Json | None:
        """The Home tab as it was published last."""

        async def read() -> Json | None:
            view = self.workspace.homes.get(user)
            return visible_view(view) if view else None

        return self._run(read())

    @property
    def notices(self) -> list[str]:
        """What Slack told people when the app did not answer."""
        return [str(notice["text"]) for notice in list(self.workspace.notices)]

    def wait(self, look: Callable[[], T | None], timeout: float = 5) -> T:
        """Looks again after every change until it sees something. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while True:
            version = self.workspace.version
            seen = look()
            if seen:
                return seen
            with self.workspace.changed:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("what was waited for did not show up in Slack")
                self.workspace.changed.wait_for(
                    lambda version=version: self.workspace.version != version,  # type: ignore[misc]
                    min(left, 0.05),
                )

    def wait_connected(self, sockets: int = 1, timeout: float = 10) -> None:
        """Waits until so many Socket Mode connections are open."""
        self.wait(lambda: self.sockets.count >= sockets, timeout)

    # -- knobs

    def refresh_sockets(self, reason: str = "refresh_requested") -> None:
        """Makes all Socket Mode connections end, as Slack does every few hours."""
        self._run(self.sockets.refresh(reason))

    def hang_up(self) -> None:
        """Drops all Socket Mode connections without a word."""
        self._run(self.sockets.close())

    def repeat_event(self) -> None:
        """Delivers the last event a second time."""
        self._run(self.actions.repeat_event())

    def grant(self, token: str, *scopes: str) -> None:
        """Gives a token exactly these scopes."""
        self.workspace.grant(token, frozenset(scopes))

    def _where(self, where: Json | str | None, user: str) -> str:
        if isinstance(where, str):
            return where
        place = where or self.view_of(user)
        if place is None:
            raise NotThere("no modal is open")
        return str(place.get("ts") or place["id"])

    async def _respond(self, request: web.Request) -> web.Response:
        """A response_url, 5 times within 30 minutes."""
        url = self.workspace.response_urls.get(request.match_info["key"])
        if url is None:
            return web.Response(status=404, text="no_such_url")
        old = self.workspace.clock() - url.made > RESPONSE_SECONDS
        if old or url.uses >= RESPONSE_USES:
            return web.Response(status=404, text="expired_url" if old else "used_url")
        url.uses += 1
        try:
            body = json.loads(await request.text())
            channel = self.workspace.channels[url.channel]
            self.actions.answer(channel, url.user, url.message, body)
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        except SlackError as error:
            return web.json_response(error.body, status=400)
        return web.Response(text="ok")


def visible_messages(channel: Channel, user: str) -> list[Json]:
    """Copies of what a person sees in a channel, oldest first."""
    return [
        shown(message)
        for _, message in sorted(channel.messages.items())
        if message.get("ephemeral_for", user) == user
    ]


def _newer(view: Json | None, old: str | None) -> Json | None:
    return view if view and view["hash"] != old else None


def _error_page(status: int) -> web.Response:
    if status == 429:
        return web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"}
        )
    return html_page(status, "Server Error")
