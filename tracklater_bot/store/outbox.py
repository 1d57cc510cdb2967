"""The outbox in the database: what is to be written where, and who may send it.

A job is stored together with the decision. All functions work inside the caller's transaction;
who changes a job locks its day first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from tracklater_bot.model import Digest, Item
from tracklater_bot.store.owners import is_dead
from tracklater_bot.store.payload import Payload, payload_of
from tracklater_bot.store.sql import insert_missing
from tracklater_bot.store.tables import ACTIVE, lanes, outbox


class Kind(StrEnum):
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


ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to be written. `seen` is the entry's `at` when the person decided.

    `forced`: overlaps were seen and are wanted. `undone`: taken back while it was on its way.
    `before` is what an update replaces. `unanswered` counts requests that may have done it already.
    """

    id: int
    person: str
    item_id: str
    kind: Kind
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

    kind: Kind
    due_at: datetime
    forced: bool = False
    before: Item | None = None


# -- Decisions -----------------------------------------------------------------------------------


def queue(connection: Connection, digest: Digest, item: Item, order: Order) -> None:
    """Puts a job for the item into the outbox. An item has one active job at most."""
    payload = payload_of(item)
    values = {
        "person": digest.person,
        "day": digest.day,
        "item_id": item.id,
        "kind": order.kind,
        "target": ENTRY,
        "payload": msgspec.to_builtins(payload),
        "start": payload.span.start,
        "state": Stage.PENDING,
        "entry_id": item.entry_id,
        "seen": item.entry_changed,
        "unanswered": 0,
        "due_at": order.due_at,
        "forced": order.forced,
        "undone": False,
        "before": order.before,
    }
    connection.execute(insert(outbox).values(values))
    insert_missing(connection, lanes, {"person": digest.person, "failures": 0})


def active(connection: Connection, item_id: str) -> Job | None:
    """The item's job, if it has one that is not over."""
    query = select(outbox).where(outbox.c.item_id == item_id, outbox.c.state.in_(ACTIVE))
    row = connection.execute(query).one_or_none()
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
    return _job(connection.execute(select(outbox).where(outbox.c.id == job_id)).one())


def next_job(connection: Connection, person: str, now: datetime) -> Job | None:
    """The person's earliest due job by the start of its span."""
    query = (
        select(outbox)
        .where(outbox.c.person == person, outbox.c.state.in_(ACTIVE), outbox.c.due_at <= now)
        .order_by(outbox.c.start, outbox.c.id)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _job(row)


def begin_sending(connection: Connection, job: Job, owner: str, now: datetime) -> bool:
    """Marks that a request goes out next; False when the job changed, or the lane was lost.

    Must be committed before the request: a job found in this stage later may have been sent.
    """
    lane = connection.execute(select(lanes).where(lanes.c.person == job.person)).one()
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
    """Lets all of the person's active jobs rest; gives the ids of their items."""
    where = and_(outbox.c.person == person, outbox.c.state.in_(ACTIVE), outbox.c.due_at < until)
    query = update(outbox).where(where).values(due_at=until).returning(outbox.c.item_id)
    return [item_id for (item_id,) in connection.execute(query)]


def _set(connection: Connection, job: Job, **values: Any) -> None:
    connection.execute(update(outbox).where(outbox.c.id == job.id).values(values))


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        person=row.person,
        item_id=row.item_id,
        kind=Kind(row.kind),
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
    """The right to send one person's jobs. `failures` counts those in a row."""

    person: str
    failures: int


def take_lane(
    connection: Connection,
    owner: str,
    now: datetime,
    lease: timedelta,
    persons: Collection[str] | None = None,
) -> Lane | None:
    """Leases a lane with a due job that nobody else holds; None when there is none.

    `persons` are those whose lanes may be taken; None means everybody's. PostgreSQL passes over
    lanes that another worker is taking at this moment.
    """
    query = (
        select(lanes)
        .where(_is_of(persons), _has_due_job(now), _is_free(owner, now))
        .order_by(lanes.c.not_before.is_not(None), lanes.c.not_before)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    where = lanes.c.person == row.person
    values = {"owner": owner, "leased_until": now + lease}
    connection.execute(update(lanes).where(where).values(values))
    return Lane(row.person, row.failures)


def leave_lane(
    connection: Connection, lane: Lane, owner: str, not_before: datetime, failures: int
) -> None:
    """Ends the lease; the person's next job is sent at `not_before` at the earliest."""
    where = and_(lanes.c.person == lane.person, lanes.c.owner == owner)
    values = {"owner": None, "leased_until": None, "not_before": not_before, "failures": failures}
    connection.execute(update(lanes).where(where).values(values))


def free_lanes_of_the_dead(connection: Connection, owner: str) -> None:
    """Ends the leases of processes that certainly run no more."""
    query = select(lanes.c.owner).where(lanes.c.owner.is_not(None), lanes.c.owner != owner)
    for (other,) in connection.execute(query.distinct()).all():
        if is_dead(other):
            where = lanes.c.owner == other
            connection.execute(update(lanes).where(where).values(owner=None, leased_until=None))


def next_due(connection: Connection, persons: Collection[str] | None = None) -> datetime | None:
    """When the next job of these persons (None: of anybody) may be sent; None when all is done."""
    query = (
        select(func.min(outbox.c.due_at), lanes.c.not_before, lanes.c.leased_until)
        .join(lanes, lanes.c.person == outbox.c.person)
        .where(_is_of(persons), outbox.c.state.in_(ACTIVE))
        .group_by(lanes.c.person, lanes.c.not_before, lanes.c.leased_until)
    )
    times = [max(each for each in row if each is not None) for row in connection.execute(query)]
    return min(times, default=None)


def _is_of(persons: Collection[str] | None) -> ColumnElement[bool]:
    return true() if persons is None else lanes.c.person.in_(persons)


def _has_due_job(now: datetime) -> Any:
    return exists().where(
        outbox.c.person == lanes.c.person, outbox.c.state.in_(ACTIVE), outbox.c.due_at <= now
    )


def _is_free(owner: str, now: datetime) -> Any:
    rested = or_(lanes.c.not_before.is_(None), lanes.c.not_before <= now)
    unleased = or_(lanes.c.owner.is_(None), lanes.c.owner == owner, lanes.c.leased_until <= now)
    return and_(rested, unleased)
