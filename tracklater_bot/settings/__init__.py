"""Settings: TOML for what is no secret, the environment and `.env` for secrets."""

from tracklater_bot.settings.base import SettingsError
from tracklater_bot.settings.issue_sections import GroupJira, ResolvedForge, ResolvedTaiga
from tracklater_bot.settings.loading import Loaded, first_clues, load, needed, unfinished
from tracklater_bot.settings.models import DigestSettings, GroupSettings, Settings, SuggestSettings
from tracklater_bot.settings.sections import ClockifySettings, GroupTracker, TogglSettings

__all__ = [
    "ClockifySettings", "DigestSettings", "GroupJira", "GroupSettings", "GroupTracker", "Loaded",
    "ResolvedForge", "ResolvedTaiga", "Settings", "SettingsError", "SuggestSettings",
    "TogglSettings", "first_clues", "load", "needed", "unfinished",
]  # fmt: skip
