"""Laws of whole days: what must not matter, and that every minute is told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clues import (
    ACME_CODE,
    GLOBEX_CODE,
    GROUPS,
    MEETING,
    SHELL,
    commit,
    group,
    inputs,
    message,
    windows,
)
from tests.longer import examples
from tests.notation import FRIDAY, at, written
from tests.test_engine_laws import TITLES, clocks, days, events, tracked_spans
from tracklater_bot.domain.clues import ChatMessage, Checkout, Clue, Commit, Prompt, Window
from tracklater_bot.domain.day import Span, WorkDay, merge, subtract, total
from tracklater_bot.domain.hints import HintKind
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine import answer, suggest
from tracklater_bot.engine.inputs import Inputs

INVOICE = "Invoice 2026-101 - Holvi — Mozilla Firefox"
REMOTE = "10.20.4.17 - Remote Desktop Connection"
TIMESHEETS = Rule(RuleKind.ALWAYS, "acme", "timesheet")
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


def told_briefly(rows: tuple[Suggestion, ...]) -> list[str]:
    return [f"{written([row.span])} {row.group or '?'}" for row in rows]


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
    if isinstance(clue, Commit | Checkout | ChatMessage | Prompt) and clue.group is not None:
        return replace(clue, group=RENAMED[clue.group])
    return clue


@given(whole_days(), st.lists(events(clocks(8, 13)), max_size=8), st.booleans())
@examples(60)
def test_what_groups_are_called_changes_names_only(
    day: list[Stretch], more: list[Clue], screen: bool
) -> None:
    before = unrounded(*(told(day) if screen else ()), *more)
    assert [
        (row.span, row.group and RENAMED[row.group], row.issue and row.issue.key, row.confidence)
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


@given(whole_days(), st.sampled_from((15, 20)))
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
    """Of groups alone: an issue more is one more way to explain the windows beside it."""
    before = unrounded(*told(day), *events_, issues=())
    after = unrounded(*told(day), *events_, clue, issues=())
    if isinstance(clue, Commit | Checkout):
        ours, theirs = (minutes(of(suggest(one), clue.group)) for one in (before, after))
        assert ours - theirs <= 2


def test_groups_with_the_same_evidence_are_nobodys() -> None:
    even = unrounded(*windows("09:00-10:00 acme and globex - Google Docs"))
    assert [row.group for row in suggest(even)] == [None]


# -- What the laws leave open ----------------------------------------------------------------------


def gaps(*lines: str, **more: object) -> list[str]:
    """The day's gaps as `"09:00-10:00 still"`."""
    found = answer(inputs(*windows(*lines), round_minutes=5, **more))  # type: ignore[arg-type]
    return [f"{written([gap.span])} {gap.why}" for gap in found.gaps]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [f"09:00-10:00 {ACME_CODE}", f"10:00-13:00 = {REMOTE}", f"13:00-14:00 {ACME_CODE}"],
            ["10:00-13:00 still"],
        ),
        (
            [f"09:00-10:00 {ACME_CODE}", f"10:00-10:40 {INVOICE}", f"10:40-11:00 {ACME_CODE}"],
            ["10:00-10:40 nobody"],
        ),
        (
            [f"09:00-10:00 {ACME_CODE}", f"11:00-12:00 {ACME_CODE}"],
            ["10:00-11:00 away"],
        ),
        (
            [f"09:00-10:00 {ACME_CODE}", "10:00-10:30 my bank", f"10:30-11:00 {ACME_CODE}"],
            ["10:00-10:30 private"],
        ),
        (  # a browser's private window, left alone for the afternoon
            [
                f"09:00-10:00 {ACME_CODE}",
                "10:00-10:40 = Rezepte - Google Chrome (Inkognito)",
                f"10:40-11:00 {ACME_CODE}",
                f"11:00-14:00 = {ACME_CODE}",
            ],
            ["10:00-10:40 private"],
        ),
    ],
)
def test_what_is_not_suggested_has_its_reason(lines: list[str], expected: list[str]) -> None:
    assert gaps(*lines, ignore=("my bank",)) == expected


@pytest.mark.parametrize(
    ("minutes_", "title", "after", "expected"),
    [
        (20, REMOTE, ACME_CODE, ["09:00-11:00 acme"]),
        (40, REMOTE, ACME_CODE, ["09:00-11:00 acme"]),
        (40, REMOTE, GLOBEX_CODE, ["09:00-10:00 acme", "10:40-11:00 globex"]),
        (20, SHELL, ACME_CODE, ["09:00-10:00 acme", "10:20-11:00 acme"]),
        (20, "acme offer.docx - Word", ACME_CODE, ["09:00-11:00 acme"]),
        (20, "acme-contract.pdf - Adobe Acrobat Reader (64-bit)", ACME_CODE, ["09:00-11:00 acme"]),
        (40, "acme offer.docx - Word", ACME_CODE, ["09:00-10:00 acme", "10:40-11:00 acme"]),
        (20, "timesheet.xlsx - Excel", ACME_CODE, ["09:00-10:00 acme", "10:20-11:00 acme"]),
    ],
)
def test_work_in_one_window_that_keeps_its_title(
    minutes_: int, title: str, after: str, expected: list[str]
) -> None:
    middle = f"10:{minutes_:02d}"
    lines = [f"09:00-10:00 {ACME_CODE}", f"10:00-{middle} = {title}", f"{middle}-11:00 {after}"]
    rows = suggest(inputs(*windows(*lines), round_minutes=5))
    assert told_briefly(rows) == expected


@pytest.mark.parametrize(
    ("title", "after", "expected"),
    [
        (SHELL, ACME_CODE, ["09:00-11:00 acme"]),  # they may have read, or thought
        (SHELL, GLOBEX_CODE, ["09:00-10:00 acme", "10:14-11:00 globex"]),
        (ACME_CODE, GLOBEX_CODE, ["09:00-10:00 acme", "10:14-11:00 globex"]),
        (GLOBEX_CODE, GLOBEX_CODE, ["09:00-10:00 acme", "10:00-11:00 globex"]),  # what is next
        (SHELL, "lo-fi beats - YouTube — Mozilla Firefox", ["09:00-10:00 acme"]),
        (REMOTE, GLOBEX_CODE, ["09:00-10:00 acme", "10:14-11:00 globex"]),
        (REMOTE, ACME_CODE, ["09:00-11:00 acme"]),
        (MEETING, GLOBEX_CODE, ["09:00-10:00 acme", "10:00-10:14 ?", "10:14-11:00 globex"]),
    ],
)
def test_a_long_look_at_one_window_before_other_work_was_a_pause(
    title: str, after: str, expected: list[str]
) -> None:
    lines = f"09:00-10:00 {ACME_CODE}", f"10:00-10:14 = {title}", f"10:14-11:00 {after}"
    found = answer(inputs(*windows(*lines), round_minutes=1))
    assert told_briefly(found.suggestions) == expected
    if expected[0] == "09:00-10:00 acme" and title == SHELL:
        assert [gap.why for gap in found.gaps][:1] == ["still"]


def test_who_reads_and_is_not_seen_again_has_left() -> None:
    day = windows(f"09:00-10:00 {ACME_CODE}", f"10:00-10:14 = {SHELL}", f"12:00-13:00 {ACME_CODE}")
    found = suggest(inputs(*day, round_minutes=1))
    assert told_briefly(found) == ["09:00-10:00 acme", "12:00-13:00 acme"]


def test_a_longer_still_stretch_is_less_sure() -> None:
    day = "09:00-10:00 {0}", "10:00-10:{1} = {2}", "10:{1}-11:00 {0}"
    short, long = (
        suggest(inputs(*windows(*(line.format(ACME_CODE, m, REMOTE) for line in day))))[0]
        for m in (20, 40)
    )
    assert short.confidence >= 0.9 > long.confidence >= 0.7


def test_a_call_left_open_is_less_sure() -> None:
    named = "Meet – acme weekly - Google Chrome"
    [call] = suggest(inputs(*windows(f"10:00-10:30 = {named}")))
    [left_open] = suggest(inputs(*windows(f"10:00-11:20 = {named}")))
    assert call.confidence >= 0.9 > left_open.confidence


CALL = (f"09:00-10:00 {ACME_CODE}", f"10:00-10:40 = {MEETING}", f"10:40-11:30 {ACME_CODE}")


@pytest.mark.parametrize(
    ("clue", "expected"),
    [
        (message("09:59", "on my way", "globex-team"), "globex"),
        (message("10:01", "hi all", "globex-team"), "globex"),
        (message("10:00", "hi", group="globex"), "globex"),
        (commit("10:01", "globex"), "globex"),
        (message("09:30", "later", "globex-team"), "?"),
        (replace(message("09:59", "hi"), shared_channels=("globex-web", "general")), "globex"),
        (replace(message("09:59", "hi"), shared_channels=("general", "lunch")), "?"),
    ],
)
def test_what_is_near_a_calls_beginning_tells_whose_it_is(clue: Clue, expected: str) -> None:
    rows = suggest(inputs(clue, *windows(*CALL), round_minutes=5))
    assert f"10:00-10:40 {expected}" in told_briefly(rows)


def test_a_nameless_call_between_own_papers_is_asked_about() -> None:
    day = (
        f"08:00-09:00 {ACME_CODE}",
        f"09:00-10:00 {INVOICE}",
        f"10:00-10:40 = {MEETING}",
        f"10:40-11:30 {INVOICE}",
        f"11:30-12:30 {ACME_CODE}",
    )
    rows = suggest(inputs(*windows(*day), round_minutes=5))
    assert told_briefly(rows) == ["08:00-09:00 acme", "10:00-10:40 ?", "11:30-12:30 acme"]


def test_an_invoice_is_no_clients_unless_it_is_the_work() -> None:
    """The own is nobody's, whoever is named; a feature with invoices is the client's."""
    own = ("Invoice 2026-101 acme - Holvi", "Stundenzettel November", "acme - Toggl Track",
           "lasku-188 acme.pdf", "Umsatzsteuervoranmeldung | ELSTER", "請求書 2026-88",
           "Lasku_acme_11.pdf - Okular", "Rechnungen acme 2026.xlsx - Excel", "Счет № 15.pdf",
           "Stunden November.ods - LibreOffice Calc", "Tunnit marraskuu.xlsx - Excel",
           "tracklater-bot (Direktnachricht) - Slack", "acme - Fiken", "Zervant",
           "Invoice 2025/114 acme", "Faktura 12/2026 acme.pdf - Adobe Acrobat",
           "Toggl Reports: acme", "Stundennachweis_November_acme.xlsx - Excel",
           "Urenoverzicht november acme.xlsx - Excel", "Τιμολόγιο 45 acme.pdf",
           "Compte-rendu d'activité acme novembre.pdf")  # fmt: skip
    theirs = ("DEV-12 Invoice export - Visual Studio Code", "invoice.py - acme-api - PyCharm",
              "[DEV-123] Timesheet page - Jira", "acme invoices - localhost:3000",
              "Invoice page of acme.docx - Word", "Hours page acme - Mozilla Firefox")  # fmt: skip
    for title in own:
        assert suggest(inputs(*windows(f"09:00-09:30 {title} — Mozilla Firefox"))) == ()
    for title in theirs:
        assert [row.group for row in suggest(inputs(*windows(f"09:00-09:30 {title}")))] == ["acme"]


@pytest.mark.parametrize(
    ("title", "own"),
    [
        ("Invoice acme November.docx", True),
        ("Rechnungsentwurf acme.pages", True),
        ("Lasku acme marraskuu.docx - Word", True),
        ("acme_facture_novembre.odt - LibreOffice Writer", True),
        ("Счёт для acme ноябрь.docx", True),
        ("請求書acme11月.xlsx - Excel", True),
        ("Invoices | Stripe", True),
        ("Your invoices - Hetzner — Mozilla Firefox", True),
        ("Neue Rechnung – Kontor", True),
        ("Invoice module spec acme.docx", False),
        ("Angebot acme.docx", False),  # who writes an offer works for somebody
        ("請求書画面仕様.xlsx - Excel", False),
        ("Invoices | acme — Mozilla Firefox", False),
        ("Invoices | Stripe Documentation — Mozilla Firefox", False),
        ("invoices.py - acme-api - Visual Studio Code", False),
    ],
)
def test_a_file_or_page_that_is_an_invoice_is_not_the_clients_day(title: str, own: bool) -> None:
    day = windows(f"09:00-10:00 {ACME_CODE}", f"10:00-10:20 {title}", f"10:20-11:00 {ACME_CODE}")
    apart = ["09:00-10:00 acme", "10:20-11:00 acme"]
    assert told_briefly(suggest(unrounded(*day))) == (apart if own else ["09:00-11:00 acme"])


def test_own_administration_is_whose_the_person_says() -> None:
    office = group("office", (HintKind.KEYWORD, "procountor"))
    day = inputs(*windows("09:00-09:30 Invoices – Procountor"), groups=(*GROUPS, office))
    assert [row.group for row in suggest(day)] == ["office"]
    ruled = replace(inputs(*windows("09:00-09:30 Timesheet November")), rules=(TIMESHEETS,))
    assert [row.group for row in suggest(ruled)] == ["acme"]
