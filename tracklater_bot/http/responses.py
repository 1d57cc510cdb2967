"""What services answer, in words and values: errors that know what helps, and clean text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from tracklater_bot.domain.errors import from_between
from tracklater_bot.domain.text import clean

T = TypeVar("T")

_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<.*</", re.DOTALL)
_ONLY_BETWEEN = (407, 511)  # said by proxies and networks alone
_REFUSALS = (400, 401, 402, 403, 405, 451)
# Jira refuses with a page of its own, and says so in these.
_OWN_PAGE = ("X-AREQUESTID", "X-Seraph-LoginReason", "atl-traceid")


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

    @property
    def until(self) -> str:
        """`, until 14:05 EET` on this machine's clock; "" where the service names no time."""
        return f", until {self.retry_at.astimezone():%H:%M %Z}" if self.retry_at else ""


class Unreachable(HttpError):
    """No connection was made: nothing was sent."""

    sent = False


class ResponseLost(HttpError):
    """The request went out, but no complete answer came: it may have been carried out."""


class ResponseLate(ResponseLost):
    """No answer within the time that we wait: it may be carried out yet."""


class Intercepted(ResponseLost):
    """Something between us and the service answered in its place, so nobody knows the rest."""

    def __init__(self, response: Response) -> None:
        super().__init__(
            from_between(response.service, f" (HTTP {response.status})"), status=response.status
        )


class BadResponse(HttpError):
    """The answer says success, but it cannot be understood."""


class InvalidCredential(ValueError):
    """A credential with characters that no header can carry."""


class BadStatus(HttpError):
    """The service said no; `answer` is what it said."""

    def __init__(self, response: Response, retry_at: datetime | None) -> None:
        super().__init__(
            _status_sentence(response),
            status=response.status,
            lasting=response.status != 429 and response.status < 500,
            retry_at=retry_at,
        )
        self.response = response


def _status_sentence(response: Response) -> str:
    if 300 <= response.status < 400:
        host = origin(response.headers.get("Location", ""))
        return (
            f"{response.service} sends us on to {host or 'another address'}"
            f" (HTTP {response.status}): put its own address into the settings"
        )
    if response.status == 429:
        return f"{response.service} wants requests to come more slowly"
    return f"{response.service} answered with HTTP {response.status}"


def origin(url: str) -> str:
    """Scheme and host of an address: nothing that could carry a secret."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    return f"{parts.scheme}://{clean(host, 255)}{f':{port}' if port else ''}" if host else ""


# -- Shapes --------------------------------------------------------------------------------------

Shape: TypeAlias = type[T] | TypeAdapter[T]
"""What an answer is read as."""
_ADAPTERS: dict[object, TypeAdapter[Any]] = {}


def adapter(shape: Shape[T]) -> TypeAdapter[T]:
    """What reads and writes values of a shape; built for the first of them, since that takes ms."""
    if isinstance(shape, TypeAdapter):
        return shape
    if shape not in _ADAPTERS:
        _ADAPTERS[shape] = TypeAdapter(shape)
    return _ADAPTERS[shape]


# -- Answers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Response:
    """What a service answered. `body` is never part of its repr: it may hold secrets."""

    service: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_from_between(self) -> bool:
        """Whether a refusal is none of the service's, which has no pages to refuse with."""
        if self.status in _ONLY_BETWEEN:
            return True
        page = _PAGE.match(self.body[:10_000])
        own = any(self.headers.get(name) for name in _OWN_PAGE)
        return self.status in _REFUSALS and page is not None and not own

    @property
    def date(self) -> datetime | None:
        """The service's own clock (its Date header), for those who compare times with it."""
        return http_date(self.headers.get("Date", ""))

    def json(self) -> Any:
        """The body as JSON. Raises BadResponse for HTML, half an answer or anything else."""
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            sentence = f"{self.service} answered with something that is no JSON"
            if self.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
                sentence = f"{from_between(self.service, ' with a page')}, or its address is wrong"
            raise BadResponse(f"{sentence} (HTTP {self.status})", status=self.status) from None

    def read(self, shape: Shape[T]) -> T:
        """The body as `shape`, which names only the fields in use. Raises BadResponse."""
        value = self.json()
        try:
            return adapter(shape).validate_python(value)
        except ValidationError as error:
            # The error's own text quotes the answer, so only the place is told.
            place = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise BadResponse(
                f"{self.service} answered in an unexpected form (HTTP {self.status}"
                f"{f', at {clean(place, 80)}' if place else ''})",
                status=self.status,
            ) from None

    def rows(self, shape: Shape[T]) -> tuple[list[T], int]:
        """A list's rows that have the shape, and how many it has in all. Raises BadResponse."""
        return understood(shape, rows := self.read(list[Any])), len(rows)

    def text(self, longest: int = 200) -> str:
        """The body as one clean line: a JSON string or plain text; "" for HTML and the rest."""
        try:
            value = json.loads(self.body.decode("utf-8", errors="replace"))
        except (ValueError, RecursionError):
            value = self.body[:10_000].decode("utf-8", errors="replace")
            if value.lstrip().startswith("<"):
                return ""
        return clean(value, longest) if isinstance(value, str) else ""


def _cleaned(longest: int) -> BeforeValidator:
    return BeforeValidator(lambda value: clean(value, longest) if isinstance(value, str) else "")


Title: TypeAlias = Annotated[str, _cleaned(500)]
"""A title in an answer: one clean line of at most 500 characters; null is the empty one."""

Line: TypeAlias = Annotated[str, _cleaned(10_000)]
"""A longer text in an answer, the same way."""


def _when(value: object) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(str(value))
        return parsed.astimezone(UTC) if parsed.tzinfo else None
    except (ValueError, OverflowError):  # also year 1 or 9999, east or west of Greenwich
        return None


When = Annotated[datetime | None, BeforeValidator(_when)]
"""A time in an answer, in UTC; one that cannot be read is as good as none."""


def understood(shape: Shape[T], rows: Iterable[object]) -> list[T]:
    """Those of the rows that have the shape: an odd one is no reason to lose the others."""
    good, understand = [], adapter(shape).validate_python
    for row in rows:
        with suppress(ValidationError):
            good.append(understand(row))
    return good


def good_rows(shape: type[T]) -> BeforeValidator:
    """For a list in an answer: each row by itself; null, and what is no list, are the empty one."""
    return BeforeValidator(
        lambda found: understood(shape, found) if isinstance(found, list) else []
    )


def http_date(value: str) -> datetime | None:
    """A date in a header, in UTC; None for anything else."""
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
