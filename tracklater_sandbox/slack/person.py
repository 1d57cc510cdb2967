"""What a person does in the fake Slack, and what Slack then does with the app's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tracklater_sandbox.slack import payloads
from tracklater_sandbox.slack.blockkit import BlockKitError, check_options, elements_of
from tracklater_sandbox.slack.calls import Call, SlackError
from tracklater_sandbox.slack.delivery import Delivery, NoAck
from tracklater_sandbox.slack.inputs import InputError, chosen, inputs_of, missing
from tracklater_sandbox.slack.messages import Messages
from tracklater_sandbox.slack.views import Views
from tracklater_sandbox.slack.workspace import Channel, Json, Person, Token, Workspace, shown

RETRY_AFTER = (0.0, 60.0, 300.0)


class NotThere(LookupError):
    """The person cannot see what they want to act on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the person sees of the answer: `errors` beside fields, `options` to choose from."""

    acked: bool = True
    payload: Json | None = None
    errors: dict[str, str] = field(default_factory=dict)
    options: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An element in a message or view, and where it stands."""

    place: Json
    holder: Json
    block: Json
    element: Json
    channel: Channel | None


class UserActions:
    """Does things for people. Runs on the server's thread."""

    def __init__(
        self,
        workspace: Workspace,
        delivery: Delivery,
        messages: Messages,
        views: Views,
        answer_url: str,
    ) -> None:
        self._workspace = workspace
        self._messages = messages
        self._views = views
        self._answer_url = answer_url
        self._tasks: set[asyncio.Task[None]] = set()
        self.delivery = delivery
        self.retry_after = RETRY_AFTER
        self.last_event: Json | None = None
        # The events that manifest.yml asks for, as Slack's bot_events names them.
        self.subscribed = {"app_home_opened", "message.im"}

    # -- commands, messages, shortcuts

    async def command(self, user: str, word: str, text: str, channel_id: str | None) -> Outcome:
        """Sends a slash command, from the DM with the bot unless a channel is named."""
        channel = self._channel(user, channel_id)
        trigger = self._workspace.trigger(user)
        payload = payloads.command(self._person(user), word, text, channel, trigger)
        payload["response_url"] = self._response_url(channel, user)
        try:
            answer = await self.delivery.send("slash_commands", payload)
        except NoAck as error:
            self._workspace.notice(user, f"{word} failed because {error}.")
            return Outcome(acked=False, problem=str(error))
        if answer:
            self.answer(channel, user, None, answer)
        return Outcome(payload=answer)

    async def say(self, user: str, text: str, channel_id: str | None) -> str:
        """Writes a message and returns its ts. The app hears of it only if it asked to."""
        channel = self._channel(user, channel_id)
        message: Json = {
            "type": "message",
            "user": user,
            "text": text,
            "ts": self._workspace.next_ts(),
        }
        self._workspace.put(channel, message)
        if channel.is_im and "message.im" in self.subscribed:
            body = message | {"channel": channel.id, "channel_type": "im"}
            await self.emit(body)
        return str(message["ts"])

    async def shortcut(self, user: str, callback_id: str, ts: str | None) -> Outcome:
        """Chooses a message's shortcut, or a global one when there is no message."""
        trigger = self._workspace.trigger(user)
        kind = "message_action" if ts else "shortcut"
        payload = payloads.interaction(kind, self._person(user), trigger)
        payload["callback_id"] = callback_id
        if ts:
            channel, message = self._message(user, ts)
            payload |= {
                "message_ts": ts,
                "message": payloads.without_marks(message),
                "channel": {"id": channel.id, "name": channel.name},
                "response_url": self._response_url(channel, user),
            }
        return await self._interact(user, payload)

    # -- Home

    async def open_home(self, user: str) -> None:
        """Opens the app's Home tab."""
        body: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": self._workspace.dm(user).id,
            "tab": "home",
            "event_ts": self._workspace.next_ts(),
        }
        home = self._workspace.homes.get(user)
        await self.emit(body | ({"view": payloads.visible_view(home)} if home else {}))

    # -- elements

    async def click(
        self,
        user: str,
        where: str,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Clicks a button, or chooses `value` in a menu or picker."""
        target = self._target(user, where, action_id, value, block_id)
        if target.channel is None and values:
            self._fill(target.holder, still_there(target.holder, values))
        ts = self._workspace.next_ts()
        state = self._choose(target, value)
        place = target.place if target.channel else payloads.in_view(target.holder)
        if target.channel:
            place = payloads.in_message(target.channel, target.holder)
        trigger = self._workspace.trigger(user)
        payload = payloads.interaction("block_actions", self._person(user), trigger) | place
        payload["actions"] = [payloads.action(target.block, target.element, state, ts)]
        if target.channel:
            payload["response_url"] = self._response_url(
                target.channel, user, str(target.holder["ts"])
            )
        return await self._interact(user, payload)

    async def suggest(
        self, user: str, where: str, action_id: str, query: str, block_id: str | None
    ) -> Outcome:
        """Types into an external select; the options may then be chosen."""
        target = self._target(user, where, action_id, None, block_id)
        if len(query) < target.element.get("min_query_length", 3):
            return Outcome()
        payload = payloads.suggestion(
            self._person(user), target.place, target.block, target.element, query
        )
        outcome = await self._interact(user, payload)
        if not outcome.acked:
            return outcome
        try:
            check_options(outcome.payload)
        except BlockKitError as error:
            self._workspace.notice(user, f"Slack could not show the options: {error}")
            return Outcome(problem=str(error))
        answer = outcome.payload or {}
        groups = answer.get("option_groups") or []
        options = answer.get("options") or [one for group in groups for one in group["options"]]
        offered = target.holder.setdefault("offered", {})
        offered.setdefault(_place(target.block, target.element), []).extend(options)
        return Outcome(options=options, groups=groups)

    def _choose(self, target: Target, value: Any) -> Json | None:
        element = target.element
        if element["type"] == "overflow":
            option = next((one for one in element["options"] if one["value"] == value), None)
            if option is None:
                raise NotThere(f"the menu has no {value!r}")
            return payloads.button_state(element, option)
        if not payloads.holds_value(element):
            return None
        state = chosen(element, value, self._offered(target))
        values = target.holder.setdefault("state", {"values": {}})["values"]
        values.setdefault(target.block["block_id"], {})[element["action_id"]] = state
        return state

    def _offered(self, target: Target) -> list[Json]:
        offered: dict[str, list[Json]] = target.holder.get("offered", {})
        return offered.get(_place(target.block, target.element), [])

    # -- modals

    async def fill(self, user: str, values: Mapping[str, Any]) -> None:
        """Fills in the top modal (values by block id)."""
        self._fill(self._top(user, None), values)

    async def submit(self, user: str, values: Mapping[str, Any], view_id: str | None) -> Outcome:
        """Fills in the top modal (values by block id) and presses its submit button."""
        view = self._top(user, view_id)
        try:
            self._fill(view, values)
        except InputError as error:
            return Outcome(errors={"": str(error)}, problem=str(error))
        gaps = missing(view)
        if gaps:
            return Outcome(errors=gaps)
        payload = payloads.submission(self._person(user), view, self._workspace.trigger(user))
        outcome = await self._interact(user, payload)
        return self._after_submit(user, view, outcome) if outcome.acked else outcome

    def _after_submit(self, user: str, view: Json, outcome: Outcome) -> Outcome:
        answer = outcome.payload or {}
        kind = answer.get("response_action")
        if kind == "errors":
            return self._field_errors(user, view, answer.get("errors") or {})
        try:
            self._carry_out(user, view, kind, answer.get("view"))
        except SlackError as error:
            self._workspace.notice(user, "We had some trouble connecting. Try again?")
            return Outcome(problem=str(error.body), payload=answer)
        self._workspace.touch()
        return outcome

    def _carry_out(self, user: str, view: Json, kind: str | None, new: Any) -> None:
        stack = self._workspace.stack(user)
        if kind == "update":
            self._views.replace(view, self._views.checked(new))
        elif kind == "push":
            self._views.show(user, self._views.checked(new))
        elif kind == "clear" or view.get("clear_on_close"):
            stack.clear()
        elif kind is None:
            if view in stack:
                stack.remove(view)
        else:
            raise SlackError(f"unknown response_action {kind}")

    def _field_errors(self, user: str, view: Json, errors: dict[str, str]) -> Outcome:
        fields = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not errors or not errors.keys() <= fields:
            unknown = ", ".join(sorted(errors.keys() - fields)) or "none"
            self._workspace.notice(user, "We had some trouble connecting. Try again?")
            return Outcome(problem=f"errors for blocks that are no inputs: {unknown}")
        return Outcome(errors=errors)

    async def close(self, user: str, view_id: str | None, *, everything: bool = False) -> Outcome:
        """Closes the top modal, or all of them."""
        view = self._top(user, view_id)
        stack = self._workspace.stack(user)
        closed = list(reversed(stack)) if everything or view["clear_on_close"] else [view]
        for one in closed:
            stack.remove(one)
        self._workspace.touch()
        for one in closed:
            if one["notify_on_close"]:
                payload = payloads.closing(self._person(user), one, cleared=len(closed) > 1)
                await self._interact(user, payload)
        return Outcome()

    def _fill(self, view: Json, values: Mapping[str, Any]) -> None:
        """Sets inputs by block id; a value may also be given as {action_id: value}."""
        known = {
            block["block_id"]: (block, element) for block, element in inputs_of(view["blocks"])
        }
        for block_id, value in values.items():
            if block_id not in known:
                raise NotThere(f"the view has no input {block_id!r}")
            block, element = known[block_id]
            bare = value
            if isinstance(value, dict) and element["action_id"] in value:
                bare = value[element["action_id"]]
            offered = view.get("offered", {}).get(_place(block, element), [])
            state = chosen(element, bare, offered)
            view["state"]["values"].setdefault(block_id, {})[element["action_id"]] = state

    # -- answers

    def answer(self, channel: Channel, user: str, ts: str | None, body: Json) -> None:
        """Carries out what an app sent to a response_url or with the ack of a command."""
        original = channel.messages.get(ts) if ts else None
        if body.get("delete_original") and original:
            del channel.messages[str(original["ts"])]
            self._workspace.touch()
            return
        replaces = bool(body.get("replace_original")) and original is not None
        call = Call(Token("", "bot", user, frozenset()), body)
        message = self._messages.compose(call, ts=str(ts) if replaces else None)
        hidden = body.get("response_type", "ephemeral") != "in_channel"
        if replaces and original is not None:
            hidden = bool(original.get("is_ephemeral"))
        if hidden:
            message |= {"is_ephemeral": True, "ephemeral_for": user}
        self._workspace.put(channel, message)

    # -- events

    async def emit(self, body: Json) -> None:
        """Sends an event; without an acknowledgement it is sent again, as Slack does."""
        event = payloads.event(body, self._workspace.next_id("Ev"), self._workspace.clock())
        self.last_event = event
        try:
            await self.delivery.send("events_api", event)
        except NoAck:
            task = asyncio.get_running_loop().create_task(self._retry(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _retry(self, event: Json) -> None:
        for number, seconds in enumerate(self.retry_after, start=1):
            await asyncio.sleep(seconds)
            try:
                await self.delivery.send("events_api", event, retry=number)
            except NoAck:
                continue
            return

    async def repeat_event(self) -> None:
        """Sends the last event once more, although it was acknowledged."""
        if self.last_event is None:
            raise NotThere("no event was sent yet")
        await self.delivery.send("events_api", self.last_event, retry=1)

    async def stop(self) -> None:
        """Gives up all retries."""
        for task in list(self._tasks):
            task.cancel()

    # -- helpers

    async def _interact(self, user: str, payload: Json) -> Outcome:
        try:
            answer = await self.delivery.send("interactive", payload)
        except NoAck as error:
            self._workspace.notice(user, f"This action did not work: {error}.")
            return Outcome(acked=False, problem=str(error))
        return Outcome(payload=answer)

    def _person(self, user: str) -> Person:
        if user not in self._workspace.people:
            raise NotThere(f"nobody here is {user}")
        return self._workspace.people[user]

    def _channel(self, user: str, channel_id: str | None) -> Channel:
        if channel_id is None:
            return self._workspace.dm(user)
        if channel_id not in self._workspace.channels:
            raise NotThere(f"there is no channel {channel_id}")
        return self._workspace.channels[channel_id]

    def _message(self, user: str, ts: str) -> tuple[Channel, Json]:
        found = self._workspace.find_message(ts)
        if found is None or found[1].get("ephemeral_for", user) != user:
            raise NotThere(f"there is no message {ts}")
        return found

    def _top(self, user: str, view_id: str | None) -> Json:
        stack = self._workspace.stack(user)
        if not stack:
            raise NotThere("no modal is open")
        if view_id and stack[-1]["id"] != view_id:
            raise NotThere("another modal is on top")
        return stack[-1]

    def _target(
        self, user: str, where: str, action_id: str, value: Any, block_id: str | None
    ) -> Target:
        view = self._workspace.view(where)
        if view is not None:
            block, element = _element(view["blocks"], action_id, value, block_id)
            return Target(payloads.in_view(view), view, block, element, None)
        channel, message = self._message(user, where)
        block, element = _element(message.get("blocks") or [], action_id, value, block_id)
        place = payloads.in_message(channel, message)
        return Target(place, message, block, element, channel)

    def _response_url(self, channel: Channel, user: str, message: str | None = None) -> str:
        return self._answer_url + self._workspace.response_key(channel.id, user, message)


def still_there(view: Json, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the inputs that no update has taken away since."""
    there = {block["block_id"] for block, _ in inputs_of(view["blocks"])}
    return {name: value for name, value in values.items() if name in there}


def _place(block: Json, element: Json) -> str:
    return f"{block['block_id']}/{element['action_id']}"


def _element(
    blocks: list[Json], action_id: str, value: Any, block_id: str | None
) -> tuple[Json, Json]:
    """The first element with the action id whose value or options fit.

    A click on what was replaced a moment ago counts: ids that Slack made up are new by then.
    """
    named = [block for block in blocks if block.get("block_id") == block_id]
    for block in named or blocks:
        for element in elements_of(block):
            if element.get("action_id") == action_id and _fits(element, value):
                return shown(block), element
    raise NotThere(f"there is no {action_id!r} with {value!r}")


def _fits(element: Json, value: Any) -> bool:
    if value is None:
        return True
    if element["type"] == "button":
        return bool(element.get("value") == value)
    if element["type"] == "overflow":
        return any(option["value"] == value for option in element["options"])
    return True
