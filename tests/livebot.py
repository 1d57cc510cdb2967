"""The real bot in this process on a sandbox, at a speed and with a clock for tests."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event
from typing import Any, TypeVar

from pydantic import SecretStr

from tests.bots import button_of, digests_in, says
from tests.conftest import close_client
from tests.loopback import FakeTime
from tests.rooms import put_database
from tracklater_bot.cli.person import person_of
from tracklater_bot.core import Core, opened
from tracklater_bot.domain.digests import Digest
from tracklater_bot.outbox.worker import Pace
from tracklater_bot.settings import ClockifySettings, Settings, load
from tracklater_bot.slack.app import Bot, running
from tracklater_bot.slack.connections import SocketConnection
from tracklater_bot.slack.days import BotTiming, Days
from tracklater_bot.slack.handlers.day import STILL_LOOKING
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.slack.person import Outcome

T = TypeVar("T")
Json = dict[str, Any]

AT_ONCE = BotTiming(
    update_rest=0.03,
    retry=0.1,
    minute=0.05,
    # The test's clock stands still, so no back-off may wait for it: 2 ** failures * (0.5 - 0.5).
    pace=Pace(spacing=timedelta(), lookup_delay=timedelta(), chance=lambda: -0.5),
)
PATIENCE = 60.0


def evening(sandbox: Sandbox, at: str = "18:00") -> datetime:
    """That time on the sample day."""
    return datetime.fromisoformat(f"{sandbox.day}T{at}").replace(tzinfo=sandbox.zone)


def sample_settings(sandbox: Sandbox, more: str = "", **environ: str) -> Settings:
    """The sandbox's settings without pictures, which take a second each; `more` lines of TOML."""
    file = sandbox.home / "live.toml"
    text = sandbox.settings_file.read_text(encoding="utf-8")
    file.write_text(f"{text}\n[digest]\npicture = false\n{more}", encoding="utf-8")
    return load(file, None, {**sandbox.env, **environ}).settings


def clockify_settings(sandbox: Sandbox) -> ClockifySettings:
    """The account of the sandbox's Clockify."""
    address = f"{sandbox.url}/clockify/api/v1"
    return ClockifySettings(base_url=address, api_key=SecretStr(sandbox.clockify.api_key))


def with_clockify(sandbox: Sandbox) -> Settings:
    """The sample day's settings of somebody who has Clockify, without a word of Toggl in them."""
    file = sandbox.settings_file
    text = re.sub(r"\[toggl\]\n(?:.+\n)*", "", file.read_text(encoding="utf-8"))
    file.write_text(text.replace("toggl.", "tracker."), encoding="utf-8")
    account = clockify_settings(sandbox)
    more = f'[clockify]\nbase_url = "{account.base_url}"\n'
    keys = {
        "TRACKLATER_TOGGL__API_TOKEN": "",
        "TRACKLATER_CLOCKIFY__API_KEY": sandbox.clockify.api_key,
    }
    return sample_settings(sandbox, more, **keys)


@dataclass
class Live:
    """A person in front of the sandbox's Slack, with the real bot on the other side."""

    sandbox: Sandbox
    time: FakeTime
    core: Core
    bot: Bot
    before: frozenset[int]

    @property
    def days(self) -> Days:
        return self.bot.days

    @property
    def digest(self) -> Digest:
        """The sample day as it is stored."""
        found = self.days.person.store.digest(ME, self.sandbox.day)
        assert found is not None
        return found

    # -- What the person does

    def ask(self, words: str = "") -> Outcome:
        """Writes `/tracklater words`; without words, the sample day is asked for."""
        return self.sandbox.slack.command("/tracklater", words or self.sandbox.day.isoformat())

    def open(self) -> Json:
        """Asks for the sample day and waits for its message and the answer that links to it."""
        self.ask()
        self.wait(lambda: self.answered("review"))
        return self.message()

    def click(self, action: str, value: Any = None, **more: Any) -> Outcome:
        return self.sandbox.slack.click(self.message(), action, value, **more)

    # -- What they see

    def messages(self) -> list[Json]:
        """The day's messages, of which there should be one."""
        return digests_in(self.sandbox.slack.messages(), self.sandbox.day.isoformat())

    def message(self) -> Json:
        (only,) = self.messages()
        return only

    def rows(self) -> list[str]:
        """What the message says of each suggestion, in order of time."""
        return list(says(self.message()["blocks"]).values())

    def buttons(self, action: str) -> list[str]:
        return button_of(self.message(), action)

    def answers(self, user: str = ME) -> list[str]:
        """What only this person sees in the owner's DM: answers to commands and clicks."""
        return [str(answer["text"]) for answer in self.private_answers(user)]

    def private_answers(self, user: str = ME) -> list[Json]:
        """The same as whole messages, without the one that a busy machine lets come before."""
        seen = self.sandbox.slack.messages(self.days.messenger.channel_of(ME), user=user)
        return [m for m in seen if m.get("is_ephemeral") and m["text"] != STILL_LOOKING]

    def asked(self, words: str) -> Json:
        """The whole answer to `/tracklater words`."""
        heard = len(self.answers())
        self.ask(words)
        return self.wait(lambda: self.whole_answers(heard))[-1]

    def whole_answers(self, heard: int) -> list[Json]:
        """The answers after so many, without those that say that they are not there yet."""
        answers = self.private_answers()[heard:]
        return [answer for answer in answers if "I am still looking" not in answer["text"]]

    def answered(self, words: str) -> str | None:
        return next((answer for answer in self.answers() if words in answer), None)

    def entries(self) -> list[Json]:
        """What came into Toggl since the bot was started."""
        return [
            entry for entry in self.sandbox.toggl.named_entries() if entry["id"] not in self.before
        ]

    def spans(self) -> list[tuple[datetime, datetime]]:
        """The times of those entries."""
        return [
            (datetime.fromisoformat(entry["start"]), datetime.fromisoformat(entry["stop"]))
            for entry in self.entries()
        ]

    def wait(self, seen: Callable[[], T | None]) -> T:
        return self.sandbox.slack.wait(seen, PATIENCE)

    def eventually(self, true: Callable[[], bool]) -> None:
        """For what happens apart from Slack."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, "what was waited for did not happen"
            time.sleep(0.01)


@contextmanager
def live(
    sandbox: Sandbox,
    settings: Settings | None = None,
    at: str = "18:00",
    timing: BotTiming = AT_ONCE,
) -> Iterator[Live]:
    """The bot connected to the sandbox; Slack's own clock and the bot's are the test's.

    At its end what fails is not tried again at once: a bot whose sandbox is gone would try it, with
    all of a processor, as long as the other tests run.
    """
    clock, ending = FakeTime(evening(sandbox, at)), Event()
    chance = timing.pace.chance
    pace = replace(timing.pace, chance=lambda: 0.5 if ending.is_set() else chance())
    put_database(sandbox.home / "tracklater.sqlite3")
    sandbox.slack.workspace.clock = lambda: clock().timestamp()
    with (
        opened(settings or sample_settings(sandbox), clock) as core,
        running(person_of(core), replace(timing, pace=pace)) as bot,
    ):
        try:
            sandbox.slack.wait_connected()
            before = frozenset(entry["id"] for entry in sandbox.toggl.entries)
            yield Live(sandbox, clock, core, bot, before)
        finally:
            ending.set()
            assert isinstance(bot.connection, SocketConnection)
            close_client(bot.connection.client, sandbox)
