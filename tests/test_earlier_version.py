"""What version 0.1 left behind works on: its database, its messages in Slack, its open dialogs.

`data/version-0.1` was made by that version itself, in the sandbox, with clicks: three days with an
item in every state, as it stood when the bot was killed while sending on Friday at 18:54. Nothing
in it may be changed: that is what people have on their disks. Addresses of the sandbox stand there
as `http://tracklater.test`.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.bots import FAILED, IN_TOGGL, OFFERED, SKIPPED, digests_in, says
from tests.livebot import Live, live, sample_settings
from tracklater_bot.model import Problem, State
from tracklater_bot.sandbox import ME, Sandbox
from tracklater_bot.sandbox.slack.person import Outcome
from tracklater_bot.sandbox.slack.workspace import File
from tracklater_bot.store import Store

Json = dict[str, Any]
DATA = Path(__file__).parent / "data" / "version-0.1"
NOWHERE = "http://tracklater.test"
LOGGED = {"TRACKLATER_GROUPS__ACME__JIRA__WORKLOGS": "true"}
WEDNESDAY, THURSDAY, FRIDAY = "2026-11-18", "2026-11-19", "2026-11-20"

# What Toggl has when everything is done that had been decided.
FIX, RATE, RESET = "DEV-123 Fix login", "DEV-131 Rate limit is off by one", "#12 Reset password"
IN_THE_END = {
    WEDNESDAY: [
        f"08:50-10:20 {FIX}",
        "12:15-12:45 #12 Said otherwise in Toggl",
        "13:00-13:10 Phone call",
        "15:55-17:20 DEV-140 Export, said better",
        "18:10-18:45 Offer for the next year",
    ],
    THURSDAY: [
        "07:00-07:30 Early call",
        f"08:50-09:30 {FIX}",
        f"09:30-10:20 {FIX}, said later",
        f"10:20-11:30 {RATE}",
        "14:40-15:50 #17 Cart shows the wrong sum",
    ],
    FRIDAY: [
        f"08:50-09:05 {FIX}",
        f"09:05-09:20 {FIX}",
        f"09:20-09:35 {FIX}",
        f"09:35-09:50 {FIX}",
        f"10:35-10:50 {RATE}",
        f"10:50-11:05 {RATE}",
        f"11:05-11:20 {RATE}",
        f"11:20-11:30 {RATE}",
        f"12:35-13:00 {RESET}",
        "13:55-14:45 Sprint planning",
    ],
}
WORKLOGS_IN_THE_END = [
    "11-18 15:55 85 min DEV-140",
    "11-19 08:50 40 min DEV-123",
    "11-19 09:30 50 min DEV-123",
    "11-19 10:20 70 min DEV-131",
    "11-20 08:50 15 min DEV-123",
    "11-20 09:05 15 min DEV-123",
    "11-20 09:20 15 min DEV-123",
    "11-20 09:35 15 min DEV-123",
    "11-20 10:35 15 min DEV-131",
    "11-20 10:50 15 min DEV-131",
    "11-20 11:05 15 min DEV-131",
    "11-20 11:20 10 min DEV-131",
]


def kept(sandbox: Sandbox, name: str) -> Any:
    """A file of the old version, with the addresses of this sandbox."""
    return json.loads(words_of(name).replace(NOWHERE, sandbox.url))


def words_of(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def write_database(file: Path, url: str = NOWHERE) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(words_of("database.sql").replace(NOWHERE, url))


@dataclass
class Old:
    """The person whose bot was brought up to date, in front of what the old one had posted."""

    sandbox: Sandbox
    saved: Json
    me: Live

    # -- What they do: always with what the old version had posted

    def message(self, day: str) -> Json:
        """The day's one message as it is now."""
        (only,) = digests_in(self.sandbox.slack.messages(), day)
        return dict(only)

    def posted(self, day: str) -> Json:
        """The day's message as the old version had posted it."""
        (only,) = digests_in(self.saved["messages"], day)
        return dict(only)

    def press(self, day: str, start: str, action: str) -> None:
        """Presses a button that the old version had put beside a row."""
        value = buttons(self.posted(day), start)[action]
        assert self.sandbox.slack.click(self.posted(day)["ts"], action, value).acked

    def dialog(self, name: str) -> Json:
        """A dialog that was left open when the old version ended."""
        views: list[Json] = json.loads(json.dumps(self.saved["dialogs"][name]))
        self.sandbox.slack.workspace.modals[ME] = views
        return views[-1]

    def choose(self, view: Json, what: str) -> Outcome:
        """Chooses from the menu of an old dialog: split, merge, revert."""
        value = next(each for each in choices(view) if each.startswith(f"{what}:"))
        outcome = self.sandbox.slack.click(view["id"], "more", value)
        assert outcome.acked
        return outcome

    def submit(self, view: Json | None, **fields: Any) -> None:
        outcome = self.sandbox.slack.submit(view, fields)
        assert (outcome.acked, outcome.errors) == (True, {})

    # -- What they see

    def rows(self, day: str) -> Json:
        """What the day's message says of each row."""
        return dict(says(self.message(day)["blocks"]))

    def told(self, day: str, start: str) -> str | None:
        """What the day's message says of the row that begins then; None without one."""
        found = (said for row, said in self.rows(day).items() if row.startswith(start))
        return next(found, None)

    def sees(self, day: str, start: str, said: str | None) -> None:
        """Waits until the message says so."""
        self.me.wait(lambda: self.told(day, start) == said or None)

    def toggl(self, day: str) -> list[str]:
        """What is in Toggl on the day, in order: `"09:00-10:00 DEV-1 Fix login"`."""
        found = []
        for entry in self.sandbox.toggl.entries:
            start, stop = (local(self.sandbox, entry[name]) for name in ("start", "stop"))
            if start.date().isoformat() == day:
                found.append(f"{start:%H:%M}-{stop:%H:%M} {entry['description']}")
        return sorted(found)

    def jira(self) -> list[str]:
        """The worklogs in Jira, in order: `"11-20 09:00 60 min DEV-1"`."""
        found = []
        for log in self.sandbox.jira.worklogs:
            start, minutes = local(self.sandbox, log["started"]), log["timeSpentSeconds"] // 60
            found.append(f"{start:%m-%d %H:%M} {minutes} min {log['issueKey']}")
        return sorted(found)

    def comes_to(self, day: str, *more: str, without: str = "") -> None:
        """Waits until Toggl has on the day what was decided before, and what is said here."""
        wanted = sorted(each for each in (*IN_THE_END[day], *more) if each != without)
        self.me.eventually(lambda: self.toggl(day) == wanted)


def local(sandbox: Sandbox, stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(sandbox.zone)


def buttons(message: Json, start: str) -> dict[str, str]:
    """The buttons beside the row that begins then: their actions, and what they stand for."""
    blocks = message["blocks"]
    number = next(
        number
        for number, block in enumerate(blocks)
        if re.match(rf"\*{start}–", (block.get("text") or {}).get("text", ""))
    )
    found = [blocks[number].get("accessory")]
    for block in blocks[number + 1 :]:
        if block["type"] == "section":
            break
        found += block.get("elements", ())
    return {each["action_id"]: each["value"] for each in found if each and "value" in each}


def choices(view: Json) -> list[str]:
    """What the menus in a view offer."""
    menus = [
        each
        for block in view["blocks"]
        for each in (*block.get("elements", ()), block.get("accessory"))
        if each and each.get("type") == "overflow"
    ]
    return [option["value"] for menu in menus for option in menu["options"]]


def furnish(sandbox: Sandbox) -> Json:
    """Puts everything where the old version left it; gives what was in Slack."""
    write_database(sandbox.home / "tracklater.sqlite3", sandbox.url)
    entries = kept(sandbox, "toggl.json")["entries"]
    sandbox.toggl.account.entries.clear()
    sandbox.toggl.account.entries.update({each["id"]: each for each in entries})
    for key, logs in kept(sandbox, "jira.json")["worklogs"].items():
        sandbox.jira.issues[key].worklogs.update({each["id"]: each for each in logs})
    saved: Json = kept(sandbox, "slack.json")
    workspace = sandbox.slack.workspace
    channel = workspace.add_channel(saved["channel"], "directmessage", ME)
    for message in json.loads(json.dumps(saved["messages"])):
        workspace.put(channel, message)
    for file in saved["files"]:
        workspace.files[file["id"]] = File(**file, length=4, data=b"old!", completed_at=0.0)
    workspace.homes[ME] = json.loads(json.dumps(saved["home"]))
    return saved


@pytest.fixture
def sandbox_as_left(sandbox: Sandbox) -> tuple[Sandbox, Json]:
    """The services, and what the old version's person sees in Slack."""
    return sandbox, furnish(sandbox)


@pytest.fixture
def old(sandbox_as_left: tuple[Sandbox, Json]) -> Iterator[Old]:
    """The bot of today, started a quarter of an hour later on what was left."""
    sandbox, saved = sandbox_as_left
    with live(sandbox, sample_settings(sandbox, **LOGGED), "19:10") as me:
        yield Old(sandbox, saved, me)


# -- The database --------------------------------------------------------------------------------


def insist_on_everything(store: Store) -> None:
    """Every day, item, rule, issue and preference of the old database is there."""
    days = store.digests(ME, datetime.fromisoformat(WEDNESDAY).date())
    assert [each.day.isoformat() for each in days] == [WEDNESDAY, THURSDAY, FRIDAY]
    assert [len(each.items) for each in days] == [9, 10, 16]
    items = [item for each in days for item in each.items]
    assert {each.state for each in items} == set(State)
    assert {each.problem_code for each in items} == {None, *Problem}
    logs = [each.worklog for each in items if each.worklog is not None]
    assert {each.state for each in logs} == {
        State.PENDING, State.SENT, State.FAILED, State.DELETING,
    }  # fmt: skip
    assert len(store.issues(ME)) == 25
    assert [each.text for each in store.rules(ME)] == ["globex backlog"]
    kept_in_home = {"digest_at": "17:45", "holidays": "FI", "silent_until": "2026-11-24"}
    assert kept_in_home.items() <= store.preferences(ME).items()


def test_the_old_database_opens_and_every_day_and_item_in_it_is_read(tmp_path: Path) -> None:
    write_database(tmp_path / "old.sqlite3")
    for _ in range(2):  # brought up to date, and opened once more
        with closing(Store.open(f"sqlite:///{tmp_path / 'old.sqlite3'}")) as store:
            insist_on_everything(store)


# -- What was on its way -------------------------------------------------------------------------


def test_what_was_on_its_way_is_in_toggl_exactly_once(old: Old) -> None:
    """What waited, what was being sent, what nobody knew of, and what came twice and late."""
    for day in IN_THE_END:
        old.comes_to(day)
    old.me.eventually(lambda: old.me.desk.rooms.exporter.next_due() is None)
    assert {day: old.toggl(day) for day in IN_THE_END} == IN_THE_END


def test_what_is_not_there_before_the_bot_starts_is_what_was_to_be_sent(
    sandbox_as_left: tuple[Sandbox, Json],
) -> None:
    """Otherwise the test above would say nothing."""
    sandbox, _ = sandbox_as_left
    starts = [f"{local(sandbox, each['start']):%d %H:%M}" for each in sandbox.toggl.entries]
    assert starts.count("20 12:35") == 2, "the late one"
    assert {"20 09:35", "20 09:50", "20 10:50"} <= set(starts), "their answers were lost"
    assert not {"20 09:20", "20 10:35", "20 11:05", "20 11:20"} & set(starts)


def test_worklogs_follow_and_are_there_once(old: Old) -> None:
    old.me.eventually(lambda: old.jira() == WORKLOGS_IN_THE_END)
    old.me.eventually(lambda: old.me.desk.rooms.exporter.next_due() is None)
    assert old.jira() == WORKLOGS_IN_THE_END
    later = [each for each in old.sandbox.jira.worklogs if "said later" in str(each["comment"])]
    assert len(later) == 1


def test_the_old_messages_come_to_say_what_is_true(old: Old) -> None:
    thursday = {
        "07:00-07:30": IN_TOGGL,
        "08:50-09:30": IN_TOGGL,
        "09:30-10:20": IN_TOGGL,
        "10:20-11:30": IN_TOGGL,
        "12:15-12:45": OFFERED,
        "12:45-13:40": OFFERED,
        "13:55-14:40": SKIPPED,
        "14:40-15:50": IN_TOGGL,
        "15:50-17:20": OFFERED,
        "18:10-18:45": OFFERED,
    }
    first_page = ["08:50", "09:05", "09:20", "09:35", "10:35", "10:50", "11:05", "11:20", "12:35"]
    old.me.wait(lambda: old.rows(THURSDAY) == thursday or None)
    for start in first_page:
        old.sees(FRIDAY, start, IN_TOGGL)
    for start in ("09:50", "10:20", "13:00", "14:45"):
        old.sees(FRIDAY, start, OFFERED)
    old.sees(FRIDAY, "12:15", SKIPPED)
    posts = [(each["ts"], day) for day in IN_THE_END for each in [old.message(day)]]
    assert posts == [(old.posted(day)["ts"], day) for day in IN_THE_END], "no second message"


# -- Old buttons ---------------------------------------------------------------------------------


def test_approve_in_an_old_message_makes_the_entry(old: Old) -> None:
    old.press(FRIDAY, "13:00", "approve")
    old.comes_to(FRIDAY, f"13:00-13:40 {RESET}")
    old.sees(FRIDAY, "13:00", IN_TOGGL)


def test_approve_that_was_pressed_before_makes_no_second_entry(
    sandbox_as_left: tuple[Sandbox, Json],
) -> None:
    sandbox, saved = sandbox_as_left
    # So that the message goes on offering what the old version's last click has decided.
    sandbox.slack.faults.fail_next("chat.update", 500, times=10**6)
    with live(sandbox, sample_settings(sandbox, **LOGGED), "19:10") as me:
        old = Old(sandbox, saved, me)
        for _ in range(2):
            old.press(FRIDAY, "09:20", "approve")
        old.comes_to(FRIDAY)
        old.press(FRIDAY, "09:20", "approve")
        sandbox.slack.faults.clear()
        old.sees(FRIDAY, "09:20", IN_TOGGL)
        assert old.toggl(FRIDAY) == IN_THE_END[FRIDAY]


def test_approve_all_in_an_old_message_sends_what_is_open(old: Old) -> None:
    outcome = old.sandbox.slack.click(old.posted(FRIDAY)["ts"], "approve_all", FRIDAY)
    assert outcome.acked
    old.comes_to(
        FRIDAY,
        f"09:50-10:20 {FIX}",
        "10:20-10:35 Weekly call",
        f"13:00-13:40 {RESET}",
        "14:45-15:20 #17 Cart shows the wrong sum",
        "15:20-15:55 #17 Cart shows the wrong sum",
        "15:55-17:20 DEV-140 Export invoices as CSV",
    )


def test_skip_in_an_old_message_leaves_it_out(old: Old) -> None:
    old.press(FRIDAY, "14:45", "skip")
    old.sees(FRIDAY, "14:45", SKIPPED)


def test_undo_of_what_the_old_version_sent_takes_it_out_of_toggl(old: Old) -> None:
    old.press(THURSDAY, "14:40", "undo")
    old.comes_to(THURSDAY, without="14:40-15:50 #17 Cart shows the wrong sum")
    old.sees(THURSDAY, "14:40", OFFERED)


def test_undo_takes_the_old_versions_worklog_along(old: Old) -> None:
    old.press(THURSDAY, "10:20", "undo")
    old.comes_to(THURSDAY, without=f"10:20-11:30 {RATE}")
    wanted = [each for each in WORKLOGS_IN_THE_END if each != "11-19 10:20 70 min DEV-131"]
    old.me.eventually(lambda: old.jira() == wanted)


def test_undo_of_a_skipped_one_brings_it_back(old: Old) -> None:
    old.press(THURSDAY, "13:55", "undo")
    old.sees(THURSDAY, "13:55", OFFERED)


@pytest.mark.parametrize(
    ("start", "action", "entry"),
    [
        ("10:20", "approve", "10:20-10:35 acme"),
        ("10:35", "approve", "10:35-11:30 DEV-131 Rate limit, deleted in Toggl"),
        ("12:45", "approve_anyway", "12:45-13:40 globex"),
        ("13:55", "approve", "13:55-14:40 globex"),
    ],
    ids=["refused", "deleted in Toggl", "overlapping", "a tag was wanted"],
)
def test_what_had_failed_is_mended_with_the_button_beside_it(
    old: Old, start: str, action: str, entry: str
) -> None:
    assert old.told(WEDNESDAY, start) == FAILED
    old.press(WEDNESDAY, start, action)
    old.comes_to(WEDNESDAY, entry)
    old.sees(WEDNESDAY, start, IN_TOGGL)


def test_trim_cuts_what_was_tracked_out_of_what_had_failed(old: Old) -> None:
    old.press(WEDNESDAY, "12:45", "trim")
    old.comes_to(WEDNESDAY, "12:45-13:00 globex", "13:10-13:40 globex")


def test_keep_leaves_what_was_changed_in_toggl_as_it_is_there(old: Old) -> None:
    old.press(WEDNESDAY, "12:15", "keep")
    old.me.wait(lambda: "keep" not in buttons(old.message(WEDNESDAY), "12:15") or None)
    assert old.toggl(WEDNESDAY) == IN_THE_END[WEDNESDAY]


def test_the_second_page_of_an_old_message_is_turned_to(old: Old) -> None:
    assert old.sandbox.slack.click(old.posted(FRIDAY)["ts"], "page:1").acked
    old.sees(FRIDAY, "15:55", OFFERED)


def test_refresh_in_an_old_message_keeps_what_was_decided(old: Old) -> None:
    for day in IN_THE_END:
        old.comes_to(day)
    assert old.sandbox.slack.click(old.posted(THURSDAY)["ts"], "refresh", THURSDAY).acked
    old.me.wait(lambda: "edited" in old.message(THURSDAY) or None)
    old.sees(THURSDAY, "14:40", IN_TOGGL)
    old.sees(THURSDAY, "13:55", SKIPPED)
    assert {day: old.toggl(day) for day in IN_THE_END} == IN_THE_END


# -- Old dialogs and Home ------------------------------------------------------------------------


def test_a_dialog_that_was_left_open_is_still_taken(old: Old) -> None:
    old.submit(old.dialog("open"), description="Reset, by mail")
    assert old.sandbox.slack.view is None
    old.me.wait(lambda: "Reset, by mail" in str(old.message(FRIDAY)["blocks"]) or None)
    old.press(FRIDAY, "13:00", "approve")
    old.comes_to(FRIDAY, "13:00-13:40 Reset, by mail")


def test_a_dialog_left_open_on_what_is_in_toggl_changes_it_there(old: Old) -> None:
    before, after = "14:40-15:50 #17 Cart shows the wrong sum", "14:40-15:50 #17 Said better"
    number = next(each["id"] for each in old.sandbox.toggl.entries if "#17" in str(each))
    old.submit(old.dialog("sent"), description="#17 Said better")
    old.comes_to(THURSDAY, after, without=before)
    assert number in {each["id"] for each in old.sandbox.toggl.entries}, "the same entry"


def test_split_from_a_dialog_that_was_left_open(old: Old) -> None:
    old.choose(old.dialog("open"), "split")
    view = old.me.wait(lambda: _called(old, "split_item"))
    old.submit(view, at="13:25")
    old.sees(FRIDAY, "13:25", OFFERED)
    assert "13:00-13:25" in old.rows(FRIDAY)


def test_merge_from_a_dialog_that_was_left_open(old: Old) -> None:
    old.choose(old.dialog("open"), "merge")
    old.me.wait(lambda: "13:00-15:20" in old.rows(FRIDAY) or None)


def test_undo_change_takes_back_what_was_merged_with_the_old_version(old: Old) -> None:
    old.choose(old.dialog("open"), "revert")
    old.me.wait(lambda: {"13:00-13:20", "13:20-13:40"} <= set(old.rows(FRIDAY)) or None)


def _called(old: Old, callback: str) -> Json | None:
    view = old.sandbox.slack.view
    return view if view and view["callback_id"] == callback else None


def test_the_old_home_ends_the_silence(old: Old) -> None:
    silent = "No message by itself before"
    assert silent in str(old.saved["home"]["blocks"])
    assert old.sandbox.slack.click(old.saved["home"]["id"], "pref_speak", "now").acked
    home: Callable[[], Any] = partial(old.sandbox.slack.home_view, ME)
    old.me.wait(lambda: silent not in str(home()["blocks"]) or None)
