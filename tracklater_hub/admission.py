"""Who may say what: every message of a device is looked at here before anything is done.

In this order: its size, its form, its time by the database's clock, whose signature it has, whether
it was said before, and how much the device says in a minute.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tracklater_bot.store import Store, Transaction
from tracklater_hub import people
from tracklater_hub.people import MOST_SKEW, DeviceRow, is_awake
from tracklater_hub.protocol import JOIN, MOST_BYTES, Envelope, Joined, JoinWanted

T = TypeVar("T")
_NONCE = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
CODE_NAME = 4  # letters of a code
MOST_OF_CODE, MOST_OF_SENDER = 10, 60  # attempts in a minute; an office may be one sender
MOST_NAMES = 20_000
# As JSON has it; texts of file systems may have such, and no database takes them.
_HALF_A_CHARACTER = re.compile(
    r"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F].."
)


class Refused(Exception):
    """The message is not taken. `now` is told to those whose clock is wrong."""

    def __init__(self, status: HTTPStatus, why: str, now: float | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.now = now


@dataclass(frozen=True, slots=True)
class Said:
    """A message that is taken: whose machine says what."""

    device: DeviceRow
    payload: str

    def read(self, shape: type[T]) -> T:
        """The payload. Raises Refused."""
        return read(shape, _HALF_A_CHARACTER.sub(r"\\ufffd", self.payload))


def read(shape: type[T], text: str) -> T:
    """The value that was written. Raises Refused.

    Nothing is built of what has no place in it: four megabytes of brackets would take a hundred.
    """
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
        raise Refused(HTTPStatus.BAD_REQUEST, "not understood: is this version too old?") from None


def opened(path: str, body: bytes) -> Envelope:
    """The envelope, of a size and a form that may be looked at. Raises Refused."""
    if len(body) > MOST_BYTES[path]:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too much at once")
    try:
        envelope = read(Envelope, body.decode())
    except UnicodeDecodeError:
        raise Refused(HTTPStatus.BAD_REQUEST, "not understood") from None
    if not (_NONCE.fullmatch(envelope.nonce) and _SIGNATURE.fullmatch(envelope.signature)):
        raise Refused(HTTPStatus.BAD_REQUEST, "not understood")
    return envelope


def known(transaction: Transaction, device_id: str) -> DeviceRow:
    """The machine of that id. Raises Refused.

    Only of one that was ended it is said so, whereupon it deletes its key: on an older copy of the
    database, or another one, machines are unknown for a while.
    """
    device = people.device(transaction, device_id)
    if device is not None:
        return device
    if people.was_ended(transaction, device_id):
        raise Refused(HTTPStatus.GONE, "this machine is not heard any more")
    raise Refused(HTTPStatus.UNAUTHORIZED, "this machine is not known here")


def everybody(_person: str) -> bool:
    """Where the administrator has no list."""
    return True


def admitted(
    store: Store, path: str, body: bytes, hears: Callable[[str], bool] = everybody
) -> Said:
    """What a device that has joined says, of a person who is heard. Raises Refused."""
    envelope = opened(path, body)
    with store.writing() as transaction:
        device = known(transaction, envelope.device)
        now = people.now(transaction)
        _in_time(envelope, now.timestamp())
        _signed(envelope, path, device.key)
        if not hears(device.person):
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "your administrator has taken you off")
        if not is_awake(device, now):  # it is back: what it missed is asked for
            people.set_due(transaction, [device.person], now)  # people first: see `people.remove`
        fresh = people.note_request(transaction, device.id, envelope.nonce)
        if fresh is None:  # nor is it remembered: that is no way to fill a table
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many requests in a minute")
    if not fresh:
        raise Refused(HTTPStatus.BAD_REQUEST, "this was said before")
    return Said(device, envelope.payload)


class Attempts:
    """How often it was tried to join in the last minute, by codes and by senders, at one process.

    A code's first four letters stand for it. Who does not know them keeps nobody from joining,
    however much they try; and the twelve that are left are not guessed at ten a minute.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tried: dict[str, list[float]] = {}
        self._noting = Lock()

    def note(self, code: str, sender: str) -> None:
        """Counts an attempt. Raises Refused where there were too many."""
        named = f"code {code.replace('-', '')[:CODE_NAME].upper()}"
        with self._noting:
            # A sender that tries too much is not to use up the attempts of others' codes.
            over = bool(sender) and self._is_over(sender, MOST_OF_SENDER)
            if over or self._is_over(named, MOST_OF_CODE):
                raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many attempts: wait a minute")

    def _is_over(self, name: str, most: int) -> bool:
        now = self._clock()
        tried = [at for at in self._tried.pop(name, ()) if at > now - 60][-most:]
        self._tried[name] = [*tried, now]  # at the end: the first is the one to forget
        if len(self._tried) > MOST_NAMES:
            del self._tried[next(iter(self._tried))]
        return len(tried) >= most


def sender_of(peer: str | None, forwarded: str) -> str:
    """Who sends, where that is known: with a proxy in front, the last that it was forwarded for.

    That is what the proxy itself has seen; what is before it, anybody may have written. A network
    of the sixth version is one sender. "" for a proxy that does not tell.
    """
    try:
        address = ip_address(peer or "")
        if not address.is_global:
            address = ip_address(forwarded.rpartition(",")[2].strip())
    except ValueError:
        return ""
    return str(ip_network((address, 64 if address.version == 6 else 32), strict=False))


def join(store: Store, body: bytes, attempts: Attempts | None = None, sender: str = "") -> Joined:
    """Makes the sender a device, where it has a code and the key that it shows. Raises Refused."""
    envelope = opened(JOIN, body)
    wanted = read(JoinWanted, envelope.payload)
    if not _KEY.fullmatch(wanted.key):
        raise Refused(HTTPStatus.BAD_REQUEST, "not understood")
    _signed(envelope, JOIN, wanted.key)
    if attempts is not None:
        attempts.note(wanted.code, sender)
    with store.writing() as transaction:
        _in_time(envelope, people.now(transaction).timestamp())
        device = people.use_code(transaction, wanted.code, wanted.key)
    if device is None:
        raise Refused(HTTPStatus.FORBIDDEN, "no such code, or it is over: ask for a new one")
    return Joined(device.person, device.id)


def _in_time(envelope: Envelope, now: float) -> None:
    if not abs(envelope.time - now) <= MOST_SKEW.total_seconds():
        raise Refused(HTTPStatus.BAD_REQUEST, "from another time: is the clock right?", now)


def _signed(envelope: Envelope, path: str, key: str) -> None:
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(envelope.signature), envelope.signed_text(path))
    except (InvalidSignature, ValueError):
        raise Refused(HTTPStatus.UNAUTHORIZED, "not signed by this machine") from None
