"""The demo: the sample day walked through as a person would, and the page that shows it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

import pytest

from tests.bots import ROOT
from tests.commands import Answer, called
from tests.longer import usually
from tracklater_bot.cli.demo import EDITED, Walk, running_demo

Json = dict[str, Any]


@pytest.fixture(scope="module")
def walked() -> Iterator[tuple[Walk, Json]]:
    """The whole walk, and what the page shows afterwards."""
    with running_demo() as (sandbox, bot):
        walk = Walk(sandbox, bot)
        walk.whole_day()
        with urlopen(f"{sandbox.url}/sandbox/state", timeout=10) as answer:
            yield walk, json.load(answer)


def test_it_reports_the_entries_that_the_page_shows(walked: tuple[Walk, Json]) -> None:
    walk, page = walked
    told = walk.as_json()["entries"]
    shown = [
        (each["id"], moment(each["start"]), moment(each["stop"]), each["description"])
        for each in page["entries"]
        if moment(each["start"]).astimezone(walk.sandbox.zone).date() == walk.sandbox.day
    ]
    assert len(told) >= 4
    assert shown == [
        (each["id"], moment(each["start"]), moment(each["end"]), each["description"])
        for each in told
    ]
    assert [each["start"] for each in told] == sorted(each["start"] for each in told)


def test_acmes_entries_are_worklogs_too(walked: tuple[Walk, Json]) -> None:
    walk, page = walked
    wanted = [
        (each["start"], each["description"].partition(" ")[0])
        for each in walk.as_json()["entries"]
        if each["description"].startswith("DEV-")
    ]
    logged = [(each["start"], each["issue"]) for each in walk.as_json()["worklogs"]]
    assert wanted == [each for each in logged if each in wanted] != []
    # The one whose words were edited has its issue still.
    assert {start for start, _ in logged} <= {e["start"] for e in walk.as_json()["entries"]}
    assert len(wanted) <= len(logged) == len(page["worklogs"]) <= len(wanted) + 1


def moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def test_it_approves_edits_skips_and_approves_the_rest(walked: tuple[Walk, Json]) -> None:
    walk, page = walked
    told = walk.as_json()
    assert told["day"] == walk.sandbox.day.isoformat()
    did = " | ".join(told["did"])
    assert re.search(r"approved .* \| edited .* \| skipped .* \| approved the other \d+", did)
    descriptions = [each["description"] for each in told["entries"]]
    assert any(EDITED in description for description in descriptions)
    skipped = next(each for each in told["did"] if each.startswith("skipped"))
    start = skipped.split()[1].partition("–")[0]
    assert start not in [each["start"][11:16] for each in told["entries"]]
    assert told["message"] in [each["text"] for each in page["messages"]]


def test_the_day_has_an_agent_a_meeting_and_an_absence(walked: tuple[Walk, Json]) -> None:
    """Each in the message's words, and marked in its picture."""
    walk, page = walked
    (message,) = (each for each in page["messages"] if each["text"] == walk.as_json()["message"])
    shown = json.dumps(message["blocks"], ensure_ascii=False)
    agents = "Agents worked 1 h 36 min for acme (not counted)"
    assert walk.as_json()["agents"] == agents
    assert agents in shown
    assert "Not counted: 11:30–12:15 away" in shown
    assert any("10:20–10:35 acme: Acme stand-up" in step for step in walk.steps)
    assert {"6 prompts.", "2 meetings."} <= set(re.findall(r"\d+ \w+\.", shown))


def test_every_click_was_acknowledged_in_time(walked: tuple[Walk, Json]) -> None:
    _, page = walked
    assert page["acks"]
    assert all(ack["ms"] is not None for ack in page["acks"])


# -- As a command --------------------------------------------------------------------------------


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process, gone when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tracklater_bot", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_once_prints_what_was_done_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with started("demo", "--once") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "In Toggl now" in out
    assert f"  {EDITED}" in out
    assert "Agents worked 1 h 36 min for acme" in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", usually([signal.SIGINT], [signal.SIGINT, signal.SIGTERM]))
def test_the_page_is_served_until_it_is_stopped(
    how: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with started("demo", "--no-open") as process:
        url = line_of(process.stdout)
        with urlopen(url, timeout=10) as answer:
            assert b"<html" in answer.read()
        process.send_signal(how)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert list(tmp_path.iterdir()) == []


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["demo", "--json"], 2, "--json goes with --once."),
        (["demo", "--port", "70000"], 2, "is no port"),
        (["demo", "--port", "many"], 2, "is no port"),
    ],
)
def test_a_mistake_gets_one_sentence(
    arguments: Sequence[str], code: int, told: str, tmp_path: Path
) -> None:
    answer = called(tmp_path, *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err


def test_a_port_in_use_gets_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = called(tmp_path, "demo", "--port", str(port), "--no-open")
    told = f"Port {port} cannot be used: Address already in use. Try another --port.\n"
    assert answer == Answer(1, "", told)


WITHOUT_THE_EXTRA = """
import sys
sys.modules["aiohttp"] = None
from tracklater_bot.cli.main import main
print([main(["demo", *more]) for more in (["--once"], ["--no-open", "--port", "0"])])
"""
ALL_BUT_THE_DEMO = """
import importlib, pkgutil, sys
sys.modules["aiohttp"] = None
import tracklater_bot
for module in pkgutil.walk_packages(tracklater_bot.__path__, "tracklater_bot."):
    if not module.name.endswith((".demo", ".__main__", ".migrations.env")):
        importlib.import_module(module.name)
"""


def test_without_its_extra_it_says_how_to_get_it() -> None:
    command = [sys.executable, "-c", WITHOUT_THE_EXTRA]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "[1, 1]\n"
    sentences = run.stderr.splitlines()
    assert len(sentences) == 2
    for sentence in sentences:
        assert "sh scripts/demo" in sentence
        assert "[demo]" in sentence


def test_nothing_else_needs_the_extra() -> None:
    subprocess.run([sys.executable, "-c", ALL_BUT_THE_DEMO], check=True)
