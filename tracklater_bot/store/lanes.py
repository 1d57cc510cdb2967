"""Lanes in the database: who may send a person's jobs for a target, and when again.

All functions work inside the caller's transaction.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, update

from tracklater_bot.store.columns import UtcTime, Words, insert_missing
from tracklater_bot.store.tables import ACTIVE, lanes, outbox

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


def owner_name() -> str:
    """A name for this process that no other has: `host:space:pid:random`."""
    return f"{socket.gethostname()}:{_process_space()}:{os.getpid()}:{uuid4().hex[:8]}"


def is_dead(owner: str) -> bool:
    """Whether the owner certainly runs no more; False where that cannot be known from here.

    Spares a restarted bot the wait for its own old lease. Process ids mean something only within
    one boot and one container, so both are part of the name.
    """
    host, _, rest = owner.partition(":")
    space, _, rest = rest.partition(":")
    pid = rest.partition(":")[0]
    here = (socket.gethostname(), _process_space())
    if not _process_space() or (host, space) != here or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


@cache
def _process_space() -> str:
    """Within what process ids are unique; empty where Linux does not tell."""
    try:
        boot = _BOOT.read_text().strip()
        return f"{boot}-{_PROCESSES.stat().st_ino:x}"
    except OSError:
        return ""


# -- Lanes -----------------------------------------------------------------------------------------


# Built once, as in `days`: the worker asks these again and again. The states are written out, so
# that the index of active jobs is used.
_NOW = bindparam("now", type_=UtcTime)
_OWNER = bindparam("owner", type_=Words)
_HAS_JOB = and_(
    outbox.c.person == lanes.c.person,
    outbox.c.target == lanes.c.target,
    outbox.c.state.in_(bindparam("active", ACTIVE, expanding=True, literal_execute=True)),
)
_FREE = (
    select(lanes)
    .where(
        lanes.c.person == bindparam("whose"),
        exists().where(_HAS_JOB, outbox.c.due_at <= _NOW),
        or_(lanes.c.not_before.is_(None), lanes.c.not_before <= _NOW),
        or_(
            lanes.c.owner.is_(None),
            lanes.c.owner == _OWNER,
            lanes.c.leased_until <= _NOW,
            # No lease is that long: the clock was ahead when it was taken.
            lanes.c.leased_until > bindparam("furthest", type_=UtcTime),
        ),
    )
    .order_by(lanes.c.not_before.is_not(None), lanes.c.not_before)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_PLACE = and_(lanes.c.person == bindparam("whose"), lanes.c.target == bindparam("which"))
_HOLDER = select(lanes.c.owner, lanes.c.leased_until).where(_PLACE)
# What they change is what they are executed with.
_CHANGE = update(lanes).where(_PLACE)
_CHANGE_OWN = _CHANGE.where(lanes.c.owner == bindparam("ours"))
_OTHER_OWNERS = (
    select(lanes.c.owner).where(lanes.c.owner.is_not(None), lanes.c.owner != _OWNER).distinct()
)
_NEXT_DUE = (
    select(func.min(outbox.c.due_at), lanes.c.not_before, lanes.c.leased_until)
    .join(lanes, _HAS_JOB)
    .where(lanes.c.person == bindparam("whose"))
    .group_by(lanes.c.person, lanes.c.target, lanes.c.not_before, lanes.c.leased_until)
)


@dataclass(frozen=True, slots=True)
class Lane:
    """The right to send one person's jobs for a target. `failures` counts those in a row."""

    person: str
    target: str
    failures: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Who wants to send, from when on and for how long at most."""

    owner: str
    now: datetime
    length: timedelta


def add(connection: Connection, person: str, target: str) -> None:
    """Makes the lane, unless it is there."""
    insert_missing(connection, lanes, {"person": person, "target": target, "failures": 0})


def take(connection: Connection, person: str, lease: Lease) -> Lane | None:
    """Leases a lane of the person that has a due job and is nobody's; None without any.

    It is the one that has waited longest. PostgreSQL passes over lanes that another worker is
    taking at this moment.
    """
    until = lease.now + lease.length
    values = {"owner": lease.owner, "now": lease.now, "whose": person, "furthest": until}
    row = connection.execute(_FREE, values).one_or_none()
    if row is None:
        return None
    place = {"whose": row.person, "which": row.target}
    connection.execute(_CHANGE, place | {"owner": lease.owner, "leased_until": until})
    return Lane(row.person, row.target, row.failures)


def is_held(connection: Connection, person: str, target: str, owner: str, now: datetime) -> bool:
    """Whether the lane is still the owner's."""
    row = connection.execute(_HOLDER, {"whose": person, "which": target}).one()
    return bool(row.owner == owner and row.leased_until > now)


def release(
    connection: Connection, lane: Lane, owner: str, not_before: datetime, failures: int
) -> None:
    """Ends the owner's lease; the lane's next job is sent at `not_before` at the earliest."""
    place = {"whose": lane.person, "which": lane.target, "ours": owner}
    values = {"owner": None, "leased_until": None, "not_before": not_before, "failures": failures}
    connection.execute(_CHANGE_OWN, place | values)


def release_dead(connection: Connection, owner: str) -> None:
    """Ends the leases of other owners whose processes certainly run no more."""
    for (other,) in connection.execute(_OTHER_OWNERS, {"owner": owner}).all():
        if is_dead(other):
            where = lanes.c.owner == other
            connection.execute(update(lanes).where(where).values(owner=None, leased_until=None))


def bring_forward(
    connection: Connection,
    person: str,
    now: datetime,
    furthest: timedelta,
    lane_furthest: timedelta,
) -> None:
    """Lets none of the person's jobs and lanes wait longer: the clock was ahead when noted."""
    ours = (outbox.c.person == person) & outbox.c.state.in_(ACTIVE)
    for time in (outbox.c.due_at, outbox.c.sent_at):
        query = update(outbox).where(ours, time > now + furthest)
        connection.execute(query.values({time: now}))
    held_back = (lanes.c.person == person) & (lanes.c.not_before > now + lane_furthest)
    connection.execute(update(lanes).where(held_back).values(not_before=now))


def resting(connection: Connection, person: str, beyond: datetime) -> dict[str, datetime]:
    """The person's lanes that are not used before a time beyond that one, with that time."""
    where = (lanes.c.person == person) & (lanes.c.not_before > beyond)
    rows = connection.execute(select(lanes.c.target, lanes.c.not_before).where(where))
    return {row.target: row.not_before for row in rows}


def next_due(connection: Connection, person: str) -> datetime | None:
    """When the person's next job may be sent; None when all is done."""
    rows = connection.execute(_NEXT_DUE, {"whose": person})
    times = [max(time for time in row if time is not None) for row in rows]
    return min(times, default=None)
