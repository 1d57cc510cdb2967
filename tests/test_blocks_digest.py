from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.digests import TOGGL, digest, elements, entry, item, many, strings, with_text
from tests.hostile import HOSTILE, bad_characters, hostile_text, isolates_balanced
from tests.longer import examples
from tests.notation import FRIDAY, at, span
from tracklater_bot.blocks.digest import DigestView, PictureRef, digest_message, digest_text, pages
from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.domain.day_totals import usual_length
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.draft import Gap
from tracklater_bot.domain.suggestions import Candidate, Evidence, SourceStatus
from tracklater_bot.settings import Settings
from tracklater_bot.settings.preferences import moved
from tracklater_sandbox.slack.blockkit import check_message

UNSURE = item("13:00-14:00 group1 DEV-9", number=9, confidence=0.7)
PICTURE = PictureRef("F0123456", "Timeline of Friday 20 November. " + "group1 " * 60)
DAY = "2026-11-20"


def told(**more: Any) -> DigestView:
    """How a digest is shown to somebody whose entries go to Toggl."""
    return DigestView(**{"tracker": TOGGL, **more})


def shown(made: Digest, **view: object) -> str:
    """All words of the message, as one text."""
    blocks = digest_message(made, told(**view)).blocks
    return "\n".join([*strings(blocks, "mrkdwn"), *strings(blocks, "plain_text")])


def assert_within_limits(message: SlackMessage) -> None:
    check_message(message.blocks)
    assert len(message.blocks) <= 50
    assert len(json.dumps(message.blocks)) < 12_000
    assert 0 < len(message.text) <= 4_000


def buttons(made: Digest, **view: object) -> list[str]:
    blocks = digest_message(made, told(**view)).blocks
    found = [each for block in blocks if block["type"] == "actions" for each in block["elements"]]
    accessories = [block["accessory"] for block in blocks if "accessory" in block]
    return [each["text"]["text"] for each in [*found, *accessories] if each["type"] == "button"]


# -- What a day looks like ---------------------------------------------------------------------


def test_the_header_tells_the_day_and_the_sum() -> None:
    made = digest("09:05-11:30 group1 DEV-123", "12:00-17:00 group2 #12")
    header = digest_message(made, told()).blocks[0]
    assert header["type"] == "header"
    assert header["text"]["text"] == "Friday 20 November · 7 h 25 min to review"


def test_a_row_says_what_it_is_and_what_for() -> None:
    made = digest("09:05-11:30 group1 DEV-123")
    assert (
        "*09:05–11:30* · 2 h 25 min · group1 › Development\n"
        "<https://group1.atlassian.net/browse/DEV-123|DEV-123> Fix login"
    ) in shown(made)


def test_a_certain_row_has_one_menu_and_an_unsure_one_its_buttons() -> None:
    made = digest("09:05-11:30 group1 DEV-123", "12:00-12:05 group1 DEV-124", UNSURE)
    blocks = digest_message(made, told()).blocks
    menus = [[each["value"] for each in menu["options"]] for menu in elements(blocks, "more")]
    assert menus == [
        ["approve:item0", "edit:item0", "skip:item0", "split:item0", "why:item0"],
        ["approve:item1", "edit:item1", "skip:item1", "why:item1"],
    ]
    assert buttons(made)[-3:] == ["Approve", "Edit", "Skip"]


def test_a_row_stands_beside_a_square_in_its_colour() -> None:
    text = shown(digest("09:05-11:30 group1 DEV-1"), squares={"group1": ":large_blue_square:"})
    assert ":large_blue_square: *09:05–11:30*" in text


def test_the_two_longest_questions_come_first_with_their_answers() -> None:
    asked = [
        item("09:00-09:20 ?", number=0),
        item("10:00-10:50 ?", number=1, candidates=(Candidate("group2", 0.5),)),
        item("11:00-12:00 ?", number=2),
        item("12:00-13:00 group1 DEV-1", number=3),
    ]
    made = digest(*asked)
    assert [each.id for each in pages(made)[0]] == ["item2", "item1", "item3", "item0"]
    blocks = digest_message(made, told()).blocks
    answers = [each for n in (0, 1) for each in elements(blocks, f"answer:{n}")]
    assert [(each["text"]["text"], each["value"].partition(":")[2]) for each in answers] == [
        ("group1", "item2"),
        ("group2", "item1"),
    ]
    assert "Something else…" in buttons(made)
    assert "next to group1" in shown(made)


def test_an_answered_question_is_a_row_like_any_other() -> None:
    made = item("11:00-12:00 group1", confidence=1.0)
    assert elements(digest_message(digest(made), told()).blocks, "answer:0") == []


def test_gaps_and_the_usual_hours_are_told_in_words() -> None:
    gaps = [Gap(span("11:00-11:40"), "away"), Gap(span("14:00-14:20"), "nobody")]
    made = digest("09:00-11:00 group1 DEV-1", gaps=tuple(gaps))
    text = shown(made, usual=timedelta(hours=7, minutes=30))
    assert "In all 2 h; you usually work 7 h 30 min." in text
    assert "20 min at the screen for none of your groups." in text
    assert "Not counted: 11:00–11:40 away." in text


def test_the_usual_hours_are_those_of_decided_days() -> None:
    def day(number: int, state: ItemState) -> Digest:
        made = digest(item("09:00-12:00 group1 DEV-1", state))
        return replace(made, day=made.day - timedelta(days=number))

    decided = [day(number, ItemState.SENT) for number in range(1, 4)]
    assert usual_length([*decided, day(4, ItemState.OPEN)], FRIDAY.date) == timedelta(hours=3)
    assert usual_length(decided[:2], FRIDAY.date) is None


def test_low_confidence_is_said_in_words() -> None:
    sure, unsure = item("09:00-10:00 group1 DEV-1"), item("09:00-10:00 group1 DEV-1")
    unsure = replace(unsure, suggestion=replace(unsure.suggestion, confidence=0.4))
    assert "Not sure" in shown(digest(unsure))
    assert "(not sure)" in digest_text(digest(unsure))
    assert "ot sure" not in shown(digest(sure)) + digest_text(digest(sure))


def test_what_was_this_cannot_be_approved() -> None:
    made = digest("09:00-09:30 ?", "10:00-11:00 group1 DEV-1")
    blocks = digest_message(made, told()).blocks
    assert [element["value"] for element in elements(blocks, "edit")] == ["item0", "item1"]
    assert [element["value"] for element in elements(blocks, "approve")] == ["item1"]
    assert [element["value"] for element in elements(blocks, "skip")] == ["item0", "item1"]
    assert "09:00–09:30* · 30 min · What was this?" in shown(made)


def test_a_description_that_differs_from_the_issues_title_is_shown() -> None:
    made = item("09:00-10:00 group1 DEV-1")
    own = replace(made, suggestion=replace(made.suggestion, description="DEV-1 Call with Ann"))
    assert "DEV-1|DEV-1> Call with Ann" in shown(digest(own))
    other = replace(made, suggestion=replace(made.suggestion, description="", issue=None))
    assert "No description" in shown(digest(other))


def test_times_past_midnight_name_the_day() -> None:
    assert "*23:10–00:30 (Sat)*" in shown(digest("23:10-24:30 group1 DEV-1"))


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (Evidence(131, 3, 2), "131 min in windows, 3 commits, 2 messages"),
        (Evidence(0, 1, 1), "1 commit, 1 message"),
        (Evidence(5), "5 min in windows"),
        (Evidence(meetings=1), "1 meeting"),
    ],
)
def test_evidence_in_words(evidence: Evidence, words: str) -> None:
    made = item("09:00-10:00 group1 DEV-1", evidence=evidence, confidence=0.7)
    assert shown(digest(made)).count(words) == 1


def test_totals_stand_against_what_is_tracked_already() -> None:
    made = digest(
        "09:00-11:00 group1 DEV-1",
        "11:00-11:30 group2 DEV-2",
        tracked=(entry("07:00-08:00 group1", 1), entry("08:00-08:30 ?", 2)),
    )
    text = shown(made)
    assert "group1: 2 h to review, 1 h in Toggl\ngroup2: 30 min to review" in text
    assert "Without a group: 30 min in Toggl\nIn Toggl in all: 1 h 30 min" in text


def test_what_was_sent_counts_once_even_after_toggl_was_read_again() -> None:
    sent = replace(item("09:00-10:00 group1 DEV-1", ItemState.SENT), entry_id="7")
    before = digest(sent)
    after = digest(sent, tracked=(entry("09:00-10:00 group1", 7),))
    for made in (before, after):
        assert "in Toggl. Thank you.*\ngroup1 1 h" in shown(made)


def test_a_running_entry_counts_until_now() -> None:
    running = replace(entry("09:00-10:00 group1"), end=None)
    made = digest("10:00-11:00 group2 DEV-1", tracked=(running,))
    assert "group1: 45 min in Toggl" in shown(made, now=at("09:45"))
    assert "A timer is running; it is not counted." in shown(made)


# -- Approve all -------------------------------------------------------------------------------


def test_approve_all_asks_with_the_count_and_the_sum() -> None:
    made = digest("09:00-11:00 group1 DEV-1", "11:00-11:40 group2 DEV-2", "12:00-13:00 ?")
    (button,) = elements(digest_message(made, told()).blocks, "approve_all")
    assert button["value"] == DAY
    assert button["confirm"]["text"]["text"] == "Make 2 entries, 2 h 40 min, in Toggl?"


def test_one_entry_is_one_entry() -> None:
    (button,) = elements(digest_message(digest("09:00-10:00 g X-1"), told()).blocks, "approve_all")
    assert button["confirm"]["text"]["text"] == "Make 1 entry, 1 h, in Toggl?"


@pytest.mark.parametrize(
    ("confidences", "offered"),
    [
        ((0.95, 0.5), ["Approve the 1 certain", "Approve all"]),
        ((0.95, 0.95), ["Approve the 2 certain", "Approve all"]),
        ((0.5, 0.5), ["Approve all"]),
        ((0.9, 0.89), ["Approve the 1 certain", "Approve all"]),
    ],
)
def test_certain_ones_are_the_first_to_be_approved(
    confidences: tuple[float, ...], offered: list[str]
) -> None:
    made = digest(
        *(
            item(f"{9 + n}:00-{9 + n}:30 group1 DEV-1", number=n, confidence=confidence)
            for n, confidence in enumerate(confidences)
        )
    )
    assert buttons(made)[: len(offered)] == offered


def test_what_is_approved_is_named_before() -> None:
    made = digest("09:00-10:00 group1 DEV-1", UNSURE)
    blocks = digest_message(made, told(stood="12 of 12 so far.")).blocks
    certain, everything = (
        elements(blocks, action)[0]["confirm"]["text"]["text"]
        for action in ("approve_certain", "approve_all")
    )
    assert certain == "Make 1 entry, 1 h, in Toggl? 09:00 group1 DEV-1. 12 of 12 so far."
    assert everything == "Make 2 entries, 2 h, in Toggl? Not sure: 13:00 group1 DEV-9."


def test_without_a_project_nothing_is_approved_along_with_the_rest() -> None:
    made = item("09:00-10:00 group1 DEV-1", project=None)
    blocks = digest_message(digest(made)).blocks
    assert not elements(blocks, "approve_all")
    assert elements(blocks, "approve")
    assert "group1 › no project" in shown(digest(made))


# -- States ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "more", "words", "offered"),
    [
        (ItemState.SENT, {}, "<https://track.toggl.com/timer|In Toggl>", ["Edit", "Undo"]),
        (ItemState.SKIPPED, {}, "Skipped", ["Undo"]),
        (ItemState.PENDING, {}, "On its way…", ["Undo"]),
        (ItemState.SENDING, {}, "On its way…", []),
        (ItemState.UNKNOWN, {}, "Checking whether Toggl got it…", []),
        (ItemState.DELETING, {}, "Being taken out of Toggl…", []),
        (
            ItemState.PENDING,
            {"problem": "The hourly quota of Toggl is used up.", "retry_at": at("18:42")},
            "Waits for Toggl's quota until 18:42",
            ["Undo"],
        ),
        (
            ItemState.PENDING,
            {"problem": "Toggl can't be reached.", "retry_at": at("18:42")},
            "Waits until 18:42: Toggl can't be reached.",
            ["Undo"],
        ),
        (
            ItemState.UNKNOWN,
            {"problem": "Toggl can't be reached.", "retry_at": at("18:42")},
            "Waits to check whether Toggl got it until 18:42: Toggl can't be reached.",
            [],
        ),
        (
            ItemState.DELETING,
            {"problem": "Toggl can't be reached.", "retry_at": at("18:42")},
            "Waits to be taken out of Toggl until 18:42: Toggl can't be reached.",
            [],
        ),
        (
            ItemState.FAILED,
            {"problem": "The project Development is archived."},
            "*Not in Toggl:* The project Development is archived.",
            ["Approve", "Edit", "Skip"],
        ),
    ],
)
def test_each_state_is_said_and_offers_what_is_possible(
    state: ItemState, more: dict[str, Any], words: str, offered: list[str]
) -> None:
    made = digest(item("09:00-10:00 group1 DEV-1", state, **more))
    assert words in shown(made)
    blocks = digest_message(made, told()).blocks
    menus = [each["text"]["text"] for each in elements(blocks, "more") for each in each["options"]]
    assert [*buttons(made), *menus] == ["Add", "Refresh", *offered]


def test_toggls_page_can_be_another() -> None:
    made = digest(item("09:00-10:00 group1 DEV-1", ItemState.SENT))
    assert "<http://127.0.0.1:9/#toggl|In Toggl>" in shown(
        made, tracker=replace(TOGGL, page="http://127.0.0.1:9/#toggl")
    )


@pytest.mark.parametrize(
    ("states", "header", "words"),
    [
        ("sent sent skipped", "decided", "Everything is decided: 2 of 3 in Toggl, 1 skipped."),
        ("sent pending", "on its way", "1 of 2 in Toggl, 1 on the way"),
        ("sent unknown", "on its way", "1 of 2 in Toggl, 1 on the way"),
        ("sent failed", "1 h to review", "1 of 2 in Toggl, 1 not accepted"),
        ("open sent", "1 h to review", "1 to review, 1 of 2 in Toggl"),
        ("deleting", "on its way", "1 being taken out"),
    ],
)
def test_the_head_tells_how_far_the_day_is(states: str, header: str, words: str) -> None:
    made = digest(
        *(
            item(f"{9 + n}:00-{10 + n}:00 group1 DEV-1", ItemState(state), n)
            for n, state in enumerate(states.split())
        )
    )
    blocks = digest_message(made, told()).blocks
    assert blocks[0]["text"]["text"] == f"Friday 20 November · {header}"
    assert words in shown(made)
    assert digest_text(made, told()).startswith(f"Friday 20 November: {header}")


@pytest.mark.parametrize("state", [ItemState.PENDING, ItemState.UNKNOWN, ItemState.DELETING])
def test_what_is_held_back_says_until_when_everywhere(state: ItemState) -> None:
    made = digest(
        item("09:00-10:00 group1 DEV-1", ItemState.SENT),
        item("10:00-11:00 group1 DEV-2", ItemState.PENDING),
        item("11:00-12:00 group1 DEV-3", state, retry_at=at("18:40")),
        item("12:00-13:00 group1 DEV-4", state, retry_at=at("18:42")),
    )
    message = digest_message(made, told())
    head = "1 of 4 in Toggl, 1 on the way, 2 waiting until 18:42"
    assert f"*{head}*" in strings(message.blocks, "mrkdwn")[0]
    assert "DEV-2 Fix login (on its way)." in message.text
    assert "DEV-3 Fix login (waits until 18:40)." in message.text
    assert shown(made).count(" until 18:4") == 3


def test_an_empty_day_says_so() -> None:
    blocks = digest_message(digest()).blocks
    assert blocks[0]["text"]["text"] == "Friday 20 November · nothing to review"
    assert not elements(blocks, "approve_all")
    assert elements(blocks, "add")


def test_reminders_and_silence_are_left_to_slack_and_home() -> None:
    assert not elements(digest_message(digest("09:00-10:00 g X-1")).blocks, "remind")


# -- Pictures and trouble ----------------------------------------------------------------------


def test_the_picture_comes_with_words() -> None:
    view = told(picture=PictureRef("F1", "Timeline of Friday"), timeline="bars")
    image = digest_message(digest("09:00-10:00 g X-1"), view).blocks[1]
    assert image == {
        "type": "image",
        "slack_file": {"id": "F1"},
        "alt_text": "Timeline of Friday",
    }


def test_bars_stand_in_for_the_picture() -> None:
    view = told(timeline="      09\nacme  ██ ```")
    blocks = digest_message(digest("09:00-10:00 g X-1"), view).blocks
    assert blocks[1]["text"]["text"] == "```      09\nacme  ██ '''```"


def test_trouble_is_a_quiet_line_at_the_end() -> None:
    made = digest(
        "09:00-10:00 group1 DEV-1",
        sources=(
            SourceStatus("thyme", None, 1200),
            SourceStatus("jira", "group1", 0, "The token was refused; make a new one."),
        ),
    )
    last = digest_message(made, told(changes=["Write `picture = false`."])).blocks[-1]
    assert last["type"] == "context"
    assert strings(last, "mrkdwn") == [
        "jira (group1): The token was refused; make a new one.",
        "Write `picture = false`.",
    ]
    assert digest_text(made, told()).endswith("Not everything could be read: jira.")


def test_many_troubles_are_counted() -> None:
    sources = tuple(SourceStatus(f"git{n}", None, 0, "gone") for n in range(20))
    last = digest_message(digest("09:00-10:00 g X-1", sources=sources)).blocks[-1]
    assert strings(last, "mrkdwn")[-1] == "and 16 more"


# -- Limits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 6, 8, 12, 15, 16, 60, 200])
@pytest.mark.parametrize("id_length", [8, 40])
def test_any_number_of_suggestions_fits(number: int, id_length: int) -> None:
    made = digest(*(replace(each, id=each.id.rjust(id_length, "x")) for each in many(number)))
    total = len(pages(made))
    for page in {0, total // 2, total - 1, total + 5, -3}:
        assert_within_limits(digest_message(made, told(page=page, picture=PICTURE)))


@pytest.mark.parametrize("number", [1, 8, 15])
def test_up_to_fifteen_suggestions_stand_on_one_page(number: int) -> None:
    blocks = digest_message(digest(*many(number)), told(picture=PICTURE)).blocks
    assert len(elements(blocks, "approve")) == number
    assert not any(block.get("text", {}).get("text", "").startswith("Page") for block in blocks)


@pytest.mark.parametrize("number", [16, 60, 200])
def test_pages_show_every_suggestion_once(number: int) -> None:
    made = digest(*many(number))
    seen: list[str] = []
    page: int | None = 0
    while page is not None:
        blocks = digest_message(made, told(page=page)).blocks
        seen += [element["value"] for element in elements(blocks, "approve")]
        page = page + 1 if elements(blocks, f"page:{page + 1}") else None
    assert seen == [each.id for each in made.items]


def test_pages_say_where_one_is() -> None:
    made = digest(*many(60))
    first, second = (digest_message(made, told(page=n)).blocks for n in (0, 1))
    assert "Page 1 of 4" in strings(first, "mrkdwn")
    assert "Page 2 of 4" in strings(second, "mrkdwn")
    assert not elements(first, "page:-1")
    assert elements(second, "page:0")
    assert elements(second, "page:2")[0]["value"] == DAY


def test_approve_all_counts_all_pages() -> None:
    (button,) = elements(digest_message(digest(*many(60)), told()).blocks, "approve_all")
    assert button["confirm"]["text"]["text"] == (
        "Make 60 entries, 5 h, in Toggl? Not sure: 05:00 group1 DEV-0, 05:10 group3 DEV-2,"
        " 05:20 group2 DEV-4, 05:30 group1 DEV-6, 05:40 group3 DEV-8, 05:50 group2 DEV-10,"
        " 06:00 group1 DEV-12, 06:10 group3 DEV-14 and 22 more."
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("number", [1, 15, 60])
def test_hostile_text_fits_too(text: str, number: int) -> None:
    states = list(ItemState)
    items = [
        replace(with_text(each, text), state=states[n % len(states)])
        for n, each in enumerate(many(number))
    ]
    sources = tuple(SourceStatus(text, text, 0, text or "x") for _ in range(8))
    made = digest(*items, sources=sources)
    picture = PictureRef("F1", text)
    view = told(picture=picture, timeline=text, changes=CHANGES)
    assert_within_limits(digest_message(made, view))
    assert_within_limits(digest_message(made, replace(view, picture=None)))


CHANGES = moved(Settings(), {"picture": False, "round_minutes": 59, "idle_minutes": 59})
OUR_LINK = re.compile(r"<https?://[^<>|\s]+\|([^<>]*)>")


def assert_calm(message: SlackMessage) -> None:
    """No mention, no foreign link, no formatting but ours, nothing invisible."""
    texts = [*strings(message.blocks, "mrkdwn"), message.text]
    for text in (OUR_LINK.sub(r"\1", text) for text in texts):
        assert "<" not in text
        assert not set(text) & set("_~`")
        assert all(line.count("*") % 2 == 0 for line in text.split("\n"))
    for text in [*texts, *strings(message.blocks, "plain_text")]:
        assert not bad_characters(text)
        assert isolates_balanced(text)


@settings(examples(60), suppress_health_check=[HealthCheck.too_slow])
@given(hostile_text, st.sampled_from(list(ItemState)), st.integers(0, 3))
def test_outside_text_changes_nothing_but_itself(text: str, state: ItemState, page: int) -> None:
    items = [replace(with_text(each, text), state=state) for each in many(4)]
    made = digest(*items, sources=(SourceStatus("git", text, 0, text),))
    message = digest_message(made, told(page=page))
    assert_within_limits(message)
    assert_calm(message)


def test_a_page_does_not_move_while_rows_are_decided() -> None:
    """What a click changes must not push other rows to another page."""
    before = many(40)
    after = [
        replace(each, state=ItemState.SENT) if n < 10 else each for n, each in enumerate(before)
    ]
    ids = [[each.id for each in page] for page in pages(digest(*before))]
    assert ids == [[each.id for each in page] for page in pages(digest(*after))]


# -- In words ----------------------------------------------------------------------------------


def test_the_text_tells_the_whole_day() -> None:
    made = digest(
        "09:05-11:30 group1 DEV-123",
        item("12:00-13:00 group2 DEV-2", ItemState.SENT, 2),
        "13:00-13:20 ?",
        tracked=(entry("08:00-08:30 group1"),),
    )
    assert digest_text(made, told()).split("\n") == [
        "Friday 20 November: 2 h 45 min to review in 2 suggestions. 1 h 30 min in Toggl.",
        "09:05–11:30, 2 h 25 min, group1, Development: DEV-123 Fix login.",
        "12:00–13:00, 1 h, group2, Development: DEV-2 Fix login (in Toggl).",
        "13:00–13:20, 20 min, What was this?.",
    ]


def test_a_long_day_says_how_many_are_left_out() -> None:
    text = digest_text(digest(*many(200)))
    assert len(text) <= 4_000
    shown_rows = text.count("Fix login")
    assert text.endswith(f"And {200 - shown_rows} more.")


def test_an_item_is_drawn_the_same_whatever_the_machines_time_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = digest("09:05-11:30 group1 DEV-123")
    here = digest_message(made, told())
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    assert digest_message(made, told()) == here


def test_lengths_add_up() -> None:
    items: list[Item] = many(20, minutes=7)
    assert f"{duration_of(items)} to review" in digest_message(digest(*items)).text


def duration_of(items: list[Item]) -> str:
    minutes = sum((each.suggestion.span.length for each in items), timedelta()).seconds // 60
    return f"{minutes // 60} h {minutes % 60} min"
