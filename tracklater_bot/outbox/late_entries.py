"""Entries that come after all: their request was given up, looked for in vain, and repeated.

Toggl may carry out a request long after the connection broke, and does not tell two equal requests
apart. So after each look that found nothing, the outbox keeps a job that looks again some times,
and takes out one entry that says the same and belongs to no item. Nothing equal was there at the
look before, so it is what that request made. All functions work inside the caller's transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection

from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.outbox.outcomes import Day, Outcome, RetryLater, watched
from tracklater_bot.outbox.worklogs import WorklogWritten
from tracklater_bot.store import days as digests
from tracklater_bot.store import jobs as outbox
from tracklater_bot.store.jobs import Job, Stage


@dataclass(frozen=True, slots=True)
class SightedEntry:
    """An entry that is the late one: nothing of ours, and equal to what was sent."""

    entry: TimeEntry


@dataclass(frozen=True, slots=True)
class NotFound:
    """No such entry is there now."""


@dataclass(frozen=True, slots=True)
class TakenOut:
    """The late entry is gone."""


Sighting: TypeAlias = SightedEntry | NotFound | TakenOut


def settle(connection: Connection, job: Job, sighting: Sighting, now: datetime) -> set[Day]:
    """Stores what was seen; gives the days whose message has to follow."""
    digest = digests.load(connection, job.person, job.day, lock=True)
    if outbox.load(connection, job.id) != job:
        return set()
    if digest is None:
        outbox.close(connection, job, Stage.DROPPED)
        return set()
    match sighting:
        case SightedEntry(entry):
            outbox.aim(connection, job, entry.id, entry.changed, now)
        case NotFound():
            _look_again(connection, job, now)
        case TakenOut():
            outbox.close(connection, job, Stage.DONE)
            return _forget(connection, digest, job)
    return set()


def postpone(connection: Connection, job: Job, outcome: Outcome | WorklogWritten) -> set[Day]:
    """Lets the look wait for the tracker."""
    if isinstance(outcome, RetryLater) and outbox.load(connection, job.id) == job:
        outbox.look_later(connection, job, outcome.at)
    return set()


def _look_again(connection: Connection, job: Job, now: datetime) -> None:
    due = watched(job.sent_at or now, now)
    if due is None:
        outbox.close(connection, job, Stage.DONE)
    else:
        outbox.look_later(connection, job, due)


def _forget(connection: Connection, digest: Digest, job: Job) -> set[Day]:
    """The day no longer shows the entry, if it was read while the entry was there."""
    left = tuple(each for each in digest.tracked if each.id != job.entry_id)
    if left == digest.tracked:
        return set()
    digests.save(connection, digest, replace(digest, tracked=left))
    return {(digest.person, digest.day)}
