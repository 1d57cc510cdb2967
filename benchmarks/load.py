"""Many clicks at once, and many people's digests due at the same minute, against the sandbox.

    python -m benchmarks.load clicks --clicks 50 --rounds 5
    python -m benchmarks.load digests --persons 500

`clicks`: the real bot as a process of its own; how long Slack waits for acknowledgements.
`digests`: one store, one Slack app, many people; how fast their messages go out and their entries
come in, whether anything is sent faster than Slack and Toggl allow, and what it takes of memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles

from tests.bots import bot_process, button_of, desk_on, digests_in, post, settings_of
from tests.desks import empty_database
from tests.digests import suggestion
from tests.notation import FRIDAY
from tracklater_bot.app import utc_now
from tracklater_bot.blocks.digest import DigestView, digest_message
from tracklater_bot.blocks.digest import Message as DigestMessage
from tracklater_bot.bot import web_client
from tracklater_bot.export import Exporter
from tracklater_bot.messenger import Messenger
from tracklater_bot.model import Digest, Draft, Project
from tracklater_bot.review import Review
from tracklater_bot.sandbox import ME, Sandbox
from tracklater_bot.sandbox.slack.workspace import Person
from tracklater_bot.store import Store
from tracklater_bot.trackers.toggl import TogglTracker

MOST_MS = 200.0
MINUTE = 60.0
# Slack's tiers, calls a minute: chat.postMessage has its own rule, one a second in a channel.
TIERS = {"conversations.open": 50, "conversations.history": 50, "chat.update": 50}


@contextmanager
def quiet_sandbox() -> Iterator[Sandbox]:
    """A sandbox without a sample day, and with an empty database."""
    with tempfile.TemporaryDirectory(prefix="tracklater-load-") as folder:
        home = Path(folder)
        for name in ("src", "thyme"):
            (home / name).mkdir()
        (home / "thyme" / f"{FRIDAY.date}.json").touch()
        (home / "tracklater.sqlite3").write_bytes(empty_database())
        with Sandbox(home, today=FRIDAY.date) as sandbox:
            sandbox.toggl.account.entries.clear()
            yield sandbox


# -- Clicks --------------------------------------------------------------------------------------


def clicks(number: int, rounds: int) -> bool:
    """All clicks of a round at the same moment; whether each was acknowledged in time."""
    with quiet_sandbox() as sandbox:
        texts = [_quarter(each) for each in range(10)]
        with desk_on(sandbox) as desk:
            post(desk, sandbox, *texts)
        with bot_process(sandbox, executed=True) as bot, ThreadPoolExecutor(number) as people:
            bot.connected()
            for _ in range(rounds):
                _round(sandbox, people, number)
            times = [ack.ms for ack in sandbox.slack.acks if ack.kind == "interactive"]
    return _report_acks(times[number:])  # the first round warms up


def _quarter(number: int) -> str:
    start = 9 * 60 + number * 15
    end = start + 15
    return f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d} acme DEV-{number}"


def _round(sandbox: Sandbox, people: ThreadPoolExecutor, number: int) -> None:
    """Skips everything and takes it back, again and again: decisions that wait on nothing."""
    (message,) = digests_in(sandbox.slack.messages(), FRIDAY.date.isoformat())
    buttons = [(name, item) for name in ("skip", "undo") for item in button_of(message, name)]
    chosen = [buttons[each % len(buttons)] for each in range(number)]
    before = len(sandbox.slack.acks)
    list(people.map(lambda one: sandbox.slack.click(message["ts"], *one), chosen))
    sandbox.slack.wait(lambda: len(sandbox.slack.acks) >= before + number, MINUTE)
    time.sleep(2)  # the next round finds the message brought up to date


def _report_acks(times: Sequence[float | None]) -> bool:
    known = sorted(each for each in times if each is not None)
    if not known:
        print("no click was acknowledged")
        return False
    high = quantiles(known, n=20)[-1]
    lost = len(times) - len(known)
    print(f"{len(times)} clicks, {lost} without an acknowledgement")
    print(f"ms until then: p50 {median(known):.0f}, p95 {high:.0f}, max {known[-1]:.0f}")
    return not lost and known[-1] <= MOST_MS


# -- Digests -------------------------------------------------------------------------------------


def digests(persons: int) -> bool:
    """Every person's digest is due now; then everybody approves everything."""
    with quiet_sandbox() as sandbox:
        names = _people(sandbox, persons)
        settings = settings_of(sandbox)
        store = Store.open(settings.database_url.get_secret_value())
        try:
            peak = _memory()
            client = web_client(settings)
            messenger = Messenger(client, store, _render, utc_now, "load")
            begun = time.monotonic()
            for name in names:
                _deliver(messenger, store, name)
            posted = time.monotonic() - begun
            sent = _approve_all(sandbox, store, names)
            fine = _report_digests(sandbox, names, posted, sent)
            print(f"memory: {peak:.0f} MB before, {_memory():.0f} MB at the most")
        finally:
            store.close()
        return fine


def _render(digest: Digest) -> DigestMessage:
    return digest_message(digest, DigestView())


def _people(sandbox: Sandbox, number: int) -> list[str]:
    found = [ME, *(f"U{number:06d}" for number in range(1, number))]
    for name in found[1:]:
        sandbox.slack.workspace.people[name] = Person(name, name.lower(), name, "Europe/Helsinki")
    return found


def _deliver(messenger: Messenger, store: Store, name: str) -> None:
    project = Project("Development", "acme", client="Acme Oy", id=501)
    found = tuple(
        replace(suggestion(text), project=project)
        for text in ("09:00-10:00 acme DEV-1", "10:00-11:30 acme DEV-2", "12:30-16:00 acme DEV-3")
    )
    digest = store.save_draft(name, Draft(FRIDAY.date, str(FRIDAY.zone), found))
    messenger.publish(digest)


def _approve_all(sandbox: Sandbox, store: Store, names: Sequence[str]) -> float:
    """Seconds until all entries are in Toggl, one request a second for each person at most."""
    settings = settings_of(sandbox)
    trackers = {name: TogglTracker(settings.toggl) for name in names}
    sandbox.toggl.quotas.organization.total = sandbox.toggl.quotas.me.total = 1_000_000
    exporter = Exporter(store, trackers.__getitem__, utc_now, "load")
    review, begun = Review(store, utc_now), time.monotonic()
    for name in names:
        digest = store.digest(name, FRIDAY.date)
        for item in digest.items if digest else ():
            # They share the sandbox's one account, where their hours overlap.
            review.approve(name, item.id, anyway=True)
    exporter.work()
    while (due := exporter.next_due()) is not None:
        time.sleep(max((due - utc_now()).total_seconds(), 0.005))
        exporter.work()
    return time.monotonic() - begun


def _report_digests(sandbox: Sandbox, names: Sequence[str], posted: float, sent: float) -> bool:
    calls = sandbox.slack.api.calls
    counted = {name: calls.count(name) for name in sorted(set(calls))}
    day = str(FRIDAY.date)
    messages = sum(len(digests_in(sandbox.slack.messages(user=each), day)) for each in names)
    print(
        f"{messages} digests for {len(names)} persons in {posted:.1f} s ({messages / posted:.0f}/s)"
    )
    print("Slack was called: " + ", ".join(f"{name} {number}" for name, number in counted.items()))
    for name, most in TIERS.items():
        rate = counted.get(name, 0) / max(posted, 1) * MINUTE
        if rate > most:
            print(f"  {name}: {rate:.0f} a minute; past {most} Slack says when to go on (429)")
    entries = len(sandbox.toggl.entries)
    print(f"{entries} entries in {sent:.1f} s; {len(sandbox.toggl.requests)} requests to Toggl")
    return messages == len(names) and entries == 3 * len(names)


def _memory() -> float:
    """The most memory that this process has used so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(argv: list[str] | None = None) -> int:
    """Runs one of the two; 1 where a limit was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("clicks", "digests"))
    parser.add_argument("--clicks", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--persons", type=int, default=500)
    options = parser.parse_args(argv)
    if options.what == "clicks":
        return 0 if clicks(options.clicks, options.rounds) else 1
    return 0 if digests(options.persons) else 1


if __name__ == "__main__":
    sys.exit(main())
