"""Preferences set in Slack: stored per person, they win over the settings file."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import ValidationError

from tracklater_bot.settings import DigestSettings, Settings, SuggestSettings

# Stored name -> (section, field) of the settings that it overrides.
OVERRIDES = {
    "digest_at": ("digest", "at"),
    "digest_days": ("digest", "days"),
    "holidays": ("digest", "holidays"),
    "picture": ("digest", "picture"),
    "round_minutes": ("suggest", "round_minutes"),
    "idle_minutes": ("suggest", "idle_minutes"),
}
SILENT_UNTIL = "silent_until"


def effective(settings: Settings, preferences: dict[str, Any]) -> Settings:
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


def silent_until(preferences: dict[str, Any]) -> date | None:
    """The first day on which the bot may speak again by itself; None when it may now."""
    stored = preferences.get(SILENT_UNTIL)
    try:
        return date.fromisoformat(stored) if isinstance(stored, str) else None
    except ValueError:
        return None
