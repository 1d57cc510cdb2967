"""The store as the other rooms see it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Concatenate, ParamSpec, Self, TypeAlias, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    bindparam,
    delete,
    func,
    or_,
    select,
)

from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.store import days, pruning
from tracklater_bot.store.columns import UtcTime, insert_missing, upsert
from tracklater_bot.store.database import checkpoint, in_words, open_engine
from tracklater_bot.store.tables import issues, memory, preferences, rules

P = ParamSpec("P")
T = TypeVar("T")

Transaction: TypeAlias = Connection
"""What the functions of this room work in; other rooms only pass it on."""

MACHINE_TIME = partial(datetime.now, UTC)
# Asked for with every message: putting a statement together takes longer than its answer.
_REMEMBERED = select(memory.c.value).where(
    memory.c.person == bindparam("person"),
    memory.c.key == bindparam("key"),
    memory.c.until.is_(None) | (memory.c.until > bindparam("now", type_=UtcTime)),
)
_PREFERENCES = select(preferences.c.key, preferences.c.value).where(
    preferences.c.person == bindparam("person")
)
_ISSUE_FIELDS = [field.name for field in fields(Issue)]
_ABOUT_SCOPE = ("issues:", "absent:")  # what the catalogue remembers of a scope, beside its issues


def _within(
    opened: Callable[[Store], AbstractContextManager[Transaction]],
    ask: Callable[Concatenate[Transaction, P], T],
) -> Callable[Concatenate[Store, P], T]:
    """A function of this room as a call of the store, in one transaction."""

    @wraps(ask)
    def call(store: Store, /, *args: P.args, **more: P.kwargs) -> T:
        with opened(store) as transaction:
            return ask(transaction, *args, **more)

    return call


class Store:
    """All that is kept between runs. Safe to use from threads; every call raises StoreError.

    Each call is one transaction. `reading` and `writing` are for rooms that need several steps in
    one (see the modules `days` and `jobs`). Leases, claims and due times are compared with `now`.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = MACHINE_TIME) -> None:
        self._engine = engine
        self.clock = clock
        # SQLite lets one writer in at a time, and those who wait look again only now and then:
        # threads of one process wait here instead, where the next is let in at once.
        one_writer = engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if one_writer else nullcontext()
        )

    @classmethod
    def open(cls, url: str = "", clock: Callable[[], datetime] = MACHINE_TIME) -> Self:
        """Opens the database, making it or bringing it up to date where needed.

        `url` is SQLAlchemy's; "" means SQLite in the user's data directory. `clock` tells the time
        where the database has no clock that is the same for all who use it.
        """
        return cls(open_engine(url), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections. SQLite's file alone has everything then."""
        checkpoint(self._engine)
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that sees one moment's state."""
        engine = self._engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with in_words(engine.url), engine.connect() as transaction, transaction.begin():
            yield transaction

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that is stored as a whole when the block ends, or not at all."""
        with (
            self._turn,
            in_words(self._engine.url),
            self._engine.connect().execution_options(writing=True) as transaction,
            transaction.begin(),
        ):
            yield transaction

    def now(self, transaction: Transaction | None = None) -> datetime:
        """The time that all bots on this database agree on: PostgreSQL's own, or this machine's."""
        if self._engine.dialect.name == "sqlite":
            return self.clock()
        if transaction is None:
            with self.reading() as asking:
                return self.now(asking)
        found: datetime = transaction.execute(select(func.clock_timestamp())).scalar_one()
        return found.astimezone(UTC)

    # -- Digests -------------------------------------------------------------------------------

    digest = _within(reading, days.load)
    digests = _within(reading, days.load_since)
    zone_from = _within(reading, days.zone_from)
    open_days = _within(reading, days.open_days)
    track_record = _within(reading, days.track_record)
    outcomes = _within(reading, days.outcomes)
    decisions = _within(reading, days.decisions)
    stale = _within(reading, days.stale)
    save_draft = _within(writing, days.save_draft)
    claim_digest = _within(writing, days.claim)
    unclaim = _within(writing, days.unclaim)
    set_posted = _within(writing, days.set_posted)
    set_shown_version = _within(writing, days.set_shown_version)

    def digest_of_item(self, item_id: str) -> tuple[Digest, Item] | None:
        """The item and its day, whoever's it is."""
        with self.reading() as transaction:
            digest = days.load_by_item(transaction, item_id)
        if digest is None:
            return None
        return digest, next(item for item in digest.items if item.id == item_id)

    def prune(self, person: str, now: datetime) -> None:
        """Drops what is old and over: sent jobs after a month, days after 400 days.

        What waits, is on its way or failed stays.
        """
        with self.writing() as transaction:
            pruning.prune(transaction, person, now)
        checkpoint(self._engine)

    # -- Memory, preferences, rules --------------------------------------------------------------

    def put(self, person: str, key: str, value: JsonValue, until: datetime | None = None) -> None:
        """Keeps a small value until then, or for good. Never a secret in clear."""
        row = {"person": person, "key": key, "value": value, "until": until}
        with self.writing() as transaction:
            upsert(transaction, memory, [row])

    def get(self, person: str, key: str, now: datetime) -> JsonValue | None:
        """The value, unless its time is over."""
        asked = {"person": person, "key": key, "now": now}
        with self.reading() as transaction:
            value: JsonValue | None = transaction.execute(_REMEMBERED, asked).scalar()
        return value

    def delete(self, person: str, key: str) -> None:
        """Drops the value."""
        self._change(delete(memory).where((memory.c.person == person) & (memory.c.key == key)))

    def preferences(self, person: str) -> dict[str, JsonValue]:
        """What the person chose in Slack; what was never chosen is not there."""
        with self.reading() as transaction:
            found = transaction.execute(_PREFERENCES, {"person": person})
            return {row.key: row.value for row in found}

    def set_preference(self, person: str, key: str, value: JsonValue | None) -> None:
        """Keeps a choice; None takes it back."""
        ours = (preferences.c.person == person) & (preferences.c.key == key)
        with self.writing() as transaction:
            if value is None:
                transaction.execute(delete(preferences).where(ours))
            else:
                upsert(transaction, preferences, [{"person": person, "key": key, "value": value}])

    def rules(self, person: str) -> list[Rule]:
        """The person's rules, oldest first."""
        query = select(rules).where(rules.c.person == person).order_by(rules.c.id)
        with self.reading() as transaction:
            rows = transaction.execute(query).all()
        return [Rule(RuleKind(row.kind), row.group, row.text, row.id) for row in rows]

    def add_rule(self, person: str, rule: Rule) -> None:
        """Keeps the rule; one that says the same is enough."""
        row = {"person": person, "kind": rule.kind, "group": rule.group, "text": rule.text}
        with self.writing() as transaction:
            insert_missing(transaction, rules, row)

    def drop_rule(self, person: str, rule_id: int) -> None:
        """Forgets the rule."""
        self._change(delete(rules).where((rules.c.person == person) & (rules.c.id == rule_id)))

    def _change(self, *statements: Executable) -> None:
        with self.writing() as transaction:
            for statement in statements:
                transaction.execute(statement)

    # -- Issues: for linking, and for search while nobody can be asked ---------------------------

    def put_issues(self, person: str, scope: str, found: Sequence[Issue]) -> None:
        """Adds issues of a scope; those whose key is known there already are replaced."""
        rows = {
            issue.key: {"person": person, "scope": scope}
            | {name: getattr(issue, name) for name in _ISSUE_FIELDS}
            for issue in found
        }
        with self.writing() as transaction:
            upsert(transaction, issues, [*rows.values()])

    def issues(self, person: str, scopes: Collection[str]) -> list[Issue]:
        """The person's issues of these scopes."""
        query = select(*(issues.c[name] for name in _ISSUE_FIELDS)).where(
            issues.c.person == person, issues.c.scope.in_(scopes)
        )
        with self.reading() as transaction:
            return [Issue(*row) for row in transaction.execute(query)]

    def keep_issues(self, person: str, scopes: Collection[str]) -> None:
        """Drops the issues of all other scopes, so that one that comes back is read anew."""
        gone = (issues.c.person == person) & issues.c.scope.not_in(scopes)
        about = or_(*(memory.c.key.startswith(prefix) for prefix in _ABOUT_SCOPE))
        kept = [f"{prefix}{scope}" for prefix in _ABOUT_SCOPE for scope in scopes]
        others = (memory.c.person == person) & about & memory.c.key.not_in(kept)
        self._change(delete(issues).where(gone), delete(memory).where(others))
