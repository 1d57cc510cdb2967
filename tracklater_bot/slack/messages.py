"""The digest as a Slack message: posted once, kept up to date, never showing what isn't so.

The store knows which version of a digest the message shows. Whatever changed since (also before a
crash) is brought up to date by `refresh`, one chat.update for any number of changes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from http.client import HTTPException
from json import JSONDecodeError
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError

from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.domain.digests import Digest
from tracklater_bot.domain.errors import code_in, from_between
from tracklater_bot.slack.pace import PacedClient, nothing_was_sent
from tracklater_bot.store import Store
from tracklater_bot.store.days import CLAIM, ClaimResult

log = logging.getLogger(__name__)

EVENT_TYPE = "tracklater_digest"
LOOK_EVERY = 25.0  # seconds
GONE = frozenset({"message_not_found", "channel_not_found", "cant_update_message"})
NOT_THERE = frozenset({"message_not_found", "file_not_found", "file_deleted", "thread_not_found"})
# Slack's page of chat.postMessage says that some of it may have succeeded.
MAYBE_DONE = frozenset({"", "fatal_error", "internal_error", "request_timeout",
                        "service_unavailable"})  # fmt: skip
# The last is what the SDK lets through when an answer was cut off.
NETWORK_ERRORS = (SlackClientError, HTTPException, OSError, JSONDecodeError)


class PostError(Exception):
    """Slack did not take the message; the text says why and what to do."""


class PostedElsewhere(PostError):
    """Another bot is at it: nothing is wrong."""


@contextmanager
def logged_if_refused(what: str) -> Iterator[None]:
    """Ends the block with a line in the log where Slack does not take something: it can wait."""
    try:
        yield
    except PostError as error:
        log.warning("%s: %s", what, error)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a digest's message is; `fresh` when it was posted just now.

    `is_only`: there is certainly no other message of the day.
    """

    channel: str
    ts: str
    fresh: bool
    is_only: bool = False


class Messenger:
    """Posts and updates digests for one Slack app. Safe to call from several threads."""

    def __init__(
        self,
        client: PacedClient,
        store: Store,
        render: Callable[[Digest], SlackMessage],
        owner: str,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._store = store
        self._render = render
        self._owner = owner
        self._ticks = ticks
        # Until when Slack may carry out what nobody heard of; the bot before us may have sent it.
        self._in_doubt_until = ticks() + CLAIM.total_seconds()
        self._looked_at: float | None = None
        self._unknown = frozenset[date]()
        self._channels: dict[str, str] = {}
        self._busy: set[tuple[str, date]] = set()
        self._freed = threading.Condition()

    def publish(self, digest: Digest) -> Posted | None:
        """Posts the day's message, or updates the one that is there.

        None when another bot on the same database is posting it right now. Raises PostError.
        """
        with self._exclusively(digest.person, digest.day, digest.ts):
            current = self._current(digest.person, digest.day) or digest
            return self._updated(current) or self._alone(self._post(current), current)

    def announce(self, digest: Digest, since: datetime) -> Posted | None:
        """Sees to it that the day's one message was posted after `since`: at the end of the DM.

        A message that is changed notifies nobody, so an older one is replaced: the new one is
        posted, then the old one is taken away. Interrupted anywhere, a second call finishes it.
        None when another bot on the same database is posting. Raises PostError.
        """
        ts = digest.ts if digest.posted_since(since) else None
        with self._exclusively(digest.person, digest.day, ts):
            current = self._current(digest.person, digest.day) or digest
            posted = self._updated(current) if current.posted_since(since) else None
            return self._alone(posted or self._post(current), current)

    def refresh(self, person: str, day: date) -> None:
        """Brings the posted message up to the stored state; does nothing when it is already.

        Raises PostError; the digest then stays stale, and a later call mends it.
        """
        with self._exclusively(person, day):
            digest = self._current(person, day)
            if digest is None or digest.ts is None or digest.shown >= digest.version:
                return
            if not self._update(digest):
                self._alone(self._post(digest), digest)

    def show_again(self, person: str, day: date) -> None:
        """Draws the posted message anew though nothing was decided: another page, a picture.

        Raises PostError.
        """
        with self._exclusively(person, day):
            digest = self._current(person, day)
            if digest is not None and digest.ts is not None:
                self._update(digest)

    def reply_privately(
        self, person: str, text: str, blocks: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """A sentence in the person's DM that only they see and that does not stay.

        What Slack refuses is logged: there is no other way left to tell it.
        """
        with logged_if_refused("A private answer was not delivered"):
            place = {"channel": self.channel_of(person), "user": person}
            said: dict[str, Any] = place | {"text": text, "blocks": list(blocks) or None}
            self._call(self._client.chat_postEphemeral, **said)

    def publish_home(self, person: str, view: Mapping[str, Any]) -> None:
        """Shows the person this Home tab. Raises PostError."""
        self._call(self._client.views_publish, user_id=person, view=view)

    def refresh_stale(self, person: str) -> None:
        """Updates each of the person's messages that lags behind, for example after a restart."""
        for digest in self._store.stale(person):
            with logged_if_refused(f"The message of {digest.day} could not be updated"):
                self.refresh(digest.person, digest.day)

    def look(self, person: str) -> bool:
        """Sees to it that Slack has one message of each day, the newest, as it was sent last.

        Asks only while it is in doubt: at first, since the bot before may have been killed, the
        database be a restored copy; and after each failure, for as long as Slack may carry out
        what was given up, and until it was looked at. Whether it is in doubt yet. Raises PostError.
        """
        now = self._ticks()
        looked = self._looked_at is not None and self._looked_at > self._in_doubt_until
        if looked or (self._looked_at is not None and now < self._looked_at + LOOK_EVERY):
            return not looked
        channel = self.channel_of(person)
        found = self._messages(channel, person)
        known = {day: self._store.digest(person, day) for day in found}
        self._unknown = frozenset(day for day, digest in known.items() if digest is None)
        for day, digest in known.items():
            if digest is not None and not _is_right(digest, found[day]):
                self._set_right(digest, channel, found[day])
        self._looked_at = now
        return True

    def _set_right(self, digest: Digest, channel: str, found: Mapping[str, int | None]) -> None:
        """`found` are the day's messages and the versions that they show."""
        with self._exclusively(digest.person, digest.day):
            if [*found] == [digest.ts]:
                self._store.set_shown_version(digest.person, digest.day, 0)
            else:
                self._adopt(digest, channel, max(found, key=Decimal))
        self.refresh(digest.person, digest.day)

    def channel_of(self, person: str) -> str:
        """The DM with the person. Raises PostError."""
        if person not in self._channels:
            answer = self._call(self._client.conversations_open, users=person)
            self._channels[person] = str(answer["channel"]["id"])
        return self._channels[person]

    def zone_of(self, person: str) -> str | None:
        """The name of the zone in the person's profile; None when Slack does not tell."""
        answer = self._told("The zone of the profile", self._client.users_info, user=person)
        return str(answer["user"].get("tz") or "") or None if answer else None

    def permalink(self, posted: Posted) -> str | None:
        """A link to the message; None when Slack does not tell."""
        where = {"channel": posted.channel, "message_ts": posted.ts}
        answer = self._told("The link to a message", self._client.chat_getPermalink, **where)
        return str(answer["permalink"]) if answer else None

    @staticmethod
    def _told(what: str, method: Callable[..., Any], **arguments: Any) -> Any:
        """Slack's answer; None, which the log has, for what can be done without."""
        try:
            return method(**arguments)
        except NETWORK_ERRORS as error:
            log.info("%s is not known: %s", what, reason(error))
            return None

    @contextmanager
    def _exclusively(self, person: str, day: date, ts: str | None = "some") -> Iterator[None]:
        """One thread at a time for each day's message, which is at `ts` if it is posted.

        Where nobody waits for what is done, Slack's turn is waited for first: a click on that
        message must not wait as long.
        """
        place = (person, day)
        with self._client.pacer.turn("chat.update" if ts else "chat.postMessage"):
            with self._freed:
                self._freed.wait_for(lambda: place not in self._busy)
                self._busy.add(place)
            try:
                yield
            except PostError:
                self._in_doubt_until = self._ticks() + CLAIM.total_seconds()
                raise
            finally:
                with self._freed:
                    self._busy.discard(place)
                    self._freed.notify_all()

    def _updated(self, digest: Digest) -> Posted | None:
        """The message brought up to date; None when there is none, or it is gone from Slack."""
        if digest.channel and digest.ts and self._update(digest):
            return Posted(digest.channel, digest.ts, fresh=False)
        return None

    def _update(self, digest: Digest) -> bool:
        """False when the message is gone from Slack."""
        place = {"channel": str(digest.channel), "ts": str(digest.ts)}
        said = place | self._said(digest)
        if (
            self._call(self._client.chat_update, "Slack did not take the update", GONE, **said)
            is None
        ):
            return False
        self._store.set_shown_version(digest.person, digest.day, digest.version, digest.shown)
        return True

    def _current(self, person: str, day: date) -> Digest | None:
        """The day as it is stored, with its message also where the answer to it was lost."""
        digest, now = self._store.digest(person, day), self._store.now()
        if digest is None or not digest.unheard:
            return digest
        unnoted = self._unnoted(digest)
        if unnoted is None:
            self._store.unclaim(person, day, now)
            return digest
        return self._adopt(digest, *unnoted)

    def _post(self, digest: Digest) -> Posted | None:
        now = self._store.now()
        grant = self._store.claim_digest(
            digest.person, digest.day, self._owner, now, replacing=digest.ts
        )
        if not grant:
            return None
        # Slack is asked only where an earlier try may have succeeded: that is scarcer than posting.
        again = grant is ClaimResult.AGAIN or digest.day in self._unknown
        unnoted = self._unnoted(digest) if again else None
        if unnoted is None:
            return self._noted(digest, *self._send(digest), grant)
        # It may show what was stored before the crash.
        self._update(self._adopt(digest, *unnoted))
        return Posted(*unnoted, fresh=True)

    def _noted(self, digest: Digest, channel: str, ts: str, grant: ClaimResult) -> Posted:
        """The message that was posted just now. Who was long about it may not be alone with it."""
        mine = self._store.set_posted(digest.person, digest.day, channel, ts) == self._owner
        self._store.set_shown_version(digest.person, digest.day, digest.version)
        if grant is ClaimResult.AGAIN or not mine:
            newest = max(self._messages_of(channel, digest), key=Decimal, default=ts)
            self._adopt(digest, channel, newest)
            return Posted(channel, newest, fresh=True)
        return Posted(channel, ts, fresh=True, is_only=digest.ts is None)

    def _send(self, digest: Digest) -> tuple[str, str]:
        """Posts to the person's id, which stands for the DM; the answer says where that is."""
        said = {"unfurl_links": False, "unfurl_media": False} | self._said(digest)
        try:
            answer = self._call(self._client.chat_postMessage, channel=digest.person, **said)
        except PostError as error:
            if not may_be_done(error):
                self._store.unclaim(digest.person, digest.day, self._store.now() + CLAIM)
            raise
        channel = self._channels[digest.person] = str(answer["channel"])
        return channel, str(answer["ts"])

    def _said(self, digest: Digest) -> dict[str, Any]:
        """What Slack is sent for the day: text, blocks, and what tells them apart later."""
        message = self._render(digest)
        payload = {
            "person": digest.person,
            "day": digest.day.isoformat(),
            "version": digest.version,
        }
        metadata = {"event_type": EVENT_TYPE, "event_payload": payload}
        return {"text": message.text, "blocks": message.blocks, "metadata": metadata}

    def _unnoted(self, digest: Digest) -> tuple[str, str] | None:
        """The day's message that nobody noted: newer than the one we know."""
        channel, known = self.channel_of(digest.person), Decimal(digest.ts or 0)
        newer = (ts for ts in self._messages_of(channel, digest) if Decimal(ts) > known)
        ts = max(newer, key=Decimal, default=None)
        return (channel, ts) if ts else None

    def _adopt(self, digest: Digest, channel: str, ts: str) -> Digest:
        """Lets the message be the day's only one from now on, whatever it shows.

        The claim ends last: interrupted, a later call finds the message again.
        """
        self._delete_others(channel, ts, digest)
        self._store.set_posted(digest.person, digest.day, channel, ts)
        self._store.set_shown_version(digest.person, digest.day, 0)
        return replace(digest, channel=channel, ts=ts, shown=0, unheard=False)

    def _alone(self, posted: Posted | None, digest: Digest) -> Posted | None:
        """The message, after every other one of the day was taken away."""
        if posted is not None and not posted.is_only:
            self._delete_others(posted.channel, posted.ts, digest)
        return posted

    def _delete_others(self, channel: str, ts: str, digest: Digest) -> None:
        """Takes away every other message of the day, with the pictures in its thread."""
        for other in self._messages_of(channel, digest):
            if other != ts:
                self._delete_with_replies(channel, other)

    def _messages_of(self, channel: str, digest: Digest) -> Mapping[str, int | None]:
        return self._messages(channel, digest.person).get(digest.day, {})

    def _messages(self, channel: str, person: str) -> dict[date, dict[str, int | None]]:
        """Which days' messages are among the latest 100 of the DM: where, and what they show."""
        latest: dict[str, Any] = {"channel": channel, "limit": 100, "include_all_metadata": True}
        answer = self._call(self._client.conversations_history, **latest)
        versions: dict[date, dict[str, int | None]] = {}
        for message in answer.get("messages") or ():
            metadata = message.get("metadata")
            day = _day_of(metadata, person)
            if day is not None:
                version = metadata["event_payload"].get("version")
                versions.setdefault(day, {})[str(message["ts"])] = version
        return versions

    def _delete_with_replies(self, channel: str, ts: str) -> None:
        """Deletes the message. Replies go first: Slack would leave a stub in their place."""
        kept = partial(self._call, what="Slack kept an old message", gone=NOT_THERE)
        replies = kept(self._client.conversations_replies, channel=channel, ts=ts) or {}
        messages = replies.get("messages") or ()
        for message in reversed([message for message in messages if message.get("bot_id")]):
            for file in message.get("files") or ():
                kept(self._client.files_delete, file=file["id"])
            kept(self._client.chat_delete, channel=channel, ts=message["ts"])

    @staticmethod
    def _call(
        method: Callable[..., Any],
        what: str = "Slack did not take the message",
        gone: frozenset[str] = frozenset(),
        **arguments: Any,
    ) -> Any:
        """Slack's answer; None where it is about something that is gone. Raises PostError."""
        try:
            return method(**arguments)
        except NETWORK_ERRORS as error:
            if _code(error) in gone:
                return None
            raise PostError(f"{what}: {reason(error)}.") from error


def _day_of(metadata: Any, person: str) -> date | None:
    """The day whose message this is the metadata of; None for anything else in the DM."""
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if not isinstance(payload, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    try:
        return date.fromisoformat(str(payload["day"])) if payload["person"] == person else None
    except (KeyError, ValueError):
        return None


def _is_right(digest: Digest, found: Mapping[str, int | None]) -> bool:
    """Whether the day's one message shows what was sent last; old ones don't say what they show."""
    (shown, *others) = found.items()
    return not others and shown in ((digest.ts, None), (digest.ts, digest.shown))


def _code(error: Exception) -> str:
    return code_in(error.response) if isinstance(error, SlackApiError) else ""


def may_be_done(error: Exception) -> bool:
    """Whether Slack may have done what was asked all the same: its answer was lost."""
    cause = error.__cause__ if isinstance(error, PostError) else error
    lost = isinstance(cause, NETWORK_ERRORS) and _code(cause) in MAYBE_DONE
    return lost and not nothing_was_sent(cause)


def reason(error: Exception) -> str:
    """What went wrong in a few words, without anything that was sent."""
    code = _code(error)
    if code == "missing_scope" and isinstance(error, SlackApiError):
        return f"the bot lacks the scope {error.response.get('needed')}; add it and reinstall"
    between = from_between("Slack") if isinstance(error, SlackApiError) else type(error).__name__
    return code or between
