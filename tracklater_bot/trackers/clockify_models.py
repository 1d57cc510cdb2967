"""What Clockify's answers and requests say, apart from how they travel. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any, TypeAlias

from pydantic import AliasPath, BaseModel, BeforeValidator, Field, TypeAdapter

from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.http import Line, Title, When, good_rows
from tracklater_bot.trackers.base import Account, Conflict, Constraints, NewEntry, Task
from tracklater_bot.trackers.forms import rfc3339, same_words, whole_seconds, words

# -- What Clockify answers: only the fields in use -----------------------------------------------
# ruff: noqa: N815 - Clockify's spelling


class Named(BaseModel):
    """Anything that has an id and a name."""

    id: str
    name: Title = ""


class ClockifyUser(Named):
    """Whose key it is."""

    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_]{1,64}$")]  # goes into addresses
    email: Title = ""
    activeWorkspace: str | None = None
    defaultWorkspace: str | None = None
    timezone: Title = Field("", validation_alias=AliasPath("settings", "timeZone"))


class ClockifyTask(Named):
    """A task inside a project."""

    status: str | None = None


class ClockifyProject(Named):
    """A project; its client stands in it by name, or as a whole where all is told of it."""

    archived: bool | None = False
    billable: bool | None = None
    clientName: Title = ""
    client: Named | None = None
    tasks: Annotated[list[ClockifyTask], good_rows(ClockifyTask)] = []

    def project(self) -> Project:
        """As the rest of the program knows it."""
        client = self.client.name if self.client else self.clientName
        return Project(self.name, "", client=client, id=self.id, billable=bool(self.billable))


class ClockifyRules(BaseModel):
    """What the workspace demands of entries."""

    forceDescription: bool | None = False
    forceProjects: bool | None = False
    forceTags: bool | None = False
    forceTasks: bool | None = False


class ClockifyWorkspace(Named):
    """A workspace of the account."""

    workspaceSettings: ClockifyRules | None = None

    def constraints(self) -> Constraints:
        """What is demanded."""
        rules = self.workspaceSettings or ClockifyRules()
        return Constraints(
            description=bool(rules.forceDescription),
            project=bool(rules.forceProjects),
            tag=bool(rules.forceTags),
            task=bool(rules.forceTasks),
        )


def _instant(value: object) -> object:
    """Unlike elsewhere, a time that cannot be read makes the row one that cannot."""
    return _WHEN.validate_python(value)


_WHEN: TypeAdapter[datetime | None] = TypeAdapter(When)
Instant: TypeAlias = Annotated[datetime, BeforeValidator(_instant)]


class ClockifyField(BaseModel):
    """A custom field's value; a change that left it out would empty it."""

    customFieldId: str
    value: Any = None


class ClockifyEntry(BaseModel):
    """A time entry, in UTC and without an end while it runs.

    The description is one clean line, as it is compared and shown.
    """

    id: str
    start: Annotated[Instant, Field(validation_alias=AliasPath("timeInterval", "start"))]
    end: Instant | None = Field(None, validation_alias=AliasPath("timeInterval", "end"))
    description: Line = ""
    projectId: str | None = None
    taskId: str | None = None
    tagIds: list[str] | None = None
    tags: list[Named] | None = None
    billable: bool | None = None
    type: str | None = None
    customFieldValues: list[ClockifyField] | None = None

    @property
    def is_break(self) -> bool:
        """Breaks are no work: they are neither counted nor taken for an entry of ours."""
        return self.type == "BREAK"

    @property
    def changed(self) -> str:
        """Clockify tells no time of a change, so what the entry says stands for its state."""
        says = (self.start, self.end, self.description, self.projectId or "")
        more = (self.taskId or "", sorted(self.tagIds or ()), bool(self.billable))
        return blake2b(repr((*says, *more)).encode(), digest_size=12).hexdigest()

    def tag_names(self, known: Mapping[str, str]) -> tuple[str, ...]:
        """Its tags by name; those of a short answer by what is `known` of their ids."""
        if self.tags is not None:
            return tuple(tag.name for tag in self.tags)
        return tuple(known.get(tag, tag) for tag in self.tagIds or ())

    def entry(self, tags: Mapping[str, str]) -> TimeEntry:
        """As the rest of the program knows it, in UTC."""
        return TimeEntry(
            id=self.id,
            start=self.start,
            end=self.end,
            description=self.description,
            project_id=self.projectId,
            tags=self.tag_names(tags),
            billable=bool(self.billable),
            changed=self.changed,
        )


# -- Entries -----------------------------------------------------------------------------------


def body_of(entry: NewEntry, tag_ids: Sequence[str]) -> dict[str, Any]:
    """What a new entry says. Its end always: without one, a timer would start."""
    body: dict[str, Any] = {
        "start": rfc3339(entry.span.start),
        "end": rfc3339(entry.span.end),
        "description": words(entry.description),
        "billable": bool(entry.billable),
        "tagIds": list(tag_ids),
        "type": "REGULAR",
    }
    ids = {"projectId": entry.project_id, "taskId": entry.task_id}
    return body | {name: value for name, value in ids.items() if value is not None}


def changed_body(row: ClockifyEntry, entry: NewEntry, tag_ids: Sequence[str]) -> dict[str, Any]:
    """The whole row as it is to become: what is left out of a change is emptied."""
    body = body_of(entry, tag_ids)
    if entry.task_id is None and row.taskId and row.projectId == entry.project_id:
        body["taskId"] = row.taskId
    if entry.billable is None:
        body["billable"] = bool(row.billable)
    if row.customFieldValues:
        body["customFields"] = [value.model_dump() for value in row.customFieldValues]
    return body | {"type": row.type or "REGULAR"}


def says_already(row: ClockifyEntry, entry: NewEntry, body: Mapping[str, Any]) -> bool:
    """Whether the row is what the body would make of it."""
    ids = (row.taskId, sorted(row.tagIds or ()), bool(row.billable))
    return is_same(row, entry) and ids == (
        body.get("taskId"),
        sorted(body["tagIds"]),
        body["billable"],
    )


def is_same(row: ClockifyEntry, entry: NewEntry) -> bool:
    """Whether they agree in start, end, project and description. Instants, never local times."""
    interval = (row.start, row.end)
    wanted = (whole_seconds(entry.span.start), whole_seconds(entry.span.end))
    same = interval == wanted and row.projectId == entry.project_id and not row.is_break
    return same and same_words(row.description, entry.description)


def require_unchanged(row: ClockifyEntry, seen: str | None) -> None:
    """Raises Conflict when somebody changed the entry since it was `seen`."""
    if seen and row.changed != seen:
        raise Conflict("the entry was changed in Clockify since", row.entry({}))


# -- The account -------------------------------------------------------------------------------


def account_of(user: ClockifyUser, workspace: str, projects: Sequence[ClockifyProject]) -> Account:
    """What is kept of an account: one workspace, its projects with their clients' names."""
    active = [project for project in projects if not project.archived]
    return Account(
        name=user.name or user.email,
        workspace_id=workspace,
        timezone=user.timezone,
        projects=tuple(project.project() for project in active),
        archived=tuple(project.project() for project in projects if project.archived),
        tasks=tuple(
            Task(task.id, task.name, project.id)
            for project in active
            for task in project.tasks
            if task.status != "DONE"
        ),
    )
