"""A Toggl Track (API v9) on loopback, strict about what the real one is strict about."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from tracklater_sandbox.faults import Faults, html_page
from tracklater_sandbox.toggl.account import ORGANIZATION, USER, WORKSPACE, Account, Json
from tracklater_sandbox.toggl.quota import Allowance, Quotas
from tracklater_sandbox.toggl.rules import Refusal

PREFIX = "/toggl/api/v9"
REPORTS = "/toggl/reports/api/v3/workspace/{wid}/search/time_entries"
MOST_ROWS, MOST_PER_PAGE, MOST_PATCHED = 1000, 200, 100
MOST_REPORTED_DAYS = 366
MEMORY = timedelta(days=92)  # about three months back, then Toggl wants its reports asked
OVER_QUOTA = "You have hit your hourly limit for API calls. The quota will reset in {} seconds."
Handler = Callable[[web.Request], Awaitable[web.Response]]


class FakeToggl:
    """The service. Knobs: `account` (required fields, locks, plan), `quotas`, `faults`."""

    def __init__(self, zone: str, touch: Callable[[], None], today: Callable[[], datetime]) -> None:
        self.api_token = secrets.token_hex(16)
        self.account = Account(zone)
        self.quotas = Quotas()
        self.faults = Faults(self._error_page)
        self.requests: list[str] = []
        self._zone = zone
        self._touch = touch
        self._today = today
        self._others: list[FakeToggl] = []

    def add_account(self) -> FakeToggl:
        """Another person's, at the same address: the token tells whose a request is."""
        self._others.append(FakeToggl(self._zone, self._touch, self._today))
        return self._others[-1]

    def mount(self, app: web.Application) -> None:
        """Adds the routes."""
        one, many = "/workspaces/{wid}/time_entries/{id}", "/workspaces/{wid}/time_entries"
        for method, path, handler in (
            ("GET", "/me", self._me),
            ("GET", "/me/quota", self._quota),
            ("GET", "/me/projects", self._my_projects),
            ("GET", "/me/clients", self._clients),
            ("GET", "/me/tags", self._tags),
            ("GET", "/me/tasks", self._tasks),
            ("GET", "/me/workspaces", self._workspaces),
            ("GET", "/me/time_entries", self._entries),
            ("GET", "/me/time_entries/current", self._current),
            ("GET", "/me/time_entries/{id}", self._entry),
            ("GET", "/workspaces/{wid}", self._workspace),
            ("GET", "/workspaces/{wid}/projects", self._projects),
            ("GET", "/workspaces/{wid}/clients", self._clients),
            ("GET", "/workspaces/{wid}/tags", self._tags),
            ("GET", "/workspaces/{wid}/time_entry_constraints", self._constraints),
            ("POST", many, self._create),
            ("PUT", one, self._change),
            ("DELETE", one, self._delete),
            ("PATCH", one, self._patch),
        ):
            app.router.add_route(method, PREFIX + path, self._guarded(handler))
        app.router.add_route("POST", REPORTS, self._guarded(self._report))

    # -- what tests and the page see

    @property
    def entries(self) -> list[Json]:
        """Copies of all entries in order of their start."""
        return sorted((dict(one) for one in self.account.entries.values()), key=_start)

    def named_entries(self) -> list[Json]:
        """All entries with the names of their project and client."""
        return [entry | self.account.named(entry) for entry in self.entries]

    # -- admission

    def _guarded(self, handler: Handler) -> Handler:
        """Credentials, bucket and quota first; refusals in Toggl's form."""

        async def guard(request: web.Request) -> web.Response:
            self.requests.append(f"{request.method} {request.path}")
            whose = [own for own in (self, *self._others) if own._admitted(request)]
            if not whose:
                return web.json_response("Incorrect username and/or password", status=403)
            return await whose[0]._serve(getattr(whose[0], handler.__name__), request)

        return guard

    async def _serve(self, handler: Handler, request: web.Request) -> web.Response:
        if self.quotas.too_fast():
            return html_page(429, "Too Many Requests")
        path = request.path.removeprefix(PREFIX)
        allowance = self.quotas.of(path)
        free = path == "/me/quota"
        if not free and not allowance.take(self.quotas.clock()):
            return self._over_quota(allowance)
        answer = await self._refusing(handler, request)
        answer.headers.update(allowance.headers(self.quotas.clock()))
        return answer

    async def _refusing(self, handler: Handler, request: web.Request) -> web.Response:
        wid = request.match_info.get("wid")
        if wid is not None and wid != str(WORKSPACE):
            return web.json_response("User does not have access to this resource.", status=403)
        try:
            return await handler(request)
        except Refusal as refusal:
            return web.json_response(refusal.text, status=refusal.status)

    def _admitted(self, request: web.Request) -> bool:
        scheme, _, word = request.headers.get("Authorization", "").partition(" ")
        wanted = base64.b64encode(f"{self.api_token}:api_token".encode()).decode()
        return scheme == "Basic" and secrets.compare_digest(word, wanted)

    def _over_quota(self, allowance: Allowance) -> web.Response:
        now = self.quotas.clock()
        return web.Response(
            status=402,
            text=OVER_QUOTA.format(allowance.resets_in(now)),
            headers=allowance.headers(now),
        )

    def _error_page(self, status: int) -> web.Response:
        """The answer for a status that a fault asks for."""
        if status == 402:
            allowance = Allowance(30, 30, self.quotas.clock())
            return self._over_quota(allowance)
        if status == 429:
            return html_page(429, "Too Many Requests")
        if status == 401:
            return web.Response(status=401)
        words = {400: "Bad request", 403: "Incorrect username and/or password", 404: "Not found"}
        return web.json_response(words.get(status, "Internal Server Error"), status=status)

    # -- reading

    async def _me(self, request: web.Request) -> web.Response:
        me: Json = {
            "id": USER,
            "api_token": self.api_token,
            "email": "eero@example.com",
            "fullname": "Eero Example",
            "timezone": self.account.zone,
            "default_workspace_id": WORKSPACE,
            "beginning_of_week": 1,
            "country_id": None,
        }
        if request.query.get("with_related_data") == "true":
            me |= {
                "workspaces": [self._describe()],
                "projects": list(self.account.projects.values()),
                "clients": list(self.account.clients.values()),
                "tags": self._tag_list(),
                "tasks": list(self.account.tasks.values()),
                "time_entries": [],
            }
        return web.json_response(me)

    def _describe(self) -> Json:
        return {
            "id": WORKSPACE,
            "organization_id": ORGANIZATION,
            "name": "Eero's workspace",
            "premium": self.account.premium,
            "business_ws": False,
            "default_currency": "EUR",
            "rounding": 0,
            "rounding_minutes": 0,
        }

    def _tag_list(self) -> list[Json]:
        tags = self.account.tags.items()
        return [{"id": tag_id, "workspace_id": WORKSPACE, "name": name} for name, tag_id in tags]

    async def _quota(self, _: web.Request) -> web.Response:
        now = self.quotas.clock()
        rows = ((None, self.quotas.me), (ORGANIZATION, self.quotas.organization))
        return web.json_response(
            [
                {
                    "organization_id": organization,
                    "remaining": allowance.remaining,
                    "total": allowance.total,
                    "resets_in_secs": allowance.resets_in(now),
                }
                for organization, allowance in rows
            ]
        )

    async def _my_projects(self, request: web.Request) -> web.Response:
        archived = request.query.get("include_archived") == "true"
        found = self.account.projects.values()
        return web.json_response([one for one in found if archived or one["active"]])

    async def _projects(self, request: web.Request) -> web.Response:
        active = request.query.get("active", "true")
        found = [
            one
            for one in self.account.projects.values()
            if active == "both" or one["active"] is (active == "true")
        ]
        per_page = _number(request.query.get("per_page", "151"), MOST_PER_PAGE)
        page = _number(request.query.get("page", "1"), 1_000_000)
        return web.json_response(found[(page - 1) * per_page : page * per_page])

    async def _clients(self, _: web.Request) -> web.Response:
        return web.json_response(list(self.account.clients.values()))

    async def _tags(self, _: web.Request) -> web.Response:
        return web.json_response(self._tag_list())

    async def _tasks(self, _: web.Request) -> web.Response:
        return web.json_response(list(self.account.tasks.values()))

    async def _workspaces(self, _: web.Request) -> web.Response:
        return web.json_response([self._describe()])

    async def _workspace(self, _: web.Request) -> web.Response:
        return web.json_response(self._describe())

    async def _constraints(self, _: web.Request) -> web.Response:
        required = self.account.required
        return web.json_response(
            {
                "time_entry_constraints_enabled": required.any,
                "description_present": required.description,
                "project_present": required.project,
                "tag_present": required.tag,
                "task_present": required.task,
            }
        )

    async def _entries(self, request: web.Request) -> web.Response:
        query = request.query
        found = self._since(query) if "since" in query else self._between(query)
        found.sort(key=_start, reverse=True)
        if query.get("meta") == "true":
            found = [entry | self.account.named(entry) for entry in found]
        return web.json_response(found[:MOST_ROWS])

    def _since(self, query: Mapping[str, str]) -> list[Json]:
        if "before" in query or "start_date" in query:
            raise Refusal("since cannot be used together with before or start_date")
        since = datetime.fromtimestamp(_number(query["since"], 2**40), UTC)
        everything = [*self.account.entries.values(), *self.account.deleted.values()]
        return [one for one in everything if datetime.fromisoformat(one["at"]) >= since]

    def _between(self, query: Mapping[str, str]) -> list[Json]:
        if ("start_date" in query) != ("end_date" in query):
            raise Refusal("start_date and end_date must both be present")
        if "start_date" not in query:
            return list(self.account.entries.values())
        start, end = _moment(query["start_date"]), _moment(query["end_date"])
        if end <= start:
            raise Refusal("end_date must be after start_date")
        if start < self._today() - MEMORY:
            raise Refusal("start_date must not be earlier than 3 months ago")
        return [
            entry
            for entry in self.account.entries.values()
            if start <= datetime.fromisoformat(_start(entry)) < end
        ]

    async def _report(self, request: web.Request) -> web.Response:
        """Entries of days of any age that have ended, each in a group of its own."""
        search = await request.json()
        start, end = search["start_date"], search["end_date"]
        if search.get("rounding") != 0:
            raise Refusal("the sandbox's reports round nothing: say so")
        if (date.fromisoformat(end) - date.fromisoformat(start)).days > MOST_REPORTED_DAYS:
            raise Refusal("The maximum allowed date range is 366 days")
        zone = ZoneInfo(self.account.zone)
        found = [
            entry
            for entry in self.entries
            if entry["stop"]
            and start <= str(datetime.fromisoformat(_start(entry)).astimezone(zone).date()) <= end
        ]
        first, size = int(search.get("first_row_number", 1)), int(search.get("page_size", 50))
        page = found[first - 1 : first - 1 + size]
        more = {"X-Next-Row-Number": str(first + size)} if first - 1 + size < len(found) else {}
        return web.json_response([_reported(entry, zone) for entry in page], headers=more)

    async def _current(self, _: web.Request) -> web.Response:
        running = (one for one in self.account.entries.values() if one["duration"] < 0)
        return web.json_response(next(running, None))

    async def _entry(self, request: web.Request) -> web.Response:
        return web.json_response(self.account.entry(_id(request)))

    # -- writing

    async def _create(self, request: web.Request) -> web.Response:
        entry = self.account.create(WORKSPACE, await _body(request))
        self._touch()
        return web.json_response(entry)

    async def _change(self, request: web.Request) -> web.Response:
        entry = self.account.change(_id(request), await _body(request))
        self._touch()
        return web.json_response(entry)

    async def _delete(self, request: web.Request) -> web.Response:
        self.account.delete(_id(request))
        self._touch()
        return web.json_response(_id(request))

    async def _patch(self, request: web.Request) -> web.Response:
        """JSON patch on up to a hundred entries, each on its own: no transaction."""
        ids = [int(word) for word in request.match_info["id"].split(",") if word.isdigit()]
        operations = await _body(request)
        if not 0 < len(ids) <= MOST_PATCHED or not isinstance(operations, list):
            raise Refusal(f"between 1 and {MOST_PATCHED} time entries can be patched")
        success: list[int] = []
        failure: list[Json] = []
        for entry_id in ids:
            try:
                self.account.change(entry_id, _patched(operations))
                success.append(entry_id)
            except Refusal as refusal:
                failure.append({"id": entry_id, "message": refusal.text})
        self._touch()
        return web.json_response({"success": success, "failure": failure})


def _patched(operations: list[Any]) -> Json:
    changes: Json = {}
    for operation in operations:
        if not isinstance(operation, dict) or operation.get("op") not in ("replace", "add"):
            raise Refusal("unsupported patch operation")
        changes[str(operation.get("path", "")).removeprefix("/")] = operation.get("value")
    return changes


def _start(entry: Mapping[str, Any]) -> str:
    return str(entry["start"]).replace("Z", "+00:00")


def _moment(word: str) -> datetime:
    """RFC 3339, or a date, which means its first moment in UTC and so leaves that day out."""
    try:
        at = datetime.fromisoformat(word.replace("Z", "+00:00"))
    except ValueError:
        raise Refusal(f"not a valid date: {word}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _number(word: str, most: int) -> int:
    if not word.isdigit() or int(word) < 1:
        raise Refusal(f"not a valid number: {word}")
    return min(int(word), most)


def _id(request: web.Request) -> int:
    word = request.match_info["id"]
    if not word.isdigit():
        raise Refusal("not a valid time entry id")
    return int(word)


async def _body(request: web.Request) -> Any:
    try:
        return json.loads(await request.text())
    except ValueError:
        raise Refusal("JSON is not valid") from None


def _reported(entry: Json, zone: ZoneInfo) -> Json:
    start, stop = (
        datetime.fromisoformat(entry[name]).astimezone(zone) for name in ("start", "stop")
    )
    return {
        "user_id": USER,
        "username": "Eero Example",
        "project_id": entry["project_id"],
        "task_id": entry["task_id"],
        "billable": entry["billable"],
        "description": entry["description"] or "",
        "tag_ids": entry["tag_ids"],
        "row_number": 1,
        "time_entries": [
            {
                "id": entry["id"],
                "seconds": entry["duration"],
                "start": start.isoformat(),
                "stop": stop.isoformat(),
                "at": entry["at"],
            }
        ],
    }
