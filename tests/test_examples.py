"""The example files hold every setting, with its default and an explanation, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracklater_bot.settings import GroupSettings, Settings, load
from tracklater_bot.settings.tree import (
    GROUPS,
    dotenv_variables,
    env_name,
    is_secret,
    leaves,
    section_at,
    toml_layer,
)

ROOT = Path(__file__).parent.parent
TOML, DOTENV = ROOT / "tracklater.example.toml", ROOT / ".env.example"

GROUP = (GROUPS, "acme")
EVERY_SETTING = {path for path in leaves(Settings) if path != (GROUPS,)} | {
    (*GROUP, *path) for path in leaves(GroupSettings)
}
SECRETS = {path for path in EVERY_SETTING if is_secret(path)}
# Set in either file: a database without a password, and accounts beside their secrets.
IN_BOTH = {("database_url",)} | {
    path
    for path in EVERY_SETTING
    if (section := section_at(path[:-1])) is not None and path[-1] in section.in_env
}


def test_the_example_settings_name_every_setting_that_is_no_secret() -> None:
    assert set(toml_layer(TOML).values) == (EVERY_SETTING - SECRETS) | {("database_url",)}


def test_the_example_settings_are_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load(TOML, None, {})
    assert loaded.settings == Settings(groups={"acme": GroupSettings()})
    assert loaded.warnings == ()


def test_the_example_secrets_are_every_secret() -> None:
    names = set(dotenv_variables(DOTENV))
    assert names == {env_name(path) for path in SECRETS | IN_BOTH}


def test_the_example_secrets_are_empty() -> None:
    assert set(dotenv_variables(DOTENV).values()) == {""}


def test_the_example_files_load_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    private = tmp_path / ".env"
    private.write_text(DOTENV.read_text(encoding="utf-8"), encoding="utf-8")
    private.chmod(0o644)
    assert load(TOML, private, {}).warnings == ()


@pytest.mark.parametrize("name", sorted(env_name(path) for path in SECRETS))
def test_each_example_secret_is_one_that_can_be_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(TOML, None, {name: "sqlite://" if "DATABASE" in name else "value"}).settings
    assert settings != load(TOML, None, {}).settings


@pytest.mark.parametrize("file", [TOML, DOTENV])
def test_each_line_of_the_examples_is_explained_above_it(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    setting = re.compile(r"[\w.]+\s*=")
    unexplained = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if setting.match(line) and not before.startswith("# ")
    ]
    # A password is explained together with the user name above it.
    assert [name for name in unexplained if not _continues(name, lines)] == []


def _continues(line: str, lines: list[str]) -> bool:
    """Whether a variable stands right below one of the same section."""
    before = lines[lines.index(line) - 1]
    return line.startswith("TRACKLATER_") and before.rpartition("__")[0] == line.rpartition("__")[0]
