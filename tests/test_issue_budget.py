"""How rarely the trackers are asked, and how fast what they said is found again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr

from benchmarks.issues import made_up
from tests.loopback import FakeTime
from tests.machines import machine_of
from tests.notation import FRIDAY, at
from tests.rooms import sqlite_store
from tracklater_bot.catalog.catalog import Catalog, scope_of
from tracklater_bot.domain.clues import Reading, Window
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.draft import Draft
from tracklater_bot.settings import GroupJira, GroupSettings, Settings
from tracklater_bot.sources.issues.jira import JiraSource
from tracklater_bot.store import Store

SITE = "https://group1.atlassian.net"
API = f"{SITE}/rest/api/3"
PAGE = 1000
JIRA = GroupJira(
    url=SITE, project_key=("DEV",), email="alice@example.com", api_token=SecretStr("t0ken")
)
SETTINGS = Settings(groups={"group1": GroupSettings(keywords=("acme",), jira=JIRA)})
SCOPE = scope_of(JiraSource("group1", JIRA))


@dataclass
class Jira:
    """A Cloud site with issues of which some change; `asked` is what it was asked, and when."""

    time: FakeTime
    many: int = 5000
    moved: dict[str, str] = field(default_factory=dict)
    changed: tuple[int, ...] = ()
    asked: list[tuple[datetime, str]] = field(default_factory=list)

    def mount(self, mock: responses.RequestsMock) -> None:
        """Answers at the site's addresses."""
        answers = {
            ("GET", "/myself"): lambda _: {"accountId": "me", "displayName": "Alice"},
            ("POST", "/search/jql"): self._search,
            ("POST", "/issue/bulkfetch"): self._fetch,
        }
        for (method, path), answer in answers.items():
            mock.add_callback(method, API + path, self._answering(answer))

    def _answering(self, answer: Any) -> Any:
        def call(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            sent = request.body or ""
            body = sent if isinstance(sent, str) else sent.decode()
            self.asked.append((self.time(), f"{request.method} {request.url} {body}"))
            return 200, {}, json.dumps(answer(json.loads(body or "{}")))

        return call

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        first = "assignee" in body["jql"]
        start = int(body.get("nextPageToken", 0))
        numbers = range(start + 1, min(start + PAGE, self.many) + 1) if first else self.changed
        more = {"nextPageToken": str(start + PAGE)} if first and start + PAGE < self.many else {}
        return {"issues": [_issue(f"DEV-{number}") for number in numbers]} | more

    def _fetch(self, body: dict[str, Any]) -> dict[str, Any]:
        keys = [self.moved.get(key, key) for key in body["issueIdsOrKeys"]]
        return {"issues": [_issue(key) for key in keys], "issueErrors": []}


def _issue(key: str) -> dict[str, Any]:
    fields = {
        "summary": f"Title of {key}",
        "status": {"statusCategory": {"key": "new"}},
        "issuetype": {"name": "Bug"},
        "updated": "2026-11-20T11:00:00.000+0200",
    }
    return {"key": key, "fields": fields}


@dataclass(frozen=True)
class Screen:
    """Somebody at work on issues all morning."""

    keys: tuple[str, ...] = ("DEV-4999", "DEV-7001", "DEV-7002")
    name: str = "thyme"
    group: None = None
    watches_screen: bool = True
    local: bool = True

    def read(self, _: Span) -> Reading:
        start = at("09:00")
        windows = (
            Window(start + timedelta(minutes=n), f"[{key}] acme - Jira", n)
            for n, key in enumerate(self.keys * 20)
        )
        return Reading(self.name, clues=tuple(windows))

    def check(self) -> str:
        return "fine"


@pytest.fixture
def time() -> FakeTime:
    return FakeTime(at("18:00"))


@pytest.fixture
def jira(time: FakeTime) -> Iterator[Jira]:
    with responses.RequestsMock() as mock:
        mock.assert_all_requests_are_fired = False
        made = Jira(time)
        made.mount(mock)
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = sqlite_store(tmp_path)
    yield made
    made.close()


def catalog(store: Store, time: FakeTime) -> Catalog:
    """The catalogue of a process that was started just now."""
    sources = [JiraSource("group1", JIRA, time, time.timing())]
    return Catalog(store, "me", sources, None, time, SETTINGS.groups)


def friday(catalog: Catalog, time: FakeTime, screen: Screen | None = None) -> Draft:
    return machine_of(SETTINGS, [screen or Screen()], catalog, time).drafts([FRIDAY])[0]


# -- Requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [(), (17,), tuple(range(1, 300))])
def test_a_day_of_a_group_with_5000_issues_needs_three_requests_when_the_cache_is_warm(
    changed: tuple[int, ...], store: Store, jira: Jira, time: FakeTime
) -> None:
    catalog(store, time).refresh()
    assert len(jira.asked) == 6, "who it is, and five pages"
    time.forward(hours=20)
    jira.asked.clear()
    jira.changed = changed
    draft = friday(catalog(store, time), time)
    assert len(jira.asked) <= 3
    assert {suggestion.issue.key for suggestion in draft.suggestions if suggestion.issue} <= set(
        Screen().keys
    )
    assert any(suggestion.issue for suggestion in draft.suggestions)
    jira.asked.clear()
    again = friday(catalog(store, time), time)  # in another process, a moment later
    assert again.suggestions == draft.suggestions
    assert jira.asked == []


def test_nothing_is_asked_twice_within_a_minute(store: Store, jira: Jira, time: FakeTime) -> None:
    jira.many = 50
    kept = catalog(store, time)
    for number in range(90):
        friday(kept if number % 3 else catalog(store, time), time)
        if number % 5 == 0:
            kept.refresh()
            kept.look_up("")
        time.forward(seconds=20)
    asked: dict[str, list[datetime]] = {}
    for moment, request in jira.asked:
        asked.setdefault(request, []).append(moment)
    searches = [times for request, times in asked.items() if "/search/jql" in request]
    assert sum(map(len, searches)) > 2, "it was refreshed meanwhile"
    assert searches
    for times in searches:
        assert all(later - earlier >= timedelta(minutes=1) for earlier, later in pairwise(times))
    fetched = [request for request in asked if "/bulkfetch" in request]
    assert len(fetched) == 1, "what was fetched once is known"


def test_an_issue_that_was_moved_is_linked_by_the_key_that_people_still_write(
    store: Store, jira: Jira, time: FakeTime
) -> None:
    jira.many = 10
    jira.moved = {"DEV-7001": "OPS-3"}
    screen = Screen(keys=("DEV-7001",))
    for _ in range(2):  # asked the first time, known the second
        (suggestion,) = friday(catalog(store, time), time, screen).suggestions
        assert suggestion.issue is not None
        assert suggestion.issue.key == "OPS-3"
        assert suggestion.description == "OPS-3 Title of OPS-3"
    assert sum("/bulkfetch" in request for _, request in jira.asked) == 1


# -- Speed ---------------------------------------------------------------------------------------


def test_typing_finds_issues_within_300_ms_also_right_after_a_refresh(
    store: Store, time: FakeTime
) -> None:
    made, issues = catalog(store, time), made_up(20_000)
    store.put_issues("me", SCOPE, issues)
    made.warm()
    for brought in ([], issues[:300]):
        made._issues.put(SCOPE, brought)
        started = process_time()
        found = made.search("checkout password")
        assert process_time() - started < 0.3
        assert found


def test_times_are_what_trackers_tell() -> None:
    """The made-up issues lie around the day that is drafted, or the cap would be for nothing."""
    closed = [each for each in made_up(1000) if each.closed and each.updated]
    since = datetime(2026, 11, 20, tzinfo=UTC) - timedelta(days=90)
    assert 0 < sum(each.updated < since for each in closed if each.updated) < len(closed)
