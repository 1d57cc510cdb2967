"""What messages, Home and answers show, gathered from the store and the catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from holidays.registry import COUNTRIES

from tracklater_bot.blocks.digest import DigestView, PictureRef, digest_message
from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.help import StatusView
from tracklater_bot.blocks.home import HomeView, Wishes
from tracklater_bot.blocks.rows import TOGGL_PAGE
from tracklater_bot.blocks.timeline import Lanes, alt_text, lanes_of, text_timeline
from tracklater_bot.blocks.week import in_all
from tracklater_bot.catalog import day_totals as glances
from tracklater_bot.catalog.cache import PersonalMemory
from tracklater_bot.checks import check_all
from tracklater_bot.core import Core
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.digests import Digest, ItemState
from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.domain.plan import Plan
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.text import clock
from tracklater_bot.settings.preferences import OVERRIDES, silent_until
from tracklater_bot.slack.activity import went_on_key
from tracklater_bot.slack.uploads import fingerprint

WEEK_DAYS = 7
OPEN_DAYS_BACK = timedelta(days=60)
NEVER_SHOWN_BACK = 14  # days; reading more of them anew takes its time
TIMELINE_COLUMNS = 38  # more would wrap on a phone
ON_THE_WAY = (ItemState.PENDING, ItemState.SENDING, ItemState.UNKNOWN, ItemState.DELETING)


@dataclass(frozen=True, slots=True)
class Views:
    """Gathers for one person."""

    core: Core

    # -- The digest ----------------------------------------------------------------------------

    def digest(self, digest: Digest) -> SlackMessage:
        """The digest as its message shows it now."""
        now = self.core.clock()
        lanes = lanes_of(digest, now)
        picture = self._picture(digest)
        view = DigestView(
            page=self._page(digest),
            toggl_day_url=self.core.tracker.page if self.core.tracker else TOGGL_PAGE,
            picture=picture,
            timeline=None if picture else text_timeline(lanes, TIMELINE_COLUMNS, with_sums=False),
            now=now,
            quota_note=_quota_note(digest),
            went_on=bool(self._recalled(went_on_key(digest.day))),
            changes=self.core.no_longer(),
        )
        return digest_message(digest, view)

    def _picture(self, digest: Digest) -> PictureRef | None:
        kept = self.core.store.get(digest.person, picture_key(digest.day), self.core.clock())
        if not isinstance(kept, dict) or not self.core.settings().digest.picture:
            return None
        return PictureRef(str(kept["file"]), str(kept["alt"]))

    def has_picture(self, digest: Digest, lanes: Lanes) -> bool:
        """Whether the message shows this very picture already."""
        kept = self.core.store.get(digest.person, picture_key(digest.day), self.core.clock())
        return isinstance(kept, dict) and kept.get("of") == fingerprint(lanes)

    def keep_picture(self, digest: Digest, lanes: Lanes, file_id: str) -> None:
        """Notes the picture that the message shows from now on."""
        kept: JsonValue = {"file": file_id, "alt": alt_text(lanes), "of": fingerprint(lanes)}
        self.core.store.put(digest.person, picture_key(digest.day), kept)

    def drop_picture(self, digest: Digest) -> None:
        """Lets the message show the timeline as text again."""
        self.core.store.delete(digest.person, picture_key(digest.day))

    def _page(self, digest: Digest) -> int:
        kept = self._recalled(page_key(digest.day))
        return kept if isinstance(kept, int) else 0

    def _recalled(self, key: str) -> JsonValue | None:
        return self.core.store.get(self.core.person, key, self.core.clock())

    # -- Plans, status, week, Home -------------------------------------------------------------

    def plan(self) -> Plan:
        """When the person wants to hear from the bot, as of now."""
        settings = self.core.settings()
        return Plan(
            zone=settings.zone(),
            at=settings.digest.at,
            days=settings.digest.days,
            day_starts=settings.day_starts,
            country=settings.digest.holidays,
            silent_until=silent_until(self.core.store.preferences(self.core.person)),
        )

    def status(self) -> StatusView:
        """How everything is now; asks every service."""
        now = self.core.clock()
        quota = self.core.tracker.quota() if self.core.tracker else None
        items = [item for digest in self._recent() for item in digest.items]
        return StatusView(
            zone=self.core.settings().zone(),
            now=now,
            sources=[each.status() for each in check_all(self.core)],
            next_digest=self.plan().next(now),
            quota_left=quota.remaining if quota else None,
            quota_resets_at=quota.resets_at if quota else None,
            waiting=sum(item.state in ON_THE_WAY for item in items),
            failed=sum(item.state is ItemState.FAILED for item in items),
        )

    def week(self) -> list[DayTimes]:
        """The last seven days; those that nobody has opened yet are read now."""
        now = self.core.clock()
        days = self._week_days()
        stored = {day: self.core.store.digest(self.core.person, day.date) for day in days}
        seen = self._glance([day for day, digest in stored.items() if digest is None])
        return [
            DayTimes.of(digest, now) if digest is not None else seen[day.date]
            for day, digest in stored.items()
        ]

    def _glance(self, days: Sequence[WorkDay]) -> dict[date, DayTimes]:
        """Days as they look now, read at once and remembered for a while; none is stored."""
        now = self.core.clock()
        seen = [DayTimes.of_draft(draft, now) for draft in self.core.drafts(days)]
        for times in seen:
            glances.keep(self._memory(), times, now)
        return {times.day: times for times in seen}

    def last_waiting(self, besides: date) -> DayTimes | None:
        """The last day before today, but for one, whose work is open or was never shown.

        Days that nobody has opened are read only where they are later than the last open one.
        """
        today = self.core.day("today").date
        opened = [day for day, _ in self._open_days(today) if day != besides]
        since = max([today - timedelta(days=NEVER_SHOWN_BACK + 1), *opened])
        dates = [since + timedelta(days=n) for n in range(1, (today - since).days)]
        unopened = [day for day in dates if day != besides and not self._is_stored(day)]
        known = {day: self._stored_day(day) for day in unopened}
        unknown = [self.core.day_on(day) for day, times in known.items() if not times.known]
        known |= self._glance(unknown)
        waiting = [times for times in known.values() if in_all(times.missing)]
        last = max(waiting, key=lambda times: times.day, default=None)
        return last or (self._stored_day(max(opened)) if opened else None)

    def _is_stored(self, day: date) -> bool:
        return self.core.store.digest(self.core.person, day) is not None

    def home(self) -> HomeView:
        """Home, from what is stored: quick, and no service is asked."""
        now = self.core.clock()
        zone = self.core.settings().zone()
        today, *_ = reversed(week := self._stored_week())
        return HomeView(
            now=now,
            zone=zone,
            wishes=self._wishes(),
            today=today,
            week=week,
            open_days=self._open_days(today.day),
            sources=self._last_sources(),
            countries=_countries(self.core.settings().digest.holidays),
            next_digest=self.plan().next(now),
            rules=self.core.rules(),
            changes=self.core.no_longer(),
        )

    def _week_days(self) -> list[WorkDay]:
        today = self.core.day("today").date
        back = range(WEEK_DAYS - 1, -1, -1)
        return [self.core.day_on(today - timedelta(days=days)) for days in back]

    def _stored_week(self) -> list[DayTimes]:
        days = [day.date for day in self._week_days()]
        return [self._stored_day(day) for day in days]

    def _stored_day(self, day: date) -> DayTimes:
        now, digest = self.core.clock(), self.core.store.digest(self.core.person, day)
        return DayTimes.of(digest, now) if digest else glances.kept(self._memory(), day, now)

    def _memory(self) -> PersonalMemory:
        return PersonalMemory(self.core.store, self.core.person)

    def _recent(self) -> list[Digest]:
        since = self.core.clock().date() - OPEN_DAYS_BACK
        return self.core.store.digests(self.core.person, since)

    def _open_days(self, today: date) -> list[tuple[date, int]]:
        """Earlier days with open decisions; today's are told apart."""
        found = self.core.store.open_days(self.core.person, today - OPEN_DAYS_BACK)
        return [(day, number) for day, number in found if day < today]

    def _last_sources(self) -> Sequence[SourceStatus]:
        recent = self._recent()
        return recent[-1].sources if recent else ()

    def _wishes(self) -> Wishes:
        settings = self.core.settings()
        preferences = self.core.store.preferences(self.core.person)
        return Wishes(
            digest_at=settings.digest.at,
            digest_days=tuple(settings.digest.days),
            holidays=settings.digest.holidays,
            silent_until=silent_until(preferences),
            changed=frozenset(preferences) & {*OVERRIDES, "silent_until"},
        )


def picture_key(day: date) -> str:
    """Under which name the store remembers the day's picture."""
    return f"picture:{day}"


def page_key(day: date) -> str:
    """Under which name the store remembers the page that the day's message shows."""
    return f"page:{day}"


def _quota_note(digest: Digest) -> str | None:
    """`5 of 12 in Toggl, the rest at 18:42`, while Toggl's quota holds entries back."""
    waiting = [item for item in digest.items if item.state is ItemState.PENDING and item.retry_at]
    if not waiting:
        return None
    sent = sum(item.state is ItemState.SENT for item in digest.items)
    wanted = sent + sum(item.state in ON_THE_WAY for item in digest.items)
    when = min(item.retry_at for item in waiting if item.retry_at)
    return f"{sent} of {wanted} in Toggl, the rest at {clock(when, ZoneInfo(digest.timezone))}."


def _countries(chosen: str) -> list[tuple[str, str]]:
    """Codes and names of the countries whose public holidays are known.

    The chosen code is among them as it is spelled in the settings.
    """
    names = {code: _spaced(class_name) for class_name, code, *_ in COUNTRIES.values()}
    if chosen:
        names[chosen] = names.pop(chosen.upper(), chosen)
    return sorted(names.items())


def _spaced(class_name: str) -> str:
    """`Isle of Man` of `IsleOfMan`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", class_name)
    return re.sub(r" (And|Of|The)\b", lambda match: match[0].lower(), words)
