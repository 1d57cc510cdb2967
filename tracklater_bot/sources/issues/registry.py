"""The places where issues live, in their order. What isn't set up is left out.

A source is imported for those who have it: its models take up to 10 ms of each start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from tracklater_bot.domain.keys import KeyForm
from tracklater_bot.http import utc_now
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import IssueSource


class IssueSourceClass(Protocol):
    """A class of issue sources."""

    def set_up(self, settings: Settings, clock: Callable[[], datetime], /) -> Iterator[IssueSource]:
        """Those that the settings set up: at most one for each group."""

    def key_forms(self, settings: Settings, group: str, /) -> tuple[KeyForm, ...]:
        """How a group's issues are called; known as soon as the settings tell it."""


def _kinds(settings: Settings, *groups: str) -> Iterator[IssueSourceClass]:
    """Those of which any of the groups has a section."""
    named = {key for group in groups for key in settings.groups[group].model_fields_set}
    if "jira" in named:
        from tracklater_bot.sources.issues.jira import JiraSource

        yield JiraSource
    if "taiga" in named:
        from tracklater_bot.sources.issues.taiga import TaigaSource

        yield TaigaSource
    if "github" in named:
        from tracklater_bot.sources.issues.github import GitHubSource

        yield GitHubSource
    if "gitlab" in named:
        from tracklater_bot.sources.issues.gitlab import GitLabSource

        yield GitLabSource


def issue_sources(
    settings: Settings, clock: Callable[[], datetime] = utc_now
) -> tuple[IssueSource, ...]:
    """The trackers of all groups, in their order."""
    order = list(settings.groups)
    found = [source for kind in _kinds(settings, *order) for source in kind.set_up(settings, clock)]
    return tuple(sorted(found, key=lambda source: order.index(source.group)))


def key_forms(settings: Settings, group: str) -> tuple[KeyForm, ...]:
    """How the issues of a group are called."""
    return tuple(
        form for kind in _kinds(settings, group) for form in kind.key_forms(settings, group)
    )
