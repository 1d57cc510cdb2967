"""Which groups' time is written as worklogs, and the Jira that each of them has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock

from tracklater_bot.settings import GroupSettings
from tracklater_bot.trackers.jira_worklogs import JiraWorklogs
from tracklater_bot.trackers.protocols import Refused, Worklogs


class JiraLogbooks:
    """The Jira of each group that has one; worklogs are wanted where the settings say so."""

    def __init__(self, groups: Mapping[str, GroupSettings], clock: Callable[[], datetime]) -> None:
        self._groups = groups
        self._clock = clock
        self._known: dict[str, JiraWorklogs] = {}
        self._opening = Lock()

    def wanted(self, _person: str, group: str) -> bool:
        """Whether new entries of the group become worklogs too."""
        return group in self._groups and self._groups[group].jira.worklogs

    def of(self, _person: str, group: str) -> Worklogs:
        """The group's worklogs; one object a group, whose writes go one after the other.

        Raises Refused where the group has no Jira.
        """
        jira = self._groups[group].jira if group in self._groups else None
        if jira is None or not jira.url or jira.api_token is None:
            raise Refused("no Jira is set up for this group any more: change its worklog there")
        with self._opening:
            if group not in self._known:
                self._known[group] = JiraWorklogs(group, jira, self._clock)
            return self._known[group]
