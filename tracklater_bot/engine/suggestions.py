"""Suggestions: the spans of a day with project, description, counts and reasons.

Reasons are names and counts only: no window title ever gets into one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate
from math import inf, isclose

from tracklater_bot.domain.clues import Commit
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.issues import Issue, IssueId, type_key
from tracklater_bot.domain.suggestions import Candidate, Evidence, Half, Reason, Suggestion
from tracklater_bot.domain.text import clean, count, folded
from tracklater_bot.domain.track_record import AROUND, ISSUE, kind_of
from tracklater_bot.engine.events import Event, EventKind, between
from tracklater_bot.engine.habit_evidence import HABIT, by_habit, confidence
from tracklater_bot.engine.infer.hmm import IDLE, Chain, viterbi
from tracklater_bot.engine.infer.inference import LabelledDay, SegmentLabel, group_numbers
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import MINUTE, Interval
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.meetings import Kept
from tracklater_bot.engine.row_issues import LONGEST, RowIssues, description
from tracklater_bot.engine.segments import EvidenceSource
from tracklater_bot.engine.spans import RoundedSpan, interval_of
from tracklater_bot.engine.weights import NEUTRAL_MINUTE
from tracklater_bot.engine.windows import WindowPlace

NAMED = 0.6  # a row has a group where it is likelier than not to be right
MOST_CANDIDATES, POSSIBLE = 3, 0.05
# Questions a day; a shorter one costs more than it settles.
MOST_QUESTIONS, SHORTEST_QUESTION = 2, 10.0
UNSURE = 0.3  # a row whose likeliest group is less likely by habit is a question as well
# Whom a call was with may be in none of its traces; that somebody talked is.
CALL, CALL_IS_WORK = "Call", 0.8
MOST_REASONS = 4
NOTHING_KNOWN = "nothing known"
NEIGHBOUR = 4.0  # the log-likelihood of a neighbour's group in what lies beside it off screen
IMPOSSIBLE = -1e9
# Both sides of a split are at least this long, and another state is likelier on one by this much.
SHORTEST_SIDE = 5 * MINUTE
LEAST_GAIN = 1.5
_REVIEW = re.compile(r"(?<![^\W_])(?:code review|(?:pull|merge) request)(?![^\W_])")
TOUCH = timedelta(seconds=1)


class SuggestionBuilder:
    """Makes suggestions of a day's spans. `events` are those within it."""

    def __init__(
        self,
        inputs: Inputs,
        matcher: Matcher,
        events: Sequence[Event],
        day: LabelledDay,
        meetings: Sequence[Kept] = (),
    ) -> None:
        self._matcher = matcher
        self._events = events
        self._meetings = meetings
        self._day = day
        self._inputs = inputs
        self._groups = {group.name: group for group in inputs.groups}
        self._issues = {issue.id: issue for issue in inputs.issues}
        commits = (clue for clue in inputs.clues if isinstance(clue, Commit))
        self._commits = sorted(commits, key=lambda commit: (commit.at, commit.sha))
        self._row_issues = RowIssues(matcher, events, self._commits, day, meetings)

    def suggestions(self, spans: Sequence[RoundedSpan]) -> tuple[Suggestion, ...]:
        """The suggestions of the spans, in order; of time without a group, what is worth asking."""
        named = map(self._named, spans)
        kept = (row for row in named if row.group or self._learned(row) or self._may_be_work(row))
        rows = self._joined(kept)
        learned = [self._learned(row) for row in rows]
        budget = MOST_QUESTIONS - sum(bool(one) and one[0].confidence < UNSURE for one in learned)
        known = [row for row, one in zip(rows, learned, strict=True) if row.group or one]
        questions = (row for row in rows if row not in known)
        asked = sorted(questions, key=self._work_minutes, reverse=True)[: max(budget, 0)]
        rows = [row for row in rows if row in known or row in asked]
        around = ([*rows[max(n - 1, 0) : n], *rows[n + 1 : n + 2]] for n in range(len(rows)))
        return tuple(map(self._suggestion, rows, around))

    def _joined(self, rows: Iterable[RoundedSpan]) -> list[RoundedSpan]:
        """Rows in order; those that touch and say the same are one."""
        result: list[RoundedSpan] = []
        for row in rows:
            last = result[-1] if result else None
            if last is not None and self._goes_on(last, row):
                whole = Span(last.span.start, row.span.end)
                exact = Span(last.exact.start, row.exact.end)
                result[-1] = replace(last, span=whole, exact=exact)
            else:
                result.append(row)
        return result

    def _goes_on(self, last: RoundedSpan, row: RoundedSpan) -> bool:
        """Whether a row says of what touches it what the one before says."""
        touching = last.span.end == row.span.start and row.exact.start - last.exact.end <= TOUCH
        if not touching or replace(row, span=last.span, exact=last.exact) != last:
            return False
        likeliest = (next((one.group for one in self._learned(r)), None) for r in (last, row))
        return len({*likeliest}) == 1

    def _named(self, found: RoundedSpan) -> RoundedSpan:
        """The span with what is likelier than not to be right of its group and issue."""
        interval = interval_of(found.exact, self._inputs)
        sure = confidence(self._day, found.group, interval)
        if found.group is None or self._corrected(found.group, interval, sure) < NAMED:
            return replace(found, group=None, key=None)
        return replace(found, key=self._row_issues.chosen(found.group, found.key, interval))

    def _corrected(self, group: str, interval: Interval, sure: float) -> float:
        """How sure the group is, by what became of such rows before."""
        trust = self._inputs.trust
        if not trust.factors:  # nothing is known of that: its reasons need not be looked for
            return sure
        return trust.corrected(kind_of(reasons(group, self._day, interval)), group, sure)

    def _may_be_work(self, found: RoundedSpan) -> bool:
        """Whether time without a group is likelier than not somebody's, and worth a question."""
        minutes = found.exact.minutes
        return minutes >= SHORTEST_QUESTION and self._work_minutes(found) >= 0.5 * minutes

    def _work_minutes(self, found: RoundedSpan) -> float:
        interval = interval_of(found.exact, self._inputs)
        by_any_group = sum(by_habit(self._day, interval).values())  # though no group stands out
        likely = max(1.0 - self._day.probability(None, interval), by_any_group)
        start, end = interval
        met = sum(max(0.0, min(m.end, end) - max(m.start, start)) for m in self._meetings)
        if self._neutral(interval) == CALL or 2 * met > end - start:
            likely = max(likely, CALL_IS_WORK)
        return likely * found.exact.minutes

    def _learned(self, found: RoundedSpan) -> tuple[Candidate, ...]:
        """Whose a row without a group may be by habit. It is no guess, so the row is kept."""
        if found.group is not None:
            return ()
        return _likeliest(by_habit(self._day, interval_of(found.exact, self._inputs)))

    def _candidates(self, found: RoundedSpan, interval: Interval) -> tuple[Candidate, ...]:
        """The groups that time without one may belong to, likeliest first."""
        names = dict.fromkeys(state[0] for state in self._day.states if state is not None)
        return self._learned(found) or _likeliest(
            {name: self._day.probability(name, interval) for name in names}
        )

    def _suggestion(self, found: RoundedSpan, neighbours: Sequence[RoundedSpan]) -> Suggestion:
        interval = interval_of(found.exact, self._inputs)
        sure = confidence(self._day, found.group, interval)
        evidence = self._evidence(found.group, interval, found.span.minutes)
        split = self._best_split(found, interval)
        row = Suggestion(found.span, found.group, confidence=round(sure, 3), best_split=split)
        if found.group is None:
            words, candidates = self._neutral(interval), self._candidates(found, interval)
            return replace(row, evidence=evidence, description=words, candidates=candidates)
        sure_of_issue = self._row_issues.sure(found.group, found.key, interval)
        own, exact = self._half(found, found.key, interval), found.exact
        touching = [
            one.group
            for one in neighbours
            if max(one.exact.start, exact.start) - min(one.exact.end, exact.end) <= TOUCH
        ]
        reckoned, of_issue = round(1000 * sure), round(1000 * sure_of_issue)
        trusted = self._inputs.trust.corrected(ISSUE, found.group, sure_of_issue)
        return replace(
            row,
            project=own.project,
            confidence=round(self._corrected(found.group, interval, sure), 3),
            issue=own.issue,
            issue_confidence=round(trusted, 3),
            evidence=replace(evidence, reckoned=reckoned, issue_reckoned=of_issue),
            description=own.description,
            halves=self._halves(found, interval, split),
            reasons=reasons(found.group, self._day, interval),
            alternative=alternative(found.group, self._day, interval, touching),
        )

    def _halves(
        self, found: RoundedSpan, interval: Interval, split: datetime | None
    ) -> tuple[Half, ...]:
        """What lies before and after the best split, each with the issue that it names."""
        if split is None or found.group is None:
            return ()
        at = (split - self._inputs.day.span.start).total_seconds()
        sides = (interval[0], at), (at, interval[1])
        keys = (self._row_issues.named(found.group, found.key, side) or found.key for side in sides)
        return tuple(self._half(found, key, side) for key, side in zip(keys, sides, strict=True))

    def _half(self, found: RoundedSpan, key: IssueId | None, interval: Interval) -> Half:
        group = found.group or ""
        issue = self._issues.get(key) if key else None
        words = clean(self._meeting_title(group, interval), LONGEST) if issue is None else ""
        words = words or description(
            issue, self._own_commits(group, interval), self._neutral(interval)
        )
        project = project_for(self._groups[group], issue)
        return Half(project, issue, words, self._evidence(group, interval, inf))

    def _own_commits(self, group: str, interval: Interval) -> list[Commit]:
        """The commits for the group that end work in an interval; none that names others."""
        zero = self._inputs.day.span.start
        return [
            commit
            for commit in self._commits
            if commit.group == group
            and not commit.by_program
            and interval[0] < (commit.at - zero).total_seconds() <= interval[1]
            and not self._matcher.names_others(group, commit.subject)
        ]

    def _meetings_in(self, group: str | None, interval: Interval) -> list[Kept]:
        """The meetings of an interval whose words name nobody but the group."""
        start, end = interval
        return [
            kept
            for kept in self._meetings
            if kept.planned.groups.keys() <= {group}
            and 2 * (min(kept.end, end) - max(kept.start, start)) > kept.end - kept.start
        ]

    def _meeting_title(self, group: str, interval: Interval) -> str:
        """What the group's meeting is called that takes most of an interval."""
        minutes: defaultdict[str, float] = defaultdict(float)
        for kept in self._meetings_in(group, interval):
            minutes[kept.planned.title] += kept.end - kept.start
        most = max(minutes, key=lambda title: minutes[title], default="")
        return most if 2 * minutes[most] > interval[1] - interval[0] else ""

    def _neutral(self, interval: Interval) -> str:
        """What most windows tell of the kind of work, in words of ours that name nobody."""
        minutes: defaultdict[str, float] = defaultdict(float)
        for index, shared in self._day.overlapping(interval):
            if (focus := self._day.segments[index].focus) is not None:
                call = self._matcher.window(focus.title).place is WindowPlace.MEETING
                review = "Code review" if _REVIEW.search(folded(focus.title)) else ""
                minutes[CALL if call else review] += shared
        most = max(minutes, key=lambda words: minutes[words], default="")
        return most if 2 * minutes[most] > sum(minutes.values()) else ""

    def _evidence(self, group: str | None, interval: Interval, most: float) -> Evidence:
        segments = self._day.segments
        shares = self._day.overlapping(interval)
        minutes = sum(shared for index, shared in shares if segments[index].focus)
        # A commit ends its work; a prompt may be what begins it.
        events = [
            event
            for event in between(self._events, interval[0] - 1.0, interval[1])
            if group in event.groups
            and interval[0] < event.at + (event.kind is EventKind.PROMPT) <= interval[1]
        ]
        return Evidence(
            window_minutes=round(min(minutes, most)),
            commits=len({event.sha for event in events if event.kind is EventKind.COMMIT}),
            messages=sum(event.kind is EventKind.MESSAGE for event in events),
            prompts=sum(event.kind is EventKind.PROMPT for event in events),
            meetings=len({k.planned.start for k in self._meetings_in(group, interval)}),
            exact_seconds=round(interval[1] - interval[0]),
        )

    def _best_split(self, found: RoundedSpan, interval: Interval) -> datetime | None:
        state = None if found.group is None else (found.group, found.key)
        at = best_split(self._day, state, interval)
        moment = self._inputs.day.span.start + timedelta(seconds=at or 0.0)
        return moment if at is not None and found.span.start < moment < found.span.end else None


def _likeliest(likely: Mapping[str, float]) -> tuple[Candidate, ...]:
    found = (Candidate(name, round(share, 3)) for name, share in likely.items())
    possible = [candidate for candidate in found if candidate.confidence >= POSSIBLE]
    return tuple(sorted(possible, key=lambda one: -one.confidence)[:MOST_CANDIDATES])


def project_for(group: Group, issue: Issue | None) -> Project | None:
    """The group's project for issues of this type, else its default one, else its only one."""
    by_type: dict[str, Project] = {}
    for project in group.projects:
        by_type.setdefault(type_key(project.type), project)
    of_type = by_type.get(type_key(issue.type)) if issue is not None else None
    only = group.projects[0] if len(group.projects) == 1 else None
    return of_type or by_type.get("default", only)


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
        return (Reason(f"{AROUND}{group} around it", 1.0),)
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
    if source.kind is EventKind.PROMPT:
        return f"{count(len(set(shas)), 'prompt')} to coding agents"
    if source.kind is EventKind.MEETING:
        return f"{about} in {count(len(set(shas)), 'meeting')}"
    seen = about if source == HABIT else f"{about} in window titles"
    return f"{seen}, {max(round(minutes), 1)} min"


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
    idle = sum(day.segments[index].idle for index in indices)
    most = max(claims.values(), default=0.0)
    best = [name for name, claim in claims.items() if isclose(claim, most)]
    return best[0] if len(best) == 1 and most > idle else NOTHING_KNOWN


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
    most = max(minutes.values())
    return next(name for name, some in minutes.items() if isclose(some, most))  # the earlier one


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
