"""Segmentation: the best sticky path through a day, and how sure each step of it is.

Pure arithmetic, which knows nothing of windows or commits. A state is one way to explain a piece
of time. Scores are natural logarithms of how well a state explains a piece; prices are what it
costs, in the same measure, to change the state before a piece.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from math import exp

NOTHING = 0  # the family of states that explain nothing
CLEAR = 0.3  # a piece is one of two states', when it is by so much likelier


@dataclass(frozen=True, slots=True)
class TransitionCosts:
    """What a change of state costs: within a family, between families, to or from nothing."""

    inside: float
    between: float
    nothing: float


@dataclass(frozen=True, slots=True)
class Chain:
    """Pieces in order: a row of scores for each, and the prices of changing before it.

    `families` gives each state's family; state 0 alone belongs to family NOTHING. A price inside
    a family is never higher than one between families.
    """

    families: tuple[int, ...]
    scores: tuple[Sequence[float], ...]
    prices: tuple[TransitionCosts, ...]


def viterbi(chain: Chain) -> list[int]:
    """The states of the best path (Viterbi)."""
    if not chain.scores:
        return []
    values = list(chain.scores[0])
    steps: list[list[int]] = []
    for scores, prices in zip(chain.scores[1:], chain.prices[1:], strict=True):
        origins, gains = _best_origins(values, chain.families, prices)
        steps.append(origins)
        values = [gain + score for gain, score in zip(gains, scores, strict=True)]
    state = max(range(len(values)), key=values.__getitem__)
    path = [state]
    for origins in reversed(steps):
        state = origins[state]
        path.append(state)
    return path[::-1]


def _best_origins(
    values: Sequence[float], families: Sequence[int], prices: TransitionCosts
) -> tuple[list[int], list[float]]:
    """For each state the best state to come from, and what that gives; staying wins a draw."""
    leaders = _leaders(values, families)
    named = [state for family, state in leaders.items() if family != NOTHING]
    best = max(named, key=values.__getitem__, default=0)
    from_best = values[best] - prices.between
    from_nothing = values[0] - prices.nothing
    abroad = (from_best, best) if from_best >= from_nothing else (from_nothing, 0)
    origins, gains = list(range(len(values))), list(values)
    for state, family in enumerate(families):
        leader = leaders[family]
        gain, origin = max(abroad, (values[leader] - prices.inside, leader))
        if family == NOTHING:
            gain, origin = values[best] - prices.nothing, best
        if gain > gains[state]:
            origins[state], gains[state] = origin, gain
    return origins, gains


def _leaders(values: Sequence[float], families: Sequence[int]) -> dict[int, int]:
    leaders: dict[int, int] = {}
    for state, family in enumerate(families):
        if family not in leaders or values[state] > values[leaders[family]]:
            leaders[family] = state
    return leaders


def refine_boundaries(
    chain: Chain, path: Sequence[int], believed: Sequence[Sequence[float]], lengths: Sequence[float]
) -> list[int]:
    """The path with each change moved to where the fewest minutes are likely to be wrong.

    Where nothing tells when a change was, the best path has it anywhere; this has it in the middle.
    """
    runs = [(state, len(list(run))) for state, run in groupby(path)]
    edges = [0, *accumulate(length for _, length in runs)]
    for number, ((state, _), (following, _)) in enumerate(pairwise(runs), start=1):
        start, end = edges[number - 1], edges[number + 1]
        ours, theirs = _rivals(chain.families, state, following)
        leads = [
            sum(believed[place][n] for n in ours) - sum(believed[place][n] for n in theirs)
            for place in range(start, end)
        ]
        first, last = _room(leads, edges[number] - start)
        gains = (leads[place] * lengths[start + place] for place in range(first, last))
        sums = list(accumulate(gains, initial=0.0))
        edges[number] = start + first + sums.index(max(sums))
    parts = zip(runs, pairwise(edges), strict=True)
    return [state for (state, _), (start, end) in parts for _ in range(start, end)]


def _room(leads: Sequence[float], edge: int) -> tuple[int, int]:
    """From where and up to where a change may be: it passes nothing that is clear."""
    first = last = edge
    while first > 1 and leads[first - 1] < CLEAR:
        first -= 1
    while last < len(leads) - 1 and leads[last] > -CLEAR:
        last += 1
    return first, last


def _rivals(families: Sequence[int], one: int, other: int) -> tuple[list[int], list[int]]:
    """The states to be compared: two families as a whole, or two states of the same."""
    if families[one] == families[other]:
        return [one], [other]
    ours = [state for state, family in enumerate(families) if family == families[one]]
    theirs = [state for state, family in enumerate(families) if family == families[other]]
    return ours, theirs


def posteriors(chain: Chain) -> list[list[float]]:
    """The probability of each state for each piece, all clues considered (forward-backward)."""
    if not chain.scores:
        return []
    told = [factors(row) for row in chain.scores]
    known = {prices: _Change(prices, chain.families) for prices in set(chain.prices)}
    changes = [known[prices] for prices in chain.prices]
    sizes = Counter(chain.families)
    forward = [
        scaled([value / sizes[of] for value, of in zip(told[0], chain.families, strict=True)])
    ]
    for factor, change in zip(told[1:], changes[1:], strict=True):
        carried = change.onward(forward[-1])
        forward.append(scaled([a * b for a, b in zip(carried, factor, strict=True)]))
    backward = [1.0] * len(chain.families)
    result = [forward[-1]]
    for place in range(len(told) - 2, -1, -1):
        later = [a * b for a, b in zip(backward, told[place + 1], strict=True)]
        backward = scaled(changes[place + 1].back(later))
        result.append(scaled([a * b for a, b in zip(forward[place], backward, strict=True)]))
    return result[::-1]


def factors(row: Sequence[float]) -> list[float]:
    """Likelihoods from their logarithms, the greatest as 1."""
    most = max(row)
    return [exp(max(score - most, -600.0)) for score in row]


def scaled(row: Sequence[float]) -> list[float]:
    """The row with a sum of 1."""
    whole = sum(row) or 1.0
    return [value / whole for value in row]


class _Change:
    """Prices as probabilities. Staying in a family is taken as certain, as it is by the best path.

    What comes to a family is spread evenly over its states, so that no group gains by having many
    issues; what comes from nothing is spread over the families too.
    """

    def __init__(self, prices: TransitionCosts, families: Sequence[int]) -> None:
        self._inside = exp(-prices.inside)
        self._between = exp(-prices.between)
        self._nothing = exp(-prices.nothing)
        self._families = families
        self._sizes = Counter(families)
        self._named = max(len(self._sizes) - 1, 1)

    def onward(self, row: Sequence[float]) -> list[float]:
        """Each state's share a step later."""
        own = self._by_family(row)
        named = sum(row) - row[0]
        began = row[0] * self._nothing / self._named
        coming = {
            family: (value * self._inside + (named - value) * self._between + began) / size
            for (family, value), size in zip(own.items(), self._sizes.values(), strict=True)
        }
        return [row[0] + named * self._nothing, *self._stayed(row, coming)]

    def back(self, row: Sequence[float]) -> list[float]:
        """How likely what follows is from each state a step earlier."""
        own = self._by_family(row)
        even = {family: value / self._sizes[family] for family, value in own.items()}
        named = sum(value for family, value in even.items() if family != NOTHING)
        coming = {
            family: value * self._inside + (named - value) * self._between + row[0] * self._nothing
            for family, value in even.items()
        }
        return [row[0] + named * self._nothing / self._named, *self._stayed(row, coming)]

    def _by_family(self, row: Sequence[float]) -> dict[int, float]:
        sums = dict.fromkeys(self._sizes, 0.0)
        for family, value in zip(self._families, row, strict=True):
            sums[family] += value
        return sums

    def _stayed(self, row: Sequence[float], coming: dict[int, float]) -> Iterator[float]:
        """The states with a name: what stays in each, and what comes to it."""
        for family, value in zip(self._families[1:], row[1:], strict=True):
            yield value * (1.0 - self._inside) + coming[family]
