"""The firm sees hours, never windows: words planted on a laptop are nowhere at the hub."""

from __future__ import annotations

import json
import logging
import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.awserver import buckets_in
from tests.hub.firm import Firm, Laptop
from tests.hub.process import HubProcess
from tests.longer import usually
from tests.repositories import WHO
from tests.test_store_postgresql import command
from tracklater_bot.sources.clues.thyme import ThymeSource
from tracklater_hub import admission
from tracklater_hub.protocol import Envelope
from tracklater_sandbox import ME

DATA = Path(__file__).parent.parent / "data" / "agents"
LETTERS = "bcdfghjklmnpqrstvwxz"  # no word of anybody's language
WORD = re.compile(f"(?=(q[{LETTERS}]{{9}}))")


@pytest.fixture(autouse=True)
def _logs(caplog: pytest.LogCaptureFixture) -> None:
    """All that anybody of ours would ever log."""
    for name in ("tracklater_hub", "tracklater_bot", "procrastinate", "aiohttp"):
        caplog.set_level(logging.DEBUG, logger=name)


def words(number: int) -> Iterator[str]:
    chance = random.Random(1919)
    for _ in range(number):
        yield "q" + "".join(chance.choices(LETTERS, k=9))


class Planter:
    """Puts a word of its own into each text that it is given, as long as there are any."""

    def __init__(self, number: int) -> None:
        self._words = words(number)
        self.used: set[str] = set()

    def mark(self, text: str) -> str:
        word = next(self._words, None)
        if word is None:
            return text
        self.used.add(word)
        return f"{text} {word} /home/{word}/{word}.txt"

    def marked(self, value: Any, under: Callable[[str], bool], key: str = "") -> Any:
        """A copy, with a word in every text under one of the keys."""
        if isinstance(value, dict):
            return {name: self.marked(one, under, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.marked(one, under, key) for one in value]
        return self.mark(value) if isinstance(value, str) and under(key) else value


OF_WINDOWS = frozenset({"title", "url", "file", "project", "app"})
# What is no text of anybody's in coding agents' logs: all else has a word.
STRUCTURE = re.compile(
    r"type|timestamp|.*[iI]d|.*uuid|.*UUID|cwd|originalCwd|worktreePath|.*[bB]ranch|entrypoint|role"
    r"|promptSource|operation|subtype|kind|source|thread_source|history_mode|.*version|originator"
    r"|userType|repository_url|project"
)


def plant(firm: Firm, home: Path, number: int) -> set[str]:
    """A word in all that nobody at the firm may see, of every kind of clue."""
    titles = Planter(number)
    for channel in firm.sandbox.slack.workspace.channels.values():
        for message in () if channel.is_im else channel.messages.values():
            message["text"] = titles.mark(message["text"])
    _commit(home, titles, firm.sandbox.day)
    _meet(home, titles, firm.sandbox.day)
    watched = buckets_in("day")
    for bucket in watched.values():
        bucket["hostname"] = "laptop"
        bucket["events"] = titles.marked(bucket["events"], OF_WINDOWS.__contains__)
    (home / "aw.json").write_text(json.dumps({"buckets": watched}), encoding="utf-8")
    for tool in ("claude", "codex"):
        shutil.copytree(DATA / tool, home / tool)
    for log in sorted(home.glob("c*/**/*.jsonl")):
        lines = []
        for line in log.read_bytes().replace(b"/home/me/src", f"{home}/src".encode()).splitlines():
            try:
                told = titles.marked(json.loads(line), lambda key: not STRUCTURE.fullmatch(key))
                lines.append(json.dumps(told).encode())
            except ValueError:  # half a line, as such logs have
                lines.append(line)
        log.write_bytes(b"\n".join(lines))
    for file in sorted((home / "thyme").glob("*.json")):
        recorded = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(titles.marked(recorded, "Name".__eq__)), encoding="utf-8")
    return titles.used


def _commit(home: Path, titles: Planter, day: date) -> None:
    """Names and contents of files, and what a commit says below its subject."""
    when = f"{day}T11:15:00+02:00"
    dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    for repo in sorted((home / "src").iterdir()):
        for _ in range(20):
            word = titles.mark("").split()[0]
            (repo / f"{word}.txt").write_text(word, encoding="utf-8")
        body = "\n\n".join(titles.mark("See") for _ in range(20))
        for action in (["add", "."], ["commit", "-q", "-m", "Mend the login", "-m", body]):
            environ = {**os.environ, **WHO, **dates}
            subprocess.run(["git", *action], cwd=repo, env=environ, check=True)


def _meet(home: Path, titles: Planter, day: date) -> None:
    """What a meeting says beside its title, and all of a private one."""
    lines = ["BEGIN:VCALENDAR"]
    for number, private in enumerate((False, True)):
        told = {name: titles.mark("").strip() for name in ("DESCRIPTION", "LOCATION", "COMMENT")}
        told["SUMMARY"] = titles.mark("globex") if private else "Globex weekly"
        hour = f"{day:%Y%m%d}T{number + 6:02}"
        lines += ["BEGIN:VEVENT", f"UID:{number}", f"DTSTART:{hour}0000Z", f"DTEND:{hour}3000Z"]
        lines += [f"{name}:{text}" for name, text in told.items()]
        word = titles.mark("").split()[0]
        lines += [f"ATTENDEE;CN={word}:mailto:{word}@globex.example"]
        lines += ["ATTENDEE;PARTSTAT=ACCEPTED:mailto:eero@example.com"]
        lines += ["CLASS:PRIVATE"] if private else []
        lines += ["END:VEVENT"]
    text = "\r\n".join([*lines, "END:VCALENDAR", ""])
    (home / "mine.ics").write_text(text, encoding="utf-8")


def listened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The body of every request to the hub, as it comes in."""
    heard: list[bytes] = []
    opened = admission.opened

    def listening(path: str, body: bytes) -> Envelope:
        heard.append(body)
        return opened(path, body)

    monkeypatch.setattr(admission, "opened", listening)
    return heard


@pytest.fixture
def statements(address: str, database: str) -> Path:
    """PostgreSQL's log, in which all that the hub ever tells it is with its values.

    Rows that were replaced or deleted meanwhile are there too.
    """
    name = database.partition("@/")[2].partition("?")[0]
    for setting in ("log_statement = 'all'", "log_min_error_statement = 'error'"):
        command(address, f"ALTER DATABASE {name} SET {setting}")
    return Path(address.partition("host=")[2]) / "log"


def everything_stored(firm: Firm) -> str:
    """All rows of all tables of the hub's database."""
    tables = firm.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return "\n".join(str(firm.sql(f'SELECT * FROM "{name}"')) for (name,) in tables)


def use_everything(firm: Firm) -> None:
    """Whatever there is to press and to ask that has the machine tell something."""
    slack = firm.sandbox.slack
    answers = [one for one in _actions(firm) if one[0].startswith("answer:")]
    if answers:  # "What was this?"
        firm.click(ME, *answers[0])
        firm.wait(lambda: answers[0] not in _actions(firm) or None)
    item = firm.buttons(ME, "approve")[0]
    for what in ("why", "split"):
        slack.click(firm.message(ME), "more", option=f"{what}:{item}", user=ME)
        firm.wait(lambda: slack.view_of(ME))
        slack.close_view(user=ME, everything=True)
    firm.click(ME, "edit", item)
    edit = firm.wait(lambda: slack.view_of(ME))
    slack.suggest(edit, "issue", "dev", user=ME)
    slack.click(edit, "more", option=f"rule:{item}", user=ME)
    # A rule's text goes to the machine, once when it is told what it would catch, once when kept.
    firm.wait(lambda: (slack.view_of(ME) or {}).get("callback_id") == "rule" or None)
    assert "Words of these windows" not in str(slack.view_of(ME))
    assert not slack.submit(None, {"word": "libreoffice"}, user=ME).errors
    firm.wait(lambda: "Keep it" in str(slack.view_of(ME)) or None)
    slack.submit(None, {"word": "libreoffice"}, user=ME)
    firm.wait(lambda: "The rule is kept" in str(firm.answers(ME)) or None)
    firm.click(ME, "approve", item)
    firm.wait(lambda: "in Toggl" in firm.rows(ME) or None)
    for words in ("status", "week", "yesterday", "month"):
        seen = len(firm.answers(ME))
        firm.ask(ME, words)
        firm.wait(lambda: len(firm.answers(ME)) > seen or None)  # noqa: B023
    slack.home(user=ME)


def fail_everywhere(firm: Firm, laptop: Laptop, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong on the laptop, and the error has a title in it."""

    def wrong(*_: object) -> None:
        try:
            Path(f"/none/{word}/{word}.txt").read_text(encoding="utf-8")
        except OSError as error:
            raise RuntimeError(f"cannot read {word}") from error

    for file in ("aw.json", "mine.ics"):
        (firm.home / ME / file).write_text(f"<html>{word}</html>", encoding="utf-8")
    monkeypatch.setattr(ThymeSource, "read", wrong)
    monkeypatch.setattr(ThymeSource, "check", wrong)
    firm.ask(ME)
    firm.wait(lambda: "failed unexpectedly" in str(firm.message(ME)["blocks"]) or None)
    firm.ask(ME, "status")
    firm.wait(lambda: "failed unexpectedly" in str(firm.answers(ME)) or None)
    monkeypatch.setattr(laptop.agent, "_machine", wrong)
    firm.ask(ME)
    firm.wait(lambda: "could not be read there" in str(firm.message(ME)["blocks"]) or None)


def _actions(firm: Firm) -> list[tuple[str, str]]:
    found = re.findall(
        r'"action_id": "([^"]+)"[^{}]*?"value": "([^"]+)"', json.dumps(firm.message(ME)["blocks"])
    )
    return [(action, value) for action, value in found]


def test_no_word_of_a_title_leaves_the_laptop(
    firm: Firm,
    statements: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = statements.stat().st_size
    # Who sets that for the team, or for themselves, is told nothing of windows all the same.
    shows = {"TRACKLATER_SUGGEST__SHOW_WINDOWS": "true"}
    verbose = [HubProcess(firm) for _ in range(usually(0, 1))]  # as an administrator runs it
    firm.start_hub(TRACKLATER_SUGGEST__SHOW_WINDOWS="true")
    home = firm.home / ME
    more = (
        f'[agents]\nclaude_dir = "{home}/claude"\ncodex_dir = "{home}/codex"\n'
        f'[activitywatch]\nfile = "{home}/aw.json"\n[calendar]\nfiles = ["{home}/mine.ics"]\n'
    )
    token = {"TRACKLATER_SLACK__USER_TOKEN": firm.sandbox.slack.user_token}
    laptop = firm.join(ME, more, **token, **shows)
    secret = plant(firm, home, usually(4_000, 10_000))
    assert len(secret) > 1_000
    sent = listened(monkeypatch)
    laptop.wake()
    firm.give_tokens(ME)
    firm.open(ME)
    use_everything(firm)
    (draft,) = firm.sql("SELECT draft FROM hub_drafts WHERE day = :day", day=firm.sandbox.day)
    told = {one["name"] for one in json.loads(draft[0])["sources"] if one["clues"]}
    sources = {"thyme", "activitywatch", "git", "slack", "agents", "calendar"}
    assert sources <= told  # so that there was something to tell
    fail_everywhere(firm, laptop, min(secret), monkeypatch)
    shown = [
        list(one.messages.values())
        for one in firm.sandbox.slack.workspace.channels.values()
        if one.is_im
    ]
    workspace = firm.sandbox.slack.workspace
    places = {
        "database": everything_stored(firm),
        "all that the database was told": statements.read_bytes()[began:].decode(errors="replace"),
        "logs": "".join([caplog.text, *capfd.readouterr(), *(one.said for one in verbose)]),
        "what the laptop sent": b"".join(sent).decode(),
        "what Toggl got": json.dumps(firm.toggls[ME].entries),
        "the conversation": json.dumps(shown),
        "dialogs and Home": json.dumps([*workspace.modals.values(), *workspace.homes.values()]),
    }
    assert '"text": "libreoffice"' in places["all that the database was told"]  # it tells values
    for place, text in places.items():
        assert text, place
        assert secret & {*WORD.findall(text.casefold())} == set(), place
    for process in verbose:
        process.kill()
