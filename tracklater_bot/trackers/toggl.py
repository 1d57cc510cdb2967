"""Toggl Track (API v9): reads the account and its entries, writes entries exactly as told.

Requests are scarce (30 an hour on a free account), so each call costs one, quota headers are
remembered, and nothing is asked while the quota is known to be used up. Writes are never repeated
here: a lost answer is Unknown, and the caller looks with `find` first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, TypeAdapter

from tracklater_bot.day import Span
from tracklater_bot.http import (
    Answer,
    AnswerLost,
    BadAnswer,
    BadStatus,
    Door,
    HttpError,
    Patience,
    Timing,
    Title,
    Unreachable,
    basic,
    plain,
    utc_now,
)
from tracklater_bot.model import Project, TimeEntry
from tracklater_bot.settings import TogglSettings
from tracklater_bot.trackers.protocols import (
    Account,
    Conflict,
    Constraints,
    Gone,
    NewEntry,
    NotSent,
    OverQuota,
    Quota,
    Refused,
    Task,
    TrackerError,
    Unknown,
)

T = TypeVar("T")

CREATED_WITH = "tracklater-bot"
_ROWS = 1000  # Toggl sends no more rows than this, and does not say that there are more
_LOOKBACK = timedelta(days=1)  # an entry is found by its start, which may lie before the span
_NEAR = timedelta(minutes=1)
_PAUSE = timedelta(seconds=5)  # after 429: the bucket leaks about one request a second
_UNTIL_RESET = timedelta(minutes=15)  # when Toggl does not say when its hour is over
# A second try is all a question is worth: each one counts against the hourly quota.
_PATIENCE = Patience(tries=2, seconds=15, first=1.5)
_RESET = re.compile(r"reset in (\d{1,5}) sec", re.IGNORECASE)
_REFUSED = (
    "Toggl refused the token: copy the API token from Toggl's profile page"
    " into TRACKLATER_TOGGL__API_TOKEN"
)


class _PaidFeature(Refused):
    """The plan of the workspace does not have what was asked for."""


# -- What Toggl answers: only the fields in use (api_token is in /me and is never kept) ----------


class _Workspace(BaseModel):
    id: int
    name: Title = ""
    premium: bool | None = None


class _Client(BaseModel):
    id: int
    name: Title


class _Project(BaseModel):
    id: int
    name: Title
    workspace_id: int
    client_id: int | None = None
    active: bool | None = True
    billable: bool | None = None
    server_deleted_at: str | None = None


class _Task(BaseModel):
    id: int
    name: Title
    project_id: int
    active: bool | None = True


class _Me(BaseModel):
    fullname: Title = ""
    email: Title = ""
    timezone: Title = ""
    default_workspace_id: int | None = None
    workspaces: list[_Workspace] | None = None
    clients: list[_Client] | None = None
    projects: list[_Project] | None = None
    tasks: list[_Task] | None = None


class _Row(BaseModel):
    """A time entry. The description is one clean line, as it is compared and shown."""

    id: int
    workspace_id: int
    start: AwareDatetime
    stop: AwareDatetime | None = None
    duration: int
    description: Annotated[str, BeforeValidator(plain)] = ""
    project_id: int | None = None
    task_id: int | None = None
    tags: list[Annotated[str, BeforeValidator(plain)]] | None = None
    billable: bool | None = None
    at: str = ""
    server_deleted_at: str | None = None

    def entry(self) -> TimeEntry:
        running = self.duration < 0
        end = None if running else self.stop or self.start + timedelta(seconds=self.duration)
        return TimeEntry(
            id=self.id,
            start=self.start.astimezone(UTC),
            end=end.astimezone(UTC) if end else None,
            description=self.description,
            project_id=self.project_id,
            tags=tuple(self.tags or ()),
            billable=bool(self.billable),
            changed=self.at,
        )


class _Constraints(BaseModel):
    time_entry_constraints_enabled: bool | None = False
    description_present: bool | None = False
    project_present: bool | None = False
    tag_present: bool | None = False
    task_present: bool | None = False


_ME = TypeAdapter(_Me)
_ENTRY = TypeAdapter(_Row)
_ENTRIES = TypeAdapter(list[_Row] | None)
_CONSTRAINTS = TypeAdapter(_Constraints | None)


# -- The tracker -------------------------------------------------------------------------------


class TogglTracker:
    """One person's Toggl account, as the Tracker protocol describes."""

    def __init__(
        self,
        settings: TogglSettings,
        clock: Callable[[], datetime] = utc_now,
        timing: Timing | None = None,
    ) -> None:
        self._token = settings.api_token.get_secret_value().strip() if settings.api_token else ""
        self._workspace_id = settings.workspace_id
        self._chosen = settings.workspace_id
        self._clock = clock
        self._quotas: dict[str, Quota] = {}
        self._door = Door(
            "Toggl",
            settings.base_url,
            basic(self._token, "api_token"),
            patience=_PATIENCE,
            timing=timing or Timing(now=clock),
        )

    def account(self) -> Account:
        """Who the token belongs to, and the workspace's projects: one request."""
        me = self._read("/me", _ME, {"with_related_data": "true"})
        workspace = self._workspace_of(me)
        self._workspace_id = workspace.id
        return _account(me, workspace)

    def entries(self, span: Span) -> tuple[TimeEntry, ...]:
        """Entries that share time with `span`, earliest first; the running one among them."""
        rows = self._rows(span.start - _LOOKBACK, span.end)
        found = (row.entry() for row in rows.values())
        shared = (each for each in found if _shares_time(each, span))
        return tuple(sorted(shared, key=lambda each: (each.start, each.id)))

    def create(self, entry: NewEntry) -> TimeEntry:
        """Writes the entry with a single request; Unknown when its answer was lost."""
        workspace = self._workspace()
        body = _body(entry) | {"created_with": CREATED_WITH, "workspace_id": workspace}
        answer = self._write("POST", f"/workspaces/{workspace}/time_entries", body)
        return self._written(answer)

    def find(self, entry: NewEntry) -> TimeEntry | None:
        """An entry that equals `entry` in start, duration, description and project, if any."""
        start = _seconds(entry.span.start)
        rows = self._rows(start - _NEAR, start + _NEAR)
        same = [row for row in rows.values() if _same(row, entry)]
        return min(same, key=lambda row: row.id).entry() if same else None

    def update(self, entry_id: int, entry: NewEntry, seen: str | None) -> TimeEntry:
        """Makes the entry equal `entry`, sending only what differs; nothing, if nothing does."""
        row = self._row(entry_id)
        change = _difference(row, entry)
        # Looked at before the conflict: an update whose answer was lost has changed `at` itself.
        if not change:
            return row.entry()
        _insist_unchanged(row, seen)
        path = f"/workspaces/{row.workspace_id}/time_entries/{entry_id}"
        return self._written(self._write("PUT", path, change))

    def delete(self, entry_id: int, seen: str | None) -> None:
        """Removes the entry; one that is gone already is fine."""
        try:
            workspace = self._workspace()
            if seen is not None:
                row = self._row(entry_id)
                _insist_unchanged(row, seen)
                workspace = row.workspace_id
            self._write("DELETE", f"/workspaces/{workspace}/time_entries/{entry_id}")
        except Gone:
            return

    def quota(self) -> Quota:
        """What is left for writing, as the last answers told; else for reading."""
        now = self._clock()
        for bucket in ("workspace", "me"):
            quota = self._quotas.get(bucket)
            if quota and quota.resets_at and now < quota.resets_at:
                return quota
        return Quota(None, None)

    def constraints(self) -> Constraints:
        """What the workspace demands of every entry; nothing on plans without that feature."""
        path = f"/workspaces/{self._workspace()}/time_entry_constraints"
        try:
            found = self._read(path, _CONSTRAINTS)
        except _PaidFeature:
            return Constraints()
        if found is None or not found.time_entry_constraints_enabled:
            return Constraints()
        return Constraints(
            description=bool(found.description_present),
            project=bool(found.project_present),
            tag=bool(found.tag_present),
            task=bool(found.task_present),
        )

    # -- Details ---------------------------------------------------------------------------

    def _workspace(self) -> int:
        """The workspace to write to; asks for the account's own where the settings name none."""
        return self._workspace_id or self.account().workspace_id

    def _workspace_of(self, me: _Me) -> _Workspace:
        wanted = self._chosen or me.default_workspace_id
        workspaces = me.workspaces or []
        for each in workspaces:
            if each.id == wanted:
                return each
        if workspaces and not self._chosen:
            return workspaces[0]
        names = ", ".join(f"{each.name} ({each.id})" for each in workspaces[:8]) or "none at all"
        raise Refused(f"Toggl has no workspace {wanted} for this account; it has {names}")

    def _row(self, entry_id: int) -> _Row:
        row = self._read(f"/me/time_entries/{entry_id}", _ENTRY)
        if row.server_deleted_at:
            raise Gone("the entry is no longer in Toggl")
        return row

    def _rows(self, start: datetime, end: datetime) -> dict[int, _Row]:
        """Entries that start in the stretch, by id; halved where Toggl would leave some out."""
        params = {"start_date": _rfc3339(start), "end_date": _rfc3339(end)}
        rows = self._read("/me/time_entries", _ENTRIES, params) or []
        if len(rows) >= _ROWS and end - start > timedelta(hours=1):
            middle = start + (end - start) / 2
            return self._rows(start, middle) | self._rows(middle, end)
        return {row.id: row for row in rows if not row.server_deleted_at}

    def _read(
        self, path: str, shape: TypeAdapter[T], params: Mapping[str, str | int] | None = None
    ) -> T:
        try:
            return self._counted(path, lambda: self._door.get(path, params)).read(shape)
        except HttpError as error:
            self._raise(error, path, writing=False)

    def _write(self, method: str, path: str, body: object = None) -> Answer:
        try:
            return self._counted(path, lambda: self._door.send(method, path, body))
        except HttpError as error:
            self._raise(error, path, writing=True)

    def _written(self, answer: Answer) -> TimeEntry:
        """The entry in the answer to a write. One that cannot be read is as good as lost."""
        try:
            return answer.read(_ENTRY).entry()
        except BadAnswer as error:
            raise Unknown(str(error)) from None

    def _counted(self, path: str, call: Callable[[], Answer]) -> Answer:
        """Calls, unless that is known to be useless, and remembers what is left afterwards."""
        bucket = _bucket(path)
        self._insist_on_token()
        self._insist_on_quota(bucket)
        try:
            answer = call()
        except BadStatus as error:
            self._remember_quota(bucket, error.answer)
            raise
        self._remember_quota(bucket, answer)
        return answer

    def _insist_on_token(self) -> None:
        if not self._token:
            raise Refused("Toggl needs a token: set TRACKLATER_TOGGL__API_TOKEN")
        if self._token.startswith("toggl_sk_"):
            raise Refused(
                "the Toggl token belongs to another Toggl product (it starts with toggl_sk_):"
                " use the API token from Toggl Track's profile page"
            )

    def _insist_on_quota(self, bucket: str) -> None:
        quota = self._quotas.get(bucket)
        if quota and quota.remaining is not None and quota.remaining <= 0:
            if quota.resets_at is not None and self._clock() < quota.resets_at:
                raise _over_quota(quota.resets_at)
            self._quotas.pop(bucket, None)

    def _remember_quota(self, bucket: str, answer: Answer) -> None:
        remaining = _number(answer.headers.get("X-Toggl-Quota-Remaining"))
        seconds = _number(answer.headers.get("X-Toggl-Quota-Resets-In"))
        if remaining is not None:
            wait = timedelta(seconds=min(seconds, 3600)) if seconds is not None else _UNTIL_RESET
            self._quotas[bucket] = Quota(remaining, self._clock() + wait)

    def _raise(self, error: HttpError, path: str, *, writing: bool) -> NoReturn:
        """Turns what went wrong on the way into what it means for the entry."""
        if isinstance(error, BadStatus):
            raise self._refusal(error, path, writing=writing) from None
        if isinstance(error, Unreachable) and error.lasting:
            raise Refused(str(error)) from None
        if writing and isinstance(error, AnswerLost | BadAnswer):
            raise Unknown(f"{error}: it may be in Toggl all the same") from None
        raise NotSent(str(error)) from None

    def _refusal(self, error: BadStatus, path: str, *, writing: bool) -> TrackerError:
        answer = error.answer
        if answer.status == 408 or not error.lasting:
            return self._passing(error, writing=writing)
        if answer.status == 402:
            return self._payment_required(path, answer)
        if answer.status in (401, 403):
            return Refused(_REFUSED)
        if answer.status in (404, 410):
            return _not_there(path, answer)
        if answer.status < 400:
            return Refused(str(error))
        return Refused(f"Toggl refused it: {answer.text() or f'HTTP {answer.status}'}")

    def _passing(self, error: BadStatus, *, writing: bool) -> TrackerError:
        """What may be different a little later. Only 429 says for sure that nothing was done."""
        if error.status == 429:
            again = error.retry_at or self._clock() + _PAUSE
            return NotSent("Toggl wants requests to come more slowly", again)
        if writing:
            return Unknown(f"{error}: it may be in Toggl all the same")
        return NotSent(f"{error}: it has trouble of its own", error.retry_at)

    def _payment_required(self, path: str, answer: Answer) -> TrackerError:
        """402 is said for a used-up quota and for features of paid plans alike."""
        bucket, text = _bucket(path), answer.text()
        quota = self._quotas.get(bucket)
        told = _RESET.search(text)
        used_up = quota is not None and quota.remaining is not None and quota.remaining <= 0
        if not (used_up or told or "hourly limit" in text.casefold()):
            return _PaidFeature(f"Toggl has this only on paid plans: {text or 'HTTP 402'}")
        wait = timedelta(seconds=min(int(told[1]), 3600)) if told else _UNTIL_RESET
        resets_at = quota.resets_at if used_up and quota else None
        over = _over_quota(resets_at or self._clock() + wait)
        self._quotas[bucket] = Quota(0, over.retry_at)
        return over


def _over_quota(resets_at: datetime) -> OverQuota:
    return OverQuota("Toggl's requests for this hour are used up", resets_at)


def _not_there(path: str, answer: Answer) -> TrackerError:
    if re.search(r"/time_entries/\d+$", path):
        return Gone("the entry is no longer in Toggl")
    if answer.status == 410:
        return Refused("Toggl no longer has this part of its API: update tracklater-bot")
    workspace = re.match(r"/workspaces/(\d+)", path)
    if workspace:
        return Refused(
            f"Toggl has no workspace {workspace[1]} for this account: check toggl.workspace_id"
        )
    return Refused("Toggl does not know this address: check toggl.base_url")


def _bucket(path: str) -> str:
    """Toggl counts calls about the person apart from those about the organisation."""
    return "me" if path.startswith("/me") else "workspace"


def _number(value: str | None) -> int | None:
    """A header's whole number; None for anything else."""
    return int(value) if value and re.fullmatch(r"-?[0-9]{1,9}", value) else None


# -- Entries -----------------------------------------------------------------------------------


def _body(entry: NewEntry) -> dict[str, Any]:
    """What a new entry says. `duration` always, `stop` never: one of the two is enough."""
    body: dict[str, Any] = {
        "start": _rfc3339(entry.span.start),
        "duration": _duration(entry.span),
        "description": entry.description,
    }
    optional = {
        "project_id": entry.project_id,
        "task_id": entry.task_id,
        "billable": entry.billable,
        "tags": list(entry.tags) or None,
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def _difference(row: _Row, entry: NewEntry) -> dict[str, Any]:
    """The fields in which `row` must change to equal `entry`; what `entry` leaves open stays."""
    change: dict[str, Any] = {}
    start, duration = _seconds(entry.span.start), _duration(entry.span)
    if (row.start, row.duration) != (start, duration):
        stop = start + timedelta(seconds=duration)
        change |= {"start": _rfc3339(start), "duration": duration, "stop": _rfc3339(stop)}
    if row.description != plain(entry.description):
        change["description"] = entry.description
    if row.project_id != entry.project_id:
        change |= {"project_id": entry.project_id, "task_id": entry.task_id}
    elif entry.task_id is not None and row.task_id != entry.task_id:
        change["task_id"] = entry.task_id
    if set(row.tags or ()) != {plain(tag) for tag in entry.tags}:
        change["tags"] = list(entry.tags)
    if entry.billable is not None and bool(row.billable) != entry.billable:
        change["billable"] = entry.billable
    return change


def _same(row: _Row, entry: NewEntry) -> bool:
    return (row.start, row.duration, row.description, row.project_id) == (
        _seconds(entry.span.start),
        _duration(entry.span),
        plain(entry.description),
        entry.project_id,
    )


def _insist_unchanged(row: _Row, seen: str | None) -> None:
    if seen and row.at != seen:
        raise Conflict("the entry was changed in Toggl since", row.entry())


def _shares_time(entry: TimeEntry, span: Span) -> bool:
    """Running entries reach up to now and beyond; those of no length share none."""
    end = entry.end
    return entry.start < span.end and (end is None or (end > span.start and end > entry.start))


def _seconds(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _duration(span: Span) -> int:
    return int((_seconds(span.end) - _seconds(span.start)).total_seconds())


def _rfc3339(at: datetime) -> str:
    return f"{_seconds(at):%Y-%m-%dT%H:%M:%SZ}"


# -- The account -------------------------------------------------------------------------------


def _account(me: _Me, workspace: _Workspace) -> Account:
    clients = {each.id: each.name for each in me.clients or []}
    ours = [
        each
        for each in me.projects or []
        if each.workspace_id == workspace.id and not each.server_deleted_at
    ]
    active = {each.id for each in ours if each.active is not False}
    projects = {each.id: _project(each, clients) for each in ours}
    return Account(
        name=me.fullname or me.email,
        workspace_id=workspace.id,
        timezone=me.timezone,
        projects=tuple(each for number, each in projects.items() if number in active),
        archived=tuple(each for number, each in projects.items() if number not in active),
        tasks=tuple(
            Task(each.id, each.name, each.project_id)
            for each in me.tasks or []
            if each.project_id in active and each.active is not False
        ),
        paid=workspace.premium,
    )


def _project(project: _Project, clients: Mapping[int, str]) -> Project:
    return Project(
        name=project.name,
        group="",
        client=clients.get(project.client_id, "") if project.client_id else "",
        id=project.id,
        billable=bool(project.billable),
    )
