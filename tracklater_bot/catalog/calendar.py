"""The person's working days: in which zone each is, where it begins and ends, which is meant."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracklater_bot.domain.day import NoSuchDay, WorkDay, parse_when, past
from tracklater_bot.domain.stretches import Stretch
from tracklater_bot.settings import Settings

if TYPE_CHECKING:  # SQLAlchemy takes its time, and a preview may do without
    from tracklater_bot.store import Store

PROFILE_ZONE = "profile_zone"
FIRST_YEAR = 1970


@dataclass(eq=False, repr=False)
class Calendar:
    """One person's days. `store` is None for somebody whose days are not kept."""

    settings: Settings
    store: Store | None
    person: str
    clock: Callable[[], datetime]

    def zone(self) -> ZoneInfo:
        """The person's zone: the one that is set, else their Slack profile's, else this machine's.

        Raises SettingsError when none of them is known.
        """
        return self.settings.timezone or self._profile_zone() or self.settings.zone()

    def _profile_zone(self) -> ZoneInfo | None:
        name = self.store and self.store.get(self.person, PROFILE_ZONE, self.clock())
        try:
            return ZoneInfo(name) if isinstance(name, str) else None
        except (ZoneInfoNotFoundError, ValueError):  # Slack knows a zone that this machine doesn't
            return None

    def note_profile_zone(self, name: str) -> None:
        """Remembers the zone of the person's Slack profile."""
        if self.store is not None:
            self.store.put(self.person, PROFILE_ZONE, name)

    def today(self) -> date:
        """The date of the working day that it is now."""
        return WorkDay.of(self.clock(), self.zone(), self.settings.day_starts).date

    def day(self, when: str) -> WorkDay:
        """The working day that a WHEN word means now. Raises WhenError."""
        return self._real_day(parse_when(when, self.today()))

    def past_day(self, when: str) -> WorkDay:
        """The same for what somebody typed who wants to see the day, which must have come."""
        today = self.today()
        return self._real_day(past(parse_when(when, today), today))

    def days_of(self, stretch: Stretch) -> list[WorkDay]:
        """Its days up to today, without those that the zone skipped. Raises NoSuchDay."""
        self._real_day(stretch.first)
        dates = [on for on in stretch.days() if on <= self.today()]
        days: list[WorkDay] = []
        for on in dates:
            with suppress(NoSuchDay):
                days.append(self._real_day(on))
        return days

    def _real_day(self, on: date) -> WorkDay:
        """The date's working day, unless the zone skipped it, or it is older than any trace."""
        if on.year < FIRST_YEAR:
            raise NoSuchDay(f"{on} is too long ago: nothing was recorded then.")
        day = self.day_on(on)
        try:
            _ = day.span
        except ValueError:
            raise NoSuchDay(f"{on} is no day: it was skipped in {day.zone}.") from None
        return day

    def day_on(self, on: date) -> WorkDay:
        """The date's working day. One that is stored keeps its zone when the person travels on.

        One that isn't is where the next stored one was, so that reading it late shifts no other.
        """
        starts, eve = self.settings.day_starts, on - timedelta(days=1)
        _, later = self._stored_zone(on)
        before_on, before = self._stored_zone(eve)
        zone, before = later or self.zone(), before if before_on == eve else None
        moved = before is not None and before != zone
        begins = WorkDay(eve, before, starts).span.end if before and moved else None
        return WorkDay(on, zone, starts, begins)

    def _stored_zone(self, on: date) -> tuple[date | None, ZoneInfo | None]:
        """The first stored day from then on, and its zone."""
        found = self.store.zone_from(self.person, on) if self.store is not None else None
        return (found[0], ZoneInfo(found[1])) if found else (None, None)

    def day_of(self, at: datetime) -> WorkDay:
        """The working day to which a moment belongs."""
        nominal = WorkDay.of(at, self.zone(), self.settings.day_starts).date
        near = [self.day_on(nominal + timedelta(days=away)) for away in (0, 1, -1)]
        return next((day for day in near if at in day.span), near[0])
