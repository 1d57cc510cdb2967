"""The timeline picture brought into the day's message: uploaded, waited for, then shown.

The message never waits for it: it goes out with a text timeline and changes when Slack is done.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from datetime import date

from slack_sdk import WebClient

from tracklater_bot.blocks.timeline import Lanes, alt_text
from tracklater_bot.blocks.timeline_png import draw
from tracklater_bot.domain.digests import Digest
from tracklater_bot.slack.messages import NETWORK_ERRORS, reason

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.5


def fingerprint(lanes: Lanes) -> str:
    """Equal for lanes that make the same picture."""
    return hashlib.sha256(repr(lanes).encode()).hexdigest()[:16]


class Uploader:
    """Uploads pictures into the thread of a day's message."""

    def __init__(self, client: WebClient, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._pause = pause

    def upload(self, digest: Digest, lanes: Lanes, groups: Sequence[str]) -> str | None:
        """The id of the file, ready to be shown; None when Slack does not take it.

        Without the scope files:write, or in trouble, the text timeline simply stays.
        """
        try:
            answer = self._client.files_upload_v2(
                content=draw(lanes, groups),
                filename=f"{digest.day}.png",
                title=_title(digest.day),
                alt_txt=alt_text(lanes),
                channel=digest.channel,
                thread_ts=digest.ts,
            )
            file_id = str(answer["files"][0]["id"])
            return file_id if self._is_ready(file_id) else None
        except NETWORK_ERRORS as error:
            log.info("The timeline picture was not taken: %s", reason(error))
            return None

    def _is_ready(self, file_id: str) -> bool:
        """Waits until Slack has processed the file: shown earlier, it is refused."""
        for _ in range(round(PATIENCE_SECONDS / LOOK_EVERY_SECONDS)):
            if self._client.files_info(file=file_id)["file"].get("mimetype"):
                return True
            self._pause(LOOK_EVERY_SECONDS)
        return False


def _title(day: date) -> str:
    return f"Timeline of {day}"
