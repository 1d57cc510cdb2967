"""Calls to Slack at a pace that Slack allows, those that a person waits for ahead of the rest.

Slack counts an app's calls of each method in each workspace. Whoever asks for more is told to come
back later (429), and with many people's digests due at the same minute that would be the rule. So
calls wait here for their turn instead. What the bot does by itself has `low_priority`: it leaves
part of every minute to people, who then hardly ever wait.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import count
from math import ceil
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryHandler, RetryState
from slack_sdk.web import SlackResponse

from tracklater_bot.domain.urgency import is_low_priority, low_priority
from tracklater_bot.http import bounded  # noqa: F401 - for its effect

MINUTE = 60.0
# Calls a minute, as Slack's pages name them: tiers 3 and 4, and "several hundred" messages.
TIER_3, TIER_4, MESSAGES = 50, 100, 300
LIMITS: Mapping[str, int] = {
    "chat.postMessage": MESSAGES,
    "chat.postEphemeral": TIER_4,
    "chat.update": TIER_3,
    "chat.delete": TIER_3,
    "conversations.open": TIER_3,
    "conversations.history": TIER_3,
    "conversations.replies": TIER_3,
    "files.getUploadURLExternal": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "files.info": TIER_4,
    "files.delete": TIER_3,
    "users.info": TIER_4,
    "views.publish": TIER_4,
}
IN_A_CHANNEL = MINUTE  # messages a minute in one channel: one a second
LOW_PRIORITY_SHARE = 0.8  # of each minute, for what nobody waits for
LOW_PRIORITY_STEPS = 6  # parts of a minute over which that is spread
MARGIN = 1.02  # Slack's minute need not begin with ours
RETRIES = 3  # where Slack says when to come back
ELSEWHERE = "webhook"
REPEATS = 1  # where the connection fails
REPEAT_AFTER = 1.0  # seconds
LONGEST_HOLD = 60.0  # seconds; whoever wants more says so again

# What may have been carried out once already, and does no harm a second time.
REPEATABLE = frozenset(
    {"api.test", "apps.connections.open", "auth.test", "chat.delete", "chat.getPermalink",
     "chat.update", "conversations.history", "conversations.open", "conversations.replies",
     "files.delete", "files.info", "search.messages", "users.info", "views.publish", "views.update"}
)  # fmt: skip
_NO_WAY = frozenset(
    {errno.ECONNREFUSED, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH}
)

_waited_for: ContextVar[str] = ContextVar("waited_for", default="")


@dataclass(slots=True)
class Calls:
    """When a method was called in the last minute, and who waits to call it, most urgent first."""

    at: deque[float] = field(default_factory=deque)
    waiting: list[tuple[bool, int]] = field(default_factory=list)
    held_until: float = 0.0


class Pacer:
    """When Slack's methods may be called by one app, in this process alone. Safe for many threads.

    `minute` is shorter in tests only. `low_share` is what of it is for what nobody waits for.
    """

    low_share = LOW_PRIORITY_SHARE

    def __init__(self, minute: float = MINUTE, clock: Callable[[], float] = time.monotonic) -> None:
        self._minute = minute
        self._clock = clock
        self._methods: dict[str, Calls] = {}
        self._channels: dict[str, float] = {}
        self._numbers = count()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, method: str) -> Iterator[None]:
        """Waits for the method's turn already here, where no lock is held yet.

        In the block nothing has low priority any more, since others may wait for the same lock.
        """
        if is_low_priority():
            self._wait(method)
            waited_for = _waited_for.set(method)
            try:
                with low_priority(low=False):
                    yield
            finally:
                _waited_for.reset(waited_for)
        else:
            yield

    def wait(self, method: str, channel: str = "") -> None:
        """Waits until the method may be called; messages also until the channel has rested."""
        if _waited_for.get() == method:
            _waited_for.set("")
        else:
            self._wait(method)
        if method == "chat.postMessage" and channel:
            self._rest(channel)

    def hold(self, method: str, seconds: float) -> None:
        """Keeps everybody from calling the method: Slack said so."""
        with self._changed:
            calls = self._methods.setdefault(method, Calls())
            calls.held_until = max(calls.held_until, self._clock() + seconds)

    def _wait(self, method: str) -> None:
        with self._changed:
            calls = self._methods.setdefault(method, Calls())
            ticket = (is_low_priority(), next(self._numbers))
            insort(calls.waiting, ticket)
            try:
                while (delay := self._delay(method, calls, ticket)) != 0:
                    self._changed.wait(delay)
            finally:
                calls.waiting.remove(ticket)
                self._changed.notify_all()

    def _delay(self, method: str, calls: Calls, ticket: tuple[bool, int]) -> float | None:
        """Takes the turn, or gives the seconds until then; None while others come first."""
        return self.take(method, calls, low=ticket[0]) if calls.waiting[0] == ticket else None

    def take(self, method: str, calls: Calls, *, low: bool) -> float:
        """Counts a call that may be made now; otherwise the seconds until there may be one."""
        now = self._clock()
        delay = self.delay(method, calls, now, low=low)
        if not delay:
            calls.at.append(now)
        return delay

    def delay(self, method: str, calls: Calls, now: float, *, low: bool) -> float:
        """Seconds until one more call is within the limits, with or without low priority."""
        while calls.at and calls.at[0] <= now - self._minute * MARGIN:
            calls.at.popleft()
        most = LIMITS.get(method, MESSAGES)
        delay = self._full(calls.at, self._minute, most, now)
        if low:
            share, steps = most * self.low_share, LOW_PRIORITY_STEPS
            in_all = self._full(calls.at, self._minute, int(share), now)
            in_step = self._full(calls.at, self._minute / steps, ceil(share / steps), now)
            delay = max(delay, in_all, in_step)
        return max(delay, calls.held_until - now, 0.0)

    @staticmethod
    def _full(at: deque[float], seconds: float, most: int, now: float) -> float:
        """Seconds until fewer than `most` calls lie in the last `seconds`."""
        return 0.0 if len(at) < most else at[-most] + seconds * MARGIN - now

    def _rest(self, channel: str) -> None:
        """One message a second in a channel; who comes sooner takes the next second."""
        pause = self._minute / IN_A_CHANNEL
        with self._changed:
            now = self._clock()
            self._channels = {name: at for name, at in self._channels.items() if at > now}
            at = max(self._channels.get(channel, now), now)
            self._channels[channel] = at + pause
            while (delay := at - self._clock()) > 0:
                self._changed.wait(delay)


class PacedClient(WebClient):
    """Slack's Web API, called no faster than Slack allows."""

    def __init__(self, *args: Any, pacer: Pacer | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.pacer = pacer or Pacer()
        self.retry_handlers = [SlackRetryHandler(self.pacer)]  # instead of the SDK's

    def api_call(self, api_method: str, **more: Any) -> SlackResponse:
        """As the SDK's, when it is this call's turn."""
        body = more.get("json") or more.get("data") or more.get("params") or {}
        channel = body.get("channel", "") if isinstance(body, Mapping) else ""
        self.pacer.wait(api_method, str(channel))
        return super().api_call(api_method, **more)


def nothing_was_sent(error: BaseException | None) -> bool:
    """Whether the connection certainly failed before anything could go out."""
    reason = error.reason if isinstance(error, URLError) else error
    known = isinstance(reason, OSError) and reason.errno in _NO_WAY
    return known or isinstance(reason, socket.gaierror)


class SlackRetryHandler(RetryHandler):
    """The one place that decides which request to Slack is sent again.

    What Slack put off is, when Slack says, and all others wait too. After a lost answer only what
    does no harm twice is: a message may be there already, and is looked for instead.
    """

    def __init__(self, pacer: Pacer) -> None:
        super().__init__(max_retry_count=RETRIES)
        self._pacer = pacer

    def can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        """Whether the request is sent again."""
        if state.current_attempt >= self.max_retry_count:
            return False
        if response is not None:
            return response.status_code == 429
        lost = isinstance(error, OSError | HTTPException)  # also the SDK's URLError
        harmless = nothing_was_sent(error) or _method(request) in REPEATABLE
        return lost and harmless and state.current_attempt < REPEATS

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """As the SDK's, but for the waiting, which is done in the queue."""
        method = _method(request)
        if response is None:
            time.sleep(REPEAT_AFTER)
        else:
            self._pacer.hold(method, _retry_after(response))
        self._pacer.wait(method)
        state.next_attempt_requested = True
        state.increment_current_attempt()


def _method(request: HttpRequest) -> str:
    """Of the Web API; what else Slack gives an address for has a secret in it."""
    place, _, method = request.url.partition("?")[0].rpartition("/")
    return method if place.endswith("/api") else ELSEWHERE


def _retry_after(response: HttpResponse) -> float:
    """In how many seconds Slack wants to be asked again."""
    headers = {name.lower(): values for name, values in response.headers.items()}
    seconds = (headers.get("retry-after") or ["1"])[0]
    return min(float(seconds), LONGEST_HOLD) if seconds.isdecimal() else 1.0
