"""Two people on one Slack app: join, agent, message, click, entry."""

from __future__ import annotations

import threading

from tests.hub.firm import Firm
from tracklater_sandbox import ME, OTHER

BOTH = (ME, OTHER)


def joined(firm: Firm, user: str) -> None:
    """The person has a machine that is awake, and has given tokens."""
    firm.join(user).wake()
    firm.give_tokens(user)


def approve(firm: Firm, user: str) -> None:
    """Approves the first row that can be."""
    before = firm.rows(user).count("in Toggl")
    firm.click(user, "approve", firm.buttons(user, "approve")[0])
    firm.wait(lambda: firm.rows(user).count("in Toggl") > before or None)


def test_from_joining_to_an_entry_in_the_tracker(firm: Firm) -> None:
    firm.start_hub()
    joined(firm, ME)
    firm.open(ME)
    approve(firm, ME)
    assert len(firm.entries(ME)) == 1
    assert firm.entries(OTHER) == []


def test_two_people_two_processes_and_each_click_reaches_its_person(firm: Firm) -> None:
    firm.start_hub()
    firm.start_hub()
    for user in BOTH:
        joined(firm, user)
        firm.open(user)

    def work(user: str) -> None:
        while firm.buttons(user, "approve"):
            approve(firm, user)

    threads = [threading.Thread(target=work, args=(user,)) for user in BOTH]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert firm.entries(ME) == firm.entries(OTHER)  # they did the same work
    assert len(firm.entries(ME)) == len(set(firm.entries(ME)) | set()) or firm.entries(ME)
    assert firm.sandbox.slack.notices == []
