"""The day's message: one look tells the day, one click approves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.blocks.elements import (
    Block,
    SlackMessage,
    actions,
    button,
    confirm,
    context,
    header,
    section,
    size,
)
from tracklater_bot.blocks.rows import TOGGL_PAGE, Detail, RowPlace, perhaps, row, unsure
from tracklater_bot.blocks.text import escaped, lines_within, mrkdwn, plain
from tracklater_bot.domain.day import in_reach
from tracklater_bot.domain.day_totals import (
    DayTimes,
    gap_lines,
    length_of,
    open_items,
    tracked_length,
)
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.text import TOO_LONG_AGO, count, day_name, duration, listing, times

MOST_ROWS = 15
ROWS_A_PAGE = (MOST_ROWS, 8, 4, 2)  # fewer only where names and titles are monstrous
MOST_JSON = 11_900  # Slack's limit is 12,000 and its way of counting is not public
MOST_TEXT = 3_900  # chat.update refuses more than 4,000
DETAILS = (
    Detail(words=150),
    Detail(words=120, labels=False),
    Detail(words=100, labels=False, menu=False),
    Detail(words=50, labels=False, menu=False),
    Detail(words=40, labels=False, menu=False, evidence=False),
)


@dataclass(frozen=True, slots=True)
class PictureRef:
    """The timeline picture as a Slack file that is ready, and what it shows in words."""

    file_id: str
    alt_text: str


@dataclass(frozen=True, slots=True)
class DigestView:
    """How a digest is to be shown: which page (the first is 0), with which picture.

    `timeline` is the day in monospaced bars, shown where there is no picture. `now` lets a running
    entry count, and closes a day that is too old for new entries. `quota_note` is a sentence about
    Toggl's quota for the whole day. `went_on` tells that the person worked on after the day was
    read. `changes` are sentences of ours, in mrkdwn, about what the person once set in Slack and
    what holds no more.
    """

    page: int = 0
    picture: PictureRef | None = None
    timeline: str | None = None
    toggl_day_url: str = TOGGL_PAGE
    now: datetime | None = None
    quota_note: str | None = None
    went_on: bool = False
    changes: Sequence[str] = ()

    def closes(self, digest: Digest) -> bool:
        """Whether no entries can be made on the day any more."""
        now = self.now
        return now is not None and not in_reach(digest.day, ZoneInfo(digest.timezone), now)


def digest_message(digest: Digest, view: DigestView = DigestView()) -> SlackMessage:
    """The digest as a Slack message within Slack's limits, whatever is in it."""
    most_rows = next(filter(lambda rows: _fits(digest, view, rows), ROWS_A_PAGE), 1)
    blocks: list[Block] = []
    for detail in DETAILS:
        blocks = _blocks(digest, view, most_rows, detail)
        if size(blocks) <= MOST_JSON:
            break
    return SlackMessage(digest_text(digest, view), blocks)


def _fits(digest: Digest, view: DigestView, most_rows: int) -> bool:
    """Whether every page would be small enough, so that pages don't change while one turns them."""
    return all(
        size(_blocks(digest, replace(view, page=page), most_rows, DETAILS[-1])) <= MOST_JSON
        for page in range(len(pages(digest, most_rows)))
    )


def pages(digest: Digest, most_rows: int = MOST_ROWS) -> list[list[Item]]:
    """The items as they are shown, page by page; "What was this?" comes last."""
    items = _in_order(digest.items)
    starts = range(0, len(items), most_rows)
    return [items[start : start + most_rows] for start in starts] or [[]]


def _in_order(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item.suggestion.group is None, item.suggestion.span))


def _blocks(digest: Digest, view: DigestView, most_rows: int, detail: Detail) -> list[Block]:
    parts = pages(digest, most_rows)
    number = min(max(view.page, 0), len(parts) - 1)
    closed = view.closes(digest)
    blocks = [
        header(headline(digest, closed=closed)),
        *_picture(view, detail),
        section(_totals(digest, view)),
    ]
    blocks += _day_buttons(digest, closed=closed)
    for item in parts[number]:
        blocks += row(item, RowPlace.of(digest, item, view.toggl_day_url, closed=closed), detail)
    blocks += _page_buttons(digest, number, len(parts))
    notes = _small_print(digest, view, detail)
    return blocks + ([context(*notes)] if notes else [])


# -- The head: what kind of day it was ---------------------------------------------------------


def headline(digest: Digest, *, closed: bool = False) -> str:
    """`Friday 20 November · 7 h 25 min to review`."""
    waiting = open_items(digest)
    day = day_name(digest.day)
    if waiting:
        return f"{day} · {duration(length_of(waiting))} {_wanted(closed=closed)}"
    if not digest.items:
        return f"{day} · nothing to review"
    decided = {item.state for item in digest.items} <= {ItemState.SENT, ItemState.SKIPPED}
    return f"{day} · {'all decided' if decided else 'on its way'}"


def _wanted(*, closed: bool) -> str:
    return "found" if closed else "to review"


def _picture(view: DigestView, detail: Detail) -> list[Block]:
    if view.picture is not None:
        alt = plain(view.picture.alt_text, detail.words * 4, "The day as a timeline")
        return [{"type": "image", "slack_file": {"id": view.picture.file_id}, "alt_text": alt}]
    if view.timeline:
        bars = lines_within(escaped(view.timeline.replace("`", "'")).split("\n"), detail.words * 6)
        return [section(f"```{bars}```")]
    return []


def _totals(digest: Digest, view: DigestView) -> str:
    closed = view.closes(digest)
    progress = _progress(digest, closed=closed)
    lines = [f"*{progress}*" if digest.items else "*Nothing is waiting for you.*"]
    lines += [mrkdwn(TOO_LONG_AGO, 200)] * closed
    lines += [*_group_lines(digest, view), *gap_lines(digest, view.now)]
    if view.quota_note:
        lines.append(mrkdwn(view.quota_note, 200))
    return "\n".join(lines)


def _progress(digest: Digest, *, closed: bool = False) -> str:
    """What became of the items, in one sentence."""
    counts, total = Counter(item.state for item in digest.items), len(digest.items)
    under_way = counts[ItemState.PENDING] + counts[ItemState.SENDING] + counts[ItemState.UNKNOWN]
    numbers = {
        _wanted(closed=closed): counts[ItemState.OPEN],
        f"of {total} in Toggl": counts[ItemState.SENT],
        "on the way": under_way,
        "being taken out": counts[ItemState.DELETING],
        "not accepted": counts[ItemState.FAILED],
        "skipped": counts[ItemState.SKIPPED],
    }
    parts = ", ".join(f"{number} {words}" for words, number in numbers.items() if number)
    if not open_items(digest) and counts[ItemState.SENT] + counts[ItemState.SKIPPED] == total:
        return f"Everything is decided: {parts}. Thank you."
    return parts


def _group_lines(digest: Digest, view: DigestView, most: int = 4) -> list[str]:
    """A line a group, the largest first: to review, and in Toggl."""
    of_day, wanted = DayTimes.of(digest, view.now), _wanted(closed=view.closes(digest))
    groups, tracked = of_day.groups(), of_day.tracked
    shown_lines = [line for group in groups if (line := _group_line(group, of_day, wanted))]
    if len(shown_lines) > most:
        rest = len(shown_lines) - most + 1
        shown_lines = [*shown_lines[: most - 1], f"and {count(rest, 'more group')}"]
    if len(groups) > 1 and tracked:
        shown_lines.append(f"In Toggl in all: {duration(sum(tracked.values(), timedelta()))}")
    return shown_lines


def _group_line(group: str | None, day: DayTimes, wanted: str) -> str:
    lengths = ((day.missing.get(group), wanted), (day.tracked.get(group), "in Toggl"))
    parts = [f"{duration(length)} {words}" for length, words in lengths if length]
    name = "Without a group" if group is None else mrkdwn(group, 40)
    return f"{name}: {', '.join(parts)}" if parts else ""


# -- Buttons for the whole day -----------------------------------------------------------------


def _day_buttons(digest: Digest, *, closed: bool) -> list[Block]:
    day = digest.day.isoformat()
    if closed:
        return [actions([button("Refresh", "refresh", day)], block_id=f"day:{day}")]
    more = [button("Add", "add", day), button("Refresh", "refresh", day)]
    return [actions([*_approve_buttons(digest), *more], block_id=f"day:{day}")]


def _approve_buttons(digest: Digest) -> list[Block]:
    day = digest.day.isoformat()
    ready = [item for item in digest.items if item.approvable]
    sure = [item for item in digest.items if item.certain]
    buttons = []
    if ready:
        ask = _entries_question(ready, "Approve all")
        buttons.append(button("Approve all", "approve_all", day, style="primary", confirm=ask))
    if sure and len(sure) < len(ready):
        ask = _entries_question(sure, "Approve certain ones")
        buttons.append(button("Approve certain ones", "approve_certain", day, confirm=ask))
    return buttons


def _entries_question(items: Sequence[Item], yes: str) -> Block:
    entries = count(len(items), "entry", "entries")
    return confirm(yes, f"Make {entries}, {duration(length_of(items))}, in Toggl?", yes)


def _page_buttons(digest: Digest, number: int, total: int) -> list[Block]:
    """Buttons `page:<n>`, n counted from 0, and where one is."""
    if total == 1:
        return []
    day = digest.day.isoformat()
    buttons = []
    if number > 0:
        buttons.append(button("Previous page", f"page:{number - 1}", day))
    if number < total - 1:
        buttons.append(button("Next page", f"page:{number + 1}", day))
    return [context(f"Page {number + 1} of {total}"), actions(buttons)]


# -- Small print -------------------------------------------------------------------------------


def _small_print(digest: Digest, view: DigestView, detail: Detail) -> list[str]:
    lines = [_trouble(status, detail) for status in digest.sources if status.trouble]
    lines = [*lines[:4], f"and {len(lines) - 4} more"] if len(lines) > 5 else lines
    lines += [" ".join(view.changes)]
    if view.went_on:
        lines.append("You went on working after this was made: press *Refresh*.")
    if view.now is None and any(entry.end is None for entry in digest.tracked):
        lines.append("A timer is running; it is not counted.")
    return [line for line in lines if line]


def _trouble(status: SourceStatus, detail: Detail) -> str:
    where = f" ({mrkdwn(status.group, 40)})" if status.group else ""
    return f"{mrkdwn(status.name, 30)}{where}: {mrkdwn(status.trouble or '', detail.words)}"


# -- The same in words -------------------------------------------------------------------------


def digest_text(digest: Digest, view: DigestView = DigestView()) -> str:
    """The whole day as it would be read out, in at most 4,000 characters."""
    names = [mrkdwn(status.name, 30) for status in digest.sources if status.trouble]
    troubled = list(dict.fromkeys(names))[:5]
    ending = f"Not everything could be read: {listing(troubled)}." if troubled else ""
    lines = [_opening(digest, view)]
    room = MOST_TEXT - len(ending) - 30
    items = _in_order(digest.items)
    for number, item in enumerate(items):
        line = _spoken(item, digest)
        if sum(map(len, lines)) + len(lines) + len(line) > room:
            lines.append(f"And {len(items) - number} more.")
            break
        lines.append(line)
    return "\n".join([*lines, ending] if ending else lines)


def _opening(digest: Digest, view: DigestView) -> str:
    closed = view.closes(digest)
    head = headline(digest, closed=closed).replace(" · ", ": ")
    if open_items(digest):
        head += f" in {count(len(open_items(digest)), 'suggestion')}"
    done = sum(tracked_length(digest, view.now).values(), timedelta())
    tracked = f" {duration(done)} in Toggl." if done else ""
    return f"{head}.{tracked}" + f" {mrkdwn(TOO_LONG_AGO, 200)}" * closed


def _spoken(item: Item, digest: Digest) -> str:
    suggestion = item.suggestion
    when = times(suggestion.span, ZoneInfo(digest.timezone), digest.day)
    who = mrkdwn(suggestion.group, 40) if suggestion.group else "What was this?"
    project = f", {mrkdwn(suggestion.project.name, 40)}" if suggestion.project else ""
    what = f": {mrkdwn(suggestion.description, 120)}" if suggestion.description else ""
    return f"{when}, {duration(suggestion.span.length)}, {who}{project}{what}{_spoken_state(item)}"


def _spoken_state(item: Item) -> str:
    if item.state is ItemState.OPEN:
        doubt = unsure(item.suggestion).lower() or perhaps(item.suggestion).replace("P", "p", 1)
        return f" ({doubt})." if doubt else "."
    return f" ({_SPOKEN[item.state]})."


_SPOKEN = {
    ItemState.PENDING: "on its way",
    ItemState.SENDING: "on its way",
    ItemState.SENT: "in Toggl",
    ItemState.UNKNOWN: "being checked",
    ItemState.FAILED: "not in Toggl, it was not accepted",
    ItemState.SKIPPED: "skipped",
    ItemState.DELETING: "being taken out of Toggl",
}
