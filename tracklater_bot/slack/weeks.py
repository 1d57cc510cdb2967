"""A week or a month as an answer: all its days read at once, or as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.help import sources_lines
from tracklater_bot.blocks.week import BillingView, QuotaView, WeekView, week_message
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.stretches import ReadyRows, Stretch
from tracklater_bot.slack.billing import Billing
from tracklater_bot.slack.person import Person
from tracklater_bot.slack.views import Views

MOST_NOTES = 5


@dataclass(frozen=True, slots=True)
class Weeks:
    """One person's weeks and months. `store_draft` stores a day as it was just read."""

    person: Person
    views: Views
    store_draft: Callable[[Draft], Digest]

    def read(self, stretch: Stretch) -> SlackMessage:
        """Its days as they look now: what was found is stored, so that it can be approved."""
        days = {day.date: day for day in self.person.calendar.days_of(stretch)}
        drafts = self.person.machine.drafts(list(days.values()))
        kept = [self.keep(draft, days[draft.day]) for draft in drafts]
        times, digests = [of for of, _ in kept], [digest for _, digest in kept if digest]
        statuses = {(s.name, s.group): s for draft in drafts for s in draft.sources if s.trouble}
        billing = None
        tracker, closed = self.person.catalog.tracker_name, self.person.is_closed
        known = tracker and not any(name == tracker for name, _ in statuses)
        if stretch.is_month and known and not closed(days[min(days)]):
            entries = (entry for draft in drafts for entry in draft.tracked)
            billing = self.billing.shown(stretch, entries, times)
        notes = sources_lines([*statuses.values()])
        return self._message(stretch, times, digests, notes, billing)

    def again(self, stretch: Stretch, billing: BillingView | None = None) -> SlackMessage:
        """The same from what is stored: quick, and nobody is asked."""
        days = self.person.calendar.days_of(stretch)
        stored = [self.person.store.digest(self.person.id, day.date) for day in days]
        times = [self.views.stored_day(day.date) for day in days]
        return self._message(
            stretch, times, [digest for digest in stored if digest], billing=billing
        )

    def open_days(self, stretch: Stretch) -> list[date]:
        """The days on which approving the stretch approves."""
        days = self.person.calendar.days_of(stretch)
        return [day.date for day in days if not self.person.is_closed(day)]

    def keep(self, draft: Draft, day: WorkDay) -> tuple[DayTimes, Digest | None]:
        """Stores a day that has something to decide on or was opened before; else remembers it."""
        now = self.person.clock()
        found = draft.suggestions and not self.person.is_closed(day)
        if found or self.person.store.digest(self.person.id, draft.day) is not None:
            digest = self.store_draft(draft)
            # The tracker's own word on our entries too: they may have been changed there.
            return DayTimes.of(replace(digest, tracked=draft.tracked), now, day.span), digest
        times = DayTimes.of_draft(draft, now, day.span)
        self.views.remember(times)
        return times, None

    def _message(
        self,
        stretch: Stretch,
        times: Sequence[DayTimes],
        digests: Sequence[Digest],
        notes: Sequence[str] = (),
        billing: BillingView | None = None,
    ) -> SlackMessage:
        open_days = set(self.open_days(stretch))
        kept = [digest for digest in digests if digest.day in open_days]
        certain, ready = (ReadyRows.of(kept, certain_only=only) for only in (True, False))
        closed = [self.person.tracker_words.too_long_ago] * (len(open_days) < len(times))
        view = WeekView(
            stretch, certain, ready, self._quota(), [*closed, *notes[:MOST_NOTES]], billing
        )
        return week_message(times, self.person.tracker_words, view)

    @property
    def billing(self) -> Billing:
        """The months that are billed."""
        return Billing(self.person)

    def _quota(self) -> QuotaView:
        now, zone = self.person.clock(), self.person.settings().zone()
        quota = self.person.tracker.quota() if self.person.tracker else None
        if quota is None:
            return QuotaView(now, zone)
        return QuotaView(now, zone, quota.remaining, quota.resets_at, quota.hourly)
