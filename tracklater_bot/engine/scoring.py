"""Scoring: how strongly each clue speaks for each group, issue and idle in each segment."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from itertools import groupby, pairwise

from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine import weights
from tracklater_bot.engine.events import Checkouts, Event, EventKind, turning_points
from tracklater_bot.engine.habit_evidence import add_habits
from tracklater_bot.engine.infer.hmm import TransitionCosts
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import MINUTE, Interval, joined, within
from tracklater_bot.engine.match.matcher import Matcher, TextMatch
from tracklater_bot.engine.presence import Focus
from tracklater_bot.engine.segments import EvidenceSource, Segment
from tracklater_bot.engine.spans import interval_of
from tracklater_bot.engine.windows import WindowKind, WindowPlace

# Meeting windows this close to each other are one call; a shorter one is a look at a window.
CALL_GAP, SHORTEST_CALL = 12 * MINUTE, 3 * MINUTE
# Chats this close to a call belong to it: the way in, and what is written down right after.
LEAD, FOLLOW = 3 * MINUTE, 2.5 * MINUTE
# Nothing that was found before or after so long an absence tells of what is on this side of it.
FAR = 30 * MINUTE
# A page that stays in front for longer is being read, and says no more than that.
LONGEST_LOOK = 5.0
# A window that keeps its title for longer says no more than this many minutes of it.
LONGEST_FOCUS = 20.0
NOON = (time(11), time(13, 45))  # when people eat
# Work for a group begins about this long before the branch for it is checked out, or right then.
BEFORE_CHECKOUT = 4 * MINUTE


@dataclass(frozen=True, slots=True)
class ScoringContext:
    """What segments are scored with.

    `calls` are meetings away from the screen as well; of those that are in `nameless`, what is
    written near them tells whose they are.
    """

    matcher: Matcher
    calls: Sequence[Interval]
    nameless: Sequence[Interval]
    inputs: Inputs


def calls_in(foci: Sequence[Focus], kinds: WindowKind) -> list[Interval]:
    """When calls were, whatever else was looked at while they lasted."""
    meetings = ((focus.start, focus.end) for focus in foci if kinds.is_meeting(focus.title))
    return [call for call in joined(meetings, gap=CALL_GAP) if call[1] - call[0] >= SHORTEST_CALL]


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
    _score_against_issues(on_screen, context.calls)
    _score_events(segments, of_day, context)
    for call in context.nameless:
        _score_call(call, on_screen, of_day, context.matcher)
    if (habits := context.inputs.habits) is not None:
        add_habits(segments, habits, _confirmed(context.inputs), context.matcher)
    _score_islands(on_screen)
    turns = frozenset(turning_points(of_day))
    for before, segment in pairwise(on_screen):
        costs = _transition_costs(before, segment, context)
        segment.costs = weights.BETWEEN_PROMPTS if segment.start in turns else costs


def _confirmed(inputs: Inputs) -> list[tuple[Interval, str]]:
    """What the person said of the day, and its entries whose group is known."""
    said = [(interval_of(one.span, inputs), one.group) for one in inputs.decided if one.group]
    return said + [
        (interval_of(span, inputs), entry.group)
        for entry in inputs.tracked
        if entry.group is not None and (span := entry.span(inputs.now)) is not None
    ]


# -- Windows -----------------------------------------------------------------------------------


def _score_focus(
    focus: Focus, segments: Sequence[Segment], checkouts: Checkouts, context: ScoringContext
) -> None:
    match = context.matcher.window(focus.title)
    minutes = (focus.end - focus.start) / MINUTE
    # A glance already counts half of a minute, long ones ever less.
    whole = 0.5 + 0.5 * min(minutes, 1.0) + 0.3 * max(0.0, min(minutes, LONGEST_FOCUS) - 1.0)
    for_group, for_issue = weights.WINDOWS[match.place]
    if match.place is WindowPlace.TALK and any(
        focus.start < end + FOLLOW and focus.end > start - LEAD for start, end in context.calls
    ):
        for_group = weights.TALK_IN_CALL
    work = match.place in (WindowPlace.WORK, WindowPlace.PAGE)
    for segment in segments:
        size = whole * segment.minutes / minutes
        for group, word in match.groups.items():
            segment.add_evidence(group, for_group * size, EvidenceSource(word))
        _score_idle(segment, match, minutes)
        for issue, share in match.issues.items():
            segment.issues[issue] += for_issue * share * size
        if match.by_rule and not match.issues:
            segment.any_issue -= weights.RULED_MINUTE * segment.minutes
        elif work and not match.issues:
            _score_branch(segment, match, size, checkouts)


def _score_idle(segment: Segment, match: TextMatch, minutes: float) -> None:
    """Evidence for no work in a part of a focus of so many minutes."""
    if match.place is WindowPlace.LEISURE or (match.place is WindowPlace.OWN and not match):
        segment.idle += weights.LEISURE_WINDOW + weights.LEISURE_MINUTE * segment.minutes
    elif not match and match.place is WindowPlace.PAGE:
        looked = min(minutes, LONGEST_LOOK) / minutes
        segment.idle += weights.PAGE_MINUTE * looked * segment.minutes
    elif not match:
        segment.idle += weights.NEUTRAL_MINUTE * segment.minutes


def _score_branch(segment: Segment, match: TextMatch, size: float, checkouts: Checkouts) -> None:
    """A window of a group's work, while a branch of an issue or a trunk is checked out there."""
    for group in match.groups:
        checkout = checkouts.at(group, segment.start)
        if checkout is not None and checkout.trunk:
            segment.no_issue[group] += weights.TRUNK_CHECKED_OUT * size
        elif checkout is not None:
            earlier = weights.BRANCH_OF_BEFORE if checkout.at < 0 else 1.0
            segment.issues[checkout.issues[0]] += weights.BRANCH_CHECKED_OUT * size * earlier


def _score_call(
    call: Interval, on_screen: Sequence[Segment], events: Sequence[Event], matcher: Matcher
) -> None:
    """What tells near a call's beginning whose it is speaks for the whole call.

    Of a call that nothing tells of nobody knows whose it is: what is before and after says little.
    """
    start, end = call
    first = bisect_left(on_screen, start, key=lambda segment: segment.start)
    inside = on_screen[first : bisect_left(on_screen, end, key=lambda segment: segment.start)]
    if not inside:
        return
    for event in events:
        if start - LEAD <= event.at < start + FOLLOW and event.kind in weights.CALL_BEGINS:
            source = EvidenceSource(event.about, event.kind, event.sha or str(event.at))
            for group in event.groups:
                inside[0].add_evidence(group, weights.CALL_BEGINS[event.kind], source)
    before = on_screen[first - 1] if first else None
    if before is not None and before.focus is not None and start - before.end <= LEAD:
        match = matcher.window(before.focus.title)
        if match.place is WindowPlace.TALK and before.focus.end - before.focus.start < LEAD:
            for group, word in match.groups.items():
                inside[0].add_evidence(group, weights.TALK_BEFORE_CALL, EvidenceSource(word))
    if not any(segment.groups for segment in inside):
        inside[0].idle += weights.NAMELESS_CALL
        for segment in inside:
            segment.nameless_call = start


def _score_against_issues(on_screen: Sequence[Segment], calls: Sequence[Interval]) -> None:
    """Against issues, for every minute in which a group shows without one, and in calls.

    Windows that show nobody say as little against an issue as against its group, and one that
    stays in front for hours no more than it says for the group.
    """
    for segment in on_screen:
        if within(calls, segment.start):
            segment.any_issue -= (weights.SILENT_MINUTE + weights.CALL_MINUTE) * segment.minutes
        elif segment.groups:
            focus = segment.focus
            minutes = (focus.end - focus.start) / MINUTE if focus is not None else 0.0
            counted = min(1.0, LONGEST_FOCUS / minutes) if minutes else 1.0
            segment.any_issue -= weights.SILENT_MINUTE * segment.minutes * counted


def _score_islands(on_screen: Sequence[Segment]) -> None:
    """Presence far from all evidence is nobody's: it is asked about, not guessed."""
    first = 0
    for last in range(1, len(on_screen) + 1):
        if last == len(on_screen) or on_screen[last].start - on_screen[last - 1].end >= FAR:
            island = on_screen[first:last]
            if not any(segment.groups for segment in island):
                for segment in island:
                    segment.idle += weights.ISLAND
            first = last


# -- Commits, checkouts and messages -----------------------------------------------------------


def _score_events(
    segments: Sequence[Segment], events: Sequence[Event], context: ScoringContext
) -> None:
    """Adds the evidence of the day's events, and off screen that of their absence."""
    starts = [segment.start for segment in segments]
    for event in events:
        segment = _segment_of(event, segments, starts)
        if segment is not None:
            _score_moment(event, segment, context.nameless)
        if event.kind is EventKind.PROMPT:  # it tells what was on the mind before, too
            index = bisect_left(starts, event.at) - 1
            if index >= 0 and segments[index].on_screen and segments[index].end == event.at:
                _score_moment(event, segments[index], context.nameless)
    _score_nearness(segments, events, starts, context.calls)
    for segment in segments:
        if not segment.on_screen:  # a minute without any clue speaks against work
            at = context.inputs.day.span.start + timedelta(seconds=segment.start)
            segment.at_noon = NOON[0] <= context.inputs.day.local(at).time() < NOON[1]
            segment.any_group -= weights.OFFSCREEN_MINUTE * segment.minutes
    checkouts = (event for event in events if event.kind is EventKind.CHECKOUT)
    for at, same in groupby(checkouts, key=lambda event: event.at):
        groups = {event.groups[0] for event in same}
        group = min(groups) if len(groups) == 1 else None
        # A change to its group is likely before it; to none of several at one moment.
        first = bisect_left(starts, at - BEFORE_CHECKOUT)
        for segment in segments[first : bisect_right(starts, at)]:
            segment.next_group = group


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


def _score_moment(event: Event, segment: Segment, calls: Sequence[Interval]) -> None:
    of_kind = weights.EVENTS[event.kind]
    log_likelihood = of_kind.group if segment.on_screen else of_kind.offscreen_group
    if event.kind is EventKind.MESSAGE and within(calls, event.at, LEAD, FOLLOW):
        log_likelihood = weights.MESSAGE_IN_CALL
    source = EvidenceSource(event.about, event.kind, event.sha or str(event.at))
    for group in event.groups:
        segment.add_evidence(group, log_likelihood, source)
    for issue in event.issues:
        segment.issues[issue] += of_kind.issue
    if event.trunk:
        checkout = event.kind is EventKind.CHECKOUT
        no_issue = weights.TRUNK_CHECKOUT if checkout else weights.TRUNK_COMMIT
        segment.no_issue[event.groups[0]] += no_issue


def _score_nearness(
    segments: Sequence[Segment],
    events: Sequence[Event],
    starts: Sequence[float],
    calls: Sequence[Interval],
) -> None:
    """Work that is likely around events; of several for one group or issue the nearest counts."""
    nearest: defaultdict[tuple[int, str | IssueId | None], float] = defaultdict(float)
    for event in events:
        for index in _in_reach(event, segments, starts, calls):
            rate = _rate(event, segments[index])
            for whose in (*(event.groups or (None,)), *event.issues):
                nearest[index, whose] = max(nearest[index, whose], rate)
    for (index, whose), rate in nearest.items():
        segment = segments[index]
        if whose is None:
            segment.any_group += rate * segment.minutes
        elif isinstance(whose, IssueId):
            segment.issues[whose] += rate * segment.minutes
        else:
            segment.groups[whose] += rate * segment.minutes


def _in_reach(
    event: Event, segments: Sequence[Segment], starts: Sequence[float], calls: Sequence[Interval]
) -> Iterator[int]:
    """The segments that an event reaches: on screen those that lead to a commit, else all."""
    of_kind = weights.EVENTS[event.kind]
    before = max(of_kind.before.far, weights.COMMIT_BEFORE.far)
    first = bisect_left(starts, event.at - before * MINUTE) - 1
    last = bisect_right(starts, event.at + of_kind.after.far * MINUTE)
    for index in range(max(first, 0), last):
        segment = segments[index]
        leads_to_commit = event.kind is EventKind.COMMIT and segment.end <= event.at
        if not segment.on_screen or (leads_to_commit and not within(calls, segment.start)):
            yield index


def _rate(event: Event, segment: Segment) -> float:
    """What an event says of a minute of a segment, on the average over the segment."""
    distances = sorted(abs(event.at - edge) / MINUTE for edge in (segment.start, segment.end))
    if segment.on_screen:
        return weights.COMMIT_MINUTE * weights.COMMIT_BEFORE.mean(*distances)
    of_kind = weights.EVENTS[event.kind]
    kernel = of_kind.before if segment.end <= event.at else of_kind.after
    rate = of_kind.minute if event.groups else weights.ANYBODY_MINUTE
    return rate * kernel.mean(*distances)


# -- Transition costs --------------------------------------------------------------------------


def _transition_costs(
    before: Segment, segment: Segment, context: ScoringContext
) -> TransitionCosts:
    """What a change between two segments costs: little after a break and around calls."""
    if segment.start - before.end > 1.0:
        return weights.AFTER_ABSENCE
    at = segment.start
    around_call = any(
        -LEAD <= at - start <= 1.0 or -1.0 <= at - end <= FOLLOW for start, end in context.calls
    )
    if around_call:
        return weights.AROUND_CALL
    if segment.focus is not None and segment.focus is before.focus:
        return weights.SAME_WINDOW
    return weights.USUAL
