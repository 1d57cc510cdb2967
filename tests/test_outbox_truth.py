"""Stopped bots, clocks that jump, answers that lie: still once in Toggl, and told as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.group_worklogs import LoggingRoom
from tests.loopback import FakeTime, Said, loopback
from tests.notation import at
from tests.rooms import DAY, PERSON, NoWorklogs, Room, change, sqlite_store, worker_on
from tests.test_toggl import MORNING, row, tracker
from tests.trackers import (
    Crash,
    FakeTracker,
    Fault,
    after_saving,
    before_saving,
    crash_before,
    lost_after,
    refused,
    unreachable,
)
from tracklater_bot.blocks.digest import digest_message
from tracklater_bot.blocks.week import week_message
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.digests import ItemState, Problem
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.outbox.lookup import Lookup
from tracklater_bot.outbox.senders import all_senders
from tracklater_bot.outbox.worker import Pace, Worker
from tracklater_bot.store import jobs
from tracklater_bot.store.jobs import Job
from tracklater_bot.store.tables import lanes, outbox
from tracklater_bot.trackers.base import (
    Gone,
    NotSent,
    OtherEntry,
    OverQuota,
    PartlySeen,
    Refused,
    TrackerError,
    Unknown,
)


def test_all_that_wait_say_until_when_in_the_same_words(room: Room) -> None:
    """Also what was approved meanwhile, and what is looked up or taken out."""
    ids = room.open("09:00-10:00 group1", "10:00-11:00 group1", "11:00-12:00 group1")
    room.review.approve(PERSON, ids[2])
    room.drain()
    room.review.undo(PERSON, ids[2])
    room.review.approve(PERSON, ids[0])
    room.tracker.fail(*[unreachable] * 40)
    room.drain(most=timedelta(minutes=5))
    room.review.approve(PERSON, ids[1])
    room.worker.work()
    assert {item.problem_code for item in room.digest.items} == {Problem.WAITING}
    assert all(item.retry_at and item.retry_at > room.time() for item in room.digest.items)
    rows = says_of(room)
    assert len(rows) == 3
    waits = re.compile(r"Waits .*until 18:\d\d: Toggl cannot be reached")
    assert all(waits.search(row) for row in rows)
    assert "Waits to be taken out of" in rows[2]
    room.tracker.fail()
    room.drain()
    assert room.states() == [ItemState.SENT, ItemState.SENT, ItemState.OPEN]
    assert {item.retry_at for item in room.digest.items} == {None}


def says_of(room: Room) -> list[str]:
    """The paragraph of each row of the day's message."""
    blocks = digest_message(room.digest).blocks
    texts = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    return [text for text in texts if re.search(r"\d\d:\d\d–\d\d:\d\d", text)]


def test_what_waits_is_counted_with_the_day(room: Room) -> None:
    ids = room.open("09:00-10:00 group1", "10:00-11:30 group1", "11:30-12:00 group1")
    room.review.approve(PERSON, ids[0])
    room.drain()
    room.review.approve(PERSON, ids[1])
    message = digest_message(room.digest)
    head = message.blocks[1]["text"]["text"]
    assert "group1: 30 min to review, 1 h 30 min on the way, 1 h in your tracker" in head
    assert "1 h in your tracker. 1 h 30 min on the way." in message.text
    week = week_message([DayTimes.of(room.digest)])
    assert (
        "1 h in your tracker, 1 h 30 min on the way, 30 min to review of 3 h suggested" in week.text
    )


# -- A bot that stands still ---------------------------------------------------------------------


class Suspended(Worker):
    """Its machine is suspended right after the mark is stored, before the request."""

    meanwhile: Any = staticmethod(lambda: None)

    def _mark_sending(self, *args: Any) -> Job | None:
        marked = super()._mark_sending(*args)
        self.meanwhile()
        return marked


def suspended(room: Room) -> Suspended:
    senders = all_senders(room.store, Lookup(lambda: room.tracker), NoWorklogs())
    pace = Pace(ticks=room.time.ticks)
    return Suspended(room.store, PERSON, "a suspended bot", senders, room.time, pace)


def test_a_bot_that_stood_still_while_another_sent_sends_nothing(room: Room) -> None:
    room.approved()
    bot = suspended(room)

    def hours_pass() -> None:
        room.later(hours=2)
        room.drain(room.new_worker("another bot"))

    bot.meanwhile = hours_pass
    bot.work()
    room.drain()
    assert (room.entries(), room.states()) == ("09:00-10:00 Planning", [ItemState.SENT])
    assert room.tracker.asked.count("create") == 1


def test_a_bot_that_stood_still_alone_looks_first(room: Room) -> None:
    room.approved()
    bot = suspended(room)
    bot.meanwhile = lambda: room.later(hours=2)
    bot.work()
    room.drain()
    assert room.tracker.asked[:3] == ["entries", "find", "entries"]
    assert (room.entries(), room.states()) == ("09:00-10:00 Planning", [ItemState.SENT])


# -- Clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [timedelta(minutes=20), timedelta(days=40)])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_that_was_ahead_holds_nothing_back(
    room: Room, ahead: timedelta, *, restarted: bool
) -> None:
    room.time.now += ahead
    room.open("09:00-10:00 group1", "10:00-11:00 group1")
    room.worker.work()
    room.review.approve_all(PERSON, DAY)
    room.worker.serve()
    room.time.now -= ahead
    worker = room.new_worker("after a restart") if restarted else room.worker
    room.drain(worker, most=timedelta(minutes=2))
    assert room.states() == [ItemState.SENT, ItemState.SENT]


def test_a_lease_of_a_clock_that_was_ahead_ends(room: Room) -> None:
    room.approved()
    room.time.now += timedelta(days=3)
    room.tracker.fail(None, crash_before)
    with pytest.raises(Crash):
        room.new_worker("a bot on another machine").work()
    room.time.now -= timedelta(days=3)
    room.drain(most=timedelta(minutes=2))
    assert (room.entries(), room.states()) == ("09:00-10:00 Planning", [ItemState.SENT])


def test_a_row_that_waited_by_a_clock_ahead_does_not_say_so_for_days(room: Room) -> None:
    (item_id,) = room.approved()
    room.time.now += timedelta(days=3)
    room.tracker.fail(unreachable_now)
    room.worker.work()
    assert room.item(item_id).retry_at is not None
    room.time.now -= timedelta(days=3)
    room.worker.work()
    assert (room.item(item_id).state, room.item(item_id).retry_at) == (ItemState.SENT, None)


def test_a_message_that_a_clock_ahead_claimed_can_be_posted(room: Room) -> None:
    room.open("09:00-10:00 group1")
    assert room.store.claim_digest(PERSON, DAY, "one", at("18:00") + timedelta(days=3))
    assert room.store.claim_digest(PERSON, DAY, "two", at("18:00"))


# -- How long is waited --------------------------------------------------------------------------


def unreachable_now(_: FakeTracker, __: object) -> None:
    raise NotSent("Toggl cannot be reached")


def asks(error: type[NotSent], by: timedelta) -> Fault:
    def fault(tracker: FakeTracker, _: object) -> None:
        raise error("Toggl says when to come again", tracker.now() + by)

    return fault


@pytest.mark.parametrize("error", [NotSent, OverQuota])
@pytest.mark.parametrize("by", [timedelta(days=300), timedelta(0), timedelta(days=-300)])
def test_what_a_service_asks_for_has_bounds(
    room: Room, error: type[NotSent], by: timedelta
) -> None:
    (item_id,) = room.approved()
    room.tracker.fail(asks(error, by))
    room.worker.work()
    retry_at = room.item(item_id).retry_at
    assert retry_at is not None
    assert timedelta(0) < retry_at - room.time() <= timedelta(hours=1)
    assert len(room.tracker.asked) == 1


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "-5", "soon", "1e400", "", "٣", "9" * 400])
def test_no_retry_after_is_a_traceback(value: str) -> None:
    time = FakeTime()
    headers = {"Retry-After": value.encode("utf-8").decode("latin-1")}
    with loopback(Said(429, "", headers)) as service, pytest.raises(NotSent) as caught:
        tracker(time, service.url).create(MORNING)
    assert caught.value.retry_at is not None
    assert timedelta(0) <= caught.value.retry_at - time() <= timedelta(days=1)


def test_one_entrys_trouble_lets_the_others_pass(room: Room) -> None:
    room.approved("09:00-10:00 group1", "10:00-11:00 group1", "11:00-12:00 group1")

    create = room.tracker.create

    def broken(entry: Any) -> TimeEntry:
        if entry.span.start == at("09:00"):
            room.tracker.asked.append("create")
            raise Unknown("Toggl answered with HTTP 500")
        return create(entry)

    room.tracker.create = broken  # type: ignore[method-assign]
    room.drain(most=timedelta(minutes=1))
    assert room.states()[1:] == [ItemState.SENT] * 2
    asked = room.tracker.asked.count("create")
    room.drain(most=timedelta(minutes=30))
    assert room.tracker.asked.count("create") - asked < 15


# -- Answers that are not so ---------------------------------------------------------------------


@pytest.mark.parametrize("error", [Refused("no"), NotSent("slower"), OverQuota("no more")])
def test_a_refusal_of_what_was_saved_is_not_believed(room: Room, error: TrackerError) -> None:
    room.approved()
    room.tracker.fail(None, after_saving(error))
    room.worker.work()
    assert room.states() != [ItemState.FAILED]
    room.drain()
    assert (room.entries(), room.states()) == ("09:00-10:00 Planning", [ItemState.SENT])
    assert room.tracker.asked.count("create") == 1


def test_a_refusal_that_is_so_is_told(room: Room) -> None:
    (item_id,) = room.approved()
    room.tracker.fail(None, before_saving(Refused("Toggl refused it: no")))
    room.drain()
    item = room.item(item_id)
    assert (item.state, item.problem) == (ItemState.FAILED, "Toggl refused it: no")
    assert room.tracker.asked.count("create") == 1


@pytest.mark.parametrize("what", ["edit", "undo"])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_refused_change_is_looked_at(room: Room, what: str, *, carried_out: bool) -> None:
    (item_id,) = room.approved()
    room.drain()
    if what == "edit":
        shorter = change("09:00-09:30 group1")
        room.review.edit(PERSON, item_id, shorter, room.item(item_id).version)
    else:
        room.review.undo(PERSON, item_id)
    error = Refused("Toggl refused it: no")
    fault = after_saving(error) if carried_out else before_saving(error)
    room.tracker.fail(fault)
    room.drain()
    there = {"edit": "09:00-09:30 Planning", "undo": ""}[what]
    assert room.entries() == (there if carried_out else "09:00-10:00 Planning")
    problem = None if carried_out else "Toggl refused it: no"
    assert room.item(item_id).problem == problem
    gone = what == "undo" and carried_out
    assert room.states() == [ItemState.OPEN if gone else ItemState.SENT]


def gone(tracker: FakeTracker, _: Any) -> None:
    """404, from Toggl or from whatever stands in between."""
    error = Gone("the entry is no longer in Toggl")
    error.sent = True
    raise error


@pytest.mark.parametrize("what", ["edit", "undo"])
@pytest.mark.parametrize("moved", [False, True])
def test_a_404_for_an_entry_that_is_there_is_not_believed(
    room: Room, what: str, *, moved: bool
) -> None:
    (item_id,) = room.approved()
    room.drain()
    (entry_id,) = room.tracker.kept
    if moved:
        room.tracker.kept[entry_id] = replace(
            room.tracker.kept[entry_id], start=at("15:00"), end=at("16:00")
        )
    if what == "undo":
        room.review.undo(PERSON, item_id)
    else:
        item = room.item(item_id)
        room.review.edit(PERSON, item_id, change("09:00-09:30 group1"), item.version)
    room.later(minutes=5)
    room.tracker.fail(*[None] * (what == "edit"), gone)
    room.drain()
    assert room.states() == [ItemState.SENT]
    assert "it is there" in str(room.item(item_id).problem)
    room.tracker.kept.clear()
    room.review.undo(PERSON, item_id)
    room.drain()
    assert room.states() == [ItemState.OPEN], "once it is gone that is told"


def test_a_404_is_not_believed_where_the_look_is_refused(room: Room) -> None:
    (item_id,) = room.approved()
    room.drain()
    room.review.undo(PERSON, item_id)
    room.tracker.fail(deleted_and_gone, refused)
    room.drain()
    assert (room.entries(), room.item(item_id).state) == ("", ItemState.OPEN)


def deleted_and_gone(tracker: FakeTracker, call: Any) -> None:
    call()
    gone(tracker, call)


def test_a_late_entry_is_seen_though_the_clock_was_set_back(room: Room) -> None:
    """What was seen before that is no longer so, whatever its time says."""
    late: list[Any] = []

    def lost(_: FakeTracker, call: Any) -> None:
        late.append(call)
        raise Unknown("Toggl did not answer")

    room.approved()
    room.tracker.fail(None, lost)
    room.drain(most=timedelta(minutes=1))
    assert room.states() == [ItemState.SENT]
    room.later(hours=-1)
    late[0]()
    room.drain(most=timedelta(minutes=15))
    assert room.entries() == "09:00-10:00 Planning"


@pytest.mark.parametrize("ahead", [timedelta(minutes=2), timedelta(hours=1), timedelta(days=3)])
@pytest.mark.parametrize("when", ["before the first look", "between the looks"])
def test_a_late_entry_is_seen_though_the_clock_was_set_ahead(
    room: Room, ahead: timedelta, when: str
) -> None:
    """The hour in which it is looked for is an hour that passes, not one that the clock skips."""
    late: list[Any] = []

    def lost(_: FakeTracker, call: Any) -> None:
        late.append(call)
        raise Unknown("Toggl did not answer")

    room.approved()
    room.tracker.fail(None, lost)
    room.drain(most=timedelta(seconds=4 if when == "before the first look" else 60))
    room.time.set(seconds=ahead.total_seconds())
    room.drain(most=timedelta(minutes=45))
    assert room.states() == [ItemState.SENT]
    late[0]()
    assert room.entries() == "09:00-10:00 Planning, 09:00-10:00 Planning"
    room.drain()
    assert room.entries() == "09:00-10:00 Planning"


def test_nothing_is_sent_again_while_it_may_hide_in_an_odd_row(room: Room) -> None:
    (item_id,) = room.approved()
    room.tracker.fail(None, lost_after, partly, partly)
    room.drain(most=timedelta(seconds=6))
    assert room.item(item_id).state is ItemState.UNKNOWN
    assert room.item(item_id).problem == "an entry cannot be understood"
    room.drain()
    assert (room.states(), room.tracker.asked.count("create")) == ([ItemState.SENT], 1)


def partly(_: FakeTracker, __: Any) -> None:
    raise PartlySeen("an entry cannot be understood")


@pytest.mark.parametrize("status", [302, 400, 402, 403, 404, 429, 451])
def test_toggls_client_says_that_a_request_was_out(status: int) -> None:
    time = FakeTime()
    with loopback(Said(status, "", {"Location": "https://x.example"})) as service:
        with pytest.raises((Refused, NotSent)) as caught:
            tracker(time, service.url).create(MORNING)
        assert caught.value.sent
        with pytest.raises((Refused, NotSent)) as asked:
            tracker(time, service.url).entries(MORNING.span)
        assert not asked.value.sent


@pytest.mark.parametrize(
    "other",
    [
        {"start": "2026-11-20T08:05:00Z"},
        {"duration": 60},
        {"description": "Somebody else's"},
        {"project_id": 12},
    ],
)
def test_an_answer_with_another_entry_is_no_success(other: dict[str, Any]) -> None:
    with loopback(Said(200, row(5, **other))) as service, pytest.raises(OtherEntry):
        tracker(FakeTime(), service.url).create(MORNING)


def another(*, there: bool) -> Fault:
    """The answer is about an entry that nobody sent."""

    def fault(tracker: FakeTracker, call: Any) -> TimeEntry:
        if there:
            call()
        foreign = tracker.track("07:00-08:00", "Somebody else's")
        return tracker.kept.pop(foreign)

    return fault


@pytest.mark.parametrize("there", [True, False])
def test_another_entry_in_the_answer_is_looked_after(room: Room, *, there: bool) -> None:
    (item_id,) = room.approved()
    room.tracker.fail(None, another(there=there))
    room.drain()
    assert room.states() == [ItemState.SENT if there else ItemState.FAILED]
    assert room.entries() == ("09:00-10:00 Planning" if there else "")
    assert there or "another entry" in str(room.item(item_id).problem)
    assert room.tracker.asked.count("create") == 1


def test_a_refused_worklog_that_is_there_is_told_as_written(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    room = LoggingRoom(store)
    room.open("09:00-10:00 group1 DEV-1")
    room.review.approve_all(PERSON, DAY)
    room.worklogs.fail(after_saving(Refused("Jira does not let this account log work")))
    room.drain()
    (item,) = room.digest.items
    assert item.worklog is not None
    assert (item.worklog.state, item.worklog.problem) == (ItemState.SENT, None)
    assert room.worklogs.asked.count("create") == 1
    store.close()


# -- A restored copy -----------------------------------------------------------------------------


def lose_jobs(room: Room) -> None:
    with room.store.writing() as transaction:
        transaction.execute(delete(outbox))
        transaction.execute(delete(lanes))


@pytest.mark.parametrize("sent_before", [True, False])
def test_an_entry_on_its_way_without_a_job_is_found_at_start(
    room: Room, *, sent_before: bool
) -> None:
    room.approved()
    if sent_before:
        room.tracker.track("09:00-10:00", "Planning", "11")
    lose_jobs(room)
    room.drain(room.new_worker("after a restore"))
    assert (room.entries(), room.states()) == ("09:00-10:00 Planning", [ItemState.SENT])


@pytest.mark.parametrize("what", ["edit", "undo"])
def test_a_change_on_its_way_without_a_job_is_found_at_start(room: Room, what: str) -> None:
    (item_id,) = room.approved()
    room.drain()
    if what == "edit":
        shorter = change("09:00-09:30 group1")
        room.review.edit(PERSON, item_id, shorter, room.item(item_id).version)
    else:
        room.review.undo(PERSON, item_id)
    lose_jobs(room)
    room.drain(room.new_worker("after a restore"))
    assert room.entries() == {"edit": "09:00-09:30 Planning", "undo": ""}[what]
    assert room.states() == [{"edit": ItemState.SENT, "undo": ItemState.OPEN}[what]]


def test_a_worklog_on_its_way_without_a_job_is_found_at_start(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    room = LoggingRoom(store)
    room.open("09:00-10:00 group1 DEV-1")
    room.review.approve_all(PERSON, DAY)
    room.worker.serve()
    with store.writing() as transaction:
        transaction.execute(delete(outbox).where(outbox.c.target == jobs.Target.WORKLOG))
    room.drain(room.new_worker("after a restore"))
    assert len(room.worklogs.kept) == 1
    store.close()


def test_a_job_of_the_future_in_a_restored_copy_is_due(room: Room) -> None:
    room.approved()
    with room.store.writing() as transaction:
        transaction.execute(update(outbox).values(due_at=at("18:00") + timedelta(minutes=50)))
    worker_on(room.store, room.worker.senders, room.time, "after a restore").work()
    assert room.states() == [ItemState.SENT]
