"""Commands: what they print, where, and how they end."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bots import digests_in, run_command
from tests.commands import Answer, called, environment, spawned
from tests.longer import usually
from tests.repositories import committed
from tracklater_sandbox import ME, Sandbox

NOTHING = 'timezone = "Europe/Helsinki"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with settings that set nothing up."""
    (tmp_path / "tracklater.toml").write_text(NOTHING)
    return tmp_path


def on(sandbox: Sandbox, *arguments: str, **more: str) -> Answer:
    """The command with the sandbox's settings."""
    environ = {**sandbox.env, "TRACKLATER_DIGEST__PICTURE": "false", **more}
    return called(sandbox.home, *arguments, **environ)


def days_messages(sandbox: Sandbox) -> list[str]:
    found = digests_in(sandbox.slack.messages(), sandbox.day.isoformat())
    return [str(each["ts"]) for each in found]


# -- Mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["preview", "yestersay"], 2, "did you mean yesterday?"),
        (["digest", "2026-13-01"], 2, "2026-13-01 is no day: the calendar doesn't have it."),
        (["preview", "2026-02-31"], 2, "2026-02-31 is no day: the calendar doesn't have it."),
        (["preview", "0001-01-01"], 2, "0001-01-01 is too long ago"),
        (["preview", "9000-01-01"], 2, "9000-01-01 hasn't happened yet"),
        (["preview", "--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["preview", "--env-file", "nowhere.env"], 2, "nowhere.env"),
        (["--config", "nowhere.toml", "preview"], 2, "nowhere.toml"),
        (["--env-file", "nowhere.env", "check"], 2, "nowhere.env"),
        (["--config", "tracklater.toml", "demo"], 2, "takes no --config"),
        (["--config", "a.toml", "import-settings", "a.py"], 2, "takes no --config"),
        (["prewiev"], 2, "invalid choice"),
        ([], 2, "COMMAND"),
        (["digest"], 2, "TRACKLATER_SLACK__BOT_TOKEN"),
        (["run"], 2, "TRACKLATER_SLACK__BOT_TOKEN"),
        (["record"], 2, "thyme.dir is not set"),
        (["preview", "2026-11-20", "--png", "no/such/folder/day.png"], 1, "cannot be written"),
        (["import-settings", "nowhere.py", "-o", "new.toml"], 2, "nowhere.py"),
    ],
)
def test_a_mistake_gets_a_plain_line_and_its_exit_code(
    home: Path, arguments: list[str], code: int, told: str
) -> None:
    answer = called(home, *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Pacific/Apia", "2011-12-30"),
        ("Pacific/Fakaofo", "2011-12-30"),
        ("Pacific/Kiritimati", "1994-12-31"),
        ("Pacific/Kwajalein", "1993-08-21"),
    ],
)
def test_a_day_that_the_zone_skipped_ends_in_a_sentence(home: Path, zone: str, day: str) -> None:
    (home / "tracklater.toml").write_text(f'timezone = "{zone}"')
    answer = called(home, "preview", day)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.endswith(f"{day} is no day: it was skipped in {zone}.\n")


LOGS = """
import logging
from tracklater_bot.cli.main import _configure_logging
_configure_logging(verbose=True)
LIBRARIES = "slack_sdk.web.base_client app:App procrastinate.worker aiohttp.server psycopg asyncio"
for name in LIBRARIES.split():
    try:
        raise ValueError("Bearer xoxb-secret 100%s")
    except ValueError as error:
        logging.getLogger(name).exception(f"Failed: {error}", "xoxb-%d" % 5)
        logging.getLogger(name).error("%s: %s", "xoxb-secret", error, stack_info=True)
try:
    raise ValueError("xoxb-secret")
except ValueError:
    logging.getLogger("tracklater_hub.jobs").exception("A job of 100 %s", "%")
    logging.getLogger("tracklater_hub.jobs").exception("A job of %d", "many")
logging.getLogger("tracklater_hub.agent").warning("The hub is away.")
logging.getLogger("tracklater_bot.slack").info("it is %s", "running")
"""


def test_lines_of_libraries_tell_the_place_and_never_what_was_sent() -> None:
    done = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, check=True)
    assert "xoxb" not in done.stderr
    assert done.stderr.count("ERROR slack_sdk.web.base_client: trouble at <string>:") == 2
    assert done.stderr.count("ValueError, at\n") == 8
    assert "ERROR tracklater_hub.jobs: A job of 100 %: ValueError, at" in done.stderr
    assert "ERROR tracklater_hub.jobs: A job of %d: ValueError, at" in done.stderr
    assert "WARNING tracklater_hub.agent: The hub is away.\n" in done.stderr
    assert "Logging error" not in done.stderr
    assert done.stderr.endswith("INFO tracklater_bot.slack: it is running\n")


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("timezone = 1", "timezone"),
        ("[digets]\nat = 1", "did you mean digest"),
        ('database_url = "sqlite:///tracklater.toml/a.db"\n[slack]\nuser_id = "U1"', "a.db"),
        ("[slack", "tracklater.toml"),
    ],
)
def test_settings_that_do_not_work_are_told_in_a_line(home: Path, toml: str, told: str) -> None:
    (home / "tracklater.toml").write_text(toml)
    answer = called(home, "preview", "2026-11-20")
    assert answer.code in (1, 2)
    assert told in answer.err
    assert "Traceback" not in answer.err


def test_a_preview_with_nothing_set_up_says_what_to_do(home: Path) -> None:
    answer = called(home, "preview", "2026-11-20", "--json")
    assert answer.code == 0
    assert json.loads(answer.out)["suggestions"] == []
    assert "No source is set up yet: set thyme.dir" in answer.err


def test_check_names_every_setting_that_the_message_needs(home: Path) -> None:
    answer = called(home, "check")
    assert answer.code == 1
    for name in ("thyme.dir", "TOGGL__API_TOKEN", "SLACK__BOT_TOKEN", "slack.user_id", "APP_TOKEN"):
        assert f"{name} is not set" in answer.out or f"set {name}" in answer.out


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_has_seen_enough_gets_no_complaint(home: Path, unbuffered: str) -> None:
    (home / "thyme").mkdir()
    (home / "tracklater.toml").write_text(f'{NOTHING}[thyme]\ndir = "{home}/thyme"\n')
    command = f"{sys.executable} -m tracklater_bot preview 2026-11-20 --json | true"
    env = environment(home, {"PYTHONUNBUFFERED": unbuffered})
    done = subprocess.run(
        ["sh", "-c", command], cwd=home, env=env, capture_output=True, check=False
    )
    assert b"Error" not in done.stderr


def test_the_version_is_told(home: Path) -> None:
    answer = called(home, "--version")
    assert answer.code == 0
    assert answer.out.strip().count(".") == 2


# -- Which files ---------------------------------------------------------------------------------


def with_a_mistake(folder: Path) -> Path:
    """A folder whose `.env` has a line that an error would name."""
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_text("TRACKLATER_SLACK__PORT=none\n")
    return folder


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["check", "--config", "far/tracklater.toml"], "far/.env"),
        (["--config", "far/tracklater.toml", "check"], "far/.env"),
        (["--config", "near.toml", "check", "--config", "far/tracklater.toml"], "far/.env"),
        (["--config", "far/tracklater.toml", "check", "--env-file", "other/.env"], "other/.env"),
        (["--env-file", "other/.env", "check"], "other/.env"),
        (["--config", "bare/tracklater.toml", "check"], ".env"),
        (["check"], ".env"),
    ],
)
def test_secrets_lie_beside_the_settings_or_here(
    home: Path, arguments: list[str], told: str
) -> None:
    for folder in (home, home / "far", home / "other"):
        with_a_mistake(folder)
    (home / "bare").mkdir()
    for file in ("near.toml", "far/tracklater.toml", "bare/tracklater.toml"):
        (home / file).write_text(NOTHING)
    answer = called(home, *arguments)
    assert answer.code == 2
    assert answer.err.startswith(f"{told}: TRACKLATER_SLACK__PORT")


def test_the_environment_names_the_settings_and_what_lies_beside_them(home: Path) -> None:
    far = with_a_mistake(home / "far")
    (far / "mine.toml").write_text(NOTHING)
    with_a_mistake(home)
    answer = called(home, "check", TRACKLATER_CONFIG=str(far / "mine.toml"))
    assert answer.err.startswith(f"{far}/.env: ")


def test_secrets_of_imported_settings_lie_beside_them(home: Path) -> None:
    (home / "old.json").write_text('{"TOGGL": {"global": {"API_KEY": "abc"}}}')
    (home / "far").mkdir()
    assert called(home, "import-settings", "old.json", "-o", "far/tracklater.toml").code == 0
    assert "abc" in (home / "far" / ".env").read_text()
    before = ["--env-file", "mine.env", "import-settings", "old.json", "-o", "new.toml"]
    assert called(home, *before).code == 0
    assert "abc" in (home / "mine.env").read_text()
    assert not (home / ".env").exists()


# -- Terminals that lack characters --------------------------------------------------------------


@pytest.fixture
def abroad(tmp_path: Path) -> Path:
    """A group and a repository whose names no ASCII can write."""
    folder = tmp_path / "työ"
    folder.mkdir()
    repo = committed(folder / "Ääni 日本", "2026-11-20T10:00:00+02:00", "Käännä “日本” – loppuun")
    (folder / "tracklater.toml").write_text(
        f'{NOTHING}git.emails = ["eero@example.com"]\n'
        f'groups."Ääni 日本".git.repos = ["{repo}", "{folder}/poissa 日本"]\n'
    )
    return folder


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["preview", "2026-11-20"], "Kaanna"),
        (["preview", "2026-11-20", "--blocks"], "K\\u00e4\\u00e4nn\\u00e4"),
        (["preview", "2026-11-20", "--json"], "\\u65e5"),
        (["check"], "??"),
        (["check", "--config", "työ.toml"], "ty"),
        (["import-settings", "日本.py", "-o", "new.toml"], "??.py"),
        (["--help"], "preview"),
    ],
)
def test_a_terminal_that_lacks_a_character_gets_another(
    abroad: Path, arguments: list[str], told: str
) -> None:
    answer = spawned(abroad, *arguments, PYTHONIOENCODING="ascii")
    assert "Traceback" not in answer.err
    assert told in answer.out + answer.err


@pytest.mark.parametrize("command", ["preview", "check"])
def test_a_machine_that_knows_ascii_alone_gets_sentences(abroad: Path, command: str) -> None:
    ascii_alone = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    answer = spawned(abroad, command, **ascii_alone)
    assert "Traceback" not in answer.err
    assert "git (Aani ??): " in answer.out


# -- Digest --------------------------------------------------------------------------------------


def test_digest_posts_the_days_message_and_then_updates_it(sandbox: Sandbox) -> None:
    day = sandbox.day.isoformat()
    first = on(sandbox, "digest", day)
    assert (first.code, first.err) == (0, "")
    assert "Friday 20 November: " in first.out
    assert "to review; the message was posted." in first.out
    posted = days_messages(sandbox)
    again = on(sandbox, "digest", day)
    assert "the message was brought up to date." in again.out
    assert days_messages(sandbox) == posted
    assert len(posted) == 1


def test_digest_says_that_a_day_has_nothing(sandbox: Sandbox) -> None:
    answer = on(sandbox, "digest", "2026-01-01")
    assert answer.code == 0
    assert "nothing was posted" in answer.out
    assert sandbox.slack.messages() == []


def test_digest_tells_the_trouble_of_a_source_and_posts_the_rest(sandbox: Sandbox) -> None:
    (sandbox.home / "thyme").rename(sandbox.home / "moved")
    answer = on(sandbox, "digest", sandbox.day.isoformat())
    assert answer.code == 0
    assert answer.err.startswith("thyme: ")
    assert len(days_messages(sandbox)) == 1


def test_digest_fails_with_a_sentence_when_slack_refuses(sandbox: Sandbox) -> None:
    sandbox.slack.faults.fail_next("chat.postMessage", "error:restricted_action")
    answer = on(sandbox, "digest", sandbox.day.isoformat())
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "Slack did not take the message: restricted_action.\n"


def test_digest_brings_the_picture_before_it_ends(sandbox: Sandbox) -> None:
    on(sandbox, "digest", sandbox.day.isoformat(), TRACKLATER_DIGEST__PICTURE="true")
    (message,) = digests_in(sandbox.slack.messages(), sandbox.day.isoformat())
    assert "image" in [block["type"] for block in message["blocks"]]


# -- Check ---------------------------------------------------------------------------------------


def test_check_ends_well_when_everything_works(sandbox: Sandbox) -> None:
    answer = on(sandbox, "check")
    assert answer.code == 0
    assert all(line.startswith("ok ") for line in answer.out.splitlines())


def test_check_fails_when_something_does_not(sandbox: Sandbox) -> None:
    answer = on(sandbox, "check", "--json", TRACKLATER_TOGGL__API_TOKEN="1234567890wrong")
    assert answer.code == 1
    found = json.loads(answer.out)
    assert {frozenset(each) for each in found} == {frozenset({"name", "group", "ok", "sentence"})}
    assert [each["name"] for each in found if not each["ok"]] == ["toggl"]
    assert "1234567890wrong" not in answer.out + answer.err


def test_a_preview_with_a_token_that_is_refused_says_how_old_its_entries_are(
    sandbox: Sandbox,
) -> None:
    day = sandbox.day.isoformat()
    known = json.loads(on(sandbox, "preview", day, "--json").out)
    assert known["tracked"]
    wrong = {"TRACKLATER_TOGGL__API_TOKEN": "1234567890wrong"}
    answer = on(sandbox, "preview", day, "--json", **wrong)
    told = json.loads(answer.out)
    (toggl,) = (each for each in told["sources"] if each["name"] == "toggl")
    assert told["tracked"] == known["tracked"]
    assert not toggl["ok"]
    assert re.search(
        r"refused the token.*; what is shown was known at \d\d:\d\d$", toggl["trouble"]
    )
    assert "Toggl refused the token" in " ".join(on(sandbox, "preview", day, **wrong).out.split())


# -- Run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", usually([signal.SIGTERM], [signal.SIGINT, signal.SIGTERM]))
def test_run_listens_until_it_is_stopped(sandbox: Sandbox, how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tracklater_bot", "run"],
        cwd=sandbox.home,
        env=environment(sandbox.home, sandbox.env),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        sandbox.slack.wait_connected(timeout=30)
        assert process.stderr is not None
        told = [process.stderr.readline().rstrip("\n") for _ in range(4)]
        process.send_signal(how)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, err) == (0, "")
    assert told[0] == "tracklater-bot is running."
    assert told[1] == f"It is tracklater in Sandbox, and writes to {ME} alone."
    assert re.fullmatch(
        r"The next message comes on \w+ \d+ \w+, 17:30 \(Europe/Helsinki\)\.", told[2]
    )
    assert told[3] == "Entries go to Toggl."


def test_run_says_all_that_is_missing_at_once(home: Path) -> None:
    more = "[groups.acme]\ntracker.client = 'Acme'\njira.url = 'https://acme.atlassian.net'\n"
    (home / "tracklater.toml").write_text(NOTHING + more)
    answer = called(home, "run")
    assert answer.code == 2
    assert [line.partition(" is missing")[0] for line in answer.err.splitlines()] == [
        "slack.user_id", "TRACKLATER_SLACK__BOT_TOKEN", "TRACKLATER_SLACK__APP_TOKEN",
        "TRACKLATER_TOGGL__API_TOKEN", "groups.acme.jira.project_key",
        "TRACKLATER_GROUPS__ACME__JIRA__API_TOKEN", "The README tells where to get them.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TRACKLATER_SLACK__BOT_TOKEN", "xoxb-1234567890-wrong"),
        ("TRACKLATER_SLACK__APP_TOKEN", "xapp-1234567890-wrong"),
    ],
)
def test_run_says_which_token_slack_refuses(sandbox: Sandbox, variable: str, value: str) -> None:
    assert run_command(sandbox, "refused", "run", **{variable: value}) == 1
    said = (sandbox.home / "refused.log").read_text(encoding="utf-8")
    assert variable in said
    assert value not in said
    assert "Traceback" not in said
