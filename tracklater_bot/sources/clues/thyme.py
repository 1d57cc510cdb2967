"""thyme: which windows were open, and which one was in front, every few seconds.

A day file is `{"Snapshots": [{"Time", "Windows": [{"ID", "Desktop", "Name"}], "Active", ...}]}`.
thyme rewrites it without a lock, so a file may be cut, empty, or carry the tail of an older one;
without `-o` it prints one bare snapshot after another. Whatever is complete is used.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from errno import EACCES
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any

import msgspec

from tracklater_bot.domain.clues import Attendance, Reading, Window
from tracklater_bot.domain.day import Span
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.files import MB, open_regular, os_reason, read_end

NAME = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)?[-_. ]*(?P<machine>.*)\.json")
TIME = re.compile(rb'"Time"\s*:\s*"([^"\\]{1,40})"')
HEAD, TAIL = 4096, 65536
# More than a day has; of more, and of damaged files, only the end is read.
LARGEST, SALVAGED = 64 * MB, 32 * MB

# A file's dates are those of the recorder's zone, which may be any: UTC-12 to UTC+14.
WEST, EAST = timedelta(hours=12), timedelta(hours=14)
# How far the clock may have been set back within a file whose first and last times are looked at.
SET_BACK = timedelta(hours=3)

# thyme truncates a file before it writes it again: one that was changed just now and looks
# damaged is most likely being written.
BEING_WRITTEN, REREADS, PAUSE = 2.0, 4, 0.3

LONGEST_TITLE = 1000  # beyond that nobody reads, and the engine would at length
CLOCKS_BEGAN = 1970
LOCKED = "lock screen"  # in place of a program, which thyme does not tell
EVERY, LATE = timedelta(seconds=20), timedelta(minutes=5)  # between snapshots of a lock screen
ALL_TIME = Span(datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


# -- Parsing -----------------------------------------------------------------------------


class _Window(msgspec.Struct, gc=False):
    id: int = msgspec.field(name="ID", default=0)
    name: str | None = msgspec.field(name="Name", default="")


class _ThymeSnapshot(msgspec.Struct, gc=False, rename="pascal"):
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    windows: msgspec.Raw = msgspec.Raw(b"null")
    active: int | None = 0
    locked: bool | None = False  # as `record` writes it


class _Document(msgspec.Struct, gc=False, rename="pascal"):
    """A day file, or a single snapshot as thyme prints it."""

    snapshots: list[_ThymeSnapshot] | None = None
    time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    windows: msgspec.Raw = msgspec.Raw(b"null")
    active: int | None = 0
    locked: bool | None = False


_decode_document = msgspec.json.Decoder(_Document).decode
_decode_windows = msgspec.json.Decoder(list[_Window] | None).decode


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The samples of a file. `saved` counts its snapshots when the file is damaged, else None.

    `cut`: it is so large that only its end was read.
    """

    samples: list[Window]
    saved: int | None = None
    cut: bool = False


def parse_file(data: bytes, span: Span, machine: str = "") -> ParsedFile:
    """The samples within `span` of a file's content, however damaged it is; never raises."""
    try:
        within = [snapshot for snapshot in _snapshots(data) if snapshot.time in span]
        return ParsedFile(list(_samples(within, machine)))
    except (ValueError, RecursionError):
        samples, damaged = _salvage(data, machine)
        within_span = [sample for sample in samples if sample.at in span]
        return ParsedFile(within_span, len(_distinct(samples)) if damaged else None)


def _snapshots(data: bytes) -> list[_ThymeSnapshot]:
    """The snapshots of one JSON document; ValueError when it is not all well."""
    document = _decode_document(data)
    snapshots = document.snapshots or []
    if document.time is not None:
        alone = (document.time, document.windows, document.active, document.locked)
        snapshots.append(_ThymeSnapshot(*alone))
    return snapshots


def _samples(snapshots: Iterable[_ThymeSnapshot], machine: str) -> Iterator[Window]:
    """Snapshots as samples of the screen; ValueError for windows that cannot be read.

    The fingerprint covers the active window and its title. Other windows are left out: messages
    and notices come, change and go with nobody there.
    """
    raw: msgspec.Raw | None = None
    last: tuple[int, str] | None = None
    names: dict[int, str] = {}
    screen = 0
    for snapshot in snapshots:
        if snapshot.windows != raw:  # decoded only where they differ: most do not
            raw = snapshot.windows
            names = {window.id: window.name or "" for window in _decode_windows(raw) or ()}
        if snapshot.time not in ALL_TIME:  # a clock that was not set
            continue
        active = snapshot.active or 0
        title = names.get(active, "")[:LONGEST_TITLE]
        if title == "N/A":
            title = ""
        if (look := (active, title)) != last:
            last, screen = look, _fingerprint(look)
        app = LOCKED if snapshot.locked else ""
        yield Window(snapshot.time.astimezone(UTC), title, screen, machine, active, app)


def _fingerprint(look: tuple[int, str]) -> int:
    """The same number for the same look in every process, unlike hash()."""
    digest = blake2b(repr(look).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big")


def _salvage(data: bytes, machine: str) -> tuple[list[Window], bool]:
    """Every complete snapshot in what is no single document, and whether anything else is in it."""
    samples: list[Window] = []

    def take(_: object, written: str) -> None:
        samples.extend(_samples(_snapshots(written.encode()), machine))

    end = data[-SALVAGED:]
    # PowerShell's `>>` writes UTF-16.
    encoding = "utf-16" if end.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    damaged = salvage(end.decode(encoding, errors="replace"), take)
    return samples, damaged or len(data) > SALVAGED


def _distinct(samples: Iterable[Window]) -> list[Window]:
    """In order of time, and each once: copies of a file and repeated snapshots add nothing."""
    once = {(sample.at, sample.screen): sample for sample in samples}
    return sorted(once.values(), key=lambda each: (each.at, each.screen))


def _clues(samples: Sequence[Window], span: Span) -> Iterator[Window | Attendance]:
    """Windows, and certain absence for as long as the screen was locked."""
    following: dict[str, Window] = {}
    clues: list[Window | Attendance] = []
    for sample in reversed(samples):
        if sample.app == LOCKED:
            usual = sample.at + EVERY
            after = following.get(sample.machine)
            known = after and (after.app == LOCKED or after.at - sample.at <= LATE)
            until = min(after.at if after and known else usual, span.end)
            clues.append(Attendance(sample.at, until, here=False, machine=sample.machine))
        else:
            clues.append(sample)
        following[sample.machine] = sample
    yield from reversed(clues)


# -- Fetching ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the folder. `date` is in its name, if any; `machine` is the rest, or a folder."""

    path: Path
    label: str
    date: date | None
    machine: str


def _files(folder: Path) -> Iterator[_File]:
    """All JSON files of the folder and of the folders in it, one for each machine, by name."""
    for path in sorted((*folder.glob("*.json"), *folder.glob("*/*.json"))):
        if (found := NAME.fullmatch(path.name)) is None or not path.is_file():
            continue
        subfolder = path.parent.name if path.parent != folder else ""
        machine = "/".join(part for part in (subfolder, found["machine"]) if part)
        yield _File(path, str(path.relative_to(folder)), _date(found["date"]), machine)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _may_hold(file: _File, span: Span) -> bool:
    """Whether the file may have samples of the span, by its name, its age and its ends.

    Files run past midnight, for days, or are never changed for another at all.
    """
    near = file.date is not None and (span.start - WEST).date() <= file.date
    if file.date is not None and file.date > (span.end + EAST).date():
        return False
    if not near and file.path.stat().st_mtime < span.start.timestamp():
        return False
    ends = _ends(file.path)
    if ends is None:
        return near
    return min(ends) - SET_BACK < span.end and max(ends) + SET_BACK >= span.start


def _ends(path: Path) -> tuple[datetime, datetime] | None:
    """The first and the last time written in a file, found without reading all of it."""
    with open_regular(path) as file:
        head = file.read(HEAD)
        file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
        tail = file.read(TAIL)
    first = _first_time(TIME.findall(head))
    last = _first_time(reversed(TIME.findall(tail)))
    return (first, last) if first and last else None


def _first_time(written: Iterable[bytes]) -> datetime | None:
    """The first of the times that a clock which was set can have told."""
    for text in written:
        try:
            time_ = datetime.fromisoformat(text.decode())
        except ValueError:
            continue
        if time_.tzinfo and CLOCKS_BEGAN <= time_.year < ALL_TIME.end.year:
            return time_
    return None


@dataclass(eq=False, repr=False)
class ThymeSource:
    """The windows that thyme recorded, from day files `YYYY-MM-DD.json` in a folder.

    Several machines may have a folder each, or a name each: `2026-11-20-laptop.json`. `wait` and
    `clock` (seconds since the epoch) serve to read a file again that is just being written.
    """

    name = "thyme"
    group = None
    watches_screen = True
    local = True

    dir: Path
    wait: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self.dir = self.dir.expanduser()

    @classmethod
    def set_up(cls, settings: Settings) -> Iterator[ThymeSource]:
        """The one folder, if it is set."""
        if settings.thyme.dir is not None:
            yield cls(settings.thyme.dir)

    def read(self, span: Span) -> Reading:
        """The samples of the span, in order; a damaged file gives a sentence beside them."""
        samples: list[Window] = []
        troubles: list[str] = []
        for file in self._day_files():
            try:
                parsed = self._parsed(file, span) if _may_hold(file, span) else None
            except OSError as error:
                troubles.append(f"thyme's file {file.label} cannot be read: {os_reason(error)}")
                continue
            if parsed is not None:
                samples += parsed.samples
                troubles += _damage(file, parsed, span)
        trouble = "; ".join(troubles) or None
        clues = tuple(_clues(_distinct(samples), span))
        return Reading(self.name, clues=clues, trouble=trouble)

    def check(self) -> str:
        """What the folder holds; SourceError when there is nothing, or the last file is damaged."""
        files = [file for file in self._day_files() if file.date is not None]
        if not files:
            raise SourceError(
                f"there are no files like 2026-11-20.json in {self.dir}:"
                " let thyme record, or correct thyme.dir in the settings"
            )
        latest = max(files, key=lambda file: (file.date, file.label))
        try:
            parsed = self._parsed(latest, ALL_TIME)
        except OSError as error:
            raise SourceError(f"{latest.label} cannot be read: {os_reason(error)}") from None
        if parsed.saved is not None or parsed.cut:
            raise SourceError(_sentence(latest, parsed))
        count = len(parsed.samples)
        return f"{len(files)} files, the latest {latest.label} with {count:,} snapshots"

    def _day_files(self) -> list[_File]:
        try:
            self.dir.stat()
            if not os.access(self.dir, os.R_OK | os.X_OK):
                raise PermissionError(EACCES, os.strerror(EACCES))
            return list(_files(self.dir))
        except OSError as error:
            trouble = f"cannot be read ({os_reason(error)}): allow it, or"
            if isinstance(error, FileNotFoundError):
                trouble = "does not exist:"
            raise SourceError(
                f"the thyme folder {self.dir} {trouble} correct thyme.dir in the settings",
                lasting=True,
            ) from None

    def _parsed(self, file: _File, span: Span) -> ParsedFile:
        """The file's samples; a file that is just being written is read again."""
        for reread in range(REREADS + 1):
            if reread:
                self.wait(PAUSE)
            data, cut = read_end(file.path, LARGEST)
            parsed = parse_file(data[-SALVAGED:] if cut else data, span, file.machine)
            age = self.clock() - file.path.stat().st_mtime
            if cut or parsed.saved is None or age > BEING_WRITTEN:
                break
        return replace(parsed, cut=cut)


def _damage(file: _File, parsed: ParsedFile, span: Span) -> Iterator[str]:
    """A sentence for a damaged file that has, or should have, samples of the span."""
    of_the_span = file.date is not None and span.start.date() <= file.date <= span.end.date()
    if (parsed.saved is not None or parsed.cut) and (parsed.samples or of_the_span):
        yield _sentence(file, parsed)


def _sentence(file: _File, parsed: ParsedFile) -> str:
    if parsed.cut:
        return (
            f"thyme's file {file.label} is larger than {LARGEST // MB} MB: only the snapshots in"
            f" its last {SALVAGED // MB} MB are in use"
        )
    saved = f"{parsed.saved or 0:,} snapshot{'' if parsed.saved == 1 else 's'}"
    return (
        f"thyme's file {file.label} is damaged: {saved} in it could be saved,"
        " but thyme writes no more into it until you move it away"
    )


# -- Salvage ---------------------------------------------------------------------------------------
# What is whole in a JSON text that is no single document, in a time that its length bounds.
_OBJECT = re.compile(r'\{\s*["}]')
_scan = json.JSONDecoder().raw_decode

# What is no whole object is looked into for others, and each look may go on to the text's end. So
# only some may; then an object is as long as a snapshot at most; then it is enough.
_LONG_LOOKS, _LONG_TEXT = 4, 8 * 1024 * 1024
_SHORT_LOOK = 128 * 1024
_A_LOOK, _EFFORT = 1024, 64 * 1024 * 1024  # characters that are looked at in vain


def salvage(text: str, take: Callable[[dict[str, Any], str], None]) -> bool:
    """Gives each whole object, and how it is written, to `take`; whether there is anything else.

    Where `take` raises ValueError, objects inside are given instead.
    """
    looks = _LONG_LOOKS if len(text) < _LONG_TEXT else 0
    effort = _EFFORT + 4 * len(text)
    damaged, done = not text.strip(), 0
    piece, base = text if looks else "", 0
    while effort > 0 and (found := _OBJECT.search(text, done)) is not None:
        start = found.start()
        damaged = damaged or bool(text[done:start].strip())
        if not looks and (piece is text or start + _SHORT_LOOK > base + len(piece)):
            piece, base = text[start : start + 2 * _SHORT_LOOK], start
        reached = start - base
        try:
            value, reached = _scan(piece, start - base)
            take(value, text[start : base + reached])
        except (ValueError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError):
                # An unfinished string was looked at to its end; the error tells its beginning.
                reached = len(piece) if "Unterminated" in error.msg else error.pos
            elif isinstance(error, RecursionError):  # which does not tell how far it came
                reached += _SHORT_LOOK
            looks, damaged, done = max(looks - 1, 0), True, start + 1
            effort -= _A_LOOK + reached - (start - base) + reached // 8  # errors count lines
        else:
            done = base + reached
    return damaged or bool(text[done:].strip())
