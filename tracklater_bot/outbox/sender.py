"""What the worker needs to know of a target: one sender each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeAlias, TypeVar

from tracklater_bot.outbox.outcomes import NotWritten, Outcome, PersonDay, RetryLater, Unconfirmed
from tracklater_bot.store import Transaction, jobs
from tracklater_bot.store.jobs import Job, JobKind, Stage
from tracklater_bot.trackers.base import TrackerError

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
