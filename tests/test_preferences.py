"""What the person chose in Slack wins over the file, unless the settings would not accept it."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from tracklater_bot.preferences import OVERRIDES, effective, silent_until
from tracklater_bot.settings import Settings

FILE = Settings.model_validate(
    {"timezone": "Europe/Helsinki", "digest": {"at": "16:00", "holidays": "FI"}}
)


def chosen(section: str, field: str, settings: Settings) -> Any:
    return getattr(getattr(settings, section), field)


@pytest.mark.parametrize(
    ("name", "stored", "value"),
    [
        ("digest_at", "18:15", time(18, 15)),
        ("digest_days", ["mon", "fri"], ("mon", "fri")),
        ("holidays", "SE", "SE"),
        ("picture", False, False),
        ("round_minutes", 15, 15),
        ("idle_minutes", 10, 10),
    ],
)
def test_each_choice_wins_over_the_file(name: str, stored: Any, value: Any) -> None:
    assert chosen(*OVERRIDES[name], effective(FILE, {name: stored})) == value


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("digest_at", "25:00"),
        ("digest_days", ["someday"]),
        ("holidays", 7),
        ("round_minutes", -1),
        ("idle_minutes", "many"),
        ("a_preference_of_a_later_version", 1),
    ],
)
def test_a_choice_that_is_no_longer_accepted_leaves_the_file(name: str, stored: Any) -> None:
    assert effective(FILE, {name: stored}) == FILE


def test_choices_of_one_section_do_not_undo_each_other() -> None:
    both = effective(FILE, {"digest_at": "18:15", "digest_days": ["mon"], "round_minutes": 0})
    assert (both.digest.at, both.digest.days) == (time(18, 15), ("mon",))
    assert both.suggest.round_minutes == 0
    assert both.digest.holidays == "FI"


@pytest.mark.parametrize(
    ("stored", "day"),
    [("2026-12-01", date(2026, 12, 1)), (None, None), ("tomorrow", None), (7, None)],
)
def test_until_when_the_bot_is_silent(stored: Any, day: date | None) -> None:
    assert silent_until({"silent_until": stored}) == day
    assert silent_until({}) is None
