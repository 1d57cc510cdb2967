"""A database of its own for each test, on one PostgreSQL; and a firm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.firm import Firm, firm
from tests.postgresql import server
from tests.test_store_postgresql import command
from tracklater_bot.store import Store
from tracklater_hub import schema
from tracklater_sandbox import Sandbox


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The server, with a database `empty` that has all tables, to be copied."""
    with server() as found:
        command(found, "CREATE DATABASE empty")
        with Store.open(found % "empty") as store:
            schema.bring_up_to_date(store)
        yield found


@pytest.fixture
def database(address: str) -> Iterator[str]:
    """A new database's address."""
    command(address, "CREATE DATABASE test TEMPLATE empty")
    yield address % "test"
    command(address, "DROP DATABASE test WITH (FORCE)")


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with Store.open(database) as opened:
        yield opened


@pytest.fixture(name="firm")
def a_firm(sandbox: Sandbox, database: str, tmp_path: Path) -> Iterator[Firm]:
    """Two members of one workspace, nobody joined yet."""
    with firm(sandbox, database, tmp_path / "firm") as made:
        yield made
