"""The person's own rules, as hints: what they say wins over settings and sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tracklater_bot.engine.titles import folded
from tracklater_bot.model import Group, Hint, HintKind, Rule, RuleKind

NOBODY = ""  # the group of words that point to none


def ruled(groups: Sequence[Group], rules: Sequence[Rule]) -> tuple[Group, ...]:
    """The groups with the rules' words: an ALWAYS word is its group's alone, a NEVER word nobody's.

    A NEVER word that is longer than a hint it contains ("acme blog") disarms the hint only there.
    """
    if not rules:
        return tuple(groups)
    owners = {folded(each.text): each.group for each in rules if each.kind is RuleKind.ALWAYS}
    own = tuple(_ruled(group, owners, rules) for group in groups)
    never = tuple(
        Hint(NOBODY, HintKind.KEYWORD, each.text)
        for each in rules
        if each.kind is RuleKind.NEVER and folded(each.text) not in owners
    )
    return (*own, Group(NOBODY, never))


def _ruled(group: Group, owners: dict[str, str], rules: Sequence[Rule]) -> Group:
    kept = [each for each in group.hints if owners.get(folded(each.text), group.name) == group.name]
    given = [
        Hint(group.name, HintKind.KEYWORD, each.text)
        for each in rules
        if each.kind is RuleKind.ALWAYS and each.group == group.name
    ]
    return replace(group, hints=(*kept, *given))
