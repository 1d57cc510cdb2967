"""Work behind the scenes is done soon, one call at a time, and survives a failing call."""

from __future__ import annotations

import threading
import time

import pytest

from tests.livebot import live
from tracklater_bot.blocks import timeline_png
from tracklater_bot.scheduling.loop import Loop
from tracklater_bot.settings import load
from tracklater_bot.slack import app
from tracklater_sandbox import Sandbox


def test_it_starts_with_what_was_left_over() -> None:
    called = threading.Event()

    def work() -> None:
        called.set()

    loop = Loop("work", work)
    loop.start()
    try:
        assert called.wait(5)
    finally:
        loop.stop()


def test_many_wakes_during_a_call_lead_to_one_more() -> None:
    calls: list[int] = []
    inside, go_on, again = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        calls.append(1)
        inside.set()
        go_on.wait(5)
        if len(calls) == 2:
            again.set()

    loop = Loop("work", work)
    loop.start()
    try:
        assert inside.wait(5)
        for _ in range(20):
            loop.wake()
        go_on.set()
        assert again.wait(5)
    finally:
        loop.stop()
    assert len(calls) == 2


def test_it_comes_back_by_itself_when_work_asks_for_it() -> None:
    third = threading.Event()
    calls: list[int] = []

    def work() -> float | None:
        calls.append(1)
        if len(calls) == 3:
            third.set()
            return None
        return 0.01

    loop = Loop("work", work)
    loop.start()
    try:
        assert third.wait(5)
    finally:
        loop.stop()


def test_a_failing_call_does_not_end_the_thread() -> None:
    second = threading.Event()
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the first call fails")
        second.set()

    loop = Loop("work", work)
    loop.start()
    try:
        while not calls:
            loop.wake()
        loop.wake()
        assert second.wait(5)
    finally:
        loop.stop()


def test_a_bot_ends_in_time_whatever_hangs(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "STOP_SECONDS", 1.0)
    hanging, gone_on = threading.Semaphore(0), threading.Event()

    def hang(*_: object) -> None:
        hanging.release()
        gone_on.wait(60)

    with live(sandbox) as me:
        for pool in (me.bot._executor, me.days._pictures._pool, me.days.lookups._fetching):
            pool.submit(hang)
        monkeypatch.setattr(me.days.outbox, "work", hang)
        monkeypatch.setattr(me.days.messenger, "refresh_stale", hang)
        me.days.changed()
        for _ in range(5):
            assert hanging.acquire(timeout=10)
        begun = time.monotonic()
    try:
        assert time.monotonic() - begun < 4
    finally:
        gone_on.set()


def test_a_bot_ends_whole_though_a_part_fails_at_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with live(sandbox) as me:
        close = me.bot.connection.close

        def broken() -> None:
            close()
            raise RuntimeError("the SDK stumbles")

        monkeypatch.setattr(me.bot.connection, "close", broken)
    assert "outbox" not in [thread.name for thread in threading.enumerate()]
    assert "Ending a part of the bot failed: RuntimeError" in caplog.text


def test_a_picture_that_the_end_overtakes_is_no_failure(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app, "STOP_SECONDS", 1.0)
    ended, drawn = threading.Event(), threading.Event()

    def draw(*_: object) -> bytes:
        ended.wait(60)
        drawn.set()
        raise RuntimeError("nothing is there any more")

    monkeypatch.setattr(timeline_png, "draw", draw)
    with live(sandbox, load(sandbox.settings_file, None, sandbox.env).settings) as me:
        me.open()
    pool = me.days._pictures._pool
    ended.set()
    assert drawn.wait(10)
    pool.shutdown(wait=True)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_bot_of_the_tests_ends_though_its_tracker_is_gone(sandbox: Sandbox) -> None:
    """Or it goes on trying, with all of a processor, beside the tests that follow."""
    with live(sandbox) as bot:
        bot.open()
        sandbox.toggl.faults.fail_next("time_entries", "drop-before", 10**6)
        bot.click("approve_all")
        bot.eventually(lambda: len(sandbox.toggl.faults.happened) > 3)
    assert "outbox" not in [thread.name for thread in threading.enumerate()]
