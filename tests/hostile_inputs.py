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
from tracklater_bot.settings import GroupJira, ResolvedTaiga, TogglSettings
from tracklater_bot.sources.base import ClueSource, IssueSource, SourceError
from tracklater_bot.sources.clues.git import GitSource
from tracklater_bot.sources.clues.slack import SlackSource
from tracklater_bot.sources.clues.thyme import ThymeSource
from tracklater_bot.sources.issues.jira import JiraSource
from tracklater_bot.sources.issues.taiga import TaigaSource
from tracklater_bot.sources.issues.taiga_login import TaigaLogins
from tracklater_bot.trackers.base import TrackerError
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


# -- The process ---------------------------------------------------------------------------------

Source = ClueSource | IssueSource | TogglTracker
SOURCES: dict[str, Callable[[Path, str], Iterator[tuple[str, Source]]]] = {
    "thyme": thyme,
    "git": git,
    "slack": slack,
    "jira": jira,
    "taiga": taiga,
    "toggl": toggl,
}


def _calls(source: Source) -> Iterator[Callable[[], object]]:
    if isinstance(source, TogglTracker):
        yield lambda: source.check({})
        yield source.account
        yield lambda: source.entries(FRIDAY.span)
        return
    yield source.check
    if isinstance(source, JiraSource | TaigaSource):
        yield lambda: source.recent(None)
        yield lambda: source.by_keys(["DEV-1", "#1"])
        yield lambda: source.search("login")
    elif isinstance(source, ThymeSource | GitSource | SlackSource):
        yield lambda: source.read(FRIDAY.span).trouble


def _sentence(call: Callable[[], object]) -> str:
    try:
        return str(call())
    except (SourceError, TrackerError) as error:
        return str(error)


def _is_wanted(service: str, case: str) -> bool:
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
