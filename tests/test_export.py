"""The export: what is in Toggl, with hours that add up, and safe to open in a table."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bots import NO_PICTURES
from tests.commands import Answer, called
from tests.longer import examples
from tests.notation import FRIDAY as DAY
from tracklater_bot.cli.export import Known, export_rows
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.entries import TimeEntry
from tracklater_sandbox import Sandbox
from tracklater_sandbox.toggl.account import WORKSPACE

COLUMNS = [
    "start",
    "end",
    "group",
    "client",
    "project",
    "issue",
    "description",
    "billable",
    "hours",
]
LONG_AGO = "2026-03-02"


def export(sandbox: Sandbox, first: str, last: str, *more: str) -> Answer:
    dates = ("--from", first, "--to", last)
    return called(sandbox.home, "export", *dates, *more, **sandbox.env, **NO_PICTURES)


def rows(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.out)))


def track(sandbox: Sandbox, start: str, minutes: int, description: str = "", **more: Any) -> None:
    """An entry made in Toggl by hand; `start` is a local time."""
    at = datetime.fromisoformat(start).replace(tzinfo=sandbox.zone)
    body = {
        "created_with": "hand",
        "workspace_id": WORKSPACE,
        "start": f"{at.isoformat()}",
        "duration": minutes * 60,
        "description": description,
    }
    sandbox.toggl.account.create(WORKSPACE, body | more)


def projects(sandbox: Sandbox) -> dict[str, int]:
    """The ids of Toggl's projects, by client and name."""
    account = sandbox.toggl.account
    names = {client_id: client["name"] for client_id, client in account.clients.items()}
    return {
        f"{names.get(project['client_id'])}: {project['name']}": number
        for number, project in account.projects.items()
    }


def test_the_week_as_a_table(sandbox: Sandbox) -> None:
    answer = export(sandbox, "2026-11-16", "2026-11-20")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[0].split(",") == COLUMNS
    entries = sandbox.toggl.named_entries()
    found = rows(answer)
    assert [row["description"] for row in found] == [each["description"] for each in entries]
    assert [row["project"] for row in found] == [each["project_name"] for each in entries]
    assert [row["client"] for row in found] == [each["client_name"] for each in entries]
    assert {row["group"] for row in found} == {"acme", "globex"}
    exact = sum(each["duration"] for each in entries) / 3600
    assert abs(float(sum(Decimal(row["hours"]) for row in found)) - exact) <= 0.005
    keyed = [row for row in found if row["description"].startswith("DEV-")]
    assert all(row["issue"] == row["description"].split()[0] for row in keyed)


def test_the_same_as_json_has_the_sums_of_each_group(sandbox: Sandbox) -> None:
    answer = export(sandbox, "2026-11-16", "friday", "--format", "json")
    told = json.loads(answer.out)
    assert (told["from"], told["to"], told["trouble"]) == ("2026-11-16", told["to"], None)
    assert list(told["entries"][0]) == COLUMNS
    hours = [entry["hours"] for entry in told["entries"]]
    assert round(sum(hours), 2) == told["hours"] == round(sum(told["groups"].values()), 2)


def test_days_too_old_for_the_usual_reads_come_from_the_reports(sandbox: Sandbox) -> None:
    number = next(iter(projects(sandbox).values()))
    for n in range(450):  # more than two pages
        track(sandbox, f"{LONG_AGO}T0{5 + n // 100}:{n % 60:02d}", 1, f"n{n}", project_id=number)
    track(sandbox, "2026-03-03T03:00", 120, "into the next day")  # until 05:00; days begin at 04:00
    answer = export(sandbox, LONG_AGO, "2026-11-20")
    assert (answer.code, answer.err) == (0, "")
    found = rows(answer)
    assert len(found) == len(sandbox.toggl.entries)
    assert len({row["description"] for row in found if row["start"] < "2026-03-02T12"}) == 450
    one_day = rows(export(sandbox, LONG_AGO, LONG_AGO))
    assert one_day[-1]["end"] == "2026-03-03T04:00:00+02:00"
    assert Decimal(one_day[-1]["hours"]) == 1


def test_without_an_answer_from_the_reports_a_sentence_says_what_is_missing(
    sandbox: Sandbox,
) -> None:
    track(sandbox, f"{LONG_AGO}T09:00", 60, "old")
    sandbox.toggl.faults.fail_next("reports", 403, times=9)
    answer = export(sandbox, LONG_AGO, "2026-11-20")
    assert answer.code == 1
    assert answer.err.startswith("Not all of it is there: ")
    assert len(rows(answer)) == len(sandbox.toggl.entries) - 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\t=", "＝", "=HYPERLINK(1)&"])
def test_no_cell_is_run_as_a_formula(sandbox: Sandbox, start: str) -> None:
    track(sandbox, "2026-11-20T20:00", 30, f'{start}1+1,"x"')
    found = rows(export(sandbox, "2026-11-20", "2026-11-20"))[-1]
    assert found["description"].lstrip()[0] == "'"


def test_mistakes_are_told_in_a_line(sandbox: Sandbox, tmp_path: Path) -> None:
    answer = export(sandbox, "2026-11-20", "2026-11-16")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "--from comes after --to: write the earlier day first.\n"
    (tmp_path / "tracklater.toml").write_text('timezone = "Europe/Helsinki"\n')
    answer = called(tmp_path, "export", "--from", "2026-11-16", "--to", "2026-11-20")
    assert (answer.code, answer.out) == (1, "")
    assert "No tracker is set up" in answer.err


@given(st.lists(st.tuples(st.integers(1, 20_000), st.sampled_from(("a", "b", "c"))), max_size=60))
@examples(100)
def test_hours_add_up_in_all_and_in_each_group(made: list[tuple[int, str]]) -> None:
    entries, at = [], DAY.span.start
    for number, (seconds, group) in enumerate(made):
        end = at + timedelta(seconds=seconds)
        entries.append(TimeEntry(str(number), at, end, group=group))
        at = end
    span = Span(DAY.span.start, at + timedelta(hours=1))
    found = export_rows(entries, span, DAY.zone, Known({}, (), {}), at)
    exact = {group: sum(s for s, one in made if one == group) / 3600 for _, group in made}
    for group, hours in exact.items():
        told = sum(row.hours for row in found if row.group == group)
        assert abs(float(told) - hours) <= 0.01
    assert abs(float(sum(row.hours for row in found)) - sum(exact.values())) <= 0.005 + 1e-9
    assert all(row.hours >= 0 for row in found)
    assert all(one.start <= two.start for one, two in pairwise(found))
