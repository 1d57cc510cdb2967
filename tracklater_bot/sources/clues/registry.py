"""The places where work leaves traces, in their order. What isn't set up is left out.

A source is imported for those who have it: the two with most take 5 ms of each start, git's 40.
"""

from __future__ import annotations

from collections.abc import Iterator

from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import ClueSource


def _set_up(settings: Settings) -> Iterator[ClueSource]:
    own, groups = settings.model_fields_set, settings.groups.values()
    if "thyme" in own:
        from tracklater_bot.sources.clues.thyme import ThymeSource

        yield from ThymeSource.set_up(settings)
    if "activitywatch" in own:
        from tracklater_bot.sources.clues.activitywatch import ActivityWatchSource

        yield from ActivityWatchSource.set_up(settings)
    if any(group.git.repos for group in groups):
        from tracklater_bot.sources.clues.git import GitSource

        yield from GitSource.set_up(settings)
    if "agents" in own:
        from tracklater_bot.sources.clues.agents import AgentsSource

        yield from AgentsSource.set_up(settings)
    if settings.slack.user_token or any(group.slack.user_token for group in groups):
        from tracklater_bot.sources.clues.slack import SlackSource

        yield from SlackSource.set_up(settings)
    if "calendar" in own:
        from tracklater_bot.sources.clues.calendar import CalendarSource

        yield from CalendarSource.set_up(settings)


def clue_sources(settings: Settings) -> tuple[ClueSource, ...]:
    """The places where the person's work leaves traces."""
    return tuple(_set_up(settings))
