"""git: the person's own commits, and which branch was checked out when.

One `git log` for each repository, driven by GitPython, and a second where HEAD's reflog knows
commits that no branch has any more. Reflogs and remotes are read as files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tracklater_bot.domain.clues import Checkout, Commit, Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.side_by_side import TOO_LONG, side_by_side
from tracklater_bot.domain.text import count, folded
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues import git_log, git_repository
from tracklater_bot.sources.clues.git_repository import HeadReflog, Repository, head_reflog
from tracklater_bot.sources.files import os_reason

LOCATING, READING = 8.0, 40.0  # seconds; a draft waits a little longer for all of git
# A check reads with this: every repository for real, and no commit.
NEVER = Span(datetime(2200, 1, 1, tzinfo=UTC), datetime(2200, 1, 2, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class _RepositoryReading:
    clues: tuple[Commit | Checkout, ...] = ()
    hints: tuple[Hint, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class GitSource:
    """A group's repositories. Without `emails`, each repository's own `user.email` counts.

    A `Checkout` has branch "" when a commit was checked out instead. The last one before the span
    comes with it, so that the branch of the morning is known. A worktree's checkouts carry the
    worktree's folder name as `repo`; commits carry the main folder's. Of a folder that only
    points at another group's repository (`configured` has those of all groups), it is told whose
    it is: it counts there.
    """

    name = "git"
    watches_screen = False
    local = True

    group: str
    repos: tuple[Path, ...]
    emails: tuple[str, ...] = ()
    configured: tuple[tuple[str, Path], ...] = ()

    @classmethod
    def set_up(cls, settings: Settings) -> Iterator[GitSource]:
        """One for each group with repositories."""
        for name, group in settings.groups.items():
            if group.git.repos:
                emails, all_groups = settings.emails_for(name), git_repository.configured(settings)
                yield cls(name, group.git.repos, emails, all_groups)

    def read(self, span: Span) -> Reading:
        """Commits by author time and checkouts, in order; what fails is told, the rest is there."""
        repositories, troubles = self._repositories()
        readings = side_by_side(
            lambda repository: self._read_safely(repository, span),
            repositories,
            lambda repository: _RepositoryReading(trouble=f"{repository.path} {TOO_LONG}"),
            key=lambda repository: ("git", repository.common),
            seconds=READING,
        )
        once = {
            (clue.at, clue.sha if isinstance(clue, Commit) else clue): clue
            for reading in reversed(readings)
            for clue in reading.clues
        }
        in_order: list[Commit | Checkout] = sorted(once.values(), key=_order)
        troubles += [reading.trouble for reading in readings if reading.trouble]
        return Reading(
            self.name,
            self.group,
            clues=tuple(in_order),
            hints=tuple(dict.fromkeys(hint for reading in readings for hint in reading.hints)),
            trouble="; ".join(troubles) or None,
        )

    def check(self) -> str:
        """Reads every repository for real; SourceError names those that cannot be read."""
        reading = self.read(NEVER)
        if reading.trouble:
            raise SourceError(reading.trouble)
        repositories = count(len(self._repositories()[0]), "repository", "repositories")
        return f"{repositories}, commits by {', '.join(self.emails) or 'the user.email of each'}"

    def only(self, email: str) -> GitSource:
        """The same with the commits of one address."""
        return replace(self, emails=(email,))

    def made_here_by(self, span: Span) -> set[str]:
        """The addresses of the person's commits on this machine, whatever the settings say."""
        found: set[str] = set()
        for repository in self._repositories()[0]:
            with suppress(SourceError, OSError):  # the reading tells it
                reflogs = (reflog for _, reflog in self._reflogs(repository, span)[0])
                made = [commit for reflog in reflogs for commit in reflog.made_here]
                start, end = span.start.timestamp(), span.end.timestamp()
                during = [commit for commit in made if start <= commit.at < end]
                during.sort(key=lambda commit: -commit.at)
                found.update(git_repository.likely_own([commit.email for commit in during]))
        return found

    def _repositories(self) -> tuple[list[Repository], list[str]]:
        """Each repository once, however often and by whatever path it is named."""
        located = self._located(self.repos)
        there = [found for found in located if isinstance(found, Repository)]
        troubles = [found for found in located if isinstance(found, str)]
        owners = self._owners() if any(one.is_borrowed() for one in there) else {}
        repositories: dict[Path, Repository] = {}
        for repository in there:
            group, path = owners.get(repository.common, (self.group, repository.path))
            if group != self.group and repository.is_borrowed():
                troubles.append(f"{repository.path} is a part of {path}, which counts for {group}")
            else:
                repositories.setdefault(repository.common, repository)
        return list(repositories.values()), troubles

    def _owners(self) -> dict[Path, tuple[str, Path]]:
        """Whose each repository is: theirs who name itself, else theirs who point at it first."""
        located = self._located([path for _, path in self.configured])
        pairs = zip(located, self.configured, strict=True)
        there = [(found, owner) for found, owner in pairs if isinstance(found, Repository)]
        owners: dict[Path, tuple[str, Path]] = {}
        for repository, owner in sorted(there, key=lambda pair: pair[0].is_borrowed()):
            owners.setdefault(repository.common, owner)
        return owners

    def _located(self, paths: Sequence[Path]) -> list[Repository | str]:
        """The repository at each path, or why there is none."""
        return side_by_side(
            _locate,
            paths,
            lambda path: f"{path} {TOO_LONG}",
            key=lambda path: ("locate", path),
            seconds=LOCATING,
        )

    def _read_safely(self, repository: Repository, span: Span) -> _RepositoryReading:
        try:
            return self._read(repository, span)
        except OSError as error:
            reason = os_reason(error)
        except Exception as error:  # noqa: BLE001 - one odd repository must not take the others along
            reason = type(error).__name__  # its words may have an address's password in them
        return _RepositoryReading(trouble=f"{repository.path} cannot be read: {reason}")

    def _read(self, repository: Repository, span: Span) -> _RepositoryReading:
        repository.refuse_endless_refs()
        urls = repository.remotes()
        hosted = any(map(git_repository.on_code_host, urls))
        words = [name for url in urls for name in git_repository.remote_words(url)]
        remotes = tuple(dict.fromkeys(folded(name) for name in words if "/" in name))
        names = [(HintKind.REPOSITORY, name) for name in repository.names()]
        names += [(HintKind.REMOTE, name) for name in words]
        reflogs, troubles = self._reflogs(repository, span)
        clues: list[Commit | Checkout] = [
            Checkout(at, self.group, name, branch, hosted, remotes)
            for name, reflog in reflogs
            for at, branch in reflog.during(span)
        ]
        try:
            commits = self._commits(repository, span, [reflog for _, reflog in reflogs])
            clues += [replace(commit, hosted=hosted, remotes=remotes) for commit in commits]
        except SourceError as error:
            troubles.append(str(error))
        hints = tuple(Hint(self.group, kind, name) for kind, name in names)
        return _RepositoryReading(tuple(clues), hints, "; ".join(dict.fromkeys(troubles)) or None)

    def _reflogs(
        self, repository: Repository, span: Span
    ) -> tuple[list[tuple[str, HeadReflog]], list[str]]:
        """The reflog of each HEAD, by its folder's name; and what of them could not be had."""
        reflogs, troubles = [], []
        ask = repository.keeps_reflogs_itself()
        for head in repository.heads():
            try:
                told = (git_log.asked_reflog(repository, head), False) if ask else head_reflog(head)
                reflog, cut = told
            except SourceError as error:
                troubles.append(str(error))
                continue
            if cut and reflog.commits and reflog.commits[0][0] > span.start.timestamp():
                troubles.append(f"{repository.path} has a reflog so long that only its end is read")
            reflogs.append((head.name, reflog))
        return reflogs, troubles

    def _commits(
        self, repository: Repository, span: Span, reflogs: Sequence[HeadReflog]
    ) -> Iterator[Commit]:
        """The own commits at each time of work on them.

        The branch is where each was made, else one from which it can be reached.
        """
        own = frozenset(map(str.casefold, self.emails or (git_log.own_email(repository),)))
        made_here = [commit for reflog in reflogs for commit in reflog.made_here]
        branches = {commit.sha: (commit.branch,) for commit in made_here if commit.branch}
        mine = [commit for commit in made_here if commit.email in own]
        reachable, unreachable = git_log.own_commits(repository, span, reflogs, own)
        originals = git_log.deduplicated(reachable, unreachable, mine)
        start, end = span.start.timestamp(), span.end.timestamp()
        times = git_log.times_of_work((*reachable, *unreachable), mine, originals)
        for commit, at in dict.fromkeys(times):
            if start <= at < end:
                moment, sha = datetime.fromtimestamp(at, UTC), commit.sha
                branch = branches.get(sha) or git_log.branch_of(commit.ref)
                yield Commit(
                    moment,
                    self.group,
                    repository.name,
                    sha,
                    commit.subject,
                    branch,
                    by_program=commit.by_program,
                )


def _locate(path: Path) -> Repository | str:
    try:
        return git_repository.locate(path)
    except SourceError as error:
        return str(error)


def _order(clue: Commit | Checkout) -> tuple[datetime, str, str]:
    return clue.at, clue.repo, clue.sha if isinstance(clue, Commit) else clue.branch
