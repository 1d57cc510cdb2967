"""What is kept between runs: digests, decisions, the outbox, issues, small values."""

from tracklater_bot.domain.errors import StoreError
from tracklater_bot.store.store import Store, Transaction

__all__ = ["Store", "StoreError", "Transaction"]
