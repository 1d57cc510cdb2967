"""The issues of all groups, found by key, by title and by the beginning of a title."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from tracklater_bot.domain.issues import Issue, IssueId
from tracklater_bot.domain.keywords import is_unspaced

# Words that tell nothing of what an issue is about.
_STOP_WORDS = frozenset((
    "add", "all", "and", "bug", "bugs", "change", "feature", "fix", "fixed", "fixes", "for", "from",
    "hotfix", "into", "issue", "make", "new", "not", "our", "story", "task", "that", "the", "this",
    "update", "use", "was", "when", "wip", "with", "work", "you",
))  # fmt: skip

_WORD = re.compile(r"[^\W_]+")
_SHORTEST_TITLE = 8  # letters; shorter ones are found in too many texts
_SHORTEST_DENSE_TITLE = 5  # where a letter is a word
_SHORTEST_STEM = 4
_SHORTEST_WORD = 3


class IssueTitles:
    """Issues by what texts say of them. A title is compared without accents and punctuation."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self._by_key: dict[IssueId, IssueId] = {}
        self._titles: defaultdict[str, dict[IssueId, tuple[str, ...]]] = defaultdict(dict)
        self._by_word: defaultdict[str, list[tuple[IssueId, tuple[str, ...]]]] = defaultdict(list)
        ordered = sorted(issues, key=lambda issue: issue.id)
        for issue in ordered:
            for alias in issue.aliases:
                self._by_key[_normalized(issue.id._replace(key=alias))] = issue.id
        for issue in ordered:
            words = _plain_words(issue.title)
            self._by_key[_normalized(issue.id)] = issue.id
            self._titles[issue.group][issue.id] = words
            if _is_specific(words):
                self._by_word[words[0]].append((issue.id, words))

    def first_known(self, named: Iterable[IssueId]) -> IssueId | None:
        """The first known issue among those that are named, by a key of before perhaps."""
        issues = (self._by_key.get(_normalized(issue)) for issue in named)
        return next((issue for issue in issues if issue is not None), None)

    def find(self, text: str) -> list[IssueId]:
        """The issues whose whole titles stand in a text; of titles in one another, the longest."""
        words = _plain_words(text)
        lengths = {
            issue: len(title)
            for index, word in enumerate(words)
            for issue, title in self._by_word.get(word, ())
            if words[index : index + len(title)] == title
        }
        longest = max(lengths.values(), default=0)
        return [issue for issue, length in lengths.items() if length == longest]

    def shares_word(self, issue: IssueId, text: str) -> bool:
        """Whether a text has a word of the issue's title, or the beginning of one."""
        title = _content_words(self._titles[issue.group][issue])
        words = _content_words(_plain_words(text))
        return any(_same_stem(word, other) for word in words for other in title)

    def by_title_prefix(self, group: str, branch: str) -> IssueId | None:
        """The group's one issue whose title begins with the words of a branch's last part."""
        words = _plain_words(branch.rpartition("/")[2])
        found = self._with_prefix(group, words)
        if found is None and words and words[0].isdecimal():
            return self._with_prefix(group, words[1:])
        return found

    def _with_prefix(self, group: str, words: tuple[str, ...]) -> IssueId | None:
        if not _is_specific(words):
            return None
        titles = self._titles[group].items()
        issues = [issue for issue, title in titles if title[: len(words)] == words]
        return issues[0] if len(issues) == 1 else None


def _normalized(issue: IssueId) -> IssueId:
    return issue._replace(key=issue.key.upper())


def _content_words(words: Iterable[str]) -> set[str]:
    """The words that say what an issue is about."""
    return {
        word
        for word in words
        if word not in _STOP_WORDS
        and not word.isdecimal()
        and (len(word) >= _SHORTEST_WORD or is_unspaced(word[0]))
    }


def _same_stem(one: str, other: str) -> bool:
    """Whether two words are one, or one with other endings."""
    if one == other:
        return True
    shorter = min(len(one), len(other))
    pairs = enumerate(zip(one, other, strict=False))
    common = next((index for index, (a, b) in pairs if a != b), shorter)
    if common == shorter:
        return common >= _SHORTEST_STEM or is_unspaced(one[0])
    return common > _SHORTEST_STEM and common >= 0.8 * shorter


def _is_specific(words: tuple[str, ...]) -> bool:
    """Whether words are enough of them to be looked for."""
    if not words:
        return False
    letters = sum(map(len, words))
    if is_unspaced(words[0][0]):
        return letters >= _SHORTEST_DENSE_TITLE
    return len(words) > 1 and letters >= _SHORTEST_TITLE


def _plain_words(text: str) -> tuple[str, ...]:
    """The words of a text without accents, as people write them into branch names."""
    if text.isascii():  # most are, and thousands are read for each day
        return tuple(_WORD.findall(text.casefold()))
    bare = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return tuple(_WORD.findall(kept))
