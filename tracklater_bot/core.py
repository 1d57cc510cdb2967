"""The composition root: settings in, everything wired. The only place that knows all rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tracklater_bot.catalog.briefing import CatalogBriefing
from tracklater_bot.catalog.cache import NullStore
from tracklater_bot.catalog.calendar import Calendar
from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.domain.digests import roundings_of
from tracklater_bot.domain.draft import Decision, Rounding
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.track_record import Outcome
from tracklater_bot.domain.wall import Machine
from tracklater_bot.drafting.habits import HabitFiles
from tracklater_bot.drafting.machine import Engine, LocalMachine
from tracklater_bot.engine import answer
from tracklater_bot.http import utc_now
from tracklater_bot.settings import Settings
from tracklater_bot.settings.preferences import REMINDERS, effective, moved, unreminded
from tracklater_bot.sources.base import IssueSource
from tracklater_bot.sources.clues.registry import clue_sources
from tracklater_bot.sources.issues.registry import issue_sources, key_forms
from tracklater_bot.trackers.base import Refused, Tracker
from tracklater_bot.trackers.registry import FIRST_STEP, tracker_of
from tracklater_bot.trackers.tallies import Tallies

if TYPE_CHECKING:
    from tracklater_bot.store import Store

Clock = Callable[[], datetime]
NO_SLACK = "local"


class Core:
    """Everything but Slack: what a preview needs, and what the bot is built on.

    All of it is built at once, and may be used from any thread. There is no store for those who
    have nothing to keep (see `keeps_something`).
    """

    def __init__(
        self,
        file_settings: Settings,
        store: Store | None,
        clock: Clock = utc_now,
        tallies: Tallies | None = None,
    ) -> None:
        self.file_settings = file_settings
        self.clock = clock
        self._store = store
        self.calendar = Calendar(
            file_settings, None if self._keeps_nothing() else store, self.person, clock
        )
        self.issue_sources: tuple[IssueSource, ...] = issue_sources(file_settings, clock)
        self.tracker: Tracker | None = tracker_of(file_settings, clock, tallies)
        self.catalog = Catalog(
            store or NullStore(),
            self.person,
            self.issue_sources,
            self.tracker,
            clock,
            file_settings.groups,
            self.tracker.account_key if self.tracker else "",
        )
        self.groups: tuple[Group, ...] = tuple(
            Group(name, file_settings.hints_for(name), key_forms(file_settings, name))
            for name in file_settings.groups
        )
        self.clue_sources = clue_sources(file_settings)
        self.machine: Machine = self.local_machine()

    @property
    def store(self) -> Store:
        """The database of those who have something to keep."""
        if self._store is None:
            raise RuntimeError("nothing is kept without a service or a Slack member")
        return self._store

    @property
    def person(self) -> str:
        """Whose days these are: the Slack member, or a fixed word where Slack is not set up."""
        return self.file_settings.slack.user_id or NO_SLACK

    def settings(self) -> Settings:
        """The settings file with the person's zone and preferences laid over it, as of now."""
        chosen = self.file_settings.model_copy(update={"timezone": self.calendar.zone()})
        if self._keeps_nothing():
            return chosen  # preferences are chosen in Slack
        return effective(chosen, self.store.preferences(self.person))

    def _keeps_nothing(self) -> bool:
        """Without somebody to send days to, none is stored: the store stays closed."""
        return not self.file_settings.slack.user_id

    # -- Drafts --------------------------------------------------------------------------------

    def local_machine(self, engine: Engine = answer) -> LocalMachine:
        """The machine of this process, with the engine that its drafts are asked of."""
        briefing = CatalogBriefing(
            self.catalog,
            self.groups,
            self.rules,
            self.clock,
            self.calendar.zone,
            self.decisions,
            self.roundings,
            self.outcomes,
        )
        settings = self.file_settings.suggest
        habits = HabitFiles(
            self.file_settings.data_folder / "habits", self.clue_sources, self.clock
        )
        return LocalMachine(settings, self.clue_sources, briefing, self.clock, engine, habits)

    def rules(self) -> list[Rule]:
        """The person's own rules; they are made in Slack."""
        return [] if self._keeps_nothing() else self.store.rules(self.person)

    def decisions(self, since: date) -> list[Decision]:
        """What the person corrected or skipped since that day."""
        return [] if self._keeps_nothing() else self.store.decisions(self.person, since)

    def outcomes(self, since: date) -> list[Outcome]:
        """What became of the suggestions of the days since then."""
        return [] if self._keeps_nothing() else self.store.outcomes(self.person, since)

    def roundings(self, since: date) -> list[Rounding]:
        """What rounding took from the rows of the stored days from then on."""
        if self._keeps_nothing():
            return []
        step = timedelta(minutes=self.file_settings.suggest.round_minutes)
        days = self.store.digests(self.person, since)
        return [rounding for day in days for rounding in roundings_of(day, step)]

    def no_longer(self) -> list[str]:
        """What the person once set in Slack and what holds no more, a sentence each."""
        if self._keeps_nothing():
            return []
        preferences = self.store.preferences(self.person)
        reminders = self.store.get(self.person, REMINDERS, self.clock())
        waiting = self.store.open_days(self.person, date.min) if reminders else ()
        days = [day for day, _ in waiting]
        return [*moved(self.file_settings, preferences), *unreminded(reminders, days)]

    def writable_tracker(self) -> Tracker:
        """The tracker that the person's entries go to. Raises Refused when there is none."""
        if self.tracker is None:
            raise Refused(f"No tracker is set up: {FIRST_STEP}")
        return self.tracker


def keeps_something(settings: Settings) -> bool:
    """Whether there is a person with days to keep, or a service whose answers are kept."""
    return bool(settings.slack.user_id or tracker_of(settings) or issue_sources(settings))


@contextmanager
def opened(settings: Settings, clock: Clock = utc_now) -> Iterator[Core]:
    """A core on the settings' database, which is closed afterwards. Raises StoreError."""
    with ExitStack() as closing:
        store = None
        if keeps_something(settings):
            # Here, because SQLAlchemy takes 200 ms, and a preview of windows and commits alone
            # keeps nothing.
            from tracklater_bot.store import Store  # noqa: PLC0415

            url = settings.database_url.get_secret_value()
            store = closing.enter_context(Store.open(url, clock))
        yield Core(settings, store, clock)
