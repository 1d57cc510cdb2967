"""How long a forgotten month takes to show, cold, and what it asks of Toggl. Run it with

    python -m benchmarks.month

Twenty working days of thyme (4,320 snapshots of 20 windows each) and ten repositories, one with 300
branches and one with 100,000 commits; the real bot with an empty database, on the sandbox's Toggl,
Jira and Taiga. Five rows a day are there to be found. Nothing was read before but the files' pages.
"""

from __future__ import annotations

import json
import os
import random
import re
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from benchmarks.speed import BUSY, ISOLATED, Figure, make_desk, table
from tracklater_bot.cli.person import person_of
from tracklater_bot.core import opened
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.stretches import Stretch
from tracklater_bot.settings import Settings, load
from tracklater_bot.slack.app import web_client
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.pace import Pacer
from tracklater_sandbox import ME, Sandbox

NOVEMBER = Stretch.month(date(2026, 11, 1))
# The half hours of a day, from half past eight: who has them.
HALVES = ("acme",) * 3 + ("globex",) * 4 + ("acme",) * 3 + ("globex",) * 3 + ("acme",) * 4


def record(folder: Path, day: WorkDay) -> None:
    """A busy day of thyme: work for two clients by turns, and a machine left on around it."""
    snapshots = {"Snapshots": list(_snapshots(day))}
    (folder / f"{day.date}.json").write_text(json.dumps(snapshots, separators=(",", ":")))


def _snapshots(day: WorkDay) -> Iterator[dict[str, object]]:
    chance = random.Random(day.date.toordinal())
    began = datetime.combine(day.date, datetime.min.time(), day.zone) + timedelta(hours=8.5)
    ids = [4194316 + 2097152 * number for number in range(BUSY.windows)]
    shown = [f"module_{number}.py - notes - Visual Studio Code" for number in ids]
    for number in range(BUSY.snapshots):
        at = day.span.start + BUSY.interval * number
        half = (at - began) // timedelta(minutes=30)
        if 0 <= half < len(HALVES) and chance.random() < 0.3:
            title = f"module_{chance.randrange(99)}.py - {HALVES[half]}-api - Visual Studio Code"
            shown[0] = title
        yield {
            "Time": day.local(at).isoformat(),
            "Windows": [
                {"ID": key, "Desktop": 0, "Name": title}
                for key, title in zip(ids, shown, strict=True)
            ],
            "Active": ids[0],
            "Visible": ids,
        }


def prepare(sandbox: Sandbox, folder: Path) -> Settings:
    """Twenty working days and ten repositories in the place of the sample ones."""
    repos = [json.dumps(str(repo)) for repo in make_desk(folder / "desk").repos]
    thyme = sandbox.home / "thyme"
    for old in thyme.glob("*.json"):
        old.unlink()
    for day in NOVEMBER.days():
        if day.weekday() < 5 and day.day < 30:
            record(thyme, WorkDay(day, ZoneInfo("Europe/Helsinki")))
    text = sandbox.settings_file.read_text(encoding="utf-8")
    for own in (repos[:5], repos[5:]):
        text = re.sub(r"git\.repos = \[\"(.*)\]", f"git.repos = [ {', '.join(own)}]", text, count=1)
    sandbox.settings_file.write_text(text, encoding="utf-8")
    return load(sandbox.settings_file, None, sandbox.env).settings


def figures(folder: Path) -> Iterator[Figure]:
    """The month, shown once with nothing known of it."""
    sandbox = Sandbox(folder / "home", today=date(2026, 11, 20))
    sandbox.start()
    try:
        settings = prepare(sandbox, folder)
        now = datetime(2026, 11, 30, 17, tzinfo=sandbox.zone)
        with opened(settings, lambda: now) as core:
            days = Days(person_of(core), web_client(settings, Pacer()))
            asked, used, began = len(sandbox.toggl.requests), _processor(), perf_counter()
            days.show_days(NOVEMBER)
            took, work = perf_counter() - began, _processor() - used
            rows = [len(each.items) for each in core.store.digests(ME, NOVEMBER.first)]
            requests = len(sandbox.toggl.requests) - asked
            days.finish()
    finally:
        sandbox.stop()
    told = f"{len(rows)} days, {sum(rows)} rows; {work:.1f} s of processor time, git's included"
    yield Figure("a forgotten month, cold", 10, took, "s", told)
    yield Figure("its requests to Toggl", 30, requests, "")


def _processor() -> float:
    """Seconds of processor time so far, those of processes that have ended included."""
    return sum(os.times()[:4])


def main() -> None:
    """Makes the files, shows the month, prints a table."""
    os.environ.update(ISOLATED)
    with tempfile.TemporaryDirectory() as folder:
        for line in table(figures(Path(folder))):
            print(line)


if __name__ == "__main__":
    main()
