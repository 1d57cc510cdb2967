"""The brief for days: services asked side by side, while the machine reads its clues."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tracklater_bot.catalog.catalog import Catalog, Projects, Tracked
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Brief, Decision, Rounding
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.rules import Rule
from tracklater_bot.domain.side_by_side import SECONDS, TOO_LONG, in_background
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.domain.text import clock
from tracklater_bot.domain.track_record import Outcome

LATELY = timedelta(days=90)  # issues closed before that are linked only where their key is seen


@dataclass(frozen=True, slots=True)
class CatalogBriefing:
    """Briefs for one person from their catalogue, groups and rules, as the wall describes."""

    catalog: Catalog
    groups: tuple[Group, ...]
    rules: Callable[[], Sequence[Rule]]
    now: Callable[[], datetime]
    zone: Callable[[], ZoneInfo]
    decisions: Callable[[date], Sequence[Decision]] = lambda _since: ()
    roundings: Callable[[date], Sequence[Rounding]] = lambda _since: ()
    outcomes: Callable[[date], Sequence[Outcome]] = lambda _since: ()
    seconds: float = SECONDS  # for the tracker, after all else

    @contextmanager
    def prepare(self, days: Sequence[WorkDay]) -> Iterator[_PendingBrief]:
        """Asks all services for the days, while the block runs."""
        ordered = tuple(sorted(days, key=lambda day: day.date))
        span = Span(ordered[0].span.start, ordered[-1].span.end)
        issues = in_background(self.catalog.refresh)
        tracker = in_background(lambda: self._tracker(span))
        yield _PendingBrief(self, ordered, issues, tracker)

    def _tracker(self, span: Span) -> tuple[Projects, Tracked]:
        """The projects, and what is tracked up to the end of the days: what of it is theirs, and
        what teaches, costs one request."""
        return self.catalog.projects(), self.catalog.tracked_until(span.end)


@dataclass(frozen=True, slots=True)
class _PendingBrief:
    """Services that are being asked for days, oldest first."""

    briefing: CatalogBriefing
    days: tuple[WorkDay, ...]
    issues: Future[tuple[SourceStatus, ...]]
    tracker: Future[tuple[Projects, Tracked]]

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups without their projects, which may not have been told yet."""
        return self.briefing.groups

    def brief(self, keys: Sequence[str]) -> Brief:
        """What the services told, and the issues whose keys were seen."""
        catalog, statuses = self.briefing.catalog, self.issues.result()
        troubled = catalog.complete(keys)
        issues = catalog.likely(keys, self.days[0].span.start - LATELY)
        try:
            projects, whole = self.tracker.result(self.briefing.seconds)
        except TimeoutError:
            projects, whole = catalog.known_projects(), Tracked(trouble=TOO_LONG)
        days = Span(self.days[0].span.start, self.days[-1].span.end)
        now = self.briefing.now()
        of_days = (
            entry
            for entry in whole.entries
            if (span := entry.span(now)) is not None and span.overlaps(days)
        )
        tracked = replace(whole, entries=tuple(of_days))
        return Brief(
            days=self.days,
            groups=tuple(
                replace(group, projects=projects.by_group.get(group.name, ()))
                for group in self.groups
            ),
            issues=tuple(issues),
            tracked=tracked.entries,
            rules=tuple(self.briefing.rules()),
            history=whole.entries,
            decisions=tuple(self.briefing.decisions(self.days[0].date - LATELY)),
            roundings=tuple(self.briefing.roundings(self.days[0].date.replace(day=1))),
            outcomes=tuple(self.briefing.outcomes(self.days[0].date - LATELY)),
            services=(*_merged(statuses, troubled), *self._tracker(projects, tracked)),
        )

    def _tracker(self, projects: Projects, tracked: Tracked) -> Iterator[SourceStatus]:
        if name := self.briefing.catalog.tracker_name:
            troubles = dict.fromkeys((tracked.trouble, *projects.troubles))
            sentence = "; ".join(trouble for trouble in troubles if trouble)
            if tracked.trouble and tracked.known:
                zone = self.briefing.zone()
                today = self.briefing.now().astimezone(zone).date()
                sentence += f"; what is shown was known at {clock(tracked.known, zone, today)}"
            yield SourceStatus(name, None, len(tracked.entries), sentence or None)


def _merged(
    statuses: Iterable[SourceStatus], troubled: Iterable[SourceStatus]
) -> Iterator[SourceStatus]:
    """The statuses, with the trouble that a later question to the same source met."""
    later = {(status.name, status.group): status.trouble for status in troubled}
    for status in statuses:
        yield replace(status, trouble=status.trouble or later.get((status.name, status.group)))
