"""What rounding took from each group's days, so that another day gives it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from tracklater_bot.domain.digests import Digest, ItemState, is_open
from tracklater_bot.domain.draft import Rounding
from tracklater_bot.domain.suggestions import Suggestion


def rounding_of(day: date, suggestion: Suggestion, step: timedelta) -> Rounding | None:
    """None for a row without a group, one that is shorter than a step, and one cut by hand."""
    exact = timedelta(seconds=suggestion.evidence.exact_seconds)
    left = exact - suggestion.span.length
    if suggestion.group is None or exact < step or abs(left) > step:
        return None
    return Rounding(day, suggestion.group, round(left.total_seconds()))


def roundings_of(digest: Digest, step: timedelta) -> Iterator[Rounding]:
    """Those of a stored day's rows, but for those that are skipped."""
    for item in digest.items:
        found = rounding_of(digest.day, item.suggestion, step)
        if found is not None and item.state is not ItemState.SKIPPED:
            yield Rounding(found.day, found.group, found.seconds, not is_open(item))


def left_over(roundings: Iterable[Rounding], day: date) -> dict[str, timedelta]:
    """What the day has to give back to each group: all that is decided in its month, and what
    waits on the days before it.
    """
    lengths: defaultdict[str, timedelta] = defaultdict(timedelta)
    for one in roundings:
        same_month = (one.day.year, one.day.month) == (day.year, day.month)
        if same_month and (one.decided or one.day < day):
            lengths[one.group] += timedelta(seconds=one.seconds)
    return dict(lengths)
