"""Segmentation: the best sticky path through a day, and how sure each step of it is.

Pure arithmetic, which knows nothing of windows or commits. A state is one way to explain a piece
of time. Scores are natural logarithms of how well a state explains a piece; prices are what it
costs, in the same measure, to change the state before a piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from math import exp

NOTHING = 0  # the family of states that explain nothing


@dataclass(frozen=True, slots=True)
class Prices:
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
    prices: tuple[Prices, ...]


def best_path(chain: Chain) -> list[int]:
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
    values: Sequence[float], families: Sequence[int], prices: Prices
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


def settled(
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
        gains = (
            lengths[place]
            * (sum(believed[place][n] for n in ours) - sum(believed[place][n] for n in theirs))
            for place in range(start, end - 1)
        )
        sums = list(accumulate(gains))
        edges[number] = start + 1 + sums.index(max(sums))
    parts = zip(runs, pairwise(edges), strict=True)
    return [state for (state, _), (start, end) in parts for _ in range(start, end)]


def _rivals(families: Sequence[int], one: int, other: int) -> tuple[list[int], list[int]]:
    """The states to be compared: two families as a whole, or two states of the same."""
    if families[one] == families[other]:
        return [one], [other]
    ours = [state for state, family in enumerate(families) if family == families[one]]
    theirs = [state for state, family in enumerate(families) if family == families[other]]
    return ours, theirs


def beliefs(chain: Chain) -> list[list[float]]:
    """The probability of each state for each piece, all clues considered (forward-backward)."""
    if not chain.scores:
        return []
    factors = [_factors(row) for row in chain.scores]
    known = {prices: _Change(prices) for prices in set(chain.prices)}
    changes = [known[prices] for prices in chain.prices]
    forward = [_scaled(factors[0])]
    for factor, change in zip(factors[1:], changes[1:], strict=True):
        carried = change.carried(forward[-1], chain.families)
        forward.append(_scaled([a * b for a, b in zip(carried, factor, strict=True)]))
    backward = [1.0] * len(chain.families)
    result = [forward[-1]]
    for place in range(len(factors) - 2, -1, -1):
        told = [a * b for a, b in zip(backward, factors[place + 1], strict=True)]
        backward = _scaled(changes[place + 1].carried(told, chain.families))
        result.append(_scaled([a * b for a, b in zip(forward[place], backward, strict=True)]))
    return result[::-1]


def _factors(row: Sequence[float]) -> list[float]:
    most = max(row)
    return [exp(max(score - most, -600.0)) for score in row]


def _scaled(row: Sequence[float]) -> list[float]:
    whole = sum(row) or 1.0
    return [value / whole for value in row]


class _Change:
    """Prices as probabilities, applied to all states at once; the same in both directions."""

    def __init__(self, prices: Prices) -> None:
        self._inside = exp(-prices.inside)
        self._between = exp(-prices.between)
        self._nothing = exp(-prices.nothing)

    def carried(self, row: Sequence[float], families: Sequence[int]) -> list[float]:
        """Each state's share after a step: its own, its family's, everybody's, and nothing's."""
        inside, between, nothing = self._inside, self._between, self._nothing
        by_family: dict[int, float] = {}
        for family, value in zip(families, row, strict=True):
            by_family[family] = by_family.get(family, 0.0) + value
        named = sum(row) - row[0]
        common = named * between + row[0] * nothing
        result = [
            value * (1.0 - inside) + by_family[family] * (inside - between) + common
            for family, value in zip(families, row, strict=True)
        ]
        result[0] = row[0] + named * nothing
        return result
