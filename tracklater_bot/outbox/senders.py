"""Every target with its sender: a new target is a sender and a line here."""

from __future__ import annotations

from datetime import datetime

from tracklater_bot.domain.digests import Problem
from tracklater_bot.outbox import entry_items, worklogs
from tracklater_bot.outbox.entries import EntrySender
from tracklater_bot.outbox.late_entries import LateEntrySender, LateWorklogSender
from tracklater_bot.outbox.lookup import Lookup
from tracklater_bot.outbox.outcomes import Rejected, Senders
from tracklater_bot.outbox.worklogs import WorklogSender
from tracklater_bot.store import Store, Transaction, days, jobs
from tracklater_bot.store.jobs import Job, JobKind, Stage, Target
from tracklater_bot.trackers.base import GroupWorklogs


def all_senders(store: Store, lookup: Lookup, groups: GroupWorklogs) -> Senders:
    """The senders of one person's entries, late entries and worklogs."""
    beside = WorklogSender(groups)
    return {
        Target.ENTRY: EntrySender(store, lookup, beside),
        Target.WORKLOG: beside,
        Target.LATE: LateEntrySender(store, lookup),
        Target.LATE_WORKLOG: LateWorklogSender(store, groups),
    }


def give_up(transaction: Transaction, person: str, now: datetime, why: str) -> int:
    """Sends nothing any more of what waits; gives how many items that concerns.

    What certainly went nowhere waits for a decision again. All else is told with `why`: nobody
    looks any more what became of it. An equal entry that is there is taken for it later.
    """
    for digest in days.on_their_way(transaction, person):
        entry_items.find_lost(transaction, digest, now)
    waiting = jobs.waiting(transaction, person)
    for job in waiting:
        _give_up(transaction, job, now, why)
    return len({job.item_id for job in waiting})


def _give_up(transaction: Transaction, job: Job, now: datetime, why: str) -> None:
    days.load(transaction, job.person, job.day, lock=True)
    job = jobs.load(transaction, job.id)  # who had the lock may have brought it further
    if job.is_active and job.target is Target.WORKLOG:
        worklogs.give_up(transaction, job, why)
    elif job.is_active:
        if job.kind is JobKind.CREATE:
            # What may be in the tracker is told, also where it was taken back.
            went_nowhere = job.stage is Stage.PENDING and not job.doubtful
            jobs.mark_undone(transaction, job, went_nowhere)
        entry_items.apply(transaction, job, Rejected(Problem.REFUSED, why), now)
        if jobs.load(transaction, job.id).is_active:  # its item is gone
            jobs.finish(transaction, job, Stage.DROPPED)
