"""When a person wants their digest."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import WEEKDAYS, WorkDay

CATCH_UP_DAYS = 7
LONGEST_SINCE = 14  # days; reading more of them anew takes its time
LONGEST_BREAK = 400  # days


@dataclass(frozen=True, slots=True)
class Plan:
    """When a person wants the digest: at `at` on their own clock, on `days`, never on holidays.

    `country` is an ISO 3166 code; "" knows no holidays. `silent_until` is the first day on which
    the bot may speak again.
    """

    zone: ZoneInfo
    at: time
    days: Collection[str]
    day_starts: time = time(4)
    country: str = ""
    silent_until: date | None = None

    def wants(self, day: date) -> bool:
        """Whether a digest for this day is wanted at all."""
        silent = self.silent_until is not None and day < self.silent_until
        chosen = WEEKDAYS[day.weekday()][:3] in self.days
        return chosen and not silent and not is_holiday(day, self.country)

    def due_at(self, day: date) -> datetime:
        """The moment of that day's digest; a time before `day_starts` lies on the next date."""
        on = day + timedelta(days=1) if self.at < self.day_starts else day
        return datetime.combine(on, self.at, tzinfo=self.zone)

    def passed(self, now: datetime, since: datetime) -> Iterator[date]:
        """Days whose digest time lies in (`since`, `now`], wanted or not.

        Oldest first, a week back at most.
        """
        today = WorkDay.of(now, self.zone, self.day_starts).date
        for back in range(CATCH_UP_DAYS, -1, -1):
            day = today - timedelta(days=back)
            if since < self.due_at(day) <= now:
                yield day

    def since_last(self, day: date) -> list[date]:
        """The days since the digest before that day's, which is for the first of them."""
        back = (day - timedelta(days=n) for n in range(1, LONGEST_SINCE + 1))
        last = next((one for one in back if self.wants(one)), day - timedelta(days=LONGEST_SINCE))
        return [last + timedelta(days=n) for n in range((day - last).days)]

    def next(self, now: datetime) -> datetime | None:
        """The next digest's moment; None when no weekday is chosen."""
        today = WorkDay.of(now, self.zone, self.day_starts).date
        days = (today + timedelta(days=ahead) for ahead in range(LONGEST_BREAK))
        wanted = (self.due_at(day) for day in days if self.wants(day))
        return next((due for due in wanted if due > now), None)


def is_holiday(day: date, country: str) -> bool:
    """Whether the day is a public holiday there; an unknown country has none."""
    return bool(country) and day in (_holidays(country, day.year) or ())


def knows_holidays(country: str) -> bool:
    """Whether there are any of that country."""
    return _holidays(country, 2000) is not None


def _holidays(country: str, year: int) -> Collection[date] | None:
    import holidays  # noqa: PLC0415 - 4 MB, for those alone who have named a country

    code, _, part = country.upper().replace("_", "-").partition("-")  # `US-CA` is California
    try:
        return holidays.country_holidays(code, subdiv=part or None, years=year)
    except NotImplementedError:
        return None
