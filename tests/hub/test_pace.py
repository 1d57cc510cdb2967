"""One pace for all processes: Slack's channels, and what trackers take in an hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from tests.hub.firm import Firm
from tests.notation import FRIDAY
from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.domain.urgency import is_low_priority, low_priority
from tracklater_bot.settings import ClockifySettings, TogglSettings
from tracklater_bot.store import Store
from tracklater_bot.trackers.base import OverQuota, Spared, Tracker
from tracklater_bot.trackers.clockify import ClockifyTracker
from tracklater_bot.trackers.tallies import Tally
from tracklater_bot.trackers.toggl import TogglTracker
from tracklater_hub import mailbox, pace
from tracklater_hub.jobs import ROUND
from tracklater_hub.pace import CONVERSATION, POST, SharedPacer, SharedTallies
from tracklater_hub.protocol import Answer, BriefWanted
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.clockify import PREFIX, WORKSPACE
from tracklater_sandbox.toggl.quota import Quotas

ANNA, DM = "U0ANNA", "D0ANNA"
SIX = 6.0  # seconds that stand for a minute: a tenth of one for a message in a channel


def seconds_for(store: Store, *channels: str) -> float:
    """How long so many processes need that each post to one of these channels at once."""
    pacers = [SharedPacer(store, SIX) for _ in channels]
    begun = time.monotonic()
    with ThreadPoolExecutor(len(channels)) as pool:
        list(pool.map(lambda pacer, channel: pacer.wait(POST, channel), pacers, channels))
    return time.monotonic() - begun


def test_a_channel_rests_for_all_processes(store: Store) -> None:
    assert seconds_for(store, *[DM] * 6) >= 0.5
    with store.writing() as transaction:
        held = transaction.execute(text("SELECT max(held_until) FROM hub_pace")).scalar_one()
    assert held > time.time()


def test_a_person_stands_for_their_dm(store: Store) -> None:
    store.put(ANNA, CONVERSATION, DM)
    assert seconds_for(store, *[DM, ANNA] * 3) >= 0.5


def fixed(tally: Tally, _before: Tally) -> Tally:
    return tally


def test_what_was_counted_long_ago_is_forgotten_of_whatever_kind(store: Store) -> None:
    pacer, tallies, now = SharedPacer(store, SIX), SharedTallies(store), time.time()
    names = ("called", "held", "of a channel", "told", "made")
    for ago in (0.0, 3 * 3600.0):
        called, held, channel, told, made = (f"{name} {ago}" for name in names)
        pacer.wait(called)
        pacer.hold(held, 1.0)
        pacer.hold(f"{POST} {channel}", 0.0)
        at = now - ago
        tallies.change(told, partial(fixed, Tally((30, 240), at)))
        tallies.change(made, partial(fixed, Tally((at - 60, at))))
    with store.writing() as transaction:
        transaction.execute(
            text("UPDATE hub_pace SET held_until = CASE held_until WHEN 0 THEN 0 ELSE :at END,"
                 " calls = CASE calls WHEN '[]' THEN '[]' ELSE :calls END"
                 " WHERE method ~ '(called|held|channel) 10800'"),
            {"at": now - 3 * 3600, "calls": f"[{now - 9 * 3600}, {now - 3 * 3600}]"},
        )  # fmt: skip
    pace.prune(store)
    with store.reading() as transaction:
        kept = {*transaction.execute(text("SELECT method FROM hub_pace")).scalars()}
    assert kept == {"called 0.0", "held 0.0", f"{POST} of a channel 0.0", "told 0.0", "made 0.0"}


def test_what_is_forgotten_meanwhile_stops_no_call(store: Store) -> None:
    pacer, over = SharedPacer(store, SIX), threading.Event()

    def forget() -> None:
        while not over.is_set():
            with store.writing() as transaction:
                transaction.execute(text("DELETE FROM hub_pace"))

    with ThreadPoolExecutor(1) as pool:
        forgetting = pool.submit(forget)
        try:
            for _ in range(200):
                pacer.hold("chat.update", 0.0)
        finally:
            over.set()
        forgetting.result()


# -- What trackers take in an hour -----------------------------------------------------------------


def togglers(sandbox: Sandbox, store: Store, number: int) -> list[TogglTracker]:
    """So many processes for one account."""
    sandbox.toggl.quotas = Quotas()
    toggl = TogglSettings(
        api_token=SecretStr(sandbox.toggl.api_token), base_url=f"{sandbox.url}/toggl/api/v9"
    )
    return [TogglTracker(toggl, tallies=SharedTallies(store)) for _ in range(number)]


def clockifiers(sandbox: Sandbox, store: Store, number: int, **more: Any) -> list[ClockifyTracker]:
    """So many members of one workspace, with keys of their own, each in a process."""
    sandbox.clockify.hourly = 30
    settings = ClockifySettings(
        api_key=SecretStr(sandbox.clockify.api_key), base_url=f"{sandbox.url}{PREFIX}", **more
    )
    return [ClockifyTracker(settings, tallies=SharedTallies(store)) for _ in range(number)]


def asked_by_nobody(trackers: Sequence[Tracker], times: int) -> int:
    """How many readings in the background went through, of so many at each of the processes."""

    def read(tracker: Tracker) -> int:
        done = 0
        with low_priority():
            for _ in range(times):
                with suppress(Spared):
                    tracker.entries(FRIDAY.span)
                    done += 1
        return done

    with ThreadPoolExecutor(len(trackers)) as pool:
        return sum(pool.map(read, trackers))


def test_background_reading_leaves_a_third_of_an_hour_to_clicks(
    sandbox: Sandbox, store: Store
) -> None:
    """Of all processes together, though each asks as often as it likes."""
    one, *others = togglers(sandbox, store, 3)
    one.entries(FRIDAY.span)  # which tells of the quota
    assert asked_by_nobody([one, *others], 12) == 19
    allowance = sandbox.toggl.quotas.me
    assert allowance.remaining == 10
    for _ in range(10):
        others[0].entries(FRIDAY.span)
    with pytest.raises(OverQuota):
        others[1].entries(FRIDAY.span)
    assert allowance.remaining == 0
    assert len(sandbox.toggl.requests) == 30  # none was refused there


def test_a_free_workspace_is_counted_for_all_its_members(sandbox: Sandbox, store: Store) -> None:
    anna, boris = clockifiers(sandbox, store, 2, workspace=WORKSPACE)
    anna._me()
    boris._me()
    assert asked_by_nobody([anna, boris], 20) == 18
    assert boris.quota().remaining == anna.quota().remaining == 10
    for _ in range(10):
        boris.entries(FRIDAY.span)
    with pytest.raises(OverQuota, match="are used up"):
        anna.entries(FRIDAY.span)


def test_whose_workspace_it_is_is_asked_at_its_cost(sandbox: Sandbox, store: Store) -> None:
    anna, boris = clockifiers(sandbox, store, 2)
    anna._me()
    boris._me()
    assert anna.quota().remaining == 28


def test_what_is_left_unasked_keeps_nobody_waiting(sandbox: Sandbox, store: Store) -> None:
    """A click asks at once, though a reading in the background was refused a moment ago."""
    (tracker,) = togglers(sandbox, store, 1)
    sandbox.toggl.quotas.me.used, sandbox.toggl.quotas.me.since = 21, time.monotonic()
    tracker.entries(FRIDAY.span)
    catalog = Catalog(store, ANNA, (), tracker, tracker._clock, {})
    with low_priority():
        assert "kept for what you click" in str(catalog.tracked(FRIDAY.span).trouble)
    assert catalog.tracked(FRIDAY.span).trouble is None


def test_without_the_database_each_process_counts_for_itself(
    sandbox: Sandbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tracker,) = togglers(sandbox, store, 1)
    monkeypatch.setattr(store, "writing", away)
    tracker.entries(FRIDAY.span)
    assert tracker.quota().remaining == 29


def away() -> None:
    raise StoreError("it is away")


def test_a_round_reads_in_the_background_and_a_click_does_not(firm: Firm) -> None:
    started = firm.start_hub()
    firm.join(ME)
    firm.give_tokens(ME)
    member = started.members.of(ME)
    assert member is not None
    day = member.core.calendar.day_on(firm.sandbox.day)
    told = firm.toggls[ME].quotas.me
    told.used, told.since = 21, time.monotonic()
    assert member.core.tracker is not None
    member.core.tracker.entries(day.span)
    refusals = []
    for low in (True, False):
        with low_priority(low=low), started.store.writing() as transaction:
            mailbox.put(transaction, ME, member.machine.request([day]))
            asked = mailbox.take(transaction, ME)
        assert asked is not None
        brief = started.members.brief(ME, BriefWanted((day.date,)))
        told_of = [str(status.trouble) for status in brief.services if status.name == "toggl"]
        refusals.append("kept for what you click" in " ".join(told_of))
        started.members.accept(ME, Answer(asked.id))
    assert refusals == [True, False]


def test_what_a_round_does_nobody_waits_for(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    started = firm.start_hub()
    firm.join(ME)
    member = started.members.of(ME)
    assert member is not None
    seen: list[bool] = []
    for doing in ("announce_due", "note_zone"):
        monkeypatch.setattr(member.days, doing, lambda: seen.append(is_low_priority()))
    started.jobs.work(ME, ROUND)
    assert seen
    assert all(seen)
