"""What the bot does for its person: what listeners, the schedule and commands talk to.

A desk knows no Bolt. It builds days, posts them, takes decisions, and wakes the loops that send
entries and bring messages up to date.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from tracklater_bot.blocks.choices import Choices, find_issue
from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.help import day_ready, no_traces, note
from tracklater_bot.blocks.home import home
from tracklater_bot.blocks.timeline import Lanes, lanes_of, ticks_of
from tracklater_bot.core import Core
from tracklater_bot.domain.clues import ChatMessage
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.day_totals import open_items
from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.domain.suggestions import Draft
from tracklater_bot.domain.text import TOO_LONG_AGO, count, day_name
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.windows import WindowKind
from tracklater_bot.outbox.worker import Pace, Worker
from tracklater_bot.review.decisions import Review, ReviewError
from tracklater_bot.scheduling.loop import Loop
from tracklater_bot.settings.preferences import MOVED, OVERRIDES, SILENT_UNTIL
from tracklater_bot.slack.activity import Activity
from tracklater_bot.slack.announcer import Announcer
from tracklater_bot.slack.messages import Messenger, Posted, PostError
from tracklater_bot.slack.pace import MINUTE, patiently
from tracklater_bot.slack.uploads import Uploader
from tracklater_bot.slack.views import Views, page_key

log = logging.getLogger(__name__)

MOST_ISSUES_OFFERED = 30
ZONE_LASTS = timedelta(hours=1)
ZONE_UNKNOWN_LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast the bot goes: seconds, and the export's own pace."""

    update_rest: float = 1.0  # chat.update takes about one call a second for a channel
    retry: float = 30.0
    ping: float = 5.0
    issues: float = 900.0  # how often the trackers are asked for what changed
    minute: float = MINUTE  # in which Slack counts calls
    pace: Pace = field(default_factory=Pace)


USUAL = Tempo()


@dataclass(frozen=True, slots=True)
class Opened:
    """A day as it was just built: what is stored, and its message if there is one.

    `closed`: it is too old for new entries.
    """

    draft: Draft
    digest: Digest
    posted: Posted | None = None
    closed: bool = False

    def summary(self) -> str:
        """What came of it, in a line or two."""
        return self._summary() + f" {TOO_LONG_AGO}" * self.closed

    def _summary(self) -> str:
        name = day_name(self.digest.day)
        if self.posted is None and self.digest.items:
            return f"{name}: another bot on this database is posting it right now."
        if self.posted is None:
            return f"{name}: no work was found that isn't in Toggl already; nothing was posted."
        waiting = count(len(open_items(self.digest)), "suggestion")
        how = "posted" if self.posted.fresh else "brought up to date"
        return f"{name}: {waiting} to review; the message was {how}."


@dataclass(frozen=True)
class Rooms:
    """What a desk works with; the bot puts it together."""

    core: Core
    showing: Views
    review: Review
    messenger: Messenger
    worker: Worker
    uploader: Uploader
    tempo: Tempo = USUAL


class Days:
    """One person's bot, apart from Slack's events."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self.core = rooms.core
        self.review = rooms.review
        self.showing = rooms.showing
        self.announcer = Announcer(rooms.core, rooms.showing.plan, self.announce)
        self._afterwards = Activity(rooms.core)
        self._zone_due: datetime | None = None
        self._swept = False
        self._publishing_home = threading.Lock()
        self._pictures = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._lookups = ThreadPoolExecutor(1, thread_name_prefix="lookups")
        self._outbox = Loop("outbox", self._send)
        self._messages = Loop("messages", self._show, rest_seconds=rooms.tempo.update_rest)
        self._issues = Loop("issues", self._read_issues)

    @property
    def person(self) -> str:
        """The Slack member whose days these are."""
        return self.core.person

    def item(self, item_id: str) -> tuple[Digest, Item] | None:
        """The item and its day; None when a refresh has replaced it meanwhile."""
        return self.core.store.digest_of_item(item_id)

    # -- What dialogs offer ----------------------------------------------------------------------

    def choices(self, day: WorkDay) -> Choices:
        """The groups and projects to choose from, as they are known: Slack does not wait."""
        by_group = self.core.catalog.known_projects().by_group
        projects = tuple(project for own in by_group.values() for project in own)
        return Choices(day, projects, tuple(self.core.file_settings.groups))

    def search_issues(
        self, typed: str, group: str | None, first: Sequence[Issue] = ()
    ) -> list[Issue]:
        """Issues for what is typed so far, best first; `first` ones lead while nothing is.

        Where something is typed, those of other groups come after the group's own.
        From the cache alone. What it does not have is asked for behind the scenes, so that the
        next keystroke may find it.
        """
        found = self.core.catalog.search(typed, group, MOST_ISSUES_OFFERED)
        if not typed.strip():
            return list(dict.fromkeys([*self._as_known(first), *found]))[:MOST_ISSUES_OFFERED]
        if not found:
            self._lookups.submit(self._look_up, typed, group)
        others = self.core.catalog.search(typed, None, MOST_ISSUES_OFFERED) if group else []
        return list(dict.fromkeys([*found, *others]))

    def _as_known(self, issues: Sequence[Issue]) -> list[Issue]:
        """The issues as they are now, without those of a project that is no longer set up."""
        wanted = {(issue.tracker, issue.group, issue.key): None for issue in issues}
        known = {
            (issue.tracker, issue.group, issue.key): issue for issue in self.core.catalog.issues()
        }
        return [known[each] for each in wanted if each in known]

    def _look_up(self, typed: str, group: str | None) -> None:
        try:
            self.core.catalog.look_up(typed, group)
        except Exception as error:  # noqa: BLE001 - it must not be lost in a future
            log_failure(log, "Looking for an issue", error)

    def issue(self, value: str | None, own: Issue | None = None) -> Issue | None:
        """The issue that a dialog's option stands for: the item's own, or a known one."""
        known = self.core.catalog.issues() if value else []
        return find_issue(value, [own, *known] if own else known)

    def issue_in(self, text: str) -> Issue | None:
        """The first known issue whose key, or the one it had before, stands in the text."""
        words = {word.strip(".,:;!?()[]<>*_~`'\"").casefold() for word in text.split()}

        def named(issue: Issue) -> bool:
            return any(key.casefold() in words for key in (issue.key, *issue.aliases))

        return next(filter(named, self.core.catalog.issues()), None)

    def group_in(self, text: str, channel: str, workspace: str) -> str | None:
        """The one group that a message is for: its workspace's, or what its words point to."""
        groups = self.core.file_settings.groups
        for name, own in groups.items():
            if workspace and own.slack.workspace.casefold() == workspace.casefold():
                return name
        known = tuple(
            Group(
                name,
                self.core.file_settings.hints_for(name),
                own.jira.project_key,
                bool(own.taiga.project_slug),
            )
            for name, own in groups.items()
        )
        message = ChatMessage(self.core.clock(), None, text, channel)
        found = Matcher(known, (), (), WindowKind()).message(message).groups
        return next(iter(found)) if len(found) == 1 else None

    # -- Days ----------------------------------------------------------------------------------

    def open_day(self, day: WorkDay) -> Opened:
        """Builds the day and posts its message, or updates the one that is there.

        A day without anything to show is built but not posted. Raises PostError, StoreError.
        """
        opened = self._read(day)
        if opened.digest.items or opened.digest.ts:
            with self._looked_for():
                return self._with_picture(opened, self.rooms.messenger.publish(opened.digest))
        return opened

    @contextmanager
    def _looked_for(self) -> Iterator[None]:
        """A message whose answer was lost in the block is looked for, and kept up to date."""
        try:
            yield
        except PostError:
            self._messages.wake()
            raise

    def begin_day(self, on: date) -> None:
        """Makes sure that something can be added to the day, though nobody has looked at it.

        Raises ReviewError for a day that is too old.
        """
        if self.core.is_closed(self.core.day_on(on)):
            raise ReviewError({"start": TOO_LONG_AGO})
        if self.core.store.digest(self.person, on) is None:
            zone = str(self.core.day_on(on).zone)
            self.core.store.save_draft(self.person, Draft(on, zone))

    def announce(self, on: date, since: datetime) -> None:
        """Reads the day and sees to it that a message posted after `since` tells of it.

        An older message of the day is replaced: changing it would notify nobody. Where nothing is
        left to decide, nothing new is posted, but for the trouble of a source that may hide work.
        Raises PostError, StoreError.
        """
        opened = self._read(self.core.day_on(on))
        digest = opened.digest
        if open_items(digest) or (not digest.items and self._may_hide_work(digest)):
            if not digest.posted_since(since):
                self.showing.drop_picture(digest)  # it goes with the old message
            with self._looked_for(), patiently():
                posted = self.rooms.messenger.announce(digest, since)
            if posted is None:
                raise PostError("Another bot on this database is posting the day right now.")
            self._with_picture(opened, posted)
        elif digest.ts:
            with patiently():
                self._with_picture(opened, self.rooms.messenger.publish(digest))
        else:
            self.rooms.messenger.refresh(self.person, on)  # it may be there without our knowing

    def _read(self, day: WorkDay) -> Opened:
        draft = self.core.draft(day)
        digest = self.core.store.save_draft(self.person, draft)
        self._afterwards.note_read(day.date)
        return Opened(draft, digest, closed=self.core.is_closed(day))

    def _may_hide_work(self, digest: Digest) -> bool:
        places = {(source.name, source.group) for source in self.core.clue_sources}
        return any(each.trouble and (each.name, each.group) in places for each in digest.sources)

    def _with_picture(self, opened: Opened, posted: Posted | None) -> Opened:
        """The day as it was posted; its picture follows."""
        if posted is not None and self.core.settings().digest.picture:
            self._pictures.submit(self._add_picture, opened.draft)
        return replace(opened, posted=posted)

    def _add_picture(self, draft: Draft) -> None:
        """Puts the timeline picture into a message that is posted already."""
        try:
            with patiently():
                self._upload_picture(draft)
        except Exception as error:  # noqa: BLE001 - it must not be lost in a future
            log_failure(log, f"The picture of {draft.day}", error)

    def _upload_picture(self, draft: Draft) -> None:
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

    def show_day(self, day: WorkDay) -> SlackMessage:
        """Opens the day and says in a message where it is, or why it is nowhere."""
        try:
            opened = self.open_day(day)
        except PostError as error:
            log.warning("The day %s was not posted: %s", day.date, error)
            return note(f"{day_name(day.date)} could not be shown. {error}")
        if opened.posted is None and opened.digest.items:
            return note(opened.summary())
        if opened.posted is None:
            waiting = self.showing.last_waiting(day.date)
            sources = opened.draft.sources
            return no_traces(day.date, sources, closed=opened.closed, waiting=waiting)
        link = self.rooms.messenger.permalink(opened.posted)
        return day_ready(opened.digest, link, closed=opened.closed)

    def turn_page(self, day: date, page: int) -> None:
        """Shows another page of a long day's message."""
        self.core.store.put(self.person, page_key(day), page)
        self.rooms.messenger.show_again(self.person, day)

    def changed(self) -> None:
        """Something was decided: entries are sent and messages updated behind the scenes."""
        self._messages.wake()
        self._outbox.wake()

    # -- Preferences ---------------------------------------------------------------------------

    def set_preference(self, name: str, value: JsonValue) -> None:
        """Keeps a preference; the name "reset" drops all of them, so that the file holds again."""
        names = [*OVERRIDES, *MOVED, SILENT_UNTIL] if name == "reset" else [name]
        for each in names:
            self.core.store.set_preference(self.person, each, None if name == "reset" else value)

    def show_home(self) -> None:
        """Publishes the Home tab as things are now. Raises PostError.

        One at a time: of two quick changes the later must not be overtaken by the earlier.
        """
        with self._publishing_home:
            self.rooms.messenger.publish_home(self.person, home(self.showing.home()))

    # -- By itself -----------------------------------------------------------------------------

    def announce_due(self) -> None:
        """Says whatever it is time for; to be called again and again."""
        self.note_zone()
        self.announcer.announce_due()
        self._note_going_on()

    def _note_going_on(self) -> None:
        """Lets today's message offer Refresh when the person went on working after it."""
        day = self._afterwards.noticed()
        if day is not None:
            self.show_again(day)

    def show_again(self, day: date) -> None:
        """Brings the day's message up to date with the time, though nothing was decided."""
        try:
            self.rooms.messenger.show_again(self.person, day)
        except PostError as error:
            log.warning("The message of %s could not be updated: %s", day, error)

    def note_zone(self) -> None:
        """Looks up the person's zone in Slack, once an hour, unless the settings name one."""
        now = self.core.clock()
        early = self._zone_due is not None and now < self._zone_due
        if early or self.core.file_settings.timezone is not None:
            return
        name = self.rooms.messenger.zone_of(self.person)
        self._zone_due = now + (ZONE_LASTS if name else ZONE_UNKNOWN_LASTS)
        if name:
            self.core.note_profile_zone(name)

    def tidy(self) -> None:
        """Drops what is old and over from the database."""
        self.core.store.prune(self.person, self.core.clock())

    # -- Behind the scenes ---------------------------------------------------------------------

    def start(self) -> None:
        """Starts the loops; they begin with whatever was left from before."""
        self._messages.start()
        self._outbox.start()
        self._issues.start()

    def stop(self) -> None:
        """Ends the loops; what they had not done stays in the store."""
        self.finish()
        self._outbox.stop()
        self._messages.stop()
        self._issues.stop()

    def finish(self) -> None:
        """Waits for pictures that are still being brought into their messages."""
        self._pictures.shutdown(wait=True)
        self._lookups.shutdown(wait=True, cancel_futures=True)

    def _send(self) -> float | None:
        self.rooms.worker.work()
        self._messages.wake()
        due_in = self.rooms.worker.due_in()
        return None if due_in is None else max(due_in / timedelta(seconds=1), 0.05)

    def _sweep(self) -> None:
        """Once after the start: until then there may be more than one message of a day."""
        if self._swept:
            return
        try:
            with patiently():
                self.rooms.messenger.sweep(self.person)
            self._swept = True
        except PostError as error:
            log.warning("Old messages could not be looked at: %s", error)

    def _read_issues(self) -> float | None:
        """Keeps the issues fresh, so that neither a digest nor whoever types has to wait."""
        self.core.catalog.refresh()
        self.core.catalog.warm()
        return self.rooms.tempo.issues

    def _show(self) -> float | None:
        self._sweep()
        self.rooms.messenger.refresh_stale(self.person)
        return self.rooms.tempo.retry if self.core.store.stale(self.person) else None
