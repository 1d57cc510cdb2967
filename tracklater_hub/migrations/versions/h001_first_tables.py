"""The hub's first tables, procrastinate's, and what lets a decision wake its own job."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "h001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLES: dict[str, list[sa.Column[Any]]] = {
    "hub_people": [
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("joined_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("issues_at", TIME),
        sa.Column("pruned_at", TIME),
    ],
    "hub_devices": [
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("seen_at", TIME),
        sa.Column("since", TIME),
        sa.Column("used", sa.Integer, nullable=False, server_default="0"),
        sa.Column("ended_at", TIME),
    ],
    "hub_codes": [
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("until", TIME, nullable=False),
    ],
    "hub_nonces": [
        sa.Column("device", sa.Text, primary_key=True),
        sa.Column("nonce", sa.String(64), primary_key=True),
        sa.Column("until", TIME, nullable=False),
    ],
    "hub_credentials": [
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
    ],
    "hub_requests": [
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("taken_at", TIME),
        sa.Column("answered_at", TIME),
        sa.Column("answer", sa.Text),
    ],
    "hub_drafts": [
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
    ],
    "hub_pace": [
        sa.Column("method", sa.Text, primary_key=True),
        sa.Column("calls", sa.Text, nullable=False, server_default="[]"),
        sa.Column("held_until", sa.Float(53), nullable=False, server_default="0"),
    ],
}
INDEXES = (
    ("hub_people", "due_at"),
    ("hub_nonces", "until"),
    ("hub_requests", "person", "made_at"),
)

# Puts a job into the queue unless the same one waits there already. It only wakes.
WAKE = """
CREATE FUNCTION hub_wake(whose text, which text, urgency integer, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    name text := which || ':' || whose;
    scheduled boolean := at IS NOT NULL;
BEGIN
    -- A scheduled job must hold no lock, or it blocks all that come after it.
    PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
        CASE which WHEN 'round' THEN 'rounds' ELSE 'people' END,
        CASE WHEN scheduled THEN 'later' ELSE 'work' END, urgency,
        CASE WHEN scheduled THEN NULL ELSE name END,
        CASE WHEN scheduled THEN 'later:' || name ELSE name END,
        jsonb_build_object('person', whose, 'what', which), at
    )::procrastinate_job_to_defer_v1]);
EXCEPTION WHEN unique_violation THEN
    NULL;
END $$
"""
# In the transaction that decides: what is put into the outbox is looked at when it is committed.
OF_OUTBOX = """
CREATE FUNCTION hub_outbox_filled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub_wake(person, 'outbox', 10, NULL) FROM (SELECT DISTINCT person FROM filled) AS who
    WHERE EXISTS (SELECT 1 FROM hub_people WHERE hub_people.person = who.person);
    RETURN NULL;
END $$
"""
# Another time for the digest, another zone: the plan is looked at again.
OF_CHOICES = """
CREATE FUNCTION hub_chosen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hub_people SET due_at = NULL WHERE person = COALESCE(NEW.person, OLD.person);
    RETURN NULL;
END $$
"""
TRIGGERS = (
    "CREATE TRIGGER hub_outbox_filled AFTER INSERT ON outbox REFERENCING NEW TABLE AS filled"
    " FOR EACH STATEMENT EXECUTE FUNCTION hub_outbox_filled()",
    "CREATE TRIGGER hub_chosen AFTER INSERT OR UPDATE OR DELETE ON preferences"
    " FOR EACH ROW EXECUTE FUNCTION hub_chosen()",
)


def upgrade() -> None:
    """To this revision."""
    for name, columns in TABLES.items():
        op.create_table(name, *columns)
    for table, *names in INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(names)}", table, names)
    ours = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_hub_devices_person", "hub_devices", ["person"], unique=True, postgresql_where=ours
    )
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    # By the driver itself, which takes several statements, and percent signs as they are.
    for statement in (SchemaManager.get_schema(), WAKE, OF_OUTBOX, OF_CHOICES, *TRIGGERS):
        driver.execute(statement)


def downgrade() -> None:
    """There is nothing before."""
    raise NotImplementedError
