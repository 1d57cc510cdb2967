"""Hostile text from all sides, all the way to Slack, the database and the terminal."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from tests.bots import days_on
from tests.conftest import FRIDAY
from tests.digests import strings
from tests.hostile import HOSTILE, bad_characters, isolates_balanced
from tests.notation import FRIDAY as WORKDAY
from tests.notation import at
from tracklater_bot.catalog.catalog import scope_of
from tracklater_bot.cli.terminal import print_draft
from tracklater_bot.domain.clues import ChatMessage, Checkout, Commit, Prompt, Reading, Window
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.engine import suggest
from tracklater_bot.engine.inputs import Inputs, Options
from tracklater_bot.slack.days import Days
from tracklater_bot.sources.clues.git import GitSource
from tracklater_bot.sources.issues.jira import key_form
from tracklater_bot.sources.issues.registry import issue_sources
from tracklater_sandbox import ME, Sandbox

NAMES = [f"{number}-{text[:12]!a}" for number, text in enumerate(HOSTILE)]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Days]]:
    """A bot on a sandbox that checks every message as strictly as Slack."""
    home = tmp_path_factory.mktemp("hostile")
    (home / "src").mkdir()
    (home / "thyme").mkdir()
    (home / "thyme" / f"{FRIDAY}.json").touch()
    with Sandbox(home, today=FRIDAY) as sandbox, days_on(sandbox) as made:
        yield sandbox, made


@cache
def _draft(text: str) -> Draft:
    """A day on which the text stands wherever text comes from outside."""
    issue = Issue("DEV-1", text, f"https://acme.example/browse/{text}", "jira", "acme", mine=True)
    project = Project(text or "?", "acme", id="501", client=text)
    group = Group(
        "acme",
        hints=(Hint("acme", HintKind.KEYWORD, "acme"),),
        key_forms=(key_form("DEV"),),
        projects=(project, Project("Development", "acme", id="502", type="bug")),
    )
    start, end = at("09:00"), at("11:00")
    tracked = TimeEntry("1", at("13:00"), at("14:00"), text, "501", text, "acme", (text,))
    inputs = Inputs(
        day=WORKDAY,
        now=at("18:00"),
        clues=(*_windows(Span(start, end), text), *_traces(text)),
        groups=(group,),
        issues=(issue,),
        tracked=(tracked,),
        options=Options(),
    )
    trouble = SourceStatus("thyme", "acme", 3, f"something is wrong: {text[:300]}")
    return Draft(FRIDAY, str(WORKDAY.zone), suggest(inputs), (tracked,), (trouble,))


def _windows(covered: Span, text: str) -> Iterator[Window]:
    moment, number = covered.start, 0
    count = 60 if len(text) < 1000 else 12  # very long ones take a while each
    while moment < covered.end:
        number += 1
        yield Window(moment, f"acme {text} {number}", number)
        moment += (covered.end - covered.start) / count


def _traces(text: str) -> tuple[Commit | Checkout | ChatMessage | Prompt, ...]:
    return (
        Checkout(at("09:05"), "acme", "api", f"feature/DEV-1-{text}"),
        Commit(at("10:00"), "acme", "api", "a" * 40, text, (text,)),
        Commit(at("10:30"), "acme", "api", "b" * 40, f"DEV-1 {text}"),
        ChatMessage(at("10:15"), "acme", text, text, text),
        Prompt(at("10:20"), "acme", text, text, text),
    )


@pytest.mark.parametrize("text", HOSTILE, ids=NAMES)
def test_it_is_shown_as_text_in_slack_and_nothing_else(
    days: tuple[Sandbox, Days], text: str
) -> None:
    sandbox, made = days
    (jira,) = (
        source
        for source in issue_sources(made.person.file_settings, made.person.clock)
        if source.name == "jira"
    )
    found = Issue("DEV-1", text, "https://acme.example", "jira", "acme")
    made.person.store.put_issues(ME, scope_of(jira), [found])
    digest = made.person.store.save_draft(ME, _draft(text))
    posted = made.messenger.publish(digest)
    assert posted is not None
    blocks = sandbox.slack.message(posted.ts)["blocks"]
    for shown in strings(blocks, "mrkdwn"):
        for sequence in ("<!", "<@", "<#", "<https://evil"):
            assert sequence not in shown
    for shown in (*strings(blocks, "mrkdwn"), *strings(blocks, "plain_text")):
        assert not bad_characters(shown)
        assert isolates_balanced(shown)


@pytest.mark.parametrize("text", HOSTILE, ids=NAMES)
def test_it_comes_back_from_the_database_as_it_went_in(
    days: tuple[Sandbox, Days], text: str
) -> None:
    _, made = days
    kept = made.person.store.save_draft(ME, _draft(text))
    assert made.person.store.digest(ME, FRIDAY) is not None
    assert kept.items, "there was something to suggest"
    assert made.person.store.open_days(ME, FRIDAY) == [(FRIDAY, len(kept.items))]


@pytest.mark.parametrize("text", HOSTILE, ids=NAMES)
def test_a_terminal_gets_no_control_characters(text: str) -> None:
    out = io.StringIO()
    print_draft(_draft(text), at("18:00"), Console(file=out, width=120, highlight=False))
    assert not bad_characters(out.getvalue())


# -- A repository's own settings -------------------------------------------------------------------

ME_IN_GIT = ("-c", "user.name=Eero", "-c", "user.email=eero@example.com")


@pytest.fixture
def booby_trap(tmp_path: Path) -> tuple[Path, Path]:
    """A repository whose settings name a program wherever git would run one, and its mark."""
    repo, mark, program = tmp_path / "repo", tmp_path / "it-ran", tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat\n', encoding="utf-8")
    program.chmod(0o755)
    _git(tmp_path, "init", "-q", "-b", "main", str(repo))
    (repo / "notes").write_text("x", encoding="utf-8")
    _git(repo, "add", "notes")
    _git(repo, *ME_IN_GIT, "commit", "-q", "-m", "DEV-1 Fix login")
    (repo / "notes").write_text("y", encoding="utf-8")
    (repo / ".gitattributes").write_text("* diff=trap filter=trap\n", encoding="utf-8")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        (hooks / hook).symlink_to(program)
    included = tmp_path / "included"
    included.write_text(f"[core]\n\teditor = {program}\n\tpager = {program}\n", encoding="utf-8")
    for name, value in _traps(program, hooks, included):
        _git(repo, "config", name, value)
    mark.unlink(missing_ok=True)
    return repo, mark


def _traps(program: Path, hooks: Path, included: Path) -> Iterator[tuple[str, str]]:
    for name in (
        "core.fsmonitor", "core.pager", "pager.log", "core.sshCommand", "core.editor",
        "core.askPass", "core.gitProxy", "diff.external", "diff.trap.command",
        "diff.trap.textconv", "filter.trap.clean", "filter.trap.smudge", "gpg.program",
        "gpg.ssh.program", "interactive.diffFilter", "credential.helper",
        "uploadpack.packObjectsHook", "core.alternateRefsCommand",
    ):  # fmt: skip
        yield name, str(program)
    yield "core.hooksPath", str(hooks)
    yield "include.path", str(included)
    yield "log.showSignature", "true"
    yield "alias.log", f"!{program}"
    yield "alias.reflog", f"!{program}"
    yield "alias.for-each-ref", f"!{program}"


def _git(where: Path, *arguments: str) -> None:
    alone = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": os.environ["PATH"],
    }
    subprocess.run(["git", *arguments], cwd=where, env=alone, check=True, capture_output=True)


def test_reading_a_repository_runs_none_of_its_programs(booby_trap: tuple[Path, Path]) -> None:
    repo, mark = booby_trap
    source = GitSource("acme", (repo,), ("eero@example.com",))
    everything = Span(at("00:00").replace(year=2000), at("00:00").replace(year=2100))
    reading: Reading = source.read(everything)
    assert [clue.subject for clue in reading.clues if isinstance(clue, Commit)] == [
        "DEV-1 Fix login"
    ]
    source.check()
    assert not mark.exists(), mark.read_text(encoding="utf-8")


def test_the_trap_works(booby_trap: tuple[Path, Path]) -> None:
    """Git itself, asked carelessly, does run them: the test above could fail."""
    repo, mark = booby_trap
    _git(repo, "status")
    _git(repo, "diff")
    assert mark.exists()
