"""Attendance: who watches keys and mouse knows when somebody was there; others guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tracklater_bot.domain.clues import Attendance, Clue, Window
from tracklater_bot.domain.day import without
from tracklater_bot.engine.intervals import Interval, joined

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
