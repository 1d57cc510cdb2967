"""The day's message: one look tells the day, one click approves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.blocks import elements as kit
from tracklater_bot.blocks.elements import MOST_JSON, MOST_TEXT, Block, SlackMessage
from tracklater_bot.blocks.rows import Detail, RowPlace, perhaps, row, unsure
from tracklater_bot.blocks.text import escaped, lines_within, mrkdwn, plain
from tracklater_bot.blocks.week import still_open_rows, still_open_words
from tracklater_bot.domain.day_totals import (
    GAPS_TOLD,
    DayTimes,
    gap_lines,
    length_of,
    open_items,
    tracked_length,
)
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.draft import GAP_WORDS, agents_words
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.text import clock, count, day_name, duration, listing, times, units

MOST_ROWS = 15
ROWS_A_PAGE = (MOST_ROWS, 8, 4, 2)  # fewer only where names and titles are monstrous
MOST_QUESTIONS = 2
MOST_GAPS = 3
MOST_QUESTION = 170  # Slack's limit of 300 is for all that is asked
DETAILS = (
    Detail(words=150),
    Detail(words=120, labels=False),
    Detail(words=100, labels=False),
    Detail(words=50, labels=False),
    Detail(words=40, labels=False, evidence=False),
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
    entry count, and closes a day that is too old for new entries. `went_on` tells that the person
    worked on after the day was read. `changes` are sentences of ours, in mrkdwn, about what the
    person once set in Slack and what holds no more. `squares` are emoji in the groups' colours,
    `usual` the hours that one usually works on a day, `stood` what is known of certain rows,
    `still_open` are days since the last digest. `programs` were in front, by the item's id.
    """

    page: int = 0
    picture: PictureRef | None = None
    timeline: str | None = None
    tracker: TrackerWords = SOME_TRACKER
    now: datetime | None = None
    went_on: bool = False
    changes: Sequence[str] = ()
    squares: Mapping[str, str] = field(default_factory=dict)
    usual: timedelta | None = None
    stood: str = ""
    still_open: Sequence[DayTimes] = ()
    programs: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)

    def closes(self, digest: Digest) -> bool:
        """Whether no entries can be made on the day any more."""
        now = self.now
        zone = ZoneInfo(digest.timezone)
        return now is not None and not self.tracker.reaches(digest.day, zone, now)

    def wanted(self, digest: Digest) -> str:
        """What is said of the time that is open still."""
        return "found" if self.closes(digest) else "to review"


def digest_message(digest: Digest, view: DigestView = DigestView()) -> SlackMessage:
    """The digest as a Slack message within Slack's limits, whatever is in it."""
    most_rows = next(filter(lambda rows: _fits(digest, view, rows), ROWS_A_PAGE), 1)
    blocks: list[Block] = []
    for detail in DETAILS:
        blocks = _blocks(digest, view, most_rows, detail)
        if kit.size(blocks) <= MOST_JSON:
            break
    return SlackMessage(digest_text(digest, view), blocks)


def _fits(digest: Digest, view: DigestView, most_rows: int) -> bool:
    """Whether every page would be small enough, so that pages don't change while one turns them."""
    return all(
        kit.size(_blocks(digest, replace(view, page=page), most_rows, DETAILS[-1])) <= MOST_JSON
        for page in range(len(pages(digest, most_rows)))
    )


def pages(digest: Digest, most_rows: int = MOST_ROWS) -> list[list[Item]]:
    """The items as they are shown, page by page: the day's questions are the first."""
    asked = questions(digest)
    items = [*asked, *(item for item in _in_order(digest.items) if item not in asked)]
    starts = range(0, len(items), most_rows)
    return [items[start : start + most_rows] for start in starts] or [[]]


def questions(digest: Digest) -> list[Item]:
    """The rows without a group whose answers settle most minutes, the longest first."""
    unknown = [item for item in open_items(digest) if item.suggestion.group is None]
    return sorted(unknown, key=lambda item: -item.suggestion.span.length)[:MOST_QUESTIONS]


def _in_order(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item.suggestion.group is None, item.suggestion.span))


def _blocks(digest: Digest, view: DigestView, most_rows: int, detail: Detail) -> list[Block]:
    parts = pages(digest, most_rows)
    number = min(max(view.page, 0), len(parts) - 1)
    closed = view.closes(digest)
    blocks = [kit.header(headline(digest, view)), *still_open_rows(view.still_open)]
    blocks += [*_head(digest, view, detail), *_day_buttons(digest, view)]
    asked = () if closed else questions(digest)
    for item in parts[number]:
        square = view.squares.get(item.suggestion.group or "", "")
        place = replace(
            RowPlace.of(digest, item),
            tracker=view.tracker,
            closed=closed,
            square=square and f"{square} ",
            programs=view.programs.get(item.id, ()),
        )
        blocks += row(item, place, detail, asked=item in asked)
    blocks += _page_buttons(digest, number, len(parts))
    notes = _small_print(digest, view, detail)
    return blocks + ([kit.context(*notes)] if notes else [])


# -- The head: what kind of day it was ---------------------------------------------------------


def headline(digest: Digest, view: DigestView) -> str:
    """`Friday 20 November · 7 h 25 min to review`."""
    waiting = open_items(digest)
    day = day_name(digest.day)
    if waiting:
        return f"{day} · {duration(length_of(waiting))} {view.wanted(digest)}"
    if not digest.items:
        return f"{day} · nothing to review"
    return f"{day} · {'decided' if _is_over(digest) else 'on its way'}"


def timeline_shown(digest: Digest) -> bool:
    """Whether its message has a picture: a decided day's is short."""
    return not _is_over(digest)


def _is_over(digest: Digest) -> bool:
    return bool(digest.items) and {item.state for item in digest.items} <= {
        ItemState.SENT,
        ItemState.SKIPPED,
    }


def _head(digest: Digest, view: DigestView, detail: Detail) -> list[Block]:
    """The timeline and what it does not tell; of a decided day a line and a menu are enough."""
    progress, facts = _progress(digest, view), _facts(digest, view)
    if _is_over(digest) and not view.closes(digest):
        tracked = tracked_length(digest, view.now)
        sums = [f"{mrkdwn(name or '?', 40)} {duration(tracked[name])}" for name in tracked]
        lines = [f"*{progress}*", lines_within([listing(sums)], 300)]
        ways = [kit.option(what, f"{what.casefold()}:{digest.day}") for what in ("Add", "Refresh")]
        block = kit.section("\n".join(filter(None, lines)), kit.overflow("more", ways))
        return [block | {"block_id": f"day:{digest.day}"}]
    if view.picture is not None:
        alt = plain(view.picture.alt_text, detail.words * 4, "The day as a timeline")
        title = plain(" ".join([f"{progress}."] * bool(progress) + facts), 600, "")
        image = {"type": "image", "slack_file": {"id": view.picture.file_id}, "alt_text": alt}
        return [image | ({"title": kit.words(title)} if title else {})]
    lines = [f"*{progress}*"] * bool(progress) + _group_lines(digest, view)
    lines += [mrkdwn(fact, 300) for fact in facts]
    said = [kit.section("\n".join(lines))] if lines else []
    if not view.timeline:
        return said
    bars = lines_within(escaped(view.timeline.replace("`", "'")).split("\n"), detail.words * 6)
    return [kit.section(f"```{bars}```"), *said]


def _facts(digest: Digest, view: DigestView) -> list[str]:
    """Sentences about the whole day, not yet made safe."""
    facts = [view.tracker.too_long_ago] * view.closes(digest)
    hours = sum(tracked_length(digest, view.now).values(), length_of(open_items(digest)))
    if view.usual and hours:
        facts.append(f"In all {duration(hours)}; you usually work {duration(view.usual)}.")
    zone = ZoneInfo(digest.timezone)
    facts += [f"{line}." for line in gap_lines(digest, view.now)]
    others = [gap for gap in digest.gaps if gap.why not in GAPS_TOLD]
    longest = sorted(others, key=lambda gap: -gap.span.length)[:MOST_GAPS]
    gaps = [
        f"{times(gap.span, zone, digest.day)} {GAP_WORDS.get(gap.why, gap.why)}"
        for gap in sorted(longest, key=lambda gap: gap.span)
    ]
    gaps += [f"{len(others) - MOST_GAPS} more"] * (len(others) > MOST_GAPS)
    facts += [f"Not counted: {listing(gaps)}."] * bool(gaps)
    return facts + [f"{agents_words(digest.agents)}."] * bool(digest.agents)


def _progress(digest: Digest, view: DigestView) -> str:
    """What became of the items, in one sentence; nothing as long as all are open."""
    if not digest.items:
        return "Nothing is waiting for you."
    if all(item.state is ItemState.OPEN for item in digest.items):
        return ""
    total, held = len(digest.items), [at for item in digest.items if (at := item.waits_until)]
    until = clock(max(held), ZoneInfo(digest.timezone), digest.day) if held else ""
    counts = Counter(item.state for item in digest.items if not item.waits_until)
    under_way = counts[ItemState.PENDING] + counts[ItemState.SENDING] + counts[ItemState.UNKNOWN]
    numbers = {
        view.wanted(digest): counts[ItemState.OPEN],
        f"of {total} in {view.tracker.label}": counts[ItemState.SENT],
        "on the way": under_way,
        f"waiting until {until}": len(held),
        "being taken out": counts[ItemState.DELETING],
        "not accepted": counts[ItemState.FAILED],
        "skipped": counts[ItemState.SKIPPED],
    }
    parts = ", ".join(f"{number} {words}" for words, number in numbers.items() if number)
    if not open_items(digest) and counts[ItemState.SENT] + counts[ItemState.SKIPPED] == total:
        return f"Everything is decided: {parts}. Thank you."
    return parts


def _group_lines(digest: Digest, view: DigestView, most: int = 4) -> list[str]:
    """A line a group, the largest first: to review, and tracked."""
    of_day, wanted, label = DayTimes.of(digest, view.now), view.wanted(digest), view.tracker.label
    groups, tracked = of_day.groups(), of_day.tracked
    shown_lines = [line for group in groups if (line := _group_line(group, of_day, wanted, label))]
    if len(shown_lines) > most:
        rest = len(shown_lines) - most + 1
        shown_lines = [*shown_lines[: most - 1], f"and {count(rest, 'more group')}"]
    if len(groups) > 1 and tracked:
        shown_lines.append(f"In {label} in all: {duration(sum(tracked.values(), timedelta()))}")
    return shown_lines


def _group_line(group: str | None, day: DayTimes, wanted: str, tracker: str) -> str:
    lengths = (
        (day.missing.get(group), wanted),
        (day.under_way.get(group), "on the way"),
        (day.tracked.get(group), f"in {tracker}"),
    )
    parts = [f"{duration(length)} {words}" for length, words in lengths if length]
    name = "Without a group" if group is None else mrkdwn(group, 40)
    return f"{name}: {', '.join(parts)}" if parts else ""


# -- Buttons for the whole day -----------------------------------------------------------------


def _day_buttons(digest: Digest, view: DigestView) -> list[Block]:
    day = digest.day.isoformat()
    if _is_over(digest) and not view.closes(digest):
        return []
    if view.closes(digest):
        return [kit.actions([kit.button("Refresh", "refresh", day)], block_id=f"day:{day}")]
    buttons = _approve_buttons(digest, view)
    buttons += [kit.button("Add", "add", day), kit.button("Refresh", "refresh", day)]
    return [kit.actions(buttons, block_id=f"day:{day}")]


def _approve_buttons(digest: Digest, view: DigestView) -> list[Block]:
    """The certain rows first, then all; each asks with what it takes."""
    day, label = digest.day.isoformat(), view.tracker.label
    ready = [item for item in digest.items if item.approvable]
    sure = [item for item in ready if item.certain]
    buttons = []
    if sure:
        yes = f"Approve the {len(sure)} certain"
        ask = _entries_question(sure, yes, label, _rows_in_words(digest, sure), view.stood)
        buttons.append(kit.button(yes, "approve_certain", day, style="primary", confirm=ask))
    if ready:
        rest = [item for item in ready if not item.certain]
        named = f"Not sure: {_rows_in_words(digest, rest)}" if rest else ""
        ask = _entries_question(ready, "Approve all", label, named)
        style = {} if sure else {"style": "primary"}
        buttons.append(kit.button("Approve all", "approve_all", day, confirm=ask, **style))
    return buttons


def _entries_question(items: Sequence[Item], yes: str, tracker: str, *more: str) -> Block:
    entries = count(len(items), "entry", "entries")
    asked = f"Make {entries}, {duration(length_of(items))}, in {tracker}?"
    return kit.confirm(yes, " ".join(filter(None, (asked, *more))), yes)


def _rows_in_words(digest: Digest, items: Sequence[Item]) -> str:
    """`08:50 acme DEV-131, 10:20 globex and 3 more.`, short enough for a question."""
    zone, named = ZoneInfo(digest.timezone), list[str]()
    for number, item in enumerate(items):
        what = [plain(item.suggestion.group or "?", 20)]
        what += [plain(item.suggestion.issue.key, 12)] if item.suggestion.issue else []
        words = f"{clock(item.suggestion.span.start, zone)} {' '.join(what)}"
        if units(", ".join([*named, words])) > MOST_QUESTION:
            return f"{', '.join(named)} and {len(items) - number} more."
        named.append(words)
    return f"{listing(named)}."


def _page_buttons(digest: Digest, number: int, total: int) -> list[Block]:
    """Buttons `page:<n>`, n counted from 0, and where one is."""
    if total == 1:
        return []
    day = digest.day.isoformat()
    buttons = []
    if number > 0:
        buttons.append(kit.button("Previous page", f"page:{number - 1}", day))
    if number < total - 1:
        buttons.append(kit.button("Next page", f"page:{number + 1}", day))
    return [kit.context(f"Page {number + 1} of {total}"), kit.actions(buttons)]


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
    lines = [_opening(digest, view), *(f"{still_open_words(t)}." for t in view.still_open)]
    room = MOST_TEXT - len(ending) - 30
    items = _in_order(digest.items)
    for number, item in enumerate(items):
        line = _spoken(item, digest, view.tracker.label)
        if sum(map(len, lines)) + len(lines) + len(line) > room:
            lines.append(f"And {len(items) - number} more.")
            break
        lines.append(line)
    return "\n".join([*lines, ending] if ending else lines)


def _opening(digest: Digest, view: DigestView) -> str:
    head = headline(digest, view).replace(" · ", ": ")
    if open_items(digest):
        head += f" in {count(len(open_items(digest)), 'suggestion')}"
    done = sum(tracked_length(digest, view.now).values(), timedelta())
    tracked = f" {duration(done)} in {view.tracker.label}." if done else ""
    waiting = sum(DayTimes.of(digest).under_way.values(), timedelta())
    tracked += f" {duration(waiting)} on the way." if waiting else ""
    return f"{head}.{tracked}" + f" {view.tracker.too_long_ago}" * view.closes(digest)


def _spoken(item: Item, digest: Digest, tracker: str) -> str:
    suggestion = item.suggestion
    zone = ZoneInfo(digest.timezone)
    when = times(suggestion.span, zone, digest.day)
    who = mrkdwn(suggestion.group, 40) if suggestion.group else "What was this?"
    project = f", {mrkdwn(suggestion.project.name, 40)}" if suggestion.project else ""
    what = f": {mrkdwn(suggestion.description, 120)}" if suggestion.description else ""
    state = f" ({_SPOKEN[item.state].format(tracker)})." if item.state in _SPOKEN else "."
    if item.waits_until is not None:
        state = f" (waits until {clock(item.waits_until, zone, digest.day)})."
    doubt = unsure(suggestion).lower() or perhaps(suggestion).replace("P", "p", 1)
    if item.state is ItemState.OPEN and doubt:
        state = f" ({doubt})."
    return f"{when}, {duration(suggestion.span.length)}, {who}{project}{what}{state}"


_SPOKEN = {
    ItemState.PENDING: "on its way",
    ItemState.SENDING: "on its way",
    ItemState.SENT: "in {}",
    ItemState.UNKNOWN: "being checked",
    ItemState.FAILED: "not in {}, it was not accepted",
    ItemState.SKIPPED: "skipped",
    ItemState.DELETING: "being taken out of {}",
}
