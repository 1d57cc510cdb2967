"""Dialogs: opening them, offering issues while the person types, and taking what was filled in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

from slack_bolt import Ack, App, BoltContext, Respond
from slack_sdk import WebClient

from tracklater_bot.blocks import dialog_values as values
from tracklater_bot.blocks import dialogs, rule_dialog
from tracklater_bot.blocks.dialog_values import Choices, DialogMeta, EditForm, Errors, FieldValues
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.day_totals import free_gaps
from tracklater_bot.domain.digests import Digest, Item
from tracklater_bot.domain.draft import Gap
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.text import day_name
from tracklater_bot.review.decisions import Change, ReviewError
from tracklater_bot.slack.days import Days
from tracklater_bot.slack.gate import (
    Click,
    refusal_of,
    reply_privately,
    say,
    stored_first,
    until_answered,
)
from tracklater_bot.slack.handlers.day import DayHandlers
from tracklater_bot.slack.messages import NETWORK_ERRORS, reason

log = logging.getLogger(__name__)

Modal = Callable[[Digest, Item], dict[str, Any]]
MOST_DIALOGS = 100  # of which the latest choice is remembered
OUTDATED = "That suggestion is gone: its day was refreshed since, or is too old to be kept."


class DialogHandlers:
    """The listeners of all dialogs, and of the message shortcut, which opens one."""

    def __init__(self, days: Days, day: DayHandlers) -> None:
        self._days = days
        self._day = day
        self._review = days.review
        self._calendar = days.person.calendar
        self._lookups = days.lookups
        self._too_long_ago = days.person.tracker_words.too_long_ago
        self._latest_choices = _LatestChoices()

    def register(self, app: App) -> None:
        """Tells Bolt which button and which dialog is whose."""
        app.action("edit")(self._menu)
        app.action("more")(self._menu)
        app.action("add")(self._add)
        for field in ("project", "issue"):
            app.action({"type": "block_actions", "action_id": field})(self._chosen)
        for field in ("gap", "seen"):
            app.action({"type": "block_actions", "action_id": field})(self._filled_in)
        app.options("issue")(self._offer_issues)
        app.view("edit_item")(self._edited)
        app.view("add_item")(self._added)
        app.view("split_item")(self._split)
        app.view("rule")(self._rule_made)
        app.shortcut("track_this")(self._track)

    # -- Opening -------------------------------------------------------------------------------

    def _open(
        self, click: Click, item_id: str, modal: Modal, client: WebClient, respond: Respond
    ) -> None:
        stored = self._days.item(item_id)
        if stored is None:
            say(click, OUTDATED, client, respond)
            self._days.changed()
            return
        # Slack opens a second dialog only on top of the first
        show = client.views_push if click.in_dialog else client.views_open
        opened = show(trigger_id=click.trigger_id, view=modal(*stored))["view"]
        if opened["callback_id"] == "rule":  # the machine may need longer than Slack waits
            span = stored[1].suggestion.span
            offering = rule_dialog.with_words(opened, self._days.person.machine.shown(span))
            if offering is not None:
                _update(client, opened, offering)

    def _menu(self, ack: Ack, body: dict[str, Any], client: WebClient, respond: Respond) -> None:
        """What Edit and the menu beside it do; the menu's values begin with what was chosen."""
        click = Click.of(body)
        what, _, item_id = click.value.rpartition(":")
        if what in self._day.decisions():
            self._day.decided(ack, body, respond)
            return
        whole_day = {"add": self._add, "refresh": self._day.refresh}
        if what in whole_day:
            whole_day[what](ack, body, client, respond)
            return
        changes = {"merge": self._review.merge_with_next, "revert": self._review.revert}
        if what in changes:
            with stored_first(ack):
                refusal = refusal_of(lambda: changes[what](click.user, item_id))
            if refusal:
                say(click, refusal, client, respond)
            elif click.in_dialog:
                self._redraw(click.view, item_id, client)
            self._days.changed()
            return
        ack()
        modals: dict[str, Modal] = {"": self._edit, "edit": self._edit, "rule": self._rule}
        modals |= {"split": dialogs.split_modal, "why": dialogs.why_modal}
        if what in modals:
            self._open(click, item_id, modals[what], client, respond)

    def _redraw(self, view: Mapping[str, Any], item_id: str, client: WebClient) -> None:
        """Shows the changed item in the dialog from whose menu it was changed."""
        shown = dialogs.note_modal("Undone", "It is no longer there. Close this to see the day.")
        if stored := self._days.item(item_id):
            shown = dialogs.drawn_anew(self._edit(*stored), stored[1].version)
        _update(client, view, shown)

    def _add(self, ack: Ack, body: dict[str, Any], client: WebClient, respond: Respond) -> None:
        ack()
        click = Click.of(body)
        day = self._calendar.day(click.value.rpartition(":")[2])
        gaps = self._gaps(day.date)
        view = dialogs.add_modal(day, self._lookups.choices(day), gaps=gaps)
        client.views_open(trigger_id=click.trigger_id, view=view)

    def _gaps(self, day: date) -> list[Gap]:
        """The time of that day that nothing takes."""
        person = self._days.person
        digest = person.store.digest(person.id, day)
        return free_gaps(digest, person.clock()) if digest else []

    def _filled_in(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        """A gap, or a word of the windows, was chosen: the fields below it follow."""
        ack()
        view = body["view"]
        if Click.of(body).action_id == "seen":
            changed = rule_dialog.with_word(view)
        else:
            changed = dialogs.with_gap(view, self._calendar.day(DialogMeta.of(view).day))
        if changed is not None:
            _update(client, view, changed)

    def _choices(self, day: date | str) -> Choices:
        on = self._calendar.day(day) if isinstance(day, str) else self._calendar.day_on(day)
        return self._lookups.choices(on)

    def _edit(self, digest: Digest, item: Item) -> dict[str, Any]:
        return dialogs.edit_modal(digest, item, self._choices(digest.day))

    def _rule(self, digest: Digest, item: Item) -> dict[str, Any]:
        return rule_dialog.rule_modal(digest, item, self._choices(digest.day))

    # -- Issues while typing -------------------------------------------------------------------

    def _offer_issues(self, ack: Ack, payload: dict[str, Any], body: dict[str, Any]) -> None:
        typed = str(payload.get("value", ""))
        meta = DialogMeta.of(body["view"])
        group = self._group_in(meta)
        first = self._likely_issues(meta, group) if not typed.strip() else []
        ack(**values.issue_options(self._lookups.search(typed, group, first), typed, group))

    def _likely_issues(self, meta: DialogMeta, group: str | None) -> list[Issue]:
        """What the evidence of the day speaks for: the item's own issue, then its neighbours'."""
        digest = self._days.person.store.digest(self._days.person.id, date.fromisoformat(meta.day))
        items = sorted(digest.items if digest else (), key=lambda item: item.id != meta.item)
        issues = [issue for item in items if (issue := item.suggestion.issue)]
        return [issue for issue in issues if group in (None, issue.group)]

    def _group_in(self, meta: DialogMeta) -> str | None:
        """The group chosen in the dialog, else that of the item it edits.

        Only what we noted in the dialog tells: Slack asks without the other fields' values.
        """
        known = self._choices(meta.day).all_groups()
        named = {dialogs.group_token(group): group for group in known}
        item = self._item(meta)
        return named.get(meta.group) or (item.suggestion.group if item else None)

    def _item(self, meta: DialogMeta) -> Item | None:
        stored = self._days.item(meta.item) if meta.item else None
        return stored[1] if stored else None

    # -- Fields that go with others ------------------------------------------------------------

    def _chosen(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        """A group or an issue was chosen in a dialog: what goes with it follows."""
        ack()
        view = body["view"]
        # When Slack says that it was clicked, in microseconds.
        moment = int(str(body["actions"][0].get("action_ts", "0")).replace(".", ""))
        self._latest_choices.note(str(view["id"]), moment)
        changed = self._after_choice(view)
        if changed is None or _update(client, view, changed):
            return
        # Something was chosen just before: this dialog tells of both, unless a later choice does.
        later = self._after_choice(view, moment)
        if later is not None and self._latest_choices.is_latest(str(view["id"]), moment):
            _update(client, {"id": view["id"]}, later)

    def _after_choice(self, view: Mapping[str, Any], later: int = 0) -> dict[str, Any] | None:
        meta = DialogMeta.of(view)
        item = self._item(meta)
        value = FieldValues(view).option("issue")
        issue = self._lookups.issue(value, item.suggestion.issue if item else None)
        return dialogs.after_choice(view, self._choices(meta.day), item, issue, later)

    # -- Taking what was filled in -------------------------------------------------------------

    def _edited(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        meta, item = DialogMeta.of(view), self._stored(ack, view)
        if item is None:
            return

        def save(form: EditForm) -> Digest:
            change = self._change(view, form, item.suggestion.issue)
            user = str(body["user"]["id"])
            return self._review.edit(user, meta.item, change, meta.version, form.move_neighbours)

        self._take(ack, view, item, save)

    def _stored(self, ack: Ack, view: dict[str, Any]) -> Item | None:
        """The dialog's item; where it is gone, the dialog says so."""
        item = self._item(DialogMeta.of(view))
        if item is None:
            _refuse(ack, values.errors_for(view, {"": OUTDATED}))
        return item

    def _added(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        meta = DialogMeta.of(view)
        user = str(body["user"]["id"])
        day = date.fromisoformat(meta.day)

        def save(form: EditForm) -> Digest:
            self._days.begin_day(day)
            return self._review.add(user, day, self._change(view, form), form.move_neighbours)

        self._take(ack, view, None, save)
        digest = self._days.person.store.digest(self._days.person.id, day)
        if digest is not None and digest.items and digest.ts is None:
            self._days.show_day(self._calendar.day_on(day))

    def _take(
        self, ack: Ack, view: dict[str, Any], item: Item | None, save: Callable[[EditForm], Digest]
    ) -> None:
        """Saves a dialog, or shows what is wrong beside its fields. Nothing waits on a network."""
        form = values.parse_edit(view, self._choices(DialogMeta.of(view).day), item)
        if isinstance(form, dict):
            _refuse(ack, form)
            return
        try:
            save(form)
        except ReviewError as error:
            if error.can_move and not FieldValues(view).has("move"):
                ack(response_action="update", view=dialogs.with_move_offer(view, str(error)))
            else:
                _refuse(ack, values.errors_for(view, error.fields))
        else:
            ack()
        self._days.changed()

    def _change(self, view: Mapping[str, Any], form: EditForm, own: Issue | None = None) -> Change:
        issue = self._lookups.issue(form.issue, own)
        if form.issue and issue is None:
            raise ReviewError({"issue": "That issue is no longer known: choose it again."})
        meta, group, project = DialogMeta.of(view), form.group, form.project
        if issue is not None and dialogs.brings_group(issue, group, meta):
            # Saved before the dialog could be updated.
            choice = dialogs.default_choice(self._choices(meta.day), issue.group, issue)
            group, project = issue.group, choice.project if choice else None
        said = (form.span, group, project, issue, form.description)
        drafted = meta.wrote(form.description)
        return Change(*said, form.billable, form.tags, drafted=drafted, typed=form.typed)

    def _split(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        meta, item = DialogMeta.of(view), self._stored(ack, view)
        if item is None:
            return
        at = values.parse_split(view, self._calendar.day(meta.day), item.suggestion.span)
        if isinstance(at, dict):
            _refuse(ack, at)
            return
        user = str(body["user"]["id"])
        if refusal := refusal_of(lambda: self._review.split(user, meta.item, at)):
            _refuse(ack, values.errors_for(view, {"at": refusal}))
        else:
            ack(response_action="clear")  # an edit dialog below would show what is no longer so
        self._days.changed()

    def _rule_made(
        self, ack: Ack, view: dict[str, Any], client: WebClient, context: BoltContext
    ) -> None:
        """Tells first what the rule would catch; sent once more, it is kept."""
        day, person = self._calendar.day(DialogMeta.of(view).day), self._days.person
        rule = rule_dialog.parse_rule(view, self._lookups.choices(day))
        if isinstance(rule, dict):
            _refuse(ack, rule)
        elif not rule_dialog.was_told(view, rule):
            ack(response_action="update", view=rule_dialog.with_catch(view, rule, "Looking…"))
            caught = person.machine.windows_with(day, rule.text)
            stored = person.store.digest(person.id, day.date)
            told = rule_dialog.catch_words(rule, caught, day.date, stored.items if stored else ())
            until_answered(context)
            _update(client, {"id": view["id"]}, rule_dialog.with_catch(view, rule, told))
        else:
            person.store.add_rule(person.id, rule)
            ack(response_action="clear")
            caught = person.machine.windows_with(day, rule.text)
            self._days.tell_changes(
                day.date, "The rule is kept.", partial(rule_dialog.outcome_words, rule, caught)
            )

    # -- “Track time for this” on any message --------------------------------------------------

    def _track(
        self, ack: Ack, shortcut: dict[str, Any], client: WebClient, respond: Respond
    ) -> None:
        """Opens the add dialog with what the message already tells."""
        ack()
        message = shortcut.get("message") or {}
        at = datetime.fromtimestamp(float(message.get("ts") or 0), UTC)
        day = self._calendar.day_of(at)
        if self._days.person.is_closed(day):
            reply_privately(respond, f"{day_name(day.date)}: {self._too_long_ago}")
            return
        text = str(message.get("text", ""))
        channel = str((shortcut.get("channel") or {}).get("name", ""))
        workspace = str((shortcut.get("team") or {}).get("domain", ""))
        issue = self._lookups.issue_in(text)
        group = issue.group if issue else self._lookups.group_in(text, channel, workspace)
        gaps = self._gaps(day.date)
        span = _around(at, gaps, self._days.person.clock())
        view = dialogs.add_modal(
            day, self._lookups.choices(day), group, issue, span=span, gaps=gaps
        )
        client.views_open(trigger_id=shortcut["trigger_id"], view=view)


def _around(at: datetime, gaps: Sequence[Gap], now: datetime) -> Span:
    """The half hour around a message, no further than what else is known of the day."""
    quarter = timedelta(minutes=15)
    middle = datetime.fromtimestamp((at.timestamp() + 150) // 300 * 300, UTC)
    around = Span(middle - quarter, max(min(middle + quarter, now), middle))
    inside = [part for gap in gaps if at in gap.span and (part := gap.span.intersection(around))]
    return inside[0] if inside else around


def _refuse(ack: Ack, errors: Errors) -> None:
    ack(response_action="errors", errors=errors)


class _LatestChoices:
    """When something was chosen last in each of the dialogs that were open lately."""

    def __init__(self) -> None:
        self._moments: dict[str, int] = {}
        self._lock = Lock()

    def note(self, view_id: str, moment: int) -> None:
        """Something was chosen in the dialog."""
        with self._lock:
            latest = max(moment, self._moments.pop(view_id, 0))
            self._moments[view_id] = latest  # at the end: the first is the one to forget
            if len(self._moments) > MOST_DIALOGS:
                del self._moments[next(iter(self._moments))]

    def is_latest(self, view_id: str, moment: int) -> bool:
        """Whether nothing was chosen in it afterwards."""
        return self._moments.get(view_id, 0) <= moment


def _update(client: WebClient, seen: Mapping[str, Any], view: dict[str, Any]) -> bool:
    """Shows the view in the place of the one that was seen; False if that changed meanwhile.

    Without a hash whatever is there is replaced. A dialog that was closed stays closed, and one
    that Slack does not bring up to date stays as it is: what was chosen or done holds all the same.
    """
    try:
        client.views_update(view_id=seen["id"], hash=seen.get("hash"), view=view)
    except NETWORK_ERRORS as error:
        why = reason(error)
        if why == "hash_conflict":
            return False
        if why != "not_found":
            log.warning("An open dialog could not be brought up to date: %s", why)
    return True
