"""Bolt listeners: acknowledge, ask the core, show blocks. One place registers them all."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

from slack_bolt import App, BoltContext

from tracklater_bot.domain.errors import log_failure
from tracklater_bot.slack.days import Desk
from tracklater_bot.slack.handlers.buttons import Decisions
from tracklater_bot.slack.handlers.command import Command
from tracklater_bot.slack.handlers.day import Day
from tracklater_bot.slack.handlers.dialogs import Dialogs
from tracklater_bot.slack.handlers.home import Home
from tracklater_bot.slack.handlers.rules import Rules
from tracklater_bot.slack.handlers.shortcut import Shortcut

log = logging.getLogger(__name__)


def register(app: App, desk: Desk) -> None:
    """Gives the app its listeners, and one answer to whatever goes wrong in them."""
    for room in (
        Command(desk), Decisions(desk), Day(desk), Dialogs(desk), Rules(desk), Home(desk),
        Shortcut(desk),
    ):  # fmt: skip
        room.register(app)
    app.error(lambda error, body, context: _failed(desk, error, body, context))


def _failed(desk: Desk, error: Exception, body: dict[str, Any], context: BoltContext) -> None:
    """Tells the person that it did not work, with a reference that the log has too."""
    reference = uuid4().hex[:8]
    log_failure(log, f"A listener (reference {reference})", error)
    user = context.user_id or str((body.get("user") or {}).get("id", ""))
    if user == desk.person:  # nobody else gets a word from the bot, least of all unasked
        desk.rooms.messenger.whisper(
            user,
            f"That did not work, and nothing was sent. Please try again; if it keeps failing, the"
            f" log tells why under {reference}.",
        )
