"""Commits that programs make in the person's name."""

from __future__ import annotations

import pytest

from tracklater_bot.sources.clues.program_commits import is_by_program

MIKA = "Mika <mika@example.com> Mika <mika@example.com>"


@pytest.mark.parametrize(
    "subject",
    [
        "auto-commit",
        "Auto commit: 14:20",
        "autosave 2026-11-20",
        "[auto-save] 3 files",
        "Automated backup by gitwatch",
        "vault backup: 2026-11-20 13:05:00",
        "Sicherung: 2026-11-20 13:05",
        "2026-11-20 13:05:10",
        "Scripted auto-commit on change (2026-11-20 13:05:10) by gitwatch.sh",
        "chore(release): 1.4.0",
        "chore(deps): bump left-pad from 1.0 to 1.1",
        "build(deps-dev): bump the group",
        "Bump django from 5.0 to 5.1",
        "Update dependency vue to v3.5",
        "Update snapshots [skip ci]",
        "docs: regenerate [ci skip]",
        "[pre-commit.ci] auto fixes",
        "auto: commit 12:00",
        "daily autocommit",
        "chezmoi: auto commit",
        "Obsidian vault backup",
        "Logseq auto saved at 12:00",
        "last backup: 20/11/2026 12:00:00 laptop",
        "Backup Fri Nov 20 12:00:00 UTC 2026",
        "автокоммит 20.11.2026 12:00",
        "自動コミット 2026-11-20 12:00",
        'committing changes in /etc made by "apt install tree"',
        "chore: release main",
        "aider: mend the cart",
        "Translated using Weblate (German)",
        "Merge pull request #78 from acme/dependabot/npm_and_yarn/left-pad-1.1",
    ],
)
def test_what_programs_write_about_their_commits(subject: str) -> None:
    assert is_by_program(subject, MIKA, "")


@pytest.mark.parametrize(
    "body",
    [
        "Tidy.\n\nCo-authored-by: Claude <noreply@anthropic.com>",
        "Co-Authored-By: Claude Opus 4 <noreply@anthropic.com>\n",
        "🤖 Generated with [Claude Code](https://claude.com/claude-code)",
        "Co-authored-by: Cursor <cursoragent@cursor.com>",
        "Co-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>",
        "Co-authored-by: aider (gpt-5) <aider@aider.chat>",
        "Co-authored-by: renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>",
        "Generated-by: codex",
        "CO-AUTHORED-BY: claude <noreply@anthropic.com>",
        "Co authored by: Claude <noreply@anthropic.com>",
        "Co-authored-by: Lovable <noreply@lovable.dev>",
        "Assisted-by: Claude:claude-opus-4",
        "AI-assisted-by: Claude",
        "Co-authored-by: Junie <junie@jetbrains.com>",
        "Made with Cursor",
        "Claude-Session: https://claude.ai/code/session_1",
    ],
)
def test_coding_agents_sign_what_they_make(body: str) -> None:
    assert is_by_program("Mend the cart", MIKA, body)


@pytest.mark.parametrize(
    "people",
    [
        "github-actions[bot] <mika@example.com> Mika <mika@example.com>",
        "Mika (aider) <mika@example.com> Mika <mika@example.com>",
    ],
)
def test_programs_stand_beside_the_author(people: str) -> None:
    assert is_by_program("Mend the cart", people, "")


@pytest.mark.parametrize(
    ("subject", "program"),
    [
        ("Merge pull request #77 from mika/cart", False),
        ("Update README.md", False),
        ("Mend the cart (#77)", True),  # its author's, whoever merged it
    ],
)
def test_what_somebody_does_on_pages_of_github_is_theirs(subject: str, program: bool) -> None:
    people = "Mika <mika@example.com> GitHub <noreply@github.com>"
    assert is_by_program(subject, people, "") is program


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Automatic backup of the cart", ""),
        ("Auto-update the totals", ""),
        ("Save automatically", "Every minute, as the customer asked."),
        ("Bump the version", ""),
        ("Bump timeout to 30 s", ""),
        ("Sync the stock", ""),
        ("Disable autosave", ""),
        ("Merge branch 'cart' into 'main'", "See merge request acme/api!7"),
        ("Mend the login", "Co-authored-by: Anna <1+anna@users.noreply.github.com>"),
        ("Release 1.4.0", ""),
        ("Report of 2026-11-20", ""),
        ("Generate invoices by month", "Generated with the new template."),
        ("Mend the login", "Co-authored-by: Claude Dupont <claude.dupont@client.fr>"),
        ("Mend the login", "Signed-off-by: Mika <mika@example.com>"),
        ("Use the cursor of the database", "Reviewed-by: Anna"),
        ("Add Claude to the list of models", ""),
    ],
)
def test_people_write_of_the_same_things(subject: str, body: str) -> None:
    assert not is_by_program(subject, MIKA, body)
