"""One entry's talk with the tracker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from unicodedata import normalize
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Digest, Problem
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.text import clock, shown, times
from tracklater_bot.outbox.late_entries import NotFound, SightedEntry, Sighting, TakenOut
from tracklater_bot.outbox.outcomes import (
    NotWritten,
    Outcome,
    Rejected,
    RetryLater,
    Written,
)
from tracklater_bot.store import Store
from tracklater_bot.store import days as digests
from tracklater_bot.store import jobs as outbox
from tracklater_bot.store.jobs import Job, JobKind, Stage
from tracklater_bot.store.payload import Payload
from tracklater_bot.trackers.base import (
    Account,
    Constraints,
    NewEntry,
    Refused,
    Tracker,
    TrackerError,
    Unknown,
)
from tracklater_bot.trackers.projects import task_of

T = TypeVar("T")
log = logging.getLogger(__name__)

LATE_AGAIN = timedelta(seconds=30)  # while an equal entry is being made
LOOK_LASTS = timedelta(minutes=2)


class AccountFacts(Protocol):
    """What is known of a person's account without a request each time.

    `account` is None while nothing is known; it may be days old.
    """

    def account(self) -> Account | None: ...  # noqa: D102 - the class says it
    def constraints(self) -> Constraints: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _Look:
    """What was in the tracker at a moment."""

    at: datetime
    span: Span
    entries: tuple[TimeEntry, ...]


@dataclass(slots=True)
class _Known:
    """What this process remembers of one person's account, to spare requests."""

    look: _Look | None = None
    account: Account | None = None


@dataclass(frozen=True)
class _Sender:
    """One job's talk with the tracker. Every call raises TrackerError's kinds and no other."""

    store: Store
    tracker: Tracker
    workspace: AccountFacts | None
    known: _Known
    clock: Callable[[], datetime]
    key_tag: bool = False

    def prepare(self, job: Job) -> NewEntry | Outcome:
        """The entry to be sent now, or what became of the job without sending anything."""
        entry = self._entry(job.payload)
        if job.stage is Stage.UNKNOWN:
            return self._looked_up(job, entry)
        if job.kind is JobKind.DELETE or job.doubtful:
            return entry
        return self._missing(entry) or self._in_the_way(job, entry) or entry

    def send(self, job: Job, entry: NewEntry) -> TimeEntry | None:
        """The one request that changes something."""
        entry_id = job.entry_id
        if job.kind is JobKind.CREATE or entry_id is None:
            return _understood(lambda: self.tracker.create(entry))
        # What we saw before no longer holds after this, whether it succeeds or not.
        self.known.look = None
        if job.kind is JobKind.UPDATE:
            return _understood(lambda: self.tracker.update(entry_id, entry, job.seen))
        _understood(lambda: self.tracker.delete(entry_id, job.seen))
        return None

    def look_for_latecomer(self, job: Job) -> Outcome | Sighting:
        """Whether a request that was given up made an entry after all; takes out what was found."""
        if self._being_made(job):
            return RetryLater(Problem.WAITING, "it is being made", self.clock() + LATE_AGAIN)
        entry_id = job.entry_id
        if entry_id is None:
            return self._latecomer(job)
        if self._known_as_ours(job, {entry_id}):
            return NotFound()
        self.known.look = None
        _understood(lambda: self.tracker.delete(entry_id, job.seen))
        return TakenOut()

    def _latecomer(self, job: Job) -> Sighting:
        digest = self.store.digest(job.person, job.day)
        if digest is None:
            return NotFound()
        # One look serves all that are due at that minute.
        lasts = self.clock() - job.due_at + timedelta(microseconds=1)
        entry = self._entry(job.payload)
        same = [each for each in self._look(entry.span, digest, lasts) if _is_same(each, entry)]
        ours = self._known_as_ours(job, {each.id for each in same})
        late = next((each for each in same if each.id not in ours), None)
        # What is being made now is ours, though no item says so yet.
        return SightedEntry(late) if late is not None and not self._being_made(job) else NotFound()

    def _being_made(self, job: Job) -> bool:
        with self.store.reading() as connection:
            return outbox.creating(connection, job.person, job.payload)

    def _known_as_ours(self, job: Job, entry_ids: set[int]) -> set[int]:
        """Which of the entries belong to an item, or are another job's to take out."""
        if not entry_ids:
            return set()
        with self.store.reading() as connection:
            taken = digests.entries_taken(connection, job.person, entry_ids)
            return taken | outbox.aimed_at(connection, job, entry_ids)

    def _looked_up(self, job: Job, entry: NewEntry) -> Outcome:
        """An equal entry is the one: it was ours, or the person made it, and once is enough."""
        found = _understood(lambda: self.tracker.find(entry))
        if found is None:
            return NotWritten()
        if self._taken(job, [found]):
            return Rejected(Problem.REFUSED, "Toggl has an entry that is exactly the same already")
        return Written(found)

    # -- The entry -----------------------------------------------------------------------------

    def _entry(self, payload: Payload) -> NewEntry:
        project_id = self._project_id(payload.project) if payload.project else None
        return NewEntry(
            span=payload.span,
            description=payload.description,
            project_id=project_id,
            billable=payload.billable,
            tags=self._tags(payload),
            task_id=self._task_id(payload.issue, project_id),
        )

    def _tags(self, payload: Payload) -> tuple[str, ...]:
        if not self.key_tag or payload.issue is None:
            return payload.tags
        return tuple(dict.fromkeys((*payload.tags, payload.issue)))

    def _project_id(self, project: Project) -> int:
        """Toggl's id; one request where nobody has told it yet."""
        if project.id is not None:
            return project.id
        kept = self.workspace.account() if self.workspace else self.known.account
        if kept is None or not _called(project, kept):
            kept = self.known.account = _understood(self.tracker.account)
        matches = _called(project, kept)
        if len(matches) != 1:
            raise Refused(f"Toggl has no single project {shown(project.name, 60)}: press Edit")
        return matches[0]

    def _task_id(self, issue: str | None, project_id: int | None) -> int | None:
        account = self.workspace.account() if self.workspace else self.known.account
        if issue is None or account is None:
            return None
        task = task_of(issue, project_id, account.tasks)
        return task.id if task else None

    def _missing(self, entry: NewEntry) -> Rejected | None:
        """What the workspace demands and the entry lacks."""
        demanded = self.workspace.constraints() if self.workspace else Constraints()
        lacks = {
            "a description": demanded.description and not entry.description,
            "a project": demanded.project and entry.project_id is None,
            "a tag": demanded.tag and not entry.tags,
            "a task": demanded.task and entry.task_id is None,
        }
        for name, lacking in lacks.items():
            if lacking:
                return Rejected(Problem.MISSING, f"Toggl wants {name} on every entry: press Edit")
        return None

    # -- What is there already -----------------------------------------------------------------

    def _in_the_way(self, job: Job, entry: NewEntry) -> Written | Rejected | None:
        """An equal entry counts as the job's; another one at that time is the person's to judge."""
        unmoved = job.before is not None and job.before.suggestion.span == entry.span
        if job.forced or unmoved:
            return None
        found = self.store.digest_of_item(job.item_id)
        if found is None or not self._foreign(job, entry, found[0], LOOK_LASTS):
            return None
        # Nothing is concluded from what may have changed since.
        foreign = self._foreign(job, entry, found[0], timedelta())
        same = [each for each in foreign if _is_same(each, entry)]
        if same and job.kind is JobKind.CREATE:
            return Written(same[0])
        return (
            Rejected(Problem.OVERLAP, _overlap(foreign[0], found[0]), foreign) if foreign else None
        )

    def _foreign(
        self, job: Job, entry: NewEntry, digest: Digest, lasts: timedelta
    ) -> tuple[TimeEntry, ...]:
        """Entries at that time which belong to none of the person's items."""
        now = self.clock()
        overlapping = [
            each
            for each in self._look(entry.span, digest, lasts)
            if (span := each.span(now)) is not None and span.overlaps(entry.span)
        ]
        taken = self._taken(job, overlapping)
        return tuple(each for each in overlapping if each.id not in taken)

    def _look(self, span: Span, digest: Digest, lasts: timedelta) -> tuple[TimeEntry, ...]:
        """What is tracked on that day, asked once for all that was approved together."""
        look, now = self.known.look, self.clock()
        whole = _hull([span, *(item.suggestion.span for item in digest.items)])
        if look is None or now - look.at >= lasts or _hull([look.span, whole]) != look.span:
            entries = tuple(_understood(lambda: self.tracker.entries(whole)))
            look = self.known.look = _Look(now, whole, entries)
        return look.entries

    def _taken(self, job: Job, entries: Sequence[TimeEntry]) -> set[int]:
        ids = {entry.id for entry in entries}
        if not ids:
            return set()
        with self.store.reading() as connection:
            return digests.entries_taken(connection, job.person, ids)


def _understood(call: Callable[[], T]) -> T:
    """The call's answer. Where our own program fails on it, it may have been sent: it is lost."""
    try:
        return call()
    except TrackerError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, a request may be out
        log_failure(log, "Understanding the tracker's answer", error)
        raise Unknown("the answer was not understood") from None


def _called(project: Project, account: Account) -> list[int]:
    """Ids of the account's projects with that name, of that client if one is named."""
    return [
        each.id
        for each in account.projects
        if each.id is not None
        and each.name.casefold() == project.name.casefold()
        and project.client.casefold() in ("", each.client.casefold())
    ]


def _is_same(found: TimeEntry, entry: NewEntry) -> bool:
    words = normalize("NFC", found.description) == normalize("NFC", entry.description)
    return words and (found.start, found.end, found.project_id) == (
        entry.span.start,
        entry.span.end,
        entry.project_id,
    )


def _hull(spans: Sequence[Span]) -> Span:
    return Span(min(span.start for span in spans), max(span.end for span in spans))


def _overlap(found: TimeEntry, digest: Digest) -> str:
    zone = ZoneInfo(digest.timezone)
    what = f"“{shown(found.description, 60)}”" if found.description else "an entry"
    when = (
        times(Span(found.start, found.end), zone, digest.day)
        if found.end is not None
        else f"running since {clock(found.start, zone, digest.day)}"
    )
    return f"it overlaps {what}, {when}, in Toggl"
