"""What may become of a job. Each sender says what that means for its item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from tracklater_bot.domain.digests import Problem
from tracklater_bot.domain.entries import TimeEntry

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
