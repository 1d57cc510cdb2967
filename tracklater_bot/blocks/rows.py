"""One suggestion as a row of the digest: what it is, its state, and the buttons that fit it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.blocks.parts import Block, actions, button, option, overflow, section
from tracklater_bot.blocks.text import link, mrkdwn
from tracklater_bot.model import Digest, Evidence, Item, Project, State, Suggestion
from tracklater_bot.words import clock, count, duration, times

TOGGL_PAGE = "https://track.toggl.com/timer"
CERTAIN = 0.9
NOT_SURE = 0.6
SPLITTABLE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a row says and offers; less where many rows must fit into one message."""

    words: int
    evidence: bool = True
    menu: bool = True
    labels: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its day and zone, whether another follows, and Toggl's page."""

    day: date
    zone: ZoneInfo
    has_next: bool = False
    toggl_url: str = TOGGL_PAGE

    @classmethod
    def of(cls, digest: Digest, item: Item, toggl_url: str = TOGGL_PAGE) -> Place:
        """The item's place in its digest."""
        later = any(
            other.state is State.OPEN and other.suggestion.span > item.suggestion.span
            for other in digest.items
        )
        return cls(digest.day, ZoneInfo(digest.timezone), later, toggl_url)


def is_open(item: Item) -> bool:
    """Whether the person still has to decide."""
    return item.state in (State.OPEN, State.FAILED)


def approvable(item: Item) -> bool:
    """Whether Approve all takes it: undecided, with a group and a project."""
    suggestion = item.suggestion
    return item.state is State.OPEN and bool(suggestion.group) and suggestion.project is not None


def certain(item: Item) -> bool:
    """Whether Approve certain ones takes it."""
    return approvable(item) and item.suggestion.confidence >= CERTAIN


def unsure(suggestion: Suggestion) -> bool:
    """Whether the group is little more than a guess."""
    return suggestion.group is not None and suggestion.confidence < NOT_SURE


def row(item: Item, place: Place, detail: Detail) -> list[Block]:
    """The row's blocks: a paragraph, and its buttons where there are any."""
    if item.state is State.OPEN:
        return _open_row(item, place, detail)
    if item.state is State.FAILED:
        return _failed_row(item, place, detail)
    return _decided_row(item, place, detail)


def project_name(group: str | None, project: Project | None, most: int = 40) -> str:
    """`group1 › Development` in mrkdwn."""
    if group is None:
        return "What was this?"
    name = mrkdwn(group, most)
    return f"{name} › {mrkdwn(project.name, most)}" if project else f"{name} › no project"


def issue_line(suggestion: Suggestion, most: int) -> str:
    """`DEV-123 Fix login` in mrkdwn, its key linked to the issue."""
    issue, description = suggestion.issue, suggestion.description
    if issue is None:
        return mrkdwn(description, most) or "No description"
    rest = description.removeprefix(issue.key).strip() or issue.title
    key = link(issue.url, mrkdwn(issue.key, 40))
    return f"{key} {mrkdwn(rest, most)}"


def evidence_words(evidence: Evidence) -> str:
    """`131 min in windows, 3 commits, 2 messages`."""
    parts = [f"{evidence.window_minutes} min in windows"] * bool(evidence.window_minutes)
    parts += [count(evidence.commits, "commit")] * bool(evidence.commits)
    parts += [count(evidence.messages, "message")] * bool(evidence.messages)
    return ", ".join(parts)


def _title(item: Item, place: Place, most: int) -> str:
    suggestion = item.suggestion
    when = times(suggestion.span, place.zone, place.day)
    what = project_name(suggestion.group, suggestion.project, min(most, 40))
    return f"*{when}* · {duration(suggestion.span.length)} · {what}"


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _small_print(suggestion: Suggestion, detail: Detail) -> str:
    parts = ["*Not sure*"] * unsure(suggestion)
    if detail.evidence:
        parts += [words] if (words := evidence_words(suggestion.evidence)) else []
    return " · ".join(parts)


def _open_row(item: Item, place: Place, detail: Detail) -> list[Block]:
    suggestion = item.suggestion
    explained = suggestion.group is not None or suggestion.description
    text = _lines(
        _title(item, place, detail.words),
        issue_line(suggestion, detail.words) if explained else "",
        _small_print(suggestion, detail),
    )
    kinds = ("approve", "edit", "skip") if suggestion.group is not None else ("edit", "skip")
    more = [menu(item, place)] if detail.menu else []
    return [section(text), actions([*_buttons(item, place, kinds, detail), *filter(None, more)])]


def _failed_row(item: Item, place: Place, detail: Detail) -> list[Block]:
    text = _lines(
        _title(item, place, detail.words),
        issue_line(item.suggestion, detail.words),
        f"*Not in Toggl:* {mrkdwn(item.problem or 'Toggl refused it', detail.words * 2)}",
    )
    return [section(text), actions(_buttons(item, place, ("approve", "edit", "skip"), detail))]


def _decided_row(item: Item, place: Place, detail: Detail) -> list[Block]:
    """Short, state first: the reading is over, the way back stays open."""
    what = issue_line(item.suggestion, detail.words // 2)
    state = state_words(item, place, detail.words)
    text = _lines(_title(item, place, detail.words), f"{state} · {what}")
    buttons = _buttons(item, place, _WAYS_BACK.get(item.state, ()), detail)
    if len(buttons) > 1:
        return [section(text), actions(buttons)]
    return [section(text, buttons[0] if buttons else None)]


# Nothing is offered while Toggl is being talked to: it could not be kept.
_WAYS_BACK: Mapping[State, tuple[str, ...]] = {
    State.PENDING: ("undo",),
    State.SENT: ("edit", "undo"),
    State.SKIPPED: ("undo",),
}


def state_words(item: Item, place: Place, most: int) -> str:
    """What became of a decided item, in mrkdwn."""
    problem = mrkdwn(item.problem or "", most)
    if item.state is State.SENT:
        note = f" · {problem}" if problem else ""
        return f"*{link(place.toggl_url, 'In Toggl')}*{note}"
    if item.state is State.PENDING and item.retry_at is not None:
        return _waiting(item, place, problem)
    return _STATE_WORDS[item.state](problem)


def _waiting(item: Item, place: Place, problem: str) -> str:
    until = clock(item.retry_at, place.zone, place.day) if item.retry_at else ""
    if "quota" in problem.casefold():
        return f"Waits for Toggl's quota until {until}"
    return f"Waits until {until}" + (f": {problem}" if problem else "")


_STATE_WORDS: Mapping[State, Callable[[str], str]] = {
    State.PENDING: lambda problem: f"On its way… {problem}".rstrip(),
    State.SENDING: lambda _: "On its way…",
    State.UNKNOWN: lambda _: "Checking whether Toggl got it…",
    State.SKIPPED: lambda _: "Skipped",
    State.DELETING: lambda _: "Being taken out of Toggl…",
}

_BUTTON_TEXTS = {"approve": "Approve", "edit": "Edit", "skip": "Skip", "undo": "Undo"}


def _buttons(item: Item, place: Place, kinds: tuple[str, ...], detail: Detail) -> list[Block]:
    return [_button(item, place, kind, detail) for kind in kinds]


def _button(item: Item, place: Place, kind: str, detail: Detail) -> Block:
    text = _BUTTON_TEXTS[kind]
    made = button(text, kind, item.id)
    if detail.labels:
        when = times(item.suggestion.span, place.zone, place.day)
        made["accessibility_label"] = f"{text} {when}"
    return made


def menu(item: Item, place: Place) -> Block | None:
    """Split, Merge with next, Why this?, as far as they make sense for the item."""
    choices = []
    if item.suggestion.span.length >= SPLITTABLE:
        choices.append(option("Split", f"split:{item.id}"))
    if place.has_next:
        choices.append(option("Merge with next", f"merge:{item.id}"))
    if item.suggestion.reasons:
        choices.append(option("Why this?", f"why:{item.id}"))
    return overflow("more", choices) if choices else None
