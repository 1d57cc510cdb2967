"""`/tracklater`, the buttons of a day's message, and the Home tab.

A button that decides is asked of the review and acknowledged when that is stored; the message
follows by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from slack_bolt import Ack, App, Respond

from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.help import help_message, note, status_message, unknown_word
from tracklater_bot.blocks.home import preference_of
from tracklater_bot.domain.day import NoSuchDay, WhenError
from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.stretches import Stretch, parse_stretch
from tracklater_bot.domain.text import day_name
from tracklater_bot.settings.preferences import NO_REMINDERS, SILENT_UNTIL
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.payloads import Click, refusal_of, reply_privately, stored_first

MOST_WORD = 60
Decide = Callable[[str, str], Digest]


class DayHandlers:
    """The listeners of all that is not in a dialog."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._tracker = days.person.tracker_words

    def register(self, app: App) -> None:
        """Tells Bolt which command, button and tab is whose."""
        app.command("/tracklater")(self._command)
        for action in self._decisions():
            app.action(action)(self._decided)
        app.action(re.compile(r"^page:\d+$"))(self._turn_page)
        app.action("refresh")(self._refresh)
        app.action("open_day")(self._refresh)
        app.action("approve_days")(self._approve_days)
        app.action("bill_month")(self._bill_month)
        app.action("unbill_month")(self._bill_month)
        app.action("remind")(self._remind)
        app.event("app_home_opened")(self._home_opened)
        app.action(re.compile(r"^pref_"))(self._preference_changed)
        app.action("drop_rule")(self._rule_dropped)

    # -- The command ---------------------------------------------------------------------------

    def _command(self, ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        """Answers at once, and fills in when ready. Only the person sees the answers."""
        word = str(command.get("text") or "").strip().casefold()[:MOST_WORD]
        if word == "help":
            _say(ack, help_message(self._tracker))
        elif word == "status":
            _say(ack, note("Asking everyone how they are…"))
            _say(respond, status_message(self._days.views.status()), replace_original=True)
        else:
            self._time(word, ack, respond)

    def _time(self, word: str, ack: Ack, respond: Respond) -> None:
        """A day, a week or a month."""
        calendar, stretch = self._days.person.calendar, None
        try:
            stretch = parse_stretch(word, calendar.today())
            day = calendar.past_day(word if stretch is None else str(stretch.first))
        except NoSuchDay as error:
            _say(ack, note(str(error)))
        except WhenError:
            _say(ack, unknown_word(word))
        else:
            _say(ack, note(f"Looking at {stretch.name if stretch else day_name(day.date)}…"))
            days = self._days
            answer = days.show_day(day) if stretch is None else days.show_days(stretch)
            _say(respond, answer, replace_original=True)

    def _approve_days(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        click, days = Click.of(body), self._days
        with stored_first(ack):
            refusal = refusal_of(lambda: days.approve_days(click.user, click.value))
        if refusal:
            reply_privately(respond, refusal)
        days.changed()
        stretch = Stretch.parse(click.value.rpartition("/")[0])
        _say(respond, days.weeks.again(stretch), replace_original=True)

    def _bill_month(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        click, weeks = Click.of(body), self._days.weeks
        words, _, seen = click.value.rpartition("/")
        stretch = Stretch.parse(words)
        with stored_first(ack):
            if click.action_id == "unbill_month":
                weeks.billing.unmark(stretch)
            else:
                refusal = refusal_of(lambda: weeks.billing.mark(stretch, seen))
                if refusal:
                    reply_privately(respond, refusal)
        billing = weeks.billing.as_shown(stretch)
        _say(respond, weeks.again(stretch, billing), replace_original=True)

    # -- Decisions -----------------------------------------------------------------------------

    def _decisions(self) -> dict[str, Decide]:
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

    def _decided(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        click = Click.of(body)
        decide = self._decisions()[click.action_id]
        with stored_first(ack):
            refusal = refusal_of(lambda: decide(click.user, click.value))
        if refusal:
            reply_privately(respond, refusal)
        if refusal == self._tracker.too_long_ago:  # the message is from when it could still be done
            stored = self._days.item(click.value)
            self._days.show_again(stored[0].day if stored else date.fromisoformat(click.value))
        self._days.changed()

    # -- The whole day -------------------------------------------------------------------------

    def _turn_page(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        click = Click.of(body)
        page = int(click.action_id.partition(":")[2])
        self._days.turn_page(date.fromisoformat(click.value), page)

    def _refresh(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        days, day = self._days, Click.of(body).value
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


def _say(answer: Callable[..., object], message: SlackMessage, **more: bool) -> None:
    answer(text=message.text, blocks=message.blocks, **more)
