"""Groups: the clients and work projects of the person, and their projects in the tracker."""

from __future__ import annotations

from dataclasses import dataclass

from tracklater_bot.domain.clues import Hint


@dataclass(frozen=True, slots=True)
class Project:
    """A Toggl project of a group. `id` is None until Toggl has told it.

    `type` says for what it is suggested: "default", or an issue type such as "bug".
    """

    name: str
    group: str
    type: str = "default"
    client: str = ""
    id: str | None = None
    billable: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What the engine needs to know of a client or work project of the user."""

    name: str
    hints: tuple[Hint, ...] = ()
    jira_keys: tuple[str, ...] = ()
    has_taiga: bool = False
    projects: tuple[Project, ...] = ()
