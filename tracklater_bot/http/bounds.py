"""How much of an answer is read, and made into values: it may be anybody's, and without end."""

from __future__ import annotations

LARGEST = 16 * 1024 * 1024
# Each takes memory of its own, 70 bytes and more: those of a body of two-letter ones take 400 MB.
MOST_VALUES = 700_000
_BEGINNINGS = (b"{", b"[", b",")


def too_much(body: bytes | bytearray) -> str:
    """What is too much of the body, as the end of a sentence; "" where it is not."""
    if len(body) > LARGEST:
        return f"answered with more than {LARGEST // 1024 // 1024} MB"
    if sum(body.count(sign) for sign in _BEGINNINGS) > MOST_VALUES:
        return f"answered with more than {MOST_VALUES:,} values"
    return ""
