"""From files and variables to settings: what wins, what is refused, what is warned about."""

from __future__ import annotations

import logging
import stat
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_config_path
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from tracklater_bot.domain.text import clean, folded, listing
from tracklater_bot.settings import system_keyring, tree
from tracklater_bot.settings.base import GroupSection, Key, Missing, SettingsError, reason
from tracklater_bot.settings.models import GroupSettings, Settings

CONFIG_NAME = "tracklater.toml"
ENV_NAME = ".env"
APP_NAME = "tracklater-bot"
_LOCAL = ("localhost", "127.0.0.1", "::1")

# pydantic-settings can be told to log every value it reads, secrets among them.
logging.getLogger("pydantic_settings").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, where they come from, and what the person should know about them.

    `warnings` are lines to be shown; `path` and `env_file` are None when there is no such file.
    `secrets` is where each was found: `/home/me/.env: TRACKLATER_TOGGL__API_TOKEN`.
    """

    settings: Settings
    warnings: tuple[str, ...] = ()
    path: Path | None = None
    env_file: Path | None = None
    secrets: tuple[str, ...] = ()


def load(config: Path | None, env_file: Path | None, environ: Mapping[str, str]) -> Loaded:
    """The settings from TOML, the system's keyring, `.env` and the environment; the later wins.

    A file that is named must be there; one that is not named is looked for in the usual places.
    Raises SettingsError with a line for each thing that is wrong.
    """
    path, env_path = _files(config, env_file, environ)
    dotenv = tree.dotenv_variables(env_path) if env_path else {}
    toml = tree.toml_layer(path) if path else tree.Layer()
    groups = _known_groups(toml, dotenv, environ)
    in_file = f"{env_path}: "
    in_keyring, locked = system_keyring.kept(_listed(toml, {**dotenv, **environ}))
    # Strongest first; our own names win over Slack's wherever they are.
    layers = (
        tree.variables_layer(environ, groups, ""),
        ours := tree.variables_layer(dotenv, groups, in_file),
        tree.alias_layer(environ, ""),
        slacks := tree.alias_layer(dotenv, in_file),
        tree.variables_layer(in_keyring, groups, f"{system_keyring.PLACE}: "),
        toml,
    )
    merged = {key: found for layer in reversed(layers) for key, found in layer.values.items()}
    settings, invalid = _validated(merged, [layer.values for layer in layers])
    problems = [*(problem for layer in layers for problem in layer.problems), *invalid]
    problems += _two_trackers(settings)
    if problems:
        raise SettingsError(problems)
    settings.zone()
    warnings = (
        *filter(None, (locked,)),
        *_exposed(path, toml),
        *_exposed(env_path, ours, slacks),
        *advice(settings),
    )
    secrets = (found.where for key, found in merged.items() if _is_hidden(key, found))
    return Loaded(settings, warnings, path, env_path, tuple(sorted(secrets)))


def _two_trackers(settings: Settings) -> list[str]:
    """Entries go to one place: nobody should have to guess to which."""
    names = [written((*at, own.key)) for at, own in settings.trackers()]
    if len(names) < 2:
        return []
    return [f"{listing(names)} are set, but entries go to one tracker: remove what you don't use"]


# -- which files -------------------------------------------------------------------------------


def _files(
    config: Path | None, env_file: Path | None, environ: Mapping[str, str]
) -> tuple[Path | None, Path | None]:
    """The settings file and the `.env`: those that are named, else those that are found."""
    here = Path(ENV_NAME)
    env_path = _existing(env_file, "--env-file") if env_file else None
    if config:
        path: Path | None = _existing(config, "--config")
    elif environ.get(tree.CONFIG_VARIABLE):
        path = _existing(Path(environ[tree.CONFIG_VARIABLE]), tree.CONFIG_VARIABLE)
    else:
        first = env_path or _found(here)
        named = tree.dotenv_variables(first).get(tree.CONFIG_VARIABLE) if first else None
        if named:
            return _existing(Path(named), tree.CONFIG_VARIABLE), first
        path = _found(*places_looked_at())
    beside = [path.with_name(ENV_NAME)] if path else []
    return path, env_path or _found(*beside, here)


def places_looked_at() -> tuple[Path, Path]:
    """Where a settings file that nobody names is looked for: the first one counts."""
    return Path(CONFIG_NAME), user_config_path(APP_NAME) / CONFIG_NAME


def _found(*places: Path) -> Path | None:
    return next((place for place in places if place.is_file()), None)


def _existing(path: Path, named_by: str) -> Path:
    with suppress(RuntimeError):  # no such user: then "~name" is the name of a file
        path = path.expanduser()
    if not path.exists():
        raise SettingsError(f"{path}: there is no such file; {named_by} names it")
    return path


# -- which value wins --------------------------------------------------------------------------


def _known_groups(toml: tree.Layer, *variables: Mapping[str, str]) -> list[str]:
    groups = {folded(group.strip()): group for group in toml.groups()}
    for variable in variables:
        for group in tree.groups_in_variables(variable):
            groups.setdefault(folded(group.strip()), group)
    return list(groups.values())


def _listed(toml: tree.Layer, variables: Mapping[str, str]) -> list[str]:
    """The variables that the keyring is asked for: those listed that are not set elsewhere."""
    listed = toml.values.get(("keyring",), tree.FoundValue((), "")).value
    listed = variables.get(tree.env_name(("keyring",))) or listed
    names = listed.split(",") if isinstance(listed, str) else listed
    words = [str(name).strip() for name in names] if isinstance(names, list) else []
    return [name for name in words if not variables.get(name, "").strip()]


def _validated(
    merged: Mapping[Key, tree.FoundValue], layers: Sequence[Mapping[Key, tree.FoundValue]]
) -> tuple[Settings, list[str]]:
    """The settings, and a line for every value that cannot be used."""
    try:
        # A table such as tracker.projects is one value: it wins whole.
        layered: Any = [
            {key: found.value for key, found in layer.items() if merged[key] is found}
            for layer in layers
        ]
        return _Settings(settings=layered).settings, []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return Settings(), list(dict.fromkeys(_problem(detail, merged) for detail in details))


class _Settings(BaseSettings):
    """What pydantic-settings fills from the layers that it is made with, strongest first."""

    settings: Settings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_args: Any,
        **_kwargs: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The layers alone."""
        return tuple(
            InitSettingsSource(settings_cls, {"settings": tree.nested(layer)})
            for layer in init_settings()["settings"]
        )


def _problem(detail: ErrorDetails, merged: Mapping[Key, tree.FoundValue]) -> str:
    """Where, what, why, without the value."""
    location = tuple(str(key) for key in detail["loc"][1:])  # without "settings"
    for length in range(len(location), 0, -1):
        value = merged.get(location[:length])
        if value:
            inside = "".join(f", item {_position(key)}" for key in location[length:])
            return f"{value.where}{inside}: {reason(detail)}"
    return f"{tree.dotted(location)}: {reason(detail)}"


def _position(key: str) -> str:
    """A place in a list as people count; a key of a table as it is."""
    return str(int(key) + 1) if key.isdecimal() else tree.dotted([key])


# -- who can read it ---------------------------------------------------------------------------


def _exposed(path: Path | None, *layers: tree.Layer) -> list[str]:
    """A line when a file with secrets is open to other users, or is the wrong place for them."""
    secrets = [
        key for layer in layers for key, found in layer.values.items() if _is_hidden(key, found)
    ]
    if path is None or not secrets:
        return []
    lines = []
    if path.suffix == ".toml":
        names = ", ".join(tree.dotted(key) for key in secrets)
        lines.append(f"{path}: holds secrets ({names}): better keep them in .env")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        lines.append(f"{path}: holds secrets and is open to other users: chmod 600 {path}")
    return lines


def _is_hidden(path: Key, found: tree.FoundValue) -> bool:
    """Whether there is anything to hide: an empty value tells nothing, nor does a plain path."""
    value = str(found.value)
    if path == ("database_url",):
        return bool(urlsplit(value).password)
    return tree.is_secret(path) and bool(value.strip())


# -- what is allowed, but probably not what was meant --------------------------------------------


def advice(settings: Settings) -> tuple[str, ...]:
    """A line for each thing that the person should look at."""
    return (
        *_shared(settings),
        *_misspelt(settings),
        *_unencrypted(settings),
        *(
            f"{tree.dotted((*at, field))}: {sentence}"
            for at, section in settings.sections()
            for field, sentence in section.doubts()
        ),
    )


def _shared(settings: Settings) -> Iterator[str]:
    """Whatever belongs to two groups can tell neither of them."""
    owners: dict[tuple[str, Hashable], list[str]] = {}
    for at, section in settings.sections():
        if isinstance(section, GroupSection):
            for what in dict.fromkeys(section.exclusive()):
                owners.setdefault(what, []).append(at[1])
    for (kind, thing), names in owners.items():
        if len(names) > 1:
            both = " and ".join(clean(name, 60) for name in names)
            shared = f"{kind} {clean(str(thing), 60)}"
            yield f"groups {both} share the {shared}: it cannot tell them apart"


def _misspelt(settings: Settings) -> Iterator[str]:
    """A group with hardly any settings and nearly the name of another is probably a slip."""
    for one, other in combinations(settings.groups, 2):
        for slip, meant in ((one, other), (other, one)):
            if _is_fragment(settings.groups[slip]) and _alike(slip, meant):
                where = tree.dotted((tree.GROUPS, slip))
                yield f"{where}: is this a group of its own, or {clean(meant, 60)}?"
                break


def _is_fragment(group: GroupSettings) -> bool:
    _, tracker = group.tracked_in()
    return not (group.keywords or group.git.repos or tracker.is_named)


def _alike(one: str, other: str) -> bool:
    """Whether the names differ by a slip; names that differ in digits alone are counted on."""
    letters = [
        "".join(char for char in folded(name) if not char.isdigit()) for name in (one, other)
    ]
    if letters[0] == letters[1]:
        return False
    return SequenceMatcher(None, folded(one), folded(other)).ratio() >= 0.75


def _unencrypted(settings: Settings) -> Iterator[str]:
    """Tokens sent over plain http can be read on the way."""
    for at, section in settings.sections():
        for field in section.sends_to:
            parts = urlsplit(getattr(section, field) or "")
            if parts.scheme == "http" and parts.hostname not in _LOCAL:
                name = tree.dotted((*at, field))
                yield f"{name}: sends tokens unencrypted: write https:// if the server has it"


def unfinished(settings: Settings) -> tuple[str, ...]:
    """A line for each value that is missing, with its name. What is not set up at all is fine."""
    lacks = (value for at, section in settings.sections() for value in section.lacks(settings, at))
    return _missing(lacks)


def needed(settings: Settings) -> tuple[str, ...]:
    """A line for each value that is missing and without which there is no bot in Slack."""
    return _missing(settings.slack.needed(("slack",)))


def _missing(values: Iterable[Missing]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{written(path)} is missing: {why}" for path, why in values))


def written(path: Key) -> str:
    """A setting as the person writes it: a variable for a secret, else its place in the file."""
    return tree.env_name(path) if tree.is_private(path) else tree.dotted(path)


def first_clues() -> str:
    """What to set for a first source of clues: `thyme.dir, or git.repos of a group`."""
    in_group = ((tree.GROUPS, "NAME", *at) for at in tree.sections(GroupSettings))
    sections = map(tree.section_at, (*tree.sections(Settings), *in_group))
    *first, last = [section.gives_clues for section in sections if section and section.gives_clues]
    return f"{', '.join(first)}, or {last}" if first else last
