"""A draft as JSON, as the outside contract has it. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import SourceStatus, Suggestion


def draft_json(draft: Draft, now: datetime, *, why: bool = False) -> dict[str, Any]:
    """The draft as `preview --json` prints it: times in ISO 8601 with the person's offset.

    With `why`, each suggestion has its reasons and its alternative.
    """
    zone = ZoneInfo(draft.timezone)
    return {
        "day": draft.day.isoformat(),
        "timezone": draft.timezone,
        "suggestions": [_suggestion(suggestion, zone, why=why) for suggestion in draft.suggestions],
        "tracked": [_entry(entry, zone, now) for entry in draft.tracked],
        "sources": [_source(source) for source in draft.sources],
    }


def _stamp(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _suggestion(suggestion: Suggestion, zone: ZoneInfo, *, why: bool) -> dict[str, Any]:
    evidence = suggestion.evidence
    value: dict[str, Any] = {
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
    if why:
        value["reasons"] = [asdict(reason) for reason in suggestion.reasons]
        value["alternative"] = suggestion.alternative
    return value


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
