"""Events: commits, checkouts, messages and prompts as moments in a day, with what they point to."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from tracklater_bot.domain.clues import ChatMessage, Checkout, Commit, Prompt
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.domain.keywords import is_trunk
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.intervals import MINUTE
from tracklater_bot.engine.match.matcher import Matcher

# An agent is attended to for a while after a prompt, and the next prompt takes a while to write.
ATTENDED, COMPOSED = 8 * MINUTE, 2 * MINUTE


class EventKind(Enum):
    """What somebody did."""

    COMMIT = "commit"
    CHECKOUT = "checkout"
    MESSAGE = "message"
    PROMPT = "prompt"
    MEETING = "meeting"  # of evidence alone: it is no moment


@dataclass(frozen=True, slots=True)
class Event:
    """A clue with a moment, in seconds since the working day began.

    `groups` is empty for a message or a prompt that points nowhere: somebody was there all the
    same. `trunk` tells that git says the work was on no issue's branch. `about` is the repository,
    the branch or the channel; events of one `sha` are one commit, amended. `by_program`: nobody
    need have been there.
    """

    at: float
    kind: EventKind
    groups: tuple[str, ...] = ()
    issues: tuple[IssueId, ...] = ()
    trunk: bool = False
    about: str = ""
    sha: str = ""
    by_program: bool = False


def events_of(inputs: Inputs, matcher: Matcher) -> list[Event]:
    """All events in order of time, those before the day too: they tell what was checked out."""
    zero = inputs.day.span.start.timestamp()
    groups = frozenset(group.name for group in inputs.groups)
    events = [
        _event(clue, clue.at.timestamp() - zero, matcher)
        for clue in inputs.clues
        if isinstance(clue, ChatMessage | Prompt)
        or (isinstance(clue, Commit | Checkout) and clue.group in groups)
    ]
    return sorted(events, key=lambda e: (e.at, e.kind.value, e.groups, e.issues, e.about))


def _event(clue: Commit | Checkout | ChatMessage | Prompt, at: float, matcher: Matcher) -> Event:
    match clue:
        case ChatMessage():
            said = matcher.message(clue)
            groups, issues = tuple(said.groups), tuple(sorted(said.issues))
            return Event(at, EventKind.MESSAGE, groups, issues, about=clue.channel)
        case Prompt():
            groups = matcher.folder(clue)
            named = {matcher.branch(group, clue.branch) for group in groups} - {None}
            issues = tuple(sorted(issue for issue in named if issue))
            trunk = bool(groups and is_trunk(clue.branch))
            return Event(at, EventKind.PROMPT, groups, issues, trunk)
        case Commit():
            issue = matcher.commit(clue)
            trunk = issue is None and all(map(is_trunk, clue.branches))
            kind, about, sha = EventKind.COMMIT, clue.repo, clue.sha
        case Checkout():
            issue = matcher.branch(clue.group, clue.branch)
            kind, trunk, about, sha = EventKind.CHECKOUT, issue is None, clue.branch, ""
    by_program = isinstance(clue, Commit) and clue.by_program
    issues = (issue,) if issue else ()
    return Event(at, kind, (clue.group,), issues, trunk, about, sha, by_program)


def between(events: Sequence[Event], after: float, until: float) -> Sequence[Event]:
    """The events, in order of time, that came after a moment and no later than another."""
    first, last = (bisect_right(events, at, key=lambda event: event.at) for at in (after, until))
    return events[first:last]


def turning_points(events: Iterable[Event]) -> Iterator[float]:
    """Where one turned from a group's agent to another's: shortly before the prompt to that one.

    Halfway where so long a time lies between the two that nobody knows.
    """
    prompts = [event for event in events if event.kind is EventKind.PROMPT and event.groups]
    for one, other in pairwise(prompts):
        if one.groups != other.groups:
            turned = min(one.at + ATTENDED, other.at - COMPOSED)
            yield max((one.at + other.at) / 2, turned)


class Checkouts:
    """Which issue's branch was checked out last in a group's repositories."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_group: defaultdict[str, list[Event]] = defaultdict(list)
        for event in events:
            if event.kind is EventKind.CHECKOUT:
                self._by_group[event.groups[0]].append(event)

    def at(self, group: str, moment: float) -> Event | None:
        """The group's last checkout; None before the first."""
        checkouts = self._by_group.get(group, [])
        count = bisect_right(checkouts, moment, key=lambda event: event.at)
        return checkouts[count - 1] if count else None
