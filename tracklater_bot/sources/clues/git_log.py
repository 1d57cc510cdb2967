"""The own commits of a repository, of its branches and of HEAD's reflog, as git tells them.

A repository may come from anybody: nothing that its configuration names is run.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tracklater_bot.domain.day import Span
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues import git_repository
from tracklater_bot.sources.clues.git_repository import Repository
from tracklater_bot.sources.clues.program_commits import is_by_program

TIMEOUT = 30  # seconds: a repository on a network drive may hang
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

DAMAGE = re.compile(
    r"parse|traverse|unable to read|could not read|bad object|corrupt", re.IGNORECASE
)
NO_GIT = "git is not installed, or not in PATH: install it"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class DamagedRepository(SourceError):
    """Something that git needs is not in the repository."""


def load_gitpython() -> None:
    """Imports GitPython: 40 ms and 5 MB that only those need whose repositories are read.

    Raises SourceError where there is no git.
    """
    try:
        # The package, not git.cmd: that can be had by another thread before the package is ready.
        import git  # noqa: F401, PLC0415
    except ImportError:  # GitPython looks for git when it is imported
        raise SourceError(NO_GIT) from None


def run_git(repository: Repository, *arguments: str) -> tuple[int, bytes, str]:
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
        raise SourceError(NO_GIT) from None


def refusal(path: Path, complaint: str) -> str:
    """What git complained of for a repository, as a sentence with what to do."""
    if "dubious ownership" in complaint or "is owned by someone else" in complaint:
        return (
            f"git refuses {path}, which belongs to another user: if you trust it,"
            f" run `git config --global --add safe.directory {path}`"
        )
    if "unknown repository extension" in complaint:  # such as reftable, since git 2.45
        return f"git is too old to read {path}: install a newer one"
    if complaint.startswith("Timeout: "):  # GitPython's word
        return f"git took more than {TIMEOUT} seconds for {path}: is it on a slow network drive?"
    lines = CONTROL.sub("\n", complaint).splitlines()
    last = next((line for line in lines if line.startswith("fatal:")), (lines or ["it failed"])[-1])
    return f"git cannot read {path}: {last.removeprefix('fatal:').strip()[:200]}"


def own_email(repository: Repository) -> str:
    """The address that commits made here would carry."""
    _, output, _ = run_git(repository, "config", "--get", "user.email")
    if email := output.decode("utf-8", errors="replace").strip():
        return email
    raise SourceError(
        f"{repository.path} has no user.email, so nobody knows which commits are yours:"
        " put your addresses into git.emails"
    )


# -- Commits ---------------------------------------------------------------------------------------


# A commit authored within a span was committed then or later, unless a clock was wrong.
SKEW = timedelta(days=1)
# Old commits may lie on newer ones: patches with their own dates, machines with a wrong clock. git
# walks by date, newest first; this many old ones in a row, and what follows is taken to be old.
OLD_ENOUGH = 128
FEW = 384  # so many commits are asked for first
MOST_MOVES = 50_000  # of HEAD
AT_ONCE = 400  # commits named in one command: Windows takes no longer ones

FIELDS = "%ct%x1f%at%x1f%H%x1f%S%x1f%ae%x1f%s%n%an %cn <%ce>%n%b"


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


def deduplicated(
    reachable: Iterable[LoggedCommit],
    unreachable: Iterable[LoggedCommit],
    made_here: Iterable[git_repository.ReflogCommit],
) -> dict[str, LoggedCommit]:
    """For the id of each commit the one that counts for it and all its copies.

    Cherry-picks and rebases leave copies of one author, time and subject. What no branch has any
    more (`unreachable`) may have been amended, or reworded: that keeps author and time.
    """
    once: dict[tuple[int, str, str], LoggedCommit] = {}
    reworded: dict[tuple[int, str], LoggedCommit] = {}
    originals: dict[str, LoggedCommit] = {}
    for commit in reachable:
        key = (commit.authored, commit.email, commit.subject)
        originals[commit.sha] = once.setdefault(key, commit)
        reworded.setdefault(key[:2], originals[commit.sha])
    newer = {commit.amended_from: commit.sha for commit in made_here if commit.amended_from}
    for commit in unreachable:
        became = (originals[sha] for sha in _amended_to(commit.sha, newer) if sha in originals)
        original = next(became, None)
        made = (commit.authored, commit.email)
        originals[commit.sha] = original or reworded.setdefault(made, commit)
    return originals


def times_of_work(
    logged: Iterable[LoggedCommit],
    made_here: Iterable[git_repository.ReflogCommit],
    originals: Mapping[str, LoggedCommit],
) -> Iterator[tuple[LoggedCommit, int]]:
    """Each commit that counts at each time of work on it: when it was authored, and amended."""
    for commit in logged:
        yield originals[commit.sha], commit.authored
    for reflog_commit in made_here:
        if reflog_commit.amends and (original := originals.get(reflog_commit.sha)):
            yield original, reflog_commit.at


def _amended_to(sha: str, newer: Mapping[str, str]) -> Iterator[str]:
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


def own_commits(
    repository: Repository,
    span: Span,
    reflogs: Sequence[git_repository.HeadReflog],
    own: frozenset[str],
) -> tuple[list[LoggedCommit], list[LoggedCommit]]:
    """The own commits of about the span: those of the branches, and those that HEAD only knows."""
    since, until = (int(at.timestamp()) for at in (span.start - SKEW, span.end + SKEW))
    current = dict.fromkeys(log.current for log in reflogs if log.current)
    reachable = {commit.sha: commit for commit in _reachable(repository, since, current)}
    shas = dict.fromkeys(sha for log in reflogs for at, sha in log.commits if since <= at < until)
    lost = [sha for sha in shas if sha not in reachable]  # by all branches, if git still has them
    unreachable = [
        commit
        for first in range(0, len(lost), AT_ONCE)
        for commit in parse_log(
            _log(repository, f"--max-age={since}", *lost[first : first + AT_ONCE]), since
        )
        if commit.email in own and commit.sha not in reachable
    ]
    return [commit for commit in reachable.values() if commit.email in own], unreachable


def _reachable(repository: Repository, since: int, current: Iterable[str]) -> list[LoggedCommit]:
    """The commits of all branches, remote branches and HEADs, until all that follow are older.

    Remote branches count: work done on another machine and fetched is work too. Stashes, tags
    and notes don't. Below the branches that are checked out it is looked deeper.
    """
    below = [f"refs/heads/{branch}~{2**power}" for branch in current for power in range(7)]
    starts = (
        "--glob=refs/heads",  # unlike --branches, these let %S tell the whole ref
        "--glob=refs/remotes",
        "HEAD",
        *(head.rev for head in repository.heads()),
        *below,
    )
    count = FEW
    try:
        while True:
            records = _log(repository, f"--max-count={count}", *starts)
            if not records:
                # Raises SourceError where there is a branch, but not its commit: git leaves it out
                # quietly.
                _, _, complaint = run_git(repository, "log", "--max-count=1", "HEAD", "--")
                if "bad object" in complaint:
                    raise SourceError(refusal(repository.path, complaint))
            oldest = records[-OLD_ENOUGH:]
            if len(records) < count or all(committed_at(record) < since for record in oldest):
                return list(parse_log(records, since))
            # So many it may take to get there, as they come so far: more than there were.
            newest, oldest_yet = committed_at(records[0]), committed_at(records[-1])
            pace = (newest - since) / max(newest - oldest_yet, 1)
            count = round(len(records) * min(max(pace * 1.2, 2), 100)) + OLD_ENOUGH
    except DamagedRepository:  # perhaps only where it is old
        return list(parse_log(_log(repository, f"--max-age={since}", *starts), since))


def asked_reflog(repository: Repository, head: git_repository.Head) -> git_repository.HeadReflog:
    """The reflog of a HEAD, as git tells it where it has no file for it."""
    _, branch, _ = run_git(repository, "symbolic-ref", "--quiet", head.rev)
    fields = "%H%x1f%gn%x1f%ge%x1f%gd%x1f%gs"
    records = _log(
        repository,
        "--walk-reflogs",
        "--date=raw",
        f"--max-count={MOST_MOVES}",
        head.rev,
        fields=fields,
    )
    lines, before = [], "0" * 40
    for record in reversed(records):
        sha, name, email, moment, what = record.decode("utf-8", errors="replace").split("\x1f")
        at = moment.partition("@{")[2].removesuffix("}")
        lines.append(f"{before} {sha} {name} <{email}> {at}" + (f"\t{what}" if what else ""))
        before = sha
    current = git_repository.as_branch(branch.decode(errors="replace").strip())
    return git_repository.parse_reflog("\n".join(lines), current)


def _log(repository: Repository, *selection: str, fields: str = FIELDS) -> list[bytes]:
    """The records of the commits that are selected."""
    status, output, complaint = run_git(
        repository,
        "log",
        "-z",
        f"--format={fields}",
        "--encoding=UTF-8",
        "--no-show-signature",
        "--no-mailmap",
        "--no-color",
        "--ignore-missing",  # HEAD of a repository without commits
        *selection,
        "--",
    )
    if status != 0:
        kind = DamagedRepository if DAMAGE.search(complaint) else SourceError
        raise kind(refusal(repository.path, complaint))
    return output.split(b"\0")[:-1]
