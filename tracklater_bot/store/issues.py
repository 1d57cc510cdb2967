"""The issues of all trackers, for linking and for search while nobody can be asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from tracklater_bot.model import Issue
from tracklater_bot.store.sql import upsert
from tracklater_bot.store.tables import issues


def put(connection: Connection, person: str, found: Sequence[Issue]) -> None:
    """Adds issues; those that are known already are replaced."""
    rows = {(each.tracker, each.group, each.key): _columns(person, each) for each in found}
    upsert(connection, issues, [*rows.values()])


def known(connection: Connection, person: str, group: str | None) -> list[Issue]:
    """All of the person's issues, or those of one group."""
    query = select(*(issues.c[name] for name in _FIELDS)).where(issues.c.person == person)
    if group is not None:
        query = query.where(issues.c.group == group)
    return [Issue(*row) for row in connection.execute(query)]


_FIELDS = (
    "key",
    "title",
    "url",
    "tracker",
    "group",
    "type",
    "closed",
    "mine",
    "in_progress",
    "updated",
    "aliases",
)  # fmt: skip - in the order of Issue's own


def _columns(person: str, issue: Issue) -> dict[str, object]:
    return {"person": person} | {name: getattr(issue, name) for name in _FIELDS}
