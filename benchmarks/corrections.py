"""What a person must put right in a day's suggestions, row by row.

A row stands when most of it is its group's, no foreign stretch of more than ten minutes lies
inside (another group's work or nobody's time), and its issue is the one most of it was spent on; a
row without a group, or without the issue that it had, does not stand. A correction is a row that
doesn't stand, or a stretch of work of 15 minutes and more that nobody suggested.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from statistics import median

from benchmarks.truth import TrueSpan
from tracklater_bot.domain.day import Span, merge, subtract, total
from tracklater_bot.domain.suggestions import Suggestion

SURE = 0.9
FOREIGN = timedelta(minutes=10)  # a longer foreign stretch in a row has to be cut out
MISSED = timedelta(minutes=15)  # a stretch of work of this length has to be added by hand
LONG = timedelta(minutes=30)  # a sure row of this length in nobody's time is real money


@dataclass(frozen=True, slots=True)
class Rows:
    """Counts over one or more days; minutes where the name says so.

    `asked` rows are those without a group ("What was this?"), `asked_work` those of them that were
    mostly somebody's work. `issue_sure` are rows certain of their group and of their issue,
    `issue_sure_right` those of them whose issue is right. `nobodys` are certain rows of 30 minutes
    and more, most of them in nobody's time. `corrections` holds one number a day.
    """

    rows: int = 0
    standing: int = 0
    certain: int = 0
    certain_standing: int = 0
    named_minutes: float = 0
    certain_minutes: float = 0
    asked: int = 0
    asked_work: int = 0
    issue_sure: int = 0
    issue_sure_right: int = 0
    nobodys: int = 0
    missed: int = 0
    corrections: tuple[int, ...] = ()

    def __add__(self, other: Rows) -> Rows:
        values = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
        }
        return Rows(**values)

    @property
    def share_standing(self) -> float:
        """Share of all rows, those without a group too, that stand."""
        return self.standing / self.rows if self.rows else 1.0

    @property
    def share_certain_standing(self) -> float | None:
        """Share of the certain rows that stand; None without any."""
        return self.certain_standing / self.certain if self.certain else None

    @property
    def share_issue_sure_right(self) -> float | None:
        """Share of the rows certain of an issue that have the right one; None without any."""
        return self.issue_sure_right / self.issue_sure if self.issue_sure else None

    @property
    def share_certain(self) -> float:
        """Share of the minutes with a group that certain rows cover."""
        return self.certain_minutes / self.named_minutes if self.named_minutes else 0.0

    @property
    def median(self) -> float:
        """Corrections on a day in the middle."""
        return median(self.corrections) if self.corrections else 0.0

    @property
    def ninetieth(self) -> int:
        """Corrections that nine days in ten do not exceed."""
        ordered = sorted(self.corrections)
        return ordered[math.ceil(0.9 * len(ordered)) - 1] if ordered else 0

    @property
    def share_untouched(self) -> float:
        """Share of the days that need no correction."""
        return self.corrections.count(0) / len(self.corrections) if self.corrections else 0.0

    @property
    def nobodys_in_1000(self) -> float:
        """`nobodys`, in a thousand days."""
        return 1000 * self.nobodys / len(self.corrections) if self.corrections else 0.0


def rows_of(true: Sequence[TrueSpan], suggestions: Sequence[Suggestion]) -> Rows:
    """The counts of one day, of which `true` is the work that is not tracked."""
    work = merge(each.span for each in true)
    named = [row for row in suggestions if row.group is not None]
    certain = [row for row in named if row.certain]
    issue_sure = [row for row in certain if row.issue is not None]
    asked = [row for row in suggestions if row.group is None]
    standing = sum(stands(row, true) for row in suggestions)
    missed = len(missed_work(work, suggestions))
    return Rows(
        rows=len(suggestions),
        standing=standing,
        certain=len(certain),
        certain_standing=sum(stands(row, true) for row in certain),
        named_minutes=sum(row.span.minutes for row in named),
        certain_minutes=sum(row.span.minutes for row in certain),
        asked=len(asked),
        asked_work=sum(_mostly(row.span, work) for row in asked),
        issue_sure=len(issue_sure),
        issue_sure_right=sum(has_its_issue(row, true) for row in issue_sure),
        nobodys=sum(
            row.span.length >= LONG and not _mostly(row.span, work)
            for row in named
            if row.confidence >= SURE
        ),
        missed=missed,
        corrections=(len(suggestions) - standing + missed,),
    )


def stands(row: Suggestion, true: Sequence[TrueSpan]) -> bool:
    """Whether nothing about the row has to be corrected."""
    own = [shared for shared, _ in _own(row, true)]
    if not _mostly(row.span, own) or not has_its_issue(row, true):
        return False
    return all(part.length <= FOREIGN for part in subtract([row.span], own))


def has_its_issue(row: Suggestion, true: Iterable[TrueSpan]) -> bool:
    """Whether the row has the issue (or none) that most of its group's time in it was spent on."""
    spent: dict[str | None, timedelta] = defaultdict(timedelta)
    for shared, issue in _own(row, true):
        spent[issue] += shared.length
    return bool(spent) and spent[row.issue.key if row.issue else None] == max(spent.values())


def _own(row: Suggestion, true: Iterable[TrueSpan]) -> list[tuple[Span, str | None]]:
    """Its group's work in a row, each with its issue."""
    shared = ((work.span.intersection(row.span), work) for work in true if work.group == row.group)
    return [(part, work.issue) for part, work in shared if part is not None]


def missed_work(work: Iterable[Span], suggestions: Iterable[Suggestion]) -> list[Span]:
    """The stretches of work of 15 minutes and more of which no row says anything."""
    left = subtract(work, [row.span for row in suggestions])
    return [part for part in left if part.length >= MISSED]


def _mostly(span: Span, parts: Iterable[Span]) -> bool:
    """Whether the parts cover more than half of the span."""
    shared = [both for part in parts if (both := part.intersection(span)) is not None]
    return total(shared) > span.length / 2
