"""Months that are billed: what they held then, and what has become different since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.text import duration, short_day

LEAST_FOUND = timedelta(minutes=5)  # of what would now be suggested
MOST_DESCRIPTION = 80


@dataclass(frozen=True, slots=True)
class BilledEntry:
    """What of an entry is billed, and the tracker's word for its state then.

    `project` and `billable` are None where an older version of this program has noted neither.
    """

    start: datetime
    seconds: int
    group: str | None
    description: str
    changed: str
    project: str | None = None
    billable: bool | None = None

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class MonthState:
    """What a month holds: entries by their ids, and seconds that were found, by day and group."""

    entries: Mapping[str, BilledEntry] = field(default_factory=dict)
    found: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[TimeEntry], days: Iterable[DayTimes], month: Span) -> MonthState:
        """Of the parts in the month of entries that have ended, and of its days."""
        held = {
            entry.id: BilledEntry(
                start=entry.start,
                seconds=round(part.length.total_seconds()),
                group=entry.group,
                description=entry.description[:MOST_DESCRIPTION],
                changed=entry.changed,
                project=entry.project or "",
                billable=entry.billable,
            )
            for entry in entries
            if entry.end is not None
            and (whole := entry.span(entry.end))
            and (part := whole.intersection(month))
        }
        found = {
            times.day.isoformat(): {
                group: round(length.total_seconds())
                for group, length in times.suggested.items()
                if group is not None and length
            }
            for times in days
        }
        return cls(held, {day: groups for day, groups in found.items() if groups})

    @property
    def seen(self) -> str:
        """Changes with every entry and each change of one: a click means what was shown."""
        known = sorted((key, entry.seconds, entry.changed) for key, entry in self.entries.items())
        return f"{crc32(repr(known).encode()):08x}"

    def lengths(self) -> dict[str | None, timedelta]:
        """The sum of each group."""
        sums: dict[str | None, timedelta] = {}
        for entry in self.entries.values():
            sums[entry.group] = sums.get(entry.group, timedelta()) + entry.length
        return sums


@dataclass(frozen=True, slots=True)
class Billed:
    """A month as it was when it was marked as billed."""

    at: datetime
    state: MonthState


@dataclass(frozen=True, slots=True)
class Drift:
    """Something that is different now: on which day, of what, and how; `what` is outside text."""

    day: date
    what: str
    how: str


def drift(
    billed: MonthState,
    now: MonthState,
    zone: ZoneInfo,
    tracker: str,
    ours: Mapping[str, str | None],
) -> list[Drift]:
    """What is different, earliest first. `ours` are entries made here, as they were seen last."""
    found: list[Drift] = []
    for key in billed.entries.keys() | now.entries.keys():
        before, after = billed.entries.get(key), now.entries.get(key)
        known = after or before
        changes = _changes(before, after, zone) if before and after else []
        if known is None or (before and after and not changes):
            continue
        day = known.start.astimezone(zone).date()
        by_us = after is not None and ours.get(key) == after.changed
        when = _on(after.changed, zone) if after is not None else ""
        where = "here" if by_us else f"in {tracker}{when}"
        if before is None:
            how = f"{'approved' if by_us else 'added'} {where}: {duration(known.length)}"
        elif after is None:
            how = f"no longer in {tracker}: {duration(before.length)} -> 0 min"
        else:
            how = f"edited {where}: {', '.join(changes)}"
        found.append(Drift(day, known.description, how))
    for on, groups in now.found.items():
        for group, seconds in groups.items():
            more = timedelta(seconds=seconds - billed.found.get(on, {}).get(group, 0))
            if more >= LEAST_FOUND:
                how = f"{duration(more)} more found since"
                found.append(Drift(date.fromisoformat(on), group, how))
    return sorted(found, key=lambda one: (one.day, one.how))


def _changes(before: BilledEntry, after: BilledEntry, zone: ZoneInfo) -> list[str]:
    """What is different of an entry, the length first; when it was counts where that stayed."""
    told = []
    if before.seconds != after.seconds:
        told.append(f"{duration(before.length)} -> {duration(after.length)}")
    elif before.start != after.start:
        start, end = (one.start.astimezone(zone) for one in (before, after))
        told.append(f"{short_day(start)} {start:%H:%M} -> {short_day(end)} {end:%H:%M}")
    if before.group != after.group:
        told.append(f"{before.group or 'no client'} -> {after.group or 'no client'}")
    elif before.project not in (None, after.project):
        told.append(f"{before.project or 'no project'} -> {after.project or 'no project'}")
    if before.billable not in (None, after.billable):
        told.append("now billable" if after.billable else "no longer billable")
    if before.description != after.description:
        told.append("its words")
    return told


def _on(changed: str, zone: ZoneInfo) -> str:
    """` on Thu 3 Dec`, where the tracker's word for a state is a moment."""
    try:
        at = datetime.fromisoformat(changed)
    except ValueError:
        return ""
    return f" on {short_day(at.astimezone(zone).date())}" if at.tzinfo else ""
