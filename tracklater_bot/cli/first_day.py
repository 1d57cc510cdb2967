"""A day that shows nothing: what was read, what to do next, and words for what nothing explains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from tracklater_bot.core import Core
from tracklater_bot.domain.clues import Checkout
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.keywords import COMMON_NAMES
from tracklater_bot.domain.text import clean, count, day_name, duration, folded, listing
from tracklater_bot.drafting.recorders import read_all
from tracklater_bot.engine.learn.words import words_of
from tracklater_bot.engine.match.issue_words import STOP_WORDS
from tracklater_bot.settings import Loaded, Settings, first_clues
from tracklater_bot.settings.loading import places_looked_at

LOOK_BACK = timedelta(days=14)
LONG_ENOUGH, MOST, SHORTEST = 10.0, 6, 4  # minutes of a word; words; letters
IN_ALL = 0.6  # a word of so many titles is the machine's or the person's


class ProposedWord(NamedTuple):
    """A word that may mean a group: how long it was on screen, in how many titles."""

    word: str
    minutes: float
    titles: int


def empty_day(draft: Draft, day: WorkDay, loaded: Loaded, core: Core) -> Iterator[str]:
    """Why there is nothing to suggest and what to do, a line each; none for a good day."""
    settings = loaded.settings
    if loaded.path is None and not settings.groups:
        yield (
            f"There is no settings file (looked for {listing(map(str, places_looked_at()))}):"
            " `tracklater-bot init` writes one, `--config FILE` names one."
        )
    if not core.clue_sources:
        yield (
            f"No source is set up yet: set {first_clues()}, in tracklater.toml."
            " `tracklater-bot check` says what else is missing."
        )
    elif not any(source.clues for source in draft.sources if source.traces):
        yield f"Read, and nothing found on {day_name(draft.day)}: {_read(draft, settings)}."
        yield from _another_day(day, core)
    elif not draft.tracked and all(row.group is None for row in draft.suggestions):
        yield f"Read: {_read(draft, settings)}. Nothing in it points to {_groups(core)}."
        yield (
            f"`tracklater-bot preview {draft.day} --titles` lists the windows, here alone, and"
            " proposes keywords."
        )


def _read(draft: Draft, settings: Settings) -> str:
    sections = dict(settings.sections())
    parts = []
    for source in draft.sources:
        if source.traces:
            at = ("groups", source.group, source.name) if source.group else (source.name,)
            where = listing(islice(sections[at].places(settings), 3)) if at in sections else ""
            named = " ".join(filter(None, (source.name, f"({where})" if where else "")))
            parts.append(f"{named}: {count(source.clues, 'clue')}")
    return "; ".join(parts)


def _groups(core: Core) -> str:
    """`acme (acme, acme-web) or globex`: the groups, with their keywords."""
    if not core.groups:
        return "a group: there are none"
    told = []
    for group in core.groups:
        words = ", ".join(clean(hint.text, 40) for hint in group.hints[:3])
        told.append(f"{clean(group.name, 60)} ({words})" if words else clean(group.name, 60))
    return " or ".join(told)


def _another_day(day: WorkDay, core: Core) -> Iterator[str]:
    """The last day with traces, as far as this machine tells."""
    span = Span(day.span.start - LOOK_BACK, day.span.start)
    readings = read_all([source for source in core.clue_sources if source.local], span)
    # What was checked out before the span comes with it.
    moments = [
        clue.at
        for reading in readings
        for clue in reading.clues
        if clue.at in span and not isinstance(clue, Checkout)
    ]
    if moments:
        last = core.calendar.day_of(max(moments)).date
        yield f"The last day with traces is {day_name(last)}: `tracklater-bot preview {last}`."
    else:
        yield (
            "Nor in the two weeks before. `tracklater-bot check` tries every source;"
            " `tracklater-bot init` looks for what there is on this machine."
        )


# -- Words ---------------------------------------------------------------------------------------


def proposed_keywords(minutes: Mapping[str, float], taken: Iterable[str]) -> list[ProposedWord]:
    """Words of titles that no group has, the longest on screen first."""
    known = {word for text in taken for word in words_of(text)}
    shown, titles = defaultdict[str, float](float), defaultdict[str, int](int)
    for title, length in minutes.items():
        for word in set(words_of(folded(title))) - known:
            if len(word) >= SHORTEST and not (word in COMMON_NAMES or word in STOP_WORDS):
                shown[word] += length
                titles[word] += 1
    everywhere = max(IN_ALL * len(minutes), 3)
    found = [
        ProposedWord(word, length, titles[word])
        for word, length in shown.items()
        if length >= LONG_ENOUGH and titles[word] <= everywhere and word.isalpha()
    ]
    return sorted(found, key=lambda one: (-one.minutes, -one.titles, one.word))[:MOST]


def keyword_lines(minutes: Mapping[str, float], taken: Iterable[str]) -> Iterator[str]:
    """The words for the terminal, and where one goes."""
    words = [
        f"“{clean(one.word, 40)}” ({duration(timedelta(minutes=one.minutes))}"
        f" in {count(one.titles, 'title')})"
        for one in proposed_keywords(minutes, taken)
    ]
    if words:
        yield f"\nWords in windows that nothing explains: {', '.join(words)}."
        yield 'One means a client of yours? Put it into keywords = ["…"] under its [groups.NAME].'
