"""What confirmed time taught, in files of its own: counts under keyed hashes, never a title."""

from __future__ import annotations

import logging
import secrets
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import TypeAlias

import msgspec

from tracklater_bot.domain.clues import Meeting, Reading, Window
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Brief
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.keys import Keys
from tracklater_bot.domain.text import folded
from tracklater_bot.drafting.recorders import read_all, told_apart
from tracklater_bot.engine.learn.habits import DayCounts, Habits, Lesson, learned, lesson_at, looks
from tracklater_bot.engine.learn.words import Hashing, words_of
from tracklater_bot.engine.windows import program_in
from tracklater_bot.sources.base import ClueSource
from tracklater_bot.sources.files import MB, read_regular, replace_file

FORM = 2  # of the files and of the words in them; another is learned anew
SECONDS = 8.0  # of reading past days for one draft; the rest waits for the next one
KEY_BYTES = 32
CORRECTED = 2.0  # what a correction counts
Minutes: TypeAlias = defaultdict[str, defaultdict[str | None, float]]
SHORTEST_HABIT = 10.0  # minutes
MOST_BYTES = 4 * MB  # of one day's file
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Habit:
    """A word that stood in windows of a group's time. For the terminal of this machine alone.

    `hours` are those of windows with it, `stood` the share of them that was the group's.
    """

    word: str
    program: str
    group: str
    hours: float
    stood: float


class _TaughtDay(msgspec.Struct):
    """A day as it is kept. `mark` changes with what was confirmed for it."""

    form: int
    mark: str
    counts: DayCounts


@dataclass(slots=True)
class HabitFiles:
    """The folder of habits. Trouble with a file costs that day's counts, and is logged.

    Threads may share it: the worst that can happen is that a day is read twice.
    """

    folder: Path
    sources: Sequence[ClueSource]
    clock: Callable[[], datetime]
    _known: dict[date, _TaughtDay] = field(default_factory=dict)

    def learned(self, brief: Brief) -> Callable[[WorkDay], Habits | None]:
        """Reads the days anew whose entries are new or changed; gives each day's habits."""
        lessons = _by_day(brief, self._forgotten())
        answered = {one.span for one in brief.decisions if one.group is not None}
        if not lessons and not answered:
            return lambda _day: None
        key = self._key()
        hashing, until = Hashing(key), monotonic() + SECONDS
        known: dict[date, DayCounts] = {}
        past = [day for day in lessons if day.date < brief.days[-1].date]
        marks = {day: _mark(lessons[day], key) for day in past}
        stored = {day: self._kept(day.date) for day in past}
        new = [day for day, kept in stored.items() if kept is None or kept.mark != marks[day]]
        meetings = self._meetings(new)
        for day in sorted(past, key=lambda day: day.date, reverse=True):
            kept = stored[day]
            if day in new and monotonic() < until:
                own = [meeting for meeting in meetings if meeting.at in day.span]
                kept = self._learn(day, lessons[day], marks[day], hashing, own) or kept
            if kept is not None:
                known[day.date] = kept.counts
        groups = [group.name for group in brief.groups]
        issues = [issue.id for issue in brief.issues]

        def of_day(day: WorkDay) -> Habits | None:
            before = {past: counts for past, counts in known.items() if past < day.date}
            teaches = before or any(map(day.span.overlaps, answered))
            return Habits(before, day.date, groups, hashing, issues) if teaches else None

        return of_day

    def in_words(self, brief: Brief, most: int = 20) -> list[Habit]:
        """The strongest habits, by looking their words up in the recordings at hand."""
        minutes: Minutes = defaultdict(lambda: defaultdict(float))
        programs: Minutes = defaultdict(lambda: defaultdict(float))
        by_day, until = _by_day(brief, self._forgotten()), monotonic() + SECONDS
        for day in sorted(by_day, key=lambda day: day.date, reverse=True):
            known = self._kept(day.date) is not None and monotonic() < until
            for at, length, title in looks(self._windows(day) or () if known else ()):
                lesson = lesson_at(by_day[day], at)
                for word in set(words_of(title)):
                    minutes[word][lesson.group if lesson is not None else None] += length
                    programs[word][program_in(title)] += length
        habits = []
        for word, by_group in minutes.items():
            group, whole = _most(by_group), sum(by_group.values())
            if group is not None and by_group[group] >= SHORTEST_HABIT:
                program, stood = _most(programs[word]) or "", by_group[group] / whole
                habits.append(Habit(word, program, group, whole / 60, stood))
        return sorted(habits, key=lambda habit: -habit.hours * habit.stood**4)[:most]

    def forget(self) -> None:
        """Removes everything that was learned, and the key; entries of before teach no more."""
        self._known = {}
        shutil.rmtree(self.folder, ignore_errors=True)
        self._write("forgotten", self.clock().isoformat().encode())

    def _forgotten(self) -> datetime:
        """What ended before then is not learned from."""
        try:
            return datetime.fromisoformat(read_regular(self.folder / "forgotten").decode())
        except (OSError, ValueError):
            return datetime.min.replace(tzinfo=UTC)

    # -- One day -------------------------------------------------------------------------------

    def _learn(
        self,
        day: WorkDay,
        lessons: Sequence[Lesson],
        mark: str,
        hashing: Hashing,
        meetings: Sequence[Meeting],
    ) -> _TaughtDay | None:
        """What a day teaches; None where it cannot be read, so that it is tried again."""
        windows = self._windows(day)
        if windows is None:
            return None
        counts = learned(windows, lessons, hashing, meetings)
        kept = self._known[day.date] = _TaughtDay(FORM, mark, counts)
        self._write(f"{day.date.isoformat()}.json", msgspec.json.encode(kept))
        return kept

    def _meetings(self, days: Sequence[WorkDay]) -> list[Meeting]:
        """The meetings of days; a calendar is read once for all of them, and may be far away."""
        if not days:
            return []
        whole = Span(min(day.span.start for day in days), max(day.span.end for day in days))
        calendars = [source for source in self.sources if source.name == "calendar"]
        clues = (clue for reading in _read(calendars, whole) or () for clue in reading.clues)
        return [clue for clue in clues if isinstance(clue, Meeting)]

    def _windows(self, day: WorkDay) -> list[Window] | None:
        """What recorders saw of a day; None where one failed, and no other saw any of it."""
        readings = _read([source for source in self.sources if source.watches_screen], day.span)
        if readings is None:
            return None
        clues = (clue for reading in told_apart(readings) for clue in reading.clues)
        return [clue for clue in clues if isinstance(clue, Window)]

    def _kept(self, day: date) -> _TaughtDay | None:
        if day not in self._known:
            try:
                content = read_regular(self.folder / f"{day.isoformat()}.json", MOST_BYTES)
                kept = msgspec.json.decode(content, type=_TaughtDay)
            except FileNotFoundError:
                return None
            except (OSError, ValueError) as error:
                log_failure(_log, "Reading what a day taught", error)
                return None
            if kept.form == FORM:
                self._known[day] = kept
        return self._known.get(day)

    def _key(self) -> bytes:
        try:
            key = read_regular(self.folder / "key")
        except OSError:
            key = b""
        if len(key) != KEY_BYTES:
            for old in self.folder.glob("*.json"):  # hashed under another key: of no use
                old.unlink(missing_ok=True)
            key = secrets.token_bytes(KEY_BYTES)
            self._write("key", key)
        return key

    def _write(self, name: str, data: bytes) -> None:
        """Whole or not at all, for this user alone."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(self.folder / name, data, private=True)
        except OSError as error:
            log_failure(_log, "Keeping what a day taught", error)


def _read(sources: Sequence[ClueSource], span: Span) -> Sequence[Reading] | None:
    """What sources tell of past time; None where one failed or took too long, and none tells any.

    One that always fails keeps nothing back of what the others saw.
    """
    readings = read_all(sources, span, SECONDS, "habits")
    told = any(one.clues for one in readings)
    return None if not told and any(one.trouble for one in readings) else readings


# -- What was confirmed ------------------------------------------------------------------------


def _most(minutes: Mapping[str | None, float]) -> str | None:
    return max(minutes, key=lambda name: minutes[name])


def _by_day(brief: Brief, since: datetime) -> Mapping[WorkDay, list[Lesson]]:
    """What each past day teaches: entries whose group is known, by the day that they began."""
    drafted = brief.days[0]
    keys = Keys({group.name: group.key_forms for group in brief.groups})
    lessons: defaultdict[WorkDay, list[Lesson]] = defaultdict(list)
    corrected = {(one.span.start, one.group) for one in brief.decisions}
    for entry in brief.history:
        if entry.group is None or entry.end is None or entry.end <= max(entry.start, since):
            continue
        day = WorkDay.of(entry.start, drafted.zone, drafted.starts)
        issue = next(iter(keys.of_group(entry.group, folded(entry.description))), None)
        weight = CORRECTED if (entry.start, entry.group) in corrected else 1.0
        lessons[day].append(Lesson(Span(entry.start, entry.end), entry.group, issue, weight))
    for skipped in (one.span for one in brief.decisions if one.group is None):
        if skipped.end > since:
            day = WorkDay.of(skipped.start, drafted.zone, drafted.starts)
            lessons[day].append(Lesson(skipped, None))
    return lessons


def _mark(lessons: Sequence[Lesson], key: bytes) -> str:
    """Another one for other lessons."""
    digest = blake2b(key=key, digest_size=12)
    for lesson in lessons:
        digest.update(repr(lesson).encode(errors="replace"))
    return digest.hexdigest()
