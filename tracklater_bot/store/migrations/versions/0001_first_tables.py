"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "word": sa.String(10),
    "day": sa.Date(),
    "time": sa.DateTime(timezone=True),
    "number": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    "big": sa.BigInteger(),
    "int": sa.Integer(),
    "float": sa.Float(53),
    "bool": sa.Boolean(),
}
# Columns as `name:type`, text where none is named; with * in the key, with ? may be null.
TABLES = {
    "digests": "person* day:day* timezone version:int shown:int channel? ts? picture?"
    " snoozed_until:time? notes tracked sources claimed_by? claimed_until:time?",
    "items": "id* person day:day start:time end:time group? project? issue? description"
    " confidence:float evidence reasons instead? seam:time? state:word version:int entry_id:big?"
    " entry_changed? problem? problem_code:word? retry_at:time? billable:bool? tags by_hand:bool"
    " change:number? worklog?",
    "changes": "id:number* person day:day before",
    "outbox": "id:number* person day:day item_id kind:word target:word payload start:time"
    " state:word entry_id:big? seen? unanswered:int due_at:time sent_at:time? forced:bool"
    " undone:bool before? lease_owner? problem?",
    "lanes": "person* target:word* owner? leased_until:time? not_before:time? failures:int",
    "worklogs": "item_id* person number:big payload",
    "memory": "person* key* value until:time?",
    "preferences": "person* key* value",
    "rules": "id:number* person kind:word group text",
    "issues": "person* tracker* group* key* title url type closed:bool mine:bool in_progress:bool"
    " updated:time? aliases",
}
IS_ACTIVE = sa.text("state IN ('pending', 'sending', 'unknown')")


def upgrade() -> None:
    """To this revision."""
    for name, columns in TABLES.items():
        keys = [_name(column) for column in columns.split() if column.endswith("*")]
        parts: list[Any] = [
            *map(_column, columns.split()),
            sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"),
        ]
        if name == "items":
            day = (["person", "day"], ["digests.person", "digests.day"])
            parts.append(sa.ForeignKeyConstraint(*day, "fk_items_person_day", ondelete="CASCADE"))
        op.create_table(name, *parts)
    for name in ("items", "changes"):
        op.create_index(f"ix_{name}_person_day", name, ["person", "day"])
    op.create_index("ix_items_entry_id", "items", ["entry_id"])
    op.create_index("ix_outbox_due", "outbox", ["person", "due_at"])
    active: dict[str, Any] = {"sqlite_where": IS_ACTIVE, "postgresql_where": IS_ACTIVE}
    op.create_index("uq_outbox_active", "outbox", ["item_id", "target"], unique=True, **active)
    once = ["person", "kind", "group", "text"]
    op.create_index("ix_rules_person_kind_group_text", "rules", once, unique=True)


def downgrade() -> None:
    """Back to an empty database."""
    for name in reversed(TABLES):
        op.drop_table(name)


def _name(column: str) -> str:
    return column.rstrip("*?").partition(":")[0]


def _column(column: str) -> sa.Column[Any]:
    kind = column.rstrip("*?").partition(":")[2] or "text"
    return sa.Column(_name(column), TYPES[kind], nullable=column.endswith("?"))
