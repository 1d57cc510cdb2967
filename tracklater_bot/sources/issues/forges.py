"""What GitHub and GitLab have in common: keys of their issues, and asking them with patience."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, NamedTuple, Self, TypeVar
from urllib.parse import urljoin, urlsplit

from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.keys import KeyForm
from tracklater_bot.domain.text import folded
from tracklater_bot.http import (
    BadStatus,
    HttpError,
    Params,
    Response,
    ServiceClient,
    Timing,
    utc_now,
)
from tracklater_bot.http.client import Credentials
from tracklater_bot.settings import ResolvedForge, Settings
from tracklater_bot.settings.tree import GROUPS, env_name
from tracklater_bot.sources.base import SourceError

T = TypeVar("T")

FIRST = timedelta(days=90)
LAG = timedelta(minutes=5)
MOST = 2000  # issues of a repository at a reading, the latest
SEARCHED = 5  # repositories at a typeahead
NUMBER = r"([1-9]\d{0,8})(?![^\W_])"
_KEY = re.compile(r"([\w.-]+(?:/[\w.-]+)+)?([#!])([1-9]\d{0,8})")
_BUG = re.compile(r"(?:^|[\s:/])bug$")
_PAUSE = timedelta(minutes=1)  # where a server that wants one does not say how long
_LONGEST_PAUSE = timedelta(days=1)
# Of a repository's own commits and branches: what else than a bare `#12` is a number of its own.
_AT_HOME = {
    "#": "|".join((
        rf"\(#{NUMBER}",  # a squash's
        rf"(?<![\w/])#{NUMBER}(?=\s*\(#)",
        rf"(?<![^\W_])(?:pull request|pull|prs?|gh|github|issues?)[: ]{{0,2}}#{NUMBER}",
        r"(?<![^\W_])(?:close[sd]?|closing|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|refs?|see"
        rf"|implement(?:s|ed|ing)?)[: ]{{1,2}}#{NUMBER}",
        rf"(?<![^\W_])(?:gh|issues?)[-_]{NUMBER}",
        rf"^issues?/{NUMBER}",
        r"merge branch '(?:[^'\s]{1,200}/)?([1-9]\d{0,8})[-_]",
    )),
    "!": rf"(?<![\w!&/])!{NUMBER}",
}  # fmt: skip


# -- Keys --------------------------------------------------------------------------------------


class Ref(NamedTuple):
    """An issue (`#`) or merge request (`!`) of a repository, spelled as in the settings."""

    path: str
    sign: str
    number: int


def key_of(place: ResolvedForge, ref: Ref) -> str:
    """What people write: `#12` where that can mean one thing, else `acme/api#12`."""
    return f"{'' if place.alone else ref.path}{ref.sign}{ref.number}"


def ref_of(place: ResolvedForge, key: str, signs: str) -> Ref | None:
    """What a key means; None for one that is nothing of the group's."""
    match = _KEY.fullmatch(key)
    if match is None or match[2] not in signs:
        return None
    named = match[1] or (place.paths[0] if place.alone else "")
    path = own_path(place, named)
    return Ref(path, match[2], int(match[3])) if path else None


def own_path(place: ResolvedForge, path: str) -> str:
    """The group's repository of that name, in any case; "" for another one."""
    return next((own for own in place.paths if folded(own) == folded(path)), "")


def forms(
    tracker: str, place: ResolvedForge, sign: str, pages: Callable[[str, str], Sequence[str]]
) -> Iterator[KeyForm]:
    """How the issues of a group's repositories are called.

    `pages` gives patterns of their pages' addresses and titles, for a host and a repository.
    """
    parts = urlsplit(folded(place.url))
    server, above = re.escape(parts.hostname or ""), re.escape(parts.path)
    host = rf"(?<![\w.-])(?:www\.)?{server}(?::\d+)?{above}"  # a recorder may leave out the port
    for path in place.paths:
        name = folded(path)
        key = f"{'' if place.alone else path}{sign}{{}}"
        written = rf"(?<![\w./-]){re.escape(name)}{sign}{NUMBER}"
        text = "|".join((written, *pages(host, name)))
        # A page's title may spell the name otherwise, and has the service's.
        yield KeyForm(tracker, text, key, tells_group=True, words=(name, f"· {tracker}"))
        home = "/".join(name.split("/")[-2:])  # as git's remotes are called
        bare = place.alone and sign == "#"
        yield KeyForm(tracker, _AT_HOME[sign], key, home=home, bare_numbers=bare)


# -- Issues ------------------------------------------------------------------------------------


def type_of(labels: Iterable[str], word: str) -> str:
    """`bug` where a label says so (`bug`, `type: bug`, `kind/bug`), else the word."""
    return "bug" if any(_BUG.search(folded(label)) for label in labels) else word


def merged(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Each once, with the keys of all requests that close it."""
    found: dict[str, Issue] = {}
    for issue in issues:
        before = found[issue.key].aliases if issue.key in found else ()
        aliases = tuple(dict.fromkeys((*before, *issue.aliases)))
        found[issue.key] = replace(issue, aliases=aliases)
    return tuple(found.values())


# -- Asking ------------------------------------------------------------------------------------


class ForgeClient:
    """The way to one server. What goes wrong is a SourceError that says what to do.

    Who has asked too much asks nothing more before the server wants to be asked again.
    """

    def __init__(
        self,
        service: str,
        base_url: str,
        auth: Credentials,
        sentence: Callable[[BadStatus], str],
        timing: Timing,
    ) -> None:
        self._service = service
        self._client = ServiceClient(service, base_url, auth, timing=timing)
        self._sentence = sentence
        self._now = timing.now
        self._quiet_until: datetime | None = None

    def get(self, path: str, params: Params, read: Callable[[Response], T]) -> T:
        """What is read from there; of a renamed repository, from where it is now."""

        def ask() -> Response:
            try:
                return self._client.get(path, params)
            except BadStatus as error:
                if not (there := self._moved(error)):
                    raise
                return self._client.get(there, None if "?" in there else params)

        return self._asked(ask, read)

    def find(self, path: str, body: object, read: Callable[[Response], T]) -> T:
        """What is read of the answer to a question that goes as a POST."""
        return self._asked(lambda: self._client.find(path, body), read)

    def slow_down(self, response: Response, retry_at: datetime | None = None) -> SourceError:
        """What is told, and kept to, where the server wants no more requests for now."""
        now = self._now()
        until = retry_at or _reset(response, now) or now + _PAUSE
        self._quiet_until = min(until, now + _LONGEST_PAUSE)
        return self._quiet()

    def _quiet(self) -> SourceError:
        until = f", until {self._quiet_until.astimezone():%H:%M %Z}" if self._quiet_until else ""
        return SourceError(f"{self._service} wants no more requests for now{until}")

    def _asked(self, ask: Callable[[], Response], read: Callable[[Response], T]) -> T:
        if self._quiet_until is not None and self._now() < self._quiet_until:
            raise self._quiet()
        try:
            return read(ask())
        except BadStatus as error:
            if _is_limit(error):
                raise self.slow_down(error.response, error.retry_at) from None
            raise SourceError(self._sentence(error), lasting=error.lasting) from None
        except HttpError as error:
            raise SourceError(str(error), lasting=error.lasting) from None

    def _moved(self, error: BadStatus) -> str:
        """The path under which a renamed repository is now; "" on any other server."""
        base = f"{self._client.base_url}/"
        there = urljoin(base, error.response.headers.get("Location", ""))
        moved = error.response.status in (301, 302, 307, 308) and there.startswith(base)
        return there[len(base) - 1 :] if moved else ""


def _is_limit(error: BadStatus) -> bool:
    """GitHub says it with 403 as well, and not always in a header."""
    if error.response.status != 403:
        return error.response.status == 429
    said = b"rate limit" in error.response.body[:2000].lower()
    return said or error.retry_at is not None or _left(error.response) == "0"


def _left(response: Response) -> str:
    headers = response.headers
    return headers.get("X-RateLimit-Remaining") or headers.get("RateLimit-Remaining") or ""


def _reset(response: Response, now: datetime) -> datetime | None:
    """When there are requests again, on our clock; None where some are left."""
    headers = response.headers
    told = headers.get("X-RateLimit-Reset") or headers.get("RateLimit-Reset") or ""
    if _left(response) != "0" or not told.isascii() or not told.isdecimal() or len(told) > 11:
        return None
    return now + (datetime.fromtimestamp(int(told), UTC) - (response.date or now))


# -- What both are -----------------------------------------------------------------------------


class Forge(ABC):
    """One group's repositories there: where they are asked, and which keys are theirs."""

    name: ClassVar[str]
    service: ClassVar[str]
    signs: ClassVar[str]

    def __init__(
        self, group: str, place: ResolvedForge, clock: Callable[[], datetime] = utc_now,
        timing: Timing | None = None,
    ) -> None:  # fmt: skip
        self.group = group
        self._place = place
        self._clock = clock
        asked = (self.service, place.api, self._headers, self._sentence)
        self._client = ForgeClient(*asked, timing or Timing(now=clock))

    @classmethod
    def set_up(cls, settings: Settings, clock: Callable[[], datetime]) -> Iterator[Self]:
        """One for each group with repositories there."""
        for group in settings.groups:
            if (place := cls.place(settings, group)) is not None:
                yield cls(group, place, clock)

    @classmethod
    def place(cls, settings: Settings, group: str) -> ResolvedForge | None:
        """A group's repositories there; None without any."""
        own = getattr(settings.groups[group], cls.name)
        place: ResolvedForge | None = own.resolved(settings, group)
        return place

    @property
    def scope(self) -> str:
        """Server and repositories."""
        return " ".join((self._place.url, *sorted(self._place.paths)))

    def owns(self, key: str) -> bool:
        """Whether the key is one of the group's repositories'."""
        return self._ref(key) is not None

    def search(self, text: str) -> tuple[Issue, ...]:
        """What is found in titles, in a few repositories; or the issue of that key."""
        if self.owns(text.strip()):
            return self.by_keys([text.strip()])
        return merged(self._titled(text[:100]))

    def _ref(self, key: str) -> Ref | None:
        return ref_of(self._place, key, self.signs)

    def _batches(self, keys: Iterable[str], most: int) -> list[tuple[str, str, list[int]]]:
        """Repository, sign and numbers of keys, so many numbers at a time."""
        numbers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for ref in filter(None, map(self._ref, dict.fromkeys(keys))):
            numbers[ref.path, ref.sign].append(ref.number)
        return [
            (path, sign, own[start : start + most])
            for (path, sign), own in numbers.items()
            for start in range(0, len(own), most)
        ]

    def _start(self, since: datetime | None) -> datetime:
        """From when on changes are asked for, by our clock."""
        return self._clock() - FIRST if since is None else since - LAG

    @abstractmethod
    def by_keys(self, keys: Sequence[str]) -> tuple[Issue, ...]:
        """Those that exist; of a request, the issue that it closes."""

    @abstractmethod
    def _titled(self, text: str) -> Iterable[Issue]: ...

    @property
    def _variable(self) -> str:
        return env_name((GROUPS, self.group, self.name, "token"))

    @abstractmethod
    def _headers(self) -> Mapping[str, str]: ...

    @abstractmethod
    def _sentence(self, error: BadStatus) -> str: ...
