"""In whatever order things fail: an hour is never lost, never doubled, never lied about."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.desks import Room, sqlite_store
from tests.stories import Story

DECADES = range(20)


@pytest.mark.parametrize("decade", DECADES)
def test_no_order_of_faults_loses_or_doubles_anything(tmp_path: Path, decade: int) -> None:
    for seed in range(decade * 10, decade * 10 + 10):
        folder = tmp_path / str(seed)
        folder.mkdir()
        store = sqlite_store(folder)
        try:
            Story(Room(store), random.Random(seed)).run()
        finally:
            store.close()
