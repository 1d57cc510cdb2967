"""Time that no screen shows, in numbers."""

from __future__ import annotations

import itertools
from math import exp, prod

import pytest

from tracklater_bot.engine.infer.hmm_offscreen import (
    PHASES,
    OffscreenModel,
    OffscreenPart,
    TransitionRates,
    decode,
)
from tracklater_bot.engine.infer.inference import bridge_pauses
from tracklater_bot.engine.segments import Segment

RATES = TransitionRates(
    come=0.01,
    go=0.02,
    pause=0.03,
    noon_pause=0.3,
    phase=0.1,
    issue=0.05,
    group=0.04,
    checkout=0.2,
)
GROUPS = (0, 1, 1, 2)  # nobody; a group with an issue; another group
MINUTE = 60.0
# Every state: the three of work, away, the phases of a pause.
WORK, AWAY = (0, 1, 2), 3
PAUSES = tuple(range(4, 4 + PHASES))


def segments(count: int, minutes: float = 2.0, **kinds: object) -> list[OffscreenPart]:
    length = minutes * MINUTE
    return [OffscreenPart(n * length, (n + 1) * length, **kinds) for n in range(count)]  # type: ignore[arg-type]


def chance(rate: float, minutes: float) -> float:
    return 1.0 - exp(-rate * minutes)


def step(one: int, other: int, segment: OffscreenPart, minutes: float) -> float:
    """How likely a change between two states is, written down case by case."""
    pause = chance(RATES.noon_pause if segment.at_noon else RATES.pause, minutes)
    go, phase = chance(RATES.go, minutes), chance(RATES.phase, minutes)
    if one in WORK and other in WORK:
        return _within_work(one, other, segment, minutes) + (
            1.0 - go - pause - _moves(segment, minutes) if one == other else 0.0
        )
    if one in WORK:
        return go if other == AWAY else pause if other == PAUSES[0] else 0.0
    if other in WORK:
        size = 2 if other in (0, 1) else 1
        back = chance(RATES.come, minutes) if one == AWAY else phase if one == PAUSES[-1] else 0.0
        return back / 2 / size
    if one == AWAY:
        return 1.0 - chance(RATES.come, minutes) if other == AWAY else 0.0
    return 1.0 - phase if one == other else phase if other == one + 1 else 0.0


def _moves(segment: OffscreenPart, minutes: float) -> float:
    checkout = chance(RATES.checkout, minutes) if segment.next_group else 0.0
    return chance(RATES.issue, minutes) + chance(RATES.group, minutes) + checkout


def _within_work(one: int, other: int, segment: OffscreenPart, minutes: float) -> float:
    group = GROUPS[other + 1]
    size = GROUPS.count(group)
    same = GROUPS[one + 1] == group
    checked_out = chance(RATES.checkout, minutes) if segment.next_group == group else 0.0
    return (chance(RATES.issue if same else RATES.group, minutes) + checked_out) / size


@pytest.mark.parametrize(("noon", "next_group"), [(False, 0), (True, 0), (False, 1), (False, 2)])
def test_posteriors_are_sums_over_all_days_that_may_have_been(noon: bool, next_group: int) -> None:
    day = segments(4, at_noon=noon, next_group=next_group)
    emissions = [(0.0, 1.0, 2.0, 0.5), (0.3, 0.0, 0.0, 1.5), (1.0, 0.0, 0.2, 0.0), (0, 2, 0, 0)]
    states = range(4 + PHASES)
    expected = [[0.0] * len(states) for _ in day]
    first = OffscreenPart(0.0, 0.0)
    for path in itertools.product(states, repeat=4):
        came = step(AWAY, path[0], first, 1.0)
        weight = came * prod(
            step(one, other, segment, 2.0)
            for segment, (one, other) in zip(day[1:], itertools.pairwise(path), strict=True)
        )
        weight *= exp(
            sum(
                row[state + 1] if state in WORK else row[0]
                for row, state in zip(emissions, path, strict=True)
            )
        )
        for index, state in enumerate(path):
            expected[index][state] += weight
    found = OffscreenModel(GROUPS, RATES).posteriors(day, emissions)
    for row, wanted in zip(found, expected, strict=True):
        shown = [sum(wanted[AWAY:]), *wanted[:AWAY]]
        assert row == pytest.approx([value / sum(wanted) for value in shown])


def test_days_without_any_clue_are_nobodys() -> None:
    day = segments(20)
    probabilities = OffscreenModel(GROUPS, RATES).posteriors(day, [(0.0, -1.0, -1.0, -1.0)] * 20)
    assert decode(probabilities, GROUPS) == [0] * 20
    assert OffscreenModel((0,), RATES).posteriors([], []) == []
    assert decode([[1.0]], (0,)) == [0]


def test_where_work_is_as_likely_as_not_it_is_taken() -> None:
    sure, nobody, theirs = [0.0, 0.9, 0.1, 0.0], [0.9, 0.05, 0.05, 0.0], [0.0, 0.0, 0.0, 1.0]
    halves = [0.5, 0.2, 0.3, 0.0]  # two issues of one group
    shared, less = [0.2, 0.1, 0.25, 0.45], [0.4, 0.1, 0.1, 0.4]  # by two groups
    assert decode([sure, nobody, theirs, halves], GROUPS) == [1, 0, 3, 2]
    assert decode([shared, less], GROUPS) == [3, 0]


def cut_at(*minutes: tuple[int, int], seen: tuple[int, ...] = ()) -> list[Segment]:
    return [
        Segment(start * MINUTE, end * MINUTE, "" if n in seen else None)
        for n, (start, end) in enumerate(minutes)
    ]


def test_a_pause_that_is_too_short_to_be_known_of_is_none() -> None:
    short, long = (
        cut_at((0, 5), (5, 10), (10, 16), (16, 20)),
        cut_at((0, 5), (5, 17), (17, 20)),
    )
    assert bridge_pauses(short, [1, 0, 0, 2], GROUPS) == [1, 1, 1, 2]
    assert bridge_pauses(short, [1, 0, 0, 3], GROUPS) == [1, 0, 0, 3]
    assert bridge_pauses(short, [0, 0, 1, 0], GROUPS) == [0, 0, 1, 0]
    assert bridge_pauses(long, [1, 0, 1], GROUPS) == [1, 0, 1]


def test_a_short_pause_between_a_screen_and_clues_is_none() -> None:
    parts = ((0, 5), (5, 10), (10, 16))
    assert bridge_pauses(cut_at(*parts, seen=(0,)), [1, 0, 1], GROUPS) == [1, 1, 1]
    assert bridge_pauses(cut_at(*parts, seen=(2,)), [1, 0, 1], GROUPS) == [1, 1, 1]
    # Where both sides are on screen, the screen told of the pause.
    assert bridge_pauses(cut_at(*parts, seen=(0, 2)), [1, 0, 1], GROUPS) == [1, 0, 1]
    assert bridge_pauses(cut_at(*parts, seen=(1,)), [1, 0, 1], GROUPS) == [1, 0, 1]
    apart = cut_at((0, 5), (7, 10), (10, 16), seen=(0,))  # a still screen in between
    assert bridge_pauses(apart, [1, 0, 1], GROUPS) == [1, 0, 1]


def test_segments_that_do_not_touch_have_nothing_to_do_with_each_other() -> None:
    later = OffscreenPart(90 * MINUTE, 92 * MINUTE)
    rows = [(0.0, 9.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)]
    model = OffscreenModel(GROUPS, RATES)
    together = model.posteriors([*segments(1), later], rows)
    assert together == [
        *model.posteriors(segments(1), rows[:1]),
        *model.posteriors([later], rows[1:]),
    ]
