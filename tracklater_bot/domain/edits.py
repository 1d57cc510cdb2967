"""What becomes of a day's items: when the day is read anew, and by a person's changes. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime, time, timedelta
from operator import sub
from typing import TypeAlias
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import Span, subtract
from tracklater_bot.domain.descriptions import (
    adds_nothing,
    carried_over,
    is_ours,
    rewritten,
    written_for,
)
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import MOST_DESCRIPTION, Evidence, Reason, Suggestion
from tracklater_bot.domain.text import times

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=24)
MOST_AHEAD = timedelta(days=1)
UNDECIDED = (ItemState.OPEN, ItemState.FAILED)
_Key: TypeAlias = tuple[Span, str | None, tuple[str, str] | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What the edit dialog says. `billable` None leaves it to the project and the tracker.

    `drafted`: the dialog itself had written the description, and the person left it so. `typed`:
    the person chose these words over those that the dialog had written.
    """

    span: Span
    group: str | None
    project: Project | None
    issue: Issue | None
    description: str
    billable: bool | None = None
    tags: tuple[str, ...] = ()
    drafted: bool = False
    typed: bool = False


class ReviewError(Exception):
    """Something cannot be done as asked. `fields` has a sentence for each field that is wrong.

    Keys are "start", "end", "project", "issue", "description", and "" for the whole. `can_move`:
    it works if the neighbours' boundaries may be moved.
    """

    def __init__(self, fields: dict[str, str], *, can_move: bool = False) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields
        self.can_move = can_move


class NotYours(ReviewError):
    """Somebody else's day."""

    def __init__(self) -> None:
        super().__init__({"": "Only the person whose day this is can do that."})


# -- Items -----------------------------------------------------------------------------------------


def new_id() -> str:
    """An id that nobody can guess, short enough for any button."""
    return secrets.token_urlsafe(12)


def outlives_refresh(item: Item) -> bool:
    """Whether an item outlives a refresh: it was decided, or the person's own hand made it.

    So does one whose worklog could not be removed: nothing else would tell of it.
    """
    troubled = item.worklog is not None and item.worklog.problem is not None
    return item.state is not ItemState.OPEN or item.by_hand or troubled


def refreshed(items: Iterable[Item], suggestions: Iterable[Suggestion]) -> list[Item]:
    """The items that stay, and the suggestions in the time that those leave free.

    A suggestion that was there before keeps its id and version, so that buttons of an older
    message still mean it.
    """
    before = list(items)
    kept = [item for item in before if outlives_refresh(item)]
    known = {_key(item.suggestion): item for item in before if not outlives_refresh(item)}
    fresh = list(clipped(suggestions, [item.suggestion.span for item in kept]))
    for suggestion in fresh:
        same = known.get(_key(suggestion)) or Item(new_id(), suggestion)
        kept.append(replace(same, suggestion=suggestion))
    return in_order(kept)


def in_order(items: Iterable[Item]) -> list[Item]:
    """Earliest first."""
    return sorted(items, key=lambda item: (item.suggestion.span, item.id))


def with_items(digest: Digest, changed: Iterable[Item], gone: Collection[str] = ()) -> Digest:
    """The day with items changed (by their id), added, and taken away.

    Each changed item's version is counted up.
    """
    known = {item.id: item for item in digest.items if item.id not in gone}
    for item in changed:
        known[item.id] = _counted_up(item, known.get(item.id))
    return replace(digest, items=tuple(in_order(known.values())))


def _counted_up(item: Item, before: Item | None) -> Item:
    """What it tells of its worklog stays: the store's `set_worklog` alone changes it."""
    same = replace(item, worklog=before.worklog if before else None)
    return replace(same, version=before.version + 1) if before and same != before else same


def clipped(suggestions: Iterable[Suggestion], taken: Sequence[Span]) -> Iterator[Suggestion]:
    """The suggestions without the time that is taken; scraps under a minute are left out."""
    for suggestion in suggestions:
        for span in subtract([suggestion.span], taken):
            if span == suggestion.span:
                yield suggestion
            elif span.length >= SHORTEST:
                yield within(suggestion, span)


def within(suggestion: Suggestion, span: Span) -> Suggestion:
    """The suggestion cut to `span`; no more minutes of evidence than there are minutes left."""
    if span == suggestion.span:
        return suggestion
    evidence = suggestion.evidence
    minutes = min(evidence.window_minutes, int(span.minutes))
    split = suggestion.best_split
    inside = split is not None and span.start < split < span.end
    return replace(
        suggestion,
        span=span,
        best_split=split if inside else None,
        halves=(),
        evidence=replace(evidence, window_minutes=minutes, exact_seconds=0),
    )


def _key(suggestion: Suggestion) -> _Key:
    issue = suggestion.issue
    return (suggestion.span, suggestion.group, (issue.tracker, issue.key) if issue else None)


# -- Checks --------------------------------------------------------------------------------------


def check(change: Change, digest: Digest, now: datetime) -> None:
    """Raises ReviewError for values that no entry of that day can have."""
    errors = _time_errors(change.span, digest, now) | _content_errors(change)
    if errors:
        raise ReviewError(errors)


def _time_errors(span: Span, digest: Digest, now: datetime) -> dict[str, str]:
    # The two dates on which a working day can lie, wherever the person lets it begin.
    midnight = datetime.combine(digest.day, time(), ZoneInfo(digest.timezone))
    day = Span(midnight, midnight + timedelta(days=2))
    errors = {}
    if span.start not in day:
        errors["start"] = f"This is not on {digest.day}."
    if span.length < SHORTEST:
        errors["end"] = "It must last a minute at least."
    elif span.length > LONGEST:
        errors["end"] = "An entry can last 24 hours at most."
    elif span.end > day.end:
        errors["end"] = f"This is not on {digest.day} or the night after."
    elif span.end > now + MOST_AHEAD:
        errors["end"] = "This is more than a day ahead."
    return errors


def _content_errors(change: Change) -> dict[str, str]:
    errors = {}
    group = (change.group or "").casefold()
    if change.project is not None and change.project.group.casefold() != group:
        errors["project"] = "Choose a project of this group."
    if change.issue is not None and change.issue.group.casefold() != group:
        key, own = change.issue.key, change.issue.group
        errors["issue"] = f"{key} belongs to {own}: choose a project of {own}, or another issue."
    if len(change.description) > MOST_DESCRIPTION:
        errors["description"] = f"At most {MOST_DESCRIPTION} characters, please."
    return errors


# -- Making room ---------------------------------------------------------------------------------


def make_room(digest: Digest, item_id: str, span: Span, *, move: bool) -> list[Item]:
    """The neighbours as they have to be for `span` to be free: none when it is free already.

    Raises ReviewError naming a neighbour in the way; `can_move` tells whether `move` would help.
    """
    others = (other for other in digest.items if other.id != item_id)
    kept = (other for other in others if other.state is not ItemState.SKIPPED)
    neighbours = [other for other in kept if other.suggestion.span.overlaps(span)]
    movable = [neighbour for neighbour in neighbours if neighbour.state in UNDECIDED]
    moved = [piece for neighbour in movable for piece in remainders(neighbour, [span])]
    if not neighbours or (move and moved):
        return moved
    can_move = bool(moved) and not move
    raise ReviewError(_overlap_errors(digest, span, neighbours[0]), can_move=can_move)


def _overlap_errors(digest: Digest, span: Span, other: Item) -> dict[str, str]:
    there = other.suggestion.span
    field = "start" if there.start <= span.start else "end"
    when = times(there, ZoneInfo(digest.timezone), digest.day)
    what = other.suggestion.description or other.suggestion.group or "time without a group"
    return {field: f"This overlaps {when}, {what[:60]}."}


def remainders(item: Item, holes: Sequence[Span]) -> list[Item]:
    """What is left of an item around the holes; the first piece keeps the item's id."""
    left = [span for span in subtract([item.suggestion.span], holes) if span.length >= SHORTEST]
    pieces = [replace(item, suggestion=within(item.suggestion, s), by_hand=True) for s in left]
    return [*pieces[:1], *(replace(piece, id=new_id()) for piece in pieces[1:])]


# -- Changes -------------------------------------------------------------------------------------


def edited(item: Item, change: Change) -> Item:
    """The item as the dialog says. What the person chose is certain."""
    suggestion = within(item.suggestion, change.span)
    words, own = _description(suggestion, change)
    if change.group != suggestion.group:
        suggestion = replace(suggestion, reasons=(Reason("you chose it", 1.0),), alternative=None)
    suggestion = replace(
        suggestion,
        group=change.group,
        project=change.project,
        issue=change.issue,
        description=words,
        own_words=own,
        confidence=1.0 if change.group else 0.0,
        issue_confidence=1.0 if change.group else None,
        candidates=() if change.group else suggestion.candidates,
        halves=(),
    )
    return replace(
        item, suggestion=suggestion, billable=change.billable, tags=change.tags, by_hand=True
    )


def added(change: Change) -> Item:
    """A new item as the dialog says."""
    empty = Suggestion(change.span, None, reasons=(Reason("you added it", 1.0),))
    item = edited(Item(new_id(), replace(empty, group=change.group)), change)
    return replace(item, by_hand=True)


def _description(before: Suggestion, change: Change) -> tuple[str, bool]:
    """The words, and whether they are the person's own. Ours go with their group and issue."""
    words = change.description.strip()
    if not words:
        return written_for(change.issue), False
    ours = rewritten(before, change.group, change.issue)
    own = not is_ours(before) and adds_nothing(words, before.description)
    if not own and adds_nothing(words, ours):
        return words, False
    if change.drafted:
        return ours, False
    if not change.typed:
        words = carried_over(words, before, change.group, change.issue)
    return words, own or words != ours


def divided(item: Item, at: datetime) -> list[Item]:
    """The item in two at `at`, each with its part of the evidence. Raises ReviewError.

    Both keep what it said, but where it is best split: there each has what it tells by itself.
    """
    span = item.suggestion.span
    if not span.start + SHORTEST <= at <= span.end - SHORTEST:
        raise ReviewError({"": "Choose a time between its start and its end."})
    first, second = (
        replace(item, suggestion=half, by_hand=True) for half in _halves(item.suggestion, at)
    )
    return [first, replace(second, id=new_id())]


def _halves(suggestion: Suggestion, at: datetime) -> list[Suggestion]:
    span, split = suggestion.span, suggestion.best_split
    spans = Span(span.start, at), Span(at, span.end)
    parts = [within(suggestion, part) for part in spans]
    if split is None or not suggestion.halves or abs(at - split) >= SHORTEST:
        shares = _shared_out(suggestion.evidence, spans[0].length / span.length)
        return [replace(part, evidence=one) for part, one in zip(parts, shares, strict=True)]
    return [
        replace(
            part,
            project=half.project,
            issue=half.issue,
            description=half.description,
            evidence=half.evidence,
        )
        for part, half in zip(parts, suggestion.halves, strict=True)
    ]


def _shared_out(evidence: Evidence, share: float) -> tuple[Evidence, Evidence]:
    """The evidence in two, nothing of it twice; the first has that share of it."""
    first = [round(number * share) for number in astuple(evidence)]
    rest = map(sub, astuple(evidence), first)
    return Evidence(*first), Evidence(*rest)


def joined(first: Item, second: Item) -> Item:
    """Both as one, from the first's start to the second's end.

    What the longer one said counts, but time without a group says less than any with one.
    """
    one, two = first.suggestion, second.suggestion
    longer = max(first, second, key=_says)
    suggestion = replace(
        longer.suggestion,
        span=Span(one.span.start, max(one.span.end, two.span.end)),
        evidence=one.evidence + two.evidence,
        best_split=two.span.start,
        halves=(),
    )
    billable, tags = longer.billable, longer.tags
    return replace(first, suggestion=suggestion, billable=billable, tags=tags, by_hand=True)


def _says(item: Item) -> tuple[bool, timedelta]:
    return item.suggestion.group is not None, item.suggestion.span.length


def following(digest: Digest, item: Item) -> Item | None:
    """The next item in time that was not skipped."""
    end = item.suggestion.span.end
    kept = (other for other in digest.items if other.state is not ItemState.SKIPPED)
    return next((other for other in kept if other.suggestion.span.start >= end), None)


def numbered(items: Iterable[Item], change: int) -> list[Item]:
    """The items, undecided again, marked as made by the person's change of that number."""
    return [replace(item.in_state(ItemState.OPEN), change=change) for item in items]
