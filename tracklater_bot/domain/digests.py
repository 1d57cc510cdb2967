"""Digests: a day as a message, its items and what became of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tracklater_bot.domain.draft import AgentTime, Gap, Rounding
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.suggestions import SourceStatus, Suggestion


class ItemState(StrEnum):
    """What became of a suggestion.

    OPEN waits for a decision. PENDING is approved and stored, not yet sent. SENDING is on its way.
    SENT is in the tracker. UNKNOWN was sent, but the answer was lost: it is looked up before all
    else. FAILED was refused, with a reason. SKIPPED is not wanted. DELETING is being undone.
    """

    OPEN = "open"
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SKIPPED = "skipped"
    DELETING = "deleting"


UNDER_WAY = (ItemState.PENDING, ItemState.SENDING, ItemState.UNKNOWN)
IN_PROGRESS = (*UNDER_WAY, ItemState.DELETING)


class Problem(StrEnum):
    """Why an item is not where the person wants it; tells which button mends it."""

    WAITING = "waiting"  # goes on by itself: no network, too many requests
    QUOTA = "quota"  # goes on by itself when the quota resets
    OVERLAP = "overlap"  # something else was tracked at that time meanwhile
    MISSING = "missing"  # the workspace demands something that the entry lacks
    CHANGED = "changed"  # somebody changed the entry in the tracker
    GONE = "gone"  # somebody deleted the entry in the tracker
    REFUSED = "refused"  # the tracker said no
    TOO_OLD = "too old"  # the tracker can no longer be asked for that time


@dataclass(frozen=True, slots=True)
class Worklog:
    """An item's worklog in Jira, beside its entry.

    `state` is PENDING, SENT, FAILED or DELETING; `problem` says why it is not as it should be.
    """

    issue: str
    state: ItemState = ItemState.PENDING
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A stored suggestion and its state. `version` grows with every change.

    `by_hand`: the person edited, split, merged or added it, so it stays when the day is read anew.
    `change` numbers the person's last such change, for taking it back; None when there is none.
    `entry_id` is the tracker's, `entry_changed` its word for the entry's state as we last saw it.
    `worklog` is None where there is none and none is wanted.
    """

    id: str
    suggestion: Suggestion
    state: ItemState = ItemState.OPEN
    version: int = 1
    entry_id: str | None = None
    problem: str | None = None
    retry_at: datetime | None = None
    billable: bool | None = None
    tags: tuple[str, ...] = ()
    problem_code: Problem | None = None
    by_hand: bool = False
    change: int | None = None
    entry_changed: str | None = None
    worklog: Worklog | None = None

    def in_state(self, state: ItemState) -> Item:
        """The item in that state, with no problem."""
        return replace(self, state=state, problem=None, problem_code=None, retry_at=None)

    @property
    def waits_until(self) -> datetime | None:
        """When it goes on by itself; None where it is not held back."""
        return self.retry_at if self.state in IN_PROGRESS else None

    @property
    def approvable(self) -> bool:
        """Whether approving everything takes it along: undecided, with a group and a project."""
        suggestion = self.suggestion
        named = bool(suggestion.group) and suggestion.project is not None
        return self.state is ItemState.OPEN and named

    @property
    def certain(self) -> bool:
        """Whether it is approvable, and sure enough for not looking twice."""
        return self.approvable and self.suggestion.certain


@dataclass(frozen=True, slots=True)
class Digest:
    """A person's day as one Slack message: its items, what is tracked, and where it was posted.

    `shown` is the version that the message in Slack shows; when it lags behind `version`, the
    message must be updated.
    """

    person: str
    day: date
    timezone: str
    items: tuple[Item, ...] = ()
    tracked: tuple[TimeEntry, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    gaps: tuple[Gap, ...] = ()
    agents: tuple[AgentTime, ...] = ()
    version: int = 1
    shown: int = 0
    channel: str | None = None
    ts: str | None = None
    unheard: bool = False  # Slack was told to post its message, and nobody knows what came of it

    def ready(self, *, certain_only: bool) -> list[Item]:
        """What approving the day takes: its certain items, or all with group and project."""
        return [i for i in self.items if (i.certain if certain_only else i.approvable)]

    def posted_since(self, moment: datetime) -> bool:
        """Whether its message was posted then or later: `ts` is Slack's time in seconds."""
        return self.ts is not None and Decimal(self.ts) >= Decimal(moment.timestamp())


def is_open(item: Item) -> bool:
    """Whether the person still has to decide."""
    return item.state in (ItemState.OPEN, ItemState.FAILED)


# -- What rounding took from each group's days, so that another day gives it back -----------------


def rounding_of(day: date, suggestion: Suggestion, step: timedelta) -> Rounding | None:
    """None for a row without a group, one that is shorter than a step, and one cut by hand."""
    exact = timedelta(seconds=suggestion.evidence.exact_seconds)
    left = exact - suggestion.span.length
    if suggestion.group is None or exact < step or abs(left) > step:
        return None
    return Rounding(day, suggestion.group, round(left.total_seconds()))


def roundings_of(digest: Digest, step: timedelta) -> Iterator[Rounding]:
    """Those of a stored day's rows, but for those that are skipped."""
    for item in digest.items:
        found = rounding_of(digest.day, item.suggestion, step)
        if found is not None and item.state is not ItemState.SKIPPED:
            yield Rounding(found.day, found.group, found.seconds, not is_open(item))


def left_over(roundings: Iterable[Rounding], day: date) -> dict[str, timedelta]:
    """What the day has to give back to each group: all that is decided in its month, and what
    waits on the days before it.
    """
    lengths: defaultdict[str, timedelta] = defaultdict(timedelta)
    for one in roundings:
        same_month = (one.day.year, one.day.month) == (day.year, day.month)
        if same_month and (one.decided or one.day < day):
            lengths[one.group] += timedelta(seconds=one.seconds)
    return dict(lengths)
