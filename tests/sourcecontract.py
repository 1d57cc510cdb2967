"""What every source keeps to. A new source's test calls it, with something to find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.notation import at
from tracklater_bot.domain.clues import Checkout, Clue, Commit, Reading, Window
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.issues import Issue
from tracklater_bot.engine.match.matcher import Matcher, keys_in_clues
from tracklater_bot.engine.windows import WindowKind
from tracklater_bot.settings import Settings
from tracklater_bot.sources.base import ClueSource, IssueSource, SourceError
from tracklater_bot.sources.issues.registry import key_forms


def hold_clues(source: ClueSource, span: Span) -> Reading:
    """The source has clues in the span: they are in order, inside it, aware; what it gave."""
    reading = source.read(span)
    assert reading.clues
    assert (reading.name, reading.group) == (source.name, source.group)
    assert [clue.at for clue in reading.clues] == sorted(clue.at for clue in reading.clues)
    for clue in reading.clues:
        assert clue.at.utcoffset() is not None
        assert _inside(clue, span), clue
        group = getattr(clue, "group", None)
        assert source.group in (None, group), "a group's own place has that group's clues"
    windows = [clue for clue in reading.clues if isinstance(clue, Window)]
    assert source.watches_screen is bool(windows)
    assert one_line(source.check())
    assert source.read(span) == reading, "the same again"
    return reading


def hold_issues(source: IssueSource, group: Group) -> None:
    """The source has issues of late: they are its own, and its key form finds them in texts."""
    recent = source.recent(None)
    assert recent
    for issue in recent:
        assert (issue.tracker, issue.group) == (source.name, source.group)
        assert issue.title
        assert issue.url.startswith("http")
        assert issue.type == issue.type.lower()
        assert issue.updated is not None
        assert issue.updated.utcoffset() is not None
        assert source.owns(issue.key)
        named = Commit(at("10:00"), group.name, "repo", "1", f"Closes {issue.key}")
        assert issue.key in keys_in_clues([named], [group]), "its key form finds it"
    first = recent[0]
    assert list(source.by_keys([first.key])) == [first]
    assert list(source.by_keys(["UTF-8", "nonsense", ""])) == []
    assert source.recent(datetime.now(UTC) + timedelta(minutes=1)) is not None
    assert all(issue.tracker == source.name for issue in source.search(first.title))
    assert one_line(source.check())
    assert source.scope


def matcher(settings: Settings, issues: Sequence[Issue], *clues: Clue) -> Matcher:
    """Of the settings' groups, when only those issues are known that the clues name."""
    groups = [
        Group(name, settings.hints_for(name), key_forms(settings, name)) for name in settings.groups
    ]
    named = keys_in_clues(clues, groups)
    known = [each for each in issues if {each.key, *each.aliases} & set(named)]
    return Matcher(groups, known, clues, WindowKind())


def a_commit(text: str, *remotes: str) -> Commit:
    """Its repository is known to be the group's where it has remotes."""
    return Commit(
        at("10:00"), "acme", "clone", text, text, ("main",), hosted=bool(remotes), remotes=remotes
    )


def hold_trouble(source: ClueSource) -> None:
    """The source cannot be had: that is a sentence, and no other error."""
    with pytest.raises(SourceError) as told:
        source.check()
    assert one_line(str(told.value))


def one_line(sentence: str) -> bool:
    """Whether a sentence is one, and says something."""
    return bool(sentence.strip()) and sentence.isprintable()


def _inside(clue: Clue, span: Span) -> bool:
    if isinstance(clue, Checkout):
        return clue.at < span.end
    until = getattr(clue, "until", None)
    return clue.at in span and (until is None or clue.at < until <= span.end)
