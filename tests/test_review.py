"""What each button means: decisions, changes, and taking them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.digests import entry, issue, suggestion
from tests.notation import FRIDAY, at, written
from tests.rooms import DAY, PERSON, Room, change, draft
from tests.trackers import lost_after, refused
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Digest, ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Candidate, Evidence, Half, Suggestion
from tracklater_bot.domain.text import entry_text
from tracklater_bot.review.decisions import NotYours, ReviewError


def shown(digest: Digest) -> str:
    """`"09:00-10:00 open, 10:00-11:00 skipped"`."""
    return ", ".join(f"{written([item.suggestion.span])} {item.state}" for item in digest.items)


# -- Approve, skip, undo -------------------------------------------------------------------------


def test_approve_is_stored_before_anything_is_sent(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1 DEV-1")
    before = room.digest
    after = room.review.approve(PERSON, item_id)
    assert shown(after) == "09:00-10:00 pending"
    assert after == room.digest
    assert (after.version, after.items[0].version) == (before.version + 1, 2)
    assert room.next_due() == room.time()
    assert room.tracker.asked == []


@pytest.mark.parametrize("state", ["pending", "sent"])
def test_a_double_click_changes_nothing(room: Room, state: str) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    first = room.review.approve(PERSON, item_id)
    if state == "sent":
        room.drain()
        first = room.digest
    assert room.review.approve(PERSON, item_id) == first
    room.drain()
    assert room.entries() == "09:00-10:00 Planning"


def test_approve_all_takes_what_has_a_group_and_a_project(room: Room) -> None:
    whole = draft("09:00-10:00 group1", "10:00-11:00 ?", "11:00-12:00 group2", "13:00-14:00 group1")
    no_project = replace(whole.suggestions[2], project=None)
    room.store.save_draft(
        PERSON,
        replace(whole, suggestions=(*whole.suggestions[:2], no_project, whole.suggestions[3])),
    )
    room.review.skip(PERSON, room.digest.items[3].id)
    assert shown(room.review.approve_all(PERSON, DAY)) == (
        "09:00-10:00 pending, 10:00-11:00 open, 11:00-12:00 open, 13:00-14:00 skipped"
    )


def test_approving_certain_ones_leaves_the_rest(room: Room) -> None:
    sure, unsure = draft("09:00-10:00 group1", "10:00-11:00 group1").suggestions
    found = (replace(sure, confidence=0.9), replace(unsure, confidence=0.89))
    room.store.save_draft(PERSON, Draft(DAY, "UTC", found))
    after = room.review.approve_all(PERSON, DAY, certain_only=True)
    assert [item.state for item in after.items] == [ItemState.PENDING, ItemState.OPEN]


def test_what_nothing_explains_has_to_be_edited_first(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 ?")
    with pytest.raises(ReviewError, match="press Edit"):
        room.review.approve(PERSON, item_id)
    assert shown(room.digest) == "09:00-10:00 open"


def test_an_entry_that_would_say_nothing_has_to_be_edited_first(room: Room) -> None:
    bare = replace(suggestion("09:00-10:00 group1"), project=None, description="")
    (item,) = room.store.save_draft(PERSON, Draft(DAY, "UTC", (bare,))).items
    with pytest.raises(ReviewError, match="neither project nor description"):
        room.review.approve(PERSON, item.id)


def test_skip_and_undo(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    for _ in range(2):
        assert shown(room.review.skip(PERSON, item_id)) == "09:00-10:00 skipped"
    for _ in range(2):
        assert shown(room.review.undo(PERSON, item_id)) == "09:00-10:00 open"


def test_what_was_approved_cannot_be_skipped_by_an_old_button(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item_id)
    with pytest.raises(ReviewError, match="press Undo first"):
        room.review.skip(PERSON, item_id)


def test_undo_before_it_is_sent_sends_nothing(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item_id)
    assert shown(room.review.undo(PERSON, item_id)) == "09:00-10:00 open"
    room.drain()
    assert room.tracker.asked == []
    room.review.approve(PERSON, item_id)
    room.drain()
    assert room.entries() == "09:00-10:00 Planning"


def test_undo_of_what_is_in_toggl_deletes_it_and_opens_the_item(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item_id)
    room.drain()
    for _ in range(2):
        assert shown(room.review.undo(PERSON, item_id)) == "09:00-10:00 deleting"
    room.drain()
    assert (room.entries(), room.item(item_id).entry_id) == ("", None)
    room.review.approve(PERSON, item_id)
    room.drain()
    assert room.entries() == "09:00-10:00 Planning"


def test_undo_while_the_answer_is_lost_deletes_what_is_found(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item_id)
    room.tracker.fail(None, lost_after)
    room.worker.work()
    assert room.states() == [ItemState.UNKNOWN]
    assert shown(room.review.undo(PERSON, item_id)) == "09:00-10:00 deleting"
    room.drain()
    assert (room.entries(), room.states()) == ("", [ItemState.OPEN])


@pytest.mark.parametrize("button", ["approve", "skip", "undo", "revert", "trim", "merge_with_next"])
def test_nobody_else_can_decide(room: Room, button: str) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    before = room.digest
    with pytest.raises(NotYours):
        getattr(room.review, button)("U999", item_id)
    with pytest.raises(NotYours):
        room.review.edit("U999", item_id, change("09:00-10:00 group1"), 1)
    with pytest.raises(ReviewError, match="not open yet"):
        room.review.approve_all("U999", DAY)
    assert room.digest == before


@pytest.mark.parametrize("item_id", ["", "gone", "'; DROP TABLE items; --", "\0", "x" * 9999])
def test_an_item_that_is_no_longer_there(room: Room, item_id: str) -> None:
    room.open("09:00-10:00 group1")
    with pytest.raises(ReviewError, match="is gone"):
        room.review.approve(PERSON, item_id)


# -- Edit ----------------------------------------------------------------------------------------


def test_an_edited_item_stays_open_and_outlives_a_refresh(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1 DEV-1")
    wanted = change("08:30-10:15 group2", billable=True, tags=("call",))
    room.review.edit(PERSON, item_id, wanted, 1)
    room.open("09:00-11:00 group1 DEV-1")
    edited, rest = room.digest.items
    assert (shown(room.digest)) == "08:30-10:15 open, 10:15-11:00 open"
    assert (edited.id, edited.suggestion.group, edited.suggestion.issue) == (
        item_id,
        "group2",
        None,
    )
    assert (edited.suggestion.confidence, edited.billable, edited.tags) == (1.0, True, ("call",))
    assert not rest.by_hand


def test_an_edit_of_what_changed_meanwhile_is_refused(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.edit(PERSON, item_id, change("09:00-10:30 group1"), 1)
    with pytest.raises(ReviewError, match="changed meanwhile") as caught:
        room.review.edit(PERSON, item_id, change("09:00-10:00 group2"), 1)
    assert set(caught.value.fields) == {""}
    assert shown(room.digest) == "09:00-10:30 open"


def test_editing_what_waits_changes_what_will_be_sent(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item_id)
    assert shown(room.review.edit(PERSON, item_id, change("09:00-09:30 group1"), 2)) == (
        "09:00-09:30 pending"
    )
    room.drain()
    assert room.entries() == "09:00-09:30 Planning"


def test_editing_what_is_in_toggl_changes_the_entry(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item_id)
    room.drain()
    entry_id = room.item(item_id).entry_id
    room.review.edit(PERSON, item_id, change("09:00-09:30 group1", description="Call"), 3)
    assert room.states() == [ItemState.PENDING]
    room.drain()
    assert room.entries() == "09:00-09:30 Call"
    assert (room.states(), room.item(item_id).entry_id) == ([ItemState.SENT], entry_id)


def test_an_edit_that_changes_nothing_sends_nothing(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.edit(PERSON, item_id, change("09:00-10:00 group1"), 1)
    room.review.approve(PERSON, item_id)
    room.drain()
    item = room.item(item_id)
    room.review.edit(PERSON, item_id, change("09:00-10:00 group1"), item.version)
    assert (room.item(item_id), room.next_due()) == (item, None)


def test_undo_of_an_edit_that_was_not_sent_yet_puts_back_what_is_in_toggl(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item_id)
    room.drain()
    room.review.edit(PERSON, item_id, change("09:00-09:30 group2"), 3)
    assert shown(room.review.undo(PERSON, item_id)) == "09:00-10:00 sent"
    room.drain()
    assert room.entries() == "09:00-10:00 Planning"


def test_what_is_on_its_way_cannot_be_edited(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item_id)
    room.tracker.fail(None, lost_after)
    room.worker.work()
    with pytest.raises(ReviewError, match="on its way"):
        room.review.edit(PERSON, item_id, change("09:00-09:30 group1"), room.item(item_id).version)


def test_editing_what_failed_opens_it_again(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, item_id)
    room.tracker.fail(None, refused)
    room.drain()
    assert room.states() == [ItemState.FAILED]
    after = room.review.edit(
        PERSON, item_id, change("09:00-10:00 group1"), room.item(item_id).version
    )
    assert (after.items[0].state, after.items[0].problem) == (ItemState.OPEN, None)


# -- One client's words never stand in another's entry -------------------------------------------

OURS = "DEV-131 Rate limit is off by one"
RATE_LIMIT = issue("DEV-131", title="Rate limit is off by one")
THEIRS = issue("#7", "group2", title="Reset the password")
THEIR_WORDS = "#7 Reset the password"


def begun(room: Room, words: str = OURS, about: Issue | None = RATE_LIMIT) -> str:
    """A suggestion of ours for group1; its id."""
    made = replace(suggestion("09:00-10:00 group1"), issue=about, description=words)
    (item,) = room.store.save_draft(PERSON, Draft(DAY, str(FRIDAY.zone), (made,))).items
    return item.id


def edit(room: Room, item_id: str, group: str, about: Issue | None, words: str | None) -> str:
    """What its description is after that was saved; `words` None leaves it as it stands."""
    item = next(each for each in room.digest.items if each.id == item_id)
    stands = item.suggestion.description if words is None else words
    times = written([item.suggestion.span])
    wanted = change(f"{times} {group}", issue=about, description=stands)
    after = room.review.edit(PERSON, item_id, wanted, item.version)
    return next(each for each in after.items if each.id == item_id).suggestion.description


@pytest.mark.parametrize(
    ("ours", "about"), [(OURS, RATE_LIMIT), ("Count the first request too", None)]
)
@pytest.mark.parametrize(
    "left", [str, str.upper, lambda text: f"  {text}  ", lambda text: text.rpartition(" ")[0]]
)
def test_what_we_wrote_goes_with_its_group_and_issue(
    room: Room, ours: str, about: Issue | None, left: Callable[[str], str]
) -> None:
    item_id = begun(room, ours, about)
    cut = left(ours)
    assert edit(room, item_id, "group1", about, cut) == cut.strip()
    assert edit(room, item_id, "group2", THEIRS, None) == "#7 Reset the password"
    assert edit(room, item_id, "group2", None, None) == ""
    assert edit(room, item_id, "group1", RATE_LIMIT, None) == OURS
    assert edit(room, item_id, "group1", None, None) == ""


def test_what_the_person_wrote_stays(room: Room) -> None:
    item_id = begun(room)
    own = "Pairing with Ann"
    assert edit(room, item_id, "group2", THEIRS, own) == own
    assert edit(room, item_id, "group1", None, None) == own
    assert edit(room, item_id, "group1", RATE_LIMIT, None) == own
    assert edit(room, item_id, "group1", RATE_LIMIT, "") == OURS
    assert edit(room, item_id, "group2", None, None) == ""


@pytest.mark.parametrize("joint", [" – review with Ann", ", review with Ann"])
def test_what_we_wrote_goes_also_where_the_person_added_to_it(room: Room, joint: str) -> None:
    item_id = begun(room)
    assert edit(room, item_id, "group2", THEIRS, f"{OURS}{joint}") == f"{THEIR_WORDS}{joint}"
    room.review.revert(PERSON, item_id)
    same = f"{OURS.lower()}{joint}"
    assert edit(room, item_id, "group1", RATE_LIMIT, same) == same  # nothing to go with
    assert edit(room, item_id, "group2", None, None) == "review with Ann"
    assert edit(room, item_id, "group1", None, None) == "review with Ann"  # by now the person's own


def test_words_chosen_over_ours_stay(room: Room) -> None:
    begun(room)
    (item,) = room.digest.items
    wanted = change("09:00-10:00 group1", description="Rate limit", typed=True)
    after = room.review.edit(PERSON, item.id, wanted, item.version)
    assert after.items[0].suggestion.description == "Rate limit"
    assert edit(room, item.id, "group2", None, None) == "Rate limit"


def test_pieces_and_sums_of_a_suggestion_know_whose_words_they_have(room: Room) -> None:
    item_id = begun(room, "Count the first request too", None)
    halves = room.review.split(PERSON, item_id, at("09:20")).items
    assert edit(room, halves[0].id, "group2", None, None) == ""
    room.review.revert(PERSON, halves[0].id)
    room.review.merge_with_next(PERSON, halves[0].id)
    assert edit(room, item_id, "group2", THEIRS, None) == "#7 Reset the password"


def test_a_cut_neighbour_knows_whose_words_it_has(room: Room) -> None:
    room.open("09:00-10:00 group1", "10:00-11:00 group1")
    first, second = room.digest.items
    own = change("09:00-10:00 group1", description="Pairing with Ann")
    room.review.edit(PERSON, first.id, own, first.version)
    longer = change("09:30-11:00 group1", description="Planning")
    room.review.edit(PERSON, second.id, longer, second.version, move_neighbours=True)
    assert edit(room, first.id, "group2", None, None) == "Pairing with Ann"
    assert edit(room, second.id, "group2", None, None) == ""


def test_added_time_keeps_words_of_the_persons_own_only(room: Room) -> None:
    room.open()
    wanted = change("12:00-13:00 group1", issue=RATE_LIMIT, description=OURS, drafted=True)
    (item,) = room.review.add(PERSON, DAY, wanted).items
    assert edit(room, item.id, "group2", None, None) == ""
    (other,) = room.review.add(PERSON, DAY, change("13:00-14:00 group1")).items[1:]
    assert edit(room, other.id, "group2", None, None) == "Planning"


def test_what_the_dialog_wrote_follows_the_issue_chosen_last(room: Room) -> None:
    item_id = begun(room)
    wanted = change("09:00-10:00 group2", issue=THEIRS, description="DEV-9 Other", drafted=True)
    after = room.review.edit(PERSON, item_id, wanted, room.digest.items[0].version)
    assert after.items[0].suggestion.description == "#7 Reset the password"


def test_an_entry_in_toggl_follows_and_is_taken_back(room: Room) -> None:
    item_id = begun(room)
    room.review.approve(PERSON, item_id)
    room.drain()
    assert room.entries() == f"09:00-10:00 {OURS}"
    edit(room, item_id, "group2", THEIRS, None)
    room.drain()
    assert room.entries() == "09:00-10:00 #7 Reset the password"
    edit(room, item_id, "group1", None, None)
    assert room.review.undo(PERSON, item_id).items[0].suggestion.issue == THEIRS
    room.drain()
    edit(room, item_id, "group1", None, None)
    room.drain()
    assert room.entries() == "09:00-10:00 "


def test_a_refresh_knows_whose_words_they_are(room: Room) -> None:
    item_id = begun(room, "Count the first request too", None)
    edit(room, item_id, "group1", None, "Pairing with Ann")
    begun(room, "Count the first request too", None)
    assert edit(room, item_id, "group2", None, None) == "Pairing with Ann"


# -- What cannot be -------------------------------------------------------------------------------

FOREIGN = Project("Development", "group2")
HERE = (
    "10:00-11:00 group1",  # beside a neighbour on each side
    "09:00-10:00 group2",
    "11:00-12:00 group2",
)


@pytest.mark.parametrize(
    ("wanted", "more", "field", "words"),
    [
        ("09:30-11:00 group1", {}, "start", "overlaps 09:00–10:00, Planning"),
        ("10:00-11:30 group1", {}, "end", "overlaps 11:00–12:00, Planning"),
        ("10:00-30:00 group1", {}, "end", "overlaps"),
        ("10:00-10:59 group1", {"description": "x" * 2001}, "description", "2000"),
        ("10:00-11:00 group1", {"project": FOREIGN}, "project", "of this group"),
        (
            "10:00-11:00 group1",
            {"issue": issue("DEV-1", "group2")},
            "issue",
            "belongs to group2: choose a",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    room: Room, wanted: str, more: dict[str, Any], field: str, words: str
) -> None:
    room.open(*HERE)
    item = room.digest.items[1]
    with pytest.raises(ReviewError, match=words) as caught:
        room.review.edit(PERSON, item.id, change(wanted, **more), item.version)
    assert set(caught.value.fields) == {field}
    assert shown(room.digest) == "09:00-10:00 open, 10:00-11:00 open, 11:00-12:00 open"


@pytest.mark.parametrize(
    ("start", "end", "field", "words"),
    [
        (at("-24:00"), at("-23:00"), "start", "not on 2026-11-20"),
        (at("09:00"), at("09:00:30"), "end", "a minute at least"),
        (at("09:00"), at("34:00"), "end", "24 hours at most"),
        (at("47:30"), at("48:30"), "end", "the night after"),
        (at("42:30"), at("43:30"), "end", "more than a day ahead"),
    ],
)
def test_times_that_cannot_be(room: Room, start: Any, end: Any, field: str, words: str) -> None:
    room.open()
    with pytest.raises(ReviewError, match=words) as caught:
        room.review.add(PERSON, DAY, change("09:00-10:00 group1", span=Span(start, end)))
    assert field in caught.value.fields


def test_neighbours_give_way_where_that_is_wanted(room: Room) -> None:
    room.open(*HERE)
    item = room.digest.items[1]
    wanted = change("09:45-11:15 group1")
    with pytest.raises(ReviewError) as caught:
        room.review.edit(PERSON, item.id, wanted, item.version)
    assert caught.value.can_move
    after = room.review.edit(PERSON, item.id, wanted, item.version, move_neighbours=True)
    assert shown(after) == "09:00-09:45 open, 09:45-11:15 open, 11:15-12:00 open"
    back = room.review.revert(PERSON, item.id)
    assert shown(back) == "09:00-10:00 open, 10:00-11:00 open, 11:00-12:00 open"


def test_a_neighbour_around_it_is_divided(room: Room) -> None:
    room.open("09:00-12:00 group1")
    after = room.review.add(PERSON, DAY, change("10:00-10:30 group2"), move_neighbours=True)
    assert shown(after) == "09:00-10:00 open, 10:00-10:30 open, 10:30-12:00 open"


@pytest.mark.parametrize("decide", ["approve", "cover"])
def test_neighbours_that_cannot_give_way(room: Room, decide: str) -> None:
    first, second = room.open("09:00-10:00 group1", "10:00-11:00 group1")
    if decide == "approve":
        room.review.approve(PERSON, first)
    wanted = change("08:00-11:00 group1" if decide == "cover" else "09:30-11:00 group1")
    for move in (False, True):
        with pytest.raises(ReviewError, match="overlaps") as caught:
            room.review.edit(PERSON, second, wanted, 1, move_neighbours=move)
        assert not caught.value.can_move


def test_a_skipped_neighbour_is_in_nobodys_way(room: Room) -> None:
    first, second = room.open("09:00-10:00 group1", "10:00-11:00 group1")
    room.review.skip(PERSON, first)
    after = room.review.edit(PERSON, second, change("09:00-11:00 group1"), 1)
    assert shown(after) == "09:00-10:00 skipped, 09:00-11:00 open"


# -- Add, split, merge ---------------------------------------------------------------------------


def test_an_added_item_is_open_and_stays(room: Room) -> None:
    room.open("09:00-10:00 group1")
    room.review.add(
        PERSON, DAY, change("20:00-21:00 group2", issue=issue("DEV-7", "group2"), description="")
    )
    room.open("09:00-10:00 group1", "20:00-22:00 group1")
    assert shown(room.digest) == "09:00-10:00 open, 20:00-21:00 open, 21:00-22:00 open"
    added = room.digest.items[1]
    assert added.suggestion.description == "DEV-7 Fix login"
    assert shown(room.review.revert(PERSON, added.id)) == "09:00-10:00 open, 21:00-22:00 open"


def test_adding_to_a_day_that_nobody_opened(room: Room) -> None:
    with pytest.raises(ReviewError, match="ask for it with /tracklater"):
        room.review.add(PERSON, DAY, change("09:00-10:00 group1"))


def test_split_and_merge_are_each_others_opposite(room: Room) -> None:
    (item_id,) = room.open("09:00-12:00 group1 DEV-1")
    before = room.digest.items
    parts = room.review.split(PERSON, item_id, at("10:00"))
    assert shown(parts) == "09:00-10:00 open, 10:00-12:00 open"
    assert [item.suggestion.issue for item in parts.items] == [issue("DEV-1")] * 2
    assert [item.suggestion.evidence.window_minutes for item in parts.items] == [44, 87]
    whole = room.review.merge_with_next(PERSON, item_id)
    assert shown(whole) == "09:00-12:00 open"
    assert whole.items[0].suggestion.best_split == at("10:00")
    assert shown(room.review.revert(PERSON, item_id)) == "09:00-10:00 open, 10:00-12:00 open"
    back = room.review.revert(PERSON, item_id)
    assert back.items == (replace(before[0], version=back.items[0].version),)


TWO_ISSUES = suggestion(
    "09:00-12:00 group1 DEV-1",
    best_split=at("11:00"),
    halves=tuple(
        Half(Project("Development", "group1"), issue(key), f"{key} Fix login", evidence)
        for key, evidence in (("DEV-1", Evidence(71, 3)), ("DEV-2", Evidence(60, 0, 2)))
    ),
)


def opened(room: Room, found: Suggestion) -> str:
    room.store.save_draft(PERSON, replace(draft(), suggestions=(found,)))
    return room.digest.items[0].id


def test_a_split_shares_out_what_was_seen(room: Room) -> None:
    item_id = opened(room, TWO_ISSUES)
    uneven = room.review.split(PERSON, item_id, at("10:30")).items
    seen = [part.suggestion.evidence for part in uneven]
    assert seen == [Evidence(66, 2, 1), Evidence(65, 1, 1)]  # of 131 minutes, 3 and 2
    assert [part.suggestion.issue for part in uneven] == [issue("DEV-1")] * 2
    room.review.revert(PERSON, item_id)
    parts = room.review.split(PERSON, item_id, at("11:00")).items
    assert [part.suggestion.evidence.commits for part in parts] == [3, 0]
    assert [part.suggestion.issue for part in parts] == [issue("DEV-1"), issue("DEV-2")]
    assert [part.suggestion.description for part in parts] == ["DEV-1 Fix login", "DEV-2 Fix login"]
    assert [part.suggestion.halves for part in parts] == [(), ()]


def test_what_the_person_has_chosen_is_not_split_by_what_the_engine_knew(room: Room) -> None:
    item_id = opened(room, TWO_ISSUES)
    room.review.edit(PERSON, item_id, change("09:00-12:00 group1", issue=issue("DEV-3")), 1)
    parts = room.review.split(PERSON, item_id, at("11:00")).items
    assert [part.suggestion.issue for part in parts] == [issue("DEV-3")] * 2


def test_a_question_merged_with_work_is_that_work(room: Room) -> None:
    first, _ = room.open("09:00-11:00 ?", "11:00-11:20 group1 DEV-1")
    (merged,) = room.review.merge_with_next(PERSON, first).items
    assert (merged.suggestion.group, merged.suggestion.issue) == ("group1", issue("DEV-1"))


def test_a_call_stays_one_when_it_gets_its_group(room: Room) -> None:
    item_id = opened(room, suggestion("09:00-10:00 ?", description="Call"))
    room.review.edit(PERSON, item_id, change("09:00-10:00 group1", description="Call"), 1)
    found = room.digest.items[0].suggestion
    assert (found.description, found.own_words) == ("Call", False)


def test_who_answers_a_question_leaves_nothing_to_guess(room: Room) -> None:
    asked = suggestion("09:00-10:00 ?", candidates=(Candidate("group2", 0.5),))
    item_id = opened(room, asked)
    room.review.edit(PERSON, item_id, change("09:00-10:00 group1", issue=issue("DEV-1")), 1)
    found = room.digest.items[0].suggestion
    assert (found.candidates, found.issue_confidence, found.certain) == ((), 1.0, True)


@pytest.mark.parametrize("clock", ["09:00", "08:00", "09:00:30", "11:59:30", "12:00", "13:00"])
def test_a_split_needs_a_time_inside(room: Room, clock: str) -> None:
    (item_id,) = room.open("09:00-12:00 group1")
    with pytest.raises(ReviewError, match="between its start and its end"):
        room.review.split(PERSON, item_id, at(clock))


def test_the_longer_one_of_two_says_what_both_are(room: Room) -> None:
    first, _ = room.open("09:00-09:30 group1 DEV-1", "10:00-11:00 group2 DEV-2")
    (merged,) = room.review.merge_with_next(PERSON, first).items
    found = merged.suggestion
    assert (merged.id, found.group, found.description) == (first, "group2", "DEV-2 Fix login")
    assert (written([found.span]), found.evidence) == ("09:00-11:00", Evidence(262, 6, 4))


def test_a_skipped_one_between_two_does_not_keep_them_apart(room: Room) -> None:
    first, between, _ = room.open("09:00-10:00 group1", "10:00-10:30 group2", "10:30-11:00 group1")
    room.review.skip(PERSON, between)
    after = room.review.merge_with_next(PERSON, first)
    assert shown(after) == "09:00-11:00 open, 10:00-10:30 skipped"


def test_what_cannot_be_merged(room: Room) -> None:
    tracked = (entry("12:00-13:00 group1"),)
    ids = room.open(
        "09:00-10:00 group1", "10:00-11:00 group1", "11:00-12:00 group1", "13:00-14:00 group1",
        tracked=tracked,
    )  # fmt: skip
    room.review.approve(PERSON, ids[1])
    for item_id, words in [
        (ids[0], "press Undo first"),
        (ids[1], "press Undo first"),
        (ids[2], "an entry in Toggl between"),
        (ids[3], "Nothing follows"),
    ]:
        with pytest.raises(ReviewError, match=words):
            room.review.merge_with_next(PERSON, item_id)


# -- Taking changes back -------------------------------------------------------------------------


def test_an_edit_can_be_taken_back_once(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1 DEV-1")
    before = room.digest.items[0]
    room.review.edit(PERSON, item_id, change("09:00-09:30 group2"), 1)
    room.review.skip(PERSON, item_id)
    room.review.undo(PERSON, item_id)
    for _ in range(2):
        (back,) = room.review.revert(PERSON, item_id).items
        assert replace(back, version=1) == before
    assert back.version > before.version


def test_a_fresh_suggestion_gives_way_to_what_comes_back(room: Room) -> None:
    (item_id,) = room.open("09:00-12:00 group1")
    room.review.edit(PERSON, item_id, change("09:00-10:00 group1"), 1)
    *_, fresh = room.open("09:00-13:00 group2")
    after = room.review.revert(PERSON, item_id)
    assert shown(after) == "09:00-12:00 open, 12:00-13:00 open"
    assert after.items[0].id == item_id
    assert after.items[1].id != fresh


def test_what_others_took_meanwhile_cannot_come_back(room: Room) -> None:
    (item_id,) = room.open("09:00-12:00 group1")
    room.review.edit(PERSON, item_id, change("09:00-10:00 group1"), 1)
    room.review.add(PERSON, DAY, change("11:00-12:00 group2"))
    with pytest.raises(ReviewError, match="Something else takes that time"):
        room.review.revert(PERSON, item_id)
    assert shown(room.digest) == "09:00-10:00 open, 11:00-12:00 open"


def test_what_was_decided_is_not_reverted(room: Room) -> None:
    (item_id,) = room.open("09:00-12:00 group1")
    room.review.split(PERSON, item_id, at("10:00"))
    other = room.digest.items[1].id
    room.review.approve(PERSON, other)
    with pytest.raises(ReviewError, match="press Undo first"):
        room.review.revert(PERSON, item_id)


def test_an_item_that_nobody_changed_has_nothing_to_take_back(room: Room) -> None:
    (item_id,) = room.open("09:00-12:00 group1")
    before = room.digest
    assert room.review.revert(PERSON, item_id) == before


# -- What the entry says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "description", "expected"),
    [
        (None, "Planning", "Planning"),
        (None, "", ""),
        ("DEV-1", "DEV-1 Fix login", "DEV-1 Fix login"),
        ("DEV-1", "dev-1: done", "dev-1: done"),
        ("DEV-1", "Reviewed it", "Reviewed it"),
        ("DEV-1", "DEV-12 is another one", "DEV-12 is another one"),
        ("DEV-1", "", "DEV-1 Fix login"),
        ("#12", "#12 Reset password", "#12 Reset password"),
        (None, "two\nlines\0and \u202eturned", "two lines and turned"),
    ],
)
def test_an_entry_says_what_the_person_wrote_or_names_the_issue(
    key: str | None, description: str, expected: str
) -> None:
    assert entry_text(issue(key) if key else None, description) == expected


def test_a_long_description_fits() -> None:
    assert len(entry_text(issue("DEV-1"), "x" * 5000)) == 2000


def test_an_hour_is_sent_to_the_second(room: Room) -> None:
    exact = draft("09:00-10:00 group1").suggestions[0]
    span = Span(at("09:00:07") + timedelta(milliseconds=900), at("10:00:08"))
    (item,) = room.store.save_draft(PERSON, Draft(DAY, "UTC", (replace(exact, span=span),))).items
    room.review.approve(PERSON, item.id)
    room.drain()
    (made,) = room.tracker.kept.values()
    assert (made.start, made.end) == (at("09:00:07"), at("10:00:08"))
