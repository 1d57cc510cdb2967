"""Short answers: help, status, unknown words, days without traces, and words for strangers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from operator import itemgetter
from zoneinfo import ZoneInfo

from tracklater_bot.blocks.elements import SlackMessage, actions, button, context, section
from tracklater_bot.blocks.text import lines_within, link, mrkdwn
from tracklater_bot.blocks.week import in_all, open_button
from tracklater_bot.domain.day_totals import DayTimes, length_of, open_items
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.steadiness import Move, in_short, is_span, span_of
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.text import clock, count, day_name, duration, short_day, times

WORDS = (
    "today", "yesterday", "week", "last week", "month", "last month", "status", "help",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
MOST_SOURCES = 30

_HELP = (
    ("today", "what I found today"),
    ("yesterday", "the day before; a weekday's name or 2026-11-20 works too"),
    ("week", "its days at a glance, and what is missing; also last week, week 2026-11-20"),
    ("month", "the same of a month; also last month, month 2026-10"),
    ("status", "sources, {}'s quota, the next message"),
    ("help", "this"),
)


@dataclass(frozen=True, slots=True)
class StatusView:
    """What `/tracklater status` tells.

    `waiting` entries are approved and not tracked yet, some of them held back `until` then.
    """

    zone: ZoneInfo
    now: datetime
    sources: Sequence[SourceStatus] = ()
    next_digest: datetime | None = None
    quota_left: int | None = None
    quota_resets_at: datetime | None = None
    waiting: int = 0
    until: datetime | None = None
    failed: int = 0
    tracker: TrackerWords = SOME_TRACKER


def help_message(tracker: TrackerWords = SOME_TRACKER) -> SlackMessage:
    """What the slash command understands."""
    label = tracker.label
    lines = [f"*/tracklater {word}*: {means.format(label)}" for word, means in _HELP]
    text = "I collect traces of your work and suggest time entries. Nothing is sent to "
    text += f"{label} before you approve it."
    spoken = "\n".join(lines).replace("*", "")
    return SlackMessage(f"{text}\n{spoken}", [section(text), section("\n".join(lines))])


def unknown_word(word: str) -> SlackMessage:
    """The answer to a word that means nothing here, with the nearest that does."""
    near = nearest_word(word)
    hint = f" Did you mean */tracklater {near}*?" if near else ""
    text = f"I don't know “{mrkdwn(word, 40)}”.{hint}"
    ways = "Write /tracklater today, yesterday, a weekday, 2026-11-20, week, month, status or help."
    return SlackMessage(f"{text.replace('*', '')} {ways}", [section(text), context(ways)])


def nearest_word(word: str) -> str | None:
    """The word of the slash command that looks most like this one; None when none does."""
    near = get_close_matches(word.strip().casefold()[:40], WORDS, n=1)
    return near[0] if near else None


def no_traces(
    day: date,
    sources: Sequence[SourceStatus],
    waiting: DayTimes | None = None,
    tracker: TrackerWords = SOME_TRACKER,
    closed: str = "",
) -> SlackMessage:
    """Said when a day that was asked for shows nothing, with the reason where there is one.

    `waiting` is another day that has work to decide on. `closed` says why no new entries can be
    made on this one.
    """
    text = f"I found no work on {day_name(day)}"
    text += f". {closed}" if closed else f" that isn't in {tracker.label} already."
    add = [] if closed else [actions([button("Add", "add", day.isoformat())])]
    blocks = [section(text), *add]
    troubled = [status for status in sources if status.trouble]
    if troubled:
        blocks.insert(1, context(*sources_lines(troubled)[:10]))
        text += f" {count(len(troubled), 'source')} could not be read completely."
    if waiting is not None:
        sentence = f"{day_name(waiting.day)} still waits for you: "
        sentence += f"{duration(in_all(waiting.missing))} to review."
        blocks.append(section(sentence, open_button(waiting.day)))
        text += f" {sentence}"
    return SlackMessage(text, blocks)


def day_ready(digest: Digest, link_to_it: str | None, closed: str = "") -> SlackMessage:
    """Said when a day is posted or brought up to date: what waits, and where it is.

    `closed` says why no new entries can be made on the day.
    """
    name = day_name(digest.day)
    waiting = open_items(digest)
    what = f"{count(len(waiting), 'suggestion')}, {duration(length_of(waiting))}, to review"
    where = link(link_to_it, name) if link_to_it else name
    state = f"{what}." if waiting else "everything is decided."
    state = closed or state
    return SlackMessage(f"{name}: {state}", [section(f"{where}: {state}")])


def changes_message(
    digest: Digest, moved: Sequence[Move], head: str, ending: str = ""
) -> SlackMessage | None:
    """What a day's open rows say anew, and said before; None where there is nothing to tell."""
    zone, lines = ZoneInfo(digest.timezone), list[str]()
    for old, new in moved:
        item = new or old
        if item is not None:
            when = times(item.suggestion.span, zone, digest.day)
            lines.append(f"{when}: {_what(new)} (was {_what(old)})")
    lines = [head, *lines] if lines else []
    lines += [mrkdwn(ending, 400)] if ending else []
    if not lines:
        return None
    text = lines_within(lines)
    return SlackMessage(text, [section(text)])


def changed_since(digest: Digest, said: Mapping[str, str], most: int = 4) -> list[str]:
    """A sentence about time of which once something else was said, in mrkdwn."""
    zone = ZoneInfo(digest.timezone)
    now = {i.id: i for i in digest.items if i.state is ItemState.OPEN}
    open_now = {key: (now[key].suggestion.span, _what(now[key])) for key in said if key in now}
    gone = {key: (span_of(key), "no longer suggested") for key in said if is_span(key)}
    parts = [
        f"{times(span, zone, digest.day)} is {what} (was {mrkdwn(said[key], 60)})"
        for key, (span, what) in sorted((open_now | gone).items(), key=itemgetter(1))
    ]
    more = [f"and {len(parts) - most} more"] if len(parts) > most else []
    return [f"Changed since you saw it: {', '.join([*parts[:most], *more])}."] if parts else []


def move_offer(digest: Digest, moved: Sequence[Move]) -> SlackMessage | None:
    """What an answer would move too, with a button that lets it; None where there is nothing."""
    message = changes_message(digest, moved, "With your answer, these would change too:")
    if message is None:
        return None
    move = button("Change them too", "move_too", digest.day.isoformat())
    return SlackMessage(message.text, [*message.blocks, actions([move])])


def _what(item: Item | None) -> str:
    return "no row" if item is None else mrkdwn(in_short(item), 80)


def note(text: str) -> SlackMessage:
    """A sentence of our own or of an error's, for the person alone."""
    safe = mrkdwn(text, 1000) or "–"
    return SlackMessage(safe, [section(safe)])


def sources_lines(sources: Sequence[SourceStatus]) -> list[str]:
    """A line a source in mrkdwn: that it works, or what to do."""
    lines = [_source_line(status) for status in sources[:MOST_SOURCES]]
    rest = len(sources) - MOST_SOURCES
    return [*lines, f"and {rest} more"] if rest > 0 else lines


def _source_line(status: SourceStatus) -> str:
    group = f" ({mrkdwn(status.group, 30)})" if status.group else ""
    # Words, not colours or signs alone: they are read out as well.
    if status.trouble:
        return f"*{mrkdwn(status.name, 30)}*{group} needs a look: {mrkdwn(status.trouble, 200)}"
    seen = f", {status.clues} found" if status.clues else ""
    return f"*{mrkdwn(status.name, 30)}*{group} works{seen}"


def status_message(view: StatusView) -> SlackMessage:
    """How everything is: sources, quota, outbox, the next message."""
    lines = [_next_words(view), _outbox_words(view), _quota_words(view)]
    ours = [line for line in lines if line]
    sources = sources_lines(view.sources) or ["No sources are set up yet."]
    blocks = [section("\n".join(ours)), section(lines_within(sources))]
    spoken = [line.replace("*", "") for line in (*ours, *sources)]
    return SlackMessage(lines_within(spoken, 3900), blocks)


def _next_words(view: StatusView) -> str:
    if view.next_digest is None:
        return "No message is planned."
    local = view.next_digest.astimezone(view.zone)
    return f"Next message: {short_day(local.date())}, {local:%H:%M}."


def _outbox_words(view: StatusView) -> str:
    label = view.tracker.label
    if not view.waiting and not view.failed:
        return f"Everything you approved is in {label}."
    waiting = f"{count(view.waiting, 'entry', 'entries')} on the way to {label}"
    if view.until is not None:
        waiting += f" (waiting until {clock(view.until, view.zone)})"
    parts = [waiting] * bool(view.waiting)
    parts += [f"{count(view.failed, 'entry', 'entries')} not accepted"] * bool(view.failed)
    return f"{', '.join(parts)}."


def _quota_words(view: StatusView) -> str:
    if view.quota_left is None:
        return ""
    until = f" until {clock(view.quota_resets_at, view.zone)}" if view.quota_resets_at else ""
    return f"{view.tracker.label} takes {count(view.quota_left, 'more request')}{until}."
