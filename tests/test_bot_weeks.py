"""A week and a month with the real bot: looked at, approved in one click, and read in Toggl."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.bots import IN_TOGGL, button_of
from tests.commands import called
from tests.conftest import FRIDAY
from tests.fixed_drafts import draft_with
from tests.livebot import Json, Live, evening, live, sample_settings
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.stretches import Stretch
from tracklater_bot.domain.text import duration
from tracklater_sandbox import ME, Sandbox

WEEK = Stretch.week(FRIDAY)
NO = timedelta()


@pytest.fixture
def me(sandbox: Sandbox) -> Iterator[Live]:
    """A person with the bot running for them."""
    with live(sandbox) as one:
        yield one


def days(me: Live) -> list[Digest]:
    return me.days.person.store.digests(ME, WEEK.first)


def certain(me: Live) -> list[tuple[object, object]]:
    """The spans of what is certain in the week."""
    return sorted(
        (item.suggestion.span.start, item.suggestion.span.end)
        for day in days(me)
        for item in day.items
        if item.certain
    )


@pytest.mark.parametrize("words", ["week", "month", "week 2026-11-18", "month 2026-11"])
def test_the_certain_of_all_days_is_approved_in_one_click(me: Live, words: str) -> None:
    week = me.asked(words)
    wanted = certain(me)
    assert len(wanted) >= 8
    (value,) = button_of(week, "approve_days")
    assert me.sandbox.slack.click(week, "approve_days", value).acked
    me.eventually(lambda: len(me.entries()) == len(wanted))
    assert sorted(me.spans()) == wanted
    me.wait(lambda: not button_of(me.private_answers()[-1], "approve_days"))
    me.days.approve_days(ME, value)  # a click that Slack sends twice
    me.eventually(lambda: me.days.outbox.due_in() is None)
    assert len(me.entries()) == len(wanted)


def test_all_of_a_week_is_approved_with_what_is_not_sure(me: Live) -> None:
    def doubtful(days: Sequence[WorkDay]) -> list[Draft]:
        return [half_sure(draft) for draft in real(days)]

    real = me.core.machine.drafts
    draft_with(me.core, me.days, doubtful)
    week = me.asked("week")
    ready = [item for day in days(me) for item in day.items if item.approvable]
    assert len(ready) > len(certain(me)) > 0
    assert me.sandbox.slack.click(week, "approve_days_all").acked
    me.eventually(lambda: len(me.entries()) == len(ready))
    me.wait(lambda: not button_of(me.private_answers()[-1], "approve_days_all"))


def half_sure(draft: Draft) -> Draft:
    """The day with every other row unsure."""
    rows = [replace(row, confidence=(0.6, 0.95)[n % 2]) for n, row in enumerate(draft.suggestions)]
    return replace(draft, suggestions=tuple(rows))


def test_what_changed_since_it_was_shown_is_not_approved(me: Live) -> None:
    week = me.asked("week")
    (asked_for,) = button_of(week, "approve_days")
    item = next(item for day in days(me) for item in day.items if item.certain)
    me.days.review.skip(ME, item.id)
    assert me.sandbox.slack.click(week, "approve_days", asked_for).acked
    me.wait(lambda: me.answered("These days have changed since"))
    assert me.entries() == []
    me.wait(lambda: offered(me) not in ([], [asked_for]))  # one more click approves what is shown


def offered(me: Live) -> list[str]:
    """The values of all buttons that approve days."""
    with_blocks = [answer for answer in me.private_answers() if "blocks" in answer]
    return [value for answer in with_blocks for value in button_of(answer, "approve_days")]


def test_each_day_opens_and_its_message_follows_the_approval(me: Live) -> None:
    week = me.asked("last week")
    assert button_of(week, "open_day") == [f"2026-11-{day:02d}" for day in range(9, 16)]
    week = me.asked("week")
    assert button_of(week, "open_day") == [f"2026-11-{day}" for day in range(16, 21)]
    me.ask()
    me.wait(lambda: me.answered("Friday 20 November:"))
    me.sandbox.slack.click(me.asked("week"), "approve_days")
    me.wait(lambda: IN_TOGGL in me.rows())


def test_what_is_tracked_counts_by_the_trackers_own_word(me: Live) -> None:
    me.sandbox.slack.click(me.asked("week"), "approve_days")
    me.eventually(lambda: len(me.entries()) > 3 and me.days.outbox.due_in() is None)
    before, entry = hours(asked_later(me)), me.entries()[0]
    me.sandbox.toggl.account.change(entry["id"], {"duration": entry["duration"] - 300})
    assert hours(asked_later(me)) == before - 5


@pytest.mark.parametrize("words", ["week", "month"])
def test_the_export_agrees_with_the_week_and_the_month(me: Live, words: str) -> None:
    me.sandbox.slack.click(me.asked("week"), "approve_days")
    me.eventually(lambda: len(me.entries()) > 3 and me.days.outbox.due_in() is None)
    told = hours(asked_later(me, words))
    days = ("--from", "2026-11-01", "--to", "2026-11-20", "--format", "json")
    answer = called(me.sandbox.home, "export", *days, **me.sandbox.env)
    assert abs(json.loads(answer.out)["hours"] * 60 - told) < 1


def billed(me: Live) -> Json:
    """The month, marked as billed as it is shown."""
    month = asked_later(me, "month")
    assert me.sandbox.slack.click(month, "bill_month").acked
    return me.wait(lambda: next((m for m in me.private_answers() if "Billed on" in str(m)), None))


def drifted(me: Live) -> str:
    """What the month says of its billing, asked when the tracker is asked anew."""
    blocks = asked_later(me, "month")["blocks"]
    return next(text for block in blocks if "*Billed on" in (text := str(block.get("text"))))


def test_a_billed_month_tells_what_changes_afterwards(me: Live) -> None:
    me.ask()
    me.wait(lambda: me.answered("Friday 20 November:"))
    first, second, third = [item for item in me.digest.items if item.approvable][:3]
    me.days.review.approve(ME, first.id)
    me.days.review.skip(ME, second.id)
    me.days.changed()
    me.eventually(lambda: len(me.entries()) == 1)
    me.eventually(lambda: me.days.outbox.due_in() is None)
    assert "Nothing has changed since." in str(billed(me)["blocks"])
    assert "*Billed on Fri 20 Nov*" in drifted(me)
    assert "Nothing has changed since." in drifted(me)
    before = me.sandbox.toggl.entries
    account, edited, deleted = me.sandbox.toggl.account, before[0], before[1]
    account.change(edited["id"], {"duration": edited["duration"] - 15 * 60})
    account.delete(deleted["id"])
    me.days.review.undo(ME, second.id)
    me.days.review.approve(ME, third.id)
    me.days.changed()
    me.eventually(lambda: len(me.entries()) == 2)
    me.eventually(lambda: me.days.outbox.due_in() is None)
    told = drifted(me)
    lengths = (edited["duration"], edited["duration"] - 15 * 60)
    was, now = (duration(timedelta(seconds=seconds)) for seconds in lengths)
    assert re.search(rf"edited in Toggl on \w+ \d+ \w+: {was} -&gt; {now}", told)
    gone = duration(timedelta(seconds=deleted["duration"]))
    assert f"no longer in Toggl: {gone} -&gt; 0 min" in told
    assert f"approved here: {duration(third.suggestion.span.length)}" in told
    assert f"{duration(second.suggestion.span.length)} more found since" in told
    assert "4 changes since" in told
    assert me.sandbox.toggl.entries != before  # nothing was set back


def test_the_next_digest_tells_of_a_billed_month_that_changed(me: Live) -> None:
    billed(me)
    entry = me.sandbox.toggl.entries[0]
    me.time.forward(minutes=3)
    me.days.open_day(me.days.person.calendar.day("today"), review=True)
    assert "is billed, and has" not in str(me.message()["blocks"])
    me.sandbox.toggl.account.change(entry["id"], {"duration": 60})
    me.time.forward(minutes=3)
    me.days.open_day(me.days.person.calendar.day("today"), review=True)
    me.days.show_again(FRIDAY)
    assert "November 2026 is billed, and has 1 change since" in str(me.message()["blocks"])


def test_a_month_is_billed_as_it_was_shown_or_not_at_all(me: Live) -> None:
    month = me.asked("month")
    entry = me.sandbox.toggl.entries[0]
    me.sandbox.toggl.account.change(entry["id"], {"duration": 60})
    asked_later(me, "month")
    me.sandbox.slack.click(month, "bill_month")
    me.wait(lambda: me.answered("The month has changed since"))
    assert "Billed on" not in str(me.asked("month"))


def test_billing_is_taken_back(me: Live) -> None:
    me.sandbox.slack.click(billed(me), "unbill_month")
    me.wait(lambda: "Billed on" not in str([m.get("blocks") for m in me.private_answers()]))
    assert len(button_of(me.asked("month"), "bill_month")) == 1
    assert button_of(me.asked("week"), "bill_month") == []


def test_a_month_that_toggl_does_not_tell_of_is_not_billed(me: Live) -> None:
    me.sandbox.toggl.faults.fail_next("me", 500, times=99)
    assert button_of(me.asked("month"), "bill_month") == []


def asked_later(me: Live, words: str = "week") -> Json:
    """The week, asked when the tracker is asked anew."""
    me.time.forward(minutes=3)
    return me.asked(words)


def hours(week: Json) -> int:
    """The minutes in Toggl that the answer tells."""
    found = re.match(r"(?:(\d+) h)? ?(?:(\d+) min)? in Toggl", str(week["text"]))
    assert found
    return 60 * int(found[1] or 0) + int(found[2] or 0)


@pytest.mark.parametrize("at_once", [True, False])
def test_hours_of_a_month_add_up_within_a_step(sandbox: Sandbox, *, at_once: bool) -> None:
    settings = sample_settings(sandbox, TRACKLATER_SUGGEST__ROUND_MINUTES="15")
    with live(sandbox, settings) as me:
        if at_once:
            me.days.show_days(WEEK)
        for day in () if at_once else (18, 16, 20, 17, 19):  # as they come to mind
            me.days.open_day(me.days.person.calendar.day(f"2026-11-{day}"))
            me.days.review.approve_all(ME, date(2026, 11, day))
        off: defaultdict[str | None, float] = defaultdict(float)
        for item in (item for day in days(me) for item in day.items):
            row = item.suggestion
            assert (row.span.start.minute % 15, row.span.length % timedelta(minutes=15)) == (0, NO)
            if row.evidence.exact_seconds >= 15 * 60:
                off[row.group] += row.span.minutes - row.evidence.exact_seconds / 60
        assert off
        assert all(abs(minutes) <= 15 for minutes in off.values()), dict(off)


def test_a_month_costs_few_requests(me: Live) -> None:
    asked_before = len(me.sandbox.toggl.requests)
    me.asked("month")
    assert len(me.sandbox.toggl.requests) - asked_before <= 6


def test_a_month_too_long_ago_is_told_of_and_not_approved(me: Live) -> None:
    me.time.now = evening(me.sandbox).replace(year=2027, month=4)
    month = me.asked("month 2026-11")
    assert "Too long ago to be sent" in str(month["blocks"])
    assert not button_of(month, "approve_days")
    assert me.days.person.store.open_days(ME, date(2026, 1, 1)) == []
