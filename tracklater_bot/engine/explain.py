"""Explain: the few things that decided a suggestion, and where it could be split.

Names and counts only: no window title ever gets into a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from tracklater_bot.engine.events import Kind
from tracklater_bot.engine.parts import MINUTE, Part
from tracklater_bot.engine.pieces import Ground, Piece
from tracklater_bot.engine.stretches import Explained, State
from tracklater_bot.model import Reason

MOST_REASONS = 4
NOTHING_KNOWN = "nothing known"
NEIGHBOUR = 4.0  # what a neighbour's word counts for what lies beside it
# Both sides of a split are at least this long; the smaller side speaks for itself this much, and
# the two together explain the time almost as well as the whole.
SHORTEST_SIDE = 5 * MINUTE
SPEAKS, NEARLY = 1.5, 6.0


def pieces_in(pieces: Iterable[Piece], part: Part) -> Iterator[tuple[Piece, float]]:
    """The pieces that share time with a part of the day, and the minutes that they share."""
    start, end = part
    for piece in pieces:
        shared = min(piece.end, end) - max(piece.start, start)
        if shared > 0:
            yield piece, shared / MINUTE


# -- Why ---------------------------------------------------------------------------------------


def reasons(group: str, pieces: Iterable[Piece], part: Part) -> tuple[Reason, ...]:
    """What spoke for the group, strongest first, with its share of all that did."""
    nats: defaultdict[Ground, float] = defaultdict(float)
    minutes: defaultdict[Ground, float] = defaultdict(float)
    times: defaultdict[Ground, int] = defaultdict(int)
    for piece, shared in pieces_in(pieces, part):
        for owner, ground, weight in piece.grounds:
            if owner == group:
                nats[ground] += weight
                minutes[ground] += shared
                times[ground] += 1
    if not nats:
        return (Reason(f"work for {group} around it", 1.0),)
    whole = sum(nats.values())
    strongest = sorted(nats, key=lambda ground: (-nats[ground], ground.about))
    return tuple(
        Reason(_in_words(ground, times[ground], minutes[ground]), round(nats[ground] / whole, 3))
        for ground in strongest[:MOST_REASONS]
    )


def _in_words(ground: Ground, times: int, minutes: float) -> str:
    about = ground.about
    if ground.kind is Kind.COMMIT:
        return f"{_count(times, 'commit')} in {about}"
    if ground.kind is Kind.CHECKOUT:
        return f"branch {about} checked out" if about else "a commit checked out"
    if ground.kind is Kind.MESSAGE:
        return f"{_count(times, 'message')}{f' in #{about}' if about else ''}"
    return f"{about} in window titles, {max(round(minutes), 1)} min"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def instead(
    group: str, pieces: Iterable[Piece], part: Part, neighbours: Iterable[str | None]
) -> str:
    """What would have been suggested without the group's own reasons: another group, or nothing."""
    claims: defaultdict[str, float] = defaultdict(float)
    nothing = 0.0
    for piece, _ in pieces_in(pieces, part):
        nothing += piece.nothing
        for name, nats in piece.groups.items():
            claims[name] += nats
    for neighbour in neighbours:
        if neighbour is not None:
            claims[neighbour] += NEIGHBOUR
    claims.pop(group, None)
    best = max(sorted(claims), key=lambda name: claims[name], default=None)
    return best if best is not None and claims[best] > nothing else NOTHING_KNOWN


# -- Where to split ----------------------------------------------------------------------------


def seam(explained: Explained, state: State, part: Part) -> float | None:
    """The moment inside where something else begins or ends; None where nothing speaks for one."""
    places = [
        place
        for place, piece in enumerate(explained.pieces)
        if part[0] <= piece.start and piece.end <= part[1]
    ]
    if state not in explained.states or len(places) < 2:
        return None
    rows = [explained.chain.scores[place] for place in places]
    own = explained.states.index(state)
    others = [column for column in range(len(explained.states)) if column != own]
    sums = {column: [0.0, *accumulate(row[column] for row in rows)] for column in (own, *others)}
    best = sums[own][-1] - NEARLY
    found = None
    for cut in range(1, len(places)):
        at = explained.pieces[places[cut]].start
        if at - part[0] < SHORTEST_SIDE or part[1] - at < SHORTEST_SIDE:
            continue
        value = _split_value(sums, own, cut)
        if value is not None and value > best:
            best, found = value, at
    return found


def _split_value(sums: Mapping[int, Sequence[float]], own: int, cut: int) -> float | None:
    """How well two sides explain what they hold, one of them by the best other state."""
    others = [column for column in sums if column != own]
    if not others:
        return None
    left = max(sums[column][cut] for column in others)
    right = max(sums[column][-1] - sums[column][cut] for column in others)
    values = []
    if left >= SPEAKS:
        values.append(left + sums[own][-1] - sums[own][cut])
    if right >= SPEAKS:
        values.append(right + sums[own][cut])
    return max(values, default=None)
