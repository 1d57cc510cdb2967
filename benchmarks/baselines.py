"""Two simple ways to guess a day, to be measured beside the engine.

`keyword_sessions` does what the first TrackLater did with thyme's files; `last_cue_holds` takes
every cue at its word until the next one comes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from statistics import median_low

from tracklater_bot.domain.clues import ChatMessage, Checkout, Clue, Commit, Window
from tracklater_bot.domain.day import Span, merge, subtract
from tracklater_bot.domain.groups import Group
from tracklater_bot.domain.hints import HintKind
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import Suggestion
from tracklater_bot.engine.inputs import Inputs

IDLE = timedelta(seconds=900)
CUTOFF = timedelta(seconds=300)


# -- Keyword sessions ----------------------------------------------------------------------------


def keyword_sessions(inputs: Inputs) -> tuple[Suggestion, ...]:
    """Sessions of a few minutes between window changes, each for the keyword seen the longest.

    The time between the last change of a session and the first of the next is lost, and so is
    every session in which no keyword shows.
    """
    keywords = {
        hint.text: hint.group
        for group in inputs.groups
        for hint in group.hints
        if hint.kind is HintKind.KEYWORD
    }
    found = []
    for session in _sessions(_named_windows(inputs.clues)):
        group = _longest(session, keywords)
        if group is not None and session[0].at < session[-1].at:
            found.append(Suggestion(Span(session[0].at, session[-1].at), group))
    return _left(found, inputs)


def _named_windows(clues: Iterable[Clue]) -> list[Window]:
    windows = [clue for clue in clues if isinstance(clue, Window) and clue.title]
    return sorted(windows, key=lambda window: window.at)


def _sessions(windows: Sequence[Window]) -> Iterator[list[Window]]:
    """Only changes of the window count; a session ends after a long stay or after five minutes."""
    changes = [next(run) for _, run in groupby(windows, key=lambda window: window.title)]
    session = changes[:1]
    for before, after in pairwise(changes):
        if after.at - before.at >= IDLE or before.at - session[0].at >= CUTOFF:
            yield session
            session = []
        session.append(after)
    if session:
        yield session


def _longest(session: Sequence[Window], keywords: dict[str, str]) -> str | None:
    seconds: dict[str, float] = defaultdict(float)
    for before, after in pairwise(session):
        for word, group in keywords.items():
            if word in before.title:
                seconds[group] += (after.at - before.at).total_seconds()
    return max(seconds, key=lambda group: seconds[group]) if seconds else None


# -- The last cue holds --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cue:
    """From `at` on it was this group, and this issue if one is named."""

    at: datetime
    group: str
    issue: Issue | None


REACH = timedelta(minutes=20)  # without a screen, how far a cue tells that somebody was there
BLINK = timedelta(minutes=2)  # shorter pieces are left out,
PATIENCE = timedelta(minutes=5)  # and shorter gaps between the same thing closed


def last_cue_holds(inputs: Inputs) -> tuple[Suggestion, ...]:
    """Every cue sets the group, and holds until the next one, wherever somebody was there."""
    cues = sorted(_cues(inputs), key=lambda cue: (cue.at, cue.group))
    windows = [clue for clue in inputs.clues if isinstance(clue, Window)]
    present = _presence(windows, inputs) if windows else _around(cues, inputs)
    pieces = [each for each in _closed(_held(cues, present)) if each.span.length > BLINK]
    return _left(_closed(pieces), inputs)


def _cues(inputs: Inputs) -> Iterator[Cue]:
    reader = _Reader(inputs)
    others = [clue for clue in inputs.clues if not isinstance(clue, Window)]
    for clue in [*others, *_changes(inputs.clues)]:
        group = getattr(clue, "group", None)
        text = _text(clue)
        group = group or reader.group(text)
        if group is not None:
            yield Cue(clue.at, group, reader.issue(text, group))


def _changes(clues: Iterable[Clue]) -> list[Window]:
    """The windows that came to the front, machine by machine."""
    windows = [clue for clue in clues if isinstance(clue, Window)]
    windows.sort(key=lambda window: (window.machine, window.at))
    runs = groupby(windows, key=lambda window: (window.machine, window.title))
    return [next(run) for _, run in runs]


def _text(clue: Clue) -> str:
    match clue:
        case Window():
            return clue.title
        case Commit():
            return clue.subject
        case Checkout():
            return clue.branch
        case ChatMessage():
            return f"{clue.channel} {clue.text}"
        case _:
            return ""


class _Reader:
    """Finds groups and issue keys in a text."""

    def __init__(self, inputs: Inputs) -> None:
        self._patterns = [(group.name, _pattern(group)) for group in inputs.groups]
        self._issues = {(issue.group, issue.key.upper()): issue for issue in inputs.issues}

    def group(self, text: str) -> str | None:
        """The first group that has a word in the text."""
        return next((name for name, pattern in self._patterns if pattern.search(text)), None)

    def issue(self, text: str, group: str) -> Issue | None:
        """The group's issue whose key stands in the text."""
        for key in re.findall(r"(?i)#\d+|\btg-\d+|\b[a-z]+-\d+", text):
            known = self._issues.get((group, key.upper().replace("TG-", "#")))
            if known is not None:
                return known
        return None


def _pattern(group: Group) -> re.Pattern[str]:
    # The last part of a remote alone ("web", "app") is too common a word to be taken at its word.
    words = [
        re.escape(hint.text)
        for hint in group.hints
        if hint.kind is not HintKind.REMOTE or "/" in hint.text
    ]
    keys = (form.key.partition("-")[0] for form in group.key_forms if form.tells_group)
    words += [rf"{re.escape(key)}(?:-\d+)?" for key in keys]
    return re.compile(rf"(?i)(?<!\w)(?:{'|'.join(words)})(?!\w)")


def _presence(windows: Sequence[Window], inputs: Inputs) -> list[Span]:
    """A sample stands until the next; a screen that does not change for long is absence."""
    machines: dict[str, list[Window]] = defaultdict(list)
    for window in windows:
        machines[window.machine].append(window)
    idle = timedelta(minutes=inputs.options.idle_minutes)
    spans: list[Span] = []
    for samples in machines.values():
        samples.sort(key=lambda window: window.at)
        for _, run in groupby(samples, key=lambda window: window.screen):
            spans.extend(_run(list(run), idle))
        spans.extend(_between(samples))
    return merge(spans)


def _run(run: Sequence[Window], idle: timedelta) -> Iterator[Span]:
    if timedelta() < run[-1].at - run[0].at <= idle:
        yield Span(run[0].at, run[-1].at)


def _between(samples: Sequence[Window]) -> Iterator[Span]:
    gaps = [after.at - before.at for before, after in pairwise(samples)]
    longest = median_low(gaps) * 3 if gaps else timedelta()
    for before, after in pairwise(samples):
        gap = after.at - before.at
        if before.screen != after.screen and timedelta() < gap:
            yield Span(before.at, before.at + min(gap, longest))


def _around(cues: Sequence[Cue], inputs: Inputs) -> list[Span]:
    spans = [Span(cue.at - REACH / 6, cue.at + REACH) for cue in cues]
    day = inputs.day.span
    return [both for span in merge(spans) if (both := span.intersection(day)) is not None]


def _held(cues: Sequence[Cue], present: Sequence[Span]) -> Iterator[Suggestion]:
    if not cues:
        return
    ends = [cue.at for cue in cues[1:]] + [datetime.max.replace(tzinfo=cues[0].at.tzinfo)]
    starts = [min(cues[0].at, present[0].start), *(cue.at for cue in cues[1:])]
    issues: dict[str, Issue | None] = {}
    for cue, start, end in zip(cues, starts, ends, strict=True):
        issues[cue.group] = cue.issue or issues.get(cue.group)
        if start < end:
            for span in present:
                both = span.intersection(Span(start, end))
                if both is not None:
                    yield Suggestion(both, cue.group, issue=issues[cue.group])


def _closed(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    closed: list[Suggestion] = []
    for suggestion in suggestions:
        last = closed[-1] if closed else None
        if (
            last
            and (last.group, last.issue) == (suggestion.group, suggestion.issue)
            and suggestion.span.start - last.span.end <= PATIENCE
        ):
            closed[-1] = Suggestion(
                Span(last.span.start, suggestion.span.end), suggestion.group, issue=suggestion.issue
            )
        else:
            closed.append(suggestion)
    return closed


# -- Both ----------------------------------------------------------------------------------------


def _left(suggestions: Iterable[Suggestion], inputs: Inputs) -> tuple[Suggestion, ...]:
    """Without what is tracked, and without what is too short."""
    tracked = [span for entry in inputs.tracked if (span := entry.span(inputs.now)) is not None]
    shortest = timedelta(minutes=inputs.options.min_minutes)
    return tuple(
        Suggestion(part, suggestion.group, issue=suggestion.issue)
        for suggestion in suggestions
        for part in subtract([suggestion.span], tracked)
        if part.length >= shortest
    )
