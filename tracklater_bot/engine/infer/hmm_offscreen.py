"""Unwatched: how likely each explanation is of time that no screen shows.

A hidden Markov model. Besides the states that have a name, one may be away, for a night or for
hours, or in a pause. What is changed to and how often is told by rates; clues are likely in the
states they speak for, and a minute without any is likeliest in those of nobody. A pause goes
through phases, one after the other, so that short ones are rare (its length has an Erlang
distribution; Cox and Miller, The Theory of Stochastic Processes, 6.2). The probabilities are found
by going through the day forward and backward (Rabiner, A Tutorial on Hidden Markov Models, 1989).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp

from tracklater_bot.engine.infer.hmm import factors, scaled
from tracklater_bot.engine.intervals import MINUTE

PHASES = 2
# A minute is taken where work for one group is about as likely as anything else.
ENOUGH = 0.47
# Or where work is this likely, though groups share it.
SURE = 0.7
SHORTEST = 0.02  # minutes from one slot to the next, at least: clues can come at one moment


@dataclass(frozen=True, slots=True)
class Rates:
    """How often something changes, a minute.

    Coming to work and going away, at the ends of a day or for hours; a pause begins, most of all
    around noon, and ends when each of its phases has; from one issue to another of the group, from
    a group to any other, and to the group whose branch is about to be checked out.
    """

    come: float
    go: float
    pause: float
    noon_pause: float
    phase: float
    issue: float
    group: float
    checkout: float


@dataclass(frozen=True, slots=True)
class OffscreenSegment:
    """A piece of time, in seconds. `turn` is the family it is likely to begin with, or 0."""

    start: float
    end: float
    at_noon: bool = False
    turn: int = 0

    @property
    def middle(self) -> float:
        """Halfway through it."""
        return (self.start + self.end) / 2


@dataclass(frozen=True, slots=True)
class _Chances:
    """How likely each change is between two slots; `turn` is the family changed to, or 0."""

    come: float
    go: float
    pause: float
    phase: float
    issue: float
    group: float
    checkout: float
    turn: int

    @property
    def stay(self) -> float:
        """How likely a state of work stays, but for what its own group gives back to it."""
        return 1.0 - self.go - self.pause - self.issue - self.group - self.checkout


@dataclass(frozen=True, slots=True)
class _Row:
    """A number for each state: those of work, away, the phases of a pause."""

    work: Sequence[float]
    away: float
    pauses: Sequence[float]

    def times(self, other: _Row) -> _Row:
        """Both multiplied, and scaled to a sum of 1."""
        mine, theirs = self._all(), other._all()
        values = scaled([a * b for a, b in zip(mine, theirs, strict=True)])
        count = len(self.work)
        return _Row(values[:count], values[count], values[count + 1 :])

    def shown(self) -> list[float]:
        """The row as others know it: nobody there, then each state of work."""
        return [self.away + sum(self.pauses), *self.work]

    def _all(self) -> list[float]:
        return [*self.work, self.away, *self.pauses]


class OffscreenModel:
    """The states of a day. `families` gives each state's group by number, and 0 for no work."""

    def __init__(self, families: Sequence[int], rates: Rates) -> None:
        self._families = tuple(families[1:])
        self._sizes = Counter(self._families)
        self._rates = rates

    def posteriors(
        self, slots: Sequence[OffscreenSegment], scores: Sequence[Sequence[float]]
    ) -> list[list[float]]:
        """The probability of each state for each slot, all clues considered.

        Slots that do not touch have nothing to do with each other.
        """
        result: list[list[float]] = []
        for first, last in _runs(slots):
            steps = [self._chances(*pair) for pair in pairwise(slots[first:last])]
            told = [_told(row) for row in scores[first:last]]
            result.extend(row.shown() for row in self._both_ways(told, steps))
        return result

    def _both_ways(self, told: Sequence[_Row], steps: Sequence[_Chances]) -> list[_Row]:
        nobody = _Row([0.0] * len(self._families), 1.0, [0.0] * PHASES)
        forward = [self._onward(nobody, self._first()).times(told[0])]
        for row, chances in zip(told[1:], steps, strict=True):
            forward.append(self._onward(forward[-1], chances).times(row))
        backward = _Row([1.0] * len(self._families), 1.0, [1.0] * PHASES)
        result = [forward[-1]]
        for place in range(len(steps) - 1, -1, -1):
            backward = self._back(backward.times(told[place + 1]), steps[place])
            result.append(forward[place].times(backward))
        return result[::-1]

    def _first(self) -> _Chances:
        """The minute before the first slot: somebody may have come in it."""
        return _Chances(_chance(self._rates.come, 1.0), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)

    def _chances(self, before: OffscreenSegment, slot: OffscreenSegment) -> _Chances:
        minutes = max((slot.middle - before.middle) / MINUTE, SHORTEST)
        rates = self._rates
        alone = len(self._sizes) < 2
        return _Chances(
            come=_chance(rates.come, minutes),
            go=_chance(rates.go, minutes),
            pause=_chance(rates.noon_pause if slot.at_noon else rates.pause, minutes),
            phase=_chance(rates.phase, minutes),
            issue=_chance(rates.issue, minutes),
            group=0.0 if alone else _chance(rates.group, minutes),
            checkout=_chance(rates.checkout, minutes) if slot.turn else 0.0,
            turn=slot.turn,
        )

    def _onward(self, row: _Row, chances: _Chances) -> _Row:
        """Where one is a step later. What comes to a group is shared evenly by its states."""
        own: defaultdict[int, float] = defaultdict(float)
        for family, value in zip(self._families, row.work, strict=True):
            own[family] += value
        working = sum(row.work)
        began = row.away * chances.come + row.pauses[-1] * chances.phase
        shares = {
            family: (
                chances.issue * own[family]
                + chances.group * (working - own[family]) / max(len(self._sizes) - 1, 1)
                + began / len(self._sizes)
                + (chances.checkout * working if family == chances.turn else 0.0)
            )
            / size
            for family, size in self._sizes.items()
        }
        pairs = zip(self._families, row.work, strict=True)
        entering = [working * chances.pause, *(pause * chances.phase for pause in row.pauses[:-1])]
        return _Row(
            [chances.stay * value + shares[family] for family, value in pairs],
            row.away * (1.0 - chances.come) + working * chances.go,
            [
                each * (1.0 - chances.phase) + new
                for each, new in zip(row.pauses, entering, strict=True)
            ],
        )

    def _back(self, row: _Row, chances: _Chances) -> _Row:
        """How likely what follows is from each state a step earlier."""
        own: defaultdict[int, float] = defaultdict(float)
        for family, value in zip(self._families, row.work, strict=True):
            own[family] += value / self._sizes[family]
        everybody = sum(own.values())
        leaving = chances.pause * row.pauses[0] + chances.go * row.away
        shares = {
            family: chances.issue * own[family]
            + chances.group * (everybody - own[family]) / max(len(self._sizes) - 1, 1)
            + chances.checkout * own[chances.turn]
            + leaving
            for family in self._sizes
        }
        pairs = zip(self._families, row.work, strict=True)
        arriving = everybody / max(len(self._sizes), 1)
        following = [*row.pauses[1:], arriving]
        return _Row(
            [chances.stay * value + shares[family] for family, value in pairs],
            row.away * (1.0 - chances.come) + arriving * chances.come,
            [
                each * (1.0 - chances.phase) + later * chances.phase
                for each, later in zip(row.pauses, following, strict=True)
            ],
        )


def likeliest(believed: Iterable[Sequence[float]], families: Sequence[int]) -> list[int]:
    """The state to be taken for each slot by itself.

    The best path would rather bridge a lunch than tell when it began.
    """
    return [_taken(row, families) for row in believed]


def _taken(row: Sequence[float], families: Sequence[int]) -> int:
    sums: defaultdict[int, float] = defaultdict(float)
    for family, value in zip(families[1:], row[1:], strict=True):
        sums[family] += value
    if not sums:
        return 0
    best = max(sums, key=lambda family: (sums[family], -family))
    if sums[best] < ENOUGH and sum(sums.values()) < SURE:
        return 0
    mine = (state for state, family in enumerate(families) if family == best)
    return max(mine, key=row.__getitem__)


def _runs(slots: Sequence[OffscreenSegment]) -> Iterator[tuple[int, int]]:
    """The places at which slots that touch begin and end."""
    first = 0
    for place in range(1, len(slots) + 1):
        if place == len(slots) or slots[place].start > slots[place - 1].end:
            yield first, place
            first = place


def _told(scores: Sequence[float]) -> _Row:
    nobody, *work = factors(scores)
    return _Row(work, nobody, [nobody] * PHASES)


def _chance(rate: float, minutes: float) -> float:
    """How likely something happens that happens at a rate, within so many minutes."""
    return 1.0 - exp(-rate * minutes)
