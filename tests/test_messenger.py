"""The day's message in Slack: one, up to date, whoever else is posting and whatever fails."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.bots import digests_in
from tests.digests import TOGGL
from tests.loopback import FakeTime
from tests.notation import at
from tests.rooms import DAY, draft, sqlite_store
from tracklater_bot.blocks.digest import digest_message
from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.domain.digests import Digest
from tracklater_bot.review.decisions import Review
from tracklater_bot.settings import load
from tracklater_bot.slack.app import web_client
from tracklater_bot.slack.messages import Messenger, PostError
from tracklater_bot.slack.pace import Pacer
from tracklater_bot.store import Store
from tracklater_bot.store.lanes import owner_name
from tracklater_sandbox import ME, Sandbox

TEXT = "09:00-10:00 group1 DEV-1"


class Room:
    """A messenger and its store; the digest's text says its version."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.time = FakeTime(at("18:00"))
        sandbox.slack.workspace.clock = lambda: self.time().timestamp()
        self.store = sqlite_store(sandbox.home)
        self.messenger = self.another(self.store)
        self.read(TEXT)

    def another(self, store: Store) -> Messenger:
        """The messenger of another bot on the same database and app."""
        settings = load(self.sandbox.settings_file, None, self.sandbox.env).settings
        store.clock = self.time
        client = web_client(settings, Pacer(minute=0.5))
        return Messenger(client, store, render, owner_name())

    def read(self, *texts: str) -> None:
        """Reads the day anew."""
        self.store.save_draft(ME, draft(*texts))

    @property
    def digest(self) -> Digest:
        found = self.store.digest(ME, DAY)
        assert found is not None
        return found

    def texts(self) -> list[str]:
        """What the day's messages say."""
        found = digests_in(self.sandbox.slack.messages(), DAY.isoformat())
        return [str(each["text"]) for each in found]

    def calls(self) -> list[str]:
        return list(self.sandbox.slack.api.calls)


def render(digest: Digest) -> SlackMessage:
    return SlackMessage(f"version {digest.version}", digest_message(digest).blocks)


@pytest.fixture
def room(sandbox: Sandbox) -> Iterator[Room]:
    made = Room(sandbox)
    yield made
    made.store.close()


def test_the_first_time_it_is_posted_and_then_updated(room: Room) -> None:
    first = room.messenger.publish(room.digest)
    assert first is not None
    assert first.fresh
    room.read(TEXT, "11:00-12:00 group1")
    second = room.messenger.publish(room.digest)
    assert second is not None
    assert (second.ts, second.fresh) == (first.ts, False)
    assert room.texts() == ["version 2"]


def test_bots_that_post_at_the_same_moment_post_one_message(room: Room) -> None:
    stores = [Store.open(f"sqlite:///{room.sandbox.home / 'store.sqlite3'}") for _ in range(4)]
    bots = [room.another(store) for store in stores]
    together = Barrier(len(bots))

    def publish(bot: Messenger) -> bool:
        together.wait()
        return bot.publish(room.digest) is not None

    with ThreadPoolExecutor(len(bots)) as pool:
        list(pool.map(publish, bots))
    for store in stores:
        store.close()
    assert room.texts() == ["version 1"]


def test_while_another_bot_is_posting_nothing_is_posted(room: Room) -> None:
    assert room.store.claim_digest(ME, DAY, "elsewhere:world:1:abc", room.time())
    assert room.messenger.publish(room.digest) is None
    assert room.texts() == []
    room.time.forward(minutes=3)  # it never came back
    assert room.messenger.publish(room.digest) is not None


def test_a_message_that_a_crash_kept_from_being_noted_is_found_and_updated(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(room.store, "set_posted", crash)
        with pytest.raises(KeyboardInterrupt):
            room.messenger.publish(room.digest)
    room.read(TEXT, "11:00-12:00 group1")
    room.messenger.publish(room.digest)
    assert room.texts() == ["version 2"]
    assert room.digest.shown == 2


def crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_is_up_to_date_costs_no_call(room: Room) -> None:
    room.messenger.publish(room.digest)
    before = room.calls()
    room.messenger.refresh(ME, DAY)
    room.messenger.refresh_stale(ME)
    assert room.calls() == before


def test_a_first_message_costs_one_call(room: Room) -> None:
    before = len(room.calls())
    assert room.messenger.announce(room.digest, room.time()) is not None
    assert room.calls()[before:] == ["chat.postMessage"]


def test_many_changes_cost_one_update(room: Room) -> None:
    room.messenger.publish(room.digest)
    for hour in range(11, 16):
        room.read(TEXT, f"{hour}:00-{hour}:30 group1")
    room.messenger.refresh_stale(ME)
    room.messenger.refresh_stale(ME)
    assert room.texts() == ["version 6"]
    assert room.calls().count("chat.update") == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("error:restricted_action", "Slack did not take the message: restricted_action."),
        ("html", "Slack did not take the message: "),
        ("half-json", "Slack did not take the message: "),
        ("drop-before", "Slack did not take the message: "),
        (500, "Slack did not take the message: "),
    ],
)
def test_what_slack_does_not_take_is_a_sentence(room: Room, fault: str | int, told: str) -> None:
    room.sandbox.slack.faults.fail_next("chat.postMessage", fault, times=3)
    with pytest.raises(PostError) as failure:
        room.messenger.publish(room.digest)
    assert str(failure.value).startswith(told)
    assert "<html" not in str(failure.value)
    room.sandbox.slack.faults.clear()
    room.time.forward(minutes=3)
    room.messenger.publish(room.digest)
    assert len(room.texts()) == 1


# What Slack has stored without the bot hearing of it: the answer is lost in every way there is.
LOST = (
    ("drop-after-saving", False),
    ("half-json", False),
    ("html", True),
    ("500", True),
    ("502", True),
    ("503", True),
    ("error:internal_error", True),
    ("late", False),
)


@pytest.fixture(params=LOST, ids=lambda each: str(each[0]))
def losing(request: pytest.FixtureRequest, room: Room) -> Room:
    """The room, where the answer to the next message is lost."""
    kind, saved = request.param
    room.messenger._client.timeout = 1
    room.sandbox.slack.faults.fail_next("chat.postMessage", kind, saved=saved, seconds=2)
    return room


def decide(room: Room) -> None:
    """The person skips everything in the message that they see."""
    review = Review(room.store, room.time, TOGGL)
    for item in room.digest.items:
        review.skip(ME, item.id)


def test_a_message_whose_answer_was_lost_is_not_posted_again_and_stays_true(losing: Room) -> None:
    with pytest.raises(PostError):
        losing.messenger.announce(losing.digest, losing.time())
    assert losing.calls().count("chat.postMessage") == 1
    decide(losing)
    losing.messenger.refresh_stale(ME)
    assert losing.texts() == [f"version {losing.digest.version}"]
    assert losing.calls().count("chat.postMessage") == 1
    assert losing.store.stale() == []


def test_one_that_was_to_replace_another_does_so(room: Room) -> None:
    first = room.messenger.publish(room.digest)
    room.time.forward(hours=1)
    room.sandbox.slack.faults.fail_next("chat.postMessage", "drop-after-saving")
    with pytest.raises(PostError):
        room.messenger.announce(room.digest, room.time())
    assert len(room.texts()) == 2
    decide(room)
    room.messenger.refresh_stale(ME)
    assert room.texts() == [f"version {room.digest.version}"]
    assert first is not None
    assert room.digest.ts != first.ts


def test_it_is_found_after_a_restart_too(losing: Room) -> None:
    with pytest.raises(PostError):
        losing.messenger.publish(losing.digest)
    decide(losing)
    losing.time.forward(hours=12)
    losing.another(losing.store).refresh_stale(ME)
    assert losing.texts() == [f"version {losing.digest.version}"]


def test_one_that_slack_stores_late_is_found_as_long_as_it_may_come(room: Room) -> None:
    room.sandbox.slack.faults.clock = lambda: room.time().timestamp()
    room.sandbox.slack.faults.fail_next("chat.postMessage", "saved-later", seconds=60)
    with pytest.raises(PostError):
        room.messenger.publish(room.digest)
    room.messenger.refresh_stale(ME)
    assert room.texts() == []
    room.time.forward(seconds=61)
    room.messenger.refresh_stale(ME)  # the request that finds it carries it out
    assert (len(room.texts()), room.store.stale()) == (1, [])


def test_one_that_never_came_is_looked_for_no_longer_than_its_claim(room: Room) -> None:
    room.sandbox.slack.faults.fail_next("chat.postMessage", "500")
    with pytest.raises(PostError):
        room.messenger.publish(room.digest)
    room.time.forward(minutes=3)
    room.messenger.refresh_stale(ME)
    before = room.calls()
    room.messenger.refresh_stale(ME)
    assert (room.calls(), room.texts()) == (before, [])
    room.messenger.publish(room.digest)
    assert len(room.texts()) == 1


def test_one_that_slack_certainly_refused_is_not_looked_for(room: Room) -> None:
    room.sandbox.slack.faults.fail_next("chat.postMessage", "error:restricted_action")
    with pytest.raises(PostError):
        room.messenger.publish(room.digest)
    assert room.store.stale() == []


def test_two_messages_of_a_day_become_one(room: Room) -> None:
    """An older version's, which posted again by itself."""
    posted = room.messenger.publish(room.digest)
    twin = room.messenger._send(room.digest)
    other = room.messenger._client.chat_postMessage(channel=ME, text="something else")
    assert len(room.texts()) == 2
    decide(room)
    room.messenger.look(ME)
    assert room.texts() == [f"version {room.digest.version}"]
    assert (posted is not None, room.digest.ts) == (True, twin[1])
    kept = [message["ts"] for message in room.sandbox.slack.messages()]
    assert other["ts"] in kept


def broken_off(room: Room) -> Messenger:
    """A message that shows an older state than the bot told Slack last; gives a restarted bot."""
    room.messenger.publish(room.digest)
    old = room.digest
    decide(room)
    room.messenger.refresh_stale(ME)
    assert room.store.stale() == []
    room.messenger._client.chat_update(
        channel=str(old.channel), ts=str(old.ts), text="version 1", blocks=render(old).blocks,
        metadata=metadata_of(old),
    )  # fmt: skip
    return room.another(room.store)


def metadata_of(digest: Digest) -> dict[str, Any]:
    payload = {"person": ME, "day": DAY.isoformat(), "version": digest.version}
    return {"event_type": "tracklater_digest", "event_payload": payload}


def test_what_a_killed_bot_left_in_the_message_is_seen_at_the_start(room: Room) -> None:
    """It woke up, sent what it had drawn long ago, and was killed before it could say so."""
    restarted = broken_off(room)
    assert restarted.look(ME)
    assert room.texts() == [f"version {room.digest.version}"]


def test_an_update_that_slack_carries_out_late_is_noticed(room: Room) -> None:
    ticks = [0.0]
    room.messenger._ticks = lambda: ticks[0]
    room.messenger._looked_at, room.messenger._in_doubt_until = 1.0, 0.0
    room.messenger.publish(room.digest)
    room.sandbox.slack.faults.clock = lambda: room.time().timestamp()
    room.sandbox.slack.faults.fail_next("chat.update", "saved-later", times=2, seconds=40)
    room.read(TEXT, "11:00-12:00 group1")
    room.messenger.refresh_stale(ME)
    decide(room)
    room.messenger.refresh_stale(ME)
    now = f"version {room.digest.version}"
    assert room.texts() == [now]
    for _ in range(6):
        ticks[0] += 30
        room.time.forward(seconds=30)
        room.messenger.look(ME)
    assert room.texts() == [now]
    before = room.calls()
    ticks[0] += 30
    assert not room.messenger.look(ME)
    assert room.calls() == before, "what is long over is not looked at"


def test_after_an_old_copy_of_the_database_came_back_the_message_shows_it(
    room: Room, tmp_path: Path
) -> None:
    room.messenger.publish(room.digest)
    copy = tmp_path / "copy.sqlite3"
    room.store.close()
    shutil.copy(room.sandbox.home / "store.sqlite3", copy)
    room.store = sqlite_store(room.sandbox.home)
    room.messenger = room.another(room.store)
    decide(room)
    room.messenger.refresh_stale(ME)
    room.store.close()
    shutil.copy(copy, room.sandbox.home / "store.sqlite3")
    room.store = sqlite_store(room.sandbox.home)
    room.another(room.store).look(ME)
    assert room.texts() == ["version 1"]


def test_a_day_that_the_copy_did_not_have_yet_gets_no_second_message(room: Room) -> None:
    room.messenger.publish(room.digest)
    room.store.close()
    (room.sandbox.home / "store.sqlite3").unlink()
    room.store = sqlite_store(room.sandbox.home)
    messenger = room.another(room.store)
    messenger.look(ME)
    room.read("13:00-14:00 group1")
    messenger.publish(room.digest)
    assert room.texts() == [f"version {room.digest.version}"]


@pytest.mark.parametrize("code", ["channel_not_found", "cant_update_message"])
def test_a_message_that_is_there_after_all_is_taken_away(room: Room, code: str) -> None:
    room.messenger.publish(room.digest)
    decide(room)
    room.sandbox.slack.faults.fail_next("chat.update", f"error:{code}")
    room.messenger.refresh_stale(ME)
    assert room.texts() == [f"version {room.digest.version}"]


def test_a_bot_whose_claim_was_taken_over_meanwhile_leaves_one_message(room: Room) -> None:
    other = room.another(room.store)
    real = room.messenger._client.chat_postMessage

    def slow(**what: Any) -> Any:
        room.time.forward(minutes=3)
        other.publish(room.digest)
        return real(**what)

    room.messenger._client.chat_postMessage = slow  # type: ignore[method-assign]
    room.messenger.publish(room.digest)
    decide(room)
    other.refresh_stale(ME)
    assert room.texts() == [f"version {room.digest.version}"]


def test_a_missing_scope_is_named(room: Room) -> None:
    room.sandbox.slack.grant(room.sandbox.slack.bot_token, "im:write", "im:history")
    with pytest.raises(PostError, match="lacks the scope chat:write; add it and reinstall"):
        room.messenger.publish(room.digest)


def test_an_update_that_fails_leaves_the_message_to_a_later_call(room: Room) -> None:
    room.messenger.publish(room.digest)
    room.read(TEXT, "11:00-12:00 group1")
    room.sandbox.slack.faults.fail_next("chat.update", 500)
    room.messenger.refresh_stale(ME)
    assert room.texts() == ["version 1"]
    room.messenger.refresh_stale(ME)
    assert room.texts() == ["version 2"]


def test_a_private_answer_that_fails_is_logged(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.sandbox.slack.faults.fail_next("chat.postEphemeral", 500)
    with caplog.at_level(logging.WARNING):
        room.messenger.reply_privately(ME, "hello")
    assert "A private answer was not delivered" in caplog.text


def test_the_zone_of_the_profile_is_told_or_nothing(room: Room) -> None:
    assert room.messenger.zone_of(ME) == "Europe/Helsinki"
    assert room.messenger.zone_of("U0NOBODY") is None
