"""Digests in a notation: `digest("09:05-11:30 group1 DEV-123", "12:00-12:30 ?")`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.notation import FRIDAY, span
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.entries import TimeEntry, TrackerWords
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Candidate, Evidence, Reason, Suggestion
from tracklater_bot.trackers.toggl import TogglTracker

TITLE = "Fix login"
TOGGL = TrackerWords(TogglTracker.label, "https://track.toggl.com/timer")


def issue(key: str, group: str = "group1", title: str = TITLE) -> Issue:
    """An issue on a site of its group."""
    return Issue(key, title, f"https://{group}.atlassian.net/browse/{key}", "jira", group)


def suggestion(text: str, day: WorkDay = FRIDAY, **more: Any) -> Suggestion:
    """`"09:05-11:30 group1 DEV-123"`; a group of `?` is None, a key of `-` is no issue."""
    when, group, *keys = text.split()
    if group == "?":
        return Suggestion(span(when, day), None, **more)
    known = issue(keys[0], group) if keys and keys[0] != "-" else None
    made = Suggestion(
        span=span(when, day),
        group=group,
        project=Project("Development", group),
        issue=known,
        description=f"{known.key} {known.title}" if known else "Planning",
        confidence=0.95,
        evidence=Evidence(131, 3, 2),
        reasons=(Reason("commits in acme/api", 1.0),),
    )
    return replace(made, **more)


def item(text: str, state: ItemState = ItemState.OPEN, number: int = 1, **more: Any) -> Item:
    """A stored suggestion in the notation of `suggestion`."""
    problem, retry_at = more.pop("problem", None), more.pop("retry_at", None)
    return Item(
        f"item{number}", suggestion(text, **more), state, problem=problem, retry_at=retry_at
    )


def digest(*items: Item | str, **more: Any) -> Digest:
    """Friday's digest of the items."""
    made = [
        each if isinstance(each, Item) else item(each, number=number)
        for number, each in enumerate(items)
    ]
    return Digest("U1", FRIDAY.date, str(FRIDAY.zone), tuple(made), **more)


def entry(text: str, number: int = 1) -> TimeEntry:
    """`"09:00-10:00 group1"`, an entry in Toggl; a group of `?` is None."""
    when, group = text.split()
    covered = span(when)
    return TimeEntry(str(number), covered.start, covered.end, group=None if group == "?" else group)


def many(number: int, minutes: int = 5, start_hour: int = 5) -> list[Item]:
    """So many suggestions one after another, over three groups, every other one certain."""
    found = []
    for n in range(number):
        at = start_hour * 60 + n * minutes
        when = f"{_clock(at)}-{_clock(at + minutes)}"
        sure = 0.95 if n % 2 else 0.5
        text = f"{when} group{n % 3 + 1} DEV-{n}"
        found.append(item(text, number=n, confidence=sure))
    return found


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def with_text(each: Item, text: str) -> Item:
    """The item with `text` wherever text comes from outside."""
    found = each.suggestion
    hostile = replace(
        found,
        group=text or "?",
        project=Project(text, text),
        issue=Issue(text, text, f"https://example.org/{text}", "jira", text),
        description=text,
        reasons=(Reason(text, 0.5),),
        alternative=text,
        candidates=(Candidate(text, 0.5),),
    )
    return replace(each, suggestion=hostile, problem=text, tags=(text,))


def strings(value: Any, kind: str) -> list[str]:
    """The texts of all text objects of a kind (`mrkdwn`, `plain_text`) anywhere inside."""
    if isinstance(value, list):
        return [text for each in value for text in strings(each, kind)]
    if not isinstance(value, dict):
        return []
    own = [str(value["text"])] if value.get("type") == kind else []
    return own + [text for each in value.values() for text in strings(each, kind)]


def elements(value: Any, action_id: str) -> list[dict[str, Any]]:
    """All interactive elements with the action id anywhere inside."""
    if isinstance(value, list):
        return [found for each in value for found in elements(each, action_id)]
    if not isinstance(value, dict):
        return []
    own = [value] if value.get("action_id") == action_id else []
    own += [
        each | {"value": each["value"].partition(":")[2]} for each in menu_entries(value, action_id)
    ]
    return own + [found for each in value.values() for found in elements(each, action_id)]


def menu_entries(value: dict[str, Any], action_id: str) -> list[dict[str, Any]]:
    """The entries `<action>:<item>` of a menu; what a row has no button for is one of them."""
    options = value.get("options", ()) if value.get("type") == "overflow" else ()
    return [each for each in options if each["value"].startswith(f"{action_id}:")]


def moment(iso: str) -> datetime:
    """An ISO time with an offset."""
    return datetime.fromisoformat(iso)
