"""What a coding agent logged of the sample day, in the form of Claude Code's sessions."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from tracklater_sandbox.workday.story import ASKED, STEPS, Asked, clock

EVERY = timedelta(minutes=1)  # an agent at work writes something at least so often


def write_sessions(folder: Path, src: Path, day: date, zone: ZoneInfo) -> None:
    """Writes a session for each repository; `folder` stands for `~/.claude`, `src` has them."""
    midnight = datetime.combine(day, time(), zone)
    sessions: defaultdict[str, list[Asked]] = defaultdict(list)
    for asked in ASKED:
        sessions[asked.repo].append(asked)
    for repo, all_asked in sessions.items():
        session = str(uuid5(NAMESPACE_URL, f"{repo} {day}"))
        file = folder / "projects" / re.sub(r"\W|_", "-", str(src / repo)) / f"{session}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        shared = {"cwd": str(src / repo), "sessionId": session, "version": "2.1.0"}
        records = (
            {**shared, **record} for asked in all_asked for record in _records(asked, midnight)
        )
        file.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")


def _records(asked: Asked, midnight: datetime) -> Iterator[dict[str, object]]:
    """What was typed, and what the agent did then until it was done."""
    at, until = midnight + clock(asked.at), midnight + clock(asked.until)
    branch = next(
        step.branch
        for step in reversed(STEPS)
        if step.repo == asked.repo and step.branch and clock(step.at) <= clock(asked.at)
    )
    message: dict[str, object] = {"role": "user", "content": asked.text}
    typed = {"promptSource": "typed", "entrypoint": "cli"}
    yield _record("user", at, branch, message=message, **typed)
    while (at := min(at + EVERY, until)) < until:
        yield _record("assistant", at, branch, message={"role": "assistant", "content": []})
    yield _record("assistant", until, branch, message={"role": "assistant", "content": []})


def _record(kind: str, at: datetime, branch: str, **more: object) -> dict[str, object]:
    stamp = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    uuid = str(uuid5(NAMESPACE_URL, f"{kind} {stamp} {branch}"))
    return {"type": kind, "timestamp": stamp, "uuid": uuid, "gitBranch": branch, **more}
