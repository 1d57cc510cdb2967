"""What is stored, all of it by person. Window titles and other raw clues never are.

A change here needs a migration and a new `REVISION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from tracklater_bot.domain.digests import Item, Worklog
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.payload import Payload
from tracklater_bot.domain.suggestions import Evidence, Reason, SourceStatus
from tracklater_bot.store.columns import Json, Packed, UtcTime, Words

REVISION = "0002"

ACTIVE = ("pending", "sending", "unknown")
_IS_ACTIVE = sa.text("state IN ('pending', 'sending', 'unknown')")
_TYPES: Mapping[str, Any] = {
    "text": Words,
    "word": sa.String(10),
    "day": sa.Date,
    "time": UtcTime,
    "int": sa.Integer,
    # SQLite counts up by itself only in a plain INTEGER key.
    "number": sa.BigInteger().with_variant(sa.Integer, "sqlite"),
    "float": sa.Float(53),
    "bool": sa.Boolean,
    "json": Json,
    "texts": Packed(tuple[str, ...]),
    "entries": Packed(tuple[TimeEntry, ...]),
    "statuses": Packed(tuple[SourceStatus, ...]),
    "project": Packed(Project),
    "issue": Packed(Issue),
    "evidence": Packed(Evidence),
    "reasons": Packed(tuple[Reason, ...]),
    "worklog": Packed(Worklog),
    "item": Packed(Item),
    "items": Packed(tuple[Item, ...]),
    "payload": Packed(Payload),
}

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, columns: str, *more: sa.Constraint | sa.Index) -> sa.Table:
    """Columns are `name:type`, text where none is named; with * in the key, with ? may be null."""
    parts = []
    for column in columns.split():
        word, _, kind = column.rstrip("*?").partition(":")
        key = column.endswith("*")
        null = column.endswith("?")
        parts.append(sa.Column(word, _TYPES[kind or "text"], primary_key=key, nullable=null))
    return sa.Table(name, metadata, *parts, *more)


digests = _table(
    "digests",
    "person* day:day* timezone version:int shown:int channel? ts? tracked:entries sources:statuses"
    # Which bot is posting the message, so that two on one database post one.
    " claimed_by? claimed_until:time?",
)
items = _table(
    "items",
    "id* person day:day start:time end:time group? project:project? issue:issue? description"
    " own_words:bool confidence:float evidence:evidence reasons:reasons instead? seam:time?"
    " state:word version:int entry_id? entry_changed? problem? problem_code:word? retry_at:time?"
    " billable:bool? tags:texts by_hand:bool change:number? worklog:worklog?",
    sa.ForeignKeyConstraint(
        ["person", "day"], ["digests.person", "digests.day"], ondelete="CASCADE"
    ),
    sa.Index(None, "person", "day"),
    sa.Index(None, "entry_id"),
)
# What the person's edits, splits, merges and additions replaced, for taking them back.
changes = _table(
    "changes", "id:number* person day:day before:items", sa.Index(None, "person", "day")
)
# What is to be written where: stored with the decision, sent by the worker afterwards. Entries are
# sent in the order of `start`; `jobs.Job` says what the others mean.
outbox = _table(
    "outbox",
    "id:number* person day:day item_id kind:word target:word payload:json start:time state:word"
    " entry_id? seen? unanswered:int due_at:time sent_at:time? forced:bool undone:bool before:item?"
    " lease_owner? problem?",
    sa.Index(
        "uq_outbox_active",
        "item_id",
        "target",
        unique=True,
        sqlite_where=_IS_ACTIVE,
        postgresql_where=_IS_ACTIVE,
    ),
    sa.Index("ix_outbox_due", "person", "due_at"),
)
# A lane for each person's entries, and one for their worklogs: whoever leases it sends those, in
# order and not too fast.
lanes = _table(
    "lanes", "person* target:word* owner? leased_until:time? not_before:time? failures:int"
)
# The worklogs that are in Jira, each as it was last written. They may outlive their items.
worklogs = _table("worklogs", "item_id* person number payload:payload")
memory = _table("memory", "person* key* value:json until:time?")
preferences = _table("preferences", "person* key* value:json")
rules = _table(
    "rules",
    "id:number* person kind:word group text",
    sa.Index(None, "person", "kind", "group", "text", unique=True),
)
# `scope` is where it was read: tracker, group, server and projects as they were set up then.
issues = _table(
    "issues",
    "person* scope* key* tracker group title url type closed:bool mine:bool in_progress:bool"
    " updated:time? aliases:texts",
)
