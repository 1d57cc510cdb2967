"""Jira worklogs beside the entries, for groups with `jira.worklogs = true`.

Jira has no idempotency key, so each worklog carries our own id as a property, and `find` reads it
back before anything is sent again. Nobody is mailed, the remaining estimate is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, NoReturn

from pydantic import BaseModel

from tracklater_bot import http
from tracklater_bot.domain.day import Span
from tracklater_bot.http.jira import ISSUE_KEY, JiraError, JiraSite, User
from tracklater_bot.settings import GroupJira, GroupSettings
from tracklater_bot.trackers import base

PROPERTY = "tracklater-bot"
_WITHOUT_NOTICE = {"notifyUsers": "false", "adjustEstimate": "leave"}
_AROUND_START = timedelta(minutes=1)
_PAUSE = timedelta(seconds=10)


class JiraProperty(BaseModel):
    """What an app keeps with a worklog."""

    key: str = ""
    value: object = None


class JiraWorklog(BaseModel):
    """A worklog, anybody's."""

    id: str
    started: http.When = None
    timeSpentSeconds: int = 0  # noqa: N815 - Jira's spelling
    author: User | None = None
    comment: object = None
    properties: list[JiraProperty] | None = None

    @property
    def own_id(self) -> object:
        """The id that we gave it; None for other people's and for Jiras that tell no properties."""
        for entry in self.properties or ():
            if entry.key == PROPERTY and isinstance(entry.value, dict):
                return entry.value.get("id")
        return None


class JiraWorklogList(BaseModel):
    """An issue's worklogs."""

    worklogs: list[object] | None = None


class JiraWorklogs:
    """One group's worklogs. Every call raises TrackerError's kinds; none repeats a write.

    `own_id` is an id of our own that stays the same for an entry. Writes go one after the other:
    parallel ones spoil an issue's time spent.
    """

    def __init__(
        self,
        group: str,
        settings: GroupJira,
        clock: Callable[[], datetime] = http.utc_now,
        timing: http.Timing | None = None,
    ) -> None:
        self._site = JiraSite(group, settings, timing or http.Timing(now=clock))
        self._clock = clock
        self._writing = Lock()

    def create(self, issue: str, own_id: str, span: Span, comment: str = "") -> str:
        """Writes a worklog with a single request; gives Jira's id of it."""
        properties = [{"key": PROPERTY, "value": {"id": own_id}}]
        body = self._body(span, comment or None) | {"properties": properties}
        answer = self._write("POST", _path(issue), body)
        try:
            made = answer.read(JiraWorklog)
        except http.BadResponse as error:
            raise base.Unknown(str(error)) from None
        if made.started not in (None, _seconds(span.start)):
            raise base.OtherEntry("Jira answered with another worklog than the one sent")
        return made.id

    def find(
        self, issue: str, own_id: str, span: Span, comment: str = ""
    ) -> tuple[base.FoundWorklog, ...]:
        """The worklogs with our id that begin at that time. One that is odd may be ours, too.

        Data Center may not tell properties: there, one's own worklogs of that start and length.
        """
        start = _seconds(span.start)
        window: dict[str, str | int] = {
            "startedAfter": _milliseconds(start - _AROUND_START),
            "startedBefore": _milliseconds(start + _AROUND_START),
            "expand": "properties",
        }
        try:
            rows = self._site.get(_path(issue), JiraWorklogList, window).worklogs or []
            worklogs = http.understood(JiraWorklog, rows)
            same = [worklog for worklog in worklogs if worklog.own_id == own_id]
            if not same and not self._site.cloud:
                me = self._site.me().identity
                same = [worklog for worklog in worklogs if _looks_like_it(worklog, me, span)]
        except JiraError as error:
            self._raise(error, writing=False)
        if not same and len(worklogs) < len(rows):
            raise base.NotSent(f"Jira has a worklog on {issue} that cannot be understood")
        return tuple(base.FoundWorklog(each.id, _says(each, span, comment)) for each in same)

    def update(self, issue: str, worklog: str, span: Span, comment: str | None = None) -> None:
        """Changes the time, and the comment to this one, also to "". Repeating it does no harm."""
        self._write("PUT", f"{_path(issue)}/{_number(worklog)}", self._body(span, comment))

    def delete(self, issue: str, worklog: str) -> None:
        """Removes it."""
        self._write("DELETE", f"{_path(issue)}/{_number(worklog)}", None)

    def _write(self, method: str, path: str, body: object) -> http.Response:
        try:
            with self._writing:
                return self._site.send(method, path, body, _WITHOUT_NOTICE)
        except JiraError as error:
            self._raise(error, writing=True)

    def _body(self, span: Span, comment: str | None) -> dict[str, Any]:
        """Without a comment, one that is there stays."""
        body: dict[str, Any] = {"started": _started(span.start), "timeSpentSeconds": _spent(span)}
        if comment is not None:
            body["comment"] = _document(comment) if self._site.cloud else comment
        return body

    def _raise(self, error: JiraError, *, writing: bool) -> NoReturn:
        """Turns what went wrong on the way into what it means for the worklog."""
        cause = error.cause
        if isinstance(cause, http.BadStatus):
            refusal = self._refusal(error, cause, writing=writing)
            refusal.sent = writing
            raise refusal from None
        if writing and isinstance(cause, http.ResponseLost | http.BadResponse):
            raise base.Unknown(f"{cause}: the worklog may be there all the same") from None
        if cause is None or (isinstance(cause, http.Unreachable) and cause.lasting):
            raise base.Refused(str(error)) from None
        raise base.NotSent(str(error)) from None

    def _refusal(
        self, error: JiraError, cause: http.BadStatus, *, writing: bool
    ) -> base.TrackerError:
        if cause.status == 429:
            return base.NotSent(str(error), cause.retry_at or self._clock() + _PAUSE)
        if cause.status == 404:
            return base.Gone("the issue or its worklog is no longer in Jira, or not to be seen")
        if cause.status == 403:
            return base.Refused("Jira does not let this account log work: it needs Work On Issues")
        if not cause.lasting:
            sentence = f"{cause}: the worklog may be there all the same"
            return base.Unknown(sentence) if writing else base.NotSent(str(error), cause.retry_at)
        return base.Refused(str(error))


def _path(issue: str) -> str:
    if not ISSUE_KEY.fullmatch(issue):
        raise base.Refused("Jira takes worklogs only for an issue's key, such as DEV-12")
    return f"/issue/{issue}/worklog"


def _number(worklog: str) -> str:
    if not worklog.isdecimal():
        raise base.Refused("that is no Jira worklog")
    return worklog


def _looks_like_it(worklog: JiraWorklog, me: str, span: Span) -> bool:
    return (worklog.author is not None and worklog.author.identity == me) and _covers(worklog, span)


def _covers(worklog: JiraWorklog, span: Span) -> bool:
    return (worklog.started, worklog.timeSpentSeconds) == (_seconds(span.start), _spent(span))


def _says(worklog: JiraWorklog, span: Span, comment: str) -> bool:
    return _covers(worklog, span) and _text(worklog.comment).split() == comment.split()


def _text(comment: object) -> str:
    """The words of a comment: text, or Atlassian's document."""
    if isinstance(comment, dict):
        inner = comment.get("content")
        parts = inner if isinstance(inner, list) else []
        return " ".join([str(comment.get("text") or ""), *map(_text, parts)])
    return comment if isinstance(comment, str) else ""


def _seconds(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _started(at: datetime) -> str:
    """The one form that every Jira takes: milliseconds, and an offset without a colon."""
    return f"{_seconds(at):%Y-%m-%dT%H:%M:%S}.000+0000"


def _spent(span: Span) -> int:
    """Whole minutes, at least one: Jira refuses less, and rounds the rest in its own way."""
    return max(1, round(span.length / timedelta(minutes=1))) * 60


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _document(text: str) -> dict[str, Any]:
    """A paragraph in Atlassian's document format, which API 3 wants; none without a text."""
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
    return {"type": "doc", "version": 1, "content": [paragraph] if text else []}


class JiraGroupWorklogs:
    """The Jira of each group that has one; worklogs are wanted where the settings say so."""

    def __init__(self, groups: Mapping[str, GroupSettings], clock: Callable[[], datetime]) -> None:
        self._groups = groups
        self._clock = clock
        self._opened: dict[str, JiraWorklogs] = {}
        self._opening = Lock()

    def wanted(self, group: str) -> bool:
        """Whether new entries of the group become worklogs too."""
        return group in self._groups and self._groups[group].jira.worklogs

    def of(self, group: str) -> base.Worklogs:
        """The group's worklogs; one object a group, whose writes go one after the other.

        Raises Refused where the group has no Jira.
        """
        jira = self._groups[group].jira if group in self._groups else None
        if jira is None or not jira.url or jira.api_token is None:
            raise base.Refused(
                "no Jira is set up for this group any more: change its worklog there"
            )
        with self._opening:
            if group not in self._opened:
                self._opened[group] = JiraWorklogs(group, jira, self._clock)
            return self._opened[group]
