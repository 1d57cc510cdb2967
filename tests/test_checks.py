"""`check` tells of everything that is set up whether it works, or what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.livebot import evening, sample_settings
from tests.loopback import FakeTime, Said, closed_port, loopback
from tests.test_read_all import FakeSource
from tracklater_bot.checks import BOT_SCOPES, check_all
from tracklater_bot.core import Core, opened
from tracklater_bot.domain.clues import Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.wall import Finding
from tracklater_bot.drafting.machine import LocalMachine
from tracklater_bot.settings import Settings, load
from tracklater_sandbox import ME, Sandbox

ROOT = Path(__file__).parent.parent


@contextmanager
def core_on(sandbox: Sandbox, settings: Settings) -> Iterator[Core]:
    with opened(settings, FakeTime(evening(sandbox))) as core:
        yield core


def findings(sandbox: Sandbox, **environ: str) -> dict[str, Finding]:
    """What `check` finds, by name and group."""
    with core_on(sandbox, sample_settings(sandbox, **environ)) as core:
        return named(check_all(core))


def named(found: list[Finding]) -> dict[str, Finding]:
    return {f"{each.name} {each.group or ''}".strip(): each for each in found}


def without(settings: Settings, section: str, **values: Any) -> Settings:
    changed = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: changed})


def test_a_setup_that_works_says_so_line_by_line(sandbox: Sandbox) -> None:
    found = findings(sandbox)
    assert {name: each.sentence for name, each in found.items() if not each.ok} == {}
    assert list(found) == [
        "thyme", "git acme", "git globex", "slack", "jira acme", "taiga globex", "toggl",
        "slack bot", "slack socket",
    ]  # fmt: skip
    assert "signed in" in found["toggl"].sentence
    assert found["git acme"].line().startswith("git (acme): 1 repository")


def test_what_was_once_set_in_slack_is_named_with_its_line(sandbox: Sandbox) -> None:
    with core_on(sandbox, sample_settings(sandbox)) as core:
        core.store.set_preference(ME, "idle_minutes", 45)
        (told,) = [each for each in check_all(core) if not each.ok]
    assert told.name == "settings"
    assert "idle_minutes = 45" in told.sentence
    assert "[suggest]" in told.sentence


def test_it_asks_for_the_scopes_of_the_manifest() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    assert sorted(BOT_SCOPES) == sorted(manifest["oauth_config"]["scopes"]["bot"])


def test_missing_scopes_are_named(sandbox: Sandbox) -> None:
    left = set(BOT_SCOPES) - {"files:write", "im:history"}
    sandbox.slack.grant(sandbox.slack.bot_token, *left)
    found = findings(sandbox)["slack bot"]
    assert not found.ok
    assert "im:history, files:write" in found.sentence
    assert "reinstall" in found.sentence


@pytest.mark.parametrize(
    ("section", "field", "name", "variable"),
    [
        ("toggl", "api_token", "toggl", "TRACKLATER_TOGGL__API_TOKEN"),
        ("slack", "bot_token", "slack bot", "TRACKLATER_SLACK__BOT_TOKEN"),
        ("slack", "app_token", "slack socket", "TRACKLATER_SLACK__APP_TOKEN"),
        ("taiga", "password", "taiga globex", "TRACKLATER_TAIGA__PASSWORD"),
    ],
)
def test_a_missing_secret_is_asked_for_once_by_its_name(
    sandbox: Sandbox, section: str, field: str, name: str, variable: str
) -> None:
    settings = without(sample_settings(sandbox), section, **{field: None})
    with core_on(sandbox, settings) as core:
        found = check_all(core)
    asking = [each for each in found if variable in each.sentence]
    assert [f"{each.name} {each.group or ''}".strip() for each in asking] == [name]
    assert not asking[0].ok


@pytest.mark.parametrize(
    ("variable", "value", "name", "told"),
    [
        ("TRACKLATER_SLACK__BOT_TOKEN", "xoxb-1234567890-wrong", "slack bot", "copy it again"),
        ("TRACKLATER_SLACK__APP_TOKEN", "xapp-1234567890-wrong", "slack socket", "copy it again"),
        ("TRACKLATER_SLACK__USER_ID", "U0NOBODY", "slack bot", "nobody here has that member ID"),
        ("TRACKLATER_TOGGL__API_TOKEN", "1234567890wrong", "toggl", "token"),
    ],
)
def test_what_a_service_refuses_is_told_without_the_secret(
    sandbox: Sandbox, variable: str, value: str, name: str, told: str
) -> None:
    found = findings(sandbox, **{variable: value})
    assert not found[name].ok
    assert told in found[name].sentence
    if not variable.endswith("USER_ID"):
        assert not [each for each in found.values() if value in each.sentence]


def test_a_slack_that_cannot_be_reached_is_told_and_the_rest_goes_on(sandbox: Sandbox) -> None:
    settings = without(sample_settings(sandbox), "slack", base_url=f"{closed_port()}/api/")
    with core_on(sandbox, settings) as core:
        found = named(check_all(core))
    assert "cannot be reached" in found["slack bot"].sentence
    assert found["toggl"].ok


@pytest.mark.parametrize("status", [200, 401, 403, 511])
def test_a_networks_sign_in_page_is_told_of_every_service(sandbox: Sandbox, status: int) -> None:
    page = Said(status, "<!DOCTYPE html>\n<html><body><h1>Welcome</h1></body></html>")
    with loopback(page) as hotel:
        settings = sample_settings(
            sandbox,
            TRACKLATER_SLACK__BASE_URL=f"{hotel.url}/api/",
            TRACKLATER_TOGGL__BASE_URL=hotel.url,
            TRACKLATER_TAIGA__URL=f"{hotel.url}/api/v1",
            TRACKLATER_GROUPS__ACME__JIRA__URL=hotel.url,
        )
        with core_on(sandbox, settings) as core:
            found = named(check_all(core))
    for name in ("slack", "jira acme", "taiga globex", "toggl", "slack bot", "slack socket"):
        assert not found[name].ok
        assert "something in between answered" in found[name].sentence, found[name]


def test_a_folder_that_thyme_never_wrote_to_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = without(sample_settings(sandbox), "thyme", dir=tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    with core_on(sandbox, settings) as core:
        found = named(check_all(core))["thyme"]
    assert not found.ok
    assert "let thyme record" in found.sentence


@pytest.mark.parametrize("wayland", [False, True])
def test_with_nothing_set_up_every_step_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wayland: bool
) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland" if wayland else "x11")
    file = tmp_path / "tracklater.toml"
    file.write_text(f'timezone = "UTC"\ndatabase_url = "sqlite:///{tmp_path}/x.db"\n')
    with opened(load(file, None, {}).settings) as core:
        found = named(check_all(core))
    if wayland:
        assert "ActivityWatch" in found.pop("settings").sentence
    assert {name for name, each in found.items() if not each.ok} == {
        "clues", "groups", "toggl", "slack bot", "slack socket",
    }  # fmt: skip


def test_a_recorder_that_fell_silent_is_told(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    settings = sample_settings(sandbox)
    with opened(settings, FakeTime(evening(sandbox) + timedelta(days=2))) as core:
        said = named(check_all(core))["thyme"].sentence
    assert "nothing was recorded in the last day" in said
    assert "ActivityWatch" in said
    with core_on(sandbox, settings) as core:
        assert "nothing" not in named(check_all(core))["thyme"].sentence


@pytest.mark.parametrize("watches", [True, False])
def test_a_recorder_of_any_name_is_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, watches: bool
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with core_on(sandbox, sample_settings(sandbox)) as core:
        core.clue_sources = (FakeSource("screenlog", watches_screen=watches),)
        said = [each.sentence for each in check_all(core)]
    assert any("nothing tells which windows" in each for each in said) is not watches


def test_in_http_mode_the_signing_secret_is_asked_for(sandbox: Sandbox) -> None:
    found = findings(sandbox, TRACKLATER_SLACK__MODE="http")
    assert found["slack requests"].ok
    assert "slack socket" not in found
    settings = without(sample_settings(sandbox), "slack", mode="http", signing_secret=None)
    with core_on(sandbox, settings) as core:
        asked = named(check_all(core))["slack requests"]
    assert "TRACKLATER_SLACK__SIGNING_SECRET is not set" in asked.sentence


def test_a_mistake_of_ours_in_one_check_leaves_the_others(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        name, group, watches_screen, local = "thyme", None, True, True

        def check(self) -> str:
            raise KeyError("a title")

        def read(self, span: Span) -> Reading:
            raise NotImplementedError

    with core_on(sandbox, sample_settings(sandbox)) as core:
        assert isinstance(core.machine, LocalMachine)
        core.machine = replace(core.machine, sources=(Broken(),))
        found = named(check_all(core))
    assert found["thyme"].sentence == "failed unexpectedly (KeyError): please report it"
    assert found["toggl"].ok
    assert "KeyError" in caplog.text
