"""Slack's limits on calls, for whoever wants the sandbox to hold them: 429 and when to come back.

Slack counts an app's calls of a method in a workspace, and says of each tier how many a minute it
certainly takes. What is more is refused here, which is the strict reading of that.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from math import ceil

from tracklater_sandbox.slack.calls import SlackError

_TIER_3, _TIER_4, _SEVERAL_HUNDRED = 50, 100, 300
_A_MINUTE: Mapping[str, int] = {
    "chat.delete": _TIER_3,
    "chat.postEphemeral": _TIER_4,
    "chat.postMessage": _SEVERAL_HUNDRED,
    "chat.update": _TIER_3,
    "conversations.history": _TIER_3,
    "conversations.open": _TIER_3,
    "conversations.replies": _TIER_3,
    "files.completeUploadExternal": _TIER_4,
    "files.delete": _TIER_3,
    "files.getUploadURLExternal": _TIER_4,
    "files.info": _TIER_4,
    "users.info": _TIER_4,
    "views.open": _TIER_4,
    "views.publish": _TIER_4,
    "views.push": _TIER_4,
    "views.update": _TIER_4,
}
# "One a second, short bursts allowed" in one channel: so many in a little less than as many seconds
_BURST, _BURST_SECONDS = 5, 4.75


class TooFast(SlackError):
    """The call may come again after so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__("ratelimited")
        self.seconds = seconds


class Limits:
    """Counts calls and refuses those beyond the limits. `minute` may be shorter, for benchmarks."""

    def __init__(self, minute: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._minute = minute
        self._clock = clock
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self.refused: Counter[str] = Counter()

    def count(self, method: str, channel: str = "") -> None:
        """Counts a call. Raises TooFast for one beyond the limits."""
        now = self._clock()
        windows = []
        if method in _A_MINUTE:
            windows.append((method, _A_MINUTE[method], self._minute))
        if method == "chat.postMessage":
            windows.append((f"in {channel}", _BURST, _BURST_SECONDS * self._minute / 60))
        waits = [self._wait(name, most, seconds, now) for name, most, seconds in windows]
        if any(waits):
            self.refused[method] += 1
            raise TooFast(max(1, ceil(max(waits))))
        for name, *_ in windows:
            self._calls[name].append(now)

    def _wait(self, name: str, most: int, seconds: float, now: float) -> float:
        calls = self._calls[name]
        while calls and calls[0] <= now - seconds:
            calls.popleft()
        return 0.0 if len(calls) < most else calls[0] + seconds - now
