"""Toggl's allowances: an hourly quota for `/me` and for the organisation, and a leaky bucket."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

HOUR = 3600.0


@dataclass(slots=True)
class Allowance:
    """So many requests an hour; the hour begins with the first one."""

    total: int
    used: int = 0
    since: float | None = None

    def take(self, now: float) -> bool:
        """Takes one request; False when none is left."""
        if self.since is None or now - self.since >= HOUR:
            self.since, self.used = now, 0
        if self.used >= self.total:
            return False
        self.used += 1
        return True

    @property
    def remaining(self) -> int:
        """How many requests are left in this hour."""
        return max(0, self.total - self.used)

    def resets_in(self, now: float) -> int:
        """Whole seconds until the next hour begins."""
        return int(HOUR - (now - self.since)) if self.since is not None else int(HOUR)

    def headers(self, now: float) -> dict[str, str]:
        """What every answer tells of it."""
        return {
            "X-Toggl-Quota-Remaining": str(self.remaining),
            "X-Toggl-Quota-Resets-In": str(self.resets_in(now)),
        }


@dataclass(slots=True)
class Quotas:
    """The knobs: `me` and `organization` allowances; `per_second` is the bucket, None for none."""

    me: Allowance = field(default_factory=lambda: Allowance(30))
    organization: Allowance = field(default_factory=lambda: Allowance(600))
    per_second: float | None = None
    clock: Callable[[], float] = time.monotonic
    _last: float | None = None

    def of(self, path: str) -> Allowance:
        """The allowance that a request to the path uses."""
        return self.me if path.startswith("/me") else self.organization

    def too_fast(self) -> bool:
        """Whether this request comes sooner after the last one than the bucket lets through."""
        if self.per_second is None:
            return False
        now = self.clock()
        hasty = self._last is not None and now - self._last < 1 / self.per_second
        self._last = now
        return hasty
