"""The sample workday: files on disk, and what the services know of it."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tracklater_sandbox.clockify import FakeClockify
from tracklater_sandbox.jira import COLLEAGUE as JIRA_COLLEAGUE
from tracklater_sandbox.jira import ME as JIRA_ME
from tracklater_sandbox.jira import FakeJira, JiraIssue
from tracklater_sandbox.slack.workspace import ME, TEAM, Workspace
from tracklater_sandbox.taiga import COLLEAGUE as TAIGA_COLLEAGUE
from tracklater_sandbox.taiga import ME as TAIGA_ME
from tracklater_sandbox.taiga import FakeTaiga, TaigaItem
from tracklater_sandbox.toggl.account import WORKSPACE, Account, Json
from tracklater_sandbox.workday.activitywatch import write_export
from tracklater_sandbox.workday.agents import write_sessions
from tracklater_sandbox.workday.calendar import write_calendar
from tracklater_sandbox.workday.repos import write_repos
from tracklater_sandbox.workday.settings import write_settings
from tracklater_sandbox.workday.story import (
    CLIENTS,
    FORGOTTEN_DAYS,
    FORGOTTEN_SCENES,
    JIRA,
    MESSAGES,
    TAIGA,
    TRACKED,
    Tracked,
    clock,
)
from tracklater_sandbox.workday.thyme import write_thyme

__all__ = ["MORE_TRACES", "Workday", "weekdays_before", "write_settings"]

MORE_TRACES = "more"
CHANNELS = {"acme-dev": "C0ACME", "globex-web": "C0GLOBEX"}


class Workday:
    """One day's traces, the same for the same date."""

    def __init__(self, day: date, zone: ZoneInfo) -> None:
        self._day = day
        self._midnight = datetime.combine(day, time(), zone)

    def write(self, home: Path) -> None:
        """Writes what recorders, agents and git keep; what takes long only where it is missing."""
        zone = self._midnight.tzinfo
        if not isinstance(zone, ZoneInfo):
            raise TypeError("a workday needs a time zone with a name")
        if not (home / "thyme" / f"{self._day}.json").exists():
            write_thyme(home / "thyme", self._day, zone)
            forgotten = weekdays_before(self._day, FORGOTTEN_DAYS)
            write_thyme(home / "thyme", forgotten, zone, FORGOTTEN_SCENES)
        if not (home / "src").exists():
            write_repos(home / "src", self._day, zone)
        more = home / MORE_TRACES
        shutil.rmtree(more, ignore_errors=True)  # sessions tell full paths, and folders move
        more.mkdir()
        write_export(more, self._day, zone)
        write_calendar(more, self._day, zone)
        write_sessions(more / "claude", home / "src", self._day, zone)

    def fill_slack(self, workspace: Workspace) -> None:
        """The day's messages, in two channels."""
        for name, channel_id in CHANNELS.items():
            workspace.add_channel(channel_id, name)
        for number, said in enumerate(MESSAGES):
            ts = f"{int(self._at(said.at).timestamp())}.{number:06d}"
            message = {"type": "message", "user": ME, "text": said.text, "ts": ts, "team": TEAM}
            workspace.put(workspace.channels[CHANNELS[said.channel]], message)

    def fill_toggl(self, account: Account) -> None:
        """Clients and projects, an archived one among them, and what is tracked already."""
        projects: dict[tuple[str, str], Json] = {}
        for name, names in CLIENTS.items():
            client = account.add_client(name)
            for project in names:
                projects[name, project] = account.add_project(project, client)
        account.add_project("Old site", account.clients[101], active=False)
        for tracked in TRACKED:
            account.create(WORKSPACE, self._entry(tracked, projects))

    def fill_clockify(self, clockify: FakeClockify) -> None:
        """The same in Clockify."""
        projects = {
            (client, project): clockify.add_project(project, client)["id"]
            for client, names in CLIENTS.items()
            for project in names
        }
        clockify.add_project("Old site", next(iter(CLIENTS)), archived=True)
        for tracked in TRACKED:
            earlier = self._day - weekdays_before(self._day, tracked.days)
            start, end = self._at(tracked.start) - earlier, self._at(tracked.end) - earlier
            project = projects[tracked.client, tracked.project]
            clockify.track(start, end, description=tracked.description, projectId=project)

    def _entry(self, tracked: Tracked, projects: dict[tuple[str, str], Json]) -> Json:
        earlier = self._day - weekdays_before(self._day, tracked.days)
        start, end = self._at(tracked.start) - earlier, self._at(tracked.end) - earlier
        return {
            "created_with": "Toggl Track",
            "workspace_id": WORKSPACE,
            "start": f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "duration": int((end - start).total_seconds()),
            "description": tracked.description,
            "project_id": projects[tracked.client, tracked.project]["id"],
        }

    def fill_jira(self, jira: FakeJira) -> None:
        """The issues of project DEV."""
        for number, summary, kind, status, category, days, mine in JIRA:
            jira.add(
                JiraIssue(
                    id=10_000 + number,
                    key=f"DEV-{number}",
                    summary=summary,
                    type=kind,
                    status=status,
                    category=category,
                    updated=self._at("08:00") - timedelta(days=days),
                    assignee=JIRA_ME if mine else JIRA_COLLEAGUE,
                )
            )

    def fill_taiga(self, taiga: FakeTaiga) -> None:
        """The stories, tasks, issues and the epic of the web shop."""
        for kind, ref, subject, status, closed, days, mine in TAIGA:
            modified = self._at("08:00").astimezone(UTC) - timedelta(days=days)
            taiga.items.append(
                TaigaItem(
                    kind=kind,
                    ref=ref,
                    subject=subject,
                    modified=f"{modified:%Y-%m-%dT%H:%M:%S.000Z}",
                    status=status,
                    closed=closed,
                    assigned_to=TAIGA_ME if mine else TAIGA_COLLEAGUE,
                )
            )

    def _at(self, word: str) -> datetime:
        return self._midnight + clock(word)


def weekdays_before(day: date, count: int) -> date:
    """The date so many weekdays (Monday to Friday) before `day`; 0 is the day itself."""
    for _ in range(count):
        day -= timedelta(days=1)
        while day.weekday() >= 5:
            day -= timedelta(days=1)
    return day
