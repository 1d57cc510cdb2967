"""A Clockify (API v1) on loopback, strict about what the real one is strict about."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from aiohttp import web

from tracklater_sandbox.faults import Faults

Json: TypeAlias = "dict[str, Any]"
Handler = Callable[[web.Request], Awaitable[web.Response]]

PREFIX = "/clockify/api/v1"
WORKSPACE, OTHER_WORKSPACE, USER = "7c" * 12, "7d" * 12, "9c" * 12
HOUR = timedelta(hours=1)
MOST_DESCRIPTION, MOST_PER_PAGE = 3000, 5000
TIME = "%Y-%m-%dT%H:%M:%SZ"
FIELDS = frozenset(
    {
        "billable", "customAttributes", "customFields", "description", "end", "projectId", "start",
        "tagIds", "taskId", "type",
    }
)  # fmt: skip


class Refusal(Exception):
    """A 4xx answer: its status and Clockify's words."""

    def __init__(self, text: str, status: int = 400, code: int = 501) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.code = code


class FakeClockify:
    """The service, with one person in one workspace.

    Knobs: `hourly` (requests that its plan allows, for all together), `clock`, `rules`
    (`workspaceSettings`), `locked_before`, `page_size`, `chosen_by` (by which end of an entry a
    list is cut), `entries_odd` (rows that no client understands), `faults`.
    """

    def __init__(self, zone: str, clock: Callable[[], datetime]) -> None:
        self.zone = zone
        self.clock = clock
        self.api_key = secrets.token_urlsafe(32)
        self.faults = Faults(_error_page)
        self.requests: list[str] = []
        self._ids = itertools.count(1)
        self.reset()

    def reset(self) -> None:
        """Empties the workspace, with all knobs as they were."""
        self.hourly = 0
        self.rules: Json = {}
        self.locked_before: datetime | None = None
        self.page_size = MOST_PER_PAGE
        self.chosen_by = "start"
        self.projects: dict[str, Json] = {}
        self.tags: dict[str, Json] = {}
        self.kept: dict[str, Json] = {}
        self.entries_odd: list[Any] = []
        self._asked: list[datetime] = []

    def mount(self, app: web.Application) -> None:
        """Adds the routes."""
        workspace = "/workspaces/{ws}"
        for method, path, handler in (
            ("GET", "/user", self._user),
            ("GET", "/workspaces", self._workspaces),
            ("GET", workspace + "/projects", self._projects),
            ("GET", workspace + "/tags", self._tags),
            ("POST", workspace + "/tags", self._add_tag),
            ("GET", workspace + "/user/{user}/time-entries", self._list),
            ("POST", workspace + "/time-entries", self._create),
            ("GET", workspace + "/time-entries/{id}", self._entry),
            ("PUT", workspace + "/time-entries/{id}", self._change),
            ("DELETE", workspace + "/time-entries/{id}", self._delete),
        ):
            app.router.add_route(method, PREFIX + path, self._guarded(handler))

    # -- what tests fill and see

    def add_project(
        self, name: str, client: str = "", *, archived: bool = False, billable: bool = False
    ) -> Json:
        """A new project."""
        project: Json = {
            "id": self._id(), "name": name, "archived": archived, "billable": billable,
            "workspaceId": WORKSPACE, "clientName": client, "color": "#03A9F4", "note": "",
            "clientId": f"{sum(client.encode()):024x}" if client else "", "tasks": [],
        }  # fmt: skip
        self.projects[project["id"]] = project
        return project

    def track(self, start: datetime, end: datetime | None, **more: Any) -> Json:
        """An entry that the person makes in Clockify itself."""
        body = {"start": f"{start.astimezone(UTC):{TIME}}", **more}
        if end is not None:
            body["end"] = f"{end.astimezone(UTC):{TIME}}"
        entry = self._made(self._id(), body)
        self.kept[entry["id"]] = entry
        return entry

    @property
    def entries(self) -> list[Json]:
        """All entries in order of their start, with their times as Toggl calls them."""
        ordered = sorted(self.kept.values(), key=lambda one: one["timeInterval"]["start"])
        times = ("start", "start"), ("stop", "end")
        return [one | {to: one["timeInterval"][name] for to, name in times} for one in ordered]

    # -- admission

    def _guarded(self, handler: Handler) -> Handler:
        async def guard(request: web.Request) -> web.Response:
            self.requests.append(f"{request.method} {request.path}")
            try:
                self._admit(request)
                return await handler(request)
            except Refusal as refusal:
                body = {"message": refusal.text, "code": refusal.code}
                return web.json_response(body, status=refusal.status)

        return guard

    def _admit(self, request: web.Request) -> None:
        key = request.headers.get("X-Api-Key", "")
        if not secrets.compare_digest(key.encode(), self.api_key.encode()):
            raise Refusal("Api key does not exist", 401, 4003)
        now = self.clock()
        self._asked = [at for at in self._asked if now - HOUR < at]
        if self.hourly and len(self._asked) >= self.hourly:
            raise Refusal("Too many requests", 429, 429)
        self._asked.append(now)
        if request.match_info.get("ws", WORKSPACE) != WORKSPACE:
            raise Refusal("Access Denied", 403)

    # -- reading

    async def _user(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "id": USER,
                "name": "Eero Example",
                "email": "eero@example.com",
                "activeWorkspace": OTHER_WORKSPACE,
                "defaultWorkspace": WORKSPACE,
                "settings": {"timeZone": self.zone, "weekStart": "MONDAY"},
            }
        )

    async def _workspaces(self, _: web.Request) -> web.Response:
        own = {"id": WORKSPACE, "name": "Eero's workspace", "workspaceSettings": self.rules}
        return web.json_response([{"id": OTHER_WORKSPACE, "name": "Choir"}, own])

    async def _projects(self, request: web.Request) -> web.Response:
        wanted = request.query.get("archived")
        found = [
            one
            for one in self.projects.values()
            if wanted is None or one["archived"] is (wanted == "true")
        ]
        if request.query.get("hydrated") == "true":
            found = [_with_client(project) for project in found]
        else:
            found = [{key: project[key] for key in project if key != "tasks"} for project in found]
        return self._page(request, found)

    async def _tags(self, request: web.Request) -> web.Response:
        return self._page(request, list(self.tags.values()))

    async def _add_tag(self, request: web.Request) -> web.Response:
        name = (await _body(request)).get("name")
        if not isinstance(name, str) or not name.strip():
            raise Refusal("Tag name has to be between 1 and 100 characters long")
        if any(tag["name"].casefold() == name.casefold() for tag in self.tags.values()):
            raise Refusal(f"Tag with name '{name}' already exists")
        tag: Json = {"id": self._id(), "name": name, "workspaceId": WORKSPACE, "archived": False}
        self.tags[tag["id"]] = tag
        return web.json_response(tag, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        if request.match_info["user"] != USER:
            raise Refusal("Access Denied", 403)
        start, end = (_moment(request.query.get(name), name) for name in ("start", "end"))
        found = [
            self._shown(entry, request)
            for entry in reversed(self.entries)
            if start <= _moment(entry["timeInterval"][self.chosen_by] or entry["start"], "") <= end
        ]
        return self._page(request, [*self.entries_odd, *found])

    async def _entry(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown(self._known(request), request))

    def _shown(self, entry: Json, request: web.Request) -> Json:
        shown = {name: value for name, value in entry.items() if name not in ("start", "stop")}
        if request.query.get("hydrated") != "true":
            return shown
        tags = [self.tags[tag] for tag in entry["tagIds"] if tag in self.tags]
        project = self.projects.get(entry["projectId"] or "")
        return shown | {"tags": tags, "project": project, "task": None, "user": None}

    def _page(self, request: web.Request, rows: list[Any]) -> web.Response:
        page = _number(request.query.get("page", "1"))
        size = min(_number(request.query.get("page-size", "50")), self.page_size)
        last = "true" if page * size >= len(rows) else "false"
        shown = rows[(page - 1) * size : page * size]
        return web.json_response(shown, headers={"Last-Page": last})

    # -- writing

    async def _create(self, request: web.Request) -> web.Response:
        entry = self._made(self._id(), await _body(request))
        self.kept[entry["id"]] = entry
        return web.json_response(entry, status=201)

    async def _change(self, request: web.Request) -> web.Response:
        """Replaces all: what is left out is empty afterwards."""
        known, body = self._known(request), await _body(request)
        self._require_open(_moment(known["timeInterval"]["start"], "start"))
        self.kept[known["id"]] = changed = self._made(known["id"], body)
        return web.json_response(changed)

    async def _delete(self, request: web.Request) -> web.Response:
        known = self._known(request)
        self._require_open(_moment(known["timeInterval"]["start"], "start"))
        del self.kept[known["id"]]
        return web.Response(status=204)

    def _known(self, request: web.Request) -> Json:
        try:
            return self.kept[request.match_info["id"]]
        except KeyError:
            raise Refusal("Time entry doesn't belong to workspace", 404) from None

    def _made(self, entry_id: str, body: Mapping[str, Any]) -> Json:
        unknown = sorted(body.keys() - FIELDS)
        if unknown:
            raise Refusal(f"Unrecognized field: {unknown[0]}", 400, 3002)
        start = _moment(body.get("start"), "start")
        end = _moment(body["end"], "end") if body.get("end") is not None else None
        if end is not None and end < start:
            raise Refusal(f"Start datetime {start} is greater than end datetime {end}.")
        description = body.get("description") or ""
        if len(description) > MOST_DESCRIPTION:
            raise Refusal(f"Description has to be at most {MOST_DESCRIPTION} characters long")
        self._require_open(start)
        entry = {
            "id": entry_id, "description": description, "projectId": body.get("projectId"),
            "taskId": body.get("taskId"), "tagIds": body.get("tagIds") or [],
            "billable": bool(body.get("billable")), "userId": USER, "workspaceId": WORKSPACE,
            "timeInterval": {
                "start": f"{start:{TIME}}",
                "end": f"{end:{TIME}}" if end else None,
                "duration": _iso(end - start) if end else None,
            },
            "customFieldValues": [
                {**value, "timeEntryId": entry_id} for value in body.get("customFields") or []
            ],
            "type": body.get("type") or "REGULAR", "isLocked": False, "kioskId": None,
        }  # fmt: skip
        self._require_fitting(entry)
        return entry

    def _require_fitting(self, entry: Json) -> None:
        project = self.projects.get(entry["projectId"] or "")
        if entry["projectId"] and project is None:
            raise Refusal("Project doesn't belong to Workspace")
        if project is not None and project["archived"]:
            raise Refusal("Project is archived")
        tasks = {task["id"] for task in (project or {}).get("tasks", ())}
        if entry["taskId"] and entry["taskId"] not in tasks:
            raise Refusal("Task doesn't belong to Project")
        if any(tag not in self.tags for tag in entry["tagIds"]):
            raise Refusal("Tag doesn't belong to Workspace")
        for rule, field in (
            ("forceDescription", "description"), ("forceProjects", "projectId"),
            ("forceTags", "tagIds"), ("forceTasks", "taskId"),
        ):  # fmt: skip
            if self.rules.get(rule) and not entry[field]:
                raise Refusal(f"{field} is required in this workspace")

    def _require_open(self, start: datetime) -> None:
        if self.locked_before is not None and start < self.locked_before:
            raise Refusal("Time entry is locked", 403, 4030)

    def _id(self) -> str:
        return f"{0x6C << 88 | next(self._ids):024x}"


def _with_client(project: Json) -> Json:
    """A project of which all is told: its client as a whole, and no `clientName`."""
    shown = {key: value for key, value in project.items() if key != "clientName"}
    client = {"id": project["clientId"], "name": project["clientName"], "archived": False}
    return shown | {"client": client if project["clientId"] else None}


def _error_page(status: int) -> web.Response:
    """The answer for a status that a fault asks for."""
    said = {401: "Api key does not exist", 403: "Access Denied", 429: "Too many requests"}
    body = {"message": said.get(status, "It went wrong"), "code": 501}
    return web.json_response(body, status=status)


def _iso(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"PT{minutes // 60}H{minutes % 60}M{seconds}S"


def _moment(word: Any, name: str) -> datetime:
    """A time of the form that Clockify takes: UTC, whole seconds."""
    try:
        return datetime.strptime(word, TIME).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise Refusal(f"{name} is not a valid time: {word!r}", 400, 3002) from None


def _number(word: str) -> int:
    if not word.isdigit() or int(word) < 1:
        raise Refusal(f"not a valid number: {word}")
    return min(int(word), MOST_PER_PAGE)


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.text())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal("Malformed JSON", 400, 3002)
    return body
