"""A made-up day and what it really was; whoever makes such days, they are measured by this."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from benchmarks.cast import Client
from benchmarks.plot import Scene
from benchmarks.screen import Sample
from tracklater_bot.domain.clues import Window
from tracklater_bot.domain.day import Span, WorkDay, subtract
from tracklater_bot.engine.inputs import Inputs


@dataclass(frozen=True, slots=True)
class TrueSpan:
    """Work as it was: for whom, and on which issue if on one."""

    span: Span
    group: str
    issue: str | None
    call: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """A made-up day: what the engine is given, what was true, and what files would hold.

    `truth` leaves out nothing, not even what is tracked already. `samples` are thyme's snapshots
    with their seconds since the day began. Only `benchmarks.worlds` gives `clients`, `samples` and
    `scenes`.
    """

    seed: int
    kind: str
    inputs: Inputs
    truth: tuple[TrueSpan, ...]
    clients: tuple[Client, ...] = ()
    samples: tuple[Sample, ...] = ()
    scenes: tuple[Scene, ...] = ()

    @property
    def day(self) -> WorkDay:
        """The working day it is about."""
        return self.inputs.day

    @property
    def has_screen(self) -> bool:
        """Whether a recorder of windows ran."""
        return any(isinstance(clue, Window) for clue in self.inputs.clues)


def fingerprint(active: int, title: str) -> int:
    """A number that stays the same as long as nothing in front changes."""
    return zlib.crc32(repr((active, title)).encode())


def due(world: World) -> list[TrueSpan]:
    """The true work that is not tracked yet; neighbouring work on the same thing is one span."""
    tracked = [
        span for entry in world.inputs.tracked if (span := entry.span(world.inputs.now)) is not None
    ]
    left = [
        TrueSpan(part, true.group, true.issue, true.call)
        for true in world.truth
        for part in subtract([true.span], tracked)
    ]
    joined: list[TrueSpan] = []
    for true in left:
        if joined and _continues(joined[-1], true):
            joined[-1] = TrueSpan(
                Span(joined[-1].span.start, true.span.end), true.group, true.issue, true.call
            )
        else:
            joined.append(true)
    return joined


def _continues(first: TrueSpan, second: TrueSpan) -> bool:
    same = (first.group, first.issue, first.call) == (second.group, second.issue, second.call)
    return same and first.span.end == second.span.start
