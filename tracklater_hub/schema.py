"""The hub's tables, made or brought up to date under a lock, whichever process comes first."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from tracklater_bot.domain.errors import StoreError
from tracklater_bot.store import Store, Transaction
from tracklater_hub.tables import REVISION

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x74_6C_68  # any number, as long as nobody else uses it on that database
OLDEST = (13,)
_MIGRATING = threading.Lock()  # Alembic keeps what it works on in its modules


def bring_up_to_date(store: Store) -> None:
    """Raises StoreError for a database of a newer hub, and for SQLite."""
    with _MIGRATING, store.writing() as transaction:
        if transaction.dialect.name != "postgresql":
            raise StoreError("A hub needs PostgreSQL: set database_url in the team's file.")
        require_version(tuple(map(int, transaction.dialect.server_version_info or ())))
        transaction.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = _revision(transaction)
        if found not in (None, REVISION):
            raise StoreError("The database was written by a newer hub: update this one.")
        if found is None:
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = transaction
            command.upgrade(config, REVISION)


def require_version(found: tuple[int, ...]) -> None:
    """Raises StoreError for a server that lacks what the queue needs."""
    if found < OLDEST:
        raise StoreError(f"PostgreSQL {found[0]} is too old: a hub needs {OLDEST[0]} or newer.")


def _revision(transaction: Transaction) -> str | None:
    if not inspect(transaction).has_table("hub_version"):
        return None
    found: str | None = transaction.execute(text("SELECT version_num FROM hub_version")).scalar()
    return found
