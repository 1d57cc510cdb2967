"""Whether the person went on working after their day was read, so that its message can say so."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tracklater_bot.core import Core

LOOK_EVERY = timedelta(minutes=10)


class Activity:
    """Asks the machine now and then whether there was work since today was read."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._looked: datetime | None = None

    def note_read(self, day: date) -> None:
        """The day was read just now."""
        now = self._core.clock().isoformat()
        self._core.store.put(self._core.person, _read_key(day), now)
        self._core.store.delete(self._core.person, went_on_key(day))

    def noticed(self) -> date | None:
        """Today, once, when there was work after it was read and shown."""
        now = self._core.clock()
        if self._looked is not None and now - self._looked < LOOK_EVERY:
            return None
        self._looked = now
        day = self._core.day("today").date
        read = self._recalled(_read_key(day))
        if not isinstance(read, str) or self._recalled(went_on_key(day)):
            return None
        if not self._core.machine.worked_since(datetime.fromisoformat(read)):
            return None
        self._core.store.put(self._core.person, went_on_key(day), value=True)
        return day

    def _recalled(self, key: str) -> object:
        return self._core.store.get(self._core.person, key, self._core.clock())


def went_on_key(day: date) -> str:
    """Under which name the store remembers that the person went on working."""
    return f"went_on:{day}"


def _read_key(day: date) -> str:
    return f"read:{day}"
