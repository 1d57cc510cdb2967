"""A draft on a terminal: complete at every width, and harmless whatever is in it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from tests.digests import TOGGL, entry, suggestion
from tests.hostile import HOSTILE
from tests.notation import FRIDAY, at
from tracklater_bot.cli.terminal import print_draft, print_lines, print_titles
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.suggestions import Evidence, Reason, SourceStatus
from tracklater_bot.domain.text import evidence_words, listing


def draft(*texts: str, **more: object) -> Draft:
    found = tuple(suggestion(text) for text in texts)
    return Draft(FRIDAY.date, str(FRIDAY.zone), found, **more)  # type: ignore[arg-type]


def printed(made: Draft, width: int, *, why: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False)
    print_draft(made, at("18:00"), console, TOGGL, why=why)
    return out.getvalue()


def listed(minutes: dict[str, float], width: int = 80) -> str:
    out = io.StringIO()
    print_titles(minutes, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def test_the_longest_title_comes_first_each_on_one_line() -> None:
    long = "a page " * 20
    lines = listed({"short": 0.2, long: 64.0, "": 5.4}).splitlines()
    assert [line.strip() for line in lines if line][1:] == [
        f"1 h 4 min  {long.strip()}",
        "5 min  (no title)",
        "under a minute  short",
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_reasons_and_alternative_stand_below_what_they_explain(width: int) -> None:
    (one,) = draft("09:05-11:30 group1 DEV-123").suggestions
    reasons = (Reason("keyword group1 in window titles, 40 min", 0.8), Reason("3 commits", 0.2))
    made = replace(draft(), suggestions=(replace(one, reasons=reasons, alternative="group2"),))
    words = " ".join(printed(made, width, why=True).split())
    assert "• keyword group1 in window titles, 40 min (80 %)" in words
    assert words.index("(80 %)") < words.index("• 3 commits (20 %)")
    assert words.index("(20 %)") < words.index("without these: group2")
    assert "•" not in printed(made, width)


@pytest.mark.parametrize("width", [60, 80, 109, 110, 120, 200])
def test_every_suggestion_is_there_at_every_width(width: int) -> None:
    text = printed(draft("09:05-11:30 group1 DEV-123", "12:00-12:30 ?"), width)
    for words in ("09:05–11:30", "2 h 25 min", "group1 › Development", "DEV-123", "95 %", "131"):
        assert words in text
    assert "What was this?" in text
    assert max(len(line) for line in text.splitlines()) <= width


def test_the_head_tells_the_day_and_what_waits() -> None:
    assert printed(draft("09:05-11:30 group1"), 80).startswith(
        "Friday 20 November · 2 h 25 min to review"
    )
    empty = printed(draft(), 80)
    assert empty.startswith("Friday 20 November · nothing to review")
    assert "Nothing was found that isn't in Toggl already." in empty


def test_what_nothing_explains_comes_last() -> None:
    text = printed(draft("09:00-09:30 ?", "10:00-11:00 group1"), 120)
    assert text.index("10:00–11:00") < text.index("09:00–09:30")


def test_tracked_time_and_trouble_are_told_below() -> None:
    made = draft(
        "09:05-11:30 group1",
        tracked=(entry("13:00-14:30 group1"),),
        sources=(SourceStatus("git", "group1", 0, "/src/x does not exist"),),
    )
    text = printed(made, 80)
    assert "In Toggl already: 1 h 30 min" in text
    assert text.rstrip().endswith("git (group1): /src/x does not exist")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [80, 120])
def test_outside_text_cannot_steer_the_terminal(text: str, width: int) -> None:
    (made,) = draft("09:05-11:30 group1 DEV-123").suggestions
    hostile = replace(made, group=text or "?", description=text)
    hostile = replace(hostile, reasons=(Reason(text, 1.0),), alternative=text)
    trouble = SourceStatus("git", None, 0, text)
    out = printed(draft(sources=(trouble,)), width)
    out += printed(replace(draft(), suggestions=(hostile,)), width, why=True)
    out += listed({text: 12.0}, width)
    assert not [letter for letter in out if ord(letter) < 32 and letter != "\n"]
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (Evidence(131, 3, 2), "131 min in windows, 3 commits and 2 messages"),
        (Evidence(60, meetings=2), "60 min in windows and 2 meetings"),
        (Evidence(0, 1, 0), "1 commit"),
        (Evidence(), ""),
    ],
)
def test_evidence_in_words(evidence: Evidence, words: str) -> None:
    assert listing(evidence_words(evidence)) == words


def test_findings_are_a_line_each_however_long() -> None:
    out = io.StringIO()
    long = "git: " + "a very long sentence " * 20
    print_lines(
        [(True, "thyme: fine"), (False, long.strip())],
        Console(file=out, width=80, soft_wrap=True, highlight=False),
    )
    assert out.getvalue().splitlines() == ["ok     thyme: fine", f"wrong  {long.strip()}"]
