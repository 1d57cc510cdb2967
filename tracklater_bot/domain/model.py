"""The values that travel down the street: clues, issues, entries, suggestions, digests.

Frozen, no I/O, no clock. The words are those of CONTRIBUTING.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from tracklater_bot.domain.day import Span

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
MOST_DESCRIPTION = 2000  # characters of an entry; Toggl takes 3,000, and no list shows so many

# -- Clues: traces of work with a time ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """One sample of the screen: at `at`, the window called `title` was in front ("" = unknown).

    `screen` is a fingerprint of what was in front (the active window and its title): two samples
    with the same fingerprint show that nothing changed between them. `machine` tells recorders
    apart when two of them cover the same day. `window` tells which window was in front, 0 where
    that is unknown: its title may change by itself.
    """

    at: datetime
    title: str
    screen: int
    machine: str = ""
    window: int = 0


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the person's own; `at` is the author time: the work lies before it.

    A commit that was amended has another clue of the same `sha` for each time. `hosted` tells
    that the repository has a remote on a code host, which numbers things too. `by_program`: a
    program made it in the person's name, who need not have been there.
    """

    at: datetime
    group: str
    repo: str
    sha: str
    subject: str
    branches: tuple[str, ...] = ()
    hosted: bool = False
    by_program: bool = False


@dataclass(frozen=True, slots=True)
class Checkout:
    """From `at` on, `branch` was checked out in `repo` (from the reflog)."""

    at: datetime
    group: str
    repo: str
    branch: str
    hosted: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A chat message the person wrote. `group` is None where the workspace serves all groups."""

    at: datetime
    group: str | None
    text: str
    channel: str = ""
    workspace: str = ""


Clue: TypeAlias = Window | Commit | Checkout | Message


class HintKind(StrEnum):
    """Where a hint comes from, strongest first."""

    KEYWORD = "keyword"
    REPOSITORY = "repository"
    REMOTE = "remote"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Hint:
    """Words that point to a group when they are seen in a window title, a branch or a message."""

    group: str
    kind: HintKind
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one source said about a stretch of time; a failure is a sentence, not an exception.

    `trouble` may come together with clues: a broken file gives what could be saved.
    `hints` are names the source found out (a repository's folder, its remotes).
    """

    name: str
    group: str | None = None
    clues: tuple[Clue, ...] = ()
    hints: tuple[Hint, ...] = ()
    trouble: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the source was read without trouble."""
        return self.trouble is None


# -- Issues and projects -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Issue:
    """A Jira or Taiga issue. `key` is what people write: `DEV-123`, `#12`.

    `type` is the tracker's word in lower case ("bug", "story", "task", "epic", "issue").
    `aliases` are keys the issue had before it was moved; people still write them in branches.
    """

    key: str
    title: str
    url: str
    tracker: str
    group: str
    type: str = ""
    closed: bool = False
    mine: bool = False
    in_progress: bool = False
    updated: datetime | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """A Toggl project of a group. `id` is None until Toggl has told it.

    `type` says for what it is suggested: "default", or an issue type such as "bug".
    """

    name: str
    group: str
    type: str = "default"
    client: str = ""
    id: int | None = None
    billable: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What the engine needs to know of a client or work project of the user."""

    name: str
    hints: tuple[Hint, ...] = ()
    jira_keys: tuple[str, ...] = ()
    has_taiga: bool = False
    projects: tuple[Project, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """An entry in Toggl. `end` is None while it runs. `changed` is Toggl's `at`."""

    id: int
    start: datetime
    end: datetime | None
    description: str = ""
    project_id: int | None = None
    project: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    billable: bool = False
    changed: str = ""

    def span(self, now: datetime) -> Span | None:
        """The time it covers; a running entry reaches until `now`. None for one of no length."""
        end = self.end if self.end is not None else max(now, self.start)
        return Span(self.start, end) if end > self.start else None


# -- Suggestions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much was seen during a suggestion; counts only, never the clues themselves."""

    window_minutes: int = 0
    commits: int = 0
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that decided a suggestion, in the user's own terms and without window titles.

    `text` is a sentence part such as "keyword acme in window titles, 42 min".
    `weight` is its share of the evidence, 0 to 1.
    """

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A span with group, project, issue and description, waiting for a decision.

    `group` is None for presence that nothing explains ("What was this?"). `confidence` is the
    probability, 0 to 1, that the group is right. `seam` is the best place to split it.
    `instead` says what would have been chosen without the `reasons`. `own_words`: the person wrote
    the description, so it stays whatever else is changed.
    """

    span: Span
    group: str | None
    project: Project | None = None
    issue: Issue | None = None
    description: str = ""
    confidence: float = 0.0
    evidence: Evidence = Evidence()
    reasons: tuple[Reason, ...] = ()
    instead: str | None = None
    seam: datetime | None = None
    own_words: bool = False


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source fared for a day: the number of clues, and its trouble if there was any."""

    name: str
    group: str | None
    clues: int
    trouble: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the source was read without trouble."""
        return self.trouble is None


@dataclass(frozen=True, slots=True)
class Draft:
    """A day as the engine sees it: nothing decided, nothing stored, nothing sent.

    `commits` and `messages` are the moments of those clues, for the marks in the timeline.
    """

    day: date
    timezone: str
    suggestions: tuple[Suggestion, ...] = ()
    tracked: tuple[TimeEntry, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    commits: tuple[datetime, ...] = ()
    messages: tuple[datetime, ...] = ()


CERTAIN = 0.9


# -- Decisions ---------------------------------------------------------------------------------


class State(StrEnum):
    """What became of a suggestion.

    OPEN waits for a decision. PENDING is approved and stored, not yet sent. SENDING is on its way.
    SENT is in Toggl. UNKNOWN was sent, but the answer was lost: it is looked up before anything
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
    state: State = State.PENDING
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A stored suggestion and its state. `version` grows with every change.

    `by_hand`: the person edited, split, merged or added it, so it stays when the day is read anew.
    `change` numbers the person's last such change, for taking it back; None when there is none.
    `entry_changed` is Toggl's `at` of the entry as we last saw it. `worklog` is None where there is
    none and none is wanted.
    """

    id: str
    suggestion: Suggestion
    state: State = State.OPEN
    version: int = 1
    entry_id: int | None = None
    problem: str | None = None
    retry_at: datetime | None = None
    billable: bool | None = None
    tags: tuple[str, ...] = ()
    problem_code: Problem | None = None
    by_hand: bool = False
    change: int | None = None
    entry_changed: str | None = None
    worklog: Worklog | None = None

    @property
    def approvable(self) -> bool:
        """Whether approving everything takes it along: undecided, with a group and a project."""
        suggestion = self.suggestion
        named = bool(suggestion.group) and suggestion.project is not None
        return self.state is State.OPEN and named

    @property
    def certain(self) -> bool:
        """Whether it is approvable and its group is sure enough for not looking twice."""
        return self.approvable and self.suggestion.confidence >= CERTAIN


class RuleKind(StrEnum):
    """What a rule does with windows like these."""

    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Rule:
    """The person's own word on what belongs to a group: `text` in a title always or never does.

    `id` is 0 until it is stored.
    """

    kind: RuleKind
    group: str
    text: str
    id: int = 0


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
    version: int = 1
    shown: int = 0
    channel: str | None = None
    ts: str | None = None
    unheard: bool = False  # Slack was told to post its message, and nobody knows what came of it

    def posted_since(self, moment: datetime) -> bool:
        """Whether its message was posted then or later: `ts` is Slack's time in seconds."""
        return self.ts is not None and Decimal(self.ts) >= Decimal(moment.timestamp())
