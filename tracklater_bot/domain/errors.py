"""What may be told of an error: its kind, its place, Slack's code. Never its own text.

That text quotes what was sent or answered, and so may hold a token or what somebody wrote.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

_CODE = re.compile(r"[a-z][a-z_]{1,60}")


def log_failure(log: logging.Logger, doing: str, error: BaseException) -> None:
    """Logs that something failed which must not end the rest."""
    log.error("%s failed: %s", doing, place_of(error))


def place_of(error: BaseException) -> str:
    """The error's kind and the way to it, with what caused it, for the log.

    The sentence of an error of ours that is `tellable` is told too.
    """
    return "\n".join(
        f"{_kind(link)}, at\n{''.join(traceback.format_tb(link.__traceback__))}"
        for link in _chain(error)
    )


def _kind(error: BaseException) -> str:
    name = type(error).__name__
    return f"{name}: {error}" if getattr(error, "tellable", False) else name


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def code_in(answer: Any) -> str:
    """The code of a Slack error's answer; "" for what is none, such as a proxy's own words."""
    code = None
    with suppress(AttributeError, TypeError, ValueError):  # the SDK's too, where it is no table
        code = answer.get("error")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def from_between(service: str, how: str = "") -> str:
    """What to say where an answer is none of the service's."""
    return (
        f"something in between answered for {service}{how}: a proxy, a firewall or a network's"
        " sign-in page"
    )


def installing(extra: str) -> str:
    """How to get what an extra brings: no index has the program."""
    return f"pip install '.[{extra}]' in a copy of the repository"


class StoreError(Exception):
    """The database cannot be used. Its text is one sentence that says what to do."""

    tellable = True
