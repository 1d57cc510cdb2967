"""The worklogs that are in Jira, as they were last written. They may outlive their items.

All functions work inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy import delete as delete_from

from tracklater_bot.domain.payload import Payload
from tracklater_bot.store.columns import upsert
from tracklater_bot.store.tables import worklogs


@dataclass(frozen=True, slots=True)
class StoredWorklog:
    """A worklog as it was last written, under Jira's number."""

    number: str
    payload: Payload


def load(connection: Connection, item_id: str) -> StoredWorklog | None:
    """The item's worklog, if it has one."""
    query = select(worklogs.c.number, worklogs.c.payload).where(worklogs.c.item_id == item_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredWorklog(row.number, row.payload)


def known(connection: Connection, person: str, numbers: Collection[str]) -> set[str]:
    """Which of the numbers are those of the person's items."""
    where = (worklogs.c.person == person) & worklogs.c.number.in_(numbers)
    return {*connection.execute(select(worklogs.c.number).where(where)).scalars()}


def put(connection: Connection, person: str, item_id: str, worklog: StoredWorklog) -> None:
    """Keeps the item's worklog as it is now."""
    row = {
        "item_id": item_id,
        "person": person,
        "number": worklog.number,
        "payload": worklog.payload,
    }
    upsert(connection, worklogs, [row])


def delete(connection: Connection, item_id: str) -> None:
    """Forgets the item's worklog, which is gone."""
    connection.execute(delete_from(worklogs).where(worklogs.c.item_id == item_id))
