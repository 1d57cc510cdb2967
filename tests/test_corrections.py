"""What counts as a row that stands, and what as a correction, on one made-up morning.

The morning: DEV-1 for acme 9:00-10:00, a call of globex 10:00-10:30, nobody's time until 10:50,
DEV-2 for acme 10:50-11:30.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from benchmarks.corrections import Rows, rows_of, stands
from benchmarks.truth import TrueSpan
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Suggestion


def span(clock: str) -> Span:
    start, _, end = clock.partition("-")
    return Span(*(datetime.combine(DAY, time.fromisoformat(at), UTC) for at in (start, end)))


DAY = datetime(2026, 11, 20, tzinfo=UTC).date()
MORNING = [
    TrueSpan(span("09:00-10:00"), "acme", "DEV-1"),
    TrueSpan(span("10:00-10:30"), "globex", None, call=True),
    TrueSpan(span("10:50-11:30"), "acme", "DEV-2"),
]


def row(clock: str, group: str | None, key: str = "", confidence: float = 0.95) -> Suggestion:
    issue = Issue(key, "Rate limit", "", "jira", group or "") if key else None
    return Suggestion(span(clock), group, issue=issue, confidence=confidence)


@pytest.mark.parametrize(
    ("suggested", "right"),
    [
        (row("09:00-10:00", "acme", "DEV-1"), True),
        (row("09:00-10:09", "acme", "DEV-1"), True),
        (row("10:00-10:30", "globex"), True),
        (row("09:00-10:11", "acme", "DEV-1"), False),  # 11 minutes of globex
        (row("10:39-11:30", "acme", "DEV-2"), False),  # 11 minutes of a break
        (row("10:26-10:34", "globex"), False),  # half of it, not most
        (row("09:00-10:00", "globex"), False),
        (row("09:00-10:00", None), False),
        (row("09:00-10:00", "acme"), False),  # it had an issue
        (row("09:00-10:00", "acme", "DEV-2"), False),
        (row("10:00-10:30", "globex", "GLX-1"), False),  # it had none
    ],
)
def test_a_row_stands_or_has_to_be_corrected(suggested: Suggestion, right: bool) -> None:
    assert stands(suggested, MORNING) is right


def test_the_issue_of_a_row_is_the_one_most_of_it_was_spent_on() -> None:
    both = [
        TrueSpan(span("09:00-09:40"), "acme", "DEV-1"),
        TrueSpan(span("09:40-10:00"), "acme", "DEV-2"),
    ]
    assert stands(row("09:00-10:00", "acme", "DEV-1"), both)
    assert not stands(row("09:00-10:00", "acme", "DEV-2"), both)


def test_a_person_corrects_the_rows_that_do_not_stand_and_adds_what_is_missing() -> None:
    counted = rows_of(
        MORNING,
        [
            row("09:00-09:40", "acme", "DEV-1"),
            row("10:00-10:30", None, confidence=0.4),
            row("11:00-11:30", "acme", "DEV-1"),
        ],
    )
    assert (counted.rows, counted.standing) == (3, 1)
    assert counted.missed == 1  # 9:40-10:00; the ten minutes from 10:50 on are too few
    assert counted.corrections == (3,)
    assert (counted.asked, counted.asked_work) == (1, 1)


def test_a_stretch_of_work_for_two_groups_that_nobody_suggested_is_added_at_once() -> None:
    counted = rows_of(MORNING, [row("10:50-11:30", "acme", "DEV-2")])
    assert counted.missed == 1
    assert rows_of(MORNING, []).missed == 2


def test_a_question_about_nobodys_time_is_asked_in_vain() -> None:
    counted = rows_of(MORNING, [row("10:30-10:50", None), row("10:20-11:00", None)])
    assert (counted.asked, counted.asked_work) == (2, 0)


def test_certain_rows_are_counted_with_the_minutes_that_they_cover() -> None:
    counted = rows_of(
        MORNING,
        [
            row("09:00-10:00", "acme", "DEV-1", 0.9),
            row("10:00-10:30", "acme", "", 0.97),
            row("10:50-11:20", "acme", "DEV-2", 0.89),
            row("11:20-11:30", None, confidence=0.99),
        ],
    )
    assert counted.share_certain_standing == 0.5
    assert counted.share_certain == pytest.approx(90 / 120)


def test_half_an_hour_in_nobodys_time_counts_where_it_is_called_certain() -> None:
    lunch = [
        row("12:00-12:30", "acme", confidence=0.9),
        row("13:00-13:29", "acme", confidence=0.9),
        row("14:00-15:00", "acme", confidence=0.8),
        row("16:00-17:00", None, confidence=0.9),
    ]
    counted = rows_of(MORNING, lunch)
    assert counted.nobodys == 1
    assert counted.nobodys_in_1000 == 1000


def test_a_row_is_certain_only_with_its_issue() -> None:
    sure = row("09:00-10:00", "acme", "DEV-1", 0.9)
    counted = rows_of(MORNING, [sure])
    assert (counted.certain, counted.issue_sure, counted.issue_sure_right) == (1, 1, 1)
    for doubtful in (
        row("09:00-10:00", "acme", "DEV-1", 0.899),
        replace(sure, issue_confidence=0.899),
        replace(sure, issue=None, issue_confidence=0.899),
    ):
        assert rows_of(MORNING, [doubtful]).certain == 0
    other = replace(row("09:00-10:00", "acme", "DEV-2"), issue_confidence=0.9)
    assert rows_of(MORNING, [other]).share_issue_sure_right == 0


def test_days_are_summed_up() -> None:
    days = [Rows(corrections=(number,)) for number in (0, 0, 0, 1, 1, 2, 2, 3, 4, 9)]
    summed = sum(days, Rows())
    assert (summed.median, summed.ninetieth, summed.share_untouched) == (1.5, 4, 0.3)
