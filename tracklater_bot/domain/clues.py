"""Clues: traces of work with a time. They never leave the machine on which they were read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from tracklater_bot.domain.hints import Hint


@dataclass(frozen=True, slots=True)
class Window:
    """One sample of the screen: at `at`, the window called `title` was in front ("" = unknown).

    `screen` is a fingerprint of what was in front (the active window and its title): two samples
    with the same fingerprint show that nothing changed between them. `machine` tells recorders
    apart when two of them cover the same day. `window` tells which window was in front, 0 where
    that is unknown: its title may change by itself. `until`: it stayed in front so long, where the
    recorder tells lengths; None for a mere moment. `app` is the program, where that is recorded
    apart from the title; `url` the page in front of a browser, `folder` and `branch` what an editor
    has open, each "" where nobody tells.
    """

    at: datetime
    title: str
    screen: int
    machine: str = ""
    window: int = 0
    app: str = ""
    until: datetime | None = None
    url: str = ""
    folder: str = ""
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Attendance:
    """From `at` to `until` the person was at `machine` for certain, or (`here` False) away from it.

    Told by a recorder of keys and mouse, so it replaces guessing from the screen where it reaches.
    """

    at: datetime
    until: datetime
    here: bool
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the person's own; `at` is the author time: the work lies before it.

    A commit that was amended has another clue of the same `sha` for each time. `hosted` tells
    that the repository has a remote on a code host, which numbers things too; `remotes` are what
    its remotes call it: `acme/api`. `by_program`: a program made it in the person's name, who need
    not have been there.
    """

    at: datetime
    group: str
    repo: str
    sha: str
    subject: str
    branches: tuple[str, ...] = ()
    hosted: bool = False
    by_program: bool = False
    remotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkout:
    """From `at` on, `branch` was checked out in `repo` (from the reflog)."""

    at: datetime
    group: str
    repo: str
    branch: str
    hosted: bool = False
    remotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A chat message the person wrote. `group` is None where the workspace serves all groups.

    `shared_channels` of a direct message: the channels that its reader is in as well.
    """

    at: datetime
    group: str | None
    text: str
    channel: str = ""
    workspace: str = ""
    shared_channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """At `at` the person typed something to a coding agent that works in `folder`, on `branch`.

    `group` is None where the folder is none of a group's. What was typed is not kept.
    """

    at: datetime
    group: str | None
    folder: str
    branch: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class AgentRun:
    """A coding agent worked by itself from `at` to `until`: no presence of the person."""

    at: datetime
    until: datetime
    group: str | None
    folder: str
    branch: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """An entry in the person's calendar: a plan, which may have been kept or not.

    `title` is "" for a private one. `domains` are those of the attendees' addresses. `sure` is
    False where it is not known that the person meant to go (tentative, not answered). `series`
    is the same for the occurrences of one series, and tells nothing else.
    """

    at: datetime
    until: datetime
    title: str
    domains: tuple[str, ...] = ()
    sure: bool = True
    series: str = ""


Clue: TypeAlias = (
    Window | Attendance | Commit | Checkout | ChatMessage | Prompt | AgentRun | Meeting
)


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
