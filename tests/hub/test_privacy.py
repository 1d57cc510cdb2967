"""The firm sees hours, never windows: words planted on a laptop are nowhere at the hub."""

from __future__ import annotations

import json
import logging
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.firm import Firm
from tests.longer import usually
from tracklater_hub import admission
from tracklater_hub.protocol import Envelope
from tracklater_sandbox import ME

DATA = Path(__file__).parent.parent / "data" / "agents"
LETTERS = "bcdfghjklmnpqrstvwxz"  # no word of anybody's language


@pytest.fixture(autouse=True)
def _logs(caplog: pytest.LogCaptureFixture) -> None:
    """All that anybody of ours would ever log."""
    for name in ("tracklater_hub", "tracklater_bot", "procrastinate", "aiohttp"):
        caplog.set_level(logging.DEBUG, logger=name)


def words(number: int) -> Iterator[str]:
    chance = random.Random(1919)
    for _ in range(number):
        yield "q" + "".join(chance.choices(LETTERS, k=9))


class Planter:
    """Puts a word of its own into each text that it is given, as long as there are any."""

    def __init__(self, number: int) -> None:
        self._words = words(number)
        self.used: set[str] = set()

    def mark(self, text: str) -> str:
        word = next(self._words, None)
        if word is None:
            return text
        self.used.add(word)
        return f"{text} {word} /home/{word}/{word}.txt"

    def marked(self, value: Any, keys: frozenset[str], key: str = "") -> Any:
        """A copy, with a word in every text under one of the keys."""
        if isinstance(value, dict):
            return {name: self.marked(one, keys, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.marked(one, keys, key) for one in value]
        return self.mark(value) if isinstance(value, str) and key in keys else value


def plant(firm: Firm, home: Path, number: int) -> set[str]:
    """Titles of windows, prompts of agents and the files they touched, messages."""
    titles = Planter(number)
    for channel in firm.sandbox.slack.workspace.channels.values():
        for message in () if channel.is_im else channel.messages.values():
            message["text"] = titles.mark(message["text"])
    for tool in ("claude", "codex"):
        shutil.copytree(DATA / tool, home / tool)
    prompts = frozenset({"text", "content", "file_path", "path", "arguments", "output", "message"})
    for log in sorted(home.glob("c*/**/*.jsonl")):
        lines = []
        for line in log.read_bytes().splitlines():
            try:
                lines.append(json.dumps(titles.marked(json.loads(line), prompts)).encode())
            except ValueError:  # half a line, as such logs have
                lines.append(line)
        log.write_bytes(b"\n".join(lines))
    for file in sorted((home / "thyme").glob("*.json")):
        recorded = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(titles.marked(recorded, frozenset({"Name"}))), encoding="utf-8")
    return titles.used


def listened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The body of every request to the hub, as it comes in."""
    heard: list[bytes] = []
    opened = admission.opened

    def listening(path: str, body: bytes) -> Envelope:
        heard.append(body)
        return opened(path, body)

    monkeypatch.setattr(admission, "opened", listening)
    return heard


def everything_stored(firm: Firm) -> str:
    """All rows of all tables of the hub's database."""
    tables = firm.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return "\n".join(str(firm.sql(f'SELECT * FROM "{name}"')) for (name,) in tables)


def test_no_word_of_a_title_leaves_the_laptop(
    firm: Firm,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    firm.start_hub()
    home = firm.home / ME
    agents = f'[agents]\nclaude_dir = "{home}/claude"\ncodex_dir = "{home}/codex"\n'
    token = {"TRACKLATER_SLACK__USER_TOKEN": firm.sandbox.slack.user_token}
    laptop = firm.join(ME, agents, **token)
    secret = plant(firm, home, usually(3_000, 10_000))
    assert len(secret) > 1_000
    sent = listened(monkeypatch)
    laptop.wake()
    firm.give_tokens(ME)
    firm.open(ME)
    firm.click(ME, "approve", firm.buttons(ME, "approve")[0])
    firm.wait(lambda: "in Toggl" in firm.rows(ME) or None)
    for command in ("status", "week", "yesterday"):
        seen = len(firm.answers(ME))
        firm.ask(ME, command)
        firm.wait(lambda: len(firm.answers(ME)) > seen or None)  # noqa: B023
    (draft,) = firm.sql("SELECT draft FROM hub_drafts WHERE day = :day", day=firm.sandbox.day)
    told = {one["name"] for one in json.loads(draft[0])["sources"] if one["clues"]}
    assert {"thyme", "git", "slack", "agents"} <= told  # so that there was something to tell
    places = {
        "database": everything_stored(firm),
        "logs": caplog.text + "".join(capfd.readouterr()),
        "what the laptop sent": b"".join(sent).decode(),
        "what Toggl got": json.dumps(firm.toggls[ME].entries),
        "the conversation": json.dumps(firm.sandbox.slack.messages(user=ME)),
    }
    for place, text in places.items():
        assert text, place
        assert [word for word in secret if word in text] == [], place
