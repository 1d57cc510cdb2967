"""The bot is killed at every step between a click and the updated message, and started again.

Each story has a sandbox of its own, so all of them run side by side: a bot that was killed while
sending waits some seconds before it trusts what it finds in Toggl.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.bots import (
    IN_TOGGL,
    OFFERED,
    PATIENCE,
    BotProcess,
    bot_process,
    button_of,
    days_on,
    digests_in,
    entries_in,
    post,
    says,
    settings_of,
    with_worklogs,
    worklogs_in,
)
from tests.conftest import FRIDAY, copy_home
from tests.crash_points import PLACES
from tests.rooms import empty_database
from tracklater_bot.store import Store
from tracklater_bot.store.jobs import Target
from tracklater_bot.store.tables import ACTIVE, outbox
from tracklater_sandbox import ME, Sandbox
from tracklater_sandbox.slack import Outcome

SIDE_BY_SIDE = 6
SPAN = "09:00-10:00"
ENTRY = f"{SPAN} DEV-1 Fix login"


@dataclass(frozen=True)
class Story:
    """Where the bot dies, after which click, and what else goes wrong on the way.

    `toggl` is a fault of the request that writes the entry, `jira` of the one that writes its
    worklog. `kept`: the click outlives the crash.
    `ends` is what the message says at last. `executed`: both bots are started as a person starts
    them; the others come from a server that has done the imports, which take most of the time.
    """

    at: str
    click: str = "approve"
    toggl: str = ""
    jira: str = ""
    kept: bool = True
    ends: str = IN_TOGGL
    executed: bool = False

    def __str__(self) -> str:
        return "-".join(word for word in (self.click, self.at, self.toggl, self.jira) if word)

    @property
    def logs(self) -> bool:
        """Whether the entry becomes a worklog too."""
        return self.at.startswith("worklog-")


STORIES = (
    # What is not stored is not acknowledged: Slack says that the click failed, the button is there.
    Story("before-decision-stored", kept=False),
    Story("after-ack"),
    Story("decision-stored"),
    Story("lane-taken"),
    Story("looked"),
    Story("before-sending-stored"),
    Story("sending-stored"),
    Story("answer-received", executed=True),
    Story("before-result-stored"),
    Story("result-stored"),
    Story("looked-up", toggl="drop-after-saving"),
    Story("looked-up", toggl="drop-before"),
    Story("before-chat-update"),
    Story("after-chat-update"),
    Story("sending-stored", "undo", ends=OFFERED),
    Story("answer-received", "undo", ends=OFFERED),
    Story("answer-received", "edit"),
    Story("worklog-before-sending"),
    Story("worklog-answer-received"),
    Story("worklog-looked-up", jira="drop-after-saving"),
    Story("worklog-looked-up", jira="drop-before"),
)
POSTING = ("before-post", "before-posted")


@dataclass
class Ending:
    """What was there after the restart."""

    died: bool
    acked: bool = False
    stopped: int = 0
    survived: bool = True
    said: str = ""
    entries: list[str] = field(default_factory=list)
    worklogs: list[str] = field(default_factory=list)
    messages: int = 0
    waiting: object = None
    trouble: str = ""


@pytest.fixture(scope="module")
def endings(
    tmp_path_factory: pytest.TempPathFactory, sample_home: Path
) -> Iterator[dict[str, Future[Ending]]]:
    """All stories, under way."""
    folder = tmp_path_factory.mktemp("crashes")
    tales = {str(story): partial(_tell, story) for story in STORIES}
    tales |= {at: partial(_tell_posting, at) for at in POSTING}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        under_way = {
            name: pool.submit(_told, partial(tell, _home(folder / name, sample_home)))
            for name, tell in tales.items()
        }
        yield under_way


def _home(folder: Path, sample_home: Path) -> Path:
    """A sandbox's folder with the sample day and an empty database: both take long to make."""
    copy_home(sample_home, folder)
    (folder / "tracklater.sqlite3").write_bytes(empty_database())
    return folder


def _told(tell: Callable[[], Ending]) -> Ending:
    """The ending. A failure is told in words: pytest cannot take apart what other threads raise."""
    try:
        return tell()
    except Exception:  # noqa: BLE001 - the test that asks for the ending shows it
        return Ending(died=False, trouble=traceback.format_exc())


# -- Decisions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_bot_killed_on_the_way_leaves_one_entry_and_a_true_message(
    endings: dict[str, Future[Ending]], story: Story
) -> None:
    ending = endings[str(story)].result()
    assert not ending.trouble, ending.trouble
    assert ending.died, "the place was not reached"
    assert ending.survived is story.kept
    assert story.kept or not ending.acked, "a click was acknowledged and lost"
    assert ending.acked or story.at != "after-ack", "it died before it acknowledged"
    wanted = {IN_TOGGL: [ENTRY], OFFERED: []}[story.ends]
    if story.click == "edit":
        wanted = [f"{SPAN} Edited"]
    assert (ending.said, ending.entries, ending.messages) == (story.ends, wanted, 1)
    assert ending.worklogs == ["DEV-1 09:00 60 min"] * story.logs
    assert ending.waiting is None, "something is still to be sent"
    assert ending.stopped == 0, "the restarted bot did not end as it should"


def _tell(story: Story, home: Path) -> Ending:
    with Sandbox(home, today=FRIDAY) as sandbox:
        if story.logs:
            with_worklogs(sandbox)
        _prepare(sandbox, sent=story.click != "approve")
        if story.jira:
            sandbox.jira.faults.fail_next("worklog", story.jira, method="POST")
        if story.toggl:
            sandbox.toggl.faults.fail_next("time_entries", story.toggl, method="POST")
        with bot_process(sandbox, story.at, executed=story.executed) as bot:
            bot.connected()
            acked = _click(sandbox, story.click).acked  # it may die before that
            ending = Ending(died=bot.died(), acked=acked)
        with bot_process(sandbox, executed=story.executed) as bot:
            bot.connected()
            ending.survived = story.kept
            if not story.kept:
                # Told apart from a decision that is kept: it is offered as it was before.
                ending.survived = _said(sandbox) != OFFERED or _waiting(sandbox) is not None
                assert _click(sandbox, story.click).acked
            _settled(sandbox, bot, story)
            if story.executed:  # it says goodbye to Slack first, which takes seconds
                ending.stopped = bot.stop()
        ending.said = _said(sandbox)
        ending.entries = entries_in(sandbox)
        ending.worklogs = worklogs_in(sandbox)
        ending.messages = len(_digests(sandbox))
        ending.waiting = _waiting(sandbox)
        return ending


def _prepare(sandbox: Sandbox, *, sent: bool) -> None:
    """Posts the day, with its suggestion in Toggl already if it is `sent`."""
    sandbox.toggl.account.entries.clear()
    with days_on(sandbox) as days:
        digest = post(days, sandbox, f"{SPAN} acme DEV-1")
        if sent:
            days.review.approve(days.person.id, digest.items[0].id)
            days.outbox.work()
            days.messenger.refresh(days.person.id, FRIDAY)
            assert (_said(sandbox), entries_in(sandbox)) == (IN_TOGGL, [ENTRY])


def _click(sandbox: Sandbox, action: str) -> Outcome:
    message = _digests(sandbox)[0]
    outcome = sandbox.slack.click(message["ts"], action, button_of(message, action)[0])
    if action == "edit":
        view = sandbox.slack.wait(lambda: sandbox.slack.view, PATIENCE)
        outcome = sandbox.slack.submit(view, {"description": "Edited"})
        assert not outcome.errors
    return outcome


def _settled(sandbox: Sandbox, bot: BotProcess, story: Story) -> None:
    """Waits until the message says how it ended and nothing is left to be done."""

    def over() -> bool:
        assert bot.process.poll() is None, bot.said
        (message,) = _digests(sandbox)
        edited = story.click != "edit" or "Edited" in str(message)
        logged = not story.logs or "logged in DEV-1" in str(message)
        return edited and logged and _says(message) == story.ends and not store.stale()

    with _store(sandbox) as store:
        sandbox.slack.wait(over, PATIENCE)


def _said(sandbox: Sandbox) -> str:
    return _says(_digests(sandbox)[0])


def _says(message: dict[str, Any]) -> str:
    return says(message["blocks"])[SPAN]


def _digests(sandbox: Sandbox) -> list[dict[str, Any]]:
    return digests_in(sandbox.slack.messages(), FRIDAY.isoformat())


@contextmanager
def _store(sandbox: Sandbox) -> Iterator[Store]:
    store = Store.open(settings_of(sandbox).database_url.get_secret_value())
    try:
        yield store
    finally:
        store.close()


def _waiting(sandbox: Sandbox) -> object:
    """Something that is to be sent; None when all is done. Looks for what comes late go on."""
    active = outbox.c.state.in_(ACTIVE) & outbox.c.target.not_in((Target.LATE, Target.LATE_WORKLOG))
    with _store(sandbox) as store, store.reading() as connection:
        return connection.execute(select(outbox.c.id).where(active)).first()


# -- The message itself ----------------------------------------------------------------------------


@pytest.mark.parametrize("at", POSTING)
def test_a_bot_killed_while_posting_posts_one_message(
    endings: dict[str, Future[Ending]], at: str
) -> None:
    ending = endings[at].result()
    assert not ending.trouble, ending.trouble
    assert ending.died, "the place was not reached"
    assert ending.messages == 1


def _tell_posting(at: str, home: Path) -> Ending:
    with Sandbox(home, today=FRIDAY) as sandbox:
        with bot_process(sandbox, at) as bot:
            bot.connected()
            sandbox.slack.command("/tracklater", FRIDAY.isoformat())
            ending = Ending(died=bot.died())
        with bot_process(sandbox) as bot:
            bot.connected()
            sandbox.slack.command("/tracklater", FRIDAY.isoformat())
            with _store(sandbox) as store:
                sandbox.slack.wait(lambda: _has_its_message(sandbox, store), PATIENCE)
        ending.messages = len(_digests(sandbox))
        return ending


def _has_its_message(sandbox: Sandbox, store: Store) -> bool:
    messages = _digests(sandbox)
    digest = store.digest(ME, FRIDAY) if messages else None
    return digest is not None and digest.ts == messages[0]["ts"]


# -- The places ------------------------------------------------------------------------------------


def test_every_boundary_is_in_the_matrix() -> None:
    assert {story.at for story in STORIES} | set(POSTING) == PLACES
