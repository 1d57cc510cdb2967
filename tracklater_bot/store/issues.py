"""The issues of all trackers, for linking and for search while nobody can be asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, or_, select

from tracklater_bot.domain.issues import Issue
from tracklater_bot.store.columns import upsert
from tracklater_bot.store.tables import issues, memory

# What the catalogue remembers of a scope, beside its issues.
ABOUT_SCOPE = ("issues:", "absent:")


def put(connection: Connection, person: str, scope: str, found: Sequence[Issue]) -> None:
    """Adds issues of a scope; those that are known already are replaced."""
    rows = {issue.key: _columns(person, scope, issue) for issue in found}
    upsert(connection, issues, [*rows.values()])


def known(connection: Connection, person: str, scopes: Collection[str]) -> list[Issue]:
    """The person's issues of these scopes."""
    query = select(*(issues.c[name] for name in _FIELDS)).where(
        issues.c.person == person, issues.c.scope.in_(scopes)
    )
    return [Issue(*row) for row in connection.execute(query)]


def keep_only(connection: Connection, person: str, scopes: Collection[str]) -> None:
    """Drops what is kept of all other scopes, so that one that comes back is read anew."""
    gone = (issues.c.person == person) & issues.c.scope.not_in(scopes)
    connection.execute(delete(issues).where(gone))
    about = or_(*(memory.c.key.startswith(prefix) for prefix in ABOUT_SCOPE))
    kept = [f"{prefix}{scope}" for prefix in ABOUT_SCOPE for scope in scopes]
    others = (memory.c.person == person) & about & memory.c.key.not_in(kept)
    connection.execute(delete(memory).where(others))


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


def _columns(person: str, scope: str, issue: Issue) -> dict[str, object]:
    return {"person": person, "scope": scope} | {name: getattr(issue, name) for name in _FIELDS}
