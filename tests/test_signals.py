"""Whoever says that it is time to stop is heard, whatever the bot is doing at that moment."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tracklater_bot.cli.signals import stop_event


@pytest.fixture(autouse=True)
def usual_signals() -> Iterator[None]:
    usual = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    for each, handler in usual.items():
        signal.signal(each, handler)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_heard_also_while_the_event_is_looked_at(how: signal.Signals) -> None:
    stopped = stop_event()
    with stopped._cond:  # type: ignore[attr-defined]
        signal.raise_signal(how)
    assert stopped.wait(20)


def test_a_wait_ends_at_its_time() -> None:
    assert not stop_event().wait(0.01)
    assert not stop_event().wait(0)


def test_whatever_hangs_the_program_ends() -> None:
    script = (
        "import signal, time; from concurrent.futures import ThreadPoolExecutor;"
        "from tracklater_bot.cli.signals import stop_event; stopped = stop_event(0.5);"
        "ThreadPoolExecutor().submit(time.sleep, 300); signal.raise_signal(signal.SIGTERM);"
        "print(stopped.wait(20))"
    )
    run = subprocess.run(
        [sys.executable, "-uc", script], check=True, capture_output=True, text=True, timeout=60
    )
    assert run.stdout.strip() == "True"
