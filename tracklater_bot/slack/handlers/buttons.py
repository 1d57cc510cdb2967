"""Buttons in the day's message: each asks the review, acknowledges, and lets the message follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from slack_bolt import Ack, App, Respond

from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.text import TOO_LONG_AGO
from tracklater_bot.review.decisions import ReviewError
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.payloads import Click, reply_privately, stored_first

Decide = Callable[[Click], Digest]


class ButtonHandlers:
    """The listeners of the message's buttons."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._review = days.review

    def register(self, app: App) -> None:
        """Tells Bolt which button is whose."""
        review = self._review
        for action, decide in {
            "approve": lambda click: review.approve(click.user, click.value),
            "approve_anyway": lambda click: review.approve(click.user, click.value, anyway=True),
            "trim": lambda click: review.trim(click.user, click.value),
            "keep": lambda click: review.keep(click.user, click.value),
            "skip": lambda click: review.skip(click.user, click.value),
            "undo": lambda click: review.undo(click.user, click.value),
            "approve_all": lambda click: review.approve_all(click.user, _day(click)),
            "approve_certain": lambda click: review.approve_all(
                click.user, _day(click), certain_only=True
            ),
        }.items():
            app.action(action)(self._listener(decide))

    def _listener(self, decide: Decide) -> Callable[[Ack, dict[str, Any], Respond], None]:
        def listen(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
            click = Click.of(body)
            with stored_first(ack):
                refusal = refusal_of(lambda: decide(click))
            if refusal:
                reply_privately(respond, refusal)
            if refusal == TOO_LONG_AGO:  # the message is from when it could still be done
                self._days.show_again(self._day_of(click))
            self._days.changed()

        return listen

    def _day_of(self, click: Click) -> date:
        stored = self._days.item(click.value)
        return stored[0].day if stored else _day(click)


def refusal_of(decide: Callable[[], Digest]) -> str:
    """Carries out one decision; why not, in words for the person, if not."""
    try:
        decide()
    except ReviewError as error:
        return sentence(error)
    return ""


def sentence(error: ReviewError) -> str:
    """A review error as one text, for where there are no fields to put it beside."""
    return " ".join(error.fields.values()) or str(error)


def _day(click: Click) -> date:
    return date.fromisoformat(click.value)
