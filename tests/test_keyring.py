"""Secrets in the system's keyring: offered where there is one, read where they are listed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from tests.commands import Answer
from tests.newmachines import yesterday
from tests.test_init import addresses, init, on, written
from tracklater_bot.settings import Settings, load
from tracklater_bot.settings.tree import dotenv_variables
from tracklater_sandbox import Sandbox

TOGGL = "TRACKLATER_TOGGL__API_TOKEN"


class Drawer(KeyringBackend):
    """A keyring in memory, which may be locked."""

    priority = 5
    name = "Drawer"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.secrets: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("no")
        self.asked.append(username)
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringLocked("no")
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.secrets[service, username]


@pytest.fixture
def drawer() -> Iterator[Drawer]:
    before = keyring.get_keyring()
    keyring.set_keyring(found := Drawer())
    yield found
    keyring.set_keyring(before)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "home", today=yesterday()) as sandbox:
        sandbox.settings_file.unlink()
        yield sandbox


def walk(services: Sandbox, *more: str) -> Answer:
    """Without Slack, with Toggl; then what is said of the groups and of the keyring."""
    return init(services.home, ["", services.toggl.api_token, "", "", *more], **addresses(services))


def test_init_keeps_tokens_there_and_every_command_finds_them(
    services: Sandbox, drawer: Drawer
) -> None:
    answer = walk(services, "y")
    assert answer.code == 0, answer.err
    assert "Keep your tokens in Drawer?" in answer.out
    assert drawer.secrets == {("tracklater-bot", TOGGL): services.toggl.api_token}
    folder = services.home / "config" / "tracklater-bot"
    assert not (folder / ".env").exists()
    assert written(services.home)["keyring"] == [TOGGL]
    assert services.toggl.api_token not in (folder / "tracklater.toml").read_text()
    checked = on(services.home, "check")
    assert f"secrets: from the system's keyring: {TOGGL}" in checked.out
    assert "toggl: signed in" in checked.out
    again = init(services.home, ["y", "", "", ""])
    assert "with 3 projects" in again.out  # known, and not asked for
    assert written(services.home)["keyring"] == [TOGGL]


def test_what_a_group_that_is_no_more_had_there_is_in_nobodys_way(
    services: Sandbox, drawer: Drawer
) -> None:
    jira = [f"{services.url}/jira", services.jira.api_token, ""]
    first = ["", services.toggl.api_token, *jira, "1=Acme Software", "", "y"]
    assert init(services.home, first, **addresses(services)).code == 0
    assert ("tracklater-bot", "TRACKLATER_GROUPS__ACME_SOFTWARE__JIRA__API_TOKEN") in drawer.secrets
    again = init(services.home, ["y", "", *jira, "", "y"])
    assert again.code == 0, again.err
    listed = written(services.home)["keyring"]
    assert "TRACKLATER_GROUPS__ACME__JIRA__API_TOKEN" in listed
    assert not [name for name in listed if "SOFTWARE" in name]
    assert on(services.home, "preview").code == 0


def test_a_no_writes_them_down_as_ever(services: Sandbox, drawer: Drawer) -> None:
    assert walk(services, "").code == 0
    assert drawer.secrets == {}
    env_file = services.home / "config" / "tracklater-bot" / ".env"
    assert dotenv_variables(env_file) == {TOGGL: services.toggl.api_token}
    assert f"secrets: from {env_file}: {TOGGL}" in on(services.home, "check").out


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
def test_nothing_is_asked_where_there_is_none(
    services: Sandbox, drawer: Drawer, backend: type[KeyringBackend]
) -> None:
    keyring.set_keyring(backend())
    answer = walk(services)
    assert answer.code == 0
    assert "Keep your tokens" not in answer.out
    assert (services.home / "config" / "tracklater-bot" / ".env").exists()


def test_nothing_is_asked_without_the_extra(
    services: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    answer = walk(services)
    assert (answer.code, "Keep your tokens" in answer.out) == (0, False)


def test_one_that_cannot_keep_them_loses_none(services: Sandbox, drawer: Drawer) -> None:
    drawer.locked = True
    answer = walk(services, "y")
    assert answer.code == 0
    assert "they go to .env" in answer.out
    assert "keyring" not in written(services.home)
    assert (services.home / "config" / "tracklater-bot" / ".env").exists()


# -- Reading them --------------------------------------------------------------------------------


def loaded(folder: Path, more: str = "", **environ: str) -> tuple[Settings, tuple[str, ...]]:
    file = folder / "tracklater.toml"
    file.write_text(f'timezone = "Europe/Helsinki"\n{more}', encoding="utf-8")
    found = load(file, None, environ)
    return found.settings, found.warnings


def test_only_what_is_listed_and_not_set_elsewhere_is_asked_for(
    tmp_path: Path, drawer: Drawer
) -> None:
    drawer.secrets["tracklater-bot", TOGGL] = "of the keyring"
    listed = f'keyring = ["{TOGGL}"]'
    assert loaded(tmp_path)[0].toggl.api_token is None
    assert loaded(tmp_path, listed, **{TOGGL: "of the shell"})[0].toggl.api_token is not None
    assert drawer.asked == []
    token = loaded(tmp_path, listed)[0].toggl.api_token
    assert token is not None
    assert token.get_secret_value() == "of the keyring"
    assert drawer.asked == [TOGGL]


def test_a_locked_one_is_said_and_the_rest_works(tmp_path: Path, drawer: Drawer) -> None:
    drawer.locked = True
    settings, warnings = loaded(tmp_path, f'keyring = ["{TOGGL}"]')
    assert settings.toggl.api_token is None
    assert any("keyring: " in line and "unlock it" in line for line in warnings)


def test_without_the_extra_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    _, warnings = loaded(tmp_path, f'keyring = ["{TOGGL}"]')
    assert any("pip install '.[keyring]' in a copy" in line for line in warnings)


def test_whoever_lists_nothing_never_loads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "keyring", raising=False)
    assert loaded(tmp_path)[1] == ()
    assert "keyring" not in sys.modules
