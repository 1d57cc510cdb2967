"""How long it takes to search 20,000 issues while somebody types.

Run: python -m benchmarks.issues [COUNT]
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

from tracklater_bot.catalog.issue_cache import IssueIndex
from tracklater_bot.domain.issues import Issue

VERBS = ("Fix", "Add", "Remove", "Rework", "Test", "Document", "Translate", "Review", "Plan")
PARTS = """
login logout basket checkout invoice report export import search filter settings profile password
e-mail header footer button dialog table chart calendar timeline webhook queue worker cache
database migration backup restore permission role account tenant payment refund voucher shipping
address country currency tax discount authentication authorisation
"""
PLACES = ("in Safari", "on phones", "for admins", "after an update", "when offline", "at night")
SYLLABLES = ("ka", "ro", "mi", "ten", "sol", "var", "pi", "lum", "ex", "dor", "fen", "qua")
QUERIES = (
    ("nothing typed", ""),
    ("exact key", "DEV-12344"),
    ("key begins", "dev-1"),
    ("number", "777"),
    ("one letter", "f"),
    ("one word", "checkout"),
    ("words in any order", "safari password fix"),
    ("typo", "authentcation"),
    ("two typos", "pasword checkuot"),
    ("nothing like it", "zzzzqqqq wwwwvvvv"),
    ("long paste", "the invoice export for admins fails after an update in Safari " * 3),
)


def made_up(count: int, seed: int = 20261120) -> list[Issue]:
    """Issues of four groups with titles of a few words and a number, as trackers have them."""
    chance, parts = random.Random(seed), PARTS.split()
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return [
        Issue(
            key=f"{('DEV', 'OPS', 'WEB', 'APP')[number % 4]}-{number}",
            title=f"{chance.choice(VERBS)} {chance.choice(parts)} {chance.choice(parts)}"
            f" {chance.choice(PLACES)} {_word(chance)}",
            url=f"https://jira.example/browse/{number}",
            tracker="jira",
            group=f"group{number % 4}",
            closed=chance.random() < 0.7,
            mine=chance.random() < 0.1,
            in_progress=chance.random() < 0.05,
            updated=now - timedelta(minutes=chance.randrange(500_000)),
        )
        for number in range(count)
    ]


def _word(chance: random.Random) -> str:
    """A word that few issues share: real titles have tens of thousands of different ones."""
    return "".join(chance.choices(SYLLABLES, k=4))


def timed(call: Callable[[], object], times: int = 15) -> tuple[float, float]:
    """Median and worst of several calls, in milliseconds."""
    taken = []
    for _ in range(times):
        start = perf_counter()
        call()
        taken.append((perf_counter() - start) * 1000)
    return median(taken), max(taken)


def main() -> None:
    """Prints a line a query."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    issues = made_up(count)
    built, _ = timed(lambda: IssueIndex(issues), 3)
    index = IssueIndex(issues)
    print(f"{count:,} issues, index built in {built:.0f} ms")
    print(f"{'query':<20} {'median ms':>10} {'worst ms':>10} {'found':>6}")
    for name, text in QUERIES:
        middle, worst = timed(lambda text=text: index.search(text, None, 100))  # type: ignore[misc]
        print(f"{name:<20} {middle:>10.1f} {worst:>10.1f} {len(index.search(text, None, 100)):>6}")


if __name__ == "__main__":
    main()
