"""Laws of whole days: what must not matter, and that every minute is told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tests.clues import ACME_CODE, GLOBEX_CODE, GROUPS, ISSUES, MEETING, SHELL, inputs, windows
from tests.longer import examples
from tests.notation import FRIDAY, at
from tests.test_engine_laws import TITLES, clocks, days, entries, events, tracked_spans
from tracklater_bot.domain.clues import Checkout, ChatMessage, Clue, Commit, Window
from tracklater_bot.domain.day import Span, WorkDay, merge, subtract, total
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine import answer, suggest
from tracklater_bot.engine.inputs import Inputs

INVOICE = "Invoice 2026-101 - Holvi — Mozilla Firefox"
REMOTE = "10.20.4.17 - Remote Desktop Connection"
MORE_TITLES = (*TITLES, ACME_CODE, ACME_CODE, GLOBEX_CODE, GLOBEX_CODE, INVOICE, REMOTE)


class Stretch(NamedTuple):
    """So many minutes of one window, moving or still."""

    minutes: int
    title: str
    still: bool


stretches = st.builds(
    Stretch,
    st.integers(1, 50),
    st.sampled_from(MORE_TITLES),
    st.sampled_from((False,) * 3 + (True,)),
)


@st.composite
def whole_days(draw: st.DrawFn) -> list[Stretch]:
    """Four hours and more at the screen."""
    day = draw(st.lists(stretches, min_size=8, max_size=20))
    missing = 240 - sum(stretch.minutes for stretch in day)
    return [*day, *([Stretch(missing, ACME_CODE, still=False)] if missing > 0 else [])]


def told(day: list[Stretch], every: int = 20, at_day: WorkDay = FRIDAY) -> list[Clue]:
    lines, minute = [], 8 * 60
    for stretch in day:
        times = (f"{m // 60:02d}:{m % 60:02d}" for m in (minute, minute + stretch.minutes))
        lines.append(f"{'-'.join(times)} {'= ' if stretch.still else ''}{stretch.title}")
        minute += stretch.minutes
    return windows(*lines, every=every, day=at_day)


def unrounded(*clues: Clue, **more: object) -> Inputs:
    return inputs(*clues, round_minutes=0, **more)  # type: ignore[arg-type]


def minutes(spans: list[Span]) -> float:
    return total(spans) / timedelta(minutes=1)


def of(suggestions: tuple[Suggestion, ...], group: str | None) -> list[Span]:
    return merge(suggestion.span for suggestion in suggestions if suggestion.group == group)


def moved(one: Inputs, other: Inputs) -> float:
    """The minutes that have another group, or none where they had one."""
    first, second = suggest(one), suggest(other)
    groups = {suggestion.group for suggestion in (*first, *second)}
    lost = (subtract(of(first, group), of(second, group)) for group in groups)
    won = (subtract(of(second, group), of(first, group)) for group in groups)
    return max(sum(map(minutes, lost)), sum(map(minutes, won)))


@given(days())
@examples(60)
def test_every_minute_of_presence_is_told_of(day: Inputs) -> None:
    found = answer(day)
    suggested = [suggestion.span for suggestion in found.suggestions]
    told_of = [*suggested, *tracked_spans(day), *(gap.span for gap in found.gaps)]
    for gap in found.gaps:
        assert subtract([gap.span], [*suggested, *tracked_spans(day)]) == [gap.span]
    for one, following in pairwise(found.gaps):
        assert one.span.end <= following.span.start
    if told_of:
        whole = Span(min(s.start for s in told_of), max(s.end for s in told_of))
        assert subtract([whole], told_of) == []


RENAMED = {"acme": "zeta", "globex": "alpha"}


def renamed(day: Inputs) -> Inputs:
    """The same day, with groups that are called otherwise and told in another order."""
    groups = (
        replace(
            group,
            name=RENAMED[group.name],
            hints=tuple(replace(hint, group=RENAMED[hint.group]) for hint in group.hints),
            projects=tuple(replace(one, group=RENAMED[one.group]) for one in group.projects),
        )
        for group in reversed(day.groups)
    )
    issues = tuple(replace(issue, group=RENAMED[issue.group]) for issue in reversed(day.issues))
    clues = tuple(_renamed(clue) for clue in day.clues)
    return replace(day, groups=tuple(groups), issues=issues, clues=clues)


def _renamed(clue: Clue) -> Clue:
    if isinstance(clue, Commit | Checkout | ChatMessage) and clue.group is not None:
        return replace(clue, group=RENAMED[clue.group])
    return clue


@given(whole_days(), st.lists(events(clocks(8, 13)), max_size=8), st.booleans())
@examples(60)
def test_what_groups_are_called_changes_names_only(
    day: list[Stretch], more: list[Clue], screen: bool
) -> None:
    before = unrounded(*(told(day) if screen else ()), *more)
    names = {None: None, **RENAMED}
    assert [
        (row.span, names[row.group], row.issue and row.issue.key, row.confidence)
        for row in suggest(before)
    ] == [
        (row.span, row.group, row.issue and row.issue.key, row.confidence)
        for row in suggest(renamed(before))
    ]


@given(whole_days(), st.integers(-9, 50), st.sampled_from(("Asia/Tokyo", "America/Lima")))
@examples(30)
def test_another_day_or_zone_with_the_same_wall_clock_is_the_same(
    day: list[Stretch], later: int, zone: str
) -> None:
    other = WorkDay(FRIDAY.date + timedelta(days=later), ZoneInfo(zone))
    before = unrounded(*told(day))
    away = other.span.start - FRIDAY.span.start
    clues = (replace(clue, at=clue.at + away) for clue in before.clues)
    after = replace(before, day=other, now=before.now + away, clues=tuple(clues))
    assert [
        (s.span.start + away, s.span.end + away, s.group, s.confidence) for s in suggest(before)
    ] == [(s.span.start, s.span.end, s.group, s.confidence) for s in suggest(after)]


@given(whole_days(), st.sampled_from((20, 30)))
@examples(60)
def test_twice_or_half_as_many_samples_move_little(day: list[Stretch], every: int) -> None:
    usual = unrounded(*told(day, every))
    whole = sum(stretch.minutes for stretch in day)
    for other in (2 * every, every // 2):
        assert moved(usual, unrounded(*told(day, other))) < 0.02 * whole


@given(whole_days(), st.data())
@examples(40)
def test_samples_without_a_window_in_still_time_change_nothing(
    day: list[Stretch], data: st.DataObject
) -> None:
    clues = told(day)
    starts = [
        at("08:00") + timedelta(minutes=sum(s.minutes for s in day[:n])) for n in range(len(day))
    ]
    inner = [
        Span(start + timedelta(seconds=40), start + timedelta(minutes=s.minutes, seconds=-40))
        for s, start in zip(day, starts, strict=True)
        if s.still and s.minutes > 3
    ]
    if not inner:
        return
    within = data.draw(st.sampled_from(inner))
    places = [n for n, clue in enumerate(clues) if clue.at in within]
    blank = set(data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)))
    turned = [
        replace(clue, title="", screen=1) if n in blank and isinstance(clue, Window) else clue
        for n, clue in enumerate(clues)
    ]
    assert moved(unrounded(*clues), unrounded(*turned)) == 0


@given(whole_days(), st.lists(events(clocks(8, 13)), max_size=6), events(clocks(8, 13)))
@examples(80)
def test_a_clue_more_costs_its_group_no_more_than_two_minutes(
    day: list[Stretch], events_: list[Clue], clue: Clue
) -> None:
    before = unrounded(*told(day), *events_)
    after = unrounded(*told(day), *events_, clue)
    groups = {clue.group} if isinstance(clue, Commit | Checkout) else set()
    for group in groups:
        lost = minutes(of(suggest(before), group)) - minutes(of(suggest(after), group))
        assert lost <= 2


def test_groups_with_the_same_evidence_are_nobodys() -> None:
    even = unrounded(*windows("09:00-10:00 acme and globex - Google Docs"))
    assert [row.group for row in suggest(even)] == [None]


assert MEETING and SHELL and GROUPS and ISSUES and entries
