"""Keys and refs in texts: `DEV-123` of the configured Jira projects, `#12` and `TG-12` of Taiga."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from tracklater_bot.model import Group
from tracklater_bot.words import folded

_TAIGA_REF = re.compile(r"(?:(?<![^\W_])tg-|(?<![\w#&/!])#)([1-9]\d{0,5})(?![^\W_])")
_BRANCH_NUMBER = re.compile(r"(?:^|/)([1-9]\d{0,5})(?=[-_])")
# A page of GitHub or GitLab: `#77` there is one of its own issues or pull requests.
_FORGE = re.compile(r"·|\bpull requests?\b|\bmerge requests?\b|![1-9]\d*")


class JiraKeys:
    """Finds keys of the configured projects; a key that two groups claim points to neither."""

    def __init__(self, groups: Iterable[Group]) -> None:
        pairs = {(key.upper(), group.name) for group in groups for key in group.jira_keys if key}
        claims = Counter(key for key, _ in pairs)
        self._owners = {key: group for key, group in sorted(pairs) if claims[key] == 1}
        longest_first = sorted(self._owners, key=lambda key: (-len(key), key))
        either = "|".join(map(re.escape, longest_first)) or r"(?!)"  # none: never matches
        self._key = re.compile(rf"(?i)(?<![a-z0-9])({either})-([1-9][0-9]*)(?![a-z0-9])")
        self._board = re.compile(rf"(?<![^\W_])({either})(?![^\W_]|-\d)")

    def found(self, text: str) -> Iterator[tuple[str, str]]:
        """Each key in a text, with its group first."""
        for project, number in self._key.findall(text):
            yield self._owners[project.upper()], f"{project.upper()}-{number}"

    def boards(self, title: str) -> Iterator[str]:
        """Groups whose project's key stands alone in the title of a page of Jira."""
        if "Jira" in title:
            for project in self._board.findall(title):
                yield self._owners[project]


def refs_in_text(text: str) -> list[str]:
    """Taiga's refs in what belongs to a group with Taiga: `TG-12` and `#12` as `#12`."""
    return [f"#{number}" for number in _TAIGA_REF.findall(folded(text))]


def refs_in_title(title: str) -> list[str]:
    """The same in a window's title, where pages of code hosts have numbers of their own."""
    return [] if _FORGE.search(folded(title)) else refs_in_text(title)


def refs_in_branch(branch: str) -> list[str]:
    """The same in a branch's name, which may also begin with the bare number: `12-reset`."""
    return refs_in_text(branch) or [f"#{number}" for number in _BRANCH_NUMBER.findall(branch)]
