"""The person's machine: clues are read here, the engine is asked, and drafts are all that leaves.

Nothing is decided or sent here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from math import ceil, inf
from operator import attrgetter, itemgetter

import msgspec

from tracklater_bot.domain.clues import (
    AgentRun,
    Attendance,
    ChatMessage,
    Checkout,
    Clue,
    Commit,
    Meeting,
    Prompt,
    Reading,
    Window,
)
from tracklater_bot.domain.day import Span, WorkDay, merge, total
from tracklater_bot.domain.digests import left_over, rounding_of
from tracklater_bot.domain.draft import AgentTime, Brief, Draft
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.keywords import spelling_pattern
from tracklater_bot.domain.programs import program
from tracklater_bot.domain.side_by_side import TOO_LONG, side_by_side
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.text import folded, without_folders
from tracklater_bot.domain.track_record import Trust
from tracklater_bot.domain.wall import Briefing, Finding, Shown
from tracklater_bot.drafting.habits import Habit, HabitFiles
from tracklater_bot.drafting.recorders import SIDE_BY_SIDE, checked, read_all, told_apart
from tracklater_bot.engine import Answer, answer, unexplained_titles
from tracklater_bot.engine.inputs import Inputs, Options
from tracklater_bot.engine.intervals import within
from tracklater_bot.engine.learn.habits import Habits, looks
from tracklater_bot.engine.learn.words import words_of
from tracklater_bot.engine.looks import look_of, parts_of
from tracklater_bot.engine.match.issue_words import STOP_WORDS
from tracklater_bot.engine.match.matcher import keys_in_clues
from tracklater_bot.engine.presence import Attended, attended_in, changes, privacy, samples_in
from tracklater_bot.engine.title_normalization import TitleNormalizer
from tracklater_bot.engine.windows import WindowKind, is_private, program_in
from tracklater_bot.settings import SuggestSettings
from tracklater_bot.sources.base import ClueSource, SourceError

Engine = Callable[[Inputs], Answer]
SOME_WORK = timedelta(minutes=15)
MOST_SHOWN = 20  # words or programs: more would be a list to read


@dataclass(frozen=True, slots=True)
class LocalMachine:
    """The machine that this process runs on, as the wall describes it."""

    settings: SuggestSettings
    sources: Sequence[ClueSource]
    briefing: Briefing
    clock: Callable[[], datetime]
    engine: Engine = answer
    habits: HabitFiles | None = None

    def drafts(self, days: Sequence[WorkDay]) -> list[Draft]:
        """The days as they look now, oldest first; every source is read once for all of them.

        Trouble of a source is part of each answer, never its end.
        """
        if not days:
            return []
        whole = Span(min(day.span.start for day in days), max(day.span.end for day in days))
        with self.briefing.prepare(days) as prepared:
            readings = read_all(self.sources, whole)
            hints = [hint for reading in readings for hint in reading.hints]
            clues = [clue for reading in readings for clue in reading.clues]
            brief = prepared.brief(keys_in_clues(clues, prepared.groups))
        groups = tuple(
            replace(group, hints=(*group.hints, *(h for h in hints if h.group == group.name)))
            for group in brief.groups
        )
        habits = self.habits.learned(brief) if self.habits is not None else lambda _day: None
        dates = {day.date for day in brief.days}
        roundings = [one for one in brief.roundings if one.decided or one.day not in dates]
        drafts = []
        for day in brief.days:
            given_back = left_over(roundings, day.date)
            drafts.append(self._draft(day, readings, brief, groups, habits(day), given_back))
            step = timedelta(minutes=self.settings.round_minutes)
            found = (rounding_of(day.date, one, step) for one in drafts[-1].suggestions)
            roundings += filter(None, found)
        return drafts

    def habits_in_words(self, days: Sequence[WorkDay]) -> list[Habit]:
        """The strongest habits, for the terminal of this machine alone."""
        if self.habits is None:
            return []
        with self.briefing.prepare(days) as prepared:
            return self.habits.in_words(prepared.brief(()))

    def forget_habits(self) -> None:
        """Removes everything that was learned from confirmed time."""
        if self.habits is not None:
            self.habits.forget()

    def _draft(
        self,
        day: WorkDay,
        readings: Iterable[Reading],
        brief: Brief,
        groups: tuple[Group, ...],
        habits: Habits | None,
        given_back: Mapping[str, timedelta],
    ) -> Draft:
        now = self.clock()
        of_day = [_of_day(reading, day.span) for reading in readings]
        inputs = Inputs(
            day=day,
            now=now,
            clues=tuple(clue for reading in told_apart(of_day) for clue in reading.clues),
            groups=groups,
            issues=brief.issues,
            tracked=tuple(
                entry
                for entry in brief.tracked
                if (span := entry.span(now)) is not None and span.overlaps(day.span)
            ),
            options=msgspec.convert(self.settings, Options, from_attributes=True),
            rules=brief.rules,
            habits=habits,
            trust=Trust.of(brief.outcomes),
            left_over=given_back,
            decided=tuple(one for one in brief.decisions if one.span.overlaps(day.span)),
        )
        found = self.engine(inputs)
        return Draft(
            day=day.date,
            timezone=str(day.zone),
            suggestions=found.suggestions,
            tracked=inputs.tracked,
            sources=(*(_status(reading, day.span) for reading in of_day), *brief.services),
            commits=_moments(inputs, Commit),
            messages=_moments(inputs, ChatMessage),
            prompts=_moments(inputs, Prompt),
            agents=_agents(inputs),
            meetings=tuple(Span(c.at, c.until) for c in inputs.clues if isinstance(c, Meeting)),
            gaps=found.gaps,
        )

    def worked_since(self, moment: datetime) -> bool:
        """Whether the screen changed in a quarter of an hour's minutes since then."""
        now = self.clock()
        if now - moment < SOME_WORK:
            return False
        recorders = [source for source in self.sources if source.watches_screen]
        readings = read_all(recorders, Span(moment, now))
        minutes = changed_minutes(clue for reading in readings for clue in reading.clues)
        return len(minutes) >= SOME_WORK / timedelta(minutes=1)

    def windows_with(self, day: WorkDay, text: str) -> tuple[Span, ...]:
        """When windows with the text in their titles were in front that day."""
        has = re.compile(spelling_pattern(folded(text).strip())).search
        windows = self._windows(day.span)
        return tuple(
            merge(part for part, title in _in_front(windows, day.span) if has(folded(title)))
        )

    def shown(self, span: Span) -> Shown:
        """What is most in the windows of the span that are not private, if that may be told."""
        if not self.settings.show_windows:
            return Shown()
        ignored, windows = privacy(self.settings.ignore), self._windows(span)
        seen = {look: parts_of(look) for look in map(look_of, windows)}
        named = {look.spelled: program(look.app).title() for look in seen.values() if look.app}
        hidden = {look.spelled for text, look in seen.items() if ignored(text)}
        words = defaultdict[str, timedelta](timedelta)
        programs = words.copy()
        for part, title in _in_front(windows, span):
            if title not in hidden and not is_private(title):
                programs[named.get(title) or program_in(title)] += part.length
                for word in {*words_of(title)} - STOP_WORDS:
                    words[word] += part.length
        return Shown(_longest(words), _longest(programs))

    def _windows(self, span: Span) -> list[Window]:
        recorders = [source for source in self.sources if source.watches_screen]
        readings = told_apart(read_all(recorders, span))
        return [c for reading in readings for c in reading.clues if isinstance(c, Window)]

    def check(self) -> list[Finding]:
        """Each source tried for real, side by side; in their order."""
        return side_by_side(
            lambda source: Finding.of(
                source.name, source.group, lambda: checked(source, self.clock()), (SourceError,)
            ),
            self.sources,
            lambda source: Finding(source.name, source.group, ok=False, sentence=TOO_LONG),
            key=lambda source: ("check", id(source)),
            at_once=SIDE_BY_SIDE,
        )


def _of_day(reading: Reading, span: Span) -> Reading:
    """The day's part of a reading, and what was checked out when it began.

    The same as the source would give for the day alone, so that a day in a week is no other day.
    """
    clues = reading.clues
    first, last = (bisect_left(clues, at, key=attrgetter("at")) for at in (span.start, span.end))
    before = {(c.group, c.repo): c for c in clues[:first] if isinstance(c, Checkout)}
    lasting = [
        replace(c, at=span.start)
        for c in clues[:first]
        if isinstance(c, Window | Attendance | AgentRun | Meeting)
        and c.until is not None
        and c.until > span.start
    ]
    inside = [
        replace(c, until=min(c.until, span.end)) if isinstance(c, Meeting) else c
        for c in (*lasting, *clues[first:last])
    ]
    return replace(reading, clues=(*before.values(), *inside))


def _moments(inputs: Inputs, kind: type[Commit | ChatMessage | Prompt]) -> tuple[datetime, ...]:
    """When clues of a kind were made that day."""
    span = inputs.day.span
    made = [c for c in inputs.clues if isinstance(c, kind) and c.at in span]
    # A commit that was amended is one commit still.
    once = {c.sha if isinstance(c, Commit) else c: c.at for c in reversed(made)}
    return tuple(sorted(once.values()))


def _agents(inputs: Inputs) -> tuple[AgentTime, ...]:
    """How long agents worked that day for each group; several at once count once."""
    spans = defaultdict[str | None, list[Span]](list)
    for clue in inputs.clues:
        if isinstance(clue, AgentRun):
            part = Span(clue.at, clue.until).intersection(inputs.day.span)
            spans[clue.group] += [part] if part is not None else []
    minutes = {group: round(total(own) / timedelta(minutes=1)) for group, own in spans.items()}
    in_order = sorted(minutes, key=lambda group: (group is None, -minutes[group], group or ""))
    return tuple(AgentTime(group, minutes[group]) for group in in_order if minutes[group])


def _in_front(windows: Sequence[Window], within: Span) -> Iterator[tuple[Span, str]]:
    """When each title was in front: a machine's until its next one."""
    seen = [*looks(windows)]
    for (start, minutes, title), (until, *_) in pairwise([*seen, (0.0, 0.0, "")]):
        end = start + minutes * 60
        end = min(end, until) if until > start else end
        if start < end:
            part = Span(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
            shared = part.intersection(within)
            if shared is not None:
                yield shared, title


def _longest(lengths: Mapping[str, timedelta]) -> tuple[tuple[str, int], ...]:
    """The names that were in front longest, with their minutes."""
    minutes = {name: round(length / timedelta(minutes=1)) for name, length in lengths.items()}
    told = [(name, minutes[name]) for name in minutes if len(name) > 1 and minutes[name]]
    return tuple(sorted(told, key=lambda pair: (-pair[1], pair[0]))[:MOST_SHOWN])


def _status(reading: Reading, span: Span) -> SourceStatus:
    clues = sum(clue.at in span for clue in reading.clues)
    trouble = without_folders(reading.trouble) if reading.trouble else None
    return SourceStatus(reading.name, reading.group, clues, trouble, traces=True)


def changed_minutes(clues: Iterable[Clue]) -> set[datetime]:
    """The minutes in which somebody changed something on screen, or was there for certain."""
    kinds = WindowKind()
    titles = TitleNormalizer(kinds.is_talk, kinds.is_leisure)
    given = list(clues)
    certain = attended_in(given, 0.0, inf)
    minutes: set[float] = set()
    for machine, own in groupby(sorted(samples_in(given)), key=itemgetter(0)):
        told = certain.get(machine, Attended())
        changed = changes((sample for _, sample in own), titles)
        minutes.update(at // 60 for at in changed if not within(told.away, at))
        for start, end in told.here:
            minutes.update(range(ceil(start / 60), int(end // 60)))
    return {datetime.fromtimestamp(minute * 60, UTC) for minute in minutes}


@dataclass(slots=True)
class UnexplainedTitles:
    """An engine that keeps, beside the answer that it gives, the titles without a group.

    For the terminal of this machine alone: they are in no Draft, so nothing stored or sent can
    have them.
    """

    minutes: dict[str, float] = field(default_factory=dict, repr=False)

    def answer(self, inputs: Inputs) -> Answer:
        """The day's answer; the minutes of each title that none of them explains are added."""
        for title, minutes in unexplained_titles(inputs).items():
            self.minutes[title] = self.minutes.get(title, 0.0) + minutes
        return answer(inputs)
