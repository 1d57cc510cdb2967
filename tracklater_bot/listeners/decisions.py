"""Buttons in the day's message: each acknowledges, asks the review, and lets the message follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from slack_bolt import Ack, App, Respond

from tracklater_bot.crashpoints import here
from tracklater_bot.desk import Desk
from tracklater_bot.listeners.clicks import STRANGER, Click, whisper
from tracklater_bot.model import Digest
from tracklater_bot.review import NotYours, ReviewError

Decide = Callable[[Click], Digest]


class Decisions:
    """The listeners of the message's buttons."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._review = desk.review

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
            ack()
            here("after-ack")
            self.decide(Click.of(body), decide, respond)

        return listen

    def decide(self, click: Click, decide: Decide, respond: Respond) -> None:
        """Carries out one decision and tells the person in a whisper why not, if not."""
        if click.user != self._desk.person:
            whisper(respond, STRANGER)
            return
        try:
            decide(click)
        except NotYours:
            whisper(respond, STRANGER)
        except ReviewError as error:
            whisper(respond, sentence(error))
        self._desk.changed()


def sentence(error: ReviewError) -> str:
    """A review error as one text, for where there are no fields to put it beside."""
    return " ".join(error.fields.values()) or str(error)


def _day(click: Click) -> date:
    return date.fromisoformat(click.value)
