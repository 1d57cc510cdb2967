"""One suggestion as a row of the digest: what it is, its state, and the buttons that fit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.blocks import elements as kit
from tracklater_bot.blocks.elements import Block
from tracklater_bot.blocks.text import link, mrkdwn
from tracklater_bot.domain.digests import Digest, Item, ItemState, Problem, is_open
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import CERTAIN, Evidence, Suggestion
from tracklater_bot.domain.text import clock, count, duration, entry_text, percent, times

SPLITTABLE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a row says and offers; less where many rows must fit into one message."""

    words: int
    evidence: bool = True
    menu: bool = True
    labels: bool = True


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row stands: its day and zone, whether one to merge with follows, and the tracker.

    `closed`: the day is too old for new entries, so that nothing but Skip is left for open rows.
    """

    day: date
    zone: ZoneInfo
    has_next: bool = False
    tracker: TrackerWords = SOME_TRACKER
    closed: bool = False

    @classmethod
    def of(
        cls,
        digest: Digest,
        item: Item,
        tracker: TrackerWords = SOME_TRACKER,
        *,
        closed: bool = False,
    ) -> RowPlace:
        """The item's place in its digest."""
        end = item.suggestion.span.end
        later = (
            other
            for other in digest.items  # in order of time
            if other.suggestion.span.start >= end and other.state is not ItemState.SKIPPED
        )
        following = next(later, None)
        joinable = following is not None and is_open(following)
        return cls(digest.day, ZoneInfo(digest.timezone), joinable, tracker, closed)


def unsure(suggestion: Suggestion) -> str:
    """`Not sure`, of the group or of the issue alone; "" where the suggestion is certain."""
    if suggestion.group is None or suggestion.certain:
        return ""
    return "Not sure" if suggestion.confidence < CERTAIN else "Not sure of the issue"


def perhaps(suggestion: Suggestion) -> str:
    """`Perhaps acme (45 %) or globex (30 %)` in mrkdwn; "" where nothing is likely."""
    candidates = suggestion.candidates if suggestion.group is None else ()
    named = " or ".join(f"{mrkdwn(c.group, 40)} ({percent(c.confidence)})" for c in candidates)
    return f"Perhaps {named}" if named else ""


def row(item: Item, place: RowPlace, detail: Detail) -> list[Block]:
    """The row's blocks: a paragraph, and its buttons where there are any."""
    if item.state not in (ItemState.OPEN, ItemState.FAILED):
        return _decided_row(item, place, detail)
    said = _open_words if item.state is ItemState.OPEN else _failed_words
    text, kinds = said(item, place, detail)
    buttons = _buttons(item, place, ("skip",) if place.closed else kinds, detail)
    more = menu(item, place) if detail.menu and not place.closed else None
    if more and (item.state is ItemState.OPEN or item.change is not None):
        buttons.append(more)
    return [kit.section(text), kit.actions(buttons)]


def project_name(group: str | None, project: Project | None, most: int = 40) -> str:
    """`acme › Development` in mrkdwn."""
    if group is None:
        return "What was this?"
    name = mrkdwn(group, most)
    return f"{name} › {mrkdwn(project.name, most)}" if project else f"{name} › no project"


def issue_line(suggestion: Suggestion, most: int) -> str:
    """`DEV-123 Fix login` in mrkdwn, its key linked to the issue; or the person's own words.

    It reads as the entry will, so words without the key get the issue behind them.
    """
    return _linked(suggestion.issue, entry_text(suggestion.issue, suggestion.description), most)


def _linked(issue: Issue | None, words: str, most: int) -> str:
    first, _, rest = words.partition(" ")
    if issue is not None and first.rstrip(":").casefold() == issue.key.casefold():
        return f"{link(issue.url, mrkdwn(first, 40))} {mrkdwn(rest, most)}".rstrip()
    shown = mrkdwn(words, most) or "No description"
    return f"{shown} ({link(issue.url, mrkdwn(issue.key, 40))})" if issue else shown


def evidence_words(evidence: Evidence) -> str:
    """`131 min in windows, 3 commits, 2 messages`."""
    parts = [f"{evidence.window_minutes} min in windows"] * bool(evidence.window_minutes)
    parts += [count(evidence.commits, "commit")] * bool(evidence.commits)
    parts += [count(evidence.messages, "message")] * bool(evidence.messages)
    parts += [count(evidence.prompts, "prompt")] * bool(evidence.prompts)
    parts += [count(evidence.meetings, "meeting")] * bool(evidence.meetings)
    return ", ".join(parts)


def _title(item: Item, place: RowPlace, most: int) -> str:
    suggestion = item.suggestion
    when = times(suggestion.span, place.zone, place.day)
    what = project_name(suggestion.group, suggestion.project, min(most, 40))
    return f"*{when}* · {duration(suggestion.span.length)} · {what}"


def _open_words(item: Item, place: RowPlace, detail: Detail) -> tuple[str, tuple[str, ...]]:
    suggestion = item.suggestion
    explained = suggestion.group is not None or suggestion.description
    seen = evidence_words(suggestion.evidence) if detail.evidence else ""
    doubt = f"*{unsure(suggestion)}*" if unsure(suggestion) else perhaps(suggestion)
    small = doubt, seen, worklog_words(item, detail.words)
    lines = [
        _title(item, place, detail.words),
        issue_line(suggestion, detail.words) if explained else "",
        " · ".join(filter(None, small)),
    ]
    kinds = ("approve", "edit", "skip") if suggestion.group is not None else ("edit", "skip")
    return "\n".join(filter(None, lines)), kinds


def _failed_words(item: Item, place: RowPlace, detail: Detail) -> tuple[str, tuple[str, ...]]:
    label = place.tracker.label
    problem = mrkdwn(item.problem or f"{place.tracker.label} refused it", detail.words * 2)
    why = f"*Not in {label}:* {problem}"
    what = issue_line(item.suggestion, detail.words)
    text = f"{_title(item, place, detail.words)}\n{what}\n{why}"
    return text, _WAYS_TO_MEND.get(item.problem_code, ("edit", "retry", "skip"))


# The first button of a failed row is what usually mends it.
_WAYS_TO_MEND: Mapping[Problem | None, tuple[str, ...]] = {
    None: ("approve", "edit", "skip"),
    Problem.OVERLAP: ("trim", "anyway", "edit", "skip"),
    Problem.GONE: ("again", "skip"),
    Problem.TOO_OLD: ("skip",),
}


def _decided_row(item: Item, place: RowPlace, detail: Detail) -> list[Block]:
    """Short, state first: the reading is over, the way back stays open."""
    suggestion, most = item.suggestion, detail.words // 2
    there = item.state is ItemState.SENT  # emptied in the tracker, it is empty
    own = suggestion.description
    words = _linked(suggestion.issue, own, most) if there else issue_line(suggestion, most)
    state = state_words(item, place, detail.words)
    text = f"{_title(item, place, detail.words)}\n{state} · {words}"
    buttons = _buttons(item, place, _ways_on(item), detail)
    if len(buttons) > 1:
        return [kit.section(text), kit.actions(buttons)]
    return [kit.section(text, buttons[0] if buttons else None)]


def _ways_on(item: Item) -> tuple[str, ...]:
    if item.state is not ItemState.SENT:  # nothing while it is being sent: it could not be kept
        return ("undo",) if item.state in (ItemState.PENDING, ItemState.SKIPPED) else ()
    if item.problem_code is Problem.CHANGED:
        return ("keep", "edit", "undo_changed")
    return ("edit", "keep", "undo") if item.problem_code else ("edit", "undo")


def state_words(item: Item, place: RowPlace, most: int) -> str:
    """What became of a decided item, in mrkdwn."""
    label, problem = place.tracker.label, mrkdwn(item.problem or "", most)
    if item.state is ItemState.SENT:
        note = f", but {problem}" if problem else ""
        worklog = worklog_words(item, most)
        beside = f" · {worklog}" if worklog else ""
        return f"*{link(place.tracker.page, f'In {label}')}*{note}{beside}"
    if item.waits_until is not None:
        until = f" until {clock(item.waits_until, place.zone, place.day)}"
        if item.problem_code is Problem.QUOTA or "quota" in problem.casefold():
            return f"Waits for {label}'s quota{until}"
        what = _WAITS_TO.get(item.state, "Waits").format(label)
        return f"{what}{until}" + (f": {problem}" if problem else "")
    pending = f" {problem}" if problem and item.state is ItemState.PENDING else ""
    return _STATE_WORDS[item.state].format(label) + pending


def worklog_words(item: Item, most: int) -> str:
    """How the worklog beside the entry fares, in mrkdwn; "" where there is nothing to tell."""
    worklog = item.worklog
    if worklog is None:
        return ""
    key, problem = mrkdwn(worklog.issue, 40), mrkdwn(worklog.problem or "", most)
    if worklog.state is ItemState.FAILED:
        return f"worklog not written: {problem} (Edit and Save to try again)"
    if worklog.state is ItemState.DELETING:
        return f"worklog still in {key}: {problem}" if problem else ""
    if worklog.state is ItemState.SENT:
        return f"logged in {key}" + (f", but not as it is now: {problem}" if problem else "")
    return f"worklog waits: {problem}" if problem else "worklog on its way…"


_STATE_WORDS: Mapping[ItemState, str] = {
    ItemState.PENDING: "On its way…",
    ItemState.SENDING: "On its way…",
    ItemState.UNKNOWN: "Checking whether {} got it…",
    ItemState.SKIPPED: "Skipped",
    ItemState.DELETING: "Being taken out of {}…",
}
_WAITS_TO: Mapping[ItemState, str] = {
    ItemState.UNKNOWN: "Waits to check whether {} got it",
    ItemState.DELETING: "Waits to be taken out of {}",
}
_OTHERS_CHANGE = "Somebody changed it in {0}. Take it out of {0} all the same?"


# A row's buttons: the text, the action, and a question to ask before; {} is the tracker.
_BUTTONS: Mapping[str, tuple[str, str, str]] = {
    "approve": ("Approve", "approve", ""),
    "edit": ("Edit", "edit", ""),
    "skip": ("Skip", "skip", ""),
    "undo": ("Undo", "undo", ""),
    "undo_changed": ("Undo", "undo", _OTHERS_CHANGE),
    "retry": ("Try again", "approve", ""),
    "again": ("Make it again", "approve", ""),
    "trim": ("Trim and approve", "trim", ""),
    "anyway": ("Approve anyway", "approve_anyway", "Two entries will cover the same time in {}."),
    "keep": ("Keep {}'s", "keep", ""),
}


def _buttons(item: Item, place: RowPlace, kinds: tuple[str, ...], detail: Detail) -> list[Block]:
    buttons = []
    for kind in kinds:
        text, action, question = (part.format(place.tracker.label) for part in _BUTTONS[kind])
        more: Block = {"confirm": kit.confirm(text, question, text)} if question else {}
        if detail.labels:
            when = times(item.suggestion.span, place.zone, place.day)
            more["accessibility_label"] = f"{text} {when}"
        buttons.append(kit.button(text, action, item.id, **more))
    return buttons


def menu(item: Item, place: RowPlace) -> Block | None:
    """Split, Merge with next, Why this?, Windows like these, Undo change: what makes sense."""
    suggestion, undecided = item.suggestion, item.state in (ItemState.OPEN, ItemState.FAILED)
    ways = (
        ("Split", "split", undecided and suggestion.span.length >= SPLITTABLE),
        ("Merge with next", "merge", undecided and place.has_next),
        ("Why this?", "why", suggestion.reasons),
        ("Windows like these…", "rule", suggestion.evidence.window_minutes),
        ("Undo change", "revert", undecided and item.change is not None),
    )
    choices = [kit.option(text, f"{what}:{item.id}") for text, what, fits in ways if fits]
    return kit.overflow("more", choices) if choices else None
