"""A memory like the store's, in a dictionary."""

from __future__ import annotations

import json
from datetime import datetime

from tracklater_bot.model import JsonValue


class FakeMemory:
    """Keeps values as JSON text, as a database does, and forgets them when their time is over."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, datetime | None]] = {}

    def remember(self, key: str, value: JsonValue, until: datetime | None = None) -> None:
        self.kept[key] = (json.dumps(value), until)

    def recall(self, key: str, now: datetime) -> JsonValue | None:
        text, until = self.kept.get(key, ("null", None))
        value: JsonValue = json.loads(text)
        return value if until is None or now < until else None

    def forget(self, key: str) -> None:
        self.kept.pop(key, None)
