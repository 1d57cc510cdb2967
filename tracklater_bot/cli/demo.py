"""The demo: the sandbox and the real bot, talking over a real WebSocket on loopback."""

from __future__ import annotations

import json
import os
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from tracklater_bot.cli.person import person_of
from tracklater_bot.cli.shared import print_json
from tracklater_bot.cli.signals import stop_event, stopping_as_interrupt
from tracklater_bot.core import opened
from tracklater_bot.domain.digests import Digest, ItemState
from tracklater_bot.domain.draft import agents_words
from tracklater_bot.domain.text import day_name, duration, times
from tracklater_bot.outbox.worker import Pace
from tracklater_bot.settings import SettingsError, load
from tracklater_bot.slack.app import Bot, running
from tracklater_bot.slack.connections import ConnectError
from tracklater_bot.slack.days import BotTiming
from tracklater_bot.slack.messages import PostError
from tracklater_sandbox import ME, Sandbox

Json: TypeAlias = "dict[str, Any]"

WAIT_SECONDS = 30.0
EDITED = "Workshop with the client"
UNEXPLAINED = "“What was this?”"
# The sandbox's services need no rest between requests, but people like to see things happen.
DEMO_TIMING = BotTiming(update_rest=0.2, pace=Pace(spacing=timedelta(seconds=0.2)))


class DemoError(Exception):
    """The demo did not get through; the text says where it stopped."""


@contextmanager
def running_demo(port: int = 0) -> Iterator[tuple[Sandbox, Bot]]:
    """A sandbox with the real bot connected to it, and nothing left behind afterwards.

    Raises DemoError.
    """
    with tempfile.TemporaryDirectory(prefix="tracklater-demo-") as folder:
        sandbox = Sandbox(Path(folder))
        _start(sandbox, port)
        try:
            environ = {
                **sandbox.env,
                **sandbox.more_traces,
                "TRACKLATER_DATABASE_URL": f"sqlite:///{folder}/demo.db",
                "TRACKLATER_GROUPS__ACME__JIRA__WORKLOGS": "true",
            }
            settings = load(sandbox.settings_file, None, environ).settings
            with opened(settings) as core, running(person_of(core), DEMO_TIMING) as bot:
                yield sandbox, bot
        except (ConnectError, PostError, SettingsError) as error:
            raise DemoError(str(error)) from error
        finally:
            sandbox.stop()


def _start(sandbox: Sandbox, port: int) -> None:
    try:
        sandbox.start(port)
    except OSError as error:
        where = f"Port {port}" if port else "A port on 127.0.0.1"
        reason = os.strerror(error.errno or 0)  # the error's own text says it twice
        raise DemoError(f"{where} cannot be used: {reason}. Try another --port.") from error


# -- Without a person ----------------------------------------------------------------------------


def once(*, as_json: bool) -> int:
    """Goes through the sample day as a person would, and prints what is then in Toggl."""
    with stopping_as_interrupt(), running_demo() as (sandbox, bot):
        walk = Walk(sandbox, bot)
        walk.whole_day()
        if as_json:
            print_json(walk.as_json())
        else:
            _print(walk)
    return 0


@dataclass
class Walk:
    """One person's way through the digest, click by click. Raises DemoError where it ends."""

    sandbox: Sandbox
    bot: Bot
    steps: list[str] = field(default_factory=list)

    def whole_day(self) -> None:
        """Asks for the day, approves one suggestion, edits one, skips one, approves the rest."""
        slack, day, note = self.sandbox.slack, self.sandbox.day, self.steps.append
        slack.command("/tracklater", day.isoformat())
        self._wait(lambda: self._message() is not None, "the day's message")
        note(f"/tracklater {day}: the digest was posted")

        first = self._items("approve")[0]
        self._click("approve", first)
        self._wait(lambda: first in self._items("undo"), "the first entry")
        note(f"approved {self._name(first)}")

        item = self._items("approve")[0]
        name = self._name(item)
        self._click("edit", item)
        self._wait(lambda: slack.view is not None, "the edit dialog")
        outcome = slack.submit(None, {"description": EDITED})
        if outcome.errors:
            raise DemoError(f"The edit was refused: {' '.join(outcome.errors.values())}")
        self._wait(lambda: EDITED in json.dumps(self._message()), "the edited description")
        note(f"edited {name}: it reads “{EDITED}” now")

        last = self._items("skip")[-1]
        name = self._name(last)
        self._click("skip", last)
        self._wait(lambda: last in self._items("undo"), "the skipped suggestion")
        note(f"skipped {name}")

        rest = len(self._items("approve"))
        self._click("approve_all", None)
        self._wait(lambda: not self._items("approve"), "the rest of the entries")
        self._wait(self._all_sent, "the last entry")
        note(f"approved the other {rest} with “Approve all”")
        open_ones = self._items("edit", ItemState.OPEN)
        self.steps += [f"left open {self._name(item)}" for item in open_ones]

    # -- What came of it -----------------------------------------------------------------------

    def as_json(self) -> Json:
        """The walk as JSON: what was done, the entries of that day, and the message's text."""
        return {
            "day": self.sandbox.day.isoformat(),
            "did": self.steps,
            "entries": self.entries(),
            "worklogs": self.worklogs(),
            "agents": self.agents(),
            "message": (self._message() or {}).get("text"),
        }

    def entries(self) -> list[Json]:
        """The sample day's entries in Toggl, as the page shows them, by their start."""
        all_entries = (_entry(entry, self.sandbox) for entry in self.sandbox.toggl.named_entries())
        day = self.sandbox.day.isoformat()
        own = [entry for entry in all_entries if entry["start"].startswith(day)]
        return sorted(own, key=lambda entry: (entry["start"], entry["id"]))

    def worklogs(self) -> list[Json]:
        """What the entries became in Jira, by their start."""
        return [
            {
                "issue": worklog["issueKey"],
                "start": _local(worklog["started"], self.sandbox),
                "minutes": worklog["timeSpentSeconds"] // 60,
            }
            for worklog in self.sandbox.jira.worklogs
        ]

    def agents(self) -> str:
        """How long agents worked by themselves, in the message's words."""
        digest = self._digest()
        return agents_words(digest.agents) if digest else ""

    # -- Clicks and looks ------------------------------------------------------------------------

    def _click(self, action: str, item: str | None) -> None:
        message = self._message()
        if message is None:
            raise DemoError("The day's message is gone.")
        if not self.sandbox.slack.click(message, action, item).acked:
            raise DemoError(f"Slack got no answer to “{action}”.")

    def _message(self) -> Json | None:
        wanted = self.sandbox.day.isoformat()
        for message in self.sandbox.slack.messages():
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("day") == wanted:
                return message
        return None

    def _items(self, action: str, state: ItemState | None = None) -> list[str]:
        """The items that have this button now, in the order of the message."""
        message = self._message() or {}
        elements = [
            element
            for block in message.get("blocks", ())
            for element in (*block.get("elements", ()), block.get("accessory") or {})
        ]
        # What a row has no button for is an entry `<action>:<item>` of its menu.
        entries = [entry["value"] for each in elements for entry in each.get("options", ())]
        entries += [f"{each.get('action_id')}:{each.get('value')}" for each in elements]
        items = [value.partition(":")[2] for value in entries if value.startswith(f"{action}:")]
        return [item for item in items if state in (None, self._state(item))]

    def _state(self, item_id: str) -> ItemState | None:
        found = self.bot.days.item(item_id)
        return found[1].state if found else None

    def _all_sent(self) -> bool:
        digest = self._digest()
        still = (ItemState.PENDING, ItemState.SENDING, ItemState.UNKNOWN)
        if digest is None or any(item.state in still for item in digest.items):
            return False
        if any(item.worklog and item.worklog.state is ItemState.PENDING for item in digest.items):
            return False
        return digest.shown == digest.version

    def _digest(self) -> Digest | None:
        return self.bot.days.person.store.digest(ME, self.sandbox.day)

    def _name(self, item_id: str) -> str:
        """`09:05–11:30 acme: DEV-123 Fix login`."""
        found = self.bot.days.item(item_id)
        if found is None:
            return "a suggestion"
        suggestion = found[1].suggestion
        when = times(suggestion.span, self.sandbox.zone, self.sandbox.day)
        words = (suggestion.group, suggestion.description)
        what = ": ".join(dict.fromkeys(filter(None, words))) if suggestion.group else UNEXPLAINED
        return f"{when} {what}"

    def _wait(self, seen: Callable[[], bool], what: str) -> None:
        try:
            self.sandbox.slack.wait(seen, WAIT_SECONDS)
        except TimeoutError:
            raise DemoError(f"The demo waited for {what}, and it did not come.") from None


def _entry(entry: Json, sandbox: Sandbox) -> Json:
    """An entry of the sandbox's Toggl, its times on the person's clock."""
    return {
        "id": entry["id"],
        "start": _local(entry["start"], sandbox),
        "end": _local(entry["stop"], sandbox) if entry.get("stop") else None,
        "description": entry["description"],
        "client": entry.get("client_name"),
        "project": entry.get("project_name"),
    }


def _local(stamp: str, sandbox: Sandbox) -> str:
    return datetime.fromisoformat(stamp).astimezone(sandbox.zone).isoformat()


def _print(walk: Walk) -> None:
    for step in walk.steps:
        print(step)
    print(f"In Toggl now, {day_name(walk.sandbox.day)}:")
    for entry in walk.entries():
        where = f"{entry['client']} › {entry['project']}"
        end = entry["end"][11:16] if entry["end"] else "…"
        print(f"  {entry['start'][11:16]}–{end}  {where:26}  {entry['description']}")
    print("Logged in Jira too, since the demo's acme has worklogs switched on:")
    for log in walk.worklogs():
        length = duration(timedelta(minutes=log["minutes"]))
        print(f"  {log['start'][11:16]}  {log['issue']}  {length}")
    print(f"{walk.agents()}.")


# -- With a person -------------------------------------------------------------------------------


def page(port: int, *, open_browser: bool) -> int:
    """Serves the page until the person stops it."""
    stopped = stop_event()
    with running_demo(port) as (sandbox, bot):
        bot.days.open_day(bot.days.person.calendar.day_on(sandbox.day))
        print(f"{sandbox.url}/", flush=True)
        print(
            f"A sample workday, {day_name(sandbox.day)}: a Slack, a Toggl, a Jira and a Taiga on"
            " this machine only. Stop with Ctrl-C.",
            flush=True,
        )
        if open_browser and _has_window():
            webbrowser.open(f"{sandbox.url}/")
        stopped.wait()
    return 0


def _has_window() -> bool:
    """Whether there is a browser that does not take over this terminal."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    in_terminal = isinstance(browser, webbrowser.GenericBrowser)
    return not in_terminal or isinstance(browser, webbrowser.BackgroundBrowser)
