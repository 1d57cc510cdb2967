"""An entry of a group with worklogs is in its Jira issue too: once, and as long as in Toggl."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.digests import TOGGL, issue
from tests.digests import digest as a_digest
from tests.digests import item as an_item
from tests.group_worklogs import Fault, LoggingRoom, jira_down, no_right
from tests.longer import usually
from tests.notation import span
from tests.rooms import DAY, PERSON, draft, sqlite_store
from tests.trackers import (
    Crash,
    after_saving,
    before_saving,
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
from tracklater_bot.blocks.digest import DigestView, digest_message
from tracklater_bot.domain.digests import ItemState, Worklog
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.payload import worklog_of
from tracklater_bot.outbox.senders import give_up
from tracklater_bot.review.decisions import ReviewError
from tracklater_bot.store import Store
from tracklater_bot.trackers.base import Gone, Refused, TrackerError, Unknown


@pytest.fixture
def room(tmp_path: Path) -> Iterator[LoggingRoom]:
    with sqlite_store(tmp_path) as store:
        yield LoggingRoom(store)


def sent(room: LoggingRoom) -> str:
    (item_id,) = room.approved()
    room.drain()
    room.worklogs.asked.clear()
    return item_id


FIRST = "DEV-1 09:00-10:00 Fix login"


# -- The usual way -------------------------------------------------------------------------------


def test_a_sent_entry_becomes_a_worklog_once(room: LoggingRoom) -> None:
    (item_id,) = room.approved()
    room.drain()
    assert room.worklogs.written() == FIRST
    assert room.worklogs.asked == ["create"]
    assert [value.ours for value in room.worklogs.kept.values()] == [item_id]
    assert room.worklog() == Worklog("DEV-1", ItemState.SENT)


def test_worklogs_come_one_after_the_other_and_not_too_fast(room: LoggingRoom) -> None:
    room.approved(*(f"{hour:02}:00-{hour + 1:02}:00 group1 DEV-1" for hour in range(8, 12)))
    moments = []

    def noted(_: object, call: Any) -> Any:
        moments.append(room.time())
        return call()

    room.worklogs.faults = iter(lambda: noted, None)
    room.drain()
    assert len(room.worklogs.kept) == len(moments) == 4
    assert all(b - a >= timedelta(seconds=1) for a, b in pairwise(moments))


@pytest.mark.parametrize(
    "text", ["09:00-10:00 group1", "09:00-10:00 group2 WEB-1"], ids=["no issue", "not wanted"]
)
def test_nothing_is_logged_without_an_issue_or_a_wish(room: LoggingRoom, text: str) -> None:
    room.approved(text)
    room.drain()
    assert room.states() == [ItemState.SENT]
    assert (room.worklogs.asked, room.worklog()) == ([], None)


@pytest.mark.parametrize(
    "other",
    [issue("WEB-1", "group2"), replace(issue("#12"), tracker="taiga"), None],
    ids=["another client's", "taiga", "none"],
)
def test_only_a_jira_issue_of_the_same_group_is_told(other: Issue | None) -> None:
    known = an_item("09:00-10:00 group1 DEV-1")
    assert worklog_of(known) is not None
    assert worklog_of(replace(known, suggestion=replace(known.suggestion, issue=other))) is None


@pytest.mark.parametrize(
    ("said", "comment"),
    [
        ("DEV-1 Fix login", "Fix login"),
        ("DEV-1: Fix login", "Fix login"),
        ("dev-1 half of it", "half of it"),
        ("With Bob", "With Bob"),
        ("DEV-12 was the cause", "DEV-12 was the cause"),
        ("DEV-1", ""),
        ("", "Fix login"),
    ],
)
def test_the_comment_says_what_the_entry_says(room: LoggingRoom, said: str, comment: str) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.edit(item_id, "09:00-10:00 group1", issue=issue("DEV-1"), description=said)
    room.review.approve(PERSON, item_id)
    room.drain()
    assert [value.comment for value in room.worklogs.kept.values()] == [comment]


@pytest.mark.parametrize("said", ["DEV-1", "DEV-1:", "DEV-1  ", "dev-1 \u200b"])
def test_words_that_are_emptied_are_emptied_everywhere_until_they_are_filled_again(
    room: LoggingRoom, said: str
) -> None:
    item_id = sent(room)
    for words, comment in ((said, ""), ("With Bob", "With Bob"), (said, "")):
        room.edit(item_id, "09:00-10:00 group1", issue=issue("DEV-1"), description=words)
        room.drain()
        assert [value.comment for value in room.worklogs.kept.values()] == [comment]
        (entry,) = room.tracker.kept.values()
        assert words_of(room).removesuffix(" (DEV-1)") == entry.description
    room.review.undo(PERSON, item_id)
    room.drain()
    assert (room.worklogs.written(), words_of(room)) == ("", entry.description)
    room.review.approve(PERSON, item_id)
    room.drain()
    assert room.worklogs.written() == "DEV-1 09:00-10:00 "


@pytest.mark.parametrize("said", ["", "  "])
def test_without_any_words_the_row_names_the_issue_as_the_entry_will(
    room: LoggingRoom, said: str
) -> None:
    (item_id,) = room.open("09:00-10:00 group1")
    room.edit(item_id, "09:00-10:00 group1", issue=issue("DEV-1"), description=said)
    before = words_of(room)
    room.review.approve(PERSON, item_id)
    room.drain()
    (entry,) = room.tracker.kept.values()
    assert before == words_of(room) == entry.description == "DEV-1 Fix login"


def test_words_that_were_emptied_in_toggl_go_from_the_row_and_from_jira(room: LoggingRoom) -> None:
    item_id = sent(room)
    ((number, entry),) = room.tracker.kept.items()
    room.tracker.kept[number] = replace(entry, description="", changed="by hand")
    room.edit(item_id, "09:00-10:00 group1", issue=issue("DEV-1"), description="DEV-1 Half")
    room.drain()
    assert words_of(room) == ""
    assert "No description (" in str(digest_message(room.digest).blocks)
    room.review.keep(PERSON, item_id)
    room.drain()
    assert words_of(room) == ""
    assert "No description (" in str(digest_message(room.digest).blocks)
    assert room.worklogs.written() == "DEV-1 09:00-10:00 "


def words_of(room: LoggingRoom) -> str:
    """What the message says that the first entry says, as it is read out."""
    line = digest_message(room.digest).text.split("\n")[1]
    return re.sub(r"( \((in|on|being|not) .*\))?\.$", "", line).partition(", Development")[2][2:]


# -- Edit and undo -------------------------------------------------------------------------------


def test_an_edit_changes_the_worklog(room: LoggingRoom) -> None:
    item_id = sent(room)
    room.edit(item_id, "09:00-09:30 group1", issue=issue("DEV-1"), description="DEV-1 Half")
    room.drain()
    assert room.worklogs.written() == "DEV-1 09:00-09:30 Half"
    assert room.worklogs.asked == ["update"]


def test_another_issue_moves_the_worklog(room: LoggingRoom) -> None:
    item_id = sent(room)
    room.edit(item_id, "09:00-10:00 group1", issue=issue("DEV-2"), description="Other")
    room.drain()
    assert room.worklogs.written() == "DEV-2 09:00-10:00 Other"
    assert room.worklogs.asked == ["delete", "create"]
    assert room.worklog() == Worklog("DEV-2", ItemState.SENT)


def test_no_issue_any_more_removes_the_worklog(room: LoggingRoom) -> None:
    item_id = sent(room)
    room.edit(item_id, "09:00-10:00 group1")
    room.drain()
    assert (room.worklogs.written(), room.worklog()) == ("", None)


def test_what_jira_does_not_show_costs_no_request(room: LoggingRoom) -> None:
    item_id = sent(room)
    room.edit(
        item_id, "09:00-10:00 group1", issue=issue("DEV-1"),
        description="DEV-1 Fix login", tags=("a",),
    )  # fmt: skip
    room.drain()
    assert room.states() == [ItemState.SENT]
    assert room.worklogs.asked == []


def test_undo_removes_the_worklog(room: LoggingRoom) -> None:
    item_id = sent(room)
    room.review.undo(PERSON, item_id)
    room.drain()
    assert (room.entries(), room.worklogs.written()) == ("", "")
    assert (room.item(item_id).state, room.worklog()) == (ItemState.OPEN, None)


def test_undo_removes_the_worklog_also_when_the_item_is_gone_meanwhile(room: LoggingRoom) -> None:
    item_id = sent(room)
    room.review.undo(PERSON, item_id)
    room.worklogs.fail(crash_before)
    with pytest.raises(Crash):
        room.drain()
    room.store.save_draft(PERSON, draft("13:00-14:00 group1"))
    assert room.store.digest_of_item(item_id) is None
    room.drain(room.new_worker("after a restart"))
    assert room.worklogs.written() == ""


def test_undone_while_it_is_being_written(room: LoggingRoom) -> None:
    (item_id,) = room.approved()

    def undone_meanwhile(_: object, call: Any) -> Any:
        room.review.undo(PERSON, item_id)
        return call()

    room.worklogs.fail(undone_meanwhile)
    room.drain()
    assert (room.entries(), room.worklogs.written(), room.worklog()) == ("", "", None)


def test_approved_again_it_is_written_again(room: LoggingRoom) -> None:
    item_id = sent(room)
    for _ in range(3):
        room.review.undo(PERSON, item_id)
        room.drain()
        room.review.approve(PERSON, item_id)
        room.drain()
    assert room.worklogs.written() == FIRST


def test_switched_off_later_what_is_there_is_kept_in_line(room: LoggingRoom) -> None:
    item_id = sent(room)
    room.group_worklogs.groups.clear()
    room.edit(item_id, "09:00-09:30 group1", issue=issue("DEV-1"), description="Half")
    room.drain()
    assert room.worklogs.written() == "DEV-1 09:00-09:30 Half"
    room.review.undo(PERSON, item_id)
    room.drain()
    room.review.approve(PERSON, item_id)
    room.drain()
    assert (room.worklogs.written(), room.worklog()) == ("", None)


# -- Failures ------------------------------------------------------------------------------------


def test_a_refusal_is_told_and_leaves_the_entry(room: LoggingRoom) -> None:
    (item_id,) = room.approved()
    room.worklogs.fail(no_right)
    room.drain()
    assert (room.entries(), room.states()) == ("09:00-10:00 DEV-1 Fix login", [ItemState.SENT])
    assert room.item(item_id).problem is None
    sentence = "Jira does not let this account log work: it needs Work On Issues"
    assert room.worklog() == Worklog("DEV-1", ItemState.FAILED, sentence)
    room.later(hours=9)
    room.drain()
    assert room.worklogs.asked == ["create"], "it is not tried again by itself"


def test_the_next_edit_tries_a_refused_one_again(room: LoggingRoom) -> None:
    (item_id,) = room.approved()
    room.worklogs.fail(no_right)
    room.drain()
    room.edit(item_id, "09:00-10:00 group1", issue=issue("DEV-1"), description="DEV-1 Fix login")
    room.drain()
    room.edit(item_id, "09:00-10:00 group1", issue=issue("DEV-1"), description="DEV-1 Fix login")
    room.drain()
    assert (room.worklogs.written(), room.worklog()) == (FIRST, Worklog("DEV-1", ItemState.SENT))


def test_saving_the_dialog_unchanged_tries_a_refused_one_again(room: LoggingRoom) -> None:
    (item_id,) = room.approved()
    room.worklogs.fail(no_right, no_right)
    for _ in range(3):
        room.drain()
        room.edit(
            item_id, "09:00-10:00 group1", issue=issue("DEV-1"), description="DEV-1 Fix login"
        )
    room.drain()
    assert room.worklogs.written() == FIRST
    assert room.worklogs.asked == ["create"] * 3


def test_an_issue_that_is_gone(room: LoggingRoom) -> None:
    room.approved()
    room.worklogs.issues_gone.add("DEV-1")
    room.drain()
    worklog = room.worklog()
    assert worklog is not None
    assert (worklog.state, "no longer in Jira" in str(worklog.problem)) == (ItemState.FAILED, True)


def test_a_worklog_that_somebody_deleted_is_not_made_again_unasked(room: LoggingRoom) -> None:
    item_id = sent(room)
    room.worklogs.kept.clear()
    room.edit(item_id, "09:00-09:30 group1", issue=issue("DEV-1"), description="Half")
    room.drain()
    worklog = room.worklog()
    assert worklog is not None
    assert (room.worklogs.written(), worklog.state) == ("", ItemState.FAILED)
    room.review.undo(PERSON, item_id)
    room.drain()
    assert room.worklog() is None


def test_one_that_cannot_be_removed_is_told(room: LoggingRoom) -> None:
    item_id = sent(room)
    room.review.undo(PERSON, item_id)
    room.worklogs.fail(no_right)
    room.drain()
    assert room.item(item_id).state is ItemState.OPEN
    told = room.worklog()
    assert told == Worklog(
        "DEV-1",
        ItemState.DELETING,
        "Jira does not let this account log work: it needs Work On Issues",
    )
    room.store.save_draft(PERSON, draft("13:00-14:00 group1"))
    assert room.item(item_id).worklog == told, "reading the day anew does not hide it"
    first, second = room.review.split(PERSON, item_id, span("09:00-09:30").end).items[:2]
    assert (first.worklog, second.worklog) == (told, None)


@pytest.mark.parametrize("away", [False, True], ids=["refused", "its Jira left the settings"])
def test_one_that_cannot_be_moved_is_told_and_not_tried_for_ever(
    room: LoggingRoom, away: bool
) -> None:
    item_id = sent(room)
    room.group_worklogs.away = away
    room.worklogs.fail(*[no_right] * 3)
    room.edit(item_id, "09:00-10:00 group1", issue=issue("DEV-2"), description="Other")
    room.drain(most=timedelta(minutes=1))
    told = room.worklog()
    assert told is not None
    assert (told.issue, told.state, bool(told.problem)) == ("DEV-2", ItemState.FAILED, True)
    assert room.worklogs.asked == ([] if away else ["delete"])
    assert room.worklogs.denied == (set() if away else {501})
    assert room.worker.due_in() is None
    room.group_worklogs.away = False
    room.worklogs.fail()
    room.edit(item_id, "09:00-10:00 group1", issue=issue("DEV-2"), description="Other")
    room.drain()
    assert room.worklogs.written() == "DEV-2 09:00-10:00 Other", "the next edit tries it again"


@pytest.mark.parametrize("what", ["approve", "edit", "undo"])
@pytest.mark.parametrize("fault", [jira_down, too_fast, lost_before, lost_after, bug_after])
def test_passing_faults_end_well(room: LoggingRoom, fault: Fault, what: str) -> None:
    if what == "approve":
        room.approved()
    else:
        item_id = sent(room)
        if what == "edit":
            room.edit(item_id, "09:00-09:30 group1", issue=issue("DEV-1"), description="Half")
        else:
            room.review.undo(PERSON, item_id)
    room.worklogs.fail(fault)
    room.drain()
    wanted = {"approve": FIRST, "edit": "DEV-1 09:00-09:30 Half", "undo": ""}[what]
    assert room.worklogs.written() == wanted


@pytest.mark.parametrize("fault", [lost_before, lost_after, bug_after, crash_before, crash_after])
def test_after_a_lost_answer_it_is_looked_for_first(room: LoggingRoom, fault: Fault) -> None:
    room.approved()
    room.worklogs.fail(fault)
    try:
        room.drain()
    except Crash:
        room.drain(room.new_worker("after a restart"))
    assert room.worklogs.asked[:2] == ["create", "find"]
    assert (room.worklogs.written(), room.worklog()) == (FIRST, Worklog("DEV-1", ItemState.SENT))


def saved_later(room: LoggingRoom) -> Fault:
    """The connection breaks; `room.late` carries the request out afterwards."""

    def fault(_: object, call: Any) -> None:
        room.late = call  # type: ignore[attr-defined]
        raise Unknown("Jira did not answer")

    return fault


@pytest.mark.parametrize("minutes", [1, 3, 20])
@pytest.mark.parametrize("undone", [False, True])
def test_a_worklog_that_comes_after_it_was_looked_for_is_there_once(
    room: LoggingRoom, minutes: int, undone: bool
) -> None:
    (item_id,) = room.approved()
    room.worklogs.fail(saved_later(room))
    room.drain(most=timedelta(seconds=50))
    assert room.worklogs.asked == ["create", "find", "create"]
    if undone:
        room.review.undo(PERSON, item_id)
    room.drain(most=timedelta(minutes=minutes))
    room.late()  # type: ignore[attr-defined]
    room.drain()
    assert room.worklogs.written() == ("" if undone else FIRST)
    told = room.worklog()
    assert told == (None if undone else Worklog("DEV-1", ItemState.SENT))


def test_a_worklog_that_comes_late_is_seen_though_the_clock_was_set_ahead(
    room: LoggingRoom,
) -> None:
    room.approved()
    room.worklogs.fail(saved_later(room))
    room.drain(most=timedelta(seconds=50))
    room.time.set(hours=2)
    room.drain(most=timedelta(minutes=20))
    room.late()  # type: ignore[attr-defined]
    room.drain()
    assert room.worklogs.written() == FIRST


def test_as_many_as_come_late_are_taken_out(room: LoggingRoom) -> None:
    late: list[Any] = []

    def lost(_: object, call: Any) -> None:
        late.append(call)
        raise Unknown("Jira did not answer")

    room.approved()
    room.worklogs.fail(lost, None, lost, None, lost, None)
    room.drain(most=timedelta(minutes=1))
    assert (room.worklogs.written(), len(late)) == (FIRST, 3)
    room.drain(most=timedelta(minutes=30))
    for call in late:
        call()
    room.drain()
    assert room.worklogs.written() == FIRST
    assert room.worklog() == Worklog("DEV-1", ItemState.SENT)


def test_a_look_that_is_refused_too_says_nothing(room: LoggingRoom) -> None:
    room.approved()
    room.worklogs.fail(after_saving(Refused("Jira sends us on")), no_right)
    room.drain()
    assert (room.worklogs.written(), room.worklog()) == (FIRST, Worklog("DEV-1", ItemState.SENT))


@pytest.mark.parametrize("what", ["edit", "undo"])
@pytest.mark.parametrize("error", [Refused("Jira sends us on"), Gone("no longer in Jira")])
@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("seen", [True, False])
def test_a_refused_change_is_looked_at_before_it_is_told(
    room: LoggingRoom, what: str, error: TrackerError, done: bool, seen: bool
) -> None:
    item_id = sent(room)
    if what == "edit":
        room.edit(item_id, "09:00-09:30 group1", issue=issue("DEV-1"), description="Half")
    else:
        room.review.undo(PERSON, item_id)
    room.worklogs.fail(
        (after_saving if done else before_saving)(error), *([] if seen else [jira_down])
    )
    room.drain()
    told = room.worklog()
    if done:
        wanted = {"edit": "DEV-1 09:00-09:30 Half", "undo": ""}[what]
        assert room.worklogs.written() == wanted
        assert told is None or (told.state, told.problem) == (ItemState.SENT, None)
    else:
        assert room.worklogs.written() == FIRST
        assert told is not None
        assert told.problem


def test_while_it_cannot_be_looked_for_nothing_is_sent(room: LoggingRoom) -> None:
    room.approved()
    room.worklogs.fail(lost_after, jira_down, no_right, lost_before)
    room.drain()
    assert room.worklogs.asked == ["create", "find", "find", "find", "find"]
    assert room.worklogs.written() == FIRST


def test_jiras_troubles_keep_no_entry_waiting(room: LoggingRoom) -> None:
    room.approved(*(f"{hour:02}:00-{hour + 1:02}:00 group1 DEV-1" for hour in range(8, 12)))
    room.worklogs.faults = iter(lambda: jira_down, None)
    started = room.time()
    while room.states() != [ItemState.SENT] * 4:
        room.time.now = max(room.next_due() or room.time(), room.time())
        room.worker.work()
    assert room.time() - started <= timedelta(seconds=4)
    assert room.worklog() == Worklog("DEV-1", ItemState.PENDING, "Jira cannot be reached")
    room.worklogs.fail()
    room.drain()
    assert len(room.worklogs.kept) == 4


def test_toggls_quota_keeps_no_worklog_waiting(room: LoggingRoom) -> None:
    room.approved("08:00-09:00 group1 DEV-1", "09:00-10:00 group1 DEV-2")
    room.tracker.fail(None, None, no_quota)
    room.drain(most=timedelta(minutes=1))
    assert room.states() == [ItemState.SENT, ItemState.PENDING]
    assert room.worklogs.written() == "DEV-1 08:00-09:00 Fix login"


def test_while_a_dialog_is_open_a_written_worklog_is_no_change(room: LoggingRoom) -> None:
    (item_id,) = room.approved()
    room.worklogs.fail(jira_down)
    room.worker.work()
    version, shown = room.item(item_id).version, room.digest.version
    room.drain()
    assert room.item(item_id).version == version
    assert room.digest.version > shown, "but the message follows"


def test_without_its_jira_the_sentence_says_so(room: LoggingRoom) -> None:
    room.approved()
    room.group_worklogs.away = True
    room.drain()
    assert room.worklog() == Worklog("DEV-1", ItemState.FAILED, "no Jira is set up for it")


# -- What the message says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "worklog", "words"),
    [
        (ItemState.SENT, None, "<https://track.toggl.com/timer|In Toggl>"),
        (ItemState.SENT, Worklog("DEV-1", ItemState.SENT), "In Toggl> · logged in DEV-1"),
        (ItemState.SENT, Worklog("DEV-1"), "In Toggl> · worklog on its way…"),
        (
            ItemState.SENT,
            Worklog("DEV-1", problem="Jira cannot be reached"),
            "In Toggl> · worklog waits: Jira cannot be reached",
        ),
        (
            ItemState.SENT,
            Worklog("DEV-1", ItemState.FAILED, "it needs <Work On Issues>"),
            "· worklog not written: it needs &lt;Work On Issues&gt; (Edit and Save to try again)",
        ),
        (
            ItemState.SENT,
            Worklog("DEV-1", ItemState.SENT, "no"),
            "In Toggl> · logged in DEV-1, but not as it is now: no",
        ),
        (ItemState.OPEN, Worklog("DEV-1", ItemState.DELETING, "no"), "worklog still in DEV-1: no"),
    ],
)
def test_the_row_tells_of_the_worklog(
    state: ItemState, worklog: Worklog | None, words: str
) -> None:
    known = replace(an_item("09:00-10:00 group1 DEV-1", state), worklog=worklog)
    assert words in str(digest_message(a_digest(known), DigestView(tracker=TOGGL)).blocks)


def test_a_worklog_that_is_just_being_removed_is_not_worth_a_word() -> None:
    known = replace(
        an_item("09:00-10:00 group1 DEV-1"), worklog=Worklog("DEV-1", ItemState.DELETING)
    )
    assert "worklog" not in str(digest_message(a_digest(known), DigestView(tracker=TOGGL)).blocks)


# -- In whatever order -----------------------------------------------------------------------------

FAULTS: list[Fault | None] = [
    None, None, None, no_right, jira_down, too_fast, lost_before, lost_after, bug_after,
    crash_before, crash_after,
]  # fmt: skip
OF_TOGGL: list[Any] = [None, None, None, None, refused, unreachable, lost_before, lost_after]


@dataclass
class Story:
    """A day on which the person clicks about while Toggl and Jira fail in turn."""

    room: LoggingRoom
    chance: random.Random

    def run(self) -> None:
        room = self.room
        room.open("09:00-10:00 group1 DEV-1", "10:00-11:00 group1 DEV-1", "11:00-12:00 group1")
        room.worklogs.faults = iter(lambda: self.chance.choice(FAULTS), 0)
        room.tracker.faults = iter(lambda: self.chance.choice(OF_TOGGL), 0)
        for _ in range(10):
            self._click()
            self.room.work_or_die(f"bot {self.chance.random()}")
            room.later(seconds=self.chance.choice((0, 1, 10, 400)))
        room.worklogs.fail()
        room.tracker.fail()
        room.later(hours=1)
        room.drain()
        self._in_line()

    def _click(self) -> None:
        room, item = self.room, self.chance.choice(self.room.digest.items)
        chosen = self.chance.randrange(6)
        try:
            if chosen < 3:
                room.review.approve(PERSON, item.id)
            elif chosen == 3:
                room.review.undo(PERSON, item.id)
            elif chosen == 4:
                known = self.chance.choice((None, issue("DEV-1"), issue("DEV-2")))
                covered = item.suggestion.span
                room.edit(item.id, "09:00-10:00 group1", span=covered, issue=known)
            else:
                room.store.save_draft(PERSON, draft("09:00-10:00 group1 DEV-1"))
        except ReviewError:
            pass

    def _in_line(self) -> None:
        """A worklog for each sent entry with an issue, but for what Jira refused; none besides."""
        room = self.room
        left = {value.ours: value for value in room.worklogs.kept.values()}
        assert len(left) == len(room.worklogs.kept), "one is there twice"
        for item in room.digest.items:
            found, told = left.pop(item.id, None), item.worklog
            if told is None:
                assert found is None
                assert item.state is not ItemState.SENT or item.suggestion.issue is None
            elif told.state is ItemState.SENT:
                assert found is not None
                assert (found.issue, found.span) == (
                    told.issue,
                    item.suggestion.span,
                ) or told.problem
            elif told.state is ItemState.DELETING:
                assert found is not None
                assert told.problem
            else:
                assert (told.state, bool(told.problem)) == (ItemState.FAILED, True)
        abandoned = {number for number, each in room.worklogs.kept.items() if each.ours in left}
        assert abandoned <= room.worklogs.denied, "nobody removes it any more"


@pytest.mark.parametrize("seed", range(usually(5, 40)))
def test_no_order_of_faults_doubles_or_forgets_a_worklog(tmp_path: Path, seed: int) -> None:
    store = sqlite_store(tmp_path)
    try:
        Story(LoggingRoom(store), random.Random(seed)).run()
    finally:
        store.close()


def test_two_bots_write_each_worklog_once(room: LoggingRoom) -> None:
    room.approved(*(f"{hour:02}:00-{hour + 1:02}:00 group1 DEV-1" for hour in range(8, 16)))
    bots = [room.new_worker(f"bot {number}") for number in range(3)]
    while room.next_due() is not None:
        for bot in bots:
            bot.work()
        room.later(seconds=1)
    assert len(room.worklogs.kept) == room.worklogs.asked.count("create") == 8


def test_what_is_on_its_way_outlives_the_process(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    room = LoggingRoom(store)
    room.approved()
    room.worker.work()
    address = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    store.close()
    again = Store.open(address)
    restarted = LoggingRoom(again)
    restarted.tracker, restarted.worklogs = room.tracker, room.worklogs
    restarted.group_worklogs.worklogs = room.worklogs
    restarted.drain(restarted.new_worker("after a restart"))
    again.close()
    assert room.worklogs.written() == FIRST
    assert span("09:00-10:00") == next(iter(room.worklogs.kept.values())).span


@pytest.mark.parametrize("sent_before", [True, False], ids=["open in it", "pending in it"])
def test_after_an_old_copy_came_back_a_worklog_is_not_written_twice(
    tmp_path: Path, sent_before: bool
) -> None:
    """The copy is from before the approval, or from when the worklog was about to be written."""
    store = sqlite_store(tmp_path)
    room = LoggingRoom(store)
    (item_id,) = room.open("09:00-10:00 group1 DEV-1")
    if not sent_before:
        room.review.approve(PERSON, item_id)
        assert room.worker.serve()
    store.close()
    file, copy = tmp_path / "store.sqlite3", tmp_path / "copy"
    shutil.copy(file, copy)
    if sent_before:
        room.review.approve(PERSON, item_id)
    room.drain()
    store.close()
    assert (room.worklogs.written(), len(room.tracker.kept)) == (FIRST, 1)
    for beside in ("-wal", "-shm"):
        Path(f"{file}{beside}").unlink(missing_ok=True)
    shutil.copy(copy, file)
    room.worker = room.new_worker("after the restore")
    if sent_before:
        room.review.approve(PERSON, item_id)
    room.drain()
    store.close()
    assert (room.worklogs.written(), len(room.tracker.kept)) == (FIRST, 1)
    assert room.worklog() == Worklog("DEV-1", ItemState.SENT)


def test_one_lane_is_served_while_the_others_wait(room: LoggingRoom) -> None:
    first, second = room.open("09:00-10:00 group1 DEV-1", "10:00-11:00 group1 DEV-2")
    room.review.approve(PERSON, first)
    assert room.worker.serve() == {(PERSON, DAY)}
    room.later(seconds=1)
    room.review.approve(PERSON, second)
    assert room.worker.serve() == {(PERSON, DAY)}
    assert (len(room.tracker.kept), len(room.worklogs.kept)) == (1, 1)
    assert room.states() == [ItemState.SENT, ItemState.PENDING]


@pytest.mark.parametrize("fault", [jira_down, lost_after])
def test_who_leaves_is_told_which_worklogs_are_not_written(room: LoggingRoom, fault: Fault) -> None:
    """Nothing is written months later, and the entry stays."""
    room.approved()
    room.worklogs.fail(fault)
    room.worker.work()
    there = room.worklogs.written()
    with room.store.writing() as transaction:
        assert give_up(transaction, PERSON, room.time(), "you left") == 1
    assert room.worklog() == Worklog("DEV-1", ItemState.FAILED, "you left")
    room.later(days=90)
    room.drain(room.new_worker("joined again"))
    assert (room.worklogs.written(), room.states()) == (there, [ItemState.SENT])


def moved_while_jira_is_down(room: LoggingRoom, text: str, **more: Any) -> None:
    """The entry was changed in Toggl; its worklog waits."""
    item_id = sent(room)
    room.edit(item_id, text, **more)
    room.worklogs.fail(*[jira_down] * 9)
    for _ in range(3):
        room.later(seconds=5)
        room.worker.work()
    assert room.worklogs.asked != []
    assert room.states() == [ItemState.SENT]


@pytest.mark.parametrize(
    ("text", "key"), [("09:00-10:00 group1", "DEV-2"), ("09:00-09:30 group1", "DEV-1")]
)
def test_a_worklog_that_was_to_follow_stays_when_somebody_leaves(
    room: LoggingRoom, text: str, key: str
) -> None:
    """On its way to another issue it would be taken out, and made there."""
    moved_while_jira_is_down(room, text, issue=issue(key))
    with room.store.writing() as transaction:
        assert give_up(transaction, PERSON, room.time(), "you left") == 1
        assert give_up(transaction, PERSON, room.time(), "you left") == 0
    told = room.worklog()
    assert told is not None
    assert told.problem == "you left"
    room.worklogs.fail()
    room.later(days=90)
    room.drain(room.new_worker("joined again"))
    assert room.worklogs.written() == FIRST
