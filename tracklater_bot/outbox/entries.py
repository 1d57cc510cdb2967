"""Sends the entries: what an item stands for becomes exactly one entry in the tracker."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Digest, ItemState, Problem
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.text import clock, shown, times
from tracklater_bot.outbox import entry_items, outcomes
from tracklater_bot.outbox.lookup import Lookup, is_same
from tracklater_bot.outbox.outcomes import Outcome, PersonDay, Ready, Sender
from tracklater_bot.outbox.worklogs import WorklogSender
from tracklater_bot.store import Store, Transaction, days
from tracklater_bot.store.jobs import Job, JobKind, Stage
from tracklater_bot.trackers import base

LOOK_LASTS = timedelta(minutes=2)
AROUND = timedelta(hours=12)  # how far an entry that was moved in the tracker is looked for


class EntrySender(Sender[base.NewEntry]):
    """Sends one person's entries. What became of one decides on the worklog beside it."""

    def __init__(self, store: Store, lookup: Lookup, worklogs: WorklogSender) -> None:
        self._store = store
        self._lookup = lookup
        self._worklogs = worklogs
        # What was answered to a job's request, to be told once a look shows that it is so.
        self._refusals: dict[int, outcomes.Rejected] = {}

    def prepare(self, job: Job, now: datetime) -> Ready[base.NewEntry] | Outcome:
        """The entry to be sent now, or what became of the job without sending anything."""
        entry = self._lookup.entry(job.payload)
        if job.stage is Stage.UNKNOWN or job.id in self._refusals:
            return self._searched(job, entry)
        if job.kind is JobKind.DELETE or job.doubtful:
            return Ready(entry)
        return self._missing(entry) or self._in_the_way(job, entry, now) or Ready(entry)

    def send(self, job: Job, request: base.NewEntry) -> Outcome:
        """Makes, changes or removes the entry. A refusal is looked after before it is believed."""
        try:
            return self._send(job, request)
        except base.Gone as gone:
            return self._gone(job, request, gone)
        except (base.Refused, base.OtherEntry) as error:
            known = outcomes.Rejected(Problem.REFUSED, f"{error}: look there before you try again")
            refusal = known if isinstance(error, base.OtherEntry) else self.final(job, error)
            if isinstance(refusal, outcomes.Rejected) and (error.sent or refusal is known):
                self._refusals[job.id] = refusal
                # Who says no is done with it: a look shows it now, or later where none succeeds.
                with suppress(base.TrackerError):
                    if error.sent:
                        return self._searched(job, request)
                raise base.Unknown(str(error)) from None
            raise

    def _gone(self, job: Job, request: base.NewEntry, gone: base.Gone) -> Outcome:
        """Anybody on the way may answer 404: it is believed once no entry is seen there."""
        around = Span(request.span.start - AROUND, request.span.end + AROUND)
        try:
            there = {entry.id for entry in self._lookup.tracker().entries(around)}
        except base.Refused:
            raise base.Unknown(str(gone)) from None
        if job.entry_id not in there:
            raise gone
        sentence = f"{self._label} answered that it is gone, but it is there: try again later"
        refusal = outcomes.Rejected(Problem.REFUSED, sentence)
        if job.kind is JobKind.DELETE:
            return refusal
        self._refusals[job.id] = refusal
        return self._searched(job, request)

    def _send(self, job: Job, request: base.NewEntry) -> Outcome:
        tracker, entry_id = self._lookup.tracker(), job.entry_id
        if job.kind is JobKind.CREATE or entry_id is None:
            return _written(tracker.create(request), request, self._label)
        # What was seen before no longer holds after this, whether it succeeds or not.
        self._lookup.forget_entries()
        if job.kind is JobKind.UPDATE:
            made = tracker.update(entry_id, request, job.seen)
            return _written(made, request, self._label)
        tracker.delete(entry_id, job.seen)
        return outcomes.Written(None)

    def final(self, job: Job, error: base.TrackerError) -> Outcome | None:
        """What an error means for the entry for good."""
        deleting = job.kind is JobKind.DELETE
        match error:
            case base.Conflict():
                again = "Undo" if deleting else "edit"
                return outcomes.ChangedMeanwhile(
                    f"it was changed in {self._label} since, to what you see;"
                    f" {again} it again if you want",
                    error.current,
                )
            case base.Gone() if deleting:
                return outcomes.Written(None)
            case base.Gone():
                gone = f"it was deleted in {self._label}; Approve makes it again"
                return outcomes.Rejected(Problem.GONE, gone)
            case base.TooOld():
                maybe = "; it may be there already, since an answer was lost" * job.doubtful
                return outcomes.Rejected(Problem.TOO_OLD, f"{error}{maybe}")
        # A refusal now does not tell whether an earlier request got through.
        return None if job.doubtful else outcomes.Rejected(Problem.REFUSED, str(error))

    def apply(
        self, transaction: Transaction, job: Job, outcome: Outcome, now: datetime
    ) -> set[PersonDay]:
        """Stores what became of the entry; its worklog follows in the same transaction.

        While it is being sent, the day's version stays: its message shows the same.
        """
        if isinstance(outcome, outcomes.Sending):
            if job.kind is not JobKind.DELETE:
                days.set_state(transaction, job.item_id, ItemState.SENDING)
            return set()
        changed = entry_items.apply(transaction, job, outcome, now)
        if changed:
            found = isinstance(outcome, outcomes.Written) and job.stage is not Stage.SENDING
            self._worklogs.follow(transaction, job, now, found=found)
        return changed

    def held_back(
        self, transaction: Transaction, person: str, until: datetime, now: datetime
    ) -> set[PersonDay]:
        """Each entry that would wait without a word says the same as the others."""
        return entry_items.held_back(transaction, person, until, now)

    def recover(self, transaction: Transaction, person: str, now: datetime) -> set[PersonDay]:
        """Gives a job to each entry that is on its way without one; the message says the same."""
        for digest in days.on_their_way(transaction, person):
            entry_items.find_lost(transaction, digest, now)
        return set()

    @property
    def _label(self) -> str:
        return self._lookup.tracker().label

    # -- What is there already -------------------------------------------------------------------

    def _searched(self, job: Job, entry: base.NewEntry) -> Outcome:
        """An equal entry is the one: it was ours, or the person made it, and once is enough."""
        same = self._lookup.tracker().find(entry)
        refusal = self._refusals.pop(job.id, None)
        if job.kind is not JobKind.CREATE and refusal is not None:
            there = same is not None and same.id == job.entry_id
            if job.kind is JobKind.DELETE:
                return refusal if there else outcomes.Written(None)
            return _written(same) if there and same and same.changed != job.seen else refusal
        if same is None:
            return refusal or outcomes.NotWritten()
        if self._taken(job, {same.id}):
            twice = f"{self._label} has an entry that is exactly the same already"
            return outcomes.Rejected(Problem.REFUSED, twice)
        return _written(same)

    def _missing(self, entry: base.NewEntry) -> outcomes.Rejected | None:
        """What the workspace demands and the entry lacks."""
        demanded = self._lookup.constraints()
        lacks = {
            "a description": demanded.description and not entry.description,
            "a project": demanded.project and entry.project_id is None,
            "a tag": demanded.tag and not entry.tags,
            "a task": demanded.task and entry.task_id is None,
        }
        for name, lacking in lacks.items():
            if lacking:
                sentence = f"{self._label} wants {name} on every entry: press Edit"
                return outcomes.Rejected(Problem.MISSING, sentence)
        return None

    def _in_the_way(self, job: Job, entry: base.NewEntry, now: datetime) -> Outcome | None:
        """An equal entry counts as the job's; another one at that time is the person's to judge."""
        unmoved = job.before is not None and job.before.suggestion.span == entry.span
        if job.forced or unmoved:
            return None
        stored = self._store.digest_of_item(job.item_id)
        if stored is None or not self._foreign(job, entry, stored[0], now, now - LOOK_LASTS):
            return None
        # Nothing is concluded from what may have changed since.
        foreign = self._foreign(job, entry, stored[0], now, now)
        same = [other for other in foreign if is_same(other, entry)]
        if same and job.kind is JobKind.CREATE:
            return _written(same[0])
        if not foreign:
            return None
        sentence = _overlap(foreign[0], stored[0], self._label)
        return outcomes.Rejected(Problem.OVERLAP, sentence, foreign)

    def _foreign(
        self, job: Job, entry: base.NewEntry, digest: Digest, now: datetime, oldest: datetime
    ) -> tuple[TimeEntry, ...]:
        """Entries at that time which belong to none of the person's items."""
        overlapping = [
            other
            for other in self._lookup.entries(entry.span, digest, now, oldest)
            if (span := other.span(now)) is not None and span.overlaps(entry.span)
        ]
        taken = self._taken(job, {other.id for other in overlapping})
        return tuple(other for other in overlapping if other.id not in taken)

    def _taken(self, job: Job, entry_ids: set[str]) -> set[str]:
        with self._store.reading() as transaction:
            return days.entries_taken(transaction, job.person, entry_ids)


def _written(
    entry: TimeEntry, sent: base.NewEntry | None = None, label: str = ""
) -> outcomes.Written:
    """Raises OtherEntry where it is not at the time that was sent."""
    if sent is not None and (entry.start, entry.end) != (sent.span.start, sent.span.end):
        raise base.OtherEntry(f"{label} answered with another entry than the one sent")
    return outcomes.Written(entry.id, entry.changed)


def _overlap(other: TimeEntry, digest: Digest, label: str) -> str:
    zone = ZoneInfo(digest.timezone)
    what = f"“{shown(other.description, 60)}”" if other.description else "an entry"
    when = (
        times(Span(other.start, other.end), zone, digest.day)
        if other.end is not None
        else f"running since {clock(other.start, zone, digest.day)}"
    )
    return f"it overlaps {what}, {when}, in {label}"
