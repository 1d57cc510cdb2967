"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IS_ACTIVE = sa.text("state IN ('pending', 'sending', 'unknown')")
TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "word": sa.String(10),
    "flag": sa.Boolean(),
    "whole": sa.Integer(),
    "big": sa.BigInteger(),
    "number": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    "part": sa.Float(53),
    "date": sa.Date(),
    "time": sa.DateTime(timezone=True),
}
# Each table's columns with their types: `*` are those of its key, `?` those that may be NULL.
TABLES = {
    "digests": """
        *person text, *day date, timezone text, version whole, shown whole, channel text?, ts text?,
        picture text?, snoozed_until time?, notes text, tracked text, sources text,
        claimed_by text?, claimed_until time?
    """,
    "items": """
        *id text, person text, day date, start time, end time, group text?, project text?,
        issue text?, description text, confidence part, evidence text, reasons text, instead text?,
        seam time?, state word, version whole, entry_id big?, entry_changed text?, problem text?,
        problem_code word?, retry_at time?, billable flag?, tags text, by_hand flag,
        change number?, worklog text?
    """,
    "changes": "*id number, person text, day date, before text",
    "outbox": """
        *id number, person text, day date, item_id text, kind word, target word, payload text,
        start time, state word, entry_id big?, seen text?, unanswered whole, due_at time,
        sent_at time?, forced flag, undone flag, before text?, lease_owner text?, problem text?
    """,
    "lanes": """
        *person text, *target word, owner text?, leased_until time?, not_before time?,
        failures whole
    """,
    "worklogs": "*item_id text, person text, number big, payload text",
    "memory": "*person text, *key text, value text, until time?",
    "preferences": "*person text, *key text, value text",
    "rules": "*id number, person text, kind word, group text, text text",
    "issues": """
        *person text, *tracker text, *group text, *key text, title text, url text, type text,
        closed flag, mine flag, in_progress flag, updated time?, aliases text
    """,
}


def upgrade() -> None:
    """To this revision."""
    for name, columns in TABLES.items():
        of_day = sa.ForeignKeyConstraint(
            ["person", "day"],
            ["digests.person", "digests.day"],
            name="fk_items_person_day",
            ondelete="CASCADE",
        )
        op.create_table(name, *_parts(name, columns), *[of_day] * (name == "items"))
    for name in ("items", "changes"):
        op.create_index(f"ix_{name}_person_day", name, ["person", "day"])
    op.create_index("ix_items_entry_id", "items", ["entry_id"])
    where: dict[str, Any] = {"sqlite_where": IS_ACTIVE, "postgresql_where": IS_ACTIVE}
    op.create_index("uq_outbox_active", "outbox", ["item_id", "target"], unique=True, **where)
    op.create_index("ix_outbox_due", "outbox", ["person", "due_at"])
    rule = ["person", "kind", "group", "text"]
    op.create_index("ix_rules_person_kind_group_text", "rules", rule, unique=True)


def _parts(name: str, columns: str) -> list[sa.schema.SchemaItem]:
    """The table's columns, and its key."""
    written = [column.split() for column in columns.split(",")]
    made = [
        sa.Column(title.lstrip("*"), TYPES[kind.rstrip("?")], nullable=kind.endswith("?"))
        for title, kind in written
    ]
    key = [title[1:] for title, _ in written if title.startswith("*")]
    return [*made, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}")]


def downgrade() -> None:
    """Back to an empty database."""
    for name in reversed(TABLES):
        op.drop_table(name)
