"""The Home tab: shown when it is opened, and its preferences kept when they are changed."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt import Ack, App

from tracklater_bot.blocks.home import preference_of
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.payloads import stored_first


class HomeHandlers:
    """The listeners of App Home."""

    def __init__(self, days: Days) -> None:
        self._days = days

    def register(self, app: App) -> None:
        """Tells Bolt about the tab and its controls."""
        app.event("app_home_opened")(self._opened)
        app.action(re.compile(r"^pref_"))(self._changed)

    def _opened(self, event: dict[str, Any]) -> None:
        if event.get("tab", "home") == "home":
            self._days.show_home()

    def _changed(self, ack: Ack, body: dict[str, Any]) -> None:
        with stored_first(ack):
            preference = preference_of(body["actions"][0])
            if preference is not None:
                self._days.set_preference(*preference)
        self._days.show_home()
