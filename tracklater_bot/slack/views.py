"""What messages, Home and answers show, gathered from the store and the catalogue.

A week or a month is read at once, or shown as it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import dropwhile

from tracklater_bot.blocks.digest import DigestView, digest_message, questions
from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.help import StatusView, changed_since, sources_lines
from tracklater_bot.blocks.home import HomeView, Preferences
from tracklater_bot.blocks.timeline import PHONE_COLUMNS, colours, lanes_of, square, text_timeline
from tracklater_bot.blocks.week import (
    WEEK_DAYS,
    BillingView,
    QuotaView,
    WeekView,
    in_all,
    week_message,
)
from tracklater_bot.catalog import cache
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.day_totals import DayTimes, usual_length
from tracklater_bot.domain.digests import UNDER_WAY, Digest, ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.plan import Plan
from tracklater_bot.domain.stretches import ReadyRows, Stretch
from tracklater_bot.settings.preferences import OVERRIDES, silent_until
from tracklater_bot.slack.announcer import went_on_key
from tracklater_bot.slack.billing import Billing
from tracklater_bot.slack.person import Person
from tracklater_bot.slack.pictures import ShownPictures

MOST_NOTES = 5
OPEN_DAYS_BACK = timedelta(days=60)
TRACK_RECORD_BACK = timedelta(days=90)
NEVER_SHOWN_BACK = 14  # days; reading more of them anew takes its time
MOST_SHOWN = 100  # spans of which is remembered what was in front; stored it is nowhere


@dataclass(frozen=True, slots=True)
class Views:
    """Gathers for one person."""

    person: Person
    _shown: dict[Span, tuple[tuple[str, int], ...]] = field(default_factory=dict, repr=False)

    # -- The digest ----------------------------------------------------------------------------

    def digest(self, digest: Digest) -> SlackMessage:
        """The digest as its message shows it now."""
        now = self.person.clock()
        lanes = lanes_of(digest, now, tracker=self.person.tracker_words)
        picture = ShownPictures(self.person).of(digest)
        page = self.person.stored(page_key(digest.day))
        view = DigestView(
            page=page if isinstance(page, int) else 0,
            tracker=self.person.tracker_words,
            picture=picture,
            timeline=None if picture else text_timeline(lanes, PHONE_COLUMNS, with_sums=False),
            now=now,
            went_on=bool(self.person.stored(went_on_key(digest.day))),
            changes=[
                *changed_since(digest, self.said_before(digest.day)),
                *self.person.no_longer(),
                *Billing(self.person).notes(),
            ],
            still_open=self.still_open(digest.day),
            squares=self._squares(digest),
            programs=self._programs(digest),
            usual=usual_length(self._recent(), digest.day),
            stood=self.person.store.track_record(
                self.person.id, digest.day - TRACK_RECORD_BACK
            ).words(),
        )
        return digest_message(digest, view)

    def _programs(self, digest: Digest) -> dict[str, tuple[tuple[str, int], ...]]:
        """What was in front in the time of the day's questions, where that may be shown."""
        if not self.person.file_settings.suggest.show_windows:
            return {}
        found = {}
        for item in questions(digest):
            span = item.suggestion.span
            known = self._shown.get(span)
            found[item.id] = self.person.machine.shown(span).programs if known is None else known
            self._shown[span] = found[item.id]
        if len(self._shown) > MOST_SHOWN:
            self._shown.clear()
        return found

    def said_before(self, day: date) -> dict[str, str]:
        """By the ids of the day's items, what was said first of those that say something else."""
        said = self.person.stored(said_key(day))
        return {item: str(words) for item, words in said.items()} if isinstance(said, dict) else {}

    def _squares(self, digest: Digest) -> dict[str, str]:
        named = (item.suggestion.group for item in digest.items)
        groups = (*self.person.file_settings.groups, *filter(None, named))
        chosen = colours(groups, self.person.project_colours())
        return {group: square(colour) for group, colour in chosen.items()}

    def still_open(self, on: date) -> list[DayTimes]:
        """What is known to wait of the days since the digest before that day's; of the latest."""
        plan, today = self.plan(), self.person.calendar.today()
        latest = today if plan.wants(today) else plan.since_last(today)[0]
        dates = self._since(plan, on) if on >= latest else []
        found = self.person.store.digests(self.person.id, dates[0]) if dates else []
        stored = {digest.day: digest for digest in found}
        days = (self._times(day, stored.get(day)) for day in dates)
        return [times for times in days if in_all(times.missing)]

    def waits_unshown(self, on: date) -> bool:
        """Whether one of them has no message of its own, so that nothing has told of it yet."""
        stored = (self.person.store.digest(self.person.id, t.day) for t in self.still_open(on))
        return any(digest is None or digest.ts is None for digest in stored)

    def days_since(self, on: date) -> list[date]:
        """The days since the digest before that day's that can still be acted on."""
        return self._since(self.plan(), on)

    def _since(self, plan: Plan, on: date) -> list[date]:
        closed, day_on = self.person.is_closed, self.person.calendar.day_on
        return [*dropwhile(lambda day: closed(day_on(day)), plan.since_last(on))]

    # -- Plans, status, Home -------------------------------------------------------------------

    def plan(self) -> Plan:
        """When the person wants to hear from the bot, as of now."""
        settings = self.person.settings()
        wanted = (settings.digest.at, settings.digest.days, settings.day_starts)
        silent = silent_until(self.person.store.preferences(self.person.id))
        return Plan(settings.zone(), *wanted, settings.digest.holidays, silent)

    def status(self) -> StatusView:
        """How everything is now; asks every service."""
        now = self.person.clock()
        quota = self.person.tracker.quota() if self.person.tracker else None
        items = [item for digest in self._recent() for item in digest.items]
        return StatusView(
            zone=self.person.settings().zone(),
            now=now,
            sources=[finding.status() for finding in self.person.check()],
            next_digest=self.plan().next(now),
            quota_left=quota.remaining if quota else None,
            quota_resets_at=quota.resets_at if quota else None,
            waiting=sum(item.state in UNDER_WAY for item in items),
            until=max((at for item in items if (at := item.waits_until)), default=None),
            failed=sum(item.state is ItemState.FAILED for item in items),
            tracker=self.person.tracker_words,
        )

    def _read_totals(self, days: Sequence[WorkDay]) -> dict[date, DayTimes]:
        """Days as they look now, read at once and remembered for a while; none is stored."""
        now = self.person.clock()
        seen = [DayTimes.of_draft(draft, now) for draft in self.person.machine.drafts(days)]
        for times in seen:
            self.remember(times)
        return {times.day: times for times in seen}

    def remember(self, times: DayTimes) -> None:
        """Keeps for a while how a day looked that is not stored."""
        cache.keep_times(self.person.memory, times, self.person.clock())

    def last_waiting(self, besides: date) -> DayTimes | None:
        """The last day before today, but for one, whose work is open or was never shown.

        Days that nobody has opened are read only where they are later than the last open one.
        """
        today = self.person.calendar.today()
        opened = [day for day, _ in self._open_days(today) if day != besides]
        since = max([today - timedelta(days=NEVER_SHOWN_BACK + 1), *opened])
        dates = [since + timedelta(days=n) for n in range(1, (today - since).days)]
        stored = self.person.store.digest
        unopened = [d for d in dates if d != besides and stored(self.person.id, d) is None]
        known = {day: self.stored_day(day) for day in unopened}
        unknown = [day for day, times in known.items() if not times.known]
        known |= self._read_totals(list(map(self.person.calendar.day_on, unknown)))
        waiting = [times for times in known.values() if in_all(times.missing)]
        last = max(waiting, key=lambda times: times.day, default=None)
        return last or (self.stored_day(max(opened)) if opened else None)

    def home(self) -> HomeView:
        """Home, from what is stored: quick, and no service is asked."""
        now = self.person.clock()
        zone = self.person.settings().zone()
        week = [self.stored_day(day.date) for day in self._week_days()]
        today, recent = week[-1], self._recent()
        return HomeView(
            now=now,
            zone=zone,
            preferences=self._preferences(),
            today=today,
            week=week,
            open_days=self._open_days(today.day),
            sources=recent[-1].sources if recent else (),
            countries=_countries(self.person.settings().digest.holidays),
            next_digest=self.plan().next(now),
            rules=self.person.store.rules(self.person.id),
            changes=self.person.no_longer(),
            tracker=self.person.tracker_words,
        )

    def _week_days(self) -> list[WorkDay]:
        today = self.person.calendar.today()
        back = range(WEEK_DAYS - 1, -1, -1)
        return [self.person.calendar.day_on(today - timedelta(days=days)) for days in back]

    def stored_day(self, day: date) -> DayTimes:
        """The day as it is stored, or as it was seen a while ago."""
        return self._times(day, self.person.store.digest(self.person.id, day))

    def _times(self, day: date, digest: Digest | None) -> DayTimes:
        now = self.person.clock()
        return (
            DayTimes.of(digest, now) if digest else cache.kept_times(self.person.memory, day, now)
        )

    def _recent(self) -> list[Digest]:
        since = self.person.clock().date() - OPEN_DAYS_BACK
        return self.person.store.digests(self.person.id, since)

    def _open_days(self, today: date) -> list[tuple[date, int]]:
        """Earlier days with open decisions; today's are told apart."""
        days = self.person.store.open_days(self.person.id, today - OPEN_DAYS_BACK)
        return [(day, number) for day, number in days if day < today]

    def _preferences(self) -> Preferences:
        settings = self.person.settings()
        stored = self.person.store.preferences(self.person.id)
        return Preferences(
            digest_at=settings.digest.at,
            digest_days=tuple(settings.digest.days),
            holidays=settings.digest.holidays,
            silent_until=silent_until(stored),
            changed=frozenset(stored) & {*OVERRIDES, "silent_until"},
        )


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


def page_key(day: date) -> str:
    """Under which name the store remembers the page that the day's message shows."""
    return f"page:{day}"


def said_key(day: date) -> str:
    """Under which name the store remembers what was said first of rows that changed since."""
    return f"said:{day}"


def _countries(chosen: str) -> list[tuple[str, str]]:
    """Codes and names of the countries whose public holidays are known.

    The chosen code is among them as it is spelled in the settings.
    """
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - 4 MB, for Home alone

    names = {}
    for class_name, code, *_ in COUNTRIES.values():
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", class_name)  # `Isle Of Man` of `IsleOfMan`
        names[code] = re.sub(r" (And|Of|The)\b", lambda match: match[0].lower(), words)
    if chosen:
        names[chosen] = names.pop(chosen.upper(), chosen)
    return sorted(names.items())
