"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IS_ACTIVE = sa.text("state IN ('pending', 'sending', 'unknown')")


def upgrade() -> None:
    """To this revision."""
    _create_days()
    _create_outbox()
    _create_personal()
    _create_issues()


def downgrade() -> None:
    """Back to an empty database."""
    for name in (
        "issues", "rules", "preferences", "memory", "worklogs", "lanes", "outbox", "changes",
        "items", "digests",
    ):  # fmt: skip
        op.drop_table(name)


def _create_days() -> None:
    op.create_table(
        "digests",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("ts", sa.Text()),
        sa.Column("picture", sa.Text()),
        sa.Column("snoozed_until", TIME),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("tracked", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("claimed_until", TIME),
        sa.PrimaryKeyConstraint("person", "day", name="pk_digests"),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("start", TIME, nullable=False),
        sa.Column("end", TIME, nullable=False),
        sa.Column("group", sa.Text()),
        sa.Column("project", sa.Text()),
        sa.Column("issue", sa.Text()),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(53), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("instead", sa.Text()),
        sa.Column("seam", TIME),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.BigInteger()),
        sa.Column("entry_changed", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.Column("problem_code", sa.String(10)),
        sa.Column("retry_at", TIME),
        sa.Column("billable", sa.Boolean()),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("change", NUMBER),
        sa.Column("worklog", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.ForeignKeyConstraint(
            ["person", "day"],
            ["digests.person", "digests.day"],
            name="fk_items_person_day",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_items_person_day", "items", ["person", "day"])
    op.create_index("ix_items_entry_id", "items", ["entry_id"])
    op.create_table(
        "changes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_index("ix_changes_person_day", "changes", ["person", "day"])


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("target", sa.String(10), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("start", TIME, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("entry_id", sa.BigInteger()),
        sa.Column("seen", sa.Text()),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("sent_at", TIME),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index(
        "uq_outbox_active",
        "outbox",
        ["item_id", "target"],
        unique=True,
        sqlite_where=IS_ACTIVE,
        postgresql_where=IS_ACTIVE,
    )
    op.create_index("ix_outbox_due", "outbox", ["person", "due_at"])
    op.create_table(
        "lanes",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("target", sa.String(10), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("leased_until", TIME),
        sa.Column("not_before", TIME),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "target", name="pk_lanes"),
    )
    op.create_table(
        "worklogs",
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name="pk_worklogs"),
    )


def _create_personal() -> None:
    op.create_table(
        "memory",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("until", TIME),
        sa.PrimaryKeyConstraint("person", "key", name="pk_memory"),
    )
    op.create_table(
        "preferences",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", "key", name="pk_preferences"),
    )
    op.create_table(
        "rules",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rules"),
    )
    op.create_index(
        "ix_rules_person_kind_group_text",
        "rules",
        ["person", "kind", "group", "text"],
        unique=True,
    )


def _create_issues() -> None:
    op.create_table(
        "issues",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tracker", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("mine", sa.Boolean(), nullable=False),
        sa.Column("in_progress", sa.Boolean(), nullable=False),
        sa.Column("updated", TIME),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", "tracker", "group", "key", name="pk_issues"),
    )
