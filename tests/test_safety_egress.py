"""What leaves the machine: every byte that reaches a service on a whole day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.awserver import buckets_in
from tests.bots import bot_process
from tests.conftest import FRIDAY, copy_home
from tests.livebot import evening, sample_settings
from tests.loopback import serving
from tests.notation import at
from tests.rooms import empty_database
from tests.safety import holds, open_day, shown, use_everything, written
from tests.test_github import GitHub
from tests.test_gitlab import GitLab
from tests.traffic import RecordedSandbox
from tracklater_bot.checks import check_all
from tracklater_bot.core import opened
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.wall import from_json, to_json
from tracklater_sandbox import ME, Sandbox

TITLE, TEXT, FILE, SAID = "SECRETTITLE", "SECRETMESSAGE", "SECRETFILE", "SECRETPROMPT"
# Of a calendar only the title of what is not private may leave, as a description.
CALENDAR = "SECRETENTRY"
SECRETS = (TITLE, TEXT, FILE, SAID, CALENDAR)
# From the sample day's windows: files, mails, and what is open all day.
WINDOWS = ("session.py", "Thunderbird", "KeePass", "Passwords.kdbx", "Spotify", "eero@box")
SOURCES = {"thyme", "activitywatch", "git", "slack", "agents", "calendar"}
SERVICES = ("jira", "slack", "taiga", "toggl")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, sample_home: Path) -> Iterator[RecordedSandbox]:
    """The sample day with a mark on every title, message and file, after all was pressed."""
    home = tmp_path_factory.mktemp("egress") / "home"
    copy_home(sample_home, home)
    (home / "tracklater.sqlite3").write_bytes(empty_database())
    _mark_titles(home / "thyme")
    _watch(home)
    for repo in (home / "src").iterdir():
        (repo / f"{FILE}.txt").write_text(FILE, encoding="utf-8")
    with RecordedSandbox(home, today=FRIDAY) as sandbox:
        with sandbox.settings_file.open("a", encoding="utf-8") as settings:
            settings.write(f'\n[activitywatch]\nfile = "{home}/aw-buckets-export.json"\n')
        _mark_messages(sandbox)
        _talk_to_agents(sandbox)
        _add_calendar(sandbox)
        sandbox.recording = True
        with bot_process(sandbox, verbose=True) as bot:
            bot.connected()
            open_day(sandbox)
            use_everything(sandbox)
            yield sandbox


def _mark_titles(thyme: Path) -> None:
    for file in thyme.glob("*.json"):
        kept = json.loads(file.read_text(encoding="utf-8"))
        for snapshot in kept["Snapshots"]:
            for window in snapshot["Windows"]:
                window["Name"] += f" {TITLE}-{window['ID']}"
        file.write_text(json.dumps(kept), encoding="utf-8")


def _watch(home: Path) -> None:
    """ActivityWatch on another machine, with a mark on every title, address, file and folder."""
    buckets = buckets_in("day")
    for bucket in buckets.values():
        bucket["hostname"] = "laptop"
        for event in bucket["events"]:
            for key in event["data"].keys() & {"title", "url", "project"}:
                event["data"][key] += f" {TITLE}"
            if "file" in event["data"]:
                event["data"]["file"] += FILE
    export = home / "aw-buckets-export.json"
    export.write_text(json.dumps({"buckets": buckets}), encoding="utf-8")


def _mark_messages(sandbox: Sandbox) -> None:
    for channel in sandbox.slack.workspace.channels.values():
        for message in channel.messages.values():
            if message.get("user") == ME:
                message["text"] += f" {TEXT}"


def _talk_to_agents(sandbox: Sandbox) -> None:
    """An hour with Claude Code in one of the repositories."""
    folder = sandbox.home / "claude" / "projects" / "-src"
    folder.mkdir(parents=True)
    records = [
        {
            "type": "assistant" if minute % 2 else "user",
            "timestamp": at(f"10:{minute:02}", WorkDay(sandbox.day, sandbox.zone)).isoformat(),
            "cwd": str(sandbox.home / "src" / "acme-api"),
            "gitBranch": "main",
            "sessionId": "s",
            "uuid": f"{minute}",
            "message": {"content": f"please {SAID}", "title": SAID},
            SAID: SAID,
        }
        for minute in range(60)
    ]
    lines = "".join(f"{json.dumps(record)}\n" for record in (*records, SAID))
    (folder / "s.jsonl").write_text(lines, encoding="utf-8")
    with sandbox.settings_file.open("a", encoding="utf-8") as file:
        file.write(f'\n[agents]\nclaude_dir = "{folder.parent.parent}"\ncodex_dir = ""\n')


def _add_calendar(sandbox: Sandbox) -> None:
    """A meeting, and a private one, with a mark on all that nobody may see."""
    told = (
        f"DESCRIPTION:{CALENDAR}",
        f"LOCATION:https://meet.example/{CALENDAR}",
        f"ATTENDEE;CN={CALENDAR}:mailto:{CALENDAR}@globex.example",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:eero@example.com",
    )
    entries = (
        ("UID:1", "DTSTART:{day}T063000Z", "DTEND:{day}T070000Z", "SUMMARY:Globex weekly", *told),
        (
            "UID:2",
            "DTSTART:{day}T053000Z",
            "DTEND:{day}T060000Z",
            "CLASS:PRIVATE",
            *told,
            f"SUMMARY:{CALENDAR} globex",
        ),
    )
    lines = [line for own in entries for line in ("BEGIN:VEVENT", *own, "END:VEVENT")]
    text = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""])
    file = sandbox.home / "mine.ics"
    file.write_text(text.replace("{day}", f"{sandbox.day:%Y%m%d}"), encoding="utf-8")
    with sandbox.settings_file.open("a", encoding="utf-8") as settings:
        settings.write(f'\n[calendar]\nfiles = ["{file}"]\n')


def test_the_day_reached_every_service(day: RecordedSandbox) -> None:
    assert tuple(day.services()) == SERVICES
    assert any(b"POST /toggl/api/v9/workspaces" in each for each in day.sent_to("toggl"))
    assert any(b"chat.update" in each for each in day.sent_to("slack"))


@pytest.mark.parametrize("service", SERVICES)
def test_no_title_message_or_file_name_leaves_the_machine(
    day: RecordedSandbox, service: str
) -> None:
    for sent in day.sent_to(service):
        assert not holds(sent, (*SECRETS, *WINDOWS)), sent[:200]


def test_none_of_them_is_in_what_crosses_the_wall(day: Sandbox) -> None:
    """Whatever the rest of the bot knows of the day's clues, and could send, is in its draft."""
    settings = sample_settings(day)
    with opened(settings, lambda: evening(day)) as core:
        (draft,) = core.machine.drafts([WorkDay(day.day, day.zone)])
    crossing = to_json(draft)
    assert not holds(crossing, (*SECRETS, *WINDOWS))
    assert {status.name for status in draft.sources if status.clues} >= SOURCES
    assert len(draft.meetings) == 2
    assert draft.suggestions
    assert draft.messages
    assert draft.prompts
    assert draft.gaps
    assert [time.group for time in draft.agents] == ["acme"]
    assert from_json(Draft, crossing) == draft


def test_forges_are_asked_with_numbers_alone(day: RecordedSandbox) -> None:
    with serving(GitHub()) as github, serving(GitLab()) as gitlab:
        forges = "".join(
            f'[{name}]\nurl = "{server.url}"\n'
            for name, server in (("github", github), ("gitlab", gitlab))
        )
        settings = sample_settings(
            day,
            forges,
            TRACKLATER_GITHUB__TOKEN="t",
            TRACKLATER_GITLAB__TOKEN="t",
            TRACKLATER_GROUPS__ACME__GITHUB__REPOS="acme/api",
            TRACKLATER_GROUPS__GLOBEX__GITLAB__PROJECTS="acme/shop/web",
        )
        with opened(settings, lambda: evening(day)) as core:
            core.machine.drafts([WorkDay(day.day, day.zone)])
            check_all(core)
        for server in (github, gitlab):
            assert server.asked
            for asked in server.asked:
                sent = f"{asked.path} {asked.headers}".encode() + asked.body
                assert not holds(sent, (*SECRETS, *WINDOWS))


def test_none_of_them_is_kept_or_logged_or_shown(day: RecordedSandbox) -> None:
    for name, data in (*written(day).items(), ("Slack", shown(day))):
        assert not holds(data, (*SECRETS, "KeePass", "Passwords.kdbx")), name


def test_what_may_leave_is_there(day: RecordedSandbox) -> None:
    told = b"\n".join(day.sent_to("toggl"))
    assert holds(told, ("DEV-123 Fix login",))
