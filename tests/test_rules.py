"""The person's own rules on windows win over settings and sources."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.clues import ACME_CODE, inputs, told, windows
from tracklater_bot.domain.rules import Rule, RuleKind
from tracklater_bot.engine import suggest

SHEET = "Budget draft - LibreOffice Calc"
BLOG = "acme blog: ten tips - Mozilla Firefox"


def always(group: str, text: str) -> Rule:
    return Rule(RuleKind.ALWAYS, group, text)


def never(group: str, text: str) -> Rule:
    return Rule(RuleKind.NEVER, group, text)


@pytest.mark.parametrize(
    ("title", "rules", "expected"),
    [
        (SHEET, (), []),
        (SHEET, (always("globex", "budget draft"),), ["09:00-10:00 globex"]),
        (SHEET, (always("globex", "Budget"), never("globex", "draft")), ["09:00-10:00 globex"]),
        (BLOG, (), ["09:00-10:00 acme"]),
        (BLOG, (never("acme", "acme blog"),), []),
        (BLOG, (never("acme", "acme"),), []),
        (BLOG, (always("globex", "Acme"),), ["09:00-10:00 globex"]),
        (BLOG, (never("acme", "acme"), always("globex", "acme")), ["09:00-10:00 globex"]),
        (ACME_CODE, (never("acme", "acme blog"),), ["09:00-10:00 acme"]),
        ("DEV-123 Fix login - Jira", (never("acme", "jira"),), []),
        ("DEV-123 Fix login - Jira", (), ["09:00-10:00 acme DEV-123"]),
        (SHEET, (always("globex", "LibreOffice"),), ["09:00-10:00 globex"]),
    ],
)
def test_what_a_rule_says_holds(title: str, rules: tuple[Rule, ...], expected: list[str]) -> None:
    given = inputs(*windows(f"09:00-10:00 {title}"))
    assert told(suggest(replace(given, rules=rules))) == expected
