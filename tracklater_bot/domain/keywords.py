"""Words that point to groups, and how they may be written."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.keys import Keys
from tracklater_bot.domain.text import folded, listed

# Names that many repositories share: they count only where a repository's name must stand.
COMMON_NAMES = listed("""admin|android|api|app|apps|backend|blog|client|cms|code|common|core
    |dashboard|data|demo|desktop|dev|docs|examples|documentation|dotfiles|frontend|infra
    |infrastructure|intranet|ios|lib|main|mobile|notes|ops|platform|portal|project|scripts|sdk
    |server|service|services|shared|shop|site|src|store|test|tests|tools|ui|web|webapp|webshop
    |website|wiki|work""")
_BEFORE_A_NAME = re.compile(r"(?:[/~]|\btmux:? )$")
_TRUNKS = frozenset(("main", "master", "develop", "development", "dev", "trunk", "staging", ""))
_SHORTEST_BRANCH = 5
_SHORTEST_CLIENT = 4
_JOINER = r"[\s_-]{0,2}"
_UNSPACED_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


def is_trunk(branch: str) -> bool:
    """Whether a branch is nobody's in particular: main, develop, or no branch at all."""
    return branch.casefold() in _TRUNKS


def is_unspaced(character: str) -> bool:
    """Whether its script puts no spaces between words."""
    return unicodedata.name(character, "").startswith(_UNSPACED_SCRIPTS)


def all_hints(
    groups: Iterable[Group], repositories: Iterable[tuple[str, str]] = ()
) -> Iterator[Hint]:
    """What settings and sources tell, clients of the tracker, and `repositories` with groups."""
    names = set()
    for group in groups:
        names.add(group.name)
        yield from group.hints
        for client in sorted({project.client for project in group.projects}):
            if len(client) >= _SHORTEST_CLIENT and client.casefold() not in COMMON_NAMES:
                yield Hint(group.name, HintKind.KEYWORD, client)
    for name, repo in sorted(set(repositories)):
        if name in names:
            yield Hint(name, HintKind.REPOSITORY, repo)


class Keywords:
    """All hints in one pattern. The longest match wins; a word two groups claim means neither."""

    def __init__(self, hints: Iterable[Hint]) -> None:
        owners: defaultdict[str, set[str]] = defaultdict(set)
        self._kinds: dict[str, HintKind] = {}
        for hint in hints:
            word = folded(hint.text).strip()
            # The last part of a remote ("web" of "acme/web") never stands alone in a title.
            if word and not (hint.kind is HintKind.REMOTE and word in COMMON_NAMES):
                owners[word].add(hint.group)
                kinds = (hint.kind, self._kinds.get(word, hint.kind))
                self._kinds[word] = min(kinds, key=list(HintKind).index)
        self._owners = _claimed_by_one(owners)
        self._words = list(self._owners)
        parts = (f"(?P<h{n}>{spelling_pattern(word)})" for n, word in enumerate(self._words))
        self._pattern = re.compile("|".join(parts) or r"(?!)")

    def find(self, text: str) -> dict[str, str]:
        """The groups that a folded text points to, each with the word that does it."""
        words: dict[str, str] = {}
        for match in self._pattern.finditer(text):
            word = self._words[int((match.lastgroup or "h0")[1:])]
            if self._counts(word, text[: match.start()], text[match.end() :]):
                words.setdefault(self._owners[word], f"{self._kinds[word].value} {word}")
        return words

    def _counts(self, word: str, before: str, after: str) -> bool:
        """A common name counts in a path, a list of tmux, or as a part of a title by itself."""
        if self._kinds[word] is HintKind.KEYWORD or word not in COMMON_NAMES:
            return True
        alone = before.endswith("| ") and (not after or after.startswith(" |"))
        return alone or _BEFORE_A_NAME.search(before) is not None


def groups_in_message(text: str, channel: str, keywords: Keywords, keys: Keys) -> dict[str, str]:
    """The groups that a message points to, in its words or its channel's, each with the word."""
    words = keywords.find(folded(f"{channel} | {text}"))
    for issue in keys.scoped(folded(text)):
        words.setdefault(issue.group, f"key {issue.key}")
    return words


def group_meant(text: str, channel: str, groups: Sequence[Group]) -> str | None:
    """The one group that a message is for, by its words."""
    keywords = Keywords(hint for hint in all_hints(groups) if not hint.windows_only)
    keys = Keys({group.name: group.key_forms for group in groups})
    found = groups_in_message(text, channel, keywords, keys)
    return next(iter(found)) if len(found) == 1 else None


class Branches:
    """Finds a day's branches in titles, where terminals and code hosts show them."""

    def __init__(self, branches: Iterable[tuple[str, str]]) -> None:
        owners: defaultdict[str, set[str]] = defaultdict(set)
        self._spelling: dict[str, str] = {}
        for group, branch in sorted(branches):
            if not is_trunk(branch) and len(branch) >= _SHORTEST_BRANCH:
                owners[folded(branch)].add(group)
                self._spelling.setdefault(folded(branch), branch)
        self._owners = _claimed_by_one(owners)
        either = "|".join(map(re.escape, self._owners)) or r"(?!)"
        self._pattern = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])")

    def find(self, text: str) -> Iterator[tuple[str, str]]:
        """Group and branch, as git spells it, of each branch named in a folded text."""
        for word in dict.fromkeys(self._pattern.findall(text)):
            yield self._owners[word], self._spelling[word]


def _claimed_by_one(owners: Mapping[str, set[str]]) -> dict[str, str]:
    """The words that one group alone claims, longest first, each with that group."""
    words = sorted(owners, key=lambda word: (-len(word), word))
    return {word: min(owners[word]) for word in words if len(owners[word]) == 1}


def spelling_pattern(word: str) -> str:
    """A pattern for a word or words, written with spaces, hyphens, underscores or together."""
    parts = [part for part in re.split(r"[\s_-]+", word) if part] or [word]
    start = r"(?<![^\W_])" if _is_bounded(parts[0][0]) else ""
    end = r"(?![^\W_])" if _is_bounded(parts[-1][-1]) else ""
    return start + _JOINER.join(map(re.escape, parts)) + end


def _is_bounded(character: str) -> bool:
    """Whether a word that ends with it must end there: `~/g1/` and `C++` may go on."""
    return not is_unspaced(character) and unicodedata.category(character)[0] not in "PS"
