"""All issue sources that the settings set up, one for each group that has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from tracklater_bot.http import Timing, utc_now
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import IssueSource
from tracklater_bot.sources.issues.jira import JiraSource
from tracklater_bot.sources.issues.taiga import TaigaSource
from tracklater_bot.sources.issues.taiga_login import TaigaLogins


def has_issues(settings: Settings) -> bool:
    """Whether any group has an issue tracker."""
    names = settings.groups
    return any(settings.groups[name].jira.url or settings.taiga_for(name) for name in names)


def issue_sources(
    settings: Settings, clock: Callable[[], datetime] = utc_now
) -> tuple[IssueSource, ...]:
    """The trackers of all groups, in their order."""
    found = (*_jira(settings, clock), *_taiga(settings, clock))
    order = list(settings.groups)
    return tuple(sorted(found, key=lambda each: order.index(each.group)))


def _jira(settings: Settings, clock: Callable[[], datetime]) -> Iterator[IssueSource]:
    for name, group in settings.groups.items():
        if group.jira.url:
            yield JiraSource(name, group.jira, clock)


def _taiga(settings: Settings, clock: Callable[[], datetime]) -> Iterator[IssueSource]:
    places = {name: place for name in settings.groups if (place := settings.taiga_for(name))}
    if not places:
        return
    logins = TaigaLogins(Timing(now=clock))
    for name, place in places.items():
        yield TaigaSource(name, place, logins.of(place), clock)
