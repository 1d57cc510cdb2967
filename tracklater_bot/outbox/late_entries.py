"""What comes after all: its request was given up, looked for in vain, and repeated.

A service may carry out a request long after the connection broke, and does not tell two equal
requests apart. So after each lookup that found nothing, a job stays that looks again some times,
and takes out one entry or worklog that says the same and belongs to no item. Nothing equal was
there at the lookup before, so it is what that request made.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tracklater_bot.domain.digests import Digest, Problem
from tracklater_bot.domain.urgency import low_priority
from tracklater_bot.outbox import outcomes
from tracklater_bot.outbox.lookup import Lookup, is_same
from tracklater_bot.outbox.outcomes import Outcome, PersonDay, Ready, Sender
from tracklater_bot.store import Store, Transaction, days, jobs, worklogs
from tracklater_bot.store.jobs import Job, JobKind, NewJob, Stage, Target
from tracklater_bot.trackers.base import GroupWorklogs, TrackerError

# When it is looked for what a request may have made after all, counted from its sending.
LATE_LOOKS = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))
LOOK_AGAIN = timedelta(seconds=30)  # while an equal one is being made


def watch(transaction: Transaction, digest: Digest, job: Job, now: datetime) -> None:
    """Lets it be looked for what the job's last request may make yet."""
    sent_at = min(job.sent_at or now, now)
    due = None if job.sent_at is None else _next_look(sent_at, now)
    if due is None:
        return
    of_worklog = job.target is Target.WORKLOG
    late = NewJob(
        # No item's: the item has a job of its own. A worklog is known by its item's id.
        f"{job.item_id if of_worklog else job.id}/{sent_at:%Y%m%d%H%M%S}",
        JobKind.DELETE,
        Target.LATE_WORKLOG if of_worklog else Target.LATE,
        job.payload,
        due,
        sent_at=sent_at,
    )
    if jobs.active(transaction, late.item_id, late.target) is None:
        jobs.queue(transaction, digest, late)


class LateSender(Sender[str], ABC):
    """Looks for what one person's requests made late, and takes it out."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def prepare(self, job: Job, now: datetime) -> Ready[str] | Outcome:
        """The late one's id if it was found before; else whether it is there by now."""
        if self._is_creating(job):
            return outcomes.RetryLater(Problem.WAITING, "it is being made", now + LOOK_AGAIN)
        if job.entry_id is not None:
            return outcomes.NotWritten() if self._ours(job, {job.entry_id}) else Ready(job.entry_id)
        found = self._equal(job, now)
        ours = self._ours(job, set(found))
        late = next((each for each in found if each not in ours), None)
        # What is being made now is ours, though no item says so yet.
        if late is None or self._is_creating(job):
            return outcomes.NotWritten()
        return outcomes.LateOneFound(late, found[late])

    @abstractmethod
    def send(self, job: Job, request: str) -> Outcome:
        """Removes it."""

    def final(self, job: Job, error: TrackerError) -> Outcome | None:
        """Somebody changed it meanwhile, or it cannot be had: then it is theirs."""
        return outcomes.NotWritten()

    def apply(
        self, transaction: Transaction, job: Job, outcome: Outcome, now: datetime
    ) -> set[PersonDay]:
        """Stores what was found, and when to look again."""
        if isinstance(outcome, outcomes.Sending):
            return set()
        digest = days.load(transaction, job.person, job.day, lock=True)
        if jobs.load(transaction, job.id) != job:
            return set()
        if digest is None:
            jobs.finish(transaction, job, Stage.DROPPED)
            return set()
        match outcome:
            case outcomes.LateOneFound(number, changed):
                jobs.set_entry(transaction, job, number, changed, now)
            case outcomes.Written() if job.target is Target.LATE_WORKLOG:
                # Whatever else carries the item's id came late as well: it is looked again.
                jobs.set_entry(transaction, job, None, None, now)
            case outcomes.Written():
                jobs.finish(transaction, job, Stage.DONE)
                return _without_entry(transaction, digest, job)
            case outcomes.RetryLater(_, _, at) | outcomes.Unconfirmed(_, at):
                jobs.set_entry(transaction, job, None, None, at)
            case _:
                due = _next_look(job.sent_at or now, now)
                if due is None:
                    jobs.finish(transaction, job, Stage.DONE)
                else:
                    jobs.set_entry(transaction, job, None, None, due)
        return set()

    @abstractmethod
    def _equal(self, job: Job, now: datetime) -> dict[str, str | None]:
        """What says the same as the job, with the tracker's word for its state."""

    @abstractmethod
    def _is_creating(self, job: Job) -> bool:
        """Whether an equal one is being made now."""

    @abstractmethod
    def _ours(self, job: Job, numbers: set[str]) -> set[str]:
        """Which belong to an item, or are another job's to take out."""


class LateEntrySender(LateSender):
    """Looks for one person's late entries."""

    def __init__(self, store: Store, lookup: Lookup) -> None:
        super().__init__(store)
        self._lookup = lookup

    def send(self, job: Job, request: str) -> Outcome:
        """Removes the entry."""
        self._lookup.forget_entries()
        self._lookup.tracker().delete(request, job.seen)
        return outcomes.Written(None)

    def _equal(self, job: Job, now: datetime) -> dict[str, str | None]:
        digest = self._store.digest(job.person, job.day)
        if digest is None:
            return {}
        entry = self._lookup.entry(job.payload)
        # One look serves all that are due at that minute; the clock may have been set back since.
        oldest = max(job.due_at, now - timedelta(minutes=1))
        # What was put off for an hour is not put off again, however much is clicked.
        with low_priority(low=job.sent_at is not None and now < job.sent_at + LATE_LOOKS[-1]):
            tracked = self._lookup.entries(entry.span, digest, now, oldest)
        return {other.id: other.changed for other in tracked if is_same(other, entry)}

    def _is_creating(self, job: Job) -> bool:
        with self._store.reading() as transaction:
            return jobs.is_creating(transaction, job.person, job.payload.span.start)

    def _ours(self, job: Job, numbers: set[str]) -> set[str]:
        with self._store.reading() as transaction:
            taken = days.entries_taken(transaction, job.person, numbers)
            return taken | jobs.entries_of_others(transaction, job, numbers)


class LateWorklogSender(LateSender):
    """Looks for one person's late worklogs, by the id of ours that each carries."""

    def __init__(self, store: Store, groups: GroupWorklogs) -> None:
        super().__init__(store)
        self._groups = groups

    def send(self, job: Job, request: str) -> Outcome:
        """Removes the worklog."""
        self._groups.of(job.payload.group or "").delete(job.payload.issue or "", request)
        return outcomes.Written(None)

    def _equal(self, job: Job, now: datetime) -> dict[str, str | None]:
        payload = job.payload
        group = self._groups.of(payload.group or "")
        found = group.find(payload.issue or "", _item_of(job), payload.span)
        return {worklog.id: None for worklog in found}

    def _is_creating(self, job: Job) -> bool:
        with self._store.reading() as transaction:
            own = jobs.active(transaction, _item_of(job), Target.WORKLOG)
        return own is not None and own.kind is JobKind.CREATE

    def _ours(self, job: Job, numbers: set[str]) -> set[str]:
        with self._store.reading() as transaction:
            return worklogs.known(transaction, job.person, numbers)


def _item_of(job: Job) -> str:
    return job.item_id.partition("/")[0]


def _next_look(sent_at: datetime, now: datetime) -> datetime | None:
    """When to look next; None after the last time. Full minutes, so that one look serves many."""
    for wait in LATE_LOOKS:
        due = sent_at + wait
        if due > now:
            minute = due.astimezone(UTC).replace(second=0, microsecond=0)
            return minute + timedelta(minutes=1)
    return None


def _without_entry(transaction: Transaction, digest: Digest, job: Job) -> set[PersonDay]:
    """The day no longer shows the entry, if it was read while the entry was there."""
    left = tuple(entry for entry in digest.tracked if entry.id != job.entry_id)
    if job.target is not Target.LATE or left == digest.tracked:
        return set()
    days.save(transaction, digest, replace(digest, tracked=left))
    return {(digest.person, digest.day)}
