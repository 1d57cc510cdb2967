"""What every source of clues keeps to. A new source's test calls it with a span of something."""

from __future__ import annotations

import pytest

from tracklater_bot.domain.clues import Checkout, Clue, Reading, Window
from tracklater_bot.domain.day import Span
from tracklater_bot.sources.base import ClueSource, SourceError


def hold_clues(source: ClueSource, span: Span) -> Reading:
    """The source has clues in the span: they are in order, inside it, aware; what it gave."""
    reading = source.read(span)
    assert reading.clues
    assert (reading.name, reading.group) == (source.name, source.group)
    assert [clue.at for clue in reading.clues] == sorted(clue.at for clue in reading.clues)
    for clue in reading.clues:
        assert clue.at.utcoffset() is not None
        assert _inside(clue, span), clue
        group = getattr(clue, "group", None)
        assert source.group in (None, group), "a group's own place has that group's clues"
    windows = [clue for clue in reading.clues if isinstance(clue, Window)]
    assert source.watches_screen is bool(windows)
    assert one_line(source.check())
    assert source.read(span) == reading, "the same again"
    return reading


def hold_trouble(source: ClueSource) -> None:
    """The source cannot be had: that is a sentence, and no other error."""
    with pytest.raises(SourceError) as told:
        source.check()
    assert one_line(str(told.value))


def one_line(sentence: str) -> bool:
    """Whether a sentence is one, and says something."""
    return bool(sentence.strip()) and sentence.isprintable()


def _inside(clue: Clue, span: Span) -> bool:
    if isinstance(clue, Checkout):
        return clue.at < span.end
    until = clue.until if isinstance(clue, Window) else None
    return clue.at in span and (until is None or clue.at < until <= span.end)
