"""Drafts: a day is the same day whether it is looked at alone or in a week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from tests.machines import machine_of
from tests.notation import FRIDAY, HELSINKI, at, span
from tests.trackers import FakeTracker
from tracklater_bot.catalog.cache import NullStore
from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.domain.clues import Checkout, Clue, Meeting, Reading, Window
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.drafting.machine import LocalMachine
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError

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
    local: bool = True

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

    catalog = Catalog(NullStore(), "local", (), None, clock, settings.groups)
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


def lasting(day: WorkDay, *times: str) -> list[Clue]:
    """The same as a recorder tells who knows how long a window was in front."""
    spans = [span(each, day) for each in times]
    return [Window(each.start, CODE, n, until=each.end) for n, each in enumerate(spans)]


def test_a_window_with_a_length_is_as_good_as_its_samples() -> None:
    minutes = [f"10:{n:02}-10:{n + 1:02}" for n in range(59)]
    (told,) = drafts(lasting(FRIDAY, *minutes), [FRIDAY])
    (sampled,) = drafts(
        [
            replace(window, at=window.at + timedelta(seconds=second), until=None)
            for window in lasting(FRIDAY, *minutes)
            if isinstance(window, Window)
            for second in (0, 20, 40)
        ],
        [FRIDAY],
    )
    assert told.suggestions == sampled.suggestions
    assert [suggestion.group for suggestion in told.suggestions] == ["acme"]


def test_a_window_that_reaches_into_a_day_is_there_in_the_morning() -> None:
    begins = FRIDAY.span.start
    over_night = [
        Window(begins - timedelta(minutes=1), CODE, 1, until=begins + timedelta(minutes=1)),
        *(
            Window(begins + timedelta(minutes=n), CODE, n, until=begins + timedelta(minutes=n + 1))
            for n in range(1, 30)
        ),
    ]
    thursday, friday = drafts(over_night, [THURSDAY, FRIDAY])
    (suggestion,) = friday.suggestions
    assert suggestion.span.start == begins
    assert thursday.suggestions == ()


def test_a_meeting_over_the_days_beginning_is_in_both() -> None:
    begins, hour = FRIDAY.span.start, timedelta(hours=1)
    night = Meeting(begins - hour, begins + hour, "Acme release")
    together = drafts([night], [THURSDAY, FRIDAY])
    assert [draft.meetings for draft in together] == [
        (Span(begins - hour, begins),),
        (Span(begins, begins + hour),),
    ]
    alone = Meeting(begins, begins + hour, "Acme release")  # as the source gives it for the day
    assert drafts([alone], [FRIDAY]) == together[1:]


def test_two_recorders_of_one_machine_are_kept_apart() -> None:
    """Each has its own windows' numbers and fingerprints: mixed they would change all the time."""
    still = [Window(at("10:00") + timedelta(minutes=n), CODE, 7) for n in range(60)]
    other = [Window(at("10:00") + timedelta(minutes=n, seconds=9), BETA, 8) for n in range(60)]
    settings = Settings.model_validate({"timezone": "Europe/Helsinki", "groups": {"acme": {}}})
    sources = (Recorded(tuple(still)), Recorded(tuple(other), name="second"))
    catalog = Catalog(NullStore(), "local", (), None, lambda: FRIDAY.span.end, settings.groups)
    machine = machine_of(settings, sources, catalog, lambda: FRIDAY.span.end)
    (draft,) = machine.drafts([FRIDAY])
    assert draft.suggestions == ()  # nobody was there


@pytest.mark.parametrize(("day", "clues"), [(THURSDAY, 182), (FRIDAY, 900)])
def test_a_source_counts_the_clues_of_the_day(day: WorkDay, clues: int) -> None:
    by_day = {draft.day: draft for draft in drafts(WEEK, [THURSDAY, FRIDAY])}
    assert [status.clues for status in by_day[day.date].sources] == [clues]


def test_no_days_are_no_drafts() -> None:
    assert drafts(WEEK, []) == []


# -- Whether somebody worked ---------------------------------------------------------------------


def machine(*clues: Clue, now: str = "12:00", watches: bool = True) -> LocalMachine:
    settings = Settings.model_validate({"timezone": "Europe/Helsinki", "groups": {"acme": {}}})
    catalog = Catalog(NullStore(), "local", (), None, lambda: at(now), settings.groups)
    source = Recorded(tuple(clues), watches_screen=watches)
    return machine_of(settings, [source], catalog, lambda: at(now))


@pytest.mark.parametrize(
    ("since", "minutes", "worked"),
    [("10:50", 30, True), ("11:00", 14, False), ("11:50", 30, False), ("11:20", 30, False)],
)
def test_a_quarter_of_an_hour_of_changes_is_work(since: str, minutes: int, worked: bool) -> None:
    clues = windows(FRIDAY, "11:00", minutes, CODE)
    assert machine(*clues).worked_since(at(since)) is worked


def test_who_watches_no_screen_is_not_asked() -> None:
    clues = windows(FRIDAY, "11:00", 30, CODE)
    assert not machine(*clues, watches=False).worked_since(at("10:50"))


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ("the folder /home/eero/thyme does not exist", "the folder thyme does not exist"),
        ("/home/eero/src/acme-api is no repository", "acme-api is no repository"),
        ("~/My Documents/acme api cannot be read", "acme api cannot be read"),
        (
            "/srv/a is gone; /srv/b cannot be read (/srv/b/.git)",
            "a is gone; b cannot be read (.git)",
        ),
        ("laptop/2026-11-20.json is damaged", "laptop/2026-11-20.json is damaged"),
        ("ask https://jira.example/rest and/or wait", "ask https://jira.example/rest and/or wait"),
    ],
)
def test_a_drafts_trouble_tells_no_folders(trouble: str, told: str) -> None:
    class Failing(Recorded):
        def read(self, span: Span) -> Reading:
            raise SourceError(trouble)

    source = Failing(())
    settings = Settings.model_validate({"timezone": "Europe/Helsinki"})
    catalog = Catalog(NullStore(), "local", (), None, lambda: at("12:00"), settings.groups)
    (draft,) = machine_of(settings, [source], catalog, lambda: at("12:00")).drafts([FRIDAY])
    (status,) = draft.sources
    assert status.trouble == told


def test_a_draft_calls_the_tracker_by_its_name() -> None:
    class Ledger(FakeTracker):
        name = "ledger"

    settings = Settings.model_validate({"timezone": "Europe/Helsinki"})
    tracker = Ledger(lambda: at("12:00"))
    catalog = Catalog(NullStore(), "local", (), tracker, lambda: at("12:00"), settings.groups)
    (draft,) = machine_of(settings, (), catalog, lambda: at("12:00")).drafts([FRIDAY])
    assert [status.name for status in draft.sources] == ["ledger"]


def test_a_day_that_begins_now_is_empty() -> None:
    saturday = WorkDay(FRIDAY.date + timedelta(days=1), HELSINKI)
    (draft,) = drafts(WEEK, [saturday])
    assert (draft.suggestions, draft.gaps) == ((), ())
