"""The small pieces that messages, modals and Home are put together from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Block: TypeAlias = dict[str, Any]
MOST_JSON = 11_900  # Slack's limit is 12,000 and its way of counting is not public
MOST_TEXT = 3_900  # chat.update refuses more than 4,000


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A Slack message: `text` is the whole in words, for notifications and screen readers."""

    text: str
    blocks: list[Block] = field(default_factory=list)


def words(text: str) -> Block:
    """A plain_text object; Slack turns nothing in it into emoji."""
    return {"type": "plain_text", "text": text, "emoji": False}


def label(text: str) -> Block:
    """A plain_text object for our own words, which hold nothing that emoji could come from."""
    return {"type": "plain_text", "text": text}


def marked(text: str) -> Block:
    """A mrkdwn object; Slack makes no links of its own in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """A header of at most 150 characters."""
    return {"type": "header", "text": label(text)}


def section(text: str, accessory: Block | None = None) -> Block:
    """A paragraph of mrkdwn."""
    block: Block = {"type": "section", "text": marked(text)}
    return block | {"accessory": accessory} if accessory else block


def context(*lines: str) -> Block:
    """Quiet small print: up to ten pieces of mrkdwn."""
    return {"type": "context", "elements": [marked(line) for line in lines[:10]]}


def actions(elements: Sequence[Block], block_id: str | None = None) -> Block:
    """A row of buttons."""
    block: Block = {"type": "actions", "elements": list(elements)}
    return block | {"block_id": block_id} if block_id else block


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def button(text: str, action_id: str, value: str, **more: Any) -> Block:
    """A button; `more` holds what is rarer: style, confirm, url, accessibility_label."""
    return {
        "type": "button", "text": label(text), "action_id": action_id, "value": value, **more
    }  # fmt: skip


def element(kind: str, action_id: str, **more: Any) -> Block:
    """An interactive element; what is None or empty in `more` is left out."""
    given = {name: value for name, value in more.items() if value not in (None, "", [])}
    return {"type": kind, "action_id": action_id, **given}


def confirm(title: str, text: str, yes: str) -> Block:
    """The question Slack asks before it passes a click on."""
    texts = {"title": title, "text": text, "confirm": yes, "deny": "Not yet"}
    return {name: label(words) for name, words in texts.items()}


def option(text: str, value: str) -> Block:
    """A choice; `text` up to 75 characters, `value` up to 150."""
    return {"text": label(text), "value": value}


def outside_option(text: str, value: str) -> Block:
    """A choice whose text came from outside and is clean already."""
    return {"text": words(text), "value": value}


def overflow(action_id: str, choices: Iterable[Block]) -> Block:
    """The menu behind three dots, of one to five choices."""
    return {"type": "overflow", "action_id": action_id, "options": list(choices)}


def size(blocks: Sequence[Block]) -> int:
    """The blocks' length as JSON: more than Slack counts, so what fits here fits there."""
    return len(json.dumps(blocks))
