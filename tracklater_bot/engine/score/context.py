"""Scales: what the pieces of a day are weighed with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracklater_bot.engine.intervals import MINUTE, Part, joined
from tracklater_bot.engine.match.matcher import Reader
from tracklater_bot.engine.presence import Stay
from tracklater_bot.engine.score.weights import Weights
from tracklater_bot.engine.windows import Kinds

# Meeting windows this close to each other are one call; a shorter one is a look at a window.
CALL_GAP, SHORTEST_CALL = 12 * MINUTE, 3 * MINUTE
# Chats this close to a call belong to it: the way in, and what is written down right after.
LEAD, FOLLOW = 3 * MINUTE, 2.5 * MINUTE


@dataclass(frozen=True, slots=True)
class Scales:
    """What pieces are weighed with. `is_noon` tells of a moment whether people eat then."""

    weights: Weights
    reader: Reader
    calls: Sequence[Part]
    is_noon: Callable[[float], bool]


def calls_in(stays: Sequence[Stay], kinds: Kinds) -> list[Part]:
    """When calls were, whatever else was looked at while they lasted."""
    meetings = ((stay.start, stay.end) for stay in stays if kinds.is_meeting(stay.title))
    return [call for call in joined(meetings, gap=CALL_GAP) if call[1] - call[0] >= SHORTEST_CALL]
