from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from tests.digests import TOGGL, digest, entry, item, many, suggestion, with_text
from tests.hostile import bad_characters, hostile_text, isolates_balanced
from tests.longer import examples
from tests.notation import FRIDAY, at, span
from tracklater_bot.blocks.timeline import (
    PALETTE,
    Bar,
    Lanes,
    Ticks,
    alt_text,
    colours,
    lanes_of,
    text_timeline,
)
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.digests import ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.text import units

NOW = at("18:00")


def draft(*texts: str, tracked: tuple[TimeEntry, ...] = ()) -> Draft:
    found = tuple(suggestion(text) for text in texts)
    return Draft(FRIDAY.date, str(FRIDAY.zone), found, tracked)


def hours(lanes: Lanes) -> str:
    return " ".join(f"{hour.astimezone(lanes.zone):%H}" for hour in lanes.hours())


# -- Lanes -------------------------------------------------------------------------------------


def test_a_draft_has_its_suggestions_and_what_is_tracked() -> None:
    lanes = lanes_of(
        draft("10:00-11:00 group2 #12", "09:00-10:00 ?", tracked=(entry("08:00-09:00 group1"),)),
        NOW,
    )
    assert lanes.suggested == (
        Bar(span("09:00-10:00"), None, "?"),
        Bar(span("10:00-11:00"), "group2", "#12"),
    )
    assert lanes.tracked == (Bar(span("08:00-09:00"), "group1", "group1"),)


def test_a_digest_shows_skipped_nowhere_and_sent_as_tracked() -> None:
    made = digest(
        item("09:00-10:00 group1 DEV-1", ItemState.OPEN, 1),
        item("10:00-11:00 group1 DEV-2", ItemState.SKIPPED, 2),
        item("11:00-12:00 group1 DEV-3", ItemState.SENT, 3),
        item("12:00-13:00 group1 DEV-4", ItemState.PENDING, 4),
    )
    lanes = lanes_of(made, NOW)
    assert [bar.label for bar in lanes.suggested] == ["DEV-1", "DEV-4"]
    assert [bar.label for bar in lanes.tracked] == ["DEV-3"]


def test_what_was_sent_is_not_shown_twice() -> None:
    sent = replace(item("09:00-10:00 group1 DEV-1", ItemState.SENT), entry_id="5")
    lanes = lanes_of(digest(sent, tracked=(entry("09:00-10:00 group1", 5),)), NOW)
    assert len(lanes.tracked) == 1


def test_a_running_entry_ends_now() -> None:
    running = replace(entry("09:00-10:00 group1"), end=None)
    assert lanes_of(draft(tracked=(running,)), NOW).tracked[0].span == span("09:00-18:00")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("09:05-11:30", "09 10 11 12 13 14 15"),
        ("08:00-18:00", "08 09 10 11 12 13 14 15 16 17 18"),
        ("22:10-25:30", "22 23 00 01 02 03 04"),
    ],
)
def test_whole_hours_are_shown_six_at_least(text: str, shown: str) -> None:
    assert hours(lanes_of(draft(f"{text} group1"), NOW)) == shown


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2026, 10, 24), "01 02 03 03 04 05 06"),
        (date(2026, 3, 28), "01 02 04 05 06 07"),
    ],
)
def test_changes_of_the_clock_are_shown_as_they_were(day: date, shown: str) -> None:
    zone = ZoneInfo("Europe/Helsinki")
    one = datetime(day.year, day.month, day.day + 1, 1, tzinfo=zone)
    six = datetime(day.year, day.month, day.day + 1, 5, 30, tzinfo=zone)
    lanes = Lanes(day, zone, (Bar(Span(one, six), "group1"),))
    assert hours(lanes).startswith(shown)


def test_zones_of_half_an_hour_have_hours_too() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    day = WorkDay(date(2026, 11, 20), zone)
    lanes = lanes_of(Draft(day.date, str(zone), (suggestion("09:20-10:00 group1", day),)), NOW)
    assert hours(lanes).startswith("09 10 11")


# -- Colours -----------------------------------------------------------------------------------


def test_a_group_has_one_colour_whatever_the_day() -> None:
    known = ["acme", "globex", "initech", "hooli"]
    assert colours([*known, "acme"]) == colours(known)
    assert colours(known[:2]).items() <= colours(known).items()


def test_no_two_groups_share_a_colour_while_there_are_enough() -> None:
    found = colours([f"group{n}" for n in range(len(PALETTE))])
    assert len(set(found.values())) == len(PALETTE)
    assert len(colours([f"group{n}" for n in range(40)])) == 40


# -- In words ----------------------------------------------------------------------------------


def test_alt_text_tells_what_the_picture_shows() -> None:
    lanes = lanes_of(
        draft(
            "09:05-11:30 group1 DEV-123",
            "12:00-13:00 group2 #12",
            "23:30-24:10 ?",
            tracked=(entry("08:00-09:00 group1"),),
        ),
        NOW,
        Ticks(
            commits=(at("09:30"),),
            messages=(at("10:00"), at("10:01")),
            meetings=(span("12:00-13:00"),),
        ),
        TOGGL,
    )
    assert alt_text(lanes) == (
        "Timeline of Friday 20 November. "
        "group1, 2 h 25 min: 09:05–11:30 DEV-123. "
        "group2, 1 h: 12:00–13:00 #12. "
        "What was this?, 40 min: 23:30–00:10 (Sat). "
        "In Toggl, 1 h: 08:00–09:00 group1. "
        "1 commit. 2 messages. 1 meeting."
    )


def test_alt_text_of_an_empty_day() -> None:
    assert alt_text(lanes_of(draft(), NOW)) == "Timeline of Friday 20 November. Nothing was seen."


@pytest.mark.parametrize("number", [1, 60, 200])
def test_alt_text_is_never_too_long(number: int) -> None:
    assert units(alt_text(lanes_of(digest(*many(number)), NOW))) <= 1000


# -- As bars of text ---------------------------------------------------------------------------


def test_bars_of_a_day() -> None:
    lanes = lanes_of(
        draft(
            "08:00-10:00 group1 DEV-1",
            "10:00-10:30 group2 #12",
            "13:00-13:15 ?",
            tracked=(entry("11:00-12:00 ?"),),
        ),
        NOW,
        tracker=TOGGL,
    )
    assert text_timeline(lanes, 60).split("\n") == [
        "               08    09    10    11    12    13",
        "group1         ████████████                         2 h",
        "group2                     ███                      30 min",
        "What was this?                               █▌     15 min",
        "In Toggl                         ██████             1 h",
    ]


def test_sums_can_be_left_out() -> None:
    lanes = lanes_of(draft("08:00-10:00 group1 DEV-1"), NOW)
    assert text_timeline(lanes, 38, with_sums=False).endswith("group1 ████████")


def test_the_shortest_span_still_shows() -> None:
    lanes = lanes_of(draft("05:00-05:01 group1 DEV-1", "21:00-21:05 group2 DEV-2"), NOW)
    bars = text_timeline(lanes, 40, with_sums=False).split("\n")[1:]
    assert [line.split()[1] for line in bars] == ["▌", "▌"]


@pytest.mark.parametrize("number", [1, 8, 60, 200])
@pytest.mark.parametrize("width", [38, 60, 80, 120])
def test_bars_keep_to_their_width(number: int, width: int) -> None:
    lanes = lanes_of(digest(*many(number)), NOW)
    assert all(len(line) <= width for line in text_timeline(lanes, width).split("\n"))


def test_an_empty_day_has_no_bars() -> None:
    assert text_timeline(lanes_of(draft(), NOW)) == "Nothing was seen."


def test_wide_letters_keep_the_bars_in_line() -> None:
    lanes = lanes_of(draft("08:00-09:00 東京 X-1", "08:00-09:00 abcd X-1"), NOW)
    first, second = sorted(text_timeline(lanes, 60).split("\n")[1:])
    assert first.startswith("abcd ████")
    assert second.startswith("東京 ████")


@examples(60)
@given(hostile_text)
def test_hostile_names_stay_in_their_line(text: str) -> None:
    made = digest(*(with_text(each, text) for each in many(3)))
    lanes = lanes_of(made, NOW)
    bars = text_timeline(lanes, 60)
    assert len(bars.split("\n")) == 2
    for words in (bars, alt_text(lanes)):
        assert not bad_characters(words)
        assert isolates_balanced(words)
    assert lanes.span.length >= timedelta(hours=6)
