"""The sample day's git repositories: real ones, with commits, checkouts and reflogs of that day."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from git import Repo

from tracklater_sandbox.workday.story import STEPS, Step, clock

ME = ("Eero Example", "eero@example.com")
COLLEAGUE = ("Matti Example", "matti@acme.example")
REMOTES = {
    "acme-api": "git@git.acme.example:acme/api.git",
    "globex-web": "git@git.globex.example:globex/web.git",
}
# Nobody's own git settings (hooks, signing) may have a say in the sample day.
_ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True, slots=True)
class _Hand:
    """Somebody who works in a repository at a time."""

    repo: Repo
    zone: ZoneInfo
    day: date

    def commit(self, at: datetime, subject: str, who: tuple[str, str] = ME) -> None:
        """Appends to the notes file and commits it."""
        notes = Path(self.repo.working_dir) / "NOTES.md"
        with notes.open("a", encoding="utf-8") as file:
            file.write(f"- {subject}\n")
        with self.repo.git.custom_environment(**_at(at, who)):
            if not self.repo.head.is_valid():
                self.repo.git.add("NOTES.md")
            self.repo.git.commit("-q", "-a", "--no-gpg-sign", "-m", subject)

    def checkout(self, at: datetime, branch: str) -> None:
        """Starts a branch from main."""
        with self.repo.git.custom_environment(**_at(at, ME)):
            self.repo.git.checkout("-q", "-b", branch, "main")

    def do(self, step: Step) -> None:
        """One step of the story."""
        at = datetime.combine(self.day, time(), self.zone) + clock(step.at)
        if step.branch:
            self.checkout(at, step.branch)
        else:
            self.commit(at, step.subject)


def write_repos(folder: Path, day: date, zone: ZoneInfo) -> None:
    """Makes the repositories under the folder."""
    for name, remote in REMOTES.items():
        path = folder / name
        path.mkdir(parents=True)
        with Repo.init(path, initial_branch="main") as repo:
            repo.create_remote("origin", remote)
            hand = _Hand(repo, zone, day)
            _history(hand, name)
            for step in STEPS:
                if step.repo == name:
                    hand.do(step)


def _history(hand: _Hand, name: str) -> None:
    """What was there before the day: the start, and a colleague's commit of the evening before."""
    midnight = datetime.combine(hand.day, time(), hand.zone)
    hand.commit(midnight - timedelta(days=30), f"Start {name}")
    hand.commit(midnight - timedelta(days=4, hours=9), "Pin the dependencies")
    hand.commit(midnight - timedelta(hours=6), "Tidy the release notes", COLLEAGUE)


def _at(at: datetime, who: tuple[str, str]) -> dict[str, str]:
    name, email = who
    when = at.isoformat()
    return {
        **_ALONE,
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
        "GIT_COMMITTER_DATE": when,
    }
