"""From files and variables to settings: what wins, what is refused, what is warned about."""

from __future__ import annotations

import logging
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from platformdirs import user_config_path
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from tracklater_bot.domain.text import folded
from tracklater_bot.settings.advice import advice
from tracklater_bot.settings.errors import SettingsError, reason
from tracklater_bot.settings.layers import (
    CONFIG_VARIABLE,
    FoundValue,
    Layer,
    alias_layer,
    dotenv_variables,
    groups_in_variables,
    toml_layer,
    variables_layer,
)
from tracklater_bot.settings.models import Settings
from tracklater_bot.settings.sections import Path
from tracklater_bot.settings.tree import dotted, is_secret, nested

CONFIG_NAME = "tracklater.toml"
ENV_NAME = ".env"
_LAYERS = "layers"
APP_NAME = "tracklater-bot"

# pydantic-settings can be told to log every value it reads, secrets among them.
logging.getLogger("pydantic_settings").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, where they come from, and what the person should know about them.

    `warnings` are lines to be shown; `path` and `env_file` are None when there is no such file.
    """

    settings: Settings
    warnings: tuple[str, ...] = ()
    path: FilePath | None = None
    env_file: FilePath | None = None


class _LayerSource(PydanticBaseSettingsSource):
    """One layer, as pydantic-settings wants it."""

    def __init__(self, settings_cls: type[BaseSettings], values: Mapping[Path, FoundValue]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value of one field of the whole."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return {"settings": nested({path: found.value for path, found in self._values.items()})}


class _Layers(NamedTuple):
    """All there is to say, strongest first. Our own names win over Slack's wherever they are."""

    environment: Layer
    dotenv: Layer
    slack_environment: Layer
    slack_dotenv: Layer
    toml: Layer


def load(config: FilePath | None, env_file: FilePath | None, environ: Mapping[str, str]) -> Loaded:
    """The settings from TOML, `.env` and the environment; the later wins.

    A file that is named must be there; one that is not named is looked for in the usual places.
    Raises SettingsError with a line for each thing that is wrong.
    """
    env_path = _env_path(env_file)
    dotenv = dotenv_variables(env_path) if env_path else {}
    path = _config_path(config, environ, dotenv)
    layers = _layers(path, env_path, dotenv, environ)
    settings, invalid = _validated([layer.values for layer in layers])
    problems = [*(problem for layer in layers for problem in layer.problems), *invalid]
    if problems:
        raise SettingsError(problems)
    settings.zone()
    warnings = (
        *_exposed(path, layers.toml),
        *_exposed(env_path, layers.dotenv, layers.slack_dotenv),
        *advice(settings),
    )
    return Loaded(settings, warnings, path, env_path)


# -- which files -------------------------------------------------------------------------------


def _env_path(named: FilePath | None) -> FilePath | None:
    if named:
        return _existing(named, "--env-file")
    return FilePath(ENV_NAME) if FilePath(ENV_NAME).is_file() else None


def _config_path(
    named: FilePath | None, environ: Mapping[str, str], dotenv: Mapping[str, str]
) -> FilePath | None:
    if named:
        return _existing(named, "--config")
    variable = environ.get(CONFIG_VARIABLE) or dotenv.get(CONFIG_VARIABLE)
    if variable:
        return _existing(FilePath(variable), CONFIG_VARIABLE)
    if FilePath(CONFIG_NAME).is_file():
        return FilePath(CONFIG_NAME)
    usual = user_config_path(APP_NAME) / CONFIG_NAME
    return usual if usual.is_file() else None


def _existing(path: FilePath, named_by: str) -> FilePath:
    with suppress(RuntimeError):  # no such user: then "~name" is the name of a file
        path = path.expanduser()
    if not path.exists():
        raise SettingsError(f"{path}: there is no such file; {named_by} names it")
    return path


# -- which value wins --------------------------------------------------------------------------


def _layers(
    path: FilePath | None,
    env_path: FilePath | None,
    dotenv: Mapping[str, str],
    environ: Mapping[str, str],
) -> _Layers:
    toml = toml_layer(path) if path else Layer()
    groups = _known_groups(toml, dotenv, environ)
    in_file = f"{env_path}: "
    return _Layers(
        environment=variables_layer(environ, groups, ""),
        dotenv=variables_layer(dotenv, groups, in_file),
        slack_environment=alias_layer(environ, ""),
        slack_dotenv=alias_layer(dotenv, in_file),
        toml=toml,
    )


def _known_groups(toml: Layer, *variables: Mapping[str, str]) -> list[str]:
    groups = {folded(group.strip()): group for group in toml.groups()}
    for variable in variables:
        for group in groups_in_variables(variable):
            groups.setdefault(folded(group.strip()), group)
    return list(groups.values())


def _validated(layers: Sequence[Mapping[Path, FoundValue]]) -> tuple[Settings, list[str]]:
    """The settings, and a line for every value that cannot be used."""
    merged: dict[Path, FoundValue] = {}
    winning: list[dict[Path, FoundValue]] = []
    for layer in layers:  # a table such as toggl.projects is one value: it wins whole
        winning.append({path: found for path, found in layer.items() if path not in merged})
        merged |= winning[-1]
    try:
        return _Reader(layers=winning).settings, []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return Settings(), list(dict.fromkeys(_line(detail, merged) for detail in details))


class _Reader(BaseSettings):
    """What pydantic-settings fills from the layers that it is made with, strongest first."""

    settings: Settings

    def __init__(self, *, layers: Sequence[Mapping[Path, FoundValue]]) -> None:
        values: dict[str, Any] = {_LAYERS: layers}
        super().__init__(**values)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_args: Any,
        **_kwargs: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The layers alone."""
        layers = init_settings()[_LAYERS]
        return tuple(_LayerSource(settings_cls, layer) for layer in layers)


def _line(detail: ErrorDetails, merged: Mapping[Path, FoundValue]) -> str:
    """Where, what, why, without the value."""
    location = tuple(str(key) for key in detail["loc"][1:])  # without "settings"
    for length in range(len(location), 0, -1):
        found = merged.get(location[:length])
        if found:
            inside = "".join(f", item {_counted(key)}" for key in location[length:])
            return f"{found.where}{inside}: {reason(detail)}"
    return f"{dotted(location)}: {reason(detail)}"


def _counted(key: str) -> str:
    """A place in a list as people count; a key of a table as it is."""
    return str(int(key) + 1) if key.isdecimal() else dotted([key])


# -- who can read it ---------------------------------------------------------------------------


def _exposed(path: FilePath | None, *layers: Layer) -> list[str]:
    """A line when a file with secrets is open to other users, or is the wrong place for them."""
    secrets = [
        key
        for layer in layers
        for key, found in layer.values.items()
        if is_secret(key) and _is_telling(key, str(found.value))
    ]
    if path is None or not secrets:
        return []
    lines = []
    if path.suffix == ".toml":
        names = ", ".join(dotted(key) for key in secrets)
        lines.append(f"{path}: holds secrets ({names}): better keep them in .env")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        lines.append(f"{path}: holds secrets and is open to other users: chmod 600 {path}")
    return lines


def _is_telling(path: Path, value: str) -> bool:
    """Whether there is anything to hide: an empty value tells nothing, nor does a plain path."""
    if path == ("database_url",):
        return bool(urlsplit(value).password)
    return bool(value.strip())
