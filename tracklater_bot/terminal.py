"""A draft and findings on a terminal: colours where somebody looks, plain lines when piped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracklater_bot.model import Draft, Evidence, Suggestion
from tracklater_bot.timeline import colours, lanes_of, text_timeline
from tracklater_bot.words import clean, count, day_name, duration, listing, times

MOST_COLUMNS = 110


def print_draft(draft: Draft, now: datetime, console: Console | None = None) -> None:
    """The day's suggestions as a table, and its timeline."""
    out = console or Console(highlight=False)
    length = sum((each.span.length for each in draft.suggestions), timedelta())
    out.print(Text(f"{day_name(draft.day)} · {duration(length)} to review", style="bold"))
    if draft.suggestions:
        out.print(_table(draft))
    else:
        out.print("Nothing was found that isn't in Toggl already.")
    if draft.suggestions or draft.tracked:
        out.print(Text(text_timeline(lanes_of(draft, now), min(out.width, MOST_COLUMNS))))
    _print_tracked(draft, now, out)
    for status in draft.sources:
        if status.trouble:
            where = f" ({status.group})" if status.group else ""
            out.print(Text(f"{status.name}{where}: {clean(status.trouble, 1000)}", style="yellow"))


def _print_tracked(draft: Draft, now: datetime, out: Console) -> None:
    spans = [span for entry in draft.tracked if (span := entry.span(now))]
    if spans:
        tracked = sum((span.length for span in spans), timedelta())
        out.print(f"In Toggl already: {duration(tracked)}")


def _table(draft: Draft) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Time", no_wrap=True)
    table.add_column("Length", no_wrap=True, justify="right")
    table.add_column("Group › project")
    table.add_column("What", ratio=1)
    table.add_column("Sure", no_wrap=True, justify="right")
    table.add_column("Seen")
    zone = ZoneInfo(draft.timezone)
    colour = colours(each.group for each in draft.suggestions if each.group)
    # What nothing explains comes last, as in Slack.
    for each in sorted(draft.suggestions, key=lambda one: (one.group is None, one.span)):
        table.add_row(
            times(each.span, zone, draft.day),
            duration(each.span.length),
            Text(_place(each), style=colour.get(each.group or "", "dim")),
            Text(clean(each.description, 200)),
            f"{round(each.confidence * 100)} %" if each.group else "",
            seen_words(each.evidence),
        )
    return table


def _place(suggestion: Suggestion) -> str:
    if suggestion.group is None:
        return "What was this?"
    project = f" › {clean(suggestion.project.name, 60)}" if suggestion.project else ""
    return clean(suggestion.group, 60) + project


def seen_words(evidence: Evidence) -> str:
    """`131 min in windows, 3 commits and 2 messages`."""
    parts = [f"{evidence.window_minutes} min in windows"] * bool(evidence.window_minutes)
    parts += [count(evidence.commits, "commit")] * bool(evidence.commits)
    parts += [count(evidence.messages, "message")] * bool(evidence.messages)
    return listing(parts) if parts else ""


def print_lines(lines: Sequence[tuple[bool, str]], console: Console | None = None) -> None:
    """Findings, a line each: ok, or what is wrong and what to do."""
    out = console or Console(highlight=False, soft_wrap=True)
    for ok, line in lines:
        mark = Text("ok   ", style="green") if ok else Text("wrong", style="bold red")
        out.print(mark + Text(f"  {line}"))
