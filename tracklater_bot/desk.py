"""What the bot does for its person: what listeners, the schedule and commands talk to.

A desk knows no Bolt. It builds days, posts them, takes decisions, and wakes the loops that send
entries and bring messages up to date.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tracklater_bot.app import Core
from tracklater_bot.background import Loop
from tracklater_bot.blocks.choices import Choices, find_issue
from tracklater_bot.blocks.digest import Message, open_items
from tracklater_bot.blocks.help import day_ready, no_traces, note
from tracklater_bot.day import WorkDay
from tracklater_bot.export import Exporter
from tracklater_bot.messenger import Messenger, Posted, PostError
from tracklater_bot.model import Digest, Draft, Issue, Item, JsonValue
from tracklater_bot.pictures import Uploader
from tracklater_bot.preferences import OVERRIDES, SILENT_UNTIL
from tracklater_bot.review import Review
from tracklater_bot.showing import Showing, page_key
from tracklater_bot.timeline import Lanes, lanes_of, ticks_of
from tracklater_bot.words import count, day_name

log = logging.getLogger(__name__)

UPDATE_REST_SECONDS = 1.0  # chat.update takes about one call a second for a channel
RETRY_SECONDS = 30.0
ANNOUNCED = "announced"
REMINDERS = "reminders"
MORNING = time(9)
MOST_ISSUES_OFFERED = 30


@dataclass(frozen=True, slots=True)
class Opened:
    """A day as it was just built: what is stored, and its message if there is one."""

    draft: Draft
    digest: Digest
    posted: Posted | None

    def summary(self) -> str:
        """What came of it, in a line."""
        name = day_name(self.digest.day)
        if self.posted is None:
            return f"{name}: no work was found that isn't in Toggl already; nothing was posted."
        waiting = count(len(open_items(self.digest)), "suggestion")
        how = "posted" if self.posted.fresh else "brought up to date"
        return f"{name}: {waiting} to review; the message was {how}."


@dataclass(frozen=True)
class Rooms:
    """What a desk works with; the bot puts it together."""

    core: Core
    showing: Showing
    review: Review
    messenger: Messenger
    exporter: Exporter
    uploader: Uploader


class Desk:
    """One person's bot, apart from Slack's events."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self.core = rooms.core
        self.review = rooms.review
        self.showing = rooms.showing
        self._announcing = threading.Lock()
        self._pictures = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._outbox = Loop("outbox", self._send)
        self._messages = Loop("messages", self._show, rest_seconds=UPDATE_REST_SECONDS)

    @property
    def person(self) -> str:
        """The Slack member whose days these are."""
        return self.core.person

    def item(self, item_id: str) -> tuple[Digest, Item] | None:
        """The item and its day; None when a refresh has replaced it meanwhile."""
        return self.core.store.digest_of_item(item_id)

    # -- What dialogs offer ----------------------------------------------------------------------

    def choices(self, day: WorkDay) -> Choices:
        """The groups and projects to choose from."""
        by_group = self.core.catalog.projects().by_group
        projects = tuple(project for own in by_group.values() for project in own)
        return Choices(day, projects, tuple(self.core.file_settings.groups))

    def search_issues(self, typed: str, group: str | None) -> list[Issue]:
        """Issues for what is typed so far, best first; from the cache alone."""
        return self.core.catalog.search(typed, group, MOST_ISSUES_OFFERED)

    def issue(self, value: str | None) -> Issue | None:
        """The issue that a dialog's option stands for."""
        return find_issue(value, self.core.catalog.issues()) if value else None

    def issue_in(self, text: str) -> Issue | None:
        """The first known issue whose key stands in the text."""
        words = {word.strip(".,:;()[]<>").casefold() for word in text.split()}
        known = self.core.catalog.issues()
        return next((issue for issue in known if issue.key.casefold() in words), None)

    # -- Days ----------------------------------------------------------------------------------

    def open_day(self, day: WorkDay) -> Opened:
        """Builds the day and posts its message, or updates the one that is there.

        A day without anything to show is built but not posted. Raises PostError, StoreError.
        """
        draft = self.core.draft(day)
        digest = self.core.store.save_draft(self.person, draft)
        worth_showing = bool(digest.items or digest.ts)
        posted = self.rooms.messenger.publish(digest) if worth_showing else None
        if posted is not None and self.core.settings().digest.picture:
            self._pictures.submit(self._add_picture, draft)
        return Opened(draft, digest, posted)

    def _add_picture(self, draft: Draft) -> None:
        """Puts the timeline picture into a message that is posted already."""
        digest = self.core.store.digest(self.person, draft.day)
        if digest is None or digest.ts is None:
            return
        lanes = lanes_of(digest, self.core.clock(), ticks_of(draft))
        if not self.showing.has_picture(digest, lanes):
            groups = tuple(self.core.file_settings.groups)
            file_id = self.rooms.uploader.upload(digest, lanes, groups)
            if file_id is not None:
                self._show_picture(digest, lanes, file_id)

    def _show_picture(self, digest: Digest, lanes: Lanes, file_id: str) -> None:
        self.showing.keep_picture(digest, lanes, file_id)
        try:
            self.rooms.messenger.show_again(self.person, digest.day)
        except PostError as error:
            log.info("The timeline picture was not shown: %s", error)
            self.showing.drop_picture(digest)
            self.changed()

    def show_day(self, day: WorkDay) -> Message:
        """Opens the day and says in a message where it is, or why it is nowhere."""
        try:
            opened = self.open_day(day)
        except PostError as error:
            log.warning("The day %s was not posted: %s", day.date, error)
            return note(f"{day_name(day.date)} could not be shown. {error}")
        if opened.posted is None:
            return no_traces(day.date, opened.draft.sources)
        return day_ready(opened.digest, self.rooms.messenger.permalink(opened.posted))

    def turn_page(self, day: date, page: int) -> None:
        """Shows another page of a long day's message."""
        self.core.store.remember(self.person, page_key(day), page)
        self.rooms.messenger.show_again(self.person, day)

    def changed(self) -> None:
        """Something was decided: entries are sent and messages updated behind the scenes."""
        self._messages.wake()
        self._outbox.wake()

    # -- Preferences and reminders -------------------------------------------------------------

    def prefer(self, name: str, value: JsonValue) -> None:
        """Keeps a preference; the name "reset" drops all of them, so that the file holds again."""
        names = [*OVERRIDES, SILENT_UNTIL] if name == "reset" else [name]
        for each in names:
            self.core.store.prefer(self.person, each, None if name == "reset" else value)

    def remind(self, day: date, when: str) -> datetime:
        """Notes to speak of the day again, in an `hour` or `tomorrow` morning; tells when."""
        zone = self.core.settings().zone()
        now = self.core.clock()
        if when == "hour":
            at = now + timedelta(hours=1)
        else:
            morning = now.astimezone(zone).date() + timedelta(days=1)
            at = datetime.combine(morning, MORNING, zone)
        self._keep_reminders(self._reminders() | {day.isoformat(): at.isoformat()})
        return at

    def remind_due(self) -> None:
        """Speaks once of each day whose reminder has come, if it still has open decisions."""
        now, reminders = self.core.clock(), self._reminders()
        due = [day for day, at in reminders.items() if datetime.fromisoformat(at) <= now]
        for day in due:
            digest = self.core.store.digest(self.person, date.fromisoformat(day))
            if digest is not None and open_items(digest) and digest.ts and digest.channel:
                posted = Posted(digest.channel, digest.ts, fresh=False)
                message = day_ready(digest, self.rooms.messenger.permalink(posted))
                self.rooms.messenger.say(self.person, message)
            self._keep_reminders({d: at for d, at in self._reminders().items() if d != day})

    def _reminders(self) -> dict[str, str]:
        kept = self.core.store.recall(self.person, REMINDERS, self.core.clock())
        return {str(day): str(at) for day, at in kept.items()} if isinstance(kept, dict) else {}

    def _keep_reminders(self, reminders: dict[str, str]) -> None:
        self.core.store.remember(self.person, REMINDERS, dict(reminders))

    # -- By itself -----------------------------------------------------------------------------

    def announce_due(self) -> None:
        """Posts every digest whose time has come and that was not posted yet.

        A day without suggestions is noted as done and not announced. What Slack refuses is tried
        again at the next call.
        """
        if not self._announcing.acquire(blocking=False):
            return  # the cron job and the tick came at the same moment
        try:
            now = self.core.clock()
            for day in self.showing.plan().due(now, self._announced_until(now)):
                if not self._announce(day):
                    return  # later days wait, so that none is passed over
        finally:
            self._announcing.release()

    def _announce(self, day: WorkDay) -> bool:
        stored = self.core.store.digest(self.person, day.date)
        if stored is None or stored.ts is None:
            try:
                self.open_day(day)
            except PostError as error:
                log.warning("The digest of %s was not posted: %s", day.date, error)
                return False
        due = self.showing.plan().due_at(day.date).isoformat()
        self.core.store.remember(self.person, ANNOUNCED, due)
        return True

    def _announced_until(self, now: datetime) -> datetime:
        """Up to which moment due digests are done; days before the first start are not owed."""
        stored = self.core.store.recall(self.person, ANNOUNCED, now)
        if isinstance(stored, str):
            return datetime.fromisoformat(stored)
        self.core.store.remember(self.person, ANNOUNCED, now.isoformat())
        return now

    # -- Behind the scenes ---------------------------------------------------------------------

    def start(self) -> None:
        """Starts the loops; they begin with whatever was left from before."""
        self._messages.start()
        self._outbox.start()

    def stop(self) -> None:
        """Ends the loops; what they had not done stays in the store."""
        self.finish()
        self._outbox.stop()
        self._messages.stop()

    def finish(self) -> None:
        """Waits for pictures that are still being brought into their messages."""
        self._pictures.shutdown(wait=True)

    def _send(self) -> float | None:
        self.rooms.exporter.work()
        self._messages.wake()
        due = self.rooms.exporter.next_due()
        if due is None:
            return None
        return max((due - self.core.clock()) / timedelta(seconds=1), 0.05)

    def _show(self) -> float | None:
        self.rooms.messenger.refresh_stale()
        return RETRY_SECONDS if self.core.store.stale() else None
