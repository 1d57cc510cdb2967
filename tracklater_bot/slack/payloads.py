"""What a Slack payload says, taken apart once; and how an answer goes back to the person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, Respond
from slack_sdk import WebClient

from tracklater_bot.blocks.dialogs import note_modal
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.review.decisions import ReviewError


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
