"""Worklogs in Jira: quiet, exact, and never written twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from pydantic import SecretStr
from responses.matchers import json_params_matcher, query_param_matcher

from tests.loopback import DROPPED, FakeTime, Said, closed_port, loopback
from tests.notation import at, span
from tracklater_bot.domain.day import Span
from tracklater_bot.settings import GroupJira
from tracklater_bot.trackers.base import FoundWorklog, Gone, NotSent, Refused, TrackerError, Unknown
from tracklater_bot.trackers.jira_worklogs import JiraWorklogs

SITE = "https://group1.atlassian.net"
WORKLOG = f"{SITE}/rest/api/3/issue/DEV-12/worklog"
SERVER = "https://jira.example.com"
SERVER_WORKLOG = f"{SERVER}/rest/api/2/issue/DEV-12/worklog"
QUIETLY = {"notifyUsers": "false", "adjustEstimate": "leave"}
MORNING = span("09:05-11:30")


@pytest.fixture
def fake() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def worklogs(time: FakeTime, url: str = SITE, email: str = "alice@example.com") -> JiraWorklogs:
    settings = GroupJira(
        url=url, project_key=("DEV",), email=email, api_token=SecretStr("t0ken"), worklogs=True
    )
    return JiraWorklogs("group1", settings, time, time.timing())


def test_writes_quietly_with_our_id(fake: responses.RequestsMock, time: FakeTime) -> None:
    text = {"type": "text", "text": "Fix login"}
    body = {
        "started": "2026-11-20T07:05:00.000+0000",
        "timeSpentSeconds": 8700,
        "comment": {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [text]}],
        },
        "properties": [{"key": "tracklater-bot", "value": {"id": "ours-1"}}],
    }
    match = [json_params_matcher(body), query_param_matcher(QUIETLY)]
    fake.post(WORKLOG, status=201, json={"id": "100"}, match=match)
    assert worklogs(time).create("DEV-12", "ours-1", MORNING, "Fix login") == "100"


def test_data_center_takes_plain_text(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.post(SERVER_WORKLOG, status=201, json={"id": "100"})
    worklogs(time, SERVER, "").create("DEV-12", "ours-1", MORNING, "Fix login")
    assert json.loads(fake.calls[0].request.body or "")["comment"] == "Fix login"


@pytest.mark.parametrize(("seconds", "spent"), [(1, 60), (89, 60), (91, 120), (3600, 3600)])
def test_writes_whole_minutes_and_at_least_one(
    seconds: int, spent: int, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.post(WORKLOG, json={"id": "100"})
    start = at("09:00")
    worklogs(time).create("DEV-12", "x", Span(start, start + timedelta(seconds=seconds)))
    body = json.loads(fake.calls[0].request.body or "")
    assert body["timeSpentSeconds"] == spent
    assert "comment" not in body, "an empty one is refused"


def found(number: str, ours: str | None = None, **more: Any) -> dict[str, Any]:
    properties = [{"key": "tracklater-bot", "value": {"id": ours}}] if ours else []
    return {
        "id": number,
        "started": "2026-11-20T09:05:00.000+0200",
        "timeSpentSeconds": 8700,
        "author": {"accountId": "me", "name": "alice"},
        "properties": [{"key": "other", "value": 1}, *properties],
    } | more


def test_finds_ours_by_its_id(fake: responses.RequestsMock, time: FakeTime) -> None:
    window = {
        "startedAfter": "1795158240000",
        "startedBefore": "1795158360000",
        "expand": "properties",
    }
    rows = [found("1"), found("2", "somebody's"), found("3", "ours-1")]
    fake.get(WORKLOG, json={"worklogs": rows}, match=[query_param_matcher(window)])
    assert worklogs(time).find("DEV-12", "ours-1", MORNING) == (FoundWorklog("3"),)


def test_one_that_only_looks_like_ours_is_not_ours(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(WORKLOG, json={"worklogs": [found("1")]})
    assert worklogs(time).find("DEV-12", "ours-1", MORNING) == ()


def test_data_center_that_tells_no_properties(fake: responses.RequestsMock, time: FakeTime) -> None:
    rows = [
        found("1", timeSpentSeconds=60, properties=None),
        found("2", author={"name": "bob"}, properties=None),
        found("3", started="2026-11-20T07:06:00.000+0000", properties=None),
        found("4", author={"name": "alice"}, properties=None),
    ]
    fake.get(SERVER_WORKLOG, json={"worklogs": rows})
    fake.get(f"{SERVER}/rest/api/2/myself", json={"name": "alice"})
    assert worklogs(time, SERVER, "").find("DEV-12", "ours-1", MORNING) == (FoundWorklog("4"),)


def test_changes_and_removes(fake: responses.RequestsMock, time: FakeTime) -> None:
    body = {"started": "2026-11-20T07:05:00.000+0000", "timeSpentSeconds": 8700}
    quietly = query_param_matcher(QUIETLY)
    fake.put(f"{WORKLOG}/100", json={"id": "100"}, match=[json_params_matcher(body), quietly])
    fake.delete(f"{WORKLOG}/100", status=204, match=[quietly])
    worklogs(time).update("DEV-12", "100", MORNING)
    worklogs(time).delete("DEV-12", "100")


@pytest.mark.parametrize(
    ("url", "site", "email", "empty"),
    [
        (WORKLOG, SITE, "alice@example.com", {"type": "doc", "version": 1, "content": []}),
        (SERVER_WORKLOG, SERVER, "", ""),
    ],
    ids=["cloud", "data center"],
)
def test_an_emptied_comment_is_emptied_there(
    fake: responses.RequestsMock, time: FakeTime, url: str, site: str, email: str, empty: object
) -> None:
    """Left out, it would stay as it was."""
    fake.put(f"{url}/100", json={"id": "100"})
    worklogs(time, site, email).update("DEV-12", "100", MORNING, "")
    assert json.loads(fake.calls[0].request.body or "")["comment"] == empty


def test_what_is_gone_is_said_to_be_gone(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.delete(f"{WORKLOG}/100", status=404)
    with pytest.raises(Gone) as caught:
        worklogs(time).delete("DEV-12", "100")
    assert caught.value.sent, "so it is looked at before it is told"


@pytest.mark.parametrize(
    ("more", "same"),
    [
        ({"comment": "Fix login"}, True),
        ({"comment": {"type": "doc", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "Fix login"}]}]}}, True),
        ({"comment": "Other words"}, False),
        ({}, False),
        ({"comment": "Fix login", "timeSpentSeconds": 60}, False),
    ],
)  # fmt: skip
def test_tells_whether_one_is_as_wanted(
    more: dict[str, Any], same: bool, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(WORKLOG, json={"worklogs": [found("3", "ours-1", **more)]})
    (there,) = worklogs(time).find("DEV-12", "ours-1", MORNING, "Fix login")
    assert there == FoundWorklog("3", same)


def test_an_odd_worklog_loses_itself_and_may_be_ours(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    odd = {"id": None, "started": "yesterday"}
    fake.get(WORKLOG, json={"worklogs": [odd, found("3", "ours-1")]})
    assert worklogs(time).find("DEV-12", "ours-1", MORNING)[0].id == "3"
    with pytest.raises(NotSent, match="cannot be understood"):
        worklogs(time).find("DEV-12", "ours-2", MORNING)


@pytest.mark.parametrize(
    ("said", "meaning", "sentence"),
    [
        (Said(400, {"errorMessages": ["Worklog must not be null."]}), Refused, "must not be null"),
        (Said(403, {}), Refused, "Work On Issues"),
        (Said(404, {}), Gone, "no longer in Jira"),
        (Said(410, {}), Refused, "update tracklater-bot"),
        (Said(429, {}), NotSent, "more slowly"),
        (Said(500, {}), Unknown, "may be there"),
        (Said(503, "<html>"), Unknown, "may be there"),
        (Said(201, "<html>"), Unknown, "something in between"),
        (Said(201, '{"id": "1'), Unknown, "no JSON"),
        (DROPPED, Unknown, "may be there"),
    ],
)
def test_a_failed_write(
    said: Said, meaning: type[TrackerError], sentence: str, time: FakeTime
) -> None:
    with loopback(said) as service, pytest.raises(TrackerError) as caught:
        worklogs(time, service.url, "").create("DEV-12", "ours-1", MORNING)
    assert type(caught.value) is meaning
    assert sentence in str(caught.value)
    assert len(service.asked) == 1, "a write is never repeated here"


def test_a_write_that_found_nobody_may_be_sent_again(time: FakeTime) -> None:
    with pytest.raises(NotSent):
        worklogs(time, closed_port(), "").create("DEV-12", "ours-1", MORNING)


@pytest.mark.parametrize("said", [DROPPED, Said(503), Said(200, "<html>")])
def test_a_failed_question_changed_nothing(said: Said, time: FakeTime) -> None:
    with loopback(said) as service, pytest.raises(NotSent):
        worklogs(time, service.url, "").find("DEV-12", "ours-1", MORNING)


@pytest.mark.parametrize("issue", ["#12", "DEV-12/../../x", "", "DEV-12?x"])
def test_only_keys_of_issues_become_addresses(issue: str, time: FakeTime) -> None:
    with pytest.raises(Refused):
        worklogs(time).create(issue, "ours-1", MORNING)
    with pytest.raises(Refused):
        worklogs(time).delete("DEV-12", "1/../2")


def test_a_write_that_the_site_refuses_is_not_repeated_at_the_gateway(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    """Who answered 401 may have carried it out; the next one goes to where the token is taken."""
    gateway = "https://api.atlassian.com/ex/jira/11111111-2222-3333-4444-555555555555"
    fake.post(WORKLOG, status=401)
    fake.get(f"{SITE}/_edge/tenant_info", json={"cloudId": gateway[-36:]})
    fake.get(f"{gateway}/rest/api/3/myself", json={"accountId": "me"})
    fake.post(f"{gateway}/rest/api/3/issue/DEV-12/worklog", json={"id": "100"})
    jira = worklogs(time)
    with pytest.raises(Unknown):
        jira.create("DEV-12", "ours-1", MORNING)
    assert jira.create("DEV-12", "ours-1", MORNING) == "100"
    fake.reset()
    fake.post(WORKLOG, status=401)
    fake.get(f"{SITE}/_edge/tenant_info", json={"cloudId": gateway[-36:]})
    fake.get(f"{gateway}/rest/api/3/myself", status=401)
    with pytest.raises(Refused) as caught:
        worklogs(time).create("DEV-12", "ours-1", MORNING)
    assert caught.value.sent
