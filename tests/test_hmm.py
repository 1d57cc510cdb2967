"""The best path through a day and its posteriors, in numbers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from math import exp, prod

import pytest

from tracklater_bot.engine.infer.hmm import (
    Chain,
    TransitionCosts,
    posteriors,
    refine_boundaries,
    viterbi,
)

COSTS = TransitionCosts(same_group=1.0, other_group=3.0, idle=2.0)
# Nothing; a group with one issue; another group.
GROUPS = (0, 1, 1, 2)


def chain(*rows: Sequence[float], costs: TransitionCosts = COSTS) -> Chain:
    return Chain(GROUPS, rows, tuple(costs for _ in rows))


def cost(costs: TransitionCosts, one: int, other: int) -> float:
    if one == other:
        return 0.0
    if 0 in (one, other):
        return costs.idle
    return costs.same_group if GROUPS[one] == GROUPS[other] else costs.other_group


def value(day: Chain, path: Sequence[int]) -> float:
    emissions = sum(row[state] for row, state in zip(day.emissions, path, strict=True))
    steps = zip(day.costs[1:], itertools.pairwise(path), strict=True)
    return emissions - sum(cost(costs, *pair) for costs, pair in steps)


def random_chain(seed: int, length: int = 6) -> Chain:
    rng = random.Random(seed)
    rows = [[rng.uniform(-2, 4) for _ in GROUPS] for _ in range(length)]
    costs = [
        TransitionCosts(same, same + rng.uniform(0, 3), rng.uniform(0.5, 4))
        for same in (rng.uniform(0.2, 2) for _ in rows)
    ]
    return Chain(GROUPS, tuple(rows), tuple(costs))


@pytest.mark.parametrize("seed", range(20))
def test_no_path_is_better_than_the_best(seed: int) -> None:
    day = random_chain(seed)
    every = itertools.product(range(4), repeat=len(day.emissions))
    best = max(value(day, path) for path in every)
    assert value(day, viterbi(day)) == pytest.approx(best)


def chance(costs: TransitionCosts, one: int, other: int) -> float:
    """How likely a change is taken: what comes to a group is spread over its states."""
    size = GROUPS.count(GROUPS[other])
    if one == other == 0:
        return 1.0
    if one == other:
        return 1.0 - exp(-costs.same_group) * (1 - 1 / size)
    if one == 0:
        return exp(-costs.idle) / (size * 2)  # two groups
    return exp(-cost(costs, one, other)) / size


@pytest.mark.parametrize("seed", range(10))
def test_posteriors_are_sums_over_all_paths(seed: int) -> None:
    day = random_chain(seed, length=4)
    expected = [[0.0] * 4 for _ in day.emissions]
    for path in itertools.product(range(4), repeat=4):
        steps = zip(day.costs[1:], itertools.pairwise(path), strict=True)
        weight = prod(chance(costs, *pair) for costs, pair in steps)
        weight /= GROUPS.count(GROUPS[path[0]])
        weight *= exp(sum(row[state] for row, state in zip(day.emissions, path, strict=True)))
        for index, state in enumerate(path):
            expected[index][state] += weight
    for row, wanted in zip(posteriors(day), expected, strict=True):
        assert row == pytest.approx([value / sum(wanted) for value in wanted])


def test_many_issues_make_no_group_likelier() -> None:
    """Two groups, of which one has nine issues, with a silent screen after nothing was known."""
    groups = (0, 1, *[2] * 9)
    silence = [0.0] * len(groups)
    start = (9.0, *silence[1:])
    day = Chain(groups, (start, *[silence] * 5), (COSTS,) * 6)
    for row in posteriors(day):
        assert sum(row[2:]) == pytest.approx(row[1], rel=0.01)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, 1, 0, 0)], [1]),
        (
            [(0, 5, 0, 0), (0, 0, 0, 0), (0, 5, 0, 0)],
            [1, 1, 1],
        ),  # silence belongs to what is around
        ([(0, 5, 0, 0), (0, 0, 0, 5), (0, 5, 0, 0)], [1, 1, 1]),  # a short interruption is absorbed
        ([(0, 5, 0, 0), (0, 0, 0, 7), (0, 5, 0, 0)], [1, 3, 1]),  # a real switch is not
        ([(0, 5, 5, 0), (0, 0, 3, 0), (0, 5, 5, 0)], [2, 2, 2]),  # inside a group it is cheaper
        ([(0, 0, 0, 0)] * 3, [0, 0, 0]),  # nothing is known
        ([], []),
    ],
)
def test_best_paths(rows: list[Sequence[float]], expected: list[int]) -> None:
    assert viterbi(chain(*rows)) == expected


def test_posteriors_of_no_segments() -> None:
    assert posteriors(chain()) == []


def test_emissions_of_any_size_give_probabilities() -> None:
    for row in posteriors(chain((0, 900, 0, 0), (0, 0, -900, 900), (5000, 0, 0, 0))):
        assert sum(row) == pytest.approx(1)
        assert all(0 <= value <= 1 for value in row)


def test_a_change_that_nothing_places_is_put_in_the_middle() -> None:
    rows = [(0, 9, 0), *[(0, 0, 0)] * 8, (0, 0, 9)]
    day = Chain((0, 1, 2), tuple(rows), (TransitionCosts(1, 3, 9),) * 10)
    found = refine_boundaries(day, viterbi(day), posteriors(day), [1.0] * 10)
    assert found == [1] * 5 + [2] * 5


def test_a_change_never_passes_what_is_clear() -> None:
    """Rather a stretch of theirs among ours than to give away what is ours."""
    theirs, ours = (0.0, 0.3, 0.7), (0.0, 0.9, 0.1)
    probabilities = [ours, theirs, ours, theirs]
    day = Chain((0, 1, 2), ((0.0, 0.0, 0.0),) * 4, (TransitionCosts(1, 3, 9),) * 4)
    assert refine_boundaries(day, [1, 1, 1, 2], probabilities, [4.0, 17.0, 7.0, 2.0]) == [
        1,
        1,
        1,
        2,
    ]
    assert refine_boundaries(day, [1, 2, 2, 2], probabilities, [4.0, 7.0, 17.0, 2.0]) == [
        1,
        2,
        2,
        2,
    ]
    assert refine_boundaries(day, [1, 1, 2, 2], probabilities, [4.0, 17.0, 7.0, 2.0]) == [
        1,
        2,
        2,
        2,
    ]


def test_refining_keeps_every_run() -> None:
    path = [1, 3, 1, 3, 1]
    day = random_chain(3, length=5)
    found = refine_boundaries(day, path, posteriors(day), [1.0] * 5)
    assert [state for state, _ in itertools.groupby(found)] == path
