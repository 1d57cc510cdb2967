"""Telling: what was found, as suggestions with project, words, counts and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tracklater_bot.domain.clues import Commit
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.descriptions import describe
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Evidence, Suggestion
from tracklater_bot.engine.events import Event, EventKind
from tracklater_bot.engine.infer.inference import LabelledDay, SegmentLabel
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import Interval
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.reasons import instead, reasons, seam
from tracklater_bot.engine.spans import RoundedSpan


class SuggestionBuilder:
    """Tells of spans that were found in a day. `events` are those within it."""

    def __init__(
        self, inputs: Inputs, reader: Matcher, events: Sequence[Event], explained: LabelledDay
    ) -> None:
        self._reader = reader
        self._events = events
        self._explained = explained
        self._zero = inputs.day.span.start
        self._groups = {group.name: group for group in inputs.groups}
        self._issues = {issue.id: issue for issue in inputs.issues}
        commits = (clue for clue in inputs.clues if isinstance(clue, Commit))
        self._commits = sorted(commits, key=lambda commit: (commit.at, commit.sha))

    def suggestions(self, found: Sequence[RoundedSpan]) -> tuple[Suggestion, ...]:
        """A suggestion for each span, in order."""
        return tuple(
            self._suggestion(
                each, [*found[max(place - 1, 0) : place], *found[place + 1 : place + 2]]
            )
            for place, each in enumerate(found)
        )

    def _suggestion(self, found: RoundedSpan, neighbours: Sequence[RoundedSpan]) -> Suggestion:
        part = self._part(found.exact)
        plain = Suggestion(
            span=found.span,
            group=found.group,
            confidence=round(self._explained.belief(found.group, part), 3),
            evidence=self._evidence(found, part),
            seam=self._seam(found, part),
        )
        if found.group is None:
            return plain
        beside = [
            neighbour.group for neighbour in neighbours if _touch(neighbour.exact, found.exact)
        ]
        return replace(
            self._described(plain, found.group, found),
            reasons=reasons(found.group, self._explained, part),
            instead=instead(found.group, self._explained, part, beside),
        )

    def _described(self, plain: Suggestion, group: str, found: RoundedSpan) -> Suggestion:
        issue = self._issues.get(found.key) if found.key else None
        commits = [
            commit
            for commit in self._commits
            if commit.group == group
            and _ends_in(commit.at, found.exact)
            and not self._reader.names_others(group, commit.subject)
        ]
        return replace(
            plain,
            project=project_for(self._groups[group], issue),
            issue=issue,
            description=description(group, issue, commits),
        )

    def _evidence(self, found: RoundedSpan, part: Interval) -> Evidence:
        pieces = self._explained.pieces
        minutes = sum(
            shared for place, shared in self._explained.inside(part) if pieces[place].stay
        )
        inside = [
            event
            for event in self._events
            if found.group in event.groups and part[0] < event.at <= part[1]
        ]
        return Evidence(
            window_minutes=round(min(minutes, found.span.minutes)),
            commits=len({event.sha for event in inside if event.kind is EventKind.COMMIT}),
            messages=sum(event.kind is EventKind.MESSAGE for event in inside),
        )

    def _seam(self, found: RoundedSpan, part: Interval) -> datetime | None:
        state: SegmentLabel = None if found.group is None else (found.group, found.key)
        at = seam(self._explained, state, part)
        if at is None:
            return None
        moment = self._zero + timedelta(seconds=at)
        return moment if found.span.start < moment < found.span.end else None

    def _part(self, span: Span) -> Interval:
        start, end = span.start - self._zero, span.end - self._zero
        return start.total_seconds(), end.total_seconds()


def _ends_in(at: datetime, span: Span) -> bool:
    """Whether a moment that ends work lies in a span; at its very end it does."""
    return span.start < at <= span.end


def _touch(one: Span, other: Span) -> bool:
    gap = max(one.start, other.start) - min(one.end, other.end)
    return gap <= timedelta(seconds=1)


LONGEST = 60
SUBJECTS = 2


def project_for(group: Group, issue: Issue | None) -> Project | None:
    """The group's project for issues of this type, else its default one, else its only one."""
    by_type: dict[str, Project] = {}
    for project in group.projects:
        by_type.setdefault(project.type.casefold(), project)
    if issue is not None and (found := by_type.get(issue.type.casefold())) is not None:
        return found
    if "default" in by_type:
        return by_type["default"]
    return group.projects[0] if len(group.projects) == 1 else None


def description(group: str, issue: Issue | None, commits: Iterable[Commit]) -> str:
    """`KEY title`, else the group's own commit subjects in a few words, else its name."""
    if issue is not None:
        return describe(issue)
    subjects = dict.fromkeys(" ".join(commit.subject.split()) for commit in commits)
    words = _short([subject for subject in subjects if subject])
    return words or group


def _short(subjects: list[str]) -> str:
    text = "; ".join(subjects[:SUBJECTS])
    if len(text) <= LONGEST:
        return text
    text = subjects[0]
    if len(text) <= LONGEST:
        return text
    kept = text[: LONGEST - 1]
    cut = kept.rpartition(" ")[0] or kept
    return f"{cut.rstrip(' ,.;:')}…"
