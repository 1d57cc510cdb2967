"""Whether the person went on working after their day was read, so that its message can say so."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.slack.person import Person

LOOK_EVERY = timedelta(minutes=10)


class Activity:
    """Asks the machine now and then, until there was work, and remembers it with the day."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._looked: datetime | None = None

    def note_read(self, day: date) -> None:
        """The day was read just now."""
        person = self._person
        person.store.put(person.id, _read_key(day), person.clock().isoformat())
        person.store.delete(person.id, went_on_key(day))

    def noticed(self) -> date | None:
        """Today, once, when there was work after it was read and shown."""
        person, now = self._person, self._person.clock()
        if self._looked is not None and now - self._looked < LOOK_EVERY:
            return None
        self._looked = now
        day = person.calendar.today()
        read = self._kept(_read_key(day))
        if not isinstance(read, str) or self._kept(went_on_key(day)):
            return None
        if not person.machine.worked_since(datetime.fromisoformat(read)):
            return None
        person.store.put(person.id, went_on_key(day), value=True)
        return day

    def _kept(self, key: str) -> JsonValue | None:
        return self._person.store.get(self._person.id, key, self._person.clock())


def went_on_key(day: date) -> str:
    """Under which name the store remembers that the person went on working."""
    return f"went_on:{day}"


def _read_key(day: date) -> str:
    return f"read:{day}"
