"""The Slack message that a draft would be posted as."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tracklater_bot.blocks.digest import DigestView, digest_message
from tracklater_bot.blocks.timeline import PHONE_COLUMNS, lanes_of, text_timeline
from tracklater_bot.domain.day_totals import as_digest
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords


def draft_message(
    draft: Draft, now: datetime, tracker: TrackerWords = SOME_TRACKER
) -> dict[str, Any]:
    """The message as Slack takes it: `text` and `blocks`."""
    digest = as_digest(draft)
    timeline = text_timeline(lanes_of(digest, now, tracker=tracker), PHONE_COLUMNS, with_sums=False)
    message = digest_message(digest, DigestView(timeline=timeline, now=now, tracker=tracker))
    return {"text": message.text, "blocks": message.blocks}
