"""The Slack message that a draft would be posted as."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tracklater_bot.blocks.digest import DigestView, digest_message
from tracklater_bot.blocks.timeline import lanes_of, text_timeline
from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords

TIMELINE_COLUMNS = 38


def draft_message(
    draft: Draft, now: datetime, tracker: TrackerWords = SOME_TRACKER
) -> dict[str, Any]:
    """The message as Slack takes it: `text` and `blocks`."""
    items = tuple(
        Item(f"preview-{n}", suggestion) for n, suggestion in enumerate(draft.suggestions, 1)
    )
    digest = Digest("preview", draft.day, draft.timezone, items, draft.tracked, draft.sources)
    lanes = lanes_of(digest, now, tracker=tracker)
    timeline = text_timeline(lanes, TIMELINE_COLUMNS, with_sums=False)
    message = digest_message(digest, DigestView(timeline=timeline, now=now, tracker=tracker))
    return {"text": message.text, "blocks": message.blocks}
