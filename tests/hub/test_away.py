"""The database goes away: whoever waits is told, and nothing counts that was not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.hub.firm import Firm
from tests.test_store_postgresql import command
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.domain.wall import Finding
from tracklater_hub.hub import Hub
from tracklater_hub.once import AWAY
from tracklater_sandbox import ME
from tracklater_sandbox.slack.delivery import ACK_SECONDS
from tracklater_sandbox.slack.person import Outcome

KEPT_NOT = "may not be kept"


@contextmanager
def away(address: str) -> Iterator[None]:
    """PostgreSQL takes no connection, and has ended those that there were."""
    command(address, "ALTER DATABASE test ALLOW_CONNECTIONS false")
    command(address, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname='test'")
    try:
        yield
    finally:
        command(address, "ALTER DATABASE test ALLOW_CONNECTIONS true")


def is_away(*_: Any, **__: Any) -> Any:
    raise StoreError("it is away")


def impatient(firm: Firm, act: Callable[[], Outcome]) -> Outcome:
    """What is not to be acknowledged is not waited for as long as Slack does."""
    firm.sandbox.slack.sockets.ack_seconds = 1.0
    try:
        return act()
    finally:
        firm.sandbox.slack.sockets.ack_seconds = ACK_SECONDS


def heard(firm: Firm, words: str) -> None:
    firm.wait(lambda: words in " ".join(firm.answers(ME)) or None, 10)


@pytest.fixture
def joined(firm: Firm) -> Hub:
    """Somebody who has joined, with no machine yet."""
    started = firm.start_hub()
    firm.join(ME)
    return started


def test_what_is_clicked_meanwhile_is_refused_and_can_be_clicked_again(
    firm: Firm, joined: Hub, address: str
) -> None:
    slack = firm.sandbox.slack
    firm.laptops[ME].wake()
    firm.give_tokens(ME)
    firm.open(ME)
    item = firm.buttons(ME, "approve")[0]
    with away(address):
        refused = impatient(firm, lambda: slack.click(firm.message(ME), "approve", item))
        assert not refused.acked  # Slack shows the person that it failed
        assert "reached" in str(slack.command("/tracklater", "status").payload)
        assert firm.buttons(ME, "approve")[0] == item
    firm.eventually(lambda: slack.click(firm.message(ME), "approve", item).acked)
    firm.wait(lambda: "in Toggl" in firm.rows(ME) or None)
    assert len(firm.entries(ME)) == 1


def test_a_decision_that_cannot_be_stored_is_not_acknowledged_and_said(
    firm: Firm, joined: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database goes away between the first look at the click and the decision."""
    member = joined.members.of(ME)
    assert member is not None
    monkeypatch.setattr(member.days, "set_preference", is_away)
    slack = firm.sandbox.slack
    slack.home()
    home = slack.home_view()
    refused = impatient(firm, lambda: slack.click(home, "pref_digest_at", option="17:00"))
    assert not refused.acked
    heard(firm, KEPT_NOT)


def test_what_was_acknowledged_already_is_answered(
    firm: Firm, joined: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracklater_bot.slack.views.Views.status", is_away)
    monkeypatch.setattr(joined.store, "get", is_away)  # nor is it known where the DM is
    firm.ask(ME, "status")
    heard(firm, KEPT_NOT)
    before = len(firm.answers(ME))
    firm.sandbox.slack.say("status")
    firm.wait(lambda: len(firm.answers(ME)) > before or None, 10)


@pytest.mark.parametrize("word", ["join", "devices", "leave"])
def test_what_the_hub_answers_itself_is_answered(
    firm: Firm, joined: Hub, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr("tracklater_hub.front.people.new_code", is_away)
    monkeypatch.setattr("tracklater_hub.front.people.device_of", is_away)
    monkeypatch.setattr("tracklater_hub.front.people.remove", is_away)
    firm.ask(ME, word)
    heard(firm, AWAY)


def test_a_dialog_does_not_say_for_ever_that_it_tries(
    firm: Firm, joined: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = firm.sandbox.slack
    slack.command("/tracklater", "tokens")
    firm.wait(lambda: slack.view)
    trying = "I try them now"

    def tried(*_: Any) -> list[Finding]:
        firm.wait(lambda: trying in str(slack.view) or None)
        return []

    monkeypatch.setattr("tracklater_hub.front.tried", tried)
    monkeypatch.setattr("tracklater_hub.front.people.put_sealed", is_away)
    said: Outcome = slack.submit(None, {"token_0": "some-token"})
    assert said.acked
    firm.wait(lambda: AWAY in str(slack.view) or None, 10)


def test_where_the_dm_is_needs_no_database(firm: Firm, address: str) -> None:
    client = firm.start_hub().client
    known = client.conversations_open(users=ME)["channel"]["id"]
    with away(address):
        assert client.conversations_open(users=ME)["channel"]["id"] == known
