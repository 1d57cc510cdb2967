"""How right an answer is, minute by minute.

Minutes of true work that is not tracked yet count as right where a suggestion names their group;
all others, without a suggestion or with another group's, are wrong. Suggestions without a group
claim nothing: they are neither right nor wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from benchmarks.corrections import SURE, Rows, rows_of
from benchmarks.truth import TrueSpan, World, due
from tracklater_bot.domain.clues import Window
from tracklater_bot.domain.day import Span, subtract, total
from tracklater_bot.domain.suggestions import Suggestion

NOWHERE = timedelta(days=1)  # how far off a boundary is when nothing was suggested at all
STILL = timedelta(minutes=10)  # a window that keeps its title for this long "never changes" it


@dataclass(frozen=True, slots=True)
class Score:
    """Sums over one or more worlds; times in minutes, `errors` holds each boundary's error.

    `plain_work` is work on no issue. Whoever bills it under one loses nothing in `issue_right`, so
    `plain_named` counts it. `still` is work in windows that kept their title for ten minutes or
    longer, calls left out. `suggestions` counts those without a group too.
    """

    work: float = 0
    right: float = 0
    suggested: float = 0
    issue_work: float = 0
    issue_right: float = 0
    plain_work: float = 0
    plain_named: float = 0
    spans: int = 0
    suggestions: int = 0
    sure: float = 0
    sure_right: float = 0
    still: float = 0
    still_lost: float = 0
    unnamed: float = 0
    errors: tuple[float, ...] = ()
    rows: Rows = field(default_factory=Rows)

    def __add__(self, other: Score) -> Score:
        values = {
            each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)
        }
        return Score(**values)

    @property
    def share_right(self) -> float:
        """Share of the work minutes that have their own group."""
        return self.right / self.work if self.work else 1.0

    @property
    def share_wrong(self) -> float:
        """Share of the suggested minutes that have another group, or lie where no work was."""
        return 1 - self.right / self.suggested if self.suggested else 0.0

    @property
    def share_issue(self) -> float:
        """Share of the work minutes on an issue that have this issue."""
        return self.issue_right / self.issue_work if self.issue_work else 1.0

    @property
    def share_invented(self) -> float:
        """Share of the work on no issue that was given one all the same, group right or not."""
        return self.plain_named / self.plain_work if self.plain_work else 0.0

    @property
    def pieces(self) -> float:
        """Suggestions, those without a group too, per true span."""
        return self.suggestions / self.spans if self.spans else 0.0

    @property
    def boundary(self) -> float:
        """Median distance of a true boundary to the nearest suggested one, in minutes."""
        return median(self.errors) if self.errors else 0.0

    @property
    def share_sure(self) -> float | None:
        """Share of the minutes suggested with confidence that are right; None without any."""
        return self.sure_right / self.sure if self.sure else None


def score(world: World, suggestions: Sequence[Suggestion]) -> Score:
    """The sums for one world."""
    named = [suggestion for suggestion in suggestions if suggestion.group is not None]
    true = due(world)
    spans = [each for each in true if each.span.length >= _shortest(world)]
    still = still_work(world, true)
    answered = [suggestion.span for suggestion in suggestions]
    right = _right(true, named)
    sure = [each for each in named if each.confidence >= SURE]
    plain = [each.span for each in true if each.issue is None]
    with_issue = [each for each in true if each.issue is not None]
    return Score(
        work=_minutes(each.span for each in true),
        right=right,
        suggested=sum(each.span.minutes for each in named),
        issue_work=_minutes(each.span for each in with_issue),
        issue_right=_right(with_issue, named, by_issue=True),
        plain_work=_minutes(plain),
        plain_named=_minutes(_both(plain, [each.span for each in named if each.issue])),
        spans=len(spans),
        suggestions=len(suggestions),
        sure=sum(each.span.minutes for each in sure),
        sure_right=_right(true, sure),
        still=_minutes(still),
        still_lost=_minutes(subtract(still, answered)),
        unnamed=sum(
            suggestion.span.minutes for suggestion in suggestions if suggestion.group is None
        ),
        errors=tuple(_errors(spans, named)),
        rows=rows_of(true, suggestions),
    )


def _shortest(world: World) -> timedelta:
    return timedelta(minutes=world.inputs.options.min_minutes)


def _minutes(spans: Iterable[Span]) -> float:
    return total(spans) / timedelta(minutes=1)


def _right(
    true: Iterable[TrueSpan], suggestions: Sequence[Suggestion], *, by_issue: bool = False
) -> float:
    """Minutes in which a suggestion says what was true; each minute counts once."""
    shared = [
        both
        for each in true
        for suggestion in suggestions
        if suggestion.group == each.group
        and (not by_issue or _key(suggestion) == each.issue)
        and (both := each.span.intersection(suggestion.span)) is not None
    ]
    return _minutes(shared)


def _both(first: Iterable[Span], second: Sequence[Span]) -> list[Span]:
    return [both for one in first for two in second if (both := one.intersection(two)) is not None]


def _key(suggestion: Suggestion) -> str | None:
    return suggestion.issue.key if suggestion.issue else None


def _errors(spans: Iterable[TrueSpan], suggestions: Iterable[Suggestion]) -> Iterator[float]:
    """For each true boundary, shared ones once, the minutes to the nearest suggested boundary."""
    found = _boundaries(suggestion.span for suggestion in suggestions)
    for boundary in _boundaries(span.span for span in spans):
        nearest = min((abs(boundary - other) for other in found), default=NOWHERE)
        yield nearest / timedelta(minutes=1)


def _boundaries(spans: Iterable[Span]) -> set[datetime]:
    return {at for span in spans for at in (span.start, span.end)}


def still_work(world: World, true: Sequence[TrueSpan]) -> list[Span]:
    """True work, calls left out, in windows that kept their title for long."""
    stays = list(_stays(world))
    return [
        both
        for each in true
        if not each.call
        for stay in stays
        if (both := each.span.intersection(stay)) is not None and both.length >= STILL
    ]


def _stays(world: World) -> Iterator[Span]:
    windows: dict[str, list[Window]] = defaultdict(list)
    for clue in world.inputs.clues:
        if isinstance(clue, Window):
            windows[clue.machine].append(clue)
    for samples in windows.values():
        samples.sort(key=lambda window: window.at)
        start = samples[0].at
        for before, after in pairwise(samples):
            if before.title != after.title or after.at - before.at > timedelta(minutes=5):
                if before.at - start >= STILL:
                    yield Span(start, before.at)
                start = after.at
