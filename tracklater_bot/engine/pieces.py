"""Pieces: a day cut where something happens, and what speaks for each group in each piece.

Times are seconds since the working day began.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from itertools import pairwise

from tracklater_bot.engine.evidence import IssueId, Pointer, Reader, is_trunk
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.presence import (
    Part,
    Rules,
    Sample,
    Stay,
    by_machine,
    joined,
    privacy,
    watch,
)
from tracklater_bot.engine.segment import Chain, Prices
from tracklater_bot.engine.titles import Kinds, Place, folded
from tracklater_bot.engine.weights import WEIGHTS, Reach, Weights
from tracklater_bot.model import Checkout, Commit, Message, Window

MINUTE = 60.0
GRID = 60.0
# How far around its clues a stretch without a screen is looked at.
UNSEEN_REACH = 60 * MINUTE
# Presence that a clue proves where the screen shows none.
BEFORE_COMMIT, AFTER_CHECKOUT, AROUND_MESSAGE = 5 * MINUTE, 2 * MINUTE, 1 * MINUTE
CALL_GAP = 12 * MINUTE
NOON_STARTS, NOON_ENDS = time(11, 15), time(13)
NEVER = 1000.0
SHORTEST_CALL = 3 * MINUTE
# Chats and calendars this close to a call belong to it: the way in, and what is written down after.
LEAD, FOLLOW = 3 * MINUTE, 2.5 * MINUTE


@dataclass(frozen=True, slots=True)
class Event:
    """A clue with a moment, and what it points to. `before` tells that the work lies before it."""

    at: float
    kind: type[Commit] | type[Checkout] | type[Message]
    groups: dict[str, float]
    issues: dict[IssueId, float]
    no_issue: str | None = None  # the group whose trunk was checked out
    word: str = ""
    repo: str = ""


@dataclass(slots=True)
class Piece:
    """A stretch in which nothing changes, and what speaks for each explanation of it.

    `seen` is False where no screen was recorded, so that nobody may have been there.
    """

    start: float
    end: float
    title: str | None
    seen: bool = True
    prices: Prices = WEIGHTS.usual
    groups: dict[str, float] = field(default_factory=dict)
    issues: dict[IssueId, float] = field(default_factory=dict)
    no_issue: dict[str, float] = field(default_factory=dict)
    any_group: float = 0.0
    any_issue: float = 0.0
    nothing: float = 0.0
    reasons: list[tuple[str, str, float]] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        return (self.end - self.start) / MINUTE

    def add(self, group: str, nats: float, reason: str) -> None:
        """More evidence for a group."""
        self.groups[group] = self.groups.get(group, 0.0) + nats
        self.reasons.append((group, reason, nats))

    def add_issue(self, issue: IssueId, nats: float) -> None:
        """More evidence for an issue."""
        self.issues[issue] = self.issues.get(issue, 0.0) + nats


@dataclass(frozen=True, slots=True)
class Timeline:
    """A day's pieces in order, and its events."""

    pieces: list[Piece]
    events: list[Event]


def timeline(inputs: Inputs, weights: Weights = WEIGHTS) -> Timeline:
    """The day cut into pieces, with all that its clues say."""
    return _Builder(inputs, weights).build()


class _Builder:
    def __init__(self, inputs: Inputs, weights: Weights) -> None:
        self.inputs = inputs
        self.weights = weights
        self.zero = inputs.day.span.start.timestamp()
        self.until = min(inputs.now, inputs.day.span.end).timestamp() - self.zero
        self.kinds = Kinds(inputs.options.meetings)
        self.reader = Reader(inputs.groups, inputs.issues, inputs.clues, self.kinds)
        self.known = {group.name for group in inputs.groups}

    def build(self) -> Timeline:
        moments = sorted(
            each.at.timestamp() - self.zero
            for each in self.inputs.clues
            if not isinstance(each, Window)
        )
        watched = watch(by_machine(self._samples()), self._rules(), moments)
        self.calls = _calls(watched.stays, self.kinds)
        events = self._events()
        shown = [each for each in events if 0 < each.at < self.until]
        pieces = self._seen_pieces(watched.stays, shown, watched.covered)
        pieces += self._unseen_pieces(watched.covered, shown)
        pieces.sort(key=lambda piece: (piece.start, piece.end))
        self._weigh_windows(pieces, watched.stays, events)
        self._weigh_events(pieces, shown)
        self._price(pieces, watched.stays)
        return Timeline(pieces, shown)

    # -- reading the clues

    def _samples(self) -> Iterator[tuple[str, Sample]]:
        for clue in self.inputs.clues:
            if isinstance(clue, Window):
                at = clue.at.timestamp() - self.zero
                if 0 <= at < self.until:
                    yield clue.machine, Sample(at, clue.title, clue.screen)

    def _rules(self) -> Rules:
        options = self.inputs.options
        return Rules(
            idle=options.idle_minutes * MINUTE,
            is_meeting=lambda title: self.kinds.of(folded(title)) is Place.MEETING,
            is_private=privacy(options.ignore),
        )

    def _events(self) -> list[Event]:
        found = [self._event(each) for each in self.inputs.clues if not isinstance(each, Window)]
        events = [each for each in found if each is not None]
        events.sort(key=lambda each: (each.at, each.word, sorted(each.groups)))
        return events

    def _event(self, clue: Commit | Checkout | Message) -> Event | None:
        at = clue.at.timestamp() - self.zero
        match clue:
            case Commit() if clue.group in self.known:
                issue = self.reader.commit(clue)
                issues = {issue: 1.0} if issue else {}
                no_issue = None if issue or not all(map(is_trunk, clue.branches)) else clue.group
                return Event(at, Commit, {clue.group: 1.0}, issues, no_issue, clue.repo, clue.repo)
            case Checkout() if clue.group in self.known:
                issue = self.reader.branch(clue.group, clue.branch)
                issues = {issue: 1.0} if issue else {}
                no_issue = None if issue else clue.group
                return Event(
                    at, Checkout, {clue.group: 1.0}, issues, no_issue, clue.branch, clue.repo
                )
            case Message():
                pointer = self.reader.message(clue)
                groups = {
                    name: value for name, value in pointer.groups.items() if name in self.known
                }
                if True:
                    return Event(at, Message, groups, pointer.issues, None, clue.channel)
        return None

    # -- cutting the day

    def _seen_pieces(
        self, stays: Sequence[Stay], events: Sequence[Event], covered: Sequence[Part]
    ) -> list[Piece]:
        cuts = sorted({each.at for each in events})
        pieces = [
            Piece(start, end, stay.title) for stay in stays for start, end in _cut(stay, cuts)
        ]
        return pieces + list(self._reached(stays, events, covered))

    def _reached(
        self, stays: Sequence[Stay], events: Sequence[Event], covered: Sequence[Part]
    ) -> Iterator[Piece]:
        """Presence that clues prove where the screen stands still."""
        parts = []
        for event in events:
            if any(start <= event.at < end for start, end in covered):
                before, after = _proved(event)
                parts.append((max(0.0, event.at - before), min(self.until, event.at + after)))
        present = joined((stay.start, stay.end) for stay in stays)
        for start, end in _without(joined(parts), present):
            yield Piece(start, end, "")

    def _unseen_pieces(self, covered: Sequence[Part], events: Sequence[Event]) -> list[Piece]:
        pieces = []
        for start, end in _without([(0.0, self.until)], covered):
            inside = [event.at for event in events if start <= event.at < end]
            if inside:
                first = max(start, inside[0] - UNSEEN_REACH)
                last = min(end, inside[-1] + UNSEEN_REACH)
                pieces += [Piece(a, b, None, seen=False) for a, b in _grid(first, last, inside)]
                pieces += [_away(at) for at in (first, last)]
        return pieces

    # -- weighing

    def _weigh_windows(
        self, pieces: Sequence[Piece], stays: Sequence[Stay], events: Sequence[Event]
    ) -> None:
        calls = self.calls
        branches = _BranchesOut(events)
        for stay, parts in _by_stay(pieces, stays):
            pointer = self.reader.window(stay.title)
            in_call = any(
                stay.start < end + FOLLOW and stay.end > start - LEAD for start, end in calls
            )
            for piece in parts:
                share = piece.minutes / ((stay.end - stay.start) / MINUTE)
                self._weigh_window(
                    piece, pointer, _length((stay.end - stay.start) / MINUTE) * share, in_call
                )
                self._weigh_branch(piece, pointer, branches, share)
        for piece in pieces:
            if piece.seen and any(start <= piece.start < end for start, end in calls):
                piece.any_issue -= self.weights.call_with_issue * piece.minutes

    def _weigh_window(self, piece: Piece, pointer: Pointer, size: float, in_call: bool) -> None:
        weights = self.weights
        place = pointer.place
        weight = weights.group_in[place]
        if in_call and place is Place.TALK:
            weight = weights.talk_in_call
        for group, strength in pointer.groups.items():
            piece.add(group, weight * strength * size, pointer.words.get(group, ""))
        for issue, strength in pointer.issues.items():
            piece.add_issue(issue, weights.issue_in[place] * strength * size)
        if place is Place.LEISURE:
            piece.nothing += weights.leisure_window + weights.leisure_minute * piece.minutes
        elif not pointer:
            piece.nothing += weights.neutral_minute * piece.minutes

    def _weigh_branch(
        self, piece: Piece, pointer: Pointer, branches: "_BranchesOut", share: float
    ) -> None:
        if pointer.place is not Place.WORK or pointer.issues:
            return
        for group in pointer.groups:
            issue = branches.issue(group, piece.start)
            size = share * _length(piece.minutes / max(share, 1e-9))
            if issue is None and branches.trunk(group, piece.start):
                piece.no_issue[group] = (
                    piece.no_issue.get(group, 0.0) + self.weights.trunk_window * size
                )
            if issue is not None:
                size = share * _length(piece.minutes / max(share, 1e-9))
                piece.add_issue(issue, self.weights.branch * size)

    def _weigh_events(self, pieces: Sequence[Piece], events: Sequence[Event]) -> None:
        starts = [piece.start for piece in pieces]
        for event in events:
            self._weigh_moment(pieces, starts, event)
        for piece in pieces:
            if not piece.seen:
                rate = self.weights.unseen_minute
                if self._is_noon(piece):
                    rate += self.weights.unseen_noon
                piece.any_group -= rate * piece.minutes
        self._weigh_reaches(pieces, starts, events)

    def _is_noon(self, piece: Piece) -> bool:
        at = self.inputs.day.local(self.inputs.day.span.start + timedelta(seconds=piece.start))
        return NOON_STARTS <= at.time() < NOON_ENDS

    def _weigh_moment(self, pieces: Sequence[Piece], starts: Sequence[float], event: Event) -> None:
        weights = self.weights
        place = bisect_right(starts, event.at) - 1
        if event.kind is Commit and place > 0 and pieces[place].start == event.at:
            place -= 1
        if place < 0:
            return
        piece = pieces[place]
        if event.at > piece.end and place + 1 < len(pieces):
            piece = pieces[place + 1] if event.kind is not Commit else piece
        group_weight, issue_weight = {
            Commit: (weights.commit, weights.commit_issue),
            Checkout: (weights.checkout, weights.checkout_issue),
            Message: (weights.message, weights.message_issue),
        }[event.kind]
        if event.kind is Message and any(
            start - LEAD <= event.at <= end + FOLLOW for start, end in self.calls
        ):
            group_weight = weights.message_in_call
        for group, strength in event.groups.items():
            piece.add(group, group_weight * strength, _told(event))
        for issue, strength in event.issues.items():
            piece.add_issue(issue, issue_weight * strength)
        if event.no_issue:
            nats = weights.trunk if event.kind is Checkout else weights.trunk_commit
            piece.no_issue[event.no_issue] = piece.no_issue.get(event.no_issue, 0.0) + nats

    def _weigh_reaches(
        self, pieces: Sequence[Piece], starts: Sequence[float], events: Sequence[Event]
    ) -> None:
        """Work that is likely around clues: of several for a group the nearest one counts."""
        best: dict[tuple[int, str], float] = {}
        somebody: dict[int, float] = {}
        issues: dict[tuple[int, IssueId], float] = {}
        for event in events:
            before, after = self._reaches(event)
            first = bisect_left(starts, event.at - before.far * MINUTE)
            for place in range(max(first - 1, 0), len(pieces)):
                piece = pieces[place]
                if piece.start > event.at + after.far * MINUTE:
                    break
                share = _share(piece, event, before, after)
                if share <= 0 or (piece.seen and not self._leads_to_commit(piece, event)):
                    continue
                if not event.groups:
                    somebody[place] = max(somebody.get(place, 0.0), share)
                for group, strength in event.groups.items():
                    key = place, group
                    best[key] = max(best.get(key, 0.0), share * strength)
                for issue, strength in event.issues.items():
                    issue_key = place, issue
                    issues[issue_key] = max(issues.get(issue_key, 0.0), share * strength)
        for place, share in somebody.items():
            if not pieces[place].seen:
                pieces[place].any_group += (
                    self.weights.near_somebody * share * pieces[place].minutes
                )
        for (place, group), share in best.items():
            piece = pieces[place]
            rate = self.weights.commit_before if piece.seen else self.weights.near_clue
            piece.groups[group] = piece.groups.get(group, 0.0) + rate * share * piece.minutes
        for (place, issue), share in issues.items():
            piece = pieces[place]
            rate = self.weights.commit_before if piece.seen else self.weights.near_clue
            piece.add_issue(issue, rate * share * piece.minutes)

    def _leads_to_commit(self, piece: Piece, event: Event) -> bool:
        """Whether a piece on screen may be the work behind a commit: before it, and no call."""
        in_call = any(start <= piece.start < end for start, end in self.calls)
        return event.kind is Commit and piece.end <= event.at and not in_call

    def _reaches(self, event: Event) -> tuple[Reach, Reach]:
        weights = self.weights
        if event.kind is Commit:
            return weights.before_commit, weights.after_commit
        if event.kind is Checkout:
            return weights.before_checkout, weights.after_checkout
        return weights.around_message, weights.around_message

    # -- pricing

    def _price(self, pieces: Sequence[Piece], stays: Sequence[Stay]) -> None:
        weights = self.weights
        calls = self.calls
        for last, piece in pairwise(pieces):
            near_edge = any(
                -LEAD <= piece.start - start <= 1.0 or -1.0 <= piece.start - end <= FOLLOW
                for start, end in calls
            )
            if not piece.seen:
                piece.prices = weights.unseen
            elif piece.start - last.end > 1.0:
                piece.prices = weights.after_absence
            elif near_edge:
                piece.prices = weights.at_call
            elif piece.title == last.title and last.seen:
                piece.prices = weights.same_window
            else:
                piece.prices = weights.usual


def _away(at: float) -> Piece:
    """A moment at which nobody was there."""
    return Piece(at, at, None, seen=False, any_group=-NEVER)


def _told(event: Event) -> str:
    if event.kind is Commit:
        return f"commits in {event.repo}"
    if event.kind is Checkout:
        return f"branch {event.word} checked out" if event.word else ""
    return f"messages in #{event.word}" if event.word else "messages"


def _proved(event: Event) -> tuple[float, float]:
    if event.kind is Commit:
        return BEFORE_COMMIT, 0.0
    if event.kind is Checkout:
        return 0.0, AFTER_CHECKOUT
    return AROUND_MESSAGE, AROUND_MESSAGE


def _length(minutes: float) -> float:
    """How much a stay of some minutes counts: a glance already half, long ones ever less."""
    return 0.5 + 0.5 * min(minutes, 1.0) + 0.25 * max(0.0, min(minutes, 20.0) - 1.0)


def _share(piece: Piece, event: Event, before: Reach, after: Reach) -> float:
    if piece.end <= event.at:
        return before.share((event.at - piece.end) / MINUTE)
    if piece.start >= event.at:
        return after.share((piece.start - event.at) / MINUTE)
    return 1.0


def _cut(stay: Stay, cuts: Sequence[float]) -> Iterator[Part]:
    inside = cuts[bisect_right(cuts, stay.start) : bisect_left(cuts, stay.end)]
    yield from pairwise((stay.start, *inside, stay.end))


def _grid(start: float, end: float, cuts: Iterable[float]) -> Iterator[Part]:
    marks = {start, end, *(cut for cut in cuts if start < cut < end)}
    mark = start + GRID
    while mark < end:
        marks.add(mark)
        mark += GRID
    yield from pairwise(sorted(marks))


def _without(parts: Iterable[Part], holes: Sequence[Part]) -> Iterator[Part]:
    for start, end in parts:
        for hole_start, hole_end in holes:
            if hole_end <= start or hole_start >= end:
                continue
            if hole_start > start:
                yield start, hole_start
            start = max(start, hole_end)
        if start < end:
            yield start, end


def _by_stay(pieces: Sequence[Piece], stays: Sequence[Stay]) -> Iterator[tuple[Stay, list[Piece]]]:
    starts = [piece.start for piece in pieces]
    for stay in stays:
        first, last = bisect_left(starts, stay.start), bisect_left(starts, stay.end)
        yield stay, [piece for piece in pieces[first:last] if piece.seen]


def _calls(stays: Sequence[Stay], kinds: Kinds) -> list[Part]:
    meetings = (
        (each.start, each.end) for each in stays if kinds.of(folded(each.title)) is Place.MEETING
    )
    return [call for call in joined(meetings, gap=CALL_GAP) if call[1] - call[0] >= SHORTEST_CALL]


class _BranchesOut:
    """Which issue's branch was checked out in a group's repositories at a moment."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_group: dict[str, list[tuple[float, IssueId | None]]] = {}
        for event in events:
            if event.kind is Checkout:
                group = next(iter(event.groups))
                issue = next(iter(event.issues), None)
                self._by_group.setdefault(group, []).append((event.at, issue))

    def issue(self, group: str, at: float) -> IssueId | None:
        """The issue of the branch that was checked out last."""
        return self._last(group, at)[0]

    def trunk(self, group: str, at: float) -> bool:
        """Whether the last branch is known and no issue's."""
        return self._last(group, at) == (None, True)

    def _last(self, group: str, at: float) -> tuple[IssueId | None, bool]:
        known = self._by_group.get(group, [])
        place = bisect_right(known, at, key=lambda pair: pair[0]) - 1
        return (known[place][1], True) if place >= 0 else (None, False)


# -- The chain -----------------------------------------------------------------------------------

State = tuple[str, str | None] | None  # group and issue's key; None explains nothing


def states(pieces: Iterable[Piece]) -> list[State]:
    """Nothing, then each group that anything speaks for, without and with each of its issues."""
    groups: set[str] = set()
    issues: set[IssueId] = set()
    for piece in pieces:
        groups.update(piece.groups)
        issues.update(piece.issues)
    groups.update(group for group, _ in issues)
    found: list[State] = [None]
    for group in sorted(groups):
        found.append((group, None))
        found.extend(sorted(each for each in issues if each[0] == group))
    return found


def chain(pieces: Sequence[Piece], ways: Sequence[State]) -> Chain:
    """The pieces as rows of scores, one column a state."""
    names = sorted({way[0] for way in ways if way is not None})
    families = tuple(0 if way is None else names.index(way[0]) + 1 for way in ways)
    return Chain(
        families,
        tuple(_row(piece, ways) for piece in pieces),
        tuple(piece.prices for piece in pieces),
    )


def _row(piece: Piece, ways: Sequence[State]) -> list[float]:
    row = [piece.nothing]
    groups, issues = piece.groups, piece.issues
    for way in ways[1:]:
        if way is None:
            continue
        group, key = way
        score = piece.any_group + groups.get(group, 0.0)
        if key is None:
            score += piece.no_issue.get(group, 0.0)
        else:
            score += piece.any_issue + issues.get((group, key), 0.0)
        row.append(score)
    return row
