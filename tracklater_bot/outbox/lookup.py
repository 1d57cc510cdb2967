"""What is known of a person's tracker, remembered to spare requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from unicodedata import normalize

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.payload import Payload
from tracklater_bot.domain.text import shown
from tracklater_bot.trackers import base
from tracklater_bot.trackers.forms import task_of


class AccountFacts(Protocol):
    """What is known of a person's account without a request each time.

    `account` is None while nothing is known; it may be days old.
    """

    def account(self) -> base.Account | None: ...  # noqa: D102 - the class says it
    def constraints(self) -> base.Constraints: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _SeenEntries:
    """What was in the tracker at a moment."""

    at: datetime
    span: Span
    entries: tuple[TimeEntry, ...]


@dataclass(eq=False, repr=False)
class Lookup:
    """One person's tracker. Senders for entries and late entries share one.

    `tracker` raises Refused where the person has none. With `key_tag`, entries are tagged with
    their issue.
    """

    tracker: Callable[[], base.Tracker]
    facts: AccountFacts | None = None
    key_tag: bool = False

    def __post_init__(self) -> None:
        self._asked: base.Account | None = None
        self._snapshot: _SeenEntries | None = None

    def constraints(self) -> base.Constraints:
        """What the workspace demands of every entry."""
        return self.facts.constraints() if self.facts else base.Constraints()

    # -- The entry that a payload stands for -----------------------------------------------------

    def entry(self, payload: Payload) -> base.NewEntry:
        """The entry with the tracker's ids; one request where a project's is not known."""
        project_id = self._project_id(payload.project) if payload.project else None
        return base.NewEntry(
            span=payload.span,
            description=payload.description,
            project_id=project_id,
            billable=payload.billable,
            tags=self._tags(payload),
            task_id=self._task_id(payload.issue, project_id),
        )

    def _tags(self, payload: Payload) -> tuple[str, ...]:
        if not self.key_tag or payload.issue is None:
            return payload.tags
        return tuple(dict.fromkeys((*payload.tags, payload.issue)))

    def _project_id(self, project: Project) -> str:
        if project.id is not None:
            return project.id
        account = self._account()
        if account is None or not _ids_called(project, account):
            account = self._asked = self.tracker().account()
        ids = _ids_called(project, account)
        if len(ids) != 1:
            label, name = self.tracker().label, shown(project.name, 60)
            raise base.Refused(f"{label} has no single project {name}: press Edit")
        return ids[0]

    def _task_id(self, issue: str | None, project_id: str | None) -> str | None:
        account = self._account()
        if issue is None or account is None:
            return None
        task = task_of(issue, project_id, account.tasks)
        return task.id if task else None

    def _account(self) -> base.Account | None:
        return (self.facts.account() if self.facts else None) or self._asked

    # -- What is tracked -------------------------------------------------------------------------

    def entries(
        self, span: Span, digest: Digest, now: datetime, oldest: datetime
    ) -> tuple[TimeEntry, ...]:
        """What is tracked on that day, as it was at `oldest` or later.

        It is asked once for all that was approved together.
        """
        snapshot = self._snapshot
        whole = _hull([span, *(item.suggestion.span for item in digest.items)])
        if (
            snapshot is None
            or not oldest <= snapshot.at <= now
            or _hull([snapshot.span, whole]) != snapshot.span
        ):
            # Nothing is concluded from what is not among those that can be understood.
            found, _ = base.seen(lambda: self.tracker().entries(whole))
            snapshot = self._snapshot = _SeenEntries(now, whole, found)
        return snapshot.entries

    def forget_entries(self) -> None:
        """What was seen may no longer hold."""
        self._snapshot = None


def is_same(known: TimeEntry, entry: base.NewEntry) -> bool:
    """Whether they agree in what makes two entries one: time, words and project."""
    words = normalize("NFC", known.description) == normalize("NFC", entry.description)
    return words and (known.start, known.end, known.project_id) == (
        entry.span.start,
        entry.span.end,
        entry.project_id,
    )


def _ids_called(project: Project, account: base.Account) -> list[str]:
    """Ids of the account's projects with that name, of that client if one is named."""
    return [
        known.id
        for known in account.projects
        if known.id is not None
        and known.name.casefold() == project.name.casefold()
        and project.client.casefold() in ("", known.client.casefold())
    ]


def _hull(spans: Sequence[Span]) -> Span:
    return Span(min(span.start for span in spans), max(span.end for span in spans))
