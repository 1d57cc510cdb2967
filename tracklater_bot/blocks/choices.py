"""What the dialogs offer to choose from, and how a choice is found again from its value.

Slack gives back only an option's value of 150 characters, so values are short tokens that are the
same for the same thing on every day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tracklater_bot.blocks.elements import Block, option, outside_option, words
from tracklater_bot.blocks.text import plain
from tracklater_bot.domain.day import WorkDay
from tracklater_bot.domain.descriptions import describe
from tracklater_bot.domain.groups import Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.text import clean, units

MOST_OPTIONS = 100
MOST_OPTION_TEXT = 75
MOST_VALUE = 150
NO_ISSUE = "none"
FREE_TEXT = "text:"
NO_PROJECT = "no project"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a dialog for `day` offers: the groups and their Toggl projects."""

    day: WorkDay
    projects: tuple[Project, ...] = ()
    groups: tuple[str, ...] = ()

    def all_groups(self) -> list[str]:
        """The groups of the settings first, then those that only a project names."""
        return list(dict.fromkeys([*self.groups, *(project.group for project in self.projects)]))


@dataclass(frozen=True, slots=True)
class ProjectChoice:
    """A group, and a project of it or none."""

    group: str
    project: Project | None = None

    @property
    def token(self) -> str:
        """The option's value."""
        names = (self.project.name,) if self.project else ()
        return token("project", self.group, *names)


def token(*parts: str) -> str:
    """A short name for the parts; equal parts have equal tokens."""
    joined = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(joined, digest_size=9).hexdigest()


# -- Group › project ---------------------------------------------------------------------------


def project_choices(choices: Choices, chosen: ProjectChoice | None) -> dict[str, ProjectChoice]:
    """Every choice by its token; what is chosen now is among them even if Toggl dropped it."""
    offered = [
        ProjectChoice(group, project)
        for group in choices.all_groups()
        for project in (*_of_group(choices.projects, group), None)
    ]
    return {choice.token: choice for choice in ([chosen] if chosen else []) + offered}


def _of_group(projects: Iterable[Project], group: str) -> list[Project]:
    return [project for project in projects if project.group == group]


def project_groups(choices: Choices, chosen: ProjectChoice | None) -> list[Block]:
    """Option groups for the group › project select: a heading a group, "no project" last."""
    by_group: dict[str, list[ProjectChoice]] = {}
    for choice in project_choices(choices, chosen).values():
        by_group.setdefault(choice.group, []).append(choice)
    groups = sorted(by_group, key=lambda group: chosen is not None and group != chosen.group)
    return [
        {
            "label": outside_option(plain(group, MOST_OPTION_TEXT), "-")["text"],
            "options": [project_option(choice) for choice in _first_hundred(by_group[group])],
        }
        for group in groups[:MOST_OPTIONS]
    ]


def _first_hundred(choices: Sequence[ProjectChoice]) -> list[ProjectChoice]:
    named = [choice for choice in choices if choice.project is not None]
    nameless = [choice for choice in choices if choice.project is None]
    return [*named[: MOST_OPTIONS - 1], *nameless[:1]]


def project_option(choice: ProjectChoice) -> Block:
    """The option for a choice; equal choices make equal options."""
    project = plain(choice.project.name, 40) if choice.project else NO_PROJECT
    # With the group's name: a closed select shows nothing of its headings.
    text = f"{plain(choice.group, MOST_OPTION_TEXT - units(project) - 3)} › {project}"
    return outside_option(text, choice.token)


# -- Issues ------------------------------------------------------------------------------------


def issue_value(issue: Issue) -> str:
    """The option's value: its key to be read in logs, and a token that tells trackers apart."""
    return f"{clean(issue.key, 100)}|{token('issue', issue.tracker, issue.group, issue.key)}"


def issue_option(issue: Issue, group: str | None = None) -> Block:
    """The option for an issue; one of another group than `group` says whose it is."""
    named = outside_option(plain(describe(issue), MOST_OPTION_TEXT), issue_value(issue))
    if group is None or issue.group == group:
        return named
    return named | {"description": words(plain(issue.group, MOST_OPTION_TEXT) or "–")}


def issue_options(
    issues: Iterable[Issue], typed: str = "", group: str | None = None
) -> dict[str, Any]:
    """The answer to Slack's question what to offer for `typed`, best first as given.

    What was typed can stay as free text; with nothing typed "No issue" clears the choice.
    """
    last = free_text_option(typed) if typed.strip() else option("No issue", NO_ISSUE)
    options = [issue_option(issue, group) for issue in issues]
    distinct = {made["value"]: made for made in options}
    return {"options": [*list(distinct.values())[: MOST_OPTIONS - 1], last]}


def free_text_option(typed: str) -> Block:
    """The option that keeps what was typed instead of an issue."""
    text = clean(typed, MOST_VALUE - len(FREE_TEXT))
    return outside_option(f"“{plain(text, MOST_OPTION_TEXT - 2)}”", f"{FREE_TEXT}{text}")


def find_issue(value: str | None, issues: Iterable[Issue]) -> Issue | None:
    """The issue whose option was chosen; None for no issue and for free text."""
    if not value or value == NO_ISSUE or value.startswith(FREE_TEXT):
        return None
    return next((issue for issue in issues if issue_value(issue) == value), None)


def free_text(value: str | None) -> str | None:
    """What was typed instead of choosing an issue."""
    if value and value.startswith(FREE_TEXT):
        return value.removeprefix(FREE_TEXT)
    return None
