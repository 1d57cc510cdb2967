"""A bot that waits for the evening leaves the machine alone."""

from __future__ import annotations

import sys

import pytest

from benchmarks.idle import MOST_MEGABYTES, MOST_WAKES, idle


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_it_is_small_and_sleeps() -> None:
    memory, wakes = idle(seconds=6, settling=4)
    assert memory <= MOST_MEGABYTES
    assert wakes <= MOST_WAKES
