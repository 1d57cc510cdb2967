"""The client of a service: whom to ask, with which credentials, and when to ask again."""

from __future__ import annotations

import logging
import random
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import SecretStr

from tracklater_bot.http import responses

if TYPE_CHECKING:
    from tracklater_bot.http.transport import Transport

log = logging.getLogger(__name__)

_TEMPORARY = frozenset({429, 502, 503, 504})
_WAIT_HEADERS = ("Retry-After", "X-Throttle-Wait-Seconds")
_LONGEST_WAIT = timedelta(days=1)


Params: TypeAlias = Mapping[str, str | int]
"""What is asked for in an address, after the question mark."""


# -- Credentials -------------------------------------------------------------------------------


Credentials: TypeAlias = Callable[[], Mapping[str, str]]
"""Gives the headers that say who asks, as of the moment. Raises InvalidCredential."""


def anonymous() -> Credentials:
    """No credentials."""
    return dict


def basic(user: str, password: SecretStr | str) -> Credentials:
    """User and password; either may be a token."""
    secret = f"{user}:{_plain_text(password)}".encode()
    return lambda: {"Authorization": f"Basic {b64encode(secret).decode()}"}


def bearer(token: SecretStr | Callable[[], str]) -> Credentials:
    """A token alone, or the one of the moment; refused where it cannot stand in a header."""
    return lambda: {
        "Authorization": f"Bearer {_checked(token() if callable(token) else _plain_text(token))}"
    }


def in_header(name: str, token: SecretStr) -> Credentials:
    """A token in a header of the service's own, such as X-Api-Key."""
    return lambda: {name: _checked(token.get_secret_value())}


def _plain_text(secret: SecretStr | str) -> str:
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret


def _checked(token: str) -> str:
    if not token or not all("!" <= char <= "~" for char in token):
        raise responses.InvalidCredential("a token with characters that no token has")
    return token


# -- The client ---------------------------------------------------------------------------------


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """Clock, sleep and chance (from 0 to 1), so that tests choose them."""

    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a safe request is tried, and for how many seconds altogether it may wait."""

    tries: int = 4
    seconds: float = 30.0
    first: float = 0.5


@dataclass(eq=False, repr=False)
class ServiceClient:
    """The way to one service. Its calls give a Response of status 2xx or raise HttpErrors."""

    service: str
    base_url: str
    auth: Credentials
    retry: RetryPolicy = RetryPolicy()
    timing: Timing = Timing()

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/")

    def get(self, path: str, params: Params | None = None) -> responses.Response:
        """Asks; tried again when that may help."""
        return self._with_retries("GET", path, params=params)

    def find(self, path: str, body: object) -> responses.Response:
        """A POST that only asks: tried again like a GET."""
        return self._with_retries("POST", path, body=body)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        params: Params | None = None,
    ) -> responses.Response:
        """Changes something: one request, never repeated."""
        return self._request(method, path, params=params, body=body)

    def _with_retries(self, method: str, path: str, **what: Any) -> responses.Response:
        left = self.retry.seconds
        for number in range(1, self.retry.tries + 1):
            try:
                return self._request(method, path, **what)
            except responses.HttpError as error:
                wait = self._pause(error, number)
                if not _is_temporary(error) or number == self.retry.tries or wait > left:
                    raise
                log.info("%s; asking again in %.1f s", error, wait)
                left -= wait
                self.timing.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _pause(self, error: responses.HttpError, number: int) -> float:
        """Seconds until the next try: what the service asked for, or doubling with jitter."""
        jitter = self.timing.random()
        if error.retry_at is not None:
            asked = (error.retry_at - self.timing.now()).total_seconds()
            return max(asked, 0.0) + jitter * self.retry.first
        return float(self.retry.first * 2 ** (number - 1) * (0.5 + jitter))

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: object = None,
    ) -> responses.Response:
        response = self._transport.exchange(method, self.base_url + path, params, body)
        if 200 <= response.status < 300:
            return response
        if response.is_from_between:
            raise responses.Intercepted(response)
        raise responses.BadStatus(response, _retry_at(response, self.timing.now()))

    @cached_property
    def _transport(self) -> Transport:
        # At the first request: `requests` takes 40 ms, and a preview whose answers are all
        # remembered makes none.
        from tracklater_bot.http.transport import Transport  # noqa: PLC0415

        return Transport(self.service, self.base_url, self.auth)


def _is_temporary(error: responses.HttpError) -> bool:
    if isinstance(error, responses.BadStatus | responses.Intercepted):
        return isinstance(error, responses.BadStatus) and error.status in _TEMPORARY
    return isinstance(error, responses.Unreachable | responses.ResponseLost) and not error.lasting


def _retry_at(response: responses.Response, now: datetime) -> datetime | None:
    """When the service wants to be asked again, on our clock; at most a day ahead."""
    for name in _WAIT_HEADERS:
        wait = _requested_wait(response.headers.get(name, ""), response.date or now)
        if wait is not None:
            return now + min(max(wait, timedelta()), _LONGEST_WAIT)
    return None


def _requested_wait(value: str, their_now: datetime) -> timedelta | None:
    """The wait in a header: seconds, or a date on the service's clock, which may not be ours."""
    try:
        return timedelta(seconds=float(value))
    except OverflowError:
        return _LONGEST_WAIT
    except ValueError:
        until = responses.http_date(value)
        return until - their_now if until is not None else None
