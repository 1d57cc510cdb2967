"""What `run` costs while nothing happens: memory, and how often it wakes up. Run it with

    python -m benchmarks.idle --seconds 60

The bot is a process of its own on the sandbox; it is looked at when its start is over. Needs /proc.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bots import bot_process
from tracklater_sandbox import Sandbox

MOST_MEGABYTES = 80.0
MOST_WAKES = 1.0  # a second
SETTLING_SECONDS = 20


def megabytes(process: int) -> float:
    """The memory that the process has now."""
    return _figure(Path(f"/proc/{process}/status"), "VmRSS") / 1024


def wakes(process: int) -> int:
    """How often its threads were woken so far."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return sum(_figure(task / "status", "voluntary_ctxt_switches") for task in tasks)


def _figure(status: Path, name: str) -> int:
    lines = status.read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


def idle(seconds: float, settling: float = SETTLING_SECONDS) -> tuple[float, float]:
    """Megabytes after that time, and wakes in a second of it."""
    with (
        tempfile.TemporaryDirectory(prefix="tracklater-idle-") as folder,
        Sandbox(Path(folder)) as sandbox,
        bot_process(sandbox, executed=True) as bot,
    ):
        assert isinstance(bot.process, subprocess.Popen)
        pid = bot.process.pid
        bot.connected()
        time.sleep(settling)
        before = wakes(pid)
        time.sleep(seconds)
        after = wakes(pid)
        return megabytes(pid), (after - before) / seconds


def main() -> int:
    """Measures, prints a table; 1 if a figure is above its target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    memory, often = idle(parser.parse_args().seconds)
    print(f"memory: {memory:.0f} MB (target {MOST_MEGABYTES:.0f})")
    print(f"wake-ups a second: {often:.2f} (target {MOST_WAKES:.0f})")
    return 0 if memory <= MOST_MEGABYTES and often <= MOST_WAKES else 1


if __name__ == "__main__":
    sys.exit(main())
