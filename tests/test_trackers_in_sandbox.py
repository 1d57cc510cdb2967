"""The trackers against the sandbox: strict about fields, tokens and quotas, over real sockets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.livebot import clockify_settings
from tests.notation import at, span
from tests.test_catalog import FakeStore
from tests.trackercontract import TrackerContract
from tests.trackers import FakeTracker
from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.settings import Settings, load
from tracklater_bot.sources.issues.registry import issue_sources
from tracklater_bot.trackers.base import FoundWorklog, Gone, Tracker
from tracklater_bot.trackers.clockify import ClockifyTracker
from tracklater_bot.trackers.jira_worklogs import JiraWorklogs
from tracklater_bot.trackers.toggl import TogglTracker
from tracklater_sandbox import Sandbox


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def settings(sandbox: Sandbox) -> Settings:
    return load(sandbox.settings_file, None, sandbox.env).settings


def test_issues_of_both_trackers(settings: Settings) -> None:
    sources = {each.name: each for each in issue_sources(settings)}
    jira, taiga = sources["jira"], sources["taiga"]
    assert "signed in as" in jira.check()
    assert "signed in as" in taiga.check()
    for source, key in ((jira, "DEV-123"), (taiga, "#12")):
        recent = {each.key: each for each in source.recent(None)}
        assert recent[key].mine
        assert source.by_keys([key, key[:-1] + "999999"]) == (recent[key],)
    assert [each.key for each in jira.search("fix login")] == ["DEV-123"]


class TestToggl(TrackerContract):
    """All that any tracker promises."""

    @pytest.fixture
    def tracker(self, settings: Settings) -> Tracker:
        return TogglTracker(settings.toggl)


class TestClockify(TrackerContract):
    """The same, with nothing but what Clockify has."""

    @pytest.fixture(params=["start", "end"])
    def tracker(self, sandbox: Sandbox, request: pytest.FixtureRequest) -> Tracker:
        sandbox.clockify.chosen_by = request.param
        return ClockifyTracker(clockify_settings(sandbox))


class TestTheFakeOfOtherTests(TrackerContract):
    """It is no easier than a real one."""

    @pytest.fixture
    def tracker(self) -> Tracker:
        return FakeTracker(lambda: at("23:30"))


def test_a_worklog_from_its_making_to_its_end(settings: Settings) -> None:
    worklogs = JiraWorklogs("acme", settings.groups["acme"].jira)
    morning = span("09:00-10:00")
    number = worklogs.create("DEV-123", "ours-1", morning, "Fix login")
    assert worklogs.find("DEV-123", "ours-1", morning, "Fix login") == (FoundWorklog(number),)
    assert worklogs.find("DEV-123", "ours-2", morning) == ()
    worklogs.update("DEV-123", number, span("09:00-10:30"), "Longer")
    worklogs.delete("DEV-123", number)
    with pytest.raises(Gone):
        worklogs.delete("DEV-123", number)
    assert worklogs.find("DEV-123", "ours-1", morning) == ()


def test_a_catalogue_of_all_of_them(sandbox: Sandbox, settings: Settings) -> None:
    toggl = TogglTracker(settings.toggl)
    sources = issue_sources(settings)
    catalog = Catalog(FakeStore(), "me", sources, toggl, now, settings.groups)
    assert [each.trouble for each in catalog.refresh()] == [None, None]
    assert catalog.complete(["DEV-123", "#12", "DEV-99999", "UTF-8"]) == ()
    assert catalog.search("fix login")[0].key == "DEV-123"
    projects = catalog.projects()
    assert projects.troubles == ()
    assert all(each.id for ours in projects.by_group.values() for each in ours)
    tracked = catalog.tracked(WorkDay(sandbox.day, sandbox.zone).span)
    assert tracked.trouble is None
    assert [(entry.group, entry.project) for entry in tracked.entries] == [
        ("globex", "Development")
    ]
