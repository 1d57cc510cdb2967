"""Whether somebody went on working, as far as their windows tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tracklater_bot.domain.clues import Window
from tracklater_bot.domain.day import Span
from tracklater_bot.engine.changes import Sample
from tracklater_bot.engine.presence import by_machine, changes
from tracklater_bot.engine.steady import Titles
from tracklater_bot.engine.windows import WindowKind
from tracklater_bot.sources.base import ClueSource, SourceError

SOME_WORK = timedelta(minutes=15)


def worked_since(sources: Iterable[ClueSource], since: datetime, now: datetime) -> bool:
    """Whether the screen changed in so many minutes; commits and messages are not asked for."""
    if now - since < SOME_WORK:
        return False
    changed: set[datetime] = set()
    for source in sources:
        if source.name == "thyme":
            changed |= _changes(source, Span(since, now))
    return len(changed) >= SOME_WORK / timedelta(minutes=1)


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
    titles = Titles(WindowKind().is_talk)
    return {
        datetime.fromtimestamp(at // 60 * 60, UTC)
        for machine in by_machine(samples)
        for at in changes(machine, titles)
    }
