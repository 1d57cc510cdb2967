"""Habit as one more source of evidence: weaker than a person's rules and what names a group."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from heapq import nlargest
from itertools import groupby
from math import inf

from tracklater_bot.domain.track_record import BY_HABIT
from tracklater_bot.engine.infer.inference import LabelledDay
from tracklater_bot.engine.intervals import MINUTE, Interval, joined
from tracklater_bot.engine.learn.bayes import SAID
from tracklater_bot.engine.learn.habits import Habits, Seen, true_share
from tracklater_bot.engine.looks import parts_of
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.segments import EvidenceSource, Segment
from tracklater_bot.engine.windows import WindowPlace

HABIT = EvidenceSource(f"windows like those of {BY_HABIT}")
PER_WINDOW = 5.0  # log-likelihood that a certain opinion gives a window
LEAST_LIKELY = 0.05
PER_ISSUE = 0.8
MOST_WINDOWS = 1000
MOST_KNOWN = 3.0  # what other evidence counts at most for the opinion itself
# Windows that look alike whoever they are with.
TRUST = {WindowPlace.MEETING: 0.3, WindowPlace.TALK: 0.6, WindowPlace.LEISURE: 0.3}
NOBODYS = 0.1  # how much of what speaks for nobody
# Evidence that names a group, how far around it habit says less, and how much right beside it.
CLEARLY, FAR, BESIDE_NAMED = 0.4, 30 * MINUTE, 0.05
ENOUGH = 6.0  # log-likelihood of other evidence that needs no habit


def add_habits(
    segments: Sequence[Segment],
    habits: Habits,
    tracked: Sequence[tuple[Interval, str]],
    matcher: Matcher,
) -> None:
    """Adds what past days say of the windows. `tracked` is whose time of the day is known."""
    seen = (segment for segment in segments if segment.focus is not None)
    of_focus = [list(parts) for _, parts in groupby(seen, key=lambda segment: segment.focus)]
    clear = joined(
        (segment.start, segment.end)
        for segment in segments
        if any(value >= CLEARLY for _, _, value in segment.evidence)
    )
    lengths = [sum(part.minutes for part in parts) for parts in of_focus]
    # Of a day of endless windows those that last longest: what is between two of them is short.
    longest = sorted(nlargest(MOST_WINDOWS, range(len(of_focus)), key=lengths.__getitem__))
    opinions = habits.opinions([_seen(of_focus[index], tracked) for index in longest])
    for index, opinion in zip(longest, opinions, strict=True):
        parts, minutes = of_focus[index], lengths[index]
        size = 0.5 + 0.5 * min(minutes, 1.0) + 0.3 * max(0.0, min(minutes, 20.0) - 1.0)
        size *= _free(clear, (parts[0].start, parts[-1].end))
        size *= TRUST.get(matcher.window(parts[0].title or "").place, 1.0)
        work = sum(opinion.groups.values())
        issue = None if any(part.issues for part in parts) else habits.issue(parts[0].title or "")
        for part in parts:
            part.opinion, part.usual_issue = opinion, issue
            share = size * part.minutes / minutes if minutes else 0.0
            if issue is not None:
                part.issues[issue] += PER_ISSUE * share
            named = any(source.kind is None for _, source, _ in part.evidence)
            for group, likely in opinion.groups.items():
                if likely >= LEAST_LIKELY and not named:
                    part.add_evidence(group, PER_WINDOW * share * likely, HABIT)
            if part.idle > 0:
                part.idle *= 1.0 - work
            part.idle += PER_WINDOW * share * opinion.nobody


def _free(named: Sequence[Interval], interval: Interval) -> float:
    """How much habit may say of an interval: little near what names a group, all far from it.

    `named` are in order, and none touches another.
    """
    start, end = interval
    after = bisect(named, interval)
    beside = named[max(after - 1, 0) : after + 1]
    nearest = min((max(start - last, first - end, 0.0) for first, last in beside), default=inf)
    return max(BESIDE_NAMED, min(1.0, nearest / FAR))


def _seen(parts: Sequence[Segment], tracked: Sequence[tuple[Interval, str]]) -> Seen:
    known: dict[str | None, float] = {}
    for part in parts:
        for group, value in part.groups.items():
            known[group] = min(MOST_KNOWN, known.get(group, 0.0) + value)
        known[None] = min(1.0, known.get(None, 0.0) + NOBODYS * max(part.idle, 0.0))
    start, end = parts[0].start, parts[-1].end
    middle = (start + end) / 2
    for (first, last), whose in tracked:
        if first <= middle < last:
            known[whose] = SAID
    title = parts_of(parts[0].title or "").spelled
    return Seen(start / MINUTE, end / MINUTE, title, known)


def by_habit(day: LabelledDay, interval: Interval) -> dict[str, float]:
    """How likely each group is in an interval, by habit alone; empty where it says nothing."""
    sums: defaultdict[str, float] = defaultdict(float)
    minutes = 0.0
    for index, shared in day.overlapping(interval):
        if (opinion := day.segments[index].opinion) is not None:
            minutes += shared
            for group, likely in opinion.groups.items():
                sums[group] += shared * likely
    return {group: likely / minutes for group, likely in sums.items()}


def confidence(day: LabelledDay, group: str | None, interval: Interval) -> float:
    """How likely the group is in an interval, where habit speaks for it as often as it is right."""
    probability = day.probability(group, interval)
    likely = by_habit(day, interval)
    if group is None or not likely:
        return probability
    by_others = agreed = minutes = 0.0
    for index, shared in day.overlapping(interval):
        segment = day.segments[index]
        share = shared / segment.minutes if segment.minutes else 0.0
        by_others += share * sum(
            value
            for owner, source, value in segment.evidence
            if owner == group and source is not HABIT
        )
        if segment.opinion is not None:
            minutes += shared
            agreed += shared * (segment.opinion.agreed == group)
    others = min(1.0, max(0.0, by_others) / ENOUGH)
    true = true_share(likely.get(group, 0.0), agreed / minutes)
    return others * probability + (1.0 - others) * min(probability, true)
