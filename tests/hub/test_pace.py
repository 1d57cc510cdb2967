"""One pace for all processes: Slack's channels, and what trackers take in an hour."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from tracklater_bot.store import Store
from tracklater_hub import pace
from tracklater_hub.pace import CONVERSATION, POST, SharedPacer

ANNA, DM = "U0ANNA", "D0ANNA"
SIX = 6.0  # seconds that stand for a minute: a tenth of one for a message in a channel


def seconds_for(store: Store, *channels: str) -> float:
    """How long so many processes need that each post to one of these channels at once."""
    pacers = [SharedPacer(store, SIX) for _ in channels]
    begun = time.monotonic()
    with ThreadPoolExecutor(len(channels)) as pool:
        list(pool.map(lambda pacer, channel: pacer.wait(POST, channel), pacers, channels))
    return time.monotonic() - begun


def test_a_channel_rests_for_all_processes(store: Store) -> None:
    assert seconds_for(store, *[DM] * 6) >= 0.5
    with store.writing() as transaction:
        held = transaction.execute(text("SELECT max(held_until) FROM hub_pace")).scalar_one()
    assert held > time.time()


def test_a_person_stands_for_their_dm(store: Store) -> None:
    store.put(ANNA, CONVERSATION, DM)
    assert seconds_for(store, *[DM, ANNA] * 3) >= 0.5


def test_channels_that_have_rested_are_forgotten_and_methods_are_not(store: Store) -> None:
    seconds_for(store, DM, "D0BORIS")
    time.sleep(0.11)
    pace.prune(store)
    with store.reading() as transaction:
        kept = transaction.execute(text("SELECT method FROM hub_pace")).scalars()
        assert [*kept] == [POST]
