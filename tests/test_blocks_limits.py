"""Every message, dialog and view within Slack's limits, with all that a day can hold at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from tests.digests import entry, many, strings, with_text
from tests.hostile import HOSTILE, bad_characters
from tests.longer import usually
from tests.notation import FRIDAY, at
from tracklater_bot import blocks
from tracklater_bot.blocks import dialogs, help, rule_dialog, week
from tracklater_bot.blocks.dialog_values import Choices, issue_options
from tracklater_bot.blocks.digest import DigestView, PictureRef, digest_message, pages
from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.home import HomeView, Preferences, home
from tracklater_bot.blocks.week import BillingView, QuotaView, WeekView, week_message
from tracklater_bot.domain.billing import Drift
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.draft import AgentTime, Gap
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.stretches import ReadyRows, Stretch
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.wall import Shown
from tracklater_sandbox.slack.blockkit import check_message, check_options, check_view

Json = dict[str, Any]
DAY = WorkDay(FRIDAY.date, FRIDAY.zone)
FEW = ("acme", HOSTILE[0], HOSTILE[7], HOSTILE[11], HOSTILE[17], HOSTILE[18])
OURS = "Write `picture = false`."  # what we say ourselves needs no guard
MINUTE = timedelta(minutes=1)


def rows(number: int, text: str) -> list[Item]:
    """So many rows with the text wherever there can be one, in all states by turns."""
    states = [ItemState.OPEN, *ItemState]
    made = []
    for n, each in enumerate(many(number)):
        row = with_text(each, f"{text}{n % 9}")
        found = replace(row.suggestion, group=None) if n % 5 == 0 else row.suggestion
        made.append(replace(row, suggestion=found, state=states[n % len(states)]))
    return made


def gaps(text: str) -> tuple[Gap, ...]:
    whys = ("away", "private", "nobody", "still", "", text)
    starts = [at("05:00") + n * 5 * MINUTE for n in range(200)]
    return tuple(Gap(Span(s, s + 4 * MINUTE), whys[n % 6]) for n, s in enumerate(starts))


def full(number: int, text: str, *, over: bool = False) -> Digest:
    """A day with so many rows and two hundred gaps; decided throughout if it is over."""
    made = rows(number, text)
    if over:
        made = [replace(row, state=ItemState.SENT) for row in made]
    sources = tuple(SourceStatus(f"{text}{n}", text, 1, text or "x", traces=True) for n in range(9))
    agents = tuple(AgentTime(f"{text}{n}", 10) for n in range(30))
    tracked = (entry("07:00-08:00 group1"),)
    return Digest("U1", DAY.date, str(DAY.zone), tuple(made), tracked, sources, gaps(text), agents)


def choices(number: int, text: str) -> Choices:
    projects = tuple(Project(f"{text}{n}", f"{text}{n % 40}") for n in range(number))
    return Choices(DAY, projects, tuple(f"{text}{n}" for n in range(number)))


# -- Messages ------------------------------------------------------------------------------------


def of_a_day(number: int, text: str) -> Iterator[SlackMessage]:
    for made in (full(number, text), full(number, text, over=True)):
        times = [DayTimes.of(replace(made, day=DAY.date - timedelta(days=n))) for n in range(9)]
        view = DigestView(
            picture=PictureRef("F1", text),
            now=at("18:00"),
            went_on=True,
            changes=[OURS] * 3,
            squares={item.suggestion.group or "": ":large_blue_square:" for item in made.items},
            usual=timedelta(hours=8),
            stood="Of 25 such rows 24 stood.",
            still_open=times,
            programs={item.id: [(text or "x", 600)] * 20 for item in made.items},
        )
        last = len(pages(made)) - 1
        for page in {0, last // 2, last}:
            yield digest_message(made, replace(view, page=page))
            yield digest_message(made, replace(view, page=page, picture=None, timeline=text * 9))
        yield help.day_ready(made, f"https://example.org/{text}", OURS)
        moves = [(item, item) for item in made.items]
        yield help.changes_message(made, moves, "This moved:", text) or help.note(text)
        yield help.move_offer(made, moves) or help.note(text)


def of_days(number: int, text: str) -> Iterator[SlackMessage]:
    digest = full(number, text)
    sums: dict[str | None, timedelta] = {f"{text}{n}": 60 * MINUTE for n in range(number)}
    drift = [Drift(DAY.date, text, f"edited in Toggl: {text} -> {n}") for n in range(number)]
    quota = QuotaView(at("15:00"), DAY.zone, 2, at("15:42"), 30)
    for stretch in (Stretch.week(DAY.date), Stretch.month(DAY.date)):
        days = [replace(digest, day=day) for day in stretch.days()]
        certain, ready = (ReadyRows.of(days, certain_only=only) for only in (True, False))
        for billed in (None, DAY.date):
            billing = BillingView(sums, "0" * 8, billed, sums, drift)
            view = WeekView(
                stretch,
                certain,
                ready,
                quota,
                [OURS, *help.sources_lines(digest.sources)][:6],
                billing,
            )
            yield week_message([DayTimes.of(day) for day in days], view=view)


def answers(number: int, text: str) -> Iterator[SlackMessage]:
    sources = full(0, text).sources * 9
    times = DayTimes.of(full(number, text))
    yield help.help_message()
    yield help.unknown_word(text)
    yield help.note(text)
    yield help.status_message(help.StatusView(DAY.zone, at("15:00"), sources, waiting=number))
    yield help.no_traces(DAY.date, sources, times, closed=OURS)


@pytest.mark.parametrize("number", usually((0, 1, 15, 200), (0, 1, 15, 60, 200)))
@pytest.mark.parametrize("text", usually(FEW, HOSTILE))
@pytest.mark.parametrize("make", [of_a_day, of_days, answers])
def test_every_message_is_taken(
    make: Callable[[int, str], Iterator[SlackMessage]], text: str, number: int
) -> None:
    for message in make(number, text):
        check_message(message.blocks)
        assert 0 < len(message.text) <= 4_000
        assert not [said for said in strings(message.blocks, "mrkdwn") if bad_characters(said)]


# -- Dialogs and Home ----------------------------------------------------------------------------


def views(number: int, text: str) -> Iterator[Json]:
    """All dialogs of a day, and Home; those that change while they are open, changed."""
    digest, offered = full(max(number, 1), text), choices(number, text)
    item, rule = digest.items[-1], Rule(RuleKind.ALWAYS, text, text)
    issue = Issue(text, text, f"https://example.org/{text}", "jira", text)
    edit = dialogs.edit_modal(digest, item, offered)
    added = dialogs.add_modal(DAY, offered, text, issue, span=DAY.span, gaps=digest.gaps)
    made = rule_dialog.rule_modal(digest, item, offered)
    words = tuple((f"{text}{n}"[:200], n) for n in range(number))
    spans = [gap.span for gap in digest.gaps]
    kept = rule_dialog.with_words(made, Shown(words=words)) or made
    yield from (edit, added, made, kept)
    yield dialogs.with_move_offer(edit, text)
    yield dialogs.after_choice(edit, offered, item, issue) or edit
    yield dialogs.drawn_anew(edit, 7)
    yield dialogs.split_modal(digest, item)
    yield dialogs.why_modal(digest, item)
    yield dialogs.note_modal("Not done", text)
    caught = rule_dialog.catch_words(rule, spans, DAY.date, digest.items)
    yield rule_dialog.with_catch(kept, rule, caught)
    yield home(
        HomeView(
            now=at("18:00"),
            zone=DAY.zone,
            preferences=Preferences(at("17:30").time(), ("fri",)),
            today=DayTimes.of(digest),
            week=[DayTimes.of(digest)] * 7,
            open_days=[(date(2026, 1, 1) + timedelta(days=n), n) for n in range(number)],
            sources=digest.sources * 9,
            countries=[(f"X{n}", text) for n in range(number)],
            rules=[replace(rule, id=n) for n in range(number)],
            changes=[OURS] * 9,
        )
    )


@pytest.mark.parametrize("number", [0, 1, 15, 60, 200])
@pytest.mark.parametrize("text", usually(FEW, HOSTILE))
def test_every_dialog_and_home_are_taken(text: str, number: int) -> None:
    for view in views(number, text):
        check_view(view)
        assert not [said for said in strings(view, "mrkdwn") if bad_characters(said)]
    found = [Issue(f"{text}{n}", text, "", "jira", text) for n in range(number)]
    check_options(issue_options(found, text, "acme"))


def test_all_that_makes_messages_or_dialogs_is_tried_here() -> None:
    """A new one is added above."""
    made = {
        f"{module.name}.{name}"
        for module in iter_modules(blocks.__path__)
        for name, value in vars(import_module(f"{blocks.__name__}.{module.name}")).items()
        if inspect.isfunction(value)
        and value.__module__ == f"{blocks.__name__}.{module.name}"
        and (
            "SlackMessage" in str(inspect.signature(value).return_annotation)
            or name.endswith("_modal")
            or name.startswith("with_")
        )
    }
    here = inspect.getsource(inspect.getmodule(full) or week)
    untried = {name for name in made if f"{name.partition('.')[2]}(" not in here}
    assert untried == {"dialogs.with_gap", "rule_dialog.with_word"}, "these refill what is here"
