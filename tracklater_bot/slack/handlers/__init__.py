"""Bolt listeners: acknowledge, ask the core, show blocks. One place registers them all."""

from __future__ import annotations

import logging
from uuid import uuid4

from slack_bolt import App, BoltContext

from tracklater_bot.domain.errors import StoreError, log_failure
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.gate import OwnerGate
from tracklater_bot.slack.handlers.day import DayHandlers
from tracklater_bot.slack.handlers.dialogs import DialogHandlers
from tracklater_bot.slack.messages import may_be_done
from tracklater_bot.slack.payloads import reply_privately

log = logging.getLogger(__name__)


def register(app: App, days: Days) -> None:
    """Gives the app its listeners, a gate before all, one answer to whatever goes wrong in them."""
    app.use(OwnerGate(days.owns, app.listener_runner.listener_executor))
    day = DayHandlers(days)
    day.register(app)
    DialogHandlers(days, day).register(app)
    app.error(lambda error, context: _failed(days, error, context))


def _failed(days: Days, error: Exception, context: BoltContext) -> None:
    """Tells the person that it did not or may not have worked, with a reference for the log."""
    reference = uuid4().hex[:8]
    log_failure(log, f"A listener (reference {reference})", error)
    user = context.user_id or ""
    if not days.owns(user):  # nobody else gets a word from the bot, least of all unasked
        return
    words = "That did not work, and nothing was sent. Please try again; if"
    if isinstance(error, StoreError):
        words = "My database cannot be used, so that may not be kept. Try again in a minute; if"
    elif may_be_done(error):
        words = "Slack's answer was lost: that may have worked. Look before you try again; if"
    sentence = f"{words} it keeps failing, the log tells why under {reference}."
    if isinstance(error, StoreError) and context.response_url and context.respond:
        reply_privately(context.respond, sentence)
    else:
        days.messenger.reply_privately(user, sentence)
