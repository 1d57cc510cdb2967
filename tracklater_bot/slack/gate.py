"""Who may do what, what a click says, and how an answer goes back to the person.

Everything that Slack sends passes here before any listener sees it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, BoltContext, BoltRequest, BoltResponse, Respond
from slack_sdk import WebClient

from tracklater_bot.blocks.dialog_values import DialogMeta, errors_for
from tracklater_bot.blocks.dialogs import note_modal
from tracklater_bot.blocks.help import note
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.review.decisions import ReviewError
from tracklater_bot.scheduling.loop import submit

STRANGER = "Only the person whose day this is can do that. Nothing was changed."
NOT_YOURS = (
    "This bot keeps somebody else's time. To have it keep yours, run it with settings of your own."
)

_ANSWERED = "answered"
SLACK_WAITS = 3.0  # seconds for an acknowledgement

# Whether the item with this id, or whatever names none (""), is this Slack member's to act on.
Owns = Callable[[str, str], bool]


@contextmanager
def stored_first(ack: Ack) -> Iterator[None]:
    """Acknowledges a click when the block has stored what it means, so that no crash loses it.

    Where the database cannot be used it is not: Slack shows the person that it failed.
    """
    try:
        yield
    except StoreError:
        raise
    except BaseException:
        ack()
        raise
    ack()


@contextmanager
def told_when_answered(request: BoltRequest) -> Iterator[None]:
    """Whoever waits in `until_answered` goes on when the block has sent Slack its answer."""
    answered = request.context[_ANSWERED] = threading.Event()
    try:
        yield
    finally:
        answered.set()


def until_answered(context: BoltContext) -> None:
    """Waits until what was acknowledged is on its way: it may draw a dialog that is drawn anew now.

    Bolt sends it when it sees it, and a quick update of the dialog would come before.
    """
    if (answered := context.get(_ANSWERED)) is not None:
        answered.wait(SLACK_WAITS)


@dataclass(frozen=True, slots=True)
class Click:
    """One button, menu or select that somebody used."""

    user: str
    action_id: str
    value: str
    trigger_id: str
    view: Mapping[str, Any]

    @property
    def in_dialog(self) -> bool:
        """Whether it was made inside a modal, where there is no message to answer beside."""
        return self.view.get("type") == "modal"

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Click:
        """From a block_actions payload; a menu's value is that of the chosen option."""
        action = body["actions"][0]
        option = action.get("selected_option") or {}
        return cls(
            user=str(body["user"]["id"]),
            action_id=str(action.get("action_id", "")),
            value=str(action.get("value") or option.get("value") or ""),
            trigger_id=str(body.get("trigger_id", "")),
            view=body.get("view") or {},
        )


def refusal_of(decide: Callable[[], object]) -> str:
    """Carries out one decision; why not, in words for the person, if not."""
    try:
        decide()
    except ReviewError as error:
        return str(error)
    return ""


def refused(ack: Ack, respond: Respond, decide: Callable[[], object]) -> str:
    """Carries out what a click means, acknowledges it, and tells the person why not, if not."""
    with stored_first(ack):
        refusal = refusal_of(decide)
    if refusal:
        reply_privately(respond, refusal)
    return refusal


def reply_privately(respond: Respond, text: str) -> None:
    """Says something to the one who clicked, beside the message, which stays as it is."""
    respond(text=text, response_type="ephemeral", replace_original=False)


def say(click: Click, text: str, client: WebClient, respond: Respond) -> None:
    """Says something where it was clicked: beside the message, or on top of the dialog."""
    if click.in_dialog:
        client.views_push(trigger_id=click.trigger_id, view=note_modal("Not done", text))
    else:
        reply_privately(respond, text)


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
