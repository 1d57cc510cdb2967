"""Reasons: the few things that decided a suggestion, and where it is best split.

Names and counts only: no window title ever gets into a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate

from tracklater_bot.domain.suggestions import Reason
from tracklater_bot.domain.text import count
from tracklater_bot.engine.events import EventKind
from tracklater_bot.engine.infer.hmm import IDLE, Chain, viterbi
from tracklater_bot.engine.infer.inference import LabelledDay, SegmentLabel, group_numbers
from tracklater_bot.engine.intervals import MINUTE, Interval
from tracklater_bot.engine.segments import EvidenceSource
from tracklater_bot.engine.weights import NEUTRAL_MINUTE

MOST_REASONS = 4
NOTHING_KNOWN = "nothing known"
NEIGHBOUR = 4.0  # the log-likelihood of a neighbour's group in what lies beside it off screen
IMPOSSIBLE = -1e9
# Both sides of a split are at least this long, and another state is likelier on one by this much.
SHORTEST_SIDE = 5 * MINUTE
LEAST_GAIN = 1.5


# -- Why ---------------------------------------------------------------------------------------


def reasons(group: str, day: LabelledDay, interval: Interval) -> tuple[Reason, ...]:
    """The sources of the group's evidence, strongest first, with their shares of all of it."""
    weights: defaultdict[EvidenceSource, float] = defaultdict(float)
    minutes: defaultdict[EvidenceSource, float] = defaultdict(float)
    shas: defaultdict[EvidenceSource, list[str]] = defaultdict(list)
    for index, shared in day.overlapping(interval):
        for owner, source, log_likelihood in day.segments[index].evidence:
            if owner == group:
                weights[source] += log_likelihood
                minutes[source] += shared
                shas[source].append(source.sha)
    if not weights:
        return (Reason(f"work for {group} around it", 1.0),)
    whole = sum(weights.values())
    strongest = sorted(weights, key=lambda one: (-weights[one], one.about))[:MOST_REASONS]
    return tuple(
        Reason(_in_words(one, shas[one], minutes[one]), round(weights[one] / whole, 3))
        for one in strongest
    )


def _in_words(source: EvidenceSource, shas: Sequence[str], minutes: float) -> str:
    about = source.about
    if source.kind is EventKind.COMMIT:
        return f"{count(len(set(shas)), 'commit')} in {about}"
    if source.kind is EventKind.CHECKOUT:
        return f"branch {about} checked out" if about else "a commit checked out"
    if source.kind is EventKind.MESSAGE:
        return f"{count(len(shas), 'message')}{f' in #{about}' if about else ''}"
    return f"{about} in window titles, {max(round(minutes), 1)} min"


def alternative(
    group: str, day: LabelledDay, interval: Interval, neighbours: Iterable[str | None]
) -> str:
    """What would have been suggested without the group's own evidence: a group, or nothing.

    It may be the same group, where that is beside it too.
    """
    indices = [index for index, _ in day.overlapping(interval)]
    on_screen = [index for index in indices if day.segments[index].on_screen]
    if on_screen:
        return _alternative_on_screen(group, day, on_screen)
    claims: defaultdict[str, float] = defaultdict(float)
    for index in indices:
        for name, log_likelihood in day.segments[index].groups.items():
            claims[name] += log_likelihood
    claims.pop(group, None)
    for neighbour in neighbours:
        if neighbour is not None:
            claims[neighbour] += NEIGHBOUR
    best = max(sorted(claims), key=lambda name: claims[name], default=None)
    idle = sum(day.segments[index].idle for index in indices)
    return best if best is not None and claims[best] > idle else NOTHING_KNOWN


def _alternative_on_screen(group: str, day: LabelledDay, indices: Sequence[int]) -> str:
    """The best path between what is before and after, had the segments no evidence for it."""
    segments, states = day.segments, day.states
    rows = {index: _without_evidence(group, day, index) for index in indices}
    before = next((n for n in range(indices[0] - 1, -1, -1) if segments[n].on_screen), None)
    after = next((n for n in range(indices[-1] + 1, len(segments)) if segments[n].on_screen), None)
    for index in (before, after):
        if index is not None:
            rows[index] = [IMPOSSIBLE] * len(states)
            rows[index][day.path[index]] = 0.0
    order = sorted(rows)
    costs = tuple(segments[index].costs for index in order)
    chain = Chain(group_numbers(states), tuple(rows[index] for index in order), costs)
    minutes: defaultdict[str, float] = defaultdict(float)
    for index, number in zip(order, viterbi(chain), strict=True):
        if index not in (before, after):
            state = states[number]
            minutes[state[0] if state else NOTHING_KNOWN] += segments[index].minutes
    return max(sorted(minutes), key=lambda name: minutes[name])


def _without_evidence(group: str, day: LabelledDay, index: int) -> list[float]:
    """A segment's emissions, had it no evidence for the group."""
    segment = day.segments[index]
    row = [
        segment.any_group if state is not None and state[0] == group else emission
        for state, emission in zip(day.states, day.emissions[index], strict=True)
    ]
    if segment.groups.keys() == {group}:
        row[IDLE] += NEUTRAL_MINUTE * segment.minutes
    return row


# -- Where to split ----------------------------------------------------------------------------


def best_split(day: LabelledDay, state: SegmentLabel, interval: Interval) -> float | None:
    """The moment inside before or after which another state fits best.

    None where the state fits best on both sides of every moment.
    """
    indices = [index for index, _ in day.overlapping(interval)]
    rows = [day.emissions[index] for index in indices]
    starts = [day.segments[index].start for index in indices]
    own = day.states.index(state) if state in day.states else IDLE
    earliest, latest = SHORTEST_SIDE, interval[1] - interval[0] - SHORTEST_SIDE
    most, best = LEAST_GAIN, None
    for column in range(len(day.states)):
        sums = list(accumulate(row[column] - row[own] for row in rows))
        for at, before in zip(starts[1:], sums, strict=False):
            gain = max(before, sums[-1] - before)
            if gain > most and earliest <= at - interval[0] <= latest:
                most, best = gain, at
    return best
