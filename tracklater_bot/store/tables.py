"""What is stored, all of it by person. Window titles and other raw clues never are.

A change here needs a migration and a new `REVISION`.
"""

from __future__ import annotations

import sqlalchemy as sa

from tracklater_bot.domain.digests import Item, Worklog
from tracklater_bot.domain.draft import AgentTime, Gap
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.payload import Payload
from tracklater_bot.domain.suggestions import Candidate, Evidence, Half, Reason, SourceStatus
from tracklater_bot.store.columns import Json, Packed, UtcTime, Words

REVISION = "0003"

ACTIVE = ("pending", "sending", "unknown")
_IS_ACTIVE = sa.text("state IN ('pending', 'sending', 'unknown')")
# SQLite counts up by itself only in a plain INTEGER key.
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

digests = sa.Table(
    "digests",
    metadata,
    sa.Column("person", Words, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("timezone", Words, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("shown", sa.Integer, nullable=False),
    sa.Column("channel", Words),
    sa.Column("ts", Words),
    sa.Column("tracked", Packed(tuple[TimeEntry, ...]), nullable=False),
    sa.Column("sources", Packed(tuple[SourceStatus, ...]), nullable=False),
    sa.Column("gaps", Packed(tuple[Gap, ...]), nullable=False),
    sa.Column("agents", Packed(tuple[AgentTime, ...]), nullable=False),
    # Which bot is posting the message, so that two on one database post one.
    sa.Column("claimed_by", Words),
    sa.Column("claimed_until", UtcTime),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("id", Words, primary_key=True),
    sa.Column("person", Words, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("start", UtcTime, nullable=False),
    sa.Column("end", UtcTime, nullable=False),
    sa.Column("group", Words),
    sa.Column("project", Packed(Project)),
    sa.Column("issue", Packed(Issue)),
    sa.Column("description", Words, nullable=False),
    sa.Column("own_words", sa.Boolean, nullable=False),
    sa.Column("confidence", sa.Float(53), nullable=False),
    sa.Column("issue_confidence", sa.Float(53)),
    sa.Column("candidates", Packed(tuple[Candidate, ...]), nullable=False),
    sa.Column("halves", Packed(tuple[Half, ...]), nullable=False),
    sa.Column("evidence", Packed(Evidence), nullable=False),
    sa.Column("reasons", Packed(tuple[Reason, ...]), nullable=False),
    sa.Column("instead", Words),
    sa.Column("seam", UtcTime),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("entry_id", Words),
    sa.Column("entry_changed", Words),
    sa.Column("problem", Words),
    sa.Column("problem_code", sa.String(10)),
    sa.Column("retry_at", UtcTime),
    sa.Column("billable", sa.Boolean),
    sa.Column("tags", Packed(tuple[str, ...]), nullable=False),
    sa.Column("by_hand", sa.Boolean, nullable=False),
    sa.Column("change", _NUMBER),
    sa.Column("worklog", Packed(Worklog)),
    sa.ForeignKeyConstraint(
        ["person", "day"], [digests.c.person, digests.c.day], ondelete="CASCADE"
    ),
    sa.Index(None, "person", "day"),
    sa.Index(None, "entry_id"),
)

# What the person's edits, splits, merges and additions replaced, for taking them back.
changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("person", Words, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("before", Packed(tuple[Item, ...]), nullable=False),
    sa.Index(None, "person", "day"),
)

# What is to be written where: stored with the decision, sent by the worker afterwards.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("person", Words, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("item_id", Words, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),  # a JobKind
    sa.Column("target", sa.String(10), nullable=False),  # a Target
    sa.Column("payload", Json, nullable=False),
    sa.Column("start", UtcTime, nullable=False),  # of the span: entries are sent in their order
    sa.Column("state", sa.String(10), nullable=False),  # ACTIVE, then done, failed or dropped
    sa.Column("entry_id", Words),
    sa.Column("seen", Words),  # the entry's `at` when the person decided
    sa.Column("unanswered", sa.Integer, nullable=False),  # requests that may have been carried out
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("sent_at", UtcTime),
    sa.Column("forced", sa.Boolean, nullable=False),  # overlaps were seen and are wanted
    sa.Column("undone", sa.Boolean, nullable=False),  # taken back while it was on its way
    sa.Column("before", Packed(Item)),  # what an update replaces, if it is refused
    sa.Column("lease_owner", Words),
    sa.Column("problem", Words),
    sa.Index("uq_outbox_active", "item_id", "target", unique=True, sqlite_where=_IS_ACTIVE),
    sa.Index("ix_outbox_due", "person", "due_at"),
)

# A lane for each person's entries, and one for their worklogs: whoever leases it sends those, in
# order and not too fast.
lanes = sa.Table(
    "lanes",
    metadata,
    sa.Column("person", Words, primary_key=True),
    sa.Column("target", sa.String(10), primary_key=True),
    sa.Column("owner", Words),
    sa.Column("leased_until", UtcTime),
    sa.Column("not_before", UtcTime),
    sa.Column("failures", sa.Integer, nullable=False),
)

# The worklogs that are in Jira, each as it was last written. They may outlive their items.
worklogs = sa.Table(
    "worklogs",
    metadata,
    sa.Column("item_id", Words, primary_key=True),
    sa.Column("person", Words, nullable=False),
    sa.Column("number", Words, nullable=False),
    sa.Column("payload", Packed(Payload), nullable=False),
)

memory = sa.Table(
    "memory",
    metadata,
    sa.Column("person", Words, primary_key=True),
    sa.Column("key", Words, primary_key=True),
    sa.Column("value", Json, nullable=False),
    sa.Column("until", UtcTime),
)

preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("person", Words, primary_key=True),
    sa.Column("key", Words, primary_key=True),
    sa.Column("value", Json, nullable=False),
)

rules = sa.Table(
    "rules",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("person", Words, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("group", Words, nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Index(None, "person", "kind", "group", "text", unique=True),
)

issues = sa.Table(
    "issues",
    metadata,
    sa.Column("person", Words, primary_key=True),
    # Where it was read: tracker, group, server and projects as they were set up then.
    sa.Column("scope", Words, primary_key=True),
    sa.Column("key", Words, primary_key=True),
    sa.Column("tracker", Words, nullable=False),
    sa.Column("group", Words, nullable=False),
    sa.Column("title", Words, nullable=False),
    sa.Column("url", Words, nullable=False),
    sa.Column("type", Words, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.Column("mine", sa.Boolean, nullable=False),
    sa.Column("in_progress", sa.Boolean, nullable=False),
    sa.Column("updated", UtcTime),
    sa.Column("aliases", Packed(tuple[str, ...]), nullable=False),
)


def say_to_postgresql() -> None:
    """What is said to PostgreSQL alone: whoever has none is spared the 3 MB of its dialect."""
    for index in outbox.indexes:
        if index.unique:
            index.dialect_kwargs["postgresql_where"] = _IS_ACTIVE
