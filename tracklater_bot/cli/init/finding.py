"""What the machine tells by itself: repositories, own addresses, recordings, coding agents.

All of it is bounded: so many folders, so deep, so many seconds. Nothing is written.
"""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from tracklater_bot.http import HttpError, RetryPolicy, ServiceClient, anonymous
from tracklater_bot.settings.sections import ACTIVITYWATCH
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues import git_repository
from tracklater_bot.sources.clues.agent_logs import TakesTooLong, lines_of
from tracklater_bot.sources.clues.agents import TOOLS, Tool, usual_folder
from tracklater_bot.sources.clues.git_log import asked_reflog, own_email, run_git
from tracklater_bot.sources.clues.git_repository import remote_words
from tracklater_bot.sources.files import open_regular, read_end

USUAL = frozenset((
    "code", "desktop", "dev", "developer", "development", "documents", "git", "github", "go",
    "ideaprojects", "phpstormprojects", "programming", "project", "projects", "pycharmprojects",
    "repo", "repos", "repositories", "sites", "source", "src", "webstormprojects", "work",
    "workspace", "workspaces",
))  # fmt: skip
# Folders that only sort others, and are nobody's name.
SHELVES = USUAL | {
    "active", "archive", "asiakkaat", "client", "clients", "company", "current", "customer",
    "customers", "forks", "kunden", "misc", "old", "oss", "other", "stuff",
}  # fmt: skip
SKIPPED = frozenset((
    "__pycache__", "applications", "build", "dist", "library", "node_modules", "site-packages",
    "target", "vendor", "venv",
))  # fmt: skip
DEEP, MOST_FOLDERS, SECONDS = 5, 20_000, 20.0
MOST_SESSIONS, AGENT_SECONDS = 200, 5.0
REFLOG_END = 256 * 1024
_DAY_FILE = re.compile(r"\d{4}-\d\d-\d\d.*\.json")
_KEY = re.compile(r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9_]+)-[1-9]\d*(?![A-Za-z0-9])")
_INFO = TypeAdapter(dict[str, object])


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """A repository, and what it tells of whose it is.

    `folders` are the names of the folders between it and where the search began. `emails` are the
    addresses of commits made here, the last first; `last` is when the person last worked in it.
    `keys` counts what looks like the project of an issue's key, in branches and subjects.
    """

    path: Path
    remotes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    last: datetime | None = None
    keys: Counter[str] = field(default_factory=Counter)

    @property
    def owner(self) -> str:
        """Whose it is on the code host: `acme` of `acme/api`; "" where nobody tells."""
        owned = next((remote for remote in self.remotes if "/" in remote), "")
        return owned.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class FoundMachine:
    """All that was found. `looked_in` are the folders; `cut`: there was more than could be seen."""

    looked_in: tuple[Path, ...]
    repositories: tuple[FoundRepository, ...] = ()
    emails: tuple[str, ...] = ()
    thyme: Path | None = None
    activitywatch: bool = False
    agents: tuple[str, ...] = ()
    cut: bool = False

    def lines(self) -> Iterator[str]:
        """The same in words."""
        where = ", ".join(map(str, self.looked_in))
        more = " (there was more: name folders)" if self.cut else ""
        yield f"Repositories: {len(self.repositories)}, in {where}{more}"
        for folder in self.looked_in:
            if not folder.is_dir():
                yield f"  There is no folder {folder}"
        yield f"Your addresses in commits: {', '.join(self.emails) or 'none found'}"
        yield f"Windows: {self._recorder()}"
        yield f"Coding agents: {', '.join(self.agents) or 'no logs'}"

    def _recorder(self) -> str:
        found = [f"ActivityWatch at {ACTIVITYWATCH}"] * self.activitywatch
        found += [f"thyme in {self.thyme}"] * (self.thyme is not None)
        return " and ".join(found) or "neither ActivityWatch nor thyme records here"


def find(folders: Sequence[Path], home: Path) -> FoundMachine:
    """Everything that is found under the folders; without any, in home's usual places."""
    # In home's usual places it looks deep; the other folders may be repositories themselves.
    roots = {folder.expanduser().absolute(): DEEP for folder in folders} or {
        path: DEEP if path.name.casefold() in USUAL else 0
        for path in filter(_is_worth_a_look, _folders_in(home))
    }
    places = _Places()
    places.walk(roots)
    tools = [tool for tool in TOOLS if usual_folder(tool).is_dir()]
    prompted = _prompted(tools)
    places.repositories += prompted
    repositories = tuple(_repositories(places.repositories, roots, prompted))
    emails = _own(repositories)
    until = time.monotonic() + SECONDS
    repositories = tuple(
        found if found.last or time.monotonic() > until else _cloned(found, emails)
        for found in repositories
    )
    return FoundMachine(
        looked_in=tuple(folder for folder, deep in roots.items() if deep) or (home,),
        repositories=repositories,
        emails=emails,
        thyme=max(places.recordings, key=lambda found: found[1])[0] if places.recordings else None,
        activitywatch=_activitywatch_runs(),
        agents=tuple(tool.name for tool in tools if any(tool.files(usual_folder(tool)))),
        cut=places.cut,
    )


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []


def _is_worth_a_look(folder: Path) -> bool:
    return not folder.name.startswith(".") and folder.name.casefold() not in SKIPPED


# -- Folders -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Places:
    """What a walk came by: repositories, and folders of thyme's with their last file."""

    repositories: list[Path] = field(default_factory=list)
    recordings: list[tuple[Path, str]] = field(default_factory=list)
    cut: bool = False

    def walk(self, roots: dict[Path, int]) -> None:
        """Level by level, so that a huge folder cannot hide its neighbours."""
        until, seen = time.monotonic() + SECONDS, 0
        waiting = deque(roots.items())
        while waiting:
            folder, deep = waiting.popleft()
            seen += 1
            if seen > MOST_FOLDERS or time.monotonic() > until:
                self.cut = True
                return
            if (folder / ".git").exists() or (folder / "objects").is_dir():
                self.repositories.append(folder)
            elif latest := _latest_recording(folder):
                self.recordings.append((folder, latest))
            elif deep:
                inner = filter(_is_worth_a_look, _folders_in(folder))
                waiting.extend((path, deep - 1) for path in inner)


def _latest_recording(folder: Path) -> str:
    """The name of thyme's last file there; "" where there is none."""
    try:
        names = sorted(path.name for path in folder.glob("*.json") if _DAY_FILE.match(path.name))
        with open_regular(folder / names[-1]) as file:
            return names[-1] if b'"Snapshots"' in file.read(200) else ""
    except (OSError, IndexError):
        return ""


# -- Repositories --------------------------------------------------------------------------------


def _repositories(
    paths: Iterable[Path], roots: Iterable[Path], prompted: Mapping[Path, datetime]
) -> Iterator[FoundRepository]:
    """Each repository once: of worktrees the one that they are made from, of submodules none."""
    found: dict[Path, git_repository.Repository] = {}
    typed: dict[Path, datetime] = {}
    for path in paths:
        if (repository := _main(path)) is not None:
            found.setdefault(repository.common, repository)
            if path in prompted:
                last = typed.get(repository.common, prompted[path])
                typed[repository.common] = max(last, prompted[path])
    for common, repository in found.items():
        yield _described(repository, roots, typed.get(common))


def _main(path: Path) -> git_repository.Repository | None:
    # Here and below: what cannot be read is not proposed. `check` tells it once it is set up.
    with suppress(SourceError, OSError, ValueError, RuntimeError):
        repository = git_repository.locate(path)
        if not repository.is_borrowed():
            return repository
        if "modules" not in repository.common.parts:
            return git_repository.locate(repository.main)
    return None


def _described(
    repository: git_repository.Repository, roots: Iterable[Path], typed: datetime | None
) -> FoundRepository:
    made: list[git_repository.ReflogCommit] = []
    keys = Counter[str]()
    for head in repository.heads():
        with suppress(SourceError, OSError):
            asked = repository.keeps_reflogs_itself()
            reflog = (
                asked_reflog(repository, head) if asked else git_repository.head_reflog(head)[0]
            )
            made += reflog.made_here
            keys += _keys(head, (branch for _, branch in reflog.branches))
    made.sort(key=lambda commit: -commit.at)
    made_as = [commit.email for commit in made]
    if not made_as:
        with suppress(SourceError):
            made_as = [own_email(repository).casefold()]
    moments = (typed, *(_moment(commit.at) for commit in made))
    return FoundRepository(
        path=repository.path,
        remotes=tuple(words[0] for url in repository.remotes() if (words := remote_words(url))),
        folders=_between(repository.path, roots),
        emails=tuple(git_repository.likely_own(made_as)),
        last=max(filter(None, moments), default=None),
        keys=keys,
    )


def _cloned(found: FoundRepository, emails: Sequence[str]) -> FoundRepository:
    """With the last own commit that was made elsewhere: the machine may be new."""
    authors = [f"--author=<{email}>" for email in emails]
    with suppress(SourceError, OSError):
        command = ("log", "--all", "-1", "-F", "-i", "--format=%at", *authors)
        _, output, _ = run_git(git_repository.locate(found.path), *command)
        if authors and output.strip().isdigit():
            return replace(found, last=_moment(int(output)))
    return found


def _keys(head: git_repository.Head, branches: Iterable[str]) -> Counter[str]:
    with suppress(OSError):
        lines, _ = read_end(head.gitdir / "logs" / "HEAD", REFLOG_END)
        said = [line.rpartition(b"\t")[2].decode(errors="replace") for line in lines.splitlines()]
        return Counter(key.upper() for line in said for key in _KEY.findall(line))
    return Counter(key.upper() for branch in branches for key in _KEY.findall(branch))


def _between(path: Path, roots: Iterable[Path]) -> tuple[str, ...]:
    """The folders between a repository and where the search began, none of them a mere shelf."""
    for root in roots:
        if path != root and path.is_relative_to(root):
            above = path.relative_to(root).parts[:-1]
            return tuple(filter(_may_be_a_name, above))
    return tuple(filter(_may_be_a_name, (path.parent.name,)))


def _may_be_a_name(folder: str) -> bool:
    return folder.casefold() not in SHELVES and "." not in folder


def _own(repositories: Iterable[FoundRepository]) -> tuple[str, ...]:
    """The addresses of what was made on this machine, the most used first."""
    used = Counter(email for found in repositories for email in found.emails)
    return tuple(email for email, _ in used.most_common())


# -- Recorders and agents ------------------------------------------------------------------------


def _activitywatch_runs() -> bool:
    client = ServiceClient("ActivityWatch", ACTIVITYWATCH, anonymous(), retry=RetryPolicy(tries=1))
    try:
        return "version" in client.get("/api/0/info").read(_INFO)
    except HttpError:
        return False


def _prompted(tools: Iterable[Tool]) -> dict[Path, datetime]:
    """What has a .git where agents were talked to, with the last time that somebody typed there."""
    until = time.monotonic() + AGENT_SECONDS
    last: dict[Path, datetime] = {}
    for tool in tools:
        for path in _latest(tool.files(usual_folder(tool))):
            with suppress(OSError, TakesTooLong):
                lines = lines_of(path, lambda: time.monotonic() <= until)
                for prompt in tool.understand(lines, path).prompts:
                    place = git_repository.repository_around(Path(prompt.folder))
                    if place is not None and (at := _moment(prompt.at / 1000)):
                        last[place] = max(at, last.get(place, at))
    return last


def _moment(seconds: float) -> datetime | None:
    """A time that somebody wrote; None for one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _latest(paths: Iterable[Path]) -> list[Path]:
    dated = []
    for path in paths:
        with suppress(OSError):
            dated.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(dated, reverse=True)[:MOST_SESSIONS]]
