"""What logs of coding agents may tell: moments, folders, branches, sessions. Never a word of them.

Each tool has a table of the keys that are decoded (`agent_claude.py`, `agent_codex.py`); whatever
else is in a line is stepped over undecoded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, BinaryIO, TypeAlias

import msgspec

from tracklater_bot.sources.files import MB, open_regular, read_regular, replace_file

LONGEST_LINE = 8 * MB  # pictures are in them; of longer ones nothing is read
LARGEST = 256 * MB  # of a larger file its first line and its end
LONGEST_TURN = 24 * 3600 * 1000  # milliseconds; longer, and a clock was wrong
MOST_FACTS = 20_000  # of a file's prompts, and of its runs: the last ones
LONGEST_NAME = 1000

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class Prompted(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Somebody typed, `at` in milliseconds since 1970; copies in a fork have the same `id`."""

    at: int
    folder: str
    branch: str
    session: str
    id: str


class Ran(msgspec.Struct, array_like=True, gc=False):
    """An agent worked by itself from `at` to `until`, in milliseconds since 1970."""

    at: int
    until: int
    folder: str
    branch: str
    session: str


@dataclass(slots=True)
class Told:
    """What a file told. `worktrees` are folders, each with the one that it was made from.

    `understood` counts the lines that were of a known form, `broken` the others.
    """

    prompts: list[Prompted] = field(default_factory=list)
    runs: list[Ran] = field(default_factory=list)
    worktrees: dict[str, str] = field(default_factory=dict)
    understood: int = 0
    broken: int = 0

    def ended(self) -> None:
        """The last facts alone, and no run without a length."""
        del self.prompts[:-MOST_FACTS], self.runs[:-MOST_FACTS]
        self.runs[:] = [run for run in self.runs if run.until > run.at]


class TakesTooLong(Exception):
    """The time for reading is over."""


class Turns:
    """An agent's turns, each from what began it to its last record."""

    def __init__(self, runs: list[Ran]) -> None:
        self._runs = runs
        self._open: Ran | None = None

    @property
    def running(self) -> bool:
        """Whether one has begun and not ended."""
        return self._open is not None

    def begin(self, at: int, folder: str, branch: str, session: str) -> None:
        """A turn begins here, and the one before has ended with its last record."""
        self._open = Ran(at, at, folder, branch, session)
        self._runs.append(self._open)

    def go_on(self, at: int, folder: str, branch: str, session: str) -> None:
        """The agent was at work."""
        if self._open is None:
            self.begin(at, folder, branch, session)
        elif 0 <= at - self._open.at <= LONGEST_TURN:
            self._open.until = max(self._open.until, at)

    def end(self, at: int) -> None:
        """The turn is over."""
        if self._open is not None:
            self.go_on(at, "", "", "")
            self._open = None


def milliseconds(at: datetime) -> int:
    """Since 1970."""
    return round(at.timestamp() * 1000)


def name(text: str | None) -> str:
    """A folder, a branch or an id; "" where it can be none."""
    return text if text and len(text) <= LONGEST_NAME and text.isprintable() else ""


def lines_of(path: Path, in_time: Callable[[], bool]) -> Iterator[bytes]:
    """A file's lines, none of them too long. Raises OSError, and TakesTooLong."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST:
            yield file.readline(LONGEST_LINE)
            file.seek(size - LARGEST)
            _step_over(file)
        while line := file.readline(LONGEST_LINE):
            if not in_time():
                raise TakesTooLong
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                _step_over(file)
            else:
                yield line


def _step_over(file: BinaryIO) -> None:
    """To the beginning of the next line."""
    while (part := file.readline(MB)) and not part.endswith(b"\n"):
        pass


# -- What is kept ----------------------------------------------------------------------------------
# The tools delete their logs, after 30 days by default. Moments, folders, branches and ids are all
# there is in what is kept. A file that has not changed is not read again; of one that is gone, what
# it told stays.
NAME = "harvest.msgpack"
VERSION = 1  # another one, and all files that are still there are read again
LARGEST_KEPT = 64 * MB
MOST_FILES, MOST_WORKTREES = 20_000, 5_000
_facts = msgspec.msgpack.Decoder(tuple[list[Prompted], list[Ran]]).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class LogFile:
    """A session's file as it lies there; `mtime` in nanoseconds."""

    path: Path
    tool: str
    size: int
    mtime: int

    @property
    def key(self) -> str:
        """The tool, and the same for the same path, which it does not tell; compressed or not."""
        path = str(self.path).removesuffix(".zst").encode("utf-8", "surrogateescape")
        return f"{self.tool}:{blake2b(path, digest_size=12).hexdigest()}"


class _PackedFile(msgspec.Struct, array_like=True, gc=False):
    """What a file told, packed: it is opened only for a span that it reaches into."""

    size: int
    mtime: int
    first: int
    last: int
    facts: msgspec.Raw
    understood: int = 0
    broken: int = 0


class _Content(msgspec.Struct, array_like=True):
    version: int = VERSION
    files: dict[str, _PackedFile] = {}
    worktrees: dict[str, str] = {}


_content = msgspec.msgpack.Decoder(_Content).decode


@dataclass(slots=True)
class Harvest:
    """What is kept, in a file of the data folder that nobody else can read."""

    folder: Path
    content: _Content = field(default_factory=_Content)
    changed: bool = False
    new_folders: set[str] = field(default_factory=set)

    @classmethod
    def load(cls, folder: Path) -> Harvest:
        """What was kept; a file that cannot be read is begun anew."""
        try:
            content = _content(read_regular(folder / NAME, LARGEST_KEPT))
        except (OSError, ValueError, RecursionError):
            return cls(folder)
        if content.version != VERSION:
            for kept in content.files.values():
                kept.size = -1
        return cls(folder, content)

    def knows(self, file: LogFile) -> bool:
        """Whether the file was read as it is now."""
        kept = self.content.files.get(file.key)
        return kept is not None and (kept.size, kept.mtime) == (file.size, file.mtime)

    def has(self, file: LogFile) -> bool:
        """Whether it was read at all."""
        return file.key in self.content.files

    def puzzled_by(self, file: LogFile) -> bool:
        """Whether nothing in a file was understood."""
        kept = self.content.files.get(file.key)
        return kept is not None and kept.broken > 0 and not kept.understood

    def add(self, file: LogFile, told: Told) -> None:
        """What a file told just now, and what it told before it was cut."""
        prompts, runs = told.prompts, told.runs
        before = self.content.files.get(file.key)
        if before is not None and file.size < before.size:
            with suppress(ValueError):  # as below
                old_prompts, old_runs = _facts(before.facts)
                prompts, runs = [*old_prompts, *prompts], [*old_runs, *runs]
        moments = [prompt.at for prompt in prompts]
        moments += [at for run in runs for at in (run.at, run.until)]
        self.content.files[file.key] = _PackedFile(
            file.size,
            file.mtime,
            min(moments, default=0),
            max(moments, default=0),
            msgspec.Raw(_encode((prompts, runs))),
            told.understood,
            told.broken,
        )
        self.content.worktrees |= told.worktrees
        self.new_folders.update(prompt.folder for prompt in prompts)
        self.new_folders.update(run.folder for run in runs)
        self.changed = True

    def during(
        self, start: int, end: int, tools: Container[str]
    ) -> Iterator[tuple[list[Prompted], list[Ran]]]:
        """What the files told that reach into a stretch, those that were left first before."""
        reaching = (
            kept
            for key, kept in self.content.files.items()
            if key.partition(":")[0] in tools and kept.first < end and kept.last >= start
        )
        for kept in sorted(reaching, key=lambda kept: kept.last):
            with suppress(ValueError):  # of another form than ours: as if it had told nothing
                yield _facts(kept.facts)

    def save(self, files: list[LogFile]) -> None:
        """Keeps it where it has changed, all of `files` and the latest of those that are gone."""
        if not self.changed:
            return
        content, here = self.content, {file.key for file in files}
        newest = sorted(
            content.files, key=lambda key: (key in here, content.files[key].last), reverse=True
        )
        room = LARGEST_KEPT * 3 // 4  # a larger one would be begun anew, and all of it lost
        for number, key in enumerate(newest):
            room -= len(key) + 50 + memoryview(content.files[key].facts).nbytes
            if number >= MOST_FILES or room < 0:
                del content.files[key]
        for folder in list(content.worktrees)[:-MOST_WORKTREES]:
            del content.worktrees[folder]
        content.version = VERSION
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(self.folder / NAME, _encode(content), private=True)
        self.changed = False
