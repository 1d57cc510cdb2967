"""What each button means, without Slack. Nothing here waits on a network.

A decision and what is to be sent because of it are stored in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tracklater_bot.domain import edits
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import IN_PROGRESS, Digest, Item, ItemState, Problem
from tracklater_bot.domain.edits import UNDECIDED, Change, NotYours, ReviewError
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.payload import payload_of
from tracklater_bot.domain.stretches import ReadyRows
from tracklater_bot.store import Store, Transaction, days, jobs
from tracklater_bot.store.jobs import Job, JobKind, Stage, entry_job

__all__ = ["Change", "NotYours", "Review", "ReviewError"]

_DECIDED = (*IN_PROGRESS, ItemState.SENT)
_OUTDATED = "That suggestion is gone: its day was refreshed since, or is too old to be kept."
_UNKNOWN_DAY = "That day is not open yet: ask for it with /tracklater first."
_CHANGED = "It was changed meanwhile: close this and press Edit again."
_CHANGED_DAYS = "These days have changed since: ask for them again, and look before you approve."
_ON_ITS_WAY = "It is on its way to {}: try again in a moment."
_DECIDED_ALREADY = "It is decided already: press Undo first."


@dataclass(eq=False, repr=False)
class Review:
    """Takes decisions. All raise ReviewError, NotYours for another person's day, and StoreError.

    Sentences call the place of the entries as `tracker` says.
    """

    store: Store
    clock: Callable[[], datetime]
    tracker: TrackerWords = SOME_TRACKER

    # -- Decisions -----------------------------------------------------------------------------

    def approve(self, person: str, item_id: str, *, anyway: bool = False) -> Digest:
        """Lets the item become an entry; nothing new happens where that was decided before.

        `anyway` is for an item that failed because something else was tracked at that time.
        """
        with self._deciding(person, item_id) as decision:
            if decision.item.state not in _DECIDED:
                decision.approve(decision.item, forced=anyway)
            return decision.digest

    def approve_all(self, person: str, day: date, certain_only: bool = False) -> Digest:
        """Approves every open item with group and project, or only those that are certain."""
        with self._day(person, day) as decision:
            for item in decision.digest.ready(certain_only=certain_only):
                decision.approve(item)
            return decision.digest

    def approve_days(
        self, person: str, dates: Sequence[date], seen: str, *, certain_only: bool
    ) -> int:
        """Approves several days as `approve_all` does one; gives how many items that were.

        `seen` is what was shown before (`ReadyRows`); once approved, asking again does nothing.
        """
        with self.store.writing() as transaction:
            found = (days.load(transaction, person, day, lock=True) for day in dates)
            open_days = [digest for digest in found if digest and self._in_reach(digest)]
            rows = ReadyRows.of(open_days, certain_only=certain_only)
            if rows.number and rows.seen != seen:
                raise ReviewError({"": _CHANGED_DAYS})
            for digest in open_days:
                decision = _DayDecision(self.store, transaction, self.tracker, digest, self.clock())
                for item in digest.ready(certain_only=certain_only):
                    decision.approve(item)
            return rows.number

    def _in_reach(self, digest: Digest) -> bool:
        zone = ZoneInfo(digest.timezone)
        return self.tracker.reaches(digest.day, zone, self.clock())

    def skip(self, person: str, item_id: str) -> Digest:
        """Leaves the item out."""
        with self._deciding(person, item_id) as decision:
            if decision.item.state in _DECIDED:
                raise ReviewError({"": _DECIDED_ALREADY})
            decision.put(decision.item.in_state(ItemState.SKIPPED))
            return decision.digest

    def undo(self, person: str, item_id: str) -> Digest:
        """Takes the decision back. What is tracked already, or on its way there, is deleted."""
        with self._deciding(person, item_id) as decision:
            if decision.item.state in (ItemState.SKIPPED, ItemState.FAILED):
                decision.put(decision.item.in_state(ItemState.OPEN))
            elif decision.item.state is ItemState.SENT:
                decision.send(replace(decision.item, state=ItemState.DELETING), JobKind.DELETE)
            elif decision.job is not None and decision.item.state is not ItemState.DELETING:
                decision.take_back(decision.job)
            return decision.digest

    def keep(self, person: str, item_id: str) -> Digest:
        """Leaves an entry as it is in the tracker; what was said about it is dealt with."""
        with self._deciding(person, item_id) as decision:
            if decision.item.state is ItemState.SENT and decision.item.problem_code is not None:
                decision.put(decision.item.in_state(ItemState.SENT))
            return decision.digest

    # -- Changes -------------------------------------------------------------------------------

    def edit(
        self, person: str, item_id: str, change: Change, version: int, move_neighbours: bool = False
    ) -> Digest:
        """Changes what the item says; an entry that is made already is changed too.

        `version` is the item's when the dialog was opened. With `move_neighbours`, undecided
        neighbours give way.
        """
        with self._deciding(person, item_id) as decision:
            if decision.item.version != version:
                raise ReviewError({"": _CHANGED})
            moved = decision.checked(change, move=move_neighbours)
            after = edits.edited(decision.item, change)
            if decision.item.state in (*UNDECIDED, ItemState.SKIPPED):
                decision.change([after, *moved])
            else:
                if moved:
                    decision.change(moved)
                decision.resend(after)
            return decision.digest

    def answer(self, person: str, item_id: str, group: str, project: Project | None) -> Digest:
        """Says what time that nothing explained was for: a decision like an edit."""
        with self._deciding(person, item_id) as decision:
            decision.require_undecided(decision.item)
            said = decision.item.suggestion
            change = Change(said.span, group, project, None, said.description)
            decision.change([edits.edited(decision.item, change)])
            return decision.digest

    def split(self, person: str, item_id: str, at: datetime) -> Digest:
        """Makes two items of one; both keep what it said."""
        with self._deciding(person, item_id) as decision:
            decision.require_undecided(decision.item)
            decision.change(edits.divided(decision.item, at))
            return decision.digest

    def merge_with_next(self, person: str, item_id: str) -> Digest:
        """Makes one item of two and the time between them; the longer one's issue counts."""
        with self._deciding(person, item_id) as decision:
            second = edits.following(decision.digest, decision.item)
            if second is None:
                raise ReviewError({"": "Nothing follows it."})
            for item in (decision.item, second):
                decision.require_undecided(item)
            after = edits.joined(decision.item, second)
            decision.require_untracked(after)
            decision.change([after], gone=[second.id])
            return decision.digest

    def add(self, person: str, day: date, change: Change, move_neighbours: bool = False) -> Digest:
        """Adds an item by hand, open like any other."""
        with self._day(person, day) as decision:
            decision.require_reach("start")
            moved = decision.checked(change, move=move_neighbours)
            decision.change([edits.added(change), *moved])
            return decision.digest

    def trim(self, person: str, item_id: str) -> Digest:
        """Cuts what is tracked already out of an item that failed because of it, and approves."""
        with self._deciding(person, item_id) as decision:
            if decision.item.problem_code is not Problem.OVERLAP:
                return decision.digest
            now = self.clock()
            tracked = [span for entry in decision.digest.tracked if (span := entry.span(now))]
            left = edits.remainders(decision.item, tracked)
            if not left:
                raise ReviewError({"": "All of that time is tracked already: press Skip."})
            for item in decision.change(left):
                decision.approve(item)
            return decision.digest

    def revert(self, person: str, item_id: str) -> Digest:
        """Takes back the person's latest edit, split, merge or addition of this item."""
        with self._deciding(person, item_id) as decision:
            if decision.item.change is not None:
                decision.revert(decision.item.change)
            return decision.digest

    # -- Transactions --------------------------------------------------------------------------

    @contextmanager
    def _deciding(self, person: str, item_id: str) -> Iterator[_ItemDecision]:
        with self.store.writing() as transaction:
            digest = days.load_by_item(transaction, item_id, lock=True)
            if digest is None:
                raise ReviewError({"": _OUTDATED})
            if digest.person != person:
                raise NotYours
            item = next(item for item in digest.items if item.id == item_id)
            yield _ItemDecision(self.store, transaction, self.tracker, digest, self.clock(), item)

    @contextmanager
    def _day(self, person: str, day: date) -> Iterator[_DayDecision]:
        with self.store.writing() as transaction:
            digest = days.load(transaction, person, day, lock=True)
            if digest is None:
                raise ReviewError({"": _UNKNOWN_DAY})
            yield _DayDecision(self.store, transaction, self.tracker, digest, self.clock())


@dataclass
class _DayDecision:
    """One transaction on a day that is locked; `digest` follows what is stored."""

    store: Store
    transaction: Transaction
    tracker: TrackerWords
    digest: Digest
    now: datetime

    def put(self, *items: Item) -> None:
        """Stores changed and new items."""
        self.digest = days.put(self.transaction, self.digest, *items)

    def send(
        self, item: Item, kind: JobKind, *, forced: bool = False, before: Item | None = None
    ) -> None:
        """Stores the item, and a job for it."""
        due_at = self.store.now(self.transaction)
        job = entry_job(item, kind, due_at, forced=forced, before=before)
        jobs.queue(self.transaction, self.digest, job)
        self.put(item.in_state(item.state))

    def approve(self, item: Item, *, forced: bool = False) -> None:
        """Lets the item become an entry. Raises ReviewError for one that would say nothing."""
        self.require_reach()
        suggestion = item.suggestion
        if suggestion.group is None:
            raise ReviewError({"": "Say first what this was: press Edit."})
        if suggestion.project is None and not (suggestion.description or suggestion.issue):
            raise ReviewError({"": "It has neither project nor description: press Edit."})
        self.send(replace(item, state=ItemState.PENDING), JobKind.CREATE, forced=forced)

    def checked(self, change: Change, *, move: bool, item_id: str = "") -> list[Item]:
        """The neighbours as they become; raises ReviewError for a change that cannot be."""
        edits.check(change, self.digest, self.now)
        return edits.make_room(self.digest, item_id, change.span, move=move)

    def change(self, after: Iterable[Item], gone: Collection[str] = ()) -> list[Item]:
        """Stores what the person made of items, so that it can be taken back; gives it back."""
        after = list(after)
        touched = {item.id for item in after} | set(gone)
        before = [item for item in self.digest.items if item.id in touched]
        number = days.note_change(self.transaction, self.digest, before)
        changed = edits.numbered(after, number)
        wanted = edits.with_items(self.digest, changed, gone)
        self.digest = days.save(self.transaction, self.digest, wanted)
        return [item for item in self.digest.items if item.change == number]

    def require_reach(self, field: str = "") -> None:
        """Raises ReviewError on a day of which the tracker shows nothing any more."""
        if not self.tracker.reaches(self.digest.day, ZoneInfo(self.digest.timezone), self.now):
            raise ReviewError({field: self.tracker.too_long_ago})

    def require_undecided(self, item: Item) -> None:
        """Raises ReviewError where a decision was made that has to be taken back first."""
        if item.state not in UNDECIDED:
            raise ReviewError({"": _DECIDED_ALREADY})

    def require_untracked(self, item: Item) -> None:
        """Raises ReviewError where the item covers time that is tracked already."""
        for entry in self.digest.tracked:
            span = entry.span(self.now)
            if span is not None and span.overlaps(item.suggestion.span):
                between = f"There is an entry in {self.tracker.label} between the two."
                raise ReviewError({"": between})

    def revert(self, number: int) -> None:
        """Puts back what a change replaced. Raises ReviewError if other things came in between."""
        made = [item for item in self.digest.items if item.change == number]
        for item in made:
            self.require_undecided(item)
        before = days.take_change(self.transaction, self.digest, number)
        if before is None:
            raise ReviewError({"": "This can no longer be taken back."})
        gone = {item.id for item in made} - {item.id for item in before}
        wanted = edits.with_items(self.digest, before, gone)
        self.digest = days.save(self.transaction, self.digest, _with_room(wanted, before))


@dataclass
class _ItemDecision(_DayDecision):
    """A transaction about one item; `item` is as it was at the beginning."""

    item: Item

    @property
    def job(self) -> Job | None:
        """What is to be sent for the item."""
        return jobs.active(self.transaction, self.item.id)

    def checked(self, change: Change, *, move: bool, item_id: str = "") -> list[Item]:
        """As for any change; the item itself is not in its own way."""
        return super().checked(change, move=move, item_id=item_id or self.item.id)

    def take_back(self, job: Job) -> None:
        """Stops a job, or has its result removed where a request may be out already."""
        if job.stage is Stage.PENDING and job.kind is not JobKind.UPDATE:
            jobs.finish(self.transaction, job, Stage.DROPPED)
            self.put(self.item.in_state(ItemState.OPEN))
        elif job.stage is Stage.PENDING and job.before is not None and not job.doubtful:
            jobs.finish(self.transaction, job, Stage.DROPPED)
            self.put(replace(job.before, version=self.item.version))
        elif job.kind is JobKind.CREATE:
            jobs.mark_undone(self.transaction, job)
            self.put(self.item.in_state(ItemState.DELETING))
        else:
            raise ReviewError({"": _ON_ITS_WAY.format(self.tracker.label)})

    def resend(self, after: Item) -> None:
        """Lets an entry that is made, or will be soon, say what the item says now."""
        job = self.job
        rewritable = job is not None and job.stage is Stage.PENDING and not job.doubtful
        if self.item.state is ItemState.SENT:
            if after.suggestion.span != self.item.suggestion.span:
                self.require_reach("start")
            if after != self.item or _worklog_failed(self.item):
                self.send(replace(after, state=ItemState.PENDING), JobKind.UPDATE, before=self.item)
        elif self.item.state is ItemState.PENDING and job is not None and rewritable:
            jobs.set_payload(self.transaction, job, payload_of(after))
            self.put(after)
        else:
            raise ReviewError({"": _ON_ITS_WAY.format(self.tracker.label)})


def _worklog_failed(item: Item) -> bool:
    """Whether sending the entry once more brings its worklog another try."""
    return item.worklog is not None and item.worklog.problem is not None


def _with_room(digest: Digest, back: Sequence[Item]) -> Digest:
    """Fresh suggestions give way to items that came back. Raises ReviewError where others don't."""
    ids = {item.id for item in back}
    spans = [item.suggestion.span for item in back]
    items = [item for item in digest.items if item.id in ids]
    for other in digest.items:
        if other.id not in ids:
            items += _given_way(other, spans)
    return replace(digest, items=tuple(edits.in_order(items)))


def _given_way(item: Item, spans: Sequence[Span]) -> list[Item]:
    """A changed one gets a new id: buttons of an older message must not mean another span."""
    if item.state is ItemState.SKIPPED or not any(map(item.suggestion.span.overlaps, spans)):
        return [item]
    if edits.outlives_refresh(item):
        raise ReviewError({"": "Something else takes that time now: change that first."})
    return [Item(edits.new_id(), rest) for rest in edits.clipped([item.suggestion], spans)]
