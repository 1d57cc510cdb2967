"""git: the person's own commits, and which branch was checked out when.

One `git log` for each repository, driven by GitPython, and a second where HEAD's reflog knows
commits that no branch has any more. Reflogs and remotes are read as files. A repository may come
from anybody: nothing that its configuration names is run.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from tracklater_bot.domain.clues import Checkout, Commit, Reading
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.program_commits import is_by_program

# A commit authored within a span was committed then or later, unless a clock was wrong.
SKEW = timedelta(days=1)
TIMEOUT = 60  # seconds: a repository on a network drive may hang
SIDE_BY_SIDE = 8
# Old commits may lie on newer ones: patches with their own dates, machines with a wrong clock. git
# walks by date, newest first; this many old ones in a row, and what follows is taken to be old.
OLD_ENOUGH = 128
FEW = 384  # so many commits are asked for first
AT_ONCE = 400  # commits named in one command: Windows takes no longer ones

# What could make `git log` run a program that the repository's configuration names.
HARMLESS = ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_FLUSH": "0",  # not after each commit
    # A partial clone would fetch what is missing: over no protocol, with no program.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
# With one of these git reads another repository than the one it is sent to.
MISLEADING = ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")

FIELDS = "%ct%x1f%at%x1f%H%x1f%S%x1f%ae%x1f%s%n%an %cn <%ce>%n%b"
DAMAGE = re.compile(
    r"parse|traverse|unable to read|could not read|bad object|corrupt", re.IGNORECASE
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
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
NO_BRANCH = re.compile(r"[0-9a-f]{7,64}|@|HEAD|.*(?:[~^:\s]|@\{).*")
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


# A check reads with this: every repository for real, and no commit.
NEVER = Span(datetime(2200, 1, 1, tzinfo=UTC), datetime(2200, 1, 2, tzinfo=UTC))


# -- Understanding -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """A commit as `git log` tells it. `ref` is a ref from which it can be reached."""

    sha: str
    authored: int
    ref: str
    email: str
    subject: str
    by_program: bool = False


def parse_log(records: Iterable[bytes], since: int) -> Iterator[LoggedCommit]:
    """The commits committed since; one without a readable time is left out."""
    for record in records:
        if committed_at(record) >= since:
            fields = record.decode("utf-8", errors="replace").split("\x1f", 5)
            if len(fields) == 6 and fields[1].isdecimal():
                _, authored, sha, ref, email, text = fields
                subject, people, body = [*text.split("\n", 2), "", ""][:3]
                plain = CONTROL.sub(" ", subject).strip()
                program = is_by_program(plain, people, body)
                yield LoggedCommit(sha, int(authored), ref, email.casefold(), plain, program)


def committed_at(record: bytes) -> int:
    """When a commit was committed, in seconds: what comes first in its record."""
    seconds = record.partition(b"\x1f")[0]
    return int(seconds) if seconds.isdigit() else -1


@dataclass(frozen=True, slots=True)
class Made:
    """A commit made here on `branch` ("" = none), when and by whom: a line of HEAD's reflog.

    `instead` is the commit that it was amended from. `counts` tells a time of work that the
    commit itself doesn't know, as amending keeps the author's time.
    """

    sha: str
    at: int
    branch: str
    email: str
    instead: str = ""
    counts: bool = False


def each_once(
    reached: Iterable[LoggedCommit], gone: Iterable[LoggedCommit], made: Iterable[Made]
) -> dict[str, LoggedCommit]:
    """For the id of each commit the one that counts for it and all its copies.

    Cherry-picks and rebases leave copies of one author, time and subject. What no branch has any
    more (`gone`) may have been amended, or reworded: that keeps author and time.
    """
    once: dict[tuple[int, str, str], LoggedCommit] = {}
    reworded: dict[tuple[int, str], LoggedCommit] = {}
    counts: dict[str, LoggedCommit] = {}
    for each in reached:
        counts[each.sha] = once.setdefault((each.authored, each.email, each.subject), each)
        reworded.setdefault((each.authored, each.email), counts[each.sha])
    newer = {each.instead: each.sha for each in made if each.instead}
    for each in gone:
        amended = next((counts[sha] for sha in _amended(each.sha, newer) if sha in counts), None)
        counts[each.sha] = amended or reworded.setdefault((each.authored, each.email), each)
    return counts


def times_of_work(
    logged: Iterable[LoggedCommit], made: Iterable[Made], counts: Mapping[str, LoggedCommit]
) -> Iterator[tuple[LoggedCommit, int]]:
    """Each commit that counts at each time of work on it: when it was authored, and amended."""
    for each in logged:
        yield counts[each.sha], each.authored
    for act in made:
        if act.counts and (commit := counts.get(act.sha)):
            yield commit, act.at


def _amended(sha: str, newer: Mapping[str, str]) -> Iterator[str]:
    """What a commit became, step by step."""
    for _ in newer:
        if (sha := newer.get(sha, "")) == "":
            return
        yield sha


def branch_of(ref: str) -> tuple[str, ...]:
    """`refs/heads/topic` and `refs/remotes/origin/topic` are the branch `topic`; HEAD is none."""
    kind, _, name = ref.removeprefix("refs/").partition("/")
    name = name.partition("~")[0]
    if kind == "remotes":
        name = name.partition("/")[2]
    return (name,) if kind in ("heads", "remotes") and name not in ("", "HEAD") else ()


@dataclass(frozen=True, slots=True)
class HeadLog:
    """A reflog of HEAD: since when (seconds) each branch was checked out, "" = none was.

    `seen` are the commits that HEAD was at, `made` those of them that were made here, oldest first;
    `current` is the branch that is checked out now.
    """

    branches: tuple[tuple[int, str], ...] = ()
    seen: tuple[tuple[int, str], ...] = ()
    made: tuple[Made, ...] = ()
    current: str = ""

    def during(self, span: Span) -> list[tuple[datetime, str]]:
        """What was checked out within the span, and the last thing before it, in order."""
        start, end = span.start.timestamp(), span.end.timestamp()
        ordered = sorted(self.branches, key=lambda each: each[0])
        before = [each for each in ordered if each[0] < start][-1:]
        within = [each for each in ordered if start <= each[0] < end]
        return [(datetime.fromtimestamp(at, UTC), branch) for at, branch in before + within]


def parse_reflog(text: str, current: str) -> HeadLog:
    """A reflog of HEAD understood; `current` is the branch it is on now ("" = detached).

    The branch before the first checkout is what that checkout left, or else `current`.
    """
    lines = list(REFLOG.finditer(text))
    if not lines:
        return HeadLog(current=current)
    left = next((line["old"] or line["was"] for line in lines if line["old"] or line["was"]), None)
    branch = current if left is None else _as_branch(left)
    branches, made = [(int(lines[0]["at"]), branch)], []
    for line in lines:
        moved = line["new"] or line["renamed"] or line["back"]
        if moved and (now := _as_branch(moved)) != branch:
            branch = now
            branches.append((int(line["at"]), branch))
        if line["commit"] or line["amend"] or line["again"]:
            made.append(_made(line, branch))
    seen = tuple((int(line["at"]), line["sha"]) for line in lines)
    return HeadLog(tuple(branches), seen, tuple(made), current)


def _made(line: re.Match[str], branch: str) -> Made:
    instead = line["before"] if line["amend"] else ""
    counts = not line["commit"]
    return Made(line["sha"], int(line["at"]), branch, line["email"].casefold(), instead, counts)


def _as_branch(target: str) -> str:
    """What was checked out, if it may be a branch; "" for a commit's id or `HEAD~2`."""
    target = target.removeprefix("refs/heads/")
    return "" if NO_BRANCH.fullmatch(target) else target


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


# -- Where things lie --------------------------------------------------------------------------


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

    def heads(self) -> Iterator[Head]:
        """The main HEAD and those of all worktrees."""
        yield Head(self.name, self.common, "main-worktree/HEAD")
        for gitdir in sorted(self.common.glob("worktrees/*/")):
            folder = _first_line(gitdir / "gitdir")
            name = Path(folder).parent.name if folder else gitdir.name
            yield Head(name, gitdir, f"worktrees/{gitdir.name}/HEAD")

    def names(self) -> Iterator[str]:
        """What the repository's folders are called, its worktrees' too."""
        yield self.path.name.removesuffix(".git")
        yield from (head.name for head in self.heads())

    def remotes(self) -> list[str]:
        """The addresses of all remotes."""
        return remote_urls(_text(self.common / "config"))


def locate(path: Path) -> Repository:
    """The repository at `path`, found without git. Raises SourceError with what to do."""
    path = path.expanduser().absolute()
    try:
        if not path.exists():
            raise SourceError(
                f"{path} does not exist: correct git.repos in the settings", lasting=True
            )
        gitdir = _gitdir(path)
        common = gitdir / (_first_line(gitdir / "commondir") or ".")
        return Repository(path, common.resolve())
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read ({_reason(error)}): allow it, or take it out of git.repos"
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


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _first_line(path: Path) -> str:
    return next(iter(_text(path).splitlines()), "").strip()


def _text(path: Path) -> str:
    """A file's text; "" when there is none."""
    try:
        return path.read_text("utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""


def _head_log(head: Head) -> HeadLog:
    current = _first_line(head.gitdir / "HEAD").removeprefix("ref: refs/heads/")
    return parse_reflog(_text(head.gitdir / "logs" / "HEAD"), _as_branch(current))


# -- Asking git --------------------------------------------------------------------------------


def load_gitpython() -> None:
    """Imports GitPython, which takes 40 ms that only those who have repositories need.

    Raises SourceError where there is no git.
    """
    try:
        # The package, not git.cmd: that can be had by another thread before the package is ready.
        import git  # noqa: F401, PLC0415
    except ImportError:  # GitPython looks for git when it is imported
        raise SourceError("git is not installed, or not in PATH: install it") from None


def _git(repository: Repository, *arguments: str) -> tuple[int, bytes, str]:
    """Runs git in the repository; exit code, output and complaint. Raises SourceError."""
    if misleading := next((name for name in MISLEADING if os.environ.get(name)), None):
        raise SourceError(f"{misleading} is set in the environment, which misleads git: unset it")
    load_gitpython()
    from git import Git, GitCommandNotFound  # noqa: PLC0415 - see there

    command = [Git.GIT_PYTHON_GIT_EXECUTABLE, *HARMLESS, "-C", str(repository.path), *arguments]
    # git must not go up to a repository that lies around this one.
    ceiling = str(repository.path.resolve().parent)
    try:
        return Git().execute(
            command,
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
            kill_after_timeout=None if sys.platform == "win32" else TIMEOUT,
            env=ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": ceiling},
        )
    except GitCommandNotFound:
        raise SourceError("git is not installed, or not in PATH: install it") from None


def _own(
    repository: Repository, span: Span, logs: Sequence[HeadLog], own: frozenset[str]
) -> tuple[list[LoggedCommit], list[LoggedCommit]]:
    """The own commits of about the span: those of the branches, and those that HEAD only knows."""
    since, until = (int(at.timestamp()) for at in (span.start - SKEW, span.end + SKEW))
    current = dict.fromkeys(log.current for log in logs if log.current)
    reached = {each.sha: each for each in _reached(repository, since, current)}
    seen = dict.fromkeys(sha for log in logs for at, sha in log.seen if since <= at < until)
    gone = _gone(repository, since, [sha for sha in seen if sha not in reached])
    return (
        [value for value in reached.values() if value.email in own],
        [each for each in gone if each.email in own and each.sha not in reached],
    )


class _Damaged(SourceError):
    """Something that git needs is not in the repository."""


def _reached(repository: Repository, since: int, current: Iterable[str]) -> list[LoggedCommit]:
    """The commits of all branches, remote branches and HEADs, until all that follow are older.

    Remote branches count: work done on another machine and fetched is work too. Stashes, tags
    and notes don't. Below the branches that are checked out it is looked deeper.
    """
    below = [f"refs/heads/{each}~{2**power}" for each in current for power in range(7)]
    places = (
        "--glob=refs/heads",  # unlike --branches, these let %S tell the whole ref
        "--glob=refs/remotes",
        "HEAD",
        *(head.rev for head in repository.heads()),
        *below,
    )
    count = FEW
    try:
        while True:
            found = _log(repository, f"--max-count={count}", *places)
            if len(found) < count or all(
                committed_at(each) < since for each in found[-OLD_ENOUGH:]
            ):
                return list(parse_log(found, since))
            count = _enough(found, since)
    except _Damaged:  # perhaps only where it is old
        return list(parse_log(_log(repository, f"--max-age={since}", *places), since))


def _enough(found: Sequence[bytes], since: int) -> int:
    """How many commits it may take to get there, as they come so far: more than there were."""
    newest, oldest = committed_at(found[0]), committed_at(found[-1])
    pace = (newest - since) / max(newest - oldest, 1)
    return round(len(found) * min(max(pace * 1.2, 2), 100)) + OLD_ENOUGH


def _gone(repository: Repository, since: int, shas: Sequence[str]) -> Iterator[LoggedCommit]:
    """Commits that no branch has any more, if git still has them, and those they were made on."""
    for first in range(0, len(shas), AT_ONCE):
        found = _log(repository, f"--max-age={since}", *shas[first : first + AT_ONCE])
        yield from parse_log(found, since)


def _log(repository: Repository, *what: str) -> list[bytes]:
    status, output, complaint = _git(
        repository,
        "log",
        "-z",
        f"--format={FIELDS}",
        "--encoding=UTF-8",
        "--no-show-signature",
        "--no-mailmap",
        "--no-color",
        "--ignore-missing",  # HEAD of a repository without commits
        *what,
        "--",
    )
    if status != 0:
        kind = _Damaged if DAMAGE.search(complaint) else SourceError
        raise kind(_refusal(repository.path, complaint))
    return output.split(b"\0")[:-1]


def _refusal(path: Path, complaint: str) -> str:
    if "dubious ownership" in complaint or "is owned by someone else" in complaint:
        return (
            f"git refuses {path}, which belongs to another user: if you trust it,"
            f" run `git config --global --add safe.directory {path}`"
        )
    if complaint.startswith("Timeout: "):  # GitPython's word
        return f"git took more than {TIMEOUT} seconds for {path}: is it on a slow network drive?"
    lines = CONTROL.sub("\n", complaint).splitlines()
    last = next((line for line in lines if line.startswith("fatal:")), (lines or ["it failed"])[-1])
    return f"git cannot read {path}: {last.removeprefix('fatal:').strip()[:200]}"


def _own_email(repository: Repository) -> str:
    """The address that commits made here would carry."""
    _, output, _ = _git(repository, "config", "--get", "user.email")
    if email := output.decode("utf-8", errors="replace").strip():
        return email
    raise SourceError(
        f"{repository.path} has no user.email, so nobody knows which commits are yours:"
        " put your addresses into git.emails"
    )


# -- The source --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
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
            found = list(pool.map(lambda each: self._found(each, span), repositories))
        commits = {(c.sha, c.at): c for each in reversed(found) for c in each.commits}
        clues: set[Commit | Checkout] = set(commits.values())
        clues.update(checkout for each in found for checkout in each.checkouts)
        in_order: list[Commit | Checkout] = sorted(clues, key=_order)
        troubles += [each.trouble for each in found if each.trouble]
        return Reading(
            self.name,
            self.group,
            clues=tuple(in_order),
            hints=tuple(dict.fromkeys(hint for each in found for hint in each.hints)),
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
        found: dict[Path, Repository] = {}
        troubles = []
        for path in self.repos:
            try:
                repository = locate(path)
            except SourceError as error:
                troubles.append(str(error))
            except (RuntimeError, ValueError) as error:  # ~nobody, links in a circle, a null byte
                troubles.append(f"{path} cannot be read ({type(error).__name__})")
            else:
                found.setdefault(repository.common, repository)
        return list(found.values()), troubles

    def _found(self, repository: Repository, span: Span) -> _Found:
        try:
            return self._read(repository, span)
        except OSError as error:
            reason = _reason(error)
        except Exception as error:  # noqa: BLE001 - one odd repository must not take the others along
            reason = type(error).__name__  # its words may have an address's password in them
        return _Found(trouble=f"{repository.path} cannot be read: {reason}")

    def _read(self, repository: Repository, span: Span) -> _Found:
        urls = repository.remotes()
        hosted = any(map(on_code_host, urls))
        hints = tuple(self._hints(repository, urls))
        logs = [(head.name, _head_log(head)) for head in repository.heads()]
        checkouts = tuple(
            Checkout(at, self.group, name, branch, hosted)
            for name, log in logs
            for at, branch in log.during(span)
        )
        try:
            commits = tuple(self._commits(repository, span, [log for _, log in logs]))
        except SourceError as error:
            return _Found(checkouts=checkouts, hints=hints, trouble=str(error))
        return _Found(tuple(replace(c, hosted=hosted) for c in commits), checkouts, hints)

    def _commits(
        self, repository: Repository, span: Span, logs: Sequence[HeadLog]
    ) -> Iterator[Commit]:
        """The own commits at each time of work on them.

        The branch is where each was made, else one from which it is seen.
        """
        own = frozenset(map(str.casefold, self.emails or (_own_email(repository),)))
        made = [each for log in logs for each in log.made if each.email in own]
        reached, gone = _own(repository, span, logs, own)
        counts = each_once(reached, gone, made)
        branches = {each.sha: (each.branch,) for log in logs for each in log.made if each.branch}
        start, end = span.start.timestamp(), span.end.timestamp()
        for commit, at in dict.fromkeys(times_of_work((*reached, *gone), made, counts)):
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
