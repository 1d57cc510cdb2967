"""Meetings in the calendar: plans that were kept, in a call or away from the screen, and others."""

from __future__ import annotations

import pytest

from tests.clues import (
    ACME,
    ACME_CODE,
    GLOBEX_CODE,
    MEETING,
    commit,
    group,
    inputs,
    meeting,
    message,
    told,
    windows,
)
from tests.notation import at
from tracklater_bot.domain.clues import Clue
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine import suggest

NOTES = "Untitled - Notes"
BEFORE, AFTER = f"09:00-10:00 {ACME_CODE}", f"11:00-12:00 {ACME_CODE}"
STILL = f"10:00-11:00 = {ACME_CODE}"  # the machine is on, and nobody in front of it
GLOBEX_REVIEW = meeting("10:00-11:00", "Globex review")


def found(*clues: Clue, **options: object) -> list[str]:
    return told(suggest(inputs(*clues, **options)))  # type: ignore[arg-type]


def only(suggestions: tuple[Suggestion, ...], group: str) -> Suggestion:
    (one,) = [suggestion for suggestion in suggestions if suggestion.group == group]
    return one


# -- Away from the screen ------------------------------------------------------------------------


@pytest.mark.parametrize("machine", [(STILL,), ()], ids=["machine on", "machine asleep"])
def test_a_meeting_explains_an_absence(machine: tuple[str, ...]) -> None:
    clues = (*windows(BEFORE, *machine, AFTER), GLOBEX_REVIEW)
    assert found(*clues) == ["09:00-10:00 acme", "10:00-11:00 globex", "11:00-12:00 acme"]
    row = only(suggest(inputs(*clues)), "globex")
    assert row.description == "Globex review"
    assert (row.evidence.meetings, row.evidence.window_minutes) == (1, 0)
    assert [reason.text for reason in row.reasons] == ["keyword globex in 1 meeting"]
    assert row.confidence > 0.9


@pytest.mark.parametrize("minutes", [("20",), ("08", "20", "33", "47")])
def test_what_was_written_in_a_meeting_was_written_elsewhere(minutes: tuple[str, ...]) -> None:
    """On a phone: the screen stands still, as it was left."""
    written = [message(f"10:{minute}", "yes", "general") for minute in minutes]
    clues = (*windows(BEFORE, STILL, AFTER), *written)
    assert "10:00-11:00 globex" in found(*clues, GLOBEX_REVIEW)
    assert "10:00-11:00 globex" not in found(*clues, meeting("10:00-11:00", "Globex", sure=False))


def test_what_was_written_while_the_screen_changed_is_work() -> None:
    clues = (*windows(f"09:00-12:00 {ACME_CODE}"), message("10:20", "yes", "acme-dev"))
    assert found(*clues, GLOBEX_REVIEW) == ["09:00-12:00 acme"]


def test_what_was_written_before_leaving_is_about_what_was_done_then() -> None:
    """Unlike near a call that names nobody: the meeting tells whose it is."""
    said = [message(clock, "later", "acme-dev") for clock in ("09:56", "09:59", "10:01")]
    clues = (*windows(BEFORE, STILL, AFTER), *said)
    assert "10:00-11:00 globex" in found(*clues, GLOBEX_REVIEW)


def test_one_may_come_back_before_it_ends() -> None:
    back = (f"10:00-10:53 = {ACME_CODE}", f"10:53-12:00 {ACME_CODE}")
    clues = (*windows(BEFORE, *back), commit("10:54", "acme", "Fix login"))
    assert "10:00-10:53 globex" in found(*clues, GLOBEX_REVIEW)


def test_who_was_here_for_a_third_of_it_and_wrote_was_not_there() -> None:
    here = (f"10:00-10:20 {ACME_CODE}", f"10:20-11:00 = {ACME_CODE}")
    clues = (*windows(BEFORE, *here, AFTER), message("10:40", "yes", "general"))
    assert not any(row.endswith("globex") for row in found(*clues, GLOBEX_REVIEW))


def test_it_takes_its_own_time_of_a_longer_absence() -> None:
    clues = windows(f"09:00-09:30 {ACME_CODE}", f"12:00-12:30 {ACME_CODE}")
    meetings = [meeting("10:00-10:45", "Globex review")]
    assert found(*clues, *meetings) == [
        "09:00-09:30 acme",
        "10:00-10:45 globex",
        "12:00-12:30 acme",
    ]


def test_what_was_done_at_the_screen_before_it_is_no_part_of_it() -> None:
    clues = windows(f"09:00-10:20 {ACME_CODE}", AFTER)
    assert found(*clues, GLOBEX_REVIEW) == [
        "09:00-10:20 acme",
        "10:20-11:00 globex",
        "11:00-12:00 acme",
    ]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("11:20", ["09:00-10:00 acme", "10:00-11:20 globex", "11:20-12:30 acme"]),
        ("11:50", ["09:00-10:00 acme", "10:00-11:20 globex", "11:20-11:50 ?", "11:50-12:30 acme"]),
    ],
)
def test_a_call_that_takes_longer_than_was_planned(ends: str, expected: list[str]) -> None:
    """Half an hour more is the same call still; whose the rest is nobody knows."""
    call = windows(BEFORE, f"10:00-{ends} = {MEETING}", f"{ends}-12:30 {ACME_CODE}")
    assert found(*call, meeting("10:00-10:50", "Globex review")) == expected


def test_one_after_the_other() -> None:
    meetings = (GLOBEX_REVIEW, meeting("11:00-12:00", "Acme weekly"))
    clues = windows(BEFORE, f"12:00-13:00 {ACME_CODE}")
    assert found(*clues, *meetings)[:2] == ["09:00-10:00 acme", "10:00-11:00 globex"]
    assert found(*clues, *meetings)[2:] == ["11:00-12:00 acme", "12:00-13:00 acme"]


def test_the_guests_tell_whose_it_is_where_the_title_does_not() -> None:
    clues = windows(BEFORE, AFTER)
    assert "10:00-11:00 globex" in found(*clues, meeting("10:00-11:00", "Review", "globex.com"))
    both = meeting("10:00-11:00", "Globex review", "acme.com")
    assert "10:00-11:00 globex" in found(*clues, both)


@pytest.mark.parametrize("domain", ["aakkoset.fi", "ääkköset.fi", "posti.aakkoset.fi"])
def test_guests_write_their_domain_without_accents(domain: str) -> None:
    groups = (ACME, group("ääkköset"))
    clues = (*windows(BEFORE, AFTER), meeting("10:00-11:00", "Review", domain))
    assert "10:00-11:00 ääkköset" in told(suggest(inputs(*clues, groups=groups)))


def test_the_issue_in_its_title_is_its_issue() -> None:
    clues = windows(f"09:00-10:00 {GLOBEX_CODE}", f"11:00-12:00 {GLOBEX_CODE}")
    rows = found(*clues, meeting("10:00-11:00", "DEV-131 refinement"))
    assert rows == ["09:00-10:00 globex", "10:00-11:00 acme DEV-131", "11:00-12:00 globex"]


def test_it_is_told_apart_from_work_for_the_same_group() -> None:
    for during in ((), (f"10:00-11:00 = {MEETING}",), (f"10:00-11:00 = Acme | {MEETING}",)):
        clues = (*windows(BEFORE, *during, AFTER), meeting("10:00-11:00", "Acme weekly"))
        assert found(*clues) == ["09:00-10:00 acme", "10:00-11:00 acme", "11:00-12:00 acme"]
        rows = suggest(inputs(*clues))
        assert [row.description for row in rows] == ["", "Acme weekly", ""]
        assert [row.evidence.meetings for row in rows] == [0, 1, 0]


@pytest.mark.parametrize(
    "unknown",
    [
        (meeting("10:00-11:00", "Weekly"),),
        (meeting("10:00-11:00", "Busy"),),
        (meeting("10:00-11:00", "Acme and Globex"),),
        (meeting("10:00-11:00", "Review", "acme.com", "globex.com"),),
        (meeting("10:00-11:00", "Acme weekly"), GLOBEX_REVIEW),
    ],
    ids=["no words", "hidden words", "two groups", "guests of two", "two at once"],
)
def test_whose_it_is_is_asked_and_never_guessed(unknown: tuple[Clue, ...]) -> None:
    assert found(*windows(BEFORE, AFTER), *unknown) == [
        "09:00-10:00 acme",
        "10:00-11:00 ?",
        "11:00-12:00 acme",
    ]


def test_of_two_at_once_the_accepted_one_holds() -> None:
    maybe = meeting("10:00-11:00", "Acme weekly", sure=False)
    assert "10:00-11:00 globex" in found(*windows(BEFORE, AFTER), maybe, GLOBEX_REVIEW)


@pytest.mark.parametrize(
    "plan",
    [
        meeting("10:00-11:00", ""),  # private
        meeting("10:00-11:00", "Globex review", sure=False),  # and nothing tells of it
        meeting("10:00-11:00", "Dentist near Globex"),  # a word of suggest.ignore
        meeting("15:00-16:00", "Globex review"),  # hours after everybody left
        meeting("12:30-13:30", "Globex review"),  # nobody came back either
        meeting("04:00-23:00", "Globex fair"),  # no meeting is so long
    ],
)
def test_what_gives_nothing(plan: Clue) -> None:
    suggestions = found(*windows(BEFORE, AFTER), plan, ignore=("dentist",))
    assert suggestions == ["09:00-10:00 acme", "11:00-12:00 acme"]


def test_a_machine_that_is_off_all_day_tells_of_no_meeting() -> None:
    assert found(GLOBEX_REVIEW) == []
    assert found(*windows(f"10:00-11:00 = {ACME_CODE}"), meeting("14:00-15:00", "Globex")) == [
        *found(*windows(f"10:00-11:00 = {ACME_CODE}"))
    ]


@pytest.mark.parametrize("times", ["08:00-08:50", "12:15-13:00", "13:10-14:00"])
def test_a_meeting_near_the_ends_of_work(times: str) -> None:
    clues = windows(BEFORE, f"11:00-12:00 {ACME_CODE}", f"14:50-15:30 {ACME_CODE}")
    assert f"{times} globex" in found(*clues, meeting(times, "Globex review"))


def test_messages_during_a_meeting_do_not_interrupt_it() -> None:
    clues = (*windows(BEFORE, STILL, AFTER), GLOBEX_REVIEW, message("10:30", "on my way"))
    assert found(*clues) == ["09:00-10:00 acme", "10:00-11:00 globex", "11:00-12:00 acme"]


def test_work_on_another_machine_is_no_meeting() -> None:
    clues = (*windows(BEFORE, AFTER), GLOBEX_REVIEW, commit("10:30", "acme"))
    assert not [row for row in found(*clues) if "globex" in row]


def test_a_meeting_that_lasts_still_ends_now() -> None:
    clues = (*windows(BEFORE), GLOBEX_REVIEW)
    assert found(*clues, now=at("10:30")) == ["09:00-10:00 acme", "10:00-10:30 globex"]


def test_a_meeting_without_any_recorder() -> None:
    clues = (commit("09:30", "acme"), commit("09:55", "acme"), GLOBEX_REVIEW)
    assert "10:00-11:00 globex" in found(*clues)


# -- While something else was done ---------------------------------------------------------------


@pytest.mark.parametrize("line", [ACME_CODE, "YouTube", NOTES])
def test_a_meeting_that_was_skipped_is_nobodys(line: str) -> None:
    clues = windows(BEFORE, f"10:00-11:00 {line}", AFTER)
    assert found(*clues, GLOBEX_REVIEW) == found(*clues)


def test_it_is_a_skipped_one_even_where_nothing_else_is_known() -> None:
    clues = windows(f"09:00-12:00 {NOTES}")
    assert found(*clues, GLOBEX_REVIEW) == found(*clues)


# -- Calls ---------------------------------------------------------------------------------------


def test_it_names_a_nameless_call() -> None:
    clues = (*windows(BEFORE, f"10:00-11:00 = {MEETING}", AFTER), GLOBEX_REVIEW)
    assert found(*clues) == ["09:00-10:00 acme", "10:00-11:00 globex", "11:00-12:00 acme"]
    row = only(suggest(inputs(*clues)), "globex")
    assert row.description == "Globex review"
    assert (row.evidence.meetings, row.evidence.window_minutes) == (1, 60)


@pytest.mark.parametrize("call", ["09:56-10:50", "10:04-11:10", "10:10-11:00"])
def test_a_call_begins_and_ends_when_it_does(call: str) -> None:
    start, end = call.split("-")
    lines = (f"09:00-{start} {ACME_CODE}", f"{call} = {MEETING}", f"{end}-12:00 {ACME_CODE}")
    rows = found(*windows(*lines), GLOBEX_REVIEW)
    assert rows == [f"09:00-{start} acme", f"{call} globex", f"{end}-12:00 acme"]


def test_two_meetings_in_one_open_call() -> None:
    clues = windows(f"09:00-10:00 {ACME_CODE}", f"10:00-12:00 = {MEETING}")
    meetings = (GLOBEX_REVIEW, meeting("11:00-12:00", "Acme weekly"))
    assert found(*clues, *meetings) == [
        "09:00-10:00 acme",
        "10:00-11:00 globex",
        "11:00-12:00 acme",
    ]


def test_what_a_calls_window_says_counts_more() -> None:
    call = f"10:00-11:00 = Acme weekly | {MEETING}"
    assert found(*windows(BEFORE, call, AFTER), GLOBEX_REVIEW) == ["09:00-12:00 acme"]


def test_a_title_that_names_others_too_is_in_nobodys_description() -> None:
    call = f"10:00-11:00 = Acme weekly | {MEETING}"
    for title in ("Acme and Globex", "Globex review"):
        clues = (*windows(BEFORE, call, AFTER), meeting("10:00-11:00", title))
        assert "Globex" not in str([row.description for row in suggest(inputs(*clues))])
    clues = (*windows(call), meeting("10:00-11:00", "Weekly"))
    assert [row.description for row in suggest(inputs(*clues))] == ["Weekly"]


def test_a_meeting_that_was_not_sure_is_where_its_call_was() -> None:
    maybe = meeting("10:00-11:00", "Globex review", sure=False)
    clues = windows(BEFORE, f"10:00-11:00 = {MEETING}", AFTER)
    assert "10:00-11:00 globex" in found(*clues, maybe)


def test_another_call_is_not_the_meeting() -> None:
    lines = (f"09:00-09:30 = {MEETING}", f"09:30-12:00 {ACME_CODE}")
    assert found(*windows(*lines), GLOBEX_REVIEW) == found(*windows(*lines))


def test_other_windows_during_a_call_do_not_end_it() -> None:
    lines = (
        f"10:00-10:20 = {MEETING}",
        f"10:20-10:25 {NOTES}",
        f"10:25-11:00 = {MEETING}",
        f"11:00-12:00 {GLOBEX_CODE}",
    )
    acme = meeting("10:00-11:00", "Acme weekly")
    assert found(*windows(*lines), acme) == ["10:00-11:00 acme", "11:00-12:00 globex"]
