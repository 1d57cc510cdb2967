"""The outbox in the database: what is to be written where, and how far that is.

A job is stored together with the decision. All functions work inside the caller's transaction;
who changes a job locks its day first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, insert, select, update

from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.domain.payload import Payload, payload_of
from tracklater_bot.store import lanes
from tracklater_bot.store.columns import UtcTime
from tracklater_bot.store.tables import ACTIVE, outbox


class JobKind(StrEnum):
    """What a job does to its entry or worklog."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Stage(StrEnum):
    """How far a job is. SENDING: a request may be out. UNKNOWN: its answer was lost."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


class Target(StrEnum):
    """What a job writes: the item's entry in the tracker, or its worklog in Jira.

    LATE and LATE_WORKLOG take out what a request made that was given up and repeated; see
    `late_entries`.
    """

    ENTRY = "entry"
    WORKLOG = "worklog"
    LATE = "late"
    LATE_WORKLOG = "late log"


# Built once, as in `days`: the worker asks these again and again. The states are written out: for
# a parameter the index of active jobs is not used, and every click would read the whole outbox.
_IS_ACTIVE = outbox.c.state.in_(bindparam("active", ACTIVE, expanding=True, literal_execute=True))
_JOB = select(outbox).where(outbox.c.id == bindparam("id"))
_ACTIVE_JOB = select(outbox).where(
    outbox.c.item_id == bindparam("item_id"), outbox.c.target == bindparam("target"), _IS_ACTIVE
)
_NEXT_JOB = (
    select(outbox)
    .where(
        outbox.c.person == bindparam("person"),
        outbox.c.target == bindparam("target"),
        _IS_ACTIVE,
        outbox.c.due_at <= bindparam("now", type_=UtcTime),
    )
    # One that fails again and again lets the others pass.
    .order_by(outbox.c.unanswered > 0, outbox.c.start, outbox.c.id)
    .limit(1)
)
# What they change is what they are executed with.
_ADD_JOB = insert(outbox)
_CHANGE_JOB = update(outbox).where(outbox.c.id == bindparam("which"))


@dataclass(frozen=True, slots=True)
class NewJob:
    """One thing to be written. `entry_id` is what the tracker calls the entry, or Jira the
    worklog; `seen` is the entry's `changed` when the person decided.

    `forced`: overlaps were seen and are wanted. `before` is what an update replaces.
    """

    item_id: str
    kind: JobKind
    target: Target
    payload: Payload
    due_at: datetime
    entry_id: str | None = None
    seen: str | None = None
    sent_at: datetime | None = None
    forced: bool = False
    before: Item | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(NewJob):
    """A job that is stored. `undone`: taken back while it was on its way. `unanswered` counts
    requests that may have done it already.
    """

    id: int
    person: str
    day: date
    stage: Stage
    unanswered: int
    undone: bool

    @property
    def is_active(self) -> bool:
        """Whether something is still to be done."""
        return self.stage in ACTIVE

    @property
    def doubtful(self) -> bool:
        """Whether an earlier request may have done it already."""
        return self.unanswered > (self.stage is Stage.SENDING)


def entry_job(
    item: Item, kind: JobKind, due_at: datetime, *, forced: bool = False, before: Item | None = None
) -> NewJob:
    """A job for the item's entry as the item is now."""
    return NewJob(
        item.id,
        kind,
        Target.ENTRY,
        payload_of(item),
        due_at,
        entry_id=item.entry_id,
        seen=item.entry_changed,
        forced=forced,
        before=before,
    )


_OF_OTHER_TYPES = ("kind", "target", "payload", "stage")
_SAME_NAMES = [field.name for field in fields(Job) if field.name not in _OF_OTHER_TYPES]


# -- Decisions -----------------------------------------------------------------------------------


def queue(connection: Connection, digest: Digest, job: NewJob) -> None:
    """Puts the job into the outbox. An item has one active for each target at most."""
    values = {field.name: getattr(job, field.name) for field in fields(job)} | {
        "person": digest.person,
        "day": digest.day,
        "payload": msgspec.to_builtins(job.payload),
        "start": job.payload.span.start,
        "state": Stage.PENDING,
        "unanswered": 0,
        "undone": False,
    }
    connection.execute(_ADD_JOB, values)
    lanes.add(connection, digest.person, job.target)


def active(connection: Connection, item_id: str, target: Target = Target.ENTRY) -> Job | None:
    """The item's job for the target, if it has one that is not over."""
    values = {"item_id": item_id, "target": target}
    row = connection.execute(_ACTIVE_JOB, values).one_or_none()
    return None if row is None else _job(row)


def unsent(connection: Connection, person: str, target: Target, kind: JobKind) -> list[Job]:
    """The person's jobs of that kind of which no request went out yet."""
    pending = (outbox.c.state == Stage.PENDING) & (outbox.c.unanswered == 0)
    query = select(outbox).where(_active(person, target), outbox.c.kind == kind, pending)
    return [_job(row) for row in connection.execute(query).all()]


def waiting(connection: Connection, person: str) -> list[Job]:
    """The person's jobs that are not over, but for looks at what may come late."""
    of_items = outbox.c.target.in_((Target.ENTRY, Target.WORKLOG))
    query = select(outbox).where(outbox.c.person == person, of_items, _IS_ACTIVE)
    found = connection.execute(query.order_by(outbox.c.day, outbox.c.id)).all()
    return [_job(row) for row in found]


def set_payload(connection: Connection, job: Job, payload: Payload) -> None:
    """Lets a pending job write something else."""
    _set(connection, job, payload=msgspec.to_builtins(payload), start=payload.span.start)


def mark_undone(connection: Connection, job: Job, undone: bool = True) -> None:
    """Notes that the job was taken back while it was on its way; or that this counts no more."""
    _set(connection, job, undone=undone)


def finish(connection: Connection, job: Job, stage: Stage, problem: str | None = None) -> None:
    """Ends the job."""
    _set(connection, job, state=stage, problem=problem, lease_owner=None)


# -- Sending -------------------------------------------------------------------------------------


def load(connection: Connection, job_id: int) -> Job:
    """The job as it is now."""
    return _job(connection.execute(_JOB, {"id": job_id}).one())


def next_due(connection: Connection, lane: lanes.Lane, now: datetime) -> Job | None:
    """The lane's earliest due job by the start of its span."""
    values = {"person": lane.person, "target": lane.target, "now": now}
    row = connection.execute(_NEXT_JOB, values).one_or_none()
    return None if row is None else _job(row)


def mark_sending(connection: Connection, job: Job, owner: str, now: datetime) -> Job | None:
    """Marks that a request goes out next; None when the job changed, or the lane was lost.

    Must be committed before the request: a job found in this stage later may have been sent.
    """
    held = lanes.is_held(connection, job.person, job.target, owner, now)
    if not held or load(connection, job.id) != job:
        return None
    _set(
        connection,
        job,
        state=Stage.SENDING,
        sent_at=now,
        unanswered=job.unanswered + 1,
        lease_owner=owner,
    )
    return load(connection, job.id)


def reschedule(
    connection: Connection, job: Job, stage: Stage, due_at: datetime, unanswered: int
) -> None:
    """Lets the job wait in `stage` until `due_at`."""
    _set(connection, job, state=stage, due_at=due_at, unanswered=unanswered, lease_owner=None)


def postpone_entries(connection: Connection, person: str, until: datetime) -> None:
    """Lets all jobs for the person's entries wait until then."""
    where = _active(person, Target.ENTRY) & (outbox.c.due_at < until)
    connection.execute(update(outbox).where(where).values(due_at=until))


def _active(person: str, target: Target) -> ColumnElement[bool]:
    return and_(outbox.c.person == person, outbox.c.target == target, _IS_ACTIVE)


def _set(connection: Connection, job: Job, **values: Any) -> None:
    connection.execute(_CHANGE_JOB, {"which": job.id} | values)


def _job(row: Row[Any]) -> Job:
    values = {name: getattr(row, name) for name in _SAME_NAMES}
    return Job(
        **values,
        kind=JobKind(row.kind),
        target=Target(row.target),
        payload=msgspec.convert(row.payload, Payload),
        stage=Stage(row.state),
    )


# -- Late entries --------------------------------------------------------------------------------


def is_creating(connection: Connection, person: str, start: datetime) -> bool:
    """Whether an entry that begins then is being made now."""
    made = (outbox.c.kind == JobKind.CREATE) & (outbox.c.start == start)
    query = select(outbox.c.id).where(_active(person, Target.ENTRY), made)
    return connection.execute(query.limit(1)).first() is not None


def entries_of_others(connection: Connection, job: Job, entry_ids: Collection[str]) -> set[str]:
    """Which of the entries other active jobs of the same person and target are about."""
    about = outbox.c.entry_id.in_(entry_ids) & (outbox.c.id != job.id)
    query = select(outbox.c.entry_id).where(_active(job.person, job.target), about)
    return {entry_id for (entry_id,) in connection.execute(query)}


def set_entry(
    connection: Connection, job: Job, entry_id: str | None, seen: str | None, due_at: datetime
) -> None:
    """Says which entry the job is about (None: which is not known yet), and when it is due."""
    values = {"state": Stage.PENDING, "unanswered": 0, "lease_owner": None}
    _set(connection, job, entry_id=entry_id, seen=seen, due_at=due_at, **values)


def put_off_late(connection: Connection, person: str, by: timedelta) -> None:
    """Lets what the person's requests may make late be looked for that much later.

    The clock was set ahead: as much less time has passed since they were sent.
    """
    query = select(outbox).where(outbox.c.person == person, outbox.c.sent_at.is_not(None))
    for row in connection.execute(query.where(_IS_ACTIVE)).all():
        late = row.target in (Target.LATE, Target.LATE_WORKLOG)
        _set(connection, _job(row), sent_at=row.sent_at + by, due_at=row.due_at + by * late)
