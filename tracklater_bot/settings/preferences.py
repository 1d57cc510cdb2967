"""Preferences set in Slack: stored per person, they win over the settings file."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from tracklater_bot.domain.text import day_name
from tracklater_bot.settings import DigestSettings, Settings, SuggestSettings

# Stored name -> (section, field) of the settings that it overrides.
OVERRIDES = {
    "digest_at": ("digest", "at"),
    "digest_days": ("digest", "days"),
    "holidays": ("digest", "holidays"),
}
# Those that could be chosen in Slack until they were left to the file alone.
MOVED = {
    "picture": ("digest", "picture"),
    "round_minutes": ("suggest", "round_minutes"),
    "idle_minutes": ("suggest", "idle_minutes"),
}
SILENT_UNTIL = "silent_until"
REMINDERS = "reminders"  # under which name the store remembered them, by day
NO_REMINDERS = "Slack itself reminds of any message: its menu has “Remind me about this”."


def effective(settings: Settings, preferences: Mapping[str, Any]) -> Settings:
    """The settings with the person's preferences laid over them.

    A stored value that the settings no longer accept is left out: the file's value stands.
    """
    for name, (section, field) in OVERRIDES.items():
        if name in preferences:
            settings = _with(settings, section, field, preferences[name])
    return settings


def _with(settings: Settings, section: str, field: str, value: Any) -> Settings:
    before: DigestSettings | SuggestSettings = getattr(settings, section)
    try:
        after = type(before).model_validate({**before.model_dump(), field: value})
    except ValidationError:
        return settings
    return settings.model_copy(update={section: after})


def moved(settings: Settings, preferences: Mapping[str, Any]) -> list[str]:
    """A sentence for each choice of old that holds no more, with the line that brings it back.

    It is told until the file says the same, or the choice is taken back.
    """
    return [
        f"You once chose `{section}.{field}` in Slack; tracklater.toml alone decides it now. Write"
        f" `{field} = {json.dumps(preferences[name])}` under `[{section}]`, or press Reset to the"
        " file in Home."
        for name, (section, field) in MOVED.items()
        if name in preferences and _with(settings, section, field, preferences[name]) != settings
    ]


def unreminded(reminders: object, days: Collection[date]) -> list[str]:
    """A sentence on the reminders of old for those of the days, on which something is open."""
    asked = [day for day in days if isinstance(reminders, dict) and day.isoformat() in reminders]
    if not asked:
        return []
    names = ", ".join(day_name(day) for day in asked)
    return [f"You asked me to remind you of {names}. I don't any more. {NO_REMINDERS}"]


def silent_until(preferences: Mapping[str, Any]) -> date | None:
    """The first day on which the bot may speak again by itself; None when it may now."""
    stored = preferences.get(SILENT_UNTIL)
    try:
        return date.fromisoformat(stored) if isinstance(stored, str) else None
    except ValueError:
        return None
