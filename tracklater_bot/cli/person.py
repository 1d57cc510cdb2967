"""The person of the settings file, as the bot in Slack knows them: both halves put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from tracklater_bot.checks import check_all
from tracklater_bot.core import Core
from tracklater_bot.domain.clues import ChatMessage
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.suggestions import Draft
from tracklater_bot.drafting.work import worked_since
from tracklater_bot.engine.match.matcher import Matcher
from tracklater_bot.engine.windows import WindowKind
from tracklater_bot.outbox.worker import Exporter, Pace
from tracklater_bot.slack.person import Person, insist_on_slack


def person_of(core: Core) -> Person:
    """The core's person. Raises SettingsError when Slack is not set up."""
    insist_on_slack(core.file_settings)
    return Person(
        id=core.person,
        file_settings=core.file_settings,
        settings=core.settings,
        no_longer=core.no_longer,
        clock=core.clock,
        store=core.store,
        calendar=core.calendar,
        catalog=core.catalog,
        tracker=core.tracker,
        machine=_ThisMachine(core),
        clue_sources=frozenset((source.name, source.group) for source in core.clue_sources),
        check=partial(check_all, core),
        group_of=partial(_group_of, core),
        outbox=partial(_outbox, core),
    )


@dataclass(frozen=True, slots=True)
class _ThisMachine:
    """The machine on which the bot runs too."""

    core: Core

    def drafts(self, days: Sequence[WorkDay]) -> list[Draft]:
        return self.core.drafts(days)

    def worked_since(self, moment: datetime) -> bool:
        return worked_since(self.core.clue_sources, moment, self.core.clock())


def _group_of(core: Core, text: str, channel: str) -> str | None:
    """The one group that a message's words and its channel's name point to."""
    settings = core.file_settings
    known = tuple(
        Group(name, settings.hints_for(name), own.jira.project_key, bool(own.taiga.project_slug))
        for name, own in settings.groups.items()
    )
    message = ChatMessage(core.clock(), None, text, channel)
    found = Matcher(known, (), (), WindowKind()).message(message).groups
    return next(iter(found)) if len(found) == 1 else None


def _outbox(core: Core, owner: str, pace: Pace) -> Exporter:
    return Exporter(
        core.store,
        core.person,
        core.tracker_for,
        core.clock,
        owner,
        workspace_for=core.workspace_for,
        pace=pace,
        logbooks=core.logbooks,
        key_tag=core.file_settings.suggest.key_tag,
    )
