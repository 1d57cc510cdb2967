"""The real bot, made to die at a boundary: its store, its services and Slack are wrapped.

`python -m tests.crash_points PLACE run ...` is `tracklater-bot run ...`, killed there.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from slack_sdk.socket_mode.client import BaseSocketModeClient
from sqlalchemy import Connection, func, select

from tracklater_bot.cli.main import main
from tracklater_bot.core import Core
from tracklater_bot.slack.pace import PacedClient
from tracklater_bot.store import Store
from tracklater_bot.store.tables import lanes, outbox
from tracklater_bot.trackers.jira_worklogs import JiraGroupWorklogs

# Before and after each call that leaves the process. What is killed before it has left.
_WRITES = ("create", "update", "delete")
TOGGL_ANSWERS = {"entries": "looked", "find": "looked-up"} | dict.fromkeys(
    _WRITES, "answer-received"
)
JIRA_CALLS = dict.fromkeys(_WRITES, "worklog-before-sending")
JIRA_ANSWERS = {"find": "worklog-looked-up"} | dict.fromkeys(_WRITES, "worklog-answer-received")
SLACK_CALLS = {"chat.update": "before-chat-update", "chat.postMessage": "before-post"}
SLACK_ANSWERS = {"chat.update": "after-chat-update", "chat.postMessage": "before-posted"}
ACKNOWLEDGED = "after-ack"
# What a transaction may store; it is killed before or after it is stored.
DECISION, LANE, SENDING, RESULT = "decision-stored", "lane-taken", "sending-stored", "result-stored"
STORED_NEXT = {each: f"before-{each}" for each in (DECISION, SENDING, RESULT)}
PLACES = frozenset(
    {ACKNOWLEDGED, DECISION, LANE, SENDING, RESULT, *STORED_NEXT.values()}.union(
        *(
            names.values()
            for names in (TOGGL_ANSWERS, JIRA_CALLS, JIRA_ANSWERS, SLACK_CALLS, SLACK_ANSWERS)
        )
    )
)

_at, _by = "", signal.SIGKILL


def arm(place: str) -> None:
    """Lets this process die when it comes to the place, as by a power cut."""
    get_ready()
    aim(place)


def get_ready() -> None:
    """Wraps everything, so that `aim` can be called at any time."""
    _wrap_store()
    _wrap_services()
    _wrap_slack()


def aim(place: str, by: signal.Signals = signal.SIGKILL) -> None:
    """The signal comes at the place, once; what was aimed at before is forgotten."""
    global _at, _by
    assert place in PLACES, place
    _at, _by = place, by


def _reached(place: str | None) -> None:
    global _at  # noqa: PLW0603 - see above
    if place == _at:
        _at = ""
        os.kill(os.getpid(), _by)


class _Wrapped:
    """A service whose calls are places."""

    def __init__(self, inner: Any, calls: Mapping[str, str], answers: Mapping[str, str]) -> None:
        self._inner, self._calls, self._answers = inner, calls, answers

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._wrapped(name, found) if name in self._answers else found

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **more: Any) -> Any:
            _reached(self._calls.get(name))
            answer = call(*args, **more)
            _reached(self._answers[name])
            return answer

        return run


def _wrap_services() -> None:
    writable_tracker, worklogs_of = Core.writable_tracker, JiraGroupWorklogs.of

    def tracker(core: Core) -> Any:
        return _Wrapped(writable_tracker(core), {}, TOGGL_ANSWERS)

    def worklogs(groups: JiraGroupWorklogs, group: str) -> Any:
        return _Wrapped(worklogs_of(groups, group), JIRA_CALLS, JIRA_ANSWERS)

    _put(Core, "writable_tracker", tracker)
    _put(JiraGroupWorklogs, "of", worklogs)


def _wrap_slack() -> None:
    api_call = PacedClient.api_call
    acknowledge = BaseSocketModeClient.send_socket_mode_response

    def call(client: PacedClient, api_method: str, **more: Any) -> Any:
        _reached(SLACK_CALLS.get(api_method))
        answer = api_call(client, api_method, **more)
        _reached(SLACK_ANSWERS.get(api_method))
        return answer

    def acknowledged(client: BaseSocketModeClient, response: Any) -> None:
        acknowledge(client, response)
        _reached(ACKNOWLEDGED)

    _put(PacedClient, "api_call", call)
    _put(BaseSocketModeClient, "send_socket_mode_response", acknowledged)


def _wrap_store() -> None:
    writing = Store.writing

    @contextmanager
    def transaction(store: Store) -> Iterator[Connection]:
        if _at not in (LANE, *STORED_NEXT, *STORED_NEXT.values()):  # counting takes its time
            with writing(store) as connection:
                yield connection
            return
        with writing(store) as connection:
            before = _state(connection)
            yield connection
            stores = _step(before, _state(connection))
            _reached(STORED_NEXT.get(stores or ""))
        _reached(stores)

    _put(Store, "writing", transaction)


def _state(connection: Connection) -> tuple[int, int, int]:
    """Lanes that somebody has, jobs that are being sent, and jobs at all."""
    owned = select(func.count()).where(lanes.c.owner.is_not(None))
    sending = select(func.count()).where(outbox.c.state == "sending")
    jobs = select(func.count()).select_from(outbox)
    a, b, c = (int(connection.execute(each).scalar_one()) for each in (owned, sending, jobs))
    return a, b, c


def _step(before: tuple[int, int, int], after: tuple[int, int, int]) -> str | None:
    """What a transaction has done on the way to the entry; None for any other."""
    lane, sending, jobs = (now - then for then, now in zip(before, after, strict=True))
    if lane:
        return LANE if lane > 0 else RESULT
    if sending > 0:
        return SENDING
    return DECISION if jobs > 0 else None


def _put(owner: type, name: str, replacement: object) -> None:
    setattr(owner, name, replacement)


if __name__ == "__main__":
    arm(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
