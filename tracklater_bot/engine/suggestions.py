"""Suggestions: the spans of a day with project, description, counts and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tracklater_bot.domain.clues import Commit
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.descriptions import describe
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.issues import Issue, type_key
from tracklater_bot.domain.suggestions import Evidence, Suggestion
from tracklater_bot.engine.events import Event, EventKind
from tracklater_bot.engine.infer.inference import LabelledDay
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import Interval
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.reasons import alternative, best_split, reasons
from tracklater_bot.engine.spans import RoundedSpan

LONGEST = 60  # characters of a description made of commit subjects
SUBJECTS = 2
TOUCH = timedelta(seconds=1)


class SuggestionBuilder:
    """Makes suggestions of a day's spans. `events` are those within it."""

    def __init__(
        self, inputs: Inputs, matcher: Matcher, events: Sequence[Event], day: LabelledDay
    ) -> None:
        self._matcher = matcher
        self._events = events
        self._day = day
        self._zero = inputs.day.span.start
        self._groups = {group.name: group for group in inputs.groups}
        self._issues = {issue.id: issue for issue in inputs.issues}
        commits = (clue for clue in inputs.clues if isinstance(clue, Commit))
        self._commits = sorted(commits, key=lambda commit: (commit.at, commit.sha))

    def suggestions(self, spans: Sequence[RoundedSpan]) -> tuple[Suggestion, ...]:
        """A suggestion for each span, in order."""
        return tuple(
            self._suggestion(
                span, [*spans[max(index - 1, 0) : index], *spans[index + 1 : index + 2]]
            )
            for index, span in enumerate(spans)
        )

    def _suggestion(self, found: RoundedSpan, neighbours: Sequence[RoundedSpan]) -> Suggestion:
        interval = self._interval(found.exact)
        suggestion = Suggestion(
            span=found.span,
            group=found.group,
            confidence=round(self._day.probability(found.group, interval), 3),
            evidence=self._evidence(found, interval),
            best_split=self._best_split(found, interval),
        )
        if found.group is None:
            return suggestion
        issue = self._issues.get(found.key) if found.key else None
        touching = [one.group for one in neighbours if _gap(one.exact, found.exact) <= TOUCH]
        return replace(
            suggestion,
            project=project_for(self._groups[found.group], issue),
            issue=issue,
            description=description(found.group, issue, self._own_commits(found.group, found)),
            reasons=reasons(found.group, self._day, interval),
            alternative=alternative(found.group, self._day, interval, touching),
        )

    def _own_commits(self, group: str, found: RoundedSpan) -> list[Commit]:
        """The group's commits that end work in a span, without those that name other groups."""
        return [
            commit
            for commit in self._commits
            if commit.group == group
            and found.exact.start < commit.at <= found.exact.end
            and not self._matcher.names_others(group, commit.subject)
        ]

    def _evidence(self, found: RoundedSpan, interval: Interval) -> Evidence:
        segments = self._day.segments
        minutes = sum(
            shared for index, shared in self._day.overlapping(interval) if segments[index].focus
        )
        events = [
            event
            for event in self._events
            if found.group in event.groups and interval[0] < event.at <= interval[1]
        ]
        return Evidence(
            window_minutes=round(min(minutes, found.span.minutes)),
            commits=len({event.sha for event in events if event.kind is EventKind.COMMIT}),
            messages=sum(event.kind is EventKind.MESSAGE for event in events),
        )

    def _best_split(self, found: RoundedSpan, interval: Interval) -> datetime | None:
        state = None if found.group is None else (found.group, found.key)
        at = best_split(self._day, state, interval)
        if at is None:
            return None
        moment = self._zero + timedelta(seconds=at)
        return moment if found.span.start < moment < found.span.end else None

    def _interval(self, span: Span) -> Interval:
        start, end = span.start - self._zero, span.end - self._zero
        return start.total_seconds(), end.total_seconds()


def _gap(one: Span, other: Span) -> timedelta:
    return max(one.start, other.start) - min(one.end, other.end)


def project_for(group: Group, issue: Issue | None) -> Project | None:
    """The group's project for issues of this type, else its default one, else its only one."""
    by_type: dict[str, Project] = {}
    for project in group.projects:
        by_type.setdefault(type_key(project.type), project)
    if issue is not None and (of_type := by_type.get(type_key(issue.type))):
        return of_type
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
    for text in ("; ".join(subjects[:SUBJECTS]), subjects[0] if subjects else ""):
        if len(text) <= LONGEST:
            return text
    kept = subjects[0][: LONGEST - 1]
    whole_words = kept.rpartition(" ")[0] or kept
    return f"{whole_words.rstrip(' ,.;:')}…"
