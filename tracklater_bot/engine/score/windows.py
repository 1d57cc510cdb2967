"""Scoring: the evidence for each group, issue and idle in each segment of a day."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from tracklater_bot.engine.events import Checkouts, Event
from tracklater_bot.engine.infer.hmm import TransitionCosts
from tracklater_bot.engine.intervals import MINUTE, Interval, within
from tracklater_bot.engine.match.matcher import TextMatch
from tracklater_bot.engine.presence import Focus
from tracklater_bot.engine.score.context import FOLLOW, LEAD, ScoringContext
from tracklater_bot.engine.score.events import score_events
from tracklater_bot.engine.score.weights import Weights
from tracklater_bot.engine.segments import EvidenceSource, Segment
from tracklater_bot.engine.windows import WindowPlace

# Nothing that was found before or after so long an absence tells of what is on this side of it.
FAR = 30 * MINUTE
# A page that stays in front for longer is being read, and says no more than that.
LONGEST_LOOK = 5.0
# A window that keeps its title for longer says no more than this many minutes of it.
LONGEST_FOCUS = 20.0


def score(
    segments: Sequence[Segment],
    events: Sequence[Event],
    of_day: Sequence[Event],
    context: ScoringContext,
) -> None:
    """Adds all evidence and all transition costs.

    `of_day` are the events of the day; earlier ones only tell what was checked out.
    """
    checkouts = Checkouts(events)
    for _, same in groupby(segments, key=lambda segment: id(segment.focus)):
        parts = list(same)
        if (focus := parts[0].focus) is not None:
            _score_focus(focus, parts, checkouts, context)
    on_screen = [segment for segment in segments if segment.on_screen]
    _score_against_issues(on_screen, context)
    score_events(segments, of_day, context)
    _score_islands(on_screen, context.weights)
    for before, segment in pairwise(on_screen):
        segment.costs = _transition_costs(before, segment, context)


# -- Windows -----------------------------------------------------------------------------------


def _score_focus(
    focus: Focus, segments: Sequence[Segment], checkouts: Checkouts, context: ScoringContext
) -> None:
    match, weights = context.matcher.window(focus.title), context.weights
    minutes = (focus.end - focus.start) / MINUTE
    by_call = any(
        focus.start < end + FOLLOW and focus.end > start - LEAD for start, end in context.calls
    )
    talk_in_call = by_call and match.place is WindowPlace.TALK
    weight = weights.talk_in_call if talk_in_call else weights.window_group[match.place]
    work = match.place in (WindowPlace.WORK, WindowPlace.PAGE)
    for segment in segments:
        size = _size(minutes) * segment.minutes / minutes
        for group, word in match.groups.items():
            segment.add_evidence(group, weight * size, EvidenceSource(word))
        _score_idle(segment, match, minutes, weights)
        for issue, share in match.issues.items():
            segment.add_issue_evidence(issue, weights.window_issue[match.place] * share * size)
        if work and not match.issues:
            _score_branch(segment, match, size, checkouts, weights)


def _size(minutes: float) -> float:
    """How much a focus counts: a glance already half of a minute, long ones ever less."""
    return 0.5 + 0.5 * min(minutes, 1.0) + 0.3 * max(0.0, min(minutes, LONGEST_FOCUS) - 1.0)


def _score_idle(segment: Segment, match: TextMatch, minutes: float, weights: Weights) -> None:
    """Evidence for no work in a part of a focus of so many minutes."""
    if match.place is WindowPlace.LEISURE:
        segment.idle += weights.leisure_window + weights.leisure_minute * segment.minutes
    elif not match and match.place is WindowPlace.PAGE:
        looked = min(minutes, LONGEST_LOOK) / minutes
        segment.idle += weights.page_minute * looked * segment.minutes
    elif not match:
        segment.idle += weights.neutral_minute * segment.minutes


def _score_branch(
    segment: Segment, match: TextMatch, size: float, checkouts: Checkouts, weights: Weights
) -> None:
    """A window of a group's work, while a branch of an issue or a trunk is checked out there."""
    for group in match.groups:
        checkout = checkouts.at(group, segment.start)
        if checkout is not None and checkout.trunk:
            segment.add_no_issue_evidence(group, weights.trunk_checked_out * size)
        elif checkout is not None:
            segment.add_issue_evidence(checkout.issues[0], weights.branch_checked_out * size)


def _score_against_issues(on_screen: Sequence[Segment], context: ScoringContext) -> None:
    """Against issues, for every minute in which a group shows without one, and in calls.

    Windows that show nobody say as little against an issue as against its group, and one that
    stays in front for hours no more than it says for the group.
    """
    weights = context.weights
    for segment in on_screen:
        if within(context.calls, segment.start):
            segment.any_issue -= (weights.silent_minute + weights.call_minute) * segment.minutes
        elif segment.groups:
            counted = _counted(segment.focus)
            segment.any_issue -= weights.silent_minute * segment.minutes * counted


def _counted(focus: Focus | None) -> float:
    """The share of a focus that counts."""
    minutes = (focus.end - focus.start) / MINUTE if focus is not None else 0.0
    return min(1.0, LONGEST_FOCUS / minutes) if minutes else 1.0


def _score_islands(on_screen: Sequence[Segment], weights: Weights) -> None:
    """Presence far from all evidence is nobody's: it is asked about, not guessed."""
    first = 0
    for last in range(1, len(on_screen) + 1):
        if last == len(on_screen) or on_screen[last].start - on_screen[last - 1].end >= FAR:
            island = on_screen[first:last]
            if not any(segment.groups for segment in island):
                for segment in island:
                    segment.idle += weights.island
            first = last


# -- Transition costs --------------------------------------------------------------------------


def _transition_costs(
    before: Segment, segment: Segment, context: ScoringContext
) -> TransitionCosts:
    """What a change between two segments costs: little after a break and around calls."""
    weights, calls = context.weights, context.calls
    if segment.start - before.end > 1.0:
        return weights.after_absence
    if _is_around_call(segment.start, calls) and not _goes_with_call(before, segment, context):
        return weights.around_call
    if segment.focus is not None and segment.focus is before.focus:
        return weights.same_window
    return weights.usual


def _is_around_call(at: float, calls: Sequence[Interval]) -> bool:
    return any(-LEAD <= at - start <= 1.0 or -1.0 <= at - end <= FOLLOW for start, end in calls)


def _goes_with_call(before: Segment, segment: Segment, context: ScoringContext) -> bool:
    """Whether a call begins or ends here with a chat that tells whose it is."""
    begins = any(abs(segment.start - start) <= 1.0 for start, _ in context.calls)
    ends = any(abs(segment.start - end) <= 1.0 for _, end in context.calls)
    return (begins and _is_telling_talk(before, context)) or (
        ends and _is_telling_talk(segment, context)
    )


def _is_telling_talk(segment: Segment, context: ScoringContext) -> bool:
    if segment.focus is None:
        return False
    match = context.matcher.window(segment.focus.title)
    return bool(match) and match.place is WindowPlace.TALK
