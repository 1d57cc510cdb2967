"""Spans: a labelled day merged, fitted around what is tracked, rounded, and none too short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby, pairwise

from tracklater_bot.domain.day import Span, subtract
from tracklater_bot.domain.draft import Gap
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.infer.inference import LabelledDay
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import TOUCH, Interval, joined
from tracklater_bot.engine.looks import title_of
from tracklater_bot.engine.presence import Focus, Still, Watch
from tracklater_bot.engine.rounding import Grid, Row, rounded
from tracklater_bot.engine.windows import is_private


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
        goes_on = result and result[-1].goes_on(segment)
        result.append(replace(result.pop(), end=segment.end) if goes_on else segment)
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


# -- What is left: gaps ------------------------------------------------------------------------


INSTANT = 0.001


def gaps_in(suggested: Iterable[Span], watched: Watch, inputs: Inputs) -> tuple[Gap, ...]:
    """All time between the first and the last presence that nothing suggested or tracked covers."""
    until = min(inputs.now, inputs.day.span.end)
    if until <= inputs.day.span.start:
        return ()  # a day to come
    spans = [*suggested, *(s for entry in inputs.tracked if (s := entry.span(inputs.now)))]
    day = Span(inputs.day.span.start, until)
    taken = [part for span in spans if (part := span.intersection(day)) is not None]
    reasons = _reasons(watched, inputs)
    here = [*taken, *(span for span, why in reasons if why == "nobody")]
    shortest = timedelta(minutes=inputs.options.round_minutes)
    if not here:
        return ()
    whole = Span(min(span.start for span in here), max(span.end for span in here))
    frees = subtract([whole], taken)
    if frees and frees[-1].end == whole.end and frees[-1].length < shortest:
        frees.pop()  # what is left when the last is rounded
    return tuple(gap for free in frees for gap in _told(free, reasons, shortest))


def _reasons(watched: Watch, inputs: Inputs) -> list[tuple[Span, str]]:
    """Spans and what they are, the first that covers a moment counts."""
    zero, length = inputs.day.span.start, inputs.day.span.length / timedelta(seconds=1)
    seen: Sequence[Focus | Still] = (*watched.stays, *watched.stills)
    private = {look for look in {focus.title for focus in seen} if is_private(title_of(look))}
    hidden = [(focus.start, focus.end) for focus in seen if focus.title in private]
    kinds: tuple[tuple[str, Sequence[Interval]], ...] = (
        ("private", joined([*watched.hidden, *hidden], TOUCH)),
        ("nobody", joined(((stay.start, stay.end) for stay in watched.stays), TOUCH)),
        ("still", [(still.start, still.end) for still in watched.stills]),
    )
    return [
        (Span(zero + timedelta(seconds=start), zero + timedelta(seconds=min(end, length))), why)
        for why, intervals in kinds
        for start, end in intervals
        if min(end, length) - start > INSTANT
    ]


def _told(free: Span, reasons: Sequence[tuple[Span, str]], least: timedelta) -> Iterator[Gap]:
    """A free span in gaps with one reason each; one under `least` goes with what it touches."""
    inside = [(span, why) for span, why in reasons if span.overlaps(free)]
    edges = {edge for span, _ in inside for edge in (span.start, span.end)}
    marks = sorted({free.start, free.end, *(edge for edge in edges if edge in free)})
    parts = [
        Gap(part, next((why for span, why in inside if part.start in span), "away"))
        for part in (Span(*pair) for pair in pairwise(marks))
    ]
    parts = _by_reason(parts)
    while len(parts) > 1 and min(part.span.length for part in parts) < least:
        shortest = min(range(len(parts)), key=lambda n: parts[n].span.length)
        beside = [n for n in (shortest - 1, shortest + 1) if 0 <= n < len(parts)]
        taker = max(beside, key=lambda n: parts[n].span.length)
        parts[shortest] = Gap(parts[shortest].span, parts[taker].why)
        parts = _by_reason(parts)
    yield from parts


def _by_reason(parts: Iterable[Gap]) -> list[Gap]:
    runs = (list(run) for _, run in groupby(parts, key=lambda part: part.why))
    return [Gap(Span(run[0].span.start, run[-1].span.end), run[0].why) for run in runs]
