"""Matching: the groups and issues that window titles, branches, commits and messages point to.

Everything here is about words; how much they count is in scoring.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tracklater_bot.domain.clues import ChatMessage, Checkout, Clue, Commit, Window
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.issues import Issue, IssueId
from tracklater_bot.domain.keys import Keys
from tracklater_bot.domain.keywords import (
    Branches,
    Keywords,
    all_hints,
    groups_in_message,
    is_trunk,
)
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.text import folded
from tracklater_bot.engine.match.issue_keys import (
    BareNumber,
    bare_numbers,
    numbers_in_branch,
    numbers_in_title,
    without_ranks,
)
from tracklater_bot.engine.match.issue_titles import IssueTitles
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
        self._keys = Keys({group.name: group.key_forms for group in groups})
        self._titles = IssueTitles(issues)
        hints = list(all_hints(groups, _repositories(clues)))
        self._keywords = Keywords(hints)
        self._spoken = Keywords(hint for hint in hints if not hint.windows_only)
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
        numbers: Iterable[BareNumber] = ()
        if group in self._keys.numbered:
            numbers = numbers_in_branch(branch)
            if (group, branch) in self._hosted:
                numbers = (replace(number, certain=False) for number in numbers)
        return (
            self._titles.first_known(self._keys.of_group(group, folded(branch)))
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
            words = groups_in_message(message.text, message.channel, self._spoken, self._keys)
        numbers = without_ranks(bare_numbers(message.text))
        named = (self._named(group, message.text, numbers) for group in words)
        return TextMatch(WindowPlace.TALK, words, dict.fromkeys(filter(None, named), 1.0))

    def names_others(self, group: str, text: str) -> bool:
        """Whether a text has a word or a key of another group in it."""
        plain = folded(text)
        named = {*self._spoken.find(plain), *(issue.group for issue in self._keys.scoped(plain))}
        return not named <= {group}

    def _named(self, group: str, text: str, numbers: Iterable[BareNumber]) -> IssueId | None:
        """The group's one issue that a text names by key, ref or title, else by a bare number."""
        known = self._titles.first_known(self._keys.of_group(group, folded(text)))
        if known is not None:
            return known
        titled = [issue for issue in self._titles.find(text) if issue.group == group]
        return titled[0] if len(titled) == 1 else self._numbered(group, numbers)

    def _numbered(self, group: str, numbers: Iterable[BareNumber]) -> IssueId | None:
        """The group's first known issue among bare numbers."""
        if group not in self._keys.numbered:
            return None
        for number in numbers:
            issue = self._titles.first_known(self._keys.numbers(group, number.number))
            if issue and (number.certain or self._titles.shares_word(issue, number.words)):
                return issue
        return None

    def _match(self, title: str) -> TextMatch:
        text = folded(title)
        content = without_program(text)
        groups = self._keywords.find(content)
        issues: dict[IssueId, float] = {}
        self._add_keys(title, text, groups, issues)
        self._add_branches(content, groups, issues)
        self._add_titles(title, groups, issues)
        self._add_refs(title, text, groups, issues)
        groups = self._rules.apply(text, groups)
        kept = {issue: share for issue, share in issues.items() if issue.group in groups}
        return TextMatch(self._kinds.of(title), groups, kept)

    def _add_keys(
        self, title: str, text: str, groups: dict[str, str], issues: dict[IssueId, float]
    ) -> None:
        for named in self._keys.scoped(text):
            groups.setdefault(named.group, f"key {named.key}")
            if (known := self._titles.first_known([named])) is not None:
                issues[known] = 1.0
        for owner, page in self._keys.pages(title):
            groups.setdefault(owner, f"{page} board")

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
            titled = [issue for issue in titled if issue.group in groups]
        if len({issue.group for issue in titled}) == 1:
            for issue in titled:
                groups.setdefault(issue.group, f"issue {issue.key}")
                issues.setdefault(issue, 1.0 / len(titled))

    def _add_refs(
        self, title: str, text: str, groups: dict[str, str], issues: dict[IssueId, float]
    ) -> None:
        """`#12` means something only where the title points to one group with such issues."""
        numbered = self._keys.numbered.intersection(groups)
        if len(numbered) != 1:
            return
        [group] = numbered
        known = self._titles.first_known(self._keys.unscoped(group, text))
        if known is None and all(
            issue.group != group or share < 1.0 for issue, share in issues.items()
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


def _repositories(clues: Iterable[Clue]) -> Iterator[tuple[str, str]]:
    """Group and name of each repository with clues."""
    return ((clue.group, clue.repo) for clue in clues if isinstance(clue, Commit | Checkout))


def _branches(clues: Iterable[Clue]) -> Iterator[tuple[str, str]]:
    for clue in clues:
        if isinstance(clue, Checkout):
            yield clue.group, clue.branch
        elif isinstance(clue, Commit):
            yield from ((clue.group, branch) for branch in clue.branches)


# -- For the catalogue -------------------------------------------------------------------------


def keys_in_clues(clues: Iterable[Clue], groups: Sequence[Group]) -> tuple[str, ...]:
    """The keys that a day's clues name, in order, each once: `#12`, `DEV-123`."""
    keys = Keys({group.name: group.key_forms for group in groups})
    names = tuple(group.name for group in groups)
    found: set[str] = set()
    for text, group in set(_texts(clues)):
        plain = folded(text)
        found.update(issue.key for issue in keys.scoped(plain))
        for own in names if group is None else (group,):
            found.update(issue.key for issue in keys.unscoped(own, plain))
        numbered = keys.numbered if group is None else keys.numbered & {group}
        if numbered:
            bare = numbers_in_title(text) if group is None else numbers_in_branch(text)
            numbers = {one.number for one in bare}
            found.update(
                issue.key
                for own in numbered
                for number in numbers
                for issue in keys.numbers(own, number)
            )
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
