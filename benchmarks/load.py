"""Many clicks at once, against the sandbox: how long Slack waits for acknowledgements.

    python -m benchmarks.load --clicks 50 --rounds 5

Each click is stored before it is acknowledged. The bot is a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from tests.bots import bot_process, button_of, days_on, digests_in, post
from tests.notation import FRIDAY
from tests.rooms import empty_database
from tracklater_sandbox import Sandbox

MOST_MS = 3000.0  # Slack waits no longer
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


def clicks(number: int, rounds: int) -> bool:
    """All clicks of a round at the same moment; whether each was acknowledged in time."""
    with quiet_sandbox() as sandbox:
        texts = [_quarter(each) for each in range(10)]
        with days_on(sandbox) as days:
            post(days, sandbox, *texts)
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
    known = sorted(time_ for time_ in times if time_ is not None)
    if not known:
        print("no click was acknowledged")
        return False
    high = quantiles(known, n=20)[-1]
    lost = len(times) - len(known)
    print(f"{len(times)} clicks, {lost} without an acknowledgement")
    print(f"ms until then: p50 {median(known):.0f}, p95 {high:.0f}, max {known[-1]:.0f}")
    return not lost and known[-1] <= MOST_MS


def main(argv: list[str] | None = None) -> int:
    """1 where a click was acknowledged too late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    return 0 if clicks(options.clicks, options.rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
