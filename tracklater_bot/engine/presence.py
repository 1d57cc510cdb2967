"""Presence: when somebody was at the machine, and what was in front of them.

Times here are seconds since the working day began.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from statistics import median_low
from typing import NamedTuple

from tracklater_bot.domain.text import folded
from tracklater_bot.engine.changes import Sample, unchanged
from tracklater_bot.engine.intervals import Interval, joined
from tracklater_bot.engine.title_normalization import Titles

# A sample stands until the next one, if that comes within this many sampling intervals, and
# within these bounds in seconds: xdotool fails for a sample or two, suspend takes longer. Who
# samples slowly has a timer that comes late now and then.
FEW_INTERVALS = 5
HOLE_AT_LEAST, HOLE_AT_MOST = 150.0, 300.0
LATE, SLOWEST_INTERVAL = 1.2, 660.0
USUAL_INTERVAL = 20.0
# Nobody sits still in one meeting for longer: the window was left open.
LONGEST_MEETING = 4 * 3600.0


class Focus(NamedTuple):
    """Somebody was there, with one title in front, from `start` to `end`."""

    start: float
    end: float
    title: str


@dataclass(frozen=True, slots=True)
class Watch:
    """What thyme saw of a day: the stays, in order, and when it was watching at all."""

    stays: tuple[Focus, ...] = ()
    covered: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class PresenceRules:
    """How samples are read.

    More than `idle` seconds without a change are absence, unless the title tells a meeting.
    `titles` tells what is no change. Private titles count as absence. `deeds` are moments, in
    order, at which the person did something that a screen need not show, such as a commit.
    """

    idle: float
    is_meeting: Callable[[str], bool] = lambda _title: False
    is_private: Callable[[str], bool] = lambda _title: False
    titles: Titles = field(default_factory=Titles)
    deeds: Sequence[float] = ()


def privacy(words: Iterable[str]) -> Callable[[str], bool]:
    """Whether a title holds one of the words, in any case; asked once a title."""
    wanted = [re.escape(folded(word)) for word in words if word.strip()]
    pattern = re.compile("|".join(wanted) or r"(?!)")
    known: dict[str, bool] = {}

    def is_private(title: str) -> bool:
        if title not in known:
            known[title] = pattern.search(folded(title)) is not None
        return known[title]

    return is_private


def watch(machines: Iterable[Iterable[Sample]], rules: PresenceRules) -> Watch:
    """The stays of all machines together: at any time one window has somebody's attention."""
    stays: list[list[Focus]] = []
    covered: list[Interval] = []
    for samples in machines:
        ordered = sorted(set(samples))
        if ordered:
            steps = _steps(ordered)
            stays.append(list(_stays(ordered, steps, rules)))
            covered += _covered(ordered, steps)
    return Watch(tuple(_in_front(stays)), tuple(joined(covered)))


def changes(samples: Iterable[Sample], titles: Titles) -> Iterator[float]:
    """When somebody changed something on one machine's screen."""
    ordered = sorted(set(samples))
    steps = _steps(ordered)
    runs = unchanged(ordered, steps.interval, steps.hole, titles)
    for (before, _), (after, sample) in pairwise(zip(runs, ordered, strict=True)):
        if after != before:
            yield sample.at


def by_machine(samples: Iterable[tuple[str, Sample]]) -> list[list[Sample]]:
    """Samples sorted into recorders, these in the order of their names."""
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    for machine, sample in samples:
        found[machine].append(sample)
    return [found[name] for name in sorted(found)]


# -- One machine -------------------------------------------------------------------------------


class _Steps(NamedTuple):
    """How far samples lie apart as a rule, and at most before something is missing."""

    interval: float
    hole: float


def _steps(samples: Sequence[Sample]) -> _Steps:
    gaps = [after.at - before.at for before, after in pairwise(samples)]
    interval = median_low([gap for gap in gaps if gap > 0] or [USUAL_INTERVAL])
    hole = min(max(FEW_INTERVALS * interval, HOLE_AT_LEAST), HOLE_AT_MOST)
    if interval <= SLOWEST_INTERVAL:
        hole = max(hole, LATE * interval)
    return _Steps(min(interval, HOLE_AT_MOST), hole)


def _covered(samples: Sequence[Sample], steps: _Steps) -> list[Interval]:
    times = [sample.at for sample in samples]
    return list(_unbroken([*times, times[-1] + steps.interval], steps))


def _stays(samples: Sequence[Sample], steps: _Steps, rules: PresenceRules) -> Iterator[Focus]:
    """Stretches with somebody there, cut where the title changes or samples are missing."""
    last: Focus | None = None
    for start, end, title in _present(samples, steps, rules):
        if last and last.title == title and start <= last.end:
            last = Focus(last.start, end, title)
        else:
            if last:
                yield last
            last = Focus(start, end, title)
    if last:
        yield last


def _present(samples: Sequence[Sample], steps: _Steps, rules: PresenceRules) -> Iterator[Focus]:
    """The present parts of each run of samples between which nothing changed."""
    deeds = rules.deeds
    runs = zip(unchanged(samples, steps.interval, steps.hole, rules.titles), samples, strict=True)
    done = 0
    for _, run in groupby(runs, key=lambda each: (each[0], bisect_right(deeds, each[1].at))):
        times = [each.at for _, each in run]
        title = samples[done].title
        done += len(times)
        if done < len(samples):
            times.append(samples[done].at)
        else:
            times.append(times[-1] + steps.interval)
        if rules.is_private(title):
            continue
        if _is_away(times[-2] - times[0], title, rules):
            times = [times[0], min(times[1], times[0] + steps.interval)]
        for start, end in _unbroken(times, steps):
            yield Focus(start, end, title)


def _is_away(still: float, title: str, rules: PresenceRules) -> bool:
    if still <= rules.idle:
        return False
    return still > LONGEST_MEETING or not rules.is_meeting(title)


def _unbroken(times: Sequence[float], steps: _Steps) -> Iterator[Interval]:
    """The stretches that samples stand for; the last time is where the last sample ends."""
    start = times[0]
    for before, after in pairwise(times):
        if after - before > steps.hole:
            yield start, before + steps.interval
            start = after
    if start < times[-1]:
        yield start, times[-1]


# -- Several machines --------------------------------------------------------------------------


def _in_front(machines: Sequence[Sequence[Focus]]) -> Iterator[Focus]:
    """One window at a time: where several machines are in use, the one that changed last."""
    if len(machines) == 1:
        yield from machines[0]
        return
    stays = sorted(each for some in machines for each in some)
    edges = sorted({edge for stay in stays for edge in (stay.start, stay.end)})
    last: Focus | None = None
    for start, end, title in _shown(stays, edges):
        if last and last.title == title and last.end == start:
            last = Focus(last.start, end, title)
        else:
            if last:
                yield last
            last = Focus(start, end, title)
    if last:
        yield last


def _shown(stays: Sequence[Focus], edges: Sequence[float]) -> Iterator[Focus]:
    showing: list[Focus] = []
    following = 0
    for start, end in pairwise(edges):
        while following < len(stays) and stays[following].start <= start:
            showing.append(stays[following])
            following += 1
        showing = [each for each in showing if each.end > start]
        if showing:
            yield Focus(start, end, max(showing).title)
