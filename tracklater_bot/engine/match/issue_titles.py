"""The issues of all groups, found by key, by title and by the beginning of a title."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from tracklater_bot.domain.issues import Issue
from tracklater_bot.engine.match.keywords import runs_on

IssueId = tuple[str, str]  # group and key

# Words that tell nothing of what an issue is about.
_EMPTY_WORDS = frozenset(
    (
        *("add", "all", "and", "bug", "bugs", "change", "feature", "fix", "fixed", "fixes", "for"),
        *("from", "hotfix", "into", "issue", "make", "new", "not", "our", "story", "task", "that"),
        *("the", "this", "update", "use", "was", "when", "wip", "with", "work", "you"),
    )
)

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
        known = sorted(issues, key=lambda issue: (issue.group, issue.key))
        for issue in known:
            for alias in issue.aliases:
                self._by_key[issue.group, alias.upper()] = (issue.group, issue.key)
        for issue in known:
            self._add(issue)

    def _add(self, issue: Issue) -> None:
        issue_id = (issue.group, issue.key)
        self._by_key[issue.group, issue.key.upper()] = issue_id
        words = _plain_words(issue.title)
        self._titles[issue.group][issue_id] = words
        if _tells(words):
            self._by_word[words[0]].append((issue_id, words))

    def first(self, group: str, keys: Iterable[str]) -> IssueId | None:
        """The first known issue of the group among keys."""
        known = (self._by_key.get((group, key.upper())) for key in keys)
        return next((issue for issue in known if issue is not None), None)

    def titled(self, text: str) -> list[IssueId]:
        """The issues whose whole titles stand in a text; of titles in one another, the longest."""
        words = _plain_words(text)
        lengths = {
            issue: len(title)
            for place, word in enumerate(words)
            for issue, title in self._by_word.get(word, ())
            if words[place : place + len(title)] == title
        }
        longest = max(lengths.values(), default=0)
        return [issue for issue, length in lengths.items() if length == longest]

    def shares_word(self, issue: IssueId, text: str) -> bool:
        """Whether a text has a word of the issue's title, or the beginning of one."""
        title = _telling(self._titles[issue[0]][issue])
        return any(_alike(one, two) for one in _telling(_plain_words(text)) for two in title)

    def by_beginning(self, group: str, branch: str) -> IssueId | None:
        """The group's one issue whose title begins with the words of a branch's last part."""
        words = _plain_words(branch.rpartition("/")[2])
        numbered = words and words[0].isdecimal()
        return self._begun(group, words) or (self._begun(group, words[1:]) if numbered else None)

    def _begun(self, group: str, words: tuple[str, ...]) -> IssueId | None:
        if not _tells(words):
            return None
        begun = [
            issue for issue, title in self._titles[group].items() if title[: len(words)] == words
        ]
        return begun[0] if len(begun) == 1 else None


def _telling(words: Iterable[str]) -> set[str]:
    """The words that say what a thing is about."""
    return {
        word
        for word in words
        if word not in _EMPTY_WORDS
        and not word.isdecimal()
        and (len(word) >= _SHORTEST_WORD or runs_on(word[0]))
    }


def _alike(one: str, other: str) -> bool:
    """Whether two words are one, or one with other endings."""
    if one == other:
        return True
    shorter = min(len(one), len(other))
    pairs = enumerate(zip(one, other, strict=False))
    common = next((place for place, (a, b) in pairs if a != b), shorter)
    if common == shorter:
        return common >= _SHORTEST_STEM or runs_on(one[0])
    return common > _SHORTEST_STEM and common >= 0.8 * shorter


def _tells(words: tuple[str, ...]) -> bool:
    """Whether words are enough of them to be looked for."""
    if not words:
        return False
    letters = sum(map(len, words))
    if runs_on(words[0][0]):
        return letters >= _SHORTEST_DENSE_TITLE
    return len(words) > 1 and letters >= _SHORTEST_TITLE


def _plain_words(text: str) -> tuple[str, ...]:
    """The words of a text without accents, as people write them into branch names."""
    if text.isascii():  # most are, and thousands are read for each day
        return tuple(_WORD.findall(text.casefold()))
    bare = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return tuple(_WORD.findall(kept))
