"""The real bot as a process of its own on a sandbox, and what its message says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import wait as ended
from pathlib import Path
from typing import Any

from tests import crash_points
from tests.digests import elements, suggestion
from tests.notation import FRIDAY
from tests.rooms import put_database
from tracklater_bot.cli.main import main
from tracklater_bot.cli.person import person_of
from tracklater_bot.core import opened
from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.groups import Project
from tracklater_bot.outbox.worker import Pace
from tracklater_bot.settings import Settings, load
from tracklater_bot.slack import app as bot
from tracklater_bot.slack.app import web_client
from tracklater_bot.slack.days import BotTiming, Days
from tracklater_bot.slack.pace import Pacer
from tracklater_sandbox import Sandbox
from tracklater_sandbox.jira.service import JiraIssue

PATIENCE = 60.0
# What a running bot imports when it first needs it.
_IMPORTED_LATE = (
    "encodings.utf_8_sig",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "tracklater_bot.http.transport",
    "tracklater_bot.catalog.issue_cache",
    "tracklater_bot.cli.signals",
    "tracklater_bot.sources.issues.jira",
    "tracklater_bot.sources.clues.agents",
    "tracklater_bot.sources.clues.slack",
    "tracklater_bot.sources.issues.taiga",
    "tracklater_bot.sources.issues.taiga_login",
    "tracklater_bot.trackers.jira_worklogs",
    "tracklater_bot.trackers.toggl",
)
# The sandbox needs no rest between requests. How long a lost one is waited for stays as it is.
BRISK = BotTiming(update_rest=0.1, minute=1.0, pace=Pace(spacing=timedelta(seconds=0.1)))
NO_PICTURES = {"TRACKLATER_DIGEST__PICTURE": "false"}
ROOT = Path(__file__).parent.parent
# Read once for all processes that are forked from here: half of a bot's start.
bot._certificates()

OFFERED, IN_TOGGL, FAILED, SKIPPED, ON_ITS_WAY = "offered", "in Toggl", "failed", "skipped", "..."
# The sentences in the message that stand for each state; the first that is found counts.
_SAYS = (
    ("|In Toggl>", IN_TOGGL),
    ("|In Clockify>", IN_TOGGL),
    ("*Not in Toggl:*", FAILED),
    ("*Not in Clockify:*", FAILED),
    ("Skipped", SKIPPED),
    ("On its way", ON_ITS_WAY),
    ("Waits", ON_ITS_WAY),
    ("Checking whether", ON_ITS_WAY),
    ("Being taken out", ON_ITS_WAY),
)
_ROW = re.compile(r"^(?:\S+ )?\*?(\d\d:\d\d)–(\d\d:\d\d)")


def settings_of(sandbox: Sandbox, **environ: str) -> Settings:
    """The sandbox's settings, as the bot would load them."""
    return load(sandbox.settings_file, None, {**sandbox.env, **environ}).settings


def with_worklogs(sandbox: Sandbox) -> None:
    """Switches acme's worklogs on in the settings file, and gives its Jira an issue DEV-1."""
    text = sandbox.settings_file.read_text(encoding="utf-8")
    wanted = text.replace("jira.project_key", "jira.worklogs = true\njira.project_key")
    sandbox.settings_file.write_text(wanted, encoding="utf-8")
    sandbox.jira.add(JiraIssue(1, "DEV-1", "Fix login", "Task", "To Do", "new", sandbox.clock()))


def worklogs_in(sandbox: Sandbox) -> list[str]:
    """What is in Jira that day: `"DEV-1 09:00 60 min"`."""
    found = []
    for log in sandbox.jira.worklogs:
        start = _local(sandbox, log["started"])
        found.append(f"{log['issueKey']} {start:%H:%M} {log['timeSpentSeconds'] // 60} min")
    return found


@contextmanager
def days_on(sandbox: Sandbox, **environ: str) -> Iterator[Days]:
    """A bot that does what it is told, and nothing by itself."""
    settings = settings_of(sandbox, **environ)
    put_database(sandbox.home / "tracklater.sqlite3")
    with opened(settings) as core:
        days = Days(person_of(core), web_client(settings, Pacer(minute=0.05)))
        try:
            yield days
        finally:
            days.finish()


def post(days: Days, sandbox: Sandbox, *texts: str) -> Digest:
    """Friday's suggestions in the notation of `suggestion`, posted; read from no source."""
    client = next(iter(sandbox.toggl.account.clients.values()))
    project = Project("Development", "acme", client=client["name"], id="501")
    found = [replace(suggestion(text), project=project) for text in texts]
    draft = Draft(FRIDAY.date, str(FRIDAY.zone), tuple(found))
    digest = days.person.store.save_draft(days.person.id, draft)
    assert days.messenger.publish(digest) is not None
    return digest


class Forked:
    """A process from a server that has imported everything: starts in a tenth of the time.

    A bot in it is `BRISK`. `first` is done in the process before the command.
    """

    _context = get_context("forkserver")
    _context.set_forkserver_preload(["tests.bots", *_IMPORTED_LATE])
    _asking = threading.Lock()

    def __init__(
        self,
        argv: list[str],
        variables: dict[str, str],
        log: Path,
        first: Callable[[], None] | None = None,
    ) -> None:
        self._process = self._context.Process(
            target=_run_command, args=(argv, variables, log, first), daemon=True
        )
        with self._asking:  # a start asks for the ends of all others too
            self._process.start()
        self.pid = self._process.pid or 0
        self.terminate, self.kill = self._process.terminate, self._process.kill
        self._code: int | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """One thread at a time asks how it ended: the server tells it once."""
        ended([self._process.sentinel])
        with self._asking:
            self._code = self._process.exitcode
        self._ended.set()

    def poll(self) -> int | None:
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        self._ended.wait(timeout)
        assert self._code is not None, "the bot did not end"
        return self._code


def _run_command(
    argv: list[str], variables: dict[str, str], log: Path, first: Callable[[], None] | None
) -> None:
    """The process itself: a fresh environment, its words in a file, then the command."""
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(log.parent)
    with log.open("wb", buffering=0) as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    bot.run_until = partial(bot.run_until, timing=BRISK)
    if first:
        first()
    sys.exit(main(argv))


def _executed(
    argv: list[str], variables: dict[str, str], log: Path, crash_at: str
) -> subprocess.Popen[bytes]:
    """The command as a person starts it."""
    program = ["tests.crash_points", crash_at] if crash_at else ["tracklater_bot"]
    command = [sys.executable, "-m", *program, *argv]
    with log.open("wb") as file:
        return subprocess.Popen(command, cwd=log.parent, env=variables, stdout=file, stderr=file)


def run_command(sandbox: Sandbox, name: str, *argv: str, **environ: str) -> int:
    """A command with the sandbox's settings, its words in `name`.log; gives its exit code."""
    command, *rest = argv
    line = [command, "--config", str(sandbox.settings_file), *rest]
    variables = {**environment(sandbox), **environ}
    return Forked(line, variables, sandbox.home / f"{name}.log").wait(PATIENCE)


class BotProcess:
    """`tracklater-bot run` as a process of its own, dying at `crash_at` if one is named.

    `executed`: from nothing, with all its imports, as a person starts it. Only such a bot and one
    that is `verbose` draws pictures, which take longer than all else.
    """

    def __init__(
        self, sandbox: Sandbox, crash_at: str = "", *, executed: bool = False, verbose: bool = False
    ) -> None:
        self._sandbox = sandbox
        self._log = sandbox.home / f"bot-{os.urandom(4).hex()}.log"
        self._before = sandbox.slack.sockets.count
        drawn = executed or verbose
        variables = environment(sandbox) | ({} if drawn else NO_PICTURES)
        argv = ["run", "--config", str(sandbox.settings_file), *["-v"] * verbose]
        dying = partial(crash_points.arm, crash_at) if crash_at else None
        self.process = (
            _executed(argv, variables, self._log, crash_at)
            if executed
            else Forked(argv, variables, self._log, dying)
        )
        threading.Thread(target=self._tell_its_end, daemon=True).start()

    def _tell_its_end(self) -> None:
        """Lets those look again who wait for something that a dead bot will not do."""
        self.process.wait()
        self._sandbox.slack.workspace.touch()

    def connected(self) -> BotProcess:
        """Waits until it listens to Slack. Fails when it ends before."""
        sockets = self._sandbox.slack.sockets
        self._sandbox.slack.wait(
            lambda: sockets.count > self._before or self.process.poll() is not None, PATIENCE
        )
        assert self.process.poll() is None, self.said
        return self

    @property
    def said(self) -> str:
        """What it wrote to stdout and stderr."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def died(self) -> bool:
        """Waits for its end; whether it was killed."""
        code = self.process.wait(PATIENCE)
        self._sandbox.slack.wait(
            lambda: self._sandbox.slack.sockets.count <= self._before, PATIENCE
        )
        return code == -signal.SIGKILL

    def stop(self) -> int:
        """Ends it as a person would; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Makes sure that nothing is left."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)


def environment(sandbox: Sandbox) -> dict[str, str]:
    """The environment of a process that uses the sandbox, and nothing of this machine's user."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    home = {"HOME": str(sandbox.home), "XDG_DATA_HOME": str(sandbox.home / "data")}
    return {**kept, **home, **sandbox.env, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@contextmanager
def bot_process(sandbox: Sandbox, crash_at: str = "", **more: bool) -> Iterator[BotProcess]:
    """A running bot that is gone when the block ends."""
    process = BotProcess(sandbox, crash_at, **more)
    try:
        yield process
    finally:
        process.kill()


# -- What the message says -----------------------------------------------------------------------


def digests_in(messages: list[Any], day: str) -> list[dict[str, Any]]:
    """The messages that are the digest of the day."""

    def payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (message.get("metadata") or {}).get("event_payload") or {}
        return found

    return [each for each in messages if payload(each).get("day") == day]


def says(blocks: list[Any]) -> dict[str, str]:
    """What a digest's blocks say of each row: `{"09:00-10:00": "in Toggl"}`."""
    rows: dict[str, str] = {}
    for number, block in enumerate(blocks):
        text = (block.get("text") or {}).get("text", "")
        row = _ROW.match(text) if block["type"] == "section" else None
        if row:
            offered = _offers(block, blocks[number + 1] if number + 1 < len(blocks) else {})
            rows[f"{row[1]}-{row[2]}"] = _state(text, offered=offered)
    return rows


def _state(text: str, *, offered: bool) -> str:
    found = [state for words, state in _SAYS if words in text]
    if found:
        return found[0]
    assert offered, f"a row that says nothing and offers nothing: {text}"
    return OFFERED


def _offers(section: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    buttons = [section.get("accessory"), *after.get("elements", ())]
    kinds = ("approve", "edit")
    return any(
        button and (button.get("action_id") in kinds or any(elements(button, k) for k in kinds))
        for button in buttons
    )


def button_of(message: Mapping[str, Any], action: str) -> list[str]:
    """The values of the message's buttons for the action, in order."""
    return [str(element["value"]) for element in elements(message["blocks"], action)]


def entries_in(sandbox: Sandbox) -> list[str]:
    """What is in Toggl that day: `"09:00-10:00 DEV-1 Fix login"`."""
    found = []
    for entry in sandbox.toggl.entries:
        start, stop = (_local(sandbox, entry[name]) for name in ("start", "stop"))
        if start.date() == sandbox.day:
            found.append(f"{start:%H:%M}-{stop:%H:%M} {entry['description']}")
    return found


def _local(sandbox: Sandbox, stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(sandbox.zone)
