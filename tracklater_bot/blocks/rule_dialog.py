"""The person's own rules: the dialog that makes one, and how Home shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from tracklater_bot.blocks import dialog_values as values
from tracklater_bot.blocks import elements as kit
from tracklater_bot.blocks.dialog_values import Choices, DialogMeta, Errors, FieldValues, View
from tracklater_bot.blocks.dialogs import dialog, field, resent
from tracklater_bot.blocks.elements import Block
from tracklater_bot.blocks.text import lines_within, mrkdwn, plain
from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.text import clean, count, day_name, duration

MOST_WORD = 80
SHORTEST_WORD = 2
MOST_RULES = 10

_KINDS = (
    kit.option("always belongs to the group below", RuleKind.ALWAYS.value),
    kit.option("never points to the group below", RuleKind.NEVER.value),
)


def rule_modal(digest: Digest, item: Item, choices: Choices) -> Block:
    """The dialog that says what windows with a word in their title are for."""
    reasons = [f"• {mrkdwn(reason.text, 150)}" for reason in item.suggestion.reasons]
    decided = lines_within(["Here this decided:", *reasons]) if reasons else "Nothing decided here."
    word: Block = {"min_length": SHORTEST_WORD, "max_length": MOST_WORD}
    word |= {"placeholder": kit.words("a word in the window's title")}
    kinds: Block = {"options": list(_KINDS), "initial_option": _KINDS[0]}
    groups = {
        name: kit.outside_option(plain(name, values.MOST_OPTION_TEXT), values.token("group", name))
        for name in choices.all_groups()[:100]
    }
    group: Block = {"options": [*groups.values()] or [kit.option("No groups are set up", "none")]}
    group |= {"initial_option": groups.get(item.suggestion.group or "")}
    group |= {"placeholder": kit.label("Choose")}
    meta = DialogMeta(item.id, item.version, digest.day.isoformat())
    blocks = [
        kit.section(decided),
        field("word", "A window with this in its title", "plain_text_input", **word),
        field("kind", "from now on", "radio_buttons", **kinds),
        field("group", "Group", "static_select", **group),
        kit.context("Commits and messages still count. Home shows your rules, and drops them."),
    ]
    return dialog("rule", "Windows like these", "Look", meta, blocks)


def parse_rule(view: View, choices: Choices) -> Rule | Errors:
    """The rule that the dialog says, or errors keyed by block id."""
    fields = FieldValues(view)
    text = clean(fields.text("word"), MOST_WORD)
    by_token = {values.token("group", name): name for name in choices.all_groups()}
    group = by_token.get(fields.option("group") or "")
    if len(text) < SHORTEST_WORD:
        return fields.keyed({"word": f"At least {SHORTEST_WORD} characters, please."})
    if group is None:
        return fields.keyed({"group": "Choose a group."})
    return Rule(RuleKind(fields.option("kind") or RuleKind.ALWAYS), group, text)


def with_catch(view: View, rule: Rule, sentence: str) -> Block:
    """The open dialog with what the rule would catch; sent again as it is, the rule is kept."""
    kept = [block for block in view["blocks"] if block.get("block_id") != "catch"]
    told = {**kit.section(mrkdwn(sentence, 300)), "block_id": "catch"}
    meta = replace(DialogMeta.of(view), auto=_said(rule))
    return {**resent(view, [*kept, told], meta), "submit": kit.label("Keep")}


def was_told(view: View, rule: Rule) -> bool:
    """Whether the dialog has shown what this very rule would catch."""
    return DialogMeta.of(view).auto == _said(rule)


def catch_words(rule: Rule, minutes: int, day: date) -> str:
    """What a rule would catch of a day, and what that means."""
    if not minutes:
        return f"No window of {day_name(day)} has “{rule.text}” in its title. Keep it all the same?"
    what = "would belong to" if rule.kind is RuleKind.ALWAYS else "would not point to"
    long = duration(timedelta(minutes=minutes))
    return f"{long} of {day_name(day)}'s windows have it: they {what} {rule.group}. Keep it?"


def _said(rule: Rule) -> str:
    return values.token("rule", rule.kind, rule.group, rule.text)


def rule_rows(rules: Sequence[Rule]) -> list[Block]:
    """A row a rule, the latest first, each with a button that drops it."""
    latest = list(reversed(rules))[:MOST_RULES]
    rows = [
        kit.section(_sentence(rule), kit.button("Drop", "drop_rule", str(rule.id)))
        for rule in latest
    ]
    rest = len(rules) - len(latest)
    return [*rows, kit.context(f"and {count(rest, 'older rule')}")] if rest else rows


def _sentence(rule: Rule) -> str:
    verb = "always belong to" if rule.kind is RuleKind.ALWAYS else "never point to"
    return f"Windows with “{mrkdwn(rule.text, MOST_WORD)}” {verb} {mrkdwn(rule.group, 40)}."
