"""The engine: clues in, suggestions out. Pure: the same input gives the same output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import time, timedelta

from tracklater_bot.domain.clues import Window
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine.changes import Sample
from tracklater_bot.engine.events import Event, events_of
from tracklater_bot.engine.infer.inference import explain_pieces
from tracklater_bot.engine.infer.merge import stretches_of
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import MINUTE
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.presence import PresenceRules, Watch, by_machine, privacy, watch
from tracklater_bot.engine.score.context import ScoringContext, calls_in
from tracklater_bot.engine.score.weights import WEIGHTS, Weights
from tracklater_bot.engine.score.windows import weigh
from tracklater_bot.engine.segments import cut_day
from tracklater_bot.engine.spans import fitted
from tracklater_bot.engine.suggestions import SuggestionBuilder
from tracklater_bot.engine.title_normalization import TitleNormalizer
from tracklater_bot.engine.windows import WindowKind

__all__ = ["Inputs", "suggest"]

NOON = (time(11), time(13, 45))


def suggest(inputs: Inputs, weights: Weights = WEIGHTS) -> tuple[Suggestion, ...]:
    """The day's suggestions, in order: none overlaps another, or what is tracked already.

    Time that somebody was there and that nothing explains has no group.
    """
    kinds = WindowKind(inputs.options.meetings)
    reader = Matcher(inputs.groups, inputs.issues, inputs.clues, kinds, inputs.rules)
    until = (min(inputs.now, inputs.day.span.end) - inputs.day.span.start).total_seconds()
    events = events_of(inputs, reader)
    happened = [event for event in events if 0 < event.at < until]
    watched = _watched(inputs, kinds, happened, until)
    pieces = cut_day(watched, happened, until)
    scales = ScoringContext(weights, reader, calls_in(watched.stays, kinds), _noon_of(inputs.day))
    weigh(pieces, events, happened, scales)
    explained = explain_pieces(pieces, weights.unwatched)
    stretches = stretches_of(explained, inputs.options.min_minutes * MINUTE)
    found = fitted(stretches, explained, inputs)
    return SuggestionBuilder(inputs, reader, happened, explained).suggestions(found)


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
    samples = (
        (clue.machine, Sample(at, clue.title, clue.screen, clue.window))
        for clue in inputs.clues
        if isinstance(clue, Window) and 0 <= (at := clue.at.timestamp() - zero) < until
    )
    return watch(by_machine(samples), rules)


def _noon_of(day: WorkDay) -> Callable[[float], bool]:
    """Whether people eat at a moment of the day, given in seconds since it began."""

    def is_noon(at: float) -> bool:
        local = day.local(day.span.start + timedelta(seconds=at)).time()
        return NOON[0] <= local < NOON[1]

    return is_noon
