"""`demo --team`: three people, one Slack app and one hub, all on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cryptography.fernet import Fernet

from tracklater_bot.cli.demo import DEMO_TIMING, DemoError
from tracklater_bot.cli.signals import stop_event
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.settings import load
from tracklater_bot.slack.connections import ConnectError
from tracklater_hub import people
from tracklater_hub.agent import Agent
from tracklater_hub.device import HubClient, HubError, join
from tracklater_hub.hub import Hub, Options
from tracklater_sandbox import ME, Sandbox

PEOPLE: Mapping[str, str] = {ME: "Eero", "U0ANNA": "Anna", "U0KIM": "Kim"}
PATIENCE_SECONDS = 30.0
TOGGL = "toggl\tapi_token"
NO_POSTGRESQL = (
    "demo --team needs PostgreSQL's programs (initdb, pg_ctl) on this machine, or the address of an"
    " empty database in TRACKLATER_DATABASE_URL."
)


def page(port: int, *, open_browser: bool) -> int:
    """Serves everybody's page until it is stopped."""
    stopped = stop_event()
    with running_team(port) as (sandbox, _hub):
        for user, name in PEOPLE.items():
            print(f"{name}: {sandbox.url}/?user={user}", flush=True)  # noqa: T201
        print("Three laptops, one hub, one Slack app. Stop with Ctrl-C.", flush=True)  # noqa: T201
        if open_browser:
            webbrowser.open(f"{sandbox.url}/?user={ME}")
        stopped.wait()
    return 0


@contextmanager
def running_team(port: int = 0) -> Iterator[tuple[Sandbox, Hub]]:
    """A sandbox, a hub, and an agent for each; everybody has their day's message.

    Raises DemoError.
    """
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="tlteam-")))
        sandbox = Sandbox(folder / "home")
        try:
            sandbox.start(port)
            closing.callback(sandbox.stop)
            database = closing.enter_context(_database())
            hub = _hub(sandbox, database)
            closing.callback(hub.stop)
            hub.start()
            hub.connect()
            for user, name in PEOPLE.items():
                closing.callback(_joined(hub, sandbox, user, name, folder).set)
        except (ConnectError, HubError, OSError, StoreError) as error:
            raise DemoError(str(error)) from error
        yield sandbox, hub


def _hub(sandbox: Sandbox, database: str) -> Hub:
    own = ("TOGGL", "USER_TOKEN")
    shared = {k: one for k, one in sandbox.env.items() if not any(word in k for word in own)}
    environ = {**shared, "TRACKLATER_DATABASE_URL": database}
    team = load(sandbox.settings_file, None, environ).settings
    options = Options(Fernet.generate_key().decode(), "http://127.0.0.1", port=0)
    return Hub(team, options, DEMO_TIMING)


def _joined(hub: Hub, sandbox: Sandbox, user: str, name: str, folder: Path) -> threading.Event:
    """The person with a token, a laptop and today's message; the event ends the agent."""
    toggl = sandbox.toggl if user == ME else sandbox.add_person(user, name)
    with hub.store.writing() as transaction:
        people.add(transaction, user)
        sealed = hub.members.sealer.seal(user, TOGGL, toggl.api_token)
        people.put_sealed(transaction, user, {TOGGL: sealed})
        code = people.new_code(transaction, user)
    own = folder / user
    device = join(f"http://127.0.0.1:{hub.service.port}", code, own / "hub.json")
    # Habits are each laptop's own: they lie beside the database that one person's bot would have.
    environ = {"TRACKLATER_DATABASE_URL": f"sqlite:///{own}/none"}
    settings = load(sandbox.settings_file, None, environ).settings
    agent, stopped = Agent(settings, HubClient(device)), threading.Event()
    threading.Thread(target=agent.run, args=(stopped,), name=f"agent {user}", daemon=True).start()
    member, until = hub.members.of(user), time.monotonic() + PATIENCE_SECONDS
    assert member is not None
    while member.machine.asleep() and time.monotonic() < until:
        time.sleep(0.05)
    member.days.open_day(member.core.calendar.day_on(sandbox.day))
    return stopped


@contextmanager
def _database() -> Iterator[str]:
    """The one that is named, or a server of its own on no port. Raises DemoError."""
    named = os.environ.get("TRACKLATER_DATABASE_URL", "")
    if named.startswith("postgres"):
        yield named
        return
    found = shutil.which("initdb")
    places = (
        [Path(found).resolve()]
        if found
        else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    )
    if not places:
        raise DemoError(NO_POSTGRESQL)
    user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    home = Path(tempfile.mkdtemp(prefix="tlpg-"))  # short: a socket's path may have 107 letters
    try:
        if user:
            shutil.chown(home, user)

        def run(name: str, *words: str) -> None:
            command = [str(places[-1].with_name(name)), *words]
            subprocess.run(command, check=True, user=user, cwd=home, stdout=subprocess.DEVNULL)  # noqa: S603

        run("initdb", "-D", "data", "-U", "team", "-A", "trust")
        run(
            "pg_ctl",
            "-D",
            "data",
            "-w",
            "-l",
            "log",
            "-o",
            f"-c listen_addresses='' -k {home}",
            "start",
        )
        try:
            yield f"postgresql://team@/postgres?host={home}"
        finally:
            run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")
    except subprocess.CalledProcessError as error:
        raise DemoError(f"PostgreSQL does not start: {error.cmd[0]} failed.") from None
    finally:
        shutil.rmtree(home, ignore_errors=True)
