"""Fitting: stretches as spans around what is tracked, rounded, and none too short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracklater_bot.domain.day import Span, round_boundaries, subtract
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.infer.inference import LabelledDay
from tracklater_bot.engine.infer.merge import LabelledSegment
from tracklater_bot.engine.inputs import Inputs


@dataclass(frozen=True, slots=True)
class RoundedSpan:
    """A span to suggest, and the part of the day that it was rounded from."""

    span: Span
    exact: Span
    group: str | None
    key: IssueId | None


def fitted(
    stretches: Iterable[LabelledSegment], explained: LabelledDay, inputs: Inputs
) -> list[RoundedSpan]:
    """Spans in order that overlap neither each other nor what is tracked, nor reach past now."""
    tracked = [span for each in inputs.tracked if (span := each.span(inputs.now)) is not None]
    shortest = timedelta(minutes=inputs.options.min_minutes)
    parts = [
        RoundedSpan(part, part, stretch.group, stretch.key)
        for stretch in stretches
        for part in _untracked(_span(stretch, inputs), tracked, explained, inputs)
        if part.length >= shortest
    ]
    return _rounded(parts, tracked, inputs)


def _untracked(
    span: Span, tracked: Sequence[Span], explained: LabelledDay, inputs: Inputs
) -> list[Span]:
    """What is left of a span, without ends that only clues in tracked time spoke for."""
    left = subtract([span], tracked)
    if left == [span]:
        return left
    return [
        each
        for each in left
        if (each.start > span.start and each.end < span.end) or _is_told(each, explained, inputs)
    ]


def _is_told(span: Span, explained: LabelledDay, inputs: Inputs) -> bool:
    """Whether a screen or a clue is in the span itself."""
    zero = inputs.day.span.start
    part = (span.start - zero).total_seconds(), (span.end - zero).total_seconds()
    inside = (explained.pieces[place] for place, _ in explained.inside(part))
    return any(piece.seen or piece.grounds for piece in inside)


def _span(stretch: LabelledSegment, inputs: Inputs) -> Span:
    zero = inputs.day.span.start
    return Span(zero + timedelta(seconds=stretch.start), zero + timedelta(seconds=stretch.end))


def _rounded(
    parts: Iterable[RoundedSpan], tracked: Sequence[Span], inputs: Inputs
) -> list[RoundedSpan]:
    """Spans on the grid, but for edges of tracked time: what touched it still does."""
    minutes = inputs.options.round_minutes
    shortest = timedelta(minutes=inputs.options.min_minutes)
    fixed = {edge for span in tracked for edge in (span.start, span.end)}
    until = min(inputs.now, inputs.day.span.end)
    result: list[RoundedSpan] = []
    for part in parts:
        start, end = _on_grid(part.exact, minutes, fixed)
        start = max(start, result[-1].span.end if result else inputs.day.span.start)
        free = subtract([Span(start, end)] if start < (end := min(end, until)) else [], tracked)
        span = max(free, key=lambda each: (_shared(each, part.exact), each.length), default=None)
        if span is not None and span.length >= shortest:
            result.append(RoundedSpan(span, part.exact, part.group, part.key))
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
