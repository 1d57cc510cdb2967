"""A firm's digests at one minute, with Slack's limits held, while somebody clicks.

    python -m benchmarks.team --people 500 --processes 1

PostgreSQL, the sandbox and the hub's processes share this machine. Everybody's laptop sleeps: what
it told last is what the digest shows. How long the limits alone take is counted from the calls that
were made: so many of a method, so many a minute.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet

from tests.bots import ROOT, button_of
from tests.digests import suggestion
from tests.postgresql import server
from tests.test_store_postgresql import command
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.store import Store
from tracklater_hub import mailbox, people, schema
from tracklater_hub.pace import CONVERSATION
from tracklater_sandbox import NotThere, Sandbox
from tracklater_sandbox.slack import limits
from tracklater_sandbox.slack.workspace import Person

MINUTE = 60.0
POST = "chat.postMessage"
TEAM = """
timezone = "UTC"
day_starts = "00:00"
[digest]
at = "{at}"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
picture = false
[slack]
base_url = "{slack}/slack/api/"
[groups.acme]
keywords = ["acme"]
"""


class Counting(limits.Limits):
    """Slack's limits, which also notes when each method was called."""

    def __init__(self) -> None:
        super().__init__(MINUTE)
        self.calls: list[tuple[float, str]] = []

    def count(self, method: str, channel: str = "") -> None:
        """As they do."""
        super().count(method, channel)
        self.calls.append((time.monotonic(), method))

    def posted(self) -> int:
        """How many messages."""
        return sum(name == POST for _, name in self.calls)


def told_today(day: WorkDay) -> Draft:
    """Five suggestions, as a laptop told of them."""
    found = tuple(suggestion(f"{hour:02d}:00-{hour:02d}:45 acme -", day) for hour in range(1, 6))
    return Draft(day.date, day.zone.key, found)


def fill(store: Store, sandbox: Sandbox, number: int, day: WorkDay) -> list[str]:
    """So many people, each with a conversation, and a laptop that told of today and sleeps."""
    everybody = [f"U0P{each:05d}" for each in range(number)]
    for person in everybody:
        sandbox.slack.workspace.people[person] = Person(person, person.lower(), person, "UTC")
        store.put(person, CONVERSATION, sandbox.slack.workspace.dm(person).id)
    with store.writing() as transaction:
        for person in everybody:
            people.add(transaction, person)
            mailbox.keep_drafts(transaction, person, [told_today(day)])
    return everybody


def memory_of(process: subprocess.Popen[bytes]) -> float:
    """In megabytes."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def clicking(sandbox: Sandbox, person: str, stopped: threading.Event) -> None:
    """Skips and takes back, four times a second, as soon as the person's message is there."""
    while not stopped.wait(0.25):
        for message in sandbox.slack.messages(user=person):
            for action in ("skip", "undo"):
                if buttons := button_of(message, action):
                    with suppress(NotThere):  # it was brought up to date at this moment
                        sandbox.slack.click(message["ts"], action, buttons[0], user=person)
                    break


def run(number: int, processes: int, folder: Path) -> bool:
    """Everybody's digests at the next minute but one; whether nothing was refused or lost."""
    with server() as address, Sandbox(folder / "home") as sandbox:
        command(address, "CREATE DATABASE team")
        url = address % "team"
        day = WorkDay.of(datetime.now(UTC), ZoneInfo("UTC"), datetime.min.time())
        with Store.open(url) as store:
            schema.bring_up_to_date(store)
            everybody = fill(store, sandbox, number, day)
        ready = timedelta(seconds=45 + number / 8)
        due = (datetime.now(UTC) + ready + timedelta(minutes=1)).replace(second=0, microsecond=0)
        file = folder / "team.toml"
        file.write_text(TEAM.format(at=f"{due:%H:%M}", slack=sandbox.url), encoding="utf-8")
        environ = {k: v for k, v in sandbox.env.items() if "SLACK__" in k} | {
            "TRACKLATER_DATABASE_URL": url,
            "TRACKLATERHUB_KEYS": Fernet.generate_key().decode(),
            "TRACKLATERHUB_URL": "https://hub.example",
            "TRACKLATERHUB_PORT": "0",
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
        }
        line = [sys.executable, "-m", "tracklater_bot", "hub", "--config", str(file)]
        with (folder / "log").open("wb") as log:
            started = [
                subprocess.Popen(line, cwd=folder, env=environ, stdout=log, stderr=log)
                for _ in range(processes)
            ]
        try:
            sandbox.slack.wait_connected(processes, MINUTE)
            return measured(sandbox, everybody, started, due)
        finally:
            for process in started:
                process.kill()
            print((folder / "log").read_text(encoding="utf-8")[-2000:])


def measured(
    sandbox: Sandbox, everybody: list[str], started: list[subprocess.Popen[bytes]], due: datetime
) -> bool:
    """What came of it, printed."""
    counting = sandbox.slack.api.limits = Counting()
    time.sleep(max((due - datetime.now(UTC)).total_seconds() - 2, 0))
    begun, before = time.monotonic() + 2, [memory_of(process) for process in started]
    stopped = threading.Event()
    person = threading.Thread(target=clicking, args=(sandbox, everybody[0], stopped))
    person.start()
    until = begun + len(everybody) / limits._A_MINUTE[POST] * MINUTE * 3 + MINUTE
    while counting.posted() < len(everybody) and time.monotonic() < until:
        time.sleep(0.5)
    took = max((at for at, name in counting.calls if name == POST), default=0) - begun
    stopped.set()
    person.join()
    after = [memory_of(process) for process in started]
    calls = Counter(name for _, name in counting.calls)
    forced = len(everybody) / limits._A_MINUTE[POST] * MINUTE
    acks = sorted(ack.ms for ack in sandbox.slack.acks if ack.kind == "interactive" and ack.ms)
    lost = sum(ack.ms is None for ack in sandbox.slack.acks)
    digests = f"{counting.posted()} of {len(everybody)} digests"
    print(f"{digests} in {took:.0f} s; the limit alone: {forced:.0f} s")
    print(f"calls {dict(calls)}, refused {sum(counting.refused.values())}")
    if len(acks) > 1:
        high = quantiles(acks, n=100)[-1]
        print(f"{len(acks)} clicks, {lost} lost, ms: p50 {median(acks):.0f}, p99 {high:.0f}")
    print(
        f"MB of each process: {[f'{one:.0f}' for one in before]} -> {[f'{x:.0f}' for x in after]}"
    )
    return counting.posted() == len(everybody) and not counting.refused and not lost


def main(argv: list[str] | None = None) -> int:
    """1 where something was refused or lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="tracklater-team-") as folder:
        return 0 if run(options.people, options.processes, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
