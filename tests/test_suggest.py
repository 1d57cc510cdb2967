"""Whole days, from clues to suggestions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.clues import (
    ACME,
    ACME_CODE,
    GLOBEX_CODE,
    MEETING,
    SHELL,
    checkout,
    commit,
    entry,
    group,
    inputs,
    message,
    told,
    windows,
)
from tests.notation import FRIDAY, HELSINKI, at
from tests.recordings import recording
from tracklater_bot.domain.clues import Clue
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine import suggest, unexplained_titles
from tracklater_bot.sources.clues.thyme import parse_file

# -- Who it was for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([f"09:00-10:00 {ACME_CODE}"], ["09:00-10:00 acme"]),
        (
            [f"09:00-10:00 {ACME_CODE}", f"10:00-11:00 {GLOBEX_CODE}"],
            ["09:00-10:00 acme", "10:00-11:00 globex"],
        ),
        (  # windows that say nothing belong to what is around them
            [f"09:00-09:20 {ACME_CODE}", f"09:20-09:50 {SHELL}", f"09:50-10:00 {ACME_CODE}"],
            ["09:00-10:00 acme"],
        ),
        (  # a look into another group's chat is no switch
            [
                f"09:00-09:30 {ACME_CODE}",
                "09:30-09:32 Slack | general | Globex",
                f"09:32-10:00 {ACME_CODE}",
            ],
            ["09:00-10:00 acme"],
        ),
        (  # ten minutes of work are one, to the minute
            [f"09:00-09:30 {ACME_CODE}", f"09:30-09:41 {GLOBEX_CODE}", f"09:41-10:00 {ACME_CODE}"],
            ["09:00-09:30 acme", "09:30-09:41 globex", "09:41-10:00 acme"],
        ),
        (["09:00-10:00 Untitled - Paint"], []),  # never guessed
        (["09:00-09:04 Untitled - Paint"], []),
        (  # far from any cue nothing is known
            [f"09:00-10:00 {ACME_CODE}", "10:00-14:30 Untitled - Paint"],
            ["09:00-10:00 acme"],
        ),
        (  # an evening with films is nobody's work
            [
                f"09:00-10:00 {ACME_CODE}",
                "10:00-10:40 Watch Dark | Netflix - Google Chrome",
                f"10:40-11:00 {ACME_CODE}",
            ],
            ["09:00-10:00 acme", "10:40-11:00 acme"],
        ),
        (  # page after page that could be anything is no work
            [
                f"09:00-09:40 {ACME_CODE}",
                "09:40-09:45 Headphones | Gigantti - Google Chrome",
                "09:45-09:49 Cheap flights - Google Chrome",
                "09:49-09:54 Summer houses for rent - Google Chrome",
                "09:54-10:00 Cheap flights - Google Chrome",
                f"10:00-10:40 {ACME_CODE}",
            ],
            ["09:00-09:40 acme", "10:00-10:40 acme"],
        ),
        (  # one such page is read for the work around it
            [
                f"09:00-09:40 {ACME_CODE}",
                "09:40-10:00 The borrow checker, explained - Google Chrome",
                f"10:00-10:40 {ACME_CODE}",
            ],
            ["09:00-10:40 acme"],
        ),
        (  # lunch before a still screen
            [f"09:00-11:30 {ACME_CODE}", f"11:30-12:15 = {SHELL}", f"12:15-13:00 {ACME_CODE}"],
            ["09:00-11:30 acme", "12:15-13:00 acme"],
        ),
        (  # two hours in one window are two hours
            [f"09:00-11:00 {ACME_CODE}"],
            ["09:00-11:00 acme"],
        ),
        (  # the question is an acme one, wherever else the word stands
            [
                f"09:00-09:30 {ACME_CODE}",
                "09:30-09:33 Globex theory explained - Stack Overflow - Google Chrome",
                f"09:33-10:00 {ACME_CODE}",
            ],
            ["09:00-10:00 acme"],
        ),
        ([], []),
    ],
)
def test_groups(lines: list[str], expected: list[str]) -> None:
    assert told(suggest(inputs(*windows(*lines)))) == expected


UNTOLD = "Untitled 1 - LibreOffice Calc"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (  # in the evening, long after the last work
            [f"15:00-17:00 {ACME_CODE}", f"18:00-18:40 {UNTOLD}"],
            ["15:00-17:00 acme"],
        ),
        (  # early, long before the first
            [f"07:00-07:40 {UNTOLD}", f"08:30-10:00 {ACME_CODE}"],
            ["08:30-10:00 acme"],
        ),
        (  # a coffee is not so long
            [f"15:00-17:00 {ACME_CODE}", f"17:20-18:00 {UNTOLD}"],
            ["15:00-17:00 acme", "17:20-18:00 acme"],
        ),
        (  # after lunch it goes on, as a window tells sooner or later
            [
                f"09:00-11:30 {ACME_CODE}",
                f"12:15-12:40 {UNTOLD}",
                f"12:40-12:45 {ACME_CODE}",
                f"12:45-13:30 {UNTOLD}",
            ],
            ["09:00-11:30 acme", "12:15-13:30 acme"],
        ),
    ],
)
def test_presence_far_from_all_clues_is_nobodys(lines: list[str], expected: list[str]) -> None:
    found = suggest(inputs(*windows(*lines)))
    assert [line.replace("None", "?") for line in told(found)] == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (  # nothing tells whose call it was
            [f"09:00-10:00 {ACME_CODE}", f"10:00-10:40 = {MEETING}", f"10:40-11:30 {ACME_CODE}"],
            ["09:00-10:00 acme", "10:00-10:40 ?", "10:40-11:30 acme"],
        ),
        (  # the way in tells
            [
                f"09:00-10:00 {ACME_CODE}",
                "10:00-10:01 Slack | general | Globex",
                f"10:01-10:40 = {MEETING}",
                f"10:40-11:30 {ACME_CODE}",
            ],
            ["09:00-10:00 acme", "10:00-10:40 globex", "10:40-11:30 acme"],
        ),
        (  # so does what is looked at meanwhile
            [
                f"09:00-10:00 {ACME_CODE}",
                f"10:00-10:20 = {MEETING}",
                "10:20-10:22 Slack | general | Globex",
                f"10:22-10:40 = {MEETING}",
                f"10:40-11:30 {ACME_CODE}",
            ],
            ["09:00-10:00 acme", "10:00-10:40 globex", "10:40-11:30 acme"],
        ),
        (  # and the meeting's name
            [
                f"09:00-10:00 {ACME_CODE}",
                "10:00-10:40 = Meet – Globex weekly - Google Chrome",
                f"10:40-11:30 {ACME_CODE}",
            ],
            ["09:00-10:00 acme", "10:00-10:40 globex", "10:40-11:30 acme"],
        ),
    ],
)
def test_calls(lines: list[str], expected: list[str]) -> None:
    assert told(suggest(inputs(*windows(*lines)))) == expected


def test_a_private_window_appears_nowhere() -> None:
    lines = [
        f"09:00-09:30 {ACME_CODE}",
        "09:30-09:50 globex - WhatsApp",
        f"09:50-10:20 {ACME_CODE}",
    ]
    found = suggest(inputs(*windows(*lines), ignore=("whatsapp",)))
    assert told(found) == ["09:00-09:30 acme", "09:50-10:20 acme"]
    assert all("globex" not in reason.text for suggestion in found for reason in suggestion.reasons)


# -- On what -----------------------------------------------------------------------------------


def test_the_issue_on_screen() -> None:
    page = "[DEV-123] Fix login - Jira - Google Chrome"
    other = "[DEV-131] Rate limit the token endpoint - Jira - Google Chrome"
    lines = [
        *(f"09:00-09:05 {page}", f"09:05-09:40 {ACME_CODE}", f"09:40-09:45 {page}"),
        *(f"09:45-09:50 {other}", f"09:50-10:30 {ACME_CODE}", f"10:30-10:40 {other}"),
    ]
    [first, second] = suggest(inputs(*windows(*lines)))
    assert (first.issue and first.issue.key, second.issue and second.issue.key) == (
        "DEV-123",
        "DEV-131",
    )
    assert first.span.end == second.span.start == at("09:45")
    assert first.description == "DEV-123 Fix login"
    assert first.project == ACME.projects[1]  # a bug


def test_the_branch_tells_the_issue() -> None:
    clues = [
        *windows(f"09:00-11:00 {ACME_CODE}"),
        checkout("09:01", "acme", "DEV-123-fix-login"),
        checkout("10:00", "acme", "feature/rate-limit-the-token"),
    ]
    assert told(suggest(inputs(*clues))) == ["09:00-10:00 acme DEV-123", "10:00-11:00 acme DEV-131"]


def test_the_branch_of_the_evening_before_still_holds() -> None:
    clues = [
        *windows(f"09:00-10:00 {ACME_CODE}", f"10:00-10:30 {SHELL}", f"10:30-11:00 {ACME_CODE}"),
        *windows(f"11:00-11:30 {SHELL}", f"11:30-12:00 {ACME_CODE}"),
        checkout("03:00", "acme", "DEV-123-fix-login"),
    ]
    [found] = suggest(inputs(*clues))
    assert found.issue is not None
    assert found.issue.key == "DEV-123"
    assert found.span == Span(at("09:00"), at("12:00"))  # three in the morning is not today


def test_a_branch_tells_the_issue_of_a_window_that_keeps_its_title_for_hours() -> None:
    before = checkout("03:00", "acme", "DEV-123-fix-login")
    found = suggest(inputs(before, *windows(f"09:00-12:30 {ACME_CODE}")))
    assert told(found) == ["09:00-12:30 acme DEV-123"]


def test_commits_name_the_issue_and_the_words() -> None:
    day = windows(f"09:00-10:00 {ACME_CODE}")
    with_key = suggest(inputs(*day, commit("09:50", "acme", "DEV-131: add a limit")))
    assert told(with_key) == ["09:00-10:00 acme DEV-131"]
    [plain] = suggest(inputs(*day, commit("09:50", "acme", "Tidy up the build")))
    assert (plain.issue, plain.description) == (None, "Tidy up the build")
    assert plain.evidence.commits == 1


def test_another_groups_words_are_never_used() -> None:
    clues = [
        *windows(f"09:00-10:00 {ACME_CODE}", f"10:00-11:00 {GLOBEX_CODE}"),
        commit("09:59", "globex", "Secret of globex"),
        commit("10:30", "globex", "Reset password"),
    ]
    for suggestion in suggest(inputs(*clues)):
        words = (suggestion.description, *(reason.text for reason in suggestion.reasons))
        others = {"acme": "globex", "globex": "acme"}[suggestion.group or ""]
        assert not any(others in text.casefold() for text in words)
        assert suggestion.issue is None or suggestion.issue.group == suggestion.group


def test_a_commit_that_speaks_of_another_group_is_not_quoted() -> None:
    clues = [
        *windows(f"09:00-10:00 {ACME_CODE}"),
        commit("09:30", "acme", "Do it as Globex does"),
        commit("09:40", "acme", "Tidy up the build"),
    ]
    [found] = suggest(inputs(*clues))
    assert (found.description, found.evidence.commits) == ("Tidy up the build", 2)
    [alone] = suggest(inputs(*clues[:-1]))
    assert alone.description == ""


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("acme weekly | Microsoft Teams", "Call"),
        ("Rate limits by ann · Pull Request !7 · acme/web - Google Chrome", "Code review"),
        (ACME_CODE, ""),
    ],
)
def test_what_names_no_work_is_described_in_neutral_words_or_none(title: str, words: str) -> None:
    """Never in the group's name: `acme › Development / acme` tells nothing."""
    [found] = suggest(inputs(*windows(f"09:00-10:00 {title}")))
    assert (found.group, found.description) == ("acme", words)


# -- Without a screen --------------------------------------------------------------------------


def test_a_commit_speaks_for_what_led_to_it_and_not_for_the_whole_morning() -> None:
    morning = windows(f"09:00-12:00 {ACME_CODE}")  # one window, which keeps its title
    found = suggest(inputs(*morning, commit("12:02", "globex"), min_minutes=0))
    assert (found[0].group, found[0].span) == ("acme", Span(at("09:00"), at("12:00")))


def test_thyme_in_the_morning_and_clues_right_after_are_one_piece_of_work() -> None:
    morning = windows(f"09:00-12:00 {ACME_CODE}")
    [found] = suggest(inputs(*morning, commit("12:10", "acme")))
    assert found.span.start == at("09:00")
    assert at("12:10") < found.span.end < at("12:25")
    [found] = suggest(inputs(*morning, commit("08:45", "acme"), checkout("08:50", "acme", "main")))
    assert at("08:00") < found.span.start < at("08:45")
    assert found.span.end == at("12:00")


def test_a_commit_that_was_amended_is_one_commit_at_several_times() -> None:
    made = commit("09:30", "acme", "Tidy up the build")
    amended = [replace(made, at=at(clock)) for clock in ("09:30", "09:50", "10:10")]
    [found] = suggest(inputs(*windows(f"09:00-10:10 {ACME_CODE}"), *amended))
    assert (found.description, found.evidence.commits) == ("Tidy up the build", 1)
    assert "1 commit in acme-api" in [reason.text for reason in found.reasons]


def test_amending_all_day_is_work_all_day_without_a_screen() -> None:
    made = commit("09:10", "acme", "Order form")
    clocks = [f"{hour}:10" for hour in ("09", "10", "11", "12", "13", "14", "15")]
    found = suggest(inputs(*(replace(made, at=at(clock)) for clock in clocks)))
    assert max(suggestion.span.end for suggestion in found) >= at("15:10")
    assert sum(suggestion.span.minutes for suggestion in found) > 180
    assert all(suggestion.evidence.commits <= 1 for suggestion in found)


def test_commits_alone_give_honest_spans() -> None:
    clues = [commit(clock, "acme") for clock in ("10:00", "10:40", "11:20")]
    [found] = suggest(inputs(*clues))
    assert found.group == "acme"
    assert at("09:20") <= found.span.start <= at("09:50")
    assert at("11:20") <= found.span.end <= at("11:40")
    assert 0.3 < found.confidence < 0.9
    assert found.evidence.window_minutes == 0
    assert found.evidence.commits == 3


def test_one_commit_is_work_that_led_to_it() -> None:
    [found] = suggest(inputs(commit("10:00", "acme")))
    assert at("09:30") <= found.span.start <= at("09:50")
    assert at("10:00") <= found.span.end <= at("10:15")


@pytest.mark.parametrize(
    ("clocks", "count"),
    [
        (("09:00", "09:30", "10:00", "11:05", "11:45"), 1),  # nobody eats so early
        (("10:00", "10:30", "11:00", "12:05", "12:45"), 2),
        (("10:00", "10:30", "11:10", "11:40", "12:10"), 1),  # not long enough for lunch
    ],
)
def test_a_gap_around_noon_is_lunch(clocks: tuple[str, ...], count: int) -> None:
    found = suggest(inputs(*(commit(clock, "acme") for clock in clocks)))
    assert len(found) == count


def test_a_long_silence_between_commits_is_no_work() -> None:
    clues = [commit(clock, "acme") for clock in ("09:00", "09:30", "16:00", "16:30")]
    morning, afternoon = suggest(inputs(*clues))
    assert morning.span.end < at("10:30")
    assert afternoon.span.start > at("15:00")


def test_two_groups_share_the_time_between_their_commits() -> None:
    clues: list[Clue] = [
        commit("09:30", "acme"),
        commit("10:00", "acme"),
        checkout("10:20", "globex", "12-reset-password"),
        commit("11:00", "globex", branch="12-reset-password"),
    ]
    found = suggest(inputs(*clues))
    assert [suggestion.group for suggestion in found] == ["acme", "globex"]
    assert at("10:00") <= found[0].span.end <= at("10:20")
    assert found[1].issue is not None
    assert found[1].issue.key == "#12"


def test_commits_for_two_groups_at_one_moment_are_work_all_the_same() -> None:
    both = [commit("10:00", "acme"), commit("10:00", "globex")]
    [found] = suggest(inputs(*both))
    assert 20 <= found.span.minutes <= 40
    assert found.group is None  # a guess is wrong in half of the cases
    assert {one.group for one in found.candidates} == {"acme", "globex"}
    assert all(0.3 < one.confidence < 0.5 for one in found.candidates)


def test_messages_alone() -> None:
    clues = [message(clock, "on it", "acme-dev") for clock in ("10:00", "10:10", "10:20")]
    [found] = suggest(inputs(*clues))
    assert (found.group, found.evidence.messages) == ("acme", 3)
    assert found.span.minutes < 80


def test_before_the_computer_was_on_nobody_was_there() -> None:
    clues = [*windows(f"09:00-10:00 {ACME_CODE}"), commit("09:05", "acme")]
    assert told(suggest(inputs(*clues))) == ["09:00-10:00 acme"]


def test_work_on_another_machine_during_a_suspend() -> None:
    clues = [
        *windows(f"09:00-10:00 {ACME_CODE}", f"14:00-15:00 {ACME_CODE}"),
        *(commit(clock, "globex") for clock in ("11:30", "12:00", "12:30")),
    ]
    found = suggest(inputs(*clues))
    assert [suggestion.group for suggestion in found] == ["acme", "globex", "acme"]
    assert Span(at("11:30"), at("12:30")).intersection(found[1].span) is not None


# -- Around what is tracked, and around the clock ----------------------------------------------


@pytest.mark.parametrize(
    ("tracked", "expected"),
    [
        (["09:20-10:00"], ["09:00-09:20 acme", "10:00-11:00 acme"]),
        (["08:00-12:00"], []),
        (["09:03-10:58"], []),  # what is left is too short
        (["09:00-10:00", "09:30-10:30"], ["10:30-11:00 acme"]),
        (["10:00-"], ["09:00-10:00 acme"]),  # it is still running
        (["09:00-09:00"], ["09:00-11:00 acme"]),  # of no length
    ],
)
def test_tracked_time_is_left_out(tracked: list[str], expected: list[str]) -> None:
    entries = tuple(entry(line, number) for number, line in enumerate(tracked))
    clues = windows(f"09:00-11:00 {ACME_CODE}")
    assert told(suggest(inputs(*clues, tracked=entries, now=at("11:30")))) == expected


@pytest.mark.parametrize(
    ("lines", "minutes", "expected"),
    [
        ([f"09:02-10:03 {ACME_CODE}"], 5, ["09:05-10:05 acme"]),  # 61 minutes
        ([f"09:02-10:03 {ACME_CODE}"], 15, ["09:00-10:00 acme"]),
        ([f"09:02-10:03 {ACME_CODE}"], 0, ["09:02-10:03 acme"]),
        (  # what touches still does
            [f"09:02-10:03 {ACME_CODE}", f"10:03-11:00 {GLOBEX_CODE}"],
            5,
            ["09:05-10:05 acme", "10:05-11:00 globex"],
        ),
        ([f"09:08-09:20 {ACME_CODE}"], 30, ["09:00-09:30 acme"]),  # not rounded away
    ],
)
def test_rounding(lines: list[str], minutes: int, expected: list[str]) -> None:
    found = suggest(inputs(*windows(*lines), round_minutes=minutes))
    assert told(found) == expected


@pytest.mark.parametrize(
    ("tracked", "count"),
    [
        ([], 1),
        (["09:31-10:04"], 0),  # ten minutes after the commit are nothing that anybody did
        (["09:50-10:00"], 0),
        (["10:00-10:30"], 1),
        (["09:00-09:50"], 1),
    ],
)
def test_what_is_tracked_around_a_clue_is_all_of_it(tracked: list[str], count: int) -> None:
    entries = tuple(entry(times) for times in tracked)
    assert len(suggest(inputs(commit("10:00", "acme"), tracked=entries))) == count


def test_what_lies_between_two_tracked_clues_is_still_suggested() -> None:
    entries = (entry("09:31-10:04"), entry("11:00-11:31", 2))
    found = suggest(inputs(commit("10:00", "acme"), commit("11:30", "acme"), tracked=entries))
    assert told(found) == ["10:04-11:00 ?"]
    assert [one.group for one in found[0].candidates] == ["acme"]


def test_rounding_never_runs_into_what_is_tracked() -> None:
    clues = windows(f"09:00-11:00 {ACME_CODE}")
    tracked = (entry("09:31-09:58", 1), entry("10:29-10:30", 2))
    found = suggest(inputs(*clues, tracked=tracked, round_minutes=15))
    assert told(found) == ["09:00-09:31 acme", "09:58-10:29 acme", "10:30-11:00 acme"]


def test_the_day_is_not_over() -> None:
    clues = windows(f"09:00-11:00 {ACME_CODE}")
    [found] = suggest(inputs(*clues, now=at("10:02"), round_minutes=15))
    assert found.span == Span(at("09:00"), at("10:00"))
    [found] = suggest(inputs(*clues, now=at("10:08"), round_minutes=15))
    assert found.span == Span(at("09:00"), at("10:08"))


def test_work_past_midnight_belongs_to_the_evening() -> None:
    clues = windows(f"22:00-24:00 {ACME_CODE}", f"24:00-25:30 {ACME_CODE}")
    [found] = suggest(inputs(*clues))
    assert found.span == Span(at("22:00"), at("25:30"))
    early = windows(f"03:30-04:30 {ACME_CODE}")
    [found] = suggest(inputs(*early))
    assert found.span == Span(at("04:00"), at("04:30"))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 10, 24), 25), (date(2026, 3, 28), 23)])
def test_a_night_in_which_clocks_change(day: date, hours: int) -> None:
    night = WorkDay(day, HELSINKI)
    assert night.span.length == timedelta(hours=hours)
    clues = windows(f"23:00-29:00 {ACME_CODE}", day=night)
    [found] = suggest(inputs(*clues, day=night))
    assert found.span.end == min(at("29:00", night), night.span.end)


def test_a_zone_far_away() -> None:
    day = WorkDay(date(2026, 11, 20), ZoneInfo("Pacific/Auckland"), time(4))
    found = suggest(inputs(*windows(f"09:00-10:00 {ACME_CODE}", day=day), day=day))
    assert told(found, day) == ["09:00-10:00 acme"]


# -- Why ---------------------------------------------------------------------------------------


def test_reasons_are_names_and_counts() -> None:
    clues = [
        *windows(f"09:00-09:42 {ACME_CODE}", "09:42-10:00 Secret plans of Mika"),
        commit("09:20", "acme"),
        commit("09:40", "acme"),
        message("09:50", "on it", "acme-dev"),
        checkout("09:05", "acme", "DEV-123-fix-login"),
    ]
    [found] = suggest(inputs(*clues))
    texts = [reason.text for reason in found.reasons]
    assert texts[0] == "repository acme-api in window titles, 42 min"
    assert "2 commits in acme-api" in texts
    assert "1 message in #acme-dev" in texts
    assert "branch DEV-123-fix-login checked out" in texts
    assert not any("Secret" in text or "auth.py" in text for text in texts)
    weights = [reason.weight for reason in found.reasons]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1, abs=0.01)
    assert (found.evidence.commits, found.evidence.messages) == (2, 1)
    assert found.evidence.window_minutes == 60


def test_what_would_have_been_without_the_reasons() -> None:
    alone, *_ = suggest(inputs(*windows(f"09:00-10:00 {ACME_CODE}")))
    assert alone.alternative == "nothing known"
    lines = [f"09:00-10:00 {ACME_CODE}", f"10:00-10:15 {GLOBEX_CODE}", f"10:15-11:00 {ACME_CODE}"]
    _, middle, _ = suggest(inputs(*windows(*lines)))
    assert (middle.group, middle.alternative) == ("globex", "acme")
    issues = ["09:00-09:40 [DEV-123] Fix login - Jira", "09:40-10:00 [DEV-131] Rate limit - Jira"]
    first, second = suggest(inputs(*windows(*issues)))
    assert (first.alternative, second.alternative) == (
        "acme",
        "acme",
    )  # its other issue is beside it


def alternatives(names: tuple[str, str, str], *clues: Clue) -> list[str]:
    """Each row's alternative, by the number of its group's keyword: one, two or three."""
    words = zip(names, ("one", "two", "three"), strict=True)
    groups = tuple(group(name, (HintKind.KEYWORD, word)) for name, word in words)
    rows = suggest(inputs(*clues, groups=groups, issues=()))
    numbers = dict(zip(names, "123", strict=True))
    return [numbers.get(row.alternative or "", row.alternative or "") for row in rows]


@pytest.mark.parametrize(
    ("clues", "expected"),
    [
        ([message("09:00", "one two three"), message("09:20", "two two one three"),
          message("09:40", "two")], ["nothing known"]),
        ([*windows("09:00-09:20 one - Figma"), message("09:10", "three two")], ["3"]),
        (windows("09:00-10:00 one - LibreOffice Calc", "10:00-11:00 two - LibreOffice Calc",
                 "11:00-12:00 three - LibreOffice Calc"), ["2", "3", "2"]),
    ],
)  # fmt: skip
def test_what_would_have_been_does_not_go_by_the_alphabet(
    clues: list[Clue], expected: list[str]
) -> None:
    for names in (("alpha", "mid", "omega"), ("omega", "mid", "alpha"), ("mid", "alpha", "omega")):
        assert alternatives(names, *clues) == expected


def test_the_best_split_lies_where_something_else_fits_best() -> None:
    lines = [f"09:00-09:40 {ACME_CODE}", "09:40-09:49 Slack | general | Globex"]
    [found] = suggest(inputs(*windows(*lines)))
    assert found.best_split == at("09:40")
    [plain] = suggest(inputs(*windows(f"09:00-10:00 {ACME_CODE}")))
    assert plain.best_split is None


def test_confidence_tells_a_clear_day_from_a_thin_one() -> None:
    [clear] = suggest(inputs(*windows(f"09:00-10:00 {ACME_CODE}")))
    assert clear.confidence > 0.97
    thin = [f"09:00-09:01 {ACME_CODE}", f"09:01-10:00 {SHELL}", f"10:00-10:05 {GLOBEX_CODE}"]
    first, *_ = suggest(inputs(*windows(*thin)))
    assert first.confidence < 0.9


# -- A recorded day ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded() -> tuple[Suggestion, ...]:
    samples = parse_file(recording("thyme/2026-11-20.json"), FRIDAY.span).samples
    groups = tuple(
        Group(name, (Hint(name, HintKind.KEYWORD, name),)) for name in ("acme", "globex")
    )
    return suggest(inputs(*samples, groups=groups, issues=()))


def _truth() -> list[dict[str, str]]:
    lines = recording("thyme/2026-11-20.truth.jsonl").decode().splitlines()
    return [json.loads(line) for line in lines]


def _said(suggestions: tuple[Suggestion, ...], slot: dict[str, str]) -> str | None:
    moment = datetime.fromisoformat(slot["start"])
    return next((suggestion.group for suggestion in suggestions if moment in suggestion.span), None)


def test_the_recorded_day_has_the_right_groups(recorded: tuple[Suggestion, ...]) -> None:
    work = [slot for slot in _truth() if slot["project"]]
    right = sum(_said(recorded, slot) == slot["project"] for slot in work)
    assert right / len(work) > 0.99


def test_the_recorded_day_has_nothing_while_nobody_was_there(
    recorded: tuple[Suggestion, ...],
) -> None:
    away = [slot for slot in _truth() if slot["mode"] == "idle"]
    assert len(away) > 180
    assert sum(_said(recorded, slot) is not None for slot in away) <= 1
    suspend = Span(at("15:41"), at("15:51"))
    assert not any(suggestion.span.overlaps(suspend) for suggestion in recorded)


def test_a_group_whose_name_is_that_of_the_chat_program() -> None:
    slack = group("slack", (HintKind.REPOSITORY, "slack-bot"))
    clues = windows(f"09:00-09:30 {ACME_CODE}", "09:30-09:40 general (Channel) - Acme - Slack")
    assert told(suggest(inputs(*clues, groups=(ACME, slack)))) == ["09:00-09:40 acme"]


def test_a_programs_commits_keep_nobody_at_a_screen_that_stands_still() -> None:
    screen = windows(f"09:00-12:00 {ACME_CODE}", f"12:00-13:00 = {ACME_CODE}", "13:00-14:00 mail")
    subject = "vault backup: 2026-11-20"
    made = [commit(f"12:{minute}", "acme", subject) for minute in range(10, 60, 10)]
    mine = told(suggest(inputs(*screen, *made)))
    assert mine[0].startswith("09:00-14:00 acme")
    programs = [replace(commit, by_program=True) for commit in made]
    assert told(suggest(inputs(*screen, *programs)))[0].startswith("09:00-12:00 acme")


def test_a_programs_commit_tells_whom_work_is_for() -> None:
    screen = windows("09:00-10:00 mail")
    made = replace(commit("09:50", "acme"), by_program=True)
    assert told(suggest(inputs(*screen, made))) == ["09:00-10:00 acme"]


def test_the_titles_of_time_without_a_group_are_known_with_their_minutes() -> None:
    screen = windows("09:00-10:00 Letter to the tax office", "10:00-10:20 Holiday pictures")
    screen += windows(f"12:00-13:00 {ACME_CODE}", "13:00-13:05 Holiday pictures")
    titles = unexplained_titles(inputs(*screen))
    assert {title: round(minutes) for title, minutes in titles.items()} == {
        "Letter to the tax office": 60,
        "Holiday pictures": 20,
    }


def test_titles_of_tracked_private_and_explained_time_are_not_unexplained() -> None:
    screen = windows("09:00-10:00 Letter to the tax office", f"12:00-13:00 {ACME_CODE}")
    tracked = (entry("09:00-09:45"),)
    [(title, minutes)] = unexplained_titles(inputs(*screen, tracked=tracked)).items()
    assert (title, round(minutes)) == ("Letter to the tax office", 15)
    assert unexplained_titles(inputs(*screen, ignore=("tax office",))) == {}


def test_who_switches_on_and_begins_was_not_at_work_before() -> None:
    """A recorder that starts with the machine sees nothing of the moments before it."""
    begun = message("08:59", "on it", "acme-dev")
    for clue in (begun, checkout("08:59", "acme", "DEV-123-fix-login")):
        [row] = suggest(inputs(clue, *windows(f"09:00-10:00 {ACME_CODE}")))
        assert row.span.start >= at("08:55")
    [elsewhere] = suggest(inputs(commit("08:59", "acme"), *windows(f"09:00-10:00 {ACME_CODE}")))
    assert elsewhere.span.start < at("08:50")  # what a commit ends was done before it
