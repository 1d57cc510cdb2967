"""What the person has seen does not flip silently when new clues come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bots import button_of
from tests.digests import entry
from tests.fixed_drafts import draft_with
from tests.livebot import Live, live
from tests.notation import at, written
from tests.rooms import DAY, PERSON, Room, change, draft, sqlite_store
from tracklater_bot.blocks.help import changed_since
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.steadiness import said_before
from tracklater_bot.domain.suggestions import Candidate
from tracklater_sandbox import Sandbox

GROUPS = ("group1", "group2")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with sqlite_store(tmp_path) as store:
        yield Room(store)


def sure(made: Draft, *confidences: float, **more: Any) -> Draft:
    """The draft with so much confidence in each row's group."""
    rows = zip(made.suggestions, confidences, strict=True)
    return replace(
        made, suggestions=tuple(replace(row, confidence=one, **more) for row, one in rows)
    )


def shown(room: Room, made: Draft) -> None:
    room.store.save_draft(PERSON, made, GROUPS)
    room.store.set_posted(PERSON, DAY, "D1", "1.0")


def reread(room: Room, made: Draft, groups: Sequence[str] = GROUPS) -> list[str]:
    """The rows after the day was read anew."""
    digest = room.store.save_draft(PERSON, made, groups)
    return [
        f"{written([each.suggestion.span])} {each.suggestion.group or '?'}"
        f"{' ' + each.suggestion.issue.key if each.suggestion.issue else ''}"
        for each in digest.items
    ]


def test_a_row_that_was_seen_keeps_its_group(room: Room) -> None:
    shown(room, sure(draft("09:00-10:00 group1"), 0.7))
    assert reread(room, sure(draft("09:00-10:05 group2"), 0.8)) == ["09:00-10:05 group1"]
    assert reread(room, draft("09:00-10:05 ?")) == ["09:00-10:05 group1"]


def test_what_is_certain_by_now_is_said_instead(room: Room) -> None:
    shown(room, sure(draft("09:00-10:00 group1"), 0.95))
    assert reread(room, sure(draft("09:00-10:00 group2"), 0.92)) == ["09:00-10:00 group2"]


def test_its_issue_stays_too_and_one_is_added_where_none_was(room: Room) -> None:
    first = draft("09:00-10:00 group1 DEV-1", "10:00-11:00 group1")
    shown(room, sure(first, 0.95, 0.95, issue_confidence=0.7))
    second = draft("09:00-10:00 group1 DEV-2", "10:00-11:00 group1 DEV-2")
    unsure = sure(second, 0.95, 0.95, issue_confidence=0.8)
    assert reread(room, unsure) == ["09:00-10:00 group1 DEV-1", "10:00-11:00 group1 DEV-2"]
    clear = sure(second, 0.95, 0.95, issue_confidence=0.95)
    assert reread(room, clear) == ["09:00-10:00 group1 DEV-2", "10:00-11:00 group1 DEV-2"]


def test_a_day_that_nobody_has_seen_is_drafted_as_it_looks(room: Room) -> None:
    room.store.save_draft(PERSON, sure(draft("09:00-10:00 group1"), 0.7), GROUPS)
    assert reread(room, sure(draft("09:00-10:00 group2"), 0.7)) == ["09:00-10:00 group2"]


def test_questions_are_answered_and_removed_groups_are_not_kept(room: Room) -> None:
    shown(room, sure(draft("09:00-10:00 ?", "10:00-11:00 gone"), 0.0, 0.7))
    second = sure(draft("09:00-10:00 group1", "10:00-11:00 group2"), 0.7, 0.7)
    assert reread(room, second) == ["09:00-10:00 group1", "10:00-11:00 group2"]


def test_a_row_that_is_drafted_in_two_stays_one_and_what_it_lasts_longer_is_free(
    room: Room,
) -> None:
    shown(room, sure(draft("09:00-10:00 group1"), 0.7))
    parts = sure(
        draft("09:00-09:30 group1", "09:30-10:00 group2", "10:00-12:00 group2"), *[0.8] * 3
    )
    assert reread(room, parts) == ["09:00-10:00 group1", "10:00-12:00 group2"]


def test_it_is_remembered_what_was_said_first(room: Room) -> None:
    shown(room, sure(draft("09:00-10:00 group1"), 0.7))
    first = room.digest
    reread(room, sure(draft("09:00-10:00 group2"), 0.95))
    second = room.digest
    said = said_before(first, second, {})
    assert said == {second.items[0].id: "group1"}
    reread(room, sure(draft("09:00-10:05 group2"), 0.95))
    third = room.digest
    said = said_before(second, third, said)
    assert said == {third.items[0].id: "group1"}
    reread(room, sure(draft("09:00-10:05 group1"), 0.95))
    assert said_before(third, room.digest, said) == {}  # back again


def test_a_row_that_became_shorter_is_not_said_to_be_gone(room: Room) -> None:
    shown(room, sure(draft("09:00-10:00 group1"), 0.7))
    first = room.digest
    reread(room, sure(draft("09:00-09:20 group1"), 0.7))
    assert said_before(first, room.digest, {}) == {}


def test_what_is_suggested_no_more_is_told_until_it_is_tracked(room: Room) -> None:
    shown(room, sure(draft("09:00-10:00 group1 DEV-1", "10:00-11:00 group1"), 0.7, 0.95))
    first = room.digest
    reread(room, sure(draft("10:00-11:00 group1"), 0.95))
    said = said_before(first, room.digest, {})
    [told] = changed_since(room.digest, said)
    assert "09:00–10:00 is no longer suggested (was group1 DEV-1)" in told
    second = room.digest
    reread(room, sure(draft("10:00-11:00 group1"), 0.95))
    assert said_before(second, room.digest, said) == said  # as long as nothing is there
    third = room.digest
    reread(room, sure(draft("10:00-11:00 group1", tracked=(entry("09:00-10:00 group1"),)), 0.95))
    assert said_before(third, room.digest, said) == {}


# -- In Slack --------------------------------------------------------------------------------------


@pytest.fixture
def me(sandbox: Sandbox) -> Iterator[Live]:
    with live(sandbox) as running:
        running.open()
        yield running


def test_a_refresh_says_what_changed_in_the_message(me: Live) -> None:
    """Less than certain nothing moves; what moves is told until it is decided."""
    first = max(
        (row for row in me.digest.items if row.suggestion.group == "acme"),
        key=lambda row: row.suggestion.span.length,
    )
    original = me.digest

    def drafts(confidence: float) -> None:
        rows = tuple(
            replace(row.suggestion, group="globex", project=None, issue=None, confidence=confidence)
            if row.id == first.id
            else row.suggestion
            for row in original.items
        )
        made = Draft(original.day, original.timezone, rows)
        draft_with(me.core, me.days, lambda _days: [made])
        me.ask()

    def group() -> str | None:
        start = first.suggestion.span.start
        return next(
            each.suggestion.group for each in me.digest.items if start in each.suggestion.span
        )

    drafts(0.8)
    me.wait(lambda: len(me.answers()) == 2)
    assert group() == "acme"
    assert "Changed since you saw it" not in str(me.message()["blocks"])
    drafts(0.95)
    me.wait(lambda: "Changed since you saw it" in str(me.message()["blocks"]))
    assert group() == "globex"
    assert "is globex (was acme" in str(me.message()["blocks"])


def test_what_an_answer_moves_too_is_named_before_it_moves(me: Live) -> None:
    """Only with the person's word; and then it is what the machine drafts with that answer."""
    original = me.digest
    rows = [row.suggestion for row in original.items]
    may_be = (Candidate("acme", 0.5), Candidate("globex", 0.3))
    asked = replace(
        rows[0], group=None, project=None, issue=None, confidence=0.0, candidates=may_be
    )
    alike = replace(rows[-1], group="globex", project=None, issue=None, confidence=0.7)

    def drafted(days: Sequence[WorkDay]) -> list[Draft]:
        said = me.core.decisions(original.day)
        moves = any(decision.group == "acme" for decision in said)
        last = replace(alike, group="acme", confidence=0.75) if moves else alike
        return [Draft(original.day, original.timezone, (asked, *rows[1:-1], last))]

    draft_with(me.core, me.days, drafted)
    me.days.open_day(me.days.person.calendar.day_on(original.day), free=True)
    me.wait(lambda: button_of(me.message(), "answer:0"))
    me.click("answer:0")
    told = me.wait(lambda: me.answered("With your answer, these would change too:"))
    assert "acme" in told
    assert "(was globex)" in told
    assert me.digest.items[-1].suggestion.group == "globex"  # not yet
    (answer,) = [each for each in me.private_answers() if "would change" in each["text"]]
    me.sandbox.slack.click(answer, "move_too")
    me.eventually(lambda: me.digest.items[-1].suggestion.group == "acme")
    me.wait(lambda: me.answered("Changed:"))


def test_an_answer_is_a_decision_before_it_is_an_entry(room: Room) -> None:
    row, _ = room.open("09:00-10:00 ?", "10:00-11:00 group1")
    assert room.store.decisions(PERSON, DAY) == []
    room.review.edit(PERSON, row, change("09:00-10:00 group2"), 1)
    [decision] = room.store.decisions(PERSON, DAY)
    assert (decision.span.start, decision.group) == (at("09:00"), "group2")
