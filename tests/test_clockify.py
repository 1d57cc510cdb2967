"""Clockify: what is asked, what is written, and what each kind of failure means for an entry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr
from responses.matchers import json_params_matcher

from tests.livebot import clockify_settings, live, with_clockify
from tests.loopback import DROPPED, FakeTime, Said, loopback
from tests.notation import at, span
from tests.trackercontract import (
    FAILED_QUESTIONS,
    hold_failed_write,
    hold_unreachable,
    shown,
)
from tracklater_bot.checks import check_all
from tracklater_bot.core import opened
from tracklater_bot.domain.day import Span
from tracklater_bot.settings import ClockifySettings, GroupSettings, GroupTracker
from tracklater_bot.trackers.base import (
    Conflict,
    Constraints,
    Gone,
    Late,
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
from tracklater_bot.trackers.clockify import ClockifyTracker
from tracklater_sandbox import Sandbox
from tracklater_sandbox.clockify import USER, WORKSPACE

BASE = "https://api.clockify.me/api/v1"
KEY = "MGQ5YzA3YzQtZmFrZS1rZXk"
ENTRIES = f"{BASE}/workspaces/{WORKSPACE}/time-entries"
LIST = f"{BASE}/workspaces/{WORKSPACE}/user/{USER}/time-entries"
PROJECT, TASK, ONE, TAG = "5a" * 12, "5b" * 12, "6a" * 12, "6b" * 12
MORNING = NewEntry(span("09:05-11:30"), "DEV-123 Fix login", project_id=PROJECT)
ME = {
    "id": USER, "name": "Alice Example", "email": "alice@example.com",
    "activeWorkspace": "aa" * 12, "defaultWorkspace": WORKSPACE,
    "settings": {"timeZone": "Europe/Helsinki"},
}  # fmt: skip


def row(entry_id: str = ONE, start: str = "2026-11-20T07:05:00Z", **more: Any) -> dict[str, Any]:
    """An entry as Clockify sends it."""
    end = more.pop("end", "2026-11-20T09:30:00Z")
    return {
        "id": entry_id, "description": "DEV-123 Fix login", "projectId": PROJECT, "taskId": None,
        "tagIds": [], "billable": False, "userId": USER, "workspaceId": WORKSPACE,
        "timeInterval": {"start": start, "end": end, "duration": "PT2H25M"},
        "customFieldValues": [], "type": "REGULAR", "isLocked": False, "kioskId": None,
    } | more  # fmt: skip


def tracker(time: FakeTime, base: str = BASE, key: str = KEY, **more: Any) -> ClockifyTracker:
    settings = {"base_url": base, "workspace": WORKSPACE, "api_key": SecretStr(key)} | more
    return ClockifyTracker(ClockifySettings(**settings), time, time.timing())


@pytest.fixture
def clockify(time: FakeTime) -> ClockifyTracker:
    return tracker(time)


@pytest.fixture
def fake() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{BASE}/user", json=ME)
        yield mock


@pytest.fixture
def tracked(sandbox: Sandbox) -> ClockifyTracker:
    """The sandbox's own Clockify, with a clock that stands on the sample day's evening."""
    return ClockifyTracker(clockify_settings(sandbox), lambda: at("20:00"))


def asked(fake: responses.RequestsMock, method: str = "POST") -> list[Any]:
    """The bodies of all such requests."""
    bodies = [call.request.body for call in fake.calls if call.request.method == method]
    return [json.loads(body) for body in bodies if body]


# -- The account -------------------------------------------------------------------------------


def test_two_requests_tell_the_account_and_its_projects(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    projects = [
        {
            "id": PROJECT, "name": "Development", "archived": False, "billable": True,
            "client": {"id": "1", "name": "Acme Oy"},
            "tasks": [
                {"id": TASK, "name": "DEV-1 Login", "status": "ACTIVE"},
                {"id": "5c" * 12, "name": "DEV-2 Logout", "status": "DONE"},
                {"id": None, "name": "Odd"}, None,
            ],
        },
        {"id": "5d" * 12, "name": "Old", "archived": True, "clientName": "Acme Oy"},
        {"name": "without an id"},
        None,
    ]  # fmt: skip
    fake.get(f"{BASE}/workspaces/{WORKSPACE}/projects", json=projects)
    own = tracker(time, workspace="")
    account = own.account()
    assert (account.name, account.timezone) == ("Alice Example", "Europe/Helsinki")
    assert account.workspace_id == WORKSPACE, "not the one that happens to be open"
    (project,) = account.projects
    assert (project.name, project.client, project.billable) == ("Development", "Acme Oy", True)
    assert [each.name for each in account.archived] == ["Old"]
    assert account.tasks == (Task(TASK, "DEV-1 Login", PROJECT),)
    own.account()
    assert len(fake.calls) == 3, "whose key it is does not change"
    assert {call.request.headers["X-Api-Key"] for call in fake.calls} == {KEY}
    assert KEY not in own.account_key


def test_rows_come_in_pages(sandbox: Sandbox, tracked: ClockifyTracker) -> None:
    before = len(tracked.account().projects)
    for number in range(25):
        sandbox.clockify.add_project(f"Project {number}", "Acme Oy")
    sandbox.clockify.page_size = 10
    assert len(tracked.account().projects) == before + 25


@pytest.mark.parametrize("workspace", ["../../user", "Eero's workspace", "12"])
def test_a_workspace_is_an_id(workspace: str, time: FakeTime) -> None:
    with responses.RequestsMock(), pytest.raises(Refused, match=r"clockify\.workspace"):
        tracker(time, workspace=workspace).entries(span("04:00-28:00"))


def test_an_id_that_would_lead_elsewhere_is_none(time: FakeTime) -> None:
    with loopback(Said(body=ME | {"id": "../../workspaces?x="})) as service:
        with pytest.raises(NotSent, match="unexpected form"):
            tracker(time, service.url).entries(span("04:00-28:00"))
        assert len(service.asked) == 1


def test_without_a_key_nothing_is_asked(time: FakeTime) -> None:
    with responses.RequestsMock(), pytest.raises(Refused, match="TRACKLATER_CLOCKIFY__API_KEY"):
        tracker(time, key=" ").account()


def test_check_says_whose_it_is_and_which_projects_are_not_there(
    tracked: ClockifyTracker,
) -> None:
    assert tracked.check({}) == (
        "signed in as Eero Example, 3 projects, 28 requests left this hour"
    )
    own = GroupTracker(client="Acme Oy", projects={"Desing": "default", "Old site": "bug"})
    with pytest.raises(Refused) as told:
        tracked.check({"acme": GroupSettings(tracker=own)})
    assert "Clockify has no project Desing of client Acme Oy" in str(told.value)
    assert "Old site of client Acme Oy is archived in Clockify" in str(told.value)


def test_what_the_workspace_demands(sandbox: Sandbox, tracked: ClockifyTracker) -> None:
    assert tracked.constraints() == Constraints()
    sandbox.clockify.rules = {"forceProjects": True, "forceTags": True, "forceTasks": None}
    assert tracked.constraints() == Constraints(project=True, tag=True)


# -- Reading entries ---------------------------------------------------------------------------


def test_reads_the_entries_of_a_day(
    fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    rows = [
        row("63" * 12, description=None, tags=[{"id": TAG, "name": "a"}], tagIds=[TAG]),
        row("62" * 12, "2026-11-20T03:00:00+02:00", end="2026-11-20T04:30:00+02:00"),
        row("61" * 12, "2026-11-19T20:00:00Z", end="2026-11-19T22:00:00Z"),
        row("64" * 12, "2026-11-20T11:00:00Z", end=None),
        row("65" * 12, "2026-11-20T11:30:00Z", end="2026-11-20T11:30:00Z"),
        row("66" * 12, "2026-11-17T15:00:00Z", end=None),
        row("67" * 12, "2026-11-20T12:00:00Z", end="2026-11-20T12:30:00Z", type="BREAK"),
        row("68" * 12, "2026-11-20T12:00:00", end="2026-11-20T12:30:00"),
        {"id": "69" * 12},
        "a row of another kind",
    ]
    fake.get(LIST, json=rows)
    with pytest.raises(PartlySeen, match="cannot be understood") as told:
        clockify.entries(span("04:00-28:00"))
    entries = told.value.entries
    # 66 is a timer forgotten days ago; 61 ended before, 65 has no length, 67 is a break; the last
    # three say nothing that can be placed.
    assert [entry.id[:2] for entry in entries] == ["66", "62", "63", "64"]
    assert (entries[2].description, entries[2].tags) == ("", ("a",))
    assert entries[3].end is None
    assert entries[1].start == at("03:00"), "instants are compared, not local times"


def test_a_day_is_one_request_and_every_page_another(
    sandbox: Sandbox, tracked: ClockifyTracker
) -> None:
    day = span("04:00-28:00")
    tracked.entries(day)
    sandbox.clockify.requests.clear()
    for minute in range(35):
        begun = at("05:00") + timedelta(minutes=minute)
        sandbox.clockify.track(begun, begun + timedelta(minutes=1), description=f"{minute}")
    whole = tracked.entries(day)
    assert len(sandbox.clockify.requests) == 1
    sandbox.clockify.page_size = 10
    assert tracked.entries(day) == whole
    assert len(whole) == 36


# -- Writing -----------------------------------------------------------------------------------


def test_creates_an_entry_exactly_as_told(
    fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    body = {
        "start": "2026-11-20T07:05:00Z", "end": "2026-11-20T09:30:00Z",
        "description": "DEV-123 Fix login", "projectId": PROJECT, "billable": False,
        "tagIds": [], "type": "REGULAR",
    }  # fmt: skip
    fake.post(ENTRIES, json=row(), status=201, match=[json_params_matcher(body)])
    made = clockify.create(MORNING)
    assert Span(made.start, made.end or made.start) == MORNING.span
    assert len(fake.calls) == 1


def test_tags_are_looked_up_and_made_once(sandbox: Sandbox, tracked: ClockifyTracker) -> None:
    tagged = replace(MORNING, project_id=None, tags=("DEV-1", "billing"))
    made = tracked.create(tagged)
    assert made.tags == ("DEV-1", "billing")
    assert [tag["name"] for tag in sandbox.clockify.tags.values()] == ["DEV-1", "billing"]
    sandbox.clockify.requests.clear()
    tracked.create(replace(tagged, description="Again", tags=("Billing",)))
    assert len(sandbox.clockify.requests) == 1
    assert len(sandbox.clockify.tags) == 2
    (known,) = (each for each in tracked.entries(MORNING.span) if each.id == made.id)
    assert known == made, "a short answer tells the same as a full one"


@pytest.mark.parametrize("said", [DROPPED, Said(500), Said(201, "<html>"), Said(429)])
def test_a_tag_that_cannot_be_made_leaves_the_entry_unsent(said: Said, time: FakeTime) -> None:
    with loopback(Said(body=[]), said) as service, pytest.raises(NotSent) as told:
        tracker(time, service.url).create(replace(MORNING, tags=("a",)))
    assert not told.value.sent
    assert [each.path.rpartition("/")[2].split("?")[0] for each in service.asked] == ["tags"] * 2


def test_what_is_another_trackers_is_not_sent(time: FakeTime) -> None:
    with responses.RequestsMock():
        for call in (
            lambda: tracker(time).create(replace(MORNING, project_id="501")),
            lambda: tracker(time).update("3200000001", MORNING, None),
            lambda: tracker(time).delete("3200000001", None),
        ):
            with pytest.raises(Refused, match="Clockify's"):
                call()


# -- What a failure means ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meaning", "sentence"),
    [
        (Said(400, {"message": "Start is\x1b[31m after end", "code": 501}), Refused, "after end"),
        (Said(400, {"message": "Project doesn't belong to Workspace"}), Refused, "doesn't belong"),
        (Said(400, {"message": {"odd": 1}}), Refused, "refused it: HTTP 400"),
        (Said(400, "<html>"), Refused, "refused it: HTTP 400"),
        (Said(401, {"message": f"no such key {KEY}"}), Refused, "refused the key"),
        (Said(403, {"message": "Time entry is locked"}), Refused, "refused it: Time entry is"),
        (Said(404, {"message": "?"}), Refused, "refused it: ?"),
        (Said(429, {"message": "Too many requests"}), OverQuota, "used up"),
        (Said(302, "", {"Location": "https://login.example/"}), Refused, "sends us on"),
        (Said(500, "<html>"), Unknown, "may be in Clockify"),
        (Said(503, ""), Late, "may be in Clockify"),
        (Said(504, ""), Late, "may be in Clockify"),
        (Said(201, "<html>Sign in</html>"), Unknown, "something in between"),
        (Said(201, '{"id": "6a6a'), Unknown, "no JSON"),
        (Said(201, {"unexpected": KEY}), Unknown, "unexpected form"),
        (Said(201, row(description="Another")), Unknown, "another entry"),
        (Said(201, row(end=None)), Unknown, "another entry"),
        (DROPPED, Unknown, "may be in Clockify"),
    ],
    ids=shown,
)
def test_a_failed_write(
    said: Said, meaning: type[TrackerError], sentence: str, time: FakeTime
) -> None:
    told = hold_failed_write(lambda url: tracker(time, url), MORNING, said, meaning)
    assert sentence in told
    assert KEY not in told


def test_a_write_that_found_nobody_may_be_sent_again(time: FakeTime) -> None:
    hold_unreachable(lambda url: tracker(time, url), MORNING)


@pytest.mark.parametrize("said", FAILED_QUESTIONS)
def test_a_failed_question_changed_nothing_and_is_not_repeated(said: Said, time: FakeTime) -> None:
    with loopback(Said(body=ME), said) as service, pytest.raises(NotSent):
        tracker(time, service.url).entries(span("04:00-28:00"))
    assert len(service.asked) == 2, "each one counts for the whole workspace"


@pytest.mark.parametrize("status", [403, 404])
def test_a_workspace_that_the_key_does_not_open(status: int, time: FakeTime) -> None:
    refused = Said(status, {"message": "Access Denied", "code": 501})
    told = pytest.raises(Refused, match=r"check clockify\.workspace; .* made there")
    with loopback(Said(body=ME), refused) as service, told:
        tracker(time, service.url).account()


# -- Quota -------------------------------------------------------------------------------------


def test_requests_are_counted_and_stop_before_the_limit(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.post(ENTRIES, json=row(), status=201)
    clockify = tracker(time, hourly_requests=3)
    assert clockify.quota() == Quota(3, None)
    begun = time.now
    for _ in range(3):
        clockify.create(MORNING)
        time.forward(minutes=10)
    assert clockify.quota() == Quota(0, begun + timedelta(hours=1))
    with pytest.raises(OverQuota) as caught:
        clockify.create(MORNING)
    assert caught.value.retry_at == begun + timedelta(hours=1)
    assert len(fake.calls) == 3, "nothing was asked"
    time.now = begun + timedelta(hours=1)
    clockify.create(MORNING)
    assert clockify.quota() == Quota(0, begun + timedelta(minutes=70))


def test_requests_that_never_left_are_not_counted(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    clockify = tracker(time, hourly_requests=2)
    fake.post(ENTRIES, body=requests.ConnectTimeout())
    fake.get(f"{BASE}/workspaces", body=requests.ConnectTimeout())
    for _ in range(3):
        with pytest.raises(NotSent, match="reached"):
            clockify.create(MORNING)
        with pytest.raises(NotSent, match="reached"):
            clockify.constraints()
    assert clockify.quota() == Quota(2, None)


def test_what_others_use_up_is_learnt_from_the_refusal(
    fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.post(ENTRIES, json={"message": "Too many requests"}, status=429)
    clockify = tracker(time)
    for _ in range(2):
        with pytest.raises(OverQuota) as caught:
            clockify.create(MORNING)
        assert caught.value.retry_at == time.now + timedelta(minutes=15)
    assert len(fake.calls) == 1
    assert clockify.quota() == Quota(0, time.now + timedelta(minutes=15))


@pytest.mark.parametrize("wait", ["7", "999999"])
def test_a_wait_that_is_asked_for_is_kept_for_an_hour_at_most(
    wait: str, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.post(ENTRIES, status=429, headers={"Retry-After": wait})
    with pytest.raises(OverQuota) as caught:
        tracker(time).create(MORNING)
    assert caught.value.retry_at == time.now + timedelta(seconds=min(int(wait), 3600))


def test_a_paid_workspace_is_not_counted(fake: responses.RequestsMock, time: FakeTime) -> None:
    fake.post(ENTRIES, json=row(), status=201)
    clockify = tracker(time, hourly_requests=0)
    for _ in range(100):
        clockify.create(MORNING)
    assert clockify.quota() == Quota(None, None)
    fake.replace(responses.POST, ENTRIES, status=429)
    with pytest.raises(NotSent) as caught:
        clockify.create(MORNING)
    assert not isinstance(caught.value, OverQuota)
    assert caught.value.retry_at == time.now + timedelta(seconds=5)


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_was_wrong_holds_nothing_back(
    days: int, fake: responses.RequestsMock, time: FakeTime
) -> None:
    fake.post(ENTRIES, json=row(), status=201)
    clockify = tracker(time, hourly_requests=1)
    clockify.create(MORNING)
    time.forward(days=days)
    clockify.create(MORNING)
    assert len(fake.calls) == 2


# -- Looking for an entry ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    [
        row(),
        row(start="2026-11-20T09:05:00+02:00", end="2026-11-20T11:30:00+02:00"),
        row(description="DEV-123  Fix login\n"),
        row(tagIds=[TAG], billable=True, taskId=TASK),
    ],
)
def test_finds_the_entry_that_says_the_same(
    same: dict[str, Any], fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    fake.get(LIST, json=["an odd row", same])
    found = clockify.find(MORNING)
    assert found is not None
    assert found.id == ONE


@pytest.mark.parametrize(
    "other",
    [
        row(start="2026-11-20T07:05:01Z"),
        row(start="2026-11-20T07:05:00+02:00"),
        row(end="2026-11-20T09:29:59Z"),
        row(end=None),
        row(description="DEV-123 Fix logins"),
        row(description=None),
        row(projectId="5e" * 12),
        row(projectId=None),
        row(type="BREAK"),
    ],
)
def test_does_not_take_another_entry_for_it(
    other: dict[str, Any], fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    fake.get(LIST, json=[other])
    assert clockify.find(MORNING) is None


@pytest.mark.parametrize(
    "odd", [{"id": ONE}, row(start="soon"), row(end="later"), row() | {"timeInterval": None}, 7]
)
def test_what_may_be_the_entry_and_cannot_be_read_is_not_overlooked(
    odd: object, fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    """It would be sent a second time."""
    fake.get(LIST, json=[odd])
    with pytest.raises(PartlySeen, match="cannot be understood"):
        clockify.find(MORNING)


# -- Changing and removing ---------------------------------------------------------------------


def test_a_change_keeps_what_it_leaves_open(
    fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    """What is left out of a change is emptied there."""
    field = {"customFieldId": "7a" * 12, "timeEntryId": ONE, "value": "PO-7", "name": "Order"}
    known = row(
        billable=True, taskId=TASK, tagIds=[TAG], tags=[{"id": TAG, "name": "a"}],
        customFieldValues=[field],
    )  # fmt: skip
    fake.get(f"{ENTRIES}/{ONE}", json=known)
    body = {
        "start": "2026-11-20T07:05:00Z", "end": "2026-11-20T09:30:00Z", "description": "Review",
        "projectId": PROJECT, "taskId": TASK, "tagIds": [TAG], "billable": True,
        "type": "REGULAR", "customFields": [{"customFieldId": "7a" * 12, "value": "PO-7"}],
    }  # fmt: skip
    answer = row(description="Review")
    fake.put(f"{ENTRIES}/{ONE}", json=answer, match=[json_params_matcher(body)])
    clockify.update(ONE, replace(MORNING, description="Review", tags=("a",)), None)


def test_a_task_does_not_follow_into_another_project(
    fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    other = "5e" * 12
    fake.get(f"{ENTRIES}/{ONE}", json=row(taskId=TASK))
    fake.put(f"{ENTRIES}/{ONE}", json=row(projectId=other))
    clockify.update(ONE, replace(MORNING, project_id=other), None)
    assert "taskId" not in asked(fake, "PUT")[0]


@pytest.mark.parametrize(
    "by_hand",
    [
        {"description": "Mine"}, {"projectId": None}, {"billable": True}, {"tagIds": [TAG]},
        {"start": "2026-11-20T07:00:00Z"}, {"end": "2026-11-20T09:00:00Z"}, {"end": None},
        {"taskId": TASK},
    ],
)  # fmt: skip
def test_an_entry_changed_in_clockify_is_not_overwritten(
    by_hand: dict[str, Any], fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    fake.post(ENTRIES, json=row(), status=201)
    seen = clockify.create(MORNING).changed
    fake.get(f"{ENTRIES}/{ONE}", json=row(**by_hand))
    with pytest.raises(Conflict) as caught:
        clockify.update(ONE, replace(MORNING, description="Review"), seen)
    assert caught.value.current.changed != seen
    with pytest.raises(Conflict):
        clockify.delete(ONE, seen)


def test_an_entry_that_is_right_already_is_left_alone(
    fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    """So that an update whose answer was lost is no conflict with itself."""
    fake.get(f"{ENTRIES}/{ONE}", json=row())
    assert clockify.update(ONE, MORNING, "what was seen before the lost one").id == ONE


@pytest.mark.parametrize(
    ("status", "message"), [(404, ""), (400, "TIMEENTRY with id 6a doesn't belong to WORKSPACE")]
)
def test_an_entry_that_is_gone_is_gone(
    status: int, message: str, fake: responses.RequestsMock, clockify: ClockifyTracker
) -> None:
    fake.get(f"{ENTRIES}/{ONE}", json={"message": message, "code": 501}, status=status)
    with pytest.raises(Gone):
        clockify.update(ONE, MORNING, None)
    with pytest.raises(Gone):
        clockify.delete(ONE, "seen")


def test_a_locked_entry_says_so(sandbox: Sandbox, tracked: ClockifyTracker) -> None:
    made = tracked.create(replace(MORNING, project_id=None))
    sandbox.clockify.locked_before = at("20:00")
    for call in (
        lambda: tracked.delete(made.id, made.changed),
        lambda: tracked.create(replace(MORNING, project_id=None, description="More")),
    ):
        with pytest.raises(Refused, match="Time entry is locked"):
            call()


# -- In the whole bot --------------------------------------------------------------------------


def shown_in(bot: Any) -> str:
    help_shown = bot.ask("help").payload
    pages = [bot.message(), help_shown, bot.sandbox.slack.home(), bot.answers()]
    return json.dumps(pages, ensure_ascii=False, default=str)


def test_a_day_with_clockify_is_a_day_with_toggl(sandbox: Sandbox) -> None:
    settings, clockify = with_clockify(sandbox), sandbox.clockify
    clockify.hourly = 30
    with live(sandbox, settings) as me:
        before, asked_before = len(clockify.entries), len(clockify.requests)
        me.open()
        assert len(clockify.requests) - asked_before <= 4
        clockify.faults.fail_next("time-entries", "drop-after-saving", method="POST")
        me.click("approve", me.buttons("approve")[0])
        me.wait(lambda: "|In Clockify>" in json.dumps(me.message()))
        assert len(clockify.entries) == before + 1
        assert len(clockify.requests) - asked_before <= 8
        made = next(each for each in me.digest.items if each.entry_id)
        clockify.kept[str(made.entry_id)]["description"] = "Changed by hand"
        me.click("undo", made.id)
        me.wait(lambda: "changed in Clockify since" in json.dumps(me.message()))
        me.ask("status")
        me.wait(lambda: me.answered("Clockify takes"))
        me.ask("week")
        me.wait(lambda: me.answered("in Clockify"))
        me.click("edit", me.buttons("edit")[0])
        dialog = json.dumps(me.wait(lambda: sandbox.slack.view), default=str)
        sandbox.slack.close_view(everything=True)
        said = [each.sentence for each in check_all(me.core)]
        me.time.forward(days=200)
        me.ask()
        me.wait(lambda: me.buttons("approve"))
        shown = f"{shown_in(me)} {dialog} {said}".casefold().replace("toggle", "")
    assert "toggl" not in shown
    assert "three months" not in shown
    assert not sandbox.toggl.requests


def test_who_has_no_tracker_is_told_of_both(sandbox: Sandbox) -> None:
    settings = with_clockify(sandbox)
    none = settings.model_copy(update={"clockify": ClockifySettings()})
    with opened(none) as core:
        (finding,) = (each for each in check_all(core) if "API_KEY is not set" in each.sentence)
    assert finding.sentence.startswith("TRACKLATER_TOGGL__API_TOKEN is not set")
