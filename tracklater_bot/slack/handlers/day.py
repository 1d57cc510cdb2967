"""Buttons for a whole day: pages, refresh, and opening another day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from slack_bolt import Ack, App, Respond

from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.domain.text import day_name
from tracklater_bot.settings.preferences import NO_REMINDERS, SILENT_UNTIL
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.payloads import Click, reply_privately


class DayHandlers:
    """The listeners of the day's own buttons."""

    def __init__(self, days: Days) -> None:
        self._days = days

    def register(self, app: App) -> None:
        """Tells Bolt which button is whose."""
        app.action(re.compile(r"^page:\d+$"))(self._turn_page)
        app.action("refresh")(self._refresh)
        app.action("open_day")(self._refresh)
        app.action("remind")(self._remind)

    def _turn_page(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        click = Click.of(body)
        page = int(click.action_id.partition(":")[2])
        self._days.turn_page(date.fromisoformat(click.value), page)

    def _refresh(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        click = Click.of(body)
        message = self._days.show_day(self._days.person.calendar.day(click.value))
        if not _is_in(body, click.value):
            self._answer(body, respond, message)

    def _remind(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        """The menu of messages that were posted before it was left to Slack and to Home."""
        ack()
        if Click.of(body).value != "silent":
            reply_privately(respond, f"{NO_REMINDERS} Nothing was set.")
            return
        tomorrow = self._days.person.calendar.today() + timedelta(days=1)
        self._days.set_preference(SILENT_UNTIL, tomorrow.isoformat())
        reply_privately(respond, f"I will say nothing by myself before {day_name(tomorrow)}.")

    def _answer(self, body: dict[str, Any], respond: Respond, message: SlackMessage) -> None:
        if body.get("response_url"):
            respond(text=message.text, blocks=message.blocks, replace_original=False)
        else:  # Home has no conversation to answer in
            messenger = self._days.messenger
            messenger.reply_privately(self._days.person.id, message.text, message.blocks)
            self._days.show_home()


def _is_in(body: dict[str, Any], day: str) -> bool:
    """Whether the button stands in that day's own message, which shows the answer itself."""
    return str(body["actions"][0].get("block_id", "")) == f"day:{day}"
