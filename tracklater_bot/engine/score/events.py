"""Moments: what commits, checkouts and messages say of the time around them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.events import Event, EventKind
from tracklater_bot.engine.intervals import MINUTE, within
from tracklater_bot.engine.score.context import FOLLOW, LEAD, ScoringContext
from tracklater_bot.engine.score.weights import EventWeights, Weights
from tracklater_bot.engine.segments import EvidenceSource, Segment

# Work for a group begins about this long before the branch for it is checked out, or right then.
BEFORE_CHECKOUT = 4 * MINUTE


def weigh_events(
    pieces: Sequence[Segment], events: Sequence[Event], scales: ScoringContext
) -> None:
    """Adds what the events of the day say, and where nothing was seen, what their absence says."""
    starts = [piece.start for piece in pieces]
    for event in events:
        _weigh_moment(event, pieces, starts, scales)
    _weigh_nearness(pieces, events, starts, scales)
    _weigh_silence(pieces, scales)
    for event in events:
        if event.kind is EventKind.CHECKOUT:
            _expect_change(event, pieces, starts)


# -- The moment itself --------------------------------------------------------------------------


def _weigh_moment(
    event: Event, pieces: Sequence[Segment], starts: Sequence[float], scales: ScoringContext
) -> None:
    piece = _piece_of(event, pieces, starts)
    if piece is None:
        return
    weights = scales.weights
    moment = weights.moments[event.kind]
    by_call = event.kind is EventKind.MESSAGE and within(scales.calls, event.at, LEAD, FOLLOW)
    log_likelihood = weights.message_in_call if by_call else _at_moment(moment, piece)
    for group in event.groups:
        piece.add_evidence(
            group, log_likelihood, EvidenceSource(event.about, event.kind, event.sha)
        )
    for issue in event.issues:
        piece.speak_for_issue(issue, moment.issue)
    if event.trunk:
        checkout = event.kind is EventKind.CHECKOUT
        against = weights.trunk_checkout if checkout else weights.trunk_commit
        piece.speak_for_no_issue(event.groups[0], against)


def _at_moment(moment: EventWeights, piece: Segment) -> float:
    return moment.group if piece.seen else moment.unseen_group


def _piece_of(event: Event, pieces: Sequence[Segment], starts: Sequence[float]) -> Segment | None:
    """The piece that an event ends, for a commit, or begins."""
    if event.kind is EventKind.COMMIT:
        place = bisect_left(starts, event.at) - 1
    else:
        place = bisect_right(starts, event.at) - 1
        if place + 1 < len(pieces) and (place < 0 or pieces[place].end <= event.at):
            place += 1
    return pieces[place] if place >= 0 else None


# -- The time around it -------------------------------------------------------------------------


@dataclass(slots=True)
class _Near:
    """What the nearest events say of each minute of a piece: of anybody, each group and issue."""

    somebody: float = 0.0
    groups: dict[str, float] = field(default_factory=dict)
    issues: dict[IssueId, float] = field(default_factory=dict)


def _weigh_nearness(
    pieces: Sequence[Segment],
    events: Sequence[Event],
    starts: Sequence[float],
    scales: ScoringContext,
) -> None:
    """Work that is likely around events. Of several for a group only the nearest counts."""
    near: defaultdict[int, _Near] = defaultdict(_Near)
    for event in events:
        for place in _places_around(event, pieces, starts, scales):
            _note(near[place], event, pieces[place], scales.weights)
    for place, each in near.items():
        piece = pieces[place]
        piece.any_group += each.somebody * piece.minutes
        for group, rate in each.groups.items():
            piece.add_evidence(group, rate * piece.minutes)
        for issue, rate in each.issues.items():
            piece.speak_for_issue(issue, rate * piece.minutes)


def _places_around(
    event: Event, pieces: Sequence[Segment], starts: Sequence[float], scales: ScoringContext
) -> Iterator[int]:
    """The pieces in an event's reach: on screen those that lead to a commit, else all."""
    moment = scales.weights.moments[event.kind]
    before = max(moment.before.far, scales.weights.commit_before.far)
    first = bisect_left(starts, event.at - before * MINUTE) - 1
    last = bisect_right(starts, event.at + moment.after.far * MINUTE)
    for place in range(max(first, 0), last):
        piece = pieces[place]
        leads_to_commit = event.kind is EventKind.COMMIT and piece.end <= event.at
        if not piece.seen or (leads_to_commit and not within(scales.calls, piece.start)):
            yield place


def _note(near: _Near, event: Event, piece: Segment, weights: Weights) -> None:
    rate = _rate(event, piece, weights)
    if not event.groups:
        near.somebody = max(near.somebody, rate)
    for group in event.groups:
        near.groups[group] = max(near.groups.get(group, 0.0), rate)
    for issue in event.issues:
        near.issues[issue] = max(near.issues.get(issue, 0.0), rate)


def _rate(event: Event, piece: Segment, weights: Weights) -> float:
    """What an event says of a minute of a piece, on the average over the piece."""
    moment = weights.moments[event.kind]
    ends = (abs(event.at - piece.start) / MINUTE, abs(event.at - piece.end) / MINUTE)
    if piece.seen:
        return weights.commit_minute * weights.commit_before.mean(min(ends), max(ends))
    reach = moment.before if piece.end <= event.at else moment.after
    rate = moment.minute if event.groups else weights.somebody_minute
    return rate * reach.mean(min(ends), max(ends))


# -- Where nothing was seen ---------------------------------------------------------------------


def _weigh_silence(pieces: Sequence[Segment], scales: ScoringContext) -> None:
    """A minute without any clue speaks against work."""
    for piece in pieces:
        if not piece.seen:
            piece.at_noon = scales.is_noon(piece.start)
            piece.any_group -= scales.weights.unseen_minute * piece.minutes


def _expect_change(event: Event, pieces: Sequence[Segment], starts: Sequence[float]) -> None:
    """Before a checkout a change to its group is likely."""
    first = bisect_left(starts, event.at - BEFORE_CHECKOUT)
    for piece in pieces[first : bisect_right(starts, event.at)]:
        piece.turns_to = event.groups[0]
