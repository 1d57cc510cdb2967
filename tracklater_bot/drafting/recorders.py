"""Sources are read here, and recorders told apart: a machine may have several, or each its own."""

from __future__ import annotations

import logging
import os
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tracklater_bot.domain.clues import Attendance, Clue, Reading, Window
from tracklater_bot.domain.day import Span, merge
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.programs import program
from tracklater_bot.domain.side_by_side import SECONDS, TOO_LONG, side_by_side
from tracklater_bot.domain.text import folded
from tracklater_bot.sources.base import ClueSource, SourceError

SIDE_BY_SIDE = 16
# Two recorders of one screen agree in so many samples, and in so large a part of all in common.
ENOUGH, ALIKE = 5, 0.6
SILENT = timedelta(days=1)  # a recorder that wrote nothing for so long has stopped
_log = logging.getLogger(__name__)


def read_all(
    sources: Sequence[ClueSource], span: Span, seconds: float = SECONDS, what: str = "drafts"
) -> tuple[Reading, ...]:
    """What each source says of the span, in their order; a failing or slow one its trouble.

    One that hangs is not asked again for the same, such as drafts, until it ends.
    """
    readings = side_by_side(
        lambda source: _read(source, span),
        sources,
        lambda source: Reading(source.name, source.group, trouble=TOO_LONG),
        key=lambda source: (what, id(source)),
        at_once=SIDE_BY_SIDE,
        seconds=seconds,
    )
    return tuple(readings)


def _read(source: ClueSource, span: Span) -> Reading:
    try:
        return source.read(span)
    except SourceError as error:
        trouble = str(error)
    except Exception as error:  # noqa: BLE001 - a mistake of ours in one source must not stop the day
        log_failure(_log, source.name, error)
        trouble = (
            f"failed unexpectedly ({type(error).__name__}): please report it with what the log says"
        )
    return Reading(source.name, source.group, trouble=trouble)


def told_apart(readings: Sequence[Reading]) -> list[Reading]:
    """Readings in which a machine has one name, and one recorder at a time.

    Recorders know machines by names of their own, so that those of two are never taken for one
    machine's; but where both show the same windows at the same times they watch one screen. Then
    the one that tells lengths is believed, and the other only where that one saw nothing.
    """
    if sum(any(isinstance(c, Window) for c in reading.clues) for reading in readings) < 2:
        return list(readings)
    named = [_named(reading) for reading in readings]
    machines: defaultdict[str, list[Window]] = defaultdict(list)
    for clue in (clue for reading in named for clue in reading.clues):
        if isinstance(clue, Window):
            machines[clue.machine].append(clue)
    timed = {name: own for name, own in machines.items() if any(w.until for w in own)}
    covered = {name: _covered(name, named) for name in timed}
    same = {
        name: twin
        for name in machines.keys() - timed.keys()
        for twin in sorted(timed)
        if _same_screen(machines[name], timed[twin])
    }

    def is_told_twice(clue: Clue) -> bool:
        twin = same.get(clue.machine) if isinstance(clue, Window) else None
        return twin is not None and _within(clue, covered[twin])

    return [
        replace(reading, clues=tuple(clue for clue in reading.clues if not is_told_twice(clue)))
        for reading in named
    ]


def _named(reading: Reading) -> Reading:
    clues = (
        replace(c, machine=f"{reading.name} {c.machine}")
        if isinstance(c, Window | Attendance)
        else c
        for c in reading.clues
    )
    return replace(reading, clues=tuple(clues))


def _covered(machine: str, readings: Iterable[Reading]) -> list[Span]:
    """When a machine's own recorder was there."""
    return merge(
        Span(clue.at, clue.until)
        for reading in readings
        for clue in reading.clues
        if isinstance(clue, Window | Attendance) and clue.machine == machine
        if clue.until is not None and clue.at < clue.until
    )


def _same_screen(samples: Iterable[Window], timed: Sequence[Window]) -> bool:
    """Whether what two recorders had in front at the same times is mostly called the same."""
    both = alike = 0
    for sample in samples:
        place = bisect_right(timed, sample.at, key=lambda window: window.at) - 1
        window = timed[max(place, 0)]
        if window.until and window.at <= sample.at < window.until and sample.title and window.title:
            both += 1
            alike += _alike(sample, window)
    return alike >= max(ENOUGH, ALIKE * both)


def _alike(sample: Window, window: Window) -> bool:
    """Whether the titles are the same, but for the program's name at the end of one."""
    one, other = folded(sample.title), folded(window.title)
    return one.startswith(other) or f"{other} - {program(window.app)}" in one


def _within(clue: Clue, spans: Sequence[Span]) -> bool:
    place = bisect_right(spans, clue.at, key=lambda span: span.start) - 1
    return place >= 0 and clue.at < spans[place].end


# -- For the check -------------------------------------------------------------------------------


def checked(source: ClueSource, now: datetime) -> str:
    """What a source's check found, and whether a recorder has written nothing for a day.

    That is no failure: after a holiday it is as it should be.
    """
    found = source.check()
    if source.watches_screen:
        reading = source.read(Span(now - SILENT, now))
        if not any(isinstance(clue, Window) for clue in reading.clues):
            better = f", or {instead}" if (instead := instead_of_thyme()) else ""
            return f"{found}; nothing was recorded in the last day: let it record{better}"
    return found


def instead_of_thyme(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """What to set up where thyme sees nothing, or is not to be had; "" where it works."""
    wayland = environ.get("WAYLAND_DISPLAY") or environ.get("XDG_SESSION_TYPE") == "wayland"
    system = {"darwin": "a Mac", "win32": "Windows"}.get(platform, "Wayland" if wayland else "")
    if not system:
        return ""
    return f"run ActivityWatch, which records on {system}, and add an [activitywatch] section"
