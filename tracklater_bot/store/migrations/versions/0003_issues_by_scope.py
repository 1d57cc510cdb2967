"""Issues by the scope in which they were read. Those of before say none: they are read anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """To this revision."""
    _begin_anew(("person", "scope", "key"), ("tracker", "group"))


def downgrade() -> None:
    """Back to the one before."""
    _begin_anew(("person", "tracker", "group", "key"), ())


def _begin_anew(key: tuple[str, ...], more: tuple[str, ...]) -> None:
    """An empty table, and nothing that says that it had been filled."""
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
    op.execute("DELETE FROM memory WHERE key LIKE 'issues:%' OR key LIKE 'absent:%'")
