"""The demo: the sandbox and the real bot, talking over a real WebSocket on loopback."""

from __future__ import annotations

import json
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tracklater_bot.app import opened
from tracklater_bot.bot import Bot, running
from tracklater_bot.sandbox import Sandbox
from tracklater_bot.settings import load
from tracklater_bot.signals import stop_event
from tracklater_bot.words import day_name

PATIENCE_SECONDS = 30.0
EDITED = "Workshop with the client, edited in Slack"


class DemoError(Exception):
    """The demo did not get through; the text says where it stopped."""


@contextmanager
def stage(port: int = 0) -> Iterator[tuple[Sandbox, Bot]]:
    """A sandbox with the real bot connected to it, and nothing left behind afterwards."""
    with tempfile.TemporaryDirectory(prefix="tracklater-demo-") as folder:
        home = Path(folder)
        sandbox = Sandbox(home)
        sandbox.start(port)
        try:
            environ = {**sandbox.env, "TRACKLATER_DATABASE_URL": f"sqlite:///{home / 'demo.db'}"}
            settings = load(sandbox.settings_file, None, environ).settings
            with opened(settings) as core, running(core) as bot:
                yield sandbox, bot
        finally:
            sandbox.stop()


def once(*, as_json: bool) -> int:
    """Goes through the sample day as a person would, and prints what is then in Toggl."""
    with stage() as (sandbox, _):
        walk = Walk(sandbox)
        walk.command()
        walk.approve_first()
        walk.edit_second()
        walk.skip_third()
        walk.approve_the_rest()
        entries = [_entry(each, sandbox) for each in sandbox.toggl.named_entries()]
        if as_json:
            told = {"day": sandbox.day.isoformat(), "did": walk.did, "entries": entries}
            print(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            _print(walk.did, entries, sandbox)
    return 0


class Walk:
    """One person's way through the digest, click by click."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._slack = sandbox.slack
        self.did: list[str] = []

    def command(self) -> None:
        """Asks for the sample day and waits for its message."""
        self._slack.command("/tracklater", self._sandbox.day.isoformat())
        self._wait(lambda: self._message() is not None, "the day's message")
        self.did.append(f"/tracklater {self._sandbox.day}: the digest was posted")

    def approve_first(self) -> None:
        """Clicks the first Approve and waits until the entry is in Toggl."""
        item = self._items("approve")[0]
        self._click("approve", item)
        self._wait(lambda: item in self._items("undo"), "the first entry")
        self.did.append("approved the first suggestion")

    def edit_second(self) -> None:
        """Opens the dialog of the next suggestion, changes its description, and approves it."""
        item = self._items("edit")[0]
        self._click("edit", item)
        self._wait(lambda: self._slack.view is not None, "the edit dialog")
        outcome = self._slack.submit(None, {"description": EDITED})
        if outcome.errors:
            raise DemoError(f"The edit was refused: {' '.join(outcome.errors.values())}")
        self._wait(lambda: EDITED in json.dumps(self._message()), "the edited description")
        self.did.append(f"edited the next one: “{EDITED}”")

    def skip_third(self) -> None:
        """Skips the last suggestion that can be approved."""
        item = self._items("approve")[-1]
        self._click("skip", item)
        self._wait(lambda: item in self._items("undo"), "the skipped suggestion")
        self.did.append("skipped one")

    def approve_the_rest(self) -> None:
        """Clicks Approve all, and waits until nothing is on its way any more."""
        self._slack.click(self._ts(), "approve_all")
        self._wait(lambda: not self._items("approve"), "the rest of the entries")
        self._wait(lambda: "on the way" not in json.dumps(self._message()), "the last entry")
        self.did.append("approved the rest with “Approve all”")

    def _click(self, action: str, item: str) -> None:
        outcome = self._slack.click(self._ts(), action, item)
        if not outcome.acked:
            raise DemoError(f"Slack got no answer to “{action}”.")

    def _message(self) -> dict[str, Any] | None:
        wanted = self._sandbox.day.isoformat()
        for message in self._slack.messages():
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("day") == wanted:
                return message
        return None

    def _ts(self) -> str:
        message = self._message()
        if message is None:
            raise DemoError("The day's message is gone.")
        return str(message["ts"])

    def _items(self, action: str) -> list[str]:
        """The items that have this button now, in the order of the message."""
        message = self._message() or {}
        return [
            str(element["value"])
            for block in message.get("blocks", ())
            for element in (*block.get("elements", ()), block.get("accessory"))
            if isinstance(element, dict) and element.get("action_id") == action
        ]

    def _wait(self, seen: Callable[[], bool], what: str) -> None:
        try:
            self._slack.wait(seen, PATIENCE_SECONDS)
        except TimeoutError:
            raise DemoError(f"The demo waited for {what}, and it did not come.") from None


def _entry(entry: dict[str, Any], sandbox: Sandbox) -> dict[str, Any]:
    """An entry of the sandbox's Toggl as the page shows it."""
    return {
        "id": entry["id"],
        "start": _local(entry["start"], sandbox),
        "end": _local(entry["stop"], sandbox) if entry.get("stop") else None,
        "description": entry["description"],
        "client": entry.get("client_name"),
        "project": entry.get("project_name"),
        "created_with": entry.get("created_with"),
    }


def _local(stamp: str, sandbox: Sandbox) -> str:
    return datetime.fromisoformat(stamp).astimezone(sandbox.zone).isoformat()


def _print(did: list[str], entries: list[dict[str, Any]], sandbox: Sandbox) -> None:
    for step in did:
        print(step)
    print(f"In Toggl now, {day_name(sandbox.day)}:")
    for entry in entries:
        where = f"{entry['client']} › {entry['project']}"
        end = entry["end"][11:16] if entry["end"] else "…"
        print(f"  {entry['start'][11:16]}–{end}  {where:32}  {entry['description']}")


def page(port: int, *, open_browser: bool) -> int:
    """Serves the page until the person stops it."""
    stopped = stop_event()
    with stage(port) as (sandbox, bot):
        bot.desk.open_day(bot.desk.core.day(sandbox.day.isoformat()))
        print(f"{sandbox.url}/", flush=True)
        print(
            f"A sample workday, {day_name(sandbox.day)}: a Slack, a Toggl, a Jira and a Taiga on"
            " this machine only. Stop with Ctrl-C.",
            flush=True,
        )
        if open_browser:
            webbrowser.open(f"{sandbox.url}/")
        stopped.wait()
    return 0
