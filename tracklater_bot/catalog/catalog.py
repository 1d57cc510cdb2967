"""What is known of issues, projects and tracked time, so that services are asked rarely.

Everything is kept in the store. A failing service is a sentence, and what was known stays in use.
Nothing is asked twice within a minute; a second preview within ten minutes asks nobody.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock, RLock
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tracklater_bot.catalog import cache
from tracklater_bot.catalog.cache import MIN_INTERVAL, Cached, CachedAnswer, adapter
from tracklater_bot.catalog.issue_cache import IssueCache
from tracklater_bot.domain.day import Span, oldest_in_reach
from tracklater_bot.domain.entries import TimeEntry
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.side_by_side import TOO_LONG, side_by_side
from tracklater_bot.domain.suggestions import SourceStatus
from tracklater_bot.settings import GroupSettings
from tracklater_bot.sources.base import IssueSource, PartlyRead, SourceError
from tracklater_bot.trackers.base import Account, Constraints, Reports, Tracker, seen
from tracklater_bot.trackers.forms import ProjectNames, named_in_settings, resolve_projects

log = logging.getLogger(__name__)
T = TypeVar("T")

FRESH = timedelta(minutes=10)
FRESH_ENTRIES = timedelta(minutes=2)
FRESH_CONSTRAINTS = timedelta(hours=6)
ABSENT = timedelta(days=1)
STALE = timedelta(days=7)  # older than this, what was known is no longer used
_MOST_KEYS = 50
_MOST_ABSENT = 1000
_SECONDS = 45.0  # how long a draft waits for a source; its reading may go on for the next one


@dataclass(frozen=True, slots=True)
class Projects:
    """Each group's projects. `account` is None while the tracker has never answered."""

    by_group: Mapping[str, tuple[Project, ...]]
    account: Account | None = None
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tracked:
    """Entries of a span as they were at `known`; with `trouble` they may be out of date.

    Where `known` is None, nothing is known of them.
    """

    entries: tuple[TimeEntry, ...] = ()
    trouble: str | None = None
    known: datetime | None = None


class _SourceState(BaseModel):
    """How the last reading of an issue source went; `read` is the last that succeeded."""

    model_config = ConfigDict(defer_build=True)

    asked: datetime | None = None
    read: datetime | None = None
    trouble: str | None = None
    lasting: bool = False


_ENTRIES = tuple[TimeEntry, ...]
_ABSENT = dict[str, datetime]


@dataclass(eq=False, repr=False)
class Catalog:
    """One person's issues, projects and tracked time. Safe to call from threads.

    What the tracker told another `asker` is asked again, and in use until there is an answer.
    """

    store: cache.CatalogStore
    person: str
    sources: Sequence[IssueSource]
    tracker: Tracker | None
    clock: Callable[[], datetime]
    groups: Mapping[str, GroupSettings]
    asker: str = ""

    def __post_init__(self) -> None:
        self._memory = cache.PersonalMemory(self.store, self.person)
        self._issues = IssueCache(self.store, self.person, self.clock, self._scopes())
        self._asking_issues = Lock()
        self._asking_tracker = RLock()
        self._looked_up: dict[tuple[str, str | None], datetime] = {}

    @property
    def tracker_name(self) -> str:
        """What its status is called; "" without one, where nothing is known to be tracked."""
        return self.tracker.name if self.tracker is not None else ""

    # -- Issues ----------------------------------------------------------------------------

    def issues(self, group: str | None = None) -> list[Issue]:
        """All that are known; asks nobody."""
        return self._issues.all(group)

    def reread(self) -> None:
        """Knows at once what issues other processes stored; asks no service."""
        self._issues.reread()

    def likely(self, keys: Iterable[str], since: datetime) -> list[Issue]:
        """Those that work may have been for: open, one's own, changed since, or among `keys`.

        A tracker of many years has mostly others, and looking through them takes its time.
        """
        named = {key.casefold() for key in keys}

        def counts(issue: Issue) -> bool:
            lately = issue.updated is not None and issue.updated >= since
            keys = {key.casefold() for key in (issue.key, *issue.aliases)}
            return not issue.closed or issue.mine or lately or bool(named & keys)

        return [issue for issue in self.issues() if counts(issue)]

    def refresh(self) -> tuple[SourceStatus, ...]:
        """Reads what changed at each source, if that is due."""
        with self._asking_issues:
            self._issues.keep_only(self._scopes())
            now = self.clock()
            due = [source for source in self.sources if self._is_due(source, now)]
            self._read(due, now)
        counts = Counter((issue.tracker, issue.group) for issue in self.issues() if self.sources)
        ids = ((source, _source_id(source)) for source in self.sources)
        return tuple(SourceStatus(*own, counts[own], self._state(one).trouble) for one, own in ids)

    def complete(self, keys: Iterable[str]) -> tuple[SourceStatus, ...]:
        """Fetches issues that clues name and nobody knows yet. Tells only of sources that failed.

        At most 50 keys a source are asked at a time; one that does not exist is not asked again
        for a day.
        """
        wanted_keys = tuple(dict.fromkeys(keys))
        with self._asking_issues:
            self._issues.keep_only(self._scopes())
            known = self._known_keys() if wanted_keys else {}
            asked = [
                (source, missing)
                for source in self.sources
                if (missing := self._missing(source, wanted_keys, known))
            ]
            troubles = side_by_side(
                lambda pair: self._complete(*pair),
                asked,
                lambda pair: SourceStatus(pair[0].name, pair[0].group, 0, TOO_LONG),
                key=lambda pair: ("by_keys", id(pair[0])),
                seconds=_SECONDS,
            )
        return tuple(trouble for trouble in troubles if trouble is not None)

    def search(self, text: str, group: str | None = None, limit: int = 20) -> list[Issue]:
        """What somebody may mean who typed `text`, best first; asks nobody."""
        return self._issues.search(text, group, limit)

    def look_up(self, text: str, group: str | None = None) -> list[Issue]:
        """Asks the trackers' own typeahead for what the cache does not have, once a minute a text.

        Slow: not for the time in which Slack waits for an answer. Failures find nothing.
        """
        now, wanted_text = self.clock(), (text.strip().casefold(), group)
        lately = {text: at for text, at in self._looked_up.items() if now - at < MIN_INTERVAL}
        if not wanted_text[0] or wanted_text in lately:
            return []
        self._looked_up = lately | {wanted_text: now}
        sources = [source for source in self.sources if group in (None, source.group)]
        answers = side_by_side(
            lambda source: _attempt(source, lambda: source.search(text)),
            sources,
            lambda _: SourceError(TOO_LONG),
            key=lambda source: ("search", id(source)),
            seconds=_SECONDS,
        )
        found: list[Issue] = []
        for source, answer in zip(sources, answers, strict=True):
            # A failure is told by the next refresh; typing goes on.
            if not isinstance(answer, SourceError):
                self._issues.put(scope_of(source), answer)
                found += answer
        return found

    def warm(self) -> None:
        """Prepares the search, so that whoever types does not wait; to be called now and then."""
        self._issues.warm()

    # -- The tracker -----------------------------------------------------------------------

    def projects(self) -> Projects:
        """Each group's projects, with the tracker's ids where it has told them."""
        if self.tracker is None:
            return Projects(named_in_settings(self.groups))
        asked = self._asked("account", self.tracker.account, Account, FRESH)
        projects, missing = self._resolved(asked.value)
        return replace(projects, troubles=((asked.trouble,) if asked.trouble else ()) + missing)

    def _resolved(self, account: Account | None) -> tuple[Projects, tuple[str, ...]]:
        """The groups' projects in the account, and a sentence for each that is missing there."""
        if account is None or self.tracker is None:
            return Projects(named_in_settings(self.groups)), ()
        label = self.tracker.label
        found, missing = resolve_projects(account.projects, self.groups, label, account.archived)
        return Projects(found, account), tuple(missing)

    def known_projects(self) -> Projects:
        """Each group's projects as they were last told; asks nobody, so that nobody waits."""
        if self.tracker is None:
            return Projects(named_in_settings(self.groups))
        last = CachedAnswer("account", self.tracker.account, Account, FRESH, STALE)
        return self._resolved(last.kept(self._memory, self.clock()))[0]

    def account(self) -> Account | None:
        """The account as it was last told, days ago perhaps: asked only where it never was.

        For sending entries, where every request counts; `projects` keeps it fresh.
        """
        if self.tracker is None:
            return None
        return self._asked("account", self.tracker.account, Account, STALE).value

    def tracked(self, span: Span) -> Tracked:
        """What is in the tracker already, with groups and projects by name; at most 2 min old.

        For looking only: whoever writes asks the tracker itself. What is too old to be asked for
        is left out.
        """
        tracker, oldest = self.tracker, oldest_in_reach(self.clock())
        if tracker is None or (tracker.forgets and span.end <= oldest):
            return Tracked()
        span = Span(max(span.start, oldest), span.end) if tracker.forgets else span
        key = f"tracked:{span.start.isoformat()}/{span.end.isoformat()}"
        return self._named(key, lambda: tracker.entries(span), FRESH_ENTRIES)

    def exported(self, span: Span) -> Tracked:
        """The same for a span of any age: older days are asked of the tracker's reports."""
        usual, tracker, oldest = self.tracked(span), self.tracker, oldest_in_reach(self.clock())
        if tracker is None or span.start >= oldest:
            return usual
        older = Span(span.start, min(span.end, oldest))
        if not isinstance(tracker, Reports):
            return replace(usual, trouble=usual.trouble or f"{tracker.label} shows no older days")
        key = f"reported:{older.start.isoformat()}/{older.end.isoformat()}"
        known = self._named(key, lambda: tracker.reported(older), FRESH_ENTRIES)
        usual_ids = {entry.id for entry in usual.entries}
        entries = [entry for entry in known.entries if entry.id not in usual_ids]
        trouble = known.trouble or usual.trouble
        return replace(usual, entries=(*entries, *usual.entries), trouble=trouble)

    def tracked_until(self, end: datetime) -> Tracked:
        """What is in the tracker up to then, of three months; a minute old."""
        tracker, oldest = self.tracker, oldest_in_reach(self.clock())
        if tracker is None or end <= oldest:
            return Tracked()
        key, span = f"until:{end.isoformat()}", Span(oldest, end)
        return self._named(key, lambda: tracker.entries(span), MIN_INTERVAL)

    def _named(self, key: str, ask: Callable[[], Sequence[TimeEntry]], fresh: timedelta) -> Tracked:
        odd: list[str | None] = [None]

        def understood() -> tuple[TimeEntry, ...]:
            entries, odd[0] = seen(ask)
            return entries

        asked = self._asked(key, understood, _ENTRIES, fresh)
        projects = self.projects()
        account = projects.account
        known = (*account.projects, *account.archived) if account else ()
        naming = ProjectNames.of(known, projects.by_group, self.groups)
        entries = tuple(naming.named(entry) for entry in asked.value or ())
        return Tracked(entries, asked.trouble or odd[0], asked.answered)

    def constraints(self) -> Constraints:
        """What the workspace demands of entries; nothing while that is not known."""
        if self.tracker is None:
            return Constraints()
        asked = self._asked("constraints", self.tracker.constraints, Constraints, FRESH_CONSTRAINTS)
        return asked.value or Constraints()

    def _asked(self, key: str, ask: Callable[[], T], shape: type[T], fresh: timedelta) -> Cached[T]:
        # One at a time: two threads of one preview must not both ask.
        with self._asking_tracker:
            question = CachedAnswer(key, ask, shape, fresh, STALE, self.asker)
            return question.get(self._memory, self.clock())

    # -- Reading sources -------------------------------------------------------------------

    def _is_due(self, source: IssueSource, now: datetime) -> bool:
        state = self._state(source)
        if state.asked is None or state.lasting:
            return True
        return now - state.asked >= (MIN_INTERVAL if state.trouble else FRESH)

    def _read(self, sources: Sequence[IssueSource], now: datetime) -> None:
        def note(source: IssueSource, result: Sequence[Issue] | SourceError) -> None:
            issues = result.issues if isinstance(result, PartlyRead) else result
            after = _SourceState(asked=now, read=now)
            if isinstance(issues, SourceError):
                failed = {"asked": now, "lasting": issues.lasting}
                after = self._state(source).model_copy(update=failed)
            else:
                self._issues.put(scope_of(source), issues)
            if isinstance(result, SourceError):
                after.trouble = str(result)
            self._memory.put(_state_key(source), after.model_dump(mode="json"))

        def read(source: IssueSource) -> None:
            note(source, _attempt(source, lambda: source.recent(self._state(source).read)))

        # What comes late is noted when it comes, so that a long first reading is not for nothing.
        side_by_side(
            read,
            sources,
            lambda source: note(source, SourceError(TOO_LONG)),
            key=lambda source: ("recent", id(source)),
            seconds=_SECONDS,
        )

    def _state(self, source: IssueSource) -> _SourceState:
        """How it went last; from the beginning where other projects are to be read now."""
        state = cache.parsed(_SourceState, self._memory.get(_state_key(source), self.clock()))
        return state or _SourceState()

    def _complete(self, source: IssueSource, keys: Sequence[str]) -> SourceStatus | None:
        found = _attempt(source, lambda: source.by_keys(keys))
        if isinstance(found, SourceError):
            return SourceStatus(source.name, source.group, 0, str(found))
        self._issues.put(scope_of(source), found)
        self._remember_absent(source, set(keys) - {issue.key for issue in found})
        return None

    def _missing(
        self, source: IssueSource, keys: Sequence[str], known: Mapping[tuple[str, str], set[str]]
    ) -> list[str]:
        here = known.get(_source_id(source), set())
        owned = [key for key in keys if source.owns(key) and key.casefold() not in here]
        if not owned:
            return []
        absent = self._absent(source)
        return [key for key in owned if key not in absent][:_MOST_KEYS]

    def _absent(self, source: IssueSource) -> dict[str, datetime]:
        value = self._memory.get(_absent_key(source), self.clock())
        try:
            absent = adapter(_ABSENT).validate_python(value or {})
        except ValidationError:
            return {}
        return {key: until for key, until in absent.items() if self.clock() < until}

    def _remember_absent(self, source: IssueSource, keys: set[str]) -> None:
        if not keys:
            return
        until = self.clock() + ABSENT
        absent = self._absent(source) | dict.fromkeys(sorted(keys), until)
        latest = dict(list(absent.items())[-_MOST_ABSENT:])
        value = adapter(_ABSENT).dump_python(latest, mode="json")
        self._memory.put(_absent_key(source), value, until)

    def _scopes(self) -> frozenset[str]:
        return frozenset(map(scope_of, self.sources))

    def _known_keys(self) -> dict[tuple[str, str], set[str]]:
        known: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for issue in self.issues():
            known[issue.tracker, issue.group].update(map(str.casefold, (issue.key, *issue.aliases)))
        return known


# -- Small parts -------------------------------------------------------------------------------


def _source_id(source: IssueSource) -> tuple[str, str]:
    return source.name, source.group


def scope_of(source: IssueSource) -> str:
    """All that must be the same for what was read to be of use: a change makes it another scope."""
    return f"{source.name}:{source.group}:{source.scope}"


def _state_key(source: IssueSource) -> str:
    return f"issues:{scope_of(source)}"


def _absent_key(source: IssueSource) -> str:
    return f"absent:{scope_of(source)}"


def _attempt(
    source: IssueSource, ask: Callable[[], Sequence[Issue]]
) -> Sequence[Issue] | SourceError:
    """What was found, or why nothing was: one failing source never stops the others."""
    try:
        return ask()
    except SourceError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not stop the day
        log_failure(log, source.name, error)
        kind = type(error).__name__
        return SourceError(f"failed unexpectedly ({kind}): please report it with what the log says")
