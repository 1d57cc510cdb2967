"""A Jira on loopback: Cloud by default, Data Center by a knob."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from tracklater_sandbox.faults import HTML, Faults, html_page
from tracklater_sandbox.jira.jql import JqlError, parse
from tracklater_sandbox.jira.worklogs import JiraError, Json, between, checked, told, written

ME, COLLEAGUE = "5b10ac8d82e05b22cc7d4ef5", "5b10a2844c20165700ede21g"
CLOUD_ID = "0f1e2d3c-sandbox-cloud"
MOST_FETCHED = 100
LOST_UPDATE_SECONDS = 0.05
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class JiraIssue:
    """An issue. `moved_from` are keys it had before."""

    id: int
    key: str
    summary: str
    type: str
    status: str
    category: str
    updated: datetime
    assignee: str | None = ME
    reporter: str = COLLEAGUE
    moved_from: tuple[str, ...] = ()
    worklogs: dict[str, Json] = field(default_factory=dict)
    time_spent: int = 0

    def searchable(self) -> Json:
        """What a query can ask about."""
        return {
            "issue": self,
            "key": self.key,
            "project": self.key.rpartition("-")[0],
            "assignee": self.assignee,
            "reporter": self.reporter,
            "worklog_authors": {log["author"]["accountId"] for log in self.worklogs.values()},
            "updated": self.updated,
            "created": self.updated,
            "text": self.summary,
            "status": self.status,
            "category": self.category,
            "type": self.type,
            "resolution": "Done" if self.category == "done" else None,
        }


class FakeJira:
    """The service. Knobs: `cloud`, `token_expired`, `page_size`, `rights`, `faults`."""

    def __init__(self, clock: Callable[[], datetime], touch: Callable[[], None]) -> None:
        self.email = "eero@example.com"
        self.api_token = f"sandbox-{secrets.token_hex(12)}"
        self.scoped_token = f"sandbox-scoped-{secrets.token_hex(12)}"
        self.cloud = True
        self.token_expired = False
        self.page_size = 20
        self.rights = {
            "BROWSE_PROJECTS", "WORK_ON_ISSUES", "EDIT_OWN_WORKLOGS", "DELETE_OWN_WORKLOGS",
        }  # fmt: skip
        self.issues: dict[str, JiraIssue] = {}
        self.names = {"DEV": "Acme development"}
        self.mails: list[str] = []
        self.faults = Faults(_error_page)
        self.requests: list[str] = []
        self._clock = clock
        self._touch = touch
        self._ids = 20_000
        self._site = ""

    def add(self, issue: JiraIssue) -> None:
        """Puts an issue into the site."""
        self.issues[issue.key] = issue

    @property
    def worklogs(self) -> list[Json]:
        """All worklogs with their issue's key, in order."""
        found = [
            log | {"issueKey": issue.key}
            for issue in self.issues.values()
            for log in issue.worklogs.values()
        ]
        return sorted(found, key=lambda log: str(log["started"]))

    def mount(self, app: web.Application, base: str) -> None:
        """Adds the routes, on the site and under the address for scoped tokens."""
        self._site = f"{base}/jira"
        app.router.add_get("/jira/_edge/tenant_info", self._tenant)
        app.router.add_get("/jira/browse/{key}", self._browse)
        one = "/issue/{key}/worklog/{id}"
        for method, path, handler in (
            ("GET", "/myself", self._myself),
            ("GET", "/mypermissions", self._permissions),
            ("GET", "/project/search", self._project_search),
            ("GET", "/project", self._project_list),
            ("POST", "/search/approximate-count", self._count),
            ("POST", "/search/jql", self._search),
            ("GET", "/search/jql", self._search),
            ("GET", "/search", self._old_search),
            ("POST", "/search", self._old_search),
            ("POST", "/issue/bulkfetch", self._bulk),
            ("GET", "/issue/picker", self._picker),
            ("GET", "/issue/{key}", self._issue),
            ("GET", "/issue/{key}/worklog", self._worklogs),
            ("POST", "/issue/{key}/worklog", self._add_worklog),
            ("PUT", one, self._change_worklog),
            ("DELETE", one, self._delete_worklog),
            ("GET", f"{one}/properties/{{name}}", self._property),
        ):
            for prefix in ("/jira", f"/jira/ex/jira/{CLOUD_ID}"):
                guarded = self._guarded(handler)
                app.router.add_route(method, f"{prefix}/rest/api/{{version:[23]}}{path}", guarded)

    # -- admission

    def _guarded(self, handler: Handler) -> Handler:
        async def guard(request: web.Request) -> web.StreamResponse:
            self.requests.append(f"{request.method} {request.path}")
            try:
                if not self._known(request):
                    return self._stranger(request)
                return await handler(request)
            except JiraError as error:
                return web.json_response(error.body, status=error.status)

        return guard

    def _known(self, request: web.Request) -> bool:
        if self.token_expired:
            return False
        scheme, _, word = request.headers.get("Authorization", "").partition(" ")
        if not self.cloud:
            return scheme == "Bearer" and word == self.api_token
        scoped = request.path.startswith("/jira/ex/")
        token = self.scoped_token if scoped else self.api_token
        wanted = base64.b64encode(f"{self.email}:{token}".encode()).decode()
        return scheme == "Basic" and word == wanted

    def _stranger(self, request: web.Request) -> web.Response:
        """Cloud answers an anonymous search with 200 and nothing in it."""
        headers = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
        if self.cloud and request.path.endswith("/search/jql"):
            return web.json_response({"issues": [], "isLast": True}, headers=headers)
        words = "Client must be authenticated to access this resource."
        body: Json = {"errorMessages": [words], "errors": {}}
        return web.json_response(body, status=401, headers=headers)

    # -- who and where

    async def _myself(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "accountId": ME,
                "name": "eero",
                "key": "eero",
                "accountType": "atlassian",
                "emailAddress": self.email,
                "displayName": "Eero Example",
                "active": True,
                "timeZone": "Europe/Helsinki",
            }
        )

    async def _permissions(self, request: web.Request) -> web.Response:
        """What the account may do: `rights`, for the names asked about."""
        names = request.query.get("permissions", "")
        if not names:
            raise JiraError(400, "The permissions query parameter is required.")
        if request.query.get("projectKey", "DEV") not in self._projects():
            raise JiraError(404, "No project could be found with the key asked for.")
        return web.json_response(
            {
                "permissions": {
                    name: {"key": name, "name": name, "havePermission": name in self.rights}
                    for name in names.split(",")
                }
            }
        )

    async def _project_search(self, request: web.Request) -> web.Response:
        if not self.cloud:
            raise JiraError(404, "null for uri")
        most = int(request.query.get("maxResults", "50"))
        found = self._told_projects()[:most]
        return web.json_response({"values": found, "total": len(found), "isLast": True})

    async def _project_list(self, _: web.Request) -> web.Response:
        return web.json_response(self._told_projects())

    def _told_projects(self) -> list[Json]:
        return [
            {"id": "10000", "key": key, "name": self.names.get(key, key), "simplified": False}
            for key in sorted(self._projects())
        ]

    def _projects(self) -> set[str]:
        return {issue.key.rpartition("-")[0] for issue in self.issues.values()}

    async def _count(self, request: web.Request) -> web.Response:
        if not self.cloud:
            raise JiraError(404, "null for uri")
        asked = await _body(request)
        found = self._found(str(asked.get("jql") or ""), must_be_bounded=True)
        return web.json_response({"count": len(found)})

    async def _tenant(self, _: web.Request) -> web.Response:
        return web.json_response({"cloudId": CLOUD_ID})

    async def _browse(self, request: web.Request) -> web.Response:
        issue = self._find(request.match_info["key"])
        if issue is None:
            return html_page(404, "Issue does not exist")
        title = html.escape(f"[{issue.key}] {issue.summary} - Jira")
        return web.Response(text=HTML.format(title), content_type="text/html")

    # -- searching

    async def _search(self, request: web.Request) -> web.Response:
        if not self.cloud:
            raise JiraError(404, "null for uri")
        asked = dict(request.query) if request.method == "GET" else await _body(request)
        found = self._found(str(asked.get("jql") or ""), must_be_bounded=True)
        start = _page_start(asked.get("nextPageToken"))
        size = min(int(asked.get("maxResults") or 50), self.page_size)
        page = found[start : start + size]
        fields = _field_names(asked.get("fields"))
        answer: Json = {"issues": [self._told(issue, fields) for issue in page]}
        last = start + size >= len(found)
        answer["isLast"] = last
        if not last:
            answer["nextPageToken"] = base64.b64encode(f"page:{start + size}".encode()).decode()
        return web.json_response(answer)

    async def _old_search(self, request: web.Request) -> web.Response:
        """Gone from Cloud; Data Center still has version 2."""
        if self.cloud:
            raise JiraError(
                410, "The requested API has been removed. Please migrate to /rest/api/3/search/jql."
            )
        asked = dict(request.query) if request.method == "GET" else await _body(request)
        found = self._found(str(asked.get("jql") or ""), must_be_bounded=False)
        start = int(asked.get("startAt") or 0)
        size = min(int(asked.get("maxResults") or 50), self.page_size)
        fields = _field_names(asked.get("fields") or ["*navigable"])
        return web.json_response(
            {
                "startAt": start,
                "maxResults": size,
                "total": len(found),
                "issues": [self._told(issue, fields) for issue in found[start : start + size]],
            }
        )

    def _found(self, jql: str, *, must_be_bounded: bool) -> list[JiraIssue]:
        try:
            query = parse(jql, ME, self._clock())
        except JqlError as error:
            raise JiraError(400, str(error)) from error
        if must_be_bounded and not query.bounded:
            raise JiraError(
                400,
                "Unbounded JQL queries are not allowed here. "
                "Please add a search restriction to your query.",
            )
        for key in query.keys:
            if self._find(key) is None:
                raise JiraError(400, f"An issue with key '{key}' does not exist for field 'key'.")
        rows = [issue.searchable() for issue in self.issues.values()]
        return [row["issue"] for row in query.run(rows)]

    async def _bulk(self, request: web.Request) -> web.Response:
        asked = await _body(request)
        wanted = asked.get("issueIdsOrKeys")
        if not isinstance(wanted, list) or not 0 < len(wanted) <= MOST_FETCHED:
            raise JiraError(400, f"Between 1 and {MOST_FETCHED} issues can be fetched.")
        fields = _field_names(asked.get("fields") or ["*navigable"])
        issues, errors = [], []
        for word in wanted:
            issue = self._find(str(word))
            if issue is None:
                words = "Issue does not exist or you do not have permission to see it."
                errors.append({"id": str(word), "errorMessage": words})
            else:
                issues.append(self._told(issue, fields))
        return web.json_response({"issues": issues, "issueErrors": errors})

    async def _picker(self, request: web.Request) -> web.Response:
        query = request.query.get("query", "").lower()
        found = [
            issue
            for issue in self.issues.values()
            if query in issue.key.lower() or query in issue.summary.lower()
        ][:20]
        suggestions = [
            {
                "id": issue.id,
                "key": issue.key,
                "keyHtml": issue.key,
                "summary": html.escape(issue.summary),
                "summaryText": issue.summary,
            }
            for issue in found
        ]
        section: Json = {"id": "cs", "label": "Current Search", "issues": suggestions}
        return web.json_response({"sections": [section]})

    async def _issue(self, request: web.Request) -> web.Response:
        issue = self._need(request)
        fields = _field_names((request.query.get("fields") or "*all").split(","))
        return web.json_response(self._told(issue, fields))

    def _told(self, issue: JiraIssue, fields: list[str]) -> Json:
        if not fields:
            return {"id": str(issue.id)}
        everything: Json = {
            "summary": issue.summary,
            "issuetype": {"id": "1", "name": issue.type, "subtask": issue.type == "Sub-task"},
            "status": {"name": issue.status, "statusCategory": {"key": issue.category}},
            "assignee": _account(issue.assignee),
            "reporter": _account(issue.reporter),
            "updated": written(issue.updated),
            "project": {"key": issue.key.rpartition("-")[0], "id": "10000"},
            "resolution": {"name": "Done"} if issue.category == "done" else None,
            "timespent": issue.time_spent or None,
        }
        whole = any(name in ("*all", "*navigable") for name in fields)
        return {
            "id": str(issue.id),
            "key": issue.key,
            "self": f"{self._site}/rest/api/3/issue/{issue.id}",
            "fields": {
                name: value for name, value in everything.items() if whole or name in fields
            },
        }

    # -- worklogs

    async def _worklogs(self, request: web.Request) -> web.Response:
        issue = self._need(request)
        query = request.query
        after, before = (_millis(query.get(name)) for name in ("startedAfter", "startedBefore"))
        wanted = "properties" in query.get("expand", "")
        found = [log for log in issue.worklogs.values() if between(log, after, before)]
        logs = [told(log, properties=wanted) for log in found]
        return web.json_response(
            {"startAt": 0, "maxResults": 5000, "total": len(logs), "worklogs": logs}
        )

    async def _add_worklog(self, request: web.Request) -> web.Response:
        issue = self._need(request)
        if "WORK_ON_ISSUES" not in self.rights:
            raise JiraError(
                400, "You do not have the permission to associate a worklog to this issue."
            )
        fields = checked(await _body(request), rich=request.match_info["version"] == "3")
        self._ids += 1
        log: Json = {
            "id": str(self._ids),
            "issueId": str(issue.id),
            "author": _account(ME),
            "updateAuthor": _account(ME),
            "created": written(self._clock()),
            "properties": [],
            **fields,
        }
        await self._spend(issue, fields["timeSpentSeconds"])
        issue.worklogs[log["id"]] = log
        self._notify(request, issue)
        return web.json_response(told(log, properties=False), status=201)

    async def _change_worklog(self, request: web.Request) -> web.Response:
        issue, log = self._worklog(request)
        rich = request.match_info["version"] == "3"
        fields = checked(await _body(request), rich=rich, partly=True)
        seconds = fields.get("timeSpentSeconds", log["timeSpentSeconds"])
        await self._spend(issue, seconds - log["timeSpentSeconds"])
        log |= fields
        self._notify(request, issue)
        return web.json_response(told(log, properties=False))

    async def _delete_worklog(self, request: web.Request) -> web.Response:
        issue, log = self._worklog(request)
        await self._spend(issue, -log["timeSpentSeconds"])
        issue.worklogs.pop(log["id"], None)
        self._notify(request, issue)
        return web.Response(status=204)

    async def _property(self, request: web.Request) -> web.Response:
        _, log = self._worklog(request)
        name = request.match_info["name"]
        for one in log["properties"]:
            if one["key"] == name:
                return web.json_response(one)
        raise JiraError(404, "The property does not exist.")

    async def _spend(self, issue: JiraIssue, seconds: int) -> None:
        """Adds up the way Jira does: two writers at once, and one of them is lost."""
        before = issue.time_spent
        await asyncio.sleep(LOST_UPDATE_SECONDS)
        issue.time_spent = before + seconds

    def _notify(self, request: web.Request, issue: JiraIssue) -> None:
        if request.query.get("notifyUsers", "true") == "true":
            self.mails.append(issue.key)
        self._touch()

    def _worklog(self, request: web.Request) -> tuple[JiraIssue, Json]:
        issue = self._need(request)
        log = issue.worklogs.get(request.match_info["id"])
        if log is None:
            raise JiraError(404, f"Cannot find worklog with id: '{request.match_info['id']}'.")
        return issue, log

    def _need(self, request: web.Request) -> JiraIssue:
        issue = self._find(request.match_info["key"])
        if issue is None:
            raise JiraError(404, "Issue does not exist or you do not have permission to see it.")
        return issue

    def _find(self, word: str) -> JiraIssue | None:
        """By key, by a key it had before, or by id."""
        key = word.upper()
        for issue in self.issues.values():
            if key == issue.key or key in issue.moved_from or word == str(issue.id):
                return issue
        return None


def _account(account: str | None) -> Json | None:
    if account is None:
        return None
    name = "Eero Example" if account == ME else "Matti Example"
    return {"accountId": account, "displayName": name, "active": True}


def _field_names(value: Any) -> list[str]:
    words = value.split(",") if isinstance(value, str) else (value or [])
    return [str(word).strip() for word in words]


def _page_start(token: Any) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(str(token)).decode().removeprefix("page:"))
    except ValueError:
        raise JiraError(400, "The provided next page token is invalid or expired.") from None


def _millis(word: str | None) -> int | None:
    return int(word) if word and word.isdigit() else None


async def _body(request: web.Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise JiraError(400, "There was an error parsing JSON.") from None
    if not isinstance(body, dict):
        raise JiraError(400, "Invalid request payload.")
    return body


def _error_page(status: int) -> web.Response:
    headers = {"Retry-After": "1", "RateLimit-Reason": "jira-burst-based"} if status == 429 else {}
    body: Json = {"errorMessages": ["The sandbox was told to fail."], "errors": {}}
    return web.json_response(body, status=status, headers=headers)
