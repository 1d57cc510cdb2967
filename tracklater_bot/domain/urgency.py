"""Whether somebody waits for what is being done: whoever has little to give asks that first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_low: ContextVar[bool] = ContextVar("low_priority", default=False)


@contextmanager
def low_priority(*, low: bool = True) -> Iterator[None]:
    """Nobody waits for what the block does: it gives way to what a person waits for."""
    before = _is_low.set(low)
    try:
        yield
    finally:
        _is_low.reset(before)


def is_low_priority() -> bool:
    """Whether nobody waits for it."""
    return _is_low.get()
