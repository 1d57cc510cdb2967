"""A whole day with the real bot as a process, and everything that it wrote or sent on the way."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, unquote_plus

from tests.bots import PATIENCE, button_of, digests_in
from tracklater_sandbox import Sandbox


def message(sandbox: Sandbox) -> dict[str, Any]:
    """The day's message."""
    found = digests_in(sandbox.slack.messages(), sandbox.day.isoformat())
    assert len(found) == 1
    return found[0]


def open_day(sandbox: Sandbox) -> None:
    """Asks for the sample day; it is there when its message is."""
    day = sandbox.day.isoformat()
    sandbox.slack.command("/tracklater", day)
    sandbox.slack.wait(lambda: digests_in(sandbox.slack.messages(), day), PATIENCE)


def use_everything(sandbox: Sandbox) -> None:
    """Presses whatever there is to press, and waits until Toggl has all of it."""
    slack = sandbox.slack
    ts = message(sandbox)["ts"]
    items = button_of(message(sandbox), "approve")
    slack.click(ts, "edit", items[1])
    slack.wait(lambda: slack.view, PATIENCE)
    slack.suggest(None, "issue", "dev")
    slack.close_view()
    why = re.search(r'"(why:[^"]+)"', json.dumps(message(sandbox)["blocks"]))
    assert why is not None
    slack.click(ts, "more", why[1])
    slack.wait(lambda: slack.view, PATIENCE)
    slack.close_view()
    slack.click(ts, "skip", items[-1])
    for words in ("week", "status", "help"):
        slack.command("/tracklater", words)
    slack.home(timeout=PATIENCE)
    slack.click(ts, "approve_all")
    slack.wait(lambda: not button_of(message(sandbox), "approve_all"), PATIENCE)
    before = len(sandbox.toggl.entries)
    slack.wait(lambda: "n its way" not in json.dumps(message(sandbox)["blocks"]), PATIENCE)
    assert len(sandbox.toggl.entries) >= before > 0


def written(sandbox: Sandbox) -> dict[str, bytes]:
    """Whatever the bot left on this machine, by file: its log, its database, its settings."""
    files = [path for path in sandbox.home.rglob("*") if path.is_file()]
    ours = [
        path for path in files if path.suffix in (".log", ".msgpack") or ".sqlite3" in path.name
    ]
    assert any(path.suffix == ".log" for path in ours)
    assert any(".sqlite3" in path.name for path in ours)
    return {path.name: path.read_bytes() for path in ours}


def shown(sandbox: Sandbox) -> bytes:
    """Everything that Slack shows to people and that the bot had a hand in."""
    workspace = sandbox.slack.workspace
    state = {
        "dms": [
            list(value.messages.values()) for value in workspace.channels.values() if value.is_im
        ],
        "homes": list(workspace.homes.values()),
        "modals": list(workspace.modals.values()),
        "files": [(value.name, value.alt, value.title) for value in workspace.files.values()],
    }
    return json.dumps(state, ensure_ascii=False).encode()


def readings(data: bytes) -> Iterator[str]:
    """The bytes as text in the ways that text hides: as it is, in an address, in JSON's escapes."""
    text = data.decode("utf-8", "replace")
    yield text
    yield unquote_plus(text)
    yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)


def holds(data: bytes, words: Iterable[str]) -> list[str]:
    """Those of the words that are in the data, however written."""
    texts = [reading.casefold() for reading in readings(data)]
    return [word for word in words if any(word.casefold() in text for text in texts)]


def disguises(secrets: Iterable[str], names: Iterable[str] = ()) -> set[str]:
    """The secrets as they are, and as headers carry them: with user `names` before or after."""
    plain = [secret for secret in secrets if secret]
    pairs = {
        pair
        for secret in plain
        for name in ("api_token", *names)
        for pair in (f"{name}:{secret}", f"{secret}:{name}")
    }
    encoded = {base64.b64encode(each.encode()).decode().rstrip("=") for each in (*plain, *pairs)}
    return {*plain, *encoded, *(quote(each) for each in plain)}
