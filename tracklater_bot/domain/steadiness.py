"""Rows that the person has seen: what they say stays, and what does not is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import TypeAlias

from tracklater_bot.domain.day import Span, subtract, total
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.edits import outlives_refresh
from tracklater_bot.domain.issues import IssueId
from tracklater_bot.domain.suggestions import CERTAIN, Suggestion

_SPAN = "/"
Move: TypeAlias = tuple[Item | None, Item | None]


def steady(
    items: Iterable[Item], suggestions: Iterable[Suggestion], groups: Collection[str]
) -> list[Suggestion]:
    """The suggestions, saying of open rows that the person has seen what those said.

    But where something else is certain by now, and where the group is none of `groups` any more.
    """
    undecided = [item.suggestion for item in items if not outlives_refresh(item)]
    seen = [suggestion for suggestion in undecided if suggestion.group in groups]
    result: list[Suggestion] = []
    for fresh in suggestions:
        old = next((old for old in seen if _mostly(old.span, fresh.span)), None)
        kept = fresh if old is None or _is_clear(old, fresh) else _as_seen(old, fresh)
        last = result[-1] if result else None
        touching = last is not None and last.span.end == kept.span.start
        if last is not None and touching and kept is not fresh and _says(last) == _says(kept):
            span, evidence = Span(last.span.start, kept.span.end), last.evidence + kept.evidence
            kept = replace(result.pop(), span=span, evidence=evidence, halves=())
        result.append(kept)
    return result


def _is_clear(old: Suggestion, fresh: Suggestion) -> bool:
    """Whether what is said anew adds to what was said, or is certain."""
    if fresh.group != old.group:
        return fresh.group is not None and fresh.confidence >= CERTAIN
    same = old.issue is None or _says(old) == _says(fresh)
    return same or (fresh.issue_confidence or 0.0) >= CERTAIN


def _as_seen(old: Suggestion, fresh: Suggestion) -> Suggestion:
    seen = replace(
        fresh.evidence, reckoned=old.evidence.reckoned, issue_reckoned=old.evidence.issue_reckoned
    )
    return replace(old, span=fresh.span, evidence=seen, best_split=fresh.best_split, halves=())


def moved(before: Digest, after: Digest) -> list[Move]:
    """The open items that say another group or issue than was said of most of their time.

    Those that came beside nothing known have None before them, those that went None after; what is
    later than all that was known has not moved.
    """
    pairs = list[Move]()
    spans = [*(item.suggestion.span for item in before.items), *(gap.span for gap in before.gaps)]
    known = max((span.end for span in spans), default=None)
    for item in (item for item in after.items if item.state is ItemState.OPEN):
        span = item.suggestion.span
        shared = [(old.suggestion.span.intersection(span), old) for old in before.items]
        most = max(
            ((part.length, old) for part, old in shared if part), key=itemgetter(0), default=None
        )
        if most is not None and _says(most[1].suggestion) != _says(item.suggestion):
            pairs.append((most[1], item))
        elif most is None and known is not None and span.start < known:
            pairs.append((None, item))
    left = [item.suggestion.span for item in after.items]
    for old in (old for old in before.items if old.state is ItemState.OPEN):
        if not any(span.overlaps(old.suggestion.span) for span in left):
            pairs.append((old, None))
    return pairs


def said_before(before: Digest, after: Digest, known: Mapping[str, str]) -> dict[str, str]:
    """What was first said of time and is no longer: by the ids of open items that say another
    thing, and by the time (`span_key`) of what is suggested no more and is not tracked.

    `known` is the same of the day before it was read anew.
    """
    first = {
        item.id: known.get(old.id, in_short(old))
        for item in after.items
        for old in before.items
        if item.state is ItemState.OPEN and _mostly(old.suggestion.span, item.suggestion.span)
    }
    now = {item.id: in_short(item) for item in after.items if item.id in first}
    changed = {item_id: first[item_id] for item_id in now if first[item_id] != now[item_id]}
    gone = {key: words for key, words in known.items() if is_span(key)}
    for item in before.items:
        if item.state is ItemState.OPEN and item.suggestion.group:
            key = span_key(item.suggestion.span)
            gone.setdefault(key, known.get(item.id, in_short(item)))
    taken = [item.suggestion.span for item in after.items]
    taken += [Span(e.start, e.end) for e in after.tracked if e.end and e.end > e.start]
    return changed | {key: words for key, words in gone.items() if _is_free(span_of(key), taken)}


def _is_free(span: Span, taken: Sequence[Span]) -> bool:
    """Whether most of a span is left, and what is there reaches in from elsewhere."""
    left = total(subtract([span], taken))
    return 2 * left > span.length and not any(_mostly(span, other) for other in taken)


def span_key(span: Span) -> str:
    """A span as a key, which no item's id is like."""
    return f"{span.start.isoformat()}{_SPAN}{span.end.isoformat()}"


def is_span(key: str) -> bool:
    """Whether a key stands for a span."""
    return _SPAN in key


def span_of(key: str) -> Span:
    """The span of such a key."""
    return Span(*map(datetime.fromisoformat, key.split(_SPAN)))


def in_short(item: Item) -> str:
    """`acme DEV-1`, or that nothing is known."""
    group, issue = item.suggestion.group, item.suggestion.issue
    return " ".join(filter(None, (group or "not known", issue.key if issue else "")))


def _says(suggestion: Suggestion) -> tuple[str | None, IssueId | None]:
    return suggestion.group, suggestion.issue.id if suggestion.issue else None


def _mostly(span: Span, within: Span) -> bool:
    """Whether a span has more than half of another."""
    shared = span.intersection(within)
    return shared is not None and 2 * shared.length > within.length
