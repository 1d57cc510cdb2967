"""What the hub believes of a draft: spans inside the day, and ids that it looks up itself.

A laptop is its person's, and may be anybody's who stole the key. So whatever can be known here is
taken from here, and what cannot is bounded. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import isfinite
from typing import TypeVar

from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import AgentTime, Draft, Gap
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue, IssueId
from tracklater_bot.domain.suggestions import (
    MOST_DESCRIPTION,
    Candidate,
    Evidence,
    Half,
    Reason,
    SourceStatus,
    Suggestion,
)
from tracklater_bot.domain.text import clean
from tracklater_bot.domain.wall import Finding

T = TypeVar("T")
MOST_SUGGESTIONS, MOST_SPANS, MOST_MOMENTS = 300, 600, 5_000
MOST_REASONS, MOST_SOURCES, MOST_FINDINGS = 12, 100, 100
MOST_WORDS, MOST_NAME = 300, 80
MINUTES = 25 * 60
AHEAD = timedelta(hours=1)  # what rounding and a clock that is a little wrong may do
GAPS = ("away", "still", "private", "nobody")


class Disbelieved(ValueError):
    """The draft says what cannot be; the text names what, without any of its words."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the hub knows of the person: groups with projects, issues, and what is tracked."""

    projects: Mapping[str, tuple[Project, ...]]
    issues: Mapping[IssueId, Issue]
    tracked: tuple[TimeEntry, ...] = ()

    def group(self, name: str | None) -> str | None:
        """The group, if it is one of the person's. Raises Disbelieved."""
        if name is not None and name not in self.projects:
            raise Disbelieved("a group that the person does not have")
        return name

    def project(self, of: Project | None, group: str | None) -> Project | None:
        """The hub's own project of that name; None where the group has none like it."""
        own = self.projects.get(group or "", ())
        same = (one for one in own if of and (one.id, one.name) == (of.id, of.name))
        return next(same, None)

    def issue(self, of: Issue | None, group: str | None) -> Issue | None:
        """The hub's own issue, with its title and address from here."""
        return self.issues.get(IssueId(group or "", of.key, of.tracker)) if of else None


def named_in(drafts: Iterable[Draft]) -> Iterator[IssueId]:
    """The issues that the drafts name."""
    for row in (row for draft in drafts for row in draft.suggestions):
        for issue in (row.issue, *(half.issue for half in row.halves)):
            if issue is not None:
                yield IssueId(row.group or "", issue.key, issue.tracker)


def believed(draft: Draft, day: WorkDay, known: Known, now: datetime) -> Draft:
    """The draft as the hub keeps it. Raises Disbelieved."""
    if draft.day != day.date or draft.timezone != str(day.zone):
        raise Disbelieved("another day than was asked for")
    suggestions = _at_most(draft.suggestions, MOST_SUGGESTIONS, "suggestions")
    for one in suggestions:
        _inside(one.span, day)
    if any(one.span.end > following.span.start for one, following in pairwise(suggestions)):
        raise Disbelieved("suggestions that overlap")
    tracked = tuple(
        entry
        for entry in known.tracked
        if (span := entry.span(now)) is not None and span.overlaps(day.span)
    )
    taken = [span for entry in tracked if (span := entry.span(now)) is not None]
    until = now + AHEAD
    return Draft(
        day=day.date,
        timezone=str(day.zone),
        suggestions=tuple(
            _suggestion(one, known)
            for one in suggestions
            # Tracked since the laptop was told: not offered a second time. Nor what is to come.
            if one.span.end <= until and not any(one.span.overlaps(span) for span in taken)
        ),
        tracked=tracked,
        sources=tuple(
            _status(one, known) for one in _at_most(draft.sources, MOST_SOURCES, "sources")
        ),
        commits=_moments(draft.commits, day, until),
        messages=_moments(draft.messages, day, until),
        prompts=_moments(draft.prompts, day, until),
        meetings=tuple(  # some begin before the day, or end after it
            part
            for span in _at_most(draft.meetings, MOST_SPANS, "meetings")
            if (part := span.intersection(day.span)) is not None
        ),
        gaps=tuple(
            _gap(gap, day)
            for gap in _at_most(draft.gaps, MOST_SPANS, "gaps")
            if gap.span.end <= until
        ),
        agents=tuple(_agent(one, known) for one in _at_most(draft.agents, MOST_SPANS, "agents")),
    )


def _suggestion(one: Suggestion, known: Known) -> Suggestion:
    group = known.group(one.group)
    if one.best_split is not None and one.best_split not in one.span:
        raise Disbelieved("a split outside its suggestion")
    # Each field by its name: what a later version adds is not believed before it is bounded here.
    return Suggestion(
        span=one.span,
        group=group,
        project=known.project(one.project, group),
        issue=known.issue(one.issue, group),
        description=clean(one.description, MOST_DESCRIPTION),
        confidence=_share(one.confidence),
        evidence=_evidence(one.evidence),
        reasons=tuple(
            Reason(clean(reason.text, MOST_WORDS), _share(reason.weight))
            for reason in _at_most(one.reasons, MOST_REASONS, "reasons")
        ),
        alternative=None if one.alternative is None else clean(one.alternative, MOST_NAME),
        best_split=one.best_split,
        issue_confidence=None if one.issue_confidence is None else _share(one.issue_confidence),
        candidates=tuple(
            Candidate(known.group(each.group) or "", _share(each.confidence))
            for each in _at_most(one.candidates, MOST_REASONS, "candidates")
        ),
        halves=tuple(_half(half, group, known) for half in _at_most(one.halves, 2, "halves")),
    )


def _half(half: Half, group: str | None, known: Known) -> Half:
    return Half(
        known.project(half.project, group),
        known.issue(half.issue, group),
        clean(half.description, MOST_DESCRIPTION),
        _evidence(half.evidence),
    )


def _evidence(evidence: Evidence) -> Evidence:
    if not all(isinstance(count, int) and 0 <= count <= 1_000_000 for count in astuple(evidence)):
        raise Disbelieved("counts that no day has")
    return evidence


def _gap(gap: Gap, day: WorkDay) -> Gap:
    _inside(gap.span, day)
    if gap.why not in GAPS:
        raise Disbelieved("a gap of an unknown kind")
    return gap


def _agent(time: AgentTime, known: Known) -> AgentTime:
    if not 0 <= time.minutes <= MINUTES:
        raise Disbelieved("more minutes than a day has")
    return AgentTime(known.group(time.group), time.minutes)


def _status(status: SourceStatus, known: Known) -> SourceStatus:
    if not 0 <= status.clues <= 100_000_000:
        raise Disbelieved("counts that no day has")
    return SourceStatus(
        clean(status.name, MOST_NAME),
        status.group if status.group in known.projects else None,
        status.clues,
        None if status.trouble is None else clean(status.trouble, MOST_WORDS),
        status.traces,
    )


def findings(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """What the machine found when it tried its sources, bounded."""
    return tuple(
        Finding(
            clean(one.name, MOST_NAME),
            None if one.group is None else clean(one.group, MOST_NAME),
            one.ok,
            clean(one.sentence, MOST_WORDS),
        )
        for one in [*found][:MOST_FINDINGS]
    )


def _inside(span: Span, day: WorkDay) -> None:
    if span.start < day.span.start or span.end > day.span.end:
        raise Disbelieved("time outside the day")


def _moments(moments: tuple[datetime, ...], day: WorkDay, until: datetime) -> tuple[datetime, ...]:
    for at in _at_most(moments, MOST_MOMENTS, "moments"):
        if at.tzinfo is None or at not in day.span:
            raise Disbelieved("a moment outside the day")
    return tuple(at for at in moments if at <= until)


def _share(number: float) -> float:
    if not (isfinite(number) and 0 <= number <= 1):
        raise Disbelieved("a share that is none")
    return number


def _at_most(values: tuple[T, ...], most: int, what: str) -> tuple[T, ...]:
    if len(values) > most:
        raise Disbelieved(f"more {what} than a day has")
    return values
