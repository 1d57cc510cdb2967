"""The places where issues live: one line each. What isn't set up is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from tracklater_bot.domain.keys import KeyForm
from tracklater_bot.http import utc_now
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import IssueSource
from tracklater_bot.sources.issues.github import GitHubSource
from tracklater_bot.sources.issues.gitlab import GitLabSource
from tracklater_bot.sources.issues.jira import JiraSource
from tracklater_bot.sources.issues.taiga import TaigaSource


class IssueSourceClass(Protocol):
    """A class of issue sources."""

    def set_up(self, settings: Settings, clock: Callable[[], datetime], /) -> Iterator[IssueSource]:
        """Those that the settings set up: at most one for each group."""

    def key_forms(self, settings: Settings, group: str, /) -> tuple[KeyForm, ...]:
        """How a group's issues are called; known as soon as the settings tell it."""


REGISTRY: tuple[IssueSourceClass, ...] = (JiraSource, TaigaSource, GitHubSource, GitLabSource)


def issue_sources(
    settings: Settings, clock: Callable[[], datetime] = utc_now
) -> tuple[IssueSource, ...]:
    """The trackers of all groups, in their order."""
    found = [source for kind in REGISTRY for source in kind.set_up(settings, clock)]
    order = list(settings.groups)
    return tuple(sorted(found, key=lambda source: order.index(source.group)))


def key_forms(settings: Settings, group: str) -> tuple[KeyForm, ...]:
    """How the issues of a group are called."""
    return tuple(form for kind in REGISTRY for form in kind.key_forms(settings, group))
