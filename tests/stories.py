"""Days on which the person clicks about while everything fails in turn."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from tests.notation import span
from tests.rooms import PERSON, Room, change, draft
from tests.trackers import (
    Fault,
    bug_after,
    crash_after,
    crash_before,
    lost_after,
    lost_before,
    no_quota,
    refused,
    too_fast,
    unreachable,
)
from tracklater_bot.domain.digests import ItemState
from tracklater_bot.review.decisions import ReviewError

FAULTS: list[Fault | None] = [
    None, None, None, refused, unreachable, too_fast, no_quota, lost_before, lost_after, bug_after,
    crash_before, crash_after,
]  # fmt: skip


@dataclass
class Story:
    """One such day; the same `chance` tells the same story."""

    room: Room
    chance: random.Random
    rounds: int = 8

    def run(self) -> None:
        room = self.room
        room.open("09:00-10:00 group1", "10:00-11:00 group1 DEV-1", "11:00-12:00 group1")
        room.tracker.faults = iter(lambda: self.chance.choice(FAULTS), object())
        for _ in range(self.rounds):
            self.click()
            self.work()
            self.tells_no_lie()
            room.later(seconds=self.chance.choice((0, 1, 10, 400)))
        room.tracker.faults = iter(())
        room.later(hours=1)
        room.drain()
        self.ends_well()

    def click(self) -> None:
        review, item = self.room.review, self.chance.choice(self.room.digest.items)
        chosen = self.chance.randrange(6)
        try:
            if chosen < 3:
                review.approve(PERSON, item.id)
            elif chosen == 3:
                review.undo(PERSON, item.id)
            elif chosen == 4:
                minutes = self.chance.choice((30, 45, 60))
                start = item.suggestion.span.start
                shorter = replace(
                    span("09:00-10:00"), start=start, end=start + timedelta(minutes=minutes)
                )
                review.edit(
                    PERSON, item.id, change("09:00-10:00 group1", span=shorter), item.version
                )
            else:
                self.room.store.save_draft(
                    PERSON, draft("09:00-10:00 group1", "10:00-12:00 group1")
                )
        except ReviewError:
            pass

    def work(self) -> None:
        self.room.work_or_die(f"bot {self.chance.random()}")

    def tells_no_lie(self) -> None:
        """Whatever state is shown is so, in the middle of everything."""
        kept = self.room.tracker.kept
        for item in self.room.digest.items:
            same = [value for value in kept.values() if value.start == item.suggestion.span.start]
            if item.state is ItemState.SENT:
                assert item.entry_id in kept
                assert kept[item.entry_id].end == item.suggestion.span.end
            elif item.state in (ItemState.OPEN, ItemState.SKIPPED, ItemState.FAILED):
                assert (item.entry_id, same) == (None, [])
            assert len(same) <= 1

    def ends_well(self) -> None:
        """All is settled: an entry for each item that is sent, and not one more."""
        items = self.room.digest.items
        assert {item.state for item in items} <= {ItemState.OPEN, ItemState.SENT, ItemState.FAILED}
        entries = [item.entry_id for item in items if item.state is ItemState.SENT]
        assert sorted(self.room.tracker.kept) == sorted(entry or 0 for entry in entries)
        self.tells_no_lie()
