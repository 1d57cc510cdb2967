"""Clues of made-up days in few words, for the engine's tests.

Two clients: acme (repository acme-api, Jira project DEV) and globex (repository globex-web, Taiga).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zlib import crc32

from tests.notation import FRIDAY, at, span
from tracklater_bot.domain.clues import (
    ChatMessage,
    Checkout,
    Clue,
    Commit,
    Meeting,
    Prompt,
    Window,
)
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine.inputs import Inputs, Options
from tracklater_bot.sources.issues.jira import key_form
from tracklater_bot.sources.issues.taiga import KEY_FORM as TAIGA

ACME_CODE = "auth.py - acme-api - Visual Studio Code"
GLOBEX_CODE = "Cart.vue - globex-web - Visual Studio Code"
SHELL = "pytest -k auth"
MEETING = "Zoom Meeting"


def group(name: str, *hints: tuple[HintKind, str], **more: object) -> Group:
    """A group with a keyword of its own name and further hints."""
    own = Hint(name, HintKind.KEYWORD, name)
    return Group(name, (own, *(Hint(name, kind, text) for kind, text in hints)), **more)  # type: ignore[arg-type]


ACME = group(
    "acme",
    (HintKind.REPOSITORY, "acme-api"),
    (HintKind.REMOTE, "acme/api"),
    (HintKind.REMOTE, "api"),
    (HintKind.HOST, "acme.atlassian.net"),
    key_forms=(key_form("DEV"),),
    projects=(
        Project("Development", "acme", client="Acme Corp"),
        Project("Bug fixing", "acme", type="bug", client="Acme Corp"),
    ),
)
GLOBEX = group(
    "globex",
    (HintKind.REPOSITORY, "globex-web"),
    (HintKind.REMOTE, "globex/web"),
    (HintKind.REMOTE, "web"),
    (HintKind.HOST, "mika-globex"),
    key_forms=(TAIGA,),
    projects=(Project("Design", "globex", client="Globex"),),
)
GROUPS = (ACME, GLOBEX)
LOGIN = Issue("DEV-123", "Fix login", "", "jira", "acme", type="bug")
RATE = Issue("DEV-131", "Rate limit the token endpoint", "", "jira", "acme", type="story")
RESET = Issue("#12", "Reset password", "", "taiga", "globex", type="task")
CART = Issue("#77", "Ostoskori näyttää väärän summan", "", "taiga", "globex", type="issue")
ISSUES = (LOGIN, RATE, RESET, CART)


def windows(*lines: str, machine: str = "", every: int = 20, day: WorkDay = FRIDAY) -> list[Clue]:
    """Samples of `"09:00-09:30 title"`; the screen changes every minute.

    `"09:00-09:30 = title"` stands still. The end of a line has no sample.
    """
    return [clue for line in lines for clue in _samples(line, machine, every, day)]


def _samples(line: str, machine: str, every: int, day: WorkDay) -> Iterator[Window]:
    times, _, title = line.partition(" ")
    still = title.startswith("= ")
    title = title.removeprefix("= ")
    whole = span(times, day)
    moment = whole.start
    while moment < whole.end:
        minute = 0 if still else (moment - whole.start) // timedelta(minutes=1)
        screen = crc32(f"{title} {whole.start if not still else ''} {minute}".encode())
        yield Window(moment, title, screen, machine)
        moment += timedelta(seconds=every)


def commit(clock: str, group: str, subject: str = "WIP", branch: str = "main") -> Commit:
    """A commit in the group's repository."""
    repo = {"acme": "acme-api", "globex": "globex-web"}[group]
    return Commit(at(clock), group, repo, f"{clock}{group}{subject}", subject, (branch,))


def checkout(clock: str, group: str, branch: str) -> Checkout:
    """A checkout in the group's repository."""
    repo = {"acme": "acme-api", "globex": "globex-web"}[group]
    return Checkout(at(clock), group, repo, branch)


def message(clock: str, text: str, channel: str = "", group: str | None = None) -> ChatMessage:
    """A message in the common workspace, or in a group's own."""
    return ChatMessage(at(clock), group, text, channel)


def prompt(clock: str, group: str | None, branch: str = "", folder: str = "/src") -> Prompt:
    """Something typed to a coding agent in the group's folder."""
    return Prompt(at(clock), group, folder, branch)


def meeting(times: str, title: str, *domains: str, sure: bool = True) -> Meeting:
    """A meeting in the person's calendar; without a title a private one."""
    whole = span(times)
    return Meeting(whole.start, whole.end, title, domains, sure)


def entry(times: str, number: int = 1) -> TimeEntry:
    """What is tracked already; `"09:00-"` is running."""
    start, end = times.split("-")
    return TimeEntry(str(number), at(start), at(end) if end else None)


def inputs(
    *clues: Clue,
    tracked: tuple[TimeEntry, ...] = (),
    now: datetime | None = None,
    groups: tuple[Group, ...] = GROUPS,
    issues: tuple[Issue, ...] = ISSUES,
    day: WorkDay = FRIDAY,
    **options: object,
) -> Inputs:
    """A day's inputs; unrounded unless told otherwise."""
    chosen = Options(**{"round_minutes": 0, **options})  # type: ignore[arg-type]
    return Inputs(day, now or day.span.end, clues, groups, issues, tracked, chosen)


def told(suggestions: tuple[Suggestion, ...], day: WorkDay = FRIDAY) -> list[str]:
    """Suggestions as `"09:00-10:00 acme DEV-123"`; `?` where nothing is known."""
    return [
        " ".join((_times(suggestion.span, day), *_what(suggestion))) for suggestion in suggestions
    ]


def _times(whole: Span, day: WorkDay) -> str:
    return f"{day.local(whole.start):%H:%M}-{day.local(whole.end):%H:%M}"


def _what(suggestion: Suggestion) -> Iterator[str]:
    yield suggestion.group or "?"
    if suggestion.issue is not None:
        yield suggestion.issue.key
