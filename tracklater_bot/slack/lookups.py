"""What dialogs offer and what messages name: groups, projects and issues, from the cache alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tracklater_bot.blocks.dialog_values import Choices, find_issue
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.keywords import group_meant
from tracklater_bot.scheduling.loop import submit
from tracklater_bot.slack.person import Person

MOST_ISSUES_OFFERED = 30
_SELECTED = re.compile(r"[?&]selectedIssue=([\w-]+)")
_BETWEEN_WORDS = re.compile(r"[\s<>|]+")
_KEY = re.compile(r"(?<![\w-])[a-z][a-z0-9]*-[0-9]+(?!\w)", re.IGNORECASE)
_AROUND_WORDS = ".,:;!?()[]<>*_~`'\""


def issues_named(typed: str, issues: Sequence[Issue]) -> list[Issue]:
    """The issues whose address was pasted, or whose key was typed as one may: `dev131`."""
    pasted = next((word for word in _words(typed) if "://" in word), typed)
    key = _bare(key_in_address(pasted))
    spelled = [issue for issue in issues if key and _spells(key, issue)]
    return issues_in(typed, issues) or spelled


def issues_in(text: str, issues: Sequence[Issue]) -> list[Issue]:
    """The issues whose addresses or keys, or those they had before, stand in the text, in order."""
    at, called = defaultdict[str, list[Issue]](list), defaultdict[str, list[Issue]](list)
    for issue in issues:
        at[issue.url.casefold()].append(issue)
        for key in (issue.key, *issue.aliases):
            called[key.casefold()].append(issue)
    found = dict[Issue, None]()
    for word in _words(text):
        address = _without_query(word).casefold() if "://" in word else ""
        found |= dict.fromkeys(at.get(address) or called.get(key_in_address(word).casefold(), []))
    return list(found)


def _words(text: str) -> list[str]:
    """The words of a text, and the keys inside them: of a branch, or before an apostrophe."""
    words = [word.strip(_AROUND_WORDS) for word in _BETWEEN_WORDS.split(text)]
    return [part for word in words for part in (word, *_KEY.findall("" if "://" in word else word))]


def key_in_address(typed: str) -> str:
    """What an address names: the issue chosen on a board, or its last part; else what was typed."""
    if "://" not in typed:
        return typed
    chosen = _SELECTED.search(typed)
    return chosen[1] if chosen else _without_query(typed).rpartition("/")[2]


def _without_query(typed: str) -> str:
    return re.split(r"[?#]", typed.strip(), maxsplit=1)[0].rstrip("/")


def _bare(key: str) -> str:
    return "".join(letter for letter in key.casefold() if letter.isalnum())


def _spells(bare: str, issue: Issue) -> bool:
    """Whether it is the whole key; a number alone is for the search, which knows many of them."""
    return not bare.isdigit() and bare in map(_bare, (issue.key, *issue.aliases))


class Lookups:
    """Looks things up while Slack waits; what takes longer is fetched for the next time."""

    def __init__(self, person: Person) -> None:
        self._settings = person.file_settings
        self._catalog = person.catalog
        self._groups = person.groups
        self._fetching = ThreadPoolExecutor(1, thread_name_prefix="lookups")

    def close(self) -> None:
        """Gives up what was not fetched yet."""
        self._fetching.shutdown(wait=True, cancel_futures=True)

    def choices(self, day: WorkDay) -> Choices:
        """The groups and projects to choose from."""
        by_group = self._catalog.known_projects().by_group
        projects = tuple(project for own in by_group.values() for project in own)
        return Choices(day, projects, tuple(self._settings.groups))

    def search(self, typed: str, group: str | None, first: Sequence[Issue] = ()) -> list[Issue]:
        """Issues for what is typed so far, best first; `first` ones lead while nothing is.

        Where something is typed, those of other groups come after the group's own. What the cache
        does not have is asked for behind the scenes, so that the next keystroke may find it.
        """
        if named := issues_named(typed, self._catalog.issues()):
            return named[:MOST_ISSUES_OFFERED]
        typed = key_in_address(typed.strip(_AROUND_WORDS))
        own = self._catalog.search(typed, group, MOST_ISSUES_OFFERED)
        if not typed.strip():
            known = {issue.id: issue for issue in self._catalog.issues()}
            # As they are now, without those of a project that is no longer set up.
            likely = [known[issue.id] for issue in first if issue.id in known]
            return list(dict.fromkeys([*likely, *own]))[:MOST_ISSUES_OFFERED]
        if not own:
            submit(self._fetching, "Looking for an issue", self._catalog.look_up, typed, group)
        others = self._catalog.search(typed, None, MOST_ISSUES_OFFERED) if group else []
        return list(dict.fromkeys([*own, *others]))

    def issue(self, value: str | None, own: Issue | None = None) -> Issue | None:
        """The issue that a dialog's option stands for: the item's own, or a known one."""
        known = self._catalog.issues() if value else []
        return find_issue(value, [own, *known] if own else known)

    def issue_in(self, text: str) -> Issue | None:
        """The first known issue that a message names, by its key or address."""
        return next(iter(issues_in(text, self._catalog.issues())), None)

    def group_in(self, text: str, channel: str, workspace: str) -> str | None:
        """The one group that a message is for: its workspace's, or what its words point to."""
        for name, group in self._settings.groups.items():
            if workspace and group.slack.workspace.casefold() == workspace.casefold():
                return name
        return group_meant(text, channel, self._groups)
