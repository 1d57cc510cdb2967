"""What a time tracker is, seen from the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import SOME_TRACKER, TimeEntry, TrackerWords
from tracklater_bot.domain.groups import Project
from tracklater_bot.settings import GroupSettings


class TrackerError(Exception):
    """The tracker did not do what was asked. Its text is a sentence for the person.

    `sent`: a request that changes something went out, and this is what was answered. Whoever
    answered (a proxy may have) does not know whether it was carried out: look before believing it.
    """

    sent = False


class Refused(TrackerError):
    """Nothing was written, and the same request will be refused again."""


class TooOld(Refused):
    """The tracker can no longer be asked for that time: nothing is written that can't be seen."""


class NotSent(TrackerError):
    """Nothing was written (connection refused, 429): sending again is safe, from `retry_at` on."""

    def __init__(self, sentence: str, retry_at: datetime | None = None) -> None:
        super().__init__(sentence)
        self.retry_at = retry_at


class PartlySeen(NotSent):
    """Some of the entries cannot be understood; `entries` are the others.

    What is not among them may be there all the same.
    """

    def __init__(self, sentence: str, entries: tuple[TimeEntry, ...] = ()) -> None:
        super().__init__(sentence)
        self.entries = entries


class OverQuota(NotSent):
    """The hourly quota is used up; `retry_at` is when it resets."""


class Spared(OverQuota):
    """Nobody waits for it, and what is left of the quota is kept for what somebody waits for."""


class Unknown(TrackerError):
    """The request may or may not have been carried out: look before sending again."""


class Late(Unknown):
    """No answer in time: the request may be carried out yet, after a look shows nothing."""


class OtherEntry(Unknown):
    """The answer says success, but carries another entry than the one that was sent."""


class Gone(TrackerError):
    """The entry no longer exists."""


class Conflict(TrackerError):
    """The entry was changed in the tracker since we last saw it; `current` is what it is now."""

    def __init__(self, sentence: str, current: TimeEntry) -> None:
        super().__init__(sentence)
        self.current = current


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be written. Whole seconds, UTC."""

    span: Span
    description: str
    project_id: str | None = None
    billable: bool | None = None
    tags: tuple[str, ...] = ()
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the hourly allowance, as far as the last answers told.

    `hourly` is the least that there is in a whole hour.
    """

    remaining: int | None
    resets_at: datetime | None
    hourly: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Task:
    """A task inside a project; those imported from Jira carry the issue's key in `name`."""

    id: str
    name: str
    project_id: str


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account it is, and the projects there.

    `projects` take entries, `archived` ones refuse them; neither belongs to a group yet.
    """

    name: str
    workspace_id: str
    timezone: str
    projects: tuple[Project, ...]
    archived: tuple[Project, ...] = ()
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Constraints:
    """What every entry of the workspace must have, or it is refused."""

    description: bool = False
    project: bool = False
    tag: bool = False
    task: bool = False


class Tracker(Protocol):
    """Where approved time is written. Every call raises TrackerError's kinds.

    `name` stands in lists of sources, `label` in sentences for the person, `page` is where they
    look at their entries; `forgets`: it shows nothing from more than three months ago.
    `account_key` tells apart whose account it is, and no secret can be had from it. `check` says
    in one line what works, or raises with what to do; it takes the groups whose projects have to
    be there. All ids are the tracker's own, as text.

    `create` never repeats a request by itself once it may have been sent. `find` looks for an
    entry that equals `entry` in start, duration, description and project. It and `entries` raise
    PartlySeen where what they look for may hide in a row that is odd. `update` and `delete` raise
    Conflict when the entry's `changed` differs from `seen`, Gone when it is no longer there.
    `constraints` costs a request each time: keep its answer.
    """

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def page(self) -> str: ...
    @property
    def forgets(self) -> bool: ...
    @property
    def account_key(self) -> str: ...

    def check(self, groups: Mapping[str, GroupSettings]) -> str: ...
    def account(self) -> Account: ...
    def entries(self, span: Span) -> Sequence[TimeEntry]: ...
    def create(self, entry: NewEntry) -> TimeEntry: ...
    def find(self, entry: NewEntry) -> TimeEntry | None: ...
    def update(self, entry_id: str, entry: NewEntry, seen: str | None) -> TimeEntry: ...
    def delete(self, entry_id: str, seen: str | None) -> None: ...
    def quota(self) -> Quota: ...
    def constraints(self) -> Constraints: ...


@runtime_checkable
class Reports(Protocol):
    """A tracker that can tell of days too old for its usual reads. Raises TrackerError's kinds."""

    def reported(self, span: Span) -> Sequence[TimeEntry]: ...


def words_of(tracker: Tracker | None) -> TrackerWords:
    """What the person is told of the tracker, or of the one they lack."""
    if tracker is None:
        return SOME_TRACKER
    return TrackerWords(tracker.label, tracker.page, tracker.forgets)


def seen(ask: Callable[[], Sequence[TimeEntry]]) -> tuple[tuple[TimeEntry, ...], str | None]:
    """The entries that can be understood of an answer, and a sentence about the others."""
    try:
        return tuple(ask()), None
    except PartlySeen as partly:
        return partly.entries, str(partly)


@dataclass(frozen=True, slots=True)
class FoundWorklog:
    """A worklog that carries our id; `as_wanted` when time and comment are those asked for."""

    id: str
    as_wanted: bool = True


class Worklogs(Protocol):
    """Where time is noted on an issue beside the entry. Every call raises TrackerError's kinds.

    `own_id` is an id of our own that stays the same for an item. `create` never repeats a request
    and gives the worklog's id; `find` looks for worklogs with our id that begin when `span` does;
    `update` and `delete` raise Gone for one that is no longer there.
    """

    def create(self, issue: str, own_id: str, span: Span, comment: str = "") -> str: ...
    def find(
        self, issue: str, own_id: str, span: Span, comment: str = ""
    ) -> Sequence[FoundWorklog]: ...
    def update(self, issue: str, worklog: str, span: Span, comment: str = "") -> None: ...
    def delete(self, issue: str, worklog: str) -> None: ...


class GroupWorklogs(Protocol):
    """Which groups' time is written as worklogs, and where."""

    def wanted(self, group: str) -> bool:
        """Whether new entries of the group become worklogs too."""

    def of(self, group: str) -> Worklogs:
        """The group's worklogs, wanted or not. Raises Refused where there are none."""
