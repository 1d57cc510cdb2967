"""Two people on one Slack app: join, agent, message, click, entry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from cryptography.fernet import Fernet
from pydantic import SecretStr

from tests.bots import ROOT
from tests.httpmode import SignedRequests
from tests.hub.firm import KEY, Firm, is_asleep
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.slack.connections import PATH, HttpConnection
from tracklater_bot.store import Store
from tracklater_hub import hub
from tracklater_hub.commands import renew
from tracklater_hub.protocol import Answer, Request
from tracklater_hub.sealing import Sealer
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


def test_slack_may_come_over_http(firm: Firm) -> None:
    """Signed, for members and strangers alike."""
    started = firm.start_hub(TRACKLATER_SLACK__MODE="http", TRACKLATER_SLACK__PORT="0")
    joined(firm, ME)
    firm.open(ME)
    approve(firm, ME)
    assert isinstance(started.connection, HttpConnection)
    address = f"http://127.0.0.1:{started.connection.port}{PATH}"
    challenge = json.dumps({"type": "url_verification", "challenge": "as Slack tries an address"})
    secret = firm.sandbox.slack.signing_secret
    signed = SignedRequests(address, secret, [])._signed(challenge)
    signed["Content-Type"] = "application/json"
    answer = requests.post(address, data=challenge, headers=signed, timeout=5)
    assert (answer.status_code, "as Slack tries" in answer.text) == (200, True)
    for user in BOTH:
        event = {"type": "app_home_opened", "user": user, "tab": "home"}
        body = {"type": "event_callback", "event": event}
        assert requests.post(address, json=body, timeout=5).status_code == 401


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
    assert len(firm.entries(ME)) == firm.rows(ME).count("in Toggl") > 0
    assert firm.entries(ME) == firm.entries(OTHER)  # they did the same work
    assert firm.sandbox.slack.notices == []


def test_a_day_that_cannot_be_read_is_said(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    firm.start_hub()
    laptop = firm.join(ME)
    monkeypatch.setattr(laptop.agent, "_machine", broken)
    laptop.wake()
    firm.ask(ME)
    sentence = "could not be read there"
    firm.wait(lambda: sentence in str(firm.sandbox.slack.messages(user=ME)) or None)


def broken(_request: object) -> None:
    raise RuntimeError("a mistake of ours")


def test_a_person_acts_on_nothing_of_anothers(firm: Firm) -> None:
    firm.start_hub()
    for user in BOTH:
        joined(firm, user)
        firm.open(user)
    mine, theirs = firm.buttons(ME, "approve"), firm.buttons(OTHER, "approve")
    assert set(mine).isdisjoint(theirs)
    # Their own message, as a forged payload would have it: with the ids of somebody else's items.
    found = firm.sandbox.slack.workspace.find_message(firm.message(OTHER)["ts"])
    assert found is not None
    forged = json.dumps(found[1]["blocks"]).replace(theirs[0], mine[0])
    found[1]["blocks"] = json.loads(forged)
    for number, action in enumerate(("approve", "skip", "edit"), start=1):
        firm.sandbox.slack.click(firm.message(OTHER), action, mine[0], user=OTHER)
        firm.wait(lambda: refusals(firm, OTHER) == number or None)  # noqa: B023
    assert firm.sandbox.slack.view_of(OTHER) is None
    assert firm.buttons(ME, "approve") == mine
    assert firm.entries(ME) == firm.entries(OTHER) == []


def refusals(firm: Firm, user: str) -> int:
    """How often the person was told that it is not theirs."""
    return sum("Only the person" in said for said in firm.answers(user))


def test_a_stranger_is_told_how_to_join_and_no_more(firm: Firm) -> None:
    firm.start_hub()
    firm.ask(OTHER, "status")
    firm.wait(lambda: firm.answers(OTHER) or None)
    (said,) = firm.answers(OTHER)
    assert "/tracklater join" in said
    assert firm.sql("SELECT * FROM hub_people") == []


def test_the_hub_says_what_it_knew_when_the_laptop_sleeps(firm: Firm) -> None:
    started = firm.start_hub()
    joined(firm, ME)
    firm.open(ME)
    offered = firm.rows(ME)
    firm.laptops[ME].sleep()
    is_asleep(started.store, ME)
    seen = len(firm.answers(ME))
    firm.ask(ME)
    firm.wait(lambda: len(firm.answers(ME)) > seen or None)
    assert firm.rows(ME) == offered
    firm.wait(lambda: "last reported at" in str(firm.message(ME)["blocks"]) or None)
    approve(firm, ME)  # what is known can be decided all the same
    assert len(firm.entries(ME)) == 1


def test_a_day_is_drawn_anew_while_the_person_waits(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.start_hub()
    laptop = firm.join(ME).wake()
    firm.open(ME)
    answer = laptop.agent.answer

    def meanwhile(request: Request) -> Answer:
        told = answer(request)
        status = SourceStatus("thyme", None, 0, "a disk is full", traces=True)
        return replace(told, drafts=tuple(replace(one, sources=(status,)) for one in told.drafts))

    monkeypatch.setattr(laptop.agent, "answer", meanwhile)
    firm.ask(ME)
    firm.wait(lambda: "a disk is full" in str(firm.message(ME)["blocks"]) or None)


def test_what_waits_is_not_taken_away_where_nothing_is_known(firm: Firm) -> None:
    started = firm.start_hub()
    joined(firm, ME)
    firm.open(ME)
    offered = firm.buttons(ME, "approve")
    firm.laptops[ME].sleep()
    is_asleep(started.store, ME)
    firm.sql("DELETE FROM hub_drafts")
    firm.ask(ME)
    firm.wait(lambda: "it has not reported yet" in str(firm.message(ME)["blocks"]) or None)
    assert firm.buttons(ME, "approve") == offered


def test_a_laptop_that_comes_back_reports_by_itself(firm: Firm) -> None:
    started = firm.start_hub()
    laptop = firm.join(ME)
    is_asleep(started.store, ME)
    laptop.wake()
    firm.eventually(lambda: firm.sql("SELECT day FROM hub_drafts") != [])


def test_tokens_that_a_service_refuses_are_not_kept(firm: Firm) -> None:
    firm.start_hub()
    firm.join(ME)
    slack = firm.sandbox.slack
    slack.command("/tracklater", "tokens")
    firm.wait(lambda: slack.view)
    slack.submit(None, {"token_0": "wrong-toggl-token"})
    firm.wait(lambda: "Nothing was kept" in str(slack.view))
    assert firm.sql("SELECT * FROM hub_credentials") == []
    slack.close_view(everything=True)
    firm.give_tokens(ME)
    kept = firm.sql("SELECT sealed FROM hub_credentials")
    assert len(kept) == 5
    assert firm.toggls[ME].api_token not in str(kept)
    slack.command("/tracklater", "tokens")
    view = str(firm.wait(lambda: slack.view))
    assert "There is one already" in view
    assert firm.toggls[ME].api_token not in view


def test_tokens_go_nowhere_where_the_teams_file_has_changed(firm: Firm) -> None:
    """A dialog that was open meanwhile would give the first client's token to the second."""
    started = firm.start_hub()
    firm.join(ME)
    slack, toggl = firm.sandbox.slack, firm.toggls[ME].api_token
    slack.command("/tracklater", "tokens")
    firm.wait(lambda: slack.view)
    toggl_token = {"api_token": SecretStr(toggl)}
    changed = started.members.team.toggl.model_copy(update=toggl_token)
    started.members.team = started.members.team.model_copy(update={"toggl": changed})
    slack.submit(None, {"token_0": "wrong@example.com", "token_1": toggl})
    firm.wait(lambda: "changed meanwhile" in str(slack.view) or None, 20)
    assert firm.sql("SELECT * FROM hub_credentials") == []


def test_who_leaves_is_forgotten_and_their_machine_is_not_heard(firm: Firm) -> None:
    firm.start_hub()
    joined(firm, ME)
    firm.open(ME)
    firm.ask(ME, "leave")
    firm.wait(lambda: "You have left" in " ".join(firm.answers(ME)) or None)
    firm.eventually(lambda: firm.laptops[ME].error is not None)
    for table in ("hub_people", "hub_credentials", "hub_drafts", "hub_requests"):
        assert firm.sql(f"SELECT * FROM {table}") == []
    firm.ask(ME)
    firm.wait(lambda: "I don't know you" in " ".join(firm.answers(ME)) or None)


def test_a_lost_machine_is_ended_from_slack(firm: Firm) -> None:
    firm.start_hub()
    firm.join(ME).wake()
    firm.ask(ME, "devices")
    firm.wait(lambda: "Your machine joined on" in " ".join(firm.answers(ME)) or None)
    firm.ask(ME, "devices end")
    firm.eventually(lambda: firm.laptops[ME].error is not None)
    assert "not heard any more" in str(firm.laptops[ME].error)


def test_habits_are_forgotten_when_the_machine_is_awake_again(firm: Firm) -> None:
    started = firm.start_hub()
    laptop = firm.join(ME)
    member = started.members.of(ME)
    assert member is not None
    habits = laptop.settings.data_folder / "habits"
    habits.mkdir(parents=True, exist_ok=True)
    (habits / "learned.json").write_text("{}", encoding="utf-8")
    member.machine.forget_habits()  # while it sleeps
    laptop.wake()
    firm.eventually(lambda: firm.sql("SELECT 1 FROM hub_requests WHERE answered_at IS NULL") == [])


def test_keys_are_changed_without_a_word_of_anybodys(firm: Firm) -> None:
    started = firm.start_hub()
    firm.join(ME)
    firm.give_tokens(ME)
    new = Fernet.generate_key().decode()
    renew(started.store, Sealer(f"{new},{KEY}"))
    assert started.members.settings_of(ME).toggl.api_token is None  # the old key opens no more
    started.members.sealer = Sealer(new)
    token = started.members.settings_of(ME).toggl.api_token
    assert token is not None
    assert token.get_secret_value() == firm.toggls[ME].api_token


def test_a_host_whose_clock_is_wrong_counts_by_the_databases(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes in (-10, 10):
        wrong = timedelta(minutes=minutes)
        monkeypatch.setattr(hub, "utc_now", lambda by=wrong: datetime.now(UTC) + by)
        told = hub.DatabaseClock(store)()
        assert abs(told - store.now()) < timedelta(seconds=5)


def test_the_commands_of_a_laptop(firm: Firm) -> None:
    """As a person types them, in a home of their own."""
    firm.start_hub()
    code, home = firm.code(ME), firm.home / "typed"
    home.mkdir()
    settings = firm.sandbox.settings_file
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # not the tester's own
    program = [sys.executable, "-m", "tracklater_bot"]
    joining = [*program, "join", firm.url(), code]
    done = subprocess.run(joining, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert f"{ME}'s now" in done.stderr
    working = [*program, "agent", "--config", str(settings)]
    agent = subprocess.Popen(working, env=environ, stderr=subprocess.PIPE, text=True)
    try:
        firm.eventually(lambda: firm.sql("SELECT day FROM hub_drafts") != [])
        agent.terminate()
        _, said = agent.communicate(timeout=30)
    finally:
        agent.kill()
    assert agent.returncode == 0
    assert "Window titles stay" in said
    assert "Traceback" not in said
