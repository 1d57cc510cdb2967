"""Answers that are kept in a person's memory, so that a service is asked rarely."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.issues import Issue
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


class CatalogStore(MemoryStore, Protocol):
    """The part of the store that the catalogue uses: issues are kept by the scope they are of."""

    def put_issues(self, person: str, scope: str, issues: Sequence[Issue]) -> None:
        """Adds them, or replaces those of the same scope and key."""

    def issues(self, person: str, scopes: Collection[str]) -> list[Issue]:
        """Those of these scopes."""

    def keep_issues(self, person: str, scopes: Collection[str]) -> None:
        """Drops those of all other scopes, and what is remembered of those."""


class NullStore:
    """The store of those who have no service set up: nobody is asked, nothing need be kept."""

    def put_issues(self, person: str, scope: str, issues: Sequence[Issue]) -> None:
        """Keeps nothing."""

    def issues(self, person: str, scopes: Collection[str]) -> list[Issue]:
        """None."""
        return []

    def keep_issues(self, person: str, scopes: Collection[str]) -> None:
        """There is nothing to drop."""

    def put(self, person: str, key: str, value: JsonValue, until: datetime | None = None) -> None:
        """Keeps nothing."""

    def get(self, person: str, key: str, now: datetime) -> JsonValue | None:
        """Nothing."""

    def delete(self, person: str, key: str) -> None:
        """There is nothing to forget."""


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


# -- Days that were read ---------------------------------------------------------------------------
# For the week, and not opened, so that Home need not ask again. They are no digests: nothing of
# them waits for a decision.

KEPT = timedelta(days=1)  # then a day is unknown again: it may have changed meanwhile
_ROWS = list[tuple[str | None, float, float, float]]


def keep_times(memory: PersonalMemory, times: DayTimes, now: datetime) -> None:
    """Remembers how much of the day was tracked, suggested and missing in each group."""
    lengths = (times.tracked, times.suggested, times.missing)
    rows: list[JsonValue] = [
        [group, *(length.get(group, timedelta()).total_seconds() for length in lengths)]
        for group in times.groups()
    ]
    memory.put(_times_key(times.day), rows, now + KEPT)


def kept_times(memory: PersonalMemory, day: date, now: datetime) -> DayTimes:
    """The day as it was seen last; an unknown one where nobody has looked for a while."""
    value = memory.get(_times_key(day), now)
    try:
        rows = adapter(_ROWS).validate_python(value)
    except ValidationError:  # nothing, or what another version kept
        return DayTimes(day, known=False)
    return DayTimes(
        day,
        tracked={group: timedelta(seconds=tracked) for group, tracked, _, _ in rows},
        suggested={group: timedelta(seconds=suggested) for group, _, suggested, _ in rows},
        missing={group: timedelta(seconds=missing) for group, _, _, missing in rows},
    )


def _times_key(day: date) -> str:
    return f"glance:{day}"
