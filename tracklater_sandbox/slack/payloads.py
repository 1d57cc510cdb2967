"""What Slack sends to an app when a person does something. Pure: values in, payloads out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracklater_sandbox.slack.inputs import VALUE_NAMES, message_state
from tracklater_sandbox.slack.workspace import (
    APP,
    BOT_USER,
    DOMAIN,
    TEAM,
    Channel,
    Json,
    Person,
    shown,
)

VERIFICATION = "sandbox-verification-token"


def interaction(kind: str, person: Person, trigger: str | None = None) -> Json:
    """What all interactions share."""
    common: Json = {
        "type": kind,
        "user": {
            "id": person.id,
            "username": person.name,
            "name": person.name,
            "team_id": TEAM,
        },
        "api_app_id": APP,
        "token": VERIFICATION,
        "team": {"id": TEAM, "domain": DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    return common if trigger is None else common | {"trigger_id": trigger}


def in_message(channel: Channel, message: Json) -> Json:
    """Where a click inside a message happened."""
    hidden = bool(message.get("is_ephemeral"))
    return {
        "container": {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": hidden,
        },
        "channel": {"id": channel.id, "name": channel.name},
        # Slack tells an app nothing of an ephemeral message but its place.
        **({} if hidden else {"message": without_marks(message)}),
        "state": {"values": message_state(message)},
    }


def without_marks(message: Json) -> Json:
    """A message as Slack sends it, without what only the sandbox needs."""
    return {
        name: value
        for name, value in shown(message).items()
        if name not in ("is_ephemeral", "ephemeral_for", "state", "offered")
    }


def in_view(view: Json) -> Json:
    """Where a click inside a modal or Home happened."""
    return {"container": {"type": "view", "view_id": view["id"]}, "view": visible_view(view)}


def visible_view(view: Json) -> Json:
    """A view as Slack sends it, without what only the sandbox needs."""
    return {name: value for name, value in shown(view).items() if name != "offered"}


def action(block: Json, element: Json, state: Json | None, ts: str) -> Json:
    """One entry of `actions`: the element, and what was chosen where there is a choice."""
    found: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }
    for name in ("text", "value", "style", "placeholder"):
        if name in element:
            found[name] = element[name]
    return found | (state or {})


def button_state(element: Mapping[str, Any], option: Json | None) -> Json | None:
    """An overflow menu reports its option; a button reports nothing more."""
    return {"selected_option": option} if element["type"] == "overflow" else None


def suggestion(person: Person, place: Json, block: Json, element: Json, query: str) -> Json:
    """A block_suggestion: somebody types into an external select.

    It does not carry what was chosen in other fields meanwhile.
    """
    view = {"view": {**place["view"], "state": {"values": {}}}} if "view" in place else {}
    return {
        **interaction("block_suggestion", person),
        **place,
        **view,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "value": query,
    }


def submission(person: Person, view: Json, trigger: str) -> Json:
    """A view_submission."""
    return {
        **interaction("view_submission", person, trigger),
        "view": visible_view(view),
        "response_urls": [],
    }


def closing(person: Person, view: Json, *, cleared: bool) -> Json:
    """A view_closed."""
    return {
        **interaction("view_closed", person),
        "view": visible_view(view),
        "is_cleared": cleared,
    }


def command(person: Person, word: str, text: str, channel: Channel, trigger: str) -> Json:
    """A slash command."""
    return {
        "token": VERIFICATION,
        "team_id": TEAM,
        "team_domain": DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": person.id,
        "user_name": person.name,
        "command": word,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "trigger_id": trigger,
    }


def event(body: Json, event_id: str, at: float) -> Json:
    """An event_callback."""
    return {
        "token": VERIFICATION,
        "team_id": TEAM,
        "api_app_id": APP,
        "event": body,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(at),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def holds_value(element: Mapping[str, Any]) -> bool:
    """Whether the element keeps what a person chose."""
    return element.get("type") in VALUE_NAMES
