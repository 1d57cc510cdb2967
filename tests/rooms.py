"""A store, a review and a worker on a fake tracker and a clock that only tests move."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from tests.digests import TOGGL, suggestion
from tests.loopback import FakeTime
from tests.notation import FRIDAY, at, span
from tests.trackers import DEVELOPMENT, Crash, FakeTracker
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.outbox.lookup import AccountFacts, Lookup
from tracklater_bot.outbox.outcomes import Senders
from tracklater_bot.outbox.senders import all_senders
from tracklater_bot.outbox.worker import Pace, Worker
from tracklater_bot.review.decisions import Change, Review
from tracklater_bot.store import Store
from tracklater_bot.trackers.base import GroupWorklogs, Refused, Worklogs

PERSON = "U1"
DAY = FRIDAY.date


def draft(*texts: str, **more: Any) -> Draft:
    """Friday's draft in the notation of `suggestion`; projects have Toggl's ids."""
    found = []
    for text in texts:
        made = suggestion(text)
        known = replace(DEVELOPMENT, group=made.group) if made.group else None
        found.append(replace(made, project=known))
    return Draft(DAY, str(FRIDAY.zone), tuple(found), **more)


def change(text: str, **more: Any) -> Change:
    """`"09:00-10:00 group1"` as the edit dialog says it."""
    when, group = text.split()
    values: dict[str, Any] = {
        "span": span(when),
        "group": group,
        "project": replace(DEVELOPMENT, group=group),
        "issue": None,
        "description": "Planning",
    }
    return Change(**(values | more))


@cache
def empty_database() -> bytes:
    """A new database's file. Made once: migrations take longer than most tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "store.sqlite3")
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()


def put_database(file: Path) -> None:
    """A new database where a bot looks for one; one that is there stays."""
    if not file.exists():
        file.write_bytes(empty_database())


def sqlite_store(folder: Path) -> Store:
    """A new store on a file in the folder."""
    path = folder / "store.sqlite3"
    put_database(path)
    return Store.open(f"sqlite:///{path}")


def worker_on(
    store: Store,
    senders: Senders,
    time: FakeTime,
    owner: str,
    person: str = PERSON,
    pace: Pace | None = None,
) -> Worker:
    """A worker whose pauses are the same in every test."""
    pace = replace(pace or Pace(chance=lambda: 0.5), ticks=time.ticks)
    return Worker(store, person, owner, senders, time, pace)


class NoWorklogs:
    """No group's time is written as worklogs."""

    def wanted(self, group: str) -> bool:
        return False

    def of(self, group: str) -> Worklogs:
        raise Refused("worklogs are switched off")


@dataclass
class Room:
    """Everything behind the buttons, on Friday evening."""

    store: Store
    time: FakeTime = field(default_factory=lambda: FakeTime(at("18:00")))
    owner: str = "this bot"
    usual: ClassVar[str] = "09:00-10:00 group1"

    def __post_init__(self) -> None:
        self.tracker = FakeTracker(self.time)
        self.review = Review(self.store, self.time, TOGGL)
        self.store.clock = self.time
        self.worker = self.new_worker()

    def new_worker(
        self,
        owner: str = "",
        facts: AccountFacts | None = None,
        groups: GroupWorklogs | None = None,
        pace: Pace | None = None,
    ) -> Worker:
        """Another worker on the same store and tracker."""
        lookup = Lookup(lambda: self.tracker, facts)
        senders = all_senders(self.store, lookup, groups or NoWorklogs())
        return worker_on(self.store, senders, self.time, owner or self.owner, pace=pace)

    def next_due(self) -> datetime | None:
        """When the worker has something to do again."""
        due_in = self.worker.due_in()
        return None if due_in is None else self.time() + due_in

    def open(self, *texts: str, **more: Any) -> list[str]:
        """The day as read just now; gives the items' ids in order."""
        self.store.save_draft(PERSON, draft(*texts, **more))
        return [item.id for item in self.digest.items]

    def approved(self, *texts: str) -> list[str]:
        """The same, with all that can be approved; the usual row where none is told."""
        ids = self.open(*texts or (self.usual,))
        self.review.approve_all(PERSON, DAY)
        return ids

    @property
    def digest(self) -> Digest:
        found = self.store.digest(PERSON, DAY)
        assert found is not None
        return found

    def item(self, item_id: str) -> Item:
        return next(item for item in self.digest.items if item.id == item_id)

    def states(self) -> list[ItemState]:
        return [item.state for item in self.digest.items]

    def entries(self) -> str:
        """What is in Toggl: `"09:00-10:00 DEV-1 Fix login"`, one after another."""
        kept = sorted(self.tracker.kept.values(), key=lambda each: (each.start, each.id))
        return ", ".join(
            f"{FRIDAY.local(each.start):%H:%M}-{FRIDAY.local(each.end):%H:%M} {each.description}"
            for each in kept
            if each.end is not None
        )

    def drain(self, worker: Worker | None = None, most: timedelta = timedelta(days=1)) -> None:
        """Lets the worker go on, and the clock with it, until nothing is left to send."""
        worker = worker or self.worker
        until = self.time() + most
        worker.work()
        while (due_in := worker.due_in()) is not None and self.time() + due_in <= until:
            self.time.now = max(self.time(), self.time() + due_in)
            worker.work()

    def work_or_die(self, successor: str) -> None:
        """The worker works; where it dies, another bot goes on."""
        try:
            self.worker.work()
        except Crash:
            self.worker = self.new_worker(successor)

    def later(self, **by: float) -> datetime:
        self.time.forward(**by)
        return self.time()
