"""A draft as JSON, as the outside contract has it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Draft, SourceStatus, Suggestion


def draft_json(draft: Draft, now: datetime) -> dict[str, Any]:
    """The draft as `preview --json` prints it: times in ISO 8601 with the person's offset."""
    zone = ZoneInfo(draft.timezone)
    return {
        "day": draft.day.isoformat(),
        "timezone": draft.timezone,
        "suggestions": [_suggestion(suggestion, zone) for suggestion in draft.suggestions],
        "tracked": [_entry(entry, zone, now) for entry in draft.tracked],
        "sources": [_source(source) for source in draft.sources],
    }


def _stamp(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _suggestion(suggestion: Suggestion, zone: ZoneInfo) -> dict[str, Any]:
    evidence = suggestion.evidence
    return {
        "start": _stamp(suggestion.span.start, zone),
        "end": _stamp(suggestion.span.end, zone),
        "group": suggestion.group,
        "project": suggestion.project.name if suggestion.project else None,
        "issue": _issue(suggestion.issue) if suggestion.issue else None,
        "description": suggestion.description,
        "confidence": round(suggestion.confidence, 2),
        "evidence": {
            "window_minutes": evidence.window_minutes,
            "commits": evidence.commits,
            "messages": evidence.messages,
        },
    }


def _issue(issue: Issue) -> dict[str, str]:
    return {"key": issue.key, "title": issue.title, "url": issue.url, "tracker": issue.tracker}


def _entry(entry: TimeEntry, zone: ZoneInfo, now: datetime) -> dict[str, str | None]:
    end = entry.end if entry.end is not None else max(now, entry.start)
    return {
        "start": _stamp(entry.start, zone),
        "end": _stamp(end, zone),
        "description": entry.description,
        "group": entry.group,
        "project": entry.project,
    }


def _source(status: SourceStatus) -> dict[str, Any]:
    return {
        "name": status.name,
        "group": status.group,
        "ok": status.ok,
        "clues": status.clues,
        "trouble": status.trouble,
    }
