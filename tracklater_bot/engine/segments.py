"""Segments: a day cut where something happens. Scoring adds the evidence to each.

Times are seconds since the working day began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tracklater_bot.domain.day import without
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.events import Event, EventKind, turning_points
from tracklater_bot.engine.infer.hmm import TransitionCosts
from tracklater_bot.engine.intervals import MINUTE, Interval, cut, joined, within
from tracklater_bot.engine.learn.habits import Opinion
from tracklater_bot.engine.presence import Focus, Watch
from tracklater_bot.engine.weights import USUAL

GRID = 2 * MINUTE
# How far before and after its clues time without a screen is looked at. When work ended is
# told by the silence that follows: it is heard out, or one more clue would seem to prolong it.
OFFSCREEN_BEFORE, OFFSCREEN_AFTER = 60 * MINUTE, 180 * MINUTE
SWITCHED_ON = 2 * MINUTE
# Presence that an event proves where the screen stands still: before and after it.
PROVED = {
    EventKind.COMMIT: (5 * MINUTE, 0.0),
    EventKind.CHECKOUT: (0.0, 2 * MINUTE),
    EventKind.MESSAGE: (MINUTE, MINUTE),
    EventKind.PROMPT: (2 * MINUTE, MINUTE),
}


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """Where evidence for a group comes from: an event, or (`kind` is None) a word in a title.

    `sha` tells a commit that was amended from several.
    """

    about: str
    kind: EventKind | None = None
    sha: str = field(default="", compare=False)


@dataclass(slots=True)
class Segment:
    """Time in which nothing changes, with the log-likelihood of it under each explanation.

    `title` is None where no screen was recorded: there nobody may have been at work. `no_issue` is
    evidence for work of a group that is on none of its issues. `costs` are
    those of a change before it; `next_group` is the group that it is likely to begin with. `drawn`:
    it was work, for one of several groups that are equally likely. `meeting` is when the meeting
    was planned to begin that it is a part of.
    """

    start: float
    end: float
    title: str | None
    focus: Focus | None = None
    costs: TransitionCosts = USUAL
    groups: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    issues: defaultdict[IssueId, float] = field(default_factory=lambda: defaultdict(float))
    no_issue: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    any_group: float = 0.0
    any_issue: float = 0.0
    idle: float = 0.0
    at_noon: bool = False
    next_group: str | None = None
    opinion: Opinion | None = None  # what past days say of it
    usual_issue: IssueId | None = None  # that windows like it were on lately
    meeting: float | None = None
    nameless_call: float | None = None  # when the call began that it is a part of, if nobody's
    drawn: bool = False
    evidence: list[tuple[str, EvidenceSource, float]] = field(default_factory=list)

    @property
    def on_screen(self) -> bool:
        """Whether somebody is known to have been there, for a screen was recorded."""
        return self.title is not None

    @property
    def minutes(self) -> float:
        """How long it is."""
        return (self.end - self.start) / MINUTE

    def add_evidence(self, group: str, log_likelihood: float, source: EvidenceSource) -> None:
        """Evidence for a group, and where it comes from."""
        self.groups[group] += log_likelihood
        self.evidence.append((group, source, log_likelihood))


def cut_day(
    watched: Watch,
    events: Sequence[Event],
    until: float,
    away: Sequence[Interval] = (),
    edges: Iterable[float] = (),
) -> list[Segment]:
    """The day until `until` in segments, in order: what was seen, and what clues alone tell of.

    `away` is presence away from the screen; at `edges` the day is cut too.
    """
    marks = sorted({*(event.at for event in events), *turning_points(events), *edges})
    segments = [
        Segment(start, end, focus.title, focus)
        for focus in watched.stays
        for start, end in cut((focus.start, focus.end), marks)
    ]
    segments += [Segment(*part, "") for interval in away for part in cut(interval, marks)]
    segments += _proved(watched, events, until, away)
    segments += _offscreen(joined([*_reaching(watched.covered, events), *away]), events, until)
    return sorted(segments, key=lambda segment: (segment.start, segment.end))


def _proved(
    watched: Watch, events: Iterable[Event], until: float, elsewhere: Sequence[Interval]
) -> Iterator[Segment]:
    """Presence that events prove while the screen stands still, and nobody is known to be away."""
    proved = []
    for event in events:
        if not event.by_program and within(watched.covered, event.at):
            before, after = PROVED[event.kind]
            proved.append((max(0.0, event.at - before), min(until, event.at + after)))
    stays = ((focus.start, focus.end) for focus in watched.stays)
    for start, end in without(joined(proved), joined([*stays, *elsewhere, *watched.away])):
        yield Segment(start, end, "")


def _reaching(covered: Iterable[Interval], events: Iterable[Event]) -> Iterator[Interval]:
    """What recorders cover, from what work was begun with right before: they were switched on then.

    A commit ends work, so it tells of what nobody recorded.
    """
    moments = [event.at for event in events if event.kind is not EventKind.COMMIT]
    for start, end in covered:
        yield min([at for at in moments if start - SWITCHED_ON <= at <= start], default=start), end


def _offscreen(
    covered: Sequence[Interval], events: Sequence[Event], until: float
) -> Iterator[Segment]:
    """Time around events that no screen covers; beyond it nobody is there.

    The marks of the grid lie where they lie whatever happens: one more event moves none of them.
    """
    for start, end in without([(0.0, until)], covered):
        moments = [event.at for event in events if start <= event.at < end]
        if moments:
            first = max(start, moments[0] - OFFSCREEN_BEFORE)
            last = min(end, moments[-1] + OFFSCREEN_AFTER)
            grid = (mark * GRID for mark in range(int(first // GRID) + 1, int(last // GRID) + 1))
            for interval in cut((first, last), sorted({*moments, *grid})):
                yield Segment(*interval, None)
