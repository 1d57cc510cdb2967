"""What the bot does for its person: what listeners, the schedule and commands talk to.

It knows no Bolt. It builds days, posts them, and wakes the loops that send entries and bring
messages up to date.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from tracklater_bot.blocks.dialogs import default_choice, group_token
from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.help import changes_message, day_ready, move_offer, no_traces, note
from tracklater_bot.blocks.home import home
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.day_totals import Lengths, open_items
from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.edits import refreshed
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.domain.steadiness import Move, moved, said_before
from tracklater_bot.domain.stretches import Stretch
from tracklater_bot.domain.text import count, day_name
from tracklater_bot.domain.urgency import low_priority
from tracklater_bot.outbox.worker import Pace
from tracklater_bot.review.decisions import Review, ReviewError
from tracklater_bot.scheduling.loop import Loop, stop_all
from tracklater_bot.settings.preferences import MOVED, OVERRIDES, SILENT_UNTIL
from tracklater_bot.slack import messages
from tracklater_bot.slack.announcer import Activity, Announcer
from tracklater_bot.slack.lookups import Lookups
from tracklater_bot.slack.pace import MINUTE, PacedClient
from tracklater_bot.slack.person import Person
from tracklater_bot.slack.pictures import Pictures, Uploader
from tracklater_bot.slack.views import Views, Weeks, page_key, said_key
from tracklater_bot.store.lanes import owner_name

log = logging.getLogger(__name__)

Outcome = Callable[[Digest, Sequence[Move]], str]

ZONE_LASTS = timedelta(hours=1)
LOOKED_AT = timedelta(days=7)  # ago, a day is one that the person may look at still
ZONE_UNKNOWN_LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class BotTiming:
    """How often the bot does things, in seconds, and the pace of what sends entries."""

    update_rest: float = 1.0  # chat.update takes about one call a second for a channel
    retry: float = 30.0
    ping: float = 10.0  # each wakes the bot twice
    issues: float = 900.0  # how often the trackers are asked for what changed
    minute: float = MINUTE  # in which Slack counts calls
    pace: Pace = field(default_factory=Pace)


USUAL = BotTiming()


@dataclass(frozen=True, slots=True)
class OpenedDay:
    """A day as it was just built: what is stored, and its message if there is one.

    `closed` says why no new entries can be made on it.
    """

    draft: Draft
    digest: Digest
    posted: messages.Posted | None = None
    tracker: TrackerWords = SOME_TRACKER
    closed: str = ""

    def summary(self) -> str:
        """What came of it, in a line or two."""
        if self.posted is not None:
            how = "posted" if self.posted.fresh else "brought up to date"
            waiting = count(len(open_items(self.digest)), "suggestion")
            what = f"{waiting}{'' if self.closed else ' to review'}; the message was {how}."
        elif self.digest.items:
            what = "another bot on this database is posting it right now."
        else:
            untracked = "" if self.closed else f" that isn't in {self.tracker.label} already"
            what = f"no work was found{untracked}; nothing was posted."
        return f"{day_name(self.digest.day)}: {what} {self.closed}".rstrip()


class Days:
    """One person's bot, apart from Slack's events."""

    def __init__(
        self,
        person: Person,
        client: PacedClient,
        timing: BotTiming = USUAL,
        loop: Callable[..., Loop] = Loop,  # a hub has none of its own for each person
    ) -> None:
        owner = owner_name()
        self.person = person
        self.views = Views(person)
        self.weeks = Weeks(person, self.views, self._stored)
        self.review = Review(person.store, person.clock, person.tracker_words)
        self.messenger = messages.Messenger(client, person.store, self.views.digest, owner)
        self.outbox = person.outbox(owner, timing.pace)
        self.lookups = Lookups(person)
        self._timing = timing
        self._pictures = Pictures(person, Uploader(client), self.messenger, self.changed)
        self._announcer = Announcer(person, self.views.plan, self.announce)
        self._activity = Activity(person)
        self._zone_due: datetime | None = None
        self._waiting: list[tuple[date, Lengths]] | None = None
        self._publishing_home = threading.Lock()
        self._sending = loop("outbox", self._send)
        self._messages = loop("messages", self._show, rest_seconds=timing.update_rest)
        self._issues = loop("issues", self._read_issues)
        self._loops = (self._messages, self._sending, self._issues)

    def item(self, item_id: str) -> tuple[Digest, Item] | None:
        """The item and its day; None when a refresh has replaced it meanwhile."""
        return self.person.store.digest_of_item(item_id)

    def owns(self, user: str, item_id: str = "") -> bool:
        """Whether the item is this user's to act on; so is, for the person, whatever names none."""
        stored = self.item(item_id) if item_id and user == self.person.id else None
        return user == self.person.id == (stored[0].person if stored else user)

    # -- Days ----------------------------------------------------------------------------------

    def open_day(self, day: WorkDay, *, review: bool = False, free: bool = False) -> OpenedDay:
        """Builds the day and posts its message, or updates the one that is there.

        A day without anything to show is built but not posted. With `review`, the days since the
        last digest are read anew too; `free`: what was seen may move. Raises PostError, StoreError.
        """
        opened = self._read(day, review=review, free=free)
        waits = review and self.views.waits_unshown(day.date)
        if opened.digest.items or opened.digest.ts or waits:
            with self._mended_later():
                return self._with_picture(opened, self.messenger.publish(opened.digest))
        return opened

    def answer(self, user: str, item_id: str, said: str) -> Digest:
        """Takes the answer to “What was this?”: the token of a group. Raises ReviewError."""
        stored = self.item(item_id)
        day = stored[0].day if stored else self.person.calendar.today()
        choices = self.lookups.choices(self.person.calendar.day_on(day))
        named = {group_token(group): group for group in choices.all_groups()}
        if said not in named:
            raise ReviewError({"": "That group is not set up any more: press Something else…"})
        chosen = default_choice(choices, named[said])
        project = chosen.project if chosen else None
        return self.review.answer(user, item_id, named[said], project)

    def reread(
        self, on: date, head: str, outcome: Outcome = lambda _digest, _moves: ""
    ) -> SlackMessage | None:
        """Reads a day anew that is stored, shows it, and tells what moved and what came of it.

        What the person just said of it is reason enough for what was seen to move.
        """
        before, day = self._changeable(on)
        if before is None:
            return None
        after = self.open_day(day, free=True).digest
        moves = moved(before, after)
        return changes_message(after, moves, head, outcome(after, moves))

    def would_move(self, on: date) -> SlackMessage | None:
        """What of a stored day the machine would now draft otherwise, with a button that does it;
        None for nothing."""
        before, day = self._changeable(on)
        if before is None:
            return None
        items = refreshed(before.items, self.person.draft(day).suggestions)
        return move_offer(before, moved(before, replace(before, items=tuple(items))))

    def _changeable(self, on: date) -> tuple[Digest | None, WorkDay]:
        """The stored day, but for one that is too old for entries."""
        day = self.person.calendar.day_on(on)
        closed = self.person.is_closed(day)
        return None if closed else self.person.store.digest(self.person.id, on), day

    def tell_changes(self, on: date, done: str, outcome: Outcome) -> None:
        """Reads a day anew and says in the DM what was done, what moved, and what came of it."""
        message = self.reread(on, f"{done} This moved:", outcome) or note(done)
        self.messenger.reply_privately(self.person.id, message.text, message.blocks)

    def last_day(self) -> date:
        """The latest day that is stored, else today: the one that the person looks at."""
        today = self.person.calendar.today()
        stored = self.person.store.digests(self.person.id, today - LOOKED_AT)
        return max((digest.day for digest in stored), default=today)

    @contextmanager
    def _mended_later(self) -> Iterator[None]:
        """A message whose answer was lost in the block is looked for, and kept up to date."""
        try:
            yield
        except messages.PostError:
            self._messages.wake()
            raise

    def begin_day(self, on: date) -> None:
        """Makes sure that something can be added to the day, though nobody has looked at it.

        Raises ReviewError for a day that is too old.
        """
        if self.person.is_closed(self.person.calendar.day_on(on)):
            raise ReviewError({"start": self.person.tracker_words.too_long_ago})
        if self.person.store.digest(self.person.id, on) is None:
            zone = str(self.person.calendar.day_on(on).zone)
            self.person.store.save_draft(self.person.id, Draft(on, zone))

    def announce(self, on: date, since: datetime) -> None:
        """Reads the day and sees to it that a message posted after `since` tells of it.

        The days since the last digest are read with it. An older message of the day is replaced:
        changing it would notify nobody. Where nothing is left to decide on it, and the others have
        messages, nothing new is posted, but for the trouble of a source that may hide work.
        Raises PostError, StoreError.
        """
        opened = self._read(self.person.calendar.day_on(on), review=True)
        digest = opened.digest
        hidden = any(status.traces and status.trouble for status in opened.draft.sources)
        waits = open_items(digest) or self.views.waits_unshown(on)
        if waits or (hidden and not digest.items):
            if not digest.posted_since(since):
                self._pictures.shown.drop(digest)  # it goes with the old message
            with self._mended_later(), low_priority():
                posted = self.messenger.announce(digest, since)
            if posted is None:
                raise messages.PostedElsewhere(
                    "Another bot on this database is posting the day right now."
                )
            self._with_picture(opened, posted)
        elif digest.ts:
            with low_priority():
                self._with_picture(opened, self.messenger.publish(digest))
        else:
            self.messenger.refresh(self.person.id, on)  # it may be there without our knowing

    def _stored(self, draft: Draft, *, free: bool = False) -> Digest:
        """Keeps a draft; what it says anew of rows that the person has seen is remembered."""
        person = self.person
        before = person.store.digest(person.id, draft.day)
        groups = () if free else tuple(group.name for group in person.groups)
        digest = person.store.save_draft(person.id, draft, groups)
        if before is not None and before.ts is not None:
            known = self.views.said_before(draft.day)
            said = said_before(before, digest, known)
            if said != known:
                person.note(said_key(draft.day), {**said})
        self._activity.note_read(draft.day)
        return digest

    def _read(self, day: WorkDay, *, review: bool = False, free: bool = False) -> OpenedDay:
        dates = self.views.days_since(day.date) if review else []
        earlier = [self.person.calendar.day_on(on) for on in dates]
        try:
            *drafts, draft = self.person.machine.drafts([*earlier, day])
        except Exception as error:
            if not earlier:
                raise
            log_failure(log, "Reading the days since the last digest", error)
            drafts, draft = [], self.person.draft(day)
        for before, its_day in zip(drafts, earlier, strict=False):
            self.weeks.keep(before, its_day)
        digest = self._stored(draft, free=free)
        if review:
            self.weeks.billing.look()
        tracker = self.person.tracker_words
        closed = tracker.too_long_ago if self.person.is_closed(day) else ""
        return OpenedDay(draft, digest, tracker=tracker, closed=closed)

    def _with_picture(self, opened: OpenedDay, posted: messages.Posted | None) -> OpenedDay:
        """The day as it was posted; its picture follows."""
        if posted is not None:
            self._pictures.add(opened.draft)
        return replace(opened, posted=posted)

    def show_day(self, day: WorkDay) -> SlackMessage:
        """Opens the day and says in a message where it is, or why it is nowhere."""
        try:
            opened = self.open_day(day)
        except messages.PostError as error:
            log.warning("The day %s was not posted: %s", day.date, error)
            return note(f"{day_name(day.date)} could not be shown. {error}")
        if opened.posted is None and opened.digest.items:
            return note(opened.summary())
        if opened.posted is None:
            waiting = self.views.last_waiting(day.date)
            return no_traces(day.date, opened.draft.sources, waiting, opened.tracker, opened.closed)
        link = self.messenger.permalink(opened.posted)
        return day_ready(opened.digest, link, opened.closed)

    def show_days(self, stretch: Stretch) -> SlackMessage:
        """Reads a week or a month; the messages of its days are brought up to date."""
        try:
            return self.weeks.read(stretch)
        finally:
            self._messages.wake()

    def approve_days(self, user: str, value: str, *, certain_only: bool = True) -> Stretch:
        """Approves what was shown of some days, all or what is certain. Raises ReviewError."""
        words, _, seen = value.rpartition("/")
        stretch = Stretch.parse(words)
        days = self.weeks.open_days(stretch)
        self.review.approve_days(user, days, seen, certain_only=certain_only)
        return stretch

    def turn_page(self, day: date, page: int) -> None:
        """Shows another page of a long day's message."""
        self.person.note(page_key(day), page)
        self.messenger.show_again(self.person.id, day)

    def changed(self) -> None:
        """Something was decided: entries are sent and messages updated behind the scenes."""
        self._messages.wake()
        self._sending.wake()

    # -- Preferences ---------------------------------------------------------------------------

    def set_preference(self, name: str, value: JsonValue) -> None:
        """Keeps a preference; the name "reset" drops all of them, so that the file holds again."""
        reset = name == "reset"
        for kept in [*OVERRIDES, *MOVED, SILENT_UNTIL] if reset else [name]:
            self.person.store.set_preference(self.person.id, kept, None if reset else value)

    def show_home(self) -> None:
        """Publishes the Home tab as things are now. Raises PostError.

        One at a time: of two quick changes the later must not be overtaken by the earlier.
        """
        with self._publishing_home:
            self.messenger.publish_home(self.person.id, home(self.views.home()))

    # -- By itself -----------------------------------------------------------------------------

    def announce_due(self) -> None:
        """Says whatever it is time for; to be called again and again."""
        self.note_zone()
        self._announcer.announce_due()
        if went_on := self._activity.noticed():  # its message offers Refresh then
            self.show_again(went_on)

    def show_again(self, day: date) -> None:
        """Brings the day's message up to date with the time, though nothing was decided."""
        with messages.logged_if_refused(f"The message of {day} could not be updated"):
            self.messenger.show_again(self.person.id, day)

    def note_zone(self) -> None:
        """Looks up the person's zone in Slack, once an hour, unless the settings name one."""
        now = self.person.clock()
        early = self._zone_due is not None and now < self._zone_due
        if early or self.person.file_settings.timezone is not None:
            return
        name = self.messenger.zone_of(self.person.id)
        self._zone_due = now + (ZONE_LASTS if name else ZONE_UNKNOWN_LASTS)
        if name:
            self.person.calendar.note_profile_zone(name)

    def prune(self) -> None:
        """Drops what is old and over from the database."""
        self.person.store.prune(self.person.id, self.person.clock())

    # -- Behind the scenes ---------------------------------------------------------------------

    def start(self) -> None:
        """Starts the loops; they begin with whatever was left from before."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Ends the loops; what they had not done stays in the store."""
        self.finish()
        stop_all(self._loops)

    def finish(self) -> None:
        """Waits for pictures that are still being brought into their messages."""
        self._pictures.close()
        self.lookups.close()

    def _send(self) -> float | None:
        self.outbox.work()
        self._messages.wake()
        due_in = self.outbox.due_in()
        return None if due_in is None else max(due_in / timedelta(seconds=1), 0.05)

    def _read_issues(self) -> float | None:
        """Keeps the issues fresh, so that neither a digest nor whoever types has to wait."""
        self.person.catalog.refresh()
        self.person.catalog.warm()
        return self._timing.issues

    def _show(self) -> float | None:
        in_doubt = True
        with messages.logged_if_refused("Old messages could not be looked at"), low_priority():
            in_doubt = self.messenger.look(self.person.id)
        stale = [digest.day for digest in self.person.store.stale(self.person.id)]
        self.messenger.refresh_stale(self.person.id)
        for day in stale:
            self._pictures.follow(day)
        today = self.person.calendar.today()
        waiting = [(times.day, times.missing) for times in self.views.still_open(today)]
        if waiting != self._waiting:  # something was decided on a day that today's message names
            before, self._waiting = self._waiting, waiting
            if before is not None:
                self.show_again(today)
        waits = in_doubt or self.person.store.stale(self.person.id)
        return self._timing.retry if waits else None
