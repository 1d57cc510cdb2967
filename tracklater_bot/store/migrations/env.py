"""Runs the migrations on the connection that the store hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from tracklater_bot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter columns in place
)
context.run_migrations()
