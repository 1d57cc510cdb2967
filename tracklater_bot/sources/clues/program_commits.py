"""Which commits a program made in the person's name: at no such moment need anybody be there."""

from __future__ import annotations

import re

_STAMP = (
    r"(?:\d{4}[-./]\d\d[-./]\d\d|\d\d[-./]\d\d[-./]\d{4}|(?:[a-z]{3},?\ )?[a-z]{3}\ +\d\d?"
    r"(?:\ \d{4})?|(?:[a-z]{3},?\ )?\d\d?\ [a-z]{3}\ \d{4}),?[ T_]+\d\d[:.h-]\d\d"
)
_BOT = (
    r"\[bot\]|\b(?:dependabot|renovate|greenkeeper|snyk-bot|semantic-release(?:-bot)?|mergify"
    r"|github-actions|pre-commit-ci|weblate|crowdin|transifex|allcontributors|imgbot)\b"
)
# What programs write. A person's "Automatic backup of the cart" says more than that it happened.
_SUBJECT = re.compile(
    rf"""
      ^\W* (?:[\w-]+:\ )? (?:(?:daily|hourly|nightly|wip|obsidian|logseq)\ )?
        auto(?:mat\w*)?[-_ :]{{0,2}}
        (?:commit|backup|save|sync|push|snapshot|checkpoint|update|change)(?:[sd]|ed)?
        (?: \W*$ | \W*\d | \ ?[:(\[@] | \ (?:by|at|on|from)\b )
    | ^\W* (?:obsidian\ )?vault\ backup\b | \bby\ gitwatch\b
    | ^\W* (?:[^\W\d]+\W+){{0,4}}{_STAMP}\S*\W*(?:\ \w+\W*){{0,2}}$
    | ^(?:committing|saving\ uncommitted)\ changes\ in\ / | ^aider:\ | \bpre-commit\ autoupdate$
    | ^new\ crowdin\ updates | ^translated\ using\ weblate | ^merge\b.*(?:{_BOT})
    | ^chore(?:\(\w+\))?!?:\ release\b | ^chore\(release\)!?:
    | ^(?:chore|build|fix)\(deps[\w-]*\)!?:
    | ^(?:\w+:\ )?(?:bump\ \S+\ from\ \S+|update\ dependency\ \S+(?:\ from\ \S+)?)\ to\ v?\d
    | ^lock\ file\ maintenance
    | \[(?:skip[ -]ci|ci[ -]skip|no[ -]ci|skip\ actions|actions\ skip|bot|pre-commit[.]ci[^\]]*)\]
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PERSON = re.compile(rf"{_BOT}|\(aider\)", re.IGNORECASE)
# GitHub commits what its pages do. Whoever merges or edits there is the author, but a squashed pull
# request is its author's whoever merges it.
_SQUASHED = re.compile(r"\(#\d+\)$")
_GITHUB = "<noreply@github.com>"
# Nobody writes together with an address that nobody reads; a person's at GitHub has a subdomain.
_AGENT = (
    r"<(?:no-?reply|agent|bots?)@|[@.](?:anthropic|openai|cursor)\.com\b|@aider\.chat\b|\bcopilot\b"
    r"|@(?:ampcode\.com|all-hands\.dev|warp\.dev|charm\.land)\b"
    r"|:[ ]*(?:claude(?:[ :](?:code|opus|sonnet|haiku|claude-)\b.*)?|(?:gpt-\S+[ ])?codex"
    r"|cursor(?:[ ]agent)?|aider\b.*|gemini(?:[ ]cli)?|opencode|openhands|windsurf|devin(?:[ ]ai)?"
    r"|jules|junie|cline|roo[ ]code|qwen[ -]coder|crush|amp|chatgpt)[ ]*(?:<|$)"
)
_BODY = re.compile(
    r"^(?:co[- ]authored|co-developed|generated|(?:ai-)?assisted|made|written|signed-off)[- ]"
    rf"(?:by|with)(?=\s*:).*?(?:{_BOT}|{_AGENT})"
    r"|\b(?:generated|made|created) (?:with|by)\W+(?:github )?"
    r"(?:claude|codex|cursor|copilot|aider|gemini|opencode|crush)\b|\bwritten by claude code\b"
    r"|^(?:claude-session[\w-]*|amp-thread-id|replit-commit-[\w-]+):",
    re.IGNORECASE | re.MULTILINE,
)


def is_by_program(subject: str, people: str, body: str) -> bool:
    """Whether a program made the commit; `people` are the author and the committer."""
    if _GITHUB in people and _SQUASHED.search(subject):
        return True
    return any(
        pattern.search(text)
        for pattern, text in ((_SUBJECT, subject), (_PERSON, people), (_BODY, body))
    )
