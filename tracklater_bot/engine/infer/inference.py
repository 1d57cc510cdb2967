"""Chains: all explanations of a day's pieces, how likely each is, and the best one.

What was seen and what clues alone tell of are two chains: a commit made elsewhere is no reason to
doubt what was on screen after it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.infer.hmm import Chain, posteriors, refine_boundaries, viterbi
from tracklater_bot.engine.infer.hmm_offscreen import (
    OffscreenModel,
    OffscreenSegment,
    Rates,
    likeliest,
)
from tracklater_bot.engine.intervals import MINUTE, TOUCH, Interval
from tracklater_bot.engine.segments import Segment

SegmentLabel = tuple[str, IssueId | None] | None  # group and issue; None explains nothing
# Where no screen was recorded, this much of a belief holds: breaks leave no trace there.
UNSEEN_TRUST = 0.85
# Clues do not show so short a pause; in seconds.
SHORTEST_PAUSE = 12 * MINUTE


@dataclass(frozen=True, slots=True)
class LabelledDay:
    """A day's pieces with all explanations of them.

    For each piece: how well each state explains it, how likely each is, all clues considered, and
    the number of the state that is taken.
    """

    pieces: Sequence[Segment]
    states: Sequence[SegmentLabel]
    scores: Sequence[Sequence[float]]
    believed: Sequence[Sequence[float]]
    path: Sequence[int]

    def inside(self, part: Interval) -> Iterator[tuple[int, float]]:
        """The numbers of the pieces that share time with a part, and the minutes they share."""
        start, end = part
        first = bisect_right(self.pieces, start, key=lambda piece: piece.start) - 1
        for place in range(max(first, 0), len(self.pieces)):
            piece = self.pieces[place]
            if piece.start >= end:
                return
            shared = min(piece.end, end) - max(piece.start, start)
            if shared > 0:
                yield place, shared / MINUTE

    def belief(self, group: str | None, part: Interval) -> float:
        """How likely the group is in a part of the day, over the minutes with a piece."""
        columns = [n for n, state in enumerate(self.states) if (state and state[0]) == group]
        right = whole = 0.0
        for place, shared in self.inside(part):
            trust = 1.0 if self.pieces[place].seen else UNSEEN_TRUST
            right += shared * trust * sum(self.believed[place][column] for column in columns)
            whole += shared
        return min(right / whole, 1.0) if whole else 0.0


def explain_pieces(pieces: Sequence[Segment], rates: Rates) -> LabelledDay:
    """All explanations of the pieces, weighed against each other."""
    states = _states(pieces)
    scores = [_row(piece, states) for piece in pieces]
    believed: list[Sequence[float]] = [()] * len(pieces)
    path = [0] * len(pieces)
    for explain, seen in ((_watched, True), (_unwatched, False)):
        places = [place for place, piece in enumerate(pieces) if piece.seen is seen]
        mine = [pieces[place] for place in places]
        found, best = explain(mine, states, [scores[place] for place in places], rates)
        for place, row, state in zip(places, found, best, strict=True):
            believed[place], path[place] = row, state
    return LabelledDay(pieces, states, scores, believed, bridged(pieces, path, families_of(states)))


Scores: TypeAlias = Sequence[Sequence[float]]
Found: TypeAlias = tuple[list[list[float]], list[int]]


def _watched(
    pieces: Sequence[Segment], states: Sequence[SegmentLabel], scores: Scores, _rates: Rates
) -> Found:
    chain = Chain(families_of(states), tuple(scores), tuple(piece.prices for piece in pieces))
    found = posteriors(chain)
    lengths = [piece.minutes for piece in pieces]
    return found, refine_boundaries(chain, viterbi(chain), found, lengths)


def _unwatched(
    pieces: Sequence[Segment], states: Sequence[SegmentLabel], scores: Scores, rates: Rates
) -> Found:
    families = families_of(states)
    numbers = {state[0]: family for state, family in zip(states, families, strict=True) if state}
    slots = [
        OffscreenSegment(
            piece.start, piece.end, piece.at_noon, numbers.get(piece.turns_to or "", 0)
        )
        for piece in pieces
    ]
    found = OffscreenModel(families, rates).posteriors(slots, scores)
    return found, likeliest(found, families)


def bridged(pieces: Sequence[Segment], path: Sequence[int], families: Sequence[int]) -> list[int]:
    """The path without pauses that are too short to be known of from clues alone."""
    result = list(path)
    for first, last in _pauses(pieces, path):
        if first > 0 and last < len(path) and _is_bridge(pieces[first - 1 : last + 1]):
            before, after = path[first - 1], path[last]
            if families[before] == families[after]:
                result[first:last] = [before] * (last - first)
    return result


def _is_bridge(pieces: Sequence[Segment]) -> bool:
    """Whether the pieces inside are a short pause between the outer ones, not both on screen."""
    gap = pieces[-1].start - pieces[0].end
    inside = sum(piece.end - piece.start for piece in pieces[1:-1])
    return (
        gap < SHORTEST_PAUSE and gap - inside <= TOUCH and not (pieces[0].seen and pieces[-1].seen)
    )


def _pauses(pieces: Sequence[Segment], path: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The places at which nobody is there without a screen, from the first to before the last."""
    first = 0
    empty = [state == 0 and not piece.seen for piece, state in zip(pieces, path, strict=True)]
    for nobody, run in groupby(empty):
        last = first + len(list(run))
        if nobody:
            yield first, last
        first = last


def families_of(states: Sequence[SegmentLabel]) -> tuple[int, ...]:
    """Each state's group by number, and 0 for nothing."""
    names = sorted({state[0] for state in states if state is not None})
    return tuple(0 if state is None else names.index(state[0]) + 1 for state in states)


def _states(pieces: Iterable[Segment]) -> list[SegmentLabel]:
    """Nothing, then each group that anything speaks for, without and with each of its issues."""
    groups: set[str] = set()
    issues: set[IssueId] = set()
    for piece in pieces:
        groups.update(piece.groups)
        issues.update(piece.issues)
    found: list[SegmentLabel] = [None]
    for group in sorted(groups.union(issue.group for issue in issues)):
        found.append((group, None))
        found.extend((group, each) for each in sorted(issues) if each.group == group)
    return found


def _row(piece: Segment, states: Sequence[SegmentLabel]) -> list[float]:
    return [_score(piece, state) for state in states]


def _score(piece: Segment, state: SegmentLabel) -> float:
    if state is None:
        return piece.nothing
    group, key = state
    score = piece.any_group + piece.groups.get(group, 0.0)
    if key is None:
        return score + piece.no_issue.get(group, 0.0)
    return score + piece.any_issue + piece.issues.get(key, 0.0)
