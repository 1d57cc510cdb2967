"""How much a tracker takes yet: counted in this process, or, in a team's hub, for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TypeAlias

from tracklater_bot.domain.urgency import is_low_priority
from tracklater_bot.trackers.base import OverQuota, Quota, Spared

Change: TypeAlias = Callable[["Tally"], "Tally"]

KEPT_SHARE = 1 / 3  # of an hour's requests, which what nobody waits for leaves to the others
HOUR = timedelta(hours=1)
_UNTIL_RESET = timedelta(minutes=15)  # where nobody tells when the hour is over
_SAME_HOUR = timedelta(minutes=1)  # two answers say of the same reset that it is so near


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers, whose meaning is their tracker's own, and a moment in seconds since 1970."""

    numbers: tuple[float, ...] = ()
    until: float = 0.0


class Tallies:
    """Tallies by their names, in this process alone. Safe to use from threads."""

    def __init__(self) -> None:
        self._known: dict[str, Tally] = {}
        self._lock = Lock()

    def change(self, name: str, change: Change) -> Tally:
        """Puts what `change` makes of the tally in its place, for nobody else meanwhile."""
        with self._lock:
            self._known[name] = change(self._known.get(name, Tally()))
            return self._known[name]

    def read(self, name: str) -> Tally:
        """The tally as it is now."""
        return self._known.get(name, Tally())


def require(label: str, quota: Quota) -> None:
    """Raises OverQuota where nothing is left, and Spared where that is for what people wait for."""
    if quota.remaining is None or quota.resets_at is None:
        return
    if quota.remaining <= 0:
        raise over_quota(label, quota.resets_at)
    if is_low_priority() and quota.remaining <= (quota.hourly or 0) * KEPT_SHARE:
        sentence = f"what is left of {label} requests for this hour is kept for what you click"
        raise Spared(sentence, quota.resets_at)


def over_quota(label: str, until: datetime) -> OverQuota:
    """Until when nothing is asked."""
    return OverQuota(f"{label} requests for this hour are used up", until)


@dataclass(frozen=True, slots=True)
class ToldQuota:
    """What answers tell of an hour's requests. `plans` are what an hour may have."""

    tallies: Tallies
    name: str
    label: str
    plans: tuple[int, ...]
    clock: Callable[[], datetime]

    def take(self) -> None:
        """Counts a request that is about to go out. Raises OverQuota where there is none left."""

        def taken(tally: Tally) -> Tally:
            quota = self._current(tally)
            if quota is None:
                return tally
            require(self.label, quota)
            return _counted(tally, -1)

        self.tallies.change(self.name, taken)

    def give_back(self) -> None:
        """It never went out."""
        self.tallies.change(self.name, lambda tally: _counted(tally, 1))

    def note(self, remaining: int, resets_at: datetime) -> None:
        """What an answer tells, while others may be on their way."""

        def noted(tally: Tally) -> Tally:
            left, known = remaining, self._current(tally)
            if known and known.resets_at and abs(known.resets_at - resets_at) < _SAME_HOUR:
                left = min(left, known.remaining or 0)
            # More than the smallest plan has, so it is a larger one: in this hour, for plans end.
            most = max(remaining, (known and known.hourly) or 0)
            hourly = next((hourly for hourly in self.plans if hourly >= most), most)
            return Tally((left, hourly), resets_at.timestamp())

        self.tallies.change(self.name, noted)

    def last(self) -> Quota | None:
        """What was told last, of whatever hour."""
        return _quota_of(self.tallies.read(self.name))

    def quota(self) -> Quota | None:
        """What is known of this hour."""
        return self._current(self.tallies.read(self.name))

    def _current(self, tally: Tally) -> Quota | None:
        """What is further away than an hour was noted by a clock that was ahead."""
        quota, now = _quota_of(tally), self.clock()
        current = quota and quota.resets_at and now < quota.resets_at <= now + HOUR
        return quota if current else None


@dataclass(frozen=True, slots=True)
class CountedRequests:
    """The requests of the last hour, of which no answer tells: `allowed` ones, 0 for any number.

    The tally has when each was made. `name` gives its name, which may be known only later.
    """

    tallies: Tallies
    name: Callable[[], str]
    label: str
    allowed: int
    clock: Callable[[], datetime]

    def take(self) -> None:
        """Counts one that is about to go out. Raises OverQuota where there is none left."""

        def taken(tally: Tally) -> Tally:
            require(self.label, self._left(tally))
            return self._with_one_more(tally)

        self.tallies.change(self.name(), taken)

    def give_back(self) -> None:
        """The latest never went out."""

        def without(tally: Tally) -> Tally:
            return replace(tally, numbers=tally.numbers[:-1])

        self.tallies.change(self.name(), without)

    def note(self) -> None:
        """Counts one that went out already."""
        self.tallies.change(self.name(), self._with_one_more)

    def quota(self) -> Quota:
        """What is left, and from when on it is more."""
        return self._left(self.tallies.read(self.name()))

    def too_many(self, retry_at: datetime | None) -> OverQuota | None:
        """What a refusal means, for somebody else's requests use up the hour too; None: no hour."""
        if not self.allowed:
            return None
        now = self.clock()
        until = min(retry_at or now + _UNTIL_RESET, now + HOUR)
        self.tallies.change(self.name(), lambda tally: replace(tally, until=until.timestamp()))
        return over_quota(self.label, until)

    def _with_one_more(self, tally: Tally) -> Tally:
        made = (*self._made(tally), self.clock().timestamp()) if self.allowed else ()
        return replace(tally, numbers=made)

    def _made(self, tally: Tally) -> tuple[float, ...]:
        """Within the hour. What lies ahead was noted by a clock that was wrong."""
        now = self.clock().timestamp()
        return tuple(at for at in tally.numbers if now - HOUR.total_seconds() < at <= now)

    def _left(self, tally: Tally) -> Quota:
        now, closed = self.clock(), datetime.fromtimestamp(tally.until, UTC)
        if now < closed <= now + HOUR:
            return Quota(0, closed, self.allowed or None)
        made = self._made(tally)
        if not self.allowed or not made:
            return Quota(self.allowed or None, None, self.allowed or None)
        resets_at = datetime.fromtimestamp(made[0], UTC) + HOUR
        return Quota(max(self.allowed - len(made), 0), resets_at, self.allowed)


def _quota_of(tally: Tally) -> Quota | None:
    if not tally.numbers:
        return None
    remaining, hourly = map(int, tally.numbers)
    return Quota(remaining, datetime.fromtimestamp(tally.until, UTC), hourly)


def _counted(tally: Tally, more: int) -> Tally:
    if not tally.numbers:
        return tally
    left, hourly = tally.numbers
    return replace(tally, numbers=(left + more, hourly))
