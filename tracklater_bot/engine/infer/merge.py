"""Stretches: the best explanation of a day, as time with one group and one issue.

Times are seconds since the working day began.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.infer.inference import LabelledDay, SegmentLabel
from tracklater_bot.engine.intervals import TOUCH
from tracklater_bot.engine.segments import Segment


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


def stretches_of(explained: LabelledDay, shortest: float) -> list[LabelledSegment]:
    """The day's stretches; those under `shortest` seconds go to a neighbour they touch."""
    states = [explained.states[state] for state in explained.path]
    return _absorbed(_joined(_each(explained.pieces, states)), shortest, explained)


def _each(pieces: Sequence[Segment], states: Sequence[SegmentLabel]) -> Iterator[LabelledSegment]:
    for piece, state in zip(pieces, states, strict=True):
        if piece.end > piece.start and (state is not None or piece.seen):
            group, key = state or (None, None)
            yield LabelledSegment(piece.start, piece.end, group, key)


def _joined(stretches: Iterable[LabelledSegment]) -> list[LabelledSegment]:
    result: list[LabelledSegment] = []
    for stretch in stretches:
        last = result[-1] if result else None
        if (
            last
            and _touch(last, stretch)
            and (last.group, last.key) == (stretch.group, stretch.key)
        ):
            result[-1] = LabelledSegment(last.start, stretch.end, last.group, last.key)
        else:
            result.append(stretch)
    return result


def _touch(first: LabelledSegment, second: LabelledSegment) -> bool:
    return second.start - first.end <= TOUCH


def _absorbed(
    found: list[LabelledSegment], shortest: float, explained: LabelledDay
) -> list[LabelledSegment]:
    """Without short stretches that touch others: the shortest first, each to the best neighbour."""
    alone: set[LabelledSegment] = set()
    while True:
        short = [each for each in found if each.length < shortest and each not in alone]
        if not short:
            return found
        each = min(short, key=lambda stretch: (stretch.length, stretch.start))
        place = found.index(each)
        takers = _neighbours(found, place)
        if not takers:
            alone.add(each)
            continue
        taker = max(takers, key=lambda other: _claim(other, each, explained))
        given = LabelledSegment(each.start, each.end, taker.group, taker.key)
        found = _joined([*found[:place], given, *found[place + 1 :]])


def _neighbours(found: Sequence[LabelledSegment], place: int) -> list[LabelledSegment]:
    before = [found[place - 1]] if place and _touch(found[place - 1], found[place]) else []
    after = found[place + 1 : place + 2]
    return before + [each for each in after if _touch(found[place], each)]


def _claim(
    taker: LabelledSegment, short: LabelledSegment, explained: LabelledDay
) -> tuple[bool, bool, float, float]:
    """How good a claim a neighbour has: the same group, any group, belief, length."""
    belief = explained.belief(taker.group, (short.start, short.end))
    return taker.group == short.group, taker.group is not None, belief, taker.length
