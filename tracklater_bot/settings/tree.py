"""The tree of settings as data: which keys exist, and what their environment variables are called.

A path is the tuple of keys that leads to a setting: ("slack", "bot_token").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin
from unicodedata import normalize

from pydantic import SecretStr

from tracklater_bot.domain.text import clean, folded
from tracklater_bot.settings.base import Key, Section
from tracklater_bot.settings.models import GroupSettings, Settings

PREFIX = "TRACKLATER_"
NESTING = "__"
GROUPS = "groups"

BARE = re.compile(r"[A-Za-z0-9_-]+")
_NOT_ENV = re.compile(r"[^A-Z0-9]")


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
