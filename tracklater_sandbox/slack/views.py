"""views.*: modals and the Home tab, with trigger ids, hashes and the state of inputs."""

from __future__ import annotations

import secrets
from typing import Any

from tracklater_sandbox.slack.blockkit import BlockKitError, check_view, elements_of
from tracklater_sandbox.slack.calls import Call, SlackError, refusal
from tracklater_sandbox.slack.inputs import kept_state
from tracklater_sandbox.slack.workspace import APP, BOT, TEAM, Json, Workspace, shown

TRIGGER_SECONDS = 3.0
MOST_MODALS = 3


class Views:
    """The methods about views. `state` inside a view is what the person has filled in so far."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def open(self, call: Call) -> Json:
        """views.open."""
        view = self._checked(call.json("view"), "modal")
        user = self._spend(call)
        return {"view": shown(self.show(user, view, replace=True))}

    async def push(self, call: Call) -> Json:
        """views.push: at most two on top of the first."""
        view = self._checked(call.json("view"), "modal")
        user = self._spend(call)
        return {"view": shown(self.show(user, view))}

    async def update(self, call: Call) -> Json:
        """views.update: `hash` guards against changing what somebody else changed."""
        view = self._checked(call.json("view"), None)
        old = self._find(call)
        if call.text("hash") and call.text("hash") != old["hash"]:
            raise SlackError("hash_conflict")
        return {"view": shown(self.replace(old, view))}

    async def publish(self, call: Call) -> Json:
        """views.publish."""
        user = call.need("user_id")
        if user not in self._workspace.people:
            raise SlackError("user_not_found")
        view = self._checked(call.json("view"), "home")
        old = self._workspace.homes.get(user)
        if call.text("hash") and (old is None or call.text("hash") != old["hash"]):
            raise SlackError("hash_conflict")
        if old is None:
            self._workspace.homes[user] = self._new(view)
        else:
            self.replace(old, view)
        self._workspace.touch()
        return {"view": shown(self._workspace.homes[user])}

    # -- what answers to submissions need too

    def show(self, user: str, view: Json, *, replace: bool = False) -> Json:
        """Puts a checked modal on top of the person's stack."""
        stack = self._workspace.stack(user)
        if replace:
            stack.clear()
        if len(stack) >= MOST_MODALS:
            raise SlackError("push_limit_reached")
        new = self._new(view)
        new["previous_view_id"] = stack[-1]["id"] if stack else None
        new["root_view_id"] = stack[0]["id"] if stack else new["id"]
        stack.append(new)
        self._workspace.touch()
        return new

    def replace(self, old: Json, view: Json) -> Json:
        """Gives an open view other contents; what was typed stays where its input stays."""
        names = ("id", "previous_view_id", "root_view_id", "offered")
        kept = {name: old[name] for name in names if name in old}
        before = shown(old)
        old.clear()
        old.update(self._new(view) | kept)
        old["state"]["values"] = kept_state(before, old)
        self._workspace.touch()
        return old

    def checked(self, view: Any) -> Json:
        """A modal from an answer to a submission. Raises SlackError."""
        return self._checked(view, "modal")

    def _checked(self, view: Any, kind: str | None) -> Json:
        try:
            check_view(view, self._workspace.file_state)
        except BlockKitError as error:
            raise refusal(error) from error
        if not isinstance(view, dict) or (kind and view["type"] != kind):
            raise SlackError(
                "invalid_arguments",
                response_metadata={"messages": ["[ERROR] wrong type [json-pointer:/view/type]"]},
            )
        return view

    def _spend(self, call: Call) -> str:
        """The person behind a trigger id, which lives three seconds and is used once."""
        trigger = call.need("trigger_id")
        if trigger in self._workspace.spent_triggers:
            raise SlackError("exchanged_trigger_id")
        if trigger not in self._workspace.triggers:
            raise SlackError("invalid_trigger_id")
        user, made = self._workspace.triggers[trigger]
        if self._workspace.clock() - made > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        self._workspace.spent_triggers.add(trigger)
        return user

    def _find(self, call: Call) -> Json:
        if call.text("view_id"):
            found = self._workspace.view(call.text("view_id"))
        else:
            wanted = call.need("external_id")
            stacks = self._workspace.modals.values()
            views = [view for stack in stacks for view in stack]
            found = next((one for one in views if one.get("external_id") == wanted), None)
        if found is None:
            raise SlackError("not_found")
        return found

    def _new(self, view: Json) -> Json:
        """The view as Slack keeps it: ids for blocks and elements, a hash, the first state."""
        new: Json = {
            "id": self._workspace.next_id("V"),
            "team_id": TEAM,
            "app_id": APP,
            "bot_id": BOT,
            "app_installed_team_id": TEAM,
            "title": None,
            "close": None,
            "submit": None,
            "callback_id": "",
            "external_id": "",
            "private_metadata": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "previous_view_id": None,
            **shown(view),
            "hash": f"{self._workspace.next_ts()}.{secrets.token_hex(4)}",
        }
        new["root_view_id"] = new["id"]
        for block in new["blocks"]:
            block.setdefault("block_id", self._workspace.next_id("b"))
            for element in elements_of(block):
                element.setdefault("action_id", self._workspace.next_id("a"))
        new["state"] = {"values": kept_state(None, new)}
        return new
