"""The one door to the network for `requests`: time-outs, retries, and errors that know what helps.

A `Door` leads to one service. It never follows a redirect (credentials stay with their host),
never keeps cookies, and puts no body, token or full address into a message or a log line.
"""

from __future__ import annotations

import json
import logging
import random
import re
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Annotated, Any, NoReturn, TypeAlias, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from pydantic import BeforeValidator, SecretStr, TypeAdapter, ValidationError
from requests.auth import AuthBase

from tracklater_bot import __version__

log = logging.getLogger(__name__)
# At DEBUG it logs whole addresses, and those hold what somebody typed into a search.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
T = TypeVar("T")

TIMEOUT = (3.0, 30.0)
LARGEST = 32 * 1024 * 1024
_PASSING = frozenset({429, 502, 503, 504})
_WAIT_HEADERS = ("Retry-After", "X-Throttle-Wait-Seconds")
_LONGEST_WAIT = timedelta(days=1)
# Control characters, halves of surrogate pairs, and marks that turn the direction of writing.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]+"
)
_TITLE_LENGTH = 500


# -- Errors ------------------------------------------------------------------------------------


class HttpError(Exception):
    """A request did not give what was asked. Its text is one sentence without secrets.

    `lasting`: trying again will not help. `sent`: False when nothing reached the service, so that
    repeating a write is safe. `retry_at`: when the service wants to be asked again, in UTC.
    """

    sent = True

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        lasting: bool = False,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.lasting = lasting
        self.retry_at = retry_at


class Unreachable(HttpError):
    """No connection was made: nothing was sent."""

    sent = False


class AnswerLost(HttpError):
    """The request went out, but no complete answer came: it may have been carried out."""


class BadAnswer(HttpError):
    """The answer says success, but it cannot be understood."""


class BadStatus(HttpError):
    """The service said no; `answer` is what it said."""

    def __init__(self, answer: Answer, retry_at: datetime | None) -> None:
        super().__init__(
            _status_sentence(answer),
            status=answer.status,
            lasting=answer.status != 429 and answer.status < 500,
            retry_at=retry_at,
        )
        self.answer = answer


def _status_sentence(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        host = _origin(answer.headers.get("Location", ""))
        return (
            f"{answer.service} sends us on to {host or 'another address'}"
            f" (HTTP {answer.status}): put its own address into the settings"
        )
    return f"{answer.service} answered with HTTP {answer.status}"


def _origin(url: str) -> str:
    """Scheme and host of an address: nothing that could carry a secret."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    return f"{parts.scheme}://{plain(host)}{f':{port}' if port else ''}" if host else ""


# -- Answers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered. `body` is never part of its repr: it may hold secrets."""

    service: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def date(self) -> datetime | None:
        """The service's own clock (its Date header), for those who compare times with it."""
        return _http_date(self.headers.get("Date", ""))

    def json(self) -> Any:
        """The body as JSON. Raises BadAnswer for HTML, half an answer or anything else."""
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise BadAnswer(
                f"{self.service} answered with something that is no JSON (HTTP {self.status})",
                status=self.status,
            ) from None

    def read(self, shape: TypeAdapter[T]) -> T:
        """The body as `shape`, which names only the fields in use. Raises BadAnswer."""
        value = self.json()
        try:
            return shape.validate_python(value)
        except ValidationError as error:
            # The error's own text quotes the answer, so only the place is told.
            place = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise BadAnswer(
                f"{self.service} answered in an unexpected form (HTTP {self.status}"
                f"{f', at {plain(place)[:80]}' if place else ''})",
                status=self.status,
            ) from None

    def text(self, longest: int = 200) -> str:
        """The body as one clean line: a JSON string or plain text; "" for HTML and the rest."""
        try:
            value = json.loads(self.body.decode("utf-8", errors="replace"))
        except (ValueError, RecursionError):
            value = self.body[:10_000].decode("utf-8", errors="replace")
            if value.lstrip().startswith("<"):
                return ""
        return shorten(plain(value), longest) if isinstance(value, str) else ""


def plain(value: object) -> str:
    """Outside text as one printable line: no control characters, no turned writing direction."""
    if value is None:
        return ""
    return " ".join(_UNPRINTABLE.sub(" ", str(value)).split())


def shorten(text: str, longest: int) -> str:
    """`text` cut to `longest` characters, with an ellipsis where something is missing."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _title(value: object) -> str:
    if not isinstance(value, str):
        return ""
    # Cut before cleaning too: a title of megabytes must not cost seconds.
    return shorten(plain(value[: 4 * _TITLE_LENGTH]), _TITLE_LENGTH)


Title: TypeAlias = Annotated[str, BeforeValidator(_title)]
"""A title in an answer: one clean line of at most 500 characters; null is the empty one."""


# -- Credentials -------------------------------------------------------------------------------


Credentials: TypeAlias = AuthBase


class _Header(AuthBase):
    """Puts credentials into a request. Being there at all keeps `requests` away from ~/.netrc."""

    def __init__(self, make: Callable[[], str | None]) -> None:
        self._make = make

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        value = self._make()
        if value is not None:
            request.headers["Authorization"] = value
        return request


def anonymous() -> Credentials:
    """No credentials."""
    return _Header(lambda: None)


def basic(user: str, password: SecretStr | str) -> Credentials:
    """User and password; either may be a token."""
    secret = f"{user}:{_revealed(password)}".encode()
    return _Header(lambda: f"Basic {b64encode(secret).decode()}")


def bearer(token: SecretStr | Callable[[], str]) -> Credentials:
    """A token alone, or the one of the moment; refused where it cannot stand in a header."""
    return _Header(lambda: f"Bearer {_printable(token() if callable(token) else _revealed(token))}")


def _revealed(secret: SecretStr | str) -> str:
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret


def _printable(token: str) -> str:
    if not token or not all("!" <= each <= "~" for each in token):
        raise requests.exceptions.InvalidHeader("a token with characters that no token has")
    return token


# -- The door ----------------------------------------------------------------------------------


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """Clock, sleep and chance (from 0 to 1), so that tests choose them."""

    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a safe request is tried, and for how many seconds altogether it may wait."""

    tries: int = 4
    seconds: float = 30.0
    first: float = 0.5


class Door:
    """The way to one service. Its calls give an Answer of status 2xx or raise HttpError's kinds."""

    def __init__(
        self,
        service: str,
        base_url: str,
        auth: Credentials,
        *,
        patience: Patience = Patience(),
        timing: Timing = Timing(),
    ) -> None:
        self.service = service
        self.base_url = base_url.rstrip("/")
        self._auth = auth
        self._patience = patience
        self._timing = timing
        self._session = _new_session()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """Asks; tried again when that may help."""
        return self._patiently("GET", path, params=params)

    def find(self, path: str, body: object) -> Answer:
        """A POST that only asks: tried again like a GET."""
        return self._patiently("POST", path, body=body)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Answer:
        """Changes something: one request, never repeated."""
        return self._once(method, path, params=params, body=body)

    def _patiently(self, method: str, path: str, **what: Any) -> Answer:
        left = self._patience.seconds
        for number in range(1, self._patience.tries + 1):
            try:
                return self._once(method, path, **what)
            except HttpError as error:
                wait = self._wait(error, number)
                if not _may_pass(error) or number == self._patience.tries or wait > left:
                    raise
                log.info("%s; asking again in %.1f s", error, wait)
                left -= wait
                self._timing.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _wait(self, error: HttpError, number: int) -> float:
        """Seconds until the next try: what the service asked for, or doubling with jitter."""
        jitter = self._timing.chance()
        if error.retry_at is not None:
            asked = (error.retry_at - self._timing.now()).total_seconds()
            return max(asked, 0.0) + jitter * self._patience.first
        return float(self._patience.first * 2 ** (number - 1) * (0.5 + jitter))

    def _once(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Answer:
        try:
            with self._session.request(
                method,
                self.base_url + path,
                params=params,
                json=body,
                auth=self._auth,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._content(response)
        except requests.RequestException as error:
            self._fail(error)
        answer = Answer(self.service, response.status_code, response.headers, content)
        if 200 <= answer.status < 300:
            return answer
        raise BadStatus(answer, _retry_at(answer, self._timing.now()))

    def _content(self, response: requests.Response) -> bytes:
        """The body, read no further than the cap: an answer of gigabytes is no answer."""
        content = bytearray()
        for chunk in response.iter_content(64 * 1024):
            content += chunk
            if len(content) > LARGEST:
                raise BadAnswer(
                    f"{self.service} answered with more than {LARGEST // 1024 // 1024} MB",
                    status=response.status_code,
                    lasting=True,
                )
        return bytes(content)

    def _fail(self, error: requests.RequestException) -> NoReturn:
        # `from None` throughout: the original texts carry addresses, sometimes with credentials.
        where = _origin(self.base_url) or self.service
        if isinstance(error, requests.exceptions.InvalidProxyURL | requests.exceptions.ProxyError):
            raise Unreachable(f"{self.service} is behind a proxy that does not answer") from None
        if _caused_by(error, ssl.SSLCertVerificationError):
            raise Unreachable(
                f"{self.service}'s certificate at {where} is not trusted by this machine",
                lasting=True,
            ) from None
        if _never_connected(error):
            raise Unreachable(f"{self.service} at {where} cannot be reached") from None
        if isinstance(error, ValueError):  # a bad address or header: nothing went out
            raise Unreachable(
                f"{self.service}'s address or token is malformed: check the settings", lasting=True
            ) from None
        if isinstance(error, requests.Timeout):
            raise AnswerLost(f"{self.service} did not answer within {TIMEOUT[1]:.0f} s") from None
        raise AnswerLost(f"{self.service} broke off before its answer was complete") from None


def _new_session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"tracklater-bot/{__version__}"
    session.headers["Accept"] = "application/json"
    # A cookie could sign us in as somebody else than the token does.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _may_pass(error: HttpError) -> bool:
    if isinstance(error, BadStatus):
        return error.status in _PASSING
    return isinstance(error, Unreachable | AnswerLost) and not error.lasting


def _never_connected(error: requests.RequestException) -> bool:
    return isinstance(error, requests.ConnectTimeout) or _caused_by(
        error, urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError
    )


def _caused_by(error: BaseException, *kinds: type[BaseException]) -> bool:
    """Whether an error of these kinds lies anywhere inside; the libraries wrap each other's."""
    seen: set[int] = set()
    inside: list[object] = [error]
    while inside:
        each = inside.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        if isinstance(each, kinds):
            return True
        seen.add(id(each))
        inside += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return False


def _retry_at(answer: Answer, now: datetime) -> datetime | None:
    """When the service wants to be asked again, on our clock; at most a day ahead."""
    for name in _WAIT_HEADERS:
        wait = _wait_asked(answer.headers.get(name, ""), answer.date or now)
        if wait is not None:
            return now + min(max(wait, timedelta()), _LONGEST_WAIT)
    return None


def _wait_asked(value: str, their_now: datetime) -> timedelta | None:
    """The wait in a header: seconds, or a date on the service's clock, which may not be ours."""
    try:
        return timedelta(seconds=float(value))
    except OverflowError:
        return _LONGEST_WAIT
    except ValueError:
        until = _http_date(value)
        return until - their_now if until is not None else None


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
