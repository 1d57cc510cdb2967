"""Two people, one app, two processes: whatever Slack does, all reaches whom it is for, once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from tests.hub.firm import BRISK, Firm
from tests.longer import usually
from tracklater_hub.front import STRANGER
from tracklater_sandbox import ME, OTHER

BOTH = (ME, OTHER)
NUMBER = usually(10, 200)  # commands of each kind, and clicks, of each person
HELP = "/tracklater help: this"
MACHINE = "Your machine joined on"
MODES: Mapping[str, Mapping[str, str]] = {
    "sockets": {},
    "http": {"TRACKLATER_SLACK__MODE": "http", "TRACKLATER_SLACK__PORT": "0"},
}


@pytest.fixture(params=MODES)
def both(firm: Firm, request: pytest.FixtureRequest) -> Firm:
    """Both have their day before them, and two processes serve them."""
    for _ in range(2):
        firm.start_hub(BRISK, frozenset(), **MODES[request.param])
    for user in BOTH:
        firm.join(user).wake()
        firm.give_tokens(user)
        firm.open(user)
    return firm


def said(firm: Firm, user: str, words: str) -> int:
    """How often the person was told that."""
    return sum(words in one for one in firm.answers(user))


def test_every_command_and_click_reaches_its_person_once(both: Firm) -> None:
    slack = both.sandbox.slack
    foreign = both.be_foreign(Random(19))
    skipped: dict[str, set[str]] = {user: set() for user in BOTH}

    def work(user: str) -> None:
        chance = Random(user)
        items = both.buttons(user, "skip")
        for _ in range(NUMBER):
            item = chance.choice(items)
            action = "undo" if item in skipped[user] else "skip"
            both.wait(lambda: item in both.buttons(user, action) or None)  # noqa: B023
            assert slack.click(both.message(user), action, item, user=user).acked
            skipped[user] ^= {item}
            for word in ("help", "devices"):
                assert slack.command("/tracklater", word, user=user).acked

    with ThreadPoolExecutor(2) as people:
        assert len([*people.map(work, BOTH)]) == 2
    for user in BOTH:
        both.eventually(lambda: set(both.buttons(user, "undo")) == skipped[user])  # noqa: B023
        both.eventually(lambda: said(both, user, MACHINE) >= NUMBER)  # noqa: B023
        # However often they came.
        assert [said(both, user, words) for words in (HELP, MACHINE)] == [NUMBER] * 2
    assert foreign.repeated > NUMBER
    assert slack._run(foreign.settled()) == []
    assert slack.notices == []
    assert both.entries(ME) == both.entries(OTHER) == []


@pytest.fixture(params=MODES)
def joined(firm: Firm, request: pytest.FixtureRequest) -> Firm:
    """One of them has joined; two processes serve."""
    for _ in range(2):
        firm.start_hub(BRISK, frozenset(), **MODES[request.param])
    firm.join(ME)
    return firm


def test_messages_that_come_at_once_and_again_are_each_answered_once(joined: Firm) -> None:
    slack, before = joined.sandbox.slack, len(joined.answers(ME))
    joined.be_foreign(Random(19))
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: slack.say("help"), range(5)))
    joined.eventually(lambda: len(joined.answers(ME)) == before + 5)
    slack.home()
    assert slack.home_view() is not None
    slack.say("devices")  # whatever was answered twice is there by now
    joined.eventually(lambda: len(joined.answers(ME)) > before + 5)
    assert said(joined, ME, "/tracklater") >= 5
    assert len(joined.answers(ME)) == before + 6


def test_who_has_not_joined_is_told_so_once_and_gets_no_word_unasked(joined: Firm) -> None:
    slack = joined.sandbox.slack
    joined.be_foreign(Random(19))
    for _ in range(4):
        assert slack.command("/tracklater", "status", user=OTHER).acked
    slack.say("help", user=OTHER)
    joined.eventually(lambda: said(joined, OTHER, STRANGER) == 4)
    assert len(joined.answers(OTHER)) == 4
    assert slack.home_view(OTHER) is None
    assert slack.notices == []
