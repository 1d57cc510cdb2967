"""The places where work leaves traces: one line each. What isn't set up is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import ClueSource
from tracklater_bot.sources.clues.activitywatch import ActivityWatchSource
from tracklater_bot.sources.clues.calendar import CalendarSource
from tracklater_bot.sources.clues.git import GitSource
from tracklater_bot.sources.clues.slack import SlackSource
from tracklater_bot.sources.clues.thyme import ThymeSource


def _agents(settings: Settings) -> Iterator[ClueSource]:
    if "agents" in settings.model_fields_set:
        # Here, because it takes 5 ms, and only those who have the section need it.
        from tracklater_bot.sources.clues.agents import AgentsSource  # noqa: PLC0415

        yield from AgentsSource.set_up(settings)


REGISTRY: tuple[Callable[[Settings], Iterator[ClueSource]], ...] = (
    ThymeSource.set_up,
    ActivityWatchSource.set_up,
    GitSource.set_up,
    _agents,
    SlackSource.set_up,
    CalendarSource.set_up,
)


def clue_sources(settings: Settings) -> tuple[ClueSource, ...]:
    """The places where the person's work leaves traces."""
    return tuple(source for set_up in REGISTRY for source in set_up(settings))
