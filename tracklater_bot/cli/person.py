"""The person of the settings file, as the bot in Slack knows them: both halves put together."""

from __future__ import annotations

from functools import partial

from tracklater_bot.checks import check_all
from tracklater_bot.core import Core
from tracklater_bot.outbox.entries import all_senders
from tracklater_bot.outbox.lookup import Lookup
from tracklater_bot.outbox.worker import Pace, Worker
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
        machine=core.machine,
        groups=core.groups,
        check=partial(check_all, core, quick=True),
        outbox=partial(_outbox, core),
    )


def _outbox(core: Core, owner: str, pace: Pace) -> Worker:
    key_tag = core.file_settings.suggest.key_tag
    lookup = Lookup(core.writable_tracker, core.catalog, key_tag=key_tag)
    senders = all_senders(core.store, lookup, core.worklogs)
    return Worker(core.store, core.person, owner, senders, core.clock, pace)
