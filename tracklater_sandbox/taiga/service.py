"""A Taiga (API v1) on loopback, shaped like answers recorded from a real backend."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import itertools
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web

from tracklater_sandbox.faults import HTML, Faults, html_page

Json: TypeAlias = "dict[str, Any]"
Handler = Callable[[web.Request], Awaitable[web.Response]]

ACCESS_SECONDS, REFRESH_SECONDS = 24 * 3600, 8 * 24 * 3600
PER_PAGE, MOST_PER_PAGE = 30, 1000
KINDS = {"userstories": "us", "tasks": "task", "issues": "issue", "epics": "epic"}
ME, COLLEAGUE, PROJECT = 6, 5, 1


@dataclass(frozen=True, slots=True)
class TaigaItem:
    """A story, task, issue or epic; `kind` is the name of its list."""

    kind: str
    ref: int
    subject: str
    modified: str
    status: str = "In progress"
    closed: bool = False
    assigned_to: int | None = ME
    project: int = PROJECT


class TaigaError(Exception):
    """An error answer in one of Taiga's forms."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


class FakeTaiga:
    """The service. Knobs: `throttled` (seconds to wait, None for never), `expire()`, `faults`."""

    def __init__(self) -> None:
        self.username = "eero"
        self.password = f"sandbox-{secrets.token_hex(8)}"
        self.slug = "eero-globex-web"
        self.items: list[TaigaItem] = []
        self.throttled: int | None = None
        self.faults = Faults(_error_page)
        self.requests: list[str] = []
        self._key = secrets.token_bytes(16)
        self._access: set[str] = set()
        self._refresh: set[str] = set()
        self._serial = itertools.count(1)

    def expire(self) -> None:
        """Makes all access tokens worthless; refreshing still works."""
        self._access.clear()

    def mount(self, app: web.Application, base: str) -> None:
        """Adds the routes of the API and of small pages behind links."""
        self._next = f"{base}/taiga/api/v1"
        prefix = "/taiga/api/v1"
        app.router.add_post(f"{prefix}/auth", self._guarded(self._login))
        app.router.add_post(f"{prefix}/auth/refresh", self._guarded(self._renew))
        for path, handler in (
            ("/users/me", self._me),
            ("/projects/by_slug", self._by_slug),
            ("/projects", self._projects),
            ("/resolver", self._resolve),
            *((f"/{kind}", self._list) for kind in KINDS),
            *((f"/{kind}/{{id:\\d+}}", self._one) for kind in KINDS),
        ):
            app.router.add_get(f"{prefix}{path}", self._guarded(handler, token=True))
        app.router.add_get("/taiga/project/{slug}/{kind}/{ref}", self._page)
        app.router.add_route("*", f"{prefix}/{{rest:.*}}", self._missing)

    # -- admission

    def _guarded(self, handler: Handler, *, token: bool = False) -> Handler:
        async def guard(request: web.Request) -> web.Response:
            self.requests.append(f"{request.method} {request.path_qs}")
            try:
                self._throttle()
                if token:
                    self._admit(request)
                return await handler(request)
            except TaigaError as error:
                headers = {}
                if error.status == 429:
                    headers["X-Throttle-Wait-Seconds"] = str(self.throttled)
                return web.json_response(error.body, status=error.status, headers=headers)

        return guard

    def _throttle(self) -> None:
        if self.throttled is not None:
            words = f"Request was throttled.Expected available in {self.throttled} seconds."
            raise TaigaError(429, _error(words, "Throttled"))

    def _admit(self, request: web.Request) -> None:
        scheme, _, word = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or word not in self._access:
            body = {"detail": "Given token not valid for any token type", "code": "token_not_valid"}
            raise TaigaError(401, body)

    async def _missing(self, _: web.Request) -> web.Response:
        return html_page(404, "Not Found")

    # -- tokens

    async def _login(self, request: web.Request) -> web.Response:
        body = await _body(request)
        if body.get("type") != "normal":
            raise TaigaError(400, _error("invalid login type", "BadRequest"))
        names = (self.username, "eero@example.com")
        if body.get("username") not in names or body.get("password") != self.password:
            words = "No active account found with the given credentials"
            raise TaigaError(401, {"detail": words, "code": "invalid_credentials"})
        return web.json_response(self._person() | self._pair())

    async def _renew(self, request: web.Request) -> web.Response:
        old = str((await _body(request)).get("refresh"))
        if old not in self._refresh:
            words = "Token is invalid or expired"
            raise TaigaError(401, {"detail": words, "code": "token_not_valid"})
        self._refresh.remove(old)
        return web.json_response(self._pair())

    def _pair(self) -> Json:
        access = self._token("access", ACCESS_SECONDS)
        refresh = self._token("refresh", REFRESH_SECONDS)
        self._access.add(access)
        self._refresh.add(refresh)
        return {"auth_token": access, "refresh": refresh}

    def _token(self, kind: str, seconds: int) -> str:
        """A JWT, for its expiry is told nowhere else."""
        head = _b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        claims = {
            "token_type": kind,
            "exp": int(time.time()) + seconds,
            "jti": str(next(self._serial)),
            "user_id": ME,
        }
        body = f"{head}.{_b64(json.dumps(claims).encode())}"
        return f"{body}.{_b64(hmac.digest(self._key, body.encode(), hashlib.sha256))}"

    # -- reading

    async def _me(self, _: web.Request) -> web.Response:
        return web.json_response(self._person())

    def _person(self) -> Json:
        return {
            "id": ME,
            "username": self.username,
            "full_name": "Eero Example",
            "full_name_display": "Eero Example",
            "email": "eero@example.com",
            "is_active": True,
            "timezone": "",
            "roles": ["Back"],
        }

    async def _by_slug(self, request: web.Request) -> web.Response:
        if request.query.get("slug") != self.slug:
            raise TaigaError(404, _error("No Project matches the given query.", "NotFound"))
        return web.json_response(self._project())

    async def _projects(self, request: web.Request) -> web.Response:
        """Those of a member, as everybody may ask."""
        mine = request.query.get("member", str(ME)) == str(ME)
        return web.json_response([self._project()] if mine else [])

    def _project(self) -> Json:
        return {
            "id": PROJECT,
            "name": "Globex Web",
            "slug": self.slug,
            "is_private": True,
            "i_am_member": True,
            "total_memberships": 2,
        }

    async def _resolve(self, request: web.Request) -> web.Response:
        if request.query.get("project") != self.slug:
            raise TaigaError(404, _error("No Project matches the given query.", "NotFound"))
        answer: Json = {"project": PROJECT}
        for item in self._visible():
            if str(item.ref) == request.query.get("ref"):
                answer[KINDS[item.kind]] = self._id(item)
        return web.json_response(answer)

    async def _list(self, request: web.Request) -> web.Response:
        """A bare array in pages; an unknown project gives an empty one."""
        kind = request.path.rpartition("/")[2]
        query = request.query
        if query.get("status__is_closed", "true") not in ("true", "false", "True", "False"):
            return html_page(500, "Server Error (500)")
        found = [item for item in self._visible() if item.kind == kind and _wanted(item, query)]
        found.sort(key=lambda item: item.ref)
        rows = [self._told(item) for item in found]
        if "x-disable-pagination" in request.headers:
            return web.json_response(rows)
        return self._paged(request, rows)

    async def _one(self, request: web.Request) -> web.Response:
        kind = request.path.split("/")[-2]
        for item in self._visible():
            if item.kind == kind and str(self._id(item)) == request.match_info["id"]:
                return web.json_response(self._told(item) | {"description": ""})
        raise TaigaError(404, _error("No item matches the given query.", "NotFound"))

    def _paged(self, request: web.Request, rows: list[Json]) -> web.Response:
        size = min(_whole(request.query.get("page_size"), PER_PAGE), MOST_PER_PAGE)
        page = _whole(request.query.get("page"), 1)
        pages = max(1, -(-len(rows) // size))
        if page > pages:
            raise TaigaError(404, _error("Page is not 'last', nor can it be...", "NotFound"))
        headers = {
            "x-pagination-count": str(len(rows)),
            "x-paginated": "true",
            "x-paginated-by": str(size),
            "x-pagination-current": str(page),
        }
        if page < pages:
            following = request.rel_url.update_query(page=page + 1)
            path = str(following).removeprefix("/taiga/api/v1")
            headers["X-Pagination-Next"] = f"{self._next}{path}"
        return web.json_response(rows[(page - 1) * size : page * size], headers=headers)

    def _visible(self) -> list[TaigaItem]:
        return [item for item in self.items if item.project == PROJECT]

    def _id(self, item: TaigaItem) -> int:
        """Ids count apart from refs, as they do in Taiga."""
        return 1000 + self.items.index(item)

    def _told(self, item: TaigaItem) -> Json:
        return {
            "id": self._id(item),
            "ref": item.ref,
            "subject": item.subject,
            "project": item.project,
            "project_extra_info": {"id": PROJECT, "name": "Globex Web", "slug": self.slug},
            "status": 2,
            "status_extra_info": {
                "name": item.status,
                "color": "#70728F",
                "is_closed": item.closed,
            },
            "assigned_to": item.assigned_to,
            "assigned_users": [item.assigned_to] if item.assigned_to else [],
            "is_closed": item.closed,
            "created_date": item.modified,
            "modified_date": item.modified,
            "tags": [["web", None]],
            "version": 1,
        }

    async def _page(self, request: web.Request) -> web.Response:
        ref = request.match_info["ref"]
        item = next((one for one in self._visible() if str(one.ref) == ref), None)
        if item is None or request.match_info["slug"] != self.slug:
            return html_page(404, "Not Found")
        title = html.escape(f"#{item.ref} {item.subject} - Taiga")
        return web.Response(text=HTML.format(title), content_type="text/html")


def _wanted(item: TaigaItem, query: Mapping[str, str]) -> bool:
    closed = query.get("status__is_closed")
    person = query.get("assigned_users") or query.get("assigned_to")
    since = query.get("modified_date__gte")
    return (
        ("project" not in query or query["project"] == str(item.project))
        and (closed is None or item.closed is (closed.lower() == "true"))
        and (person is None or person == str(item.assigned_to))
        and (since is None or _comparable(item.modified) >= _comparable(since))
    )


def _comparable(word: str) -> str:
    return word.replace("+0000", "Z").replace("+00:00", "Z")


def _whole(word: str | None, default: int) -> int:
    return int(word) if word and word.isdigit() and int(word) > 0 else default


def _error(message: str, kind: str) -> Json:
    return {"_error_message": message, "_error_type": f"taiga.base.exceptions.{kind}"}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def _body(request: web.Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise TaigaError(400, _error("JSON parse error", "BadRequest")) from None
    return body if isinstance(body, dict) else {}


def _error_page(status: int) -> web.Response:
    if status >= 500:
        return html_page(status, "Server Error (500)")
    headers = {"X-Throttle-Wait-Seconds": "2"} if status == 429 else {}
    body = _error("The sandbox was told to fail.", "BaseException")
    return web.json_response(body, status=status, headers=headers)
