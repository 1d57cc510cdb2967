"""Inference: all explanations of a day's segments, how likely each is, and the best one.

What was seen and what clues alone tell of are two chains: a commit made elsewhere is no reason to
doubt what was on screen after it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeAlias

from tracklater_bot.domain.day import without
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.infer.hmm import IDLE, Chain, posteriors, refine_boundaries, viterbi
from tracklater_bot.engine.infer.hmm_offscreen import DRAWN, OffscreenModel, OffscreenPart, decode
from tracklater_bot.engine.intervals import MINUTE, TOUCH, Interval
from tracklater_bot.engine.presence import Focus, Still, Watch, patient_until
from tracklater_bot.engine.segments import Segment
from tracklater_bot.engine.weights import OFFSCREEN
from tracklater_bot.engine.windows import WindowKind

SegmentLabel = tuple[str, IssueId | None] | None  # group and issue; None explains nothing
Rows: TypeAlias = Sequence[Sequence[float]]  # a row for each segment, a number for each state
# Where no screen was recorded, this much of a posterior holds: breaks leave no trace there.
OFFSCREEN_TRUST = 0.85
LEAST_DOUBT = 10 * MINUTE
# Clues do not show so short a pause; in seconds.
SHORTEST_PAUSE = 12 * MINUTE


@dataclass(frozen=True, slots=True)
class Doubt:
    """A stretch that makes all it is part of less sure: no surer than `most`."""

    interval: Interval
    most: float

    def weighs_on(self, interval: Interval) -> bool:
        """Whether it is most of an interval, or so much of it that it would have to be cut out."""
        start, end = self.interval
        shared = min(end, interval[1]) - max(start, interval[0])
        return shared >= LEAST_DOUBT or 2 * shared > interval[1] - interval[0]


@dataclass(frozen=True, slots=True)
class LabelledDay:
    """A day's segments with all explanations of them.

    For each segment: its log-likelihood in each state, the state's posterior probability, and the
    number of the state that is taken. `doubts` are what these probabilities know nothing of.
    """

    segments: Sequence[Segment]
    states: Sequence[SegmentLabel]
    emissions: Rows
    posteriors: Rows
    path: Sequence[int]
    doubts: Sequence[Doubt] = ()

    def overlapping(self, interval: Interval) -> Iterator[tuple[int, float]]:
        """The indices of the segments that share time with an interval, and the shared minutes."""
        start, end = interval
        first = bisect_right(self.segments, start, key=lambda segment: segment.start) - 1
        for index in range(max(first, 0), len(self.segments)):
            segment = self.segments[index]
            if segment.start >= end:
                return
            shared = min(segment.end, end) - max(segment.start, start)
            if shared > 0:
                yield index, shared / MINUTE

    def probability(self, group: str | None, interval: Interval) -> float:
        """How likely the group is in an interval, over the minutes with a segment."""
        columns = [n for n, state in enumerate(self.states) if (state and state[0]) == group]
        right = whole = 0.0
        for index, shared in self.overlapping(interval):
            trust = 1.0 if self.segments[index].on_screen else OFFSCREEN_TRUST
            right += shared * trust * sum(self.posteriors[index][column] for column in columns)
            whole += shared
        doubts = (doubt.most for doubt in self.doubts if doubt.weighs_on(interval))
        return min(right / whole, 1.0, *doubts) if whole else 0.0


def label(segments: Sequence[Segment]) -> LabelledDay:
    """All explanations of the segments, weighed against each other."""
    states = _states(segments)
    emissions = [[_log_likelihood(segment, state) for state in states] for segment in segments]
    probabilities: list[Sequence[float]] = [()] * len(segments)
    path = [IDLE] * len(segments)
    for on_screen in (True, False):
        indices = [n for n, segment in enumerate(segments) if segment.on_screen is on_screen]
        own, own_emissions = [segments[n] for n in indices], tuple(emissions[n] for n in indices)
        if on_screen:
            chain = Chain(group_numbers(states), own_emissions, tuple(s.costs for s in own))
            rows = posteriors(chain)
            minutes = [segment.minutes for segment in own]
            best = refine_boundaries(chain, viterbi(chain), rows, minutes)
        else:
            rows = _offscreen_posteriors(own, states, own_emissions)
            best = decode(rows, group_numbers(states))
        for index, row, state in zip(indices, rows, best, strict=True):
            segments[index].drawn = state == DRAWN
            probabilities[index], path[index] = row, max(state, IDLE)
    path = bridge_pauses(segments, path, group_numbers(states))
    return LabelledDay(segments, states, emissions, probabilities, path)


def _offscreen_posteriors(
    segments: Sequence[Segment], states: Sequence[SegmentLabel], emissions: Rows
) -> list[list[float]]:
    groups = group_numbers(states)
    numbers = {state[0]: group for state, group in zip(states, groups, strict=True) if state}
    offscreen = [
        OffscreenPart(s.start, s.end, s.at_noon, numbers.get(s.next_group or "", IDLE))
        for s in segments
    ]
    return OffscreenModel(groups, OFFSCREEN).posteriors(offscreen, emissions)


def bridge_pauses(
    segments: Sequence[Segment], path: Sequence[int], groups: Sequence[int]
) -> list[int]:
    """The path without pauses that are too short to be known of from clues alone."""
    result = list(path)
    idle = [
        state == IDLE and not segment.on_screen
        for segment, state in zip(segments, path, strict=True)
    ]
    last = 0
    for is_idle, run in groupby(idle):
        first, last = last, last + len(list(run))
        if is_idle and first > 0 and last < len(path):
            before, after = path[first - 1], path[last]
            if groups[before] == groups[after] and _is_bridge(segments[first - 1 : last + 1]):
                result[first:last] = [before] * (last - first)
    return result


def _is_bridge(segments: Sequence[Segment]) -> bool:
    """Whether those inside are a short pause between the outer ones, not both on screen."""
    gap = segments[-1].start - segments[0].end
    inside = sum(segment.end - segment.start for segment in segments[1:-1])
    both_on_screen = segments[0].on_screen and segments[-1].on_screen
    return gap < SHORTEST_PAUSE and gap - inside <= TOUCH and not both_on_screen


def group_numbers(states: Sequence[SegmentLabel]) -> tuple[int, ...]:
    """Each state's group by number, and 0 for idle."""
    names = list(dict.fromkeys(state[0] for state in states if state is not None))
    return tuple(IDLE if state is None else names.index(state[0]) + 1 for state in states)


def _states(segments: Sequence[Segment]) -> list[SegmentLabel]:
    """Idle, then each group that has any evidence, without and with each of its issues.

    Groups come in the order of their evidence: of those alike the first wins, whatever its name.
    """
    issues = sorted({issue for segment in segments for issue in segment.issues})
    groups = dict.fromkeys(group for segment in segments for group in segment.groups)
    states: list[SegmentLabel] = [None]
    for group in groups | dict.fromkeys(issue.group for issue in issues):
        states += [(group, None), *((group, issue) for issue in issues if issue.group == group)]
    return states


def _log_likelihood(segment: Segment, state: SegmentLabel) -> float:
    if state is None:
        return segment.idle
    group, issue = state
    log_likelihood = segment.any_group + segment.groups.get(group, 0.0)
    if issue is None:
        return log_likelihood + segment.no_issue.get(group, 0.0)
    return log_likelihood + segment.any_issue + segment.issues.get(issue, 0.0)


# -- What stands still, and what tells nothing -------------------------------------------------


# So long a stretch may be work, and up to the first it is about as sure as what is beside it.
SURE_STILL, LONGEST_STILL = 25 * MINUTE, 45 * MINUTE
AFTER_SURE, AFTER_LONG = 0.95, 0.8
# How sure work is at most where nothing changes, or tells of the group, for so many minutes, and
# how much less with each more: in an ordinary window, in a call, which may have been left open, and
# on a moving screen.
STILL, OPEN_CALL, SILENT = (10.0, 0.89, 0.01), (35.0, 0.99, 0.004), (15.0, 0.89, 0.004)
LEAST = 0.65
LONGEST_LULL = 10 * MINUTE  # before other work or nobody's
LITTLE = 0.3  # evidence of a segment that tells next to nothing


def settled(
    day: LabelledDay, watched: Watch, away: Sequence[Interval], kinds: WindowKind
) -> tuple[LabelledDay, Watch]:
    """The day and what was seen of it, with what is known of screens that stand still.

    `away` are meetings away from the screen.
    """
    left = [*left_in(day, watched.lulls, kinds)]
    watched = watched.without(left)
    day = without_time(day, [still[:2] for still in left])
    day = replace(day, doubts=tuple(doubts_about(day, watched.lulls, kinds)))
    stills = (s for s in watched.stills if [*without([s[:2]], away)] == [s[:2]])
    return with_stills(day, stills, kinds), watched


def with_stills(day: LabelledDay, stills: Iterable[Still], kinds: WindowKind) -> LabelledDay:
    """The day with those still stretches that were work for the group before and after them.

    Only in windows that keep their title whatever is done in them: in front of any other one that
    stands still for so long nobody was there, mostly.
    """
    began = {segment.start: n for n, segment in enumerate(day.segments) if segment.on_screen}
    ended = {segment.end: n for n, segment in enumerate(day.segments) if segment.on_screen}
    groups = [state[0] if state else None for state in day.states]
    found: list[tuple[Segment, int]] = []
    for still in stills:
        before = next((n for at, n in ended.items() if abs(at - still.start) <= TOUCH), None)
        after = next((n for at, n in began.items() if abs(at - still.end) <= TOUCH), None)
        if before is None or after is None or not kinds.keeps_title(still.title):
            continue
        ours, theirs = (groups[day.path[n]] for n in (before, after))
        in_front = day.segments[before].title == still.title
        limit = LONGEST_STILL if kinds.keeps_title(still.title, long=True) else SURE_STILL
        left = patient_until(still.since, still.end, limit)
        if in_front and ours is not None and ours == theirs and left > still.start:
            found.append((Segment(still.start, left, still.title), before))
    doubts = (
        Doubt(interval, AFTER_LONG if interval[1] - interval[0] > SURE_STILL else AFTER_SURE)
        for interval in ((segment.start, segment.end) for segment, _ in found)
    )
    rows = [*zip(day.segments, day.emissions, day.posteriors, day.path, strict=True)]
    even = (0.0,) * len(day.states)
    rows += [(segment, even, day.posteriors[like], day.path[like]) for segment, like in found]
    rows.sort(key=lambda row: (row[0].start, row[0].end))
    return replace(_with_rows(day, rows), doubts=(*day.doubts, *doubts))


def left_in(day: LabelledDay, lulls: Iterable[Focus], kinds: WindowKind) -> Iterator[Still]:
    """Long looks at one window that were a pause: other work, or nobody, came after them.

    Who goes on with the same work may have read. Who looks long at a window of what is next has
    begun with it.
    """
    groups = [state[0] if state else None for state in day.states]
    seen = [n for n, segment in enumerate(day.segments) if segment.on_screen]
    starts = [day.segments[n].start for n in seen]
    for start, end, title in lulls:
        left = patient_until(start, end, LONGEST_LULL)
        if left == end or kinds.is_meeting(title):
            continue
        first, last = bisect_right(starts, start) - 1, bisect_left(starts, end - TOUCH)
        inside = [day.segments[n] for n in seen[first:last]]
        if inside[-1].end > end + TOUCH:
            continue  # they went on in the same window
        first -= starts[first] == start  # what is before is a part of the same look, or another
        before = groups[day.path[seen[first]]] if first >= 0 else None
        touches = last < len(seen) and starts[last] - end <= TOUCH
        following = groups[day.path[seen[last]]] if touches else None
        begun = any(following in segment.groups for segment in inside)
        if not touches or (first >= 0 and following != before and not begun):
            yield Still(left, end, title, start)


def without_time(day: LabelledDay, intervals: Sequence[Interval]) -> LabelledDay:
    """The day without what was seen in intervals."""
    if not intervals:
        return day
    rows = []
    for segment, *row in zip(day.segments, day.emissions, day.posteriors, day.path, strict=True):
        whole = (segment.start, segment.end)
        for start, end in without([whole], intervals) if segment.on_screen else (whole,):
            rows.append((replace(segment, start=start, end=end), *row))
    return _with_rows(day, rows)


def doubts_about(day: LabelledDay, lulls: Iterable[Focus], kinds: WindowKind) -> Iterator[Doubt]:
    """What makes work less sure: long looks at one window, calls left open, windows of nobody's."""
    for lull in lulls:
        if kinds.is_meeting(lull.title):
            yield from _doubt((lull.start, lull.end), OPEN_CALL)
        elif not kinds.keeps_title(lull.title):
            yield from _doubt((lull.start, lull.end), STILL)
    rows = [pair for pair in zip(day.segments, day.path, strict=True) if pair[0].on_screen]
    for silent, run in groupby(rows, key=lambda pair: _is_silent(day, *pair)):
        if silent:
            parts = [segment for segment, _ in run]
            yield from _doubt((parts[0].start, parts[-1].end), SILENT)


def _doubt(interval: Interval, measure: tuple[float, float, float]) -> Iterator[Doubt]:
    from_minutes, most, less = measure
    more = (interval[1] - interval[0]) / MINUTE - from_minutes
    if more > 0 or measure is STILL:
        yield Doubt(interval, max(LEAST, most - less * max(more, 0.0)))


def _is_silent(day: LabelledDay, segment: Segment, number: int) -> bool:
    state = day.states[number]
    return state is not None and segment.groups.get(state[0], 0.0) <= LITTLE


def _with_rows(day: LabelledDay, rows: Sequence[tuple[Any, ...]]) -> LabelledDay:
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    segments, emissions, posteriors, path = map(tuple, columns)
    return replace(day, segments=segments, emissions=emissions, posteriors=posteriors, path=path)
