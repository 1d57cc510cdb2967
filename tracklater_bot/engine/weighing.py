"""Weighing: what speaks for each group, issue and nothing in each piece of a day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from tracklater_bot.engine.book import IssueId
from tracklater_bot.engine.events import BranchesOut, Event, Kind
from tracklater_bot.engine.evidence import Pointer, Reader
from tracklater_bot.engine.parts import MINUTE, Part, joined, within
from tracklater_bot.engine.pieces import Ground, Piece
from tracklater_bot.engine.presence import Stay
from tracklater_bot.engine.segment import Prices
from tracklater_bot.engine.titles import Kinds, Place
from tracklater_bot.engine.weights import Weights

# Meeting windows this close to each other are one call; a shorter one is a look at a window.
CALL_GAP, SHORTEST_CALL = 12 * MINUTE, 3 * MINUTE
# Chats this close to a call belong to it: the way in, and what is written down right after.
LEAD, FOLLOW = 3 * MINUTE, 2.5 * MINUTE
# A page that stays in front for longer is being read, and says no more than that.
LONGEST_LOOK = 5.0


def calls_in(stays: Sequence[Stay], kinds: Kinds) -> list[Part]:
    """When calls were, whatever else was looked at while they lasted."""
    meetings = ((each.start, each.end) for each in stays if kinds.is_meeting(each.title))
    return [call for call in joined(meetings, gap=CALL_GAP) if call[1] - call[0] >= SHORTEST_CALL]


@dataclass(frozen=True, slots=True)
class Scales:
    """What pieces are weighed with. `is_noon` tells of a moment whether people eat then."""

    weights: Weights
    reader: Reader
    calls: Sequence[Part]
    is_noon: Callable[[float], bool]


def weigh(
    pieces: Sequence[Piece], events: Sequence[Event], happened: Sequence[Event], scales: Scales
) -> None:
    """Adds all evidence and all prices.

    `happened` are the events of the day; earlier ones only tell what was checked out.
    """
    branches = BranchesOut(events)
    for stay, parts in _by_stay(pieces):
        _weigh_stay(stay, parts, branches, scales)
    _weigh_silence(pieces, scales)
    _weigh_moments(pieces, happened, scales)
    _weigh_reaches(pieces, happened, scales)
    for seen in (True, False):
        for last, piece in pairwise(each for each in pieces if each.seen is seen):
            piece.prices = _price(last, piece, scales)


# -- Windows -----------------------------------------------------------------------------------


def _by_stay(pieces: Sequence[Piece]) -> Iterator[tuple[Stay, list[Piece]]]:
    for _, same in groupby(pieces, key=lambda piece: id(piece.stay)):
        parts = list(same)
        if parts[0].stay is not None:
            yield parts[0].stay, parts


def _weigh_stay(stay: Stay, parts: Sequence[Piece], branches: BranchesOut, scales: Scales) -> None:
    pointer = scales.reader.window(stay.title)
    minutes = (stay.end - stay.start) / MINUTE
    by_call = any(
        stay.start < end + FOLLOW and stay.end > start - LEAD for start, end in scales.calls
    )
    for piece in parts:
        size = _size(minutes) * piece.minutes / minutes
        _weigh_groups(piece, pointer, size, scales, by_call=by_call)
        _weigh_emptiness(piece, pointer, minutes, scales.weights)
        for issue, share in pointer.issues.items():
            piece.speak_for_issue(issue, scales.weights.issue_in[pointer.place] * share * size)
        if pointer.place in (Place.WORK, Place.PAGE) and not pointer.issues:
            _weigh_branch(piece, pointer, size, branches, scales.weights)


def _size(minutes: float) -> float:
    """How much a stay counts: a glance already half of a minute, long ones ever less."""
    return 0.5 + 0.5 * min(minutes, 1.0) + 0.3 * max(0.0, min(minutes, 20.0) - 1.0)


def _weigh_groups(
    piece: Piece, pointer: Pointer, size: float, scales: Scales, *, by_call: bool
) -> None:
    weights = scales.weights
    talk = by_call and pointer.place is Place.TALK
    weight = weights.talk_in_call if talk else weights.group_in[pointer.place]
    for group, word in pointer.groups.items():
        piece.speak_for(group, weight * size, Ground(word))


def _weigh_emptiness(piece: Piece, pointer: Pointer, minutes: float, weights: Weights) -> None:
    """What speaks for no work in a part of a stay of so many minutes."""
    if pointer.place is Place.LEISURE:
        piece.nothing += weights.leisure_window + weights.leisure_minute * piece.minutes
    elif not pointer and pointer.place is Place.PAGE:
        looked = min(minutes, LONGEST_LOOK) / minutes
        piece.nothing += weights.page_minute * looked * piece.minutes
    elif not pointer:
        piece.nothing += weights.neutral_minute * piece.minutes


def _weigh_branch(
    piece: Piece, pointer: Pointer, size: float, branches: BranchesOut, weights: Weights
) -> None:
    """A window of a group's work, while a branch of an issue or a trunk is checked out there."""
    for group in pointer.groups:
        checkout = branches.at(group, piece.start)
        if checkout is not None and checkout.trunk:
            piece.speak_for_no_issue(group, weights.trunk_out * size)
        elif checkout is not None:
            piece.speak_for_issue(checkout.issues[0], weights.branch_out * size)


def _weigh_silence(pieces: Sequence[Piece], scales: Scales) -> None:
    """Against issues, for every minute in which a group shows without one, and in calls.

    Windows that show nobody say as little against an issue as against its group.
    """
    weights = scales.weights
    for piece in pieces:
        if piece.seen:
            in_call = within(scales.calls, piece.start)
            rate = weights.silent_minute if piece.groups or in_call else 0.0
            rate += weights.call_minute if in_call else 0.0
            piece.any_issue -= rate * piece.minutes


# -- Events ------------------------------------------------------------------------------------


def _weigh_moments(pieces: Sequence[Piece], events: Sequence[Event], scales: Scales) -> None:
    weights = scales.weights
    starts = [piece.start for piece in pieces]
    for event in events:
        piece = _piece_of(event, pieces, starts)
        if piece is None:
            continue
        moment = weights.moments[event.kind]
        by_call = event.kind is Kind.MESSAGE and within(scales.calls, event.at, LEAD, FOLLOW)
        nats = weights.message_in_call if by_call else moment.group
        for group in event.groups:
            piece.speak_for(group, nats, Ground(event.about, event.kind))
        for issue in event.issues:
            piece.speak_for_issue(issue, moment.issue)
        if event.trunk:
            checkout = event.kind is Kind.CHECKOUT
            against = weights.trunk_checkout if checkout else weights.trunk_commit
            piece.speak_for_no_issue(event.groups[0], against)


def _piece_of(event: Event, pieces: Sequence[Piece], starts: Sequence[float]) -> Piece | None:
    """The piece that an event ends, for a commit, or begins."""
    if event.kind is Kind.COMMIT:
        place = bisect_left(starts, event.at) - 1
    else:
        place = bisect_right(starts, event.at) - 1
        if place + 1 < len(pieces) and (place < 0 or pieces[place].end <= event.at):
            place += 1
    return pieces[place] if place >= 0 else None


@dataclass(slots=True)
class _Near:
    """How near the nearest events are to a piece, 0 to 1: any, of each group and issue."""

    somebody: float
    groups: dict[str, float]
    issues: dict[IssueId, float]


def _weigh_reaches(pieces: Sequence[Piece], events: Sequence[Event], scales: Scales) -> None:
    """Work that is likely around events. Of several for a group only the nearest counts."""
    weights = scales.weights
    near: defaultdict[int, _Near] = defaultdict(lambda: _Near(0.0, {}, {}))
    starts = [piece.start for piece in pieces]
    for event in events:
        for place in _places_around(event, pieces, starts, scales):
            _note(near[place], event, _share(pieces[place], event, weights))
    for place, each in near.items():
        piece = pieces[place]
        rate = weights.commit_minute if piece.seen else weights.clue_minute
        for group, share in each.groups.items():
            piece.speak_for(group, rate * share * piece.minutes)
        for issue, share in each.issues.items():
            piece.speak_for_issue(issue, rate * share * piece.minutes)
        if not piece.seen:
            piece.any_group += weights.somebody_minute * each.somebody * piece.minutes
    for piece in pieces:
        if not piece.seen:
            noon = weights.noon_minute if scales.is_noon(piece.start) else 0.0
            piece.any_group -= (weights.unseen_minute + noon) * piece.minutes


def _places_around(
    event: Event, pieces: Sequence[Piece], starts: Sequence[float], scales: Scales
) -> Iterator[int]:
    """The pieces in an event's reach: on screen those that lead to a commit, else all."""
    moment = scales.weights.moments[event.kind]
    first = bisect_left(starts, event.at - moment.before.far * MINUTE) - 1
    last = bisect_right(starts, event.at + moment.after.far * MINUTE)
    for place in range(max(first, 0), last):
        piece = pieces[place]
        leads_to_commit = event.kind is Kind.COMMIT and piece.end <= event.at
        if not piece.seen or (leads_to_commit and not within(scales.calls, piece.start)):
            yield place


def _share(piece: Piece, event: Event, weights: Weights) -> float:
    moment = weights.moments[event.kind]
    if piece.end <= event.at:
        return moment.before.share((event.at - piece.end) / MINUTE)
    return moment.after.share(max(0.0, piece.start - event.at) / MINUTE)


def _note(near: _Near, event: Event, share: float) -> None:
    if not event.groups:
        near.somebody = max(near.somebody, share)
    for group in event.groups:
        near.groups[group] = max(near.groups.get(group, 0.0), share)
    for issue in event.issues:
        near.issues[issue] = max(near.issues.get(issue, 0.0), share)


# -- Prices ------------------------------------------------------------------------------------


def _price(last: Piece, piece: Piece, scales: Scales) -> Prices:
    """What a change between two pieces costs: little after a break and around calls."""
    weights = scales.weights
    if not piece.seen:
        return weights.unseen
    if piece.start - last.end > 1.0:
        return weights.after_absence
    if _is_around_call(piece.start, scales.calls) and not _goes_with_call(last, piece, scales):
        return weights.around_call
    if piece.stay is not None and piece.stay is last.stay:
        return weights.same_window
    return weights.usual


def _is_around_call(at: float, calls: Sequence[Part]) -> bool:
    return any(-LEAD <= at - start <= 1.0 or -1.0 <= at - end <= FOLLOW for start, end in calls)


def _goes_with_call(last: Piece, piece: Piece, scales: Scales) -> bool:
    """Whether a call begins or ends here with a chat that tells whose it is."""
    starts = any(abs(piece.start - start) <= 1.0 for start, _ in scales.calls)
    ends = any(abs(piece.start - end) <= 1.0 for _, end in scales.calls)
    return (starts and _is_telling_talk(last, scales)) or (ends and _is_telling_talk(piece, scales))


def _is_telling_talk(piece: Piece, scales: Scales) -> bool:
    if piece.stay is None:
        return False
    pointer = scales.reader.window(piece.stay.title)
    return bool(pointer) and pointer.place is Place.TALK
