"""Suggestions: the spans of a day with project, description, counts and reasons.

Reasons are names and counts only: no window title ever gets into one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate

from tracklater_bot.domain.clues import Commit
from tracklater_bot.domain.descriptions import describe
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.issues import Issue, type_key
from tracklater_bot.domain.suggestions import Evidence, Reason, Suggestion
from tracklater_bot.domain.text import count, folded
from tracklater_bot.engine.events import Event, EventKind
from tracklater_bot.engine.habit_evidence import HABIT, confidence
from tracklater_bot.engine.infer.hmm import IDLE, Chain, viterbi
from tracklater_bot.engine.infer.inference import LabelledDay, SegmentLabel, group_numbers
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import MINUTE, Interval
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.segments import EvidenceSource
from tracklater_bot.engine.spans import RoundedSpan, interval_of
from tracklater_bot.engine.weights import NEUTRAL_MINUTE
from tracklater_bot.engine.windows import WindowPlace

MOST_REASONS = 4
NOTHING_KNOWN = "nothing known"
NEIGHBOUR = 4.0  # the log-likelihood of a neighbour's group in what lies beside it off screen
IMPOSSIBLE = -1e9
# Both sides of a split are at least this long, and another state is likelier on one by this much.
SHORTEST_SIDE = 5 * MINUTE
LEAST_GAIN = 1.5
LONGEST = 60  # characters of a description made of commit subjects
SUBJECTS = 2
_REVIEW = re.compile(r"(?<![^\W_])(?:code review|(?:pull|merge) request)(?![^\W_])")
TOUCH = timedelta(seconds=1)


class SuggestionBuilder:
    """Makes suggestions of a day's spans. `events` are those within it."""

    def __init__(
        self, inputs: Inputs, matcher: Matcher, events: Sequence[Event], day: LabelledDay
    ) -> None:
        self._matcher = matcher
        self._events = events
        self._day = day
        self._inputs = inputs
        self._groups = {group.name: group for group in inputs.groups}
        self._issues = {issue.id: issue for issue in inputs.issues}
        commits = (clue for clue in inputs.clues if isinstance(clue, Commit))
        self._commits = sorted(commits, key=lambda commit: (commit.at, commit.sha))

    def suggestions(self, spans: Sequence[RoundedSpan]) -> tuple[Suggestion, ...]:
        """A suggestion for each span, in order."""
        around = ([*spans[max(n - 1, 0) : n], *spans[n + 1 : n + 2]] for n in range(len(spans)))
        return tuple(map(self._suggestion, spans, around))

    def _suggestion(self, found: RoundedSpan, neighbours: Sequence[RoundedSpan]) -> Suggestion:
        interval = interval_of(found.exact, self._inputs)
        suggestion = Suggestion(
            span=found.span,
            group=found.group,
            confidence=round(confidence(self._day, found.group, interval), 3),
            evidence=self._evidence(found, interval),
            best_split=self._best_split(found, interval),
        )
        if found.group is None:
            return suggestion
        issue = self._issues.get(found.key) if found.key else None
        commits, exact = self._own_commits(found.group, found), found.exact
        touching = [
            one.group
            for one in neighbours
            if max(one.exact.start, exact.start) - min(one.exact.end, exact.end) <= TOUCH
        ]
        return replace(
            suggestion,
            project=project_for(self._groups[found.group], issue),
            issue=issue,
            description=description(issue, commits, self._neutral_words(interval)),
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

    def _neutral_words(self, interval: Interval) -> str:
        """What most windows tell of the kind of work, in words of ours that name nobody."""
        minutes: defaultdict[str, float] = defaultdict(float)
        for index, shared in self._day.overlapping(interval):
            if (focus := self._day.segments[index].focus) is not None:
                call = self._matcher.window(focus.title).place is WindowPlace.MEETING
                review = "Code review" if _REVIEW.search(folded(focus.title)) else ""
                minutes["Call" if call else review] += shared
        most = max(minutes, key=lambda words: minutes[words], default="")
        return most if 2 * minutes[most] > sum(minutes.values()) else ""

    def _evidence(self, found: RoundedSpan, interval: Interval) -> Evidence:
        segments = self._day.segments
        shares = self._day.overlapping(interval)
        minutes = sum(shared for index, shared in shares if segments[index].focus)
        inside = (event for event in self._events if interval[0] < event.at <= interval[1])
        events = [event for event in inside if found.group in event.groups]
        return Evidence(
            window_minutes=round(min(minutes, found.span.minutes)),
            commits=len({event.sha for event in events if event.kind is EventKind.COMMIT}),
            messages=sum(event.kind is EventKind.MESSAGE for event in events),
            exact_seconds=round(found.exact.length.total_seconds()),
        )

    def _best_split(self, found: RoundedSpan, interval: Interval) -> datetime | None:
        state = None if found.group is None else (found.group, found.key)
        at = best_split(self._day, state, interval)
        moment = self._inputs.day.span.start + timedelta(seconds=at or 0.0)
        return moment if at is not None and found.span.start < moment < found.span.end else None


def project_for(group: Group, issue: Issue | None) -> Project | None:
    """The group's project for issues of this type, else its default one, else its only one."""
    by_type: dict[str, Project] = {}
    for project in group.projects:
        by_type.setdefault(type_key(project.type), project)
    of_type = by_type.get(type_key(issue.type)) if issue is not None else None
    only = group.projects[0] if len(group.projects) == 1 else None
    return of_type or by_type.get("default", only)


def description(issue: Issue | None, commits: Iterable[Commit], neutral: str = "") -> str:
    """`KEY title`, else the group's own commit subjects in a few words, else neutral words."""
    if issue is not None:
        return describe(issue)
    subjects = dict.fromkeys(" ".join(commit.subject.split()) for commit in commits)
    return _short([subject for subject in subjects if subject]) or neutral


def _short(subjects: list[str]) -> str:
    for text in ("; ".join(subjects[:SUBJECTS]), subjects[0] if subjects else ""):
        if len(text) <= LONGEST:
            return text
    kept = subjects[0][: LONGEST - 1]
    whole_words = kept.rpartition(" ")[0] or kept
    return f"{whole_words.rstrip(' ,.;:')}…"


# -- Why ---------------------------------------------------------------------------------------


def reasons(group: str, day: LabelledDay, interval: Interval) -> tuple[Reason, ...]:
    """The sources of the group's evidence, strongest first, with their shares of all of it."""
    weights: defaultdict[EvidenceSource, float] = defaultdict(float)
    minutes: defaultdict[EvidenceSource, float] = defaultdict(float)
    shas: defaultdict[EvidenceSource, list[str]] = defaultdict(list)
    for index, shared in day.overlapping(interval):
        for owner, source, log_likelihood in day.segments[index].evidence:
            if owner == group:
                weights[source] += log_likelihood
                minutes[source] += shared
                shas[source].append(source.sha)
    if not weights:
        return (Reason(f"work for {group} around it", 1.0),)
    whole = sum(weights.values())
    strongest = sorted(weights, key=lambda one: (-weights[one], one.about))[:MOST_REASONS]
    return tuple(
        Reason(_in_words(one, shas[one], minutes[one]), round(weights[one] / whole, 3))
        for one in strongest
    )


def _in_words(source: EvidenceSource, shas: Sequence[str], minutes: float) -> str:
    about = source.about
    if source.kind is EventKind.COMMIT:
        return f"{count(len(set(shas)), 'commit')} in {about}"
    if source.kind is EventKind.CHECKOUT:
        return f"branch {about} checked out" if about else "a commit checked out"
    if source.kind is EventKind.MESSAGE:
        return f"{count(len(shas), 'message')}{f' in #{about}' if about else ''}"
    if source == HABIT:
        return f"{about}, {max(round(minutes), 1)} min"
    return f"{about} in window titles, {max(round(minutes), 1)} min"


def alternative(
    group: str, day: LabelledDay, interval: Interval, neighbours: Iterable[str | None]
) -> str:
    """What would have been suggested without the group's own evidence: a group, or nothing.

    It may be the same group, where that is beside it too.
    """
    indices = [index for index, _ in day.overlapping(interval)]
    on_screen = [index for index in indices if day.segments[index].on_screen]
    if on_screen:
        return _alternative_on_screen(group, day, on_screen)
    claims: defaultdict[str, float] = defaultdict(float)
    for index in indices:
        for name, log_likelihood in day.segments[index].groups.items():
            claims[name] += log_likelihood
    claims.pop(group, None)
    for neighbour in neighbours:
        if neighbour is not None:
            claims[neighbour] += NEIGHBOUR
    best = max(sorted(claims), key=lambda name: claims[name], default=None)
    idle = sum(day.segments[index].idle for index in indices)
    return best if best is not None and claims[best] > idle else NOTHING_KNOWN


def _alternative_on_screen(group: str, day: LabelledDay, indices: Sequence[int]) -> str:
    """The best path between what is before and after, had the segments no evidence for it."""
    segments, states = day.segments, day.states
    rows = {index: _without_evidence(group, day, index) for index in indices}
    before = next((n for n in range(indices[0] - 1, -1, -1) if segments[n].on_screen), None)
    after = next((n for n in range(indices[-1] + 1, len(segments)) if segments[n].on_screen), None)
    for index in (before, after):
        if index is not None:
            rows[index] = [IMPOSSIBLE] * len(states)
            rows[index][day.path[index]] = 0.0
    order = sorted(rows)
    costs = tuple(segments[index].costs for index in order)
    chain = Chain(group_numbers(states), tuple(rows[index] for index in order), costs)
    minutes: defaultdict[str, float] = defaultdict(float)
    for index, number in zip(order, viterbi(chain), strict=True):
        if index not in (before, after):
            state = states[number]
            minutes[state[0] if state else NOTHING_KNOWN] += segments[index].minutes
    return max(sorted(minutes), key=lambda name: minutes[name])


def _without_evidence(group: str, day: LabelledDay, index: int) -> list[float]:
    """A segment's emissions, had it no evidence for the group."""
    segment = day.segments[index]
    row = [
        segment.any_group if state is not None and state[0] == group else emission
        for state, emission in zip(day.states, day.emissions[index], strict=True)
    ]
    if segment.groups.keys() == {group}:
        row[IDLE] += NEUTRAL_MINUTE * segment.minutes
    return row


# -- Where to split ----------------------------------------------------------------------------


def best_split(day: LabelledDay, state: SegmentLabel, interval: Interval) -> float | None:
    """The moment inside before or after which another state fits best.

    None where the state fits best on both sides of every moment.
    """
    indices = [index for index, _ in day.overlapping(interval)]
    rows = [day.emissions[index] for index in indices]
    starts = [day.segments[index].start for index in indices]
    own = day.states.index(state) if state in day.states else IDLE
    earliest, latest = SHORTEST_SIDE, interval[1] - interval[0] - SHORTEST_SIDE
    most, best = LEAST_GAIN, None
    for column in range(len(day.states)):
        sums = list(accumulate(row[column] - row[own] for row in rows))
        for at, before in zip(starts[1:], sums, strict=False):
            gain = max(before, sums[-1] - before)
            if gain > most and earliest <= at - interval[0] <= latest:
                most, best = gain, at
    return best
