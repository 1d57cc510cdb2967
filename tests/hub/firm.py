"""A firm for the tests: a sandbox's Slack, a Toggl for each person, hubs, laptops, PostgreSQL."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from cryptography.fernet import Fernet
from sqlalchemy import text

from tests.bots import button_of, digests_in, says
from tests.conftest import close_client
from tests.httpmode import SignedRequests, deliver_to
from tests.hub.foreign import ForeignRequests, ForeignSockets
from tracklater_bot.outbox.worker import Pace
from tracklater_bot.settings import Settings, load
from tracklater_bot.slack.connections import PATH, HttpConnection, SocketConnection
from tracklater_bot.slack.days import BotTiming
from tracklater_bot.store import Store
from tracklater_hub import people
from tracklater_hub.agent import Agent
from tracklater_hub.device import Device, HubClient, HubError, join
from tracklater_hub.hub import Hub, Options
from tracklater_sandbox import ME, OTHER, Sandbox
from tracklater_sandbox.toggl import FakeToggl

T = TypeVar("T")
Json = dict[str, Any]
PATIENCE = 60.0
KEY = Fernet.generate_key().decode()
BRISK = BotTiming(
    update_rest=0.0, retry=1.0, minute=1.0, pace=Pace(spacing=timedelta(seconds=0.05))
)
CODE = re.compile(r"join (\S+) ([A-Z2-7-]{19})")


@dataclass
class Laptop:
    """One person's machine, with the agent in a thread."""

    settings: Settings
    device: Device
    agent: Agent
    stopped: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    error: HubError | None = None

    def wake(self) -> Laptop:
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def _run(self) -> None:
        try:
            self.agent.run(self.stopped)
        except HubError as error:
            self.error = error

    def sleep(self) -> None:
        self.stopped.set()
        if self.thread is not None:
            self.thread.join(30)


@dataclass
class Firm:
    """Everybody and everything. `hubs` are processes' worth of the hub in this process."""

    sandbox: Sandbox
    toggls: Mapping[str, FakeToggl]  # each person's
    database: str
    home: Path
    hubs: list[Hub] = field(default_factory=list)
    laptops: dict[str, Laptop] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = {user: len(own.entries) for user, own in self.toggls.items()}

    # -- Machines

    @property
    def environment(self) -> dict[str, str]:
        """What a hub's process finds in its environment."""
        slack = {name: one for name, one in self.sandbox.env.items() if "SLACK" in name}
        return {
            **slack,
            "TRACKLATER_DATABASE_URL": self.database,
            "TRACKLATERHUB_KEYS": KEY,
            "TRACKLATERHUB_URL": "http://127.0.0.1:1",
            "TRACKLATERHUB_PORT": "0",
        }

    @property
    def team_file(self) -> Path:
        """The administrator's: clients, projects, trackers, no word of anybody's machine."""
        text = self.sandbox.settings_file.read_text(encoding="utf-8")
        text = re.sub(r"(?m)^(git\.repos|dir|emails|user_id|database_url) = .*\n", "", text)
        text = re.sub(r"\[(thyme|git)\]\n", "", text)
        file = self.home / "team.toml"
        file.write_text(f"{text}\n[digest]\npicture = false\n", encoding="utf-8")
        return file

    def team(self, **more: str) -> Settings:
        environ = {k: v for k, v in self.environment.items() if k.startswith("TRACKLATER_")}
        return load(self.team_file, None, {**environ, **more}).settings

    def start_hub(
        self, timing: BotTiming = BRISK, members: frozenset[str] = frozenset(), **environ: str
    ) -> Hub:
        given = Options(KEY, "https://hub.example", port=0, members=members)
        before = self.sandbox.slack.sockets.count
        hub = Hub(self.team(**environ), given, timing, poll_seconds=2.0)
        self.hubs.append(hub)
        hub.start()
        hub.connect()
        if isinstance(hub.connection, HttpConnection):
            deliver_to(self.sandbox.slack, f"http://127.0.0.1:{hub.connection.port}{PATH}")
        else:
            self.sandbox.slack.wait_connected(before + 1)
        return hub

    def be_foreign(self, chance: Random) -> ForeignSockets | ForeignRequests:
        """From now on Slack does what the sandbox's own does not."""
        slack = self.sandbox.slack
        ports = [
            hub.connection.port for hub in self.hubs if isinstance(hub.connection, HttpConnection)
        ]
        ways = [
            SignedRequests(f"http://127.0.0.1:{port}{PATH}", slack.signing_secret, slack.acks)
            for port in ports
        ]
        foreign = ForeignRequests(ways, chance) if ways else ForeignSockets(slack.sockets, chance)
        slack.actions.delivery = foreign
        return foreign

    def stop_hub(self, hub: Hub) -> None:
        hub.stop()
        self.hubs.remove(hub)

    def url(self) -> str:
        return f"http://127.0.0.1:{self.hubs[-1].service.port}"

    # -- People

    def code(self, user: str) -> str:
        """What `/tracklater join` gives."""
        before = len(self.answers(user))
        self.sandbox.slack.command("/tracklater", "join", user=user)
        said = self.wait(lambda: next(iter(self.answers(user)[before:]), None))
        found = CODE.search(said)
        assert found is not None, said
        return found[2]

    def join(self, user: str, more: str = "", **environ: str) -> Laptop:
        """The person joins, with the sample day's traces on a machine of their own.

        `more` lines of settings, and `environ`, are that machine's.
        """
        file = self.home / f"{user}.json"
        device = join(self.url(), self.code(user), file)
        self.laptops[user] = self.laptop(user, device, more, environ)
        return self.laptops[user]

    def laptop(
        self, user: str, device: Device, more: str = "", environ: Mapping[str, str] | None = None
    ) -> Laptop:
        home = self.home / user
        if not home.exists():
            shutil.copytree(self.sandbox.home, home, ignore=shutil.ignore_patterns("*.sqlite3*"))
        text = self.sandbox.settings_file.read_text(encoding="utf-8")
        text = text.replace(str(self.sandbox.home), str(home))
        text = re.sub(r"(?m)^(toggl\.|jira\.|taiga\.).*\n", "", text)
        (home / "own.toml").write_text(f"{text}\n{more}", encoding="utf-8")
        settings = load(home / "own.toml", None, environ or {}).settings
        return Laptop(settings, device, Agent(settings, HubClient(device)))

    def give_tokens(self, user: str) -> None:
        """Fills in the dialog of `/tracklater tokens`."""
        slack = self.sandbox.slack
        slack.command("/tracklater", "tokens", user=user)
        self.wait(lambda: slack.view_of(user))
        jira, taiga = self.sandbox.jira, self.sandbox.taiga
        given = (
            self.toggls[user].api_token, jira.email, jira.api_token, taiga.username,
            taiga.password,
        )  # fmt: skip
        slack.submit(None, {f"token_{n}": value for n, value in enumerate(given)}, user=user)
        self.wait(lambda: "kept" in str(slack.view_of(user)))
        assert "They work" in str(slack.view_of(user)), slack.view_of(user)
        slack.close_view(user=user, everything=True)

    def ask(self, user: str, words: str = "") -> None:
        day = words or self.sandbox.day.isoformat()
        self.sandbox.slack.command("/tracklater", day, user=user)

    def open(self, user: str) -> Json:
        """Asks for the sample day and waits for its message."""
        self.ask(user)
        return self.wait(lambda: next(iter(self.messages(user)), None))

    def click(self, user: str, action: str, value: Any = None) -> None:
        self.sandbox.slack.click(self.message(user), action, value, user=user)

    # -- What they see

    def messages(self, user: str) -> list[Json]:
        found = self.sandbox.slack.messages(user=user)
        return digests_in(found, self.sandbox.day.isoformat())

    def message(self, user: str) -> Json:
        (only,) = self.messages(user)
        return only

    def rows(self, user: str) -> list[str]:
        return list(says(self.message(user)["blocks"]).values())

    def buttons(self, user: str, action: str) -> list[str]:
        return button_of(self.message(user), action)

    def answers(self, user: str) -> list[str]:
        seen = self.sandbox.slack.messages(user=user)
        return [str(one["text"]) for one in seen if one.get("is_ephemeral")]

    def entries(self, user: str) -> list[str]:
        """The names of what is in the person's Toggl by the bot's hand."""
        found = sorted(self.toggls[user].entries, key=itemgetter("id"))
        return [str(one["description"]) for one in found[self.before[user] :]]

    def wait(self, seen: Callable[[], T | None], seconds: float = PATIENCE) -> T:
        return self.sandbox.slack.wait(seen, seconds)

    def eventually(self, true: Callable[[], bool], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "what was waited for did not happen"
            time.sleep(0.02)

    def sql(self, statement: str, **values: Any) -> list[Any]:
        with Store.open(self.database) as store, store.writing() as transaction:
            found = transaction.execute(text(statement), values)
            return [*found.all()] if found.returns_rows else []

    def close(self) -> None:
        for laptop in self.laptops.values():
            laptop.stopped.set()
        for hub in [*self.hubs]:
            if isinstance(hub.connection, SocketConnection):
                close_client(hub.connection.client, self.sandbox)
            self.stop_hub(hub)
        for laptop in self.laptops.values():
            laptop.sleep()


@contextmanager
def firm(sandbox: Sandbox, database: str, home: Path) -> Iterator[Firm]:
    """The sandbox's Slack with two members, each with a Toggl of their own."""
    toggls = {ME: sandbox.toggl, OTHER: sandbox.add_person(OTHER, "Olga")}
    home.mkdir()
    made = Firm(sandbox, toggls, database, home)
    try:
        yield made
    finally:
        made.close()


def is_asleep(store: Store, person: str) -> None:
    """As if nothing had been heard of the person's machine for an hour."""
    with store.writing() as transaction:
        device = people.device_of(transaction, person)
        assert device is not None
        transaction.execute(
            text("UPDATE hub_devices SET seen_at = clock_timestamp() - interval '1 hour'"
                 " WHERE id = :id"),
            {"id": device.id},
        )  # fmt: skip
