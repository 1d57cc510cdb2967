"""What is stored, all of it by person. Window titles and other raw clues never are.

A change here needs a migration and a new `REVISION`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    text,
)

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
_IS_ACTIVE = text("state IN ('pending', 'sending', 'unknown')")
# SQLite counts up by itself only in a plain INTEGER key.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

digests = Table(
    "digests",
    metadata,
    Column("person", Words, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("timezone", Words, nullable=False),
    Column("version", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("channel", Words),
    Column("ts", Words),
    Column("tracked", Packed(tuple[TimeEntry, ...]), nullable=False),
    Column("sources", Packed(tuple[SourceStatus, ...]), nullable=False),
    Column("gaps", Packed(tuple[Gap, ...]), nullable=False),
    Column("agents", Packed(tuple[AgentTime, ...]), nullable=False),
    # Which bot is posting the message, so that two on one database post one.
    Column("claimed_by", Words),
    Column("claimed_until", UtcTime),
)

items = Table(
    "items",
    metadata,
    Column("id", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("day", Date, nullable=False),
    Column("start", UtcTime, nullable=False),
    Column("end", UtcTime, nullable=False),
    Column("group", Words),
    Column("project", Packed(Project)),
    Column("issue", Packed(Issue)),
    Column("description", Words, nullable=False),
    Column("own_words", Boolean, nullable=False),
    Column("confidence", Float(53), nullable=False),
    Column("issue_confidence", Float(53)),
    Column("candidates", Packed(tuple[Candidate, ...]), nullable=False),
    Column("halves", Packed(tuple[Half, ...]), nullable=False),
    Column("evidence", Packed(Evidence), nullable=False),
    Column("reasons", Packed(tuple[Reason, ...]), nullable=False),
    Column("instead", Words),
    Column("seam", UtcTime),
    Column("state", String(10), nullable=False),
    Column("version", Integer, nullable=False),
    Column("entry_id", Words),
    Column("entry_changed", Words),
    Column("problem", Words),
    Column("problem_code", String(10)),
    Column("retry_at", UtcTime),
    Column("billable", Boolean),
    Column("tags", Packed(tuple[str, ...]), nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("change", _NUMBER),
    Column("worklog", Packed(Worklog)),
    ForeignKeyConstraint(["person", "day"], ["digests.person", "digests.day"], ondelete="CASCADE"),
    Index(None, "person", "day"),
    Index(None, "entry_id"),
)

# What the person's edits, splits, merges and additions replaced, for taking them back.
changes = Table(
    "changes",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("person", Words, nullable=False),
    Column("day", Date, nullable=False),
    Column("before", Packed(tuple[Item, ...]), nullable=False),
    Index(None, "person", "day"),
)

# What is to be written where: stored with the decision, sent by the worker afterwards.
outbox = Table(
    "outbox",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("person", Words, nullable=False),
    Column("day", Date, nullable=False),
    Column("item_id", Words, nullable=False),
    Column("kind", String(10), nullable=False),  # a JobKind
    Column("target", String(10), nullable=False),  # a Target
    Column("payload", Json, nullable=False),
    Column("start", UtcTime, nullable=False),  # of the span: entries are sent in their order
    Column("state", String(10), nullable=False),  # ACTIVE, then done, failed or dropped
    Column("entry_id", Words),
    Column("seen", Words),  # the entry's `at` when the person decided
    Column("unanswered", Integer, nullable=False),  # requests that may have been carried out
    Column("due_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("forced", Boolean, nullable=False),  # overlaps were seen and are wanted
    Column("undone", Boolean, nullable=False),  # the person took it back while it was on its way
    Column("before", Packed(Item)),  # what an update replaces, if it is refused
    Column("lease_owner", Words),
    Column("problem", Words),
    Index("uq_outbox_active", "item_id", "target", unique=True, sqlite_where=_IS_ACTIVE),
    Index("ix_outbox_due", "person", "due_at"),
)

# A lane for each person's entries, and one for their worklogs: whoever leases it sends those, in
# order and not too fast.
lanes = Table(
    "lanes",
    metadata,
    Column("person", Words, primary_key=True),
    Column("target", String(10), primary_key=True),
    Column("owner", Words),
    Column("leased_until", UtcTime),
    Column("not_before", UtcTime),
    Column("failures", Integer, nullable=False),
)

# The worklogs that are in Jira, each as it was last written. They may outlive their items.
worklogs = Table(
    "worklogs",
    metadata,
    Column("item_id", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("number", Words, nullable=False),
    Column("payload", Packed(Payload), nullable=False),
)

memory = Table(
    "memory",
    metadata,
    Column("person", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("value", Json, nullable=False),
    Column("until", UtcTime),
)

preferences = Table(
    "preferences",
    metadata,
    Column("person", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("value", Json, nullable=False),
)

rules = Table(
    "rules",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("person", Words, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("group", Words, nullable=False),
    Column("text", Words, nullable=False),
    Index(None, "person", "kind", "group", "text", unique=True),
)

issues = Table(
    "issues",
    metadata,
    Column("person", Words, primary_key=True),
    # Where it was read: tracker, group, server and projects as they were set up then.
    Column("scope", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("tracker", Words, nullable=False),
    Column("group", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("url", Words, nullable=False),
    Column("type", Words, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("mine", Boolean, nullable=False),
    Column("in_progress", Boolean, nullable=False),
    Column("updated", UtcTime),
    Column("aliases", Packed(tuple[str, ...]), nullable=False),
)


def say_to_postgresql() -> None:
    """What is said to PostgreSQL alone: whoever has none is spared the 3 MB of its dialect."""
    for index in outbox.indexes:
        if index.unique:
            index.dialect_kwargs["postgresql_where"] = _IS_ACTIVE
