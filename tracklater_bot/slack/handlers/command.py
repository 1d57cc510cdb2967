"""`/tracklater`: answers at once, fills in when ready. Only the person sees the answers."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App, Respond

from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.help import (
    help_message,
    note,
    status_message,
    unknown_word,
    working_message,
)
from tracklater_bot.blocks.week import week_message
from tracklater_bot.domain.day import NoSuchDay, WhenError
from tracklater_bot.slack.days import Days

MOST_WORD = 60


class CommandHandler:
    """The listener of the slash command."""

    def __init__(self, days: Days) -> None:
        self._days = days

    def register(self, app: App) -> None:
        """Tells Bolt whose command it is."""
        app.command("/tracklater")(self._command)

    def _command(self, ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        word = str(command.get("text") or "").strip().casefold()[:MOST_WORD]
        if word == "help":
            _say(ack, help_message())
        elif word == "status":
            _say(ack, note("Asking everyone how they are…"))
            _say(respond, status_message(self._days.views.status()))
        elif word == "week":
            _say(ack, note("Looking at the last seven days…"))
            _say(respond, week_message(self._days.views.week()))
        else:
            self._day(word, ack, respond)

    def _day(self, word: str, ack: Ack, respond: Respond) -> None:
        try:
            day = self._days.person.calendar.past_day(word)
        except NoSuchDay as error:
            _say(ack, note(str(error)))
            return
        except WhenError:
            _say(ack, unknown_word(word))
            return
        _say(ack, working_message(day.date))
        _say(respond, self._days.show_day(day))


def _say(answer: Ack | Respond, message: SlackMessage) -> None:
    """Answers the command; a second answer takes the first one's place."""
    if isinstance(answer, Respond):
        answer(text=message.text, blocks=message.blocks, replace_original=True)
    else:
        answer(text=message.text, blocks=message.blocks)
