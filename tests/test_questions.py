"""Time without a group: what is asked, how often, and what is one line of text."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from tests.clues import (
    ACME_CODE,
    GLOBEX_CODE,
    MEETING,
    SHELL,
    commit,
    group,
    inputs,
    told,
    windows,
)
from tests.digests import digest, entry, item, strings, suggestion
from tests.notation import FRIDAY, at, span
from tracklater_bot.blocks.digest import digest_message, digest_text
from tracklater_bot.cli.terminal import print_draft
from tracklater_bot.domain.draft import Draft, Gap
from tracklater_bot.domain.hints import HintKind
from tracklater_bot.domain.suggestions import Candidate, Suggestion
from tracklater_bot.engine import answer, suggest

CALLS = [f"{hour:02d}:00-{hour:02d}:30 {ACME_CODE}" for hour in range(9, 17)]
CALLS += [f"{hour:02d}:30-{hour + 1:02d}:00 = {MEETING}" for hour in range(9, 17)]


def asked(suggestions: tuple[Suggestion, ...]) -> list[str]:
    return [line for line in told(suggestions) if line.endswith("?")]


def test_a_group_that_is_no_likelier_than_another_is_not_named() -> None:
    both = [commit("10:00", "acme"), commit("10:00", "globex")]
    [found] = suggest(inputs(*both))
    assert (found.group, found.project, found.issue) == (None, None, None)
    assert {one.group for one in found.candidates} == {"acme", "globex"}
    ordered = [one.confidence for one in found.candidates]
    assert ordered == sorted(ordered, reverse=True)


def test_no_row_with_a_group_is_a_guess() -> None:
    """The best path has one of them for the whole time, and is hardly surer than of the other."""
    thin = [f"09:00-09:02 {ACME_CODE}", f"09:02-09:40 {SHELL}", f"09:40-09:43 {GLOBEX_CODE}"]
    [found] = suggest(inputs(*windows(*thin)))
    assert told((found,)) == ["09:00-09:43 ?"]
    assert {one.group for one in found.candidates} == {"acme", "globex"}
    assert all(one.confidence < 0.6 for one in found.candidates)


def test_two_rows_a_day_ask_at_most() -> None:
    """Eight calls that nothing tells whose they were: the person is asked about two."""
    found = answer(inputs(*windows(*CALLS)))
    assert len(asked(found.suggestions)) == 2
    silent = [gap for gap in found.gaps if gap.why == "nobody"]
    assert sum(gap.span.minutes for gap in silent) == pytest.approx(6 * 30, abs=5)


def test_those_that_settle_most_minutes_are_asked() -> None:
    lines = [
        *(f"09:00-09:40 {ACME_CODE}", f"09:40-09:55 = {MEETING}", f"09:55-11:00 {ACME_CODE}"),
        *(f"11:00-11:50 = {MEETING}", f"11:50-13:00 {ACME_CODE}"),
        *(f"13:00-13:30 = {MEETING}", f"13:30-15:00 {ACME_CODE}"),
    ]
    assert asked(suggest(inputs(*windows(*lines)))) == ["11:00-11:50 ?", "13:00-13:30 ?"]


@pytest.mark.parametrize(
    "lines",
    [
        ["10:00-14:30 Untitled - Paint"],
        ["10:00-10:40 Watch Dark | Netflix - Google Chrome"],
    ],
)
def test_time_for_none_of_the_groups_is_no_question(lines: list[str]) -> None:
    found = answer(inputs(*windows(f"09:00-10:00 {ACME_CODE}", *lines)))
    assert told(found.suggestions) == ["09:00-10:00 acme"]
    assert [gap.why for gap in found.gaps] == ["nobody"]


# -- In words ------------------------------------------------------------------------------------

LIKELY = (Candidate("acme", 0.453), Candidate("glo<b>ex", 0.3))


def printed(made: Draft, width: int = 120) -> str:
    out = io.StringIO()
    print_draft(made, at("18:00"), Console(file=out, width=width, highlight=False))
    return out.getvalue()


def test_whose_it_may_be_is_said_in_few_words() -> None:
    row = suggestion("12:00-12:30 ?", candidates=LIKELY, description="Call")
    draft = Draft(FRIDAY.date, str(FRIDAY.zone), (row,))
    assert "Call, perhaps acme (45 %) or glo<b>ex (30 %)" in " ".join(printed(draft, 200).split())
    made = digest(replace(item("12:00-12:30 ?"), suggestion=row))
    text = "\n".join(strings(digest_message(made).blocks, "mrkdwn"))
    assert "Perhaps acme (45 %) or glo&lt;b&gt;ex (30 %)" in text
    assert "(perhaps acme (45 %)" in digest_text(made)


def test_the_issue_is_said_to_be_unsure_where_the_group_is_not() -> None:
    row = suggestion("09:00-10:00 group1 DEV-1", issue_confidence=0.72)
    draft = Draft(FRIDAY.date, str(FRIDAY.zone), (row,))
    assert "issue 72 %" in printed(draft)
    made = digest(replace(item("09:00-10:00 group1 DEV-1"), suggestion=row))
    assert "*Not sure of the issue*" in "\n".join(strings(digest_message(made).blocks, "mrkdwn"))
    sure = digest(item("09:00-10:00 group1 DEV-1", issue_confidence=0.9))
    assert "Not sure" not in "\n".join(strings(digest_message(sure).blocks, "mrkdwn"))


def test_time_that_no_row_tells_of_is_one_line() -> None:
    gaps = (
        Gap(span("10:00-10:50"), "nobody"),
        Gap(span("12:00-12:30"), "nobody"),
        Gap(span("14:05-14:50"), "still"),
        Gap(span("15:00-16:00"), "away"),
        Gap(span("16:00-16:30"), "private"),
    )
    row = suggestion("09:00-10:00 group1")
    lines = printed(Draft(FRIDAY.date, str(FRIDAY.zone), (row,), gaps=gaps)).splitlines()
    assert "1 h 20 min at the screen for none of your groups" in lines
    assert "In one unchanged window: 14:05–14:50" in lines
    made = digest("09:00-10:00 group1", gaps=gaps)
    text = "\n".join(strings(digest_message(made).blocks, "mrkdwn"))
    assert "1 h 20 min at the screen for none of your groups.\n" in text
    assert "In one unchanged window: 14:05–14:50" in text


def test_what_was_added_or_tracked_since_is_no_longer_said_to_be_nobodys() -> None:
    gaps = (Gap(span("10:00-11:00"), "nobody"), Gap(span("14:00-14:30"), "still"))
    made = digest("10:00-10:40 group1", gaps=gaps, tracked=(entry("14:00-14:30 group1"),))
    text = "\n".join(strings(digest_message(made).blocks, "mrkdwn"))
    assert "20 min at the screen for none of your groups" in text
    assert "unchanged" not in text
    whole = digest("10:00-11:00 group1", gaps=gaps)
    assert "at the screen" not in str(digest_message(whole).blocks)


def test_whose_it_may_be_does_not_go_by_the_alphabet() -> None:
    """Of those alike the one that came first in the day is named first."""
    lines = ("09:00-10:00 delta - Figma", "10:00-11:00 one and two - Google Docs")
    for first, second in (("alpha", "omega"), ("omega", "alpha")):
        groups = (group(first, (HintKind.KEYWORD, "one")), group(second, (HintKind.KEYWORD, "two")))
        *_, asked = suggest(inputs(*windows(*lines), groups=groups, issues=()))
        assert [candidate.group for candidate in asked.candidates] == [first, second]
