"""Whether somebody was at work, from what was recorded of the screen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from tracklater_bot.domain.clues import Clue
from tracklater_bot.engine.presence import by_machine, changes
from tracklater_bot.engine.samples import samples_in
from tracklater_bot.engine.title_normalization import TitleNormalizer
from tracklater_bot.engine.windows import WindowKind


def changed_minutes(clues: Iterable[Clue]) -> set[datetime]:
    """The minutes in which somebody changed something on screen."""
    kinds = WindowKind()
    titles = TitleNormalizer(kinds.is_talk, kinds.is_leisure)
    return {
        datetime.fromtimestamp(at // 60 * 60, UTC)
        for machine in by_machine(samples_in(clues))
        for at in changes(machine, titles)
    }
