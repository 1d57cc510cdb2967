"""What is kept between runs: digests, decisions, the outbox, issues, small memories."""

from tracklater_bot.store.facade import Store
from tracklater_bot.store.opening import StoreError

__all__ = ["Store", "StoreError"]
