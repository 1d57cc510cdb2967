"""Sends the worklogs beside entries: what is in Jira becomes what should be there.

A worklog follows its item: it is there while the entry is in the tracker, says what the item says,
and goes with it. Its failures never touch the entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from tracklater_bot.domain.digests import IN_PROGRESS, Digest, Item, ItemState, Problem, Worklog
from tracklater_bot.domain.payload import Payload, worklog_of
from tracklater_bot.outbox import late_entries, outcomes
from tracklater_bot.outbox.outcomes import Outcome, PersonDay, Ready, Sender, Waiting, wait
from tracklater_bot.store import Transaction, days, jobs, worklogs
from tracklater_bot.store.jobs import Job, JobKind, NewJob, Stage, Target
from tracklater_bot.store.worklogs import StoredWorklog
from tracklater_bot.trackers import base

# What is said of a worklog that is neither made, changed nor taken out.
_STAYS = {
    JobKind.CREATE: ItemState.FAILED,
    JobKind.UPDATE: ItemState.SENT,
    JobKind.DELETE: ItemState.DELETING,
}
_NOT_IN_TRACKER = (ItemState.OPEN, ItemState.SKIPPED, ItemState.FAILED)


class WorklogSender(Sender[base.Worklogs]):
    """Sends one person's worklogs."""

    def __init__(self, groups: base.GroupWorklogs) -> None:
        self._groups = groups
        self._refusals: dict[int, outcomes.Rejected] = {}

    def prepare(self, job: Job, now: datetime) -> Ready[base.Worklogs] | Outcome:
        """Where the worklog goes; or what became of it where an answer was lost."""
        group = self._groups.of(job.payload.group or "")
        if job.stage is Stage.UNKNOWN or job.id in self._refusals:
            return self._searched(job, group)
        return Ready(group)

    def _searched(self, job: Job, group: base.Worklogs) -> Outcome:
        """What became of the last request, as Jira shows it."""
        payload = job.payload
        found = group.find(payload.issue or "", job.item_id, payload.span, payload.description)
        refusal = self._refusals.pop(job.id, None)
        if refusal is not None and job.entry_id in {worklog.id for worklog in found}:
            refusal = replace(refusal, code=Problem.REFUSED)  # it is not gone
        number, is_written = job.entry_id, False
        match job.kind:
            case JobKind.CREATE:
                number = found[0].id if found else None
                is_written = number is not None
            case JobKind.UPDATE:
                is_written = base.FoundWorklog(number or "", as_wanted=True) in found
            case JobKind.DELETE:
                is_written = number not in {worklog.id for worklog in found}
                number = None
        return outcomes.Written(number) if is_written else refusal or outcomes.NotWritten()

    def send(self, job: Job, request: base.Worklogs) -> Outcome:
        """Makes, changes or removes the worklog. A refusal is looked after before it is told."""
        try:
            return _sent(job, request)
        except (base.Refused, base.Gone, base.OtherEntry) as error:
            if not error.sent and not isinstance(error, base.OtherEntry):
                raise
            # Told once a look shows that it is so: now, or later where none succeeds.
            code = Problem.GONE if isinstance(error, base.Gone) else Problem.REFUSED
            self._refusals[job.id] = outcomes.Rejected(code, str(error))
            if error.sent:
                try:
                    return self._searched(job, request)
                except base.Gone:
                    raise  # nothing of the issue is to be seen
                except base.TrackerError:
                    pass
            raise base.Unknown(str(error)) from None

    def final(self, job: Job, error: base.TrackerError) -> Outcome | None:
        """What an error means for the worklog for good."""
        self._refusals.pop(job.id, None)
        if isinstance(error, base.Gone):
            if job.kind is JobKind.DELETE:
                return outcomes.Written(None)
            return outcomes.Rejected(Problem.GONE, str(error))
        # A refusal now does not tell whether an earlier request got through.
        doubtful = job.doubtful and not isinstance(error, base.Conflict | base.TooOld)
        return None if doubtful else outcomes.Rejected(Problem.REFUSED, str(error))

    def apply(
        self, transaction: Transaction, job: Job, outcome: Outcome, now: datetime
    ) -> set[PersonDay]:
        """Stores what became of the worklog.

        The item may be gone by now: what it left in Jira is removed all the same.
        """
        if isinstance(outcome, outcomes.Sending):
            return set()
        digest = days.load(transaction, job.person, job.day, lock=True)
        if digest is None or not job.is_active or jobs.load(transaction, job.id) != job:
            return set()
        self._of(transaction, digest, job.item_id, now).end(job, outcome)
        return {(job.person, job.day)}

    def recover(self, transaction: Transaction, person: str, now: datetime) -> set[PersonDay]:
        """Decides anew on each worklog that is on its way without a job.

        In a restored copy one that is to be made may be there: it is looked for first.
        """
        for job in jobs.unsent(transaction, person, Target.WORKLOG, JobKind.CREATE):
            jobs.reschedule(transaction, job, Stage.UNKNOWN, job.due_at, 1)
        changed = set[PersonDay]()
        for digest in days.on_their_way(transaction, person):
            for item in digest.items:
                told = item.worklog
                lost = told and told.problem is None and told.state in IN_PROGRESS
                if lost and jobs.active(transaction, item.id, Target.WORKLOG) is None:
                    self._of(transaction, digest, item.id, now).follow()
                    changed.add((person, digest.day))
        return changed

    def follow(
        self, transaction: Transaction, job: Job, now: datetime, *, found: bool = False
    ) -> None:
        """Lets the worklog follow what became of its item's entry, of which `job` was.

        Where the entry was `found`, not made, its worklog may be there as well.
        """
        digest = days.load(transaction, job.person, job.day, lock=True)
        if digest is not None:
            replace(self._of(transaction, digest, job.item_id, now), found=found).follow()

    def _of(
        self, transaction: Transaction, digest: Digest, item_id: str, now: datetime
    ) -> _ItemWorklog:
        return _ItemWorklog(transaction, digest, item_id, self._groups.wanted, now)


def give_up(transaction: Transaction, job: Job, why: str) -> None:
    """Ends the worklog's job, where nobody can write any more: nothing follows it."""
    jobs.finish(transaction, job, Stage.FAILED, why)
    digest = days.load(transaction, job.person, job.day, lock=True)
    if digest is not None and any(item.id == job.item_id for item in digest.items):
        told = Worklog(job.payload.issue or "", _STAYS[job.kind], why)
        days.set_worklog(transaction, digest, job.item_id, told)


@dataclass(frozen=True, slots=True)
class _GivenUp:
    """What Jira refused for good, to be written or to be taken out, and why."""

    payload: Payload
    sentence: str


@dataclass(frozen=True)
class _ItemWorklog:
    """One item's worklog on a day that is locked."""

    transaction: Transaction
    digest: Digest
    item_id: str
    logged: Callable[[str], bool]  # whether a group's time is written as worklogs
    now: datetime
    found: bool = False  # the entry was there already, so the worklog may be

    def end(self, job: Job, outcome: Outcome) -> None:
        """The job's end, or its next try; then whatever the item wants by now."""
        match outcome:
            case outcomes.Written(number):
                jobs.finish(self.transaction, job, Stage.DONE)
                self._keep(job, number)
                self.follow()
            case outcomes.Rejected(code, sentence, _):
                jobs.finish(self.transaction, job, Stage.FAILED, sentence)
                if code is Problem.GONE:
                    self._keep(job, None)
                self.follow(given_up=_GivenUp(job.payload, sentence))
            case _ if isinstance(outcome, Waiting):
                if isinstance(outcome, outcomes.NotWritten) and job.kind is JobKind.CREATE:
                    late_entries.watch(self.transaction, self.digest, job, self.now)
                wait(self.transaction, job, outcome, self.now)
                told = outcome.sentence if isinstance(outcome, outcomes.RetryLater) else None
                self.follow(waiting=told)
            case _:
                raise AssertionError("this does not become of a worklog's job")

    def follow(self, given_up: _GivenUp | None = None, waiting: str | None = None) -> None:
        """Sees to it that what is sent next is what the item wants.

        While a request may be out, or the entry itself is on its way, nothing new is decided: what
        becomes of those comes through here again.
        """
        job = jobs.active(self.transaction, self.item_id, Target.WORKLOG)
        item = next((item for item in self.digest.items if item.id == self.item_id), None)
        in_progress = job is not None and (job.stage is not Stage.PENDING or job.doubtful)
        if not in_progress and _is_decided(item):
            job = self._decide(item, job, given_up)
        if item is not None:
            status = self._in_progress(job, waiting) if job else self._finished(item, given_up)
            if status != item.worklog:
                days.set_worklog(self.transaction, self.digest, item.id, status)

    def _decide(self, item: Item | None, job: Job | None, given_up: _GivenUp | None) -> Job | None:
        """The job from now on. What was refused for good is not tried again by itself."""
        new = self._next_job(self._stored(), self._wanted(item))
        if job is not None:
            if new and (new.kind, new.payload, new.entry_id) == (
                job.kind,
                job.payload,
                job.entry_id,
            ):
                return job
            jobs.finish(self.transaction, job, Stage.DROPPED)
        if new is None or (given_up is not None and given_up.payload == new.payload):
            return None
        jobs.queue(self.transaction, self.digest, new)
        queued = jobs.active(self.transaction, self.item_id, Target.WORKLOG)
        if queued and self.found and new.kind is JobKind.CREATE:
            jobs.reschedule(self.transaction, queued, Stage.UNKNOWN, self.now, 1)
        return queued

    def _next_job(self, stored: StoredWorklog | None, wanted: Payload | None) -> NewJob | None:
        """What to do next so that what is in Jira becomes what is wanted."""
        if stored is None:
            return self._new(JobKind.CREATE, wanted) if wanted else None
        if wanted == stored.payload:
            return None
        same_issue = wanted and (wanted.group, wanted.issue) == (
            stored.payload.group,
            stored.payload.issue,
        )
        if wanted and same_issue:
            return self._new(JobKind.UPDATE, wanted, stored.number)
        return self._new(JobKind.DELETE, stored.payload, stored.number)

    def _new(self, kind: JobKind, payload: Payload, number: str | None = None) -> NewJob:
        return NewJob(self.item_id, kind, Target.WORKLOG, payload, self.now, entry_id=number)

    def _wanted(self, item: Item | None) -> Payload | None:
        if item is None or item.state is not ItemState.SENT:
            return None
        wanted = worklog_of(item)
        if wanted is None or wanted.group is None:
            return None
        # One that is there is kept in line also after worklogs were switched off.
        return wanted if self.logged(wanted.group) or self._stored() else None

    def _stored(self) -> StoredWorklog | None:
        return worklogs.load(self.transaction, self.item_id)

    def _keep(self, job: Job, number: str | None) -> None:
        if number is None:
            worklogs.delete(self.transaction, self.item_id)
        else:
            stored = StoredWorklog(number, job.payload)
            worklogs.put(self.transaction, job.person, self.item_id, stored)

    # -- What the message tells ------------------------------------------------------------------

    def _in_progress(self, job: Job, waiting: str | None) -> Worklog:
        state = ItemState.DELETING if job.kind is JobKind.DELETE else ItemState.PENDING
        return Worklog(job.payload.issue or "", state, waiting)

    def _finished(self, item: Item, given_up: _GivenUp | None) -> Worklog | None:
        if given_up is None and not _is_decided(item):
            return item.worklog
        stored, wanted = self._stored(), self._wanted(item)
        sentence = given_up.sentence if given_up else None
        if wanted is not None and (stored is None or stored.payload.issue != wanted.issue):
            return Worklog(wanted.issue or "", ItemState.FAILED, sentence)
        if stored is None:
            return None
        state = ItemState.SENT if wanted else ItemState.DELETING
        return Worklog(stored.payload.issue or "", state, sentence)


def _sent(job: Job, group: base.Worklogs) -> outcomes.Written:
    payload, issue = job.payload, job.payload.issue or ""
    if job.kind is JobKind.CREATE or job.entry_id is None:
        return outcomes.Written(group.create(issue, job.item_id, payload.span, payload.description))
    if job.kind is JobKind.UPDATE:
        group.update(issue, job.entry_id, payload.span, payload.description)
        return outcomes.Written(job.entry_id)
    group.delete(issue, job.entry_id)
    return outcomes.Written(None)


def _is_decided(item: Item | None) -> bool:
    """Whether the entry is there, or is not there, for now."""
    if item is None or item.state is ItemState.SENT:
        return True
    return item.entry_id is None and item.state in _NOT_IN_TRACKER
