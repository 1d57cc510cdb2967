"""Issues: what work is on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class IssueId(NamedTuple):
    """Which issue: a tracker's key means another issue in another group, or another tracker."""

    group: str
    key: str
    tracker: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of a tracker. `key` is what people write: `DEV-123`, `#12`.

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

    @property
    def id(self) -> IssueId:
        """Which issue it is."""
        return IssueId(self.group, self.key, self.tracker)
