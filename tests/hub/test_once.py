"""What Slack sends is signed by Slack, and taken once by all processes of a hub together."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_bolt import BoltRequest, BoltResponse
from sqlalchemy import text

from tests.hub.firm import Firm
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.slack.connections import ENVELOPE
from tracklater_bot.store import Store
from tracklater_hub.hub import DatabaseClock
from tracklater_hub.once import AWAY, Once
from tracklater_sandbox import ME

SECRET = "a signing secret"
COMMAND = "command=%2Ftracklater&text=status&user_id=U0ANNA"
FORM = "application/x-www-form-urlencoded"


def event(number: str, retry: int = 0) -> BoltRequest:
    """An event over HTTP; its repetitions are signed anew."""
    said = {"type": "message", "user": "U0ANNA", "text": "help"}
    body = {"type": "event_callback", "event_id": number, "event": said}
    return signed(json.dumps(body), "application/json", at=time.time() + retry)


def signed(
    body: str, kind: str = FORM, at: float | None = None, secret: str = SECRET
) -> BoltRequest:
    stamp = str(int(at or time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return BoltRequest(
        body=body,
        headers={
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        },
    )


def enveloped(number: str, **body: Any) -> BoltRequest:
    return BoltRequest(mode="socket_mode", body=body, headers={ENVELOPE: number})


class Process:
    """One process's door, and what came through it."""

    def __init__(self, store: Store) -> None:
        self.taken: list[BoltRequest] = []
        self.answer = 200
        self.once = Once(store, SECRET, lambda: datetime.now(UTC))

    def gets(self, request: BoltRequest) -> int:
        return self.once.answer(request, self._dispatch).status

    def _dispatch(self, request: BoltRequest) -> BoltResponse:
        self.taken.append(request)
        return BoltResponse(status=self.answer)


@pytest.fixture
def two(store: Store) -> tuple[Process, Process]:
    return Process(store), Process(store)


def test_a_signed_request_is_taken_by_one_process(two: tuple[Process, Process]) -> None:
    one, other = two
    assert [one.gets(signed(COMMAND)), other.gets(signed(COMMAND))] == [200, 401]
    assert len(one.taken) == 1
    assert other.taken == []


def test_a_header_that_slack_did_not_sign_makes_no_new_request(
    two: tuple[Process, Process],
) -> None:
    one, other = two
    request = signed(COMMAND)
    assert one.gets(request) == 200
    again = BoltRequest(
        body=request.raw_body, headers={**request.headers, ENVELOPE: ["another number"]}
    )
    assert other.gets(again) == 401
    assert other.taken == []


def test_of_many_at_once_one_takes_it(store: Store) -> None:
    doors, request = [Process(store) for _ in range(8)], signed(COMMAND)
    with ThreadPoolExecutor(8) as pool:
        said = [*pool.map(lambda door: door.gets(request), doors)]
    assert sorted(said) == [200] + [401] * 7
    assert sum(len(door.taken) for door in doors) == 1


@pytest.mark.parametrize("again", [1, 2, 3])
def test_an_event_that_is_repeated_elsewhere_is_acknowledged_and_not_done_again(
    two: tuple[Process, Process], again: int
) -> None:
    one, other = two
    assert one.gets(event("Ev1")) == 200
    assert [other.gets(event("Ev1", retry)) for retry in range(1, again + 1)] == [200] * again
    assert other.taken == []
    assert other.gets(event("Ev2")) == 200


def test_the_same_envelope_twice_is_done_once(two: tuple[Process, Process]) -> None:
    one, other = two
    for door in (one, other, one):
        assert door.gets(enveloped("e1", command="/tracklater")) == 200
    assert len(one.taken) == 1
    assert other.taken == []
    assert other.gets(enveloped("e2", command="/tracklater")) == 200


def test_what_a_process_died_over_is_taken_by_another(store: Store) -> None:
    """Until then its repetition is not acknowledged, so that Slack goes on."""
    dying, other = Process(store), Process(store)
    dying.once._taken("event Ev1")
    assert other.gets(event("Ev1", 1)) == 409
    with store.writing() as transaction:
        transaction.execute(text("UPDATE hub_nonces SET until = until - interval '6 seconds'"))
    assert other.gets(event("Ev1", 2)) == 200
    assert len(other.taken) == 1


def test_what_failed_may_come_again(two: tuple[Process, Process]) -> None:
    one, other = two
    one.answer = 500
    assert [one.gets(event("Ev1")), other.gets(event("Ev1", 1))] == [500, 200]
    assert len(other.taken) == 1


def test_nothing_is_looked_up_before_the_signature(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Process(store)
    monkeypatch.setattr(store, "writing", never)
    monkeypatch.setattr(store, "reading", never)
    assert door.gets(BoltRequest(body=COMMAND, headers={"Content-Type": FORM})) == 401
    assert door.gets(signed(COMMAND, secret="another")) == 401
    for stamp in ("", "9" * 5000, "now", "٣"):
        headers: dict[str, Any] = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": "v0=\xe9",
        }
        assert door.gets(BoltRequest(body=COMMAND, headers=headers)) == 401
    assert door.gets(signed(COMMAND, at=time.time() - 400)) == 401
    assert door.taken == []


def never(*_: object) -> Any:
    raise AssertionError("the database was asked")


def test_a_host_whose_clock_is_wrong_takes_what_slack_signed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = timedelta(minutes=10)
    monkeypatch.setattr("tracklater_hub.hub.utc_now", lambda: datetime.now(UTC) + wrong)
    monkeypatch.setattr("slack_sdk.signature.time", lambda: time.time() + 600)
    door = Process(store)
    door.once = Once(store, SECRET, DatabaseClock(store))
    assert door.gets(signed(COMMAND)) == 200


def test_while_the_database_is_away_nothing_is_acknowledged_but_a_command_with_words(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Process(store)
    monkeypatch.setattr(store, "writing", away)
    said = door.once.answer(enveloped("e1", command="/tracklater"), never)
    assert (said.status, json.loads(said.body)["text"]) == (200, AWAY)
    assert door.gets(enveloped("e2", type="block_actions")) == 503
    assert door.gets(event("Ev1")) == 503
    monkeypatch.undo()
    assert door.gets(event("Ev1", 1)) == 200


def away() -> None:
    raise StoreError("it is away")


def test_an_unsigned_request_that_names_a_member_is_not_looked_up(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = firm.start_hub(TRACKLATER_SLACK__MODE="http", TRACKLATER_SLACK__PORT="0")
    monkeypatch.setattr(hub.members, "of", never)
    body = json.dumps({"type": "event_callback", "event": {"type": "message", "user": ME}})
    request = BoltRequest(body=body, headers={"Content-Type": "application/json"})
    front = hub.connection._app  # type: ignore[attr-defined]
    assert front.dispatch(request).status == 401
