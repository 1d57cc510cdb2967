"""`/tracklater`, the buttons of a day's message, and the Home tab.

A button that decides is asked of the review and acknowledged when that is stored; the message
follows by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from threading import Timer
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.help import help_message, note, status_message, unknown_word
from tracklater_bot.blocks.home import preference_of
from tracklater_bot.domain.day import NoSuchDay, WhenError
from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.stretches import Stretch, parse_stretch
from tracklater_bot.domain.text import day_name
from tracklater_bot.settings.preferences import NO_REMINDERS, SILENT_UNTIL
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.gate import Click, refused, reply_privately, stored_first

MOST_WORD = 60
STILL_LOOKING = "I am still looking…"
STILL_LOOKING_AFTER = 2.5  # seconds
Decide = Callable[[str, str], Digest]


class DayHandlers:
    """The listeners of all that is not in a dialog."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._tracker = days.person.tracker_words

    def register(self, app: App) -> None:
        """Tells Bolt which command, button and tab is whose."""
        app.command("/tracklater")(self._command)
        for action in self.decisions():
            app.action(action)(self.decided)
        app.action(re.compile(r"^answer:\d+$"))(self._answered)
        app.action("move_too")(self._move_too)
        app.action(re.compile(r"^page:\d+$"))(self._turn_page)
        for action in ("refresh", "open_day"):
            app.action(action)(self.refresh)
        for action in ("approve_days", "approve_days_all"):
            app.action(action)(self._approve_days)
        for action in ("bill_month", "unbill_month"):
            app.action(action)(self._bill_month)
        app.action("remind")(self._remind)
        app.event("app_home_opened")(self._home_opened)
        app.action(re.compile(r"^pref_"))(self._preference_changed)
        app.action("drop_rule")(self._rule_dropped)
        app.action("forget_habits")(self._habits_forgotten)
        app.event("message")(self._written)

    # -- The command ---------------------------------------------------------------------------

    def _command(self, ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        """Answers at once where nobody has to be asked. Only the person sees the answers."""
        word = str(command.get("text") or "").strip().casefold()[:MOST_WORD]
        known = self._known_answer(word)
        if known is not None:
            _say(ack, known)
            return
        ack()
        # A command's first answer stays for good, so nothing is said that is soon untrue.
        waiting = Timer(STILL_LOOKING_AFTER, reply_privately, (respond, STILL_LOOKING))
        waiting.daemon = True
        waiting.start()
        try:
            answer = self._looked_up(word)
        finally:
            waiting.cancel()
        _say(respond, answer, replace_original=True)

    def _written(self, event: dict[str, Any]) -> None:
        """The person wrote to the bot: the words of the command work here too."""
        if event.get("channel_type") != "im" or event.get("bot_id") or event.get("subtype"):
            return
        said = str(event.get("text") or "").strip().casefold().removeprefix("/tracklater")
        word = said.strip()[:MOST_WORD]
        answer = self._known_answer(word) or self._looked_up(word)
        self._days.messenger.reply_privately(self._days.person.id, answer.text, answer.blocks)

    def _known_answer(self, word: str) -> SlackMessage | None:
        """Help, and why a word means nothing; None for what has to be looked up."""
        if word == "help":
            return help_message(self._tracker)
        calendar = self._days.person.calendar
        try:
            if word != "status":
                stretch = parse_stretch(word, calendar.today())
                calendar.past_day(word if stretch is None else str(stretch.first))
        except NoSuchDay as error:
            return note(str(error))
        except WhenError:
            return unknown_word(word)
        return None

    def _looked_up(self, word: str) -> SlackMessage:
        if word == "status":
            return status_message(self._days.views.status())
        calendar = self._days.person.calendar
        stretch = parse_stretch(word, calendar.today())
        if stretch is not None:
            return self._days.show_days(stretch)
        return self._days.show_day(calendar.past_day(word))

    def _approve_days(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        click, days = Click.of(body), self._days
        only = click.action_id == "approve_days"
        refused(ack, respond, lambda: days.approve_days(click.user, click.value, certain_only=only))
        days.changed()
        stretch = Stretch.parse(click.value.rpartition("/")[0])
        _say(respond, days.weeks.again(stretch), replace_original=True)

    def _bill_month(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        click, weeks = Click.of(body), self._days.weeks
        words, _, seen = click.value.rpartition("/")
        stretch = Stretch.parse(words)
        billing, undo = weeks.billing, click.action_id == "unbill_month"
        decide = partial(billing.unmark, stretch) if undo else partial(billing.mark, stretch, seen)
        refused(ack, respond, decide)
        _say(respond, weeks.again(stretch, billing.as_shown(stretch)), replace_original=True)

    # -- Decisions -----------------------------------------------------------------------------

    def decisions(self) -> dict[str, Decide]:
        """What each button decides, of the user and the button's value."""
        review, day = self._days.review, date.fromisoformat
        return {
            "approve": review.approve,
            "approve_anyway": lambda user, item: review.approve(user, item, anyway=True),
            "trim": review.trim,
            "keep": review.keep,
            "skip": review.skip,
            "undo": review.undo,
            "approve_all": lambda user, on: review.approve_all(user, day(on)),
            "approve_certain": lambda user, on: review.approve_all(
                user, day(on), certain_only=True
            ),
        }

    def decided(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        """A button, or an entry `<what>:<item>` of a row's menu, decides."""
        click = Click.of(body)
        what, _, value = click.value.rpartition(":")
        decide = self.decisions()[what or click.action_id]
        refusal = refused(ack, respond, lambda: decide(click.user, value))
        if refusal == self._tracker.too_long_ago:  # the message is from when it could still be done
            stored = self._days.item(value)
            self._days.show_again(stored[0].day if stored else date.fromisoformat(value))
        self._days.changed()

    def _answered(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        """“What was this?” has its answer; what that would move too is named before it does."""
        click = Click.of(body)
        said, _, item_id = click.value.rpartition(":")
        refusal = refused(ack, respond, lambda: self._days.answer(click.user, item_id, said))
        self._days.changed()
        stored = self._days.item(item_id)
        if stored is not None and not refusal:
            changes = self._days.would_move(stored[0].day)
            if changes is not None:
                _say(respond, changes, replace_original=False, response_type="ephemeral")

    def _move_too(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        """The rows that an answer would move are to follow it."""
        ack()
        day = date.fromisoformat(Click.of(body).value)
        changes = self._days.reread(
            day, "Changed:", lambda _, moves: "" if moves else "Nothing is left to change."
        )
        if changes is not None:
            _say(respond, changes, replace_original=True)

    # -- The whole day -------------------------------------------------------------------------

    def _turn_page(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        click = Click.of(body)
        page = int(click.action_id.partition(":")[2])
        self._days.turn_page(date.fromisoformat(click.value), page)

    def refresh(self, ack: Ack, body: dict[str, Any], client: WebClient, respond: Respond) -> None:
        """Reads a day anew, and shows it where it was asked for."""
        ack()
        days, day = self._days, Click.of(body).value.rpartition(":")[2]
        message = days.show_day(days.person.calendar.day(day))
        if body["actions"][0].get("block_id") == f"day:{day}":
            return  # that day's own message shows the answer itself
        if body.get("response_url"):
            _say(respond, message, replace_original=False)
        else:  # Home has no conversation to answer in
            days.messenger.reply_privately(days.person.id, message.text, message.blocks)
            days.show_home()

    def _remind(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        """The menu of messages that were posted before it was left to Slack and to Home."""
        ack()
        if Click.of(body).value != "silent":
            reply_privately(respond, f"{NO_REMINDERS} Nothing was set.")
            return
        tomorrow = self._days.person.calendar.today() + timedelta(days=1)
        self._days.set_preference(SILENT_UNTIL, tomorrow.isoformat())
        reply_privately(respond, f"I will say nothing by myself before {day_name(tomorrow)}.")

    # -- Home ----------------------------------------------------------------------------------

    def _home_opened(self, event: dict[str, Any]) -> None:
        if event.get("tab", "home") == "home":
            self._days.show_home()

    def _preference_changed(self, ack: Ack, body: dict[str, Any]) -> None:
        with stored_first(ack):
            preference = preference_of(body["actions"][0])
            if preference is not None:
                self._days.set_preference(*preference)
        self._days.show_home()

    def _rule_dropped(self, ack: Ack, body: dict[str, Any]) -> None:
        click = Click.of(body)
        with stored_first(ack):
            self._days.person.store.drop_rule(click.user, int(click.value))
        self._days.show_home()
        day, done = self._days.last_day(), "The rule is dropped."
        self._days.tell_changes(
            day, done, lambda _, moved: "" if moved else f"{done} Nothing moved on {day_name(day)}."
        )

    def _habits_forgotten(self, ack: Ack) -> None:
        ack()
        self._days.person.machine.forget_habits()
        sentence = "What your confirmed time taught is forgotten."
        self._days.messenger.reply_privately(self._days.person.id, sentence)


def _say(answer: Callable[..., object], message: SlackMessage, **more: Any) -> None:
    answer(text=message.text, blocks=message.blocks, **more)
