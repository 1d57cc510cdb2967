"""A day with the real bot: asked for, approved, edited, skipped, taken back, and read in Toggl."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from socket import socketpair
from threading import Thread
from typing import Any, cast

import pytest
from slack_bolt import Ack

from tests.bots import FAILED, IN_TOGGL, OFFERED, SKIPPED, button_of
from tests.conftest import FRIDAY, copy_home
from tests.fixed_drafts import draft_with
from tests.livebot import AT_ONCE, Json, Live, evening, live, sample_settings
from tracklater_bot.blocks.week import in_all
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.digests import ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.stretches import Stretch
from tracklater_bot.domain.text import duration, short_day
from tracklater_bot.slack.connections import SocketConnection, _wake_reader
from tracklater_bot.slack.gate import stored_first
from tracklater_sandbox import Sandbox
from tracklater_sandbox.slack.person import NotThere
from tracklater_sandbox.slack.workspace import OTHER

THIS_WEEK = Stretch.week(FRIDAY)
STRANGER = "Only the person whose day this is can do that."


@pytest.fixture
def me(sandbox: Sandbox) -> Iterator[Live]:
    """A person with the bot running for them."""
    with live(sandbox) as one:
        yield one


@pytest.fixture(scope="module")
def anybody(tmp_path_factory: pytest.TempPathFactory, sample_home: Path) -> Iterator[Live]:
    """The same for tests that decide nothing, shared by them."""
    home = tmp_path_factory.mktemp("shared") / "home"
    copy_home(sample_home, home)
    with Sandbox(home, today=FRIDAY) as sandbox, live(sandbox) as one:
        one.open()
        yield one


def texts(message: dict[str, object]) -> str:
    return str(message["blocks"])


# -- The message ---------------------------------------------------------------------------------


def test_asking_shows_the_days_message_and_no_line_that_stays(me: Live) -> None:
    assert me.ask().acked
    me.wait(lambda: me.answered("to review"))
    assert not me.answered("Looking at")
    message = me.message()
    items = me.digest.items
    assert message["blocks"][0]["text"]["text"].startswith("Friday 20 November · ")
    assert "to review" in message["blocks"][0]["text"]["text"]
    assert me.rows() == [OFFERED] * len(items)
    assert len(items) >= 5
    for item in items:
        assert not item.suggestion.group or item.suggestion.group in message["text"]
    assert "DEV-" in message["text"]


def test_asking_twice_updates_the_days_one_message(me: Live) -> None:
    first = me.open()
    me.sandbox.slack.command("/tracklater", me.sandbox.day.isoformat())
    me.wait(lambda: len([answer for answer in me.answers() if "to review" in answer]) == 2)
    assert [message["ts"] for message in me.messages()] == [first["ts"]]


def test_a_message_deleted_in_slack_is_posted_anew(me: Live) -> None:
    first = me.open()
    me.bot.days.messenger._client.chat_delete(channel=me.digest.channel or "", ts=str(first["ts"]))
    me.ask()
    again = me.wait(me.messages)
    assert again[0]["ts"] != first["ts"]
    me.click("skip", me.buttons("skip")[0])
    me.wait(lambda: SKIPPED in me.rows())


def test_a_decision_after_the_message_was_deleted_brings_it_back(me: Live) -> None:
    first = me.open()
    item = me.buttons("approve")[0]
    me.bot.days.messenger._client.chat_delete(channel=me.digest.channel or "", ts=str(first["ts"]))
    me.days.review.approve("U0EERO", item)
    me.days.changed()
    me.wait(lambda: me.messages() and IN_TOGGL in me.rows())
    assert len(me.messages()) == 1


def test_refresh_reads_the_day_anew_in_the_same_message(me: Live) -> None:
    first = me.open()
    version = me.digest.version
    me.click("refresh", me.sandbox.day.isoformat())
    me.wait(lambda: me.message().get("edited"))
    assert me.message()["ts"] == first["ts"]
    assert me.digest.version == version  # nothing has changed since


# -- Decisions -----------------------------------------------------------------------------------


def test_approve_makes_the_entry_and_shows_it(me: Live) -> None:
    me.open()
    item = me.buttons("approve")[0]
    wanted = next(each.suggestion for each in me.digest.items if each.id == item)
    assert me.click("approve", item).acked
    me.wait(lambda: IN_TOGGL in me.rows())
    (entry,) = me.entries()
    assert me.spans() == [(wanted.span.start, wanted.span.end)]
    assert entry["description"] == wanted.description
    assert entry["project_name"] == (wanted.project and wanted.project.name)
    assert item in me.buttons("undo")


def test_a_double_click_makes_one_entry(me: Live) -> None:
    me.open()
    item = me.buttons("approve")[0]
    slack = me.sandbox.slack
    slack.faults.fail_next("chat.update", 500, times=10**6)  # so that the button stays
    assert all(me.click("approve", item).acked for _ in range(3))
    me.eventually(lambda: len(me.entries()) == 1)
    assert me.click("approve", item).acked
    slack.faults.clear()
    me.wait(lambda: IN_TOGGL in me.rows())
    assert len(me.entries()) == 1


def test_however_many_come_at_once_each_is_stored_first() -> None:
    acks = [Ack() for _ in range(50)]  # type: ignore[no-untyped-call]
    with ExitStack() as storing:
        for ack in acks:
            storing.enter_context(stored_first(ack))
        assert [ack for ack in acks if ack.response is not None] == []
    assert all(ack.response is not None for ack in acks)


def test_fifty_clicks_at_once_are_stored_before_slack_hears_of_them(me: Live) -> None:
    me.open()
    slack, items = me.sandbox.slack, me.buttons("skip")
    slack.faults.fail_next("chat.update", 500, times=10**6)  # so that the buttons stay

    def click(number: int) -> tuple[bool, ItemState | None]:
        item = items[number % len(items)]
        acked = me.click("skip", item).acked
        found = me.days.item(item)
        return acked, found and found[1].state

    with ThreadPoolExecutor(50) as people:
        assert set(people.map(click, range(50))) == {(True, ItemState.SKIPPED)}


def test_approve_all_leaves_nothing_out_and_overlaps_nothing(me: Live) -> None:
    me.open()
    ready = [item for item in me.digest.items if item.approvable]
    me.click("approve_all")
    me.wait(lambda: me.rows().count(IN_TOGGL) == len(ready))
    spans = sorted(me.spans())
    assert spans == sorted((each.suggestion.span.start, each.suggestion.span.end) for each in ready)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


def test_skip_and_undo_bring_a_suggestion_back(me: Live) -> None:
    me.open()
    item = me.buttons("approve")[0]
    me.click("skip", item)
    me.wait(lambda: SKIPPED in me.rows())
    me.click("undo", item)
    me.wait(lambda: SKIPPED not in me.rows())
    assert item in me.buttons("approve")
    assert me.entries() == []


def test_undo_takes_the_entry_out_of_toggl(me: Live) -> None:
    me.open()
    item = me.buttons("approve")[0]
    me.click("approve", item)
    me.wait(lambda: item in me.buttons("undo") and IN_TOGGL in me.rows())
    me.click("undo", item)
    me.wait(lambda: item in me.buttons("approve"))
    assert me.entries() == []


# -- Dialogs -------------------------------------------------------------------------------------


def test_an_edit_is_checked_beside_its_fields_and_then_kept(me: Live) -> None:
    me.open()
    item = next(each for each in me.digest.items if each.suggestion.issue)
    me.click("edit", item.id)
    me.wait(lambda: me.sandbox.slack.view)
    wrong = me.sandbox.slack.submit(None, {"start": "10:00", "end": "09:00"})
    assert set(wrong.errors) & {"start", "end"}
    me.wait(lambda: me.sandbox.slack.view)  # it stays open
    start, end = (
        f"{at.astimezone(me.sandbox.zone):%H:%M}"
        for at in (item.suggestion.span.start, item.suggestion.span.end)
    )
    right = me.sandbox.slack.submit(
        None, {"start": start, "end": end, "description": "Workshop", "issue": None}
    )
    assert not right.errors
    assert me.sandbox.slack.view is None
    me.wait(lambda: "Workshop" in texts(me.message()))
    me.click("approve", item.id)
    me.wait(lambda: IN_TOGGL in me.rows())
    assert [entry["description"] for entry in me.entries()] == ["Workshop"]


def test_time_can_be_added_to_a_day(me: Live) -> None:
    me.open()
    before = len(me.digest.items)
    me.click("add")
    view = me.wait(lambda: me.sandbox.slack.view)
    assert view["callback_id"] == "add_item"
    project = next(each for each in view["blocks"] if each.get("block_id") == "project")
    choice = project["element"].get("options") or project["element"]["option_groups"][0]["options"]
    outcome = me.sandbox.slack.submit(
        None,
        {
            "start": "20:00",
            "end": "20:45",
            "project": choice[0]["value"],
            "description": "Evening call",
        },
    )
    assert not outcome.errors, outcome
    me.wait(lambda: "Evening call" in texts(me.message()))
    assert len(me.digest.items) == before + 1


# -- Other people --------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["approve", "skip", "edit", "approve_all", "refresh", "add"])
def test_a_strangers_click_changes_nothing_and_is_told(anybody: Live, action: str) -> None:
    before, told = anybody.digest, len(anybody.answers(OTHER))
    value = anybody.buttons(action)[0]
    assert anybody.click(action, value, user=OTHER).acked
    anybody.wait(lambda: len(anybody.answers(OTHER)) > told)
    assert anybody.answers(OTHER)[-1].startswith(STRANGER)
    assert anybody.sandbox.slack.view_of(OTHER) is None
    assert anybody.digest == before
    assert anybody.entries() == []


def test_a_strangers_command_is_told_whose_bot_it_is(anybody: Live) -> None:
    outcome = anybody.sandbox.slack.command("/tracklater", "today", user=OTHER)
    assert outcome.payload is not None
    assert "somebody else's time" in outcome.payload["text"]


# -- The slash command ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "at_once", "then"),
    [
        ("help", "/tracklater week", ""),
        ("status", "", "Next message"),
        ("week", "", "Fri 20 Nov"),
        ("last week", "", "Mon 9 Nov: "),
        ("week 2026-11-10", "", "Mon 9 Nov: "),
        ("month", "", "Fri 20 Nov"),
        ("last  month", "", "Thu 1 Oct: "),
        ("month 2026-10", "", "Thu 1 Oct: "),
        ("month 2026-10-31", "", "Thu 1 Oct: "),
        ("month 2026-13", "2026-13 is no month", ""),
        ("month 2026-12", "2026-12-01 hasn't happened yet", ""),
        ("month 1066-10", "1066-10-01 is too long ago", ""),
        ("last month 2026-10", "I don't know", ""),
        ("yesterday", "", "Thursday 19 November"),
        ("thursday", "", "Thursday 19 November"),
        ("2026-11-20", "", "Friday 20 November: 6 suggestions"),
        ("today", "", "Friday 20 November: 6 suggestions"),
        ("", "", "Friday 20 November: 6 suggestions"),
        ("  TODAY ", "", "Friday 20 November: 6 suggestions"),
        ("yestersay", "Did you mean", ""),
        ("2026-13-45", "2026-13-45 is no day: the calendar doesn't have it.", ""),
        ("2026-11-21", "2026-11-21 hasn't happened yet", ""),
        ("<!channel> & co", "I don't know", ""),
    ],
)
def test_every_word_is_answered_at_once_and_then_in_full(
    anybody: Live, word: str, at_once: str, then: str
) -> None:
    heard = len(anybody.answers())
    outcome = anybody.sandbox.slack.command("/tracklater", word)
    said = (outcome.payload or {}).get("text", "")
    assert at_once in said
    assert "<!channel>" not in said
    (answer,) = anybody.wait(lambda: anybody.whole_answers(heard))  # nothing else that would stay
    assert then in answer["text"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("thursday", "Thursday 19 November"),
        ("help", "/tracklater week"),
        ("How are you?", "I don't know"),
        (" /tracklater Thursday", "Thursday 19 November"),
    ],
)
def test_writing_to_the_bot_gets_an_answer(anybody: Live, words: str, answer: str) -> None:
    heard = len(anybody.answers())
    anybody.sandbox.slack.say(words)
    anybody.wait(lambda: len(anybody.answers()) > heard)
    assert answer in anybody.answers()[-1]


def test_home_knows_the_days_that_the_week_has_read(me: Live) -> None:
    assert not any(day.known for day in me.days.views.home().week)
    week = me.days.show_days(THIS_WEEK)
    again = me.days.views.home()
    missing = {day.day: in_all(day.missing) for day in again.week if day.known}
    assert list(missing) == [THIS_WEEK.first + timedelta(days=n) for n in range(5)]
    for day, length in missing.items():
        assert f"{short_day(day)}: " in week.text
        assert f"{duration(length)} to review" in week.text or not length


# -- A day without work --------------------------------------------------------------------------


def asked_on_sunday(me: Live, words: str = "yesterday") -> Json:
    """What the person is told who asks on the Sunday after the sample day."""
    me.time.now = evening(me.sandbox) + timedelta(days=2)
    return me.asked(words)


def test_a_day_without_work_names_the_last_one_that_was_never_shown(me: Live) -> None:
    told = asked_on_sunday(me)
    friday = me.days.views.last_waiting(date(2026, 11, 21))
    assert friday is not None
    assert told["text"] == (
        "I found no work on Saturday 21 November that isn't in Toggl already."
        f" Friday 20 November still waits for you: {duration(in_all(friday.missing))} to review."
    )
    assert me.sandbox.slack.click(told, "open_day", button_of(told, "open_day")[0]).acked
    me.wait(me.messages)
    assert me.wait(lambda: me.answered(f"{duration(in_all(friday.missing))}, to review"))


def test_a_day_without_work_names_the_last_one_that_is_open(me: Live) -> None:
    me.open()
    read = reads(me)
    told = asked_on_sunday(me)
    assert "Friday 20 November still waits for you" in told["text"]
    assert button_of(told, "open_day") == ["2026-11-20"]
    assert read == [[date(2026, 11, 21)]]  # what is stored need not be read anew


def test_days_are_read_once_to_find_the_last_that_waits(me: Live) -> None:
    me.open()
    for item in me.digest.items:
        me.days.review.skip(me.digest.person, item.id)
    read = reads(me)
    tuesday = "Tuesday 17 November still waits for you"
    assert tuesday in asked_on_sunday(me)["text"]
    saturday = [date(2026, 11, 21)]
    fortnight = [date(2026, 11, n) for n in range(8, 20)]  # of which nobody knows anything
    assert read == [saturday, fortnight]
    read.clear()
    assert tuesday in asked_on_sunday(me)["text"]
    assert read == [saturday]


def reads(me: Live) -> list[list[date]]:
    """Which days are read together from now on."""
    read: list[list[date]] = []
    genuine = me.core.machine.drafts

    def drafts(days: Sequence[WorkDay]) -> list[Draft]:
        if days:
            read.append([day.date for day in days])
        return genuine(days)

    draft_with(me.core, me.days, drafts)
    return read


# -- When something fails ------------------------------------------------------------------------


def test_what_toggl_refuses_is_shown_with_its_reason_and_can_be_mended(me: Live) -> None:
    me.open()
    item = me.buttons("approve")[0]
    me.sandbox.toggl.faults.fail_next("time_entries", 400, method="POST")
    me.click("approve", item)
    me.wait(lambda: FAILED in me.rows())
    failed = next(each for each in me.digest.items if each.id == item)
    assert failed.state is ItemState.FAILED
    assert failed.problem
    assert me.entries() == []
    me.click("approve", item)
    me.wait(lambda: IN_TOGGL in me.rows())
    assert len(me.entries()) == 1


def clicked(me: Live, item: str) -> bool:
    with suppress(NotThere):
        return me.click("skip", item).acked
    return True  # an earlier click was heard, though not acknowledged


def test_a_dropped_socket_is_opened_again(sandbox: Sandbox) -> None:
    with live(sandbox, timing=replace(AT_ONCE, ping=1.0)) as me:
        me.open()
        slack = me.sandbox.slack
        # Named before: the message need not have followed the first when the second is clicked.
        for drop, item in zip(
            (slack.refresh_sockets, slack.hang_up), me.buttons("skip")[:2], strict=True
        ):
            drop()
            # The SDK may open two and close one of them: who is told so clicks again.
            me.wait(partial(clicked, me, item))
        me.wait(lambda: me.rows().count(SKIPPED) == 2)


def test_stopping_does_not_wait_for_slacks_next_word(me: Live) -> None:
    connection = me.bot.connection
    assert isinstance(connection, SocketConnection)
    assert connection.client.current_session is not None
    assert connection.client.current_session.sock is not None
    connection.client.current_session.sock.settimeout(60)
    me.sandbox.slack.command("/tracklater", "help")  # the reader begins a wait that may be so long
    closing = Thread(target=connection.close, daemon=True)
    closing.start()
    closing.join(30)
    assert not closing.is_alive()


def test_a_reader_that_begins_while_the_bot_stops_ends_too(me: Live) -> None:
    connection = me.bot.connection
    assert isinstance(connection, SocketConnection)
    connection._end_reader()
    reading = Thread(target=connection.client._run_current_session, daemon=True)
    reading.start()
    reading.join(20)
    assert not reading.is_alive()


def test_a_failing_listener_tells_the_person_a_reference_that_the_log_has(
    me: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    me.open()

    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(me.days.review, "skip", broken)
    with caplog.at_level(logging.ERROR):
        me.click("skip", me.buttons("skip")[0])
        told = me.wait(lambda: me.answered("That did not work"))
    reference = told.rstrip(".").split()[-1]
    assert len(reference) == 8
    assert reference in caplog.text
    assert "a mistake of ours" not in told


def test_the_day_comes_with_the_trouble_of_its_sources(sandbox: Sandbox) -> None:
    (sandbox.home / "thyme" / f"{sandbox.day}.json").write_text('[{"Time": ', encoding="utf-8")
    settings = sample_settings(
        sandbox,
        TRACKLATER_GROUPS__ACME__JIRA__API_TOKEN="xyzzy-token",
        # Without it, a Cloud token that is refused is tried at Atlassian's gateway.
        TRACKLATER_GROUPS__ACME__JIRA__API_BASE=f"{sandbox.url}/jira",
    )
    missing = settings.groups["globex"].git.repos[0]
    missing.rename(missing.with_name("moved-away"))
    with live(sandbox, settings) as me:
        me.open()
        small_print = texts(me.message())
        assert OFFERED in me.rows()
        troubled = {(source.name, source.group) for source in me.digest.sources if source.trouble}
        assert {("thyme", None), ("git", "globex"), ("jira", "acme")} <= troubled
        for name in ("thyme", "git (globex)", "jira (acme)"):
            assert f"{name}: " in small_print
        assert "xyzzy" not in small_print


def test_a_socket_that_is_taken_away_while_its_reader_is_woken_is_no_trouble() -> None:
    """The SDK does so in another thread."""
    ours, theirs = socketpair()

    class Ending:
        there = iter([ours])
        sock = property(lambda self: next(self.there, None))

    with ours, theirs:
        _wake_reader(cast("Any", Ending()))
        assert ours.recv(1) == b"", "its reader is woken"
