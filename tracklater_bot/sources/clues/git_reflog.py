"""The reflog of HEAD: which branch was checked out when, and which commits were made here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from tracklater_bot.domain.day import Span

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
