"""Which repositories, clients and issue projects are one group: matched by their words. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tracklater_bot.cli.init.finding import FoundRepository
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.keywords import COMMON_NAMES
from tracklater_bot.domain.text import clean, count, folded, listing
from tracklater_bot.settings.base import Key
from tracklater_bot.settings.tree import GROUPS, env_name

LATELY = timedelta(days=180)
MOST_ALONE = 12  # clients or issue projects that nothing else points to: more are no proposal
SURE, LIKELY = 4, 2  # of an issue's key in a repository; of a word in common
_LEGAL = frozenset((
    "ab", "ag", "aps", "as", "bv", "co", "corp", "corporation", "gmbh", "inc", "kg", "limited",
    "llc", "llp", "ltd", "nv", "oy", "oyj", "oü", "plc", "pty", "sa", "sarl", "sas", "spa", "srl",
    "tmi", "toiminimi",
))  # fmt: skip
FORGES = {"github": "repos", "gitlab": "projects"}  # where a group's repositories are named
_NOBODYS = frozenset(("atlassian", "com", "example", "issues", "jira", "localhost", "net", "taiga"))
_BUGS = re.compile(r"\b(?:bug|fix|virhe|fehler)", re.IGNORECASE)
_MAIN = re.compile(r"\b(?:dev|code|coding|program|kehitys|entwicklung|work|general)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IssueProject:
    """A project where issues are: `key` is Jira's key, Taiga's slug, or a forge's `acme/api`."""

    tracker: str
    url: str
    key: str
    name: str

    @property
    def words(self) -> tuple[str, ...]:
        """Of its name and key, and of a server that is somebody's own."""
        host = urlsplit(self.url).hostname or "" if self.tracker == "jira" else ""
        labels = [word for word in words(host) if word not in _NOBODYS and not word.isdigit()]
        return (*words(self.name), *labels, *words(self.key if self.tracker == "jira" else ""))

    def __str__(self) -> str:
        return f"{self.key} in {urlsplit(self.url).hostname}"


@dataclass(slots=True)
class Proposal:
    """A group that is proposed, with what belongs to it."""

    name: str
    keywords: list[str] = field(default_factory=list)
    repositories: list[FoundRepository] = field(default_factory=list)
    client: str = ""
    projects: tuple[str, ...] = ()
    issues: list[IssueProject] = field(default_factory=list)

    @property
    def evidence(self) -> str:
        """Why: what was found that has its words."""
        names = [found.path.name for found in self.repositories]
        shown = [*names[:3], f"{len(names) - 3} more"] if len(names) > 4 else names
        label = count(len(names), "repository", "repositories") if names else ""
        owners = dict.fromkeys(found.owner for found in self.repositories if found.owner)
        parts = [f"{label} ({', '.join(shown)})"] if names else []
        parts += [f"remote of {listing(owners)}"] if owners else []
        what = f"client {self.client}" if self.client else "project"
        parts += [f"{what} with {listing(self.projects[:3])}"] if self.projects else []
        parts += [str(project) for project in self.issues[:4]]
        return clean("; ".join(parts) or "nothing else found", 300)

    def values(self) -> dict[Key, Any]:
        """As settings."""
        at = (GROUPS, self.name)
        values: dict[Key, Any] = {(*at, "keywords"): self.keywords}
        if self.repositories:
            values[(*at, "git", "repos")] = [str(found.path) for found in self.repositories]
        if self.client:
            values[(*at, "tracker", "client")] = self.client
        if self.projects:
            values[(*at, "tracker", "projects")] = kinds(self.projects)
        jira = [project for project in self.issues if project.tracker == "jira"]
        if jira:
            keys = [project.key for project in jira]
            values[(*at, "jira", "url")] = jira[0].url
            values[(*at, "jira", "project_key")] = keys[0] if len(keys) == 1 else keys
        for project in self.issues:
            if project.tracker == "taiga":
                values[(*at, "taiga", "project_slug")] = project.key
            elif project.tracker in FORGES:
                values.setdefault((*at, project.tracker, FORGES[project.tracker]), []).append(
                    project.key
                )
        return values

    def add(self, other: Proposal) -> None:
        """Takes what another group had; where only one can be, its own stays."""
        self.keywords = list(dict.fromkeys((*self.keywords, *other.keywords)))
        self.repositories += other.repositories
        if not self.projects or self.client == other.client:
            self.client = self.client or other.client
            self.projects = tuple(dict.fromkeys((*self.projects, *other.projects)))
        self.issues += [project for project in other.issues if self.takes(project)]

    def takes(self, project: IssueProject) -> bool:
        """Whether there is room: for several projects of one server, for one of Taiga's."""
        same = [own for own in self.issues if own.tracker == project.tracker]
        return not same or (project.tracker != "taiga" and same[0].url == project.url)


@dataclass(frozen=True, slots=True)
class ProposedGroups:
    """The groups, and in words what belongs to none."""

    groups: list[Proposal]
    left_out: tuple[str, ...] = ()


def words(text: str) -> tuple[str, ...]:
    """The words that tell one name from others: no legal forms, no names that many share."""
    parts = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))
    found = [folded(part) for part in parts]
    return tuple(word for word in found if word not in _LEGAL and word not in COMMON_NAMES)


def kinds(projects: Sequence[str]) -> dict[str, str]:
    """What each project of a client is for: one is the default, those for bugs are for bugs."""
    other = [name for name in projects if not _BUGS.search(name)] or list(projects)
    default = next((name for name in other if _MAIN.search(name)), other[0])
    bugs = next((name for name in projects if name != default and _BUGS.search(name)), "")
    return {
        name: "default" if name == default else "bug" if name == bugs else "other"
        for name in projects
    }


def propose(
    repositories: Sequence[FoundRepository],
    projects: Sequence[Project],
    issue_projects: Sequence[IssueProject],
    own_names: Iterable[str],
    now: datetime,
) -> ProposedGroups:
    """The groups of a person who is called `own_names` where accounts have names."""
    used = [found for found in repositories if found.last and now - found.last <= LATELY]
    own = {folded(name) for name in own_names}
    on_forges = [project for project in issue_projects if project.tracker in FORGES]
    others = [project for project in issue_projects if project.tracker not in FORGES]
    proposing = _Proposing([*_of_tracker(projects)], others, on_forges, own)
    proposing.match_issues()
    left = proposing.match_repositories(used or list(repositories))
    proposing.add_own_groups(left, with_clients=bool(projects))
    proposing.match_issues_by_keys()
    proposing.match_issues()
    proposing.match_forges()
    proposing.add_issue_groups()
    return proposing.proposed()


def _of_tracker(projects: Sequence[Project]) -> Iterator[Proposal]:
    """A group for each client; projects without a client by their words."""
    by_name = defaultdict[tuple[str, str], list[str]](list)
    for project in projects:
        own = " ".join(words(project.name)) or project.name
        by_name[project.client, project.client or own].append(project.name)
    for (client, name), names in by_name.items():
        yield Proposal(short_name(name), [], [], client, tuple(dict.fromkeys(names)))


def short_name(name: str) -> str:
    """`acme` for Acme Oy, `first group` for First Group."""
    parts = [folded(part) for part in re.findall(r"[^\W_]+", name)]
    while len(parts) > 1 and parts[-1] in _LEGAL:
        parts.pop()
    return clean(" ".join(parts) or folded(name), 60)


@dataclass(slots=True)
class _Proposing:
    groups: list[Proposal]
    open_issues: list[IssueProject]
    on_forges: list[IssueProject]
    own: set[str]
    left_out: list[str] = field(default_factory=list)

    def match_issues(self) -> None:
        """Issue projects whose words are one group's alone."""
        for project in list(self.open_issues):
            names = Counter(dict.fromkeys(project.words, LIKELY))
            self._give(project, self._best(names, Counter()))

    def match_forges(self) -> None:
        """Repositories on a forge: by the clone that is here, else by their words."""
        for project in self.on_forges:
            here = [
                group
                for group in self.groups
                for found in group.repositories
                if any(folded(project.key).endswith(folded(remote)) for remote in found.remotes)
            ]
            names = Counter(word for word in project.words if word not in self.own)
            group = here[0] if here else self._best(names, Counter())
            if group is not None and group.takes(project):
                group.issues.append(project)

    def match_issues_by_keys(self) -> None:
        """Issue projects whose keys stand in one group's branches and commits."""
        for project in list(self.open_issues):
            if self._is_only(project):
                seen = {
                    id(group): sum(found.keys[project.key] for found in group.repositories)
                    for group in self.groups
                }
                most = max(seen.values(), default=0)
                best = [group for group in self.groups if most and seen[id(group)] == most]
                self._give(project, best[0] if len(best) == 1 else None)

    def _is_only(self, project: IssueProject) -> bool:
        """Whether no other server has a project with the same key."""
        return project.tracker == "jira" and not any(
            other.key == project.key and other != project
            for other in (*self.open_issues, *(i for group in self.groups for i in group.issues))
        )

    def _give(self, project: IssueProject, group: Proposal | None) -> None:
        if group is not None and group.takes(project):
            group.issues.append(project)
            self.open_issues.remove(project)

    def match_repositories(self, found: Iterable[FoundRepository]) -> list[FoundRepository]:
        """Gives repositories to the groups there are; those that fit none, or two, are left.

        One called `api` or `tools` goes with the others of its owner.
        """
        left: list[FoundRepository] = []
        for repository in found:
            names = Counter[str]()
            for text, weight in (
                (repository.owner, 3),
                *((folder, 2) for folder in repository.folders),
                (repository.path.name, 2),
                *((remote.rpartition("/")[2], 2) for remote in repository.remotes),
            ):
                names.update({word: weight for word in words(text) if word not in self.own})
            group = self._best(names, repository.keys)
            (group.repositories if group is not None else left).append(repository)
        owners = self._owners()
        for repository in list(left):
            group = owners.get(folded(repository.owner))
            if group is not None and not words(repository.path.name):
                group.repositories.append(repository)
                left.remove(repository)
        return left

    def _owners(self) -> Mapping[str, Proposal]:
        """The owners of remotes that are one group's alone, and not the person."""
        owners = defaultdict[str, list[Proposal]](list)
        for group in self.groups:
            for owner in {folded(found.owner) for found in group.repositories} - self.own - {""}:
                owners[owner].append(group)
        return {owner: groups[0] for owner, groups in owners.items() if len(groups) == 1}

    def _best(self, names: Counter[str], keys: Counter[str]) -> Proposal | None:
        """The group that the words and keys fit best, if it is one alone."""
        scores = [(_fit(group, names) + self._by_key(group, keys), group) for group in self.groups]
        most = max((score for score, _ in scores), default=0)
        best = [group for score, group in scores if score == most]
        return best[0] if most and len(best) == 1 else None

    def _by_key(self, group: Proposal, keys: Counter[str]) -> int:
        own = [project for project in group.issues if self._is_only(project)]
        return SURE * any(keys[project.key] for project in own)

    def add_own_groups(self, left: Iterable[FoundRepository], *, with_clients: bool) -> None:
        """Groups of repositories by themselves: by owner, by folder, or by their names' words."""
        by_label = defaultdict[str, list[FoundRepository]](list)
        worked_in = [found for found in left if found.last]
        firsts = Counter(next(iter(words(found.path.name)), "") for found in worked_in)
        for found in worked_in:
            owner = found.owner if folded(found.owner) not in self.own else ""
            label = owner or next(iter(found.folders), "")
            if not label and with_clients:
                self.left_out.append(f"{found.path.name}: it fits no client")
                continue
            first, *more = words(found.path.name) or (folded(found.path.name),)
            by_name = first if not more or firsts[first] > 1 else found.path.name
            by_label[short_name(label.rpartition("/")[2] or by_name)].append(found)
        for name, repositories in by_label.items():
            same = next((group for group in self.groups if group.name == name), None)
            if same is None:
                self.groups.append(same := Proposal(name))
            same.repositories += repositories

    def add_issue_groups(self) -> None:
        """Groups of what only issues tell of, where that is not too much."""
        if len(self.open_issues) > MOST_ALONE:
            self.left_out.append(f"{count(len(self.open_issues), 'issue project')} fit no group")
            return
        for project in list(self.open_issues):
            name = short_name(project.name) or folded(project.key)
            group = next((group for group in self.groups if group.name == name), None)
            if group is None:
                self.groups.append(group := Proposal(name))
            self._give(project, group)
        self.left_out += [f"{project}: it fits no group" for project in self.open_issues]

    def proposed(self) -> ProposedGroups:
        """The groups with their keywords, those with most repositories first."""
        alone = [group for group in self.groups if not (group.repositories or group.issues)]
        if len(alone) > MOST_ALONE:
            self.left_out.append(f"{count(len(alone), 'client')} that nothing else points to")
            self.groups = [group for group in self.groups if group not in alone]
        unique: dict[str, Proposal] = {}
        for group in sorted(self.groups, key=lambda group: (-len(group.repositories), group.name)):
            name, number = group.name, 2
            while env_name((group.name,)) in unique:  # their secrets need names of their own
                group.name, number = f"{name} {number}", number + 1
            unique[env_name((group.name,))] = group
        for group in unique.values():
            group.keywords = list(self._keywords(group))
        return ProposedGroups(list(unique.values()), tuple(self.left_out))

    def _keywords(self, group: Proposal) -> Iterator[str]:
        """Its name and its remotes' owners, where no other group has the word too."""
        owners = {folded(found.owner.rpartition("/")[2]) for found in group.repositories}
        elsewhere = {
            word
            for other in self.groups
            if other is not group
            for text in (
                other.name,
                *(found.path.name for found in other.repositories),
                *(found.owner for found in other.repositories),
            )
            for word in (folded(text), *re.findall(r"[^\W_]+", folded(text)))
        }
        short = " ".join(words(group.client or group.name))
        for word in dict.fromkeys((group.name, short, *sorted(owners - self.own))):
            if len(word) >= 3 and word not in COMMON_NAMES and word not in elsewhere:
                yield word


def _fit(group: Proposal, names: Counter[str]) -> int:
    """How well words fit a group's: whole ones count, and those that one begins with the other."""
    own = words(group.client or group.name)
    whole = "".join(own)
    return sum(
        weight if word in own or word == whole else weight - 1
        for word, weight in names.items()
        if word in own or _begins_alike(word, whole)
    )


def _begins_alike(one: str, other: str) -> bool:
    """`acme` and `acmecorp`, not `web` and `webshop`."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= 4 and longer.startswith(shorter)
