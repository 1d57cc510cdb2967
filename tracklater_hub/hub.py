"""The hub's process: Slack on one side, people's machines on the other, jobs in between.

Any number of them run on one PostgreSQL; each serves whomever an event or a machine reaches it for.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import inf

from tracklater_bot.domain.errors import StoreError, log_failure
from tracklater_bot.domain.side_by_side import in_background
from tracklater_bot.domain.text import listing
from tracklater_bot.http import utc_now
from tracklater_bot.settings import Settings
from tracklater_bot.slack.app import connected, signed_in, web_client
from tracklater_bot.slack.connections import Connection, HttpConnection, SocketConnection
from tracklater_bot.slack.days import USUAL, BotTiming
from tracklater_bot.slack.person import secret
from tracklater_bot.store import Store
from tracklater_hub import people, schema
from tracklater_hub.device import HubError, checked
from tracklater_hub.front import Front
from tracklater_hub.jobs import Jobs
from tracklater_hub.mailbox import MOST_WAITERS, Bell
from tracklater_hub.members import Listeners, Members
from tracklater_hub.outlook import health
from tracklater_hub.pace import SharedPacer, TeamClient
from tracklater_hub.protocol import POLL_SECONDS
from tracklater_hub.sealing import KEYS, Sealer
from tracklater_hub.service import Service
from tracklater_hub.team import database_of, team_settings

log = logging.getLogger(__name__)
LISTENERS = MOST_WAITERS + 16  # threads for clicks, some of which wait for somebody's machine
SLOW = timedelta(seconds=2)  # an answer that tells no time
STOP_SECONDS = 8.0
PREFIX = "TRACKLATERHUB_"
URL, HOST, PORT, MEMBERS = (f"{PREFIX}{name}" for name in ("URL", "HOST", "PORT", "MEMBERS"))


_MEMBER = re.compile(r"[UW][A-Z0-9]{2,30}")


WHERE = f"{URL} must be where laptops find the hub, such as https://hub.example.com."


class OptionError(Exception):
    """A variable of the hub is missing or wrong; the text says which."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is the hub's alone, from its environment. `url` is where machines find it."""

    keys: str
    url: str
    host: str = "127.0.0.1"
    port: int = 8070
    members: frozenset[str] = frozenset()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Options:
        """Raises OptionError."""
        port = environ.get(PORT, "8070")
        if not port.isdecimal() or int(port) > 65_535:
            raise OptionError(f"{PORT} is no port: write a number up to 65535.")
        try:
            url = checked(environ.get(URL, ""))
        except HubError:
            raise OptionError(WHERE) from None
        host = environ.get(HOST, "127.0.0.1")
        return cls(environ.get(KEYS, ""), url, host, int(port), members_in(environ))


def require_known(environ: Mapping[str, str]) -> None:
    """Raises OptionError for a misspelt name: a list that is not read lets everybody in."""
    known = {KEYS, URL, HOST, PORT, MEMBERS}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            raise OptionError(f"{name} is unknown: there are {listing(sorted(known))}.")


def members_in(environ: Mapping[str, str]) -> frozenset[str]:
    """Who alone is heard; nobody: everybody is. Raises OptionError."""
    found = frozenset(environ.get(MEMBERS, "").replace(",", " ").split())
    strange = sorted(one for one in found if not _MEMBER.fullmatch(one))
    if strange:
        raise OptionError(
            f"{MEMBERS} has {listing(strange)}, which is no member ID: Slack shows it in a"
            " profile's menu (Copy member ID), such as U0123ABCD."
        )
    return found


class DatabaseClock:
    """The database's time without asking it each time: this machine's, set right now and then."""

    def __init__(self, store: Store, every: float = 30.0) -> None:
        self._store = store
        self._every = every
        self._ahead = timedelta()
        self._looked = -inf
        self._looking = threading.Lock()
        self()  # nobody reads this machine's own while the first one asks

    def __call__(self) -> datetime:
        """The time that all processes agree on."""
        if time.monotonic() - self._looked >= self._every and self._looking.acquire(blocking=False):
            try:
                with suppress(StoreError):
                    self._look()
                self._looked = time.monotonic()
            finally:
                self._looking.release()
        return utc_now() - self._ahead

    def _look(self) -> None:
        """Of a slow answer nobody knows when it was right; the first one is better than none."""
        begun, before = time.monotonic(), utc_now()
        found = self._store.now()
        took = timedelta(seconds=time.monotonic() - begun)
        if took <= SLOW or self._looked == -inf:
            self._ahead = before + took / 2 - found


class Hub:
    """One process of the hub. Raises SettingsError, SealError, StoreError."""

    def __init__(
        self,
        settings: Settings,
        options: Options,
        timing: BotTiming = USUAL,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        sealer = Sealer(options.keys)
        team = team_settings(settings)
        over_http = team.slack.mode == "http"
        name = "SIGNING_SECRET" if over_http else "APP_TOKEN"
        given = team.slack.signing_secret if over_http else team.slack.app_token
        token = secret(given, f"TRACKLATER_SLACK__{name}")
        self.store = Store.open(database_of(team))
        schema.bring_up_to_date(self.store)
        with self.store.writing() as transaction:
            sealer.require(people.all_sealed(transaction))
        self._options = options
        self._clock = DatabaseClock(self.store)
        self.bell = Bell(team.database_url.get_secret_value())
        pacer = SharedPacer(self.store, timing.minute)
        self.client = web_client(team, pacer, partial(TeamClient, self.store))
        self._executor = ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener")
        # Socket Mode has no signatures to check, but Bolt insists on a secret.
        listeners = Listeners(self.client, self._executor, token if over_http else "socket-mode")
        self.members = Members(
            team, self.store, self.bell, sealer, listeners, timing, self._clock, options.members
        )
        front = Front(self.members, listeners, options.url)
        self.connection: Connection = (
            HttpConnection(front, team.slack.port, options.host)
            if over_http
            else SocketConnection(front, token, timing.ping)
        )
        self.jobs = Jobs(self.members, self.bell.conninfo)
        self.service = Service(
            self.store, self.bell, self.members, self._wrong, poll_seconds, self.members.hears
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_loop, name="hub", daemon=True)
        self._working: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listens for machines and begins to work. Raises OSError where the port is taken."""
        self._thread.start()
        self.bell.start(self._loop)
        self._do(self.service.start(self._options.host, self._options.port))
        self._do(self._start_jobs())

    def connect(self) -> None:
        """Lets Slack reach it. Raises ConnectError."""
        signed_in(self.client)
        self.connection.open()

    def people(self) -> int:
        """How many have joined and are heard."""
        with self.store.reading() as transaction:
            return sum(map(self.members.hears, people.everybody(transaction)))

    def stop(self) -> None:
        """Ends everything; what was not done stays in the database for the others."""
        until = time.monotonic() + STOP_SECONDS
        for end in (
            self.connection.close,
            lambda: self._do(self._end_jobs()),
            self.jobs.stop,
            lambda: self._do(self.service.stop()),
            self._executor.shutdown,
            self.members.stop,
            self.bell.stop,
        ):
            with suppress(TimeoutError):
                in_background(end).result(max(until - time.monotonic(), 0.1))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1.0)
        self.store.close()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _do(self, work: object) -> object:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(STOP_SECONDS)  # type: ignore[arg-type]

    async def _start_jobs(self) -> None:
        self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        """The worker, begun anew where the database was away."""
        while True:
            try:
                await self.jobs.run()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - without it nothing happens by itself
                log_failure(log, "The jobs' worker", error)
            await asyncio.sleep(2.0)

    async def _end_jobs(self) -> None:
        if self._working is not None:
            self._working.cancel()
            with suppress(asyncio.CancelledError):
                await self._working

    def _wrong(self) -> list[str]:
        socket = isinstance(self.connection, SocketConnection) and self.connection.client
        wrong = [] if not socket or socket.is_connected() else ["Slack's socket is not open"]
        try:
            with self.store.reading() as transaction:
                return wrong + health(transaction)
        except StoreError:
            return [*wrong, "the database cannot be used"]


def run(
    settings: Settings,
    options: Options,
    stopped: threading.Event,
    started: Callable[[Hub], None],
    timing: BotTiming = USUAL,
) -> None:
    """Runs until the event is set. Raises SettingsError, SealError, StoreError, ConnectError."""
    hub = Hub(settings, options, timing)
    try:
        hub.start()
        if connected(hub.connect, stopped):
            started(hub)
            stopped.wait()
    finally:
        hub.stop()
