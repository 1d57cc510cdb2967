"""Groups: the clients and work projects of the person, and their projects in the tracker."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracklater_bot.domain.hints import Hint
from tracklater_bot.domain.keys import KeyForm


@dataclass(frozen=True, slots=True)
class Project:
    """A group's project in the tracker. `id` is None until that has told it.

    `type` says for what it is suggested: "default", or an issue type such as "bug". Its `color` as
    `#rrggbb` is only looked at: a project in another colour is the same.
    """

    name: str
    group: str
    type: str = "default"
    client: str = ""
    id: str | None = None
    billable: bool = False
    color: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """What must be known of a client or work project to tell its work from others'."""

    name: str
    hints: tuple[Hint, ...] = ()
    key_forms: tuple[KeyForm, ...] = ()
    projects: tuple[Project, ...] = ()
