"""Days on which everything fails in turn: how many hours are doubled, lost, or lied about.

The real review, outbox, messenger and clients talk to the sandbox's Toggl, Jira and Slack over
HTTP; only the clock is a toy, so that an hour's quota passes at once. A seed always gives the same
day. Bots die, are suspended, and come back; clocks are set; sources hang; projects are archived;
Toggl is away for two days; an old copy of the database comes back.

    python -m benchmarks.soak --days 2000
    python -m benchmarks.soak --seconds 120 --first 5000
"""

from __future__ import annotations

import argparse
import logging
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import select

from tests.bots import FAILED, IN_TOGGL, OFFERED, SKIPPED, digests_in, says, with_worklogs
from tests.digests import suggestion
from tests.loopback import FakeTime
from tests.notation import FRIDAY, at
from tests.rooms import empty_database
from tracklater_bot.blocks.digest import DigestView, digest_message
from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.domain.clues import Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.drafting.recorders import read_all
from tracklater_bot.http import Timing
from tracklater_bot.outbox.lookup import Lookup
from tracklater_bot.outbox.outcomes import Sender
from tracklater_bot.outbox.senders import all_senders
from tracklater_bot.outbox.worker import Pace, Worker
from tracklater_bot.review.decisions import Change, Review, ReviewError
from tracklater_bot.settings import ClockifySettings, Settings, load
from tracklater_bot.slack.app import web_client
from tracklater_bot.slack.messages import Messenger, PostError, logged_if_refused
from tracklater_bot.slack.pace import PacedClient, Pacer
from tracklater_bot.store import Store, worklogs
from tracklater_bot.store.jobs import Job, Stage, Target
from tracklater_bot.store.lanes import owner_name
from tracklater_bot.store.tables import ACTIVE, outbox
from tracklater_bot.trackers.base import NewEntry, words_of
from tracklater_bot.trackers.clockify import ClockifyTracker
from tracklater_bot.trackers.jira_worklogs import PROPERTY, JiraWorklogs
from tracklater_bot.trackers.toggl import TogglTracker
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.clockify import FakeClockify
from tracklater_sandbox.jira.service import JiraIssue
from tracklater_sandbox.toggl import WORKSPACE, FakeToggl
from tracklater_sandbox.toggl.quota import Quotas
from tracklater_sandbox.toggl.rules import Refusal

PERSON = ME
T = TypeVar("T")
ROUNDS = 10
FREE_REQUESTS = 30
ENTRIES = "time.entries"  # in Toggl's addresses and in Clockify's
MORNING = ("09:00-10:00 acme DEV-1", "10:00-11:30 acme DEV-2", "11:30-12:00 acme DEV-3")
WRITES = (
    "drop-before", "drop-after-saving", "saved-later", "400", "401", "402", "403", "404", "410",
    "302", "429", "451", "500", "502", "html", "half-json",
)  # fmt: skip
# A change that comes after the next one would undo it, and Toggl tells nobody.
CHANGES = tuple(kind for kind in WRITES if kind != "saved-later")
OF_SLACK = (
    "drop-before", "drop-after-saving", "saved-later", "saved-later", "500", "502", "html",
    "half-json", "429", "error:channel_not_found", "error:ratelimited", "error:internal_error",
)  # fmt: skip
JUMPS = (-86_400, -3_600, -90, 90, 3_600)  # seconds by which the clock is set
LATE_SECONDS = (3, 90, 300, 900)
READS = ("drop-before", "500", "429", "html", "half-json", "402", "403")


class Crash(BaseException):
    """The process dies here."""


def _nothing() -> None:
    pass


class SuspendableWorker(Worker):
    """A worker whose machine may be suspended after the mark and before the request."""

    suspended: Callable[[], None] | None = None

    def _mark_sending(self, job: Job, sender: Sender[Any]) -> Job | None:
        marked = super()._mark_sending(job, sender)
        sleep, self.suspended = self.suspended, None
        if sleep is not None:
            sleep()
        return marked


class MortalSlack(PacedClient):
    """Slack's client in a process that stands still `before` a change, or dies after it."""

    asleep: Callable[[], None] | None = None
    dies = False

    def chat_update(self, **what: Any) -> Any:
        """As the real one."""
        sleep, self.asleep = self.asleep, None
        if sleep is not None:
            sleep()
        answer = super().chat_update(**what)
        dies, self.dies = self.dies, False
        if dies:
            raise Crash
        return answer


class HangingSource:
    """A source whose disk does not answer."""

    name, group, watches_screen, local = "git", None, False, True

    def __init__(self) -> None:
        self.over = threading.Event()

    def read(self, span: Span) -> Reading:
        """Nothing, when all is over."""
        self.over.wait()
        return Reading(self.name)

    def check(self) -> str:
        """As long as reading it."""
        self.over.wait()
        return ""


class OneJira:
    """All groups' worklogs, in one Jira."""

    def __init__(self, worklogs: JiraWorklogs) -> None:
        self._worklogs = worklogs

    def wanted(self, group: str) -> bool:
        """Always."""
        return True

    def of(self, group: str) -> JiraWorklogs:
        """The one."""
        return self._worklogs


class Mortal:
    """A tracker's client in a process that dies `before` or `after` the next writing request.

    `afterwards` is called when the request was answered.
    """

    dies = ""
    afterwards: Callable[[], None] = staticmethod(_nothing)

    def create(self, entry: NewEntry) -> TimeEntry:
        """As the real one."""
        call: Any = super().create  # type: ignore[misc]  # the tracker's beside it
        return self._die_or(lambda: cast(TimeEntry, call(entry)))

    def update(self, entry_id: str, entry: NewEntry, seen: str | None) -> TimeEntry:
        """As the real one."""
        call: Any = super().update  # type: ignore[misc]
        return self._die_or(lambda: cast(TimeEntry, call(entry_id, entry, seen)))

    def delete(self, entry_id: str, seen: str | None) -> None:
        """As the real one."""
        call: Any = super().delete  # type: ignore[misc]
        self._die_or(lambda: call(entry_id, seen))

    def _die_or(self, call: Callable[[], T]) -> T:
        when, self.dies = self.dies, ""
        if when == "before":
            raise Crash
        answer = call()
        self.afterwards()
        if when == "after":
            raise Crash
        return answer


class MortalToggl(Mortal, TogglTracker):
    """Toggl's."""


class MortalClockify(Mortal, ClockifyTracker):
    """Clockify's."""


class Day:
    """One person's Friday: a new database, an empty Toggl, and what the person does."""

    project_id = "501"

    def __init__(self, sandbox: Sandbox, path: Path, settings: Settings, store: Store) -> None:
        self._path, self.store = path, store
        self.time, self._ahead = FakeTime(at("18:00")), timedelta()
        store.clock = self.time
        self.sandbox, self.jira, self.slack = sandbox, sandbox.jira, sandbox.slack
        self.service: FakeToggl | FakeClockify = self._emptied()
        self.service.faults.reset()
        self.service.faults.clock = lambda: self._true_time().timestamp()
        self._empty_others()
        timing = self.time.timing()
        self.tracker = self._tracker(settings, timing)
        acme = settings.groups["acme"].jira
        self._worklogs = OneJira(JiraWorklogs("acme", acme, self.time, timing))
        token, pacer = self.slack.bot_token, Pacer(minute=0.001)
        self.client = MortalSlack(token=token, base_url=settings.slack.base_url, pacer=pacer)
        self.client.ssl = web_client(settings).ssl
        self.client.retry_handlers = []
        self.foreign: set[object] = set()
        self.touched: set[str] = set()  # starts of entries that the person changed in Toggl
        self._start(empty_database())

    def _start(self, database: bytes) -> None:
        """A bot on that database. The store stays: putting its statements together takes long."""
        self.store.close()
        for beside in ("-wal", "-shm"):
            Path(f"{self._path}{beside}").unlink(missing_ok=True)
        self._path.write_bytes(database)
        self.review = Review(self.store, self.time, words_of(self.tracker))
        self.worker = self._worker(f"from {self.time()}")
        self.messenger = self._messenger()

    def _messenger(self) -> Messenger:
        def render(digest: Digest) -> SlackMessage:
            view = DigestView(now=self.time(), tracker=words_of(self.tracker))
            return digest_message(digest, view)

        return Messenger(self.client, self.store, render, owner_name(), self._ticks)

    def copy(self) -> bytes:
        """The database as a backup has it."""
        with (
            closing(sqlite3.connect(self._path)) as source,
            closing(sqlite3.connect(":memory:")) as to,
        ):
            source.backup(to)
            return to.serialize()

    def restore(self, copy: bytes) -> None:
        """An old copy comes back, and the bot is started on it; nothing is on its way any more."""
        for faults in (self.service.faults, self.jira.faults, self.slack.faults):
            faults._later.clear()
        self._start(copy)
        owned = self._owned()
        self.foreign = {each["id"] for each in self.service.entries if str(each["id"]) not in owned}
        there = {_start(each) for each in self.service.entries}
        for item in self.digest.items:
            start = _clock(item.suggestion.span.start)
            if (item.state is ItemState.SENT) != (start in there):
                self.touched.add(start)  # nobody has told the bot yet

    def _owned(self) -> set[str]:
        return {item.entry_id for item in self.digest.items if item.entry_id}

    def _empty_others(self) -> None:
        self.slack.workspace.dm(ME).messages.clear()
        for issue in self.jira.issues.values():
            issue.worklogs.clear()
        for faults in (self.slack.faults, self.jira.faults):
            faults.reset()
            faults.clock = lambda: self._true_time().timestamp()

    def _tracker(self, settings: Settings, timing: Timing) -> MortalToggl | MortalClockify:
        return MortalToggl(settings.toggl, self.time, timing)

    def _emptied(self) -> FakeToggl | FakeClockify:
        toggl, account = self.sandbox.toggl, self.sandbox.toggl.account
        account.entries.clear()
        account.deleted.clear()
        account.premium = True
        account.projects[501]["active"] = True
        account.clock = self._true_time
        toggl.quotas = Quotas(clock=lambda: self._true_time().timestamp())
        return toggl

    def archive(self, archived: bool | None = None) -> None:
        """Archives the project, or takes it out again; the other way round without a word."""
        project = self.sandbox.toggl.account.projects[501]
        project["active"] = not (project["active"] if archived is None else archived)

    def track(self, start: datetime) -> None:
        """The person makes ten minutes of their own in the tracker."""
        made = self.sandbox.toggl.account.create(
            WORKSPACE,
            {
                "created_with": "Toggl Track",
                "workspace_id": WORKSPACE,
                "description": "By hand",
                "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                "duration": 600,
            },
        )
        self.foreign.add(made["id"])

    def meddle(self, entry_id: str, *, delete: bool) -> None:
        """The person deletes an entry in the tracker, or writes it anew."""
        account = self.sandbox.toggl.account
        if delete:
            account.delete(int(entry_id))
            return
        self.time.forward(seconds=1)
        with suppress(Refusal):  # its project may be archived
            account.change(int(entry_id), {"description": "Changed by hand"})

    def _true_time(self) -> datetime:
        return self.time() - self._ahead

    def _ticks(self) -> float:
        return self._true_time().timestamp()

    def set_clock(self, seconds: float) -> None:
        """The bot's clock jumps; Toggl's does not."""
        self._ahead += timedelta(seconds=seconds)
        # Set ahead while no bot runs, it shortens the hour in which late entries are looked for:
        # SECURITY.md says so.
        unseen = seconds > 0 and self.worker._last_look is None
        for faults in (self.service.faults, self.jira.faults) if unseen else ():
            faults._later = [(due - seconds, *what) for due, *what in faults._later]  # type: ignore[misc]
        self.time.forward(seconds=seconds)

    def _worker(self, name: str) -> SuspendableWorker:
        pace = Pace(chance=lambda: 0.5, ticks=self._ticks)
        senders = all_senders(self.store, Lookup(lambda: self.tracker), self._worklogs)
        return SuspendableWorker(self.store, PERSON, name, senders, self.time, pace)

    # -- What the person does

    def open(self, *texts: str) -> list[str]:
        """The suggestions as read just now; gives their ids in order."""
        project = Project("Development", "acme", client="Acme Oy", id=self.project_id)
        found = tuple(replace(suggestion(text), project=project) for text in texts)
        self.store.save_draft(PERSON, Draft(FRIDAY.date, str(FRIDAY.zone), found))
        return [item.id for item in self.digest.items]

    def edit(self, item_id: str, **changed: Any) -> None:
        """Changes what the item says."""
        item = next(each for each in self.digest.items if each.id == item_id)
        now = item.suggestion
        change = Change(now.span, now.group, now.project, now.issue, now.description)
        self.review.edit(PERSON, item_id, replace(change, **changed), item.version)

    def settle(self, most: timedelta = timedelta(days=2)) -> None:
        """Lets the worker go on, and the clock with it, until nothing is left to send."""
        until = self.time() + most
        self.work()
        while (due_in := self.worker.due_in()) is not None and self.time() + due_in <= until:
            self.time.now = max(self.time(), self.time() + due_in)
            self.work()

    def publish(self) -> None:
        """The day's message is posted, or brought up to date."""
        with suppress(PostError, Crash):
            self.messenger.publish(self.digest)

    def show(self) -> bool:
        """What the bot does now for the message; whether it lived through it."""
        try:
            with logged_if_refused("Old messages could not be looked at"):
                self.messenger.look(PERSON)
            self.messenger.refresh_stale(PERSON)
        except Crash:
            self.messenger = self._messenger()
            return False
        return True

    def hang(self) -> None:
        """The day is read anew while a source does not answer."""
        source = HangingSource()
        (reading,) = read_all([source], FRIDAY.span, seconds=0.01)
        source.over.set()
        status = SourceStatus(reading.name, None, 0, reading.trouble)
        self.store.save_draft(PERSON, Draft(FRIDAY.date, str(FRIDAY.zone), sources=(status,)))

    def stand_still(self, minutes: int) -> None:
        """This bot's machine sleeps before its next change of the message; another bot goes on."""
        other = self._messenger()

        def sleep() -> None:
            self.time.forward(minutes=minutes)
            with suppress(PostError):
                other.refresh_stale(PERSON)

        self.client.asleep = sleep

    def suspend(self, minutes: int) -> None:
        """This bot's machine sleeps before its next request, while another bot goes on."""
        other = self._worker(f"other at {self.time()}")

        def sleep() -> None:
            self.time.forward(minutes=minutes)
            other.work()

        self.worker.suspended = sleep

    def work(self) -> bool:
        """What the worker does now; whether it lived through it."""
        try:
            self.worker.work()
        except Crash:
            self.worker = self._worker(f"after {self.time()}")
            self.tracker.dies = ""
            return False
        return True

    # -- What there is to see

    @property
    def digest(self) -> Digest:
        """The day as it is stored."""
        found = self.store.digest(PERSON, FRIDAY.date)
        if found is None:
            raise LookupError("the day was not opened")
        return found

    def awaited(self) -> set[str]:
        """Starts of entries of which a second may come yet: it is taken out when it is seen."""
        query = select(outbox.c.start).where(
            outbox.c.target == Target.LATE, outbox.c.state.in_(ACTIVE)
        )
        with self.store.reading() as connection:
            return {_clock(start) for (start,) in connection.execute(query)}

    def late_entries(self) -> int:
        """How many entries came after they had been looked for, and were taken out."""
        query = select(outbox.c.id).where(
            outbox.c.target == Target.LATE,
            outbox.c.state == Stage.DONE,
            outbox.c.entry_id.is_not(None),
        )
        with self.store.reading() as connection:
            return len(connection.execute(query).all())

    def message(self) -> SlackMessage:
        """The message as Slack would show it."""
        return digest_message(
            self.digest, DigestView(now=self.time(), tracker=words_of(self.tracker))
        )

    def says(self) -> dict[str, str]:
        """What the message says of each row."""
        return says(self.message().blocks)

    def entries(self) -> list[dict[str, Any]]:
        """What the bot made in Toggl."""
        foreign, owned = self.foreign, self._owned()
        return [
            entry
            for entry in self.service.entries
            if entry["id"] not in foreign or str(entry["id"]) in owned
        ]

    def messages(self) -> list[dict[str, Any]]:
        """The day's messages in Slack."""
        return digests_in(self.slack.messages(), FRIDAY.date.isoformat())

    def logs(self) -> dict[str, list[dict[str, Any]]]:
        """The worklogs in Jira, by the ids of their items."""
        found: dict[str, list[dict[str, Any]]] = {}
        for log in self.jira.worklogs:
            (ours,) = [each for each in log["properties"] if each["key"] == PROPERTY]
            found.setdefault(ours["value"]["id"], []).append(log)
        return found


class ClockifyDay(Day):
    """The same with an empty Clockify: a free workspace, shared with others."""

    def _tracker(self, settings: Settings, timing: Timing) -> MortalToggl | MortalClockify:
        address = f"{self.sandbox.url}/clockify/api/v1"
        key = {"api_key": self.sandbox.clockify.api_key, "base_url": address}
        return MortalClockify(ClockifySettings.model_validate(key), self.time, timing)

    def _emptied(self) -> FakeToggl | FakeClockify:
        clockify = self.sandbox.clockify
        clockify.reset()
        clockify.clock, clockify.hourly = self._true_time, FREE_REQUESTS
        self.project_id = clockify.add_project("Development", "Acme Oy")["id"]
        return clockify

    def archive(self, archived: bool | None = None) -> None:
        """As in Toggl."""
        project = self.sandbox.clockify.projects[self.project_id]
        project["archived"] = not project["archived"] if archived is None else archived

    def track(self, start: datetime) -> None:
        """As in Toggl."""
        end = start + timedelta(minutes=10)
        self.foreign.add(self.sandbox.clockify.track(start, end, description="By hand")["id"])

    def meddle(self, entry_id: str, *, delete: bool) -> None:
        """As in Toggl."""
        kept = self.sandbox.clockify.kept
        if delete:
            del kept[entry_id]
        else:
            kept[entry_id] |= {"description": "Changed by hand"}


class Days:
    """A sandbox that many days share, one after the other."""

    def __init__(self, folder: Path, kind: type[Day] = Day) -> None:
        self._folder = folder
        self._kind = kind
        self._sandbox = Sandbox(folder / "home", today=FRIDAY.date)
        self._path = folder / "days.sqlite3"

    def __enter__(self) -> Days:
        # Only Toggl is asked: a sample day that seems to be there is not written.
        (self._folder / "home" / "src").mkdir(parents=True)
        (self._folder / "home" / "thyme").mkdir()
        (self._folder / "home" / "thyme" / f"{FRIDAY.date}.json").touch()
        self._sandbox.start()
        with_worklogs(self._sandbox)
        for number in (2, 3):
            title, now = f"Issue {number}", self._sandbox.clock()
            issue = JiraIssue(number, f"DEV-{number}", title, "Task", "To Do", "new", now)
            self._sandbox.jira.add(issue)
        self._settings = load(self._sandbox.settings_file, None, self._sandbox.env).settings
        self._store = Store.open(f"sqlite:///{self._path}")
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()
        self._sandbox.stop()

    def new(self) -> Day:
        """The next day; the one before is over."""
        return self._kind(self._sandbox, self._path, self._settings, self._store)


# -- A day of faults -----------------------------------------------------------------------------


@dataclass
class Tally:
    """What was seen; each complaint names its seed."""

    days: int = 0
    clicks: int = 0
    crashes: int = 0
    suspended: int = 0
    jumps: int = 0
    absences: int = 0
    restored: int = 0
    messages: int = 0
    worklogs: int = 0
    faults: int = 0
    requests: int = 0
    entries: int = 0
    late: int = 0
    duplicates: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.duplicates or self.losses or self.lies)


@dataclass
class _Walk:
    """One day by one seed. `wishes` are the person's last words on each item."""

    day: Day
    seed: int
    tally: Tally
    wishes: dict[str, str] = field(default_factory=dict)
    kept: tuple[bytes, dict[str, str]] | None = None
    restored: bool = False

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def run(self) -> None:
        """The whole day, and a quiet time after it."""
        day, service, chance = self.day, self.day.service, self.chance
        services = (service.faults, day.jira.faults, day.slack.faults)
        happened = sum(len(faults.happened) for faults in services)
        asked = len(service.requests)
        day.open(*MORNING)
        day.publish()
        for number in range(ROUNDS):
            self._click()
            self._break()
            self._copies()
            self.tally.crashes += not day.work()
            if chance.random() < 0.7:
                self.tally.crashes += not day.show()
            self._look(f"round {number}")
            day.time.forward(seconds=chance.choice((0, 1, 7, 60, 600)))
            if chance.random() < 0.1:
                day.set_clock(chance.choice(JUMPS))
                self.tally.jumps += 1
            if chance.random() < 0.003:
                self._absence()
        for faults in services:
            faults.clear()
        day.tracker.dies, day.client.dies, day.client.asleep = "", False, None
        day.archive(False)
        day.settle()
        self._look("the end")
        self._look_for_losses()
        day.publish()
        for _ in range(6):
            day.time.forward(seconds=30)
            day.work()
            day.show()
        self._look_at_slack()
        self._look_at_jira()
        self.tally.days += 1
        self.tally.faults += sum(len(faults.happened) for faults in services) - happened
        self.tally.requests += len(service.requests) - asked
        self.tally.entries += len(day.entries())
        self.tally.messages += len(day.messages())
        self.tally.worklogs += len(day.jira.worklogs)
        self.tally.late += day.late_entries()

    # -- What happens

    def _copies(self) -> None:
        """Backups are made, and put back now and then."""
        if self.chance.random() < 0.1:
            self.kept = (self.day.copy(), dict(self.wishes))
        elif self.kept and self.chance.random() < 0.03:
            copy, self.wishes = self.kept
            self.kept, self.restored = None, True
            self.day.restore(copy)
            self.tally.restored += 1

    def _absence(self) -> None:
        """Toggl is away for two days."""
        faults = self.day.service.faults
        faults.fail_next("", "drop-before", 1_000_000)
        self.day.settle()
        self._look("two days")
        faults.clear()
        self.tally.absences += 1

    def _click(self) -> None:
        if not self.day.digest.items:
            self._refresh()
        item = self.chance.choice(self.day.digest.items)
        acts = (
            self._approve, self._approve, self._approve, self._approve_all, self._undo, self._skip,
            self._edit, self._refresh, self._split, self._meddle, self._track, self._hang,
        )  # fmt: skip
        try:
            self.chance.choice(acts)(item)
            self.tally.clicks += 1
        except ReviewError:
            return  # the person reads why not

    def _approve(self, item: Item) -> None:
        if item.state is ItemState.DELETING:
            return  # its row has no button
        self.day.review.approve(PERSON, item.id, anyway=self.chance.random() < 0.3)
        self.wishes[item.id] = "approved"

    def _approve_all(self, _: Item) -> None:
        before = {item.id for item in self.day.digest.items if item.approvable}
        self.day.review.approve_all(PERSON, FRIDAY.date)
        self.wishes |= dict.fromkeys(before, "approved")

    def _undo(self, item: Item) -> None:
        self.day.review.undo(PERSON, item.id)
        self.wishes[item.id] = "undone"

    def _skip(self, item: Item) -> None:
        self.day.review.skip(PERSON, item.id)
        self.wishes[item.id] = "skipped"

    def _edit(self, item: Item) -> None:
        span = item.suggestion.span
        shorter = Span(span.start, span.start + timedelta(minutes=self.chance.choice((20, 40))))
        changed: tuple[dict[str, Any], ...] = (
            {"description": f"Edited {self.chance.randrange(1000)}"},
            {"span": shorter if shorter.end < span.end else span},
            {"billable": self.chance.choice((True, False))},
        )
        self.day.edit(item.id, **self.chance.choice(changed))
        if item.state in (ItemState.FAILED, ItemState.SKIPPED):
            self.wishes.pop(item.id, None)  # what was edited is decided anew

    def _refresh(self, _: Item | None = None) -> None:
        self.day.open("09:00-10:00 acme DEV-1", "10:00-12:00 acme DEV-2")
        self.day.publish()

    def _hang(self, _: Item) -> None:
        if self.chance.random() < 0.5:
            self.day.hang()
            self.day.publish()

    def _split(self, item: Item) -> None:
        span = item.suggestion.span
        middle = span.start + timedelta(minutes=span.length // timedelta(minutes=2))
        self.day.review.split(PERSON, item.id, middle)
        self.wishes.pop(item.id, None)

    def _meddle(self, item: Item) -> None:
        """The person changes or deletes an entry in Toggl itself."""
        there = {str(entry["id"]) for entry in self.day.service.entries}
        if item.state is not ItemState.SENT or item.entry_id not in there:
            return
        self.day.touched.add(_clock(item.suggestion.span.start))
        self.day.meddle(item.entry_id, delete=self.chance.random() < 0.5)

    def _track(self, item: Item) -> None:
        """The person tracks something of their own at that time."""
        self.day.track(item.suggestion.span.start)

    def _break(self) -> None:
        faults, chance = self.day.service.faults, self.chance
        if chance.random() < 0.1:
            self.day.suspend(chance.choice((1, 7, 30)))
            self.tally.suspended += 1
        if chance.random() < 0.25:
            self.day.tracker.dies = chance.choice(("before", "after"))
        if chance.random() < 0.45:
            kind = chance.choice((*WRITES, *["saved-later"] * 3))
            times = chance.choice((1, 1, 2, 4))
            saved = kind.isdigit() and chance.random() < 0.5
            seconds = chance.choice(LATE_SECONDS)
            faults.fail_next(ENTRIES, kind, times, method="POST", saved=saved, seconds=seconds)
        if chance.random() < 0.25:
            method = chance.choice(("PUT", "DELETE"))
            faults.fail_next(ENTRIES, chance.choice(CHANGES), method=method)
        if chance.random() < 0.25:
            faults.fail_next("", chance.choice(READS), chance.choice((1, 3)), method="GET")
        if chance.random() < 0.08:
            self.day.archive()
        self._break_others()

    def _break_others(self) -> None:
        day, chance = self.day, self.chance
        if chance.random() < 0.3:
            path = chance.choice(("chat.", "chat.", "chat.update", "chat.postMessage", "history"))
            kind, saved = chance.choice(OF_SLACK), chance.random() < 0.5
            seconds, times = chance.choice((3, 30, 60)), chance.choice((1, 1, 2, 3))
            day.slack.faults.fail_next(path, kind, times, saved=saved, seconds=seconds)
        if chance.random() < 0.3:
            kind = chance.choice(WRITES)
            saved = kind.isdigit() and chance.random() < 0.5
            method = chance.choice(("POST", "POST", "PUT", "DELETE", "GET"))
            if (method, kind) not in (("PUT", "saved-later"), ("GET", "404"), ("GET", "410")):
                seconds = chance.choice(LATE_SECONDS)
                day.jira.faults.fail_next(
                    "worklog", kind, chance.choice((1, 2)), method=method, saved=saved,
                    seconds=seconds,
                )  # fmt: skip
        if chance.random() < 0.05:
            day.client.dies = True
        if chance.random() < 0.05:
            day.stand_still(chance.choice((1, 7, 30)))

    # -- What is wrong

    def _look(self, when: str) -> None:
        made, awaited = self.day.entries(), self.day.awaited()
        for start, number in Counter(_start(each) for each in made).items():
            if number > 1 and start not in awaited:
                self.tally.duplicates.append(f"seed {self.seed}, {when}: {number} at {start}")
        there = {_start(each): each for each in made}
        for span, said in self.day.says().items():
            start = span.partition("-")[0]
            if start in self.day.touched:
                continue  # nobody has told the bot yet
            if said == IN_TOGGL and (start not in there or _span(there[start]) != span):
                self.tally.lies.append(f"seed {self.seed}, {when}: {span} is not in Toggl")
            elif said in (OFFERED, FAILED, SKIPPED) and start in there and start not in awaited:
                self.tally.lies.append(f"seed {self.seed}, {when}: {span} is in Toggl, not {said}")

    def _look_at_slack(self) -> None:
        found, wanted = self.day.messages(), self.day.says()
        if len(found) != 1:
            self.tally.duplicates.append(f"seed {self.seed}: {len(found)} messages")
        for message in found:
            if (shown := says(message["blocks"])) != wanted:
                self.tally.lies.append(f"seed {self.seed}: Slack says {shown}, not {wanted}")

    def _look_at_jira(self) -> None:
        logs, items = self.day.logs(), {item.id: item for item in self.day.digest.items}
        for item_id, found in logs.items():
            if len(found) > 1:
                self.tally.duplicates.append(f"seed {self.seed}: {len(found)} worklogs of one item")
            with self.day.store.reading() as transaction:
                known = worklogs.load(transaction, item_id)
            if known is None and not self.restored:
                self.tally.lies.append(f"seed {self.seed}: a worklog that nobody knows")
        for item in items.values():
            told, found = item.worklog, logs.get(item.id, [])
            if told and told.state is ItemState.SENT and not found:
                self.tally.lies.append(f"seed {self.seed}: no worklog of {item.id}")
            if told and told.state not in (ItemState.SENT, ItemState.FAILED) and not told.problem:
                self.tally.losses.append(f"seed {self.seed}: a worklog is {told.state}")

    def _look_for_losses(self) -> None:
        items = {item.id: item for item in self.day.digest.items}
        wanted = {"approved": (ItemState.SENT, ItemState.FAILED), "skipped": (ItemState.SKIPPED,)}
        settled = (ItemState.OPEN, ItemState.SENT, ItemState.FAILED, ItemState.SKIPPED)
        for item in items.values():
            wish = self.wishes.get(item.id, "")
            if item.state not in wanted.get(wish, settled):
                self.tally.losses.append(f"seed {self.seed}: {wish}, and is {item.state}")
            if item.state is ItemState.FAILED and not item.problem:
                self.tally.losses.append(f"seed {self.seed}: failed without a reason")
        approved = {item_id for item_id, wish in self.wishes.items() if wish == "approved"}
        gone = len(approved - items.keys())
        self.tally.losses += [f"seed {self.seed}: an approved item is gone"] * gone


def _start(entry: dict[str, Any]) -> str:
    return _clock(datetime.fromisoformat(entry["start"]))


def _span(entry: dict[str, Any]) -> str:
    return f"{_start(entry)}-{_clock(datetime.fromisoformat(entry['stop']))}"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(FRIDAY.zone):%H:%M}"


def play(day: Day, seed: int, tally: Tally) -> None:
    """Plays the seed's day and adds what was seen to the tally."""
    _Walk(day, seed, tally).run()


# -- The command -----------------------------------------------------------------------------------


def main(argv: list[str] | None = None) -> int:
    """Plays many days; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=1000, help="how many")
    parser.add_argument("--seconds", type=float, default=0, help="go on for so long instead")
    parser.add_argument("--first", type=int, default=1000, help="the first seed")
    parser.add_argument("--clockify", action="store_true", help="with Clockify for Toggl")
    options = parser.parse_args(argv)
    logging.getLogger("tracklater_bot").setLevel(logging.ERROR)
    tally, begun = Tally(), time.monotonic()
    folder = tempfile.TemporaryDirectory(prefix="tracklater-faults-")
    kind = ClockifyDay if options.clockify else Day
    with folder as name, Days(Path(name), kind) as days:
        while _goes_on(options, tally, begun):
            play(days.new(), options.first + tally.days, tally)
    _report(tally, time.monotonic() - begun)
    return 0 if tally.clean else 1


def _goes_on(options: argparse.Namespace, tally: Tally, begun: float) -> bool:
    if options.seconds:
        return time.monotonic() - begun < float(options.seconds)
    return tally.days < int(options.days)


def _report(tally: Tally, seconds: float) -> None:
    print(f"{tally.days} days in {seconds:.0f} s: {tally.clicks} clicks, {tally.crashes} crashes,")
    print(f"{tally.requests} requests and {tally.faults} faults; {tally.entries} entries are left.")
    print(f"{tally.suspended} times a bot was suspended, {tally.jumps} times a clock was set.")
    print(f"{tally.absences} times Toggl was away for two days, {tally.restored} times an old copy")
    print(f"of the database came back. {tally.late} entries came late, and were taken out.")
    print(f"{tally.messages} messages and {tally.worklogs} worklogs are left.")
    for name in ("duplicates", "losses", "lies"):
        found: list[str] = getattr(tally, name)
        print(f"{name}: {len(found)}")
        for each in found[:20]:
            print(f"  {each}")


if __name__ == "__main__":
    sys.exit(main())
