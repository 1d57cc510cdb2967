"""A machine with sources of a test, and a catalogue behind the wall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from tracklater_bot.catalog.briefing import CatalogBriefing
from tracklater_bot.catalog.catalog import Catalog
from tracklater_bot.domain.groups import Group
from tracklater_bot.drafting.machine import LocalMachine
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import ClueSource
from tracklater_bot.sources.issues.registry import key_forms


def machine_of(
    settings: Settings,
    sources: Sequence[ClueSource],
    catalog: Catalog,
    clock: Callable[[], datetime],
) -> LocalMachine:
    """As the core wires it, without rules."""
    groups = tuple(
        Group(name, settings.hints_for(name), key_forms(settings, name)) for name in settings.groups
    )
    briefing = CatalogBriefing(catalog, groups, list, clock, settings.zone)
    return LocalMachine(settings.suggest, sources, briefing, clock)
