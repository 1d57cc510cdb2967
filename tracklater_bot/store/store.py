"""The store as the other rooms see it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from typing import Self

from sqlalchemy import Connection, Engine

from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.domain.rules import Rule
from tracklater_bot.store import days as digests
from tracklater_bot.store import issues, pruning
from tracklater_bot.store import values as memory
from tracklater_bot.store.database import in_words, open_engine
from tracklater_bot.store.days import Grant


class Store:
    """All that is kept between runs. Safe to use from threads; every call raises StoreError.

    Each call is one transaction. `reading` and `writing` are for rooms that need several steps in
    one (see the modules `digests` and `outbox`).
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # SQLite lets one writer in at a time, and those who wait look again only now and then:
        # threads of one process wait here instead, where the next is let in at once.
        one_writer = engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if one_writer else nullcontext()
        )

    @classmethod
    def open(cls, url: str = "") -> Store:
        """Opens the database, making it or bringing it up to date where needed.

        `url` is SQLAlchemy's; "" means SQLite in the user's data directory.
        """
        return cls(open_engine(url))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment's state."""
        engine = self._engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with in_words(engine.url), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is stored as a whole when the block ends, or not at all."""
        with (
            self._turn,
            in_words(self._engine.url),
            self._engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            yield connection

    # -- Digests -------------------------------------------------------------------------------

    def digest(self, person: str, day: date) -> Digest | None:
        """The day as it is stored."""
        with self.reading() as connection:
            return digests.load(connection, person, day)

    def digest_of_item(self, item_id: str) -> tuple[Digest, Item] | None:
        """The item and its day, whoever's it is."""
        with self.reading() as connection:
            digest = digests.load_by_item(connection, item_id)
        if digest is None:
            return None
        return digest, next(item for item in digest.items if item.id == item_id)

    def digests(self, person: str, since: date) -> list[Digest]:
        """The person's days from `since` on, earliest first."""
        with self.reading() as connection:
            return digests.load_since(connection, person, since)

    def open_days(self, person: str, since: date) -> list[tuple[date, int]]:
        """Days with undecided items and how many, earliest first."""
        with self.reading() as connection:
            return digests.open_days(connection, person, since)

    def save_draft(self, person: str, draft: Draft) -> Digest:
        """Stores the day as it was just read.

        What was decided, or edited by hand, stays as it is and keeps its time. Open items are
        replaced by the draft's suggestions; one that was there before keeps its id and version.
        """
        with self.writing() as connection:
            return digests.save_draft(connection, person, draft)

    def claim_digest(
        self, person: str, day: date, owner: str, now: datetime, replacing: str | None = None
    ) -> Grant:
        """Whether this owner may post the day's message now: one bot at a time may.

        `replacing` is the `ts` of the message that the owner found gone; a message posted by
        somebody else meanwhile makes the claim fail. Claims end with `posted`, after two minutes,
        or when their owner's process has ended.
        """
        with self.writing() as connection:
            wanted = digests.Claim(owner, now, replacing)
            return digests.claim(connection, person, day, wanted)

    def unclaim(self, person: str, day: date, by: datetime) -> None:
        """Ends a claim that is over by then, of which no message came."""
        with self.writing() as connection:
            digests.unclaim(connection, person, day, by)

    def posted(self, person: str, day: date, channel: str, ts: str) -> str | None:
        """Where the day's message is in Slack. Ends the claim, and gives whose it was."""
        with self.writing() as connection:
            return digests.posted(connection, person, day, channel, ts)

    def shown(self, person: str, day: date, version: int, before: int | None = None) -> None:
        """Which version of the digest the message shows now.

        `before` is what it showed when this was begun: two bots may change it at the same time.
        """
        with self.writing() as connection:
            digests.shown(connection, person, day, version, before)

    def stale(self, person: str | None = None) -> list[Digest]:
        """The person's days (None: everybody's) whose message shows less than is stored, or may be
        there without our knowing.
        """
        with self.reading() as connection:
            return digests.stale(connection, person)

    def prune(self, person: str, now: datetime) -> None:
        """Drops what is old and over: sent jobs after a month, days after 400 days.

        What waits, is on its way or failed stays.
        """
        with self.writing() as connection:
            pruning.prune(connection, person, now)

    # -- Memory, preferences, rules --------------------------------------------------------------

    def put(self, person: str, key: str, value: JsonValue, until: datetime | None = None) -> None:
        """Keeps a small value until then, or for good. Never a secret in clear."""
        with self.writing() as connection:
            memory.put(connection, person, key, value, until)

    def get(self, person: str, key: str, now: datetime) -> JsonValue | None:
        """The value, unless its time is over."""
        with self.reading() as connection:
            return memory.get(connection, person, key, now)

    def delete(self, person: str, key: str) -> None:
        """Drops the value."""
        with self.writing() as connection:
            memory.delete(connection, person, key)

    def preferences(self, person: str) -> dict[str, JsonValue]:
        """What the person chose in Slack; what was never chosen is not there."""
        with self.reading() as connection:
            return memory.all_preferences(connection, person)

    def set_preference(self, person: str, key: str, value: JsonValue | None) -> None:
        """Keeps a choice; None takes it back."""
        with self.writing() as connection:
            memory.set_preference(connection, person, key, value)

    def rules(self, person: str) -> list[Rule]:
        """The person's rules, oldest first."""
        with self.reading() as connection:
            return memory.all_rules(connection, person)

    def add_rule(self, person: str, rule: Rule) -> None:
        """Keeps the rule; one that says the same is enough."""
        with self.writing() as connection:
            memory.add_rule(connection, person, rule)

    def drop_rule(self, person: str, rule_id: int) -> None:
        """Forgets the rule."""
        with self.writing() as connection:
            memory.drop_rule(connection, person, rule_id)

    # -- Issues ----------------------------------------------------------------------------------

    def put_issues(self, person: str, scope: str, found: Sequence[Issue]) -> None:
        """Adds issues of a scope; those whose key is known there already are replaced."""
        with self.writing() as connection:
            issues.put(connection, person, scope, found)

    def issues(self, person: str, scopes: Collection[str]) -> list[Issue]:
        """The person's issues of these scopes."""
        with self.reading() as connection:
            return issues.known(connection, person, scopes)

    def keep_issues(self, person: str, scopes: Collection[str]) -> None:
        """Drops the issues of all other scopes, and what is remembered of those."""
        with self.writing() as connection:
            issues.keep_only(connection, person, scopes)
