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
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from alembic.command import upgrade
from alembic.config import Config
from sqlalchemy import MetaData, RowMapping, create_engine, text
from sqlalchemy.dialects import sqlite

from tests.bots import FAILED, IN_TOGGL, OFFERED, SKIPPED, digests_in, says
from tests.conftest import copy_home
from tests.livebot import Live, live, sample_settings
from tracklater_bot.domain.digests import Item, ItemState, Problem
from tracklater_bot.store import Store
from tracklater_bot.store.columns import Packed
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.slack.person import Outcome
from tracklater_sandbox.slack.workspace import File
from tracklater_sandbox.toggl.account import WORKSPACE

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


@cache
def migrated() -> str:
    """The old database as the new version leaves it, in SQL: migrated once for many tests."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "old.sqlite3")
        write_database(file)
        Store.open(f"sqlite:///{file}").close()
        with closing(sqlite3.connect(file)) as connection:
            return "\n".join(connection.iterdump())


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
        """Presses a button that the old version had put beside a row, with no dialog above it."""
        if self.sandbox.slack.view:
            self.sandbox.slack.close_view(everything=True)
        value = buttons(self.posted(day), start)[action]
        assert self.sandbox.slack.click(self.posted(day)["ts"], action, value).acked

    def dialog(self, name: str) -> Json:
        """A dialog that was left open when the old version ended."""
        views: list[Json] = json.loads(json.dumps(self.saved["dialogs"][name]))
        self.sandbox.slack.workspace.modals[ME] = views
        return views[-1]

    def choose(self, view: Json, what: str) -> Outcome:
        """Chooses from the menu of an old dialog: split, merge, revert."""
        value = next(choice for choice in choices(view) if choice.startswith(f"{what}:"))
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

    def gets(self, day: str, *entries: str) -> None:
        """Waits until each of these is in Toggl, once."""
        self.me.eventually(lambda: all(self.toggl(day).count(entry) == 1 for entry in entries))

    def loses(self, day: str, entry: str) -> None:
        """Waits until that is no longer in Toggl."""
        self.me.eventually(lambda: entry not in self.toggl(day))

    def settles(self) -> None:
        """Waits until everything is done that can be done now."""
        for day, entries in IN_THE_END.items():
            self.gets(day, *entries)
        self.me.eventually(lambda: self._rests(self.me.days.outbox.due_in()))

    def _rests(self, due_in: timedelta | None) -> bool:
        return due_in is None or due_in > timedelta()


def local(sandbox: Sandbox, stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(sandbox.zone)


def buttons(message: Json, start: str) -> dict[str, str]:
    """The buttons beside the row that begins then: their actions, and what they stand for."""
    blocks = message["blocks"]
    number = next(
        number
        for number, block in enumerate(blocks)
        if re.match(rf"(?:\S+ )?\*?{start}–", (block.get("text") or {}).get("text", ""))
    )
    found = [blocks[number].get("accessory")]
    for block in blocks[number + 1 :]:
        if block["type"] == "section":
            break
        found += block.get("elements", ())
    offered = {each["action_id"]: each["value"] for each in found if each and "value" in each}
    entries = [e["value"].partition(":") for each in found if each for e in each.get("options", ())]
    return offered | {what: item for what, _, item in entries}


def choices(view: Json) -> list[str]:
    """What the menus in a view offer."""
    menus = [
        each
        for block in view["blocks"]
        for each in (*block.get("elements", ()), block.get("accessory"))
        if each and each.get("type") == "overflow"
    ]
    return [option["value"] for menu in menus for option in menu["options"]]


def furnish(sandbox: Sandbox) -> None:
    """Puts everything where the old version left it, the database as it was."""
    write_database(sandbox.home / "tracklater.sqlite3", sandbox.url)
    furnish_services(sandbox)


def furnish_migrated(sandbox: Sandbox) -> None:
    """The same with a database that is migrated already."""
    with closing(sqlite3.connect(sandbox.home / "tracklater.sqlite3")) as connection:
        connection.executescript(migrated().replace(NOWHERE, sandbox.url))
    furnish_services(sandbox)


def furnish_services(sandbox: Sandbox) -> None:
    entries = kept(sandbox, "toggl.json")["entries"]
    sandbox.toggl.account.entries.clear()
    sandbox.toggl.account.entries.update({entry["id"]: entry for entry in entries})
    for key, logs in kept(sandbox, "jira.json")["worklogs"].items():
        sandbox.jira.issues[key].worklogs.update({log["id"]: log for log in logs})
    saved: Json = kept(sandbox, "slack.json")
    workspace = sandbox.slack.workspace
    channel = workspace.add_channel(saved["channel"], "directmessage", ME)
    for message in saved["messages"]:
        workspace.put(channel, message)
    for file in saved["files"]:
        workspace.files[file["id"]] = File(**file, length=4, data=b"old!", completed_at=0.0)
    workspace.homes[ME] = saved["home"]
    workspace.processing_seconds = 0.0  # its clock stands still


@contextmanager
def brought_up_to_date(home: Path, *, before: Callable[[Sandbox], None] = furnish) -> Iterator[Old]:
    """The bot of today, started a quarter of an hour later on what was left."""
    with Sandbox(home, today=date.fromisoformat(FRIDAY)) as sandbox:
        before(sandbox)
        with live(sandbox, sample_settings(sandbox, **LOGGED), "19:10") as me:
            yield Old(sandbox, kept(sandbox, "slack.json"), me)


@pytest.fixture
def old(tmp_path: Path, sample_home: Path) -> Iterator[Old]:
    """The person, for themselves."""
    copy_home(sample_home, tmp_path / "home")
    with brought_up_to_date(tmp_path / "home", before=furnish_migrated) as one:
        yield one


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, sample_home: Path) -> Iterator[Old]:
    """The same after everything was sent that had been decided, for tests that decide nothing."""
    home = tmp_path_factory.mktemp("settled") / "home"
    copy_home(sample_home, home)
    with brought_up_to_date(home) as one:
        one.settles()
        yield one


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, sample_home: Path) -> Iterator[Old]:
    """The same for tests that each press the buttons of one row, which no other test does."""
    home = tmp_path_factory.mktemp("shared") / "home"
    copy_home(sample_home, home)
    with brought_up_to_date(home) as one:
        one.settles()
        yield one


# -- The database --------------------------------------------------------------------------------


def insist_on_everything(store: Store) -> None:
    """Every day, item, rule and preference of the old database is there; issues are read anew."""
    days = store.digests(ME, datetime.fromisoformat(WEDNESDAY).date())
    assert [day.day.isoformat() for day in days] == [WEDNESDAY, THURSDAY, FRIDAY]
    assert [len(day.items) for day in days] == [9, 10, 16]
    items = [item for day in days for item in day.items]
    assert {each.state for each in items} == set(ItemState)
    later = {Problem.TOO_OLD}  # that version knew no day too old
    assert {each.problem_code for each in items} == {None, *Problem} - later
    logs = [each.worklog for each in items if each.worklog is not None]
    assert {log.state for log in logs} == {
        ItemState.PENDING, ItemState.SENT, ItemState.FAILED, ItemState.DELETING,
    }  # fmt: skip
    assert [rule.text for rule in store.rules(ME)] == ["globex backlog"]
    kept_in_home = {"digest_at": "17:45", "holidays": "FI", "silent_until": "2026-11-24"}
    assert kept_in_home.items() <= store.preferences(ME).items()


def test_the_old_database_opens_and_every_day_and_item_in_it_is_read(tmp_path: Path) -> None:
    write_database(tmp_path / "old.sqlite3")
    for _ in range(2):  # brought up to date, and opened once more
        with closing(Store.open(f"sqlite:///{tmp_path / 'old.sqlite3'}")) as store:
            insist_on_everything(store)


def write_to_postgresql(file: Path, url: str) -> None:
    """What version 0.1 would have written there: its own tables, and the same rows in them."""
    theirs = create_engine(f"sqlite:///{file}")
    ours = create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
    with theirs.connect() as source, ours.begin() as target:
        config = Config()
        config.set_main_option("script_location", str(files("tracklater_bot.store") / "migrations"))
        config.attributes["connection"] = target
        upgrade(config, "0001")
        there, here = MetaData(), MetaData()
        there.reflect(source)
        here.reflect(target)
        for table in here.sorted_tables:
            if table.name in there.tables and table.name != "alembic_version":
                rows = [
                    _in_utc(mapping)
                    for mapping in source.execute(there.tables[table.name].select()).mappings()
                ]
                target.execute(table.insert(), rows)
        for name in ("changes", "outbox", "rules"):
            last = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"
            target.execute(text(last))
    theirs.dispose()
    ours.dispose()


def _in_utc(row: RowMapping) -> Json:
    return {
        str(name): value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def test_what_an_undo_brings_back_has_its_alternative_and_keeps_its_stored_names(
    tmp_path: Path,
) -> None:
    """What an edit replaced is kept packed, and read by this version as that one wrote it."""
    column, dialect = Packed(tuple[Item, ...]), sqlite.dialect()
    write_database(tmp_path / "old.sqlite3")
    Store.open(f"sqlite:///{tmp_path}/old.sqlite3").close()
    with closing(sqlite3.connect(tmp_path / "old.sqlite3")) as database:
        stored = [value for (value,) in database.execute("SELECT before FROM changes")]
    alternatives = []
    for old in stored:
        items = column.process_result_value(old, dialect)
        alternatives += [item.suggestion.alternative for item in items]
        split = [_split_at_its_start(item) for item in items]
        packed = column.process_bind_param(split, dialect) or ""
        for ours, theirs in zip(_suggestions(packed), _suggestions(old), strict=True):
            assert theirs.keys() - ours.keys() == set()
        assert all(item["seam"] == item["span"]["start"] for item in _suggestions(packed))
        assert list(column.process_result_value(packed, dialect)) == split
    assert {"acme", "globex"} <= set(alternatives)


def _split_at_its_start(item: Item) -> Item:
    suggestion = item.suggestion
    return replace(item, suggestion=replace(suggestion, best_split=suggestion.span.start))


def _suggestions(packed: str) -> list[Json]:
    return [item["suggestion"] for item in json.loads(packed)]


def test_the_old_database_on_postgresql_opens_and_is_read(tmp_path: Path, postgresql: str) -> None:
    write_database(tmp_path / "old.sqlite3")
    address = postgresql % "postgres"
    write_to_postgresql(tmp_path / "old.sqlite3", address)
    with closing(Store.open(address)) as store:
        insist_on_everything(store)


# -- What was on its way -------------------------------------------------------------------------


def test_what_was_on_its_way_is_in_toggl_exactly_once(settled: Old) -> None:
    """What waited, what was being sent, what nobody knew of, and what came twice and late."""
    assert {day: settled.toggl(day) for day in IN_THE_END} == IN_THE_END
    settled.me.time.forward(hours=2)  # late ones are looked for until then
    settled.me.days.changed()
    settled.me.eventually(lambda: settled.me.days.outbox.due_in() is None)
    assert {day: settled.toggl(day) for day in IN_THE_END} == IN_THE_END


def test_the_old_version_left_lost_answers_a_late_entry_and_some_unsent() -> None:
    """Otherwise the test above would say nothing."""
    starts = [load["start"] for load in json.loads(words_of("toggl.json"))["entries"]]
    there = [start[11:16] for start in starts if start.startswith(FRIDAY)]  # in UTC
    assert there.count("10:35") == 2, "the late one"
    assert {"07:35", "07:50", "08:50"} <= set(there), "their answers were lost"
    assert not {"07:20", "08:35", "09:05", "09:20"} & set(there)


def test_worklogs_follow_and_are_there_once(settled: Old) -> None:
    settled.me.eventually(lambda: settled.jira() == WORKLOGS_IN_THE_END)
    logs = settled.sandbox.jira.worklogs
    assert len([log for log in logs if "said later" in str(log["comment"])]) == 1


def test_the_old_messages_come_to_say_what_is_true(settled: Old) -> None:
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
    settled.me.wait(lambda: settled.rows(THURSDAY) == thursday or None)
    for start in (row[:5] for row in IN_THE_END[FRIDAY] if "Sprint" not in row):
        settled.sees(FRIDAY, start, IN_TOGGL)
    for start in ("09:50", "10:20", "13:00", "14:45"):
        settled.sees(FRIDAY, start, OFFERED)
    settled.sees(FRIDAY, "12:15", SKIPPED)


def test_the_old_messages_stay_the_only_ones_of_their_days(settled: Old) -> None:
    for day in IN_THE_END:
        assert settled.message(day)["ts"] == settled.posted(day)["ts"]


# -- Old buttons ---------------------------------------------------------------------------------


def test_approve_in_an_old_message_makes_the_entry(shared: Old) -> None:
    shared.press(FRIDAY, "13:00", "approve")
    shared.gets(FRIDAY, f"13:00-13:40 {RESET}")
    shared.sees(FRIDAY, "13:00", IN_TOGGL)


def test_approve_that_was_pressed_before_makes_no_second_entry(
    tmp_path: Path, sample_home: Path
) -> None:
    def hold_messages(sandbox: Sandbox) -> None:
        """So that one goes on offering what the old version's last click has decided."""
        furnish(sandbox)
        sandbox.slack.faults.fail_next("chat.update", 500, times=10**6)

    copy_home(sample_home, tmp_path / "home")
    with brought_up_to_date(tmp_path / "home", before=hold_messages) as old:
        for _ in range(2):
            old.press(FRIDAY, "09:20", "approve")
        old.settles()
        old.press(FRIDAY, "09:20", "approve")
        old.sandbox.slack.faults.clear()
        old.sees(FRIDAY, "09:20", IN_TOGGL)
        assert old.toggl(FRIDAY) == IN_THE_END[FRIDAY]


def test_approve_all_in_an_old_message_sends_what_is_open(old: Old) -> None:
    old.settles()
    assert old.sandbox.slack.click(old.posted(FRIDAY)["ts"], "approve_all", FRIDAY).acked
    sent = (
        f"09:50-10:20 {FIX}",
        "10:20-10:35 Weekly call",
        f"13:00-13:40 {RESET}",
        "14:45-15:20 #17 Cart shows the wrong sum",
        "15:20-15:55 #17 Cart shows the wrong sum",
        "15:55-17:20 DEV-140 Export invoices as CSV",
    )
    old.gets(FRIDAY, *sent)
    assert old.toggl(FRIDAY) == sorted((*IN_THE_END[FRIDAY], *sent))


def test_skip_in_an_old_message_leaves_it_out(shared: Old) -> None:
    shared.press(FRIDAY, "10:20", "skip")
    shared.sees(FRIDAY, "10:20", SKIPPED)


def test_undo_of_what_the_old_version_sent_takes_it_out_of_toggl(shared: Old) -> None:
    shared.press(THURSDAY, "14:40", "undo")
    shared.loses(THURSDAY, "14:40-15:50 #17 Cart shows the wrong sum")
    shared.sees(THURSDAY, "14:40", OFFERED)


def test_undo_takes_the_old_versions_worklog_along(shared: Old) -> None:
    shared.press(THURSDAY, "10:20", "undo")
    shared.loses(THURSDAY, f"10:20-11:30 {RATE}")
    shared.me.eventually(lambda: "11-19 10:20 70 min DEV-131" not in shared.jira())


def test_undo_of_a_skipped_one_brings_it_back(shared: Old) -> None:
    shared.press(THURSDAY, "13:55", "undo")
    shared.sees(THURSDAY, "13:55", OFFERED)


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
    shared: Old, start: str, action: str, entry: str
) -> None:
    assert shared.told(WEDNESDAY, start) == FAILED
    shared.press(WEDNESDAY, start, action)
    shared.gets(WEDNESDAY, entry)
    shared.sees(WEDNESDAY, start, IN_TOGGL)


def test_trim_cuts_what_was_tracked_out_of_what_had_failed(old: Old) -> None:
    old.press(WEDNESDAY, "12:45", "trim")
    old.gets(WEDNESDAY, "12:45-13:00 globex", "13:10-13:40 globex")


def test_keep_leaves_what_was_changed_in_toggl_as_it_is_there(shared: Old) -> None:
    shared.press(WEDNESDAY, "12:15", "keep")
    shared.me.wait(lambda: "keep" not in buttons(shared.message(WEDNESDAY), "12:15") or None)
    assert "12:15-12:45 #12 Said otherwise in Toggl" in shared.toggl(WEDNESDAY)


def test_the_second_page_of_an_old_message_is_turned_to(shared: Old) -> None:
    assert shared.sandbox.slack.click(shared.posted(FRIDAY)["ts"], "page:1").acked
    shared.sees(FRIDAY, "15:55", OFFERED)
    assert shared.sandbox.slack.click(shared.posted(FRIDAY)["ts"], "page:0").acked
    shared.sees(FRIDAY, "08:50", IN_TOGGL)


def test_refresh_in_an_old_message_keeps_what_was_decided(old: Old) -> None:
    old.settles()
    account = old.sandbox.toggl.account
    call = {"created_with": "Toggl Track", "description": "Call", "duration": 2100}
    account.create(WORKSPACE, call | {"start": f"{THURSDAY}T16:10:00Z", "workspace_id": WORKSPACE})
    assert old.sandbox.slack.click(old.posted(THURSDAY)["ts"], "refresh", THURSDAY).acked
    old.sees(THURSDAY, "18:10", None)  # read anew, so that nothing is offered for the call
    assert (old.told(THURSDAY, "14:40"), old.told(THURSDAY, "13:55")) == (IN_TOGGL, SKIPPED)
    assert old.toggl(THURSDAY) == sorted((*IN_THE_END[THURSDAY], "18:10-18:45 Call"))


# -- Old dialogs and Home ------------------------------------------------------------------------


def test_a_dialog_that_was_left_open_is_still_taken(old: Old) -> None:
    old.submit(old.dialog("open"), description="Reset, by mail")
    assert old.sandbox.slack.view is None
    old.me.wait(lambda: "Reset, by mail" in str(old.message(FRIDAY)["blocks"]) or None)
    old.press(FRIDAY, "13:00", "approve")
    old.gets(FRIDAY, "13:00-13:40 Reset, by mail")


def test_a_dialog_left_open_on_what_is_in_toggl_changes_it_there(old: Old) -> None:
    before, after = "14:40-15:50 #17 Cart shows the wrong sum", "14:40-15:50 #17 Said better"
    number = next(entry["id"] for entry in old.sandbox.toggl.entries if "#17" in str(entry))
    old.submit(old.dialog("sent"), description="#17 Said better")
    old.gets(THURSDAY, after)
    old.loses(THURSDAY, before)
    assert number in {entry["id"] for entry in old.sandbox.toggl.entries}, "the same entry"


def test_split_from_a_dialog_that_was_left_open(old: Old) -> None:
    old.choose(old.dialog("open"), "split")
    view = old.me.wait(lambda: _called(old, "split_item"))
    old.submit(view, at="13:25")
    old.sees(FRIDAY, "13:25", OFFERED)
    assert "13:00-13:25" in old.rows(FRIDAY)


def test_merge_from_the_dialog_of_an_old_edit_button(shared: Old) -> None:
    shared.press(FRIDAY, "14:45", "edit")
    shared.choose(shared.me.wait(lambda: _called(shared, "edit_item")), "merge")
    shared.me.wait(lambda: "14:45-15:55" in shared.rows(FRIDAY) or None)


def test_undo_change_takes_back_what_was_merged_with_the_old_version(old: Old) -> None:
    old.choose(old.dialog("open"), "revert")
    old.me.wait(lambda: {"13:00-13:20", "13:20-13:40"} <= set(old.rows(FRIDAY)) or None)


def test_why_this_tells_what_the_old_version_had_found_out(shared: Old) -> None:
    shared.press(THURSDAY, "12:45", "edit")
    view = shared.me.wait(lambda: _called(shared, "edit_item"))
    value = next(choice for choice in choices(view) if choice.startswith("why:"))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(words_of("database.sql"))
        query = "SELECT reasons FROM items WHERE id = ?"
        (stored,) = connection.execute(query, [value.removeprefix("why:")]).fetchone()
    shared.choose(view, "why")
    why = shared.me.wait(lambda: _called(shared, "why"))
    reasons = [load["text"] for load in json.loads(stored)]
    assert reasons
    assert all(reason in str(why["blocks"]) for reason in reasons)
    shared.sandbox.slack.close_view(everything=True)


@pytest.mark.parametrize("choice", ["hour", "tomorrow", "silent"])
def test_the_old_menu_of_reminders_is_answered(shared: Old, choice: str) -> None:
    """Whatever became of reminders: Slack shows a warning where a bot does not answer."""
    workspace = shared.sandbox.slack.workspace
    now = workspace.find_message(shared.posted(FRIDAY)["ts"])
    assert now is not None
    workspace.put(now[0], {**now[1], "blocks": shared.posted(FRIDAY)["blocks"]})
    assert shared.sandbox.slack.click(shared.posted(FRIDAY)["ts"], "remind", choice).acked


def _called(old: Old, callback: str) -> Json | None:
    view = old.sandbox.slack.view
    return view if view and view["callback_id"] == callback else None


def test_the_old_home_ends_the_silence(old: Old) -> None:
    silent = "No message by itself before"
    assert silent in str(old.saved["home"]["blocks"])
    assert old.sandbox.slack.click(old.saved["home"]["id"], "pref_speak", "now").acked
    home: Callable[[], Any] = partial(old.sandbox.slack.home_view, ME)
    old.me.wait(lambda: silent not in str(home()["blocks"]) or None)
