"""“Track time for this” on any message: the add dialog with what the message already tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from tracklater_bot.blocks.dialogs import add_modal
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.text import TOO_LONG_AGO, day_name
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.payloads import reply_privately


class ShortcutHandlers:
    """The listener of the message shortcut."""

    def __init__(self, days: Days) -> None:
        self._calendar = days.person.calendar
        self._lookups = days.lookups

    def register(self, app: App) -> None:
        """Tells Bolt about the shortcut."""
        app.shortcut("track_this")(self._track)

    def _track(
        self, ack: Ack, shortcut: dict[str, Any], client: WebClient, respond: Respond
    ) -> None:
        ack()
        message = shortcut.get("message") or {}
        ts = str(message.get("ts") or "0")
        day = self._calendar.day_of(datetime.fromtimestamp(float(ts), UTC))
        if self._calendar.is_closed(day):
            reply_privately(respond, f"{day_name(day.date)}: {TOO_LONG_AGO}")
            return
        group, issue = self._named(shortcut, message)
        view = add_modal(day, self._lookups.choices(day), group, issue)
        client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    def _named(
        self, shortcut: Mapping[str, Any], message: Mapping[str, Any]
    ) -> tuple[str | None, Issue | None]:
        """What the message already tells: its group and issue."""
        text = str(message.get("text", ""))
        issue = self._lookups.issue_in(text)
        if issue is not None:
            return issue.group, issue
        channel = str((shortcut.get("channel") or {}).get("name", ""))
        workspace = str((shortcut.get("team") or {}).get("domain", ""))
        return self._lookups.group_in(text, channel, workspace), None
