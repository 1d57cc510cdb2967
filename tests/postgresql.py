"""A real PostgreSQL server for the tests, in a directory of its own and on no network port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from tracklater_bot.store import Store

SKIP = "TRACKLATER_TEST_WITHOUT_POSTGRESQL"
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=120"
# What was committed is still there after `immediate`, as nothing but the server has failed.
_LASTING = "-c fsync=off -c full_page_writes=off -c max_connections=120"


class Server:
    """A running server. `address` is for SQLAlchemy, `%s` where the database's name belongs."""

    def __init__(self, home: Path, *, lasting: bool) -> None:
        self._home, programs = home, _programs()
        self.address = f"postgresql://tests@/%s?host={home}"
        _give_away(home)
        _run(home, programs / "initdb", "-D", "data", "-U", "tests", "-A", "trust")
        self._control = (programs / "pg_ctl", "-D", "data", "-w")
        options = f"-c listen_addresses='' -k {home} {_LASTING if lasting else _FAST}"
        _run(home, *self._control, "-l", "log", "-o", options, "start")

    def restart(self, mode: str) -> None:
        """Hangs up on everybody (`fast`), or falls over (`immediate`), and comes back."""
        _run(self._home, *self._control, "-l", "log", "-m", mode, "restart")

    def stop(self) -> None:
        """For good."""
        _run(self._home, *self._control, "-m", "immediate", "stop")


# Statements that name no schema find these first; what columns take by themselves was bound when
# their tables were made.
_MOVABLE = """
CREATE TABLE tests_clock (ahead interval NOT NULL);
INSERT INTO tests_clock VALUES ('0');
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM public.tests_clock';
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE
AS 'SELECT pg_catalog.now() + ahead FROM public.tests_clock';
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_default ILIKE '%now()%' LOOP
        EXECUTE format('ALTER TABLE %I ALTER %I SET DEFAULT public.now()',
            one.table_name, one.column_name);
    END LOOP;
END $$;
ALTER ROLE tests SET search_path = public, pg_catalog;
"""


def let_clock_move(store: Store) -> None:
    """From the next connection on, the database's clock is one that can be moved."""
    with store.writing() as transaction:
        driver = transaction.connection.driver_connection
        assert driver is not None
        driver.execute(_MOVABLE)


def move_clock(store: Store, seconds: float) -> None:
    """The database's clock is so far ahead of the server's own."""
    with store.writing() as transaction:
        ahead = text("UPDATE tests_clock SET ahead = make_interval(secs => :ahead)")
        transaction.execute(ahead, {"ahead": seconds})


@contextmanager
def running(*, lasting: bool = True) -> Iterator[Server]:
    """A server that can be restarted."""
    home = Path(tempfile.mkdtemp(prefix="tlpg-"))  # short: the socket's path may have 107 letters
    try:
        started = Server(home, lasting=lasting)
        try:
            yield started
        finally:
            started.stop()
    finally:
        shutil.rmtree(home)


@contextmanager
def server() -> Iterator[str]:
    """The server's address for SQLAlchemy, with `%s` where the database's name belongs."""
    with running(lasting=False) as started:
        yield started.address


def copied(address: str, source: str, target: str) -> None:
    """Backs one database up and puts it back as another, which is empty, as administrators do."""
    connect: list[str | Path] = ["-h", address.partition("host=")[2], "-U", "tests"]
    dump = [_programs() / "pg_dump", *connect, source]
    restore = [_programs() / "psql", *connect, "-q", "-v", "ON_ERROR_STOP=1", target]
    copy = subprocess.run(dump, check=True, capture_output=True).stdout
    subprocess.run(restore, input=copy, check=True, capture_output=True)


def _run(home: Path, *command: str | Path) -> None:
    """PostgreSQL refuses to run as root: somebody else does it then."""
    user = "nobody" if os.geteuid() == 0 else None
    subprocess.run(command, check=True, user=user, cwd=home, stdout=subprocess.DEVNULL)


def _give_away(home: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")


def _programs() -> Path:
    """Where the server's programs are; Debian keeps them off the PATH."""
    on_path = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = Path(on_path).resolve() if on_path else next(reversed(installed), None)
    if found is not None:
        return found.parent
    if os.environ.get(SKIP):
        pytest.skip(f"{SKIP} is set")
    pytest.fail(f"PostgreSQL's initdb is not installed: install it, or set {SKIP}=1.")
