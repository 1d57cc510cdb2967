"""What a source is. Share code by calling it, not by inheriting it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tracklater_bot.domain.clues import Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.issues import Issue


class SourceError(Exception):
    """A source could not be read. Its text is one sentence that says what to do.

    `lasting` is True when trying again will not help (a refused token, a wrong path).
    """

    def __init__(self, sentence: str, *, lasting: bool = False) -> None:
        super().__init__(sentence)
        self.lasting = lasting


class PartlyRead(SourceError):
    """Some rows could not be understood; `issues` are those that could."""

    def __init__(self, service: str, left_out: int, issues: Sequence[Issue]) -> None:
        super().__init__(left_out_sentence(service, left_out))
        self.issues = issues


def left_out_sentence(service: str, rows: int) -> str:
    """Tells that rows of an answer were odd, and the others are in use."""
    were = "1 row that was" if rows == 1 else f"{rows:,} rows that were"
    return f"{service} sent {were} not understood and left out"


class ClueSource(Protocol):
    """A place where work leaves traces.

    `group` is set where the place belongs to one group. `watches_screen`: it records all the time
    what was in front. `local`: it is this machine's own, so that weeks of it are soon read again.
    `read` may return trouble beside clues; it raises SourceError when there is nothing to return.
    Clues are in order and inside the span, with their lengths, but for the checkouts before it.
    `check` tries access for real, and returns a sentence of what was found; it raises SourceError
    too.
    """

    @property
    def name(self) -> str: ...
    @property
    def group(self) -> str | None: ...
    @property
    def watches_screen(self) -> bool: ...
    @property
    def local(self) -> bool: ...
    def read(self, span: Span) -> Reading: ...
    def check(self) -> str: ...


class IssueSource(Protocol):
    """A tracker's issues for one group.

    All three lookups raise SourceError, `recent` also PartlyRead. `recent` gives the person's own
    issues and those changed since `since` (None: a sensible first window); `by_keys` gives those
    that exist among `keys`, whoever's they are; `search` is for typeahead and asks the tracker
    itself. `owns` tells, without asking, whether a key has the form of this tracker's. `scope`
    names what is read (server and projects): when the settings change it, reading starts afresh.
    """

    @property
    def name(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def scope(self) -> str: ...
    def owns(self, key: str) -> bool: ...
    def recent(self, since: datetime | None) -> Sequence[Issue]: ...
    def by_keys(self, keys: Sequence[str]) -> Sequence[Issue]: ...
    def search(self, text: str) -> Sequence[Issue]: ...
    def check(self) -> str: ...
