"""manifest.yml: what Slack accepts, what the bot needs, and what is explained of it."""

from __future__ import annotations

import json
import lzma
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parent.parent
EXPLAINED = ROOT / "docs" / "administration.md"
# Slack's own schema of app manifests, as published.
SCHEMA = Path(__file__).parent / "data" / "slack-manifest.schema.json.xz"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads(lzma.decompress(SCHEMA.read_bytes())))


def test_slack_accepts_the_manifest(
    manifest: dict[str, Any], validator: jsonschema.Draft7Validator
) -> None:
    assert [error.message for error in validator.iter_errors(manifest)] == []


def test_slack_would_refuse_a_key_it_does_not_know(
    manifest: dict[str, Any], validator: jsonschema.Draft7Validator
) -> None:
    assert not validator.is_valid(manifest | {"scopes": []})


def test_the_person_can_answer_the_bot_and_has_a_home_tab(manifest: dict[str, Any]) -> None:
    assert manifest["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_the_app_uses_socket_mode_and_has_no_public_address(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"]
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["event_subscriptions"] == {"bot_events": ["app_home_opened", "message.im"]}
    assert "http" not in json.dumps(manifest)


def test_the_command_and_the_shortcut_are_those_the_bot_listens_for(
    manifest: dict[str, Any],
) -> None:
    (command,) = manifest["features"]["slash_commands"]
    (shortcut,) = manifest["features"]["shortcuts"]
    assert command["command"] == "/tracklater"
    assert command["usage_hint"] == "[today|yesterday|YYYY-MM-DD|weekday|week|status|help]"
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", "track_this")


def test_each_scope_is_explained_and_no_other(manifest: dict[str, Any]) -> None:
    rows = re.findall(
        r"^\| `([a-z:.]+)` \| (bot|user) \| (\S.*\S) \|$", EXPLAINED.read_text("utf-8"), re.M
    )
    explained = {(kind, scope) for scope, kind, _ in rows}
    scopes = manifest["oauth_config"]["scopes"]
    assert explained == {(kind, scope) for kind in ("bot", "user") for scope in scopes[kind]}
    assert len(rows) == len(explained)
