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

SKIP = "TRACKLATER_TEST_WITHOUT_POSTGRESQL"
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=120"


@contextmanager
def server() -> Iterator[str]:
    """The server's address for SQLAlchemy, with `%s` where the database's name belongs."""
    programs = _programs()
    home = Path(tempfile.mkdtemp(prefix="tlpg-"))  # short: the socket's path may have 107 letters
    try:
        _give_away(home)
        _run(home, programs / "initdb", "-D", "data", "-U", "tests", "-A", "trust")
        control = (programs / "pg_ctl", "-D", "data", "-w")
        options = f"-c listen_addresses='' -k {home} {_FAST}"
        _run(home, *control, "-l", "log", "-o", options, "start")
        try:
            yield f"postgresql://tests@/%s?host={home}"
        finally:
            _run(home, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


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
