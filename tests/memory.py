"""Memories like the store's, in a dictionary."""

from __future__ import annotations

import json
from datetime import datetime

from tracklater_bot.domain.json_value import JsonValue


class FakeMemory:
    """Keeps values as JSON text, as a database does, and forgets them when their time is over."""

    def __init__(self) -> None:
        self.memories: dict[tuple[str, str], tuple[str, datetime | None]] = {}

    def put(self, person: str, key: str, value: JsonValue, until: datetime | None = None) -> None:
        self.memories[person, key] = (json.dumps(value), until)

    def get(self, person: str, key: str, now: datetime) -> JsonValue | None:
        text, until = self.memories.get((person, key), ("null", None))
        value: JsonValue = json.loads(text)
        return value if until is None or now < until else None

    def delete(self, person: str, key: str) -> None:
        self.memories.pop((person, key), None)
