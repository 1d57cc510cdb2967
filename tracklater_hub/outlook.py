"""Whose outbox is due, whose messages show too little: for everybody at once. SQL alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, text

from tracklater_bot.store import Transaction
from tracklater_bot.store.jobs import Target
from tracklater_bot.store.tables import ACTIVE, digests, lanes, outbox
from tracklater_hub import people as clock
from tracklater_hub.tables import credentials, devices, people


@dataclass(frozen=True, slots=True)
class MemberRow:
    """What an administrator may know of somebody: no word of any day."""

    person: str
    joined_at: datetime
    machine_since: datetime | None
    heard_at: datetime | None
    tokens: int
    waiting: int  # decisions that are not in the tracker or Jira yet


def members(transaction: Transaction) -> list[MemberRow]:
    """Everybody who has joined, in that order."""
    theirs = people.c.person
    machine = (devices.c.person == theirs) & devices.c.ended_at.is_(None)
    tokens = select(func.count()).where(credentials.c.person == theirs)
    waiting = select(func.count(outbox.c.item_id.distinct())).where(
        outbox.c.person == theirs,
        outbox.c.state.in_(ACTIVE),
        outbox.c.target.in_((Target.ENTRY, Target.WORKLOG)),
    )
    query = (
        select(
            theirs,
            people.c.joined_at,
            devices.c.made_at,
            devices.c.seen_at,
            tokens.scalar_subquery(),
            waiting.scalar_subquery(),
        )
        .outerjoin(devices, machine)
        .order_by(people.c.joined_at)
    )
    return [MemberRow(*row) for row in transaction.execute(query)]


def due_outboxes(transaction: Transaction) -> list[str]:
    """People with something to send in a lane that is free."""
    at = clock.now(transaction)
    free = or_(lanes.c.not_before.is_(None), lanes.c.not_before <= at)
    unheld = or_(lanes.c.owner.is_(None), lanes.c.leased_until <= at)
    of_lane = and_(lanes.c.person == outbox.c.person, lanes.c.target == outbox.c.target)
    query = (
        select(outbox.c.person)
        .join(lanes, of_lane)
        .join(people, people.c.person == outbox.c.person)
        .where(outbox.c.state.in_(ACTIVE), outbox.c.due_at <= at, free, unheld)
    )
    return [*transaction.execute(query.distinct()).scalars()]


def due_messages(transaction: Transaction) -> list[str]:
    """People with a day whose message shows less than is stored."""
    behind = digests.c.ts.is_not(None) & (digests.c.shown < digests.c.version)
    query = (
        select(digests.c.person)
        .join(people, people.c.person == digests.c.person)
        .where(or_(behind, digests.c.claimed_until.is_not(None)))
    )
    return [*transaction.execute(query.distinct()).scalars()]


def left_behind(transaction: Transaction, stalled: float, longest: float) -> list[int]:
    """Jobs that nobody works on any more, though they were begun.

    Of a worker that was not heard of for so long, or begun so long ago: where the connection broke
    as a job's end was noted, its worker lives, and knows nothing of it.
    """
    query = text(
        "SELECT job.id FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker"
        " ON worker.id = job.worker_id WHERE job.status = 'doing' AND (worker.id IS NULL"
        " OR worker.last_heartbeat < clock_timestamp() - make_interval(secs => :stalled)"
        " OR (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id AND type = 'started')"
        " < clock_timestamp() - make_interval(secs => :longest))"
    )
    return [*transaction.execute(query, {"stalled": stalled, "longest": longest}).scalars()]


def health(transaction: Transaction) -> list[str]:
    """What is wrong with the queue, a sentence each."""
    waits = text(
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND lock IS NULL"
        " AND COALESCE(scheduled_at, clock_timestamp()) < clock_timestamp() - interval '2 minutes'"
    )
    stalled = text(
        "SELECT count(*) FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker"
        " ON worker.id = job.worker_id WHERE job.status = 'doing' AND"
        " COALESCE(worker.last_heartbeat, '-infinity') < clock_timestamp() - interval '3 minutes'"
    )
    wrong = []
    if transaction.execute(waits).scalar_one():
        wrong.append("jobs wait for longer than two minutes")
    if transaction.execute(stalled).scalar_one():
        wrong.append("jobs of a process that died are not taken up")
    return wrong
