"""Small things kept for a person: memories, preferences, rules."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select
from sqlalchemy import delete as delete_from

from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.store.columns import insert_missing, upsert
from tracklater_bot.store.tables import memory, preferences, rules


def put(
    connection: Connection, person: str, key: str, value: JsonValue, until: datetime | None
) -> None:
    """Keeps a value until then, or for good."""
    row = {"person": person, "key": key, "value": value, "until": until}
    upsert(connection, memory, [row])


def get(connection: Connection, person: str, key: str, now: datetime) -> JsonValue | None:
    """The value, unless its time is over."""
    query = select(memory.c.value).where(
        memory.c.person == person,
        memory.c.key == key,
        or_(memory.c.until.is_(None), memory.c.until > now),
    )
    value: JsonValue | None = connection.execute(query).scalar()
    return value


def delete(connection: Connection, person: str, key: str) -> None:
    """Drops the value."""
    connection.execute(delete_from(memory).where(memory.c.person == person, memory.c.key == key))


def all_preferences(connection: Connection, person: str) -> dict[str, JsonValue]:
    """What the person chose; what was never chosen is not there."""
    query = select(preferences.c.key, preferences.c.value).where(preferences.c.person == person)
    return {row.key: row.value for row in connection.execute(query)}


def set_preference(connection: Connection, person: str, key: str, value: JsonValue | None) -> None:
    """Keeps a choice; None takes it back."""
    if value is not None:
        upsert(connection, preferences, [{"person": person, "key": key, "value": value}])
        return
    where = (preferences.c.person == person) & (preferences.c.key == key)
    connection.execute(delete_from(preferences).where(where))


def all_rules(connection: Connection, person: str) -> list[Rule]:
    """The person's rules, oldest first."""
    query = select(rules).where(rules.c.person == person).order_by(rules.c.id)
    return [
        Rule(RuleKind(row.kind), row.group, row.text, row.id) for row in connection.execute(query)
    ]


def add_rule(connection: Connection, person: str, rule: Rule) -> None:
    """Keeps the rule; one that says the same is enough."""
    row = {"person": person, "kind": rule.kind, "group": rule.group, "text": rule.text}
    insert_missing(connection, rules, row)


def drop_rule(connection: Connection, person: str, rule_id: int) -> None:
    """Forgets the rule."""
    connection.execute(delete_from(rules).where(rules.c.person == person, rules.c.id == rule_id))
