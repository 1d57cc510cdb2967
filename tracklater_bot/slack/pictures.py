"""The timeline picture brought into the day's message: uploaded, waited for, then shown.

The message never waits for it: it goes out with a text timeline and changes when Slack is done.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from threading import Event, Lock

from slack_sdk import WebClient

from tracklater_bot.blocks.digest import PictureRef, timeline_shown
from tracklater_bot.blocks.timeline import Lanes, Ticks, alt_text, lanes_of, ticks_of
from tracklater_bot.domain.digests import IN_PROGRESS, Digest
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.json_value import JsonValue
from tracklater_bot.domain.side_by_side import in_background
from tracklater_bot.domain.urgency import low_priority
from tracklater_bot.slack.messages import NETWORK_ERRORS, Messenger, PostError, reason
from tracklater_bot.slack.person import Person

log = logging.getLogger(__name__)

READY_WITHIN_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.5
DECIDING_SECONDS = 2.0  # several decisions in a row make one new picture
MOST_BACK = timedelta(days=60)  # whose moments are remembered


@dataclass(frozen=True, slots=True)
class ShownPictures:
    """Which picture each day's message shows, as the store remembers it."""

    person: Person

    def of(self, digest: Digest) -> PictureRef | None:
        """The picture; None while the timeline is text, and where no pictures are wanted."""
        kept = self._kept(digest)
        if "file" not in kept or not self.person.settings().digest.picture:
            return None
        return PictureRef(str(kept["file"]), str(kept["alt"]))

    def is_of(self, digest: Digest, lanes: Lanes) -> bool:
        """Whether the message shows a picture of these very lanes."""
        return self._kept(digest).get("of") == _fingerprint(lanes)

    def expect(self, digest: Digest, lanes: Lanes) -> bool:
        """Notes that a picture of the lanes is uploaded now; whether it may be there already."""
        kept, awaited = self._kept(digest), _fingerprint(lanes)
        self.person.note(picture_key(digest.day), {**kept, "awaited": awaited})
        return kept.get("awaited") == awaited

    def keep(self, digest: Digest, lanes: Lanes, file_id: str) -> None:
        """Notes the picture that the message shows from now on."""
        kept = {"file": file_id, "alt": alt_text(lanes), "of": _fingerprint(lanes)}
        self.person.note(picture_key(digest.day), kept)

    def drop(self, digest: Digest) -> None:
        """Lets the message show the timeline as text again."""
        self.person.memory.delete(picture_key(digest.day))

    def _kept(self, digest: Digest) -> dict[str, JsonValue]:
        kept = self.person.stored(picture_key(digest.day))
        return kept if isinstance(kept, dict) else {}


def picture_key(day: date) -> str:
    """Under which name the store remembers the day's picture."""
    return f"picture:{day}"


def _fingerprint(lanes: Lanes) -> str:
    """Equal for lanes that make the same picture."""
    return hashlib.sha256(repr(lanes).encode()).hexdigest()[:16]


class Pictures:
    """Brings pictures into messages, one after another in a thread of its own.

    `not_shown` is called when a message has to be brought up to date without its picture.
    """

    def __init__(
        self,
        person: Person,
        uploader: Uploader,
        messenger: Messenger,
        not_shown: Callable[[], None],
    ) -> None:
        self._person = person
        self._uploader = uploader
        self._messenger = messenger
        self._not_shown = not_shown
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._due: set[date] = set()
        self._closed = Event()
        self._drawing = Lock()
        self.shown = ShownPictures(person)

    def add(self, draft: Draft) -> None:
        """Lets the day's picture follow into its message, where pictures are wanted."""
        until = self._person.clock() + MOST_BACK
        self._person.note(f"ticks:{draft.day}", ticks_of(draft), until)
        if self._person.settings().digest.picture:
            self._pool.submit(self._add, draft.day)

    def follow(self, day: date) -> None:
        """Lets the picture show what was decided meanwhile; one that waits already will do."""
        if self._person.settings().digest.picture and day not in self._due:
            self._due.add(day)
            in_background(partial(self._redraw, day))

    def close(self) -> None:
        """Waits for days' first pictures that are still on their way, not for newer ones."""
        self._closed.set()
        self._pool.shutdown(wait=True)

    def _redraw(self, day: date) -> None:
        """In a thread for which nobody waits, when a while of deciding is over."""
        if not self._closed.wait(DECIDING_SECONDS):
            self._due.discard(day)
            self._add(day)

    @low_priority()
    def _add(self, day: date) -> None:
        try:
            with self._drawing:
                self._draw(day)
        except Exception as error:  # noqa: BLE001 - nobody asks the thread for it
            if self._closed.is_set():  # what it works with has ended as well
                log.info("The picture of %s did not come: %s", day, type(error).__name__)
            else:
                log_failure(log, f"The picture of {day}", error)

    def _draw(self, day: date) -> None:
        person = self._person
        digest = person.store.digest(person.id, day)
        if digest is None or digest.ts is None:
            return
        before = self.shown.of(digest)
        if not timeline_shown(digest):
            if before is not None:
                self.shown.drop(digest)
                self._uploader.remove(digest, before.file_id)
            return
        if any(item.state in IN_PROGRESS and not item.waits_until for item in digest.items):
            return  # it is drawn when that has arrived
        ticks = person.noted(f"ticks:{day}", Ticks) or Ticks()
        lanes = lanes_of(digest, person.clock(), ticks, person.tracker_words)
        if self.shown.is_of(digest, lanes):
            return
        again = self.shown.expect(digest, lanes)
        # Pillow waits for the first picture: a bot that has none to draw does without its 4 MB.
        from tracklater_bot.blocks.timeline_png import draw  # noqa: PLC0415

        picture = draw(lanes, tuple(person.file_settings.groups), person.project_colours())
        file_id = self._uploader.upload(digest, lanes, picture, again=again)
        if file_id is None:
            return
        self.shown.keep(digest, lanes, file_id)
        try:
            self._messenger.show_again(person.id, digest.day)
        except PostError as error:
            log.info("The timeline picture was not shown: %s", error)
            self.shown.drop(digest)
            self._not_shown()
        else:
            if before is not None and before.file_id != file_id:
                self._uploader.remove(digest, before.file_id)


class Uploader:
    """Uploads pictures into the thread of a day's message."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def upload(
        self, digest: Digest, lanes: Lanes, picture: bytes, *, again: bool = False
    ) -> str | None:
        """The id of the file, ready to be shown; None when Slack does not take it.

        `again`: it was tried before, so that the picture may be in the thread already.
        Without the scope files:write, or in trouble, the text timeline simply stays.
        """
        try:
            name = f"{digest.day}-{_fingerprint(lanes)}.png"
            file_id = self._in_thread(digest, name) if again else None
            if file_id is None:
                answer = self._client.files_upload_v2(
                    content=picture,
                    filename=name,
                    title=f"Timeline of {digest.day}",
                    alt_txt=alt_text(lanes),
                    channel=digest.channel,
                    thread_ts=digest.ts,
                )
                file_id = str(answer["files"][0]["id"])
            return file_id if self._is_ready(file_id) else None
        except NETWORK_ERRORS as error:
            log.info("The timeline picture was not taken: %s", reason(error))
            return None

    def remove(self, digest: Digest, file_id: str) -> None:
        """Takes an older picture out of the thread."""
        channel = str(digest.channel)
        try:
            answer = self._client.conversations_replies(channel=channel, ts=str(digest.ts))
            self._client.files_delete(file=file_id)
            for reply in answer["messages"]:
                if any(file.get("id") == file_id for file in reply.get("files") or ()):
                    self._client.chat_delete(channel=channel, ts=reply["ts"])
        except NETWORK_ERRORS as error:
            log.info("An older timeline picture stays: %s", reason(error))

    def _in_thread(self, digest: Digest, name: str) -> str | None:
        """The id of the file with that name beside the day's message."""
        answer = self._client.conversations_replies(channel=str(digest.channel), ts=str(digest.ts))
        files = (file for reply in answer["messages"] for file in reply.get("files") or ())
        return next((str(file["id"]) for file in files if file.get("name") == name), None)

    def _is_ready(self, file_id: str) -> bool:
        """Waits until Slack has processed the file: shown earlier, it is refused."""
        for _ in range(round(READY_WITHIN_SECONDS / LOOK_EVERY_SECONDS)):
            if self._client.files_info(file=file_id)["file"].get("mimetype"):
                return True
            time.sleep(LOOK_EVERY_SECONDS)
        return False
