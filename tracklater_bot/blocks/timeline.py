"""The day as lanes on a line of time: what is in them, in words, and as bars of text. Pure.

timeline_png.py draws the same lanes as a PNG.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import Span, total
from tracklater_bot.domain.digests import Digest, ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.domain.text import clean, count, day_name, duration, isolated, shown, times

HOUR = timedelta(hours=1)
LEAST_HOURS = 6
NO_GROUP = "What was this?"
MOST_ALT = 1000


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a lane: whose it is, and the few words that fit into it."""

    span: Span
    group: str | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Ticks:
    """What is to be marked: commits, messages and prompts when made, meetings when planned."""

    commits: tuple[datetime, ...] = ()
    messages: tuple[datetime, ...] = ()
    prompts: tuple[datetime, ...] = ()
    meetings: tuple[Span, ...] = ()

    @property
    def moments(self) -> tuple[datetime, ...]:
        """Those of all kinds but meetings, which last."""
        return *self.commits, *self.messages, *self.prompts

    def by_kind(self) -> dict[str, int]:
        """How many there are of each kind, by what one of them is called."""
        named = {
            "commit": self.commits,
            "message": self.messages,
            "prompt": self.prompts,
            "meeting": self.meetings,
        }
        return {kind: len(marked) for kind, marked in named.items() if marked}


@dataclass(frozen=True, slots=True)
class Lanes:
    """A day's lanes. No window titles and no descriptions: issue keys and group names only."""

    day: date
    zone: ZoneInfo
    suggested: tuple[Bar, ...] = ()
    tracked: tuple[Bar, ...] = ()
    ticks: Ticks = Ticks()
    tracker: TrackerWords = SOME_TRACKER

    @property
    def span(self) -> Span:
        """The time to be shown: whole hours on the wall clock, six at least."""
        spans = [bar.span for bar in (*self.suggested, *self.tracked)] + [*self.ticks.meetings]
        moments = [*(span.start for span in spans), *(span.end for span in spans)]
        moments += self.ticks.moments
        moments = moments or [datetime.combine(self.day, time(9), self.zone)]
        start = _hour_before(min(moments), self.zone)
        end = _hour_before(max(moments) + HOUR - timedelta(microseconds=1), self.zone)
        return Span(start, max(end, start + LEAST_HOURS * HOUR))

    def hours(self) -> Iterator[datetime]:
        """Every full hour on the wall clock within that time, its ends included."""
        at, quarter = self.span.start, timedelta(minutes=15)
        while at <= self.span.end:
            if at.astimezone(self.zone).minute == 0:
                yield at
            at += quarter  # zones and clock changes of half an hour exist

    @property
    def tracked_name(self) -> str:
        """What the lane of entries is called."""
        return f"In {self.tracker.label}"

    def groups(self) -> list[str]:
        """The groups in the lanes, by name."""
        named = {bar.group for bar in (*self.suggested, *self.tracked) if bar.group}
        return sorted(named, key=str.casefold)


def _hour_before(at: datetime, zone: ZoneInfo) -> datetime:
    past = at.astimezone(zone)
    return at - timedelta(0, past.second, past.microsecond, minutes=past.minute)


def lanes_of(
    day: Draft | Digest, now: datetime, ticks: Ticks = Ticks(), tracker: TrackerWords = SOME_TRACKER
) -> Lanes:
    """The lanes of a draft or a digest; what was skipped is left out, what was sent is tracked.

    `now` is where a running entry ends.
    """
    suggested, sent = _suggestions(day)
    known = [
        Bar(span, entry.group, clean(entry.group or "", 24))
        for entry in day.tracked
        if (span := entry.span(now))
    ]
    return Lanes(
        day=day.day,
        zone=ZoneInfo(day.timezone),
        suggested=tuple(map(_suggestion_bar, suggested)),
        tracked=tuple(sorted([*known, *map(_suggestion_bar, sent)], key=lambda bar: bar.span)),
        ticks=ticks,
        tracker=tracker,
    )


def ticks_of(draft: Draft) -> Ticks:
    """When a draft's commits, messages, prompts and meetings were."""
    return Ticks(draft.commits, draft.messages, draft.prompts, draft.meetings)


def _suggestions(day: Draft | Digest) -> tuple[list[Suggestion], list[Suggestion]]:
    """What is suggested still, and what was sent since the tracker's entries were read."""
    if isinstance(day, Draft):
        return sorted(day.suggestions, key=lambda suggestion: suggestion.span), []
    known = {entry.id for entry in day.tracked}
    items = sorted(day.items, key=lambda item: item.suggestion.span)
    sent = [item for item in items if item.state is ItemState.SENT]
    gone = (ItemState.SENT, ItemState.SKIPPED)
    return (
        [item.suggestion for item in items if item.state not in gone],
        [item.suggestion for item in sent if item.entry_id not in known],
    )


def _suggestion_bar(suggestion: Suggestion) -> Bar:
    label = suggestion.issue.key if suggestion.issue else (suggestion.group or "?")
    return Bar(suggestion.span, suggestion.group, clean(label, 24))


# -- Colours -----------------------------------------------------------------------------------

# After Okabe and Ito, and Tol: told apart with any kind of colour vision.
PALETTE = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#f0e442", "#8a6d3b",
    "#56b4e9", "#5b4a9c", "#882255",
)  # fmt: skip
# What stands beside rows, by the colour that it has; dark and grey ones tell too little.
SQUARES = {
    "#3478c6": "blue", "#f08c1e": "orange", "#2fa35c": "green", "#b06cc4": "purple",
    "#dc3a3a": "red", "#f5dc46": "yellow", "#8c6239": "brown",
}  # fmt: skip
_COLOUR = re.compile("#[0-9a-f]{6}")


def colours(groups: Iterable[str], own: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """A colour a group: its `own` in the tracker, else one from its name alone, always the same.

    Where two own ones cannot be told apart, or two names lead to one colour, the later group takes
    the next free one: give all groups of the settings in their order, and a day with fewer of them
    looks the same.
    """
    names = list(dict.fromkeys(groups))
    taken: dict[str, str] = {}
    for group in names:
        colour = own.get(group, "").casefold()
        if _COLOUR.fullmatch(colour) and square(colour) not in map(square, taken.values()):
            taken[group] = colour
    for group in (name for name in names if name not in taken):
        start = hashlib.blake2b(group.casefold().encode("utf-8", "replace"), digest_size=4)
        first = int.from_bytes(start.digest()) % len(PALETTE)
        in_order = [*PALETTE[first:], *PALETTE[:first]]
        free = [colour for colour in in_order if colour not in taken.values()]
        used = {square(colour) for colour in taken.values()}
        apart = [colour for colour in free if square(colour) not in used]
        taken[group] = (apart or free or in_order)[0]
    return {group: taken[group] for group in names}


def square(colour: str) -> str:
    """The emoji that comes nearest to the colour."""
    wanted = channels(colour)

    def distance(other: str) -> int:
        return sum((a - b) ** 2 for a, b in zip(wanted, channels(other), strict=True))

    return f":large_{SQUARES[min(SQUARES, key=distance)]}_square:"


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


# -- In words ----------------------------------------------------------------------------------


def alt_text(lanes: Lanes, most: int = MOST_ALT) -> str:
    """What the picture shows, in words and at most `most` UTF-16 units."""
    parts = [f"Timeline of {day_name(lanes.day)}."]
    for name, bars in text_lanes(lanes):
        spans = ", ".join(_bar_words(bar, name, lanes) for bar in bars)
        parts.append(f"{isolated(name)}, {sum_of(bars)}: {spans}.")
    parts += [f"{count(number, what)}." for what, number in lanes.ticks.by_kind().items()]
    if len(parts) == 1:
        parts.append("Nothing was seen.")
    return clean(" ".join(parts), most)


def _bar_words(bar: Bar, lane: str, lanes: Lanes) -> str:
    when = times(bar.span, lanes.zone, lanes.day)
    says_more = bar.label and bar.label not in (lane, "?")
    return f"{when} {isolated(bar.label)}" if says_more else when


# -- As bars of text ---------------------------------------------------------------------------

_CELL_MINUTES = (5, 10, 15, 20, 30, 60, 120)
MOST_NAME = 14
PHONE_COLUMNS = 38  # more of Slack's code font would wrap


def text_lanes(lanes: Lanes) -> list[tuple[str, list[Bar]]]:
    """The bars by name: a lane a group, then what nothing explains, then what is tracked."""
    named = []
    for group in (*lanes.groups(), None):
        bars = [bar for bar in lanes.suggested if bar.group == group]
        named.append((clean(group, 60) if group else NO_GROUP, bars))
    named.append((lanes.tracked_name, list(lanes.tracked)))
    return [(name, bars) for name, bars in named if bars]


def text_timeline(lanes: Lanes, width: int = 80, *, with_sums: bool = True) -> str:
    """The lanes in monospaced bars of at most `width` columns, hours above, sums at the end.

    Half a block is half a cell, and the least that anything shows as.
    """
    rows = text_lanes(lanes)
    if not rows:
        return "Nothing was seen."
    sums = [sum_of(bars) if with_sums else "" for _, bars in rows]
    name_width = min(max(_columns(name) for name, _ in rows), MOST_NAME, width // 4)
    room = width - name_width - 2 - max(map(len, sums))
    fitting = (n for n in _CELL_MINUTES if lanes.span.minutes / n <= max(room, 12))
    cell = timedelta(minutes=next(fitting, _CELL_MINUTES[-1]))  # the shortest with which it fits
    lines = [" " * (name_width + 1) + _hour_line(lanes, cell)]
    for (name, bars), length in zip(rows, sums, strict=True):
        cells = "".join(_cells(bars, lanes.span, cell))
        lines.append(f"{_padded(name, name_width)} {cells} {length}")
    return "\n".join(line.rstrip() for line in lines)


def sum_of(bars: Iterable[Bar]) -> str:
    """How long the bars are together, in words."""
    return duration(total(bar.span for bar in bars))


def _cells(bars: Sequence[Bar], span: Span, cell: timedelta) -> Iterator[str]:
    at = span.start
    while at < span.end:
        middle, end = at + cell / 2, at + cell
        yield _block(_share(bars, Span(at, middle)), _share(bars, Span(middle, end)))
        at = end


def _share(bars: Sequence[Bar], here: Span) -> float:
    return total(part for bar in bars if (part := bar.span.intersection(here))) / here.length


def _block(left: float, right: float) -> str:
    """The block whose halves are filled; a trace of something still shows."""
    if left >= 0.5 and right >= 0.5:
        return "█"
    if left == right == 0:
        return " "
    return "▌" if left >= right else "▐"


def _hour_line(lanes: Lanes, cell: timedelta) -> str:
    line = ""
    for hour in lanes.hours():
        column = (hour - lanes.span.start) // cell
        if hour < lanes.span.end and (column == 0 or column > len(line)):
            line = line.ljust(column) + f"{hour.astimezone(lanes.zone):%H}"
    return line


def _columns(text: str) -> int:
    """The columns a terminal gives the text; East Asian letters take two."""
    letters = [each for each in text if unicodedata.category(each) not in ("Mn", "Me", "Cf")]
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in letters)


def _padded(name: str, columns: int) -> str:
    kept = name
    while _columns(kept) > columns:
        kept = shown(kept, len(kept) - 1) if len(kept) > 3 else kept[:-1]
    return kept + " " * (columns - _columns(kept))
