"""Laws that hold for every day, whatever the clues."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tests.clues import (
    ACME_CODE,
    GLOBEX_CODE,
    GROUPS,
    MEETING,
    SHELL,
    checkout,
    commit,
    entry,
    inputs,
    message,
    prompt,
    windows,
)
from tests.longer import examples
from tests.notation import FRIDAY, at
from tracklater_bot.domain.clues import Clue, Window
from tracklater_bot.domain.day import Span, WorkDay, merge, subtract, total
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine import answer, suggest
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.segments import GRID

TITLES = (
    ACME_CODE,
    GLOBEX_CODE,
    SHELL,
    MEETING,
    "",
    "[DEV-123] Fix login - Jira - Google Chrome",
    "Reset password - Task #12 - Globex — Mozilla Firefox",
    "Slack | general | Acme",
    "general (Channel) - Globex - Slack",
    "lo-fi beats - YouTube — Mozilla Firefox",
    "python - How to mock - Stack Overflow - Google Chrome",
)
BRANCHES = ("main", "DEV-123-fix-login", "feature/rate-limit-the-token", "12-reset-password")
SUBJECTS = ("WIP", "DEV-131 add a limit", "Reset password (#12)", "Fix login")
TEXTS = ("on it", "DEV-123 is done", "about globex", "")

groups = st.sampled_from([group.name for group in GROUPS])


def clocks(first: int = 9, last: int = 17) -> st.SearchStrategy[str]:
    return st.builds("{:02d}:{:02d}".format, st.integers(first, last), st.integers(0, 59))


def events(clock: st.SearchStrategy[str]) -> st.SearchStrategy[Clue]:
    channels = st.sampled_from(("acme-dev", "random"))
    return st.one_of(
        st.builds(commit, clock, groups, st.sampled_from(SUBJECTS), st.sampled_from(BRANCHES)),
        st.builds(checkout, clock, groups, st.sampled_from(BRANCHES)),
        st.builds(message, clock, st.sampled_from(TEXTS), channels),
        st.builds(prompt, clock, groups, st.sampled_from(BRANCHES)),
    )


@st.composite
def screens(
    draw: st.DrawFn, first: int = 9, stills: tuple[str, ...] = ("", "= "), back: int = 10
) -> list[Clue]:
    """Windows one after the other, with holes, still stretches and sometimes a second machine.

    Sometimes a clock is set back by so many minutes.
    """
    clues: list[Clue] = []
    minute = draw(st.integers(0, 60)) + 60 * (first - 9)
    for _ in range(draw(st.integers(0, 12))):
        length = draw(st.integers(1, 45))
        start, end = (f"{9 + at // 60:02d}:{at % 60:02d}" for at in (minute, minute + length))
        still = draw(st.sampled_from(("", *stills)))
        machine = draw(st.sampled_from(("", "", "", "laptop")))
        title = draw(st.sampled_from(TITLES))
        clues += windows(f"{start}-{end} {still}{title}", machine=machine, every=60)
        minute += length + draw(st.sampled_from((0, 0, 0, 1, 7, 40, -back)))
        minute = max(minute, 0)
    return clues


@st.composite
def entries(draw: st.DrawFn) -> TimeEntry:
    start = draw(clocks())
    end = at(start) + timedelta(minutes=draw(st.integers(1, 150)))
    return replace(entry(f"{start}-"), end=draw(st.sampled_from((end, None))))


@st.composite
def days(draw: st.DrawFn, first: int = 9) -> Inputs:
    screen = draw(st.sampled_from((True, True, False)))  # or no screen was recorded
    clues = [
        *(draw(screens(first)) if screen else ()),
        *draw(st.lists(events(clocks(first, first + 6)), max_size=8)),
    ]
    options: dict[str, Any] = {
        "round_minutes": draw(st.sampled_from((0, 5, 15))),
        "min_minutes": draw(st.sampled_from((0, 1, 5, 10))),
    }
    tracked = tuple(draw(st.lists(entries(), max_size=2)))
    return inputs(*clues, tracked=tracked, **options)


def _present(day: Inputs) -> list[Span]:
    """All that is suggested, and what is nobody's or still: what was a pause, groups tell."""
    found = answer(day)
    nobodys = (gap.span for gap in found.gaps if gap.why in ("nobody", "still"))
    return merge([*covered(found.suggestions), *nobodys])


def covered(suggestions: tuple[Suggestion, ...], group: str | None = "") -> list[Span]:
    return merge(suggestion.span for suggestion in suggestions if group in ("", suggestion.group))


def tracked_spans(day: Inputs) -> list[Span]:
    return [span for entry in day.tracked if (span := entry.span(day.now)) is not None]


@given(days())
@examples(40)
def test_suggestions_are_in_order_and_overlap_nothing(day: Inputs) -> None:
    found = suggest(day)
    for before, after in pairwise(found):
        assert before.span.end <= after.span.start
    for suggestion in found:
        assert not any(suggestion.span.overlaps(span) for span in tracked_spans(day))
        assert suggestion.span.length >= timedelta(minutes=day.options.min_minutes)
        assert day.day.span.start <= suggestion.span.start
        assert suggestion.span.end <= min(day.now, day.day.span.end)


@given(days())
@examples(30)
def test_suggestions_are_whole(day: Inputs) -> None:
    names = {group.name: group for group in day.groups}
    for suggestion in suggest(day):
        assert 0 <= suggestion.confidence <= 1
        if suggestion.group is None:
            assert (suggestion.project, suggestion.issue) == (None, None)
            assert suggestion.description in ("", "Call", "Code review")
            continue
        assert suggestion.issue is None or suggestion.issue.group == suggestion.group
        assert suggestion.project is None or suggestion.project in names[suggestion.group].projects
        assert suggestion.reasons
        assert (
            suggestion.best_split is None
            or suggestion.span.start < suggestion.best_split < suggestion.span.end
        )


@given(days(), st.integers(0, 1000))
@examples(30)
def test_the_order_of_clues_says_nothing(day: Inputs, seed: int) -> None:
    clues = list(day.clues)
    random.Random(seed).shuffle(clues)
    assert suggest(replace(day, clues=tuple(clues))) == suggest(day)
    assert suggest(replace(day, clues=(*day.clues, *_samples(day)))) == suggest(day)


def _samples(day: Inputs) -> list[Window]:
    return [clue for clue in day.clues if isinstance(clue, Window)]


REACH = timedelta(minutes=65)
HOLE = timedelta(minutes=5)
SIDE = timedelta(minutes=15)
HOUR = timedelta(hours=1)
STEP = timedelta(seconds=GRID)  # in which time without a screen is told


@given(days())
@examples(30)
def test_all_lies_where_somebody_was_or_in_a_clues_reach(day: Inputs) -> None:
    step = timedelta(minutes=day.options.round_minutes)
    near = [Span(clue.at - SIDE, clue.at + HOLE) for clue in _samples(day)]
    reach = [
        Span(clue.at - REACH, clue.at + REACH) for clue in day.clues if not isinstance(clue, Window)
    ]
    allowed = merge(Span(span.start - step, span.end + step) for span in (*near, *reach))
    assert subtract(covered(suggest(day)), allowed) == []


@given(screens())
@examples(30)
def test_presence_is_conserved(clues: list[Clue]) -> None:
    """Whatever the groups, the same time is suggested: evidence decides for whom, not whether."""
    known = inputs(*clues, min_minutes=0)
    unknown = replace(known, groups=(), issues=())
    assert _present(known) == _present(unknown)
    rounded = replace(known, options=replace(known.options, round_minutes=5))
    spans = len(covered(suggest(known)))
    change = total(covered(suggest(rounded))) - total(covered(suggest(known)))
    assert abs(change) <= spans * timedelta(minutes=10)


@given(days(first=15))  # people eat at noon, wherever the day lies
@examples(30)
def test_a_day_an_hour_later_is_suggested_an_hour_later(day: Inputs) -> None:
    utc = replace(day, day=WorkDay(FRIDAY.date, ZoneInfo("Etc/GMT-2")))
    assert _spans(suggest(_later(utc, HOUR))) == [
        (Span(span.start + HOUR, span.end + HOUR), group) for span, group in _spans(suggest(utc))
    ]


@given(days())
@examples(30)
def test_the_same_day_further_west_is_the_same_day_later(day: Inputs) -> None:
    east = replace(day, day=WorkDay(FRIDAY.date, ZoneInfo("Etc/GMT-2")))
    west = replace(_later(east, HOUR), day=WorkDay(FRIDAY.date, ZoneInfo("Etc/GMT-1")))
    assert _spans(suggest(west)) == [
        (Span(span.start + HOUR, span.end + HOUR), group) for span, group in _spans(suggest(east))
    ]


def _later(day: Inputs, by: timedelta) -> Inputs:
    tracked = tuple(
        replace(entry, start=entry.start + by, end=entry.end + by if entry.end else None)
        for entry in day.tracked
    )
    clues = tuple(replace(clue, at=clue.at + by) for clue in day.clues)
    return replace(day, clues=clues, tracked=tracked, now=day.now + by)


def _spans(suggestions: tuple[Suggestion, ...]) -> list[tuple[Span, str | None]]:
    return [(suggestion.span, suggestion.group) for suggestion in suggestions]


@given(screens(stills=()), st.lists(events(clocks()), max_size=6), st.data())
@examples(80)
def test_more_evidence_for_a_group_never_takes_minutes_from_it(
    windows: list[Clue], others: list[Clue], data: st.DataObject
) -> None:
    """Where the screen stands still, a commit may also bring somebody back: that is another law."""
    before = inputs(*windows, *others, min_minutes=0)
    more = data.draw(st.builds(commit, clocks(), st.just("acme"), st.just("WIP")))
    after = replace(before, clues=(*before.clues, more))
    assert _lost(before, after) <= 2 * STEP
    screen = [Span(clue.at, clue.at + timedelta(minutes=1)) for clue in _samples(before)]
    assert _lost(before, after, screen) <= timedelta(seconds=1)


@given(st.lists(events(clocks()), max_size=6), st.data())
@examples(60)
def test_more_evidence_takes_none_where_no_screen_was_recorded(
    others: list[Clue], data: st.DataObject
) -> None:
    """Of groups alone. A checkout tells when a change was, which may be later than was thought.

    Who was there at one moment more may have been away at another: that is worth a step or two.
    """
    before = replace(inputs(*others, min_minutes=0), issues=())
    commits = st.builds(commit, clocks(), st.just("acme"), st.just("WIP"))
    messages = st.builds(message, clocks(), st.just("acme"))
    prompts = st.builds(prompt, clocks(), st.just("acme"))
    more = data.draw(st.one_of(commits, messages, prompts))
    after = replace(before, clues=(*before.clues, more))
    assert _lost(before, after) <= 2 * STEP


@given(screens(stills=(), back=0), st.data())
@examples(60)
def test_a_window_that_turns_to_a_group_never_takes_minutes_from_it(
    clues: list[Clue], data: st.DataObject
) -> None:
    """Of groups alone, before a screen that moves.

    A window of the group that names no issue also speaks against the issue beside it, and where
    the screen stands still, it decides how long nobody was there. Of two windows at one moment,
    which a clock set back makes, either may be in front. What is left of the windows that
    say nothing may be shared anew with the group after them: nobody knows whose it was.
    """
    before = replace(inputs(*clues, min_minutes=0), issues=())
    neutral = [clue for clue in _samples(before) if clue.title == SHELL]
    if not neutral:
        return
    start = data.draw(st.sampled_from(neutral)).at
    turned = Span(start, start + timedelta(minutes=data.draw(st.integers(1, 20))))
    after = replace(before, clues=tuple(_turned(clue, turned) for clue in clues))
    nobodys = _shown(before, SHELL)
    lost = total(subtract(covered(suggest(before), "acme"), nobodys)) - total(
        subtract(covered(suggest(after), "acme"), nobodys)
    )
    assert lost <= timedelta(seconds=1)


def _lost(before: Inputs, after: Inputs, within: list[Span] | None = None) -> timedelta:
    """What acme has less of, in all or within spans."""
    ours, theirs = (covered(suggest(day), "acme") for day in (before, after))
    if within is None:
        return total(ours) - total(theirs)
    return total(subtract(within, theirs)) - total(subtract(within, ours))


def _shown(day: Inputs, title: str) -> list[Span]:
    """When a window with this title was in front."""
    samples = sorted(_samples(day), key=lambda window: window.at)
    return [
        Span(one.at, following.at)
        for one, following in pairwise(samples)
        if one.title == title and one.at < following.at
    ]


def _turned(clue: Clue, within: Span) -> Clue:
    if isinstance(clue, Window) and clue.title == SHELL and clue.at in within:
        return replace(clue, title=ACME_CODE)
    return clue
