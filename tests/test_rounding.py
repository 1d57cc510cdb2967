"""Rounding: each row and each client's day within a step of the truth, and so is the month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.longer import examples
from tests.notation import FRIDAY, at, span
from tracklater_bot.domain.day import Span, subtract
from tracklater_bot.engine.rounding import Grid, Row, rounded

STEPS = (5, 6, 10, 15, 30)
MIDNIGHT = at("00:00")


def told(rows: Sequence[str], minutes: int = 15, tracked: Sequence[str] = (), **more: float) -> str:
    """`"09:07-09:52 acme"` each, as they come out on the grid: `"09:00-09:45 gone …"`."""
    made = [Row(span(row.split()[0]), row.split()[1].replace("?", "") or None) for row in rows]
    taken = [span(entry) for entry in tracked]
    left = {group: timedelta(minutes=by) for group, by in more.items()}
    found = rounded(made, grid(minutes, taken), left)
    zone = FRIDAY.zone
    return " ".join(
        f"{one.start.astimezone(zone):%H:%M}-{one.end.astimezone(zone):%H:%M}" if one else "gone"
        for one in found
    )


def grid(minutes: int, tracked: Sequence[Span], shortest: timedelta = timedelta(minutes=5)) -> Grid:
    edges = frozenset(edge for entry in tracked for edge in (entry.start, entry.end))
    free = subtract([FRIDAY.span], tracked)
    return Grid(timedelta(minutes=minutes), free, edges, shortest)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["09:07-09:52 acme"], "09:00-09:45"),  # 45 minutes stay 45
        (["09:00-09:20 acme", "11:00-11:20 acme", "13:00-13:20 acme"], None),  # an hour, of 45
        (["09:08-09:20 acme"], "09:00-09:15"),  # shorter than a step: one step
        (["09:00-10:00 acme", "10:00-11:00 globex"], "09:00-10:00 10:00-11:00"),
        (["09:01-10:08 acme", "10:08-11:01 ?"], "09:00-10:00 10:00-11:00"),
    ],
)
def test_rows_come_out_within_a_step_of_what_they_were(
    rows: list[str], expected: str | None
) -> None:
    found = told(rows)
    if expected is None:  # it does not matter which of them has the time of the others
        lengths = [span(row).length for row in found.split()]
        assert sorted(lengths) == [timedelta(minutes=m) for m in (15, 15, 30)]
    else:
        assert found == expected


def test_what_is_left_over_is_given_back() -> None:
    assert told(["09:00-09:53 acme"], acme=0) == "09:00-10:00"
    assert told(["09:00-09:53 acme"], acme=-7) == "09:00-09:45"
    assert told(["09:00-09:53 acme", "09:53-11:00 globex"], globex=7, acme=-7) == (
        "09:00-09:45 09:45-11:00"
    )


def test_nothing_runs_into_what_is_tracked_and_what_touched_it_still_does() -> None:
    tracked = ["09:31-09:58", "10:29-10:30"]
    rows = ["09:00-09:31 acme", "09:58-10:29 acme", "10:30-11:00 acme"]
    assert told(rows, tracked=tracked) == "09:00-09:31 09:58-10:29 10:30-11:00"
    assert told(["09:10-09:29 acme"], tracked=tracked) == "09:15-09:30"


def test_rows_that_have_no_room_for_a_step_each_give_way() -> None:
    rows = ["09:00-10:00 acme", *(f"10:{m:02d}-10:{m + 5:02d} globex" for m in (0, 5, 10, 15))]
    found = told([*rows, "10:20-11:20 acme"]).split()
    assert len([one for one in found if one != "gone"]) >= 4
    kept = [span(one) for one in found if one != "gone"]
    assert all(one.end <= two.start for one, two in pairwise(kept))


# -- The law -------------------------------------------------------------------------------------


@st.composite
def worked_days(draw: st.DrawFn) -> tuple[list[Row], list[Span]]:
    """A day's rows to the second, some touching, among entries that are tracked already."""
    moment = MIDNIGHT + timedelta(seconds=draw(st.integers(5 * 3600, 9 * 3600)))
    rows, tracked = [], []
    for _ in range(draw(st.integers(1, 9))):
        if draw(st.booleans()):
            moment += timedelta(seconds=draw(st.integers(60, 5000)))
        end = moment + timedelta(seconds=draw(st.integers(300, 6000)))
        if draw(st.integers(0, 5)) == 0:
            tracked.append(Span(moment, end))
        else:
            group = draw(st.sampled_from(("acme", "globex", "initech", None)))
            rows.append(Row(Span(moment, end), group))
        moment = end
    return rows, tracked


def by_group(rows: Sequence[Row], spans: Sequence[Span], step: timedelta) -> dict[str, timedelta]:
    """How much longer each group's day has become, without rows shorter than a step."""
    more: defaultdict[str, timedelta] = defaultdict(timedelta)
    for row, one in zip(rows, spans, strict=True):
        if row.group is not None and row.span.length >= step:
            more[row.group] += one.length - row.span.length
    return dict(more)


def touches(one: datetime, two: datetime) -> bool:
    return abs(two - one) <= timedelta(seconds=1)


@given(worked_days(), st.sampled_from(STEPS))
@examples(300)
def test_the_law_of_a_day(day: tuple[list[Row], list[Span]], minutes: int) -> None:
    rows, tracked = day
    step = timedelta(minutes=minutes)
    whole = [row for row in rows if row.span.length >= step]
    found = rounded(rows, grid(minutes, tracked), {})
    kept = {row: one for row, one in zip(rows, found, strict=True) if one is not None}
    for row in whole:
        assert abs(kept[row].length - row.span.length) <= step
        assert kept[row].overlaps(row.span)
    off = by_group(whole, [kept[row] for row in whole], step)
    assert all(abs(more) <= step for more in off.values()), off
    spans = [one for one in found if one is not None]
    assert all(one.end <= two.start for one, two in pairwise(spans))
    assert not any(one.overlaps(entry) for one in spans for entry in tracked)
    edges = {edge for entry in tracked for edge in (entry.start, entry.end)}
    for one in spans:
        for edge in (one.start, one.end):
            assert edge in edges or (edge - MIDNIGHT) % step == timedelta()
    for first, second in pairwise(rows):
        if first in kept and second in kept and touches(first.span.end, second.span.start):
            assert kept[first].end == kept[second].start
    for row, one in kept.items():
        for edge, mine in ((row.span.start, one.start), (row.span.end, one.end)):
            assert edge not in edges or mine == edge


@given(st.lists(worked_days(), min_size=2, max_size=12), st.sampled_from(STEPS))
@examples(60)
def test_the_law_of_a_month(month: list[tuple[list[Row], list[Span]]], minutes: int) -> None:
    step, left = timedelta(minutes=minutes), defaultdict[str, timedelta](timedelta)
    for rows, tracked in month:
        whole = [row for row in rows if row.span.length >= step]
        found = rounded(whole, grid(minutes, tracked, timedelta()), left)
        spans = [one for one in found if one is not None]
        assert len(spans) == len(whole)
        for group, more in by_group(whole, spans, step).items():
            left[group] -= more
    assert all(abs(one) <= step for one in left.values()), dict(left)


def test_nothing_is_rounded_with_a_step_of_nothing() -> None:
    assert told(["09:07-09:52 acme"], minutes=0) == "09:07-09:52"
