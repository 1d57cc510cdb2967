"""A day's draft: every source read, the engine asked. Nothing is decided or sent here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter

from tracklater_bot.catalog.catalog import Catalog, Projects, Tracked
from tracklater_bot.domain.clues import ChatMessage, Checkout, Clue, Commit, Reading
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.suggestions import Draft, SourceStatus, Suggestion
from tracklater_bot.domain.text import clock
from tracklater_bot.drafting.reading import read_all
from tracklater_bot.engine import suggest
from tracklater_bot.engine.inputs import Inputs, Options
from tracklater_bot.engine.match.matcher import keys_in_clues
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import ClueSource

Engine = Callable[[Inputs], tuple[Suggestion, ...]]
LATELY = timedelta(days=90)  # issues closed before that are linked only where their key is seen


@dataclass(frozen=True, slots=True)
class _Seen:
    """What all services said about a stretch of time."""

    readings: tuple[Reading, ...]
    issues: tuple[SourceStatus, ...]
    tracked: Tracked
    projects: Projects

    @property
    def clues(self) -> tuple[Clue, ...]:
        """The clues of all sources."""
        return tuple(clue for reading in self.readings for clue in reading.clues)

    def of_day(self, span: Span) -> _Seen:
        """What would have been said of this day alone."""
        return replace(self, readings=tuple(_of_day(reading, span) for reading in self.readings))


@dataclass(frozen=True, slots=True)
class Drafter:
    """Makes drafts for one person from their settings, rules, clue sources and catalogue."""

    settings: Settings
    sources: Sequence[ClueSource]
    catalog: Catalog
    clock: Callable[[], datetime]
    rules: Sequence[Rule] = ()
    engine: Engine = suggest

    def drafts(self, days: Sequence[WorkDay]) -> list[Draft]:
        """The days as they look now, oldest first; every source is read once for all of them.

        Trouble of a source is part of each answer, never its end.
        """
        if not days:
            return []
        ordered = sorted(days, key=lambda day: day.date)
        seen = self._look(Span(ordered[0].span.start, ordered[-1].span.end))
        groups = self._groups(seen)
        keys = keys_in_clues(seen.clues, groups)
        missing = self.catalog.complete(keys)
        issues = tuple(self.catalog.likely(keys, ordered[0].span.start - LATELY))
        told = replace(seen, issues=tuple(_merged(seen.issues, missing)))
        parts = [(day, told.of_day(day.span)) for day in ordered]
        return [
            self._draft(
                today,
                Inputs(
                    day=day,
                    now=self.clock(),
                    clues=today.clues,
                    groups=groups,
                    issues=issues,
                    tracked=_touching(seen.tracked.entries, day.span, self.clock()),
                    options=self._options(),
                    rules=tuple(self.rules),
                ),
            )
            for day, today in parts
        ]

    def _look(self, span: Span) -> _Seen:
        """Asks all services side by side."""
        with ThreadPoolExecutor(max_workers=3, thread_name_prefix="draft") as pool:
            readings = pool.submit(read_all, self.sources, span)
            issues = pool.submit(self.catalog.refresh)
            tracked = pool.submit(self.catalog.tracked, span)
            projects = self.catalog.projects()
            return _Seen(readings.result(), issues.result(), tracked.result(), projects)

    def _draft(self, seen: _Seen, inputs: Inputs) -> Draft:
        return Draft(
            day=inputs.day.date,
            timezone=str(inputs.day.zone),
            suggestions=self.engine(inputs),
            tracked=inputs.tracked,
            sources=(
                *(_status(reading, inputs.day.span) for reading in seen.readings),
                *seen.issues,
                *self._toggl(seen),
            ),
            commits=_moments(inputs, Commit),
            messages=_moments(inputs, ChatMessage),
        )

    def _toggl(self, seen: _Seen) -> Iterator[SourceStatus]:
        if self.settings.toggl.api_token is not None:
            troubles = dict.fromkeys((seen.tracked.trouble, *seen.projects.troubles))
            told = "; ".join(trouble for trouble in troubles if trouble)
            if seen.tracked.trouble and (known := seen.tracked.known):
                zone = self.settings.zone()
                today = self.clock().astimezone(zone).date()
                told += f"; what is shown was known at {clock(known, zone, today)}"
            yield SourceStatus("toggl", None, len(seen.tracked.entries), told or None)

    def _options(self) -> Options:
        wanted = self.settings.suggest
        return Options(
            round_minutes=wanted.round_minutes,
            min_minutes=wanted.min_minutes,
            idle_minutes=wanted.idle_minutes,
            ignore=wanted.ignore,
            meetings=wanted.meetings,
        )

    def _groups(self, seen: _Seen) -> tuple[Group, ...]:
        found = [hint for reading in seen.readings for hint in reading.hints]
        return tuple(
            Group(
                name=name,
                hints=(
                    *self.settings.hints_for(name),
                    *(hint for hint in found if hint.group == name),
                ),
                jira_keys=group.jira.project_key,
                has_taiga=bool(group.taiga.project_slug),
                projects=seen.projects.by_group.get(name, ()),
            )
            for name, group in self.settings.groups.items()
        )


def _of_day(reading: Reading, span: Span) -> Reading:
    """The day's part of a reading, and what was checked out when it began.

    The same as the source would give for the day alone, so that a day in a week is no other day.
    """
    clues = reading.clues
    first, last = (bisect_left(clues, at, key=_moment) for at in (span.start, span.end))
    before = {(c.group, c.repo): c for c in clues[:first] if isinstance(c, Checkout)}
    return replace(reading, clues=(*before.values(), *clues[first:last]))


_moment = attrgetter("at")


def _moments(inputs: Inputs, kind: type[Commit | ChatMessage]) -> tuple[datetime, ...]:
    """When clues of a kind were made that day."""
    span = inputs.day.span
    found = [c for c in inputs.clues if isinstance(c, kind) and c.at in span]
    # A commit that was amended is one commit still.
    once = {c.sha if isinstance(c, Commit) else c: c.at for c in reversed(found)}
    return tuple(sorted(once.values()))


def _touching(entries: Iterable[TimeEntry], span: Span, now: datetime) -> tuple[TimeEntry, ...]:
    spans = ((entry, entry.span(now)) for entry in entries)
    return tuple(entry for entry, own in spans if own is not None and own.overlaps(span))


def _status(reading: Reading, span: Span) -> SourceStatus:
    clues = sum(clue.at in span for clue in reading.clues)
    return SourceStatus(reading.name, reading.group, clues, reading.trouble)


def _merged(
    statuses: Iterable[SourceStatus], troubled: Iterable[SourceStatus]
) -> Iterator[SourceStatus]:
    """The statuses, with the trouble that a later question to the same source met."""
    later = {(each.name, each.group): each.trouble for each in troubled}
    for status in statuses:
        yield replace(status, trouble=status.trouble or later.get((status.name, status.group)))
