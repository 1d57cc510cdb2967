"""How much confirmed time teaches: made-up months in which titles hardly name anybody.

`python -m benchmarks.habits --seeds 20-29` drafts each day of a month in order; what was worked on
the days before is in the tracker, and nothing else teaches. Right is the time whose group is
named, or is the first of the candidates where none is. Tuned on seeds 0-9; held out are all others.
And days of `benchmarks.accuracy`, with what eight days before them taught.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zlib import crc32
from zoneinfo import ZoneInfo

from benchmarks import worlds
from benchmarks.score import Score
from benchmarks.score import score as rated
from tracklater_bot.domain.clues import Window
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.draft import Brief
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.hints import Hint, HintKind
from tracklater_bot.drafting.habits import HabitFiles
from tracklater_bot.drafting.machine import LocalMachine
from tracklater_bot.engine import suggest
from tracklater_bot.engine.learn.habits import Habits, Lesson, learned
from tracklater_bot.engine.learn.words import Hashing
from tracklater_bot.settings import Settings, SuggestSettings
from tracklater_bot.sources.clues.registry import clue_sources

ZONE, FIRST = ZoneInfo("Europe/Helsinki"), date(2026, 10, 1)
GROUPS, DAYS, DAY_MINUTES = 39, 25, 450.0
TAUGHT, UNTIL = 6, 20  # the days that are scored
RICH, BEFORE = ("ordinary", "busy", "few_cues", "calls"), 8  # kinds of days, and days before them
SYLLABLES = [f"{first}{then}" for first in "bdklmnrstv" for then in "aeio"]
PROGRAMS = (
    "Google Chrome", "Figma", "Visual Studio Code", "Mozilla Firefox", "LibreOffice Calc",
    "Konsole", "Slack", "Preview", "Finder", "Mail", "Notion",
)  # fmt: skip
ANYBODYS = (
    "New Tab - Google Chrome", "Slack", "Inbox (3) - Mail", "Finder", "Konsole",
    "Untitled - Notion", "Google Search - Google Chrome", "Calendar - Google Chrome", "Downloads",
    "Save As", "Terminal", "Preview", "Settings",
)  # fmt: skip


@dataclass
class Client:
    """A group: words of its own, words that others use as well, and the days that it is there."""

    name: str
    own: list[str]
    shared: list[str]
    first: int
    last: int
    share: float
    programs: list[str]
    documents: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Shown:
    """A window in front, in minutes since eight o'clock, and whose time it was."""

    start: float
    end: float
    client: str
    title: str


def _word(chance: random.Random, syllables: int = 0) -> str:
    return "".join(chance.choice(SYLLABLES) for _ in range(syllables or chance.randint(2, 4)))


def _document(chance: random.Random, client: Client, common: Sequence[str]) -> str:
    words = []
    for _ in range(chance.randint(1, 4)):
        source = client.shared if chance.random() < 0.6 else common
        words.append(chance.choice(client.own if chance.random() < 0.5 else source))
    if chance.random() < 0.25:
        words.append(_word(chance))
    return f"{' '.join(words)} - {chance.choice(client.programs)}"


def _clients(chance: random.Random, common: Sequence[str]) -> list[Client]:
    clients = []
    for number in range(GROUPS):
        first = max(0, int(chance.expovariate(1 / 5))) if chance.random() < 0.6 else 0
        last = DAYS if chance.random() < 0.6 else first + chance.randint(3, 15)
        client = Client(
            name=_word(chance, 3),
            own=[_word(chance) for _ in range(chance.randint(4, 14))],
            shared=chance.sample(common, chance.randint(6, 14)),
            first=first,
            last=last,
            share=1 / (1 + number) ** 0.85,
            programs=chance.sample(PROGRAMS, chance.randint(2, 5)),
        )
        count = chance.randint(4, 10)
        client.documents = [_document(chance, client, common) for _ in range(count)]
        clients.append(client)
    return clients


def month(seed: int) -> tuple[list[str], list[list[Shown]]]:
    """The names of the groups, and the windows of each day."""
    chance = random.Random(seed)
    common = [_word(chance) for _ in range(60)]
    clients = _clients(chance, common)
    days = []
    for number in range(DAYS):
        present = [c for c in clients if c.first <= number <= c.last] or clients
        todays = chance.choices(present, [c.share for c in present], k=chance.randint(3, 7))
        for client in {c.name: c for c in todays}.values():
            if chance.random() < 0.5:
                client.documents.append(_document(chance, client, common))
        days.append(list(_day(chance, todays, clients, common)))
    return [client.name for client in clients], days


def _day(
    chance: random.Random, todays: Sequence[Client], clients: Sequence[Client], common: list[str]
) -> Iterator[Shown]:
    at = 0.0
    while at < DAY_MINUTES:
        client, end = chance.choice(todays), at + max(4, chance.lognormvariate(3.2, 0.8))
        lately = client.documents[-8:]
        open_now = chance.sample(lately, min(len(client.documents), chance.randint(1, 4)))
        while at < end:
            minutes = min(max(1 / 3, chance.expovariate(1 / 1.6)), 15)
            title = _title(chance, client, open_now, clients, common)
            yield Shown(at, min(at + minutes, end + 1), client.name, title)
            at += minutes
        if chance.random() < 0.15:
            at += chance.uniform(5, 50)


def _title(
    chance: random.Random,
    client: Client,
    documents: Sequence[str],
    clients: Sequence[Client],
    common: list[str],
) -> str:
    kind = chance.random()
    if kind < 0.24:
        return chance.choice(ANYBODYS)
    if kind < 0.28:
        return chance.choice(chance.choice(clients).documents)
    if kind < 0.295:
        return f"{client.name} {chance.choice(common)} - {chance.choice(client.programs)}"
    if kind < 0.40:
        words = f"{chance.choice(common)} {chance.choice(common)}"
        return f"{words} - {chance.choice(client.programs)}"
    return chance.choice(documents)


# -- As the product gets it --------------------------------------------------------------------


def _at(day: date, minutes: float) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=ZONE) + timedelta(minutes=minutes)


def _record(folder: Path, day: date, windows: Sequence[Shown], seconds: int) -> None:
    """A day as thyme keeps it."""
    snapshots, number, at = [], 0, windows[0].start
    while at < windows[-1].end:
        while number < len(windows) - 1 and windows[number].end <= at:
            number += 1
        shown = windows[number]
        if shown.start <= at < shown.end:
            window = crc32(shown.title.encode()) % 10**6 + 2
            one = {"ID": window, "Desktop": 0, "Name": shown.title}
            time_of = _at(day, at).isoformat()
            snapshots.append(
                {"Time": time_of, "Windows": [one], "Active": window, "Visible": [window]}
            )
        at += seconds / 60
    (folder / f"{day}.json").write_text(json.dumps({"Snapshots": snapshots}))


def _entries(day: date, windows: Sequence[Shown]) -> Iterator[TimeEntry]:
    """What the person has in the tracker in the end."""
    runs: list[list[Shown]] = []
    for shown in windows:
        last = runs[-1][-1] if runs else None
        if last and last.client == shown.client and shown.start - last.end < 2:
            runs[-1].append(shown)
        else:
            runs.append([shown])
    for run in runs:
        start, end = _at(day, run[0].start), _at(day, run[-1].end)
        yield TimeEntry(start.isoformat(), start, end, group=run[0].client)


@dataclass(frozen=True)
class _Rest:
    """The rest of the product, which knows the groups and the entries."""

    groups: tuple[Group, ...]
    history: tuple[TimeEntry, ...]
    days: tuple[WorkDay, ...] = ()

    @contextmanager
    def prepare(self, days: Sequence[WorkDay]) -> Iterator[_Rest]:
        yield _Rest(self.groups, self.history, tuple(days))

    def brief(self, keys: Sequence[str]) -> Brief:
        return Brief(self.days, self.groups, history=self.history)


@dataclass
class Tally:
    """Minutes: all, right, of rows at 0.9 and more, right among these; changes; seconds."""

    whole: float = 0.0
    right: float = 0.0
    sure: float = 0.0
    sure_right: float = 0.0
    changes: int = 0
    true_changes: int = 0
    previews: int = 0
    seconds: float = 0.0

    def line(self) -> str:
        """The figures."""
        return (
            f"right {self.right / self.whole:.1%}; at 0.9 and more {self.sure / self.whole:.1%} of"
            f" the time, {self.sure_right / max(self.sure, 1):.1%} of it right; changes"
            f" {self.changes / self.true_changes:.2f}x; {self.seconds / self.previews:.2f} s"
            " of processor a preview"
        )


def score(seed: int, tally: Tally, *, keywords: bool, habits: bool, seconds: int) -> None:
    """Adds a month."""
    names, days = month(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "thyme"
        folder.mkdir()
        for number, windows in enumerate(days):
            _record(folder, FIRST + timedelta(days=number), windows, seconds)
        hints = {n: (Hint(n, HintKind.KEYWORD, n),) if keywords else () for n in names}
        groups = tuple(Group(n, hints[n]) for n in names)
        sources = clue_sources(Settings.model_validate({"thyme": {"dir": str(folder)}}))
        now = _at(FIRST + timedelta(days=DAYS), 0)
        files = HabitFiles(Path(name) / "habits", sources, lambda: now) if habits else None
        history: list[TimeEntry] = []
        for number, windows in enumerate(days[: UNTIL + 1]):
            day = FIRST + timedelta(days=number)
            if number >= TAUGHT:
                rest = _Rest(groups, tuple(history))
                machine = LocalMachine(SuggestSettings(), sources, rest, lambda: now, habits=files)
                _score_day(machine, day, windows, tally)
            history += _entries(day, windows)


def _score_day(machine: LocalMachine, day: date, windows: Sequence[Shown], tally: Tally) -> None:
    began = time.process_time()
    [draft] = machine.drafts([WorkDay(day, ZONE)])
    tally.seconds += time.process_time() - began
    tally.previews += 1
    named = truth = None
    for shown in windows:
        minutes = shown.end - shown.start
        tally.whole += minutes
        tally.true_changes += truth not in (None, shown.client)
        truth = shown.client
        middle = _at(day, (shown.start + shown.end) / 2)
        row = next((s for s in draft.suggestions if middle in s.span), None)
        if row is None:
            continue
        group = row.group or (row.candidates[0].group if row.candidates else None)
        tally.right += minutes * (group == shown.client)
        if row.group is not None and row.confidence >= 0.9:
            tally.sure += minutes
            tally.sure_right += minutes * (group == shown.client)
        if group is not None:
            tally.changes += named not in (None, group)
            named = group


# -- Days full of keywords, commits and keys ---------------------------------------------------


def beside_keywords(seeds: Iterable[int], *, named: bool = True) -> tuple[Score, Score]:
    """Days of `benchmarks.accuracy`, without habits and with those of eight days before them.

    Without `named`, neither a keyword nor a repository tells whose anything is.
    """
    without, with_habits = Score(), Score()
    for seed in seeds:
        clients = worlds.make(seed, RICH[0]).clients
        hashing, past = Hashing(b"rich"), {}
        for number in range(BEFORE):
            world = worlds.make(1000 * seed + number, RICH[number % len(RICH)], clients)
            windows = [clue for clue in world.inputs.clues if isinstance(clue, Window)]
            issues = {issue.key: issue.id for issue in world.inputs.issues}
            lessons = [Lesson(t.span, t.group, issues.get(t.issue or "")) for t in world.truth]
            past[number] = learned(windows, lessons, hashing)
        for kind in RICH:
            world = worlds.make(1000 * seed + 500, kind, clients)
            days = {world.day.date - timedelta(days=n + 1): counts for n, counts in past.items()}
            groups = [group.name for group in world.inputs.groups]
            issue_ids = [issue.id for issue in world.inputs.issues]
            habits = Habits(days, world.day.date, groups, hashing, issue_ids)
            inputs = world.inputs
            if not named:
                silent = tuple(replace(group, hints=()) for group in inputs.groups)
                seen = tuple(clue for clue in inputs.clues if isinstance(clue, Window))
                inputs = replace(inputs, groups=silent, clues=seen)
            without += rated(world, suggest(inputs))
            with_habits += rated(world, suggest(replace(inputs, habits=habits)))
    return without, with_habits


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="20-23", help="first-last")
    parser.add_argument("--sampling", type=int, default=20, help="seconds from sample to sample")
    arguments = parser.parse_args()
    first, last = map(int, arguments.seeds.split("-"))
    for keywords, habits in ((True, False), (True, True), (False, True)):
        tally = Tally()
        for seed in range(first, last + 1):
            score(seed, tally, keywords=keywords, habits=habits, seconds=arguments.sampling)
        known = "names as keywords" if keywords else "no keywords"
        print(f"{known}, {'with' if habits else 'without'} habits: {tally.line()}", flush=True)
    rich = beside_keywords(range(first, last + 1))
    for way, days in zip(("without", "with"), rich, strict=True):
        rows = days.rows
        print(
            f"days full of keywords, {way} habits: right {days.share_right:.1%}, wrong"
            f" {days.share_wrong:.1%}; of certain rows {rows.share_certain_standing or 0:.1%}"
            f" stand, which cover {rows.certain_minutes / rows.named_minutes:.1%}"
        )


if __name__ == "__main__":
    main()
