"""Reviewing a day with the real bot: menus, dialogs on dialogs, what mends a failure, rules."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Event
from typing import Any

import pytest
from slack_sdk import WebClient

from tests.bots import FAILED, IN_TOGGL, days_on, digests_in
from tests.digests import elements, many, suggestion, with_text
from tests.hostile import HOSTILE
from tests.livebot import Live, live, sample_settings
from tests.longer import usually
from tests.notation import FRIDAY
from tracklater_bot.blocks.dialogs import (
    edit_modal,
    note_modal,
    split_modal,
    why_modal,
    with_move_offer,
)
from tracklater_bot.blocks.digest import pages
from tracklater_bot.blocks.elements import option, overflow
from tracklater_bot.blocks.home import home
from tracklater_bot.blocks.rule_dialog import rule_modal
from tracklater_bot.domain.digests import Item
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.rules import RuleKind
from tracklater_bot.slack.app import web_client
from tracklater_bot.slack.pace import Pacer
from tracklater_bot.trackers.toggl import TogglTracker
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.jira.service import JiraIssue
from tracklater_sandbox.slack.blockkit import check_view

Json = dict[str, Any]


@pytest.fixture
def me(sandbox: Sandbox) -> Iterator[Live]:
    """A person with the sample day's message in front of them."""
    with live(sandbox) as one:
        one.open()
        yield one


def spans(me: Live) -> list[str]:
    """`"08:50-10:20"` of every suggestion, in order."""
    zone = me.sandbox.zone
    return [
        f"{each.suggestion.span.start.astimezone(zone):%H:%M}"
        f"-{each.suggestion.span.end.astimezone(zone):%H:%M}"
        for each in me.digest.items
    ]


def item(me: Live, key: str) -> Item:
    """The suggestion for an issue."""
    found = me.digest.items
    return next(e for e in found if e.suggestion.issue and e.suggestion.issue.key == key)


def pick(me: Live, option: str, where: Json | None = None) -> None:
    """Chooses an option in a row's menu, or in that of its dialog, which then stays open."""
    what, _, item_id = option.partition(":")
    if where is None and what in ("merge", "rule"):
        me.click("edit", item_id)
        where = dialog(me, "edit_item")
    outcome = me.sandbox.slack.click(where or me.message(), "more", option=option)
    assert outcome.acked, outcome


def dialog(me: Live, callback_id: str) -> Json:
    """The dialog of that kind, when it is on top."""

    def on_top() -> Json | None:
        view = me.sandbox.slack.view
        return view if view and view["callback_id"] == callback_id else None

    return me.wait(on_top)


def menu_of(me: Live, item_id: str) -> list[str]:
    """What a row's menu offers."""
    menus = [
        element["options"]
        for block in me.message()["blocks"]
        for element in (*block.get("elements", ()), block.get("accessory") or {})
        if element.get("action_id") == "more"
    ]
    wanted = [m for m in menus if any(each["value"].endswith(f":{item_id}") for each in m)]
    return [each["text"]["text"] for each in wanted[0]] if wanted else []


def fields(view: Json, name: str) -> str:
    """The block id that a field has now."""
    ids = [str(block.get("block_id")) for block in view["blocks"]]
    return next(each for each in ids if each.partition(":")[0] == name)


# -- Changes and their way back ------------------------------------------------------------------


def test_a_split_a_merge_and_an_edit_can_each_be_taken_back(me: Live) -> None:
    before = spans(me)
    first = item(me, "DEV-123")
    assert "Undo change" not in menu_of(me, first.id)

    pick(me, f"split:{first.id}")
    dialog(me, "split_item")
    assert not me.sandbox.slack.submit(None, {"at": "09:40"}).errors
    me.wait(lambda: "Undo change" in menu_of(me, first.id))
    assert spans(me)[:2] == ["08:50-09:40", "09:40-10:20"]
    pick(me, f"revert:{first.id}")
    me.wait(lambda: "Undo change" not in menu_of(me, first.id))
    assert spans(me) == before

    pick(me, f"merge:{first.id}")
    me.wait(lambda: "Undo change" in menu_of(me, first.id))
    me.sandbox.slack.close_view()
    assert len(spans(me)) == len(before) - 1
    pick(me, f"revert:{first.id}")
    me.wait(lambda: "Undo change" not in menu_of(me, first.id))
    assert spans(me) == before

    me.click("edit", first.id)
    dialog(me, "edit_item")
    assert not me.sandbox.slack.submit(None, {"start": "09:00"}).errors
    me.wait(lambda: spans(me)[0] == "09:00-10:20" and "Undo change" in menu_of(me, first.id))
    pick(me, f"revert:{first.id}")
    me.wait(lambda: "Undo change" not in menu_of(me, first.id))
    assert spans(me) == before


def test_a_row_offers_no_more_than_a_menu_holds(me: Live) -> None:
    first = item(me, "DEV-123")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    me.sandbox.slack.submit(None, {"description": "DEV-123 Pairing"})
    me.wait(lambda: "Undo change" in menu_of(me, first.id))
    assert menu_of(me, first.id) == ["Approve", "Edit", "Skip", "Undo change", "Split"]
    me.click("edit", first.id)
    (more,) = elements(dialog(me, "edit_item"), "more")
    assert [each["text"]["text"] for each in more["options"]] == [
        "Split", "Merge with next", "Why this?", "Windows like these…", "Undo change",
    ]  # fmt: skip


def test_merging_in_the_edit_dialog_shows_the_merged_time_in_it(me: Live) -> None:
    first = item(me, "DEV-123")
    me.click("edit", first.id)
    view = dialog(me, "edit_item")
    pick(me, f"merge:{first.id}", view)
    again = me.wait(lambda: (top := me.sandbox.slack.view) and top["hash"] != view["hash"] and top)
    until = spans(me)[0].partition("-")[2]
    end = next(each for each in again["blocks"] if each.get("block_id") == fields(again, "end"))
    assert end["element"]["initial_time"] == until
    wrong = me.sandbox.slack.submit(None, {fields(again, "end"): "08:00"})
    assert list(wrong.errors) == [fields(again, "end")]
    right = me.sandbox.slack.submit(
        None, {fields(again, "end"): until, fields(again, "description"): "Both"}
    )
    assert not right.errors
    me.wait(lambda: "Both" in str(me.message()["blocks"]))


def test_splitting_in_the_edit_dialog_closes_both(me: Live) -> None:
    first = item(me, "DEV-123")
    me.click("edit", first.id)
    pick(me, f"split:{first.id}", dialog(me, "edit_item"))
    dialog(me, "split_item")
    assert not me.sandbox.slack.submit(None, {"at": "09:30"}).errors
    assert me.sandbox.slack.view is None
    me.wait(lambda: spans(me)[0] == "08:50-09:30")


def test_what_cannot_be_merged_is_said_on_top_of_the_dialog(me: Live) -> None:
    found = me.digest.items
    gap = next(one for one, two in pairwise(found) if _tracked(me, one, two))
    me.click("edit", gap.id)
    pick(me, f"merge:{gap.id}", dialog(me, "edit_item"))
    told = dialog(me, "note")
    assert "There is an entry in Toggl between the two." in str(told["blocks"])
    me.sandbox.slack.close_view()
    assert dialog(me, "edit_item")


def _tracked(me: Live, one: Item, two: Item) -> bool:
    return any(
        each.start >= one.suggestion.span.end and each.start < two.suggestion.span.start
        for each in me.digest.tracked
    )


# -- Overlaps, versions --------------------------------------------------------------------------


def test_an_overlap_offers_to_move_the_neighbours_boundary(me: Live) -> None:
    before = spans(me)
    first = item(me, "DEV-123")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    assert before[0].endswith("10:20")
    me.sandbox.slack.submit(None, {"end": "10:30"})
    offer = dialog(me, "edit_item")
    assert "move" in [each.get("block_id") for each in offer["blocks"]]
    assert "This overlaps 10:20" in str(offer["blocks"])
    assert spans(me) == before
    without = me.sandbox.slack.submit(None, {})
    assert "overlaps" in " ".join(without.errors.values())
    assert not me.sandbox.slack.submit(None, {"move": ["move"]}).errors
    me.wait(lambda: me.sandbox.slack.view is None)
    assert spans(me)[0] == "08:50-10:30"
    assert spans(me)[1].startswith("10:30")


def test_a_dialog_that_is_out_of_date_changes_nothing(me: Live) -> None:
    first = item(me, "DEV-123")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    me.days.review.split(
        me.days.person.id, first.id, first.suggestion.span.start + timedelta(hours=1)
    )
    refused = me.sandbox.slack.submit(None, {"description": "Something else"})
    assert "It was changed meanwhile" in " ".join(refused.errors.values())


def test_a_dialog_opens_while_toggl_does_not_answer(
    me: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("Toggl was asked while Slack waited")

    monkeypatch.setattr(TogglTracker, "account", asked)
    me.time.forward(hours=3)
    me.click("edit", item(me, "DEV-123").id)
    view = dialog(me, "edit_item")
    assert "acme › Bug fixing" in str(view["blocks"])
    assert keys(me.sandbox.slack.suggest(view, "issue", "rate"))[0] == "DEV-131"
    assert not me.sandbox.slack.submit(None, {"description": "DEV-123 Pairing"}).errors
    assert me.answered("That did not work") is None


# -- Issues --------------------------------------------------------------------------------------


def keys(options: list[Json]) -> list[str]:
    return [each["text"]["text"].split()[0] for each in options]


def test_an_empty_search_begins_with_what_the_day_speaks_for(me: Live) -> None:
    me.click("edit", item(me, "DEV-140").id)
    view = dialog(me, "edit_item")
    found = keys(me.sandbox.slack.suggest(view, "issue", ""))
    assert found[0] == "DEV-140"
    assert set(found[1:3]) == {"DEV-123", "DEV-131"}
    assert not [key for key in found if key.startswith("#")]


@pytest.mark.parametrize(
    ("typed", "first"),
    [("DEV-13", "DEV-131"), ("limit rate", "DEV-131"), ("exprot invoces", "DEV-140")],
)
def test_issues_are_found_by_keys_words_and_near_misses(me: Live, typed: str, first: str) -> None:
    me.click("edit", item(me, "DEV-123").id)
    view = dialog(me, "edit_item")
    begun = time.process_time()
    options = me.sandbox.slack.suggest(view, "issue", typed)
    assert time.process_time() - begun < 3.0  # Slack's limit; other programs may run
    assert keys(options)[0] == first
    assert options[-1]["text"]["text"].strip("“”") == typed


def test_what_is_typed_can_stay_free_text(me: Live) -> None:
    first = item(me, "DEV-123")
    me.click("edit", first.id)
    view = dialog(me, "edit_item")
    free = me.sandbox.slack.suggest(view, "issue", "Lunch talk")[-1]["value"]
    assert not me.sandbox.slack.submit(None, {"issue": free}).errors
    me.wait(lambda: "Lunch talk" in str(me.message()["blocks"]))
    after = next(each for each in me.digest.items if each.id == first.id)
    assert (after.suggestion.issue, after.suggestion.description) == (None, "Lunch talk")


def test_an_issue_that_is_not_known_yet_is_found_by_the_next_keystroke(me: Live) -> None:
    me.sandbox.jira.add(
        JiraIssue(999, "DEV-199", "Zebra crossing", "Task", "To Do", "new", me.time())
    )
    me.click("edit", item(me, "DEV-123").id)
    view = dialog(me, "edit_item")
    assert keys(me.sandbox.slack.suggest(view, "issue", "zebra")) == ["“zebra”"]
    me.eventually(
        lambda: "DEV-199" in keys(me.sandbox.slack.suggest(view, "issue", "zebra crossing"))
    )


def top(me: Live) -> Json:
    """The open dialog."""
    view = me.sandbox.slack.view
    assert view is not None
    return view


def offered(me: Live, name: str) -> str:
    """The value of the open dialog's group › project of that name."""
    view = top(me)
    (field,) = [each for each in view["blocks"] if each.get("block_id") == fields(view, "project")]
    groups = field["element"]["option_groups"]
    options = [option for group in groups for option in group["options"]]
    return next(str(each["value"]) for each in options if each["text"]["text"].startswith(name))


def shown(me: Live, name: str) -> str | None:
    """What a field of the open dialog shows: its text, or the name of what is chosen."""
    view = top(me)
    state = view["state"]["values"][fields(view, name)][name]
    picked = state.get("selected_option")
    return state.get("value") or (picked and str(picked["text"]["text"]))


def choose_in(me: Live, name: str, value: str) -> None:
    """Chooses in a select of the open dialog."""
    assert me.sandbox.slack.click(top(me), name, value).acked


def find(me: Live, typed: str) -> list[str]:
    """The issues' keys on offer; they can be chosen then."""
    return keys(me.sandbox.slack.suggest(me.sandbox.slack.view, "issue", typed))


def option_for(me: Live, key: str) -> str:
    options = me.sandbox.slack.suggest(me.sandbox.slack.view, "issue", key)
    return next(str(each["value"]) for each in options if keys([each]) == [key])


def saved(me: Live, item_id: str) -> tuple[str | None, str | None, str]:
    """An item's group, its issue's key and its description."""
    found = next(each.suggestion for each in me.digest.items if each.id == item_id)
    return found.group, found.issue.key if found.issue else None, found.description


def test_another_group_has_its_own_issues_searched_and_brings_its_own_words(me: Live) -> None:
    first = item(me, "DEV-131")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    assert find(me, "")[0] == "DEV-131"
    choose_in(me, "project", offered(me, "globex"))
    me.wait(lambda: not shown(me, "description"))
    assert shown(me, "issue") is None
    assert find(me, "")[:2] == ["#12", "#17"]
    assert not [key for key in find(me, "") if key.startswith("DEV")]
    both = [key[0] for key in find(me, "re")]
    assert both[:1] == ["#"]
    assert "D" in both[both.count("#") :]  # the others' come after all of its own
    choose_in(me, "issue", option_for(me, "#12"))
    me.wait(lambda: str(shown(me, "description")).startswith("#12 "))
    assert not me.sandbox.slack.submit(None, {}).errors
    group, key, words = saved(me, first.id)
    assert (group, key, words.partition(" ")[0]) == ("globex", "#12", "#12")
    assert "Rate limit" not in words


def test_what_is_typed_instead_of_an_issue_stays_though_we_had_written_more(me: Live) -> None:
    first = item(me, "DEV-131")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    free = me.sandbox.slack.suggest(top(me), "issue", "Rate limit")[-1]["value"]
    choose_in(me, "issue", free)
    assert not me.sandbox.slack.submit(None, {}).errors
    assert saved(me, first.id) == ("acme", None, "Rate limit")


def test_what_is_typed_over_our_words_stays(me: Live) -> None:
    first = item(me, "DEV-131")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    assert find(me, "")
    choose_in(me, "issue", "none")
    me.wait(lambda: not shown(me, "description"))
    me.sandbox.slack.fill({fields(top(me), "description"): "Rate limit"})
    choose_in(me, "project", offered(me, "acme › Development"))
    assert shown(me, "description") == "Rate limit"
    assert not me.sandbox.slack.submit(None, {}).errors
    assert saved(me, first.id) == ("acme", None, "Rate limit")


def test_words_added_to_ours_stay_and_ours_follow_the_group(me: Live) -> None:
    first = item(me, "DEV-131")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    me.sandbox.slack.fill({"description": "DEV-131 Rate limit is off by one, with Ann"})
    choose_in(me, "project", offered(me, "globex"))
    me.wait(lambda: shown(me, "description") == "with Ann")
    assert not me.sandbox.slack.submit(None, {}).errors
    assert saved(me, first.id) == ("globex", None, "with Ann")


def test_what_is_filled_in_stays_when_the_group_changes(me: Live) -> None:
    first = item(me, "DEV-131")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    words = "Pairing with Ann"
    me.sandbox.slack.fill({"tags": "on site", "end": "11:15", "description": words})
    choose_in(me, "project", offered(me, "globex"))
    me.wait(lambda: shown(me, "issue") is None)
    assert (shown(me, "tags"), shown(me, "description")) == ("on site", "Pairing with Ann")
    assert not me.sandbox.slack.submit(None, {}).errors
    assert saved(me, first.id) == ("globex", None, "Pairing with Ann")
    assert spans(me)[2] == "10:35-11:15"


def test_an_issue_of_another_group_brings_its_group_along(me: Live) -> None:
    first = item(me, "DEV-131")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    choose_in(me, "issue", option_for(me, "#12"))
    me.wait(lambda: str(shown(me, "project")).startswith("globex"))
    assert str(shown(me, "description")).startswith("#12 ")
    assert not me.sandbox.slack.submit(None, {}).errors
    assert saved(me, first.id)[:2] == ("globex", "#12")


def test_who_saves_before_the_group_has_followed_gets_it_all_the_same(me: Live) -> None:
    """The issue is filled in, and the dialog not yet updated."""
    first = item(me, "DEV-131")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    assert not me.sandbox.slack.submit(None, {"issue": option_for(me, "#12")}).errors
    assert saved(me, first.id)[:2] == ("globex", "#12")


def test_an_issue_of_another_group_than_the_chosen_one_says_what_to_do(me: Live) -> None:
    first = item(me, "DEV-131")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    choose_in(me, "issue", option_for(me, "#12"))
    me.wait(lambda: str(shown(me, "project")).startswith("globex"))
    view = dialog(me, "edit_item")
    choose_in(me, "project", offered(me, "acme"))
    me.wait(lambda: fields(top(me), "issue") != fields(view, "issue"))
    assert shown(me, "issue") is None


def test_the_first_issue_in_an_empty_dialog_chooses_its_group(me: Live) -> None:
    me.click("add", me.sandbox.day.isoformat())
    dialog(me, "add_item")
    assert {"DEV-123", "#12"} <= set(find(me, ""))
    choose_in(me, "issue", option_for(me, "#12"))
    me.wait(lambda: str(shown(me, "project")).startswith("globex"))
    assert str(shown(me, "description")).startswith("#12 ")
    assert not me.sandbox.slack.submit(None, {"start": "20:00", "end": "20:30"}).errors
    added = me.wait(lambda: next((e for e in me.digest.items if e.change is not None), None))
    assert saved(me, added.id)[:2] == ("globex", "#12")


def test_the_dialog_for_more_time_searches_the_chosen_group_too(me: Live) -> None:
    me.click("add", me.sandbox.day.isoformat())
    dialog(me, "add_item")
    choose_in(me, "project", offered(me, "globex"))
    me.wait(lambda: fields(top(me), "issue") != "issue")
    assert find(me, "")[:2] == ["#12", "#17"]


@pytest.mark.parametrize("lost", ["drop-before", "drop-after-saving", "500"])
def test_a_dialog_follows_also_when_slacks_answer_is_lost(
    me: Live, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = item(me, "DEV-131")
    me.click("edit", first.id)
    dialog(me, "edit_item")
    me.sandbox.slack.faults.fail_next("views.update", lost)
    choose_in(me, "project", offered(me, "globex"))
    if lost == "500":  # it stays as it is, and can be saved
        me.eventually(lambda: "could not be brought up to date" in caplog.text)
        me.sandbox.slack.fill({"issue": None})
    else:
        me.wait(lambda: not shown(me, "description"))
    if lost == "drop-after-saving":
        me.eventually(lambda: me.sandbox.slack.api.calls.count("views.update") == 3)
    assert not me.sandbox.slack.submit(None, {}).errors
    assert saved(me, first.id) == ("globex", None, "")
    assert "A listener" not in caplog.text
    assert me.answered("That did not work") is None


@pytest.mark.parametrize("lost", ["drop-after-saving", "half-json"])
@pytest.mark.parametrize("action", ["edit", "add", "more"])
def test_a_dialog_that_opens_though_slacks_answer_is_lost_is_no_failure(
    me: Live, lost: str, action: str
) -> None:
    first = item(me, "DEV-123")
    me.sandbox.slack.faults.fail_next("views.open", lost)
    value = {"edit": first.id, "add": None, "more": f"split:{first.id}"}[action]
    me.click(action, value)
    told = me.wait(lambda: me.answered("may have worked"))
    dialog(me, {"edit": "edit_item", "add": "add_item", "more": "split_item"}[action])
    assert "did not work" not in told
    assert told.rstrip(".").split()[-1].isalnum()


def test_a_dialog_that_slack_refuses_to_open_did_not_work(me: Live) -> None:
    me.sandbox.slack.faults.fail_next("views.open", "error:expired_trigger_id")
    me.click("edit", item(me, "DEV-123").id)
    assert me.wait(lambda: me.answered("That did not work"))
    assert me.answered("may have worked") is None


def test_time_without_a_group_that_gets_one_is_described_as_the_bot_would(me: Live) -> None:
    draft = Draft(me.sandbox.day, str(me.sandbox.zone), (suggestion("09:00-10:00 ?"),))
    (unknown,) = me.days.person.store.save_draft(ME, draft).items
    me.days.show_again(me.sandbox.day)
    me.click("edit", unknown.id)
    dialog(me, "edit_item")
    choose_in(me, "project", offered(me, "globex"))
    assert not me.sandbox.slack.submit(None, {}).errors
    assert saved(me, unknown.id) == ("globex", None, "")


def test_a_dialog_closed_meanwhile_is_no_trouble(
    me: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate(monkeypatch)
    me.click("edit", item(me, "DEV-131").id)
    dialog(me, "edit_item")
    choose_in(me, "project", offered(me, "globex"))
    me.sandbox.slack.close_view()
    gate.open(1)
    me.eventually(lambda: gate.through == 1)
    assert me.answered("That did not work") is None
    assert "not_found" not in caplog.text
    assert me.sandbox.slack.notices == []


def test_of_two_quick_choices_the_dialog_shows_both(
    me: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    me.click("edit", item(me, "DEV-131").id)
    dialog(me, "edit_item")
    theirs = option_for(me, "#12")
    choose_in(me, "project", offered(me, "globex"))
    choose_in(me, "issue", theirs)
    gate.open(2)
    me.wait(lambda: str(shown(me, "description")).startswith("#12 "))
    assert str(shown(me, "issue")).startswith("#12 ")
    assert str(shown(me, "project")).startswith("globex")
    assert find(me, "")[0] == "#12"
    assert not me.sandbox.slack.submit(None, {}).errors


class Gate:
    """Holds back changes of open dialogs until it is opened, and then lets all through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._open = Event()
        self.waiting = self.through = 0
        update = WebClient.views_update

        def held(client: WebClient, **more: Any) -> Any:
            self.waiting += 1
            assert self._open.wait(10)
            try:
                return update(client, **more)
            finally:
                self.through += 1

        monkeypatch.setattr(WebClient, "views_update", held)

    def open(self, expected: int) -> None:
        """Lets them through as soon as so many are waiting."""
        deadline = time.monotonic() + 10
        while self.waiting < expected:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self._open.set()


# -- What mends a failure ------------------------------------------------------------------------


def buttons_of(me: Live, item_id: str) -> dict[str, str]:
    """Text and action of a row's buttons, or of its menu's entries."""
    return {
        element["text"]["text"]: element.get("action_id", "more")
        for block in me.message()["blocks"]
        for element in (*block.get("elements", ()), block.get("accessory") or {})
        for element in element.get("options", [element])
        if str(element.get("value")).rpartition(":")[2] == item_id
    }


def track_meanwhile(me: Live, start: datetime, minutes: int) -> None:
    """Somebody starts and stops the timer by hand."""
    me.sandbox.toggl.account.create(
        7001,
        {
            "created_with": "web",
            "workspace_id": 7001,
            "start": start.isoformat(),
            "duration": minutes * 60,
            "description": "Forgotten after all",
            "project_id": 501,
        },
    )


@pytest.mark.parametrize(
    ("button", "expected"), [("Trim and approve", "09:20-10:20"), ("Approve anyway", "08:50-10:20")]
)
def test_an_overlap_with_toggl_is_trimmed_or_made_anyway(
    me: Live, button: str, expected: str
) -> None:
    first = item(me, "DEV-123")
    track_meanwhile(me, first.suggestion.span.start, 30)
    me.click("approve", first.id)
    me.wait(lambda: FAILED in me.rows())
    offered = buttons_of(me, first.id)
    assert list(offered) == ["Trim and approve", "Approve anyway", "Edit", "Skip"]
    me.click(offered[button], first.id)
    me.wait(lambda: IN_TOGGL in me.rows())
    zone = me.sandbox.zone
    made = [
        f"{start.astimezone(zone):%H:%M}-{end.astimezone(zone):%H:%M}" for start, end in me.spans()
    ]
    assert expected in made


def test_an_entry_changed_in_toggl_is_kept_or_written_over(me: Live) -> None:
    first = item(me, "DEV-123")
    me.click("approve", first.id)
    me.wait(lambda: IN_TOGGL in me.rows())
    (entry,) = me.entries()
    me.sandbox.toggl.account.change(entry["id"], {"description": "Changed by hand"})
    me.click("edit", first.id)
    dialog(me, "edit_item")
    me.sandbox.slack.submit(None, {"description": "DEV-123 My words"})
    me.wait(lambda: "Keep Toggl's" in buttons_of(me, first.id))
    assert list(buttons_of(me, first.id)) == ["Keep Toggl's", "Edit", "Undo"]
    assert [each["description"] for each in me.entries()] == ["Changed by hand"]
    me.click("keep", first.id)
    me.wait(lambda: list(buttons_of(me, first.id)) == ["Edit", "Undo"])
    me.click("edit", first.id)
    dialog(me, "edit_item")
    me.sandbox.slack.submit(None, {"description": "DEV-123 My words"})
    me.eventually(lambda: [e["description"] for e in me.entries()] == ["DEV-123 My words"])


def test_an_entry_deleted_in_toggl_is_made_again(me: Live) -> None:
    first = item(me, "DEV-123")
    me.click("approve", first.id)
    me.wait(lambda: IN_TOGGL in me.rows())
    (entry,) = me.entries()
    me.sandbox.toggl.account.delete(entry["id"])
    me.click("edit", first.id)
    dialog(me, "edit_item")
    me.sandbox.slack.submit(None, {"description": "DEV-123 My words"})
    me.wait(lambda: FAILED in me.rows())
    assert list(buttons_of(me, first.id)) == ["Make it again", "Skip"]
    me.click("approve", first.id)
    me.wait(lambda: IN_TOGGL in me.rows())
    assert [each["description"] for each in me.entries()] == ["DEV-123 My words"]


# -- Rules ---------------------------------------------------------------------------------------


def choose(view: Json, name: str, text: str) -> str:
    """The value of a field's option."""
    block = next(each for each in view["blocks"] if each.get("block_id") == name)
    options = block["element"]["options"]
    return next(str(each["value"]) for each in options if each["text"]["text"] == text)


def test_a_rule_on_windows_decides_from_then_on_and_can_be_dropped(me: Live) -> None:
    unknown = [each for each in me.digest.items if each.suggestion.group is None]
    pick(me, f"rule:{item(me, 'DEV-123').id}")
    view = dialog(me, "rule")
    short = me.sandbox.slack.submit(None, {"word": " x "})
    assert "word" in short.errors
    said = {"word": "LibreOffice", "kind": "always", "group": choose(view, "group", "globex")}
    assert not me.sandbox.slack.submit(None, said).errors
    me.wait(lambda: "21 min of Friday 20 November's windows have it" in str(top(me)))
    assert me.core.rules() == []
    assert not me.sandbox.slack.submit(None, said).errors
    me.wait(lambda: me.answered("The rule is kept"))
    assert me.sandbox.slack.view is None
    rules = me.wait(me.core.rules)
    assert [(rule.kind, rule.group, rule.text) for rule in rules] == [
        (RuleKind.ALWAYS, "globex", "LibreOffice")
    ]
    me.time.forward(hours=2)  # past the time in the office suite
    me.ask()
    me.wait(
        lambda: spans(me)[-1].startswith("18:") and me.digest.items[-1].suggestion.group == "globex"
    )
    assert unknown == []

    home = me.sandbox.slack.home()
    assert "Windows with “LibreOffice” always belong to globex." in str(home["blocks"])
    me.sandbox.slack.click(home, "drop_rule", str(rules[0].id))
    me.wait(lambda: "LibreOffice" not in str(me.sandbox.slack.home_view()))
    assert me.core.rules() == []
    dropped = me.wait(lambda: me.answered("The rule is dropped. This moved:"))
    assert "(was globex)" in dropped


def keep_rule(me: Live, row: str, word: str, kind: str, group: str) -> str:
    """What is said when a rule is kept that is made from a row."""
    pick(me, f"rule:{item(me, row).id}")
    view = dialog(me, "rule")
    said = {"word": word, "kind": kind, "group": choose(view, "group", group)}
    assert not me.sandbox.slack.submit(None, said).errors
    me.wait(lambda: "Keep it" in str(top(me)))
    assert not me.sandbox.slack.submit(None, said).errors
    return me.wait(lambda: me.answered("The rule is kept."))


def test_a_rule_that_changes_nothing_says_why(me: Live) -> None:
    first = item(me, "DEV-123")
    assert "that was so already" in keep_rule(me, "DEV-123", "DEV-123", "always", "acme")
    me.days.review.approve(ME, first.id)
    keep_rule(me, "DEV-131", "DEV-123", "always", "globex")
    me.wait(lambda: me.answered("are decided, and stay."))


def test_a_rule_that_loses_says_what_it_lost(me: Live) -> None:
    told = keep_rule(me, "DEV-123", "DEV-123", "never", "acme")
    assert "It loses" in told
    assert "which stay as they were: what else is known there says more." in told


def test_words_and_programs_are_shown_where_the_person_allows_it(sandbox: Sandbox) -> None:
    with live(sandbox, sample_settings(sandbox, TRACKLATER_SUGGEST__SHOW_WINDOWS="true")) as me:
        me.time.forward(hours=2)
        me.open()
        programs = "Mozilla Firefox 14 min, LibreOffice Writer 12 min and LibreOffice Calc 9 min"
        assert f"In front: {programs}" in str(me.message()["blocks"])
        files = (sandbox.home / name for name in ("tracklater.sqlite3", "tracklater.sqlite3-wal"))
        stored = b"".join(file.read_bytes() for file in files if file.exists())
        assert b"Reset password" in stored
        assert b"LibreOffice" not in stored
        pick(me, f"rule:{item(me, 'DEV-123').id}")
        view = me.wait(lambda: v if "seen" in str((v := top(me))["blocks"]) else None)
        words = next(b for b in view["blocks"] if b["block_id"] == "seen")["element"]["options"]
        login = next(each for each in words if each["value"] == "login")
        assert re.fullmatch(r"login · \d+ min", login["text"]["text"])
        assert not me.sandbox.slack.click(view, "seen", "login").errors
        word = me.wait(
            lambda: next(
                (
                    b
                    for b in top(me)["blocks"]
                    if b.get("element", {}).get("initial_value") == "login"
                ),
                None,
            )
        )
        assert word["label"]["text"] == "A window with this in its title"
        said = {"group": choose(top(me), "group", "globex")}
        assert not me.sandbox.slack.submit(None, said).errors
        me.wait(lambda: "they would belong to globex" in str(top(me)))


def test_without_leave_no_word_of_a_window_is_shown(me: Live) -> None:
    me.time.forward(hours=2)
    me.open()
    assert "In front" not in str(me.message()["blocks"])
    pick(me, f"rule:{item(me, 'DEV-123').id}")
    assert "Words of these windows" not in str(dialog(me, "rule"))


# -- Home, silence, adding -----------------------------------------------------------------------


def test_preferences_hold_at_once_and_can_be_reset(me: Live) -> None:
    home = me.sandbox.slack.home()
    assert "Finland" in str(home["blocks"])
    before = me.days.views.plan()
    me.sandbox.slack.click(home, "pref_digest_at", "16:15")
    me.wait(lambda: "16:15" in str(me.sandbox.slack.home_view()))
    me.sandbox.slack.click(me.sandbox.slack.home_view(), "pref_holidays", "FI")
    me.wait(lambda: me.days.views.plan().country == "FI")
    assert f"{me.days.views.plan().at:%H:%M}" == "16:15"
    me.sandbox.slack.click(me.sandbox.slack.home(), "pref_reset", "all")
    me.wait(lambda: me.days.views.plan() == before)


def test_home_opens_earlier_days_and_says_where_they_are(me: Live) -> None:
    me.ask("tuesday")
    tuesday = (me.sandbox.day - timedelta(days=3)).isoformat()
    me.wait(lambda: digests_in(me.sandbox.slack.messages(), tuesday))
    home = me.sandbox.slack.home()
    assert "Tue 17 Nov: 4 open decisions" in str(home["blocks"])
    assert "Fri 20 Nov:" not in str(home["blocks"])  # today stands above
    told = len(me.answers())
    me.sandbox.slack.click(home, "open_day", tuesday)
    me.wait(lambda: len(me.answers()) > told)
    answer = me.sandbox.slack.messages()[-1]
    assert answer["text"].startswith("Tuesday 17 November: 4 suggestions")
    assert "|Tuesday 17 November>" in str(answer["blocks"])  # a link to the message
    assert len(digests_in(me.sandbox.slack.messages(), tuesday)) == 1


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("silent", "I will say nothing by myself before Saturday 21 November"),
        ("hour", "Slack itself reminds of any message"),
        ("tomorrow", "Nothing was set"),
    ],
)
def test_the_menu_of_an_older_message_still_answers(me: Live, choice: str, told: str) -> None:
    shown = me.message()
    row = next(each for each in shown["blocks"] if each.get("block_id", "").startswith("day:"))
    words = {"hour": "Remind me in an hour", "tomorrow": "Tomorrow", "silent": "Stay silent"}
    row["elements"].append(overflow("remind", [option(words[word], word) for word in words]))
    channel = me.days.messenger.channel_of(ME)
    client = web_client(sample_settings(me.sandbox))
    client.chat_update(channel=channel, ts=shown["ts"], blocks=shown["blocks"], text="as it was")
    assert me.click("remind", choice).acked
    assert me.wait(lambda: me.answered(told))
    assert me.days.views.plan().wants(me.sandbox.day) == (choice != "silent")


def test_time_is_added_to_a_day_that_nobody_has_looked_at(sandbox: Sandbox) -> None:
    with live(sandbox) as me:
        me.eventually(lambda: bool(me.days.person.catalog.search("DEV-131")))
        ts = me.sandbox.slack.say("Looked into DEV-131 with Ann")
        assert me.sandbox.slack.shortcut("track_this", ts).acked
        view = dialog(me, "add_item")
        assert "DEV-131 Rate limit is off by one" in str(view["blocks"])
        assert "acme › Development" in str(view["blocks"])
        outcome = me.sandbox.slack.submit(None, {"start": "20:00", "end": "20:30"})
        assert not outcome.errors
        me.wait(lambda: me.messages() and "20:00–20:30" in me.message()["text"])
        assert len(me.digest.items) >= 5  # the day was read as well


@pytest.mark.parametrize(
    ("channel", "text", "group"),
    [
        ("acme-dev", "Shall we call?", "acme"),
        ("globex-web", "Shall we call?", "globex"),
        ("acme-dev", "Is DEV-777 for next week?", "acme"),
        ("acme-dev", "globex asks the same", None),
    ],
)
def test_a_message_tells_its_group(me: Live, channel: str, text: str, group: str | None) -> None:
    places = me.sandbox.slack.workspace.channels.values()
    place = next(each.id for each in places if each.name == channel)
    assert me.sandbox.slack.shortcut("track_this", me.sandbox.slack.say(text, channel=place)).acked
    view = dialog(me, "add_item")
    project = next(each for each in view["blocks"] if each["block_id"] == "project")
    chosen = project["element"].get("initial_option")
    assert (chosen and chosen["text"]["text"].partition(" › ")[0]) == group


def test_who_goes_on_working_is_offered_a_refresh(sandbox: Sandbox) -> None:
    words = "You went on working after this was made"
    with live(sandbox, at="15:00") as me:
        me.open()
        me.time.forward(minutes=5)
        me.days.announce_due()
        assert words not in str(me.message())
        me.time.forward(minutes=40)
        me.days.announce_due()
        me.wait(lambda: words in str(me.message()))
        me.click("refresh", me.sandbox.day.isoformat())
        me.wait(lambda: words not in str(me.message()))


# -- Limits, for real ----------------------------------------------------------------------------


@pytest.mark.parametrize("number", usually([0, 1, 30], [0, 1, 15, 30, 60, 200]))
def test_days_of_any_size_are_taken_by_slack(sandbox: Sandbox, number: int) -> None:
    with days_on(sandbox) as days:
        slack = web_client(days.person.file_settings, Pacer(minute=0.05))
        # Long days are slow to post: one text of each kind is enough there.
        texts = ("", *HOSTILE[:3], HOSTILE[7], HOSTILE[17]) if number <= 15 else ("", HOSTILE[7])
        for back, text in enumerate(texts, start=1):
            items = [with_text(each, text) if text else each for each in many(number, 5, 2)]
            day = days.person.calendar.day_on(FRIDAY.date - timedelta(days=back))
            found = tuple(each.suggestion for each in items)
            digest = days.person.store.save_draft(
                days.person.id, Draft(day.date, str(day.zone), found)
            )
            posted = days.messenger.publish(digest)
            assert posted is not None
            last = len(pages(digest)) - 1
            for page in {0, last // 2, last}:
                days.turn_page(day.date, page)
            slack.views_publish(user_id=days.person.id, view=home(days.views.home()))
            for item in digest.items[:3]:
                choices = days.lookups.choices(day)
                for view in (
                    edit_modal(digest, item, choices),
                    with_move_offer(edit_modal(digest, item, choices), text),
                    split_modal(digest, item),
                    why_modal(digest, item),
                    rule_modal(digest, item, choices),
                    note_modal("Not done", text),
                ):
                    check_view(view)
