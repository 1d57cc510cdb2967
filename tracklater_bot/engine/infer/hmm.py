"""A sticky hidden Markov model: the best path through a day, and how sure each step of it is.

Pure arithmetic, which knows nothing of windows or commits. A state is one way to explain a segment
of time. Emissions are natural logarithms of how likely a segment is in each state; transition costs
are, in the same measure, what it takes to change the state before a segment. Viterbi's algorithm
and forward-backward are those of Rabiner, A Tutorial on Hidden Markov Models, 1989.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from math import exp
from typing import TypeAlias

IDLE = 0  # the state, and its group's number, of no group's work
Step: TypeAlias = Callable[[Sequence[float]], Sequence[float]]
CLEAR = 0.3  # a segment is one of two states', when it is by so much likelier


@dataclass(frozen=True, slots=True)
class TransitionCosts:
    """What a change of state costs: within a group, to another group, to or from idle."""

    same_group: float
    other_group: float
    idle: float


@dataclass(frozen=True, slots=True)
class Chain:
    """Segments in order: a row of emissions for each, and the costs of changing before it.

    `groups` gives each state's group by number; state 0 alone belongs to group IDLE. A change
    within a group never costs more than one to another group.
    """

    groups: tuple[int, ...]
    emissions: tuple[Sequence[float], ...]
    costs: tuple[TransitionCosts, ...]


def viterbi(chain: Chain) -> list[int]:
    """The states of the best path."""
    if not chain.emissions:
        return []
    values = list(chain.emissions[0])
    backpointers: list[list[int]] = []
    for emissions, costs in zip(chain.emissions[1:], chain.costs[1:], strict=True):
        origins, reached = _best_origins(values, chain.groups, costs)
        backpointers.append(origins)
        values = [value + emission for value, emission in zip(reached, emissions, strict=True)]
    state = max(range(len(values)), key=values.__getitem__)
    path = [state]
    for origins in reversed(backpointers):
        state = origins[state]
        path.append(state)
    return path[::-1]


def _best_origins(
    values: Sequence[float], groups: Sequence[int], costs: TransitionCosts
) -> tuple[list[int], list[float]]:
    """For each state the best state to come from, and what that gives; staying wins a draw."""
    best_of: dict[int, int] = {}  # each group's best state
    for state, group in enumerate(groups):
        if group not in best_of or values[state] > values[best_of[group]]:
            best_of[group] = state
    working = [state for group, state in best_of.items() if group != IDLE]
    best = max(working, key=values.__getitem__, default=IDLE)
    from_best = values[best] - costs.other_group
    from_idle = values[IDLE] - costs.idle
    from_elsewhere = (from_best, best) if from_best >= from_idle else (from_idle, IDLE)
    origins, reached = list(range(len(values))), list(values)
    for state, group in enumerate(groups):
        sibling = best_of[group]
        value, origin = max(from_elsewhere, (values[sibling] - costs.same_group, sibling))
        if group == IDLE:
            value, origin = values[best] - costs.idle, best
        if value > reached[state]:
            origins[state], reached[state] = origin, value
    return origins, reached


def refine_boundaries(
    chain: Chain,
    path: Sequence[int],
    probabilities: Sequence[Sequence[float]],
    lengths: Sequence[float],
) -> list[int]:
    """The path with each change moved to where the fewest minutes are likely to be wrong.

    `probabilities` are the posteriors of each segment. Where nothing tells when a change was, the
    best path has it anywhere; this has it in the middle.
    """
    runs = [(state, len(list(run))) for state, run in groupby(path)]
    edges = [0, *accumulate(length for _, length in runs)]
    for number, ((state, _), (following, _)) in enumerate(pairwise(runs), start=1):
        start, end = edges[number - 1], edges[number + 1]
        ours, theirs = _rivals(chain.groups, state, following)
        leads = [
            sum(row[n] for n in ours) - sum(row[n] for n in theirs)
            for row in probabilities[start:end]
        ]
        first, last = _movable(leads, edges[number] - start)
        gains = (leads[index] * lengths[start + index] for index in range(first, last))
        sums = list(accumulate(gains, initial=0.0))
        edges[number] = start + first + sums.index(max(sums))
    moved = zip(runs, pairwise(edges), strict=True)
    return [state for (state, _), (start, end) in moved for _ in range(start, end)]


def _movable(leads: Sequence[float], edge: int) -> tuple[int, int]:
    """From where and up to where a change may be: it passes nothing that is clear."""
    first = last = edge
    while first > 1 and leads[first - 1] < CLEAR:
        first -= 1
    while last < len(leads) - 1 and leads[last] > -CLEAR:
        last += 1
    return first, last


def _rivals(groups: Sequence[int], *states: int) -> list[list[int]]:
    """The states to be compared: two groups as a whole, or two states of the same."""
    owners = [groups[state] for state in states]
    if len(set(owners)) == 1:
        return [[state] for state in states]
    return [[n for n, group in enumerate(groups) if group == owner] for owner in owners]


def posteriors(chain: Chain) -> list[list[float]]:
    """The probability of each state for each segment, all clues considered (forward-backward)."""
    if not chain.emissions:
        return []
    known = {costs: _TransitionMatrix(costs, chain.groups) for costs in set(chain.costs)}
    steps = [(known[costs].forward, known[costs].backward) for costs in chain.costs[1:]]
    sizes = Counter(chain.groups)
    first = [1.0 / sizes[group] for group in chain.groups]
    return forward_backward(first, [likelihoods(row) for row in chain.emissions], steps)


def forward_backward(
    first: Sequence[float], emissions: Sequence[Sequence[float]], steps: Sequence[tuple[Step, Step]]
) -> list[list[float]]:
    """The probability of each state for each segment, from likelihoods of emissions.

    `first` is how likely each state is before the first of them. A step gives how likely each is
    in the next segment by how it is in this one, and what follows this one by what follows the
    next.
    """
    forward = [_times(first, emissions[0])]
    for emission, (step, _) in zip(emissions[1:], steps, strict=True):
        forward.append(_times(step(forward[-1]), emission))
    backward: Sequence[float] = [1.0] * len(first)
    result = [forward[-1]]
    for before, emission, (_, back) in zip(
        forward[-2::-1], emissions[:0:-1], steps[::-1], strict=True
    ):
        backward = back(_times(backward, emission))
        result.append(_times(before, backward))
    return result[::-1]


def _times(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Both multiplied, and scaled to a sum of 1."""
    row = [a * b for a, b in zip(one, other, strict=True)]
    whole = sum(row) or 1.0
    return [value / whole for value in row]


def likelihoods(row: Sequence[float]) -> list[float]:
    """Likelihoods from their logarithms, the greatest as 1."""
    most = max(row)
    return [exp(max(value - most, -600.0)) for value in row]


class _TransitionMatrix:
    """Costs as probabilities. Staying in a group is taken as certain, as it is by the best path.

    What comes to a group is spread evenly over its states, so that no group gains by having many
    issues; what comes from idle is spread over the groups too.
    """

    def __init__(self, costs: TransitionCosts, groups: Sequence[int]) -> None:
        self._same_group = exp(-costs.same_group)
        self._other_group = exp(-costs.other_group)
        self._idle = exp(-costs.idle)
        self._groups = groups
        self._sizes = Counter(groups)
        self._working = max(len(self._sizes) - 1, 1)

    def forward(self, row: Sequence[float]) -> list[float]:
        """Each state's probability a step later."""
        own = self._by_group(row)
        working = sum(row) - row[IDLE]
        began = row[IDLE] * self._idle / self._working
        incoming = {
            group: (value * self._same_group + (working - value) * self._other_group + began) / size
            for (group, value), size in zip(own.items(), self._sizes.values(), strict=True)
        }
        return [row[IDLE] + working * self._idle, *self._kept(row, incoming)]

    def backward(self, row: Sequence[float]) -> list[float]:
        """How likely what follows is from each state a step earlier."""
        own = self._by_group(row)
        mean = {group: value / self._sizes[group] for group, value in own.items()}
        working = sum(value for group, value in mean.items() if group != IDLE)
        incoming = {
            group: value * self._same_group
            + (working - value) * self._other_group
            + row[IDLE] * self._idle
            for group, value in mean.items()
        }
        return [row[IDLE] + working * self._idle / self._working, *self._kept(row, incoming)]

    def _by_group(self, row: Sequence[float]) -> dict[int, float]:
        sums = dict.fromkeys(self._sizes, 0.0)
        for group, value in zip(self._groups, row, strict=True):
            sums[group] += value
        return sums

    def _kept(self, row: Sequence[float], incoming: dict[int, float]) -> Iterator[float]:
        """The states of work: what stays in each, and what comes to it."""
        for group, value in zip(self._groups[1:], row[1:], strict=True):
            yield value * (1.0 - self._same_group) + incoming[group]
