"""Words of window titles as numbers, which tell nothing to those who do not have the key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

from tracklater_bot.domain.text import folded
from tracklater_bot.engine.windows import without_program

_WORD = re.compile(r"[^\W_]+")
_BYTES = 6  # JSON keeps whole numbers of so many exactly
_MOST_WORDS = 24  # of one title


class TitleWords(NamedTuple):
    """What a title says, each thing once: its words, and its pairs of neighbouring words."""

    single: tuple[int, ...]
    pairs: tuple[int, ...]


class Hashing:
    """Numbers for words, titles and names under a secret key; each is worked out once."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._numbers: dict[str, int] = {}
        self._titles: dict[str, TitleWords] = {}

    def number(self, text: str) -> int:
        """The number of a word or a name."""
        if text not in self._numbers:
            digest = blake2b(text.encode(errors="replace"), key=self._key, digest_size=_BYTES)
            self._numbers[text] = int.from_bytes(digest.digest())
        return self._numbers[text]

    def meeting(self, title: str, series: str) -> tuple[int, ...]:
        """A meeting's series, where it has one, and its title."""
        words = [f"series {series}"] if series else []
        words += [f"meeting {folded(title).strip()}"] if title.strip() else []
        return tuple(map(self.number, words))

    def title(self, title: str) -> TitleWords:
        """The words of a title without those of the program's name, and without mere numbers."""
        if title not in self._titles:
            words = words_of(title)
            pairs = dict.fromkeys(" ".join(pair) for pair in pairwise(words))
            self._titles[title] = TitleWords(
                tuple(map(self.number, dict.fromkeys(words))), tuple(map(self.number, pairs))
            )
        return self._titles[title]


def words_of(title: str) -> list[str]:
    """The words that a title is known again by, in order."""
    words = _WORD.findall(without_program(folded(title)))
    return [word for word in words if len(word) > 1 and not word.isdigit()][:_MOST_WORDS]


# -- Counts of them ----------------------------------------------------------------------------


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
