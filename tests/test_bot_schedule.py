"""The day's message comes by itself at the person's time, once, whatever happens around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from tests.bots import IN_TOGGL, digests_in, says
from tests.fixed_drafts import draft_with
from tests.livebot import evening, live, sample_settings
from tests.longer import usually
from tests.loopback import FakeTime
from tests.rooms import put_database
from tracklater_bot.cli.person import person_of
from tracklater_bot.core import Core, opened
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.digests import ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.settings import Settings
from tracklater_bot.slack.app import web_client
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.pace import Pacer
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.slack.workspace import OTHER

Json = dict[str, Any]
THURSDAY, FRIDAY, MONDAY = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23)

LOST = ("drop-after-saving", "half-json")
SECRET = "the title of a private window"


class Machine:
    """A machine with the bot, where half minutes pass only when the test says so."""

    def __init__(self, sandbox: Sandbox, settings: Settings | None = None) -> None:
        self.sandbox = sandbox
        self.settings = settings or sample_settings(sandbox)
        self.time = FakeTime(evening(sandbox, "12:00"))
        sandbox.slack.workspace.clock = lambda: self.time().timestamp()
        self._open = ExitStack()
        put_database(sandbox.home / "tracklater.sqlite3")
        self.restart()

    def restart(self) -> None:
        """Ends the bot, and starts it anew on the same database."""
        self.stop()
        self.core: Core = self._open.enter_context(opened(self.settings, self.time))
        self.days: Days = Days(person_of(self.core), web_client(self.settings, Pacer(minute=0.05)))
        self._open.callback(self.days.finish)

    def stop(self) -> None:
        self._open.close()

    def tick(self, at: str, day: date = FRIDAY) -> None:
        """What the schedule does every half minute, then."""
        self.time.now = evening(self.sandbox, at) + (day - FRIDAY)
        self.days.announce_due()

    def open(self, at: str) -> Json:
        """The person asks for the day themselves."""
        self.time.now = evening(self.sandbox, at)
        self.days.open_day(self.core.calendar.day("today"))
        return self.only()

    def posts(self, day: date = FRIDAY) -> list[Json]:
        """The day's messages in Slack."""
        return digests_in(self.sandbox.slack.messages(), day.isoformat())

    def only(self) -> Json:
        (message,) = self.posts()
        return message

    def posted_at(self) -> str:
        """When Friday's one message was posted, on the person's clock."""
        at = datetime.fromtimestamp(float(self.only()["ts"]), self.sandbox.zone)
        return f"{at:%a %H:%M}"


@pytest.fixture
def machine(sandbox: Sandbox) -> Iterator[Machine]:
    """The bot was started on Friday at noon, for the first time."""
    made = Machine(sandbox)
    made.tick("12:00")
    yield made
    made.stop()


# -- Digests -------------------------------------------------------------------------------------


def test_it_comes_at_the_persons_time(machine: Machine) -> None:
    machine.tick("17:29")
    assert machine.posts() == []
    machine.tick("17:30")
    assert "to review" in machine.only()["text"]


def test_it_comes_once_whatever_follows(machine: Machine) -> None:
    machine.tick("17:30")
    first = machine.only()
    machine.tick("17:31")
    machine.restart()
    machine.tick("20:00")
    machine.tick("08:00", MONDAY)
    assert machine.only()["ts"] == first["ts"]


def test_where_another_bot_was_faster_nothing_is_wrong(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    store = machine.core.store
    draft = machine.core.machine.drafts([machine.core.calendar.day_on(FRIDAY)])[0]
    store.save_draft(ME, draft)
    assert store.claim_digest(
        ME, FRIDAY, "elsewhere:world:1:abc", evening(machine.sandbox, "17:30")
    )
    with caplog.at_level("INFO"):
        machine.tick("17:30")
    assert machine.posts() == []
    assert caplog.text == ""
    machine.tick("17:45")  # the other one was gone
    assert machine.posted_at() == "Fri 17:45"


def test_a_machine_that_slept_through_it_sends_it_on_waking(machine: Machine) -> None:
    machine.tick("08:00", MONDAY)
    assert "Friday 20 November" in machine.only()["text"]


def test_a_bot_that_was_down_sends_it_after_its_start(machine: Machine) -> None:
    machine.stop()
    machine.restart()
    machine.tick("19:00")
    assert machine.posted_at() == "Fri 19:00"


def test_days_before_the_very_first_start_are_not_sent(sandbox: Sandbox) -> None:
    machine = Machine(sandbox)
    machine.tick("19:00")
    machine.tick("20:00")
    assert machine.posts() == []
    machine.stop()


def test_a_day_without_traces_is_not_announced_and_read_only_once(machine: Machine) -> None:
    read = reads(machine)
    machine.tick("17:30", MONDAY)
    machine.tick("17:31", MONDAY)
    assert machine.posts(MONDAY) == []
    assert read.count(MONDAY) == 1


def reads(machine: Machine, fail: Callable[[date], bool] = lambda _: False) -> list[date]:
    """Which days are read from now on; those that `fail` do."""
    read: list[date] = []
    genuine = machine.core.machine.drafts

    def drafts(days: Sequence[WorkDay]) -> list[Draft]:
        read.extend(day.date for day in days)
        if any(fail(day.date) for day in days):
            raise RuntimeError(SECRET)
        return genuine(days)

    draft_with(machine.core, machine.days, drafts)
    return read


def test_while_slack_is_down_it_is_tried_again(machine: Machine) -> None:
    machine.sandbox.slack.faults.fail_next("chat.postMessage", 500)
    machine.tick("17:30")
    assert machine.posts() == []
    machine.tick("17:31")
    assert machine.posted_at() == "Fri 17:31"


def test_a_day_that_cannot_be_read_holds_up_no_other(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [True]
    read = reads(machine, lambda day: day == MONDAY and broken[0])
    machine.tick("17:30")
    machine.tick("17:30", MONDAY)
    machine.tick("17:31", MONDAY)
    assert "Announcing 2026-11-23 failed: RuntimeError" in caplog.text
    assert SECRET not in caplog.text
    assert read.count(MONDAY) == 2  # with the days since Friday, then alone; it rests
    assert len(machine.posts()) == 1
    broken.clear()
    broken.append(False)
    machine.tick("17:50", MONDAY)
    assert read.count(MONDAY) == 3


def test_an_earlier_day_that_cannot_be_read_lets_the_next_one_come(machine: Machine) -> None:
    reads(machine, lambda day: day == FRIDAY)
    machine.tick("17:30")
    with_work(machine, MONDAY)
    machine.tick("17:30", MONDAY)
    assert machine.posts() == []
    assert len(machine.posts(MONDAY)) == 1


def with_work(machine: Machine, day: date) -> None:
    """Lets the day have Friday's suggestions."""
    genuine = machine.core.machine.drafts
    (friday,) = machine.core.local_machine().drafts([machine.core.calendar.day_on(FRIDAY)])

    def drafts(days: Sequence[WorkDay]) -> list[Draft]:
        return [replace(friday, day=day) if d.day == day else d for d in genuine(days)]

    draft_with(machine.core, machine.days, drafts)


def still_open(message: Json) -> dict[str, str]:
    """The days that the message begins with, each with what its button opens."""
    rows = [block for block in message["blocks"][1:] if "still open" in str(block.get("text"))]
    assert rows == message["blocks"][1 : 1 + len(rows)]
    return {row["text"]["text"]: row["accessory"]["value"] for row in rows}


def test_once_a_week_the_message_is_a_review_of_the_week(sandbox: Sandbox) -> None:
    machine = Machine(sandbox, sample_settings(sandbox, 'days = ["fri"]\n'))
    machine.tick("12:00", FRIDAY)
    read = reads(machine)
    machine.tick("17:30")
    assert read == [FRIDAY + timedelta(days=n) for n in range(-7, 1)]  # at once, and once
    told = still_open(machine.only())
    assert set(told.values()) == {"2026-11-15", "2026-11-17"}
    assert all(words in machine.only()["text"] for words in told)
    machine.days._show()  # what its loop does now and then
    tuesday = machine.days.open_day(machine.core.calendar.day("2026-11-17")).digest
    for item in tuesday.items:
        machine.days.review.skip(tuesday.person, item.id)
    machine.days._show()
    assert set(still_open(machine.only()).values()) == {"2026-11-15"}
    machine.stop()


def test_every_message_begins_with_what_is_open_since_the_last_one(machine: Machine) -> None:
    machine.tick("17:30")
    assert still_open(machine.only()) == {}  # Thursday has nothing left
    with_work(machine, MONDAY)
    machine.tick("17:30", MONDAY)
    (monday,) = machine.posts(MONDAY)
    ((words, day),) = still_open(monday).items()
    assert re.fullmatch(r"Fri 20 Nov: \d h \d\d min still open", words)
    assert day == "2026-11-20"
    assert still_open(machine.only()) == {}


def test_a_day_without_work_is_announced_where_others_wait_unseen(sandbox: Sandbox) -> None:
    machine = Machine(sandbox, sample_settings(sandbox, 'days = ["sun"]\n'))
    machine.tick("12:00")
    machine.tick("17:30", FRIDAY + timedelta(days=2))
    (sunday,) = machine.posts(FRIDAY + timedelta(days=2))
    assert "2026-11-20" in still_open(sunday).values()
    machine.stop()


def test_trouble_that_may_hide_a_days_work_is_told(sandbox: Sandbox) -> None:
    machine = Machine(sandbox)
    machine.tick("12:00", MONDAY)
    (sandbox.home / "thyme").rename(sandbox.home / "moved")
    machine.tick("17:30", MONDAY)
    (message,) = machine.posts(MONDAY)
    assert "thyme" in message["text"]
    machine.stop()


# -- A message that was there before -------------------------------------------------------------


def test_a_day_looked_at_in_the_morning_still_notifies_in_the_evening(machine: Machine) -> None:
    morning = machine.open("14:00")
    machine.tick("17:30")
    assert machine.posted_at() == "Fri 17:30"
    assert machine.only()["ts"] != morning["ts"]
    assert says(machine.only()["blocks"]).items() > says(morning["blocks"]).items()


def test_where_everything_is_decided_nothing_new_is_sent(machine: Machine) -> None:
    machine.days.set_preference("digest_at", "21:00")
    evening_one = machine.open("20:00")
    skip_everything(machine)
    machine.tick("21:00")
    assert machine.only()["ts"] == evening_one["ts"]


def skip_everything(machine: Machine) -> None:
    digest = machine.core.store.digest(ME, FRIDAY)
    assert digest is not None
    for item in digest.items:
        machine.days.review.skip(ME, item.id)


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_crash_while_it_is_replaced_leaves_one_message(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    machine.open("14:00")
    genuine = machine.core.store.set_posted

    def posted(*where: Any) -> None:
        if step == "after":
            genuine(*where)
        raise Crash

    monkeypatch.setattr(machine.core.store, "set_posted", posted)
    with pytest.raises(Crash):
        machine.tick("17:30")
    assert len(machine.posts()) == 2
    machine.restart()
    machine.tick("17:31")
    machine.tick("17:33")  # where the old claim is not known to be dead, it ends by itself
    assert machine.posted_at() == "Fri 17:30"
    digest = machine.core.store.digest(ME, FRIDAY)
    assert digest is not None
    assert digest.ts == machine.only()["ts"]


def test_an_old_message_that_slack_kept_is_taken_away_later(machine: Machine) -> None:
    machine.open("14:00")
    machine.sandbox.slack.faults.fail_next("chat.delete", 500)
    machine.tick("17:30")
    assert len(machine.posts()) == 2
    machine.tick("17:31")
    assert machine.posted_at() == "Fri 17:30"


def test_the_picture_goes_with_the_old_message_and_comes_with_the_new(sandbox: Sandbox) -> None:
    settings = sample_settings(sandbox, TRACKLATER_DIGEST__PICTURE="true")
    sandbox.slack.workspace.processing_seconds = 0
    with live(sandbox, settings, at="14:00") as me:
        me.open()
        first = me.wait(lambda: picture_of(me.message()))
        me.time.now = evening(sandbox, "17:30")
        me.days.announce(sandbox.day, me.time())
        second = me.wait(lambda: picture_of(me.message()))
        assert second != first
        assert set(sandbox.slack.workspace.files) == {second}


@pytest.mark.parametrize(
    ("call", "lost"),
    usually(
        [("files.completeUploadExternal", "drop-after-saving"), ("files.info", "half-json")],
        [*product(("files.completeUploadExternal", "files.info"), LOST)],
    ),
)
def test_a_picture_that_slack_took_unheard_is_not_uploaded_again(
    sandbox: Sandbox, call: str, lost: str
) -> None:
    settings = sample_settings(sandbox, TRACKLATER_DIGEST__PICTURE="true")
    slack = sandbox.slack
    slack.workspace.processing_seconds = 0
    slack.faults.fail_next(call, lost, times=1 if call == "files.completeUploadExternal" else 3)
    with live(sandbox, settings) as me:
        me.open()
        me.eventually(lambda: bool(slack.faults.happened))
        me.days.finish()
        assert picture_of(me.message()) is None
        (there,) = slack.workspace.files
    slack.faults.clear()
    with live(sandbox, settings) as me:
        me.click("refresh")
        assert me.wait(lambda: picture_of(me.message())) == there
    assert set(slack.workspace.files) == {there}


def test_a_picture_drawn_after_a_restart_still_marks_commits(sandbox: Sandbox) -> None:
    settings = sample_settings(sandbox, TRACKLATER_DIGEST__PICTURE="true")
    sandbox.slack.workspace.processing_seconds = 0
    with live(sandbox, settings) as me:
        me.open()
        before = me.wait(lambda: picture_of(me.message()))
    with live(sandbox, settings) as me:
        me.days.review.skip(ME, me.digest.items[0].id)
        me.days.changed()
        me.wait(lambda: picture_of(me.message()) not in (None, before))
        (picture,) = (each for each in me.message()["blocks"] if each["type"] == "image")
        assert "9 commits. 6 messages." in picture["alt_text"]


def picture_of(message: Json) -> str | None:
    images = [each for each in message["blocks"] if each["type"] == "image"]
    return str(images[0]["slack_file"]["id"]) if images else None


# -- Days off and silence ------------------------------------------------------------------------


def test_the_end_of_a_silence_does_not_bring_its_days(machine: Machine) -> None:
    machine.days.set_preference("silent_until", "2026-12-01")
    machine.tick("17:30")
    machine.tick("09:00", MONDAY)
    machine.days.set_preference("silent_until", None)
    machine.tick("09:01", MONDAY)
    assert machine.posts() == []


# -- What was once set in Slack ------------------------------------------------------------------


def test_the_next_message_names_a_choice_that_is_left_to_the_file_now(sandbox: Sandbox) -> None:
    machine = Machine(sandbox)
    machine.core.store.set_preference(ME, "idle_minutes", 45)
    machine.tick("12:00")
    machine.tick("17:30")
    assert "Write `idle_minutes = 45`" in str(machine.only()["blocks"])
    machine.stop()
    suggest = machine.settings.suggest.model_copy(update={"idle_minutes": 45})
    machine.settings = machine.settings.model_copy(update={"suggest": suggest})
    machine.restart()
    machine.open("18:00")
    skip_everything(machine)
    machine.days.messenger.refresh_stale(ME)
    assert "idle_minutes" not in str(machine.only()["blocks"])
    machine.stop()


def test_a_reminder_of_old_is_told_until_its_day_is_decided(machine: Machine) -> None:
    soon = evening(machine.sandbox, "18:30").isoformat()
    machine.core.store.put(ME, "reminders", {FRIDAY.isoformat(): soon})
    machine.tick("17:30")
    told = "You asked me to remind you of Friday 20 November."
    assert told in str(machine.only()["blocks"])
    skip_everything(machine)
    machine.open("18:00")
    assert told not in str(machine.only()["blocks"])
    assert machine.core.no_longer() == []


# -- Time zones ----------------------------------------------------------------------------------


def without_zone(sandbox: Sandbox) -> Settings:
    return sample_settings(sandbox).model_copy(update={"timezone": None})


def lives_in(sandbox: Sandbox, zone: str) -> None:
    """What the person's Slack profile says from now on."""
    people = sandbox.slack.workspace.people
    people[ME] = replace(people[ME], zone=zone)


def test_the_zone_is_that_of_the_slack_profile(sandbox: Sandbox) -> None:
    lives_in(sandbox, "America/New_York")
    machine = Machine(sandbox, without_zone(sandbox))
    machine.tick("12:00")
    assert str(machine.core.calendar.zone()) == "America/New_York"
    machine.tick("17:30")  # 10:30 there
    assert machine.posts() == []
    machine.tick("23:30", THURSDAY)
    machine.tick("00:31", date(2026, 11, 21))
    assert "to review" in machine.only()["text"]
    machine.stop()


def test_what_slack_said_is_remembered_while_it_is_down(sandbox: Sandbox) -> None:
    lives_in(sandbox, "Asia/Tokyo")
    machine = Machine(sandbox, without_zone(sandbox))
    machine.tick("12:00")
    machine.restart()
    machine.sandbox.slack.faults.fail_next("users.info", 500, times=100)
    machine.tick("14:00")
    assert str(machine.core.calendar.zone()) == "Asia/Tokyo"
    machine.stop()


def test_the_profile_is_looked_up_now_and_then_only(sandbox: Sandbox) -> None:
    machine = Machine(sandbox, without_zone(sandbox))
    sandbox.slack.faults.fail_next("users.info", "error:missing_scope")
    for at in ("12:00", "12:01", "12:06", "12:07", "13:07"):
        machine.tick(at)
    # Slack refused at noon; five minutes later it told, and that lasts an hour.
    refused = len([each for each in sandbox.slack.faults.happened if "users.info" in each])
    assert refused + sandbox.slack.api.calls.count("users.info") == 3
    machine.stop()


def test_an_unknown_zone_in_slack_leaves_this_machines(sandbox: Sandbox) -> None:
    settings = without_zone(sandbox)
    lives_in(sandbox, "UTC")
    machine = Machine(sandbox, settings)
    machine.core.calendar.note_profile_zone("Mars/Olympus_Mons")
    assert machine.core.calendar.zone() == settings.zone()
    machine.stop()


def test_a_day_stays_in_the_zone_in_which_it_was_spent(sandbox: Sandbox) -> None:
    """Friday in Helsinki; on Saturday the person is in New York."""
    lives_in(sandbox, "Europe/Helsinki")
    machine = Machine(sandbox, without_zone(sandbox))
    machine.tick("12:00")
    machine.open("14:00")
    before = machine.core.calendar.day_on(FRIDAY)
    lives_in(sandbox, "America/New_York")
    machine.tick("20:00", date(2026, 11, 21))
    assert machine.core.calendar.day_on(FRIDAY) == before
    saturday = machine.core.calendar.day_on(date(2026, 11, 21))
    assert str(saturday.zone) == "America/New_York"
    # No hour between the two days is lost, and none is in both.
    assert saturday.span.start == before.span.end
    assert machine.core.calendar.day_of(before.span.end - timedelta(seconds=1)).date == FRIDAY
    assert machine.core.calendar.day_of(before.span.end).date == saturday.date
    assert machine.core.calendar.day_on(date(2026, 11, 22)).begins is None
    machine.stop()


# -- Two persons on one database -----------------------------------------------------------------


def test_a_bot_serves_its_own_person_only(sandbox: Sandbox) -> None:
    mine = sample_settings(sandbox)
    slack = mine.slack.model_copy(update={"user_id": OTHER})
    machine = Machine(sandbox, mine.model_copy(update={"slack": slack}))
    machine.time.now = evening(sandbox, "14:00")
    machine.days.open_day(machine.core.calendar.day("today"))
    theirs = machine.core.store.digest(OTHER, FRIDAY)
    assert theirs is not None
    item = next(each for each in theirs.items if each.approvable)
    machine.days.review.approve(OTHER, item.id)
    machine.stop()
    with live(sandbox, mine, at="15:00") as me:
        me.open()
        own = me.buttons("approve")[0]
        me.click("approve", own)
        me.wait(lambda: IN_TOGGL in me.rows())
        me.days.messenger.refresh_stale(ME)
        found = me.days.item(item.id)
        assert found is not None
        assert found[1].state is ItemState.PENDING
        assert found[0].shown < found[0].version
        assert len(me.entries()) == 1
        assert me.days.outbox.due_in() is None
