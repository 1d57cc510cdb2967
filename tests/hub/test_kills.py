"""Processes of the hub are killed: nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress

import pytest

from tests.hub.firm import Firm
from tests.hub.process import HubProcess
from tests.longer import usually
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


def kill(processes: Iterable[HubProcess]) -> None:
    for one in processes:
        one.kill()


def waiting(firm: Firm, user: str) -> list[str]:
    """Rows that are neither offered for good nor in the tracker."""
    return [row for row in firm.rows(user) if row == "..."]
