"""A day's draft: every source read, the engine asked. Nothing is decided or sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from tracklater_bot.catalog import Catalog
from tracklater_bot.day import WorkDay
from tracklater_bot.engine import suggest
from tracklater_bot.engine.evidence import keys_in_clues
from tracklater_bot.engine.inputs import Inputs, Options
from tracklater_bot.model import Draft, Group, Project, Reading, SourceStatus
from tracklater_bot.settings import Settings
from tracklater_bot.sources import read_all
from tracklater_bot.sources.protocols import ClueSource


@dataclass(frozen=True, slots=True)
class Drafter:
    """Makes drafts for one person from their settings, clue sources and catalogue."""

    settings: Settings
    sources: Sequence[ClueSource]
    catalog: Catalog
    clock: Callable[[], datetime]

    def draft(self, day: WorkDay) -> Draft:
        """The day as it looks now. Trouble of a source is part of the answer, never its end."""
        with ThreadPoolExecutor(max_workers=3, thread_name_prefix="draft") as pool:
            reading = pool.submit(read_all, self.sources, day.span)
            issues = pool.submit(self.catalog.refresh)
            tracked = pool.submit(self.catalog.tracked, day.span)
            projects = self.catalog.projects()
            readings, issue_troubles = reading.result(), issues.result()
            entries = tracked.result()
        groups = self._groups(readings, projects.by_group)
        clues = tuple(clue for each in readings for clue in each.clues)
        issue_troubles += self.catalog.complete(keys_in_clues(clues, groups))
        inputs = Inputs(
            day=day,
            now=self.clock(),
            clues=clues,
            groups=groups,
            issues=tuple(self.catalog.issues()),
            tracked=entries.entries,
            options=self._options(),
        )
        return Draft(
            day=day.date,
            timezone=str(day.zone),
            suggestions=suggest(inputs),
            tracked=entries.entries,
            sources=(*map(_status, readings), *issue_troubles, *_toggl_status(entries, projects)),
        )

    def _options(self) -> Options:
        wanted = self.settings.suggest
        return Options(
            round_minutes=wanted.round_minutes,
            min_minutes=wanted.min_minutes,
            idle_minutes=wanted.idle_minutes,
            ignore=wanted.ignore,
            meetings=wanted.meetings,
        )

    def _groups(
        self, readings: Iterable[Reading], projects: Mapping[str, tuple[Project, ...]]
    ) -> tuple[Group, ...]:
        found = [hint for reading in readings for hint in reading.hints]
        return tuple(
            Group(
                name=name,
                hints=(
                    *self.settings.hints_for(name),
                    *(hint for hint in found if hint.group == name),
                ),
                jira_keys=group.jira.project_key,
                has_taiga=bool(group.taiga.project_slug),
                projects=projects.get(name, ()),
            )
            for name, group in self.settings.groups.items()
        )


def _status(reading: Reading) -> SourceStatus:
    return SourceStatus(reading.name, reading.group, len(reading.clues), reading.trouble)
