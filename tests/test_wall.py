"""The wall: what crosses it is JSON and comes out unchanged; nothing reaches through it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clues import (
    ACME_CODE,
    GLOBEX_CODE,
    GROUPS,
    ISSUES,
    commit,
    meeting,
    message,
    prompt,
    windows,
)
from tests.notation import FRIDAY, at, span
from tests.test_drafting import Recorded
from tracklater_bot.domain.clues import AgentRun, ChatMessage, Clue, Meeting, Prompt, Window
from tracklater_bot.domain.day import Span, WorkDay, total
from tracklater_bot.domain.draft import Brief, Draft
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.wall import Shown, UnreadableError, from_json, to_json
from tracklater_bot.drafting.machine import LocalMachine
from tracklater_bot.settings import SuggestSettings

ROOT = Path(__file__).parent.parent
BESIDE = ("tracklater_hub", "tracklater_sandbox")

ZONES = ("UTC", "Europe/Helsinki", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu")
moments = st.integers(0, 2**32).map(lambda second: datetime.fromtimestamp(second / 8, UTC))
spans = st.builds(
    lambda start, length: Span(start, start + length),
    moments,
    st.timedeltas(timedelta(microseconds=1), timedelta(days=2)),
)
words = st.text(st.characters())  # half surrogate pairs too: JSON from outside may have them
days = st.builds(
    WorkDay,
    st.dates(),
    st.sampled_from(ZONES).map(ZoneInfo),
    st.times().map(lambda at: time(at.hour, at.minute)),
    st.none() | moments,
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
for kind, strategy in (
    (datetime, moments), (Span, spans), (str, words), (WorkDay, days), (float, numbers),
):  # fmt: skip
    st.register_type_strategy(kind, strategy)


def whole(shape: type[Any]) -> st.SearchStrategy[Any]:
    """Values with something in every field: left to itself, Hypothesis keeps what has a default."""
    hints = get_type_hints(shape)
    made = {field.name: st.from_type(hints[field.name]) for field in fields(shape)}
    return st.builds(shape, **made)


@given(whole(Draft))
def test_a_draft_is_read_as_it_was_written(draft: Draft) -> None:
    assert from_json(Draft, to_json(draft)) == draft


@given(whole(Brief))
def test_a_brief_is_read_as_it_was_written(brief: Brief) -> None:
    assert from_json(Brief, to_json(brief)) == brief


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[1]",
        b'{"day": "2026-11-20"}',
        b'{"days": [{"date": "2026-11-20", "zone": "Middle/Earth"}]}',
        b'{"days": [{"date": "2026-11-20", "zone": "../../etc/passwd"}]}',
        b'{"days": [{"date": "2026-11-20", "zone": 7}]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
@pytest.mark.parametrize("shape", [Draft, Brief])
def test_what_is_neither_is_refused(shape: Any, data: bytes) -> None:
    with pytest.raises(UnreadableError):
        from_json(shape, data)


# -- Contracts -----------------------------------------------------------------------------------


def table() -> dict[str, tuple[str, str]]:
    """Each room with its half and what it may import, as CONTRIBUTING tells it."""
    rows = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        if row.startswith("| `"):
            names, half, _, imports = (cell.strip() for cell in row.split("|")[1:5])
            found |= dict.fromkeys(re.findall(r"`([\w./]+?)(?:/|\.py)?`", names), (half, imports))
    return found


def rooms() -> dict[str, str]:
    """The half of each room."""
    return {name: half for name, (half, _) in table().items()}


def imported_by(room: str) -> set[str]:
    """The other rooms that a room's files import from."""
    place = ROOT / "tracklater_bot" / room
    files = place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
    found: set[str] = set()
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"\s*(?:from|import) tracklater_bot\.([\w.]+)", line):
                parts = match[1].split(".")
                found.add("/".join(parts[:2]) if parts[0] == "sources" else parts[0])
    return found - {room}


def test_every_room_is_told_of() -> None:
    folders = (ROOT / "tracklater_bot").iterdir()
    there = {
        path.stem for path in folders if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    told = {name.partition("/")[0] for name in rooms()}
    assert told == there - {"__init__", "__main__"} | set(BESIDE)


@pytest.mark.parametrize("room", [name for name in table() if name not in BESIDE])
def test_a_room_imports_what_the_table_allows(room: str) -> None:
    told = table()[room][1]
    if told.startswith("all"):
        return  # the import contract holds these
    allowed = {
        f"sources/{name}" if name in ("base", "files") else name for name in told.split(", ")
    }
    assert imported_by(room) <= allowed - {"nothing of ours"}


@pytest.mark.parametrize(("half", "contract"), [("left", "wall-left"), ("right", "wall-right")])
def test_every_room_of_a_half_is_held_by_its_contract(half: str, contract: str) -> None:
    written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {each["id"]: each for each in written["tool"]["importlinter"]["contracts"]}
    held = {name.removeprefix("tracklater_bot.") for name in contracts[contract]["source_modules"]}
    assert held == {name.replace("/", ".") for name, own in rooms().items() if own == half}
    assert "allow_indirect_imports" not in contracts[contract]


@pytest.mark.parametrize(
    ("room", "planted"),
    [
        ("drafting/machine.py", "from tracklater_bot.store import Store"),
        ("engine/inputs.py", "from tracklater_bot.catalog.catalog import Catalog"),
        ("sources/clues/thyme.py", "import tracklater_bot.slack.app"),
        ("catalog/catalog.py", "from tracklater_bot.drafting.machine import LocalMachine"),
        ("slack/days.py", "from tracklater_bot.engine.match.matcher import Matcher"),
        ("blocks/digest.py", "from tracklater_bot.domain.clues import Window"),
        ("review/decisions.py", "from tracklater_bot.core import Core"),
        # By a detour: through what both halves know.
        ("domain/text.py", "import tracklater_bot.sources.clues.git"),
        ("settings/types.py", "import tracklater_bot.trackers.base"),
    ],
)
def test_no_import_reaches_through_the_wall(room: str, planted: str, tmp_path: Path) -> None:
    lint = shutil.which("lint-imports", path=Path(sys.executable).parent)
    if lint is None:
        pytest.skip("import-linter is not installed")
    for package in ("tracklater_bot", *BESIDE):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file = tmp_path / "tracklater_bot" / room
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{planted}\n", encoding="utf-8")
    command = [lint, "--no-cache", "--contract", "wall-left", "--contract", "wall-right"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert "BROKEN" in answer.stdout, answer.stdout + answer.stderr
    assert f"tracklater_bot.{room.removesuffix('.py').replace('/', '.')}" in answer.stdout


# -- What a draft holds --------------------------------------------------------------------------

CLUES = (
    *windows(f"09:00-09:40 {ACME_CODE}", f"10:30-11:30 {GLOBEX_CODE}", "12:00-13:00 lunch plans"),
    *windows(f"13:20-14:00 {ACME_CODE}", "14:00-14:09 Slack | general | Globex"),
    commit("09:20", "acme", "DEV-123: handle empty input", "DEV-123-fix-login"),
    message("10:45", "the Globex logo is up", "globex-web"),
    message("12:30", "who knows?", "random"),
    commit("18:00", "acme"),
    commit("18:00", "globex"),
    prompt("09:10", "acme"),
    AgentRun(at("09:11"), at("09:31"), "acme", "/src"),
    meeting("15:00-15:30", "Globex weekly"),
    meeting("16:00-16:30", ""),
)


def marked(clue: Clue, mark: str) -> Clue:
    """The clue with a mark in what must stay on the machine."""
    match clue:
        case Window():
            return replace(clue, title=f"{clue.title} {mark}", app=mark, folder=f"/{mark}")
        case ChatMessage():
            return replace(clue, text=f"{clue.text} {mark}")
        case Prompt() | AgentRun():
            return replace(clue, folder=f"/src/{mark}", session=mark)
        case Meeting():
            return replace(clue, domains=(f"{mark}.example".lower(),), series=mark)
    return clue


@dataclass(frozen=True)
class Known:
    """The rest of the product, which knows groups and issues."""

    groups: tuple[Group, ...] = GROUPS

    @contextmanager
    def prepare(self, days: Sequence[WorkDay]) -> Iterator[Known]:
        yield self

    def brief(self, keys: Sequence[str]) -> Brief:
        return Brief((FRIDAY,), GROUPS, ISSUES)


def machine(mark: str) -> LocalMachine:
    clues = sorted((marked(clue, mark) for clue in CLUES), key=lambda clue: clue.at)
    return LocalMachine(SuggestSettings(), [Recorded(tuple(clues))], Known(), lambda: at("20:00"))


def empty(value: Any) -> set[str]:
    """The fields in which there is nothing."""
    return {field.name for field in fields(value) if not getattr(value, field.name)}


def drafted(mark: str) -> bytes:
    """The day's draft as it crosses the wall."""
    (draft,) = machine(mark).drafts([FRIDAY])
    return to_json(draft)


def test_the_day_tried_here_fills_every_field_that_clues_can_fill() -> None:
    """So that a new field cannot be forgotten; what is tracked comes from the other side."""
    draft = from_json(Draft, drafted("x"))
    assert empty(draft) == {"tracked"}
    assert set.intersection(*map(empty, draft.suggestions)) == {"own_words"}


@pytest.mark.parametrize("mark", ["SECRETTITLE", "Hunter2!", "salainen", "kx-sala-77x"])
def test_titles_and_messages_leave_no_trace_in_a_draft(mark: str) -> None:
    """Not only their words: nothing in the draft tells one text from another."""
    told = drafted(mark)
    assert mark.encode() not in told
    assert told == drafted("OTHERWISE")
    assert b"DEV-123" in told
    assert b"globex" in told


def test_what_a_rule_would_catch_are_times() -> None:
    """Its text goes to the machine, and nothing that has it comes back."""
    caught = machine("SECRETTITLE").windows_with(FRIDAY, "secrettitle")
    assert total(caught) / timedelta(minutes=1) == pytest.approx(209, abs=4)
    assert machine("OTHERWISE").windows_with(FRIDAY, "secrettitle") == ()


def test_words_of_windows_are_told_only_where_the_person_allows_it() -> None:
    assert machine("SECRETTITLE").shown(FRIDAY.span) == Shown()


PRIVATE = (
    *windows("09:00-09:30 Budget draft - LibreOffice Calc", "09:30-09:40 Bank of Sala - Firefox"),
    *windows("09:40-10:00 Surprise - Mozilla Firefox Private Browsing", "10:00-10:20 Budget"),
)


def test_words_and_programs_that_are_shown_are_those_of_the_time_and_not_private() -> None:
    allowed = SuggestSettings(show_windows=True, ignore=("bank",))
    here = LocalMachine(allowed, [Recorded(PRIVATE)], Known(), lambda: at("20:00"))
    shown = here.shown(span("09:10-10:10"))
    assert dict(shown.programs) == {"LibreOffice Calc": pytest.approx(20, abs=1)}
    assert dict(shown.words) == {
        "budget": pytest.approx(30, abs=1), "draft": pytest.approx(20, abs=1)
    }  # fmt: skip
