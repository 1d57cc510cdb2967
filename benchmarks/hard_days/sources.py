"""What recorders of keys and mouse, coding agents and a calendar tell of these days.

Written from what the services are known to do, by somebody who had not seen the code that reads
them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.hard_days import windows
from benchmarks.hard_days.customers import Customer
from benchmarks.hard_days.plan import MINUTE, Activity, ActivityKind, Recipe
from tracklater_bot.domain.clues import AgentRun, Attendance, Meeting, Prompt
from tracklater_bot.domain.day import WorkDay

AWAY = (ActivityKind.GONE, ActivityKind.OFF, ActivityKind.MEETING)
TIMEOUT = 180.0  # seconds without a key or the mouse, after which somebody counts as away
TITLES = ("Weekly", "Planning", "Review", "Workshop", "Status", "Demo")


@dataclass(frozen=True, slots=True)
class SourceWriter:
    """Writes down what these sources tell of a day."""

    rng: random.Random
    recipe: Recipe
    day: WorkDay
    customers: Sequence[Customer]

    def at(self, seconds: float) -> datetime:
        """A moment of the day, to the second."""
        return self.day.span.start + timedelta(seconds=int(seconds))

    # -- Keys and mouse ---------------------------------------------------------------------------

    def attendance(self, activities: Sequence[Activity]) -> Iterator[Attendance]:
        """Here and away, one after the other; nothing where the machine was off."""
        runs: list[tuple[float, float, bool]] = []
        for activity in activities:
            if activity.kind is ActivityKind.OFF:
                continue
            for start, end, here in self._seen(activity):
                if runs and runs[-1][2] is here and start - runs[-1][1] < 1:
                    runs[-1] = (runs[-1][0], end, here)
                else:
                    runs.append((start, end, here))
        for start, end, here in runs:
            yield Attendance(self.at(start), self.at(end), here)

    def _seen(self, activity: Activity) -> Iterator[tuple[float, float, bool]]:
        if activity.kind in AWAY:
            yield activity.start, activity.end, False
            return
        share = 0.5 if activity.kind is ActivityKind.CALL else 0.04
        at = activity.start
        while at < activity.end:
            here = min(self.rng.expovariate(share / (8 * MINUTE)) + MINUTE, activity.end - at)
            yield at, at + here, True
            at += here
            # Somebody listens or reads, with the hands in the lap; a longer one is really away.
            longest = 25 * MINUTE if activity.kind is ActivityKind.CALL else 6 * MINUTE
            quiet = self.rng.uniform(TIMEOUT, longest)
            if at + quiet + MINUTE < activity.end:
                yield at, at + quiet, False
                at += quiet

    # -- Coding agents ----------------------------------------------------------------------------

    def agents(self, activities: Sequence[Activity]) -> Iterator[Prompt | AgentRun]:
        """Prompts while somebody works, and what agents do then and by themselves."""
        for activity in activities:
            customer = activity.customer
            if activity.kind is ActivityKind.WORK and customer is not None:
                yield from self._prompted(activity, customer)
                if len(self.customers) > 1 and self.rng.random() < 0.3:
                    others = [other for other in self.customers if other is not customer]
                    start = self.rng.uniform(activity.start, activity.end)
                    yield self._run(self.rng.choice(others), "main", start, 40 * MINUTE)
            elif activity.kind is ActivityKind.GONE and self.rng.random() < 0.5:
                start = activity.start - self.rng.uniform(10, 60)
                yield self._run(self.rng.choice(self.customers), "main", start, 90 * MINUTE)

    def _prompted(self, activity: Activity, customer: Customer) -> Iterator[Prompt | AgentRun]:
        branch = windows.branch(customer, activity.task) if activity.task else "main"
        folder = f"/home/jo/src/{customer.repo}"
        session = f"{self.rng.getrandbits(64):016x}"
        at = activity.start + self.rng.uniform(5, 120)
        while at < activity.end:
            yield Prompt(self.at(at), customer.group, folder, branch, session)
            yield self._run(customer, branch, at, 9 * MINUTE)
            at += self.rng.expovariate(1 / 6) * MINUTE + 20

    def _run(self, customer: Customer, branch: str, start: float, most: float) -> AgentRun:
        end = start + min(self.rng.lognormvariate(5, 0.9), most)
        folder = f"/home/jo/src/{customer.repo}"
        return AgentRun(self.at(start), self.at(end), customer.group, folder, branch)

    # -- The calendar -----------------------------------------------------------------------------

    def meetings(self, activities: Sequence[Activity]) -> Iterator[Meeting]:
        """Those that were kept, as they were planned; and others that were not."""
        for activity in activities:
            if activity.kind is ActivityKind.MEETING and activity.customer is not None:
                planned = activity.start + self.rng.uniform(-3, 2) * MINUTE
                yield self._meeting(activity.customer, planned, activity.length, sure=True)
            elif activity.kind is ActivityKind.CALL and activity.customer is not None:
                planned = activity.start + self.rng.uniform(-4, 1) * MINUTE
                yield self._meeting(activity.customer, planned, 30 * MINUTE, sure=True)
        work = [one for one in activities if one.kind is ActivityKind.WORK and one.length > 1800]
        for _ in range(self.rng.randint(*self.recipe.skipped) if work else 0):
            during = self.rng.choice(work)
            others = [one for one in self.customers if one is not during.customer]
            start = self.rng.uniform(during.start, during.end - 25 * MINUTE)
            sure = self.rng.random() < 0.6
            yield self._meeting(self.rng.choice(others), start, 25 * MINUTE, sure=sure)

    def _meeting(self, customer: Customer, start: float, length: float, *, sure: bool) -> Meeting:
        title = self.rng.choice(TITLES)
        named = self.rng.random() < 0.7
        return Meeting(
            at=self.at(start // 300 * 300),
            until=self.at((start + length) // 300 * 300 + 300),
            title=f"{customer.called} {title}" if named else title,
            domains=() if named else (f"{customer.group}.example",),
            sure=sure,
        )
