"""Every target with its sender: a new target is a sender and a line here."""

from __future__ import annotations

from tracklater_bot.outbox.entries import EntrySender
from tracklater_bot.outbox.late_entries import LateEntrySender, LateWorklogSender
from tracklater_bot.outbox.lookup import Lookup
from tracklater_bot.outbox.worker import Senders
from tracklater_bot.outbox.worklogs import WorklogSender
from tracklater_bot.store import Store
from tracklater_bot.store.jobs import Target
from tracklater_bot.trackers.base import GroupWorklogs


def all_senders(store: Store, lookup: Lookup, groups: GroupWorklogs) -> Senders:
    """The senders of one person's entries, late entries and worklogs."""
    worklogs = WorklogSender(groups)
    return {
        Target.ENTRY: EntrySender(store, lookup, worklogs),
        Target.WORKLOG: worklogs,
        Target.LATE: LateEntrySender(store, lookup),
        Target.LATE_WORKLOG: LateWorklogSender(store, groups),
    }
