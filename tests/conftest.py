"""Fixtures that several test files share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tracklater_bot.sandbox import Sandbox
from tracklater_bot.sandbox.workday import Workday

FRIDAY = date(2026, 11, 20)


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the sample day, written once: copying them is quicker than asking git."""
    home = tmp_path_factory.mktemp("sample") / "home"
    Workday(FRIDAY, ZoneInfo("Europe/Helsinki")).write(home)
    return home


@pytest.fixture
def sandbox(tmp_path: Path, sample_home: Path) -> Iterator[Sandbox]:
    """A running sandbox whose sample day is Friday 2026-11-20 in Helsinki."""
    shutil.copytree(sample_home, tmp_path / "home")
    running = Sandbox(tmp_path / "home", today=FRIDAY)
    running.start()
    try:
        yield running
    finally:
        running.stop()
