"""An entry's description: what we write by ourselves, and whether the person wrote it. Pure."""

from __future__ import annotations

import re

from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Suggestion

_JOINTS = " ,;:/·–—-"  # what joins words to those beside them


def describe(issue: Issue) -> str:
    """`DEV-123 Fix login`, as an entry in the tracker reads."""
    return f"{issue.key} {issue.title}".strip()


def written_for(issue: Issue | None) -> str:
    """What we write where nothing else is known of the work: a group's name would tell nothing."""
    return describe(issue) if issue is not None else ""


def folded(text: str) -> str:
    """The words alone: who only changed case or spaces has written nothing of their own."""
    return " ".join(text.split()).casefold()


def adds_nothing(words: str, to: str) -> bool:
    """Whether the words are those of `to` or a piece of them: who only cuts writes nothing new."""
    return f" {folded(words)} " in f" {folded(to)} "


def is_ours(suggestion: Suggestion) -> bool:
    """Whether we wrote the description, not the person."""
    ours = written_for(suggestion.issue)
    return not suggestion.own_words or folded(suggestion.description) == folded(ours)


def rewritten(before: Suggestion, group: str | None, issue: Issue | None) -> str:
    """What we write for the group and the issue: no word of others that it was for before.

    What was written for the same ones stays, such as a commit's subject; so does what was written
    of time without a group, such as that it was a call.
    """
    same = before.group in (None, group) and _place(before.issue) == _place(issue)
    if same and before.description and is_ours(before):
        return before.description
    return written_for(issue)


def carried_over(words: str, before: Suggestion, group: str | None, issue: Issue | None) -> str:
    """The words as they go with that group and issue: what we had written in them is ours anew.

    Who only cuts what we wrote has written nothing of their own.
    """
    written, ours = _written(before), rewritten(before, group, issue)
    if folded(written) in ("", folded(ours)):
        return words
    if is_ours(before) and adds_nothing(words, written):
        return ours
    spelled = r"\s+".join(map(re.escape, written.split()))
    words = re.sub(rf"(?<!\w){spelled}(?!\w)", lambda _: ours, words, flags=re.IGNORECASE)
    return words.strip() if ours else words.strip(_JOINTS)


def _written(suggestion: Suggestion) -> str:
    """What we wrote of it, also where the person has added words."""
    if is_ours(suggestion):
        return suggestion.description
    return describe(suggestion.issue) if suggestion.issue is not None else ""


def _place(issue: Issue | None) -> tuple[str, str, str] | None:
    return (issue.tracker, issue.group, issue.key) if issue is not None else None
