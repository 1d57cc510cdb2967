"""Runs the migrations on the connection that `schema` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from tracklater_hub.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="hub_version",
)
context.run_migrations()
