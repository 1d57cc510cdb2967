from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from tests.digests import digest, elements, issue, item, strings, with_text
from tests.hostile import HOSTILE, bad_characters, hostile_text
from tests.longer import examples
from tests.notation import FRIDAY, at, span, written
from tracklater_bot.blocks.dialog_values import (
    Choices,
    DialogMeta,
    EditForm,
    ProjectChoice,
    errors_for,
    find_issue,
    free_text,
    issue_options,
    issue_value,
    moment_of,
    parse_edit,
    parse_split,
    project_option,
    token,
)
from tracklater_bot.blocks.dialogs import (
    add_modal,
    after_choice,
    edit_modal,
    split_modal,
    why_modal,
    with_move_offer,
)
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.digests import Item, ItemState
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.suggestions import MOST_DESCRIPTION, Reason
from tracklater_sandbox.slack.blockkit import check_options, check_view

DEVELOPMENT = Project("Development", "group1", id="1")
BUGS = Project("Bug fixing", "group1", "bug", id="2")
CHOICES = Choices(FRIDAY, (BUGS, DEVELOPMENT, Project("Care", "group3")), ("group1", "group2"))
ITEM = item("09:05-11:30 group1 DEV-123")
DIGEST = digest(ITEM)

View = dict[str, Any]


def filled(view: View, **values: Any) -> View:
    """The view as Slack sends it back: what it began with, except for `values`."""
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    state = {
        block["block_id"]: {
            block["element"]["action_id"]: _state(
                block["element"], values.get(block["element"]["action_id"], ...)
            )
        }
        for block in inputs
    }
    return {**view, "id": "V1", "hash": "h", "state": {"values": state}}


def _state(element: View, value: Any) -> View:
    kind = element["type"]
    if kind == "timepicker":
        return {"selected_time": element.get("initial_time") if value is ... else value}
    if kind == "plain_text_input":
        return {"value": element.get("initial_value") if value is ... else value}
    if kind == "checkboxes":
        chosen = element.get("initial_options", []) if value is ... else element["options"]
        return {"selected_options": chosen if value is ... or value else []}
    if value is ...:
        return {"selected_option": element.get("initial_option")}
    return {"selected_option": {"value": value} if value else None}


def project_value(group: str, project: Project | None = None) -> str:
    return str(project_option(ProjectChoice(group, project))["value"])


def edited(made: Item = ITEM, **values: Any) -> EditForm | dict[str, str]:
    return parse_edit(filled(edit_modal(DIGEST, made, CHOICES), **values), CHOICES, made)


def form(made: Item = ITEM, **values: Any) -> EditForm:
    found = edited(made, **values)
    assert isinstance(found, EditForm), found
    return found


# -- What the edit dialog begins with ----------------------------------------------------------


def test_saving_without_a_change_changes_nothing() -> None:
    exact = Span(at("09:05:23"), at("11:30:48"))
    made = replace(ITEM, billable=True, tags=("on site", "a"))
    made = replace(made, suggestion=replace(made.suggestion, span=exact))
    same = form(made)
    assert (same.billable, same.tags) == (True, ("on site", "a"))
    assert same.span == exact
    assert (same.group, same.project) == ("group1", DEVELOPMENT)
    assert same.issue == issue_value(issue("DEV-123"))
    assert same.description == "DEV-123 Fix login"


def test_the_dialog_takes_no_longer_description_than_saving_does() -> None:
    (field,) = elements(edit_modal(DIGEST, ITEM, CHOICES)["blocks"], "description")
    assert field["max_length"] == MOST_DESCRIPTION == 2000


def test_the_dialog_carries_what_is_needed_to_find_its_item() -> None:
    view = edit_modal(replace(DIGEST, version=9), replace(ITEM, version=7), CHOICES)
    assert view["callback_id"] == "edit_item"
    stored = json.loads(view["private_metadata"])
    assert (stored["item"], stored["version"], stored["day"]) == ("item1", 7, "2026-11-20")
    assert DialogMeta.of(view).version == 7


@pytest.mark.parametrize("metadata", ["", "{}", "[]", "null", "nonsense", '{"item": "x"}'])
def test_a_dialog_that_is_not_ours_is_refused(metadata: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        DialogMeta.of({"private_metadata": metadata})


def test_block_and_action_ids_are_the_fields_names() -> None:
    inputs = [each for each in edit_modal(DIGEST, ITEM, CHOICES)["blocks"] if "element" in each]
    names = ["start", "end", "project", "issue", "description", "billable", "tags"]
    assert [each["block_id"] for each in inputs] == names
    assert [each["element"]["action_id"] for each in inputs] == names


def test_groups_are_headings_and_no_project_is_a_choice() -> None:
    (select,) = elements(edit_modal(DIGEST, ITEM, CHOICES), "project")
    offered = [
        (group["label"]["text"], [each["text"]["text"] for each in group["options"]])
        for group in select["option_groups"]
    ]
    assert offered == [
        ("group1", ["group1 › Development", "group1 › Bug fixing", "group1 › no project"]),
        ("group2", ["group2 › no project"]),
        ("group3", ["group3 › Care", "group3 › no project"]),
    ]
    assert select["initial_option"]["text"]["text"] == "group1 › Development"


def test_a_project_that_toggl_dropped_is_still_shown() -> None:
    old = item("09:00-10:00 group1 DEV-1", project=Project("Old", "group1"))
    (select,) = elements(edit_modal(DIGEST, old, CHOICES), "project")
    assert select["initial_option"] in select["option_groups"][0]["options"]
    assert form(old).project == Project("Old", "group1")


def test_what_was_this_has_no_project_until_one_is_chosen() -> None:
    unknown = item("09:00-10:00 ?")
    (select,) = elements(edit_modal(DIGEST, unknown, CHOICES), "project")
    assert "initial_option" not in select
    assert edited(unknown) == {"project": "Choose a group and project."}
    assert form(unknown, project=project_value("group2")).group == "group2"


def test_the_issue_search_opens_at_once() -> None:
    (select,) = elements(edit_modal(DIGEST, ITEM, CHOICES), "issue")
    assert select["min_query_length"] == 0
    assert select["initial_option"]["text"]["text"] == "DEV-123 Fix login"


def test_the_menu_is_in_the_dialog_too() -> None:
    (menu,) = elements(edit_modal(DIGEST, ITEM, CHOICES), "more")
    assert [each["value"] for each in menu["options"]] == ["split:item1", "why:item1", "rule:item1"]
    sent = replace(ITEM, state=ItemState.SENT)
    assert not elements(edit_modal(DIGEST, sent, CHOICES), "more")


# -- What comes back ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("09:00", "10:17", "09:00-10:17"),
        ("23:00", "00:30", "23:00-00:30"),
        ("00:10", "03:59", "00:10-03:59"),
        ("22:00", "04:00", "22:00-04:00"),
        ("04:00", "05:00", "04:00-05:00"),
    ],
)
def test_times_past_midnight_belong_to_the_day(start: str, end: str, expected: str) -> None:
    found = form(start=start, end=end).span
    assert written([found]) == expected
    assert found.start in FRIDAY.span
    assert found.end <= FRIDAY.span.end


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"start": "10:00", "end": "10:00"}, {"end"}),
        ({"start": "10:00", "end": "09:00"}, {"end"}),
        ({"start": "01:00", "end": "23:00"}, {"end"}),
        ({"start": None}, {"start"}),
        ({"end": None, "start": None}, {"start", "end"}),
        ({"start": "25:99"}, {"start"}),
        ({"project": None}, {"project"}),
        ({"project": "made-up"}, {"project"}),
        ({"project": None, "end": None}, {"project", "end"}),
    ],
)
def test_errors_stand_beside_their_fields(values: dict[str, Any], errors: set[str]) -> None:
    found = edited(**values)
    assert isinstance(found, dict)
    assert set(found) == errors
    assert all(text.endswith(".") for text in found.values())


def test_a_day_that_starts_at_midnight_has_no_night() -> None:
    day = WorkDay(date(2026, 11, 20), ZoneInfo("Europe/Helsinki"), time(0))
    assert moment_of(time(1), day) == at("01:00")
    view = filled(add_modal(day, CHOICES), start="22:00", end="00:00")
    view["state"]["values"]["project"]["project"]["selected_option"] = {
        "value": project_value("group2")
    }
    found = parse_edit(view, replace(CHOICES, day=day))
    assert isinstance(found, EditForm)
    assert found.span == span("22:00-24:00")


AUTUMN = WorkDay(date(2026, 10, 24), ZoneInfo("Europe/Helsinki"))  # 03:00-04:00 comes twice


def test_an_hour_that_comes_twice_keeps_its_place() -> None:
    second = Span(AUTUMN.span.end - timedelta(minutes=50), AUTUMN.span.end)
    made = replace(ITEM, suggestion=replace(ITEM.suggestion, span=second))
    choices = replace(CHOICES, day=AUTUMN)
    view = filled(edit_modal(replace(DIGEST, day=AUTUMN.date), made, choices))
    found = parse_edit(view, choices, made)
    assert isinstance(found, EditForm)
    assert found.span == second
    view = filled(edit_modal(replace(DIGEST, day=AUTUMN.date), made, choices), end="03:40")
    found = parse_edit(view, choices, made)
    assert isinstance(found, EditForm)
    assert found.span == Span(second.start, second.start + timedelta(minutes=30))


def test_billable_stays_unsaid_until_somebody_says_it() -> None:
    assert form().billable is None
    assert form(billable=True).billable is True
    said = replace(ITEM, billable=True)
    assert form(said).billable is True
    assert form(said, billable=False).billable is False


def test_tags_are_separated_by_commas() -> None:
    assert form(tags=" on site, meeting ,, on site").tags == ("on site", "meeting")
    assert form(replace(ITEM, tags=("a", "b"))).tags == ("a", "b")


def test_an_issue_can_be_cleared() -> None:
    assert form(issue="none").issue is None
    assert form(issue=None).issue is None


def test_text_typed_for_an_issue_becomes_the_description_we_wrote() -> None:
    assert form(issue="text:Call with Ann").description == "Call with Ann"
    assert form(issue="text:Call with Ann").issue is None
    own = form(issue="text:Call", description="My own words")
    assert own.description == "My own words"


@given(hostile_text)
def test_a_description_comes_back_clean(text: str) -> None:
    found = form(description=text)
    assert not bad_characters(found.description)
    assert "\n" not in found.description


# -- An open dialog changes --------------------------------------------------------------------


KNOWN = (issue("DEV-123"), issue("DEV-9", title="Other"), issue("#7", "group2", title="Theirs"))


def chosen(view: View, made: Item | None = ITEM, **values: Any) -> View | None:
    """The dialog after that was chosen in it, as Slack shows it; None where it stays as it is."""
    seen = refilled(view, **values)
    picked = find_issue(option_of(seen, "issue"), KNOWN)
    changed = after_choice(seen, CHOICES, made, picked)
    if changed is None:
        return None
    check_view(changed)
    assert {"hash", "id", "state"}.isdisjoint(changed)
    return _kept(seen, changed)


def refilled(view: View, **values: Any) -> View:
    """The view with `values`; what was filled in before stays."""
    made, before = filled(view, **values), view.get("state", {"values": {}})["values"]
    kept = {at: inside for at, inside in before.items() if not values.keys() & inside.keys()}
    return made | {"state": {"values": made["state"]["values"] | kept}}


def option_of(view: View, name: str) -> str | None:
    (inside,) = [value[name] for value in view["state"]["values"].values() if name in value]
    return (inside["selected_option"] or {}).get("value")


def text_of(view: View, name: str = "description") -> str:
    (inside,) = [value[name] for value in view["state"]["values"].values() if name in value]
    return str(inside["value"] or "")


def _kept(before: View, view: View) -> View:
    """What was filled in stays where the field's block id does."""
    made = filled(view)
    old, new = before["state"]["values"], made["state"]["values"]
    return made | {"state": {"values": {name: old.get(name, new[name]) for name in new}}}


def option(name: str) -> str:
    return issue_value(next(each for each in KNOWN if each.key == name))


def test_a_chosen_issue_brings_its_description() -> None:
    once = chosen(edit_modal(DIGEST, ITEM, CHOICES), issue=option("DEV-9"), tags="on site")
    assert once is not None
    assert text_of(once) == "DEV-9 Other"
    assert text_of(once, "tags") == "on site"
    twice = chosen(once, issue=option("DEV-123"))
    assert twice is not None
    ids = [[b["block_id"] for b in v["blocks"] if "element" in b][4] for v in (once, twice)]
    assert ids == ["description:1", "description:2"]
    assert text_of(twice) == "DEV-123 Fix login"
    found = parse_edit(twice, CHOICES, ITEM)
    assert isinstance(found, EditForm)
    assert found.description == "DEV-123 Fix login"


def test_words_of_the_persons_own_stay() -> None:
    view = edit_modal(DIGEST, ITEM, CHOICES)
    assert chosen(view, issue=option("DEV-9"), description="My own words") is None
    assert chosen(view, issue=option("DEV-9"), description="") is not None
    earlier = replace(ITEM.suggestion, description="Pairing with Ann", own_words=True)
    written_before = edit_modal(DIGEST, replace(ITEM, suggestion=earlier), CHOICES)
    assert chosen(written_before, issue=option("DEV-9")) is None


@pytest.mark.parametrize("same", ["dev-123 fix login", "  DEV-123  Fix login ", "Fix login"])
def test_who_changes_case_or_spaces_or_cuts_has_written_nothing_of_their_own(same: str) -> None:
    view = chosen(edit_modal(DIGEST, ITEM, CHOICES), issue=option("DEV-9"), description=same)
    assert view is not None
    assert text_of(view) == "DEV-9 Other"


def test_another_group_takes_its_own_issues_and_no_words_of_the_old_one() -> None:
    view = edit_modal(DIGEST, ITEM, CHOICES)
    (select,) = [each for each in view["blocks"] if each.get("block_id") == "project"]
    assert select["dispatch_action"] is True
    moved = chosen(view, project=project_value("group2"), start="09:30")
    assert moved is not None
    assert option_of(moved, "issue") is None
    assert text_of(moved) == ""
    assert moved["state"]["values"]["start"]["start"]["selected_time"] == "09:30"
    ids = [each["block_id"] for each in moved["blocks"] if "element" in each]
    assert ids == ["start", "end", "project", "issue:1", "description:1", "billable", "tags"]
    theirs = chosen(moved, issue=option("#7"))
    assert theirs is not None
    assert text_of(theirs) == "#7 Theirs"
    back = chosen(theirs, project=project_value("group1", DEVELOPMENT))
    assert back is not None
    assert option_of(back, "issue") is None
    assert text_of(back) == ""
    assert (again := chosen(back, issue=option("DEV-123"))) is not None
    assert text_of(again) == "DEV-123 Fix login"


def test_another_project_of_the_same_group_changes_nothing_else() -> None:
    view = edit_modal(DIGEST, ITEM, CHOICES)
    assert chosen(view, project=project_value("group1", BUGS)) is None


def test_without_an_issue_the_commits_words_go_with_their_group() -> None:
    alone = replace(ITEM.suggestion, issue=None, description="Rate limit for acme's API")
    made = replace(ITEM, suggestion=alone)
    moved = chosen(edit_modal(DIGEST, made, CHOICES), made, project=project_value("group2"))
    assert moved is not None
    assert text_of(moved) == ""
    back = chosen(moved, made, project=project_value("group1"))
    assert back is not None
    assert text_of(back) == "Rate limit for acme's API"
    with_issue = chosen(back, made, issue=option("DEV-9"))
    assert with_issue is not None
    without = chosen(with_issue, made, issue="none")
    assert without is not None
    assert text_of(without) == "Rate limit for acme's API"


def test_the_first_issue_chooses_its_group_and_the_project_for_such_issues() -> None:
    bug = replace(issue("DEV-9"), type="bug")
    for begun, made in (
        (add_modal(FRIDAY, CHOICES), None),
        (edit_modal(DIGEST, item("09:00-10:00 ?"), CHOICES), item("09:00-10:00 ?")),
    ):
        seen = filled(begun, issue=issue_value(bug))
        changed = after_choice(seen, CHOICES, made, bug)
        assert changed is not None
        check_view(changed)
        shown = _kept(seen, changed)
        assert option_of(shown, "project") == project_value("group1", BUGS)
        assert option_of(shown, "issue") == issue_value(bug)
        assert text_of(shown) == "DEV-9 Fix login"
        assert chosen(shown, made, issue=option("#7")) is not None
        assert option_of(shown, "project") == project_value("group1", BUGS)


def test_text_typed_for_an_issue_stays_when_the_group_changes() -> None:
    moved = chosen(
        edit_modal(DIGEST, ITEM, CHOICES), project=project_value("group2"), issue="text:Lunch talk"
    )
    assert moved is not None
    assert option_of(moved, "issue") == "text:Lunch talk"
    found = parse_edit(moved, CHOICES, ITEM)
    assert isinstance(found, EditForm)
    assert (found.group, found.description) == ("group2", "Lunch talk")


def test_a_later_choice_fills_in_fields_that_an_earlier_one_did_not_use() -> None:
    seen = filled(edit_modal(DIGEST, ITEM, CHOICES), project=project_value("group2"))
    ids = [
        {each["block_id"] for each in view["blocks"] if ":" in each.get("block_id", "")}
        for later in (0, 1700000000123456)
        if (view := after_choice(seen, CHOICES, ITEM, None, later)) is not None
    ]
    assert ids[0].isdisjoint(ids[1])


def test_a_dialog_from_before_an_update_is_still_taken() -> None:
    view = edit_modal(DIGEST, ITEM, CHOICES)
    old = {"item": "item1", "version": 1, "day": "2026-11-20", "auto": token("DEV-123 Fix login")}
    old_view = {**view, "private_metadata": json.dumps(old)}
    assert form_of(old_view, CHOICES, ITEM).description == "DEV-123 Fix login"
    changed = chosen(old_view, issue=option("DEV-9"))
    assert changed is not None
    assert text_of(changed) == "DEV-9 Other"


def test_an_overlap_offers_to_move_the_neighbour() -> None:
    view = filled(edit_modal(DIGEST, ITEM, CHOICES))
    offered = with_move_offer(view, "This overlaps 11:30–12:00 group2.")
    offered = with_move_offer(filled(offered), "This overlaps 11:30–12:30 group2.")
    check_view(offered)
    assert len(elements(offered, "move")) == 1
    assert "This overlaps 11:30–12:30 group2." in strings(offered, "mrkdwn")
    for ticked in (True, False):
        found = parse_edit(filled(offered, move=ticked), CHOICES, ITEM)
        assert isinstance(found, EditForm)
        assert found.move_neighbours is ticked


def test_errors_of_the_core_find_their_fields() -> None:
    view = chosen(edit_modal(DIGEST, ITEM, CHOICES), issue=option("DEV-9"))
    assert view is not None
    found = errors_for(view, {"description": "Too short.", "": "Changed meanwhile."})
    assert found == {"description:1": "Too short.", "start": "Changed meanwhile."}


# -- Add, split, why ---------------------------------------------------------------------------


def test_add_begins_empty() -> None:
    view = add_modal(FRIDAY, CHOICES)
    check_view(view)
    assert view["callback_id"] == "add_item"
    found = parse_edit(filled(view), CHOICES)
    assert isinstance(found, dict)
    assert set(found) == {"start", "end", "project"}


def test_add_begins_with_what_is_known() -> None:
    dialog = add_modal(FRIDAY, CHOICES, "group1", issue("DEV-5", title="Call"))
    found = parse_edit(filled(dialog, start="09:00", end="10:00"), CHOICES)
    assert found == EditForm(
        span=span("09:00-10:00"),
        group="group1",
        project=DEVELOPMENT,
        issue=issue_value(issue("DEV-5")),
        description="DEV-5 Call",
        billable=None,
    )


def test_a_group_that_is_not_set_up_is_not_chosen() -> None:
    view = add_modal(FRIDAY, CHOICES, "nobody")
    assert "initial_option" not in elements(view, "project")[0]


def test_without_groups_the_dialog_says_what_to_do() -> None:
    view = add_modal(FRIDAY, Choices(FRIDAY))
    check_view(view)
    assert "No groups are set up: add one to your settings first." in strings(view, "mrkdwn")


@pytest.mark.parametrize(("best_split", "begins_at"), [(at("10:10"), "10:10"), (None, "10:17")])
def test_split_begins_at_the_best_split_or_in_the_middle(best_split: Any, begins_at: str) -> None:
    made = item("09:05-11:30 group1 DEV-1", best_split=best_split)
    view = split_modal(DIGEST, made)
    check_view(view)
    assert view["callback_id"] == "split_item"
    assert parse_split(filled(view), FRIDAY, made.suggestion.span) == at(begins_at)


@pytest.mark.parametrize("wrong", ["09:05", "11:30", "08:00", "23:00", None])
def test_a_split_lies_inside(wrong: str | None) -> None:
    found = parse_split(filled(split_modal(DIGEST, ITEM), at=wrong), FRIDAY, ITEM.suggestion.span)
    assert isinstance(found, dict)
    assert set(found) == {"at"}


def test_why_tells_the_reasons_strongest_first() -> None:
    reasons = (Reason("2 messages in #acme", 0.2), Reason("keyword acme, 42 min", 0.8))
    made = item("09:00-10:00 group1 DEV-1", reasons=reasons, alternative="group2", confidence=0.93)
    view = why_modal(DIGEST, made)
    check_view(view)
    assert view["callback_id"] == "why"
    text = "\n".join(strings(view, "mrkdwn"))
    assert "• keyword acme, 42 min (80 %)\n• 2 messages in #acme (20 %)" in text
    assert "93 % sure of the group." in text
    assert "Without these it would have been: group2." in text
    assert "Seen in this time: 131 min in windows, 3 commits, 2 messages." in text


def test_why_of_unexplained_time() -> None:
    text = "\n".join(strings(why_modal(DIGEST, item("09:00-10:00 ?")), "mrkdwn"))
    assert "Nothing pointed to a group here." in text
    assert "sure of the group" not in text


# -- Issues to choose from ---------------------------------------------------------------------


def test_an_issue_is_found_again_by_its_option() -> None:
    known = [issue("#12", "group1"), issue("#12", "group2"), issue("DEV-1")]
    values = [each["value"] for each in issue_options(known)["options"]]
    assert [find_issue(value, known) for value in values] == [*known, None]
    assert values[-1] == "none"


def test_what_was_typed_can_stay() -> None:
    answer = issue_options([issue("DEV-1")], "call with ann")
    check_options(answer)
    last = answer["options"][-1]
    assert last["text"]["text"] == "“call with ann”"
    assert free_text(last["value"]) == "call with ann"
    assert find_issue(last["value"], [issue("DEV-1")]) is None


def test_many_issues_are_cut_to_a_hundred() -> None:
    check_options(issue_options([issue(f"DEV-{n}") for n in range(500)], "x"))


# -- Limits ------------------------------------------------------------------------------------


def test_three_hundred_projects_fit() -> None:
    projects = tuple(Project(f"P{n}", f"group{n % 2}") for n in range(300))
    made = item("09:00-10:00 group1 DEV-1", project=Project("P299", "group1"))
    view = edit_modal(DIGEST, made, Choices(FRIDAY, projects))
    check_view(view)
    assert form_of(view, Choices(FRIDAY, projects), made).project == Project("P299", "group1")


def form_of(view: View, choices: Choices, made: Item) -> EditForm:
    found = parse_edit(filled(view), choices, made)
    assert isinstance(found, EditForm)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_every_dialog_takes_hostile_text(text: str) -> None:
    check_everything(text)


@examples(40)
@given(hostile_text)
def test_every_dialog_takes_any_text(text: str) -> None:
    check_everything(text)


def check_everything(text: str) -> None:
    made = with_text(ITEM, text)
    made = replace(made, suggestion=replace(made.suggestion, reasons=(Reason(text, 0.1),) * 30))
    projects = (Project(text, text), Project(text + "2", text), Project("", "g"))
    choices = Choices(FRIDAY, projects, (text, "group1"))
    day = digest(made)
    view = edit_modal(day, made, choices)
    views = [view, why_modal(day, made), split_modal(day, made), with_move_offer(view, text or "x")]
    known = made.suggestion.issue
    views.append(add_modal(FRIDAY, choices, text, known))
    assert known is not None
    changed = after_choice(filled(view, description=""), choices, made, known)
    views += [changed] if changed else []
    for each in views:
        check_view(each)
        for shown in strings(each, "mrkdwn") + strings(each, "plain_text"):
            assert not bad_characters(shown)
    check_options(issue_options([known], text))
    assert isinstance(parse_edit(filled(view), choices, made), EditForm)
