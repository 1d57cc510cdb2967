"""Intervals of a day as plain numbers: seconds since it began. Spans are for outside the engine."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tracklater_bot.domain.day import joined

__all__ = ["MINUTE", "TOUCH", "Interval", "cut", "joined", "within"]
MINUTE = 60.0
TOUCH = 1.0  # seconds between intervals that are still one

Interval = tuple[float, float]


def cut(interval: Interval, marks: Sequence[float]) -> Iterator[Interval]:
    """The interval cut at those of the marks, in order, that lie inside it."""
    start, end = interval
    inside = marks[bisect_right(marks, start) : bisect_left(marks, end)]
    yield from pairwise((start, *inside, end))


def within(
    intervals: Sequence[Interval], at: float, before: float = 0.0, after: float = 0.0
) -> bool:
    """Whether a moment lies in one of the intervals, or so close before or after it."""
    return any(start - before <= at < end + after for start, end in intervals)
