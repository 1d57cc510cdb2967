"""What dialogs offer to choose from, and what a person filled in: values, or errors by field.

Slack gives back only an option's value of 150 characters, so values are short tokens that are the
same for the same thing on every day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeAlias

from tracklater_bot.blocks.elements import Block, option, outside_option, words
from tracklater_bot.blocks.text import plain
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.descriptions import describe, folded
from tracklater_bot.domain.digests import Item
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import MOST_DESCRIPTION
from tracklater_bot.domain.text import clean, clock, units

View: TypeAlias = Mapping[str, Any]
Errors: TypeAlias = dict[str, str]

MOST_TAG = 128
MOST_OPTIONS = 100
MOST_OPTION_TEXT = 75
MOST_VALUE = 150
NO_ISSUE = "none"
FREE_TEXT = "text:"
NO_PROJECT = "no project"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a dialog for `day` offers: the groups and their projects."""

    day: WorkDay
    projects: tuple[Project, ...] = ()
    groups: tuple[str, ...] = ()

    def all_groups(self) -> list[str]:
        """The groups of the settings first, then those that only a project names."""
        return list(dict.fromkeys([*self.groups, *(project.group for project in self.projects)]))


@dataclass(frozen=True, slots=True)
class ProjectChoice:
    """A group, and a project of it or none."""

    group: str
    project: Project | None = None

    @property
    def token(self) -> str:
        """The option's value."""
        names = (self.project.name,) if self.project else ()
        return token("project", self.group, *names)


def token(*parts: str) -> str:
    """A short name for the parts; equal parts have equal tokens."""
    joined = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(joined, digest_size=9).hexdigest()


# -- Group › project ---------------------------------------------------------------------------


def project_choices(choices: Choices, chosen: ProjectChoice | None) -> dict[str, ProjectChoice]:
    """Every choice by its token; what is chosen now is among them even if it was dropped there."""
    offered = [
        ProjectChoice(group, project)
        for group in choices.all_groups()
        for project in (*(own for own in choices.projects if own.group == group), None)
    ]
    return {choice.token: choice for choice in ([chosen] if chosen else []) + offered}


def project_groups(choices: Choices, chosen: ProjectChoice | None) -> list[Block]:
    """Option groups for the group › project select: a heading a group, "no project" last."""
    by_group: dict[str, list[ProjectChoice]] = {}
    for choice in project_choices(choices, chosen).values():
        by_group.setdefault(choice.group, []).append(choice)
    groups = sorted(by_group, key=lambda group: chosen is not None and group != chosen.group)
    return [
        {
            "label": outside_option(plain(group, MOST_OPTION_TEXT), "-")["text"],
            "options": [project_option(choice) for choice in _first_hundred(by_group[group])],
        }
        for group in groups[:MOST_OPTIONS]
    ]


def _first_hundred(choices: Sequence[ProjectChoice]) -> list[ProjectChoice]:
    named = [choice for choice in choices if choice.project is not None]
    nameless = [choice for choice in choices if choice.project is None]
    return [*named[: MOST_OPTIONS - 1], *nameless[:1]]


def project_option(choice: ProjectChoice) -> Block:
    """The option for a choice; equal choices make equal options."""
    project = plain(choice.project.name, 40) if choice.project else NO_PROJECT
    # With the group's name: a closed select shows nothing of its headings.
    text = f"{plain(choice.group, MOST_OPTION_TEXT - units(project) - 3)} › {project}"
    return outside_option(text, choice.token)


# -- Issues ------------------------------------------------------------------------------------


def issue_value(issue: Issue) -> str:
    """The option's value: its key to be read in logs, and a token that tells trackers apart."""
    return f"{clean(issue.key, 100)}|{token('issue', issue.tracker, issue.group, issue.key)}"


def issue_option(issue: Issue, group: str | None = None) -> Block:
    """The option for an issue; one of another group than `group` says whose it is."""
    named = outside_option(plain(describe(issue), MOST_OPTION_TEXT), issue_value(issue))
    if group is None or issue.group == group:
        return named
    return named | {"description": words(plain(issue.group, MOST_OPTION_TEXT) or "–")}


def issue_options(
    issues: Iterable[Issue], typed: str = "", group: str | None = None
) -> dict[str, Any]:
    """The answer to Slack's question what to offer for `typed`, best first as given.

    What was typed can stay as free text; with nothing typed "No issue" clears the choice.
    """
    last = free_text_option(typed) if typed.strip() else option("No issue", NO_ISSUE)
    options = [issue_option(issue, group) for issue in issues]
    distinct = {made["value"]: made for made in options}
    if typed.strip() and not options:
        last |= {"description": words("No such issue was found: your own words")}
    return {"options": [*list(distinct.values())[: MOST_OPTIONS - 1], last]}


def free_text_option(typed: str) -> Block:
    """The option that keeps what was typed instead of an issue."""
    text = clean(typed, MOST_VALUE - len(FREE_TEXT))
    return outside_option(f"“{plain(text, MOST_OPTION_TEXT - 2)}”", f"{FREE_TEXT}{text}")


def find_issue(value: str | None, issues: Iterable[Issue]) -> Issue | None:
    """The issue whose option was chosen; None for no issue and for free text."""
    if not value or value == NO_ISSUE or value.startswith(FREE_TEXT):
        return None
    return next((issue for issue in issues if issue_value(issue) == value), None)


def free_text(value: str | None) -> str | None:
    """What was typed instead of choosing an issue."""
    if value and value.startswith(FREE_TEXT):
        return value.removeprefix(FREE_TEXT)
    return None


# -- What came back ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EditForm:
    """What the edit or add dialog says, complete and consistent in itself.

    `issue` is the value of the chosen option, for `find_issue`; None when no issue is
    wanted. `move_neighbours` allows the neighbours' boundaries to be moved out of the way. `typed`:
    the description was chosen over one that the dialog had written.
    """

    span: Span
    group: str
    project: Project | None
    issue: str | None
    description: str
    billable: bool | None
    tags: tuple[str, ...] = ()
    move_neighbours: bool = False
    typed: bool = False


@dataclass(frozen=True, slots=True)
class DialogMeta:
    """What a dialog carries along: its item ("" for a new one), the item's version, the day.

    `auto` is the token of the description if we wrote it ("" where the person did), `group` that of
    the chosen group: Slack does not say what is chosen when it asks for issues to offer.
    """

    item: str
    version: int
    day: str
    auto: str = ""
    group: str = ""

    def text(self) -> str:
        """As private_metadata."""
        return json.dumps(asdict(self))

    def wrote(self, description: str) -> bool:
        """Whether the description is as we wrote it into the dialog."""
        # Dialogs that were opened by an older version know the words as they stood.
        return self.auto in (written_token(description), token(description))

    def typed_over(self, description: str, item: Item | None) -> bool:
        """Whether the person wrote this over what the dialog had written in the item's place."""
        before = clean(item.suggestion.description, MOST_DESCRIPTION) if item else ""
        return bool(self.auto) and not self.wrote(before) and not self.wrote(description)

    @classmethod
    def of(cls, view: View) -> DialogMeta:
        """From a view's private_metadata. Raises ValueError for one that is not ours."""
        try:
            stored = json.loads(view.get("private_metadata") or "")
            auto, group = (str(stored.get(name, "")) for name in ("auto", "group"))
            item, version, day = (stored[name] for name in ("item", "version", "day"))
            return cls(str(item), int(version), str(day), auto, group)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("this dialog is not one of ours") from error


def written_token(description: str) -> str:
    """A short name for a description, whatever its spaces and its case."""
    return token("words", folded(description))


def parse_edit(view: View, choices: Choices, item: Item | None = None) -> EditForm | Errors:
    """The edit or add dialog's values, or errors keyed by block_id.

    A time that was not touched keeps the item's own seconds.
    """
    fields = FieldValues(view)
    span = _span(fields, choices.day, item.suggestion.span if item else None)
    known = project_choices(choices, chosen_project(item))
    project = known.get(fields.option("project") or "")
    errors = span if isinstance(span, dict) else {}
    errors |= {} if project else {"project": "Choose a group and project."}
    if isinstance(span, dict) or project is None:
        return fields.keyed(errors)
    issue = fields.option("issue")
    typed, meta = free_text(issue), DialogMeta.of(view)
    description = _description(fields, typed, meta)
    tags = (clean(part, MOST_TAG) for part in fields.text("tags").split(","))
    return EditForm(
        span=span,
        group=project.group,
        project=project.project,
        issue=None if typed is not None or issue == NO_ISSUE else issue,
        description=description,
        billable=_billable(fields, item),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        move_neighbours=bool(fields.ticked("move")),
        typed=(typed is not None and description == clean(typed, MOST_DESCRIPTION))
        or meta.typed_over(description, item),
    )


def parse_split(view: View, day: WorkDay, span: Span) -> datetime | Errors:
    """The moment at which to split `span`, or errors keyed by block_id."""
    fields = FieldValues(view)
    chosen = fields.time("at")
    if chosen is None:
        return fields.keyed({"at": "Choose a time."})
    moment = moment_of(chosen, day)
    if span.start < moment < span.end:
        return moment
    start, end = (clock(at, day.zone, day.date) for at in (span.start, span.end))
    return fields.keyed({"at": f"Choose a time between {start} and {end}."})


def errors_for(view: View, fields: Mapping[str, str]) -> Errors:
    """Errors by field name as Slack wants them, keyed by the block ids that `view` really has.

    An error for the whole dialog (the name "") and for a field that is not there go to the first.
    """
    return FieldValues(view).keyed(fields)


def moment_of(wall: time, day: WorkDay) -> datetime:
    """The moment the clock shows `wall` during the working day; before it starts is the morning
    after. In the hour that comes twice, the first."""
    date = day.date + timedelta(days=wall < day.starts)
    return datetime.combine(date, wall, tzinfo=day.zone).astimezone(UTC)


class FieldValues:
    """The values in a view's state, by field name.

    A field's block id is its name, or its name, a colon and a number after we filled it in anew.
    """

    def __init__(self, view: View) -> None:
        values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
        blocks = [block.get("block_id", "") for block in view.get("blocks") or ()]
        self._ids = {name.partition(":")[0]: name for name in [*blocks, *values] if name}
        self._values = values

    def _value(self, name: str) -> Mapping[str, Any]:
        inside = self._values.get(self._ids.get(name, name)) or {}
        value: Mapping[str, Any] = inside.get(name) or {}
        return value

    def keyed(self, errors: Mapping[str, str]) -> Errors:
        """The errors by block id."""
        first = self._ids.get("start") or self._ids.get("at") or next(iter(self._ids.values()), "")
        return {self._ids.get(name, first): text for name, text in errors.items()}

    def has(self, name: str) -> bool:
        """Whether the dialog had this field."""
        return name in self._ids

    def text(self, name: str) -> str:
        """What was typed."""
        return str(self._value(name).get("value") or "")

    def time(self, name: str) -> time | None:
        """The chosen time on the wall clock."""
        chosen = self._value(name).get("selected_time")
        try:
            return time.fromisoformat(chosen) if chosen else None
        except (TypeError, ValueError):
            return None

    def option(self, name: str) -> str | None:
        """The value of the chosen option."""
        chosen = self._value(name).get("selected_option") or {}
        value = chosen.get("value")
        return str(value) if value else None

    def ticked(self, name: str) -> list[str]:
        """The values of the ticked boxes or chosen options."""
        chosen = self._value(name).get("selected_options") or ()
        return [str(box.get("value")) for box in chosen]


def _span(fields: FieldValues, day: WorkDay, before: Span | None) -> Span | Errors:
    start = _moment(fields.time("start"), day, before.start if before else None)
    end = _moment(fields.time("end"), day, before.end if before else None)
    if start is None or end is None:
        missing = {"start": start, "end": end}
        return {name: "Choose a time." for name, at in missing.items() if at is None}
    if end == day.span.start:
        end = day.span.end
    later = end + timedelta(hours=1)
    if end <= start and clock(end, day.zone) == clock(later, day.zone):  # an hour that comes twice
        end = later
    if end <= start:
        return {"end": f"The end must be later than the start, {clock(start, day.zone)}."}
    return Span(start, end)


def _moment(wall: time | None, day: WorkDay, before: datetime | None) -> datetime | None:
    if wall is None:
        return None
    if before is not None and clock(before, day.zone) == f"{wall:%H:%M}":
        return before
    return moment_of(wall, day)


def chosen_project(item: Item | None) -> ProjectChoice | None:
    """The item's group and project as a choice; None when nothing explained it."""
    if item is None or item.suggestion.group is None:
        return None
    return ProjectChoice(item.suggestion.group, item.suggestion.project)


def _description(fields: FieldValues, typed: str | None, meta: DialogMeta) -> str:
    """The description; free text typed into the issue field takes the place of one we wrote."""
    written = clean(fields.text("description"), MOST_DESCRIPTION)
    if typed and (not written or meta.wrote(written)):
        return clean(typed, MOST_DESCRIPTION)
    return written


def _billable(fields: FieldValues, item: Item | None) -> bool | None:
    """None as long as nobody said anything: the tracker's default for the project holds."""
    before = item.billable if item else None
    ticked = bool(fields.ticked("billable"))
    return before if not fields.has("billable") or (before is None and not ticked) else ticked
