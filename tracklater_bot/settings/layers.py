"""The places where settings are written, each read into a flat layer: path -> value and origin.

A problem is one line: where, what, why. No line ever holds a value, which might be a secret.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

from tracklater_bot.domain.text import clean, folded
from tracklater_bot.settings import tree
from tracklater_bot.settings.base import Key, SettingsError
from tracklater_bot.settings.models import GroupSettings, Settings

# Slack's own names for three of the secrets; ours win, wherever they are written.
ALIASES: Mapping[str, Key] = {
    "SLACK_BOT_TOKEN": ("slack", "bot_token"),
    "SLACK_APP_TOKEN": ("slack", "app_token"),
    "SLACK_SIGNING_SECRET": ("slack", "signing_secret"),
}
CONFIG_VARIABLE = f"{tree.PREFIX}CONFIG"  # says where the settings are, and is none itself


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
        yield from dict.fromkeys(path[1] for path in self.values if path[0] == tree.GROUPS)


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
    section = tree.section_at(at)
    for key, value in tables.items():
        path = (*at, key)
        place = where + tree.dotted(path)
        if at != (tree.GROUPS,) and (section is None or key not in section.model_fields):
            layer.problems.append(f"{place}: unknown setting{_hint(at, key)}")
        elif path != (tree.GROUPS,) and tree.section_at(path) is None:
            layer.values[path] = FoundValue(value, place)
        elif not isinstance(value, Mapping):
            layer.problems.append(f"{place}: must be a section with settings of its own")
        elif not value and at == (tree.GROUPS,):
            # a group without settings yet
            layer.values[(*path, "keywords")] = FoundValue((), place)
        elif not value and path != (tree.GROUPS,):
            layer.values[path] = FoundValue({}, place)  # that it is there may say enough
        else:
            _add_tables(layer, value, path, where)


def _hint(at: Key, key: str) -> str:
    """A hint for an unknown key: a neighbour with a similar name, or its right place."""
    section = tree.section_at(at)
    near = tree.nearest(key, section.model_fields) if section else None
    if near:
        return f"; did you mean {tree.dotted((*at, near))}?"
    elsewhere = [path for path in tree.leaves(Settings) if path[-1] == key.lower()]
    inside = [
        (tree.GROUPS, "NAME", *path)
        for path in tree.leaves(GroupSettings)
        if path[-1] == key.lower()
    ]
    places = " or ".join(tree.dotted(path) for path in (*elsewhere, *inside)[:3])
    return f"; it belongs to {places}" if places else ""


def _refuse_duplicates(layer: Layer, path: Path) -> None:
    """Groups are matched without regard to case, so two must not differ in case alone."""
    seen: dict[str, str] = {}
    for group in layer.groups():
        first = seen.setdefault(folded(group.strip()), group)
        if first != group:
            layer.problems.append(
                f"{path}: {tree.dotted((tree.GROUPS, group))}: is the same group as "
                f"{tree.dotted((tree.GROUPS, first))}: put the two together"
            )
        if not folded(group.strip()):
            layer.problems.append(
                f"{path}: {tree.dotted((tree.GROUPS, group))}: a group needs a name"
            )


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
        if name.upper().startswith(tree.PREFIX)
        and value.strip()
        and name.upper() != CONFIG_VARIABLE
    }
    if not ours:  # most often: all the names that there could be take 2 ms
        return layer
    known = tuple(groups)
    names = tree.env_names(known)
    spelling = {folded(group.strip()): group for group in known}
    # Shorter names first: a variable for one value wins over one for its whole section.
    for name in sorted(ours, key=lambda name: (len(name), name)):
        paths = names.get(name, [])
        if len(paths) == 1:
            _add_variable(layer, paths[0], ours[name], place + name, spelling)
        elif paths:
            both = " and ".join(tree.dotted(path) for path in paths)
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
        if name.upper() == tree.env_name((tree.GROUPS,)):
            tables = _json(value)
            return list(tables) if isinstance(tables, dict) else []
    return []


def _add_variable(
    layer: Layer, path: Key, text: str, where: str, spelling: Mapping[str, str]
) -> None:
    tables = _json(text)
    if path != (tree.GROUPS,) and tree.section_at(path) is None:
        try:
            layer.values[path] = FoundValue(_value(path, text), where)
        except ValueError as error:
            layer.problems.append(f"{where}: {error}")
    elif isinstance(tables, dict):
        if path == (tree.GROUPS,):
            tables = {spelling.get(folded(group.strip()), group): tables[group] for group in tables}
        _add_tables(layer, tree.nested({path: tables}), (), f"{where}: ")
    else:
        layer.problems.append(f"{where}: must be a JSON object, or name one setting in it")


def _value(path: Key, text: str) -> Any:
    """A variable's text as the setting's value: lists with commas or as JSON, tables as JSON."""
    kinds = tree.types_at(path)
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
    in_group = tree.env_name((tree.GROUPS, ""))
    begin = in_group if name.startswith(in_group) else tree.PREFIX
    near = tree.nearest(name.removeprefix(begin), [known.removeprefix(begin) for known in names])
    if near:
        return f"unknown setting; did you mean {near if near in names else begin + near}?"
    if begin == in_group:
        have = ", ".join(clean(group, 60) for group in groups) or "none"
        return f"unknown group or setting; the groups are: {have}"
    return "unknown setting"
