"""Worklogs beside entries: what is in Jira, what should be, and the jobs that bring them together.

A worklog follows its item: it is there while the entry is in the tracker, says what the item says,
and goes with it. Its failures never touch the entry. All functions work inside the caller's
transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, delete, select

from tracklater_bot.domain.digests import Digest, Item, ItemState, Problem, Worklog
from tracklater_bot.outbox.outcomes import (
    ChangedMeanwhile,
    Day,
    NotWritten,
    Outcome,
    Rejected,
    RetryLater,
    Unconfirmed,
    Written,
)
from tracklater_bot.store import days as digests
from tracklater_bot.store import jobs as outbox
from tracklater_bot.store.columns import upsert
from tracklater_bot.store.jobs import Job, JobKind, Stage, Target, Wish
from tracklater_bot.store.payload import Payload, worklog_of
from tracklater_bot.store.tables import ACTIVE, worklogs

Logs: TypeAlias = Callable[[str], bool]
"""Whether a group's time is written as worklogs."""

_NOT_IN_TRACKER = (ItemState.OPEN, ItemState.SKIPPED, ItemState.FAILED)


@dataclass(frozen=True, slots=True)
class WorklogWritten:
    """The worklog is in Jira as wanted, by Jira's number; None: it is gone, as wanted."""

    number: int | None


def follow(connection: Connection, job: Job, logs: Logs, now: datetime) -> None:
    """Lets the worklog follow what became of its item's entry, of which `job` was."""
    digest = digests.load(connection, job.person, job.day, lock=True)
    if digest is not None:
        _Following(connection, digest, job.item_id, logs, now).follow()


def settle(
    connection: Connection, job: Job, outcome: Outcome | WorklogWritten, logs: Logs, now: datetime
) -> set[Day]:
    """Stores what became of a worklog's job; gives the days whose message has to follow.

    The item may be gone by now: what it left in Jira is removed all the same.
    """
    digest = digests.load(connection, job.person, job.day, lock=True)
    if digest is None or job.stage not in ACTIVE or outbox.load(connection, job.id) != job:
        return set()
    _Following(connection, digest, job.item_id, logs, now).settle(job, outcome)
    return {(job.person, job.day)}


@dataclass(frozen=True, slots=True)
class _Kept:
    """A worklog as it was last written."""

    number: int
    payload: Payload


@dataclass(frozen=True, slots=True)
class _GivenUp:
    """What Jira refused for good, and why."""

    wanted: Payload | None
    sentence: str


@dataclass(frozen=True)
class _Following:
    """One item's worklog on a day that is locked."""

    connection: Connection
    digest: Digest
    item_id: str
    logs: Logs
    now: datetime

    def settle(self, job: Job, outcome: Outcome | WorklogWritten) -> None:
        """The job's end, or its next try; then whatever the item wants by now."""
        match outcome:
            case WorklogWritten(number):
                outbox.close(self.connection, job, Stage.DONE)
                self._keep(job, number)
                self.follow()
            case Rejected(code, sentence, _):
                outbox.close(self.connection, job, Stage.FAILED, sentence)
                if code is Problem.GONE:
                    self._keep(job, None)
                wanted = None if job.kind is JobKind.DELETE else job.payload
                self.follow(given_up=_GivenUp(wanted, sentence))
            case RetryLater(_, sentence, at):
                stage = job.stage if job.stage is Stage.UNKNOWN else Stage.PENDING
                # A request that certainly did nothing leaves no doubt behind.
                unanswered = job.unanswered - (job.stage is Stage.SENDING)
                outbox.wait(self.connection, job, stage, at, unanswered)
                self.follow(waits=sentence)
            case Unconfirmed(_, at):
                stage = Stage.UNKNOWN if job.kind is JobKind.CREATE else Stage.PENDING
                outbox.wait(self.connection, job, stage, at, job.unanswered)
                self.follow()
            case NotWritten():
                outbox.wait(self.connection, job, Stage.PENDING, self.now, 0)
                self.follow()
            case Written() | ChangedMeanwhile():
                raise AssertionError("this became of an entry, not of a worklog")

    def follow(self, given_up: _GivenUp | None = None, waits: str | None = None) -> None:
        """Sees to it that what is sent next is what the item wants.

        While a request may be out, or the entry itself is on its way, nothing new is decided: what
        becomes of those comes through here again.
        """
        job = outbox.active(self.connection, self.item_id, Target.WORKLOG)
        item = next((each for each in self.digest.items if each.id == self.item_id), None)
        under_way = job is not None and (job.stage is not Stage.PENDING or job.doubtful)
        if not under_way and _is_settled(item):
            job = self._decide(item, job, given_up)
        if item is not None:
            self._show(item, job, given_up, waits)

    def _decide(self, item: Item | None, job: Job | None, given_up: _GivenUp | None) -> Job | None:
        """The job from now on. What was refused for good is not tried again by itself."""
        kept, wanted = self._kept(), self._wanted(item)
        wish = _wish(kept, wanted)
        if job is not None:
            if wish == Wish(job.kind, job.payload, job.entry_id):
                return job
            outbox.close(self.connection, job, Stage.DROPPED)
        if wish is None or (given_up is not None and given_up.wanted == wanted):
            return None
        outbox.queue_worklog(self.connection, self.digest, self.item_id, wish, self.now)
        return outbox.active(self.connection, self.item_id, Target.WORKLOG)

    def _wanted(self, item: Item | None) -> Payload | None:
        if item is None or item.state is not ItemState.SENT:
            return None
        wanted = worklog_of(item)
        if wanted is None or wanted.group is None:
            return None
        # One that is there is kept in line also after worklogs were switched off.
        return wanted if self.logs(wanted.group) or self._kept() else None

    # -- What is in Jira -----------------------------------------------------------------------

    def _kept(self) -> _Kept | None:
        query = select(worklogs.c.number, worklogs.c.payload)
        found = self.connection.execute(query.where(worklogs.c.item_id == self.item_id))
        row = found.one_or_none()
        return None if row is None else _Kept(row.number, row.payload)

    def _keep(self, job: Job, number: int | None) -> None:
        if number is None:
            where = worklogs.c.item_id == self.item_id
            self.connection.execute(delete(worklogs).where(where))
            return
        row = {
            "item_id": self.item_id,
            "person": job.person,
            "number": number,
            "payload": job.payload,
        }
        upsert(self.connection, worklogs, [row])

    # -- What the message shows ----------------------------------------------------------------

    def _show(
        self, item: Item, job: Job | None, given_up: _GivenUp | None, waits: str | None
    ) -> None:
        shown = self._on_its_way(job, waits) if job is not None else self._at_rest(item, given_up)
        if shown != item.worklog:
            digests.show_worklog(self.connection, self.digest, item.id, shown)

    def _on_its_way(self, job: Job, waits: str | None) -> Worklog:
        state = ItemState.DELETING if job.kind is JobKind.DELETE else ItemState.PENDING
        return Worklog(job.payload.issue or "", state, waits)

    def _at_rest(self, item: Item, given_up: _GivenUp | None) -> Worklog | None:
        if given_up is None and not _is_settled(item):
            return item.worklog
        kept, wanted = self._kept(), self._wanted(item)
        sentence = given_up.sentence if given_up else None
        if wanted is not None and (kept is None or kept.payload.issue != wanted.issue):
            return Worklog(wanted.issue or "", ItemState.FAILED, sentence)
        if kept is None:
            return None
        return Worklog(
            kept.payload.issue or "", ItemState.SENT if wanted else ItemState.DELETING, sentence
        )


def _is_settled(item: Item | None) -> bool:
    """Whether the entry is there, or is not there, for now."""
    if item is None or item.state is ItemState.SENT:
        return True
    return item.entry_id is None and item.state in _NOT_IN_TRACKER


def _wish(kept: _Kept | None, wanted: Payload | None) -> Wish | None:
    """What to do next so that what is kept becomes what is wanted."""
    if kept is None:
        return Wish(JobKind.CREATE, wanted) if wanted else None
    if wanted == kept.payload:
        return None
    if wanted and _place(wanted) == _place(kept.payload):
        return Wish(JobKind.UPDATE, wanted, kept.number)
    return Wish(JobKind.DELETE, kept.payload, kept.number)


def _place(payload: Payload) -> tuple[str | None, str | None]:
    return payload.group, payload.issue
