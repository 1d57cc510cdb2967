"""The real bot keeps its issues fresh by itself, and typing is answered from what it has."""

from __future__ import annotations

import re
from dataclasses import replace
from time import process_time

import pytest

from tests.digests import issue
from tests.livebot import AT_ONCE, live
from tracklater_bot.domain.issues import Issue
from tracklater_bot.slack.lookups import issues_in, issues_named
from tracklater_sandbox import Sandbox
from tracklater_sandbox.jira.service import JiraIssue

EAGER = replace(AT_ONCE, issues=0.02)


def new_issue(sandbox: Sandbox, key: str) -> None:
    sandbox.jira.add(JiraIssue(77, key, "Brand new", "Task", "To Do", "new", sandbox.clock()))


def test_a_new_issue_is_found_without_anybody_asking_for_a_day(sandbox: Sandbox) -> None:
    with live(sandbox, timing=EAGER) as me:
        me.eventually(lambda: bool(me.days.lookups.search("DEV-123", None)))
        new_issue(sandbox, "DEV-777")
        me.time.forward(minutes=11)
        me.eventually(lambda: bool(me.days.person.catalog.search("DEV-777")))


def test_the_trackers_are_asked_politely(sandbox: Sandbox) -> None:
    with live(sandbox, timing=EAGER) as me:
        # The cache alone: typing what it lacks would ask the trackers' own search.
        me.eventually(lambda: bool(me.days.person.catalog.search("DEV-123")))
        first = len(sandbox.jira.requests)
        for _ in range(9):
            me.time.forward(minutes=1)
            me.days._issues.wake()
            me.days.person.catalog.refresh()
        assert len(sandbox.jira.requests) == first
        me.time.forward(minutes=1)
        me.days.person.catalog.refresh()
        assert 0 < len(sandbox.jira.requests) - first <= 2


def test_an_issue_is_known_in_a_message_by_the_key_it_had_before(sandbox: Sandbox) -> None:
    sandbox.jira.add(
        replace(sandbox.jira.issues.pop("DEV-142"), key="OPS-1", moved_from=("DEV-142",))
    )
    with live(sandbox) as me:
        catalog = me.days.person.catalog
        me.eventually(lambda: bool(catalog.search("DEV-123")))
        catalog.complete(["DEV-142"])
        found = me.days.lookups.issue_in("Did you see (dev-142)?")
        assert found is not None
        assert found.key == "OPS-1"
        assert me.days.lookups.issue_in("Nothing like DEV-1420 here") is None


SITE = "https://group1.atlassian.net"
BOARD = f"{SITE}/jira/software/c/projects/DEV/boards/3"
KNOWN = [
    *(issue("DEV-13"), issue("DEV-131"), issue("OPS-1")),
    Issue("#12", "Reset", "https://tree.taiga.io/project/web/us/12", "taiga", "globex"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{SITE}/browse/DEV-131", ["DEV-131"]),
        (f"<{SITE}/browse/DEV-131?focusedId=7|DEV-131: Rate limit>", ["DEV-131"]),
        (f"{BOARD}?selectedIssue=DEV-131&view=x", ["DEV-131"]),
        ("<https://tree.taiga.io/project/web/us/12>", ["#12"]),
        ("see https://tree.taiga.io/project/web/us/12/?kanban-status=2, please", ["#12"]),
        ("about dev-131's tests, and OPS-1", ["DEV-131", "OPS-1"]),
        ("fix/DEV-131-rate-limit is pushed (#12)", ["DEV-131", "#12"]),
        ("nothing like DEV-1310, SUBDEV-131, 12 or https://evil.example/12", []),
    ],
)
def test_issues_are_found_where_they_stand_in_a_text(text: str, expected: list[str]) -> None:
    assert [found.key for found in issues_in(text, KNOWN)] == expected
    assert [found.key for found in issues_named(text, KNOWN)] == expected


@pytest.mark.parametrize("typed", ["dev131", "DEV 131", "dev_131", "DEV–131", " Dev-131 "])
def test_a_key_is_found_as_one_types_it(typed: str) -> None:
    assert [found.key for found in issues_named(typed, KNOWN)] == ["DEV-131"]


def test_issues_of_a_project_that_is_no_longer_set_up_are_linked_and_offered_nowhere(
    sandbox: Sandbox,
) -> None:
    with live(sandbox) as me:
        me.open()
        linked = [issue for item in me.digest.items if (issue := item.suggestion.issue)]
        assert [issue for issue in linked if issue.key.startswith("DEV-")]
    text = sandbox.settings_file.read_text(encoding="utf-8")
    other = re.sub(r"(?m)^jira\.project_key = .*$", 'jira.project_key = "OPS"', text)
    assert other != text
    sandbox.settings_file.write_text(other, encoding="utf-8")

    with live(sandbox) as me:
        offered = me.days.lookups.search("", "acme", linked)  # before the day is read anew
        offered += me.days.lookups.search("DEV-", None)
        assert not [issue for issue in offered if issue.key.startswith("DEV-")]
        assert me.days.lookups.issue_in(f"About {linked[0].key}") is None
        me.days.open_day(me.days.person.calendar.day_on(sandbox.day))
        now = [issue for item in me.digest.items if (issue := item.suggestion.issue)]
        assert not [issue for issue in now if issue.key.startswith("DEV-")]
        assert [issue for issue in now if issue.tracker == "taiga"]  # another group's stay


def test_typing_asks_nobody_and_is_answered_at_once(sandbox: Sandbox) -> None:
    with live(sandbox) as me:
        me.eventually(lambda: bool(me.days.lookups.search("DEV-123", None)))
        sandbox.jira.faults.fail_next("rest", 503, times=99)
        asked, started = len(sandbox.jira.requests), process_time()
        found = [me.days.lookups.search(typed, "acme") for typed in ("f", "fi", "fix", "fix log")]
        assert process_time() - started < 4 * 0.3
        assert [each[0].key for each in found[1:]] == ["DEV-123"] * 3
        assert len(sandbox.jira.requests) == asked
