"""Where the catalogue keeps what it knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from tracklater_bot.catalog.cache import MemoryStore
from tracklater_bot.catalog.issue_cache import IssueStore
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.json_value import JsonValue


class CatalogStore(IssueStore, MemoryStore, Protocol):
    """The part of the store that the catalogue uses."""


class NullStore:
    """The store of those who have no service set up: nobody is asked, nothing need be kept."""

    def put_issues(self, person: str, scope: str, issues: Sequence[Issue]) -> None:
        """Keeps nothing."""

    def issues(self, person: str, scopes: Collection[str]) -> list[Issue]:
        """None."""
        return []

    def keep_issues(self, person: str, scopes: Collection[str]) -> None:
        """There is nothing to drop."""

    def put(self, person: str, key: str, value: JsonValue, until: datetime | None = None) -> None:
        """Keeps nothing."""

    def get(self, person: str, key: str, now: datetime) -> JsonValue | None:
        """Nothing."""
        return None

    def delete(self, person: str, key: str) -> None:
        """There is nothing to forget."""
