"""The trackers and Slack fail in every way they know; once all is well again, nothing is wrong.

The real client against the sandbox, with a clock that only the tests move.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import event

from benchmarks.soak import ENTRIES, PERSON, ClockifyDay, Day, Days, Tally, play
from tests.bots import FAILED, IN_TOGGL, OFFERED, digests_in, entries_in, post
from tests.conftest import FRIDAY
from tests.livebot import live
from tests.longer import usually
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.outbox.worker import SLOW_LOOKUP_DELAY
from tracklater_sandbox import Sandbox

SPAN = "09:00-10:00"


@pytest.fixture(scope="module", params=[Day, ClockifyDay], ids=["toggl", "clockify"])
def days(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Days]:
    with Days(tmp_path_factory.mktemp("days"), request.param) as made:
        yield made


@pytest.fixture(scope="module")
def toggl_days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    with Days(tmp_path_factory.mktemp("days")) as made:
        yield made


# -- One fault at a time -------------------------------------------------------------------------


@dataclass(frozen=True)
class Trouble:
    """A fault of the request that writes, how often, and where it leaves the suggestion.

    `hours`: Toggl says so when its hour is used up, to Clockify it is no answer of its own.
    """

    kind: str
    times: int = 1
    saved: bool = False
    ends: str = IN_TOGGL
    hours: bool = False

    def __str__(self) -> str:
        return f"{self.kind}{'-saved' * self.saved}-{self.times}"


TROUBLES = (
    Trouble("drop-before"),
    Trouble("drop-before", 3),
    Trouble("drop-after-saving"),
    Trouble("504"),
    Trouble("504", saved=True),
    Trouble("400", ends=FAILED),
    Trouble("401", ends=FAILED),
    Trouble("402", hours=True),
    Trouble("402", 3, hours=True),
    Trouble("403", ends=FAILED),
    Trouble("404", ends=FAILED),
    Trouble("410", ends=FAILED),
    Trouble("429"),
    Trouble("429", 4),
    Trouble("500"),
    Trouble("500", 3),
    Trouble("500", saved=True),
    Trouble("502", saved=True),
    Trouble("html"),
    Trouble("half-json"),
)


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_failing_create_makes_one_entry_or_says_why_not(days: Days, trouble: Trouble) -> None:
    day = days.new()
    ends = FAILED if trouble.hours and isinstance(day, ClockifyDay) else trouble.ends
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.service.faults.fail_next(
        ENTRIES, trouble.kind, trouble.times, method="POST", saved=trouble.saved
    )
    day.review.approve(PERSON, item)
    day.settle()
    assert day.says() == {SPAN: ends}
    assert len(day.entries()) == (1 if ends == IN_TOGGL else 0)
    day.service.faults.clear()
    if ends == FAILED:
        day.review.approve(PERSON, item)
        day.settle()
    assert (day.says(), len(day.entries())) == ({SPAN: IN_TOGGL}, 1)


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_failing_delete_takes_the_entry_out_or_says_that_it_is_there(
    days: Days, trouble: Trouble
) -> None:
    day = days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.review.approve(PERSON, item)
    day.settle()
    day.service.faults.fail_next(
        ENTRIES, trouble.kind, trouble.times, method="DELETE", saved=trouble.saved
    )
    day.review.undo(PERSON, item)
    day.settle()
    said = day.says()[SPAN]
    assert said in (OFFERED, IN_TOGGL)
    if trouble.kind not in ("404", "410"):  # those say that it is gone, which is not so here
        assert len(day.entries()) == (said == IN_TOGGL)


@pytest.mark.parametrize("kind", ["drop-before", "500", "html", "half-json", "402", "429", "403"])
def test_a_lookup_that_fails_is_repeated_before_anything_is_sent_again(
    days: Days, kind: str
) -> None:
    day = days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.service.faults.fail_next(ENTRIES, "drop-after-saving", method="POST")
    day.review.approve(PERSON, item)
    day.worker.work()
    day.service.faults.fail_next(ENTRIES, kind, 5, method="GET")
    day.settle()
    assert len(day.entries()) == 1
    assert day.says() == {SPAN: IN_TOGGL}


@pytest.mark.parametrize("seconds", [3, 20, 400])
def test_an_entry_that_comes_after_it_was_looked_for_is_there_once(
    days: Days, seconds: int
) -> None:
    day = days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.service.faults.fail_next(ENTRIES, "saved-later", method="POST", seconds=seconds)
    day.review.approve(PERSON, item)
    day.settle(timedelta(seconds=30))
    assert day.says() == {SPAN: IN_TOGGL}
    day.settle()
    assert day.says() == {SPAN: IN_TOGGL}
    (left,) = day.entries()
    assert str(left["id"]) == day.digest.items[0].entry_id


def test_one_that_was_taken_back_does_not_come_later(days: Days) -> None:
    day = days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.service.faults.fail_next(ENTRIES, "saved-later", method="POST", seconds=60)
    day.review.approve(PERSON, item)
    day.worker.work()
    day.review.undo(PERSON, item)
    day.settle()
    assert (day.says(), day.entries()) == ({SPAN: OFFERED}, [])


def test_both_requests_may_come_late(days: Days) -> None:
    day = days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.service.faults.fail_next(ENTRIES, "saved-later", 2, method="POST", seconds=50)
    day.review.approve(PERSON, item)
    day.settle()
    assert (day.says(), len(day.entries())) == ({SPAN: IN_TOGGL}, 1)


def test_what_differs_in_anything_is_never_taken_out(toggl_days: Days) -> None:
    day = toggl_days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.service.faults.fail_next(ENTRIES, "drop-before", method="POST")
    day.review.approve(PERSON, item)
    day.settle(timedelta(seconds=60))
    (ours,) = day.entries()
    kept = ("workspace_id", "start", "duration", "project_id")
    copied = {name: ours[name] for name in kept} | {"created_with": "Toggl Track"}
    for description in ("DEV-1 Fix login!", ""):
        day.sandbox.toggl.account.create(7001, copied | {"description": description})
    day.settle()
    assert len(day.entries()) == 3


def test_where_toggl_itself_is_slow_it_is_given_more_time(days: Days) -> None:
    day = days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.service.faults.fail_next(ENTRIES, "504", method="POST")
    day.review.approve(PERSON, item)
    day.worker.work()
    assert day.worker.due_in() == SLOW_LOOKUP_DELAY


def test_a_billable_entry_on_a_free_plan_says_so_and_can_be_mended(toggl_days: Days) -> None:
    day = toggl_days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.sandbox.toggl.account.premium = False
    day.edit(item, billable=True)
    day.review.approve(PERSON, item)
    day.settle()
    assert day.says() == {SPAN: FAILED}
    assert "paid plan" in str(day.message().blocks)
    day.edit(item, billable=False)
    day.review.approve(PERSON, item)
    day.settle()
    assert (day.says(), len(day.entries())) == ({SPAN: IN_TOGGL}, 1)


# -- Any of them, in any order -------------------------------------------------------------------


@pytest.mark.parametrize("decade", range(usually(1, 5)))
def test_no_order_of_faults_leaves_a_duplicate_a_loss_or_a_lie(days: Days, decade: int) -> None:
    tally = Tally()
    for seed in range(decade * 8, decade * 8 + usually(3, 8)):
        play(days.new(), seed, tally)
    assert (tally.duplicates, tally.losses, tally.lies) == ([], [], [])
    assert tally.faults > 10


# -- Slack ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["429", "500", "html", "drop-before", "drop-after-saving", "error:ratelimited"]
)
def test_an_update_that_slack_refuses_comes_later(sandbox: Sandbox, kind: str) -> None:
    sandbox.toggl.account.entries.clear()
    with live(sandbox) as bot:
        post(bot.days, sandbox, f"{SPAN} acme DEV-1")
        sandbox.slack.faults.fail_next("chat.update", kind, 2)
        bot.click("approve", bot.buttons("approve")[0])
        bot.wait(lambda: bot.rows() == [IN_TOGGL])
    assert len(entries_in(sandbox)) == 1


def test_a_socket_that_breaks_loses_no_click_that_was_acknowledged(sandbox: Sandbox) -> None:
    sandbox.toggl.account.entries.clear()
    with live(sandbox) as bot:
        post(bot.days, sandbox, f"{SPAN} acme DEV-1", "10:00-11:00 acme DEV-2")
        first, second = bot.buttons("approve")
        assert bot.click("approve", first).acked
        sandbox.slack.hang_up()
        sandbox.slack.wait_connected(timeout=30)
        assert bot.click("approve", second).acked
        bot.wait(lambda: bot.rows() == [IN_TOGGL, IN_TOGGL])
    assert len(entries_in(sandbox)) == 2


def test_a_message_that_slack_refuses_is_posted_once_later(sandbox: Sandbox) -> None:
    with live(sandbox) as bot:
        sandbox.slack.faults.fail_next("chat.postMessage", "error:internal_error")
        bot.ask()
        assert bot.wait(lambda: bot.answered("could not be shown"))
        bot.ask()
        bot.wait(bot.messages)
    assert len(digests_in(sandbox.slack.messages(), FRIDAY.isoformat())) == 1


@pytest.mark.parametrize("kind", ["drop-after-saving", "half-json"])
def test_a_message_whose_answer_was_lost_tells_what_was_decided_in_it(
    sandbox: Sandbox, kind: str
) -> None:
    sandbox.toggl.account.entries.clear()
    with live(sandbox) as bot:
        sandbox.slack.faults.fail_next("chat.postMessage", kind)
        bot.ask()
        assert bot.wait(bot.messages)
        bot.click("approve_all")
        bot.wait(lambda: bot.messages() and set(bot.rows()) <= {IN_TOGGL, OFFERED})
        bot.wait(lambda: IN_TOGGL in bot.rows())
        assert bot.digest.ts == bot.message()["ts"]


def test_an_answer_to_a_click_comes_once(sandbox: Sandbox) -> None:
    with live(sandbox) as bot:
        sandbox.slack.faults.fail_next("/slack/response/", "drop-after-saving")
        bot.open()
    # The bot has ended, so nothing comes any more.
    assert [value.uses for value in sandbox.slack.workspace.response_urls.values()] == [1]
    assert not bot.answered("did not work")


# -- The disk --------------------------------------------------------------------------------------


@contextmanager
def broken(day: Day, pragma: str, mended: str) -> Iterator[None]:
    """The database refuses to write, as the setting says."""
    _set(day, pragma)
    try:
        yield
    finally:
        _set(day, mended)


def _set(day: Day, pragma: str) -> None:
    """For all connections: those that are kept are made anew."""
    day.store._engine.dispose()
    event.listen(day.store._engine, "connect", lambda made, _: made.execute(f"PRAGMA {pragma}"))


# SQLite says "disk is full" where it may not grow, and "readonly" where it may only be asked.
FULL, ROOMY = "max_page_count = 1", "max_page_count = 1000000"
READ_ONLY, WRITABLE = "query_only = 1", "query_only = 0"


def test_a_decision_that_a_full_disk_refuses_is_not_half_taken(days: Days) -> None:
    day = days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    with broken(day, FULL, ROOMY), pytest.raises(StoreError, match="disk is full"):
        day.edit(item, tags=tuple("x" * 200 + str(number) for number in range(200)))
    day.settle()
    assert (day.says(), day.entries()) == ({SPAN: OFFERED}, [])
    day.review.approve(PERSON, item)
    day.settle()
    assert (day.says(), len(day.entries())) == ({SPAN: IN_TOGGL}, 1)


def test_a_read_only_database_refuses_the_decision_and_says_what_to_do(days: Days) -> None:
    day = days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    with broken(day, READ_ONLY, WRITABLE), pytest.raises(StoreError, match="is read-only"):
        day.review.approve(PERSON, item)
    day.settle()
    assert (day.says(), day.entries()) == ({SPAN: OFFERED}, [])


def test_an_entry_whose_result_could_not_be_stored_is_found_again(days: Days) -> None:
    day = days.new()
    (item,) = day.open(f"{SPAN} acme DEV-1")
    day.review.approve(PERSON, item)
    day.tracker.afterwards = lambda: _set(day, READ_ONLY)
    with pytest.raises(StoreError, match="is read-only"):
        day.worker.work()
    assert len(day.entries()) == 1
    _set(day, WRITABLE)
    day.settle()
    assert (day.says(), len(day.entries())) == ({SPAN: IN_TOGGL}, 1)
