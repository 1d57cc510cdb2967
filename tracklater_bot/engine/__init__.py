"""The engine: clues in, suggestions out. Pure: the same input gives the same output."""

from __future__ import annotations

from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.suggesting import suggest

__all__ = ["Inputs", "suggest"]
