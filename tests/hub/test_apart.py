"""A bot for one person has nothing of the hub; a laptop needs no database; the schema is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from tests.postgresql import copied
from tests.test_store_postgresql import command
from tracklater_bot.store import Store, StoreError
from tracklater_hub import people, schema
from tracklater_hub.members import wake
from tracklater_hub.tables import metadata

OF_THE_HUB = ("procrastinate", "cryptography", "psycopg", "psycopg_pool", "aiohttp")
# As on a machine where these are not installed: whoever imports one is told so.
WITHOUT = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Nothing())
from tracklater_bot.cli.main import main
code = 0
try:
    code = main({argv!r})
except SystemExit as end:
    code = end.code
print("CODE", code, *sorted(n for n in sys.modules if n.startswith("tracklater_hub")))
"""


def run(folder: Path, missing: tuple[str, ...], *argv: str) -> tuple[str, str]:
    """What it printed last, and what it said."""
    program = WITHOUT.format(missing=frozenset(missing), argv=list(argv))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout.strip().splitlines()[-1], done.stderr


@pytest.mark.parametrize("argv", [["--help"], ["preview"], ["check"], ["run"]])
def test_a_bot_for_one_person_imports_nothing_of_the_hub(tmp_path: Path, argv: list[str]) -> None:
    said, _ = run(tmp_path, (*OF_THE_HUB, "tracklater_hub"), *argv)
    assert said.split()[2:] == []
    assert said.split()[:1] == ["CODE"]


@pytest.mark.parametrize(
    ("argv", "extra"),
    [(["hub"], "hub"), (["join", "https://h", "C"], "agent"), (["agent"], "agent")],
)
def test_without_its_extra_a_command_says_what_it_needs(
    tmp_path: Path, argv: list[str], extra: str
) -> None:
    said, sentence = run(tmp_path, OF_THE_HUB, *argv)
    assert said.startswith("CODE 1")
    assert f"pip install '.[{extra}]' in a copy of the repository" in sentence
    assert len(sentence.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("argv", "code"), [(["join", "https://hub.invalid", "CODE"], "CODE 1"), (["agent"], "CODE 2")]
)
def test_a_laptop_needs_no_database_driver(tmp_path: Path, argv: list[str], code: str) -> None:
    missing = ("procrastinate", "psycopg", "psycopg_pool", "aiohttp", "sqlalchemy", "alembic")
    said, sentence = run(tmp_path, missing, *argv)
    assert said.startswith(code)
    assert "installed" not in sentence
    assert "hub" in sentence


def test_migrations_lead_to_the_tables_in_use(store: Store) -> None:
    def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or (name or "").startswith("hub_")

    options = {"version_table": "hub_version", "include_object": ours}
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_bringing_it_up_to_date_twice_changes_nothing(store: Store) -> None:
    schema.bring_up_to_date(store)
    schema.bring_up_to_date(store)


def test_a_copy_that_is_put_back_is_whole(address: str, store: Store, database: str) -> None:
    """With people and sealed tokens, the queue and what wakes it."""
    with store.writing() as transaction:
        people.add(transaction, "U1")
        people.put_sealed(transaction, "U1", {"toggl\tapi_token": "sealed"})
    command(address, "CREATE DATABASE again")
    try:
        copied(address, "test", "again")
        with Store.open(address % "again") as again:
            schema.bring_up_to_date(again)
            with again.writing() as transaction:
                assert people.everybody(transaction) == ["U1"]
                assert people.sealed(transaction, "U1") == {"toggl\tapi_token": "sealed"}
                wake(transaction, "U1", "outbox")
                wake(transaction, "U1", "outbox")
                jobs = transaction.execute(text("SELECT args FROM procrastinate_jobs")).all()
            assert len(jobs) == 1
    finally:
        command(address, "DROP DATABASE again WITH (FORCE)")


def test_a_hub_needs_postgresql(tmp_path: Path) -> None:
    with (
        Store.open(f"sqlite:///{tmp_path / 'some.db'}") as sqlite,
        pytest.raises(StoreError, match="needs PostgreSQL"),
    ):
        schema.bring_up_to_date(sqlite)
