"""Questions to machines: none is in the others' way, and what is due is looked at soon."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from types import SimpleNamespace
from typing import Self, cast

import pytest
from sqlalchemy import text

from tests.hub.firm import Firm
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.store import Store, Transaction
from tracklater_hub import hub, jobs, mailbox, people
from tracklater_hub.mailbox import Bell
from tracklater_hub.members import Members, wake
from tracklater_hub.pace import SharedPacer
from tracklater_hub.protocol import Answer, Ask, Request
from tracklater_sandbox import ME, OTHER

ANNA = "U0ANNA"


def put(store: Store, ask: Ask) -> str | None:
    with store.writing() as transaction:
        return mailbox.put(transaction, ANNA, Request("", ask))


def test_a_question_of_another_version_is_in_nobodys_way(store: Store) -> None:
    asked = put(store, Ask.FORGET_HABITS)
    with store.writing() as transaction:
        transaction.execute(text("UPDATE hub_requests SET body = '{}'"))
        found = mailbox.take(transaction, ANNA)
        assert found is not None
        assert (found.id, found.ask) == (asked, Ask.FORGET_HABITS)
        assert mailbox.question(transaction, ANNA, found.id) == found


def test_habits_are_forgotten_however_much_is_asked(store: Store) -> None:
    while put(store, Ask.DRAFTS) is not None:
        pass
    while put(store, Ask.FORGET_HABITS) is not None:
        pass
    with store.reading() as transaction:
        assert mailbox.waits(transaction, ANNA, Ask.FORGET_HABITS)
    with store.writing() as transaction:
        transaction.execute(text("DELETE FROM hub_requests WHERE kind = 'drafts'"))
    assert put(store, Ask.DRAFTS) is not None


def test_a_machine_that_is_silent_keeps_nobody_elses_click_waiting(firm: Firm) -> None:
    started = firm.start_hub()
    firm.join(ME)
    firm.join(OTHER)
    with started.store.writing() as transaction:  # both were heard of a moment ago
        transaction.execute(text("UPDATE hub_devices SET seen_at = clock_timestamp()"))
    for _ in range(41):
        assert firm.sandbox.slack.command("/tracklater", "status", user=ME).acked
    assert firm.sandbox.slack.command("/tracklater", "help", user=OTHER).acked


def test_a_round_is_not_lost_where_the_database_goes_away(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = firm.start_hub()
    firm.join(ME)
    firm.stop_hub(started)
    monkeypatch.setattr(jobs, "due_outboxes", gone)
    firm.sql("UPDATE hub_people SET due_at = NULL")
    firm.sql("DELETE FROM procrastinate_jobs")
    with Store.open(firm.database) as store:
        started.members.store = store
        with pytest.raises(StoreError):
            started.jobs.tick()
    assert firm.sql("SELECT 1 FROM procrastinate_jobs WHERE queue_name = 'rounds'") != []


def gone(_transaction: object) -> list[str]:
    raise StoreError("it is away")


def test_a_round_that_fails_is_tried_again_soon(store: Store) -> None:
    with store.writing() as transaction:
        people.add(transaction, ANNA)
        assert people.take_due(transaction, 10) == [ANNA]
        assert people.take_due(transaction, 10) == []
        (due,) = transaction.execute(text("SELECT due_at FROM hub_people")).scalars()
        assert due - people.now(transaction) <= timedelta(minutes=2)


def test_a_job_is_taken_up_again_at_once_whatever_this_machines_clock_says(
    store: Store, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(minutes=10)

    monkeypatch.setattr(jobs, "datetime", Ahead, raising=False)
    with store.writing() as transaction:
        wake(transaction, ANNA, "outbox")
        begun = text("UPDATE procrastinate_jobs SET status = 'doing' RETURNING id")
        (job_id,) = transaction.execute(begun).scalars()
    worker = jobs.Jobs(cast("Members", SimpleNamespace(store=store)), Bell(database).conninfo)

    async def rescued() -> None:
        async with worker.app.open_async():
            await worker._rescue(job_id, store.now())

    with ThreadPoolExecutor() as beside:  # a browser of other tests may have this thread's loop
        beside.submit(asyncio.run, rescued()).result()
    worker.stop()
    with store.reading() as transaction:
        due = text("SELECT scheduled_at <= clock_timestamp() FROM procrastinate_jobs")
        assert transaction.execute(due).scalars().all() == [True]


def test_nobody_reads_a_wrong_clock_while_another_asks_the_database(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = timedelta(minutes=10)
    monkeypatch.setattr(hub, "utc_now", lambda: datetime.now(UTC) + wrong)
    clock, may = hub.DatabaseClock(store), threading.Event()
    asking = store.now

    def slow() -> datetime:
        may.wait(5)
        return asking()

    monkeypatch.setattr(store, "now", slow)
    first = threading.Thread(target=clock)
    first.start()
    assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=5)
    may.set()
    first.join()


def test_a_slow_answer_tells_no_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is the time that it took taken for this machine's being behind."""
    asking, waited = store.now, [0.0]

    def later() -> timedelta:
        return timedelta(seconds=sum(waited))

    def slow(transaction: Transaction | None = None, *, by: float = 0.0) -> datetime:
        if transaction is not None:  # from within
            return asking(transaction)
        waited.append(by)
        return asking() + later()

    monkeypatch.setattr(hub, "utc_now", lambda: datetime.now(UTC) + later())
    passing = SimpleNamespace(monotonic=lambda: time.monotonic() + sum(waited))
    monkeypatch.setattr(hub, "time", passing)
    clock = hub.DatabaseClock(store, every=0.0)
    for seconds in (30.0, 1.0):
        monkeypatch.setattr(store, "now", partial(slow, by=seconds))
        told = clock()
        monkeypatch.setattr(store, "now", asking)
        assert abs(told - asking() - later()) <= timedelta(seconds=0.9)


def test_a_process_that_slept_over_an_answer_tells_no_lie(firm: Firm) -> None:
    """The day is not as it was an hour ago, and was not reported just now."""
    started = firm.start_hub()
    firm.join(ME)
    member = started.members.of(ME)
    assert member is not None
    day, store = member.core.calendar.day_on(firm.sandbox.day), started.store

    def asked() -> str:
        with store.writing() as transaction:
            mailbox.put(transaction, ME, member.machine.request([day]))
            found = mailbox.take(transaction, ME)
        assert found is not None
        return found.id

    def answered(question: str, description: str) -> None:
        part = Span(day.span.start, day.span.start + timedelta(hours=1))
        rows = (Suggestion(part, None, description=description),)
        draft = Draft(day.date, str(day.zone), rows)
        member.machine.accept(Answer(question, drafts=(draft,)))

    ago = "UPDATE hub_requests SET {0} = {0} - interval '1 hour' WHERE answered_at IS NULL"
    old, older = asked(), asked()
    firm.sql(ago.format("taken_at"))
    answered(older, "an hour ago")
    with store.reading() as transaction:
        reported = mailbox.last_report(transaction, ME)
        assert reported is not None
        assert people.now(transaction) - reported > timedelta(minutes=59)
    answered(asked(), "just now")
    answered(old, "an hour ago")
    with store.reading() as transaction:
        told = mailbox.last_draft(transaction, ME, day.date)
    assert told is not None
    assert told.suggestions[0].description == "just now"


def test_an_issue_that_another_process_read_is_known_at_once(firm: Firm) -> None:
    """Whoever gives the brief may be another one than who takes the draft."""
    first, second = firm.start_hub(), firm.start_hub()
    firm.join(ME)
    reads, takes = first.members.of(ME), second.members.of(ME)
    assert reads is not None
    assert takes is not None
    day = takes.core.calendar.day_on(firm.sandbox.day)
    assert takes.core.catalog.issues() == []
    issue = Issue("DEV-1", "Fix login", "https://acme.example/DEV-1", "jira", "acme")
    (scope, *_) = reads.core.catalog._scopes()
    reads.core.catalog._issues.put(scope, [issue])
    with second.store.writing() as transaction:
        mailbox.put(transaction, ME, takes.machine.request([day]))
        asked = mailbox.take(transaction, ME)
    assert asked is not None
    part = Span(day.span.start, day.span.start + timedelta(hours=1))
    row = Suggestion(part, "acme", issue=issue)
    takes.machine.accept(Answer(asked.id, drafts=(Draft(day.date, str(day.zone), (row,)),)))
    (draft,) = takes.machine.drafts([day])
    assert [one.issue for one in draft.suggestions] == [issue]


def test_days_that_were_missed_are_asked_for_though_another_was_just_told_of(firm: Firm) -> None:
    """Who opens the laptop after some days asks for yesterday before anything else happens."""
    started = firm.start_hub()
    firm.join(ME)
    member = started.members.of(ME)
    assert member is not None
    today = member.core.calendar.today()
    before = [today - timedelta(days=ago) for ago in (3, 2, 1, 0)]
    with started.store.writing() as transaction:
        now = people.now(transaction)
        for day, at in ((before[0], now - timedelta(days=3)), (before[2], now)):
            mailbox.keep_drafts(transaction, ME, [Draft(day, "Europe/Helsinki")], at)
    firm.sql("UPDATE hub_devices SET seen_at = clock_timestamp()")
    firm.sql("DELETE FROM hub_requests")
    started.jobs.work(ME, jobs.ROUND)
    with started.store.writing() as transaction:
        asked = mailbox.take(transaction, ME)
    assert asked is not None
    assert [day.date for day in asked.days] == [before[0], before[1], before[3]]


def test_slack_is_left_alone_also_while_the_database_is_away(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pacer = SharedPacer(store)
    monkeypatch.setattr(store, "writing", away)
    pacer.hold("chat.postMessage", 30.0)


def away() -> None:
    raise StoreError("it is away")
