"""What the traces of the last weeks say about the settings: a sentence each, for `check`.

No sentence has anything of a clue in it but addresses and folders, which the settings name too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from tracklater_bot.domain.clues import Clue, Commit, Prompt, Window
from tracklater_bot.domain.day import Span
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.hints import HintKind
from tracklater_bot.domain.keywords import Keywords, all_hints, spelling_pattern
from tracklater_bot.domain.text import clean, count, folded, listing
from tracklater_bot.drafting.recorders import read_all
from tracklater_bot.sources.base import ClueSource

COMMITS, WINDOWS = timedelta(days=30), timedelta(days=7)
ENOUGH = 300  # samples of 20 seconds: below, nothing can be said of keywords
HALF, NEARLY_ALL, ALSO = 0.5, 0.9, 0.25  # of them; of the titles that other groups have


@runtime_checkable
class _Commits(ClueSource, Protocol):
    """A source of commits: whose count, the same for one of them, and whose were made here."""

    @property
    def emails(self) -> tuple[str, ...]: ...
    def only(self, email: str) -> ClueSource: ...
    def made_here_by(self, span: Span) -> set[str]: ...


def unseen(sources: Sequence[ClueSource], groups: Sequence[Group], now: datetime) -> Iterator[str]:
    """Addresses, keywords, groups and folders that find nothing, or everything."""
    repositories = [source for source in sources if isinstance(source, _Commits)]
    yield from _addresses(repositories, now)
    local = [source for source in sources if source.local and source not in repositories]
    clues = [c for reading in read_all(local, Span(now - WINDOWS, now)) for c in reading.clues]
    titles = Counter[str]()
    for window in clues:
        if isinstance(window, Window) and window.title:
            seconds = (window.until - window.at).total_seconds() if window.until else 0
            titles[folded(window.title)] += max(1, round(seconds / 20))
    yield from _greedy(groups, titles)
    yield from _nobodys(clues)


# -- Commits -------------------------------------------------------------------------------------


def _addresses(sources: Sequence[_Commits], now: datetime) -> Iterator[str]:
    """Own addresses without a commit in a month, and those that are used here and not named."""
    span = Span(now - COMMITS, now)
    by_email: dict[str, list[_Commits]] = {}
    for source in sources:
        for email in source.emails:
            by_email.setdefault(email.casefold(), []).append(source)
    asked = [(email, source.only(email)) for email, own in by_email.items() for source in own]
    readings = read_all([source for _, source in asked], span)
    found = [(email, one) for (email, _), one in zip(asked, readings, strict=True)]
    made = {email for email, one in found if any(isinstance(c, Commit) for c in one.clues)}
    readable = {email for email, one in found if one.trouble is None or one.clues}
    for email in by_email:
        if email in readable - made:
            yield f"git.emails: no commit by {clean(email, 100)} in 30 days, in any repository"
    for source in sources:
        others = source.made_here_by(span) - {email.casefold() for email in source.emails}
        if source.emails and others:
            yield (
                f"git.emails: commits made here in {source.group} are by"
                f" {clean(listing(sorted(others)), 200)}: is that you?"
            )


# -- Windows -------------------------------------------------------------------------------------


def _greedy(groups: Sequence[Group], titles: Counter[str]) -> Iterator[str]:
    """Keywords that stand in half of all windows, those of other groups too."""
    shown = titles.total()
    if shown < ENOUGH or len(groups) < 2:
        return
    for group in groups:
        others = Keywords(all_hints(other for other in groups if other is not group))
        of_others = {title for title in titles if others.find(title)}
        for word in (hint.text for hint in group.hints if hint.kind is HintKind.KEYWORD):
            pattern = re.compile(spelling_pattern(folded(word)))
            having = {title for title in titles if pattern.search(title)}
            part = sum(titles[title] for title in having) / shown
            both = len(having & of_others) >= ALSO * max(len(of_others), 1)
            if part >= NEARLY_ALL or (part >= HALF and both):
                told = f"{part:.0%}".replace("%", " %")
                yield (
                    f"groups.{group.name}: the keyword “{clean(word, 40)}” is in {told} of what was"
                    " on screen in the last week: write one that others lack"
                )


# -- Agents --------------------------------------------------------------------------------------


def _nobodys(clues: Iterable[Clue]) -> Iterator[str]:
    """Folders in which agents were talked to, and which no group has."""
    prompts = Counter(c.folder for c in clues if isinstance(c, Prompt) and c.group is None)
    for folder, number in prompts.most_common(3):
        if Path(folder).is_dir():
            yield (
                f"agents: {count(number, 'prompt')} of the last week in {clean(folder, 200)}, which"
                " is in no group's git.repos"
            )
