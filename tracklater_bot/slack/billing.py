"""Months that the person has marked as billed, kept in the store's memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from tracklater_bot.blocks.week import BillingView
from tracklater_bot.domain.billing import Billed, Drift, MonthState, drift
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.edits import ReviewError
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.stretches import Stretch
from tracklater_bot.domain.text import count
from tracklater_bot.slack.person import Person

SHOWN_LASTS = timedelta(days=1)  # a month is billed as it was shown
MONTHS_BACK = 3  # the tracker shows no more
NOTES = "billing_drift"
_CHANGED = "The month has changed since: ask for it again, and look before you mark it."


@dataclass(frozen=True, slots=True)
class Billing:
    """One person's billed months."""

    person: Person

    def shown(
        self, stretch: Stretch, entries: Iterable[TimeEntry], days: Iterable[DayTimes]
    ) -> BillingView:
        """What is said of a month that was just read; remembered, so that it can be billed."""
        state = MonthState.of(entries, days, self._span(stretch))
        self.person.note(f"shown:{stretch}", state, self.person.clock() + SHOWN_LASTS)
        return self._view(stretch, state)

    def as_shown(self, stretch: Stretch) -> BillingView | None:
        """The same of a month as it was shown last."""
        state = self.person.noted(f"shown:{stretch}", MonthState)
        return self._view(stretch, state) if state else None

    def mark(self, stretch: Stretch, seen: str) -> None:
        """Remembers the month as billed, as it was shown. Raises ReviewError where it was not."""
        state = self.person.noted(f"shown:{stretch}", MonthState)
        if state is None or state.seen != seen:
            raise ReviewError({"": _CHANGED})
        self.person.note(f"billed:{stretch}", Billed(self.person.clock(), state))

    def unmark(self, stretch: Stretch) -> None:
        """Forgets that the month was billed."""
        self.person.memory.delete(f"billed:{stretch}")

    def look(self) -> None:
        """Asks for the billed months that the tracker still shows; `notes` tells what differs."""
        found, month = [], Stretch.month(self.person.calendar.today())
        for _ in range(MONTHS_BACK + 1):
            number = len(self._drift_in_tracker(month))
            if number:
                changes = count(number, "change")
                found.append(
                    f"{month.name} is billed, and has {changes} since: /tracklater month"
                    f" {month.first:%Y-%m} tells which."
                )
            month = Stretch.month(month.first - timedelta(days=1))
        self.person.note(NOTES, found)

    def notes(self) -> list[str]:
        """What was different when the tracker was asked last, a sentence a month."""
        return self.person.noted(NOTES, list[str]) or []

    def _drift_in_tracker(self, month: Stretch) -> list[Drift]:
        billed = self.person.noted(f"billed:{month}", Billed)
        if billed is None or self.person.is_closed(self.person.calendar.day_on(month.first)):
            return []
        span = self._span(month)
        tracked = self.person.catalog.tracked(span)
        if tracked.trouble:
            return []
        return self._drift(month.first, billed, MonthState.of(tracked.entries, (), span))

    def _span(self, month: Stretch) -> Span:
        first, last = (self.person.calendar.day_on(on).span for on in (month.first, month.last))
        return Span(first.start, last.end)

    def _view(self, stretch: Stretch, state: MonthState) -> BillingView:
        billed = self.person.noted(f"billed:{stretch}", Billed)
        if billed is None:
            return BillingView(state.lengths(), state.seen)
        return BillingView(
            state.lengths(),
            state.seen,
            billed.at.astimezone(self.person.calendar.zone()).date(),
            billed.state.lengths(),
            self._drift(stretch.first, billed, state),
        )

    def _drift(self, first: date, billed: Billed, now: MonthState) -> list[Drift]:
        since = first - timedelta(days=1)
        items = (i for day in self.person.store.digests(self.person.id, since) for i in day.items)
        ours = {item.entry_id: item.entry_changed for item in items if item.entry_id}
        label = self.person.tracker_words.label
        return drift(billed.state, now, self.person.calendar.zone(), label, ours)
