"""Fixtures that several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tracklater_bot.sandbox import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A running sandbox whose sample day is Friday 2026-11-20 in Helsinki."""
    running = Sandbox(tmp_path / "home", today=date(2026, 11, 20))
    running.start()
    try:
        yield running
    finally:
        running.stop()
