"""The issue of a row: it needs evidence of its own there, and tells how sure it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.clues import ACME_CODE, GLOBEX_CODE, checkout, commit, inputs, message, told, windows
from tracklater_bot.domain.clues import Clue, Window
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.suggestions import CERTAIN, Suggestion
from tracklater_bot.engine import suggest

LOGIN_PAGE = "[DEV-123] Fix login - Jira - Google Chrome"
RESET_PAGE = "#12 Reset password - mika-globex - Taiga - Google Chrome"
SHEET = "Budget draft - LibreOffice Calc"
MORNING = (f"09:00-09:10 {LOGIN_PAGE}", f"09:10-10:00 {ACME_CODE}")
BRANCH = checkout("03:00", "acme", "DEV-123-fix-login")


def last(*clues: Clue, rules: tuple[Rule, ...] = ()) -> Suggestion:
    return suggest(replace(inputs(*clues), rules=rules))[-1]


@pytest.mark.parametrize(
    "evidence",
    [
        windows(f"13:20-13:24 {LOGIN_PAGE}"),
        [commit("13:50", "acme", "DEV-123: keep the session")],
        [checkout("13:01", "acme", "DEV-123-fix-login")],
        [message("13:30", "DEV-123 is nearly done", "acme-dev")],
    ],
)
def test_what_names_the_issue_within_the_row_is_evidence(evidence: list[Clue]) -> None:
    code = [f"13:00-13:20 {ACME_CODE}", f"13:24-14:00 {ACME_CODE}"]
    if not isinstance(evidence[0], Window):
        code = [f"13:00-14:00 {ACME_CODE}"]
    found = last(*windows(*MORNING, *code), *evidence)
    assert found.issue is not None
    sure = found.issue_confidence or 0
    assert (found.issue.key, found.certain) == ("DEV-123", sure >= CERTAIN)
    assert sure > 0.6


def test_an_old_branch_alone_is_none_where_the_groups_windows_name_their_issues() -> None:
    """In the morning pages of the issue show; after lunch nothing does but its branch."""
    found = last(BRANCH, *windows(*MORNING, f"13:00-14:00 {ACME_CODE}"))
    assert (found.issue, found.certain) == (None, False)
    plain = commit("13:50", "acme", "Tidy up", branch="DEV-123-fix-login")
    found = last(BRANCH, plain, *windows(*MORNING, f"13:00-14:00 {ACME_CODE}"))
    assert (found.issue, found.certain) == (None, False)


def test_an_old_branch_is_a_guess_where_no_window_ever_names_an_issue() -> None:
    found = last(BRANCH, *windows(f"09:00-10:00 {ACME_CODE}"))
    assert found.issue is not None
    assert (found.issue.key, found.confidence >= CERTAIN, found.certain) == ("DEV-123", True, False)
    assert (found.issue_confidence or 0) < 0.5


def test_what_names_another_groups_issue_leaves_a_row_as_sure_as_it_was() -> None:
    said = message("09:30", "DEV-123 is nearly done", "acme-dev")
    found = last(*windows(f"09:00-10:00 {GLOBEX_CODE}"), said)
    assert (found.group, found.issue, found.certain) == ("globex", None, True)


def test_a_branch_is_checked_out_right_before_its_work_begins() -> None:
    begun = checkout("12:59", "acme", "DEV-123-fix-login")
    begun = replace(begun, at=begun.at + timedelta(seconds=30))
    found = last(
        *windows(*MORNING, f"12:00-13:00 {GLOBEX_CODE}", f"13:00-14:00 {ACME_CODE}"), begun
    )
    assert found.issue is not None
    assert found.issue.key == "DEV-123"


def test_an_old_branch_is_weak_against_a_title_that_names_another_issue() -> None:
    lines = (f"09:00-09:40 {GLOBEX_CODE}", f"09:40-09:45 {RESET_PAGE}")
    days = windows(*lines, f"09:45-10:30 {GLOBEX_CODE}")
    assert told(suggest(inputs(checkout("03:00", "globex", "77-ostoskori"), *days))) == [
        "09:00-10:30 globex #12"
    ]


def test_a_rule_that_names_the_group_alone_tells_nothing_of_the_last_issue() -> None:
    rules = (Rule(RuleKind.ALWAYS, "acme", "Budget"),)
    clues = [BRANCH, *windows(*MORNING, f"10:00-11:30 {SHEET}")]
    assert told(suggest(replace(inputs(*clues), rules=rules))) == [
        "09:00-10:00 acme DEV-123",
        "10:00-11:30 acme",
    ]
    assert last(BRANCH, *windows(f"10:00-11:30 {SHEET}"), rules=rules).issue is None


def test_a_group_without_issues_means_none_for_certain() -> None:
    [found] = suggest(inputs(*windows(f"09:00-10:00 {ACME_CODE}"), issues=()))
    assert (found.issue_confidence, found.certain) == (1.0, True)


def test_none_is_not_certain_where_the_row_names_an_issue_now_and_then() -> None:
    lines = [f"09:00-10:00 {ACME_CODE}", f"10:00-10:01 {LOGIN_PAGE}", f"10:01-12:00 {ACME_CODE}"]
    found = last(checkout("08:59", "acme", "main"), *windows(*lines))
    assert (found.group, found.certain) == ("acme", False)


def test_a_glance_at_another_issue_names_no_hours_of_work() -> None:
    """Neither the old branch nor the page that was open for a moment is what was worked on."""
    glance = "13:40-13:41 [DEV-131] Rate limit the token endpoint - Jira - Google Chrome"
    code = (f"13:00-13:40 {ACME_CODE}", glance, f"13:41-15:00 {ACME_CODE}")
    plain = commit("14:30", "acme", "Tidy up", branch="DEV-123-fix-login")
    found = last(BRANCH, plain, *windows(*MORNING, *code))
    assert (found.span.minutes, found.issue, found.certain) == (120, None, False)
