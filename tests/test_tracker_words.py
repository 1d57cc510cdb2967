"""On screen the tracker is called what it calls itself: here one that nobody has heard of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.digests import digest, entry, item
from tests.livebot import Live, live, sample_settings
from tests.notation import at
from tests.trackers import FakeTracker
from tracklater_bot.blocks.digest import DigestView, digest_message
from tracklater_bot.checks import check_all
from tracklater_bot.core import opened
from tracklater_bot.domain.digests import ItemState, Problem
from tracklater_bot.domain.entries import TrackerWords
from tracklater_bot.domain.groups import Project
from tracklater_bot.review.decisions import ReviewError
from tracklater_bot.settings import Settings
from tracklater_bot.trackers import registry
from tracklater_bot.trackers.base import Quota
from tracklater_sandbox import Sandbox

PAGE = "https://kellokalle.example/today"
KELLOKALLE = TrackerWords("Kellokalle", PAGE)


@dataclass
class Kellokalle(FakeTracker):
    name = "kellokalle"
    label = KELLOKALLE.label
    page = PAGE
    account_projects: tuple[Project, ...] = (Project("Development", "acme", client="A", id="11"),)

    def quota(self) -> Quota:
        return Quota(7, None)


@pytest.fixture
def settings(sandbox: Sandbox) -> Settings:
    """The sample day's settings without a word of Toggl in them."""
    file = sandbox.settings_file
    text = re.sub(r"\[toggl\]\n(?:.+\n)*", "", file.read_text(encoding="utf-8"))
    kept = [line for line in text.splitlines() if "toggl" not in line]
    file.write_text("\n".join(kept), encoding="utf-8")
    return sample_settings(sandbox, TRACKLATER_TOGGL__API_TOKEN="")


@pytest.fixture
def me(sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    tracker = Kellokalle(sandbox.clock)
    monkeypatch.setattr(registry, "REGISTRY", (lambda _settings, _clock, _tallies: tracker,))
    with live(sandbox, settings) as one:
        yield one


def assert_only_kellokalle(*shown: Any, named: bool = True) -> None:
    text = json.dumps(shown, ensure_ascii=False, default=str)
    assert "toggl" not in text.casefold().replace("toggle", "")
    assert ("Kellokalle" in text) is named


def test_the_bot_calls_the_tracker_what_it_calls_itself(me: Live) -> None:
    me.open()
    me.ask("status")
    me.wait(lambda: me.answered("Kellokalle takes 7 more requests"))
    me.ask("week")
    me.wait(lambda: me.answered("in Kellokalle"))
    help_shown = me.ask("help").payload
    assert_only_kellokalle(help_shown, me.sandbox.slack.home())
    first = me.digest.items[0]
    me.click("edit", first.id)
    assert_only_kellokalle(me.wait(lambda: me.sandbox.slack.view), named=False)
    me.sandbox.slack.close_view(everything=True)
    me.click("approve", me.buttons("approve")[0])
    me.wait(lambda: f"<{PAGE}|In Kellokalle>" in json.dumps(me.message()))
    assert_only_kellokalle(me.message())
    me.ask("2025-01-10")
    me.wait(lambda: me.answered("Kellokalle's API goes back three months only"))
    me.ask("2026-11-01")
    me.wait(lambda: me.answered("that isn't in Kellokalle already"))
    assert_only_kellokalle(me.answers(), [each.sentence for each in check_all(me.core)])


def test_a_row_calls_it_so_in_every_state() -> None:
    cases: list[tuple[ItemState, Problem | None]] = [
        *((state, None) for state in ItemState),
        *((ItemState.FAILED, problem) for problem in Problem),
        *((ItemState.SENT, problem) for problem in Problem),
        *((ItemState.PENDING, problem) for problem in Problem),
    ]
    for state, problem in cases:
        one = replace(
            item("09:00-10:00 group1 DEV-1", state, retry_at=at("18:42")), problem_code=problem
        )
        shown = digest(one, "11:00-12:00 group1", tracked=(entry("07:00-08:00 group1"),))
        for now in (at("18:00"), at("18:00").replace(year=2027)):
            made = digest_message(shown, DigestView(tracker=KELLOKALLE, now=now))
            assert_only_kellokalle(made.text, made.blocks)


def test_what_cannot_be_is_refused_in_its_name(me: Live) -> None:
    me.open()
    me.time.forward(days=200)
    with pytest.raises(ReviewError) as told:
        me.days.begin_day(me.sandbox.day)
    assert_only_kellokalle(told.value.fields)


def test_who_has_no_tracker_is_told_of_none(sandbox: Sandbox, settings: Settings) -> None:
    with live(sandbox, settings) as one:
        one.open()
        shown = json.dumps([one.message(), one.ask("help").payload, sandbox.slack.home()])
    assert "toggl" not in shown.casefold()
    assert "your tracker" in shown
    with opened(settings) as core:
        (lacking,) = (each for each in check_all(core) if "TOGGL" in each.sentence)
    assert lacking.sentence.startswith("TRACKLATER_TOGGL__API_TOKEN is not set")
