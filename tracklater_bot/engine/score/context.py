"""What the segments of a day are scored with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracklater_bot.engine.intervals import MINUTE, Interval, joined
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.presence import Focus
from tracklater_bot.engine.score.weights import Weights
from tracklater_bot.engine.windows import WindowKind

# Meeting windows this close to each other are one call; a shorter one is a look at a window.
CALL_GAP, SHORTEST_CALL = 12 * MINUTE, 3 * MINUTE
# Chats this close to a call belong to it: the way in, and what is written down right after.
LEAD, FOLLOW = 3 * MINUTE, 2.5 * MINUTE


@dataclass(frozen=True, slots=True)
class ScoringContext:
    """What segments are scored with. `is_noon` tells of a moment whether people eat then."""

    weights: Weights
    matcher: Matcher
    calls: Sequence[Interval]
    is_noon: Callable[[float], bool]


def calls_in(foci: Sequence[Focus], kinds: WindowKind) -> list[Interval]:
    """When calls were, whatever else was looked at while they lasted."""
    meetings = ((focus.start, focus.end) for focus in foci if kinds.is_meeting(focus.title))
    return [call for call in joined(meetings, gap=CALL_GAP) if call[1] - call[0] >= SHORTEST_CALL]
