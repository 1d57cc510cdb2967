"""A draft as JSON, as the outside contract has it. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.suggestions import Suggestion

ISSUE_KEYS = ("key", "title", "url", "tracker")
EVIDENCE_KEYS = ("window_minutes", "commits", "messages", "prompts", "meetings")
SOURCE_KEYS = ("name", "group", "ok", "clues", "trouble")


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
        "gaps": [
            {
                "start": _stamp(gap.span.start, zone),
                "end": _stamp(gap.span.end, zone),
                "why": gap.why,
            }
            for gap in draft.gaps
        ],
        "agents": [asdict(time) for time in draft.agents],
        "sources": [{key: getattr(status, key) for key in SOURCE_KEYS} for status in draft.sources],
    }


def _stamp(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _suggestion(suggestion: Suggestion, zone: ZoneInfo, *, why: bool) -> dict[str, Any]:
    issue = suggestion.issue
    value: dict[str, Any] = {
        "start": _stamp(suggestion.span.start, zone),
        "end": _stamp(suggestion.span.end, zone),
        "group": suggestion.group,
        "project": suggestion.project.name if suggestion.project else None,
        "issue": issue and {key: getattr(issue, key) for key in ISSUE_KEYS},
        "description": suggestion.description,
        "confidence": round(suggestion.confidence, 2),
        "evidence": {key: getattr(suggestion.evidence, key) for key in EVIDENCE_KEYS},
        "issue_confidence": suggestion.issue_confidence and round(suggestion.issue_confidence, 2),
    }
    if suggestion.group is None:
        value["candidates"] = [
            {"group": candidate.group, "confidence": round(candidate.confidence, 2)}
            for candidate in suggestion.candidates
        ]
    if why:
        value["reasons"] = [asdict(reason) for reason in suggestion.reasons]
        value["alternative"] = suggestion.alternative
    return value


def _entry(entry: TimeEntry, zone: ZoneInfo, now: datetime) -> dict[str, str | None]:
    end = entry.end if entry.end is not None else max(now, entry.start)
    return {
        "start": _stamp(entry.start, zone),
        "end": _stamp(end, zone),
        "description": entry.description,
        "group": entry.group,
        "project": entry.project,
    }
