"""From the best path through a day to its suggestions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracklater_bot.day import Span, round_boundaries, subtract
from tracklater_bot.engine.describe import description, project_for
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.pieces import (
    MINUTE,
    Event,
    Piece,
    State,
    Timeline,
    chain,
    states,
    timeline,
)
from tracklater_bot.engine.segment import beliefs, best_path
from tracklater_bot.engine.weights import WEIGHTS, Weights
from tracklater_bot.model import Commit, Evidence, Issue, Message, Suggestion


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch with one explanation; `pieces` are the numbers of its first and last piece + 1."""

    start: float
    end: float
    way: State
    pieces: tuple[int, int]

    @property
    def group(self) -> str | None:
        return self.way[0] if self.way else None


def suggest(inputs: Inputs, weights: Weights = WEIGHTS) -> tuple[Suggestion, ...]:
    """The day's suggestions, in order: no two overlap, none overlaps what is tracked."""
    cut = timeline(inputs, weights)
    ways = states(cut.pieces)
    day = chain(cut.pieces, ways)
    believed = beliefs(day)
    path = _settled(cut.pieces, best_path(day), believed)
    path = [
        state if piece.seen else max(range(len(row)), key=row.__getitem__)
        for piece, state, row in zip(cut.pieces, path, believed)
    ]
    found = _absorbed(list(_stretches(cut.pieces, path, ways)), inputs.options.min_minutes * MINUTE)
    told = _Teller(inputs, cut, ways, believed)
    return tuple(told.suggestion(each, span) for each, span in _timed(found, inputs))


def _settled(
    pieces: Sequence[Piece], path: Sequence[int], believed: Sequence[Sequence[float]]
) -> list[int]:
    """The path with each change where it costs the fewest minutes if it was elsewhere."""
    settled = list(path)
    runs = _runs(path)
    for number in range(1, len(runs)):
        first, middle, state = runs[number - 1]
        end = runs[number][1]
        following = runs[number][2]
        gain = best = 0.0
        cut = first + 1
        for place in range(first, end):
            if place > first and gain > best + 1e-9:
                best, cut = gain, place
            length = pieces[place].minutes
            gain += length * (believed[place][state] - believed[place][following])
            if place == first:
                best = gain
        cut = min(max(cut, first + 1), end - 1)
        runs[number - 1] = (first, cut, state)
        runs[number] = (cut, end, following)
        settled[first:cut] = [state] * (cut - first)
        settled[cut:end] = [following] * (end - cut)
    return settled


def _runs(path: Sequence[int]) -> list[tuple[int, int, int]]:
    runs: list[tuple[int, int, int]] = []
    for place, state in enumerate(path):
        if runs and runs[-1][2] == state:
            runs[-1] = (runs[-1][0], place + 1, state)
        else:
            runs.append((place, place + 1, state))
    return runs


def _stretches(
    pieces: Sequence[Piece], path: Sequence[int], ways: Sequence[State]
) -> Iterator[Found]:
    last: Found | None = None
    for place, (piece, state) in enumerate(zip(pieces, path, strict=True)):
        way = ways[state]
        if way is None and not piece.seen:
            continue
        if last and last.way == way and piece.start - last.end <= 1.0:
            last = replace(last, end=piece.end, pieces=(last.pieces[0], place + 1))
        else:
            if last:
                yield last
            last = Found(piece.start, piece.end, way, (place, place + 1))
    if last:
        yield last


def _absorbed(found: list[Found], shortest: float) -> list[Found]:
    """Without stretches too short to be suggested, where a neighbour can take them."""
    changed = True
    while changed:
        changed = False
        for place, each in enumerate(found):
            if each.end - each.start >= shortest:
                continue
            taker = _taker(found, place)
            if taker is not None:
                found = _joined(found, place, taker)
                changed = True
                break
    return found


def _taker(found: Sequence[Found], place: int) -> int | None:
    each = found[place]
    before = place - 1 if place and found[place - 1].end >= each.start - 1 else None
    after = place + 1 if place + 1 < len(found) and found[place + 1].start <= each.end + 1 else None
    same = [n for n in (before, after) if n is not None and found[n].group == each.group]
    if same:
        return max(same, key=lambda n: found[n].end - found[n].start)
    if before is not None and after is not None and found[before].group == found[after].group:
        return before
    if each.group is None:
        return before if before is not None else after
    return None


def _joined(found: list[Found], place: int, taker: int) -> list[Found]:
    first, second = sorted((place, taker))
    one, two = found[first], found[second]
    way = found[taker].way
    joint = Found(one.start, two.end, way, (one.pieces[0], two.pieces[1]))
    result = [*found[:first], joint, *found[second + 1 :]]
    if first + 1 < len(result):
        following = result[first + 1]
        if following.way == way and following.start - joint.end <= 1.0:
            result[first : first + 2] = [
                Found(joint.start, following.end, way, (joint.pieces[0], following.pieces[1]))
            ]
    return result


def _timed(found: Sequence[Found], inputs: Inputs) -> Iterator[tuple[Found, Span]]:
    """Stretches as rounded spans without what is tracked, none shorter than wanted."""
    zero = inputs.day.span.start
    tracked = [span for each in inputs.tracked if (span := each.span(inputs.now)) is not None]
    shortest = timedelta(minutes=inputs.options.min_minutes)
    parts: list[tuple[Found, Span]] = []
    for each in found:
        whole = Span(zero + timedelta(seconds=each.start), zero + timedelta(seconds=each.end))
        parts += [(each, part) for part in subtract([whole], tracked)]
    minutes = inputs.options.round_minutes
    for each, part in parts:
        start, end = round_boundaries((part.start, part.end), minutes)
        end = min(end, max(inputs.now, part.end))
        if start < end:
            for span in subtract([Span(start, end)], tracked):
                if span.length >= shortest:
                    yield each, span


class _Teller:
    def __init__(
        self,
        inputs: Inputs,
        cut: Timeline,
        ways: Sequence[State],
        believed: Sequence[Sequence[float]],
    ) -> None:
        self.inputs = inputs
        self.cut = cut
        self.ways = ways
        self.believed = believed
        self.issues = {(each.group, each.key): each for each in inputs.issues}
        self.groups = {each.name: each for each in inputs.groups}
        self.zero = inputs.day.span.start

    def suggestion(self, found: Found, span: Span) -> Suggestion:
        group = found.group
        evidence = self._evidence(group, span)
        confidence = self._confidence(found)
        if group is None or found.way is None:
            return Suggestion(span, None, confidence=confidence, evidence=evidence)
        issue = self.issues.get((group, found.way[1])) if found.way[1] else None
        commits = sorted(
            (
                clue
                for clue in self.inputs.clues
                if isinstance(clue, Commit)
                and clue.group == group
                and span.start < clue.at <= span.end
            ),
            key=lambda clue: (clue.at, clue.sha),
        )
        return Suggestion(
            span,
            group,
            project=project_for(self.groups[group], issue),
            issue=issue,
            description=description(group, issue, commits),
            confidence=confidence,
            evidence=evidence,
        )

    def _confidence(self, found: Found) -> float:
        right = whole = 0.0
        columns = [n for n, way in enumerate(self.ways) if (way[0] if way else None) == found.group]
        for place in range(*found.pieces):
            length = self.cut.pieces[place].minutes
            row = self.believed[place]
            right += length * sum(row[column] for column in columns)
            whole += length
        return round(min(right / whole, 1.0), 3) if whole else 0.0

    def _evidence(self, group: str | None, span: Span) -> Evidence:
        start = (span.start - self.zero).total_seconds()
        end = (span.end - self.zero).total_seconds()
        seen = sum(
            min(end, piece.end) - max(start, piece.start)
            for piece in self.cut.pieces
            if piece.title is not None and piece.start < end and piece.end > start
        )
        events = [e for e in self.cut.events if group in e.groups and start < e.at <= end]
        return Evidence(
            window_minutes=round(seen / MINUTE),
            commits=sum(each.kind is Commit for each in events),
            messages=sum(each.kind is Message for each in events),
        )
