"""One made-up day in full: the truth and an answer side by side, as lines and as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from benchmarks.truth import World, due
from tracklater_bot.blocks.timeline import Bar, Lanes, Ticks
from tracklater_bot.blocks.timeline_png import draw
from tracklater_bot.domain.clues import ChatMessage, Commit
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.suggestions import Suggestion


def explained(world: World, answer: Sequence[Suggestion]) -> list[str]:
    """Truth and answer side by side, a line for every stretch in which neither changes."""
    true = due(world)
    tracked = [span for e in world.inputs.tracked if (span := e.span(world.inputs.now))]
    edges = sorted(_edges([*(each.span for each in true), *(s.span for s in answer), *tracked]))
    lines = [f"{world.kind} {world.seed}: {world.day.date} in {world.day.zone}"]
    for start, end in pairwise(edges):
        truth = next((_name(t.group, t.issue, call=t.call) for t in true if start in t.span), "")
        said = next((_said(s) for s in answer if start in s.span), "")
        if any(start in span for span in tracked):
            truth = "(tracked)"
        if truth or said:
            lines.append(_line(world, (start, end), truth, said))
    return lines


def _edges(spans: Iterable[Span]) -> set[datetime]:
    return {at for span in spans for at in (span.start, span.end)}


def _name(group: str | None, issue: str | None, *, call: bool = False) -> str:
    return f"{group or '?'}{f' {issue}' if issue else ''}{' (call)' if call else ''}"


def _said(suggestion: Suggestion) -> str:
    issue = suggestion.issue.key if suggestion.issue else None
    sure = (suggestion.confidence, suggestion.issue_confidence)
    numbers = "/".join(f"{each:.2f}" for each in sure if each is not None)
    return f"{_name(suggestion.group, issue)}  {numbers}"


def _line(world: World, part: tuple[datetime, datetime], truth: str, said: str) -> str:
    start, end = (world.day.local(at) for at in part)
    right = truth.partition(" ")[0] == said.partition(" ")[0] or said.startswith("?")
    minutes = (part[1] - part[0]).total_seconds() / 60
    mark = " " if right else "x"
    return f"{mark} {start:%H:%M:%S}-{end:%H:%M:%S} {minutes:6.1f}  {truth:28} {said}"


def drawn(world: World, answer: Sequence[Suggestion]) -> bytes:
    """A PNG with the answer in the upper lane and the truth in the lower one, tracked time too."""
    clues = [clue for clue in world.inputs.clues if clue.at in world.day.span]
    lanes = Lanes(
        day=world.day.date,
        zone=world.day.zone,
        suggested=tuple(Bar(each.span, each.group, _label(each)) for each in answer),
        tracked=tuple(Bar(t.span, t.group, t.issue or t.group) for t in world.truth),
        ticks=Ticks(
            commits=tuple(clue.at for clue in clues if isinstance(clue, Commit)),
            messages=tuple(clue.at for clue in clues if isinstance(clue, ChatMessage)),
        ),
    )
    return draw(lanes, [group.name for group in world.inputs.groups])


def _label(suggestion: Suggestion) -> str:
    return suggestion.issue.key if suggestion.issue else suggestion.group or "?"
