"""Runs git in a repository.

It may come from anybody: nothing that its configuration names is run.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.git_repository import Repository

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
