"""`python -m tests.hub.process PLACE hub ...`: a hub's process at tests' speed, which dies there.

PLACE is one of `crash_points`, or `nowhere`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

from tests import crash_points
from tests.bots import ROOT
from tests.hub.firm import BRISK, Firm
from tracklater_bot.cli.main import main
from tracklater_hub import commands, hub, jobs

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


def at_tests_speed() -> None:
    """Dead workers are noticed within seconds."""
    jobs.HEARTBEAT, jobs.STALLED, jobs.LONGEST = 1.0, 8.0, 20.0
    setattr(commands, "run", partial(hub.run, timing=BRISK))  # noqa: B010 - it exports none


if __name__ == "__main__":
    at_tests_speed()
    if sys.argv[1] != NOWHERE:
        crash_points.arm(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
