"""Fixtures that several test files share."""

from __future__ import annotations

import gc
import os
import pickle
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from git import Repo
from playwright.sync_api import Browser, Page, sync_playwright
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode import SocketModeClient
from sqlalchemy import URL, Engine, create_engine
from xdist.scheduler import LoadFileScheduling

from tests import longer
from tests.loopback import FakeTime
from tests.postgresql import server
from tests.rooms import Room, sqlite_store
from tracklater_bot.core import Core
from tracklater_bot.domain import side_by_side
from tracklater_bot.drafting import habits as habit_files
from tracklater_bot.drafting.machine import Engine as MachineEngine
from tracklater_bot.drafting.machine import LocalMachine
from tracklater_bot.engine import Answer, answer
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.learn import habits
from tracklater_bot.store import database as opening
from tracklater_sandbox import Sandbox
from tracklater_sandbox.workday import Workday

# Where it is set, every worker and every process of the tests would compile everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Where there is room, the tests' files are kept in memory: a store waits for the disk at every
# commit, which takes longer than most tests.
MEMORY, ROOM = "/dev/shm", 1024**3
if (
    "TMPDIR" not in os.environ
    and os.access(MEMORY, os.W_OK)
    and shutil.disk_usage(MEMORY).free > ROOM
    and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
):
    os.environ["TMPDIR"] = tempfile.tempdir = MEMORY

FRIDAY = date(2026, 11, 20)
PORT, NO_PORT = re.compile(rb"//127\.0\.0\.1:[0-9]{5}/"), b"//127.0.0.1:00000/"
PATIENCE = 30.0  # for what is expected to end at once
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _sharing(make: Callable[..., Engine]) -> Callable[..., Engine]:
    """Compiles each SQL statement once, not anew for each test's SQLite: a quarter of their time.

    What is compiled is kept by engine and dialect, of which all take the first.
    """
    first: list[Engine] = []

    def made(url: URL, **more: Any) -> Engine:
        engine = make(url, **more)
        if engine.dialect.name == "sqlite":
            first.append(engine)
            engine.dialect = first[0].dialect
            engine._compiled_cache = first[0]._compiled_cache
            del first[1:]
        return engine

    return made


opening.create_engine = _sharing(create_engine)  # type: ignore[attr-defined]


def _once(pure: Callable[..., Any]) -> Callable[..., Any]:
    """Works out the same only once: what the sample day's habits say is much of a bot's time."""
    known: dict[bytes, Any] = {}

    def answered(*given: Any) -> Any:
        key = pickle.dumps(given)
        if key not in known:
            known[key] = pure(*given)
        return known[key]

    return answered


habits.rounds = _once(habits.rounds)  # type: ignore[attr-defined]


def _sample_day_once(engine: MachineEngine) -> MachineEngine:
    """The engine, which is not asked the same of a sandbox's day twice.

    Nearly every test of a bot begins with that day's suggestions. What tells the tests' sandboxes
    apart is left out of the question: the port, which addresses of issues have, and when the sample
    entries came into Toggl. The engine's own tests have no sandbox.
    """
    known: dict[bytes, bytes] = {}

    def answered(inputs: Inputs) -> Answer:
        tracked = tuple(replace(entry, changed="") for entry in inputs.tracked)
        ended = all(entry.end for entry in tracked)
        now = min(inputs.now, inputs.day.span.end) if ended else inputs.now
        given = pickle.dumps(replace(inputs, tracked=tracked, now=now))
        ports = {*PORT.findall(given)}
        if len(ports) != 1:
            return engine(inputs)
        (port,) = ports
        question = given.replace(port, NO_PORT)
        if question not in known:
            known[question] = pickle.dumps(engine(inputs)).replace(port, NO_PORT)
        found: Answer = pickle.loads(known[question].replace(NO_PORT, port))
        return found

    return answered


LocalMachine.__init__.__defaults__ = (_sample_day_once(answer), None)
Core.local_machine.__defaults__ = LocalMachine.__init__.__defaults__[:1]


# The longest first, or the last worker is still at one when the others have ended. With
# --no-loadscope-reorder xdist keeps the order; by itself it begins with what has most tests.
LONGEST = (
    "browser_review", "team", "earlier_version", "listeners_review", "hostile_inputs", "kills",
    "idle", "faults", "bot_weeks", "bot_day", "bot_schedule", "demo", "cli", "changes",
    "blocks_limits", "outbox", "worlds", "crashes", "git", "issue_budget", "init", "habits",
    "worklogs", "thyme", "apart", "two_bots", "store", "store_postgresql", "wall",
    "bot_worklogs", "picture", "safety_text", "record", "blocks_digest", "cold_start",
    "outbox_faults", "safety_hosts", "engine_laws", "browser_message", "sandbox_browser",
)  # fmt: skip
# Files that one worker runs, for what they share takes long to start: Chromium, PostgreSQL.
TOGETHER = (
    ("browser_review", "browser_message", "sandbox_browser"),
    ("earlier_version", "two_bots", "store_postgresql"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Beside pytest's own: tries all that is random, not a part of it; or what is quick alone."""
    parser.addoption(longer.OPTION, action="store_true", help="all stories and examples: minutes")
    parser.addoption("--fast", action="store_true", help="without the files that take longest")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out what takes longest, where that is asked for."""
    long = collection_path.stem.removeprefix("test_") in LONGEST
    return True if long and config.getoption("--fast") else None


def pytest_configure(config: pytest.Config) -> None:
    """Tests ask for it when they are imported."""
    longer.choose(long=bool(config.getoption(longer.OPTION)))
    gc.disable()  # until all is collected: what is imported is never garbage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest files first; within a file nothing changes."""
    ranks = {f"test_{name}.py": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))


class _Scheduling(LoadFileScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        name = Path(file).stem.removeprefix("test_")
        return next((files[0] for files in TOGETHER if name in files), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """A file's tests go to one worker, and so do those of files that share something."""
    return _Scheduling(config, log)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no need to look through it again."""
    gc.freeze()
    gc.enable()


@pytest.fixture(name="time")
def fake_time() -> FakeTime:
    """A clock that only the test moves."""
    return FakeTime()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """On a store of its own."""
    with sqlite_store(tmp_path) as store:
        yield Room(store)


@pytest.fixture(autouse=True)
def _own_background() -> Iterator[None]:
    """A test ends when what it let run beside itself has ended.

    Or its requests come while the next test listens to those of its own.
    """
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + PATIENCE
    while left := [*filter(_beside, set(threading.enumerate()) - before)]:
        assert time.monotonic() < until, "what the test let run beside itself does not end"
        for thread in filter(threading.Thread.is_alive, left):  # some may be about to start
            thread.join(max(until - time.monotonic(), 0.0))


def _beside(thread: threading.Thread) -> bool:
    work = getattr(thread, "_target", None)  # none any more where it has just ended
    return getattr(work, "__module__", "") == side_by_side.__name__


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the sample day, written once: copying them is quicker than asking git."""
    home = tmp_path_factory.mktemp("sample") / "home"
    Workday(FRIDAY, ZoneInfo("Europe/Helsinki")).write(home)
    for git in list(home.rglob(".git")):
        shutil.rmtree(git / "hooks")  # git's examples: a quarter of the files
        with Repo(git.parent) as repo:
            repo.git.repack("-adq")
        for folder in (git / "objects").glob("??"):
            folder.rmdir()
    (home / "habits").mkdir()
    (home / "habits" / "key").write_bytes(bytes(habit_files.KEY_BYTES))  # see _once
    return home


def copy_home(home: Path, to: Path) -> None:
    """The sample day's files for one test."""
    shutil.copytree(home, to, copy_function=_copied)


def _copied(source: str, target: str) -> str:
    """Git never writes into its objects, so that another name is enough for them."""
    if f"{os.sep}objects{os.sep}" in source:
        os.link(source, target)
        return target
    return shutil.copyfile(source, target)


@pytest.fixture
def sandbox(tmp_path: Path, sample_home: Path) -> Iterator[Sandbox]:
    """A running sandbox whose sample day is Friday 2026-11-20 in Helsinki."""
    copy_home(sample_home, tmp_path / "home")
    running = Sandbox(tmp_path / "home", today=FRIDAY)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A server's address, with `%s` where the database's name belongs."""
    with server() as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, if there is one."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), "")
    if not found:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Page:
    """One for all tests: a new one starts processes. Each test's sandbox has a port of its own.

    It is still, since what flashes for two seconds is drawn by the processor here.
    """
    return browser.new_page(locale="en-GB", reduced_motion="reduce")


@pytest.fixture
def connected(sandbox: Sandbox) -> Iterator[Callable[[App], None]]:
    """Connects Bolt apps to the sandbox over Socket Mode, and closes them again."""
    clients: list[SocketModeClient] = []

    def connect(app: App) -> None:
        client = SocketModeHandler(app, sandbox.slack.app_token).client
        clients.append(client)
        client.connect()
        sandbox.slack.wait_connected(len(clients))

    yield connect
    for client in clients:
        close_client(client, sandbox)


def close_client(client: SocketModeClient, sandbox: Sandbox) -> None:
    """Closes a Socket Mode client without its waits: a second for a message, three for a read."""
    client.auto_reconnect_enabled = False
    client.current_session_state.terminated = True
    sandbox.slack.hang_up()
    # It closes the socket itself; two at once would fail. The SDK gives it no types.
    client.current_session_runner.shutdown()  # type: ignore[no-untyped-call]
    client.message_processor.event.set()
    client.enqueue_message('{"type": "hello"}')
    client.close()
