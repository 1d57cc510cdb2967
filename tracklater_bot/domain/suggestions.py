"""Suggestions: spans that wait for a decision."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from datetime import datetime
from operator import add

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue

CERTAIN = 0.9  # what is this sure, of its group and its issue, need not be looked at twice
MOST_DESCRIPTION = 2000  # characters of an entry; Toggl takes 3,000, and no list shows so many


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much was seen during a suggestion; counts only, never the clues themselves.

    `exact_seconds` is how long the work was before rounding; 0 where nothing is known of that.
    `reckoned` and `issue_reckoned` are how sure the engine was of the group and of the issue, in
    thousandths, before the person's own decisions corrected that; 0 where that isn't known.
    """

    window_minutes: int = 0
    commits: int = 0
    messages: int = 0
    prompts: int = 0
    meetings: int = 0
    exact_seconds: int = 0
    reckoned: int = 0
    issue_reckoned: int = 0

    def __add__(self, other: Evidence) -> Evidence:
        """The counts of both; how sure the engine was is the first one's."""
        sums = Evidence(*map(add, astuple(self), astuple(other)))
        return replace(sums, reckoned=self.reckoned, issue_reckoned=self.issue_reckoned)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A group that a row without one may belong to, with the probability of that, 0 to 1."""

    group: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that decided a suggestion, in the user's own terms and without window titles.

    `text` is a sentence part such as "keyword acme in window titles, 42 min".
    `weight` is its share of the evidence, 0 to 1.
    """

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Half:
    """What one side of the moment where a suggestion is best split tells by itself."""

    project: Project | None
    issue: Issue | None
    description: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A span with group, project, issue and description, waiting for a decision.

    `group` is None for presence that nothing explains ("What was this?"). `confidence` is the
    probability, 0 to 1, that the group is right; `issue_confidence` that the issue is, or where
    there is none, that none is meant (None: not known). `candidates` are the groups that a row
    without one may belong to, likeliest first. `best_split` is where to split it best,
    `halves` what lies before and after. `alternative` is what would have been chosen without the
    `reasons`. `own_words`: the person wrote the description, so it stays whatever else is changed.
    """

    span: Span
    group: str | None
    project: Project | None = None
    issue: Issue | None = None
    description: str = ""
    confidence: float = 0.0
    evidence: Evidence = Evidence()
    reasons: tuple[Reason, ...] = ()
    alternative: str | None = None
    best_split: datetime | None = None
    own_words: bool = False
    issue_confidence: float | None = None
    candidates: tuple[Candidate, ...] = ()
    halves: tuple[Half, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether its group is certain, and that it means the issue that it has, or none."""
        issue_sure = self.issue_confidence is None or self.issue_confidence >= CERTAIN
        return self.group is not None and self.confidence >= CERTAIN and issue_sure


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source fared for a day: the number of clues, and its trouble if there was any.

    `traces`: it tells what was worked on, so that its trouble may hide work.
    """

    name: str
    group: str | None
    clues: int
    trouble: str | None = None
    traces: bool = False

    @property
    def ok(self) -> bool:
        """Whether the source was read without trouble."""
        return self.trouble is None
