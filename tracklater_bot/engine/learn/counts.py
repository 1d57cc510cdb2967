"""Counts: how often words stood in the windows of a day, by whose time it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from tracklater_bot.engine.learn.words import TitleWords

# A window that is open for an hour says more than one of a minute, but not sixty times as much;
# neither does a title of many words.
BY_MINUTES, BY_WORDS = 0.5, 0.6
NOBODY = 0  # whose time at the screen is that no entry covers


@dataclass(slots=True)
class Counts:
    """Weights of words, by the number of whoever's time they were seen in: group or issue."""

    single: dict[int, dict[int, float]] = field(default_factory=dict)
    pairs: dict[int, dict[int, float]] = field(default_factory=dict)

    def add(self, owner: int, words: TitleWords, minutes: float, weight: float = 1.0) -> None:
        """Adds a window that was in front for so many minutes."""
        size = weight * minutes**BY_MINUTES
        for counted, found in ((self.single, words.single), (self.pairs, words.pairs)):
            if found:
                share = size / len(found) ** BY_WORDS
                of_owner = counted.setdefault(owner, {})
                for word in found:
                    of_owner[word] = of_owner.get(word, 0.0) + share


def added(days: Iterable[tuple[Counts, float]]) -> Counts:
    """The sum of days' counts, each times a factor."""
    whole = Counts()
    for counts, factor in days:
        for sums, of_day in ((whole.single, counts.single), (whole.pairs, counts.pairs)):
            for owner, words in of_day.items():
                into = sums.setdefault(owner, {})
                for word, weight in words.items():
                    into[word] = into.get(word, 0.0) + factor * weight
    return whole


def by_word(
    owners: dict[int, dict[int, float]], wanted: Collection[int] | None = None
) -> dict[int, dict[int, float]]:
    """The same weights by word, then by owner: of all words, or of those that are `wanted`."""
    turned: dict[int, dict[int, float]] = {}
    for owner, words in owners.items():
        for word in words if wanted is None else words.keys() & wanted:
            turned.setdefault(word, {})[owner] = words[word]
    return turned
