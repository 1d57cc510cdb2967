from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given

from tests.digests import (
    TOGGL,
    digest,
    elements,
    entry,
    item,
    many,
    strings,
    suggestion,
    with_text,
)
from tests.hostile import HOSTILE, bad_characters, hostile_text
from tests.longer import examples, usually
from tests.notation import FRIDAY, at
from tracklater_bot.blocks.elements import SlackMessage
from tracklater_bot.blocks.help import (
    StatusView,
    day_ready,
    help_message,
    nearest_word,
    no_traces,
    note,
    sources_lines,
    status_message,
    unknown_word,
)
from tracklater_bot.blocks.home import HomeView, Preferences, home, preference_of
from tracklater_bot.blocks.week import (
    BillingView,
    QuotaView,
    WeekView,
    in_all,
    week_chart,
    week_message,
)
from tracklater_bot.domain.billing import Drift
from tracklater_bot.domain.day_totals import DayTimes
from tracklater_bot.domain.digests import Digest, Item, ItemState
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.stretches import ReadyRows, Stretch
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.settings import Settings
from tracklater_bot.settings.preferences import OVERRIDES, effective, moved
from tracklater_sandbox.slack.blockkit import check_message, check_view

HELSINKI = ZoneInfo("Europe/Helsinki")
PREFERENCES = Preferences(time(17, 30), ("mon", "fri"))
COUNTRIES = [(code, code) for code in holidays.list_supported_countries()]
BUSY = digest(
    "09:00-11:00 group1 DEV-1",
    item("11:00-12:00 group2 DEV-2", ItemState.SENT, 2),
    item("12:00-13:00 group2 DEV-3", ItemState.SKIPPED, 3),
    "13:00-13:30 ?",
    tracked=(entry("08:00-09:00 group1"),),
)


def week() -> list[DayTimes]:
    start = date(2026, 11, 16)
    quiet = [DayTimes(start + timedelta(days=n)) for n in (0, 1)]
    unseen = [DayTimes(start + timedelta(days=n), known=False) for n in (2, 3)]
    rest = [DayTimes(start + timedelta(days=n)) for n in (5, 6)]
    return [*quiet, *unseen, DayTimes.of(BUSY), *rest]


def words(value: Any) -> str:
    return "\n".join([*strings(value, "mrkdwn"), *strings(value, "plain_text")])


def assert_fits(message: SlackMessage) -> None:
    check_message(message.blocks)
    assert 0 < len(message.text) <= 4_000


# -- The week ----------------------------------------------------------------------------------


def test_a_days_times_per_group() -> None:
    times = DayTimes.of(BUSY)
    hour, half = timedelta(hours=1), timedelta(minutes=30)
    assert times.tracked == {"group1": hour, "group2": hour}
    assert times.suggested == {"group1": 2 * hour, "group2": hour, None: half}
    assert (times.missing["group1"], times.missing["group2"]) == (2 * hour, timedelta())
    assert times.groups() == ["group1", "group2", None]


def test_a_draft_counts_as_nothing_decided() -> None:
    found = (suggestion("09:00-10:00 group1 DEV-1"), suggestion("10:00-10:30 ?"))
    draft = Draft(FRIDAY.date, "Europe/Helsinki", found, (entry("07:00-08:00 group1"),))
    times = DayTimes.of_draft(draft)
    assert in_all(times.missing) == in_all(times.suggested) == timedelta(minutes=90)
    assert in_all(times.tracked) == timedelta(hours=1)


def test_the_week_tells_each_day_and_opens_the_missing() -> None:
    message = week_message(week(), TOGGL)
    assert_fits(message)
    text = words(message.blocks)
    assert "Mon 16 Nov to Sun 22 Nov" in text
    assert "*2 h in Toggl*, 2 h 30 min to review on 1 day." in text
    assert "*Fri 20 Nov* · 2 h in Toggl, 2 h 30 min to review of 3 h 30 min suggested" in text
    assert "group1 1 h, 2 h to review · group2 1 h · without a group 30 min to review" in text
    assert "*Mon 16 Nov* · nothing" in text
    assert "*Wed 18 Nov* · not looked at yet" in text
    opened = [element["value"] for element in elements(message.blocks, "open_day")]
    assert opened == [f"2026-11-{day}" for day in (16, 17, 18, 19, 20, 21, 22)]
    assert "Fri 20 Nov: 2 h in Toggl" in message.text


def test_a_week_without_anything_missing_says_so() -> None:
    done = DayTimes(FRIDAY.date, {"group1": timedelta(hours=7)})
    assert "nothing to review that I know of" in week_message([done], TOGGL).text
    assert not elements(week_message([done], TOGGL).blocks, "approve_days")
    assert_fits(week_message([]))


def test_a_day_that_is_all_decided_suggests_nothing_more() -> None:
    sent = digest(item("09:00-11:00 group1 DEV-1", ItemState.SENT, 1), tracked=())
    text = words(week_message([DayTimes.of(sent)], TOGGL).blocks)
    assert "*Fri 20 Nov* · 2 h in Toggl, all decided" in text
    assert "suggested" not in text


def month(*of_day: Item | str) -> tuple[list[DayTimes], WeekView]:
    """November, of which every working day is the same and has these items."""
    november = Stretch.month(FRIDAY.date)
    days = [
        replace(digest(*of_day), day=day) if day.weekday() < 5 else Digest("U1", day, "UTC")
        for day in november.days()
    ]
    quota = QuotaView(at("15:00"), HELSINKI, 22, at("15:42"), 30)
    certain, ready = (ReadyRows.of(days, certain_only=only) for only in (True, False))
    return [DayTimes.of(day) for day in days], WeekView(november, certain, ready, quota)


def test_a_month_is_approved_in_one_question_with_what_it_costs() -> None:
    days, view = month("09:00-11:00 group1 DEV-1", "11:00-12:00 group2 -", "12:00-13:00 ?")
    message = week_message(days, TOGGL, view)
    assert_fits(message)
    text = words(message.blocks)
    assert "November 2026" in text
    assert "group1 42 h to review · group2 21 h to review · without a group 21 h to review" in text
    assert "*Mon 2 Nov* · 4 h to review\ngroup1 2 h · group2 1 h · without a group 1 h" in text
    assert "*Sun 1 Nov*" not in text
    assert "Nothing on 1, 7–8, 14–15, 21–22 and 28–29 November." in text
    (button,) = elements(message.blocks, "approve_days")
    assert button["text"]["text"] == "Approve the certain of these 21 days"
    assert button["confirm"]["text"]["text"] == (
        "Make 42 entries on 21 days in Toggl? In all 63 h. group1 42 h, group2 21 h."
    )
    assert (
        "Each entry is one request to Toggl: 42 requests; 22 are left until 15:42,"
        " so the last will be there soon after 15:42." in text
    )


def test_all_of_a_month_is_approved_with_the_number_that_is_not_sure() -> None:
    doubted = item("11:00-12:00 group2 -", confidence=0.6)
    days, view = month("09:00-11:00 group1 DEV-1", doubted, "12:00-13:00 ?")
    message = week_message(days, TOGGL, view)
    (certain,) = elements(message.blocks, "approve_days")
    assert certain["text"]["text"] == "Approve the certain of these 21 days"
    assert certain["style"] == "primary"
    (button,) = elements(message.blocks, "approve_days_all")
    assert button["text"]["text"] == "Approve all of these 21 days"
    assert "style" not in button
    assert button["confirm"]["text"]["text"] == (
        "I am not sure of 21 of them. Make 42 entries on 21 days in Toggl? In all 63 h."
        " group1 42 h, group2 21 h."
    )


@pytest.mark.parametrize(
    ("left", "hourly", "number", "expected"),
    [
        (22, 30, 22, "22 are left until 15:42."),
        (22, 30, 53, "soon after 16:42."),
        (0, 240, 300, "soon after 16:42."),
        (10, 30, 400, "soon after 03:42 (Sat)."),
        (10, None, 400, "10 are left until 15:42."),
        (None, 30, 400, "400 requests; 30 an hour at least."),
        (None, None, 1, "one request to Toggl: 1 request."),
    ],
)
def test_what_it_costs_of_the_quota(
    left: int | None, hourly: int | None, number: int, expected: str
) -> None:
    quota = QuotaView(
        at("15:00"), HELSINKI, left, at("15:42") if left is not None else None, hourly
    )
    assert quota.cost(number, "Toggl").endswith(expected)


@pytest.mark.parametrize("number", usually([0, 60], [0, 1, 15, 60, 200]))
@pytest.mark.parametrize("text", ["acme", *HOSTILE])
def test_a_month_fits_whatever_its_days_hold(number: int, text: str) -> None:
    days, view = month(*(with_text(each, f"{text}{n % 9}") for n, each in enumerate(many(number))))
    sums: dict[str | None, timedelta] = {f"{text}{n}": timedelta(hours=1) for n in range(number)}
    changes = [Drift(FRIDAY.date, text, f"edited in Toggl: {text} -> {n}") for n in range(number)]
    billing = BillingView(sums, "0", FRIDAY.date, sums, changes)
    message = week_message(days, TOGGL, replace(view, notes=["x" * 1000] * 6, billing=billing))
    assert_fits(message)
    assert not [s for s in strings(message.blocks, "mrkdwn") if bad_characters(s)]


def test_the_chart_tells_tracked_from_missing() -> None:
    lines = week_chart(week()).split("\n")
    assert lines[0] == "Mon 16 Nov"
    assert lines[2] == "Wed 18 Nov  ?"
    assert lines[4] == "Fri 20 Nov ████░░░░░ 4 h 30 min"


# -- Home --------------------------------------------------------------------------------------


def view(**more: Any) -> HomeView:
    base = HomeView(
        tracker=TOGGL,
        now=at("15:00"),
        zone=HELSINKI,
        preferences=PREFERENCES,
        today=DayTimes.of(BUSY),
        week=week(),
        open_days=[(date(2026, 11, 18), 4), (date(2026, 11, 19), 1)],
        sources=(SourceStatus("thyme", None, 1200), SourceStatus("jira", "group1", 0, "No token.")),
        countries=COUNTRIES,
        next_digest=at("17:30"),
    )
    return replace(base, **more)


def test_home_tells_today_the_week_and_what_is_open() -> None:
    made = home(view())
    check_view(made)
    text = words(made)
    for expected in (
        "Friday 20 November so far",
        "*2 h* in Toggl, *2 h 30 min* to review.",
        "Next message by itself: Fri 20 Nov, 17:30",
        "Fri 20 Nov ████░░░░░ 4 h 30 min",
        "Thu 19 Nov: 1 open decision",
        "*thyme* works, 1200 found",
        "*jira* (group1) needs a look: No token.",
        "tracklater.example.toml explains every setting.",
    ):
        assert expected in text


def test_home_before_anything_happened() -> None:
    bare = HomeView(at("15:00"), HELSINKI, PREFERENCES)
    made = home(bare)
    check_view(made)
    text = words(made)
    assert "Not looked at yet." in text
    assert "No open decisions from earlier days." in text
    assert "No sources are set up yet." in text


def test_what_was_set_here_can_be_reset() -> None:
    assert not elements(home(view()), "pref_reset")
    changed = home(view(preferences=replace(PREFERENCES, changed=frozenset({"holidays"}))))
    assert elements(changed, "pref_reset")
    assert "*Quiet on public holidays of* (set here)" in words(changed)
    old = home(view(changes=moved(Settings(), {"round_minutes": 15})))
    assert elements(old, "pref_reset")
    assert "Write `round_minutes = 15`" in words(old)
    assert "win over" not in words(old)


def test_every_preference_has_its_control() -> None:
    made = home(
        view(preferences=replace(PREFERENCES, holidays="FI", silent_until=date(2026, 12, 1)))
    )
    for name in (*OVERRIDES, "silent_until"):
        assert len(elements(made, f"pref_{name}")) == 1
    (country,) = elements(made, "pref_holidays")
    assert country["initial_option"]["value"] == "FI"
    (silence,) = elements(made, "pref_silent_until")
    assert silence["initial_date"] == "2026-12-01"
    assert elements(made, "pref_speak")
    assert not elements(home(view()), "pref_speak")


def test_unusual_values_are_shown_too() -> None:
    made = home(view(preferences=replace(PREFERENCES, digest_days=(), holidays="XX")))
    check_view(made)
    assert elements(made, "pref_holidays")[0]["initial_option"]["value"] == "none"


@pytest.mark.parametrize(
    ("action", "stored"),
    [
        ({"action_id": "pref_digest_at", "selected_time": "08:15"}, ("digest_at", "08:15")),
        (
            {
                "action_id": "pref_digest_days",
                "selected_options": [{"value": "fri"}, {"value": "mon"}],
            },
            ("digest_days", ["mon", "fri"]),
        ),
        # Those of a Home that was shown before they were left to the file.
        ({"action_id": "pref_round_minutes", "selected_option": {"value": "0"}}, None),
        ({"action_id": "pref_picture", "selected_option": {"value": "off"}}, None),
        ({"action_id": "pref_holidays", "selected_option": {"value": "FI"}}, ("holidays", "FI")),
        ({"action_id": "pref_holidays", "selected_option": {"value": "none"}}, ("holidays", "")),
        (
            {"action_id": "pref_silent_until", "selected_date": "2026-12-01"},
            ("silent_until", "2026-12-01"),
        ),
        ({"action_id": "pref_silent_until", "selected_date": None}, ("silent_until", None)),
        ({"action_id": "pref_reset", "value": "all"}, ("reset", None)),
        ({"action_id": "pref_speak", "value": "now"}, ("silent_until", None)),
        ({"action_id": "reset", "value": "all"}, None),
        ({"action_id": "digest_at", "selected_time": "08:15"}, None),
        ({"action_id": "pref_unknown"}, None),
        ({"action_id": "approve"}, None),
    ],
)
def test_what_a_control_was_set_to(action: dict[str, Any], stored: object) -> None:
    assert preference_of(action) == stored


@pytest.mark.parametrize(
    "action",
    [
        {"action_id": "pref_digest_at", "selected_time": "nonsense"},
        {"action_id": "pref_silent_until", "selected_date": "tomorrow"},
    ],
)
def test_a_made_up_value_is_refused(action: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        preference_of(action)


def test_what_is_stored_is_what_the_settings_take() -> None:
    actions = (
        {"action_id": "pref_digest_at", "selected_time": "08:15"},
        {"action_id": "pref_digest_days", "selected_options": [{"value": "sat"}]},
        {"action_id": "pref_holidays", "selected_option": {"value": "FI"}},
    )
    stored = dict(found for action in actions if (found := preference_of(action)))
    changed = effective(Settings(), stored)
    assert (changed.digest.at, changed.digest.days) == (time(8, 15), ("sat",))
    assert changed.digest.holidays == "FI"


# -- Help, status and short answers ------------------------------------------------------------


def test_help_names_every_word() -> None:
    message = help_message(TOGGL)
    assert_fits(message)
    for word in ("today", "yesterday", "week", "status", "help"):
        assert f"/tracklater {word}" in message.text
        assert f"*/tracklater {word}*" in words(message.blocks)


def test_status_tells_everything() -> None:
    message = status_message(
        StatusView(
            tracker=TOGGL,
            zone=HELSINKI,
            now=at("15:00"),
            sources=(
                SourceStatus("git", "group1", 3),
                SourceStatus("toggl", None, 0, "Refused; renew."),
            ),
            next_digest=at("17:30"),
            quota_left=12,
            quota_resets_at=at("15:42"),
            waiting=2,
            until=at("15:50"),
            failed=1,
        )
    )
    assert_fits(message)
    assert message.text.split("\n") == [
        "Next message: Fri 20 Nov, 17:30.",
        "2 entries on the way to Toggl (waiting until 15:50), 1 entry not accepted.",
        "Toggl takes 12 more requests until 15:42.",
        "git (group1) works, 3 found",
        "toggl needs a look: Refused; renew.",
    ]


@pytest.mark.parametrize(
    ("word", "near"),
    [("yesteday", "yesterday"), ("statsu", "status"), ("wendesday", "wednesday"), ("qqq", None)],
)
def test_unknown_words_get_the_nearest(word: str, near: str | None) -> None:
    assert nearest_word(word) == near
    message = unknown_word(word)
    assert_fits(message)
    assert ("Did you mean" in message.text) is bool(near)


def test_a_day_without_traces_says_why() -> None:
    message = no_traces(FRIDAY.date, (SourceStatus("thyme", None, 0, "The folder is missing."),))
    assert_fits(message)
    assert "thyme* needs a look: The folder is missing." in words(message.blocks)
    assert "1 source could not be read completely" in message.text
    assert_fits(no_traces(FRIDAY.date, ()))


def test_a_day_that_is_ready_says_where_and_how_much() -> None:
    message = day_ready(BUSY, "https://example.slack.com/archives/D1/p1")
    assert_fits(message)
    assert "2 h 30 min" in message.text
    assert "<https://example.slack.com/archives/D1/p1|" in words(message.blocks)
    assert_fits(day_ready(digest(), None))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_answer(text: str) -> None:
    check_answers(text)


@examples(25)
@given(hostile_text)
def test_any_text_in_every_answer(text: str) -> None:
    check_answers(text)


def check_answers(text: str) -> None:
    sources = tuple(SourceStatus(text, text, 1, text) for _ in range(40))
    day = DayTimes(FRIDAY.date, {text: timedelta(hours=1)}, {}, {text: timedelta(hours=1)})
    messages = [
        week_message([day] * 7),
        status_message(StatusView(HELSINKI, at("15:00"), sources)),
        unknown_word(text),
        no_traces(FRIDAY.date, sources),
        note(text or "x"),
    ]
    for message in messages:
        assert_fits(message)
        assert not [shown for shown in strings(message.blocks, "mrkdwn") if bad_characters(shown)]
    made = view(today=day, week=[day] * 7, sources=sources, countries=[("FI", text)])
    check_view(home(made))
    assert len(sources_lines(sources)) == 31


@pytest.mark.parametrize("number", [0, 1, 15, 60, 200])
def test_home_fits_on_days_of_any_size(number: int) -> None:
    times = DayTimes.of(digest(*many(number)))
    open_days = [(date(2026, 1, 1) + timedelta(days=n), n) for n in range(number)]
    check_view(home(view(today=times, week=[times] * 7, open_days=open_days)))
