"""Jira's worklogs with knobs: keeps them by issue, and fails as a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.notation import written
from tests.rooms import PERSON, Room, change
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.digests import Worklog as Told
from tracklater_bot.outbox.lookup import AccountFacts
from tracklater_bot.outbox.worker import Pace, Worker
from tracklater_bot.trackers.base import (
    FoundWorklog,
    Gone,
    GroupWorklogs,
    NotSent,
    Refused,
    Worklogs,
)


@dataclass(frozen=True)
class Worklog:
    issue: str
    ours: str
    span: Span
    comment: str

    def __str__(self) -> str:
        return f"{self.issue} {written([self.span])} {self.comment}"


Fault = Callable[[Any, Callable[[], Any]], Any]
"""What happens instead of an undisturbed call; see tests/trackers.py."""


@dataclass
class FakeWorklogs:
    """`faults` are used up one a call, in order; None lets a call through."""

    now: Callable[[], datetime]
    kept: dict[int, Worklog] = field(default_factory=dict)
    faults: Iterator[Fault | None] = field(default_factory=lambda: iter(()))
    asked: list[str] = field(default_factory=list)
    issues_gone: set[str] = field(default_factory=set)
    denied: set[int] = field(default_factory=set)  # those that were refused to be removed
    number: int = 500

    def fail(self, *faults: Fault | None) -> None:
        self.faults = iter(faults)

    def create(self, issue: str, ours: str, span: Span, comment: str = "") -> str:
        return str(self._call("create", lambda: self._add(Worklog(issue, ours, span, comment))))

    def find(self, issue: str, ours: str, span: Span, comment: str = "") -> Sequence[FoundWorklog]:
        def look() -> list[FoundWorklog]:
            wanted = Worklog(issue, ours, span, comment)
            return [
                FoundWorklog(str(number), each == wanted)
                for number, each in sorted(self.kept.items())
                if (each.issue, each.ours, each.span.start) == (issue, ours, span.start)
            ]

        return self._call("find", look)  # type: ignore[no-any-return]

    def update(self, issue: str, worklog: str, span: Span, comment: str = "") -> None:
        def change() -> None:
            known = self.kept.get(int(worklog))
            if known is None or known.issue != issue:
                raise Gone("the issue or its worklog is no longer in Jira, or not to be seen")
            self.kept[int(worklog)] = Worklog(issue, known.ours, span, comment)

        self._call("update", change)

    def delete(self, issue: str, worklog: str) -> None:
        def remove() -> None:
            known = self.kept.pop(int(worklog), None)
            if known is None:
                error = Gone("the issue or its worklog is no longer in Jira, or not to be seen")
                error.sent = True
                raise error
            assert known.issue == issue

        try:
            self._call("delete", remove)
        except Refused:
            self.denied.add(int(worklog))
            raise

    def written(self) -> str:
        """What is in Jira: `"DEV-1 09:00-10:00 Fix login"`, one after another."""
        return ", ".join(sorted(map(str, self.kept.values())))

    def _add(self, worklog: Worklog) -> int:
        if worklog.issue in self.issues_gone:
            raise Gone("the issue or its worklog is no longer in Jira, or not to be seen")
        self.number += 1
        self.kept[self.number] = worklog
        return self.number

    def _call(self, name: str, call: Callable[[], Any]) -> Any:
        self.asked.append(name)
        fault = next(self.faults, None)
        return call() if fault is None else fault(self, call)


@dataclass
class FakeGroupWorklogs:
    """Whose time is written where: `groups` want worklogs, all of one Jira."""

    worklogs: FakeWorklogs
    groups: set[str] = field(default_factory=lambda: {"group1"})
    away: bool = False

    def wanted(self, group: str) -> bool:
        return group in self.groups

    def of(self, group: str) -> Worklogs:
        if self.away:
            raise Refused("no Jira is set up for it")
        return self.worklogs


def jira_down(_: object, __: object) -> None:
    raise NotSent("Jira cannot be reached")


def no_right(_: object, __: object) -> None:
    raise Refused("Jira does not let this account log work: it needs Work On Issues")


@dataclass
class LoggingRoom(Room):
    """A room whose group1 has worklogs."""

    usual = "09:00-10:00 group1 DEV-1"

    worklogs: FakeWorklogs = field(init=False)
    group_worklogs: FakeGroupWorklogs = field(init=False)

    def __post_init__(self) -> None:
        self.worklogs = FakeWorklogs(self.time)
        self.group_worklogs = FakeGroupWorklogs(self.worklogs)
        super().__post_init__()

    def new_worker(
        self,
        owner: str = "",
        facts: AccountFacts | None = None,
        groups: GroupWorklogs | None = None,
        pace: Pace | None = None,
    ) -> Worker:
        return super().new_worker(owner, facts, groups or self.group_worklogs, pace)

    def worklog(self) -> Told | None:
        """What is told of the first item's."""
        return self.digest.items[0].worklog

    def edit(self, item_id: str, text: str, **more: Any) -> None:
        wanted = change(text, **more)
        self.review.edit(PERSON, item_id, wanted, self.item(item_id).version)
