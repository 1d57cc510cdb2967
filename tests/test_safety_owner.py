"""Only the owner of a day can act on it, whatever a payload says."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt import App, BoltRequest

from tests.bots import days_on, digests_in, post
from tests.conftest import FRIDAY
from tracklater_bot.domain.digests import Digest, ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.slack import connections
from tracklater_bot.slack.app import register
from tracklater_bot.slack.connections import PATH, HttpConnection
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.gate import NOT_YOURS, STRANGER
from tracklater_bot.slack.handlers.dialogs import OUTDATED
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.slack.workspace import OTHER

DAY = FRIDAY.isoformat()
SECRET = "the signing secret"
DECIDING = ("approve", "skip", "undo", "approve_all", "approve_certain", "retry", "trim", "keep")
OTHERS = (
    "edit", "more", "add", "refresh", "remind", "page:0", "page:1", "issue", "open_day",
    "pref_digest_at", "pref_reset",
)  # fmt: skip
GARBAGE = (
    "", "nothing", DAY, "0000-00-00", "2026-13-45", "9999-12-31", "-1", "'; DROP TABLE items; --",
    "\x00", "<!channel>", "split:", "merge:nothing", "why:\ud83d", "x" * 5000, "{}", "[]", "null",
)  # fmt: skip
VIEWS = ("edit_item", "add_item", "split_item")


class Room:
    """A posted day, and Slack payloads that come in by whichever way."""

    def __init__(self, sandbox: Sandbox, days: Days) -> None:
        self.sandbox = sandbox
        self.days = days
        self.app = App(
            client=days.messenger._client,
            signing_secret=SECRET,
            token_verification_enabled=False,
            process_before_response=True,  # the answer comes when the listener is through
        )
        register(self.app, days)
        post(days, sandbox, "09:00-10:00 acme DEV-1", "10:00-11:00 acme DEV-2")
        self.items = [item.id for item in self.digest.items]

    @property
    def digest(self) -> Digest:
        found = self.days.person.store.digest(ME, FRIDAY)
        assert found is not None
        return found

    def send(self, body: dict[str, Any]) -> tuple[int, str]:
        """What Bolt answers. As in Slack, there is an address to answer the person at."""
        workspace, user = self.sandbox.slack.workspace, str((body.get("user") or {}).get("id", ME))
        key = workspace.response_key(workspace.dm(user).id, user)
        body["response_url"] = f"{self.sandbox.url}/slack/response/{key}"
        answer = self.app.dispatch(BoltRequest(body=body, mode="socket_mode"))
        return answer.status, str(answer.body)

    def nothing_changed(self, before: Digest) -> None:
        assert self.digest == before
        assert self.sandbox.toggl.account.entries == {}
        assert self.days.person.store.preferences(ME) == {}

    def private_answers(self, user: str) -> str:
        return json.dumps(self.sandbox.slack.messages(user=user), ensure_ascii=False)


@pytest.fixture(scope="module")
def sandbox_of_day(tmp_path_factory: pytest.TempPathFactory, sample_home: Any) -> Iterator[Sandbox]:
    home = tmp_path_factory.mktemp("owner")
    with Sandbox(home, today=FRIDAY) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def room(sandbox_of_day: Sandbox) -> Iterator[Room]:
    sandbox_of_day.toggl.account.entries.clear()
    with days_on(sandbox_of_day) as days:
        yield Room(sandbox_of_day, days)


def _click(action: str, value: str, user: str = OTHER, **more: Any) -> dict[str, Any]:
    """A click as Slack describes it, on the owner's message."""
    act: dict[str, Any] = {"action_id": action, "block_id": f"day:{DAY}", "type": "button"}
    act |= {"value": value, "action_ts": "1.0"}
    if action in ("more", "remind", "issue"):
        act |= {"type": "overflow", "selected_option": {"value": value}}
        del act["value"]
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "mallory", "team_id": "T0SANDBOX"},
        "team": {"id": "T0SANDBOX", "domain": "sandbox"},
        "api_app_id": "A0TRACKLATER",
        "trigger_id": "1.2.3",
        "container": {"type": "message", "message_ts": "1.0", "channel_id": "D1"},
        "channel": {"id": "D1", "name": "directmessage"},
        "actions": [act],
        **more,
    }


def _view(callback: str, metadata: str, user: str = OTHER) -> dict[str, Any]:
    values = {
        "start": {"start": {"type": "timepicker", "selected_time": "09:00"}},
        "end": {"end": {"type": "timepicker", "selected_time": "09:30"}},
        "at": {"at": {"type": "timepicker", "selected_time": "09:30"}},
        "description": {"description": {"type": "plain_text_input", "value": "stolen"}},
    }
    return {
        "type": "view_submission",
        "user": {"id": user, "username": "mallory", "team_id": "T0SANDBOX"},
        "team": {"id": "T0SANDBOX", "domain": "sandbox"},
        "view": {
            "id": "V1", "type": "modal", "callback_id": callback, "private_metadata": metadata,
            "hash": "1", "state": {"values": values},
            "blocks": [{"type": "input", "block_id": name} for name in values],
        },
    }  # fmt: skip


@pytest.mark.parametrize("action", DECIDING + OTHERS)
def test_somebody_elses_click_changes_nothing(room: Room, action: str) -> None:
    before = room.digest
    prefix = ("split:", "merge:", "why:") if action == "more" else ("",)
    for value in (*(start + room.items[0] for start in prefix), DAY, "hour"):
        status, body = room.send(_click(action, value))
        assert status in (200, 404)
        assert "Traceback" not in body
    room.nothing_changed(before)


@pytest.mark.parametrize("callback", VIEWS)
def test_somebody_elses_dialog_changes_nothing(room: Room, callback: str) -> None:
    before = room.digest
    version = before.items[0].version
    metadata = json.dumps({"item": room.items[0], "version": version, "day": DAY})
    status, body = room.send(_view(callback, metadata))
    assert (status, "Traceback" in body) == (200, False)
    room.nothing_changed(before)


def test_somebody_elses_command_shortcut_and_home_change_nothing(room: Room) -> None:
    before = room.digest
    calls = list(room.sandbox.slack.api.calls)
    for text in ("", DAY, "week", "status"):
        command = {"command": "/tracklater", "text": text, "user_id": OTHER, "team_id": "T0SANDBOX"}
        status, body = room.send(command)
        assert status == 200
        assert "Development" not in body, "another person's day was told"
    room.send({
        "type": "message_action", "callback_id": "track_this", "trigger_id": "1",
        "user": {"id": OTHER}, "message": {"text": "DEV-1", "ts": "1.0"},
    })  # fmt: skip
    event = {"type": "app_home_opened", "user": OTHER, "tab": "home", "channel": "D2"}
    room.send({"type": "event_callback", "event": event, "team_id": "T0SANDBOX"})
    room.nothing_changed(before)
    made = room.sandbox.slack.api.calls[len(calls) :]
    assert not {"views.open", "views.publish", "chat.postMessage", "chat.update"} & set(made)


def test_another_persons_item_is_not_mine_to_decide(room: Room) -> None:
    """The ids of items are no secret: who knows one can still do nothing with it."""
    store = room.days.person.store
    mine = store.digest(ME, FRIDAY)
    assert mine is not None
    theirs = store.save_draft(OTHER, _draft_of(mine))
    for action in DECIDING[:3]:
        room.send(_click(action, theirs.items[0].id, user=ME))
    metadata = json.dumps({"item": theirs.items[0].id, "version": 1, "day": DAY})
    for callback in VIEWS[::2]:
        room.send(_view(callback, metadata, user=ME))
    assert store.digest(OTHER, FRIDAY) == theirs
    assert "stolen" not in str(store.digest(ME, FRIDAY))


def _draft_of(digest: Digest) -> Any:
    return Draft(digest.day, digest.timezone, tuple(item.suggestion for item in digest.items))


@pytest.mark.parametrize("action", DECIDING + OTHERS)
def test_garbage_in_the_owners_clicks_changes_nothing(room: Room, action: str) -> None:
    before = room.digest
    for value in GARBAGE:
        if action in ("approve_all", "approve_certain", "refresh", "open_day") and value == DAY:
            continue  # that is no garbage there
        status, body = room.send(_click(action, value, user=ME))
        # Slack never sends that; whoever does gets a reference, which the log has too.
        assert status in (200, 404, 500), (action, value)
        assert "Traceback" not in body
    assert [item.state for item in room.digest.items] == [ItemState.OPEN] * len(before.items)
    assert room.sandbox.toggl.account.entries == {}
    assert room.days.person.store.preferences(ME) == {}
    assert "Traceback" not in room.private_answers(ME)


@pytest.mark.parametrize("callback", VIEWS)
@pytest.mark.parametrize("metadata", ["", "{}", "[]", "nonsense", '{"item": 7}', '{"day": "x"}'])
def test_crafted_metadata_changes_nothing(room: Room, callback: str, metadata: str) -> None:
    before = room.digest
    status, body = room.send(_view(callback, metadata, user=ME))
    assert "Traceback" not in body
    assert status < 600
    room.nothing_changed(before)


# -- HTTP ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def port(room: Room) -> Iterator[int]:
    connection = HttpConnection(room.app, 0)
    connection.open()
    yield connection.port
    connection.close()


def _signed(body: str, at: float, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }


def _ask(port: int, body: str, headers: dict[str, str], method: str = "POST") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, PATH, body.encode(), headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _form(room: Room) -> str:
    return urlencode({"payload": json.dumps(_click("skip", room.items[1], user=ME))})


@pytest.mark.parametrize(
    "wrong",
    ["another secret", "too old", "from the future", "another body", "no signature",
     "no timestamp", "neither", "nonsense"],
)  # fmt: skip
def test_a_request_that_slack_did_not_sign_is_refused(room: Room, port: int, wrong: str) -> None:
    before, body, now = room.digest, _form(room), time.time()
    headers = {
        "another secret": _signed(body, now, "guessed"),
        "too old": _signed(body, now - 600),
        "from the future": _signed(body, now + 600),
        "another body": _signed(body + "x", now),
        "nonsense": _signed(body, now) | {"X-Slack-Request-Timestamp": "soon"},
    }.get(wrong, _signed(body, now))
    left_out = {"no signature": "X-Slack-Signature", "no timestamp": "X-Slack-Request-Timestamp"}
    headers.pop(left_out.get(wrong, ""), None)
    if wrong == "neither":
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert _ask(port, body, headers) == 401
    room.nothing_changed(before)


def test_a_request_that_slack_signed_is_taken(room: Room, port: int) -> None:
    body = _form(room)
    assert _ask(port, body, _signed(body, time.time())) == 200
    assert room.digest.items[1].state is ItemState.SKIPPED
    room.days.review.undo(ME, room.items[1])


def test_a_request_that_was_overheard_is_not_taken_again(room: Room, port: int) -> None:
    body = _form(room)
    headers = _signed(body, time.time() - 20)
    assert _ask(port, body, headers) == 200
    room.days.review.undo(ME, room.items[1])
    disguised = [
        headers,
        headers | {"X-Slack-Retry-Num": "1"},
        {"X-SLACK-SIGNATURE": "v0=" + "0" * 64, **headers},
    ]
    assert [_ask(port, body, each) for each in disguised] == [401] * 3
    assert room.digest.items[1].state is ItemState.OPEN
    again = _signed(body, time.time() + 2) | {"X-Slack-Retry-Num": "1"}
    assert _ask(port, body, again) == 200, "Slack's own repetition, signed anew"
    room.days.review.undo(ME, room.items[1])


def test_forged_requests_make_nobody_forget_the_true_ones(
    room: Room, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_SIGNATURES", 5)
    body = _form(room)
    headers = _signed(body, time.time() - 10)
    assert _ask(port, body, headers) == 200
    for number in range(10):
        assert _ask(port, body, _signed(body, time.time(), f"guess {number}")) == 401
    assert _ask(port, body, headers) == 401
    room.days.review.undo(ME, room.items[1])


@pytest.mark.parametrize(
    "begun",
    [b"", b"POST /sl", b"POST /slack/events HTTP/1.1\r\nContent-Length: 9\r\n\r\npay"],
    ids=["nothing", "half a line", "half a body"],
)
def test_half_open_requests_are_few_and_end(
    room: Room, begun: bytes, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connections, "READ_SECONDS", 2)
    monkeypatch.setattr(connections, "MOST_READING", 10)
    connection = HttpConnection(room.app, 0)
    connection.open()
    before = threading.active_count()
    try:
        slow = [socket.create_connection(("127.0.0.1", connection.port)) for _ in range(60)]
        for each in slow:
            each.sendall(begun)
        assert _ask(connection.port, "", {}, "GET") == 501, "others are heard meanwhile"
        deadline = time.monotonic() + 30
        while threading.active_count() - before > 10:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        while threading.active_count() > before:  # a byte at a time is no faster
            assert time.monotonic() < deadline
            with suppress(OSError):
                slow[-1].sendall(b"x")
            time.sleep(0.05)
    finally:
        for each in slow:
            each.close()
        connection.close()
    assert "Traceback" not in capfd.readouterr().err


def test_the_http_port_is_open_to_this_machine_alone(room: Room) -> None:
    connection = HttpConnection(room.app, 0)
    connection.open()
    try:
        assert connection._server is not None
        assert connection._server.server_address[0] == "127.0.0.1"
    finally:
        connection.close()


def test_there_is_one_message_after_all_that(room: Room) -> None:
    assert len(digests_in(room.sandbox.slack.messages(), DAY)) == 1
    told = {message["text"] for message in room.sandbox.slack.messages(user=OTHER)}
    assert told <= {STRANGER, OUTDATED, NOT_YOURS}, "others are told nothing but that"
