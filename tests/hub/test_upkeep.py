"""What an administrator does to a hub: keys, copies that are put back, and what they left out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from tests.commands import Answer, called, environment
from tests.hub.firm import KEY, Firm
from tests.hub.process import HubProcess
from tests.hub.test_leaving import administer, approved_while_toggl_is_down
from tests.postgresql import copied
from tests.test_store_postgresql import command
from tracklater_bot.checks import BOT_SCOPES, lacking_scopes
from tracklater_bot.store import Store, StoreError
from tracklater_hub import jobs, schema
from tracklater_hub.hub import Hub, Options
from tracklater_hub.sealing import SealError
from tracklater_sandbox import ME

NEW = Fernet.generate_key().decode()


# -- Keys --------------------------------------------------------------------------------------


def with_tokens(firm: Firm) -> None:
    hub = firm.start_hub()
    firm.code(ME)
    firm.give_tokens(ME)
    firm.stop_hub(hub)


def started_with(firm: Firm, keys: str) -> Hub:
    """As a process with these keys begins, up to where it listens. Raises SealError."""
    return Hub(firm.team(), Options(keys, "https://hub.example", port=0))


def test_a_new_key_takes_the_old_ones_place(firm: Firm) -> None:
    """Step by step as the page tells it."""
    with_tokens(firm)
    both = f"{NEW},{KEY}"
    started_with(firm, both).store.close()
    said = administer(firm, "--renew-keys", TRACKLATERHUB_KEYS=both)
    assert (said.code, said.err) == (
        0, "5 tokens are sealed under the first key now; the others may go.\n",
    )  # fmt: skip
    hub = started_with(firm, NEW)
    token = hub.members.settings_of(ME).toggl.api_token
    hub.store.close()
    assert token is not None
    assert token.get_secret_value() == firm.toggls[ME].api_token
    with pytest.raises(SealError, match="5 of 5 tokens"):
        started_with(firm, KEY)


def test_a_key_that_went_too_early_is_one_sentence(firm: Firm) -> None:
    """A hub without tokens would fail all that waits."""
    with_tokens(firm)
    said = administer(firm, TRACKLATERHUB_KEYS=NEW, TRACKLATERHUB_URL="https://hub.example")
    assert said.code == 2
    assert said.err == (
        "5 of 5 tokens in the database were sealed under a key that TRACKLATERHUB_KEYS does not"
        " have: put it back, after the newest one and a comma. If it is lost, `tracklater-bot hub"
        " --drop-tokens` deletes them, and their people enter them again.\n"
    )
    assert "has no more" in administer(firm, "--renew-keys", TRACKLATERHUB_KEYS=NEW).err
    assert "0 tokens" in administer(firm, "--drop-tokens").err
    said = administer(firm, "--drop-tokens", TRACKLATERHUB_KEYS=NEW)
    assert said.err.splitlines() == [
        "5 tokens that no key opens are deleted.",
        f"{ME} has to write /tracklater tokens in Slack.",
    ]
    started_with(firm, NEW).store.close()


# -- Copies ------------------------------------------------------------------------------------


@pytest.fixture
def again(address: str) -> Iterator[str]:
    """An empty database's name."""
    command(address, "CREATE DATABASE again")
    yield "again"
    command(address, "DROP DATABASE again WITH (FORCE)")


def test_what_was_on_its_way_in_a_copy_is_looked_up_first(
    address: str, again: str, firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy was made before Toggl had the entry, and is put back after it had."""
    monkeypatch.setattr(jobs, "HEARTBEAT", 1.0)
    monkeypatch.setattr(jobs, "STALLED", 3.0)
    hub = firm.start_hub()
    item = approved_while_toggl_is_down(firm)
    copied(address, "test", again)
    firm.toggls[ME].faults.clear()
    at_once = "UPDATE outbox SET due_at = clock_timestamp()", "UPDATE lanes SET not_before = NULL"
    for statement in at_once:
        firm.sql(statement)
    firm.wait(lambda: firm.entries(ME) or None)
    firm.stop_hub(hub)
    firm.database = address % again
    for statement in at_once:
        firm.sql(statement)
    assert firm.sql("SELECT state FROM items WHERE id = :id", id=item)[0][0] != "sent"
    firm.start_hub()
    sent = "SELECT 1 FROM items WHERE id = :id AND state = 'sent'"
    firm.eventually(lambda: firm.sql(sent, id=item) != [])
    assert len(firm.entries(ME)) == 1
    assert firm.toggls[ME].faults.happened != []


# -- What was left out -------------------------------------------------------------------------


def test_a_server_that_is_too_old_is_one_sentence() -> None:
    with pytest.raises(StoreError, match="PostgreSQL 12 is too old: a hub needs 13 or newer"):
        schema.require_version((12, 22))
    schema.require_version((13, 0))


GIVEN = {
    "TRACKLATER_SLACK__BOT_TOKEN": "xoxb-1",
    "TRACKLATER_SLACK__APP_TOKEN": "xapp-1",
    "TRACKLATER_DATABASE_URL": "postgresql://hub:secret@127.0.0.1:1/hub",
    "TRACKLATERHUB_KEYS": KEY,
    "TRACKLATERHUB_URL": "https://hub.example.com",
}
NO_CLIENT = "The team's file (tracklater.toml, or --config) has no [groups.NAME] for any client."


def begun(home: Path, given: Mapping[str, str], toml: str = "[groups.acme]\n") -> Answer:
    (home / "tracklater.toml").write_text(toml, encoding="utf-8")
    return called(home, "hub", **given)


def test_all_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    said = called(tmp_path, "hub")
    assert said.code == 2
    lines = said.err.splitlines()
    assert [line.partition(" ")[0] for line in lines[1:-1]] == [*GIVEN]
    assert lines[0] == NO_CLIENT
    assert lines[-1] == "docs/hub.md tells of each."


@pytest.mark.parametrize("name", GIVEN)
def test_a_variable_that_is_missing_is_one_sentence(tmp_path: Path, name: str) -> None:
    said = begun(tmp_path, {key: value for key, value in GIVEN.items() if key != name})
    assert said.code == 2
    sentence, _ = said.err.splitlines()
    assert sentence.startswith(name)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"TRACKLATERHUB_MEMEBRS": "U1"}, "TRACKLATERHUB_MEMEBRS is unknown: there are "),
        ({"TRACKLATERHUB_MEMBERS": "anna"}, "TRACKLATERHUB_MEMBERS has anna, which is no member"),
        ({"TRACKLATERHUB_URL": "http://hub.example.com"}, "such as https://hub.example.com"),
        ({"TRACKLATERHUB_PORT": "eighty"}, "TRACKLATERHUB_PORT is no port"),
        ({"TRACKLATERHUB_KEYS": "secret"}, "TRACKLATERHUB_KEYS must hold a key"),
        ({"TRACKLATER_DATABASE_URL": "sqlite:///x.db"}, "must be a PostgreSQL database's"),
        ({"TRACKLATER_DATABASE_URL": "hub"}, "must be a PostgreSQL database's"),
        ({"TRACKLATER_SLACK__MODE": "http"}, "TRACKLATER_SLACK__SIGNING_SECRET is missing"),
        ({"TRACKLATER_SLACK__APP_TOKEN": "xoxb-2"}, "the app-level token begins with xapp-"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(tmp_path: Path, more: dict[str, str], sentence: str) -> None:
    said = begun(tmp_path, GIVEN | more)
    assert said.code == 2
    assert sentence in said.err
    assert "secret" not in said.err
    assert not (tmp_path / "x.db").exists()


@pytest.mark.parametrize("option", ["--members", "--renew-keys", "--drop-tokens", "--remove=U1"])
def test_a_look_at_the_members_makes_no_database_of_another_kind(
    tmp_path: Path, option: str
) -> None:
    said = called(tmp_path, "hub", option, TRACKLATERHUB_KEYS=KEY)
    assert (said.code, said.err.splitlines()) == (2, [
        "TRACKLATER_DATABASE_URL must be a PostgreSQL database's: postgresql://user:password@host"
        "/name.",
    ])  # fmt: skip
    assert not (tmp_path / "data").exists()


def test_what_tells_of_one_machine_is_said_to_be_left_out(tmp_path: Path) -> None:
    said = begun(
        tmp_path, GIVEN, "[thyme]\ndir = '/x'\n[git]\nemails = ['a@b.fi']\n[groups.acme]\n"
    )
    assert "Left out of the team's file, since it is each laptop's own: thyme and git." in said.err


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("poor@/test", "does not let this user in: grant it CREATE on the schema"),
        ("nobody_here@/test", "refuses the user name or password"),
        ("tests@/nowhere", "does not exist: create it"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, address: str, database: str, where: str, sentence: str
) -> None:
    command(address, "DROP ROLE IF EXISTS poor")
    command(address, "CREATE ROLE poor LOGIN")
    with Store.open(database) as store, store.writing() as transaction:
        transaction.execute(text("DROP SCHEMA public CASCADE"))
        transaction.execute(text("CREATE SCHEMA public"))
    place = address.replace("tests@/%s", where)
    said = begun(tmp_path, GIVEN | {"TRACKLATER_DATABASE_URL": place})
    command(address, "DROP ROLE poor")
    assert (said.code, len(said.err.splitlines())) == (1, 1)
    assert sentence in said.err


def test_half_a_password_is_not_taken_for_a_host(tmp_path: Path) -> None:
    url = "postgresql://hub:half@secret/x@127.0.0.1:1/hub"
    said = begun(tmp_path, GIVEN | {"TRACKLATER_DATABASE_URL": url})
    assert "write %40 for @" in said.err
    assert "secret" not in said.err


def test_a_scope_that_the_app_lacks_is_said_at_start_and_to_who_joins(firm: Firm) -> None:
    slack = firm.sandbox.slack
    slack.grant(slack.bot_token, *(set(BOT_SCOPES) - {"users:read"}))
    hub = firm.start_hub()
    assert "the bot lacks users:read: add them" in lacking_scopes(hub.client.auth_test())
    firm.ask(ME, "join")
    firm.wait(lambda: "the bot lacks the scope users:read" in str(firm.answers(ME)) or None)


# -- Logs --------------------------------------------------------------------------------------

FALLS = """
import sys, threading
from tracklater_bot.cli.main import main
from tracklater_hub import commands
def run(settings, options, stopped, started):
    thread = threading.Thread(target=lambda: {}["in a thread: a planted word"])
    thread.start()
    thread.join()
    raise KeyError("a planted word")
commands.run = run
main(["hub", "--verbose"])
"""


def test_what_nobody_caught_is_told_without_its_words(tmp_path: Path) -> None:
    (tmp_path / "tracklater.toml").write_text("[groups.acme]\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", FALLS],
        cwd=tmp_path,
        env=environment(tmp_path, GIVEN),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("KeyError, at\n") == 2
    assert "commands.py" in done.stderr
    assert "planted" not in done.stderr.replace('"in a thread: a planted word"', "")


def test_a_running_hub_says_what_fails_and_no_word_of_anybodys(firm: Firm) -> None:
    """At --verbose: Toggl refuses with what was sent, and the database goes."""
    hub = firm.start_hub()
    firm.join(ME).wake()
    firm.give_tokens(ME)
    firm.open(ME)
    firm.stop_hub(hub)
    process = HubProcess(firm)
    try:
        firm.toggls[ME].faults.fail_next("time_entries", "echo", method="POST")
        item = firm.buttons(ME, "approve")[0]
        (said,) = firm.sql("SELECT description FROM items WHERE id = :id", id=item)[0]
        firm.click(ME, "approve", item)
        firm.eventually(lambda: "time_entries" in " ".join(firm.toggls[ME].faults.happened))
        firm.sql("ALTER TABLE hub_people RENAME TO gone")
        firm.eventually(lambda: "failed: " in process.said)
        assert "tracklater_hub" in process.said
        for word in (said, firm.toggls[ME].api_token, KEY, item, ME):
            assert word
            assert word not in process.said
    finally:
        process.kill()
        firm.sql("ALTER TABLE IF EXISTS gone RENAME TO hub_people")
