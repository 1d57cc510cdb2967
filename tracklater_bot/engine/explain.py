"""Explain: the few things that decided a suggestion, and where it could be split.

Names and counts only: no window title ever gets into a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate

from tracklater_bot.engine.chains import Explained, State
from tracklater_bot.engine.events import Kind
from tracklater_bot.engine.parts import MINUTE, Part
from tracklater_bot.engine.pieces import Ground
from tracklater_bot.engine.segment import NOTHING
from tracklater_bot.model import Reason

MOST_REASONS = 4
NOTHING_KNOWN = "nothing known"
NEIGHBOUR = 4.0  # what a neighbour's word counts for what lies beside it
# Both sides of a split are at least this long, and one speaks for something else this much.
SHORTEST_SIDE = 5 * MINUTE
SPEAKS = 1.5


# -- Why ---------------------------------------------------------------------------------------


def reasons(group: str, explained: Explained, part: Part) -> tuple[Reason, ...]:
    """What spoke for the group, strongest first, with its share of all that did."""
    nats: defaultdict[Ground, float] = defaultdict(float)
    minutes: defaultdict[Ground, float] = defaultdict(float)
    times: defaultdict[Ground, int] = defaultdict(int)
    for place, shared in explained.inside(part):
        for owner, ground, weight in explained.pieces[place].grounds:
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


def instead(group: str, explained: Explained, part: Part, neighbours: Iterable[str | None]) -> str:
    """What would have been suggested without the group's own reasons: another group, or nothing."""
    claims: defaultdict[str, float] = defaultdict(float)
    nothing = 0.0
    for place, _ in explained.inside(part):
        piece = explained.pieces[place]
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
    """The moment inside before or after which something else fits best.

    None where the state fits best on both sides of every moment.
    """
    places = [place for place, _ in explained.inside(part)]
    rows = [explained.scores[place] for place in places]
    starts = [explained.pieces[place].start for place in places]
    own = explained.states.index(state) if state in explained.states else NOTHING
    best, found = SPEAKS, None
    for column in range(len(explained.states)):
        sums = list(accumulate(row[column] - row[own] for row in rows))
        for place in range(1, len(places)):
            at, before = starts[place], sums[place - 1]
            gain = max(before, sums[-1] - before)
            if gain > best and SHORTEST_SIDE <= at - part[0] <= part[1] - part[0] - SHORTEST_SIDE:
                best, found = gain, at
    return found
