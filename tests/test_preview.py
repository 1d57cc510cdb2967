"""`preview` on a day that was really recorded, held against what was really done that day."""

from __future__ import annotations

import itertools
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Answer, called, spawned
from tests.hostile import bad_characters
from tests.recordings import recording
from tests.repositories import committed

DAY = "2026-11-20"
SETTINGS = """\
timezone = "Europe/Helsinki"
[thyme]
dir = "{thyme}"
[git]
emails = ["eero@example.com"]
[suggest]
round_minutes = 0
[groups.acme]
keywords = ["acme"]
git.repos = ["{repo}"]
[groups.globex]
keywords = ["globex"]
"""
Json = dict[str, Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recorded day, a repository with a commit, and settings."""
    folder = tmp_path_factory.mktemp("home")
    thyme = folder / "thyme"
    thyme.mkdir()
    (thyme / f"{DAY}.json").write_bytes(recording(f"thyme/{DAY}.json"))
    repo = committed(folder / "acme-api", "2026-11-20T10:15:00+02:00", "DEV-123 Fix login")
    (folder / "tracklater.toml").write_text(SETTINGS.format(thyme=thyme, repo=repo))
    return folder


@pytest.fixture(scope="module")
def preview(home: Path) -> Json:
    answer = spawned(home, "preview", DAY, "--json")
    assert answer.code == 0, answer.err
    told: Json = json.loads(answer.out)
    return told


@pytest.fixture(scope="module")
def table(home: Path) -> Answer:
    """The table and timeline for people, piped."""
    return called(home, "preview", DAY)


@pytest.fixture(scope="module")
def message(home: Path) -> Answer:
    """The Slack message as JSON; beside it, the picture is written."""
    return called(home, "preview", DAY, "--png", "day.png", "--blocks")


@pytest.fixture(scope="module")
def truth() -> list[Json]:
    """What the script that made the recording was doing in each slot of 20 seconds."""
    return [json.loads(line) for line in recording(f"thyme/{DAY}.truth.jsonl").splitlines()]


def suggested(preview: Json, at: datetime) -> str | None:
    """The group suggested for a moment."""
    for each in preview["suggestions"]:
        if datetime.fromisoformat(each["start"]) <= at < datetime.fromisoformat(each["end"]):
            return str(each["group"])
    return None


def middle(slot: Json) -> datetime:
    return datetime.fromisoformat(slot["start"]) + timedelta(seconds=10)


def test_nearly_all_work_gets_its_group(preview: Json, truth: list[Json]) -> None:
    work = [slot for slot in truth if slot["project"]]
    right = [slot for slot in work if suggested(preview, middle(slot)) == slot["project"]]
    assert len(right) / len(work) >= 0.99


def test_nothing_is_suggested_while_nobody_was_there(preview: Json, truth: list[Json]) -> None:
    """The two stretches of unchanged screen and the suspend, but for a sample at their ends."""
    idle = [slot for slot in truth if slot["mode"] == "idle"]
    assert idle
    claimed = [slot for slot in idle if suggested(preview, middle(slot)) is not None]
    assert len(claimed) <= 4


def test_no_time_is_suggested_for_the_suspend(preview: Json) -> None:
    """The recorder slept from 15:40 to 15:52."""
    asleep = datetime.fromisoformat("2026-11-20T15:45:00+02:00")
    assert suggested(preview, asleep) is None


def test_the_answer_has_the_shape_that_others_rely_on(preview: Json) -> None:
    assert set(preview) == {
        "day", "timezone", "suggestions", "tracked", "gaps", "agents", "sources",
    }  # fmt: skip
    assert (preview["day"], preview["timezone"]) == (DAY, "Europe/Helsinki")
    first = preview["suggestions"][0]
    assert set(first) == {
        "start", "end", "group", "project", "issue", "description", "confidence", "evidence",
        "issue_confidence",
    }  # fmt: skip
    assert set(first["evidence"]) == {
        "window_minutes", "commits", "messages", "prompts", "meetings",
    }  # fmt: skip
    assert first["start"].endswith("+02:00")
    assert [(each["name"], each["group"], each["ok"]) for each in preview["sources"]] == [
        ("thyme", None, True),
        ("git", "acme", True),
    ]


def test_suggestions_are_in_order_and_never_overlap(preview: Json) -> None:
    spans = [
        (datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"]))
        for each in preview["suggestions"]
    ]
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


def test_the_table_for_people_has_no_escapes_when_piped(table: Answer) -> None:
    assert table.code == 0
    assert "Friday 20 November" in table.out
    assert "\x1b" not in table.out
    assert table.err == ""


def test_the_picture_and_the_message_are_written(home: Path, message: Answer) -> None:
    assert (message.code, message.err) == (0, "The picture is in day.png.\n")
    assert (home / "day.png").read_bytes().startswith(b"\x89PNG")
    told = json.loads(message.out)
    assert told["blocks"][0]["type"] == "header"
    assert "globex" in told["text"]


def test_window_titles_stay_out_of_every_output(
    table: Answer, message: Answer, preview: Json
) -> None:
    for out in (table.out, message.out, json.dumps(preview)):
        assert "Visual Studio Code" not in out
        assert "KeePassXC" not in out


def test_an_empty_day_says_so(home: Path) -> None:
    answer = called(home, "preview", "2026-01-01")
    assert answer.code == 0
    assert "Nothing was found" in answer.out


# -- Why, and what nothing explains -------------------------------------------------------------

STEERING = "\x1b]0;pwned\x07\x1b[31m\u202eMARKED"
TITLE_LINE = re.compile(r" *(under a minute|(?:(\d+) h ?)?(?:(\d+) min)?)  (.+)")


@pytest.fixture(scope="module")
def half_known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded day of somebody who set up acme alone, which shows in the morning only.

    Every title tries to steer a terminal.
    """
    folder = tmp_path_factory.mktemp("half-known")
    (folder / "thyme").mkdir()
    day = json.loads(recording(f"thyme/{DAY}.json"))
    for snapshot in day["Snapshots"]:
        for window in snapshot["Windows"]:
            window["Name"] += STEERING
            if snapshot["Time"] > f"{DAY}T12":
                window["Name"] = re.sub("(?i)acme", "umbrella", window["Name"])
    (folder / "thyme" / f"{DAY}.json").write_text(json.dumps(day), encoding="utf-8")
    settings = SETTINGS.format(thyme=folder / "thyme", repo=folder).partition("git.repos")[0]
    (folder / "tracklater.toml").write_text(settings)
    return folder


@pytest.fixture(scope="module")
def titles(half_known: Path) -> Answer:
    return called(half_known, "preview", DAY, "--titles")


def listed(out: str) -> list[tuple[int, str]]:
    """The minutes and titles below the table, in the order in which they are printed."""
    lines = out.partition("Windows that nothing explains:\n")[2].splitlines()
    found = [match for line in lines if (match := TITLE_LINE.fullmatch(line))]
    assert len(found) == len(lines)
    return [(60 * int(each[2] or 0) + int(each[3] or 0), each[4]) for each in found]


def test_why_prints_reasons_and_the_alternative_under_each_row(home: Path) -> None:
    answer = called(home, "preview", DAY, "--why")
    lines = [line.strip() for line in answer.out.splitlines()]
    row = next(number for number, line in enumerate(lines) if line.startswith("12:14–14:39"))
    below = next(n for n in range(row, len(lines)) if lines[n].startswith("15:05–15:40"))
    assert "• keyword globex in window titles, 105 min (100 %)" in lines[row:below]
    assert "without these: nothing known" in lines[row:below]
    assert any(line.endswith("without these: globex") for line in lines[below:])
    assert "without these" not in called(home, "preview", DAY).out


def test_the_reasons_are_in_the_json_where_they_are_asked_for(home: Path, preview: Json) -> None:
    asked = json.loads(called(home, "preview", DAY, "--why", "--json").out)
    first = asked["suggestions"][0]
    assert first["reasons"][0].keys() == {"text", "weight"}
    assert "acme-api" in first["reasons"][0]["text"]
    assert asked["suggestions"][-1]["alternative"] == "globex"
    for suggestion in asked["suggestions"]:
        del suggestion["reasons"], suggestion["alternative"]
    assert asked == preview  # nothing else changes


def length(gap: dict[str, str]) -> float:
    start, end = (datetime.fromisoformat(gap[edge]) for edge in ("start", "end"))
    return (end - start) / timedelta(minutes=1)


def test_titles_that_nothing_explains_are_listed_with_their_minutes(
    half_known: Path, titles: Answer
) -> None:
    assert (titles.code, titles.err) == (0, "")
    minutes = [shown for shown, _ in listed(titles.out)]
    assert minutes == sorted(minutes, reverse=True)
    day = json.loads(called(half_known, "preview", DAY, "--json").out)
    unknown = [one for one in day["suggestions"] if one["group"] is None]
    nobodys = [gap for gap in day["gaps"] if gap["why"] == "nobody"]
    seen = sum(one["evidence"]["window_minutes"] for one in unknown) + sum(map(length, nobodys))
    assert seen > 60
    assert abs(sum(minutes) - seen) <= len(minutes) + len(unknown)
    assert any("globex" in title for _, title in listed(titles.out))
    assert not any("acme" in title for _, title in listed(titles.out))


def test_a_hostile_title_steers_no_terminal(titles: Answer) -> None:
    assert "MARKED" in titles.out
    assert bad_characters(titles.out) == []


def test_titles_are_for_this_terminal_alone(half_known: Path, titles: Answer) -> None:
    for output in ("--json", "--blocks"):
        refused = called(half_known, "preview", DAY, "--titles", output)
        assert (refused.code, refused.out) == (2, "")
        assert len(refused.err.splitlines()) == 1
        assert "--titles" in refused.err
        assert "MARKED" not in called(half_known, "preview", DAY, "--why", output).out
    assert "MARKED" not in called(half_known, "preview", DAY, "--why").out
    assert not [file for file in half_known.rglob("*") if _holds_a_title(file)]


def _holds_a_title(file: Path) -> bool:
    return file.is_file() and file.parent.name != "thyme" and b"MARKED" in file.read_bytes()


def test_a_day_that_is_all_explained_lists_no_title(home: Path) -> None:
    answer = called(home, "preview", DAY, "--titles")
    assert answer.out.endswith("No window is left unexplained.\n")
