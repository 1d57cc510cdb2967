"""Events: commits, checkouts and messages as moments in a day, with what they point to."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tracklater_bot.domain.clues import ChatMessage, Checkout, Commit
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.domain.keywords import is_trunk
from tracklater_bot.engine.inputs import Inputs
from tracklater_bot.engine.match.matcher import Matcher


class EventKind(Enum):
    """What somebody did."""

    COMMIT = "commit"
    CHECKOUT = "checkout"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Event:
    """A clue with a moment, in seconds since the working day began.

    `groups` is empty for a message that points nowhere: somebody was there all the same. `trunk`
    tells that git says the work was on no issue's branch. `about` is the repository, the branch or
    the channel; events of one `sha` are one commit, amended. `by_program`: nobody need have been
    there.
    """

    at: float
    kind: EventKind
    groups: tuple[str, ...] = ()
    issues: tuple[IssueId, ...] = ()
    trunk: bool = False
    about: str = ""
    sha: str = ""
    by_program: bool = False


def events_of(inputs: Inputs, reader: Matcher) -> list[Event]:
    """All events in order of time, those before the day too: they tell what was checked out."""
    zero = inputs.day.span.start.timestamp()
    groups = frozenset(group.name for group in inputs.groups)
    found = [
        _event(clue, clue.at.timestamp() - zero, reader)
        for clue in inputs.clues
        if isinstance(clue, ChatMessage)
        or (isinstance(clue, Commit | Checkout) and clue.group in groups)
    ]
    return sorted(found, key=_order)


def _order(event: Event) -> tuple[float, str, tuple[str, ...], tuple[IssueId, ...], str]:
    return event.at, event.kind.value, event.groups, event.issues, event.about


def _event(clue: Commit | Checkout | ChatMessage, at: float, reader: Matcher) -> Event:
    match clue:
        case ChatMessage():
            return _message(at, clue, reader)
        case Commit():
            return _commit(at, clue, reader)
        case Checkout():
            return _checkout(at, clue, reader)


def _message(at: float, message: ChatMessage, reader: Matcher) -> Event:
    pointer = reader.message(message)
    return Event(
        at,
        EventKind.MESSAGE,
        tuple(sorted(pointer.groups)),
        tuple(sorted(pointer.issues)),
        about=message.channel,
    )


def _commit(at: float, commit: Commit, reader: Matcher) -> Event:
    issue = reader.commit(commit)
    trunk = issue is None and all(map(is_trunk, commit.branches))
    issues = (issue,) if issue else ()
    return Event(
        at,
        EventKind.COMMIT,
        (commit.group,),
        issues,
        trunk,
        commit.repo,
        commit.sha,
        commit.by_program,
    )


def _checkout(at: float, checkout: Checkout, reader: Matcher) -> Event:
    issue = reader.branch(checkout.group, checkout.branch)
    issues = (issue,) if issue else ()
    return Event(at, EventKind.CHECKOUT, (checkout.group,), issues, issue is None, checkout.branch)


class BranchesOut:
    """Which issue's branch was checked out last in a group's repositories."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_group: defaultdict[str, list[Event]] = defaultdict(list)
        for event in events:
            if event.kind is EventKind.CHECKOUT:
                self._by_group[event.groups[0]].append(event)

    def at(self, group: str, moment: float) -> Event | None:
        """The group's last checkout; None before the first."""
        known = self._by_group.get(group, [])
        place = bisect_right(known, moment, key=lambda event: event.at) - 1
        return known[place] if place >= 0 else None
