"""The outbox in the database: what is to be written where, and who may send it.

A job is stored together with the decision. All functions work inside the caller's transaction;
who changes a job locks its day first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.store.columns import UtcTime, Words, insert_missing
from tracklater_bot.store.leases import is_dead
from tracklater_bot.store.payload import Payload, payload_of
from tracklater_bot.store.tables import ACTIVE, lanes, outbox


class JobKind(StrEnum):
    """What a job does to its entry."""

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

    LATE takes out what a request made that was given up and repeated; see `latecomers`.
    """

    ENTRY = "entry"
    WORKLOG = "worklog"
    LATE = "late"


# Built once, as in `digests`: the worker asks these again and again.
_NOW = bindparam("now", type_=UtcTime)
_OWNER = bindparam("owner", type_=Words)
# Written out: for a parameter the index of active jobs is not used, and every click would read
# the whole outbox.
_IS_ACTIVE = outbox.c.state.in_(bindparam("active", ACTIVE, expanding=True, literal_execute=True))
_IN_LANE = and_(outbox.c.person == lanes.c.person, outbox.c.target == lanes.c.target)
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
        outbox.c.due_at <= _NOW,
    )
    .order_by(outbox.c.start, outbox.c.id)
    .limit(1)
)
_FREE_LANE = (
    select(lanes)
    .where(
        lanes.c.person == bindparam("whose"),
        exists().where(_IN_LANE, _IS_ACTIVE, outbox.c.due_at <= _NOW),
        or_(lanes.c.not_before.is_(None), lanes.c.not_before <= _NOW),
        or_(lanes.c.owner.is_(None), lanes.c.owner == _OWNER, lanes.c.leased_until <= _NOW),
    )
    .order_by(lanes.c.not_before.is_not(None), lanes.c.not_before)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_LANE = select(lanes).where(
    lanes.c.person == bindparam("whose"), lanes.c.target == bindparam("which")
)
# What they change is what they are executed with.
_ADD_JOB = insert(outbox)
_CHANGE_JOB = update(outbox).where(outbox.c.id == bindparam("which"))
_CHANGE_LANE = update(lanes).where(
    lanes.c.person == bindparam("whose"), lanes.c.target == bindparam("which")
)
_CHANGE_OUR_LANE = _CHANGE_LANE.where(lanes.c.owner == bindparam("ours"))
_OTHER_OWNERS = (
    select(lanes.c.owner).where(lanes.c.owner.is_not(None), lanes.c.owner != _OWNER).distinct()
)
_NEXT_DUE = (
    select(func.min(outbox.c.due_at), lanes.c.not_before, lanes.c.leased_until)
    .join(lanes, _IN_LANE)
    .where(_IS_ACTIVE, lanes.c.person == bindparam("whose"))
    .group_by(lanes.c.person, lanes.c.target, lanes.c.not_before, lanes.c.leased_until)
)


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to be written. `entry_id` is the number that the tracker gave the entry or Jira the
    worklog; `seen` is the entry's `at` when the person decided.

    `forced`: overlaps were seen and are wanted. `undone`: taken back while it was on its way.
    `before` is what an update replaces. `unanswered` counts requests that may have done it already.
    """

    id: int
    person: str
    day: date
    item_id: str
    kind: JobKind
    target: Target
    payload: Payload
    stage: Stage
    entry_id: int | None
    seen: str | None
    unanswered: int
    due_at: datetime
    sent_at: datetime | None
    forced: bool
    undone: bool
    before: Item | None

    @property
    def doubtful(self) -> bool:
        """Whether an earlier request may have done it already."""
        return self.unanswered > (self.stage is Stage.SENDING)


@dataclass(frozen=True, slots=True)
class Order:
    """What `queue` is asked for, beside the item."""

    kind: JobKind
    due_at: datetime
    forced: bool = False
    before: Item | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of a worklog; `number` is Jira's, of one that is there."""

    kind: JobKind
    payload: Payload
    number: int | None = None


# -- Decisions -----------------------------------------------------------------------------------


def queue(connection: Connection, digest: Digest, item: Item, order: Order) -> None:
    """Puts a job for the item's entry into the outbox. An item has one active at most."""
    values = {
        "kind": order.kind,
        "target": Target.ENTRY,
        "entry_id": item.entry_id,
        "seen": item.entry_changed,
        "due_at": order.due_at,
        "forced": order.forced,
        "before": order.before,
    }
    _add(connection, digest, item.id, payload_of(item), values)


def queue_worklog(
    connection: Connection, digest: Digest, item_id: str, wish: Wish, due_at: datetime
) -> None:
    """Puts a job for the item's worklog into the outbox. An item has one active at most."""
    values = {
        "kind": wish.kind,
        "target": Target.WORKLOG,
        "entry_id": wish.number,
        "due_at": due_at,
        "forced": False,
    }
    _add(connection, digest, item_id, wish.payload, values)


def queue_late(connection: Connection, digest: Digest, job: Job, due_at: datetime) -> None:
    """Puts a look for what the job's last request may make yet into the outbox."""
    values = {
        "kind": JobKind.DELETE,
        "target": Target.LATE,
        "due_at": due_at,
        "sent_at": job.sent_at,
        "unanswered": 1,
        "forced": False,
    }
    key = f"{job.id}/{job.sent_at:%Y%m%d%H%M%S}"
    _add(connection, digest, key, job.payload, values)


def creating(connection: Connection, person: str, payload: Payload) -> bool:
    """Whether an entry that begins then is being made now."""
    query = select(outbox.c.id).where(
        outbox.c.person == person,
        outbox.c.target == Target.ENTRY,
        outbox.c.kind == JobKind.CREATE,
        outbox.c.start == payload.span.start,
        _IS_ACTIVE,
    )
    return connection.execute(query.limit(1)).first() is not None


def aimed_at(connection: Connection, job: Job, entry_ids: Collection[int]) -> set[int]:
    """Which of the entries other jobs of the person are about."""
    query = select(outbox.c.entry_id).where(
        outbox.c.person == job.person,
        outbox.c.target == Target.LATE,
        outbox.c.entry_id.in_(entry_ids),
        outbox.c.id != job.id,
        _IS_ACTIVE,
    )
    return {number for (number,) in connection.execute(query)}


def aim(connection: Connection, job: Job, entry_id: int, seen: str | None, now: datetime) -> None:
    """Says which entry the job is about."""
    _set(connection, job, entry_id=entry_id, seen=seen, due_at=now)


def look_later(connection: Connection, job: Job, due_at: datetime) -> None:
    """Lets a job that has found nothing, or is done with what it found, look again."""
    _set(connection, job, entry_id=None, seen=None, due_at=due_at)


def _add(
    connection: Connection, digest: Digest, item_id: str, payload: Payload, values: dict[str, Any]
) -> None:
    common = {
        "person": digest.person,
        "day": digest.day,
        "item_id": item_id,
        "payload": msgspec.to_builtins(payload),
        "start": payload.span.start,
        "state": Stage.PENDING,
        "unanswered": 0,
        "undone": False,
    }
    connection.execute(_ADD_JOB, common | values)
    lane = {"person": digest.person, "target": values["target"], "failures": 0}
    insert_missing(connection, lanes, lane)


def active(connection: Connection, item_id: str, target: Target = Target.ENTRY) -> Job | None:
    """The item's job for the target, if it has one that is not over."""
    values = {"item_id": item_id, "target": target}
    row = connection.execute(_ACTIVE_JOB, values).one_or_none()
    return None if row is None else _job(row)


def rewrite(connection: Connection, job: Job, item: Item) -> None:
    """Lets a pending job write what the item says now."""
    payload = payload_of(item)
    _set(connection, job, payload=msgspec.to_builtins(payload), start=payload.span.start)


def close(connection: Connection, job: Job, stage: Stage, problem: str | None = None) -> None:
    """Ends the job."""
    _set(connection, job, state=stage, problem=problem, lease_owner=None)


def undo(connection: Connection, job: Job) -> None:
    """Notes that the job was taken back while it was on its way."""
    _set(connection, job, undone=True)


# -- Sending -------------------------------------------------------------------------------------


def load(connection: Connection, job_id: int) -> Job:
    """The job as it is now."""
    return _job(connection.execute(_JOB, {"id": job_id}).one())


def next_job(connection: Connection, lane: Lane, now: datetime) -> Job | None:
    """The lane's earliest due job by the start of its span."""
    values = {"person": lane.person, "target": lane.target, "now": now}
    row = connection.execute(_NEXT_JOB, values).one_or_none()
    return None if row is None else _job(row)


def begin_sending(connection: Connection, job: Job, owner: str, now: datetime) -> bool:
    """Marks that a request goes out next; False when the job changed, or the lane was lost.

    Must be committed before the request: a job found in this stage later may have been sent.
    """
    lane = connection.execute(_LANE, {"whose": job.person, "which": job.target}).one()
    ours = lane.owner == owner and lane.leased_until > now
    if not ours or load(connection, job.id) != job:
        return False
    _set(
        connection,
        job,
        state=Stage.SENDING,
        sent_at=now,
        unanswered=job.unanswered + 1,
        lease_owner=owner,
    )
    return True


def wait(connection: Connection, job: Job, stage: Stage, due_at: datetime, unanswered: int) -> None:
    """Lets the job rest in `stage` until `due_at`."""
    _set(connection, job, state=stage, due_at=due_at, unanswered=unanswered, lease_owner=None)


def postpone_all(connection: Connection, person: str, until: datetime) -> list[str]:
    """Lets all jobs for the person's entries rest; gives the ids of their items."""
    where = and_(
        outbox.c.person == person,
        outbox.c.target == Target.ENTRY,
        _IS_ACTIVE,
        outbox.c.due_at < until,
    )
    query = update(outbox).where(where).values(due_at=until).returning(outbox.c.item_id)
    return [item_id for (item_id,) in connection.execute(query)]


def _set(connection: Connection, job: Job, **values: Any) -> None:
    connection.execute(_CHANGE_JOB, {"which": job.id} | values)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        person=row.person,
        day=row.day,
        item_id=row.item_id,
        kind=JobKind(row.kind),
        target=Target(row.target),
        payload=msgspec.convert(row.payload, Payload),
        stage=Stage(row.state),
        entry_id=row.entry_id,
        seen=row.seen,
        unanswered=row.unanswered,
        due_at=row.due_at,
        sent_at=row.sent_at,
        forced=row.forced,
        undone=row.undone,
        before=row.before,
    )


# -- Lanes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lane:
    """The right to send one person's jobs for a target. `failures` counts those in a row."""

    person: str
    target: Target
    failures: int

    @property
    def place(self) -> dict[str, Any]:
        """Which lane it is in the database."""
        return {"whose": self.person, "which": self.target}


def take_lane(
    connection: Connection,
    owner: str,
    now: datetime,
    lease: timedelta,
    person: str,
) -> Lane | None:
    """Leases one of the person's lanes that has a due job and is nobody's; None without any.

    PostgreSQL passes over lanes that another worker is taking at this moment.
    """
    place = {"owner": owner, "now": now, "whose": person}
    row = connection.execute(_FREE_LANE, place).one_or_none()
    if row is None:
        return None
    lane = Lane(row.person, Target(row.target), row.failures)
    values = {"owner": owner, "leased_until": now + lease}
    connection.execute(_CHANGE_LANE, lane.place | values)
    return lane


def leave_lane(
    connection: Connection, lane: Lane, owner: str, not_before: datetime, failures: int
) -> None:
    """Ends the lease; the lane's next job is sent at `not_before` at the earliest."""
    values = {"owner": None, "leased_until": None, "not_before": not_before, "failures": failures}
    connection.execute(_CHANGE_OUR_LANE, lane.place | {"ours": owner} | values)


def free_lanes_of_the_dead(connection: Connection, owner: str) -> None:
    """Ends the leases of processes that certainly run no more."""
    for (other,) in connection.execute(_OTHER_OWNERS, {"owner": owner}).all():
        if is_dead(other):
            where = lanes.c.owner == other
            connection.execute(update(lanes).where(where).values(owner=None, leased_until=None))


def next_due(connection: Connection, person: str) -> datetime | None:
    """When the person's next job may be sent; None when all is done."""
    found = connection.execute(_NEXT_DUE, {"whose": person})
    times = [max(each for each in row if each is not None) for row in found]
    return min(times, default=None)
