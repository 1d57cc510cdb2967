"""git: the person's own commits, and which branch was checked out when.

One `git log` for each repository, driven by GitPython, and a second where HEAD's reflog knows
commits that no branch has any more. Reflogs and remotes are read as files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tracklater_bot.domain.clues import Checkout, Commit, Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.git_command import load_gitpython, own_email
from tracklater_bot.sources.clues.git_log import branch_of, deduplicated, own_commits, times_of_work
from tracklater_bot.sources.clues.git_reflog import HeadReflog
from tracklater_bot.sources.clues.git_remotes import on_code_host, remote_words
from tracklater_bot.sources.clues.git_repository import Repository, head_reflog, locate, os_reason

SIDE_BY_SIDE = 8
# A check reads with this: every repository for real, and no commit.
NEVER = Span(datetime(2200, 1, 1, tzinfo=UTC), datetime(2200, 1, 2, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class _RepositoryReading:
    commits: tuple[Commit, ...] = ()
    checkouts: tuple[Checkout, ...] = ()
    hints: tuple[Hint, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class GitSource:
    """A group's repositories. Without `emails`, each repository's own `user.email` counts.

    A `Checkout` has branch "" when a commit was checked out instead. The last one before the span
    comes with it, so that the branch of the morning is known. A worktree's checkouts carry the
    worktree's folder name as `repo`; commits carry the main folder's.
    """

    group: str
    repos: tuple[Path, ...]
    emails: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the source is called."""
        return "git"

    @property
    def watches_screen(self) -> bool:
        """It knows of commits and branches alone."""
        return False

    @classmethod
    def set_up(cls, settings: Settings) -> Iterator[GitSource]:
        """One for each group with repositories."""
        for name, group in settings.groups.items():
            if group.git.repos:
                # Before all sources read side by side: then git works while thyme's file is
                # decoded, which takes 15 ms less than to import first, with the file in the way.
                with suppress(SourceError):  # the reading tells it
                    load_gitpython()
                yield cls(name, group.git.repos, settings.emails_for(name))

    def read(self, span: Span) -> Reading:
        """Commits by author time and checkouts, in order; what fails is told, the rest is there."""
        repositories, troubles = self._repositories()
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="git") as pool:
            readings = list(pool.map(lambda each: self._read_safely(each, span), repositories))
        commits = {(c.sha, c.at): c for reading in reversed(readings) for c in reading.commits}
        clues: set[Commit | Checkout] = set(commits.values())
        clues.update(checkout for reading in readings for checkout in reading.checkouts)
        in_order: list[Commit | Checkout] = sorted(clues, key=_order)
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
        count = len(self._repositories()[0])
        repositories = "1 repository" if count == 1 else f"{count} repositories"
        return f"{repositories}, commits by {', '.join(self.emails) or 'the user.email of each'}"

    def _repositories(self) -> tuple[list[Repository], list[str]]:
        """Each repository once, however often and by whatever path it is named."""
        repositories: dict[Path, Repository] = {}
        troubles = []
        for path in self.repos:
            try:
                repository = locate(path)
            except SourceError as error:
                troubles.append(str(error))
            except (RuntimeError, ValueError) as error:  # ~nobody, links in a circle, a null byte
                troubles.append(f"{path} cannot be read ({type(error).__name__})")
            else:
                repositories.setdefault(repository.common, repository)
        return list(repositories.values()), troubles

    def _read_safely(self, repository: Repository, span: Span) -> _RepositoryReading:
        try:
            return self._read(repository, span)
        except OSError as error:
            reason = os_reason(error)
        except Exception as error:  # noqa: BLE001 - one odd repository must not take the others along
            reason = type(error).__name__  # its words may have an address's password in them
        return _RepositoryReading(trouble=f"{repository.path} cannot be read: {reason}")

    def _read(self, repository: Repository, span: Span) -> _RepositoryReading:
        urls = repository.remotes()
        hosted = any(map(on_code_host, urls))
        hints = tuple(self._hints(repository, urls))
        reflogs = [(head.name, head_reflog(head)) for head in repository.heads()]
        checkouts = tuple(
            Checkout(at, self.group, name, branch, hosted)
            for name, reflog in reflogs
            for at, branch in reflog.during(span)
        )
        try:
            commits = tuple(self._commits(repository, span, [reflog for _, reflog in reflogs]))
        except SourceError as error:
            return _RepositoryReading(checkouts=checkouts, hints=hints, trouble=str(error))
        return _RepositoryReading(
            tuple(replace(c, hosted=hosted) for c in commits), checkouts, hints
        )

    def _commits(
        self, repository: Repository, span: Span, reflogs: Sequence[HeadReflog]
    ) -> Iterator[Commit]:
        """The own commits at each time of work on them.

        The branch is where each was made, else one from which it can be reached.
        """
        own = frozenset(map(str.casefold, self.emails or (own_email(repository),)))
        made_here = [commit for reflog in reflogs for commit in reflog.made_here]
        branches = {commit.sha: (commit.branch,) for commit in made_here if commit.branch}
        mine = [commit for commit in made_here if commit.email in own]
        reachable, unreachable = own_commits(repository, span, reflogs, own)
        originals = deduplicated(reachable, unreachable, mine)
        start, end = span.start.timestamp(), span.end.timestamp()
        for commit, at in dict.fromkeys(times_of_work((*reachable, *unreachable), mine, originals)):
            if start <= at < end:
                moment, sha = datetime.fromtimestamp(at, UTC), commit.sha
                branch = branches.get(sha) or branch_of(commit.ref)
                yield Commit(
                    moment,
                    self.group,
                    repository.name,
                    sha,
                    commit.subject,
                    branch,
                    by_program=commit.by_program,
                )

    def _hints(self, repository: Repository, urls: Iterable[str]) -> Iterator[Hint]:
        for name in repository.names():
            yield Hint(self.group, HintKind.REPOSITORY, name)
        for url in urls:
            for name in remote_words(url):
                yield Hint(self.group, HintKind.REMOTE, name)


def _order(clue: Commit | Checkout) -> tuple[datetime, str, str]:
    return clue.at, clue.repo, clue.sha if isinstance(clue, Commit) else clue.branch
