"""When somebody was at the machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.clues import windows
from tests.notation import FRIDAY, at, written
from tracklater_bot.domain.clues import Clue, Window
from tracklater_bot.domain.day import Span, merge
from tracklater_bot.engine.changes import Sample
from tracklater_bot.engine.presence import PresenceRules, Watch, by_machine, privacy, watch
from tracklater_bot.engine.windows import WindowKind

EDITOR = "auth.py - acme-api - Visual Studio Code"


def seen(*clues: Clue, actions: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Watch:
    zero = FRIDAY.span.start
    samples = [
        (clue.machine, Sample((clue.at - zero).total_seconds(), clue.title, clue.screen))
        for clue in clues
        if isinstance(clue, Window)
    ]
    rules = PresenceRules(
        idle=900,
        is_meeting=WindowKind().is_meeting,
        is_private=privacy(ignore),
        actions=tuple((at(action) - zero).total_seconds() for action in actions),
    )
    return watch(by_machine(samples), rules)


def spans_of(found: Watch) -> list[Span]:
    zero = FRIDAY.span.start
    return [
        Span(zero + timedelta(seconds=stay.start), zero + timedelta(seconds=stay.end))
        for stay in found.stays
    ]


def present(*lines: str, **more: tuple[str, ...]) -> str:
    return written(merge(spans_of(seen(*windows(*lines), **more))))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["09:00-10:00 editor"], "09:00-10:00"),
        (["09:00-09:10 = editor"], "09:00-09:10"),  # reading
        (["09:00-09:15 = editor", "09:15-09:30 shell"], "09:00-09:30"),  # still reading
        (["09:00-09:30 editor", "09:30-10:30 = shell"], "09:00-09:30"),  # gone at the last change
        (
            ["09:00-09:30 editor", "09:30-10:30 = shell", "10:30-11:00 editor"],
            "09:00-09:30 10:30-11:00",
        ),
        (["09:00-11:00 one window that never changes its title"], "09:00-11:00"),
        (["09:00-11:00 = Zoom Meeting"], "09:00-11:00"),  # somebody sits still in a meeting
        (["09:00-15:00 = Zoom Meeting"], "09:00-09:00"),  # but not for six hours
        (["09:00-10:00 = Zoom Workplace"], "09:00-09:00"),  # its home window is no meeting
        (["09:00-09:30 editor", "10:10-10:30 editor"], "09:00-09:30 10:10-10:30"),  # suspend
        (["09:00-09:30 editor", "09:31-10:00 editor"], "09:00-10:00"),  # xdotool failed
        (["09:00-09:30 = editor", "10:10-10:30 editor"], "09:00-09:00 10:10-10:30"),
    ],
)
def test_presence(lines: list[str], expected: str) -> None:
    assert present(*lines) == expected


@pytest.mark.parametrize("minutes", [1, 2, 5, 10])
def test_who_samples_slowly_has_a_timer_that_comes_late(minutes: int) -> None:
    clues = windows("09:00-12:00 editor", every=minutes * 60)
    late = [replace(clue, at=clue.at + timedelta(seconds=n % 3)) for n, clue in enumerate(clues)]
    last = "11:55" if minutes == 10 else "12:00"  # the last sample stands for five minutes at most
    assert written(merge(spans_of(seen(*late)))) == f"09:00-{last}"
    suspend = [clue for clue in late if not at("10:00") < clue.at < at("10:40")]
    assert len(merge(spans_of(seen(*suspend)))) == 2


def test_a_private_window_is_absence() -> None:
    lines = ("09:00-09:30 editor", "09:30-09:50 WhatsApp", "09:50-10:00 editor")
    found = seen(*windows(*lines), ignore=("whatsapp",))
    assert written(merge(spans_of(found))) == "09:00-09:30 09:50-10:00"
    assert {stay.title for stay in found.stays} == {"editor"}


def test_who_commits_in_front_of_a_still_screen_is_there() -> None:
    lines = ("09:00-09:10 editor", "09:10-09:35 = shell", "09:35-09:40 editor")
    assert present(*lines) == "09:00-09:10 09:35-09:40"
    assert present(*lines, actions=("09:22",)) == "09:00-09:40"


def test_a_clock_set_back_counts_no_minute_twice() -> None:
    clues = [*windows("09:00-10:00 editor"), *windows("09:30-10:30 shell")]
    found = spans_of(seen(*clues))
    assert written(merge(found)) == "09:00-10:30"
    assert sum(each.minutes for each in found) == pytest.approx(90)


def test_a_sample_that_comes_twice_is_one() -> None:
    clues = windows("09:00-10:00 editor")
    assert seen(*clues, *clues) == seen(*clues)


def test_two_machines_are_one_person() -> None:
    desk = windows("09:00-09:30 editor", "09:30-10:30 = editor", machine="desk")
    laptop = windows("09:30-10:00 browser", machine="laptop")
    found = spans_of(seen(*desk, *laptop))
    assert written(merge(found)) == "09:00-10:00"
    assert sum(each.minutes for each in found) == pytest.approx(60, abs=1)


def test_attention_is_where_something_changed_last() -> None:
    desk = windows("09:00-10:00 desk", machine="desk", every=60)
    laptop = windows("09:20-09:40 laptop", machine="laptop", every=60)
    found = seen(*desk, *laptop).stays
    assert [each.title for each in found].count("laptop") >= 1
    assert sum(each.end - each.start for each in found) == pytest.approx(3600)


@pytest.mark.parametrize("every", [5, 10, 20, 60])
def test_a_hole_is_measured_by_how_often_samples_come(every: int) -> None:
    clues = windows("09:00-09:30 a", "09:32-10:00 b", every=every)
    assert written(merge(spans_of(seen(*clues)))) == "09:00-10:00"
    clues = windows("09:00-09:30 a", "09:40-10:00 b", every=every)
    assert len(merge(spans_of(seen(*clues)))) == 2


@pytest.mark.parametrize("every", [5, 7, 11, 20, 50])
def test_how_long_a_screen_stands_still_is_measured_alike(every: int) -> None:
    for until, expected in (("09:25", "09:00-09:25"), ("09:28", "09:00-09:10")):
        clues = windows("09:00-09:10 editor", f"09:10-{until} = shell", every=every)
        [whole] = merge(spans_of(seen(*clues)))
        assert abs(whole.end - at(expected[-5:])) <= timedelta(minutes=1)


def test_the_longer_a_screen_stands_still_the_earlier_its_person_left() -> None:
    """A minute more or less is no reason to keep a quarter of an hour, or to drop it."""
    ends = [
        merge(spans_of(seen(*windows("09:00-09:10 editor", f"09:10-09:{until} = shell"))))[0].end
        for until in ("24", "25", "26", "27")
    ]
    assert ends[:2] == [at("09:24"), at("09:25")]
    assert at("09:15") < ends[2] < at("09:19")
    assert ends[3] < at("09:11")


def test_nothing_was_seen() -> None:
    assert seen() == Watch()
