"""Evidence: what a text says about the group and the issue that somebody worked for.

Everything here is about words. How much a word counts in time is said in pieces.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tracklater_bot.engine.titles import Kinds, Place, folded, without_program
from tracklater_bot.model import (
    Checkout,
    Clue,
    Commit,
    Group,
    Hint,
    HintKind,
    Issue,
    Message,
    Window,
)

# Names that many repositories share: they count only where a repository's name must stand.
_COMMON_NAMES = frozenset(
    "admin android api app apps backend blog client cms code common core dashboard data demo desktop"
    " dev docs documentation dotfiles examples frontend infra infrastructure intranet ios lib main"
    " mobile notes ops platform portal project scripts sdk server service services shared shop site"
    " src store test tests tools ui web webapp webshop website wiki work www".split()
)
_TRUNKS = frozenset(("main", "master", "develop", "development", "dev", "trunk", "staging", ""))
_SURE = {
    HintKind.KEYWORD: 1.0,
    HintKind.REPOSITORY: 1.0,
    HintKind.REMOTE: 1.0,
    HintKind.HOST: 1.0,
}
_BESIDE_A_COMMON_NAME = re.compile(r"[/~|:]|tmux")
_WORD = re.compile(r"[^\W_]+")
_TAIGA_REF = re.compile(r"(?:(?<![^\W_])tg-|(?<![\w#&/!])#)([1-9]\d{0,5})(?![^\W_])")
_BRANCH_NUMBER = re.compile(r"(?:^|/)([1-9]\d{0,5})(?=[-_])")
# A page of GitHub or GitLab: `#77` there is one of its own issues or pull requests.
_FORGE = re.compile(r"·|\bpull requests?\b|\bmerge requests?\b|![1-9]\d*")
_JOINT = r"[\s_-]{0,2}"
_NO_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
_SHORTEST_TITLE = 8
_SHORTEST_CLIENT = 4

IssueId = tuple[str, str]  # group and key


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a text points to: groups and issues with a strength from 0 to 1, and by which word."""

    place: Place = Place.WORK
    groups: dict[str, float] = field(default_factory=dict)
    issues: dict[IssueId, float] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.groups or self.issues)


def is_trunk(branch: str) -> bool:
    """Whether a branch is nobody's in particular: main, develop, or no branch at all."""
    return branch.casefold() in _TRUNKS


class Reader:
    """Reads texts for what they say about the groups and their issues. Each text is read once."""

    def __init__(
        self, groups: Sequence[Group], issues: Iterable[Issue], clues: Iterable[Clue], kinds: Kinds
    ) -> None:
        self._kinds = kinds
        self._groups = {group.name: group for group in groups}
        self._taiga = frozenset(group.name for group in groups if group.has_taiga)
        branches = list(_branches(clues))
        self._hints = _Hints((*_all_hints(groups), *_repositories(clues, self._groups)))
        self._keys = JiraKeys(groups)
        self._book = _Book(issues)
        self._windows: dict[str, Pointer] = {}
        self._branch_issues = {pair: self.branch(*pair) for pair in sorted(set(branches))}
        self._branches = _Branches(self._branch_issues)

    def window(self, title: str) -> Pointer:
        """What a window's title says."""
        if title not in self._windows:
            self._windows[title] = self._read_window(title)
        return self._windows[title]

    def branch(self, group: str, branch: str) -> IssueId | None:
        """The group's issue that a branch is for."""
        if is_trunk(branch):
            return None
        text = folded(branch)
        keys = [key for owner, key in self._keys.found(branch) if owner == group]
        if group in self._taiga:
            numbers = _TAIGA_REF.findall(text) or _BRANCH_NUMBER.findall(text)
            keys += [f"#{number}" for number in numbers]
        known = self._book.first(group, keys)
        return known or self._book.by_beginning(group, text)

    def commit(self, commit: Commit) -> IssueId | None:
        """The issue of a commit: named in its subject, else the one that its branch is for."""
        named = self._named(commit.group, commit.subject)
        if named is not None:
            return named
        found = {self._branch_issues.get((commit.group, each)) for each in commit.branches}
        found.discard(None)
        return found.pop() if len(found) == 1 else None

    def message(self, message: Message) -> Pointer:
        """What a message says: its workspace, else its channel and its text."""
        text = folded(f"{message.channel} | {message.text}")
        groups, words = self._hints.found(text)
        if message.group is not None:
            groups, words = {message.group: 1.0}, {message.group: "messages"}
        for owner, _ in self._keys.found(message.text):
            if message.group in (None, owner):
                groups[owner] = 1.0
                words.setdefault(owner, "messages")
        named = (self._named(group, message.text) for group in groups)
        issues = {each: 1.0 for each in named if each is not None}
        return Pointer(Place.TALK, groups, issues, words)

    def _named(self, group: str, text: str) -> IssueId | None:
        """The group's one issue that a text names by key, ref or title."""
        keys = [key for owner, key in self._keys.found(text) if owner == group]
        if group in self._taiga:
            keys += [f"#{number}" for number in _TAIGA_REF.findall(folded(text))]
        known = self._book.first(group, keys)
        if known is not None:
            return known
        titled = [each for each in self._book.titled(text) if each[0] == group]
        return titled[0] if len(titled) == 1 else None

    def _read_window(self, title: str) -> Pointer:
        text = folded(title)
        place = self._kinds.of(text)
        told = without_program(text)
        groups, words = self._hints.found(told)
        issues: dict[IssueId, float] = {}
        for owner, key in self._keys.found(title):
            groups[owner] = max(groups.get(owner, 0.0), 1.0)
            words.setdefault(owner, f"key {key}")
            if (known := self._book.first(owner, [key])) is not None:
                issues[known] = 1.0
        for owner in self._keys.boards(title):
            groups[owner] = max(groups.get(owner, 0.0), 1.0)
            words.setdefault(owner, "Jira board")
        self._add_branches(told, groups, issues, words)
        self._add_titles(title, groups, issues, words)
        self._add_refs(told, groups, issues)
        return Pointer(place, groups, issues, words)

    def _add_branches(
        self,
        text: str,
        groups: dict[str, float],
        issues: dict[IssueId, float],
        words: dict[str, str],
    ) -> None:
        for group, branch, issue in self._branches.found(text):
            if not groups or group in groups:
                groups[group] = max(groups.get(group, 0.0), 0.8)
                words.setdefault(group, f"branch {branch}")
                if issue is not None:
                    issues[issue] = 1.0

    def _add_titles(
        self,
        title: str,
        groups: dict[str, float],
        issues: dict[IssueId, float],
        words: dict[str, str],
    ) -> None:
        titled = self._book.titled(title)
        if groups:
            titled = [each for each in titled if each[0] in groups]
        if len({group for group, _ in titled}) != 1:
            return
        for group, key in titled:
            groups[group] = max(groups.get(group, 0.0), 0.8)
            words.setdefault(group, f"issue {key}")
            issues.setdefault((group, key), 1.0 / len(titled))

    def _add_refs(self, text: str, groups: dict[str, float], issues: dict[IssueId, float]) -> None:
        meant = self._taiga.intersection(groups)
        if len(meant) != 1 or _FORGE.search(text):
            return
        group = next(iter(meant))
        keys = [f"#{number}" for number in _TAIGA_REF.findall(text)]
        if (known := self._book.first(group, keys)) is not None:
            issues[known] = 1.0


# -- Words of the groups -----------------------------------------------------------------------


def _all_hints(groups: Iterable[Group]) -> Iterator[Hint]:
    """What settings and repositories tell, and the client's name in Toggl."""
    for group in groups:
        yield from group.hints
        for client in sorted({project.client for project in group.projects}):
            if len(client) >= _SHORTEST_CLIENT and client.casefold() not in _COMMON_NAMES:
                yield Hint(group.name, HintKind.KEYWORD, client)


def _repositories(clues: Iterable[Clue], groups: Iterable[str]) -> Iterator[Hint]:
    """The names of repositories that clues come from."""
    known = set(groups)
    found = {(each.group, each.repo) for each in clues if isinstance(each, Commit | Checkout)}
    for group, repo in sorted(found):
        if group in known:
            yield Hint(group, HintKind.REPOSITORY, repo)


class _Hints:
    """All words that point to groups, in one pattern; the longest match wins."""

    def __init__(self, hints: Iterable[Hint]) -> None:
        owners: defaultdict[str, set[str]] = defaultdict(set)
        kinds: dict[str, HintKind] = {}
        for hint in hints:
            text = folded(hint.text).strip()
            if text and not (hint.kind is HintKind.REMOTE and text in _COMMON_NAMES):
                owners[text].add(hint.group)
                known = kinds.get(text, hint.kind)
                kinds[text] = min(known, hint.kind, key=list(HintKind).index)
        # A word that two groups claim points to neither.
        self._words = sorted(
            (word for word, groups in owners.items() if len(groups) == 1),
            key=lambda word: (-len(word), word),
        )
        self._owners = {word: min(owners[word]) for word in self._words}
        self._kinds = kinds
        parts = (f"(?P<h{number}>{_spelled(word)})" for number, word in enumerate(self._words))
        self._pattern = re.compile("|".join(parts)) if self._words else None

    def found(self, text: str) -> tuple[dict[str, float], dict[str, str]]:
        """How strongly a folded text points to each group, and the word that does."""
        groups: dict[str, float] = {}
        words: dict[str, str] = {}
        if self._pattern is None:
            return groups, words
        for match in self._pattern.finditer(text):
            word = self._words[int((match.lastgroup or "h0")[1:])]
            group = self._owners[word]
            strength = self._strength(word, text, match.start())
            if strength > groups.get(group, 0.0):
                groups[group] = strength
                words[group] = f"{self._kinds[word].value} {word}"
        return groups, words

    def _strength(self, word: str, text: str, start: int) -> float:
        kind = self._kinds[word]
        if kind is HintKind.KEYWORD or word not in _COMMON_NAMES:
            return _SURE[kind]
        before = text[max(0, start - 6) : start].rstrip()
        return 0.9 if before and _BESIDE_A_COMMON_NAME.search(before[-4:]) else 0.0


def _spelled(word: str) -> str:
    """A pattern for a word or words, written with spaces, hyphens, underscores or together."""
    parts = [re.escape(part) for part in re.split(r"[\s_-]+", word) if part]
    start = "" if _runs_on(word[0]) else r"(?<![^\W_])"
    end = "" if _runs_on(word[-1]) else r"(?![^\W_])"
    return start + (_JOINT.join(parts) or re.escape(word)) + end


def _runs_on(character: str) -> bool:
    """Whether a script puts no spaces between words."""
    return unicodedata.name(character, "").startswith(_NO_SPACES)


# -- Keys --------------------------------------------------------------------------------------


class JiraKeys:
    """Finds keys of the configured projects; a key that two groups claim points to neither."""

    def __init__(self, groups: Iterable[Group]) -> None:
        pairs = {(key.upper(), group.name) for group in groups for key in group.jira_keys if key}
        claims = Counter(key for key, _ in pairs)
        self._owners = {key: group for key, group in sorted(pairs) if claims[key] == 1}
        longest_first = sorted(self._owners, key=lambda key: (-len(key), key))
        either = "|".join(map(re.escape, longest_first))
        self._pattern = self._board = None
        if either:
            self._pattern = re.compile(rf"(?i)(?<![a-z0-9])({either})-([1-9][0-9]*)(?![a-z0-9])")
            self._board = re.compile(rf"(?<![^\W_])({either})(?![^\W_]|-\d)")

    def found(self, text: str) -> Iterator[tuple[str, str]]:
        """Each key in a text with its group."""
        if self._pattern is not None:
            for project, number in self._pattern.findall(text):
                yield self._owners[project.upper()], f"{project.upper()}-{number}"

    def boards(self, title: str) -> Iterator[str]:
        """Groups whose project's key stands alone in the title of a page of Jira."""
        if self._board is not None and "Jira" in title:
            for project in self._board.findall(title):
                yield self._owners[project]


class _Branches:
    """Finds the day's branches in titles, where terminals and code hosts show them."""

    def __init__(self, issues: dict[tuple[str, str], IssueId | None]) -> None:
        owners: defaultdict[str, set[str]] = defaultdict(set)
        for group, branch in issues:
            if not is_trunk(branch) and len(branch) >= 5:
                owners[folded(branch)].add(group)
        words = sorted(
            (word for word, groups in owners.items() if len(groups) == 1),
            key=lambda word: (-len(word), word),
        )
        known = {(group, folded(branch)): issue for (group, branch), issue in issues.items()}
        self._meant = {word: (min(owners[word]), known[min(owners[word]), word]) for word in words}
        either = "|".join(map(re.escape, words))
        self._pattern = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])") if words else None

    def found(self, text: str) -> Iterator[tuple[str, str, IssueId | None]]:
        """Group, branch and issue of each branch named in a folded text."""
        if self._pattern is not None:
            for word in dict.fromkeys(self._pattern.findall(text)):
                yield self._meant[word][0], word, self._meant[word][1]


def _branches(clues: Iterable[Clue]) -> Iterator[tuple[str, str]]:
    for clue in clues:
        if isinstance(clue, Checkout):
            yield clue.group, clue.branch
        elif isinstance(clue, Commit):
            for branch in clue.branches:
                yield clue.group, branch


# -- Issues ------------------------------------------------------------------------------------


class _Book:
    """The issues, found by key, by title and by the beginning of a title."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self._by_key: dict[IssueId, IssueId] = {}
        self._words: dict[IssueId, tuple[str, ...]] = {}
        self._by_word: defaultdict[str, list[IssueId]] = defaultdict(list)
        known = sorted(issues, key=lambda issue: (issue.group, issue.key))
        for issue in known:
            for alias in issue.aliases:
                self._by_key[issue.group, alias.upper()] = (issue.group, issue.key)
        for issue in known:
            self._add(issue)

    def _add(self, issue: Issue) -> None:
        found = (issue.group, issue.key)
        self._by_key[issue.group, issue.key.upper()] = found
        words = _plain_words(issue.title)
        self._words[found] = words
        if words and (len(words) > 1 or _runs_on(words[0][0])):
            if sum(map(len, words)) >= (5 if _runs_on(words[0][0]) else _SHORTEST_TITLE):
                self._by_word[words[0]].append(found)

    def first(self, group: str, keys: Iterable[str]) -> IssueId | None:
        """The first known issue of the group among keys."""
        found = (self._by_key.get((group, key.upper())) for key in keys)
        return next((each for each in found if each is not None), None)

    def titled(self, text: str) -> list[IssueId]:
        """The issues whose whole titles stand in a text; of titles in one another, the longest."""
        words = _plain_words(text)
        found: list[IssueId] = []
        for place, word in enumerate(words):
            for each in self._by_word.get(word, ()):
                title = self._words[each]
                if words[place : place + len(title)] == title:
                    found.append(each)
        longest = max((len(self._words[each]) for each in found), default=0)
        return list(dict.fromkeys(each for each in found if len(self._words[each]) == longest))

    def by_beginning(self, group: str, branch: str) -> IssueId | None:
        """The group's one issue whose title begins with the words of a branch's last part."""
        words = _plain_words(branch.rpartition("/")[2])
        if len(words) < 2 and not (words and _runs_on(words[0][0])):
            return None
        found = [
            each
            for each, title in self._words.items()
            if each[0] == group and (title[: len(words)] == words)
        ]
        return found[0] if len(found) == 1 else None


def _plain_words(text: str) -> tuple[str, ...]:
    """The words of a text without accents, as people write them into branch names."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(each for each in bare if not unicodedata.combining(each))
    return tuple(_WORD.findall(kept))


# -- For the catalogue -------------------------------------------------------------------------


def keys_in_clues(clues: Iterable[Clue], groups: Sequence[Group]) -> tuple[str, ...]:
    """The keys and refs that a day's clues name, in order, each once: `DEV-123`, `#12`."""
    keys = JiraKeys(groups)
    taiga = frozenset(group.name for group in groups if group.has_taiga)
    found: dict[str, None] = {}
    for text, group in dict.fromkeys(_texts(clues)):
        found.update(dict.fromkeys(key for _, key in keys.found(text)))
        if taiga and (group is None or group in taiga):
            refs = folded(text)
            if not _FORGE.search(refs):
                found.update(dict.fromkeys(f"#{each}" for each in _TAIGA_REF.findall(refs)))
    return tuple(sorted(found))


def _texts(clues: Iterable[Clue]) -> Iterator[tuple[str, str | None]]:
    for clue in clues:
        match clue:
            case Window():
                yield clue.title, None
            case Commit():
                yield clue.subject, clue.group
                yield from ((branch, clue.group) for branch in clue.branches)
            case Checkout():
                yield clue.branch, clue.group
            case Message():
                yield clue.text, clue.group
