"""The sandbox's Toggl, Jira and Taiga: as strict and as unreliable as the real ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tracklater_sandbox import Sandbox
from tracklater_sandbox.jira.jql import JqlError, parse

Json = dict[str, Any]
ENTRIES = "/workspaces/7001/time_entries"


class Client:
    """Plain requests with a base address and credentials."""

    def __init__(self, base: str, auth: tuple[str, str] | None = None) -> None:
        self.base = base
        self.session = requests.Session()
        if auth is not None:
            self.session.auth = auth

    def __call__(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.base + path, timeout=10, **more)


@pytest.fixture
def toggl(sandbox: Sandbox) -> Client:
    auth = (sandbox.toggl.api_token, "api_token")
    return Client(f"{sandbox.url}/toggl/api/v9", auth)


def entry(**more: Any) -> Json:
    return {
        "created_with": "tracklater-bot",
        "workspace_id": 7001,
        "start": "2026-11-20T07:05:00Z",
        "duration": 3600,
        "description": "DEV-123 Fix login",
        "project_id": 501,
        **more,
    }


# -- Toggl -------------------------------------------------------------------------------------


def test_an_entry_is_made_and_read_back(sandbox: Sandbox, toggl: Client) -> None:
    made = toggl("POST", ENTRIES, json=entry(tags=["on site"]))
    assert made.status_code == 200
    assert made.json()["stop"] == "2026-11-20T08:05:00Z"
    assert made.json()["tags"] == ["on site"]
    assert "created_with" not in made.json()
    params = {"start_date": "2026-11-20T00:00:00Z", "end_date": "2026-11-21T00:00:00Z"}
    read = toggl("GET", "/me/time_entries", params=params).json()
    assert [one["description"] for one in read] == ["Sprint planning", "DEV-123 Fix login"]
    (named,) = (one for one in sandbox.toggl.named_entries() if one["id"] == made.json()["id"])
    assert (named["client_name"], named["project_name"]) == ("Acme Oy", "Development")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"created_with": None}, "created_with"),
        ({"start": None}, "start time is required"),
        ({"start": "2026-11-20T07:05:00.5Z"}, "whole seconds"),
        ({"start": "2026-11-20T07:05:00"}, "RFC3339"),
        ({"workspace_id": 1}, "workspace_id"),
        ({"project_id": 999}, "User cannot access the selected project"),
        ({"project_id": 504}, "archived"),
        ({"stop": "2026-11-20T08:00:00Z"}, "do not agree"),
        ({"duration": None, "stop": "2026-11-20T07:00:00Z"}, "Stop time must be after start time"),
        ({"description": "x" * 3001}, "3000 chars"),
        ({"tags": [""]}, "tags"),
        ({"billable": "yes"}, "billable"),
        ({"colour": "red"}, "unknown field: colour"),
    ],
)
def test_a_wrong_entry_is_refused(toggl: Client, change: Json, words: str) -> None:
    answer = toggl("POST", ENTRIES, json=entry(**change))
    assert answer.status_code == 400
    assert words in answer.json()


def test_without_duration_and_stop_an_entry_never_stops(toggl: Client) -> None:
    made = toggl("POST", ENTRIES, json=entry(duration=None)).json()
    assert (made["duration"], made["stop"]) == (0, None)


def test_only_what_is_sent_changes(toggl: Client) -> None:
    made = toggl("POST", ENTRIES, json=entry()).json()
    path = f"{ENTRIES}/{made['id']}"
    changed = toggl("PUT", path, json={"start": "2026-11-20T07:35:00Z"}).json()
    assert (changed["duration"], changed["stop"]) == (1800, made["stop"])
    assert changed["description"] == made["description"]
    assert changed["at"] > made["at"]
    assert toggl("DELETE", path).status_code == 200
    assert toggl("GET", f"/me/time_entries/{made['id']}").status_code == 404


def test_deleted_entries_are_told_since_a_moment(toggl: Client) -> None:
    since = int(datetime.now(UTC).timestamp()) - 1
    made = toggl("POST", ENTRIES, json=entry()).json()
    toggl("DELETE", f"{ENTRIES}/{made['id']}")
    told = toggl("GET", "/me/time_entries", params={"since": since}).json()
    (deleted,) = (one for one in told if one["id"] == made["id"])
    assert deleted["server_deleted_at"]


def test_a_date_alone_leaves_out_the_last_day(toggl: Client) -> None:
    def on(start: str, end: str) -> list[str]:
        params = {"start_date": start, "end_date": end}
        return [
            one["description"] for one in toggl("GET", "/me/time_entries", params=params).json()
        ]

    assert on("2026-11-19", "2026-11-20") == ["#12 Reset password", "DEV-123 Fix login"]
    assert "Sprint planning" in on("2026-11-19", "2026-11-21")


def test_a_patch_succeeds_and_fails_entry_by_entry(toggl: Client) -> None:
    made = toggl("POST", ENTRIES, json=entry()).json()["id"]
    operations = [{"op": "replace", "path": "/description", "value": "Other"}]
    answer = toggl("PATCH", f"{ENTRIES}/{made},5", json=operations).json()
    assert answer["success"] == [made]
    assert answer["failure"] == [{"id": 5, "message": "Time entry not found"}]


def test_required_fields_and_locks_are_kept(sandbox: Sandbox, toggl: Client) -> None:
    sandbox.toggl.account.required.tag = True
    assert toggl("GET", "/workspaces/7001/time_entry_constraints").json()["tag_present"]
    assert "tag is a required field" in toggl("POST", ENTRIES, json=entry()).json()
    sandbox.toggl.account.locked_before = datetime(2026, 11, 21, tzinfo=UTC)
    assert "in this period" in toggl("POST", ENTRIES, json=entry(tags=["x"])).json()


def test_billable_needs_a_paid_plan(sandbox: Sandbox, toggl: Client) -> None:
    sandbox.toggl.account.premium = False
    answer = toggl("POST", ENTRIES, json=entry(billable=True))
    assert (answer.status_code, answer.json()) == (402, "Billable is a premium feature")
    assert int(answer.headers["X-Toggl-Quota-Remaining"]) > 0


def test_the_hourly_quota_of_me_is_its_own(sandbox: Sandbox, toggl: Client) -> None:
    sandbox.toggl.quotas.me.total = 2
    assert toggl("GET", "/me").headers["X-Toggl-Quota-Remaining"] == "1"
    toggl("GET", "/me")
    over = toggl("GET", "/me")
    assert over.status_code == 402
    assert "hourly limit" in over.text
    assert int(over.headers["X-Toggl-Quota-Resets-In"]) > 3500
    assert toggl("POST", ENTRIES, json=entry()).status_code == 200
    rows = toggl("GET", "/me/quota").json()
    assert [row["remaining"] for row in rows] == [0, 599]


def test_the_leaky_bucket_answers_429_in_html(sandbox: Sandbox, toggl: Client) -> None:
    sandbox.toggl.quotas.per_second = 1
    statuses = [toggl("GET", "/me/clients") for _ in range(2)]
    assert [one.status_code for one in statuses] == [200, 429]
    assert statuses[1].headers["Content-Type"].startswith("text/html")


def test_a_wrong_toggl_token_is_refused(sandbox: Sandbox) -> None:
    stranger = Client(f"{sandbox.url}/toggl/api/v9", ("wrong", "api_token"))
    assert stranger("GET", "/me").status_code == 403


# -- faults ------------------------------------------------------------------------------------


def test_an_answer_may_be_lost_after_the_entry_was_made(sandbox: Sandbox, toggl: Client) -> None:
    before = len(sandbox.toggl.entries)
    sandbox.toggl.faults.fail_next("time_entries", "drop-after-saving", method="POST")
    with pytest.raises(requests.ConnectionError):
        toggl("POST", ENTRIES, json=entry())
    assert len(sandbox.toggl.entries) == before + 1


def test_a_connection_may_break_before_anything_is_done(sandbox: Sandbox, toggl: Client) -> None:
    before = len(sandbox.toggl.entries)
    sandbox.toggl.faults.fail_next("time_entries", "drop-before")
    with pytest.raises(requests.ConnectionError):
        toggl("POST", ENTRIES, json=entry())
    assert len(sandbox.toggl.entries) == before


def test_an_answer_may_come_late(sandbox: Sandbox, toggl: Client) -> None:
    sandbox.toggl.faults.fail_next("time_entries", "late", seconds=1)
    with pytest.raises(requests.Timeout):
        toggl.session.post(toggl.base + ENTRIES, json=entry(), timeout=0.2)
    assert sandbox.toggl.entries[0]["description"] == "#15 Newsletter sign-up"
    assert any(one["start"] == "2026-11-20T07:05:00Z" for one in sandbox.toggl.entries)


@pytest.mark.parametrize(
    ("kind", "status"), [("html", 502), ("402", 402), ("429", 429), (500, 500)]
)
def test_a_service_may_answer_with_any_error(
    sandbox: Sandbox, toggl: Client, kind: str | int, status: int
) -> None:
    sandbox.toggl.faults.fail_next("/me$", kind, times=2)
    statuses = [toggl("GET", "/me").status_code for _ in range(3)]
    assert statuses == [status, status, 200]


def test_half_an_answer_is_no_json(sandbox: Sandbox, toggl: Client) -> None:
    sandbox.toggl.faults.fail_next("/me$", "half-json")
    answer = toggl("GET", "/me")
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_an_error_may_come_although_the_work_was_done(sandbox: Sandbox, toggl: Client) -> None:
    before = len(sandbox.toggl.entries)
    sandbox.toggl.faults.fail_next("time_entries", 500, saved=True)
    assert toggl("POST", ENTRIES, json=entry()).status_code == 500
    assert len(sandbox.toggl.entries) == before + 1


def test_an_unknown_fault_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no such fault: explode"):
        sandbox.jira.faults.fail_next("", "explode")


# -- Jira --------------------------------------------------------------------------------------


@pytest.fixture
def jira(sandbox: Sandbox) -> Client:
    return Client(f"{sandbox.url}/jira", (sandbox.jira.email, sandbox.jira.api_token))


def found(jira: Client, jql: str, **more: Any) -> list[str]:
    """The keys that a query finds, page after page."""
    keys: list[str] = []
    body: Json = {"jql": jql, "fields": ["summary"], **more}
    for _ in range(20):
        answer = jira("POST", "/rest/api/3/search/jql", json=body).json()
        keys += [issue["key"] for issue in answer["issues"]]
        if "nextPageToken" not in answer:
            return keys
        body["nextPageToken"] = answer["nextPageToken"]
    raise AssertionError("the pages never end")


MINE = "project = DEV AND (assignee = currentUser() OR reporter = currentUser())"


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("key in (DEV-123, DEV-140)", "DEV-140 DEV-123"),
        ("project = dev AND updated >= -1d ORDER BY key", "DEV-123 DEV-131 DEV-140"),
        ('project = "DEV" AND text ~ "log*" ORDER BY updated DESC', "DEV-123 DEV-121 DEV-118"),
        (f"{MINE} AND issuetype = Bug AND statusCategory != Done", "DEV-142 DEV-131 DEV-125"),
        ("project = DEV AND NOT updated >= 2026-11-01 ORDER BY key", "DEV-104 DEV-109"),
        ("project = DEV AND assignee is EMPTY", ""),
        ("project = OTHER", ""),
    ],
)
def test_a_query_finds_what_it_says(jira: Client, jql: str, keys: str) -> None:
    assert found(jira, jql) == keys.split()


def test_pages_come_short_and_are_followed(sandbox: Sandbox, jira: Client) -> None:
    sandbox.jira.page_size = 4
    keys = found(jira, "project = DEV", maxResults=100)
    assert len(set(keys)) == len(keys) == 15


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ("assignee = currentUser()", "Unbounded"),
        ("", "Unbounded"),
        ("key in (DEV-123, DEV-999)", "An issue with key 'DEV-999' does not exist"),
        ("colour = red", "Field 'colour' does not exist"),
        ("project = DEV AND", "ends too early"),
        ("project = DEV )", "unexpected ')'"),
        ("project = DEV ORDER BY colour", "Not able to sort"),
        ("updated >= tomorrow", "Date value"),
    ],
)
def test_a_bad_query_is_refused(jira: Client, jql: str, words: str) -> None:
    answer = jira("POST", "/rest/api/3/search/jql", json={"jql": jql})
    assert answer.status_code == 400
    assert words in answer.json()["errorMessages"][0]


def test_fields_are_the_id_alone_unless_named(jira: Client) -> None:
    body = {"jql": "key = DEV-123"}
    assert jira("POST", "/rest/api/3/search/jql", json=body).json()["issues"] == [{"id": "10123"}]


def test_old_searches_are_gone_from_cloud(sandbox: Sandbox, jira: Client) -> None:
    for version in "23":
        assert jira("POST", f"/rest/api/{version}/search", json={}).status_code == 410
    sandbox.jira.cloud = False
    jira.session.auth = None
    jira.session.headers["Authorization"] = f"Bearer {sandbox.jira.api_token}"
    answer = jira("POST", "/rest/api/2/search", json={"jql": "", "startAt": 10}).json()
    assert (answer["total"], len(answer["issues"])) == (15, 5)


def test_an_expired_token_finds_nothing_instead_of_failing(sandbox: Sandbox, jira: Client) -> None:
    sandbox.jira.token_expired = True
    answer = jira("POST", "/rest/api/3/search/jql", json={"jql": "project = DEV"})
    assert (answer.status_code, answer.json()["issues"]) == (200, [])
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    assert jira("GET", "/rest/api/3/myself").status_code == 401


def test_bulk_fetch_names_the_missing_and_follows_the_moved(sandbox: Sandbox, jira: Client) -> None:
    sandbox.jira.issues["DEV-123"].moved_from = ("OLD-7",)
    body = {"issueIdsOrKeys": ["OLD-7", "DEV-999"], "fields": ["summary"]}
    answer = jira("POST", "/rest/api/3/issue/bulkfetch", json=body).json()
    assert [issue["key"] for issue in answer["issues"]] == ["DEV-123"]
    assert [error["id"] for error in answer["issueErrors"]] == ["DEV-999"]


def test_a_scoped_token_works_at_its_own_address_only(sandbox: Sandbox, jira: Client) -> None:
    cloud = jira("GET", "/_edge/tenant_info").json()["cloudId"]
    jira.session.auth = (sandbox.jira.email, sandbox.jira.scoped_token)
    assert jira("GET", "/rest/api/3/myself").status_code == 401
    assert jira("GET", f"/ex/jira/{cloud}/rest/api/3/myself").status_code == 200


def test_links_lead_to_small_pages(sandbox: Sandbox, jira: Client) -> None:
    assert "[DEV-123] Fix login - Jira" in jira("GET", "/browse/DEV-123").text
    hostile = jira("GET", "/browse/DEV-136").text
    assert "<b>" not in hostile
    assert jira("GET", "/browse/DEV-999").status_code == 404
    taiga = f"{sandbox.url}/taiga/project/eero-globex-web/us/12"
    assert "#12 Reset password - Taiga" in requests.get(taiga, timeout=10).text


WORKLOG = "/rest/api/3/issue/DEV-123/worklog"


def worklog(**more: Any) -> Json:
    return {"started": "2026-11-20T07:05:00.000+0000", "timeSpentSeconds": 3600, **more}


def test_a_worklog_is_written_and_found_again(sandbox: Sandbox, jira: Client) -> None:
    mark = [{"key": "tracklater-bot", "value": {"id": "a1"}}]
    body = worklog(timeSpentSeconds=3650, properties=mark)
    made = jira("POST", WORKLOG, json=body, params={"notifyUsers": "false"})
    assert made.status_code == 201
    assert made.json()["timeSpentSeconds"] == 3600
    at = int(datetime(2026, 11, 20, 7, 5, tzinfo=UTC).timestamp() * 1000)
    params = {"startedAfter": at - 1, "startedBefore": at + 1, "expand": "properties"}
    (read,) = jira("GET", WORKLOG, params=params).json()["worklogs"]
    assert read["properties"] == mark
    assert jira("GET", WORKLOG, params={"startedAfter": at}).json()["worklogs"] == []
    assert sandbox.jira.mails == []
    assert jira("DELETE", f"{WORKLOG}/{made.json()['id']}").status_code == 204
    assert sandbox.jira.mails == ["DEV-123"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"started": "2026-11-20T07:05:00Z"}, "started"),
        ({"started": "2026-11-20T07:05:00.000+00:00"}, "started"),
        ({"timeSpentSeconds": 59}, "timeSpentSeconds"),
        ({"comment": "plain"}, "comment"),
    ],
)
def test_a_wrong_worklog_is_refused(jira: Client, change: Json, field: str) -> None:
    answer = jira("POST", WORKLOG, json=worklog(**change))
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_parallel_worklogs_corrupt_the_time_spent(sandbox: Sandbox, jira: Client) -> None:
    def write(_: int) -> int:
        return requests.post(
            jira.base + WORKLOG, json=worklog(), auth=jira.session.auth, timeout=10
        ).status_code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(write, range(3))) == [201, 201, 201]
    issue = sandbox.jira.issues["DEV-123"]
    assert len(issue.worklogs) == 3
    assert issue.time_spent < 3 * 3600


def test_a_query_without_end_is_an_error() -> None:
    with pytest.raises(JqlError):
        parse("key in (DEV-1", "me", datetime.now(UTC))


# -- Taiga -------------------------------------------------------------------------------------


@pytest.fixture
def taiga(sandbox: Sandbox) -> Client:
    client = Client(f"{sandbox.url}/taiga/api/v1")
    client.session.headers["Authorization"] = f"Bearer {login(sandbox, client)['auth_token']}"
    return client


def login(sandbox: Sandbox, client: Client) -> Json:
    body = {"type": "normal", "username": "eero", "password": sandbox.taiga.password}
    answer: Json = client("POST", "/auth", json=body).json()
    return answer


def test_a_refresh_token_is_used_once(sandbox: Sandbox, taiga: Client) -> None:
    first = login(sandbox, taiga)["refresh"]
    second = taiga("POST", "/auth/refresh", json={"refresh": first}).json()
    assert second["refresh"] != first
    again = taiga("POST", "/auth/refresh", json={"refresh": first})
    assert (again.status_code, again.json()["code"]) == (401, "token_not_valid")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"username": "eero", "password": "x"}, 400),
        ({"type": "normal", "username": "eero", "password": "x"}, 401),
    ],
)
def test_a_bad_login_is_refused(taiga: Client, body: Json, status: int) -> None:
    assert taiga("POST", "/auth", json=body).status_code == status


def test_lists_come_in_pages(taiga: Client) -> None:
    params = {"project": 1, "page_size": 2}
    first = taiga("GET", "/userstories", params=params)
    assert [story["ref"] for story in first.json()] == [11, 12]
    assert first.headers["x-pagination-count"] == "5"
    assert "page=2" in first.headers["X-Pagination-Next"]
    last = taiga("GET", "/userstories", params={**params, "page": 3})
    assert "X-Pagination-Next" not in last.headers
    assert taiga("GET", "/userstories", params={**params, "page": 4}).status_code == 404
    whole = taiga("GET", "/userstories", params=params, headers={"x-disable-pagination": "1"})
    assert len(whole.json()) == 5


def test_an_unknown_project_is_empty_not_an_error(taiga: Client) -> None:
    assert taiga("GET", "/issues", params={"project": 77}).json() == []


def test_filters_and_the_resolver_work(taiga: Client) -> None:
    since = (datetime(2026, 11, 19, 12, tzinfo=UTC)).isoformat()
    params = {"project": 1, "status__is_closed": "false", "modified_date__gte": since}
    assert [one["ref"] for one in taiga("GET", "/userstories", params=params).json()] == [12]
    answer = taiga("GET", "/resolver", params={"project": "eero-globex-web", "ref": 17}).json()
    issue = taiga("GET", f"/issues/{answer['issue']}").json()
    assert issue["subject"] == "Cart shows the wrong sum"
    unknown = taiga("GET", "/resolver", params={"project": "eero-globex-web", "ref": 999})
    assert unknown.json() == {"project": 1}


def test_taiga_knows_no_trailing_slash_and_no_junk(taiga: Client) -> None:
    for path in ("/issues/", "/nothing"):
        answer = taiga("GET", path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")
    assert taiga("GET", "/issues", params={"status__is_closed": "junk"}).status_code == 500


def test_a_throttled_taiga_says_how_long_to_wait(sandbox: Sandbox, taiga: Client) -> None:
    sandbox.taiga.throttled = 60
    answer = taiga("GET", "/users/me")
    assert (answer.status_code, answer.headers["X-Throttle-Wait-Seconds"]) == (429, "60")
    assert "Retry-After" not in answer.headers


def test_an_expired_access_token_is_refused(sandbox: Sandbox, taiga: Client) -> None:
    sandbox.taiga.expire()
    assert taiga("GET", "/users/me").status_code == 401


def test_entries_older_than_three_months_are_not_told(toggl: Client) -> None:
    old = datetime(2026, 11, 20, tzinfo=UTC) - timedelta(days=100)
    params = {"start_date": old.isoformat(), "end_date": "2026-11-20T00:00:00Z"}
    assert toggl("GET", "/me/time_entries", params=params).status_code == 400
