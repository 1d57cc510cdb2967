"""A firm's days on which everything of the hub fails in turn: what is doubled, lost, or a lie.

Three people, two real processes of the hub on one real PostgreSQL, sockets or HTTP, the sandbox's
Slack, Toggl and Jira. People click, all at once, while processes are killed or suspended at any
boundary and moment, answers are lost, laptops vanish and come back, PostgreSQL is restarted, and
hosts' clocks are ten minutes off. A seed gives the day's work, clicks and faults; who is faster is
chance. An hour passes by moving the database's clock, which all others follow.

    python -m benchmarks.hub_soak --days 1000
    python -m benchmarks.hub_soak --days 1 --first 1234
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text

from tests import crash_points
from tests.bots import FAILED, IN_TOGGL, OFFERED, SKIPPED, button_of, digests_in, says
from tests.bots import with_worklogs as switch_worklogs_on
from tests.digests import suggestion
from tests.httpmode import SignedRequests
from tests.hub.firm import Firm, Laptop
from tests.hub.process import Machine, forked, is_stopped
from tests.notation import HELSINKI
from tests.postgresql import Server, let_clock_move, move_clock, running
from tests.test_store_postgresql import command
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.digests import IN_PROGRESS, Digest, Item, ItemState
from tracklater_bot.domain.draft import Brief, Draft
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.settings import load
from tracklater_bot.slack.connections import PATH
from tracklater_bot.store import Store, lanes
from tracklater_bot.trackers.jira_worklogs import PROPERTY
from tracklater_hub import schema
from tracklater_hub.agent import Agent
from tracklater_hub.device import Device, HubClient, HubError
from tracklater_hub.protocol import BRIEF, Answer, Ask, BriefWanted, Request
from tracklater_sandbox import ME, OTHER, Sandbox
from tracklater_sandbox.jira.service import JiraIssue
from tracklater_sandbox.slack.delivery import NoAck
from tracklater_sandbox.slack.person import NotThere, Outcome

T = TypeVar("T")
Json = dict[str, Any]
PEOPLE = {ME: "zeero", OTHER: "zolga", "U0KIM": "zkim"}  # and a word that is theirs alone
DAYS_A_FIRM = 20
PROCESSES = 2
CLICKS = (5, 9)
TEN_MINUTES = 600
HOUR = 3600.0
PATIENCE = 150.0  # seconds until a firm must have come to rest
LAPTOPS_ASK = 1.2  # seconds until each has asked for the next question
BY_ITSELF = 10.0  # seconds until a digest that is due has come
LOOKS = 3  # at what seems to be wrong
SHAPES = (
    ("09:00-10:00 acme DEV-1", "10:00-11:30 acme DEV-2", "11:30-12:00 acme DEV-3"),
    ("09:00-10:00 acme DEV-1", "10:00-12:00 acme DEV-2"),
    ("08:30-10:00 acme DEV-1", "10:00-11:00 globex -", "13:00-14:00 acme DEV-3"),
)
# Stopped right there, a process sends when it goes on: SECURITY.md names it.
BETWEEN_LOOK_AND_REQUEST = "worklog-before-sending"
PLACES = sorted(crash_points.PLACES)
OF_TRACKERS = (
    "drop-before", "drop-after-saving", "drop-after-saving", "saved-later", "400", "402", "429",
    "500", "502", "html", "half-json",
)  # fmt: skip
OF_SLACK = (
    "drop-before", "drop-after-saving", "500", "half-json", "429", "error:internal_error",
)  # fmt: skip
SERVED = ("toggl", "jira", "slack")


class HouseClock:
    """What the database's clock shows, and with it everybody's but the hosts'."""

    def __init__(self, file: Path, start: datetime) -> None:
        self._file = file
        self._ahead = (start - datetime.now(UTC)).total_seconds()
        self._passed = 0.0
        self._write()

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def seconds(self) -> float:
        """Since 1970."""
        return time.time() + self._ahead

    def forward(self, seconds: float) -> float:
        """So many seconds have passed; gives by how many the database is ahead of this host."""
        self._ahead += seconds
        self._passed += seconds
        self._write()
        return self._ahead

    @property
    def ahead(self) -> float:
        """Of this host's, in seconds."""
        return self._ahead

    def _write(self) -> None:
        half = self._file.with_suffix(".half")
        half.write_bytes(struct.pack("d", self._passed))
        half.replace(self._file)


class SoakSandbox(Sandbox):
    """Whose services have the house's clock."""

    def __init__(self, home: Path, today: date, house: HouseClock) -> None:
        self._house = house
        super().__init__(home, today=today)
        for faults in self._faults.values():
            faults.clock = house.seconds
        self.slack.workspace.clock = house.seconds

    def clock(self) -> datetime:
        """The house's."""
        return self._house()


class Proxy(HubClient):
    """A laptop's way to the hub: to any process behind one address, over a line that may fail."""

    def __init__(self, device: Device, urls: Callable[[], list[str]], clock: HouseClock) -> None:
        super().__init__(device, clock.seconds)
        self._urls = urls
        self._ways: dict[str, Any] = {}
        self.lost = random.Random()
        self.losing = 0.0
        self.there = threading.Event()
        self.there.set()

    def _send(self, path: str, value: object, shape: type[T]) -> T:
        self.there.wait(PATIENCE)
        url = self.lost.choice(self._urls() or [self._device.url])
        if url not in self._ways:
            self._ways[url] = HubClient(Device(url, "", "", self._device.key))._http
        self._http = self._ways[url]
        if self.lost.random() < self.losing / 2:
            raise HubError("The request was lost.")
        answer = super()._send(path, value, shape)
        if self.lost.random() < self.losing / 2 or not self.there.is_set():
            raise HubError("The answer was lost.")
        return answer


class SampleAgent(Agent):
    """Tells of days that were made up; all else is the real one's."""

    def __init__(self, settings: Any, way: Proxy, mark: str) -> None:
        super().__init__(settings, way)
        self.way, self.mark = way, mark
        self.days: dict[date, tuple[str, ...]] = {}

    def answer(self, request: Request) -> Answer:
        """The drafts, with what the hub knows of the projects."""
        if request.ask is not Ask.DRAFTS:
            return Answer(request.id, worked=True)
        wanted = BriefWanted(tuple(day.date for day in request.days), ("DEV-1", "DEV-2", "DEV-3"))
        brief = self.way.ask(BRIEF, wanted, Brief)
        return Answer(request.id, drafts=tuple(self._draft(day, brief) for day in request.days))

    def _draft(self, day: WorkDay, brief: Brief) -> Draft:
        projects = {group.name: group.projects for group in brief.groups}
        rows = []
        for number, words in enumerate(self.days.get(day.date, ())):
            group = words.split()[1]
            project = next(iter(projects.get(group, ())), None)
            said = f"{self.mark} {day.date} {number}"
            rows.append(suggestion(words, day, project=project, description=said))
        return Draft(day.date, day.zone.key, tuple(rows))


@dataclass
class Host:
    """A machine with one process of the hub."""

    number: int
    port: int
    slack_port: int
    process: Any = None
    orders: Connection | None = None
    log: Path = Path()
    stopped_since: float = 0.0

    @property
    def lives(self) -> bool:
        """Whether its process has not ended."""
        return self.process is not None and self.process.poll() is None

    @property
    def url(self) -> str:
        """Where machines find it."""
        return f"http://127.0.0.1:{self.port}"

    def signal(self, by: signal.Signals) -> None:
        """Sends a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, by)


class Balanced:
    """Slack's requests over HTTP: one address, behind which any living process answers."""

    def __init__(self, hosts: list[Host], sandbox: Sandbox) -> None:
        slack = sandbox.slack
        self._ways = {
            host.number: SignedRequests(
                f"http://127.0.0.1:{host.slack_port}{PATH}",
                slack.signing_secret,
                slack.acks,
                slack.workspace.clock,
            )
            for host in hosts
        }
        self._hosts, self._turn = hosts, 0
        self.ack_seconds = 3.0

    async def send(self, kind: str, payload: Json, *, retry: int = 0) -> Json | None:
        """To the next."""
        living = [host for host in self._hosts if host.lives]
        if not living:
            raise NoAck("nobody is there")
        self._turn += 1
        return await self._ways[living[self._turn % len(living)].number].send(
            kind, payload, retry=retry
        )


# -- A firm ----------------------------------------------------------------------------------------


class SoakFirm(Firm):
    """Three people who have joined, and two hosts."""

    clock: HouseClock
    hosts: list[Host]
    skews: random.Random
    over_http: bool
    passed: Path
    kept: Store

    @cached_property
    def team_file(self) -> Path:
        """As the administrator has it; the digest comes each day at five."""
        file = super().team_file
        days = '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
        with file.open("a", encoding="utf-8") as more:
            more.write(f'at = "17:00"\ndays = {days}\n')
        return file

    @property
    def environment(self) -> dict[str, str]:
        """As a hub's process finds it."""
        more = {"TRACKLATER_SLACK__MODE": "http"} if self.over_http else {}
        return super().environment | more

    def url(self) -> str:
        """Of any process."""
        return next(host.url for host in self.hosts if host.lives)

    def urls(self) -> list[str]:
        """Of all that live."""
        return [host.url for host in self.hosts if host.lives]

    def start(self, host: Host, *, right: bool = False) -> None:
        """Starts the host's process."""
        ours, theirs = Pipe()
        skew = 0 if right else self.skews.choice((0, 0, -TEN_MINUTES, TEN_MINUTES))
        machine = Machine(f"host{host.number}", skew, self.passed, theirs)
        host.log = self.home / f"hub-{host.number}-{time.monotonic():.1f}.log"
        environ = {"TRACKLATERHUB_PORT": str(host.port)}
        environ |= {"TRACKLATER_SLACK__PORT": str(host.slack_port)}
        host.process = forked(self, machine, environ, host.log)
        host.orders, host.stopped_since = ours, 0.0
        theirs.close()

    def ready(self) -> bool:
        """Whether all processes listen."""
        ports = [host.slack_port if self.over_http else host.port for host in self.hosts]
        sockets = self.sandbox.slack.sockets.count
        return all(map(_listens, ports)) and (self.over_http or sockets >= len(self.hosts))

    def laptop(self, user: str, device: Device, more: str = "", environ: Any = None) -> Laptop:
        """One that has no traces but those that are made up."""
        settings = load(self.sandbox.settings_file, None, {}).settings
        way = Proxy(device, self.urls, self.clock)
        return Laptop(settings, device, SampleAgent(settings, way, PEOPLE[user]))

    def agent(self, user: str) -> SampleAgent:
        """The person's."""
        found = self.laptops[user].agent
        assert isinstance(found, SampleAgent)
        return found

    def forward(self, seconds: float) -> None:
        """Time passes."""
        self.clock.forward(seconds)
        self.insist(lambda: move_clock(self.kept, self.clock.ahead))

    def insist(self, ask: Callable[[], T]) -> T:
        """What the database says, when it is there again."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return ask()
            except StoreError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def digest(self, user: str, day: date) -> Digest | None:
        """The person's day as it is stored."""
        return self.insist(lambda: self.kept.digest(user, day))

    def wake(self) -> None:
        """Wakes everybody's jobs, as the tick does."""

        def waken() -> None:
            with self.kept.writing() as transaction:
                for user in PEOPLE:
                    for what in ("outbox", "messages"):
                        job = {"person": user, "what": what}
                        transaction.execute(text("SELECT hub_wake(:person, :what, 10, NULL)"), job)

        self.insist(waken)

    def close(self) -> None:
        """Ends everything."""
        for laptop in self.laptops.values():
            laptop.stopped.set()
            assert isinstance(laptop.agent, SampleAgent)
            laptop.agent.way.there.set()
        for host in self.hosts:
            if host.lives:
                host.signal(signal.SIGKILL)
        for laptop in self.laptops.values():
            laptop.sleep()
        self.kept.close()


def make_template(address: str) -> None:
    """A database with all tables, whose clock can be moved."""
    command(address, "CREATE DATABASE empty")
    with Store.open(address % "empty") as store:
        schema.bring_up_to_date(store)
        let_clock_move(store)


@contextmanager
def a_firm(server: Server, folder: Path, seed: int) -> Iterator[SoakFirm]:
    """A new one, in the past or in the future of its hosts."""
    chance = random.Random(f"firm {seed}")
    name = f"firm{seed}"
    command(server.address, f"CREATE DATABASE {name} TEMPLATE empty")
    home = folder / name
    home.mkdir()
    start = datetime.now(UTC) + timedelta(days=chance.choice((-60, 60)))
    clock = HouseClock(home / "passed", start.replace(hour=6))
    sandbox = SoakSandbox(home / "sandbox", start.date(), clock)
    (sandbox.home / "src").mkdir(parents=True)  # the sample day seems to be there: not written
    (sandbox.home / "thyme").mkdir()
    (sandbox.home / "thyme" / f"{start.date()}.json").touch()
    with sandbox, ExitStack() as closing:
        switch_worklogs_on(sandbox)
        _settle(sandbox)
        toggls = {ME: sandbox.toggl}
        toggls |= {user: sandbox.add_person(user, user) for user in PEOPLE if user != ME}
        for toggl in toggls.values():
            toggl.account.clock, toggl.quotas.clock = clock, clock.seconds
            toggl.account.entries.clear()
        (home / "firm").mkdir()
        firm = SoakFirm(sandbox, toggls, server.address % name, home / "firm")
        firm.clock, firm.passed = clock, home / "passed"
        firm.skews, firm.over_http = chance, chance.random() < 0.25
        firm.hosts = [Host(number, _port(), _port()) for number in range(PROCESSES)]
        firm.kept = Store.open(firm.database)
        firm.forward(0)
        closing.callback(firm.close)
        if firm.over_http:
            sandbox.slack.actions.delivery = Balanced(firm.hosts, sandbox)
        for host in firm.hosts:
            firm.start(host, right=True)
        firm.eventually(firm.ready)
        for user in PEOPLE:
            firm.join(user).wake()
            firm.give_tokens(user)
        yield firm
    command(server.address, f"DROP DATABASE {name} WITH (FORCE)")


def _settle(sandbox: Sandbox) -> None:
    """Three issues."""
    for number in (2, 3):
        title = f"Issue {number}"
        sandbox.jira.add(
            JiraIssue(number, f"DEV-{number}", title, "Task", "To Do", "new", sandbox.clock())
        )


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


# -- A day -----------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What was seen; each complaint names its seed."""

    days: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    crossed: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.doubled or self.lost or self.lies or self.crossed)

    def add(self, other: Tally) -> None:
        """Takes over what was seen."""
        self.counts += other.counts
        for name, found in _complaints(self).items():
            found.extend(_complaints(other)[name])


class Wanting:
    """One person on one day: clicks, and what was decided by them."""

    def __init__(self, firm: SoakFirm, user: str, day: date, seed: int, tally: Tally) -> None:
        self.firm, self.user, self.day, self.tally = firm, user, day, tally
        self.seed = seed
        self.chance = random.Random(f"{seed} {user}")
        self.wishes: dict[str, str] = {}
        self.slack = firm.sandbox.slack

    def run(self) -> None:
        """Some clicks, as soon as there is a message."""
        for _ in range(self.chance.randint(*CLICKS)):
            message = self.message()
            if message is None:
                self.ask()
                continue
            with suppress(NotThere, TimeoutError, LookupError):
                self._act(message)
                self.tally.counts["clicks"] += 1
            time.sleep(self.chance.uniform(0, 0.15))

    def messages(self) -> list[Json]:
        """The day's in Slack."""
        return digests_in(self.slack.messages(user=self.user), self.day.isoformat())

    def message(self) -> Json | None:
        """The day's last one."""
        return next(reversed(self.messages()), None)

    def has_rows(self) -> bool:
        """Whether there is something to click."""
        message = self.message()
        return message is not None and bool(button_of(message, "approve"))

    def waits(self) -> bool:
        """Whether there are rows, and no message: it comes at the digest's time at the latest."""
        return self.message() is None and bool(self._items())

    def ask(self) -> None:
        """Asks for the day, and waits a little for its message."""
        self.slack.command("/tracklater", self.day.isoformat(), user=self.user)
        with suppress(TimeoutError):
            self.slack.wait(self.has_rows, 4.0)

    def _items(self) -> dict[str, Item]:
        digest = self.firm.digest(self.user, self.day)
        return {item.id: item for item in digest.items} if digest else {}

    def _act(self, message: Json) -> None:
        acts = (
            self._approve, self._approve, self._approve, self._approve_all, self._skip, self._undo,
            self._undo, self._edit, self._split, self._refresh, self._ask_again,
        )  # fmt: skip
        offered = [act for act in acts if self._offers(message, act.__name__.removeprefix("_"))]
        self.chance.choice(offered)(message)

    @staticmethod
    def _offers(message: Json, action: str) -> bool:
        return action == "ask_again" or bool(button_of(message, action))

    def _button(self, message: Json, action: str) -> str:
        buttons = button_of(message, action)
        if not buttons:
            raise LookupError(action)
        return self.chance.choice(buttons)

    def _decide(self, message: Json, action: str, wish: str, done: tuple[ItemState, ...]) -> None:
        item_id = self._button(message, action)
        before = self._items().get(item_id)
        told = self._told()
        outcome = self.slack.click(message, action, item_id, user=self.user)
        self._note(outcome, before, wish, done, told)

    def _note(
        self,
        outcome: Outcome,
        before: Item | None,
        wish: str,
        done: tuple[ItemState, ...],
        told: int,
    ) -> None:
        """The person's wish counts once it is stored; acknowledged, it must be."""
        after = self._items().get(before.id) if before else None
        if before is None or after is None:
            return
        if not outcome.acked:
            self.wishes.pop(before.id, None)  # it may come yet, or not
            return
        if after.state in done:
            self.wishes[after.id] = wish
        elif after == before and before.state not in IN_PROGRESS:
            with suppress(TimeoutError):
                self.slack.wait(lambda: self._told() > told, 3)
                return
            self.tally.counts["refused without a word"] += 1
            self._lost(f"an acknowledged {wish} of {before.state} changed nothing")

    def _told(self) -> int:
        seen = self.slack.messages(user=self.user)
        return sum(bool(one.get("is_ephemeral")) for one in seen) + bool(
            self.slack.view_of(self.user)
        )

    def _lost(self, what: str) -> None:
        self.tally.lost.append(f"seed {self.seed}: {PEOPLE[self.user]}: {what}")

    def _approve(self, message: Json) -> None:
        done = (*IN_PROGRESS, ItemState.SENT, ItemState.FAILED)
        self._decide(message, "approve", "approved", done)

    def _skip(self, message: Json) -> None:
        self._decide(message, "skip", "skipped", (ItemState.SKIPPED,))

    def _undo(self, message: Json) -> None:
        self._decide(message, "undo", "undone", (ItemState.OPEN, ItemState.DELETING))

    def _approve_all(self, message: Json) -> None:
        before = {one.id for one in self._items().values() if one.approvable}
        outcome = self.slack.click(
            message, "approve_all", self._button(message, "approve_all"), user=self.user
        )
        after = self._items()
        for item_id in before & after.keys():
            if after[item_id].state in (*IN_PROGRESS, ItemState.SENT, ItemState.FAILED):
                self.wishes[item_id] = "approved"
            elif outcome.acked and not self.chance.random():  # a row may have come meanwhile
                self._lost("approve all left one")

    def _edit(self, message: Json) -> None:
        item_id = self._button(message, "edit")
        number = self.chance.randrange(1000)
        view = self._dialog(message, "edit", item_id)
        names = [str(block.get("block_id")) for block in view["blocks"]]
        where = next((name for name in names if name.partition(":")[0] == "description"), "")
        self._submit({where: f"{PEOPLE[self.user]} edited {number}"}, item_id)

    def _split(self, message: Json) -> None:
        item_id = self._button(message, "split")
        item = self._items()[item_id]
        span = item.suggestion.span
        middle = span.start + timedelta(minutes=span.length // timedelta(minutes=2) // 5 * 5)
        self._dialog(message, "split", item_id)
        self._submit({"at": f"{middle.astimezone(self.firm.sandbox.zone):%H:%M}"}, item_id)

    def _dialog(self, message: Json, action: str, item_id: str) -> Json:
        self.slack.click(message, action, item_id, user=self.user)
        return self.slack.wait(lambda: self.slack.view_of(self.user), 1.5)

    def _submit(self, values: Json, item_id: str) -> None:
        try:
            self.slack.submit(None, values, user=self.user)
        finally:
            self.wishes.pop(item_id, None)
            with suppress(NotThere):
                self.slack.close_view(user=self.user, everything=True)

    def _refresh(self, message: Json) -> None:
        agent = self.firm.agent(self.user)
        agent.days[self.day] = self.chance.choice(SHAPES)
        self.slack.click(message, "refresh", self._button(message, "refresh"), user=self.user)

    def _ask_again(self, _: Json) -> None:
        self.slack.command("/tracklater", self.day.isoformat(), user=self.user)


class FirmDay:
    """One seed's day."""

    def __init__(self, firm: SoakFirm, seed: int, tally: Tally, server: Server) -> None:
        self.firm, self.seed, self.tally, self.server = firm, seed, tally, server
        self.chance = random.Random(seed)
        local = firm.clock().astimezone(firm.sandbox.zone)
        self.day = local.date() + timedelta(days=1)
        at = self.chance.choice((16.9, 16.98, 16.98, 17.5))  # before or after the digest's time
        then = datetime.combine(self.day, datetime.min.time(), firm.sandbox.zone)
        self.begins = then + timedelta(hours=at)
        self.people = [Wanting(firm, user, self.day, seed, tally) for user in PEOPLE]

    def run(self) -> None:
        """The day with its faults, a quiet time after it, and what is wrong then."""
        firm = self.firm
        for person in self.people:
            firm.agent(person.user).days[self.day] = self.chance.choice(SHAPES)
        firm.forward((self.begins - firm.clock()).total_seconds())
        if self.chance.random() < 0.7:  # on the others, faults come before the message
            self._open()
        with ThreadPoolExecutor(len(self.people)) as pool:
            working = [pool.submit(person.run) for person in self.people]
            self._faults(working)
            for one in working:
                one.result()
        self._end_faults()
        for _ in range(LOOKS):  # what a listener does yet is nothing that is seen from here
            seen = self._seen_at_rest()
            if seen.clean:
                break
            self.tally.counts["looks again"] += 1
        self.tally.add(seen)
        self.tally.days += 1

    # -- What happens

    def _open(self) -> None:
        """Until everybody has their day's rows in front of them."""
        until = time.monotonic() + PATIENCE
        time.sleep(LAPTOPS_ASK)
        self.firm.forward(TEN_MINUTES)
        with suppress(TimeoutError):
            slack = self.firm.sandbox.slack
            slack.wait(lambda: all(one.has_rows() for one in self.people), BY_ITSELF)
        with ThreadPoolExecutor(len(self.people)) as pool:
            while time.monotonic() < until:
                lacking = [one for one in self.people if not one.has_rows()]
                if not lacking:
                    return
                self._mend()
                [*pool.map(Wanting.ask, lacking)]
        self.tally.lost.append(f"seed {self.seed}: the day's messages do not come")

    def _faults(self, working: list[Future[None]]) -> None:
        """One after another while people work."""
        kinds: tuple[Callable[[], None], ...] = (
            self._service, self._service, self._service, self._service, self._line, self._vanish,
            self._hour,
        )  # fmt: skip
        if self.seed % 2 == 0:
            kinds += (self._kill, self._aim, self._aim, self._stop)
        restarts = self.chance.random() < 0.12
        while not all(one.done() for one in working):
            self.chance.choice(kinds)()
            if restarts and self.chance.random() < 0.4:
                restarts = False
                self.server.restart(self.chance.choice(("immediate", "fast")))
                self.tally.counts["restarts of PostgreSQL"] += 1
            until = time.monotonic() + self.chance.uniform(0.1, 0.5)
            while time.monotonic() < until:
                self._mend()
                time.sleep(0.02)

    def _service(self) -> None:
        name, chance = self.chance.choice(SERVED), self.chance
        faults = self.firm.sandbox.faults(name)
        if name == "slack":
            path = chance.choice(("chat.", "chat.update", "chat.postMessage", "views.", "respon"))
            faults.fail_next(path, chance.choice(OF_SLACK), saved=chance.random() < 0.5)
            return
        kind, method = chance.choice(OF_TRACKERS), chance.choice(("POST", "POST", "GET", "DELETE"))
        if method != "POST" and kind == "saved-later":
            kind = "drop-before"
        path = "time_entries" if name == "toggl" else "worklog"
        saved = kind.isdigit() and kind != "400" and chance.random() < 0.5
        faults.fail_next(
            path, kind, method=method, saved=saved, seconds=chance.choice((3, 90, 900))
        )

    def _line(self) -> None:
        self._way().losing = self.chance.choice((0.0, 0.1, 0.3))

    def _vanish(self) -> None:
        there = self._way().there
        there.clear() if there.is_set() else there.set()
        self.tally.counts["laptops that vanished"] += not there.is_set()

    def _way(self) -> Proxy:
        return self.firm.agent(self.chance.choice([*PEOPLE])).way

    def _hour(self) -> None:
        if self.chance.random() < 0.4:
            self.firm.forward(self.chance.choice((1.0, 10.0, 120.0, 600.0, HOUR)))

    def _kill(self) -> None:
        self.chance.choice(self.firm.hosts).signal(signal.SIGKILL)

    def _aim(self) -> None:
        by = self.chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP))
        place = self.chance.choice(PLACES)
        if by is signal.SIGSTOP and place == BETWEEN_LOOK_AND_REQUEST:
            return
        host = self.chance.choice(self.firm.hosts)
        if host.lives and host.orders is not None:
            with suppress(OSError):
                host.orders.send((place, int(by)))

    def _stop(self) -> None:
        self.chance.choice(self.firm.hosts).signal(signal.SIGSTOP)

    def _mend(self) -> None:
        """Who died is started again; who stands still goes on, an hour later or at once."""
        for host in self.firm.hosts:
            if not host.lives:
                self.tally.counts["killed"] += 1
                self.firm.start(host)
            elif host.stopped_since:
                if time.monotonic() - host.stopped_since > 0.6:
                    host.stopped_since = 0.0
                    host.signal(signal.SIGCONT)
            elif is_stopped(host.process.pid):
                self.tally.counts["suspended"] += 1
                host.stopped_since = time.monotonic()
                if self.chance.random() < 0.7:
                    self.firm.forward(HOUR)
                    self.tally.counts["suspended for an hour"] += 1

    def _end_faults(self) -> None:
        sandbox, firm = self.firm.sandbox, self.firm
        for name in SERVED:
            faults = sandbox.faults(name)
            faults.clear()
            self.tally.counts[f"faults of {name}"] += len(faults.happened)
            faults.happened.clear()
        for user in PEOPLE:
            way = firm.agent(user).way
            way.losing = 0.0
            way.there.set()

    # -- Rest

    def _seen_at_rest(self) -> Tally:
        """What there is, and what is wrong, when all is quiet."""
        done, self.tally = self.tally, Tally()
        try:
            self._rest()
            self._look_again()
            time.sleep(0.5)
            for person in self.people:
                self._look(person)
            return self.tally
        finally:
            done.counts += Counter(
                {n: self.tally.counts.pop(n, 0) for n in ("killed", "suspended")}
            )
            self.tally = done

    def _rest(self) -> None:
        """Until nothing is on its way any more, with the clock going on to whatever is due.

        Who holds a lane is given real time: it would never come to its end under our hands.
        """
        firm, until = self.firm, time.monotonic() + PATIENCE
        seen, since = None, time.monotonic()
        while time.monotonic() < until:
            self._mend()
            due, held, behind = firm.insist(self._due)
            behind = behind or any(one.waits() for one in self.people)
            if due is None and not behind:
                return
            if seen != (due, behind):
                seen, since = (due, behind), time.monotonic()
            elif time.monotonic() - since > (1.5 if held else 0.3):
                # Of a message that is behind, whoever was posting may be gone: two minutes.
                left = 0.0 if due is None else (due - firm.clock()).total_seconds()
                firm.forward(30.0 if behind else max(left, 0.0))
                firm.wake()
                since = time.monotonic()
            time.sleep(0.1)
        for person in self.people:
            self.tally.lost.append(f"seed {self.seed}: no rest: {self._left(person)}")

    def _look_again(self) -> None:
        """A second message of a day is taken away by who may have posted it, at its next round."""
        until = time.monotonic() + PATIENCE
        while any(len(one.messages()) > 1 for one in self.people) and time.monotonic() < until:
            self.tally.counts["looks at two messages"] += 1
            self._mend()
            self.firm.forward(TEN_MINUTES)
            time.sleep(2.0)

    def _due(self) -> tuple[datetime | None, bool, bool]:
        """When something is to be sent next, whether a lane is held, a message behind."""
        store = self.firm.kept
        held = text("SELECT count(*) FROM lanes WHERE owner IS NOT NULL")
        with store.reading() as transaction:
            found = [lanes.next_due(transaction, user) for user in PEOPLE]
            owned = bool(transaction.execute(held).scalar_one())
        return min(filter(None, found), default=None), owned, bool(store.stale())

    def _left(self, person: Wanting) -> str:
        rows = self.firm.sql(
            "SELECT target, state, due_at FROM outbox WHERE person = :user"
            " AND state IN ('pending', 'sending', 'unknown')",
            user=person.user,
        )
        digest = self.firm.digest(person.user, self.day)
        shown = (digest.shown, digest.version) if digest else None
        return f"{PEOPLE[person.user]}: {rows}, shown {shown}"

    # -- What is wrong

    def _look(self, person: Wanting) -> None:
        digest = self.firm.digest(person.user, self.day)
        entries = [
            one for one in self.firm.toggls[person.user].entries if _start(one).date() == self.day
        ]
        name = f"seed {self.seed}: {PEOPLE[person.user]}"
        tally = self.tally
        tally.counts["entries"] += len(entries)
        for begin, number in Counter(_clock(one["start"]) for one in entries).items():
            if number > 1:
                tally.doubled.append(f"{name}: {number} entries at {begin}")
        found = person.messages()
        if len(found) > 1:
            tally.doubled.append(f"{name}: {len(found)} messages")
        if digest is None:
            if entries or found:
                tally.lies.append(f"{name}: no day, but {len(entries)} entries")
            return
        if digest.items and not found:
            tally.lost.append(f"{name}: no message, and {len(digest.items)} rows")
        for message in found:
            self._look_at(message, digest, entries, name)
        self._look_for_losses(person, digest, name)
        self._look_at_jira(digest, name)
        self._look_at_words(person, entries)

    def _look_at(self, message: Json, digest: Digest, entries: list[Json], name: str) -> None:
        self.tally.counts["messages"] += 1
        there = {f"{_clock(one['start'])}-{_clock(one['stop'])}" for one in entries}
        shown = says(message["blocks"])
        self.tally.counts["rows"] += len(shown)
        for span, said in shown.items():
            if said == IN_TOGGL and span not in there:
                self.tally.lies.append(f"{name}: {span} is not in Toggl")
            elif said in (OFFERED, FAILED, SKIPPED) and span in there:
                self.tally.lies.append(f"{name}: {span} is in Toggl, not {said}")
            elif said not in (IN_TOGGL, OFFERED, FAILED, SKIPPED):
                self.tally.lost.append(f"{name}: {span} is {said} for ever")
        for span in there - shown.keys():
            self.tally.lies.append(f"{name}: {span} is in Toggl, and the message does not say so")
        if len(shown) != len(digest.items):
            self.tally.lies.append(f"{name}: {len(shown)} rows of {len(digest.items)}")

    def _look_for_losses(self, person: Wanting, digest: Digest, name: str) -> None:
        items = {item.id: item for item in digest.items}
        settled = (ItemState.OPEN, ItemState.SENT, ItemState.FAILED, ItemState.SKIPPED)
        wanted = {"approved": (ItemState.SENT, ItemState.FAILED), "skipped": (ItemState.SKIPPED,)}
        for item in items.values():
            wish = person.wishes.get(item.id, "")
            if item.state not in wanted.get(wish, settled):
                self.tally.lost.append(f"{name}: {wish}, and is {item.state}")
            if item.state is ItemState.FAILED and not item.problem:
                self.tally.lost.append(f"{name}: failed without a reason")
        gone = {one for one, wish in person.wishes.items() if wish == "approved"} - items.keys()
        self.tally.lost += [f"{name}: an approved item is gone"] * len(gone)

    def _look_at_jira(self, digest: Digest, name: str) -> None:
        logs = Counter(_item_of(log) for log in self.firm.sandbox.jira.worklogs)
        for item in digest.items:
            told = item.worklog
            self.tally.counts["worklogs"] += logs[item.id]
            if logs[item.id] > 1:
                self.tally.doubled.append(f"{name}: {logs[item.id]} worklogs of one row")
            if told and told.state is ItemState.SENT and not logs[item.id]:
                self.tally.lies.append(f"{name}: no worklog of {item.id}")
            if logs[item.id] and told is None:
                self.tally.lies.append(f"{name}: a worklog that nobody knows")
            if told and told.state in IN_PROGRESS and not told.problem:
                self.tally.lost.append(f"{name}: a worklog is {told.state}")

    def _look_at_words(self, person: Wanting, entries: list[Json]) -> None:
        seen = str(entries) + str(person.slack.messages(user=person.user))
        for user, mark in PEOPLE.items():
            if user != person.user and mark in seen:
                self.tally.crossed.append(
                    f"seed {self.seed}: {PEOPLE[person.user]} sees {mark}'s words"
                )


def _item_of(log: Json) -> str:
    (ours,) = [each for each in log["properties"] if each["key"] == PROPERTY]
    return str(ours["value"]["id"])


def _start(entry: Json) -> datetime:
    return datetime.fromisoformat(entry["start"]).astimezone(HELSINKI)


def _clock(stamp: str) -> str:
    return f"{datetime.fromisoformat(stamp).astimezone(HELSINKI):%H:%M}"


# -- The command -----------------------------------------------------------------------------------


def main(argv: list[str] | None = None) -> int:
    """Plays many days; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=100, help="how many")
    parser.add_argument("--seconds", type=float, default=0, help="go on for so long instead")
    parser.add_argument("--first", type=int, default=1000, help="the first seed")
    parser.add_argument("--keep", type=Path, help="a folder for the processes' logs")
    options = parser.parse_args(argv)
    logging.getLogger("tracklater_hub").setLevel(logging.CRITICAL)
    logging.getLogger("tracklater_bot").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # nothing is left running
    tally, begun = Tally(), time.monotonic()
    goes_on = partial(_goes_on, options, tally, begun)
    with running() as server, tempfile.TemporaryDirectory(prefix="tlsoak-") as folder:
        make_template(server.address)
        where = options.keep.resolve() if options.keep else Path(folder)
        try:
            while goes_on():
                _play_firm(server, where, options.first, tally, goes_on, begun)
        finally:
            _report(tally, time.monotonic() - begun)
    return 0 if tally.clean else 1


def _play_firm(
    server: Server,
    folder: Path,
    first: int,
    tally: Tally,
    goes_on: Callable[[], bool],
    begun: float,
) -> None:
    with a_firm(server, folder, first + tally.days) as firm:
        for _ in range(DAYS_A_FIRM):
            if not goes_on():
                return
            before = [len(one) for one in _complaints(tally).values()]
            FirmDay(firm, first + tally.days, tally, server).run()
            for (name, found), number in zip(_complaints(tally).items(), before, strict=True):
                for one in found[number:]:
                    print(f"{name}: {one}", flush=True)
            if tally.days % 10 == 0:
                _report(tally, time.monotonic() - begun)


def _complaints(tally: Tally) -> dict[str, list[str]]:
    return {
        "doubled": tally.doubled, "lost": tally.lost, "lies": tally.lies, "crossed": tally.crossed,
    }  # fmt: skip


def _goes_on(options: argparse.Namespace, tally: Tally, begun: float) -> bool:
    if options.seconds:
        return time.monotonic() - begun < float(options.seconds)
    return tally.days < int(options.days)


def _report(tally: Tally, seconds: float) -> None:
    counts = ", ".join(f"{number} {name}" for name, number in sorted(tally.counts.items()))
    print(f"{tally.days} days in {seconds:.0f} s: {counts}")
    print(", ".join(f"{len(found)} {name}" for name, found in _complaints(tally).items()))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
