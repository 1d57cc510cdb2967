"""Who may do what: everything that Slack sends passes here before any listener sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from slack_bolt import Ack, BoltContext, BoltResponse, Respond
from slack_sdk import WebClient

from tracklater_bot.blocks.dialog_values import DialogMeta, errors_for
from tracklater_bot.blocks.help import note
from tracklater_bot.scheduling.loop import submit
from tracklater_bot.slack.payloads import Click, reply_privately, say

STRANGER = "Only the person whose day this is can do that. Nothing was changed."
NOT_YOURS = (
    "This bot keeps somebody else's time. To have it keep yours, run it with settings of your own."
)

# Whether the item with this id, or whatever names none (""), is this Slack member's to act on.
Owns = Callable[[str, str], bool]


class OwnerGate:
    """Global middleware: lets the owner's requests through, and refuses all others politely.

    What a stranger is told goes out in the executor's threads: an acknowledgement never waits for
    the network.
    """

    def __init__(self, owns: Owns, executor: Executor) -> None:
        self._owns = owns
        self._executor = executor

    def __call__(  # Bolt gives arguments by their names
        self,
        body: dict[str, Any],
        context: BoltContext,
        client: WebClient,
        ack: Ack,
        respond: Respond,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        """Calls the next one for the owner; gives the answer for anybody else."""
        user = context.user_id or ""
        if all(self._owns(user, item_id) for item_id in ("", *_items_named(body))):
            next_()
            return None
        if "command" in body:
            refusal = note(NOT_YOURS)
            return ack(text=refusal.text, blocks=refusal.blocks)
        kind = body.get("type")
        if kind == "block_suggestion":
            return ack(options=[])
        if kind == "view_submission":
            errors = errors_for(body["view"], {"": STRANGER})
            return ack(response_action="errors", errors=errors)
        if kind in ("message_action", "shortcut"):
            submit(self._executor, "Refusing a shortcut", reply_privately, respond, NOT_YOURS)
        elif kind == "block_actions" and (body.get("view") or {}).get("type") != "home":
            submit(
                self._executor, "Refusing a click", say, Click.of(body), STRANGER, client, respond
            )
        return ack()


def _items_named(body: Mapping[str, Any]) -> Iterator[str]:
    """The ids by which a click or a dialog may mean an item."""
    if body.get("actions"):
        yield Click.of(body).value.rpartition(":")[2]  # a menu says first what to do with it
    if body.get("view"):
        with suppress(ValueError):
            yield DialogMeta.of(body["view"]).item
