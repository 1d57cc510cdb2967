"""What happens by itself, on procrastinate: jobs that wake, and know nothing else.

What is to be done is in the bot's tables: the outbox with its lanes and leases, days whose message
shows too little, plans. A job that is lost, doubled or late therefore changes nothing but when it
is looked. `work` holds a lock for each person and kind; what is to run `later` holds none, or it
would block all that come after it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import TypeVar

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from tracklater_bot.domain.errors import StoreError, log_failure
from tracklater_bot.domain.urgency import low_priority
from tracklater_hub import mailbox, pace, people
from tracklater_hub.members import Member, Members, wake
from tracklater_hub.outlook import due_messages, due_outboxes, left_behind
from tracklater_hub.protocol import Ask

log = logging.getLogger(__name__)
T = TypeVar("T")
PEOPLE, ROUNDS, HUB = "people", "rounds", "hub"  # queues
ROUND = "round"
SOON = timedelta(seconds=15)  # what is due later is found by the tick
HEARTBEAT, STALLED = 10.0, 30.0  # seconds between a worker's words, and without one
TICK, RESCUE = "* * * * * */5", "* * * * * */10"
LONGEST = 120.0  # seconds of a job: one whose end could not be noted is not run for ever
POLL = 1.0  # seconds: after a lock is freed nobody is woken
CONCURRENCY = 16  # for what people wait for, and as many for what waits for their machines
MOST_AT_A_TICK = 1_000
STOP_SECONDS = 5.0
KEEP_HOURS = 72  # of jobs that failed
ISSUES_EVERY, PRUNE_EVERY = timedelta(minutes=15), timedelta(days=1)
# A look comes every ten minutes: just as long would be one look in two, now and then.
COLLECT_EVERY = people.ROUND - timedelta(minutes=1)
MOST_MISSED = 14  # days that are read anew when a machine comes back


class Jobs:
    """The queue's worker in this process."""

    def __init__(self, members: Members, conninfo: str) -> None:
        self._members = members
        self._threads = ThreadPoolExecutor(2 * CONCURRENCY, thread_name_prefix="job")
        self._looking = threading.Lock()
        connector = PsycopgConnector(conninfo=conninfo, min_size=2, max_size=6)
        self.app = App(connector=connector, periodic_defaults={"max_delay": 60})
        self._add_tasks()
        # Its lines tell whose job it was; what goes wrong is told by `log_failure`.
        logging.getLogger("procrastinate").setLevel(logging.ERROR)

    async def run(self) -> None:
        """Works until it is cancelled."""
        async with self.app.open_async(), asyncio.TaskGroup() as workers:
            workers.create_task(self._worker(PEOPLE, HUB))
            workers.create_task(self._worker(ROUNDS))

    async def _worker(self, *queues: str) -> None:
        await self.app.run_worker_async(
            queues=[*queues],
            concurrency=CONCURRENCY,
            fetch_job_polling_interval=POLL,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED,
            shutdown_graceful_timeout=STOP_SECONDS,
            delete_jobs="successful",
        )

    def stop(self) -> None:
        """Lets no further call begin."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _add_tasks(self) -> None:
        app = self.app

        @app.task(name="work", queue=PEOPLE)
        async def work(person: str, what: str) -> None:
            await self._run(lambda: self.work(person, what))

        @app.task(name="later", queue=PEOPLE)
        async def later(person: str, what: str) -> None:
            await self._run(lambda: self._wake([person], what, 5))

        @app.periodic(cron=TICK)
        @app.task(name="tick", queue=HUB, priority=20, queueing_lock="tick")
        async def tick(timestamp: int) -> None:
            await self._run(self.tick)

        # Without a lock: who would free that of a rescuer that died?
        @app.periodic(cron=RESCUE)
        @app.task(name="rescue", queue=HUB, priority=20, queueing_lock="rescue")
        async def rescue(timestamp: int) -> None:
            for job_id, now in await self._run(self._left_behind) or ():
                await self._rescue(job_id, now)

        @app.periodic(cron="17 * * * *")
        @app.task(name="prune", queue=HUB, queueing_lock="prune")
        async def prune(timestamp: int) -> None:
            await self._run(lambda: mailbox.prune(self._members.store))
            await self._run(lambda: pace.prune(self._members.store))
            await self._run(self.prune_unheard)
            await app.job_manager.delete_old_jobs(
                nb_hours=KEEP_HOURS,
                include_failed=True,
                include_cancelled=True,
                include_aborted=True,
            )

    async def _run(self, work: Callable[[], T]) -> T | None:
        """In a thread; what fails is logged without its words, and looked at again by the tick."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except StoreError as error:
            log.warning("%s", error)
        except Exception as error:  # noqa: BLE001 - the other jobs go on
            log_failure(log, "A job", error)
        return None

    def _left_behind(self) -> list[tuple[int, datetime]]:
        """The jobs, each with the database's time."""
        with self._members.store.reading() as transaction:
            now = people.now(transaction)
            return [(one, now) for one in left_behind(transaction, STALLED, LONGEST)]

    async def _rescue(self, job_id: int, now: datetime) -> None:
        """Lets the job run again, or drops it where the same waits already.

        By this host's clock, which may be ahead, its person would wait for so long.
        """
        manager = self.app.job_manager
        try:
            await manager.retry_job_by_id_async(job_id, retry_at=now)
        except ConnectorException:
            with suppress(ConnectorException):  # it has ended meanwhile
                await manager.finish_job_by_id_async(job_id, Status.FAILED, delete_job=True)

    # -- What jobs do --------------------------------------------------------------------------

    def work(self, person: str, what: str) -> None:
        """One look at one person's outbox, messages, or all that is due by itself."""
        member = self._members.of(person)
        if member is None:
            return
        if what == ROUND:
            with low_priority():
                self._round(person, member)
        elif what in member.loops:
            again = member.loops[what].work()
            if again is not None and (what == "messages" or again <= SOON.total_seconds()):
                self._wake([person], what, 0, timedelta(seconds=again))

    def tick(self) -> None:
        """Wakes jobs for all that is due, whoever should have woken them."""
        with self._members.store.writing() as transaction:
            due = people.take_due(transaction, MOST_AT_A_TICK)
            for person in filter(self._members.hears, due):
                wake(transaction, person, ROUND)  # with it, or they wait for the next look
        with self._members.store.reading() as transaction:
            outboxes, messages = due_outboxes(transaction), due_messages(transaction)
        self._wake(outboxes, "outbox", 5)
        self._wake(messages, "messages", 5)

    def prune_unheard(self) -> None:
        """Drops what is old of those who left or were taken off: they have no rounds."""
        store = self._members.store
        with store.reading() as transaction:
            unheard = people.with_days(transaction) - {
                *filter(self._members.hears, people.everybody(transaction))
            }
        for person in unheard:
            store.prune(person, store.now())

    def _wake(
        self, whose: list[str], what: str, urgency: int, after: timedelta | None = None
    ) -> None:
        with self._members.store.writing() as transaction:
            at = None if after is None else people.now(transaction) + after
            for person in filter(self._members.hears, whose):
                wake(transaction, person, what, urgency, at)

    def _round(self, person: str, member: Member) -> None:
        """Whatever it is time for, and when to look again."""
        store, days = self._members.store, member.days
        days.announce_due()
        with store.writing() as transaction:
            issues = people.take_turn(transaction, person, "issues_at", ISSUES_EVERY)
            prunes = people.take_turn(transaction, person, "pruned_at", PRUNE_EVERY)
        self._collect(person, member)
        due = days.views.plan().next(days.person.clock())
        with store.writing() as transaction:
            soonest = people.now(transaction) + people.ROUND
            people.set_due(transaction, [person], min(filter(None, (due, soonest))))
        # Whether a message may be there twice is known to this process alone: nobody wakes it.
        # One person at a time, or all of a firm's first looks at Slack hold up its digests.
        if self._looking.acquire(blocking=False):
            try:
                member.loops["messages"].work()
            finally:
                self._looking.release()
        if issues:
            member.loops["issues"].work()
        if prunes:
            days.prune()

    def _collect(self, person: str, member: Member) -> None:
        """Asks an awake machine for today, and for days that it has not told of since it slept."""
        calendar = member.core.calendar
        today = calendar.today()
        with self._members.store.reading() as transaction:
            now = people.now(transaction)
            awake = people.is_awake(people.device_of(transaction, person), now)
            if not awake or mailbox.waits(transaction, person, Ask.DRAFTS):
                return
            told = mailbox.told(transaction, person, today - timedelta(days=MOST_MISSED))
        first = min(told, default=today)
        # In no transaction: a day's zone is looked up on a connection of its own.
        days = [
            calendar.day_on(date.fromordinal(on))
            for on in range(first.toordinal(), today.toordinal() + 1)
        ]
        # One that was told of while it lasted went on afterwards.
        missed = [
            day
            for day in days
            if (at := told.get(day.date)) is None or at < min(day.span.end, now - COLLECT_EVERY)
        ]
        if missed:
            with self._members.store.writing() as transaction:
                mailbox.put(transaction, person, member.machine.request(missed))
