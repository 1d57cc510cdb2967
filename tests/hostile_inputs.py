"""Hostile and half-broken inputs, and a process that reads one source's of them.

`python -m tests.hostile_inputs SOURCES FOLDER URL [all]` makes each input in the folder, or asks
for it under the URL, where `_Handler` answers, and prints what became of it as a line of JSON. What
takes longest is read in one way and by one service, unless it is to be all of them.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread

from pydantic import SecretStr

from tests.notation import FRIDAY
from tests.repositories import committed
from tracklater_bot.http import Timing
from tracklater_bot.settings import (
    ClockifySettings,
    GroupJira,
    ResolvedForge,
    ResolvedTaiga,
    Settings,
    TogglSettings,
)
from tracklater_bot.sources.base import ClueSource, IssueSource, SourceError
from tracklater_bot.sources.clues.activitywatch import ActivityWatchSource
from tracklater_bot.sources.clues.agents import AgentsSource
from tracklater_bot.sources.clues.calendar import CalendarSource
from tracklater_bot.sources.clues.git import GitSource
from tracklater_bot.sources.clues.slack import SlackSource
from tracklater_bot.sources.clues.thyme import ThymeSource
from tracklater_bot.sources.issues.github import GitHubSource
from tracklater_bot.sources.issues.gitlab import GitLabSource
from tracklater_bot.sources.issues.jira import JiraSource
from tracklater_bot.sources.issues.taiga import TaigaSource
from tracklater_bot.sources.issues.taiga_login import TaigaLogins
from tracklater_bot.trackers.base import TrackerError
from tracklater_bot.trackers.clockify import ClockifyTracker
from tracklater_bot.trackers.toggl import TogglTracker

MB = 1024 * 1024
SECRET = "SECRET"
NONSENSE = Random(7).randbytes
IN_A_HURRY = Timing(sleep=lambda _: None)


# -- thyme's folder ------------------------------------------------------------------------------

WHEN = '"Time": "2026-11-20T10:00:0%d+02:00"'
WHOLE = '{%s, "Active": 1, "Windows": [{"ID": 1, "Name": "%s"}]}'


def _snapshot(title: str = SECRET, number: int = 0) -> str:
    return WHOLE % (WHEN % (number % 10), title)


def _file(*snapshots: str) -> bytes:
    return f'{{"Snapshots": [{",".join(snapshots)}]}}'.encode()


DAY_FILES: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b" \n" * 100_000,
    "half": _snapshot().encode()[:-20],
    "braces": b"{" * 3 * MB,
    "keys": b'{"' * 2 * MB,
    "brackets": b"[" * 3 * MB,
    "one string": b'{"Snapshots": "' + b"a" * 8 * MB,
    "zeros": b"\0" * 5 * MB,
    "random": NONSENSE(2 * MB),
    "beginnings": (_snapshot()[:-5] * 8_000).encode(),
    "closed in a thousand places": b"}".join([_snapshot().encode()] * 1000),
    "UTF-16": ("\ufeff" + _snapshot()).encode("utf-16"),
    "number": _file(f'{{{WHEN % 1}, "Active": 1{"0" * 400}}}'),
    "null": b'{"Snapshots": null}',
    "nulls": b'{"Snapshots": [null, null]}',
    "year 9999": b'{"Snapshots": [{"Time": "9999-12-31T23:59:59-12:00", "Windows": []}]}',
    "windows": _file(
        f'{{{WHEN % 1}, "Windows": [{",".join(["{}"] * 200_000)}]}}',
    ),
    "title": _snapshot("a" * 5 * MB).encode(),
    "deep": (_snapshot()[:-1] + ', "Visible": ' + "[" * 100_000 + "]" * 100_000 + "}").encode(),
    "many": _file(*[_snapshot()] * 60_000),
}
# How a day file can be something else than a file.
ODD_FILES: dict[str, Callable[[Path], object]] = {
    "sparse": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 2048 * MB),
    "pipe": os.mkfifo,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "itself": lambda path: path.symlink_to(path),
    "folder": lambda path: path.mkdir(),
    "crowd": lambda path: [
        path.with_name(f"2026-11-20-{number}.json").write_bytes(b"") for number in range(1000)
    ],
}


def thyme(folder: Path, _: str) -> Iterator[tuple[str, ThymeSource]]:
    for name in (*DAY_FILES, *ODD_FILES):
        inside = folder / name
        inside.mkdir()
        file = inside / "2026-11-20.json"
        if name in DAY_FILES:
            file.write_bytes(DAY_FILES[name])
        else:
            ODD_FILES[name](file)
        os.utime(inside)
        yield name, ThymeSource(inside, wait=lambda _: None)


# -- ActivityWatch's exports, agents' sessions, calendars ------------------------------------------

_EVENT = '{"id": 1, "timestamp": "%s", "duration": %s, "data": {"app": "vi", "title": "SECRET"}}'


def _export(*events: str, kind: str = "currentwindow") -> bytes:
    bucket = f'{{"type": "{kind}", "hostname": "a", "events": [{",".join(events)}]}}'
    return f'{{"buckets": {{"aw-watcher-window_a": {bucket}}}}}'.encode()


_AT = "2026-11-20T10:00:00+02:00"


def _exports() -> dict[str, bytes]:
    return {
        "null": b'{"buckets": null}',
        "null bucket": b'{"buckets": {"a": null, "b": 7, "c": {"type": null, "events": null}}}',
        "rows": _export("null", "7", "[]", "{}", _EVENT % (_AT, "null"), _EVENT % (_AT, "1e308")),
        "years": _export(
            *(_EVENT % (f"{year}-12-31T23:59:59-14:00", 1) for year in ("0001", "9999"))
        ),
        "length": _export(_EVENT % (_AT, 10**15), _EVENT % (_AT, -1), _EVENT % (_AT, "1" * 5000)),
        "deep": _export(_EVENT.replace('"SECRET"', "[" * 100_000 + "]" * 100_000) % (_AT, 1)),
        "many buckets": b'{"buckets": {%s}}'
        % b",".join(b'"b%d": {"type": "afkstatus", "events": []}' % n for n in range(100_000)),
        "many": _export(*[_EVENT % (_AT, 1)] * 200_000),
        "keyboards": _export(*[_EVENT % (_AT, 1)] * 50_000, kind="afkstatus"),
    }


ANY_FILE = ("nothing", "braces", "brackets", "zeros", "random", "one string", "null", "half")
# Of gigabytes, endless, or none at all.
NO_FILES = ("sparse", "pipe", "endless", "itself", "folder")


def _files(folder: Path, name: str, known: dict[str, bytes]) -> Iterator[tuple[str, Path]]:
    """A file of that name for each input: those of its own kind, any, and what is no file."""
    contents = known | {each: DAY_FILES[each] for each in ANY_FILE}
    found = {case: folder / case / name for case in (*contents, *NO_FILES)}
    for path in found.values():
        path.parent.mkdir(parents=True)
    for case in NO_FILES:
        ODD_FILES[case](found[case])
    while contents:  # they would count as the source's memory
        case, content = contents.popitem()
        found[case].write_bytes(content)
    yield from found.items()


def activitywatch(folder: Path, url: str) -> Iterator[tuple[str, ActivityWatchSource]]:
    for name, file in _files(folder / "aw", "aw-buckets-export.json", _exports()):
        settings = Settings.model_validate({"activitywatch": {"file": str(file)}})
        yield from ((f"export {name}", one) for one in ActivityWatchSource.set_up(settings))
    for name, place in _places(url):
        settings = Settings.model_validate({"activitywatch": {"url": place}})
        yield from ((name, one) for one in ActivityWatchSource.set_up(settings))


def _session(**more: object) -> bytes:
    record = {"type": "user", "timestamp": "2026-11-20T08:00:00.000Z", "uuid": "u", "cwd": "/a"}
    written = {**record, "message": {"role": "user", "content": SECRET}, **more}
    return json.dumps(written).encode() + b"\n"


def _sessions() -> dict[str, bytes]:
    return {
        "rows": b"null\n7\n[]\n{}\n" + _session(),
        "nulls": b"".join(
            _session(**{key: None}) for key in ("type", "timestamp", "cwd", "message")
        ),
        "kinds": b"".join(
            _session(**{key: [7]}) for key in ("type", "timestamp", "cwd", "message")
        ),
        "years": b"".join(
            _session(timestamp=f"{year}-{day}T{time}:59", uuid=f"{year}{time}") + _session()
            for year, day in (("0001", "01-01"), ("9999", "12-31"))
            for time in ("00:00:00+23", "23:59:59-23")
        ),
        "surrogates": _session(cwd="/a\ud800", uuid="\udfff", gitBranch="\0\u202e"),
        "a long line": _session(message={"content": "a" * 20 * MB}) + _session(),
        "deep": _session().replace(b'"SECRET"', b"[" * 100_000 + b"]" * 100_000) + _session(),
        "many": b"".join(_session(uuid=str(number)) for number in range(100_000)),
        "worktrees": b"".join(
            _session(
                worktreeSession={"worktreePath": f"/w{number}", "originalCwd": f"/w{number - 1}"}
            )
            for number in range(20_000)
        ),
    }


def agents(folder: Path, _: str) -> Iterator[tuple[str, AgentsSource]]:
    for name, file in _files(folder / "claude" / "projects", "a.jsonl", _sessions()):
        home = folder / "homes" / name
        (home / "projects").mkdir(parents=True)
        file.parent.rename(home / "projects" / "-a")
        yield name, AgentsSource({"Claude Code": home}, (), folder / "data" / name)
    for name in NO_FILES:
        data = folder / "harvests" / name
        data.mkdir(parents=True)
        ODD_FILES[name](data / "harvest.msgpack")
        home = folder / "homes" / "rows"
        yield f"harvest {name}", AgentsSource({"Claude Code": home}, (), data)
    codex = folder / "codex" / "sessions" / "2026" / "11" / "20"
    for name, file in _files(codex, "rollout-a.jsonl", _sessions()):
        home = folder / "codexes" / name
        day = home.joinpath(*codex.parts[-4:])
        day.parent.mkdir(parents=True)
        file.parent.rename(day)
        yield f"codex {name}", AgentsSource({"Codex": home}, (), folder / "codex data" / name)


def _calendar(*events: bytes) -> bytes:
    entries = b"".join(b"BEGIN:VEVENT\r\n%s\r\nEND:VEVENT\r\n" % event for event in events)
    return b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n%sEND:VCALENDAR\r\n" % entries


def _meeting(*lines: bytes, start: bytes = b"20261120T100000Z") -> bytes:
    return b"\r\n".join((b"UID:%d" % len(lines), b"DTSTART:" + start, b"SUMMARY:SECRET", *lines))


def _calendars() -> dict[str, bytes]:
    return {
        "no end": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 200_000,
        "only ends": b"BEGIN:VCALENDAR\r\n" + b"END:VEVENT\r\n" * 200_000,
        "folded for ever": b"BEGIN:VCALENDAR\r\nSUMMARY:" + b"\r\n a" * 2 * MB,
        "odd": _calendar(
            _meeting(start=b"99991231T235959Z"), _meeting(start=b"00010101T000000Z"),
            _meeting(start=b"20261332T250000Z"), _meeting(b"DURATION:P99999999999W"),
            _meeting(b"DTEND:null"), _meeting(b"ATTENDEE", b"ORGANIZER:"), b"DTSTART", b"UID:1",
            _meeting(b"RECURRENCE-ID:99999999T000000Z"), _meeting(b"SEQUENCE:" + b"9" * 5000),
        ),
        "rules": _calendar(*(
            _meeting(b"RRULE:" + rule, start=b"19700101T000000Z")
            for rule in (
                b"FREQ=SECONDLY", b"FREQ=DAILY;INTERVAL=0", b"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
                b"FREQ=DAILY;COUNT=" + b"9" * 100, b"FREQ=HOURLY;UNTIL=99991231", b"FREQ=", b"=",
                b"FREQ=WEEKLY;BYDAY=" + b"MO," * 10_000 + b"MO", b"FREQ=YEARLY;BYEASTER=0",
            )
        )),
        "dates": _calendar(_meeting(b"EXDATE:" + b"20261120T100000Z," * 200_000)),
        "alarms": _calendar(_meeting(b"BEGIN:VALARM\r\n" * 50_000)),
        "guests": _calendar(_meeting(*[b"ATTENDEE;CN=SECRET:mailto:a@b.example"] * 50_000)),
        "many": _calendar(*[_meeting()] * 50_000),
    }  # fmt: skip


def calendar(folder: Path, url: str) -> Iterator[tuple[str, CalendarSource]]:
    for name, file in _files(folder / "calendars", "a.ics", _calendars()):
        yield f"file {name}", CalendarSource((file,), (), ("e@example.com",), lambda: FRIDAY.zone)
    for name, place in _places(url):
        yield name, CalendarSource((), (f"{place}/a.ics",), (), lambda: FRIDAY.zone)


# -- git's repositories --------------------------------------------------------------------------


def _instead(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Puts something else in the place of a file or folder in `.git`."""

    def replace(repo: Path) -> None:
        path = repo / ".git" / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        make(path)

    return replace


def _whole(make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Puts something else in the place of `.git` itself."""

    def replace(repo: Path) -> None:
        shutil.rmtree(repo / ".git")
        make(repo / ".git")

    return replace


def _writes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2048 * MB)


_LINE = b"%s %s Eero <eero@example.com> 1763625600 +0200\tcheckout: moving from main to x\n"
REPOSITORIES: dict[str, Callable[[Path], object]] = {
    "gone": shutil.rmtree,
    "no git": _whole(lambda path: None),
    "git is empty": _whole(_writes(b"")),
    "git is a pipe": _whole(os.mkfifo),
    "git is endless": _whole(_link("/dev/zero")),
    "git is itself": _whole(_link(".git")),
    "git points nowhere": _whole(_writes(b"gitdir: /nowhere/at/all\n")),
    "git points at itself": _whole(_writes(b"gitdir: .git\n")),
    "git is sparse": _whole(_sparse),
    "HEAD is a pipe": _instead("HEAD", os.mkfifo),
    "HEAD is endless": _instead("HEAD", _link("/dev/zero")),
    "HEAD is sparse": _instead("HEAD", _sparse),
    "HEAD is nothing": _instead("HEAD", _writes(b"")),
    "HEAD is nonsense": _instead("HEAD", _writes(NONSENSE(1000))),
    "config is a pipe": _instead("config", os.mkfifo),
    "config is nonsense": _instead("config", _writes(b"[[[\n")),
    "config wants programs": _instead(
        "config",
        _writes(b"[core]\n\tpager = kill 0\n\tfsmonitor = kill 0\n\tsshCommand = kill 0\n"),
    ),
    "config includes itself": _instead("config", _writes(b"[include]\n\tpath = config\n")),
    "no objects": _instead("objects", lambda path: path.mkdir()),
    "objects are a file": _instead("objects", _writes(b"")),
    "no branch": _instead("refs/heads/main", _writes(b"")),
    "a branch that does not exist": _instead("refs/heads/main", _writes(b"1" * 40 + b"\n")),
    "packed branches of gigabytes": _instead("packed-refs", _sparse),
    "reflog of gigabytes": _instead("logs/HEAD", _sparse),
    "reflog is endless": _instead("logs/HEAD", _link("/dev/zero")),
    "reflog is a pipe": _instead("logs/HEAD", os.mkfifo),
    "reflog is a folder": _instead("logs/HEAD", lambda path: path.mkdir()),
    "reflog without end of line": _instead("logs/HEAD", _writes(b"a" * 8 * MB)),
    "reflog of a time that is none": _instead(
        "logs/HEAD", _writes(_LINE.replace(b"1763625600", b"9" * 30) % (b"1" * 40, b"2" * 40))
    ),
    "reflog of a busy day": _instead(
        "logs/HEAD", _writes(_LINE % (b"1" * 40, b"2" * 40) * 100_000)
    ),
    "objects elsewhere": _instead("objects/info/alternates", _writes(b"/dev/zero\n/dev\n..\n")),
    "shallow nonsense": _instead("shallow", _writes(b"nonsense\n")),
    "thousands of branches": _instead(
        "packed-refs", lambda path: path.write_text(_many_branches(path.parent), encoding="ascii")
    ),
}


def _many_branches(git: Path) -> str:
    sha = (git / "refs/heads/main").read_text(encoding="ascii").strip()
    return "".join(f"{sha} refs/heads/b{number:05}\n" for number in range(20_000))


def git(folder: Path, _: str) -> Iterator[tuple[str, GitSource]]:
    first = committed(folder / "first", "2026-11-20T10:00:00+02:00", SECRET)
    for name, make in REPOSITORIES.items():
        repo = folder / name
        shutil.copytree(first, repo)
        make(repo)
        yield name, GitSource("acme", (repo,), ("eero@example.com",))


# -- Services ------------------------------------------------------------------------------------

Answer = tuple[int, dict[str, str], Iterator[bytes]]


def _endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


@cache
def _gzipped(megabytes: int) -> bytes:
    packing = zlib.compressobj(wbits=31)
    packed = b"".join(packing.compress(b" " * MB) for _ in range(megabytes))
    return packed + packing.flush()


def _values(piece: bytes, megabytes: int) -> Iterator[bytes]:
    yield b"["
    for _ in range(megabytes):
        yield piece * (MB // len(piece))
    yield b"0]"


def _said(body: bytes = b"", status: int = 200, /, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, named, iter([body])


ROWS = (
    "null", "0", '"SECRET"', "[]", "[null]", "[[]]", "{}", '[{"id": null, "ref": "x"}]',
    '{"issues": null}', '{"issues": [null, 7, {"key": null}]}', '{"ok": true}',
    '{"ok": true, "messages": null}', '{"ok": true, "messages": {"matches": [null, {"ts": 7}]}}',
    '{"ok": true, "messages": {"matches": [{"ts": "1", "text": 1}], "paging": {"pages": 1e308}}}',
    '{"ok": false, "error": "<SECRET>"}', '{"ok": false, "error": null}', '{"ok": "SECRET"}',
    '{"id": 1e400}', '{"id": %s}' % ("9" * 5000), '{"id": NaN, "id": Infinity}',
    '{"id": 1, "workspaces": 7, "projects": {"a": 1}, "tasks": true, "default_workspace_id": 1}',
    '{"auth_token": "a\\nb: c", "refresh": "x", "id": 1}', '{"name": "\\ud800"}',
)  # fmt: skip
ANSWERS: dict[str, Callable[[], Answer]] = {
    "nothing": _said,
    "page": lambda: _said(b"<html><body>SECRET</body></html>", Content_Type="text/html"),
    "half": lambda: _said(b'{"ok": true, "issues": [{"key": "DEV-1"'),
    "deep": lambda: _said(b"[" * 200_000),
    "binary": lambda: _said(NONSENSE(MB)),
    "endless": lambda: (200, {}, _endless(b" " * MB)),
    "endless refusal": lambda: (400, {}, _endless(b"a" * MB)),
    "endless string": lambda: (200, {}, _endless(b'"' + b"a" * MB)),
    "bomb": lambda: _said(_gzipped(100), Content_Encoding="gzip"),
    "no gzip": lambda: _said(b"SECRET", Content_Encoding="gzip"),
    "dictionaries": lambda: (200, {}, _values(b"{},", 15)),
    "strings": lambda: (200, {}, _values(b'"ab",', 15)),
    "string of faces": lambda: _said(('"' + "😀" * 3 * MB + '"').encode()),
    "shorter than it says": lambda: _said(b"{}", Content_Length="100000"),
    "no length": lambda: _said(b"{}", Content_Length="SECRET"),
    "many headers": lambda: _said(b"{}", **{f"X-{number}": "a" for number in range(300)}),
    "a long header": lambda: _said(b"{}", X_Long="a" * 100_000),
    "moved": lambda: _said(b"", 302, Location="/" + SECRET),
    "moved to a file": lambda: _said(b"", 301, Location="file:///etc/passwd"),
    "status 999": lambda: _said(b"{}", 999),
    "status 600": lambda: _said(b"SECRET", 600),
    "later": lambda: _said(b"{}", 429, Retry_After="inf"),
    "much later": lambda: _said(b"{}", 429, Retry_After="9" * 400),
    "earlier": lambda: _said(b"{}", 429, Retry_After="Thu, 01 Jan 0001 00:00:00 GMT"),
    "page for 401": lambda: _said(b"<html></html>", 401),
    **{f"row {row[:60]}": lambda row=row: _said(row.encode()) for row in ROWS},  # type: ignore[misc]
}
# Codex's files are opened, and lines of a length read, as Claude Code's are.
READ_TWICE = ("codex sparse", "codex a long line", "codex many", "codex random")
SERVICES = ("slack", "jira", "taiga", "toggl")
TAKE_LONG = (
    "endless", "endless refusal", "endless string", "bomb", "dictionaries", "strings",
    "string of faces", "keys", "many",
)  # fmt: skip
# What the way to the answer begins with, so that it reaches further than the first request.
HONEST = {
    "auth": {"id": 1, "auth_token": "a", "refresh": "r"},
    "by_slug": {"id": 1, "name": "Web"},
    "myself": {"accountId": "a"},
    "me": {"id": 1, "default_workspace_id": 1, "workspaces": [{"id": 1, "name": "w"}]},
}


class _Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        _, number, later, *path = self.path.partition("?")[0].split("/")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if later == "later" and path[-1] in HONEST:
            answer = _said(json.dumps(HONEST[path[-1]]).encode())
        else:
            answer = [*ANSWERS.values()][int(number)]()
        status, headers, pieces = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for piece in pieces:
                self.wfile.write(piece)
        except OSError:
            return  # it has been enough

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def hostile_server() -> Iterator[str]:
    """Answers `/NUMBER/all/…` with that answer, `/NUMBER/later/…` after an honest beginning."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _places(url: str) -> Iterator[tuple[str, str]]:
    for number, name in enumerate(ANSWERS):
        for when in ("all", "later"):
            yield f"{name}, {when}", f"{url}/{number}/{when}"


def slack(_: Path, url: str) -> Iterator[tuple[str, SlackSource]]:
    for name, place in _places(url):
        yield name, SlackSource(None, SecretStr("xoxp-1"), "U1", f"{place}/api/", IN_A_HURRY)


def jira(_: Path, url: str) -> Iterator[tuple[str, JiraSource]]:
    for name, place in _places(url):
        for email in ("e@example.com", "")[: 1 if "later" in name else 2]:
            settings = GroupJira.model_validate(
                {"url": place, "project_key": "DEV", "email": email, "api_token": "t"}
            )
            yield f"{name} {email}", JiraSource("acme", settings, timing=IN_A_HURRY)


def taiga(_: Path, url: str) -> Iterator[tuple[str, TaigaSource]]:
    for name, place in _places(url):
        account = ResolvedTaiga("web", f"{place}/api/v1", place, "u", SecretStr("p"))
        yield name, TaigaSource("acme", account, TaigaLogins(IN_A_HURRY).of(account))


def toggl(_: Path, url: str) -> Iterator[tuple[str, TogglTracker]]:
    for name, place in _places(url):
        settings = TogglSettings.model_validate({"base_url": place, "api_token": "t"})
        yield name, TogglTracker(settings, timing=IN_A_HURRY)


def clockify(_: Path, url: str) -> Iterator[tuple[str, ClockifyTracker]]:
    for name, place in _places(url):
        settings = ClockifySettings.model_validate({"base_url": place, "api_key": "k"})
        yield name, ClockifyTracker(settings, timing=IN_A_HURRY)


def _forge(place: str) -> ResolvedForge:
    return ResolvedForge(("acme/api",), place, f"{place}/api/v4", SecretStr("t"), alone=True)


def github(_: Path, url: str) -> Iterator[tuple[str, GitHubSource]]:
    for name, place in _places(url):
        yield name, GitHubSource("acme", _forge(place), timing=IN_A_HURRY)


def gitlab(_: Path, url: str) -> Iterator[tuple[str, GitLabSource]]:
    for name, place in _places(url):
        yield name, GitLabSource("acme", _forge(place), timing=IN_A_HURRY)


# -- The process ---------------------------------------------------------------------------------

Source = ClueSource | IssueSource | TogglTracker | ClockifyTracker
SOURCES: dict[str, Callable[[Path, str], Iterator[tuple[str, Source]]]] = {
    "thyme": thyme,
    "git": git,
    "slack": slack,
    "jira": jira,
    "taiga": taiga,
    "toggl": toggl,
    "activitywatch": activitywatch,
    "agents": agents,
    "calendar": calendar,
    "clockify": clockify,
    "github": github,
    "gitlab": gitlab,
}


def _calls(source: Source) -> Iterator[Callable[[], object]]:
    if isinstance(source, TogglTracker | ClockifyTracker):
        yield lambda: source.check({})
        yield source.account
        yield lambda: source.entries(FRIDAY.span)
        return
    yield source.check
    if hasattr(source, "read"):
        yield lambda: source.read(FRIDAY.span).trouble
        return
    yield lambda: source.recent(None)
    yield lambda: source.by_keys(["DEV-1", "#1"])
    yield lambda: source.search("login")


def _sentence(call: Callable[[], object]) -> str:
    try:
        return str(call())
    except (SourceError, TrackerError) as error:
        return str(error)


def _is_wanted(service: str, case: str) -> bool:
    """A usual run leaves out what takes long and is read elsewhere in the same way."""
    if case in READ_TWICE:
        return False
    name, _, way = case.partition(", ")
    if name not in TAKE_LONG:
        return True
    turn = SERVICES[TAKE_LONG.index(name) % len(SERVICES)]
    return service == turn and way in ("all", "all e@example.com")


def main(names: list[str], folder: Path, url: str, *, everything: bool) -> None:
    cases = ((name, *each) for name in names for each in SOURCES[name](folder, url))
    for name, case, source in cases:
        if not everything and not _is_wanted(name, case):
            continue
        began = time.monotonic()
        sentences = [_sentence(call) for call in _calls(source)]
        sys.stdout.write(
            json.dumps([f"{name}: {case}", time.monotonic() - began, sentences]) + "\n"
        )
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    sys.stdout.write(f"{max(peak_mb(), children)}\n")


def peak_mb() -> int:
    """What this process took at most. `ru_maxrss` would have its parent's too, from before exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main(sys.argv[1].split(), Path(sys.argv[2]), sys.argv[3], everything="all" in sys.argv[4:])
