"""Whole days with ground truth to the second, made up from a seed.

A world is what the sources would say of a day, and what the day really was. It knows nothing of
how the engine works: programs write titles, people switch windows, leave for lunch and forget
timers, and the truth is written down before any of it shows.

What is true work: the time from the second a group's task begins to the second the person turns to
something else. A short look into another group's chat or mail (up to three minutes) belongs to the
task around it. A call with its way in and what is written down right after it is work for the
call's group, without an issue. Private time and absence, however short, are no work.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from benchmarks.cast import Client, cast
from benchmarks.plot import MINUTE, Act, Hours, Part, Scene, Shape, plot
from benchmarks.screen import (
    LAPTOP,
    Director,
    Event,
    Sample,
    background,
    furnished,
    leave_shortly_after_a_change,
    sampled,
)
from benchmarks.titles import IGNORE
from benchmarks.traces import Traces
from benchmarks.truth import TrueSpan, World, fingerprint
from tracklater_bot.domain.clues import Checkout, Clue, Commit, Window
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.engine.inputs import Inputs, Options

HELSINKI = ZoneInfo("Europe/Helsinki")
FAR_AWAY = (
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Europe/London",
    "Pacific/Auckland",
)
DST_DAYS = (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25))

KINDS: dict[str, Shape] = {
    "ordinary": Shape(),
    "few_cues": Shape(cues=(0.05, 0.18)),
    "calls": Shape(calls=(3, 4), call_minutes=(30, 60), coffees=(0, 1), privates=(0, 1)),
    "no_thyme": Shape(thyme=False, calls=(0, 1), coffees=(0, 1), switching=0.75),
    "git_only": Shape(thyme=False, slack=False, calls=(0, 0), coffees=(0, 1)),
    "busy": Shape(clients=(4, 4), cues=(0.65, 0.9), windows=18, odd=True, switching=0.7),
    "evening": Shape(evening=True, privates=(0, 1)),
    "dst": Shape(),
    "tracked": Shape(tracked=0.4),
}


def make(seed: int, kind: str, clients: tuple[Client, ...] = ()) -> World:
    """The world of a seed; always the same one. With `clients`, of these instead of its own."""
    rng = random.Random(f"{kind}/{seed}")
    shape = KINDS[kind]
    day = _day(rng, kind)
    clients = clients or cast(rng, rng.randint(*shape.clients), day)
    hours = Hours(_sessions(rng, kind, day), _clock(day, 12))
    scenes = plot(rng, shape, clients, hours)
    samples = tuple(_samples(rng, shape, clients, scenes)) if shape.thyme else ()
    traces = Traces(rng, day, clients)
    entries = tuple(traces.tracked(scenes, shape.tracked))
    clues: list[Clue] = [*_windows(day, samples), *traces.git(scenes)]
    if shape.slack:
        clues.extend(traces.messages(scenes))
    inputs = Inputs(
        day=day,
        now=_now(day, scenes, entries),
        clues=tuple(clues),
        groups=tuple(client.group() for client in clients),
        issues=tuple(issue for client in clients for issue in client.issues),
        tracked=entries,
        options=Options(round_minutes=0, ignore=IGNORE),
    )
    return World(seed, kind, inputs, _truth(day, scenes), clients, samples, scenes)


# -- The day ------------------------------------------------------------------------------------


def _day(rng: random.Random, kind: str) -> WorkDay:
    if kind == "dst":
        return WorkDay(rng.choice(DST_DAYS), HELSINKI)
    zone = HELSINKI if rng.random() < 0.6 else ZoneInfo(rng.choice(FAR_AWAY))
    return WorkDay(date(2026, 1, 5) + timedelta(days=rng.randrange(330)), zone)


def _sessions(rng: random.Random, kind: str, day: WorkDay) -> list[Part]:
    """When somebody sits at the machine, in seconds since the day began."""
    into_night = kind == "evening" or (kind == "dst" and day.date in (DST_DAYS[0], DST_DAYS[2]))
    if not into_night:
        start = _clock(day, rng.uniform(7.5, 10))
        return [(start, start + int(rng.uniform(6.5, 9) * 3600))]
    evening = (_clock(day, rng.uniform(18.5, 21)), _clock(day, rng.uniform(24.5, 26.7)))
    if rng.random() < 0.4:
        return [evening]
    start = _clock(day, rng.uniform(9, 12))
    return [(start, start + int(rng.uniform(2.5, 5) * 3600)), evening]


def _clock(day: WorkDay, hours: float) -> int:
    """Seconds from the day's beginning to a time on the wall clock; hours past 24 are the night's.

    The hour that comes twice is taken as its second time.
    """
    midnight = datetime.combine(day.date + timedelta(days=int(hours // 24)), time(), day.zone)
    local = (midnight + timedelta(hours=hours % 24)).replace(fold=1)
    return int((local.astimezone(day.span.start.tzinfo) - day.span.start).total_seconds())


def _now(day: WorkDay, scenes: Sequence[Scene], entries: Sequence[TimeEntry]) -> datetime:
    """The day is over; where a timer still runs, it is the moment the last work ends."""
    if all(entry.end is not None for entry in entries):
        return day.span.end
    return day.span.start + timedelta(seconds=max(scene.end for scene in scenes if scene.works))


def _truth(day: WorkDay, scenes: Sequence[Scene]) -> tuple[TrueSpan, ...]:
    return tuple(
        TrueSpan(
            span=Span(_at(day, scene.start), _at(day, scene.end)),
            group=scene.client.name,
            issue=scene.issue.key if scene.issue else None,
            call=scene.act is Act.CALL,
        )
        for scene in scenes
        if scene.works and scene.client is not None
    )


def _at(day: WorkDay, seconds: float) -> datetime:
    return day.span.start + timedelta(seconds=seconds)


# -- The screen ---------------------------------------------------------------------------------


def _windows(day: WorkDay, samples: Sequence[Sample]) -> Iterator[Window]:
    known: dict[tuple[int, int], tuple[str, int]] = {}
    for sample in samples:
        key = (id(sample.windows), sample.active)
        if key not in known:
            title = "" if sample.title == "N/A" else sample.title
            known[key] = (title, fingerprint(sample.active, title))
        title, screen = known[key]
        yield Window(_at(day, sample.at), title, screen, sample.machine, sample.active)


def _samples(
    rng: random.Random, shape: Shape, clients: Sequence[Client], scenes: Sequence[Scene]
) -> Iterator[Sample]:
    events = Director(rng, shape, clients).events(scenes)
    events = leave_shortly_after_a_change(rng, events, scenes)
    interval = rng.choice((10, 20, 20, 20, 60))
    on = _switched_on(rng, scenes)
    odd = Oddities(rng, scenes, interval)
    moved = odd.moved() if shape.odd else None
    for machine, part in _by_machine(events, moved):
        hours = on if not machine or moved is None else [_around(rng, moved)]
        start = furnished(rng, clients, shape.windows if not machine else 2)
        songs = background(rng, (on[0][0], on[-1][1]))
        everything = sorted(
            (replace(event, machine=machine) for event in [*start, *songs, *part]),
            key=lambda event: event.at,
        )
        yield from odd.spoiled(sampled(rng, everything, hours, interval), everywhere=shape.odd)


def _by_machine(events: list[Event], moved: Scene | None) -> Iterator[tuple[str, list[Event]]]:
    """All on one machine; or one scene on the laptop, while the other screen stands still."""
    if moved is None:
        yield "", events
        return
    there = [event for event in events if moved.start <= event.at < moved.end]
    yield "", [event for event in events if not moved.start <= event.at < moved.end]
    yield LAPTOP, there


def _around(rng: random.Random, scene: Scene) -> Part:
    """The laptop was opened a little before, and is left open for a while."""
    return scene.start - rng.randint(0, 20) * MINUTE, scene.end + rng.randint(5, 90) * MINUTE


def _switched_on(rng: random.Random, scenes: Sequence[Scene]) -> list[Part]:
    """From the first to the last scene but for suspends; now and then the screen stays on after."""
    on = [(scenes[0].start, scenes[0].start)]
    for scene in scenes:
        if scene.act is Act.OFF:
            on.append((scene.end, scene.end))
        else:
            on[-1] = (on[-1][0], scene.end)
    if rng.random() < 0.3:
        on[-1] = (on[-1][0], on[-1][1] + rng.randint(20, 80) * MINUTE)
    return on


@dataclass(frozen=True, slots=True)
class Oddities:
    """What goes wrong in recordings: holes, names missing, samples twice, a clock set back."""

    rng: random.Random
    scenes: Sequence[Scene]
    interval: int

    def moved(self) -> Scene | None:
        """A piece of work that is done on another machine; None on most days."""
        if self.rng.random() > 0.35:
            return None
        works = [scene for scene in self.scenes if scene.act is Act.WORK]
        return self.rng.choice(works)

    def spoiled(self, samples: Iterator[Sample], *, everywhere: bool) -> Iterator[Sample]:
        """The samples as a real file has them. Nobody loses a name while nobody is there."""
        fast = self._fast_clock() if everywhere and self.rng.random() < 0.5 else (0, 0, 0)
        skip = 0
        for sample in samples:
            if not skip and self.rng.random() < 0.004:
                skip = self.rng.randint(1, 3)
            if skip:
                skip -= 1
                continue
            written = self._written(sample, fast)
            yield written
            if everywhere and self.rng.random() < 0.004:
                yield written

    def _written(self, sample: Sample, fast: tuple[int, int, int]) -> Sample:
        start, end, ahead = fast
        if start <= sample.at < end:
            sample = replace(sample, at=sample.at + ahead)
        if self.rng.random() < 0.005 and self._somebody(sample.at):
            return self._nameless(sample)
        return sample

    def _fast_clock(self) -> tuple[int, int, int]:
        """For a while the clock is a few minutes fast, until it is set back."""
        scene = self.rng.choice([scene for scene in self.scenes if scene.works])
        end = (scene.start + scene.end) // 2
        return end - self.rng.randint(5, 30) * MINUTE, end, self.rng.randint(20, 180)

    def _somebody(self, at: float) -> bool:
        return any(scene.works and scene.start <= at < scene.end for scene in self.scenes)

    def _nameless(self, sample: Sample) -> Sample:
        """thyme could not tell the active window: it is N/A, or not among the windows."""
        others = tuple(window for window in sample.windows if window[0] != sample.active)
        if self.rng.random() < 0.5:
            return replace(sample, windows=others)
        return replace(sample, windows=(*others, (sample.active, "N/A")))


def commits_of(world: World) -> list[Commit | Checkout]:
    """What happened in its repositories, in order."""
    found = [clue for clue in world.inputs.clues if isinstance(clue, Commit | Checkout)]
    return sorted(found, key=lambda clue: clue.at)
