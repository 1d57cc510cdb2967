"""A tracker with knobs: it keeps entries, and fails as a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.notation import span
from tracklater_bot.domain.day import Span, oldest_in_reach
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.settings import GroupSettings
from tracklater_bot.trackers.base import (
    Account,
    Conflict,
    Constraints,
    Gone,
    NewEntry,
    NotSent,
    OverQuota,
    Quota,
    Refused,
    TooOld,
    TrackerError,
    Unknown,
)

DEVELOPMENT = Project("Development", "group1", client="First", id="11")

Fault = Callable[["FakeTracker", Callable[[], TimeEntry | None]], TimeEntry | None]
"""What happens instead of an undisturbed call; the second argument carries it out."""


def refused(_: FakeTracker, __: object) -> None:
    raise Refused("Toggl refused it: no")


def unreachable(_: FakeTracker, __: object) -> None:
    raise NotSent("Toggl cannot be reached")


def too_fast(tracker: FakeTracker, _: object) -> None:
    raise NotSent("Toggl wants requests to come more slowly", tracker.now() + timedelta(seconds=5))


def no_quota(tracker: FakeTracker, _: object) -> None:
    tracker.quota_back = tracker.now() + timedelta(minutes=20)
    raise OverQuota("Toggl's requests for this hour are used up", tracker.quota_back)


def lost_before(_: FakeTracker, __: object) -> None:
    """The request never arrived."""
    raise Unknown("Toggl did not answer")


def lost_after(_: FakeTracker, call: Callable[[], TimeEntry | None]) -> None:
    """It was carried out, the answer got lost."""
    call()
    raise Unknown("Toggl did not answer")


def bug_after(_: FakeTracker, call: Callable[[], TimeEntry | None]) -> None:
    """It was carried out, and our own program stumbled over the answer."""
    call()
    raise KeyError("id")


def after_saving(error: TrackerError) -> Callable[[Any, Callable[[], Any]], None]:
    """It was carried out; something in between says no."""

    def fault(_: object, call: Callable[[], object]) -> None:
        call()
        error.sent = True
        raise error

    return fault


def before_saving(error: TrackerError) -> Callable[[Any, Callable[[], Any]], None]:
    """It was not carried out, though it was sent."""

    def fault(_: object, __: object) -> None:
        error.sent = True
        raise error

    return fault


class Crash(BaseException):
    """The process dies here."""


def crash_before(_: FakeTracker, __: object) -> None:
    raise Crash


def crash_after(_: FakeTracker, call: Callable[[], TimeEntry | None]) -> None:
    call()
    raise Crash


@dataclass
class FakeTracker:
    """`faults` are used up one a call, in order; None lets a call through."""

    name = "toggl"
    label = "Toggl"
    page = "https://track.toggl.com/timer"
    forgets = True
    account_key = "alice"
    now: Callable[[], datetime]
    kept: dict[str, TimeEntry] = field(default_factory=dict)
    faults: Iterator[Fault | None] = field(default_factory=lambda: iter(()))
    asked: list[str] = field(default_factory=list)
    quota_back: datetime | None = None
    account_projects: tuple[Project, ...] = (DEVELOPMENT,)
    number: int = 100

    def fail(self, *faults: Fault | None) -> None:
        self.faults = iter(faults)

    def track(self, text: str, description: str = "By hand", project_id: str | None = None) -> str:
        """An entry that the person made in Toggl."""
        covered = span(text)
        return self._keep(NewEntry(covered, description, project_id)).id

    def check(self, groups: Mapping[str, GroupSettings]) -> str:
        return "signed in"

    def account(self) -> Account:
        return self._account()

    def _account(self) -> Account:
        self.asked.append("account")
        return Account("Alice", "7", "Europe/Helsinki", self.account_projects)

    def entries(self, span: Span) -> Sequence[TimeEntry]:
        self._insist_on_reach(span.end - timedelta(seconds=1))
        found: list[TimeEntry] = []

        def look() -> None:
            found.extend(
                value
                for value in self.kept.values()
                if value.start < span.end and (value.end is None or value.end > span.start)
            )

        self._call("entries", look)
        return found

    def create(self, entry: NewEntry) -> TimeEntry:
        self._insist_on_reach(entry.span.start)
        made = self._call("create", lambda: self._keep(entry))
        assert made is not None
        return made

    def find(self, entry: NewEntry) -> TimeEntry | None:
        self._insist_on_reach(entry.span.start)
        return self._call("find", lambda: self._same(entry))

    def update(self, entry_id: str, entry: NewEntry, seen: str | None) -> TimeEntry:
        made = self._call("update", lambda: self._change(entry_id, entry, seen))
        assert made is not None
        return made

    def delete(self, entry_id: str, seen: str | None) -> None:
        self._call("delete", lambda: self._remove(entry_id, seen))

    def quota(self) -> Quota:
        return Quota(None, None)

    def constraints(self) -> Constraints:
        return Constraints()

    def touch(self, entry_id: str, **changes: object) -> None:
        """The person changes the entry in Toggl."""
        self.number += 1
        changed = replace(self.kept[entry_id], changed=f"at {self.number}")
        self.kept[entry_id] = replace(changed, **changes)  # type: ignore[arg-type]

    # -- Details -------------------------------------------------------------------------------

    def _call(self, name: str, call: Callable[[], TimeEntry | None]) -> TimeEntry | None:
        self.asked.append(name)
        if self.quota_back is not None and self.now() < self.quota_back:
            raise OverQuota("Toggl's requests for this hour are used up", self.quota_back)
        fault = next(self.faults, None)
        return call() if fault is None else fault(self, call)

    def _insist_on_reach(self, moment: datetime) -> None:
        """As Toggl's does: it asks nothing about what is too old."""
        if self.forgets and moment < oldest_in_reach(self.now()):
            raise TooOld("too old")

    def _keep(self, entry: NewEntry) -> TimeEntry:
        self.number += 1
        made = TimeEntry(
            str(self.number),
            entry.span.start,
            entry.span.end,
            entry.description,
            entry.project_id,
            tags=entry.tags,
            billable=bool(entry.billable),
            changed=f"at {self.number}",
        )
        self.kept[made.id] = made
        return made

    def _same(self, entry: NewEntry) -> TimeEntry | None:
        same = [value for value in self.kept.values() if _says(value, entry)]
        return min(same, key=lambda each: each.id) if same else None

    def _change(self, entry_id: str, entry: NewEntry, seen: str | None) -> TimeEntry:
        known = self._known(entry_id)
        if _says(known, entry) and known.tags == entry.tags:
            return known
        self._insist(known, seen)
        self.touch(
            entry_id,
            start=entry.span.start,
            end=entry.span.end,
            description=entry.description,
            project_id=entry.project_id,
            tags=entry.tags,
        )
        return self.kept[entry_id]

    def _remove(self, entry_id: str, seen: str | None) -> None:
        self._insist(self._known(entry_id), seen)
        del self.kept[entry_id]

    def _known(self, entry_id: str) -> TimeEntry:
        if entry_id not in self.kept:
            raise Gone("the entry is no longer in Toggl")
        return self.kept[entry_id]

    @staticmethod
    def _insist(known: TimeEntry, seen: str | None) -> None:
        if seen and known.changed != seen:
            raise Conflict("the entry was changed in Toggl since", known)


def _says(found: TimeEntry, entry: NewEntry) -> bool:
    return (found.start, found.end, found.description, found.project_id) == (
        entry.span.start,
        entry.span.end,
        entry.description,
        entry.project_id,
    )
