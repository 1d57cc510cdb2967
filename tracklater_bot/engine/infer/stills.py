"""A screen that stands still, and windows that tell nothing: what may be work, and how surely."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from tracklater_bot.domain.day import without
from tracklater_bot.engine.infer.inference import Doubt, LabelledDay
from tracklater_bot.engine.intervals import MINUTE, TOUCH, Interval
from tracklater_bot.engine.presence import Focus, Still, patient_until
from tracklater_bot.engine.segments import Segment
from tracklater_bot.engine.windows import WindowKind

# So long a stretch may be work, and up to the first it is about as sure as what is beside it.
SURE_STILL, LONGEST_STILL = 25 * MINUTE, 45 * MINUTE
AFTER_SURE, AFTER_LONG = 0.95, 0.8
# How sure work is at most where nothing changes, or tells of the group, for so many minutes, and
# how much less with each more: in an ordinary window, in a call, which may have been left open, and
# on a moving screen.
STILL, OPEN_CALL, SILENT = (10.0, 0.89, 0.01), (35.0, 0.99, 0.004), (15.0, 0.89, 0.004)
LEAST = 0.65
LONGEST_LULL = 10 * MINUTE  # before other work or nobody's
LITTLE = 0.3  # evidence of a segment that tells next to nothing


def with_stills(day: LabelledDay, stills: Iterable[Still], kinds: WindowKind) -> LabelledDay:
    """The day with those still stretches that were work for the group before and after them.

    Only in windows that keep their title whatever is done in them: in front of any other one that
    stands still for so long nobody was there, mostly.
    """
    began = {segment.start: n for n, segment in enumerate(day.segments) if segment.on_screen}
    ended = {segment.end: n for n, segment in enumerate(day.segments) if segment.on_screen}
    groups = [state[0] if state else None for state in day.states]
    found: list[tuple[Segment, int]] = []
    for still in stills:
        before = next((n for at, n in ended.items() if abs(at - still.start) <= TOUCH), None)
        after = next((n for at, n in began.items() if abs(at - still.end) <= TOUCH), None)
        if before is None or after is None or not kinds.keeps_title(still.title):
            continue
        ours, theirs = (groups[day.path[n]] for n in (before, after))
        in_front = day.segments[before].title == still.title
        limit = LONGEST_STILL if kinds.keeps_title(still.title, long=True) else SURE_STILL
        left = patient_until(still.since, still.end, limit)
        if in_front and ours is not None and ours == theirs and left > still.start:
            found.append((Segment(still.start, left, still.title), before))
    doubts = (
        Doubt(interval, AFTER_LONG if interval[1] - interval[0] > SURE_STILL else AFTER_SURE)
        for interval in ((segment.start, segment.end) for segment, _ in found)
    )
    return replace(_inserted(day, found), doubts=(*day.doubts, *doubts))


def left_in(day: LabelledDay, lulls: Iterable[Focus], kinds: WindowKind) -> Iterator[Still]:
    """Long looks at one window that were a pause: other work, or nobody, came after them.

    Who goes on with the same work may have read. Who looks long at a window of what is next has
    begun with it.
    """
    groups = [state[0] if state else None for state in day.states]
    seen = [n for n, segment in enumerate(day.segments) if segment.on_screen]
    starts = [day.segments[n].start for n in seen]
    for start, end, title in lulls:
        left = patient_until(start, end, LONGEST_LULL)
        if left == end or kinds.is_meeting(title):
            continue
        first, last = bisect_right(starts, start) - 1, bisect_left(starts, end - TOUCH)
        inside = [day.segments[n] for n in seen[first:last]]
        if inside[-1].end > end + TOUCH:
            continue  # they went on in the same window
        first -= starts[first] == start  # what is before is a part of the same look, or another
        before = groups[day.path[seen[first]]] if first >= 0 else None
        touches = last < len(seen) and starts[last] - end <= TOUCH
        following = groups[day.path[seen[last]]] if touches else None
        begun = any(following in segment.groups for segment in inside)
        if not touches or (first >= 0 and following != before and not begun):
            yield Still(left, end, title, start)


def without_time(day: LabelledDay, intervals: Sequence[Interval]) -> LabelledDay:
    """The day without what was seen in intervals."""
    if not intervals:
        return day
    rows = []
    for segment, *row in zip(day.segments, day.emissions, day.posteriors, day.path, strict=True):
        whole = (segment.start, segment.end)
        for start, end in without([whole], intervals) if segment.on_screen else (whole,):
            rows.append((replace(segment, start=start, end=end), *row))
    return _with_rows(day, rows)


def doubts_about(day: LabelledDay, lulls: Iterable[Focus], kinds: WindowKind) -> Iterator[Doubt]:
    """What makes work less sure: long looks at one window, calls left open, windows of nobody's."""
    for lull in lulls:
        if kinds.is_meeting(lull.title):
            yield from _doubt((lull.start, lull.end), OPEN_CALL)
        elif not kinds.keeps_title(lull.title):
            yield from _doubt((lull.start, lull.end), STILL)
    rows = [pair for pair in zip(day.segments, day.path, strict=True) if pair[0].on_screen]
    for silent, run in groupby(rows, key=lambda pair: _is_silent(day, *pair)):
        if silent:
            parts = [segment for segment, _ in run]
            yield from _doubt((parts[0].start, parts[-1].end), SILENT)


def _doubt(interval: Interval, measure: tuple[float, float, float]) -> Iterator[Doubt]:
    from_minutes, most, less = measure
    more = (interval[1] - interval[0]) / MINUTE - from_minutes
    if more > 0 or measure is STILL:
        yield Doubt(interval, max(LEAST, most - less * max(more, 0.0)))


def _is_silent(day: LabelledDay, segment: Segment, number: int) -> bool:
    state = day.states[number]
    return state is not None and segment.groups.get(state[0], 0.0) <= LITTLE


def _inserted(day: LabelledDay, found: Iterable[tuple[Segment, int]]) -> LabelledDay:
    """The day with further segments, each explained as one that is there."""
    rows = [*zip(day.segments, day.emissions, day.posteriors, day.path, strict=True)]
    even = (0.0,) * len(day.states)
    rows += [(segment, even, day.posteriors[like], day.path[like]) for segment, like in found]
    return _with_rows(day, sorted(rows, key=lambda row: (row[0].start, row[0].end)))


def _with_rows(day: LabelledDay, rows: Sequence[tuple[Any, ...]]) -> LabelledDay:
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    segments, emissions, posteriors, path = map(tuple, columns)
    return replace(day, segments=segments, emissions=emissions, posteriors=posteriors, path=path)
