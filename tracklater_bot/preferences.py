"""Preferences set in Slack: stored per person, they win over the settings file."""

from __future__ import annotations

from datetime import date, time
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
    digest, suggest = settings.digest, settings.suggest
    for name, (section, field) in OVERRIDES.items():
        if name not in preferences:
            continue
        if section == "digest":
            digest = _digest_with(digest, field, preferences[name])
        else:
            suggest = _suggest_with(suggest, field, preferences[name])
    return settings.model_copy(update={"digest": digest, "suggest": suggest})


def silent_until(preferences: dict[str, Any]) -> date | None:
    """The first day on which the bot may speak again by itself; None when it may now."""
    stored = preferences.get(SILENT_UNTIL)
    return date.fromisoformat(stored) if isinstance(stored, str) else None


def stored_time(at: time) -> str:
    """A time as preferences keep it."""
    return at.isoformat(timespec="minutes")


def _digest_with(section: DigestSettings, field: str, value: Any) -> DigestSettings:
    try:
        return DigestSettings.model_validate({**section.model_dump(), field: value})
    except ValidationError:
        return section


def _suggest_with(section: SuggestSettings, field: str, value: Any) -> SuggestSettings:
    try:
        return SuggestSettings.model_validate({**section.model_dump(), field: value})
    except ValidationError:
        return section
