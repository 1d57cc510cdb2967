"""In whatever order things fail: an hour is never lost, never doubled, never lied about."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import delete

from tests.longer import usually
from tests.rooms import Room, sqlite_store
from tests.stories import Story
from tracklater_bot.store import Store
from tracklater_bot.store.tables import metadata

DECADES = range(usually(4, 20))


@pytest.mark.parametrize("decade", DECADES)
def test_no_order_of_faults_loses_or_doubles_anything(tmp_path: Path, decade: int) -> None:
    store = sqlite_store(tmp_path)
    try:
        for seed in range(decade * 10, decade * 10 + 10):
            Story(Room(store), random.Random(seed)).run()
            wipe(store)
    finally:
        store.close()


def wipe(store: Store) -> None:
    """An empty store again; quicker than a new one."""
    with store.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
