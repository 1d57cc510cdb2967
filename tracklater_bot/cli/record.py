"""One thyme snapshot, kept safely: what `thyme track -o` does, without ever breaking a file.

thyme rewrites its day file in place, without a lock: killed in between, or run twice at once, it
leaves a file that it can never read again. Here thyme only prints; the file is replaced as a whole,
by one process at a time, and what can be saved from a broken one is saved.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tracklater_bot.sources.clues.thyme import LARGEST, salvage
from tracklater_bot.sources.files import read_regular, replace_file

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

THYME_SECONDS = 20  # a snapshot takes well under one; the next is due by then
LOCK_NAME = ".tracklater-record.lock"
# Where `go install` and Homebrew put thyme. cron and systemd know neither place.
USUAL_PLACES = ("~/go/bin", "/usr/local/bin", "/opt/homebrew/bin", "~/.local/bin")


class RecordError(Exception):
    """No snapshot was recorded. Its text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where the snapshot went.

    `moved_to` is where a broken file was put aside, after `saved` of its snapshots were taken over.
    """

    file: Path
    saved: int = 0
    moved_to: Path | None = None

    @property
    def note(self) -> str:
        """What the person should know; "" when all was well."""
        if self.moved_to is None:
            return ""
        return (
            f"{self.file.name} was broken: {self.saved:,} snapshots in it were saved, and the "
            f"broken file is kept as {self.moved_to.name}"
        )


class _RawDay(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """A day file whose snapshots stay as they are written."""

    snapshots: list[msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_RawDay).decode


def record(folder: Path | None, zone: ZoneInfo) -> Recorded:
    """Takes a snapshot now and adds it to its day's file in `folder`.

    With a locked screen it tells that, and no window. The day is the snapshot's own, in `zone`.
    Raises RecordError when thyme gives none, or when it cannot be written; the file is then as it
    was.
    """
    if folder is None:
        raise RecordError(
            "thyme.dir is not set: write the folder of thyme's files into the settings"
        )
    if fcntl is None:
        raise RecordError("this system cannot lock files, which `record` needs: run `thyme track`")
    if is_locked():  # as thyme writes one without windows, with a word that thyme passes over
        empty: dict[str, Any] = {"Windows": None, "Active": 0, "Visible": None}
        snapshot = {"Time": datetime.now(zone).isoformat(), **empty, "Locked": True}
    else:
        snapshot = snapshot_in(_thyme_output())
    try:
        at = datetime.fromisoformat(snapshot["Time"]).astimezone(zone)
    except OverflowError:
        raise RecordError("thyme's snapshot is of no year that can be: correct the clock") from None
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with _lock(folder):
            return add(folder / f"{at.date()}.json", snapshot)
    except OSError as error:
        raise RecordError(f"{folder}: {(error.strerror or 'cannot be written').lower()}") from None


# -- thyme -------------------------------------------------------------------------------------


def _thyme_output() -> str:
    """What thyme prints about the screen as it is now.

    Its error output is not repeated: it may hold a window's title.
    """
    try:
        done = subprocess.run(  # noqa: S603 - a program found by its name, no shell
            [_thyme_program(), "track"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=THYME_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RecordError(f"thyme did not answer within {THYME_SECONDS} seconds") from None
    except OSError as error:
        raise RecordError(f"thyme cannot be run: {error.strerror}") from None
    if done.returncode or not done.stdout.strip():
        raise RecordError(f"thyme took no snapshot: {_likely_reason()}")
    return done.stdout.decode("utf-8", errors="replace")


def _thyme_program() -> str:
    path = os.pathsep.join((os.environ.get("PATH", ""), *map(os.path.expanduser, USUAL_PLACES)))
    program = shutil.which("thyme", path=path)
    if program is None:
        raise RecordError("thyme is not installed here: see https://github.com/sourcegraph/thyme")
    return program


def _likely_reason() -> str:
    if sys.platform != "darwin" and not os.environ.get("DISPLAY"):
        return "DISPLAY is not set, so it cannot see the screen; in cron write DISPLAY=:0"
    return "no window is in front, or the screen cannot be seen; run `thyme track` to see why"


def snapshot_in(text: str) -> dict[str, Any]:
    """The one snapshot that thyme printed. Raises RecordError when it is something else."""
    snapshots = list(complete_snapshots(text))
    if len(snapshots) != 1:
        raise RecordError(
            "thyme printed something else than a snapshot; run `thyme track` to see it"
        )
    return snapshots[0]


# -- the day's file ----------------------------------------------------------------------------


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Lets one process at a time write in the folder; the lock goes with the process.

    What is there under the file's name stays as it is, and a link is not followed.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(folder / LOCK_NAME, flags, 0o600)
    except OSError as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise RecordError(f"{folder / LOCK_NAME}: {reason}: remove it") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def add(file: Path, snapshot: dict[str, Any]) -> Recorded:
    """Adds the snapshot to a day's file, whatever state that is in. Raises OSError.

    The caller holds the folder's lock.
    """
    file = file.resolve()  # a link stays a link
    data = read_regular(file, LARGEST) if file.exists() else b""
    new = _encoded(snapshot)
    try:
        whole = [bytes(raw) for raw in _decode(data).snapshots or ()] if data.strip() else []
    except (msgspec.DecodeError, RecursionError):
        return _rescue(file, data, new)
    _replace(file, (*whole, new))
    return Recorded(file)


def _rescue(file: Path, data: bytes, new: bytes) -> Recorded:
    """Starts the file anew with all that is complete in it; the broken one is kept beside it."""
    saved = dict.fromkeys(map(_encoded, complete_snapshots(data.decode("utf-8", errors="replace"))))
    aside = _set_aside(file)
    _replace(file, (*saved, new))
    return Recorded(file, saved=len(saved), moved_to=aside)


def _set_aside(file: Path) -> Path:
    """Gives the broken file a second name that no reader of day files looks at."""
    number = 1
    while (aside := file.with_name(f"{file.name}.broken-{number}")).exists():
        number += 1
    try:
        aside.hardlink_to(file)
    except OSError:  # a file system without links
        shutil.copy2(file, aside)
    return aside


def _encoded(snapshot: dict[str, Any]) -> bytes:
    """The snapshot as JSON. Raises ValueError for a number that JSON cannot write, such as NaN."""
    text = json.dumps(snapshot, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", errors="replace")


def _replace(file: Path, snapshots: Iterable[bytes]) -> None:
    for left_over in file.parent.glob(f".{file.name}.*"):  # by a process that was killed
        left_over.unlink()
    replace_file(file, b'{"Snapshots":[%b]}' % b",".join(snapshots))


def complete_snapshots(text: str) -> list[dict[str, Any]]:
    """Every whole snapshot in a text, be it a day file, a row of printed ones, or parts of them."""
    snapshots: list[dict[str, Any]] = []
    salvage(text, lambda value, _: snapshots.extend(_snapshots_of(value)))
    return snapshots


def _snapshots_of(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    inside = value.get("Snapshots")
    if isinstance(inside, list):
        yield from filter(_is_snapshot, inside)
    elif _is_snapshot(value):
        yield value


def _is_snapshot(value: object) -> bool:
    """Whether it has the time that a snapshot needs, which a window lacks, and can be written."""
    if not isinstance(value, dict) or not isinstance(value.get("Time"), str):
        return False
    try:
        at = datetime.fromisoformat(value["Time"])
        _encoded(value)
    except (ValueError, RecursionError):
        return False
    return at.tzinfo is not None and at.year > 1  # year 1 is Go's "no time"


# -- Whether the screen is locked: Linux asks its session (logind), else its screen saver ------
# Both through programs of systemd. Elsewhere nobody says so, and nothing is asked.

LOCK_SECONDS = 2.0  # for all that is asked; the next snapshot is due in twenty
_SESSION = re.compile(r"\w{1,40}")
# What calls itself so has a method GetActive: locked, or dark at least.
SAVERS = tuple(
    f"org.{desktop}.ScreenSaver" for desktop in ("freedesktop", "gnome", "cinnamon", "mate", "xfce")
)


def is_locked() -> bool:
    """Whether nobody can be at work, for certain; False where that cannot be found out."""
    if sys.platform != "linux":
        return False
    until = time.monotonic() + LOCK_SECONDS
    return _session_is_locked(until) or any(_is_active(saver, until) for saver in SAVERS)


def _session_is_locked(until: float) -> bool:
    """cron has a session of its own or none: the person's is that with the screen, if any has."""
    wanted = ("--property=Display", "--property=Sessions")
    shown = _told(until, "loginctl", "show-user", str(os.getuid()), *wanted)
    told = dict(line.partition("=")[::2] for line in shown.splitlines())
    named = told.get("Display") or told.get("Sessions") or os.environ.get("XDG_SESSION_ID") or ""
    sessions = filter(_SESSION.fullmatch, (named or "auto").split())
    hints = _told(until, "loginctl", "show-session", *sessions, "--property=LockedHint")
    return not {"LockedHint=yes", "yes"}.isdisjoint(hints.split())


def _is_active(saver: str, until: float) -> bool:
    """A saver that does not run is not started for it."""
    path = f"/{saver.replace('.', '/')}"
    call = ("--user", "--auto-start=no", "call", saver, path, saver, "GetActive")
    return _told(until, "busctl", *call) == "b true"


def _told(until: float, program: str, *arguments: str) -> str:
    """What a program prints; "" where it cannot be run, fails or takes too long."""
    found, seconds = shutil.which(program), until - time.monotonic()
    if found is None or seconds <= 0:
        return ""
    bus = f"unix:path=/run/user/{os.getuid()}/bus"  # cron does not know it
    try:
        done = subprocess.run(  # noqa: S603 - a program found by its name, no shell
            [found, *arguments],
            env={"DBUS_SESSION_BUS_ADDRESS": bus, **os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if not done.returncode else ""
