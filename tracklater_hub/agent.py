"""The laptop's half of a team: asks the hub what it wants to know, and answers from the traces.

All initiative is the hub's: the agent waits in a request of its own, so that no port is open here.
Clues, their tokens and habits stay; drafts are all that leaves.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime

from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.draft import Brief
from tracklater_bot.domain.errors import log_failure
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.text import folded, listing
from tracklater_bot.drafting.habits import HabitFiles
from tracklater_bot.drafting.machine import LocalMachine
from tracklater_bot.http import utc_now
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import ClueSource
from tracklater_bot.sources.clues.registry import clue_sources
from tracklater_hub.device import HubClient, HubError
from tracklater_hub.protocol import (
    ANSWER,
    BRIEF,
    MOST_KEYS,
    NEXT,
    Answer,
    Ask,
    BriefWanted,
    Done,
    Next,
    Request,
)

log = logging.getLogger(__name__)
LONGEST_PAUSE = 60.0  # between attempts to reach the hub
DELIVERIES = 6  # of an answer, in a minute; later the hub asks anew


@dataclass(frozen=True)
class HubBriefing:
    """The rest of the product, which is at the hub, as the machine here sees it."""

    client: HubClient
    own: Settings
    groups: tuple[Group, ...]

    @contextmanager
    def prepare(self, days: Sequence[WorkDay]) -> Iterator[_AskedLater]:
        """The groups came with the request; all else is asked for when the keys are known."""
        groups = tuple(self._with_words(group) for group in self.groups)
        yield _AskedLater(self, groups, tuple(day.date for day in days))

    def asked(self, days: tuple[date, ...], keys: Sequence[str]) -> Brief:
        """What the hub knows of the days. Raises HubError."""
        brief = self.client.ask(BRIEF, BriefWanted(days, tuple(keys)[:MOST_KEYS]), Brief)
        return replace(brief, groups=tuple(self._with_words(group) for group in brief.groups))

    def _with_words(self, group: Group) -> Group:
        """The team's group with the words that the settings here add."""
        if group.name not in self.own.groups:
            return group
        return replace(group, hints=(*group.hints, *self.own.hints_for(group.name)))


@dataclass(frozen=True)
class _AskedLater:
    """A Preparation: see the wall."""

    briefing: HubBriefing
    groups: tuple[Group, ...]
    days: tuple[date, ...]

    def brief(self, keys: Sequence[str]) -> Brief:
        """Asks the hub."""
        return self.briefing.asked(self.days, keys)


class Agent:
    """Answers the hub's questions, one after another."""

    def __init__(
        self, settings: Settings, client: HubClient, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._named: tuple[str, ...] | None = None
        self._stopped = threading.Event()
        self._own = settings
        self._sources: tuple[ClueSource, ...] = ()

    def has_sources(self) -> bool:
        """Whether anything here leaves traces that are read."""
        return bool(clue_sources(self._settings))

    def run(self, stopped: threading.Event) -> None:
        """Until the event is set. Raises HubError where waiting does not help."""
        self._stopped = stopped
        failures = 0
        while not stopped.is_set():
            try:
                self.once()
                failures = 0
            except HubError as error:
                if error.lasting:
                    raise
                pause = min(2.0**failures, LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311
                failures = min(failures + 1, 10)
                log.warning("%s It is asked again in %d seconds.", error, pause)
                stopped.wait(pause)

    def once(self) -> bool:
        """Waits for one question and answers it; False where there was none. Raises HubError."""
        request = self._client.ask(NEXT, Done(), Next).request
        if request is not None:
            self._deliver(self.answer(request))
        return request is not None

    def answer(self, request: Request) -> Answer:
        """What this machine has to say; where it fails, no more than that it was asked."""
        answer = Answer(request.id)
        try:
            machine = self._machine(request)
            match request.ask:
                case Ask.DRAFTS:
                    return replace(answer, drafts=tuple(machine.drafts(request.days)))
                case Ask.WORKED_SINCE if request.moment is not None:
                    return replace(answer, worked=machine.worked_since(request.moment))
                case Ask.CHECK:
                    return replace(answer, findings=tuple(machine.check()))
                case Ask.FORGET_HABITS:
                    machine.forget_habits()
                case Ask.WINDOWS_WITH if request.days:
                    spans = machine.windows_with(request.days[0], request.text)
                    return replace(answer, spans=spans)
        except HubError:
            raise
        except Exception as error:  # noqa: BLE001 - the next question may have an answer
            log_failure(log, f"Answering {request.ask}", error)
            return replace(answer, failed=True)
        return answer

    def _deliver(self, answer: Answer) -> None:
        """As often as needed: the hub takes an answer once. Raises HubError."""
        for number in range(1, DELIVERIES + 1):
            try:
                self._client.ask(ANSWER, answer, Done)
            except HubError as error:
                if error.lasting or (number == DELIVERIES and not error.refused):
                    raise
                log.warning("An answer was not taken. %s", error)
                if error.refused:
                    return
                self._stopped.wait(2.0**number)
            else:
                return

    def _machine(self, request: Request) -> LocalMachine:
        self._use_groups(tuple(group.name for group in request.groups))
        settings = self._own
        briefing = HubBriefing(self._client, settings, request.groups)
        rounding = {"round_minutes": request.round_minutes, "min_minutes": request.min_minutes}
        return LocalMachine(
            settings.suggest.model_copy(update=rounding),
            self._sources,
            briefing,
            self._clock,
            habits=HabitFiles(settings.data_folder / "habits", self._sources, self._clock),
        )

    def _use_groups(self, names: tuple[str, ...]) -> None:
        """Calls the groups of the settings here as the team does; others count for nothing."""
        if names == self._named:
            return
        spelling = {folded(name.strip()): name for name in names}
        found = {spelling.get(folded(own.strip()), ""): own for own in self._settings.groups}
        groups = {name: self._settings.groups[own] for name, own in found.items() if name}
        unknown = [own for own in self._settings.groups if folded(own.strip()) not in spelling]
        if unknown:
            log.warning("The team has no %s: that is left out here.", listing(unknown))
        self._own = self._settings.model_copy(update={"groups": groups})
        self._sources = clue_sources(self._own)
        self._named = names
