"""Commands as a person runs them: in a process of their own, or quicker in this one."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bots import ROOT
from tracklater_bot.cli.main import main


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


def environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with nothing of ours or of the person's own in it."""
    theirs = {
        name: value
        for name, value in os.environ.items()
        if "TRACKLATER" not in name and not name.startswith("SLACK_")
    }
    folders = {"XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config")}
    return {**theirs, **folders, "PYTHONPATH": str(ROOT), **more}


def spawned(home: Path, *arguments: str, **more: str) -> Answer:
    """Runs the command in a process of its own, in the folder."""
    done = subprocess.run(
        [sys.executable, "-m", "tracklater_bot", *arguments],
        cwd=home,
        env=environment(home, more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def called(home: Path, *arguments: str, **more: str) -> Answer:
    """Runs the command in this process, in the folder, with pipes for its output."""
    out, err = io.StringIO(), io.StringIO()
    hooks = sys.excepthook, threading.excepthook
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(home)
        wanted = environment(home, more)
        for name in set(os.environ) - set(wanted):
            patch.delenv(name)
        for name, value in wanted.items():
            patch.setenv(name, value)
        try:
            code = main(arguments)
        except SystemExit as end:  # argparse's own way to say no
            code = int(end.code or 0)
        finally:
            sys.excepthook, threading.excepthook = hooks
            for number, handler in handlers.items():
                signal.signal(number, handler)
    return Answer(code, out.getvalue(), err.getvalue())
