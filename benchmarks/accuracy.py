"""How right the suggestions are: the engine and two simple ways beside it, on made-up days.

    python -m benchmarks.accuracy [--seeds tune|held-out|A-B] [--kinds KIND,...] [--jobs N]
    python -m benchmarks.accuracy --explain SEED KIND [--png FILE]

Prints two tables: all ways on all days, and one way (`--way`) on each kind of days. The engine is
tuned on the first set of seeds and reported on the second.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from operator import add
from pathlib import Path
from typing import TypeAlias

from benchmarks import hard_days, worlds
from benchmarks.baselines import keyword_sessions, last_cue_holds
from benchmarks.explain import drawn, explained
from benchmarks.score import Score, score
from benchmarks.truth import World
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine import suggest
from tracklater_bot.engine.inputs import Inputs

Way: TypeAlias = Callable[[Inputs], tuple[Suggestion, ...]]

SEEDS = {"tune": range(10), "held-out": range(100, 130)}
WAYS: dict[str, Way] = {
    "keyword sessions": keyword_sessions,
    "last cue holds": last_cue_holds,
    "engine": suggest,
}
# The kinds of days, by the generator that makes them, and how the table calls them.
FIRST = {
    "ordinary": "ordinary days",
    "few_cues": "few titles tell the group",
    "calls": "three or four calls",
    "busy": "four groups, many windows, odd files",
    "evening": "an evening past midnight",
    "dst": "days of 23 and 25 hours",
    "tracked": "partly tracked already",
    "no_thyme": "git and Slack only",
    "git_only": "git only",
}
SECOND = {
    "plain": "plain days, as the second generator makes them",
    "self_changing": "titles that change by themselves, nobody there",
    "programs": "programs commit, nobody there",
    "blank_samples": "samples without an active window",
    "still_work": "work in one unchanged window",
    "left_open": "a window left open, nobody there",
    "nameless_calls": "calls whose window names nobody",
    "administration": "own administration",
    "languages": "windows in six other languages",
    "two_machines": "a program works on a second machine",
    "mixed": "several of these on one day",
    "agents": "coding agents, titles that name hardly anybody",
    "meetings": "meetings away from the machine, and skipped ones",
    "attendance": "keys and mouse recorded too, still windows",
    "squashes": "squash merges, amended commits, no screen",
}
LABELS = FIRST | SECOND
KINDS = tuple(LABELS)


@dataclass(slots=True)
class Scores:
    """The scores of one way, by kind, each with its seed."""

    by_kind: dict[str, list[tuple[int, Score]]] = field(default_factory=dict)

    def sum(self, kinds: Iterable[str]) -> Score:
        """The sums over all days of these kinds."""
        days = (day for kind in kinds for _, day in self.by_kind.get(kind, ()))
        return reduce(add, days, Score())


def made(seed: int, kind: str) -> World:
    """The day of a seed, by the generator that makes such days."""
    return worlds.make(seed, kind) if kind in FIRST else hard_days.make(seed, kind)


def on_screen(kinds: Iterable[str], *, screen: bool = True) -> list[str]:
    """Those of the kinds whose days have a recorder of windows, or have none."""
    without = {"no_thyme", "git_only", "squashes"}
    return [kind for kind in kinds if (kind not in without) is screen]


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print."""
    options = _parser().parse_args(argv)
    if options.explain:
        return _explain(int(options.explain[0]), options.explain[1], options)
    scores = measured(options.kinds, seeds(options.seeds), WAYS, options.jobs)
    print("\n".join(table(scores, options.kinds)))
    print("\n".join(["", f"{options.way}:", *by_kind(scores[options.way], options.kinds)]))
    if options.worst:
        print("\n".join(["", *worst(scores[options.way], options.worst)]))
    return 0


def _explain(seed: int, kind: str, options: argparse.Namespace) -> int:
    world = made(seed, kind)
    answer = WAYS[options.way](world.inputs)
    print("\n".join(explained(world, answer)))
    if options.png:
        options.png.write_bytes(drawn(world, answer))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy")
    parser.add_argument("--seeds", default="held-out", help="tune, held-out, or a range A-B")
    parser.add_argument(
        "--kinds", type=_kinds, default=KINDS, help=f"only these, with commas: {', '.join(KINDS)}"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--worst", type=int, default=0, help="also list the worst days")
    parser.add_argument("--way", choices=WAYS, default="engine", help="whose days, whose answer")
    parser.add_argument("--explain", nargs=2, metavar=("SEED", "KIND"), help="one day in full")
    parser.add_argument("--png", type=Path, help="with --explain: also as a picture")
    return parser


def _kinds(words: str) -> list[str]:
    wanted = words.split(",")
    if unknown := [word for word in wanted if word not in KINDS]:
        raise argparse.ArgumentTypeError(f"no such kind: {', '.join(unknown)}")
    return [kind for kind in KINDS if kind in wanted]


def seeds(word: str) -> range:
    """The seeds that a word or a range `A-B`, both ends included, means."""
    if word in SEEDS:
        return SEEDS[word]
    first, _, last = word.partition("-")
    return range(int(first), int(last or first) + 1)


def measured(
    kinds: Sequence[str], numbers: Sequence[int], ways: dict[str, Way], jobs: int = 1
) -> dict[str, Scores]:
    """Every way on every day."""
    scores = {name: Scores({kind: [] for kind in kinds}) for name in ways}
    days = list(product(kinds, numbers))
    for (kind, seed), results in zip(days, _all_scored(days, ways, jobs), strict=True):
        for name, result in zip(ways, results, strict=True):
            scores[name].by_kind[kind].append((seed, result))
    return scores


def _all_scored(
    days: Sequence[tuple[str, int]], ways: dict[str, Way], jobs: int
) -> Iterator[list[Score]]:
    every_way = [list(ways.values())] * len(days)
    if jobs < 2 or len(days) < 2:
        yield from map(_scored, days, every_way)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_scored, days, every_way, chunksize=4)


def _scored(day: tuple[str, int], ways: Sequence[Way]) -> list[Score]:
    kind, seed = day
    world = made(seed, kind)
    return [score(world, way(world.inputs)) for way in ways]


# -- The tables ----------------------------------------------------------------------------------


def table(scores: dict[str, Scores], kinds: Sequence[str]) -> list[str]:
    """The figures as lines of a Markdown table: days with a screen, and those without one."""
    rows: list[tuple[str, ...]] = [("figure", *scores, "target"), ("---",) * (len(scores) + 2)]
    for title, some, figures in (
        ("days with a screen", on_screen(kinds), FIGURES),
        ("days without a screen", on_screen(kinds, screen=False), WITHOUT_SCREEN),
    ):
        sums = [each.sum(some) for each in scores.values()]
        if some:
            days = f"**{title}**: {len(sums[0].rows.corrections)}"
            rows.append((days, *("" for _ in scores), ""))
            rows += [(label, *map(cell, sums), target) for label, cell, target in figures]
    return _aligned(rows)


def by_kind(scores: Scores, kinds: Sequence[str]) -> list[str]:
    """One way's figures, a kind of days a line, as lines of a Markdown table."""
    head = ("days", *(name for name, _ in COLUMNS))
    rows: list[tuple[str, ...]] = [head, ("---",) * len(head)]
    sums = [(LABELS[kind], [kind]) for kind in kinds]
    sums += [("all with a screen", on_screen(kinds))]
    sums += [("all without a screen", on_screen(kinds, screen=False))]
    for label, some in sums:
        if some:
            total = scores.sum(some)
            rows.append((label, *(cell(total) for _, cell in COLUMNS)))
    return _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in rows
    ]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


Figure: TypeAlias = "tuple[str, Callable[[Score], str], str]"


def _minutes(right: str, wrong: str) -> tuple[Figure, ...]:
    return (
        ("work minutes with the right group", lambda s: _share(s.share_right), right),
        ("suggested minutes of a wrong group or no work", lambda s: _share(s.share_wrong), wrong),
    )


def _corrections(middle: str, ninetieth: str, none: str) -> tuple[Figure, ...]:
    return (
        ("corrections a day, median", lambda s: f"{s.rows.median:g}", middle),
        ("corrections a day, nine days in ten at most", lambda s: f"{s.rows.ninetieth}", ninetieth),
        ("days that need no correction", lambda s: _share(s.rows.share_untouched), none),
    )


WITHOUT_SCREEN = (*_minutes("88 %", "12 %"), *_corrections("", "", ""))
FIGURES: tuple[Figure, ...] = (
    *_minutes("96 %", "3 %"),
    *_corrections("1", "3", "50 %"),
    ("rows that stand", lambda s: _share(s.rows.share_standing), ""),
    (
        "rows of confidence 0.9 and more that stand",
        lambda s: _share(s.rows.share_certain_standing),
        "97 %",
    ),
    ("named minutes that such rows cover", lambda s: _share(s.rows.share_certain), "75 %"),
    (
        "rows certain of an issue that have the right one",
        lambda s: _share(s.rows.share_issue_sure_right),
        "97 %",
    ),
    (
        "such rows of 30 minutes and more in nobody's time, in 1,000 days",
        lambda s: f"{s.rows.nobodys_in_1000:.0f}",
        "0",
    ),
    (
        "stretches of work of 15 minutes and more not suggested",
        lambda s: f"{s.rows.missed}",
        "",
    ),
    (
        'rows that asked "What was this?", and were somebody\'s work',
        lambda s: f"{s.rows.asked}, {s.rows.asked_work}",
        "half",
    ),
    ("work minutes with the right issue", lambda s: _share(s.share_issue), "91 %"),
    ("work on no issue that was given one", lambda s: _share(s.share_invented), ""),
    ("rows / true spans", lambda s: f"{s.pieces:.2f}", "0.9-1.1"),
    ("median error of a boundary, minutes", lambda s: f"{s.boundary:.1f}", "1"),
    ("minutes of confidence 0.9 and more that are right", lambda s: _share(s.share_sure), "97 %"),
    (
        "minutes lost in windows that keep their title",
        lambda s: f"{s.still_lost:.0f} of {s.still:.0f}",
        "0",
    ),
    ('minutes left as "What was this?"', lambda s: f"{s.unnamed:.0f}", ""),
)
COLUMNS: tuple[tuple[str, Callable[[Score], str]], ...] = (
    ("right", lambda s: _share(s.share_right)),
    ("wrong", lambda s: _share(s.share_wrong)),
    ("issue", lambda s: _share(s.share_issue)),
    ("rows/spans", lambda s: f"{s.pieces:.2f}"),
    ("rows stand", lambda s: _share(s.rows.share_standing)),
    ("corrections", lambda s: f"{s.rows.median:g}"),
    ("p90", lambda s: f"{s.rows.ninetieth}"),
    ("none", lambda s: _share(s.rows.share_untouched)),
    ("0.9+ stand", lambda s: _share(s.rows.share_certain_standing)),
    ("0.9+ cover", lambda s: _share(s.rows.share_certain)),
    ("0.9+ issue", lambda s: _share(s.rows.share_issue_sure_right)),
    ("0.9+ nobody's", lambda s: f"{s.rows.nobodys}"),
    ("missed", lambda s: f"{s.rows.missed}"),
    ("asked (work)", lambda s: f"{s.rows.asked} ({s.rows.asked_work})"),
)


def worst(scores: Scores, number: int) -> list[str]:
    """The days that need the most corrections, to be looked at one by one."""
    days = [(day, kind, seed) for kind, some in scores.by_kind.items() for seed, day in some]
    days.sort(key=lambda row: (row[0].rows.corrections, row[0].work - row[0].right), reverse=True)
    return [
        f"{kind} {seed}: {sum(day.rows.corrections)} corrections,"
        f" {day.share_right:.1%} right, {day.share_wrong:.1%} wrong,"
        f" issues {day.share_issue:.1%}, {day.suggestions}/{day.spans} rows,"
        f" boundaries {day.boundary:.1f} min"
        for day, kind, seed in days[:number]
    ]


if __name__ == "__main__":
    raise SystemExit(main())
