"""What is known of certain suggestions, and when it may be called proven."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.notation import at
from tests.rooms import DAY, PERSON, Room, change, draft, sqlite_store
from tracklater_bot.domain.track_record import Outcome, TrackRecord, Trust


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


def test_what_was_changed_twice_is_counted_as_it_was_suggested_first(tmp_path: Path) -> None:
    """The person's own first change is no suggestion; neither is what they added."""
    with sqlite_store(tmp_path) as store:
        room = Room(store)
        [row] = room.open("09:00-10:00 group1")
        room.review.edit(PERSON, row, change("09:00-10:00 group2"), 1)
        room.review.edit(PERSON, row, change("09:00-10:00 group3"), room.item(row).version)
        room.review.add(PERSON, DAY, change("11:00-12:00 group1"))
        room.review.approve_all(PERSON, DAY)
        room.drain()
        [outcome] = store.outcomes(PERSON, DAY)
    assert (outcome.group, outcome.kind, outcome.stood) == ("group1", "named", False)
    assert outcome.reckoned == 0.95


def test_what_was_split_for_two_clients_did_not_stand(tmp_path: Path) -> None:
    with sqlite_store(tmp_path) as store:
        room = Room(store)
        [row] = room.open("09:00-10:00 group1")
        room.review.split(PERSON, row, at("09:30"))
        second = room.digest.items[1]
        changed = change("09:30-10:00 group2")
        room.review.edit(PERSON, second.id, changed, second.version)
        room.review.approve_all(PERSON, DAY)
        room.drain()
        assert store.track_record(PERSON, DAY) == TrackRecord(stood=0, decided=1)


# -- What it teaches -----------------------------------------------------------------------------


def outcomes(
    stood: int, changed: int, group: str = "acme", kind: str = "habit", sure: float = 0.95
) -> list[Outcome]:
    """So many decided suggestions; those that were changed went to another group."""
    return [
        Outcome(group, kind, sure, None, certain=True, stood=n < stood, issue_stood=n < stood)
        for n in range(stood + changed)
    ]


def test_who_decided_nothing_yet_is_as_sure_as_the_benchmark_makes_it() -> None:
    assert Trust.of([]).corrected("habit", "acme", 0.93) == 0.93


def test_few_decisions_move_it_a_little_and_many_a_lot() -> None:
    few = Trust.of(outcomes(2, 1)).corrected("habit", "acme", 0.95)
    many = Trust.of(outcomes(40, 20)).corrected("habit", "acme", 0.95)
    assert 0.88 < few < 0.95
    assert 0.6 < many < 0.75  # two of three stood
    assert Trust.of(outcomes(60, 0)).corrected("habit", "acme", 0.88) > 0.92


def test_one_kind_of_evidence_says_nothing_of_another_and_its_groups_share_it() -> None:
    trust = Trust.of([*outcomes(30, 15), *outcomes(40, 0, kind="named")])
    assert trust.corrected("named", "acme", 0.95) > 0.95
    assert trust.corrected("habit", "globex", 0.95) < 0.85  # as of all groups by habit
    told_apart = Trust.of([*outcomes(20, 15), *outcomes(60, 0, group="globex")])
    assert told_apart.corrected("habit", "globex", 0.95) > 0.9
    assert told_apart.corrected("habit", "acme", 0.95) < 0.75


@pytest.mark.parametrize("share", [0.7, 0.85, 0.95])
def test_what_is_said_to_be_sure_comes_to_be_true(share: float) -> None:
    """Suggestions that claim 93 %, of which another share stands: after a month it is known."""
    chance, seen = random.Random(7), list[Outcome]()
    for _ in range(200):
        seen += outcomes(int(chance.random() < share), 0) or outcomes(0, 1)
    assert abs(Trust.of(seen).corrected("habit", "acme", 0.95) - share) < 0.06
    assert Trust.of(seen).corrected("habit", "acme", 1.0) == 1.0  # what the person said themselves


def test_the_issue_is_corrected_apart_from_the_group() -> None:
    seen = [
        Outcome("acme", "named", 0.95, 0.92, certain=True, stood=True, issue_stood=n % 2 == 0)
        for n in range(40)
    ]
    trust = Trust.of(seen)
    assert trust.corrected("named", "acme", 0.95) >= 0.95
    assert trust.corrected("issue", "acme", 0.92) < 0.7
