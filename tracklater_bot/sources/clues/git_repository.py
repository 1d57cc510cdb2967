"""Repositories on disk, found and read without git: folders, worktrees, HEADs and their reflogs."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import EFBIG
from pathlib import Path
from urllib.parse import unquote

from tracklater_bot.domain.day import Span
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.files import MB, open_regular, os_reason, read_end, read_regular

REFLOG = re.compile(
    r"^(?P<before>\S+) (?P<sha>[0-9a-f]+) [^\t\n]*?<(?P<email>[^\t\n]*)>"
    r" (?P<at>[0-9]{1,12}) [-+]\d+\t(?:"
    r"checkout: moving from (?P<old>.+) to (?P<new>.+)"
    r"|Branch: renamed refs/heads/(?P<was>.+) to refs/heads/(?P<renamed>.+)"
    r"|rebase.* \(finish\): returning to refs/heads/(?P<back>.+)"
    r"|(?:(?P<amend>commit \(amend\)|rebase[^:]* \(reword\))|(?P<again>rebase[^:]* \(continue\))"
    r"|(?P<commit>commit)).*"
    r"|.*)$",
    re.MULTILINE,
)
ROBOT = re.compile(
    r"\[bot\]|^(?:no-?reply|agent|bots?)@|@[^@]*\.(?:local|localdomain)$", re.IGNORECASE
)
NO_BRANCH = re.compile(r"[0-9a-f]{7,64}|@|HEAD|.*(?:[~^:\s]|@\{).*")
REFTABLE = re.compile(r"^\s*refstorage\s*=\s*\"?reftable", re.IGNORECASE | re.MULTILINE)
LARGEST_REFS = 64 * MB  # half a million branches
LONGEST_REFLOG = 8 * MB  # some fifty thousand entries; of more the last


@dataclass(frozen=True, slots=True)
class Head:
    """A HEAD with a reflog: the main one's, or a worktree's. `name` is the folder it is for."""

    name: str
    gitdir: Path
    rev: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on disk. `path` is as configured; worktrees share one `common` directory."""

    path: Path
    common: Path

    @property
    def name(self) -> str:
        """The main folder's name; `api` for a bare `api.git` and for `api/.git`."""
        hidden = self.common.name.startswith(".")
        return (self.common.parent if hidden else self.common).name.removesuffix(".git")

    @property
    def main(self) -> Path:
        """The folder that worktrees were made from."""
        return self.common.parent if self.common.name == ".git" else self.common

    def heads(self) -> Iterator[Head]:
        """The main HEAD and those of all worktrees."""
        yield Head(self.name, self.common, "main-worktree/HEAD")
        for gitdir in sorted(self.common.glob("worktrees/*/")):
            folder = _first_line(gitdir / "gitdir")
            name = Path(folder).parent.name if folder else gitdir.name
            yield Head(name, gitdir, f"worktrees/{gitdir.name}/HEAD")

    def worktrees(self) -> Iterator[Path]:
        """The folders of all worktrees, as they are remembered: some may be gone."""
        for gitdir in sorted(self.common.glob("worktrees/*/gitdir")):
            if folder := _first_line(gitdir):
                yield Path(folder).parent

    def names(self) -> Iterator[str]:
        """What the repository's folders are called, its worktrees' too."""
        yield self.path.name.removesuffix(".git")
        yield from (head.name for head in self.heads())

    def remotes(self) -> list[str]:
        """The addresses of all remotes."""
        return remote_urls(_text(self.common / "config"))

    def keeps_reflogs_itself(self) -> bool:
        """Whether there are no files to be read: git has them in a form of its own (reftable)."""
        return REFTABLE.search(_text(self.common / "config")) is not None

    def refuse_endless_refs(self) -> None:
        """Raises OSError where git would have gigabytes of branches in memory, or wait for them."""
        with suppress(FileNotFoundError), open_regular(self.common / "packed-refs") as file:
            if os.fstat(file.fileno()).st_size > LARGEST_REFS:
                raise OSError(EFBIG, f"its packed-refs is larger than {LARGEST_REFS // MB} MB")

    def is_borrowed(self) -> bool:
        """Whether the folder only points at the repository, as a worktree does."""
        return self.common not in {(self.path / ".git").resolve(), self.path.resolve()}


def locate(path: Path) -> Repository:
    """The repository at `path`, found without git. Raises SourceError with what to do."""
    try:
        path = path.expanduser().absolute()
        if not path.exists():
            raise SourceError(
                f"{path} does not exist: correct git.repos in the settings", lasting=True
            )
        gitdir = _gitdir(path)
        common = gitdir / (_first_line(gitdir / "commondir") or ".")
        return Repository(path, common.resolve())
    except (OSError, RuntimeError, ValueError) as error:  # also ~nobody, links in a circle
        raise SourceError(
            f"{path} cannot be read ({os_reason(error)}): allow it, or take it out of git.repos"
        ) from None


def _gitdir(path: Path) -> Path:
    dot = path / ".git"
    if dot.is_dir():
        return dot
    if pointer := _first_line(dot):
        return path / pointer.removeprefix("gitdir:").strip()
    if (path / "HEAD").is_file() and (path / "objects").is_dir():
        return path
    outer = next((parent for parent in path.parents if (parent / ".git").exists()), None)
    hint = f"name {outer} instead" if outer else "correct git.repos in the settings"
    raise SourceError(f"{path} is no git repository: {hint}", lasting=True)


def repository_around(folder: Path) -> Path | None:
    """The folder itself, or the nearest one around it, that has a repository's .git."""
    around = (folder, *folder.parents) if folder.is_absolute() else ()
    return next((place for place in around if (place / ".git").exists()), None)


def configured(settings: Settings) -> tuple[tuple[str, Path], ...]:
    """All groups' repositories, as they are set."""
    return tuple((name, at) for name, group in settings.groups.items() for at in group.git.repos)


def folders_of(repositories: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, str]]:
    """The groups' repositories, as they are set and as they are, and all their worktrees."""
    worktrees = []
    for group, path in repositories:
        yield group, str(path)
        with suppress(OSError, RuntimeError, SourceError):  # git itself tells it
            yield group, str(path.resolve())
            worktrees += [(group, str(folder)) for folder in locate(path).worktrees()]
    yield from worktrees


def _first_line(path: Path) -> str:
    return next(iter(_text(path).splitlines()), "").strip()


def _text(path: Path) -> str:
    """A file's text; "" when there is none."""
    try:
        return read_regular(path).decode("utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def head_reflog(head: Head) -> tuple[HeadReflog, bool]:
    """The reflog of a HEAD, read from its file's end, and whether there was more; or empty."""
    current = _first_line(head.gitdir / "HEAD").removeprefix("ref: refs/heads/")
    try:
        lines, cut = read_end(head.gitdir / "logs" / "HEAD", LONGEST_REFLOG)
    except (FileNotFoundError, NotADirectoryError):
        lines, cut = b"", False
    return parse_reflog(lines.decode("utf-8", errors="replace"), as_branch(current)), cut


def likely_own(made_here_by: Sequence[str]) -> list[str]:
    """Of the addresses of commits made on a machine those of its person, the last first.

    That is the last one, and those of many commits: a colleague may have sat there for one.
    """
    used = Counter(email for email in made_here_by if not ROBOT.search(email))
    return [
        email
        for number, (email, commits) in enumerate(used.items())
        if number == 0 or commits * 4 >= used.total()
    ]


# -- Reflogs -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReflogCommit:
    """A commit made here on `branch` ("" = none), when and by whom: a line of HEAD's reflog.

    `amended_from` is the commit that it was amended from. `amends` tells a time of work that the
    commit itself doesn't know, as amending keeps the author's time.
    """

    sha: str
    at: int
    branch: str
    email: str
    amended_from: str = ""
    amends: bool = False


@dataclass(frozen=True, slots=True)
class HeadReflog:
    """A reflog of HEAD: since when (seconds) each branch was checked out, "" = none was.

    `commits` are those that HEAD was at (seconds, id), `made_here` those of them that were made
    here, oldest first; `current` is the branch that is checked out now.
    """

    branches: tuple[tuple[int, str], ...] = ()
    commits: tuple[tuple[int, str], ...] = ()
    made_here: tuple[ReflogCommit, ...] = ()
    current: str = ""

    def during(self, span: Span) -> list[tuple[datetime, str]]:
        """What was checked out within the span, and the last thing before it, in order."""
        start, end = span.start.timestamp(), span.end.timestamp()
        ordered = sorted(self.branches, key=lambda checkout: checkout[0])
        before = [checkout for checkout in ordered if checkout[0] < start][-1:]
        within = [checkout for checkout in ordered if start <= checkout[0] < end]
        return [(datetime.fromtimestamp(at, UTC), branch) for at, branch in before + within]


def parse_reflog(text: str, current: str) -> HeadReflog:
    """A reflog of HEAD understood; `current` is the branch it is on now ("" = detached).

    The branch before the first checkout is what that checkout left, or else `current`.
    """
    lines = list(REFLOG.finditer(text))
    if not lines:
        return HeadReflog(current=current)
    left = next((line["old"] or line["was"] for line in lines if line["old"] or line["was"]), None)
    branch = current if left is None else as_branch(left)
    branches, made_here = [(int(lines[0]["at"]), branch)], []
    for line in lines:
        moved = line["new"] or line["renamed"] or line["back"]
        if moved and (now := as_branch(moved)) != branch:
            branch = now
            branches.append((int(line["at"]), branch))
        if line["commit"] or line["amend"] or line["again"]:
            made_here.append(_made_here(line, branch))
    commits = tuple((int(line["at"]), line["sha"]) for line in lines)
    return HeadReflog(tuple(branches), commits, tuple(made_here), current)


def _made_here(line: re.Match[str], branch: str) -> ReflogCommit:
    amended_from = line["before"] if line["amend"] else ""
    email, amends = line["email"].casefold(), not line["commit"]
    return ReflogCommit(line["sha"], int(line["at"]), branch, email, amended_from, amends)


def as_branch(target: str) -> str:
    """What was checked out, if it may be a branch; "" for a commit's id or `HEAD~2`."""
    target = target.removeprefix("refs/heads/")
    return "" if NO_BRANCH.fullmatch(target) else target


# -- Remotes ---------------------------------------------------------------------------------------
# Their words are hints; never a host or a secret.
SCP = re.compile(r"(?:[^/@:]+@)?(?P<host>[^/@:]{2,}):(?P<path>.+)")
# By hand: what has a bracket in its password is no address for urllib, which would quote it. One
# with a slash in it ends at the last "@" all the same.
ADDRESS = re.compile(
    r"(?P<scheme>[\w+.-]+)://(?:(?=[^/]*@|[^/\[]*:(?!\d*(?:/|$))).*[^/]@)?"
    r"(?P<host>[^/?#]*)(?P<path>[^?#]*).*"
)
CODE_HOST = re.compile(
    r"github|gitlab|bitbucket|codeberg|gitea|forgejo|gogs|azure|visualstudio|(?:^|\.)sr\.ht$|gitee"
    r"|sourceforge|sourcehut|launchpad|notabug|pagure|framagit|salsa\.debian|(?:^|\.)tfs\."
    r"|^(?:gh|gl|bb)$",
    re.IGNORECASE,
)


def remote_urls(config: str) -> list[str]:
    """The addresses of all remotes in a repository's configuration."""
    urls, remote = [], False
    for line in map(str.strip, config.splitlines()):
        if line.startswith("["):
            remote = line.casefold().startswith("[remote ")
        key, _, value = line.partition("=")
        if remote and key.strip().casefold() in ("url", "pushurl"):
            urls.append(value.strip().strip('"'))
    return urls


def remote_words(url: str) -> list[str]:
    """`acme/api` and `api` for any address of acme's repository api; never a host or a secret.

    A path on this machine or another gives the last name only: what is above it is no owner.
    """
    local = False
    if address := ADDRESS.fullmatch(url):
        path, local = unquote(address["path"]), address["scheme"].casefold() == "file"
    elif (scp := SCP.fullmatch(url)) and not scp["path"].startswith("/"):
        path = scp["path"]
    else:
        path, local = url.replace("\\", "/"), True
    names = [name for name in path.split("/") if name not in ("", ".", "..", "_git", "~")]
    if not names:
        return []
    names[-1] = names[-1].removesuffix(".git")
    owner_and_name = "/".join(names[-2:])
    return [names[-1]] if local or len(names) == 1 else [owner_and_name, names[-1]]


def on_code_host(url: str) -> bool:
    """Whether an address is on a server that has issues or pull requests with numbers."""
    found = ADDRESS.fullmatch(url) or SCP.fullmatch(url)
    return found is not None and CODE_HOST.search(found["host"]) is not None
