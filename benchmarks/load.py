"""Many clicks at once, and many people's digests due at the same minute, against the sandbox.

    python -m benchmarks.load clicks --clicks 50 --rounds 5
    python -m benchmarks.load digests --persons 500
    python -m benchmarks.load digests --persons 500 --days 5 --minute 12

The bot is a process of its own each time. `clicks`: how long Slack waits for acknowledgements.
`digests`: one store, one Slack app, many people, and a Slack that refuses what is beyond its
limits: when messages and pictures are there, how long those wait who click meanwhile, whether
anything was refused, and what memory it takes. With `--minute` all of Slack's minutes, and the
bot's, are that many seconds long: what is measured in minutes stays as it is.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from subprocess import PIPE, Popen
from typing import Any

from benchmarks.crowd import people
from tests.bots import bot_process, button_of, desk_on, digests_in, environment, post
from tests.desks import empty_database
from tests.notation import FRIDAY
from tracklater_bot.sandbox import Sandbox
from tracklater_bot.sandbox.slack.limits import Limits
from tracklater_bot.sandbox.slack.workspace import Person

MOST_MS = 200.0
MINUTE = 60.0


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


def digests(persons: int, days: int, minute: float) -> bool:
    """Everybody's digest is due at the same moment, day after day; whether all went well."""
    with quiet_sandbox() as sandbox:
        for name in people(persons):
            person = Person(name, name.lower(), name, "Europe/Helsinki")
            sandbox.slack.workspace.people[name] = person
        sandbox.toggl.quotas.organization.total = sandbox.toggl.quotas.me.total = 1_000_000
        limits = sandbox.slack.api.limits = Limits(minute)
        for told in _crowd(sandbox, persons, days, minute):
            _report_day(told, persons, minute)
        return _report_digests(sandbox, limits, persons, days)


def _crowd(sandbox: Sandbox, persons: int, days: int, minute: float) -> Iterator[dict[str, Any]]:
    """The bot's process; gives what it tells, line by line."""
    command = [sys.executable, "-m", "benchmarks.crowd", str(sandbox.settings_file)]
    command += ["--persons", str(persons), "--days", str(days), "--minute", str(minute)]
    with Popen(command, env=environment(sandbox), stdout=PIPE, text=True) as bot:
        for line in bot.stdout or ():
            yield json.loads(line)


def _report_day(told: dict[str, Any], persons: int, minute: float) -> None:
    if "day" not in told:
        print(f"before: {told['memory']:.0f} MB")
        return
    clicks = told["clicks"]
    print(
        f"day {told['day'] + 1}: {persons} messages in {told['posted'] / minute:.1f} min,"
        f" their pictures after {told['illustrated'] / minute:.1f} min;"
        f" {clicks['number']} clicks meanwhile showed after {clicks['median']:.2f} s,"
        f" {clicks['most']:.2f} s at most; entries in {told['sent']:.0f} s;"
        f" {told['memory']:.0f} MB",
        flush=True,
    )


def _report_digests(sandbox: Sandbox, limits: Limits, persons: int, days: int) -> bool:
    counted = Counter(sandbox.slack.api.calls)
    right = sum(_posted(sandbox, name) == days for name in people(persons))
    entries = len(sandbox.toggl.entries)
    print(f"{right} of {persons} persons have each day's message exactly once")
    print(f"{entries} entries in Toggl; {persons * days * 3} were approved")
    print("Slack was called: " + ", ".join(f"{name} {n}" for name, n in sorted(counted.items())))
    print("refused (429): " + (", ".join(f"{k} {n}" for k, n in limits.refused.items()) or "none"))
    return right == persons and entries == persons * days * 3


def _posted(sandbox: Sandbox, name: str) -> int:
    """How many days' messages the person has; 0 where one came twice."""
    messages = sandbox.slack.messages(user=name)
    found = [(each.get("metadata") or {}).get("event_payload") for each in messages]
    days = [each["day"] for each in found if each]
    return len(days) if len(set(days)) == len(days) else 0


def main(argv: list[str] | None = None) -> int:
    """Runs one of the two; 1 where a limit was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("clicks", "digests"))
    parser.add_argument("--clicks", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--persons", type=int, default=500)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--minute", type=float, default=MINUTE, help="seconds in a minute")
    options = parser.parse_args(argv)
    if options.what == "clicks":
        return 0 if clicks(options.clicks, options.rounds) else 1
    return 0 if digests(options.persons, options.days, options.minute) else 1


if __name__ == "__main__":
    sys.exit(main())
