"""ActivityWatch's export of the sample day: the windows that thyme saw too, and who was there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from tracklater_sandbox.workday.story import AWAY, clock
from tracklater_sandbox.workday.thyme import EVERY, seen_in_front

EXPORT = "aw-buckets-export.json"
HOST = "box"
# How the windows of a program are called at their end, and what the program calls itself.
PROGRAMS = {
    "Visual Studio Code": "Code",
    "Google Chrome": "Google-chrome",
    "Mozilla Firefox": "firefox",
    "Private Browsing": "firefox",
    "Thunderbird": "thunderbird",
    "Slack": "Slack",
    "Zoom Meeting": "zoom",
    "LibreOffice Calc": "libreoffice-calc",
    "LibreOffice Writer": "libreoffice-writer",
    "Downloads": "org.gnome.Nautilus",
}
TERMINAL = "gnome-terminal-server"


def write_export(folder: Path, day: date, zone: ZoneInfo) -> None:
    """Writes the export into the folder."""
    midnight = datetime.combine(day, time(), zone)
    buckets = [
        _bucket("window", "currentwindow", list(_windows(midnight))),
        _bucket("afk", "afkstatus", list(_keyboard(midnight))),
    ]
    document = {"buckets": {bucket["id"]: bucket for bucket in buckets}}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (folder / EXPORT).write_text(text, encoding="utf-8")


def _bucket(watcher: str, kind: str, events: list[dict[str, object]]) -> dict[str, object]:
    name = f"aw-watcher-{watcher}"
    return {
        "id": f"{name}_{HOST}",
        "created": events[0]["timestamp"],
        "name": None,
        "type": kind,
        "client": name,
        "hostname": HOST,
        "data": {},
        "events": events[::-1],
    }


def _windows(midnight: datetime) -> Iterator[dict[str, object]]:
    """Each window as long as it was in front."""
    for title, run in groupby(seen_in_front(midnight), key=lambda seen: seen[1]):
        times = [at for at, *_ in run]
        app = next((app for end, app in PROGRAMS.items() if title.endswith(end)), TERMINAL)
        yield _event(times[0], times[-1] + EVERY, {"app": app, "title": title})


def _keyboard(midnight: datetime) -> Iterator[dict[str, object]]:
    """Somebody is there until the last touch, and away until the next one."""
    seen = list(seen_in_front(midnight))
    at = seen[0][0]
    for start, end in AWAY:
        yield _event(at, midnight + clock(start), {"status": "not-afk"})
        at = midnight + clock(end)
        yield _event(midnight + clock(start), at, {"status": "afk"})
    yield _event(at, seen[-1][0] + EVERY, {"status": "not-afk"})


def _event(start: datetime, end: datetime, data: dict[str, str]) -> dict[str, object]:
    timestamp = start.astimezone(UTC).isoformat()
    return {"timestamp": timestamp, "duration": (end - start).total_seconds(), "data": data}
