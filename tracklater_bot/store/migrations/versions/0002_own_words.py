"""Whether the person wrote an item's description."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What the person changed may be in their own words: those are kept."""
    column: sa.Column[bool] = sa.Column(
        "own_words", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("items", column)
    op.execute("UPDATE items SET own_words = by_hand")


def downgrade() -> None:
    """Without it."""
    with op.batch_alter_table("items") as items:
        items.drop_column("own_words")
