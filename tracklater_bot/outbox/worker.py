"""The outbox worker: lanes, leases, the mark before a request, and when to try again.

A job is marked as being sent, and that is committed, before the request goes out; whatever happens
then, the next look at the job knows that something may have been written and searches for it first.
One request a second and lane at most. Each target has a lane of its own, so that one's troubles
never keep another's jobs waiting. What a target is, only its sender knows.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tracklater_bot.domain.digests import Problem
from tracklater_bot.domain.errors import StoreError, log_failure
from tracklater_bot.outbox import outcomes
from tracklater_bot.outbox.outcomes import Outcome, PersonDay, Ready, Sender, Senders
from tracklater_bot.store import Store, days, jobs, lanes
from tracklater_bot.store.days import LONGEST_WAIT
from tracklater_bot.store.jobs import Job, Stage, Target
from tracklater_bot.store.lanes import Lane, Lease
from tracklater_bot.trackers.base import Late, NotSent, OverQuota, TrackerError, Unknown

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # far longer than a request may take
SPACING = timedelta(seconds=1)  # what trackers take
LOOKUP_DELAY = timedelta(seconds=5)  # until an entry whose answer was lost can be seen
SLOW_LOOKUP_DELAY = timedelta(seconds=30)  # the same where the tracker itself was slow
LONGEST_PAUSE = timedelta(minutes=5)
WORTH_A_WORD = timedelta(seconds=20)  # a wait that is told
CLOCK_STEP = timedelta(seconds=30)  # what a clock may be set by without being noticed


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the worker goes. `chance` gives a number from 0 to 1, for spreading retries;
    `ticks` counts seconds however clocks are set.
    """

    spacing: timedelta = SPACING
    lease: timedelta = LEASE
    lookup_delay: timedelta = LOOKUP_DELAY
    slow_lookup_delay: timedelta = SLOW_LOOKUP_DELAY
    chance: Callable[[], float] = random.random
    ticks: Callable[[], float] = time.monotonic

    def backoff(self, failures: int) -> timedelta:
        """Longer with every failure in a row, and never the same for two bots."""
        seconds = min(2.0 ** min(failures, 16), LONGEST_PAUSE.total_seconds())
        return timedelta(seconds=seconds * (0.5 + self.chance()))


@dataclass(eq=False, repr=False)
class Worker:
    """Sends what is due of one person.

    `owner` names this process among those on the database. All times are the store's; `clock` is
    the one by which trackers say when to come again.
    """

    store: Store
    person: str
    owner: str
    senders: Senders
    clock: Callable[[], datetime]
    pace: Pace = Pace()

    def __post_init__(self) -> None:
        self._working = threading.Lock()
        self._troubles = Counter[int]()  # each job's own, in a row
        self._last_look: tuple[datetime, float] | None = None

    def work(self) -> set[PersonDay]:
        """Sends whatever is due now; gives the days whose message has to follow.

        Raises StoreError only: a tracker's failure is stored with the item. Does nothing while
        another thread is in here.
        """
        changed: set[PersonDay] = set()
        if self._working.acquire(blocking=False):
            try:
                changed |= self._mend()
                while (days_of_job := self.serve()) is not None:
                    changed |= days_of_job
                changed |= self._tell_waits()
            finally:
                self._working.release()
        return changed

    def due_in(self) -> timedelta | None:
        """How long until `work` has something to do again; None when all is sent."""
        with self.store.reading() as transaction:
            due = lanes.next_due(transaction, self.person)
            return None if due is None else due - self.store.now(transaction)

    def _mend(self) -> set[PersonDay]:
        """What a clock that was set has left behind; at first also items that lost their job."""
        with self.store.writing() as transaction:
            now, ticks = self.store.now(transaction), self.pace.ticks()
            furthest = LONGEST_WAIT
            if self._last_look is not None:
                last, then = self._last_look
                ahead = now - last - timedelta(seconds=ticks - then)
                if ahead < -CLOCK_STEP:
                    furthest = CLOCK_STEP
                elif ahead > CLOCK_STEP:
                    jobs.put_off_late(transaction, self.person, ahead)
            of_lanes = min(furthest, 1.5 * LONGEST_PAUSE)
            lanes.bring_forward(transaction, self.person, now, furthest, of_lanes)
            changed = set[PersonDay]()
            for sender in () if self._last_look else self.senders.values():
                changed |= sender.recover(transaction, self.person, now)
        self._last_look = now, ticks
        return changed

    def _tell_waits(self) -> set[PersonDay]:
        """Lets whatever waits for a lane that rests for longer say until when."""
        changed = set[PersonDay]()
        with self.store.reading() as transaction:
            now = self.store.now(transaction)
            resting = lanes.resting(transaction, self.person, now + WORTH_A_WORD)
        for target, until in resting.items():
            with self.store.writing() as transaction:
                sender = self.senders[Target(target)]
                changed |= sender.held_back(transaction, self.person, until, now)
        return changed

    def serve(self) -> set[PersonDay] | None:
        """One job of one lane, so that every lane gets its turn; None where none is free."""
        with self.store.writing() as transaction:
            lanes.release_dead(transaction, self.owner)
            now = self.store.now(transaction)
            lane = lanes.take(transaction, self.person, Lease(self.owner, now, self.pace.lease))
            job = jobs.next_due(transaction, lane, now) if lane else None
        if lane is None:
            return None
        end = self._attempt(job, now) if job else None
        with self.store.writing() as transaction:
            now, changed = self.store.now(transaction), set[PersonDay]()
            not_before, failures = now, lane.failures
            if end is not None:
                job, result = end
                outcome = self._outcome(job, result, lane, now)
                changed = self.senders[job.target].apply(transaction, job, outcome, now)
                if isinstance(outcome, outcomes.Written | outcomes.Rejected):
                    self._troubles.pop(job.id, None)
                not_before, failures = self._next_use(lane, outcome, now)
            lanes.release(transaction, lane, self.owner, not_before, failures)
        return changed

    def _attempt(self, job: Job, now: datetime) -> tuple[Job, Outcome | TrackerError] | None:
        """How the job fared; None when it has to be looked at anew."""
        if job.stage is Stage.SENDING:
            # Only a process that died leaves this behind, since the lane is ours now.
            at = max(min(job.sent_at or now, now) + self.pace.lookup_delay, now)
            return job, outcomes.Unconfirmed("the bot was stopped while sending", at)
        sender = self.senders[job.target]
        try:
            ready = sender.prepare(job, now)
            if not isinstance(ready, Ready):
                return job, ready
            sending = self._mark_sending(job, sender)
            if sending is None:
                return None
            job = sending
            # The last thing before the request: this process may have stood still since.
            still = self._stood_still(job)
            return job, still or sender.send(job, ready.request)
        except TrackerError as error:
            return job, error
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a request may be out
            log_failure(log, "Understanding the tracker's answer", error)
            return job, Unknown("the answer was not understood")

    def _stood_still(self, job: Job) -> outcomes.Unconfirmed | None:
        """What becomes of the job where its lane is no longer ours, by the store's clock."""
        with self.store.reading() as transaction:
            now = self.store.now(transaction)
            held = lanes.is_held(transaction, job.person, job.target, self.owner, now)
        return None if held else outcomes.Unconfirmed("the bot stood still before sending", now)

    def _mark_sending(self, job: Job, sender: Sender[Any]) -> Job | None:
        """Committed before the request; None when the job is to be looked at anew instead."""
        with self.store.writing() as transaction:
            now = self.store.now(transaction)
            if days.load(transaction, job.person, job.day, lock=True) is None:
                return None
            sending = jobs.mark_sending(transaction, job, self.owner, now)
            if sending is not None:
                sender.apply(transaction, sending, outcomes.Sending(), now)
        return sending

    def _outcome(
        self, job: Job, result: Outcome | TrackerError, lane: Lane, now: datetime
    ) -> Outcome:
        """What a failure means. Only a request that may have gone out can have been carried out."""
        if not isinstance(result, TrackerError):
            return result
        failures = max(lane.failures, self._troubles[job.id])
        self._troubles[job.id] += 1
        sentence, pause = str(result), now + self.pace.backoff(failures)
        if isinstance(result, NotSent):
            quota = isinstance(result, OverQuota)
            again = now + LONGEST_PAUSE if quota else pause
            if result.retry_at is not None:
                # Whatever it says, neither at once for ever nor later than we ever wait.
                again = now + min(max(result.retry_at - self.clock(), pause - now), LONGEST_WAIT)
            code = Problem.QUOTA if quota else Problem.WAITING
            return outcomes.RetryLater(code, sentence, again, result.sent)
        if isinstance(result, Unknown) and job.stage is Stage.SENDING:
            slow = isinstance(result, Late)
            delay = self.pace.slow_lookup_delay if slow else self.pace.lookup_delay
            return outcomes.Unconfirmed(sentence, max(pause, now + delay))
        final = None
        if not isinstance(result, Unknown):
            final = self.senders[job.target].final(job, result)
        return final or outcomes.RetryLater(Problem.WAITING, sentence, pause)

    def _next_use(self, lane: Lane, outcome: Outcome, now: datetime) -> tuple[datetime, int]:
        """When the lane may be used again, and the failures in a row."""
        match outcome:
            case outcomes.RetryLater(code=Problem.QUOTA, at=at):
                return at, 0
            case outcomes.RetryLater(at=at):
                return min(at, now + 1.5 * LONGEST_PAUSE), lane.failures + 1
            case outcomes.Unconfirmed(at=at):
                # Its trouble may be that job's own: the others go on meanwhile.
                return min(at, now + self.pace.backoff(lane.failures)), lane.failures + 1
            case _:
                return now + self.pace.spacing, 0
