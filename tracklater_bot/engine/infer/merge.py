"""Merging: a labelled day as time with one group and one issue.

Times are seconds since the working day began.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.infer.inference import LabelledDay
from tracklater_bot.engine.intervals import TOUCH


@dataclass(frozen=True, slots=True)
class LabelledSegment:
    """Time with one explanation. `group` is None where nothing is known."""

    start: float
    end: float
    group: str | None
    key: IssueId | None

    @property
    def length(self) -> float:
        """How long it is, in seconds."""
        return self.end - self.start


def merge(day: LabelledDay, shortest: float) -> list[LabelledSegment]:
    """The day's labelled segments; those under `shortest` seconds go to a neighbour they touch.

    The shortest goes first, each to the neighbour with the best claim.
    """
    merged = _joined(_labelled(day))
    alone: set[LabelledSegment] = set()
    while short := [one for one in merged if one.length < shortest and one not in alone]:
        segment = min(short, key=lambda one: (one.length, one.start))
        index = merged.index(segment)
        neighbours = _neighbours(merged, index)
        if not neighbours:
            alone.add(segment)
            continue
        taker = max(neighbours, key=lambda neighbour: _claim(neighbour, segment, day))
        given = LabelledSegment(segment.start, segment.end, taker.group, taker.key)
        merged = _joined([*merged[:index], given, *merged[index + 1 :]])
    return merged


def _labelled(day: LabelledDay) -> Iterable[LabelledSegment]:
    for segment, number in zip(day.segments, day.path, strict=True):
        state = day.states[number]
        if segment.end > segment.start and (state is not None or segment.on_screen):
            yield LabelledSegment(segment.start, segment.end, *(state or (None, None)))


def _joined(segments: Iterable[LabelledSegment]) -> list[LabelledSegment]:
    result: list[LabelledSegment] = []
    for segment in segments:
        last = result[-1] if result else None
        same = last and (last.group, last.key) == (segment.group, segment.key)
        if last and same and _touch(last, segment):
            result[-1] = LabelledSegment(last.start, segment.end, last.group, last.key)
        else:
            result.append(segment)
    return result


def _touch(first: LabelledSegment, second: LabelledSegment) -> bool:
    return second.start - first.end <= TOUCH


def _neighbours(segments: Sequence[LabelledSegment], index: int) -> list[LabelledSegment]:
    segment = segments[index]
    before, after = segments[max(index - 1, 0) : index], segments[index + 1 : index + 2]
    return [one for one in before if _touch(one, segment)] + [
        one for one in after if _touch(segment, one)
    ]


def _claim(
    taker: LabelledSegment, short: LabelledSegment, day: LabelledDay
) -> tuple[bool, bool, float, float]:
    """How good a claim a neighbour has: the same group, any group, probability, length."""
    probability = day.probability(taker.group, (short.start, short.end))
    return taker.group == short.group, taker.group is not None, probability, taker.length
