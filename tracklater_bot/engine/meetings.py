"""Meetings: what was planned, held against what was seen. Seconds since the working day began.

A plan is no proof. It is believed where a call or an absence was seen in it, and explains that; it
says little where other work went on, and nothing where nobody knows whether the person meant to go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from math import inf

from tracklater_bot.domain.clues import Meeting
from tracklater_bot.domain.day import without
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.domain.track_record import BY_HABIT
from tracklater_bot.engine import weights
from tracklater_bot.engine.events import Event, EventKind
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import MINUTE, Interval, joined
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.presence import Watch, privacy
from tracklater_bot.engine.segments import EvidenceSource, Segment
from tracklater_bot.engine.windows import WindowPlace

# A longer one is a block in the calendar rather than a meeting.
LONGEST_PLAN = 9 * 60 * MINUTE
LIKE_EARLIER = f"{BY_HABIT} of such meetings"
# A call belongs to a meeting that it shares so much time with, and may begin and end so much apart.
SHARED, APART = 10 * MINUTE, 15 * MINUTE
LATEST = 30 * MINUTE  # and end so late, where it was planned to last that long
# Whoever was at work so shortly before or after, or not long before and after, was not elsewhere.
CLOSE, NEAR = 20 * MINUTE, 120 * MINUTE
# What was done at the edges of a meeting was done before or after it.
EDGE = 5 * MINUTE
SHORTEST_AWAY = 5 * MINUTE
MOSTLY = 0.75


@dataclass(frozen=True, slots=True)
class Planned:
    """Time with the same meetings in it: those that the person meant to go to, if any.

    `groups` are all that their words point to, each with its word; of several none is meant.
    """

    start: float
    end: float
    title: str
    sure: bool
    groups: dict[str, str] = field(default_factory=dict)
    issues: tuple[IssueId, ...] = ()

    @property
    def group(self) -> str | None:
        """The one group that it is for; None where that has to be asked."""
        return next(iter(self.groups)) if len(self.groups) == 1 else None

    def source(self, group: str) -> EvidenceSource:
        """Where evidence for the group comes from."""
        return EvidenceSource(self.groups[group], EventKind.MEETING, str(self.start))


@dataclass(frozen=True, slots=True)
class Kept:
    """A part of a day in which a meeting took place: in a call, or away from the screen."""

    start: float
    end: float
    planned: Planned
    is_call: bool

    @property
    def interval(self) -> Interval:
        """When it was."""
        return self.start, self.end


def planned_in(inputs: Inputs, matcher: Matcher, until: float) -> list[Planned]:
    """The day's plans in order, none of which overlaps another. Private ones explain nothing."""
    zero, is_private = inputs.day.span.start.timestamp(), privacy(inputs.options.ignore)
    plans = []
    for clue in inputs.clues:
        if isinstance(clue, Meeting) and clue.title and not is_private(clue.title):
            start, end = (at.timestamp() - zero for at in (clue.at, clue.until))
            match = matcher.meeting(clue)
            issues = tuple(sorted(match.issues))
            groups = match.groups
            usual = inputs.habits and inputs.habits.meeting(clue.title, clue.series)
            if usual and not groups:
                groups = {usual: LIKE_EARLIER}
            plan = Planned(max(start, 0.0), min(end, until), clue.title, clue.sure, groups, issues)
            if plan.start < plan.end and end - start <= LONGEST_PLAN:
                plans.append(plan)
    return list(_one_at_a_time(plans))


def _one_at_a_time(plans: Sequence[Planned]) -> Iterator[Planned]:
    def meant(part: Interval) -> list[Planned]:
        found = [plan for plan in plans if plan.start <= part[0] and part[1] <= plan.end]
        return [plan for plan in found if plan.sure] or found

    edges = sorted({edge for plan in plans for edge in (plan.start, plan.end)})
    for at_once, run in groupby(pairwise(edges), key=meant):
        if at_once:
            parts = list(run)
            groups = {group: word for plan in at_once for group, word in plan.groups.items()}
            issues = tuple(dict.fromkeys(issue for plan in at_once for issue in plan.issues))
            title, sure = at_once[0].title, at_once[0].sure
            yield Planned(parts[0][0], parts[-1][1], title, sure, groups, issues)


def at_screen(events: Iterable[Event], planned: Sequence[Planned]) -> Iterator[Event]:
    """Events that tell of somebody at the screen: in a meeting one writes messages elsewhere."""
    for event in events:
        sure = any(plan.sure and plan.start < event.at < plan.end for plan in planned)
        if event.kind is not EventKind.MESSAGE or not sure:
            yield event


# -- Which were kept ---------------------------------------------------------------------------


def kept_in(
    planned: Sequence[Planned], watched: Watch, calls: Sequence[Interval], events: Sequence[Event]
) -> list[Kept]:
    """The meetings that took place, as far as anything tells of it."""
    in_calls = [kept for call in calls for kept in _in_call(planned, call)]
    seen = {kept.planned.start for kept in in_calls}
    present = joined((focus.start, focus.end) for focus in watched.stays)
    away = [
        plan
        for plan in planned
        if plan.sure and plan.start not in seen and _nobody_there(plan, present, events)
    ]
    at_work = [*present, *((e.at, e.at) for e in events if not e.by_program)]
    near = _near(away, at_work)
    off_screen = (
        Kept(*part, plan, is_call=False)
        for plan in near
        for part in without([(plan.start, plan.end)], present)
        if part[1] - part[0] >= SHORTEST_AWAY
    )
    return sorted([*in_calls, *off_screen], key=lambda kept: kept.interval)


def _in_call(planned: Sequence[Planned], call: Interval) -> Iterator[Kept]:
    """The meetings that a call was for, one after the other."""
    start, end = call
    own = [
        plan
        for plan in planned
        if min(end, plan.end) - max(start, plan.start) >= min(SHARED, (plan.end - plan.start) / 2)
    ]
    for number, plan in enumerate(own):
        begun = max(start, plan.start - APART, own[number - 1].end if number else start)
        late = max(APART, min(LATEST, plan.end - plan.start))
        ended = min(end, plan.end + late, own[number + 1].start if plan is not own[-1] else end)
        if begun < ended:
            yield Kept(begun, ended, plan, is_call=True)


def _nobody_there(plan: Planned, present: Sequence[Interval], events: Sequence[Event]) -> bool:
    """Whether the person was away for most of a meeting, and did nothing else anywhere.

    Whoever wrote messages was away for nearly all of it: else they may have been written here.
    """
    length = plan.end - plan.start
    edge = max(EDGE, length / 8)
    during = {
        e.kind for e in events if plan.start + edge < e.at < plan.end - edge and not e.by_program
    }
    away = sum(end - start for start, end in without([(plan.start, plan.end)], present))
    return during <= {EventKind.MESSAGE} and away >= length * (MOSTLY if during else 0.5)


def _near(plans: Sequence[Planned], at_work: Sequence[Interval]) -> list[Planned]:
    """The plans near which the person was at work, or in another meeting that was."""
    kept: list[Planned] = []
    reached = list(at_work)
    while more := [plan for plan in plans if plan not in kept and _is_near(plan, reached)]:
        kept += more
        reached += [(plan.start, plan.end) for plan in more]
    return kept


def _is_near(plan: Planned, reached: Sequence[Interval]) -> bool:
    before = min((plan.start - end for start, end in reached if start < plan.end), default=inf)
    after = min((start - plan.end for start, end in reached if end > plan.start), default=inf)
    return min(before, after) <= CLOSE or max(before, after) <= NEAR


# -- What they say -----------------------------------------------------------------------------


def score_kept(segments: Sequence[Segment], kept: Sequence[Kept], matcher: Matcher) -> None:
    """Adds what meetings that took place say of the time that they explain."""
    for one in kept:
        inside = [s for s in segments if s.on_screen and _shared(s, one.start, one.end)]
        named = _named_in(inside, matcher) if one.is_call else set()
        for segment in inside:
            if one.planned.group in named or not named:
                segment.meeting = one.planned.start
            if not named:
                _score_part(segment, one)


def _shared(segment: Segment, start: float, end: float) -> float:
    return max(min(segment.end, end) - max(segment.start, start), 0.0)


def _named_in(segments: Sequence[Segment], matcher: Matcher) -> set[str]:
    """Whose a call is by its own window: that was seen, and the meeting planned."""
    matches = (matcher.window(s.focus.title) for s in segments if s.focus is not None)
    return {
        group for match in matches if match.place is WindowPlace.MEETING for group in match.groups
    }


def _score_part(segment: Segment, one: Kept) -> None:
    shared = _shared(segment, one.start, one.end)
    group = one.planned.group
    if group is not None:
        share = shared / (one.end - one.start)
        size = weights.MEETING * share + weights.MEETING_MINUTE * shared / MINUTE
        segment.add_evidence(group, size, one.planned.source(group))
        for issue in one.planned.issues:
            segment.issues[issue] += weights.MEETING_ISSUE * share
            segment.issues[issue] += weights.MEETING_ISSUE_MINUTE * shared / MINUTE
    elif not one.is_call:
        segment.idle += weights.MEETING_OF_NOBODY
