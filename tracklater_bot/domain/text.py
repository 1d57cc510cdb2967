"""Words for people: durations, clock times, days, counts, and outside text made harmless to read.

Pure. Slack's own escaping is in blocks/text.py; this is for every place where a person reads.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tracklater_bot.domain.day import WEEKDAYS, Span
from tracklater_bot.domain.issues import Issue
from tracklater_bot.domain.suggestions import MOST_DESCRIPTION, Evidence

_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# Folders have spaces now and then; what punctuation parts is no folder's name.
_FOLDERS = re.compile(r"(?<![^\s(“‘\"'])~?/(?:[^\s/:;,()]+(?: [^\s/:;,()]+)*/)*(?=[^\s/])")
_JOINERS = "\u200c\u200d"  # Persian words and emoji families are spelled with these
_MARKS_KEPT = 3  # a Vietnamese or Thai letter carries up to three; more is a joke or an attack
# What may have to go. Letters and digits of any script never have, nor what ASCII prints.
_ODD = re.compile(r"[^\w -~]+")
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: str, most: int) -> str:
    """Outside text as one calm line of at most `most` UTF-16 units.

    Control characters, bidirectional marks and piled up accents are left out. Only the beginning
    of a long text is looked at.
    """
    beginning = text[: most * 4 + 100]
    if not (beginning.isascii() and beginning.isprintable()):  # most texts are
        beginning = _calm(beginning)
    return shorten(" ".join(beginning.split()), most)


def entry_text(issue: Issue | None, description: str) -> str:
    """What the person wrote, word for word; without words, `KEY title`."""
    words = clean(description, MOST_DESCRIPTION)
    if words or issue is None:
        return words
    return clean(f"{issue.key} {issue.title}", MOST_DESCRIPTION)


@lru_cache(maxsize=256)  # a message is drawn in several sizes, each with the same odd texts
def _calm(text: str) -> str:
    return _ODD.sub(_kept, unicodedata.normalize("NFC", text))


def _kept(odd: re.Match[str]) -> str:
    marks, kept = 0, []
    for character in odd[0]:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if character.isspace() or kind == "Cc":
            kept.append(" ")
        elif character in _JOINERS or (kind not in _DROPPED and marks <= _MARKS_KEPT):
            kept.append(character)
    return "".join(kept)


def listed(names: str) -> frozenset[str]:
    """The names in a text with bars between them, on several lines perhaps."""
    return frozenset(" ".join(name.split()) for name in names.split("|"))


def without_folders(sentence: str) -> str:
    """A sentence of ours without the folders of paths in it: `acme-api` of `/home/me/acme-api`."""
    return _FOLDERS.sub("", sentence)


def folded(text: str) -> str:
    """Text made equal where people see it as equal: case, composition, invisible marks."""
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text)).casefold()


def without_accents(text: str) -> str:
    """`aakkoset` of `ääkköset`: how names are written where they may have no accents."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def units(text: str) -> int:
    """The length in UTF-16 units, as Slack and browsers count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis, in at most `most` UTF-16 units."""
    if units(text) <= most:
        return text
    kept = text[: max(most - 1, 0)]
    while kept and (over := units(kept) - (most - 1)) > 0:
        kept = kept[: -((over + 1) // 2)]  # no character has more than two
    return kept.rstrip(_JOINERS + " ") + "…" if most > 0 else ""


def isolated(text: str) -> str:
    """The text so that right-to-left letters in it don't turn round what stands beside it."""
    turns = not text.isascii() and not {"R", "AL"}.isdisjoint(map(unicodedata.bidirectional, text))
    return f"{_ISOLATE}{text}{_END_ISOLATE}" if turns else text


def shown(text: str, most: int) -> str:
    """Outside text ready to stand in a line of ours, in at most `most` UTF-16 units."""
    return isolated(clean(text, max(most - 2, 1)))


def duration(length: timedelta) -> str:
    """`2 h 25 min`, `45 min`, `3 h`; rounded to whole minutes, `under a minute` below half."""
    minutes = round(length / timedelta(minutes=1))
    if minutes <= 0:
        return "under a minute" if length > timedelta() else "0 min"
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(parts)


def clock(at: datetime, zone: ZoneInfo, day: date | None = None) -> str:
    """`09:05`; with `day`, a time on another date names its weekday: `00:30 (Sat)`."""
    local = at.astimezone(zone)
    away = day is not None and local.date() != day
    return f"{local:%H:%M} ({weekday(local)[:3]})" if away else f"{local:%H:%M}"


def times(span: Span, zone: ZoneInfo, day: date) -> str:
    """`09:05–11:30`, `23:10–00:30 (Sat)`."""
    start, end = clock(span.start, zone, day), clock(span.end, zone, day)
    if start.partition(" ")[2] == end.partition(" ")[2]:
        start = start.partition(" ")[0]
    return f"{start}–{end}"


# Not strftime: its names follow the machine's language.
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def weekday(day: date) -> str:
    """`Friday`."""
    return WEEKDAYS[day.weekday()].capitalize()


def day_name(day: date) -> str:
    """`Friday 20 November`."""
    return f"{weekday(day)} {day.day} {_MONTHS[day.month - 1]}"


def short_day(day: date) -> str:
    """`Fri 20 Nov`."""
    return f"{weekday(day)[:3]} {day.day} {_MONTHS[day.month - 1][:3]}"


def month_name(day: date) -> str:
    """`November 2026`."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def count(number: int, one: str, more: str = "") -> str:
    """`1 commit`, `3 commits`; `more` where an s is not enough."""
    return f"{number} {one if number == 1 else more or one + 's'}"


def percent(share: float) -> str:
    """`45 %`."""
    return f"{round(share * 100)} %"


def evidence_words(evidence: Evidence) -> list[str]:
    """What was seen, each kind by itself: `131 min in windows`, `3 commits`, `2 messages`."""
    kinds = ("commit", "message", "prompt", "meeting")
    numbers = (evidence.commits, evidence.messages, evidence.prompts, evidence.meetings)
    windows = [f"{evidence.window_minutes} min in windows"] * bool(evidence.window_minutes)
    return windows + [count(n, kind) for n, kind in zip(numbers, kinds, strict=True) if n]


def listing(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = list(parts) or [""]
    return f"{', '.join(first)} and {last}" if first else last
