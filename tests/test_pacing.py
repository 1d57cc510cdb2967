"""Calls to Slack wait for their turn: never too many in a minute, people before everything else.

Nobody waits in truth: the pacer's time stands still while anybody works.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryState

from tests.bots import settings_of
from tests.loopback import Said, loopback
from tests.rooms import DAY, draft, sqlite_store
from tests.standing import StandingTime, standing_pacer
from tracklater_bot.blocks.digest import digest_message
from tracklater_bot.domain.urgency import low_priority
from tracklater_bot.settings import Settings
from tracklater_bot.slack.app import web_client
from tracklater_bot.slack.messages import Messenger
from tracklater_bot.slack.pace import (
    IN_A_CHANNEL,
    LONGEST_HOLD,
    LOW_PRIORITY_SHARE,
    MINUTE,
    TIER_3,
    Pacer,
    SlackRetryHandler,
    nothing_was_sent,
)
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.slack.limits import Limits
from tracklater_sandbox.slack.workspace import Person

UPDATE, POST = "chat.update", "chat.postMessage"


@pytest.fixture
def time() -> StandingTime:
    return StandingTime()


@pytest.fixture
def pacer(time: StandingTime) -> Pacer:
    return standing_pacer(time)


def calm(call: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with low_priority():
            call()

    return run


def moments(time: StandingTime, number: int, call: Callable[[], None]) -> list[float]:
    """When each of many calls at once had its turn."""

    def run() -> float:
        call()
        return time()

    return sorted(time.all_at_once(*[run] * number))


def most_in(seconds: float, times: list[float]) -> int:
    return max(sum(start <= time_ < start + seconds for time_ in times) for start in times)


def test_no_minute_has_more_calls_than_slack_takes(pacer: Pacer, time: StandingTime) -> None:
    times = moments(time, 120, lambda: pacer.wait(UPDATE))
    assert most_in(MINUTE, times) == TIER_3
    assert times[-1] - times[0] < 2.1 * MINUTE


def test_what_nobody_waits_for_leaves_room_and_is_spread(pacer: Pacer, time: StandingTime) -> None:
    times = moments(time, 50, calm(lambda: pacer.wait(UPDATE)))
    assert most_in(MINUTE, times) == TIER_3 * LOW_PRIORITY_SHARE
    assert most_in(MINUTE / 6, times) <= 7


def test_a_person_never_waits_behind_what_nobody_waits_for(
    pacer: Pacer, time: StandingTime
) -> None:
    def patient() -> float:
        calm(lambda: pacer.wait(UPDATE))()
        return time()

    def person() -> float:
        time.sleep(MINUTE / 2)
        for _ in range(8):
            pacer.wait(UPDATE)
        return time()

    *crowd, served = time.all_at_once(*[patient] * 80, person)
    assert served - MINUTE / 2 < 0.001
    assert max(crowd) > served


def test_a_turn_is_waited_for_before_the_lock_and_counts_once(
    pacer: Pacer, time: StandingTime
) -> None:
    lock = threading.Lock()

    def update() -> None:
        with pacer.turn(UPDATE), lock:
            pacer.wait(UPDATE)

    times = moments(time, 60, calm(update))
    assert most_in(MINUTE, times) == TIER_3 * LOW_PRIORITY_SHARE
    assert times[-1] - times[0] < 2 * MINUTE


def test_one_channel_gets_a_message_a_second_and_others_go_on(
    pacer: Pacer, time: StandingTime
) -> None:
    times = moments(time, 5, lambda: pacer.wait(POST, "D1"))
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == pytest.approx([MINUTE / IN_A_CHANNEL] * 4, abs=0.001)
    begun = time()
    time.all_at_once(*[partial(pacer.wait, POST, f"D1{number}") for number in range(5)])
    assert time() == begun


def test_when_slack_says_later_everybody_waits(
    sandbox: Sandbox, pacer: Pacer, time: StandingTime
) -> None:
    sandbox.slack.faults.fail_next("chat.postMessage", 429)
    client = web_client(settings_of(sandbox), pacer)

    def post(text: str) -> float:
        client.chat_postMessage(channel=ME, text=text)
        return time()

    (refused,) = time.all_at_once(partial(post, "hello"))
    assert refused >= 1
    assert [message["text"] for message in sandbox.slack.messages()][-1:] == ["hello"]


@pytest.mark.parametrize("seconds", ["5000000", "9" * 400], ids=["two months", "for ever"])
def test_no_word_of_slacks_holds_the_bot_for_days(
    pacer: Pacer, time: StandingTime, seconds: str
) -> None:
    answers = Said(429, headers={"Retry-After": seconds}), Said(body={"ok": True})
    with loopback(*answers) as slack:
        settings = Settings.model_validate(
            {"slack": {"bot_token": "xoxb-1", "base_url": f"{slack.url}/api/"}}
        )
        client = web_client(settings, pacer)
        (at,) = time.all_at_once(lambda: (client.auth_test(), time())[1])
    assert at < LONGEST_HOLD + 1


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
    monkeypatch.setattr("tracklater_bot.slack.pace.time.sleep", pauses.append)
    client = web_client(settings_of(sandbox))
    client.base_url = address
    with pytest.raises(URLError) as caught:
        client.chat_postEphemeral(channel="D1", user=ME, text="hello")
    assert nothing_was_sent(caught.value)
    assert pauses == [1.0]


@pytest.mark.parametrize("method", ["views.open", "something.new"])
def test_other_methods_go_at_once(pacer: Pacer, time: StandingTime, method: str) -> None:
    assert moments(time, 60, lambda: pacer.wait(method))[-1] == 0


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
    sandbox: Sandbox, tmp_path: Path, pacer: Pacer, time: StandingTime
) -> None:
    limits = sandbox.slack.api.limits = Limits(clock=time)
    names = [f"U{number:03d}" for number in range(60)]
    for name in names:
        sandbox.slack.workspace.people[name] = Person(name, name, name, "Europe/Helsinki")
    store = sqlite_store(tmp_path)
    now = datetime.now(UTC)
    client = web_client(settings_of(sandbox), pacer)
    messenger = Messenger(client, store, digest_message, "this bot")

    def tell(names: list[str]) -> None:
        for name in names:
            with low_priority():
                messenger.announce(store.save_draft(name, draft("09:00-10:00 group1")), now)
                messenger.show_again(name, DAY)

    time.all_at_once(*[partial(tell, names[start::8]) for start in range(8)])
    store.close()
    assert not limits.refused
    assert [len(sandbox.slack.messages(user=name)) for name in names] == [1] * len(names)
    assert Counter(sandbox.slack.api.calls) == {POST: len(names), UPDATE: len(names)}


@pytest.mark.parametrize(
    ("asked", "seconds"), [("30", 30), ("3600", 60), ("9" * 400, 60), ("soon", 1), ("-5", 1)]
)
def test_slack_is_asked_again_after_a_minute_at_most(asked: str, seconds: float) -> None:
    """So that a message is true soon after the last trouble, whatever was asked for in it."""
    held: list[float] = []

    class Noting(Pacer):
        def hold(self, method: str, seconds: float) -> None:
            held.append(seconds)

    url = "https://slack.com/api/chat.update"
    request = HttpRequest(method="POST", url=url, headers={})
    answer = HttpResponse(status_code=429, headers={"Retry-After": [asked]})
    SlackRetryHandler(Noting()).prepare_for_next_attempt(
        state=RetryState(), request=request, response=answer
    )
    assert held == [seconds]


def test_an_address_with_a_secret_is_no_method() -> None:
    """A method's name is kept, in a team's database too; that of a reply's address is the key."""
    held: list[str] = []

    class Noting(Pacer):
        def hold(self, method: str, seconds: float) -> None:
            held.append(method)

    for url in (
        "https://slack.com/api/chat.update?x=/y",
        "https://hooks.slack.com/commands/T1/1/s",
    ):
        SlackRetryHandler(Noting()).prepare_for_next_attempt(
            state=RetryState(),
            request=HttpRequest(method="POST", url=url, headers={}),
            response=HttpResponse(status_code=429, headers={"Retry-After": ["0"]}),
        )
    assert held == ["chat.update", "webhook"]
