"""The composition root: settings in, everything wired. The only place that knows all rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracklater_bot.catalog.catalog import Catalog, NothingKept
from tracklater_bot.domain.day import WorkDay, in_reach, parse_when, past
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.suggestions import Draft
from tracklater_bot.drafting.drafts import Drafter
from tracklater_bot.http import utc_now
from tracklater_bot.settings import Settings, TogglSettings
from tracklater_bot.settings.preferences import REMINDERS, effective, moved, unreminded
from tracklater_bot.sources.base import ClueSource, IssueSource
from tracklater_bot.sources.clues.registry import clue_sources
from tracklater_bot.sources.issues.registry import has_issues, issue_sources
from tracklater_bot.trackers.base import Refused, Tracker
from tracklater_bot.trackers.jira_worklogs import JiraGroupWorklogs
from tracklater_bot.trackers.toggl import TogglTracker

if TYPE_CHECKING:
    from tracklater_bot.store import Store

Clock = Callable[[], datetime]
NO_SLACK = "local"
PROFILE_ZONE = "profile_zone"


class Core:
    """Everything but Slack: what a preview needs, and what the bot is built on.

    All of it is built at once, and may be used from any thread. There is no store for those who
    have nothing to keep (see `keeps_something`).
    """

    def __init__(
        self, file_settings: Settings, store: Store | None, clock: Clock = utc_now
    ) -> None:
        self.file_settings = file_settings
        self.clock = clock
        self._store = store
        self.clue_sources: tuple[ClueSource, ...] = clue_sources(file_settings)
        self.issue_sources: tuple[IssueSource, ...] = issue_sources(file_settings, clock)
        self.tracker: Tracker | None = _tracker(file_settings.toggl, clock)
        self.worklogs = JiraGroupWorklogs(file_settings.groups, clock)
        self.catalog = Catalog(
            store or NothingKept(),
            self.person,
            self.issue_sources,
            self.tracker,
            clock,
            file_settings.groups,
            self.tracker.account_key if self.tracker else "",
        )

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
        chosen = self.file_settings.model_copy(update={"timezone": self.zone()})
        if self._keeps_nothing():
            return chosen  # preferences are chosen in Slack
        return effective(chosen, self.store.preferences(self.person))

    def _keeps_nothing(self) -> bool:
        """Without somebody to send days to, none is stored: the store stays closed."""
        return not self.file_settings.slack.user_id

    # -- Days ----------------------------------------------------------------------------------

    def zone(self) -> ZoneInfo:
        """The person's zone: the one that is set, else their Slack profile's, else this machine's.

        Raises SettingsError when none of them is known.
        """
        return self.file_settings.timezone or self._profile_zone() or self.file_settings.zone()

    def _profile_zone(self) -> ZoneInfo | None:
        if self._keeps_nothing():
            return None
        name = self.store.get(self.person, PROFILE_ZONE, self.clock())
        try:
            return ZoneInfo(name) if isinstance(name, str) else None
        except (ZoneInfoNotFoundError, ValueError):  # Slack knows a zone that this machine doesn't
            return None

    def note_profile_zone(self, name: str) -> None:
        """Remembers the zone of the person's Slack profile."""
        self.store.put(self.person, PROFILE_ZONE, name)

    def day(self, when: str) -> WorkDay:
        """The working day that a WHEN word means now. Raises WhenError."""
        return self.day_on(parse_when(when, self._today()))

    def past_day(self, when: str) -> WorkDay:
        """The same for what somebody typed who wants to see the day, which must have come."""
        today = self._today()
        return self.day_on(past(parse_when(when, today), today))

    def _today(self) -> date:
        return WorkDay.of(self.clock(), self.zone(), self.file_settings.day_starts).date

    def day_on(self, on: date) -> WorkDay:
        """The date's working day. One that is stored keeps its zone when the person travels on."""
        starts, eve = self.file_settings.day_starts, on - timedelta(days=1)
        zone, before = self._stored_zone(on) or self.zone(), self._stored_zone(eve)
        moved = before is not None and before != zone
        begins = WorkDay(eve, before, starts).span.end if before and moved else None
        return WorkDay(on, zone, starts, begins)

    def _stored_zone(self, on: date) -> ZoneInfo | None:
        digest = None if self._keeps_nothing() else self.store.digest(self.person, on)
        return ZoneInfo(digest.timezone) if digest else None

    def day_of(self, at: datetime) -> WorkDay:
        """The working day to which a moment belongs."""
        nominal = WorkDay.of(at, self.zone(), self.file_settings.day_starts).date
        near = [self.day_on(nominal + timedelta(days=away)) for away in (0, 1, -1)]
        return next((day for day in near if at in day.span), near[0])

    def is_closed(self, day: WorkDay) -> bool:
        """Whether the day is too old for new entries: Toggl can't be asked for it any more."""
        return not in_reach(day.date, day.zone, self.clock())

    # -- Drafts --------------------------------------------------------------------------------

    def draft(self, day: WorkDay) -> Draft:
        """The day as it looks now."""
        return self.drafts([day])[0]

    def drafts(self, days: Sequence[WorkDay]) -> list[Draft]:
        """Several days as they look now, oldest first."""
        drafter = Drafter(
            self.settings(), self.clue_sources, self.catalog, self.clock, self.rules()
        )
        return drafter.drafts(days)

    def rules(self) -> list[Rule]:
        """The person's own rules; they are made in Slack."""
        return [] if self._keeps_nothing() else self.store.rules(self.person)

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
            raise Refused("Toggl is not set up: set TRACKLATER_TOGGL__API_TOKEN.")
        return self.tracker


def keeps_something(settings: Settings) -> bool:
    """Whether there is a person with days to keep, or a service whose answers are kept."""
    return bool(settings.slack.user_id or settings.toggl.api_token or has_issues(settings))


def _tracker(settings: TogglSettings, clock: Clock) -> Tracker | None:
    """Toggl, if its token is set."""
    return TogglTracker(settings, clock) if settings.api_token is not None else None


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
