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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol, TypeAlias, TypeVar
from unicodedata import normalize
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.model import Digest, Problem, Project, TimeEntry
from tracklater_bot.domain.text import clock, shown, times
from tracklater_bot.outbox import late_entries as latecomers
from tracklater_bot.outbox import worklogs
from tracklater_bot.outbox.late_entries import Found, NotFound, Sighting, TakenOut
from tracklater_bot.outbox.outcomes import (
    Absent,
    Altered,
    Lost,
    Outcome,
    Postponed,
    Rejected,
    Written,
    begin,
    settle,
)
from tracklater_bot.outbox.worklogs import Logged
from tracklater_bot.store import Store
from tracklater_bot.store import days as digests
from tracklater_bot.store import jobs as outbox
from tracklater_bot.store.jobs import Job, Kind, Lane, Stage, Target
from tracklater_bot.store.payload import Payload
from tracklater_bot.trackers.base import (
    Account,
    Conflict,
    Constraints,
    Gone,
    Late,
    NewEntry,
    NotSent,
    OverQuota,
    Refused,
    TooOld,
    Tracker,
    TrackerError,
    Unknown,
)
from tracklater_bot.trackers.projects import task_of
from tracklater_bot.worklogging import Logbooks, NoLogbooks, WorklogSender
from tracklater_bot.worklogging import final as final_of_worklog

log = logging.getLogger(__name__)
T = TypeVar("T")
Ending: TypeAlias = "Outcome | Logged | Sighting"
Send: TypeAlias = "Callable[[Job], Outcome | Logged]"
NOBODYS = NoLogbooks()

LEASE = timedelta(minutes=5)  # far longer than a request may take
SPACING = timedelta(seconds=1)  # Toggl's bucket leaks about one request a second
SETTLING = timedelta(seconds=5)  # until an entry whose answer was lost can be seen
SLOW_SETTLING = timedelta(seconds=30)  # the same where Toggl itself was slow
LATE_AGAIN = timedelta(seconds=30)  # while an equal entry is being made
LOOK_LASTS = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(minutes=5)


class Workspace(Protocol):
    """What is known of a person's account without a request each time.

    `account` is None while nothing is known; it may be days old.
    """

    def account(self) -> Account | None: ...  # noqa: D102 - the class says it
    def constraints(self) -> Constraints: ...  # noqa: D102


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
        workspace_for: Callable[[str], Workspace] | None = None,
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
        if job.target is Target.WORKLOG or isinstance(ending, Logged):
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
            case Postponed(Problem.QUOTA, _, at):
                return at, 0
            case Postponed(_, _, at) | Lost(_, at):
                return at, lane.failures + 1
            case _:
                return now + self._pace.spacing, 0

    def _attempt(self, job: Job, lane: Lane) -> tuple[Job, Ending] | None:
        """What became of the job; None when it has to be looked at anew."""
        if job.stage is Stage.SENDING:
            # Only a process that died leaves this behind, since the lane is ours now.
            now = self._clock()
            at = max((job.sent_at or now) + self._pace.settling, now)
            return job, Lost("the bot was stopped while sending", at)
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

    def _log(self, job: Job) -> Outcome | Logged | Send:
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
            return Postponed(Problem.QUOTA, sentence, error.retry_at or now + LONGEST_PAUSE)
        if isinstance(error, NotSent):
            return Postponed(Problem.WAITING, sentence, max(error.retry_at or pause, now))
        if isinstance(error, Unknown) and job.stage is Stage.SENDING:
            slow = isinstance(error, Late)
            settling = self._pace.slow_settling if slow else self._pace.settling
            return Lost(sentence, max(pause, now + settling))
        if job.target is Target.LATE and not isinstance(error, Unknown):
            return NotFound()  # somebody changed it meanwhile: then it is theirs
        # A refusal now does not tell whether an earlier request got through.
        settled = isinstance(error, Conflict | Gone | TooOld)
        if isinstance(error, Unknown) or (job.doubtful and not settled):
            return Postponed(Problem.WAITING, sentence, pause)
        return final_of_worklog(error, job) if job.target is Target.WORKLOG else _final(error, job)


def _final(error: TrackerError, job: Job) -> Outcome:
    """What a failure means that trying again does not mend."""
    if isinstance(error, Conflict):
        again = "Undo" if job.kind is Kind.DELETE else "edit"
        sentence = f"it was changed in Toggl since, to what you see; {again} it again if you want"
        return Altered(sentence, error.current)
    if isinstance(error, Gone) and job.kind is Kind.DELETE:
        return Written(None)
    if isinstance(error, Gone):
        return Rejected(Problem.GONE, "it was deleted in Toggl; Approve makes it again")
    if isinstance(error, TooOld):
        maybe = "; it may be there already, since an answer was lost" * job.doubtful
        return Rejected(Problem.TOO_OLD, f"{error}{maybe}")
    return Rejected(Problem.REFUSED, str(error))


@dataclass(frozen=True)
class _Sender:
    """One job's talk with the tracker. Every call raises TrackerError's kinds and no other."""

    store: Store
    tracker: Tracker
    workspace: Workspace | None
    known: _Known
    clock: Callable[[], datetime]
    key_tag: bool = False

    def prepare(self, job: Job) -> NewEntry | Outcome:
        """The entry to be sent now, or what became of the job without sending anything."""
        entry = self._entry(job.payload)
        if job.stage is Stage.UNKNOWN:
            return self._looked_up(job, entry)
        if job.kind is Kind.DELETE or job.doubtful:
            return entry
        return self._missing(entry) or self._in_the_way(job, entry) or entry

    def send(self, job: Job, entry: NewEntry) -> TimeEntry | None:
        """The one request that changes something."""
        entry_id = job.entry_id
        if job.kind is Kind.CREATE or entry_id is None:
            return _understood(lambda: self.tracker.create(entry))
        # What we saw before no longer holds after this, whether it succeeds or not.
        self.known.look = None
        if job.kind is Kind.UPDATE:
            return _understood(lambda: self.tracker.update(entry_id, entry, job.seen))
        _understood(lambda: self.tracker.delete(entry_id, job.seen))
        return None

    def look_for_latecomer(self, job: Job) -> Outcome | Sighting:
        """Whether a request that was given up made an entry after all; takes out what was found."""
        if self._being_made(job):
            return Postponed(Problem.WAITING, "it is being made", self.clock() + LATE_AGAIN)
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
        return Found(late) if late is not None and not self._being_made(job) else NotFound()

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
            return Absent()
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
        if same and job.kind is Kind.CREATE:
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
        ids = {each.id for each in entries}
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
    return Span(min(each.start for each in spans), max(each.end for each in spans))


def _overlap(found: TimeEntry, digest: Digest) -> str:
    zone = ZoneInfo(digest.timezone)
    what = f"“{shown(found.description, 60)}”" if found.description else "an entry"
    when = (
        times(Span(found.start, found.end), zone, digest.day)
        if found.end is not None
        else f"running since {clock(found.start, zone, digest.day)}"
    )
    return f"it overlaps {what}, {when}, in Toggl"
