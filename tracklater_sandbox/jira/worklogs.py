"""Worklogs of a Jira issue: the form Jira insists on, and its lost updates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

Json: TypeAlias = "dict[str, Any]"

STARTED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")


class JiraError(Exception):
    """An error answer in Jira's form."""

    def __init__(self, status: int, *messages: str, **errors: str) -> None:
        super().__init__("; ".join((*messages, *errors.values())))
        self.status = status
        self.body: Json = {"errorMessages": list(messages), "errors": errors}


def moment(word: Any) -> datetime:
    """`started` as Jira reads it: milliseconds and an offset without a colon, nothing else."""
    if not isinstance(word, str) or not STARTED.fullmatch(word):
        raise JiraError(400, started="Worklog must have a valid start date.")
    return datetime.strptime(word, "%Y-%m-%dT%H:%M:%S.%f%z")


def written(at: datetime) -> str:
    """A time as Jira writes it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}{at:%z}"


def checked(body: Any, *, rich: bool, partly: bool = False) -> Json:
    """The fields of a worklog from a request body. Raises JiraError."""
    if not isinstance(body, dict):
        raise JiraError(400, "Invalid request payload.")
    fields: Json = {}
    if not partly or "timeSpentSeconds" in body:
        fields["timeSpentSeconds"] = _seconds(body.get("timeSpentSeconds"))
    if not partly or "started" in body:
        fields["started"] = written(moment(body.get("started")))
    if body.get("comment") is not None:
        fields["comment"] = _comment(body["comment"], rich=rich)
    if body.get("properties") is not None:
        fields["properties"] = _properties(body["properties"])
    return fields


def _seconds(value: Any) -> int:
    """At least a minute; Jira keeps whole minutes."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 60:
        raise JiraError(400, timeSpentSeconds="Worklog must have at least one minute.")
    return value // 60 * 60


def _comment(value: Any, *, rich: bool) -> Any:
    """A document in version 3, a plain string before."""
    document = isinstance(value, dict) and value.get("type") == "doc" and value.get("version") == 1
    if rich and not document:
        raise JiraError(400, comment="Comment body is not valid!")
    if not rich and not isinstance(value, str):
        raise JiraError(400, comment="Operation value must be a string")
    return value


def _properties(value: Any) -> list[Json]:
    sound = isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("key"), str) and "value" in one
        for one in value
    )
    if not sound:
        raise JiraError(400, "The properties are not valid.")
    return list(value)


def between(worklog: Mapping[str, Any], after: int | None, before: int | None) -> bool:
    """Whether it started after and before the moments, in milliseconds since 1970."""
    at = int(moment(worklog["started"]).timestamp() * 1000)
    return (after is None or at > after) and (before is None or at < before)


def told(worklog: Mapping[str, Any], *, properties: bool) -> Json:
    """A worklog as Jira tells it; properties only when asked for."""
    return {name: value for name, value in worklog.items() if properties or name != "properties"}
