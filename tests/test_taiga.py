"""Taiga, held against the recorded answers of a real server (tests/data/taiga)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr
from requests import PreparedRequest
from urllib3.exceptions import NewConnectionError

from tests.loopback import FakeTime
from tracklater_bot.domain.issues import Issue
from tracklater_bot.http import BadStatus, HttpError, ServiceClient, anonymous
from tracklater_bot.settings import ResolvedTaiga
from tracklater_bot.sources.base import PartlyRead, SourceError
from tracklater_bot.sources.issues.taiga import TaigaSource
from tracklater_bot.sources.issues.taiga_login import TaigaLogin

RECORDED = sorted((Path(__file__).parent / "data" / "taiga").glob("*.json"))
HOST = "https://taiga.example.com"
BASE = f"{HOST}/api/v1"
PLACE = ResolvedTaiga(
    project_slug="admin-acme-web",
    url=BASE,
    web_url="https://tree.example.com/",
    username="alice",
    password=SecretStr("alice-test-pw"),
)
PASSWORD = "alice-test-pw"


def recorded(name: str) -> dict[str, Any]:
    path = next(path for path in RECORDED if path.stem == name)
    answer: dict[str, Any] = json.loads(path.read_text())
    return answer


def said(name: str) -> dict[str, Any]:
    """A recorded answer in the words of `responses`."""
    record = recorded(name)
    body, headers = record["body"], dict(record["headers"])
    headers.pop("Content-Length", None)
    raw = isinstance(body, dict) and "_raw_text" in body
    return {
        "body": body["_raw_text"] if raw else json.dumps(body),
        "status": record["status"],
        "content_type": headers.pop("Content-Type"),
        "headers": headers,
    }


def replay(fake: responses.RequestsMock, name: str, url: str = "") -> None:
    """Answers the recorded request, or one of that kind for `url`, with the recorded answer."""
    request = recorded(name)["request"]
    fake.add(request["method"], url or HOST + request["path"], **said(name))


class Server:
    """A Taiga that issues tokens, takes each refresh token once, and pages as the real one."""

    def __init__(self, fake: responses.RequestsMock) -> None:
        self.calls: list[str] = []
        self.logins = 0
        self.valid = ""
        self.refresh = ""
        self.spent: set[str] = set()
        self.reused = 0
        self.rows: dict[str, list[dict[str, Any]]] = {
            "userstories": recorded("userstories_disable_pagination")["body"],
            "tasks": recorded("tasks")["body"],
            "issues": recorded("issues")["body"],
            "epics": recorded("epics")["body"],
        }
        self.project: dict[str, Any] = recorded("projects_by_slug")["body"]
        self.date: datetime | None = None
        self.refresh_answer: Exception | tuple[int, str] | None = None
        for method, path, answer in (
            ("POST", "/auth", self._login),
            ("POST", "/auth/refresh", self._refreshed),
            ("GET", "/projects/by_slug", self._by_slug),
            ("GET", "/resolver", self._resolved),
            *(("GET", f"/{kind}", self._list) for kind in self.rows),
        ):
            fake.add_callback(method, BASE + path, callback=self._counting(answer))
        for kind, rows in self.rows.items():
            for row in rows:
                fake.get(f"{BASE}/{kind}/{row['id']}", json=row)

    def _counting(self, answer: Any) -> Any:
        def call(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
            self.calls.append(str(request.path_url).removeprefix("/api/v1"))
            status, headers, body = answer(request)
            if self.date:
                headers["Date"] = format_datetime(self.date, usegmt=True)
            return status, headers | {"Content-Type": "application/json"}, json.dumps(body)

        return call

    def _issue(self) -> dict[str, Any]:
        self.logins += 1
        self.valid = f"access-{self.logins}"
        self.refresh = f"refresh-{self.logins}"
        return {"auth_token": self.valid, "refresh": self.refresh}

    def expire(self) -> None:
        self.valid = "nothing is valid now"

    def _login(self, request: PreparedRequest) -> tuple[int, dict[str, str], Any]:
        assert "Authorization" not in request.headers
        said = json.loads(request.body or "{}")
        if said != {"type": "normal", "username": "alice", "password": PASSWORD}:
            return 401, {}, recorded("auth_bad_password")["body"]
        return 200, {}, {"id": 6, **self._issue()}

    def _refreshed(self, request: PreparedRequest) -> tuple[int, dict[str, str], Any]:
        token = json.loads(request.body or "{}")["refresh"]
        self.reused += token in self.spent
        if token != self.refresh or token in self.spent:
            return 401, {}, recorded("auth_refresh_reused_old_token")["body"]
        if isinstance(self.refresh_answer, tuple):
            return self.refresh_answer[0], {}, self.refresh_answer[1]
        self.spent.add(token)
        if self.refresh_answer:
            raise self.refresh_answer
        return 200, {}, self._issue()

    def _allowed(self, request: PreparedRequest) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.valid}"

    def _refusal(self) -> tuple[int, dict[str, str], Any]:
        return 401, {}, recorded("projects_by_slug_invalid_token")["body"]

    def _by_slug(self, request: PreparedRequest) -> tuple[int, dict[str, str], Any]:
        return (200, {}, self.project) if self._allowed(request) else self._refusal()

    def _resolved(self, request: PreparedRequest) -> tuple[int, dict[str, str], Any]:
        if not self._allowed(request):
            return self._refusal()
        words = {"userstories": "us", "tasks": "task", "issues": "issue", "epics": "epic"}
        ref = int(params(request)["ref"])
        found = {
            words[kind]: row["id"]
            for kind, rows in self.rows.items()
            for row in rows
            if row["ref"] == ref
        }
        return 200, {}, {"project": 1} | found

    def _list(self, request: PreparedRequest) -> tuple[int, dict[str, str], Any]:
        if not self._allowed(request):
            return self._refusal()
        asked = params(request)
        rows = self.rows[str(request.path_url).split("?")[0].rpartition("/")[2]]
        if "status__is_closed" in asked:
            closed = asked["status__is_closed"] == "true"
            rows = [row for row in rows if row["status_extra_info"]["is_closed"] == closed]
        if since := asked.get("modified_date__gte"):
            rows = [row for row in rows if row["modified_date"] >= since]
        size, number = int(asked["page_size"]), int(asked["page"])
        page = rows[(number - 1) * size : number * size]
        if not page and number > 1:
            return 404, {}, {"_error_message": "Page is not 'last'"}
        foreign = "http://internal:8000/api/v1/elsewhere?page=2"
        headers = {
            "x-paginated": "true",
            "x-pagination-count": str(len(rows)),
            "X-Pagination-Next": foreign,
        }
        return 200, headers, page


def params(request: PreparedRequest) -> dict[str, str]:
    return dict(request.params)  # type: ignore[attr-defined]


@pytest.fixture
def fake() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def time() -> FakeTime:
    return FakeTime(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))


@pytest.fixture
def server(fake: responses.RequestsMock) -> Server:
    return Server(fake)


def login(time: FakeTime, password: str = PASSWORD) -> TaigaLogin:
    return TaigaLogin(BASE, "alice", SecretStr(password), time.timing())


def taiga(time: FakeTime, own: TaigaLogin | None = None) -> TaigaSource:
    return TaigaSource("group2", PLACE, own or login(time), time)


# -- The recorded answers ----------------------------------------------------------------------

# Replayed where the source asks for them, these make it say why.
REFUSED = {
    "auth_bad_password": "refused the password of alice",
    "auth_missing_type": "refused the password of alice",
    "auth_refresh_reused_old_token": "refused the password of alice",
    "auth_trailing_slash": "no Taiga API at taiga.url",
    "list_trailing_slash": "no Taiga API at taiga.url",
    "projects_by_slug_hidden_private": "no project admin-acme-web for this account",
    "projects_by_slug_invalid_token": "refused the password of alice",
    "projects_by_slug_missing": "often with the owner's name in front",
    "resolver_project_missing": "no project admin-acme-web",
    "throttled_login_fail_4": "more slowly",
    "throttled_userstories_read_6": "more slowly",
}
LISTS = {
    "epics": 1,
    "epics_other_project_hidden": 0,
    "issues": 3,
    "tasks": 3,
    "userstories": 30,
    "userstories_disable_pagination": 38,
    "userstories_full_page1": 30,
}
ELSEWHERE = {"auth_good", "auth_refresh", "projects_by_slug", "users_me"} | {
    "resolver_ref_missing",
    "resolver_ref_us",
}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_every_recorded_answer_is_understood_or_refused_in_one_sentence(
    path: Path, fake: responses.RequestsMock, time: FakeTime
) -> None:
    name = path.stem
    if name in REFUSED:
        assert recorded(name)["status"] >= 400
        assert REFUSED[name] in refusal(name, fake, taiga(time))
    elif name in LISTS:
        assert len(listed(name, fake, taiga(time))) == LISTS[name]
    else:
        assert name in ELSEWHERE, "a new recording: say what it means"


def refusal(name: str, fake: responses.RequestsMock, source: TaigaSource) -> str:
    if name.startswith(("auth", "throttled_login", "projects_by_slug_invalid")):
        fake.post(f"{BASE}/auth", **said(name))
    else:
        replay(fake, "auth_good")
        fake.get(f"{BASE}/projects/by_slug", **said(name))
    with pytest.raises(SourceError) as caught:
        source.recent(None)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def listed(name: str, fake: responses.RequestsMock, source: TaigaSource) -> tuple[Issue, ...]:
    for other in ("auth_good", "projects_by_slug"):
        replay(fake, other)
    for kind in ("userstories", "tasks", "issues", "epics"):
        body = said(name) if name.startswith(kind) else {"json": []}
        fake.get(f"{BASE}/{kind}", **body)
    return source.recent(None)


def test_reads_the_recorded_project(fake: responses.RequestsMock, time: FakeTime) -> None:
    for name in ("auth_good", "projects_by_slug"):
        replay(fake, name)
    for kind in ("tasks", "issues", "epics"):
        replay(fake, kind, f"{BASE}/{kind}")
    replay(fake, "userstories_disable_pagination", f"{BASE}/userstories")
    found = {each.key: each for each in taiga(time).recent(None)}
    assert sorted(found, key=lambda key: int(key[1:])) == [f"#{ref}" for ref in range(1, 46)]
    assert {value.type for value in found.values()} == {"story", "task", "issue", "epic"}
    assert (found["#2"].title, found["#2"].mine) == ("As a shopper I can log in", True)
    assert (found["#3"].title, found["#3"].mine) == (
        "Basket keeps its items – naïve café ☕",
        False,
    )
    assert [found[key].closed for key in ("#4", "#7", "#10", "#8")] == [True, True, True, False]
    assert [found[key].in_progress for key in ("#5", "#6")] == [False, True]
    assert found["#6"].updated == datetime(2026, 11, 24, 8, 16, 18, 855000, tzinfo=UTC)
    assert {found[key].url.partition("/project/")[2] for key in ("#1", "#2", "#5", "#8")} == {
        "admin-acme-web/epic/1",
        "admin-acme-web/us/2",
        "admin-acme-web/task/5",
        "admin-acme-web/issue/8",
    }
    assert found["#1"].url.startswith("https://tree.example.com/project/")


def test_the_recorded_first_page_is_not_taken_for_all(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    for name in ("auth_good", "projects_by_slug"):
        replay(fake, name)
    for kind in ("tasks", "issues", "epics"):
        replay(fake, "epics_other_project_hidden", f"{BASE}/{kind}")
    replay(fake, "userstories", f"{BASE}/userstories")  # 30 of 38, then the same page again
    replay(fake, "projects_by_slug_missing", f"{BASE}/userstories")  # past the end: 404
    assert len(taiga(time).recent(time.now)) == 30
    asked = [str(call.request.url) for call in fake.calls]
    assert sum("userstories" in url for url in asked) == 2
    assert all(url.startswith(BASE) for url in asked)


def test_a_recorded_ref_and_one_that_does_not_exist(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    for name in ("auth_good", "resolver_ref_us", "resolver_ref_missing"):
        replay(fake, name)
    fake.get(f"{BASE}/userstories/1", json=recorded("userstories")["body"][0])
    found = taiga(time).by_keys(["#2", "#99999", "#2", "DEV-1", "#0", "#-1", "2"])
    assert [(each.key, each.type) for each in found] == [("#2", "story")]


# -- Reading all of it -------------------------------------------------------------------------


def story(ref: int, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict(recorded("userstories")["body"][0])
    return row | {"id": 1000 + ref, "ref": ref, "subject": f"Story {ref}"} | more


def test_reads_all_pages_and_stays_with_its_own_address(
    server: Server, fake: responses.RequestsMock, time: FakeTime
) -> None:
    server.rows["userstories"] = [story(ref) for ref in range(100, 350)]
    found = taiga(time).recent(time.now - timedelta(days=1))
    assert len([each for each in found if each.type == "story"]) == 250
    pages = [call for call in server.calls if call.startswith("/userstories?")]
    assert len(pages) == 3
    assert all(str(call.request.url).startswith(BASE) for call in fake.calls)


def test_a_first_reading_takes_all_that_is_open_and_what_was_closed_lately(
    server: Server, time: FakeTime
) -> None:
    done = {"name": "Done", "is_closed": True}
    server.rows = {kind: [] for kind in server.rows}
    server.rows["userstories"] = [
        story(1, modified_date="2020-01-01T00:00:00.000Z"),
        story(2, status_extra_info=done, modified_date="2026-10-01T00:00:00.000Z"),
        story(3, status_extra_info=done, modified_date="2026-01-01T00:00:00.000Z"),
    ]
    assert [each.key for each in taiga(time).recent(None)] == ["#1", "#2"]


@pytest.mark.parametrize("skew", [timedelta(), timedelta(hours=3), timedelta(hours=-3)])
def test_what_changed_is_asked_on_the_servers_clock(
    skew: timedelta, server: Server, time: FakeTime
) -> None:
    """Ten minutes ago is ten minutes ago, however wrong one of the clocks is."""
    server.date = time.now + skew
    fresh = server.date - timedelta(minutes=9)
    stale = server.date - timedelta(minutes=30)
    server.rows = {kind: [] for kind in server.rows}
    server.rows["tasks"] = [
        story(1, modified_date=f"{fresh:%Y-%m-%dT%H:%M:%S.000Z}"),
        story(2, modified_date=f"{stale:%Y-%m-%dT%H:%M:%S.000Z}"),
    ]
    found = taiga(time).recent(time.now - timedelta(minutes=10))
    assert [each.key for each in found] == ["#1"]


def test_co_assignees_of_a_story_count(server: Server, time: FakeTime) -> None:
    server.rows = {kind: [] for kind in server.rows}
    server.rows["userstories"] = [
        story(1, assigned_to=7, assigned_users=[7, 6]),
        story(2, assigned_to=7, assigned_users=None),
        story(3, assigned_to=None, assigned_users=[]),
    ]
    assert [each.mine for each in taiga(time).recent(None)] == [True, False, False]


def test_asks_only_for_kinds_that_the_project_has(server: Server, time: FakeTime) -> None:
    server.project |= {"is_epics_activated": False}
    server.project["my_permissions"] = ["view_us", "view_tasks"]
    taiga(time).recent(time.now)
    lists = {call.partition("?")[0] for call in server.calls if "project=" in call}
    assert lists == {"/userstories", "/tasks"}


def test_has_no_search_of_its_own(server: Server, time: FakeTime) -> None:
    assert taiga(time).search("login") == ()
    assert server.calls == []


def test_the_form_of_its_keys(time: FakeTime) -> None:
    source = taiga(time)
    assert [source.owns(key) for key in ("#12", "#012", "#0", "12", "DEV-12", "#12a", "#")] == [
        True,
        *[False] * 6,
    ]


# -- Signing in --------------------------------------------------------------------------------


def test_signs_in_once_for_all_groups(server: Server, time: FakeTime) -> None:
    account = login(time)
    taiga(time, account).recent(time.now)
    taiga(time, account).recent(time.now)
    assert server.logins == 1


def test_an_access_token_that_ran_out_is_renewed(server: Server, time: FakeTime) -> None:
    source = taiga(time)
    source.recent(time.now)
    for _ in range(3):
        server.expire()
        source.recent(time.now)
    assert [call for call in server.calls if call.startswith("/auth")] == [
        "/auth",
        *["/auth/refresh"] * 3,
    ]
    assert server.reused == 0


def test_threads_renew_it_once(server: Server, time: FakeTime) -> None:
    account = login(time)
    account.get("/projects/by_slug", {"slug": "x"})
    server.expire()
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(account.get, "/projects/by_slug", {"slug": "x"}) for _ in range(24)]
        assert {answer.result().status for answer in answers} == {200}
    assert server.calls.count("/auth/refresh") == 1
    assert server.reused == 0


@pytest.mark.parametrize(
    "lost", [requests.ConnectionError("reset"), requests.ReadTimeout("late"), (500, "?")]
)
def test_a_refresh_whose_answer_was_lost_is_not_sent_again(
    lost: Exception | tuple[int, str], server: Server, time: FakeTime
) -> None:
    source = taiga(time)
    source.recent(time.now)
    server.expire()
    server.refresh_answer = lost
    source.recent(time.now)
    assert server.calls.count("/auth/refresh") == 1
    assert server.calls.count("/auth") == 2, "the password signs in again"
    assert server.reused == 0


def test_a_renewal_that_was_broken_off_is_not_sent_again(server: Server, time: FakeTime) -> None:
    source = taiga(time)
    source.recent(time.now)
    server.expire()
    server.refresh_answer = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        source.recent(time.now)
    server.refresh_answer = None
    source.recent(time.now)
    assert server.calls.count("/auth/refresh") == 1
    assert server.reused == 0


def test_a_token_that_never_left_may_be_used_later(
    server: Server, fake: responses.RequestsMock, time: FakeTime
) -> None:
    source = taiga(time)
    source.recent(time.now)
    server.expire()
    refused = requests.ConnectionError(NewConnectionError(None, "refused"))  # type: ignore[arg-type]
    server.refresh_answer = refused
    server.spent = set()
    with pytest.raises(SourceError, match="cannot be reached"):
        source.recent(time.now)
    server.refresh_answer = None
    server.spent.clear()  # it never arrived
    source.recent(time.now)
    assert server.calls.count("/auth") == 1


def test_a_spent_refresh_token_makes_no_trouble(server: Server, time: FakeTime) -> None:
    source = taiga(time)
    source.recent(time.now)
    server.expire()
    server.refresh = "somebody else has used it"
    source.recent(time.now)
    assert server.calls.count("/auth") == 2


def test_a_refused_password_is_not_tried_again_at_once(server: Server, time: FakeTime) -> None:
    """Taiga shuts out whoever fails four times a minute; all groups share the account."""
    account = login(time, "wrong")
    for _ in range(4):
        with pytest.raises(SourceError, match="refused the password of alice") as caught:
            taiga(time, account).recent(time.now)
        assert caught.value.lasting
    assert server.calls == ["/auth"]
    time.forward(minutes=10)
    with pytest.raises(SourceError, match="refused"):
        taiga(time, account).recent(time.now)
    assert server.calls == ["/auth"] * 2


def test_says_what_is_not_set_up(time: FakeTime) -> None:
    with pytest.raises(SourceError, match="set TRACKLATER_TAIGA__USERNAME"):
        TaigaSource("group2", PLACE, None, time).recent(None)


# -- What a person is told ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sentence", "lasting"),
    [
        (403, "ask for access to the project", True),
        (451, "closed or archived the project admin-acme-web", True),
        (410, "HTTP 410", True),
        (500, "HTTP 500", False),
        (503, "HTTP 503", False),
        (302, "sends us on", True),
    ],
)
def test_trouble_in_one_sentence(
    status: int,
    sentence: str,
    lasting: bool,
    fake: responses.RequestsMock,
    time: FakeTime,
) -> None:
    replay(fake, "auth_good")
    fake.get(f"{BASE}/projects/by_slug", status=status, body="<html>")
    with pytest.raises(SourceError) as caught:
        taiga(time).recent(None)
    assert sentence in str(caught.value)
    assert caught.value.lasting == lasting


@pytest.mark.parametrize(
    ("body", "sentence"), [("<html>", "something in between"), ('{"id": 1, "na', "no JSON")]
)
def test_an_answer_that_is_no_json(
    body: str, sentence: str, fake: responses.RequestsMock, time: FakeTime
) -> None:
    replay(fake, "auth_good")
    fake.get(f"{BASE}/projects/by_slug", body=body)
    with pytest.raises(SourceError, match=sentence):
        taiga(time).recent(None)


def test_a_pause_that_is_too_long_is_not_slept(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    replay(fake, "auth_good")
    replay(fake, "throttled_userstories_read_6", f"{BASE}/projects/by_slug")
    with pytest.raises(SourceError, match="more slowly") as caught:
        taiga(time).recent(None)
    until = time.now + timedelta(seconds=60)
    assert str(caught.value).endswith(f"more slowly, until {until.astimezone():%H:%M %Z}")
    assert time.slept == []
    assert not caught.value.lasting


def test_the_recorded_pause_is_known_to_the_second(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    replay(fake, "throttled_login_fail_4")
    with pytest.raises(HttpError) as caught:
        ServiceClient("Taiga", BASE, anonymous(), timing=time.timing()).find("/auth", {})
    assert isinstance(caught.value, BadStatus)
    assert caught.value.retry_at == time.now + timedelta(seconds=60)


def test_check_says_who_and_how_many(server: Server, time: FakeTime) -> None:
    server.project["my_permissions"] = ["view_us", "view_tasks", "view_issues"]
    assert taiga(time).check() == (
        "signed in as alice, sees 38 user stories, 3 tasks, 3 issues in Acme Web; may not see epics"
    )


@pytest.mark.parametrize("odd", [{"ref": None}, {"ref": "x"}, {"id": None}, {"assigned_to": {}}])
def test_an_odd_row_is_counted_and_the_others_are_there(
    odd: dict[str, Any], server: Server, time: FakeTime
) -> None:
    good = next(row for row in server.rows["userstories"] if not row["is_closed"])
    server.rows = {kind: [] for kind in server.rows}
    server.rows["userstories"] = [good | odd, good]
    with pytest.raises(PartlyRead) as told:
        taiga(time).recent(None)
    assert [issue.key for issue in told.value.issues] == [f"#{good['ref']}"]
    assert str(told.value) == "Taiga sent 1 row that was not understood and left out"
