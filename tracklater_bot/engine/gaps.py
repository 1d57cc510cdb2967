"""Gaps: the time of a day that is neither suggested nor tracked, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby, pairwise

from tracklater_bot.domain.day import Span, subtract
from tracklater_bot.domain.draft import Gap
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import TOUCH, Interval, joined
from tracklater_bot.engine.looks import title_of
from tracklater_bot.engine.presence import Focus, Still, Watch
from tracklater_bot.engine.windows import is_private

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
    parts = _joined(parts)
    while len(parts) > 1 and min(part.span.length for part in parts) < least:
        shortest = min(range(len(parts)), key=lambda n: parts[n].span.length)
        beside = [n for n in (shortest - 1, shortest + 1) if 0 <= n < len(parts)]
        taker = max(beside, key=lambda n: parts[n].span.length)
        parts[shortest] = Gap(parts[shortest].span, parts[taker].why)
        parts = _joined(parts)
    yield from parts


def _joined(parts: Iterable[Gap]) -> list[Gap]:
    runs = (list(run) for _, run in groupby(parts, key=lambda part: part.why))
    return [Gap(Span(run[0].span.start, run[-1].span.end), run[0].why) for run in runs]
