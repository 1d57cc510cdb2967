"""The person's own rules on windows: what they say wins over every other reading of a title."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tracklater_bot.domain.keywords import spelling_pattern
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.text import folded


class UserRules:
    """Rules, ready to be held against titles."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = [
            (re.compile(spelling_pattern(word)), rule)
            for rule in rules
            if (word := folded(rule.text).strip())
        ]

    def apply(self, text: str, groups: dict[str, str]) -> dict[str, str]:
        """The groups that a folded title points to in the end, each with the word that does it.

        An ALWAYS rule leaves only its own group, a NEVER rule takes its group away.
        """
        matching = [rule for pattern, rule in self._rules if pattern.search(text)]
        always = {
            rule.group: f"your rule “{rule.text}”"
            for rule in matching
            if rule.kind is RuleKind.ALWAYS
        }
        never = {rule.group for rule in matching if rule.kind is RuleKind.NEVER}
        kept = always or groups
        return {
            group: word for group, word in kept.items() if group in always or group not in never
        }
