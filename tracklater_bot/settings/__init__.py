"""Settings: TOML for what is no secret, the environment and `.env` for secrets."""

from tracklater_bot.settings.advice import first_clues, unfinished
from tracklater_bot.settings.errors import SettingsError
from tracklater_bot.settings.loading import Loaded, load
from tracklater_bot.settings.models import (
    DigestSettings,
    GroupSettings,
    GroupToggl,
    GroupTracker,
    Settings,
    SuggestSettings,
    TogglSettings,
)
from tracklater_bot.settings.sections import GroupJira, ResolvedForge, ResolvedTaiga

__all__ = [
    "DigestSettings",
    "GroupJira",
    "GroupSettings",
    "GroupToggl",
    "GroupTracker",
    "Loaded",
    "ResolvedForge",
    "ResolvedTaiga",
    "Settings",
    "SettingsError",
    "SuggestSettings",
    "TogglSettings",
    "first_clues",
    "load",
    "unfinished",
]
