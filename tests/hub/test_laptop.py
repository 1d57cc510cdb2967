"""A laptop's commands `join` and `agent`: where its key is, and that none is left behind."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from tests.commands import Answer, called
from tests.hub.test_admission import ANNA, Running, hub
from tests.newmachines import NewMachine
from tests.test_init import init, written
from tests.test_keyring import Drawer, drawer
from tracklater_hub import people
from tracklater_hub.agent import Agent
from tracklater_hub.device import Device

__all__ = ["drawer", "hub"]  # fixtures


def join(hub: Running, home: Path) -> Answer:
    """As the person types it, with a code of their own."""
    return called(home, "join", hub.url, hub.code(ANNA))


def agent(home: Path) -> Answer:
    """The other command, on a machine with a repository; it ends by itself or not at all."""
    settings = home / "tracklater.toml"
    settings.write_text(
        f"git.emails = ['a@b.fi']\ngroups.acme.git.repos = ['{home}']", encoding="utf-8"
    )
    return called(home, "agent", "--config", str(settings))


def file_in(home: Path) -> Path:
    return home / "data" / "tracklater-bot" / "hub.json"


def ended(hub: Running) -> None:
    with hub.store.writing() as transaction:
        assert people.end_device(transaction, ANNA)


def test_the_key_is_in_the_keyring_where_one_works(
    hub: Running, tmp_path: Path, drawer: Drawer
) -> None:
    said = join(hub, tmp_path)
    assert (said.code, said.out) == (0, "")
    assert f"This machine is {ANNA}'s now. Its key is in Drawer." in said.err
    (key,) = drawer.secrets.values()
    assert key not in file_in(tmp_path).read_text(encoding="utf-8")
    assert Device.load(file_in(tmp_path)).key == key


@pytest.mark.parametrize("locked", [True, False])
def test_the_key_is_in_a_private_file_where_none_works(
    hub: Running, tmp_path: Path, drawer: Drawer, locked: bool
) -> None:
    drawer.locked = locked
    if not locked:
        keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    said = join(hub, tmp_path)
    file = file_in(tmp_path)
    assert f"Its key is in {file}, which only you can read." in said.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Device.load(file).key
    assert drawer.secrets == {}


def test_a_machine_that_joins_again_has_one_key(
    hub: Running, tmp_path: Path, drawer: Drawer
) -> None:
    join(hub, tmp_path)
    (first,) = drawer.secrets.values()
    join(hub, tmp_path)
    (second,) = drawer.secrets.values()
    assert first != second
    drawer.locked = True
    join(hub, tmp_path)
    assert Device.load(file_in(tmp_path)).key not in (first, second)


@pytest.mark.parametrize("in_keyring", [True, False])
def test_a_machine_that_is_not_heard_any_more_keeps_no_key(
    hub: Running, tmp_path: Path, drawer: Drawer, in_keyring: bool
) -> None:
    """Its person has left, or lost it, or joined with another: what keeps it running rests."""
    drawer.locked = not in_keyring
    join(hub, tmp_path)
    ended(hub)
    said = agent(tmp_path)
    assert said.code == 2
    assert "this machine is not heard any more. Its key is deleted here" in said.err
    assert not file_in(tmp_path).exists()
    assert drawer.secrets == {}
    assert agent(tmp_path).err == (
        "This machine has joined no hub: write /tracklater join in Slack.\n"
    )


def test_an_agent_that_ran_while_its_machine_joined_anew_leaves_the_new_key(
    hub: Running, tmp_path: Path, drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps it running starts it again, with that key."""
    join(hub, tmp_path)
    first = Agent.run

    def joins_meanwhile(worker: Agent, stopped: threading.Event) -> None:
        join(hub, tmp_path)
        first(worker, stopped)

    monkeypatch.setattr(Agent, "run", joins_meanwhile)
    said = agent(tmp_path)
    assert said.code == 1
    assert "It has joined anew: start `agent` again." in said.err
    key = Device.load(file_in(tmp_path)).key
    assert [*drawer.secrets.values()] == [key]


def test_a_locked_keyring_is_said_and_the_key_stays(
    hub: Running, tmp_path: Path, drawer: Drawer
) -> None:
    join(hub, tmp_path)
    drawer.locked = True
    said = agent(tmp_path)
    assert said.code == 1  # it may be unlocked in a while
    assert "KeyringLocked" in said.err
    assert "unlock" in said.err
    drawer.locked = False
    assert Device.load(file_in(tmp_path)).key


def test_init_asks_nothing_that_is_the_hubs(hub: Running, tmp_path: Path, drawer: Drawer) -> None:
    """No Slack app, tracker or issues: of a team's machine, repositories alone are its own."""
    join(hub, tmp_path)
    new = NewMachine(tmp_path)
    new.commits(new.repository("work/acme-api", "git@github.com:acme/api.git"), "11:00")
    said = init(tmp_path, ["", ""])
    assert said.code == 0, said.err
    for word in ("Slack:", "Toggl", "Jira"):
        assert word not in said.out
    assert "tracklater-bot service install: your team's hub is told of your days" in said.out
    assert list(written(tmp_path)["groups"]) == ["acme"]


def test_a_file_that_cannot_be_read_is_in_nobodys_way(
    hub: Running, tmp_path: Path, drawer: Drawer
) -> None:
    drawer.locked = True
    join(hub, tmp_path)
    file_in(tmp_path).write_text("{", encoding="utf-8")
    assert "cannot be read" in agent(tmp_path).err
    assert join(hub, tmp_path).code == 0
    assert Device.load(file_in(tmp_path)).person == ANNA
