"""Issues prepared for search while somebody types: keys first, then words, then near misses.

Pure. Built once (the slow part), asked often, never changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rapidfuzz import fuzz, process

from tracklater_bot.model import Issue

_NO_WORD = re.compile(r"[^\w#]+|_")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST_TYPO = 4
_NEAR = 75
_NEAR_PART = 84
_NEAR_WORDS = 30
_LONGEST_QUERY = 200


@dataclass(frozen=True, slots=True)
class _Row:
    """An issue with what is compared: folded keys, its number, and its words with spaces around."""

    issue: Issue
    keys: tuple[str, ...]
    number: str
    text: str


class IssueIndex:
    """Finds issues by what people type of them."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self._rows = [_row(issue) for issue in sorted(issues, key=_importance)]
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(self._rows):
            for word in set(row.text.split()):
                self._places[word].append(place)
        self._words = list(self._places)

    def __len__(self) -> int:
        return len(self._rows)

    def search(self, text: str, group: str | None = None, limit: int = 20) -> list[Issue]:
        """The best matches, best first: the exact key, then open issues, then closed ones.

        Without text: one's own issues in progress, then the latest.
        """
        query = folded(text[:_LONGEST_QUERY])
        rows = [
            (place, row)
            for place, row in enumerate(self._rows)
            if group is None or row.issue.group == group
        ]
        if not query:
            return [row.issue for _, row in rows[:limit]]
        ranks = dict(_exact(rows, query))
        if len(ranks) < limit:
            ours = {place for place, _ in rows}
            near = self._near(query.split()) & ours
            ranks |= {place: _TYPO for place in near if place not in ranks}
        return [self._rows[place].issue for place in self._best(ranks)[:limit]]

    def _best(self, ranks: dict[int, int]) -> list[int]:
        """Places by rank; rows are in the order of importance already."""

        def order(place: int) -> tuple[bool, bool, int, int]:
            rank = ranks[place]
            return rank != _KEY, self._rows[place].issue.closed, rank, place

        return sorted(ranks, key=order)

    def _near(self, words: Sequence[str]) -> set[int]:
        """Issues that have, for each word, that word or one much like it."""
        found: set[int] | None = None
        for word in words:
            places = {place for like in self._like(word) for place in self._places[like]}
            found = places if found is None else found & places
            if not found:
                return set()
        return found or set()

    def _like(self, word: str) -> list[str]:
        same = [other for other in self._words if word in other]
        if same or len(word) < _SHORTEST_TYPO:
            return same
        for scorer, cutoff in ((fuzz.ratio, _NEAR), (fuzz.partial_ratio, _NEAR_PART)):
            near = process.extract(
                word, self._words, scorer=scorer, score_cutoff=cutoff, limit=_NEAR_WORDS
            )
            if near:
                return [other for other, _, _ in near if len(other) >= _SHORTEST_TYPO]
        return []


_KEY, _NUMBER, _KEY_BEGINS, _WORDS_BEGIN, _WORDS_INSIDE, _TYPO = range(6)


def _exact(rows: Iterable[tuple[int, _Row]], query: str) -> Iterator[tuple[int, int]]:
    """Place and rank of each row that holds all of the query's words somewhere."""
    words = query.split()
    beginnings = [f" {word}" for word in words]
    for place, row in rows:
        if query in row.keys:
            yield place, _KEY
        elif query == row.number:
            yield place, _NUMBER
        elif row.keys[0].startswith(query) or row.number.startswith(query):
            yield place, _KEY_BEGINS
        elif all(word in row.text for word in words):
            begins = all(beginning in row.text for beginning in beginnings)
            yield place, _WORDS_BEGIN if begins else _WORDS_INSIDE


def folded(text: str) -> str:
    """Words without case, accents or punctuation: what two people would call the same."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in spread if not unicodedata.combining(each))
    return " ".join(_NO_WORD.sub(" ", bare).split())


def _row(issue: Issue) -> _Row:
    keys = tuple(folded(key) for key in (issue.key, *issue.aliases))
    number = re.sub(r"^.*?([0-9]+)$", r"\1", issue.key)
    return _Row(issue, keys, number, f" {' '.join(keys)} {folded(issue.title)} ")


def _importance(issue: Issue) -> tuple[bool, int, float]:
    """Open before closed; one's own in progress, one's own, anybody's in progress; latest first."""
    updated = (issue.updated or _LONG_AGO).timestamp()
    return issue.closed, -(2 * issue.mine + issue.in_progress), -updated
