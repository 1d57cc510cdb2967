"""What Toggl accepts in a time entry. Pure: a payload in, checked fields out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

WHOLE_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
MOST_DESCRIPTION = 3000
FIELDS = frozenset(
    {
        "billable",
        "created_with",
        "description",
        "duration",
        "duronly",
        "pid",
        "project_id",
        "start",
        "start_date",
        "stop",
        "tag_action",
        "tag_ids",
        "tags",
        "task_id",
        "tid",
        "uid",
        "user_id",
        "wid",
        "workspace_id",
    }
)


class Refusal(Exception):
    """A 4xx answer: Toggl's status and its words."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


@dataclass(frozen=True, slots=True)
class Times:
    """When an entry runs; a running one has a negative duration and no stop."""

    start: datetime
    duration: int
    stop: datetime | None


def parsed(value: Any, name: str) -> datetime:
    """A time of the form Toggl takes: RFC 3339, whole seconds, with an offset."""
    if not isinstance(value, str) or not WHOLE_SECONDS.fullmatch(value):
        raise Refusal(f"{name} is not a valid RFC3339 time with whole seconds: {value!r}")
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC)
    except ValueError:
        raise Refusal(f"{name} is not a valid time") from None


def written(at: datetime | None) -> str | None:
    """A time as Toggl writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def new_times(payload: Mapping[str, Any]) -> Times:
    """The times of a new entry."""
    if payload.get("start") is None:
        raise Refusal("start time is required")
    start = parsed(payload["start"], "start")
    duration = payload.get("duration")
    stop = parsed(payload["stop"], "stop") if payload.get("stop") is not None else None
    return agreeing(start, duration, stop)


def agreeing(start: datetime, duration: Any, stop: datetime | None) -> Times:
    """Start, duration and stop, which must fit each other."""
    if duration is not None and (not isinstance(duration, int) or isinstance(duration, bool)):
        raise Refusal("duration must be a whole number of seconds")
    if stop is not None and stop < start:
        raise Refusal("Stop time must be after start time")
    if duration is None:
        # As seen: without duration and stop Toggl makes an entry of 0 s that never stopped.
        return Times(start, int((stop - start).total_seconds()) if stop else 0, stop)
    if duration < 0:
        if stop is not None:
            raise Refusal("A running time entry cannot have a stop time")
        return Times(start, duration, None)
    ends = start + timedelta(seconds=duration)
    if stop is not None and stop != ends:
        raise Refusal("Start time, duration and stop time do not agree")
    return Times(start, duration, ends)


def changed_times(entry: Mapping[str, Any], payload: Mapping[str, Any]) -> Times:
    """The times of an entry after a change: what isn't sent stays, the rest follows."""
    start = parsed(payload.get("start") or entry["start"], "start")
    old_stop = parsed(entry["stop"], "stop") if entry["stop"] else None
    duration = payload.get("duration")
    stop = parsed(payload["stop"], "stop") if payload.get("stop") is not None else None
    if duration is None and stop is None:
        if entry["duration"] < 0:
            return Times(start, entry["duration"], None)
        return agreeing(start, None, old_stop)
    return agreeing(start, duration, stop)


def checked(payload: Any) -> Mapping[str, Any]:
    """A payload with known fields of the right kind. Raises Refusal."""
    if not isinstance(payload, dict):
        raise Refusal("JSON is not valid")
    unknown = sorted(payload.keys() - FIELDS)
    if unknown:
        raise Refusal(f"unknown field: {unknown[0]}")
    description = payload.get("description")
    if description is not None and not isinstance(description, str):
        raise Refusal("description must be a string")
    if description and len(description) > MOST_DESCRIPTION:
        raise Refusal(f"Maximum length for description ({MOST_DESCRIPTION} chars) exceeded")
    tags = payload.get("tags")
    if tags is not None and not (
        isinstance(tags, list) and all(isinstance(tag, str) and tag for tag in tags)
    ):
        raise Refusal("tags must be a list of names")
    billable = payload.get("billable")
    if billable is not None and not isinstance(billable, bool):
        raise Refusal("billable must be true or false")
    return payload
