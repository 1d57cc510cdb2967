"""Drafts: a day is the same day whether it is looked at alone or in a week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tests.machines import machine_of
from tests.notation import FRIDAY, HELSINKI, at
from tracklater_bot.catalog.catalog import Catalog, NothingKept
from tracklater_bot.domain.clues import Checkout, Clue, Reading, Window
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.settings import Settings

THURSDAY = WorkDay(FRIDAY.date - timedelta(days=1), HELSINKI)
CODE = "auth.py - acme-api - Visual Studio Code"
BETA = "cart.py - beta-shop - Visual Studio Code"


@dataclass(frozen=True)
class Recorded:
    """A source that gives what it has of a span, and like git what was checked out before it."""

    clues: tuple[Clue, ...]
    name: str = "recorded"
    group: str | None = None
    watches_screen: bool = True

    def read(self, span: Span) -> Reading:
        before = [clue for clue in self.clues if clue.at < span.start]
        checkouts = {each.repo: each for each in before if isinstance(each, Checkout)}
        within = (clue for clue in self.clues if clue.at in span)
        hints = (
            Hint("acme", HintKind.REPOSITORY, "acme-api"),
            Hint("beta", HintKind.REPOSITORY, "beta-shop"),
        )
        return Reading(self.name, clues=(*checkouts.values(), *within), hints=hints)

    def check(self) -> str:
        return "all well"


def windows(day: WorkDay, start: str, minutes: int, title: str) -> list[Clue]:
    """A window in front with something changing in it every 20 seconds."""
    first = at(start, day)
    return [
        Window(first + timedelta(seconds=20 * number), title, number)
        for number in range(3 * minutes)
    ]


def drafts(clues: Sequence[Clue], days: Sequence[WorkDay]) -> list[Draft]:
    settings = Settings.model_validate(
        {"timezone": "Europe/Helsinki", "groups": {"acme": {}, "beta": {}}}
    )

    def clock() -> datetime:
        return FRIDAY.span.end

    catalog = Catalog(NothingKept(), "local", (), None, clock, settings.groups)
    ordered = tuple(sorted(clues, key=lambda each: each.at))
    return machine_of(settings, (Recorded(ordered),), catalog, clock).drafts(days)


WEEK: tuple[Clue, ...] = (
    Checkout(at("09:00", THURSDAY), "acme", "acme-api", "feature/old-parser"),
    *windows(THURSDAY, "09:00", 60, CODE),
    Checkout(at("09:40", THURSDAY), "acme", "acme-api", "feature/login-page"),
    *windows(FRIDAY, "10:00", 60, BETA),
    *windows(FRIDAY, "11:00", 60, "feature/login-page - terminal"),  # acme's since the day before
    *windows(FRIDAY, "12:00", 60, BETA),
    *windows(FRIDAY, "13:00", 60, "feature/old-parser - terminal"),  # nobody's today
    *windows(FRIDAY, "14:00", 60, BETA),
)


def test_a_day_in_a_week_is_the_same_as_alone() -> None:
    together = drafts(WEEK, [FRIDAY, THURSDAY])
    alone = [draft for day in (THURSDAY, FRIDAY) for draft in drafts(WEEK, [day])]
    assert together == alone
    assert [[suggestion.group for suggestion in draft.suggestions] for draft in together] == [
        ["acme"],
        ["beta", "acme", "beta"],
    ]


@pytest.mark.parametrize(("day", "clues"), [(THURSDAY, 182), (FRIDAY, 900)])
def test_a_source_counts_the_clues_of_the_day(day: WorkDay, clues: int) -> None:
    by_day = {draft.day: draft for draft in drafts(WEEK, [THURSDAY, FRIDAY])}
    assert [status.clues for status in by_day[day.date].sources] == [clues]


def test_no_days_are_no_drafts() -> None:
    assert drafts(WEEK, []) == []
