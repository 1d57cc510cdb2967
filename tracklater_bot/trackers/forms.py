"""What trackers have in common: how an entry is written and compared, and what failures mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TypeVar
from unicodedata import normalize

from tracklater_bot import http
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.text import clean, folded
from tracklater_bot.settings import GroupSettings, GroupTracker
from tracklater_bot.trackers import base
from tracklater_bot.trackers.base import Task

R = TypeVar("R")

_LONGEST_TEXT = 2000
# A proxy has given up waiting for the tracker itself, which may still be at it.
_GIVEN_UP = (408, 502, 503, 504)


def words(text: str) -> str:
    """A text as it is sent: cut by us, so that what comes back is what was sent."""
    return clean(text, _LONGEST_TEXT)


def same_words(known: str, wanted: str) -> bool:
    """Compared in one Unicode form: a difference that nobody sees must not make a second entry."""
    return normalize("NFC", known) == normalize("NFC", words(wanted))


def whole_seconds(at: datetime) -> datetime:
    """In UTC, cut to the second: the form in which times are stored and compared."""
    return at.astimezone(UTC).replace(microsecond=0)


def rfc3339(at: datetime) -> str:
    """A time as trackers want it."""
    return f"{whole_seconds(at):%Y-%m-%dT%H:%M:%SZ}"


def shares_time(entry: TimeEntry, span: Span) -> bool:
    """Running entries reach up to now and beyond; those of no length share none."""
    end = entry.end
    return entry.start < span.end and (end is None or (end > span.start and end > entry.start))


def sharing(entries: Iterable[TimeEntry], span: Span, odd: str) -> tuple[TimeEntry, ...]:
    """Those that share time with the span, earliest first.

    Raises PartlySeen where `odd` tells of others that cannot be understood.
    """
    shared = (entry for entry in entries if shares_time(entry, span))
    found = tuple(sorted(shared, key=lambda entry: (entry.start, entry.id)))
    if odd:
        raise base.PartlySeen(odd, found)
    return found


def the_same(entries: Iterable[TimeEntry], odd: str) -> TimeEntry | None:
    """The first of equal entries. Raises PartlySeen where there is none, but `odd` ones are."""
    same = min(entries, key=lambda entry: (len(entry.id), entry.id), default=None)
    if odd and same is None:
        raise base.PartlySeen(odd)
    return same


def written(answer: http.Response, shape: type[R], same: Callable[[R], bool], label: str) -> R:
    """The row in the answer to a write. An unreadable one may have been carried out."""
    try:
        row = answer.read(shape)
    except http.BadResponse as error:
        raise base.Unknown(str(error)) from None
    if not same(row):
        raise base.OtherEntry(f"{label} answered with another entry than the one sent")
    return row


def account_key(*asker: object) -> str:
    """What tells apart who asks a tracker and where; no secret can be had from it."""
    return blake2b(" ".join(map(str, asker)).encode(), digest_size=8).hexdigest()


def signed_in(tracker: base.Tracker, groups: Mapping[str, GroupSettings]) -> str:
    """Whose account it is, how many projects there are, and what is left of the quota.

    Raises Refused where a group's projects are not there.
    """
    account = tracker.account()
    _, troubles = resolve_projects(account.projects, groups, tracker.label, account.archived)
    if troubles:
        raise base.Refused(" ".join(troubles))
    left = tracker.quota().remaining
    quota = f", {left} requests left this hour" if left is not None else ""
    return f"signed in as {account.name}, {len(account.projects)} projects{quota}"


def meaning(
    error: http.HttpError,
    label: str,
    refusal: Callable[[http.BadStatus], base.TrackerError],
    *,
    writing: bool,
) -> base.TrackerError:
    """What went wrong on the way, as what it means for the entry.

    `refusal` tells it of answers in which the tracker itself says no, 429 among them.
    """
    if isinstance(error, http.BadStatus):
        own = error.status == 429 or (error.lasting and error.status != 408)
        told = refusal(error) if own else _temporary(error, label, writing=writing)
        told.sent = writing
        return told
    if isinstance(error, http.Unreachable) and error.lasting:
        return base.Refused(str(error))
    if writing and isinstance(error, http.ResponseLost | http.BadResponse):
        kind = base.Late if isinstance(error, http.ResponseLate) else base.Unknown
        return kind(f"{error}: it may be in {label} all the same")
    return base.NotSent(str(error))


def _temporary(error: http.BadStatus, label: str, *, writing: bool) -> base.TrackerError:
    """What may be different a little later."""
    if writing:
        kind = base.Late if error.status in _GIVEN_UP else base.Unknown
        return kind(f"{error}: it may be in {label} all the same")
    return base.NotSent(f"{error}: it has trouble of its own", error.retry_at)


# -- Projects --------------------------------------------------------------------------------------
# Which of the tracker's projects belong to which group. Pure.

_LONGEST_NAME = 500


def task_of(issue_key: str, project_id: str | None, tasks: Sequence[Task]) -> Task | None:
    """The project's task for an issue: tasks imported from Jira are called `KEY title`."""
    for task in tasks:
        if task.project_id == project_id and _first_word(task.name) == issue_key.casefold():
            return task
    return None


def _first_word(name: str) -> str:
    return name.partition(" ")[0].rstrip(":").casefold()


def named_in_settings(groups: Mapping[str, GroupSettings]) -> dict[str, tuple[Project, ...]]:
    """Each group's projects as the settings name them, before the tracker has told their ids."""
    sections = {name: group.tracked_in()[1] for name, group in groups.items()}
    return {
        name: tuple(
            Project(project, name, kind, own.client) for project, kind in own.projects.items()
        )
        for name, own in sections.items()
    }


def resolve_projects(
    projects: Sequence[Project],
    groups: Mapping[str, GroupSettings],
    label: str,
    archived: Sequence[Project] = (),
) -> tuple[dict[str, tuple[Project, ...]], list[str]]:
    """Each group's projects with the tracker's ids, and a sentence for each that it doesn't have.

    Names match without regard to case, clients too. A missing project is still offered, without
    an id; one that takes no entries is not. A group that names a client and no projects has all of
    that client's; the first is its default.
    """
    resolved: dict[str, tuple[Project, ...]] = {}
    troubles: list[str] = []
    for name, group in groups.items():
        own = _GroupProjects(label, name, *group.tracked_in(), projects, archived)
        resolved[name] = own.projects()
        troubles += own.troubles()
    return resolved, troubles


@dataclass(frozen=True, slots=True)
class ProjectNames:
    """Which project and group an entry's project id means."""

    projects: Mapping[str, Project]
    groups: Mapping[str, str]

    @classmethod
    def of(
        cls,
        known: Sequence[Project],
        by_group: Mapping[str, Sequence[Project]],
        groups: Mapping[str, GroupSettings],
    ) -> ProjectNames:
        """A group's own projects are its own; others are the one group's whose client they have."""
        clients: dict[str, list[str]] = {}
        for name, group in groups.items():
            clients.setdefault(_compared(group.tracked_in()[1].client), []).append(name)
        group_of: dict[str, str] = {}
        for project in known:
            owners = clients.get(_compared(project.client), []) if project.client else []
            if project.id is not None and len(owners) == 1:
                group_of[project.id] = owners[0]
        for name, ours in by_group.items():
            group_of |= {project.id: name for project in ours if project.id is not None}
        named = {project.id: project for project in known if project.id is not None}
        return cls(named, group_of)

    def named(self, entry: TimeEntry) -> TimeEntry:
        """The entry with its project and group by name, where they are known."""
        if entry.project_id is None:
            return entry
        project = self.projects.get(entry.project_id)
        return replace(
            entry,
            project=project.name if project else entry.project,
            group=self.groups.get(entry.project_id, entry.group),
        )


@dataclass(frozen=True, slots=True)
class _GroupProjects:
    """One group's settings held against what the tracker has."""

    label: str
    group: str
    key: str
    settings: GroupTracker
    active: Sequence[Project]
    archived: Sequence[Project]

    def projects(self) -> tuple[Project, ...]:
        if not self.settings.projects:
            kinds = ("default", *("other" for _ in self._of_client()))
            pairs = zip(self._of_client(), kinds, strict=False)
            return tuple(replace(project, group=self.group, type=kind) for project, kind in pairs)
        archived = self._called_client(self.archived)
        return tuple(
            self._project(name, kind)
            for name, kind in self.settings.projects.items()
            if _called(name, self._of_client()) or not _called(name, archived)
        )

    def troubles(self) -> list[str]:
        """One sentence for a client that isn't there, else one for each project."""
        client, label = self.settings.client, self.label
        if client and not self._of_client():
            if not self._called_client(self.archived):
                others = _names({project.client for project in self.active if project.client})
                return [f"{label} has no client {client} with projects; its clients: {others}"]
            if not self.settings.projects:
                return [f"all projects of client {client} are archived in {label}"]
        sentences = (self._trouble(name) for name in self.settings.projects)
        return [sentence for sentence in sentences if sentence]

    def _project(self, name: str, kind: str) -> Project:
        matches = _called(name, self._of_client())
        if len(matches) == 1:
            return replace(matches[0], group=self.group, type=kind)
        return Project(name, self.group, kind, self.settings.client)

    def _trouble(self, name: str) -> str | None:
        matches, label = _called(name, self._of_client()), self.label
        if len(matches) == 1:
            return None
        of_client = f" of client {self.settings.client}" if self.settings.client else ""
        if matches:
            clients = _names({match.client or "no client" for match in matches})
            return (
                f"{label} has several projects {name}{of_client} ({clients}):"
                f" set groups.{self.group}.{self.key}.client, or give them different names"
            )
        if _called(name, self._called_client(self.archived)):
            return f"project {name}{of_client} is archived in {label} and takes no entries"
        has = _names({project.name for project in self._of_client()})
        return f"{label} has no project {name}{of_client}; it has: {has}"

    def _of_client(self) -> list[Project]:
        return self._called_client(self.active)

    def _called_client(self, projects: Sequence[Project]) -> list[Project]:
        """Those of the group's client; all of them where projects are named without a client."""
        client = _compared(self.settings.client)
        if not client:
            return list(projects) if self.settings.projects else []
        return [project for project in projects if _compared(project.client) == client]


def _called(name: str, projects: Sequence[Project]) -> list[Project]:
    return [project for project in projects if _compared(project.name) == _compared(name)]


def _compared(name: str) -> str:
    """A name as it is compared."""
    return folded(clean(name, _LONGEST_NAME))


def _names(names: set[str], most: int = 8) -> str:
    listed = sorted(names, key=str.casefold)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more if listed else "none"
