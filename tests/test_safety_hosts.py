"""Every host that the program contacts is one that `check` lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.bots import NO_PICTURES, PATIENCE, Forked, environment, with_worklogs, worklogs_in
from tests.conftest import FRIDAY, copy_home
from tests.overheard import overhear
from tests.safety import open_day, use_everything
from tracklater_bot.checks import network
from tracklater_bot.settings import Settings
from tracklater_sandbox import Sandbox

NAMED = ("toggl", "jira", "taiga")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, sample_home: Path) -> Iterator[Sandbox]:
    """The sample day, whose services have a name each; Slack is at the sandbox's number."""
    home = tmp_path_factory.mktemp("hosts") / "home"
    copy_home(sample_home, home)
    with Sandbox(home, today=FRIDAY) as sandbox:
        with_worklogs(sandbox)
        text = sandbox.settings_file.read_text(encoding="utf-8")
        for name in NAMED:
            there = sandbox.url.replace("127.0.0.1", f"{name}.test")
            text = text.replace(f"{sandbox.url}/{name}", f"{there}/{name}")
        sandbox.settings_file.write_text(text, encoding="utf-8")
        yield sandbox


def start(sandbox: Sandbox, *argv: str, **more: str) -> Forked:
    command, *rest = argv
    line = [command, "--config", str(sandbox.settings_file), *rest]
    first = partial(overhear, sandbox.home / "hosts.txt")
    return Forked(line, environment(sandbox) | more, sandbox.home / "said.txt", first)


def said(sandbox: Sandbox, *argv: str) -> str:
    start(sandbox, *argv).wait(PATIENCE)
    return (sandbox.home / "said.txt").read_text(encoding="utf-8")


def listed(sandbox: Sandbox) -> set[str]:
    _, start, told = said(sandbox, "check", "--json").rpartition("\n[\n")  # after the warnings
    findings: list[dict[str, Any]] = json.loads(start + told)
    [sentence] = [each["sentence"] for each in findings if each["name"] == "network"]
    return set(sentence.removeprefix("asks ").removesuffix(" and no other server").split(", "))


def contacted(sandbox: Sandbox) -> set[str]:
    """And empties the list."""
    file = sandbox.home / "hosts.txt"
    hosts = set(file.read_text(encoding="utf-8").split())
    file.write_text("", encoding="utf-8")
    return hosts


def test_no_host_is_contacted_that_check_does_not_list(sandbox: Sandbox) -> None:
    """Every source and tracker, a message with its picture, clicks, entries and worklogs."""
    port = sandbox.url.rpartition(":")[2]
    named = {f"{name}.test:{port}" for name in NAMED} | {f"127.0.0.1:{port}"}
    assert listed(sandbox) == named | {"api.atlassian.com"}
    assert contacted(sandbox) == named
    said(sandbox, "preview", FRIDAY.isoformat())
    assert {f"{name}.test:{port}" for name in NAMED} <= contacted(sandbox) <= named
    said(sandbox, "digest", FRIDAY.isoformat())
    assert sandbox.slack.workspace.files
    assert contacted(sandbox) <= named
    bot = start(sandbox, "run", **NO_PICTURES)
    try:
        sandbox.slack.wait(lambda: sandbox.slack.sockets.count, PATIENCE)
        open_day(sandbox)
        use_everything(sandbox)
        sandbox.slack.wait(lambda: worklogs_in(sandbox), PATIENCE)
    finally:
        bot.terminate()
        bot.wait(PATIENCE)
    assert f"toggl.test:{port}" in (while_running := contacted(sandbox))
    assert while_running <= named


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, "asks no server"),
        ({"slack": {"bot_token": "xoxb-1"}}, "asks slack.com, *.slack.com and no other server"),
        ({"toggl": {"api_token": "t"}}, "asks api.track.toggl.com and no other server"),
        (
            {"database_url": "postgresql://me:pass@db.acme.test:5433/bot"},
            "asks db.acme.test:5433 and no other server",
        ),
        (
            {"groups": {"a": {"jira": {"url": "https://a.test", "email": "e", "api_token": "t"}}}},
            "asks a.test, api.atlassian.com and no other server",
        ),
        (
            {"groups": {"a": {"jira": {"url": "https://a.test/jira", "api_token": "t"}}}},
            "asks a.test and no other server",
        ),
        (
            {
                "taiga": {"url": "https://all.test/api/v1", "password": "p"},
                "groups": {
                    "a": {"taiga": {"project_slug": "a"}},
                    "b": {"taiga": {"project_slug": "b", "url": "https://b.test/api/v1"}},
                },
            },
            "asks all.test, b.test and no other server",
        ),
        (
            {"groups": {"a": {"slack": {"user_token": "xoxp-1", "base_url": "https://s.test"}}}},
            "asks s.test and no other server",
        ),
        (
            {
                "calendar": {
                    "urls": "webcal://me:pw@c.test:8443/private-1/basic.ics https://d.test/x"
                }
            },
            "asks c.test:8443, d.test and no other server",
        ),
        ({"activitywatch": {}}, "asks 127.0.0.1:5600 and no other server"),
        ({"activitywatch": {"file": "/aw-buckets-export.json"}}, "asks no server"),
    ],
)
def test_check_lists_whom_the_settings_name(
    settings: dict[str, Any], asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert network(Settings.model_validate(settings)).sentence == asked
    monkeypatch.setenv("https_proxy", "http://me:secret@proxy.test:3128")
    assert network(Settings.model_validate(settings)).sentence == (
        f"{asked}, through the proxy http://proxy.test:3128"
    )
