"""Calls to Slack wait for their turn: never too many in a minute, people before everything else."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.bots import settings_of
from tests.desks import DAY, draft, sqlite_store
from tracklater_bot.blocks.digest import digest_message
from tracklater_bot.bot import web_client
from tracklater_bot.messenger import Messenger
from tracklater_bot.pacing import (
    IN_A_CHANNEL,
    PATIENT_SHARE,
    TIER_3,
    Pacer,
    nothing_was_sent,
    patiently,
)
from tracklater_bot.sandbox import ME, Sandbox
from tracklater_bot.sandbox.slack.limits import Limits
from tracklater_bot.sandbox.slack.workspace import Person

MINUTE = 1.0
UPDATE, POST = "chat.update", "chat.postMessage"


_turn = threading.local()


def clock() -> float:
    """The pacer looks at it last when it is somebody's turn; that thread may wake up later."""
    _turn.at = time.monotonic()
    return float(_turn.at)


def calm(call: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with patiently():
            call()

    return run


def turn() -> float:
    return float(_turn.at)


def moments(
    number: int, call: Callable[[], None], when: Callable[[], float] = time.monotonic
) -> list[float]:
    """When each of many calls at once had its turn."""

    def run(_: int) -> float:
        call()
        return when()

    with ThreadPoolExecutor(number) as pool:
        return sorted(pool.map(run, range(number)))


def most_in(seconds: float, times: list[float]) -> int:
    return max(sum(start <= each < start + seconds for each in times) for start in times)


def test_no_minute_has_more_calls_than_slack_takes() -> None:
    pacer = Pacer(MINUTE, clock)
    times = moments(120, lambda: pacer.wait(UPDATE), turn)
    assert most_in(MINUTE, times) <= TIER_3
    assert times[-1] - times[0] < 3 * MINUTE


def test_what_nobody_waits_for_leaves_room_and_is_spread() -> None:
    pacer = Pacer(MINUTE, clock)
    times = moments(50, calm(lambda: pacer.wait(UPDATE)), turn)
    assert most_in(MINUTE, times) <= TIER_3 * PATIENT_SHARE
    assert most_in(MINUTE / 6, times) <= 7


def test_a_person_never_waits_behind_what_nobody_waits_for() -> None:
    pacer = Pacer(MINUTE)
    with ThreadPoolExecutor(80) as pool:
        crowd = [pool.submit(calm(lambda: pacer.wait(UPDATE))) for _ in range(80)]
        time.sleep(MINUTE / 2)
        begun = time.monotonic()
        for _ in range(8):
            pacer.wait(UPDATE)
        assert time.monotonic() - begun < MINUTE / 6
        assert not all(each.done() for each in crowd)


def test_a_turn_is_waited_for_before_the_lock_and_counts_once() -> None:
    pacer = Pacer(MINUTE)
    lock = threading.Lock()

    def update() -> None:
        with pacer.turn(UPDATE), lock:
            pacer.wait(UPDATE)

    times = moments(60, calm(update))
    assert most_in(MINUTE, times) <= TIER_3 * PATIENT_SHARE
    assert times[-1] - times[0] < 2 * MINUTE


def test_one_channel_gets_a_message_a_second_and_others_go_on() -> None:
    pacer = Pacer(MINUTE)
    times = moments(5, lambda: pacer.wait(POST, "D1"))
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) > MINUTE / IN_A_CHANNEL * 0.5
    begun = time.monotonic()
    for number in range(5):
        pacer.wait(POST, f"D1{number}")
    assert time.monotonic() - begun < MINUTE / IN_A_CHANNEL


def test_when_slack_says_later_everybody_waits(sandbox: Sandbox) -> None:
    sandbox.slack.faults.fail_next("chat.postMessage", 429)
    client = web_client(settings_of(sandbox))
    begun = time.monotonic()
    client.chat_postMessage(channel=ME, text="hello")
    assert time.monotonic() - begun >= 1
    assert [each["text"] for each in sandbox.slack.messages()][-1:] == ["hello"]


@pytest.mark.parametrize(
    ("method", "arguments", "calls"),
    [
        ("chat.postMessage", {"channel": ME, "text": "hello"}, 1),
        ("chat.postEphemeral", {"channel": ME, "user": ME, "text": "hello"}, 1),
        ("views.open", {"trigger_id": "1", "view": {}}, 1),
        ("files.completeUploadExternal", {"files": [{"id": "F1"}]}, 1),
        ("conversations.open", {"users": ME}, 2),
        ("users.info", {"user": ME}, 2),
    ],
)
def test_after_a_lost_answer_only_what_does_no_harm_is_sent_again(
    sandbox: Sandbox, method: str, arguments: dict[str, object], calls: int
) -> None:
    sandbox.slack.faults.fail_next(method, "drop-after-saving")
    with suppress(OSError):
        web_client(settings_of(sandbox)).api_call(method, json=arguments)
    assert sandbox.slack.api.calls.count(method) == calls


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "http://slack.invalid/"])
def test_what_could_not_be_sent_at_all_is_tried_once_more(
    sandbox: Sandbox, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("tracklater_bot.pacing.time.sleep", pauses.append)
    client = web_client(settings_of(sandbox))
    client.base_url = address
    with pytest.raises(URLError) as caught:
        client.chat_postEphemeral(channel="D1", user=ME, text="hello")
    assert nothing_was_sent(caught.value)
    assert pauses == [1.0]


@pytest.mark.parametrize("method", ["views.open", "something.new"])
def test_other_methods_go_at_once(method: str) -> None:
    pacer = Pacer()
    begun = time.monotonic()
    for _ in range(60):
        pacer.wait(method)
    assert time.monotonic() - begun < 1


# -- Many people, one minute -----------------------------------------------------------------------


def test_the_sandbox_refuses_what_comes_too_fast(sandbox: Sandbox) -> None:
    limits = sandbox.slack.api.limits = Limits()
    client = WebClient(sandbox.slack.bot_token, base_url=f"{sandbox.url}/slack/api/")
    for _ in range(TIER_3):
        client.conversations_open(users=ME)
    with pytest.raises(SlackApiError) as caught:
        client.conversations_open(users=ME)
    assert (caught.value.response.status_code, caught.value.response["error"]) == (
        429,
        "ratelimited",
    )
    assert 1 <= int(caught.value.response.headers["Retry-After"]) <= 60
    assert limits.refused == {"conversations.open": 1}


def test_many_digests_at_one_moment_come_once_each_within_the_limits(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    minute = 3.0
    limits = sandbox.slack.api.limits = Limits(minute)
    names = [f"U{number:03d}" for number in range(60)]
    for name in names:
        sandbox.slack.workspace.people[name] = Person(name, name, name, "Europe/Helsinki")
    store = sqlite_store(tmp_path)
    client = web_client(settings_of(sandbox), Pacer(minute))
    now = datetime.now(UTC)
    messenger = Messenger(client, store, digest_message, lambda: now, "this bot")

    def tell(name: str) -> None:
        with patiently():
            messenger.announce(store.save_draft(name, draft("09:00-10:00 group1")), now)
            messenger.show_again(name, DAY)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tell, names))
    store.close()
    assert not limits.refused
    assert [len(sandbox.slack.messages(user=name)) for name in names] == [1] * len(names)
    assert Counter(sandbox.slack.api.calls) == {POST: len(names), UPDATE: len(names)}
