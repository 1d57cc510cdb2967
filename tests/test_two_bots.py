"""Two bots on one database and one Slack app: one digest, one entry each, one true message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.bots import (
    IN_TOGGL,
    OFFERED,
    ON_ITS_WAY,
    PATIENCE,
    bot_process,
    button_of,
    days_on,
    digests_in,
    entries_in,
    post,
    says,
)
from tests.conftest import FRIDAY, copy_home
from tests.rooms import empty_database
from tests.safety import message
from tests.test_store_postgresql import command
from tracklater_bot.store import Store
from tracklater_sandbox import Sandbox
from tracklater_sandbox.slack.person import NotThere

HOURS = tuple(f"{hour:02d}:00-{hour + 1:02d}:00 acme DEV-{hour}" for hour in range(8, 14))


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path, sample_home: Path) -> Iterator[Sandbox]:
    """A sandbox whose settings name a database that several bots use."""
    home = tmp_path / "home"
    copy_home(sample_home, home)
    (home / "tracklater.sqlite3").write_bytes(empty_database())
    with Sandbox(home, today=FRIDAY) as sandbox:
        sandbox.toggl.account.entries.clear()
        if request.param == "postgresql":
            address = request.getfixturevalue("postgresql")
            name = f"bots{abs(hash(tmp_path))}"
            command(address, f"CREATE DATABASE {name}")
            _use(sandbox, address % name)
        yield sandbox


def _use(sandbox: Sandbox, url: str) -> None:
    lines = sandbox.settings_file.read_text(encoding="utf-8").splitlines()
    named = [
        f'database_url = "{url}"' if line.startswith("database_url") else line for line in lines
    ]
    sandbox.settings_file.write_text("\n".join(named), encoding="utf-8")
    Store.open(url).close()


def test_a_day_that_both_are_asked_for_is_posted_once(shared: Sandbox) -> None:
    slack, day = shared.slack, FRIDAY.isoformat()
    with bot_process(shared) as one, bot_process(shared) as two, ThreadPoolExecutor(4) as people:
        slack.wait_connected(2, PATIENCE)
        asked = list(people.map(lambda _: slack.command("/tracklater", day), range(4)))
        assert all(each.acked for each in asked)

        urls = slack.workspace.response_urls
        slack.wait(lambda: sum(value.uses for value in list(urls.values())) == len(asked), PATIENCE)
        said = one.said + two.said
    assert len(digests_in(slack.messages(), day)) == 1
    assert "Traceback" not in said
    assert "locked" not in said


def test_clicks_that_reach_both_make_one_entry_each(shared: Sandbox) -> None:
    slack = shared.slack
    with days_on(shared) as days:
        post(days, shared, *HOURS)
    items = button_of(message(shared), "approve")
    ts = message(shared)["ts"]
    with bot_process(shared) as one, bot_process(shared) as two, ThreadPoolExecutor(8) as people:
        slack.wait_connected(2, PATIENCE)

        def click(action: str, item: str | None = None) -> bool:
            """Whether it was taken; a button that an update took away can't be clicked any more."""
            try:
                return slack.click(ts, action, item).acked
            except NotThere:
                return item not in button_of(message(shared), action)

        clicks = [people.submit(click, "approve", item) for item in items for _ in (1, 2)]
        clicks.append(people.submit(click, "approve_all"))
        assert all(click.result() for click in clicks)
        rows = len(HOURS)
        slack.wait(
            lambda: Counter(says(message(shared)["blocks"]).values()) == {IN_TOGGL: rows}, PATIENCE
        )
        said = one.said + two.said
    assert [each.partition(" ")[0] for each in entries_in(shared)] == [
        each.partition(" ")[0] for each in HOURS
    ]
    assert "Traceback" not in said
    assert "locked" not in said


def test_a_bot_takes_over_what_a_killed_one_left(shared: Sandbox) -> None:
    slack = shared.slack
    with days_on(shared) as days:
        post(days, shared, *HOURS[:3])
    ts = message(shared)["ts"]
    with bot_process(shared, "sending-stored") as one:
        one.connected()
        slack.click(ts, "approve_all")
        assert one.died()
        with bot_process(shared) as two:
            two.connected()
            slack.wait(
                lambda: set(says(message(shared)["blocks"]).values()) == {IN_TOGGL}, PATIENCE
            )
    assert len(entries_in(shared)) == 3


def test_two_updates_at_once_leave_no_old_state_in_the_message(shared: Sandbox) -> None:
    """Slack may take them in another order than the database notes them."""
    with days_on(shared) as first, days_on(shared) as second:
        digest = post(first, shared, *HOURS[:1])
        person, store = first.person.id, first.person.store
        first.review.skip(person, digest.items[0].id)
        old = store.digest(person, FRIDAY)
        assert old is not None
        # The second bot goes all the way with a newer version while the first is still at it.
        real = first.messenger._client.chat_update

        def slow(**what: Any) -> Any:
            second.review.undo(person, digest.items[0].id)
            second.messenger.refresh(person, FRIDAY)
            return real(**what)

        first.messenger._client.chat_update = slow  # type: ignore[method-assign]
        first.messenger.refresh(person, FRIDAY)
        assert [each.day for each in store.stale()] == [FRIDAY]
        second.messenger.refresh(person, FRIDAY)
        assert set(says(message(shared)["blocks"]).values()) == {OFFERED}
        assert ON_ITS_WAY not in says(message(shared)["blocks"]).values()
        assert store.stale() == []
