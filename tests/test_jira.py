"""Jira, Cloud and Data Center: what is asked, what is understood, what a person is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr
from responses.matchers import header_matcher, json_params_matcher, query_param_matcher

from tests.loopback import FakeTime
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.engine.suggestions import project_for
from tracklater_bot.settings import GroupJira
from tracklater_bot.sources.base import PartlyRead, SourceError
from tracklater_bot.sources.issues.jira import JiraSource

SITE = "https://group1.atlassian.net"
API = f"{SITE}/rest/api/3"
SERVER = "https://jira.example.com/jira"
SERVER_API = f"{SERVER}/rest/api/2"
TOKEN = "s3cret-token"
ME = {"accountId": "me", "displayName": "Alice Example"}
FIELDS = ["summary", "status", "issuetype", "assignee", "updated"]


@pytest.fixture
def fake() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def time() -> FakeTime:
    return FakeTime(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))


def cloud(time: FakeTime, *projects: str, **more: Any) -> JiraSource:
    settings = GroupJira(
        url=more.pop("url", SITE),
        project_key=projects or ("DEV",),
        email="alice@example.com",
        api_token=SecretStr(TOKEN),
        **more,
    )
    return JiraSource("group1", settings, time, time.timing())


def server(time: FakeTime, *projects: str) -> JiraSource:
    settings = GroupJira(url=SERVER, project_key=projects or ("DEV",), api_token=SecretStr(TOKEN))
    return JiraSource("group1", settings, time, time.timing())


def issue(key: str, **more: Any) -> dict[str, Any]:
    fields = {
        "summary": f"Title of {key}",
        "status": {"name": "To Do", "statusCategory": {"key": "new"}},
        "issuetype": {"name": "Bug"},
        "assignee": None,
        "updated": "2026-11-20T09:05:00.000+0200",
    }
    return {"id": "1", "key": key, "fields": fields | more}


def page(*keys: str, token: str | None = None) -> dict[str, Any]:
    return {"issues": [issue(key) for key in keys]} | ({"nextPageToken": token} if token else {})


def asked(fake: responses.RequestsMock, path: str) -> list[Any]:
    """The bodies sent to a path, in order."""
    return [
        json.loads(call.request.body or "null")
        for call in fake.calls
        if str(call.request.url).split("?")[0].endswith(path)
    ]


def paths(fake: responses.RequestsMock) -> list[str]:
    return [f"{c.request.method} {str(c.request.url).split('?')[0]}" for c in fake.calls]


# -- Searching ---------------------------------------------------------------------------------


def test_reads_all_pages(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", json=ME)
    for each in (page("DEV-1", "DEV-2", token="a"), page("DEV-3", token="b"), page("DEV-4")):
        fake.post(f"{API}/search/jql", json=each)
    found = cloud(time).recent(None)
    assert [each.key for each in found] == ["DEV-1", "DEV-2", "DEV-3", "DEV-4"]
    tokens = [body.get("nextPageToken") for body in asked(fake, "/search/jql")]
    assert tokens == [None, "a", "b"]


def test_asks_for_named_fields_of_the_groups_projects(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    jql = (
        'project in ("DEV", "OPS") AND (updated >= -90d OR (assignee = currentUser()'
        " AND statusCategory != Done)) ORDER BY updated DESC"
    )
    body = {"jql": jql, "fields": FIELDS, "maxResults": 1000}
    fake.post(f"{API}/search/jql", json=page("OPS-1"), match=[json_params_matcher(body)])
    assert [each.key for each in cloud(time, "dev", "OPS").recent(None)] == ["OPS-1"]


@pytest.mark.parametrize(
    ("minutes_ago", "written"), [(10, "-15m"), (10.5, "-16m"), (60 * 24, "-1445m"), (-30, "-5m")]
)
def test_asks_for_what_changed_in_minutes_so_that_no_clock_or_zone_matters(
    minutes_ago: float, written: str, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", json=page("DEV-1"))
    cloud(time).recent(time.now - timedelta(minutes=minutes_ago))
    jql = asked(fake, "/search/jql")[0]["jql"]
    assert jql == f'project in ("DEV") AND updated >= {written} ORDER BY updated DESC'


def test_stops_at_an_empty_page(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", json=page("DEV-1", token="a"))
    fake.post(f"{API}/search/jql", json=page(token="b"))
    assert len(cloud(time).recent(None)) == 1
    assert len(asked(fake, "/search/jql")) == 2


def test_stops_at_a_repeated_token(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", json=page("DEV-1", token="a"))
    assert len(cloud(time).recent(None)) == 2
    assert len(asked(fake, "/search/jql")) == 2


def test_data_center_pages_by_number_with_a_bearer_token(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    bearer = header_matcher({"Authorization": f"Bearer {TOKEN}"})
    fake.get(f"{SERVER_API}/myself", json={"name": "alice", "key": "JIRAUSER1"}, match=[bearer])
    for keys in (["DEV-1", "DEV-2"], ["DEV-3", "DEV-4"], ["DEV-5"]):
        fake.post(f"{SERVER_API}/search", json=page(*keys) | {"total": 5}, match=[bearer])
    found = server(time).recent(None)
    assert [each.key for each in found] == ["DEV-1", "DEV-2", "DEV-3", "DEV-4", "DEV-5"]
    assert [body["startAt"] for body in asked(fake, "/search")] == [0, 2, 4]
    assert found[0].url == f"{SERVER}/browse/DEV-1"


def test_data_center_pages_that_end_early(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{SERVER_API}/myself", json={"name": "alice"})
    fake.post(f"{SERVER_API}/search", json=page("DEV-1") | {"total": 900})
    fake.post(f"{SERVER_API}/search", json=page() | {"total": 900})
    assert len(server(time).recent(None)) == 1


# -- Understanding -----------------------------------------------------------------------------


def test_understands_an_issue(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", json=ME)
    doing = {"name": "Doing", "statusCategory": {"key": "indeterminate"}}
    done = {"name": "Erledigt", "statusCategory": {"key": "done"}}
    rows = [
        issue("DEV-1", assignee={"accountId": "me"}, status=doing),
        issue("DEV-2", assignee={"accountId": "you"}, status=done, issuetype={"name": "Story"}),
        {"key": "DEV-3"},
        {"key": "DEV-4", "fields": {"summary": None, "status": None, "updated": "yesterday"}},
    ]
    fake.post(f"{API}/search/jql", json={"issues": rows})
    one, two, three, four = cloud(time).recent(None)
    assert (one.title, one.type, one.mine, one.in_progress, one.closed) == (
        "Title of DEV-1",
        "bug",
        True,
        True,
        False,
    )
    assert (one.url, one.tracker, one.group) == (f"{SITE}/browse/DEV-1", "jira", "group1")
    assert one.updated == datetime(2026, 11, 20, 7, 5, tzinfo=UTC)
    assert (two.mine, two.in_progress, two.closed, two.type) == (False, False, True, "story")
    assert (three.title, three.updated) == ("", None)
    assert four.updated is None


def test_what_is_no_key_is_no_issue_and_titles_are_one_clean_line(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    rows = [
        issue("<!channel>"),
        issue("DEV-1/../../x"),
        issue("DEV-0"),
        issue("DEV-7", summary="two\nlines\u202e \x1b[31m" + "x" * 1000),
    ]
    fake.post(f"{API}/search/jql", json={"issues": rows})
    (only,) = cloud(time).recent(None)
    assert only.title.startswith("two lines [31m")
    assert len(only.title) == 500


# -- Keys seen in clues ------------------------------------------------------------------------


def test_fetches_keys_by_the_hundred(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", json=ME)
    keys = [f"DEV-{number}" for number in range(1, 251)]
    for start in (0, 100, 200):
        fake.post(f"{API}/issue/bulkfetch", json=page(*keys[start : start + 100]))
    assert [key.key for key in cloud(time).by_keys(keys)] == keys
    sizes = [len(body["issueIdsOrKeys"]) for body in asked(fake, "/bulkfetch")]
    assert sizes == [100, 100, 50]


def test_never_asks_one_client_about_anothers_keys(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    jira = cloud(time)
    assert jira.by_keys(["OPS-1", "UTF-8", "#12", "DEV", "DEV-01", 'DEV-1" OR x', ""]) == ()
    assert len(fake.calls) == 0
    assert jira.owns("dev-12")
    assert not jira.owns("DEVX-12")


def test_missing_keys_are_just_not_there(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", json=ME)
    answer = page("DEV-1") | {"issueErrors": [{"id": "DEV-9", "errorMessage": "not found"}]}
    fake.post(f"{API}/issue/bulkfetch", json=answer)
    assert [key.key for key in cloud(time).by_keys(["DEV-1", "DEV-9"])] == ["DEV-1"]
    assert len(fake.calls) == 2


def test_a_moved_issue_has_its_new_key_and_remembers_the_old(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/issue/bulkfetch", json=page("DEV-1", "OPS-77"))
    found = cloud(time).by_keys(["dev-1", "DEV-5"])
    assert [(each.key, each.aliases) for each in found] == [("DEV-1", ()), ("OPS-77", ("DEV-5",))]
    assert found[1].url == f"{SITE}/browse/OPS-77"


def test_several_moved_issues_are_told_apart(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/issue/bulkfetch", json=page("OPS-8", "OPS-7", "DEV-1"))
    fake.get(f"{API}/issue/DEV-5", json=issue("OPS-7"))
    fake.get(f"{API}/issue/DEV-6", json=issue("OPS-8"))
    fake.get(f"{API}/issue/DEV-7", status=404)
    found = cloud(time).by_keys(["DEV-1", "DEV-5", "DEV-6", "DEV-7"])
    assert [(each.key, each.aliases) for each in found] == [
        ("DEV-1", ()),
        ("OPS-7", ("DEV-5",)),
        ("OPS-8", ("DEV-6",)),
    ]


def test_data_center_is_told_not_to_fail_for_a_missing_key(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{SERVER_API}/myself", json={"name": "alice"})
    fake.post(f"{SERVER_API}/search", json=page("DEV-1") | {"total": 1})
    assert len(server(time).by_keys(["DEV-1", "DEV-9"])) == 1
    body = asked(fake, "/search")[0]
    assert (body["jql"], body["validateQuery"]) == ('key in ("DEV-1", "DEV-9")', False)


def test_data_center_that_fails_all_the_same_is_asked_key_by_key(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{SERVER_API}/myself", json={"name": "alice"})
    said = {"errorMessages": ["An issue with key 'DEV-9' does not exist for field 'key'."]}
    fake.post(f"{SERVER_API}/search", status=400, json=said)
    fake.get(f"{SERVER_API}/issue/DEV-1", json=issue("DEV-1"))
    fake.get(f"{SERVER_API}/issue/DEV-9", status=404, json=said)
    assert [key.key for key in server(time).by_keys(["DEV-1", "DEV-9"])] == ["DEV-1"]


# -- Typeahead ---------------------------------------------------------------------------------


def test_what_the_cache_does_not_have_the_picker_finds(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    sections = [
        {"id": "hs", "issues": [{"key": "DEV-2"}, {"key": "SECRET-1"}]},
        {"id": "cs", "issues": [{"key": None}, None, {"key": "DEV-1"}, {"key": "DEV-2"}]},
        {"id": "none", "issues": None},
        None,
    ]
    query = {"query": "login", "currentJQL": 'project in ("DEV")', "showSubTasks": "true"}
    fake.get(f"{API}/issue/picker", json={"sections": sections}, match=[query_param_matcher(query)])
    fake.post(f"{API}/issue/bulkfetch", json=page("DEV-1", "DEV-2"))
    assert [each.key for each in cloud(time).search("login")] == ["DEV-2", "DEV-1"]


# -- Tokens ------------------------------------------------------------------------------------


def test_an_expired_token_that_finds_nothing_politely_is_noticed(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    reason = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
    fake.post(f"{API}/search/jql", json=page(), headers=reason)
    with pytest.raises(SourceError, match=r"a year at most.*TRACKLATER_GROUPS__GROUP1") as caught:
        cloud(time).recent(None)
    assert caught.value.lasting


def test_an_expired_token_without_that_header_is_noticed_too(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", json=page())
    fake.get(f"{SITE}/_edge/tenant_info", status=404)
    jira = cloud(time)
    jira.recent(None)
    time.forward(days=1)
    fake.replace(responses.GET, f"{API}/myself", status=401)
    with pytest.raises(SourceError, match="refused the token"):
        jira.recent(time.now - timedelta(minutes=10))


def test_no_news_costs_one_question_more_but_not_within_a_minute(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", json=page())
    jira = cloud(time)
    assert jira.recent(None) == ()
    assert [path.rpartition("/")[2] for path in paths(fake)] == ["myself", "jql"]
    time.forward(minutes=10)
    jira.recent(time.now)
    assert [path.rpartition("/")[2] for path in paths(fake)[2:]] == ["jql", "myself"]


def test_a_day_with_a_warm_cache_needs_three_requests(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", json=page())
    fake.post(f"{API}/issue/bulkfetch", json=page("DEV-4000"))
    jira = cloud(time)
    jira.recent(time.now - timedelta(hours=10))
    jira.by_keys(["DEV-4000", "DEV-4001"])
    assert len(fake.calls) == 3


CLOUD_ID = "11223344-a1b2-3b33-c444-def123456789"
GATEWAY = f"https://api.atlassian.com/ex/jira/{CLOUD_ID}/rest/api/3"


def test_a_token_with_scopes_goes_to_the_gateway(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", status=401)
    fake.get(f"{SITE}/_edge/tenant_info", json={"cloudId": CLOUD_ID})
    fake.get(f"{GATEWAY}/myself", json=ME)
    fake.post(f"{GATEWAY}/search/jql", json=page("DEV-1"))
    jira = cloud(time)
    assert jira.recent(None)[0].url == f"{SITE}/browse/DEV-1"
    jira.recent(time.now)
    assert paths(fake) == [
        f"GET {API}/myself",
        f"GET {SITE}/_edge/tenant_info",
        f"GET {GATEWAY}/myself",
        f"POST {GATEWAY}/search/jql",
        f"POST {GATEWAY}/search/jql",
    ]
    assert "Authorization" not in fake.calls[1].request.headers


@pytest.mark.parametrize("cloud_id", ["../../evil", "x" * 100, "", None])
def test_a_cloud_id_that_is_none_gets_no_token(
    cloud_id: str | None, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", status=401)
    fake.get(f"{SITE}/_edge/tenant_info", json={"cloudId": cloud_id})
    with pytest.raises(SourceError, match="refused the token"):
        cloud(time).recent(None)
    assert len(fake.calls) == 2


def test_a_token_that_the_gateway_refuses_too(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", status=401)
    fake.get(f"{SITE}/_edge/tenant_info", json={"cloudId": CLOUD_ID})
    fake.get(f"{GATEWAY}/myself", status=401)
    with pytest.raises(SourceError, match=r"id\.atlassian\.com"):
        cloud(time).recent(None)


def test_another_address_for_the_api_is_taken_as_it_is(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    base = f"https://gateway.example/ex/jira/{CLOUD_ID}"
    fake.get(f"{base}/rest/api/3/myself", status=401)
    with pytest.raises(SourceError, match="refused the token"):
        cloud(time, api_base=base).recent(None)
    assert len(fake.calls) == 1


def test_data_center_has_no_gateway(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{SERVER_API}/myself", status=401)
    with pytest.raises(SourceError, match="Personal Access Tokens"):
        server(time).recent(None)
    assert len(fake.calls) == 1


# -- What a person is told ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "sentence", "lasting"),
    [
        (400, {"errorMessages": ["The value 'DEV' does not exist."]}, "value 'DEV' does not", True),
        (400, "<html>", "HTTP 400", True),
        (400, "<html></html>", "something in between answered for Jira (HTTP 400)", False),
        (403, {}, "needs Browse Projects", True),
        (404, {}, "check jira.url and access to DEV", True),
        (410, {}, "update tracklater-bot", True),
        (429, {}, "Jira wants requests to come more slowly", False),
        (503, "<html>down</html>", "HTTP 503", False),
        (200, "<html>Log in</html>", "its address is wrong (HTTP 200): check jira.url", False),
        (200, '{"issues": [{"key": "DEV-1", "fie', "no JSON (HTTP 200)", False),
        (200, {"issues": "none"}, "unexpected form", False),
        (302, {}, "sends us on", True),
    ],
)
def test_trouble_in_one_sentence(
    status: int,
    body: Any,
    sentence: str,
    lasting: bool,
    fake: responses.RequestsMock,
    time: FakeTime,
) -> None:
    fake.get(f"{API}/myself", json=ME)
    text = body if isinstance(body, str) else json.dumps(body)
    fake.post(f"{API}/search/jql", status=status, body=text)
    with pytest.raises(SourceError) as caught:
        cloud(time).recent(None)
    assert sentence in str(caught.value)
    assert caught.value.lasting == lasting
    assert TOKEN not in str(caught.value)


def test_a_captcha_is_named(fake: responses.RequestsMock, time: FakeTime) -> None:
    denied = {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}
    fake.get(f"{API}/myself", status=403, headers=denied)
    with pytest.raises(SourceError, match="captcha"):
        cloud(time).recent(None)


def test_a_lost_answer_is_asked_for_again(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", body=requests.ConnectionError("reset"))
    fake.post(f"{API}/search/jql", json=page("DEV-1"))
    assert len(cloud(time).recent(None)) == 1
    assert time.slept == [0.5]


@pytest.mark.parametrize("key", ['DEV") OR project is not EMPTY --', "D V", "1DEV", "DEV-1"])
def test_a_project_key_that_is_none_never_reaches_jira(
    key: str, fake: responses.RequestsMock, time: FakeTime
) -> None:
    with pytest.raises(SourceError, match="is no Jira project key"):
        cloud(time, key).recent(None)
    assert len(fake.calls) == 0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (GroupJira(url=SITE, project_key=("DEV",)), "set TRACKLATER_GROUPS__GROUP1__JIRA__API"),
        (GroupJira(url=SITE, api_token=SecretStr("x")), "set the group's jira.project_key"),
    ],
)
def test_says_what_is_not_set_up(settings: GroupJira, sentence: str, time: FakeTime) -> None:
    with pytest.raises(SourceError, match=sentence):
        JiraSource("group1", settings, time, time.timing()).recent(None)


# -- check -------------------------------------------------------------------------------------


def rights(**granted: bool) -> dict[str, Any]:
    return {"permissions": {name: {"havePermission": has} for name, has in granted.items()}}


def test_check_says_who_and_how_many(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.get(f"{API}/mypermissions", json=rights(BROWSE_PROJECTS=True))
    fake.post(f"{API}/search/approximate-count", json={"count": 412})
    assert cloud(time).check() == "signed in as Alice Example, sees 412 issues in DEV"


def test_check_counts_in_data_center(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{SERVER_API}/myself", json={"name": "alice"})
    fake.get(f"{SERVER_API}/mypermissions", json=rights(BROWSE_PROJECTS=True))
    fake.post(f"{SERVER_API}/search", json={"total": 7, "issues": []})
    fake.get(f"{SERVER}/rest/pat/latest/tokens", status=404)
    assert server(time).check() == "signed in as alice, sees 7 issues in DEV"


@pytest.mark.parametrize(
    ("tokens", "told"),
    [
        ([], ""),
        ([{"id": 1, "expiringAt": None}], ""),
        ([{"id": 1, "expiringAt": "soon"}], ""),
        (
            [{"id": 1, "name": "bot", "expiringAt": "2027-03-02T00:30:00.000+0200"}],
            "; its token ends on Monday 1 March 2027",
        ),
        (
            [
                {"expiringAt": "2027-03-02T10:00:00.000Z"},
                {"expiringAt": "2026-12-24T10:00:00.000Z"},
            ],
            "; a token of its ends on Thursday 24 December 2026",
        ),
    ],
)
def test_check_tells_when_a_token_of_data_center_ends(
    tokens: list[Any], told: str, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{SERVER_API}/myself", json={"name": "alice"})
    fake.get(f"{SERVER_API}/mypermissions", json=rights(BROWSE_PROJECTS=True))
    fake.post(f"{SERVER_API}/search", json={"total": 7, "issues": []})
    fake.get(f"{SERVER}/rest/pat/latest/tokens", json=tokens)
    assert server(time).check() == f"signed in as alice, sees 7 issues in DEV{told}"


@pytest.mark.parametrize(
    ("worklogs", "granted", "missing"),
    [
        (False, rights(BROWSE_PROJECTS=False), "Browse Projects in DEV"),
        (
            True,
            rights(BROWSE_PROJECTS=True, EDIT_OWN_WORKLOGS=True, DELETE_OWN_WORKLOGS=True),
            "account Work On Issues in DEV",
        ),
        (
            True,
            rights(BROWSE_PROJECTS=True, WORK_ON_ISSUES=True, EDIT_OWN_WORKLOGS=True),
            "account Delete Own Worklogs in DEV",
        ),
        (
            True,
            rights(),
            "Browse Projects, Work On Issues, Edit Own Worklogs and Delete Own Worklogs in DEV",
        ),
    ],
)
def test_check_names_the_missing_right(
    worklogs: bool,
    granted: dict[str, Any],
    missing: str,
    fake: responses.RequestsMock,
    time: FakeTime,
) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.get(f"{API}/mypermissions", json=granted)
    with pytest.raises(SourceError, match=missing):
        cloud(time, worklogs=worklogs).check()


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {"no": "key"},
        {"key": "DEV-9", "fields": None},
        {"key": None, "fields": {}},
        {"key": "DEV-9", "fields": {"status": "open"}},
    ],
)
def test_an_odd_issue_is_counted_and_the_others_are_there(
    odd: object, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", json={"issues": [odd, issue("DEV-1")]})
    with pytest.raises(PartlyRead) as told:
        cloud(time).recent(None)
    assert [found.key for found in told.value.issues] == ["DEV-1"]
    assert str(told.value) == "Jira sent 1 row that was not understood and left out"


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00.000+0200", "9999-12-31T23:59:59.000-1200"])
def test_a_time_at_the_end_of_all_times_is_none(
    when: str, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", json={"issues": [issue("DEV-1", updated=when)]})
    [found] = cloud(time).recent(None)
    assert found.updated is None


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        ({"name": "Fehler"}, "bug"),
        ({"name": "Fehler"}, "Fehler"),
        ({"name": "Virhe", "untranslatedName": "Bug"}, "bug"),
        ({"name": "Bug"}, "Fehler"),
        ({"name": "Störung", "untranslatedName": "Incident"}, "incident"),
        ({"name": "Störung"}, "störung"),
    ],
)
def test_a_type_in_the_accounts_language_has_its_project(
    kind: dict[str, str], setting: str, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{API}/myself", json=ME)
    fake.post(f"{API}/search/jql", json={"issues": [issue("DEV-1", issuetype=kind)]})
    [found] = cloud(time).recent(None)
    projects = (Project("Development", "group1"), Project("Bugs", "group1", setting))
    chosen = project_for(Group("group1", projects=projects), found)
    assert chosen is not None
    assert chosen.name == "Bugs"
