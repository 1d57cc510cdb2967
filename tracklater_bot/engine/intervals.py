"""Intervals of a day as plain numbers: seconds since it began. Spans are for outside the engine."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

MINUTE = 60.0
TOUCH = 1.0  # seconds between intervals that are still one

Interval = tuple[float, float]


def joined(intervals: Iterable[Interval], gap: float = 0.0) -> list[Interval]:
    """The same time as intervals in order that lie more than `gap` apart."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1] + gap:
            if end > result[-1][1]:
                result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


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
