"""Matching: the groups and issues that window titles, branches, commits and messages point to.

Everything here is about words; how much they count is in scoring.py.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import PurePath

from tracklater_bot.domain.clues import ChatMessage, Checkout, Clue, Commit, Meeting, Prompt, Window
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.hints import HintKind
from tracklater_bot.domain.issues import Issue, IssueId
from tracklater_bot.domain.keys import Keys
from tracklater_bot.domain.keywords import (
    Branches,
    Keywords,
    all_hints,
    groups_in_message,
    is_trunk,
    spelling_pattern,
)
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.text import folded, without_accents
from tracklater_bot.engine.looks import Look, look_of, parts_of
from tracklater_bot.engine.match.issue_words import (
    BareNumber,
    IssueTitles,
    bare_numbers,
    numbers_in_branch,
    numbers_in_title,
    without_ranks,
)
from tracklater_bot.engine.windows import WindowKind, WindowPlace, is_private, without_program


@dataclass(frozen=True, slots=True)
class TextMatch:
    """What a text points to: groups, each with the word that does it, and issues.

    Of issues that a text names only together, each gets a share of 1. `by_rule`: a rule of the
    person's alone names its groups, which tells nothing of an issue.
    """

    place: WindowPlace = WindowPlace.WORK
    groups: dict[str, str] = field(default_factory=dict)
    issues: dict[IssueId, float] = field(default_factory=dict)
    by_rule: bool = False

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
        words = ((folded(rule.text).strip(), rule) for rule in rules)
        self._rules = [(re.compile(spelling_pattern(word)), rule) for word, rule in words if word]
        self._names = frozenset(group.name for group in groups)
        self._keys = Keys({group.name: group.key_forms for group in groups})
        self._titles = IssueTitles(issues)
        of_git = [clue for clue in clues if isinstance(clue, Commit | Checkout)]
        prompts = [clue for clue in clues if isinstance(clue, Prompt) and clue.group]
        hints = list(all_hints(groups, ((clue.group, clue.repo) for clue in of_git)))
        folders = [hint for hint in hints if hint.kind is HintKind.FOLDER]
        shared = Counter(hint.text for hint in dict.fromkeys(folders))
        self._folders = {PurePath(h.text): h.group for h in folders if shared[h.text] == 1}
        hints = [hint for hint in hints if hint.kind is not HintKind.FOLDER]
        self._keywords = Keywords(hints)
        spoken = [hint for hint in hints if not hint.windows_only]
        self._spoken = Keywords(spoken)
        accented = any(not hint.text.isascii() for hint in spoken)
        plain = (replace(hint, text=without_accents(hint.text)) for hint in spoken)
        self._domains = Keywords([*spoken, *plain]) if accented else self._spoken
        # Owner and name of each repository on a server.
        remotes = (hint.text for hint in hints if hint.kind is HintKind.REMOTE)
        self._remote_names = tuple(folded(text) for text in remotes if "/" in text)
        self._remotes: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for clue in of_git:
            for branch in _branches([clue]):
                self._remotes[branch] |= dict.fromkeys(clue.remotes)
        hosted = set(_branches(clue for clue in of_git if clue.hosted))
        # An agent does not tell whether its repository is hosted; git may.
        self._hosted = hosted | (set(_branches(prompts)) - set(_branches(of_git)))
        self._branches = Branches(set(_branches((*of_git, *prompts))))
        self._windows: dict[str, TextMatch] = {}
        self._named_in: dict[str, set[str]] = {}

    def window(self, title: str) -> TextMatch:
        """What a window's look says."""
        if title not in self._windows:
            self._windows[title] = self._match(title)
        return self._windows[title]

    def branch(self, group: str, branch: str) -> IssueId | None:
        """The group's issue that a branch is for."""
        if is_trunk(branch):
            return None
        remotes = tuple(self._remotes.get((group, branch), ()))
        numbers: Iterable[BareNumber] = numbers_in_branch(branch)
        if (group, branch) in self._hosted and not self._keys.at_home(group, remotes):
            numbers = (replace(number, certain=False) for number in numbers)
        return (
            self._titles.first_known(self._keys.of_group(group, folded(branch), remotes))
            or self._numbered(group, numbers, remotes)
            or self._titles.by_title_prefix(group, branch)
        )

    def commit(self, commit: Commit) -> IssueId | None:
        """The issue of a commit: named in its subject, else the one that its branch is for."""
        elsewhere = commit.hosted and not self._keys.at_home(commit.group, commit.remotes)
        numbers = () if elsewhere else bare_numbers(commit.subject)
        named = self._named(commit.group, commit.subject, numbers, commit.remotes)
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
            words = words or self._spoken.find(folded(" | ".join(message.shared_channels)))
        numbers = without_ranks(bare_numbers(message.text))
        named = (self._named(group, message.text, numbers) for group in words)
        return TextMatch(WindowPlace.TALK, words, dict.fromkeys(filter(None, named), 1.0))

    def folder(self, prompt: Prompt) -> tuple[str, ...]:
        """The group of a prompt's folder: whose repository it is in, else whom its name tells."""
        if prompt.group is not None:
            return (prompt.group,) if prompt.group in self._names else ()
        named = self._spoken.find(folded(re.split(r"[/\\]", prompt.folder)[-1]))
        return tuple(named) if len(named) == 1 else ()

    def meeting(self, meeting: Meeting) -> TextMatch:
        """What a meeting says: its title, else where its guests are from."""
        words = groups_in_message(meeting.title, "", self._spoken, self._keys)
        words = words or self._domains.find(folded(" | ".join(meeting.domains)))
        named = (self._named(group, meeting.title, ()) for group in words)
        return TextMatch(WindowPlace.MEETING, words, dict.fromkeys(filter(None, named), 1.0))

    def names_others(self, group: str, text: str) -> bool:
        """Whether a text has a word or a key of another group in it."""
        if text not in self._named_in:
            plain = folded(text)
            keyed = (issue.group for issue in self._keys.scoped(plain))
            self._named_in[text] = {*self._spoken.find(plain), *keyed}
        return not self._named_in[text] <= {group}

    def _named(
        self, group: str, text: str, numbers: Iterable[BareNumber], remotes: Sequence[str] = ()
    ) -> IssueId | None:
        """The group's one issue that a text names by key, ref or title, else by a bare number."""
        known = self._titles.first_known(self._keys.of_group(group, folded(text), remotes))
        if known is not None:
            return known
        titled = [issue for issue in self._titles.find(text) if issue.group == group]
        return titled[0] if len(titled) == 1 else self._numbered(group, numbers, remotes)

    def _numbered(
        self, group: str, numbers: Iterable[BareNumber], remotes: Sequence[str] = ()
    ) -> IssueId | None:
        """The group's first known issue among bare numbers."""
        if group not in self._keys.numbered and not self._keys.at_home(group, remotes):
            return None
        for number in numbers:
            issue = self._titles.first_known(self._keys.numbers(group, number.number, remotes))
            if issue and (number.certain or self._titles.shares_word(issue, number.words)):
                return issue
        return None

    def _match(self, written: str) -> TextMatch:
        """An address or an open folder that points to a group beats the title beside it."""
        look = parts_of(written)
        title = look.spelled
        match = self._match_title(title, self._kinds.of(written))
        own = self._is_own(match, title)
        more = bool(look.url or look.folder) and not (own or is_private(title))
        for told in (self._match_address(look), self._match_folder(look)) if more else ():
            if told:
                theirs = {i: share for i, share in match.issues.items() if i.group in told.groups}
                place = WindowPlace.WORK if match.place is WindowPlace.LEISURE else match.place
                match = replace(told, place=place, issues=told.issues or theirs)
        text = folded(f"{title} {look.url} {look.folder}")
        groups = self._ruled(text, self._named_for_own(match) if own else match.groups)
        kept = {issue: share for issue, share in match.issues.items() if issue.group in groups}
        by_rule = bool(groups) and match.groups.keys().isdisjoint(groups)
        return TextMatch(WindowPlace.OWN if own else match.place, groups, kept, by_rule)

    def _match_address(self, look: Look) -> TextMatch:
        """What the address of a page says; nothing without one."""
        address = look.address
        text = folded(address)
        match = TextMatch(groups=self._keywords.find(text))
        if address:
            self._add_keys(match, address, text)
            self._add_branches(match, text)
            self._add_refs(match, address, text)
        return match

    def _match_folder(self, look: Look) -> TextMatch:
        """What the folder and the branch in an editor say; nothing without a folder."""
        if not look.folder:
            return TextMatch()
        folder = PurePath(look.folder)
        inside = (path for path in (folder, *folder.parents) if path in self._folders)
        match = TextMatch(groups=self._keywords.find(folded(look.folder)))
        if (path := next(inside, None)) is not None:
            match = TextMatch(groups={self._folders[path]: f"folder {path.name}"})
        for group in match.groups if len(match.groups) == 1 else ():
            if (issue := self.branch(group, look.branch)) is not None:
                match.issues[issue] = 1.0
        return match

    def _match_title(self, title: str, place: WindowPlace) -> TextMatch:
        text = folded(title)
        content = without_program(text)
        match = TextMatch(place, self._keywords.find(content))
        self._add_keys(match, title, text)
        self._add_branches(match, content)
        self._add_titles(match, title)
        self._add_refs(match, title, text)
        return match

    def _is_own(self, match: TextMatch, title: str) -> bool:
        """Whether a window is the person's own administration; calls are calls, whatever about."""
        names = [word.partition(" ")[2] or word for word in match.groups.values()]
        calls = match.place is WindowPlace.MEETING
        return not calls and self._kinds.is_own(title, names, issue=bool(match.issues))

    def _named_for_own(self, match: TextMatch) -> dict[str, str]:
        """The groups that the person names for administration: `keyword procountor`."""
        words = ((group, word) for group, word in match.groups.items() if " " in word)
        return {g: word for g, word in words if self._kinds.is_own(word.partition(" ")[2])}

    def _add_keys(self, match: TextMatch, title: str, text: str) -> None:
        for named in self._keys.scoped(text):
            match.groups.setdefault(named.group, f"key {named.key}")
            if (known := self._titles.first_known([named])) is not None:
                match.issues[known] = 1.0
        for owner, page in self._keys.pages(title):
            match.groups.setdefault(owner, f"{page} board")

    def _add_branches(self, match: TextMatch, text: str) -> None:
        for group, branch in self._branches.find(text):
            if not match.groups or group in match.groups:
                match.groups.setdefault(group, f"branch {branch}")
                if (issue := self.branch(group, branch)) is not None:
                    match.issues[issue] = 1.0

    def _add_titles(self, match: TextMatch, title: str) -> None:
        """Titles of issues count where they are one group's, which nothing else contradicts."""
        titled = self._titles.find(title)
        if match.groups:
            titled = [issue for issue in titled if issue.group in match.groups]
        if len({issue.group for issue in titled}) == 1:
            for issue in titled:
                match.groups.setdefault(issue.group, f"issue {issue.key}")
                match.issues.setdefault(issue, 1.0 / len(titled))

    def _add_refs(self, match: TextMatch, title: str, text: str) -> None:
        """`#12` means something only where the title points to one group with such issues."""
        numbered = self._keys.numbered.intersection(match.groups)
        if len(numbered) != 1:
            return
        [group] = numbered
        known = self._titles.first_known(self._keys.unscoped(group, text))
        sure = any(issue.group == group and share >= 1.0 for issue, share in match.issues.items())
        if known is None and not sure:
            known = self._numbered(group, numbers_in_title(title, self._remote_names))
        if known is not None:
            match.issues[known] = 1.0

    def _ruled(self, text: str, groups: dict[str, str]) -> dict[str, str]:
        """The groups that a folded title points to in the end, each with the word that does it.

        An ALWAYS rule leaves only its own group, a NEVER rule takes its group away.
        """
        matching = [rule for pattern, rule in self._rules if pattern.search(text)]
        always = {r.group: f"your rule “{r.text}”" for r in matching if r.kind is RuleKind.ALWAYS}
        never = {rule.group for rule in matching if rule.kind is RuleKind.NEVER}
        return always or {group: word for group, word in groups.items() if group not in never}


def _branches(clues: Iterable[Clue]) -> Iterator[tuple[str, str]]:
    for clue in clues:
        if isinstance(clue, Checkout | Prompt):
            yield clue.group or "", clue.branch
        elif isinstance(clue, Commit):
            yield from ((clue.group, branch) for branch in clue.branches)


# -- For the catalogue -------------------------------------------------------------------------


def keys_in_clues(clues: Iterable[Clue], groups: Sequence[Group]) -> tuple[str, ...]:
    """The keys that a day's clues name, in order, each once: `#12`, `DEV-123`."""
    keys = Keys({group.name: group.key_forms for group in groups})
    names = frozenset(group.name for group in groups)
    found: set[str] = set()
    for text, group in set(_texts(clues)):
        plain = folded(text)
        owners = names if group is None else {group}
        found.update(issue.key for issue in keys.scoped(plain))
        found.update(issue.key for own in owners for issue in keys.unscoped(own, plain))
        if numbered := keys.numbered & owners:
            bare = numbers_in_title(text) if group is None else numbers_in_branch(text)
            pairs = product(numbered, {one.number for one in bare})
            found.update(issue.key for pair in pairs for issue in keys.numbers(*pair))
    of_git = (clue for clue in clues if isinstance(clue, Commit | Checkout))
    homes = (clue for clue in of_git if keys.at_home(clue.group, clue.remotes))
    for group, remotes, text in {(c.group, c.remotes, t) for c in homes for t, _ in _texts([c])}:
        found.update(issue.key for issue in keys.unscoped(group, folded(text), remotes))
        numbers = {one.number for one in numbers_in_branch(text)}
        found.update(issue.key for n in numbers for issue in keys.numbers(group, n, remotes))
    return tuple(sorted(found))


def _texts(clues: Iterable[Clue]) -> Iterator[tuple[str, str | None]]:
    for clue in clues:
        match clue:
            case Window():
                address = parts_of(look_of(clue)).address if clue.url else ""
                yield from ((text, None) for text in (clue.title, clue.branch, address) if text)
            case Meeting():
                yield clue.title, None
            case Commit():
                yield from ((text, clue.group) for text in (clue.subject, *clue.branches))
            case Checkout() | Prompt():
                yield clue.branch, clue.group
            case ChatMessage():
                yield clue.text, clue.group
