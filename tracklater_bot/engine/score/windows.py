"""Weighing: what speaks for each group, issue and nothing in each piece of a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from tracklater_bot.engine.events import BranchesOut, Event
from tracklater_bot.engine.infer.hmm import TransitionCosts
from tracklater_bot.engine.intervals import MINUTE, Interval, within
from tracklater_bot.engine.match.matcher import Pointer
from tracklater_bot.engine.presence import Focus
from tracklater_bot.engine.score.context import FOLLOW, LEAD, ScoringContext
from tracklater_bot.engine.score.events import weigh_events
from tracklater_bot.engine.score.weights import Weights
from tracklater_bot.engine.segments import EvidenceSource, Segment
from tracklater_bot.engine.windows import WindowPlace

# Nothing that was found before or after so long an absence tells of what is on this side of it.
FAR = 30 * MINUTE
# A page that stays in front for longer is being read, and says no more than that.
LONGEST_LOOK = 5.0
# A window that keeps its title for longer says no more than this many minutes of it.
LONGEST_STAY = 20.0


def weigh(
    pieces: Sequence[Segment],
    events: Sequence[Event],
    happened: Sequence[Event],
    scales: ScoringContext,
) -> None:
    """Adds all evidence and all prices.

    `happened` are the events of the day; earlier ones only tell what was checked out.
    """
    branches = BranchesOut(events)
    for stay, parts in _by_stay(pieces):
        _weigh_stay(stay, parts, branches, scales)
    _weigh_silence(pieces, scales)
    weigh_events(pieces, happened, scales)
    _weigh_islands([piece for piece in pieces if piece.seen], scales.weights)
    for last, piece in pairwise(each for each in pieces if each.seen):
        piece.prices = _price(last, piece, scales)


# -- Windows -----------------------------------------------------------------------------------


def _by_stay(pieces: Sequence[Segment]) -> Iterator[tuple[Focus, list[Segment]]]:
    for _, same in groupby(pieces, key=lambda piece: id(piece.stay)):
        parts = list(same)
        if parts[0].stay is not None:
            yield parts[0].stay, parts


def _weigh_stay(
    stay: Focus, parts: Sequence[Segment], branches: BranchesOut, scales: ScoringContext
) -> None:
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
        if pointer.place in (WindowPlace.WORK, WindowPlace.PAGE) and not pointer.issues:
            _weigh_branch(piece, pointer, size, branches, scales.weights)


def _size(minutes: float) -> float:
    """How much a stay counts: a glance already half of a minute, long ones ever less."""
    return 0.5 + 0.5 * min(minutes, 1.0) + 0.3 * max(0.0, min(minutes, LONGEST_STAY) - 1.0)


def _weigh_groups(
    piece: Segment, pointer: Pointer, size: float, scales: ScoringContext, *, by_call: bool
) -> None:
    weights = scales.weights
    talk = by_call and pointer.place is WindowPlace.TALK
    weight = weights.talk_in_call if talk else weights.group_in[pointer.place]
    for group, word in pointer.groups.items():
        piece.add_evidence(group, weight * size, EvidenceSource(word))


def _weigh_emptiness(piece: Segment, pointer: Pointer, minutes: float, weights: Weights) -> None:
    """What speaks for no work in a part of a stay of so many minutes."""
    if pointer.place is WindowPlace.LEISURE:
        piece.nothing += weights.leisure_window + weights.leisure_minute * piece.minutes
    elif not pointer and pointer.place is WindowPlace.PAGE:
        looked = min(minutes, LONGEST_LOOK) / minutes
        piece.nothing += weights.page_minute * looked * piece.minutes
    elif not pointer:
        piece.nothing += weights.neutral_minute * piece.minutes


def _weigh_branch(
    piece: Segment, pointer: Pointer, size: float, branches: BranchesOut, weights: Weights
) -> None:
    """A window of a group's work, while a branch of an issue or a trunk is checked out there."""
    for group in pointer.groups:
        checkout = branches.at(group, piece.start)
        if checkout is not None and checkout.trunk:
            piece.speak_for_no_issue(group, weights.trunk_out * size)
        elif checkout is not None:
            piece.speak_for_issue(checkout.issues[0], weights.branch_out * size)


def _weigh_silence(pieces: Sequence[Segment], scales: ScoringContext) -> None:
    """Against issues, for every minute in which a group shows without one, and in calls.

    Windows that show nobody say as little against an issue as against its group, and one that
    stays in front for hours no more than it says for the group.
    """
    weights = scales.weights
    for piece in pieces:
        if not piece.seen:
            continue
        if within(scales.calls, piece.start):
            piece.any_issue -= (weights.silent_minute + weights.call_minute) * piece.minutes
        elif piece.groups:
            piece.any_issue -= weights.silent_minute * piece.minutes * _heard(piece.stay)


def _heard(stay: Focus | None) -> float:
    """The share of a stay that counts."""
    minutes = (stay.end - stay.start) / MINUTE if stay is not None else 0.0
    return min(1.0, LONGEST_STAY / minutes) if minutes else 1.0


def _weigh_islands(seen: Sequence[Segment], weights: Weights) -> None:
    """Presence far from all evidence is nobody's: it is asked about, not guessed."""
    first = 0
    for place in range(1, len(seen) + 1):
        if place == len(seen) or seen[place].start - seen[place - 1].end >= FAR:
            island = seen[first:place]
            if not any(piece.groups for piece in island):
                for piece in island:
                    piece.nothing += weights.island
            first = place


# -- Prices ------------------------------------------------------------------------------------


def _price(last: Segment, piece: Segment, scales: ScoringContext) -> TransitionCosts:
    """What a change between two pieces costs: little after a break and around calls."""
    weights = scales.weights
    if piece.start - last.end > 1.0:
        return weights.after_absence
    if _is_around_call(piece.start, scales.calls) and not _goes_with_call(last, piece, scales):
        return weights.around_call
    if piece.stay is not None and piece.stay is last.stay:
        return weights.same_window
    return weights.usual


def _is_around_call(at: float, calls: Sequence[Interval]) -> bool:
    return any(-LEAD <= at - start <= 1.0 or -1.0 <= at - end <= FOLLOW for start, end in calls)


def _goes_with_call(last: Segment, piece: Segment, scales: ScoringContext) -> bool:
    """Whether a call begins or ends here with a chat that tells whose it is."""
    starts = any(abs(piece.start - start) <= 1.0 for start, _ in scales.calls)
    ends = any(abs(piece.start - end) <= 1.0 for _, end in scales.calls)
    return (starts and _is_telling_talk(last, scales)) or (ends and _is_telling_talk(piece, scales))


def _is_telling_talk(piece: Segment, scales: ScoringContext) -> bool:
    if piece.stay is None:
        return False
    pointer = scales.reader.window(piece.stay.title)
    return bool(pointer) and pointer.place is WindowPlace.TALK
