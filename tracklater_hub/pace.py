"""One pace for all processes: what Slack and trackers were asked is counted in the database.

In a process, calls wait in line as they do for one person's bot; at the line's head they ask the
database, by its clock, whether everybody together has called too often. Nobody reserves a turn that
is still to come, so that whoever a person waits for passes all that is done by itself.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from contextlib import suppress
from typing import Any

from slack_sdk.web import SlackResponse
from sqlalchemy import Float, Row, Update, bindparam, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from tracklater_bot.domain.errors import StoreError
from tracklater_bot.slack.pace import IN_A_CHANNEL, MINUTE, Calls, PacedClient, Pacer
from tracklater_bot.store import Store, Transaction
from tracklater_bot.trackers.tallies import Change, Tallies, Tally
from tracklater_hub.tables import pace

log = logging.getLogger(__name__)
POST = "chat.postMessage"
CONVERSATION = "conversation"  # under which name the store remembers it
LONGEST = 2.0  # seconds until it is asked again: another process may have said to hold
FORGOTTEN = 2 * 3600.0  # seconds after which nothing counts any more that was noted
_OF = pace.c.method == bindparam("which")
_NOW = func.extract("epoch", func.clock_timestamp())
_COLUMNS = (pace.c.calls, pace.c.held_until, _NOW.label("now"))
_ROW = select(*_COLUMNS).where(_OF).with_for_update()
_NEW_ROW = insert(pace).values(method=bindparam("which"))
_MADE_ROW = _NEW_ROW.on_conflict_do_update(
    index_elements=[pace.c.method], set_={"method": _NEW_ROW.excluded.method}
).returning(*_COLUMNS)


def _change() -> Update:
    return update(pace).where(_OF)


class SharedPacer(Pacer):
    """As the bot's, for all processes on one database.

    A team's digests are many and come at one minute: they are left more of it than one person's.
    """

    low_share = 0.95

    def __init__(self, store: Store, minute: float = MINUTE) -> None:
        super().__init__(minute)
        self._store = store

    def take(self, method: str, calls: Calls, *, low: bool) -> float:
        """Counts a call that may be made now; otherwise the seconds until there may be one."""
        try:
            with self._store.writing() as transaction:
                row = _row(transaction, method)
                together = Calls(deque(json.loads(row.calls)), held_until=row.held_until)
                delay = self.delay(method, together, float(row.now), low=low)
                if delay:
                    return min(delay, LONGEST)
                made = json.dumps([*together.at, float(row.now)])
                transaction.execute(_change(), {"which": method, "calls": made})
        except StoreError as error:
            log.warning("%s Calls are counted in this process alone.", error)
            return super().take(method, calls, low=low)
        return 0.0

    def hold(self, method: str, seconds: float) -> None:
        """Keeps everybody from calling the method: Slack said so."""
        super().hold(method, seconds)
        try:
            with self._store.writing() as transaction:
                row = _row(transaction, method)
                held = max(row.held_until, float(row.now) + seconds)
                transaction.execute(_change(), {"which": method, "held_until": held})
        except StoreError as error:
            log.warning("%s Only this process holds.", error)

    def _rest(self, channel: str) -> None:
        """One message a second in a channel, from whichever process; the next second is taken."""
        pause = self._minute / IN_A_CHANNEL
        try:
            # The person's id stands for their DM, which has an id of its own.
            name = f"{POST} {conversation(self._store, channel) or channel}"
            with self._store.writing() as transaction:
                row = _row(transaction, name)
                now = float(row.now)
                at = max(row.held_until, now)
                transaction.execute(_change(), {"which": name, "held_until": at + pause})
        except StoreError as error:
            log.warning("%s The channel rests for this process alone.", error)
            super()._rest(channel)
        else:
            time.sleep(at - now)


class SharedTallies(Tallies):
    """What is left of trackers' requests, for all processes on one database."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def change(self, name: str, change: Change) -> Tally:
        """Puts what `change` makes of the tally in its place, for nobody else meanwhile."""
        try:
            with self._store.writing() as transaction:
                row = _row(transaction, name)
                before = Tally(tuple(json.loads(row.calls)), row.held_until)
                after = change(before)
                if after != before:
                    values = {"calls": json.dumps(after.numbers), "held_until": after.until}
                    transaction.execute(_change(), {"which": name, **values})
                return after
        except StoreError as error:
            log.warning("%s Requests are counted in this process alone.", error)
            return super().change(name, change)

    def read(self, name: str) -> Tally:
        """The tally as it is now."""
        return self.change(name, lambda tally: tally)


class TeamClient(PacedClient):
    """Slack's Web API, that remembers conversations: 50 a minute may be opened.

    It never changes, and many are written to at the same minute.
    """

    def __init__(self, store: Store, **more: Any) -> None:
        super().__init__(**more)
        self._store = store

    def conversations_open(self, **which: Any) -> SlackResponse:
        """As the SDK's; what is known is not asked again."""
        person = str(which.get("users", ""))
        try:
            known = conversation(self._store, person)
        except StoreError:
            return super().conversations_open(**which)
        if known:
            answer = {"ok": True, "channel": {"id": known}}
            return SlackResponse(
                client=self, http_verb="POST", api_url="", req_args={}, data=answer, headers={},
                status_code=200,
            )  # fmt: skip
        opened = super().conversations_open(**which)
        with suppress(StoreError):  # then it is asked once more
            self._store.put(person, CONVERSATION, str(opened["channel"]["id"]))
        return opened


def prune(store: Store) -> None:
    """Forgets what was called, held or counted long ago: methods, channels and tallies alike."""
    last = func.coalesce(cast(cast(pace.c.calls, JSONB)[-1].astext, Float), 0.0)
    before = _NOW - FORGOTTEN
    with store.writing() as transaction:
        old = (pace.c.held_until < before) & (last < before)
        transaction.execute(delete(pace).where(old))


def conversation(store: Store, person: str) -> str:
    """The person's DM, "" where nobody has asked yet. Raises StoreError."""
    known = store.get(person, CONVERSATION, store.clock())
    return known if isinstance(known, str) else ""


def _row(transaction: Transaction, method: str) -> Row[Any]:
    """What is known of the method, for nobody else until the transaction ends."""
    which = {"which": method}
    found = transaction.execute(_ROW, which).one_or_none()
    # In one statement: a row that another made could be forgotten between two.
    return found or transaction.execute(_MADE_ROW, which).one()
