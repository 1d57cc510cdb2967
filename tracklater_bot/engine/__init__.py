"""The engine: clues in, suggestions out. Pure: the same input gives the same output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta

from tracklater_bot.domain.day import WorkDay, without
from tracklater_bot.domain.draft import Gap
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine.events import Event, events_of
from tracklater_bot.engine.infer.hmm import IDLE
from tracklater_bot.engine.infer.inference import (
    LabelledDay,
    doubts_about,
    label,
    left_in,
    with_stills,
    without_time,
)
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import MINUTE, Interval, cut
from tracklater_bot.engine.looks import title_of
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.meetings import Kept, at_screen, kept_in, planned_in, score_kept
from tracklater_bot.engine.presence import (
    PresenceRules,
    Watch,
    attended_in,
    by_machine,
    privacy,
    samples_in,
    watch,
)
from tracklater_bot.engine.scoring import ScoringContext, calls_in, score
from tracklater_bot.engine.segments import cut_day
from tracklater_bot.engine.spans import (
    LabelledSegment,
    RoundedSpan,
    fit_spans,
    gaps_in,
    interval_of,
    merge,
)
from tracklater_bot.engine.suggestions import SuggestionBuilder
from tracklater_bot.engine.title_normalization import TitleNormalizer
from tracklater_bot.engine.weights import OFFSCREEN
from tracklater_bot.engine.windows import WindowKind, WindowPlace

__all__ = ["Answer", "Inputs", "answer", "suggest", "unexplained_titles"]

NOBODYS = (WindowPlace.LEISURE, WindowPlace.OWN)
NOON = (time(11), time(13, 45))


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
    watched = _watched(inputs, kinds, list(at_screen(of_day, planned)), until)
    calls = calls_in(watched.stays, kinds)
    meetings = kept_in(planned, watched, calls, of_day)
    away = [kept.interval for kept in meetings if not kept.is_call]
    edges = [edge for kept in meetings for edge in kept.interval]
    segments = cut_day(watched, of_day, until, away, edges)
    of_nobody = [kept.interval for kept in meetings if not (kept.is_call or kept.planned.group)]
    nameless = [part for call in (*calls, *of_nobody) for part in cut(call, sorted({*edges}))]
    calls = [part for call in (*calls, *away) for part in cut(call, sorted({*edges}))]
    score_kept(segments, meetings, matcher)
    context = ScoringContext(
        matcher, calls, nameless, _noon_of(inputs.day), inputs.habits, _confirmed(inputs)
    )
    score(segments, events, of_day, context)
    day = label(segments, OFFSCREEN)
    left = [*left_in(day, watched.lulls, kinds)]
    watched = watched.without(left)
    day = without_time(day, [still[:2] for still in left])
    day = replace(day, doubts=tuple(doubts_about(day, watched.lulls, kinds)))
    stills = (s for s in watched.stills if [*without([s[:2]], away)] == [s[:2]])
    day = with_stills(day, stills, kinds)
    merged = merge(day, inputs.options.min_minutes * MINUTE)
    asked = [one for one in merged if one.group or not _is_nobodys(one, day, matcher)]
    spans = fit_spans(asked, day, inputs)
    return _Inferred(matcher, of_day, day, spans, meetings, watched)


def _confirmed(inputs: Inputs) -> list[tuple[Interval, str]]:
    """What the person said of the day, and its entries whose group is known."""
    said = [(interval_of(one.span, inputs), one.group) for one in inputs.decided if one.group]
    return said + [
        (interval_of(span, inputs), entry.group)
        for entry in inputs.tracked
        if entry.group is not None and (span := entry.span(inputs.now)) is not None
    ]


def _is_nobodys(found: LabelledSegment, day: LabelledDay, matcher: Matcher) -> bool:
    """Whether most of what was in front in time without a group is known to be no work."""
    minutes = defaultdict[bool, float](float)
    for index, shared in day.overlapping((found.start, found.end)):
        focus = day.segments[index].focus
        seen = matcher.window(focus.title) if focus is not None else None
        minutes[seen is not None and not seen and seen.place in NOBODYS] += shared
    return minutes[True] > minutes[False]


def _watched(inputs: Inputs, kinds: WindowKind, events: Sequence[Event], until: float) -> Watch:
    options = inputs.options
    rules = PresenceRules(
        idle=options.idle_minutes * MINUTE,
        is_meeting=kinds.is_meeting,
        is_private=privacy(options.ignore),
        titles=TitleNormalizer(kinds.is_talk, kinds.is_leisure),
        actions=tuple(event.at for event in events if not event.by_program),
    )
    zero = inputs.day.span.start.timestamp()
    samples = samples_in(inputs.clues, zero)
    inside = [(machine, sample) for machine, sample in samples if 0 <= sample.at < until]
    certain = attended_in(inputs.clues, zero, until)
    names = sorted({machine for machine, _ in inside})
    return watch(by_machine(inside), rules, map(certain.get, names))


def _noon_of(day: WorkDay) -> Callable[[float], bool]:
    """Whether people eat at a moment of the day, given in seconds since it began."""

    def is_noon(at: float) -> bool:
        local = day.local(day.span.start + timedelta(seconds=at)).time()
        return NOON[0] <= local < NOON[1]

    return is_noon
