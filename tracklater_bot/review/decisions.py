"""What each button means, without Slack. Nothing here waits on a network.

A decision and what is to be sent because of it are stored in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from tracklater_bot.domain.day import Span, in_reach
from tracklater_bot.domain.digests import Digest, Item, ItemState, Problem
from tracklater_bot.domain.edits import (
    UNDECIDED,
    Change,
    NotYours,
    ReviewError,
    added,
    check,
    divided,
    edited,
    following,
    joined,
    make_room,
    numbered,
    remainders,
)
from tracklater_bot.domain.items import clipped, in_order, new_id, outlives_refresh
from tracklater_bot.domain.text import TOO_LONG_AGO
from tracklater_bot.store import Store
from tracklater_bot.store import days as digests
from tracklater_bot.store import jobs as outbox
from tracklater_bot.store.jobs import Job, JobKind, Order, Stage

__all__ = ["Change", "NotYours", "Review", "ReviewError"]

_DECIDED = (
    ItemState.PENDING,
    ItemState.SENDING,
    ItemState.UNKNOWN,
    ItemState.SENT,
    ItemState.DELETING,
)
_OUTDATED = "That suggestion is gone: its day was refreshed since, or is too old to be kept."
_UNKNOWN_DAY = "That day is not open yet: ask for it with /tracklater first."
_CHANGED = "It was changed meanwhile: close this and press Edit again."
_ON_ITS_WAY = "It is on its way to Toggl: try again in a moment."
_DECIDED_ALREADY = "It is decided already: press Undo first."


class Review:
    """Takes decisions. All raise ReviewError, NotYours for another person's day, and StoreError."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    # -- Decisions -----------------------------------------------------------------------------

    def approve(self, person: str, item_id: str, *, anyway: bool = False) -> Digest:
        """Lets the item become an entry; nothing new happens where that was decided before.

        `anyway` is for an item that failed because something else was tracked at that time.
        """
        with self._deciding(person, item_id) as case:
            if case.item.state not in _DECIDED:
                case.approve(case.item, forced=anyway)
            return case.digest

    def approve_all(self, person: str, day: date, certain_only: bool = False) -> Digest:
        """Approves every open item with group and project, or only those that are certain."""
        with self._day(person, day) as case:
            for item in case.digest.items:
                if item.certain if certain_only else item.approvable:
                    case.approve(item)
            return case.digest

    def skip(self, person: str, item_id: str) -> Digest:
        """Leaves the item out."""
        with self._deciding(person, item_id) as case:
            if case.item.state in _DECIDED:
                raise ReviewError({"": _DECIDED_ALREADY})
            case.put(_settled(case.item, ItemState.SKIPPED))
            return case.digest

    def undo(self, person: str, item_id: str) -> Digest:
        """Takes the decision back. What is in Toggl already, or on its way there, is deleted."""
        with self._deciding(person, item_id) as case:
            if case.item.state in (ItemState.SKIPPED, ItemState.FAILED):
                case.put(_settled(case.item, ItemState.OPEN))
            elif case.item.state is ItemState.SENT:
                case.send(replace(case.item, state=ItemState.DELETING), JobKind.DELETE)
            elif case.job is not None and case.item.state is not ItemState.DELETING:
                case.take_back(case.job)
            return case.digest

    def keep(self, person: str, item_id: str) -> Digest:
        """Leaves an entry in Toggl as it is there; what was said about it is dealt with."""
        with self._deciding(person, item_id) as case:
            if case.item.state is ItemState.SENT and case.item.problem_code is not None:
                case.put(_settled(case.item, ItemState.SENT))
            return case.digest

    # -- Changes -------------------------------------------------------------------------------

    def edit(
        self,
        person: str,
        item_id: str,
        change: Change,
        version: int,
        move_neighbours: bool = False,
    ) -> Digest:
        """Changes what the item says; an entry that is in Toggl already is changed there too.

        `version` is the item's when the dialog was opened. With `move_neighbours`, undecided
        neighbours give way.
        """
        with self._deciding(person, item_id) as case:
            if case.item.version != version:
                raise ReviewError({"": _CHANGED})
            moved = case.checked(change, move=move_neighbours)
            after = edited(case.item, change)
            if case.item.state in (*UNDECIDED, ItemState.SKIPPED):
                case.change([after, *moved])
            else:
                if moved:
                    case.change(moved)
                case.resend(after)
            return case.digest

    def split(self, person: str, item_id: str, at: datetime) -> Digest:
        """Makes two items of one; both keep what it said."""
        with self._deciding(person, item_id) as case:
            case.insist_undecided(case.item)
            case.change(divided(case.item, at))
            return case.digest

    def merge_with_next(self, person: str, item_id: str) -> Digest:
        """Makes one item of two and the time between them; the longer one's issue counts."""
        with self._deciding(person, item_id) as case:
            second = following(case.digest, case.item)
            if second is None:
                raise ReviewError({"": "Nothing follows it."})
            for each in (case.item, second):
                case.insist_undecided(each)
            after = joined(case.item, second)
            case.insist_untracked(after)
            case.change([after], gone=[second.id])
            return case.digest

    def add(self, person: str, day: date, change: Change, move_neighbours: bool = False) -> Digest:
        """Adds an item by hand, open like any other."""
        with self._day(person, day) as case:
            case.insist_on_reach("start")
            moved = case.checked(change, move=move_neighbours)
            case.change([added(change), *moved])
            return case.digest

    def trim(self, person: str, item_id: str) -> Digest:
        """Cuts what is tracked already out of an item that failed because of it, and approves."""
        with self._deciding(person, item_id) as case:
            if case.item.problem_code is not Problem.OVERLAP:
                return case.digest
            now = self._clock()
            tracked = [span for each in case.digest.tracked if (span := each.span(now))]
            left = remainders(case.item, tracked)
            if not left:
                raise ReviewError({"": "All of that time is tracked already: press Skip."})
            for each in case.change(left):
                case.approve(each)
            return case.digest

    def revert(self, person: str, item_id: str) -> Digest:
        """Takes back the person's latest edit, split, merge or addition of this item."""
        with self._deciding(person, item_id) as case:
            if case.item.change is not None:
                case.revert(case.item.change)
            return case.digest

    # -- Transactions --------------------------------------------------------------------------

    @contextmanager
    def _deciding(self, person: str, item_id: str) -> Iterator[_ItemCase]:
        with self._store.writing() as connection:
            digest = digests.load_by_item(connection, item_id, lock=True)
            if digest is None:
                raise ReviewError({"": _OUTDATED})
            if digest.person != person:
                raise NotYours
            item = next(each for each in digest.items if each.id == item_id)
            yield _ItemCase(connection, digest, self._clock(), item)

    @contextmanager
    def _day(self, person: str, day: date) -> Iterator[_Case]:
        with self._store.writing() as connection:
            digest = digests.load(connection, person, day, lock=True)
            if digest is None:
                raise ReviewError({"": _UNKNOWN_DAY})
            yield _Case(connection, digest, self._clock())


@dataclass
class _Case:
    """One transaction on a day that is locked; `digest` follows what is stored."""

    connection: Connection
    digest: Digest
    now: datetime

    def put(self, *items: Item) -> None:
        """Stores changed and new items."""
        self.digest = digests.put(self.connection, self.digest, *items)

    def send(
        self, item: Item, kind: JobKind, *, forced: bool = False, before: Item | None = None
    ) -> None:
        """Stores the item, and a job for it."""
        order = Order(kind, self.now, forced=forced, before=before)
        outbox.queue(self.connection, self.digest, item, order)
        self.put(replace(item, problem=None, problem_code=None, retry_at=None))

    def approve(self, item: Item, *, forced: bool = False) -> None:
        """Lets the item become an entry. Raises ReviewError for one that would say nothing."""
        self.insist_on_reach()
        suggestion = item.suggestion
        if suggestion.group is None:
            raise ReviewError({"": "Say first what this was: press Edit."})
        if suggestion.project is None and not (suggestion.description or suggestion.issue):
            raise ReviewError({"": "It has neither project nor description: press Edit."})
        self.send(replace(item, state=ItemState.PENDING), JobKind.CREATE, forced=forced)

    def checked(self, change: Change, *, move: bool, item_id: str = "") -> list[Item]:
        """The neighbours as they become; raises ReviewError for a change that cannot be."""
        check(change, self.digest, self.now)
        return make_room(self.digest, item_id, change.span, move=move)

    def change(self, after: Iterable[Item], gone: Collection[str] = ()) -> list[Item]:
        """Stores what the person made of items, so that it can be taken back; gives it back."""
        after = list(after)
        touched = {each.id for each in after} | set(gone)
        before = [item for item in self.digest.items if item.id in touched]
        number = digests.note_change(self.connection, self.digest, before)
        changed = numbered(after, number)
        wanted = digests.with_items(self.digest, changed, gone)
        self.digest = digests.save(self.connection, self.digest, wanted)
        return [item for item in self.digest.items if item.change == number]

    def insist_on_reach(self, field: str = "") -> None:
        """Raises ReviewError on a day of which Toggl shows nothing any more."""
        if not in_reach(self.digest.day, ZoneInfo(self.digest.timezone), self.now):
            raise ReviewError({field: TOO_LONG_AGO})

    def insist_undecided(self, item: Item) -> None:
        """Raises ReviewError where a decision was made that has to be taken back first."""
        if item.state not in UNDECIDED:
            raise ReviewError({"": _DECIDED_ALREADY})

    def insist_untracked(self, item: Item) -> None:
        """Raises ReviewError where the item covers time that is tracked already."""
        for entry in self.digest.tracked:
            span = entry.span(self.now)
            if span is not None and span.overlaps(item.suggestion.span):
                raise ReviewError({"": "There is an entry in Toggl between the two."})

    def revert(self, number: int) -> None:
        """Puts back what a change replaced. Raises ReviewError if other things came in between."""
        made = [item for item in self.digest.items if item.change == number]
        for each in made:
            self.insist_undecided(each)
        before = digests.take_change(self.connection, self.digest, number)
        if before is None:
            raise ReviewError({"": "This can no longer be taken back."})
        gone = {each.id for each in made} - {each.id for each in before}
        wanted = digests.with_items(self.digest, before, gone)
        self.digest = digests.save(self.connection, self.digest, _with_room(wanted, before))


@dataclass
class _ItemCase(_Case):
    """A transaction about one item; `item` is as it was at the beginning."""

    item: Item

    @property
    def job(self) -> Job | None:
        """What is to be sent for the item."""
        return outbox.active(self.connection, self.item.id)

    def checked(self, change: Change, *, move: bool, item_id: str = "") -> list[Item]:
        """As for any change; the item itself is not in its own way."""
        return super().checked(change, move=move, item_id=item_id or self.item.id)

    def take_back(self, job: Job) -> None:
        """Stops a job, or has its result removed where a request may be out already."""
        if job.stage is Stage.PENDING and job.kind is not JobKind.UPDATE:
            outbox.close(self.connection, job, Stage.DROPPED)
            self.put(_settled(self.item, ItemState.OPEN))
        elif job.stage is Stage.PENDING and job.before is not None and not job.doubtful:
            outbox.close(self.connection, job, Stage.DROPPED)
            self.put(replace(job.before, version=self.item.version))
        elif job.kind is JobKind.CREATE:
            outbox.undo(self.connection, job)
            self.put(_settled(self.item, ItemState.DELETING))
        else:
            raise ReviewError({"": _ON_ITS_WAY})

    def resend(self, after: Item) -> None:
        """Lets an entry that is in Toggl, or will be soon, say what the item says now."""
        job = self.job
        rewritable = job is not None and job.stage is Stage.PENDING and not job.doubtful
        if self.item.state is ItemState.SENT:
            if after.suggestion.span != self.item.suggestion.span:
                self.insist_on_reach("start")
            if after != self.item or _worklog_failed(self.item):
                self.send(replace(after, state=ItemState.PENDING), JobKind.UPDATE, before=self.item)
        elif self.item.state is ItemState.PENDING and job is not None and rewritable:
            outbox.rewrite(self.connection, job, after)
            self.put(after)
        else:
            raise ReviewError({"": _ON_ITS_WAY})


def _worklog_failed(item: Item) -> bool:
    """Whether sending the entry once more brings its worklog another try."""
    return item.worklog is not None and item.worklog.problem is not None


def _settled(item: Item, state: ItemState) -> Item:
    return replace(item, state=state, problem=None, problem_code=None, retry_at=None)


def _with_room(digest: Digest, back: Sequence[Item]) -> Digest:
    """Fresh suggestions give way to items that came back. Raises ReviewError where others don't."""
    ids = {each.id for each in back}
    spans = [each.suggestion.span for each in back]
    items = [item for item in digest.items if item.id in ids]
    for other in digest.items:
        if other.id not in ids:
            items += _given_way(other, spans)
    return replace(digest, items=tuple(in_order(items)))


def _given_way(item: Item, spans: Sequence[Span]) -> list[Item]:
    """A changed one gets a new id: buttons of an older message must not mean another span."""
    if item.state is ItemState.SKIPPED or not any(map(item.suggestion.span.overlaps, spans)):
        return [item]
    if outlives_refresh(item):
        raise ReviewError({"": "Something else takes that time now: change that first."})
    return [Item(new_id(), each) for each in clipped([item.suggestion], spans)]
