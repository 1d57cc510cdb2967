"""The person's own rules: the dialog that makes one, and how Home shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from tracklater_bot.blocks import dialog_values as values
from tracklater_bot.blocks import elements as kit
from tracklater_bot.blocks.dialog_values import Choices, DialogMeta, Errors, FieldValues, View
from tracklater_bot.blocks.dialogs import dialog, field, refilled, resent
from tracklater_bot.blocks.elements import Block
from tracklater_bot.blocks.text import lines_within, mrkdwn, plain
from tracklater_bot.domain.day import Span, total
from tracklater_bot.domain.digests import Digest, Item, is_open
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.domain.steadiness import Move
from tracklater_bot.domain.text import clean, count, day_name, duration, listing
from tracklater_bot.domain.wall import Shown

T = TypeVar("T")
MOST_WORD = 80
SHORTEST_WORD = 2
MOST_RULES = 10
BY_THE_WAY = timedelta(minutes=5)  # beside what moved, less is a matter of rounding

_KINDS = (
    kit.option("always belongs to the group below", RuleKind.ALWAYS.value),
    kit.option("never points to the group below", RuleKind.NEVER.value),
)


def rule_modal(digest: Digest, item: Item, choices: Choices) -> Block:
    """The dialog that says what windows with a word in their title are for."""
    reasons = [f"• {mrkdwn(reason.text, 150)}" for reason in item.suggestion.reasons]
    decided = lines_within(["Here this decided:", *reasons]) if reasons else "Nothing decided here."
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
        _word_field(),
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


def with_words(view: View, shown: Shown) -> Block | None:
    """The open dialog, offering words of the windows concerned: choosing one fills it in."""
    options = [
        kit.outside_option(f"{plain(word, 50)} · {minutes} min", word)
        for word, minutes in shown.words
        if SHORTEST_WORD <= len(word) <= MOST_WORD
    ]
    if not options:
        return None
    more: Block = {"placeholder": kit.label("Choose, or type one below")}
    more |= {"options": options[: values.MOST_OPTIONS]}
    offer = field("seen", "Words of these windows", "static_select", optional=True,
                  dispatch_action=True, **more)  # fmt: skip
    head, *rest = view["blocks"]
    return resent(view, [head, offer, *rest], DialogMeta.of(view))


def with_word(view: View) -> Block | None:
    """The open dialog with the word that was chosen in it."""
    word = FieldValues(view).option("seen")
    return refilled(view, {"word": _word_field(word)}) if word else None


def _word_field(word: str = "") -> Block:
    more: Block = {"min_length": SHORTEST_WORD, "max_length": MOST_WORD, "initial_value": word}
    more |= {"placeholder": kit.words("a word in the window's title")}
    return field("word", "A window with this in its title", "plain_text_input", **more)


def with_catch(view: View, rule: Rule, sentence: str) -> Block:
    """The open dialog with what the rule would catch; sent again as it is, the rule is kept."""
    kept = [block for block in view["blocks"] if block.get("block_id") != "catch"]
    told = {**kit.section(mrkdwn(sentence, 300)), "block_id": "catch"}
    meta = replace(DialogMeta.of(view), auto=_said(rule))
    return {**resent(view, [*kept, told], meta), "submit": kit.label("Keep")}


def was_told(view: View, rule: Rule) -> bool:
    """Whether the dialog has shown what this very rule would catch."""
    return DialogMeta.of(view).auto == _said(rule)


def catch_words(rule: Rule, caught: Sequence[Span], day: date, items: Sequence[Item]) -> str:
    """What a rule would catch of a day, whose that is now, and what it means."""
    name = day_name(day)
    if not caught:
        return f"No window of {name} has “{rule.text}” in its title. Keep it all the same?"
    now = _shares(items, caught, lambda item: item.suggestion.group)
    whose = listing(f"{group or 'not known'} {duration(now[group])}" for group in now if now[group])
    what = "would belong to" if rule.kind is RuleKind.ALWAYS else "would not point to"
    windows = f"{duration(total(caught))} of {name}'s windows have it"
    return f"{windows}{f' (now {whose})' if whose else ''}: they {what} {rule.group}. Keep it?"


def outcome_words(rule: Rule, caught: Sequence[Span], digest: Digest, moved: Sequence[Move]) -> str:
    """What a rule that is kept did not do on the day as it now is, and why; "" for nothing."""
    name, kept = day_name(digest.day), [] if moved else ["The rule is kept."]
    if not caught:
        return " ".join([*kept, f"No window of {name} has “{rule.text}” in its title."])
    always, least = rule.kind is RuleKind.ALWAYS, BY_THE_WAY if moved else timedelta()
    shares = _shares(
        digest.items, caught, lambda item: (item.suggestion.group == rule.group, is_open(item))
    )
    own, decided = shares[True, True] + shares[True, False], shares[not always, False]
    left = (total(caught) - own if always else own) - decided
    told = []
    if left > least:
        told.append(
            f"It loses {duration(left)} on {name}, which stay as they were: what else is known"
            " there says more."
        )
    if decided > least:
        told.append(f"{duration(decided)} are decided, and stay.")
    if not told and not moved:
        told.append(f"It moved nothing on {name}: that was so already.")
    return " ".join([*kept, *told])


def _shares(
    items: Sequence[Item], caught: Sequence[Span], kind: Callable[[Item], T]
) -> defaultdict[T, timedelta]:
    """How much of what was caught is in items, by their kind."""
    shares = defaultdict[T, timedelta](timedelta)
    for item in items:
        parts = (item.suggestion.span.intersection(span) for span in caught)
        shares[kind(item)] += sum((part.length for part in parts if part), timedelta())
    return shares


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
