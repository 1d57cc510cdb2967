"""Keys of issues in texts: how each tracker writes them, and whose a key is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracklater_bot.domain.issues import IssueId


@dataclass(frozen=True, slots=True)
class KeyForm:
    """How the issues of a tracker are called. Patterns are regular expressions.

    `text` finds a key wherever it stands in a folded text; what its groups caught goes into `key`,
    the canonical form: "DEV-{}", "#{}". `tells_group`: no other group has such keys, so one points
    to the group. `title` finds the group in titles, as they are, of the tracker's pages; those have
    the word `page`. `bare_numbers`: `#12`, and `12-` at the start of a branch, may be meant too.
    `home` is a repository with numbers of its own, `acme/api`: in what comes from a clone of it,
    `text` counts and bare numbers are its own; `text` counts nowhere else. `words`: where none of
    them stands in a folded text, `text` is not looked for, which takes far longer.
    """

    tracker: str
    text: str
    key: str
    tells_group: bool = False
    page: str = ""
    title: str = ""
    bare_numbers: bool = False
    home: str = ""
    words: tuple[str, ...] = ()


class Keys:
    """Finds the keys of all groups; one that two groups claim points to neither.

    `numbered` are the groups whose issues may be called by a bare number.
    """

    def __init__(self, groups: Mapping[str, Sequence[KeyForm]]) -> None:
        forms = [(name, form) for name, own in groups.items() for form in dict.fromkeys(own)]
        claims = Counter(form.text for _, form in forms if form.tells_group)
        unique = [(name, form) for name, form in forms if claims[form.text] == 1]
        self._scoped = _AnyOf([(form.text, name, form) for name, form in unique if not form.words])
        self._rare = [(form.text, name, form) for name, form in unique if form.words]
        self._pages = {
            page: _AnyOf([(form.title, name, form) for name, form in unique if form.page == page])
            for page in dict.fromkeys(form.page for _, form in unique if form.title)
        }
        within: defaultdict[tuple[str, str], list[tuple[str, str, KeyForm]]] = defaultdict(list)
        for name, form in forms:
            if not form.tells_group:
                within[name, form.home].append((form.text, name, form))
        self._within = {place: _AnyOf(own) for place, own in within.items()}
        self._numbered = [(name, form) for name, form in forms if form.key.endswith("#{}")]
        self._bare = [(name, form) for name, form in self._numbered if form.bare_numbers]
        self.numbered = frozenset(name for name, _ in self._bare)

    def scoped(self, text: str) -> Iterator[IssueId]:
        """The keys in a folded text that tell whose they are; the issues need not exist."""
        yield from self._scoped.found(text)
        for rare in self._rare:
            if any(word in text for word in rare[2].words):
                yield from _AnyOf([rare]).found(text)

    def of_group(self, group: str, text: str, remotes: Sequence[str] = ()) -> list[IssueId]:
        """The group's keys in a folded text of which it is known that it is the group's."""
        own = [issue for issue in self.scoped(text) if issue.group == group]
        return own + self.unscoped(group, text, remotes)

    def unscoped(self, group: str, text: str, remotes: Sequence[str] = ()) -> list[IssueId]:
        """Those that count only because the text is the group's, or of such a repository."""
        places = [place for home in (*remotes, "") if (place := (group, home)) in self._within]
        return [issue for place in places for issue in self._within[place].found(text)]

    def at_home(self, group: str, remotes: Sequence[str]) -> bool:
        """Whether a repository has numbers of its own that are issues of the group."""
        return any((group, home) in self._within for home in remotes)

    def numbers(self, group: str, number: str, remotes: Sequence[str] = ()) -> Iterator[IssueId]:
        """The issues of the group that a bare number may mean, there or anywhere."""
        own = [(name, form) for name, form in self._numbered if form.home in remotes]
        for owner, form in own if self.at_home(group, remotes) else self._bare:
            if owner == group:
                yield IssueId(group, form.key.replace("{}", number), form.tracker)

    def pages(self, title: str) -> Iterator[tuple[str, str]]:
        """Groups that the title of a tracker's page points to, each with the tracker's word."""
        for page, either in self._pages.items():
            if page in title:
                yield from ((issue.group, page) for issue in either.found(title))


class _AnyOf:
    """Patterns of keys in one, so that a text is gone through once."""

    def __init__(self, patterns: Iterable[tuple[str, str, KeyForm]]) -> None:
        self._owners: dict[int, tuple[str, KeyForm]] = {}
        parts, before = [], 0
        for pattern, group, form in patterns:
            self._owners[before + 1] = group, form
            before += 1 + re.compile(pattern).groups
            parts.append(f"({pattern})")
        self._pattern = re.compile("|".join(parts) or r"(?!)")  # none: never matches

    def found(self, text: str) -> Iterator[IssueId]:
        for match in self._pattern.finditer(text):
            number = match.lastindex or 0  # that of the whole alternative, which is closed last
            group, form = self._owners[number]
            caught = "".join(filter(None, match.groups()[number:]))
            yield IssueId(group, form.key.replace("{}", caught), form.tracker)
