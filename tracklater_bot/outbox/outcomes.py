"""What the worker needs to know of a target: one sender each, and what may become of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from tracklater_bot.domain.digests import Problem
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.store import Transaction, jobs
from tracklater_bot.store.jobs import Job, JobKind, Stage
from tracklater_bot.trackers.base import TrackerError

PersonDay: TypeAlias = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Sending:
    """The request goes out next. Stored before it does, so nothing is known of it yet."""


@dataclass(frozen=True, slots=True)
class Written:
    """It is there as wanted, under this id; None: it is no longer there, as wanted.

    `changed` is the tracker's word for this state of an entry.
    """

    id: str | None
    changed: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing was written, and trying again will not help."""

    code: Problem
    sentence: str
    foreign: tuple[TimeEntry, ...] = ()  # entries in the way; the day shows them from now on


@dataclass(frozen=True, slots=True)
class RetryLater:
    """It is tried again at `at`. With QUOTA, so is everything else.

    `sent`: a request went out before, so that it is looked for first; else nothing was written.
    """

    code: Problem
    sentence: str
    at: datetime
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """It may or may not have been written; that is looked up at `at`."""

    sentence: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NotWritten:
    """A lookup showed that it was not written."""


@dataclass(frozen=True, slots=True)
class ChangedMeanwhile:
    """Somebody changed the entry in the tracker: nothing was written over it."""

    sentence: str
    current: TimeEntry


@dataclass(frozen=True, slots=True)
class LateOneFound:
    """A request that was given up has made this entry or worklog after all."""

    id: str
    changed: str | None = None


Outcome: TypeAlias = (
    Sending
    | Written
    | Rejected
    | RetryLater
    | Unconfirmed
    | NotWritten
    | ChangedMeanwhile
    | LateOneFound
)


# -- Senders ---------------------------------------------------------------------------------------


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ready(Generic[T]):
    """What is sent now."""

    request: T


class Sender(Protocol[T]):
    """One target's jobs: what is sent, and what its outcome means for the day.

    `prepare` and `send` raise TrackerError's kinds. `now` is the store's.
    """

    def prepare(self, job: Job, now: datetime) -> Ready[T] | Outcome:
        """What is to be sent, or what became of the job without sending anything."""

    def send(self, job: Job, request: T) -> Outcome:
        """The one request that changes something; the job was marked as being sent before."""

    def final(self, job: Job, error: TrackerError) -> Outcome | None:
        """What an error means that waiting does not mend.

        None where it says nothing of an earlier request that may have got through: that is looked
        up again later.
        """

    def apply(
        self, transaction: Transaction, job: Job, outcome: Outcome, now: datetime
    ) -> set[PersonDay]:
        """Stores the outcome; gives the days whose message has to follow.

        An outcome of a job that was changed or taken back meanwhile counts no more.
        """

    def held_back(
        self, transaction: Transaction, person: str, until: datetime, now: datetime
    ) -> set[PersonDay]:
        """The lane rests until then: what waits for it says so; gives changed days."""
        return set()

    def recover(self, transaction: Transaction, person: str, now: datetime) -> set[PersonDay]:
        """Finds what is on its way without a job, after a restored copy; gives changed days."""
        return set()


Senders: TypeAlias = Mapping[jobs.Target, Sender[Any]]
Waiting: TypeAlias = RetryLater | Unconfirmed | NotWritten


def looks_first(job: Job, outcome: Outcome) -> bool:
    """Whether it waits, and what may have been made is looked for before anything is sent.

    Changing or deleting twice does no harm.
    """
    creating = job.kind is JobKind.CREATE
    match outcome:
        case RetryLater(sent=sent):
            return job.stage is Stage.UNKNOWN or (sent and creating)
        case Unconfirmed():
            return creating
    return False


def wait(transaction: Transaction, job: Job, outcome: Waiting, now: datetime) -> None:
    """Lets the job wait as its outcome says."""
    unanswered, at = job.unanswered, now
    match outcome:
        case RetryLater(at=at, sent=sent):
            # A request that certainly did nothing leaves no doubt behind.
            unanswered -= job.stage is Stage.SENDING and not sent
        case Unconfirmed(at=at):
            pass
        case _:
            unanswered = 0
    stage = Stage.UNKNOWN if looks_first(job, outcome) else Stage.PENDING
    jobs.reschedule(transaction, job, stage, at, unanswered)
