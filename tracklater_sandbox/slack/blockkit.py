"""Whether Slack would take a message, a modal or a Home: its limits and its error codes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from tracklater_sandbox.slack.checks import (
    Check,
    Problem,
    Shape,
    boolean,
    items,
    may,
    need,
    plain,
    shaped,
    string,
    typed,
    word,
)
from tracklater_sandbox.slack.shapes import BLOCKS, OPTION, OPTION_GROUP

Surface: TypeAlias = Literal["message", "modal", "home"]
FileState: TypeAlias = Callable[[str], str | None]

MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}
NOT_IN: Mapping[Surface, frozenset[str]] = {
    "message": frozenset({"alert"}),
    "modal": frozenset({"table", "markdown"}),
    "home": frozenset({"table", "alert", "markdown"}),
}
# Slack counts text with an allowance for each block. Messages were seen refused at 11,341
# characters in 45 blocks and taken at 9,597 in 50; this is the careful side of both.
MOST_TEXT = 12_000
TEXT_PER_BLOCK = 45
MOST_VIEW_BYTES = 250_000


class BlockKitError(Exception):
    """Slack would refuse this. `code` is its error code; `problems` say where and why."""

    def __init__(self, code: str, problems: Iterable[Problem] = ()) -> None:
        self.code = code
        self.problems = [f"{message} [json-pointer:{at}]" for at, message in problems]
        super().__init__(f"{code}: {'; '.join(self.problems)}" if self.problems else code)


def check_message(blocks: Any, file_state: FileState = lambda _: "ready") -> None:
    """Raises BlockKitError as chat.postMessage would. `file_state` is None for no such file."""
    if not isinstance(blocks, list):
        raise BlockKitError("invalid_blocks_format")
    problems = [*_blocks(blocks, "message", "/blocks"), *_files(blocks, file_state)]
    if problems:
        raise BlockKitError("invalid_blocks", problems)
    if text_of(blocks) + TEXT_PER_BLOCK * len(blocks) > MOST_TEXT:
        raise BlockKitError("msg_blocks_too_long")


def check_view(view: Any, file_state: FileState = lambda _: "ready") -> None:
    """Raises BlockKitError as views.open, views.update and views.publish would."""
    kind = view.get("type") if isinstance(view, dict) else None
    if kind not in ("modal", "home"):
        raise BlockKitError("invalid_arguments", [("/view", "missing required field: type")])
    problems = [*_VIEWS[kind](view, "/view")]
    blocks = view.get("blocks")
    if isinstance(blocks, list):
        problems += _blocks(blocks, kind, "/view/blocks")
        problems += _files(blocks, file_state, "/view/blocks")
        problems += _submit_when_needed(view, blocks)
    if problems:
        raise BlockKitError("invalid_arguments", problems)
    if len(json.dumps(view).encode()) > MOST_VIEW_BYTES:
        raise BlockKitError("view_too_large")


def check_options(answer: Any) -> None:
    """Raises BlockKitError for an answer to a suggestion request that Slack would not show."""
    given = [name for name in _SUGGESTED if isinstance(answer, dict) and name in answer]
    if len(given) != 1:
        raise BlockKitError("invalid_options", [("", "must define `options` or `option_groups`")])
    problems = [*_SUGGESTED[given[0]](answer[given[0]], f"/{given[0]}")]
    if problems:
        raise BlockKitError("invalid_options", problems)


def text_of(value: Any) -> int:
    """How many characters of text there are anywhere inside."""
    if isinstance(value, list):
        return sum(text_of(one) for one in value)
    if not isinstance(value, dict):
        return 0
    return sum(
        len(inner) if name == "text" and isinstance(inner, str) else text_of(inner)
        for name, inner in value.items()
    )


_ANY = items(lambda value, at: iter(()), 10_000, 0)
_VIEW: Shape = {
    "type": need(word("modal", "home")),
    "blocks": need(_ANY),
    "private_metadata": may(string(3000, 0)),
    "callback_id": may(string(255)),
    "external_id": may(string(255)),
}
_VIEWS: Mapping[str, Check] = {
    "home": shaped(_VIEW),
    "modal": shaped(
        {
            **_VIEW,
            "title": need(plain(24)),
            "submit": may(plain(24)),
            "close": may(plain(24)),
            "clear_on_close": may(boolean),
            "notify_on_close": may(boolean),
            "submit_disabled": may(boolean),
        }
    ),
}
_SUGGESTED: Mapping[str, Check] = {
    "options": items(OPTION, 100, 0),
    "option_groups": items(OPTION_GROUP, 100, 0),
}


def _blocks(blocks: list[Any], surface: Surface, at: str) -> Iterator[Problem]:
    if len(blocks) > MOST_BLOCKS[surface]:
        yield at, f"no more than {MOST_BLOCKS[surface]} items allowed"
    allowed = typed({kind: check for kind, check in BLOCKS.items() if kind not in NOT_IN[surface]})
    for number, block in enumerate(blocks):
        yield from allowed(block, f"{at}/{number}")
    sound = [block for block in blocks if isinstance(block, dict)]
    yield from _unique_block_ids(sound, at)
    yield from _unique_action_ids(sound, at)
    if sum(block.get("type") == "table" for block in sound) > 1:
        yield at, "only one table is allowed"
    markdown = sum(len(str(one.get("text"))) for one in sound if one.get("type") == "markdown")
    if markdown > MOST_TEXT:
        yield at, f"markdown blocks must have less than {MOST_TEXT + 1} characters together"


def _unique_block_ids(blocks: list[dict[str, Any]], at: str) -> Iterator[Problem]:
    counts = Counter(str(block["block_id"]) for block in blocks if block.get("block_id"))
    for block_id, count in counts.items():
        if count > 1:
            yield at, f"`block_id` already exists: {block_id}"


def _unique_action_ids(blocks: list[dict[str, Any]], at: str) -> Iterator[Problem]:
    """Slack wants them unique inside a block only."""
    for number, block in enumerate(blocks):
        found = [element.get("action_id") for element in elements_of(block)]
        counts = Counter(action_id for action_id in found if action_id)
        for action_id, count in counts.items():
            if count > 1:
                yield f"{at}/{number}", f"`action_id` already exists: {action_id}"


def elements_of(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The interactive elements of a block, in order."""
    inside = [block.get("accessory"), block.get("element")]
    if block.get("type") in ("actions", "context"):
        elements = block.get("elements")
        inside += elements if isinstance(elements, list) else []
    return [one for one in inside if isinstance(one, dict) and one.get("type") not in _PASSIVE]


_PASSIVE = frozenset({"image", "plain_text", "mrkdwn"})


def _submit_when_needed(view: Mapping[str, Any], blocks: list[Any]) -> Iterator[Problem]:
    has_input = any(isinstance(one, dict) and one.get("type") == "input" for one in blocks)
    if view.get("type") == "modal" and has_input and not view.get("submit"):
        yield "/view", "missing required field: submit (the view has an input block)"


def _files(blocks: list[Any], file_state: FileState, at: str = "/blocks") -> Iterator[Problem]:
    """An image may only show a file that Slack has finished looking at."""
    for pointer, image in _images(blocks, at):
        file = image.get("slack_file")
        if not isinstance(file, dict) or "id" not in file:
            continue
        if file_state(str(file["id"])) != "ready":
            yield f"{pointer}/slack_file", "invalid slack file"


def _images(blocks: list[Any], at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        if block.get("type") == "image":
            yield f"{at}/{number}", block
        accessory = block.get("accessory")
        if isinstance(accessory, dict) and accessory.get("type") == "image":
            yield f"{at}/{number}/accessory", accessory
        elements = block.get("elements")
        for place, element in enumerate(elements if isinstance(elements, list) else ()):
            if isinstance(element, dict) and element.get("type") == "image":
                yield f"{at}/{number}/elements/{place}", element
