"""Days that were read for the week and not opened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.digests import entry, suggestion
from tests.memory import FakeMemory
from tests.notation import FRIDAY
from tracklater_bot.catalog import cache
from tracklater_bot.catalog.cache import PersonalMemory
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.json_value import JsonValue

NOW = FRIDAY.span.end
DRAFT = Draft(
    FRIDAY.date,
    "Europe/Helsinki",
    (suggestion("09:00-10:00 group1 DEV-1"), suggestion("10:00-10:30 ?")),
    (entry("07:00-08:00 group1"),),
)


@pytest.mark.parametrize("draft", [DRAFT, Draft(FRIDAY.date, "Europe/Helsinki")])
def test_a_day_is_known_again_as_it_was_seen(draft: Draft) -> None:
    memory, times = PersonalMemory(FakeMemory(), "U1"), DayTimes.of_draft(draft)
    cache.keep_times(memory, times, NOW)
    again = cache.kept_times(memory, FRIDAY.date, NOW)
    assert again.known
    assert again.groups() == times.groups()
    for one, other in ((again.tracked, times.tracked), (again.missing, times.missing)):
        assert {group: length for group, length in one.items() if length} == other


def test_after_a_day_nobody_knows_it_any_more() -> None:
    memory = PersonalMemory(FakeMemory(), "U1")
    cache.keep_times(memory, DayTimes.of_draft(DRAFT), NOW)
    assert not cache.kept_times(memory, FRIDAY.date, NOW + timedelta(days=1)).known


@pytest.mark.parametrize("value", [None, "nonsense", [["group1", "long"]], {"a": 1}])
def test_what_cannot_be_read_is_not_known(value: JsonValue) -> None:
    memory = PersonalMemory(FakeMemory(), "U1")
    memory.put(f"glance:{FRIDAY.date}", value)
    assert not cache.kept_times(memory, FRIDAY.date, NOW).known
