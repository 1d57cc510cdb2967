"""Changes: which of them on a screen somebody made, and which came about by themselves.

A program changes the title of one window: only in what counts or turns, in nearly every sample,
back and forth, by the clock, or as a board in rotation. People do none of this for long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from typing import NamedTuple

from tracklater_bot.domain.text import folded
from tracklater_bot.engine.title_normalization import TitleNormalizer, is_unsaved, named_things

# Who samples at least so often (seconds) sees a person's window stand still now and then.
OFTEN, SELDOM = 30.0, 90.0
# A machine's changes go on for at least so long, and pause for less.
LONG, PAUSE = 300.0, 420.0
# How many changes, and in which share of the samples: where samples come often, and seldom.
MANY, NEARLY_ALL = 15, 0.85
VERY_MANY, ALL = 30, 0.95
OFTEN_SEEN, MOST, QUICK = 10.0, 0.75, 15.0
# Nobody goes on for longer in one window without a pause, nor does nothing but chat there.
ENDLESS, ENDLESS_TALK = 11 * 3600.0, 2 * 3600.0
# A title that flashes: so few in turn, none for longer, and the share of samples with a change.
FEW_TITLES, FLASH, FLASHING = 3, 300.0, 0.4
# Numbers that run by the clock: at least so many changes, all equally far apart; or in leaps.
TICKS, QUICK_TICKS, LEAPS = 5, 10, 8

# Titles in rotation: at most so many, so many in a row and three times round, each for its own time
# but for so many seconds; where that is hardly longer than samples lie apart, for a while.
MOST_TITLES, IN_A_ROW, JITTER, A_WHILE = 16, 10, 3.0, 900.0

# What comes to the front by itself, whoever is there.
_NOTICES = re.compile(
    r"""
    (?:\d+\ )?(?:new\ )?(?:notifications?|reminders?(?:\(s\))?|toasts?)
    | (?:\d+\ )?(?:neue\ )?(?:benachrichtigung(?:en)?|erinnerung(?:en)?)
    | (?:nouvelles?\ )?notifications? | (?:\d+\ )?rappels? | (?:nueva\ )?notificaci(?:ón|ones)
    | (?:\d+\ )?recordatorios? | (?:nuova\ )?notific(?:a|he) | (?:\d+\ )?promemoria
    | notificaç(?:ão|ões) | lembretes? | powiadomieni[ea] | przypomnieni[ea] | melding(?:en|er)?
    | herinneringen | ilmoitus | ilmoitukset | muistutu(?:s|kset) | (?:ny\ )?avisering(?:ar)?
    | påminnelser? | meddelelser? | oznámení | upozornění | értesítés | уведомлени[ея]
    | напоминани[ея] | 通知 | 新しい通知 | リマインダー | 新通知 | 알림 | (?:xfce4-)?notifyd
    | notify-osd | dunst | mako
    | software\ updater? | windows\ update | java\ update\ available
""",
    re.VERBOSE,
)
LONGEST_NOTICE = 40


class Sample(NamedTuple):
    """What was in front at a moment. `window` tells which window, 0 where that is unknown."""

    at: float
    title: str
    screen: int
    window: int = 0


@dataclass(slots=True)
class _Run:
    """So many samples in a row between which nothing changed: the first, and how it looks last."""

    sample: Sample
    count: int
    last: Sample

    def extend(self, runs: Iterable[_Run]) -> None:
        """What follows changed nothing, either."""
        for run in runs:
            self.count += run.count
            self.last = run.last if run.last.title else self.last


def is_notice(title: str) -> bool:
    """Whether a window is a notification that came to the front by itself."""
    return len(title) <= LONGEST_NOTICE and _NOTICES.fullmatch(folded(title).strip()) is not None


def run_numbers(
    samples: Sequence[Sample], interval: float, longest_gap: float, titles: TitleNormalizer
) -> Iterator[int]:
    """For each sample, in order of time, the number of its run: within one nobody did anything."""
    alike = (list(same) for _, same in groupby(samples, key=_shown))
    unchanged = (_Run(same[0], len(same), same[0]) for same in alike)
    runs = _joined_alike(unchanged, interval, longest_gap, titles)
    number = 0
    for window, grouped in groupby(runs, key=lambda run: run.sample.window):
        in_window = list(grouped)
        for run in _by_people(in_window, interval, titles) if window else in_window:
            yield from [number] * run.count
            number += 1


def _shown(sample: Sample) -> int | None:
    """What a sample shows; all without an active window show the same."""
    return sample.screen if sample.title or sample.window else None


def _joined_alike(
    runs: Iterable[_Run], interval: float, longest_gap: float, titles: TitleNormalizer
) -> list[_Run]:
    """Joined where only what counts or turns is another, or where for a while nothing was seen."""
    joined: list[_Run] = []
    blanks: list[_Run] = []
    for run in runs:
        if not run.sample.title:
            blanks.append(run)
            continue
        last = joined[-1] if joined else None
        if last and _is_same(last.last, run.sample, titles):
            last.extend([*blanks, run])
        else:
            blank_seconds = sum(blank.count for blank in blanks) * interval
            window = last and last.sample.window
            if last and window == run.sample.window != 0 and blank_seconds <= longest_gap:
                last.extend(blanks)
            else:
                joined += blanks
            joined.append(run)
        blanks = []
    return joined + blanks


def _is_same(one: Sample, other: Sample, titles: TitleNormalizer) -> bool:
    if one.window != other.window or one.title == other.title:
        return one.screen == other.screen
    return one.screen == other.screen or titles.is_same(one.title, other.title)


# -- One window --------------------------------------------------------------------------------


def _by_people(runs: list[_Run], interval: float, titles: TitleNormalizer) -> list[_Run]:
    """The runs in one window without the changes that a program made."""
    if len(runs) < TICKS:
        return runs
    kept: list[_Run] = []
    done = 0
    for first, end in _ProgramParts(runs, interval, titles).joined():
        kept += runs[done:first]
        runs[first].extend(runs[first + 1 : end])
        kept.append(runs[first])
        done = end
    return kept + runs[done:]


_Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _ProgramParts:
    """The runs in one window, and which parts of them a program made."""

    runs: Sequence[_Run]
    interval: float
    titles: TitleNormalizer

    def joined(self) -> list[_Range]:
        """In order; those that overlap, or with a short pause between them, as one."""
        joined: list[_Range] = []
        kinds = (
            self._restless(), self._flashing(), self._ticking(), self._endless(), self._rotating()
        )  # fmt: skip
        for first, end in sorted(set(chain(*kinds))):
            last = joined[-1][1] if joined else first
            if joined and (first <= last or self._seconds((last, first)) <= PAUSE):
                joined[-1] = (joined[-1][0], max(last, end))
            else:
                joined.append((first, end))
        return joined

    def _seconds(self, part: _Range) -> float:
        return sum(self._counts(part)) * self.interval

    def _restless(self) -> Iterator[_Range]:
        """Where nearly every sample shows something else."""
        for part in self._parts(lambda run: run.count <= max(2, QUICK // self.interval)):
            if self._seconds(part) >= LONG and self._is_restless(part):
                yield part

    def _is_restless(self, part: _Range) -> bool:
        changes, share = part[1] - part[0], self._share(part)
        if self.interval <= OFTEN:
            enough = MOST if self.interval <= OFTEN_SEEN else NEARLY_ALL
            return changes >= MANY and share >= enough
        rarely = self.interval > SELDOM or self._is_named(part)
        return changes >= VERY_MANY and share >= ALL and not rarely

    def _flashing(self) -> Iterator[_Range]:
        """Where a few titles take turns quickly."""
        seen: set[str] = set()

        def goes_on(run: _Run) -> bool:
            seen.add(self.titles.normalized(run.sample.title))
            if len(seen) <= FEW_TITLES and run.count * self.interval <= FLASH:
                return True
            seen.clear()
            return False

        for part in self._parts(goes_on):
            flashes = self._seconds(part) >= LONG and self._share(part) >= FLASHING
            if flashes and self.interval <= OFTEN and not self._is_named(part):
                yield part

    def _ticking(self) -> Iterator[_Range]:
        """Where nothing but numbers changes, by the clock."""
        skeletons = (self.titles.without_numbers(run.sample.title) for run in self.runs)
        for _, grouped in groupby(enumerate(skeletons), key=lambda numbered: numbered[1]):
            places = [place for place, _ in grouped]
            part = places[0], places[-1] + 1
            if len(places) >= TICKS and not self._is_named(part) and self._is_ticking(part):
                yield part

    def _is_ticking(self, part: _Range) -> bool:
        changes = part[1] - part[0]
        if self.interval > SELDOM:
            return changes >= LEAPS and self._share(part) >= NEARLY_ALL and self._leaps(part)
        inner = self._counts((part[0] + 1, part[1] - 1))
        return max(inner) - min(inner) <= 1 and (changes >= QUICK_TICKS or min(inner) > 2)

    def _rotating(self) -> Iterator[_Range]:
        """Where titles come round in one order, or any follow each other, each for its time."""
        if len(self.runs) <= IN_A_ROW:
            return
        names = [self.titles.normalized(run.sample.title) for run in self.runs]
        stays = [after.sample.at - run.sample.at for run, after in pairwise(self.runs)]
        slack = self.interval + JITTER
        for period in range(1, MOST_TITLES + 1):
            again = [
                abs(stays[place] - stays[place - period]) <= slack
                and (period == 1 or names[place] == names[place - period])
                for place in range(period, len(stays))
            ]
            done = 0
            for is_same, group in groupby(again):
                first, done = done, done + len(list(group))
                part = first, done + period
                enough = done - first >= max(2 * period, IN_A_ROW - period)
                shown = len(set(names[slice(*part)])) if period > 1 else 1
                if is_same and enough and self._is_rotating(part, stays, shown):
                    yield part

    def _is_rotating(self, part: _Range, stays: Sequence[float], shown: int) -> bool:
        """Whether titles that follow each other, or so many in turn, do so by the clock."""
        lasts = stays[slice(*part)]
        if min(lasts) >= 3 * self.interval:  # that all are alike is no chance
            return shown > 1 or max(lasts) - min(lasts) <= 2 * (self.interval + JITTER)
        seldom = self.interval > (SELDOM if shown > 2 else OFTEN)
        return shown > 1 and sum(lasts) >= A_WHILE and not (seldom or self._is_named(part))

    def _endless(self) -> Iterator[_Range]:
        """What goes on in one window for longer than anybody does."""
        for goes_on, most in (
            (lambda run: self.titles.is_talk(run.sample.title), ENDLESS_TALK),
            (lambda run: run.count * self.interval <= PAUSE, ENDLESS),
        ):
            yield from (part for part in self._parts(goes_on) if self._seconds(part) >= most)

    def _leaps(self, part: _Range) -> bool:
        """Whether numbers run by more than one, and one way only: people go one by one."""
        numbers = [self.titles.numbers(run.sample.title) for run in self.runs[slice(*part)]]
        steps = [
            later - earlier
            for before, after in pairwise(numbers)
            for earlier, later in zip(before, after, strict=True)
            if later != earlier
        ]
        return min(steps, default=0) > 1 or max(steps, default=0) < -1

    def _parts(self, goes_on: Callable[[_Run], bool]) -> Iterator[_Range]:
        """The longest parts in which each run goes on with the one before."""
        first = 0
        for place, run in enumerate(self.runs):
            if not goes_on(run):
                if first < place:
                    yield first, place
                first = place if goes_on(run) else place + 1
        if first < len(self.runs):
            yield first, len(self.runs)

    def _counts(self, part: _Range) -> list[int]:
        return [run.count for run in self.runs[slice(*part)]]

    def _share(self, part: _Range) -> float:
        return (part[1] - part[0]) / sum(self._counts(part))

    def _is_named(self, part: _Range) -> bool:
        """Whether the titles name one thing after another, as somebody goes through them."""
        titles = [run.sample.title for run in self.runs[slice(*part)]]
        named = {named_things(title) for title in titles}
        return () not in named and (len(named) > 1 or any(map(is_unsaved, titles)))
