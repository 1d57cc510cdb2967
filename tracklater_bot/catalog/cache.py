"""Answers that are kept in a person's memory, so that a service is asked rarely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.trackers.base import Refused, Spared, TrackerError

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

MIN_INTERVAL = timedelta(minutes=1)


class MemoryStore(Protocol):
    """Small values of each person, kept until a time. Never secrets in clear."""

    def put(self, person: str, key: str, value: JsonValue, until: datetime | None = None) -> None:
        """Keeps a value until then, or for good."""

    def get(self, person: str, key: str, now: datetime) -> JsonValue | None:
        """The value, unless its time is over."""

    def delete(self, person: str, key: str) -> None:
        """Drops the value."""


@dataclass(frozen=True, slots=True)
class PersonalMemory:
    """One person's part of the store's memory."""

    store: MemoryStore
    person: str

    def put(self, key: str, value: JsonValue, until: datetime | None = None) -> None:
        """Keeps a value until then, or for good."""
        self.store.put(self.person, key, value, until)

    def get(self, key: str, now: datetime) -> JsonValue | None:
        """The value, unless its time is over."""
        return self.store.get(self.person, key, now)

    def delete(self, key: str) -> None:
        """Drops the value."""
        self.store.delete(self.person, key)


_ADAPTERS: dict[object, TypeAdapter[Any]] = {}


def adapter(shape: type[T]) -> TypeAdapter[T]:
    """What reads and writes values of a shape; built for the first of them, since that takes ms."""
    if shape not in _ADAPTERS:
        _ADAPTERS[shape] = TypeAdapter(shape)
    return _ADAPTERS[shape]


@dataclass(frozen=True, slots=True)
class Cached(Generic[T]):
    """An answer, if there ever was one, and when it was given; `trouble`: why it is no new one."""

    value: T | None
    trouble: str | None
    answered: datetime | None = None


class _CachedAnswer(BaseModel):
    """What is remembered. `value`, `answered` at that time, stays when a later call fails."""

    model_config = ConfigDict(defer_build=True)

    asked: datetime
    value: object = None
    trouble: str | None = None
    answered: datetime | None = None
    asker: str = ""


@dataclass(frozen=True)
class CachedAnswer(Generic[T]):
    """One question to a tracker: asked again after `fresh`, its answer in use for `stale`.

    After a failure it is asked again after a minute; a refusal is tried at once, since it may
    have been mended in the settings. So is what another `asker` was told: another token; and what
    was left unasked because nobody waited for it.
    """

    key: str
    ask: Callable[[], T]
    shape: type[T]
    fresh: timedelta
    stale: timedelta
    asker: str = ""

    def get(self, memory: PersonalMemory, now: datetime) -> Cached[T]:
        """The answer, from the memory where that is fresh enough."""
        kept = parsed(_CachedAnswer, memory.get(self.key, now))
        known = self._read(kept.value) if kept else None
        if kept is None or self._is_due(kept, known, now):
            known, kept = self._asked(now, known, kept.answered if kept else None)
            memory.put(self.key, kept.model_dump(mode="json"), now + self.stale)
        return Cached(known, kept.trouble, kept.answered if known is not None else None)

    def kept(self, memory: PersonalMemory, now: datetime) -> T | None:
        """What was answered last, however old; nobody is asked."""
        kept = parsed(_CachedAnswer, memory.get(self.key, now))
        return self._read(kept.value) if kept else None

    def _is_due(self, kept: _CachedAnswer, known: T | None, now: datetime) -> bool:
        unreadable = known is None and kept.value is not None
        if unreadable or kept.asker != self.asker:
            return True
        return now - kept.asked >= (MIN_INTERVAL if kept.trouble else self.fresh)

    def _asked(
        self, now: datetime, known: T | None, answered: datetime | None
    ) -> tuple[T | None, _CachedAnswer]:
        asked, trouble = now, None
        try:
            known, answered = self.ask(), now
        except (Refused, Spared) as error:
            asked, trouble = now - MIN_INTERVAL, str(error)
        except TrackerError as error:
            trouble = str(error)
        value = adapter(self.shape).dump_python(known, mode="json") if known is not None else None
        return known, _CachedAnswer(
            asked=asked, value=value, trouble=trouble, answered=answered, asker=self.asker
        )

    def _read(self, value: object) -> T | None:
        """None for what another version of this program has kept."""
        try:
            return adapter(self.shape).validate_python(value) if value is not None else None
        except ValidationError:
            return None


def parsed(model: type[M], value: JsonValue | None) -> M | None:
    """What was remembered, as `model`; None where there is nothing, or another version kept it."""
    try:
        return model.model_validate(value) if value is not None else None
    except ValidationError:
        return None
