"""The answers written down: a short settings file with its reasons, and the secrets in `.env`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream
from pydantic import SecretStr

from tracklater_bot.cli.importer.writing import append_secrets, toml
from tracklater_bot.cli.init.grouping import Proposal
from tracklater_bot.settings.base import Key
from tracklater_bot.settings.tree import GROUPS, dotenv_variables, env_name, env_names, is_private
from tracklater_bot.sources.files import replace_file

HEADER = """\
# TrackLater's settings, written by `tracklater-bot init`. Secrets are in .env beside this file.
# Every other setting, with its default: tracklater.example.toml, or docs/settings.md.
"""
COMMENTS: Mapping[Key, str] = {
    ("activitywatch",): "Windows: what ActivityWatch on this machine records.",
    ("thyme",): "Windows: the folder of thyme's recordings.",
    ("agents",): "Coding agents: when you typed to them; their usual folders are read.",
    ("git",): "Your addresses in commits.",
    ("keyring",): "Variables whose values are in the system's keyring.",
    ("slack",): "Who gets the message, and whose messages are clues.",
}


def variables(values: Mapping[Key, Any]) -> dict[str, str]:
    """The private ones of the settings, as variables."""
    return {
        env_name(path): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for path, value in values.items()
        if is_private(path) and value
    }


def other_values(env_file: Path, wanted: Mapping[str, str]) -> list[str]:
    """The variables that have another value in the file already."""
    present = dotenv_variables(env_file)
    return [name for name, value in wanted.items() if present.get(name, value) != value]


def no_longer(env_file: Path, groups: Sequence[Proposal]) -> list[str]:
    """Variables in the file of groups that there will not be: with them no settings would load."""
    present = dotenv_variables(env_file)
    known = env_names(group.name for group in groups)
    begin = env_name((GROUPS, ""))
    return [name for name in present if name.startswith(begin) and name not in known]


def write(
    files: tuple[Path, Path],
    values: Mapping[Key, Any],
    groups: Sequence[Proposal],
    secrets: Mapping[str, str],
    replaced: Collection[str] = (),
) -> None:
    """Writes both files, `.env` with the `secrets` and without the variables that are `replaced`.

    What was there before stays beside them, as `.old`. May raise OSError.
    """
    target, env_file = files
    target.parent.mkdir(parents=True, exist_ok=True)
    if replaced:
        before = env_file.read_text(encoding="utf-8-sig")
        replace_file(_old(env_file), before.encode(), private=True)
        lines = parse_stream(StringIO(before))
        kept = "".join(line.original.string for line in lines if line.key not in replaced)
        replace_file(env_file, kept.encode(), private=True)
    append_secrets(env_file, secrets)
    public = {path: value for path, value in values.items() if not is_private(path)}
    comments: dict[Key, str] = {(GROUPS, group.name): group.evidence for group in groups}
    written = HEADER + toml(public, [group.name for group in groups], {**COMMENTS, **comments})
    if target.exists():
        target.replace(_old(target))
    target.write_text(written, encoding="utf-8")


def _old(file: Path) -> Path:
    return file.with_name(f"{file.name}.old")
