"""The evidence of commits, checkouts and messages, for the time around them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.events import Event, EventKind
from tracklater_bot.engine.intervals import MINUTE, within
from tracklater_bot.engine.score.context import FOLLOW, LEAD, ScoringContext
from tracklater_bot.engine.score.weights import Weights
from tracklater_bot.engine.segments import EvidenceSource, Segment

# Work for a group begins about this long before the branch for it is checked out, or right then.
BEFORE_CHECKOUT = 4 * MINUTE


def score_events(
    segments: Sequence[Segment], events: Sequence[Event], context: ScoringContext
) -> None:
    """Adds the evidence of the day's events, and off screen that of their absence."""
    starts = [segment.start for segment in segments]
    for event in events:
        segment = _segment_of(event, segments, starts)
        if segment is not None:
            _score_moment(event, segment, context)
    _score_nearness(segments, events, starts, context)
    for segment in segments:
        if not segment.on_screen:  # a minute without any clue speaks against work
            segment.at_noon = context.is_noon(segment.start)
            segment.any_group -= context.weights.offscreen_minute * segment.minutes
    for event in events:
        if event.kind is EventKind.CHECKOUT:  # a change to its group is likely before it
            first = bisect_left(starts, event.at - BEFORE_CHECKOUT)
            for segment in segments[first : bisect_right(starts, event.at)]:
                segment.next_group = event.groups[0]


# -- The moment itself --------------------------------------------------------------------------


def _segment_of(
    event: Event, segments: Sequence[Segment], starts: Sequence[float]
) -> Segment | None:
    """The segment that an event ends, for a commit, or begins."""
    if event.kind is EventKind.COMMIT:
        index = bisect_left(starts, event.at) - 1
    else:
        index = bisect_right(starts, event.at) - 1
        if index + 1 < len(segments) and (index < 0 or segments[index].end <= event.at):
            index += 1
    return segments[index] if index >= 0 else None


def _score_moment(event: Event, segment: Segment, context: ScoringContext) -> None:
    weights = context.weights
    of_kind = weights.events[event.kind]
    log_likelihood = of_kind.group if segment.on_screen else of_kind.offscreen_group
    if event.kind is EventKind.MESSAGE and within(context.calls, event.at, LEAD, FOLLOW):
        log_likelihood = weights.message_in_call
    source = EvidenceSource(event.about, event.kind, event.sha)
    for group in event.groups:
        segment.add_evidence(group, log_likelihood, source)
    for issue in event.issues:
        segment.add_issue_evidence(issue, of_kind.issue)
    if event.trunk:
        checkout = event.kind is EventKind.CHECKOUT
        no_issue = weights.trunk_checkout if checkout else weights.trunk_commit
        segment.add_no_issue_evidence(event.groups[0], no_issue)


# -- The time around it -------------------------------------------------------------------------


@dataclass(slots=True)
class _Near:
    """What the nearest events say of each minute of a segment: of anybody, each group and issue."""

    anybody: float = 0.0
    groups: dict[str, float] = field(default_factory=dict)
    issues: dict[IssueId, float] = field(default_factory=dict)

    def add(self, event: Event, rate: float) -> None:
        """Notes an event; of several for a group or an issue the nearest stays."""
        if not event.groups:
            self.anybody = max(self.anybody, rate)
        for group in event.groups:
            self.groups[group] = max(self.groups.get(group, 0.0), rate)
        for issue in event.issues:
            self.issues[issue] = max(self.issues.get(issue, 0.0), rate)


def _score_nearness(
    segments: Sequence[Segment],
    events: Sequence[Event],
    starts: Sequence[float],
    context: ScoringContext,
) -> None:
    """Work that is likely around events."""
    nearest: defaultdict[int, _Near] = defaultdict(_Near)
    for event in events:
        for index in _in_reach(event, segments, starts, context):
            nearest[index].add(event, _rate(event, segments[index], context.weights))
    for index, near in nearest.items():
        segment = segments[index]
        segment.any_group += near.anybody * segment.minutes
        for group, rate in near.groups.items():
            segment.add_evidence(group, rate * segment.minutes)
        for issue, rate in near.issues.items():
            segment.add_issue_evidence(issue, rate * segment.minutes)


def _in_reach(
    event: Event, segments: Sequence[Segment], starts: Sequence[float], context: ScoringContext
) -> Iterator[int]:
    """The segments that an event reaches: on screen those that lead to a commit, else all."""
    weights = context.weights.events[event.kind]
    before = max(weights.before.far, context.weights.commit_before.far)
    first = bisect_left(starts, event.at - before * MINUTE) - 1
    last = bisect_right(starts, event.at + weights.after.far * MINUTE)
    for index in range(max(first, 0), last):
        segment = segments[index]
        leads_to_commit = event.kind is EventKind.COMMIT and segment.end <= event.at
        if not segment.on_screen or (leads_to_commit and not within(context.calls, segment.start)):
            yield index


def _rate(event: Event, segment: Segment, weights: Weights) -> float:
    """What an event says of a minute of a segment, on the average over the segment."""
    distances = abs(event.at - segment.start) / MINUTE, abs(event.at - segment.end) / MINUTE
    nearest, farthest = min(distances), max(distances)
    if segment.on_screen:
        return weights.commit_minute * weights.commit_before.mean(nearest, farthest)
    of_kind = weights.events[event.kind]
    kernel = of_kind.before if segment.end <= event.at else of_kind.after
    rate = of_kind.minute if event.groups else weights.anybody_minute
    return rate * kernel.mean(nearest, farthest)
