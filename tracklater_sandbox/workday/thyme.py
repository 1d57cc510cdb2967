"""Thyme's day file for the sample day: a snapshot every 20 seconds, the same every time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from tracklater_sandbox.workday.story import ALWAYS_OPEN, SCENES, Scene, clock

EVERY = timedelta(seconds=20)
FIRST_ID = 0x400000


def write_thyme(folder: Path, day: date, zone: ZoneInfo, scenes: Sequence[Scene] = SCENES) -> None:
    """Writes the day's file into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    midnight = datetime.combine(day, time(), zone)
    document = {"Snapshots": [_snapshot(*seen) for seen in seen_in_front(midnight, scenes)]}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (folder / f"{day}.json").write_text(text, encoding="utf-8")


def seen_in_front(
    midnight: datetime, scenes: Sequence[Scene] = SCENES
) -> Iterator[tuple[datetime, str, Scene]]:
    """What was in front at each sample of the day that begins at `midnight`, and in which scene."""
    chance = Random(midnight.toordinal())  # noqa: S311 (the same day each time, nothing secret)
    for scene in scenes:
        titles = _turns(scene, chance)
        at, end = midnight + clock(scene.start), midnight + clock(scene.end)
        while at < end:
            yield at, next(titles), scene
            at += EVERY


def _turns(scene: Scene, chance: Random) -> Iterator[str]:
    """The title in front at each sample: each stays for one to four minutes."""
    while True:
        for title in scene.titles:
            for _ in range(1_000_000 if scene.still else chance.randint(3, 12)):
                yield title


def _snapshot(at: datetime, title: str, scene: Scene) -> dict[str, object]:
    """One line of thyme's: all windows, the one in front, and those that can be seen."""
    others = [name for name in (*scene.titles, *ALWAYS_OPEN) if name != title]
    names = [title, *dict.fromkeys(others)]
    windows = [
        {"ID": FIRST_ID + _number(name), "Desktop": 0, "Name": name} for name in sorted(names)
    ]
    active = FIRST_ID + _number(title)
    return {
        "Time": at.isoformat(),
        "Windows": windows,
        "Active": active,
        "Visible": [active],
    }


@cache
def _number(name: str) -> int:
    """A window's own number, the same in every run."""
    return sum(place * ord(letter) for place, letter in enumerate(name, start=1)) * 4
