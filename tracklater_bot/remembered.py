"""Answers that are kept in a person's memory, so that a service is asked rarely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from tracklater_bot.sources.protocols import JsonValue, Memory
from tracklater_bot.trackers.protocols import Refused, TrackerError

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

POLITE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """An answer, if there ever was one; `trouble` says why it is not a new one."""

    value: T | None
    trouble: str | None


class _Kept(BaseModel):
    """What is remembered. `value` stays when a later call fails."""

    asked: datetime
    value: object = None
    trouble: str | None = None


@dataclass(frozen=True)
class Remembered(Generic[T]):
    """One question to a tracker: asked again after `fresh`, its answer in use for `stale`.

    After a failure it is asked again after a minute; a refusal is tried at once, since it may
    have been mended in the settings.
    """

    key: str
    ask: Callable[[], T]
    shape: TypeAdapter[T]
    fresh: timedelta
    stale: timedelta

    def get(self, memory: Memory, now: datetime) -> Found[T]:
        """The answer, from the memory where that is fresh enough."""
        kept = understood(_Kept, memory.recall(self.key, now))
        if kept is None or now - kept.asked >= (POLITE if kept.trouble else self.fresh):
            kept = self._asked(now, kept.value if kept else None)
            memory.remember(self.key, kept.model_dump(mode="json"), now + self.stale)
        return Found(self._read(kept.value), kept.trouble)

    def _asked(self, now: datetime, known: object) -> _Kept:
        try:
            value = self.shape.dump_python(self.ask(), mode="json")
        except Refused as error:
            return _Kept(asked=now - POLITE, value=known, trouble=str(error))
        except TrackerError as error:
            return _Kept(asked=now, value=known, trouble=str(error))
        return _Kept(asked=now, value=value)

    def _read(self, value: object) -> T | None:
        try:
            return self.shape.validate_python(value) if value is not None else None
        except ValidationError:  # kept by another version of this program
            return None


def understood(model: type[M], value: JsonValue | None) -> M | None:
    """What was remembered, as `model`; None where there is nothing, or another version kept it."""
    try:
        return model.model_validate(value) if value is not None else None
    except ValidationError:
        return None
