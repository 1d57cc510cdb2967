"""The person's own rules on windows: made in a dialog, dropped in Home."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App

from tracklater_bot.blocks.dialog_values import DialogMeta
from tracklater_bot.blocks.rule_dialog import parse_rule
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.payloads import Click, stored_first


class RuleHandlers:
    """The listeners of the rule dialog and of the rules in Home."""

    def __init__(self, days: Days) -> None:
        self._days = days

    def register(self, app: App) -> None:
        """Tells Bolt which dialog and which button is whose."""
        app.view("rule")(self._made)
        app.action("drop_rule")(self._dropped)

    def _made(self, ack: Ack, view: dict[str, Any]) -> None:
        day = self._days.person.calendar.day(DialogMeta.of(view).day)
        rule = parse_rule(view, self._days.lookups.choices(day))
        if isinstance(rule, dict):
            ack(response_action="errors", errors=rule)
        else:
            self._days.person.store.add_rule(self._days.person.id, rule)
            ack(response_action="clear")
            self._days.show_day(day)

    def _dropped(self, ack: Ack, body: dict[str, Any]) -> None:
        click = Click.of(body)
        with stored_first(ack):
            self._days.person.store.drop_rule(click.user, int(click.value))
        self._days.show_home()
