"""The composition root: settings in, everything wired. The only place that knows all rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from tracklater_bot.catalog import Catalog, NothingKept, PersonalMemory
from tracklater_bot.day import WorkDay, parse_when
from tracklater_bot.drafting import Drafter
from tracklater_bot.model import Draft
from tracklater_bot.preferences import effective
from tracklater_bot.settings import Settings
from tracklater_bot.sources.protocols import ClueSource, IssueSource
from tracklater_bot.sources.registry import clue_sources, has_issues, issue_sources
from tracklater_bot.trackers.protocols import Account, Constraints, Refused, Tracker

if TYPE_CHECKING:
    from tracklater_bot.store import Store

Clock = Callable[[], datetime]
NO_SLACK = "local"


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The tracker's workspace as the catalogue remembers it."""

    catalog: Catalog

    def account(self) -> Account | None:
        """The account; None while nothing is known of it."""
        return self.catalog.projects().account

    def constraints(self) -> Constraints:
        """What the workspace demands of entries."""
        return self.catalog.constraints()


class Core:
    """Everything but Slack: what a preview needs, and what the bot is built on."""

    def __init__(
        self, file_settings: Settings, open_store: Callable[[], Store], clock: Clock = utc_now
    ) -> None:
        self.file_settings = file_settings
        self.clock = clock
        self._open_store = open_store

    @cached_property
    def store(self) -> Store:
        """The database, opened when something is first asked of it. Raises StoreError."""
        return self._open_store()

    @property
    def person(self) -> str:
        """Whose days these are: the Slack member, or a fixed word where Slack is not set up."""
        return self.file_settings.slack.user_id or NO_SLACK

    def settings(self) -> Settings:
        """The settings file with the person's preferences laid over it, as they are now."""
        if not self.file_settings.slack.user_id:
            return self.file_settings  # preferences are chosen in Slack
        return effective(self.file_settings, self.store.preferences(self.person))

    def day(self, when: str) -> WorkDay:
        """The working day that a WHEN word means now. Raises WhenError."""
        zone, starts = self.file_settings.zone(), self.file_settings.day_starts
        today = WorkDay.of(self.clock(), zone, starts).date
        return WorkDay(parse_when(when, today), zone, starts)

    def day_of(self, at: datetime) -> WorkDay:
        """The working day to which a moment belongs."""
        return WorkDay.of(at, self.file_settings.zone(), self.file_settings.day_starts)

    def draft(self, day: WorkDay) -> Draft:
        """The day as it looks now."""
        return self.drafts([day])[0]

    def drafts(self, days: Sequence[WorkDay]) -> list[Draft]:
        """Several days as they look now, oldest first."""
        return Drafter(self.settings(), self.clue_sources, self.catalog, self.clock).drafts(days)

    @cached_property
    def clue_sources(self) -> tuple[ClueSource, ...]:
        """The places that are set up where work leaves traces."""
        return clue_sources(self.file_settings)

    @cached_property
    def issue_sources(self) -> tuple[IssueSource, ...]:
        """The issue trackers of all groups."""
        if not has_issues(self.file_settings):
            return ()
        memory = PersonalMemory(self.store, self.person)
        return issue_sources(self.file_settings, memory, self.clock)

    @cached_property
    def tracker(self) -> Tracker | None:
        """Toggl, if its token is set."""
        if self.file_settings.toggl.api_token is None:
            return None
        # Here, because only those who have a token need it.
        from tracklater_bot.trackers.toggl import TogglTracker  # noqa: PLC0415

        return TogglTracker(self.file_settings.toggl, self.clock)

    def tracker_for(self, person: str) -> Tracker:
        """The tracker that a person's entries go to. Raises Refused when there is none."""
        if person != self.person or self.tracker is None:
            raise Refused("Toggl is not set up: set TRACKLATER_TOGGL__API_TOKEN.")
        return self.tracker

    def workspace_for(self, _person: str) -> Workspace:
        """What is known of the account, without a request each time."""
        return Workspace(self.catalog)

    @cached_property
    def catalog(self) -> Catalog:
        """Issues, projects and tracked time."""
        groups, sources, tracker = self.file_settings.groups, self.issue_sources, self.tracker
        store = self.store if sources or tracker else NothingKept()
        return Catalog(store, self.person, sources, tracker, self.clock, groups)


@contextmanager
def opened(settings: Settings, clock: Clock = utc_now) -> Iterator[Core]:
    """A core on the settings' database, which is closed afterwards if it was used."""
    with ExitStack() as closing:

        def open_store() -> Store:
            # Here, because SQLAlchemy takes 200 ms, and a preview of windows and commits alone
            # keeps nothing.
            from tracklater_bot.store import Store  # noqa: PLC0415

            store = Store.open(settings.database_url.get_secret_value())
            closing.callback(store.close)
            return store

        yield Core(settings, open_store, clock)
