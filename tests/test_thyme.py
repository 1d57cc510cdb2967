"""thyme as a source of clues: recordings made by thyme itself, and ways in which files break."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clues import ACME_CODE, commit, inputs, told
from tests.nobody import nobody
from tests.notation import FRIDAY, HELSINKI, at, span
from tests.recordings import recording, recordings
from tests.sourcecontract import hold_clues
from tracklater_bot.cli.record import complete_snapshots
from tracklater_bot.domain.clues import Attendance, Clue, Window
from tracklater_bot.domain.day import Span, WorkDay, merge
from tracklater_bot.engine import suggest
from tracklater_bot.sources.base import SourceError
from tracklater_bot.sources.clues.thyme import ALL_TIME, ParsedFile, ThymeSource, parse_file

DAY = "thyme/2026-11-20.json"
IDLE_MINUTES = 15


def thyme(folder: Path) -> ThymeSource:
    """The source, at a time when nobody is writing any more."""
    return ThymeSource(folder, clock=lambda: 2e10)


def windows(source: ThymeSource, within: Span = FRIDAY.span) -> list[Window]:
    """The clues of a reading without trouble."""
    reading = source.read(within)
    assert reading.trouble is None
    return [clue for clue in reading.clues if isinstance(clue, Window)]


def snapshot(
    when: str, active: int = 1, names: dict[int, str] | None = None, offset: str = "+02:00"
) -> dict[str, Any]:
    """A snapshot at `HH:MM:SS` on Friday, as thyme writes it."""
    shown = {1: "auth.py - acme-api"} if names is None else names
    listed = [{"ID": id, "Desktop": 0, "Name": name} for id, name in shown.items()]
    time = f"2026-11-20T{when}{offset}"
    return {"Time": time, "Windows": listed, "Active": active, "Visible": list(shown)}


def day_file(*snapshots: dict[str, Any]) -> bytes:
    return json.dumps({"Snapshots": snapshots}, ensure_ascii=False).encode() + b"\n"


def samples(data: bytes, within: Span = ALL_TIME) -> list[Window]:
    parsed = parse_file(data, within)
    assert parsed.saved is None
    return parsed.samples


def clocks(found: Iterable[Window]) -> str:
    return " ".join(f"{FRIDAY.local(each.at):%H:%M:%S}" for each in found)


# -- The recorded day --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    lines = recording("thyme/2026-11-20.truth.jsonl").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "2026-11-20.json").write_bytes(recording(DAY))
    return tmp_path


def test_every_snapshot_that_thyme_wrote_is_a_sample(
    folder: Path, truth: list[dict[str, Any]]
) -> None:
    assert len(windows(thyme(folder))) == sum(slot["rc"] == 0 for slot in truth) == 1578


def test_titles_are_those_of_the_truth(folder: Path, truth: list[dict[str, Any]]) -> None:
    written = [slot for slot in truth if slot["rc"] == 0]
    for slot, window in zip(written, windows(thyme(folder)), strict=True):
        late = window.at - datetime.fromisoformat(slot["start"])
        assert timedelta() <= late < timedelta(seconds=5)
        unknown = slot["special"] in ("desktop", "na")  # thyme lists no such window, or "N/A"
        assert window.title == ("" if unknown else slot["title"])


def test_the_screen_stands_still_exactly_where_nobody_was_there(folder: Path) -> None:
    runs = []
    for _, run in groupby(windows(thyme(folder)), key=lambda window: window.screen):
        times = [window.at for window in run]
        if times[-1] - times[0] > timedelta(minutes=IDLE_MINUTES):
            runs.append(f"{FRIDAY.local(times[0]):%H:%M}-{FRIDAY.local(times[-1]):%H:%M}")
    # Nobody was there 11:32-12:13 and 14:40-15:04; the last samples of the work look the same.
    assert runs == ["11:31-12:13", "14:39-15:04"]


def test_no_time_outside_the_span(folder: Path) -> None:
    found = windows(thyme(folder), span("10:00-10:01"))
    assert clocks(found) == "10:00:00 10:00:20 10:00:40"


def test_the_end_of_the_span_does_not_belong_to_it() -> None:
    data = day_file(snapshot("09:59:59.999"), snapshot("10:00:00"), snapshot("11:00:00"))
    assert clocks(samples(data, span("10:00-11:00"))) == "10:00:00"


# -- Broken files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "saved", "damaged"),
    [
        ("cut-at-half", 793, True),
        ("cut-inside-first-snapshot", 0, True),
        ("cut-inside-time", 1048, True),
        ("duplicate-snapshots", 8, False),
        ("empty-object", 0, False),
        ("real-concurrent-extra-data-0", 1579, True),
        ("real-disk-full", 1570, True),
        ("real-sigkill-empty-0", 0, True),
        ("snapshots-null", 0, False),
    ],
)
def test_every_complete_snapshot_of_a_broken_file_is_saved(
    tmp_path: Path, name: str, saved: int, damaged: bool
) -> None:
    (tmp_path / "2026-11-20.json").write_bytes(recording(f"thyme/corrupt/{name}.json"))
    reading = thyme(tmp_path).read(Span(at("-240:00"), at("240:00")))
    assert len(reading.clues) == saved
    assert reading.trouble == (
        f"thyme's file 2026-11-20.json is damaged: {saved:,} snapshots in it could be saved,"
        " but thyme writes no more into it until you move it away"
        if damaged
        else None
    )


def test_the_counts_cover_every_broken_recording() -> None:
    assert len(recordings("thyme/corrupt")) == 9


@pytest.mark.parametrize("name", recordings("thyme/corrupt"))
def test_saved_snapshots_are_those_that_can_be_seen_in_the_file(name: str) -> None:
    """Counted another way: in a file on one line each ends with its list of visible windows."""
    data = recording(name)
    ends = re.findall(rb'\{"Time":"[^"]+"(?:(?!"Time":).)*"Visible":\[[\d,-]*\]\}', data)
    times = {re.search(rb'"Time":"([^"]+)"', end)[1] for end in ends}  # type: ignore[index]
    parsed = parse_file(data, ALL_TIME)
    assert len({window.at for window in parsed.samples}) == len(times)


def cut_anywhere() -> st.SearchStrategy[int]:
    return st.integers(0, len(recording("thyme/dst-helsinki/2026-10-25.json")) - 1)


@given(cut_anywhere())
def test_a_file_cut_anywhere_loses_no_complete_snapshot(at_byte: int) -> None:
    whole = recording("thyme/dst-helsinki/2026-10-25.json").rstrip()
    cut = whole[:at_byte]
    parsed = parse_file(cut, ALL_TIME)
    complete = len(re.findall(rb'"Visible":\[[\d,]*\]\}', cut))
    assert len(parsed.samples) == complete
    assert (parsed.saved is None) == (at_byte >= len(whole))


@given(cut_anywhere(), cut_anywhere())
def test_the_tail_of_an_older_longer_file_costs_nothing(end: int, tail: int) -> None:
    whole = recording("thyme/dst-helsinki/2026-10-25.json").rstrip()
    shorter = day_file(snapshot("09:00:00"), snapshot("09:00:20")).rstrip()
    parsed = parse_file(shorter + whole[tail:], ALL_TIME)
    behind = len(re.findall(rb'\{"Time":', whole[tail:]))
    assert len(parsed.samples) == 2 + behind


@given(st.binary(max_size=400))
def test_any_bytes_at_all(junk: bytes) -> None:
    data = junk + day_file(snapshot("09:00:00"), snapshot("09:00:20"))
    assert parse_file(junk, ALL_TIME).samples == []
    assert len(parse_file(data, ALL_TIME).samples) in (0, 2)  # 0: behind a quote it is a string


@pytest.mark.parametrize(
    ("data", "saved"),
    [
        (b"\0" * 5000, 0),
        (b" \n", 0),
        (b"[]", 0),
        (b"null", 0),
        (b"thyme: no such display\n", 0),
        (b"{" * 100_000, 0),
        (b'{"a":' * 3_000, 0),
        (b'{"Snapshots":[' * 300, 0),
        (day_file(snapshot("09:00:00"))[:-40] + b"\0" * 300 + day_file(snapshot("09:01:00")), 1),
        (day_file(snapshot("09:00:00")) + b"thyme: lost\n" + day_file(snapshot("09:01:00")), 2),
        (day_file(snapshot("09:00:00"), snapshot("25:00:00"), snapshot("09:00:20")), 2),
        (day_file(snapshot("09:00:00", offset=""), snapshot("09:00:20")), 1),
        (b'{"Snapshots":[{"Time":7,"Windows":[],"Active":1},{"Windows":[],"Active":1}]}', 0),
    ],
)
def test_files_broken_in_other_ways(data: bytes, saved: int) -> None:
    parsed = parse_file(data, ALL_TIME)
    assert (len(parsed.samples), parsed.saved) == (saved, saved)


def test_one_snapshot_in_the_singular(tmp_path: Path) -> None:
    data = day_file(snapshot("09:00:00"), snapshot("09:00:20"))[:-30]
    (tmp_path / "2026-11-20.json").write_bytes(data)
    assert "1 snapshot in it could be saved" in (thyme(tmp_path).read(FRIDAY.span).trouble or "")


# -- Odd files that are fine -------------------------------------------------------------------


def test_null_lists_are_samples_of_an_unknown_window() -> None:
    found = samples(recording("thyme/oddities/null-lists.json"))
    assert [window.title for window in found] == ["", "", ""]
    assert len({window.screen for window in found}) == 1


@pytest.mark.parametrize("text", ['{"Snapshots":[]}', '{"Snapshots":null}', "{}", "{}\n{}"])
def test_files_without_snapshots_are_fine(text: str) -> None:
    assert parse_file(text.encode(), ALL_TIME) == ParsedFile([])


def test_bare_snapshots_appended_one_after_another() -> None:
    data = recording("thyme/oddities/stdout-appended.json")
    assert [window.title for window in samples(data)] == [
        "auth.py - acme-api - Visual Studio Code"
    ] * 3
    first = data[: data.index(b"}\n{") + 1]
    assert len(samples(first)) == 1


def test_invalid_utf8_costs_a_letter() -> None:
    data = day_file(snapshot("09:00:00", names={1: "Café"})).decode().encode("latin-1")
    assert [window.title for window in samples(data)] == ["Caf\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding: str) -> None:
    text = day_file(snapshot("09:00:00", names={1: "Käyttäjä"})).decode()
    assert [window.title for window in samples(text.encode(encoding))] == ["Käyttäjä"]


def test_a_clock_set_back_keeps_all_samples_in_order() -> None:
    found = parse_file(recording("thyme/oddities/clock-set-back-1h.json"), ALL_TIME).samples
    assert len(found) == 61


def test_a_clock_set_back_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "2026-10-25.json").write_bytes(recording("thyme/oddities/clock-set-back-1h.json"))
    found = windows(thyme(tmp_path), WorkDay(date(2026, 10, 24), FRIDAY.zone).span)
    times = [window.at for window in found]
    assert times == sorted(times)
    assert len(times) == len(set(times)) == 61


def test_offsets_that_change_within_a_file_leave_no_hole() -> None:
    found = samples(recording("thyme/dst-helsinki/2026-10-25.json"))
    steps = {round((b.at - a.at).total_seconds() / 20) for a, b in pairwise(found)}
    assert steps == {1}
    assert {window.at.tzinfo for window in found} == {UTC}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("09:00:00Z", "11:00:00.000000"),
        ("09:00:00+02:00", "09:00:00.000000"),
        ("09:00:00.5+05:30", "05:30:00.500000"),
        ("09:00:00.123456789-03:30", "14:30:00.123457"),
        ("09:00:00.02942581+14:00", "21:00:00.029426"),
    ],
)
def test_any_offset_and_any_number_of_digits(written: str, expected: str) -> None:
    [window] = samples(day_file(snapshot(written, offset="")))
    assert f"{FRIDAY.local(window.at):%H:%M:%S.%f}" == expected


def test_a_time_before_all_others_is_no_trouble() -> None:
    early = snapshot("09:00:00") | {"Time": "0001-01-01T00:00:00+02:00"}
    assert clocks(samples(day_file(early, snapshot("09:00:00")), FRIDAY.span)) == "09:00:00"


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+02:00"])
@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("tail", [b"", b"]}"])
def test_a_clock_that_was_not_set_costs_its_snapshot_alone(
    tmp_path: Path, when: str, place: int, tail: bytes
) -> None:
    kept = [snapshot(f"09:0{minute}:00") for minute in range(3)]
    kept.insert(place, snapshot("09:00:00") | {"Time": when})
    (tmp_path / "2026-11-20.json").write_bytes(day_file(*kept) + tail)
    reading = thyme(tmp_path).read(FRIDAY.span)
    found = [clue for clue in reading.clues if isinstance(clue, Window)]
    assert clocks(found) == "09:00:00 09:01:00 09:02:00"
    assert (reading.trouble is None) == (tail == b"")


# -- Title and fingerprint ---------------------------------------------------------------------

EDITOR, PLAYER = "auth.py - acme-api", "Spotify Premium"


def screen(active: int, names: dict[int, str]) -> int:
    [window] = samples(day_file(snapshot("09:00:00", active, names)))
    return window.screen


@pytest.mark.parametrize(
    ("active", "names"),
    [
        (2, {1: EDITOR, 2: PLAYER}),
        (1, {1: "login.py - acme-api", 2: PLAYER}),
        (0, {1: EDITOR, 2: PLAYER}),
    ],
)
def test_another_window_or_title_in_front_is_another_screen(
    active: int, names: dict[int, str]
) -> None:
    assert screen(active, names) != screen(1, {1: EDITOR, 2: PLAYER})


@pytest.mark.parametrize(
    "names",
    [
        {2: PLAYER, 1: EDITOR},
        {1: EDITOR, 2: "Darude - Sandstorm"},
        {1: EDITOR, 2: "N/A"},
        {1: EDITOR},
        {1: EDITOR, 2: PLAYER, 3: "New message"},
    ],
)
def test_what_changes_by_itself_is_the_same_screen(names: dict[int, str]) -> None:
    assert screen(1, names) == screen(1, {1: EDITOR, 2: PLAYER})


@pytest.mark.parametrize("active", [0, None, 9])
def test_a_sample_without_an_active_window_is_a_blank(active: int | None) -> None:
    [window] = samples(day_file(snapshot("09:00:00") | {"Active": active}))
    assert window.title == ""


def test_fingerprints_are_the_same_in_every_process() -> None:
    script = "from tests.test_thyme import *; print(screen(1, {1: EDITOR, 2: PLAYER}))"
    numbers = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parent.parent,
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert numbers == {b"%d\n" % screen(1, {1: EDITOR, 2: PLAYER})}


@pytest.mark.parametrize(
    ("active", "names", "title"),
    [
        (1, {1: "A", 2: "B"}, "A"),
        (3, {1: "A"}, ""),
        (0, {1: "A"}, ""),
        (1, {1: "N/A"}, ""),
        (1, {}, ""),
    ],
)
def test_the_title_is_that_of_the_window_in_front(
    active: int, names: dict[int, str], title: str
) -> None:
    [window] = samples(day_file(snapshot("09:00:00", active, names)))
    assert window.title == title


def test_a_title_that_goes_on_and_on_is_read_as_far_as_anybody_would() -> None:
    title = "editor - " + "a" * 100_000
    windows = [{"ID": 1, "Desktop": 0, "Name": title}]
    snapshot = {"Time": "2026-11-20T10:00:00+02:00", "Windows": windows, "Active": 1}
    [sample] = parse_file(json.dumps({"Snapshots": [snapshot]}).encode(), FRIDAY.span).samples
    assert sample.title == title[:1000]


def test_window_numbers_may_be_large() -> None:
    [window] = samples(day_file(snapshot("09:00:00", 2**63 - 1, {2**63 - 1: "A"})))
    assert window.title == "A"


# -- Which files -------------------------------------------------------------------------------


def write(folder: Path, name: str, *snapshots: dict[str, Any]) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(day_file(*snapshots))


def test_work_after_midnight_lies_in_the_next_days_file(tmp_path: Path) -> None:
    for name in ("2026-11-22", "2026-11-23"):
        data = recording(f"thyme/midnight-kolkata-per-day/{name}.json")
        (tmp_path / f"{name}.json").write_bytes(data)
    kolkata = WorkDay(date(2026, 11, 22), ZoneInfo("Asia/Kolkata"))
    found = windows(thyme(tmp_path), kolkata.span)
    assert len(found) == 61 + 60
    assert windows(thyme(tmp_path), WorkDay(date(2026, 11, 23), kolkata.zone).span) == []


@pytest.mark.parametrize(
    "name",
    [
        "2026-11-19.json",  # runs past midnight, or was named in a zone to the west
        "2026-11-21.json",  # named in a zone to the east
        "2026-11-01.json",  # a stream of weeks
        "thyme.json",  # a stream without end
        "laptop/2026-11-20.json",
        "2026-11-20-laptop.json",
    ],
)
def test_samples_are_found_in_files_of_other_names(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, snapshot("09:00:00"))
    assert clocks(windows(thyme(tmp_path))) == "09:00:00"


def test_files_of_other_days_add_nothing(tmp_path: Path) -> None:
    for day in (18, 19, 21, 22):
        other = snapshot("09:00:00") | {"Time": f"2026-11-{day}T12:00:00+02:00"}
        write(tmp_path, f"2026-11-{day}.json", other)
    assert windows(thyme(tmp_path)) == []


def test_old_files_are_not_opened(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-01.json", snapshot("09:00:00"))
    long_ago = at("-100:00").timestamp()
    os.utime(tmp_path / "2026-11-01.json", (long_ago, long_ago))
    assert windows(thyme(tmp_path)) == []


def test_a_day_without_a_file_is_no_trouble(tmp_path: Path) -> None:
    assert windows(thyme(tmp_path)) == []


def test_other_files_in_the_folder_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{ not ours")
    (tmp_path / "2026-11-20.json.bak").write_text("{ not ours")
    (tmp_path / "2026-11-20.json").mkdir()
    (tmp_path / "2026-13-45.json").write_text("[]")
    assert windows(thyme(tmp_path)) == []


def test_two_machines_keep_their_names(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-20.json", snapshot("09:00:00"))
    write(tmp_path, "2026-11-20-laptop.json", snapshot("09:00:10"))
    write(tmp_path, "office/2026-11-20.json", snapshot("09:00:15"))
    machines = [window.machine for window in windows(thyme(tmp_path))]
    assert machines == ["", "laptop", "office"]


def test_a_copy_of_a_file_adds_nothing(tmp_path: Path) -> None:
    for name in ("2026-11-20.json", "2026-11-20 (copy).json", "backup/2026-11-20.json"):
        write(tmp_path, name, snapshot("09:00:00"), snapshot("09:00:20"), snapshot("09:00:00"))
    assert clocks(windows(thyme(tmp_path))) == "09:00:00 09:00:20"


def test_two_looks_at_the_same_time_are_both_kept(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-20.json", snapshot("09:00:00", 1), snapshot("09:00:00", 2))
    assert clocks(windows(thyme(tmp_path))) == "09:00:00 09:00:00"


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "2026-11-20.json", snapshot("09:00:00"))
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    assert len(windows(thyme(Path("~") / tmp_path.name))) == 1


# -- Trouble -----------------------------------------------------------------------------------


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"does not exist: correct thyme\.dir") as error:
        thyme(tmp_path / "missing").read(FRIDAY.span)
    assert error.value.lasting


def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o000)
    with nobody(), pytest.raises(SourceError, match=r"cannot be read \(Permission denied\)"):
        thyme(folder).read(FRIDAY.span)


def test_an_empty_file_of_the_day_is_told_and_of_another_day_is_not(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20.json").write_bytes(b"")
    assert "0 snapshots" in (thyme(tmp_path).read(FRIDAY.span).trouble or "")
    earlier = WorkDay(date(2026, 11, 17), FRIDAY.zone).span
    assert thyme(tmp_path).read(earlier).trouble is None


def test_damage_after_the_span_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20.json").write_bytes(day_file(snapshot("03:00:00"))[:-1] + b"x")
    assert "1 snapshot" in (thyme(tmp_path).read(FRIDAY.span).trouble or "")


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20-old.json").write_bytes(b"")
    write(tmp_path, "2026-11-20.json", snapshot("09:00:00"))
    reading = thyme(tmp_path).read(FRIDAY.span)
    assert len(reading.clues) == 1
    assert "2026-11-20-old.json" in (reading.trouble or "")


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "2026-11-20.json", snapshot("09:00:00"))
    write(tmp_path, "2026-11-20-laptop.json", snapshot("09:00:20"))
    real = os.open

    def refusing(path: Path, flags: int) -> int:
        if path.name == "2026-11-20-laptop.json":
            raise PermissionError(13, "Permission denied")
        return real(path, flags)

    monkeypatch.setattr("tracklater_bot.sources.files.os.open", refusing)
    reading = thyme(tmp_path).read(FRIDAY.span)
    assert len(reading.clues) == 1
    assert (
        reading.trouble == "thyme's file 2026-11-20-laptop.json cannot be read: Permission denied"
    )


@pytest.mark.parametrize(
    "junk",
    ['{"a":', '{ "', '{""', '{"Snapshots":[', '{"Time":7,"x":[{"a":1}]},', '{"a":[' + "1," * 50],
)
def test_a_file_full_of_beginnings_takes_no_time(junk: str) -> None:
    data = (junk * (600_000 // len(junk))).encode()
    began = time.process_time()
    assert parse_file(data, ALL_TIME).samples == []
    assert list(complete_snapshots(data.decode())) == []
    assert time.process_time() - began < 10


def test_a_file_damaged_in_a_thousand_places_loses_what_is_damaged_alone() -> None:
    one = json.dumps(snapshot("09:00:00"))
    assert parse_file((one + one[:-3]).encode() * 2_000, ALL_TIME).saved == 1
    seconds = [f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}" for n in range(2_000)]
    rows = [json.dumps(snapshot(at_)) + one[:-3] for at_ in seconds]
    assert len(parse_file("".join(rows).encode(), ALL_TIME).samples) == 2_000


def test_of_a_sparse_file_of_gigabytes_only_the_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-20.json"
    end = json.dumps(snapshot("09:00:00")).encode()
    with path.open("wb") as file:
        file.truncate(2 << 30)
        file.seek(0, os.SEEK_END)
        file.write(end)
    script = (
        "import sys; from pathlib import Path; from tests.notation import FRIDAY;"
        "from tests.hostile_inputs import peak_mb;"
        "from tests.test_thyme import thyme; reading = thyme(Path(sys.argv[1])).read(FRIDAY.span);"
        "print(len(reading.clues), reading.trouble);"
        "print(peak_mb())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True
    )
    told, memory = run.stdout.splitlines()
    assert told == (
        "1 thyme's file 2026-11-20.json is larger than 64 MB: only the snapshots in its last 32 MB"
        " are in use"
    )
    assert int(memory) < 300


def test_a_pipe_a_device_and_a_folder_are_no_day_files(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-20.json", snapshot("09:00:00"))
    os.mkfifo(tmp_path / "2026-11-20-pipe.json")
    (tmp_path / "2026-11-20-endless.json").symlink_to("/dev/zero")
    (tmp_path / "2026-11-20-folder.json").mkdir()
    assert len(windows(thyme(tmp_path))) == 1


def test_trouble_tells_no_title(tmp_path: Path) -> None:
    secret = snapshot("09:00:00", names={1: "hunter2"})
    (tmp_path / "2026-11-20.json").write_bytes(day_file(secret, secret)[:-3])
    reading = thyme(tmp_path).read(FRIDAY.span)
    assert reading.trouble is not None
    assert "hunter2" not in reading.trouble


def test_a_file_that_is_just_being_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-20.json"
    whole = day_file(snapshot("09:00:00"), snapshot("09:00:20"))
    path.write_bytes(whole[:100])
    waits = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        path.write_bytes(whole if len(waits) == 2 else whole[:150])

    source = ThymeSource(tmp_path, wait=wait)
    assert clocks(windows(source)) == "09:00:00 09:00:20"
    assert len(waits) == 2


def test_a_file_that_broke_long_ago_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20.json").write_bytes(b"")
    changed = (tmp_path / "2026-11-20.json").stat().st_mtime

    def no_waiting(seconds: float) -> None:
        pytest.fail(f"waited {seconds} s")

    source = ThymeSource(tmp_path, wait=no_waiting, clock=lambda: changed + 3)
    assert source.read(FRIDAY.span).trouble is not None


def test_a_file_that_stays_broken_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20.json").write_bytes(b"")
    waits: list[float] = []
    changed = (tmp_path / "2026-11-20.json").stat().st_mtime
    source = ThymeSource(tmp_path, wait=waits.append, clock=lambda: changed)
    assert source.read(FRIDAY.span).trouble is not None
    assert len(waits) == 4


# -- The lock screen ---------------------------------------------------------------------------


def locked(when: str) -> dict[str, Any]:
    """A snapshot that `record` took while the screen was locked."""
    return {**snapshot(when, 0, {}), "Windows": None, "Visible": None, "Locked": True}


def every(times: str, *, title: str = "") -> list[dict[str, Any]]:
    """A snapshot every 20 seconds; of a window whose title somebody changes, else locked."""
    whole, by_hand, file = span(times), Random(times), 0
    moments = (whole.start + timedelta(seconds=20 * n) for n in range(int(whole.minutes * 3)))
    snapshots = []
    for clock in (f"{when.astimezone(HELSINKI):%H:%M:%S}" for when in moments):
        file = file if by_hand.random() < 0.6 else by_hand.randrange(90)
        titles = {1: f"{file}.py - {title}"}
        snapshots.append(snapshot(clock, 1, titles) if title else locked(clock))
    return snapshots


def absences(clues: Iterable[Clue]) -> list[str]:
    spans = merge(Span(c.at, c.until) for c in clues if isinstance(c, Attendance) and not c.here)
    return [f"{clocks_of(one.start)}-{clocks_of(one.end)}" for one in spans]


def clocks_of(moment: datetime) -> str:
    return f"{moment.astimezone(HELSINKI):%H:%M:%S}"


@pytest.mark.parametrize(
    ("after", "away"),
    [
        ([snapshot("10:00:40")], ["10:00:00-10:00:40"]),
        ([locked("10:00:20"), snapshot("10:01:00")], ["10:00:00-10:01:00"]),
        # Asleep in between, and still locked on waking.
        ([locked("12:30:00"), snapshot("12:30:20")], ["10:00:00-12:30:20"]),
        # Nobody knows how long that was locked.
        ([snapshot("12:30:00")], ["10:00:00-10:00:20"]),
        ([], ["10:00:00-10:00:20"]),
    ],
)
def test_a_locked_screen_is_absence_until_the_next_snapshot(
    tmp_path: Path, after: list[dict[str, Any]], away: list[str]
) -> None:
    write(tmp_path, "2026-11-20.json", snapshot("09:59:40"), locked("10:00:00"), *after)
    reading = hold_clues(thyme(tmp_path), FRIDAY.span)
    assert absences(reading.clues) == away
    titled = [clue for clue in reading.clues if isinstance(clue, Window)]
    assert all(window.title == "auth.py - acme-api" and not window.app for window in titled)


def test_a_lock_screen_in_a_damaged_file_is_one_still(tmp_path: Path) -> None:
    file = day_file(snapshot("09:59:40"), locked("10:00:00"), snapshot("10:00:20"))
    (tmp_path / "2026-11-20.json").write_bytes(file[:-20])
    assert absences(thyme(tmp_path).read(FRIDAY.span).clues) == ["10:00:00-10:00:20"]


def test_a_machine_locked_beside_one_in_use_takes_nothing_away(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-20-laptop.json", *every("09:00-11:00"))
    write(tmp_path, "2026-11-20-desk.json", *every("09:00-11:00", title=ACME_CODE))
    clues = thyme(tmp_path).read(FRIDAY.span).clues
    assert told(suggest(inputs(*clues))) == ["09:00-11:00 acme"]


@pytest.mark.parametrize("minutes", ["02", "30"])
def test_nothing_that_happens_behind_a_lock_screen_is_the_persons_time(
    tmp_path: Path, minutes: str
) -> None:
    """Neither the window in front before, nor what an agent commits meanwhile."""
    day = [
        *every("09:00-10:00", title=ACME_CODE),
        *every(f"10:00-10:{minutes}"),
        *every(f"10:{minutes}-12:00", title=ACME_CODE),
        *every("12:00-13:00"),
        *every("13:00-14:00", title=ACME_CODE),
    ]
    write(tmp_path, "2026-11-20.json", *day)
    clues = (*thyme(tmp_path).read(FRIDAY.span).clues, commit("12:40", "acme", "Fix login"))
    rows = suggest(inputs(*clues, min_minutes=1))
    assert sum(row.evidence.window_minutes for row in rows) == 240 - int(minutes)
    assert told(rows)[-2:] == [f"10:{minutes}-12:00 acme", "13:00-14:00 acme"]


# -- The check ---------------------------------------------------------------------------------


def test_check_tells_the_latest_file(folder: Path) -> None:
    write(folder, "2026-11-19.json", snapshot("09:00:00"))
    found = thyme(folder).check()
    assert found == "2 files, the latest 2026-11-20.json with 1,578 snapshots"


def test_check_of_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no files like 2026-11-20\.json"):
        thyme(tmp_path).check()


def test_check_of_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20.json").write_bytes(recording("thyme/corrupt/cut-at-half.json"))
    with pytest.raises(SourceError, match=r"793 snapshots .* move it away"):
        thyme(tmp_path).check()
