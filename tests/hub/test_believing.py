"""What the hub believes of a draft, whoever has the key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from tests.clues import GROUPS, ISSUES
from tests.notation import FRIDAY, at, span
from tests.test_wall import whole
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.draft import AgentTime, Draft, Gap
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Candidate, Evidence, SourceStatus, Suggestion
from tracklater_bot.domain.wall import to_json
from tracklater_hub.believing import Disbelieved, Known, believed

OWN = Project("Development", "acme", client="Acme Oy", id="501")
KNOWN = Known(
    {group.name: (OWN,) if group.name == "acme" else () for group in GROUPS},
    {issue.id: issue for issue in ISSUES},
)
NOW = at("20:00")
HONEST = Draft(
    FRIDAY.date,
    str(FRIDAY.zone),
    (
        Suggestion(span("09:00-10:00"), "acme", OWN, ISSUES[0], "Fix login", 0.9),
        Suggestion(span("10:00-11:00"), None, candidates=(Candidate("acme", 0.4),)),
    ),
    sources=(SourceStatus("thyme", None, 12, traces=True),),
    commits=(at("09:30"),),
    gaps=(Gap(span("11:00-12:00"), "away"),),
)
ROW = HONEST.suggestions[0]


def told(draft: Draft, known: Known = KNOWN) -> Draft:
    return believed(draft, FRIDAY, known, NOW)


def with_row(**other: Any) -> Draft:
    return replace(HONEST, suggestions=(replace(ROW, **other),))


def test_an_honest_draft_is_taken_as_it_is() -> None:
    assert told(HONEST) == HONEST
    assert told(told(HONEST)) == told(HONEST)


@pytest.mark.parametrize(
    "draft",
    [
        replace(HONEST, day=FRIDAY.date + timedelta(days=1)),
        replace(HONEST, timezone="Asia/Tokyo"),
        with_row(group="somebody's"),
        with_row(candidates=(Candidate("somebody's", 0.5),)),
        with_row(span=Span(at("09:00"), at("09:00") + timedelta(days=2))),
        with_row(span=Span(at("09:00") - timedelta(days=1), at("09:00"))),
        with_row(confidence=float("nan")),
        with_row(confidence=7.0),
        with_row(evidence=Evidence(commits=-1)),
        with_row(evidence=Evidence(window_minutes=10**9)),
        with_row(best_split=at("15:00")),
        replace(HONEST, suggestions=(ROW, ROW)),
        replace(HONEST, suggestions=HONEST.suggestions[::-1]),
        replace(HONEST, suggestions=(ROW,) * 1000),
        replace(HONEST, gaps=(Gap(span("11:00-12:00"), "Salary talk with Anna"),)),
        replace(HONEST, agents=(AgentTime("somebody's", 3),)),
        replace(HONEST, agents=(AgentTime("acme", 10**6),)),
        replace(HONEST, commits=(at("09:30"),) * 10_000),
        replace(HONEST, commits=(at("09:30") + timedelta(days=3),)),
        replace(HONEST, sources=(SourceStatus("x", None, 1),) * 1000),
    ],
)
def test_what_cannot_be_is_not_believed(draft: Draft) -> None:
    with pytest.raises(Disbelieved):
        told(draft)


def test_an_issue_or_project_is_the_hubs_own_or_none() -> None:
    """Its title and its address are no laptop's to say."""
    known = ISSUES[0]
    elsewhere = replace(known, title="Click here", url="https://evil.example")
    made_up = Issue("DEV-9999", "?", "https://evil.example", "jira", "acme")
    (row,) = told(with_row(issue=elsewhere)).suggestions
    assert row.issue == known
    (row,) = told(with_row(issue=made_up)).suggestions
    assert row.issue is None
    (row,) = told(with_row(project=replace(OWN, id="999"))).suggestions
    assert row.project is None
    (row,) = told(with_row(project=replace(OWN, client="Other", billable=True))).suggestions
    assert row.project == OWN


def test_what_is_tracked_is_told_by_the_hub_and_offered_no_more() -> None:
    mine = TimeEntry("1", at("10:30"), at("11:00"), "Meeting")
    made_up = TimeEntry("2", at("09:00"), at("10:00"), "Nothing", group="acme")
    found = told(replace(HONEST, tracked=(made_up,)), replace(KNOWN, tracked=(mine,)))
    assert found.tracked == (mine,)
    assert [row.span for row in found.suggestions] == [ROW.span]


def test_what_is_still_to_come_is_not_offered() -> None:
    """But for what rounding may do, and a clock that is a little wrong."""
    later = Suggestion(span("20:30-21:30"), "acme", description="Not yet")
    gaps = (*HONEST.gaps, Gap(span("21:00-22:00"), "away"))
    soon = replace(later, span=span("19:30-20:05"))
    rows = (*HONEST.suggestions, soon, later)
    moments = (at("09:30"), at("20:59"), at("21:01"))
    shown = replace(HONEST, commits=moments, messages=moments, prompts=moments)
    found = told(replace(shown, suggestions=rows, gaps=gaps))
    assert found.commits == found.messages == found.prompts == moments[:-1]
    assert found.suggestions == rows[:-1]
    assert found.gaps == HONEST.gaps


def test_meetings_are_of_the_day_alone() -> None:
    """Or a picture of the day would be of a century."""
    early = Span(at("09:00") - timedelta(days=2), at("09:30"))
    elsewhere = Span(at("09:00") + timedelta(days=9000), at("09:30") + timedelta(days=9001))
    found = told(replace(HONEST, meetings=(early, span("10:00-10:30"), elsewhere)))
    assert found.meetings == (Span(FRIDAY.span.start, at("09:30")), span("10:00-10:30"))


def test_a_source_is_of_the_persons_groups_or_of_none() -> None:
    sources = (SourceStatus("git", "somebody's", 3), SourceStatus("git", "acme", 3))
    found = told(replace(HONEST, sources=sources))
    assert [one.group for one in found.sources] == [None, "acme"]


def test_texts_are_one_calm_line_of_a_bound() -> None:
    (row,) = told(with_row(description="a\n\u202e\x00b" + "c" * 100_000)).suggestions
    assert "\n" not in row.description
    assert "\u202e" not in row.description
    assert len(row.description) <= 2000


@given(whole(Draft))
def test_whatever_comes_is_believed_within_bounds_or_not_at_all(draft: Draft) -> None:
    draft = replace(draft, day=FRIDAY.date, timezone=str(FRIDAY.zone))
    try:
        found = told(draft)
    except Disbelieved:
        return
    assert len(to_json(found)) < 4 * 1024**2
    assert all(row.group in (*KNOWN.projects, None) for row in found.suggestions)
    assert found.tracked == ()
