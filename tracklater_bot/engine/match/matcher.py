"""Matching: the groups and issues that window titles, branches, commits and messages point to.

Everything here is about words; how much they count is in score/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tracklater_bot.domain.clues import ChatMessage, Checkout, Clue, Commit, Hint, HintKind, Window
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.text import folded
from tracklater_bot.engine.match.issue_keys import (
    BareNumber,
    JiraKeys,
    bare_numbers,
    numbers_in_branch,
    numbers_in_title,
    taiga_refs,
    without_ranks,
)
from tracklater_bot.engine.match.issue_titles import IssueId, IssueTitles
from tracklater_bot.engine.match.keywords import Branches, Keywords, all_hints, is_trunk
from tracklater_bot.engine.match.user_rules import UserRules
from tracklater_bot.engine.windows import WindowKind, WindowPlace, without_program


@dataclass(frozen=True, slots=True)
class TextMatch:
    """What a text points to: groups, each with the word that does it, and issues.

    Of issues that a text names only together, each gets a share of 1.
    """

    place: WindowPlace = WindowPlace.WORK
    groups: dict[str, str] = field(default_factory=dict)
    issues: dict[IssueId, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.groups)


class Matcher:
    """Matches texts with the groups and their issues; each title once."""

    def __init__(
        self,
        groups: Sequence[Group],
        issues: Iterable[Issue],
        clues: Sequence[Clue],
        kinds: WindowKind,
        rules: Sequence[Rule] = (),
    ) -> None:
        self._kinds = kinds
        self._rules = UserRules(rules)
        self._names = frozenset(group.name for group in groups)
        self._taiga = frozenset(group.name for group in groups if group.has_taiga)
        self._keys = JiraKeys(groups)
        self._titles = IssueTitles(issues)
        hints = list(all_hints(groups, clues))
        self._keywords = Keywords(hints)
        self._remotes = tuple(_addresses(hints))
        self._hosted = frozenset(_branches(clue for clue in clues if _is_hosted(clue)))
        self._branches = Branches(set(_branches(clues)))
        self._windows: dict[str, TextMatch] = {}

    def window(self, title: str) -> TextMatch:
        """What a window's title says."""
        if title not in self._windows:
            self._windows[title] = self._match(title)
        return self._windows[title]

    def branch(self, group: str, branch: str) -> IssueId | None:
        """The group's issue that a branch is for."""
        if is_trunk(branch):
            return None
        keys = [key for owner, key in self._keys.find(branch) if owner == group]
        numbers: Iterable[BareNumber] = ()
        if group in self._taiga:
            keys += taiga_refs(branch)
            numbers = numbers_in_branch(branch)
            if (group, branch) in self._hosted:
                numbers = (replace(number, certain=False) for number in numbers)
        return (
            self._titles.first_known(group, keys)
            or self._numbered(group, numbers)
            or self._titles.by_title_prefix(group, branch)
        )

    def commit(self, commit: Commit) -> IssueId | None:
        """The issue of a commit: named in its subject, else the one that its branch is for."""
        numbers = () if commit.hosted else bare_numbers(commit.subject)
        named = self._named(commit.group, commit.subject, numbers)
        if named is not None:
            return named
        issues = {self.branch(commit.group, branch) for branch in commit.branches} - {None}
        return issues.pop() if len(issues) == 1 else None

    def message(self, message: ChatMessage) -> TextMatch:
        """What a message says: its workspace's group, else what its channel and text point to."""
        if message.group is not None:
            words = {message.group: "messages"} if message.group in self._names else {}
        else:
            words = self._keywords.find(folded(f"{message.channel} | {message.text}"))
            for owner, key in self._keys.find(message.text):
                words.setdefault(owner, f"key {key}")
        numbers = without_ranks(bare_numbers(message.text))
        named = (self._named(group, message.text, numbers) for group in words)
        return TextMatch(WindowPlace.TALK, words, dict.fromkeys(filter(None, named), 1.0))

    def names_others(self, group: str, text: str) -> bool:
        """Whether a text has a word or a key of another group in it."""
        named = {*self._keywords.find(folded(text)), *(owner for owner, _ in self._keys.find(text))}
        return not named <= {group}

    def _named(self, group: str, text: str, numbers: Iterable[BareNumber]) -> IssueId | None:
        """The group's one issue that a text names by key, ref or title, else by a bare number."""
        keys = [key for owner, key in self._keys.find(text) if owner == group]
        if group in self._taiga:
            keys += taiga_refs(text)
        known = self._titles.first_known(group, keys)
        if known is not None:
            return known
        titled = [issue for issue in self._titles.find(text) if issue[0] == group]
        return titled[0] if len(titled) == 1 else self._numbered(group, numbers)

    def _numbered(self, group: str, numbers: Iterable[BareNumber]) -> IssueId | None:
        """The group's first known issue among bare numbers."""
        if group not in self._taiga:
            return None
        for number in numbers:
            issue = self._titles.first_known(group, [number.key])
            if issue and (number.certain or self._titles.shares_word(issue, number.words)):
                return issue
        return None

    def _match(self, title: str) -> TextMatch:
        text = folded(title)
        content = without_program(text)
        groups = self._keywords.find(content)
        issues: dict[IssueId, float] = {}
        self._add_keys(title, groups, issues)
        self._add_branches(content, groups, issues)
        self._add_titles(title, groups, issues)
        self._add_refs(title, groups, issues)
        groups = self._rules.apply(text, groups)
        kept = {issue: share for issue, share in issues.items() if issue[0] in groups}
        return TextMatch(self._kinds.of(title), groups, kept)

    def _add_keys(self, title: str, groups: dict[str, str], issues: dict[IssueId, float]) -> None:
        for owner, key in self._keys.find(title):
            groups.setdefault(owner, f"key {key}")
            if (known := self._titles.first_known(owner, [key])) is not None:
                issues[known] = 1.0
        for owner in self._keys.find_boards(title):
            groups.setdefault(owner, "Jira board")

    def _add_branches(
        self, text: str, groups: dict[str, str], issues: dict[IssueId, float]
    ) -> None:
        for group, branch in self._branches.find(text):
            if not groups or group in groups:
                groups.setdefault(group, f"branch {branch}")
                if (issue := self.branch(group, branch)) is not None:
                    issues[issue] = 1.0

    def _add_titles(self, title: str, groups: dict[str, str], issues: dict[IssueId, float]) -> None:
        """Titles of issues count where they are one group's, which nothing else contradicts."""
        titled = self._titles.find(title)
        if groups:
            titled = [issue for issue in titled if issue[0] in groups]
        if len({group for group, _ in titled}) == 1:
            for group, key in titled:
                groups.setdefault(group, f"issue {key}")
                issues.setdefault((group, key), 1.0 / len(titled))

    def _add_refs(self, title: str, groups: dict[str, str], issues: dict[IssueId, float]) -> None:
        """`#12` means something only where the title points to one group with Taiga."""
        with_taiga = self._taiga.intersection(groups)
        if len(with_taiga) != 1:
            return
        [group] = with_taiga
        known = self._titles.first_known(group, taiga_refs(title))
        if known is None and all(
            owner != group or share < 1.0 for (owner, _), share in issues.items()
        ):
            known = self._numbered(group, numbers_in_title(title, self._remotes))
        if known is not None:
            issues[known] = 1.0


def _addresses(hints: Iterable[Hint]) -> Iterator[str]:
    """Owner and name of each repository on a server, folded."""
    for hint in hints:
        if hint.kind is HintKind.REMOTE and "/" in hint.text:
            yield folded(hint.text)


def _is_hosted(clue: Clue) -> bool:
    return isinstance(clue, Commit | Checkout) and clue.hosted


def _branches(clues: Iterable[Clue]) -> Iterator[tuple[str, str]]:
    for clue in clues:
        if isinstance(clue, Checkout):
            yield clue.group, clue.branch
        elif isinstance(clue, Commit):
            yield from ((clue.group, branch) for branch in clue.branches)


# -- For the catalogue -------------------------------------------------------------------------


def keys_in_clues(clues: Iterable[Clue], groups: Sequence[Group]) -> tuple[str, ...]:
    """The keys and refs that a day's clues name, in order, each once: `#12`, `DEV-123`."""
    keys = JiraKeys(groups)
    taiga = frozenset(group.name for group in groups if group.has_taiga)
    found: set[str] = set()
    for text, group in set(_texts(clues)):
        found.update(key for _, key in keys.find(text))
        if group in taiga or (taiga and group is None):
            found.update(taiga_refs(text))
            bare = numbers_in_title(text) if group is None else numbers_in_branch(text)
            found.update(number.key for number in bare)
    return tuple(sorted(found))


def _texts(clues: Iterable[Clue]) -> Iterator[tuple[str, str | None]]:
    for clue in clues:
        match clue:
            case Window():
                yield clue.title, None
            case Commit():
                yield from ((text, clue.group) for text in (clue.subject, *clue.branches))
            case Checkout():
                yield clue.branch, clue.group
            case ChatMessage():
                yield clue.text, clue.group
