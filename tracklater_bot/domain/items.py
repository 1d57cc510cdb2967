"""What becomes of a day's items when the day is read anew. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from tracklater_bot.domain.day import Span, subtract
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.suggestions import Suggestion

SHORTEST = timedelta(minutes=1)

_Key: TypeAlias = tuple[Span, str | None, tuple[str, str] | None]


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
    fresh = clipped(suggestions, [item.suggestion.span for item in kept])
    return in_order([*kept, *(_carried(suggestion, known) for suggestion in fresh)])


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
    if before is None:
        return replace(item, worklog=None)
    same = replace(item, worklog=before.worklog)
    return same if same == before else replace(same, version=before.version + 1)


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
    evidence = suggestion.evidence
    minutes = min(evidence.window_minutes, int(span.minutes))
    split = suggestion.best_split
    inside = split is not None and span.start < split < span.end
    return replace(
        suggestion,
        span=span,
        best_split=split if inside else None,
        evidence=replace(evidence, window_minutes=minutes),
    )


def _key(suggestion: Suggestion) -> _Key:
    issue = suggestion.issue
    return (suggestion.span, suggestion.group, (issue.tracker, issue.key) if issue else None)


def _carried(suggestion: Suggestion, known: dict[_Key, Item]) -> Item:
    before = known.get(_key(suggestion))
    if before is None:
        return Item(new_id(), suggestion)
    return replace(before, suggestion=suggestion)
