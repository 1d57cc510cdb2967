"""What the worker needs to know of a target: one sender each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from tracklater_bot.outbox.outcomes import Outcome, PersonDay
from tracklater_bot.store import Transaction
from tracklater_bot.store.jobs import Job
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

    def recover(self, transaction: Transaction, person: str, now: datetime) -> set[PersonDay]:
        """Finds what is on its way without a job, after a restored copy; gives changed days."""
