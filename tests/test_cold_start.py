"""What a command does not use is not loaded: a preview starts in a blink."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repositories import committed

HEAVY = [
    "PIL",
    "alembic",
    "apscheduler",
    "holidays",
    "requests",
    "rich",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
    "aiohttp",
    "urllib3",
    "tracklater_bot.blocks.digest",
    "tracklater_bot.store",
    "tracklater_bot.slack.handlers",
]
REPORT = """
import io, json, sys
from contextlib import redirect_stdout
from tracklater_bot.cli.main import main
with redirect_stdout(io.StringIO()):
    code = main(json.loads(sys.argv[1]))
print(json.dumps([code, sorted(name for name in json.loads(sys.argv[2]) if name in sys.modules)]))
"""
SETTINGS = """
timezone = "Europe/Helsinki"
database_url = "sqlite:///{folder}/kept.sqlite3"
thyme.dir = "{folder}"
git.emails = ["eero@example.com"]
groups.acme.git.repos = ["{folder}/acme-api"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    committed(tmp_path / "acme-api", "2026-11-20T10:00:00+02:00", "Mend the login")
    (tmp_path / "tracklater.toml").write_text(SETTINGS.format(folder=tmp_path))
    (tmp_path / "2026-11-20.json").write_text('{"Snapshots": []}')
    return tmp_path


def loaded(folder: Path, *arguments: str) -> list[str]:
    """The heavy libraries that a command loads."""
    command = json.dumps([*arguments, "--config", str(folder / "tracklater.toml")])
    code, found = json.loads(said(folder, REPORT, command, json.dumps(HEAVY)))
    assert code == 0
    return list(found)


def said(folder: Path, script: str, *arguments: str) -> str:
    """What a script prints that runs in the folder, in a process of its own."""
    command = [sys.executable, "-c", script, *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_a_preview_of_windows_and_commits_loads_none_of_them(folder: Path) -> None:
    assert loaded(folder, "preview", "2026-11-20", "--json") == []
    assert not (folder / "kept.sqlite3").exists()


def test_a_preview_with_somebody_in_slack_loads_the_database_alone(folder: Path) -> None:
    with (folder / "tracklater.toml").open("a") as settings:
        settings.write('slack.user_id = "U012ABCDEF"\n')
    loaded(folder, "preview", "2026-11-20", "--json")  # makes the database, with migrations
    assert loaded(folder, "preview", "2026-11-20", "--json") == [
        "sqlalchemy",
        "tracklater_bot.store",
    ]


SETTINGS_READ = """
import zoneinfo, sys
from pathlib import Path
zoneinfo.available_timezones = None  # reads 600 files
from tracklater_bot.settings import load
from tracklater_bot.settings.base import Section
load(Path(sys.argv[1]), None, {})
print([each.__name__ for each in Section.__subclasses__() if each.__pydantic_complete__])
"""


def test_settings_are_read_without_a_validator_for_each_section(folder: Path) -> None:
    assert said(folder, SETTINGS_READ, str(folder / "tracklater.toml")) == "[]"
