"""How fast a day is read, beside the fastest that the same files allow. Run it with

    python -m benchmarks.speed

The limit, measured in the same run: the day file decoded by the fastest JSON library there is, and
one raw `git log` for each repository.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import msgspec

from tracklater_bot.day import WorkDay
from tracklater_bot.sources import read_all
from tracklater_bot.sources.git import SKEW, GitSource
from tracklater_bot.sources.thyme import ThymeSource

DAY = WorkDay(date(2026, 11, 20), ZoneInfo("Europe/Helsinki"))
SNAPSHOTS, WINDOWS, INTERVAL = 4320, 20, timedelta(seconds=20)
EMAIL = "eero@example.com"
ROUNDS = 7
ISOLATED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@dataclass(frozen=True, slots=True)
class Desk:
    """What is on disk: a folder with one thyme day, and repositories."""

    thyme: Path
    repos: tuple[Path, ...]

    @property
    def day_file(self) -> Path:
        """The one day file."""
        return self.thyme / f"{DAY.date}.json"


# -- Making a day ------------------------------------------------------------------------------


def make_desk(folder: Path) -> Desk:
    """A day of 4,320 snapshots of 20 windows, and ten repositories, two of them large."""
    thyme = folder / "thyme"
    thyme.mkdir()
    desk = Desk(thyme, tuple(folder / f"repo-{number}" for number in range(10)))
    desk.day_file.write_text(json.dumps({"Snapshots": list(_snapshots())}, separators=(",", ":")))
    many_branches, many_commits, *small = desk.repos
    _import(many_branches, _commits("main", 1000, timedelta(hours=1)))
    _import(many_branches, _branches(300))
    _import(many_commits, _commits("main", 100_000, timedelta(minutes=40)))
    for repo in small:
        _import(repo, _commits("main", 500, timedelta(hours=2)))
    return desk


def _snapshots() -> Iterator[dict[str, object]]:
    """A busy screen: in one sample of five another window is in front or a title has changed."""
    chance = random.Random(1)
    titles = [f"module_{number}.py - acme-api - Visual Studio Code" for number in range(99)]
    ids = [4194316 + 2097152 * number for number in range(WINDOWS)]
    shown, active = chance.choices(titles, k=WINDOWS), 0
    for number in range(SNAPSHOTS):
        if chance.random() < 0.1:
            shown[chance.randrange(WINDOWS)] = chance.choice(titles)
        if chance.random() < 0.1:
            active = chance.randrange(WINDOWS)
        at = DAY.local(DAY.span.start + INTERVAL * number + timedelta(milliseconds=number % 700))
        yield {
            "Time": at.isoformat(),
            "Windows": [
                {"ID": id, "Desktop": 0, "Name": title}
                for id, title in zip(ids, shown, strict=True)
            ],
            "Active": ids[active],
            "Visible": ids,
        }


def _commits(branch: str, count: int, apart: timedelta) -> Iterator[str]:
    """Commits up to the evening of the day, in the words of `git fast-import`."""
    last = DAY.span.end - timedelta(hours=10)
    for number in range(count):
        yield _commit(branch, f"DEV-{number} Change {number}", last - apart * (count - 1 - number))


def _branches(count: int) -> Iterator[str]:
    """Branches of three commits each; one in ten was worked on that day."""
    for number in range(count):
        at = DAY.span.end - timedelta(hours=12, days=number % 10)
        for step in range(3):
            start = "" if step else f"from refs/heads/main~{number}\n"
            minutes = timedelta(minutes=number % 60 + step)
            subject = f"DEV-{number} Step {step}"
            yield _commit(f"feature/DEV-{number}", subject, at + minutes, start)


def _commit(branch: str, subject: str, at: datetime, start: str = "") -> str:
    who = f"Eero <{EMAIL}> {int(at.timestamp())} +0200"
    return (
        f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n"
        f"data {len(subject)}\n{subject}\n{start}\n"
    )


def _import(repo: Path, commits: Iterator[str]) -> None:
    stream = "".join(commits).encode()
    _git("init", "-q", "-b", "main", str(repo))
    _git("-C", str(repo), "fast-import", "--quiet", stream=stream)


def _git(*arguments: str, stream: bytes = b"") -> bytes:
    env = os.environ | ISOLATED
    run = subprocess.run(
        ["git", *arguments], input=stream, env=env, check=True, capture_output=True
    )
    return run.stdout


# -- Measuring ---------------------------------------------------------------------------------


def milliseconds(work: Callable[[], object]) -> float:
    """The best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best * 1000


def decode_limit(desk: Desk) -> float:
    """Decoding the day file with the fastest JSON library, its reading included."""
    decoders: list[Callable[[bytes], object]] = [msgspec.json.decode]
    if find_spec("orjson"):
        import orjson  # noqa: PLC0415 - only measured where it happens to be installed

        decoders.append(orjson.loads)
    return min(milliseconds(partial(_decode, desk.day_file, each)) for each in decoders)


def _decode(path: Path, decoder: Callable[[bytes], object]) -> object:
    return decoder(path.read_bytes())


def log_limit(desk: Desk) -> float:
    """One raw `git log` for each repository, one after another."""
    since = f"--since={(DAY.span.start - SKEW).isoformat()}"

    def logs() -> None:
        for repo in desk.repos:
            _git("-C", str(repo), "log", "--branches", since, "--format=%H %at %ae %s")

    return milliseconds(logs)


def measure(desk: Desk) -> Iterator[tuple[str, float, float]]:
    """Name, limit and time of each part in milliseconds."""
    thyme, git = ThymeSource(desk.thyme), GitSource("acme", desk.repos, (EMAIL,))
    decode, log = decode_limit(desk), log_limit(desk)
    yield "thyme", decode, milliseconds(lambda: thyme.read(DAY.span))
    yield "git", log, milliseconds(lambda: git.read(DAY.span))
    yield "all sources", decode + log, milliseconds(lambda: read_all((thyme, git), DAY.span))


def main() -> None:
    """Makes the day, measures, prints a table."""
    os.environ.update(ISOLATED)
    with tempfile.TemporaryDirectory() as folder:
        desk = make_desk(Path(folder))
        size = desk.day_file.stat().st_size / 1e6
        clues = [len(each.clues) for each in read_all(_sources(desk), DAY.span)]
        print(f"{size:.1f} MB of thyme, {len(desk.repos)} repositories, clues: {clues}")
        print(f"{'part':<12} {'limit ms':>9} {'ms':>7} {'ratio':>6}")
        for name, limit, took in measure(desk):
            print(f"{name:<12} {limit:>9.1f} {took:>7.1f} {took / limit:>6.2f}")


def _sources(desk: Desk) -> tuple[ThymeSource, GitSource]:
    return ThymeSource(desk.thyme), GitSource("acme", desk.repos, (EMAIL,))


if __name__ == "__main__":
    main()
