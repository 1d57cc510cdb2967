"""Who leaves is gone: what was about to be given to them is not there afterwards."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from tests.clues import ISSUES
from tests.commands import Answer, called
from tests.hub.firm import Firm
from tests.hub.test_admission import message
from tests.notation import FRIDAY, span
from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.http import utc_now
from tracklater_bot.settings import SuggestSettings
from tracklater_bot.store import Store, Transaction
from tracklater_hub import mailbox, people
from tracklater_hub.admission import admitted
from tracklater_hub.believing import Known
from tracklater_hub.device import Device, HubClient, HubError
from tracklater_hub.hub import OptionError, members_in
from tracklater_hub.jobs import Jobs
from tracklater_hub.machine import RemoteMachine
from tracklater_hub.mailbox import Bell
from tracklater_hub.members import Members, let_go
from tracklater_hub.protocol import NEXT, Ask, Done, Next, Request
from tracklater_sandbox import ME, OTHER

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


def test_a_machine_that_comes_back_while_its_person_leaves_stops_neither(
    store: Store,
) -> None:
    key = Ed25519PrivateKey.generate()
    with store.writing() as transaction:
        people.add(transaction, ANNA)
        code = people.new_code(transaction, ANNA)
        made = people.use_code(transaction, code, key.public_key().public_bytes_raw().hex())
    assert made is not None
    device = Device("http://127.0.0.1", ANNA, made.id, key.private_bytes_raw().hex())
    with ThreadPoolExecutor(1) as pool:
        with store.writing() as transaction:  # as `remove` does, in its order
            mine = text("SELECT 1 FROM hub_people WHERE person = :person FOR UPDATE")
            transaction.execute(mine, {"person": ANNA})
            back = pool.submit(admitted, store, NEXT, message(device, NEXT))
            while not _waits(store):
                assert not back.done()
            people.remove(transaction, ANNA)
        back.result(30)
    with store.reading() as transaction:
        assert people.device_of(transaction, ANNA) is None


def test_who_is_removed_while_their_machine_is_waited_for_is_told_nothing(
    store: Store, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(store, lambda t: people.add(t, ANNA))

    def known(*_: object) -> Known:
        change(store, lambda t: let_go(t, ANNA))
        return Known({}, {})

    monkeypatch.setattr(RemoteMachine, "known", known)
    machine = RemoteMachine(
        ANNA, store, Bell(database), cast("Catalog", None), (), SuggestSettings(), utc_now,
        lambda: FRIDAY.zone,
    )  # fmt: skip
    with pytest.raises(LookupError, match="left"):
        machine.drafts([FRIDAY])


# -- What stays ------------------------------------------------------------------------------------


def test_of_who_leaves_only_what_was_decided_stays_for_as_long_as_days_do(
    store: Store, database: str
) -> None:
    rows = tuple(
        Suggestion(span(when), "acme", description=f"words of {when}")
        for when in ("09:00-10:00", "10:00-11:00")
    )
    change(store, lambda t: people.add(t, ANNA))
    today = store.now().date()
    store.save_draft(ANNA, Draft(today, "UTC", rows))
    change(store, lambda t: t.execute(text(
        "UPDATE items SET state = 'sent' WHERE description LIKE '%09:00%'")))  # fmt: skip
    store.put_issues(ANNA, "here", ISSUES)
    store.put(ANNA, "page:1", "what was shown")
    store.put(ANNA, "billed:2026-01", "decided")
    store.add_rule(ANNA, Rule(RuleKind.ALWAYS, "acme", "own words"))
    store.set_preference(ANNA, "silent", value=True)
    change(store, lambda t: let_go(t, ANNA))

    def left(table: str, column: str) -> list[Any]:
        with store.reading() as transaction:
            return [*transaction.execute(text(f"SELECT {column} FROM {table}")).scalars()]

    assert left("items", "description") == ["words of 09:00-10:00"]
    assert left("memory", "key") == ["billed:2026-01"]
    for table in ("issues", "rules", "preferences"):
        assert left(table, "person") == []
    members = SimpleNamespace(store=store, hears=lambda _person: True)
    worker = Jobs(cast("Members", members), Bell(database).conninfo)
    worker.prune_unheard()
    assert len(left("digests", "person")) == 1
    store.save_draft(ANNA, Draft(date(2020, 1, 10), "UTC", rows))  # long ago
    worker.prune_unheard()
    worker.stop()
    assert left("digests", "day") == [today]


# -- What had not been sent ------------------------------------------------------------------------


def approved_while_toggl_is_down(firm: Firm) -> str:
    """The person has joined and decided; gives the item."""
    firm.join(ME).wake()
    firm.give_tokens(ME)
    firm.open(ME)
    faults = firm.toggls[ME].faults
    faults.fail_next("time_entries", 503, times=1000, method="POST")
    item = firm.buttons(ME, "approve")[0]
    firm.click(ME, "approve", item)
    firm.eventually(lambda: bool(faults.happened))
    firm.eventually(lambda: item not in firm.buttons(ME, "approve"))
    return item


def test_who_leaves_is_told_what_was_not_sent_and_it_is_not_sent_later(firm: Firm) -> None:
    hub = firm.start_hub()
    item = approved_while_toggl_is_down(firm)
    firm.ask(ME, "leave")
    firm.wait(lambda: "1 of your decisions had not reached" in " ".join(firm.answers(ME)) or None)
    firm.eventually(lambda: item in firm.buttons(ME, "approve") + firm.buttons(ME, "retry"))
    firm.toggls[ME].faults.clear()
    firm.code(ME)
    firm.give_tokens(ME)
    hub.jobs.tick()
    member = hub.members.of(ME)
    assert member is not None
    member.loops["outbox"].work()
    assert firm.sql("SELECT 1 FROM outbox WHERE target = 'entry' AND state = 'pending'") == []
    assert firm.entries(ME) == []


def test_what_was_left_over_by_an_older_leaving_is_not_sent_by_a_newer_joining(
    firm: Firm,
) -> None:
    """As an earlier version left it, or a click at that very moment."""
    hub = firm.start_hub()
    approved_while_toggl_is_down(firm)
    with hub.store.writing() as transaction:
        people.remove(transaction, ME)
    firm.toggls[ME].faults.clear()
    firm.code(ME)
    firm.give_tokens(ME)
    hub.jobs.tick()
    firm.eventually(
        lambda: firm.sql("SELECT 1 FROM procrastinate_jobs WHERE status = 'todo'") == []
    )
    assert firm.entries(ME) == []


# -- Taken off by the administrator ---------------------------------------------------------------


def administer(firm: Firm, *arguments: str, **environ: str) -> Answer:
    """An administrator's command beside the running hub."""
    command = ("hub", "--config", str(firm.team_file), *arguments)
    return called(firm.home, *command, **(firm.environment | environ))


def test_an_administrator_sees_who_has_joined_and_no_word_of_their_days(firm: Firm) -> None:
    firm.start_hub()
    assert "Nobody has joined yet" in administer(firm, "--members").err
    approved_while_toggl_is_down(firm)
    firm.code(OTHER)
    said = administer(firm, "--members", TRACKLATERHUB_MEMBERS=ME)
    assert said.code == 0
    mine, others = said.out.splitlines()
    assert re.fullmatch(
        rf"{ME}: joined [\w: +-]+; machine last heard of [\w: +-]+, awake; 5 tokens;"
        " 1 decisions wait to be sent",
        mine,
    )
    assert others.endswith("no machine; 0 tokens; 0 decisions wait to be sent;"
                           " not in TRACKLATERHUB_MEMBERS: not heard")  # fmt: skip


def test_an_administrator_removes_somebody(firm: Firm) -> None:
    firm.start_hub()
    approved_while_toggl_is_down(firm)
    said = administer(firm, "--remove", ME)
    assert said.code == 0
    assert "5 tokens and all drafts are deleted. 1 decisions had not been sent" in said.err
    assert "may join again" in said.err
    firm.eventually(lambda: firm.laptops[ME].error is not None)
    for table in ("hub_people", "hub_credentials", "hub_drafts", "hub_requests"):
        assert firm.sql(f"SELECT * FROM {table}") == []
    assert firm.sql("SELECT 1 FROM digests") != []
    assert firm.sql("SELECT 1 FROM hub_devices WHERE key <> ''") == []
    firm.toggls[ME].faults.clear()
    firm.ask(ME)
    firm.wait(lambda: "I don't know you" in " ".join(firm.answers(ME)) or None)
    assert firm.entries(ME) == []
    again = administer(firm, "--remove", ME)
    assert (again.code, again.err) == (
        1, f"{ME} has not joined: `tracklater-bot hub --members` tells who.\n",
    )  # fmt: skip


def test_who_is_taken_off_the_list_is_not_heard_and_keeps_all(firm: Firm) -> None:
    """Clicks, machine and tokens; on the list again, all is as before."""
    hub = firm.start_hub()
    item = approved_while_toggl_is_down(firm)
    firm.stop_hub(hub)
    others = firm.start_hub(members=frozenset({OTHER}))
    firm.toggls[ME].faults.clear()
    assert others.members.of(ME) is None
    firm.laptops[ME].sleep()
    with pytest.raises(HubError, match="taken you off") as refused:
        HubClient(replace(firm.laptops[ME].device, url=firm.url())).ask(NEXT, Done(), Next)
    assert not refused.value.lasting
    firm.ask(ME)
    firm.wait(lambda: "I don't know you" in " ".join(firm.answers(ME)) or None)
    firm.click(ME, "skip", firm.buttons(ME, "skip")[0])
    others.jobs.tick()
    firm.ask(ME, "join")
    firm.wait(lambda: "has not put you on the list" in " ".join(firm.answers(ME)) or None)
    assert firm.sql("SELECT 1 FROM items WHERE state = 'skipped'") == []
    assert len(firm.sql("SELECT 1 FROM hub_credentials")) == 5
    assert firm.entries(ME) == []
    firm.stop_hub(others)
    firm.sql("UPDATE outbox SET due_at = clock_timestamp()")  # it was to be tried in a while
    firm.sql("UPDATE lanes SET not_before = NULL")
    firm.start_hub(members=frozenset({ME}))
    firm.wait(lambda: firm.entries(ME) or None)
    firm.eventually(lambda: "in Toggl" in firm.rows(ME))
    assert item not in firm.buttons(ME, "approve")


def test_a_list_with_a_name_for_an_id_says_so() -> None:
    with pytest.raises(OptionError, match="has anna, which is no member ID"):
        members_in({"TRACKLATERHUB_MEMBERS": "U0123ABCD, anna"})
