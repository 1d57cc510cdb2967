"""Presence: when somebody was at the machine, and what was in front of them.

Times here are seconds since the working day began.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median_low
from typing import NamedTuple

from tracklater_bot.engine.titles import folded

# A sample stands until the next one, if that comes within this many sampling intervals, and
# within these bounds in seconds: xdotool fails for a sample or two, suspend takes longer.
FEW_INTERVALS = 5
HOLE_AT_LEAST, HOLE_AT_MOST = 150.0, 300.0
USUAL_INTERVAL = 20.0
# Nobody sits still in one meeting for longer: the window was left open.
LONGEST_MEETING = 4 * 3600.0

Part = tuple[float, float]


class Sample(NamedTuple):
    """What was in front at a moment."""

    at: float
    title: str
    screen: int


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody was there, with one title in front, from `start` to `end`."""

    start: float
    end: float
    title: str


@dataclass(frozen=True, slots=True)
class Watch:
    """What thyme saw of a day: the stays, in order, and when it was watching at all."""

    stays: tuple[Stay, ...] = ()
    covered: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """How samples are read: seconds of stillness that mean absence, and what titles tell."""

    idle: float
    is_meeting: Callable[[str], bool]
    is_private: Callable[[str], bool]


def privacy(words: Iterable[str]) -> Callable[[str], bool]:
    """Whether a title holds one of the words, in any case."""
    wanted = [re.escape(folded(word)) for word in words if word.strip()]
    if not wanted:
        return lambda _title: False
    pattern = re.compile("|".join(wanted))
    return lambda title: pattern.search(folded(title)) is not None


def watch(machines: Iterable[Sequence[Sample]], rules: Rules, deeds: Sequence[float] = ()) -> Watch:
    """The stays of all machines together: at any time only one window has somebody's attention.

    `deeds` are moments, in order, at which the person did something that no screen shows.
    """
    stays, covered = [], []
    for samples in machines:
        ordered = sorted(set(samples))
        if ordered:
            hole = _longest_hole(ordered)
            stays.append(list(_stays(ordered, hole, rules, deeds)))
            covered.extend(_covered(ordered, hole))
    return Watch(tuple(_in_front(stays)), tuple(joined(covered)))


def joined(parts: Iterable[Part], gap: float = 0.0) -> list[Part]:
    """The same time as parts in order that lie more than `gap` apart."""
    result: list[Part] = []
    for start, end in sorted(parts):
        if result and start <= result[-1][1] + gap:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


# -- One machine -------------------------------------------------------------------------------


def _longest_hole(samples: Sequence[Sample]) -> float:
    """How long a sample may stand for, learned from how often the file has one."""
    return min(max(FEW_INTERVALS * _interval(samples), HOLE_AT_LEAST), HOLE_AT_MOST)


def _interval(samples: Sequence[Sample]) -> float:
    gaps = [after.at - before.at for before, after in pairwise(samples)]
    return median_low([gap for gap in gaps if gap > 0] or [USUAL_INTERVAL])


def _covered(samples: Sequence[Sample], hole: float) -> list[Part]:
    interval = min(_interval(samples), hole)
    return joined(((each.at, each.at + interval) for each in samples), gap=hole)


def _stays(
    samples: Sequence[Sample], hole: float, rules: Rules, deeds: Sequence[float]
) -> Iterator[Stay]:
    """Stretches with somebody there, cut where the title changes or samples are missing."""
    last: Stay | None = None
    for each in _present(samples, hole, rules, deeds):
        if last and last.title == each.title and each.start <= last.end:
            last = Stay(last.start, each.end, last.title)
        else:
            if last:
                yield last
            last = each
    if last:
        yield last


def _present(
    samples: Sequence[Sample], hole: float, rules: Rules, deeds: Sequence[float]
) -> Iterator[Stay]:
    interval = min(_interval(samples), hole)
    private: dict[str, bool] = {}
    start = 0
    for _, group in groupby(samples, key=lambda each: (each.screen, bisect_right(deeds, each.at))):
        run = list(group)
        following = samples[start + len(run)].at if start + len(run) < len(samples) else None
        start += len(run)
        title = run[0].title
        if title not in private:
            private[title] = rules.is_private(title)
        if not private[title]:
            yield from _run(run, following, (interval, hole), rules)


def _run(
    run: Sequence[Sample], following: float | None, steps: tuple[float, float], rules: Rules
) -> Iterator[Stay]:
    """The present part of samples between which nothing changed on the screen."""
    interval, hole = steps
    until = run[-1].at + interval if following is None else following
    still = run[-1].at - run[0].at
    title = run[0].title
    if still > rules.idle:
        if not (still <= LONGEST_MEETING and rules.is_meeting(title)):
            run = run[:1]
            until = run[0].at + interval
    ends = [*(each.at for each in run[1:]), until]
    for sample, end in zip(run, ends, strict=True):
        stands = end if end - sample.at <= hole else sample.at + interval
        if stands > sample.at:
            yield Stay(sample.at, stands, title)


# -- Several machines --------------------------------------------------------------------------


def _in_front(machines: Sequence[Sequence[Stay]]) -> Iterator[Stay]:
    """One window at a time: where several machines are in use, the one that changed last."""
    if len(machines) == 1:
        yield from machines[0]
        return
    stays = sorted((each for some in machines for each in some), key=_by_start)
    edges = sorted({edge for each in stays for edge in (each.start, each.end)})
    last: Stay | None = None
    for stay, start, end in _shown(stays, edges):
        if last and last.title == stay.title and last.end == start:
            last = Stay(last.start, end, last.title)
        else:
            if last:
                yield last
            last = Stay(start, end, stay.title)
    if last:
        yield last


def _shown(stays: Sequence[Stay], edges: Sequence[float]) -> Iterator[tuple[Stay, float, float]]:
    open_stays: list[Stay] = []
    following = 0
    for start, end in pairwise(edges):
        while following < len(stays) and stays[following].start <= start:
            open_stays.append(stays[following])
            following += 1
        open_stays = [each for each in open_stays if each.end > start]
        if open_stays:
            yield max(open_stays, key=_by_start), start, end


def _by_start(stay: Stay) -> tuple[float, float, str]:
    return stay.start, stay.end, stay.title


def by_machine(samples: Iterable[tuple[str, Sample]]) -> list[list[Sample]]:
    """Samples sorted into recorders, these in the order of their names."""
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    for machine, sample in samples:
        found[machine].append(sample)
    return [found[name] for name in sorted(found)]
