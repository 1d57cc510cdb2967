"""Tokens and passwords: in no log, error, database or message, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bots import FAILED, PATIENCE, bot_process, button_of, run_command, says
from tests.conftest import FRIDAY, copy_home
from tests.rooms import empty_database
from tests.safety import disguises, holds, message, open_day, shown, use_everything, written
from tests.traffic import RecordedSandbox
from tracklater_sandbox import Sandbox

SERVICES = ("slack", "toggl", "jira", "taiga")
COMMANDS = (
    ("check", "-v"),
    ("check", "--json"),
    ("preview", FRIDAY.isoformat(), "-v"),
    ("digest", FRIDAY.isoformat(), "-v"),
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, sample_home: Path) -> Iterator[RecordedSandbox]:
    """A day with all its commands, once while every service repeats the tokens it is given."""
    home = tmp_path_factory.mktemp("secrets") / "home"
    copy_home(sample_home, home)
    (home / "tracklater.sqlite3").write_bytes(empty_database())
    with RecordedSandbox(home, today=FRIDAY) as sandbox:
        sandbox.recording = True
        for number, command in enumerate(COMMANDS):
            _all_echo(sandbox, 1000)
            assert run_command(sandbox, f"echoed-{number}", *command) in (0, 1)
        _all_echo(sandbox, 0)
        run_command(sandbox, "well", "check", "-v")
        with bot_process(sandbox, verbose=True) as bot:
            bot.connected()
            open_day(sandbox)
            _meet_echoes(sandbox)
            use_everything(sandbox)
            yield sandbox


def _all_echo(sandbox: Sandbox, times: int) -> None:
    for service in SERVICES:
        sandbox.faults(service).clear()
        if times:
            sandbox.faults(service).fail_next("", "echo", times=times)


def _meet_echoes(sandbox: Sandbox) -> None:
    """A click that Slack refuses, and one that Toggl refuses, both with the token in the answer."""
    slack, ts = sandbox.slack, message(sandbox)["ts"]
    items = button_of(message(sandbox), "approve")
    slack.faults.fail_next("views.open", "echo")
    slack.click(ts, "edit", items[0])
    slack.wait(lambda: "that may have worked" in str(slack.messages()), PATIENCE)
    sandbox.toggl.faults.fail_next("time_entries", "echo", method="POST")
    slack.click(ts, "approve", items[0])
    slack.wait(lambda: FAILED in says(message(sandbox)["blocks"]).values(), PATIENCE)


def _secrets(sandbox: Sandbox, *foreign_to: str) -> set[str]:
    """All secrets in all disguises; without those whose variables name a service."""
    given = sandbox.env
    names = {name for name in given if name.endswith(("EMAIL", "USERNAME"))}  # no secrets
    wanted = {name for name in given.keys() - names if not any(word in name for word in foreign_to)}
    return disguises([given[name] for name in wanted], [given[name] for name in names])


def test_nothing_that_is_written_holds_a_secret(day: RecordedSandbox) -> None:
    for name, data in written(day).items():
        assert not holds(data, _secrets(day)), name


def test_nothing_that_is_shown_holds_a_secret(day: RecordedSandbox) -> None:
    assert not holds(shown(day), _secrets(day))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_its_own_secrets_only(day: RecordedSandbox, service: str) -> None:
    foreign = _secrets(day, service.upper())
    for sent in day.sent_to(service):
        assert not holds(sent, foreign), sent[:80]
    # The search itself works: the service's own secrets are found where they belong.
    everything = b"\n".join(day.sent_to(service))
    assert holds(everything, _secrets(day))


def test_the_echo_reached_the_bot_and_was_told_without_its_text(day: RecordedSandbox) -> None:
    assert any("echo" in each for each in day.toggl.faults.happened)
    told = written(day)["echoed-0.log"].decode()
    assert "invalid_auth Bearer" not in told
    assert "toggl" in told.casefold()
    assert "Traceback" not in told


def test_the_log_of_a_verbose_bot_tells_something(day: RecordedSandbox) -> None:
    assert any(
        b"tracklater_bot" in data for name, data in written(day).items() if name.startswith("bot-")
    )
