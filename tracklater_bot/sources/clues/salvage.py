"""What is whole in a JSON text that is no single document, in a time that its length bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_OBJECT = re.compile(r'\{\s*["}]')
_scan = json.JSONDecoder().raw_decode

# What is no whole object is looked into for others, and each look may go on to the text's end. So
# only some may; then an object is as long as a snapshot at most; then it is enough.
_LONG_LOOKS, _LONG_TEXT = 4, 8 * 1024 * 1024
_SHORT_LOOK = 128 * 1024
_A_LOOK, _EFFORT = 1024, 64 * 1024 * 1024  # characters that are looked at in vain


def salvage(text: str, take: Callable[[dict[str, Any], str], None]) -> bool:
    """Gives each whole object, and how it is written, to `take`; whether there is anything else.

    Where `take` raises ValueError, objects inside are given instead.
    """
    looks = _LONG_LOOKS if len(text) < _LONG_TEXT else 0
    effort = _EFFORT + 4 * len(text)
    damaged, done = not text.strip(), 0
    piece, base = text if looks else "", 0
    while effort > 0 and (found := _OBJECT.search(text, done)) is not None:
        start = found.start()
        damaged = damaged or bool(text[done:start].strip())
        if not looks and (piece is text or start + _SHORT_LOOK > base + len(piece)):
            piece, base = text[start : start + 2 * _SHORT_LOOK], start
        reached = start - base
        try:
            value, reached = _scan(piece, start - base)
            take(value, text[start : base + reached])
        except (ValueError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError):
                # An unfinished string was looked at to its end; the error tells its beginning.
                reached = len(piece) if "Unterminated" in error.msg else error.pos
            elif isinstance(error, RecursionError):  # which does not tell how far it came
                reached += _SHORT_LOOK
            looks, damaged, done = max(looks - 1, 0), True, start + 1
            effort -= _A_LOOK + reached - (start - base) + reached // 8  # errors count lines
        else:
            done = base + reached
    return damaged or bool(text[done:].strip())
