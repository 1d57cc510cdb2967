"""A real ActivityWatch server, PyPI's, on loopback; and those that answer as it and Rust's do.

It wants an older platformdirs than we do, so it has an environment of its own, made once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.loopback import Asked, Loopback, Said, closed_port
from tests.recordings import recording, recordings

# peewee 4 breaks every bucket of aw-server 0.12.0.
PINNED = ("aw-server==0.12.0", "peewee<4")
LONG_BEFORE = timedelta(hours=24)  # it looks no further back for what lasts
HOME = Path(sys.prefix) / "aw-server-0.12.0"


def installed() -> Path:
    """Its Python, after it was installed; the test is skipped where that cannot be."""
    python = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = HOME / "complete"
    if not done.exists():
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(HOME)],
            [str(python), "-m", "pip", "install", "--quiet", *PINNED],
        ):
            try:
                subprocess.run(command, check=True, capture_output=True, timeout=240)
            except (OSError, subprocess.SubprocessError):
                pytest.skip("ActivityWatch's server cannot be installed here (no venv, or no PyPI)")
        done.touch()
    return python


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """The address of an empty server that keeps its data in the folder."""
    python = installed()
    url = closed_port()
    places = {f"XDG_{kind}_HOME": str(folder / kind) for kind in ("DATA", "CONFIG", "CACHE")}
    port = str(urlsplit(url).port)
    command = [str(python), "-m", "aw_server", "--testing", "--host", "127.0.0.1", "--port", port]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | places, stdout=log, stderr=log)
    try:
        _wait_for(f"{url}/api/0/info", server)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("ActivityWatch's server did not start")


def fill(url: str, buckets: Mapping[str, Any]) -> None:
    """Loads buckets as their watchers would have, in lists of some thousands."""
    for name, bucket in buckets.items():
        root = f"{url}/api/0/buckets/{name}"
        _post(root, {key: bucket[key] for key in ("client", "type", "hostname")})
        kept = [
            {key: e[key] for key in ("timestamp", "duration", "data")} for e in bucket["events"]
        ]
        for first in range(0, len(kept), 2000):
            _post(f"{root}/events", kept[first : first + 2000])


def _post(url: str, body: object) -> None:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60):
        pass


def buckets_in(*names: str) -> dict[str, Any]:
    """Recorded buckets: of the folder `day`, or of one of the variants."""
    found: dict[str, Any] = {}
    for name in names:
        files = recordings("activitywatch/day") if name == "day" else [f"activitywatch/{name}"]
        for file in files:
            told = json.loads(recording(file))
            found |= told["buckets"] if "buckets" in told else {told["id"]: told}
    return found


class PythonServer(Loopback):
    """Answers as the real server does that holds the buckets: the long run holds it to that."""

    def __init__(self, buckets: Mapping[str, Any]) -> None:
        super().__init__([])
        self._buckets = buckets

    def next(self, asked: Asked) -> Said:
        parts = urlsplit(asked.path)
        path = unquote(parts.path).removeprefix("/api/0/")
        if path == "info":
            return Said(body={"hostname": "box", "version": "v0.12.0", "testing": True})
        if path == "buckets/":
            return Said(body={id: self._without_events(id) for id in self._buckets})
        times = {
            name: datetime.fromisoformat(first) for name, [first] in parse_qs(parts.query).items()
        }
        events = self._buckets[path.removeprefix("buckets/").removesuffix("/events")]["events"]
        found = [cut for event in events if (cut := _within(event, **times))]
        return Said(body=sorted(found, key=lambda event: str(event["timestamp"]), reverse=True))

    def _without_events(self, id: str) -> dict[str, Any]:
        told = {key: self._buckets[id][key] for key in ("client", "type", "hostname")}
        return told | {"id": id, "name": None, "data": {}}


def _within(event: Mapping[str, Any], start: datetime, end: datetime) -> dict[str, Any] | None:
    """The part of an event that is in the time; None without one, or where it began long before."""
    began = datetime.fromisoformat(event["timestamp"])
    ended = began + timedelta(seconds=event["duration"])
    if ended < start or began > end or began < start - LONG_BEFORE:
        return None
    first = max(began, start)
    seconds = (min(ended, end) - first).total_seconds()
    return {"timestamp": first.isoformat(), "duration": seconds, "data": event["data"]}


class RustServer(Loopback):
    """The recorded answers of the Rust server, to whoever has its key."""

    def __init__(self, key: str) -> None:
        super().__init__([])
        self._key = key

    def next(self, asked: Asked) -> Said:
        self.asked.append(asked)
        path = urlsplit(asked.path).path
        if path == "/api/0/info":
            return Said(body=recording("activitywatch/rust/info.json"))
        if asked.headers.get("Authorization") != f"Bearer {self._key}":
            return Said(401, {"message": "Missing or invalid API key."})
        if path == "/api/0/buckets/":
            return Said(body=recording("activitywatch/rust/buckets.json"))
        times = parse_qs(urlsplit(asked.path).query)
        if not all(time.endswith("Z") for times_ in times.values() for time in times_):
            return Said(400, {"message": "premature end of input"})
        id = unquote(path.removeprefix("/api/0/buckets/").removesuffix("/events"))
        names: Iterable[str] = recordings("activitywatch/rust/events")
        name = f"activitywatch/rust/events/{id}.json"
        return Said(body=recording(name) if name in names else b"[]")
