"""Windows as samples of the screen, however their recorder tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tracklater_bot.domain.clues import Clue, Window
from tracklater_bot.engine.changes import Sample

INTERVAL = 20.0  # seconds between the samples of a window that was recorded with its length


def samples_in(clues: Iterable[Clue], zero: float = 0.0) -> Iterator[tuple[str, Sample]]:
    """Machine and sample of each window, in seconds since `zero`.

    One with a length is as many samples as a recorder would have taken.
    """
    for clue in clues:
        if isinstance(clue, Window):
            at = clue.at.timestamp() - zero
            sample = Sample(at, clue.title, clue.screen, clue.window)
            yield clue.machine, sample
            if clue.until is not None:
                length = int(clue.until.timestamp() - zero - at)
                for later in range(int(INTERVAL), length, int(INTERVAL)):
                    yield clue.machine, sample._replace(at=at + later)
