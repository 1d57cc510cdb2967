"""Imported settings written down: a new settings file, and additions to `.env`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tracklater_bot.cli.importer.convert import Converted, convert
from tracklater_bot.cli.importer.original import CannotImport, read
from tracklater_bot.domain.text import clean
from tracklater_bot.settings import Settings, SettingsError, tree
from tracklater_bot.settings.base import Key, reason
from tracklater_bot.settings.tree import dotenv_variables
from tracklater_bot.sources.files import replace_file

HEADER = "# TrackLater's settings, imported from {source}. All of them: tracklater.example.toml\n"


@dataclass(frozen=True, slots=True)
class Report:
    """What was written where, and in plain lines what was not taken over.

    `secrets` are the names of the variables that were added to `env_file`; None: no need for one.
    """

    target: Path
    env_file: Path | None
    groups: tuple[str, ...]
    secrets: tuple[str, ...]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """The same in words, for a terminal."""
        groups = ", ".join(clean(group, 60) for group in self.groups) or "none"
        said = [f"{self.target}: written, with the groups {groups}"]
        if self.env_file:
            said.append(f"{self.env_file}: added {', '.join(self.secrets)}")
        return [*said, *self.notes]


def import_settings(source: Path, target: Path, env_file: Path) -> Report:
    """Turns the original's settings at `source` into a new file `target` and lines of `env_file`.

    Raises CannotImport when `target` is already there, or when something cannot be read or written.
    """
    if target.exists() or target.is_symlink():
        raise CannotImport(f"{target} is already there: move it away, or choose another with -o")
    if not target.parent.is_dir():
        raise CannotImport(f"{target.parent}: there is no such folder")
    converted = convert(read(source), source.parent)
    _drop_invalid(converted)
    try:
        secrets = _secrets(converted, env_file)
        append_secrets(env_file, secrets)
        public = {key: value for key, value in converted.values.items() if not tree.is_private(key)}
        with target.open("x", encoding="utf-8") as file:
            file.write(HEADER.format(source=source.name))
            file.write(toml(public, converted.groups.values()))
    except SettingsError as error:
        raise CannotImport(str(error)) from None
    except OSError as error:
        name = error.filename or target
        raise CannotImport(f"{name}: {(error.strerror or 'cannot be written').lower()}") from None
    return Report(
        target=target,
        env_file=env_file if secrets else None,
        groups=tuple(converted.groups.values()),
        secrets=tuple(secrets),
        notes=tuple(converted.notes),
    )


def _drop_invalid(converted: Converted) -> None:
    """Leaves out what our settings would refuse, and says so: the rest must load."""
    while True:
        try:
            Settings.model_validate(tree.nested(converted.values))
        except ValidationError as error:
            detail = error.errors(include_url=False, include_input=False)[0]
            path = next(key for key in converted.values if key == detail["loc"][: len(key)])
            converted.notes.append(f"{tree.dotted(path)}: {reason(detail)}: left out")
            del converted.values[path]
        else:
            return


# -- .env --------------------------------------------------------------------------------------


def _secrets(converted: Converted, env_file: Path) -> dict[str, str]:
    """Variables to be added. One that has a value already keeps it, and that is noted."""
    present = dotenv_variables(env_file)
    meanings = tree.env_names(converted.groups.values())
    secrets: dict[str, str] = {}
    for path in filter(tree.is_private, converted.values):
        name, value = tree.env_name(path), str(converted.values[path])
        if len(meanings[name]) > 1:
            converted.notes.append(f"{name}: fits several groups: rename one, then set it by hand")
        elif not present.get(name):
            secrets[name] = value
        elif present[name] != value:
            converted.notes.append(f"{env_file}: {name} has another value already, which was kept")
    return secrets


def append_secrets(env_file: Path, secrets: Mapping[str, str]) -> None:
    """Adds the variables to the file as a whole, readable by its owner alone; the last one wins."""
    if not secrets:
        return
    env_file = env_file.resolve()
    before = env_file.read_text(encoding="utf-8") if env_file.exists() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    added = "".join(f"{name}={_quoted(value)}\n" for name, value in secrets.items())
    replace_file(env_file, (before + added).encode(), private=True)


def _quoted(value: str) -> str:
    return "'{}'".format(value.replace("\\", "\\\\").replace("'", "\\'"))


# -- TOML --------------------------------------------------------------------------------------


def toml(
    values: Mapping[Key, Any], groups: Iterable[str], comments: Mapping[Key, str] | None = None
) -> str:
    """The settings as TOML: single values first, then sections, then the groups.

    `comments` are lines above their sections.
    """
    tables: dict[Key, list[str]] = {(): []}
    for group in groups:
        tables[(tree.GROUPS, group)] = []
    for path, value in values.items():
        head = path[:2] if path[0] == tree.GROUPS else path[:-1]
        if tree.section_at(path) is not None:  # that it is there says enough
            tables.setdefault(path, [])
            continue
        tables.setdefault(head, []).append(f"{tree.dotted(path[len(head) :])} = {_literal(value)}")
    return "\n".join(_sections(tables, comments or {}))


def _sections(tables: Mapping[Key, list[str]], comments: Mapping[Key, str]) -> Iterator[str]:
    for head in sorted(tables, key=lambda key: (key[:1] == (tree.GROUPS,), len(key))):
        comment = f"# {comments[head]}\n" if head in comments else ""
        title = [f"\n{comment}[{_key(head)}]"] if head else []
        if title or tables[head]:
            yield "\n".join((*title, *tables[head]))
    yield ""


def _key(path: Key) -> str:
    return ".".join(part if tree.BARE.fullmatch(part) else _literal(part) for part in path)


def _literal(value: Any) -> str:
    match value:
        case str():
            text = value.encode("utf-8", "replace").decode()
            return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case dict():
            pairs = (f"{_key((name,))} = {_literal(kind)}" for name, kind in value.items())
            return f"{{ {', '.join(pairs)} }}" if value else "{}"
    return str(value)
