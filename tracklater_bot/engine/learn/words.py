"""Words of window titles as numbers, which tell nothing to those who do not have the key."""

from __future__ import annotations

import re
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
