"""Column types: the same values come back from SQLite and PostgreSQL that went in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, DateTime, Table, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


class UtcTime(TypeDecorator[datetime]):
    """An aware time, in UTC when it comes back. SQLite keeps no zone, so it is kept as UTC there.

    Raises ValueError for a naive time.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """With a zone where the database knows zones."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the store takes only times with a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Out of the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text from outside. What no database takes (NUL, half a surrogate pair) becomes a space."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Into the database."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text without the characters that databases refuse."""
    return text.replace("\0", " ").encode(errors="replace").decode()


# Fields of packed values, by the names that databases have kept them under since version 0.1.
STORED_AS = {"alternative": "instead", "best_split": "seam"}
_FIELDS = {stored: field for field, stored in STORED_AS.items()}


class Packed(TypeDecorator[Any]):
    """A value of our own as JSON, such as a project or a tuple of reasons; None is NULL."""

    impl = Text
    cache_ok = True

    def __init__(self, shape: Any) -> None:
        super().__init__()
        self.shape = shape

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Into the database; all in ASCII, so that no character can be refused."""
        if value is None:
            return None
        return json.dumps(_renamed(msgspec.to_builtins(value), STORED_AS))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Out of the database, checked against the shape."""
        if value is None:
            return None
        kept = json.loads(value)
        if any(stored in value for stored in _FIELDS):  # few have them, and the way is long
            kept = _renamed(kept, _FIELDS)
        return msgspec.convert(kept, self.shape)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """JSON with some of its keys, at any depth, under other names."""
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(inner, names) for inner in value]
    return value


class Json(TypeDecorator[Any]):
    """Any JSON value; None is JSON's null."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Into the database."""
        return json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Out of the database."""
        return None if value is None else json.loads(value)


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows; those whose primary key is there already are replaced."""
    if not rows:
        return
    insert = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    others = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=others), [*rows])


def insert_missing(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Writes a row, unless one that is unique in the same way is there."""
    connection.execute(_insert(connection, table).on_conflict_do_nothing(), [dict(row)])


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - see `say_to_postgresql`

    return postgresql.insert(table)
