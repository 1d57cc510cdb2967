"""What a person has filled in: the values of inputs as Slack reports them in `state.values`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any

from tracklater_sandbox.slack.blockkit import elements_of
from tracklater_sandbox.slack.workspace import Json

# Element type -> (name in `state.values`, names of its initial value)
VALUE_NAMES: Mapping[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
MANY = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
CHOICE = frozenset({"static_select", "external_select", "radio_buttons"}) | MANY
FORMS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "timepicker": ("HH:mm", time.fromisoformat),
    "datepicker": ("YYYY-MM-DD", date.fromisoformat),
}


class InputError(ValueError):
    """The person could not have given this value: Slack's own form would not let them."""


def inputs_of(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Each block with each of its elements that holds a value."""
    for block in blocks:
        for element in elements_of(block):
            if element.get("type") in VALUE_NAMES:
                yield block, element


def initial(element: Mapping[str, Any]) -> Json:
    """An element's value before the person touches it."""
    name, first = VALUE_NAMES[element["type"]]
    empty: Any = [] if element["type"] in MANY else None
    return {"type": element["type"], name: element.get(first, empty)}


def kept_state(before: Json | None, view: Json) -> Json:
    """The state of a view's inputs; values of an earlier version stay where the input stays."""
    old = before["state"]["values"] if before else {}
    values: Json = {}
    for block, element in inputs_of(view["blocks"]):
        kept = old.get(block["block_id"], {}).get(element["action_id"])
        same = kept is not None and kept["type"] == element["type"]
        fresh: Json = kept if same else initial(element)
        values.setdefault(block["block_id"], {})[element["action_id"]] = fresh
    return values


def message_state(message: Json) -> Json:
    """The state that goes with a click inside a message."""
    return kept_state(message if "state" in message else None, {"blocks": message["blocks"]})


def options_of(element: Mapping[str, Any]) -> list[Json]:
    """All options an element offers by itself."""
    grouped = [one for group in element.get("option_groups") or () for one in group["options"]]
    return [*(element.get("options") or ()), *grouped]


def chosen(element: Mapping[str, Any], value: Any, offered: Sequence[Json]) -> Json:
    """The state of an element after the person gave it `value`. Raises InputError.

    Choices may be named by an option's value; `offered` are the options of the last suggestion.
    """
    kind = element["type"]
    name = VALUE_NAMES[kind][0]
    if kind in MANY:
        given = value or []
        return {"type": kind, name: [_option(element, one, offered) for one in given]}
    if value is None or value == "":
        return {"type": kind, name: None}
    if kind in CHOICE:
        return {"type": kind, name: _option(element, value, offered)}
    return {"type": kind, name: _plain(element, value)}


def _option(element: Mapping[str, Any], value: Any, offered: Sequence[Json]) -> Json:
    wanted = value.get("value") if isinstance(value, dict) else value
    first = element.get("initial_option")
    known: list[Json] = [*options_of(element), *offered, *([first] if first else [])]
    known += element.get("initial_options") or []
    for option in known:
        if option["value"] == wanted:
            return option
    raise InputError(f"{wanted!r} is not among the options of {element.get('action_id')}")


def _plain(element: Mapping[str, Any], value: Any) -> Any:
    kind = element["type"]
    if kind == "datetimepicker":
        return int(value)
    text = str(value)
    if kind in FORMS:
        _parses(text, kind)
    most, least = element.get("max_length", 3000), element.get("min_length", 0)
    if kind == "plain_text_input" and not least <= len(text) <= most:
        raise InputError(f"write between {least} and {most} characters")
    if kind == "number_input":
        _number(element, text)
    return text


def _parses(text: str, kind: str) -> None:
    form, parse = FORMS[kind]
    try:
        parse(text)
    except ValueError:
        raise InputError(f"{text!r} is not of the form {form}") from None
    if len(text) != len(form):
        raise InputError(f"{text!r} is not of the form {form}")


def _number(element: Mapping[str, Any], text: str) -> None:
    if not text:
        return
    try:
        number = float(text) if element["is_decimal_allowed"] else int(text)
    except ValueError:
        raise InputError(f"{text!r} is no number") from None
    low, high = element.get("min_value"), element.get("max_value")
    if (low and number < float(low)) or (high and number > float(high)):
        raise InputError(f"{text} is outside {low} .. {high}")


def missing(view: Json) -> dict[str, str]:
    """Required inputs that are empty, keyed by block: Slack says so before it asks the app."""
    gaps = {}
    for block, element in inputs_of(view["blocks"]):
        if block.get("type") != "input" or block.get("optional"):
            continue
        state = view["state"]["values"][block["block_id"]][element["action_id"]]
        if state.get(VALUE_NAMES[element["type"]][0]) in (None, "", []):
            gaps[block["block_id"]] = "Please complete this required field."
    return gaps
