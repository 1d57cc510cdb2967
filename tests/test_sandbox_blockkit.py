"""Slack's limits, as the sandbox enforces them."""

from __future__ import annotations

from typing import Any

import pytest

from tracklater_sandbox.slack.blockkit import (
    BlockKitError,
    check_message,
    check_options,
    check_view,
)

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(value: str = "1", text: str = "One", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def select(*options: Json, **more: Any) -> Json:
    return {"type": "static_select", "options": list(options), "action_id": "s", **more}


def overflow(count: int) -> Json:
    options = [option(str(number)) for number in range(count)]
    return {"type": "overflow", "action_id": "more", "options": options}


def image(**more: Any) -> Json:
    return {"type": "image", "alt_text": "A day", "image_url": "https://example.com/a.png", **more}


def buttons(count: int) -> list[Json]:
    return [button(action_id=f"go{number}") for number in range(count)]


def confirm(**more: Any) -> Json:
    words = {"title": plain("Sure?"), "text": plain("x"), "confirm": plain("Yes")}
    return {**words, "deny": plain("No"), **more}


GOOD = [
    section("x" * 3000),
    section(accessory=overflow(5)),
    {"type": "section", "fields": [mrkdwn("x" * 2000) for _ in range(2)]},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "context", "elements": [mrkdwn("x") for _ in range(10)]},
    actions(*buttons(25)),
    actions(button(value="x" * 2000, text=plain("x" * 75), style="primary")),
    actions(button(confirm=confirm())),
    actions(select(option(text="x" * 75, value="x" * 150))),
    image(),
    {"type": "image", "alt_text": "x", "slack_file": {"id": "F1"}},
    {"type": "divider", "block_id": "x" * 255},
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [{"type": "text", "text": "*x*", "style": {"bold": True}}],
            }
        ],
    },
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block["type"])
def test_a_block_at_its_limits_is_taken(block: Json) -> None:
    check_message([block])


BAD = [
    (section("x" * 3001), "must be less than 3001 characters", "/blocks/0/text/text"),
    (section(""), "must be more than 0 characters", "/blocks/0/text/text"),
    ({"type": "section"}, "must define either `text` or `fields`", "/blocks/0"),
    (
        {"type": "section", "fields": [mrkdwn("x")] * 11},
        "no more than 10 items allowed",
        "/blocks/0/fields",
    ),
    ({"type": "section", "fields": [mrkdwn("x" * 2001)]}, "less than 2001", "/fields/0/text"),
    ({"type": "header", "text": plain("x" * 151)}, "less than 151", "/blocks/0/text/text"),
    ({"type": "header", "text": mrkdwn("x")}, "unsupported type: mrkdwn", "/blocks/0/text"),
    ({"type": "context", "elements": [mrkdwn("x")] * 11}, "no more than 10", "/elements"),
    (actions(*buttons(26)), "no more than 25 items allowed", "/blocks/0/elements"),
    (actions(), "no fewer than 1 items allowed", "/blocks/0/elements"),
    (actions(button(text=plain("x" * 76))), "less than 76", "/elements/0/text/text"),
    (actions(button(value="x" * 2001)), "less than 2001", "/elements/0/value"),
    (actions(button(style="green")), "must be one of: primary, danger", "/elements/0/style"),
    (actions(button(), button()), "`action_id` already exists: go", "/blocks/0"),
    (actions(button(action_id="x" * 256)), "less than 256", "/elements/0/action_id"),
    (actions(button(confirm=confirm(title=plain("x" * 101)))), "less than 101", "/confirm/title"),
    (actions(button(confirm=confirm(text=mrkdwn("x" * 301)))), "less than 301", "/confirm/text"),
    (actions(overflow(6)), "no more than 5 items allowed", "/elements/0/options"),
    (actions(select(option(text="x" * 76))), "less than 76", "/options/0/text/text"),
    (actions(select(option(value="x" * 151))), "less than 151", "/options/0/value"),
    (actions(select(option("1"), option("1", "Two"))), "unique values", "/elements/0"),
    (
        actions(select(option("1"), initial_option=option("2"))),
        "initial options must be among the options",
        "/elements/0",
    ),
    (
        actions(select(*(option(str(number)) for number in range(101)))),
        "no more than 100 items allowed",
        "/elements/0/options",
    ),
    (actions(select(option(), placeholder=plain("x" * 151))), "less than 151", "/placeholder"),
    (image(alt_text="x" * 2001), "less than 2001", "/blocks/0/alt_text"),
    (image(slack_file={"id": "F1"}), "exactly one of: image_url, slack_file", "/blocks/0"),
    ({"type": "image", "alt_text": "x"}, "exactly one of: image_url, slack_file", "/blocks/0"),
    (section(emoji=True), "invalid additional property: emoji", "/blocks/0"),
    ({"type": "divider", "block_id": "x" * 256}, "less than 256", "/blocks/0/block_id"),
    ({"type": "carousel"}, "unsupported type: carousel", "/blocks/0"),
    ({}, "missing required field: type", "/blocks/0"),
]


@pytest.mark.parametrize(("block", "words", "place"), BAD, ids=[words for _, words, _ in BAD])
def test_a_block_beyond_its_limits_is_refused(block: Json, words: str, place: str) -> None:
    with pytest.raises(BlockKitError) as caught:
        check_message([block])
    assert caught.value.code == "invalid_blocks"
    assert any(words in problem and place in problem for problem in caught.value.problems)


def test_a_message_has_at_most_fifty_blocks() -> None:
    check_message([{"type": "divider"}] * 50)
    with pytest.raises(BlockKitError, match="no more than 50 items allowed"):
        check_message([{"type": "divider"}] * 51)


def test_block_ids_are_unique_in_a_message() -> None:
    with pytest.raises(BlockKitError, match="`block_id` already exists: one"):
        check_message([section(block_id="one"), section(block_id="one")])


def test_the_same_action_may_stand_in_several_blocks() -> None:
    check_message([actions(button(value="1")), actions(button(value="2"))])


def test_the_text_of_all_blocks_counts_together() -> None:
    check_message([section("x" * 2900)] * 4)
    with pytest.raises(BlockKitError) as caught:
        check_message([section("x" * 3000)] * 4)
    assert caught.value.code == "msg_blocks_too_long"


def test_a_file_must_be_there_and_ready() -> None:
    picture = {"type": "image", "alt_text": "x", "slack_file": {"id": "F1"}}
    for state in ("processing", None):  # None: there is no such file
        with pytest.raises(BlockKitError, match="invalid slack file"):
            check_message([picture], {"F1": state}.get)


def modal(*blocks: Json, **more: Any) -> Json:
    view = {"type": "modal", "title": plain("Edit"), "submit": plain("Save")}
    return {**view, "blocks": list(blocks), **more}


def asked(element: Json) -> Json:
    return {"type": "input", "label": plain("Start"), "element": element}


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (modal(title=plain("x" * 25)), "less than 25"),
        (modal(submit=plain("x" * 25)), "less than 25"),
        (modal(close=plain("x" * 25)), "less than 25"),
        (modal(private_metadata="x" * 3001), "less than 3001"),
        (modal(*[{"type": "divider"}] * 101), "no more than 100 items"),
        (modal(asked({"type": "timepicker", "initial_time": "24:00"})), "HH:mm"),
        (modal(asked({"type": "timepicker"}), submit=None), "missing required field: submit"),
        (modal(asked({"type": "button", "text": plain("x")})), "unsupported type: button"),
        (modal(asked({"type": "datetimepicker", "initial_date_time": 5})), "between"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "home"}, "missing required field: blocks"),
        ({"type": "home", "blocks": [{"type": "alert", "text": plain("x")}]}, "unsupported"),
    ],
)
def test_a_view_beyond_its_limits_is_refused(view: Json, words: str) -> None:
    with pytest.raises(BlockKitError, match=words) as caught:
        check_view(view)
    assert caught.value.code == "invalid_arguments"


def test_a_view_has_at_most_250_kilobytes() -> None:
    long = [section("x" * 2990) for _ in range(90)]
    with pytest.raises(BlockKitError, match="view_too_large"):
        check_view({"type": "home", "blocks": long})


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"options": [], "option_groups": []},
        {"options": [option(text="x" * 76)]},
        {"options": [option()] * 101},
        {"option_groups": [{"label": plain("x" * 76), "options": [option()]}]},
    ],
)
def test_suggestions_that_slack_would_not_show_are_refused(answer: Any) -> None:
    with pytest.raises(BlockKitError):
        check_options(answer)


def test_no_suggestions_are_an_answer() -> None:
    check_options({"options": []})
    check_options({"option_groups": [{"label": plain("Mine"), "options": [option()]}]})
