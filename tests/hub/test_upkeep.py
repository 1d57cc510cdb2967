"""What an administrator does to a hub: keys, copies that are put back, and what they left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet

from tests.hub.firm import KEY, Firm
from tests.hub.test_leaving import administer, approved_while_toggl_is_down
from tests.postgresql import copied
from tests.test_store_postgresql import command
from tracklater_bot.domain.errors import StoreError
from tracklater_hub import schema
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
    firm: Firm, address: str, again: str
) -> None:
    """The copy was made before Toggl had the entry, and is put back after it had."""
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
