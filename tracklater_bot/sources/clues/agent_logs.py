"""What logs of coding agents may tell: moments, folders, branches, sessions. Never a word of them.

Each tool has a table of the keys that are decoded (`agent_claude.py`, `agent_codex.py`); whatever
else is in a line is stepped over undecoded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, TypeAlias

import msgspec

from tracklater_bot.sources.files import MB, open_regular

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
