"""The project and the words of an entry."""

from __future__ import annotations

import pytest

from tests.clues import ACME, GLOBEX, LOGIN, RATE, commit
from tracklater_bot.domain.groups import Group, Project
from tracklater_bot.domain.issues import Issue
from tracklater_bot.engine.row_issues import LONGEST, description
from tracklater_bot.engine.suggestions import project_for


def named(*projects: str) -> Group:
    pairs = (project.split("=") for project in projects)
    return Group("acme", projects=tuple(Project(name, "acme", type=kind) for name, kind in pairs))


@pytest.mark.parametrize(
    ("projects", "issue_type", "expected"),
    [
        (["Development=default", "Bug fixing=bug"], "bug", "Bug fixing"),
        (["Development=default", "Bug fixing=Bug"], "BUG", "Bug fixing"),
        (["Development=default", "Bug fixing=bug"], "story", "Development"),
        (["Development=default", "Bug fixing=bug"], None, "Development"),
        (["Bug fixing=bug", "Design=epic"], "story", None),  # nothing points to either
        (["Bug fixing=bug"], "story", "Bug fixing"),  # the only one
        ([], "bug", None),
    ],
)
def test_project(projects: list[str], issue_type: str | None, expected: str | None) -> None:
    issue = Issue("DEV-1", "", "", "jira", "acme", type=issue_type) if issue_type else None
    found = project_for(named(*projects), issue)
    assert (found.name if found else None) == expected


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        (["Fix login"], "Fix login"),
        (["Fix login", "Add tests"], "Fix login; Add tests"),
        (["WIP", "WIP", "Fix login"], "WIP; Fix login"),  # each once
        (["Fix login", "Add tests", "Tidy up"], "Fix login; Add tests"),
        (["fix(auth):  keep\nthe session"], "fix(auth): keep the session"),
        (["", "  "], ""),
        ([], ""),
    ],
)
def test_words_without_an_issue(subjects: list[str], expected: str) -> None:
    commits = [commit("10:00", "acme", subject) for subject in subjects]
    assert description(None, commits) == expected


SCOPED = [
    "Add a changelog",
    *(f"import: read {what} of a customer" for what in ("rows", "columns", "notes", "dates")),
    "feat(import): read prices of a customer",
    "docs: say how",
]


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        (SCOPED, "import: read columns of a customer and 6 more"),
        (  # what most of them are about
            ["Tidy up", "Parse invoices", "Parse dates", "Parse invoices of old customers", "Typo"],
            "Parse invoices of old customers and 4 more",
        ),
        (
            [f"Do thing number {number} of very many that there are" for number in range(226)],
            "Do thing number 100 of very many that there are and 225 more",
        ),
        (["feat: rows", "feat: columns", "feat: rows again", "fix: typo", "a"], None),
    ],
)
def test_many_commits_are_told_by_what_they_share(
    subjects: list[str], expected: str | None
) -> None:
    """Not by the first of them, which tells nothing of the whole."""
    found = description(None, [commit("10:00", "acme", subject) for subject in subjects])
    assert found == (expected or "feat: rows again and 4 more")
    assert len(found) <= LONGEST


@pytest.mark.parametrize(
    "subject", ["Handle the empty input of the token endpoint " * 3, "x" * 200]
)
def test_words_are_few(subject: str) -> None:
    text = description(None, [commit("10:00", "acme", subject)])
    assert len(text) <= LONGEST
    assert text.endswith("…")
    assert subject.startswith(text[:-1])


def test_of_two_long_subjects_the_first() -> None:
    subjects = ["Handle empty input of the token endpoint", "Rate limit the token endpoint too"]
    commits = [commit("10:00", "acme", subject) for subject in subjects]
    assert description(None, commits) == subjects[0]


@pytest.mark.parametrize(
    ("issue", "expected"),
    [
        (LOGIN, "DEV-123 Fix login"),
        (RATE, "DEV-131 Rate limit the token endpoint"),
        (Issue("DEV-9", "", "", "jira", "acme"), "DEV-9"),
    ],
)
def test_an_issue_is_key_and_title(issue: Issue, expected: str) -> None:
    assert description(issue, [commit("10:00", "acme", "Something else")]) == expected


def test_the_groups_of_these_tests() -> None:
    assert project_for(ACME, LOGIN) == ACME.projects[1]
    assert project_for(GLOBEX, None) == GLOBEX.projects[0]
