"""A day as its person would tell it: what was done from when to when, for whom.

Times are seconds since the working day began.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from benchmarks.hard_days.customers import Customer
from tracklater_bot.domain.issues import Issue

MINUTE = 60
HOUR = 60 * MINUTE


class ActivityKind(StrEnum):
    """What somebody did. STILL is work in one unchanged window; OWN is one's own administration.

    GONE leaves the screen on; OFF records nothing. MEETING is work away from the machine.
    """

    WORK = "work"
    STILL = "still"
    CALL = "call"
    MEETING = "meeting"
    OWN = "own"
    PRIVATE = "private"
    GONE = "gone"
    OFF = "off"


class CallHint(StrEnum):
    """What tells near a call's beginning whose it is."""

    CALENDAR = "calendar"
    MESSAGE = "message"
    DIRECT = "direct message"
    COMMIT = "commit"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing done. `named` and `hint` are of calls; `machine` is where it was done."""

    kind: ActivityKind
    start: float
    end: float
    customer: Customer | None = None
    task: Issue | None = None
    machine: str = ""
    named: bool = False
    hint: CallHint = CallHint.NOTHING

    @property
    def works(self) -> bool:
        """Whether it was work for the customer."""
        return self.kind in (
            ActivityKind.WORK, ActivityKind.STILL, ActivityKind.CALL, ActivityKind.MEETING
        )  # fmt: skip

    @property
    def length(self) -> float:
        """In seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a kind of days consists of; pairs are bounds of a number that is drawn.

    `naming` is the share of windows that name the customer. `left` says what stands in front while
    somebody is gone: "as it was", "self-changing", "remote", "call", "calendar". `evening_on` is
    how often the screen stays on for hours after the last work. `attendance`: a recorder of keys
    and mouse ran. `agents`: coding agents were at work. `meetings` were kept, away from the
    machine, `skipped` ones stood in the calendar while other work went on.
    """

    customers: tuple[int, int] = (2, 4)
    naming: tuple[float, float] = (0.3, 0.8)
    calls: tuple[int, int] = (0, 2)
    named: float = 0.6
    hints: tuple[CallHint, ...] = (CallHint.CALENDAR, CallHint.MESSAGE, CallHint.NOTHING)
    papers: tuple[int, int] = (0, 0)
    privates: tuple[int, int] = (0, 1)
    coffees: tuple[int, int] = (0, 2)
    still: tuple[int, int] = (0, 0)
    left: tuple[str, ...] = ("as it was",)
    evening_on: float = 0.2
    programs: bool = False
    blanks: bool = False
    rewritten: bool = False
    abroad: bool = False
    second_machine: bool = False
    attendance: bool = False
    agents: bool = False
    meetings: tuple[int, int] = (0, 0)
    skipped: tuple[int, int] = (0, 0)
    screen: bool = True
    messages: bool = True


def plan(
    rng: random.Random, recipe: Recipe, customers: Sequence[Customer], opens: float, ends: float
) -> list[Activity]:
    """The activities of a day that begins at `opens`, one right after the other."""
    worker = _Worker(rng, customers)
    stretches = [worker.stretch(minutes) for minutes in _stretches(rng)]
    for extra in _extras(rng, recipe, customers):
        stretch = rng.choice(stretches)
        place = rng.randrange(len(stretch) + 1)
        stretch[place:place] = extra
    for _ in range(rng.randint(*recipe.still)):
        _put_still(rng, rng.choice(stretches), worker)
    day: list[Activity] = []
    for number, stretch in enumerate(stretches):
        if number:
            day.append(replace(_break(rng, number), machine=day[-1].machine))
        machine = "laptop" if recipe.second_machine and number % 2 else ""
        day += [replace(activity, machine=machine) for activity in stretch]
    if rng.random() < recipe.evening_on:
        evening = _lasting(ActivityKind.GONE, rng.uniform(0.6, 4.5) * HOUR)
        day.append(replace(evening, machine=day[-1].machine))
    return _in_a_row(day, opens, ends)


def _stretches(rng: random.Random) -> list[float]:
    """Minutes at the machine before and after lunch, sometimes after another pause too."""
    minutes = [rng.uniform(110, 220), rng.uniform(120, 240)]
    if rng.random() < 0.35:
        minutes.append(rng.uniform(40, 110))
    return minutes


def _break(rng: random.Random, number: int) -> Activity:
    """Lunch; the pause after it is longer and often spent with the machine closed."""
    if number == 1:
        kind = ActivityKind.OFF if rng.random() < 0.2 else ActivityKind.GONE
        return _lasting(kind, rng.triangular(25, 85, 40) * MINUTE)
    kind = ActivityKind.OFF if rng.random() < 0.4 else ActivityKind.GONE
    return _lasting(kind, rng.uniform(30, 150) * MINUTE)


def _lasting(
    kind: ActivityKind, seconds: float, customer: Customer | None = None, task: Issue | None = None
) -> Activity:
    return Activity(kind, 0, seconds, customer, task)


def _in_a_row(activities: Sequence[Activity], opens: float, ends: float) -> list[Activity]:
    row: list[Activity] = []
    at = opens
    for activity in activities:
        until = min(at + activity.length, ends)
        if until - at < MINUTE:
            break
        row.append(replace(activity, start=at, end=until))
        at = until
    return row


# -- What is worked on ----------------------------------------------------------------------------


class _Worker:
    """Chooses a customer and one of the few tasks that are on today, and sticks to them a while."""

    def __init__(self, rng: random.Random, customers: Sequence[Customer]) -> None:
        self._rng = rng
        self._customers = customers
        self._today = {each.group: self._tasks(each) for each in customers}
        self._customer = rng.choice(customers)
        self._task = rng.choice(self._today[self._customer.group])

    def _tasks(self, customer: Customer) -> list[Issue | None]:
        tasks: list[Issue | None] = [None]
        return tasks + self._rng.sample(customer.tasks, min(3, len(customer.tasks)))

    def _turn(self) -> None:
        if self._rng.random() < 0.6:
            others = [each for each in self._customers if each is not self._customer]
            self._customer = self._rng.choice(others)
        self._task = self._rng.choice(self._today[self._customer.group])

    def stretch(self, minutes: float) -> list[Activity]:
        """About so many minutes of work, a task after the other."""
        row: list[Activity] = []
        while minutes > 10:
            length = min(self._rng.triangular(12, 140, 40), minutes)
            row.append(_lasting(ActivityKind.WORK, length * MINUTE, self._customer, self._task))
            minutes -= length
            if self._rng.random() < 0.85:
                self._turn()
        return row


def _extras(
    rng: random.Random, recipe: Recipe, customers: Sequence[Customer]
) -> list[list[Activity]]:
    """What comes between the tasks; a call that is left open is followed by absence."""
    found = [_call(rng, recipe, customers) for _ in range(rng.randint(*recipe.calls))]
    for _ in range(rng.randint(*recipe.meetings)):
        length = rng.choice((30, 45, 60, 60, 90)) * MINUTE
        found.append([_lasting(ActivityKind.MEETING, length, rng.choice(customers))])
    for bounds, kind, lasts in (
        (recipe.papers, ActivityKind.OWN, (12, 60)),
        (recipe.privates, ActivityKind.PRIVATE, (6, 35)),
        (recipe.coffees, ActivityKind.GONE, (6, 30)),
    ):
        found += [
            [_lasting(kind, rng.uniform(*lasts) * MINUTE)] for _ in range(rng.randint(*bounds))
        ]
    return found


def _call(rng: random.Random, recipe: Recipe, customers: Sequence[Customer]) -> list[Activity]:
    length = rng.choice((15, 25, 30, 30, 45, 60)) * MINUTE + rng.uniform(-2, 6) * MINUTE
    call = replace(
        _lasting(ActivityKind.CALL, length, rng.choice(customers)),
        named=rng.random() < recipe.named,
        hint=rng.choice(recipe.hints),
    )
    if "call" in recipe.left and rng.random() < 0.6:
        return [call, _lasting(ActivityKind.GONE, rng.uniform(20, 70) * MINUTE)]
    return [call]


def _put_still(rng: random.Random, stretch: list[Activity], worker: _Worker) -> None:
    """Work in one window inside a task, mostly; sometimes it is all there is of the task."""
    lasts = rng.choice((rng.uniform(16, 45), rng.uniform(45, 170))) * MINUTE
    tasks = [number for number, each in enumerate(stretch) if each.kind is ActivityKind.WORK]
    number = rng.choice(tasks) if tasks else 0
    task = stretch[number] if tasks else worker.stretch(20)[0]
    still = _lasting(ActivityKind.STILL, lasts, task.customer, task.task)
    if rng.random() < 0.25:
        stretch[number : number + 1] = [still]
        return
    before = replace(task, end=task.start + task.length * rng.uniform(0.3, 0.7))
    after = replace(task, start=before.end)
    stretch[number : number + 1] = [before, still, after]
