"""Whether the person went on working after their day was read, so that its message can say so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tracklater_bot.core import Core
from tracklater_bot.domain.clues import Window
from tracklater_bot.domain.day import Span
from tracklater_bot.engine.changes import Sample
from tracklater_bot.engine.presence import by_machine, changes
from tracklater_bot.engine.title_normalization import TitleNormalizer
from tracklater_bot.engine.windows import WindowKind
from tracklater_bot.sources.base import ClueSource, SourceError

SOME_WORK = timedelta(minutes=15)
LOOK_EVERY = timedelta(minutes=10)


class Activity:
    """Looks at today's windows now and then; commits and messages are not asked for."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._looked: datetime | None = None

    def note_read(self, day: date) -> None:
        """The day was read just now."""
        now = self._core.clock().isoformat()
        self._core.store.put(self._core.person, _read_key(day), now)
        self._core.store.delete(self._core.person, went_on_key(day))

    def noticed(self) -> date | None:
        """Today, once, when there was work after it was read and shown."""
        now = self._core.clock()
        if self._looked is not None and now - self._looked < LOOK_EVERY:
            return None
        self._looked = now
        day = self._core.day("today").date
        read = self._recalled(_read_key(day))
        if not isinstance(read, str) or self._recalled(went_on_key(day)):
            return None
        since = datetime.fromisoformat(read)
        if now - since < SOME_WORK or not self._worked(Span(since, now)):
            return None
        self._core.store.put(self._core.person, went_on_key(day), value=True)
        return day

    def _recalled(self, key: str) -> object:
        return self._core.store.get(self._core.person, key, self._core.clock())

    def _worked(self, span: Span) -> bool:
        """Whether the screen changed in so many minutes."""
        changes: set[datetime] = set()
        for source in self._core.clue_sources:
            if source.name == "thyme":
                changes |= _changes(source, span)
        return len(changes) >= SOME_WORK / timedelta(minutes=1)


def went_on_key(day: date) -> str:
    """Under which name the store remembers that the person went on working."""
    return f"went_on:{day}"


def _read_key(day: date) -> str:
    return f"read:{day}"


def _changes(source: ClueSource, span: Span) -> set[datetime]:
    """The minutes in which somebody changed something on screen."""
    try:
        clues = source.read(span).clues
    except SourceError:
        return set()  # the next reading of the day tells
    samples = (
        (clue.machine, Sample(clue.at.timestamp(), clue.title, clue.screen, clue.window))
        for clue in clues
        if isinstance(clue, Window)
    )
    kinds = WindowKind()
    titles = TitleNormalizer(kinds.is_talk, kinds.is_leisure)
    return {
        datetime.fromtimestamp(at // 60 * 60, UTC)
        for machine in by_machine(samples)
        for at in changes(machine, titles)
    }
