"""What ActivityWatch's watchers recorded, understood: windows with their pages and projects, and
when somebody was at the keyboard.

Events of one watcher may overlap, repeat, come out of order and have no length. At each moment the
one counts that covers it and began last; gaps of a few seconds are those between two polls.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from zlib import crc32

import msgspec

from tracklater_bot.domain import programs
from tracklater_bot.domain.clues import Attendance, Window
from tracklater_bot.domain.day import Span, joined, without

T = TypeVar("T")

FLOODED = 5.0  # seconds between events that are only those between two polls
# A short look at a window takes less; those are put together until they are as long, as a recorder
# that looks now and then would see them. A spinner's title changes each second.
SHORTEST_BUNDLE = 10.0
# A watcher of keys that was silent for longer was not running: it says nothing of the time.
SILENT = timedelta(hours=12).total_seconds()
# Its last minutes are not final: it goes back to the last input once nobody moves for 3 minutes.
NOT_FINAL = 300.0
LONGEST_EVENT = timedelta(days=366).total_seconds()
LONGEST_SOUND = 4 * 3600.0  # nobody listens to one page for longer without a touch
LONGEST_TEXT = 2000
AT_ONCE = 8 * 1024 * 1024  # of a longer list, the events of all years would fill the memory
_CLOCKS = range(1971, 9000)


# -- Rows ----------------------------------------------------------------------------------------


class ShownWindow(msgspec.Struct, frozen=True, gc=False):
    """What the window watcher says."""

    app: str | None = ""
    title: str | None = ""
    url: str | None = ""
    incognito: bool | None = False


class Tab(msgspec.Struct, frozen=True, gc=False):
    """What the watcher in a browser says of the tab in front of it."""

    url: str | None = ""
    audible: bool | None = False
    incognito: bool | None = False


class Editor(msgspec.Struct, frozen=True, gc=False):
    """What the watcher in an editor says."""

    project: str | None = ""
    branch: str | None = ""


class Keyboard(msgspec.Struct, frozen=True, gc=False):
    """What the AFK watcher says."""

    status: str = ""


class _EventRow(msgspec.Struct, Generic[T], gc=False):
    timestamp: Annotated[datetime, msgspec.Meta(tz=True)]
    duration: float
    data: T


KINDS: Mapping[str, type[Any]] = {
    "currentwindow": ShownWindow,
    "afkstatus": Keyboard,
    "web.tab.current": Tab,
    "app.editor.activity": Editor,
}
_DECODERS = {
    kind: (msgspec.json.Decoder(list[_EventRow[data]]), msgspec.json.Decoder(_EventRow[data]))  # type: ignore[valid-type]
    for kind, data in KINDS.items()
}
# Any escape in JSON: a whole surrogate pair, half a one, another.
_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_decode_rows = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Piece(NamedTuple):
    """Something, from `start` to `end`, in seconds since the epoch."""

    start: float
    end: float
    data: Any


def decoded(
    decode: Callable[[bytes | bytearray | msgspec.Raw], T], written: bytes | msgspec.Raw
) -> T:
    """What JSON says, also where titles have halves of surrogate pairs, which no decoder takes.

    Raises ValueError.
    """
    try:
        return decode(written)
    except ValueError:
        whole = bytearray(memoryview(written))
        for escape in _ESCAPES.finditer(memoryview(written)):
            if escape[1]:
                whole[escape.start() : escape.end()] = rb"\ufffd"
        return decode(whole)


def rows_in(
    written: bytes | msgspec.Raw, kind: str, first: float, last: float
) -> tuple[list[Piece], int]:
    """The events of a list that touch the time between two moments, and how many of its rows cannot
    be understood. Raises ValueError.
    """
    of_list, of_row = _DECODERS[kind]

    def one_by_one() -> Iterator[_EventRow[Any] | None]:
        for row in decoded(_decode_rows, written):
            try:
                yield of_row.decode(row)
            except (ValueError, RecursionError):
                yield None

    rows: Iterable[_EventRow[Any] | None] = one_by_one()
    if memoryview(written).nbytes <= AT_ONCE:
        with suppress(ValueError, RecursionError):
            rows = of_list.decode(written)
    pieces, broken = [], 0
    for row in rows:
        if row and row.timestamp.year in _CLOCKS and 0 <= row.duration <= LONGEST_EVENT:
            start = row.timestamp.timestamp()
            if start < last and start + row.duration >= first:
                pieces.append(Piece(start, start + row.duration, row.data))
        else:
            broken += 1
    return pieces, broken


def latest(events: Iterable[Piece]) -> list[Piece]:
    """At each moment the event that covers it and began last; the rest is in nobody's time."""
    pieces = _flooded(list(_uppermost(sorted(events, key=lambda one: (one.start, -one.end)))))
    return list(_joined(pieces))


def _uppermost(ordered: Iterable[Piece]) -> Iterator[Piece]:
    """The event that began last lies on top of those that began before."""
    heap: list[Piece] = []
    at = 0.0
    for event in ordered:
        yield from _until(event.start, at, heap)
        at = event.start
        if event.end > event.start:
            heap.append(event)
        elif not heap:  # seen once; what lasts beside it was in front
            yield event
    yield from _until(inf, at, heap)


def _until(end: float, at: float, heap: list[Piece]) -> Iterator[Piece]:
    """What lies on top until then; what has ended by then is taken off."""
    while heap:
        top = heap[-1]
        if top.end > at:
            if at >= end:
                return
            yield Piece(at, min(top.end, end), top.data)
            at = min(top.end, end)
        if top.end <= at:
            heap.pop()


def _flooded(pieces: list[Piece]) -> list[Piece]:
    for number, ((start, end, data), after) in enumerate(pairwise(pieces)):
        if end < after.start <= end + FLOODED:
            pieces[number] = Piece(start, after.start, data)
    return [piece for piece in pieces if piece.end > piece.start]


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Those that touch and say the same as one."""
    last: Piece | None = None
    for piece in pieces:
        if last and last.data == piece.data and last.end == piece.start:
            last = Piece(last.start, piece.end, last.data)
        else:
            if last:
                yield last
            last = piece
    if last:
        yield last


# -- Whose events --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bucket:
    """One watcher's events. `id` tells more than anything else in it."""

    id: str
    kind: str
    hostname: str
    events: Sequence[Piece] = field(repr=False)

    @property
    def synced_from(self) -> str:
        """The machine that it was copied from; "" for one of this server's own."""
        return _plain(self.id.split("-synced-from-")[1]) if "-synced-from-" in self.id else ""

    @property
    def host(self) -> str:
        """The machine it tells of; "" where nobody knows."""
        told = self.synced_from or _plain(self.hostname)
        if told in ("", "unknown", "!local"):
            told = _plain(self.id.partition("_")[2])
        return told

    @property
    def watched(self) -> str:
        """The browser or editor that the watcher sits in: `chrome` of `aw-watcher-web-chrome`."""
        name = self.id.partition("-synced-from-")[0].partition("_")[0]
        return name.removeprefix("aw-watcher-").removeprefix("web-")


def _plain(host: str) -> str:
    """`box` of `Box.local`."""
    return host.strip().casefold().partition(".")[0]


def by_host(buckets: Iterable[Bucket], own: str) -> dict[str, list[Bucket]]:
    """Each machine's buckets; copies of what is there itself are left out. `own`: the server's."""
    given = list(buckets)
    direct = {(bucket.kind, bucket.host) for bucket in given if not bucket.synced_from}
    kept = [
        bucket
        for bucket in given
        if not bucket.synced_from
        or (bucket.synced_from != _plain(own) and (bucket.kind, bucket.host) not in direct)
    ]
    with_windows = dict.fromkeys(b.host for b in kept if b.kind == "currentwindow")
    main = _plain(own) if _plain(own) in with_windows else next(iter(with_windows), "")
    hosts: defaultdict[str, list[Bucket]] = defaultdict(list)
    for bucket in kept:
        sits_inside = bucket.kind not in ("currentwindow", "afkstatus")
        host = main if sits_inside and bucket.host not in with_windows else bucket.host
        hosts[host].append(bucket)
    return {host: hosts[host] for host in with_windows}


# -- One machine ---------------------------------------------------------------------------------


class _Look(NamedTuple):
    """What was in front. `audible`: somebody listens."""

    app: str = ""
    title: str = ""
    url: str = ""
    folder: str = ""
    branch: str = ""
    audible: bool = False


# Nothing is kept of a window that remembers nothing.
_PRIVATE = _Look(title="Private Browsing")


def understand(
    buckets: Sequence[Bucket], host: str, span: Span, now: datetime
) -> list[Window | Attendance]:
    """The clues of one machine within the span, in order."""
    of_kind: defaultdict[str, list[Bucket]] = defaultdict(list)
    for bucket in buckets:
        of_kind[bucket.kind].append(bucket)
    shown = latest(event for bucket in of_kind["currentwindow"] for event in bucket.events)
    parted: dict[bool, list[Piece]] = {True: [], False: []}  # by whether the screen was locked
    for piece in shown:
        parted[programs.is_lock_screen(piece.data.app or "", piece.data.title or "")].append(piece)
    locked = [(piece.start, piece.end) for piece in parted[True]]
    looks = list(_looks(parted[False], of_kind["web.tab.current"], of_kind["app.editor.activity"]))
    keyboard = latest(event for bucket in of_kind["afkstatus"] for event in bucket.events)
    clues: list[Window | Attendance] = list(_attendance(keyboard, looks, locked, (host, span, now)))
    silent = (piece._replace(data=piece.data._replace(audible=False)) for piece in looks)
    clues += _windows(_steady(_joined(silent)), host, span)
    return sorted(clues, key=lambda clue: (clue.at, isinstance(clue, Window)))


def _looks(
    shown: Iterable[Piece], tabs: Sequence[Bucket], projects: Sequence[Bucket]
) -> Iterator[Piece]:
    """The windows with what their own watchers say, cut where that changes."""
    inside = _Inside(tabs, projects)
    for piece in shown:
        window: ShownWindow = piece.data
        app, title = _text(window.app), _text(window.title)
        filtered = title == "excluded"  # by the person's own filter
        look = _Look() if filtered else _Look(app, title, _text(window.url))
        if window.incognito:
            look = _PRIVATE
        for start, end, told in inside.of(piece):
            match told:
                case Tab(incognito=True):
                    yield Piece(start, end, _PRIVATE)
                case Tab():
                    heard = bool(told.audible) and end - start <= LONGEST_SOUND
                    url = _text(told.url) or look.url
                    yield Piece(start, end, look._replace(url=url, audible=heard))
                case Editor():
                    folder, branch = _text(told.project), _text(told.branch)
                    yield Piece(start, end, look._replace(folder=folder, branch=branch))
                case _:
                    yield Piece(start, end, look)


def _text(text: str | None) -> str:
    return "" if not text or text == "unknown" else text[:LONGEST_TEXT]


class _Inside:
    """What watchers in browsers and editors said, while such a program was in front."""

    def __init__(self, tabs: Sequence[Bucket], projects: Sequence[Bucket]) -> None:
        self._tabs, self._projects = tabs, projects
        self._known: dict[str, list[Piece]] = {}

    def of(self, window: Piece) -> Iterator[Piece]:
        """The window's time, cut where what is said in it changes; None where nothing is."""
        said = self._said(window.data.app or "")
        at = window.start
        first = max(bisect_right(said, at, key=lambda one: one.start) - 1, 0)
        for start, end, told in said[first:]:
            if start >= window.end:
                break
            if end > at:
                if start > at:
                    yield Piece(at, start, None)
                at = min(end, window.end)
                yield Piece(max(start, window.start), at, told)
        if at < window.end:
            yield Piece(at, window.end, None)

    def _said(self, app: str) -> list[Piece]:
        if app not in self._known:
            if programs.is_browser(app):
                name = programs.program
                own = [b for b in self._tabs if name(b.watched) == name(app)]
                own = own or [b for b in self._tabs if programs.same_browser(b.watched, app)]
            else:
                own = [b for b in self._projects if programs.same_editor(b.watched, app)]
            self._known[app] = latest(event for bucket in own for event in bucket.events)
        return self._known[app]


def _steady(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """No piece shorter than a glance, where others follow: of several the longest stands."""
    bundle: list[Piece] = []
    for piece in pieces:
        if bundle and piece.start > bundle[-1].end:
            yield _together(bundle)
            bundle = []
        bundle.append(piece)
        if piece.end - bundle[0].start >= SHORTEST_BUNDLE:
            yield _together(bundle)
            bundle = []
    if bundle:
        yield _together(bundle)


def _together(bundle: Sequence[Piece]) -> Piece:
    longest = max(bundle, key=lambda piece: piece.end - piece.start)
    return Piece(bundle[0].start, bundle[-1].end, longest.data)


def _windows(pieces: Iterable[Piece], host: str, span: Span) -> Iterator[Window]:
    for start, end, look in pieces:
        for at, until in _inside(start, end, span):
            app, title, url, folder, branch, _ = look
            screen = crc32(repr(look).encode("utf-8", "surrogatepass"))
            window = crc32(programs.program(app).encode("utf-8", "surrogatepass")) if app else 0
            yield Window(at, title, screen, host, window, app, until, url, folder, branch)


def _inside(start: float, end: float, span: Span) -> Iterator[tuple[datetime, datetime]]:
    """The part of a stretch that lies in the span, if any."""
    at = max(datetime.fromtimestamp(start, UTC), span.start)
    until = min(datetime.fromtimestamp(end, UTC), span.end)
    if at < until:
        yield at, until


def _attendance(
    keyboard: Sequence[Piece],
    looks: Iterable[Piece],
    locked: Sequence[tuple[float, float]],
    where: tuple[str, Span, datetime],
) -> Iterator[Attendance]:
    """What is certain: keys, sounds of the page in front, lock screens, silence in between."""
    host, span, now = where
    reach = _reach([(piece.start, piece.end) for piece in keyboard], now.timestamp())
    at_keys = [(piece.start, piece.end) for piece in keyboard if piece.data.status == "not-afk"]
    heard = [(piece.start, piece.end) for piece in looks if piece.data.audible]
    present = joined([*at_keys, *heard])
    elsewhere = without([(0.0, inf)], reach)
    here = list(without(present, joined([*elsewhere, *locked])))
    away = joined([*without(reach, here), *locked])
    for is_here, stretches in ((True, here), (False, away)):
        for start, end in stretches:
            for at, until in _inside(start, end, span):
                yield Attendance(at, until, is_here, host)


def _reach(told: Iterable[tuple[float, float]], now: float) -> list[tuple[float, float]]:
    """When the AFK watcher was running: a hole in what it tells is a machine asleep."""
    reach = joined(told, SILENT)
    if reach and NOT_FINAL < now - reach[-1][1] <= SILENT:
        reach[-1] = (reach[-1][0], now - NOT_FINAL)
    return reach
