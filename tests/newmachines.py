"""Made-up machines of people who have not installed anything yet, and their settings by hand."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.loopback import Asked, Loopback, Said
from tests.repositories import WHO
from tracklater_sandbox.workday.story import Scene
from tracklater_sandbox.workday.thyme import write_thyme

ZONE = ZoneInfo("Europe/Helsinki")


def yesterday() -> date:
    """As `preview yesterday` has it: work before four belongs to the evening before."""
    return (datetime.now(ZONE) - timedelta(hours=4)).date() - timedelta(days=1)


@dataclass
class NewMachine:
    """A home folder, and what was done on it yesterday."""

    home: Path
    day: date = field(default_factory=yesterday)

    def at(self, clock: str) -> datetime:
        return datetime.combine(self.day, time.fromisoformat(clock), ZONE)

    def repository(self, place: str, remote: str = "", branch: str = "main") -> Path:
        """A repository of Eero's, without commits yet."""
        folder = self.home / place
        folder.mkdir(parents=True)
        self._git(folder, "init", "-q", "-b", branch)
        self._git(folder, "config", "user.email", WHO["GIT_AUTHOR_EMAIL"])
        if remote:
            self._git(folder, "remote", "add", "origin", remote)
        return folder

    def commits(self, folder: Path, *clocks: str, subject: str = "More of it") -> None:
        """Commits at these times of yesterday, and one of a week ago."""
        moments = [self.at("10:00") - timedelta(days=7), *map(self.at, clocks)]
        for moment in moments:
            self.commit(folder, moment, subject)

    def commit(self, folder: Path, moment: datetime, subject: str) -> None:
        when = moment.isoformat()
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        self._git(folder, "commit", "-q", "--allow-empty", "-m", subject, **dates)

    def odd_reflog(self, folder: Path) -> None:
        """A line of HEAD's reflog with a time that no calendar has."""
        with (folder / ".git" / "logs" / "HEAD").open("a", encoding="utf-8") as reflog:
            reflog.write(
                f"{'1' * 40} {'2' * 40} Eero <eero@example.com> {'9' * 12} +0200\tcommit: x\n"
            )

    def checkout(self, folder: Path, branch: str, clock: str) -> None:
        self._git(
            folder, "checkout", "-q", "-b", branch, GIT_COMMITTER_DATE=self.at(clock).isoformat()
        )

    def _git(self, folder: Path, *arguments: str, **more: str) -> None:
        environ = {**os.environ, **WHO, **more}
        subprocess.run(["git", *arguments], cwd=folder, env=environ, check=True)

    def windows(self, *scenes: Scene, place: str = "thyme") -> Path:
        """A day that thyme recorded."""
        write_thyme(self.home / place, self.day, ZONE, scenes)
        return self.home / place

    def talk_to_claude(self, folder: Path, start: str, minutes: int) -> None:
        """A prompt every other minute, with an answer after each."""
        logs = self.home / ".claude" / "projects" / str(folder).replace("/", "-")
        logs.mkdir(parents=True, exist_ok=True)
        records = [
            {
                "type": "assistant" if minute % 2 else "user",
                "timestamp": (self.at(start) + timedelta(minutes=minute)).isoformat(),
                "cwd": str(folder),
                "gitBranch": "main",
                "sessionId": start,
                "uuid": f"{start}-{minute}",
                "message": {"content": "please"},
            }
            for minute in range(minutes)
        ]
        lines = "".join(f"{json.dumps(record)}\n" for record in records)
        (logs / f"{start.replace(':', '')}.jsonl").write_text(lines, encoding="utf-8")


def by_hand(groups: Sequence[str], *top: str) -> str:
    """Settings as a careful person writes them."""
    return "\n".join(('timezone = "Europe/Helsinki"', *top, *groups, ""))


def group(name: str, repos: Sequence[Path], *more: str) -> str:
    listed = json.dumps([str(repo) for repo in repos])
    return "\n".join((f"[groups.{name}]", f'keywords = ["{name}"]', f"git.repos = {listed}", *more))


class Watching(Loopback):
    """An ActivityWatch whose watchers saw these stretches: start, end, program, title."""

    def __init__(self, machine: NewMachine, *seen: tuple[str, str, str, str]) -> None:
        super().__init__([])
        moments = [
            (machine.at(start), machine.at(end), app, title) for start, end, app, title in seen
        ]
        self._events = {
            "aw-watcher-window_box": [
                _event(start, end, {"app": app, "title": title})
                for start, end, app, title in reversed(moments)
            ],
            "aw-watcher-afk_box": [
                _event(start, end, {"status": "not-afk"}) for start, end, *_ in reversed(moments)
            ],
        }

    def next(self, asked: Asked) -> Said:
        path = asked.path.partition("?")[0]
        if path == "/api/0/info":
            return Said(body={"hostname": "box", "version": "v0.13.2", "testing": False})
        if path == "/api/0/buckets/":
            kinds = ("currentwindow", "afkstatus")
            return Said(
                body={
                    id: {"id": id, "type": kind, "client": id[:-4], "hostname": "box"}
                    for id, kind in zip(self._events, kinds, strict=True)
                }
            )
        return Said(body=self._events[path.split("/")[4]])


def _event(start: datetime, end: datetime, data: dict[str, str]) -> dict[str, object]:
    seconds = (end - start).total_seconds()
    return {"id": 1, "timestamp": start.isoformat(), "duration": seconds, "data": data}
