"""The engine: clues in, suggestions out. Pure: the same input gives the same output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tracklater_bot.domain.draft import Gap
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine.events import Event, events_of
from tracklater_bot.engine.infer.hmm import IDLE
from tracklater_bot.engine.infer.inference import LabelledDay, label, settled
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import MINUTE, Interval, cut
from tracklater_bot.engine.looks import title_of
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.meetings import Kept, at_screen, kept_in, planned_in, score_kept
from tracklater_bot.engine.presence import Watch, watch_of
from tracklater_bot.engine.scoring import ScoringContext, calls_in, score
from tracklater_bot.engine.segments import cut_day
from tracklater_bot.engine.spans import RoundedSpan, fit_spans, gaps_in, interval_of, merge
from tracklater_bot.engine.suggestions import SuggestionBuilder
from tracklater_bot.engine.windows import WindowKind, WindowPlace

__all__ = ["Answer", "Inputs", "answer", "suggest", "unexplained_titles"]

NOBODYS = (WindowPlace.LEISURE, WindowPlace.OWN)


@dataclass(frozen=True, slots=True)
class _Inferred:
    """What was inferred of a day: its events, its labelled segments, the spans to suggest."""

    matcher: Matcher
    events: Sequence[Event]
    day: LabelledDay
    spans: Sequence[RoundedSpan]
    meetings: Sequence[Kept]
    watched: Watch


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine says of a day: what to suggest, and why it says nothing of the rest."""

    suggestions: tuple[Suggestion, ...] = ()
    gaps: tuple[Gap, ...] = ()


def answer(inputs: Inputs) -> Answer:
    """The day's suggestions and gaps, each in order; none overlaps another, or what is tracked.

    Time that somebody was there and that nothing explains has no group, or is a gap where its
    windows are known to be nobody's work.
    """
    inferred = _infer(inputs)
    builder = SuggestionBuilder(
        inputs, inferred.matcher, inferred.events, inferred.day, inferred.meetings
    )
    suggestions = builder.suggestions(inferred.spans)
    taken = (suggestion.span for suggestion in suggestions)
    return Answer(suggestions, gaps_in(taken, inferred.watched, inputs))


def suggest(inputs: Inputs) -> tuple[Suggestion, ...]:
    """The suggestions of `answer`."""
    return answer(inputs).suggestions


def unexplained_titles(inputs: Inputs) -> dict[str, float]:
    """The window titles of the day's suggestions without a group, with their minutes.

    For the eyes of the person at this machine only.
    """
    inferred = _infer(inputs)
    day, minutes = inferred.day, defaultdict[str, float](float)
    for span in (found.exact for found in inferred.spans if found.group is None):
        for index, shared in day.overlapping(interval_of(span, inputs)):
            focus = day.segments[index].focus
            if focus is not None and day.path[index] == IDLE:
                minutes[title_of(focus.title)] += shared
    return dict(minutes)


def _infer(inputs: Inputs) -> _Inferred:
    kinds = WindowKind(inputs.options.meetings)
    matcher = Matcher(inputs.groups, inputs.issues, inputs.clues, kinds, inputs.rules)
    until = (min(inputs.now, inputs.day.span.end) - inputs.day.span.start).total_seconds()
    events = events_of(inputs, matcher)
    of_day = [event for event in events if 0 < event.at < until]
    planned = planned_in(inputs, matcher, until)
    watched = watch_of(inputs, kinds, list(at_screen(of_day, planned)), until)
    calls = calls_in(watched.stays, kinds)
    meetings = kept_in(planned, watched, calls, of_day)
    away = [kept.interval for kept in meetings if not kept.is_call]
    edges = [edge for kept in meetings for edge in kept.interval]
    segments = cut_day(watched, of_day, until, away, edges)
    of_nobody = [kept.interval for kept in meetings if not (kept.is_call or kept.planned.group)]
    nameless = [part for call in (*calls, *of_nobody) for part in cut(call, sorted({*edges}))]
    calls = [part for call in (*calls, *away) for part in cut(call, sorted({*edges}))]
    score_kept(segments, meetings, matcher)
    score(segments, events, of_day, ScoringContext(matcher, calls, nameless, inputs))
    day = label(segments)
    day, watched = settled(day, watched, away, kinds)
    merged = merge(day, inputs.options.min_minutes * MINUTE)
    merged = [m for m in merged if m.group or not _is_nobodys((m.start, m.end), day, matcher)]
    spans = fit_spans(merged, day, inputs)
    return _Inferred(matcher, of_day, day, spans, meetings, watched)


def _is_nobodys(interval: Interval, day: LabelledDay, matcher: Matcher) -> bool:
    """Whether most of what was in front in time without a group is known to be no work."""
    minutes = defaultdict[bool, float](float)
    for index, shared in day.overlapping(interval):
        focus = day.segments[index].focus
        seen = matcher.window(focus.title) if focus is not None else None
        minutes[seen is not None and not seen and seen.place in NOBODYS] += shared
    return minutes[True] > minutes[False]
