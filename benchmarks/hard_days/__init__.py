"""Days of the kinds on which time trackers went wrong, by another hand than `benchmarks.worlds`.

Other words, other shapes of days, other habits of recording; and what the first generator has not:
titles that change by themselves, programs that commit, samples without an active window, windows
left open and work in one window, calls whose window names nobody, one's own administration, other
languages, rewritten commits, a program at work on a second machine; coding agents, a calendar,
a recorder of keys and mouse.

What is true work: the time of a task or a call for a customer, each to the second; a look of up to
100 seconds into another customer's chat belongs to the task around it. Administration of one's own
is nobody's, also where an invoice names a customer.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from benchmarks.hard_days import windows
from benchmarks.hard_days.customers import chosen
from benchmarks.hard_days.languages import LANGUAGES
from benchmarks.hard_days.plan import HOUR, Activity, ActivityKind, CallHint, Recipe, plan
from benchmarks.hard_days.screen import FrameMaker, Recorder
from benchmarks.hard_days.sources import SourceWriter
from benchmarks.hard_days.traces import TraceWriter
from benchmarks.truth import TrueSpan, World
from tracklater_bot.domain.clues import Clue
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.engine.inputs import Inputs, Options

ZONES = (
    "Europe/Berlin", "Europe/Helsinki", "Europe/Madrid", "Europe/Warsaw", "Asia/Tokyo",
    "America/Toronto", "Australia/Adelaide",
)  # fmt: skip
RARE_HINTS = (CallHint.COMMIT, CallHint.DIRECT)
KINDS: dict[str, Recipe] = {
    "plain": Recipe(),
    "self_changing": Recipe(left=("self-changing",), evening_on=0.7),
    "programs": Recipe(left=("as it was", "self-changing"), programs=True, evening_on=0.5),
    "blank_samples": Recipe(blanks=True, coffees=(1, 3), evening_on=0.4),
    "still_work": Recipe(still=(1, 2)),
    "left_open": Recipe(left=("remote", "call", "as it was"), calls=(1, 2), evening_on=0.5),
    "nameless_calls": Recipe(
        calls=(2, 4),
        named=0,
        hints=(*(CallHint.MESSAGE, CallHint.CALENDAR, CallHint.NOTHING) * 2, *RARE_HINTS),
    ),
    "administration": Recipe(papers=(2, 4)),
    "languages": Recipe(
        abroad=True, calls=(1, 2), privates=(1, 2), papers=(0, 1), left=("calendar", "as it was")
    ),
    "two_machines": Recipe(second_machine=True, coffees=(0, 1)),
    "mixed": Recipe(
        naming=(0.2, 0.7),
        calls=(1, 2),
        named=0.4,
        papers=(1, 1),
        still=(0, 1),
        left=("as it was", "self-changing", "remote"),
        programs=True,
        blanks=True,
        evening_on=0.4,
    ),
    "agents": Recipe(agents=True, naming=(0.0, 0.12), calls=(0, 1), messages=False),
    "meetings": Recipe(calls=(1, 2), named=0.2, meetings=(1, 3), skipped=(1, 2)),
    "attendance": Recipe(
        attendance=True, still=(1, 2), coffees=(1, 3), left=("as it was", "self-changing", "remote")
    ),
    "squashes": Recipe(screen=False, rewritten=True, calls=(0, 0), privates=(0, 0)),
}  # fmt: skip


def make(seed: int, kind: str) -> World:
    """The day of a seed; always the same one."""
    rng = random.Random(f"hard days/{kind}/{seed}")
    recipe = KINDS[kind]
    day = WorkDay(_date(rng), ZoneInfo(rng.choice(ZONES)))
    customers = chosen(rng, rng.randint(*recipe.customers))
    lasts = day.span.length.total_seconds()
    activities = plan(rng, recipe, customers, rng.uniform(2.7, 6.5) * HOUR, lasts - HOUR)
    language = rng.choice(tuple(LANGUAGES.values())) if recipe.abroad else None
    maker = FrameMaker(
        rng, recipe, customers, windows.workstation(rng), rng.uniform(*recipe.naming), language
    )
    traces = TraceWriter(rng, recipe, day, customers)
    clues: list[Clue] = list(traces.git(activities))
    if recipe.messages:
        clues += traces.messages(activities)
    told = SourceWriter(rng, recipe, day, customers)
    if recipe.attendance:
        clues += told.attendance(activities)
    if recipe.agents:
        clues += told.agents(activities)
    if recipe.meetings[1]:
        clues += told.meetings(activities)
    if recipe.screen:
        clues += Recorder(rng, recipe, day).samples(activities, maker.frames(activities))
    inputs = Inputs(
        day=day,
        now=day.span.end,
        clues=tuple(clues),
        groups=tuple(customer.settings() for customer in customers),
        issues=tuple(task for customer in customers for task in customer.tasks),
        options=Options(round_minutes=0),
    )
    return World(seed, kind, inputs, _truth(day, activities))


def _date(rng: random.Random) -> date:
    return date(2026, 1, 12) + timedelta(weeks=rng.randrange(46), days=rng.randrange(5))


def _truth(day: WorkDay, activities: Sequence[Activity]) -> tuple[TrueSpan, ...]:
    start = day.span.start
    return tuple(
        TrueSpan(
            Span(start + timedelta(seconds=each.start), start + timedelta(seconds=each.end)),
            each.customer.group,
            each.task.key if each.task else None,
            call=each.kind is ActivityKind.CALL,
        )
        for each in activities
        if each.works and each.customer is not None
    )
