"""Opening the database: its address, its file, its schema, and errors in words."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tracklater_bot.domain.errors import StoreError, installing
from tracklater_bot.store.tables import REVISION, metadata, say_to_postgresql

log = logging.getLogger(__name__)

BUSY_SECONDS = 30
CONNECT_SECONDS = 10
FROZEN_SECONDS = 30
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x74_6C_62  # any number, as long as nobody else uses it on that database
# Alembic keeps what it works on in its modules: two threads would migrate each other's database.
_MIGRATING = threading.Lock()
_SCHEMES = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}


def default_url() -> URL:
    """SQLite in the user's data directory."""
    path = user_data_path("tracklater-bot", appauthor=False) / "tracklater.sqlite3"
    return URL.create("sqlite", database=str(path))


def parse(url: str) -> URL:
    """The address as SQLAlchemy wants it, or the default for "". Raises StoreError."""
    if not url:
        return default_url()
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(_NO_ADDRESS) from None
    parsed = parsed.set(drivername=_SCHEMES.get(parsed.drivername, parsed.drivername))
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StoreError(_NO_ADDRESS)
    if "@" in f"{parsed.host}{parsed.database}" and parsed.drivername != "sqlite":
        # What comes after an @ too many is taken for a host: it may be half a password.
        raise StoreError(_MEANS_ELSE)
    if parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreError("database_url needs the path of a file: write sqlite:///path/to/file.")
    return parsed


_NO_ADDRESS = (
    "database_url is no address of a database: leave it empty for SQLite, or write"
    " postgresql://user:password@host/name."
)


_MEANS_ELSE = (
    "database_url has a password with characters that mean something else there: write %40 for @,"
    " %2F for / and %3A for :."
)


def open_engine(url: str) -> Engine:
    """An engine on a database whose schema is up to date. Raises StoreError."""
    parsed = parse(url)
    with in_words(parsed):
        engine = _engine(parsed)
        try:
            _bring_up_to_date(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    say_to_postgresql()
    try:
        # Room for every thread of a bot. Texts from outside stay out of error messages.
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=8,
            max_overflow=16,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
    except (ImportError, NoSuchModuleError):
        needed = f"PostgreSQL needs one more package: {installing('postgresql')}."
        raise StoreError(needed) from None
    event.listen(engine, "connect", _let_go_when_frozen)
    return engine


def _let_go_when_frozen(connection: Any, _record: object) -> None:
    """Whoever stands still in a transaction, with its host or alone, holds up nobody for ever."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'")
    connection.commit()


# -- SQLite --------------------------------------------------------------------------------------


def _sqlite(url: URL) -> Engine:
    _make_private(Path(str(url.database)).expanduser())
    engine = create_engine(
        url.set(database=str(Path(str(url.database)).expanduser())),
        hide_parameters=True,
        pool_size=8,
        max_overflow=16,
        connect_args={"timeout": BUSY_SECONDS},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(path: Path) -> None:
    """The file and its folder, readable by nobody else; also one that was copied back."""
    try:
        if path.exists():
            for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
                _close_to_others(file)
        else:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"The database {path} cannot be reached or made ({error.strerror}):"
            " set database_url to a place where you may write."
        ) from None


def _close_to_others(file: Path) -> None:
    mode = file.stat().st_mode & 0o777 if file.exists() else 0
    if mode & 0o077:
        try:
            file.chmod(mode & 0o700)
        except OSError:
            log.warning("%s can be read by others, and its mode cannot be changed", file)
        else:
            log.warning("%s could be read by others: its mode is now 600", file)


def checkpoint(engine: Engine) -> None:
    """Brings all that is stored into SQLite's one file, so that a copy of it has everything."""
    if engine.dialect.name == "sqlite":
        # Where that fails (a full disk, say), all stays in the log beside the file.
        with (
            suppress(sqlite3.Error, DBAPIError, PoolTimeout),
            closing(engine.raw_connection()) as connection,
        ):
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")


def _prepare(connection: Any, _record: object) -> None:
    """Settings that SQLite wants anew for every connection."""
    connection.isolation_level = None  # transactions are begun below, not by the driver
    connection.execute("PRAGMA journal_mode = WAL")
    # The outbox relies on what was committed before a request, after a power cut too.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    """Writers queue up before they read: otherwise SQLite refuses the later of two at once."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


# -- Schema --------------------------------------------------------------------------------------


def _bring_up_to_date(engine: Engine) -> None:
    """Looks at the version first: Alembic is large, and needed after an update alone."""
    with engine.connect() as connection:
        if _revision(connection) == REVISION:
            return
    with (
        _MIGRATING,
        engine.connect().execution_options(writing=True) as connection,
        connection.begin(),
    ):
        # SQLite has let one process in by now; PostgreSQL does here.
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        found = _revision(connection)
        if found is None:
            _make(connection)
        elif found != REVISION:
            _migrate(connection, found)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _make(connection: Connection) -> None:
    """A new database, as all migrations would leave it."""
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:now)"), {"now": REVISION})


def _migrate(connection: Connection, found: str) -> None:
    from alembic import command  # noqa: PLC0415 - takes 290 ms and 10 MB
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    # The configuration parser takes a percent sign for the beginning of a name.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if found not in known:
        raise StoreError(
            "The database was written by a newer tracklater-bot: update this one,"
            " or set database_url to another database."
        )
    command.upgrade(config, REVISION)


# -- Errors in words -----------------------------------------------------------------------------


@contextmanager
def in_words(url: URL) -> Iterator[None]:
    """Database errors inside come out as StoreError, in one sentence and without any values."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        sentence = _sentence(url, error)
        if sentence is None:
            raise
        raise StoreError(sentence) from error


def _sentence(url: URL, error: Exception) -> str | None:
    """None for an error that is a mistake of ours."""
    cause = str(getattr(error, "orig", None) or error)
    where = _place(url)
    for pattern, advice in zip(_ADVICE[::2], _ADVICE[1::2], strict=True):
        if re.search(pattern, cause, re.IGNORECASE):
            return f"The database {where} {advice}"
    if isinstance(error, DBAPIError) and type(error).__name__ in _OURS:
        return None
    first_line = cause.strip().partition("\n")[0].rstrip(".")[:200]
    return f"The database {where} does not work: {first_line}."


def _place(url: URL) -> str:
    """Where it is, without user name and password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.database} on {url.host or 'this machine'}"


_OURS = frozenset({"IntegrityError", "ProgrammingError", "DataError", "NotSupportedError"})
# What a database says, as a pattern, and what we say instead, line by line.
_ADVICE = rf"""
readonly|read-only|cannot execute .* in a read
is read-only: make its file and folder writable, or set database_url to another place.
disk is full|no space left|could not extend
cannot grow because the disk is full: make room; decisions already stored are safe.
not a database|malformed|disk image|encrypted
is damaged, or no database at all: put back a copy, or move it away to start anew.
unable to open
cannot be opened: check that its folder exists and that you may write there.
locked|QueuePool limit
was busy for {BUSY_SECONDS} seconds: end the other program that holds it.
password authentication|no password supplied|role "[^"]*" does not exist
refuses the user name or password: check database_url.
database "[^"]*" does not exist
does not exist: create it, or check database_url.
pg_hba\.conf
lets nobody in from here under that name: add a line to its pg_hba.conf, or check database_url.
permission denied|no schema has been selected
does not let this user in: grant it CREATE on the schema, or check database_url.
connection|server closed|could not translate|resolve|timeout expired
cannot be reached: check that the server runs, and database_url.
""".strip().splitlines()
