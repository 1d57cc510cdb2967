"""One person's issues in memory, and the search over them: the store is read rarely.

Twenty thousand issues take a fifth of a second to read and twice that to prepare for search.
Whoever brings new ones waits for that; whoever types meanwhile gets what was known before.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import RLock

from tracklater_bot.catalog.cache import CatalogStore
from tracklater_bot.domain.issues import Issue, IssueId

OTHER_PROCESSES = timedelta(minutes=10)  # how soon issues that they stored are known here


@dataclass(frozen=True, slots=True)
class _Known:
    """All issues as they were read from the store at a moment, or put there since."""

    issues: Mapping[IssueId, Issue]
    read: datetime


@dataclass(eq=False, repr=False)
class IssueCache:
    """The issues of `scopes`, those that are set up now. Safe to call from threads."""

    store: CatalogStore
    person: str
    clock: Callable[[], datetime]
    scopes: Collection[str]

    def __post_init__(self) -> None:
        self._pruned = False
        self._changing = RLock()
        self._kept: _Known | None = None
        self._index: IssueIndex | None = None

    def all(self, group: str | None = None) -> list[Issue]:
        """All issues, or one group's."""
        return [value for value in self._known().values() if group in (None, value.group)]

    def keep_only(self, scopes: Collection[str]) -> None:
        """Lets go of all other scopes' issues, here and in the store."""
        with self._changing:
            if not self._pruned or self.scopes != scopes:
                self.scopes = frozenset(scopes)
                self.store.keep_issues(self.person, self.scopes)
                self._read()
                self._pruned = True

    def put(self, scope: str, issues: Iterable[Issue]) -> None:
        """Adds a scope's issues, or replaces them; the keys that they had before stay known."""
        with self._changing:
            known = self._known()
            merged = {issue.id: _with_aliases(issue, known.get(issue.id)) for issue in issues}
            if merged:
                self.store.put_issues(self.person, scope, [*merged.values()])
                self._keep({**known, **merged}, self._kept.read if self._kept else self.clock())

    def search(self, text: str, group: str | None = None, limit: int = 20) -> list[Issue]:
        """What somebody may mean who typed `text`, best first."""
        self._known()
        index = self._index
        if index is None:
            with self._changing:
                index = self._index = self._index or self._indexed()
        return index.search(text, group, limit)

    def reread(self) -> None:
        """Reads what other processes stored."""
        with self._changing:
            self._read()

    def warm(self) -> None:
        """Prepares the search, and reads what other processes stored before anybody must wait."""
        with self._changing:
            if self._age() >= OTHER_PROCESSES / 2:
                self._read()
            if self._index is None:
                self._index = self._indexed()

    def _known(self) -> Mapping[IssueId, Issue]:
        kept = self._kept
        if kept is not None and self._age() < OTHER_PROCESSES:
            return kept.issues
        with self._changing:
            if self._kept is None or self._age() >= OTHER_PROCESSES:
                self._read()
            return self._kept.issues if self._kept else {}

    def _read(self) -> None:
        stored = self.store.issues(self.person, self.scopes)
        self._keep({issue.id: issue for issue in stored}, self.clock())

    def _keep(self, issues: Mapping[IssueId, Issue], read: datetime) -> None:
        unchanged = self._kept is not None and self._kept.issues == issues
        self._kept = _Known(issues, read)
        if self._index is not None and not unchanged:
            self._index = self._indexed()

    def _age(self) -> timedelta:
        return self.clock() - self._kept.read if self._kept else timedelta.max

    def _indexed(self) -> IssueIndex:
        return IssueIndex(self._known().values())


def _with_aliases(issue: Issue, known: Issue | None) -> Issue:
    """The issue with its older keys: trackers tell those only when they are asked by them."""
    before = known.aliases if known else ()
    return replace(issue, aliases=tuple(dict.fromkeys((*before, *issue.aliases))))


# -- Search ----------------------------------------------------------------------------------------
# Issues prepared for search while somebody types: keys first, then words, then near misses.
# Pure. Built once (the slow part), asked often, never changed.
_NO_WORD = re.compile(r"[^\w#]+|_")
_NUMBER_OF = re.compile(r"[0-9]+$")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST_TYPO = 4
_NEAR = 75
_NEAR_PART = 84
_NEAR_WORDS = 30
_LONGEST_QUERY = 200

# How well an issue matches, best first.
_KEY, _NUMBER, _KEY_BEGINS, _WORDS_BEGIN, _WORDS_INSIDE, _TYPO = range(6)


class IssueIndex:
    """Finds issues by what people type of them. An issue's place is its rank in importance."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self._issues = sorted(issues, key=_importance)
        self._keys = [searchable(issue.key) for issue in self._issues]
        self._numbers = [_number(issue.key) for issue in self._issues]
        self._texts: list[str] = []
        self._by_key: defaultdict[str, list[int]] = defaultdict(list)
        self._by_group: defaultdict[str | None, list[int]] = defaultdict(list)
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        for place, issue in enumerate(self._issues):
            self._add(place, issue)
        self._words = list(self._by_word)

    def _add(self, place: int, issue: Issue) -> None:
        keys = [self._keys[place], *map(searchable, issue.aliases)]
        title = searchable(issue.title)
        self._texts.append(f" {' '.join(keys)} {title} ")
        for key in keys:
            self._by_key[key].append(place)
        for group in (None, issue.group):
            self._by_group[group].append(place)
        for word in set(title.split()):
            if _is_distinctive(word):
                self._by_word[word].append(place)

    def __len__(self) -> int:
        return len(self._issues)

    def search(self, text: str, group: str | None = None, limit: int = 20) -> list[Issue]:
        """The best matches, best first: the exact key, then open issues, then closed ones.

        Without text: one's own issues in progress, then the latest.
        """
        query = searchable(text[:_LONGEST_QUERY])
        places = self._by_group.get(group, [])
        if not query:
            return [self._issues[place] for place in places[:limit]]
        ranks = self._ranks(query, places)
        if not ranks:
            ranks = self._near(query.split(), set(places))
        return [self._issues[place] for place in self._best(ranks)[:limit]]

    def _ranks(self, query: str, places: Sequence[int]) -> dict[int, int]:
        """How each issue matches that has all of the query's words; the best way counts."""
        ranks = self._with_words(query.split(), places)
        keys, numbers = self._keys, self._numbers
        for place in places:
            if keys[place].startswith(query) or numbers[place].startswith(query):
                ranks[place] = _NUMBER if numbers[place] == query else _KEY_BEGINS
        in_group = set(places)
        for place in self._by_key.get(query, ()):
            if place in in_group:
                ranks[place] = _KEY
        return ranks

    def _with_words(self, words: Sequence[str], places: Sequence[int]) -> dict[int, int]:
        texts, left = self._texts, places
        for word in dict.fromkeys(words):
            left = [place for place in left if word in texts[place]]
        begun = left
        for word in dict.fromkeys(words):
            beginning = f" {word}"
            begun = [place for place in begun if beginning in texts[place]]
        return dict.fromkeys(left, _WORDS_INSIDE) | dict.fromkeys(begun, _WORDS_BEGIN)

    def _best(self, ranks: dict[int, int]) -> list[int]:
        """Places by rank and importance; closed ones last, unless it is the very key."""
        by_rank: defaultdict[tuple[bool, bool, int], list[int]] = defaultdict(list)
        for place in sorted(ranks):
            rank = ranks[place]
            by_rank[rank != _KEY, self._issues[place].closed, rank].append(place)
        return [place for key in sorted(by_rank) for place in by_rank[key]]

    def _near(self, words: Sequence[str], places: set[int]) -> dict[int, int]:
        """Issues that have two words in three, or words much like them; more of them are better.

        Short words and numbers say too little to count here.
        """
        distinctive = {word for word in words if _is_distinctive(word)}
        hits = Counter(
            place
            for word in distinctive
            for place in {
                place for similar in self._similar_words(word) for place in self._by_word[similar]
            }
        )
        needed = len(distinctive) - len(distinctive) // 3
        return {
            place: _TYPO + len(distinctive) - count
            for place, count in hits.items()
            if count >= needed and place in places
        }

    def _similar_words(self, word: str) -> list[str]:
        same = [other for other in self._words if word in other]
        if same:
            return same
        from rapidfuzz import fuzz, process  # noqa: PLC0415 - 4 MB, for a first slip of the pen

        for scorer, cutoff in ((fuzz.ratio, _NEAR), (fuzz.partial_ratio, _NEAR_PART)):
            near = process.extract(
                word, self._words, scorer=scorer, score_cutoff=cutoff, limit=_NEAR_WORDS
            )
            if near:
                return [other for other, _, _ in near]
        return []


def searchable(text: str) -> str:
    """Words without case, accents or punctuation: what two people would call the same."""
    spread = text.casefold()
    if not spread.isascii():
        spread = unicodedata.normalize("NFKD", spread)
        spread = "".join(char for char in spread if not unicodedata.combining(char))
    return " ".join(_NO_WORD.sub(" ", spread).split())


def _is_distinctive(word: str) -> bool:
    return len(word) >= _SHORTEST_TYPO and not word.isdigit()


def _number(key: str) -> str:
    """`12` of `DEV-12` and of `#12`."""
    match = _NUMBER_OF.search(key)
    return match[0] if match else ""


def _importance(issue: Issue) -> tuple[bool, int, float]:
    """Open before closed; one's own in progress, one's own, anybody's in progress; latest first."""
    updated = (issue.updated or _LONG_AGO).timestamp()
    return issue.closed, -(2 * issue.mine + issue.in_progress), -updated
