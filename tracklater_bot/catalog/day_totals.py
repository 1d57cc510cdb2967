"""Days that were read for the week and not opened, so that Home need not ask again.

They are no digests: nothing of them waits for a decision.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pydantic import ValidationError

from tracklater_bot.catalog.cache import PersonalMemory, adapter
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.json_value import JsonValue

KEPT = timedelta(days=1)  # then a day is unknown again: it may have changed meanwhile
_ROWS = list[tuple[str | None, float, float, float]]


def keep(memory: PersonalMemory, times: DayTimes, now: datetime) -> None:
    """Remembers how much of the day was tracked, suggested and missing in each group."""
    lengths = (times.tracked, times.suggested, times.missing)
    rows: list[JsonValue] = [
        [group, *(length.get(group, timedelta()).total_seconds() for length in lengths)]
        for group in times.groups()
    ]
    memory.put(_key(times.day), rows, now + KEPT)


def kept(memory: PersonalMemory, day: date, now: datetime) -> DayTimes:
    """The day as it was seen last; an unknown one where nobody has looked for a while."""
    value = memory.get(_key(day), now)
    try:
        rows = adapter(_ROWS).validate_python(value)
    except ValidationError:  # nothing, or what another version kept
        return DayTimes(day, known=False)
    return DayTimes(
        day,
        tracked={group: timedelta(seconds=tracked) for group, tracked, _, _ in rows},
        suggested={group: timedelta(seconds=suggested) for group, _, suggested, _ in rows},
        missing={group: timedelta(seconds=missing) for group, _, _, missing in rows},
    )


def _key(day: date) -> str:
    return f"glance:{day}"
