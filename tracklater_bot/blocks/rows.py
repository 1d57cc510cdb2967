"""One suggestion as a row of the digest: what it is, its state, and the buttons that fit it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.blocks import elements as kit
from tracklater_bot.blocks.dialog_values import token
from tracklater_bot.blocks.elements import Block
from tracklater_bot.blocks.text import link, mrkdwn, plain
from tracklater_bot.domain.digests import Digest, Item, ItemState, Problem, is_open
from tracklater_bot.domain.entries import SOME_TRACKER, TrackerWords
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import CERTAIN, Suggestion
from tracklater_bot.domain.text import (
    clock,
    duration,
    entry_text,
    evidence_words,
    listing,
    percent,
    times,
)

SPLITTABLE = timedelta(minutes=10)
MOST_CANDIDATES = 2  # more would be a list to read
MOST_PROGRAMS = 3


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a row says and offers; less where many rows must fit into one message."""

    words: int
    evidence: bool = True
    labels: bool = True


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row stands: its day and zone, whether one to merge with follows, and the tracker.

    `closed`: the day is too old for new entries, so that nothing but Skip is left for open rows.
    `square` is the emoji in its group's colour; `beside` the groups before and after it. `programs`
    were in front then, where the person lets them be shown.
    """

    day: date
    zone: ZoneInfo
    has_next: bool = False
    tracker: TrackerWords = SOME_TRACKER
    closed: bool = False
    square: str = ""
    beside: tuple[str, ...] = ()
    programs: Sequence[tuple[str, int]] = ()

    @classmethod
    def of(cls, digest: Digest, item: Item) -> RowPlace:
        """The item's place in its digest."""
        span = item.suggestion.span
        # The digest's items are in order of time.
        kept = [other for other in digest.items if other.state is not ItemState.SKIPPED]
        earlier = [other for other in kept if other.suggestion.span.end <= span.start]
        later = [other for other in kept if other.suggestion.span.start >= span.end]
        beside = (each.suggestion.group for each in (*earlier[-1:], *later[:1]))
        return cls(
            day=digest.day,
            zone=ZoneInfo(digest.timezone),
            has_next=bool(later) and is_open(later[0]),
            beside=tuple(dict.fromkeys(group for group in beside if group)),
        )


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


def row(item: Item, place: RowPlace, detail: Detail, *, asked: bool = False) -> list[Block]:
    """The row's blocks: a paragraph, with a menu beside it or buttons below.

    `asked`: it is one of the questions of the day, and its answers are buttons.
    """
    buttons: list[Block] = []
    if item.state is ItemState.FAILED or (item.state is ItemState.SENT and item.problem_code):
        text, kinds = _troubled_words(item, place, detail)
        buttons = _buttons(item, place, ("skip",) if place.closed else kinds, detail)
        more = menu(item, place) if item.change is not None and not place.closed else None
        buttons += [more] if more else []
    elif item.state is not ItemState.OPEN:
        text = _decided_line(item, place, detail)
    else:
        text = _open_words(item, place, detail)
        if asked:
            buttons = [*_answers(item, place), *_buttons(item, place, ("else", "skip"), detail)]
        elif item.suggestion.group and not item.certain and not place.closed:
            buttons = _buttons(item, place, ("approve", "edit", "skip"), detail)
    if buttons:
        return [kit.section(text), kit.actions(buttons)]
    return [kit.section(text, row_menu(item, place))]


def _answers(item: Item, place: RowPlace) -> Iterator[Block]:
    """Buttons `answer:<n>` with the groups that it may belong to: likeliest, then neighbours'."""
    groups = (*(each.group for each in item.suggestion.candidates), *place.beside)
    for number, group in enumerate(list(dict.fromkeys(groups))[:MOST_CANDIDATES]):
        text = kit.words(plain(group, 40))
        value = f"{token('group', group)}:{item.id}"
        yield kit.button("", f"answer:{number}", value) | {"text": text}


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


def _title(item: Item, place: RowPlace, most: int) -> str:
    suggestion = item.suggestion
    when = times(suggestion.span, place.zone, place.day)
    what = project_name(suggestion.group, suggestion.project, min(most, 40))
    return f"{place.square}*{when}* · {duration(suggestion.span.length)} · {what}"


def _open_words(item: Item, place: RowPlace, detail: Detail) -> str:
    """What is suggested; with what was seen where the person has to find out whether it is so."""
    suggestion = item.suggestion
    explained = suggestion.group is not None or suggestion.description
    seen = (
        ", ".join(evidence_words(suggestion.evidence))
        if detail.evidence and not item.certain
        else ""
    )
    programs = listing(
        f"{mrkdwn(name, 30)} {minutes} min" for name, minutes in place.programs[:MOST_PROGRAMS]
    )
    between = listing(mrkdwn(group, 40) for group in place.beside)
    small = (
        f"*{unsure(suggestion)}*" if unsure(suggestion) else perhaps(suggestion),
        f"next to {between}" if between and suggestion.group is None else "",
        seen,
        worklog_words(item, detail.words),
    )
    lines = [
        _title(item, place, detail.words),
        issue_line(suggestion, detail.words) if explained else "",
        " · ".join(filter(None, small)),
        f"In front: {programs}" if programs else "",
    ]
    return "\n".join(filter(None, lines))


def _troubled_words(item: Item, place: RowPlace, detail: Detail) -> tuple[str, tuple[str, ...]]:
    """What is wrong with an item's entry, and what mends it."""
    label, most = place.tracker.label, detail.words
    if item.state is ItemState.FAILED:
        problem = mrkdwn(item.problem or f"{label} refused it", most * 2)
        state = f"*Not in {label}:* {problem}"
        kinds = _WAYS_TO_MEND.get(item.problem_code, ("edit", "retry", "skip"))
    else:
        state = state_words(item, place, most)
        changed = item.problem_code is Problem.CHANGED
        kinds = ("keep", "edit", "undo_changed") if changed else ("edit", "keep", "undo")
    said, there = item.suggestion, item.state is ItemState.SENT  # emptied there, it is empty
    what = _linked(said.issue, said.description, most) if there else issue_line(said, most)
    return f"{_title(item, place, most)}\n{what}\n{state}", kinds


# The first button of a failed row is what usually mends it.
_WAYS_TO_MEND: Mapping[Problem | None, tuple[str, ...]] = {
    None: ("approve", "edit", "skip"),
    Problem.OVERLAP: ("trim", "anyway", "edit", "skip"),
    Problem.GONE: ("again", "skip"),
    Problem.TOO_OLD: ("skip",),
}


def _decided_line(item: Item, place: RowPlace, detail: Detail) -> str:
    """Short enough for one line of a phone: the reading is over, the way back stays open."""
    suggestion, state = item.suggestion, state_words(item, place, detail.words)
    issue, name = suggestion.issue, mrkdwn(suggestion.description or suggestion.group or "?", 16)
    what = link(issue.url, mrkdwn(issue.key, 20)) if issue else name
    if item.state is ItemState.SENT and issue is not None and not suggestion.description:
        what = f"No description ({what})"
    when = times(suggestion.span, place.zone, place.day)
    return f"{place.square}{when} {what} · {state}"


def state_words(item: Item, place: RowPlace, most: int) -> str:
    """What became of a decided item, in mrkdwn."""
    label, problem = place.tracker.label, mrkdwn(item.problem or "", most)
    if item.state is ItemState.SENT:
        note = f", but {problem}" if problem else ""
        worklog = worklog_words(item, most)
        beside = f" · {worklog}" if worklog else ""
        return f"{link(place.tracker.page, f'In {label}')}{note}{beside}"
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
    "else": ("Something else…", "edit", ""),
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


def row_menu(item: Item, place: RowPlace) -> Block | None:
    """The one menu of a row without buttons, its values `<what>:<item>`; five choices at most."""
    suggestion = item.suggestion
    if item.state is ItemState.OPEN and not place.closed:
        ways = ["Approve"] * (suggestion.group is not None) + ["Edit", "Skip"]
        rest = [each for each in _choices(item, place) if each[1] not in ("rule", "merge")]
        rest.sort(key=lambda each: each[1] != "revert")
        return _overflow(item, [*((way, way.casefold()) for way in ways), *rest][:5])
    undoable = item.state in (ItemState.PENDING, ItemState.SKIPPED, ItemState.SENT)
    ways = ["Skip"] * is_open(item) + ["Edit"] * (item.state is ItemState.SENT)
    ways += ["Undo"] * undoable  # nothing while it is being sent: it could not be kept
    return _overflow(item, [(way, way.casefold()) for way in ways])


def menu(item: Item, place: RowPlace) -> Block | None:
    """Split, Merge with next, Why this?, Windows like these, Undo change: what makes sense."""
    return _overflow(item, _choices(item, place))


def _choices(item: Item, place: RowPlace) -> list[tuple[str, str]]:
    suggestion, undecided = item.suggestion, is_open(item)
    ways = (
        ("Split", "split", undecided and suggestion.span.length >= SPLITTABLE),
        ("Merge with next", "merge", undecided and place.has_next),
        ("Why this?", "why", suggestion.reasons),
        ("Windows like these…", "rule", suggestion.evidence.window_minutes),
        ("Undo change", "revert", undecided and item.change is not None),
    )
    return [(text, what) for text, what, fits in ways if fits]


def _overflow(item: Item, choices: Iterable[tuple[str, str]]) -> Block | None:
    options = [kit.option(text, f"{what}:{item.id}") for text, what in choices]
    return kit.overflow("more", options) if options else None
