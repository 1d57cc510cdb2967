"""Questions to people's machines, and what they answered: rows, and a bell that tells of them.

A question waits until the machine asks for it. Whoever asked it waits for the answer in any
process; one that comes later is kept all the same, as the day's draft.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

import psycopg
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.engine import make_url

from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.wall import UnreadableError, from_json, to_json
from tracklater_bot.store import Store, Transaction
from tracklater_bot.store.columns import upsert
from tracklater_hub import people
from tracklater_hub.protocol import Answer, Ask, Request
from tracklater_hub.tables import drafts, nonces, requests

log = logging.getLogger(__name__)
CHANNEL = "hub_bell"
LASTS = {Ask.FORGET_HABITS: timedelta(days=90)}
USUALLY_LASTS = timedelta(minutes=5)
TAKEN_LASTS = timedelta(minutes=2)  # then the machine that took it has lost it
DRAFTS_LAST = timedelta(days=400)
MOST_WAITING = 8  # questions to one machine
MOST_WAITERS = 48  # threads of this process that wait for machines; clicks need the others
LOOK_EVERY = 2.0  # seconds, where the bell is not heard
TURN_SECONDS = 0.5
UNHEARD = 10.0  # the same for machines, of which many wait


class Bell:
    """Hears when a question or an answer is stored, in whatever process."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url).set(drivername="postgresql")
        self.conninfo = parsed.render_as_string(hide_password=False)
        self.waiters = threading.BoundedSemaphore(MOST_WAITERS)
        self._rung = threading.Condition()
        self._times: dict[str, int] = {}
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="bell", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Begins to listen."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped.set()
        self._thread.join(2 * TURN_SECONDS)

    def count(self, name: str) -> int:
        """How often it rang for the name, for `wait`."""
        with self._rung:
            return self._times.get(name, 0)

    def wait(self, name: str, before: int, seconds: float) -> None:
        """Until it rings once more for the name, or a little: it may not be heard."""
        with self._rung:
            self._rung.wait_for(
                lambda: self._times.get(name, 0) != before, min(seconds, LOOK_EVERY)
            )

    async def wait_async(self, event: asyncio.Event, seconds: float) -> None:
        """The same without a thread; the event was given to `expect` before."""
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), min(seconds, UNHEARD))

    def expect(self, name: str, event: asyncio.Event) -> None:
        """Sets the event when it rings for the name. To be called in the loop's thread."""
        self._waiters.setdefault(name, set()).add(event)

    def forget(self, name: str, event: asyncio.Event) -> None:
        """Ends that."""
        self._waiters.get(name, set()).discard(event)
        if not self._waiters.get(name):
            self._waiters.pop(name, None)

    def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self.conninfo, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not self._stopped.is_set():
                        for notify in connection.notifies(timeout=TURN_SECONDS, stop_after=1):
                            self._ring(notify.payload)
            except psycopg.Error as error:
                log.warning("The database's bell is not heard: %s.", type(error).__name__)
                self._stopped.wait(1.0)

    def _ring(self, name: str) -> None:
        with self._rung:
            self._times[name] = self._times.get(name, 0) + 1
            if len(self._times) > 10_000:
                self._times = {name: self._times[name]}
            self._rung.notify_all()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, name)

    def _wake(self, name: str) -> None:
        for event in self._waiters.get(name, ()):
            event.set()


def ring(transaction: Transaction, name: str) -> None:
    """Rings in all processes when the transaction is committed."""
    transaction.execute(select(func.pg_notify(CHANNEL, name)))


# -- Questions -----------------------------------------------------------------------------------


def put(transaction: Transaction, person: str, request: Request) -> str | None:
    """Stores the question, and gives its id; None where far too many wait already."""
    at = people.now(transaction)
    waiting = select(func.count()).where(
        requests.c.person == person,
        requests.c.answered_at.is_(None),
        requests.c.until > at,
        # What is kept for months is not in the way of what is waited for, nor the other way round.
        (requests.c.kind == request.ask) if request.ask in LASTS else requests.c.kind.not_in(LASTS),
    )
    if transaction.execute(waiting).scalar_one() >= MOST_WAITING:
        return None
    request = replace(request, id=secrets.token_hex(16))
    row = {
        "id": request.id,
        "person": person,
        "kind": request.ask,
        "body": to_json(request).decode(),
        "made_at": at,
        "until": at + LASTS.get(request.ask, USUALLY_LASTS),
    }
    upsert(transaction, requests, [row])
    ring(transaction, f"ask:{person}")
    return request.id


def waits(transaction: Transaction, person: str, ask: Ask) -> bool:
    """Whether such a question waits for an answer already."""
    at = people.now(transaction)
    open_ = (requests.c.answered_at.is_(None)) & (requests.c.until > at)
    query = select(requests.c.id).where(requests.c.person == person, requests.c.kind == ask, open_)
    return transaction.execute(query.limit(1)).first() is not None


def is_waited_for(transaction: Transaction, person: str) -> bool:
    """Whether somebody waits for days that the machine is drafting now."""
    at = people.now(transaction)
    drafting = (requests.c.kind == Ask.DRAFTS) & requests.c.taken_at.is_not(None)
    open_ = requests.c.answered_at.is_(None) & (requests.c.until > at)
    query = select(requests.c.id, requests.c.kind, requests.c.body)
    taken = query.where(requests.c.person == person, drafting, open_)
    return any(_request(*row).waited_for for row in transaction.execute(taken))


def take(transaction: Transaction, person: str) -> Request | None:
    """The person's oldest question that nobody works on."""
    at = people.now(transaction)
    free = or_(requests.c.taken_at.is_(None), requests.c.taken_at <= at - TAKEN_LASTS)
    open_ = requests.c.answered_at.is_(None) & (requests.c.until > at) & free
    query = (
        select(requests.c.id, requests.c.kind, requests.c.body)
        .where(requests.c.person == person, open_)
        .order_by(requests.c.made_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = transaction.execute(query).one_or_none()
    if row is None:
        return None
    transaction.execute(update(requests).where(requests.c.id == row.id).values(taken_at=at))
    return _request(*row)


def question(
    transaction: Transaction, person: str, request_id: str, *, lock: bool = False
) -> Request | None:
    """The person's question of that id while it is not answered."""
    query = select(requests.c.id, requests.c.kind, requests.c.body).where(
        requests.c.id == request_id,
        requests.c.person == person,
        requests.c.answered_at.is_(None),
    )
    row = transaction.execute(query.with_for_update() if lock else query).one_or_none()
    return _request(*row) if row else None


def asked_days(transaction: Transaction, person: str) -> dict[date, WorkDay]:
    """The days of all questions that the person's machine works on."""
    query = select(requests.c.id, requests.c.kind, requests.c.body).where(
        requests.c.person == person,
        requests.c.taken_at.is_not(None),
        requests.c.answered_at.is_(None),
    )
    asked = [_request(*row) for row in transaction.execute(query.order_by(requests.c.made_at))]
    return {day.date: day for one in asked if one.ask is Ask.DRAFTS for day in one.days}


def _request(request_id: str, kind: str, body: str) -> Request:
    """The question; of one that another version asked, no more than its kind.

    It waits for up to three months, and all others wait behind it.
    """
    try:
        return from_json(Request, body.encode())
    except UnreadableError:
        return Request(request_id, Ask(kind))


def answer(transaction: Transaction, request_id: str, found: Answer) -> None:
    """Keeps the answer for whoever waits; drafts are kept by themselves."""
    values = {
        "answered_at": people.now(transaction),
        "answer": to_json(replace(found, drafts=())).decode(),
        "body": "",
    }
    transaction.execute(update(requests).where(requests.c.id == request_id).values(values))
    ring(transaction, f"answer:{request_id}")


def read(transaction: Transaction, request_id: str) -> Answer | None:
    """The answer, once it is there."""
    query = select(requests.c.answer).where(requests.c.id == request_id)
    text = transaction.execute(query).scalar()
    return from_json(Answer, text.encode()) if text else None


# -- Drafts --------------------------------------------------------------------------------------


def taken_at(transaction: Transaction, request_id: str) -> datetime | None:
    """When the machine was given the question last."""
    query = select(requests.c.taken_at).where(requests.c.id == request_id)
    return transaction.execute(query).scalar()


def keep_drafts(
    transaction: Transaction, person: str, found: Sequence[Draft], asked: datetime | None = None
) -> None:
    """The days as the machine tells of them now, or told of them when it was asked.

    What it told of a day later stays: a process may have slept over an answer.
    """
    at = asked or people.now(transaction)
    later = select(drafts.c.day).where(drafts.c.person == person, drafts.c.at > at)
    newer = {*transaction.execute(later).scalars()}
    upsert(
        transaction,
        drafts,
        [
            {"person": person, "day": draft.day, "draft": to_json(draft).decode(), "at": at}
            for draft in found
            if draft.day not in newer
        ],
    )


def last_draft(transaction: Transaction, person: str, day: date) -> Draft | None:
    """The day as the machine told of it last."""
    query = select(drafts.c.draft).where(drafts.c.person == person, drafts.c.day == day)
    text = transaction.execute(query).scalar()
    try:
        return from_json(Draft, text.encode()) if text else None
    except UnreadableError:  # of another version
        return None


def last_report(transaction: Transaction, person: str) -> datetime | None:
    """When the machine told of any day last."""
    query = select(func.max(drafts.c.at)).where(drafts.c.person == person)
    return transaction.execute(query).scalar()


def told(transaction: Transaction, person: str, since: date) -> dict[date, datetime]:
    """When the machine told of each day last."""
    query = select(drafts.c.day, drafts.c.at).where(
        drafts.c.person == person, drafts.c.day >= since
    )
    return {row.day: row.at for row in transaction.execute(query)}


def prune(store: Store) -> None:
    """Drops what is over."""
    with store.writing() as transaction:
        at = people.now(transaction)
        transaction.execute(delete(nonces).where(nonces.c.until <= at))
        transaction.execute(delete(drafts).where(drafts.c.at <= at - DRAFTS_LAST))
        over = or_(requests.c.until <= at, requests.c.answered_at <= at - USUALLY_LASTS)
        transaction.execute(delete(requests).where(over))


def ask(store: Store, bell: Bell, person: str, request: Request, seconds: float) -> Answer | None:
    """The machine's answer, waited for so long; None where none came, or too many wait."""
    if not bell.waiters.acquire(blocking=False):
        return None
    try:
        return _awaited(store, bell, person, request, seconds)
    finally:
        bell.waiters.release()


def _awaited(
    store: Store, bell: Bell, person: str, request: Request, seconds: float
) -> Answer | None:
    with store.writing() as transaction:
        request_id = put(transaction, person, request)
    if request_id is None:
        return None
    deadline = time.monotonic() + seconds
    while True:
        before = bell.count(f"answer:{request_id}")
        with store.reading() as transaction:
            found = read(transaction, request_id)
        left = deadline - time.monotonic()
        if found is not None or left <= 0:
            return found
        bell.wait(f"answer:{request_id}", before, left)
