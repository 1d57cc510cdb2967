"""The store on a real PostgreSQL server: the same promises, and two bots on one database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from tests.group_worklogs import LoggingRoom
from tests.loopback import FakeTime
from tests.notation import at
from tests.rooms import DAY, PERSON, Room, draft
from tests.storecontract import StoreContract, at_once
from tests.test_store import migrated
from tracklater_bot.domain.digests import ItemState
from tracklater_bot.outbox.worker import Pace
from tracklater_bot.store import Store, StoreError, Transaction, database, lanes
from tracklater_bot.store.columns import upsert
from tracklater_bot.store.lanes import Lease
from tracklater_bot.store.tables import REVISION, memory, metadata

EAGER = Pace(spacing=timedelta())


@pytest.fixture(scope="module")
def address(postgresql: str) -> str:
    """The server, with a database `empty` that has all tables, to be copied."""
    command(postgresql, "CREATE DATABASE empty")
    Store.open(postgresql % "empty").close()
    return postgresql


class StoreOnTestTime(Store):
    """A store whose time tests choose, though PostgreSQL has a clock of its own."""

    def now(self, transaction: Transaction | None = None) -> datetime:
        return self.clock()


@pytest.fixture
def url(address: str, request: pytest.FixtureRequest) -> Iterator[str]:
    command(address, "CREATE DATABASE test TEMPLATE empty")
    yield address % "test"
    command(address, "DROP DATABASE test WITH (FORCE)")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = StoreOnTestTime.open(url)
    yield opened
    opened.close()


def command(address: str, sql: str) -> None:
    engine = create_engine(
        (address % "postgres").replace("postgresql", "postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.execute(text(sql))
    engine.dispose()


class TestOnPostgresql(StoreContract):
    """All that any store promises."""


def test_migrations_lead_to_the_tables_that_a_new_database_has(store: Store) -> None:
    with store.writing() as connection:
        migrated(connection, "", REVISION)
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_two_bots_open_a_new_database_at_once(address: str) -> None:
    command(address, "CREATE DATABASE fresh")
    at_once(4, lambda _: Store.open(address % "fresh").close())
    command(address, "DROP DATABASE fresh WITH (FORCE)")


def test_two_processes_open_a_new_database_at_once(address: str) -> None:
    command(address, "CREATE DATABASE fresh")
    url = address % "fresh"
    code = f"from tracklater_bot.store import Store; Store.open({url!r}).close()"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [each.wait(60) for each in running] == [0, 0]
    command(address, "DROP DATABASE fresh WITH (FORCE)")


def test_a_database_that_is_not_there(address: str) -> None:
    sentence = "nowhere on this machine does not exist: create it, or check database_url"
    with pytest.raises(StoreError, match=sentence):
        Store.open(address % "nowhere")


def test_a_connection_that_the_server_closed_is_replaced(address: str, store: Store) -> None:
    store.put(PERSON, "key", 1)
    cut_connections(address)
    assert store.get(PERSON, "key", at("12:00")) == 1


def test_a_connection_that_breaks_in_the_middle_says_so(address: str, store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be reached"), store.writing() as connection:
        upsert(
            connection, memory, [{"person": PERSON, "key": cut_connections(address), "value": 1}]
        )


def test_who_stands_still_in_a_transaction_holds_up_nobody(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "FROZEN_SECONDS", 1)
    with closing(Store.open(url)) as frozen, closing(Store.open(url)) as other:
        other.put(PERSON, "key", 0)

        def stand_still() -> None:
            with frozen.writing() as transaction:
                upsert(transaction, memory, [{"person": PERSON, "key": "key", "value": 1}])
                other.put(PERSON, "key", 2)  # waits for the row until the first is let go

        with pytest.raises(StoreError):
            stand_still()
        assert other.get(PERSON, "key", at("12:00")) == 2


def cut_connections(address: str) -> str:
    command(
        address, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test'"
    )
    return "cut"


# -- Two workers ---------------------------------------------------------------------------------


def test_a_worker_passes_over_a_lane_that_another_is_taking(store: Store) -> None:
    saved = store.save_draft(PERSON, draft("09:00-10:00 group1"))
    Room(store).review.approve(PERSON, saved.items[0].id)
    now, length = at("18:00"), timedelta(minutes=5)
    with store.writing() as one:
        # Not committed yet: the row is locked.
        assert lanes.take(one, PERSON, Lease("one", now, length))
        with store.writing() as two:
            assert lanes.take(two, PERSON, Lease("two", now, length)) is None


def test_two_workers_at_once_make_one_entry_of_each(store: Store) -> None:
    room = Room(store)
    room.open(*(f"{hour:02}:00-{hour + 1:02}:00 group1" for hour in range(8, 16)))
    room.review.approve_all(PERSON, DAY)
    workers = [room.new_worker(f"bot {n}", pace=EAGER) for n in range(4)]
    while room.next_due() is not None:
        at_once(4, lambda n: workers[n].work())
    assert len(room.tracker.kept) == 8
    assert set(room.states()) == {ItemState.SENT}


def test_decisions_and_refreshes_at_once_do_not_get_stuck(store: Store) -> None:
    room = Room(store)
    hours = [f"{hour:02}:00-{hour + 1:02}:00 group1" for hour in range(8, 16)]
    ids = room.open(*hours)
    worker = room.new_worker("worker", pace=EAGER)
    calls: list[Callable[[], object]] = [
        *(partial(room.review.approve, PERSON, item_id) for item_id in ids),
        *(partial(store.save_draft, PERSON, draft(*hours)) for _ in range(4)),
        *([worker.work] * 4),
    ]
    at_once(len(calls), lambda n: calls[n]())
    while worker.due_in() is not None:
        worker.work()
    assert len(room.tracker.kept) == 8
    assert [item.id for item in room.digest.items] == ids
    assert set(room.states()) == {ItemState.SENT}


def test_worklogs_follow_their_entries_on_postgresql(store: Store) -> None:
    room = LoggingRoom(store)
    (item_id,) = room.open("09:00-10:00 group1 DEV-1")
    room.review.approve(PERSON, item_id)
    room.drain()
    assert room.worklogs.written() == "DEV-1 09:00-10:00 Fix login"
    room.edit(item_id, "09:00-09:30 group1")
    room.drain()
    assert (room.worklogs.written(), room.worklog()) == ("", None)


# -- Clocks that go wrong --------------------------------------------------------------------------


def test_postgresqls_clock_counts_for_all_bots(store: Store, url: str) -> None:
    """A machine whose clock is a day ahead does not take over a lane that is still another's."""
    with closing(Store.open(url, clock=lambda: datetime.now(UTC) + timedelta(days=1))) as ahead:
        room = Room(ahead, FakeTime(datetime.now(UTC) + timedelta(days=1)))
        (item_id,) = room.open("09:00-10:00 group1")
        room.review.approve(PERSON, item_id)
        due_in = room.worker.due_in()
        assert due_in is not None
        assert due_in <= timedelta()
        with store.writing() as transaction:
            lease = Lease("punctual", datetime.now(UTC), timedelta(minutes=5))
            assert lanes.take(transaction, PERSON, lease)
        room.worker.work()
        assert room.tracker.asked == []
