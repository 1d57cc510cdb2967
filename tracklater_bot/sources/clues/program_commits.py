"""Which commits a program made in the person's name: at no such moment need anybody be there."""

from __future__ import annotations

import re

_STAMP = r"\d{4}[-./]\d\d[-./]\d\d[ T_]+\d\d[:.h-]\d\d"
# What programs write. A person's "Automatic backup of the cart" says more than that it happened.
_SUBJECT = re.compile(
    rf"""
      ^\W* auto(?:mat\w*)?[-_ ]?(?:commit|backup|save|sync|push|snapshot|checkpoint|update)(?:s|ed)?
        (?: \W*$ | \W*\d | \ ?[:(\[@] | \ (?:by|at|on|from)\b )
    | ^\W* vault\ backup\b | \bby\ gitwatch\b
    | ^\W* (?:[^\W\d]+\W+){{0,4}}{_STAMP}\S*\W*$
    | ^chore\(release\)!?: | ^(?:chore|build|fix)\(deps[\w-]*\)!?:
    | ^(?:\w+:\ )?(?:bump|update\ dependency)\ \S+\ (?:from\ \S+\ )?to\ v?\d
    | ^lock\ file\ maintenance
    | \[(?:skip[ -]ci|ci[ -]skip|no[ -]ci|skip\ actions|actions\ skip|bot|pre-commit[.]ci[^\]]*)\]
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BOT = (
    r"\[bot\]|\b(?:dependabot|renovate|greenkeeper|snyk-bot|semantic-release(?:-bot)?|mergify"
    r"|github-actions|pre-commit-ci|weblate|crowdin|transifex|allcontributors|imgbot)\b"
)
# Whose name stands beside the author's: GitHub's own for what its pages and its queue merge.
_PERSON = re.compile(rf"{_BOT}|<noreply@github\.com>|\(aider\)", re.IGNORECASE)
_AGENT = (
    r"[@.](?:anthropic|openai|cursor)\.com\b|@aider\.chat\b|@ampcode\.com\b|@all-hands\.dev\b|\bcopilot\b"
    r"|:[ ]*(?:claude(?:[ ](?:code|opus|sonnet|haiku)\b.*)?|codex|cursor(?:[ ]agent)?|aider\b.*"
    r"|gemini(?:[ ]cli)?|opencode|openhands|windsurf|devin(?:[ ]ai)?|jules)[ ]*(?:<|$)"
)
_BODY = re.compile(
    r"^(?:co-authored|co-developed|generated|assisted|made|written|signed-off)-(?:by|with)"
    rf"(?=:).*?(?:{_BOT}|{_AGENT})"
    r"|\bgenerated (?:with|by)\W+(?:github )?"
    r"(?:claude|codex|cursor|copilot|aider|gemini|opencode)\b",
    re.IGNORECASE | re.MULTILINE,
)


def is_by_program(subject: str, people: str, body: str) -> bool:
    """Whether a program made the commit; `people` are the author and the committer."""
    return any(
        pattern.search(text)
        for pattern, text in ((_SUBJECT, subject), (_PERSON, people), (_BODY, body))
    )
