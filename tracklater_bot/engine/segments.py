"""Pieces: a day cut where something happens. What speaks for whom is added by weighing.py.

Times are seconds since the working day began.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.events import Event, EventKind
from tracklater_bot.engine.infer.hmm import TransitionCosts
from tracklater_bot.engine.intervals import MINUTE, Interval, cut, joined, within, without
from tracklater_bot.engine.presence import Focus, Watch
from tracklater_bot.engine.score.weights import WEIGHTS

GRID = 2 * MINUTE
# How far before and after its clues a stretch without a screen is looked at. When work ended is
# told by the silence that follows: it is heard out, or one more clue would seem to prolong it.
UNSEEN_BEFORE, UNSEEN_AFTER = 60 * MINUTE, 180 * MINUTE
# Presence that a clue proves where the screen stands still: before and after it.
PROVED = {
    EventKind.COMMIT: (5 * MINUTE, 0.0),
    EventKind.CHECKOUT: (0.0, 2 * MINUTE),
    EventKind.MESSAGE: (MINUTE, MINUTE),
}


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """What speaks for a group: an event, or (`kind` is None) a word in a window's title.

    `sha` tells a commit that was amended from several.
    """

    about: str
    kind: EventKind | None = None
    sha: str = field(default="", compare=False)


@dataclass(slots=True)
class Segment:
    """A stretch in which nothing changes, and what speaks for each explanation of it.

    `title` is None where no screen was recorded: there nobody may have been at work. Everything
    that speaks is a natural logarithm of a likelihood. `turns_to` is the group that it is likely to
    begin with.
    """

    start: float
    end: float
    title: str | None
    stay: Focus | None = None
    prices: TransitionCosts = WEIGHTS.usual
    groups: dict[str, float] = field(default_factory=dict)
    issues: dict[IssueId, float] = field(default_factory=dict)
    no_issue: dict[str, float] = field(default_factory=dict)
    any_group: float = 0.0
    any_issue: float = 0.0
    nothing: float = 0.0
    at_noon: bool = False
    turns_to: str | None = None
    grounds: list[tuple[str, EvidenceSource, float]] = field(default_factory=list)

    @property
    def seen(self) -> bool:
        """Whether somebody is known to have been there."""
        return self.title is not None

    @property
    def minutes(self) -> float:
        """How long it is."""
        return (self.end - self.start) / MINUTE

    def add_evidence(
        self, group: str, log_likelihood: float, ground: EvidenceSource | None = None
    ) -> None:
        """Evidence for a group, and what it is."""
        self.groups[group] = self.groups.get(group, 0.0) + log_likelihood
        if ground is not None:
            self.grounds.append((group, ground, log_likelihood))

    def speak_for_issue(self, issue: IssueId, log_likelihood: float) -> None:
        """Evidence for an issue."""
        self.issues[issue] = self.issues.get(issue, 0.0) + log_likelihood

    def speak_for_no_issue(self, group: str, log_likelihood: float) -> None:
        """Evidence for work of a group that is on none of its issues."""
        self.no_issue[group] = self.no_issue.get(group, 0.0) + log_likelihood


def cut_day(watched: Watch, events: Sequence[Event], until: float) -> list[Segment]:
    """The day until `until` in pieces, in order: what was seen, and what clues alone tell of."""
    marks = sorted({event.at for event in events})
    pieces = [
        Segment(start, end, stay.title, stay)
        for stay in watched.stays
        for start, end in cut((stay.start, stay.end), marks)
    ]
    pieces += _proved(watched, events, until)
    pieces += _unseen(watched.covered, events, until)
    pieces.sort(key=lambda piece: (piece.start, piece.end))
    return pieces


def _proved(watched: Watch, events: Iterable[Event], until: float) -> Iterator[Segment]:
    """Presence that clues prove while the screen stands still."""
    parts = []
    for event in events:
        if not event.by_program and within(watched.covered, event.at):
            before, after = PROVED[event.kind]
            parts.append((max(0.0, event.at - before), min(until, event.at + after)))
    present = joined((stay.start, stay.end) for stay in watched.stays)
    for start, end in without(joined(parts), present):
        yield Segment(start, end, "")


def _unseen(
    covered: Sequence[Interval], events: Sequence[Event], until: float
) -> Iterator[Segment]:
    """Stretches that no screen covers, around clues; beyond those nobody is there."""
    for start, end in without([(0.0, until)], covered):
        inside = [event.at for event in events if start <= event.at < end]
        if inside:
            first = max(start, inside[0] - UNSEEN_BEFORE)
            last = min(end, inside[-1] + UNSEEN_AFTER)
            for part in cut((first, last), sorted({*inside, *_grid(first, last)})):
                yield Segment(*part, None)


def _grid(first: float, last: float) -> Iterator[float]:
    """Marks that lie where they lie whatever happens: one more clue moves none of them."""
    mark = (first // GRID + 1) * GRID
    while mark < last:
        yield mark
        mark += GRID
