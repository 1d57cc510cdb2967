"""Coding agents as a source of clues: made-up logs in the tools' own forms, full of canaries."""

from __future__ import annotations

import json
import logging
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.clues import ACME_CODE, inputs, prompt, told, windows
from tests.digests import digest
from tests.machines import machine_of
from tests.nobody import nobody
from tests.notation import FRIDAY, at
from tests.sourcecontract import hold_clues, hold_trouble, one_line
from tracklater_bot.blocks.digest import digest_message
from tracklater_bot.blocks.timeline import alt_text, lanes_of, ticks_of
from tracklater_bot.catalog.cache import NullStore
from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.cli.preview_json import draft_json
from tracklater_bot.domain.clues import AgentRun, Clue, Prompt, Window
from tracklater_bot.domain.day import Span, WorkDay, total
from tracklater_bot.domain.draft import AgentTime, Draft, agents_words
from tracklater_bot.drafting.machine import _agents
from tracklater_bot.engine import suggest
from tracklater_bot.settings import Settings, load
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues import agent_claude, agent_codex, agent_logs
from tracklater_bot.sources.clues.agent_logs import Harvest
from tracklater_bot.sources.clues.agents import AgentsSource
from tracklater_bot.sources.clues.registry import clue_sources

DATA = Path(__file__).parent / "data" / "agents"
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
ACME, GLOBEX = Path("/home/me/src/acme-api"), Path("/home/me/src/globex-web")
GROUPS = (("acme", ACME), ("globex", GLOBEX))
AFTER = at("20:00").timestamp() + 24 * 3600
DAY = Span(*(datetime.fromisoformat(EXPECTED[end]) for end in ("from", "to")))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """The made-up logs, as last changed the day after."""
    for tool in ("claude", "codex"):
        shutil.copytree(DATA / tool, tmp_path / tool)
    changed(tmp_path, AFTER)
    return tmp_path


def changed(folder: Path, when: float) -> None:
    """All files in the folder were last changed then."""
    for path in folder.rglob("*"):
        os.utime(path, (when, when))


def source(
    home: Path,
    groups: tuple[tuple[str, Path], ...] = GROUPS,
    clock: Callable[[], float] = lambda: 0.0,
) -> AgentsSource:
    folders = {"Claude Code": home / "claude", "Codex": home / "codex"}
    return AgentsSource(folders, groups, home / "data", clock=clock)


def of_kind(kind: type[Any], clues: Iterable[Clue]) -> list[Any]:
    return [clue for clue in clues if isinstance(clue, kind)]


def session(home: Path, *records: dict[str, object] | bytes, name: str = "s1") -> Path:
    """A session of Claude Code with these lines."""
    folder = home / "claude" / "projects" / "-home-me-src-acme-api"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    path.write_bytes(b"".join(map(line, records)))
    os.utime(path, (AFTER, AFTER))
    return path


def line(record: dict[str, object] | bytes) -> bytes:
    return record if isinstance(record, bytes) else json.dumps(record).encode() + b"\n"


def typed(clock: str, **more: object) -> dict[str, object]:
    """A prompt as Claude Code keeps it."""
    return {
        "type": "user",
        "timestamp": at(clock).isoformat(),
        "cwd": str(ACME),
        "sessionId": "s1",
        "gitBranch": "DEV-123-fix-login",
        "uuid": clock,
        "message": {"role": "user", "content": "CANARY"},
        **more,
    }


def worked(clock: str, **more: object) -> dict[str, object]:
    """Something that the agent did."""
    return typed(clock, type="assistant", **more)


# -- The made-up day -----------------------------------------------------------------------------


def test_each_moment_at_which_a_person_typed_and_no_other(logs: Path) -> None:
    whose = {repository: group for group, repository in EXPECTED["groups"].items()}
    reading = source(logs).read(DAY)
    assert reading.trouble is None
    found = [(p.at, p.group, p.folder, p.branch, p.session) for p in of_kind(Prompt, reading.clues)]
    assert found == [
        (
            datetime.fromisoformat(human["time"]),
            whose[human["repository"]],
            human["folder"],
            human["branch"] or "",
            human["session"],
        )
        for human in EXPECTED["human"]
    ]


def test_how_long_agents_worked_in_each_folder_and_for_each_client(logs: Path) -> None:
    runs = of_kind(AgentRun, source(logs).read(DAY).clues)

    def minutes(**wanted: str) -> float:
        mine = (r for r in runs if all(getattr(r, key) == value for key, value in wanted.items()))
        return total(Span(run.at, run.until) for run in mine) / timedelta(minutes=1)

    for agent in EXPECTED["agents"]:
        found = minutes(folder=agent["folder"], branch=agent["branch"] or "")
        assert found == pytest.approx(agent["minutes"], abs=0.01)
    for group, repository in EXPECTED["groups"].items():
        assert minutes(group=group) == pytest.approx(
            EXPECTED["agent_minutes"][repository], abs=0.01
        )


def test_no_word_of_a_conversation_comes_out_anywhere(
    logs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = source(logs)
    reading = found.read(DAY)
    draft = Draft(FRIDAY.date, "Europe/Helsinki", suggest(inputs(*reading.clues)))
    said = [repr(reading), found.check(), caplog.text, json.dumps(draft_json(draft, DAY.end))]
    said += [path.read_bytes().decode("latin-1") for path in (logs / "data").rglob("*.*")]
    assert len(said) == 5
    assert not any("CANARY" in text or "please mend" in text for text in said)


def test_what_holds_logins_and_histories_is_never_opened(logs: Path) -> None:
    opened: list[str] = []
    watching = [True]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open":
            opened.append(str(arguments[0]))

    sys.addaudithook(hook)
    found = source(logs)
    found.read(DAY)
    found.check()
    watching.clear()
    never = {path for pattern in EXPECTED["never_opened"] for path in logs.glob(pattern)}
    assert len(never) == 8
    assert any(".jsonl" in path for path in opened)
    assert not {str(path) for path in never}.intersection(opened)


def test_it_keeps_to_what_a_source_of_clues_is(logs: Path) -> None:
    hold_clues(source(logs), DAY)
    hold_trouble(source(logs / "nowhere"))


# -- Who typed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "human"),
    [
        ({}, True),
        ({"promptSource": "typed", "origin": {"kind": "human"}}, True),
        ({"promptSource": "queued"}, True),
        ({"promptSource": "system"}, False),
        ({"promptSource": "sdk", "origin": {"kind": "human"}}, False),
        ({"promptSource": "of next year"}, False),
        ({"origin": {"kind": "task-notification"}}, False),
        ({"origin": {"kind": "coordinator"}}, False),
        ({"entrypoint": "cli"}, True),
        ({"entrypoint": "sdk-cli"}, False),
        ({"entrypoint": "sdk-ts"}, False),
        ({"isMeta": True}, False),
        ({"isSidechain": True}, False),
        ({"isCompactSummary": True}, False),
        ({"isVisibleInTranscriptOnly": True}, False),
        ({"toolUseResult": {"stdout": "CANARY"}}, False),
        ({"toolUseResult": "CANARY"}, False),
        ({"toolUseResult": None}, True),
        ({"sourceToolUseID": "x"}, False),
        ({"sourceToolAssistantUUID": "x"}, False),
        ({"message": {"content": [{"type": "text", "text": "CANARY"}]}}, True),
        ({"message": {"content": [{"type": "image"}]}}, True),
        ({"message": {"content": [{"type": "tool_result"}]}}, False),
        ({"message": {"content": []}}, False),
        ({"message": {"content": 5}}, False),
        ({"message": None}, False),
        ({"type": "assistant"}, False),
        ({"type": "a kind of next year"}, False),
        ({"timestamp": "2026-11-20T10:00:00"}, False),
        ({"timestamp": 1795158000000}, False),
    ],
)
def test_who_typed_in_claude_code(more: dict[str, object], *, human: bool) -> None:
    told = agent_claude.understand([line(typed("10:00", **more))], ACME / "s.jsonl")
    assert len(told.prompts) == human


@pytest.mark.parametrize("folder", ["", "11111111-2222-3333-4444-555555555555/spawned"])
def test_nobody_types_in_what_is_a_sub_agents_by_its_name(tmp_path: Path, folder: str) -> None:
    """Whatever its records say of it, and the session beside it is the person's still."""
    place = session(tmp_path, typed("10:00"), worked("10:05")).parent / folder / "agent-7.jsonl"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(line(typed("10:01", uuid="a")) + line(worked("10:20", uuid="b")))
    clues = source(tmp_path).read(DAY).clues
    assert [prompt.at for prompt in of_kind(Prompt, clues)] == [at("10:00")]
    assert [run.until for run in of_kind(AgentRun, clues)] == [at("10:05"), at("10:20")]


def test_what_a_tool_gave_goes_on_with_the_agents_work() -> None:
    """Also where nothing but its content tells that it is a result."""
    result = typed("10:20", message={"content": [{"type": "tool_result"}]})
    later = typed("10:40", type="assistant")
    told = agent_claude.understand([line(each) for each in (typed("10:00"), result, later)], ACME)
    (run,) = told.runs
    assert (run.until - run.at) / 60_000 == 40


@pytest.mark.parametrize(
    ("meta", "event", "human"),
    [
        ({}, {}, True),
        ({"source": "cli"}, {}, True),
        ({"source": "vscode", "thread_source": "user"}, {}, True),
        ({"source": "exec"}, {}, False),
        ({"source": "mcp"}, {}, False),
        ({"source": {"another agent": {"thread_spawn": {"depth": 1}}}}, {}, False),
        ({"source": {"custom": "an editor"}}, {}, True),
        ({"source": "cli", "thread_source": "another agent"}, {}, False),
        ({}, {"kind": "plain"}, True),
        ({}, {"kind": "environment_context"}, False),
        ({}, {"type": "agent_message"}, False),
        ({"history_mode": "paginated"}, {}, False),
        (
            {"history_mode": "paginated"},
            {"type": "item_completed", "item": {"type": "UserMessage"}},
            True,
        ),
        (
            {"history_mode": "paginated"},
            {"type": "item_completed", "item": {"type": "AgentMessage"}},
            False,
        ),
    ],
)
def test_who_typed_in_codex(
    meta: dict[str, object], event: dict[str, object], *, human: bool
) -> None:
    when = at("10:00").isoformat()
    head = {"id": "c", "cwd": str(ACME), "git": {"branch": "main"}, **meta}
    lines = [
        line({"timestamp": when, "type": "session_meta", "payload": head}),
        line(
            {"timestamp": when, "type": "event_msg", "payload": {"type": "user_message", **event}}
        ),
        line({"timestamp": when, "type": "response_item", "payload": {"role": "user"}}),
    ]
    told = agent_codex.understand(lines, ACME)
    assert len(told.prompts) == human
    assert {(prompt.folder, prompt.branch) for prompt in told.prompts} <= {(str(ACME), "main")}


def test_what_was_queued_was_typed_when_it_went_into_the_queue(tmp_path: Path) -> None:
    queue = {"type": "queue-operation", "content": "CANARY"}
    session(
        tmp_path,
        typed("10:00"),
        {**queue, "timestamp": at("10:03").isoformat(), "operation": "enqueue"},
        {**queue, "timestamp": at("10:04").isoformat(), "operation": "enqueue"},
        {**queue, "timestamp": at("10:05").isoformat(), "operation": "remove"},
        {**queue, "timestamp": at("10:09").isoformat(), "operation": "dequeue"},
        typed("10:10", promptSource="queued"),
        typed("10:20", promptSource="typed"),
    )
    found = of_kind(Prompt, source(tmp_path).read(FRIDAY.span).clues)
    assert [prompt.at for prompt in found] == [at("10:00"), at("10:04"), at("10:20")]


def test_older_codex_tells_no_turns() -> None:
    def event(clock: str, **payload: str) -> bytes:
        return line({"timestamp": at(clock).isoformat(), "type": "event_msg", "payload": payload})

    head: dict[str, object] = {
        "timestamp": at("09:00").isoformat(),
        "type": "session_meta",
        "payload": {"id": "c"},
    }
    told = agent_codex.understand(
        [
            line(head),
            event("10:00", type="user_message"),
            event("10:05", type="agent_message"),
            event("12:00", type="user_message"),
            event("12:10", type="agent_message"),
        ],
        ACME,
    )
    assert [(run.until - run.at) / 60_000 for run in told.runs] == [5, 10]


# -- Broken, huge, half written ------------------------------------------------------------------


@pytest.mark.parametrize("size", [2_000_000, 20_000_000])
def test_a_huge_line_hides_nothing_after_it(tmp_path: Path, size: int) -> None:
    picture = {"content": [{"type": "image", "source": {"data": "CANARY" + "A" * size}}]}
    session(tmp_path, typed("10:00"), worked("10:01", message=picture), typed("10:30"))
    reading = source(tmp_path).read(FRIDAY.span)
    assert [prompt.at for prompt in of_kind(Prompt, reading.clues)] == [at("10:00"), at("10:30")]
    assert reading.trouble is None


@pytest.mark.parametrize(
    "broken",
    [
        b"\n",
        b"null\n",
        b'[1, "CANARY"]\n',
        b"not json CANARY\n",
        b'{"type": "user"}\n',
        b'{"type": 5}\n',
        b"\xff\xfe\x00\n",
        b'{"type":"user","message":{"content":"\n',
        b"[" * 100_000 + b"\n",
        line(typed("10:00")).replace(b'"CANARY"', b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_broken_lines_are_stepped_over(tmp_path: Path, broken: bytes) -> None:
    session(tmp_path, broken, typed("10:00"), broken, typed("10:30"), broken.rstrip(b"\n"))
    reading = source(tmp_path).read(FRIDAY.span)
    assert len(of_kind(Prompt, reading.clues)) == 2
    assert reading.trouble is None


def test_a_last_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    last = line(typed("10:30"))
    path = session(tmp_path, typed("10:00"), last[:80])
    found = source(tmp_path)
    assert len(of_kind(Prompt, found.read(FRIDAY.span).clues)) == 1
    with path.open("ab") as file:
        file.write(last[80:])
    assert len(of_kind(Prompt, found.read(FRIDAY.span).clues)) == 2


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_moment_that_is_none_here_loses_no_other(tmp_path: Path, when: str) -> None:
    odd = {"timestamp": when, "uuid": "odd"}
    session(tmp_path, typed("10:00", **odd), worked("10:01", **odd), typed("10:30"))
    reading = source(tmp_path).read(FRIDAY.span)
    assert [prompt.at for prompt in of_kind(Prompt, reading.clues)] == [at("10:30")]


def test_a_clock_that_was_wrong_makes_no_run_of_years(tmp_path: Path) -> None:
    session(tmp_path, worked("10:00", timestamp="1999-01-01T00:00:00Z"), worked("10:05"))
    assert of_kind(AgentRun, source(tmp_path).read(FRIDAY.span).clues) == []


def test_no_person_types_thousands_of_prompts_a_day(tmp_path: Path) -> None:
    started = at("10:00")
    many = [
        typed("10:00", uuid=str(n), timestamp=(started + timedelta(seconds=n)).isoformat())
        for n in range(3000)
    ]
    session(tmp_path, *many)
    reading = source(tmp_path).read(FRIDAY.span)
    assert len(of_kind(Prompt, reading.clues)) == 1000
    assert "2000 prompts more" in str(reading.trouble).replace(",", "")


def test_names_that_are_none_are_left_out(tmp_path: Path) -> None:
    session(tmp_path, typed("10:00", gitBranch="a\x1b[2Jb"), typed("10:30", gitBranch="x" * 5000))
    found = of_kind(Prompt, source(tmp_path).read(FRIDAY.span).clues)
    assert [prompt.branch for prompt in found] == ["", ""]


def test_a_fork_of_a_fork_types_nothing_twice(tmp_path: Path) -> None:
    for name in ("s1", "s2", "s3"):
        session(tmp_path, typed("10:00", sessionId=name), worked("10:09"), name=name)
    reading = source(tmp_path).read(FRIDAY.span)
    assert len(of_kind(Prompt, reading.clues)) == 1
    assert {(run.at, run.until) for run in of_kind(AgentRun, reading.clues)} == {
        (at("10:00"), at("10:09"))
    }


# -- What is kept --------------------------------------------------------------------------------


def test_what_the_tools_delete_stays(logs: Path) -> None:
    before = source(logs).read(DAY)
    shutil.rmtree(logs / "claude" / "projects")
    (logs / "claude" / "projects").mkdir()
    shutil.rmtree(logs / "codex" / "sessions")
    assert source(logs).read(DAY) == before
    kept = logs / "data" / "harvest.msgpack"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_a_day_of_which_nobody_asked_is_kept_as_well(logs: Path) -> None:
    """A month's end may come after the logs are gone."""
    wanted = source(logs).read(DAY).clues
    shutil.rmtree(logs / "data")
    changed(logs, at("10:00").timestamp())
    source(logs).read(Span(DAY.end + timedelta(days=20), DAY.end + timedelta(days=21)))
    shutil.rmtree(logs / "claude" / "projects")
    shutil.rmtree(logs / "codex")
    assert source(logs).read(DAY).clues == wanted


def test_what_was_cut_from_a_file_stays(tmp_path: Path) -> None:
    session(tmp_path, typed("10:00"), typed("10:30"))
    found = source(tmp_path)
    found.read(FRIDAY.span)
    session(tmp_path, typed("10:30"))
    assert len(of_kind(Prompt, found.read(FRIDAY.span).clues)) == 2


def test_a_file_that_has_not_changed_is_not_read_again(logs: Path) -> None:
    wanted = source(logs).read(DAY)
    for path in logs.rglob("*.jsonl"):
        size = path.stat().st_size
        path.write_bytes(b"x" * size)
    changed(logs, AFTER)
    assert source(logs).read(DAY) == wanted


@pytest.mark.parametrize("content", [b"", b"\x00CANARY", b"\x93\x01\xa1x\x80"])
def test_a_harvest_that_is_broken_is_begun_anew(logs: Path, content: bytes) -> None:
    wanted = source(logs).read(DAY)
    (logs / "data" / "harvest.msgpack").write_bytes(content)
    assert source(logs).read(DAY) == wanted


def test_a_harvest_grows_no_larger_than_what_is_read_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_logs, "LARGEST_KEPT", 8_000)
    for number in range(60):
        hour = f"{8 + number // 10:02}:{number % 10:02}"
        session(tmp_path, typed(hour), worked("18:00"), name=f"s{number}").touch()
    assert len(of_kind(Prompt, source(tmp_path).read(FRIDAY.span).clues)) == 60
    shutil.rmtree(tmp_path / "claude" / "projects")
    kept = of_kind(Prompt, source(tmp_path).read(FRIDAY.span).clues)
    assert 10 < len(kept) < 60


def test_a_repository_whose_links_go_round_stops_no_other(tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    session(tmp_path, typed("10:00"))
    reading = source(tmp_path, (("globex", circle), *GROUPS)).read(FRIDAY.span)
    assert [prompt.group for prompt in of_kind(Prompt, reading.clues)] == ["acme"]


def test_where_nothing_can_be_kept_it_is_said(logs: Path) -> None:
    (logs / "data").write_text("a file")
    reading = source(logs).read(DAY)
    assert len(of_kind(Prompt, reading.clues)) == len(EXPECTED["human"])
    assert "cannot be kept" in str(reading.trouble)
    assert one_line(str(reading.trouble))


def test_what_took_too_long_goes_on_the_next_time(logs: Path) -> None:
    def slow() -> Iterator[float]:
        yield from (0.0 if number < 400 else 1000.0 for number in range(1_000_000))

    ticks = slow()
    first = source(logs, clock=lambda: next(ticks)).read(DAY)
    assert "took too long" in str(first.trouble)
    assert 0 < len(of_kind(Prompt, first.clues)) < len(EXPECTED["human"])
    known = len(Harvest.load(logs / "data").content.files)
    assert known > 0
    assert source(logs).read(DAY).trouble is None


# -- Whose a folder is ---------------------------------------------------------------------------


def group_of(home: Path, folder: str | Path, groups: tuple[tuple[str, Path], ...]) -> str | None:
    session(home, typed("10:00", cwd=str(folder)))
    [prompt] = of_kind(Prompt, source(home, groups).read(FRIDAY.span).clues)
    return prompt.group  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("folder", "group"),
    [
        ("/home/me/src/acme-api", "acme"),
        ("/home/me/src/acme-api/packages/cart", "acme"),
        ("/home/me/src/acme-api-2", None),
        ("/home/me/src/acme-api/vendor/inner", "inner"),
        ("/workspace", None),
        ("C:\\work\\acme", None),
        ("vscode-remote://host/x", None),
    ],
)
def test_whose_a_folder_is_that_need_not_exist(
    tmp_path: Path, folder: str, group: str | None
) -> None:
    groups = (*GROUPS, ("inner", ACME / "vendor" / "inner"))
    assert group_of(tmp_path, folder, groups) == group


def make_worktree(home: Path) -> tuple[Path, Path]:
    """A repository and a worktree of it elsewhere, as git lays them out."""
    repository, worktree = home / "src" / "acme-api", home / "elsewhere" / "hotfix"
    gitdir = repository / ".git" / "worktrees" / "hotfix"
    gitdir.mkdir(parents=True)
    (gitdir / "commondir").write_text("../..\n")
    (gitdir / "gitdir").write_text(f"{worktree}/.git\n")
    (worktree / "docs").mkdir(parents=True)
    (worktree / ".git").write_text(f"gitdir: {gitdir}\n")
    return repository, worktree


def test_a_worktree_is_its_repositorys(tmp_path: Path) -> None:
    repository, worktree = make_worktree(tmp_path)
    groups = (("acme", repository),)
    assert group_of(tmp_path, worktree / "docs", groups) == "acme"
    shutil.rmtree(worktree)
    assert group_of(tmp_path, worktree, groups) == "acme", "git remembers it"


@pytest.mark.parametrize("asked", ["that day", "another day"])
def test_a_worktree_is_remembered_when_git_has_forgotten_it(tmp_path: Path, asked: str) -> None:
    repository, worktree = make_worktree(tmp_path)
    groups = (("acme", repository),)
    session(tmp_path, typed("10:00", cwd=str(worktree)))
    later = Span(DAY.end + timedelta(days=20), DAY.end + timedelta(days=21))
    source(tmp_path, groups).read(FRIDAY.span if asked == "that day" else later)
    shutil.rmtree(worktree)
    shutil.rmtree(repository / ".git" / "worktrees")
    assert group_of(tmp_path, worktree, groups) == "acme"


def test_a_repository_behind_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    assert group_of(tmp_path, real / "src", (("acme", tmp_path / "link"),)) == "acme"


# -- Set up, and trouble -------------------------------------------------------------------------


def settings_of(folder: Path, text: str) -> Settings:
    config = folder / "tracklater.toml"
    config.write_text(f'timezone = "UTC"\n{text}', encoding="utf-8")
    return load(config, None, {}).settings


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("", None),
        ("[agents]", {"Claude Code": ".claude", "Codex": ".codex"}),
        ('[agents]\nclaude_dir = ""\ncodex_dir = ""', None),
        ('[agents]\ncodex_dir = ""', {"Claude Code": ".claude"}),
        ('[agents]\nclaude_dir = "~/other"', {"Claude Code": "other", "Codex": ".codex"}),
    ],
)
def test_off_until_its_section_is_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    folders: dict[str, str] | None,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    monkeypatch.delenv("CODEX_HOME", raising=False)
    found = [s for s in clue_sources(settings_of(tmp_path, text)) if isinstance(s, AgentsSource)]
    assert [one.folders for one in found] == (
        [{tool: tmp_path / folder for tool, folder in folders.items()}] if folders else []
    )


def test_it_is_kept_beside_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    def kept_in(text: str) -> Path:
        [found] = AgentsSource.set_up(settings_of(tmp_path, text))
        return found.data

    file = tmp_path / "own" / "days.sqlite3"
    assert kept_in(f'database_url = "sqlite:///{file}"\n[agents]') == tmp_path / "own" / "agents"
    usual = tmp_path / "data" / "tracklater-bot" / "agents"
    assert kept_in("[agents]") == usual
    assert kept_in('database_url = "postgresql://host/name"\n[agents]') == usual


def test_a_tool_that_is_switched_off_tells_no_more(logs: Path) -> None:
    source(logs).read(DAY)
    claude = AgentsSource({"Claude Code": logs / "claude"}, GROUPS, logs / "data").read(DAY)
    tools = {human["session"]: human["tool"] for human in EXPECTED["human"]}
    assert {tools[prompt.session] for prompt in of_kind(Prompt, claude.clues)} == {"claude"}


def test_where_the_tools_themselves_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "c"))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "x"))
    [found] = AgentsSource.set_up(settings_of(tmp_path, "[agents]"))
    assert found.folders == {"Claude Code": tmp_path / "c", "Codex": tmp_path / "x"}


def test_one_tool_is_enough(logs: Path) -> None:
    shutil.rmtree(logs / "codex")
    reading = source(logs).read(DAY)
    assert reading.trouble is None
    assert of_kind(Prompt, reading.clues)


def test_what_check_finds(logs: Path) -> None:
    found = source(logs).check()
    assert found.startswith(
        "10 sessions of Claude Code, 8 sessions of Codex, the latest of 2026-11"
    )


def test_no_permission_is_a_sentence(logs: Path) -> None:
    found = source(logs)
    (logs / "claude").chmod(0o000)
    try:
        with nobody(), pytest.raises(SourceError) as told:
            found.read(DAY)
    finally:
        (logs / "claude").chmod(0o755)
    assert one_line(str(told.value))
    assert told.value.lasting


def test_files_in_a_form_of_next_year_are_one_sentence(tmp_path: Path) -> None:
    path = session(tmp_path, b"CANARY v2\n", b"CANARY\n")
    found = source(tmp_path)
    reading = found.read(FRIDAY.span)
    assert "1 session of agents was understood" in str(reading.trouble)
    assert "CANARY" not in str(reading.trouble)
    assert path.name not in str(reading.trouble)
    with pytest.raises(SourceError):
        found.check()


def test_compressed_sessions_are_counted(logs: Path) -> None:
    folder = logs / "codex" / "sessions" / "2026" / "11" / "20"
    first, *_ = sorted(folder.glob("*.jsonl"))
    source(logs).read(DAY)
    first.rename(first.with_suffix(".jsonl.zst"))
    assert source(logs).read(DAY).trouble is None, "it was read before"
    (folder / "rollout-new.jsonl.zst").write_bytes(b"CANARY")
    assert "1 compressed session of agents" in str(source(logs).read(DAY).trouble)
    assert "2 compressed ones left out" in source(logs).check()


def test_what_is_no_regular_file_is_left_alone(logs: Path) -> None:
    wanted = source(logs).read(DAY)
    folder = logs / "claude" / "projects" / "-home-me-src-acme-api"
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "link.jsonl").symlink_to(logs / "codex" / "auth.json")
    (folder / "folder.jsonl").mkdir()
    assert source(logs).read(DAY) == wanted


# -- What becomes of it --------------------------------------------------------------------------

TERMINAL = "✳ Claude Code"


def test_prompts_name_a_terminal_that_says_nothing() -> None:
    typed_at = ("09:05", "09:30", "09:50", "10:20", "10:40")
    prompts = [prompt(clock, "acme", "DEV-123-fix-login") for clock in typed_at]
    found = suggest(inputs(*windows(f"09:00-11:00 {TERMINAL}"), *prompts))
    assert told(found) == ["09:00-11:00 acme DEV-123"]
    assert found[0].evidence.prompts == 5
    assert "5 prompts to coding agents" in [reason.text for reason in found[0].reasons]


def test_agents_for_two_clients_alternate_as_their_prompts_do() -> None:
    clocks = [f"10:{minute:02}" for minute in (2, 3, 22, 23, 42, 43)]
    prompts = [prompt(clock, ("acme", "globex")[n % 2]) for n, clock in enumerate(clocks)]
    found = suggest(inputs(*windows(f"10:00-11:00 {TERMINAL}"), *prompts))
    assert [suggestion.group for suggestion in found] == ["globex", "acme"] * 2 + ["globex"]
    assert sum(suggestion.span.minutes for suggestion in found) == pytest.approx(60, abs=1)


def test_one_prompt_moves_no_window_of_another_client() -> None:
    found = suggest(inputs(*windows(f"09:00-11:00 {ACME_CODE}"), prompt("10:00", "globex")))
    assert told(found) == ["09:00-11:00 acme"]


def test_prompts_prove_that_somebody_was_there() -> None:
    still = windows(f"09:00-12:00 = {TERMINAL}")
    prompts = [prompt(f"09:{minute:02}", "acme") for minute in (2, 17, 32, 47)]
    [found] = suggest(inputs(*still, *prompts))
    assert (found.group, round(found.span.minutes)) == ("acme", 48)


def test_a_folder_in_no_repository_may_name_its_group() -> None:
    window = windows(f"09:00-10:00 {TERMINAL}")
    [found] = suggest(inputs(*window, prompt("09:10", None, folder="/home/me/globex-web")))
    assert found.group == "globex"
    nobodys = suggest(inputs(*window, prompt("09:10", None, folder="/home/me/other")))
    assert {one.group for one in nobodys} <= {None}


def spinning(title: str, minutes: int = 120) -> list[Clue]:
    """A terminal whose agent turns a spinner in its title, for hours."""
    lines = (
        f"{9 + n // 60:02}:{n % 60:02}-{9 + (n + 1) // 60:02}:{(n + 1) % 60:02}"
        f" {'✳✶✻✽✢·'[n % 6]} {title}"
        for n in range(minutes)
    )
    return [clue for one in lines for clue in windows(one)]


@pytest.mark.parametrize("title", ["Claude Code", "acme-api: fix the login", "codex acme-api"])
def test_an_agent_by_itself_is_nobody_at_work(title: str) -> None:
    run = AgentRun(at("09:00"), at("11:00"), "acme", "/x")
    assert suggest(inputs(run)) == ()
    assert suggest(inputs(run, *spinning(title))) == ()


def test_runs_add_no_minute_to_a_day() -> None:
    clues = (*windows(f"09:00-10:00 {ACME_CODE}"), prompt("09:30", "acme"))
    runs = [AgentRun(at("08:00"), at("12:00"), group, "/x") for group in ("acme", "globex", None)]
    assert suggest(inputs(*clues, *runs)) == suggest(inputs(*clues))


def test_how_long_agents_worked_is_their_union() -> None:
    runs = [
        AgentRun(at("09:00"), at("10:00"), "acme", "/x"),
        AgentRun(at("09:30"), at("10:40"), "acme", "/y"),
        AgentRun(at("09:30"), at("09:50"), None, "/z"),
        AgentRun(at("27:30"), at("29:00"), "globex", "/z"),
    ]
    assert _agents(inputs(*runs)) == (
        AgentTime("acme", 100),
        AgentTime("globex", 30),
        AgentTime(None, 20),
    )


@pytest.mark.parametrize(
    ("agents", "words"),
    [
        ((), ""),
        ((AgentTime("Acme", 100),), "Agents worked 1 h 40 min for Acme (not counted)"),
        (
            (AgentTime("Acme", 100), AgentTime(None, 20)),
            "Agents worked 1 h 40 min for Acme and 20 min elsewhere (not counted)",
        ),
        (
            tuple(AgentTime(f"G{n}", 10) for n in range(5)),
            "Agents worked 10 min for G0, 10 min for G1, 10 min for G2 and 20 min for others"
            " (not counted)",
        ),
    ],
)
def test_agents_time_in_words(agents: tuple[AgentTime, ...], words: str) -> None:
    assert agents_words(agents) == words


def test_the_message_the_picture_and_the_json_tell_it_apart() -> None:
    agents = (AgentTime("acme", 100),)
    message = digest_message(digest("09:00-10:00 acme", agents=agents))
    assert "Agents worked 1 h 40 min for acme (not counted)" in json.dumps(message.blocks)
    draft = Draft(FRIDAY.date, "UTC", prompts=(at("09:30"),), agents=agents)
    assert draft_json(draft, at("18:00"))["agents"] == [{"group": "acme", "minutes": 100}]
    assert "1 prompt." in alt_text(lanes_of(draft, at("18:00"), ticks_of(draft)))
    assert at("09:30") in lanes_of(draft, at("18:00"), ticks_of(draft)).span


@pytest.mark.parametrize("every", [10, 20, 60])
@pytest.mark.parametrize("glyphs", ["✳", "⠂⠐", "✳⠂⠐", "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"])
def test_an_agent_names_its_tasks_by_itself(glyphs: str, every: int) -> None:
    """A terminal in front whose title tells what the agent is at, all night."""
    tasks = ("fix the login", "run the tests", "write the docs")
    samples: list[Clue] = []
    for number in range(7200 // every):
        task = tasks[number * every // 300 % 3]
        title = f"{glyphs[number % len(glyphs)]} acme-api: {task}"
        moment = at("22:00") + timedelta(seconds=number * every)
        samples.append(Window(moment, title, crc32(title.encode()), "", 7))
    assert suggest(inputs(*samples)) == ()


def test_a_day_in_a_week_is_the_same_as_alone(logs: Path) -> None:
    """Runs that go on over the end of a day are in both, each with its own part."""
    names = [group for group, _ in GROUPS]
    settings = Settings.model_validate(
        {"timezone": "Europe/Helsinki", "groups": {name: {} for name in names}}
    )
    catalog = Catalog(NullStore(), "local", (), None, lambda: DAY.end, settings.groups)
    machine = machine_of(settings, (source(logs),), catalog, lambda: DAY.end + timedelta(days=2))
    days = [WorkDay(FRIDAY.date + timedelta(days=more), FRIDAY.zone) for more in (-1, 0, 1)]
    together = machine.drafts(days)
    assert together == [draft for day in days for draft in machine.drafts([day])]
    friday = {time.group: time.minutes for time in together[1].agents}
    assert friday == {"acme": 338, "globex": 110}
    assert together[2].agents == (AgentTime("acme", 20),)
    assert len(together[1].prompts) == len(EXPECTED["human"])
