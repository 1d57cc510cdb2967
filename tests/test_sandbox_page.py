"""The page, its JSON addresses, and the sample day."""

from __future__ import annotations

import itertools
import json
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from git import Repo
from slack_sdk import WebClient

from tracklater_bot.settings import load
from tracklater_sandbox import ME, OTHER, Sandbox
from tracklater_sandbox.page import SHORTCUTS
from tracklater_sandbox.slack.workspace import BOT_SCOPES, USER_SCOPES
from tracklater_sandbox.workday import Workday, weekdays_before

Json = dict[str, Any]
ROOT = Path(__file__).parent.parent
ACTIONS = {
    "type": "actions",
    "elements": [
        {
            "type": "button",
            "action_id": "go",
            "value": "1",
            "text": {"type": "plain_text", "text": "Go"},
        }
    ],
}


def act(sandbox: Sandbox, **body: Any) -> requests.Response:
    return requests.post(f"{sandbox.url}/sandbox/act", json=body, timeout=10)


def state(sandbox: Sandbox, user: str = ME) -> Json:
    answer = requests.get(f"{sandbox.url}/sandbox/state", params={"user": user}, timeout=10)
    told: Json = answer.json()
    return told


def post(sandbox: Sandbox, **more: Any) -> str:
    bot = WebClient(sandbox.slack.bot_token, base_url=f"{sandbox.url}/slack/api/")
    channel = bot.conversations_open(users=ME)["channel"]["id"]
    return str(bot.chat_postMessage(channel=channel, text="Hello", **more)["ts"])


# -- its addresses -----------------------------------------------------------------------------


def test_the_state_tells_what_one_person_sees(sandbox: Sandbox) -> None:
    post(sandbox, blocks=[ACTIONS])
    seen = state(sandbox)
    assert [message["text"] for message in seen["messages"]] == ["Hello"]
    assert seen["day"] == "2026-11-20"
    assert [entry["description"] for entry in seen["entries"]][-1] == "Sprint planning"
    assert seen["connected"] is False
    assert state(sandbox, OTHER)["messages"] == []


def test_actions_without_a_bot_are_told_as_a_notice(sandbox: Sandbox) -> None:
    ts = post(sandbox, blocks=[ACTIONS])
    outcome = act(sandbox, do="click", where=ts, action_id="go", value="1").json()
    assert outcome["acked"] is False
    assert "not connected" in state(sandbox)["notices"][0]["text"]


@pytest.mark.parametrize(
    "body",
    [
        {"do": "fly"},
        {"do": "click", "where": "1.2", "action_id": "go"},
        {"do": "submit", "values": {}},
        {"do": "command"},
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(sandbox: Sandbox, body: Json) -> None:
    answer = act(sandbox, **body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_faults_are_set_from_outside(sandbox: Sandbox) -> None:
    fault = {"service": "jira", "path": "myself", "kind": 500}
    url = f"{sandbox.url}/sandbox/faults"
    assert requests.post(url, json=fault, timeout=10).json() == {"ok": True}
    assert requests.get(f"{sandbox.url}/jira/rest/api/3/myself", timeout=10).status_code == 500
    wrong = requests.post(url, json={"service": "mail", "kind": 500}, timeout=10)
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://elsewhere.example"}, {"Host": "rebound.example"}]
)
def test_other_sites_in_the_browser_may_neither_act_nor_read(
    sandbox: Sandbox, headers: dict[str, str]
) -> None:
    url = f"{sandbox.url}/sandbox"
    assert requests.get(f"{url}/state", headers=headers, timeout=10).status_code == 403
    body = {"do": "say", "text": "x"}
    assert requests.post(f"{url}/act", json=body, headers=headers, timeout=10).status_code == 403


def test_a_form_of_another_site_cannot_act(sandbox: Sandbox) -> None:
    answer = requests.post(f"{sandbox.url}/sandbox/act", data='{"do": "home"}', timeout=10)
    assert answer.status_code == 415


def test_changes_are_streamed(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/sandbox/events"
    with requests.get(url, stream=True, timeout=10) as stream:
        lines = (line for line in stream.iter_lines() if line)
        first = next(lines)
        post(sandbox)
        assert next(lines) != first


def test_the_page_asks_for_nothing_from_elsewhere(sandbox: Sandbox) -> None:
    page = requests.get(sandbox.url, timeout=10)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for file in (ROOT / "tracklater_sandbox/static").iterdir():
        name = file.name if file.name != "index.html" else ""
        served = requests.get(f"{sandbox.url}/{name}", timeout=10)
        assert served.status_code == 200, file.name
        text = served.text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, file.name
        assert "https://" not in text, file.name
        assert "innerHTML" not in text, file.name
    assert requests.get(f"{sandbox.url}/other.js", timeout=10).status_code == 404


# -- the sample day ----------------------------------------------------------------------------


def test_the_settings_load_and_point_to_the_sandbox(sandbox: Sandbox) -> None:
    settings = load(sandbox.settings_file, None, sandbox.env).settings
    assert set(settings.groups) == {"acme", "globex"}
    assert settings.slack.base_url == f"{sandbox.url}/slack/api/"
    assert settings.groups["acme"].jira.url == f"{sandbox.url}/jira"
    assert sandbox.settings_file.stat().st_mode & 0o077 == 0
    text = sandbox.settings_file.read_text()
    secrets = [
        value
        for name, value in sandbox.env.items()
        if name.endswith(("TOKEN", "PASSWORD", "SECRET"))
    ]
    assert len(secrets) == 7
    assert not [secret for secret in secrets if secret in text]
    assert tomllib.loads(text)["timezone"] == "Europe/Helsinki"


def test_the_repositories_tell_the_day(sandbox: Sandbox) -> None:
    repo = Repo(sandbox.home / "src" / "acme-api")
    commits = [
        commit.summary
        for commit in repo.iter_commits("--all", since="2026-11-20T00:00:00+02:00")
        if commit.author.email == "eero@example.com"
    ]
    assert len(commits) == 5
    assert "DEV-123 Keep the session after a password change" in commits
    log = repo.git.reflog("--date=iso-strict", "--format=%gd %gs")
    assert "HEAD@{2026-11-20T09:07:00+02:00} checkout: moving from main to feature/DEV-123" in log
    assert repo.active_branch.name == "feature/DEV-140-export"


def test_the_thyme_file_holds_a_snapshot_every_twenty_seconds(sandbox: Sandbox) -> None:
    document = json.loads((sandbox.home / "thyme" / "2026-11-20.json").read_text())
    times = [datetime.fromisoformat(one["Time"]) for one in document["Snapshots"]]
    steps = {(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)}
    asleep = 50 * 60.0 + 20
    assert (len(times), steps) == (1635, {20.0, asleep})
    for one in document["Snapshots"]:
        assert one["Active"] in {window["ID"] for window in one["Windows"]}


def test_the_same_date_gives_the_same_day(tmp_path: Path) -> None:
    zone = ZoneInfo("Asia/Kolkata")
    for name in ("one", "two"):
        Workday(date(2026, 3, 2), zone).write(tmp_path / name)
    one, two = ((tmp_path / name / "thyme/2026-03-02.json").read_bytes() for name in ("one", "two"))
    assert one == two
    heads = {Repo(tmp_path / name / "src/globex-web").head.commit.hexsha for name in ("one", "two")}
    assert len(heads) == 1


@pytest.mark.parametrize(
    ("today", "count", "expected"),
    [
        ("2026-11-24", 1, "2026-11-23"),
        ("2026-11-23", 1, "2026-11-20"),
        ("2026-11-22", 1, "2026-11-20"),
        ("2026-11-20", 0, "2026-11-20"),
        ("2026-11-23", 3, "2026-11-18"),
    ],
)
def test_weekends_are_no_sample_days(today: str, count: int, expected: str) -> None:
    found = weekdays_before(date.fromisoformat(today), count)
    assert found == date.fromisoformat(expected)


def test_an_earlier_day_was_forgotten(sandbox: Sandbox) -> None:
    assert (sandbox.home / "thyme" / "2026-11-17.json").exists()
    assert not [one for one in sandbox.toggl.entries if one["start"].startswith("2026-11-17")]


def test_the_sandbox_grants_what_the_manifest_asks_for() -> None:
    lines = [line.strip() for line in (ROOT / "manifest.yml").read_text().splitlines()]
    listed = {line.removeprefix("- ") for line in lines if line.startswith("- ")}
    assert listed >= BOT_SCOPES
    assert "search:read" in USER_SCOPES & listed
    for shortcut in SHORTCUTS:
        assert f"callback_id: {shortcut['callback_id']}" in lines


def test_stopping_twice_is_fine_and_frees_the_port(tmp_path: Path) -> None:
    first = Sandbox(tmp_path / "one", today=date(2026, 11, 20))
    url = first.start()
    port = int(url.rstrip("/").rpartition(":")[2])
    first.stop()
    first.stop()
    second = Sandbox(tmp_path / "two", today=date(2026, 11, 20))
    assert second.start(port) == url
    second.stop()


def test_a_taken_port_is_said_and_leaves_nothing_running(tmp_path: Path, sandbox: Sandbox) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    second = Sandbox(tmp_path / "two", today=date(2026, 11, 20))
    with pytest.raises(OSError, match="in use"):
        second.start(port)
    assert not second.settings_file.exists()
    assert requests.get(sandbox.url, timeout=10).status_code == 200
