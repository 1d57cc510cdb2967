"""ActivityWatch: the recorded day from its server and its export, and what goes wrong."""

from __future__ import annotations

import json
import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.awserver import PythonServer, RustServer, buckets_in, fill, running_server
from tests.clues import ACME, GLOBEX, commit, inputs, told
from tests.longer import usually
from tests.loopback import Said, closed_port, loopback, serving
from tests.notation import FRIDAY, HELSINKI, at, span
from tests.recordings import recording
from tests.sourcecontract import hold_clues, hold_trouble
from tracklater_bot.domain.clues import Attendance, Clue, Reading, Window
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.programs import program
from tracklater_bot.domain.side_by_side import TOO_LONG
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.drafting.machine import changed_minutes
from tracklater_bot.drafting.recorders import checked, instead_of_thyme, read_all, told_apart
from tracklater_bot.engine import suggest
from tracklater_bot.settings import Settings, load
from tracklater_bot.sources.base import SourceError, left_out_sentence
from tracklater_bot.sources.clues.activitywatch import ActivityWatchSource
from tracklater_bot.sources.clues.activitywatch_events import Piece, latest, rows_in
from tracklater_bot.sources.clues.git_repository import configured, folders_of
from tracklater_bot.sources.clues.registry import clue_sources
from tracklater_bot.sources.clues.thyme import parse_file

LATER = datetime(2026, 12, 1, tzinfo=UTC)
SAMPLE = 20 / 60  # minutes


def source_at(**where: object) -> ActivityWatchSource:
    settings = Settings.model_validate(
        {"activitywatch": where, "groups": {"acme": {"git": {"repos": ["/home/me/src/acme-api"]}}}}
    )
    (source,) = ActivityWatchSource.set_up(settings)
    source.now = lambda: LATER
    return source


def export(folder: Path, buckets: object) -> ActivityWatchSource:
    file = folder / "aw-buckets-export.json"
    file.write_text(json.dumps({"buckets": buckets}), encoding="utf-8")
    return source_at(file=str(file))


def read(folder: Path, *names: str) -> Reading:
    return export(folder, buckets_in(*names)).read(FRIDAY.span)


def suggested(clues: Sequence[Clue]) -> tuple[Suggestion, ...]:
    return suggest(inputs(*clues, min_minutes=1))


def minutes(clues: Sequence[Clue]) -> dict[str | None, float]:
    found: defaultdict[str | None, float] = defaultdict(float)
    for suggestion in suggested(clues):
        found[suggestion.group] += suggestion.span.minutes
    return dict(found)


def made_up(host: str = "box", **kinds: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Buckets of `("09:00-09:30", data)`: window, afk, chrome, vscode."""
    types = {"window": "currentwindow", "afk": "afkstatus", "vscode": "app.editor.activity"}
    buckets = {}
    for kind, events in kinds.items():
        name = f"aw-watcher-{kind if kind in types else f'web-{kind}'}_{host}"
        rows = []
        for times, data in events:
            whole = span(times)
            rows.append(
                {
                    "timestamp": whole.start.isoformat(),
                    "duration": whole.length.total_seconds(),
                    "data": data,
                }
            )
        bucket = {"id": name, "type": types.get(kind, "web.tab.current"), "hostname": host}
        buckets[name] = {**bucket, "client": "aw", "events": rows}
    return buckets


def thyme_day() -> Reading:
    samples = parse_file(recording("thyme/2026-11-20.json"), FRIDAY.span).samples
    return Reading("thyme", clues=tuple(samples))


# -- The recorded day ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """In a long run the real one, which takes ten seconds; else one that answers as it does."""
    with ExitStack() as stack:
        if not usually(few=False, many=True):
            yield stack.enter_context(serving(PythonServer(buckets_in("day")))).url
            return
        url = stack.enter_context(running_server(tmp_path_factory.mktemp("aw")))
        fill(url, buckets_in("day"))
        yield url


@pytest.mark.skipif(usually(few=True, many=False), reason="the real server is asked with --long")
def test_what_stands_for_the_real_server_answers_as_it_does(server: str) -> None:
    with serving(PythonServer(buckets_in("day"))) as stand_in:
        ours = source_at(url=stand_in.url).read(FRIDAY.span)
    assert ours.clues == source_at(url=server).read(FRIDAY.span).clues


def test_the_server_gives_the_minutes_that_thyme_gives(server: str) -> None:
    reading = hold_clues(source_at(url=server), FRIDAY.span)
    assert reading.trouble is None
    mine, theirs = minutes(reading.clues), minutes(thyme_day().clues)
    for group in ("acme", "globex"):
        assert mine[group] == pytest.approx(theirs[group], abs=SAMPLE)


def test_the_two_unchanged_stretches_are_right_to_the_minute(server: str) -> None:
    rows = told(suggested(source_at(url=server).read(FRIDAY.span).clues))
    assert any("-11:31 acme" in row for row in rows)
    assert any(row.startswith("12:13-14:39 globex") for row in rows)
    assert any(row.startswith("15:05-15:39 globex") for row in rows)


def test_an_export_reads_like_the_server(server: str, tmp_path: Path) -> None:
    from_server = source_at(url=server).read(FRIDAY.span).clues
    from_file = hold_clues(export(tmp_path, buckets_in("day")), FRIDAY.span).clues
    windows = [
        [
            (clue.title, clue.app, clue.url, clue.folder)
            for clue in clues
            if isinstance(clue, Window)
        ]
        for clues in (from_server, from_file)
    ]
    assert windows[0] == windows[1]
    assert minutes(from_server)["acme"] == pytest.approx(minutes(from_file)["acme"], abs=0.01)


def test_a_day_of_a_weekend_away_has_nobody(server: str) -> None:
    sunday = WorkDay(FRIDAY.date + timedelta(days=2), HELSINKI)
    clues = source_at(url=server).read(sunday.span).clues
    assert all(isinstance(clue, Attendance) and not clue.here for clue in clues)
    assert clues, "the Python server forgets what began a day before: it is asked from earlier"


def test_check_names_the_server_and_its_watchers(server: str) -> None:
    source = source_at(url=server)
    assert "1 window watcher, 1 AFK watcher, 2 browsers and 1 editor" in source.check()
    said = checked(source, LATER)
    assert "nothing was recorded in the last day" in said
    assert "nothing" not in checked(source, at("18:00"))


# -- One trap each -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "right", "tolerance"),
    [
        (["day", "variants/second-host.json"], {"acme": 280.13 + 18.13}, SAMPLE),
        (["day", "variants/synced.json"], {"acme": 280.13 + 18.13}, SAMPLE),
        (
            ["day", "variants/second-host.json", "variants/synced.json"],
            {"acme": 280.13 + 18.13, "globex": 180.83},
            SAMPLE,
        ),
        (["variants/overlaps.json"], {"acme": 21}, 1),
        (["variants/spinner.json"], {"acme": 24.17}, 0.5),
        (["variants/spinner-without-afk.json"], {"acme": 20.2}, 0.5),
        (["variants/sleep.json"], {"acme": 30}, 0.5),
        (["variants/locked.json"], {"acme": 33.5}, 0.5),
        (["variants/private.json"], {"acme": 20}, 0.5),
        (["variants/address-beats-title.json"], {"acme": 20, "globex": 10}, 0.5),
        (["variants/editor-project.json"], {"acme": 15, "globex": 15}, 0.5),
        (["variants/other-kinds.json"], {"acme": 30}, 0.5),
        (["variants/no-afk.json"], {"acme": 10, "globex": 10}, 0.5),
        (["variants/reading.json"], {"acme": 68}, 0.5),
        (["variants/broken-rows.json"], {"acme": 30}, 1),
    ],
)
def test_each_trap(
    tmp_path: Path, names: list[str], right: dict[str, float], tolerance: float
) -> None:
    found = minutes(read(tmp_path, *names).clues)
    for group, expected in right.items():
        assert found.get(group, 0.0) == pytest.approx(expected, abs=tolerance), group


def test_calls_and_sounds_of_the_tab_in_front_are_not_away(tmp_path: Path) -> None:
    found = minutes(read(tmp_path, "variants/calls.json").clues)
    assert sum(found.values()) == pytest.approx(50, abs=1), "then the sound goes on behind"
    assert found["acme"] >= 25 - 1, "the call names nobody, the page does"


def test_rows_that_cannot_be_understood_are_counted(tmp_path: Path) -> None:
    trouble = read(tmp_path, "variants/broken-rows.json").trouble
    assert trouble is not None
    assert "rows that were not understood and left out" in trouble


def test_a_bucket_without_a_list_of_events_is_counted(tmp_path: Path) -> None:
    buckets = made_up(window=[("09:00-10:00", {"app": "kate", "title": "acme"})])
    broken = {"type": "currentwindow", "hostname": "box", "events": {"no": "list"}}
    reading = export(tmp_path, {**buckets, "aw-watcher-window_old": broken}).read(FRIDAY.span)
    assert any(isinstance(clue, Window) for clue in reading.clues)
    assert reading.trouble == left_out_sentence("ActivityWatch", 1)


@pytest.mark.parametrize(
    ("title", "shown"),
    [("acme \ud83d", "acme \ufffd"), ("\udc4d acme", "\ufffd acme"), ("acme 👍", "acme 👍"),
     ("acme \\ud83d", "acme \\ud83d")],
)  # fmt: skip
def test_half_a_character_loses_nothing(tmp_path: Path, title: str, shown: str) -> None:
    """As Windows cuts titles, and as Python writes that."""
    seen = [("09:00-10:00", {"app": "kate", "title": title}),
            ("10:00-11:00", {"app": "kate", "title": "\ud83d"})]  # fmt: skip
    buckets = made_up(window=seen)
    titles = {clue.title for clue in export(tmp_path, buckets).read(FRIDAY.span).clues
              if isinstance(clue, Window)}  # fmt: skip
    assert {shown, "\ufffd"} <= titles
    (bucket,) = [bucket for bucket in buckets.values() if bucket["type"] == "currentwindow"]
    first, last = FRIDAY.span.start.timestamp(), FRIDAY.span.end.timestamp()
    answer = json.dumps(bucket["events"]).encode()  # as a server gives them
    pieces, broken = rows_in(answer, "currentwindow", first, last)
    assert ([piece.data.title for piece in pieces], broken) == ([shown, "\ufffd"], 0)


def test_nothing_is_kept_of_a_private_window(tmp_path: Path) -> None:
    clues = read(tmp_path, "variants/private.json").clues
    assert "CANARY-INCOGNITO" not in repr(clues)
    assert "CANARY" not in repr(suggested(clues))


def test_a_phone_is_no_desk(tmp_path: Path) -> None:
    buckets = made_up(window=[("09:00-10:00", {"app": "WhatsApp", "package": "com.whatsapp"})])
    (bucket,) = buckets.values()
    assert not export(tmp_path, {"aw-watcher-android-test": bucket}).read(FRIDAY.span).clues


def test_a_commit_inside_a_hole_brings_nothing_back(tmp_path: Path) -> None:
    clues = read(tmp_path, "variants/reading.json").clues
    assert told(suggested((*clues, commit("11:54", "acme")))) == [
        "11:00-11:48 acme",
        "12:00-12:20 acme",
    ]
    asleep = read(tmp_path, "variants/sleep.json").clues
    rows = told(suggested((*asleep, commit("12:05", "acme"))))
    assert rows == ["11:00-11:10 acme", "11:40-11:50 acme", "12:30-12:40 acme"]


def test_titles_of_one_issue_lose_to_the_address_of_another(tmp_path: Path) -> None:
    clues = export(
        tmp_path,
        made_up(
            window=[("09:00-10:00", {"app": "Google-chrome", "title": "DEV-131 Rate limit"})],
            afk=[("09:00-10:00", {"status": "not-afk"})],
            chrome=[("09:00-10:00", {"url": "https://acme.atlassian.net/browse/DEV-123"})],
        ),
    ).read(FRIDAY.span)
    assert told(suggested(clues.clues)) == ["09:00-10:00 acme DEV-123"]


@pytest.mark.parametrize(
    ("url", "row"),
    [
        ("https://acme.atlassian.net/jira/software/projects/DEV/boards/1", "acme"),
        ("https://acme.atlassian.net/secure/RapidBoard.jspa?selectedIssue=DEV-123", "acme DEV-123"),
        ("https://tree.taiga.io/project/mika-globex/us/12", "globex #12"),
        ("https://github.com/globex/web/pull/3", "globex"),
        ("https://github.com/globex/web/tree/main", "globex"),
        ("http://staging.acme.example/login", "acme"),
        ("https://meet.google.com/abc-defg-hij?authuser=acme", "acme"),
    ],
)
def test_an_address_tells_whose_a_page_is(tmp_path: Path, url: str, row: str) -> None:
    reading = export(
        tmp_path,
        made_up(
            window=[("09:00-10:00", {"app": "chrome.exe", "title": "Overview"})],
            afk=[("09:00-10:00", {"status": "not-afk"})],
            chrome=[("08:00-12:00", {"url": url})],
        ),
    ).read(FRIDAY.span)
    assert told(suggested(reading.clues)) == [f"09:00-10:00 {row}"]


def test_a_tab_behind_another_program_says_nothing(tmp_path: Path) -> None:
    reading = export(
        tmp_path,
        made_up(
            window=[("09:00-10:00", {"app": "Code", "title": "x.py - globex-web"})],
            afk=[("09:00-10:00", {"status": "not-afk"})],
            chrome=[("09:00-10:00", {"url": "https://acme.atlassian.net/browse/DEV-123"})],
        ),
    ).read(FRIDAY.span)
    assert told(suggested(reading.clues)) == ["09:00-10:00 globex"]


def test_a_folder_inside_a_groups_repository_is_the_groups(tmp_path: Path) -> None:
    project = {"project": "/home/me/src/acme-api/services/globex-sync", "branch": "DEV-123-fix"}
    reading = export(
        tmp_path,
        made_up(
            window=[("09:00-10:00", {"app": "Cursor", "title": "index.html"})],
            afk=[("09:00-10:00", {"status": "not-afk"})],
            vscode=[("09:00-10:00", project)],
        ),
    ).read(FRIDAY.span)
    groups = tuple(
        type(group)(
            group.name,
            (*group.hints, *(hint for hint in reading.hints if hint.group == group.name)),
            group.key_forms,
        )
        for group in (ACME, GLOBEX)
    )
    assert told(suggest(inputs(*reading.clues, groups=groups))) == ["09:00-10:00 acme DEV-123"]


def test_the_worktrees_of_a_repository_are_the_groups_too(tmp_path: Path) -> None:
    repo, worktree = tmp_path / "api", tmp_path / "elsewhere"
    for command in (
        ["init", "-q", str(repo)],
        ["-C", str(repo), "-c", "user.name=x", "-c", "user.email=x@example.com",
         "commit", "-q", "--allow-empty", "-m", "x"],
        ["-C", str(repo), "worktree", "add", "-q", str(worktree)],
    ):  # fmt: skip
        subprocess.run(["git", *command], check=True)
    settings = Settings.model_validate(
        {"activitywatch": {"url": "http://x"}, "groups": {"acme": {"git": {"repos": [repo]}}}}
    )
    folders = {folder: group for group, folder in folders_of(configured(settings))}
    assert folders == {str(repo): "acme", str(worktree): "acme"}


def test_a_song_is_no_work_whatever_it_is_called(tmp_path: Path) -> None:
    reading = export(
        tmp_path,
        made_up(
            window=[("09:00-10:00", {"app": "Spotify", "title": "Get Lucky (acme remix)"})],
            afk=[("09:00-10:00", {"status": "not-afk"})],
        ),
    ).read(FRIDAY.span)
    assert {one.group for one in suggested(reading.clues)} <= {None}


def test_twelve_minutes_away_are_twelve_whatever_idle_minutes_says(tmp_path: Path) -> None:
    reading = export(
        tmp_path,
        made_up(
            window=[("09:00-11:00", {"app": "Code", "title": "auth.py - acme-api"})],
            afk=[
                ("09:00-09:40", {"status": "not-afk"}),
                ("09:40-09:52", {"status": "afk"}),
                ("09:52-11:00", {"status": "not-afk"}),
            ],
        ),
    ).read(FRIDAY.span)
    rows = told(suggest(inputs(*reading.clues, idle_minutes=60)))
    assert rows == ["09:00-09:40 acme", "09:52-11:00 acme"]


def test_a_window_seen_all_day_without_a_title_change_is_work_while_somebody_is_there(
    tmp_path: Path,
) -> None:
    reading = export(
        tmp_path,
        made_up(
            window=[("09:00-12:00", {"app": "Evince", "title": "acme contract.pdf"})],
            afk=[("09:00-12:00", {"status": "not-afk"})],
        ),
    ).read(FRIDAY.span)
    assert told(suggested(reading.clues)) == ["09:00-12:00 acme"]
    assert len(changed_minutes(reading.clues)) == 180, "so one went on working"


def test_a_week_has_the_same_days(tmp_path: Path) -> None:
    source = export(tmp_path, buckets_in("day", "variants/second-host.json"))
    thursday = WorkDay(FRIDAY.date - timedelta(days=1), HELSINKI)
    whole = type(FRIDAY.span)(thursday.span.start, FRIDAY.span.end)
    week = [clue for clue in source.read(whole).clues if clue.at in FRIDAY.span]
    alone = [clue for clue in source.read(FRIDAY.span).clues if clue.at > FRIDAY.span.start]
    assert [clue for clue in week if clue.at > FRIDAY.span.start] == alone


# -- Beside thyme --------------------------------------------------------------------------------


def test_two_recorders_of_one_screen_are_one_person(tmp_path: Path) -> None:
    reading = read(tmp_path, "day")
    both = [clue for one in told_apart([thyme_day(), reading]) for clue in one.clues]
    assert minutes(both) == minutes(reading.clues)


def test_thyme_fills_in_where_activitywatch_did_not_run(tmp_path: Path) -> None:
    buckets = buckets_in("day")
    for bucket in buckets.values():
        bucket["events"] = [e for e in bucket["events"] if e["timestamp"] < "2026-11-20T08"]
    reading = export(tmp_path, buckets).read(FRIDAY.span)
    both = [clue for one in told_apart([thyme_day(), reading]) for clue in one.clues]
    assert minutes(both)["globex"] == pytest.approx(180.7, abs=1)


def test_two_recorders_of_two_machines_stay_two(tmp_path: Path) -> None:
    laptop = export(
        tmp_path,
        made_up(
            "laptop",
            window=[("11:38-11:56", {"app": "Code", "title": "auth.py - acme-api"})],
            afk=[("11:38-11:56", {"status": "not-afk"})],
        ),
    ).read(FRIDAY.span)
    readings = told_apart([thyme_day(), laptop])
    assert len(readings[0].clues) == len(thyme_day().clues)
    both = [clue for one in readings for clue in one.clues]
    assert minutes(both)["acme"] == pytest.approx(280.32 + 18, abs=1)


# -- Events --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "right"),
    [
        ([(0, 10, "a"), (10, 20, "b")], "0-10 a, 10-20 b"),
        ([(10, 20, "b"), (0, 10, "a")], "0-10 a, 10-20 b"),
        ([(0, 60, "a"), (20, 30, "b")], "0-20 a, 20-30 b, 30-60 a"),
        ([(0, 60, "a"), (20, 90, "b")], "0-20 a, 20-90 b"),
        ([(0, 60, "a"), (20, 20, "b")], "0-60 a"),
        ([(0, 0, "a"), (1, 1, "b"), (2, 30, "c")], "0-1 a, 1-2 b, 2-30 c"),
        ([(0, 10, "a"), (14, 20, "b")], "0-14 a, 14-20 b"),
        ([(0, 10, "a"), (16, 20, "b")], "0-10 a, 16-20 b"),
        ([(0, 10, "a"), (11, 20, "a")], "0-20 a"),
        ([(0, 10, "a"), (0, 10, "a")], "0-10 a"),
        ([(5, 5, "a")], ""),
    ],
)
def test_the_event_that_began_last_counts(
    events: list[tuple[float, float, str]], right: str
) -> None:
    found = latest(Piece(*event) for event in events)
    assert ", ".join(f"{one.start:.0f}-{one.end:.0f} {one.data}" for one in found) == right


# -- The Rust server, and its key ----------------------------------------------------------------


def rust_settings(folder: Path, url: str, key: str) -> None:
    settings = folder / "activitywatch" / "aw-server-rust" / "config.toml"
    settings.parent.mkdir(parents=True)
    port = url.rpartition(":")[2]
    settings.write_text(f'port = {port}\n[auth]\napi_key = "{key}"\n', encoding="utf-8")


def test_the_rust_server_is_read_with_the_key_in_its_own_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with serving(RustServer("CANARY-key")) as server:
        rust_settings(tmp_path, server.url, "CANARY-key")
        reading = hold_clues(source_at(url=server.url), FRIDAY.span)
    assert reading.trouble is None
    here = [clue for clue in reading.clues if isinstance(clue, Attendance) and clue.here]
    assert [f"{clue.at:%H:%M:%S}" for clue in here] == [
        "05:59:57", "10:13:59", "13:05:00", "13:52:00",
    ]  # fmt: skip


def test_a_server_that_wants_a_key_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with serving(RustServer("CANARY-key")) as server:
        with pytest.raises(SourceError, match="TRACKLATER_ACTIVITYWATCH__API_KEY") as told_:
            source_at(url=server.url).read(FRIDAY.span)
        assert "CANARY" not in str(told_.value)
        assert source_at(url=server.url, api_key="CANARY-key").read(FRIDAY.span).clues


def test_the_key_of_this_machine_goes_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with loopback(Said(body={})) as other:
        rust_settings(tmp_path, "http://127.0.0.1:5600", "CANARY-key")
        hold_trouble(source_at(url=other.url))
    assert all("CANARY" not in str(asked.headers) for asked in other.asked)


# -- What goes wrong -----------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    source = source_at(url=closed_port())
    hold_trouble(source)
    with pytest.raises(SourceError, match="start ActivityWatch"):
        source.read(FRIDAY.span)


@pytest.mark.parametrize(
    "said",
    [
        Said(body="<html>welcome</html>"),
        Said(body="[]"),
        Said(body="[" * 100_000),
        Said(500, {"message": "Internal Server Error"}),
        Said(400, ""),
        Said(dropped=True),
        Said(body={"aw-watcher-window_box": {"type": "currentwindow"}}),
    ],
    ids=["page", "list", "nested", "500", "host", "dropped", "no events"],
)
def test_a_server_that_lies_is_a_sentence(said: Said) -> None:
    with loopback(said) as server:
        hold_trouble(source_at(url=server.url))


def test_a_server_that_hangs_holds_nothing_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        source = source_at(url=f"http://127.0.0.1:{deaf.getsockname()[1]}")
        (reading,) = read_all([source], FRIDAY.span, seconds=0.3)
    assert (reading.clues, reading.trouble) == ((), TOO_LONG)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"buckets": 5}', b"\xff\xfe", b"[" * 9999])
def test_a_file_that_is_no_export_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "export.json"
    file.write_bytes(content)
    hold_trouble(source_at(file=str(file)))
    hold_trouble(source_at(file=str(tmp_path / "nowhere.json")))


def test_an_export_saved_by_windows_has_a_mark_at_its_beginning(tmp_path: Path) -> None:
    source = export(tmp_path, buckets_in("day"))
    file = tmp_path / "aw-buckets-export.json"
    plain = source.read(FRIDAY.span)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert source.read(FRIDAY.span) == plain


def test_an_export_of_many_years_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    with file.open("wb") as sparse:
        sparse.truncate(100 * 1024 * 1024)
    hold_trouble(source_at(file=str(file)))


def test_a_proxy_never_sees_what_this_machine_tells_itself(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", closed_port())
    monkeypatch.setenv("http_proxy", closed_port())
    assert source_at(url=server).read(FRIDAY.span).clues


# -- Settings and check --------------------------------------------------------------------------


def test_an_empty_section_is_all_it_needs(tmp_path: Path) -> None:
    file = tmp_path / "tracklater.toml"
    file.write_text('timezone = "UTC"\n[activitywatch]\n', encoding="utf-8")
    settings = load(file, None, {}).settings
    assert settings.activitywatch_url() == "http://127.0.0.1:5600"
    assert [source.name for source in clue_sources(settings)] == ["activitywatch"]


@pytest.mark.parametrize("text", ["", '[activitywatch]\nurl = ""\nfile = ""\n'])
def test_without_it_nothing_is_asked(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tracklater.toml"
    file.write_text(f'timezone = "UTC"\n{text}', encoding="utf-8")
    assert clue_sources(load(file, None, {}).settings) == ()


@pytest.mark.parametrize(
    ("environ", "platform", "named"),
    [
        ({}, "linux", ""),
        ({"DISPLAY": ":0", "XDG_SESSION_TYPE": "x11"}, "linux", ""),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", "Wayland"),
        ({"XDG_SESSION_TYPE": "wayland"}, "linux", "Wayland"),
        ({}, "darwin", "a Mac"),
        ({}, "win32", "Windows"),
    ],
)
def test_activitywatch_is_named_where_thyme_sees_nothing(
    environ: dict[str, str], platform: str, named: str
) -> None:
    said = instead_of_thyme(environ, platform)
    assert (named in said) is bool(named) or said == ""
    assert ("ActivityWatch" in said) is bool(named)


@pytest.mark.parametrize(
    ("app", "name"),
    [
        ("Google-chrome", "google chrome"),
        ("chrome.exe", "google chrome"),
        ("Google Chrome", "google chrome"),
        ("org.mozilla.firefox", "firefox"),
        ("Firefox Developer Edition", "firefox"),
        ("Brave-browser", "brave"),
        ("msedge.exe", "microsoft edge"),
        ("Code - Insiders", "code"),
        ("zoom.us", "zoom"),
        ("Gnome-terminal", "gnome terminal"),
        ("LockApp.exe", "lockapp"),
    ],
)
def test_a_program_has_one_name_on_all_systems(app: str, name: str) -> None:
    assert program(app) == name
