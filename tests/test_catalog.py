"""The catalogue: what is asked how often, and what stays known when a service fails."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr

from tests.loopback import FakeTime
from tests.memory import FakeMemory
from tests.notation import at, span
from tracklater_bot.catalog.cache import PersonalMemory
from tracklater_bot.catalog.catalog import Catalog, scope_of
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.settings import GroupJira, GroupSettings, GroupTracker, ResolvedTaiga, Settings
from tracklater_bot.sources.base import IssueSource, PartlyRead, SourceError
from tracklater_bot.sources.issues.jira import JiraSource
from tracklater_bot.sources.issues.registry import issue_sources
from tracklater_bot.sources.issues.taiga import TaigaSource
from tracklater_bot.trackers.base import (
    Account,
    Constraints,
    NewEntry,
    NotSent,
    OverQuota,
    PartlySeen,
    Quota,
    Refused,
    TrackerError,
)

DAY = span("04:00-28:00")


class FakeStore(FakeMemory):
    """The store's part in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str, str], Issue] = {}

    def put_issues(self, person: str, scope: str, issues: Sequence[Issue]) -> None:
        self.kept |= {(person, scope, each.key): each for each in issues}

    def issues(self, person: str, scopes: Collection[str]) -> list[Issue]:
        return [
            each
            for (owner, scope, _), each in self.kept.items()
            if owner == person and scope in scopes
        ]

    def keep_issues(self, person: str, scopes: Collection[str]) -> None:
        self.kept = {
            at: each for at, each in self.kept.items() if at[0] != person or at[1] in scopes
        }
        for owner, key in [*self.memories]:
            about, _, scope = key.partition(":")
            if owner == person and about in ("issues", "absent") and scope not in scopes:
                del self.memories[owner, key]


def issue(key: str, group: str = "one", title: str = "") -> Issue:
    return Issue(key, title or f"Title of {key}", "", "jira", group)


@dataclass
class FakeSource:
    """A tracker with knobs: issues it has, and an error it answers with."""

    group: str = "one"
    prefix: str = "DEV-"
    has: tuple[Issue, ...] = ()
    fails: Exception | None = None
    scope: str = "site DEV"
    name: str = "jira"
    asked: list[object] = field(default_factory=list)

    def owns(self, key: str) -> bool:
        return key.startswith(self.prefix)

    def recent(self, since: datetime | None) -> Sequence[Issue]:
        return self._answer(("recent", since), self.has)

    def by_keys(self, keys: Sequence[str]) -> Sequence[Issue]:
        found = [each for each in self.has if {each.key, *each.aliases} & set(keys)]
        return self._answer(tuple(keys), found)

    def search(self, text: str) -> Sequence[Issue]:
        return self._answer(text, [each for each in self.has if text in each.title])

    def check(self) -> str:
        return "fine"

    def _answer(self, asked: object, found: Sequence[Issue]) -> Sequence[Issue]:
        self.asked.append(asked)
        if self.fails:
            raise self.fails
        return found


PROJECTS = (
    Project("Development", "", client="First", id="11"),
    Project("Bugs", "", client="First", id="12"),
    Project("Other", "", client="Second", id="21"),
)
ENTRY = TimeEntry("1", at("09:00"), at("10:00"), "DEV-1", project_id="11", changed="x")


@dataclass
class FakeTracker:
    """Toggl with knobs."""

    name = "toggl"
    label = "Toggl"
    page = "https://track.toggl.com/timer"
    forgets = True
    account_key = "alice"
    has: tuple[TimeEntry, ...] = (ENTRY,)
    fails: TrackerError | None = None
    asked: list[str] = field(default_factory=list)

    def check(self, groups: Mapping[str, GroupSettings]) -> str:
        return "signed in"

    def account(self) -> Account:
        self._ask("account")
        return Account("Alice", "7", "Europe/Helsinki", PROJECTS)

    def entries(self, span: Span) -> Sequence[TimeEntry]:
        self._ask("entries")
        return self.has

    def constraints(self) -> Constraints:
        self._ask("constraints")
        return Constraints(project=True)

    def create(self, entry: NewEntry) -> TimeEntry:
        raise AssertionError("a catalogue writes nothing")

    def find(self, entry: NewEntry) -> TimeEntry | None:
        raise AssertionError("a catalogue looks for nothing")

    def update(self, entry_id: str, entry: NewEntry, seen: str | None) -> TimeEntry:
        raise AssertionError("a catalogue writes nothing")

    def delete(self, entry_id: str, seen: str | None) -> None:
        raise AssertionError("a catalogue writes nothing")

    def quota(self) -> Quota:
        return Quota(None, None)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.fails:
            raise self.fails


GROUPS = {
    "one": GroupSettings(toggl=GroupTracker(client="first", projects={"development": "default"})),
    "two": GroupSettings(toggl=GroupTracker(client="second")),
}


@pytest.fixture
def time() -> FakeTime:
    return FakeTime(datetime(2026, 11, 20, 12, tzinfo=UTC))


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(has=(issue("DEV-1"), issue("DEV-2")))


@pytest.fixture
def tracker() -> FakeTracker:
    return FakeTracker()


Make = Callable[..., Catalog]


@pytest.fixture
def catalog(store: FakeStore, source: FakeSource, tracker: FakeTracker, time: FakeTime) -> Catalog:
    return Catalog(store, "alice", [source], tracker, time, GROUPS)


def again(catalog: Catalog, source: FakeSource, tracker: FakeTracker, time: FakeTime) -> Catalog:
    """The same person's catalogue in another process."""
    store = catalog._memory.store
    assert isinstance(store, FakeStore)
    return Catalog(store, "alice", [source], tracker, time, GROUPS)


# -- Issues: how often they are asked for ------------------------------------------------------


def test_a_second_preview_within_ten_minutes_asks_nobody(
    catalog: Catalog, source: FakeSource, tracker: FakeTracker, time: FakeTime
) -> None:
    for minutes in (0, 1, 8):
        time.forward(minutes=minutes)
        other = again(catalog, source, tracker, time)
        (status,) = other.refresh()
        assert (status.name, status.group, status.clues, status.trouble) == ("jira", "one", 2, None)
    assert source.asked == [("recent", None)]
    assert sorted(each.key for each in catalog.issues("one")) == ["DEV-1", "DEV-2"]


def test_later_it_asks_for_what_changed(
    catalog: Catalog, source: FakeSource, time: FakeTime
) -> None:
    start = time.now
    catalog.refresh()
    time.forward(minutes=10)
    catalog.refresh()
    assert source.asked == [("recent", None), ("recent", start)]


def test_other_projects_in_the_settings_are_read_from_the_beginning(
    catalog: Catalog, source: FakeSource, time: FakeTime
) -> None:
    catalog.refresh()
    source.scope = "site DEV OPS"
    time.forward(seconds=1)
    catalog.refresh()
    assert source.asked == [("recent", None), ("recent", None)]


def test_odd_rows_are_told_and_the_others_are_known(catalog: Catalog, source: FakeSource) -> None:
    source.fails = PartlyRead("Jira", 2, (issue("DEV-1"),))
    [status] = catalog.refresh()
    assert (status.clues, status.trouble) == (
        1,
        "Jira sent 2 rows that were not understood and left out",
    )
    assert [known.key for known in catalog.issues()] == ["DEV-1"]


def test_a_source_that_is_slow_is_not_waited_for_and_known_when_it_comes(
    time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracklater_bot.catalog.catalog._SECONDS", 0.2)
    released, done = Event(), Event()

    class Slow(FakeSource):
        def recent(self, since: datetime | None) -> Sequence[Issue]:
            released.wait(60)
            return super().recent(since)

    class Store(FakeStore):
        def put(self, *row: Any, **more: Any) -> None:
            super().put(*row, **more)
            if released.is_set():
                done.set()

    slow = Slow("one", has=(issue("DEV-1"),))
    fast = FakeSource("two", "OPS-", (issue("OPS-1", "two"),))
    catalog = Catalog(Store(), "alice", (slow, fast), None, time, {})
    first, second = catalog.refresh()
    assert (first.trouble, second.trouble) == ("took too long", None)
    assert [known.key for known in catalog.issues()] == ["OPS-1"]
    released.set()
    assert done.wait(20)
    first, _ = catalog.refresh()
    assert (first.clues, first.trouble) == (1, None)


def test_a_failing_source_leaves_what_was_known_in_use(
    catalog: Catalog, source: FakeSource, time: FakeTime
) -> None:
    start = time.now
    catalog.refresh()
    time.forward(minutes=10)
    source.fails = SourceError("Jira is on fire")
    (status,) = catalog.refresh()
    assert (status.clues, status.trouble) == (2, "Jira is on fire")
    time.forward(seconds=30)
    (status,) = catalog.refresh()
    assert status.trouble == "Jira is on fire", "still said, though not asked"
    assert len(source.asked) == 2
    source.fails = None
    time.forward(seconds=30)
    (status,) = catalog.refresh()
    assert status.trouble is None
    assert source.asked[-1] == ("recent", start), "since the last that succeeded"


def test_a_token_mended_in_the_settings_is_tried_at_once(
    catalog: Catalog, source: FakeSource
) -> None:
    source.fails = SourceError("token refused", lasting=True)
    catalog.refresh()
    source.fails = None
    (status,) = catalog.refresh()
    assert status.trouble is None


def test_one_failing_source_never_stops_the_others(
    store: FakeStore, time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    broken = FakeSource(group="two", fails=ZeroDivisionError("a private title"), name="taiga")
    fine = FakeSource(has=(issue("DEV-1"),))
    catalog = Catalog(store, "alice", [broken, fine], None, time, GROUPS)
    one, two = catalog.refresh()
    assert one.trouble is not None
    assert "ZeroDivisionError" in one.trouble
    assert "a private title" not in one.trouble + caplog.text
    assert two.clues == 1


def test_each_person_has_issues_of_their_own(
    store: FakeStore, source: FakeSource, time: FakeTime
) -> None:
    Catalog(store, "alice", [source], None, time, GROUPS).refresh()
    bob = Catalog(store, "bob", [], None, time, GROUPS)
    assert bob.issues() == []
    assert bob.search("DEV") == []


def test_two_threads_ask_once(catalog: Catalog, source: FakeSource, tracker: FakeTracker) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(catalog.refresh)
            pool.submit(catalog.projects)
            pool.submit(catalog.tracked, DAY)
    assert len(source.asked) == 1
    assert sorted(tracker.asked) == ["account", "entries"]


# -- Issues that clues name --------------------------------------------------------------------


def test_fetches_only_what_nobody_knows_yet(catalog: Catalog, source: FakeSource) -> None:
    catalog.refresh()
    source.has = (issue("DEV-7"),)
    assert catalog.complete(["DEV-1", "dev-2", "DEV-7", "DEV-8", "OPS-1", "DEV-7"]) == ()
    assert source.asked[1:] == [("DEV-7", "DEV-8")]
    assert "DEV-7" in {each.key for each in catalog.issues()}


def test_what_does_not_exist_is_not_asked_again_for_a_day(
    catalog: Catalog, source: FakeSource, tracker: FakeTracker, time: FakeTime
) -> None:
    catalog.complete(["DEV-8"])
    catalog.complete(["DEV-8", "DEV-9"])
    time.forward(hours=23, minutes=59)
    again(catalog, source, tracker, time).complete(["DEV-8"])
    assert source.asked == [("DEV-8",), ("DEV-9",)]
    time.forward(minutes=1)
    catalog.complete(["DEV-8"])
    assert source.asked[-1] == ("DEV-8",)


def test_a_moved_issue_is_known_by_its_old_key_too(catalog: Catalog, source: FakeSource) -> None:
    source.has = (replace(issue("OPS-9"), aliases=("DEV-5",)),)
    catalog.complete(["DEV-5"])
    catalog.complete(["DEV-5", "dev-5"])
    assert source.asked == [("DEV-5",)]
    assert [each.key for each in catalog.search("dev-5")] == ["OPS-9"]


def test_a_day_full_of_keys_is_asked_in_portions(catalog: Catalog, source: FakeSource) -> None:
    keys = [f"DEV-{number}" for number in range(100, 220)]
    for _ in range(4):
        catalog.complete(keys)
    assert [len(each) for each in source.asked if isinstance(each, tuple)] == [50, 50, 20]


def test_keys_that_could_not_be_asked_are_asked_again(catalog: Catalog, source: FakeSource) -> None:
    source.fails = SourceError("Jira is on fire")
    (status,) = catalog.complete(["DEV-8"])
    assert status.trouble == "Jira is on fire"
    source.fails = None
    assert catalog.complete(["DEV-8"]) == ()
    assert len(source.asked) == 2


def test_no_keys_ask_nobody(catalog: Catalog, source: FakeSource) -> None:
    assert catalog.complete([]) == ()
    assert source.asked == []


# -- Issues: what is no longer set up ------------------------------------------------------------

SITE = "https://one.atlassian.net"


def jira(group: str = "one", url: str = SITE, *keys: str) -> JiraSource:
    return JiraSource(group, GroupJira(url=url, project_key=keys or ("DEV",)))


def taiga(
    group: str = "one", url: str = "https://taiga.one", slug: str = "web", pages: str = ""
) -> TaigaSource:
    return TaigaSource(group, ResolvedTaiga(slug, url, pages or url, "alice", None), None)


def as_set_up(source: IssueSource, *has: Issue, fails: Exception | None = None) -> FakeSource:
    """A source of that name, group and scope that can be asked here."""
    own = tuple(replace(each, tracker=source.name, group=source.group) for each in has)
    prefix = "#" if source.name == "taiga" else ""
    return FakeSource(source.group, prefix, own, fails, source.scope, source.name)


SET_UP_ANEW: dict[str, tuple[IssueSource, IssueSource | None]] = {
    "another server": (jira(), jira(url="https://two.atlassian.net")),
    "another project": (jira(), jira("one", SITE, "OPS")),
    "a project taken off the list": (jira("one", SITE, "DEV", "OPS"), jira("one", SITE, "DEV")),
    "the group renamed": (jira(), jira("uno")),
    "Taiga instead of Jira": (jira(), taiga()),
    "Jira instead of Taiga": (taiga(), jira()),
    "another Taiga": (taiga(), taiga(url="https://taiga.two")),
    "another address of Taiga's pages": (taiga(), taiga(pages="https://tree.taiga.one")),
    "another slug": (taiga(), taiga(slug="app")),
    "the section removed": (jira(), None),
    "Taiga's section removed": (taiga(), None),
}


@pytest.mark.parametrize(("before", "after"), list(SET_UP_ANEW.values()), ids=list(SET_UP_ANEW))
@pytest.mark.parametrize("fails", [None, SourceError("down")])
def test_issues_go_with_what_they_were_read_from(
    before: IssueSource,
    after: IssueSource | None,
    fails: SourceError | None,
    store: FakeStore,
    time: FakeTime,
) -> None:
    old = as_set_up(before, issue("#7", title="Old login"))
    Catalog(store, "alice", [old], None, time, GROUPS).refresh()
    time.forward(minutes=1)
    new = [as_set_up(after, issue("#8", title="New login"), fails=fails)] if after else []
    now = Catalog(store, "alice", new, None, time, GROUPS)
    expected = ["#8"] if new and not fails else []
    assert not now.issues()  # before anybody was asked, too
    assert not now.search("login")
    now.refresh()
    now.complete(["#7"])
    for other in (now, Catalog(store, "alice", new, None, time, GROUPS)):
        assert [each.key for each in other.issues()] == expected
        assert [each.key for each in other.search("login")] == expected
        assert [each.key for each in other.likely(["#7"], time.now)] == expected
    if new and not fails:
        assert new[0].asked[0] == ("recent", None)

    time.forward(minutes=1)  # and then everything is as it was
    back = as_set_up(before, issue("#7", title="Old login"))
    again = Catalog(store, "alice", [back], None, time, GROUPS)
    assert not again.issues()
    again.refresh()
    assert back.asked == [("recent", None)]
    assert [each.key for each in again.issues()] == ["#7"]


@pytest.mark.parametrize(
    ("before", "after"),
    [value for value in SET_UP_ANEW.values() if value[1] and value[0].name == value[1].name],
)
def test_what_did_not_exist_elsewhere_may_exist_here(
    before: IssueSource, after: IssueSource, store: FakeStore, time: FakeTime
) -> None:
    for source in (before, after, before):
        asked = as_set_up(source)
        made = Catalog(store, "alice", [asked], None, time, GROUPS)
        made.complete(["#7"])
        made.complete(["#7"])
        assert asked.asked == [("#7",)]  # once in each scope, and anew where one comes back


def test_the_same_key_in_two_places_is_two_issues(store: FakeStore, time: FakeTime) -> None:
    here = as_set_up(jira("one"), issue("DEV-1", title="Ours"))
    there = as_set_up(jira("two", "https://two.atlassian.net"), issue("DEV-1", title="Theirs"))
    shared = as_set_up(jira("three"))  # the first one's project, seen by another account
    sources = [here, there, shared]
    made = Catalog(store, "alice", sources, None, time, GROUPS)
    made.refresh()
    made.complete(["DEV-1"])
    assert [each.title for each in made.issues("one")] == ["Ours"]
    assert [each.title for each in made.issues("two")] == ["Theirs"]
    assert not made.issues("three")
    assert shared.asked == [("recent", None), ("DEV-1",)]
    time.forward(minutes=10)
    left = Catalog(store, "alice", [there, shared], None, time, GROUPS)
    left.refresh()
    assert [each.title for each in left.issues()] == ["Theirs"]
    assert there.asked[-1] == ("recent", time.now - timedelta(minutes=10))  # its own stays known


# -- Search ------------------------------------------------------------------------------------


def test_search_knows_what_was_just_read(catalog: Catalog, source: FakeSource) -> None:
    assert catalog.search("DEV-2") == []
    catalog.refresh()
    assert [each.key for each in catalog.search("DEV-2")] == ["DEV-2"]
    source.has = (issue("DEV-3"),)
    catalog.complete(["DEV-3"])
    assert [each.key for each in catalog.search("DEV-3", "one", 5)] == ["DEV-3"]
    assert catalog.search("DEV-3", "two") == []


def test_search_sees_what_another_process_has_read(
    catalog: Catalog, store: FakeStore, time: FakeTime
) -> None:
    catalog.warm()
    store.put_issues("alice", scope_of(FakeSource()), [issue("DEV-9")])
    time.forward(minutes=10)
    assert [each.key for each in catalog.search("DEV-9")] == ["DEV-9"]


def test_what_another_process_has_read_is_there_before_somebody_types(
    catalog: Catalog, store: FakeStore, time: FakeTime
) -> None:
    catalog.warm()
    store.put_issues("alice", scope_of(FakeSource()), [issue("DEV-9")])
    time.forward(minutes=5)
    catalog.warm()
    assert [each.key for each in catalog.search("DEV-9")] == ["DEV-9"]


def test_older_keys_stay_known_when_an_issue_is_read_again(
    catalog: Catalog, store: FakeStore, source: FakeSource, time: FakeTime
) -> None:
    source.has = (replace(issue("DEV-7"), aliases=("DEV-2",)),)
    catalog.complete(["DEV-2"])
    source.has = (issue("DEV-7", title="Renamed"),)  # a list of what changed tells no older keys
    catalog.refresh()
    renamed = replace(issue("DEV-7", title="Renamed"), aliases=("DEV-2",))
    assert store.issues("alice", [scope_of(source)]) == catalog.issues() == [renamed]
    source.asked.clear()
    catalog.complete(["DEV-2"])
    assert source.asked == []


@pytest.mark.parametrize(
    ("more", "likely"),
    [
        ({}, True),
        ({"closed": True}, False),
        ({"closed": True, "mine": True}, True),
        ({"closed": True, "updated": at("12:00")}, True),
        ({"closed": True, "updated": at("11:59")}, False),
        ({"closed": True, "key": "DEV-9"}, True),
        ({"closed": True, "aliases": ("DEV-9",)}, True),
        ({"closed": True, "key": "DEV-99"}, False),
    ],
)
def test_what_work_may_have_been_for(
    more: dict[str, Any], likely: bool, catalog: Catalog, store: FakeStore
) -> None:
    store.put_issues("alice", scope_of(FakeSource()), [replace(issue("DEV-1"), **more)])
    assert bool(catalog.likely(["dev-9"], at("12:00"))) is likely


def test_what_the_cache_does_not_have_is_looked_up_once_a_minute(
    catalog: Catalog, source: FakeSource, time: FakeTime
) -> None:
    source.has = (issue("DEV-99", title="a rare thing"),)
    assert [each.key for each in catalog.look_up("rare")] == ["DEV-99"]
    assert catalog.look_up(" Rare ") == []
    assert catalog.look_up("  ") == []
    assert source.asked == ["rare"]
    assert [each.key for each in catalog.search("rare")] == ["DEV-99"]
    time.forward(minutes=1)
    source.fails = SourceError("no")
    assert catalog.look_up("rare") == []


# -- Projects and what is tracked --------------------------------------------------------------


def test_projects_of_each_group(catalog: Catalog, tracker: FakeTracker, time: FakeTime) -> None:
    projects = catalog.projects()
    assert {name: [each.id for each in ours] for name, ours in projects.by_group.items()} == {
        "one": ["11"],
        "two": ["21"],
    }
    assert projects.account is not None
    assert projects.account.workspace_id == "7"
    assert projects.troubles == ()
    time.forward(minutes=9)
    catalog.projects()
    assert tracker.asked == ["account"]
    time.forward(minutes=1)
    catalog.projects()
    assert tracker.asked == ["account", "account"]


def test_the_account_is_asked_for_only_where_it_was_never_told(
    catalog: Catalog, store: FakeStore, tracker: FakeTracker, time: FakeTime
) -> None:
    told = catalog.projects().account
    time.forward(days=6)
    assert catalog.account() == told
    assert tracker.asked == ["account"]
    assert again(catalog, FakeSource(), tracker, time).account() == told
    assert Catalog(store, "bob", [], tracker, time, GROUPS).account() is not None
    assert tracker.asked == ["account", "account"]
    assert Catalog(store, "carol", [], None, time, GROUPS).account() is None


def test_projects_stay_known_while_toggl_fails(
    catalog: Catalog, source: FakeSource, tracker: FakeTracker, time: FakeTime
) -> None:
    catalog.projects()
    time.forward(minutes=10)
    tracker.fails = OverQuota("used up", time.now + timedelta(minutes=18))
    projects = again(catalog, source, tracker, time).projects()
    assert [each.id for each in projects.by_group["one"]] == ["11"]
    assert projects.troubles == ("used up",)
    catalog.projects()
    assert len(tracker.asked) == 2, "not asked again within a minute"


def test_projects_by_name_while_toggl_has_never_answered(
    catalog: Catalog, tracker: FakeTracker
) -> None:
    tracker.fails = NotSent("cannot be reached")
    projects = catalog.projects()
    assert projects.by_group["one"] == (Project("development", "one", "default", "first"),)
    assert projects.account is None
    assert projects.troubles == ("cannot be reached",)


def test_a_token_mended_is_tried_at_once(catalog: Catalog, tracker: FakeTracker) -> None:
    tracker.fails = Refused("token refused")
    assert catalog.projects().troubles == ("token refused",)
    tracker.fails = None
    assert catalog.projects().troubles == ()


def test_without_toggl_there_are_names_and_no_trouble(store: FakeStore, time: FakeTime) -> None:
    catalog = Catalog(store, "alice", [], None, time, GROUPS)
    assert catalog.projects().troubles == ()
    assert [each.name for each in catalog.projects().by_group["one"]] == ["development"]
    assert catalog.tracked(DAY).entries == ()
    assert catalog.constraints() == Constraints()


def test_a_digest_costs_two_requests(catalog: Catalog, tracker: FakeTracker) -> None:
    catalog.projects()
    catalog.tracked(DAY)
    catalog.projects()
    catalog.tracked(DAY)
    assert sorted(tracker.asked) == ["account", "entries"]


def test_what_is_tracked_has_names(catalog: Catalog, tracker: FakeTracker) -> None:
    tracker.has = (
        ENTRY,
        replace(ENTRY, id="2", project_id="12"),  # the group's client, a project it does not name
        replace(ENTRY, id="3", project_id="21", end=None),
        replace(ENTRY, id="4", project_id="99"),
        replace(ENTRY, id="5", project_id=None),
    )
    found = catalog.tracked(DAY)
    assert [(entry.group, entry.project) for entry in found.entries] == [
        ("one", "Development"),
        ("one", "Bugs"),
        ("two", "Other"),
        (None, None),
        (None, None),
    ]
    assert found.entries[0].span(at("12:00")) == span("09:00-10:00")
    assert found.entries[2].end is None
    assert found.trouble is None


def test_an_entry_that_is_odd_is_told_and_the_others_are_known(
    catalog: Catalog, tracker: FakeTracker
) -> None:
    told = "Toggl has an entry at that time that cannot be understood"
    tracker.fails = PartlySeen(told, tracker.has)
    tracked = catalog.tracked(DAY)
    assert (len(tracked.entries), tracked.trouble) == (1, told)


def test_what_is_tracked_is_at_most_two_minutes_old(
    catalog: Catalog, tracker: FakeTracker, time: FakeTime
) -> None:
    catalog.tracked(DAY)
    tracker.has = ()
    time.forward(seconds=119)
    assert len(catalog.tracked(DAY).entries) == 1
    time.forward(seconds=1)
    assert catalog.tracked(DAY).entries == ()


def test_old_entries_come_with_a_warning(
    catalog: Catalog, tracker: FakeTracker, time: FakeTime
) -> None:
    catalog.tracked(DAY)
    time.forward(minutes=5)
    tracker.fails = NotSent("cannot be reached")
    found = catalog.tracked(DAY)
    assert (len(found.entries), found.trouble) == (1, "cannot be reached")
    assert found.known == time.now - timedelta(minutes=5)


def test_another_token_is_tried_at_once_and_what_was_known_stays(
    catalog: Catalog, store: FakeStore, tracker: FakeTracker, time: FakeTime
) -> None:
    catalog.tracked(DAY)
    before = time.now
    time.forward(seconds=30)
    tracker.fails = Refused("token refused")
    wrong = Catalog(store, "alice", [], tracker, time, GROUPS, asker="another")
    found = wrong.tracked(DAY)
    assert (len(found.entries), found.trouble, found.known) == (1, "token refused", before)
    assert wrong.projects().troubles == ("token refused",)
    assert wrong.projects().account is not None


def test_constraints_are_kept_for_hours(
    catalog: Catalog, tracker: FakeTracker, time: FakeTime
) -> None:
    assert catalog.constraints() == Constraints(project=True)
    time.forward(hours=5)
    assert catalog.constraints().project
    assert tracker.asked == ["constraints"]


def test_what_another_version_remembered_is_asked_anew(
    catalog: Catalog, store: FakeStore, source: FakeSource, time: FakeTime
) -> None:
    for key in ("account", "issues:jira:one", "absent:jira:one"):
        store.put("alice", key, {"asked": "nonsense", "value": [1, 2]})
    assert catalog.projects().account is not None
    assert catalog.refresh()[0].trouble is None
    catalog.complete(["DEV-8"])
    assert len(source.asked) == 2
    kept: JsonValue = {"asked": time.now.isoformat(), "value": {"name": 1}}
    store.put("alice", "account", kept)
    assert catalog.projects().account is not None


def test_a_memory_belongs_to_one_person(store: FakeStore, time: FakeTime) -> None:
    alice, bob = PersonalMemory(store, "alice"), PersonalMemory(store, "bob")
    alice.put("key", 1, time.now + timedelta(minutes=1))
    assert (alice.get("key", time.now), bob.get("key", time.now)) == (1, None)
    bob.delete("key")
    assert alice.get("key", time.now) == 1
    alice.delete("key")
    assert alice.get("key", time.now) is None


# -- Which sources there are -------------------------------------------------------------------


def test_the_settings_say_which_trackers_there_are() -> None:
    settings = Settings.model_validate(
        {
            "taiga": {"username": "alice", "password": SecretStr("pw")},
            "groups": {
                "a": {"jira": {"url": "https://a.atlassian.net", "project_key": "DEV"}},
                "b": {"taiga": {"project_slug": "alice-b"}},
                "c": {"taiga": {"project_slug": "alice-c"}, "jira": {"url": "https://c.example"}},
                "d": {},
            },
        }
    )
    sources = issue_sources(settings)
    assert [(each.name, each.group) for each in sources] == [
        ("jira", "a"),
        ("taiga", "b"),
        ("jira", "c"),
        ("taiga", "c"),
    ]
    logins = {id(each.login) for each in sources if each.name == "taiga"}  # type: ignore[attr-defined]
    assert len(logins) == 1, "one login for one account"
