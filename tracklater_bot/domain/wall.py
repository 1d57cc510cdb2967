"""The wall between the machine, where the clues are, and the rest: its protocols, and its JSON.

Left of it are clues, engine and drafting; right of it issues, trackers, store and Slack. Neither
side knows the other but by these two protocols and the values that they pass.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Brief, Draft
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.suggestions import SourceStatus

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing fared when it was tried; `sentence` tells what was found, or what to do."""

    name: str
    group: str | None
    ok: bool
    sentence: str

    @classmethod
    def of(
        cls,
        name: str,
        group: str | None,
        attempt: Callable[[], str],
        refusals: tuple[type[Exception], ...],
    ) -> Finding:
        """What an attempt gives, or why it does not; `refusals` have a sentence for the person."""
        try:
            return cls(name, group, ok=True, sentence=attempt())
        except refusals as error:
            sentence = str(error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not hide the others
            log_failure(_log, f"Checking {name}", error)
            sentence = f"failed unexpectedly ({type(error).__name__}): please report it"
        return cls(name, group, ok=False, sentence=sentence)

    def line(self) -> str:
        """`jira (acme): signed in as Eero, 120 issues`."""
        where = f" ({self.group})" if self.group else ""
        return f"{self.name}{where}: {self.sentence}"

    def status(self) -> SourceStatus:
        """As the status answer shows it."""
        return SourceStatus(self.name, self.group, 0, None if self.ok else self.sentence)


@dataclass(frozen=True, slots=True)
class Shown:
    """What windows showed in some time: words of their titles, and programs, with their minutes.

    For the person's eyes in a dialog or a row; it is stored nowhere.
    """

    words: tuple[tuple[str, int], ...] = ()
    programs: tuple[tuple[str, int], ...] = ()


class Machine(Protocol):
    """The person's machine, as the rest sees it. Safe to call from threads; no call raises.

    `drafts` gives the days as they look now, oldest first. `worked_since` tells whether somebody
    was at work for a while since then, as far as recorders of the screen tell. `check` tries
    everything that gives clues. `forget_habits` removes what confirmed time taught. `windows_with`
    tells when windows with the text in their titles were in front that day, as a rule would catch
    them: the text is the person's own, and crosses to the machine alone; what comes back are times.
    `shown` is empty unless the machine's person has allowed it, and always where it serves a team.
    """

    def drafts(self, days: Sequence[WorkDay]) -> list[Draft]: ...  # noqa: D102
    def worked_since(self, moment: datetime) -> bool: ...  # noqa: D102
    def check(self) -> list[Finding]: ...  # noqa: D102
    def forget_habits(self) -> None: ...  # noqa: D102
    def windows_with(self, day: WorkDay, text: str) -> tuple[Span, ...]: ...  # noqa: D102
    def shown(self, span: Span) -> Shown: ...  # noqa: D102


class Preparation(Protocol):
    """Services that are being asked. `groups` are there at once, with key forms, without projects.

    `brief` waits for the answers, and has the issues fetched whose `keys` the clues name.
    """

    @property
    def groups(self) -> tuple[Group, ...]: ...  # noqa: D102
    def brief(self, keys: Sequence[str]) -> Brief: ...  # noqa: D102


class Briefing(Protocol):
    """The rest, as the machine sees it: asks services while the block runs that reads clues."""

    def prepare(  # noqa: D102
        self, days: Sequence[WorkDay]
    ) -> AbstractContextManager[Preparation]: ...


# -- JSON --------------------------------------------------------------------------------------


class UnreadableError(ValueError):
    """What came across the wall is no such value."""


def to_json(value: object) -> bytes:
    """The value as JSON, all in ASCII, so that no character can be refused."""
    return json.dumps(msgspec.to_builtins(value, enc_hook=_zone_name)).encode()


def from_json(shape: type[T], data: bytes) -> T:
    """The value that was written. Raises UnreadableError."""
    try:
        return msgspec.convert(json.loads(data), shape, dec_hook=_zone)
    except (ValueError, RecursionError, OverflowError):
        raise UnreadableError(f"this is no {shape.__name__} as JSON") from None


def _zone_name(value: Any) -> str:
    if isinstance(value, ZoneInfo):
        return value.key
    raise NotImplementedError(f"a {type(value).__name__} cannot cross the wall")


def _zone(shape: type, value: Any) -> Any:
    try:
        return shape(value)
    except (ZoneInfoNotFoundError, TypeError, OSError) as error:
        raise ValueError("no such zone") from error
