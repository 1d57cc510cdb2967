"""What an entry's outcome means for its item, stored with the job in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import IN_PROGRESS, Digest, Item, ItemState, Problem
from tracklater_bot.domain.edits import with_items
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.outbox import late_entries, outcomes
from tracklater_bot.outbox.outcomes import Outcome, PersonDay, Waiting, looks_first, wait
from tracklater_bot.store import Transaction, days, jobs
from tracklater_bot.store.jobs import Job, JobKind, Stage, entry_job

UNSAID = timedelta(minutes=1)  # a look after a lost answer is not worth more words before


def apply(transaction: Transaction, job: Job, outcome: Outcome, now: datetime) -> set[PersonDay]:
    """Stores the outcome; gives the days whose message has to follow.

    An outcome of a job that was changed or taken back before anything was sent counts no more.
    """
    digest = days.load_by_item(transaction, job.item_id, lock=True)
    current = jobs.load(transaction, job.id)
    if digest is None or not current.is_active or current != replace(job, undone=current.undone):
        return set()
    item = next(item for item in digest.items if item.id == job.item_id)
    after = _Ending(transaction, digest, current, now).item_after(item, outcome)
    changed = with_items(digest, [after])
    if isinstance(outcome, outcomes.Rejected):
        changed = replace(changed, tracked=_with(digest.tracked, outcome.foreign))
    days.save(transaction, digest, changed)
    affected = {(digest.person, digest.day)}
    if isinstance(outcome, outcomes.RetryLater) and outcome.code is Problem.QUOTA:
        jobs.postpone_entries(transaction, job.person, outcome.at)  # it holds all of them
    if isinstance(outcome, outcomes.Written | outcomes.Rejected | outcomes.NotWritten):
        affected |= _go_on(transaction, job.person, now)
    return affected


def held_back(
    transaction: Transaction, person: str, until: datetime, now: datetime
) -> set[PersonDay]:
    """Lets each item that waits and does not say so say it as the others of the person do."""
    waiting = {
        item.id: (item, digest.day, max(until, job.due_at))
        for digest in days.on_their_way(transaction, person)
        for item in digest.items
        if item.state in IN_PROGRESS and (job := jobs.active(transaction, item.id))
    }
    told = [item for item, _, _ in waiting.values() if item.retry_at and item.retry_at > now]
    as_told = max(told, key=lambda item: item.retry_at or now, default=None)

    def tell(item: Item) -> Item:
        waits = replace(item, retry_at=waiting[item.id][2])
        if as_told is None:
            return waits
        return replace(waits, problem=as_told.problem, problem_code=as_told.problem_code)

    silent = [(day, item.id) for item, day, at in waiting.values() if (item.retry_at or now) < at]
    return _change(transaction, person, silent, tell)


def find_lost(transaction: Transaction, digest: Digest, now: datetime) -> None:
    """Sees to it that every item on its way has a job, and that none waits without saying so."""
    for item in digest.items:
        if item.state not in IN_PROGRESS:
            continue
        job = jobs.active(transaction, item.id)
        if job is not None:
            if job.stage is Stage.PENDING and not job.unanswered and item.retry_at is None:
                jobs.reschedule(transaction, job, Stage.PENDING, min(job.due_at, now), 0)
            continue
        deleting = item.state is ItemState.DELETING
        kind = JobKind.DELETE if deleting else JobKind.UPDATE
        kind = JobKind.CREATE if item.entry_id is None else kind
        jobs.queue(transaction, digest, entry_job(item, kind, now))
        made = jobs.active(transaction, item.id)
        if made is not None and kind is JobKind.CREATE:
            # It may have been sent, so it is looked up first.
            jobs.reschedule(transaction, made, Stage.UNKNOWN, now, 1)
            if deleting:
                jobs.mark_undone(transaction, made)


def _with(tracked: Iterable[TimeEntry], seen: Iterable[TimeEntry]) -> tuple[TimeEntry, ...]:
    known = {entry.id: entry for entry in (*tracked, *seen)}
    return tuple(sorted(known.values(), key=lambda entry: (entry.start, entry.id)))


@dataclass(frozen=True)
class _Ending:
    """One job's end, or its next try."""

    transaction: Transaction
    digest: Digest
    job: Job
    now: datetime

    def item_after(  # noqa: PLR0911 - one return for each outcome
        self, item: Item, outcome: Outcome
    ) -> Item:
        """The item as it is from now on; the job is stored on the way."""
        if isinstance(outcome, outcomes.NotWritten):
            late_entries.watch(self.transaction, self.digest, self.job, self.now)
        stays = isinstance(outcome, outcomes.Written) or looks_first(self.job, outcome)
        if self.job.undone and not stays:
            return self._undone(item, outcome)
        if isinstance(outcome, Waiting):
            wait(self.transaction, self.job, outcome, self.now)
        match outcome:
            case outcomes.Written(entry_id, changed):
                return self._written(item, entry_id, changed)
            case outcomes.Rejected(code, sentence, _):
                return self._rejected(item, code, sentence)
            case outcomes.RetryLater(code, sentence, at):
                unknown = self.job.stage is Stage.UNKNOWN
                state = self._on_its_way(ItemState.UNKNOWN if unknown else ItemState.PENDING)
                return replace(_with_problem(item, state, code, sentence), retry_at=at)
            case outcomes.Unconfirmed(_, at):
                unsure = item.in_state(self._on_its_way(ItemState.UNKNOWN))
                return replace(unsure, retry_at=at) if at - self.now > UNSAID else unsure
            case outcomes.NotWritten():
                return item.in_state(ItemState.PENDING)
            case outcomes.ChangedMeanwhile(sentence, current):
                self._finish(Stage.FAILED, sentence)
                adopted = _adopted(item, current)
                return _with_problem(adopted, ItemState.SENT, Problem.CHANGED, sentence)
            case _:
                raise AssertionError("this does not become of an entry's job")

    def _written(self, item: Item, entry_id: str | None, changed: str | None) -> Item:
        self._finish(Stage.DONE)
        state = ItemState.OPEN if entry_id is None else ItemState.SENT
        item = replace(item.in_state(state), entry_id=entry_id, entry_changed=changed)
        if entry_id is None or not self.job.undone:
            return item
        jobs.queue(self.transaction, self.digest, entry_job(item, JobKind.DELETE, self.now))
        return replace(item, state=ItemState.DELETING)

    def _undone(self, item: Item, outcome: Outcome) -> Item:
        """Taken back while on its way. What may have been written is still looked for."""
        if (
            isinstance(outcome, outcomes.Rejected)
            and outcome.code is Problem.TOO_OLD
            and self.job.doubtful
        ):
            return self._rejected(item, outcome.code, outcome.sentence)  # only a person can look
        self._finish(Stage.DROPPED)
        return item.in_state(ItemState.OPEN)

    def _rejected(self, item: Item, code: Problem, sentence: str) -> Item:
        self._finish(Stage.FAILED, sentence)
        if self.job.kind is JobKind.CREATE:
            return _with_problem(item, ItemState.FAILED, code, sentence)
        if code is Problem.GONE:
            gone = replace(item, entry_id=None, entry_changed=None)
            return _with_problem(gone, ItemState.FAILED, code, sentence)
        # The entry is still what it was before, so that is what the item says again.
        before = self.job.before
        if before is not None:
            item = replace(before, version=item.version, entry_changed=item.entry_changed)
        return _with_problem(item, ItemState.SENT, code, sentence)

    def _on_its_way(self, state: ItemState) -> ItemState:
        deleting = self.job.kind is JobKind.DELETE or self.job.undone
        return ItemState.DELETING if deleting else state

    def _finish(self, stage: Stage, problem: str | None = None) -> None:
        jobs.finish(self.transaction, self.job, stage, problem)


def _with_problem(item: Item, state: ItemState, code: Problem, sentence: str) -> Item:
    return replace(item.in_state(state), problem=sentence, problem_code=code)


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


def _go_on(transaction: Transaction, person: str, now: datetime) -> set[PersonDay]:
    """The tracker answers again: what waited until now says so no longer."""
    waited = days.waiting_items(transaction, person, now)
    return _change(transaction, person, waited, lambda item: item.in_state(item.state))


def _change(
    transaction: Transaction,
    person: str,
    which: Iterable[tuple[date, str]],
    change: Callable[[Item], Item],
) -> set[PersonDay]:
    ids_of: dict[date, set[str]] = {}
    for day, item_id in sorted(which):
        ids_of.setdefault(day, set()).add(item_id)
    for day, ids in ids_of.items():
        digest = days.load(transaction, person, day, lock=True)
        if digest is not None:
            changed = [change(item) for item in digest.items if item.id in ids]
            days.put(transaction, digest, *changed)
    return {(person, day) for day in ids_of}
