"""What hangs holds nothing up: neither a draft nor the end of the program."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Event

import pytest

from tests.notation import FRIDAY
from tests.test_read_all import FakeSource
from tracklater_bot.domain.clues import Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.side_by_side import side_by_side
from tracklater_bot.drafting.recorders import read_all


@pytest.fixture
def released() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


class Hanging(FakeSource):
    """A source on a dead network drive."""

    def __init__(self, released: Event) -> None:
        super().__init__("git", "acme")
        self.released = released
        self.reads = 0

    def read(self, span: Span) -> Reading:
        self.reads += 1
        self.released.wait(60)
        return super().read(span)


def test_a_source_that_hangs_is_told_and_the_others_are_there(released: Event) -> None:
    slow, fine = read_all([Hanging(released), FakeSource()], FRIDAY.span, seconds=0.2)
    assert slow == Reading("git", "acme", trouble="took too long")
    assert len(fine.clues) == 1


def test_what_hangs_still_is_not_read_once_more_by_every_draft(released: Event) -> None:
    source = Hanging(released)
    for _ in range(3):
        read_all([source], FRIDAY.span, seconds=0.2)
    assert source.reads == 1
    released.set()
    deadline = time.monotonic() + 20
    while read_all([source], FRIDAY.span)[0].trouble:
        assert time.monotonic() < deadline
    assert source.reads == 2


def test_those_behind_one_that_hangs_are_not_taken_to_hang_themselves(released: Event) -> None:
    calls: list[str] = []

    def call(name: str) -> str:
        calls.append(name)
        if name == "hangs":
            released.wait(60)
        return name

    def ask(seconds: float) -> list[str]:
        names = ["hangs", "waits"]
        return side_by_side(
            call, names, lambda _: "late", key=lambda n: (id(calls), n), at_once=1, seconds=seconds
        )

    assert ask(0.2) == ["late", "late"]
    assert ask(5) == ["late", "waits"]
    assert calls == ["hangs", "waits"]


def test_the_program_ends_though_a_source_hangs() -> None:
    script = (
        "import time; from tests.notation import FRIDAY;"
        "from tests.test_read_all import FakeSource;"
        "from tracklater_bot.drafting.recorders import read_all;"
        "s = FakeSource(); object.__setattr__(s, 'read', lambda span: time.sleep(300));"
        "print(read_all([s], FRIDAY.span, seconds=0.2)[0].trouble)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    assert ended.stdout.strip() == "took too long"
