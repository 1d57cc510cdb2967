"""What is different since a month was billed, with its cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.notation import FRIDAY, at
from tracklater_bot.domain.billing import MonthState, drift
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry

MONTH = Span(at("04:00"), at("04:00") + timedelta(days=1))
ENTRY = TimeEntry(
    "1", at("09:00"), at("10:30"), "DEV-1 Fix", project="Development", group="acme",
    billable=True, changed="2026-11-20T12:00:00+00:00",
)  # fmt: skip
LATER = "2026-12-03T10:00:00+00:00"


def state(*entries: TimeEntry) -> MonthState:
    return MonthState.of(entries, (), MONTH)


def told(before: MonthState, after: MonthState) -> list[str]:
    return [f"{one.day} {one.how}" for one in drift(before, after, FRIDAY.zone, "Toggl", {})]


@pytest.mark.parametrize(
    ("changed", "how"),
    [
        ({"end": at("10:15")}, "1 h 30 min -> 1 h 15 min"),
        ({"group": "globex", "project": "Web"}, "acme -> globex"),
        ({"end": at("10:15"), "group": None}, "1 h 30 min -> 1 h 15 min, acme -> no client"),
        ({"project": "Bug fixing"}, "Development -> Bug fixing"),
        ({"project": None}, "Development -> no project"),
        ({"billable": False}, "no longer billable"),
        ({"description": "x", "end": at("10:00")}, "1 h 30 min -> 1 h, its words"),
        ({"start": at("08:00"), "end": at("09:30")}, "Fri 20 Nov 09:00 -> Fri 20 Nov 08:00"),
    ],
)
def test_all_that_changed_of_an_entry_is_told(changed: dict[str, Any], how: str) -> None:
    after = state(replace(ENTRY, changed=LATER, **changed))
    assert told(state(ENTRY), after) == [
        f"{date(2026, 11, 20)} edited in Toggl on Thu 3 Dec: {how}"
    ]


def test_tags_alone_bill_nothing_else() -> None:
    assert told(state(ENTRY), state(replace(ENTRY, changed=LATER, tags=("x",)))) == []


def test_an_entry_across_the_months_end_counts_with_its_part() -> None:
    night = replace(ENTRY, start=at("03:00"), end=at("05:00"))
    assert state(night).lengths() == {"acme": timedelta(hours=1)}
    assert state(replace(ENTRY, start=at("02:00"), end=at("03:00"))).entries == {}


def test_what_an_older_version_has_billed_is_no_drift() -> None:
    kept = TypeAdapter(MonthState).dump_python(state(ENTRY), mode="json")
    for name in ("project", "billable"):
        del kept["entries"]["1"][name]
    assert told(TypeAdapter(MonthState).validate_python(kept), state(ENTRY)) == []
