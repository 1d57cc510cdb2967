"""Stretches: the best explanation of a day, as time with one group and one issue.

Times are seconds since the working day began.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tracklater_bot.engine.book import IssueId
from tracklater_bot.engine.parts import MINUTE, Part
from tracklater_bot.engine.pieces import Piece
from tracklater_bot.engine.segment import Chain, beliefs, best_path, settled

State = tuple[str, str | None] | None  # group and issue's key; None explains nothing
# Where no screen was recorded, this much of a belief holds: breaks leave no trace there.
UNSEEN_TRUST = 0.85
TOUCH = 1.0  # seconds between stretches that are still one


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time with one explanation. `group` is None where nothing is known."""

    start: float
    end: float
    group: str | None
    key: str | None

    @property
    def length(self) -> float:
        """How long it is, in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Explained:
    """A day's pieces with all explanations of them, and how likely each is for each piece."""

    pieces: Sequence[Piece]
    states: Sequence[State]
    chain: Chain
    believed: Sequence[Sequence[float]]

    def inside(self, part: Part) -> Iterator[tuple[int, float]]:
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

    def belief(self, group: str | None, part: Part) -> float:
        """How likely the group is in a part of the day, over the minutes with a piece."""
        columns = [n for n, state in enumerate(self.states) if (state and state[0]) == group]
        right = whole = 0.0
        for place, shared in self.inside(part):
            trust = 1.0 if self.pieces[place].seen else UNSEEN_TRUST
            right += shared * trust * sum(self.believed[place][column] for column in columns)
            whole += shared
        return min(right / whole, 1.0) if whole else 0.0


def explain_pieces(pieces: Sequence[Piece]) -> Explained:
    """All explanations of the pieces, weighed against each other."""
    states = _states(pieces)
    names = sorted({state[0] for state in states if state is not None})
    families = tuple(0 if state is None else names.index(state[0]) + 1 for state in states)
    rows = tuple(_row(piece, states) for piece in pieces)
    chain = Chain(families, rows, tuple(piece.prices for piece in pieces))
    return Explained(pieces, states, chain, beliefs(chain))


def _states(pieces: Iterable[Piece]) -> list[State]:
    """Nothing, then each group that anything speaks for, without and with each of its issues."""
    groups: set[str] = set()
    issues: set[IssueId] = set()
    for piece in pieces:
        groups.update(piece.groups)
        issues.update(piece.issues)
    found: list[State] = [None]
    for group in sorted(groups.union(group for group, _ in issues)):
        found.append((group, None))
        found.extend(sorted(each for each in issues if each[0] == group))
    return found


def _row(piece: Piece, states: Sequence[State]) -> list[float]:
    return [_score(piece, state) for state in states]


def _score(piece: Piece, state: State) -> float:
    if state is None:
        return piece.nothing
    group, key = state
    score = piece.any_group + piece.groups.get(group, 0.0)
    if key is None:
        return score + piece.no_issue.get(group, 0.0)
    return score + piece.any_issue + piece.issues.get((group, key), 0.0)


# -- The path as stretches ---------------------------------------------------------------------


def stretches_of(explained: Explained, shortest: float) -> list[Stretch]:
    """The day's stretches; those under `shortest` seconds go to a neighbour they touch."""
    pieces = explained.pieces
    lengths = [piece.minutes for piece in pieces]
    path = settled(explained.chain, best_path(explained.chain), explained.believed, lengths)
    # Where nobody was seen, a minute counts only if work is likelier than none: the best path
    # would rather bridge a lunch than tell when it began.
    likeliest = (max(range(len(row)), key=row.__getitem__) for row in explained.believed)
    states = [
        explained.states[here if piece.seen else likely]
        for piece, here, likely in zip(pieces, path, likeliest, strict=True)
    ]
    return _absorbed(_joined(_each(pieces, states)), shortest, explained)


def _each(pieces: Sequence[Piece], states: Sequence[State]) -> Iterator[Stretch]:
    for piece, state in zip(pieces, states, strict=True):
        if piece.end > piece.start and (state is not None or piece.seen):
            group, key = state or (None, None)
            yield Stretch(piece.start, piece.end, group, key)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    result: list[Stretch] = []
    for each in stretches:
        last = result[-1] if result else None
        if last and _touch(last, each) and (last.group, last.key) == (each.group, each.key):
            result[-1] = Stretch(last.start, each.end, last.group, last.key)
        else:
            result.append(each)
    return result


def _touch(first: Stretch, second: Stretch) -> bool:
    return second.start - first.end <= TOUCH


def _absorbed(found: list[Stretch], shortest: float, explained: Explained) -> list[Stretch]:
    """Without short stretches that touch others: the shortest first, each to the best neighbour."""
    alone: set[Stretch] = set()
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
        given = Stretch(each.start, each.end, taker.group, taker.key)
        found = _joined([*found[:place], given, *found[place + 1 :]])


def _neighbours(found: Sequence[Stretch], place: int) -> list[Stretch]:
    before = [found[place - 1]] if place and _touch(found[place - 1], found[place]) else []
    after = found[place + 1 : place + 2]
    return before + [each for each in after if _touch(found[place], each)]


def _claim(taker: Stretch, short: Stretch, explained: Explained) -> tuple[bool, bool, float, float]:
    """How good a claim a neighbour has: the same group, any group, belief, length."""
    belief = explained.belief(taker.group, (short.start, short.end))
    return taker.group == short.group, taker.group is not None, belief, taker.length
