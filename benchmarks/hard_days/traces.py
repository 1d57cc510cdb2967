"""What these days leave in git and in Slack, programs' commits and rewritten ones among it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.hard_days import windows
from benchmarks.hard_days.customers import TEAM, Customer
from benchmarks.hard_days.plan import MINUTE, Activity, ActivityKind, CallHint, Recipe
from tracklater_bot.domain.clues import ChatMessage, Checkout, Commit
from tracklater_bot.domain.day import WorkDay

SMALL = ("Tidy imports", "Cover the empty case", "wip", "Address review", "Rename the module")
SAID = ("will do", "merged, thanks", "can look after lunch", "that's fixed on staging", "ok")
BY_PROGRAMS = (
    "chore(deps): bump vite from 6.1 to 6.2", "Auto-commit 2026-11-20 12:31", "vault backup",
    "Extract the fare calculator", "Add tests for the parser", "chore(release): 4.12.0",
)  # fmt: skip


@dataclass(slots=True)
class TraceWriter:
    """Writes down a day's commits, checkouts and messages."""

    rng: random.Random
    recipe: Recipe
    day: WorkDay
    customers: Sequence[Customer]
    _branches: dict[str, str] = field(default_factory=dict)
    _hosted: dict[str, bool] = field(default_factory=dict)

    def at(self, seconds: float) -> datetime:
        """A moment of the day, to the second."""
        return self.day.span.start + timedelta(seconds=int(seconds))

    # -- git --------------------------------------------------------------------------------------

    def git(self, activities: Sequence[Activity]) -> Iterator[Commit | Checkout]:
        """Everything that the repositories tell."""
        for customer in self.customers:
            self._hosted[customer.group] = self.rng.random() < 0.6
            self._branches[customer.group] = "main"
            yield self._checkout(-20 * 86400, customer, "main")
        for activity in activities:
            if activity.kind in (ActivityKind.WORK, ActivityKind.STILL) and activity.customer:
                yield from self._worked(activity, activity.customer)
            elif activity.hint is CallHint.COMMIT and activity.customer:
                moment = activity.start + self.rng.uniform(-60, 120)
                yield self._commit(moment, activity.customer, self.rng.choice(SMALL))
        if self.recipe.programs:
            yield from self._programs(activities)

    def _checkout(self, at: float, customer: Customer, branch: str) -> Checkout:
        hosted = self._hosted[customer.group]
        return Checkout(self.at(at), customer.group, customer.repo, branch, hosted)

    def _commit(
        self, at: float, customer: Customer, subject: str, *, program: bool = False, sha: str = ""
    ) -> Commit:
        return Commit(
            at=self.at(at),
            group=customer.group,
            repo=customer.repo,
            sha=sha or f"{self.rng.getrandbits(160):040x}",
            subject=subject,
            branches=(self._branches[customer.group],),
            hosted=self._hosted[customer.group],
            by_program=program,
        )

    def _worked(self, activity: Activity, customer: Customer) -> Iterator[Commit | Checkout]:
        name = windows.branch(customer, activity.task) if activity.task else "main"
        if name != self._branches[customer.group] and self.rng.random() < 0.85:
            self._branches[customer.group] = name
            yield self._checkout(activity.start + self.rng.uniform(3, 200), customer, name)
        moments = list(self._moments(activity))
        if not moments or self.rng.random() < 0.2:
            return
        if not self.recipe.rewritten:
            for at in moments:
                yield self._commit(at, customer, self._subject(activity, customer))
        elif self.rng.random() < 0.5:
            yield from self._amended(moments, activity, customer)
        else:
            yield from self._squashed(moments, activity, customer)

    def _moments(self, activity: Activity) -> Iterator[float]:
        at = activity.start + self.rng.expovariate(1 / 22) * MINUTE
        while at < activity.end - 30:
            yield at
            at += self.rng.expovariate(1 / 26) * MINUTE + MINUTE

    def _subject(self, activity: Activity, customer: Customer) -> str:
        task = activity.task
        if task is None or self.rng.random() < 0.35:
            return self.rng.choice(SMALL)
        if self.rng.random() < customer.keyed:
            return f"{task.key.replace('#', 'TG-')}: {task.title}"
        return task.title

    def _amended(
        self, moments: Sequence[float], activity: Activity, customer: Customer
    ) -> Iterator[Commit]:
        """One commit, amended again and again: the log of HEAD holds each time."""
        subject, sha = self._subject(activity, customer), f"{self.rng.getrandbits(160):040x}"
        for at in moments:
            yield self._commit(at, customer, subject, sha=sha)

    def _squashed(
        self, moments: Sequence[float], activity: Activity, customer: Customer
    ) -> Iterator[Commit]:
        """The branch is gone; its commits are in the log of HEAD, and in one merged at the end."""
        kept = self._branches[customer.group]
        self._branches[customer.group] = "main"
        for at in moments:
            made = self._commit(at, customer, self._subject(activity, customer))
            yield Commit(made.at, made.group, made.repo, made.sha, made.subject, (), made.hosted)
        title = activity.task.title if activity.task else self.rng.choice(SMALL)
        merged = max(moments[-1], activity.end - self.rng.uniform(20, 240))
        yield self._commit(merged, customer, f"{title} (#{self.rng.randrange(3, 900)})")
        self._branches[customer.group] = kept

    def _programs(self, activities: Sequence[Activity]) -> Iterator[Commit]:
        """An agent or a robot works on while the person is gone, or beside them elsewhere."""
        last = self.customers[0]
        for activity in activities:
            last = activity.customer or last
            if activity.kind not in (ActivityKind.GONE, ActivityKind.WORK):
                continue
            gone = activity.kind is ActivityKind.GONE
            customer = last if gone and self.rng.random() < 0.7 else self.rng.choice(self.customers)
            pace = self.rng.uniform(3, 18) if gone else self.rng.uniform(40, 90)
            at = activity.start + self.rng.uniform(0.3, 1) * pace * MINUTE
            while at < activity.end:
                yield self._commit(at, customer, self.rng.choice(BY_PROGRAMS), program=True)
                at += self.rng.uniform(0.5, 1.5) * pace * MINUTE

    # -- Slack ------------------------------------------------------------------------------------

    def messages(self, activities: Sequence[Activity]) -> Iterator[ChatMessage]:
        """What the person wrote."""
        for activity in activities:
            customer = activity.customer
            if customer is None:
                continue
            if activity.kind is not ActivityKind.CALL:
                at = activity.start + self.rng.expovariate(1 / 30) * MINUTE
                while at < activity.end:
                    yield self._message(at, customer, direct=self.rng.random() < 0.12)
                    at += self.rng.expovariate(1 / 40) * MINUTE
            elif activity.hint in (CallHint.MESSAGE, CallHint.DIRECT):
                at = activity.start + self.rng.uniform(-100, 90)
                yield self._message(at, customer, direct=activity.hint is CallHint.DIRECT)

    def _message(self, at: float, customer: Customer, *, direct: bool) -> ChatMessage:
        own = bool(customer.team) and not direct
        return ChatMessage(
            at=self.at(at),
            group=customer.group if own else None,
            text=self.rng.choice(SAID),
            channel="" if direct else self.rng.choice(customer.rooms),
            workspace=customer.team if own else TEAM,
            shared_channels=self._readers_channels(at, customer) if direct else (),
        )

    def _readers_channels(self, at: float, customer: Customer) -> tuple[str, ...]:
        """Most readers are the customer's own people; a colleague is in everybody's channels."""
        colleague = random.Random(f"{customer.group} {at}").random() < 0.35
        known = self.customers if colleague else (customer,)
        return ("general", *(each.rooms[0] for each in known))
