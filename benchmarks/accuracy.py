"""How right the suggestions are: the engine and two simple ways beside it, on made-up days.

    python -m benchmarks.accuracy [--seeds tune|held-out|A-B] [--kind KIND] [--worst N]
    python -m benchmarks.accuracy --explain SEED KIND [--png FILE]

Prints one table. The engine is tuned on the first set of seeds and reported on the second.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import TypeAlias

from benchmarks.baselines import keyword_sessions, last_cue_holds
from benchmarks.explain import drawn, explained
from benchmarks.score import Score, score
from benchmarks.worlds import KINDS, make
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
# The kinds of days that have a row of their own, and what is aimed at.
SHARES = (
    ("work minutes with the right group, all kinds together", None, "95 %"),
    ("  ordinary days", "ordinary", "97 %"),
    ("  few titles tell the group", "few_cues", "93 %"),
    ("  three or four calls", "calls", "93 %"),
    ("  git and Slack only", "no_thyme", "88 %"),
    ("  git only", "git_only", ""),
    ("  four groups, many windows, odd files", "busy", "95 %"),
    ("  an evening past midnight", "evening", ""),
    ("  days of 23 and 25 hours", "dst", ""),
    ("  partly tracked already", "tracked", ""),
)
Scores: TypeAlias = "dict[str, dict[str, list[tuple[int, Score]]]]"


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print."""
    options = _parser().parse_args(argv)
    if options.explain:
        return _explain(int(options.explain[0]), options.explain[1], options)
    kinds = [options.kind] if options.kind else list(KINDS)
    scores = measured(kinds, seeds(options.seeds), WAYS)
    print("\n".join(table(scores, kinds)))
    if options.worst:
        print("\n".join(["", *worst(scores[options.way], options.worst)]))
    return 0


def _explain(seed: int, kind: str, options: argparse.Namespace) -> int:
    world = make(seed, kind)
    answer = WAYS[options.way](world.inputs)
    print("\n".join(explained(world, answer)))
    if options.png:
        options.png.write_bytes(drawn(world, answer))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy")
    parser.add_argument("--seeds", default="held-out", help="tune, held-out, or a range A-B")
    parser.add_argument("--kind", choices=KINDS, help="only this kind of days")
    parser.add_argument("--worst", type=int, default=0, help="also list the worst worlds")
    parser.add_argument("--way", choices=WAYS, default="engine", help="whose worst, whose answer")
    parser.add_argument("--explain", nargs=2, metavar=("SEED", "KIND"), help="one world in full")
    parser.add_argument("--png", type=Path, help="with --explain: also as a picture")
    return parser


def seeds(word: str) -> range:
    """The seeds that a word or a range `A-B`, both ends included, means."""
    if word in SEEDS:
        return SEEDS[word]
    first, _, last = word.partition("-")
    return range(int(first), int(last or first) + 1)


def measured(kinds: Iterable[str], numbers: Sequence[int], ways: dict[str, Way]) -> Scores:
    """Every way on every world: scores by way and kind, each with its seed."""
    scores: Scores = {name: defaultdict(list) for name in ways}
    for kind in kinds:
        for seed in numbers:
            world = make(seed, kind)
            for name, way in ways.items():
                scores[name][kind].append((seed, score(world, way(world.inputs))))
    return scores


def _sum(scores: dict[str, list[tuple[int, Score]]], kind: str | None = None) -> Score:
    lists = [scores[kind]] if kind else scores.values()
    return reduce(add, (each for some in lists for _, each in some), Score())


# -- The table -----------------------------------------------------------------------------------


def table(scores: Scores, kinds: Sequence[str]) -> list[str]:
    """The figures as lines of a Markdown table."""
    rows = [("figure", *scores, "target"), ("---",) * (len(scores) + 2)]
    for label, kind, target in SHARES:
        if kind is None or kind in kinds:
            cells = (f"{_sum(some, kind).share_right:.1%}" for some in scores.values())
            rows.append((label, *cells, target))
    sums = [_sum(some) for some in scores.values()]
    rows += [(label, *map(cell, sums), target) for label, cell, target in FIGURES]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_row(row, widths) for row in rows]


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return f"| {' | '.join(cells)} |"


def _sure(total: Score) -> str:
    return "-" if total.share_sure is None else f"{total.share_sure:.1%}"


def _lost(total: Score) -> str:
    return f"{total.still_lost:.0f} of {total.still:.0f}"


FIGURES: tuple[tuple[str, Callable[[Score], str], str], ...] = (
    ("suggested minutes of a wrong group or no work", lambda s: f"{s.share_wrong:.1%}", "3 %"),
    ("work minutes with the right issue", lambda s: f"{s.share_issue:.1%}", "90 %"),
    ("work on no issue that was given one", lambda s: f"{s.share_invented:.1%}", ""),
    ("suggestions / true spans", lambda s: f"{s.pieces:.2f}", "0.9-1.1"),
    ("median error of a boundary, minutes", lambda s: f"{s.boundary:.1f}", "1"),
    ("minutes of confidence 0.9 and more that are right", _sure, "97 %"),
    ("minutes lost in windows that keep their title", _lost, "0"),
    ('minutes left as "What was this?"', lambda s: f"{s.unnamed:.0f}", ""),
)


def worst(scores: dict[str, list[tuple[int, Score]]], number: int) -> list[str]:
    """The worlds that lost the most minutes, to be looked at one by one."""
    found = [(each, kind, seed) for kind, some in scores.items() for seed, each in some]
    found.sort(key=lambda row: row[0].work - row[0].right, reverse=True)
    return [
        f"{kind} {seed}: {each.share_right:.1%} right, {each.share_wrong:.1%} wrong,"
        f" issues {each.share_issue:.1%}, {each.suggestions}/{each.spans} pieces,"
        f" boundaries {each.boundary:.1f} min"
        for each, kind, seed in found[:number]
    ]


if __name__ == "__main__":
    raise SystemExit(main())
