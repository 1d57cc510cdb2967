"""What a Web API method gets and how it refuses: arguments, tokens, scopes, error codes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tracklater_sandbox.slack.blockkit import BlockKitError
from tracklater_sandbox.slack.workspace import Json, Token


class SlackError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.body: Json = {"ok": False, "error": code, **more}


def refusal(error: BlockKitError) -> SlackError:
    """The answer to blocks or a view beyond the limits."""
    if not error.problems:
        return SlackError(error.code)
    messages = [f"[ERROR] {problem}" for problem in error.problems]
    return SlackError(error.code, errors=error.problems, response_metadata={"messages": messages})


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method: who calls, and with what."""

    token: Token
    arguments: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """A string argument; numbers are taken as written."""
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        """A string argument that must be there."""
        value = self.text(name)
        if not value:
            raise SlackError(
                "invalid_arguments",
                response_metadata={"messages": [f"[ERROR] missing required field: {name}"]},
            )
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean argument, also as a form writes it."""
        value = self.arguments.get(name)
        if value is None:
            return default
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`."""
        word = self.text(name, str(default))
        if not word.isdigit():
            raise SlackError("invalid_arguments")
        return max(1, min(int(word), most))

    def json(self, name: str) -> Any:
        """A structured argument: as it is in a JSON body, as a string in a form."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(
                f"invalid_{name}_format" if name == "blocks" else "invalid_json"
            ) from None


Method: TypeAlias = Callable[[Call], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which token a method takes and the scopes it needs."""

    kinds: tuple[str, ...] = ("bot", "user")
    scopes: tuple[str, ...] = ()

    def admit(self, token: Token) -> None:
        """Raises SlackError as Slack would for a token of the wrong kind or without a scope."""
        if token.kind not in self.kinds:
            raise SlackError("not_allowed_token_type")
        for scope in self.scopes:
            need_scope(token, scope)


def need_scope(token: Token, scope: str) -> None:
    """Raises missing_scope, naming what is needed and what was provided."""
    if scope not in token.scopes:
        provided = ",".join(sorted(token.scopes))
        raise SlackError("missing_scope", needed=scope, provided=provided)
