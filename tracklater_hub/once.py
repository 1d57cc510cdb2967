"""What Slack sends: signed by Slack, and taken once by all processes together.

Slack sends an event again, to any process, until one has acknowledged it; a proxy or a thief may
send a request again that Slack signed. Each has a name in the database: an event by its own id, an
envelope by its number, all else by its signature.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from slack_bolt import BoltRequest, BoltResponse
from slack_sdk.signature import Clock, SignatureVerifier

from tracklater_bot.domain.errors import StoreError
from tracklater_bot.slack.connections import ENVELOPE
from tracklater_bot.store import Store
from tracklater_hub import people

log = logging.getLogger(__name__)
SIGNATURE, STAMP = "x-slack-signature", "x-slack-request-timestamp"
MOST_DIGITS = 15  # of a time in seconds
CLAIM = timedelta(seconds=5)  # longer than Slack waits: then its process has died over it
SIGNED_LASTS = timedelta(minutes=11)  # a signature counts for five minutes, before and after
EVENT_LASTS = timedelta(hours=3)  # Slack goes on for an hour, or two
AWAY = (
    "My database cannot be reached right now, so that may not have been kept. Please try again in"
    " a minute."
)


class SignatureClock(Clock):
    """What time it is for signatures: that of the database, which all processes agree on."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def now(self) -> float:
        """In seconds since 1970."""
        return self._clock().timestamp()


class Once:
    """Lets through what Slack signed, and what nobody has taken yet."""

    def __init__(self, store: Store, secret: str, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._verifier = SignatureVerifier(secret, SignatureClock(clock))

    def answer(
        self, request: BoltRequest, dispatch: Callable[[BoltRequest], BoltResponse]
    ) -> BoltResponse:
        """The answer of `dispatch`, where the request is Slack's, and a new one.

        A retry is not acknowledged while the first is being worked on, and is when that is done.
        Where the database is away, a command is told so; of all else Slack says that it failed.
        """
        if request.mode != "socket_mode" and not self._is_signed(request):
            return BoltResponse(status=HTTPStatus.UNAUTHORIZED)
        name = _name_of(request)
        try:
            found = self._taken(name) if name else None
        except StoreError as error:
            return _away(request, error)
        if found is not None:
            return BoltResponse(status=found)
        try:
            answer = dispatch(request)
        except StoreError as error:
            answer = _away(request, error)
        if name:
            self._note(name, answer.status)
        return answer

    def _is_signed(self, request: BoltRequest) -> bool:
        stamp, signature = _header(request, STAMP), _header(request, SIGNATURE)
        looks_so = stamp.isdecimal() and len(stamp) < MOST_DIGITS and signature.isascii()
        return looks_so and self._verifier.is_valid(request.raw_body, stamp, signature)

    def _taken(self, name: str) -> HTTPStatus | None:
        """What is said of one that was taken before; None for a new one, which is taken now."""
        claim = SIGNED_LASTS if name.startswith(SIGNATURE) else CLAIM
        with self._store.writing() as transaction:
            left = people.take_request(transaction, name, claim)
        if left is None:
            return None
        if claim == SIGNED_LASTS:
            return HTTPStatus.UNAUTHORIZED
        return HTTPStatus.OK if left > claim else HTTPStatus.CONFLICT

    def _note(self, name: str, status: int) -> None:
        """What was done is not done again; what failed may be."""
        done = status == HTTPStatus.OK
        if done and name.startswith(SIGNATURE):
            return  # taken for long enough already
        try:
            with self._store.writing() as transaction:
                people.keep_request(transaction, name, EVENT_LASTS if done else timedelta())
        except StoreError as error:
            log.warning("%s", error)


def _name_of(request: BoltRequest) -> str:
    """What is the same in a repetition; "" where nothing is."""
    event = request.body.get("event_id")
    if event and request.body.get("type") == "event_callback":
        return f"event {event}"
    # Over HTTP a header beside the signature is anybody's: it makes no new request of an old one.
    header = ENVELOPE if request.mode == "socket_mode" else SIGNATURE
    value = _header(request, header)
    return f"{header} {value}" if value else ""


def _header(request: BoltRequest, name: str) -> str:
    return str((request.headers.get(name) or [""])[0])


def _away(request: BoltRequest, error: StoreError) -> BoltResponse:
    log.warning("%s", error)
    if "command" not in request.body:
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    said = {"response_type": "ephemeral", "text": AWAY}
    headers: dict[str, str | Sequence[str]] = {"content-type": "application/json;charset=utf-8"}
    return BoltResponse(status=HTTPStatus.OK, body=json.dumps(said), headers=headers)
