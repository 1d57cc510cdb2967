"""What stands in front while the day goes on, and what a recorder writes of it."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from benchmarks.hard_days import windows
from benchmarks.hard_days.customers import Customer
from benchmarks.hard_days.languages import Language
from benchmarks.hard_days.plan import MINUTE, Activity, ActivityKind, CallHint, Recipe
from benchmarks.hard_days.windows import FrontWindow, Workstation
from benchmarks.truth import fingerprint
from tracklater_bot.domain.clues import Window
from tracklater_bot.domain.day import WorkDay

MACHINES = ("", "laptop")


@dataclass(frozen=True, slots=True)
class Frame:
    """From `at` on this front is in front of one machine."""

    at: float
    front: FrontWindow
    machine: str = ""


@dataclass(frozen=True, slots=True)
class FrameMaker:
    """Turns activities into frames. `naming`: the share of windows that name the customer."""

    rng: random.Random
    recipe: Recipe
    customers: Sequence[Customer]
    workstation: Workstation
    naming: float
    language: Language | None

    def frames(self, day: Sequence[Activity]) -> list[Frame]:
        """All of a day's frames, in order."""
        found = []
        for before, activity in pairwise([None, *day]):
            assert activity is not None
            shown = self._shown(activity, before)
            found += [replace(frame, machine=activity.machine) for frame in shown]
        if self.recipe.second_machine:
            found += self._meanwhile(day)
        return sorted(found, key=lambda frame: frame.at)

    def _shown(self, activity: Activity, before: Activity | None) -> Iterator[Frame]:
        match activity.kind:
            case ActivityKind.WORK:
                yield from self._work(activity)
            case ActivityKind.STILL:
                assert activity.customer is not None
                yield Frame(activity.start, windows.remote(self.rng, activity.customer))
            case ActivityKind.CALL:
                yield from self._call(activity)
            case ActivityKind.OWN:
                yield from self._own(activity)
            case ActivityKind.PRIVATE:
                yield from self._private(activity)
            case ActivityKind.GONE:
                yield from self._gone(activity, before)

    # -- Work -------------------------------------------------------------------------------------

    def _work(self, activity: Activity) -> Iterator[Frame]:
        assert activity.customer is not None
        rng, at = self.rng, activity.start
        if activity.task and rng.random() < 0.5:
            yield Frame(at, windows.task_page(self.workstation, activity.customer, activity.task))
            at += rng.uniform(10, 90)
        while at < activity.end:
            if rng.random() < 0.015 and len(self.customers) > 1:
                others = [each for each in self.customers if each is not activity.customer]
                yield Frame(at, windows.chat(rng, rng.choice(others)))
                at += rng.uniform(10, 100)
                continue
            yield Frame(at, self._front(activity.customer, activity))
            long = rng.random() < 0.003
            at += rng.uniform(9, 22) * MINUTE if long else min(rng.lognormvariate(3.5, 1.1), 480)

    def _front(self, customer: Customer, activity: Activity) -> FrontWindow:
        if self.rng.random() >= self.naming:
            return windows.silent(self.rng, self.workstation)
        if self.language and self.rng.random() < 0.25:
            return self.language.working(self.rng, customer)
        return windows.telling(self.rng, self.workstation, customer, activity.task)

    def _call(self, activity: Activity) -> Iterator[Frame]:
        assert activity.customer is not None
        rng, at = self.rng, activity.start
        if activity.hint is CallHint.CALENDAR:
            yield Frame(at, windows.appointment(rng, self.workstation, activity.customer))
            at += rng.uniform(15, 50)
        window = windows.call(rng, activity.customer, named=activity.named)
        if self.language and not activity.named:
            window = self.language.call(rng)
        yield Frame(at, window)
        if rng.random() < 0.3:
            glance = at + rng.uniform(0.2, 0.8) * (activity.end - at)
            yield Frame(glance, windows.silent(rng, self.workstation))
            yield Frame(min(glance + rng.uniform(10, 60), activity.end - 1), window)

    # -- No work ----------------------------------------------------------------------------------

    def _own(self, activity: Activity) -> Iterator[Frame]:
        about = self.rng.choice(self.customers) if self.rng.random() < 0.3 else None
        at = activity.start
        while at < activity.end:
            front = windows.own_papers(self.rng, self.workstation, about)
            if self.language and self.rng.random() < 0.5:
                front = self.language.own_papers(self.rng)
            yield Frame(at, front)
            at += self.rng.uniform(12, 130)

    def _private(self, activity: Activity) -> Iterator[Frame]:
        at = activity.start
        while at < activity.end:
            hidden = self.language is not None
            front = (
                self.language.in_private(self.rng) if self.language else windows.leisure(self.rng)
            )
            yield Frame(at, front)
            at += self.rng.uniform(15, 200 if hidden else 120)

    def _gone(self, activity: Activity, before: Activity | None) -> Iterator[Frame]:
        """What the person saw last, a few seconds before they went."""
        left = self.rng.choice(self.recipe.left)
        customer = (before.customer if before else None) or self.rng.choice(self.customers)
        if before is not None and before.kind is ActivityKind.CALL and "call" in self.recipe.left:
            return
        front = self._last(customer)
        if left == "self-changing":
            front = windows.self_changing(self.rng, customer)
        elif left == "remote":
            front = windows.remote(self.rng, customer)
        elif left == "calendar" and self.language:
            front = self.language.left(self.rng)
        yield Frame(activity.start - self.rng.uniform(4, 40), front)
        if left == "self-changing" and self.rng.random() < 0.2:
            yield from self._notified(activity, front)

    def _last(self, customer: Customer) -> FrontWindow:
        if self.rng.random() < self.naming:
            return windows.telling(self.rng, self.workstation, customer, None)
        return windows.silent(self.rng, self.workstation)

    def _notified(self, activity: Activity, front: FrontWindow) -> Iterator[Frame]:
        """A notification that comes to the front by itself, and goes again."""
        at = activity.start + self.rng.uniform(3, 15) * MINUTE
        while at < activity.end - MINUTE:
            yield Frame(at, windows.steady("notification", "Notification"))
            yield Frame(at + 8, front)
            at += self.rng.uniform(6, 25) * MINUTE

    # -- Another machine --------------------------------------------------------------------------

    def _meanwhile(self, day: Sequence[Activity]) -> Iterator[Frame]:
        """What the other machine shows while the person is at this one."""
        for before, activity in pairwise([None, *day]):
            assert activity is not None
            if before is None or before.machine != activity.machine:
                other = next(name for name in MACHINES if name != activity.machine)
                customer = self.rng.choice(self.customers)
                alone = self.rng.random() < 0.65
                front = windows.self_changing(self.rng, customer) if alone else self._last(customer)
                yield Frame(activity.start - self.rng.uniform(2, 20), front, other)


# -- The recorder ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recorder:
    """Samples the front window of each machine, with holes and blank samples as real ones have."""

    rng: random.Random
    recipe: Recipe
    day: WorkDay

    def samples(self, activities: Sequence[Activity], frames: Sequence[Frame]) -> Iterator[Window]:
        """The samples of a day, machine by machine."""
        every = self.rng.choice((15, 30, 30, 45))
        off = [(each.start, each.end) for each in activities if each.kind is ActivityKind.OFF]
        off += self._holes(activities)
        for machine in MACHINES:
            shown = [frame for frame in frames if frame.machine == machine]
            blank = self._blanks(activities, every)
            if shown:
                yield from self._samples(shown, activities[-1].end, every, (off, blank))

    def _holes(self, activities: Sequence[Activity]) -> list[tuple[float, float]]:
        """The recorder failed for some minutes, whatever was going on."""
        starts = [self.rng.uniform(activities[0].start, activities[-1].end) for _ in range(2)]
        return [(start, start + self.rng.uniform(1, 4) * MINUTE) for start in starts]

    def _blanks(self, activities: Sequence[Activity], every: int) -> list[tuple[float, float]]:
        """Moments without an active window: now and then at work, in an absence where wanted."""
        found = []
        for activity in activities:
            gone = activity.kind is ActivityKind.GONE
            for _ in range(self.rng.randint(1, 3) if gone and self.recipe.blanks else 0):
                at = self.rng.uniform(activity.start + 60, activity.end)
                found.append((at, at + self.rng.choice((1, 1, 2)) * every))
            if activity.kind is ActivityKind.WORK and self.rng.random() < 0.15:
                at = self.rng.uniform(activity.start, activity.end)
                found.append((at, at + every))
        return found

    def _samples(
        self,
        shown: Sequence[Frame],
        until: float,
        every: int,
        gaps: tuple[list[tuple[float, float]], list[tuple[float, float]]],
    ) -> Iterator[Window]:
        off, blank = gaps
        number, at = 0, shown[0].at + self.rng.uniform(0, every)
        while at < until:
            moment = at + abs(self.rng.gauss(0.5, 0.4))
            while number + 1 < len(shown) and shown[number + 1].at <= moment:
                number += 1
            if not _within(at, off):
                yield self._sample(shown[number], moment, blank=_within(at, blank))
            at += every

    def _sample(self, frame: Frame, at: float, *, blank: bool) -> Window:
        title = "" if blank else frame.front.title(at - frame.at)
        window = 0 if blank else 1 + zlib.crc32(frame.front.window.encode()) % 90_000
        moment = self.day.span.start + timedelta(seconds=round(at, 6))
        return Window(moment, title, fingerprint(window, title), frame.machine, window)


def _within(at: float, parts: Sequence[tuple[float, float]]) -> bool:
    return any(start <= at < end for start, end in parts)
