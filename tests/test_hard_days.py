"""The days of the second generator hold what their kind is called after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from benchmarks.hard_days import KINDS, make
from benchmarks.hard_days.languages import LANGUAGES
from benchmarks.truth import World
from tests.longer import usually
from tracklater_bot.domain.clues import ChatMessage, Checkout, Commit, Window
from tracklater_bot.domain.day import Span

FEW = usually(4, 10)


def days(kind: str) -> list[World]:
    return [make(seed, kind) for seed in range(FEW)]


def windows(world: World) -> list[Window]:
    found = [clue for clue in world.inputs.clues if isinstance(clue, Window)]
    return sorted(found, key=lambda window: (window.machine, window.at))


def in_front(world: World) -> Iterator[tuple[Span, set[str]]]:
    """Each stay of one window in front, with the titles it had."""
    runs = groupby(windows(world), key=lambda window: (window.machine, window.window))
    for _, run in runs:
        stay = list(run)
        if stay[0].at < stay[-1].at:
            yield Span(stay[0].at, stay[-1].at), {window.title for window in stay}


def works(world: World, span: Span) -> bool:
    return any(true.span.overlaps(span) for true in world.truth)


def test_titles_change_for_long_while_nobody_is_there() -> None:
    lasting = [
        span
        for world in days("self_changing")
        for span, titles in in_front(world)
        if len(titles) > 3 and span.length > timedelta(minutes=20)
    ]
    assert len(lasting) >= FEW


def test_programs_commit_where_nobody_works() -> None:
    alone = [
        clue
        for world in days("programs")
        for clue in world.inputs.clues
        if isinstance(clue, Commit)
        and clue.by_program
        and not any(clue.at in true.span for true in world.truth)
    ]
    assert len(alone) >= 2 * FEW


def test_blank_samples_lie_in_absences() -> None:
    for world in days("blank_samples"):
        blank = [window.at for window in windows(world) if not window.window]
        assert any(not any(at in true.span for true in world.truth) for at in blank)


def test_work_goes_on_in_one_unchanged_window() -> None:
    for world in days("still_work"):
        stays = [(span, titles) for span, titles in in_front(world) if len(titles) == 1]
        assert any(
            (both := true.span.intersection(span)) and both.length > timedelta(minutes=15)
            for span, _ in stays
            for true in world.truth
            if not true.call
        )


def test_windows_are_left_open_where_nobody_is() -> None:
    for world in days("left_open"):
        gone = [
            span
            for span, titles in in_front(world)
            if len(titles) == 1
            and not works(world, Span(span.end - timedelta(minutes=18), span.end))
        ]
        assert gone


def test_no_calls_window_names_a_customer() -> None:
    for world in days("nameless_calls"):
        calls = [true.span for true in world.truth if true.call]
        words = [hint.text.casefold() for group in world.inputs.groups for hint in group.hints]
        assert 2 <= len(calls) <= 4
        for call in calls:
            stays = [pair for pair in in_front(world) if pair[0].intersection(call)]
            longest = max(stays, key=lambda pair: _shared(pair[0], call))[1]
            assert not any(word in title.casefold() for title in longest for word in words)


def _shared(span: Span, call: Span) -> timedelta:
    both = span.intersection(call)
    return both.length if both else timedelta()


def test_calls_are_told_by_a_message_a_commit_or_nothing() -> None:
    told: Counter[str] = Counter()
    for world in days("nameless_calls"):
        for true in (true for true in world.truth if true.call):
            near = [
                clue
                for clue in world.inputs.clues
                if not isinstance(clue, Checkout | Window)
                and abs(clue.at - true.span.start) < timedelta(seconds=125)
            ]
            told["message"] += any(isinstance(clue, ChatMessage) for clue in near)
            told["commit"] += any(isinstance(clue, Commit) for clue in near)
            told["nothing"] += not near
    assert all(told.values())


def test_own_papers_are_nobodys_though_one_names_a_customer() -> None:
    seen = [
        window.title
        for world in days("administration")
        for window in windows(world)
        if "voice" in window.title or "Toggl" in window.title or "imesheet" in window.title
        if not any(window.at in true.span for true in world.truth)
    ]
    assert len(seen) > 20 * FEW


def test_every_language_comes_up() -> None:
    titles = {window.title for seed in range(40) for window in windows(make(seed, "languages"))}
    for language in LANGUAGES.values():
        assert f"{language.calendar} | Microsoft Teams" in titles
        assert any(language.pages[0] in title for title in titles)


def test_commits_are_amended_and_squashed() -> None:
    commits = [
        clue
        for world in days("squashes")
        for clue in world.inputs.clues
        if isinstance(clue, Commit)
    ]
    assert max(Counter(commit.sha for commit in commits).values()) > 1
    assert any(not commit.branches for commit in commits)
    assert any("(#" in commit.subject for commit in commits)


def test_two_machines_record_at_once() -> None:
    for world in days("two_machines"):
        spans = {
            machine: [window.at for window in windows(world) if window.machine == machine]
            for machine in ("", "laptop")
        }
        assert all(max(at) - min(at) > timedelta(hours=3) for at in spans.values())


def test_screens_are_recorded_on_all_kinds_but_one() -> None:
    assert [kind for kind in KINDS if not make(0, kind).has_screen] == ["squashes"]
