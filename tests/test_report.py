"""A draft as the JSON that scripts rely on, and as the message it would be posted as."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from tests.digests import entry, moment, suggestion
from tests.notation import FRIDAY, at
from tracklater_bot.cli.preview_blocks import draft_message
from tracklater_bot.cli.preview_json import draft_json
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.draft import AgentTime, Draft, Gap, agents_words
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_sandbox.slack.blockkit import check_message


def test_the_contracts_example() -> None:
    made = Draft(
        FRIDAY.date,
        "Europe/Helsinki",
        (suggestion("09:05-11:30 group1 DEV-123", confidence=0.931),),
        (entry("13:00-14:30 group1"),),
        (SourceStatus("thyme", None, 1260),),
    )
    assert draft_json(made, at("18:00")) == {
        "day": "2026-11-20",
        "timezone": "Europe/Helsinki",
        "suggestions": [
            {
                "start": "2026-11-20T09:05:00+02:00",
                "end": "2026-11-20T11:30:00+02:00",
                "group": "group1",
                "project": "Development",
                "issue": {
                    "key": "DEV-123",
                    "title": "Fix login",
                    "url": "https://group1.atlassian.net/browse/DEV-123",
                    "tracker": "jira",
                },
                "description": "DEV-123 Fix login",
                "confidence": 0.93,
                "evidence": {
                    "window_minutes": 131,
                    "commits": 3,
                    "messages": 2,
                    "prompts": 0,
                    "meetings": 0,
                },
                "issue_confidence": None,
            }
        ],
        "tracked": [
            {
                "start": "2026-11-20T13:00:00+02:00",
                "end": "2026-11-20T14:30:00+02:00",
                "description": "",
                "group": "group1",
                "project": None,
            }
        ],
        "gaps": [],
        "agents": [],
        "sources": [{"name": "thyme", "group": None, "ok": True, "clues": 1260, "trouble": None}],
    }


def test_what_is_unknown_is_null() -> None:
    made = Draft(
        FRIDAY.date,
        "Europe/Helsinki",
        (suggestion("09:00-10:00 ?"),),
        sources=(SourceStatus("git", "group1", 0, "/src/x does not exist"),),
    )
    told = draft_json(made, at("18:00"))
    (unexplained,) = told["suggestions"]
    assert [unexplained[name] for name in ("group", "project", "issue")] == [None, None, None]
    (source,) = told["sources"]
    assert (source["ok"], source["trouble"]) == (False, "/src/x does not exist")


def test_a_running_entry_ends_now() -> None:
    running = replace(entry("13:00-14:00 group1"), end=None)
    made = Draft(FRIDAY.date, "Europe/Helsinki", tracked=(running,))
    (told,) = draft_json(made, at("13:40"))["tracked"]
    assert told["end"] == "2026-11-20T13:40:00+02:00"


def test_offsets_are_those_of_the_moment_when_clocks_change() -> None:
    """In Helsinki, 2026-10-25 has two hours called three."""
    zone = ZoneInfo("Europe/Helsinki")
    night = Span(moment("2026-10-25T00:30+00:00"), moment("2026-10-25T01:30+00:00"))
    made = replace(suggestion("09:00-10:00 group1"), span=night)
    (told,) = draft_json(Draft(date(2026, 10, 25), str(zone), (made,)), night.end)["suggestions"]
    assert told["start"] == "2026-10-25T03:30:00+03:00"
    assert told["end"] == "2026-10-25T03:30:00+02:00"


def test_the_message_is_one_that_slack_takes() -> None:
    made = Draft(
        FRIDAY.date,
        "Europe/Helsinki",
        tuple(suggestion(f"{hour:02}:00-{hour:02}:30 group1 DEV-{hour}") for hour in range(5, 23)),
    )
    message = json.loads(json.dumps(draft_message(made, at("23:00"))))
    check_message(message["blocks"], lambda _: "ready")
    assert message["blocks"][0]["text"]["text"].startswith("Friday 20 November")


def test_the_message_tells_of_gaps_and_agents_as_the_real_one_does() -> None:
    gap = Gap(Span(at("12:00"), at("12:40")), "away")
    made = Draft(FRIDAY.date, "Europe/Helsinki", gaps=(gap,), agents=(AgentTime("acme", 95),))
    said = json.dumps(draft_message(made, at("18:00"))["blocks"], ensure_ascii=False)
    assert "Not counted: 12:00–12:40 away." in said
    assert agents_words(made.agents) in said
