"""Block Kit's blocks and elements as tables of properties and their limits.

From Slack's reference of blocks, elements and composition objects (2025-26).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracklater_sandbox.slack.checks import (
    Check,
    Field,
    Problem,
    Shape,
    any_of,
    boolean,
    items,
    matching,
    may,
    need,
    number,
    one_of,
    plain,
    shaped,
    string,
    text,
    typed,
    url,
    word,
)

TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "time of the form HH:mm")
DATE = matching(r"\d{4}-\d{2}-\d{2}", "date of the form YYYY-MM-DD")
UNIX = number(1_000_000_000, 9_999_999_999)
STYLE = may(word("primary", "danger"))

_CONFIRM = shaped(
    {
        "title": need(plain(100)),
        "text": need(text(300)),
        "confirm": need(plain(30)),
        "deny": need(plain(30)),
        "style": STYLE,
    }
)


def _option(label: Check, *, links: bool = False) -> Check:
    shape: dict[str, Field] = {
        "text": need(label),
        "value": need(string(150)),
        "description": may(text(75)),
    }
    if links:
        shape["url"] = may(url())
    return shaped(shape)


OPTION = _option(plain(75))
RICH_OPTION = _option(text(75))
OPTION_GROUP = shaped({"label": need(plain(75)), "options": need(items(OPTION, 100))})
OPTIONS = items(OPTION, 100)
OPTION_GROUPS = items(OPTION_GROUP, 100)

_ACTION: Shape = {"action_id": may(string(255)), "type": may(string(50))}
_INPUT: Shape = {**_ACTION, "focus_on_load": may(boolean)}
_PICKER: Shape = {**_INPUT, "placeholder": may(plain(150)), "confirm": may(_CONFIRM)}
_MULTI: Shape = {**_PICKER, "max_selected_items": may(number(1, 100))}
_TYPED: Shape = {
    **_INPUT,
    "placeholder": may(plain(150)),
    "dispatch_action_config": may(
        shaped(
            {"trigger_actions_on": may(items(word("on_enter_pressed", "on_character_entered"), 2))}
        )
    ),
}


def _unique_values(value: Any, at: str) -> Iterator[Problem]:
    """Slack tells options apart by their value alone."""
    options = list(value.get("options") or ())
    for group in value.get("option_groups") or ():
        options += group.get("options") or () if isinstance(group, dict) else ()
    values = [option.get("value") for option in options if isinstance(option, dict)]
    if len(values) != len(set(values)):
        yield at, "options must have unique values"


def _initial_among_options(value: Any, at: str) -> Iterator[Problem]:
    """An initial option must equal one of the options exactly."""
    offered = list(value.get("options") or ())
    for group in value.get("option_groups") or ():
        offered += group.get("options") or () if isinstance(group, dict) else ()
    chosen = list(value.get("initial_options") or ())
    if value.get("initial_option") is not None:
        chosen.append(value["initial_option"])
    if any(one not in offered for one in chosen):
        yield at, "initial options must be among the options"


_CHOICES = (one_of("options", "option_groups"), _unique_values, _initial_among_options)
_STATIC: Shape = {"options": may(OPTIONS), "option_groups": may(OPTION_GROUPS)}
_EXTERNAL: Shape = {"min_query_length": may(number(0, 100))}


def _text_lengths(value: Any, at: str) -> Iterator[Problem]:
    least, most = value.get("min_length") or 0, value.get("max_length") or 3000
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield at, "min_length must not be greater than max_length"


def _listed(most: int) -> Check:
    options = items(RICH_OPTION, most)
    return shaped(
        {
            **_INPUT,
            "options": need(options),
            "initial_options": may(options),
            "initial_option": may(RICH_OPTION),
            "confirm": may(_CONFIRM),
        },
        _unique_values,
        _initial_among_options,
    )


ELEMENTS: dict[str, Check] = {
    "button": shaped(
        {
            **_ACTION,
            "text": need(plain(75)),
            "url": may(url()),
            "value": may(string(2000)),
            "style": STYLE,
            "confirm": may(_CONFIRM),
            "accessibility_label": may(string(75)),
        }
    ),
    "overflow": shaped(
        {
            **_ACTION,
            "options": need(items(_option(plain(75), links=True), 5)),
            "confirm": may(_CONFIRM),
        },
        _unique_values,
    ),
    "static_select": shaped({**_PICKER, **_STATIC, "initial_option": may(OPTION)}, *_CHOICES),
    "multi_static_select": shaped(
        {**_MULTI, **_STATIC, "initial_options": may(OPTIONS)}, *_CHOICES
    ),
    "external_select": shaped({**_PICKER, **_EXTERNAL, "initial_option": may(OPTION)}),
    "multi_external_select": shaped({**_MULTI, **_EXTERNAL, "initial_options": may(OPTIONS)}),
    "users_select": shaped({**_PICKER, "initial_user": may(string(50))}),
    "datepicker": shaped({**_PICKER, "initial_date": may(DATE)}),
    "timepicker": shaped({**_PICKER, "initial_time": may(TIME), "timezone": may(string(100))}),
    "datetimepicker": shaped({**_INPUT, "initial_date_time": may(UNIX), "confirm": may(_CONFIRM)}),
    "checkboxes": _listed(10),
    "radio_buttons": _listed(10),
    "plain_text_input": shaped(
        {
            **_TYPED,
            "initial_value": may(string(3000, 0)),
            "multiline": may(boolean),
            "min_length": may(number(0, 3000)),
            "max_length": may(number(1, 3000)),
        },
        _text_lengths,
    ),
    "number_input": shaped(
        {
            **_TYPED,
            "is_decimal_allowed": need(boolean),
            "initial_value": may(string(100)),
            "min_value": may(string(100)),
            "max_value": may(string(100)),
        }
    ),
    "email_text_input": shaped({**_TYPED, "initial_value": may(string(3000, 0))}),
    "url_text_input": shaped({**_TYPED, "initial_value": may(string(3000, 0))}),
}

_IMAGE_SOURCE: Shape = {
    "alt_text": need(string(2000)),
    "image_url": may(url()),
    "slack_file": may(shaped({"id": may(string(50)), "url": may(url())}, one_of("id", "url"))),
}
_IMAGE_ELEMENT = shaped(
    {"type": need(word("image")), **_IMAGE_SOURCE}, one_of("image_url", "slack_file")
)

_BUTTONS = ("button", "overflow", "checkboxes", "radio_buttons")
_SELECTS = ("static_select", "external_select", "users_select")
_MULTIS = ("multi_static_select", "multi_external_select")
_PICKERS = ("datepicker", "timepicker")
_TEXTS = ("plain_text_input", "number_input", "email_text_input", "url_text_input")


def _elements(*names: str) -> dict[str, Check]:
    return {name: ELEMENTS[name] for name in names}


IN_SECTION = {**_elements(*_BUTTONS, *_SELECTS, *_MULTIS, *_PICKERS), "image": _IMAGE_ELEMENT}
IN_ACTIONS = _elements(*_BUTTONS, *_SELECTS, *_PICKERS, "datetimepicker")
IN_INPUT = _elements(
    "checkboxes", "radio_buttons", *_SELECTS, *_MULTIS, *_PICKERS, "datetimepicker", *_TEXTS
)

_STYLES = may(
    shaped({name: may(boolean) for name in ("bold", "italic", "strike", "code", "underline")})
)
_RICH_INLINE: dict[str, Check] = {
    "text": shaped({"type": need(word("text")), "text": need(string(3000)), "style": _STYLES}),
    "link": shaped(
        {
            "type": need(word("link")),
            "url": need(url()),
            "text": may(string(3000)),
            "unsafe": may(boolean),
            "style": _STYLES,
        }
    ),
    "emoji": shaped(
        {"type": need(word("emoji")), "name": need(string(100)), "unicode": may(string(50))}
    ),
    "user": shaped({"type": need(word("user")), "user_id": need(string(50)), "style": _STYLES}),
    "channel": shaped({"type": need(word("channel")), "channel_id": need(string(50))}),
    "date": shaped(
        {
            "type": need(word("date")),
            "timestamp": need(UNIX),
            "format": need(string(200)),
            "url": may(url()),
            "fallback": may(string(200)),
        }
    ),
    "color": shaped({"type": need(word("color")), "value": need(string(7))}),
}
_RICH_LINE = items(typed(_RICH_INLINE), 1000, 0)


def _rich(kind: str, **more: Field) -> Check:
    return shaped({"type": need(word(kind)), "elements": need(_RICH_LINE), **more})


_RICH_SECTION = _rich("rich_text_section")
_BORDER = may(number(0, 1))
_RICH: dict[str, Check] = {
    "rich_text_section": _RICH_SECTION,
    "rich_text_preformatted": _rich("rich_text_preformatted", border=_BORDER),
    "rich_text_quote": _rich("rich_text_quote", border=_BORDER),
    "rich_text_list": shaped(
        {
            "type": need(word("rich_text_list")),
            "style": need(word("bullet", "ordered")),
            "elements": need(items(_RICH_SECTION, 1000, 0)),
            "indent": may(number(0, 8)),
            "offset": may(number(0, 10_000)),
            "border": _BORDER,
        }
    ),
}

_BLOCK: Shape = {"type": need(string(50)), "block_id": may(string(255))}
_CELL = typed(
    {
        "raw_text": shaped({"type": need(word("raw_text")), "text": need(string(3000))}),
        "rich_text": shaped({**_BLOCK, "elements": need(items(typed(_RICH), 100, 0))}),
    }
)

BLOCKS: dict[str, Check] = {
    "header": shaped({**_BLOCK, "text": need(plain(150))}),
    "divider": shaped(_BLOCK),
    "section": shaped(
        {
            **_BLOCK,
            "text": may(text(3000)),
            "fields": may(items(text(2000), 10)),
            "accessory": may(typed(IN_SECTION)),
            "expand": may(boolean),
        },
        any_of("text", "fields"),
    ),
    "context": shaped(
        {
            **_BLOCK,
            "elements": need(
                items(
                    typed(
                        {
                            "image": _IMAGE_ELEMENT,
                            "plain_text": text(3000, "plain_text"),
                            "mrkdwn": text(3000, "mrkdwn"),
                        }
                    ),
                    10,
                )
            ),
        }
    ),
    "actions": shaped({**_BLOCK, "elements": need(items(typed(IN_ACTIONS), 25))}),
    "image": shaped(
        {**_BLOCK, **_IMAGE_SOURCE, "title": may(plain(2000))}, one_of("image_url", "slack_file")
    ),
    "rich_text": shaped({**_BLOCK, "elements": need(items(typed(_RICH), 100, 0))}),
    "input": shaped(
        {
            **_BLOCK,
            "label": need(plain(2000)),
            "element": need(typed(IN_INPUT)),
            "dispatch_action": may(boolean),
            "hint": may(plain(2000)),
            "optional": may(boolean),
        }
    ),
    "markdown": shaped({**_BLOCK, "text": need(string(12_000))}),
    "table": shaped(
        {
            **_BLOCK,
            "rows": need(items(items(_CELL, 20), 100)),
            "column_settings": may(
                items(
                    shaped(
                        {
                            "align": may(word("left", "center", "right")),
                            "is_wrapped": may(boolean),
                        }
                    ),
                    20,
                    0,
                )
            ),
        }
    ),
    "alert": shaped(
        {
            **_BLOCK,
            "text": need(text(200)),
            "level": may(word("default", "info", "warning", "error", "success")),
        }
    ),
}
