"""A draft and findings on a terminal: colours where somebody looks, plain lines when piped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracklater_bot.blocks.timeline import colours, lanes_of, text_timeline
from tracklater_bot.domain.day_totals import as_digest, gap_lines
from tracklater_bot.domain.draft import Draft, agents_words
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.suggestions import CERTAIN, Suggestion
from tracklater_bot.domain.text import (
    clean,
    day_name,
    duration,
    evidence_words,
    listing,
    percent,
    times,
)
from tracklater_bot.drafting.habits import Habit

MOST_COLUMNS = 110
WIDE = 110
# Each column's name, and whether it stands to the right.
WIDE_COLUMNS = (
    ("Time", False), ("Length", True), ("Group › project", False), ("What", False), ("Sure", True),
    ("Windows", True),
)  # fmt: skip
# What of the evidence is counted, in a column each where a row of the day has any.
COUNTED = ("commits", "messages", "prompts", "meetings")
NARROW_COLUMNS = (("Time", False), ("What", False), ("Sure", True))


def print_draft(
    draft: Draft,
    now: datetime,
    console: Console | None = None,
    tracker: TrackerWords = SOME_TRACKER,
    *,
    why: bool = False,
) -> None:
    """The day's suggestions as a table, and its timeline; with `why`, the reasons of each."""
    out = console or Console(highlight=False)
    closed = not tracker.reaches(draft.day, ZoneInfo(draft.timezone), now)
    length = sum((suggestion.span.length for suggestion in draft.suggestions), timedelta())
    found = f"{duration(length) if length else 'nothing'} {'found' if closed else 'to review'}"
    out.print(Text(f"{day_name(draft.day)} · {found}", style="bold"))
    if draft.suggestions:
        out.print(_table(draft, out.width, why=why))
    else:
        untracked = "" if closed else f" that isn't in {tracker.label} already"
        out.print(f"Nothing was found{untracked}.")
    if closed:
        out.print(Text(tracker.too_long_ago, style="yellow"))
    if draft.suggestions or draft.tracked:
        lanes = lanes_of(draft, now, tracker=tracker)
        out.print(Text(text_timeline(lanes, min(out.width, MOST_COLUMNS))))
    if spans := [span for entry in draft.tracked if (span := entry.span(now))]:
        tracked = sum((span.length for span in spans), timedelta())
        out.print(f"\nIn {tracker.label} already: {duration(tracked)}")
    for line in gap_lines(as_digest(draft), now):
        out.print(Text(line))
    if draft.agents:
        out.print(Text(clean(agents_words(draft.agents), 300)))
    for status in draft.sources:
        if status.trouble:
            where = f" ({status.group})" if status.group else ""
            out.print(Text(f"{status.name}{where}: {clean(status.trouble, 1000)}", style="yellow"))


def _table(draft: Draft, width: int, *, why: bool) -> Table:
    """A line for each suggestion where there is room, else three."""
    wide = width >= WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True, show_lines=False)
    counted = [
        what for what in COUNTED if any(getattr(row.evidence, what) for row in draft.suggestions)
    ]
    columns = (*WIDE_COLUMNS, *((what.capitalize(), True) for what in counted))
    for name, right in columns if wide else NARROW_COLUMNS:
        what = name == "What"
        table.add_column(
            name, justify="right" if right else "left", no_wrap=not what, ratio=1 if what else None
        )
    zone = ZoneInfo(draft.timezone)
    colour = colours(suggestion.group for suggestion in draft.suggestions if suggestion.group)
    # What nothing explains comes last, as in Slack.
    for row in sorted(draft.suggestions, key=lambda row: (row.group is None, row.span)):
        seen = row.evidence
        reasons = [Text(line, style="dim") for line in _why(row)] if why else []
        place = Text(_place(row), style=colour.get(row.group or "", "dim"))
        when, length = times(row.span, zone, draft.day), duration(row.span.length)
        if wide:
            windows = f"{seen.window_minutes} min" if seen.window_minutes else ""
            counts = (str(getattr(seen, what) or "") for what in counted)
            what_and_why = _lines(Text(_what(row)), *reasons)
            table.add_row(when, length, place, what_and_why, _sure(row), windows, *counts)
        else:
            evidence = Text(listing(evidence_words(seen)), style="dim")
            lines = _lines(place, Text(_what(row)), evidence, *reasons)
            table.add_row(f"{when}\n{length}", lines, _sure(row))
    return table


def _lines(*texts: Text) -> Text:
    """The texts that are not empty, a line each."""
    return Text("\n").join(line for line in texts if line.plain)


def _why(suggestion: Suggestion) -> Iterator[str]:
    """The reasons, and what it would have been without them."""
    for reason in suggestion.reasons:
        yield f"• {clean(reason.text, 150)} ({round(reason.weight * 100)} %)"
    if suggestion.alternative:
        yield f"without these: {clean(suggestion.alternative, 60)}"


def _place(suggestion: Suggestion) -> str:
    if suggestion.group is None:
        return "What was this?"
    project = f" › {clean(suggestion.project.name, 60)}" if suggestion.project else ""
    return clean(suggestion.group, 60) + project


def _what(suggestion: Suggestion) -> str:
    """The description; of time without a group also whose it may be."""
    named = (f"{clean(c.group, 60)} ({percent(c.confidence)})" for c in suggestion.candidates)
    perhaps = " or ".join(named) if suggestion.group is None else ""
    words = clean(suggestion.description, 200), f"perhaps {perhaps}" if perhaps else ""
    return ", ".join(filter(None, words))


def _sure(suggestion: Suggestion) -> str:
    """How sure the group is, and the issue where that is less than certain."""
    if suggestion.group is None:
        return ""
    group, issue = percent(suggestion.confidence), suggestion.issue_confidence
    if suggestion.issue is None or issue is None or issue >= CERTAIN:
        return group
    return f"{group}\nissue {percent(issue)}"


def print_titles(minutes: Mapping[str, float], console: Console | None = None) -> None:
    """Window titles with their minutes, the longest first; without what could steer a terminal."""
    out = console or Console(highlight=False)
    if not minutes:
        out.print("\nNo window is left unexplained.")
        return
    out.print("\nWindows that nothing explains:")
    for title, shown in sorted(minutes.items(), key=lambda pair: (-pair[1], pair[0])):
        length = duration(timedelta(minutes=shown))
        out.print(Text(f"{length:>14}  {clean(title, 300) or '(no title)'}"), soft_wrap=True)


def print_habits(habits: Sequence[Habit]) -> None:
    """`“landing” in Figma → acme, 41 h, stood 96 %`, the strongest first."""
    out = Console(highlight=False)
    if not habits:
        out.print("Nothing was learned yet: it comes from the entries of your groups.")
        return
    for habit in habits:
        where = f" in {clean(habit.program, 60)}" if habit.program else ""
        stood = f"{habit.hours:.1f} h, stood {habit.stood:.0%}".replace("%", " %")
        words = f"“{clean(habit.word, 60)}”{where} → {clean(habit.group, 60)}, {stood}"
        out.print(Text(words), soft_wrap=True)


def print_lines(lines: Sequence[tuple[bool, str]], console: Console | None = None) -> None:
    """Findings, a line each: ok, or what is wrong and what to do."""
    out = console or Console(highlight=False, soft_wrap=True)
    for ok, line in lines:
        mark = Text("ok   ", style="green") if ok else Text("wrong", style="bold red")
        out.print(mark + Text(f"  {line}"))
