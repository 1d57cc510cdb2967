"""ActivityWatch: windows, keyboard, browser tabs and editors, from its server or an export.

Either server (Python's, Rust's) has the same REST API; an export file has the same rows.
"""

from __future__ import annotations

import socket
import tomllib
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from platformdirs import user_config_path
from pydantic import SecretStr

from tracklater_bot.domain.clues import Attendance, Clue, Reading, Window
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.text import clean, count, listing
from tracklater_bot.http import BadStatus, HttpError, RetryPolicy, ServiceClient, bearer, utc_now
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError, left_out_sentence
from tracklater_bot.sources.clues import activitywatch_events as events
from tracklater_bot.sources.clues.git_repository import configured, folders_of
from tracklater_bot.sources.files import MB, os_reason, read_regular

T = TypeVar("T")

NAME = "ActivityWatch"
LOCAL = ("localhost", "127.0.0.1", "::1")
KEY_VARIABLE = "TRACKLATER_ACTIVITYWATCH__API_KEY"
LARGEST = 64 * MB  # of an export
MOST_BUCKETS = 200
# The Python server forgets events that began a day before the time asked for: a weekend away.
BEFORE, AFTER = timedelta(days=7), timedelta(seconds=events.SILENT)
AT_ONCE = timedelta(days=7)  # of a busy month's events an answer would be too large
LATELY = timedelta(days=1)


class _Described(msgspec.Struct, gc=False):
    """A bucket as the server lists it, or with its events as an export has it."""

    type: str
    hostname: str | None = ""
    events: msgspec.Raw = msgspec.Raw(b"[]")


class _Info(msgspec.Struct, gc=False):
    hostname: str = ""
    version: str = ""


class _Export(msgspec.Struct, gc=False):
    buckets: dict[str, msgspec.Raw]


_decode_export = msgspec.json.Decoder(_Export).decode


@dataclass(slots=True)
class _Gathered:
    """The buckets of the kinds that are read, and how many rows were none."""

    around: Span
    own_host: str = ""
    buckets: list[events.Bucket] = field(default_factory=list)
    broken: int = 0

    def described(self, listed: Mapping[str, msgspec.Raw]) -> list[tuple[str, _Described]]:
        """The buckets of the kinds that are read, by their ids; what is no bucket is counted."""
        found: list[tuple[str, _Described]] = []
        for id, written in listed.items():
            try:
                described = msgspec.json.decode(written, type=_Described)
            except (ValueError, RecursionError):
                self.broken += 1
                continue
            # A phone's bucket calls itself a window watcher too; nobody's desk is there.
            if described.type in events.KINDS and "android" not in id:
                found.append((id, described))
        return found[:MOST_BUCKETS]

    def add(self, id: str, described: _Described, answers: Iterable[bytes | msgspec.Raw]) -> None:
        """Takes a bucket's rows. Raises ValueError where they are no list."""
        pieces: list[events.Piece] = []
        first, last = self.around.start.timestamp(), self.around.end.timestamp()
        for rows in answers:
            understood, broken = events.rows_in(rows, described.type, first, last)
            pieces += understood
            self.broken += broken
        self.buckets.append(events.Bucket(id, described.type, described.hostname or "", pieces))


# -- An export -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _ExportFile:
    """A file `aw-buckets-export.json`, of all buckets or of one."""

    path: Path

    def gather(self, span: Span) -> _Gathered:
        """What the file holds of the span, and of the keyboard around it."""
        try:
            written = read_regular(self.path, LARGEST).removeprefix(BOM_UTF8)
            listed = events.decoded(_decode_export, written).buckets
        except OSError as error:
            raise SourceError(
                f"the export {self.path} cannot be read ({os_reason(error)}):"
                " correct activitywatch.file, or export single buckets"
            ) from None
        except (ValueError, RecursionError):
            raise SourceError(
                f"the export {self.path} is none of ActivityWatch's, or is cut: export it again"
            ) from None
        gathered = _Gathered(_around(span))
        for id, bucket in gathered.described(listed):
            try:
                gathered.add(id, bucket, [bucket.events])
            except ValueError:  # its events are no list
                gathered.broken += 1
        return gathered

    def describe(self) -> str:
        """What it is, in a word."""
        return f"the export {self.path.name}"


# -- A server ------------------------------------------------------------------------------------


class _WatchServer:
    """A server of either kind, asked through our own client."""

    def __init__(self, url: str, key: SecretStr | None) -> None:
        self._url = url
        self._key = key
        retry = RetryPolicy(tries=2, seconds=2.0)
        self._client = ServiceClient(NAME, f"{url}/api/0", self._credentials, retry=retry)
        self._version = ""

    def _credentials(self) -> Mapping[str, str]:
        """The key that was set, else the one that the server on this machine has in its own."""
        key = self._key or key_of_this_machine(self._url)
        return bearer(key)() if key else {}

    def gather(self, span: Span) -> _Gathered:
        """The events of the span; of the keyboard some days around it."""
        info = self._ask("/info", _Info)
        self._version = clean(info.version, 60)
        listed = self._ask("/buckets/", dict[str, msgspec.Raw])
        gathered = _Gathered(_around(span), info.hostname)
        for id, bucket in gathered.described(listed):
            parts = [_around(span)] if bucket.type == "afkstatus" else _parts(span)
            try:
                gathered.add(id, bucket, (self._events(id, part) for part in parts))
            except (ValueError, RecursionError):
                raise SourceError(_not_understood(self._url)) from None
        return gathered

    def _events(self, id: str, span: Span) -> bytes:
        times = {"start": _written(span.start), "end": _written(span.end)}
        return self._get(f"/buckets/{quote(id, safe='')}/events", times)

    def describe(self) -> str:
        """Its version and place."""
        return f"ActivityWatch {self._version} at {self._url}"

    def _ask(self, path: str, shape: type[T]) -> T:
        try:
            return msgspec.json.decode(self._get(path), type=shape)
        except (ValueError, RecursionError):
            raise SourceError(_not_understood(self._url)) from None

    def _get(self, path: str, times: Mapping[str, str] | None = None) -> bytes:
        try:
            return self._client.get(path, times).body
        except BadStatus as error:
            raise SourceError(self._refusal(error), lasting=error.lasting) from None
        except HttpError as error:
            raise SourceError(
                f"{error}: start ActivityWatch, or correct activitywatch.url", lasting=error.lasting
            ) from None

    def _refusal(self, error: BadStatus) -> str:
        key = f"wants its API key: put the api_key of its config.toml into {KEY_VARIABLE}"
        host = "refuses that name of its machine: write activitywatch.url with 127.0.0.1"
        told = {401: key, 403: key, 400: f"{host} or localhost"}
        if error.status == 404:
            return _not_understood(self._url)
        if error.status in told:
            return f"{NAME} at {self._url} {told[error.status]}"
        return f"{error}: look into its log, or start it again"


def _not_understood(url: str) -> str:
    return f"what answers at {url} is not ActivityWatch: correct activitywatch.url"


def _around(span: Span) -> Span:
    return Span(span.start - BEFORE, span.end + AFTER)


def _parts(span: Span) -> Iterator[Span]:
    start = span.start
    while start < span.end:
        yield Span(start, min(start + AT_ONCE, span.end))
        start += AT_ONCE


def _written(at: datetime) -> str:
    """A time as both servers read it: a bare `+` would be refused."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def key_of_this_machine(url: str) -> SecretStr | None:
    """The key in the settings of the server on this machine that listens at the address."""
    parts = urlsplit(url)
    if parts.hostname not in LOCAL:
        return None
    for folder in _config_folders():
        for name, usual in (("config.toml", 5600), ("config-testing.toml", 5666)):
            with suppress(OSError, ValueError, RecursionError):  # without it the server says no
                written = read_regular(folder / "aw-server-rust" / name).decode("utf-8-sig")
                config = tomllib.loads(written)
                auth = config.get("auth")
                key = auth.get("api_key") if isinstance(auth, dict) else None
                if config.get("port", usual) == (parts.port or 80) and isinstance(key, str) and key:
                    return SecretStr(key)
    return None


def _config_folders() -> Iterator[Path]:
    """Where it keeps its settings: Rust's and Python's ideas differ on Windows."""
    yield user_config_path("activitywatch", appauthor=False)
    yield user_config_path("activitywatch", appauthor=False, roaming=True)
    yield user_config_path("activitywatch", "activitywatch")


# -- The source ----------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class ActivityWatchSource:
    """What ActivityWatch's watchers recorded of the screen, the keyboard, browsers and editors.

    `repos` are the groups' folders: what an editor has open in one of them is the group's.
    """

    name = "activitywatch"
    group = None
    watches_screen = True
    local = True

    place: _ExportFile | _WatchServer
    repos: Sequence[tuple[str, Path]] = ()
    now: Callable[[], datetime] = utc_now

    @classmethod
    def set_up(cls, settings: Settings) -> Iterator[ActivityWatchSource]:
        """The one server, or the one export, if either is set."""
        own = settings.activitywatch
        if own.file is not None:
            yield cls(_ExportFile(own.file), configured(settings))
        elif url := settings.activitywatch_url():
            yield cls(_WatchServer(url, own.api_key), configured(settings))

    def read(self, span: Span) -> Reading:
        """Windows and attendance of the span, in order."""
        gathered = self.place.gather(span)
        trouble = left_out_sentence(NAME, gathered.broken) if gathered.broken else None
        folders = dict.fromkeys(folders_of(self.repos))
        hints = tuple(Hint(group, HintKind.FOLDER, folder) for group, folder in folders)
        return Reading(self.name, None, self._clues(gathered, span), hints, trouble)

    def _clues(self, gathered: _Gathered, span: Span) -> tuple[Clue, ...]:
        own = gathered.own_host or socket.gethostname()
        clues: list[Window | Attendance] = []
        for host, buckets in events.by_host(gathered.buckets, own).items():
            clues += events.understand(buckets, host, span, self.now())
        clues.sort(key=lambda clue: clue.at)
        return tuple(clues)

    def check(self) -> str:
        """Where it is, and who watches there; SourceError where nobody watches windows."""
        now = self.now()
        gathered = self.place.gather(Span(now - LATELY, now))
        kinds = Counter(bucket.kind for bucket in gathered.buckets)
        if not kinds["currentwindow"]:
            none = "has no windows: start aw-watcher-window, or awatcher"
            raise SourceError(f"{self.place.describe()} {none}")
        told = listing(
            count(kinds[kind], name)
            for kind, name in (
                ("currentwindow", "window watcher"),
                ("afkstatus", "AFK watcher"),
                ("web.tab.current", "browser"),
                ("app.editor.activity", "editor"),
            )
        )
        return f"{self.place.describe()}: {told}"
