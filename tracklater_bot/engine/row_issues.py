"""The issue of a row, and how sure it is: an issue needs evidence of its own within the row.

The best path through a day keeps an issue where nothing speaks against it: a branch that was
checked out yesterday, the issue before a break. That alone is no reason to book time on it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tracklater_bot.domain.clues import Commit
from tracklater_bot.domain.descriptions import describe
from tracklater_bot.domain.issues import Issue, IssueId
from tracklater_bot.domain.text import folded, listed
from tracklater_bot.engine.events import Event, EventKind, between
from tracklater_bot.engine.infer.inference import LabelledDay
from tracklater_bot.engine.intervals import MINUTE, Interval
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.meetings import Kept

AT_ITS_START = MINUTE  # a branch is checked out as the work begins, or right before
A_MOMENT = 2.0  # minutes of a title that one commit, checkout or message counts as much as
# An issue that a row names is likelier than none from here on: most of them are named seldom.
NAMED_ONCE = 0.28
# What is left of the doubt where the row itself tells of the issue: measured on made-up days.
DOUBT = 0.33
# The part of a probability that holds where only a branch or habit speaks, or where the row tells
# of others.
BRANCH_ALONE, OTHERS_TOLD = 0.85, 0.65


@dataclass(slots=True)
class RowIssues:
    """What a day's windows, commits, checkouts and messages tell of the issues of its rows."""

    matcher: Matcher
    events: Sequence[Event]
    commits: Iterable[Commit]
    day: LabelledDay
    meetings: Sequence[Kept] = ()
    _naming: set[str] = field(init=False)
    _in_titles: set[str] = field(init=False)

    def __post_init__(self) -> None:
        own, matcher = (replace(commit, branches=()) for commit in self.commits), self.matcher
        self._naming = {commit.sha for commit in own if matcher.commit(commit) is not None}
        # Groups whose windows name issues now and then: where they don't, that says something.
        matches = map(matcher.window, {one.title for one in self.day.segments if one.title})
        self._in_titles = {issue.group for match in matches for issue in match.issues}

    def chosen(self, group: str, key: IssueId | None, interval: Interval) -> IssueId | None:
        """The issue of a row that the best path has on `key`: of others that it names, the most."""
        named = self.named(group, key, interval)
        if named is not None:
            likely = named == key or self._probability(group, named, interval) >= NAMED_ONCE
            return named if likely else None
        return key if key and self._assumed(group, key, interval) else None

    def named(self, group: str, key: IssueId | None, interval: Interval) -> IssueId | None:
        """`key` where an interval names it, else the issue that it names most; None if none."""
        told = self._told(group, interval)
        if key in told:
            return key
        return max(sorted(told), key=lambda issue: told[issue], default=None)

    def sure(self, group: str, key: IssueId | None, interval: Interval) -> float:
        """How likely the issue is meant, given the group; for None, that none is."""
        told, likely = self._told(group, interval), self._probability(group, key, interval)
        if key is not None and key not in told:
            return BRANCH_ALONE * likely
        sure = 1.0 - DOUBT * (1.0 - likely)
        return OTHERS_TOLD * sure if key is None and told else sure

    def _told(self, group: str, interval: Interval) -> dict[IssueId, float]:
        """The group's issues that are named within an interval, with about their minutes."""
        told: defaultdict[IssueId, float] = defaultdict(float)
        for index, shared in self.day.overlapping(interval):
            title = self.day.segments[index].title or ""
            for issue, share in self.matcher.window(title).issues.items():
                told[issue] += share * shared
        start, end = interval
        for kept in self.meetings:
            for issue in kept.planned.issues if kept.start < end and kept.end > start else ():
                told[issue] += (min(kept.end, end) - max(kept.start, start)) / MINUTE
        for event in between(self.events, start - AT_ITS_START, end):
            if self._tells(group, event):
                for issue in event.issues:
                    told[issue] += A_MOMENT
        return {issue: minutes for issue, minutes in told.items() if issue.group == group}

    def _tells(self, group: str, event: Event) -> bool:
        """Whether an event itself speaks of its issue; a commit's branch may be an old one."""
        of_branch = event.kind is EventKind.COMMIT and event.sha not in self._naming
        return not of_branch or group not in self._in_titles

    def _assumed(self, group: str, key: IssueId, interval: Interval) -> bool:
        """Whether windows like those of past days tell of the issue, or a branch where none do."""
        segments = [self.day.segments[index] for index, _ in self.day.overlapping(interval)]
        if any(segment.usual_issue == key for segment in segments):
            return True
        in_use = any(segment.issues.get(key, 0.0) > 0 for segment in segments)
        return in_use and group not in self._in_titles

    def _probability(self, group: str, key: IssueId | None, interval: Interval) -> float:
        """How likely the issue is in an interval, given the group."""
        own = of_group = 0.0
        for index, shared in self.day.overlapping(interval):
            row = self.day.posteriors[index]
            for state, probability in zip(self.day.states, row, strict=True):
                if state is not None and state[0] == group:
                    of_group += shared * probability
                    own += shared * probability * (state[1] == key)
        return own / of_group if of_group else 0.0


# -- The words of a row ------------------------------------------------------------------------


LONGEST = 60  # characters of a description made of commit subjects
SUBJECTS = 2
MOST_SUBJECTS = 4  # of more, the first ones tell nothing of the whole
# `feat(import): …`, `import: …`, `[import] …`; the types alone are no scope.
_SCOPE = re.compile(r"[^\W\d_]+\(([\w ./-]{2,24})\)!?:|([\w./-]{2,24})!?:\s|\[([\w ./-]{2,24})\]")
_TYPES = listed("""build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test|tests|wip""")
_WORDS = re.compile(r"[^\W\d_]{3,}")


def description(issue: Issue | None, commits: Iterable[Commit], neutral: str = "") -> str:
    """`KEY title`, else the group's own commit subjects in a few words, else neutral words."""
    if issue is not None:
        return describe(issue)
    subjects = dict.fromkeys(" ".join(commit.subject.split()) for commit in commits)
    return _short([subject for subject in subjects if subject]) or neutral


def _short(subjects: list[str]) -> str:
    if len(subjects) > MOST_SUBJECTS:
        return _typical(subjects)
    for text in ("; ".join(subjects[:SUBJECTS]), subjects[0] if subjects else ""):
        if len(text) <= LONGEST:
            return text
    return _cut(subjects[0], LONGEST)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    whole_words = kept.rpartition(" ")[0] or kept
    return f"{whole_words.rstrip(' ,.;:')}…"


def _typical(subjects: Sequence[str]) -> str:
    """Of many subjects the one whose words most others share; of those alike the longest.

    Of their scope, if more than half have one.
    """
    more = f" and {len(subjects) - 1} more"
    scopes = Counter(map(_scope, subjects))
    scope, _ = max(scopes.items(), key=lambda one: (bool(one[0]), one[1]))
    if scope and 2 * scopes[scope] > len(subjects):
        of_scope = (subject for subject in subjects if _scope(subject) == scope)
        subjects = [f"{scope}: {_SCOPE.sub('', subject).strip()}" for subject in of_scope]
    words = [set(_WORDS.findall(folded(subject))) for subject in subjects]
    shared = Counter(word for some in words for word in some)
    sums = [sum(shared[word] - 1 for word in some) for some in words]
    _, _, typical = max(
        zip(sums, map(len, subjects), subjects, strict=True), key=lambda one: one[:2]
    )
    return _cut(typical, LONGEST - len(more)) + more


def _scope(subject: str) -> str:
    """`import` of `import: read it` and of `feat(import): read it`; "" where it tells none."""
    found = _SCOPE.match(subject)
    scope = next(filter(None, found.groups()), "") if found else ""
    return "" if scope in _TYPES else scope
