"""A made-up day as files: thyme's recordings, git repositories, a settings file.

    python -m benchmarks.disk SEED KIND FOLDER

What Slack, Jira, Taiga and Toggl would say needs servers, and is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.cast import EMAIL, ME, Client
from benchmarks.screen import Sample
from benchmarks.titles import IGNORE
from benchmarks.traces import CLONED
from benchmarks.truth import World
from benchmarks.worlds import KINDS, commits_of, make
from tracklater_bot.domain.clues import Checkout, Commit


def write(world: World, folder: Path) -> Path:
    """Write the day into the folder; returns the settings file."""
    thyme = folder / "thyme"
    thyme.mkdir(parents=True)
    _write_recordings(world, thyme)
    for client in world.clients:
        _write_repository(world, client, folder / "src" / client.naming.folder)
    settings = folder / "tracklater.toml"
    settings.write_text("\n".join(_settings(world, folder)), "utf-8")
    return settings


# -- thyme --------------------------------------------------------------------------------------


def _write_recordings(world: World, folder: Path) -> None:
    """A file for each date on the recorder's calendar and each machine, as its wrapper does."""
    files: dict[str, list[dict[str, object]]] = defaultdict(list)
    for sample in world.samples:
        at = world.day.local(world.day.span.start + timedelta(seconds=sample.at))
        machine = f"-{sample.machine}" if sample.machine else ""
        files[f"{at:%Y-%m-%d}{machine}.json"].append(_snapshot(sample, at))
    for name, snapshots in files.items():
        content = json.dumps({"Snapshots": snapshots}, ensure_ascii=False, separators=(",", ":"))
        (folder / name).write_text(content + "\n", "utf-8")


def _snapshot(sample: Sample, at: datetime) -> dict[str, object]:
    windows = [{"ID": key, "Desktop": 0, "Name": name} for key, name in sample.windows]
    return {
        "Time": at.isoformat(),
        "Windows": windows or None,
        "Active": sample.active,
        "Visible": [key for key, _ in sample.windows[:7]] or None,
    }


# -- git ----------------------------------------------------------------------------------------


def _write_repository(world: World, client: Client, path: Path) -> None:
    """A real repository with the world's commits and checkouts at their times."""
    path.mkdir(parents=True)
    cloned = world.day.span.start - timedelta(seconds=CLONED)
    _git(path, cloned, "init", "--quiet", "--initial-branch=main")
    _git(path, cloned, "remote", "add", "origin", f"https://github.com/{client.naming.remote}.git")
    _commit(path, cloned, "Initial commit")
    branches = {"main"}
    for clue in commits_of(world):
        if clue.group != client.name:
            continue
        if isinstance(clue, Commit):
            _commit(path, clue.at, clue.subject)
        elif clue.at > cloned:
            _check_out(path, clue, new=clue.branch not in branches)
            branches.add(clue.branch)


def _check_out(path: Path, clue: Checkout, *, new: bool) -> None:
    create = ["-b"] if new else []
    _git(path, clue.at, "checkout", "--quiet", *create, clue.branch)


def _commit(path: Path, at: datetime, subject: str) -> None:
    _git(path, at, "commit", "--quiet", "--allow-empty", f"--message={subject}")


def _git(path: Path, at: datetime, *arguments: str) -> None:
    """Run git as the made-up person at that time, without anybody's configuration."""
    when = f"{int(at.timestamp())} +0000"
    person = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", ME), ("EMAIL", EMAIL), ("DATE", when))
    }
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    environment = {"PATH": os.environ["PATH"], **plain, **person}
    subprocess.run(["git", *arguments], cwd=path, env=environment, check=True)


# -- Settings -----------------------------------------------------------------------------------


def _settings(world: World, folder: Path) -> list[str]:
    lines = [
        f"timezone = {_text(str(world.day.zone))}",
        "[suggest]",
        "round_minutes = 0",
        f"ignore = [{', '.join(map(_text, IGNORE))}]",
        "[thyme]",
        f"dir = {_text(str(folder / 'thyme'))}",
        "[git]",
        f"emails = [{_text(EMAIL)}]",
    ]
    for client in world.clients:
        lines += _group(client, folder / "src" / client.naming.folder)
    return [*lines, ""]


def _group(client: Client, repository: Path) -> list[str]:
    naming = client.naming
    lines = [
        f"[groups.{naming.name}]",
        f"keywords = [{', '.join(map(_text, naming.keywords))}]",
        f"git.repos = [{_text(str(repository))}]",
        f"toggl.client = {_text(naming.display)}",
        'toggl.projects = { "Development" = "default", "Bug fixing" = "bug" }',
    ]
    if client.tracker == "jira":
        lines += [
            f"jira.url = {_text(f'https://{client.site}')}",
            f"jira.project_key = {_text(naming.key)}",
        ]
    if client.slug:
        lines.append(f"taiga.project_slug = {_text(client.slug)}")
    if client.workspace:
        lines.append(f"slack.workspace = {_text(client.workspace)}")
    return lines


def _text(value: str) -> str:
    """A TOML string; JSON's escapes are TOML's too."""
    return json.dumps(value, ensure_ascii=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Write one world into a folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.disk")
    parser.add_argument("seed", type=int)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(argv)
    world = make(options.seed, options.kind)
    print(f"{write(world, options.folder.absolute())}: {world.day.date}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
