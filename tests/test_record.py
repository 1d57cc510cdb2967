"""`record`: one snapshot more, whatever state the day's file is in, and never a broken file."""

from __future__ import annotations

import json
import lzma
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.longer import usually
from tests.notation import HELSINKI
from tracklater_bot.cli.record import LOCK_NAME, RecordError, add, complete_snapshots, record

DATA = Path(__file__).parent / "data" / "thyme"
SNAPSHOT: dict[str, Any] = {
    "Time": "2026-11-20T23:59:59.123456789+02:00",
    "Windows": [{"ID": 4194316, "Desktop": -1, "Name": "Äpfel & <Birnen> 🍏"}],
    "Active": 4194316,
    "Visible": None,
}
DAY = "2026-11-20.json"

Thyme = Callable[[str], None]


@pytest.fixture
def thyme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Thyme:
    """Puts a `thyme` in front of PATH that runs the given shell lines."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":7")

    def install(lines: str) -> None:
        put(programs / "thyme", lines)

    for name in ("loginctl", "busctl"):  # whatever the screen of this machine does
        put(programs / name, "exit 1")
    return install


def put(program: Path, lines: str) -> None:
    program.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
    program.chmod(0o700)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "thyme"


def prints(snapshot: dict[str, Any]) -> str:
    return f'[ "$*" = track ] || exit 9\ncat <<"END"\n{json.dumps(snapshot, indent=2)}\nEND'


def day(folder: Path, name: str = DAY) -> list[dict[str, Any]]:
    snapshots: list[dict[str, Any]] = json.loads((folder / name).read_bytes())["Snapshots"]
    return snapshots


def recorded_file(path: str) -> bytes:
    return lzma.decompress((DATA / f"{path}.xz").read_bytes())


def test_the_first_snapshot_starts_a_private_file_in_a_private_folder(
    thyme: Thyme, folder: Path
) -> None:
    thyme(prints(SNAPSHOT))
    done = record(folder, HELSINKI)
    assert (done.file, done.note) == (folder / DAY, "")
    assert day(folder) == [SNAPSHOT]
    assert (folder / DAY).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Europe/Helsinki", "2026-11-20.json"),
        ("UTC", "2026-11-20.json"),
        ("Asia/Kolkata", "2026-11-21.json"),
        ("America/New_York", "2026-11-20.json"),
    ],
)
def test_a_snapshot_goes_to_the_day_of_its_own_time(
    thyme: Thyme, folder: Path, zone: str, name: str
) -> None:
    thyme(prints(SNAPSHOT))
    assert record(folder, ZoneInfo(zone)).file.name == name


# -- The lock screen -----------------------------------------------------------------------------


Program = Callable[[str, str], None]


@pytest.fixture
def program(thyme: Thyme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a program of the system in front of PATH; `thyme` would take a snapshot."""
    thyme(prints(SNAPSHOT))
    monkeypatch.setattr(sys, "platform", "linux")

    def install(name: str, lines: str) -> None:
        put(tmp_path / "bin" / name, lines)

    return install


def locked_at(folder: Path) -> list[str]:
    """The times of the snapshots that tell of a lock screen, in all files."""
    found = (each for file in folder.glob("*.json") for each in day(folder, file.name))
    return [each["Time"] for each in found if each.get("Locked") and not each["Windows"]]


LOGIND = """
case "$1 $2" in
  "show-user $(id -u)") {shown};;
  "show-session c2") echo LockedHint={hint};;
  "show-session 7") echo LockedHint=no;;
  "show-session 4") printf 'LockedHint=no\\n\\nLockedHint={hint}\\n';;
  *) exit 1;;
esac
"""
SAVER = '[ "$4" = {name} ] && [ "$7" = GetActive ] && echo "b {active}"'


@pytest.mark.parametrize("hint", ["yes", "no"])
@pytest.mark.parametrize(
    "shown", ["echo Sessions=7 c2; echo Display=c2", "echo Display=; echo Sessions=4 c2"]
)
def test_the_session_with_the_screen_tells_whether_it_is_locked(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, shown: str, hint: str
) -> None:
    monkeypatch.setenv("XDG_SESSION_ID", "7")  # cron's own, which has no screen
    program("loginctl", LOGIND.format(shown=shown, hint=hint))
    record(folder, HELSINKI)
    assert len(locked_at(folder)) == (hint == "yes")
    assert (folder / DAY).exists() is (hint == "no")


def test_an_older_logind_tells_of_the_session_that_one_is_in(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_SESSION_ID", "c2")
    program("loginctl", LOGIND.format(shown="exit 1", hint="yes"))
    record(folder, HELSINKI)
    assert len(locked_at(folder)) == 1


@pytest.mark.parametrize("name", ["org.gnome.ScreenSaver", "org.freedesktop.ScreenSaver"])
@pytest.mark.parametrize("active", ["true", "false"])
def test_a_screen_saver_tells_where_the_session_does_not(
    program: Program, folder: Path, name: str, active: str
) -> None:
    program("busctl", SAVER.format(name=name, active=active))
    record(folder, HELSINKI)
    assert len(locked_at(folder)) == (active == "true")


@pytest.mark.parametrize("lines", ["exec sleep 60", "sleep 60", "exit 1", "echo Display=; kill $$"])
def test_a_system_that_does_not_tell_costs_no_snapshot(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, lines: str
) -> None:
    monkeypatch.setattr("tracklater_bot.cli.record.LOCK_SECONDS", 0.2)
    for name in ("loginctl", "busctl"):
        program(name, lines)
    began = time.monotonic()
    record(folder, HELSINKI)
    assert time.monotonic() - began < 5
    assert day(folder) == [SNAPSHOT]


def test_elsewhere_nothing_is_asked(
    program: Program, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("loginctl", f"touch {tmp_path}/asked; echo LockedHint=yes")
    monkeypatch.setattr(sys, "platform", "darwin")
    record(folder, HELSINKI)
    assert day(folder) == [SNAPSHOT]
    assert not (tmp_path / "asked").exists()


# -- The day's file ------------------------------------------------------------------------------


def test_each_snapshot_is_added_at_the_end_and_the_rest_stays_byte_for_byte(folder: Path) -> None:
    folder.mkdir()
    before = recorded_file("2026-11-20.json").rstrip()
    (folder / DAY).write_bytes(before)
    (folder / DAY).chmod(0o640)
    add(folder / DAY, SNAPSHOT)
    after = (folder / DAY).read_bytes()
    assert after.startswith(before.removesuffix(b"]}"))
    assert day(folder)[-1] == SNAPSHOT
    assert (folder / DAY).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("content", ["", "\n", "{}", '{"Snapshots":null}', '{"Snapshots":[]}'])
def test_an_empty_file_is_nothing_to_worry_about(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / DAY).write_text(content)
    assert add(folder / DAY, SNAPSHOT).moved_to is None
    assert day(folder) == [SNAPSHOT]
    assert [path.name for path in folder.iterdir()] == [DAY]


@pytest.mark.parametrize(
    ("path", "saved"),
    [
        ("corrupt/cut-at-half.json", 793),
        ("corrupt/cut-inside-first-snapshot.json", 0),
        ("corrupt/cut-inside-time.json", 1048),
        ("corrupt/real-concurrent-extra-data-0.json", 1579),
        ("corrupt/real-disk-full.json", 1570),
        ("oddities/stdout-appended.json", 3),
    ],
)
def test_what_is_whole_in_a_broken_file_is_kept_and_the_file_put_aside(
    folder: Path, path: str, saved: int
) -> None:
    folder.mkdir()
    broken = recorded_file(path)
    (folder / DAY).write_bytes(broken)
    done = add(folder / DAY, SNAPSHOT)
    assert done.saved == saved
    assert done.moved_to == folder / f"{DAY}.broken-1"
    assert done.note.startswith(f"{DAY} was broken: {saved:,} snapshots in it were saved")
    assert (folder / f"{DAY}.broken-1").read_bytes() == broken
    *kept, new = day(folder)
    assert (len(kept), new) == (saved, SNAPSHOT)
    text = broken.decode(errors="replace")
    assert all(snapshot["Time"] in text for snapshot in kept)


def test_a_second_broken_file_of_a_day_gets_the_next_number(folder: Path) -> None:
    folder.mkdir()
    for number in (1, 2):
        (folder / DAY).write_text('{"Snapshots":[{"Time"')
        assert add(folder / DAY, SNAPSHOT).moved_to == folder / f"{DAY}.broken-{number}"


def test_a_link_to_a_day_file_stays_a_link(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (folder / DAY).symlink_to(tmp_path / "elsewhere.json")
    add(folder / DAY, SNAPSHOT)
    add(folder / DAY, SNAPSHOT)
    assert (folder / DAY).is_symlink()
    assert len(day(tmp_path, "elsewhere.json")) == 2


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("", []),
        ("{", []),
        ('{"Snapshots":[{"Time":"2026-11-20T08:00:00Z"},{"Time":"2026-11-', ["08"]),
        ('{"Time":"2026-11-20T08:00:00Z"}\n{"Time":"2026-11-20T09:00:00Z"}', ["08", "09"]),
        ('x{"Snapshots":[{"Time":"2026-11-20T08:00:00.5+00:00"}]}tail]}', ["08"]),
        ('{"Snapshots":[{"Time":"never"},{"Time":5},{"ID":5},7]}', []),
        ('{"Time":"0001-01-01T00:00:00Z"}{"Time":"2026-11-20T08:00:00"}', []),
        ('{"Windows":[{"ID":1,"Name":"{\\"Time\\":\\"2026-11-20T08:00:00Z\\"}"}', []),
        ("{" * 3000, []),
    ],
)
def test_whole_snapshots_are_found_in_any_text(text: str, times: list[str]) -> None:
    assert [found["Time"][11:13] for found in complete_snapshots(text)] == times


@pytest.mark.parametrize(
    ("broken", "saved"),
    [
        ('{"Snapshots":[' * 40_000, 0),
        ('{"a":' * 100_000, 0),
        ('{"Snapshots":[{"Time":"2026-11-20T08:00:00Z"},' * 900 + "1," * 200_000, 1),
    ],
)
def test_a_text_that_is_broken_at_every_turn_is_given_up(broken: str, saved: int) -> None:
    begun = time.process_time()
    assert len(list(complete_snapshots(broken))) >= saved
    assert time.process_time() - begun < 5  # it took ten and more


# -- when thyme gives nothing ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("echo secret title >&2; exit 1", "thyme took no snapshot: no window is in front"),
        ("exit 0", "thyme took no snapshot: no window is in front"),
        ("echo usage: thyme", "thyme printed something else than a snapshot"),
        ('echo "{\\"Time\\": 5}"', "thyme printed something else than a snapshot"),
    ],
)
def test_when_thyme_gives_nothing_a_sentence_says_so_and_the_file_stays(
    thyme: Thyme, folder: Path, lines: str, sentence: str
) -> None:
    folder.mkdir()
    (folder / DAY).write_text('{"Snapshots":[]}')
    thyme(lines)
    with pytest.raises(RecordError, match=sentence) as caught:
        record(folder, HELSINKI)
    assert "secret" not in str(caught.value)
    assert (folder / DAY).read_text() == '{"Snapshots":[]}'


def test_without_a_display_the_sentence_says_what_cron_needs(
    thyme: Thyme, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr(sys, "platform", "linux")
    thyme("exit 1")
    with pytest.raises(RecordError, match="in cron write DISPLAY=:0"):
        record(folder, HELSINKI)


def test_a_thyme_that_hangs_is_given_up(
    thyme: Thyme, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracklater_bot.cli.record.THYME_SECONDS", 0.1)
    thyme("exec sleep 5")
    with pytest.raises(RecordError, match="thyme did not answer within"):
        record(folder, HELSINKI)


def test_a_machine_without_thyme_is_told_where_to_get_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("tracklater_bot.cli.record.USUAL_PLACES", ())
    with pytest.raises(RecordError, match="thyme is not installed here"):
        record(folder, HELSINKI)


def test_without_a_folder_in_the_settings_the_setting_is_named() -> None:
    with pytest.raises(RecordError, match=r"thyme\.dir is not set"):
        record(None, HELSINKI)


def test_a_folder_in_a_missing_place_is_probably_a_slip(thyme: Thyme, tmp_path: Path) -> None:
    thyme(prints(SNAPSHOT))
    with pytest.raises(RecordError, match="no such file or directory"):
        record(tmp_path / "typo" / "thyme", HELSINKI)
    assert not (tmp_path / "typo").exists()


def test_a_lock_that_is_a_link_is_not_followed(thyme: Thyme, folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    diary = tmp_path / "diary.txt"
    diary.write_text("dear diary")
    (folder / LOCK_NAME).symlink_to(diary)
    thyme(prints(SNAPSHOT))
    with pytest.raises(RecordError, match=rf"{LOCK_NAME}: .*: remove it"):
        record(folder, HELSINKI)
    assert diary.read_text() == "dear diary"
    assert not (folder / DAY).exists()


def test_a_lock_with_something_in_it_keeps_that(thyme: Thyme, folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (tmp_path / "diary.txt").write_text("dear diary")
    (folder / LOCK_NAME).hardlink_to(tmp_path / "diary.txt")
    thyme(prints(SNAPSHOT))
    record(folder, HELSINKI)
    assert (tmp_path / "diary.txt").read_text() == "dear diary"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_never_gets_into_a_file(
    thyme: Thyme, folder: Path, number: str
) -> None:
    folder.mkdir()
    odd = f'{{"Time":"2026-11-20T08:00:00Z","Windows":[{{"ID":{number}}}]}}'
    thyme(f"cat <<END\n{odd}\nEND")
    with pytest.raises(RecordError, match="thyme printed something else than a snapshot"):
        record(folder, HELSINKI)
    (folder / DAY).write_text(f'{{"Snapshots":[{odd},')
    assert add(folder / DAY, SNAPSHOT).saved == 0
    assert day(folder) == [SNAPSHOT]


@pytest.mark.parametrize(
    ("time", "zone"),
    [("9999-12-31T23:59:59Z", "Europe/Helsinki"), ("0002-01-01T00:00:00Z", "UTC")],
)
def test_a_clock_in_no_real_year_ends_in_a_file_or_a_sentence(
    thyme: Thyme, folder: Path, time: str, zone: str
) -> None:
    thyme(prints({**SNAPSHOT, "Time": time}))
    if time.startswith("0002"):
        assert record(folder, ZoneInfo(zone)).file.name == "0002-01-01.json"
    else:
        with pytest.raises(RecordError, match="no year that can be"):
            record(folder, ZoneInfo(zone))


def test_a_system_without_file_locks_is_told_what_to_do(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['fcntl'] = None;"
        "from tracklater_bot.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    settings = tmp_path / "tracklater.toml"
    settings.write_text(f'timezone = "UTC"\nthyme.dir = "{tmp_path}"\n')
    command = [sys.executable, "-c", script, "record", "--config", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "this system cannot lock files, which `record` needs: run `thyme track`\n"


def test_a_full_disk_leaves_the_file_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    add(folder / DAY, SNAPSHOT)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        add(folder / DAY, SNAPSHOT)
    assert len(day(folder)) == 1
    assert [path.name for path in folder.iterdir()] == [DAY]


# -- the real thing under fire -----------------------------------------------------------------

RUN = (
    "import sys; from pathlib import Path; from zoneinfo import ZoneInfo;"
    "from tracklater_bot.cli.record import record;"
    "[record(Path(sys.argv[1]), ZoneInfo('Europe/Helsinki')) for _ in range(int(sys.argv[2]))]"
)


def recorder(folder: Path, times: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN, str(folder), str(times)])


def test_recorders_at_the_same_time_lose_nothing(thyme: Thyme, folder: Path) -> None:
    thyme(prints(SNAPSHOT))
    running = [recorder(folder, 10) for _ in range(4)]
    assert [process.wait(30) for process in running] == [0, 0, 0, 0]
    assert day(folder) == [SNAPSHOT] * 40
    assert sorted(path.name for path in folder.iterdir()) == [LOCK_NAME, DAY]


def test_a_recorder_killed_at_any_moment_leaves_a_whole_file(thyme: Thyme, folder: Path) -> None:
    folder.mkdir()
    (folder / DAY).write_bytes(recorded_file("2026-11-20.json"))
    at_least = len(day(folder))
    thyme(prints(SNAPSHOT))
    for attempt in range(usually(2, 12)):
        process = recorder(folder, 1000)
        wait_for_change(folder / DAY)
        time.sleep(attempt * 0.007)  # a different moment each time
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        now = len(day(folder))
        assert now > at_least
        at_least = now
    add(folder / DAY, SNAPSHOT)
    assert not list(folder.glob(f".{DAY}.*")), "what killed processes left is cleared away"
    assert not list(folder.glob("*.broken-*"))


def wait_for_change(file: Path) -> None:
    before, deadline = file.stat().st_mtime_ns, time.monotonic() + 20
    while file.stat().st_mtime_ns == before:
        assert time.monotonic() < deadline, "the recorder never wrote"
        time.sleep(0.002)
