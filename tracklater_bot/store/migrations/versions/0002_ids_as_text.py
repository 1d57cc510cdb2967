"""The trackers' ids as text, whose words an item has, and issues by the scope they were read in.

What only a cache holds is dropped: it is read anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
# What the catalogue keeps of services: issues by no scope, ids as numbers.
CACHES = ("issues:", "absent:", "account", "constraints", "tracked:", "taiga:")
ID_COLUMNS = (("items", "entry_id"), ("outbox", "entry_id"), ("worklogs", "number"))

Convert = Callable[[Any], Any]


def upgrade() -> None:
    """To this revision."""
    own_words: sa.Column[bool] = sa.Column(
        "own_words", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("items", own_words)
    # What the person changed may be in their own words: those are kept.
    op.execute("UPDATE items SET own_words = by_hand")
    _change_ids(sa.Text(), sa.BigInteger(), "TEXT")
    _rewrite(_as_text)
    # Not in a batch: SQLite would drop the old table, and with it the items of its days.
    for name in ("picture", "snoozed_until", "notes"):
        op.drop_column("digests", name)
    _drop_caches(("person", "scope", "key"), ("tracker", "group"))


def downgrade() -> None:
    """Back to the one before. Ids that are no numbers cannot go back."""
    with op.batch_alter_table("items") as items:
        items.drop_column("own_words")
    _change_ids(sa.BigInteger(), sa.Text(), "BIGINT")
    _rewrite(_as_number)
    op.add_column("digests", sa.Column("picture", sa.Text()))
    op.add_column("digests", sa.Column("snoozed_until", TIME))
    notes: sa.Column[str] = sa.Column("notes", sa.Text(), nullable=False, server_default="[]")
    op.add_column("digests", notes)
    _drop_caches(("person", "tracker", "group", "key"), ())


def _change_ids(new: Any, old: Any, name: str) -> None:
    for table, column in ID_COLUMNS:
        with op.batch_alter_table(table) as changed:
            changed.alter_column(
                column, existing_type=old, type_=new, postgresql_using=f"{column}::{name}"
            )


# -- Packed values -------------------------------------------------------------------------------


def _rewrite(convert: Convert) -> None:
    _rewrite_column("digests", ("person", "day"), "tracked", convert)
    _rewrite_column("items", ("id",), "project", convert)
    _rewrite_column("changes", ("id",), "before", convert)
    _rewrite_column("outbox", ("id",), "payload", convert)
    _rewrite_column("outbox", ("id",), "before", convert)
    _rewrite_column("worklogs", ("item_id",), "payload", convert)


def _rewrite_column(table: str, keys: tuple[str, ...], column: str, convert: Convert) -> None:
    there = sa.table(table, *(sa.column(name) for name in (*keys, column)))
    connection = op.get_bind()
    rows = connection.execute(sa.select(*there.c).where(there.c[column].is_not(None))).all()
    for *key, packed in rows:
        same_row = sa.and_(*(there.c[name] == value for name, value in zip(keys, key, strict=True)))
        value = json.dumps(_with_ids(json.loads(packed), convert))
        connection.execute(there.update().where(same_row).values({column: value}))


def _with_ids(value: Any, convert: Convert) -> Any:
    """The value with every id of a tracker's converted; an item's own id is none."""
    if isinstance(value, list):
        return [_with_ids(part, convert) for part in value]
    if not isinstance(value, dict):
        return value
    is_item = "suggestion" in value
    return {
        name: convert(part)
        if name in ("entry_id", "project_id") or (name == "id" and not is_item)
        else _with_ids(part, convert)
        for name, part in value.items()
    }


def _as_text(number: Any) -> Any:
    return str(number) if isinstance(number, int) else number


def _as_number(text: Any) -> Any:
    return int(text) if isinstance(text, str) else text


# -- Caches --------------------------------------------------------------------------------------


def _drop_caches(key: tuple[str, ...], more: tuple[str, ...]) -> None:
    """An empty table of issues, and nothing that says that it had been filled."""
    op.drop_table("issues")
    op.create_table(
        "issues",
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*key, *more)),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("mine", sa.Boolean(), nullable=False),
        sa.Column("in_progress", sa.Boolean(), nullable=False),
        sa.Column("updated", TIME),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name="pk_issues"),
    )
    memory = sa.table("memory", sa.column("key"))
    cached = sa.or_(*(memory.c.key.startswith(prefix) for prefix in CACHES))
    op.get_bind().execute(memory.delete().where(cached))
