"""The digest as a Slack message: posted once, kept up to date, never showing what isn't so.

The store knows which version of a digest the message shows. Whatever changed since (also before a
crash) is brought up to date by `refresh`, one chat.update for any number of changes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from tracklater_bot.blocks.digest import Message
from tracklater_bot.crashpoints import here
from tracklater_bot.model import Digest
from tracklater_bot.store import Store

log = logging.getLogger(__name__)

EVENT_TYPE = "tracklater_digest"
GONE = frozenset({"message_not_found", "channel_not_found", "cant_update_message"})
NETWORK_ERRORS = (SlackClientError, OSError)


class PostError(Exception):
    """Slack did not take the message; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a digest's message is; `fresh` when it was posted just now."""

    channel: str
    ts: str
    fresh: bool


class Messenger:
    """Posts and updates digests for one Slack app. Safe to call from several threads."""

    def __init__(
        self,
        client: WebClient,
        store: Store,
        render: Callable[[Digest], Message],
        clock: Callable[[], datetime],
        owner: str,
    ) -> None:
        self._client = client
        self._store = store
        self._render = render
        self._clock = clock
        self._owner = owner
        self._lock = threading.Lock()

    def publish(self, digest: Digest) -> Posted | None:
        """Posts the day's message, or updates the one that is there.

        None when another bot on the same database is posting it right now. Raises PostError.
        """
        with self._lock:
            current = self._store.digest(digest.person, digest.day) or digest
            if current.channel and current.ts and self._update(current):
                return Posted(current.channel, current.ts, fresh=False)
            return self._post(current)

    def refresh(self, person: str, day: date) -> None:
        """Brings the posted message up to the stored state; does nothing when it is already.

        Raises PostError; the digest then stays stale, and a later call mends it.
        """
        with self._lock:
            digest = self._store.digest(person, day)
            if digest is None or digest.ts is None or digest.shown >= digest.version:
                return
            if not self._update(digest):
                self._post(digest)

    def show_again(self, person: str, day: date) -> None:
        """Draws the posted message anew though nothing was decided: another page, a picture.

        Raises PostError.
        """
        with self._lock:
            digest = self._store.digest(person, day)
            if digest is not None and digest.ts is not None:
                self._update(digest)

    def say(self, person: str, message: Message) -> None:
        """A message of its own in the person's DM. Raises PostError."""
        channel = self.channel_of(person)
        self._call(
            self._client.chat_postMessage, channel=channel, text=message.text, blocks=message.blocks
        )

    def whisper(self, person: str, text: str) -> None:
        """A sentence in the person's DM that only they see and that does not stay.

        What Slack refuses is logged: there is no other way left to tell it.
        """
        try:
            channel = self.channel_of(person)
            self._call(self._client.chat_postEphemeral, channel=channel, user=person, text=text)
        except PostError as error:
            log.warning("A whisper was not delivered: %s", error)

    def refresh_stale(self) -> None:
        """Updates every message that lags behind, for example after a restart."""
        for digest in self._store.stale():
            try:
                self.refresh(digest.person, digest.day)
            except PostError as error:
                log.warning("The message of %s could not be updated: %s", digest.day, error)

    def channel_of(self, person: str) -> str:
        """The DM with the person. Raises PostError."""
        answer = self._call(self._client.conversations_open, users=person)
        return str(answer["channel"]["id"])

    def permalink(self, posted: Posted) -> str | None:
        """A link to the message; None when Slack does not tell."""
        try:
            answer = self._client.chat_getPermalink(channel=posted.channel, message_ts=posted.ts)
        except NETWORK_ERRORS as error:
            log.info("No link to the message: %s", _reason(error))
            return None
        return str(answer["permalink"])

    def _update(self, digest: Digest) -> bool:
        """False when the message is gone from Slack."""
        message = self._render(digest)
        here("before-chat-update")
        try:
            self._client.chat_update(
                channel=str(digest.channel),
                ts=str(digest.ts),
                text=message.text,
                blocks=message.blocks,
                metadata=_metadata(digest),
            )
        except NETWORK_ERRORS as error:
            if _code(error) in GONE:
                return False
            raise PostError(f"Slack did not take the update: {_reason(error)}.") from error
        here("after-chat-update")
        self._store.shown(digest.person, digest.day, digest.version)
        return True

    def _post(self, digest: Digest) -> Posted | None:
        now = self._clock()
        if not self._store.claim_digest(
            digest.person, digest.day, self._owner, now, replacing=digest.ts
        ):
            return None
        channel = self.channel_of(digest.person)
        ts = self._find(channel, digest) or self._send(channel, digest)
        here("before-posted")
        self._store.posted(digest.person, digest.day, channel, ts)
        self._store.shown(digest.person, digest.day, digest.version)
        return Posted(channel, ts, fresh=True)

    def _send(self, channel: str, digest: Digest) -> str:
        message = self._render(digest)
        here("before-post")
        answer = self._call(
            self._client.chat_postMessage,
            channel=channel,
            text=message.text,
            blocks=message.blocks,
            metadata=_metadata(digest),
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    def _find(self, channel: str, digest: Digest) -> str | None:
        """The day's message, if it was posted before a crash could note where."""
        answer = self._call(
            self._client.conversations_history,
            channel=channel,
            limit=100,
            include_all_metadata=True,
        )
        wanted = _metadata(digest)
        for message in answer.get("messages", []):
            if message.get("metadata") == wanted and message.get("ts") != digest.ts:
                return str(message["ts"])
        return None

    @staticmethod
    def _call(method: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return method(**arguments)
        except NETWORK_ERRORS as error:
            raise PostError(f"Slack did not take the message: {_reason(error)}.") from error


def _metadata(digest: Digest) -> dict[str, Any]:
    payload = {"person": digest.person, "day": digest.day.isoformat()}
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def _code(error: Exception) -> str:
    return str(error.response.get("error", "")) if isinstance(error, SlackApiError) else ""


def _reason(error: Exception) -> str:
    """What went wrong in a few words, without anything that was sent."""
    code = _code(error)
    if code == "missing_scope" and isinstance(error, SlackApiError):
        return f"the bot lacks the scope {error.response.get('needed')}; add it and reinstall"
    return code or type(error).__name__
