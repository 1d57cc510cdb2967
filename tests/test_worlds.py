"""The made-up days that measure the engine: they must themselves be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise, starmap
from pathlib import Path

import pytest

from benchmarks import accuracy, hard_days
from benchmarks.accuracy import made, main
from benchmarks.baselines import keyword_sessions, last_cue_holds
from benchmarks.disk import write
from benchmarks.score import Score, score
from benchmarks.truth import World, due
from benchmarks.worlds import KINDS, commits_of, make
from tests.longer import usually
from tracklater_bot.domain.clues import Checkout, Clue, Commit, Window
from tracklater_bot.domain.day import Span, total
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.settings import load
from tracklater_bot.sources.clues.git import GitSource
from tracklater_bot.sources.clues.thyme import ThymeSource

SEEDS = [(seed, kind) for kind in accuracy.KINDS for seed in range(3)]
every_world = pytest.mark.parametrize(
    "world", SEEDS, ids=lambda which: f"{which[1]}-{which[0]}", indirect=True
)
once = cache(made)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Made by the worker that tests it: all take a second, which each worker would wait for."""
    return once(*request.param)


def perfect(world: World, moved: timedelta = timedelta()) -> list[Suggestion]:
    """The truth as an answer, all of it `moved` by the same time."""
    issues = {(issue.group, issue.key): issue for issue in world.inputs.issues}
    return [
        Suggestion(
            Span(each.span.start + moved, each.span.end + moved),
            each.group,
            issue=issues.get((each.group, each.issue or "")),
            confidence=1.0,
        )
        for each in due(world)
    ]


@pytest.mark.parametrize("kind", accuracy.KINDS)
def test_a_seed_always_makes_the_same_world(kind: str) -> None:
    assert made(7, kind) == made(7, kind)
    assert made(7, kind).truth != made(8, kind).truth


def test_every_kind_has_a_line_in_the_table_and_one_generator() -> None:
    assert set(accuracy.FIRST) == set(KINDS)
    assert set(accuracy.SECOND) == set(hard_days.KINDS)
    assert not set(KINDS) & set(hard_days.KINDS)


@every_world
def test_the_truth_is_in_order_within_the_day_and_about_its_groups(world: World) -> None:
    groups = {group.name for group in world.inputs.groups}
    keys = {(issue.group, issue.key) for issue in world.inputs.issues}
    for before, after in pairwise(world.truth):
        assert before.span.end <= after.span.start
    for each in world.truth:
        assert each.group in groups
        assert each.issue is None or (each.group, each.issue) in keys
        assert each.span.start >= world.day.span.start
        assert each.span.end <= world.day.span.end
    assert timedelta(hours=2) < total(each.span for each in world.truth) < timedelta(hours=13)


@every_world
def test_commits_lie_in_work_for_their_group(world: World) -> None:
    """But for a program's, and for one that is pushed as a call begins."""
    minute = timedelta(seconds=61)
    for clue in commits_of(world):
        if isinstance(clue, Commit) and not clue.by_program:
            assert any(
                each.group == clue.group
                and (
                    clue.at in each.span or (each.call and abs(clue.at - each.span.start) < minute)
                )
                for each in world.truth
            )


@every_world
def test_samples_lie_within_the_day(world: World) -> None:
    windows = [clue for clue in world.inputs.clues if isinstance(clue, Window)]
    assert bool(windows) == world.has_screen == bool(accuracy.on_screen([world.kind]))
    assert all(window.at in world.day.span for window in windows)


def test_kinds_are_what_they_are_called() -> None:
    worlds = {kind: [make(seed, kind) for seed in range(usually(4, 10))] for kind in KINDS}
    assert all(3 <= sum(t.call for t in world.truth) <= 4 for world in worlds["calls"])
    assert all(len(world.clients) == 4 for world in worlds["busy"])
    assert all(world.inputs.tracked for world in worlds["tracked"][:3])
    midnight = [w.day.local(w.truth[-1].span.end).date() > w.day.date for w in worlds["evening"]]
    assert all(midnight)
    assert {world.day.date for world in worlds["dst"]} & {date(2026, 10, 25), date(2026, 3, 29)}


@every_world
def test_the_truth_itself_scores_perfectly(world: World) -> None:
    found = score(world, perfect(world))
    assert found.work > 60
    assert found.share_right == pytest.approx(1)
    assert found.share_wrong == pytest.approx(0)
    assert found.share_issue == pytest.approx(1)
    assert found.share_sure == pytest.approx(1)
    assert found.boundary == 0
    assert found.still_lost == 0
    assert found.pieces >= 1
    assert found.rows.corrections == (0,)
    assert found.rows.share_certain_standing == found.rows.share_certain == 1
    assert found.rows.asked == found.rows.nobodys == found.rows.missed == 0


def test_a_shifted_answer_scores_worse_by_as_much_as_it_is_shifted() -> None:
    world = make(0, "ordinary")
    found = score(world, perfect(world, timedelta(minutes=4)))
    assert found.boundary == pytest.approx(4)
    assert 0.5 < found.share_right < 0.999
    assert 0.001 < found.share_wrong < 0.5
    far = score(world, perfect(world, timedelta(minutes=12)))
    assert far.share_right < found.share_right


def test_no_answer_and_a_wrong_group_are_both_nothing_right() -> None:
    world = make(0, "ordinary")
    wrong = [replace(each, group="somebody else") for each in perfect(world)]
    assert score(world, []).share_right == 0
    assert score(world, []).share_wrong == 0
    assert score(world, wrong).share_right == 0
    assert score(world, wrong).share_wrong == 1


def test_the_right_group_with_another_issue_is_a_wrong_issue() -> None:
    world = make(0, "ordinary")
    found = score(world, [replace(each, issue=None) for each in perfect(world)])
    assert found.share_right == pytest.approx(1)
    assert found.share_issue == 0


def test_an_issue_for_work_on_none_is_seen_though_the_right_issues_do_not_suffer() -> None:
    world = make(0, "calls")
    some = world.inputs.issues[0]
    found = score(world, [replace(e, issue=e.issue or some) for e in perfect(world)])
    assert found.share_issue == pytest.approx(1)
    assert found.share_invented == pytest.approx(1)
    assert score(world, perfect(world)).share_invented == 0


def test_what_is_said_twice_counts_once_and_the_second_time_as_wrong() -> None:
    world = make(0, "ordinary")
    found = score(world, perfect(world) * 2)
    assert found.share_right == pytest.approx(1)
    assert found.share_wrong == pytest.approx(0.5)


def test_time_that_is_tracked_already_is_not_asked_for() -> None:
    world = next(world for world in starmap(once, SEEDS) if world.inputs.tracked)
    left = total(each.span for each in due(world))
    assert left < total(each.span for each in world.truth)
    spans = [each.span(world.inputs.now) for each in world.inputs.tracked]
    assert not any(t.span.overlaps(span) for t in due(world) for span in spans if span)


def test_sums_of_scores_are_sums() -> None:
    both = Score(work=60, right=30, errors=(1.0,)) + Score(work=40, right=40, errors=(3.0,))
    assert both.share_right == pytest.approx(0.7)
    assert both.boundary == 2


def test_simple_ways_are_between_nothing_and_perfect() -> None:
    for way, least, most in ((keyword_sessions, 0.02, 0.5), (last_cue_holds, 0.6, 0.97)):
        found = [
            score(world, way(world.inputs))
            for world in starmap(once, SEEDS)
            if world.kind == "ordinary"
        ]
        right = sum(each.right for each in found) / sum(each.work for each in found)
        assert least < right < most


@pytest.mark.parametrize(
    ("seed", "kind"), [(1, "busy"), (2, "evening"), (1, "dst"), (2, "ordinary")]
)
def test_files_on_disk_say_the_same_as_the_world(seed: int, kind: str, tmp_path: Path) -> None:
    world = make(seed, kind)
    settings = load(write(world, tmp_path), None, {}).settings
    assert settings.thyme.dir is not None
    reading = ThymeSource(settings.thyme.dir).read(world.day.span)
    assert reading.trouble is None
    assert _looks(reading.clues) == _looks(world.inputs.clues)
    for group in world.inputs.groups:
        source = GitSource(
            group.name, settings.groups[group.name].git.repos, settings.emails_for(group.name)
        )
        read = source.read(world.day.span)
        assert read.trouble is None
        assert _traces(read.clues) == _traces(c for c in commits_of(world) if c.group == group.name)
        assert (*settings.hints_for(group.name), *read.hints) == group.hints


def _looks(clues: Iterable[Clue]) -> set[tuple[object, ...]]:
    return {(clue.at, clue.title, clue.machine) for clue in clues if isinstance(clue, Window)}


def _traces(clues: Iterable[Clue]) -> list[tuple[object, ...]]:
    return [
        (clue.at, clue.repo, clue.subject, clue.branches)
        if isinstance(clue, Commit)
        else (clue.at, clue.repo, clue.branch)
        for clue in clues
        if isinstance(clue, Commit | Checkout)
    ]


def test_the_benchmark_prints_its_table_and_the_worst_worlds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    some = ["--seeds", "0-1", "--kinds", "squashes,calls", "--jobs", "1"]
    assert main([*some, "--worst", "4"]) == 0
    printed = capsys.readouterr().out
    assert "three or four calls" in printed
    assert "git only" not in printed
    assert printed.index("**days with a screen**: 2") < printed.index(
        "**days without a screen**: 2"
    )
    for day in ("calls 0:", "calls 1:", "squashes 0:", "squashes 1:"):
        assert printed.count(day) == 1


def test_the_figures_do_not_depend_on_how_many_processes_take_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed = []
    for jobs in ("1", "2"):
        main(["--seeds", "0-1", "--kinds", "calls,plain", "--jobs", jobs])
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


def test_a_kind_that_there_is_not_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--kinds", "plain,lazy"])
    assert "no such kind: lazy" in capsys.readouterr().err


def test_a_world_can_be_looked_at_beside_an_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = tmp_path / "world.png"
    way = ["--way", "last cue holds", "--png", str(picture)]
    assert main(["--explain", "0", "ordinary", *way]) == 0
    printed = capsys.readouterr().out
    assert all(each.group in printed for each in make(0, "ordinary").truth)
    assert picture.read_bytes().startswith(b"\x89PNG")
