"""What became of a job, and what that means for its item: both stored in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, and_, select

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Digest, Item, ItemState, Problem
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.store import days as digests
from tracklater_bot.store import jobs as outbox
from tracklater_bot.store.jobs import Job, JobKind, Order, Stage, Target
from tracklater_bot.store.tables import ACTIVE, items

Day: TypeAlias = tuple[str, date]

# When it is looked for what a request may have made after all, counted from its sending.
LATE_LOOKS = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Written:
    """The entry is in the tracker as wanted; None: it is no longer there, as wanted."""

    entry: TimeEntry | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing was written, and trying again will not help."""

    code: Problem
    sentence: str
    foreign: tuple[TimeEntry, ...] = ()  # entries in the way; the day shows them from now on


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Nothing was written; it is tried again at `at`. With QUOTA, so is everything else."""

    code: Problem
    sentence: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """It may or may not have been written; that is looked up at `at`."""

    sentence: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NotWritten:
    """A lookup showed that it was not written."""


@dataclass(frozen=True, slots=True)
class ChangedMeanwhile:
    """Somebody changed the entry in the tracker: nothing was written over it."""

    sentence: str
    current: TimeEntry


Outcome: TypeAlias = Written | Rejected | RetryLater | Unconfirmed | NotWritten | ChangedMeanwhile


def begin(connection: Connection, job: Job, owner: str, now: datetime) -> Job | None:
    """Marks that a request goes out next; None when the job is to be looked at anew instead.

    The day's version stays: its message shows the same.
    """
    digest = digests.load(connection, job.person, job.day, lock=True)
    if digest is None or not outbox.begin_sending(connection, job, owner, now):
        return None
    if job.target is Target.ENTRY and job.kind is not JobKind.DELETE:
        digests.set_state(connection, job.item_id, ItemState.SENDING)
    return outbox.load(connection, job.id)


def settle(connection: Connection, job: Job, outcome: Outcome, now: datetime) -> set[Day]:
    """Stores the outcome; gives the days whose message has to follow.

    An outcome of a job that was changed or taken back before anything was sent counts no more.
    """
    digest = digests.load_by_item(connection, job.item_id, lock=True)
    found = outbox.load(connection, job.id)
    if digest is None or found.stage not in ACTIVE or found != replace(job, undone=found.undone):
        return set()
    item = next(each for each in digest.items if each.id == job.item_id)
    after = _Settling(connection, digest, found, now).item_after(item, outcome)
    changed = digests.with_items(digest, [after])
    if isinstance(outcome, Rejected):
        changed = replace(changed, tracked=_with(digest.tracked, outcome.foreign))
    digests.save(connection, digest, changed)
    days = {(digest.person, digest.day)}
    if isinstance(outcome, RetryLater) and outcome.code is Problem.QUOTA:
        days |= _hold_all(connection, job.person, outcome)
    if isinstance(outcome, Written):
        days |= _go_on(connection, job.person, now)
    return days


def _with(tracked: Iterable[TimeEntry], seen: Iterable[TimeEntry]) -> tuple[TimeEntry, ...]:
    known = {entry.id: entry for entry in (*tracked, *seen)}
    return tuple(sorted(known.values(), key=lambda entry: (entry.start, entry.id)))


@dataclass(frozen=True)
class _Settling:
    """One job's end, or its next try."""

    connection: Connection
    digest: Digest
    job: Job
    now: datetime

    def item_after(  # noqa: PLR0911 - one return for each outcome
        self, item: Item, outcome: Outcome
    ) -> Item:
        """The item as it is from now on; the job is stored on the way."""
        if isinstance(outcome, NotWritten) and self.job.sent_at is not None:
            due = watched(self.job.sent_at, self.now)
            if due is not None:
                outbox.queue_late(self.connection, self.digest, self.job, due)
        if self.job.undone and not isinstance(outcome, Written | Unconfirmed):
            return self._undone(item, outcome)
        match outcome:
            case Written(entry):
                return self._written(item, entry)
            case Rejected(code, sentence, _):
                return self._rejected(item, code, sentence)
            case RetryLater(code, sentence, at):
                return self._postponed(item, code, sentence, at)
            case Unconfirmed(_, at):
                return self._lost(item, at)
            case NotWritten():
                self._wait(Stage.PENDING, self.now, unanswered=0)
                return _quiet(item, ItemState.PENDING)
            case ChangedMeanwhile(sentence, current):
                self._close(Stage.FAILED, sentence)
                return _troubled(_adopted(item, current), ItemState.SENT, Problem.CHANGED, sentence)

    def _written(self, item: Item, entry: TimeEntry | None) -> Item:
        self._close(Stage.DONE)
        if entry is None:
            return replace(_quiet(item, ItemState.OPEN), entry_id=None, entry_changed=None)
        sent = replace(_quiet(item, ItemState.SENT), entry_id=entry.id, entry_changed=entry.changed)
        if not self.job.undone:
            return sent
        order = Order(JobKind.DELETE, self.now)
        outbox.queue(self.connection, self.digest, sent, order)
        return replace(sent, state=ItemState.DELETING)

    def _undone(self, item: Item, outcome: Outcome) -> Item:
        """Taken back while on its way. What may have been written is still looked for."""
        if isinstance(outcome, RetryLater) and self.job.stage is Stage.UNKNOWN:
            return self._postponed(item, outcome.code, outcome.sentence, outcome.at)
        if isinstance(outcome, Rejected) and outcome.code is Problem.TOO_OLD and self.job.doubtful:
            return self._rejected(item, outcome.code, outcome.sentence)  # only a person can look
        self._close(Stage.DROPPED)
        return _quiet(item, ItemState.OPEN)

    def _rejected(self, item: Item, code: Problem, sentence: str) -> Item:
        self._close(Stage.FAILED, sentence)
        if self.job.kind is JobKind.CREATE:
            return _troubled(item, ItemState.FAILED, code, sentence)
        if code is Problem.GONE:
            gone = replace(item, entry_id=None, entry_changed=None)
            return _troubled(gone, ItemState.FAILED, code, sentence)
        # The entry is still what it was before, so that is what the item says again.
        return _troubled(self._as_before(item), ItemState.SENT, code, sentence)

    def _postponed(self, item: Item, code: Problem, sentence: str, at: datetime) -> Item:
        stage = self.job.stage if self.job.stage is Stage.UNKNOWN else Stage.PENDING
        # A request that certainly did nothing leaves no doubt behind.
        self._wait(stage, at, self.job.unanswered - (self.job.stage is Stage.SENDING))
        state = ItemState.UNKNOWN if stage is Stage.UNKNOWN else ItemState.PENDING
        return replace(_troubled(item, self._on_its_way(state), code, sentence), retry_at=at)

    def _lost(self, item: Item, at: datetime) -> Item:
        """Changing or deleting twice does no harm; only creating has to be looked up first."""
        creating = self.job.kind is JobKind.CREATE
        self._wait(Stage.UNKNOWN if creating else Stage.PENDING, at, self.job.unanswered)
        return _quiet(item, self._on_its_way(ItemState.UNKNOWN))

    def _on_its_way(self, state: ItemState) -> ItemState:
        deleting = self.job.kind is JobKind.DELETE or self.job.undone
        return ItemState.DELETING if deleting else state

    def _as_before(self, item: Item) -> Item:
        before = self.job.before
        if before is None:
            return item
        return replace(before, version=item.version, entry_changed=item.entry_changed)

    def _close(self, stage: Stage, problem: str | None = None) -> None:
        outbox.close(self.connection, self.job, stage, problem)

    def _wait(self, stage: Stage, at: datetime, unanswered: int) -> None:
        outbox.wait(self.connection, self.job, stage, at, unanswered)


def watched(sent_at: datetime, now: datetime) -> datetime | None:
    """When to look next; None after the last time. Full minutes, so that one look serves many."""
    for later in LATE_LOOKS:
        due = sent_at + later
        if due > now:
            minute = due.astimezone(UTC).replace(second=0, microsecond=0)
            return minute + timedelta(minutes=1)
    return None


def _quiet(item: Item, state: ItemState) -> Item:
    return replace(item, state=state, problem=None, problem_code=None, retry_at=None)


def _troubled(item: Item, state: ItemState, code: Problem, sentence: str) -> Item:
    return replace(_quiet(item, state), problem=sentence, problem_code=code)


def _adopted(item: Item, current: TimeEntry) -> Item:
    """The item as the entry really is now, so that the person decides on what they see."""
    suggestion = item.suggestion
    end = current.end or suggestion.span.end
    span = Span(current.start, end) if current.start < end else suggestion.span
    adopted = replace(
        suggestion,
        span=span,
        description=current.description,
        project=_project(suggestion.project, suggestion.group, current),
    )
    return replace(
        item,
        suggestion=adopted,
        billable=current.billable,
        tags=current.tags,
        entry_changed=current.changed,
    )


def _project(known: Project | None, group: str | None, current: TimeEntry) -> Project | None:
    if current.project_id is None:
        return None
    if known is not None and known.id == current.project_id:
        return known
    return Project(current.project or "another project", group or "", id=current.project_id)


def _hold_all(connection: Connection, person: str, quota: RetryLater) -> set[Day]:
    """Everything else of the person's waits for the quota too, and says so."""
    waiting = outbox.postpone_all(connection, person, quota.at)

    def hold(item: Item) -> Item:
        return replace(item, problem=quota.sentence, problem_code=quota.code, retry_at=quota.at)

    return _change_all(connection, items.c.id.in_(waiting), hold)


def _go_on(connection: Connection, person: str, now: datetime) -> set[Day]:
    """The tracker answers again: what waited until now says so no longer."""
    waited = and_(items.c.person == person, items.c.retry_at <= now)
    return _change_all(connection, waited, lambda item: _quiet(item, item.state))


def _change_all(
    connection: Connection, which: ColumnElement[bool], change: Callable[[Item], Item]
) -> set[Day]:
    query = select(items.c.person, items.c.day, items.c.id).where(which)
    wanted: dict[Day, set[str]] = {}
    for person, day, item_id in connection.execute(query.order_by(items.c.day)):
        wanted.setdefault((person, day), set()).add(item_id)
    for (person, day), ids in wanted.items():
        digest = digests.load(connection, person, day, lock=True)
        if digest is not None:
            changed = [change(item) for item in digest.items if item.id in ids]
            digests.put(connection, digest, *changed)
    return set(wanted)
