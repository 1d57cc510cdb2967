"""Describe: the project, and the words that an entry will carry. Never another group's words."""

from __future__ import annotations

from collections.abc import Iterable

from tracklater_bot.domain.descriptions import describe
from tracklater_bot.domain.model import Commit, Group, Issue, Project

LONGEST = 60
SUBJECTS = 2


def project_for(group: Group, issue: Issue | None) -> Project | None:
    """The group's project for issues of this type, else its default one, else its only one."""
    by_type: dict[str, Project] = {}
    for project in group.projects:
        by_type.setdefault(project.type.casefold(), project)
    if issue is not None and (found := by_type.get(issue.type.casefold())) is not None:
        return found
    if "default" in by_type:
        return by_type["default"]
    return group.projects[0] if len(group.projects) == 1 else None


def description(group: str, issue: Issue | None, commits: Iterable[Commit]) -> str:
    """`KEY title`, else the group's own commit subjects in a few words, else its name."""
    if issue is not None:
        return describe(issue)
    subjects = dict.fromkeys(" ".join(each.subject.split()) for each in commits)
    words = _short([subject for subject in subjects if subject])
    return words or group


def _short(subjects: list[str]) -> str:
    text = "; ".join(subjects[:SUBJECTS])
    if len(text) <= LONGEST:
        return text
    text = subjects[0]
    if len(text) <= LONGEST:
        return text
    kept = text[: LONGEST - 1]
    cut = kept.rpartition(" ")[0] or kept
    return f"{cut.rstrip(' ,.;:')}…"
