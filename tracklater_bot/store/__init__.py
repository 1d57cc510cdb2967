"""What is kept between runs: digests, decisions, the outbox, issues, small memories."""

from tracklater_bot.domain.errors import StoreError
from tracklater_bot.store.store import Store

__all__ = ["Store", "StoreError"]
