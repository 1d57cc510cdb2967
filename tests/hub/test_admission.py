"""What machines say to the hub: forged, stale, huge, repeated or hasty messages are refused."""

from __future__ import annotations

import asyncio
import gzip
import json
import secrets
import socket
import stat
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from tracklater_bot.domain.draft import Brief
from tracklater_bot.domain.wall import Finding, to_json
from tracklater_bot.settings import Settings
from tracklater_bot.store import Store
from tracklater_hub import admission, mailbox, people, service
from tracklater_hub.admission import Attempts, Refused, sender_of
from tracklater_hub.agent import Agent
from tracklater_hub.device import Device, HubClient, HubError, join
from tracklater_hub.mailbox import Bell
from tracklater_hub.people import MOST_A_MINUTE
from tracklater_hub.protocol import (
    ANSWER,
    JOIN,
    MOST_BYTES,
    NEXT,
    Answer,
    Ask,
    BriefWanted,
    Done,
    Envelope,
    Next,
    Request,
)
from tracklater_hub.service import Service
from tracklater_hub.tables import devices, nonces

ANNA, BORIS = "U0ANNA", "U0BORIS"


class NoBriefs:
    """Nobody here has a right half; answers are noted."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, Answer]] = []

    def brief(self, person: str, wanted: BriefWanted) -> Brief:
        return Brief(())

    def accept(self, person: str, answer: Answer) -> None:
        self.answers.append((person, answer))


class Running:
    """The hub's service on a port of this machine."""

    def __init__(
        self, store: Store, database: str, poll_seconds: float = 0.3, port: int = 0
    ) -> None:
        self.store = store
        self.briefs = NoBriefs()
        self.loop = asyncio.new_event_loop()
        self.bell = Bell(database)
        self.service = Service(store, self.bell, self.briefs, list, poll_seconds)
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.bell.start(self.loop)
        self.do(self.service.start("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self.service.port}"

    def do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def stop(self) -> None:
        self.do(self.service.stop())
        self.bell.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)

    def code(self, person: str) -> str:
        with self.store.writing() as transaction:
            people.add(transaction, person)
            return people.new_code(transaction, person)

    def joined(self, person: str, folder: Path) -> Device:
        return join(self.url, self.code(person), folder / f"{person}.json")

    def post(self, path: str, body: bytes) -> requests.Response:
        return requests.post(self.url + path, data=body, timeout=20)


@pytest.fixture
def hub(store: Store, database: str) -> Iterator[Running]:
    running = Running(store, database)
    yield running
    running.stop()


def message(device: Device, path: str, value: object = Done(), /, **other: Any) -> bytes:
    """What the device would send; `other` fields are changed after it was signed."""
    at = other.pop("signed_at", time.time())
    nonce = other.pop("signed_nonce", secrets.token_hex(16))
    payload = other.pop("signed_payload", None) or to_json(value).decode()
    envelope = Envelope(device.device, at, nonce, payload)
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(device.key))
    signed = {"signature": key.sign(envelope.signed_text(path)).hex()}
    return json.dumps(json.loads(to_json(envelope)) | signed | other).encode()


def ask(hub: Running, person: str, request: Request) -> str:
    with hub.store.writing() as transaction:
        found = mailbox.put(transaction, person, request)
    assert found is not None
    return found


def test_a_machine_hears_what_it_is_asked_at_once(hub: Running, tmp_path: Path) -> None:
    client = HubClient(hub.joined(ANNA, tmp_path))
    assert client.ask(NEXT, Done(), Next) == Next()
    asked = ask(hub, ANNA, Request("", Ask.CHECK))
    found = client.ask(NEXT, Done(), Next).request
    assert found is not None
    assert (found.id, found.ask) == (asked, Ask.CHECK)
    assert client.ask(ANSWER, Answer(asked), Done) == Done()
    assert hub.briefs.answers == [(ANNA, Answer(asked))]


def test_nobody_is_told_what_another_is_asked(hub: Running, tmp_path: Path) -> None:
    boris = HubClient(hub.joined(BORIS, tmp_path))
    ask(hub, ANNA, Request("", Ask.WINDOWS_WITH, text="anna's own words"))
    assert boris.ask(NEXT, Done(), Next) == Next()


def test_a_machine_that_is_ended_while_it_waits_is_told_nothing(
    store: Store, database: str, tmp_path: Path
) -> None:
    """Nor does it take a question away from the machine that replaces it."""
    hub = Running(store, database, poll_seconds=8.0)
    try:
        lost = HubClient(hub.joined(ANNA, tmp_path))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(lost.ask, NEXT, Done(), Next)
            while not hub.bell._waiters:
                time.sleep(0.01)
            new = HubClient(hub.joined(ANNA, tmp_path))
            asked = ask(hub, ANNA, Request("", Ask.WINDOWS_WITH, text="anna's own words"))
            with pytest.raises(HubError, match="not heard any more"):
                waiting.result()
        found = new.ask(NEXT, Done(), Next).request
        assert found is not None
        assert found.id == asked
    finally:
        hub.stop()


def test_the_key_is_this_users_alone_and_only_half_of_it_travels(
    hub: Running, tmp_path: Path
) -> None:
    device = hub.joined(ANNA, tmp_path)
    file = tmp_path / f"{ANNA}.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Device.load(file) == device
    with hub.store.reading() as transaction:
        kept = people.device(transaction, device.device)
    assert kept is not None
    assert device.key not in repr(kept)


def test_a_code_counts_once(hub: Running, tmp_path: Path) -> None:
    code = hub.code(ANNA)
    join(hub.url, code.lower(), tmp_path / "one.json")
    with pytest.raises(HubError, match="no such code"):
        join(hub.url, code, tmp_path / "two.json")
    assert not (tmp_path / "two.json").exists()


def test_of_ten_who_have_the_same_code_one_joins(hub: Running, tmp_path: Path) -> None:
    code = hub.code(ANNA)

    def attempt(number: int) -> bool:
        try:
            join(hub.url, code, tmp_path / f"{number}.json")
        except HubError:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(attempt, range(10))) == 1


def test_a_new_machine_replaces_the_old_one(hub: Running, tmp_path: Path) -> None:
    old = HubClient(hub.joined(ANNA, tmp_path))
    new = HubClient(hub.joined(ANNA, tmp_path))
    assert new.ask(NEXT, Done(), Next) == Next()
    with pytest.raises(HubError, match="not heard any more") as refused:
        old.ask(NEXT, Done(), Next)
    assert refused.value.lasting


def test_on_another_database_a_machine_waits_and_keeps_its_key(
    hub: Running, tmp_path: Path
) -> None:
    """Such as a copy that is too old, or an empty one, for half a minute."""
    client = HubClient(hub.joined(ANNA, tmp_path))
    with hub.store.writing() as transaction:
        transaction.execute(delete(devices))
    with pytest.raises(HubError, match="not known here") as refused:
        client.ask(NEXT, Done(), Next)
    assert not refused.value.lasting
    other = replace(hub.joined(ANNA, tmp_path), key="ab" * 32)
    with pytest.raises(HubError, match="not signed by this machine") as refused:
        HubClient(other).ask(NEXT, Done(), Next)
    assert not refused.value.lasting


def test_a_clock_that_is_wrong_is_set_by_the_hubs(hub: Running, tmp_path: Path) -> None:
    device = hub.joined(ANNA, tmp_path)
    client = HubClient(device, clock=lambda: time.time() + 3600)
    assert client.ask(NEXT, Done(), Next) == Next()


def test_a_clock_that_jumps_is_set_again(hub: Running, tmp_path: Path) -> None:
    ahead = iter((0.0, 86_400.0, 86_400.0, 86_400.0, -3_600.0, -3_600.0, -3_600.0))
    client = HubClient(hub.joined(ANNA, tmp_path), clock=lambda: time.time() + next(ahead))
    for _ in range(3):
        assert client.ask(NEXT, Done(), Next) == Next()


def test_what_the_hub_wants_to_know_waits_for_it_and_for_the_laptop(
    store: Store, database: str, tmp_path: Path
) -> None:
    """The hub is away, then the laptop; nothing of an answer is kept there meanwhile."""
    hub, settings = Running(store, database), Settings()
    device = hub.joined(ANNA, tmp_path)
    agent, stopped = Agent(settings, HubClient(device)), threading.Event()
    hub.do(hub.service.stop())
    kept = sorted(tmp_path.rglob("*"))
    working = threading.Thread(target=agent.run, args=(stopped,))
    working.start()
    asked = ask(hub, ANNA, Request("", Ask.CHECK))
    back = Running(store, database, port=hub.service.port)
    try:
        while not back.briefs.answers:
            assert working.is_alive()
            time.sleep(0.01)
        stopped.set()
        working.join()
        assert back.briefs.answers == [(ANNA, Answer(asked))]
        assert sorted(tmp_path.rglob("*")) == kept
    finally:
        stopped.set()
        hub.bell.stop()
        back.stop()


def test_the_same_message_twice_counts_once(hub: Running, tmp_path: Path) -> None:
    body = message(hub.joined(ANNA, tmp_path), ANSWER, Answer("x" * 32))
    with ThreadPoolExecutor(8) as pool:  # also at the same time
        found = [*pool.map(lambda _: hub.post(ANSWER, body).status_code, range(8))]
    assert sorted(found) == [200] + [400] * 7
    assert len(hub.briefs.answers) == 1


def forged(device: Device, other: Device) -> dict[str, tuple[str, bytes]]:
    """Messages that look like the device's and are not, each with where it is sent."""
    answer = Answer("x" * 32)
    return {
        "another's name": (ANSWER, message(device, ANSWER, answer, device=other.device)),
        "another's key": (ANSWER, message(other, ANSWER, answer, device=device.device)),
        "nobody's name": (ANSWER, message(device, ANSWER, answer, device="f" * 32)),
        "another payload": (ANSWER, message(device, ANSWER, answer, payload='{"id": "y"}')),
        "another nonce": (ANSWER, message(device, ANSWER, answer, nonce="0" * 32)),
        "another time": (ANSWER, message(device, ANSWER, answer, time=time.time() + 1)),
        "another address": (ANSWER, message(device, NEXT, answer)),
        "from before": (ANSWER, message(device, ANSWER, answer, signed_at=time.time() - 400)),
        "from later": (ANSWER, message(device, ANSWER, answer, signed_at=time.time() + 400)),
        "from no time": (ANSWER, message(device, ANSWER, answer, signed_at=float("nan"))),
        "no signature": (ANSWER, message(device, ANSWER, answer, signature="")),
        "a nonce to remember": (ANSWER, message(device, ANSWER, answer, signed_nonce="a" * 4000)),
        "a bomb": (ANSWER, b"[" * 200_000),
        "no JSON": (ANSWER, b"\xff\xfe"),
        "too much": (NEXT, message(device, NEXT, Answer("x" * MOST_BYTES[NEXT]))),
        "far too much": (ANSWER, b" " * (MOST_BYTES[ANSWER] + 1)),
        "of another kind": (ANSWER, message(device, ANSWER, BriefWanted(()))),
    }


def test_what_is_forged_or_stale_or_huge_changes_nothing(hub: Running, tmp_path: Path) -> None:
    anna, boris = hub.joined(ANNA, tmp_path), hub.joined(BORIS, tmp_path)
    for name, (path, body) in forged(anna, boris).items():
        answer = hub.post(path, body)
        assert 400 <= answer.status_code < 500, name
        assert len(answer.content) < 300, name
        assert anna.key not in answer.text
    assert hub.briefs.answers == []


def test_a_body_that_never_ends_is_read_to_the_bound(hub: Running) -> None:
    sent = [0]

    def endless() -> Iterator[bytes]:
        while sent[0] < 100 * 1024**2:
            sent[0] += 65_536
            yield b" " * 65_536

    try:
        status = requests.post(hub.url + ANSWER, data=endless(), timeout=30).status_code
    except requests.ConnectionError:
        status = 413
    assert status == 413
    assert sent[0] < 50 * 1024**2


def test_many_at_once_are_held_to_a_bound_together(
    hub: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows who they are before all is read."""
    monkeypatch.setattr(service, "MOST_HELD", 100_000, raising=False)
    head = f"POST {ANSWER} HTTP/1.1\r\nHost: hub\r\nContent-Length: 200000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", hub.service.port)) as slow:
        slow.sendall(head.encode() + b" " * 90_000)
        while getattr(hub.service, "_held", 90_000) < 90_000:
            time.sleep(0.01)
        assert hub.post(ANSWER, b" " * 50_000).status_code == 503
    while hub.service._held:
        time.sleep(0.01)
    assert hub.post(ANSWER, b" " * 50_000).status_code == 400


def test_connections_that_ask_nothing_end(hub: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a head, half a body, nothing at all; and a stranger keeps none."""
    monkeypatch.setattr(service, "READ_SECONDS", 0.2)
    head = f"POST {NEXT} HTTP/1.1\r\nHost: hub\r\nContent-Length: 9\r\n\r\n".encode()
    begun = (
        b"",
        b"POST /v1/ne",
        head,
        head + b"{}",
        head + b"{}       ",
        b"GET /none HTTP/1.1\r\n",
    )
    with ExitStack() as stack:
        where = ("127.0.0.1", hub.service.port)
        slow = [stack.enter_context(socket.create_connection(where, timeout=20)) for _ in begun]
        for one, sent in zip(slow, begun, strict=True):
            one.sendall(sent)
        for one in slow:
            while one.recv(65_536):
                pass
    assert hub.service._silent == {}


def test_of_too_many_connections_the_oldest_ends(
    hub: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(service, "MOST_SILENT", 10)
    with ExitStack() as stack:
        where = ("127.0.0.1", hub.service.port)
        many = [stack.enter_context(socket.create_connection(where, timeout=20)) for _ in range(30)]
        assert many[0].recv(10) == b""
        assert HubClient(hub.joined(ANNA, tmp_path)).ask(NEXT, Done(), Next) == Next()


def test_what_is_packed_is_not_unpacked(hub: Running, tmp_path: Path) -> None:
    """Nobody knows yet who sends it, and 400 kB may be 400 MB."""
    body = gzip.compress(message(hub.joined(ANNA, tmp_path), NEXT))
    for packed in ("gzip", "deflate", "br", "zstd"):
        headers = {"Content-Encoding": packed}
        assert requests.post(hub.url + NEXT, body, headers=headers, timeout=20).status_code == 400


def test_what_is_no_http_is_not_told_word_for_word(
    hub: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", hub.service.port), timeout=20) as wrong:
        wrong.sendall(b"POST /v1/next HTTP/1.1\r\nsecretword\r\n\r\n")
        assert b" 400 " in wrong.recv(1_000)
    assert caplog.text == ""


def test_brackets_of_a_stranger_take_no_memory(hub: Running) -> None:
    body = b'{"device":[' + b"[]," * 1_300_000 + b"[]]}"
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="not understood"):
            admission.admitted(hub.store, ANSWER, body)
        assert tracemalloc.get_traced_memory()[1] < 3 * len(body)
    finally:
        tracemalloc.stop()


def test_the_same_message_at_two_processes_counts_once(
    hub: Running, store: Store, database: str, tmp_path: Path
) -> None:
    other = Running(store, database)
    try:
        body = message(hub.joined(ANNA, tmp_path), ANSWER, Answer("x" * 32))
        places = [hub, other] * 4
        with ThreadPoolExecutor(8) as pool:
            found = [*pool.map(lambda at: at.post(ANSWER, body).status_code, places)]
        assert sorted(found) == [200] + [400] * 7
        assert len(hub.briefs.answers) + len(other.briefs.answers) == 1
    finally:
        other.stop()


def test_half_a_character_of_a_file_system_spoils_no_answer(hub: Running, tmp_path: Path) -> None:
    found = (Finding("git", None, ok=True, sentence="repo \ud800\udc00, \udcff and \\ud800 \x00"),)
    said = Answer("x" * 32, findings=found)
    assert hub.post(ANSWER, message(hub.joined(ANNA, tmp_path), ANSWER, said)).status_code == 200
    ((_, heard),) = hub.briefs.answers
    assert heard.findings[0].sentence.startswith("repo \U00010000, \ufffd and ")


@pytest.mark.parametrize(
    "payload",
    [
        '{"id":"a","spans":[{"start":"0001-01-01T00:00:00+14:00","end":"2026-01-01T00:00:00Z"}]}',
        '{"id":"a","spans":[{"start":"2026-01-01T00:00:00","end":"2026-01-02T00:00:00Z"}]}',
        '{"id":"a","drafts":[{"day":"0000-00-00","timezone":"UTC"}]}',
        '{"id":"a","worked":NaN}',
        '{"id":"a","drafts":' + "[" * 20_000 + "]" * 20_000 + "}",
        '{"id":"a","drafts":[{"day":"2026-01-01","timezone":"UTC","agents":'
        '[{"group":null,"minutes":' + "9" * 5_000 + "}]}]}",
    ],
)
def test_what_no_machine_says_is_not_understood(
    hub: Running, tmp_path: Path, payload: str, caplog: pytest.LogCaptureFixture
) -> None:
    device = hub.joined(ANNA, tmp_path)
    answer = hub.post(ANSWER, message(device, ANSWER, payload=payload, signed_payload=payload))
    assert answer.status_code == 400
    assert "not understood" in answer.text
    assert caplog.text == ""


def test_a_machine_that_says_too_much_is_told_to_wait(store: Store, tmp_path: Path) -> None:
    with store.writing() as transaction:
        people.add(transaction, ANNA)
        code = people.new_code(transaction, ANNA)
    key = Ed25519PrivateKey.generate()
    raw, public = key.private_bytes_raw().hex(), key.public_key().public_bytes_raw().hex()
    wanted = {"code": code, "key": public}
    new = Device("", ANNA, "", raw)
    joined = admission.join(store, message(new, JOIN, wanted))
    device = Device("", ANNA, joined.device, raw)
    for _ in range(MOST_A_MINUTE):
        admission.admitted(store, NEXT, message(device, NEXT))
    for _ in range(3):
        with pytest.raises(Refused, match="too many") as refused:
            admission.admitted(store, NEXT, message(device, NEXT))
        assert refused.value.status == 429
    with store.reading() as transaction:  # what is refused fills no table
        kept = transaction.execute(select(func.count()).select_from(nonces)).scalar_one()
    assert kept == MOST_A_MINUTE


@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    path=st.sampled_from(sorted(MOST_BYTES)),
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["device", "time", "nonce", "payload", "signature"]), inner
            )
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_whatever_is_sent_is_refused_and_nothing_breaks(
    store: Store, path: str, body: bytes
) -> None:
    if path == JOIN:
        with pytest.raises(Refused):
            admission.join(store, body)
    else:
        with pytest.raises(Refused):
            admission.admitted(store, path, body)


# -- Attempts to join ------------------------------------------------------------------------------


def attempt(code: str, key: Ed25519PrivateKey | None = None) -> bytes:
    """What a machine would send that has the code."""
    key = key or Ed25519PrivateKey.generate()
    new = Device("", ANNA, "", key.private_bytes_raw().hex())
    wanted = {"code": code, "key": key.public_key().public_bytes_raw().hex()}
    return message(new, JOIN, wanted)


def guess() -> str:
    letters = "".join(secrets.choice("ABCDEFGHJKLMNOPQRSTUVWXYZ") for _ in range(16))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def tried(store: Store, attempts: Attempts, code: str, sender: str = "") -> int:
    """The status of the answer."""
    try:
        admission.join(store, attempt(code), attempts, sender)
    except Refused as refused:
        return refused.status
    return 200


def test_whoever_guesses_codes_locks_nobody_out(hub: Running, tmp_path: Path) -> None:
    codes = [guess() for _ in range(100)]
    with ThreadPoolExecutor(8) as pool:
        found = {*pool.map(lambda one: hub.post(JOIN, attempt(one)).status_code, codes)}
    assert found == {403}
    assert hub.joined(ANNA, tmp_path).person == ANNA


def test_a_code_whose_beginning_is_known_is_not_guessed(store: Store) -> None:
    with store.writing() as transaction:
        people.add(transaction, ANNA)
        code = people.new_code(transaction, ANNA)
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    guesses = [code[:4] + guess()[4:] for _ in range(19)]
    guesses.insert(0, f"{code[0]}-{code[1:4]}{guess()[4:]}")
    said = [tried(store, attempts, one, f"8.8.4.{n}") for n, one in enumerate(guesses)]
    assert said == [403] * 10 + [429] * 10
    assert tried(store, attempts, code.lower()) == 429
    assert tried(store, attempts, guess()) == 403
    now[0] += 61
    assert tried(store, attempts, code) == 200


def test_a_sender_that_tries_too_much_waits_and_the_others_do_not(store: Store) -> None:
    with store.writing() as transaction:
        people.add(transaction, ANNA)
        code = people.new_code(transaction, ANNA)
    attempts = Attempts()
    said = [tried(store, attempts, guess(), "8.8.4.7/32") for _ in range(70)]
    assert said == [403] * 60 + [429] * 10
    assert tried(store, attempts, code, "8.8.4.7/32") == 429
    assert tried(store, attempts, code, "9.9.9.9/32") == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "sender"),
    [
        ("8.8.4.7", "", "8.8.4.7/32"),
        ("8.8.4.7", "9.9.9.9", "8.8.4.7/32"),  # no proxy of ours said that
        ("127.0.0.1", "9.9.9.9", "9.9.9.9/32"),
        ("172.18.0.5", "made up, 10.0.0.1, 9.9.9.9", "9.9.9.9/32"),
        ("127.0.0.1", "2a01:4f8:1:2:aaaa::1", "2a01:4f8:1:2::/64"),
        ("127.0.0.1", "", ""),
        ("127.0.0.1", "9.9.9.9, unknown", ""),
        (None, "", ""),
    ],
)
def test_a_sender_is_who_the_proxy_has_seen(peer: str | None, forwarded: str, sender: str) -> None:
    assert sender_of(peer, forwarded) == sender


def test_what_is_remembered_of_attempts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MOST_NAMES", 50)
    attempts = Attempts()
    for number in range(200):
        attempts.note(guess(), f"9.9.{number}.0/32")
    assert len(attempts._tried) == 50
