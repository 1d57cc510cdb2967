"""The words of an entry: its issue, else the commits, else what kind of work it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from tracklater_bot.domain.clues import Commit
from tracklater_bot.domain.descriptions import describe
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.text import folded

LONGEST = 60  # characters of a description made of commit subjects
SUBJECTS = 2
MOST_SUBJECTS = 4  # of more, the first ones tell nothing of the whole
# `feat(import): …`, `import: …`, `[import] …`; the types alone are no scope.
_SCOPE = re.compile(r"[^\W\d_]+\(([\w ./-]{2,24})\)!?:|([\w./-]{2,24})!?:\s|\[([\w ./-]{2,24})\]")
_TYPES = frozenset((
    "build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test",
    "tests", "wip",
))  # fmt: skip
_WORDS = re.compile(r"[^\W\d_]{3,}")


def description(issue: Issue | None, commits: Iterable[Commit], neutral: str = "") -> str:
    """`KEY title`, else the group's own commit subjects in a few words, else neutral words."""
    if issue is not None:
        return describe(issue)
    subjects = dict.fromkeys(" ".join(commit.subject.split()) for commit in commits)
    return _short([subject for subject in subjects if subject]) or neutral


def _short(subjects: list[str]) -> str:
    if len(subjects) > MOST_SUBJECTS:
        return _typical(subjects)
    for text in ("; ".join(subjects[:SUBJECTS]), subjects[0] if subjects else ""):
        if len(text) <= LONGEST:
            return text
    return _cut(subjects[0], LONGEST)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    whole_words = kept.rpartition(" ")[0] or kept
    return f"{whole_words.rstrip(' ,.;:')}…"


def _typical(subjects: Sequence[str]) -> str:
    """Of many subjects the one whose words most others share; of those alike the longest.

    Of their scope, if more than half have one.
    """
    more = f" and {len(subjects) - 1} more"
    scopes = Counter(map(_scope, subjects))
    scope, _ = max(scopes.items(), key=lambda one: (bool(one[0]), one[1]))
    if scope and 2 * scopes[scope] > len(subjects):
        of_scope = (subject for subject in subjects if _scope(subject) == scope)
        subjects = [f"{scope}: {_SCOPE.sub('', subject).strip()}" for subject in of_scope]
    words = [set(_WORDS.findall(folded(subject))) for subject in subjects]
    shared = Counter(word for some in words for word in some)
    sums = [sum(shared[word] - 1 for word in some) for some in words]
    _, _, typical = max(
        zip(sums, map(len, subjects), subjects, strict=True), key=lambda one: one[:2]
    )
    return _cut(typical, LONGEST - len(more)) + more


def _scope(subject: str) -> str:
    """`import` of `import: read it` and of `feat(import): read it`; "" where it tells none."""
    found = _SCOPE.match(subject)
    scope = next(filter(None, found.groups()), "") if found else ""
    return "" if scope in _TYPES else scope
