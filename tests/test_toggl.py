"""Toggl: what is asked, what is written, and what each kind of failure means for an entry."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses
from pydantic import SecretStr
from responses.matchers import json_params_matcher, query_param_matcher

from tests.loopback import DROPPED, FakeTime, Said, loopback
from tests.notation import span
from tests.trackercontract import (
    FAILED_QUESTIONS,
    hold_failed_write,
    hold_unreachable,
    shown,
)
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.groups import Project
from tracklater_bot.settings import GroupSettings, GroupTracker, TogglSettings
from tracklater_bot.trackers.base import (
    Conflict,
    Constraints,
    Gone,
    NewEntry,
    NotSent,
    OverQuota,
    PartlySeen,
    Quota,
    Refused,
    Task,
    TrackerError,
    Unknown,
)
from tracklater_bot.trackers.forms import named_in_settings, resolve_projects, task_of
from tracklater_bot.trackers.toggl import TogglTracker

BASE = "https://api.track.toggl.com/api/v9"
TOKEN = "0123456789abcdef"
ENTRIES = f"{BASE}/workspaces/7/time_entries"
MORNING = NewEntry(span("09:05-11:30"), "DEV-123 Fix login", project_id="11")

ME = {
    "api_token": TOKEN,
    "fullname": "Alice Example",
    "email": "alice@example.com",
    "timezone": "Europe/Helsinki",
    "default_workspace_id": 7,
    "workspaces": [{"id": 7, "name": "Alice's", "premium": False}, {"id": 8, "name": "Other"}],
    "clients": [{"id": 1, "name": "First Group"}, {"id": 2, "name": "Second Group"}],
    "projects": [
        {"id": 11, "name": "Development", "workspace_id": 7, "client_id": 1, "active": True},
        {"id": 12, "name": "Bug fixing", "workspace_id": 7, "client_id": 1, "billable": True},
        {"id": 13, "name": "Old", "workspace_id": 7, "client_id": 1, "active": False},
        {"id": 14, "name": "Suspended", "workspace_id": 7, "client_id": 1, "can_track_time": False},
        {"id": 21, "name": "Development", "workspace_id": 7, "client_id": 2, "active": True},
        {"id": 31, "name": "Home", "workspace_id": 7, "client_id": None, "billable": None},
        {"id": 41, "name": "Elsewhere", "workspace_id": 8, "client_id": None},
        {"id": 51, "name": "Removed", "workspace_id": 7, "server_deleted_at": "2026-01-01"},
    ],
    "tasks": [
        {"id": 91, "name": "DEV-123 Fix login", "project_id": 11, "active": True},
        {"id": 92, "name": "DEV-9 Done", "project_id": 11, "active": False},
    ],
    "tags": None,
}


def row(number: int = 1, start: str = "2026-11-20T07:05:00+00:00", **more: Any) -> dict[str, Any]:
    """A time entry as Toggl sends it; absent values are null."""
    return {
        "id": number,
        "workspace_id": 7,
        "project_id": 11,
        "task_id": None,
        "billable": False,
        "start": start,
        "stop": "2026-11-20T09:30:00Z",
        "duration": 8700,
        "description": "DEV-123 Fix login",
        "tags": None,
        "at": "2026-11-20T10:00:00+00:00",
        "server_deleted_at": None,
        "user_id": 3,
    } | more


def tracker(
    time: FakeTime, base: str = BASE, token: str = TOKEN, workspace: int = 7
) -> TogglTracker:
    settings = TogglSettings(base_url=base, workspace_id=workspace, api_token=SecretStr(token))
    return TogglTracker(settings, time, time.timing())


@pytest.fixture
def toggl(time: FakeTime) -> TogglTracker:
    return tracker(time)


@pytest.fixture
def fake() -> Any:
    with responses.RequestsMock() as mock:
        yield mock


def asked(fake: responses.RequestsMock, number: int = 0) -> Any:
    body = fake.calls[number].request.body
    assert body is not None
    return json.loads(body)


# -- The account -------------------------------------------------------------------------------


def test_one_request_tells_the_account_and_its_projects(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    related = query_param_matcher({"with_related_data": "true"})
    fake.get(f"{BASE}/me", json=ME, match=[related])
    account = tracker(time, workspace=0).account()
    assert (account.name, account.workspace_id, account.timezone) == (
        "Alice Example",
        "7",
        "Europe/Helsinki",
    )
    assert [
        (project.name, project.client, project.id, project.billable) for project in account.projects
    ] == [
        ("Development", "First Group", "11", False),
        ("Bug fixing", "First Group", "12", True),
        ("Development", "Second Group", "21", False),
        ("Home", "", "31", False),
    ]
    assert [each.name for each in account.archived] == ["Old", "Suspended"]
    assert account.tasks == (Task("91", "DEV-123 Fix login", "11"),)
    assert TOKEN not in repr(account)
    auth = fake.calls[0].request.headers["Authorization"]
    assert auth == "Basic MDEyMzQ1Njc4OWFiY2RlZjphcGlfdG9rZW4="


def test_an_account_with_nothing_in_it(fake: responses.RequestsMock, time: FakeTime) -> None:
    empty = {"default_workspace_id": 7, "workspaces": [{"id": 7}], "projects": None}
    fake.get(f"{BASE}/me", json=empty)
    assert tracker(time, workspace=0).account().projects == ()


def test_a_workspace_that_is_not_the_accounts(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.get(f"{BASE}/me", json=ME)
    with pytest.raises(Refused, match=r"no workspace 99 .*: .*|it has Alice's \(7\), Other \(8\)"):
        tracker(time, workspace=99).account()


@pytest.mark.parametrize(
    ("token", "sentence"),
    [("", "TRACKLATER_TOGGL__API_TOKEN"), ("toggl_sk_abc", "another Toggl product")],
)
def test_a_token_that_is_none_is_not_tried(token: str, sentence: str, time: FakeTime) -> None:
    with responses.RequestsMock(), pytest.raises(Refused, match=sentence):
        tracker(time, token=token).account()


# -- Reading entries ---------------------------------------------------------------------------


def test_reads_the_entries_of_a_day_with_full_times(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    window = {"start_date": "2026-11-17T02:00:00Z", "end_date": "2026-11-21T02:00:00Z"}
    rows = [
        row(3, description=None, tags=["a"], billable=None, project_id=None),
        row(2, "2026-11-20T01:00:00Z", stop="2026-11-20T02:30:00Z", duration=5400),
        row(1, "2026-11-19T20:00:00Z", stop="2026-11-19T22:00:00Z", duration=7200),
        row(4, "2026-11-20T11:00:00Z", stop=None, duration=-1763636400),
        row(5, "2026-11-20T11:30:00Z", stop=None, duration=0),
        row(6, server_deleted_at="2026-11-20T10:00:00Z"),
        row(7, "2026-11-17T15:00:00Z", stop=None, duration=-1),
    ]
    fake.get(f"{BASE}/me/time_entries", json=rows, match=[query_param_matcher(window)])
    entries = toggl.entries(span("04:00-28:00"))
    # 7 is a timer forgotten days ago; 1 ended before, 5 has no length, 6 is gone.
    assert [entry.id for entry in entries] == ["7", "2", "3", "4"]
    assert entries[2].description == ""
    assert entries[2].tags == ("a",)
    assert entries[3].end is None
    assert entries[3].span(datetime(2026, 11, 20, 12, tzinfo=UTC)) == span("13:00-14:00")


def test_a_day_with_more_rows_than_toggl_sends_is_asked_in_halves(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    starts = [datetime(2026, 11, 20, 7, tzinfo=UTC) + timedelta(seconds=n) for n in range(1500)]
    rows = [row(n, f"{at:%Y-%m-%dT%H:%M:%SZ}") for n, at in enumerate(starts)]

    def some(request: Any) -> tuple[int, dict[str, str], str]:
        low, high = request.params["start_date"], request.params["end_date"]
        return 200, {}, json.dumps([each for each in rows if low <= each["start"] <= high][:1000])

    fake.add_callback(responses.GET, f"{BASE}/me/time_entries", callback=some)
    assert len(toggl.entries(span("04:00-28:00"))) == 1500


def test_no_entries_at_all_may_be_null(fake: responses.RequestsMock, toggl: TogglTracker) -> None:
    fake.get(f"{BASE}/me/time_entries", body="null")
    assert toggl.entries(span("04:00-28:00")) == ()


ODD: list[dict[str, Any]] = [
    {"id": None},
    {"workspace_id": None},
    {"start": None},
    {"start": "0001-01-01T00:00:00+14:00"},
    {"start": "9999-12-31T23:59:59-12:00", "stop": None},
    {"duration": 10**15, "stop": None},
    {"duration": "long"},
    {"tags": "a"},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_row_loses_itself_and_may_be_what_is_looked_for(
    odd: dict[str, Any], fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(f"{BASE}/me/time_entries", json=[row(2) | odd, row(3)])
    with pytest.raises(PartlySeen, match="Toggl has an entry at that time that cannot be") as told:
        toggl.entries(span("04:00-28:00"))
    assert [entry.id for entry in told.value.entries] == ["3"]
    found = toggl.find(MORNING)
    assert found is not None
    assert found.id == "3"
    with pytest.raises(PartlySeen):
        toggl.find(replace(MORNING, description="Something else"))


def test_odd_rows_of_the_account_lose_themselves(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    me: dict[str, Any] = json.loads(json.dumps(ME))
    fake.get(f"{BASE}/me", json=me)
    known = toggl.account()
    for name in ("workspaces", "clients", "projects", "tasks"):
        me[name] = [{"id": None}, *me[name]]
    fake.reset()
    fake.get(f"{BASE}/me", json=me)
    assert toggl.account() == known


@pytest.mark.parametrize(
    "odd",
    [
        None, {"time_entries": 7}, {"project_id": "one"}, {"time_entries": [None]},
        *({"time_entries": [{"id": 3, "seconds": 60, "start": "2026-03-02T08:00:00Z"} | each]}
          for each in (
              {"id": None}, {"seconds": 10**15}, {"seconds": None},
              {"start": "0001-01-01T00:00:00+14:00"}, {"start": "9999-12-31T23:59:59-14:00"},
          )),
    ],
    ids=str,
)  # fmt: skip
def test_an_odd_row_of_a_report_loses_itself(
    odd: Any, fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    times = {"id": 2, "seconds": 3600, "start": "2026-03-02T08:00:00Z"}
    fake.get(f"{BASE}/me", json=ME)
    reports = BASE.replace("api/v9", "reports/api/v3")
    fake.post(
        f"{reports}/workspace/7/search/time_entries",
        json=[odd, {"description": "Old", "project_id": 11, "time_entries": [times]}],
    )
    day = Span(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
    with pytest.raises(PartlySeen, match="an entry at that time that cannot be") as partly:
        toggl.reported(day)
    assert [entry.description for entry in partly.value.entries] == ["Old"]


@pytest.mark.parametrize("following", ["-5", "0", "1"])
def test_a_report_that_goes_on_where_it_was_is_at_its_end(
    following: str, fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(f"{BASE}/me", json=ME)
    reports = BASE.replace("api/v9", "reports/api/v3")
    url = f"{reports}/workspace/7/search/time_entries"
    fake.post(url, json=[], headers={"X-Next-Row-Number": following})
    toggl.reported(Span(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)))
    assert len(fake.calls) <= 3


# -- Writing -----------------------------------------------------------------------------------


def test_creates_an_entry_exactly_as_told(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    body = {
        "created_with": "tracklater-bot",
        "workspace_id": 7,
        "start": "2026-11-20T07:05:00Z",
        "duration": 8700,
        "description": "DEV-123 Fix login",
        "project_id": 11,
    }
    fake.post(ENTRIES, json=row(77), match=[json_params_matcher(body)])
    made = toggl.create(MORNING)
    assert (made.id, made.changed) == ("77", "2026-11-20T10:00:00+00:00")
    assert Span(made.start, made.end or made.start) == MORNING.span


def test_says_the_rest_only_where_it_is_wanted(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.post(ENTRIES, json=row(description="", project_id=None))
    toggl.create(NewEntry(MORNING.span, "", None, billable=False, tags=("DEV-1",), task_id="91"))
    body = asked(fake)
    assert (body["billable"], body["tags"], body["task_id"]) == (False, ["DEV-1"], 91)
    assert "project_id" not in body
    assert "stop" not in body


def test_writes_whole_seconds(fake: responses.RequestsMock, toggl: TogglTracker) -> None:
    fake.post(ENTRIES, json=row(description="x", project_id=None))
    half = timedelta(milliseconds=700)
    toggl.create(NewEntry(Span(MORNING.span.start + half, MORNING.span.end + half / 2), "x"))
    assert (asked(fake)["start"], asked(fake)["duration"]) == ("2026-11-20T07:05:00Z", 8700)


def test_asks_for_the_accounts_own_workspace_once(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.get(f"{BASE}/me", json=ME)
    fake.post(ENTRIES, json=row())
    toggl = tracker(time, workspace=0)
    toggl.create(MORNING)
    toggl.create(MORNING)
    assert [call.request.method for call in fake.calls] == ["GET", "POST", "POST"]


# -- What a failure means ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meaning", "sentence"),
    [
        (Said(400, '"Stop time must be after start time"'), Refused, "refused it: Stop time must"),
        (Said(400, "User cannot access\x1b[31m the project"), Refused, "User cannot access [31m"),
        (Said(400, "Project is archived"), Refused, "Toggl refused it: Project is archived"),
        (Said(400, ""), Refused, "Toggl refused it: HTTP 400"),
        (Said(401, ""), Refused, "refused the token"),
        (Said(403, '"Incorrect username and/or password"'), Refused, "refused the token"),
        (Said(403, ""), Refused, "refused the token"),
        (Said(403, "Workspace is locked"), Refused, "Toggl refused it: Workspace is locked"),
        (Said(402, '"Billable is a premium feature"'), Refused, "only on paid plans: Billable"),
        (Said(402, "You have hit your hourly limit for API calls."), OverQuota, "used up"),
        (Said(404, "not found"), Refused, "no workspace 7"),
        (Said(410, ""), Refused, "update tracklater-bot"),
        (Said(429, "<html>Too many</html>"), NotSent, "more slowly"),
        (Said(302, "", {"Location": "https://login.example/"}), Refused, "sends us on"),
        (Said(500, "<html>"), Unknown, "may be in Toggl"),
        (Said(502, ""), Unknown, "may be in Toggl"),
        (Said(503, ""), Unknown, "may be in Toggl"),
        (Said(504, ""), Unknown, "may be in Toggl"),
        (Said(200, "<html>Sign in</html>"), Unknown, "something in between"),
        (Said(200, '{"id": 1, "descr'), Unknown, "no JSON"),
        (Said(200, {"unexpected": TOKEN}), Unknown, "unexpected form"),
        (DROPPED, Unknown, "may be in Toggl"),
    ],
    ids=shown,
)
def test_a_failed_write(
    said: Said, meaning: type[TrackerError], sentence: str, time: FakeTime
) -> None:
    told = hold_failed_write(lambda url: tracker(time, url), MORNING, said, meaning)
    assert sentence in told
    assert TOKEN not in told


def test_a_write_that_found_nobody_may_be_sent_again(time: FakeTime) -> None:
    hold_unreachable(lambda url: tracker(time, url), MORNING)


@pytest.mark.parametrize("said", FAILED_QUESTIONS)
def test_a_failed_question_changed_nothing(said: Said, time: FakeTime) -> None:
    with loopback(said) as service, pytest.raises(NotSent):
        tracker(time, service.url).entries(span("04:00-28:00"))
    assert len(service.asked) <= 2, "each try costs quota"


def test_says_when_to_come_back_after_429(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.post(ENTRIES, status=429, body="<html>")
    with pytest.raises(NotSent) as caught:
        tracker(time).create(MORNING)
    assert caught.value.retry_at == time.now + timedelta(seconds=5)


# -- Quota -------------------------------------------------------------------------------------


def quota_headers(remaining: int, seconds: int) -> dict[str, str]:
    return {"X-Toggl-Quota-Remaining": str(remaining), "X-Toggl-Quota-Resets-In": str(seconds)}


def test_stops_before_the_limit_and_goes_on_after_the_reset(
    fake: responses.RequestsMock, toggl: TogglTracker, time: FakeTime
) -> None:
    fake.post(ENTRIES, json=row(), headers=quota_headers(0, 600))
    toggl.create(MORNING)
    reset = time.now + timedelta(minutes=10)
    assert toggl.quota() == Quota(0, reset)
    with pytest.raises(OverQuota) as caught:
        toggl.create(MORNING)
    assert caught.value.retry_at == reset
    assert len(fake.calls) == 1, "nothing was asked"
    time.forward(minutes=10)
    toggl.create(MORNING)
    assert len(fake.calls) == 2


def test_calls_about_the_person_have_a_quota_of_their_own(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(f"{BASE}/me", json=ME, headers=quota_headers(0, 600))
    fake.post(ENTRIES, json=row(), headers=quota_headers(20, 600))
    toggl.account()
    toggl.create(MORNING)
    assert toggl.quota().remaining == 20


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        (quota_headers(0, 133), "", 133),
        (
            {},
            "You have hit your hourly limit for API calls. The quota will reset in 133 seconds.",
            133,
        ),
        ({}, '"You have hit your hourly limit for API calls."', 900),
        (quota_headers(-2, 99999999), "", 3600),
    ],
)
def test_402_that_means_the_quota(
    headers: dict[str, str], text: str, seconds: int, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.post(ENTRIES, status=402, headers=headers, body=text)
    toggl = tracker(time)
    for _ in range(2):
        with pytest.raises(OverQuota) as caught:
            toggl.create(MORNING)
        assert caught.value.retry_at == time.now + timedelta(seconds=seconds)
    assert len(fake.calls) == 1


def test_402_that_means_a_paid_plan(fake: responses.RequestsMock, toggl: TogglTracker) -> None:
    text = "This feature is available for premium plans"
    fake.post(ENTRIES, status=402, body=text, headers=quota_headers(12, 600))
    with pytest.raises(Refused, match="premium plans"):
        toggl.create(MORNING)
    assert toggl.quota().remaining == 12


def test_headers_that_make_no_sense_are_no_quota(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.post(ENTRIES, json=row(), headers={"X-Toggl-Quota-Remaining": "many"})
    toggl.create(MORNING)
    assert toggl.quota() == Quota(None, None)


@pytest.mark.parametrize("seconds", [-99999999999, -(10**17), 0, 10**17])
def test_an_hour_that_ends_at_no_possible_time_fails_nothing(
    seconds: int, fake: responses.RequestsMock, toggl: TogglTracker, time: FakeTime
) -> None:
    fake.post(ENTRIES, json=row(), headers=quota_headers(20, seconds))
    toggl.create(MORNING)
    reset = time.now + timedelta(hours=1)
    assert toggl.quota() == (Quota(20, reset, 30) if seconds > 0 else Quota(None, None))


def test_a_smaller_plan_is_learnt_with_the_next_hour(
    fake: responses.RequestsMock, toggl: TogglTracker, time: FakeTime
) -> None:
    """Else what nobody waits for would be kept back for ever."""
    fake.post(ENTRIES, json=row(), headers=quota_headers(599, 600))
    toggl.create(MORNING)
    assert toggl.quota().hourly == 600
    time.forward(minutes=10)
    fake.replace(responses.POST, ENTRIES, json=row(), headers=quota_headers(29, 3600))
    toggl.create(MORNING)
    assert toggl.quota().hourly == 30


# -- Looking for an entry ----------------------------------------------------------------------


def test_looks_in_a_narrow_window(fake: responses.RequestsMock, toggl: TogglTracker) -> None:
    window = {"start_date": "2026-11-20T07:04:00Z", "end_date": "2026-11-20T07:06:00Z"}
    fake.get(f"{BASE}/me/time_entries", json=[row(9)], match=[query_param_matcher(window)])
    found = toggl.find(MORNING)
    assert found is not None
    assert found.id == "9"


@pytest.mark.parametrize(
    "other",
    [
        row(start="2026-11-20T07:05:01Z"),
        row(duration=8699),
        row(duration=-1, stop=None),
        row(description="DEV-123 Fix logins"),
        row(description=None),
        row(project_id=12),
        row(project_id=None),
        row(server_deleted_at="2026-11-20T10:00:00Z"),
    ],
)
def test_does_not_take_another_entry_for_it(
    other: dict[str, Any], fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(f"{BASE}/me/time_entries", json=[other])
    assert toggl.find(MORNING) is None


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Réunion", "Re\u0301union"),  # the same letters in another Unicode form
        ("two\nlines ", "two lines"),
        ("x" * 3000, "x" * 1999 + "…"),  # cut before it is sent
        ("", None),
    ],
)
def test_a_difference_that_nobody_sees_makes_no_second_entry(
    ours: str, theirs: str | None, fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(f"{BASE}/me/time_entries", json=[row(9, description=theirs)])
    assert toggl.find(replace(MORNING, description=ours)) is not None
    fake.post(ENTRIES, json=row(description=theirs))
    toggl.create(replace(MORNING, description=ours))
    assert len(asked(fake, 1)["description"]) <= 2000


# -- Changing and removing ---------------------------------------------------------------------

ONE = f"{BASE}/me/time_entries/5"
SEEN = "2026-11-20T10:00:00+00:00"


@pytest.mark.parametrize(
    ("entry", "sent"),
    [
        (
            replace(MORNING, span=span("09:00-11:30")),
            {
                "start": "2026-11-20T07:00:00Z",
                "stop": "2026-11-20T09:30:00Z",
                "duration": 9000,
            },
        ),
        (replace(MORNING, description="Review"), {"description": "Review"}),
        (replace(MORNING, project_id="12"), {"project_id": 12, "task_id": None}),
        (replace(MORNING, project_id=None), {"project_id": None, "task_id": None}),
        (replace(MORNING, billable=True), {"billable": True}),
        (replace(MORNING, tags=("a", "b")), {"tags": ["a", "b"]}),
        (replace(MORNING, task_id="91"), {"task_id": 91}),
    ],
)
def test_sends_only_what_changed(
    entry: NewEntry, sent: dict[str, Any], fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(ONE, json=row(5))
    answer = row(5, at="later") | sent
    fake.put(f"{ENTRIES}/5", json=answer, match=[json_params_matcher(sent)])
    assert toggl.update("5", entry, SEEN).changed == "later"


def test_an_entry_that_is_right_already_is_left_alone(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    """So that an update whose answer was lost is no conflict with itself."""
    fake.get(ONE, json=row(5, at="changed by the update whose answer was lost"))
    assert toggl.update("5", MORNING, SEEN).id == "5"


def test_an_entry_changed_in_toggl_is_not_overwritten(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(ONE, json=row(5, at="2026-11-20T11:00:00+00:00", description="Mine"))
    with pytest.raises(Conflict) as caught:
        toggl.update("5", MORNING, SEEN)
    assert caught.value.current.description == "Mine"
    with pytest.raises(Conflict):
        toggl.delete("5", SEEN)


@pytest.mark.parametrize("status", [404, 410])
def test_an_entry_that_is_gone_cannot_be_changed(
    status: int, fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(ONE, status=status)
    with pytest.raises(Gone):
        toggl.update("5", MORNING, SEEN)


def test_deletes_an_entry_that_is_as_it_was(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(ONE, json=row(5, workspace_id=8))
    fake.delete(f"{BASE}/workspaces/8/time_entries/5")
    toggl.delete("5", SEEN)


@pytest.mark.parametrize("status", [404, 410])
def test_deleting_what_is_gone_says_so(
    status: int, fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    """Whoever asked looks whether that is so: a proxy may have answered."""
    fake.get(ONE, status=status)
    with pytest.raises(Gone):
        toggl.delete("5", SEEN)
    fake.delete(f"{ENTRIES}/5", status=status)
    with pytest.raises(Gone):
        toggl.delete("5", None)
    fake.replace(responses.GET, ONE, json=row(5, server_deleted_at="2026-11-20T10:00:00Z"))
    with pytest.raises(Gone):
        toggl.delete("5", SEEN)


def test_a_delete_without_an_answer_is_unknown(time: FakeTime) -> None:
    with loopback(Said(body=row(5)), DROPPED) as service, pytest.raises(Unknown):
        tracker(time, service.url).delete("5", SEEN)


# -- Required fields ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"project_present": True, "time_entry_constraints_enabled": True}, {"project": True}),
        ({"description_present": True, "tag_present": True, "task_present": True}, {}),
        ({"time_entry_constraints_enabled": True, "task_present": None}, {}),
    ],
)
def test_what_the_workspace_demands(
    answer: Any, expected: dict[str, bool], fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    fake.get(f"{BASE}/workspaces/7/time_entry_constraints", json=answer)
    assert toggl.constraints() == Constraints(**expected)


def test_a_plan_without_required_fields_has_none(
    fake: responses.RequestsMock, toggl: TogglTracker
) -> None:
    path = f"{BASE}/workspaces/7/time_entry_constraints"
    fake.get(path, status=402, body='"Available on premium"', headers=quota_headers(9, 60))
    assert toggl.constraints() == Constraints()


# -- Whose project is it -----------------------------------------------------------------------

PROJECTS = tuple(
    Project(name, "", client=client, id=str(number), billable=number == 12)
    for number, name, client in [
        (11, "Development", "First Group"),
        (12, "Bug fixing", "First Group"),
        (21, "Development", "Second Group"),
        (31, "Home", ""),
    ]
)
ARCHIVED = (
    Project("Old", "", client="First Group", id="13"),
    Project("X", "", client="Gone", id="14"),
)


def groups(client: str = "", **projects: str) -> dict[str, GroupSettings]:
    named = {name.replace("_", " "): kind for name, kind in projects.items()}
    return {"g": GroupSettings(toggl=GroupTracker(client=client, projects=named))}


@pytest.mark.parametrize(
    ("settings", "expected", "trouble"),
    [
        (groups("first GROUP", development="default", Bug_fixing="bug"), ["11", "12"], None),
        (groups("Second Group", Development="default"), ["21"], None),
        (groups("", home="default"), ["31"], None),
        (groups("First Group"), ["11", "12"], None),
        (groups(), [], None),
        (groups("", Development="default"), [None], "several projects Development"),
        (
            groups("First Group", Desing="default"),
            [None],
            "no project Desing of client First Group; it has: Bug fixing, Development",
        ),
        (groups("First Group", Old="default"), [], "Old of client First Group is archived"),
        (groups("Gone", X="default"), [], "X of client Gone is archived"),
        (groups("Gone"), [], "all projects of client Gone are archived"),
        (
            groups("Frist Group", Development="default"),
            [None],
            "no client Frist Group with projects; its clients: First Group, Second Group",
        ),
    ],
)
def test_the_projects_of_a_group(
    settings: dict[str, GroupSettings], expected: list[str | None], trouble: str | None
) -> None:
    found, troubles = resolve_projects(PROJECTS, settings, "Toggl", ARCHIVED)
    assert [each.id for each in found["g"]] == expected
    assert {each.group for each in found["g"]} <= {"g"}
    assert [trouble in each for each in troubles if trouble] == ([True] if trouble else [])
    assert bool(troubles) == bool(trouble)


def test_a_project_keeps_its_purpose_and_gets_toggls_spelling() -> None:
    found, _ = resolve_projects(PROJECTS, groups("first group", BUG_FIXING="bug"), "Toggl")
    assert found["g"] == (Project("Bug fixing", "g", "bug", "First Group", "12", billable=True),)


def test_a_client_without_named_projects_suggests_its_first() -> None:
    found, _ = resolve_projects(PROJECTS, groups("First Group"), "Toggl")
    assert [each.type for each in found["g"]] == ["default", "other"]


def test_the_projects_of_a_group_in_another_tracker() -> None:
    own = GroupTracker(client="First Group", projects={"Bug fixing": "bug", "Desing": "default"})
    found, troubles = resolve_projects(PROJECTS, {"g": GroupSettings(tracker=own)}, "Ledger")
    assert [each.id for each in found["g"]] == ["12", None]
    has = "it has: Bug fixing, Development"
    assert troubles == [f"Ledger has no project Desing of client First Group; {has}"]


def test_projects_are_offered_by_name_before_toggl_has_answered() -> None:
    assert named_in_settings(groups("First Group", Development="default"))["g"] == (
        Project("Development", "g", "default", "First Group"),
    )


def test_a_task_is_found_by_the_key_it_begins_with() -> None:
    tasks = [
        Task("1", "DEV-12 Other", "11"),
        Task("2", "dev-1: Login", "11"),
        Task("3", "DEV-1 Login", "12"),
    ]
    assert task_of("DEV-1", "11", tasks) == tasks[1]
    assert task_of("DEV-1", None, tasks) is None
    assert task_of("DEV-2", "11", tasks) is None
