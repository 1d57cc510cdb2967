"""What is neither suggested nor tracked, agents' time, and how sure a suggestion's issue is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LISTS = (
    *(("digests", "gaps"), ("digests", "agents")),
    *(("items", "candidates"), ("items", "halves")),
)


def upgrade() -> None:
    """To this revision."""
    for table, name in LISTS:
        column: sa.Column[str] = sa.Column(name, sa.Text(), nullable=False, server_default="[]")
        op.add_column(table, column)
    op.add_column("items", sa.Column("issue_confidence", sa.Float(53)))


def downgrade() -> None:
    """Back to the one before."""
    op.drop_column("items", "issue_confidence")
    for table, name in LISTS:
        op.drop_column(table, name)
