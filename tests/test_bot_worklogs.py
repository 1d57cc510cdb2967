"""The real bot with worklogs switched on: Toggl, Jira and the message tell the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.bots import IN_TOGGL, OFFERED, worklogs_in
from tests.livebot import Live, live, sample_settings
from tracklater_bot.domain.digests import Item
from tracklater_sandbox import Sandbox
from tracklater_sandbox.toggl.account import WORKSPACE

SWITCHED_ON = {"TRACKLATER_GROUPS__ACME__JIRA__WORKLOGS": "true"}


@pytest.fixture
def me(sandbox: Sandbox) -> Iterator[Live]:
    """A person whose group acme has worklogs, and the day's message."""
    with live(sandbox, sample_settings(sandbox, **SWITCHED_ON)) as one:
        one.open()
        yield one


def of_issue(me: Live, key: str) -> Item:
    """The day's first suggestion for the issue."""
    items = me.digest.items
    return next(
        item for item in items if item.suggestion.issue and item.suggestion.issue.key == key
    )


def told(me: Live, words: str) -> bool:
    return words in str(me.message()["blocks"])


def test_an_approved_entry_is_logged_once_and_the_message_says_so(me: Live) -> None:
    item = of_issue(me, "DEV-123")
    me.click("approve", item.id)
    me.wait(lambda: told(me, "logged in DEV-123"))
    assert IN_TOGGL in me.rows()
    span = item.suggestion.span
    (log,) = me.sandbox.jira.worklogs
    assert datetime.fromisoformat(log["started"]) == span.start
    assert log["timeSpentSeconds"] == span.length / timedelta(seconds=1)
    assert log["issueKey"] == "DEV-123"
    assert me.sandbox.jira.mails == [], "nobody who watches the issue is mailed"


def test_an_edit_and_an_undo_reach_the_worklog(me: Live) -> None:
    item = of_issue(me, "DEV-123")
    me.click("approve", item.id)
    me.wait(lambda: told(me, "logged in DEV-123"))
    me.click("edit", item.id)
    view = me.wait(lambda: me.sandbox.slack.view)
    me.sandbox.slack.submit(view, {"description": "DEV-123 Half of it"})
    me.wait(lambda: "Half of it" in str(me.sandbox.jira.worklogs))
    assert len(worklogs_in(me.sandbox)) == 1
    me.wait(lambda: told(me, "logged in DEV-123"))
    me.click("undo", item.id)
    me.wait(lambda: not me.sandbox.jira.worklogs and me.rows()[0] == OFFERED)
    assert me.entries() == []
    assert me.sandbox.jira.mails == []


def test_a_missing_right_is_told_and_the_entry_stays(me: Live) -> None:
    me.sandbox.jira.rights.discard("WORK_ON_ISSUES")
    me.click("approve", of_issue(me, "DEV-123").id)
    me.wait(lambda: told(me, "worklog not written: "))
    assert told(me, "You do not have the permission")
    assert (len(me.entries()), me.rows().count(IN_TOGGL)) == (1, 1)


def test_a_days_worklogs_add_up_to_the_issues_time(me: Live) -> None:
    """Jira forgets one of two that are written at the same moment."""
    me.click("approve_all")
    me.wait(lambda: me.rows().count(IN_TOGGL) >= 4 and not told(me, "worklog on its way"))
    me.wait(lambda: len(me.sandbox.jira.worklogs) >= 3)
    for issue in me.sandbox.jira.issues.values():
        logged = [log["timeSpentSeconds"] for log in issue.worklogs.values()]
        assert issue.time_spent == sum(logged)


def test_another_clients_entries_are_told_to_no_jira(me: Live) -> None:
    me.click("approve", of_issue(me, "#12").id)
    me.wait(lambda: IN_TOGGL in me.rows())
    assert me.sandbox.jira.worklogs == []


@pytest.mark.parametrize("fault", ["drop-after-saving", "drop-before", "503", "429"])
def test_a_fault_on_the_way_to_jira_ends_with_one_worklog(me: Live, fault: str) -> None:
    kind = int(fault) if fault.isdecimal() else fault
    me.sandbox.jira.faults.fail_next("worklog", kind, method="POST")
    me.click("approve", of_issue(me, "DEV-123").id)

    def logged() -> bool:
        me.time.forward(seconds=1)
        me.days.changed()
        return told(me, "logged in DEV-123")

    me.eventually(logged)
    assert len(me.sandbox.jira.worklogs) == 1


def test_a_task_imported_from_jira_and_a_tag_with_the_key(sandbox: Sandbox) -> None:
    toggl = sandbox.toggl.account
    for number, project in enumerate(toggl.projects, start=900):
        toggl.tasks[number] = {
            "id": number,
            "name": "DEV-123 Fix login",
            "project_id": project,
            "workspace_id": WORKSPACE,
            "active": True,
        }
    settings = sample_settings(sandbox, TRACKLATER_SUGGEST__KEY_TAG="true")
    with live(sandbox, settings) as me:
        me.open()
        me.click("approve", of_issue(me, "DEV-123").id)
        me.wait(lambda: IN_TOGGL in me.rows())
        (entry,) = me.entries()
    assert entry["task_id"] in toggl.tasks
    assert toggl.tasks[entry["task_id"]]["project_id"] == entry["project_id"]
    assert entry["tags"] == ["DEV-123"]
