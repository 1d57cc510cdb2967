"""Spans: labelled segments fitted around what is tracked, rounded, and none too short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracklater_bot.domain.day import Span, round_boundaries, subtract
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.infer.inference import LabelledDay
from tracklater_bot.engine.infer.merge import LabelledSegment
from tracklater_bot.engine.inputs import Inputs


@dataclass(frozen=True, slots=True)
class RoundedSpan:
    """A span to suggest, and the exact one that it was rounded from."""

    span: Span
    exact: Span
    group: str | None
    key: IssueId | None


def fit_spans(
    segments: Iterable[LabelledSegment], day: LabelledDay, inputs: Inputs
) -> list[RoundedSpan]:
    """Spans in order that overlap neither each other nor what is tracked, nor reach past now."""
    tracked = [span for entry in inputs.tracked if (span := entry.span(inputs.now)) is not None]
    shortest = timedelta(minutes=inputs.options.min_minutes)
    spans = [
        RoundedSpan(span, span, segment.group, segment.key)
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
        or _has_own_evidence(span, day, inputs)
    ]


def _has_own_evidence(span: Span, day: LabelledDay, inputs: Inputs) -> bool:
    """Whether a screen or a clue is in the span itself."""
    zero = inputs.day.span.start
    interval = (span.start - zero).total_seconds(), (span.end - zero).total_seconds()
    inside = (day.segments[index] for index, _ in day.overlapping(interval))
    return any(segment.on_screen or segment.evidence for segment in inside)


def _rounded(
    exact: Iterable[RoundedSpan], tracked: Sequence[Span], inputs: Inputs
) -> list[RoundedSpan]:
    """Spans on the grid, but for edges of tracked time: what touched it still does."""
    minutes = inputs.options.round_minutes
    shortest = timedelta(minutes=inputs.options.min_minutes)
    fixed = {edge for span in tracked for edge in (span.start, span.end)}
    until = min(inputs.now, inputs.day.span.end)
    result: list[RoundedSpan] = []
    for one in exact:
        start, end = _on_grid(one.exact, minutes, fixed)
        start = max(start, result[-1].span.end if result else inputs.day.span.start)
        end = min(end, until)
        free = subtract([Span(start, end)] if start < end else [], tracked)
        span = max(free, key=lambda part: (_shared(part, one.exact), part.length), default=None)
        if span is not None and span.length >= shortest:
            result.append(replace(one, span=span))
    return result


def _on_grid(exact: Span, minutes: int, fixed: Iterable[datetime]) -> tuple[datetime, datetime]:
    """The span's boundaries, rounded unless fixed; the step it lies in where that leaves none."""
    start, end = round_boundaries([exact.start, exact.end], minutes)
    start = exact.start if exact.start in fixed else start
    end = exact.end if exact.end in fixed else end
    if start < end:
        return start, end
    step = timedelta(minutes=minutes)
    middle = exact.start + exact.length / 2
    [near] = round_boundaries([middle], minutes)
    return (near - step, near) if near > middle else (near, near + step)


def _shared(span: Span, exact: Span) -> timedelta:
    both = span.intersection(exact)
    return both.length if both is not None else timedelta()
