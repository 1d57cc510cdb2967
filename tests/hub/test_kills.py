"""Processes of the hub are killed: nothing is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import struct
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import text

from benchmarks import hub_soak
from tests.bots import Forked, digests_in
from tests.digests import suggestion
from tests.hub.firm import BRISK, KEY, Firm
from tests.hub.process import STARTED, HubProcess, Machine, forked, is_stopped
from tests.longer import usually
from tests.notation import FRIDAY
from tests.postgresql import let_clock_move, move_clock
from tracklater_bot.domain.draft import Draft
from tracklater_bot.slack.messages import Messenger
from tracklater_bot.store import Store
from tracklater_hub import people
from tracklater_hub.hub import Hub, Options
from tracklater_hub.jobs import Jobs
from tracklater_hub.mailbox import Bell
from tracklater_hub.members import Members, wake
from tracklater_sandbox import ME, OTHER
from tracklater_sandbox.slack import NotThere

PLACES = (
    "sending-stored",
    *usually((), (
        "decision-stored", "before-chat-update", "before-decision-stored", "lane-taken",
        "before-sending-stored", "answer-received",
        "before-result-stored", "result-stored", "after-chat-update", "after-ack",
    )),
)  # fmt: skip

only_long = pytest.mark.skipif(usually(few=True, many=False), reason="takes minutes: --long")


@pytest.fixture
def opened(firm: Firm) -> Firm:
    """Both have their day's message; the hub that posted it has ended."""
    hub = firm.start_hub()
    for user in (ME, OTHER):
        firm.join(user).wake()
        firm.give_tokens(user)
        firm.open(user)
    firm.stop_hub(hub)
    return firm


@pytest.mark.parametrize("place", PLACES)
def test_what_one_process_began_another_ends(opened: Firm, place: str) -> None:
    dying = HubProcess(opened, place)
    item = opened.buttons(ME, "approve")[0]
    opened.sandbox.slack.click(opened.message(ME), "approve", item)
    dying.process.wait(60)
    other = HubProcess(opened)
    try:
        if place == "before-decision-stored":  # Slack said so, and the button is there
            assert opened.sandbox.slack.notices
            opened.click(ME, "approve", item)
        opened.wait(lambda: "in Toggl" in opened.rows(ME) or None, 90)
        assert len(opened.entries(ME)) == 1
        assert opened.rows(ME).count("in Toggl") == 1
        # What may look again later, for an entry that came late after all, is of another target.
        active = "target = 'entry' AND state IN ('pending', 'sending', 'unknown')"
        assert opened.sql(f"SELECT 1 FROM outbox WHERE {active}") == []
    finally:
        other.kill()
        sys.stderr.write(other.said[-5000:])  # shown where it failed


@only_long
def test_two_people_click_while_processes_are_killed(opened: Firm) -> None:
    chance = random.Random(19)
    with ExitStack() as closing:
        processes = [HubProcess(opened), HubProcess(opened)]
        closing.callback(kill, processes)

        def work(user: str) -> None:
            """As somebody does who clicks again where nothing came of it."""
            while buttons := opened.buttons(user, "approve"):
                try:
                    opened.click(user, "approve", chance.choice(buttons))
                except (NotThere, TimeoutError):
                    continue
                time.sleep(chance.random())

        people = [threading.Thread(target=work, args=(user,)) for user in (ME, OTHER)]
        for person in people:
            person.start()
        until = time.monotonic() + 120
        while time.monotonic() < until and any(person.is_alive() for person in people):
            time.sleep(chance.uniform(0.5, 3.0))
            victim = chance.randrange(2)
            processes[victim].kill()
            processes[victim] = HubProcess(opened)
        for person in people:
            person.join(60)
        for user in (ME, OTHER):
            opened.eventually(lambda: not waiting(opened, user), 90)  # noqa: B023
            names = opened.entries(user)
            assert len(names) == opened.rows(user).count("in Toggl") > 3
            spans = [(one["start"], one["stop"]) for one in opened.toggls[user].entries]
            assert len(spans) == len(set(spans))


@only_long
def test_the_database_hangs_up_on_everybody_again_and_again(opened: Firm) -> None:
    """As a PostgreSQL that is restarted does."""
    process = HubProcess(opened)
    until = time.monotonic() + 40

    def hang_up() -> None:
        while time.monotonic() < until:
            time.sleep(0.7)
            opened.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    hanging = threading.Thread(target=hang_up)
    hanging.start()
    while buttons := opened.buttons(ME, "approve"):
        with suppress(NotThere, TimeoutError):
            opened.click(ME, "approve", buttons[0])
        time.sleep(0.5)
    hanging.join()
    opened.eventually(lambda: not waiting(opened, ME), 90)
    assert len(opened.entries(ME)) == opened.rows(ME).count("in Toggl") > 3
    process.kill()


@only_long
def test_a_process_suspended_for_an_hour_before_its_request_sends_nothing(opened: Firm) -> None:
    """Another has sent it meanwhile, and found nothing before."""
    passed = opened.home / "passed"
    passed.write_bytes(struct.pack("d", 0.0))
    with Store.open(opened.database) as store, ExitStack() as closing:
        let_clock_move(store)
        store.close()

        def started(name: str) -> tuple[Forked, Connection]:
            ours, theirs = Pipe()
            log = opened.home / f"{name}.log"
            process = forked(opened, Machine(name, 0.0, passed, theirs), {}, log)
            closing.callback(process.kill)
            opened.eventually(lambda: STARTED in log.read_text() if log.exists() else False)
            return process, ours

        first, orders = started("first")
        orders.send(("sending-stored", int(signal.SIGSTOP)))
        opened.click(ME, "approve", opened.buttons(ME, "approve")[0])
        opened.eventually(lambda: is_stopped(first.pid))
        move_clock(store, 3600)
        second, _ = started("second")
        opened.wait(lambda: "in Toggl" in opened.rows(ME) or None)
        os.kill(first.pid, signal.SIGCONT)
        second.kill()  # what follows is the first one's, which goes on
        opened.eventually(lambda: opened.sandbox.slack.sockets.count == 1)
        opened.click(OTHER, "approve", opened.buttons(OTHER, "approve")[0])
        opened.wait(lambda: "in Toggl" in opened.rows(OTHER) or None)
        assert len(opened.entries(ME)) == 1
        assert opened.rows(ME).count("in Toggl") == 1


def test_a_host_whose_clock_is_ahead_keeps_nobody_waiting(store: Store) -> None:
    """What a process that died had begun is begun anew at once, by the database's clock."""
    let_clock_move(store)
    store.close()  # the next connections have it
    move_clock(store, -600)
    with store.writing() as transaction:
        wake(transaction, ME, "outbox")
        transaction.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    url = store._engine.url.render_as_string(hide_password=False)
    jobs = Jobs(cast(Members, SimpleNamespace(store=store)), Bell(url).conninfo)

    async def rescue() -> None:
        async with jobs.app.open_async():
            await jobs.app.tasks["rescue"].func(timestamp=0)

    with ThreadPoolExecutor() as beside:  # a browser of other tests may have this thread's loop
        beside.submit(asyncio.run, rescue()).result()
    with store.reading() as transaction:
        due = text("SELECT scheduled_at <= now() FROM procrastinate_jobs WHERE status = 'todo'")
        assert transaction.execute(due).scalar_one()


def test_a_message_that_is_there_twice_is_taken_away_at_the_next_round(firm: Firm) -> None:
    """By the process that may have posted it: no other knows, and nobody wakes it."""
    hub = Hub(firm.team(), Options(KEY, "https://hub.example", port=0), BRISK)
    with hub.store, hub.store.writing() as transaction:
        people.add(transaction, ME)
    member, day = hub.members.of(ME), FRIDAY.date
    assert member is not None
    draft = Draft(day, str(FRIDAY.zone), (suggestion("09:00-10:00 acme -"),))
    member.days.messenger.publish(hub.store.save_draft(ME, draft))
    (posted,) = seen = digests_in(firm.sandbox.slack.messages(), day.isoformat())
    said = {"text": posted["text"], "metadata": posted["metadata"]}
    hub.client.chat_postMessage(channel=ME, **said)
    hub.jobs._round(ME, member)
    assert len(digests_in(firm.sandbox.slack.messages(), day.isoformat())) == len(seen)
    hub.store.close()


def test_no_round_waits_until_others_messages_were_looked_at(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack answers such questions fifty times a minute: a firm's digests would come behind."""
    hub = Hub(firm.team(), Options(KEY, "https://hub.example", port=0), BRISK)
    asked, may = threading.Event(), threading.Event()

    def look(_messenger: Messenger, person: str) -> bool:
        assert person == ME, "two at a time"
        asked.set()
        return not may.wait(30)

    monkeypatch.setattr(Messenger, "look", look)
    with hub.store, hub.store.writing() as transaction:
        people.add(transaction, ME)
        people.add(transaction, OTHER)
    first, second = hub.members.of(ME), hub.members.of(OTHER)
    assert first is not None
    assert second is not None
    with ThreadPoolExecutor() as beside:
        held = beside.submit(hub.jobs._round, ME, first)
        try:
            assert asked.wait(30)
            hub.jobs._round(OTHER, second)
        finally:
            may.set()
        held.result(30)
    hub.store.close()


@only_long
def test_days_on_which_everything_fails_in_turn() -> None:
    assert hub_soak.main(["--days", "4", "--first", "19"]) == 0


def kill(processes: Iterable[HubProcess]) -> None:
    for one in processes:
        one.kill()


def waiting(firm: Firm, user: str) -> list[str]:
    """Rows that are neither offered for good nor in the tracker."""
    return [row for row in firm.rows(user) if row == "..."]
