"""How far rounded hours are from the exact ones, on a thousand made-up months. Run it with

    python -m benchmarks.rounding

A month has twenty days of rows for three clients, drawn to the second, some of them touching, some
beside time that is tracked already. Days are reviewed in any order; what rounding took is given
back on the client's next one. In the last round a row in ten is skipped after it was rounded.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tracklater_bot.domain.day import Span, subtract
from tracklater_bot.engine.rounding import Grid, Row, rounded

MONTHS, DAYS, STEP = 1000, 20, timedelta(minutes=15)
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass(slots=True)
class Found:
    """How much longer (below zero: shorter) things are than they were, in minutes."""

    days: list[float] = field(default_factory=list)
    months: list[float] = field(default_factory=list)
    rows: list[float] = field(default_factory=list)

    def table(self) -> Iterator[str]:
        """Each kind with its worst, and how many are off by more than half a step."""
        half = STEP / timedelta(minutes=2)
        for name, all_off in (("row", self.rows), ("client's day", self.days)):
            share = sum(abs(off) > half for off in all_off) / len(all_off)
            worst = max(map(abs, all_off))
            yield f"{name:<16} worst {worst:5.1f} min, over half a step {share:6.1%}"
        worst = max(map(abs, self.months))
        yield f"{'client’s month':<16} worst {worst:5.1f} min"


def make_day(chance: random.Random, day: int) -> tuple[list[Row], list[Span]]:
    """Rows, and what is tracked between them."""
    at = MONDAY + timedelta(days=day, hours=7, seconds=chance.randrange(3600))
    rows, tracked = [], []
    for _ in range(chance.randint(3, 10)):
        at += timedelta(seconds=chance.choice((0, 0, 0, chance.randrange(60, 4000))))
        end = at + timedelta(seconds=chance.randrange(300, 7000))
        if chance.random() < 0.08:
            tracked.append(Span(at, end))
        else:
            rows.append(Row(Span(at, end), chance.choice(("acme", "globex", "initech"))))
        at = end
    return rows, tracked


def review(chance: random.Random, found: Found, *, carry: bool, skipped: float = 0.0) -> None:
    """One month, a day after the other."""
    left: defaultdict[str, timedelta] = defaultdict(timedelta)
    for day in chance.sample(range(DAYS), DAYS):
        rows, tracked = make_day(chance, day)
        whole = Span(MONDAY + timedelta(days=day), MONDAY + timedelta(days=day + 2))
        edges = frozenset(edge for span in tracked for edge in (span.start, span.end))
        grid = Grid(STEP, subtract([whole], tracked), edges, timedelta(minutes=5))
        of_day: defaultdict[str, timedelta] = defaultdict(timedelta)
        taken = rounded(rows, grid, left if carry else {})
        for row, span in zip(rows, taken, strict=True):
            counts = row.span.length >= STEP and row.group is not None
            if span is None or row.group is None or not counts:
                continue
            more = span.length - row.span.length
            found.rows.append(more / timedelta(minutes=1))
            of_day[row.group] += more
            if chance.random() >= skipped:
                left[row.group] -= more
        found.days += [more / timedelta(minutes=1) for more in of_day.values()]
    found.months += [more / timedelta(minutes=1) for more in left.values()]


def main() -> None:
    """Reviews all months and prints a table."""
    rounds = (
        ("each day by itself", False, 0.0),
        ("given back on the next day", True, 0.0),
        ("given back, a row in ten skipped", True, 0.1),
    )
    for name, carry, skipped in rounds:
        found = Found()
        for month in range(MONTHS):
            review(random.Random(month), found, carry=carry, skipped=skipped)
        print(f"{name}:")
        print("\n".join(f"  {line}" for line in found.table()))


if __name__ == "__main__":
    main()
