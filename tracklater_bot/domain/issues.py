"""Issues: what work is on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
