"""The people of this hub, each with their right half: made when they are first needed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from slack_bolt import App
from sqlalchemy import text

from tracklater_bot.cli.person import person_of
from tracklater_bot.core import Core
from tracklater_bot.domain.draft import Brief
from tracklater_bot.domain.errors import StoreError
from tracklater_bot.domain.urgency import low_priority
from tracklater_bot.domain.wall import Briefing
from tracklater_bot.http import utc_now
from tracklater_bot.outbox.senders import give_up
from tracklater_bot.scheduling.loop import Loop
from tracklater_bot.settings import Settings
from tracklater_bot.slack.app import bolt_app
from tracklater_bot.slack.days import USUAL, BotTiming, Days
from tracklater_bot.slack.pace import PacedClient
from tracklater_bot.store import Store, Transaction
from tracklater_bot.store.pruning import forget
from tracklater_hub import mailbox, people
from tracklater_hub.believing import Disbelieved
from tracklater_hub.machine import RemoteMachine
from tracklater_hub.mailbox import Bell
from tracklater_hub.pace import SharedTallies
from tracklater_hub.protocol import Answer, BriefWanted
from tracklater_hub.sealing import Sealer, SealError
from tracklater_hub.team import person_settings

log = logging.getLogger(__name__)
URGENT = 10
LEFT = "you left the team while this was on its way: look there before you approve it again"


class JobLoop(Loop):
    """A loop that is no thread: waking it puts a job into the queue, for whichever process."""

    def __init__(
        self, store: Store, person: str, name: str, work: Callable[[], float | None]
    ) -> None:
        super().__init__(name, work)
        self.work = work
        self._store, self._person, self._name = store, person, name

    def wake(self) -> None:
        """Asks for a call soon. Where that fails, the tick finds what is to be done."""
        try:
            with self._store.writing() as transaction:
                wake(transaction, self._person, self._name, URGENT)
        except StoreError as error:
            log.warning("%s", error)


def wake(
    transaction: Transaction, person: str, what: str, urgency: int = 0, at: datetime | None = None
) -> None:
    """Puts a job for the person into the queue, unless the same one waits there already."""
    job = {"person": person, "what": what, "urgency": urgency, "at": at}
    transaction.execute(text("SELECT hub_wake(:person, :what, :urgency, :at)"), job)


def let_in(transaction: Transaction, person: str) -> None:
    """Makes the person known. What was left over by who left before is not sent now."""
    if people.add(transaction, person):
        give_up(transaction, person, people.now(transaction), LEFT)


def let_go(transaction: Transaction, person: str) -> int:
    """Ends the machine, drops all but what they decided; how many decisions are sent no more."""
    forget(transaction, person)  # before what was on its way waits for a decision again
    waiting = give_up(transaction, person, people.now(transaction), LEFT)
    people.remove(transaction, person)
    return waiting


@dataclass(frozen=True)
class Listeners:
    """What Slack's requests are answered with, by everybody's listeners alike."""

    client: PacedClient
    executor: ThreadPoolExecutor
    signing_secret: str


@dataclass(frozen=True)
class Member:
    """One person at work in this process."""

    core: Core
    machine: RemoteMachine
    days: Days
    app: App
    briefing: Briefing
    loops: Mapping[str, JobLoop]
    version: people.Version


class Members:
    """Everybody who has joined, and is on the list where there is one (`only`).

    Safe to use from threads.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that it works with comes from outside
        self,
        team: Settings,
        store: Store,
        bell: Bell,
        sealer: Sealer,
        listeners: Listeners,
        timing: BotTiming = USUAL,
        clock: Callable[[], datetime] = utc_now,
        only: frozenset[str] = frozenset(),
    ) -> None:
        self.team = team
        self._only = only
        self.store = store
        self.bell = bell
        self.sealer = sealer
        self.clock = clock
        self._listeners = listeners
        self._timing = timing
        self._members: dict[str, Member] = {}
        self._making = threading.Lock()
        self._tallies = SharedTallies(store)

    def hears(self, person: str) -> bool:
        """Whether the person is one of those whom the administrator lets in."""
        return not self._only or person in self._only

    def of(self, person: str) -> Member | None:
        """The person with their tokens as of now; None for who has not joined, or is not heard."""
        with self.store.reading() as transaction:
            version = people.version(transaction, person) if self.hears(person) else None
        if version is None:
            self._members.pop(person, None)
            return None
        found = self._members.get(person)
        if found is not None and found.version == version:
            return found
        with self._making:
            found = self._members.get(person)
            if found is None or found.version != version:
                self._members[person] = self._made(person, version)
            return self._members[person]

    def brief(self, person: str, wanted: BriefWanted) -> Brief:
        """What the person's machine may know of the days that it is asked for.

        Raises Disbelieved for others: nobody's tracker is asked for what nobody waits for.
        """
        member = self._known(person)
        with self.store.reading() as transaction:
            asked = mailbox.asked_days(transaction, person)
            waited = mailbox.is_waited_for(transaction, person)
        if not set(wanted.days) <= set(asked):
            raise Disbelieved("days that nobody asked for")
        days = [asked[on] for on in dict.fromkeys(wanted.days)]
        with low_priority(low=not waited), member.briefing.prepare(days) as prepared:
            return prepared.brief(wanted.keys)

    def accept(self, person: str, answer: Answer) -> None:
        """Takes the answer of the person's machine. Raises Disbelieved."""
        self._known(person).machine.accept(answer)

    def settings_of(self, person: str, more: dict[str, str] | None = None) -> Settings:
        """The team's settings with the person's tokens, and `more` of them."""
        with self.store.reading() as transaction:
            sealed = people.sealed(transaction, person)
        tokens: dict[str, str] = {}
        for name, one in sealed.items():
            try:
                tokens[name] = self.sealer.open(person, name, one)
            except SealError as error:
                log.error("%s", error)  # noqa: TRY400 - there is nothing to trace
        return person_settings(self.team, person, tokens | (more or {}))

    def core(self, settings: Settings) -> Core:
        """The right half on these settings, with the machine elsewhere."""
        core = Core(settings, self.store, self.clock, self._tallies)
        core.machine = RemoteMachine(
            core.person,
            self.store,
            self.bell,
            core.catalog,
            core.groups,
            settings.suggest,
            self.clock,
            core.calendar.zone,
        )
        return core

    def stop(self) -> None:
        """Waits for pictures and lists that are being brought into messages."""
        for member in [*self._members.values()]:
            member.days.finish()

    def _known(self, person: str) -> Member:
        member = self.of(person)
        if member is None:
            raise LookupError("somebody who has left")
        return member

    def _made(self, person: str, version: people.Version) -> Member:
        core, listeners = self.core(self.settings_of(person)), self._listeners
        loops: dict[str, JobLoop] = {}

        def loop(name: str, work: Callable[[], float | None], rest_seconds: float = 0.0) -> Loop:
            loops[name] = JobLoop(self.store, person, name, work)
            return loops[name]

        days = Days(person_of(core), listeners.client, self._timing, loop)
        assert isinstance(core.machine, RemoteMachine)
        return Member(
            core,
            core.machine,
            days,
            bolt_app(
                days,
                listeners.client,
                listeners.executor,
                listeners.signing_secret,
                checked_before=True,
            ),
            core.local_machine().briefing,
            loops,
            version,
        )
