"""The tree of settings as data: which keys exist, what their variables are called, what is written.

A path is the tuple of keys that leads to a setting: ("slack", "bot_token"). Each place where
settings are written is read into a flat layer: path -> value and origin. A problem is one line:
where, what, why. No line ever holds a value, which might be a secret.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin
from unicodedata import normalize

from dotenv.parser import parse_stream
from pydantic import SecretStr

from tracklater_bot.domain.text import clean, folded
from tracklater_bot.settings.base import Key, Section, SettingsError
from tracklater_bot.settings.models import GroupSettings, Settings

PREFIX = "TRACKLATER_"
NESTING = "__"
GROUPS = "groups"

BARE = re.compile(r"[A-Za-z0-9_-]+")
_NOT_ENV = re.compile(r"[^A-Z0-9]")
# Slack's own names for three of the secrets; ours win, wherever they are written.
ALIASES: Mapping[str, Key] = {
    "SLACK_BOT_TOKEN": ("slack", "bot_token"),
    "SLACK_APP_TOKEN": ("slack", "app_token"),
    "SLACK_SIGNING_SECRET": ("slack", "signing_secret"),
}
CONFIG_VARIABLE = f"{PREFIX}CONFIG"  # says where the settings are, and is none itself


def section_at(path: Key) -> type[Section] | None:
    """The section that a path leads to; None where it leads to a value or nowhere."""
    section: type[Section] | None = Settings
    if path[:1] == (GROUPS,) and len(path) >= 2:
        section, path = GroupSettings, path[2:]
    for key in path:
        section = _subsection(section, key) if section else None
    return section


def _subsection(section: type[Section], key: str) -> type[Section] | None:
    field = section.model_fields.get(key)
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def leaves(section: type[Section]) -> Iterator[Key]:
    """The paths of all values in a section; `groups` of the whole counts as one value."""
    return (path for path, inner in _paths(section) if inner is None)


def sections(section: type[Section]) -> Iterator[Key]:
    """The paths of all sections inside a section."""
    return (path for path, inner in _paths(section) if inner is not None)


def _paths(section: type[Section], at: Key = ()) -> Iterator[tuple[Key, type[Section] | None]]:
    for key in section.model_fields:
        inner = _subsection(section, key)
        yield (*at, key), inner
        if inner is not None:
            yield from _paths(inner, (*at, key))


def types_at(path: Key) -> set[Any]:
    """The types that the value at a path may have, inside unions too: {SecretStr, NoneType}."""
    section = section_at(path[:-1])
    field = section.model_fields.get(path[-1]) if section else None
    if field is None:
        return set()
    kind = field.annotation
    parts = get_args(kind) if isinstance(kind, UnionType) or get_origin(kind) is Union else (kind,)
    return {get_origin(part) or part for part in parts}


def is_secret(path: Key) -> bool:
    """Whether the value there must never be shown."""
    return SecretStr in types_at(path)


def is_private(path: Key) -> bool:
    """Whether a setting belongs into `.env`: secrets, and the accounts that they open."""
    section = section_at(path[:-1])
    return is_secret(path) or (section is not None and path[-1] in section.in_env)


def dotted(path: Iterable[str]) -> str:
    """A path as it is written in TOML."""
    return ".".join(key if BARE.fullmatch(key) else f'"{clean(key, 60)}"' for key in path)


def env_name(path: Key) -> str:
    """The environment variable of a setting: every character but A-Z and 0-9 becomes "_"."""
    return PREFIX + NESTING.join(_NOT_ENV.sub("_", normalize("NFC", key).upper()) for key in path)


def env_names(groups: Iterable[str]) -> dict[str, list[Key]]:
    """Every variable there is for these groups, with the settings that it may mean."""
    paths = [path for path, _ in _paths(Settings)]
    inside = [(), *(path for path, _ in _paths(GroupSettings))]
    paths += [(GROUPS, group, *path) for group in groups for path in inside]
    names: dict[str, list[Key]] = {}
    for path in paths:
        names.setdefault(env_name(path), []).append(path)
    return names


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    by_form = {folded(name): name for name in known}
    near = get_close_matches(folded(word), by_form, n=1, cutoff=0.6)
    return by_form[near[0]] if near else None


def nested(values: Mapping[Key, Any]) -> dict[str, Any]:
    """Paths and values as the tree of tables that they describe."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        table = tree
        for key in path[:-1]:
            table = table.setdefault(key, {})
        table[path[-1]] = value
    return tree


# -- Layers --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundValue:
    """A value and where it is written, as an error line begins."""

    value: Any
    where: str


@dataclass(slots=True)
class Layer:
    """What one place says, and what is wrong with how it says it."""

    values: dict[Key, FoundValue] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def groups(self) -> Iterator[str]:
        """The groups that are named here, each once."""
        yield from dict.fromkeys(path[1] for path in self.values if path[0] == GROUPS)


def read_text(path: Path) -> str:
    """A settings file's text. Raises SettingsError with a sentence when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise SettingsError(f"{path}: {reason}") from None


# -- TOML --------------------------------------------------------------------------------------


def toml_layer(path: Path) -> Layer:
    """The settings file. Raises SettingsError when it is no TOML."""
    try:
        tables = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is no valid TOML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{path}: is no valid TOML: nested too deeply") from None
    layer = Layer()
    _add_tables(layer, tables, (), f"{path}: ")
    _refuse_duplicates(layer, path)
    return layer


def _add_tables(layer: Layer, tables: Mapping[str, Any], at: Key, where: str) -> None:
    """Flattens tables into the layer; keys that do not exist become problems."""
    section = section_at(at)
    for key, value in tables.items():
        path = (*at, key)
        place = where + dotted(path)
        if at != (GROUPS,) and (section is None or key not in section.model_fields):
            layer.problems.append(f"{place}: unknown setting{_hint(at, key)}")
        elif path != (GROUPS,) and section_at(path) is None:
            layer.values[path] = FoundValue(value, place)
        elif not isinstance(value, Mapping):
            layer.problems.append(f"{place}: must be a section with settings of its own")
        elif not value and at == (GROUPS,):
            # a group without settings yet
            layer.values[(*path, "keywords")] = FoundValue((), place)
        elif not value and path != (GROUPS,):
            layer.values[path] = FoundValue({}, place)  # that it is there may say enough
        else:
            _add_tables(layer, value, path, where)


def _hint(at: Key, key: str) -> str:
    """A hint for an unknown key: a neighbour with a similar name, or its right place."""
    section = section_at(at)
    near = nearest(key, section.model_fields) if section else None
    if near:
        return f"; did you mean {dotted((*at, near))}?"
    elsewhere = [path for path in leaves(Settings) if path[-1] == key.lower()]
    inside = [(GROUPS, "NAME", *path) for path in leaves(GroupSettings) if path[-1] == key.lower()]
    places = " or ".join(dotted(path) for path in (*elsewhere, *inside)[:3])
    return f"; it belongs to {places}" if places else ""


def _refuse_duplicates(layer: Layer, path: Path) -> None:
    """Groups are matched without regard to case, so two must not differ in case alone."""
    seen: dict[str, str] = {}
    for group in layer.groups():
        first = seen.setdefault(folded(group.strip()), group)
        if first != group:
            layer.problems.append(
                f"{path}: {dotted((GROUPS, group))}: is the same group as "
                f"{dotted((GROUPS, first))}: put the two together"
            )
        if not folded(group.strip()):
            layer.problems.append(f"{path}: {dotted((GROUPS, group))}: a group needs a name")


# -- environment and .env ----------------------------------------------------------------------


def dotenv_variables(path: Path) -> dict[str, str]:
    """The variables of a `.env` file, if it is there. Raises SettingsError for other lines."""
    variables: dict[str, str] = {}
    broken: list[int] = []
    if not path.exists():
        return variables
    for binding in parse_stream(StringIO(read_text(path))):
        if binding.error or (binding.key and binding.value is None):
            broken.append(binding.original.line)
        elif binding.key and binding.value is not None:
            variables[binding.key] = binding.value
    if broken:
        raise SettingsError(f"{path}: line {line}: must be NAME=value" for line in broken)
    return variables


def alias_layer(variables: Mapping[str, str], place: str) -> Layer:
    """Slack's own names for its secrets."""
    return Layer(
        {
            path: FoundValue(variables[name], f"{place}{name}")
            for name, path in ALIASES.items()
            if variables.get(name, "").strip()
        }
    )


def variables_layer(variables: Mapping[str, str], groups: Iterable[str], place: str) -> Layer:
    """Our variables, for groups that are already known. An empty variable counts as not set."""
    layer = Layer()
    ours = {
        name.upper(): value
        for name, value in variables.items()
        if name.upper().startswith(PREFIX) and value.strip() and name.upper() != CONFIG_VARIABLE
    }
    if not ours:  # most often: all the names that there could be take 2 ms
        return layer
    known = tuple(groups)
    names = env_names(known)
    spelling = {folded(group.strip()): group for group in known}
    # Shorter names first: a variable for one value wins over one for its whole section.
    for name in sorted(ours, key=lambda name: (len(name), name)):
        paths = names.get(name, [])
        if len(paths) == 1:
            _add_variable(layer, paths[0], ours[name], place + name, spelling)
        elif paths:
            both = " and ".join(dotted(path) for path in paths)
            layer.problems.append(
                f"{place}{clean(name, 60)}: may mean {both}: rename one of the groups"
            )
        else:
            layer.problems.append(f"{place}{clean(name, 60)}: {_unknown(name, names, known)}")
    return layer


def groups_in_variables(variables: Mapping[str, str]) -> list[str]:
    """Groups that TRACKLATER_GROUPS spells out as JSON: the only ones a variable may bring.

    A group in a variable's name alone would hide a slip, and the secret behind it would be lost.
    """
    for name, value in variables.items():
        if name.upper() == env_name((GROUPS,)):
            tables = _json(value)
            return list(tables) if isinstance(tables, dict) else []
    return []


def _add_variable(
    layer: Layer, path: Key, text: str, where: str, spelling: Mapping[str, str]
) -> None:
    tables = _json(text)
    if path != (GROUPS,) and section_at(path) is None:
        try:
            layer.values[path] = FoundValue(_value(path, text), where)
        except ValueError as error:
            layer.problems.append(f"{where}: {error}")
    elif isinstance(tables, dict):
        if path == (GROUPS,):
            tables = {spelling.get(folded(group.strip()), group): tables[group] for group in tables}
        _add_tables(layer, nested({path: tables}), (), f"{where}: ")
    else:
        layer.problems.append(f"{where}: must be a JSON object, or name one setting in it")


def _value(path: Key, text: str) -> Any:
    """A variable's text as the setting's value: lists with commas or as JSON, tables as JSON."""
    kinds = types_at(path)
    if dict in kinds:
        table = _json(text)
        if not isinstance(table, dict):
            raise ValueError('must be a JSON object, such as {"Development": "default"}')
        return table
    if tuple in kinds and text.lstrip().startswith("["):
        words = _json(text)
        if not isinstance(words, list):
            raise ValueError("must be a JSON list, or words with commas between them")
        return words
    return text.split(",") if tuple in kinds else text


def _json(text: str) -> Any:
    """What the JSON says; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unknown(name: str, names: Iterable[str], groups: tuple[str, ...]) -> str:
    """Compared without what all names begin with, which would make everything look alike."""
    in_group = env_name((GROUPS, ""))
    begin = in_group if name.startswith(in_group) else PREFIX
    near = nearest(name.removeprefix(begin), [known.removeprefix(begin) for known in names])
    if near:
        return f"unknown setting; did you mean {near if near in names else begin + near}?"
    if begin == in_group:
        have = ", ".join(clean(group, 60) for group in groups) or "none"
        return f"unknown group or setting; the groups are: {have}"
    return "unknown setting"
