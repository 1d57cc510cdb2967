"""The team's file, and the settings of each person: the same, with tokens of their own.

The file is a settings file like any other. What tells of one machine (folders, recorders, clue
tokens) is left out of it here: that is each laptop's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tracklater_bot.settings import Settings, SettingsError, needed
from tracklater_bot.settings.tree import nested

# Of one machine, or read there with a token that stays there.
_LEFT = ("thyme", "activitywatch", "agents", "calendar", "git")
_CLUE_TOKENS = ("user_id", "user_token")


NO_DATABASE = (
    "TRACKLATER_DATABASE_URL must be a PostgreSQL database's: postgresql://user:password@host/name."
)


def database_of(settings: Settings) -> str:
    """The database's address. Raises SettingsError where it is none of PostgreSQL's."""
    url = settings.database_url.get_secret_value()
    if not url.startswith(("postgres://", "postgresql://", "postgresql+psycopg://")):
        raise SettingsError(NO_DATABASE)
    return url


def left_out(settings: Settings) -> list[str]:
    """What the file says of one machine, which is not read here."""
    return [name for name in _LEFT if name in settings.model_fields_set]


def lacking(settings: Settings) -> Iterator[str]:
    """What the team's settings lack without which there is no hub, a line each."""
    if not settings.groups:
        yield "The team's file (tracklater.toml, or --config) has no [groups.NAME] for any client."
    yield from needed(person_settings(team_settings(settings), "U0", {}))
    try:
        database_of(settings)
    except SettingsError as error:
        yield str(error)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value that a person gives in Slack: its place in the settings, and what it is called."""

    name: str
    label: str
    secret: bool = True

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to it; a group's name may have any character but a tab."""
        return tuple(self.name.split("\t"))


def team_settings(settings: Settings) -> Settings:
    """The file without what is each laptop's own."""
    tables = settings.model_dump(exclude_unset=True)
    for name in _LEFT:
        tables.pop(name, None)
    for own in (tables, *tables.get("groups", {}).values()):
        own.pop("git", None)
        for token in _CLUE_TOKENS:
            own.get("slack", {}).pop(token, None)
    return Settings.model_validate(tables)


def person_settings(team: Settings, person: str, tokens: Mapping[str, str]) -> Settings:
    """The team's settings as this person's. Tokens that fit nowhere any more are left out."""
    known = {wanted.name: wanted for wanted in wanted_of(team)}
    values = {known[name].path: value for name, value in tokens.items() if name in known}
    tables = team.model_dump(exclude_unset=True)
    _merge(tables, nested({**values, ("slack", "user_id"): person}))
    try:
        return Settings.model_validate(tables)
    except ValidationError:  # whatever was sealed was tried; but the team's file may have changed
        return person_settings(team, person, {}) if tokens else team


def wanted_of(team: Settings) -> list[Wanted]:
    """What each person has to give, since the team's file does not."""
    return [*_of_trackers(team), *_of_issues(team)]


def _of_trackers(team: Settings) -> Iterator[Wanted]:
    if not team.trackers() and any(own.tracked_in()[1].is_named for own in team.groups.values()):
        chosen = next(own for own in (team.toggl, team.clockify) if team.is_chosen(own))
        section = "toggl" if chosen is team.toggl else "clockify"
        yield Wanted(f"{section}\t{chosen.key}", f"{chosen.label}: your API token")


def _of_issues(team: Settings) -> Iterator[Wanted]:
    for name, group in team.groups.items():
        jira = group.jira
        if jira.url and jira.api_token is None:
            place = f"groups\t{name}\tjira\t"
            yield Wanted(f"{place}email", f"Jira ({name}): e-mail", secret=False)
            yield Wanted(f"{place}api_token", f"Jira ({name}): API token")
    taiga = [own for name in team.groups if (own := team.taiga_for(name)) is not None]
    if taiga and any(own.password is None for own in taiga):
        yield Wanted("taiga\tusername", "Taiga: user name", secret=False)
        yield Wanted("taiga\tpassword", "Taiga: password")
    for section, label in (("github", "GitHub"), ("gitlab", "GitLab")):
        common = getattr(team, section)
        forges = [
            own
            for name, group in team.groups.items()
            if (own := getattr(group, section).resolved(team, name)) is not None
        ]
        if common.token is None and any(own.token is None for own in forges):
            yield Wanted(f"{section}\ttoken", f"{label}: token")


def _merge(tables: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping):
            _merge(tables.setdefault(key, {}), value)
        else:
            tables[key] = value
