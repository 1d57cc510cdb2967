"""How fast a day becomes suggestions, beside the fastest that the same files allow. Run it with

    python -m benchmarks.speed

The limit, measured in the same rounds: the day file decoded by the fastest JSON library there is,
and one raw `git log` for each repository. Every figure is the median of several rounds.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

import msgspec
import orjson

from tracklater_bot.core import Core, opened
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.drafting.recorders import read_all
from tracklater_bot.settings import load
from tracklater_bot.sources.clues.agents import AgentsSource
from tracklater_bot.sources.clues.git_log import SKEW

DAY = WorkDay(date(2026, 11, 20), ZoneInfo("Europe/Helsinki"))
EMAIL = "eero@example.com"
ROUNDS = 9
MONTH = 30
ISOLATED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@dataclass(frozen=True, slots=True)
class Screen:
    """How much a recorder writes in a day of 24 hours."""

    snapshots: int
    windows: int

    @property
    def interval(self) -> timedelta:
        """The time between two snapshots."""
        return timedelta(days=1) / self.snapshots


BUSY = Screen(snapshots=4320, windows=20)
USUAL = Screen(snapshots=1440, windows=5)


@dataclass(frozen=True, slots=True)
class Desk:
    """What is on disk: settings, a folder of thyme days, and repositories."""

    folder: Path
    repos: tuple[Path, ...]

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "tracklater.toml"

    def day_file(self, day: WorkDay) -> Path:
        """A day's file of thyme."""
        return self.folder / "thyme" / f"{day.date}.json"


# -- Making a day ------------------------------------------------------------------------------


def make_desk(folder: Path) -> Desk:
    """A day of 4,320 snapshots of 20 windows, and ten repositories, two of them large."""
    desk = _desk(folder, repos=10)
    _record(desk, DAY, BUSY)
    many_branches, many_commits, *small = desk.repos
    _import(many_branches, _commits("main", 1000, timedelta(hours=1)))
    _import(many_branches, _branches(300))
    _import(many_commits, _commits("main", 100_000, timedelta(minutes=40)))
    for repo in small:
        _import(repo, _commits("main", 500, timedelta(hours=2)))
    return desk


def make_month(folder: Path) -> Desk:
    """Thirty usual days, the last one being the day, and one repository."""
    desk = _desk(folder, repos=1)
    for day in month():
        _record(desk, day, USUAL)
    _import(desk.repos[0], _commits("main", 500, timedelta(hours=2)))
    return desk


def month() -> list[WorkDay]:
    """Thirty days in a row, the last one being the day."""
    dates = (DAY.date - timedelta(days=back) for back in reversed(range(MONTH)))
    return [WorkDay(date_, DAY.zone) for date_ in dates]


def _desk(folder: Path, repos: int) -> Desk:
    """The settings of two clients who share the repositories between them."""
    desk = Desk(folder, tuple(folder / f"repo-{number}" for number in range(repos)))
    (folder / "thyme").mkdir(parents=True)
    half = (repos + 1) // 2
    acme, beta = ([str(repo) for repo in some] for some in (desk.repos[:half], desk.repos[half:]))
    (folder / ".env").touch()
    desk.config.write_text(f"""
timezone = "{DAY.zone}"
thyme.dir = {json.dumps(str(folder / "thyme"))}
git.emails = ["{EMAIL}"]
groups.acme = {{ keywords = ["acme"], git.repos = {json.dumps(acme)}, jira.project_key = "DEV" }}
groups.beta = {{ keywords = ["beta"], git.repos = {json.dumps(beta)} }}
""")
    return desk


def _record(desk: Desk, day: WorkDay, screen: Screen) -> None:
    document = {"Snapshots": list(_snapshots(day, screen))}
    desk.day_file(day).write_text(json.dumps(document, separators=(",", ":")))


def _snapshots(day: WorkDay, screen: Screen) -> Iterator[dict[str, object]]:
    """A busy screen: in one sample of five another window is in front or a title has changed."""
    chance = random.Random(day.date.toordinal())
    titles = [
        f"module_{number}.py - {chance.choice(('acme', 'beta'))}-api - Visual Studio Code"
        for number in range(99)
    ]
    ids = [4194316 + 2097152 * number for number in range(screen.windows)]
    shown, active = chance.choices(titles, k=screen.windows), 0
    for number in range(screen.snapshots):
        if chance.random() < 0.1:
            shown[chance.randrange(screen.windows)] = chance.choice(titles)
        if chance.random() < 0.1:
            active = chance.randrange(screen.windows)
        at = day.span.start + screen.interval * number + timedelta(milliseconds=number % 700)
        yield {
            "Time": day.local(at).isoformat(),
            "Windows": [
                {"ID": id, "Desktop": 0, "Name": title}
                for id, title in zip(ids, shown, strict=True)
            ],
            "Active": ids[active],
            "Visible": ids,
        }


def _commits(branch: str, count: int, apart: timedelta) -> Iterator[str]:
    """Commits up to the evening of the day, in the words of `git fast-import`."""
    last = DAY.span.end - timedelta(hours=10)
    for number in range(count):
        yield _commit(branch, f"DEV-{number} Change {number}", last - apart * (count - 1 - number))


def _branches(count: int) -> Iterator[str]:
    """Branches of three commits each; one in ten was worked on that day."""
    for number in range(count):
        at = DAY.span.end - timedelta(hours=12, days=number % 10)
        for step in range(3):
            start = "" if step else f"from refs/heads/main~{number}\n"
            minutes = timedelta(minutes=number % 60 + step)
            subject = f"DEV-{number} Step {step}"
            yield _commit(f"feature/DEV-{number}", subject, at + minutes, start)


def _commit(branch: str, subject: str, at: datetime, start: str = "") -> str:
    who = f"Eero <{EMAIL}> {int(at.timestamp())} +0200"
    return (
        f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n"
        f"data {len(subject)}\n{subject}\n{start}\n"
    )


def _import(repo: Path, commits: Iterator[str]) -> None:
    stream = "".join(commits).encode()
    _git("init", "-q", "-b", "main", str(repo))
    _git("-C", str(repo), "fast-import", "--quiet", stream=stream)


def _git(*arguments: str, stream: bytes = b"") -> bytes:
    env = os.environ | ISOLATED
    run = subprocess.run(
        ["git", *arguments], input=stream, env=env, check=True, capture_output=True
    )
    return run.stdout


# -- Measuring ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with what it should be at most; `told` says what it is made of."""

    name: str
    target: float
    reached: float
    unit: str
    told: str = ""


def milliseconds(work: Callable[[], object]) -> float:
    """How long it takes once."""
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1000


@contextmanager
def _core(desk: Desk) -> Iterator[Core]:
    settings = load(desk.config, desk.folder / ".env", {}).settings
    with opened(settings, clock=lambda: datetime.now(UTC).replace(year=2027)) as core:
        yield core


def in_process(desk: Desk) -> Iterator[Figure]:
    """From files to suggestions, as a multiple of the limit, round by round beside it."""
    with _core(desk) as core:
        core.machine.drafts([DAY])  # imports, and the files come into the system's cache
        rounds = [_round(desk, core) for _ in range(ROUNDS)]
    decode, log, reading, draft = (median(each) for each in zip(*rounds, strict=True))
    ratio = median(draft / (decode + log) for decode, log, _, draft in rounds)
    told = f"{draft:.0f} ms, {reading:.0f} of them reading; limit {decode:.0f} + {log:.0f} ms"
    yield Figure("files to suggestions / limit", 2.0, ratio, "x", told)


def _round(desk: Desk, core: Core) -> tuple[float, float, float, float]:
    """Milliseconds: decoding alone, git log alone, reading all sources, the whole draft."""
    return (
        min(milliseconds(partial(_decode, desk.day_file(DAY), decoder)) for decoder in decoders()),
        milliseconds(lambda: _raw_logs(desk.repos)),
        milliseconds(lambda: read_all(core.clue_sources, DAY.span)),
        milliseconds(lambda: core.machine.drafts([DAY])),
    )


def decoders() -> list[Callable[[bytes], object]]:
    """The fastest JSON libraries; the limit is the faster one here."""
    return [msgspec.json.decode, orjson.loads]


def _decode(path: Path, decoder: Callable[[bytes], object]) -> object:
    return decoder(path.read_bytes())


def _raw_logs(repos: Iterable[Path]) -> None:
    """One raw `git log` for each repository, one after another."""
    since = f"--since={(DAY.span.start - SKEW).isoformat()}"
    for repo in repos:
        _git("-C", str(repo), "log", "--branches", since, "--format=%H %at %ae %s")


# A small process that starts another: the system counts a process as no smaller than the one
# that started it. Prints seconds, processor seconds, and the peak memory of the largest process.
_LAUNCHER = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
took = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(took, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
_RSS_UNITS = 1024 * 1024 if sys.platform == "darwin" else 1024  # in a megabyte


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: seconds, seconds of processor time, megabytes at its peak."""

    seconds: float
    processor: float
    peak: float


def whole_process(desk: Desk) -> Iterator[Figure]:
    """`preview DAY --json` as a process of its own, over a Python that does nothing."""
    preview = ["-m", "tracklater_bot", "preview", str(DAY.date), "--json"]
    command = [*preview, "--config", str(desk.config)]
    _launched(command, desk)  # compiles what has never run
    rounds = [(_launched(["-c", "pass"], desk), _launched(command, desk)) for _ in range(ROUNDS)]
    over = median(full.seconds - empty.seconds for empty, full in rounds)
    processor = median(full.processor - empty.processor for empty, full in rounds)
    told = f"{processor:.2f} s of processor time, git's included"
    yield Figure("preview --json over an empty Python", 0.5, over, "s", told)
    peak = median(full.peak for _, full in rounds)
    yield Figure("peak memory of the preview", 100, peak, "MB")


def _launched(arguments: list[str], desk: Desk) -> Run:
    """One Python process, started by a small one."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("TRACKLATER_")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # who installs it has everything compiled
    command = [sys.executable, "-c", _LAUNCHER, sys.executable, *arguments]
    here = {"PYTHONPATH": str(Path(__file__).parent.parent)}
    run = subprocess.run(
        command, cwd=desk.folder, env=env | here, check=True, capture_output=True, text=True
    )
    seconds, processor, largest = map(float, run.stdout.split())
    return Run(seconds, processor, largest / _RSS_UNITS)


def activitywatch(folder: Path) -> Iterator[Figure]:
    """From 4,000 events, as a server answers with them, to suggestions; and beside thyme."""
    thyme, watched = make_month(folder / "thyme"), _desk(folder / "activitywatch", repos=0)
    _record(thyme, DAY, BUSY)
    export = folder / "activitywatch" / "export.json"
    export.write_text(json.dumps({"buckets": dict(_buckets(4000))}))
    written = watched.config.read_text()
    with watched.config.open("w") as file:
        file.write(f"activitywatch.file = {json.dumps(str(export))}\n{written}")
    with _core(thyme) as other, _core(watched) as core:
        drafts = [partial(each.machine.drafts, [DAY]) for each in (other, core)]
        for draft in drafts:
            draft()
        began = process_time()
        rounds = [tuple(map(milliseconds, drafts)) for _ in range(ROUNDS)]
        processor = (process_time() - began) / ROUNDS
    theirs, mine = (median(each) for each in zip(*rounds, strict=True))
    own = processor * mine / (mine + theirs)
    yield Figure("4,000 events of ActivityWatch", 0.6, own, "s", "of processor time")
    ratio = median(own / others for others, own in rounds)
    told = f"{mine:.0f} ms; thyme {theirs:.0f} ms"
    yield Figure("4,000 events of ActivityWatch / thyme", 4.0, ratio, "x", told)


def _buckets(count: int) -> Iterator[tuple[str, object]]:
    """Windows that change every seven seconds, with pages and projects in them, newest first."""
    chance = random.Random(count)
    start = DAY.span.start + timedelta(hours=4)
    seconds = [start + timedelta(seconds=7.2 * number) for number in range(count)]
    titles = [f"module_{n}.py - {chance.choice(('acme', 'beta'))}-api" for n in range(99)]
    apps = ("Code", "Google-chrome", "Slack", "Terminal")
    kinds: dict[str, tuple[str, float, Callable[[int], dict[str, str]]]] = {
        "window": (
            "currentwindow",
            6.2,
            lambda _: {"app": chance.choice(apps), "title": chance.choice(titles)},
        ),
        "web-chrome": ("web.tab.current", 7.0, lambda n: {"url": f"https://x.example/{n % 50}"}),
        "vscode": ("app.editor.activity", 7.0, lambda n: {"project": f"/src/{n % 9}-api"}),
        "afk": ("afkstatus", 7.1, lambda _: {"status": "not-afk"}),
    }
    for name, (kind, length, data) in kinds.items():
        events = [
            {"timestamp": at.isoformat(), "duration": length, "data": data(number)}
            for number, at in enumerate(seconds)
            if name == "window" or number % 4 == 0 or name == "afk"
        ]
        bucket = {"type": kind, "hostname": "box", "client": "aw", "events": events[::-1]}
        yield f"aw-watcher-{name}_box", bucket


def many_days(desk: Desk) -> Iterator[Figure]:
    """Thirty days at once, as a multiple of thirty times one day."""
    days = month()
    with _core(desk) as core:
        core.machine.drafts(days)
        rounds = [
            (
                sum(milliseconds(partial(core.machine.drafts, [day])) for day in days),
                milliseconds(lambda: core.machine.drafts(days)),
            )
            for _ in range(3)
        ]
    single, together = (median(each) for each in zip(*rounds, strict=True))
    told = f"{together:.0f} ms; one by one {single:.0f} ms"
    yield Figure("thirty days / thirty times one", 1.1, together / single, "x", told)


# -- Logs of agents ----------------------------------------------------------------------------

SESSIONS, TURNS, STEPS = 2000, 10, 20
_READ = """
import sys
from datetime import datetime
from pathlib import Path
from tracklater_bot.domain.day import Span
from tracklater_bot.sources.clues.agents import AgentsSource
folder, start, end, *wanted = sys.argv[1:]
source = AgentsSource({"Claude Code": Path(folder) / "claude"}, (), Path(folder) / "kept")
if wanted:
    source.read(Span(datetime.fromisoformat(start), datetime.fromisoformat(end)))
"""


def make_sessions(folder: Path) -> Desk:
    """Two thousand sessions, a gigabyte, over a month that ends with the day."""
    for number in range(SESSIONS):
        began = DAY.span.start + timedelta(hours=5) - timedelta(days=number % MONTH)
        path = folder / "claude" / "projects" / f"-src-{number % 20}" / f"{number}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_session(number, began)))
        last = (began + timedelta(hours=3)).timestamp()
        os.utime(path, (last, last))
    return _desk(folder, repos=0)


def _session(number: int, began: datetime) -> Iterator[str]:
    for turn in range(TURNS):
        for step in range(STEPS):
            at = began + timedelta(minutes=15 * turn, seconds=20 * step)
            kind, source = ("assistant", "null") if step else ("user", '"typed"')
            yield (
                f'{{"type":"{kind}","timestamp":"{at.isoformat()}","sessionId":"{number}",'
                f'"uuid":"{number}-{turn}-{step}","cwd":"/src/{number % 20}","gitBranch":"main",'
                f'"promptSource":{source},"message":{{"content":"{"word " * 480}"}}}}\n'
            )


def agents_logs(desk: Desk) -> Iterator[Figure]:
    """A day's sessions among those of a month, when all were read before; and its memory."""
    span = DAY.span
    command = ["-c", _READ, str(desk.folder), span.start.isoformat(), span.end.isoformat()]
    first = [_launched([*command, "x"], desk).seconds for _ in range(2)]
    empty = [_launched(command, desk) for _ in range(3)]
    full = [_launched([*command, "x"], desk) for _ in range(3)]
    source = AgentsSource({"Claude Code": desk.folder / "claude"}, (), desk.folder / "kept")
    again = median(milliseconds(lambda: source.read(span)) for _ in range(ROUNDS)) / 1000
    told = f"the first times {first[0]:.1f} and {first[1]:.1f} s"
    yield Figure("2,000 sessions of agents, again", 1.0, again, "s", told)
    peak = median(run.peak for run in full) - median(run.peak for run in empty)
    yield Figure("their memory", 50, peak, "MB")


def calendar(folder: Path) -> Iterator[Figure]:
    """A calendar of five megabytes, and the memory that it takes beyond an empty one."""
    settings = 'timezone = "{}"\ncalendar = {{ files = ["{}"], emails = ["{}"] }}\n'
    peaks, took, processor = [], [], []
    for name, entries in (("empty", 0), ("full", 6000)):
        desk = Desk(folder / name, ())
        desk.folder.mkdir(parents=True)
        file = desk.folder / "mine.ics"
        file.write_text("\r\n".join(_calendar(entries)))
        desk.config.write_text(settings.format(DAY.zone, file, EMAIL))
        (desk.folder / ".env").touch()
        command = ["-m", "tracklater_bot", "preview", str(DAY.date), "--json"]
        runs = [_launched([*command, "--config", str(desk.config)], desk) for _ in range(4)][1:]
        peaks.append(median(run.peak for run in runs))
        took.append(min(run.seconds for run in runs))
        processor.append(min(run.processor for run in runs))
    told = f"{file.stat().st_size / 1e6:.1f} MB, over an empty one, the libraries included"
    told += f"; {processor[1] - processor[0]:.2f} s of processor time"
    yield Figure("a calendar", 1.0, took[1] - took[0], "s", told)
    yield Figure("memory for it", 50, peaks[1] - peaks[0], "MB")


def _calendar(entries: int) -> Iterator[str]:
    """Three years of single meetings, and a weekly series for every 24 of them."""
    chance = random.Random(entries)
    yield "BEGIN:VCALENDAR"
    for number in range(entries + entries // 24):
        at = datetime(2024, 1, 1, 9) + timedelta(days=chance.randrange(1100))  # noqa: DTZ001
        guests = (
            f"ATTENDEE;PARTSTAT=ACCEPTED;CN=Guest:mailto:guest{n}@acme.example" for n in "123"
        )
        yield from ("BEGIN:VEVENT", f"UID:{number}", f"SUMMARY:Acme {number}", *guests)
        yield f"DTSTART;TZID={DAY.zone}:{at:%Y%m%dT%H%M%S}"
        yield f"DTEND;TZID={DAY.zone}:{at + timedelta(hours=1):%Y%m%dT%H%M%S}"
        yield from ["RRULE:FREQ=WEEKLY"] * (number >= entries)
        yield from (f"DESCRIPTION:{'Join the meeting at ' * 22}", "END:VEVENT")
    yield from ("END:VCALENDAR", "")


# -- The table ---------------------------------------------------------------------------------


def table(figures: Iterable[Figure]) -> Iterator[str]:
    """The figures as lines of text."""
    yield f"{'figure':<36} {'target':>9} {'reached':>9}"
    for figure in figures:
        digits = 0 if figure.unit == "MB" else 2
        values = (figure.target, figure.reached)
        target, reached = (f"{value:.{digits}f} {figure.unit}" for value in values)
        yield f"{figure.name:<36} {target:>9} {reached:>9}  {figure.told}".rstrip()


def main() -> None:
    """Makes the files, measures, prints a table."""
    os.environ.update(ISOLATED)
    with tempfile.TemporaryDirectory() as folder:
        desk, days = make_desk(Path(folder) / "day"), make_month(Path(folder) / "month")
        size = desk.day_file(DAY).stat().st_size / 1e6
        print(f"{size:.1f} MB of thyme, {len(desk.repos)} repositories\n", flush=True)
        agents = agents_logs(make_sessions(Path(folder) / "agents"))
        watched = activitywatch(Path(folder) / "watched")
        planned = calendar(Path(folder) / "calendar")
        figures = in_process(desk), whole_process(desk), many_days(days), watched, agents, planned
        for line in table(chain.from_iterable(figures)):
            print(line)


if __name__ == "__main__":
    main()
