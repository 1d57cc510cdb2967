"""Approved once, in the tracker exactly once, and the day says what is so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from tests.notation import at, span
from tests.rooms import DAY, PERSON, NoWorklogs, Room, change, draft, worker_on
from tests.storecontract import at_once, dead_owner
from tests.trackers import (
    DEVELOPMENT,
    Crash,
    FakeTracker,
    Fault,
    bug_after,
    crash_after,
    crash_before,
    lost_after,
    lost_before,
    no_quota,
    refused,
    too_fast,
    unreachable,
)
from tracklater_bot.domain.digests import ItemState, Problem
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.urgency import is_low_priority
from tracklater_bot.outbox.lookup import Lookup
from tracklater_bot.outbox.senders import all_senders, give_up
from tracklater_bot.outbox.worker import Pace
from tracklater_bot.review.decisions import ReviewError
from tracklater_bot.store import lanes
from tracklater_bot.store.lanes import Lease
from tracklater_bot.trackers.base import Account, Constraints, NewEntry, Refused, Spared, Task

EAGER = Pace(spacing=timedelta())


# -- The usual way -------------------------------------------------------------------------------


def test_a_day_goes_out_in_order_and_not_too_fast(room: Room) -> None:
    room.approved("11:00-12:00 group1 DEV-2", "09:00-10:00 group1 DEV-1", "13:00-13:30 group1")
    started = room.time()
    room.drain()
    assert room.entries() == (
        "09:00-10:00 DEV-1 Fix login, 11:00-12:00 DEV-2 Fix login, 13:00-13:30 Planning"
    )
    assert room.states() == [ItemState.SENT] * 3
    assert room.tracker.asked == ["entries", "create", "create", "create"]
    assert room.time() - started == timedelta(seconds=2)
    assert [item.entry_id for item in room.digest.items] == ["101", "102", "103"]


def test_days_whose_state_changed_are_told(room: Room) -> None:
    room.approved("09:00-10:00 group1")
    before = room.digest.version
    assert room.worker.work() == {(PERSON, DAY)}
    assert room.digest.version == before + 1
    assert room.worker.work() == set()
    assert room.next_due() is None


@pytest.mark.parametrize("number", [1, 12, 40])
def test_a_day_costs_at_most_two_requests_more_than_it_has_entries(room: Room, number: int) -> None:
    room.open(*(f"{6 + n // 6:02}:{n % 6}0-{6 + n // 6:02}:{n % 6}9 group1" for n in range(number)))
    room.review.approve_all(PERSON, DAY)
    room.drain()
    assert len(room.tracker.kept) == number
    assert len(room.tracker.asked) <= number + 2


def test_an_entry_says_all_that_the_item_says(room: Room) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.review.edit(
        PERSON, item_id, change("09:00-10:00 group1", tags=("a", "b"), billable=True), 1
    )
    room.review.approve(PERSON, item_id)
    room.drain()
    (made,) = room.tracker.kept.values()
    assert (made.project_id, made.tags, made.billable) == ("11", ("a", "b"), True)


@pytest.mark.parametrize(
    ("said", "of_project", "billable"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True)],
)
def test_billable_is_the_persons_word_else_the_projects(
    room: Room, said: bool | None, of_project: bool, billable: bool
) -> None:
    room.open()
    project = replace(DEVELOPMENT, billable=of_project)
    wanted = change("09:00-10:00 group1", project=project, billable=said)
    (item,) = room.review.add(PERSON, DAY, wanted).items
    room.review.approve(PERSON, item.id)
    room.drain()
    (made,) = room.tracker.kept.values()
    assert made.billable is billable


def test_a_project_is_looked_up_by_name_once(room: Room) -> None:
    nameless = tuple(
        replace(suggestion, project=Project("development", "group1", client="FIRST"))
        for suggestion in draft("09:00-10:00 group1", "10:00-11:00 group1").suggestions
    )
    room.store.save_draft(PERSON, Draft(DAY, "UTC", nameless))
    room.review.approve_all(PERSON, DAY)
    room.drain()
    assert {value.project_id for value in room.tracker.kept.values()} == {"11"}
    assert len(room.tracker.asked) == 4


@pytest.mark.parametrize("projects", [(), (DEVELOPMENT, replace(DEVELOPMENT, id="12"))])
def test_a_project_that_toggl_has_not_or_has_twice(
    room: Room, projects: tuple[Project, ...]
) -> None:
    room.tracker.account_projects = projects
    room.open()
    wanted = change("09:00-10:00 group1", project=Project("Development", "group1"))
    (item,) = room.review.add(PERSON, DAY, wanted).items
    room.review.approve(PERSON, item.id)
    room.drain()
    assert room.states() == [ItemState.FAILED]
    assert room.item(item.id).problem == "Toggl has no single project Development: press Edit"
    assert room.entries() == ""


NOTHING = Constraints()


@dataclass(frozen=True)
class KnownWorkspace:
    """What a workspace demands, and its tasks."""

    demands: Constraints = NOTHING
    tasks: tuple[Task, ...] = ()

    def account(self) -> Account:
        return Account("Alice", "7", "UTC", (DEVELOPMENT,), tasks=self.tasks)

    def constraints(self) -> Constraints:
        return self.demands


@pytest.mark.parametrize(
    ("demands", "words"),
    [
        (Constraints(description=True), None),
        (Constraints(project=True), None),
        (Constraints(tag=True), "a tag"),
        (Constraints(task=True), "a task"),
    ],
)
def test_what_the_workspace_demands_is_checked_before_sending(
    room: Room, demands: Constraints, words: str | None
) -> None:
    room.worker = room.new_worker(facts=KnownWorkspace(demands))
    room.approved("09:00-10:00 group1")
    room.drain()
    (item,) = room.digest.items
    assert (item.state is ItemState.SENT) == (words is None)
    if words is not None:
        assert (item.problem_code, words in str(item.problem)) == (Problem.MISSING, True)
        assert "create" not in room.tracker.asked


def test_a_task_imported_from_the_issue_is_set(room: Room) -> None:
    tasks = (Task("91", "DEV-1 Fix login", "11"),)
    made: list[NewEntry] = []
    create = room.tracker.create

    def noting(entry: NewEntry) -> TimeEntry:
        made.append(entry)
        return create(entry)

    room.tracker.create = noting  # type: ignore[method-assign]
    room.worker = room.new_worker(facts=KnownWorkspace(tasks=tasks))
    room.approved("09:00-10:00 group1 DEV-1", "10:00-11:00 group1 DEV-2")
    room.drain()
    assert [each.task_id for each in made] == ["91", None]


# -- What is tracked already ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tracked", "free"),
    [("08:00-09:00", True), ("10:00-11:00", True), ("09:59-10:30", False), ("08:00-12:00", False)],
)
def test_entries_that_appeared_since_are_respected(room: Room, tracked: str, free: bool) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    room.tracker.track(tracked, "Call with Bob")
    room.drain()
    item = room.item(item_id)
    assert (item.state is ItemState.SENT) == free
    if not free:
        assert item.problem_code is Problem.OVERLAP
        assert str(item.problem).startswith("it overlaps “Call with Bob”, ")
        assert [each.description for each in room.digest.tracked] == ["Call with Bob"]


def test_a_running_entry_is_in_the_way_from_its_start(room: Room) -> None:
    (item_id,) = room.approved("17:00-17:30 group1")
    running = room.tracker.track("16:00-16:01", "Timer")
    room.tracker.touch(running, end=None)
    room.drain()
    assert room.item(item_id).problem == "it overlaps “Timer”, running since 16:00, in Toggl"


def test_an_overlap_can_be_approved_anyway(room: Room) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    room.tracker.track("09:30-11:00")
    room.drain()
    room.review.approve(PERSON, item_id)  # an old button must not force it
    room.drain()
    assert room.states() == [ItemState.FAILED]
    room.review.approve(PERSON, item_id, anyway=True)
    room.drain()
    assert room.entries() == "09:00-10:00 Planning, 09:30-11:00 By hand"


def test_an_overlap_can_be_trimmed(room: Room) -> None:
    (item_id,) = room.approved("09:00-12:00 group1")
    room.tracker.track("10:00-11:00")
    room.drain()
    room.review.trim(PERSON, item_id)
    room.review.trim(PERSON, item_id)
    room.drain()
    assert room.entries() == "09:00-10:00 Planning, 10:00-11:00 By hand, 11:00-12:00 Planning"


def test_an_equal_entry_made_by_hand_counts_as_the_one(room: Room) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    by_hand = room.tracker.track("09:00-10:00", "Planning", "11")
    room.drain()
    assert (room.item(item_id).state, room.item(item_id).entry_id) == (ItemState.SENT, by_hand)
    assert len(room.tracker.kept) == 1


def test_an_entry_of_ours_that_was_just_deleted_is_not_taken_for_the_new_one(room: Room) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    room.drain()
    looker = room.new_worker("other bot")
    second = room.review.add(PERSON, DAY, change("12:00-13:00 group1")).items[1]
    room.review.approve(PERSON, second.id)
    room.drain(looker)  # it has seen the first entry now
    room.review.undo(PERSON, item_id)
    room.drain()
    room.review.approve(PERSON, item_id)
    room.drain(looker)
    assert room.entries() == "09:00-10:00 Planning, 12:00-13:00 Planning"


# -- Refusals and waits --------------------------------------------------------------------------


def test_a_refusal_is_told_and_can_be_tried_again(room: Room) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    room.tracker.fail(None, refused)
    room.drain()
    item = room.item(item_id)
    assert (item.state, item.problem) == (ItemState.FAILED, "Toggl refused it: no")
    assert item.problem_code is Problem.REFUSED
    room.review.approve(PERSON, item_id)
    room.drain()
    assert (room.item(item_id).state, room.item(item_id).problem) == (ItemState.SENT, None)


@pytest.mark.parametrize("fault", [unreachable, too_fast])
@pytest.mark.parametrize("step", [0, 1])
def test_a_wait_is_told_with_its_end(room: Room, fault: Fault, step: int) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    room.tracker.fail(*[None] * step, fault)
    room.worker.work()
    item = room.item(item_id)
    assert (item.state, item.problem_code) == (ItemState.PENDING, Problem.WAITING)
    assert item.retry_at is not None
    assert room.time() < item.retry_at == room.next_due()
    room.drain()
    assert (room.item(item_id).state, room.item(item_id).retry_at) == (ItemState.SENT, None)


def test_waits_grow_and_end_with_a_success(room: Room) -> None:
    room.approved("09:00-10:00 group1", "10:00-11:00 group1")
    room.tracker.fail(*[unreachable] * 12)
    waits = []
    while room.states()[0] is not ItemState.SENT:
        room.worker.work()
        due = room.next_due()
        assert due is not None
        waits.append((due - room.time()).total_seconds())
        room.time.now = due
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 1]


def test_a_used_up_quota_stops_the_person_and_nobody_else(room: Room) -> None:
    room.approved("09:00-10:00 group1", "10:00-11:00 group1", "11:00-12:00 group1")
    room.tracker.fail(None, None, no_quota)
    room.drain(most=timedelta(minutes=1))
    reset = room.tracker.quota_back
    waiting = room.digest.items[1:]
    assert room.states() == [ItemState.SENT, ItemState.PENDING, ItemState.PENDING]
    assert {item.retry_at for item in waiting} == {reset}
    assert {item.problem_code for item in waiting} == {Problem.QUOTA}
    asked = len(room.tracker.asked)
    room.worker.work()
    assert (len(room.tracker.asked), room.next_due()) == (asked, reset)

    other = room.store.save_draft("U2", draft("09:00-10:00 group1")).items[0]
    room.review.approve("U2", other.id)
    quota, room.tracker.quota_back = room.tracker.quota_back, None
    senders = all_senders(room.store, Lookup(lambda: room.tracker), NoWorklogs())
    worker_on(room.store, senders, room.time, "their bot", person="U2").work()
    room.tracker.quota_back = quota
    found = room.store.digest("U2", DAY)
    assert found is not None
    assert found.items[0].state is ItemState.SENT

    room.drain(room.new_worker("after a restart"))
    assert room.states() == [ItemState.SENT] * 3
    assert room.time() >= reset  # type: ignore[operator]


def test_after_the_reset_nothing_says_that_it_waits(room: Room) -> None:
    room.approved("09:00-10:00 group1", "10:00-11:00 group1", "11:00-12:00 group1")
    room.tracker.fail(no_quota)
    room.worker.work()
    room.later(minutes=20)
    room.worker.work()
    assert room.states() == [ItemState.SENT, ItemState.PENDING, ItemState.PENDING]
    assert {item.problem for item in room.digest.items} == {None}


def test_without_a_tracker_the_sentence_says_what_to_do(room: Room) -> None:
    def nobody() -> FakeTracker:
        raise Refused("Toggl is not set up: set its token")

    room.approved("09:00-10:00 group1")
    senders = all_senders(room.store, Lookup(nobody), NoWorklogs())
    room.drain(worker_on(room.store, senders, room.time, "this bot"))
    (item,) = room.digest.items
    assert (item.state, item.problem) == (ItemState.FAILED, "Toggl is not set up: set its token")


# -- Lost answers and crashes --------------------------------------------------------------------


@pytest.mark.parametrize("fault", [lost_before, lost_after, bug_after])
def test_after_a_lost_answer_it_is_looked_for_first(room: Room, fault: Fault) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    room.tracker.fail(None, fault)
    room.worker.work()
    assert room.states() == [ItemState.UNKNOWN]
    room.drain()
    assert room.tracker.asked[2] == "find"
    assert room.entries() == "09:00-10:00 Planning"
    assert room.item(item_id).entry_id in room.tracker.kept


def test_while_it_cannot_be_looked_for_nothing_is_sent(room: Room) -> None:
    room.approved("09:00-10:00 group1")
    room.tracker.fail(None, lost_after, unreachable, refused, lost_before, no_quota)
    room.worker.work()
    for _ in range(4):
        room.time.now = room.next_due() or room.time()
        room.worker.work()
        assert room.states() == [ItemState.UNKNOWN]
    room.drain()
    assert (room.entries(), room.states()) == ("09:00-10:00 Planning", [ItemState.SENT])


@pytest.mark.parametrize("fault", [crash_before, crash_after])
def test_a_process_that_died_while_sending_is_followed_up(room: Room, fault: Fault) -> None:
    room.approved("09:00-10:00 group1", "10:00-11:00 group1")
    room.tracker.fail(None, fault)
    with pytest.raises(Crash):
        room.worker.work()
    assert room.states() == [ItemState.SENDING, ItemState.PENDING]
    room.drain(room.new_worker("after a restart"))
    assert room.entries() == "09:00-10:00 Planning, 10:00-11:00 Planning"
    assert room.states() == [ItemState.SENT] * 2


def test_a_crashed_request_gets_time_to_arrive_before_it_is_looked_for(room: Room) -> None:
    room.approved("09:00-10:00 group1")
    room.tracker.fail(None, crash_before)
    with pytest.raises(Crash):
        room.worker.work()
    again = room.new_worker("this bot")
    again.work()
    assert (room.states(), room.tracker.asked) == ([ItemState.UNKNOWN], ["entries", "create"])
    assert again.due_in() == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("owner", "seconds"), [("a bot here", 7), ("a bot on another machine", 301)]
)
def test_a_lease_ends_with_its_process_or_after_a_while(
    room: Room, owner: str, seconds: int
) -> None:
    room.approved("09:00-10:00 group1")
    room.tracker.fail(None, crash_after)
    with pytest.raises(Crash):
        room.new_worker(dead_owner() if owner == "a bot here" else owner).work()
    started = room.time()
    while room.states() != [ItemState.SENT]:
        room.later(seconds=1)
        room.worker.work()
    assert (room.time() - started).total_seconds() <= seconds
    assert room.entries() == "09:00-10:00 Planning"


def test_a_living_bots_lease_is_respected(room: Room) -> None:
    room.approved("09:00-10:00 group1")
    room.tracker.fail(None, crash_before)
    with pytest.raises(Crash):
        room.new_worker("a bot on another machine").work()
    room.later(minutes=4)
    asked = list(room.tracker.asked)
    assert room.worker.work() == set()
    assert room.tracker.asked == asked


def test_an_equal_entry_of_another_item_is_not_taken(room: Room) -> None:
    """Cannot come about by buttons; if it does, an hour is missing rather than counted twice."""
    first, second = room.approved("09:00-10:00 group1", "10:00-11:00 group1")
    room.drain(most=timedelta(seconds=0.5))
    assert room.states() == [ItemState.SENT, ItemState.PENDING]
    room.tracker.fail(lost_after)
    room.later(seconds=1)
    room.worker.work()
    room.tracker.fail(lambda tracker, _: tracker.kept["101"])
    room.drain()
    assert room.item(first).entry_id == "101"
    assert (room.item(second).state, room.item(second).entry_id) == (ItemState.FAILED, None)


# -- While a request is being prepared -------------------------------------------------------------


def meanwhile(call: Callable[[], object]) -> Fault:
    """Something that happens while the tracker is asked."""

    def fault(_: FakeTracker, go_on: Callable[[], TimeEntry | None]) -> TimeEntry | None:
        call()
        return go_on()

    return fault


def test_what_is_taken_back_meanwhile_is_not_sent(room: Room) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    room.tracker.fail(meanwhile(lambda: room.review.undo(PERSON, item_id)))
    room.drain()
    assert (room.entries(), room.states()) == ("", [ItemState.OPEN])


def test_what_is_edited_meanwhile_is_sent_as_edited(room: Room) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    wanted = change("11:00-12:00 group1")
    room.tracker.track("09:30-10:30")  # in the way of what it was
    room.tracker.fail(meanwhile(lambda: room.review.edit(PERSON, item_id, wanted, 2)))
    room.drain()
    assert room.entries() == "09:30-10:30 By hand, 11:00-12:00 Planning"
    assert room.states() == [ItemState.SENT]


def test_who_was_held_up_for_longer_than_the_lease_sends_nothing(room: Room) -> None:
    room.approved("09:00-10:00 group1")

    def another_bot_takes_over() -> None:
        now = room.later(minutes=6)
        with room.store.writing() as connection:
            assert lanes.take(connection, PERSON, Lease("other", now, timedelta(minutes=5)))

    room.tracker.fail(meanwhile(another_bot_takes_over))
    room.worker.work()
    assert room.tracker.asked == ["entries"]
    room.drain()
    assert room.entries() == "09:00-10:00 Planning"


# -- Changing and deleting entries -----------------------------------------------------------------


def sent(room: Room) -> str:
    """An item whose entry was made a while ago."""
    (item_id,) = room.approved("09:00-10:00 group1")
    room.drain()
    room.later(minutes=5)
    return item_id


def edit(room: Room, item_id: str) -> None:
    room.review.edit(PERSON, item_id, change("09:00-09:30 group1"), room.item(item_id).version)


def ask(room: Room, item_id: str, what: str) -> None:
    if what == "edit":
        edit(room, item_id)
    else:
        room.review.undo(PERSON, item_id)


@pytest.mark.parametrize("fault", [lost_before, lost_after, unreachable, too_fast, no_quota])
@pytest.mark.parametrize("what", ["edit", "undo"])
def test_changing_and_deleting_survive_every_passing_fault(
    room: Room, fault: Fault, what: str
) -> None:
    item_id = sent(room)
    ask(room, item_id, what)
    room.tracker.fail(*[None] * (what == "edit"), fault)
    room.drain()
    expected = ("09:00-09:30 Planning", ItemState.SENT) if what == "edit" else ("", ItemState.OPEN)
    assert (room.entries(), room.item(item_id).state) == expected


def test_a_change_that_may_be_done_already_cannot_be_taken_back_unseen(room: Room) -> None:
    item_id = sent(room)
    edit(room, item_id)
    room.tracker.fail(None, lost_after, too_fast)
    for state in (ItemState.UNKNOWN, ItemState.PENDING):
        room.worker.work()
        assert room.item(item_id).state is state
        with pytest.raises(ReviewError, match="on its way"):
            room.review.undo(PERSON, item_id)
        with pytest.raises(ReviewError, match="on its way"):
            room.review.edit(
                PERSON, item_id, change("08:00-09:00 group1"), room.item(item_id).version
            )
        room.time.now = room.next_due() or room.time()
    room.drain()
    assert (room.entries(), room.states()) == ("09:00-09:30 Planning", [ItemState.SENT])


def test_a_change_that_certainly_did_nothing_can_be_taken_back(room: Room) -> None:
    item_id = sent(room)
    edit(room, item_id)
    room.tracker.fail(None, too_fast)
    room.worker.work()
    room.review.undo(PERSON, item_id)
    room.drain()
    assert (room.entries(), room.states()) == ("09:00-10:00 Planning", [ItemState.SENT])


def test_a_change_that_toggl_refuses_leaves_what_is_there(room: Room) -> None:
    item_id = sent(room)
    edit(room, item_id)
    room.tracker.fail(None, refused)
    room.drain()
    item = room.item(item_id)
    assert (item.state, item.problem) == (ItemState.SENT, "Toggl refused it: no")
    assert item.suggestion.span == span("09:00-10:00")
    assert room.entries() == "09:00-10:00 Planning"


def test_a_change_into_other_tracked_time_leaves_what_is_there(room: Room) -> None:
    item_id = sent(room)
    room.tracker.track("10:00-11:00")
    room.review.edit(PERSON, item_id, change("09:00-10:30 group1"), room.item(item_id).version)
    room.drain()
    item = room.item(item_id)
    assert (item.state, item.problem_code) == (ItemState.SENT, Problem.OVERLAP)
    assert item.suggestion.span == span("09:00-10:00")


@pytest.mark.parametrize("what", ["edit", "undo"])
def test_an_entry_changed_in_toggl_is_shown_and_never_overwritten_unasked(
    room: Room, what: str
) -> None:
    item_id = sent(room)
    entry_id = room.item(item_id).entry_id
    assert entry_id is not None
    room.tracker.touch(entry_id, description="Changed", end=at("10:15"), project_id="12")
    ask(room, item_id, what)
    room.drain()
    item = room.item(item_id)
    assert room.entries() == "09:00-10:15 Changed"
    assert (item.state, item.problem_code) == (ItemState.SENT, Problem.CHANGED)
    assert (item.suggestion.description, item.suggestion.span) == ("Changed", span("09:00-10:15"))
    assert item.suggestion.project is not None
    assert item.suggestion.project.id == "12"
    ask(room, item_id, what)
    room.drain()
    assert room.entries() == ("09:00-09:30 Planning" if what == "edit" else "")


def test_changing_what_was_deleted_in_toggl(room: Room) -> None:
    item_id = sent(room)
    room.tracker.kept.clear()
    edit(room, item_id)
    room.drain()
    item = room.item(item_id)
    assert (item.state, item.entry_id, item.problem_code) == (ItemState.FAILED, None, Problem.GONE)
    room.review.approve(PERSON, item_id)
    room.drain()
    assert room.entries() == "09:00-09:30 Planning"


def test_deleting_what_was_deleted_in_toggl_is_done(room: Room) -> None:
    item_id = sent(room)
    room.tracker.kept.clear()
    room.review.undo(PERSON, item_id)
    room.drain()
    assert room.item(item_id).state is ItemState.OPEN


def test_a_delete_that_toggl_refuses_leaves_it_sent(room: Room) -> None:
    item_id = sent(room)
    room.review.undo(PERSON, item_id)
    room.tracker.fail(refused)
    room.drain()
    assert (room.item(item_id).state, room.item(item_id).problem) == (
        ItemState.SENT,
        "Toggl refused it: no",
    )


# -- Two workers ---------------------------------------------------------------------------------


def test_two_workers_at_once_make_one_entry_of_each(room: Room) -> None:
    room.approved(*(f"{hour:02}:00-{hour + 1:02}:00 group1" for hour in range(8, 16)))
    workers = [room.new_worker(f"bot {n}", pace=EAGER) for n in range(4)]
    while room.next_due() is not None:
        at_once(4, lambda n: workers[n].work())
    assert len(room.tracker.kept) == 8
    assert room.states() == [ItemState.SENT] * 8


def test_fifty_clicks_at_once_make_one_entry_of_each(room: Room) -> None:
    ids = room.open(*(f"{hour:02}:00-{hour + 1:02}:00 group1" for hour in range(8, 18)))
    at_once(50, lambda n: room.review.approve(PERSON, ids[n % 10]))
    room.drain()
    assert len(room.tracker.kept) == 10


WORKER = """
import sys
from datetime import timedelta
from pathlib import Path
from tests.rooms import NoWorklogs, PERSON
from tests.notation import at
from tests.trackers import FakeTracker
from tracklater_bot.outbox.lookup import Lookup
from tracklater_bot.outbox.senders import all_senders, give_up
from tracklater_bot.outbox.worker import Pace, Worker
from tracklater_bot.store import Store

class Log(FakeTracker):
    def _keep(self, entry):
        print(entry.span.start, flush=True)
        return super()._keep(entry)

url, name, number = sys.argv[1:]
now = lambda: at("18:00")
tracker = Log(now, number=int(number))
store, pace = Store.open(url, now), Pace(spacing=timedelta())
senders = all_senders(store, Lookup(lambda: tracker), NoWorklogs())
worker = Worker(store, PERSON, name, senders, now, pace)
while worker.due_in() is not None:
    worker.work()
"""


def test_two_processes_make_one_entry_of_each(room: Room, tmp_path: Path) -> None:
    room.approved(
        *(f"{hour:02}:{m}0-{hour:02}:{m}9 group1" for hour in range(8, 18) for m in "024")
    )
    url = f"sqlite:///{tmp_path}/store.sqlite3"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, f"bot {n}", str(n * 1000)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in (1, 2)
    ]
    written = [line for each in running for line in each.communicate(timeout=60)[0].splitlines()]
    assert [each.returncode for each in running] == [0, 0]
    assert len(written) == len(set(written)) == 30
    assert room.states() == [ItemState.SENT] * 30


# -- Another tracker -------------------------------------------------------------------------------


def test_another_trackers_words_and_ids(room: Room) -> None:
    """Its ids are no numbers, and sentences name it."""

    class Clockify(FakeTracker):
        label = "Clockify"

        def _keep(self, entry: NewEntry) -> TimeEntry:
            made = super()._keep(entry)
            self.kept[f"6f3a-{made.id}"] = replace(self.kept.pop(made.id), id=f"6f3a-{made.id}")
            return self.kept[f"6f3a-{made.id}"]

    room.tracker = Clockify(room.time)
    first, second = room.approved("09:00-10:00 group1", "10:00-11:00 group1")
    room.drain(most=timedelta(seconds=0.5))
    assert room.item(first).entry_id == "6f3a-101"
    room.tracker.track("10:30-11:30")
    room.later(minutes=5)
    room.drain()
    assert str(room.item(second).problem).endswith("10:30–11:30, in Clockify")
    room.review.undo(PERSON, first)
    room.drain()
    assert room.entries() == "10:30-11:30 By hand"


# -- Somebody leaves, whose decisions had not been sent yet ----------------------------------------


def kept_for_clicks(tracker: FakeTracker, call: Callable[[], Any]) -> Any:
    if is_low_priority():
        raise Spared(
            "what is left is kept for what you click", tracker.now() + timedelta(minutes=5)
        )
    return call()


def test_a_look_for_what_came_late_is_not_put_off_for_ever(room: Room) -> None:
    """However much is clicked meanwhile."""
    room.approved("09:00-10:00 group1")
    room.tracker.faults = chain([None, lost_before], repeat(kept_for_clicks))
    room.drain(most=timedelta(hours=3))
    assert room.states() == [ItemState.SENT]
    assert room.worker.due_in() is None


def leave(room: Room) -> int:
    with room.store.writing() as transaction:
        return give_up(transaction, PERSON, room.time(), "you left")


def test_what_went_nowhere_waits_for_a_decision_again(room: Room) -> None:
    room.approved("09:00-10:00 group1", "10:00-11:00 group1")
    room.tracker.fail(None, no_quota)
    room.worker.work()
    assert leave(room) == 2
    assert room.states() == [ItemState.OPEN, ItemState.OPEN]
    room.later(days=90)
    room.drain(room.new_worker("joined again"))
    assert room.entries() == ""
    assert leave(room) == 0


@pytest.mark.parametrize("fault", [lost_after, lost_before, crash_after])
def test_what_may_have_been_made_says_so_and_is_not_made_twice(room: Room, fault: Fault) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    room.tracker.fail(None, fault)
    with suppress(Crash):
        room.worker.work()
    there = room.entries()
    assert leave(room) == 1
    assert (room.item(item_id).state, room.item(item_id).problem) == (ItemState.FAILED, "you left")
    room.later(days=1)
    worker = room.new_worker("joined again")
    room.drain(worker)
    assert room.entries() == there
    room.review.approve(PERSON, item_id)
    room.drain(worker)
    assert (room.entries(), room.states()) == ("09:00-10:00 Planning", [ItemState.SENT])


@pytest.mark.parametrize("fault", [lost_after, crash_after])
def test_what_was_undone_and_may_have_been_made_says_so(room: Room, fault: Fault) -> None:
    (item_id,) = room.approved("09:00-10:00 group1")
    room.tracker.fail(None, fault)
    with suppress(Crash):
        room.worker.work()
    room.review.undo(PERSON, item_id)
    assert leave(room) == 1
    assert (room.item(item_id).state, room.item(item_id).problem) == (ItemState.FAILED, "you left")
    assert room.entries() == "09:00-10:00 Planning"


def test_what_was_to_be_changed_or_taken_out_stays_and_says_so(room: Room) -> None:
    changed, gone = room.approved("09:00-10:00 group1", "10:00-11:00 group1")
    room.drain()
    room.review.edit(PERSON, changed, change("09:00-09:30 group1"), room.item(changed).version)
    room.review.undo(PERSON, gone)
    assert leave(room) == 2
    room.drain(room.new_worker("joined again"))
    assert room.entries() == "09:00-10:00 Planning, 10:00-11:00 Planning"
    assert room.states() == [ItemState.SENT, ItemState.SENT]
    assert [item.problem for item in room.digest.items] == ["you left", "you left"]
    assert room.item(changed).suggestion.span == span("09:00-10:00")


def test_a_request_that_is_out_as_somebody_leaves_brings_nothing_back(room: Room) -> None:
    """Its answer comes when nobody waits for it any more."""
    (item_id,) = room.approved("09:00-10:00 group1")

    def meanwhile(_: FakeTracker, call: Callable[[], TimeEntry | None]) -> TimeEntry | None:
        made = call()
        leave(room)
        return made

    room.tracker.fail(None, meanwhile)
    room.drain()
    assert room.item(item_id).problem == "you left"
    room.review.approve(PERSON, item_id)
    room.drain(room.new_worker("joined again"))
    assert (room.entries(), room.states()) == ("09:00-10:00 Planning", [ItemState.SENT])
