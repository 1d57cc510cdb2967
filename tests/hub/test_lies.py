"""A laptop that lies, and has its person's key: what it may do is to lie to its person alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.hostile import HOSTILE, bad_characters
from tests.hub.firm import Firm, is_asleep
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Brief, Draft, Gap
from tracklater_bot.domain.suggestions import Half, Reason, SourceStatus, Suggestion
from tracklater_bot.domain.wall import Finding
from tracklater_hub import jobs, mailbox
from tracklater_hub.device import HubClient, HubError
from tracklater_hub.hub import Hub
from tracklater_hub.protocol import (
    ANSWER,
    BRIEF,
    NEXT,
    Answer,
    Ask,
    BriefWanted,
    Done,
    Next,
    Request,
)
from tracklater_sandbox import ME, OTHER

HOUR = timedelta(hours=1)


class Liar:
    """A person's key, in whoever's hands."""

    def __init__(self, firm: Firm, hub: Hub, user: str) -> None:
        self.client = HubClient(firm.join(user).device)
        member = hub.members.of(user)
        assert member is not None
        self.user, self.member, self.store = user, member, hub.store
        self.day = member.core.calendar.day_on(firm.sandbox.day)

    def asked(self, request: Request) -> str:
        """A question to the person's machine, as it takes it."""
        with self.store.writing() as transaction:
            mailbox.put(transaction, self.user, request)
        found = self.client.ask(NEXT, Done(), Next).request
        assert found is not None
        return found.id

    def asked_for_the_day(self) -> str:
        return self.asked(self.member.machine.request([self.day]))

    def says(self, value: object, path: str = ANSWER) -> str:
        """Why it was not taken; "" where it was."""
        try:
            self.client.ask(path, value, Brief if path == BRIEF else Done)
        except HubError as error:
            return str(error)
        return ""

    def drafts(self) -> list[Draft]:
        with self.store.reading() as transaction:
            kept = mailbox.last_draft(transaction, self.user, self.day.date)
        return [kept] if kept else []


@pytest.fixture
def liar(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> Liar:
    monkeypatch.setattr(jobs.Jobs, "_collect", lambda *_: None)  # only the test asks
    return Liar(firm, firm.start_hub(), ME)


def row(day: WorkDay, number: int = 0, length: timedelta = HOUR, **more: Any) -> Suggestion:
    start = day.span.start + number * HOUR
    return Suggestion(Span(start, start + length), more.pop("group", None), **more)


def test_a_brief_is_of_days_that_somebody_waits_for(firm: Firm, liar: Liar) -> None:
    """Or whoever has a key could have a tracker asked for a century."""
    before = len(firm.toggls[ME].requests)
    on = liar.day.date
    for days in ((on,), (date.min,), (date.max,), (on, on - timedelta(days=9000))):
        assert "nobody asked" in liar.says(BriefWanted(days), BRIEF)
    assert len(firm.toggls[ME].requests) == before
    asked = liar.asked_for_the_day()
    assert liar.says(BriefWanted((on,)), BRIEF) == ""
    assert "nobody asked" in liar.says(BriefWanted((on, on - timedelta(days=1))), BRIEF)
    assert liar.says(Answer(asked, drafts=(Draft(on, str(liar.day.zone)),))) == ""
    assert "nobody asked" in liar.says(BriefWanted((on,)), BRIEF)


def test_a_question_is_answered_by_whom_it_was_asked(firm: Firm, liar: Liar) -> None:
    other = Liar(firm, firm.hubs[0], OTHER)
    asked = liar.asked_for_the_day()
    lie = Draft(liar.day.date, str(liar.day.zone), (row(liar.day, description="a lie"),))
    assert other.says(Answer(asked, drafts=(lie,))) == ""  # as for a question that is over
    assert "nobody asked" in other.says(BriefWanted((liar.day.date,)), BRIEF)
    assert firm.sql("SELECT * FROM hub_drafts") == []
    assert firm.sql("SELECT 1 FROM hub_requests WHERE answered_at IS NOT NULL") == []


def test_nothing_is_kept_that_was_not_asked_for(firm: Firm, liar: Liar) -> None:
    day = liar.day
    everything = Answer(
        "",
        drafts=(Draft(day.date, str(day.zone), (row(day, description="a lie"),)),),
        worked=True,
        spans=(day.span,) * 5_000,
        findings=(Finding("word" * 100, None, ok=True, sentence="a lie"),) * 1_000,
    )
    groups = liar.member.core.groups
    wanted = {
        Ask.CHECK: {"findings"},
        Ask.WORKED_SINCE: {"worked"},
        Ask.WINDOWS_WITH: {"spans"},
        Ask.FORGET_HABITS: set(),
    }
    for ask, fields in wanted.items():
        asked = liar.asked(Request("", ask, (day,), day.span.start, "text", groups))
        assert liar.says(replace(everything, id=asked)) == ""
        with liar.store.reading() as transaction:
            kept = mailbox.read(transaction, asked)
        assert kept is not None
        nothing = Answer(asked)
        told = {
            n for n in ("worked", "spans", "findings") if getattr(kept, n) != getattr(nothing, n)
        }
        assert told == fields
        assert len(str(kept)) < 500_000
    assert liar.drafts() == []


def test_whoever_waits_for_a_lie_is_told_at_once(firm: Firm, liar: Liar) -> None:
    day = liar.day
    asked = liar.asked_for_the_day()
    overlapping = Draft(day.date, str(day.zone), (row(day), row(day)))
    assert "overlap" in liar.says(Answer(asked, drafts=(overlapping,)))
    with liar.store.reading() as transaction:
        assert mailbox.read(transaction, asked) == Answer(asked, failed=True)
    assert liar.drafts() == []


def test_no_text_of_a_laptop_calls_anybody_in_slack(firm: Firm, liar: Liar) -> None:
    """The sandbox refuses what Slack would; what it takes has no mention and no link of theirs."""
    day, group = liar.day, liar.member.core.groups[0].name
    texts = [text for text in HOSTILE if text.strip()]
    rows = tuple(
        row(
            day,
            number,
            group=group if number % 2 else None,
            description=text,
            alternative=text,
            reasons=(Reason(text, 1.0),),
            best_split=day.span.start + number * HOUR + HOUR / 2,
            halves=(Half(None, None, text, Suggestion(day.span, None).evidence),) * 2,
        )
        for number, text in enumerate(texts)
    )
    sources = tuple(SourceStatus(text, None, 1, text, traces=True) for text in texts[:3])
    gaps = (Gap(Span(day.span.end - HOUR, day.span.end), "away"),)
    draft = Draft(day.date, str(day.zone), rows, sources=sources, gaps=gaps)
    assert liar.says(Answer(liar.asked_for_the_day(), drafts=(draft,))) == ""
    is_asleep(liar.store, ME)
    firm.open(ME)
    for words in ("status", "week"):
        seen = len(firm.answers(ME))
        firm.ask(ME, words)
        firm.wait(lambda: len(firm.answers(ME)) > seen or None)  # noqa: B023
    for button in firm.buttons(ME, "edit")[:4]:
        firm.click(ME, "edit", button)
        assert_calm(firm.wait(lambda: firm.sandbox.slack.view_of(ME)))
        firm.sandbox.slack.close_view(user=ME, everything=True)
    assert_calm(firm.sandbox.slack.messages(user=ME))
    assert firm.sandbox.slack.messages(user=OTHER) == []


def assert_calm(shown: Any) -> None:
    for text in mrkdwn_in(shown):
        assert "<!" not in text
        assert "<@" not in text
        assert "<https://evil" not in text
        assert bad_characters(text) == []


def mrkdwn_in(shown: Any) -> list[str]:
    """All texts in which Slack reads mentions and links."""
    if isinstance(shown, list):
        return [text for one in shown for text in mrkdwn_in(one)]
    if not isinstance(shown, dict):
        return []
    own = [shown.get("text")] if shown.get("type") == "mrkdwn" or "blocks" in shown else []
    return [
        *(text for text in own if isinstance(text, str)),
        *(text for one in shown.values() for text in mrkdwn_in(one)),
    ]
