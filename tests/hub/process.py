"""`python -m tests.hub.process PLACE hub ...`: a hub's process at tests' speed, which dies there.

PLACE is one of `crash_points`, or `nowhere`.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from procrastinate import utils

from tests import crash_points
from tests.bots import _IMPORTED_LATE, ROOT, Forked
from tests.hub.firm import BRISK, Firm
from tracklater_bot.cli.main import main
from tracklater_bot.http import client
from tracklater_bot.slack import days
from tracklater_bot.slack.messages import Messenger
from tracklater_hub import commands, hub, jobs, machine

NOWHERE = "nowhere"
STARTED = "The hub is running"
PATIENCE = 90.0


class HubProcess:
    """One process of the hub, as an administrator starts it."""

    def __init__(self, firm: Firm, place: str = NOWHERE) -> None:
        self._firm = firm
        self.log = firm.home / f"hub-{os.urandom(3).hex()}.log"
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        variables = {**kept, **firm.environment, "PYTHONPATH": str(ROOT), "HOME": str(firm.home)}
        command = [sys.executable, "-m", "tests.hub.process", place]
        command += ["hub", "--config", str(firm.team_file), "--verbose"]
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(
                command, cwd=firm.home, env=variables, stdout=file, stderr=file
            )
        firm.eventually(lambda: STARTED in self.said or self.process.poll() is not None, PATIENCE)
        assert self.process.poll() is None, self.said

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """As by a power cut, and Slack notices."""
        self.process.kill()
        self.process.wait(PATIENCE)


@dataclass(frozen=True)
class Machine:
    """The host of a process that lives through many days: what is its own there.

    Its clock is wrong by `skew` seconds. `passed` is a file with the seconds that were skipped for
    everybody, as if they had been waited for. `orders` name places and signals, see `crash_points`.
    """

    name: str
    skew: float
    passed: Path
    orders: Connection

    def settle(self) -> None:
        """Makes this process one that runs there."""
        at_tests_speed()
        jobs.ISSUES_EVERY = timedelta(hours=20)  # hours pass all the time
        machine.DRAFT_SECONDS = machine.OTHER_SECONDS = 2.0  # for who is away without a word
        jobs.TICK = jobs.RESCUE = "* * * * * */2"
        socket.gethostname = lambda: self.name
        self._set_clock()
        crash_points.get_ready()
        pace = replace(BRISK.pace, ticks=self._ticks)
        setattr(hub, "DatabaseClock", partial(hub.DatabaseClock, every=0.5))  # noqa: B010
        setattr(days, "Messenger", partial(Messenger, ticks=self._ticks))  # noqa: B010
        setattr(hub, "Hub", partial(hub.Hub, poll_seconds=1.0))  # noqa: B010
        setattr(commands, "run", partial(hub.run, timing=replace(BRISK, pace=pace)))  # noqa: B010
        threading.Thread(target=self._obey, daemon=True).start()

    def _set_clock(self) -> None:
        right, skew = time.time, self.skew

        class Wrong(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return datetime.fromtimestamp(time.time(), tz)

        time.time = lambda: right() + skew
        setattr(client, "datetime", Wrong)  # noqa: B010 - it exports none
        utils.utcnow = partial(Wrong.now, UTC)

    def _ticks(self) -> float:
        (skipped,) = struct.unpack("d", self.passed.read_bytes())
        return time.monotonic() + float(skipped)

    def _obey(self) -> None:
        with suppress(EOFError):
            while True:
                place, by = self.orders.recv()
                crash_points.aim(place, signal.Signals(by))


def forked(firm: Firm, host: Machine, environ: Mapping[str, str], log: Path) -> Forked:
    """A process of the hub on that machine."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    variables = {**kept, **firm.environment, "HOME": str(firm.home), **environ}
    argv = ["hub", "--config", str(firm.team_file), "--verbose"]
    return Forked(argv, variables, log, host.settle)


def is_stopped(pid: int) -> bool:
    """Whether the process stands still; False for one that is gone."""
    with suppress(OSError):
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        return status.rpartition(")")[2].split()[0] == "T"
    return False


Forked._context.set_forkserver_preload(["tests.hub.process", *_IMPORTED_LATE])


def at_tests_speed() -> None:
    """Dead workers are noticed within seconds."""
    jobs.HEARTBEAT, jobs.STALLED, jobs.LONGEST = 1.0, 8.0, 20.0
    setattr(commands, "run", partial(hub.run, timing=BRISK))  # noqa: B010 - it exports none


if __name__ == "__main__":
    at_tests_speed()
    if sys.argv[1] != NOWHERE:
        crash_points.arm(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
