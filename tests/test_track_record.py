"""What is known of certain suggestions, and when it may be called proven."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.rooms import DAY, PERSON, Room, change, draft, sqlite_store
from tracklater_bot.domain.track_record import TrackRecord


@pytest.mark.parametrize(
    ("stood", "decided", "words"),
    [
        (0, 0, ""),
        (12, 12, "12 of 12 so far stood"),
        (58, 58, "of such entries 58 of 58 stood"),
        (59, 59, "of such entries 59 of 59 stood: proven"),
        (92, 93, "of such entries 92 of 93 stood: proven"),
        (91, 92, "of such entries 91 of 92 stood"),
        (212, 215, "of such entries 212 of 215 stood: proven"),
        (4_900, 5_000, "of such entries 4900 of 5000 stood: proven"),
    ],
)
def test_what_is_known_is_told_in_numbers(stood: int, decided: int, words: str) -> None:
    assert TrackRecord(stood, decided).words() == words


def test_proven_is_hardly_ever_said_of_what_stands_less_often() -> None:
    """Two hundred months of true shares of 85 to 99 %, looked at after every decision."""
    wrong = right = surely = 0
    for seed in range(200):
        chance = random.Random(seed)
        share = 0.99 if seed % 4 == 0 else chance.uniform(0.85, 0.99)
        stood, said = 0, False
        for decided in range(1, 151):
            stood += chance.random() < share
            said = said or TrackRecord(stood, decided).proven
        wrong += said and share < 0.95
        right += said and share == 0.99
        surely += share == 0.99
    assert wrong <= 10
    assert right > surely / 2


def test_what_the_person_did_with_certain_suggestions_is_counted(tmp_path: Path) -> None:
    """Taken as it was, with another time, for another group; skipped; and one that was unsure."""
    with sqlite_store(tmp_path) as store:
        room = Room(store)
        sure = draft(
            "09:00-10:00 group1",
            "10:00-11:00 group1",
            "11:00-12:00 group1",
            "12:00-13:00 group1",
            "13:00-14:00 group1",
        )
        suggestions = [replace(made, confidence=0.95) for made in sure.suggestions[:-1]]
        unsure = replace(sure.suggestions[-1], confidence=0.7)
        store.save_draft(PERSON, replace(sure, suggestions=(*suggestions, unsure)))
        taken, moved, elsewhere, skipped, guessed = (item.id for item in room.digest.items)
        room.review.approve(PERSON, taken)
        room.review.approve(PERSON, guessed)
        room.review.skip(PERSON, skipped)
        room.review.edit(PERSON, moved, change("10:05-11:00 group1"), 1)
        room.review.edit(PERSON, elsewhere, change("11:00-12:00 group2"), 1)
        room.review.approve_all(PERSON, DAY)
        room.drain()
        assert store.track_record(PERSON, DAY) == TrackRecord(stood=2, decided=4)
        assert store.track_record(PERSON, DAY + timedelta(days=1)) == TrackRecord()
