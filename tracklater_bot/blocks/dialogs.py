"""The dialogs: edit, add, split, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tracklater_bot.blocks import dialog_values as values
from tracklater_bot.blocks import elements as kit
from tracklater_bot.blocks.dialog_values import Choices, DialogMeta, FieldValues, View
from tracklater_bot.blocks.elements import Block
from tracklater_bot.blocks.rows import RowPlace, issue_line, menu, project_name
from tracklater_bot.blocks.text import lines_within, mrkdwn, plain, typed
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.descriptions import carried_over, is_ours, rewritten, written_for
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.draft import GAP_WORDS, Gap
from tracklater_bot.domain.issues import Issue, type_key
from tracklater_bot.domain.suggestions import MOST_DESCRIPTION
from tracklater_bot.domain.text import clock, duration, evidence_words, times

MOST_REASONS = 20
_SENT_FROM_VIEW = (
    "type", "callback_id", "title", "submit", "close", "blocks", "private_metadata"
)  # fmt: skip


def edit_modal(digest: Digest, item: Item, choices: Choices) -> Block:
    """The dialog that edits an item; `more` in it splits, merges and explains."""
    suggestion = item.suggestion
    auto = _written(suggestion.description) if is_ours(suggestion) else ""
    day, group = digest.day.isoformat(), group_token(suggestion.group)
    blocks = [_summary(digest, item)] if item.state is ItemState.OPEN else []
    chosen = values.chosen_project(item)
    blocks += _fields(choices, chosen, suggestion.issue, suggestion.description, item)
    meta = DialogMeta(item.id, item.version, day, auto, group)
    return dialog("edit_item", "Edit", "Save", meta, blocks)


def add_modal(
    day: WorkDay,
    choices: Choices,
    group: str | None = None,
    issue: Issue | None = None,
    *,
    span: Span | None = None,
    gaps: Sequence[Gap] = (),
) -> Block:
    """The dialog that adds a span by hand, with the group, issue and time that are known.

    `gaps` are offered: choosing one fills in its times.
    """
    description = written_for(issue)
    chosen = default_choice(choices, group, issue)
    known = group_token(chosen.group if chosen else None)
    meta = DialogMeta("", 0, day.date.isoformat(), _written(description), known)
    blocks = _fields(choices, chosen, issue, description, span=span)
    if gaps:
        options = [_gap_option(gap, day) for gap in gaps[: values.MOST_OPTIONS]]
        more: Block = {"placeholder": kit.label("Choose, or fill in below"), "options": options}
        offer = field("gap", "Time that nothing takes", "static_select", optional=True,
                      dispatch_action=True, **more)  # fmt: skip
        blocks.insert(0, offer)
    return dialog("add_item", "Add time", "Add", meta, blocks)


def _gap_option(gap: Gap, day: WorkDay) -> Block:
    text = f"{times(gap.span, day.zone, day.date)} · {duration(gap.span.length)}"
    told = f"{text}, {GAP_WORDS.get(gap.why, gap.why)}" if gap.why else text
    told = plain(told, values.MOST_OPTION_TEXT)
    return kit.outside_option(told, f"{gap.span.start.isoformat()}/{gap.span.end.isoformat()}")


def with_gap(view: View, day: WorkDay) -> Block | None:
    """The open dialog with the times of the gap that was chosen in it."""
    start, _, end = (FieldValues(view).option("gap") or "").partition("/")
    if not end:
        return None
    fresh = {
        "start": _time_field("start", "Start", datetime.fromisoformat(start), day.zone),
        "end": _time_field("end", "End", datetime.fromisoformat(end), day.zone),
    }
    return refilled(view, fresh)


def split_modal(digest: Digest, item: Item) -> Block:
    """The dialog that splits an item, where the engine would unless another time is chosen."""
    zone, span = ZoneInfo(digest.timezone), item.suggestion.span
    middle = span.start + timedelta(minutes=max(int(span.minutes // 2), 1))
    at = item.suggestion.best_split or middle
    hint = "Suggested: what you were doing changed here." if item.suggestion.best_split else ""
    picker = _time_field("at", "Split at", at, zone, hint)
    what = f"*{times(span, zone, digest.day)}* · {duration(span.length)}"
    text = f"{what}\n{issue_line(item.suggestion, 150)}"
    meta = DialogMeta(item.id, item.version, digest.day.isoformat())
    return dialog("split_item", "Split", "Split", meta, [kit.section(text), picker])


def why_modal(digest: Digest, item: Item) -> Block:
    """What decided a suggestion, in words, strongest first."""
    suggestion = item.suggestion
    when = times(suggestion.span, ZoneInfo(digest.timezone), digest.day)
    head = f"*{when}* · {project_name(suggestion.group, suggestion.project)}"
    blocks = [kit.section(f"{head}\n{issue_line(suggestion, 150)}"), kit.divider(), *_reasons(item)]
    seen = ", ".join(evidence_words(suggestion.evidence))
    if seen:
        blocks.append(kit.context(f"Seen in this time: {seen}."))
    meta = DialogMeta(item.id, item.version, digest.day.isoformat())
    return dialog("why", "Why this?", "", meta, blocks)


def note_modal(title: str, sentence: str) -> Block:
    """A dialog that only says something, where a message beside the click is not possible."""
    return dialog("note", title, "", None, [kit.section(mrkdwn(sentence, 1000) or "–")])


def _reasons(item: Item) -> list[Block]:
    suggestion = item.suggestion
    ordered = sorted(suggestion.reasons, key=lambda reason: -reason.weight)[:MOST_REASONS]
    lines = [f"• {mrkdwn(reason.text, 150)} ({round(reason.weight * 100)} %)" for reason in ordered]
    most = 100 if item.by_hand else 99  # only who was there knows for certain
    sure = f"{min(round(suggestion.confidence * 100), most)} % sure of the group"
    if suggestion.issue is not None and suggestion.issue_confidence is not None:
        sure += f", {min(round(suggestion.issue_confidence * 100), most)} % of the issue"
    blocks = [kit.section(lines_within(lines) or "Nothing pointed to a group here.")]
    blocks += [kit.section(f"{sure}.")] * (suggestion.group is not None)
    if suggestion.alternative and suggestion.alternative != suggestion.group:
        otherwise = mrkdwn(suggestion.alternative, 150)
        blocks.append(kit.section(f"Without these it would have been: {otherwise}."))
    return blocks


# -- Changing a dialog that is open ------------------------------------------------------------


def after_choice(
    view: View, choices: Choices, item: Item | None, issue: Issue | None, later: int = 0
) -> Block | None:
    """The open dialog after a group or an issue was chosen in it, for views.update.

    An issue chooses its group; another group drops an issue that is not its own, and has its own
    ones offered; the description that we wrote goes with both. None where nothing changes.
    `later` is a number for fields filled in anew that no earlier choice can have used.
    """
    meta, fields = DialogMeta.of(view), FieldValues(view)
    chosen = values.project_choices(choices, values.chosen_project(item)).get(
        fields.option("project") or ""
    )
    fresh: dict[str, Block] = {}
    group = chosen.group if chosen else None
    if issue is not None and brings_group(issue, group, meta):
        chosen = default_choice(choices, issue.group, issue)
        fresh |= {"project": _project_field(choices, chosen)} if chosen else {}
    elif chosen is not None and group_token(chosen.group) != meta.group:
        issue = issue if issue is not None and issue.group == chosen.group else None
        fresh["issue"] = _issue_field(issue, values.free_text(fields.option("issue")))
    group = chosen.group if chosen else None
    ours = rewritten(item.suggestion, group, issue) if item else written_for(issue)
    words = _words_after(fields, meta, item, group, issue, ours)
    if typed(words, MOST_DESCRIPTION) != fields.text("description"):
        fresh["description"] = _description_field(words)
        meta = replace(meta, auto=_written(ours))
    blocks = [_renewed(block, fresh, later) for block in view["blocks"]]
    if blocks == view["blocks"]:
        return None
    return resent(view, blocks, replace(meta, group=group_token(group)))


def brings_group(issue: Issue, group: str | None, meta: DialogMeta) -> bool:
    """Whether a chosen issue brings its group along: unless another was chosen after it.

    `group` is what the dialog has; `meta` still names the one before until the dialog is updated.
    """
    return group is None or (issue.group != group and group_token(group) == meta.group)


def _words_after(
    fields: FieldValues,
    meta: DialogMeta,
    item: Item | None,
    group: str | None,
    issue: Issue | None,
    ours: str,
) -> str:
    """The description as it goes with what was chosen: the person's own words stay."""
    words = fields.text("description")
    if values.free_text(fields.option("issue")) is not None:
        return words
    if meta.wrote(words) or (not words and issue is not None):
        return ours
    if not words or item is None or meta.typed_over(words, item):
        return words
    return carried_over(words, item.suggestion, group, issue)


def _name(block: Block) -> str:
    """The field's name: its block id without the number that a new one has."""
    return str(block.get("block_id", "")).partition(":")[0]


def _renewed(block: Block, fresh: Mapping[str, Block], later: int = 0) -> Block:
    """The field filled in anew, where it is among the fresh ones."""
    new, number = fresh.get(_name(block)), str(block.get("block_id", "")).partition(":")[2]
    if new is None:
        return block
    # Slack keeps what a field shows for as long as its block id stays the same.
    return {**new, "block_id": f"{_name(block)}:{max(int(number or 0) + 1, later)}"}


def with_move_offer(view: View, sentence: str) -> Block:
    """The open dialog with the offer to move the neighbours' boundaries, as after an overlap."""
    kept = [block for block in view["blocks"] if _name(block) not in ("overlap", "move")]
    place = next((n + 1 for n, block in enumerate(kept) if _name(block) == "end"), 0)
    overlap = kit.section(mrkdwn(sentence, 300) or "This overlaps a neighbour.")
    move = field("move", "Overlap", "checkboxes", optional=True, options=[_MOVE])
    offer = [{**overlap, "block_id": "overlap"}, move]
    return resent(view, [*kept[:place], *offer, *kept[place:]], DialogMeta.of(view))


def drawn_anew(view: Block, version: int) -> Block:
    """The dialog for views.update, with all its fields as they begin.

    Slack keeps what a field shows for as long as its block id stays the same.
    """
    fresh = {_name(block): block for block in view["blocks"] if block["type"] == "input"}
    return {**view, "blocks": [_renewed(block, fresh, version) for block in view["blocks"]]}


def refilled(view: View, fresh: Mapping[str, Block]) -> Block:
    """The open dialog with these fields filled in anew."""
    blocks = [_renewed(block, fresh) for block in view["blocks"]]
    return resent(view, blocks, DialogMeta.of(view))


def resent(view: Mapping[str, Any], blocks: list[Block], meta: DialogMeta) -> Block:
    """An open dialog with other blocks, as Slack wants it back."""
    sent = {name: view[name] for name in _SENT_FROM_VIEW if view.get(name) is not None}
    return {**sent, "blocks": blocks, "private_metadata": meta.text()}


# -- Fields ------------------------------------------------------------------------------------


_MOVE = kit.option("Move the neighbour's boundary", "move")
_BILLABLE = kit.option("Billable", "billable")


def dialog(
    callback_id: str, title: str, submit: str, meta: DialogMeta | None, blocks: list[Block]
) -> Block:
    """A dialog that is filled in and sent; without `submit` it is only read."""
    view: Block = {"type": "modal", "callback_id": callback_id, "title": kit.label(title)}
    view |= {"close": kit.label("Cancel" if submit else "Close"), "blocks": blocks}
    view |= {"submit": kit.label(submit)} if submit else {}
    return view | ({"private_metadata": meta.text()} if meta else {})


def field(name: str, text: str, kind: str, hint: str = "", **more: Any) -> Block:
    """A field whose block id and action id are its name; its element holds the rest of `more`."""
    block: Block = {"type": "input", "block_id": name, "label": kit.label(text)}
    block |= {flag: more.pop(flag) for flag in ("optional", "dispatch_action") if flag in more}
    block |= {"hint": kit.label(hint)} if hint else {}
    return block | {"element": kit.element(kind, name, **more)}


def _fields(
    choices: Choices,
    chosen: values.ProjectChoice | None,
    issue: Issue | None,
    description: str,
    item: Item | None = None,
    *,
    span: Span | None = None,
) -> list[Block]:
    day, span = choices.day, item.suggestion.span if item else span
    night = f"A time before {day.starts:%H:%M} is the night after this day." if day.starts else ""
    billable: Block = {"initial_options": [_BILLABLE] if item and item.billable else None}
    tags: Block = {"initial_value": typed(", ".join(item.tags) if item else "", 1000)}
    tags |= {"placeholder": kit.words("meeting, on site")}
    commas = "Separate them by commas."
    return [
        _time_field("start", "Start", span.start if span else None, day.zone),
        _time_field("end", "End", span.end if span else None, day.zone, night),
        _project_field(choices, chosen),
        _issue_field(issue),
        _description_field(description),
        field("billable", "Billing", "checkboxes", optional=True, options=[_BILLABLE], **billable),
        field("tags", "Tags", "plain_text_input", commas, optional=True, **tags),
    ]


def _time_field(name: str, text: str, at: datetime | None, zone: ZoneInfo, hint: str = "") -> Block:
    return field(name, text, "timepicker", hint, initial_time=clock(at, zone) if at else None)


def _project_field(choices: Choices, chosen: values.ProjectChoice | None) -> Block:
    groups = values.project_groups(choices, chosen)
    if not groups:
        return kit.section("No groups are set up: add one to your settings first.")
    initial = values.project_option(chosen) if chosen else None
    more: Block = {
        "placeholder": kit.label("Choose"),
        "option_groups": groups,
        "initial_option": initial,
    }
    return field("project", "Group › project", "static_select", dispatch_action=True, **more)


def default_choice(
    choices: Choices, group: str | None, issue: Issue | None = None
) -> values.ProjectChoice | None:
    """The group's project for such issues, else its default one; None for an unknown group."""
    if group is None or group not in choices.all_groups():
        return None
    types = [type_key(issue.type) if issue else "default", "default"]
    own = [project for project in choices.projects if project.group == group]
    preferred = sorted(own, key=lambda project: [type_key(project.type) != kind for kind in types])
    return values.ProjectChoice(group, preferred[0] if preferred else None)


def _issue_field(issue: Issue | None, text: str | None = None) -> Block:
    words = values.free_text_option(text) if text is not None else None
    more: Block = {
        "initial_option": values.issue_option(issue) if issue else words,
        "min_query_length": 0,
    }
    more |= {"placeholder": kit.label("Search, or type what you did")}
    return field("issue", "Issue", "external_select", optional=True, dispatch_action=True, **more)


def _description_field(text: str) -> Block:
    more: Block = {"max_length": MOST_DESCRIPTION, "initial_value": typed(text, MOST_DESCRIPTION)}
    return field("description", "Description", "plain_text_input", optional=True, **more)


def _summary(digest: Digest, item: Item) -> Block:
    zone = ZoneInfo(digest.timezone)
    span = item.suggestion.span
    seen = ", ".join(evidence_words(item.suggestion.evidence))
    text = f"*{times(span, zone, digest.day)}* · {duration(span.length)}"
    return kit.section(f"{text}\n{seen}" if seen else text, menu(item, RowPlace.of(digest, item)))


def group_token(group: str | None) -> str:
    """The group in a dialog's metadata; "" for none."""
    return values.token("group", group) if group else ""


def _written(description: str) -> str:
    """The token of a description as the field shows it."""
    return values.written_token(typed(description, MOST_DESCRIPTION))
