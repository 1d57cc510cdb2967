"""The person's own rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RuleKind(StrEnum):
    """What a rule does with windows like these."""

    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Rule:
    """The person's own word on what belongs to a group: `text` in a title always or never does.

    `id` is 0 until it is stored.
    """

    kind: RuleKind
    group: str
    text: str
    id: int = 0
