"""The person whose bot this is, with all that the bot works with; made where it is started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from pydantic import SecretStr, ValidationError

from tracklater_bot.catalog.cache import PersonalMemory, adapter
from tracklater_bot.catalog.calendar import Calendar
from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import TrackerWords
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.domain.wall import Finding, Machine
from tracklater_bot.outbox.worker import Pace
from tracklater_bot.settings import Settings, SettingsError
from tracklater_bot.store import Store
from tracklater_bot.trackers.base import Tracker, words_of

T = TypeVar("T")


class Outbox(Protocol):
    """Sends what was approved. Both raise StoreError only.

    `work` sends what is due now; `due_in` is how long until there is something to do again.
    """

    def work(self) -> object: ...  # noqa: D102
    def due_in(self) -> timedelta | None: ...  # noqa: D102


@dataclass(frozen=True)
class Person:
    """One Slack member, by `id`, and what their bot works with.

    `settings` are the file's with the person's preferences laid over them, as of now; `no_longer`
    says what they once set in Slack and what holds no more, a sentence each. `groups` have their
    words, to tell by them whose a message is. `check` tries everything that is set up. `outbox`
    makes what sends, for the named process at that pace.
    """

    id: str
    file_settings: Settings
    settings: Callable[[], Settings]
    no_longer: Callable[[], list[str]]
    clock: Callable[[], datetime]
    store: Store
    calendar: Calendar
    catalog: Catalog
    tracker: Tracker | None
    machine: Machine
    groups: tuple[Group, ...]
    check: Callable[[], Sequence[Finding]]
    outbox: Callable[[str, Pace], Outbox]

    @property
    def tracker_words(self) -> TrackerWords:
        """What the person is told of the tracker."""
        return words_of(self.tracker)

    def is_closed(self, day: WorkDay) -> bool:
        """Whether it is too old for new entries: the tracker can't be asked for it any more."""
        return not self.tracker_words.reaches(day.date, day.zone, self.clock())

    def stored(self, key: str) -> JsonValue | None:
        """What the store remembers of this person under that name."""
        return self.store.get(self.id, key, self.clock())

    def note(self, key: str, value: object, until: datetime | None = None) -> None:
        """Lets the store remember a value under that name, until then or for good."""
        kept = adapter(type(value)).dump_python(value, mode="json")
        self.store.put(self.id, key, kept, until)

    def noted(self, key: str, shape: type[T]) -> T | None:
        """What `note` kept; None for nothing, and for what another version's shape was."""
        kept = self.stored(key)
        try:
            return adapter(shape).validate_python(kept) if kept is not None else None
        except ValidationError:
            return None

    @property
    def memory(self) -> PersonalMemory:
        """The person's part of the store's memory."""
        return PersonalMemory(self.store, self.id)

    def project_colours(self) -> dict[str, str]:
        """The colour of each group's default project in the tracker, where one is known."""
        known = self.catalog.known_projects().by_group
        return {group: own[0].color for group, own in known.items() if own and own[0].color}

    def draft(self, day: WorkDay) -> Draft:
        """The day as it looks now."""
        (draft,) = self.machine.drafts([day])
        return draft


def insist_on_slack(settings: Settings) -> None:
    """Raises SettingsError where it is not set who gets messages, or with which token."""
    secret(settings.slack.bot_token, "TRACKLATER_SLACK__BOT_TOKEN")
    if not settings.slack.user_id:
        raise SettingsError("slack.user_id is not set: it says who gets the message.")


def secret(value: SecretStr | None, variable: str) -> str:
    """The secret's value. Raises SettingsError, with the variable's name, when there is none."""
    if value is None or not value.get_secret_value():
        raise SettingsError(f"{variable} is not set: the README tells where to get it.")
    return value.get_secret_value()
