"""Explain: the few things that decided a suggestion, and where it could be split.

Names and counts only: no window title ever gets into a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate

from tracklater_bot.domain.suggestions import Reason
from tracklater_bot.engine.events import EventKind
from tracklater_bot.engine.infer.hmm import NOTHING, Chain, viterbi
from tracklater_bot.engine.infer.inference import LabelledDay, SegmentLabel, families_of
from tracklater_bot.engine.intervals import MINUTE, Interval
from tracklater_bot.engine.score.weights import WEIGHTS
from tracklater_bot.engine.segments import EvidenceSource

MOST_REASONS = 4
NOTHING_KNOWN = "nothing known"
NEIGHBOUR = 4.0  # what a neighbour's word counts for what lies beside it, without a screen
IMPOSSIBLE = -1e9
# Both sides of a split are at least this long, and one speaks for something else this much.
SHORTEST_SIDE = 5 * MINUTE
SPEAKS = 1.5


# -- Why ---------------------------------------------------------------------------------------


def reasons(group: str, explained: LabelledDay, part: Interval) -> tuple[Reason, ...]:
    """What spoke for the group, strongest first, with its share of all that did."""
    log_likelihood: defaultdict[EvidenceSource, float] = defaultdict(float)
    minutes: defaultdict[EvidenceSource, float] = defaultdict(float)
    shas: defaultdict[EvidenceSource, list[str]] = defaultdict(list)
    for place, shared in explained.inside(part):
        for owner, ground, weight in explained.pieces[place].grounds:
            if owner == group:
                log_likelihood[ground] += weight
                minutes[ground] += shared
                shas[ground].append(ground.sha)
    if not log_likelihood:
        return (Reason(f"work for {group} around it", 1.0),)
    whole = sum(log_likelihood.values())
    strongest = sorted(log_likelihood, key=lambda ground: (-log_likelihood[ground], ground.about))
    return tuple(
        Reason(
            _in_words(ground, shas[ground], minutes[ground]),
            round(log_likelihood[ground] / whole, 3),
        )
        for ground in strongest[:MOST_REASONS]
    )


def _in_words(ground: EvidenceSource, shas: Sequence[str], minutes: float) -> str:
    about = ground.about
    if ground.kind is EventKind.COMMIT:
        return f"{_count(len(set(shas)), 'commit')} in {about}"
    if ground.kind is EventKind.CHECKOUT:
        return f"branch {about} checked out" if about else "a commit checked out"
    if ground.kind is EventKind.MESSAGE:
        return f"{_count(len(shas), 'message')}{f' in #{about}' if about else ''}"
    return f"{about} in window titles, {max(round(minutes), 1)} min"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def instead(
    group: str, explained: LabelledDay, part: Interval, neighbours: Iterable[str | None]
) -> str:
    """What would have been suggested without the group's own reasons: a group, or nothing.

    It may be the same group, where that is beside it too.
    """
    seen = [place for place, _ in explained.inside(part) if explained.pieces[place].seen]
    if seen:
        return _instead_on_screen(group, explained, seen)
    claims: defaultdict[str, float] = defaultdict(float)
    nothing = 0.0
    for place, _ in explained.inside(part):
        piece = explained.pieces[place]
        nothing += piece.nothing
        for name, log_likelihood in piece.groups.items():
            claims[name] += log_likelihood
    claims.pop(group, None)
    for neighbour in neighbours:
        if neighbour is not None:
            claims[neighbour] += NEIGHBOUR
    best = max(sorted(claims), key=lambda name: claims[name], default=None)
    return best if best is not None and claims[best] > nothing else NOTHING_KNOWN


def _instead_on_screen(group: str, explained: LabelledDay, places: Sequence[int]) -> str:
    """The best path between what is before and after it, where the pieces say nothing of it."""
    pieces, states = explained.pieces, explained.states
    rows = {place: _silenced(group, explained, place) for place in places}
    before = next((n for n in range(places[0] - 1, -1, -1) if pieces[n].seen), None)
    after = next((n for n in range(places[-1] + 1, len(pieces)) if pieces[n].seen), None)
    for place in (before, after):
        if place is not None:
            rows[place] = [
                0.0 if n == explained.path[place] else IMPOSSIBLE for n in range(len(states))
            ]
    order = sorted(rows)
    chain = Chain(
        families_of(states),
        tuple(rows[place] for place in order),
        tuple(pieces[place].prices for place in order),
    )
    minutes: defaultdict[str, float] = defaultdict(float)
    for place, number in zip(order, viterbi(chain), strict=True):
        if place not in (before, after):
            state = states[number]
            minutes[state[0] if state else NOTHING_KNOWN] += pieces[place].minutes
    return max(sorted(minutes), key=lambda name: minutes[name])


def _silenced(group: str, explained: LabelledDay, place: int) -> list[float]:
    """A piece's scores, had its clues said nothing of the group."""
    piece = explained.pieces[place]
    row = [
        piece.any_group if state is not None and state[0] == group else score
        for state, score in zip(explained.states, explained.scores[place], strict=True)
    ]
    if piece.groups.keys() == {group}:
        row[0] += WEIGHTS.neutral_minute * piece.minutes
    return row


# -- Where to split ----------------------------------------------------------------------------


def seam(explained: LabelledDay, state: SegmentLabel, part: Interval) -> float | None:
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
