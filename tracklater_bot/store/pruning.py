"""What is dropped in time, so that the database does not grow for ever.

Sent and dropped jobs go after a month: all that is needed later stands on their items. Days go
after 400 days, with their items, so that Undo works for more than a year in an old message. What
waits, is on its way or failed stays, however old. All functions work inside the caller's
transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, select

from tracklater_bot.domain.digests import Digest, ItemState
from tracklater_bot.store import days
from tracklater_bot.store.jobs import Stage
from tracklater_bot.store.tables import (
    ACTIVE,
    changes,
    digests,
    issues,
    items,
    memory,
    outbox,
    preferences,
    rules,
    worklogs,
)

JOBS_LAST = timedelta(days=30)
DAYS_LAST = timedelta(days=400)
_OVER = (ItemState.OPEN, ItemState.SENT, ItemState.SKIPPED)


def prune(connection: Connection, person: str, now: datetime) -> None:
    """Drops what is the person's, over, and old."""
    _prune_jobs(connection, person, now - JOBS_LAST)
    ended = (memory.c.person == person) & (memory.c.until <= now)
    # Taiga's tokens were once kept under such keys; they stay in the process by now.
    tokens = (memory.c.person == person) & memory.c.key.startswith("taiga:")
    connection.execute(delete(memory).where(ended | tokens))
    before = (now - DAYS_LAST).date()
    old = select(digests.c.day).where(digests.c.person == person, digests.c.day < before)
    for (day,) in connection.execute(old.order_by(digests.c.day)).all():
        digest = days.load(connection, person, day, lock=True)
        if digest is not None and not _is_needed(connection, digest):
            ids = [item.id for item in digest.items]
            connection.execute(delete(worklogs).where(worklogs.c.item_id.in_(ids)))
            for table in (outbox, changes, items, digests):
                connection.execute(delete(table).where(_of(digest.person, digest.day, table)))
            about = (memory.c.person == digest.person) & memory.c.key.like(f"%:{digest.day}")
            connection.execute(delete(memory).where(about))


def forget(connection: Connection, person: str) -> None:
    """Drops what the person has not decided, chose, or was read for them. Decided days stay."""
    sent = select(outbox.c.item_id).where(outbox.c.person == person, outbox.c.state.in_(ACTIVE))
    busy = {*connection.execute(sent).scalars()}
    undecided = (items.c.person == person) & (items.c.state == ItemState.OPEN)
    theirs = select(items.c.day).where(undecided).distinct().order_by(items.c.day)
    for (day,) in connection.execute(theirs).all():
        digest = days.load(connection, person, day, lock=True)
        if digest is not None:
            kept = (item for item in digest.items if item.state is not ItemState.OPEN
                    or item.worklog is not None or item.id in busy)  # fmt: skip
            days.save(connection, digest, replace(digest, items=tuple(kept)))
    # What was billed was decided too.
    noted = (memory.c.person == person) & ~memory.c.key.startswith("billed:")
    connection.execute(delete(memory).where(noted))
    for table in (changes, issues, rules, preferences):
        connection.execute(delete(table).where(table.c.person == person))


def _prune_jobs(connection: Connection, person: str, before: datetime) -> None:
    """A failed job stays as long as its item shows the failure."""
    failed = exists().where(items.c.id == outbox.c.item_id, items.c.state == ItemState.FAILED)
    over = outbox.c.state.not_in(ACTIVE) & ~((outbox.c.state == Stage.FAILED) & failed)
    where = (outbox.c.person == person) & (outbox.c.due_at < before) & over
    connection.execute(delete(outbox).where(where))


def _is_needed(connection: Connection, digest: Digest) -> bool:
    """Whether something of the day is still to be done or to be read."""
    active = _of(digest.person, digest.day, outbox) & outbox.c.state.in_(ACTIVE)
    waiting = connection.execute(select(outbox.c.id).where(active).limit(1)).first()
    return waiting is not None or any(item.state not in _OVER for item in digest.items)


def _of(person: str, day: date, table: Table) -> ColumnElement[bool]:
    return and_(table.c.person == person, table.c.day == day)
