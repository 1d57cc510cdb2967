"""The outbox worker: an approved suggestion becomes exactly one entry, and one worklog if wanted.

A job is marked as being sent, and that is committed, before the request goes out; whatever
happens then, the next look at the job knows that an entry may exist and searches for it first.
One request a second per person at most: `work` does what is due, `next_due` says when to call it
again. Worklogs have a lane of their own, so that Jira's troubles never keep an entry waiting.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection

from tracklater_bot.domain.digests import Problem
from tracklater_bot.outbox import late_entries as latecomers
from tracklater_bot.outbox import worklogs
from tracklater_bot.outbox.entries import AccountFacts, _Known, _Sender, _understood
from tracklater_bot.outbox.late_entries import NotFound, Sighting
from tracklater_bot.outbox.outcomes import (
    ChangedMeanwhile,
    Outcome,
    Rejected,
    RetryLater,
    Unconfirmed,
    Written,
    begin,
    settle,
)
from tracklater_bot.outbox.worklog_sender import Logbooks, NoLogbooks, WorklogSender
from tracklater_bot.outbox.worklog_sender import final as final_of_worklog
from tracklater_bot.outbox.worklogs import WorklogWritten
from tracklater_bot.store import Store
from tracklater_bot.store import jobs as outbox
from tracklater_bot.store.jobs import Job, JobKind, Lane, Stage, Target
from tracklater_bot.trackers.base import (
    Conflict,
    Gone,
    Late,
    NewEntry,
    NotSent,
    OverQuota,
    TooOld,
    Tracker,
    TrackerError,
    Unknown,
)

log = logging.getLogger(__name__)
Ending: TypeAlias = "Outcome | WorklogWritten | Sighting"
Send: TypeAlias = "Callable[[Job], Outcome | WorklogWritten]"
NOBODYS = NoLogbooks()

LEASE = timedelta(minutes=5)  # far longer than a request may take
SPACING = timedelta(seconds=1)  # Toggl's bucket leaks about one request a second
SETTLING = timedelta(seconds=5)  # until an entry whose answer was lost can be seen
SLOW_SETTLING = timedelta(seconds=30)  # the same where Toggl itself was slow
LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the worker goes. `chance` gives a number from 0 to 1, for spreading retries."""

    spacing: timedelta = SPACING
    lease: timedelta = LEASE
    settling: timedelta = SETTLING
    slow_settling: timedelta = SLOW_SETTLING
    chance: Callable[[], float] = random.random

    def backoff(self, failures: int) -> timedelta:
        """Longer with every failure in a row, and never the same for two bots."""
        seconds = min(2.0 ** min(failures, 16), LONGEST_PAUSE.total_seconds())
        return timedelta(seconds=seconds * (0.5 + self.chance()))


class Exporter:
    """Sends what is due of one person.

    `owner` names this process among those on the database. `workspace_for` is optional: with it,
    required fields are checked before anything is sent, and ids are looked up without a request.
    `logbooks` say whose time becomes worklogs. With `key_tag`, entries are tagged with their issue.
    """

    def __init__(  # noqa: PLR0913 - most callers name the first five only
        self,
        store: Store,
        person: str,
        tracker_for: Callable[[str], Tracker],
        clock: Callable[[], datetime],
        owner: str,
        *,
        workspace_for: Callable[[str], AccountFacts] | None = None,
        pace: Pace | None = None,
        logbooks: Logbooks = NOBODYS,
        key_tag: bool = False,
    ) -> None:
        self._store = store
        self._person = person
        self._tracker_for = tracker_for
        self._workspace_for = workspace_for
        self._clock = clock
        self._owner = owner
        self._pace = pace or Pace()
        self._logbooks = logbooks
        self._key_tag = key_tag
        self._known: dict[str, _Known] = {}
        self._working = threading.Lock()

    def work(self) -> set[tuple[str, date]]:
        """Sends whatever is due now; gives the days whose message has to follow.

        Raises StoreError only: a tracker's failure is stored with the item. Does nothing while
        another thread is in here.
        """
        if not self._working.acquire(blocking=False):
            return set()
        try:
            return self._work()
        finally:
            self._working.release()

    def next_due(self) -> datetime | None:
        """When `work` has something to do again; None when all is sent."""
        with self._store.reading() as connection:
            return outbox.next_due(connection, self._person)

    def _work(self) -> set[tuple[str, date]]:
        changed: set[tuple[str, date]] = set()
        while (lane := self._take_lane()) is not None:
            changed |= self._serve(lane)
        return changed

    def _take_lane(self) -> Lane | None:
        with self._store.writing() as connection:
            outbox.free_lanes_of_the_dead(connection, self._owner)
            now, lease = self._clock(), self._pace.lease
            return outbox.take_lane(connection, self._owner, now, lease, self._person)

    def _serve(self, lane: Lane) -> set[tuple[str, date]]:
        """One job of the lane, so that everybody gets their turn."""
        with self._store.reading() as connection:
            job = outbox.next_job(connection, lane, self._clock())
        done = self._attempt(job, lane) if job is not None else None
        now = self._clock()
        with self._store.writing() as connection:
            days = self._settle(connection, *done, now) if done is not None else set()
            outcome = done[1] if done is not None else None
            outbox.leave_lane(connection, lane, self._owner, *self._rest(lane, outcome, now))
        return days

    def _settle(
        self, connection: Connection, job: Job, ending: Ending, now: datetime
    ) -> set[tuple[str, date]]:
        """Stores what became of a job; a worklog follows its entry in the same transaction."""
        if isinstance(ending, Sighting):
            return latecomers.settle(connection, job, ending, now)
        if job.target is Target.LATE:
            return latecomers.postpone(connection, job, ending)
        logs = partial(self._logbooks.wanted, job.person)
        if job.target is Target.WORKLOG or isinstance(ending, WorklogWritten):
            return worklogs.settle(connection, job, ending, logs, now)
        days = settle(connection, job, ending, now)
        if days:
            worklogs.follow(connection, job, logs, now)
        return days

    def _rest(self, lane: Lane, outcome: Ending | None, now: datetime) -> tuple[datetime, int]:
        """When the lane may be used again, and the failures in a row."""
        match outcome:
            case None:
                return now, lane.failures
            case RetryLater(Problem.QUOTA, _, at):
                return at, 0
            case RetryLater(_, _, at) | Unconfirmed(_, at):
                return at, lane.failures + 1
            case _:
                return now + self._pace.spacing, 0

    def _attempt(self, job: Job, lane: Lane) -> tuple[Job, Ending] | None:
        """What became of the job; None when it has to be looked at anew."""
        if job.stage is Stage.SENDING:
            # Only a process that died leaves this behind, since the lane is ours now.
            now = self._clock()
            at = max((job.sent_at or now) + self._pace.settling, now)
            return job, Unconfirmed("the bot was stopped while sending", at)
        try:
            if job.target is Target.LATE:
                return job, self._sender(job).look_for_latecomer(job)
            ready = self._log(job) if job.target is Target.WORKLOG else self._prepare(job)
        except TrackerError as error:
            return job, self._trouble(error, job, lane)
        return self._send(job, ready, lane) if callable(ready) else (job, ready)

    def _prepare(self, job: Job) -> Outcome | Send:
        """What sends the entry, or what became of it without sending anything."""
        sender = self._sender(job)
        ready = sender.prepare(job)
        if not isinstance(ready, NewEntry):
            return ready
        return lambda sending: Written(sender.send(sending, ready))

    def _sender(self, job: Job) -> _Sender:
        known = self._known.setdefault(job.person, _Known())
        tracker = self._tracker_for(job.person)
        workspace = self._workspace_for(job.person) if self._workspace_for else None
        return _Sender(self._store, tracker, workspace, known, self._clock, self._key_tag)

    def _log(self, job: Job) -> Outcome | WorklogWritten | Send:
        """The same for a worklog."""
        sender = WorklogSender(self._logbooks.of(job.person, job.payload.group or ""))
        if job.stage is Stage.UNKNOWN:
            return _understood(lambda: sender.looked_up(job))
        return lambda sending: _understood(lambda: sender.send(sending))

    def _send(self, job: Job, send: Send, lane: Lane) -> tuple[Job, Ending] | None:
        with self._store.writing() as connection:
            sending = begin(connection, job, self._owner, self._clock())
        if sending is None:
            return None
        try:
            outcome: Ending = send(sending)
        except TrackerError as error:
            outcome = self._trouble(error, sending, lane)
        return sending, outcome

    def _trouble(self, error: TrackerError, job: Job, lane: Lane) -> Ending:
        """What a failure means. Only a request that may have gone out can be lost."""
        now, sentence = self._clock(), str(error)
        pause = now + self._pace.backoff(lane.failures)
        if isinstance(error, OverQuota):
            return RetryLater(Problem.QUOTA, sentence, error.retry_at or now + LONGEST_PAUSE)
        if isinstance(error, NotSent):
            return RetryLater(Problem.WAITING, sentence, max(error.retry_at or pause, now))
        if isinstance(error, Unknown) and job.stage is Stage.SENDING:
            slow = isinstance(error, Late)
            settling = self._pace.slow_settling if slow else self._pace.settling
            return Unconfirmed(sentence, max(pause, now + settling))
        if job.target is Target.LATE and not isinstance(error, Unknown):
            return NotFound()  # somebody changed it meanwhile: then it is theirs
        # A refusal now does not tell whether an earlier request got through.
        settled = isinstance(error, Conflict | Gone | TooOld)
        if isinstance(error, Unknown) or (job.doubtful and not settled):
            return RetryLater(Problem.WAITING, sentence, pause)
        return final_of_worklog(error, job) if job.target is Target.WORKLOG else _final(error, job)


def _final(error: TrackerError, job: Job) -> Outcome:
    """What a failure means that trying again does not mend."""
    if isinstance(error, Conflict):
        again = "Undo" if job.kind is JobKind.DELETE else "edit"
        sentence = f"it was changed in Toggl since, to what you see; {again} it again if you want"
        return ChangedMeanwhile(sentence, error.current)
    if isinstance(error, Gone) and job.kind is JobKind.DELETE:
        return Written(None)
    if isinstance(error, Gone):
        return Rejected(Problem.GONE, "it was deleted in Toggl; Approve makes it again")
    if isinstance(error, TooOld):
        maybe = "; it may be there already, since an answer was lost" * job.doubtful
        return Rejected(Problem.TOO_OLD, f"{error}{maybe}")
    return Rejected(Problem.REFUSED, str(error))
