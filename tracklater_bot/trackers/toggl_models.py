"""What Toggl's answers and requests say, apart from how they travel."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, TypeAdapter, model_validator

from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Project
from tracklater_bot.http import Line, Response, Title, good_rows, understood
from tracklater_bot.trackers.base import Account, Conflict, Constraints, NewEntry, Refused, Task
from tracklater_bot.trackers.forms import rfc3339, same_words, whole_seconds, words

# -- What Toggl answers: only the fields in use (api_token is in /me and is never kept) ----------


class TogglWorkspace(BaseModel):
    """A workspace of the account."""

    id: int
    name: Title = ""


class TogglClient(BaseModel):
    """Whom projects are for."""

    id: int
    name: Title


class TogglProject(BaseModel):
    """A project; `active` is false once it is archived, `can_track_time` where it takes none."""

    id: int
    name: Title
    workspace_id: int
    client_id: int | None = None
    active: bool | None = True
    can_track_time: bool | None = True
    billable: bool | None = None
    color: Title = ""
    server_deleted_at: str | None = None


class TogglTask(BaseModel):
    """A task inside a project."""

    id: int
    name: Title
    project_id: int
    active: bool | None = True


class Me(BaseModel):
    """The account with its related data. Rows that are odd are left out."""

    id: int | None = None
    fullname: Title = ""
    email: Title = ""
    timezone: Title = ""
    default_workspace_id: int | None = None
    workspaces: Annotated[list[TogglWorkspace], good_rows(TogglWorkspace)] = []
    clients: Annotated[list[TogglClient], good_rows(TogglClient)] = []
    projects: Annotated[list[TogglProject], good_rows(TogglProject)] = []
    tasks: Annotated[list[TogglTask], good_rows(TogglTask)] = []


class _Timed(BaseModel):
    """A row with times that a calendar has: not in the year 1 or 9999, or for millions of years."""

    id: int
    start: AwareDatetime

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        try:
            self.times()
        except OverflowError:
            raise ValueError("no time that a calendar has") from None
        return self

    def times(self) -> tuple[datetime, datetime | None]:
        """From when to when."""
        raise NotImplementedError


class TogglEntry(_Timed):
    """A time entry. The description is one clean line, as it is compared and shown."""

    workspace_id: int
    stop: AwareDatetime | None = None
    duration: int
    description: Line = ""
    project_id: int | None = None
    task_id: int | None = None
    tags: list[Line] | None = None
    billable: bool | None = None
    at: str = ""
    server_deleted_at: str | None = None

    def times(self) -> tuple[datetime, datetime | None]:
        """From when to when, in UTC; a running one has no end."""
        start = self.start.astimezone(UTC)
        if self.duration < 0:
            return start, None
        return start, (self.stop or start + timedelta(seconds=self.duration)).astimezone(UTC)

    def entry(self) -> TimeEntry:
        """As the rest of the program knows it."""
        start, end = self.times()
        return TimeEntry(
            id=str(self.id),
            start=start,
            end=end,
            description=self.description,
            project_id=None if self.project_id is None else str(self.project_id),
            tags=tuple(self.tags or ()),
            billable=bool(self.billable),
            changed=self.at,
        )


Flag = Annotated[bool, BeforeValidator(bool)]  # null is none


class TogglConstraints(BaseModel):
    """The workspace's required fields."""

    time_entry_constraints_enabled: Flag = False
    description_present: Flag = False
    project_present: Flag = False
    tag_present: Flag = False
    task_present: Flag = False

    def constraints(self) -> Constraints:
        """What is demanded; nothing while the whole feature is off."""
        if not self.time_entry_constraints_enabled:
            return Constraints()
        return Constraints(
            self.description_present, self.project_present, self.tag_present, self.task_present
        )


ENTRIES = TypeAdapter(list[object] | None)  # each is read by itself: an odd one loses no other
CONSTRAINTS = TypeAdapter(TogglConstraints | None)


# -- Entries -----------------------------------------------------------------------------------


def body_of(entry: NewEntry) -> dict[str, Any]:
    """What a new entry says. `duration` always, `stop` never: one of the two is enough."""
    body: dict[str, Any] = {
        "start": rfc3339(entry.span.start),
        "duration": _duration(entry.span),
        "description": words(entry.description),
    }
    optional = {
        "project_id": _number(entry.project_id),
        "task_id": _number(entry.task_id),
        "billable": entry.billable,
        "tags": list(entry.tags) or None,
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def difference(row: TogglEntry, entry: NewEntry) -> dict[str, Any]:
    """The fields in which `row` must change to equal `entry`; what `entry` leaves open stays."""
    change: dict[str, Any] = {}
    start, duration = whole_seconds(entry.span.start), _duration(entry.span)
    if (row.start, row.duration) != (start, duration):
        stop = start + timedelta(seconds=duration)
        change |= {"start": rfc3339(start), "duration": duration, "stop": rfc3339(stop)}
    if not same_words(row.description, entry.description):
        change["description"] = words(entry.description)
    project_id, task_id = _number(entry.project_id), _number(entry.task_id)
    if row.project_id != project_id:
        change |= {"project_id": project_id, "task_id": task_id}
    elif task_id is not None and row.task_id != task_id:
        change["task_id"] = task_id
    if set(row.tags or ()) != set(map(words, entry.tags)):
        change["tags"] = list(entry.tags)
    if entry.billable is not None and bool(row.billable) != entry.billable:
        change["billable"] = entry.billable
    return change


def is_same(row: TogglEntry, entry: NewEntry) -> bool:
    """Whether they agree in what Toggl gives back of an entry that we made."""
    start, duration = whole_seconds(entry.span.start), _duration(entry.span)
    same = (row.start, row.duration, row.project_id) == (start, duration, _number(entry.project_id))
    return same and same_words(row.description, entry.description)


def require_unchanged(row: TogglEntry, seen: str | None) -> None:
    """Raises Conflict when somebody changed the entry since it was `seen`."""
    if seen and row.at != seen:
        raise Conflict("the entry was changed in Toggl since", row.entry())


def _duration(span: Span) -> int:
    return int((whole_seconds(span.end) - whole_seconds(span.start)).total_seconds())


def _number(text: str | None) -> int | None:
    """One of Toggl's ids as it goes there. Raises Refused for what is none."""
    if text is not None and not text.isdecimal():
        raise Refused("that project or task is not Toggl's: press Edit")
    return None if text is None else int(text)


# -- The account -------------------------------------------------------------------------------


def account_of(me: Me, workspace: TogglWorkspace) -> Account:
    """What is kept of an account: one workspace, its projects with their clients' names."""
    clients = {client.id: client.name for client in me.clients}
    in_workspace = [
        project
        for project in me.projects
        if project.workspace_id == workspace.id and not project.server_deleted_at
    ]
    active = {
        project.id
        for project in in_workspace
        if False not in (project.active, project.can_track_time)
    }
    projects = {project.id: _project(project, clients) for project in in_workspace}
    return Account(
        name=me.fullname or me.email,
        workspace_id=str(workspace.id),
        timezone=me.timezone,
        projects=tuple(known for number, known in projects.items() if number in active),
        archived=tuple(known for number, known in projects.items() if number not in active),
        tasks=tuple(
            Task(str(task.id), task.name, str(task.project_id))
            for task in me.tasks
            if task.project_id in active and task.active is not False
        ),
    )


def _project(project: TogglProject, clients: Mapping[int, str]) -> Project:
    return Project(
        name=project.name,
        group="",
        client=clients.get(project.client_id, "") if project.client_id else "",
        id=str(project.id),
        billable=bool(project.billable),
        color=project.color,
    )


# -- Reports ---------------------------------------------------------------------------------------
# Toggl's reports (API v3), which know of older days than its usual reads.
T = TypeVar("T")

_DAY, _LONGEST = timedelta(days=1), timedelta(days=360)  # a report tells of a year at most
_PAGE, _MOST_PAGES = 200, 200

# A search as Toggl wants it; the answer is a page of it. Raises HttpErrors.
Ask = Callable[[dict[str, object]], Response]


class ReportedTimes(_Timed):
    """When an entry was, as the reports tell it."""

    seconds: int
    at: str = ""

    def times(self) -> tuple[datetime, datetime]:
        """From when to when, in UTC."""
        start = self.start.astimezone(UTC)
        return start, start + timedelta(seconds=max(self.seconds, 0))


class ReportedEntries(BaseModel):
    """Entries that say the same, as the reports tell them."""

    description: Line | None = ""
    project_id: int | None = None
    billable: bool | None = None
    time_entries: list[object] | None = None

    def entries(self) -> Iterator[TimeEntry | None]:
        """As the rest of the program knows them; None for each that cannot be understood. Tags are
        told by number, and left out.
        """
        for times in _each(ReportedTimes, self.time_entries):
            if times is None:
                yield None
                continue
            start, end = times.times()
            yield TimeEntry(
                id=str(times.id),
                start=start,
                end=end,
                description=self.description or "",
                project_id=None if self.project_id is None else str(self.project_id),
                billable=bool(self.billable),
                changed=times.at,
            )


_REPORTED = TypeAdapter(list[object] | None)


def _each(shape: type[T], rows: Sequence[object] | None) -> list[T | None]:
    """The rows that can be understood, and a None for each other."""
    good = understood(shape, rows or ())
    return [*good, *[None] * (len(rows or ()) - len(good))]


def reported(span: Span, user: int | None, ask: Ask) -> tuple[list[TimeEntry], int]:
    """The user's entries of about the span, and how many rows cannot be understood; a request for
    each page.
    """
    # Toggl's days are those of the account's zone, so that a day more is looked at on both sides.
    start, last = span.start.date() - _DAY, span.end.date() + _DAY
    found: dict[str, TimeEntry] = {}
    odd = 0
    while start <= last:
        end = min(start + _LONGEST, last)
        for entry in _pages(start, end, user, ask):
            if entry is None:
                odd += 1
            else:
                found[entry.id] = entry
        start = end + _DAY
    return [*found.values()], odd


def _pages(start: date, end: date, user: int | None, ask: Ask) -> Iterator[TimeEntry | None]:
    search: dict[str, object] = {
        "start_date": start.isoformat(),
        "end_date": end.isoformat(),
        "user_ids": [user] if user is not None else None,
        "rounding": 0,  # else the person's own rounding is applied
        "page_size": _PAGE,
        "order_by": "date",
        "order_dir": "ASC",
    }
    row = 0
    for _ in range(_MOST_PAGES):
        answer = ask({name: value for name, value in search.items() if value is not None})
        for same in _each(ReportedEntries, answer.read(_REPORTED)):
            yield from same.entries() if same else [None]
        search["first_row_number"] = following = header_number(answer, "X-Next-Row-Number")
        search["first_id"] = header_number(answer, "X-Next-ID")
        if following is None or following <= row:  # a page that was read already
            return
        row = following
    raise Refused("Toggl's report has more rows than are read: ask for fewer days")


def header_number(answer: Response, header: str) -> int | None:
    """A header's whole number, where nothing is below 0; None for anything else."""
    value = answer.headers.get(header, "")
    return max(int(value), 0) if re.fullmatch(r"-?[0-9]{1,18}", value) else None
