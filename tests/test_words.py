from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import bad_characters, hostile_text, isolates_balanced
from tests.notation import FRIDAY, span
from tracklater_bot.domain import text
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.text import (
    clean,
    clock,
    count,
    day_name,
    duration,
    listing,
    short_day,
    shorten,
    shown,
    times,
    units,
)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (145, "2 h 25 min"),
        (45, "45 min"),
        (180, "3 h"),
        (0, "0 min"),
        (0.2, "under a minute"),
        (59.7, "1 h"),
        (1500, "25 h"),
    ],
)
def test_durations(minutes: float, words: str) -> None:
    assert duration(timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("09:05-11:30", "09:05–11:30"),
        ("23:10-24:30", "23:10–00:30 (Sat)"),
        ("24:10-24:30", "00:10–00:30 (Sat)"),
    ],
)
def test_times_name_the_day_after_past_midnight(when: str, words: str) -> None:
    assert times(span(when), FRIDAY.zone, FRIDAY.date) == words


def test_clock_is_the_persons_own() -> None:
    evening = span("23:30-23:45").start
    assert clock(evening, ZoneInfo("Asia/Kolkata"), FRIDAY.date) == "03:00 (Sat)"
    assert clock(evening, FRIDAY.zone, FRIDAY.date) == "23:30"


def test_an_hour_that_comes_twice_is_shown_as_the_wall_clock_does() -> None:
    day = WorkDay(date(2026, 10, 24), ZoneInfo("Europe/Helsinki"))
    both = Span(day.span.end - timedelta(hours=2), day.span.end - timedelta(minutes=50))
    assert times(both, day.zone, day.date) == "03:00–03:10 (Sun)"


def test_names_of_days_do_not_follow_the_machines_language() -> None:
    assert day_name(date(2026, 11, 20)) == "Friday 20 November"
    assert short_day(date(2026, 1, 4)) == "Sun 4 Jan"


def test_counts_and_lists() -> None:
    assert [count(n, "commit") for n in (1, 2)] == ["1 commit", "2 commits"]
    assert count(6, "entry", "entries") == "6 entries"
    assert [listing("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  two\n lines\t", "two lines"),
        ("a\u202eb\u200b\ufeffc", "abc"),
        ("\x1b[31mred", "[31mred"),
        ("e\u0301te\u0301", "été"),
        ("Z" + "\u0310" * 50, "Z" + "\u0310" * 3),
        ("👩‍👧 ok", "👩‍👧 ok"),
        ("می‌خواهم", "می‌خواهم"),
        ("\ud800x", "x"),
    ],
)
def test_outside_text_is_made_one_calm_line(text: str, cleaned: str) -> None:
    assert clean(text, 100) == cleaned


def test_shortening_counts_as_slack_does_and_cuts_no_character_in_two() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
    assert shorten("👍👍👍👍", 6) == "👍👍…"
    assert shorten("abc", 0) == ""


def test_a_long_text_is_shortened_in_a_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter at a time, a message of many rows took seconds."""
    counting = Mock(wraps=units)
    monkeypatch.setattr(text, "units", counting)
    assert shorten("𝕳" * 10_000, 3_000) == "𝕳" * 1_499 + "…"
    assert counting.call_count < 10


def test_right_to_left_text_is_isolated() -> None:
    assert shown("שלום", 40) == "\u2068שלום\u2069"
    assert shown("hello", 40) == "hello"


@given(hostile_text, st.integers(1, 200))
def test_shown_text_always_fits_and_holds_nothing_odd(text: str, most: int) -> None:
    made = shown(text, most)
    assert units(made) <= max(most, 3)
    assert not bad_characters(made)
    assert isolates_balanced(made)
    assert "\n" not in made


@given(hostile_text)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text, 120)
    assert clean(once, 120) == once
    assert unicodedata.is_normalized("NFC", once) or len(once) == 0
