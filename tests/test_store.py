"""The store on SQLite: its promises, its file, its schema, and what goes wrong with files."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text

from tests.digests import TOGGL, entry
from tests.group_worklogs import LoggingRoom
from tests.nobody import nobody
from tests.notation import at
from tests.rooms import DAY, PERSON, Room, draft, sqlite_store
from tests.storecontract import StoreContract, at_once
from tracklater_bot.domain.digests import Digest, ItemState
from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.review.decisions import Review
from tracklater_bot.store import Store, StoreError, days, jobs, worklogs
from tracklater_bot.store import database as opening
from tracklater_bot.store.columns import upsert
from tracklater_bot.store.tables import REVISION, memory, metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{path}")
    yield opened
    opened.close()


class TestOnSqlite(StoreContract):
    """All that any store promises."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        opened = sqlite_store(tmp_path)
        yield opened
        opened.close()


# -- The file ------------------------------------------------------------------------------------


def test_nobody_else_can_read_the_file(store: Store, path: Path) -> None:
    store.put(PERSON, "key", 1)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file.name


def test_a_copy_that_others_can_read_is_closed_to_them(
    store: Store, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.put(PERSON, "key", 1)
    files = [path, *path.parent.glob("*-wal")]
    for file in files:
        file.chmod(0o644)
    Store.open(f"sqlite:///{path}").close()
    assert {file.stat().st_mode & 0o777 for file in files if file.exists()} == {0o600}
    assert f"{path} could be read by others: its mode is now 600" in caplog.messages


@pytest.mark.parametrize("tidied_by", ["prune", "close"])
def test_the_file_alone_has_everything(store: Store, path: Path, tidied_by: str) -> None:
    store.put(PERSON, "key", "kept")
    with closing(sqlite3.connect(path)) as other:  # so that closing leaves the log where it is
        other.execute("SELECT count(*) FROM memory").fetchall()
        if tidied_by == "prune":
            store.prune(PERSON, at("12:00"))
        else:
            store.close()
        copy = path.with_name("copy.sqlite3")
        copy.write_bytes(path.read_bytes())
    with Store.open(f"sqlite:///{copy}") as restored:
        assert restored.get(PERSON, "key", at("12:00")) == "kept"


def test_without_an_address_it_lies_in_the_users_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(opening, "user_data_path", lambda name, **_: tmp_path / name)
    Store.open().close()
    assert (tmp_path / "tracklater-bot" / "tracklater.sqlite3").exists()


def test_importing_the_package_touches_nothing(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    code = "import sys, tracklater_bot.store; assert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=Path.cwd())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("new", [False, True])
def test_opening_a_database_needs_no_alembic(store: Store, path: Path, *, new: bool) -> None:
    if new:
        store.close()
        path.unlink()
    code = (
        "import sys; from tracklater_bot.store import Store;"
        f"Store.open('sqlite:///{path}').close();"
        "assert not [each for each in sys.modules if each.startswith('alembic')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_was_stored_is_there_after_opening_again(store: Store, path: Path) -> None:
    saved = store.save_draft(PERSON, draft("09:00-10:00 group1 DEV-1"))
    store.close()
    again = Store.open(f"sqlite:///{path}")
    assert again.digest(PERSON, DAY) == saved
    again.close()


# -- The schema ----------------------------------------------------------------------------------


def migrated(connection: Any, *revisions: str) -> None:
    """Brings a database down, or up, to each of them."""
    config = Config()
    config.set_main_option("script_location", str(opening._MIGRATIONS))
    config.attributes["connection"] = connection
    for revision in revisions:
        (command.downgrade if revision < REVISION else command.upgrade)(config, revision or "base")


def test_migrations_lead_to_the_tables_that_a_new_database_has(store: Store) -> None:
    with store.writing() as connection:
        migrated(connection, "", REVISION)
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == REVISION
    assert ScriptDirectory(str(opening._MIGRATIONS)).get_heads() == [REVISION]


def test_what_was_changed_by_hand_before_an_update_keeps_its_words(
    store: Store, path: Path
) -> None:
    found = store.save_draft(PERSON, draft("09:00-10:00 group1", "10:00-11:00 group1"))
    with store.writing() as connection:
        changed = replace(found.items[0], by_hand=True)
        days.put(connection, found, changed)
        migrated(connection, "0001")
    store.close()
    again = Store.open(f"sqlite:///{path}")
    after = again.digest(PERSON, DAY)
    assert after is not None
    assert [item.suggestion.own_words for item in after.items] == [True, False]
    again.close()


def test_what_only_a_cache_holds_is_read_anew_after_an_update(store: Store, path: Path) -> None:
    """Issues did not say where they came from, ids were numbers. Days and all else stay."""
    with store.writing() as connection:
        migrated(connection, "0001")
    store.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "REVISION", "0001")
        before = Store.open(f"sqlite:///{path}")
    kept: dict[str, JsonValue] = {
        "issues:jira:one": {"scope": "site DEV"},
        "absent:jira:one": {},
        "account": {"value": {"workspace_id": 7}},
        "tracked:2026-11-20": {"value": [{"id": 1}]},
        "page:2026-11-20": 1,
    }
    for key, value in kept.items():
        before.put(PERSON, key, value)
    row = (PERSON, "jira", "one", "DEV-1", "Fix login", "", "", 0, 0, 0, None, "[]")
    with before.writing() as connection:
        marks = ", ".join("?" * len(row))
        connection.exec_driver_sql(f"INSERT INTO issues VALUES ({marks})", row)
    before.close()

    now = Store.open(f"sqlite:///{path}")
    assert [now.get(PERSON, key, at("12:00")) for key in kept] == [None] * 4 + [1]
    with now.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM issues")).scalar() == 0
    now.close()


def test_ids_of_trackers_become_text_wherever_they_are(store: Store, path: Path) -> None:
    """There and back: what the version before has written says the same afterwards."""
    room = LoggingRoom(store)
    first, second, third = room.open(
        "09:00-10:00 group1 DEV-1",
        "10:00-11:00 group1",
        "11:00-12:00 group1",
        tracked=(replace(entry("13:00-14:00 group1", 77), project_id="11"),),
    )
    room.review.approve(PERSON, first)
    room.drain(most=timedelta(minutes=1))
    room.edit(first, "09:00-09:30 group1")
    room.review.split(PERSON, third, at("11:30"))
    room.review.approve(PERSON, second)
    saved = room.digest
    with store.reading() as transaction:
        jobs_then = [jobs.active(transaction, item_id) for item_id in (first, second)]
        worklog = worklogs.load(transaction, first)
    with store.writing() as transaction:
        migrated(transaction, "0001")
        row = transaction.execute(text("SELECT entry_id, project FROM items WHERE entry_id > 0"))
        assert [(number, json.loads(project)["id"]) for number, project in row] == [(101, 11)]
    store.close()

    with closing(Store.open(f"sqlite:///{path}", room.time)) as again:
        assert again.digest(PERSON, DAY) == with_words_by_hand(saved)
        with again.reading() as transaction:
            assert jobs_then == [jobs.active(transaction, item_id) for item_id in (first, second)]
            assert worklogs.load(transaction, first) == worklog
        room.store, room.review = again, Review(again, room.time, TOGGL)
        room.review.revert(PERSON, saved.items[-1].id)
        room.worker = room.new_worker()
        room.drain()
        assert set(room.states()) == {ItemState.SENT, ItemState.OPEN}


def with_words_by_hand(digest: Digest) -> Digest:
    """What that version knew: of what was changed by hand, the words are the person's."""
    changed = [
        replace(
            item,
            suggestion=replace(item.suggestion, own_words=item.by_hand, issue_confidence=None),
        )
        for item in digest.items
    ]
    return replace(digest, items=tuple(changed))


def test_a_newer_schema_is_left_alone(store: Store, path: Path) -> None:
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(StoreError, match="newer tracklater-bot: update this one"):
        Store.open(f"sqlite:///{path}")


def test_two_processes_open_a_new_database_at_once(path: Path) -> None:
    code = f"from tracklater_bot.store import Store; Store.open('sqlite:///{path}').close()"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [each.wait(60) for each in running] == [0, 0]


def test_threads_open_new_databases_at_once(path: Path) -> None:
    """Two of them the same one."""
    names = ("a", "a", "b", "c")
    at_once(len(names), lambda n: Store.open(f"sqlite:///{path}-{names[n]}").close())
    for name in names:
        store = Store.open(f"sqlite:///{path}-{name}")
        assert store.digests(PERSON, DAY) == []
        store.close()


def test_a_click_does_not_read_the_whole_outbox(store: Store) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(
        store._engine,
        "before_cursor_execute",
        lambda _connection, _cursor, sql, values, *_: asked.append((sql, values)),
    )
    room = Room(store)
    (item,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item)
    asked.clear()
    room.review.undo(PERSON, item)
    with store.reading() as connection:
        plans = [
            str(row.detail)
            for sql, values in asked
            if sql.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
    assert plans
    assert [plan for plan in plans if plan.startswith("SCAN")] == []


# -- Trouble -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "is no address of a database"),
        ("mysql://root:hunter2@localhost/x", "is no address of a database"),
        ("sqlite://", "needs the path of a file"),
        ("sqlite:///:memory:", "needs the path of a file"),
        ("postgres://me:hunter2@127.0.0.1:1/x", "x on 127.0.0.1 cannot be reached"),
    ],
)
def test_a_wrong_address(url: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        Store.open(url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_means_psycopg(scheme: str) -> None:
    assert opening.parse(f"{scheme}://me@host/db").drivername == "postgresql+psycopg"


def test_a_file_that_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(StoreError, match="is damaged, or no database at all"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text().startswith("Dear diary")


def test_a_damaged_database(store: Store, path: Path) -> None:
    for number in range(50):
        store.put(PERSON, str(number), "x" * 500)
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    with pytest.raises(StoreError, match="is damaged"):
        Store.open(f"sqlite:///{path}").get(PERSON, "1", at("12:00"))


def test_a_folder_where_one_may_not_write(tmp_path: Path) -> None:
    with (
        nobody(),
        pytest.raises(StoreError, match=r"cannot be reached or made \(Permission denied\)"),
    ):
        Store.open(f"sqlite:///{tmp_path}/no/store.sqlite3")


def test_a_read_only_database(path: Path) -> None:
    Store.open(f"sqlite:///{path}").close()
    path.chmod(0o444)
    for above in takewhile(lambda folder: folder != Path(gettempdir()), path.parents):
        above.chmod(above.stat().st_mode | 0o055)
    with nobody(), pytest.raises(StoreError, match=r"is read-only|cannot be opened"):
        Store.open(f"sqlite:///{path}").put(PERSON, "key", 1)


def test_a_full_disk_says_so_and_keeps_what_was_stored(store: Store) -> None:
    room = Room(store)
    (item_id,) = room.open("09:00-10:00 group1")
    with pytest.raises(StoreError, match="the disk is full"):
        remember_where_no_room_is_left(store)
    assert store.get(PERSON, "key", at("12:00")) is None
    room.review.skip(PERSON, item_id)


def remember_where_no_room_is_left(store: Store) -> None:
    with store.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no page more than there are
        row = {"person": PERSON, "key": "key", "value": "x" * 10**6, "until": None}
        upsert(connection, memory, [row])


def test_a_second_process_that_writes_is_waited_for(store: Store, path: Path) -> None:
    code = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(0.5);"
        "c.execute('COMMIT')"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    store.put(PERSON, "key", "written")
    assert other.wait() == 0
    assert store.get(PERSON, "key", at("12:00")) == "written"


def test_a_database_that_stays_busy(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    impatient = Store.open(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="was busy"):
        impatient.put(PERSON, "key", 1)
    assert impatient.get(PERSON, "key", at("12:00")) is None  # readers never wait
    holder.close()
    impatient.close()
