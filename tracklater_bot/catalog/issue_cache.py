"""One person's issues in memory, and the search over them: the store is read rarely.

Twenty thousand issues take a fifth of a second to read and twice that to prepare for search.
Whoever brings new ones waits for that; whoever types meanwhile gets what was known before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Protocol

from tracklater_bot.catalog.issue_search import IssueIndex
from tracklater_bot.domain.issues import Issue, IssueId

OTHER_PROCESSES = timedelta(minutes=10)  # how soon issues that they stored are known here


class IssueStore(Protocol):
    """The part of the store that keeps issues, by the scope in which they were read."""

    def put_issues(self, person: str, scope: str, issues: Sequence[Issue]) -> None:
        """Adds them, or replaces those of the same scope and key."""

    def issues(self, person: str, scopes: Collection[str]) -> list[Issue]:
        """Those of these scopes."""

    def keep_issues(self, person: str, scopes: Collection[str]) -> None:
        """Drops those of all other scopes, and what is remembered of those."""


@dataclass(frozen=True, slots=True)
class _Known:
    """All issues as they were read from the store at a moment, or put there since."""

    issues: Mapping[IssueId, Issue]
    read: datetime


class IssueCache:
    """The issues of `scopes`, those that are set up now. Safe to call from threads."""

    def __init__(
        self, store: IssueStore, person: str, clock: Callable[[], datetime], scopes: Collection[str]
    ) -> None:
        self._store = store
        self._person = person
        self._clock = clock
        self._scopes = frozenset(scopes)
        self._pruned = False
        self._changing = RLock()
        self._kept: _Known | None = None
        self._index: IssueIndex | None = None

    def all(self, group: str | None = None) -> list[Issue]:
        """All issues, or one group's."""
        return [value for value in self._known().values() if group in (None, value.group)]

    def keep_only(self, scopes: Collection[str]) -> None:
        """Lets go of all other scopes' issues, here and in the store."""
        with self._changing:
            if not self._pruned or self._scopes != scopes:
                self._scopes = frozenset(scopes)
                self._store.keep_issues(self._person, self._scopes)
                self._read()
                self._pruned = True

    def put(self, scope: str, issues: Iterable[Issue]) -> None:
        """Adds a scope's issues, or replaces them; the keys that they had before stay known."""
        with self._changing:
            known = self._known()
            merged = {issue.id: _with_aliases(issue, known.get(issue.id)) for issue in issues}
            if merged:
                self._store.put_issues(self._person, scope, [*merged.values()])
                self._keep({**known, **merged}, self._kept.read if self._kept else self._clock())

    def search(self, text: str, group: str | None = None, limit: int = 20) -> list[Issue]:
        """What somebody may mean who typed `text`, best first."""
        self._known()
        index = self._index
        if index is None:
            with self._changing:
                index = self._index = self._index or self._indexed()
        return index.search(text, group, limit)

    def reread(self) -> None:
        """Reads what other processes stored."""
        with self._changing:
            self._read()

    def warm(self) -> None:
        """Prepares the search, and reads what other processes stored before anybody must wait."""
        with self._changing:
            if self._age() >= OTHER_PROCESSES / 2:
                self._read()
            if self._index is None:
                self._index = self._indexed()

    def _known(self) -> Mapping[IssueId, Issue]:
        kept = self._kept
        if kept is not None and self._age() < OTHER_PROCESSES:
            return kept.issues
        with self._changing:
            if self._kept is None or self._age() >= OTHER_PROCESSES:
                self._read()
            return self._kept.issues if self._kept else {}

    def _read(self) -> None:
        stored = self._store.issues(self._person, self._scopes)
        self._keep({issue.id: issue for issue in stored}, self._clock())

    def _keep(self, issues: Mapping[IssueId, Issue], read: datetime) -> None:
        unchanged = self._kept is not None and self._kept.issues == issues
        self._kept = _Known(issues, read)
        if self._index is not None and not unchanged:
            self._index = self._indexed()

    def _age(self) -> timedelta:
        return self._clock() - self._kept.read if self._kept else timedelta.max

    def _indexed(self) -> IssueIndex:
        return IssueIndex(self._known().values())


def _with_aliases(issue: Issue, known: Issue | None) -> Issue:
    """The issue with its older keys: trackers tell those only when they are asked by them."""
    before = known.aliases if known else ()
    return replace(issue, aliases=tuple(dict.fromkeys((*before, *issue.aliases))))
