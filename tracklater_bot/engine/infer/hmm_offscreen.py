"""A hidden Markov model of time that no screen shows.

Besides the states of work, one may be away, for a night or for hours, or in a pause. How often each
change happens is given by rates; clues are likely in the states they speak for, and a minute
without any is likeliest in those of nobody. A pause goes through phases, one after the other, so
that short ones are rare (its length has an Erlang distribution; Cox and Miller, The Theory of
Stochastic Processes, 6.2). The posteriors are found by going through the day forward and backward
(Rabiner, A Tutorial on Hidden Markov Models, 1989).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import exp
from typing import TypeAlias

from tracklater_bot.engine.infer.hmm import IDLE, forward_backward, likelihoods
from tracklater_bot.engine.intervals import MINUTE

PHASES = 2
# A minute is taken where work for one group is likelier than not.
ENOUGH = 0.5
# Or where work is this likely, though groups share it.
SURE = 0.8
DRAWN = -1  # the state of work for one of several groups that are equally likely
A_DRAW = 1e-6  # probabilities no further apart are equal: names must not decide
SHORTEST = 0.02  # minutes from one segment to the next, at least: clues can come at one moment


@dataclass(frozen=True, slots=True)
class TransitionRates:
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
class OffscreenPart:
    """A segment of time, in seconds. `next_group` is the group it is likely to begin with, or 0."""

    start: float
    end: float
    at_noon: bool = False
    next_group: int = IDLE


@dataclass(frozen=True, slots=True)
class _Transition:
    """How likely each change is between two segments; `next_group` as in the later of them."""

    come: float
    go: float = 0.0
    pause: float = 0.0
    phase: float = 0.0
    issue: float = 0.0
    group: float = 0.0
    checkout: float = 0.0
    next_group: int = IDLE

    @property
    def stay(self) -> float:
        """How likely a state of work stays, but for what its own group gives back to it."""
        return 1.0 - self.go - self.pause - self.issue - self.group - self.checkout


# A number for each state: those of work, away, the phases of a pause.
_StateVector: TypeAlias = Sequence[float]


class OffscreenModel:
    """The states of a day. `groups` gives each state's group by number, and 0 for no work."""

    def __init__(self, groups: Sequence[int], rates: TransitionRates) -> None:
        self._groups = tuple(groups[1:])
        self._sizes = Counter(self._groups)
        self._others = max(len(self._sizes) - 1, 1)
        self._rates = rates

    def posteriors(
        self, segments: Sequence[OffscreenPart], emissions: Sequence[Sequence[float]]
    ) -> list[list[float]]:
        """The probability of each state for each segment, all clues considered.

        Segments that do not touch have nothing to do with each other.
        """
        result: list[list[float]] = []
        work = len(self._groups)
        away = [*(0.0,) * work, 1.0, *(0.0,) * PHASES]
        # In the minute before the first segment somebody may have come.
        arrival = self._forward(_Transition(come=_probability(self._rates.come, 1.0)), away)
        for first, last in _touching_runs(segments):
            changes = [self._transition(*pair) for pair in pairwise(segments[first:last])]
            steps = [(partial(self._forward, c), partial(self._backward, c)) for c in changes]
            rows = (likelihoods(row) for row in emissions[first:last])
            # Away and in a pause there is nobody alike.
            vectors = [[*row[1:], *(row[0],) * (1 + PHASES)] for row in rows]
            result += (
                [sum(vector[work:]), *vector[:work]]
                for vector in forward_backward(arrival, vectors, steps)
            )
        return result

    def _transition(self, before: OffscreenPart, segment: OffscreenPart) -> _Transition:
        middle, earlier = ((one.start + one.end) / 2 for one in (segment, before))
        minutes = max((middle - earlier) / MINUTE, SHORTEST)
        rates = self._rates
        alone = len(self._sizes) < 2
        return _Transition(
            come=_probability(rates.come, minutes),
            go=_probability(rates.go, minutes),
            pause=_probability(rates.noon_pause if segment.at_noon else rates.pause, minutes),
            phase=_probability(rates.phase, minutes),
            issue=_probability(rates.issue, minutes),
            group=0.0 if alone else _probability(rates.group, minutes),
            checkout=_probability(rates.checkout, minutes) if segment.next_group else 0.0,
            next_group=segment.next_group,
        )

    def _forward(self, transition: _Transition, vector: _StateVector) -> _StateVector:
        """Each state's probability a step later. Its states share evenly what comes to a group."""
        work, away, pauses = self._parts(vector)
        own: defaultdict[int, float] = defaultdict(float)
        for group, value in zip(self._groups, work, strict=True):
            own[group] += value
        working = sum(work)
        began = away * transition.come + pauses[-1] * transition.phase
        incoming = {
            group: (
                transition.issue * own[group]
                + transition.group * (working - own[group]) / self._others
                + began / len(self._sizes)
                + (transition.checkout * working if group == transition.next_group else 0.0)
            )
            / size
            for group, size in self._sizes.items()
        }
        entering = [working * transition.pause, *(p * transition.phase for p in pauses[:-1])]
        return self._stepped(vector, transition, incoming, working * transition.go, entering)

    def _backward(self, transition: _Transition, vector: _StateVector) -> _StateVector:
        """How likely what follows is from each state a step earlier."""
        work, away, pauses = self._parts(vector)
        mean: defaultdict[int, float] = defaultdict(float)
        for group, value in zip(self._groups, work, strict=True):
            mean[group] += value / self._sizes[group]
        working = sum(mean.values())
        leaving = transition.pause * pauses[0] + transition.go * away
        incoming = {
            group: transition.issue * mean[group]
            + transition.group * (working - mean[group]) / self._others
            + transition.checkout * mean[transition.next_group]
            + leaving
            for group in self._sizes
        }
        arriving = working / max(len(self._sizes), 1)
        following = [later * transition.phase for later in (*pauses[1:], arriving)]
        return self._stepped(vector, transition, incoming, arriving * transition.come, following)

    def _parts(self, vector: _StateVector) -> tuple[_StateVector, float, _StateVector]:
        work = len(self._groups)
        return vector[:work], vector[work], vector[work + 1 :]

    def _stepped(
        self,
        vector: _StateVector,
        transition: _Transition,
        to_groups: Mapping[int, float],
        to_away: float,
        to_pauses: Sequence[float],
    ) -> _StateVector:
        """What stays in each state, and what comes to it."""
        work, away, pauses = self._parts(vector)
        own = zip(self._groups, work, strict=True)
        return [
            *(transition.stay * value + to_groups[group] for group, value in own),
            away * (1.0 - transition.come) + to_away,
            *(p * (1.0 - transition.phase) + new for p, new in zip(pauses, to_pauses, strict=True)),
        ]


def decode(probabilities: Iterable[Sequence[float]], groups: Sequence[int]) -> list[int]:
    """The state to be taken for each segment by itself (posterior decoding).

    DRAWN where it was work, and two groups are equally likely.

    The best path would rather bridge a lunch than tell when it began.
    """
    return [_decoded(row, groups) for row in probabilities]


def _decoded(row: Sequence[float], groups: Sequence[int]) -> int:
    sums: defaultdict[int, float] = defaultdict(float)
    for group, probability in zip(groups[1:], row[1:], strict=True):
        sums[group] += probability
    best = max(sums, key=sums.__getitem__, default=IDLE)
    if best == IDLE or (sums[best] < ENOUGH and sum(sums.values()) < SURE):
        return IDLE
    if any(sums[best] - sums[other] <= A_DRAW for other in sums if other != best):
        return DRAWN
    states = (state for state, group in enumerate(groups) if group == best)
    return max(states, key=row.__getitem__)


def _touching_runs(segments: Sequence[OffscreenPart]) -> Iterator[tuple[int, int]]:
    """The indices at which runs of segments that touch begin and end."""
    first = 0
    for index in range(1, len(segments) + 1):
        if index == len(segments) or segments[index].start > segments[index - 1].end:
            yield first, index
            first = index


def _probability(rate: float, minutes: float) -> float:
    """How likely something happens that happens at a rate, within so many minutes."""
    return 1.0 - exp(-rate * minutes)
