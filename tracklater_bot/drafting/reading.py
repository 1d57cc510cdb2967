"""Every source read side by side; a failing one is part of the answer, never the end of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tracklater_bot.domain.clues import Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.side_by_side import SECONDS, TOO_LONG, side_by_side
from tracklater_bot.sources.base import ClueSource, SourceError

SIDE_BY_SIDE = 16
_log = logging.getLogger(__name__)


def read_all(
    sources: Sequence[ClueSource], span: Span, seconds: float = SECONDS
) -> tuple[Reading, ...]:
    """What each source says of the span, in their order; a failing or slow one its trouble."""
    readings = side_by_side(
        lambda source: _read(source, span),
        sources,
        lambda source: Reading(source.name, source.group, trouble=TOO_LONG),
        key=id,
        at_once=SIDE_BY_SIDE,
        seconds=seconds,
    )
    return tuple(readings)


def _read(source: ClueSource, span: Span) -> Reading:
    try:
        return source.read(span)
    except SourceError as error:
        return Reading(source.name, source.group, trouble=str(error))
    except Exception as error:  # noqa: BLE001 - a mistake of ours in one source must not stop the day
        log_failure(_log, source.name, error)
        trouble = (
            f"failed unexpectedly ({type(error).__name__}): please report it with what the log says"
        )
        return Reading(source.name, source.group, trouble=trouble)
