"""`preview` on a day that was really recorded, held against what was really done that day."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

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


def bot(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as a person would, with nothing of ours in the environment."""
    environ = {name: value for name, value in os.environ.items() if "TRACKLATER" not in name}
    environ |= {"XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config")}
    command = [sys.executable, "-m", "tracklater_bot", *arguments]
    return subprocess.run(
        command, cwd=home, env=environ, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def preview(home: Path) -> Json:
    answer = bot(home, "preview", DAY, "--json")
    assert answer.returncode == 0, answer.stderr
    told: Json = json.loads(answer.stdout)
    return told


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
    assert len(right) / len(work) >= 0.95


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
    assert set(preview) == {"day", "timezone", "suggestions", "tracked", "sources"}
    assert (preview["day"], preview["timezone"]) == (DAY, "Europe/Helsinki")
    first = preview["suggestions"][0]
    assert set(first) == {
        "start", "end", "group", "project", "issue", "description", "confidence", "evidence",
    }  # fmt: skip
    assert set(first["evidence"]) == {"window_minutes", "commits", "messages"}
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


def test_the_table_for_people_has_no_escapes_when_piped(home: Path) -> None:
    answer = bot(home, "preview", DAY)
    assert answer.returncode == 0
    assert "Friday 20 November" in answer.stdout
    assert "\x1b" not in answer.stdout + answer.stderr


def test_the_picture_and_the_message_are_written(home: Path) -> None:
    picture = home / "day.png"
    answer = bot(home, "preview", DAY, "--png", str(picture), "--blocks")
    assert answer.returncode == 0, answer.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    message = json.loads(answer.stdout)
    assert message["blocks"][0]["type"] == "header"
    assert "globex" in message["text"]


def test_window_titles_stay_out_of_every_output(home: Path) -> None:
    for form in ([], ["--json"], ["--blocks"]):
        answer = bot(home, "preview", DAY, *form)
        assert "Visual Studio Code" not in answer.stdout
        assert "KeePassXC" not in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["preview", "yestersay"], 2, "did you mean yesterday?"),
        (["preview", "--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["prewiev"], 2, "invalid choice"),
        (["digest", DAY], 2, "TRACKLATER_SLACK__BOT_TOKEN"),
        (["run"], 2, "TRACKLATER_SLACK__BOT_TOKEN"),
        (["preview", DAY, "--png", "no/such/folder/day.png"], 1, "cannot be written"),
    ],
)
def test_a_mistake_gets_a_plain_line_and_its_exit_code(
    home: Path, arguments: list[str], code: int, told: str
) -> None:
    answer = bot(home, *arguments)
    assert answer.returncode == code
    assert told in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_an_empty_day_says_so(home: Path) -> None:
    answer = bot(home, "preview", "2026-01-01")
    assert answer.returncode == 0
    assert "Nothing was found" in answer.stdout
