"""Spans: a labelled day merged, fitted around what is tracked, rounded, and none too short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tracklater_bot.domain.day import Span, subtract
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.infer.inference import LabelledDay
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import TOUCH, Interval
from tracklater_bot.engine.rounding import Grid, Row, rounded


@dataclass(frozen=True, slots=True)
class LabelledSegment:
    """Time with one explanation, in seconds. `group` is None where nothing is known.

    `meeting` tells the parts of a meeting from work for the same group before and after it.
    """

    start: float
    end: float
    group: str | None
    key: IssueId | None
    meeting: float | None = None

    @property
    def length(self) -> float:
        """How long it is, in seconds."""
        return self.end - self.start

    def goes_on(self, other: LabelledSegment) -> bool:
        """Whether another touches it and has the same explanation."""
        own, theirs = (self.group, self.key, self.meeting), (other.group, other.key, other.meeting)
        return own == theirs and _touch(self, other)


@dataclass(frozen=True, slots=True)
class RoundedSpan:
    """A span to suggest, and the exact one that it was rounded from."""

    span: Span
    exact: Span
    group: str | None
    key: IssueId | None
    meeting: float | None = None


def interval_of(span: Span, inputs: Inputs) -> Interval:
    """The span in seconds since the day began."""
    zero = inputs.day.span.start
    return (span.start - zero).total_seconds(), (span.end - zero).total_seconds()


# -- Merging -----------------------------------------------------------------------------------


def merge(day: LabelledDay, shortest: float) -> list[LabelledSegment]:
    """The day's labelled segments; those under `shortest` seconds go to a neighbour they touch.

    The shortest goes first, each to the neighbour with the best claim.
    """
    merged = _joined(_labelled(day))
    alone: set[LabelledSegment] = set()
    while short := [one for one in merged if one.length < shortest and one not in alone]:
        segment = min(short, key=lambda one: (one.length, one.start))
        index = merged.index(segment)
        before, after = merged[max(index - 1, 0) : index], merged[index + 1 : index + 2]
        touching = [one for one in before if _touch(one, segment)]
        touching += [one for one in after if _touch(segment, one)]
        if touching:
            taker = max(touching, key=lambda neighbour: _claim(neighbour, segment, day))
            given = replace(taker, start=segment.start, end=segment.end)
            merged = _joined([*merged[:index], given, *merged[index + 1 :]])
        else:
            alone.add(segment)
    return merged


def _labelled(day: LabelledDay) -> Iterator[LabelledSegment]:
    for segment, number in zip(day.segments, day.path, strict=True):
        state = day.states[number]
        if segment.end > segment.start and (state or segment.on_screen or segment.drawn):
            group, key = state or (None, None)
            # What nobody knows of a call is asked by itself, whatever is nobody's beside it.
            meeting = segment.meeting if state else segment.meeting or segment.nameless_call
            yield LabelledSegment(segment.start, segment.end, group, key, meeting)


def _joined(segments: Iterable[LabelledSegment]) -> list[LabelledSegment]:
    result: list[LabelledSegment] = []
    for segment in segments:
        last = result[-1] if result else None
        if last and last.goes_on(segment):
            result[-1] = replace(last, end=segment.end)
        else:
            result.append(segment)
    return result


def _touch(first: LabelledSegment, second: LabelledSegment) -> bool:
    return second.start - first.end <= TOUCH


def _claim(
    taker: LabelledSegment, short: LabelledSegment, day: LabelledDay
) -> tuple[bool, bool, float, float]:
    """How good a claim a neighbour has: the same group, any group, probability, length."""
    probability = day.probability(taker.group, (short.start, short.end))
    return taker.group == short.group, taker.group is not None, probability, taker.length


# -- Fitting -----------------------------------------------------------------------------------


def fit_spans(
    segments: Iterable[LabelledSegment], day: LabelledDay, inputs: Inputs
) -> list[RoundedSpan]:
    """Spans in order that overlap neither each other nor what is tracked, nor reach past now."""
    tracked = [span for entry in inputs.tracked if (span := entry.span(inputs.now)) is not None]
    shortest = timedelta(minutes=inputs.options.min_minutes)
    spans = [
        RoundedSpan(span, span, segment.group, segment.key, segment.meeting)
        for segment in segments
        for span in _untracked(segment, tracked, day, inputs)
        if span.length >= shortest
    ]
    return _rounded(spans, tracked, inputs)


def _untracked(
    segment: LabelledSegment, tracked: Sequence[Span], day: LabelledDay, inputs: Inputs
) -> list[Span]:
    """What is left of a segment, without ends for which only clues in tracked time spoke."""
    zero = inputs.day.span.start
    whole = Span(zero + timedelta(seconds=segment.start), zero + timedelta(seconds=segment.end))
    left = subtract([whole], tracked)
    if left == [whole]:
        return left
    return [
        span
        for span in left
        if (span.start > whole.start and span.end < whole.end)
        or any(  # a screen or a clue is in the span itself
            day.segments[index].on_screen or day.segments[index].evidence
            for index, _ in day.overlapping(interval_of(span, inputs))
        )
    ]


def _rounded(
    exact: Sequence[RoundedSpan], tracked: Sequence[Span], inputs: Inputs
) -> list[RoundedSpan]:
    """Spans on the grid, but for edges of tracked time: what touched it still does."""
    if not exact:
        return []
    shortest = timedelta(minutes=inputs.options.min_minutes)
    edges = frozenset(edge for span in tracked for edge in (span.start, span.end))
    whole = Span(inputs.day.span.start, min(inputs.now, inputs.day.span.end))
    step = timedelta(minutes=inputs.options.round_minutes)
    grid = Grid(step, subtract([whole], tracked), edges, shortest)
    found = rounded([Row(one.exact, one.group) for one in exact], grid, inputs.left_over)
    return [
        replace(one, span=span)
        for one, span in zip(exact, found, strict=True)
        if span is not None and span.length >= shortest
    ]
