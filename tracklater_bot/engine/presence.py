"""Presence: when somebody was at the machine, and what was in front of them.

Times here are seconds since the working day began.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, pairwise, zip_longest
from math import inf
from statistics import median_low
from typing import NamedTuple, TypeVar

from tracklater_bot.domain.clues import Attendance, Clue, Window
from tracklater_bot.domain.day import without
from tracklater_bot.domain.text import folded
from tracklater_bot.engine.changes import Sample, is_notice, run_numbers
from tracklater_bot.engine.events import Event
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import MINUTE, Interval, joined, within
from tracklater_bot.engine.looks import look_of
from tracklater_bot.engine.title_normalization import TitleNormalizer
from tracklater_bot.engine.windows import WindowKind

# A sample stands until the next one, if that comes within this many sampling intervals, and
# within these bounds in seconds: xdotool fails for a sample or two, suspend takes longer. Who
# samples slowly has a timer that comes late now and then.
FEW_INTERVALS = 5
GAP_AT_LEAST, GAP_AT_MOST = 150.0, 300.0
LATE, SLOWEST_INTERVAL = 1.2, 660.0
USUAL_INTERVAL, SLOW_INTERVAL = 20.0, 60.0
RECORDED_INTERVAL = 20.0  # of a window that was recorded with its length
# Where each second is recorded a machine asleep is a hole: standing still is more often reading.
UNSURE_IDLE = 2
# Nobody sits still in one meeting for longer: the window was left open.
LONGEST_MEETING = 4 * 3600.0
LULL = 300.0  # so long without a change somebody may have been gone
# Where nothing changed for longer than somebody may sit there, they left the earlier the longer it
# was: so many minutes for each. A limit to the second would make much of how samples fall.
FADES = 8.0


class Focus(NamedTuple):
    """Somebody was there, with one title in front, from `start` to `end`."""

    start: float
    end: float
    title: str


class Still(NamedTuple):
    """From `start` to `end` the screen stood still for too long; nothing changed since `since`."""

    start: float
    end: float
    title: str
    since: float


_Seen = TypeVar("_Seen", Focus, Still)


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen of a day: the stays, in order, and when anything was watching at all.

    `away`: somebody was away for certain, whatever else happened. `lulls` are stays in which
    nothing changed for long. `stills` are stretches in front of a screen that stood still for too
    long to be a stay, and `hidden` those with a private window in front.
    """

    stays: tuple[Focus, ...] = ()
    covered: tuple[Interval, ...] = ()
    away: tuple[Interval, ...] = ()
    lulls: tuple[Focus, ...] = ()
    stills: tuple[Still, ...] = ()
    hidden: tuple[Interval, ...] = ()

    def without(self, left: Sequence[Still]) -> Watch:
        """The same where somebody was in front of no screen that stood still then."""
        away = [still[:2] for still in left]
        stays, lulls = (tuple(_outside(some, away)) for some in (self.stays, self.lulls))
        return replace(self, stays=stays, lulls=lulls, stills=tuple(sorted([*self.stills, *left])))


class _Absence(NamedTuple):
    """What machines showed while nobody is taken, or hardly, to have been in front of them."""

    lulls: list[Focus]
    stills: list[Still]
    hidden: list[Interval]


@dataclass(frozen=True, slots=True)
class PresenceRules:
    """How samples are read.

    More than `idle` seconds without a change are absence, unless the title tells a meeting.
    `titles` tells what is no change. Private titles count as absence. `actions` are moments, in
    order, at which the person did something that a screen need not show, such as a commit.
    """

    idle: float
    is_meeting: Callable[[str], bool] = lambda _title: False
    is_private: Callable[[str], bool] = lambda _title: False
    titles: TitleNormalizer = field(default_factory=TitleNormalizer)
    actions: Sequence[float] = ()


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


def watch_of(inputs: Inputs, kinds: WindowKind, events: Iterable[Event], until: float) -> Watch:
    """What recorders tell of a day; `events` are those of somebody at the screen."""
    options = inputs.options
    rules = PresenceRules(
        idle=options.idle_minutes * MINUTE,
        is_meeting=kinds.is_meeting,
        is_private=privacy(options.ignore),
        titles=TitleNormalizer(kinds.is_talk, kinds.is_leisure),
        actions=tuple(event.at for event in events if not event.by_program),
    )
    zero = inputs.day.span.start.timestamp()
    samples = samples_in(inputs.clues, zero)
    inside = [(machine, sample) for machine, sample in samples if 0 <= sample.at < until]
    certain = attended_in(inputs.clues, zero, until)
    names = sorted({machine for machine, _ in inside})
    return watch(by_machine(inside), rules, map(certain.get, names))


def watch(
    machines: Iterable[Iterable[Sample]],
    rules: PresenceRules,
    attended: Iterable[Attended | None] = (),
) -> Watch:
    """The stays of all machines together: at any time one window has somebody's attention.

    `attended` is what is certain of each of the machines, in their order.
    """
    focuses: list[list[Focus]] = []
    covered: list[Interval] = []
    guessed: list[Interval] = []
    away: list[Interval] = []
    absence = _Absence([], [], [])
    for samples, certain in zip_longest(machines, attended):
        ordered = sorted(set(samples))
        if ordered:
            sampling = _sampling(ordered)
            times = [sample.at for sample in ordered]
            seen = list(_unbroken([*times, times[-1] + sampling.interval], sampling))
            if certain is None:
                focuses.append(_merged(_present(ordered, sampling, rules, absence)))
                guessed += seen
            else:
                found = sorted(_certain(ordered, sampling, rules, certain, absence))
                focuses.append(_merged(found))
                guessed += without(seen, certain.reach)
                away += certain.away
                covered += certain.reach
            covered += seen
    stays = tuple(_across_machines(focuses))
    sure = tuple(without(joined(away), joined(guessed)))
    hidden = tuple(joined(absence.hidden))
    return Watch(stays, tuple(joined(covered)), sure, *_in_front(absence, stays), hidden)


def _certain(
    samples: Sequence[Sample],
    sampling: _Sampling,
    rules: PresenceRules,
    certain: Attended,
    absence: _Absence,
) -> Iterator[Focus]:
    """Guesses where nothing is certain, and all that was in front while somebody was there.

    In a call nobody need touch anything. A screen that stands still is a matter of guesses alone.
    """
    still = [Sample(at, title, screen) for at, title, screen, _ in samples]  # no program's doing
    quiet = replace(rules, idle=inf, actions=())
    calm = _merged(_present(still, sampling, quiet, _Absence([], [], absence.hidden)))
    for start, end, title in calm:
        yield from (Focus(*inside, title) for inside in shared([(start, end)], certain.here))
    unsure = [sample for sample in samples if not within(certain.here, sample.at)]
    patient = replace(rules, idle=UNSURE_IDLE * rules.idle) if certain.lasting else rules
    guesses = _Absence([], [], [])
    for focus in _present(unsure, sampling, patient, guesses):
        settled = certain.here if rules.is_meeting(focus.title) else certain.reach
        yield from _outside([focus], settled)
    absence.lulls.extend(_outside(guesses.lulls, certain.reach))
    absence.stills.extend(_outside(guesses.stills, certain.reach))


def _in_front(
    absence: _Absence, stays: Sequence[Focus]
) -> tuple[tuple[Focus, ...], tuple[Still, ...]]:
    """Lulls and stills while nothing changed on another machine, either."""
    present = joined((stay.start, stay.end) for stay in stays)
    long = {(stay.title, stay.end) for stay in stays if stay.end - stay.start > LULL}
    lulls = (lull for lull in absence.lulls if (lull.title, lull.end) in long)
    return tuple(sorted(lulls)), tuple(sorted(_outside(absence.stills, present)))


def _outside(stretches: Iterable[_Seen], intervals: Sequence[Interval]) -> Iterator[_Seen]:
    """What of each stretch lies in none of the intervals."""
    for seen in stretches:
        for start, end in without([seen[:2]], intervals):
            yield seen._replace(start=start, end=end)


def patient_until(since: float, until: float, limit: float) -> float:
    """When somebody left in front of whom nothing changed from `since` until `until`."""
    return min(until, since + max(USUAL_INTERVAL, limit - FADES * max(until - since - limit, 0.0)))


def changes(samples: Iterable[Sample], titles: TitleNormalizer) -> Iterator[float]:
    """When somebody changed something on one machine's screen."""
    ordered = sorted(set(samples))
    sampling = _sampling(ordered)
    runs = run_numbers(ordered, sampling.interval, sampling.longest_gap, titles)
    for (before, _), (after, sample) in pairwise(zip(runs, ordered, strict=True)):
        if after != before:
            yield sample.at


def samples_in(clues: Iterable[Clue], zero: float = 0.0) -> Iterator[tuple[str, Sample]]:
    """Machine and sample of each window, in seconds since `zero`.

    One with a length is as many samples as a recorder would have taken.
    """
    for clue in clues:
        if isinstance(clue, Window):
            at = clue.at.timestamp() - zero
            sample = Sample(at, look_of(clue), clue.screen, clue.window)
            sample = Sample(at, "", 0) if is_notice(clue.title) else sample  # nobody opened it
            yield clue.machine, sample
            if clue.until is not None:
                length = int(clue.until.timestamp() - zero - at)
                for later in range(int(RECORDED_INTERVAL), length, int(RECORDED_INTERVAL)):
                    yield clue.machine, sample._replace(at=at + later)


def by_machine(samples: Iterable[tuple[str, Sample]]) -> list[list[Sample]]:
    """Samples sorted into recorders, these in the order of their names."""
    machines: defaultdict[str, list[Sample]] = defaultdict(list)
    for machine, sample in samples:
        machines[machine].append(sample)
    return [own for _, own in sorted(machines.items())]


# -- What is certain ---------------------------------------------------------------------------


SILENT = 12 * 3600.0  # a recorder of keys that told nothing for longer was not running


@dataclass(frozen=True, slots=True)
class Attended:
    """When somebody was at a machine for certain, and when certainly not. In order, apart.

    Without any of both: nobody knows. `lasting`: what is recorded has lengths, so that a machine
    that sleeps is a hole in it.
    """

    here: list[Interval] = field(default_factory=list)
    away: list[Interval] = field(default_factory=list)
    lasting: bool = False

    @property
    def reach(self) -> list[Interval]:
        """When there is nothing to guess."""
        return joined([*self.here, *self.away])


def attended_in(clues: Iterable[Clue], zero: float, until: float) -> dict[str, Attended]:
    """What is certain of each machine from 0 until `until`, in seconds since `zero`.

    Where one recorder saw somebody and another nobody, somebody was there. A hole in what it tells
    is a machine asleep, unless it tells of lock screens alone.
    """
    told: defaultdict[tuple[str, bool], list[Interval]] = defaultdict(list)
    found: dict[str, Attended] = {}
    for clue in clues:
        if isinstance(clue, Window) and clue.until is not None and clue.machine not in found:
            found[clue.machine] = Attended(lasting=True)
        if isinstance(clue, Attendance):
            start, end = clue.at.timestamp() - zero, clue.until.timestamp() - zero
            if max(start, 0.0) < min(end, until):
                told[clue.machine, clue.here].append((max(start, 0.0), min(end, until)))
    for machine in {machine for machine, _ in told}:
        here, away = (joined(told.get((machine, is_here), ())) for is_here in (True, False))
        told_of = joined([*here, *away], SILENT if here else 0.0)
        found[machine] = Attended(here, list(without(told_of, here)), machine in found)
    return found


def shared(intervals: Iterable[Interval], others: Sequence[Interval]) -> Iterator[Interval]:
    """The time of each interval that lies in one of the others, which are in order and apart."""
    for start, end in intervals:
        for first, last in others:
            if start < last and first < end:
                yield max(start, first), min(end, last)


# -- One machine -------------------------------------------------------------------------------


class _Sampling(NamedTuple):
    """How far samples lie apart as a rule, and at most before something is missing."""

    interval: float
    longest_gap: float


def _sampling(samples: Sequence[Sample]) -> _Sampling:
    gaps = [after.at - before.at for before, after in pairwise(samples)]
    interval = median_low([gap for gap in gaps if gap > 0] or [USUAL_INTERVAL])
    longest_gap = min(max(FEW_INTERVALS * interval, GAP_AT_LEAST), GAP_AT_MOST)
    if interval <= SLOWEST_INTERVAL:
        longest_gap = max(longest_gap, LATE * interval)
    return _Sampling(min(interval, GAP_AT_MOST), longest_gap)


def _present(
    samples: Sequence[Sample], sampling: _Sampling, rules: PresenceRules, absence: _Absence
) -> Iterator[Focus]:
    """The present parts of each run of samples between which nothing changed; notes the others."""
    actions = rules.actions
    numbers = run_numbers(samples, sampling.interval, sampling.longest_gap, rules.titles)
    runs = zip(numbers, samples, strict=True)
    done = 0
    for _, run in groupby(runs, key=lambda pair: (pair[0], bisect_right(actions, pair[1].at))):
        times = [sample.at for _, sample in run]
        title = samples[done].title
        done += len(times)
        times.append(samples[done].at if done < len(samples) else times[-1] + sampling.interval)
        if rules.is_private(title):
            absence.hidden.extend(_unbroken(times, sampling))
            continue
        # Who samples slowly may have missed what was done: there only what is certain counts.
        ended = times[-1] if sampling.interval < SLOW_INTERVAL else times[-2]
        ended = min(ended, times[-2] + sampling.interval)
        still = ended - times[0]
        if still > rules.idle and (still > LONGEST_MEETING or not rules.is_meeting(title)):
            left = patient_until(times[0], ended, rules.idle)
            later = (at for at in times if at > left)
            for start, end in _unbroken([left, *later], sampling):
                since = times[0] if start == left else start
                absence.stills.append(Still(start, end, title, since))
            times = [*(at for at in times if at < left), left]
        seen = [Focus(*part, title) for part in _unbroken(times, sampling)]
        absence.lulls.extend(focus for focus in seen if focus.end - focus.start > LULL)
        yield from seen


def _unbroken(times: Sequence[float], sampling: _Sampling) -> Iterator[Interval]:
    """The stretches that samples stand for; the last time is where the last sample ends."""
    start = times[0]
    for before, after in pairwise(times):
        if after - before > sampling.longest_gap:
            yield start, before + sampling.interval
            start = after
    if start < times[-1]:
        yield start, times[-1]


def _merged(focuses: Iterable[Focus]) -> list[Focus]:
    """Focuses in order, those of one title without time between them as one."""
    merged: list[Focus] = []
    for focus in focuses:
        last = merged[-1] if merged else None
        goes_on = last and last.title == focus.title and focus.start <= last.end
        merged.append(focus._replace(start=merged.pop().start) if goes_on else focus)
    return merged


# -- Several machines --------------------------------------------------------------------------


def _across_machines(machines: Sequence[Sequence[Focus]]) -> Iterator[Focus]:
    """One window at a time: where several machines are in use, the one that changed last."""
    if len(machines) == 1:
        yield from machines[0]
        return
    focuses = sorted(chain.from_iterable(machines))
    edges = sorted({edge for focus in focuses for edge in (focus.start, focus.end)})
    yield from _merged(_latest_change(focuses, edges))


def _latest_change(focuses: Sequence[Focus], edges: Sequence[float]) -> Iterator[Focus]:
    in_front: list[Focus] = []
    following = 0
    for start, end in pairwise(edges):
        while following < len(focuses) and focuses[following].start <= start:
            in_front.append(focuses[following])
            following += 1
        in_front = [focus for focus in in_front if focus.end > start]
        if in_front:
            yield Focus(start, end, max(in_front).title)
