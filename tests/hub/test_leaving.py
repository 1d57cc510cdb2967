"""Who leaves is gone: what was about to be given to them is not there afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

from sqlalchemy import text

from tests.hub.firm import Firm
from tracklater_bot.domain.draft import Draft
from tracklater_bot.store import Store, Transaction
from tracklater_hub import mailbox, people
from tracklater_hub.protocol import Ask, Request
from tracklater_sandbox import ME

ANNA = "U0ANNA"
TOKEN = "toggl\tapi_token"


def change(store: Store, *work: Callable[[Transaction], object]) -> None:
    for one in work:
        with store.writing() as transaction:
            one(transaction)


def test_tokens_from_before_leaving_count_nowhere_after_joining_again(firm: Firm) -> None:
    """Also at a process that heard of neither, and keeps people with their tokens in memory."""
    hub = firm.start_hub()
    members = hub.members

    def given(token: str) -> Callable[[Transaction], object]:
        sealed = {TOKEN: members.sealer.seal(ME, TOKEN, token)}
        return lambda transaction: people.put_sealed(transaction, ME, sealed)

    change(hub.store, lambda t: people.add(t, ME), given("old" * 8))
    before = members.of(ME)
    change(hub.store, lambda t: people.remove(t, ME), lambda t: people.add(t, ME), given("new" * 8))
    after = members.of(ME)
    assert before is not None
    assert after is not None
    assert after is not before
    token = after.core.file_settings.toggl.api_token
    assert token is not None
    assert token.get_secret_value() == "new" * 8


def test_tokens_that_were_being_tried_are_not_kept_for_who_left(store: Store) -> None:
    change(store, lambda t: people.add(t, ANNA), lambda t: people.remove(t, ANNA))
    change(store, lambda t: people.put_sealed(t, ANNA, {TOKEN: "sealed"}))
    with store.reading() as transaction:
        assert people.sealed(transaction, ANNA) == {}


def leaving_meanwhile(store: Store, first: Callable[[Transaction], object]) -> None:
    """Leaves while the other is half done, which ends when leaving waits for it, or is over."""
    leave = threading.Thread(target=change, args=(store, lambda t: people.remove(t, ANNA)))
    with store.writing() as transaction:
        first(transaction)
        leave.start()
        while leave.is_alive() and not _waits(store):
            leave.join(0.01)
    leave.join(10)
    assert not leave.is_alive()


def _waits(store: Store) -> bool:
    with store.reading() as transaction:
        query = text("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return transaction.execute(query).first() is not None


def test_a_machine_that_joins_while_its_person_leaves_is_not_heard(store: Store) -> None:
    with store.writing() as transaction:
        people.add(transaction, ANNA)
        code = people.new_code(transaction, ANNA)
    leaving_meanwhile(store, lambda t: people.use_code(t, code, "a" * 64))
    with store.reading() as transaction:
        assert people.device_of(transaction, ANNA) is None


def test_a_draft_that_comes_while_its_person_leaves_is_not_kept(store: Store) -> None:
    with store.writing() as transaction:
        people.add(transaction, ANNA)
        asked = mailbox.put(transaction, ANNA, Request("", Ask.DRAFTS))
    assert asked is not None

    def answered(transaction: Transaction) -> None:
        assert mailbox.question(transaction, ANNA, asked, lock=True) is not None
        mailbox.keep_drafts(transaction, ANNA, [Draft(date(2026, 1, 9), "UTC")])

    leaving_meanwhile(store, answered)
    with store.reading() as transaction:
        assert mailbox.last_report(transaction, ANNA) is None
