"""Habits: whose past time had windows like those of a day, and how sure that makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import NamedTuple

from tracklater_bot.domain.clues import Meeting, Window
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.engine.learn.bayes import Row, Variant, WindowWords, rounds
from tracklater_bot.engine.learn.words import NOBODY, Counts, Hashing, TitleWords, added, by_word
from tracklater_bot.engine.looks import look_of, parts_of

HALF_LIFE, ISSUE_HALF_LIFE = 20.0, 4.0  # days
NAME = 0.2  # what a group's name counts, as minutes of a window that says nothing else
NOBODYS_SHARE = 0.3  # time that no entry covers may have been forgotten
LONGEST_SAMPLE, USUAL_SAMPLE = 2.5, 1 / 3  # minutes that a sample stands, and the last of a run
LONGEST_LOOK = 20.0
LEAST_SEEN = 0.5  # of a word in an issue's time
ALMOST_ALL = 0.85
# Several ways to look at the same counts: where they agree, they are right more often.
VARIANTS = (Variant(pairs=True, temper=0.35, change=0.4, rounds=6), Variant(temper=0.6, change=0.5))
# What it is worth, measured on made-up months (benchmarks/habits.py): the mean of the looks where
# they agree on less than that of a row's time, else their agreement; and so much at most by the
# mean.
AGREEMENT = 0.8
TRUE_SHARES = ((0.0, 0.0), (0.3, 0.45), (0.5, 0.7), (1.0, 0.8))
AGREED_SHARES = ((0.0, 0.0), (AGREEMENT, 0.8), (0.86, 0.9), (1.0, 0.96))
MOST_BY_MEAN = ((0.0, 0.75), (0.45, 0.9), (1.0, 1.0))


@dataclass(slots=True)
class DayCounts:
    """What a day taught: words by group, and by issue; meetings, by series and title, by group."""

    groups: Counts = field(default_factory=Counts)
    issues: Counts = field(default_factory=Counts)
    meetings: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Time whose group is known, for it was confirmed; `group` None: somebody said nobody's.

    `weight` is above 1 where a person took trouble to say so.
    """

    span: Span
    group: str | None
    issue: IssueId | None = None
    weight: float = 1.0


def owner(hashing: Hashing, group: str | None, issue: IssueId | None = None) -> int:
    """The number of a group, an issue, or nobody."""
    if group is None:
        return NOBODY
    name = group.casefold()
    return hashing.number(f"group {name}" if issue is None else f"issue {name} {issue.key}")


def learned(
    windows: Iterable[Window],
    lessons: Sequence[Lesson],
    hashing: Hashing,
    meetings: Iterable[Meeting] = (),
) -> DayCounts:
    """What the windows and meetings of a day teach, by the time that was confirmed."""
    counts = DayCounts()
    for meeting in meetings:
        middle = meeting.at + (meeting.until - meeting.at) / 2
        lesson = lesson_at(lessons, middle.timestamp())
        if lesson is not None:
            words = TitleWords(hashing.meeting(meeting.title, meeting.series), ())
            counts.meetings.add(owner(hashing, lesson.group), words, 1.0, lesson.weight)
    for start, minutes, title in looks(windows):
        words = hashing.title(title)
        lesson = lesson_at(lessons, start)
        if lesson is None:
            counts.groups.add(NOBODY, words, minutes, NOBODYS_SHARE)
            continue
        counts.groups.add(owner(hashing, lesson.group), words, minutes, lesson.weight)
        if lesson.group is not None and lesson.issue is not None:
            of_issue = owner(hashing, lesson.group, lesson.issue)
            counts.issues.add(of_issue, words, minutes, lesson.weight)
    return counts


def lesson_at(lessons: Sequence[Lesson], at: float) -> Lesson | None:
    """What is known of a moment, given in seconds since 1970."""
    moment = datetime.fromtimestamp(at, UTC)
    return next((lesson for lesson in lessons if moment in lesson.span), None)


def looks(windows: Iterable[Window]) -> Iterator[tuple[float, float, str]]:
    """Start in seconds, minutes and title of what was in front, machine by machine."""
    by_machine: dict[str, list[Window]] = {}
    for window in windows:
        if window.title:
            by_machine.setdefault(window.machine, []).append(window)
    for samples in by_machine.values():
        start = last = 0.0
        minutes, title = 0.0, ""
        for sample in samples:
            at, shown = sample.at.timestamp(), parts_of(look_of(sample)).spelled
            gap = max(0.0, at - last) / 60
            if minutes and gap <= LONGEST_SAMPLE:
                minutes += gap
            if title and (shown != title or gap > LONGEST_SAMPLE or minutes >= LONGEST_LOOK):
                yield start, minutes, title
                title = ""
            if not title:
                start, minutes, title = at, USUAL_SAMPLE, shown
            if sample.until is not None:
                at = sample.until.timestamp()
                minutes = min(max(minutes, (at - start) / 60), LONGEST_LOOK)
            last = at
        if title:
            yield start, minutes, title


class Seen(NamedTuple):
    """A window of the day: when it was in front (minutes), and what other evidence says of it.

    `known` are log-likelihoods of groups, and of nobody (None): they teach the day too.
    """

    start: float
    end: float
    title: str
    known: Mapping[str | None, float]


@dataclass(frozen=True, slots=True)
class Opinion:
    """How likely each group is for a window of the day, by habit; `nobody`: that it is no work.

    `agreed` is the group that all ways to look at it have first, if they agree.
    """

    groups: dict[str, float]
    nobody: float = 0.0
    agreed: str | None = None


class Habits:
    """What all days but one taught, for drafting that one."""

    def __init__(
        self,
        days: Mapping[date, DayCounts],
        day: date,
        groups: Collection[str],
        hashing: Hashing,
        issues: Iterable[IssueId] = (),
    ) -> None:
        self._hashing = hashing
        others = [(counts, abs((day - of).days)) for of, counts in days.items() if of != day]
        self._counts = added((c.groups, 0.5 ** (age / HALF_LIFE)) for c, age in others)
        by_issue = added((c.issues, 0.5 ** (age / ISSUE_HALF_LIFE)) for c, age in others).single
        self._issues = {
            number: issue
            for issue in issues
            if (number := owner(hashing, issue.group, issue)) in by_issue
        }
        self._issue_words = by_word(by_issue)
        self._groups = {owner(hashing, group): group for group in groups}
        by_meeting = added((c.meetings, 0.5 ** (age / HALF_LIFE)) for c, age in others).single
        self._meetings = by_word(by_meeting)
        for number, group in self._groups.items():
            self._counts.add(number, hashing.title(group), NAME**2)

    def opinions(self, seen: Sequence[Seen]) -> list[Opinion]:
        """For each window of the day, in order."""
        owners = [NOBODY, *self._groups]
        both = self._counts.single, self._counts.pairs
        rows: list[list[Row]] = []
        for variant in VARIANTS:
            kinds = both if variant.pairs else both[:1]
            rows += rounds(self._looks(seen, pairs=variant.pairs), owners, kinds, variant)
        return [self._opinion(owners, of_look) for of_look in zip(*rows, strict=True)]

    def issue(self, title: str) -> IssueId | None:
        """The issue that windows of such words were on lately, almost all of them; None else."""
        shares: defaultdict[int, float] = defaultdict(float)
        words = [word for word in self._hashing.title(title).single if word in self._issue_words]
        for word in words:
            weights = self._issue_words[word]
            for number, weight in weights.items():
                if weight >= LEAST_SEEN:
                    shares[number] += weight / sum(weights.values()) / len(words)
        best = max(shares, key=lambda number: shares[number], default=NOBODY)
        return self._issues.get(best) if shares[best] >= ALMOST_ALL else None

    def meeting(self, title: str, series: str) -> str | None:
        """Whose time the meetings of a series were, or those of a title: almost all of them."""
        for word in self._hashing.meeting(title, series):
            weights = self._meetings.get(word, {})
            best = max(weights, key=lambda number: weights[number], default=NOBODY)
            if weights and weights[best] >= ALMOST_ALL * sum(weights.values()):
                return self._groups.get(best)
        return None

    def _opinion(self, owners: Sequence[int], rows: Sequence[Row]) -> Opinion:
        means = {
            n: sum(column) / len(rows)
            for n, column in zip(owners, zip(*rows, strict=True), strict=True)
        }
        groups = {self._groups[n]: mean for n, mean in means.items() if n in self._groups}
        first = {owners[row.index(max(row))] for row in rows}
        agreed = self._groups.get(first.pop()) if len(first) == 1 else None
        return Opinion(groups, means.get(NOBODY, 0.0), agreed)

    def _looks(self, seen: Sequence[Seen], *, pairs: bool) -> list[WindowWords]:
        result = []
        for one in seen:
            words = self._hashing.title(one.title)
            used = words.single + words.pairs if pairs else words.single
            known = {owner(self._hashing, group): value for group, value in one.known.items()}
            result.append(WindowWords(one.start, one.end, used, known))
        return result


def true_share(mean: float, agreed: float) -> float:
    """How often a row is right of which habit is so sure, and in so much of which it agrees."""
    if agreed < AGREEMENT:
        return _between(TRUE_SHARES, mean)
    return min(_between(AGREED_SHARES, agreed), _between(MOST_BY_MEAN, mean))


def _between(points: Sequence[tuple[float, float]], at: float) -> float:
    for (low, low_share), (high, high_share) in pairwise(points):
        if at <= high:
            return low_share + (high_share - low_share) * (at - low) / (high - low)
    return points[-1][1]
