"""Settings: TOML for what is no secret, the environment and `.env` for secrets."""

from tracklater_bot.settings.advice import first_clues, unfinished
from tracklater_bot.settings.errors import SettingsError
from tracklater_bot.settings.loading import Loaded, load
from tracklater_bot.settings.models import (
    DigestSettings,
    GitSettings,
    GroupGit,
    GroupJira,
    GroupSettings,
    GroupSlack,
    GroupTaiga,
    GroupThyme,
    GroupToggl,
    ResolvedSlack,
    ResolvedTaiga,
    Settings,
    SlackSettings,
    SuggestSettings,
    TaigaSettings,
    ThymeSettings,
    TogglSettings,
)
from tracklater_bot.settings.types import Weekday, Words

__all__ = [
    "DigestSettings",
    "GitSettings",
    "GroupGit",
    "GroupJira",
    "GroupSettings",
    "GroupSlack",
    "GroupTaiga",
    "GroupThyme",
    "GroupToggl",
    "Loaded",
    "ResolvedSlack",
    "ResolvedTaiga",
    "Settings",
    "SettingsError",
    "SlackSettings",
    "SuggestSettings",
    "TaigaSettings",
    "ThymeSettings",
    "TogglSettings",
    "Weekday",
    "Words",
    "first_clues",
    "load",
    "unfinished",
]
