"""The person's machine with drafts of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tracklater_bot.core import Core
from tracklater_bot.domain.day import Span, WorkDay
from tracklater_bot.domain.draft import Draft
from tracklater_bot.domain.wall import Finding, Machine, Shown
from tracklater_bot.slack.days import Days

Drafts = Callable[[Sequence[WorkDay]], list[Draft]]


@dataclass
class DraftsFrom:
    """The real machine, but for its drafts."""

    real: Machine
    make: Drafts

    def drafts(self, days: Sequence[WorkDay]) -> list[Draft]:
        return self.make(days)

    def worked_since(self, moment: datetime) -> bool:
        return self.real.worked_since(moment)

    def check(self) -> list[Finding]:
        return self.real.check()

    def forget_habits(self) -> None:
        self.real.forget_habits()

    def windows_with(self, day: WorkDay, text: str) -> tuple[Span, ...]:
        return self.real.windows_with(day, text)

    def shown(self, span: Span) -> Shown:
        return self.real.shown(span)


def draft_with(core: Core, days: Days, make: Drafts) -> None:
    """Lets a running bot get its drafts from `make`."""
    core.machine = DraftsFrom(core.machine, make)
    object.__setattr__(days.person, "machine", core.machine)  # else fixed while a bot runs
