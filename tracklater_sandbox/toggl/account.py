"""The Toggl account behind the fake: projects, clients, tags and entries."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from tracklater_sandbox.toggl.rules import (
    Refusal,
    Times,
    changed_times,
    checked,
    new_times,
    written,
)

Json: TypeAlias = "dict[str, Any]"

WORKSPACE, ORGANIZATION, USER = 7001, 8001, 9001

COLOURS = ("#0b83d9", "#e36a00", "#2da608", "#9e5bd9", "#d92b2b", "#c7af14")  # some of Toggl's


@dataclass(slots=True)
class Required:
    """The workspace's knobs for required fields."""

    description: bool = False
    project: bool = False
    tag: bool = False
    task: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is required."""
        return self.description or self.project or self.tag or self.task


@dataclass(slots=True)
class Account:
    """One user with one workspace. `premium` allows billable entries; `locked_before` is a lock."""

    zone: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    premium: bool = True
    locked_before: datetime | None = None
    required: Required = field(default_factory=Required)
    clients: dict[int, Json] = field(default_factory=dict)
    projects: dict[int, Json] = field(default_factory=dict)
    tasks: dict[int, Json] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    entries: dict[int, Json] = field(default_factory=dict)
    deleted: dict[int, Json] = field(default_factory=dict)
    _ids: Any = field(default_factory=lambda: itertools.count(3_200_000_001))

    def stamp(self) -> str:
        """Toggl's `at` for a change made now."""
        return self.clock().astimezone(UTC).isoformat()

    def add_client(self, name: str) -> Json:
        """A new client."""
        client: Json = {
            "id": 100 + len(self.clients) + 1,
            "wid": WORKSPACE,
            "name": name,
            "archived": False,
            "at": self.stamp(),
        }
        self.clients[client["id"]] = client
        return client

    def add_project(
        self, name: str, client: Json | None = None, *, active: bool = True, billable: bool = False
    ) -> Json:
        """A new project; an archived one with `active=False`."""
        project: Json = {
            "id": 500 + len(self.projects) + 1,
            "workspace_id": WORKSPACE,
            "wid": WORKSPACE,
            "client_id": client["id"] if client else None,
            "cid": client["id"] if client else None,
            "name": name,
            "active": active,
            "status": "active" if active else "archived",
            "billable": billable,
            "is_private": False,
            "color": COLOURS[len(self.projects) % len(COLOURS)],
            "at": self.stamp(),
        }
        self.projects[project["id"]] = project
        return project

    def create(self, workspace: int, body: Any) -> Json:
        """A new entry, as POST makes it. Raises Refusal."""
        payload = checked(body)
        if not isinstance(payload.get("created_with"), str) or not payload["created_with"]:
            raise Refusal("created_with needs to be provided an a valid string")
        if payload.get("workspace_id", payload.get("wid")) != workspace:
            raise Refusal("workspace_id does not match the workspace of the address")
        entry: Json = {
            "id": next(self._ids),
            "workspace_id": workspace,
            "wid": workspace,
            "project_id": None,
            "task_id": None,
            "billable": False,
            "description": None,
            "tags": None,
            "tag_ids": None,
            "duronly": True,
            "server_deleted_at": None,
            "user_id": USER,
            "uid": USER,
        }
        self._apply(entry, payload, new_times(payload))
        self.entries[entry["id"]] = entry
        return entry

    def change(self, entry_id: int, body: Any) -> Json:
        """An entry changed, as PUT does: only what was sent. Raises Refusal."""
        payload = checked(body)
        entry = self.entry(entry_id)
        self._unlocked(datetime.fromisoformat(entry["start"].replace("Z", "+00:00")))
        changed = dict(entry)
        self._apply(changed, payload, changed_times(entry, payload))
        self.entries[entry_id] = changed
        return changed

    def delete(self, entry_id: int) -> None:
        """Deletes an entry; `since` reads still tell of it."""
        entry = self.entry(entry_id)
        self._unlocked(datetime.fromisoformat(entry["start"].replace("Z", "+00:00")))
        del self.entries[entry_id]
        self.deleted[entry_id] = entry | {
            "server_deleted_at": self.stamp(),
            "at": self.stamp(),
        }

    def entry(self, entry_id: int) -> Json:
        """An entry that exists. Raises Refusal 404."""
        if entry_id not in self.entries:
            raise Refusal("Time entry not found", 404)
        return self.entries[entry_id]

    def named(self, entry: Mapping[str, Any]) -> Json:
        """The client's and project's names of an entry, as `meta=true` adds them."""
        project = self.projects.get(entry["project_id"] or 0, {})
        client = self.clients.get(project.get("client_id") or 0, {})
        return {
            "project_name": project.get("name"),
            "project_color": project.get("color"),
            "client_name": client.get("name"),
        }

    def _apply(self, entry: Json, payload: Mapping[str, Any], times: Times) -> None:
        self._unlocked(times.start)
        for name in ("description", "project_id", "task_id", "billable"):
            if name in payload:
                entry[name] = payload[name]
        if payload.get("tags") is not None:
            self._tag(entry, payload["tags"], payload.get("tag_action"))
        entry["start"] = written(times.start)
        entry["duration"] = times.duration
        entry["stop"] = written(times.stop)
        self._project_fits(entry)
        self._all_required(entry)
        if entry["billable"] and not self.premium:
            raise Refusal("Billable is a premium feature", 402)
        entry["at"] = self.stamp()

    def _tag(self, entry: Json, tags: list[str], action: str | None) -> None:
        kept = list(entry["tags"] or [])
        if action == "add":
            tags = [*kept, *(tag for tag in tags if tag not in kept)]
        elif action == "delete":
            tags = [tag for tag in kept if tag not in tags]
        for tag in tags:
            self.tags.setdefault(tag, 300 + len(self.tags) + 1)
        entry["tags"] = tags or None
        entry["tag_ids"] = [self.tags[tag] for tag in tags] or None

    def _project_fits(self, entry: Json) -> None:
        project_id, task_id = entry["project_id"], entry["task_id"]
        if project_id is not None:
            project = self.projects.get(project_id)
            if project is None:
                raise Refusal("User cannot access the selected project")
            if not project["active"]:
                raise Refusal("Conflict with project/workspace: the project is archived")
        if task_id is not None:
            task = self.tasks.get(task_id)
            if task is None or task["project_id"] != project_id:
                raise Refusal("User cannot access the selected task")

    def _all_required(self, entry: Json) -> None:
        required = self.required
        for needed, value, name in (
            (required.description, entry["description"], "description"),
            (required.project, entry["project_id"], "project"),
            (required.tag, entry["tags"], "tag"),
            (required.task, entry["task_id"], "task"),
        ):
            if needed and not value:
                raise Refusal(f"{name} is a required field in this workspace")

    def _unlocked(self, start: datetime) -> None:
        if self.locked_before is not None and start < self.locked_before:
            raise Refusal("Entries can't be added or edited in this period")
