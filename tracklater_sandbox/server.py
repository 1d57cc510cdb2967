"""The sandbox: one loopback server with a Slack, a Toggl, a Jira and a Taiga, and a sample day.

A Clockify is there too, for those who have that and no Toggl.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from aiohttp import web

from tracklater_sandbox.clockify import FakeClockify
from tracklater_sandbox.faults import Faults, Handler
from tracklater_sandbox.jira import FakeJira
from tracklater_sandbox.page import Page
from tracklater_sandbox.slack import FakeSlack
from tracklater_sandbox.slack.workspace import Person
from tracklater_sandbox.taiga import FakeTaiga
from tracklater_sandbox.toggl import FakeToggl
from tracklater_sandbox.workday import MORE_TRACES, Workday, weekdays_before, write_settings
from tracklater_sandbox.workday.activitywatch import EXPORT
from tracklater_sandbox.workday.calendar import CALENDAR

T = TypeVar("T")
LOOPBACK = "127.0.0.1"
WAIT_SECONDS = 30.0


class Sandbox:
    """Everything the bot talks to, on 127.0.0.1 alone.

    `today` is the sample day; by default the last weekday before today, so that it is complete at
    any hour. `home` gets the settings, repositories and what recorders keep.
    """

    def __init__(
        self, home: Path, *, today: date | None = None, zone: str = "Europe/Helsinki"
    ) -> None:
        self.home = home
        self.zone = ZoneInfo(zone)
        self.day = today or weekdays_before(datetime.now(self.zone).date(), 1)
        self.settings_file = home / "tracklater.toml"
        self.slack = FakeSlack(zone, self._wait_for)
        self.toggl = FakeToggl(zone, self.slack.workspace.touch, self.clock)
        self.clockify = FakeClockify(zone, self.clock)
        self.jira = FakeJira(self.clock, self.slack.workspace.touch)
        self.taiga = FakeTaiga()
        self._faults = {
            "slack": self.slack.faults,
            "toggl": self.toggl.faults,
            "clockify": self.clockify.faults,
            "jira": self.jira.faults,
            "taiga": self.taiga.faults,
        }
        self.url = ""
        self._page = Page(self.slack, self.toggl, self.jira, self._faults, self.day, zone)
        self._fixed = today is not None
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._runner: web.AppRunner | None = None

    @property
    def env(self) -> dict[str, str]:
        """The secrets for the bot's environment: the only tokens the sandbox takes."""
        return {
            "TRACKLATER_SLACK__BOT_TOKEN": self.slack.bot_token,
            "TRACKLATER_SLACK__APP_TOKEN": self.slack.app_token,
            "TRACKLATER_SLACK__USER_TOKEN": self.slack.user_token,
            "TRACKLATER_SLACK__SIGNING_SECRET": self.slack.signing_secret,
            "TRACKLATER_TOGGL__API_TOKEN": self.toggl.api_token,
            "TRACKLATER_TAIGA__USERNAME": self.taiga.username,
            "TRACKLATER_TAIGA__PASSWORD": self.taiga.password,
            "TRACKLATER_GROUPS__ACME__JIRA__EMAIL": self.jira.email,
            "TRACKLATER_GROUPS__ACME__JIRA__API_TOKEN": self.jira.api_token,
        }

    @property
    def more_traces(self) -> dict[str, str]:
        """Variables for those who want the day with ActivityWatch, an agent and a calendar."""
        return {
            "TRACKLATER_ACTIVITYWATCH__FILE": str(self.home / MORE_TRACES / EXPORT),
            "TRACKLATER_AGENTS__CLAUDE_DIR": str(self.home / MORE_TRACES / "claude"),
            "TRACKLATER_AGENTS__CODEX_DIR": str(self.home / MORE_TRACES / "codex"),
            "TRACKLATER_CALENDAR__FILES": str(self.home / MORE_TRACES / CALENDAR),
        }

    def clock(self) -> datetime:
        """Now, for what the services say of themselves: the evening of a day chosen by hand."""
        if self._fixed:
            return datetime.combine(self.day, time(20), self.zone).astimezone(UTC)
        return datetime.now(UTC)

    def start(self, port: int = 0) -> str:
        """Writes the sample day, serves, and returns the page's address. OSError: port in use."""
        listener = _bound(port)
        self.home.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)
        self._thread.start()
        self.url = self._wait_for(self._listen(listener))
        workday = Workday(self.day, self.zone)
        workday.write(self.home)
        self._wait_for(self._fill(workday))
        write_settings(self.settings_file, self.url, self.home, self.zone.key)
        return f"{self.url}/"

    def add_person(self, user: str, name: str) -> FakeToggl:
        """Somebody else in the workspace, with a Toggl of their own that has the same clients."""
        person = Person(user, name.lower(), f"{name} Example", self.zone.key)
        account = self.toggl.add_account()

        async def add() -> None:
            self.slack.workspace.people[user] = person
            Workday(self.day, self.zone).fill_toggl(account.account)

        self._wait_for(add())
        return account

    def stop(self) -> None:
        """Closes all connections and ends the thread. Safe to call twice."""
        if self._thread is None:
            return
        self._wait_for(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_SECONDS)
        self._loop.close()
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def faults(self, service: str) -> Faults:
        """The faults of a service by its name: slack, toggl, clockify, jira, taiga."""
        return self._faults[service]

    # -- the thread

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("the sandbox's own thread cannot wait for itself")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_SECONDS)

    async def _listen(self, listener: socket.socket) -> str:
        app = web.Application(middlewares=[self._middleware], client_max_size=16 * 1024**2)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        base = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        self.slack.mount(app, base)
        self.toggl.mount(app)
        self.clockify.mount(app)
        self.jira.mount(app, base)
        self.taiga.mount(app, base)
        self._page.mount(app)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        return base

    async def _fill(self, workday: Workday) -> None:
        workday.fill_slack(self.slack.workspace)
        workday.fill_toggl(self.toggl.account)
        workday.fill_clockify(self.clockify)
        workday.fill_jira(self.jira)
        workday.fill_taiga(self.taiga)

    async def _close(self) -> None:
        self._page.close()
        await self.slack.close()
        if self._runner is not None:
            await self._runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        service = request.path.split("/", 2)[1]
        if service in self._faults:
            return await self.answer(service, request, handler)
        return await handler(request)

    async def answer(
        self, service: str, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """What the service answers, with a fault where one waits for the request."""
        return await self._faults[service].answer(request, handler)


def _bound(port: int) -> socket.socket:
    """A listening socket on loopback; bound first, so that its address is known to all services."""
    listener = socket.create_server((LOOPBACK, port))
    listener.setblocking(False)
    return listener
