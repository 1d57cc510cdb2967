"""People, their devices, codes and tokens in the database. SQL alone.

All functions work inside the caller's transaction, and by the database's clock.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Interval,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from tracklater_bot.store import Transaction
from tracklater_bot.store.columns import UtcTime, insert_missing, upsert
from tracklater_bot.store.tables import digests
from tracklater_hub.sealing import Sealed
from tracklater_hub.tables import (
    codes,
    credentials,
    devices,
    drafts,
    nonces,
    people,
    requests,
)

CODE_LASTS = timedelta(minutes=10)
NONCE_LASTS = timedelta(minutes=15)  # longer than a time-stamp counts, before and after
MOST_SKEW = timedelta(minutes=5)
SLACK = "slack"  # in the place of a device, whose ids have other letters
AWAKE = timedelta(seconds=75)  # since the machine was heard of
MOST_A_MINUTE = 120  # requests of one device
MINUTE = timedelta(minutes=1)
ROUND = timedelta(minutes=10)  # between two looks at a person for whom nothing is planned
RETRY = timedelta(minutes=2)  # after a look that did not come to its end


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A person's machine. `key` is the public half."""

    id: str
    person: str
    key: str
    made_at: datetime
    seen_at: datetime | None


class Version(NamedTuple):
    """A state of a person's tokens: since when they are here, and how often they gave some."""

    joined_at: datetime
    number: int


def is_awake(device: DeviceRow | None, now: datetime) -> bool:
    """Whether the machine was heard of a moment ago."""
    return device is not None and device.seen_at is not None and now - device.seen_at < AWAKE


def now(transaction: Transaction) -> datetime:
    """The database's clock."""
    found: datetime = transaction.execute(select(func.clock_timestamp())).scalar_one()
    return found.astimezone(UTC)


# -- People --------------------------------------------------------------------------------------


def add(transaction: Transaction, person: str) -> bool:
    """Makes the person known; whether they were not."""
    known = version(transaction, person) is not None
    insert_missing(transaction, people, {"person": person, "joined_at": now(transaction)})
    return not known


def version(transaction: Transaction, person: str) -> Version | None:
    """Which state of the person's tokens it is; None for somebody unknown.

    Who left and joined again has another one in any case.
    """
    query = select(people.c.joined_at, people.c.version).where(people.c.person == person)
    row = transaction.execute(query).one_or_none()
    return Version(*row) if row else None


def everybody(transaction: Transaction) -> list[str]:
    """All people."""
    return [*transaction.execute(select(people.c.person).order_by(people.c.joined_at)).scalars()]


def with_days(transaction: Transaction) -> set[str]:
    """All who have days here, also those who have left."""
    return {*transaction.execute(select(digests.c.person).distinct()).scalars()}


def remove(transaction: Transaction, person: str) -> None:
    """Ends the person's device, and drops their tokens, drafts and questions.

    What they decided stays: it is in the bot's tables.
    """
    # First what others lock who are about to give the person something; then what they gave.
    for table in (people, requests, codes, credentials, drafts):
        transaction.execute(delete(table).where(table.c.person == person))
    end_device(transaction, person)


def take_due(transaction: Transaction, most: int) -> list[str]:
    """Those for whom it is time to look what is due; each is given to one process."""
    at = now(transaction)
    due = (
        select(people.c.person)
        .where(or_(people.c.due_at.is_(None), people.c.due_at <= at))
        .order_by(people.c.due_at.nulls_first())
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taken = [*transaction.execute(due).scalars()]
    set_due(transaction, taken, at + RETRY)
    return taken


def set_due(transaction: Transaction, whose: Sequence[str], at: datetime) -> None:
    """When these are looked at again."""
    transaction.execute(update(people).where(people.c.person.in_(whose)).values(due_at=at))


def take_turn(transaction: Transaction, person: str, name: str, every: timedelta) -> bool:
    """Whether something that is done now and then is due; then it is taken as done."""
    column, at = people.c[name], now(transaction)
    due = or_(column.is_(None), column <= at - every)
    taken = update(people).where(people.c.person == person, due).values({name: at})
    return bool(transaction.execute(taken).rowcount)


# -- Codes and devices ---------------------------------------------------------------------------


def new_code(transaction: Transaction, person: str) -> str:
    """A code that makes a machine this person's, once, for some minutes: `ABCD-EFGH-…`."""
    plain = base64.b32encode(secrets.token_bytes(10)).decode()
    transaction.execute(delete(codes).where(codes.c.person == person))
    until = now(transaction) + CODE_LASTS
    row = {"hash": _hash(plain), "person": person, "until": until}
    upsert(transaction, codes, [row])
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def use_code(transaction: Transaction, code: str, key: str) -> DeviceRow | None:
    """The new device of the code's person, in place of the one before; None for no such code."""
    at = now(transaction)
    theirs = codes.c.hash == _hash(code.replace("-", ""))
    person = transaction.execute(select(codes.c.person).where(theirs)).scalar()
    if person is None or not _stays(transaction, person):
        return None
    used = delete(codes).where(theirs, codes.c.until > at)
    if not transaction.execute(used).rowcount:
        return None
    end_device(transaction, person)
    device = DeviceRow(secrets.token_hex(16), person, key, at, None)
    row = {"id": device.id, "person": person, "key": key, "made_at": at, "used": 0}
    upsert(transaction, devices, [row])
    return device


def _stays(transaction: Transaction, person: str) -> bool:
    """Whether the person has joined; they do not leave before the transaction ends."""
    query = select(people.c.person).where(people.c.person == person).with_for_update(read=True)
    return transaction.execute(query).first() is not None


def device_of(transaction: Transaction, person: str) -> DeviceRow | None:
    """The person's machine."""
    return _device(transaction, devices.c.person == person)


def device(transaction: Transaction, device_id: str) -> DeviceRow | None:
    """The machine of that id, unless it was ended."""
    return _device(transaction, devices.c.id == device_id)


def was_ended(transaction: Transaction, device_id: str) -> bool:
    """Whether there was a machine of that id, which is not heard any more."""
    ended = (devices.c.id == device_id) & devices.c.ended_at.is_not(None)
    return transaction.execute(select(devices.c.id).where(ended)).first() is not None


def end_device(transaction: Transaction, person: str) -> bool:
    """From now on nothing of the person's machine is taken; whether there was one."""
    ours = (devices.c.person == person) & devices.c.ended_at.is_(None)
    over = {"ended_at": now(transaction), "key": ""}
    ended = transaction.execute(update(devices).where(ours).values(over))
    return bool(ended.rowcount)


def note_request(transaction: Transaction, device_id: str, nonce: str) -> bool | None:
    """Whether the device says that for the first time; None where it says too much at once."""
    at = now(transaction)
    new = insert(nonces).values(device=device_id, nonce=nonce, until=at + NONCE_LASTS)
    made = new.on_conflict_do_nothing().returning(nonces.c.nonce)
    if transaction.execute(made).first() is None:
        return False
    # A minute begins with the first request after the last one is over.
    begins = or_(devices.c.since.is_(None), devices.c.since <= at - MINUTE)
    counted = (
        update(devices)
        .where(devices.c.id == device_id)
        .values(
            seen_at=at,
            used=case((begins, 1), else_=devices.c.used + 1),
            since=case((begins, at), else_=devices.c.since),
        )
        .returning(devices.c.used)
    )
    return True if transaction.execute(counted).scalar_one() <= MOST_A_MINUTE else None


def take_request(transaction: Transaction, name: str, lasts: timedelta) -> timedelta | None:
    """Takes a request of Slack's for so long; for how long it is another's yet, where it is."""
    until = _from_now(lasts)
    new = insert(nonces).values(device=SLACK, nonce=_hash(name), until=until)
    taken = new.on_conflict_do_update(
        index_elements=[nonces.c.device, nonces.c.nonce],
        set_={"until": until},
        where=nonces.c.until <= func.clock_timestamp(),
    )
    if transaction.execute(taken.returning(nonces.c.nonce)).first() is not None:
        return None
    left = func.extract("epoch", nonces.c.until) - func.extract("epoch", func.clock_timestamp())
    seconds = transaction.execute(select(left).where(_is(name))).scalar_one()
    return timedelta(seconds=float(seconds))


def keep_request(transaction: Transaction, name: str, lasts: timedelta) -> None:
    """For how long the request is taken from now on."""
    until = _from_now(lasts)
    transaction.execute(update(nonces).where(_is(name)).values(until=until))


def _from_now(lasts: timedelta) -> ColumnElement[datetime]:
    return func.clock_timestamp(type_=UtcTime) + literal(lasts, Interval)


def _is(name: str) -> ColumnElement[bool]:
    return (nonces.c.device == SLACK) & (nonces.c.nonce == _hash(name))


def _device(transaction: Transaction, which: ColumnElement[bool]) -> DeviceRow | None:
    names = ("id", "person", "key", "made_at", "seen_at")
    query = select(*(devices.c[name] for name in names)).where(which, devices.c.ended_at.is_(None))
    row = transaction.execute(query).one_or_none()
    return DeviceRow(*row) if row else None


def _hash(code: str) -> str:
    """80 bits of chance need no salt."""
    return hashlib.sha256(code.encode()).hexdigest()


# -- Tokens --------------------------------------------------------------------------------------


def sealed(transaction: Transaction, person: str) -> dict[str, str]:
    """The person's sealed tokens by their places in the settings."""
    query = select(credentials.c.name, credentials.c.sealed).where(credentials.c.person == person)
    return {row.name: row.sealed for row in transaction.execute(query)}


def put_sealed(transaction: Transaction, person: str, tokens: Mapping[str, str]) -> bool:
    """Keeps sealed tokens, in place of those that were there; False for who has left meanwhile."""
    changed = update(people).where(people.c.person == person)
    values = {"version": people.c.version + 1, "issues_at": None, "due_at": None}
    if not transaction.execute(changed.values(values)).rowcount:
        return False
    rows = [{"person": person, "name": name, "sealed": one} for name, one in tokens.items()]
    upsert(transaction, credentials, rows)
    return True


def all_sealed(transaction: Transaction) -> list[Sealed]:
    """Everybody's sealed tokens."""
    query = select(credentials.c.person, credentials.c.name, credentials.c.sealed)
    return [Sealed(*row) for row in transaction.execute(query.with_for_update())]


def drop_sealed(transaction: Transaction, which: Iterable[Sealed]) -> None:
    """Deletes these tokens."""
    for one in which:
        theirs = (credentials.c.person == one.person) & (credentials.c.name == one.name)
        transaction.execute(delete(credentials).where(theirs))
        again = update(people).where(people.c.person == one.person)
        transaction.execute(again.values(version=people.c.version + 1))


def reseal(transaction: Transaction, renewed: Callable[[Sequence[str]], Sequence[str]]) -> int:
    """Puts everybody's sealed tokens under another key; how many there are."""
    rows = all_sealed(transaction)
    new = renewed([row.text for row in rows])
    for row, sealed_anew in zip(rows, new, strict=True):
        theirs = (credentials.c.person == row.person) & (credentials.c.name == row.name)
        transaction.execute(update(credentials).where(theirs).values(sealed=sealed_anew))
    return len(rows)
