"""How much of a day was tracked, suggested and missing in each group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import Span, subtract, total
from tracklater_bot.domain.digests import UNDER_WAY, Digest, Item, ItemState, is_open
from tracklater_bot.domain.draft import Draft, Gap
from tracklater_bot.domain.text import duration, listing, times

FEWEST_DAYS = 3
LEAST_GAP = timedelta(minutes=5)
GAPS_TOLD = ("nobody", "still")  # of which `gap_lines` tells
Lengths = Mapping[str | None, timedelta]


@dataclass(frozen=True, slots=True)
class DayTimes:
    """A day's lengths per group; None as a group is time that nothing explains.

    `suggested` is all that was found and not skipped, `missing` the part of it that waits for a
    decision, `under_way` what was approved and is not in the tracker yet. `known` is False for a
    day that nobody has looked at yet.
    """

    day: date
    tracked: Lengths = field(default_factory=dict)
    suggested: Lengths = field(default_factory=dict)
    missing: Lengths = field(default_factory=dict)
    known: bool = True
    under_way: Lengths = field(default_factory=dict)

    @classmethod
    def of(
        cls, digest: Digest, now: datetime | None = None, within: Span | None = None
    ) -> DayTimes:
        """From a stored digest; a running entry counts until `now`, others what is `within`."""
        groups = {item.suggestion.group for item in digest.items}
        kept = [item for item in digest.items if item.state is not ItemState.SKIPPED]
        sent = [item for item in digest.items if item.state in UNDER_WAY]
        suggested, missing, under_way = (
            {group: length_of(i for i in items if i.suggestion.group == group) for group in groups}
            for items in (kept, open_items(digest), sent)
        )
        tracked = tracked_length(digest, now, within)
        return cls(digest.day, tracked, suggested, missing, under_way=under_way)

    @classmethod
    def of_draft(
        cls, draft: Draft, now: datetime | None = None, within: Span | None = None
    ) -> DayTimes:
        """From a day that was only read: all that is suggested waits for a decision."""
        return cls.of(as_digest(draft), now, within)

    def groups(self) -> list[str | None]:
        """The groups that have any time, the largest first, the unexplained last."""
        named = {*self.tracked, *self.suggested, *self.missing}
        counted = (self.tracked, self.missing, self.under_way)
        lengths = {
            name: sum((part.get(name, timedelta()) for part in counted), timedelta())
            for name in named
        }
        return sorted(named, key=lambda name: (name is None, -lengths[name], name or ""))


def length_of(items: Iterable[Item]) -> timedelta:
    """The sum of the items' lengths."""
    return sum((item.suggestion.span.length for item in items), timedelta())


def open_items(digest: Digest) -> list[Item]:
    """What the person still has to decide."""
    return [item for item in digest.items if is_open(item)]


def free_gaps(digest: Digest, now: datetime) -> list[Gap]:
    """The time between the first and the last of the day that nothing takes, with its reason."""
    taken = [item.suggestion.span for item in digest.items if item.state is not ItemState.SKIPPED]
    taken += [span for entry in digest.tracked if (span := entry.span(now))]
    spans = [*taken, *(gap.span for gap in digest.gaps)]
    if not spans:
        return []
    whole = Span(min(span.start for span in spans), max(span.end for span in spans))
    free = [span for span in subtract([whole], taken) if span.length >= LEAST_GAP]
    return [Gap(span, _reason(span, digest.gaps)) for span in free]


def _reason(span: Span, gaps: Sequence[Gap]) -> str:
    shared = [(part.length, gap.why) for gap in gaps if (part := gap.span.intersection(span))]
    return max(shared)[1] if shared else ""


def usual_length(digests: Iterable[Digest], besides: date) -> timedelta | None:
    """The mean of the other days that were decided; None while there are too few to tell."""
    decided = [digest for digest in digests if digest.day != besides and not open_items(digest)]
    lengths = [sum(tracked_length(digest, None).values(), timedelta()) for digest in decided]
    worked = [length for length in lengths if length]
    return sum(worked, timedelta()) / len(worked) if len(worked) >= FEWEST_DAYS else None


def tracked_length(
    digest: Digest, now: datetime | None, within: Span | None = None
) -> dict[str | None, timedelta]:
    """What the tracker has per group: entries of the day and items sent since they were read."""
    lengths: defaultdict[str | None, timedelta] = defaultdict(timedelta)
    for entry in digest.tracked:
        span = entry.span(now or entry.start)
        if span is not None and (span := span.intersection(within or span)) is not None:
            lengths[entry.group] += span.length
    known = {entry.id for entry in digest.tracked}
    for item in digest.items:
        if item.state is ItemState.SENT and item.entry_id not in known:
            lengths[item.suggestion.group] += item.suggestion.span.length
    return dict(lengths)


def as_digest(draft: Draft) -> Digest:
    """A day that was only read as one of which nothing is decided."""
    items = tuple(Item(f"preview-{n}", found) for n, found in enumerate(draft.suggestions, 1))
    seen = (draft.tracked, draft.sources, draft.gaps, draft.agents)
    return Digest("preview", draft.day, draft.timezone, items, *seen)


def gap_lines(digest: Digest, now: datetime | None) -> list[str]:
    """What is to be said of the time at the screen that is neither suggested nor tracked."""
    kept = [item for item in digest.items if item.state is not ItemState.SKIPPED]
    entries = (entry.span(now or entry.start) for entry in digest.tracked)
    taken = [*(item.suggestion.span for item in kept), *filter(None, entries)]
    nobodys, stills = (_left(digest, why, taken) for why in GAPS_TOLD)
    lines = [f"{duration(total(nobodys))} at the screen for none of your groups"]
    when = listing(times(span, ZoneInfo(digest.timezone), digest.day) for span in stills)
    lines = lines if total(nobodys) >= LEAST_GAP else []
    return [*lines, f"In one unchanged window: {when}"] if stills else lines


def _left(digest: Digest, why: str, taken: list[Span]) -> list[Span]:
    left = subtract((gap.span for gap in digest.gaps if gap.why == why), taken)
    return [span for span in left if span.length >= LEAST_GAP or why == "nobody"]
