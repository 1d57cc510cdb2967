"""Small checks that Block Kit's shapes are made of.

A check looks at one value and yields problems as (JSON pointer, message), in Slack's own words as
far as they are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Problem: TypeAlias = tuple[str, str]
Check: TypeAlias = Callable[[Any, str], Iterator[Problem]]

SCHEMAS = "failed to match all allowed schemas"


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a shape."""

    check: Check
    required: bool = False


Shape: TypeAlias = Mapping[str, Field]


def need(check: Check) -> Field:
    """A property that must be there."""
    return Field(check, required=True)


def may(check: Check) -> Field:
    """A property that may be left out."""
    return Field(check)


def string(most: int, least: int = 1) -> Check:
    """A string of `least` to `most` characters."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield at, "must provide a string"
        elif len(value) > most:
            yield at, f"must be less than {most + 1} characters"
        elif len(value) < least:
            yield at, f"must be more than {least - 1} characters"

    return check


def word(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if value not in allowed:
            yield at, f"must be one of: {', '.join(allowed)}"

    return check


def boolean(value: Any, at: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield at, "must provide a boolean"


def number(least: int, most: int) -> Check:
    """A whole number within bounds."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield at, "must provide an integer"
        elif not least <= value <= most:
            yield at, f"must be between {least} and {most}"

    return check


def matching(pattern: str, what: str) -> Check:
    """A string of a form, such as `HH:mm`."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            yield at, f"must be a valid {what}"

    return check


def url(most: int = 3000) -> Check:
    """An address of at most `most` characters."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        yield from string(most)(value, at)
        if isinstance(value, str) and not re.match(r"https?://|mailto:", value):
            yield at, "must be a valid URL"

    return check


def items(check_one: Check, most: int, least: int = 1) -> Check:
    """A list of `least` to `most` values of one kind."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield at, "must provide an array"
            return
        if len(value) > most:
            yield at, f"no more than {most} items allowed"
        if len(value) < least:
            yield at, f"no fewer than {least} items allowed"
        for number, one in enumerate(value):
            yield from check_one(one, f"{at}/{number}")

    return check


def shaped(shape: Shape, *also: Check) -> Check:
    """An object with exactly the properties of `shape`; `also` looks at it as a whole."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield at, "must provide an object"
            return
        for name in value.keys() - shape.keys():
            yield at, f"invalid additional property: {name}"
        for name, field in shape.items():
            if value.get(name) is not None:
                yield from field.check(value[name], f"{at}/{name}")
            elif field.required:
                yield at, f"missing required field: {name}"
        for rule in also:
            yield from rule(value, at)

    return check


def typed(shapes: Mapping[str, Check]) -> Check:
    """An object whose `type` chooses its shape."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind is None:
            yield at, "missing required field: type"
        elif kind not in shapes:
            yield at, f"unsupported type: {kind}"
        else:
            yield from shapes[kind](value, at)

    return check


def one_of(*names: str) -> Check:
    """Exactly one of the properties must be there."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if sum(value.get(name) is not None for name in names) != 1:
            yield at, f"must define exactly one of: {', '.join(names)}"

    return check


def any_of(*names: str) -> Check:
    """At least one of the properties must be there."""

    def check(value: Any, at: str) -> Iterator[Problem]:
        if not any(value.get(name) for name in names):
            yield at, f"must define either `{'` or `'.join(names)}`"

    return check


def text(most: int, *kinds: str, least: int = 1) -> Check:
    """A text object of the kinds (both when none is named) with up to `most` characters."""
    plain: Shape = {
        "type": need(word("plain_text")),
        "text": need(string(most, least)),
        "emoji": may(boolean),
    }
    mrkdwn: Shape = {
        "type": need(word("mrkdwn")),
        "text": need(string(most, least)),
        "verbatim": may(boolean),
    }
    both = {"plain_text": shaped(plain), "mrkdwn": shaped(mrkdwn)}
    inner = typed({kind: both[kind] for kind in kinds or both})

    def check(value: Any, at: str) -> Iterator[Problem]:
        found = list(inner(value, at))
        if found:
            yield at, SCHEMAS
        yield from found

    return check


def plain(most: int) -> Check:
    """A plain_text object."""
    return text(most, "plain_text")
