"""Work in front of a screen that stands still: what lies before and after it tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from tracklater_bot.engine.infer.inference import LabelledDay
from tracklater_bot.engine.intervals import MINUTE, TOUCH
from tracklater_bot.engine.presence import Focus
from tracklater_bot.engine.segments import Segment

# So long a stretch may be work, and up to the first it is about as sure as what is beside it.
SURE_STILL, LONGEST_STILL = 25 * MINUTE, 45 * MINUTE
TRUST, LITTLE_TRUST = 0.95, 0.8


def with_stills(
    day: LabelledDay, stills: Iterable[Focus], keeps_title: Callable[[str], bool]
) -> LabelledDay:
    """The day with those still stretches that were work for the group before and after them.

    Only in windows that keep their title whatever is done in them (`keeps_title`): of any other
    one that stands still for so long nobody was in front.
    """
    began = {segment.start: n for n, segment in enumerate(day.segments) if segment.on_screen}
    ended = {segment.end: n for n, segment in enumerate(day.segments) if segment.on_screen}
    groups = [state[0] if state else None for state in day.states]
    found: list[tuple[Segment, int]] = []
    for still in stills:
        length = still.end - still.start
        before = next((n for at, n in ended.items() if abs(at - still.start) <= TOUCH), None)
        after = next((n for at, n in began.items() if abs(at - still.end) <= TOUCH), None)
        if before is None or after is None or length > LONGEST_STILL:
            continue
        ours, theirs = (groups[day.path[n]] for n in (before, after))
        if ours is not None and ours == theirs and keeps_title(still.title):
            trust = TRUST if length <= SURE_STILL else LITTLE_TRUST
            found.append((Segment(still.start, still.end, still.title, trust=trust), before))
    return _inserted(day, found)


def _inserted(day: LabelledDay, found: Iterable[tuple[Segment, int]]) -> LabelledDay:
    """The day with further segments, each explained as one that is there."""
    rows = [*zip(day.segments, day.emissions, day.posteriors, day.path, strict=True)]
    even = (0.0,) * len(day.states)
    rows += [(segment, even, day.posteriors[like], day.path[like]) for segment, like in found]
    rows.sort(key=lambda row: (row[0].start, row[0].end))
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    segments, emissions, posteriors, path = map(tuple, columns)
    return replace(day, segments=segments, emissions=emissions, posteriors=posteriors, path=path)
