"""Days of which Toggl shows nothing any more: nothing is offered, asked or sent that can't be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
import responses

from tests.bots import IN_TOGGL, button_of
from tests.digests import TOGGL, digest, item, strings
from tests.livebot import Live, live
from tests.notation import FRIDAY
from tests.rooms import DAY, PERSON, Room, change
from tests.test_toggl import BASE, tracker
from tests.trackers import FakeTracker, lost_after, lost_before
from tracklater_bot.blocks.digest import DigestView, digest_message
from tracklater_bot.catalog.cache import NullStore
from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.domain.day import Span, WorkDay, in_reach, oldest_in_reach
from tracklater_bot.domain.digests import Digest, ItemState, Problem
from tracklater_bot.domain.text import day_name
from tracklater_bot.http import Response
from tracklater_bot.review.decisions import ReviewError
from tracklater_bot.trackers.base import NewEntry, TooOld
from tracklater_bot.trackers.toggl import TogglTracker
from tracklater_sandbox import Sandbox
from tracklater_sandbox.slack.person import Outcome

LATER = timedelta(days=120)
UTC_ZONE = ZoneInfo("UTC")
OFFERS = ("approve", "approve_anyway", "approve_all", "approve_certain", "trim", "add", "edit")

OFFERED = {"approve", "approve_certain", "approve_all", "add", "edit"}


# -- Where it ends -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "oldest"),
    [
        (date(2026, 11, 20), date(2026, 8, 21)),
        (date(2026, 12, 31), date(2026, 10, 2)),  # September has no 31st
        (date(2027, 5, 30), date(2027, 3, 3)),  # nor has February a 30th
        (date(2027, 1, 1), date(2026, 10, 2)),
        (date(2028, 2, 29), date(2027, 11, 30)),
    ],
)
@pytest.mark.parametrize("clock", ["00:00", "23:59"])
def test_toggl_goes_back_three_months_less_a_day(today: date, oldest: date, clock: str) -> None:
    now = datetime.fromisoformat(f"{today}T{clock}Z")
    assert oldest_in_reach(now) == datetime.combine(oldest, datetime.min.time(), UTC)


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Pacific/Kiritimati", date(2026, 8, 22)),  # 14 h ahead: the 21st began on UTC's 20th
        ("Europe/Helsinki", date(2026, 8, 22)),
        ("UTC", date(2026, 8, 21)),
        ("Pacific/Pago_Pago", date(2026, 8, 21)),  # 11 h behind
    ],
)
def test_a_date_counts_where_all_of_it_can_be_seen(zone: str, first: date) -> None:
    now, here = datetime(2026, 11, 20, 18, tzinfo=UTC), ZoneInfo(zone)
    days = [first + timedelta(days=away) for away in (-1, 0, 1)]
    assert [in_reach(day, here, now) for day in days] == [False, True, True]
    assert not in_reach(first, here, now + timedelta(days=1))  # one day later it has gone
    assert WorkDay(first, here).span.start >= oldest_in_reach(now)


# -- Toggl is never asked for it -----------------------------------------------------------------


@pytest.mark.parametrize("days", [1, 14, 89, 90, 91, 92, 200])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Helsinki", "Pacific/Pago_Pago"])
def test_no_request_goes_back_too_far(days: int, zone: str, room: Room) -> None:
    oldest = oldest_in_reach(room.time())
    day = WorkDay(FRIDAY.date - timedelta(days=days), ZoneInfo(zone)).span
    span_of_week = Span(day.start - timedelta(days=7), day.end)
    first = NewEntry(Span(day.start, day.start + timedelta(hours=1)), "Planning")
    toggl = tracker(room.time)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as fake:
        fake.get(f"{BASE}/me/time_entries", json=[])
        for ask in (
            lambda: toggl.entries(day),
            lambda: toggl.entries(span_of_week),
            lambda: toggl.find(first),
            lambda: toggl.create(first) if first.span.start < oldest else None,
        ):
            try:
                ask()
            except TooOld:
                assert day.start < oldest
        asked = [dict(parse_qsl(urlsplit(str(call.request.url)).query)) for call in fake.calls]
    assert all(datetime.fromisoformat(each["start_date"]) >= oldest for each in asked)
    assert all(each["end_date"] > each["start_date"] for each in asked)
    assert bool(asked) is (day.end > oldest)


# -- Nothing is offered --------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Helsinki", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("away", [-1, 0, 1])
def test_the_message_offers_what_can_be_sent(zone: str, away: int) -> None:
    now, here = FRIDAY.span.end, ZoneInfo(zone)
    first = oldest_in_reach(now).date()
    first += timedelta(days=not in_reach(first, here, now))
    day = WorkDay(first + timedelta(days=away), here)
    failed = item("10:00-11:00 group1", ItemState.FAILED, 2, day=day, problem="refused")
    made = digest(item("09:00-10:00 group1", day=day), failed, item("11:00-12:00 ?", day=day))
    made = made.__class__("U1", day.date, zone, made.items)
    message = digest_message(made, DigestView(tracker=TOGGL, now=now))
    offered = {each for each in OFFERS if button_of({"blocks": message.blocks}, each)}
    told = "\n".join([*strings(message.blocks, "mrkdwn"), message.text])
    assert told.count(TOGGL.too_long_ago) == (2 if away < 0 else 0)  # to read, and to be read out
    assert ("to review" in told) is (away >= 0)
    assert offered == (set() if away < 0 else OFFERED)
    assert button_of({"blocks": message.blocks}, "skip")


def test_a_tracker_that_forgets_nothing_takes_any_day() -> None:
    ledger, old = replace(TOGGL, label="Ledger", forgets=False), WorkDay(date(2020, 3, 2), UTC_ZONE)
    made = digest(item("09:00-10:00 group1", day=old))
    made = made.__class__("U1", old.date, "UTC", made.items)
    message = digest_message(made, DigestView(tracker=ledger, now=FRIDAY.span.end))
    assert button_of({"blocks": message.blocks}, "approve")
    assert "months" not in str(message.blocks) + message.text


def test_a_catalogue_asks_it_for_any_day() -> None:
    tracker = FakeTracker(lambda: FRIDAY.span.end)
    tracker.forgets = False
    old = WorkDay(date(2020, 3, 2), UTC_ZONE).span
    kept = tracker.create(NewEntry(Span(old.start, old.start + timedelta(hours=1)), "Planning"))
    catalog = Catalog(NullStore(), "me", (), tracker, tracker.now, {})
    assert [entry.id for entry in catalog.tracked(old).entries] == [kept.id]


def told_so(me: Live) -> int:
    return sum(TOGGL.too_long_ago in answer for answer in me.answers())


def starts(me: Live) -> list[datetime]:
    """From when on Toggl is asked for entries from now on."""
    asked: list[datetime] = []
    toggl = me.core.tracker
    assert isinstance(toggl, TogglTracker)
    genuine = toggl._client.get

    def get(path: str, params: Mapping[str, str | int] | None = None) -> Response:
        if params and "start_date" in params:
            asked.append(datetime.fromisoformat(str(params["start_date"])))
        return genuine(path, params)

    toggl._client.get = get  # type: ignore[method-assign]
    return asked


def test_an_old_message_and_an_old_day_are_told_so(sandbox: Sandbox) -> None:
    """With a day approved in time, its messages months later, and a day never looked at."""
    with live(sandbox) as me:
        me.open()
        first, second, *_ = me.buttons("approve")
        me.click("approve", first)
        me.wait(lambda: IN_TOGGL in me.rows())
        said = me.sandbox.slack.say("Please look at DEV-1")
        me.time.now += LATER
        asked = starts(me)
        slack = me.sandbox.slack
        presses: list[Callable[[], Outcome]] = [
            lambda: me.click("approve", second),
            lambda: slack.shortcut("track_this", said),
            lambda: me.ask("2026-11-19"),
            me.ask,
        ]
        for number, press in enumerate(presses, 1):
            assert press().acked
            me.eventually(lambda told=number: told_so(me) == told)  # type: ignore[misc]
            me.wait(lambda: not me.buttons("approve"))  # from the first click on
        assert me.sandbox.slack.view is None
        assert not any(me.buttons(each) for each in OFFERS if each != "edit")
        assert TOGGL.too_long_ago in me.message()["text"]
        oldest = oldest_in_reach(me.time.now)
        assert all(start >= oldest for start in asked)  # for the last days, to name one that waits

        me.click("undo", first)  # what is in Toggl can be taken out by its number
        me.eventually(lambda: not me.entries())


def test_a_draft_of_an_old_day_asks_nothing_of_toggl(sandbox: Sandbox) -> None:
    with live(sandbox) as me:
        core = me.core
        old, straddling = FRIDAY.date - timedelta(days=100), oldest_in_reach(core.clock()).date()
        for day in (old, straddling, straddling - timedelta(days=1)):
            (draft,) = core.machine.drafts([core.calendar.day_on(day)])
            assert not [
                source for source in draft.sources if source.name == "toggl" and source.trouble
            ]
        weeks = core.machine.drafts(
            [core.calendar.day_on(straddling + timedelta(days=n)) for n in range(-7, 7)]
        )
        assert not [source.trouble for draft in weeks for source in draft.sources if source.trouble]


# -- What was decided before ---------------------------------------------------------------------


def test_nothing_old_is_approved_added_or_moved(room: Room) -> None:
    one, two = room.open("09:00-10:00 group1", "10:00-11:00 group1")
    room.review.approve(PERSON, one)
    room.drain()
    room.time.now += LATER
    version = room.item(one).version
    decisions: list[Callable[[], Digest]] = [
        lambda: room.review.approve(PERSON, two),
        lambda: room.review.approve(PERSON, two, anyway=True),
        lambda: room.review.approve_all(PERSON, DAY),
        lambda: room.review.add(PERSON, DAY, change("12:00-13:00 group1")),
        lambda: room.review.edit(PERSON, one, change("08:00-09:00 group1"), version),
    ]
    for decide in decisions:
        with pytest.raises(ReviewError) as caught:
            decide()
        assert TOGGL.too_long_ago in caught.value.fields.values()
    assert room.next_due() is None
    room.review.skip(PERSON, two)
    room.review.edit(PERSON, one, change("09:00-10:00 group1", description="Kick-off"), version)
    room.drain()
    assert room.entries() == "09:00-10:00 Kick-off"
    room.review.undo(PERSON, one)
    room.drain()
    assert room.entries() == ""
    assert room.states() == [ItemState.OPEN, ItemState.SKIPPED]


def test_what_waited_too_long_is_told_and_not_tried_for_ever(room: Room) -> None:
    (one,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, one)
    room.time.now += LATER
    room.drain()
    assert room.tracker.asked == []
    assert room.next_due() is None
    assert (room.item(one).state, room.item(one).problem_code) == (
        ItemState.FAILED,
        Problem.TOO_OLD,
    )


@pytest.mark.parametrize("lost", [lost_before, lost_after])
@pytest.mark.parametrize("undone", [False, True])
def test_an_answer_lost_too_long_ago_is_for_the_person_to_look_up(
    room: Room, lost: object, undone: bool
) -> None:
    (one,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, one)
    room.tracker.fail(None, lost)  # type: ignore[arg-type]
    room.worker.work()
    if undone:
        room.review.undo(PERSON, one)
    room.time.now += LATER
    asked = len(room.tracker.asked)
    room.drain()
    assert len(room.tracker.asked) == asked
    assert room.next_due() is None
    found = room.item(one)
    assert (found.state, found.problem_code) == (ItemState.FAILED, Problem.TOO_OLD)
    assert "it may be there already" in (found.problem or "")


def test_nothing_is_looked_for_that_came_too_late_too_long_ago(room: Room) -> None:
    (one,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, one)
    room.tracker.fail(None, lost_before)
    room.drain(most=timedelta(minutes=1))
    assert room.states() == [ItemState.SENT]
    assert room.next_due() is not None  # a look for what the lost one may have made yet
    room.time.now += LATER
    asked = len(room.tracker.asked)
    room.drain()
    assert len(room.tracker.asked) == asked
    assert room.next_due() is None
    assert room.states() == [ItemState.SENT]


def test_an_old_entry_whose_deletion_got_lost_is_deleted_again(room: Room) -> None:
    (one,) = room.open("09:00-10:00 group1")
    room.review.approve(PERSON, one)
    room.drain()
    room.time.now += LATER
    room.review.undo(PERSON, one)
    room.tracker.fail(lost_before)
    room.drain()
    assert room.entries() == ""
    assert room.item(one).state is ItemState.OPEN


@pytest.mark.parametrize(
    ("sent_on", "state"),
    [(date(2027, 2, 19), ItemState.SENT), (date(2027, 2, 20), ItemState.FAILED)],
)
def test_work_of_a_night_is_sent_as_long_as_toggl_shows_it(
    room: Room, sent_on: date, state: ItemState
) -> None:
    """Approved in time, on a day whose beginning cannot be seen any more."""
    (one,) = room.open("25:00-26:00 group1")
    room.review.approve(PERSON, one)
    room.time.now = datetime.combine(sent_on, datetime.min.time(), UTC)
    assert not in_reach(DAY, FRIDAY.zone, room.time())
    room.drain()
    assert room.states() == [state]


def test_what_digest_says_of_an_old_day_promises_nothing(sandbox: Sandbox) -> None:
    with live(sandbox) as me:
        days = me.days
        sample = days.person.calendar.day_on(sandbox.day)
        first = days.open_day(sample)
        number = len(first.draft.suggestions)
        assert f"{number} suggestions to review; the message was" in first.summary()
        me.time.now += LATER
        for on, words in (
            (sandbox.day, "{} suggestions; the message was brought up to date."),
            (sandbox.day - timedelta(days=100), "no work was found; nothing was posted."),
        ):
            opened = days.open_day(me.days.person.calendar.day_on(on))
            told = words.format(len(opened.draft.suggestions))
            assert opened.summary() == f"{day_name(on)}: {told} {TOGGL.too_long_ago}"
