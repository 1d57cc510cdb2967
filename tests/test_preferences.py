"""What the person chose in Slack wins over the file, unless the settings would not accept it."""

from __future__ import annotations

import tomllib
from datetime import date, time
from typing import Any

import pytest

from tracklater_bot.settings import Settings
from tracklater_bot.settings.preferences import OVERRIDES, effective, moved, silent_until

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
        ("round_minutes", 15),
        ("a_preference_of_a_later_version", 1),
    ],
)
def test_a_choice_that_is_no_longer_accepted_leaves_the_file(name: str, stored: Any) -> None:
    assert effective(FILE, {name: stored}) == FILE


def test_choices_of_one_section_do_not_undo_each_other() -> None:
    both = effective(FILE, {"digest_at": "18:15", "digest_days": ["mon"]})
    assert (both.digest.at, both.digest.days) == (time(18, 15), ("mon",))
    assert both.digest.holidays == "FI"


@pytest.mark.parametrize(
    ("name", "stored", "line", "section"),
    [
        ("picture", False, "picture = false", "[digest]"),
        ("round_minutes", 15, "round_minutes = 15", "[suggest]"),
        ("idle_minutes", 10, "idle_minutes = 10", "[suggest]"),
    ],
)
def test_what_the_file_alone_decides_now_is_told_with_its_line(
    name: str, stored: Any, line: str, section: str
) -> None:
    (told,) = moved(FILE, {name: stored, "digest_at": "18:15"})
    assert line in told
    assert f"`{line}` under `{section}`" in told
    field = {section[1:-1]: tomllib.loads(line)}
    assert moved(Settings.model_validate(field), {name: stored}) == []


def test_a_file_that_says_something_else_does_not_hide_it() -> None:
    own = Settings.model_validate({"suggest": {"round_minutes": 5}})
    assert len(moved(own, {"round_minutes": 15, "idle_minutes": 10})) == 2


@pytest.mark.parametrize("stored", [-1, "many", None, FILE.suggest.round_minutes])
def test_a_choice_that_never_held_or_changes_nothing_is_not_told(stored: Any) -> None:
    assert moved(FILE, {"round_minutes": stored}) == []


@pytest.mark.parametrize(
    ("stored", "day"),
    [("2026-12-01", date(2026, 12, 1)), (None, None), ("tomorrow", None), (7, None)],
)
def test_until_when_the_bot_is_silent(stored: Any, day: date | None) -> None:
    assert silent_until({"silent_until": stored}) == day
    assert silent_until({}) is None
