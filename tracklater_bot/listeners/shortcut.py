"""“Track time for this” on any message: the add dialog with what the message already tells."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from tracklater_bot.blocks.edit import NewSpan, add_modal
from tracklater_bot.desk import Desk


class Shortcut:
    """The listener of the message shortcut."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def register(self, app: App) -> None:
        """Tells Bolt about the shortcut."""
        app.shortcut("track_this")(self._track)

    def _track(self, ack: Ack, shortcut: dict[str, Any], client: WebClient) -> None:
        ack()
        if shortcut["user"]["id"] != self._desk.person:
            return
        message = shortcut.get("message") or {}
        text, ts = str(message.get("text", "")), str(message.get("ts") or "0")
        day = self._desk.core.day_of(datetime.fromtimestamp(float(ts), UTC))
        issue = self._desk.issue_in(text)
        new = NewSpan(group=issue.group if issue else None, issue=issue)
        view = add_modal(day, self._desk.choices(day), new)
        client.views_open(trigger_id=shortcut["trigger_id"], view=view)
